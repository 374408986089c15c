//! Lock files by the stacks' own package managers: npm for the JavaScript stacks, Poetry for Python.
//!
//! A lock is made from the manifests alone, in a folder of its own, without install scripts; it is checked by the tool
//! that will install from it, and it names no registry address. What was made once for the same manifests by the same
//! tool is kept under the adapter's root and returned again, also without a network.

mod cache;
mod npm;
mod poetry;
mod tool;

use crate::process::HostEnvironment;
use aipipe_core::domain::{RepoPath, Stack};
use aipipe_core::ports::{Clock, LockFile, LockRequest, PackageManager};
use aipipe_core::{Error, ErrorKind, Result};
use async_trait::async_trait;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Largest manifest that is taken.
const MAX_MANIFEST: usize = 1 << 20;

/// What the package managers stand on.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LocalPackageOptions {
    /// The folder of kept locks, package caches and tools.
    pub root: PathBuf,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What of the host's environment the tools may see.
    pub host: HostEnvironment,
    /// The longest one call of a tool may take; 10 minutes.
    pub timeout: Duration,
}

impl LocalPackageOptions {
    /// The defaults, with `host` as the environment.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, clock: Arc<dyn Clock>, host: HostEnvironment) -> Self {
        Self { root: root.into(), clock, host, timeout: Duration::from_secs(600) }
    }

    /// The same with another limit for one call of a tool.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

/// Makes lock files with the package managers of this machine.
#[derive(Debug)]
pub struct LocalPackageManager {
    options: LocalPackageOptions,
}

impl LocalPackageManager {
    /// Opens (or makes) the adapter's folder.
    ///
    /// # Errors
    /// `PermissionDenied` or `StorageFull` for the folder.
    pub fn open(mut options: LocalPackageOptions) -> Result<Self> {
        let failed = |error| tool::io_error("packages.open", "the folder can't be made", error);
        std::fs::create_dir_all(&options.root).map_err(failed)?;
        options.root = options.root.canonicalize().map_err(failed)?;
        Ok(Self { options })
    }
}

#[async_trait]
impl PackageManager for LocalPackageManager {
    async fn lock(&self, request: &LockRequest) -> Result<LockFile> {
        if let Some((path, _)) = request.manifests.iter().find(|(_, content)| content.len() > MAX_MANIFEST) {
            return Err(
                Error::new(ErrorKind::InvalidInput, "packages.lock", "a manifest is too large").with("path", path)
            );
        }
        match request.stack {
            Stack::ReactSpa | Stack::ReactFullstack | Stack::NodeApi | Stack::VueSpa => {
                npm::lock(&self.options, request).await
            }
            Stack::PythonApi => poetry::lock(&self.options, request).await,
            other => {
                Err(Error::new(ErrorKind::Unsupported, "packages.lock", format!("no package manager for {other}")))
            }
        }
    }
}

/// A manifest's text.
fn manifest<'a>(request: &'a LockRequest, name: &str) -> Result<&'a str> {
    let refuse = |reason: String| Error::new(ErrorKind::InvalidInput, "packages.lock", reason);
    let path = RepoPath::parse(name)?;
    let bytes = request.manifests.get(&path).ok_or_else(|| refuse(format!("there is no {name}")))?;
    std::str::from_utf8(bytes).map_err(|_| refuse(format!("{name} is not UTF-8")))
}
