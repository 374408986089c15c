//! What CI said of commits, as files: the CI adapter writes them, the review desk reads them.

use crate::git::durable::{self, Lock, blocking};
use crate::git::failpoint;
use aipipe_core::domain::{CheckRun, CommitSha, RepositoryName};
use aipipe_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Check runs by repository and commit: `{root}/{repository}/{sha}.json`.
///
/// A file that can't be read as what was written is `Corrupt`, never "no checks".
///
/// ```
/// # use aipipe_adapters_local::checks::CheckStore;
/// # use aipipe_core::domain::{CheckName, CheckRun, CheckSource, CommitSha, Conclusion, RepositoryName, RunState};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let folder = tempfile::tempdir()?;
/// let checks = CheckStore::open(folder.path())?;
/// let repository = RepositoryName::parse("harbour-bikes")?;
/// let head_sha = CommitSha::parse("0123456789abcdef0123456789abcdef01234567")?;
/// let state = RunState::Completed(Conclusion::Success);
/// let source = CheckSource::App("lint-bot".to_owned());
/// let check = CheckRun::new(CheckName::parse("build")?, head_sha.clone(), state).with_source(source);
/// checks.record(&repository, vec![check.clone()]).await?;
/// assert_eq!(checks.for_commit(&repository, &head_sha).await?, [check]);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct CheckStore {
    root: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    head_sha: CommitSha,
    checks: Vec<CheckRun>,
}

impl CheckStore {
    /// Opens the folder and makes it if it isn't there.
    ///
    /// # Errors
    /// `PermissionDenied`, `StorageFull`, `InvalidInput` when `root` is a file.
    pub fn open(root: &Path) -> Result<Self> {
        durable::make_folder("checks.open", root)?;
        Ok(Self { root: root.to_owned() })
    }

    /// Records check runs, each for its own commit; one of the same name and source is replaced. Atomic per commit.
    ///
    /// # Errors
    /// `Corrupt` when what is there can't be read; `StorageFull`, `PermissionDenied`, `Busy`.
    pub async fn record(&self, repository: &RepositoryName, checks: Vec<CheckRun>) -> Result<()> {
        let (store, repository) = (self.clone(), repository.clone());
        blocking("checks.record", move || store.write(&repository, checks)).await
    }

    /// The check runs of a commit, by name; none when none were recorded.
    ///
    /// # Errors
    /// `Corrupt`, `PermissionDenied`.
    pub async fn for_commit(&self, repository: &RepositoryName, commit: &CommitSha) -> Result<Vec<CheckRun>> {
        let (store, repository, commit) = (self.clone(), repository.clone(), commit.clone());
        blocking("checks.for_commit", move || store.read(&repository, &commit)).await
    }

    fn file(&self, repository: &RepositoryName, commit: &CommitSha) -> PathBuf {
        self.root.join(repository.as_str()).join(format!("{commit}.json"))
    }

    pub(crate) fn write(&self, repository: &RepositoryName, checks: Vec<CheckRun>) -> Result<()> {
        const OPERATION: &str = "checks.record";
        let mut commits = BTreeMap::<CommitSha, Vec<CheckRun>>::new();
        for check in checks {
            commits.entry(check.head_sha.clone()).or_default().push(check);
        }
        let folder = self.root.join(repository.as_str());
        durable::make_folder(OPERATION, &folder)?;
        let _lock = Lock::take(OPERATION, &folder.join(".lock"))?;
        for (head_sha, new) in commits {
            let known = self.read(repository, &head_sha)?;
            let named = |check: CheckRun| ((check.name.clone(), check.source.clone()), check);
            let checks: BTreeMap<_, _> = known.into_iter().chain(new).map(named).collect();
            let file = File { format: 1, head_sha: head_sha.clone(), checks: checks.into_values().collect() };
            let json = serde_json::to_vec_pretty(&file).map_err(|error| {
                Error::new(ErrorKind::Internal, OPERATION, "checks do not serialize").caused_by(error)
            })?;
            durable::write_atomic(OPERATION, &self.file(repository, &head_sha), &json)?;
            failpoint!("checks.written");
        }
        Ok(())
    }

    pub(crate) fn read(&self, repository: &RepositoryName, commit: &CommitSha) -> Result<Vec<CheckRun>> {
        const OPERATION: &str = "checks.read";
        let path = self.file(repository, commit);
        let corrupt = |reason: &str| Error::new(ErrorKind::Corrupt, OPERATION, reason).with("path", path.display());
        let Some(content) = durable::read(OPERATION, &path)? else { return Ok(Vec::new()) };
        let file: File =
            serde_json::from_slice(&content).map_err(|error| corrupt("the checks can't be read").caused_by(error))?;
        if file.format != 1 {
            return Err(corrupt("the checks are of an unknown format"));
        }
        if file.head_sha != *commit || file.checks.iter().any(|check| check.head_sha != *commit) {
            return Err(corrupt("the checks are of another commit"));
        }
        Ok(file.checks)
    }
}
