//! A review desk in memory.

use super::conformance::ReviewHooks;
use super::forge::{Commit, MemoryForge, Pull, Repository, Tree, missing, with_trailer};
use super::forge_ci::put_check;
use crate::domain::{
    CheckRun, CommitSha, IdempotencyKey, MayApprove, Mergeable, PullRequest, PullRequestState, PullRequestStatus,
    RepositoryRef, Review, ReviewVerdict, Timestamp,
};
use crate::ports::{MergeSpec, PullRequestSpec, ReviewCapabilities, ReviewDesk, ReviewSpec};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use std::collections::{BTreeSet, HashSet};

impl MemoryForge {
    /// Sets a check of a commit, as a CI of another make would.
    ///
    /// # Errors
    /// `NotFound` when there is no such repository.
    pub fn set_check(&self, repository: &RepositoryRef, check: CheckRun) -> Result<()> {
        self.with(repository, "check.set", |found| {
            put_check(&mut found.checks, check);
            Ok(())
        })
    }

    /// A pull request's text and comments.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn pull_request_text(&self, repository: &RepositoryRef, number: u64) -> Result<(String, Vec<String>)> {
        self.with(repository, "review.text", |found| {
            let pull = pull_of(found, number, "review.text")?;
            Ok((pull.body.clone(), pull.comments.clone()))
        })
    }
}

#[async_trait]
impl ReviewHooks for MemoryForge {
    async fn report_check(&self, repository: &RepositoryRef, check: &CheckRun) -> Result<()> {
        self.set_check(repository, check.clone())
    }

    async fn comments(&self, repository: &RepositoryRef, number: u64) -> Result<Vec<String>> {
        Ok(self.pull_request_text(repository, number)?.1)
    }

    async fn stranger_approves(&self, repository: &RepositoryRef, number: u64, commit: &CommitSha) -> Result<bool> {
        self.with(repository, "review.review", |found| {
            let pull = pull_of(found, number, "review.review")?;
            pull.reviews.push(Review {
                reviewer: "stranger".to_owned(),
                may_approve: MayApprove::No,
                verdict: ReviewVerdict::Approved,
                commit: commit.clone(),
                at: Timestamp::from_unix_millis(0),
                comment: String::new(),
            });
            Ok(true)
        })
    }
}

fn pull_of<'a>(repository: &'a mut Repository, number: u64, operation: &'static str) -> Result<&'a mut Pull> {
    repository
        .pulls
        .iter_mut()
        .find(|pull| pull.pull.number == number)
        .ok_or_else(|| missing(operation, "pull request").with("number", number))
}

fn conflict(operation: &'static str, message: &'static str) -> Error {
    Error::new(ErrorKind::Conflict, operation, message)
}

/// Merges file by file: what only one side changed is taken; what both changed differently is a conflict.
fn merge_trees(base: &Tree, ours: &Tree, theirs: &Tree) -> Option<Tree> {
    let paths: BTreeSet<_> = base.keys().chain(ours.keys()).chain(theirs.keys()).collect();
    let mut merged = Tree::new();
    for path in paths {
        let (was, left, right) = (base.get(path), ours.get(path), theirs.get(path));
        let kept = if left == right || right == was {
            left
        } else if left == was {
            right
        } else {
            return None;
        };
        if let Some(file) = kept {
            merged.insert(path.clone(), file.clone());
        }
    }
    Some(merged)
}

fn try_merge(found: &Repository, base: &CommitSha, head: &CommitSha) -> Option<Tree> {
    let ours: HashSet<_> = found.first_parents(base).into_iter().collect();
    let ancestor = found.first_parents(head).into_iter().find(|sha| ours.contains(sha))?;
    let tree = |sha: &CommitSha| found.commits.get(sha).map(|commit| &commit.tree);
    merge_trees(tree(&ancestor)?, tree(base)?, tree(head)?)
}

#[async_trait]
impl ReviewDesk for MemoryForge {
    fn capabilities(&self) -> ReviewCapabilities {
        ReviewCapabilities::new(true, false)
    }

    async fn open(
        &self,
        repository: &RepositoryRef,
        spec: &PullRequestSpec,
        key: &IdempotencyKey,
    ) -> Result<PullRequest> {
        if spec.head == spec.base {
            return Err(Error::new(ErrorKind::InvalidInput, "review.open", "head and base are the same branch"));
        }
        self.with(repository, "review.open", |found| {
            let branch = |name| found.branches.get(name).cloned();
            let head_sha =
                branch(&spec.head).ok_or_else(|| missing("review.open", "branch").with("branch", &spec.head))?;
            branch(&spec.base).ok_or_else(|| missing("review.open", "branch").with("branch", &spec.base))?;
            if let Some(pull) = found.pulls.iter_mut().find(|pull| pull.pull.head == spec.head) {
                if pull.pull.state == PullRequestState::Open {
                    pull.pull.title.clone_from(&spec.title);
                    pull.body.clone_from(&spec.body);
                    pull.pull.head_sha = head_sha;
                }
                return Ok(pull.pull.clone());
            }
            let number = found.pulls.len() as u64 + 1;
            let pull = PullRequest {
                number,
                repository: found.at.clone(),
                head: spec.head.clone(),
                head_sha,
                base: spec.base.clone(),
                title: spec.title.clone(),
                state: PullRequestState::Open,
                merge_sha: None,
                author: None,
                location: format!("{}/pull/{number}", found.at.location),
            };
            found.pulls.push(Pull {
                pull: pull.clone(),
                body: spec.body.clone(),
                reviews: Vec::new(),
                comments: Vec::new(),
                keys: HashSet::from([key.clone()]),
            });
            self.count("pull-request");
            Ok(pull)
        })
    }

    async fn status(&self, repository: &RepositoryRef, number: u64) -> Result<PullRequestStatus> {
        self.with(repository, "review.status", |found| {
            let (head, base, state) = {
                let pull = &pull_of(found, number, "review.status")?.pull;
                (pull.head.clone(), pull.base.clone(), pull.state)
            };
            let now = found.branches.get(&head).cloned();
            let mergeable = match (state, &now, found.branches.get(&base)) {
                (PullRequestState::Open, Some(head), Some(base)) => {
                    if try_merge(found, base, head).is_some() {
                        Mergeable::Yes
                    } else {
                        Mergeable::Conflicts
                    }
                }
                _ => Mergeable::Unknown,
            };
            let checks = found.checks.clone();
            let pull = pull_of(found, number, "review.status")?;
            if let (PullRequestState::Open, Some(now)) = (state, now) {
                pull.pull.head_sha = now;
            }
            let head_sha = pull.pull.head_sha.clone();
            Ok(PullRequestStatus {
                pull_request: pull.pull.clone(),
                reviews: pull.reviews.clone(),
                checks: checks.into_iter().filter(|check| check.head_sha == head_sha).collect(),
                mergeable,
            })
        })
    }

    async fn comment(&self, repository: &RepositoryRef, number: u64, body: &str, key: &IdempotencyKey) -> Result<()> {
        self.with(repository, "review.comment", |found| {
            let pull = pull_of(found, number, "review.comment")?;
            if pull.keys.insert(key.clone()) {
                pull.comments.push(body.to_owned());
                self.count("comment");
            }
            Ok(())
        })
    }

    async fn review(
        &self,
        repository: &RepositoryRef,
        number: u64,
        spec: &ReviewSpec,
        key: &IdempotencyKey,
    ) -> Result<()> {
        self.with(repository, "review.review", |found| {
            let pull = pull_of(found, number, "review.review")?;
            if pull.pull.state != PullRequestState::Open {
                return Err(conflict("review.review", "the pull request is not open"));
            }
            if pull.keys.insert(key.clone()) {
                pull.reviews.push(Review {
                    reviewer: spec.reviewer.clone(),
                    may_approve: MayApprove::Yes,
                    verdict: spec.verdict,
                    commit: spec.commit.clone(),
                    at: Timestamp::from_unix_millis(i64::try_from(pull.reviews.len()).unwrap_or(i64::MAX)),
                    comment: spec.comment.clone(),
                });
            }
            Ok(())
        })
    }

    async fn merge(
        &self,
        repository: &RepositoryRef,
        number: u64,
        spec: &MergeSpec,
        key: &IdempotencyKey,
    ) -> Result<PullRequest> {
        self.with(repository, "review.merge", |found| {
            let pull = pull_of(found, number, "review.merge")?.pull.clone();
            match pull.state {
                PullRequestState::Merged if pull.head_sha == spec.expected_head => return Ok(pull),
                PullRequestState::Merged => return Err(conflict("review.merge", "another head was merged")),
                PullRequestState::Closed => return Err(conflict("review.merge", "the pull request is closed")),
                PullRequestState::Open => {}
            }
            let branch = |name| found.branches.get(name).cloned().ok_or_else(|| missing("review.merge", "branch"));
            let (head, base) = (branch(&pull.head)?, branch(&pull.base)?);
            if head != spec.expected_head {
                return Err(conflict("review.merge", "the branch has another head").with("head", head));
            }
            let tree = try_merge(found, &base, &head)
                .ok_or_else(|| conflict("review.merge", "both sides changed the same file"))?;
            let message = with_trailer(&format!("{}\n\n{}", spec.title, spec.body), key);
            let who = format!("{} {}", spec.author.email, spec.author.at);
            let merge = found.add(Commit { parents: vec![base, head.clone()], tree, message }, &who)?;
            found.branches.insert(pull.base.clone(), merge.clone());
            let pull = &mut pull_of(found, number, "review.merge")?.pull;
            pull.state = PullRequestState::Merged;
            pull.head_sha = head;
            pull.merge_sha = Some(merge);
            let merged = pull.clone();
            self.count("merge");
            Ok(merged)
        })
    }

    async fn close(&self, repository: &RepositoryRef, number: u64, _key: &IdempotencyKey) -> Result<PullRequest> {
        self.with(repository, "review.close", |found| {
            let pull = &mut pull_of(found, number, "review.close")?.pull;
            if pull.state == PullRequestState::Merged {
                return Err(conflict("review.close", "the pull request is merged"));
            }
            pull.state = PullRequestState::Closed;
            Ok(pull.clone())
        })
    }
}
