//! How an engine is put together and an execution started.

use super::engine::Engine;
use crate::Result;
use crate::domain::{ExecutionId, IdempotencyKey, ProjectRoot, WorkerId};
use crate::ports::{ArtifactStore, Clock, IdGenerator, NoObserver, Observer, RecordStore};
use std::sync::Arc;
use std::time::Duration;

/// When another worker's lease may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TakeOver {
    /// Once it has run out.
    #[default]
    AfterExpiry,
    /// At once: for hosts whose record store admits one process at a time and that run one engine in it, so that
    /// another worker's lease is that of a dead process.
    AtOnce,
}

/// How the engine works.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EngineOptions {
    /// How long a lease lasts without renewal; it is renewed after a third of that.
    pub lease: Duration,
    /// When another worker's lease may be taken.
    pub take_over: TakeOver,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self { lease: Duration::from_secs(30), take_over: TakeOver::default() }
    }
}

impl EngineOptions {
    /// Leases of this length.
    #[must_use]
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Takes leases over in this way.
    #[must_use]
    pub fn with_take_over(mut self, take_over: TakeOver) -> Self {
        self.take_over = take_over;
        self
    }
}

/// What an execution is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StartRequest {
    /// The project and day.
    pub root: ProjectRoot,
    /// The same project and key are the same execution.
    pub key: IdempotencyKey,
}

impl StartRequest {
    /// An execution for `root` under `key`.
    #[must_use]
    pub fn new(root: ProjectRoot, key: IdempotencyKey) -> Self {
        Self { root, key }
    }

    /// The execution this request stands for.
    #[must_use]
    pub fn execution(&self) -> ExecutionId {
        ExecutionId::for_key(self.root.project(), &self.key)
    }
}

/// Puts an [`Engine`] together.
#[derive(Debug)]
pub struct EngineBuilder {
    artifacts: Arc<dyn ArtifactStore>,
    records: Arc<dyn RecordStore>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    observer: Arc<dyn Observer>,
    options: EngineOptions,
}

impl EngineBuilder {
    pub(super) fn new(
        artifacts: Arc<dyn ArtifactStore>,
        records: Arc<dyn RecordStore>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
    ) -> Self {
        let (observer, options) = (Arc::new(NoObserver), EngineOptions::default());
        Self { artifacts, records, clock, ids, observer, options }
    }

    /// Tells this observer what happens.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// Works with these options.
    #[must_use]
    pub fn options(mut self, options: EngineOptions) -> Self {
        self.options = options;
        self
    }

    /// The engine.
    ///
    /// # Errors
    /// `InvalidInput` when the id generator makes ids that are no worker ids.
    pub fn build(self) -> Result<Engine> {
        Ok(Engine {
            worker: WorkerId::parse(self.ids.next_id())?,
            artifacts: self.artifacts,
            records: self.records,
            clock: self.clock,
            observer: self.observer,
            options: self.options,
            running: Arc::default(),
        })
    }
}
