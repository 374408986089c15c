//! One run of an execution: from the lease to the next wait, failure or end.

use super::compose::Node;
use super::context::{Run, StageContext, StepState};
use super::entry::{JournalEntry, JournalValue, StageEntry};
use super::signal::has_come;
use super::stage::{ErasedStage, Outcome};
use crate::domain::{Cost, ExecutionStatus, ExecutionSummary, Failure, PicoUsd, Spending, StageName, Wait};
use crate::ports::EventKind;
use crate::{Error, ErrorKind, Result};
use bytes::Bytes;
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// How a run of an execution ended, when it did not fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "value", rename_all = "snake_case")]
pub enum RunOutcome<T> {
    /// The last stage is done.
    Completed(T),
    /// A stage waits; a signal or a resume goes on.
    Waiting {
        /// The stage.
        stage: StageName,
        /// For what.
        wait: Wait,
    },
}

/// What the journal says was done.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    pub(crate) definition: Vec<String>,
    pub(crate) input: Option<JournalValue>,
    pub(crate) input_hash: Option<crate::domain::ContentHash>,
    pub(crate) done: HashMap<StageName, JournalValue>,
    pub(crate) steps: HashMap<(StageName, crate::domain::StepKey), StepState>,
    pub(crate) spending: Spending,
    pub(crate) cancelled: bool,
    pub(crate) completed: bool,
    pub(crate) waiting: Option<(StageName, Wait)>,
}

impl Replay {
    pub(crate) fn of(entries: Vec<JournalEntry>) -> Self {
        let mut replay = Self::default();
        for entry in entries {
            match entry {
                JournalEntry::Started { definition, input, input_hash, .. } => {
                    replay.definition = definition;
                    replay.input = Some(input);
                    replay.input_hash = Some(input_hash);
                }
                JournalEntry::Stage { stage, entry } => replay.stage_entry(stage, entry),
                JournalEntry::Failed { .. } => replay.waiting = None,
                JournalEntry::Cancelled => replay.cancelled = true,
                JournalEntry::Completed => replay.completed = true,
            }
        }
        replay
    }

    fn stage_entry(&mut self, stage: StageName, entry: StageEntry) {
        self.waiting = None;
        match entry {
            StageEntry::Intent { step, input, .. } => {
                self.steps.insert((stage, step), StepState::Intent { input });
            }
            StageEntry::StepDone { step, input, result, spent } => {
                self.spending = self.spending.plus(spent.unwrap_or_default());
                self.steps.insert((stage, step), StepState::Done { input, result });
            }
            StageEntry::Unanswered { .. } => self.spending = self.spending.plus(in_doubt()),
            StageEntry::Waiting(wait) => self.waiting = Some((stage, wait)),
            StageEntry::Done(result) => {
                self.done.insert(stage, result);
            }
        }
    }
}

/// What a model call without an answer adds to what was spent: nobody knows how much.
pub(crate) fn in_doubt() -> Spending {
    Spending { cost: Cost::AtLeast(PicoUsd::ZERO), ..Spending::default() }
}

/// Runs the nodes that are not done yet.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) run: Arc<Run>,
    pub(crate) summary: ExecutionSummary,
    pub(crate) done: HashMap<StageName, JournalValue>,
}

impl Driver {
    /// Goes from the first node that is not done to the end, a wait or a failure, and closes the journal.
    pub(crate) async fn drive(&mut self, nodes: &[Node<'_>], input: JournalValue) -> Result<RunOutcome<Bytes>> {
        let result = self.run_nodes(nodes, input).await;
        if let Err(error) = &result {
            self.close_after(error).await;
        }
        result
    }

    async fn run_nodes(&mut self, nodes: &[Node<'_>], input: JournalValue) -> Result<RunOutcome<Bytes>> {
        let mut current = input;
        for (number, node) in (1..).zip(nodes) {
            let stages = node.stages();
            let first = stages.first().map(|stage| stage.stage_name());
            if stages.iter().any(|stage| !self.done.contains_key(&stage.stage_name())) {
                self.summary.stage = first;
                let waits = self.run_node(&stages, &current, number == nodes.len()).await?;
                if let Some((stage, wait)) = waits {
                    return Ok(RunOutcome::Waiting { stage, wait });
                }
            } else {
                for stage in &stages {
                    self.run.tell(EventKind::StageReplayed { stage: stage.stage_name() });
                }
            }
            current = self.output_of(&stages).await?;
        }
        let output = self.run.fetch(&current).await?;
        if self.summary.status != ExecutionStatus::Completed {
            // All results were there already: those of several stages of the last node, written before a crash.
            self.touch(ExecutionStatus::Completed);
            self.close(&[JournalEntry::Completed]).await?;
        }
        self.run.tell(EventKind::Completed);
        Ok(RunOutcome::Completed(output))
    }

    /// Runs one node until its stages are done or one waits: again at once where a signal came while it ran. With the
    /// results of the last node the execution is completed.
    async fn run_node(
        &mut self,
        stages: &[&dyn ErasedStage],
        input: &JournalValue,
        is_last: bool,
    ) -> Result<Option<(StageName, Wait)>> {
        let input = self.run.fetch(input).await?;
        loop {
            self.run.read_signals().await?;
            let waits = self.run_unfinished(stages, &input, is_last).await?;
            let Some((stage, wait)) = &waits else { return Ok(None) };
            match self.wait(stage, wait).await {
                Err(error) if has_come(&error) => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(waits),
            }
        }
    }

    /// Runs the unfinished stages of one node side by side; returns the first wait.
    async fn run_unfinished(
        &mut self,
        stages: &[&dyn ErasedStage],
        input: &[u8],
        is_last: bool,
    ) -> Result<Option<(StageName, Wait)>> {
        let unfinished: Vec<_> =
            stages.iter().copied().filter(|stage| !self.done.contains_key(&stage.stage_name())).collect();
        let results = join_all(unfinished.iter().map(|stage| run_one(&self.run, *stage, input))).await;
        let mut waits = None;
        let mut failure = None;
        let mut left = results.iter().filter(|(result, _)| matches!(result, Ok(Outcome::Done(_)))).count();
        let completes = is_last && left == results.len();
        for (stage, (_, worked)) in unfinished.iter().zip(&results) {
            self.summary.add_time(&stage.stage_name(), *worked);
        }
        for (stage, (result, _)) in unfinished.iter().zip(results) {
            let stage = stage.stage_name();
            match result {
                Ok(Outcome::Done(output)) => {
                    left -= 1;
                    self.stage_done(stage, output, completes && left == 0).await?;
                }
                Ok(Outcome::Waiting(wait)) => {
                    waits.get_or_insert((stage, wait));
                }
                Err(error) => {
                    failure.get_or_insert((stage, error));
                }
            }
        }
        if let Some((stage, error)) = failure {
            self.summary.stage = Some(stage);
            return Err(error);
        }
        Ok(waits)
    }

    /// Writes the result of a stage; the very last one together with the end of the execution.
    async fn stage_done(&mut self, stage: StageName, output: Bytes, completes: bool) -> Result<()> {
        let value = self.run.keep(output).await?;
        let entry = JournalEntry::Stage { stage: stage.clone(), entry: StageEntry::Done(value.clone()) };
        if completes {
            let running = self.summary.clone();
            self.touch(ExecutionStatus::Completed);
            if let Err(error) = self.close(&[entry, JournalEntry::Completed]).await {
                self.summary = running;
                return Err(error);
            }
        } else {
            self.touch(ExecutionStatus::Running);
            let mut journal = self.run.journal.lock().await;
            let summary = journal.summary_writes(&self.summary)?;
            journal.commit(&[entry], summary).await?;
        }
        self.done.insert(stage, value);
        Ok(())
    }

    async fn wait(&mut self, stage: &StageName, wait: &Wait) -> Result<()> {
        self.summary.stage = Some(stage.clone());
        self.summary.wait = Some(wait.clone());
        self.touch(ExecutionStatus::Waiting);
        let entry = JournalEntry::Stage { stage: stage.clone(), entry: StageEntry::Waiting(wait.clone()) };
        let check = self.run.check_no_signal_came()?;
        let mut journal = self.run.journal.lock().await;
        let summary = journal.summary_writes(&self.summary)?;
        journal.close_if(&[entry], summary, vec![check]).await?;
        drop(journal);
        self.run.tell(EventKind::Waiting { stage: stage.clone(), wait: wait.clone() });
        Ok(())
    }

    fn touch(&mut self, status: ExecutionStatus) {
        self.summary.status = status;
        self.summary.updated_at = self.run.clock.now();
        self.summary.spending = self.run.spent();
        if status != ExecutionStatus::Waiting {
            self.summary.wait = None;
        }
        if status != ExecutionStatus::Failed {
            self.summary.failure = None;
        }
    }

    async fn close(&self, entries: &[JournalEntry]) -> Result<()> {
        let mut journal = self.run.journal.lock().await;
        let summary = journal.summary_writes(&self.summary)?;
        journal.close(entries, summary).await
    }

    /// Notes why the run ended. A worker that lost its lease notes nothing; where noting fails too, the first error is
    /// the one to report, and the execution stays `running` until its lease ends and a resume takes it up.
    pub(crate) async fn close_after(&mut self, error: &Error) {
        let ended = self.run.journal.lock().await.has_ended().await;
        let noted = match (ended, error.kind()) {
            // The write that ended it took effect, only its answer was lost: the end stands as it was written.
            (Ok(true), _) | (_, ErrorKind::Fenced) => return,
            (Err(unknown), _) => Err(unknown),
            (Ok(false), ErrorKind::Cancelled) => self.close_cancelled().await,
            (Ok(false), _) => match self.close_failed(error).await {
                // It failed after somebody cancelled it.
                Err(second) if second.kind() == ErrorKind::Cancelled => self.close_cancelled().await,
                other => other,
            },
        };
        if let Err(second) = noted {
            tracing::warn!(execution = %self.run.execution, error = %second, "the end could not be journaled");
        }
    }

    async fn close_cancelled(&mut self) -> Result<()> {
        self.touch(ExecutionStatus::Cancelled);
        let result = self.close(&[JournalEntry::Cancelled]).await;
        self.run.tell(EventKind::Cancelled);
        result
    }

    async fn close_failed(&mut self, error: &Error) -> Result<()> {
        self.touch(ExecutionStatus::Failed);
        let failure = Failure::of(error);
        let stage = self.summary.stage.clone();
        let entry = JournalEntry::Failed { stage: stage.clone(), error: failure.message.clone() };
        self.summary.failure = Some(failure);
        let result = self.close(&[entry]).await;
        if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Cancelled) {
            return result;
        }
        self.run.tell(EventKind::Failed { stage, error: error.chain() });
        result
    }

    async fn output_of(&self, stages: &[&dyn ErasedStage]) -> Result<JournalValue> {
        let value_of = |stage: &&dyn ErasedStage| {
            let name = stage.stage_name();
            self.done.get(&name).cloned().ok_or_else(|| {
                Error::new(ErrorKind::Internal, "pipeline.run", "a finished stage has no result").with("stage", name)
            })
        };
        let values = stages.iter().map(value_of).collect::<Result<Vec<_>>>()?;
        if let [one] = values.as_slice() {
            return Ok(one.clone());
        }
        let mut tuple = vec![b'['];
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                tuple.push(b',');
            }
            tuple.extend_from_slice(&self.run.fetch(value).await?);
        }
        tuple.push(b']');
        self.run.keep(Bytes::from(tuple)).await
    }
}

/// Runs one stage; also returns how long that took.
async fn run_one(run: &Arc<Run>, stage: &dyn ErasedStage, input: &[u8]) -> (Result<Outcome<Bytes>>, Duration) {
    let name = stage.stage_name();
    run.tell(EventKind::StageStarted { stage: name.clone() });
    let began = run.clock.now();
    let cx = StageContext::new(Arc::clone(run), name.clone());
    let outcome = stage.run_json(&cx, input).await;
    let took = run.clock.now().since(began);
    if matches!(outcome, Ok(Outcome::Done(_))) {
        run.tell(EventKind::StageDone { stage: name, took });
    }
    (outcome, took)
}
