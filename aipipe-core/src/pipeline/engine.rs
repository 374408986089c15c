//! The engine: starts, resumes, signals, cancels and lists executions.

use super::compose::{Node, Pipeline, definition};
use super::context::{Run, Signal};
use super::entry::{JournalEntry, JournalValue};
use super::journal::{Journal, LeaseTerms, STAGE_MARK, Scope, by_status, signal_sort, summary};
use super::options::{EngineBuilder, EngineOptions, StartRequest, TakeOver};
use super::run::{Driver, Replay, RunOutcome};
use super::stage::{Stage, from_json, to_json};
use crate::domain::{
    ContentHash, ExecutionId, ExecutionStatus, ExecutionSummary, IdempotencyKey, ProjectName, SignalName, StageName,
    WorkerId,
};
use crate::ports::{
    ArtifactStore, Clock, EventKind, Expect, IdGenerator, Observer, RecordIndex, RecordQuery, RecordStore,
    RecordStoreExt, RecordWrite, Table,
};
use crate::{Error, ErrorKind, Result};
use bytes::Bytes;
use futures::FutureExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Runs pipelines as durable executions.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(super) artifacts: Arc<dyn ArtifactStore>,
    pub(super) records: Arc<dyn RecordStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) worker: WorkerId,
    pub(super) options: EngineOptions,
    /// The journals this engine (with all its clones) works on now.
    pub(super) running: Arc<Mutex<HashSet<String>>>,
}

/// Holds a journal's place among those that are worked on.
#[derive(Debug)]
struct Occupied {
    running: Arc<Mutex<HashSet<String>>>,
    partition: String,
}

impl Drop for Occupied {
    fn drop(&mut self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.partition);
    }
}

impl Engine {
    /// Begins an engine on these stores and this clock; its id as a worker comes from `ids`.
    #[must_use]
    pub fn builder(
        artifacts: Arc<dyn ArtifactStore>,
        records: Arc<dyn RecordStore>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
    ) -> EngineBuilder {
        EngineBuilder::new(artifacts, records, clock, ids)
    }

    /// Starts an execution, or goes on with the one of the same project and key.
    ///
    /// # Errors
    /// `Conflict` when that execution was started with another input; otherwise as [`resume`](Self::resume).
    pub async fn start<In, Out>(
        &self,
        pipeline: &Pipeline<In, Out>,
        request: &StartRequest,
        input: &In,
    ) -> Result<RunOutcome<Out>>
    where
        In: Serialize,
        Out: DeserializeOwned,
    {
        let scope = Scope { execution: request.execution(), stage: None };
        let json = to_json(input)?;
        let _occupied = self.occupy(&scope)?;
        decode(self.start_scope(scope, pipeline.name(), &pipeline.nodes(), request, json).await?)
    }

    /// Runs one stage alone, as its own journal within the execution: what a function of a larger orchestration does.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn run_stage<S: Stage>(
        &self,
        stage: &S,
        request: &StartRequest,
        input: &S::Input,
    ) -> Result<RunOutcome<S::Output>> {
        let name = stage.name();
        let scope = Scope { execution: request.execution(), stage: Some(name.clone()) };
        let json = to_json(input)?;
        let pipeline = format!("stage {name}");
        let _occupied = self.occupy(&scope)?;
        decode(self.start_scope(scope, &pipeline, &[Node::One(stage)], request, json).await?)
    }

    /// Goes on with an execution: after a crash, a wait, a failure.
    ///
    /// A completed execution returns its recorded result.
    ///
    /// # Errors
    /// `NotFound`; `DefinitionChanged` when the pipeline is not the one it was started with; `Busy` while another
    /// worker works on it; `Cancelled`; `Corrupt` when the journal is damaged; and whatever the stages fail with.
    pub async fn resume<In, Out: DeserializeOwned>(
        &self,
        pipeline: &Pipeline<In, Out>,
        execution: &ExecutionId,
    ) -> Result<RunOutcome<Out>> {
        let scope = Scope { execution: execution.clone(), stage: None };
        let _occupied = self.occupy(&scope)?;
        decode(self.resume_scope(scope, pipeline.name(), &pipeline.nodes(), None).await?)
    }

    /// Delivers a signal; the same id again changes nothing. A resume then goes on with it.
    ///
    /// # Errors
    /// `NotFound` when there is no such execution.
    pub async fn signal(
        &self,
        execution: &ExecutionId,
        name: &SignalName,
        id: &IdempotencyKey,
        payload: Value,
    ) -> Result<()> {
        self.must_exist(execution).await?;
        let scope = Scope { execution: execution.clone(), stage: None };
        let signal = Signal { name: name.clone(), id: id.clone(), payload, at: self.clock.now() };
        let key = scope.key(&signal_sort(name, id))?;
        match self.records.put(Table::ExecutionState, key, Expect::Absent, &signal).await {
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(()),
            other => other.map(|_| ()),
        }
    }

    /// Cancels an execution: its worker can journal nothing more and stops at its next write. Final.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it is completed.
    pub async fn cancel(&self, execution: &ExecutionId) -> Result<()> {
        self.must_exist(execution).await?;
        let scope = Scope { execution: execution.clone(), stage: None };
        while !self.mark_cancelled(&scope).await? {}
        let working = self.running.lock().unwrap_or_else(PoisonError::into_inner).contains(&scope.partition());
        // A worker of this engine closes the journal itself, at its next write or renewal.
        if working { Ok(()) } else { self.finish_cancelled(scope).await }
    }

    /// Puts the mark unless the execution is completed; `false` when its journal moved meanwhile.
    async fn mark_cancelled(&self, scope: &Scope) -> Result<bool> {
        let content = Journal::read(&self.records, scope).await?;
        if content.as_ref().is_some_and(|content| content.entries.contains(&JournalEntry::Completed)) {
            return Err(Error::new(ErrorKind::Conflict, "execution.cancel", "the execution is completed")
                .with("execution", &scope.execution));
        }
        let cancelled_at = self.clock.now();
        let mut writes =
            vec![RecordWrite::put(Table::ExecutionState, scope.cancel_key()?, Expect::Absent, &cancelled_at)?];
        if let Some(content) = &content {
            writes.push(content.check_unchanged(scope)?);
        }
        match self.records.write(writes).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() != ErrorKind::Conflict => Err(error),
            Err(error) => Ok(error.context("sort") == Some(scope.cancel_key()?.sort())),
        }
    }

    /// Closes the journal of a cancelled execution nobody works on; a working one closes it itself.
    async fn finish_cancelled(&self, scope: Scope) -> Result<()> {
        let Some(content) = Journal::read(&self.records, &scope).await? else { return Ok(()) };
        if content.entries.iter().any(|entry| matches!(entry, JournalEntry::Cancelled | JournalEntry::Completed)) {
            return Ok(());
        }
        let mut summary = self.summary(&scope.execution).await?;
        let now = self.clock.now();
        let taken = Journal::take(Arc::clone(&self.records), scope, &content, &self.worker, self.terms(), now).await;
        let mut journal = match taken {
            Err(error) if matches!(error.kind(), ErrorKind::Busy | ErrorKind::Fenced) => return Ok(()),
            other => other?,
        };
        summary.status = ExecutionStatus::Cancelled;
        summary.wait = None;
        summary.updated_at = now;
        let write = journal.summary_write(&summary)?;
        journal.close(&[JournalEntry::Cancelled], vec![write]).await
    }

    /// `NotFound` unless the execution was started, as a whole or with one of its stages alone.
    async fn must_exist(&self, execution: &ExecutionId) -> Result<()> {
        if self.find(execution).await?.is_some() {
            return Ok(());
        }
        let marks = RecordQuery::partition(execution.as_str()).with_sort_prefix(STAGE_MARK).with_limit(1);
        match self.records.query(Table::ExecutionState, marks).await?.records.is_empty() {
            true => Err(not_found(execution.as_str())),
            false => Ok(()),
        }
    }

    /// Says that this engine works on a journal, until the guard is dropped; `Busy` when it does already.
    fn occupy(&self, scope: &Scope) -> Result<Occupied> {
        let partition = scope.partition();
        if !self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(partition.clone()) {
            return Err(Error::new(ErrorKind::Busy, "execution.run", "this process works on the execution already")
                .with("execution", partition));
        }
        Ok(Occupied { running: Arc::clone(&self.running), partition })
    }

    /// An execution's summary.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn summary(&self, execution: &ExecutionId) -> Result<ExecutionSummary> {
        self.find(execution).await?.ok_or_else(|| not_found(execution.as_str()))
    }

    /// An execution's summary, if there is such an execution.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn find(&self, execution: &ExecutionId) -> Result<Option<ExecutionSummary>> {
        let scope = Scope { execution: execution.clone(), stage: None };
        let record = self.records.get(Table::ExecutionState, &scope.key("summary")?).await?;
        record.map(|record| record.decode()).transpose()
    }

    /// All executions of a project, newest first.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn list(&self, project: &ProjectName) -> Result<Vec<ExecutionSummary>> {
        let query = RecordQuery::index(RecordIndex::Project, project.as_str()).descending();
        let records = self.records.query_all(Table::ExecutionState, query).await?;
        records.iter().map(crate::ports::Record::decode).collect()
    }

    /// The executions of a project in a status, newest first.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn list_by_status(
        &self,
        project: &ProjectName,
        status: ExecutionStatus,
    ) -> Result<Vec<ExecutionSummary>> {
        let query = RecordQuery::index(RecordIndex::Status, by_status(project, status)).descending();
        let records = self.records.query_all(Table::ExecutionState, query).await?;
        records.iter().map(crate::ports::Record::decode).collect()
    }

    /// A finished stage's recorded output, if it is finished.
    ///
    /// # Errors
    /// `NotFound` when there is no such execution; `Corrupt`.
    pub async fn stage_output<T: DeserializeOwned>(
        &self,
        execution: &ExecutionId,
        stage: &StageName,
    ) -> Result<Option<T>> {
        let scope = Scope { execution: execution.clone(), stage: None };
        let content = self.read(&scope).await?;
        let Some(value) = Replay::of(content.entries).done.remove(stage) else { return Ok(None) };
        let json = self.fetch(&value).await?;
        from_json(&json, "stage output").map(Some)
    }

    /// The journal's entries, verified.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt`.
    pub async fn journal(&self, execution: &ExecutionId) -> Result<Vec<JournalEntry>> {
        Ok(self.read(&Scope { execution: execution.clone(), stage: None }).await?.entries)
    }

    fn terms(&self) -> LeaseTerms {
        LeaseTerms { ttl: self.options.lease, at_once: self.options.take_over == TakeOver::AtOnce }
    }

    async fn read(&self, scope: &Scope) -> Result<super::journal::JournalContent> {
        Journal::read(&self.records, scope).await?.ok_or_else(|| not_found(&scope.partition()))
    }

    async fn start_scope(
        &self,
        scope: Scope,
        pipeline: &str,
        nodes: &[Node<'_>],
        request: &StartRequest,
        input: Bytes,
    ) -> Result<RunOutcome<Bytes>> {
        check_names(nodes)?;
        let input_hash = ContentHash::of(&input);
        let now = self.clock.now();
        let mut first = summary(&scope.execution, &request.root, pipeline, now, now);
        first.stage = nodes.first().and_then(|node| node.stages().first().map(|stage| stage.stage_name()));
        let value = match std::str::from_utf8(&input) {
            Ok(text) if text.len() <= 4096 => JournalValue::Inline(text.to_owned()),
            _ => {
                let key = crate::domain::ArtifactKey::value(&request.root, &scope.execution, &input_hash);
                let bytes = input.len() as u64;
                crate::ports::ArtifactStoreExt::put_once(&self.artifacts, &key, input).await?;
                JournalValue::Stored(crate::domain::ArtifactRef { key, hash: input_hash, bytes })
            }
        };
        let entry = JournalEntry::Started {
            definition: definition(pipeline, nodes),
            key: request.key.clone(),
            root: request.root.clone(),
            input_hash,
            input: value.clone(),
            at: now,
        };
        super::journal::hit("journal.before-write");
        let created =
            Journal::create(Arc::clone(&self.records), scope.clone(), &self.worker, self.terms(), now, &entry, &first)
                .await;
        match created {
            Ok(journal) => {
                super::journal::hit("journal.after-write");
                let replay = Replay::of(vec![entry]);
                let run = self.run_of(&first, journal, &replay, Vec::new());
                run.tell(EventKind::Started);
                self.drive(run, first, replay, nodes, value).await
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.resume_scope(scope, pipeline, nodes, Some(input_hash)).await
            }
            Err(error) => Err(error),
        }
    }

    async fn resume_scope(
        &self,
        scope: Scope,
        pipeline: &str,
        nodes: &[Node<'_>],
        expected_input: Option<ContentHash>,
    ) -> Result<RunOutcome<Bytes>> {
        check_names(nodes)?;
        let content = self.read(&scope).await?;
        let mut replay = Replay::of(content.entries.clone());
        let refuse = |kind, message: String| {
            Err(Error::new(kind, "execution.resume", message).with("execution", scope.partition()))
        };
        let current = definition(pipeline, nodes);
        if replay.definition != current {
            return refuse(ErrorKind::DefinitionChanged, changes(&replay.definition, &current));
        }
        if expected_input.is_some() && expected_input != replay.input_hash {
            return refuse(ErrorKind::Conflict, "the key stands for an execution with another input".to_owned());
        }
        let mark = self.records.get(Table::ExecutionState, &scope.cancel_key()?).await?;
        if replay.cancelled || (mark.is_some() && !replay.completed) {
            return refuse(ErrorKind::Cancelled, "the execution was cancelled".to_owned());
        }
        let Some(input) = replay.input.take() else {
            return refuse(ErrorKind::Corrupt, "the journal does not begin with a start".to_owned());
        };
        let signals = self.signals_of(&scope).await?;
        let Some(record) = self.records.get(Table::ExecutionState, &scope.key("summary")?).await? else {
            return refuse(ErrorKind::Corrupt, "the execution has no summary".to_owned());
        };
        let mut summary: ExecutionSummary = record.decode()?;
        let now = self.clock.now();
        let records = Arc::clone(&self.records);
        let journal = if replay.completed {
            None
        } else {
            Some(Journal::take(records, scope.clone(), &content, &self.worker, self.terms(), now).await?)
        };
        let Some(journal) = journal else { return self.completed(nodes, &replay, &summary).await };
        summary.status = ExecutionStatus::Running;
        let run = self.run_of(&summary, journal, &replay, signals);
        run.tell(EventKind::Resumed);
        self.drive(run, summary, replay, nodes, input).await
    }

    /// The recorded result of a completed execution.
    async fn completed(
        &self,
        nodes: &[Node<'_>],
        replay: &Replay,
        summary: &ExecutionSummary,
    ) -> Result<RunOutcome<Bytes>> {
        let mut parts = Vec::new();
        for stage in nodes.last().map(Node::stages).unwrap_or_default() {
            let name = stage.stage_name();
            let value = replay.done.get(&name).ok_or_else(|| {
                Error::new(ErrorKind::Corrupt, "execution.resume", "a completed execution lacks its last result")
                    .with("execution", &summary.id)
            })?;
            parts.push(self.fetch(value).await?);
        }
        if let [one] = parts.as_slice() {
            return Ok(RunOutcome::Completed(one.clone()));
        }
        let tuple = [&b"["[..], &parts.join(&b","[..]), &b"]"[..]].concat();
        Ok(RunOutcome::Completed(Bytes::from(tuple)))
    }

    /// A journaled value, verified against its hash.
    async fn fetch(&self, value: &JournalValue) -> Result<Bytes> {
        let at = match value {
            JournalValue::Inline(text) => return Ok(Bytes::from(text.clone())),
            JournalValue::Stored(at) => at,
        };
        let artifact = self.artifacts.get(&at.key, crate::ports::GetOptions::default()).await?;
        if ContentHash::of(&artifact.content) == at.hash {
            return Ok(artifact.content);
        }
        Err(Error::new(ErrorKind::Corrupt, "execution.read", "the content is not what was journaled")
            .with("key", &at.key))
    }

    async fn signals_of(&self, scope: &Scope) -> Result<Vec<Signal>> {
        let of_execution = Scope { execution: scope.execution.clone(), stage: None };
        let query = RecordQuery::partition(of_execution.partition()).with_sort_prefix("signal/");
        let records = self.records.query_all(Table::ExecutionState, query).await?;
        let mut signals = records.iter().map(crate::ports::Record::decode).collect::<Result<Vec<Signal>>>()?;
        signals.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        Ok(signals)
    }

    fn run_of(&self, summary: &ExecutionSummary, journal: Journal, replay: &Replay, signals: Vec<Signal>) -> Arc<Run> {
        Arc::new(Run {
            execution: summary.id.clone(),
            root: summary.root.clone(),
            created_at: summary.created_at,
            artifacts: Arc::clone(&self.artifacts),
            records: Arc::clone(&self.records),
            clock: Arc::clone(&self.clock),
            observer: Arc::clone(&self.observer),
            journal: tokio::sync::Mutex::new(journal),
            steps: Mutex::new(replay.steps.clone()),
            spending: Mutex::new(replay.spending),
            signals,
        })
    }

    /// Drives the stages and renews the lease beside them; a lost lease ends the run where it stands.
    async fn drive(
        &self,
        run: Arc<Run>,
        summary: ExecutionSummary,
        replay: Replay,
        nodes: &[Node<'_>],
        input: JournalValue,
    ) -> Result<RunOutcome<Bytes>> {
        let mut last = Driver { run: Arc::clone(&run), summary: summary.clone(), done: HashMap::new() };
        let stopped = {
            let driver = Driver { run: Arc::clone(&run), summary, done: replay.done };
            let work = Box::pin(driver.drive(nodes, input)).fuse();
            let renewal = Box::pin(self.renew(&run)).fuse();
            futures::pin_mut!(work, renewal);
            futures::select_biased! {
                result = work => return result,
                error = renewal => error,
            }
        };
        last.close_after(&stopped).await;
        Err(stopped)
    }

    /// Renews the lease until that fails for good.
    async fn renew(&self, run: &Run) -> Error {
        loop {
            self.clock.sleep(self.options.lease / 3).await;
            let result = run.journal.lock().await.renew(self.clock.now()).await;
            match result {
                Err(error) if matches!(error.kind(), ErrorKind::Fenced | ErrorKind::Cancelled) => return error,
                // Other failures leave the lease to run out.
                Err(error) => tracing::warn!(execution = %run.execution, %error, "the lease could not be renewed"),
                Ok(()) => {}
            }
        }
    }
}

fn not_found(execution: &str) -> Error {
    Error::new(ErrorKind::NotFound, "execution.find", "there is no such execution").with("execution", execution)
}

fn decode<T: DeserializeOwned>(outcome: RunOutcome<Bytes>) -> Result<RunOutcome<T>> {
    Ok(match outcome {
        RunOutcome::Completed(json) => RunOutcome::Completed(from_json(&json, "pipeline output")?),
        RunOutcome::Waiting { stage, wait } => RunOutcome::Waiting { stage, wait },
    })
}

fn check_names(nodes: &[Node<'_>]) -> Result<()> {
    let mut seen = HashMap::new();
    for stage in nodes.iter().flat_map(Node::stages) {
        if seen.insert(stage.stage_name(), ()).is_some() {
            return Err(Error::new(ErrorKind::InvalidInput, "pipeline.start", "two stages have the same name")
                .with("stage", stage.stage_name()));
        }
    }
    Ok(())
}

/// What differs between the recorded and the current definition, for people.
fn changes(recorded: &[String], current: &[String]) -> String {
    let gone: Vec<_> = recorded.iter().filter(|line| !current.contains(line)).map(String::as_str).collect();
    let new: Vec<_> = current.iter().filter(|line| !recorded.contains(line)).map(String::as_str).collect();
    let order = if gone.is_empty() && new.is_empty() { " (the order differs)" } else { "" };
    format!(
        "the pipeline is not the one it was started with: was [{}], is [{}]{order}",
        gone.join(", "),
        new.join(", ")
    )
}
