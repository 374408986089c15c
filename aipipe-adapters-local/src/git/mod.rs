//! Source control in real git repositories: bare, on this machine, readable with the git command line.
//!
//! | file | idea |
//! |---|---|
//! | `repositories` | where repositories lie, whose they are, how one comes into being as a whole |
//! | `branch` | branches and the one way a reference moves |
//! | `tree` | trees as flat lists of checked paths |
//! | `commit` | a commit from changes, and how it is found again |
//! | `merge` | merges without a work tree |
//! | `objects` | how what is written reaches the disk: together |
//! | `pack_index` | damage that libgit2 would not survive |
//! | `export` | a commit's files in a folder |
//! | `durable`, `error` | whole-file writes and locks; the tables of error kinds |
//!
//! No git configuration of the user or the system has a say: author and time come with every request, and the settings
//! that matter are our own. A repository is opened for each operation, so a [`LocalGit`] may be shared by any number
//! of tasks; writers take turns by a lock per repository that holds between processes too.

mod branch;
mod commit;
pub(crate) mod durable;
pub(crate) mod error;
mod export;
mod merge;
mod objects;
mod pack_index;
mod repositories;
mod tree;

pub(crate) use merge::Merge;
pub(crate) use repositories::Repositories;

use aipipe_core::Result;
use aipipe_core::domain::{BranchName, CommitSha, ContentId, IdempotencyKey, RepoPath, RepositoryName, RepositoryRef};
use aipipe_core::ports::{CommitRequest, RepositorySpec, SourceControl, SourceControlCapabilities, TreeEntry};
use async_trait::async_trait;
use bytes::Bytes;
use durable::blocking;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Names a point at which the crash tests may end the process; nothing without the feature `failpoints`.
macro_rules! failpoint {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        aipipe_core::failpoint::hit($name);
    };
}
pub(crate) use failpoint;

/// Whether effects look before they create: always, but for the control run of the crash tests.
pub(crate) fn find_before_create() -> bool {
    #[cfg(feature = "failpoints")]
    return aipipe_core::failpoint::find_before_create();
    #[cfg(not(feature = "failpoints"))]
    true
}

/// Bare git repositories under one folder: `{root}/{name}.git`.
///
/// Cloning it is cheap; clones share the folder. Operations run on the blocking pool, and one that has begun runs to
/// its end even if its future is dropped.
///
/// Symbolic links and submodules (only people can put them into a tree) are kept by commits, never followed, and make
/// listing, reading and exporting that commit `Corrupt`: they can't be told as files.
///
/// ```
/// # use aipipe_adapters_local::git::LocalGit;
/// let folder = tempfile::tempdir()?;
/// let git = LocalGit::open(&folder.path().join("repositories"))?;
/// # let _ = git;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct LocalGit {
    repositories: Arc<Repositories>,
}

impl LocalGit {
    /// Opens the folder of repositories and makes it if it isn't there.
    ///
    /// # Errors
    /// `PermissionDenied`, `StorageFull`, `InvalidInput` when `root` is a file.
    pub fn open(root: &Path) -> Result<Self> {
        Ok(Self { repositories: Arc::new(Repositories::open(root)?) })
    }

    /// The folder of a repository, for a person or the git command line; whether it exists or not.
    #[must_use]
    pub fn path_of(&self, repository: &RepositoryName) -> PathBuf {
        self.repositories.path_of(repository)
    }

    /// Writes the files of a commit into `into`, which must be empty or not exist. No `.git` comes with them.
    ///
    /// # Errors
    /// `NotFound` for the repository or the commit; `AlreadyExists` when the folder is not empty;
    /// `Corrupt` for paths, links or submodules that are not files; `StorageFull`, `PermissionDenied`.
    pub async fn checkout(&self, repository: &RepositoryRef, commit: &CommitSha, into: &Path) -> Result<()> {
        let (commit, into) = (commit.clone(), into.to_owned());
        self.run("git.checkout", repository, move |git, name| git.export(name, &commit, &into)).await
    }

    pub(crate) fn repositories(&self) -> &Repositories {
        &self.repositories
    }

    async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        repository: &RepositoryRef,
        work: impl FnOnce(&Repositories, &RepositoryName) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (repositories, name) = (Arc::clone(&self.repositories), repository.name.clone());
        blocking(operation, move || work(&repositories, &name))
            .await
            .map_err(|error| error.with("repository", &repository.name))
    }
}

#[async_trait]
impl SourceControl for LocalGit {
    fn capabilities(&self) -> SourceControlCapabilities {
        SourceControlCapabilities::new(true, true)
    }

    fn content_id(&self, content: &[u8]) -> Option<ContentId> {
        tree::content_id(content)
    }

    #[tracing::instrument(level = "debug", skip_all, fields(repository = %spec.name))]
    async fn ensure_repository(&self, spec: &RepositorySpec, key: &IdempotencyKey) -> Result<RepositoryRef> {
        let (repositories, owned, key) = (Arc::clone(&self.repositories), spec.clone(), key.clone());
        blocking("git.ensure_repository", move || repositories.ensure(&owned, &key))
            .await
            .map_err(|error| error.with("repository", &spec.name))
    }

    #[tracing::instrument(level = "debug", skip_all, fields(repository = %repository.name, %branch))]
    async fn ensure_branch(
        &self,
        repository: &RepositoryRef,
        branch: &BranchName,
        from: &CommitSha,
        _key: &IdempotencyKey,
    ) -> Result<CommitSha> {
        let (owned, from) = (branch.clone(), from.clone());
        self.run("git.ensure_branch", repository, move |git, name| git.ensure_branch(name, &owned, &from))
            .await
            .map_err(|error| error.with("branch", branch))
    }

    #[tracing::instrument(level = "debug", skip_all, fields(repository = %repository.name, %branch))]
    async fn branch_head(&self, repository: &RepositoryRef, branch: &BranchName) -> Result<Option<CommitSha>> {
        let owned = branch.clone();
        self.run("git.branch_head", repository, move |git, name| git.branch_head(name, &owned))
            .await
            .map_err(|error| error.with("branch", branch))
    }

    #[tracing::instrument(level = "debug", skip_all, fields(repository = %repository.name, branch = %request.branch))]
    async fn commit(
        &self,
        repository: &RepositoryRef,
        request: &CommitRequest,
        key: &IdempotencyKey,
    ) -> Result<CommitSha> {
        let (owned, key) = (request.clone(), key.clone());
        self.run("git.commit", repository, move |git, name| git.commit(name, &owned, &key))
            .await
            .map_err(|error| error.with("branch", &request.branch))
    }

    #[tracing::instrument(level = "debug", skip_all, fields(repository = %repository.name, %commit))]
    async fn list_files(&self, repository: &RepositoryRef, commit: &CommitSha) -> Result<Vec<TreeEntry>> {
        let commit = commit.clone();
        self.run("git.list_files", repository, move |git, name| git.list_files(name, &commit)).await
    }

    #[tracing::instrument(level = "debug", skip_all, fields(repository = %repository.name, %commit, %path))]
    async fn read_file(&self, repository: &RepositoryRef, commit: &CommitSha, path: &RepoPath) -> Result<Bytes> {
        let (commit, path) = (commit.clone(), path.clone());
        self.run("git.read_file", repository, move |git, name| git.read_file(name, &commit, &path)).await
    }

    #[tracing::instrument(level = "debug", skip_all, fields(repository = %repository.name, %branch))]
    async fn delete_branch(&self, repository: &RepositoryRef, branch: &BranchName, expected: &CommitSha) -> Result<()> {
        let (owned, expected) = (branch.clone(), expected.clone());
        self.run("git.delete_branch", repository, move |git, name| git.delete_branch(name, &owned, &expected))
            .await
            .map_err(|error| error.with("branch", branch))
    }

    #[tracing::instrument(level = "debug", skip_all, fields(repository = %repository.name))]
    async fn delete_repository(&self, repository: &RepositoryRef, key: &IdempotencyKey) -> Result<()> {
        let key = key.clone();
        self.run("git.delete_repository", repository, move |git, name| git.delete(name, &key)).await
    }
}
