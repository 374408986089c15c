//! One folder with every local adapter in it.

use crate::checks::CheckStore;
use crate::ci::{CheckSink, CheckoutSource, LocalCi, LocalCiOptions};
use crate::git::LocalGit;
use crate::packages::{LocalPackageManager, LocalPackageOptions};
use crate::review::LocalReviewDesk;
use crate::{HostEnvironment, LocalArtifacts, LocalRecords, SystemClock, UuidGenerator};
use aipipe_core::domain::{BranchName, CheckRun, CommitSha, RepositoryRef};
use aipipe_core::pipeline::{Engine, EngineBuilder, EngineOptions, TakeOver};
use aipipe_core::ports::{Clock, SourceControl as _};
use aipipe_core::stages::StandardPorts;
use aipipe_core::{Error, Result};
use async_trait::async_trait;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[async_trait]
impl CheckoutSource for LocalGit {
    async fn find(&self, repository: &RepositoryRef) -> Result<()> {
        // Any branch will do: an absent one is no error, an absent repository is.
        self.branch_head(repository, &BranchName::parse("main")?).await.map(drop)
    }

    async fn checkout(&self, repository: &RepositoryRef, commit: &CommitSha, into: &Path) -> Result<()> {
        Self::checkout(self, repository, commit, into).await
    }
}

impl CheckSink for CheckStore {
    fn record(&self, repository: &RepositoryRef, checks: Vec<CheckRun>) -> Result<()> {
        self.write(&repository.name, checks)
    }
}

/// All local adapters below one folder:
///
/// ```text
/// artifacts/      documents, text, code          records.redb    the six tables (one process at a time)
/// repositories/   bare git repositories          ci/             runs, logs, package cache
/// reviews/        pull requests as files         checks/         results by commit
/// packages/       lock files made before
/// ```
#[derive(Debug, Clone)]
pub struct LocalWorkspace {
    root: PathBuf,
    /// Documents, text, code.
    pub artifacts: Arc<LocalArtifacts>,
    /// The six tables.
    pub records: Arc<LocalRecords>,
    /// Repositories.
    pub git: LocalGit,
    /// Runs of their workflows.
    pub ci: Arc<LocalCi>,
    /// Their pull requests.
    pub review_desk: Arc<LocalReviewDesk>,
    /// Lock files.
    pub packages: Arc<LocalPackageManager>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl LocalWorkspace {
    /// Opens the workspace at `root` and makes what isn't there, on the system's clock and environment.
    ///
    /// # Errors
    /// `Busy` while another process has it open; `PermissionDenied`, `StorageFull`; `Corrupt` when its records are damaged.
    pub fn open(root: &Path) -> Result<Self> {
        Self::open_with(root, Arc::new(SystemClock), &HostEnvironment::from_env())
    }

    /// Opens the workspace with another clock or environment.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(root: &Path, clock: Arc<dyn Clock>, host: &HostEnvironment) -> Result<Self> {
        let io = |error| crate::os_error::os_error("workspace.open", "the workspace can't be made", error);
        std::fs::create_dir_all(root).map_err(io).map_err(|error| at(error, root))?;
        let root = root.canonicalize().map_err(io)?;
        // First what only one process can have: a second one stops here and touches nothing.
        let records = Arc::new(LocalRecords::open(&root.join("records.redb"))?);
        let git = LocalGit::open(&root.join("repositories"))?;
        let checks = CheckStore::open(&root.join("checks"))?;
        let (source, sink) = (Arc::new(git.clone()), Arc::new(checks.clone()));
        let options = LocalCiOptions::new(root.join("ci"), source, sink, Arc::clone(&clock), host.clone());
        // Documents, records and other projects are nothing for the steps of one project.
        let ci = LocalCi::open(options.with_hidden(&root))?;
        let desk = LocalReviewDesk::open(&root.join("reviews"), git.clone(), checks, Arc::clone(&clock))?;
        Ok(Self {
            artifacts: Arc::new(LocalArtifacts::open(&root.join("artifacts"))?),
            records,
            git,
            ci: Arc::new(ci),
            review_desk: Arc::new(desk),
            packages: Arc::new(LocalPackageManager::open(LocalPackageOptions::new(
                root.join("packages"),
                Arc::clone(&clock),
                host.clone(),
            ))?),
            clock,
            root,
        })
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// An engine on this workspace. It takes over at once what a dead process left: only one process has the records open.
    #[must_use]
    pub fn engine(&self) -> EngineBuilder {
        Engine::builder(self.artifacts.clone(), self.records.clone(), Arc::clone(&self.clock), Arc::new(UuidGenerator))
            .options(EngineOptions::default().with_take_over(TakeOver::AtOnce))
    }

    /// The ports of the standard pipeline.
    #[must_use]
    pub fn ports(&self) -> StandardPorts {
        let git = Arc::new(self.git.clone());
        StandardPorts::new(self.packages.clone(), git, self.ci.clone(), self.review_desk.clone())
    }
}

fn at(error: Error, path: &Path) -> Error {
    error.with("path", path.display())
}
