//! What stage 5 hands on: what was found, and the files that make the bundle a project (lock file, CI workflow).

use super::artifact::Stored;
use super::code::{CodeBundle, CodeFile};
use super::finding::Finding;
use super::id::CheckName;
use super::path::{ProjectRoot, RepoPath};
use serde::{Deserialize, Serialize};

/// Stage 5's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidationReport {
    /// The project and day.
    pub root: ProjectRoot,
    /// What was validated.
    pub bundle: Stored<CodeBundle>,
    /// Number of files looked at.
    pub files_checked: usize,
    /// What was found; an error stops the pipeline before anything is published.
    pub findings: Vec<Finding>,
    /// Files this stage adds: the lock file and the CI workflow.
    pub additions: Vec<CodeFile>,
    /// The workflow's path.
    pub workflow: RepoPath,
    /// The checks that must succeed before a merge.
    pub required_checks: Vec<CheckName>,
}
