//! Pull requests, reviews and merges.

use super::forward_port;
use crate::Result;
use crate::domain::{
    BranchName, CommitSha, IdempotencyKey, PullRequest, PullRequestStatus, RepositoryRef, ReviewVerdict,
};
use async_trait::async_trait;
use std::fmt::Debug;

/// A pull request that should exist.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PullRequestSpec {
    /// The branch to merge.
    pub head: BranchName,
    /// The branch to merge into.
    pub base: BranchName,
    /// Its title, one line.
    pub title: String,
    /// Its text in Markdown.
    pub body: String,
}

impl PullRequestSpec {
    /// A pull request of `head` into `base` without a text.
    #[must_use]
    pub fn new(head: BranchName, base: BranchName, title: impl Into<String>) -> Self {
        Self { head, base, title: title.into(), body: String::new() }
    }

    /// The same with this text in Markdown.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }
}

/// A review to record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReviewSpec {
    /// Who reviews; adapters with accounts of their own take the account they are signed in as.
    pub reviewer: String,
    /// The verdict.
    pub verdict: ReviewVerdict,
    /// The commit that was looked at.
    pub commit: CommitSha,
    /// What is said.
    pub comment: String,
}

impl ReviewSpec {
    /// A verdict on `commit` without a comment.
    #[must_use]
    pub fn new(reviewer: impl Into<String>, verdict: ReviewVerdict, commit: CommitSha) -> Self {
        Self { reviewer: reviewer.into(), verdict, commit, comment: String::new() }
    }

    /// The same with this said.
    #[must_use]
    pub fn with_comment(mut self, comment: impl Into<String>) -> Self {
        self.comment = comment.into();
        self
    }
}

/// A merge to make.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MergeSpec {
    /// The head commit that was reviewed; any other head is `Conflict`.
    pub expected_head: CommitSha,
    /// Title of the merge commit.
    pub title: String,
    /// Body of the merge commit.
    pub body: String,
    /// Who merges, and when.
    pub author: super::Signature,
}

impl MergeSpec {
    /// A merge of exactly this head, by `author`.
    #[must_use]
    pub fn new(expected_head: CommitSha, title: impl Into<String>, author: super::Signature) -> Self {
        Self { expected_head, title: title.into(), body: String::new(), author }
    }

    /// The same with this body of the merge commit.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }
}

/// What an adapter can do beyond the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReviewCapabilities {
    /// `review` works; otherwise people review elsewhere.
    pub records_reviews: bool,
    /// The host refuses merges that its own rules forbid.
    pub enforces_rules: bool,
}

impl ReviewCapabilities {
    /// States what the adapter can do.
    #[must_use]
    pub const fn new(records_reviews: bool, enforces_rules: bool) -> Self {
        Self { records_reviews, enforces_rules }
    }
}

/// Keeps pull requests.
///
/// Contract, checked by `testing::conformance::review_desk`:
/// - `open` is find-or-create by head branch: one pull request a branch; the text of a found open one is updated.
/// - `status` reports the head as it is now; its checks, with state and source, and no others; reviews oldest first; all
///   pages of both; `Mergeable::Unknown` where not computed.
/// - Each review says whether its reviewer may approve: `Unknown` where the host does not tell, and never `Yes` for a
///   stranger on a public repository. A review that was dismissed is `Dismissed`. The author of the pull request is
///   named, where there are accounts.
/// - `merge` makes a merge commit (`--no-ff`) only if the head is `expected_head`, else `Conflict`; merged already by
///   the same head returns the merge that was made.
/// - `comment` with the same key is made once.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait ReviewDesk: Debug + Send + Sync + 'static {
    /// What this adapter can do.
    fn capabilities(&self) -> ReviewCapabilities;

    /// The pull request of this head branch, opened if there is none.
    ///
    /// # Errors
    /// `NotFound` for a branch that isn't there; `InvalidInput` when head and base are the same.
    async fn open(
        &self,
        repository: &RepositoryRef,
        spec: &PullRequestSpec,
        key: &IdempotencyKey,
    ) -> Result<PullRequest>;

    /// Everything that decides about a merge, as of now.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt`, `Unavailable`.
    async fn status(&self, repository: &RepositoryRef, number: u64) -> Result<PullRequestStatus>;

    /// Adds a comment in Markdown.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied`, `Unavailable`.
    async fn comment(&self, repository: &RepositoryRef, number: u64, body: &str, key: &IdempotencyKey) -> Result<()>;

    /// Records a review.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when the pull request is not open; `Unsupported` where people review elsewhere.
    async fn review(
        &self,
        repository: &RepositoryRef,
        number: u64,
        spec: &ReviewSpec,
        key: &IdempotencyKey,
    ) -> Result<()>;

    /// Merges and returns the pull request as merged.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for another head, a closed pull request or conflicting changes; `PermissionDenied` where the
    /// host's rules forbid it.
    async fn merge(
        &self,
        repository: &RepositoryRef,
        number: u64,
        spec: &MergeSpec,
        key: &IdempotencyKey,
    ) -> Result<PullRequest>;

    /// Closes without a merge; fine when it is closed.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it is merged.
    async fn close(&self, repository: &RepositoryRef, number: u64, key: &IdempotencyKey) -> Result<PullRequest>;
}

forward_port!(ReviewDesk {
    fn capabilities(&self) -> ReviewCapabilities;
    async fn open(&self, repository: &RepositoryRef, spec: &PullRequestSpec, key: &IdempotencyKey) -> Result<PullRequest>;
    async fn status(&self, repository: &RepositoryRef, number: u64) -> Result<PullRequestStatus>;
    async fn comment(&self, repository: &RepositoryRef, number: u64, body: &str, key: &IdempotencyKey) -> Result<()>;
    async fn review(&self, repository: &RepositoryRef, number: u64, spec: &ReviewSpec, key: &IdempotencyKey) -> Result<()>;
    async fn merge(&self, repository: &RepositoryRef, number: u64, spec: &MergeSpec, key: &IdempotencyKey) -> Result<PullRequest>;
    async fn close(&self, repository: &RepositoryRef, number: u64, key: &IdempotencyKey) -> Result<PullRequest>;
});
