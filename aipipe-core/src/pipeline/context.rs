//! What a running stage can do: journaled steps, stored values, signals, progress.

use super::entry::{JournalEntry, JournalValue, StageEntry};
use super::journal::{Journal, hit};
use super::portions::portions;
use super::run::in_doubt;
use super::signal::{Signal, Signals};
use super::stage::{from_json, to_json};
use super::values;
use crate::domain::{
    ArtifactKey, ArtifactRef, ContentHash, DocumentSet, ExecutionId, IdempotencyKey, ProjectRoot, SignalName, Spending,
    StageName, StepKey, Stored, Timestamp,
};
use crate::ports::{
    ArtifactStore, ChargedTo, Clock, Event, EventKind, LanguageModel, ModelRequest, ModelResponse, Observer, PutMode,
    PutOptions, RecordStore, RecordWrite,
};
use crate::{Error, ErrorKind, Result};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

/// What a journaled step left behind.
#[derive(Debug, Clone)]
pub(crate) enum StepState {
    Intent { input: ContentHash },
    Done { input: ContentHash, result: JournalValue },
}

/// What one run of an execution shares between its stages.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) execution: ExecutionId,
    pub(crate) root: ProjectRoot,
    pub(crate) created_at: Timestamp,
    pub(crate) artifacts: Arc<dyn ArtifactStore>,
    pub(crate) records: Arc<dyn RecordStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) journal: tokio::sync::Mutex<Journal>,
    pub(crate) steps: Mutex<HashMap<(StageName, StepKey), StepState>>,
    pub(crate) spending: Mutex<Spending>,
    pub(crate) signals: Mutex<Signals>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Run {
    pub(crate) fn tell(&self, kind: EventKind) {
        self.observer.observe(&Event { execution: self.execution.clone(), at: self.clock.now(), kind });
    }

    pub(crate) fn spent(&self) -> Spending {
        *lock(&self.spending)
    }

    fn add_spending(&self, more: Spending) {
        let mut total = lock(&self.spending);
        *total = total.plus(more);
    }

    /// The write that demands that no signal has come since they were read.
    pub(crate) fn check_no_signal_came(&self) -> Result<RecordWrite> {
        lock(&self.signals).check_none_came(&self.execution)
    }

    /// Reads the signals again.
    pub(crate) async fn read_signals(&self) -> Result<()> {
        let signals = Signals::read(&self.records, &self.execution).await?;
        *lock(&self.signals) = signals;
        Ok(())
    }

    pub(crate) async fn keep(&self, json: Bytes) -> Result<JournalValue> {
        values::keep(&self.artifacts, &self.root, &self.execution, json).await
    }

    pub(crate) async fn fetch(&self, value: &JournalValue) -> Result<Bytes> {
        values::fetch(&self.artifacts, value).await
    }

    async fn store(&self, content: Bytes) -> Result<ArtifactRef> {
        values::put(&self.artifacts, &self.root, &self.execution, content).await
    }

    async fn read(&self, at: &ArtifactRef) -> Result<Bytes> {
        values::read(&self.artifacts, at).await
    }
}

/// What a stage is given to work with.
#[derive(Debug, Clone)]
pub struct StageContext {
    run: Arc<Run>,
    stage: StageName,
}

impl StageContext {
    pub(crate) fn new(run: Arc<Run>, stage: StageName) -> Self {
        Self { run, stage }
    }

    /// The execution.
    #[must_use]
    pub fn execution(&self) -> &ExecutionId {
        &self.run.execution
    }

    /// The project and day.
    #[must_use]
    pub fn root(&self) -> &ProjectRoot {
        &self.run.root
    }

    /// When the execution was started: the same in every run of it.
    #[must_use]
    pub fn started_at(&self) -> Timestamp {
        self.run.created_at
    }

    /// The time now; differs between runs, so record what you make of it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.run.clock.now()
    }

    /// The host's clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.run.clock
    }

    /// The artifact store, for reading; writes go through [`store`](Self::store) and [`publish`](Self::publish).
    #[must_use]
    pub fn artifacts(&self) -> &Arc<dyn ArtifactStore> {
        &self.run.artifacts
    }

    /// The record store, for reading; writes go through [`write_records`](Self::write_records).
    #[must_use]
    pub fn records(&self) -> &Arc<dyn RecordStore> {
        &self.run.records
    }

    /// What models cost this execution so far.
    #[must_use]
    pub fn spending(&self) -> Spending {
        self.run.spent()
    }

    /// Makes an effect outside the process exactly once, as far as the other side finds what it has made.
    ///
    /// Writes an intent record, calls `effect` with a key that is the same in every try, writes the result record.
    /// When the result is recorded already, returns it without calling `effect`. `input` is what the effect is about
    /// (ids, commits, hashes), not how that is worded: a step whose input changed is refused, and words change.
    ///
    /// # Errors
    /// Those of `effect`; `Fenced` and `Cancelled` before the effect; `DefinitionChanged` when the step was recorded
    /// with another input.
    pub async fn step<I, T, F, Fut>(&self, step: &StepKey, input: &I, effect: F) -> Result<T>
    where
        I: Serialize + ?Sized,
        T: Serialize + DeserializeOwned,
        F: FnOnce(IdempotencyKey) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let input_hash = self.hash_input(input)?;
        if let Some(done) = self.recorded(step, &input_hash).await? {
            return Ok(done);
        }
        let key = self.intend(step, input_hash).await?;
        hit("effect.before");
        let result = effect(key).await?;
        hit("effect.after");
        self.finish(step, input_hash, &result, None).await?;
        Ok(result)
    }

    /// An effect that takes long: begun once under its key, then asked about until it has a result.
    ///
    /// As [`step`](Self::step), but only `Some` result is recorded. On `None` the stage should wait; the next run calls
    /// `effect` again with the same key, and the other side finds what was begun.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub async fn poll<I, T, F, Fut>(&self, step: &StepKey, input: &I, effect: F) -> Result<Option<T>>
    where
        I: Serialize + ?Sized,
        T: Serialize + DeserializeOwned,
        F: FnOnce(IdempotencyKey) -> Fut,
        Fut: Future<Output = Result<Option<T>>>,
    {
        let input_hash = self.hash_input(input)?;
        if let Some(done) = self.recorded(step, &input_hash).await? {
            return Ok(Some(done));
        }
        let key = self.intend(step, input_hash).await?;
        hit("effect.before");
        let result = effect(key).await?;
        hit("effect.after");
        if let Some(result) = &result {
            self.finish(step, input_hash, result, None).await?;
        }
        Ok(result)
    }

    /// Records what `compute` returns, so that every later run of this execution sees the same.
    ///
    /// For values that may differ between runs (the time, an answer of another system that is only read). `compute`
    /// must have no effect outside the process: it is repeated when a crash comes before its result is recorded.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub async fn record<I, T, F, Fut>(&self, step: &StepKey, input: &I, compute: F) -> Result<T>
    where
        I: Serialize + ?Sized,
        T: Serialize + DeserializeOwned,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let input_hash = self.hash_input(input)?;
        if let Some(done) = self.recorded(step, &input_hash).await? {
            return Ok(done);
        }
        let result = compute().await?;
        self.finish(step, input_hash, &result, None).await?;
        Ok(result)
    }

    /// What [`record`](Self::record) or [`step`](Self::step) has recorded under this step, if anything.
    ///
    /// # Errors
    /// `DefinitionChanged` when it was recorded with another input; `NotFound`, `Corrupt`.
    pub async fn recall<I, T>(&self, step: &StepKey, input: &I) -> Result<Option<T>>
    where
        I: Serialize + ?Sized,
        T: DeserializeOwned,
    {
        self.recorded(step, &self.hash_input(input)?).await
    }

    /// Asks a model once: a recorded answer is never paid for again. A crash between an answer and its record has the
    /// question come once more, under the same [`idempotency_key`](ModelRequest::idempotency_key).
    ///
    /// # Errors
    /// Those of the model; otherwise as [`step`](Self::step).
    pub async fn generate(
        &self,
        step: &StepKey,
        model: &dyn LanguageModel,
        request: &ModelRequest,
    ) -> Result<ModelResponse> {
        let input_hash = self.hash_input(request)?;
        if let Some(done) = self.recorded(step, &input_hash).await? {
            return Ok(done);
        }
        let key = self.intend(step, input_hash).await?;
        hit("effect.before");
        let mut asked = request.clone().with_idempotency_key(key);
        asked.purpose.charged_to = Some(ChargedTo::new(self.run.root.project().clone(), self.run.execution.clone()));
        let response = match model.generate(&asked).await {
            Ok(response) => response,
            Err(error) => {
                if !error.kind().is_refusal() {
                    self.note_unanswered(step).await;
                }
                return Err(error);
            }
        };
        hit("effect.after");
        let spent = Spending { calls: 1, usage: response.usage, cost: response.cost };
        self.finish(step, input_hash, &response, Some(spent)).await?;
        self.run.tell(EventKind::Spent(spent));
        Ok(response)
    }

    /// Stores a value under its hash and returns the reference to hand on.
    ///
    /// # Errors
    /// Those of the artifact store.
    pub async fn store<T: Serialize>(&self, value: &T) -> Result<Stored<T>> {
        Ok(Stored::new(self.run.store(to_json(value)?).await?))
    }

    /// The value of a reference.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt`.
    pub async fn load<T: DeserializeOwned>(&self, stored: &Stored<T>) -> Result<T> {
        from_json(&self.run.read(stored.at()).await?, std::any::type_name::<T>())
    }

    /// Stores bytes under their hash.
    ///
    /// # Errors
    /// Those of the artifact store.
    pub async fn store_bytes(&self, content: Bytes) -> Result<ArtifactRef> {
        self.run.store(content).await
    }

    /// The bytes of a reference, verified.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt`.
    pub async fn load_bytes(&self, at: &ArtifactRef) -> Result<Bytes> {
        self.run.read(at).await
    }

    /// The processed texts of the documents, in their order.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt`.
    pub async fn document_texts(&self, documents: &DocumentSet) -> Result<Vec<String>> {
        values::document_texts(&self.run.artifacts, documents).await
    }

    /// Stores bytes under a name users know; the same content again is no new version.
    ///
    /// # Errors
    /// Those of the artifact store; `Fenced` when the lease is lost.
    pub async fn publish(&self, key: &ArtifactKey, content: Bytes) -> Result<ArtifactRef> {
        let at = ArtifactRef { key: key.clone(), hash: ContentHash::of(&content), bytes: content.len() as u64 };
        let artifacts = &self.run.artifacts;
        let mode = match artifacts.head(key).await {
            Ok(meta) if meta.hash == at.hash => return Ok(at),
            Ok(meta) => PutMode::IfVersion(meta.version),
            Err(error) if error.kind() == ErrorKind::NotFound => PutMode::CreateOnly,
            Err(error) => return Err(error),
        };
        self.ensure_lease().await?;
        match artifacts.put(key, content, PutOptions::default().with_mode(mode)).await {
            Ok(_) => Ok(at),
            // Somebody wrote meanwhile: fine when it is the same.
            Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::AlreadyExists) => {
                if artifacts.head(key).await?.hash == at.hash { Ok(at) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }

    /// Writes records on the condition that this worker still holds the lease.
    ///
    /// The writes of a stage are repeated when it runs again, so they must come out the same.
    ///
    /// # Errors
    /// `Fenced`, `Cancelled`, and those of the record store.
    pub async fn write_records(&self, writes: Vec<RecordWrite>) -> Result<()> {
        for part in portions(writes, self.run.records.capabilities()) {
            self.run.journal.lock().await.write_fenced(part).await?;
        }
        Ok(())
    }

    /// The signals of this name delivered before the stage began to run, oldest first. One that comes while it runs is
    /// seen when it runs again: if it waits it does so at once.
    #[must_use]
    pub fn signals(&self, name: &SignalName) -> Vec<Signal> {
        lock(&self.run.signals).seen.iter().filter(|signal| signal.name == *name).cloned().collect()
    }

    /// Tells how far the stage is.
    pub fn progress(&self, done: usize, total: usize, what: impl Into<String>) {
        self.run.tell(EventKind::Progress { stage: self.stage.clone(), done, total, what: what.into() });
    }

    /// Tells observers something.
    pub fn tell(&self, kind: EventKind) {
        self.run.tell(kind);
    }

    fn hash_input<I: Serialize + ?Sized>(&self, input: &I) -> Result<ContentHash> {
        ContentHash::of_json(input).map_err(|error| {
            Error::new(ErrorKind::Internal, "step.input", "a step's input does not serialize")
                .with("stage", &self.stage)
                .caused_by(error)
        })
    }

    fn state_of(&self, step: &StepKey) -> Option<StepState> {
        lock(&self.run.steps).get(&(self.stage.clone(), step.clone())).cloned()
    }

    /// Journals the intent, unless an earlier run did, and returns the effect's key: the same in every run.
    async fn intend(&self, step: &StepKey, input: ContentHash) -> Result<IdempotencyKey> {
        let key =
            IdempotencyKey::derive(&[self.run.execution.as_str(), self.stage.as_str(), step.as_str(), &input.to_hex()]);
        if self.state_of(step).is_none() {
            // The write itself demands the lease and that nobody has cancelled: there is nothing left to look at.
            self.append(StageEntry::Intent { step: step.clone(), input, key: key.clone() }).await?;
            if !self.run.journal.lock().await.has_expired(self.run.clock.now()) {
                return Ok(key);
            }
        }
        self.ensure_lease().await?;
        Ok(key)
    }

    async fn recorded<T: DeserializeOwned>(&self, step: &StepKey, wanted: &ContentHash) -> Result<Option<T>> {
        let changed = || {
            Error::new(ErrorKind::DefinitionChanged, "step.replay", "the step was recorded with another input")
                .with("stage", &self.stage)
                .with("step", step)
        };
        match self.state_of(step) {
            None => Ok(None),
            Some(StepState::Intent { input }) if input == *wanted => Ok(None),
            Some(StepState::Done { input, result }) if input == *wanted => {
                let json = self.run.fetch(&result).await?;
                self.run.tell(self.step_event(step, true));
                from_json(&json, "step result").map(Some)
            }
            Some(_) => Err(changed()),
        }
    }

    async fn finish<T: Serialize>(
        &self,
        step: &StepKey,
        input: ContentHash,
        result: &T,
        spent: Option<Spending>,
    ) -> Result<()> {
        let result = self.run.keep(to_json(result)?).await?;
        self.append(StageEntry::StepDone { step: step.clone(), input, result, spent }).await?;
        if let Some(spent) = spent {
            self.run.add_spending(spent);
        }
        self.run.tell(self.step_event(step, false));
        Ok(())
    }

    /// Notes that a model call may have cost something though it came to no answer.
    async fn note_unanswered(&self, step: &StepKey) {
        self.run.add_spending(in_doubt());
        // The call's own error is the one to report.
        if let Err(error) = self.append(StageEntry::Unanswered { step: step.clone() }).await {
            tracing::warn!(execution = %self.run.execution, %step, %error, "that a call may have cost something could not be journaled");
        }
    }

    fn step_event(&self, step: &StepKey, replayed: bool) -> EventKind {
        EventKind::Step { stage: self.stage.clone(), step: step.clone(), replayed }
    }

    async fn append(&self, entry: StageEntry) -> Result<()> {
        let state = match &entry {
            StageEntry::Intent { step, input, .. } => Some((step.clone(), StepState::Intent { input: *input })),
            StageEntry::StepDone { step, input, result, .. } => {
                Some((step.clone(), StepState::Done { input: *input, result: result.clone() }))
            }
            _ => None,
        };
        let entry = JournalEntry::Stage { stage: self.stage.clone(), entry };
        self.run.journal.lock().await.commit(&[entry], Vec::new()).await?;
        if let Some((step, state)) = state {
            lock(&self.run.steps).insert((self.stage.clone(), step), state);
        }
        Ok(())
    }

    /// Renews a lease that has run out (the process was paused); else looks whether this worker still holds it and
    /// nobody has cancelled.
    async fn ensure_lease(&self) -> Result<()> {
        let now = self.run.clock.now();
        let mut journal = self.run.journal.lock().await;
        if journal.has_expired(now) {
            return journal.renew(now).await;
        }
        journal.verify().await
    }
}
