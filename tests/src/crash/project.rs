//! The sample project, from its documents to the merge, in one folder.

use super::kill::Orders;
use super::model::AskAboutStories;
use super::workflow::WithoutInstall;
use aipipe_adapters_local::{HostEnvironment, LocalWorkspace};
use aipipe_core::domain::{
    DocumentName, IdempotencyKey, IntakeRequest, ProjectName, ProjectRoot, ReviewOutcome, ReviewPolicy, Timestamp,
};
use aipipe_core::pipeline::{Pipeline, RunOutcome, StartRequest, upload_documents};
use aipipe_core::stages::{
    ArchitecturePlanner, DocumentProcessor, GithubOrchestrator, IntegrationValidator, PublishOptions,
    RequirementsSynthesizer, ReviewCoordinator, ReviewOptions, StoryExecutor,
};
use aipipe_core::testing::FixedClock;
use aipipe_core::{Error, ErrorKind, Result};
use bytes::Bytes;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which workflow the repository gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workflow {
    /// The stack's own: installs, lints, type-checks, tests, builds.
    Full,
    /// One that installs nothing.
    WithoutInstall,
}

impl Workflow {
    /// Its name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::WithoutInstall => "without-install",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Full, Self::WithoutInstall].into_iter().find(|known| known.as_str() == name)
    }
}

/// The time of every run: 2026-01-05T09:00:00Z.
#[must_use]
pub fn clock() -> FixedClock {
    FixedClock(Timestamp::from_unix_millis(1_767_603_600_000))
}

/// The execution that is started.
///
/// # Errors
/// None in practice: the names are valid.
pub fn request() -> Result<StartRequest> {
    let project = ProjectName::parse("harbour-bikes")?;
    Ok(StartRequest::new(ProjectRoot::new(project, clock().0), IdempotencyKey::derive(&["crash test"])))
}

/// The file beside the workspace in which the model's answers are counted.
#[must_use]
pub fn calls_file(workspace: &Path) -> PathBuf {
    workspace.with_extension("model-calls")
}

/// Starts the execution in `workspace`, or goes on with it, as ordered.
///
/// # Errors
/// Whatever the execution fails with; `Unavailable` when it waits, which it never should.
pub async fn run(workspace: &Path, workflow: Workflow, orders: &Orders) -> Result<ReviewOutcome> {
    let io = |error| Error::new(ErrorKind::Unavailable, "crash.arm", "the orders can't be followed").caused_by(error);
    let watch = super::arm(orders).map_err(io)?;
    let calls = calls_file(workspace);
    let workspace = LocalWorkspace::open_with(workspace, Arc::new(clock()), &HostEnvironment::from_env())?;
    let engine = workspace.engine().observer(Arc::new(watch)).build()?;
    let request = request()?;
    let intake = upload_documents(workspace.artifacts.as_ref(), &request.root, documents()?).await?;
    match engine.start(&pipeline(&workspace, workflow, &calls), &request, &intake).await? {
        RunOutcome::Completed(outcome) => Ok(outcome),
        RunOutcome::Waiting { stage, wait } => {
            Err(Error::new(ErrorKind::Unavailable, "crash.run", wait.reason).with("stage", stage))
        }
    }
}

/// All seven stages, with a stage of the host's own between the second and the third.
fn pipeline(workspace: &LocalWorkspace, workflow: Workflow, calls: &Path) -> Pipeline<IntakeRequest, ReviewOutcome> {
    let ports = workspace.ports();
    let validated = Pipeline::builder("crash-test")
        .then(DocumentProcessor::default())
        .then(RequirementsSynthesizer::by_rules())
        .then(AskAboutStories::counted_in(calls))
        .then(ArchitecturePlanner::with_stack(None))
        .then(StoryExecutor::by_templates())
        .then(IntegrationValidator::new(ports.packages));
    let validated = match workflow {
        Workflow::Full => validated,
        Workflow::WithoutInstall => validated.then(WithoutInstall),
    };
    validated
        .then(GithubOrchestrator::new(ports.source_control, ports.ci.clone(), PublishOptions::default()))
        .then(ReviewCoordinator::new(ports.review_desk, ports.ci, ReviewOptions::new(ReviewPolicy::Automated)))
        .build()
}

fn documents() -> Result<Vec<(DocumentName, Bytes)>> {
    let samples: [(&str, &'static [u8]); 4] = [
        ("brief.pdf", include_bytes!("../../../examples/data/brief.pdf")),
        ("kickoff-meeting.json", include_bytes!("../../../examples/data/kickoff-meeting.json")),
        ("client-thread.eml", include_bytes!("../../../examples/data/client-thread.eml")),
        ("team-chat.txt", include_bytes!("../../../examples/data/team-chat.txt")),
    ];
    samples.into_iter().map(|(name, content)| Ok((DocumentName::parse(name)?, Bytes::from_static(content)))).collect()
}
