//! The suite of [`ReviewDesk`].

use super::source::{make, put, request};
use super::{Applied, Check, Report, author, ensure, fails_with, key, main_branch, path};
use crate::ErrorKind;
use crate::domain::{
    BranchName, CheckName, CheckRun, CheckSource, CommitSha, Conclusion, MayApprove, Mergeable, PullRequest,
    PullRequestState, RepositoryRef, Review, ReviewVerdict, RunState,
};
use crate::ports::{MergeSpec, PullRequestSpec, ReviewDesk, ReviewSpec, SourceControl};
use async_trait::async_trait;
use std::fmt::Debug;
use std::sync::Arc;

type Desk = Arc<dyn ReviewDesk>;
type Source = Arc<dyn SourceControl>;

/// What the suite of [`ReviewDesk`] can't do through the port; the adapter's author does it.
#[async_trait]
pub trait ReviewHooks: Debug + Send + Sync {
    /// Has a check reported for its commit, as CI would.
    async fn report_check(&self, repository: &RepositoryRef, check: &CheckRun) -> crate::Result<()>;

    /// The comments of a pull request as people see them, oldest first.
    async fn comments(&self, repository: &RepositoryRef, number: u64) -> crate::Result<Vec<String>>;

    /// Has somebody who may not approve do so; `false` on a desk where everybody who gets at it may: what is said of
    /// strangers is skipped then.
    async fn stranger_approves(
        &self,
        repository: &RepositoryRef,
        number: u64,
        commit: &CommitSha,
    ) -> crate::Result<bool>;
}

/// Checks a [`ReviewDesk`] against its contract, on repositories of `source`.
pub async fn review_desk(desk: &Desk, source: &Source, hooks: &dyn ReviewHooks) -> Report {
    let mut report = Report::new("ReviewDesk");
    report.check("a branch has one pull request, whose text can be updated", opened_once(desk, source)).await;
    report.check("head and base must differ and exist", bad_branches(desk, source)).await;
    report.check("status reports the head as it is now", current_head(desk, source)).await;
    report.check("reviews are recorded once, with their commit", reviews(desk, source)).await;
    report
        .check_where_it_applies("a review says whether its reviewer may approve", said_who_may(desk, source, hooks))
        .await;
    report.check_where_it_applies("a stranger may not approve", strangers(desk, source, hooks)).await;
    report
        .check("checks of the head are reported, with state and source, and no others", checks(desk, source, hooks))
        .await;
    report.check("a comment with the same key is made once", comments(desk, source, hooks)).await;
    report.check("a merge happens at the expected head only", pinned_merge(desk, source)).await;
    report.check("a merge is made once and brings both sides together", merges(desk, source)).await;
    report.check("conflicting changes are reported and not merged", conflicts(desk, source)).await;
    report.check("a closed pull request stays closed", closes(desk, source)).await;
    report.check("absent pull requests are not found", absent(desk, source)).await;
    report
}

struct Case {
    repository: RepositoryRef,
    base: CommitSha,
    branch: BranchName,
    head: CommitSha,
}

async fn case(source: &Source, name: &str) -> Check<Case> {
    let (repository, base) = make(source, name).await?;
    let branch = BranchName::parse(format!("aipipe/{name}"))?;
    source.ensure_branch(&repository, &branch, &base, &key(&format!("{name}-branch"))?).await?;
    let change = request(&branch, &base, vec![put("feature.txt", "feature")?]);
    let head = source.commit(&repository, &change, &key(&format!("{name}-1"))?).await?;
    Ok(Case { repository, base, branch, head })
}

fn spec(case: &Case, title: &str) -> PullRequestSpec {
    PullRequestSpec {
        head: case.branch.clone(),
        base: main_branch(),
        title: title.to_owned(),
        body: "What and why.".to_owned(),
    }
}

async fn open(desk: &Desk, case: &Case, name: &str) -> Check<PullRequest> {
    Ok(desk.open(&case.repository, &spec(case, "A title"), &key(&format!("{name}-open"))?).await?)
}

fn merge_spec(head: &CommitSha) -> MergeSpec {
    MergeSpec { expected_head: head.clone(), title: "Merge".to_owned(), body: String::new(), author: author() }
}

async fn opened_once(desk: &Desk, source: &Source) -> Check {
    let case = case(source, "review-open").await?;
    let first = open(desk, &case, "review-open").await?;
    ensure!(first.state == PullRequestState::Open && first.head_sha == case.head, "opened as {first:?}");
    let again = desk.open(&case.repository, &spec(&case, "Another title"), &key("review-open-2")?).await?;
    ensure!(again.number == first.number, "a second pull request was opened");
    let status = desk.status(&case.repository, first.number).await?;
    ensure!(status.pull_request.title == "Another title", "the title is {:?}", status.pull_request.title);
    Ok(())
}

async fn bad_branches(desk: &Desk, source: &Source) -> Check {
    let case = case(source, "review-bad").await?;
    let same = PullRequestSpec { head: main_branch(), ..spec(&case, "x") };
    fails_with(desk.open(&case.repository, &same, &key("review-bad-1")?).await, ErrorKind::InvalidInput)?;
    let nowhere = PullRequestSpec { head: BranchName::parse("nowhere")?, ..spec(&case, "x") };
    fails_with(desk.open(&case.repository, &nowhere, &key("review-bad-2")?).await, ErrorKind::NotFound)
}

async fn current_head(desk: &Desk, source: &Source) -> Check {
    let case = case(source, "review-head").await?;
    let pull = open(desk, &case, "review-head").await?;
    let more = request(&case.branch, &case.head, vec![put("more.txt", "more")?]);
    let head = source.commit(&case.repository, &more, &key("review-head-2")?).await?;
    let status = desk.status(&case.repository, pull.number).await?;
    ensure!(status.pull_request.head_sha == head, "the head is reported as {}", status.pull_request.head_sha);
    ensure!(status.mergeable != Mergeable::Conflicts, "conflicts are reported where there are none");
    Ok(())
}

async fn reviews(desk: &Desk, source: &Source) -> Check {
    let case = case(source, "review-reviews").await?;
    let pull = open(desk, &case, "review-reviews").await?;
    let review = ReviewSpec {
        reviewer: "reviewer".to_owned(),
        verdict: ReviewVerdict::Approved,
        commit: case.head.clone(),
        comment: "fine".to_owned(),
    };
    let key = key("review-reviews-1")?;
    if !desk.capabilities().records_reviews {
        let result = desk.review(&case.repository, pull.number, &review, &key).await;
        return fails_with(result, ErrorKind::Unsupported);
    }
    for _ in 0..2 {
        desk.review(&case.repository, pull.number, &review, &key).await?;
    }
    let status = desk.status(&case.repository, pull.number).await?;
    ensure!(status.reviews.len() == 1, "{} reviews", status.reviews.len());
    let approved = status.reviews.first().is_some_and(|review| {
        review.verdict == ReviewVerdict::Approved && review.commit == case.head && review.reviewer == "reviewer"
    });
    ensure!(approved, "came back as {:?}", status.reviews);
    Ok(())
}

async fn said_who_may(desk: &Desk, source: &Source, hooks: &dyn ReviewHooks) -> Check<Applied> {
    let case = case(source, "review-may").await?;
    let pull = open(desk, &case, "review-may").await?;
    let recorded = desk.capabilities().records_reviews;
    if recorded {
        let review = ReviewSpec::new("reviewer", ReviewVerdict::Approved, case.head.clone());
        desk.review(&case.repository, pull.number, &review, &key("review-may-1")?).await?;
    }
    let stranger = hooks.stranger_approves(&case.repository, pull.number, &case.head).await?;
    if !recorded && !stranger {
        return Ok(Applied::Skipped("it records no reviews, and there is nobody else to make one"));
    }
    let reviews = desk.status(&case.repository, pull.number).await?.reviews;
    ensure!(reviews.len() == usize::from(recorded) + usize::from(stranger), "{} reviews", reviews.len());
    let unknown: Vec<_> = reviews.iter().filter(|review| review.may_approve == MayApprove::Unknown).collect();
    ensure!(unknown.is_empty(), "of {unknown:?} it does not say so");
    let may = |review: &Review| review.reviewer == "reviewer" && review.may_approve == MayApprove::Yes;
    ensure!(!recorded || reviews.iter().any(may), "whom the host lets review may not approve");
    Ok(Applied::Checked)
}

async fn strangers(desk: &Desk, source: &Source, hooks: &dyn ReviewHooks) -> Check<Applied> {
    let case = case(source, "review-strangers").await?;
    let pull = open(desk, &case, "review-strangers").await?;
    if !hooks.stranger_approves(&case.repository, pull.number, &case.head).await? {
        return Ok(Applied::Skipped("whoever gets at it may approve"));
    }
    let status = desk.status(&case.repository, pull.number).await?;
    let approvals: Vec<_> = status.reviews.iter().filter(|review| review.verdict == ReviewVerdict::Approved).collect();
    ensure!(approvals.len() == 1, "{} approvals", approvals.len());
    ensure!(approvals.iter().all(|review| review.may_approve != MayApprove::Yes), "a stranger may approve");
    Ok(Applied::Checked)
}

async fn checks(desk: &Desk, source: &Source, hooks: &dyn ReviewHooks) -> Check {
    let case = case(source, "review-checks").await?;
    let pull = open(desk, &case, "review-checks").await?;
    let status = desk.status(&case.repository, pull.number).await?;
    ensure!(status.checks.is_empty(), "there are checks nobody reported: {:?}", status.checks);
    let check = |name: &str, head_sha: &CommitSha, state| -> Check<CheckRun> {
        let source = CheckSource::Workflow(path(".github/workflows/ci.yml")?);
        Ok(CheckRun { name: CheckName::parse(name)?, source, head_sha: head_sha.clone(), state })
    };
    let mut reported = vec![
        check("failed", &case.head, RunState::Completed(Conclusion::Failure))?,
        check("passed", &case.head, RunState::Completed(Conclusion::Success))?,
        check("waits", &case.head, RunState::Pending)?,
    ];
    // More than a page of any host.
    for number in 0..101 {
        reported.push(check(&format!("z-{number:03}"), &case.head, RunState::Completed(Conclusion::Success))?);
    }
    for check in &reported {
        hooks.report_check(&case.repository, check).await?;
    }
    hooks.report_check(&case.repository, &check("other", &case.base, RunState::Pending)?).await?;
    let mut seen = desk.status(&case.repository, pull.number).await?.checks;
    seen.sort_by(|a, b| a.name.cmp(&b.name));
    ensure!(seen == reported, "reported {} checks, seen {}: {:?}", reported.len(), seen.len(), seen.first());
    let more = request(&case.branch, &case.head, vec![put("more.txt", "more")?]);
    source.commit(&case.repository, &more, &key("review-checks-2")?).await?;
    let status = desk.status(&case.repository, pull.number).await?;
    ensure!(status.checks.is_empty(), "checks of an older head count for the new one: {:?}", status.checks);
    Ok(())
}

async fn comments(desk: &Desk, source: &Source, hooks: &dyn ReviewHooks) -> Check {
    let case = case(source, "review-comments").await?;
    let pull = open(desk, &case, "review-comments").await?;
    for _ in 0..2 {
        desk.comment(&case.repository, pull.number, "A *comment*.", &key("review-comments-1")?).await?;
    }
    desk.comment(&case.repository, pull.number, "A *comment*.", &key("review-comments-2")?).await?;
    let seen = hooks.comments(&case.repository, pull.number).await?;
    // An adapter may add a mark of its key that people don't see.
    let as_wanted = seen.iter().all(|comment| comment.contains("A *comment*."));
    ensure!(seen.len() == 2 && as_wanted, "two comments came out as {seen:?}");
    Ok(())
}

async fn pinned_merge(desk: &Desk, source: &Source) -> Check {
    let case = case(source, "review-pinned").await?;
    let pull = open(desk, &case, "review-pinned").await?;
    let more = request(&case.branch, &case.head, vec![put("more.txt", "more")?]);
    source.commit(&case.repository, &more, &key("review-pinned-2")?).await?;
    let stale = desk.merge(&case.repository, pull.number, &merge_spec(&case.head), &key("review-pinned-m")?).await;
    fails_with(stale, ErrorKind::Conflict)?;
    let main = source.branch_head(&case.repository, &main_branch()).await?;
    ensure!(main == Some(case.base), "the refused merge moved the base");
    Ok(())
}

async fn merges(desk: &Desk, source: &Source) -> Check {
    let case = case(source, "review-merge").await?;
    let pull = open(desk, &case, "review-merge").await?;
    let other = request(&main_branch(), &case.base, vec![put("other.txt", "other")?]);
    source.commit(&case.repository, &other, &key("review-merge-2")?).await?;
    let mut merged = Vec::new();
    for _ in 0..2 {
        merged.push(desk.merge(&case.repository, pull.number, &merge_spec(&case.head), &key("review-merge-m")?).await?);
    }
    let [first, second] = merged.as_slice() else { return Ok(()) };
    ensure!(first == second && first.state == PullRequestState::Merged, "the second merge gave {second:?}");
    let main = source.branch_head(&case.repository, &main_branch()).await?;
    ensure!(main == first.merge_sha && main.is_some(), "the base is not at the merge commit");
    if let Some(main) = main {
        for name in ["feature.txt", "other.txt"] {
            source.read_file(&case.repository, &main, &path(name)?).await?;
        }
    }
    let status = desk.status(&case.repository, pull.number).await?;
    ensure!(status.pull_request.state == PullRequestState::Merged, "status says {:?}", status.pull_request.state);
    fails_with(desk.close(&case.repository, pull.number, &key("review-merge-c")?).await, ErrorKind::Conflict)
}

async fn conflicts(desk: &Desk, source: &Source) -> Check {
    let case = case(source, "review-conflict").await?;
    let pull = open(desk, &case, "review-conflict").await?;
    let other = request(&main_branch(), &case.base, vec![put("feature.txt", "something else")?]);
    source.commit(&case.repository, &other, &key("review-conflict-2")?).await?;
    let status = desk.status(&case.repository, pull.number).await?;
    ensure!(status.mergeable != Mergeable::Yes, "a conflict is reported as mergeable");
    let merge = desk.merge(&case.repository, pull.number, &merge_spec(&case.head), &key("review-conflict-m")?).await;
    fails_with(merge, ErrorKind::Conflict)
}

async fn closes(desk: &Desk, source: &Source) -> Check {
    let case = case(source, "review-close").await?;
    let pull = open(desk, &case, "review-close").await?;
    for _ in 0..2 {
        let closed = desk.close(&case.repository, pull.number, &key("review-close-1")?).await?;
        ensure!(closed.state == PullRequestState::Closed, "closed as {closed:?}");
    }
    let merge = desk.merge(&case.repository, pull.number, &merge_spec(&case.head), &key("review-close-m")?).await;
    fails_with(merge, ErrorKind::Conflict)?;
    let found = open(desk, &case, "review-close-again").await?;
    ensure!(found.number == pull.number && found.state == PullRequestState::Closed, "opened again as {found:?}");
    Ok(())
}

async fn absent(desk: &Desk, source: &Source) -> Check {
    let case = case(source, "review-absent").await?;
    fails_with(desk.status(&case.repository, 99).await, ErrorKind::NotFound)?;
    fails_with(desk.comment(&case.repository, 99, "x", &key("review-absent-1")?).await, ErrorKind::NotFound)?;
    let merge = desk.merge(&case.repository, 99, &merge_spec(&case.head), &key("review-absent-m")?).await;
    fails_with(merge, ErrorKind::NotFound)
}
