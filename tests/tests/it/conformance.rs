//! Every adapter of this repository runs the suite of its port: those in memory and those for one machine.

use aipipe::domain::{CheckRun, CommitSha, Cost, RepoPath, RepositoryRef, RunState, Stack, Timestamp};
use aipipe::local::checks::CheckStore;
use aipipe::local::packages::{LocalPackageManager, LocalPackageOptions};
use aipipe::local::{EnvSecrets, FileSecrets, HostEnvironment, LocalWorkspace, SystemClock};
use aipipe::ports::{
    ArtifactStore, BatchLanguageModel, Clock, ContinuousIntegration, Embedder, IdGenerator, LanguageModel, LockRequest,
    PackageManager, RecordStore, ReviewDesk, SecretStore, SourceControl,
};
use aipipe::search::LexicalEmbedder;
use aipipe::testing::conformance::{self, BatchRig, CiHooks, OwnRuns, Report, ReviewHooks};
use aipipe::testing::{
    HashEmbedder, MemoryArtifacts, MemoryBatches, MemoryForge, MemoryRecords, MemorySecrets, ScriptedModel,
    SequentialIds, VirtualClock,
};
use aipipe_tests::figures;
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Which adapters ran which suites.
#[derive(Default)]
struct Ran(Vec<(&'static str, Report)>);

impl Ran {
    fn add(&mut self, adapter: &'static str, report: Report) {
        println!("{adapter} as {report}");
        self.0.push((adapter, report));
    }

    fn failures(&self) -> Vec<String> {
        let of = |(adapter, report): &(&str, Report)| {
            let port = report.port();
            let failures: Vec<_> =
                report.failures().iter().map(|(what, seen)| format!("{adapter} as {port}: {what}: {seen}")).collect();
            failures
        };
        self.0.iter().flat_map(of).collect()
    }

    fn ports(&self) -> BTreeSet<&'static str> {
        self.0.iter().map(|(_, report)| report.port()).collect()
    }

    fn adapters(&self) -> BTreeSet<&'static str> {
        self.0.iter().map(|(adapter, _)| *adapter).collect()
    }

    fn properties(&self) -> BTreeSet<(&'static str, &'static str)> {
        let of = |(_, report): &(&str, Report)| {
            report.properties().into_iter().map(|property| (report.port(), property)).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_adapter_keeps_every_promise_of_its_port() {
    let folder = tempfile::tempdir().unwrap();
    let mut ran = Ran::default();
    in_memory(&mut ran).await;
    on_this_machine(&mut ran, folder.path()).await;

    assert_eq!(ran.failures(), Vec::<String>::new());
    let ports = [
        "ArtifactStore",
        "BatchLanguageModel",
        "Clock",
        "ContinuousIntegration",
        "Embedder",
        "IdGenerator",
        "LanguageModel",
        "PackageManager",
        "RecordStore",
        "ReviewDesk",
        "SecretStore",
        "SourceControl",
    ];
    assert_eq!(ran.ports(), BTreeSet::from(ports), "a port without a suite that ran");
    figures::record("conformance.properties", ran.properties().len(), "properties").unwrap();
    figures::record("conformance.adapters", ran.adapters().len(), "adapters").unwrap();
}

async fn in_memory(ran: &mut Ran) {
    let artifacts = Arc::new(MemoryArtifacts::default()) as Arc<dyn ArtifactStore>;
    ran.add("MemoryArtifacts", conformance::artifact_store(&artifacts).await);
    let records = Arc::new(MemoryRecords::default()) as Arc<dyn RecordStore>;
    ran.add("MemoryRecords", conformance::record_store(&records).await);
    let forge = Arc::new(MemoryForge::default());
    let source = forge.clone() as Arc<dyn SourceControl>;
    ran.add("MemoryForge", conformance::source_control(&source).await);
    let ci = forge.clone() as Arc<dyn ContinuousIntegration>;
    ran.add("MemoryForge", conformance::continuous_integration(&ci, &source, &OwnRuns).await);
    ran.add("MemoryForge", conformance::review_desk(&(forge.clone() as Arc<dyn ReviewDesk>), &source, &*forge).await);
    let model = Arc::new(ScriptedModel::by(|_| Ok("an answer".to_owned()))) as Arc<dyn LanguageModel>;
    ran.add("ScriptedModel", conformance::language_model(&model, "scripted", &|_| Cost::ZERO).await);
    let batches = Arc::new(MemoryBatches::answered_by(model)) as Arc<dyn BatchLanguageModel>;
    let clock = Arc::new(SystemClock) as Arc<dyn Clock>;
    let rig = BatchRig { batches: &batches, elsewhere: &batches, clock: &clock, model: "scripted" };
    ran.add("MemoryBatches", conformance::batch_language_model(rig, &|_| Cost::ZERO).await);
    ran.add("HashEmbedder", conformance::embedder(&(Arc::new(HashEmbedder) as Arc<dyn Embedder>)).await);
    ran.add("LexicalEmbedder", conformance::embedder(&(Arc::new(LexicalEmbedder) as Arc<dyn Embedder>)).await);
    let secrets = MemorySecrets::default();
    secrets.set("api-key", "hush-hush", Timestamp::from_unix_millis(0));
    let secrets = Arc::new(secrets) as Arc<dyn SecretStore>;
    ran.add("MemorySecrets", conformance::secret_store(&secrets, "api-key", "hush-hush").await);
    let ids = Arc::new(SequentialIds::default()) as Arc<dyn IdGenerator>;
    ran.add("SequentialIds", conformance::id_generator(&ids).await);
    ran.add(
        "UuidGenerator",
        conformance::id_generator(&(Arc::new(aipipe::local::UuidGenerator) as Arc<dyn IdGenerator>)).await,
    );
    ran.add("VirtualClock", virtual_clock().await);
}

/// The suite waits for a clock that stands still unless somebody moves it.
async fn virtual_clock() -> Report {
    let clock = Arc::new(VirtualClock::default());
    let suite = tokio::spawn({
        let clock = clock.clone() as Arc<dyn Clock>;
        async move { conformance::clock(&clock).await }
    });
    while !suite.is_finished() {
        clock.advance(Duration::from_millis(5));
        tokio::task::yield_now().await;
    }
    suite.await.unwrap()
}

/// What the suites can't do through the ports, in a workspace.
#[derive(Debug)]
struct LocalHooks(PathBuf);

#[async_trait]
impl CiHooks for LocalHooks {
    async fn wait(&self) {
        // Steps are processes of this machine: what they need is its time.
        SystemClock.sleep(Duration::from_millis(10)).await;
    }

    fn of_unknown_state(&self) -> Option<RunState> {
        None
    }
}

#[async_trait]
impl ReviewHooks for LocalHooks {
    async fn report_check(&self, repository: &RepositoryRef, check: &CheckRun) -> aipipe::Result<()> {
        CheckStore::open(&self.0.join("checks"))?.record(&repository.name, vec![check.clone()]).await
    }

    async fn comments(&self, repository: &RepositoryRef, number: u64) -> aipipe::Result<Vec<String>> {
        let file = self.0.join(format!("reviews/{}/{number}/pull-request.json", repository.name));
        let record: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let comments = record["comments"].as_array().unwrap().iter();
        Ok(comments.map(|comment| comment["body"].as_str().unwrap().to_owned()).collect())
    }

    async fn stranger_approves(&self, _: &RepositoryRef, _: u64, _: &CommitSha) -> aipipe::Result<bool> {
        Ok(false) // Who gets at the folder may approve.
    }
}

async fn on_this_machine(ran: &mut Ran, folder: &Path) {
    let workspace = LocalWorkspace::open(&folder.join("workspace")).unwrap();
    ran.add("LocalArtifacts", conformance::artifact_store(&(workspace.artifacts.clone() as Arc<_>)).await);
    ran.add("LocalRecords", conformance::record_store(&(workspace.records.clone() as Arc<_>)).await);
    let source = Arc::new(workspace.git.clone()) as Arc<dyn SourceControl>;
    ran.add("LocalGit", conformance::source_control(&source).await);
    let hooks = LocalHooks(workspace.root().to_owned());
    ran.add("LocalCi", conformance::continuous_integration(&(workspace.ci.clone() as Arc<_>), &source, &hooks).await);
    let desk = workspace.review_desk.clone() as Arc<_>;
    ran.add("LocalReviewDesk", conformance::review_desk(&desk, &source, &hooks).await);
    ran.add("SystemClock", conformance::clock(&(Arc::new(SystemClock) as Arc<dyn Clock>)).await);

    let secrets = folder.join("secrets");
    std::fs::create_dir(&secrets).unwrap();
    let mut own = std::fs::OpenOptions::new();
    let mut file = own.write(true).create_new(true).mode(0o600).open(secrets.join("api-key")).unwrap();
    std::io::Write::write_all(&mut file, b"hush-hush\n").unwrap();
    let store = Arc::new(FileSecrets::new(&secrets)) as Arc<dyn SecretStore>;
    ran.add("FileSecrets", conformance::secret_store(&store, "api-key", "hush-hush").await);
    // A variable that cargo gives every test; setting one of our own is not safe in a process with threads.
    let store = Arc::new(EnvSecrets::new("CARGO_PKG_").unwrap()) as Arc<dyn SecretStore>;
    ran.add("EnvSecrets", conformance::secret_store(&store, "name", env!("CARGO_PKG_NAME")).await);

    let options =
        LocalPackageOptions::new(folder.join("packages"), workspace.clock.clone(), HostEnvironment::from_env());
    let packages = Arc::new(LocalPackageManager::open(options).unwrap()) as Arc<dyn PackageManager>;
    ran.add(
        "LocalPackageManager",
        conformance::package_manager(&packages, &node_manifest("demo"), &node_manifest("other")).await,
    );
}

fn node_manifest(name: &str) -> LockRequest {
    let manifest = format!(r#"{{"name":"{name}","version":"1.0.0","private":true,"dependencies":{{"zod":"4.6.7"}}}}"#);
    let path = RepoPath::parse("package.json").unwrap();
    LockRequest::new(Stack::NodeApi, "20", [(path, manifest.into())].into())
}
