//! Local CI: runs a repository's own workflow for real, on a clean checkout, on this machine.
//!
//! How a run goes, file by file:
//! 1. `record` — the run's folder is locked; a finished run of the same key is returned as it is.
//! 2. `yaml`, `parse`, `matrix`, `expression`, `condition`, `actions` → `workflow` — the workflow is read; anything this runner can't do as
//!    GitHub would is `Unsupported` now, before a step ran.
//! 3. `toolchain`, `engines` — the tools are looked for; a missing one is `Unsupported` as well, never a red run.
//! 4. `run` (with `needs`) → `job` → `script` — jobs in the order of their needs, steps one after the other, in the `sandbox`; the
//!    install phase has the network and the package cache, everything else has neither. `reuse` installs a lock once.
//!    All of it is one future that blocks now and then; `port` has `worker` drive it on a thread of its own.
//! 5. `log`, `annotations`, `step_files`, `artifacts` — what a step leaves: its output, its words to later steps, its files.

mod actions;
mod annotations;
mod artifacts;
mod condition;
mod engines;
mod expression;
mod job;
mod log;
mod matrix;
mod needs;
mod options;
mod parse;
mod poetry;
mod port;
mod record;
mod reuse;
mod run;
mod sandbox;
mod script;
mod step_files;
mod toolchain;
mod worker;
mod workflow;
mod yaml;

#[cfg(test)]
mod tests;

pub use options::{LocalCiLimits, LocalCiOptions};
pub use sandbox::SandboxChoice;

use crate::process::read_small;
use aipipe_core::domain::{
    CheckRun, CheckSource, CommitSha, Conclusion, ContentHash, IdempotencyKey, Isolation, JobId, JobResult,
    RepositoryRef, RunId, RunState, WorkflowRun,
};
use aipipe_core::ports::RunSelector;
use aipipe_core::{Error, ErrorKind, Result};
use async_trait::async_trait;
use log::io_error;
use record::{RunFolder, RunLock, RunRecord};
use run::Run;
use sandbox::Sandbox;
use std::fmt::Debug;
use std::io;
use std::path::Path;
use toolchain::Toolchain;

/// Ends the process here in crash tests; nothing otherwise.
macro_rules! failpoint {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        aipipe_core::failpoint::hit($name);
    };
}
use failpoint;

/// Largest workflow file that is read.
const MAX_WORKFLOW: u64 = 512 * 1024;

/// Where local CI gets its checkouts from: the local source control.
#[async_trait]
pub trait CheckoutSource: Debug + Send + Sync + 'static {
    /// Returns when the repository exists.
    ///
    /// # Errors
    /// `NotFound` when it does not.
    async fn find(&self, repository: &RepositoryRef) -> Result<()>;

    /// Writes the files of a commit into the existing, empty folder `into`.
    ///
    /// # Errors
    /// `NotFound` when the repository or the commit does not exist.
    async fn checkout(&self, repository: &RepositoryRef, commit: &CommitSha, into: &Path) -> Result<()>;
}

/// Where local CI reports checks to: the local review desk reads them there.
pub trait CheckSink: Debug + Send + Sync + 'static {
    /// Keeps these checks; a check of the same name, commit and source is replaced.
    ///
    /// # Errors
    /// When they can't be kept.
    fn record(&self, repository: &RepositoryRef, checks: Vec<CheckRun>) -> Result<()>;
}

/// Runs workflows on this machine.
///
/// `ensure_run` and `rerun` return when the run has ended; a host that wants them in the background spawns the call.
/// Dropping the call ends the step that runs, and the next `ensure_run` of the key starts the same attempt from its
/// beginning: nobody saw a result of it. `cancel` works from any process. While another caller or process works on a run, `ensure_run` returns it as
/// it stands, or `None` before its first record.
///
/// The adapter knows no repositories of its own: whether one exists is asked of the [`CheckoutSource`].
#[derive(Debug, Clone)]
pub struct LocalCi {
    options: LocalCiOptions,
    sandbox: Sandbox,
}

impl LocalCi {
    /// Opens (or makes) the folder of runs and finds out which isolation this machine offers.
    ///
    /// # Errors
    /// `PermissionDenied` or `StorageFull` for the folder; `Unsupported` when isolation is required and not there.
    pub fn open(mut options: LocalCiOptions) -> Result<Self> {
        let failed = |error| io_error("ci.open", "the folder of runs can't be made", error);
        std::fs::create_dir_all(&options.root).map_err(failed)?;
        // Steps see this path: it must not lead through links, or paths that tools print differ from ours.
        options.root = options.root.canonicalize().map_err(failed)?;
        for folder in &mut options.hidden {
            *folder = folder.canonicalize().map_err(|error| {
                io_error("ci.open", "a folder to hide can't be found", error).with("path", folder.display())
            })?;
        }
        let sandbox = Sandbox::probe(options.sandbox, &options.host)?;
        Ok(Self { options, sandbox })
    }

    /// How the steps of runs will be isolated.
    #[must_use]
    pub fn isolation(&self) -> Isolation {
        self.sandbox.isolation()
    }

    fn folder(&self, repository: &RepositoryRef, run: &RunId) -> Result<RunFolder> {
        let folder =
            RunFolder::of_run(&self.options.root, repository, run.as_str()).filter(|folder| folder.path().is_dir());
        folder.ok_or_else(|| no_run(run))
    }

    fn load(&self, repository: &RepositoryRef, run: &RunId) -> Result<(RunFolder, RunRecord)> {
        let folder = self.folder(repository, run)?;
        let record = folder.load()?.ok_or_else(|| no_run(run))?;
        Ok((folder, record))
    }

    /// The id of the run of a key.
    fn run_id(&self, repository: &RepositoryRef, key: &IdempotencyKey) -> String {
        let id = format!("run-{}", ContentHash::of_parts(&["ci run", key.as_str()]).short(16));
        #[cfg(feature = "failpoints")]
        if !aipipe_core::failpoint::find_before_create() {
            let taken = |id: &String| RunId::parse(id.as_str()).is_ok_and(|id| self.folder(repository, &id).is_ok());
            let mut fresh = (2_u32..).map(|number| format!("{id}-{number}"));
            return if taken(&id) { fresh.find(|id| !taken(id)).unwrap_or(id) } else { id };
        }
        let _ = repository;
        id
    }

    /// Runs what the selector names: as the next attempt of a run that has ended, else as the same attempt from its
    /// beginning, because a crash that cut it off left no result.
    async fn perform(
        &self,
        folder: &RunFolder,
        _lock: &RunLock,
        mut record: RunRecord,
        selector: &RunSelector,
    ) -> Result<WorkflowRun> {
        let options = &self.options;
        folder.end_leftovers()?;
        folder.clear()?;
        let plan = folder.plan();
        std::fs::create_dir_all(plan.join("checkout"))
            .map_err(|error| io_error("ci.run", "the checkout's folder can't be made", error))?;
        options.source.checkout(&record.repository, &selector.head_sha, &plan.join("checkout")).await?;
        let text = workflow_text(&plan.join("checkout"), selector)?;
        let workflow = parse::workflow(&text, selector.workflow.as_str())
            .map_err(|error| error.with("workflow", &selector.workflow))?;
        let toolchain =
            Toolchain::find(&workflow, &options.host, options.clock.as_ref(), &plan, &plan.join("checkout"))
                .await
                .map_err(|error| error.with("workflow", &selector.workflow))?;
        folder.clear()?;

        if record.run.state.is_completed() {
            folder.put_aside(record.run.attempt)?;
            record.run.attempt += 1;
        } else {
            folder.discard()?;
        }
        record.run.state = RunState::InProgress;
        record.run.started_at = Some(options.clock.now());
        record.run.finished_at = None;
        record.run.jobs = workflow.jobs.iter().map(run::waiting).collect();
        record.run.isolation = self.sandbox.isolation();
        record.checks_recorded = false;
        folder.save(&record)?;
        self.report(&record, |_| RunState::Pending)?;
        failpoint!("ci.run.started");

        let run = Run {
            options,
            sandbox: &self.sandbox,
            folder,
            workflow: &workflow,
            toolchain: &toolchain,
            repository: &record.repository.clone(),
            commit: &selector.head_sha,
            branch: &selector.branch,
            id: record.run.id.clone(),
            attempt: record.run.attempt,
            mark: folder.mark_anew()?,
        };
        tracing::info!(run = %run.id, attempt = run.attempt, isolation = %record.run.isolation, "workflow run starts");
        let conclusion = run.execute(&mut record).await?;
        folder.clear()?;
        record.run.state = RunState::Completed(conclusion);
        record.run.finished_at = Some(options.clock.now());
        folder.save(&record)?;
        failpoint!("ci.run.finished");
        self.hand_on(folder, &mut record)?;
        Ok(record.run)
    }

    /// Reports the checks of a finished run, once.
    fn hand_on(&self, folder: &RunFolder, record: &mut RunRecord) -> Result<()> {
        if !record.checks_recorded {
            self.report(record, |state| state)?;
            record.checks_recorded = true;
            folder.save(record)?;
        }
        Ok(())
    }

    fn report(&self, record: &RunRecord, state: impl Fn(RunState) -> RunState) -> Result<()> {
        let head = &record.run.head_sha;
        let source = CheckSource::Workflow(record.run.workflow.clone());
        let check = |job: &JobResult| {
            CheckRun::new(job.name.clone(), head.clone(), state(job.state)).with_source(source.clone())
        };
        self.options.checks.record(&record.repository, record.run.jobs.iter().map(check).collect())
    }
}

/// What the port promises, on a thread that may block.
impl LocalCi {
    fn recorded(&self, repository: &RepositoryRef, selector: &RunSelector) -> Result<Vec<WorkflowRun>> {
        let mut runs: Vec<WorkflowRun> = record::all(&self.options.root, repository)?
            .into_iter()
            .map(|record| record.run)
            .filter(|run| run.workflow == selector.workflow && run.head_sha == selector.head_sha)
            .collect();
        runs.sort_by(|a, b| (b.started_at, &b.id).cmp(&(a.started_at, &a.id)));
        Ok(runs)
    }

    async fn ensure(
        &self,
        repository: &RepositoryRef,
        selector: &RunSelector,
        key: &IdempotencyKey,
    ) -> Result<Option<WorkflowRun>> {
        let id = self.run_id(repository, key);
        let folder = RunFolder::of_run(&self.options.root, repository, &id)
            .ok_or_else(|| Error::new(ErrorKind::Internal, "ci.ensure_run", "a run's id is not valid"))?;
        let Some(lock) = folder.lock()? else {
            return Ok(folder.load()?.map(|record| record.run));
        };
        let record = match folder.load()? {
            Some(record) => {
                if record.run.workflow != selector.workflow || record.run.head_sha != selector.head_sha {
                    return Err(Error::new(ErrorKind::Conflict, "ci.ensure_run", "the key is another run's")
                        .with("run", &record.run.id));
                }
                let mut record = record;
                if record.run.state.is_completed() {
                    self.hand_on(&folder, &mut record)?;
                    return Ok(Some(record.run));
                }
                record
            }
            None => {
                let (workflow, head) = (selector.workflow.clone(), selector.head_sha.clone());
                let location = folder.path().display().to_string();
                let run = WorkflowRun::new(RunId::parse(id)?, workflow, head, self.sandbox.isolation(), location);
                RunRecord::new(run, key.clone(), repository.clone(), selector.branch.clone())
            }
        };
        self.perform(&folder, &lock, record, selector).await.map(Some)
    }

    fn tail(&self, repository: &RepositoryRef, run: &RunId, job: &JobId, max_bytes: usize) -> Result<String> {
        let (folder, record) = self.load(repository, run)?;
        let named = |wanted: &JobId| record.run.jobs.iter().find(|job| job.id == *wanted);
        let missing = || {
            Error::new(ErrorKind::NotFound, "ci.log_tail", "no such job or no log").with("run", run).with("job", job)
        };
        let found = named(job).ok_or_else(missing)?;
        match log::tail(&folder.log(found.id.as_str()), max_bytes) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing()),
            Err(error) => Err(io_error("ci.log_tail", "a log can't be read", error)),
        }
    }

    fn end_or_ask(&self, repository: &RepositoryRef, run: &RunId) -> Result<()> {
        let (folder, record) = self.load(repository, run)?;
        if record.run.state.is_completed() {
            return Ok(());
        }
        folder.ask_to_cancel(record.run.attempt)?;
        // Nobody works on it: a crash cut it off, and it is ended here.
        let Some(_lock) = folder.lock()? else { return Ok(()) };
        folder.end_leftovers()?;
        let Some(mut record) = folder.load()?.filter(|record| !record.run.state.is_completed()) else { return Ok(()) };
        for job in record.run.jobs.iter_mut().filter(|job| !job.state.is_completed()) {
            job.state = RunState::Completed(Conclusion::Cancelled);
        }
        record.run.state = RunState::Completed(Conclusion::Cancelled);
        record.run.finished_at = Some(self.options.clock.now());
        folder.save(&record)?;
        self.hand_on(&folder, &mut record)
    }

    async fn again(&self, repository: &RepositoryRef, run: &RunId, attempt: u32) -> Result<WorkflowRun> {
        let (folder, record) = self.load(repository, run)?;
        let busy = || Error::new(ErrorKind::Conflict, "ci.rerun", "the attempt before has not ended").with("run", run);
        let Some(lock) = folder.lock()? else {
            return if record.run.attempt >= attempt { Ok(record.run) } else { Err(busy()) };
        };
        let mut record = folder.load()?.ok_or_else(|| no_run(run))?;
        match (attempt.saturating_sub(record.run.attempt), record.run.state.is_completed()) {
            // This very attempt has ended: it is not made twice.
            (0, true) => {
                self.hand_on(&folder, &mut record)?;
                return Ok(record.run);
            }
            // A crash cut it off, or the run is to be run again.
            (0, false) | (1, true) => {}
            (1, false) => return Err(busy()),
            _ => {
                return Err(Error::new(ErrorKind::InvalidInput, "ci.rerun", "the run has not come to this attempt")
                    .with("run", run)
                    .with("attempt", attempt));
            }
        }
        let selector =
            RunSelector::new(record.run.workflow.clone(), record.run.head_sha.clone(), record.branch.clone());
        self.perform(&folder, &lock, record, &selector).await
    }
}

fn no_run(run: &RunId) -> Error {
    Error::new(ErrorKind::NotFound, "ci.run", "no such run").with("run", run)
}

/// The workflow's text; a link in its place could show any file of the machine.
fn workflow_text(checkout: &Path, selector: &RunSelector) -> Result<String> {
    let refuse = |reason: &str| {
        Error::new(ErrorKind::InvalidInput, "ci.workflow", reason.to_owned()).with("workflow", &selector.workflow)
    };
    let mut path = checkout.to_path_buf();
    for component in selector.workflow.components() {
        path.push(component);
        if path.symlink_metadata().is_ok_and(|meta| meta.is_symlink()) {
            return Err(refuse("the workflow's path leads through a link"));
        }
    }
    match read_small(&path, MAX_WORKFLOW) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| refuse("the workflow is not UTF-8")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(refuse("the commit has no such workflow")),
        Err(error) => Err(refuse("the workflow can't be read").caused_by(error)),
    }
}
