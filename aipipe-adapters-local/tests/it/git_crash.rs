//! A process that works on repositories and pull requests is killed at every point between the parts of every effect;
//! another one does the same work again and must end exactly where an undisturbed one ends.

use crate::fixture::*;
use aipipe_core::Result;
use aipipe_core::domain::{CheckName, CheckRun, Conclusion, ReviewVerdict, RunState};
use aipipe_core::failpoint;
use aipipe_core::ports::{MergeSpec, PullRequestSpec, ReviewDesk as _, ReviewSpec, SourceControl as _};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

const ROOT: &str = "AIPIPE_TEST_CRASH_ROOT";
const KILL_AT: &str = "AIPIPE_TEST_CRASH_KILL_AT";
const LOOK: &str = "AIPIPE_TEST_CRASH_LOOK";

/// Everything once: made, committed, reviewed, merged, removed.
async fn work(root: &Path) -> Result<()> {
    let Workspace { git, checks, desk } = Workspace::open(root);
    let repository = git.ensure_repository(&spec("bikes"), &key("repository")).await?;
    // The first commit: at first the head of `main`, kept by a branch from then on.
    let main = git.branch_head(&repository, &branch("main")).await?.unwrap();
    let base = git.ensure_branch(&repository, &branch("start"), &main, &key("start")).await?;
    git.ensure_branch(&repository, &branch("work"), &base, &key("branch")).await?;
    let first = git.commit(&repository, &request("work", &base, vec![put("a", "1")]), &key("first")).await?;
    let head = git.commit(&repository, &request("work", &first, vec![put("b", "2")]), &key("second")).await?;
    let state = RunState::Completed(Conclusion::Success);
    let check = CheckRun::new(CheckName::parse("build").unwrap(), head.clone(), state);
    checks.record(&repository.name, vec![check]).await?;

    let title = "Rent a bike".to_owned();
    let asked = PullRequestSpec::new(branch("work"), branch("main"), title).with_body("Stories.");
    let opened = desk.open(&repository, &asked, &key("open")).await?;
    desk.comment(&repository, opened.number, "A comment.", &key("comment")).await?;
    let approval = ReviewSpec::new("reviewer", ReviewVerdict::Approved, head.clone());
    desk.review(&repository, opened.number, &approval, &key("review")).await?;
    let merge = MergeSpec::new(head.clone(), "Merge", author());
    desk.merge(&repository, opened.number, &merge, &key("merge")).await?;

    git.ensure_branch(&repository, &branch("brief"), &first, &key("brief")).await?;
    git.delete_branch(&repository, &branch("brief"), &first).await?;
    let other = git.ensure_repository(&spec("other"), &key("other")).await?;
    git.delete_repository(&other, &key("other")).await
}

/// What the work leaves: references with their histories, pull requests, checks, and nothing half done.
fn outcome(root: &Path) -> BTreeMap<String, String> {
    let bare = root.join("repositories/bikes.git");
    let mut found = BTreeMap::new();
    assert_sound(&bare);
    found.insert("references".to_owned(), git_cli(&bare, &["for-each-ref"]));
    found.insert("commits".to_owned(), git_cli(&bare, &["log", "--all", "--format=raw"]));
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = entry.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            if entry.is_dir() {
                // The repository's own files are told by git; an order of packs is nobody's business.
                if !name.ends_with("bikes.git") {
                    open.push(entry);
                }
                found.insert(name, String::new());
            } else {
                let content = fs::read_to_string(&entry).unwrap();
                found.insert(name, content.replace(root.to_str().unwrap(), "ROOT"));
            }
        }
    }
    found
}

static HITS: AtomicUsize = AtomicUsize::new(0);
static DIE_AT: OnceLock<usize> = OnceLock::new();

/// Counts the points and ends the process, as nothing can hold off, at the one that was asked for.
fn hook(name: &'static str) {
    let hit = HITS.fetch_add(1, Ordering::SeqCst);
    if let Some(root) = std::env::var_os(ROOT) {
        let line = format!("{name}\n");
        let mut log =
            fs::OpenOptions::new().append(true).create(true).open(Path::new(&root).with_extension("log")).unwrap();
        std::io::Write::write_all(&mut log, line.as_bytes()).unwrap();
    }
    if DIE_AT.get() == Some(&hit) {
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
    }
}

/// The child's part: does the work where it is told to. On its own it does it in a folder of its own.
#[tokio::test]
async fn the_work_gets_done() {
    let own = tempfile::tempdir().unwrap();
    let root = std::env::var_os(ROOT).map_or_else(|| own.path().join("work"), std::path::PathBuf::from);
    if std::env::var_os(ROOT).is_some() {
        if let Some(at) = std::env::var_os(KILL_AT) {
            DIE_AT.set(at.to_str().unwrap().parse().unwrap()).unwrap();
        }
        failpoint::set_find_before_create(std::env::var_os(LOOK).is_none());
        failpoint::install(hook);
    }
    work(&root).await.unwrap();
    assert!(root.join("repositories/bikes.git").exists() && !root.join("repositories/other.git").exists());
}

/// Does the work in a process of its own; `None` when it was killed, else whether it succeeded.
fn child(root: &Path, kill_at: Option<usize>, look: bool) -> Option<bool> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "git_crash::the_work_gets_done", "--test-threads", "1"]).env(ROOT, root);
    if let Some(at) = kill_at {
        command.env(KILL_AT, at.to_string());
    }
    if !look {
        command.env(LOOK, "off");
    }
    let output = command.output().unwrap();
    output.status.code().map(|code| code == 0)
}

/// The same in a process whose user has this git configuration.
fn child_of_user(root: &Path, home: &Path, configuration: &str) -> bool {
    fs::create_dir(home).unwrap();
    fs::write(home.join(".gitconfig"), configuration).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "git_crash::the_work_gets_done"]).env(ROOT, root);
    command.env("HOME", home).env("XDG_CONFIG_HOME", home).output().unwrap().status.success()
}

#[test]
fn no_git_configuration_of_the_user_has_a_say() {
    let folder = tempfile::tempdir().unwrap();
    let [plain, odd, broken] = ["plain", "odd", "broken"].map(|name| folder.path().join(name));
    assert!(child_of_user(&plain, &folder.path().join("home-1"), ""));
    let settings = "[user]\nname = Somebody\n[core]\nautocrlf = true\nfsyncObjectFiles = false\n[commit]\ngpgsign = true\n\
                    [init]\ndefaultBranch = trunk\ntemplateDir = /nonexistent\n[merge]\nff = only\n";
    assert!(child_of_user(&odd, &folder.path().join("home-2"), settings));
    assert_eq!(outcome(&odd), outcome(&plain));
    // libgit2 reads it before it can be told not to: an unreadable one is an error, and nothing is made.
    assert!(!child_of_user(&broken, &folder.path().join("home-3"), "[core\nbroken"));
    assert!(!broken.join("repositories/bikes.git").exists());
}

fn points(root: &Path) -> Vec<String> {
    fs::read_to_string(root.with_extension("log")).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn killed_anywhere_the_work_ends_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let undisturbed = folder.path().join("undisturbed");
    assert_eq!(child(&undisturbed, None, true), Some(true));
    let expected = outcome(&undisturbed);
    let points = points(&undisturbed);
    for named in [
        "git.repository.temp-made",
        "git.repository.moved",
        "git.branch.made",
        "git.commit.objects-written",
        "git.commit.ref-moved",
        "git.merge.commit-made",
        "git.merge.ref-moved",
        "review.merge.merged",
        "review.open.json-written",
        "review.open.moved",
        "review.update.json-written",
        "review.update.page-written",
        "checks.written",
        "git.branch.removed",
        "git.repository.in-trash",
    ] {
        assert!(points.iter().any(|point| point == named), "{named} is never reached");
    }
    let mut control_failures = 0;
    for (at, point) in points.iter().enumerate() {
        let root = folder.path().join(format!("killed-{at}"));
        assert_eq!(child(&root, Some(at), true), None, "killed at {point}");
        assert_eq!(child(&root, None, true), Some(true), "the work again, after {point}");
        assert_eq!(outcome(&root), expected, "after {point}");

        // Control: without a look before each making the same sweep must not pass.
        let root = folder.path().join(format!("control-{at}"));
        assert_eq!(child(&root, Some(at), true), None, "killed at {point}");
        if child(&root, None, false) != Some(true) || outcome(&root) != expected {
            control_failures += 1;
        }
    }
    assert!(control_failures > 0);
}
