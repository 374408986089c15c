//! The sample project, from its documents to the merge, in one folder.

use super::course::Course;
use super::join::NoteBuild;
use super::kill::Orders;
use super::model::AskAboutStories;
use super::workflow::WithoutInstall;
use aipipe_adapters_local::{HostEnvironment, LocalWorkspace};
use aipipe_core::domain::{
    BuildReport, DocumentName, ExecutionStatus, IdempotencyKey, IntakeRequest, ProjectName, ProjectRoot, ReviewOutcome,
    ReviewPolicy, ReviewVerdict, StageName, Timestamp, ValidationReport, Wait,
};
use aipipe_core::pipeline::{Engine, Pipeline, PipelineBuilder, RunOutcome, Stage, StartRequest, upload_documents};
use aipipe_core::ports::{ReviewDesk as _, ReviewSpec};
use aipipe_core::stages::{
    ArchitecturePlanner, DocumentProcessor, GithubOrchestrator, IntegrationValidator, PublishOptions,
    RequirementsSynthesizer, ReviewCoordinator, ReviewOptions, StoryExecutor,
};
use aipipe_core::tables::IntegrationRecord;
use aipipe_core::testing::FixedClock;
use aipipe_core::{Error, ErrorKind, Result};
use bytes::Bytes;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The time of every run: 2026-01-05T09:00:00Z.
#[must_use]
pub fn clock() -> FixedClock {
    FixedClock(Timestamp::from_unix_millis(1_767_603_600_000))
}

/// The execution that is started.
///
/// # Errors
/// None in practice: the names are valid.
pub fn request(course: Course) -> Result<StartRequest> {
    let project = ProjectName::parse("harbour-bikes")?;
    let key = if course == Course::Second { "second crash test" } else { "crash test" };
    Ok(StartRequest::new(ProjectRoot::new(project, clock().0), IdempotencyKey::derive(&[key])))
}

/// The file beside the workspace in which the model's answers are counted.
#[must_use]
pub fn calls_file(workspace: &Path) -> PathBuf {
    workspace.with_extension("model-calls")
}

/// Starts the execution in `workspace`, or goes on with it, as ordered.
///
/// # Errors
/// Whatever the execution fails with; `Unavailable` when it waits for what its course does not give it.
pub async fn run(workspace: &Path, course: Course, orders: &Orders) -> Result<()> {
    let io = |error| Error::new(ErrorKind::Unavailable, "crash.arm", "the orders can't be followed").caused_by(error);
    let watch = super::arm(orders).map_err(io)?;
    let calls = calls_file(workspace);
    let workspace = LocalWorkspace::open_with(workspace, Arc::new(clock()), &HostEnvironment::from_env())?;
    let engine = workspace.engine().observer(Arc::new(watch)).build()?;
    let request = request(course)?;
    let intake = upload_documents(workspace.artifacts.as_ref(), &request.root, documents(course)?).await?;
    let project = Project { workspace, engine, request, course, calls };
    match course {
        Course::Alone => project.stage_by_stage(&intake).await,
        Course::Join => {
            let pipeline = project.joined();
            project
                .to_the_end(async || project.engine.start(&pipeline, &project.request, &intake).await.map(wait))
                .await
        }
        _ => {
            let pipeline = project.pipeline();
            project
                .to_the_end(async || project.engine.start(&pipeline, &project.request, &intake).await.map(wait))
                .await
        }
    }
}

fn wait<T>(outcome: RunOutcome<T>) -> Option<(StageName, Wait)> {
    match outcome {
        RunOutcome::Completed(_) => None,
        RunOutcome::Waiting { stage, wait } => Some((stage, wait)),
    }
}

struct Project {
    workspace: LocalWorkspace,
    engine: Engine,
    request: StartRequest,
    course: Course,
    calls: PathBuf,
}

impl Project {
    /// Does what a person does whenever the execution waits. That is known from its summary, so a process that is
    /// started anew does not have it wait once more first.
    async fn to_the_end(&self, start: impl AsyncFn() -> Result<Option<(StageName, Wait)>>) -> Result<()> {
        let mut acted = false;
        loop {
            let known = self.engine.find(&self.request.execution()).await?;
            if known.is_some_and(|summary| summary.status == ExecutionStatus::Waiting) {
                self.act().await?;
                acted = true;
            }
            match start().await? {
                None => return Ok(()),
                Some((stage, wait)) if acted => {
                    return Err(Error::new(ErrorKind::Unavailable, "crash.run", wait.reason).with("stage", stage));
                }
                Some(_) => {}
            }
        }
    }

    /// Approves, or has CI run again; done twice it is done once.
    async fn act(&self) -> Result<()> {
        let (execution, project) = (self.request.execution(), self.request.root.project());
        let missing = || Error::new(ErrorKind::NotFound, "crash.act", "there is nothing to review yet");
        let published = IntegrationRecord::of(self.workspace.records.as_ref(), project, &execution).await?;
        let published = published.ok_or_else(missing)?;
        let key = IdempotencyKey::derive(&["a person", execution.as_str()]);
        match self.course {
            Course::Approved | Course::Second => {
                let (number, _) = published.pull_request.ok_or_else(missing)?;
                let review = ReviewSpec::new("reviewer", ReviewVerdict::Approved, published.head);
                self.workspace.review_desk.review(&published.repository, number, &review, &key).await
            }
            Course::RunAgain => {
                let (signal, payload) =
                    (ReviewCoordinator::rerun_signal(), ReviewCoordinator::rerun_payload(&published.head));
                self.engine.signal(&execution, &signal, &key, payload).await
            }
            _ => Ok(()),
        }
    }

    fn policy(&self) -> ReviewPolicy {
        match self.course {
            Course::Approved | Course::Second => ReviewPolicy::Human,
            _ => ReviewPolicy::Automated,
        }
    }

    fn orchestrator(&self) -> GithubOrchestrator {
        let ports = self.workspace.ports();
        GithubOrchestrator::new(ports.source_control, ports.ci, PublishOptions::default())
    }

    fn coordinator(&self) -> ReviewCoordinator {
        let ports = self.workspace.ports();
        ReviewCoordinator::new(ports.review_desk, ports.ci, ReviewOptions::new(self.policy()))
    }

    fn without_install(&self) -> WithoutInstall {
        WithoutInstall { red_at_first: self.course == Course::RunAgain }
    }

    /// As far as the validated code, with a stage of the host's own between the second and the third.
    fn validated(&self) -> PipelineBuilder<IntakeRequest, ValidationReport> {
        Pipeline::builder("crash-test")
            .then(DocumentProcessor::default())
            .then(RequirementsSynthesizer::by_rules())
            .then(AskAboutStories::counted_in(&self.calls))
            .then(ArchitecturePlanner::with_stack(None))
            .then(StoryExecutor::by_templates())
            .then(IntegrationValidator::new(self.workspace.ports().packages))
    }

    fn built(&self) -> PipelineBuilder<IntakeRequest, BuildReport> {
        match self.course.installs() {
            true => self.validated().then(self.orchestrator()),
            false => self.validated().then(self.without_install()).then(self.orchestrator()),
        }
    }

    fn pipeline(&self) -> Pipeline<IntakeRequest, ReviewOutcome> {
        self.built().then(self.coordinator()).build()
    }

    fn joined(&self) -> Pipeline<IntakeRequest, (ReviewOutcome, String)> {
        self.built().join(self.coordinator(), NoteBuild).build()
    }

    async fn stage_by_stage(&self, intake: &IntakeRequest) -> Result<()> {
        let documents = self.alone(&DocumentProcessor::default(), intake).await?;
        let stories = self.alone(&RequirementsSynthesizer::by_rules(), &documents).await?;
        let stories = self.alone(&AskAboutStories::counted_in(&self.calls), &stories).await?;
        let plan = self.alone(&ArchitecturePlanner::with_stack(None), &stories).await?;
        let bundle = self.alone(&StoryExecutor::by_templates(), &plan).await?;
        let report = self.alone(&IntegrationValidator::new(self.workspace.ports().packages), &bundle).await?;
        let report = self.alone(&self.without_install(), &report).await?;
        let build = self.alone(&self.orchestrator(), &report).await?;
        self.alone(&self.coordinator(), &build).await.map(drop)
    }

    async fn alone<S: Stage>(&self, stage: &S, input: &S::Input) -> Result<S::Output> {
        match self.engine.run_stage(stage, &self.request, input).await? {
            RunOutcome::Completed(output) => Ok(output),
            RunOutcome::Waiting { stage, wait } => {
                Err(Error::new(ErrorKind::Unavailable, "crash.run", wait.reason).with("stage", stage))
            }
        }
    }
}

const HELMETS: &str = "# Helmets\n\n## Requirements\n\n- Staff must be able to add a helmet with a name and a size.\n\
    - Staff must be able to list all helmets.\n";

fn documents(course: Course) -> Result<Vec<(DocumentName, Bytes)>> {
    let samples: [(&str, &'static [u8]); 4] = [
        ("brief.pdf", include_bytes!("../../../examples/data/brief.pdf")),
        ("kickoff-meeting.json", include_bytes!("../../../examples/data/kickoff-meeting.json")),
        ("client-thread.eml", include_bytes!("../../../examples/data/client-thread.eml")),
        ("team-chat.txt", include_bytes!("../../../examples/data/team-chat.txt")),
    ];
    let more = (course == Course::First).then_some(("helmets.md", HELMETS.as_bytes()));
    let all = samples.into_iter().chain(more);
    all.map(|(name, content)| Ok((DocumentName::parse(name)?, Bytes::from_static(content)))).collect()
}
