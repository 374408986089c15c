//! CI in memory: every job of the workflow succeeds, but those told to fail.

use super::forge::{MemoryForge, missing};
use super::lock;
use crate::domain::{
    CheckName, CheckRun, Conclusion, IdempotencyKey, Isolation, JobResult, RepositoryRef, RunState, StepResult,
    WorkflowRun,
};
use crate::ports::{CiCapabilities, ContinuousIntegration, RunSelector};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct WorkflowFile {
    jobs: BTreeMap<String, JobEntry>,
}

#[derive(Deserialize)]
struct JobEntry {
    name: Option<String>,
}

impl MemoryForge {
    /// Makes the named job fail from now on.
    pub fn fail_job(&self, name: &str) {
        lock(&self.failing).insert(name.to_owned());
    }

    /// Lets the named job succeed again.
    pub fn pass_job(&self, name: &str) {
        lock(&self.failing).remove(name);
    }

    fn conclude(&self, name: &str) -> Conclusion {
        if lock(&self.failing).contains(name) { Conclusion::Failure } else { Conclusion::Success }
    }

    fn jobs_of(&self, workflow: &str) -> Result<Vec<JobResult>> {
        let file: WorkflowFile = serde_saphyr::from_str(workflow).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, "ci.run", "the workflow is not readable").caused_by(error)
        })?;
        let job = |(id, job): (String, JobEntry)| {
            let name = job.name.unwrap_or_else(|| id.clone());
            let state = RunState::Completed(self.conclude(&name));
            let step = StepResult { name: "Everything".to_owned(), state, duration_ms: Some(0), note: None };
            Ok(JobResult { id, name: CheckName::parse(name)?, state, steps: vec![step] })
        };
        file.jobs.into_iter().map(job).collect()
    }
}

fn overall(jobs: &[JobResult]) -> RunState {
    let failed = jobs.is_empty() || jobs.iter().any(|job| !job.state.is_success());
    RunState::Completed(if failed { Conclusion::Failure } else { Conclusion::Success })
}

#[async_trait]
impl ContinuousIntegration for MemoryForge {
    fn capabilities(&self) -> CiCapabilities {
        CiCapabilities::new(false, None)
    }

    async fn runs(&self, repository: &RepositoryRef, selector: &RunSelector) -> Result<Vec<WorkflowRun>> {
        self.with(repository, "ci.runs", |found| {
            let wanted = |run: &&WorkflowRun| run.workflow == selector.workflow && run.head_sha == selector.head_sha;
            Ok(found.runs.iter().rev().map(|(_, run)| run).filter(wanted).cloned().collect())
        })
    }

    async fn ensure_run(
        &self,
        repository: &RepositoryRef,
        selector: &RunSelector,
        key: &IdempotencyKey,
    ) -> Result<Option<WorkflowRun>> {
        self.with(repository, "ci.run", |found| {
            if let Some((_, run)) = found.runs.iter().find(|(of, _)| of == key) {
                return Ok(Some(run.clone()));
            }
            let commit = found.commits.get(&selector.head_sha).ok_or_else(|| missing("ci.run", "commit"))?;
            let (content, _) = commit.tree.get(&selector.workflow).ok_or_else(|| missing("ci.run", "workflow"))?;
            let jobs = self.jobs_of(&String::from_utf8_lossy(content))?;
            let run = WorkflowRun {
                id: format!("run-{}", found.runs.len() + 1),
                workflow: selector.workflow.clone(),
                head_sha: selector.head_sha.clone(),
                attempt: 1,
                state: overall(&jobs),
                started_at: None,
                finished_at: None,
                location: format!("{}/runs/{}", found.at.location, found.runs.len() + 1),
                jobs,
                isolation: Isolation::None("nothing is executed".to_owned()),
            };
            for job in &run.jobs {
                found.checks.push(CheckRun {
                    name: job.name.clone(),
                    head_sha: run.head_sha.clone(),
                    state: job.state,
                });
            }
            found.runs.push((key.clone(), run.clone()));
            self.count("run");
            Ok(Some(run))
        })
    }

    async fn log_tail(&self, repository: &RepositoryRef, run: &str, job: &str, max_bytes: usize) -> Result<String> {
        self.with(repository, "ci.log", |found| {
            let (_, run) = found.runs.iter().find(|(_, of)| of.id == run).ok_or_else(|| missing("ci.log", "run"))?;
            let job = run.jobs.iter().find(|of| of.id == job).ok_or_else(|| missing("ci.log", "job"))?;
            let text = if job.state.is_success() { "all well\n" } else { "this job was told to fail\n" };
            Ok(if text.len() <= max_bytes { text.to_owned() } else { String::new() })
        })
    }

    async fn cancel(&self, repository: &RepositoryRef, run: &str) -> Result<()> {
        self.with(repository, "ci.cancel", |found| {
            found.runs.iter().find(|(_, of)| of.id == run).map(|_| ()).ok_or_else(|| missing("ci.cancel", "run"))
        })
    }

    async fn rerun(&self, repository: &RepositoryRef, run: &str, key: &IdempotencyKey) -> Result<WorkflowRun> {
        self.with(repository, "ci.rerun", |found| {
            if let Some((_, made)) = found.runs.iter().find(|(of, _)| of == key) {
                return Ok(made.clone());
            }
            let at = found.runs.iter().position(|(_, of)| of.id == run).ok_or_else(|| missing("ci.rerun", "run"))?;
            let (_, old) = found.runs.remove(at);
            let mut next = old;
            next.attempt += 1;
            for job in &mut next.jobs {
                job.state = RunState::Completed(self.conclude(job.name.as_str()));
                found.checks.retain(|check| check.name != job.name || check.head_sha != next.head_sha);
                found.checks.push(CheckRun {
                    name: job.name.clone(),
                    head_sha: next.head_sha.clone(),
                    state: job.state,
                });
            }
            next.state = overall(&next.jobs);
            found.runs.push((key.clone(), next.clone()));
            self.count("run");
            Ok(next)
        })
    }
}
