//! The CI run of one commit: found or started, waited for, run again when somebody asks, recorded.
//!
//! Stage 6 asks for the head it made, stage 7 for every head a person pushed since. A run is journaled once it has
//! ended, each re-run as a step of its own: what was asked for once is done once, whatever crashes.

use crate::domain::{
    BuildFailure, CommitSha, ContentHash, IdempotencyKey, RepositoryRef, RunId, RunState, SignalName, StepKey,
    WorkflowRun,
};
use crate::pipeline::{Signal, StageContext};
use crate::ports::{ContinuousIntegration, RunSelector};
use crate::{Error, ErrorKind, Result};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Where the run of a commit stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// It ended.
    Finished(Box<WorkflowRun>),
    /// It has not ended.
    Running,
    /// None has appeared.
    Absent {
        /// For longer than CI needs to start one: somebody has to look.
        overdue: bool,
    },
}

impl Standing {
    /// Whether looking again without anybody acting may help.
    pub(super) fn may_change(&self) -> bool {
        matches!(self, Self::Running | Self::Absent { overdue: false })
    }

    /// The run's state, as far as there is a run.
    pub(super) fn state(&self) -> Option<RunState> {
        match self {
            Self::Finished(run) => Some(run.state),
            Self::Running => Some(RunState::InProgress),
            Self::Absent { .. } => None,
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Finished(_) => "CI has finished",
            Self::Running => "CI has not finished",
            Self::Absent { overdue: false } => "no CI run has appeared yet",
            Self::Absent { overdue: true } => {
                "no CI run has appeared; see whether CI is switched on for the repository and whether the workflow \
                 runs for this branch, then resume"
            }
        })
    }
}

/// The runs of a repository, as a stage asks for them.
#[derive(Debug)]
pub(super) struct HeadRuns<'a> {
    pub(super) cx: &'a StageContext,
    pub(super) ci: &'a dyn ContinuousIntegration,
    pub(super) repository: &'a RepositoryRef,
    /// How long a run may take to appear.
    pub(super) deadline: Duration,
}

impl HeadRuns<'_> {
    /// The run of the selected commit, found or started.
    pub(super) async fn ensure(&self, selector: &RunSelector) -> Result<Standing> {
        let head = &selector.head_sha;
        let step = StepKey::parse(format!("ci-run/{head}"))?;
        self.poll(&step, &(&selector.workflow, head), selector, |key| async move {
            self.ci.ensure_run(self.repository, selector, &key).await
        })
        .await
    }

    /// The run of the selected commit after it was run again because of `signal`. Which signal it was decides which
    /// re-run this is, so no other signal, whenever it comes, makes it another one.
    pub(super) async fn again(&self, selector: &RunSelector, signal: &Signal) -> Result<Standing> {
        let head = &selector.head_sha;
        let asked = ContentHash::of_parts(&[signal.id.as_str()]).short(32);
        let input = (&selector.workflow, head, &signal.id);
        let runs = self.ci.runs(self.repository, selector);
        // Which attempt is journaled before it is asked for, so that a crash in between asks for the same one.
        let chosen = StepKey::parse(format!("ci-rerun/{head}/{asked}/attempt"))?;
        let (id, attempt): (RunId, u32) = self
            .cx
            .record(&chosen, &input, || async {
                match runs.await?.into_iter().next() {
                    Some(newest) if newest.state.is_completed() => Ok((newest.id, newest.attempt.saturating_add(1))),
                    // Somebody else had it run again already.
                    Some(newest) => Ok((newest.id, newest.attempt)),
                    None => {
                        Err(Error::new(ErrorKind::NotFound, "ci.rerun", "there is no run to run again")
                            .with("head", head))
                    }
                }
            })
            .await?;
        let step = StepKey::parse(format!("ci-rerun/{head}/{asked}"))?;
        self.poll(
            &step,
            &input,
            selector,
            |_| async move { self.ci.rerun(self.repository, &id, attempt).await.map(Some) },
        )
        .await
    }

    async fn poll<I, F, Fut>(&self, step: &StepKey, input: &I, selector: &RunSelector, ask: F) -> Result<Standing>
    where
        I: Serialize + ?Sized + Sync,
        F: FnOnce(IdempotencyKey) -> Fut,
        Fut: Future<Output = Result<Option<WorkflowRun>>>,
    {
        let appeared = AtomicBool::new(false);
        let finished: Option<WorkflowRun> = self
            .cx
            .poll(step, input, |key| async {
                let run = ask(key).await?;
                appeared.store(run.is_some(), Ordering::Relaxed);
                Ok(run.filter(|run| run.state.is_completed()))
            })
            .await?;
        match finished {
            Some(run) if run.workflow != selector.workflow || run.head_sha != selector.head_sha => {
                Err(Error::new(ErrorKind::Internal, "ci.run", "the adapter returned a run of another commit")
                    .with("head", &selector.head_sha)
                    .with("run", run.id))
            }
            Some(run) => Ok(Standing::Finished(Box::new(run))),
            None if appeared.load(Ordering::Relaxed) => Ok(Standing::Running),
            None => {
                let asked = StepKey::parse(format!("{step}/asked"))?;
                let since = self.cx.record(&asked, "", || async { Ok(self.cx.now()) }).await?;
                Ok(Standing::Absent { overdue: self.cx.now().since(since) >= self.deadline })
            }
        }
    }

    /// The failing step of a red run with the end of its log; `None` for a green one.
    pub(super) async fn failure(&self, run: &WorkflowRun, log_tail_bytes: usize) -> Result<Option<BuildFailure>> {
        if run.state.is_success() {
            return Ok(None);
        }
        let no_log = || "(there is no log)".to_owned();
        let Some((job, step)) = run.first_failure() else {
            return Ok(Some(BuildFailure { job: String::new(), step: String::new(), log_tail: no_log() }));
        };
        let key = StepKey::parse(format!("ci-log/{}/{}", run.head_sha, run.attempt))?;
        let log_tail = self
            .cx
            .record(&key, &(&run.id, run.attempt), || async {
                match self.ci.log_tail(self.repository, &run.id, &job.id, log_tail_bytes).await {
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(no_log()),
                    other => other,
                }
            })
            .await?;
        let step = step.map_or_else(String::new, |step| step.name.clone());
        Ok(Some(BuildFailure { job: job.id.to_string(), step, log_tail }))
    }
}

/// The signal that has the CI run of a head run again.
pub(super) fn rerun_signal() -> SignalName {
    SignalName::literal("rerun")
}

/// The payload of a [`rerun_signal`]: which head.
pub(super) fn rerun_payload(head: &CommitSha) -> Value {
    json!({ "head": head })
}

/// The signals that ask for re-runs of `head`, oldest first.
pub(super) fn reruns_of(cx: &StageContext, head: &CommitSha) -> Vec<Signal> {
    let mut signals = cx.signals(&rerun_signal());
    signals.retain(|signal| signal.payload == rerun_payload(head));
    signals
}
