//! The same pipeline on other adapters: all in memory, on this machine, and with a review desk that fails once.
//!
//! ```sh
//! cargo run --example swap_adapters --features testing
//! ```

#![expect(clippy::print_stdout, reason = "a program prints")]

use aipipe::domain::{DocumentName, IdempotencyKey, ProjectName, ProjectRoot, RepoPath, ReviewPolicy};
use aipipe::local::{LocalWorkspace, SystemClock, UuidGenerator};
use aipipe::pipeline::{Engine, RunOutcome, StartRequest, upload_documents};
use aipipe::ports::{ArtifactStore, Clock, LockFile, MockPackageManager, PackageManager};
use aipipe::stages::{StandardOptions, StandardPorts, standard_pipeline};
use aipipe::testing::{MemoryArtifacts, MemoryForge, MemoryRecords, StubPackageManager};
use aipipe::{Error, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const NOTES: &str = "# Requirements\n\n- Clerks must be able to add a book with a title and an author.\n\
    - Clerks must be able to list all books.\n\nWe build a REST API in Node.\n";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let in_memory = || (Arc::new(MemoryArtifacts::default()), Arc::new(MemoryForge::default()));

    let (artifacts, forge) = in_memory();
    let engine = memory_engine(artifacts.clone())?;
    println!("in memory: {}", run(&engine, artifacts.as_ref(), &ports(&forge, Arc::new(StubPackageManager))).await?);

    let (artifacts, forge) = in_memory();
    let engine = memory_engine(artifacts.clone())?;
    let flaky = ports(&forge, Arc::new(fails_once()));
    let error = run(&engine, artifacts.as_ref(), &flaky).await.err().map(|error| error.to_string());
    println!("with a mock that fails once: {}", error.unwrap_or_default());
    println!("and resumed: {}", run(&engine, artifacts.as_ref(), &flaky).await?);

    let folder = tempfile::tempdir()?;
    let workspace = LocalWorkspace::open(folder.path())?;
    let local = workspace.ports();
    println!("on this machine: {}", run(&workspace.engine().build()?, workspace.artifacts.as_ref(), &local).await?);
    Ok(())
}

fn memory_engine(artifacts: Arc<MemoryArtifacts>) -> anyhow::Result<Engine> {
    Ok(Engine::builder(artifacts, Arc::new(MemoryRecords::default()), Arc::new(SystemClock), Arc::new(UuidGenerator))
        .build()?)
}

fn ports(forge: &Arc<MemoryForge>, packages: Arc<dyn PackageManager>) -> StandardPorts {
    StandardPorts::new(packages, forge.clone(), forge.clone(), forge.clone())
}

/// A mock of a port: the first call fails, the others succeed.
fn fails_once() -> MockPackageManager {
    let failed = AtomicBool::new(false);
    let mut mock = MockPackageManager::new();
    mock.expect_lock().returning(move |request| {
        if !failed.swap(true, Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Unavailable, "packages.lock", "the registry can't be reached"));
        }
        let path = RepoPath::parse("package-lock.json")?;
        let content = format!("{{\"manifests\": {}}}\n", request.manifests.len());
        Ok(LockFile::new(path, content.into(), "mock"))
    });
    mock
}

/// Starts the execution of the notes, or goes on with it: the same key is the same execution.
async fn run(engine: &Engine, artifacts: &dyn ArtifactStore, ports: &StandardPorts) -> anyhow::Result<String> {
    let root = ProjectRoot::new(ProjectName::parse("library")?, SystemClock.now());
    let documents = vec![(DocumentName::parse("notes.md")?, NOTES.into())];
    let intake = upload_documents(artifacts, &root, documents).await?;
    let request = StartRequest::new(root, IdempotencyKey::parse("swap")?);
    let pipeline = standard_pipeline(ports, &StandardOptions::new(ReviewPolicy::Automated));
    match engine.start(&pipeline, &request, &intake).await? {
        RunOutcome::Completed(outcome) => Ok(outcome.to_string()),
        RunOutcome::Waiting { wait, .. } => Ok(format!("waiting: {}", wait.reason)),
    }
}
