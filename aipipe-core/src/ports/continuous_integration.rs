//! Runs of a repository's workflows.

use super::forward_port;
use crate::Result;
use crate::domain::{BranchName, CommitSha, IdempotencyKey, JobId, RepoPath, RepositoryRef, RunId, WorkflowRun};
use async_trait::async_trait;
use std::fmt::Debug;

/// Which runs: of this workflow and of this commit, never of another.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunSelector {
    /// The workflow's file.
    pub workflow: RepoPath,
    /// The commit.
    pub head_sha: CommitSha,
    /// The branch the commit is on.
    pub branch: BranchName,
}

impl RunSelector {
    /// The runs of `workflow` for the commit `head_sha`, which is on `branch`.
    #[must_use]
    pub fn new(workflow: RepoPath, head_sha: CommitSha, branch: BranchName) -> Self {
        Self { workflow, head_sha, branch }
    }
}

/// What an adapter can do beyond the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CiCapabilities {
    /// Runs start by themselves when a commit arrives; `ensure_run` then only finds them.
    pub starts_on_push: bool,
    /// How steps are kept from the rest of the machine, such as `bubblewrap` or `GitHub-hosted runner`; `None` when they are not.
    pub isolation: Option<String>,
}

impl CiCapabilities {
    /// States what the adapter can do.
    #[must_use]
    pub const fn new(starts_on_push: bool, isolation: Option<String>) -> Self {
        Self { starts_on_push, isolation }
    }
}

/// Runs workflows and tells how it went.
///
/// Contract, checked by `testing::conformance::continuous_integration`:
/// - `runs` returns runs of exactly that workflow and commit, newest first.
/// - `ensure_run` is find-or-create by its key, or only finds where runs start by themselves. It may return before the
///   run ended.
/// - A job runs after those it needs, and is `Skipped` when one of them failed.
/// - A failing step makes its job and the run a `Failure`. A step that can't be executed makes its job fail, or is
///   `Unsupported`; it is never skipped silently.
/// - `cancel` ends a running run as `Cancelled`, and changes nothing of an ended one.
/// - `rerun` makes each attempt once, whoever asks how often.
/// - Unknown states are `Pending`; a run's isolation is `Unknown` unless the adapter knows it of that very run.
///
/// A run that a crash cut off in an adapter that runs workflows itself is started again under the same id and attempt
/// number, for its result was never seen; the suite can't crash an adapter, so its author has to test that.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait ContinuousIntegration: Debug + Send + Sync + 'static {
    /// What this adapter can do.
    fn capabilities(&self) -> CiCapabilities;

    /// The runs selected, newest first.
    ///
    /// # Errors
    /// `NotFound` when the repository does not exist; `Corrupt`, `Unavailable`.
    async fn runs(&self, repository: &RepositoryRef, selector: &RunSelector) -> Result<Vec<WorkflowRun>>;

    /// The run of this key; started, where runs don't start by themselves. `None` while it hasn't appeared yet.
    ///
    /// # Errors
    /// `NotFound` for a repository or a commit that does not exist; `Unsupported` when the workflow needs something this
    /// machine does not have (`node not found`); `InvalidInput` when the workflow can't be read; `Unavailable`.
    async fn ensure_run(
        &self,
        repository: &RepositoryRef,
        selector: &RunSelector,
        key: &IdempotencyKey,
    ) -> Result<Option<WorkflowRun>>;

    /// The last lines of a job's log that fit into `max_bytes`.
    ///
    /// # Errors
    /// `NotFound` when there is no such run or job, or the log is gone.
    async fn log_tail(&self, repository: &RepositoryRef, run: &RunId, job: &JobId, max_bytes: usize) -> Result<String>;

    /// Ends a run; fine when it has ended. May return before everything of it has ended.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    async fn cancel(&self, repository: &RepositoryRef, run: &RunId) -> Result<()>;

    /// The run at this attempt or a later one; the attempt is begun when it is the next one of a run that has ended.
    ///
    /// Asking again for the same attempt finds it, so the number is what makes a re-run one re-run. May return before
    /// the attempt has ended.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when the attempt before has not ended; `InvalidInput` for an attempt further ahead.
    async fn rerun(&self, repository: &RepositoryRef, run: &RunId, attempt: u32) -> Result<WorkflowRun>;
}

forward_port!(ContinuousIntegration {
    fn capabilities(&self) -> CiCapabilities;
    async fn runs(&self, repository: &RepositoryRef, selector: &RunSelector) -> Result<Vec<WorkflowRun>>;
    async fn ensure_run(&self, repository: &RepositoryRef, selector: &RunSelector, key: &IdempotencyKey) -> Result<Option<WorkflowRun>>;
    async fn log_tail(&self, repository: &RepositoryRef, run: &RunId, job: &JobId, max_bytes: usize) -> Result<String>;
    async fn cancel(&self, repository: &RepositoryRef, run: &RunId) -> Result<()>;
    async fn rerun(&self, repository: &RepositoryRef, run: &RunId, attempt: u32) -> Result<WorkflowRun>;
});
