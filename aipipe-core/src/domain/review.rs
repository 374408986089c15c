//! Stage 7's vocabulary: the pull request, its review, its merge.

use super::artifact::Stored;
use super::build::{BuildReport, RepositoryRef, RunState, UnchangedBase};
use super::id::{BranchName, CheckName, CommitSha};
use super::path::{ProjectRoot, RepoPath};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who decides on the merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewPolicy {
    /// A person approves the head commit; all required checks must have succeeded as well.
    Human,
    /// Merged as soon as every required check of the head commit succeeded.
    Automated,
}

/// A pull request's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PullRequestState {
    /// It can still be merged.
    Open,
    /// It was merged.
    Merged,
    /// It was closed without a merge.
    Closed,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PullRequest {
    /// Its number within the repository.
    pub number: u64,
    /// The repository.
    pub repository: RepositoryRef,
    /// The branch to merge.
    pub head: BranchName,
    /// That branch's head commit.
    pub head_sha: CommitSha,
    /// The branch to merge into.
    pub base: BranchName,
    /// Its title.
    pub title: String,
    /// Its state.
    pub state: PullRequestState,
    /// The merge commit, once merged.
    pub merge_sha: Option<CommitSha>,
    /// The account that opened it, where the desk has accounts; its own reviews approve nothing.
    #[serde(default)]
    pub author: Option<String>,
    /// Where a person finds it: a URL or a path.
    pub location: String,
}

impl PullRequest {
    /// An open pull request of `head`, at the commit `head_sha`, into `base`.
    #[must_use]
    pub fn new(
        number: u64,
        repository: RepositoryRef,
        (head, head_sha): (BranchName, CommitSha),
        base: BranchName,
        title: impl Into<String>,
        location: impl Into<String>,
    ) -> Self {
        Self {
            number,
            repository,
            head,
            head_sha,
            base,
            title: title.into(),
            state: PullRequestState::Open,
            merge_sha: None,
            author: None,
            location: location.into(),
        }
    }

    /// The same, opened by this account.
    #[must_use]
    pub fn with_author(mut self, author: impl Into<String>) -> Self {
        self.author = Some(author.into());
        self
    }
}

/// What a reviewer decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewVerdict {
    /// Merge it.
    Approved,
    /// Not like this.
    ChangesRequested,
    /// Neither.
    Commented,
    /// An earlier verdict was taken back.
    Dismissed,
}

/// Whether a reviewer's approval counts, as far as the host knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MayApprove {
    /// The host lets this reviewer approve changes of the repository.
    Yes,
    /// It does not: a stranger on a public repository, for one.
    No,
    /// It does not say: never a yes.
    #[default]
    Unknown,
}

/// A review of one commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Review {
    /// Who reviewed.
    pub reviewer: String,
    /// Whether an approval of this reviewer counts.
    #[serde(default)]
    pub may_approve: MayApprove,
    /// The verdict.
    pub verdict: ReviewVerdict,
    /// The commit that was looked at.
    pub commit: CommitSha,
    /// When.
    pub at: Timestamp,
    /// What was said.
    pub comment: String,
}

impl Review {
    /// A verdict on a commit without a comment; whether an approval counts is not known.
    #[must_use]
    pub fn new(reviewer: impl Into<String>, verdict: ReviewVerdict, commit: CommitSha, at: Timestamp) -> Self {
        let may_approve = MayApprove::default();
        Self { reviewer: reviewer.into(), may_approve, verdict, commit, at, comment: String::new() }
    }

    /// The same of a reviewer of whom the host knows whether an approval counts.
    #[must_use]
    pub fn with_may_approve(mut self, may_approve: MayApprove) -> Self {
        self.may_approve = may_approve;
        self
    }

    /// The same with this said.
    #[must_use]
    pub fn with_comment(mut self, comment: impl Into<String>) -> Self {
        self.comment = comment.into();
        self
    }
}

/// Who reported a check.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckSource {
    /// A run of this workflow file of the repository.
    Workflow(RepoPath),
    /// An application of this name.
    App(String),
    /// The host does not say.
    #[default]
    Unknown,
}

/// A check that must have succeeded before a merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequiredCheck {
    /// Its name.
    pub name: CheckName,
    /// Who must have reported it; anybody when `None`.
    pub source: Option<CheckSource>,
}

/// A check of one commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckRun {
    /// Its name.
    pub name: CheckName,
    /// Who reported it.
    #[serde(default)]
    pub source: CheckSource,
    /// The commit.
    pub head_sha: CommitSha,
    /// Where it stands.
    pub state: RunState,
}

impl CheckRun {
    /// A check of `head_sha` that stands at `state`; who reported it is not known.
    #[must_use]
    pub fn new(name: CheckName, head_sha: CommitSha, state: RunState) -> Self {
        Self { name, source: CheckSource::default(), head_sha, state }
    }

    /// The same, reported by this source.
    #[must_use]
    pub fn with_source(mut self, source: CheckSource) -> Self {
        self.source = source;
        self
    }
}

/// Whether a merge would work, as far as the host knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mergeable {
    /// It would.
    Yes,
    /// It would not.
    Conflicts,
    /// Not computed yet: never a yes.
    Unknown,
}

/// Everything that decides about a merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PullRequestStatus {
    /// The pull request as it is now.
    pub pull_request: PullRequest,
    /// All reviews, oldest first.
    pub reviews: Vec<Review>,
    /// All checks of the head commit.
    pub checks: Vec<CheckRun>,
    /// Whether a merge would work.
    pub mergeable: Mergeable,
}

impl PullRequestStatus {
    /// A pull request with all its reviews and all checks of its head.
    #[must_use]
    pub fn new(pull_request: PullRequest, reviews: Vec<Review>, checks: Vec<CheckRun>, mergeable: Mergeable) -> Self {
        Self { pull_request, reviews, checks, mergeable }
    }
}

/// Stage 7's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReviewOutcome {
    /// The pull request was merged or closed.
    Ended(EndedReview),
    /// There was nothing to review: the base has all of it already. There is no pull request.
    Unchanged(UnchangedBase),
}

impl ReviewOutcome {
    /// The review that ended, if there was anything to review.
    #[must_use]
    pub fn ended(&self) -> Option<&EndedReview> {
        match self {
            Self::Ended(review) => Some(review),
            Self::Unchanged(_) => None,
        }
    }
}

impl fmt::Display for ReviewOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(review) => {
                let state = match review.pull_request.state {
                    PullRequestState::Open => "open",
                    PullRequestState::Merged => "merged",
                    PullRequestState::Closed => "closed",
                };
                write!(f, "{state}: {}", review.decision)
            }
            Self::Unchanged(base) => write!(f, "nothing changed: {} at {} has it", base.base, base.head.short()),
        }
    }
}

/// A review that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EndedReview {
    /// The project and day.
    pub root: ProjectRoot,
    /// What was reviewed.
    pub build: Stored<BuildReport>,
    /// The pull request, merged or closed.
    pub pull_request: PullRequest,
    /// Who decided.
    pub policy: ReviewPolicy,
    /// Why it was merged or closed.
    pub decision: String,
}
