//! Executions: one run of a pipeline, from its start to its end, over any number of processes.

use super::id::{ExecutionId, SignalName, StageName};
use super::path::ProjectRoot;
use super::time::Timestamp;
use super::usage::Spending;
use crate::{Error, ErrorKind};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionStatus {
    /// A worker works on it, or died doing so: a resume goes on.
    Running,
    /// A stage waits for a signal or for something outside; a signal or a resume goes on.
    Waiting,
    /// A stage failed; a resume tries again from the last finished step.
    Failed,
    /// It was cancelled. Final.
    Cancelled,
    /// It ended well. Final.
    Completed,
}

impl ExecutionStatus {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Running, Self::Waiting, Self::Failed, Self::Cancelled, Self::Completed];

    /// The status as a lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Completed => "completed",
        }
    }
}

/// Who or what can end a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WaitKind {
    /// Nothing is missing but a person's approval.
    Approval,
    /// A person has to decide or repair something.
    Person,
    /// Something outside has to come to its end; looking again helps.
    Elsewhere,
}

/// What a stage waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Wait {
    /// The signal that ends the wait.
    pub signal: SignalName,
    /// Who or what can end it.
    pub kind: WaitKind,
    /// What a person should know or do.
    pub reason: String,
    /// When a poll (a resume without a signal) is worth it; `None` when only a signal helps.
    pub poll_after: Option<Duration>,
}

impl Wait {
    /// A wait for a person that only this signal ends.
    #[must_use]
    pub fn new(signal: SignalName, reason: impl Into<String>) -> Self {
        Self { signal, kind: WaitKind::Person, reason: reason.into(), poll_after: None }
    }

    /// The same, ended by whom this says.
    #[must_use]
    pub fn with_kind(mut self, kind: WaitKind) -> Self {
        self.kind = kind;
        self
    }

    /// The same, where a resume without a signal is worth it after this long.
    #[must_use]
    pub fn with_poll(mut self, after: Duration) -> Self {
        self.poll_after = Some(after);
        self
    }
}

/// Why an execution failed, kept with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// What a caller decides by.
    pub kind: ErrorKind,
    /// The operation that failed, such as `artifact.put`.
    pub operation: String,
    /// The error and its causes in words, at most 4 KiB and a little.
    pub message: String,
}

impl Failure {
    /// The failure that `error` is. A very long text is cut: records are bounded, and a failure must fit into one.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        const MOST: usize = 4096;
        let mut message = error.chain();
        if message.len() > MOST {
            message.truncate(message.floor_char_boundary(MOST));
            message.push('…');
        }
        Self { kind: error.kind(), operation: error.operation().to_owned(), message }
    }
}

/// How long a stage has worked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StageTime {
    /// The stage.
    pub stage: StageName,
    /// In all runs that came to its end, a wait or a failure. A killed run leaves no time, and waiting is no work.
    pub worked: Duration,
}

impl StageTime {
    /// The time of a stage that has worked for `worked`.
    #[must_use]
    pub fn new(stage: StageName, worked: Duration) -> Self {
        Self { stage, worked }
    }
}

/// A summary of an execution, as listings show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExecutionSummary {
    /// The execution.
    pub id: ExecutionId,
    /// The project and day.
    pub root: ProjectRoot,
    /// The pipeline's name.
    pub pipeline: String,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// The stage it is in or was in last.
    pub stage: Option<StageName>,
    /// What it waits for, while it waits.
    pub wait: Option<Wait>,
    /// Why it failed, when it failed.
    pub failure: Option<Failure>,
    /// What each stage took so far, in the order in which they began.
    pub stages: Vec<StageTime>,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// What models cost so far.
    pub spending: Spending,
}

impl ExecutionSummary {
    /// Adds to what a stage took.
    pub(crate) fn add_time(&mut self, stage: &StageName, worked: Duration) {
        match self.stages.iter_mut().find(|time| time.stage == *stage) {
            Some(time) => time.worked += worked,
            None => self.stages.push(StageTime::new(stage.clone(), worked)),
        }
    }
}
