//! Executions through the engine's public interface, on the local stores.

use crate::meter::{Meter, Took};
use crate::stages::Kind;
use aipipe_adapters_local::{LocalArtifacts, LocalRecords, SystemClock, UuidGenerator};
use aipipe_core::domain::{IdempotencyKey, ProjectName, ProjectRoot, Timestamp};
use aipipe_core::pipeline::{Engine, Pipeline, RunOutcome, StartRequest};
use anyhow::{Result, bail};
use futures::future::try_join_all;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::runtime::Runtime;

/// An engine on stores in a folder.
#[derive(Debug)]
pub struct Bench {
    engine: Engine,
    records: Arc<LocalRecords>,
    started: AtomicU64,
}

/// What a number of executions took.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Time and CPU.
    pub took: Took,
    /// Transactions of the store, each with one sync.
    pub commits: u64,
}

impl Bench {
    /// Opens the stores in `folder`, which may be new.
    pub fn open(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let records = Arc::new(LocalRecords::open(&folder.join("records.redb"))?);
        let artifacts = Arc::new(LocalArtifacts::open(&folder.join("artifacts"))?);
        let engine =
            Engine::builder(artifacts, records.clone(), Arc::new(SystemClock), Arc::new(UuidGenerator)).build()?;
        Ok(Self { engine, records, started: AtomicU64::new(0) })
    }

    /// Runs `executions` of `kind` to their end, `concurrency` at a time.
    pub fn run(self: &Arc<Self>, on: &Runtime, kind: Kind, executions: u64, concurrency: u64) -> Result<Measured> {
        let pipeline = Arc::new(kind.pipeline());
        let commits = self.records.commits();
        let meter = Meter::start();
        if concurrency == 1 {
            on.block_on(async {
                for _ in 0..executions {
                    self.execute(kind, &pipeline).await?;
                }
                Ok::<_, anyhow::Error>(())
            })?;
        } else {
            let left = Arc::new(AtomicU64::new(executions));
            let workers = (0..concurrency).map(|_| {
                let (bench, pipeline, left) = (Arc::clone(self), Arc::clone(&pipeline), Arc::clone(&left));
                on.spawn(async move {
                    while left.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                        bench.execute(kind, &pipeline).await?;
                    }
                    Ok::<_, anyhow::Error>(())
                })
            });
            for worker in on.block_on(try_join_all(workers))? {
                worker?;
            }
        }
        Ok(Measured { took: meter.stop(), commits: self.records.commits() - commits })
    }

    async fn execute(&self, kind: Kind, pipeline: &Pipeline<u64, u64>) -> Result<()> {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let root = ProjectRoot::new(ProjectName::parse("bench")?, Timestamp::parse("2026-01-05T09:00:00Z")?);
        let request = StartRequest::new(root, IdempotencyKey::parse(format!("{kind:?}-{number}"))?);
        match (kind, self.engine.start(pipeline, &request, &number).await?) {
            (Kind::Waiting, RunOutcome::Waiting { .. }) => Ok(()),
            (Kind::Record | Kind::Effect | Kind::Stages, RunOutcome::Completed(sum)) if sum == number + 7 => Ok(()),
            (kind, outcome) => bail!("an execution of {kind:?} ended as {outcome:?}"),
        }
    }
}
