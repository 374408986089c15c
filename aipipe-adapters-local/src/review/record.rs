//! What is kept of a pull request.

use aipipe_core::domain::{
    BranchName, CommitSha, IdempotencyKey, PullRequest, PullRequestState, RepositoryRef, Review, Timestamp,
};
use serde::{Deserialize, Serialize};

/// The content of `pull-request.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// The file's format: 1.
    pub(super) format: u32,
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) state: PullRequestState,
    pub(super) head: BranchName,
    pub(super) base: BranchName,
    /// The head branch's commit when it was last looked at; for good, once merged or closed.
    pub(super) head_sha: CommitSha,
    pub(super) merge_sha: Option<CommitSha>,
    /// Where the base branch was when it was opened.
    pub(super) base_sha: CommitSha,
    pub(super) opened_at: Timestamp,
    pub(super) opened_by_key: IdempotencyKey,
    pub(super) closed_by_key: Option<IdempotencyKey>,
    pub(super) reviews: Vec<KeyedReview>,
    pub(super) comments: Vec<Comment>,
    pub(super) body: String,
}

/// A review and the request that recorded it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyedReview {
    pub(super) key: IdempotencyKey,
    pub(super) review: Review,
}

/// A comment and the request that made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Comment {
    pub(super) key: IdempotencyKey,
    pub(super) at: Timestamp,
    pub(super) body: String,
}

impl Record {
    /// The pull request as the port tells it.
    pub(super) fn pull_request(&self, repository: &RepositoryRef, location: String) -> PullRequest {
        let head = (self.head.clone(), self.head_sha.clone());
        let (base, title) = (self.base.clone(), self.title.clone());
        // Without an author: the desk has no accounts, and whoever can write to it speaks for whom they name.
        let mut pull_request = PullRequest::new(self.number, repository.clone(), head, base, title, location);
        pull_request.state = self.state;
        pull_request.merge_sha.clone_from(&self.merge_sha);
        pull_request
    }
}
