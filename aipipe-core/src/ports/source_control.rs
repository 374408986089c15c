//! Repositories, branches and commits.

use super::forward_port;
use crate::Result;
use crate::domain::{
    BranchName, CommitSha, ContentId, IdempotencyKey, RepoPath, RepositoryName, RepositoryRef, Timestamp,
};
use async_trait::async_trait;
use bytes::Bytes;
use std::fmt::Debug;

/// The repository that should exist.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepositorySpec {
    /// Its name.
    pub name: RepositoryName,
    /// One line about it.
    pub description: String,
    /// The branch merges go to.
    pub default_branch: BranchName,
    /// Who makes the first, empty commit, and when.
    pub author: Signature,
    /// Whether strangers may read it; private unless the host says otherwise.
    pub visibility: Visibility,
}

impl RepositorySpec {
    /// A private repository.
    #[must_use]
    pub fn new(name: RepositoryName, default_branch: BranchName, author: Signature) -> Self {
        Self { name, description: String::new(), default_branch, author, visibility: Visibility::Private }
    }

    /// The same, readable for these.
    #[must_use]
    pub fn with_visibility(mut self, visibility: Visibility) -> Self {
        self.visibility = visibility;
        self
    }

    /// The same with a description.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }
}

/// Who may read a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// Members only.
    Private,
    /// Everybody.
    Public,
}

/// Who made a commit, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Name, without `<`, `>` and control characters.
    pub name: String,
    /// E-mail address, without `<`, `>` and control characters.
    pub email: String,
    /// When, kept to the second, in UTC.
    pub at: Timestamp,
}

/// A change of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileChange {
    /// Makes or replaces it.
    Put {
        /// The file.
        path: RepoPath,
        /// Its content.
        content: Bytes,
        /// Whether it is marked executable.
        executable: bool,
    },
    /// Removes it; `Conflict` when it is not there.
    Delete {
        /// The file.
        path: RepoPath,
    },
}

/// A commit that should exist on a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommitRequest {
    /// The branch.
    pub branch: BranchName,
    /// The branch's head this commit goes on.
    pub parent: CommitSha,
    /// The changes against the parent; at least one.
    pub changes: Vec<FileChange>,
    /// Title, empty line, body; the adapter adds the trailer [`KEY_TRAILER`].
    pub message: String,
    /// Author and committer.
    pub author: Signature,
}

impl CommitRequest {
    /// A commit of `changes` on `parent`, the head of `branch`.
    #[must_use]
    pub fn new(
        branch: BranchName,
        parent: CommitSha,
        changes: Vec<FileChange>,
        message: impl Into<String>,
        author: Signature,
    ) -> Self {
        Self { branch, parent, changes, message: message.into(), author }
    }
}

/// The trailer by which a commit is found again.
pub const KEY_TRAILER: &str = "Aipipe-Key";

/// A file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TreeEntry {
    /// The file.
    pub path: RepoPath,
    /// Whether it is marked executable.
    pub executable: bool,
    /// Its length in bytes, where the adapter knows without reading it.
    pub bytes: Option<u64>,
    /// What its content is called, where the adapter knows without reading it.
    pub content_id: Option<ContentId>,
}

impl TreeEntry {
    /// A file; `bytes` where the adapter knows its length without reading it.
    #[must_use]
    pub fn new(path: RepoPath, executable: bool, bytes: Option<u64>) -> Self {
        Self { path, executable, bytes, content_id: None }
    }

    /// The same of an adapter that knows what its content is called.
    #[must_use]
    pub fn with_content_id(mut self, content_id: ContentId) -> Self {
        self.content_id = Some(content_id);
        self
    }
}

/// What an adapter can do beyond the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceControlCapabilities {
    /// The same commit request always gives the same sha.
    pub reproducible_shas: bool,
    /// Repositories can be deleted.
    pub delete_repository: bool,
}

impl SourceControlCapabilities {
    /// States what the adapter can do.
    #[must_use]
    pub const fn new(reproducible_shas: bool, delete_repository: bool) -> Self {
        Self { reproducible_shas, delete_repository }
    }
}

/// Keeps repositories.
///
/// Contract, checked by `testing::conformance::source_control`:
/// - Everything that makes something is find-or-create by its key: repeated, it returns what it made, and nothing is made twice.
/// - `ensure_repository` with a name that somebody else's key made is `AlreadyExists`: never commit into a stranger's repository.
/// - A commit is atomic; it is made only if the branch's head is `parent` (else `Conflict`), unless a commit with its
///   key is on the branch already, which is then returned.
/// - An empty repository has one commit without files on its default branch, so that branches have a base.
/// - `content_id` computes what `list_files` reports as a file's `content_id`, so that equality needs no read.
/// - Read paths that are not valid [`RepoPath`]s are `Corrupt`, never skipped.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait SourceControl: Debug + Send + Sync + 'static {
    /// What this adapter can do.
    fn capabilities(&self) -> SourceControlCapabilities;

    /// What a file of this content is called in [`TreeEntry::content_id`]; `None` where contents have no ids.
    ///
    /// Computed from the content alone, without the repository.
    fn content_id(&self, content: &[u8]) -> Option<ContentId>;

    /// The repository of this key, made if it isn't there.
    ///
    /// # Errors
    /// `AlreadyExists`, `PermissionDenied`, `StorageFull`, `Unavailable`.
    async fn ensure_repository(&self, spec: &RepositorySpec, key: &IdempotencyKey) -> Result<RepositoryRef>;

    /// The branch's head; the branch is made at `from` if it isn't there.
    ///
    /// # Errors
    /// `NotFound` when the repository or `from` does not exist.
    async fn ensure_branch(
        &self,
        repository: &RepositoryRef,
        branch: &BranchName,
        from: &CommitSha,
        key: &IdempotencyKey,
    ) -> Result<CommitSha>;

    /// The branch's head, if there is such a branch.
    ///
    /// # Errors
    /// `NotFound` when the repository does not exist.
    async fn branch_head(&self, repository: &RepositoryRef, branch: &BranchName) -> Result<Option<CommitSha>>;

    /// The commit of this key on the branch, made if it isn't there.
    ///
    /// # Errors
    /// `Conflict` when the head is not the parent; `InvalidInput` for no changes; `NotFound` for no branch.
    async fn commit(
        &self,
        repository: &RepositoryRef,
        request: &CommitRequest,
        key: &IdempotencyKey,
    ) -> Result<CommitSha>;

    /// All files of a commit, in order of their paths.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt`.
    async fn list_files(&self, repository: &RepositoryRef, commit: &CommitSha) -> Result<Vec<TreeEntry>>;

    /// A file of a commit.
    ///
    /// # Errors
    /// `NotFound`.
    async fn read_file(&self, repository: &RepositoryRef, commit: &CommitSha, path: &RepoPath) -> Result<Bytes>;

    /// Removes a branch if its head is `expected`; fine when there is none.
    ///
    /// # Errors
    /// `Conflict` when somebody moved it.
    async fn delete_branch(&self, repository: &RepositoryRef, branch: &BranchName, expected: &CommitSha) -> Result<()>;

    /// Removes a repository this key made (rollback); fine when there is none.
    ///
    /// # Errors
    /// `PermissionDenied` when another key made it; `Unsupported`.
    async fn delete_repository(&self, repository: &RepositoryRef, key: &IdempotencyKey) -> Result<()>;
}

forward_port!(SourceControl {
    fn capabilities(&self) -> SourceControlCapabilities;
    fn content_id(&self, content: &[u8]) -> Option<ContentId>;
    async fn ensure_repository(&self, spec: &RepositorySpec, key: &IdempotencyKey) -> Result<RepositoryRef>;
    async fn ensure_branch(&self, repository: &RepositoryRef, branch: &BranchName, from: &CommitSha, key: &IdempotencyKey) -> Result<CommitSha>;
    async fn branch_head(&self, repository: &RepositoryRef, branch: &BranchName) -> Result<Option<CommitSha>>;
    async fn commit(&self, repository: &RepositoryRef, request: &CommitRequest, key: &IdempotencyKey) -> Result<CommitSha>;
    async fn list_files(&self, repository: &RepositoryRef, commit: &CommitSha) -> Result<Vec<TreeEntry>>;
    async fn read_file(&self, repository: &RepositoryRef, commit: &CommitSha, path: &RepoPath) -> Result<Bytes>;
    async fn delete_branch(&self, repository: &RepositoryRef, branch: &BranchName, expected: &CommitSha) -> Result<()>;
    async fn delete_repository(&self, repository: &RepositoryRef, key: &IdempotencyKey) -> Result<()>;
});
