//! A whole run: the jobs in order, the record kept up to date, the verdict.

use super::condition::Standing;
use super::expression::Reference;
use super::failpoint;
use super::job::JobRun;
use super::needs::Finished;
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
    /// By which the processes of this run are told from all others of the machine.
    pub(super) mark: String,
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
        let mut finished = Finished::default();
        for job in &self.workflow.jobs {
            let cancelled = self.folder.is_cancelled(self.attempt);
            let standing = finished.standing(&job.needs);
            let value = |reference: &Reference| match reference {
                Reference::Context(name) => self.context(name),
                other => finished.value(other),
            };
            let mut outputs = BTreeMap::new();
            let result = if cancelled {
                not_run(job, Conclusion::Cancelled, "the run was cancelled")
            } else if !job.condition.holds(standing, value) {
                not_run(job, Conclusion::Skipped, &why_not(job, standing, &finished))
            } else if let Some(reason) = self.toolchain.left_out(&job.id) {
                not_run(job, Conclusion::Skipped, &format!("not run on this machine: {reason}"))
            } else if job.fail_fast && finished.has_failed(&job.key) {
                not_run(job, Conclusion::Cancelled, "another variant failed, and fail-fast ends the others")
            } else {
                mark(record, job, RunState::InProgress);
                self.folder.save(record)?;
                let mut running = JobRun::prepare(self, job, &finished, &mut reuse)?;
                let result = running.run().await?;
                outputs = running.rendered_outputs();
                result
            };
            finished.add(job, &result, outputs);
            if let Some(slot) = record.run.jobs.iter_mut().find(|slot| slot.id == job.id) {
                *slot = result;
            }
            self.folder.save(record)?;
            failpoint!("ci.job.done");
        }
        let cancelled = self.folder.is_cancelled(self.attempt);
        Ok(conclusion(&self.workflow.jobs, &record.run.jobs, cancelled))
    }
}

/// Why a job's condition did not hold.
fn why_not(job: &Job, standing: Standing, finished: &Finished) -> String {
    let failed = finished.failed_among(&job.needs);
    if standing.failed && !failed.is_empty() {
        format!("needs {}, which did not succeed", failed.join(", "))
    } else {
        "its condition did not hold".to_owned()
    }
}

/// The run's conclusion: a success only when at least one job succeeded and none failed that had to succeed.
fn conclusion(jobs: &[Job], results: &[JobResult], cancelled: bool) -> Conclusion {
    let tolerated = |result: &JobResult| jobs.iter().any(|job| job.id == result.id && job.continue_on_error);
    let has = |wanted: Conclusion| {
        results.iter().any(|result| result.state == RunState::Completed(wanted) && !tolerated(result))
    };
    let unfinished = results.iter().any(|result| !result.state.is_completed());
    if cancelled && has(Conclusion::Cancelled) {
        Conclusion::Cancelled
    } else if has(Conclusion::Failure) || has(Conclusion::Cancelled) || unfinished {
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
