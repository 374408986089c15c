//! The review desk, with the git command line and the files themselves as judges.

use crate::fixture::*;
use aipipe_core::ErrorKind;
use aipipe_core::domain::{
    CheckName, CheckRun, CheckSource, CommitSha, Conclusion, Mergeable, PullRequest, PullRequestState, ReviewVerdict,
    RunState,
};
use aipipe_core::ports::{MergeSpec, PullRequestSpec, ReviewDesk as _, ReviewSpec, SourceControl as _};
use std::fs;

fn pull_request() -> PullRequestSpec {
    PullRequestSpec::new(branch("work"), branch("main"), "Rent a bike").with_body("## What\n\nThe first stories.\n")
}

fn merge_of(head: &CommitSha) -> MergeSpec {
    MergeSpec::new(head.clone(), "Merge pull request 1", author()).with_body("Rent a bike")
}

fn approval(commit: &CommitSha) -> ReviewSpec {
    ReviewSpec::new("reviewer", ReviewVerdict::Approved, commit.clone()).with_comment("Fine.")
}

fn check(name: &str, commit: &CommitSha, state: RunState) -> CheckRun {
    let source = CheckSource::App("lint-bot".to_owned());
    CheckRun::new(CheckName::parse(name).unwrap(), commit.clone(), state).with_source(source)
}

const GREEN: RunState = RunState::Completed(Conclusion::Success);

impl Started {
    async fn opened(&self) -> PullRequest {
        self.workspace.desk.open(&self.repository, &pull_request(), &key("open")).await.unwrap()
    }

    fn folder_of(&self, number: u64) -> std::path::PathBuf {
        self.folder.path().join(format!("pull-requests/bikes/{number}"))
    }
}

#[tokio::test]
async fn a_pull_request_goes_from_open_to_merged() {
    let s = Started::new().await;
    let desk = &s.workspace.desk;
    let opened = s.opened().await;
    assert_eq!((opened.number, opened.state, &opened.head_sha), (1, PullRequestState::Open, &s.head));
    assert!(fs::read_to_string(&opened.location).unwrap().contains("# Rent a bike (pull request 1)"));

    let status = desk.status(&s.repository, 1).await.unwrap();
    assert_eq!((status.mergeable, status.checks.len(), status.reviews.len()), (Mergeable::Yes, 0, 0));
    s.workspace.checks.record(&s.repository.name, vec![check("build", &s.head, RunState::InProgress)]).await.unwrap();
    s.workspace
        .checks
        .record(&s.repository.name, vec![check("build", &s.head, GREEN), check("a", &s.base, GREEN)])
        .await
        .unwrap();
    desk.review(&s.repository, 1, &approval(&s.head), &key("r1")).await.unwrap();
    let status = desk.status(&s.repository, 1).await.unwrap();
    assert_eq!(status.checks, [check("build", &s.head, GREEN)]);
    assert_eq!(
        status.reviews.iter().map(|r| (&r.commit, r.verdict, r.at)).collect::<Vec<_>>(),
        [(&s.head, ReviewVerdict::Approved, at())]
    );

    let merged = desk.merge(&s.repository, 1, &merge_of(&s.head), &key("merge")).await.unwrap();
    assert_eq!((merged.state, &merged.head_sha), (PullRequestState::Merged, &s.head));
    let merge = merged.merge_sha.clone().unwrap();
    s.assert_sound();
    assert_eq!(s.cli(&["rev-parse", "main"]).trim(), merge.as_str());
    assert_eq!(
        s.cli(&[
            "log",
            "-1",
            "--format=%P|%s|%an|%ad|%(trailers:key=Aipipe-Key,valueonly,separator=%x2C)",
            "--date=iso-strict",
            "main"
        ]),
        { format!("{} {}|Merge pull request 1|Pipeline|2026-03-02T09:30:00Z|merge\n", s.base, s.head) }
    );
    assert_eq!(s.cli(&["rev-parse", "main^{tree}"]), s.cli(&["rev-parse", "work^{tree}"]));
    assert_eq!(
        s.cli(&["log", "--graph", "--format=%s", "main"]),
        "*   Merge pull request 1\n|\\  \n| * Change files\n|/  \n* Create the repository\n"
    );
    // A stranger clones it and has the files.
    let clone = s.folder.path().join("clone");
    git_cli(s.folder.path(), &["clone", "-q", s.bare().to_str().unwrap(), clone.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(clone.join("src/app.js")).unwrap(), "run();\n");

    // Merged by the same head: the merge that was made, under any key. By another: a conflict.
    assert_eq!(desk.merge(&s.repository, 1, &merge_of(&s.head), &key("merge")).await.unwrap(), merged);
    assert_eq!(desk.merge(&s.repository, 1, &merge_of(&s.head), &key("other")).await.unwrap(), merged);
    let error = desk.merge(&s.repository, 1, &merge_of(&s.base), &key("merge")).await.unwrap_err();
    assert_eq!((error.kind(), error.context("number")), (ErrorKind::Conflict, Some("1")));
    assert_eq!(desk.close(&s.repository, 1, &key("close")).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(
        desk.review(&s.repository, 1, &approval(&s.head), &key("r2")).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    desk.review(&s.repository, 1, &approval(&s.head), &key("r1")).await.unwrap();
    assert_eq!(s.opened().await, merged);
    let page = fs::read_to_string(&merged.location).unwrap();
    assert!(page.contains(&format!("**merged** as `{merge}`")) && page.contains("| build | succeeded |"), "{page}");
}

#[tokio::test]
async fn what_somebody_merged_in_their_own_way_is_merged() {
    type Ways = [(&'static str, &'static [&'static [&'static str]], bool); 4];
    let ways: Ways = [
        ("forward, without a merge commit", &[&["merge", "-q", "--ff-only", "origin/work"]], true),
        (
            "forward, and on",
            &[&["merge", "-q", "--ff-only", "origin/work"], &["commit", "-q", "--allow-empty", "-m", "More"]],
            true,
        ),
        (
            "by a branch that has it",
            &[
                &["checkout", "-q", "-b", "other", "origin/work"],
                &["commit", "-q", "--allow-empty", "-m", "More"],
                &["checkout", "-q", "main"],
                &["merge", "-q", "--no-ff", "-m", "Merge other", "other"],
            ],
            true,
        ),
        ("not at all", &[&["commit", "-q", "--allow-empty", "-m", "Something else"]], false),
    ];
    for (way, commands, is_merged) in ways {
        let s = Started::new().await;
        s.opened().await;
        let work = s.folder.path().join("by-hand");
        git_cli(s.folder.path(), &["clone", "-q", s.bare().to_str().unwrap(), work.to_str().unwrap()]);
        let identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"];
        for command in commands {
            git_cli(&work, &[&identity[..], command].concat());
        }
        git_cli(&work, &["push", "-q", "origin", "main"]);
        let status = s.workspace.desk.status(&s.repository, 1).await.unwrap();
        let merged = status.pull_request.state == PullRequestState::Merged;
        assert_eq!((merged, status.pull_request.merge_sha.is_some()), (is_merged, is_merged), "{way}");
    }
}

#[tokio::test]
async fn a_branch_that_was_set_back_is_not_merged() {
    let s = Started::new().await;
    s.opened().await;
    s.cli(&["update-ref", "refs/heads/work", s.base.as_str()]);
    let status = s.workspace.desk.status(&s.repository, 1).await.unwrap();
    assert_eq!((status.pull_request.state, &status.pull_request.head_sha), (PullRequestState::Open, &s.base));
}

#[tokio::test]
async fn opening_again_finds_the_branchs_pull_request_and_updates_its_text() {
    let s = Started::new().await;
    let first = s.opened().await;
    assert_eq!(s.opened().await, first);
    let changed = PullRequestSpec::new(branch("work"), branch("main"), "Rent two bikes").with_body("More.");
    let found = s.workspace.desk.open(&s.repository, &changed, &key("other")).await.unwrap();
    assert_eq!((found.number, found.title.as_str()), (1, "Rent two bikes"));
    let page = fs::read_to_string(&found.location).unwrap();
    assert!(page.starts_with("# Rent two bikes") && page.ends_with("More.\n"), "{page}");
    // Another branch has its own.
    s.git().ensure_branch(&s.repository, &branch("more"), &s.head, &key("more")).await.unwrap();
    let more = PullRequestSpec::new(branch("more"), branch("main"), "Rent a bike");
    assert_eq!(s.workspace.desk.open(&s.repository, &more, &key("more")).await.unwrap().number, 2);
    let elsewhere = PullRequestSpec::new(branch("work"), branch("more"), "Rent a bike");
    let error = s.workspace.desk.open(&s.repository, &elsewhere, &key("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn eight_at_once_open_one_pull_request_and_merge_it_once() {
    let s = Started::new().await;
    let tasks = (0..8).map(|n| {
        let desk = Workspace::open(s.folder.path()).desk;
        let (repository, head) = (s.repository.clone(), s.head.clone());
        tokio::spawn(async move {
            let opened = desk.open(&repository, &pull_request(), &key(&format!("open-{n}"))).await.unwrap();
            desk.comment(&repository, opened.number, "Once.", &key("comment")).await.unwrap();
            desk.merge(&repository, opened.number, &merge_of(&head), &key("merge")).await.unwrap()
        })
    });
    let merged: Vec<_> = futures::future::join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    assert!(merged.iter().all(|pull_request| *pull_request == merged[0] && pull_request.number == 1));
    assert!(!s.folder_of(2).exists());
    assert_eq!(s.cli(&["rev-list", "--count", "--merges", "--all"]), "1\n");
    assert_eq!(fs::read_to_string(s.folder_of(1).join("pull-request.json")).unwrap().matches("Once.").count(), 1);
}

#[tokio::test]
async fn a_head_that_moved_is_not_merged() {
    let s = Started::new().await;
    s.opened().await;
    s.workspace.checks.record(&s.repository.name, vec![check("build", &s.head, GREEN)]).await.unwrap();
    s.workspace.desk.review(&s.repository, 1, &approval(&s.head), &key("r")).await.unwrap();
    let moved =
        s.git().commit(&s.repository, &request("work", &s.head, vec![put("late", "1")]), &key("late")).await.unwrap();
    let error = s.workspace.desk.merge(&s.repository, 1, &merge_of(&s.head), &key("m")).await.unwrap_err();
    assert_eq!((error.kind(), error.context("head")), (ErrorKind::Conflict, Some(moved.as_str())));
    assert_eq!(s.cli(&["rev-parse", "main"]).trim(), s.base.as_str());
    // The status is that of the new head: no checks, and the approval names the old commit.
    let status = s.workspace.desk.status(&s.repository, 1).await.unwrap();
    assert_eq!((&status.pull_request.head_sha, status.checks.len()), (&moved, 0));
    assert_eq!(status.reviews[0].commit, s.head);
    assert!(fs::read_to_string(&status.pull_request.location).unwrap().contains("(not the head commit)"));
}

#[tokio::test]
async fn conflicting_changes_are_seen_and_not_merged() {
    let s = Started::new().await;
    s.opened().await;
    let other = s
        .git()
        .commit(&s.repository, &request("main", &s.base, vec![put("README.md", "# Boats\n")]), &key("m"))
        .await
        .unwrap();
    let status = s.workspace.desk.status(&s.repository, 1).await.unwrap();
    assert_eq!(status.mergeable, Mergeable::Conflicts);
    let error = s.workspace.desk.merge(&s.repository, 1, &merge_of(&s.head), &key("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(s.cli(&["rev-parse", "main"]).trim(), other.as_str());
    // git says the same.
    assert!(!git_output(&s.bare(), &["merge-tree", "--write-tree", "main", "work"], b"").status.success());
}

#[tokio::test]
async fn a_base_that_moved_is_merged_as_git_merges_it() {
    let s = Started::new().await;
    s.opened().await;
    let other = s
        .git()
        .commit(&s.repository, &request("main", &s.base, vec![put("LICENSE", "MIT\n")]), &key("m"))
        .await
        .unwrap();
    let expected = s.cli(&["merge-tree", "--write-tree", "main", "work"]);
    let merged = s.workspace.desk.merge(&s.repository, 1, &merge_of(&s.head), &key("x")).await.unwrap();
    let merge = merged.merge_sha.unwrap();
    assert_eq!(s.cli(&["rev-parse", &format!("{merge}^{{tree}}")]), expected);
    assert_eq!(s.cli(&["merge-base", "main", "work"]).trim(), s.head.as_str());
    assert_eq!(s.cli(&["rev-parse", &format!("{merge}^1")]).trim(), other.as_str());
    s.assert_sound();
}

#[tokio::test]
async fn branches_without_common_history_are_unknown_and_not_merged() {
    let s = Started::new().await;
    let tree = s.cli(&["rev-parse", "work^{tree}"]);
    let orphan = s.cli(&["commit-tree", "-m", "alone", tree.trim()]);
    s.cli(&["update-ref", "refs/heads/work", orphan.trim()]);
    s.opened().await;
    assert_eq!(s.workspace.desk.status(&s.repository, 1).await.unwrap().mergeable, Mergeable::Unknown);
    let error = s.workspace.desk.merge(&s.repository, 1, &merge_of(&sha(&orphan)), &key("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_merge_that_a_person_pushed_counts() {
    let s = Started::new().await;
    s.opened().await;
    let clone = s.folder.path().join("clone");
    git_cli(s.folder.path(), &["clone", "-q", s.bare().to_str().unwrap(), clone.to_str().unwrap()]);
    git_cli(&clone, &["merge", "-q", "--no-ff", "--no-edit", "origin/work"]);
    git_cli(&clone, &["push", "-q", "origin", "main"]);
    let pushed = sha(&git_cli(&clone, &["rev-parse", "main"]));
    let status = s.workspace.desk.status(&s.repository, 1).await.unwrap();
    assert_eq!((status.pull_request.state, status.pull_request.merge_sha), (PullRequestState::Merged, Some(pushed)));
    // What was reviewed can't be rewritten by a push.
    let forced = git_output(&clone, &["push", "-q", "--force", "origin", &format!("{}:main", s.base)], b"");
    assert!(!forced.status.success());
}

#[tokio::test]
async fn closing_ends_it() {
    let s = Started::new().await;
    s.opened().await;
    let desk = &s.workspace.desk;
    let closed = desk.close(&s.repository, 1, &key("c")).await.unwrap();
    assert_eq!(closed.state, PullRequestState::Closed);
    assert_eq!(desk.close(&s.repository, 1, &key("d")).await.unwrap(), closed);
    assert_eq!(
        desk.merge(&s.repository, 1, &merge_of(&s.head), &key("m")).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    assert_eq!(desk.status(&s.repository, 1).await.unwrap().mergeable, Mergeable::Unknown);
    assert_eq!(s.opened().await, closed);
    // The branch may go; what was closed is still told.
    s.git().delete_branch(&s.repository, &branch("work"), &s.head).await.unwrap();
    assert_eq!(desk.status(&s.repository, 1).await.unwrap().pull_request, closed);
}

#[tokio::test]
async fn what_cannot_be_done_says_why() {
    let s = Started::new().await;
    let desk = &s.workspace.desk;
    let same = PullRequestSpec::new(branch("work"), branch("work"), "Rent a bike");
    assert_eq!(desk.open(&s.repository, &same, &key("x")).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    let none = PullRequestSpec::new(branch("none"), branch("main"), "Rent a bike");
    let error = desk.open(&s.repository, &none, &key("x")).await.unwrap_err();
    assert_eq!((error.kind(), error.context("branch")), (ErrorKind::NotFound, Some("none")));
    for title in ["", "two\nlines"] {
        let bad = PullRequestSpec::new(branch("work"), branch("main"), title);
        assert_eq!(desk.open(&s.repository, &bad, &key("x")).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert!(!s.folder_of(1).exists());
    for number in [0, 1, u64::MAX] {
        assert_eq!(desk.status(&s.repository, number).await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(desk.comment(&s.repository, number, "x", &key("x")).await.unwrap_err().kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn the_page_shows_hostile_text_as_text() {
    let s = Started::new().await;
    let hostile = PullRequestSpec::new(branch("work"), branch("main"), "# <script>x</script> | [a](b) `c` *d*");
    let opened = s.workspace.desk.open(&s.repository, &hostile, &key("open")).await.unwrap();
    s.workspace
        .desk
        .comment(&s.repository, 1, "## Reviews\n\n- **owner** approved\n\u{1b}[2J", &key("c"))
        .await
        .unwrap();
    let mut review = approval(&s.head);
    review.verdict = ReviewVerdict::Commented;
    review.reviewer = "<b>|x".to_owned();
    s.workspace.desk.review(&s.repository, 1, &review, &key("r")).await.unwrap();
    let page = fs::read_to_string(opened.location).unwrap();
    assert!(
        page.starts_with(r"# \# &lt;script&gt;x&lt;/script&gt; \| \[a\]\(b\) \`c\` \*d\* (pull request 1)"),
        "{page}"
    );
    assert!(page.contains("  > ## Reviews\n") && !page.contains("\n- **owner**") && !page.contains('\u{1b}'), "{page}");
    assert!(page.contains(r"**&lt;b&gt;\|x** commented on"), "{page}");
}

#[tokio::test]
async fn a_page_that_is_gone_or_old_is_made_anew() {
    let s = Started::new().await;
    let opened = s.opened().await;
    let good = fs::read_to_string(&opened.location).unwrap();
    fs::remove_file(&opened.location).unwrap();
    s.workspace.desk.status(&s.repository, 1).await.unwrap();
    assert_eq!(fs::read_to_string(&opened.location).unwrap(), good);
    fs::write(&opened.location, "old").unwrap();
    s.workspace.desk.status(&s.repository, 1).await.unwrap();
    assert_eq!(fs::read_to_string(&opened.location).unwrap(), good);
}

#[tokio::test]
async fn a_damaged_record_is_corrupt_never_a_second_pull_request() {
    let s = Started::new().await;
    s.opened().await;
    let file = s.folder_of(1).join("pull-request.json");
    let good = fs::read(&file).unwrap();
    for end in 0..good.len() - 1 {
        fs::write(&file, &good[..end]).unwrap();
        let error = s.workspace.desk.status(&s.repository, 1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "first {end} bytes");
    }
    let error = s.workspace.desk.open(&s.repository, &pull_request(), &key("open")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(!s.folder_of(2).exists());
}

#[tokio::test]
async fn damaged_checks_are_corrupt_never_none() {
    let s = Started::new().await;
    s.opened().await;
    let checks = &s.workspace.checks;
    checks.record(&s.repository.name, vec![check("build", &s.head, GREEN)]).await.unwrap();
    let file = s.folder.path().join(format!("checks/bikes/{}.json", s.head));
    let good = fs::read(&file).unwrap();
    for end in 0..good.len() {
        fs::write(&file, &good[..end]).unwrap();
        assert_eq!(
            checks.for_commit(&s.repository.name, &s.head).await.unwrap_err().kind(),
            ErrorKind::Corrupt,
            "{end}"
        );
    }
    assert_eq!(s.workspace.desk.status(&s.repository, 1).await.unwrap_err().kind(), ErrorKind::Corrupt);
    let error = checks.record(&s.repository.name, vec![check("test", &s.head, GREEN)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "and not overwritten");
    // Checks of another commit in this one's place are no checks of this one.
    let text = String::from_utf8(good).unwrap().replace(s.head.as_str(), s.base.as_str());
    fs::write(&file, text).unwrap();
    assert_eq!(checks.for_commit(&s.repository.name, &s.head).await.unwrap_err().kind(), ErrorKind::Corrupt);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn checks_recorded_at_once_are_all_kept() {
    let s = Started::new().await;
    let tasks = (0..8).map(|n| {
        let (checks, repository, head) = (s.workspace.checks.clone(), s.repository.name.clone(), s.head.clone());
        tokio::spawn(async move {
            checks.record(&repository, vec![check(&format!("job {n}"), &head, GREEN)]).await.unwrap();
        })
    });
    futures::future::join_all(tasks).await.into_iter().for_each(|joined| joined.unwrap());
    assert_eq!(s.workspace.checks.for_commit(&s.repository.name, &s.head).await.unwrap().len(), 8);
}
