//! What happens at the desk. Every operation holds the repository's lock at the desk from its first look to its last write.

use super::page;
use super::record::{Comment, KeyedReview, Record};
use super::shelf::{Access, Shelf};
use crate::checks::CheckStore;
use crate::git::{LocalGit, Merge, failpoint, find_before_create};
use aipipe_core::domain::{
    CheckRun, CommitSha, IdempotencyKey, MayApprove, Mergeable, PullRequest, PullRequestState, PullRequestStatus,
    RepositoryRef, Review,
};
use aipipe_core::ports::{Clock, MergeSpec, PullRequestSpec, ReviewSpec};
use aipipe_core::{Error, ErrorKind, Result};
use std::sync::Arc;

#[derive(Debug, Clone)]
pub(super) struct Desk {
    pub(super) shelf: Shelf,
    pub(super) git: LocalGit,
    pub(super) checks: CheckStore,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) instructions: String,
}

/// A pull request on the table: its record brought up to date with the git repository.
struct Open<'a> {
    operation: &'static str,
    repository: &'a RepositoryRef,
    access: Access,
    record: Record,
}

impl Desk {
    pub(super) fn open(
        &self,
        repository: &RepositoryRef,
        spec: &PullRequestSpec,
        key: &IdempotencyKey,
    ) -> Result<PullRequest> {
        const OPERATION: &str = "review.open";
        let invalid = |reason| Err(Error::new(ErrorKind::InvalidInput, OPERATION, reason));
        if spec.head == spec.base {
            return invalid("head and base are the same branch");
        }
        let title = spec.title.trim();
        if title.is_empty() || title.chars().any(char::is_control) {
            return invalid("the title must be one line of text");
        }
        let head_sha = self.branch(OPERATION, repository, &spec.head)?;
        let base_sha = self.branch(OPERATION, repository, &spec.base)?;

        let access = self.shelf.access(OPERATION, &repository.name)?;
        let known = access.load_all(OPERATION)?;
        let number = known.last().map_or(1, |last| last.number.saturating_add(1));
        if find_before_create()
            && let Some(found) = known.into_iter().rfind(|record| record.head == spec.head)
        {
            let mut open = Open { operation: OPERATION, repository, access, record: found };
            self.catch_up(&mut open)?;
            return self.retitle(open, spec, title);
        }
        let record = Record {
            format: 1,
            number,
            title: title.to_owned(),
            state: PullRequestState::Open,
            head: spec.head.clone(),
            base: spec.base.clone(),
            head_sha,
            merge_sha: None,
            base_sha,
            opened_at: self.clock.now(),
            opened_by_key: key.clone(),
            closed_by_key: None,
            reviews: Vec::new(),
            comments: Vec::new(),
            body: spec.body.clone(),
        };
        let checks = self.checks.read(&repository.name, &record.head_sha)?;
        let page = page::render(&record, &checks, &repository.location, &self.instructions);
        access.create(OPERATION, &record, &page)?;
        Ok(record.pull_request(repository, location(&access, number)))
    }

    /// Gives a found pull request the text it should have; one that is no longer open stays as it is.
    fn retitle(&self, mut open: Open<'_>, spec: &PullRequestSpec, title: &str) -> Result<PullRequest> {
        if open.record.state == PullRequestState::Open {
            if open.record.base != spec.base {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    open.operation,
                    "the branch's pull request goes into another branch",
                )
                .with("base", &open.record.base)
                .with("number", open.record.number));
            }
            if open.record.title != title || open.record.body != spec.body {
                title.clone_into(&mut open.record.title);
                open.record.body.clone_from(&spec.body);
                self.save(&open)?;
            }
        }
        self.show(&open)?;
        Ok(open.pull_request())
    }

    pub(super) fn status(&self, repository: &RepositoryRef, number: u64) -> Result<PullRequestStatus> {
        let open = self.take("review.status", repository, number)?;
        let checks = self.show(&open)?;
        let mergeable = match open.record.state {
            PullRequestState::Open if self.branch_exists(&open)? => {
                self.git.repositories().mergeable(&repository.name, &open.record.base, &open.record.head_sha)?
            }
            _ => Mergeable::Unknown,
        };
        let reviews = open.record.reviews.iter().map(|keyed| keyed.review.clone()).collect();
        Ok(PullRequestStatus::new(open.pull_request(), reviews, checks, mergeable))
    }

    pub(super) fn comment(
        &self,
        repository: &RepositoryRef,
        number: u64,
        body: String,
        key: IdempotencyKey,
    ) -> Result<()> {
        let mut open = self.take("review.comment", repository, number)?;
        if !find_before_create() || open.record.comments.iter().all(|comment| comment.key != key) {
            open.record.comments.push(Comment { key, at: self.clock.now(), body });
            self.save(&open)?;
        }
        self.show(&open).map(drop)
    }

    pub(super) fn review(
        &self,
        repository: &RepositoryRef,
        number: u64,
        spec: ReviewSpec,
        key: IdempotencyKey,
    ) -> Result<()> {
        const OPERATION: &str = "review.review";
        if spec.reviewer.trim().is_empty() || spec.reviewer.chars().any(char::is_control) {
            return Err(Error::new(ErrorKind::InvalidInput, OPERATION, "the reviewer must be one line of text"));
        }
        let mut open = self.take(OPERATION, repository, number)?;
        if !find_before_create() || open.record.reviews.iter().all(|known| known.key != key) {
            if open.record.state != PullRequestState::Open {
                return Err(Error::new(ErrorKind::Conflict, OPERATION, "the pull request is not open"));
            }
            let ReviewSpec { reviewer, verdict, commit, comment, .. } = spec;
            let review = Review::new(reviewer, verdict, commit, self.clock.now())
                .with_may_approve(MayApprove::Yes)
                .with_comment(comment);
            open.record.reviews.push(KeyedReview { key, review });
            self.save(&open)?;
        }
        self.show(&open).map(drop)
    }

    pub(super) fn merge(
        &self,
        repository: &RepositoryRef,
        number: u64,
        spec: &MergeSpec,
        key: &IdempotencyKey,
    ) -> Result<PullRequest> {
        const OPERATION: &str = "review.merge";
        // A merge that a crash kept out of the record is found here, as any other look at the pull request finds it.
        let mut open = self.take(OPERATION, repository, number)?;
        let conflict =
            |reason: &str| Error::new(ErrorKind::Conflict, OPERATION, reason).with("expected", &spec.expected_head);
        match open.record.state {
            PullRequestState::Merged if open.record.head_sha == spec.expected_head => {
                self.show(&open)?;
                return Ok(open.pull_request());
            }
            PullRequestState::Merged => {
                return Err(
                    conflict("the pull request was merged with another head").with("head", &open.record.head_sha)
                );
            }
            PullRequestState::Closed => return Err(conflict("the pull request is closed")),
            PullRequestState::Open => {}
        }
        if open.record.head_sha != spec.expected_head {
            return Err(
                conflict("the branch's head is not the one that was reviewed").with("head", &open.record.head_sha)
            );
        }
        let merge = Merge { repository: &repository.name, base: &open.record.base, head: &open.record.head };
        let merged = self.git.repositories().merge(merge, spec, key)?;
        failpoint!("review.merge.merged");
        open.record.state = PullRequestState::Merged;
        open.record.merge_sha = Some(merged);
        self.save(&open)?;
        self.show(&open)?;
        Ok(open.pull_request())
    }

    pub(super) fn close(&self, repository: &RepositoryRef, number: u64, key: IdempotencyKey) -> Result<PullRequest> {
        const OPERATION: &str = "review.close";
        let mut open = self.take(OPERATION, repository, number)?;
        match open.record.state {
            PullRequestState::Merged => {
                return Err(Error::new(ErrorKind::Conflict, OPERATION, "the pull request is merged"));
            }
            PullRequestState::Closed => {}
            PullRequestState::Open => {
                open.record.state = PullRequestState::Closed;
                open.record.closed_by_key = Some(key);
                self.save(&open)?;
            }
        }
        self.show(&open)?;
        Ok(open.pull_request())
    }

    fn take<'a>(&self, operation: &'static str, repository: &'a RepositoryRef, number: u64) -> Result<Open<'a>> {
        let access = self.shelf.access(operation, &repository.name)?;
        let record = access.load(operation, number)?;
        let mut open = Open { operation, repository, access, record };
        self.catch_up(&mut open)?;
        Ok(open)
    }

    /// Brings an open pull request's record up to date: where the head branch is, and whether it was merged.
    fn catch_up(&self, open: &mut Open<'_>) -> Result<()> {
        if open.record.state != PullRequestState::Open {
            return Ok(());
        }
        let (git, name) = (self.git.repositories(), &open.repository.name);
        let before = open.record.clone();
        if let Some(head) = git.branch_head(name, &open.record.head)? {
            open.record.head_sha = head;
        }
        if find_before_create()
            && let Some(merge) =
                git.find_merge(name, &open.record.base, &open.record.head_sha, &open.record.base_sha)?
        {
            open.record.state = PullRequestState::Merged;
            open.record.merge_sha = Some(merge);
        }
        if open.record == before { Ok(()) } else { self.save(open) }
    }

    fn save(&self, open: &Open<'_>) -> Result<()> {
        let page = self.page(open, &self.checks_of(open)?);
        open.access.update(open.operation, &open.record, &page)
    }

    /// Makes the page show what is so: a crash may have kept it from that, and checks arrive without the desk. Returns the checks.
    fn show(&self, open: &Open<'_>) -> Result<Vec<CheckRun>> {
        let checks = self.checks_of(open)?;
        open.access.show(open.operation, open.record.number, &self.page(open, &checks))?;
        Ok(checks)
    }

    fn page(&self, open: &Open<'_>, checks: &[CheckRun]) -> String {
        page::render(&open.record, checks, &open.repository.location, &self.instructions)
    }

    fn checks_of(&self, open: &Open<'_>) -> Result<Vec<CheckRun>> {
        self.checks.read(&open.repository.name, &open.record.head_sha)
    }

    fn branch(
        &self,
        operation: &'static str,
        repository: &RepositoryRef,
        branch: &aipipe_core::domain::BranchName,
    ) -> Result<CommitSha> {
        self.git
            .repositories()
            .branch_head(&repository.name, branch)?
            .ok_or_else(|| Error::new(ErrorKind::NotFound, operation, "there is no such branch").with("branch", branch))
    }

    fn branch_exists(&self, open: &Open<'_>) -> Result<bool> {
        Ok(self.git.repositories().branch_head(&open.repository.name, &open.record.head)?.is_some())
    }
}

impl Open<'_> {
    fn pull_request(&self) -> PullRequest {
        self.record.pull_request(self.repository, location(&self.access, self.record.number))
    }
}

fn location(access: &Access, number: u64) -> String {
    access.page(number).to_string_lossy().into_owned()
}
