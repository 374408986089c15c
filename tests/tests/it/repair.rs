//! A red run of CI goes back to the model that wrote the code, twice at most, and then to a person.

use crate::asked::{Asked, BRIEF};
use aipipe::domain::{
    BuildReport, CodeBundle, DocumentName, IdempotencyKey, ProjectName, ProjectRoot, PublishedBuild, RepoPath,
    ReviewOutcome, ReviewPolicy, Stack, ValidationReport,
};
use aipipe::pipeline::{Engine, RunOutcome, StartRequest, upload_documents};
use aipipe::ports::{ArtifactStore as _, Clock as _, GetOptions, SourceControl as _};
use aipipe::stages::story_executor::ModelOptions;
use aipipe::stages::{BuildRepairer, GithubOrchestrator, StandardOptions, StandardPorts, standard_pipeline};
use aipipe::testing::{
    MemoryArtifacts, MemoryForge, MemoryRecords, ScriptedModel, SequentialIds, StubPackageManager, VirtualClock,
};
use aipipe_tests::wire;
use std::sync::Arc;

/// What CI does not like, though nothing else sees a fault in it.
const BUG: &str = "wrong separator";

struct Desk {
    artifacts: Arc<MemoryArtifacts>,
    records: Arc<MemoryRecords>,
    forge: Arc<MemoryForge>,
    clock: Arc<VirtualClock>,
    model: Arc<ScriptedModel>,
    options: ModelOptions,
}

impl Desk {
    /// The model answers well, but with the bug in one story; `mended` are its answers to red runs of CI.
    fn new(mended: impl Fn(&Asked, &MemoryForge) -> String + Send + Sync + 'static) -> Self {
        let forge = Arc::<MemoryForge>::default();
        forge.fail_job_over("test", BUG);
        let of_model = Arc::clone(&forge);
        let model = ScriptedModel::by(move |request| {
            let asked = Asked::of(request);
            if asked.told("ci-red") {
                return Ok(mended(&asked, &of_model));
            }
            let is_shelf = asked.text.contains("names both shelves");
            Ok(if is_shelf { format!("{}{}", asked.good(), bug(&asked, 0)) } else { asked.good() })
        });
        Self {
            artifacts: Arc::default(),
            records: Arc::default(),
            clock: Arc::default(),
            model: Arc::new(model),
            options: ModelOptions::default(),
            forge,
        }
    }

    fn request(&self) -> StartRequest {
        let root = ProjectRoot::new(ProjectName::parse("library").unwrap(), self.clock.now());
        StartRequest::new(root, IdempotencyKey::parse("run").unwrap())
    }

    fn engine(&self) -> Engine {
        let ids = Arc::new(SequentialIds::default());
        Engine::builder(self.artifacts.clone(), self.records.clone(), self.clock.clone(), ids).build().unwrap()
    }

    async fn run(&self) -> RunOutcome<ReviewOutcome> {
        let forge = || self.forge.clone();
        let ports = StandardPorts::new(Arc::new(StubPackageManager), forge(), forge(), forge());
        let options = StandardOptions::new(ReviewPolicy::Automated)
            .with_stack(Some(Stack::NodeApi))
            .with_model(self.model.clone(), self.options.clone());
        let request = self.request();
        let documents = vec![(DocumentName::parse("brief.md").unwrap(), BRIEF.into())];
        let intake = upload_documents(self.artifacts.as_ref(), &request.root, documents).await.unwrap();
        let outcome = self.engine().start(&standard_pipeline(&ports, &options), &request, &intake).await.unwrap();
        wire::note_model_requests(&self.model.requests(), "the build repairer").await.unwrap();
        outcome
    }

    async fn merged(&self) {
        match self.run().await {
            RunOutcome::Completed(outcome) => drop(outcome.ended().unwrap().pull_request.merge_sha.clone().unwrap()),
            RunOutcome::Waiting { stage, wait } => panic!("{stage} waits: {}", wait.reason),
        }
    }

    async fn waits(&self) -> (String, String) {
        match self.run().await {
            RunOutcome::Waiting { stage, wait } => (stage.to_string(), wait.reason),
            RunOutcome::Completed(outcome) => panic!("it ended: {outcome}"),
        }
    }

    async fn build(&self, stage: &aipipe::domain::StageName) -> PublishedBuild {
        let build: Option<BuildReport> = self.engine().stage_output(&self.request().execution(), stage).await.unwrap();
        build.unwrap().published().unwrap().clone()
    }

    async fn repaired(&self) -> PublishedBuild {
        self.build(&BuildRepairer::stage_name()).await
    }

    async fn body(&self, build: &PublishedBuild) -> String {
        self.forge.pull_request_text(&build.repository, 1).unwrap().0
    }

    /// How often the model was told of a red run.
    fn told(&self) -> usize {
        self.model.requests().iter().filter(|request| Asked::of(request).told("ci-red")).count()
    }
}

fn bug(asked: &Asked, version: usize) -> String {
    let path = format!("{}/separator.ts", asked.folder);
    asked.file(&path, &format!("/** The {BUG}. */\nexport const separator = \"{version}\";\n"))
}

fn without_bug(asked: &Asked) -> String {
    let path = format!("{}/separator.ts", asked.folder);
    asked.file(&path, "/** The separator. */\nexport const separator = \", \";\n")
}

#[tokio::test]
async fn a_red_run_goes_back_to_the_story_it_speaks_of_and_is_merged_once_green() {
    let desk = Desk::new(|asked, _| {
        assert!(asked.text.contains("names both shelves"), "another story was told: {}", asked.text);
        assert!(asked.text.contains("What you have written so far") && asked.text.contains(BUG), "{}", asked.text);
        without_bug(asked)
    });
    desk.merged().await;
    assert_eq!((desk.told(), desk.forge.made("run")), (1, 2));
    let (before, after) = (desk.build(&GithubOrchestrator::stage_name()).await, desk.repaired().await);
    assert!(!before.run.state.is_success() && after.run.state.is_success());
    assert_eq!(after.commits.len(), before.commits.len() + 1);
    let mend = after.commits.last().unwrap();
    assert!(mend.title.starts_with("Mend: "), "{mend:?}");
    let [repair] = after.repairs.as_slice() else { panic!("{:?}", after.repairs) };
    assert_eq!((repair.head.clone(), repair.mended.clone()), (before.head, mend.stories.clone()));

    // What is in the repository, in the report and in the published artifacts is the same.
    let read = async |stored: &PublishedBuild| -> CodeBundle {
        let get = async |at: &aipipe::domain::ArtifactRef| {
            desk.artifacts.get(&at.key, GetOptions::default()).await.unwrap().content
        };
        let validation: ValidationReport = serde_json::from_slice(&get(stored.validation.at()).await).unwrap();
        serde_json::from_slice(&get(validation.bundle.at()).await).unwrap()
    };
    let bundle = read(&after).await;
    assert_eq!(bundle.repairs.len(), 1);
    for (path, file) in bundle.final_files() {
        let content = desk.forge.read_file(&after.repository, &after.head, path).await.unwrap();
        assert_eq!(aipipe::domain::ContentHash::of(&content), file.content.hash, "{path}");
    }
    let body = desk.body(&after).await;
    assert!(body.contains("**Before:**") && body.contains("The model mended"), "{body}");
    assert!(body.contains("**CI:** green"), "{body}");
}

/// As [`without_bug`], and the story's tests with a comment more: what they show now nobody has looked at.
fn with_other_tests(asked: &Asked) -> String {
    let tests = asked.tests("text").replacen(".test.ts\n", ".test.ts\n// Changed after the run was red.\n", 1);
    format!("{}{tests}", without_bug(asked))
}

#[tokio::test]
async fn changed_tests_make_a_green_run_a_persons() {
    let desk = Desk::new(|asked, _| with_other_tests(asked));
    let (stage, reason) = desk.waits().await;
    assert_eq!(stage, "review-coordinator", "{reason}");
    assert!(reason.contains("a model changed a file with tests after a red run"), "{reason}");
    let build = desk.repaired().await;
    assert!(build.run.state.is_success(), "the control: the checks alone would have merged it");
    assert_eq!(build.repairs[0].changed_tests.len(), 1);
    assert!(desk.body(&build).await.contains("It changed the tests in"));
}

#[tokio::test]
async fn what_a_person_pushes_meanwhile_stands() {
    let pushed = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let once = Arc::clone(&pushed);
    let desk = Desk::new(move |asked, forge| {
        if !once.swap(true, std::sync::atomic::Ordering::SeqCst) {
            let file = RepoPath::parse("fixed.txt").unwrap();
            forge.push_by_a_person("aipipe/", &file, "fixed").unwrap();
        }
        without_bug(asked)
    });
    let (stage, reason) = desk.waits().await;
    assert_eq!(stage, "review-coordinator", "{reason}");
    let build = desk.repaired().await;
    assert!(build.repairs[0].mended.is_empty() && build.repairs[0].given_up.len() == 1, "{:?}", build.repairs);
    assert!(desk.body(&build).await.contains("somebody pushed to the branch meanwhile"));
}

#[tokio::test]
async fn what_stays_red_goes_to_a_person_after_two_rounds() {
    let version = std::sync::atomic::AtomicUsize::new(0);
    let desk = Desk::new(move |asked, _| bug(asked, 1 + version.fetch_add(1, std::sync::atomic::Ordering::SeqCst)));
    let (stage, reason) = desk.waits().await;
    assert_eq!(stage, "review-coordinator", "{reason}");
    assert!(reason.contains("`test` ended in Failure"), "{reason}");
    assert_eq!((desk.told(), desk.forge.made("run")), (2, 3));
    assert_eq!(desk.repaired().await.repairs.len(), 2);
    // And nothing more, however often somebody resumes.
    desk.waits().await;
    assert_eq!((desk.told(), desk.forge.made("run")), (2, 3));
}

#[tokio::test]
async fn a_model_that_changes_nothing_has_mended_nothing() {
    let desk = Desk::new(|_, _| "It is fine as it is.".to_owned());
    let (stage, _) = desk.waits().await;
    assert_eq!((stage.as_str(), desk.forge.made("run")), ("review-coordinator", 1));
    let build = desk.repaired().await;
    assert!(build.repairs[0].mended.is_empty() && build.repairs[0].given_up.len() == 1, "{:?}", build.repairs);
    assert!(desk.body(&build).await.contains("The model could not mend"));
}

#[tokio::test]
async fn a_run_that_speaks_of_nothing_a_model_wrote_is_a_persons() {
    let desk = Desk::new(|_, _| panic!("nobody is to be asked"));
    desk.forge.fail_job("test");
    desk.waits().await;
    assert_eq!((desk.told(), desk.forge.made("run")), (0, 1));
    assert!(desk.repaired().await.repairs.is_empty());
}

#[tokio::test]
async fn without_rounds_a_red_run_waits_as_it_always_did() {
    let mut desk = Desk::new(|_, _| panic!("nobody is to be asked"));
    desk.options = desk.options.with_ci_rounds(0);
    desk.waits().await;
    assert_eq!((desk.told(), desk.forge.made("run")), (0, 1));
}

#[tokio::test]
async fn a_resume_in_the_middle_of_a_round_repeats_nothing() {
    let desk = Desk::new(|asked, forge| {
        // The run of the mended head does not appear for now.
        forge.switch_ci_off();
        without_bug(asked)
    });
    let (stage, reason) = desk.waits().await;
    assert_eq!(stage, "build-repairer", "{reason}");
    let (calls, commits) = (desk.model.calls(), desk.forge.made("commit"));
    desk.waits().await;
    desk.forge.switch_ci_on();
    desk.merged().await;
    assert_eq!((desk.model.calls(), desk.forge.made("commit")), (calls, commits));
    assert_eq!((desk.told(), desk.forge.made("run")), (1, 2));
}
