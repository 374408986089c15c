//! All seven stages on in-memory adapters: what is merged, what is not, and what a person is asked.

use aipipe_core::domain::{
    ArchitecturePlan, ArtifactArea, ArtifactKey, ArtifactPrefix, BranchName, BuildReport, CheckName, ContentHash,
    DocumentName, EndedReview, ExecutionStatus, IdempotencyKey, ProjectName, ProjectRoot, PublishedBuild,
    PullRequestState, RepoPath, ReviewOutcome, ReviewPolicy, ReviewVerdict, Stack, StorySet, StoryStatus, TraceGap,
    TraceMatrix, Traced, UncheckedCriterion, ValidationReport,
};
use aipipe_core::pipeline::{Engine, RunOutcome, StartRequest, upload_documents};
use aipipe_core::ports::{
    ArtifactStore, Clock, CommitRequest, FileChange, GetOptions, ReviewDesk, ReviewSpec, Signature, SourceControl,
};
use aipipe_core::stages::review_coordinator::{Contents, PullRequestText, describe};
use aipipe_core::stages::{
    ArchitecturePlanner, GithubOrchestrator, IntegrationValidator, RequirementsSynthesizer, ReviewCoordinator,
    ReviewOptions, StandardOptions, StandardPorts, StoryExecutor, standard_pipeline,
};
use aipipe_core::tables::{BuildRecord, DocumentRecord, IntegrationRecord, StoryRecord};
use aipipe_core::testing::{
    MemoryArtifacts, MemoryForge, MemoryRecords, SequentialIds, StubPackageManager, VirtualClock,
};
use aipipe_core::{ErrorKind, Result, domain::CodeBundle};
use futures::StreamExt;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

pub const BRIEF: &str = "# Library\n\n## Requirements\n\n- Clerks must be able to add a book with a title and an author.\n\
    - Clerks must be able to list all books.\n- Clerks must be able to delete a book.\n\
    - The title of a book is required.\n- The system must print a label for a new book.\n\n\
    We will build a REST API in Node with Express.\n";

#[derive(Clone)]
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
        let ports =
            StandardPorts::new(Arc::new(StubPackageManager), source_control, self.forge.clone(), self.forge.clone());
        self.engine().start(&standard_pipeline(&ports, &self.options), &self.request(key), &intake).await
    }

    pub async fn build(&self, key: &str) -> PublishedBuild {
        let execution = self.request(key).execution();
        match self.engine().stage_output(&execution, &GithubOrchestrator::stage_name()).await.unwrap().unwrap() {
            BuildReport::Published(build) => *build,
            other => panic!("not published: {other:?}"),
        }
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

    /// A person approves the built head.
    async fn approve(&self, build: &PublishedBuild, number: u64) {
        let spec = ReviewSpec::new("reviewer", ReviewVerdict::Approved, build.head.clone());
        let key = IdempotencyKey::derive(&["approve", build.head.as_str()]);
        self.forge.review(&build.repository, number, &spec, &key).await.unwrap();
    }

    async fn bundle(&self, key: &str) -> CodeBundle {
        let execution = self.request(key).execution();
        self.engine().stage_output(&execution, &StoryExecutor::stage_name()).await.unwrap().unwrap()
    }
}

pub fn merged(outcome: RunOutcome<ReviewOutcome>) -> EndedReview {
    match outcome {
        RunOutcome::Completed(ReviewOutcome::Ended(review)) => review,
        RunOutcome::Completed(outcome) => panic!("not reviewed: {outcome}"),
        RunOutcome::Waiting { wait, .. } => panic!("waits: {}", wait.reason),
    }
}

pub fn waits(outcome: RunOutcome<ReviewOutcome>) -> String {
    match outcome {
        RunOutcome::Completed(outcome) => panic!("did not wait: {outcome}"),
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
    assert!(build.commits[0].stories.is_empty() && build.commits[1..].iter().all(|commit| commit.stories.len() == 1));

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
        "**Isolation:** none (nothing is executed). The checks ran with the rights of the user who ran CI.",
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
async fn the_plan_is_there_for_people_and_documents_stay_text_in_it() {
    let desk = Desk::new(ReviewPolicy::Automated);
    let brief = format!("{BRIEF}\n- Clerks must be able to add a <img src=x>shelf|`row` with a **name**.\n");
    merged(desk.run("a", &brief).await.unwrap());
    let execution = desk.request("a").execution();
    let key = ArtifactKey::parse(&format!("{}/processed/{execution}/architecture.md", desk.root())).unwrap();
    let stored = desk.artifacts.get(&key, GetOptions::default()).await.unwrap();
    let text = String::from_utf8(stored.content.to_vec()).unwrap();
    for expected in [
        "## Stack",
        "**Node API**, by evidence",
        "flowchart LR",
        "### book",
        "| `title` |",
        "required",
        "src/routes/books.ts",
        "| `express` |",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    assert!(!text.contains("<img") && !text.contains("**name**"), "{text}");
    for row in text.lines().filter(|line| line.starts_with('|')) {
        let cells = row.replace("\\|", "").matches('|').count();
        assert!((3..=6).contains(&cells), "{row}");
    }
}

#[tokio::test]
async fn the_matrix_tells_every_way_and_every_gap() {
    let desk = Desk::new(ReviewPolicy::Automated);
    merged(desk.run("a", BRIEF).await.unwrap());
    let (bundle, build, engine) = (desk.bundle("a").await, desk.build("a").await, desk.engine());
    let execution = desk.request("a").execution();
    let stories: StorySet =
        engine.stage_output(&execution, &RequirementsSynthesizer::stage_name()).await.unwrap().unwrap();
    let plan: ArchitecturePlan =
        engine.stage_output(&execution, &ArchitecturePlanner::stage_name()).await.unwrap().unwrap();
    let matrix = |bundle: &CodeBundle| {
        let required_checks = &plan.build.required_checks;
        TraceMatrix::of(Traced { stories: &stories, plan: &plan, bundle, build: Some(&build), required_checks })
    };
    let whole = matrix(&bundle);
    let key = ArtifactKey::parse(&format!("{}/processed/{execution}/traceability.json", desk.root())).unwrap();
    let stored = desk.artifacts.get(&key, GetOptions::default()).await.unwrap();
    assert_eq!(serde_json::from_slice::<TraceMatrix>(&stored.content).unwrap(), whole);

    let served: Vec<_> = whole.stories.iter().filter(|story| story.is_served()).collect();
    assert!(served.len() >= 3);
    for story in &served {
        assert!(!story.components.is_empty() && !story.files.is_empty() && story.commits.len() == 1, "{story:?}");
    }
    assert!(!whole.checks.is_empty() && whole.checks.iter().all(|check| check.state.is_some_and(|s| s.is_success())));
    let of = |gaps: &[TraceGap], wanted: fn(&TraceGap) -> bool| gaps.iter().filter(|gap| wanted(gap)).count();
    let uncovered: fn(&TraceGap) -> bool = |gap| matches!(gap, TraceGap::UncoveredCriterion { .. });
    let untested: fn(&TraceGap) -> bool = |gap| matches!(gap, TraceGap::UntestedStory { .. });
    let orphan: fn(&TraceGap) -> bool = |gap| matches!(gap, TraceGap::OrphanFile { .. });
    assert_eq!((of(&whole.gaps, untested), of(&whole.gaps, orphan)), (0, 0), "{:?}", whole.gaps);

    // Each gap is seen as soon as it is there.
    let mut broken = bundle.clone();
    let story = broken.stories.iter_mut().find(|story| !story.tests.is_empty()).unwrap();
    let criteria: std::collections::BTreeSet<_> = story.tests.drain(..).map(|test| test.criterion).collect();
    assert_eq!(of(&matrix(&broken).gaps, uncovered), of(&whole.gaps, uncovered) + criteria.len());
    let story = broken.stories.iter_mut().find(|story| !story.files.is_empty()).unwrap();
    story.files.retain(|file| !file.path.as_str().contains(".test."));
    assert_eq!(of(&matrix(&broken).gaps, untested), 1);
    let mut broken = bundle.clone();
    let story = broken.stories.iter_mut().find(|story| !story.files.is_empty()).unwrap();
    let file = story.files.iter_mut().find(|file| file.path.as_str().contains("tests/stories")).unwrap();
    file.stories.clear();
    assert_eq!(of(&matrix(&broken).gaps, orphan), 1);
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
        let spec = ReviewSpec::new("reviewer", verdict, commit);
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

/// Another release's words for the same pull request.
fn reworded(contents: &Contents<'_>) -> PullRequestText {
    let PullRequestText { title, body } = describe(contents);
    PullRequestText { title: format!("{title}, in other words"), body: body.replace("## Summary", "## In short") }
}

#[tokio::test]
async fn a_release_with_other_words_goes_on_with_executions_that_wait() {
    let mut desk = Desk::new(ReviewPolicy::Human);
    let reason = waits(desk.run("a", BRIEF).await.unwrap());
    let text = |desk: &Desk, build: &PublishedBuild, number| desk.forge.pull_request_text(&build.repository, number);
    let build = desk.build("a").await;
    let opened = text(&desk, &build, 1).unwrap();

    let options = ReviewOptions::new(ReviewPolicy::Human).with_text(reworded);
    desk.options = StandardOptions::new(ReviewPolicy::Human).with_review(options);
    assert_eq!(waits(desk.run("a", BRIEF).await.unwrap()), reason);
    assert_eq!(text(&desk, &build, 1).unwrap(), opened, "what was opened stays as it was");
    let review = ReviewSpec::new("reviewer", ReviewVerdict::Approved, build.head.clone());
    desk.forge.review(&build.repository, 1, &review, &IdempotencyKey::parse("r").unwrap()).await.unwrap();
    assert_eq!(merged(desk.run("a", BRIEF).await.unwrap()).pull_request.state, PullRequestState::Merged);

    // The control: these are other words, and what is opened now has them.
    waits(desk.run("b", &format!("{BRIEF}\n- Clerks must be able to add a reader with a name.\n")).await.unwrap());
    let (body, _) = text(&desk, &build, 2).unwrap();
    assert!(body.contains("## In short") && !opened.0.contains("## In short"), "{body}");
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
    let check_of = |name: &CheckName, state| {
        aipipe_core::domain::CheckRun::new(name.clone(), build.head.clone(), state)
            .with_source(aipipe_core::domain::CheckSource::Workflow(build.run.workflow.clone()))
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
async fn what_the_documents_leave_out_is_shown_and_removed_by_a_person_alone() {
    let desk = Desk::new(ReviewPolicy::Automated);
    merged(desk.run("a", BRIEF).await.unwrap());
    assert!(desk.build("a").await.removed.is_empty(), "the control: a first execution removes nothing");
    let less = BRIEF.replace("- Clerks must be able to delete a book.\n", "");
    for _ in 0..2 {
        let reason = waits(desk.run("b", &less).await.unwrap());
        assert!(reason.contains("it removes 2 files of earlier executions"), "{reason}");
    }
    assert_eq!(desk.forge.made("merge"), 1, "green checks alone do not merge it");
    let build = desk.build("b").await;
    let stories = build.removed_stories();
    assert!(stories.len() == 1 && stories[0].title.to_lowercase().contains("delete"), "{stories:?}");
    let (body, _) = desk.forge.pull_request_text(&build.repository, 2).unwrap();
    assert!(body.starts_with("## Removed\n"), "{body}");
    assert!(body.contains(&format!("- File `{}`", build.removed[0].path)), "{body}");
    assert!(body.contains(&format!("(`{}`)", stories[0].id)), "{body}");
    assert!(body.contains("**Merge:** waits for a person's approval"), "{body}");
    desk.approve(&build, 2).await;
    let main = merged(desk.run("b", &less).await.unwrap()).pull_request.merge_sha.unwrap();
    let files = desk.forge.list_files(&build.repository, &main).await.unwrap();
    assert!(files.iter().all(|file| file.path != build.removed[0].path));
}

#[tokio::test]
async fn what_a_person_changed_in_the_base_is_overwritten_by_a_persons_word_alone() {
    let desk = Desk::new(ReviewPolicy::Automated);
    merged(desk.run("a", BRIEF).await.unwrap());
    let build = desk.build("a").await;
    let (main, repository) = (BranchName::parse("main").unwrap(), &build.repository);
    let head = desk.forge.branch_head(repository, &main).await.unwrap().unwrap();
    let [app, notes] = ["src/app.ts", "NOTES.md"].map(|path| RepoPath::parse(path).unwrap());
    let put =
        |path: &RepoPath| FileChange::Put { path: path.clone(), content: "// by hand\n".into(), executable: false };
    let author = Signature { name: "A".to_owned(), email: "a@example.org".to_owned(), at: desk.clock.now() };
    let request = CommitRequest::new(main, head, vec![put(&app), put(&notes)], "By hand", author);
    desk.forge.commit(repository, &request, &IdempotencyKey::parse("by-hand").unwrap()).await.unwrap();

    let more = format!("{BRIEF}\n- Clerks must be able to add a reader with a name.\n");
    let reason = waits(desk.run("b", &more).await.unwrap());
    assert!(reason.contains("it overwrites a file that somebody changed in the base"), "{reason}");
    assert_eq!(desk.forge.made("merge"), 1, "green checks alone do not merge it");
    let build = desk.build("b").await;
    assert_eq!((&build.overwritten, build.removed.len()), (&vec![app], 0));
    let (body, _) = desk.forge.pull_request_text(&build.repository, 2).unwrap();
    assert!(body.starts_with("## Overwritten\n") && body.contains("- File `src/app.ts`\n"), "{body}");
    assert!(!body.contains("NOTES.md"), "nothing of ours is in its place: {body}");
    desk.approve(&build, 2).await;
    merged(desk.run("b", &more).await.unwrap());

    // The control: what executions made themselves is theirs to change.
    let most = format!("{more}- Clerks must be able to delete a reader.\n");
    merged(desk.run("c", &most).await.unwrap());
    assert!(desk.build("c").await.overwritten.is_empty());
}

#[tokio::test]
async fn a_project_in_which_no_story_is_served_is_not_merged_by_checks_alone() {
    let desk = Desk::new(ReviewPolicy::Automated);
    let brief = "# Labels\n\n## Requirements\n\n- The system must print a label for a new book.\n\n\
        We will build a REST API in Node with Express.\n";
    let reason = waits(desk.run("a", brief).await.unwrap());
    assert!(reason.contains("serves no story") && reason.contains("waiting for 1 approval"), "{reason}");
    assert_eq!((desk.forge.made("pull-request"), desk.forge.made("merge")), (1, 0));
    assert_eq!(desk.bundle("a").await.served().count(), 0);
    desk.approve(&desk.build("a").await, 1).await;
    merged(desk.run("a", brief).await.unwrap());
}

/// The text as if a story that is done had a criterion no test shows.
fn partly_shown(contents: &Contents<'_>) -> PullRequestText {
    let mut bundle = contents.bundle.clone();
    let done = bundle.stories.iter_mut().find(|result| matches!(result.status, StoryStatus::Done)).unwrap();
    let story = contents.stories.stories.iter().find(|story| story.id == done.story).unwrap();
    let criterion = story.criteria.first().unwrap().id.clone();
    let unchecked = vec![UncheckedCriterion { criterion, reason: "no rule reads it".to_owned() }];
    done.status = StoryStatus::Partial { unchecked };
    let mut contents: Contents<'_> = *contents;
    contents.bundle = &bundle;
    describe(&contents)
}

#[tokio::test]
async fn a_story_that_is_partly_shown_is_not_counted_as_done() {
    let title = |outcome: EndedReview| outcome.pull_request.title;
    let whole = title(merged(Desk::new(ReviewPolicy::Automated).run("a", BRIEF).await.unwrap()));
    assert!(whole.contains(": 3 of 4 stories on the"), "the control: {whole}");
    let mut desk = Desk::new(ReviewPolicy::Automated);
    let options = ReviewOptions::new(ReviewPolicy::Automated).with_text(partly_shown);
    desk.options = StandardOptions::new(ReviewPolicy::Automated).with_review(options);
    let outcome = merged(desk.run("a", BRIEF).await.unwrap());
    let (body, _) = desk.forge.pull_request_text(&outcome.pull_request.repository, 1).unwrap();
    let partly = title(outcome);
    assert!(partly.contains(": 2 of 4 stories, 1 partly, on the"), "{partly}");
    assert!(body.contains("not shown by a test, and perhaps not implemented:\n  - "), "{body}");
    assert!(!body.contains("works, but"), "{body}");
}

type Tree = BTreeMap<RepoPath, ContentHash>;

#[tokio::test]
async fn every_commit_of_a_later_execution_is_a_whole_project() {
    let desk = Desk::new(ReviewPolicy::Automated);
    let first = merged(desk.run("a", BRIEF).await.unwrap());
    // What a person has added stays in every commit.
    let repository = first.pull_request.repository.clone();
    let (path, content) = (RepoPath::parse("NOTES.md").unwrap(), "kept\n");
    let person = aipipe_core::ports::Signature {
        name: "a person".to_owned(),
        email: "person@example.org".to_owned(),
        at: desk.clock.now(),
    };
    let put = FileChange::Put { path: path.clone(), content: content.into(), executable: false };
    let main = first.pull_request.merge_sha.clone().unwrap();
    let request = CommitRequest::new(first.pull_request.base.clone(), main, vec![put], "Add notes", person);
    desk.forge.commit(&repository, &request, &IdempotencyKey::parse("notes").unwrap()).await.unwrap();

    let more = BRIEF.replace("- Clerks must be able to delete a book.\n", "")
        + "\n- Clerks must be able to add a reader with a name.\n- Clerks must be able to list all readers.\n";
    waits(desk.run("b", &more).await.unwrap());
    let (build, bundle) = (desk.build("b").await, desk.bundle("b").await);
    desk.approve(&build, 2).await;
    merged(desk.run("b", &more).await.unwrap());
    let execution = desk.request("b").execution();
    let validated = desk.engine().stage_output(&execution, &IntegrationValidator::stage_name()).await.unwrap();
    let validated: ValidationReport = validated.unwrap();

    // The project after the scaffold, after the first story, and so on.
    let mut state: Tree = [(path, ContentHash::of(content.as_bytes()))].into();
    state.extend(bundle.scaffold.iter().chain(&validated.additions).map(|file| (file.path.clone(), file.content.hash)));
    let mut states = vec![state.clone()];
    for story in bundle.stories.iter().filter(|story| !story.files.is_empty()) {
        state.extend(story.files.iter().map(|file| (file.path.clone(), file.content.hash)));
        states.push(state.clone());
    }
    let (mut reached, mut trees) = (Vec::new(), Vec::new());
    for commit in &build.commits {
        let mut tree = Tree::new();
        for file in desk.forge.list_files(&repository, &commit.sha).await.unwrap() {
            let content = desk.forge.read_file(&repository, &commit.sha, &file.path).await.unwrap();
            tree.insert(file.path, ContentHash::of(&content));
        }
        let whole = states.iter().rposition(|state| *state == tree);
        reached.push(whole.unwrap_or_else(|| panic!("{:?} is no whole project", commit.title)));
        trees.push(tree);
    }
    assert!(reached.is_sorted() && reached.last() == Some(&(states.len() - 1)), "{reached:?}");
    // The control: there are several commits, and a file of the base that more than one of them changes.
    let in_base = |path: &RepoPath| trees.iter().all(|tree| tree.contains_key(path));
    let versions = |path: &RepoPath| trees.iter().map(|tree| tree[path]).collect::<BTreeSet<_>>().len();
    let shared = trees[0].keys().filter(|path| in_base(path) && versions(path) > 2).count();
    assert!(trees.len() > 2 && shared > 0, "{} commits, {shared} shared files", trees.len());
}

#[tokio::test]
async fn what_the_base_has_already_completes_without_a_pull_request() {
    let desk = Desk::new(ReviewPolicy::Automated);
    let first = merged(desk.run("a", BRIEF).await.unwrap());
    let made = |kind| desk.forge.made(kind);
    let all = ["branch", "commit", "run", "pull-request", "merge"];
    let before = all.map(made);
    // Also for a person who reviews: there is nothing to look at.
    for policy in [ReviewPolicy::Automated, ReviewPolicy::Human] {
        let desk = Desk { options: StandardOptions::new(policy), ..desk.clone() };
        for _ in 0..2 {
            let key = format!("again-{policy:?}").to_lowercase();
            let RunOutcome::Completed(outcome) = desk.run(&key, BRIEF).await.unwrap() else { panic!("it waits") };
            let ReviewOutcome::Unchanged(base) = &outcome else { panic!("{outcome}") };
            assert_eq!(Some(&base.head), first.pull_request.merge_sha.as_ref());
            assert!(outcome.to_string().contains("nothing changed: main"), "{outcome}");
            let execution = desk.request(&key).execution();
            let summary = desk.engine().summary(&execution).await.unwrap();
            assert_eq!((summary.status, summary.failure), (ExecutionStatus::Completed, None));
            let noted = IntegrationRecord::of(desk.records.as_ref(), desk.root().project(), &execution).await.unwrap();
            assert_eq!(noted, None, "nothing was published");
        }
    }
    assert_eq!(all.map(made), before);
    // The control: what does change is published.
    merged(desk.run("more", &format!("{BRIEF}\n- Clerks must be able to add a reader with a name.\n")).await.unwrap());
    assert!(all.map(made).iter().zip(before).all(|(now, before)| *now > before));
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
