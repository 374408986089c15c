//! Heads that turn out red, that people push, or that CI never runs: none is a dead end, and a poll costs little.

use crate::broken_forge::{Forge, Way};
use crate::standard::{BRIEF, Desk, merged, waits};
use aipipe_core::domain::{
    BranchName, CommitSha, IdempotencyKey, MayApprove, PublishedBuild, PullRequestState, RepoPath, RepositoryName,
    ReviewPolicy, ReviewVerdict, Timestamp,
};
use aipipe_core::pipeline::RunOutcome;
use aipipe_core::ports::{
    Clock as _, CommitRequest, ContinuousIntegration, FileChange, RepositorySpec, ReviewDesk, ReviewSpec, RunSelector,
    Signature, SourceControl,
};
use aipipe_core::tables::BuildRecord;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// A commit by a person on the execution's branch.
async fn push(desk: &Desk, build: &PublishedBuild, parent: &CommitSha, text: &str) -> CommitSha {
    let change = FileChange::Put {
        path: RepoPath::parse("FIX.md").unwrap(),
        content: Bytes::from(text.to_owned()),
        executable: false,
    };
    let at = Timestamp::from_unix_millis(0);
    let author = Signature { name: "somebody".to_owned(), email: "somebody@example.org".to_owned(), at };
    let request = CommitRequest::new(build.branch.clone(), parent.clone(), vec![change], "Fix it", author);
    desk.forge.commit(&build.repository, &request, &IdempotencyKey::parse(text).unwrap()).await.unwrap()
}

async fn approve(desk: &Desk, build: &PublishedBuild, head: &CommitSha) {
    let spec = ReviewSpec::new("reviewer", ReviewVerdict::Approved, head.clone());
    let key = IdempotencyKey::derive(&["approve", head.as_str()]);
    desk.forge.review(&build.repository, 1, &spec, &key).await.unwrap();
}

#[tokio::test]
async fn a_head_a_person_pushed_is_checked_and_can_be_approved() {
    let desk = Desk::new(ReviewPolicy::Human);
    desk.forge.fail_job("test");
    waits(desk.run("a", BRIEF).await.unwrap());
    let build = desk.build("a").await;
    assert_eq!(desk.forge.made("run"), 1);
    desk.forge.pass_job("test");
    let head = push(&desk, &build, &build.head, "fixed").await;
    for _ in 0..3 {
        let reason = waits(desk.run("a", BRIEF).await.unwrap());
        assert!(reason.contains("waiting for 1 approval"), "{reason}");
    }
    assert_eq!(desk.forge.made("run"), 2, "the new head is run once, however often it is looked at");
    let (_, comments) = desk.forge.pull_request_text(&build.repository, 1).unwrap();
    assert_eq!(comments.len(), 1, "{comments:?}");
    assert!(comments[0].contains("**success**") && comments[0].contains(head.short()), "{comments:?}");
    approve(&desk, &build, &head).await;
    let outcome = merged(desk.run("a", BRIEF).await.unwrap());
    assert_eq!((outcome.pull_request.state, &outcome.pull_request.head_sha), (PullRequestState::Merged, &head));
    assert_eq!(BuildRecord::of_commit(desk.records.as_ref(), &head).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_red_head_a_person_pushed_is_shown_and_can_be_run_again() {
    let desk = Desk::new(ReviewPolicy::Human);
    waits(desk.run("a", BRIEF).await.unwrap());
    let build = desk.build("a").await;
    desk.forge.fail_job("test");
    let head = push(&desk, &build, &build.head, "broken").await;
    approve(&desk, &build, &head).await;
    let reason = waits(desk.run("a", BRIEF).await.unwrap());
    assert!(reason.contains("`test` ended in Failure"), "{reason}");
    let (_, comments) = desk.forge.pull_request_text(&build.repository, 1).unwrap();
    assert!(comments[0].contains("**failure**") && comments[0].contains("this job was told to fail"), "{comments:?}");
    desk.forge.pass_job("test");
    desk.rerun("a").await;
    assert_eq!(merged(desk.run("a", BRIEF).await.unwrap()).pull_request.head_sha, head);
}

#[tokio::test]
async fn automated_checks_a_pushed_head_and_leaves_it_to_a_person() {
    let desk = Desk::new(ReviewPolicy::Automated);
    desk.forge.fail_job("test");
    waits(desk.run("a", BRIEF).await.unwrap());
    let build = desk.build("a").await;
    desk.forge.pass_job("test");
    push(&desk, &build, &build.head, "fixed").await;
    let reason = waits(desk.run("a", BRIEF).await.unwrap());
    assert!(reason.contains("commits this execution did not make"), "{reason}");
    assert_eq!((desk.forge.made("run"), desk.forge.made("merge")), (2, 0));
}

#[tokio::test]
async fn a_red_run_is_run_again_once_for_each_signal_and_goes_on() {
    for policy in [ReviewPolicy::Automated, ReviewPolicy::Human] {
        let desk = Desk::new(policy);
        desk.forge.fail_job("test");
        waits(desk.run("a", BRIEF).await.unwrap());
        let build = desk.build("a").await;
        approve(&desk, &build, &build.head).await;
        desk.rerun("a").await;
        for _ in 0..2 {
            let reason = waits(desk.run("a", BRIEF).await.unwrap());
            assert!(reason.contains("`test`"), "still red: {reason}");
            assert_eq!(desk.forge.made("run"), 2, "one signal is one re-run");
        }
        desk.forge.pass_job("test");
        waits(desk.run("a", BRIEF).await.unwrap());
        desk.rerun("a").await;
        let outcome = merged(desk.run("a", BRIEF).await.unwrap());
        assert_eq!((outcome.pull_request.state, desk.forge.made("run")), (PullRequestState::Merged, 3));
        let (body, _) = desk.forge.pull_request_text(&build.repository, 1).unwrap();
        assert!(!body.contains("**red**") && !body.contains("told to fail"), "the page shows the last run: {body}");
        let records = BuildRecord::of_commit(desk.records.as_ref(), &build.head).await.unwrap();
        assert_eq!(records.iter().map(|record| record.run.attempt).collect::<Vec<_>>(), [1, 2, 3]);
    }
}

#[tokio::test]
async fn a_later_signal_of_an_earlier_time_is_the_later_re_run() {
    let desk = Desk::new(ReviewPolicy::Human);
    desk.forge.fail_job("test");
    waits(desk.run("a", BRIEF).await.unwrap());
    desk.clock.advance(Duration::from_secs(3600));
    desk.rerun("a").await;
    waits(desk.run("a", BRIEF).await.unwrap());
    // Whoever signals now has a clock that goes an hour behind.
    let mut behind = desk.clone();
    behind.clock = Arc::default();
    behind.rerun("a").await;
    for _ in 0..2 {
        let reason = waits(desk.run("a", BRIEF).await.unwrap());
        assert!(reason.contains("`test`"), "still red: {reason}");
        assert_eq!(desk.forge.made("run"), 3, "one signal is one re-run");
    }
}

#[tokio::test]
async fn a_signal_about_another_head_has_nothing_run_again() {
    let desk = Desk::new(ReviewPolicy::Human);
    desk.forge.fail_job("test");
    waits(desk.run("a", BRIEF).await.unwrap());
    desk.rerun("a").await;
    let build = desk.build("a").await;
    push(&desk, &build, &build.head, "another").await;
    waits(desk.run("a", BRIEF).await.unwrap());
    assert_eq!(desk.forge.made("run"), 2, "the new head's own run, and no re-run of the old head");
    let selector = RunSelector::new(build.run.workflow.clone(), build.head.clone(), build.branch.clone());
    assert_eq!(desk.forge.runs(&build.repository, &selector).await.unwrap()[0].attempt, 1);
}

#[tokio::test]
async fn a_push_while_the_commits_are_made_is_a_persons_matter_and_no_dead_end() {
    let desk = Desk::new(ReviewPolicy::Automated);
    let source = Forge::over(desk.forge.clone(), Way::IsPushedTo);
    let reason = waits(desk.run_with("a", BRIEF, source.clone()).await.unwrap());
    assert!(reason.contains("somebody moved branch aipipe/"), "{reason}");
    let told = waits(desk.run_with("a", BRIEF, source.clone()).await.unwrap());
    assert_eq!(told, reason, "a resume alone changes nothing");
    assert_eq!(desk.forge.made("run"), 0);

    // As told: the branch goes back to where it was.
    let wanted = reason.split("move the branch back to ").nth(1).unwrap().split(',').next().unwrap();
    let wanted = CommitSha::parse(wanted).unwrap();
    let request = desk.request("a");
    let branch = BranchName::for_execution(&request.execution());
    let name = RepositoryName::parse(request.root.project().as_str()).unwrap();
    let author = Signature { name: "x".to_owned(), email: "x@example.org".to_owned(), at: desk.clock.now() };
    let spec = RepositorySpec::new(name.clone(), BranchName::parse("main").unwrap(), author);
    let key = IdempotencyKey::derive(&["repository", name.as_str(), name.as_str()]);
    let repository = desk.forge.ensure_repository(&spec, &key).await.unwrap();
    let pushed = desk.forge.branch_head(&repository, &branch).await.unwrap().unwrap();
    desk.forge.delete_branch(&repository, &branch, &pushed).await.unwrap();
    let key = IdempotencyKey::parse("back").unwrap();
    desk.forge.ensure_branch(&repository, &branch, &wanted, &key).await.unwrap();
    let outcome = merged(desk.run_with("a", BRIEF, source).await.unwrap());
    let files = desk.forge.list_files(&repository, &outcome.pull_request.merge_sha.unwrap()).await.unwrap();
    assert!(!files.iter().any(|file| file.path.as_str() == "PUSHED.md"), "what nobody validated is merged");
}

#[tokio::test]
async fn a_run_that_never_appears_is_a_persons_matter_after_its_deadline() {
    let desk = Desk::new(ReviewPolicy::Automated);
    desk.forge.switch_ci_off();
    let poll = |outcome: RunOutcome<_>| match outcome {
        RunOutcome::Completed(_) => panic!("did not wait"),
        RunOutcome::Waiting { wait, .. } => (wait.reason, wait.poll_after),
    };
    let (reason, after) = poll(desk.run("a", BRIEF).await.unwrap());
    assert!(reason.contains("no CI run has appeared yet") && after.is_some(), "{reason}");
    desk.clock.advance(Duration::from_secs(9 * 60));
    assert!(poll(desk.run("a", BRIEF).await.unwrap()).1.is_some(), "before the deadline it is polled");
    desk.clock.advance(Duration::from_secs(2 * 60));
    let (reason, after) = poll(desk.run("a", BRIEF).await.unwrap());
    assert!(reason.contains("whether CI is switched on") && after.is_none(), "{reason}");
    desk.forge.switch_ci_on();
    merged(desk.run("a", BRIEF).await.unwrap());
}

#[tokio::test]
async fn a_pushed_head_whose_run_never_appears_is_a_persons_matter_as_well() {
    let desk = Desk::new(ReviewPolicy::Human);
    waits(desk.run("a", BRIEF).await.unwrap());
    let build = desk.build("a").await;
    desk.forge.switch_ci_off();
    push(&desk, &build, &build.head, "fixed").await;
    assert!(waits(desk.run("a", BRIEF).await.unwrap()).contains("no CI run has appeared yet"));
    desk.clock.advance(Duration::from_secs(11 * 60));
    assert!(waits(desk.run("a", BRIEF).await.unwrap()).contains("whether CI is switched on"));
}

#[tokio::test]
async fn a_strangers_approval_and_the_authors_own_merge_nothing() {
    use aipipe_core::testing::conformance::ReviewHooks as _;
    let desk = Desk::new(ReviewPolicy::Human);
    waits(desk.run("a", BRIEF).await.unwrap());
    let build = desk.build("a").await;
    desk.forge.stranger_approves(&build.repository, 1, &build.head).await.unwrap();
    let status = desk.forge.status(&build.repository, 1).await.unwrap();
    assert_eq!((status.reviews.len(), status.reviews[0].may_approve), (1, MayApprove::No));
    let reason = waits(desk.run("a", BRIEF).await.unwrap());
    assert!(reason.contains("stranger is not known to be allowed to approve"), "{reason}");
    approve(&desk, &build, &build.head).await;
    merged(desk.run("a", BRIEF).await.unwrap());
}

#[tokio::test]
async fn a_poll_reads_nothing_of_the_repository() {
    for way in [Way::Honest, Way::HidesIds] {
        let desk = Desk::new(ReviewPolicy::Automated);
        merged(desk.run("a", BRIEF).await.unwrap());
        // A second execution on the same repository has files to compare.
        let more = format!("{BRIEF}\n- Clerks must be able to add a reader with a name.\n");
        desk.forge.switch_ci_off();
        let source = Forge::over(desk.forge.clone(), way);
        waits(desk.run_with("b", &more, source.clone()).await.unwrap());
        let first = source.counts();
        assert!(first.0 <= 2, "the base is listed, and the parent once: {first:?}");
        assert_eq!(
            first.1 == 0,
            way == Way::Honest,
            "with ids equality needs no read; without them it does: {first:?}"
        );
        for _ in 0..3 {
            waits(desk.run_with("b", &more, source.clone()).await.unwrap());
            assert_eq!(source.counts(), first, "a poll looks at nothing again");
        }
        desk.forge.switch_ci_on();
        merged(desk.run_with("b", &more, source.clone()).await.unwrap());
        assert_eq!(source.counts(), first);
    }
}
