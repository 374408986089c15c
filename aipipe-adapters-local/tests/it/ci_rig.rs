//! A repository that is a folder, and the local CI on it.

use crate::support::{SystemClock, missing_rig};
use aipipe_adapters_local::HostEnvironment;
use aipipe_adapters_local::ci::{CheckSink, CheckoutSource, LocalCi, LocalCiLimits, LocalCiOptions, SandboxChoice};
use aipipe_core::Result;
use aipipe_core::domain::*;
use aipipe_core::ports::{ContinuousIntegration as _, RunSelector};
use aipipe_core::{Error, ErrorKind};
use async_trait::async_trait;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

pub(crate) const WORKFLOW: &str = ".github/workflows/ci.yml";

/// Checkouts are copies of a folder.
#[derive(Debug)]
struct Folder(PathBuf);

#[async_trait]
impl CheckoutSource for Folder {
    async fn find(&self, _: &RepositoryRef) -> Result<()> {
        Ok(())
    }

    async fn checkout(&self, _: &RepositoryRef, _: &CommitSha, into: &Path) -> Result<()> {
        let copied = Command::new("cp").arg("-a").arg(self.0.join(".")).arg(into).status();
        if copied.is_ok_and(|status| status.success()) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::NotFound, "test.checkout", "no such folder"))
    }
}

#[derive(Debug, Default)]
pub(crate) struct Checks(pub(crate) Mutex<Vec<Vec<CheckRun>>>);

impl CheckSink for Checks {
    fn record(&self, _: &RepositoryRef, checks: Vec<CheckRun>) -> Result<()> {
        self.0.lock().unwrap().push(checks);
        Ok(())
    }
}

pub(crate) struct Rig {
    folder: PathBuf,
    /// Removes the folder in the end, unless that is another process's.
    _owned: Option<tempfile::TempDir>,
    pub(crate) checks: Arc<Checks>,
    pub(crate) options: LocalCiOptions,
}

impl Rig {
    pub(crate) fn new(workflow: &str) -> Self {
        Self::at(tempfile::tempdir().unwrap(), workflow)
    }

    pub(crate) fn at(folder: tempfile::TempDir, workflow: &str) -> Self {
        let rig = Self::below(folder.path(), workflow);
        Self { _owned: Some(folder), ..rig }
    }

    pub(crate) fn below(folder: &Path, workflow: &str) -> Self {
        let source = folder.join("source");
        fs::create_dir_all(source.join(".github/workflows")).unwrap();
        fs::write(source.join(WORKFLOW), workflow).unwrap();
        fs::write(source.join("hello.txt"), "hello from the repository\n").unwrap();
        let checks = Arc::new(Checks::default());
        let options = LocalCiOptions::new(
            folder.join("ci"),
            Arc::new(Folder(source)),
            Arc::clone(&checks) as Arc<dyn CheckSink>,
            Arc::new(SystemClock),
            HostEnvironment::from_env(),
        );
        Self { folder: folder.to_path_buf(), _owned: None, checks, options }
    }

    pub(crate) fn plain(mut self) -> Self {
        self.options = self.options.with_sandbox(SandboxChoice::Off);
        self
    }

    pub(crate) fn limits(mut self, limits: LocalCiLimits) -> Self {
        self.options = self.options.with_limits(limits);
        self
    }

    /// Puts an npm into the search path that is this shell script; steps that run `npm ci` show the install phase.
    pub(crate) fn with_npm(mut self, script: &str) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let home = self.path().canonicalize().unwrap().join("tools-home");
        let bin = home.join("bin");
        fs::create_dir_all(&bin).unwrap();
        for (name, text) in [("npm", script), ("node", "echo v20.20.2")] {
            fs::write(bin.join(name), format!("#!/bin/bash\n{text}\n")).unwrap();
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let folders = [bin].into_iter().chain(std::env::split_paths(&self.options.host.path));
        self.options.host.path = std::env::join_paths(folders).unwrap();
        // Below the home folder the sandbox shows the tools of the search path.
        self.options.host.home = Some(home);
        self
    }

    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn ci(&self) -> LocalCi {
        LocalCi::open(self.options.clone()).unwrap()
    }

    pub(crate) async fn run(&self) -> WorkflowRun {
        self.ci().ensure_run(&repository(), &selector(), &key("one")).await.unwrap().unwrap()
    }

    pub(crate) async fn try_run(&self) -> Result<WorkflowRun> {
        Ok(self.ci().ensure_run(&repository(), &selector(), &key("one")).await?.unwrap())
    }

    pub(crate) async fn refused(&self) -> Error {
        self.ci().ensure_run(&repository(), &selector(), &key("one")).await.unwrap_err()
    }

    pub(crate) async fn log(&self, run: &WorkflowRun, job: &str) -> String {
        self.ci().log_tail(&repository(), &run.id, &job.parse().unwrap(), 1 << 20).await.unwrap()
    }
}

pub(crate) fn repository() -> RepositoryRef {
    RepositoryRef { owner: String::new(), name: RepositoryName::parse("demo").unwrap(), location: "demo".to_owned() }
}

pub(crate) fn selector() -> RunSelector {
    RunSelector::new(
        RepoPath::parse(WORKFLOW).unwrap(),
        CommitSha::parse("0123456789012345678901234567890123456789").unwrap(),
        BranchName::parse("aipipe/run-1").unwrap(),
    )
}

pub(crate) fn key(name: &str) -> IdempotencyKey {
    IdempotencyKey::parse(name).unwrap()
}

/// A workflow with one job whose steps are `steps`.
pub(crate) fn one_job(steps: &str) -> String {
    let indented: String = steps.lines().map(|line| format!("      {line}\n")).collect();
    format!("on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n{indented}")
}

/// A workflow with one job and one script.
pub(crate) fn script(lines: &str) -> String {
    let indented: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    one_job(&format!("- run: |\n{indented}"))
}

pub(crate) fn job<'a>(run: &'a WorkflowRun, id: &str) -> &'a JobResult {
    run.jobs.iter().find(|job| job.id.as_str() == id).unwrap()
}

pub(crate) fn ended(state: RunState) -> Conclusion {
    match state {
        RunState::Completed(conclusion) => conclusion,
        other => panic!("not ended: {other:?}"),
    }
}

pub(crate) fn is_sandboxed(rig: &Rig) -> bool {
    let sandboxed = rig.ci().capabilities().isolation.is_some();
    if !sandboxed {
        missing_rig("bubblewrap");
    }
    sandboxed
}
