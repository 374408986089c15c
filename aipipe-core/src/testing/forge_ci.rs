//! CI in memory: jobs in the order of their needs, and of their scripts the little that tests need.

use super::forge::{MemoryForge, Repository, Tree, missing};
use super::lock;
use crate::domain::{
    CheckName, CheckRun, CheckSource, Conclusion, IdempotencyKey, Isolation, JobId, JobResult, RepositoryRef, RunId,
    RunState, StepResult, WorkflowRun,
};
use crate::ports::{CiCapabilities, ContinuousIntegration, RunSelector};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

#[derive(Deserialize)]
struct WorkflowFile {
    jobs: BTreeMap<String, JobEntry>,
}

#[derive(Deserialize)]
struct JobEntry {
    name: Option<String>,
    #[serde(default)]
    needs: Needs,
    #[serde(default)]
    steps: Vec<StepEntry>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Needs {
    One(String),
    Many(Vec<String>),
}

impl Default for Needs {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Needs {
    fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Many(names) => names,
        }
    }
}

#[derive(Deserialize)]
struct StepEntry {
    name: Option<String>,
    run: Option<String>,
    uses: Option<String>,
}

/// A run with what its jobs said.
#[derive(Debug)]
pub(super) struct MemoryRun {
    pub(super) key: IdempotencyKey,
    pub(super) run: WorkflowRun,
    pub(super) logs: BTreeMap<JobId, String>,
}

type Performed = (Vec<JobResult>, BTreeMap<JobId, String>);

impl MemoryForge {
    /// Makes the named job fail from now on.
    pub fn fail_job(&self, name: &str) {
        lock(&self.failing).insert(name.to_owned());
    }

    /// Lets the named job succeed again.
    pub fn pass_job(&self, name: &str) {
        lock(&self.failing).remove(name);
    }

    /// Makes the named job fail for every commit with a file that has this text; its log names the file.
    pub fn fail_job_over(&self, name: &str, text: &str) {
        lock(&self.failing_over).push((name.to_owned(), text.to_owned()));
    }

    fn fails_over(&self, name: &str, tree: &Tree) -> Option<String> {
        let texts = lock(&self.failing_over);
        texts.iter().filter(|(job, _)| job == name).find_map(|(_, text)| {
            let has = |content: &[u8]| String::from_utf8_lossy(content).contains(text);
            let (path, _) = tree.iter().find(|(_, (content, _))| has(content))?;
            Some(format!("FAIL {path}\n  it has {text}\n"))
        })
    }

    /// Starts no more runs, as a host with CI switched off.
    pub fn switch_ci_off(&self) {
        self.ci_off.store(true, Ordering::SeqCst);
    }

    /// Starts runs again.
    pub fn switch_ci_on(&self) {
        self.ci_off.store(false, Ordering::SeqCst);
    }

    fn perform(&self, workflow: &str, tree: &Tree) -> Result<Performed> {
        let invalid = |reason: &str| Error::new(ErrorKind::InvalidInput, "ci.run", reason.to_owned());
        let file: WorkflowFile = serde_saphyr::from_str(workflow)
            .map_err(|error| invalid("the workflow is not readable").caused_by(error))?;
        if let Some(action) = file
            .jobs
            .values()
            .flat_map(|job| &job.steps)
            .filter_map(|step| step.uses.as_ref())
            .find(|action| !action.starts_with("actions/"))
        {
            return Err(Error::new(ErrorKind::Unsupported, "ci.run", "the action is not known").with("uses", action));
        }
        let (mut jobs, mut logs) = (Vec::new(), BTreeMap::new());
        let mut states: BTreeMap<&str, RunState> = BTreeMap::new();
        while let Some((id, entry)) = file.jobs.iter().find(|(id, entry)| {
            !states.contains_key(id.as_str())
                && entry.needs.names().iter().all(|need| states.contains_key(need.as_str()))
        }) {
            let needed = || entry.needs.names().iter().filter_map(|need| states.get(need.as_str()));
            let name = entry.name.clone().unwrap_or_else(|| id.clone());
            let mut log = String::new();
            let (state, steps) = if needed().any(|state| state.is_completed() && !state.is_success()) {
                (RunState::Completed(Conclusion::Skipped), Vec::new())
            } else if needed().any(|state| !state.is_completed()) {
                (RunState::Pending, Vec::new())
            } else if lock(&self.failing).contains(&name) {
                log.push_str("this job was told to fail\n");
                let state = RunState::Completed(Conclusion::Failure);
                (state, vec![StepResult { name: "Everything".to_owned(), state, duration_ms: Some(0), note: None }])
            } else if let Some(said) = self.fails_over(&name, tree) {
                log.push_str(&said);
                let state = RunState::Completed(Conclusion::Failure);
                (state, vec![StepResult { name: "Everything".to_owned(), state, duration_ms: Some(0), note: None }])
            } else {
                run_steps(&entry.steps, &mut log)
            };
            states.insert(id, state);
            let id = JobId::parse(id.as_str())?;
            logs.insert(id.clone(), log);
            jobs.push(JobResult { id, name: CheckName::parse(name)?, state, steps });
        }
        if jobs.len() < file.jobs.len() || jobs.is_empty() {
            return Err(invalid("there are no jobs, or they need each other"));
        }
        Ok((jobs, logs))
    }
}

/// Runs a job's steps one after the other until one fails or does not end.
fn run_steps(entries: &[StepEntry], log: &mut String) -> (RunState, Vec<StepResult>) {
    let mut state = RunState::Completed(Conclusion::Success);
    let steps = entries.iter().map(|entry| {
        let step = match state.is_success() {
            true => run_script(entry.run.as_deref().unwrap_or_default(), log),
            false if state.is_completed() => RunState::Completed(Conclusion::Skipped),
            false => RunState::Pending,
        };
        if state.is_success() {
            state = step;
        }
        let name = entry.name.clone().or_else(|| entry.run.clone()).or_else(|| entry.uses.clone()).unwrap_or_default();
        StepResult { name, state: step, duration_ms: step.is_completed().then_some(0), note: None }
    });
    let steps = steps.collect();
    (state, steps)
}

/// Knows `echo`, `exit` and `sleep`, which never ends; all other commands succeed and say nothing.
fn run_script(script: &str, log: &mut String) -> RunState {
    for line in script.lines() {
        match line.trim().split_once(' ') {
            Some(("echo", text)) => log.push_str(&format!("{text}\n")),
            Some(("exit", code)) => {
                let conclusion = if code.trim() == "0" { Conclusion::Success } else { Conclusion::Failure };
                return RunState::Completed(conclusion);
            }
            Some(("sleep", _)) => return RunState::InProgress,
            _ => {}
        }
    }
    RunState::Completed(Conclusion::Success)
}

fn overall(jobs: &[JobResult]) -> RunState {
    if jobs.iter().any(|job| !job.state.is_completed()) {
        return RunState::InProgress;
    }
    let failed = jobs.iter().any(|job| !job.state.is_success());
    RunState::Completed(if failed { Conclusion::Failure } else { Conclusion::Success })
}

fn run_of<'a>(found: &'a mut Repository, run: &RunId, operation: &'static str) -> Result<&'a mut MemoryRun> {
    found.runs.iter_mut().find(|of| of.run.id == *run).ok_or_else(|| missing(operation, "run"))
}

/// Keeps a check in the place of the one of the same name, commit and source.
pub(super) fn put_check(checks: &mut Vec<CheckRun>, check: CheckRun) {
    checks
        .retain(|other| (&other.name, &other.head_sha, &other.source) != (&check.name, &check.head_sha, &check.source));
    checks.push(check);
}

/// Replaces the checks of the run's commit by what its jobs say now.
fn report(checks: &mut Vec<CheckRun>, run: &WorkflowRun) {
    for job in &run.jobs {
        let source = CheckSource::Workflow(run.workflow.clone());
        let (name, head_sha) = (job.name.clone(), run.head_sha.clone());
        put_check(checks, CheckRun { name, source, head_sha, state: job.state });
    }
}

#[async_trait]
impl ContinuousIntegration for MemoryForge {
    fn capabilities(&self) -> CiCapabilities {
        CiCapabilities::new(false, None)
    }

    async fn runs(&self, repository: &RepositoryRef, selector: &RunSelector) -> Result<Vec<WorkflowRun>> {
        self.with(repository, "ci.runs", |found| {
            let wanted = |run: &&WorkflowRun| run.workflow == selector.workflow && run.head_sha == selector.head_sha;
            Ok(found.runs.iter().rev().map(|of| &of.run).filter(wanted).cloned().collect())
        })
    }

    async fn ensure_run(
        &self,
        repository: &RepositoryRef,
        selector: &RunSelector,
        key: &IdempotencyKey,
    ) -> Result<Option<WorkflowRun>> {
        self.with(repository, "ci.run", |found| {
            if let Some(of) = found.runs.iter().find(|of| of.key == *key) {
                return Ok(Some(of.run.clone()));
            }
            let commit = found.commits.get(&selector.head_sha).ok_or_else(|| missing("ci.run", "commit"))?;
            let (content, _) = commit.tree.get(&selector.workflow).ok_or_else(|| missing("ci.run", "workflow"))?;
            if self.ci_off.load(Ordering::SeqCst) {
                return Ok(None);
            }
            let (jobs, logs) = self.perform(&String::from_utf8_lossy(content), &commit.tree)?;
            let number = found.runs.len() + 1;
            let run = WorkflowRun {
                id: RunId::parse(format!("run-{number}"))?,
                workflow: selector.workflow.clone(),
                head_sha: selector.head_sha.clone(),
                attempt: 1,
                state: overall(&jobs),
                started_at: None,
                finished_at: None,
                location: format!("{}/runs/{number}", found.at.location),
                jobs,
                isolation: Isolation::None("nothing is executed".to_owned()),
            };
            report(&mut found.checks, &run);
            found.runs.push(MemoryRun { key: key.clone(), run: run.clone(), logs });
            self.count("run");
            Ok(Some(run))
        })
    }

    async fn log_tail(&self, repository: &RepositoryRef, run: &RunId, job: &JobId, max_bytes: usize) -> Result<String> {
        self.with(repository, "ci.log", |found| {
            let of = run_of(found, run, "ci.log")?;
            let log = of.logs.get(job).ok_or_else(|| missing("ci.log", "job"))?;
            let mut room = max_bytes;
            let fits = |line: &&str| match room.checked_sub(line.len()) {
                Some(left) => {
                    room = left;
                    true
                }
                None => false,
            };
            let lines: Vec<&str> = log.split_inclusive('\n').rev().take_while(fits).collect();
            Ok(lines.into_iter().rev().collect())
        })
    }

    async fn cancel(&self, repository: &RepositoryRef, run: &RunId) -> Result<()> {
        self.with(repository, "ci.cancel", |found| {
            let of = run_of(found, run, "ci.cancel")?;
            if of.run.state.is_completed() {
                return Ok(());
            }
            let cancelled = RunState::Completed(Conclusion::Cancelled);
            for job in of.run.jobs.iter_mut().filter(|job| !job.state.is_completed()) {
                job.state = cancelled;
                job.steps.iter_mut().filter(|step| !step.state.is_completed()).for_each(|step| step.state = cancelled);
            }
            of.run.state = cancelled;
            let run = of.run.clone();
            report(&mut found.checks, &run);
            Ok(())
        })
    }

    async fn rerun(&self, repository: &RepositoryRef, run: &RunId, attempt: u32) -> Result<WorkflowRun> {
        self.with(repository, "ci.rerun", |found| {
            let now = run_of(found, run, "ci.rerun")?.run.clone();
            if now.attempt >= attempt {
                return Ok(now);
            }
            if now.attempt + 1 < attempt {
                return Err(Error::new(ErrorKind::InvalidInput, "ci.rerun", "the run has not come to this attempt"));
            }
            if !now.state.is_completed() {
                return Err(Error::new(ErrorKind::Conflict, "ci.rerun", "the attempt before has not ended"));
            }
            let commit = found.commits.get(&now.head_sha).ok_or_else(|| missing("ci.rerun", "commit"))?;
            let (content, _) = commit.tree.get(&now.workflow).ok_or_else(|| missing("ci.rerun", "workflow"))?;
            let (jobs, logs) = self.perform(&String::from_utf8_lossy(content), &commit.tree)?;
            let next = WorkflowRun { attempt, state: overall(&jobs), jobs, ..now };
            report(&mut found.checks, &next);
            let of = run_of(found, run, "ci.rerun")?;
            (of.run, of.logs) = (next.clone(), logs);
            self.count("run");
            Ok(next)
        })
    }
}
