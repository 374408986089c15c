//! The engine: starts, resumes and signals executions. `cancel` ends them, `lookup` tells about them.

use super::compose::{Node, Pipeline, definition};
use super::context::Run;
use super::entry::{JournalEntry, JournalValue};
use super::journal::{Journal, LeaseTerms, Scope, summary};
use super::options::{EngineBuilder, EngineOptions, StartRequest, TakeOver};
use super::run::{Driver, Replay, RunOutcome};
use super::signal::Said;
use super::stage::{Stage, from_json, to_json};
use super::values;
use crate::domain::{
    ContentHash, ExecutionId, ExecutionStatus, ExecutionSummary, IdempotencyKey, ProjectName, ProjectRoot, SignalName,
    Stored, WorkerId,
};
use crate::ports::{ArtifactStore, Clock, Event, EventKind, IdGenerator, Observer, RecordStore, Table};
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

    /// [`run_stage`](Self::run_stage) on references: what comes in is loaded, what comes out is stored, and only the
    /// references travel, so a hand-over stays small however many stories a project has. For orchestrations that bound
    /// what one state hands to the next (AWS Step Functions: 256 KiB).
    ///
    /// # Errors
    /// `NotFound` and `Corrupt` for the input; otherwise as [`start`](Self::start).
    pub async fn run_stage_stored<S: Stage>(
        &self,
        stage: &S,
        request: &StartRequest,
        input: &Stored<S::Input>,
    ) -> Result<RunOutcome<Stored<S::Output>>> {
        let input: S::Input = from_json(&values::read(&self.artifacts, input.at()).await?, "stage input")?;
        Ok(match self.run_stage(stage, request, &input).await? {
            RunOutcome::Completed(output) => RunOutcome::Completed(self.store(request, &output).await?),
            RunOutcome::Waiting { stage, wait } => RunOutcome::Waiting { stage, wait },
        })
    }

    /// Stores a value of an execution under its hash: the first hand-over to [`run_stage_stored`](Self::run_stage_stored).
    ///
    /// # Errors
    /// Those of the artifact store.
    pub async fn store<T: Serialize>(&self, request: &StartRequest, value: &T) -> Result<Stored<T>> {
        Ok(Stored::new(values::put(&self.artifacts, &request.root, &request.execution(), to_json(value)?).await?))
    }

    /// The root of the execution that a project and a key stand for: the one it was started with, or today's.
    ///
    /// The day is part of where documents and results lie. A host that takes today's root each time would, after
    /// midnight, start yesterday's execution with another input, which is refused.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn root_for(&self, project: &ProjectName, key: &IdempotencyKey) -> Result<ProjectRoot> {
        let known = self.find(&ExecutionId::for_key(project, key)).await?;
        Ok(known.map_or_else(|| ProjectRoot::new(project.clone(), self.clock.now()), |summary| summary.root))
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
        let said = Said { name: name.clone(), id: id.clone(), payload, at: self.clock.now() };
        said.deliver(&self.records, execution).await
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

    pub(super) fn terms(&self) -> LeaseTerms {
        LeaseTerms { ttl: self.options.lease, at_once: self.options.take_over == TakeOver::AtOnce }
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
        let value = values::keep(&self.artifacts, &request.root, &scope.execution, input).await?;
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
                let run = self.run_of(&first, journal, &replay);
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
            // Whoever cancelled may have died before the journal said so.
            self.close_cancelled(scope.clone()).await?;
            return refuse(ErrorKind::Cancelled, "the execution was cancelled".to_owned());
        }
        let Some(input) = replay.input.take() else {
            return refuse(ErrorKind::Corrupt, "the journal does not begin with a start".to_owned());
        };
        let mut summary = self.summary_of(&scope).await?;
        let now = self.clock.now();
        let records = Arc::clone(&self.records);
        let journal = if replay.completed {
            None
        } else {
            Some(Journal::take(records, scope.clone(), &content, &self.worker, self.terms(), now).await?)
        };
        let Some(journal) = journal else { return self.completed(nodes, &replay, &summary).await };
        summary.status = ExecutionStatus::Running;
        let run = self.run_of(&summary, journal, &replay);
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
        for stage in nodes.iter().flat_map(Node::stages) {
            let kind = EventKind::StageReplayed { stage: stage.stage_name() };
            self.observer.observe(&Event { execution: summary.id.clone(), at: self.clock.now(), kind });
        }
        let mut parts = Vec::new();
        for stage in nodes.last().map(Node::stages).unwrap_or_default() {
            let name = stage.stage_name();
            let value = replay.done.get(&name).ok_or_else(|| {
                Error::new(ErrorKind::Corrupt, "execution.resume", "a completed execution lacks its last result")
                    .with("execution", &summary.id)
            })?;
            parts.push(values::fetch(&self.artifacts, value).await?);
        }
        if let [one] = parts.as_slice() {
            return Ok(RunOutcome::Completed(one.clone()));
        }
        let tuple = [&b"["[..], &parts.join(&b","[..]), &b"]"[..]].concat();
        Ok(RunOutcome::Completed(Bytes::from(tuple)))
    }

    fn run_of(&self, summary: &ExecutionSummary, journal: Journal, replay: &Replay) -> Arc<Run> {
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
            signals: Mutex::default(),
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
        let mut driver = Driver { run: Arc::clone(&run), summary, done: replay.done };
        let stopped = {
            let work = Box::pin(driver.drive(nodes, input)).fuse();
            let renewal = Box::pin(self.renew(&run)).fuse();
            futures::pin_mut!(work, renewal);
            futures::select_biased! {
                result = work => return result,
                error = renewal => error,
            }
        };
        driver.close_after(&stopped).await;
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

pub(super) fn not_found(execution: &str) -> Error {
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
