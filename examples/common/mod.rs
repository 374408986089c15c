//! What the examples share: a pipeline's first stages, run in a temporary workspace.

use aipipe::domain::{ExecutionId, IdempotencyKey, IntakeRequest, ProjectName, ProjectRoot};
use aipipe::local::{LocalWorkspace, read_document_file};
use aipipe::pipeline::{Engine, Pipeline, RunOutcome, StartRequest, upload_documents};
use anyhow::{Context, bail};
use clap::Parser;
use serde::de::DeserializeOwned;
use std::path::PathBuf;

/// Files, and whether to print JSON.
#[derive(Parser)]
pub(crate) struct Arguments {
    /// The documents.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// Prints JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Runs `pipeline` on `files` in a workspace that is gone afterwards. Where a stage waits, `waiting` can still look at what
/// there is; the wait is an error then.
pub(crate) async fn run<T: DeserializeOwned>(
    pipeline: &Pipeline<IntakeRequest, T>,
    files: &[PathBuf],
    waiting: impl AsyncFnOnce(&Engine, &LocalWorkspace, &ExecutionId) -> anyhow::Result<()>,
) -> anyhow::Result<T> {
    let documents = files.iter().map(|path| read_document_file(path)).collect::<Result<Vec<_>, _>>()?;
    let folder = tempfile::tempdir().context("a temporary folder can't be made")?;
    let workspace = LocalWorkspace::open(folder.path())?;
    let root = ProjectRoot::new(ProjectName::parse("example")?, workspace.clock.now());
    let intake = upload_documents(workspace.artifacts.as_ref(), &root, documents).await?;
    let request = StartRequest::new(root, IdempotencyKey::parse("example")?);
    let engine = workspace.engine().build()?;
    match engine.start(pipeline, &request, &intake).await? {
        RunOutcome::Completed(output) => Ok(output),
        RunOutcome::Waiting { wait, .. } => {
            waiting(&engine, &workspace, &request.execution()).await?;
            bail!("{}", wait.reason)
        }
    }
}
