//! A run's folder: its record, its logs, its lock.
//!
//! `{root}/{repository}/{run-id}/run.json` is replaced atomically whenever something changes. Whoever runs holds the
//! lock file; the system frees it when the process ends, however it ends, so an unfinished run with a free lock is one
//! that a crash cut off.

use super::log::io_error;
use crate::UuidGenerator;
use crate::process::{end_marked, read_small, remove_tree, write_atomic};
use aipipe_core::domain::{BranchName, ContentHash, IdempotencyKey, RepositoryRef, WorkflowRun, slugify};
use aipipe_core::ports::IdGenerator as _;
use aipipe_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

const FORMAT: u32 = 2;
const MAX_RECORD: u64 = 16 << 20;
const MAX_MARK: u64 = 64;

/// What is kept of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunRecord {
    format: u32,
    pub(super) run: WorkflowRun,
    pub(super) key: IdempotencyKey,
    pub(super) repository: RepositoryRef,
    pub(super) branch: BranchName,
    /// Whether the checks of the finished run were handed on.
    pub(super) checks_recorded: bool,
}

impl RunRecord {
    pub(super) fn new(run: WorkflowRun, key: IdempotencyKey, repository: RepositoryRef, branch: BranchName) -> Self {
        Self { format: FORMAT, run, key, repository, branch, checks_recorded: false }
    }
}

/// The folder of one run.
#[derive(Debug, Clone)]
pub(super) struct RunFolder {
    path: PathBuf,
}

/// Held while a run is worked on.
#[derive(Debug)]
pub(super) struct RunLock {
    _file: File,
}

/// How often a lock is tried before somebody else is taken to hold it.
const LOCK_TRIES: usize = 20;

/// A process that another thread starts has a copy of every open file until its own program begins, and with it the lock
/// of a run that has just ended.
#[expect(
    clippy::disallowed_methods,
    reason = "waits for the operating system, for a moment, on a thread that may block"
)]
fn wait_for_starts() {
    std::thread::sleep(std::time::Duration::from_millis(5));
}

impl RunFolder {
    /// The folder of the runs of a repository.
    pub(super) fn of_repository(root: &Path, repository: &RepositoryRef) -> PathBuf {
        if repository.owner.is_empty() {
            return root.join("runs").join(repository.name.as_str());
        }
        // An owner is free text; its hash keeps two owners apart whatever a file system makes of their names.
        let hash = ContentHash::of_parts(&["owner", &repository.owner]).short(8);
        root.join("runs").join(format!("{}-{hash}@{}", slugify(&repository.owner, 40), repository.name))
    }

    /// The folder of a run; `None` when `run` is no run's id.
    pub(super) fn of_run(root: &Path, repository: &RepositoryRef, run: &str) -> Option<Self> {
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let valid = run.len() <= 64 && run.starts_with("run-") && run.chars().all(fine);
        valid.then(|| Self { path: Self::of_repository(root, repository).join(run) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the job that runs now works; always the same place, because tools write it into what they install.
    pub(super) fn job(&self) -> PathBuf {
        self.path.join("job")
    }

    /// Where each step of the job that runs now has a folder of its own, out of reach of the other steps.
    pub(super) fn steps(&self) -> PathBuf {
        self.path.join("steps")
    }

    /// Where installed dependencies wait for the next job.
    pub(super) fn reuse(&self) -> PathBuf {
        self.path.join("reuse")
    }

    pub(super) fn artifacts(&self) -> PathBuf {
        self.path.join("artifacts")
    }

    pub(super) fn log(&self, job: &str) -> PathBuf {
        self.path.join("logs").join(format!("{job}.log"))
    }

    /// What the steps of a job wrote for people, in Markdown.
    pub(super) fn summary(&self, job: &str) -> PathBuf {
        self.path.join("logs").join(format!("{job}.summary.md"))
    }

    fn record_file(&self) -> PathBuf {
        self.path.join("run.json")
    }

    fn mark_file(&self) -> PathBuf {
        self.path.join("mark")
    }

    /// A new mark for the processes of an attempt, kept for who takes it over should this process die.
    pub(super) fn mark_anew(&self) -> Result<String> {
        let mark = UuidGenerator.next_id();
        write_atomic(&self.mark_file(), mark.as_bytes())
            .map_err(|error| io_error("ci.record", "a run's mark can't be written", error))?;
        Ok(mark)
    }

    /// Ends what a process that died left running of this run. Whoever calls holds its lock.
    pub(super) fn end_leftovers(&self) -> Result<()> {
        match read_small(&self.mark_file(), MAX_MARK) {
            Ok(mark) if mark.is_empty() => Ok(()),
            Ok(mark) => {
                end_marked(&OsString::from_vec(mark));
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(io_error("ci.record", "a run's mark can't be read", error)),
        }
    }

    fn cancel_file(&self, attempt: u32) -> PathBuf {
        self.path.join(format!("cancel-{attempt}"))
    }

    pub(super) fn is_cancelled(&self, attempt: u32) -> bool {
        self.cancel_file(attempt).exists()
    }

    pub(super) fn ask_to_cancel(&self, attempt: u32) -> Result<()> {
        write_atomic(&self.cancel_file(attempt), b"")
            .map_err(|error| io_error("ci.cancel", "the wish to cancel can't be written", error))
    }

    /// The record, if there is one.
    pub(super) fn load(&self) -> Result<Option<RunRecord>> {
        let content = match read_small(&self.record_file(), MAX_RECORD) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_error("ci.record", "a run's record can't be read", error)),
        };
        let corrupt = |reason: String| {
            Error::new(ErrorKind::Corrupt, "ci.record", reason).with("file", self.record_file().display())
        };
        let record: RunRecord =
            serde_json::from_slice(&content).map_err(|error| corrupt(format!("no run's record: {error}")))?;
        if record.format != FORMAT {
            return Err(corrupt(format!("format {} is not known", record.format)));
        }
        Ok(Some(record))
    }

    /// Replaces the record.
    pub(super) fn save(&self, record: &RunRecord) -> Result<()> {
        let content = serde_json::to_vec_pretty(record).map_err(|error| {
            Error::new(ErrorKind::Internal, "ci.record", "a run does not serialize").caused_by(error)
        })?;
        write_atomic(&self.record_file(), &content)
            .map_err(|error| io_error("ci.record", "a run's record can't be written", error))
    }

    /// Takes the run; `None` when somebody works on it.
    pub(super) fn lock(&self) -> Result<Option<RunLock>> {
        let failed = |error| io_error("ci.record", "a run's folder can't be locked", error);
        fs::create_dir_all(&self.path).map_err(failed)?;
        let file =
            File::options().create(true).truncate(false).write(true).open(self.path.join("lock")).map_err(failed)?;
        for _ in 0..LOCK_TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(Some(RunLock { _file: file })),
                Err(TryLockError::WouldBlock) => wait_for_starts(),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        Ok(None)
    }

    /// Puts an attempt's record, logs and artifacts aside and clears what it left.
    pub(super) fn put_aside(&self, attempt: u32) -> Result<()> {
        let failed = |error| io_error("ci.record", "an earlier attempt can't be put aside", error);
        let aside = self.path.join("attempts").join(attempt.to_string());
        fs::create_dir_all(&aside).map_err(failed)?;
        for name in ["logs", "artifacts"] {
            let (source, target) = (self.path.join(name), aside.join(name));
            if source.exists() {
                remove_tree(&target).map_err(failed)?;
                fs::rename(source, target).map_err(failed)?;
            }
        }
        match fs::copy(self.record_file(), aside.join("run.json")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        }
    }

    /// Removes what a cut-off attempt left, so that it begins as if it never had.
    pub(super) fn discard(&self) -> Result<()> {
        for name in ["logs", "artifacts"] {
            remove_tree(&self.path.join(name))
                .map_err(|error| io_error("ci.record", "what a cut-off attempt left can't be removed", error))?;
        }
        Ok(())
    }

    /// Removes what only a running attempt needs.
    pub(super) fn clear(&self) -> Result<()> {
        for folder in [self.job(), self.steps(), self.reuse(), self.path.join("plan")] {
            remove_tree(&folder).map_err(|error| io_error("ci.record", "a job's folder can't be removed", error))?;
        }
        match fs::remove_file(self.mark_file()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(io_error("ci.record", "a run's mark can't be removed", error))
            }
            _ => Ok(()),
        }
    }

    /// A folder for finding out what the run needs.
    pub(super) fn plan(&self) -> PathBuf {
        self.path.join("plan")
    }
}

/// All runs of a repository that have a record.
pub(super) fn all(root: &Path, repository: &RepositoryRef) -> Result<Vec<RunRecord>> {
    let entries = match fs::read_dir(RunFolder::of_repository(root, repository)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io_error("ci.runs", "the runs can't be listed", error)),
    };
    let mut records = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| io_error("ci.runs", "the runs can't be listed", error))?;
        let name = entry.file_name();
        if let Some(folder) = name.to_str().and_then(|name| RunFolder::of_run(root, repository, name)) {
            records.extend(folder.load()?);
        }
    }
    Ok(records)
}
