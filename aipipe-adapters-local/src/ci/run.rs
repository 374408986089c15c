//! A whole run: the jobs in order, the record kept up to date, the verdict.

use super::failpoint;
use super::job::JobRun;
use super::options::LocalCiOptions;
use super::record::{RunFolder, RunRecord};
use super::reuse::Reuse;
use super::sandbox::Sandbox;
use super::toolchain::Toolchain;
use super::workflow::{Job, Step, Workflow};
use aipipe_core::Result;
use aipipe_core::domain::{BranchName, CommitSha, Conclusion, JobResult, RepositoryRef, RunId, RunState, StepResult};
use std::collections::BTreeMap;

/// What all jobs of a run share.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) options: &'a LocalCiOptions,
    pub(super) sandbox: &'a Sandbox,
    pub(super) folder: &'a RunFolder,
    pub(super) workflow: &'a Workflow,
    pub(super) toolchain: &'a Toolchain,
    pub(super) repository: &'a RepositoryRef,
    pub(super) commit: &'a CommitSha,
    pub(super) branch: &'a BranchName,
    pub(super) id: RunId,
    pub(super) attempt: u32,
}

impl Run<'_> {
    /// What a `github.…` or `runner.…` expression stands for, as far as all jobs agree on it.
    pub(super) fn context(&self, name: &str) -> Option<String> {
        let repository = self.repository;
        Some(match name {
            "github.sha" => self.commit.to_string(),
            "github.ref" => format!("refs/heads/{}", self.branch),
            "github.ref_name" => self.branch.to_string(),
            "github.workflow" => self.workflow.name.clone(),
            "github.repository" if repository.owner.is_empty() => repository.name.to_string(),
            "github.repository" => format!("{}/{}", repository.owner, repository.name),
            "github.event_name" => self.workflow.event.to_owned(),
            "github.run_id" => self.id.to_string(),
            "github.run_attempt" => self.attempt.to_string(),
            "runner.os" if std::env::consts::OS == "macos" => "macOS".to_owned(),
            "runner.os" => "Linux".to_owned(),
            _ => return None,
        })
    }

    /// Runs every job and keeps the record up to date; returns the run's conclusion.
    pub(super) async fn execute(&self, record: &mut RunRecord) -> Result<Conclusion> {
        let mut reuse = Reuse::new(self.folder.reuse());
        let mut results: BTreeMap<&str, Standing> = BTreeMap::new();
        for job in &self.workflow.jobs {
            let needs = || job.needs.iter().filter_map(|need| results.get(need.as_str()));
            let failed_before = needs().any(|standing| *standing == Standing::Failed);
            let all_succeeded = needs().all(|standing| *standing == Standing::Succeeded);
            let cancelled = self.folder.is_cancelled(self.attempt);
            // `success()` wants every needed job to have run and succeeded; a skipped one is no success.
            let holds =
                job.condition.holds(failed_before) && (all_succeeded || failed_before || job.condition.holds(true));
            let result = if cancelled {
                not_run(job, Conclusion::Cancelled, "the run was cancelled")
            } else if holds {
                mark(record, job, RunState::InProgress);
                self.folder.save(record)?;
                JobRun::prepare(self, job, &mut reuse)?.run().await?
            } else if failed_before {
                let failed: Vec<&str> = job
                    .needs
                    .iter()
                    .map(String::as_str)
                    .filter(|need| results.get(need) == Some(&Standing::Failed))
                    .collect();
                not_run(job, Conclusion::Skipped, &format!("needs {}, which did not succeed", failed.join(", ")))
            } else {
                not_run(job, Conclusion::Skipped, "its condition did not hold")
            };
            let standing = match result.state {
                RunState::Completed(Conclusion::Success) => Standing::Succeeded,
                RunState::Completed(Conclusion::Skipped) if !failed_before => Standing::Skipped,
                _ if job.continue_on_error && !cancelled => Standing::Succeeded,
                _ => Standing::Failed,
            };
            results.insert(job.id.as_str(), standing);
            if let Some(slot) = record.run.jobs.iter_mut().find(|slot| slot.id == job.id) {
                *slot = result;
            }
            self.folder.save(record)?;
            failpoint!("ci.job.done");
        }
        Ok(conclusion(&self.workflow.jobs, &record.run.jobs))
    }
}

/// How a job stands towards those that need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Succeeded,
    /// Its condition did not hold and nothing it needs failed.
    Skipped,
    /// It failed, or was skipped because something it needs failed.
    Failed,
}

/// The run's conclusion: a success only when at least one job succeeded and none failed that had to succeed.
fn conclusion(jobs: &[Job], results: &[JobResult]) -> Conclusion {
    let tolerated = |result: &JobResult| jobs.iter().any(|job| job.id == result.id && job.continue_on_error);
    let has = |wanted: Conclusion| {
        results.iter().any(|result| result.state == RunState::Completed(wanted) && !tolerated(result))
    };
    let unfinished = results.iter().any(|result| !result.state.is_completed());
    if has(Conclusion::Cancelled) {
        Conclusion::Cancelled
    } else if has(Conclusion::Failure) || unfinished {
        Conclusion::Failure
    } else if has(Conclusion::TimedOut) {
        Conclusion::TimedOut
    } else if results.iter().any(|result| result.state.is_success()) {
        Conclusion::Success
    } else if results.iter().any(tolerated) {
        Conclusion::Neutral
    } else {
        Conclusion::Skipped
    }
}

fn mark(record: &mut RunRecord, job: &Job, state: RunState) {
    if let Some(slot) = record.run.jobs.iter_mut().find(|slot| slot.id == job.id) {
        slot.state = state;
    }
}

fn not_run(job: &Job, conclusion: Conclusion, note: &str) -> JobResult {
    let mut result = waiting(job);
    result.state = RunState::Completed(conclusion);
    for step in &mut result.steps {
        step.state = RunState::Completed(conclusion);
        step.note = Some(note.to_owned());
    }
    result
}

/// A job that has not begun.
pub(super) fn waiting(job: &Job) -> JobResult {
    let name = |step: &Step| step.name.literal().unwrap_or_else(|| "step".to_owned());
    let steps = job.steps.iter().map(|step| StepResult::new(name(step), RunState::Pending));
    JobResult::new(job.id.clone(), job.name.clone(), RunState::Pending, steps.collect())
}
