//! Lock files, made by the stack's real package manager.

use super::forward_port;
use crate::Result;
use crate::domain::{RepoPath, Stack};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// A lock file that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockRequest {
    /// The stack, which decides on the package manager.
    pub stack: Stack,
    /// The oldest version of the runtime that installs from the lock, such as `20` or `3.11`.
    pub runtime_version: String,
    /// The manifests by path: `package.json`; `pyproject.toml`, `poetry.toml` and `.github/poetry.txt`, the list that
    /// Poetry itself is installed from.
    pub manifests: BTreeMap<RepoPath, Bytes>,
}

impl LockRequest {
    /// The lock of `manifests` for a stack on this version of its runtime.
    #[must_use]
    pub fn new(stack: Stack, runtime_version: impl Into<String>, manifests: BTreeMap<RepoPath, Bytes>) -> Self {
        Self { stack, runtime_version: runtime_version.into(), manifests }
    }
}

/// A lock file that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockFile {
    /// Where it belongs.
    pub path: RepoPath,
    /// Its content; names no registry address.
    pub content: Bytes,
    /// What made it, such as `npm 11.19.1`.
    pub tool: String,
}

impl LockFile {
    /// A lock that `tool` made, to lie at `path`.
    #[must_use]
    pub fn new(path: RepoPath, content: Bytes, tool: impl Into<String>) -> Self {
        Self { path, content, tool: tool.into() }
    }
}

/// Makes lock files.
///
/// Contract, checked by `testing::conformance::package_manager`: the lock is the package manager's own, agrees with
/// the manifests (a clean install from it succeeds, as far as the tool can tell without installing), names no registry
/// address, and no install script ran. A lock is never made up: without the tool the call is `Unsupported`.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait PackageManager: Debug + Send + Sync + 'static {
    /// The lock file of these manifests.
    ///
    /// # Errors
    /// `Unsupported` when the tool is missing; `InvalidInput` when it can't resolve the manifests; `Unavailable`
    /// when the registry can't be reached; `PermissionDenied` when it wants credentials; `Timeout`.
    async fn lock(&self, request: &LockRequest) -> Result<LockFile>;
}

forward_port!(PackageManager {
    async fn lock(&self, request: &LockRequest) -> Result<LockFile>;
});
