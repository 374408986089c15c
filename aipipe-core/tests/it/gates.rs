//! What no test shows is merged by a person only, as the host says.

use super::standard::{BRIEF, Desk, merged, waits};
use aipipe_core::Result;
use aipipe_core::domain::{
    CodeBundle, DocumentName, Gate, ReviewOutcome, ReviewPolicy, StageName, StoryStatus, TraceGates,
};
use aipipe_core::pipeline::{Outcome, Pipeline, RunOutcome, Stage, StageContext, upload_documents};
use aipipe_core::stages::{
    ArchitecturePlanner, DocumentProcessor, GithubOrchestrator, IntegrationValidator, PublishOptions,
    RequirementsSynthesizer, ReviewCoordinator, ReviewOptions, StoryExecutor,
};
use aipipe_core::testing::StubPackageManager;
use async_trait::async_trait;
use std::sync::Arc;

/// What an executor with a fault could say of the first story that has tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// Its criteria have no tests, and it counts as done.
    Uncovered,
    /// It has no test file either.
    Untested,
    /// A file of it serves no story.
    Orphan,
}

#[derive(Debug)]
struct WithFault(Fault);

#[async_trait]
impl Stage for WithFault {
    type Input = CodeBundle;
    type Output = CodeBundle;

    fn name(&self) -> StageName {
        StageName::parse("with-fault").unwrap()
    }

    fn revision(&self) -> String {
        format!("{:?}", self.0)
    }

    async fn run(&self, _: &StageContext, mut bundle: CodeBundle) -> Result<Outcome<CodeBundle>> {
        let is_whole = |status: &StoryStatus| *status == StoryStatus::Done;
        let story = bundle.stories.iter_mut().find(|story| is_whole(&story.status) && !story.tests.is_empty()).unwrap();
        match self.0 {
            Fault::None => {}
            Fault::Uncovered => story.tests.clear(),
            Fault::Untested => {
                story.tests.clear();
                story.files.retain(|file| !file.path.as_str().contains(".test."));
            }
            Fault::Orphan => {
                let file = story.files.iter_mut().find(|file| file.path.as_str().contains("tests/stories")).unwrap();
                file.stories.clear();
            }
        }
        Ok(Outcome::Done(bundle))
    }
}

async fn run(desk: &Desk, fault: Fault, gates: TraceGates) -> RunOutcome<ReviewOutcome> {
    let request = desk.request("run");
    let documents = vec![(DocumentName::parse("brief.md").unwrap(), BRIEF.to_owned().into())];
    let intake = upload_documents(desk.artifacts.as_ref(), &request.root, documents).await.unwrap();
    let pipeline = Pipeline::builder("with-fault")
        .then(DocumentProcessor::default())
        .then(RequirementsSynthesizer::by_rules())
        .then(ArchitecturePlanner::with_stack(None))
        .then(StoryExecutor::by_templates())
        .then(WithFault(fault))
        .then(IntegrationValidator::new(Arc::new(StubPackageManager)))
        .then(GithubOrchestrator::new(desk.forge.clone(), desk.forge.clone(), PublishOptions::default()))
        .then(ReviewCoordinator::new(
            desk.forge.clone(),
            desk.forge.clone(),
            ReviewOptions::new(ReviewPolicy::Automated).with_gates(gates),
        ))
        .build();
    desk.engine().start(&pipeline, &request, &intake).await.unwrap()
}

async fn body(desk: &Desk) -> String {
    let build = desk.build("run").await;
    desk.forge.pull_request_text(&build.repository, 1).unwrap().0
}

#[tokio::test]
async fn what_counts_as_done_and_is_not_shown_waits_for_a_person() {
    let new = || Desk::new(ReviewPolicy::Automated);
    let desk = new();
    merged(run(&desk, Fault::None, TraceGates::default()).await);
    assert!(!body(&desk).await.contains("For a person to judge"), "the control: all that counts as done is shown");

    for fault in [Fault::Uncovered, Fault::Untested] {
        let desk = new();
        let reason = waits(run(&desk, fault, TraceGates::default()).await);
        assert!(reason.contains("not shown by") && reason.contains("a person has to decide"), "{fault:?}: {reason}");
        let body = body(&desk).await;
        assert!(body.contains("- **For a person to judge:** "), "{body}");
        assert!(body.contains("**Merge:** waits for a person's approval"), "{body}");
        assert!(body.contains("of them for a person to judge"), "{body}");
    }
    // The control: a host that only wants it told.
    let told = TraceGates::default().with_uncovered_of_done(Gate::Tell).with_untested_story(Gate::Tell);
    for fault in [Fault::Uncovered, Fault::Untested] {
        let desk = new();
        merged(run(&desk, fault, told.clone()).await);
        assert!(body(&desk).await.contains("none keeps an automated merge waiting"));
    }
    merged(run(&new(), Fault::Orphan, TraceGates::default()).await);
    let strict = TraceGates::default().with_orphan_file(Gate::Hold);
    waits(run(&new(), Fault::Orphan, strict).await);
    let strict = TraceGates::default().with_unserved_requirement(Gate::Hold).with_uncovered_of_partial(Gate::Hold);
    let desk = new();
    let strict = run(&desk, Fault::None, strict).await;
    // Whether anything is open in the documents decides it.
    match body(&desk).await.contains("For a person to judge") {
        true => drop(waits(strict)),
        false => drop(merged(strict)),
    }
}
