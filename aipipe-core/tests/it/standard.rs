//! All seven stages on in-memory adapters: what is merged, what is not, and what a person is asked.

use aipipe_core::domain::{
    ArtifactArea, ArtifactPrefix, BuildReport, CheckName, DocumentName, ExecutionStatus, IdempotencyKey, ProjectName,
    ProjectRoot, PullRequestState, ReviewOutcome, ReviewPolicy, ReviewVerdict, Stack, StoryStatus,
};
use aipipe_core::pipeline::{Engine, RunOutcome, StartRequest, upload_documents};
use aipipe_core::ports::{ArtifactStore, Clock, ReviewDesk, ReviewSpec, SourceControl};
use aipipe_core::stages::github_orchestrator::NOTHING_TO_PUBLISH;
use aipipe_core::stages::{
    ArchitecturePlanner, GithubOrchestrator, ReviewCoordinator, StandardOptions, StandardPorts, StoryExecutor,
    standard_pipeline,
};
use aipipe_core::tables::{BuildRecord, DocumentRecord, IntegrationRecord, StoryRecord};
use aipipe_core::testing::{
    MemoryArtifacts, MemoryForge, MemoryRecords, SequentialIds, StubPackageManager, VirtualClock,
};
use aipipe_core::{ErrorKind, Result, domain::CodeBundle};
use futures::StreamExt;
use std::sync::Arc;
use std::time::Duration;

pub const BRIEF: &str = "# Library\n\n## Requirements\n\n- Clerks must be able to add a book with a title and an author.\n\
    - Clerks must be able to list all books.\n- Clerks must be able to delete a book.\n\
    - The title of a book is required.\n- The system must print a label for a new book.\n\n\
    We will build a REST API in Node with Express.\n";

pub struct Desk {
    pub artifacts: Arc<MemoryArtifacts>,
    pub records: Arc<MemoryRecords>,
    pub forge: Arc<MemoryForge>,
    pub clock: Arc<VirtualClock>,
    ids: Arc<SequentialIds>,
    pub options: StandardOptions,
}

impl Desk {
    pub fn new(policy: ReviewPolicy) -> Self {
        Self {
            artifacts: Arc::default(),
            records: Arc::default(),
            forge: Arc::default(),
            clock: Arc::default(),
            ids: Arc::default(),
            options: StandardOptions::new(policy),
        }
    }

    pub fn engine(&self) -> Engine {
        Engine::builder(self.artifacts.clone(), self.records.clone(), self.clock.clone(), self.ids.clone())
            .build()
            .unwrap()
    }

    fn root(&self) -> ProjectRoot {
        ProjectRoot::new(ProjectName::parse("library").unwrap(), self.clock.now())
    }

    pub fn request(&self, key: &str) -> StartRequest {
        StartRequest::new(self.root(), IdempotencyKey::parse(key).unwrap())
    }

    pub async fn run(&self, key: &str, brief: &str) -> Result<RunOutcome<ReviewOutcome>> {
        self.run_with(key, brief, self.forge.clone()).await
    }

    /// A run on another source control.
    pub async fn run_with(
        &self,
        key: &str,
        brief: &str,
        source_control: Arc<dyn SourceControl>,
    ) -> Result<RunOutcome<ReviewOutcome>> {
        let documents = vec![(DocumentName::parse("brief.md").unwrap(), brief.to_owned().into())];
        let intake = upload_documents(self.artifacts.as_ref(), &self.root(), documents).await?;
        let ports = StandardPorts {
            packages: Arc::new(StubPackageManager),
            source_control,
            ci: self.forge.clone(),
            review_desk: self.forge.clone(),
        };
        self.engine().start(&standard_pipeline(&ports, &self.options), &self.request(key), &intake).await
    }

    pub async fn build(&self, key: &str) -> BuildReport {
        let execution = self.request(key).execution();
        self.engine().stage_output(&execution, &GithubOrchestrator::stage_name()).await.unwrap().unwrap()
    }

    /// Asks for a re-run of the head's CI run.
    pub async fn rerun(&self, key: &str) {
        let build = self.build(key).await;
        let head = self.forge.status(&build.repository, 1).await.unwrap().pull_request.head_sha;
        let id = IdempotencyKey::derive(&["rerun", &self.clock.now().to_string()]);
        self.clock.advance(Duration::from_secs(1));
        let (signal, payload) = (ReviewCoordinator::rerun_signal(), ReviewCoordinator::rerun_payload(&head));
        self.engine().signal(&self.request(key).execution(), &signal, &id, payload).await.unwrap();
    }

    async fn bundle(&self, key: &str) -> CodeBundle {
        let execution = self.request(key).execution();
        self.engine().stage_output(&execution, &StoryExecutor::stage_name()).await.unwrap().unwrap()
    }
}

pub fn merged(outcome: RunOutcome<ReviewOutcome>) -> ReviewOutcome {
    match outcome {
        RunOutcome::Completed(outcome) => outcome,
        RunOutcome::Waiting { wait, .. } => panic!("waits: {}", wait.reason),
    }
}

pub fn waits(outcome: RunOutcome<ReviewOutcome>) -> String {
    match outcome {
        RunOutcome::Completed(outcome) => panic!("did not wait: {}", outcome.decision),
        RunOutcome::Waiting { wait, .. } => wait.reason,
    }
}

#[tokio::test]
async fn documents_become_a_merged_pull_request_with_traceability() {
    let desk = Desk::new(ReviewPolicy::Automated);
    let outcome = merged(desk.run("a", BRIEF).await.unwrap());
    assert_eq!(outcome.pull_request.state, PullRequestState::Merged);
    for (kind, count) in [("repository", 1), ("branch", 1), ("pull-request", 1), ("merge", 1), ("run", 1)] {
        assert_eq!(desk.forge.made(kind), count, "{kind}");
    }
    let build = desk.build("a").await;
    assert_eq!(build.commits.len(), desk.forge.made("commit"));
    assert!(build.commits[0].story.is_none() && build.commits[1..].iter().all(|commit| commit.story.is_some()));

    let main = outcome.pull_request.merge_sha.clone().unwrap();
    let files = desk.forge.list_files(&build.repository, &main).await.unwrap();
    let names: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
    for expected in [".github/workflows/ci.yml", "package.json", "package-lock.json", "src/routes/books.ts"] {
        assert!(names.contains(&expected), "{expected} is not in {names:?}");
    }
    let (body, _) = desk.forge.pull_request_text(&build.repository, outcome.pull_request.number).unwrap();
    for expected in [
        "## Stories",
        "## Traceability",
        "```mermaid",
        "## Cost",
        "0.00 USD",
        "brief.md",
        "“Clerks must be able to list all books”",
        "needs a model",
        "tests/",
    ] {
        assert!(body.contains(expected), "{expected:?} is not in the text:\n{body}");
    }
}

#[tokio::test]
async fn what_was_made_lies_where_users_look_for_it() {
    let desk = Desk::new(ReviewPolicy::Automated);
    merged(desk.run("a", BRIEF).await.unwrap());
    let (execution, root) = (desk.request("a").execution(), desk.root());
    let records = desk.records.as_ref();
    let keys: Vec<String> = desk.artifacts.snapshot().into_keys().collect();
    assert!(keys.contains(&format!("{root}/raw/brief.md")));
    assert!(
        keys.iter()
            .any(|key| key.starts_with(&format!("{root}/processed/{execution}/brief-md-")) && key.ends_with(".txt"))
    );
    let generated = desk.artifacts.list(ArtifactPrefix::execution(&root, ArtifactArea::Code, &execution));
    let build = desk.build("a").await;
    let published = generated.collect::<Vec<_>>().await.len();
    assert_eq!(published, desk.forge.list_files(&build.repository, &build.head).await.unwrap().len());

    let integration = IntegrationRecord::of(records, root.project(), &execution).await.unwrap().unwrap();
    assert_eq!(integration.pull_request, Some((1, PullRequestState::Merged)));
    assert_eq!(BuildRecord::of_commit(records, &build.head).await.unwrap().len(), 1);
    let planned = StoryRecord::queue(records, &execution, StoryRecord::PLANNED).await.unwrap();
    assert!(planned.is_empty(), "every story has a result");
    let waiting = StoryRecord::queue(records, &execution, "needs model").await.unwrap();
    assert!(waiting.iter().any(|record| record.story.title.contains("label")), "{waiting:?}");
}

#[tokio::test]
async fn red_checks_are_shown_and_never_merged() {
    for policy in [ReviewPolicy::Automated, ReviewPolicy::Human] {
        let desk = Desk::new(policy);
        desk.forge.fail_job("test");
        let reason = waits(desk.run("a", BRIEF).await.unwrap());
        assert!(reason.contains("`test`"), "{reason}");
        assert_eq!(desk.forge.made("merge"), 0);
        let build = desk.build("a").await;
        assert_eq!(build.failure.as_ref().map(|failure| failure.job.as_str()), Some("test"));
        let (body, _) = desk.forge.pull_request_text(&build.repository, 1).unwrap();
        assert!(body.contains("**red**") && body.contains("this job was told to fail"), "{body}");
        let again = waits(desk.run("a", BRIEF).await.unwrap());
        assert_eq!(again, reason, "a resume does not merge it either");
    }
}

#[tokio::test]
async fn a_person_approves_the_head_and_only_then_it_is_merged() {
    let desk = Desk::new(ReviewPolicy::Human);
    assert!(waits(desk.run("a", BRIEF).await.unwrap()).contains("waiting for 1 approval"));
    let build = desk.build("a").await;
    let review = |verdict, commit, key: &'static str| {
        let spec = ReviewSpec { reviewer: "reviewer".to_owned(), verdict, commit, comment: String::new() };
        let (forge, repository) = (desk.forge.clone(), build.repository.clone());
        async move { forge.review(&repository, 1, &spec, &IdempotencyKey::parse(key).unwrap()).await.unwrap() }
    };
    review(ReviewVerdict::Commented, build.head.clone(), "r1").await;
    waits(desk.run("a", BRIEF).await.unwrap());
    review(ReviewVerdict::Approved, build.commits[0].sha.clone(), "r2").await;
    assert!(waits(desk.run("a", BRIEF).await.unwrap()).contains("older commit"));
    review(ReviewVerdict::Approved, build.head.clone(), "r3").await;
    assert_eq!(merged(desk.run("a", BRIEF).await.unwrap()).pull_request.state, PullRequestState::Merged);
    assert_eq!((desk.forge.made("merge"), desk.forge.made("pull-request"), desk.forge.made("run")), (1, 1, 1));
}

#[tokio::test]
async fn a_pull_request_somebody_closed_ends_the_execution_without_a_merge() {
    let desk = Desk::new(ReviewPolicy::Human);
    waits(desk.run("a", BRIEF).await.unwrap());
    let build = desk.build("a").await;
    desk.forge.close(&build.repository, 1, &IdempotencyKey::parse("c").unwrap()).await.unwrap();
    assert_eq!(merged(desk.run("a", BRIEF).await.unwrap()).pull_request.state, PullRequestState::Closed);
    assert_eq!(desk.forge.made("merge"), 0);
}

#[tokio::test]
async fn a_required_check_that_was_never_reported_is_waited_for() {
    let desk = Desk::new(ReviewPolicy::Automated);
    // The forge's CI reports what the workflow names; here one required check loses its result.
    desk.forge.fail_job("lint");
    waits(desk.run("a", BRIEF).await.unwrap());
    let build = desk.build("a").await;
    let check_of = |name: &CheckName, state| aipipe_core::domain::CheckRun {
        name: name.clone(),
        source: aipipe_core::domain::CheckSource::Workflow(build.run.workflow.clone()),
        head_sha: build.head.clone(),
        state,
    };
    let check = |state| check_of(&CheckName::parse("lint").unwrap(), state);
    desk.forge.set_check(&build.repository, check(aipipe_core::domain::RunState::Pending)).unwrap();
    assert!(waits(desk.run("a", BRIEF).await.unwrap()).contains("has not ended"));
    let green = aipipe_core::domain::RunState::Completed(aipipe_core::domain::Conclusion::Success);
    for job in &build.run.jobs {
        desk.forge.set_check(&build.repository, check_of(&job.name, green)).unwrap();
    }
    let reason = waits(desk.run("a", BRIEF).await.unwrap());
    assert!(reason.contains("the CI run of"), "the run itself is still red: {reason}");
    desk.forge.pass_job("lint");
    desk.rerun("a").await;
    merged(desk.run("a", BRIEF).await.unwrap());
}

#[tokio::test]
async fn changed_documents_are_a_new_execution_in_the_same_repository() {
    let desk = Desk::new(ReviewPolicy::Automated);
    merged(desk.run("a", BRIEF).await.unwrap());
    let more = format!("{BRIEF}\n- Clerks must be able to add a reader with a name.\n");
    let outcome = merged(desk.run("b", &more).await.unwrap());
    assert_eq!((desk.forge.made("repository"), desk.forge.made("branch"), desk.forge.made("merge")), (1, 2, 2));
    assert_eq!(outcome.pull_request.number, 2);
    let build = desk.build("b").await;
    assert!(build.commits.len() < desk.build("a").await.commits.len() + 2, "only what differs is committed: {build:?}");

    let document = aipipe_core::domain::DocumentId::for_name(&DocumentName::parse("brief.md").unwrap());
    let root = desk.root();
    let latest = DocumentRecord::latest(desk.records.as_ref(), root.project(), &document).await.unwrap().unwrap();
    assert!(latest.previous.is_some_and(|previous| previous != latest.version), "{latest:?}");
}

#[tokio::test]
async fn what_the_base_has_already_is_not_published_again() {
    let desk = Desk::new(ReviewPolicy::Automated);
    merged(desk.run("a", BRIEF).await.unwrap());
    for _ in 0..2 {
        let error = desk.run("b", BRIEF).await.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::AlreadyExists, NOTHING_TO_PUBLISH), "{error}");
        assert!(error.to_string().contains("nothing to publish"), "{error}");
    }
    for (kind, count) in [("run", 1), ("pull-request", 1), ("merge", 1)] {
        assert_eq!(desk.forge.made(kind), count, "{kind}");
    }
}

#[tokio::test]
async fn none_of_the_stacks_fits_and_a_person_chooses() {
    let desk = Desk::new(ReviewPolicy::Automated);
    let brief = "# Heap library\n\nThe project is a heap data structure library in Java.\n\n## Requirements\n\n\
        - Developers must be able to add an element with a value.\n- Developers must be able to list all elements.\n";
    let reason = waits(desk.run("a", brief).await.unwrap());
    assert!(reason.contains("none of the five stacks fits"), "{reason}");
    let execution = desk.request("a").execution();
    let choose = |key: &'static str, payload: &'static str| {
        let (engine, execution) = (desk.engine(), execution.clone());
        let (id, signal) = (IdempotencyKey::parse(key).unwrap(), ArchitecturePlanner::stack_choice());
        desk.clock.advance(Duration::from_secs(1));
        async move { engine.signal(&execution, &signal, &id, payload.into()).await.unwrap() }
    };
    choose("typo", "node-app").await;
    let reason = waits(desk.run("a", brief).await.unwrap());
    assert!(reason.contains("\"node-app\" is none of") && reason.contains("node-api"), "{reason}");
    choose("vue", Stack::VueSpa.as_str()).await;
    choose("choice", Stack::NodeApi.as_str()).await;
    choose("last", "node").await;
    merged(desk.run("a", brief).await.unwrap());
    assert!(desk.bundle("a").await.final_files().keys().any(|path| path.as_str() == "src/server.ts"));
}

#[tokio::test]
async fn the_host_overrides_the_evidence() {
    let mut desk = Desk::new(ReviewPolicy::Automated);
    desk.options = desk.options.with_stack(Some(Stack::PythonApi));
    merged(desk.run("a", BRIEF).await.unwrap());
    let bundle = desk.bundle("a").await;
    assert!(bundle.final_files().keys().any(|path| path.as_str() == "app/main.py"));
}

#[tokio::test]
async fn stories_without_a_template_are_marked_and_not_pretended() {
    let desk = Desk::new(ReviewPolicy::Automated);
    merged(desk.run("a", BRIEF).await.unwrap());
    let bundle = desk.bundle("a").await;
    let pretended = bundle
        .stories
        .iter()
        .filter(|story| matches!(story.status, StoryStatus::NeedsModel { .. } | StoryStatus::Blocked { .. }))
        .filter(|story| !story.files.is_empty() || !story.tests.is_empty());
    assert_eq!(pretended.count(), 0);
    assert!(bundle.stories.iter().any(|story| matches!(story.status, StoryStatus::NeedsModel { .. })));
    for story in bundle.stories.iter().filter(|story| matches!(story.status, StoryStatus::Done)) {
        assert!(!story.tests.is_empty() || !story.files.is_empty(), "{story:?}");
    }
}

#[tokio::test]
async fn documents_that_ask_for_nothing_or_cannot_be_read_are_errors() {
    let desk = Desk::new(ReviewPolicy::Automated);
    let error = desk.run("a", "Lunch at twelve?\n").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    let error = desk.run("b", "").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoReadableDocument, "{error}");
    assert!(error.to_string().contains("brief.md"), "{error}");
    let summary = desk.engine().summary(&desk.request("b").execution()).await.unwrap();
    assert_eq!(summary.status, ExecutionStatus::Failed);
}

#[tokio::test]
async fn a_strangers_repository_is_never_committed_into() {
    let desk = Desk::new(ReviewPolicy::Automated);
    let author = aipipe_core::ports::Signature {
        name: "somebody".to_owned(),
        email: "somebody@example.org".to_owned(),
        at: desk.clock.now(),
    };
    let name = aipipe_core::domain::RepositoryName::parse("library").unwrap();
    let base = aipipe_core::domain::BranchName::parse("main").unwrap();
    let spec = aipipe_core::ports::RepositorySpec::new(name, base, author);
    desk.forge.ensure_repository(&spec, &IdempotencyKey::parse("somebody-elses").unwrap()).await.unwrap();
    let error = desk.run("a", BRIEF).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
    assert_eq!(desk.forge.made("commit"), 0);
}
