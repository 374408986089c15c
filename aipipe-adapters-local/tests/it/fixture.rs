//! A workspace in a temporary folder, and the git command line as the judge of it.

use aipipe_adapters_local::checks::CheckStore;
use aipipe_adapters_local::git::LocalGit;
use aipipe_adapters_local::review::LocalReviewDesk;
use aipipe_core::domain::{BranchName, CommitSha, IdempotencyKey, RepoPath, RepositoryName, RepositoryRef, Timestamp};
use aipipe_core::ports::{Clock, CommitRequest, FileChange, RepositorySpec, Signature, SourceControl};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A clock that stands still.
#[derive(Debug)]
pub(crate) struct Still;

#[async_trait::async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        at()
    }

    async fn sleep(&self, _duration: Duration) {}
}

pub(crate) fn at() -> Timestamp {
    Timestamp::parse("2026-03-02T09:30:00Z").unwrap()
}

pub(crate) fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

pub(crate) fn branch(text: &str) -> BranchName {
    BranchName::parse(text).unwrap()
}

pub(crate) fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

pub(crate) fn sha(text: &str) -> CommitSha {
    CommitSha::parse(text.trim()).unwrap()
}

pub(crate) fn author() -> Signature {
    Signature { name: "Pipeline".to_owned(), email: "pipeline@example.org".to_owned(), at: at() }
}

pub(crate) fn put(file: &str, content: &str) -> FileChange {
    FileChange::Put { path: path(file), content: content.to_owned().into(), executable: false }
}

pub(crate) fn delete(file: &str) -> FileChange {
    FileChange::Delete { path: path(file) }
}

pub(crate) fn request(on: &str, parent: &CommitSha, changes: Vec<FileChange>) -> CommitRequest {
    CommitRequest::new(branch(on), parent.clone(), changes, "Change files\n\nFor a reason.", author())
}

pub(crate) fn spec(name: &str) -> RepositorySpec {
    RepositorySpec::new(RepositoryName::parse(name).unwrap(), branch("main"), author())
        .with_description("Bikes to rent")
}

/// The adapters over one folder.
pub(crate) struct Workspace {
    pub(crate) git: LocalGit,
    pub(crate) checks: CheckStore,
    pub(crate) desk: LocalReviewDesk,
}

impl Workspace {
    pub(crate) fn open(root: &Path) -> Self {
        let git = LocalGit::open(&root.join("repositories")).unwrap();
        let checks = CheckStore::open(&root.join("checks")).unwrap();
        let desk =
            LocalReviewDesk::open(&root.join("pull-requests"), git.clone(), checks.clone(), Arc::new(Still)).unwrap();
        Self { git, checks, desk }
    }
}

/// A workspace with one repository and a branch `work` with a file on it.
pub(crate) struct Started {
    pub(crate) folder: TempDir,
    pub(crate) workspace: Workspace,
    pub(crate) repository: RepositoryRef,
    /// The first, empty commit.
    pub(crate) base: CommitSha,
    /// The head of `work`.
    pub(crate) head: CommitSha,
}

impl Started {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::open(folder.path());
        let git = &workspace.git;
        let repository = git.ensure_repository(&spec("bikes"), &key("repository")).await.unwrap();
        let base = git.branch_head(&repository, &branch("main")).await.unwrap().unwrap();
        git.ensure_branch(&repository, &branch("work"), &base, &key("branch")).await.unwrap();
        let changes = vec![put("README.md", "# Bikes\n"), put("src/app.js", "run();\n")];
        let head = git.commit(&repository, &request("work", &base, changes), &key("first")).await.unwrap();
        Self { folder, workspace, repository, base, head }
    }

    pub(crate) fn git(&self) -> &LocalGit {
        &self.workspace.git
    }

    /// The repository's folder.
    pub(crate) fn bare(&self) -> std::path::PathBuf {
        self.workspace.git.path_of(&self.repository.name)
    }

    /// Runs the git command line in the repository and returns what it prints.
    pub(crate) fn cli(&self, arguments: &[&str]) -> String {
        git_cli(&self.bare(), arguments)
    }

    /// Whether git finds nothing wrong with the repository.
    pub(crate) fn assert_sound(&self) {
        assert_sound(&self.bare());
    }
}

pub(crate) fn assert_sound(bare: &Path) {
    let output = git_output(bare, &["fsck", "--strict", "--full"], b"");
    let printed = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    // Objects that nothing refers to are what a crash may leave; anything else is damage.
    let damage: Vec<_> =
        printed.lines().filter(|line| !line.starts_with("dangling ") && !line.starts_with("Checking ")).collect();
    assert!(output.status.success() && damage.is_empty(), "{printed}");
}

pub(crate) fn git_cli(folder: &Path, arguments: &[&str]) -> String {
    git_with_input(folder, arguments, b"")
}

/// Runs the git command line without anybody's configuration; it must succeed.
pub(crate) fn git_with_input(folder: &Path, arguments: &[&str], input: &[u8]) -> String {
    let output = git_output(folder, arguments, input);
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn git_output(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    use std::io::Write as _;
    let mut child = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("LC_ALL", "C")
        .envs([("GIT_AUTHOR_NAME", "A person"), ("GIT_AUTHOR_EMAIL", "person@example.org")])
        .envs([("GIT_COMMITTER_NAME", "A person"), ("GIT_COMMITTER_EMAIL", "person@example.org")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}
