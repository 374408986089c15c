//! A pipeline of your own: one stage dropped, one of yours inserted, one run alone.
//!
//! ```sh
//! cargo run --example custom_pipeline --features testing
//! ```

#![expect(clippy::print_stdout, clippy::expect_used, reason = "a program prints, and its own name is valid")]

use aipipe::domain::{
    DocumentName, IdempotencyKey, Priority, ProjectName, ProjectRoot, StageName, StorySet, Timestamp,
};
use aipipe::pipeline::{Engine, Outcome, Pipeline, RunOutcome, Stage, StageContext, StartRequest, upload_documents};
use aipipe::stages::{ArchitecturePlanner, DocumentProcessor, RequirementsSynthesizer};
use aipipe::testing::{FixedClock, MemoryArtifacts, MemoryRecords, SequentialIds};
use async_trait::async_trait;
use std::sync::Arc;

/// The host's own stage: only stories of the first two priorities go on.
#[derive(Debug)]
struct FirstRelease;

#[async_trait]
impl Stage for FirstRelease {
    type Input = StorySet;
    type Output = StorySet;

    fn name(&self) -> StageName {
        StageName::parse("first-release").expect("a slug")
    }

    fn revision(&self) -> String {
        "1".to_owned()
    }

    async fn run(&self, cx: &StageContext, mut set: StorySet) -> aipipe::Result<Outcome<StorySet>> {
        set.stories.retain(|story| story.priority <= Priority::P1);
        cx.progress(set.stories.len(), set.stories.len(), "stories in the first release");
        Ok(Outcome::Done(set))
    }
}

const NOTES: &str = "# Requirements\n\n- Clerks must be able to add a book with a title and an author.\n\
    - Clerks must be able to list all books.\n- Nice to have: readers can rate a book.\n\nWe build a REST API in Python.\n";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let artifacts = Arc::new(MemoryArtifacts::default());
    let clock = Arc::new(FixedClock(Timestamp::parse("2026-03-09T10:00:00Z")?));
    let engine = Engine::builder(
        artifacts.clone(),
        Arc::new(MemoryRecords::default()),
        clock.clone(),
        Arc::new(SequentialIds::default()),
    )
    .build()?;
    let root = ProjectRoot::new(ProjectName::parse("library")?, clock.0);
    let documents = vec![(DocumentName::parse("notes.md")?, NOTES.into())];
    let intake = upload_documents(artifacts.as_ref(), &root, documents).await?;
    let request = StartRequest::new(root, IdempotencyKey::parse("first-release")?);

    // Stops after the plan (four stages dropped) and has a stage of the host between stories and plan.
    let pipeline = Pipeline::builder("plan-of-the-first-release")
        .then(DocumentProcessor::default())
        .then(RequirementsSynthesizer::by_rules())
        .then(FirstRelease)
        .then(ArchitecturePlanner::default())
        .build();
    if let RunOutcome::Completed(plan) = engine.start(&pipeline, &request, &intake).await? {
        println!("{} on the {}", plan.story_plans.len(), plan.decision.stack.title());
    }

    // One stage alone, as a function of a larger orchestration runs it: an execution of its own.
    let request = StartRequest::new(request.root, IdempotencyKey::parse("stage-by-stage")?);
    if let RunOutcome::Completed(set) = engine.run_stage(&DocumentProcessor::default(), &request, &intake).await? {
        println!("{} document read by stage 1 alone", set.documents.len());
    }
    Ok(())
}
