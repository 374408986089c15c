//! Stage 5's vocabulary: findings, and the files that make the bundle a project (lock file, CI workflow).

use super::artifact::Stored;
use super::code::{CodeBundle, CodeFile};
use super::document::TextSpan;
use super::id::CheckName;
use super::path::{ProjectRoot, RepoPath};
use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It can't work.
    Error,
    /// It works, but is likely wrong.
    Warning,
}

/// Something wrong with the generated files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule, such as `unresolved-import`.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// The file.
    pub file: RepoPath,
    /// Where in it, where known.
    pub span: Option<TextSpan>,
    /// What is wrong.
    pub message: String,
}

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
