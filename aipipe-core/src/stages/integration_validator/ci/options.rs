//! What a host decides about the generated workflow.

use crate::domain::{ParseError, RuntimeVersion};
use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most versions one workflow tests on, so that a list given by mistake does not start hundreds of jobs.
const MAX_VERSIONS: usize = 10;

/// The most patterns of paths.
const MAX_PATTERNS: usize = 50;

/// What a host decides about the CI workflow. By default everything is checked on the plan's one version.
///
/// ```
/// use aipipe_core::domain::RuntimeVersion;
/// use aipipe_core::stages::integration_validator::{PathPattern, WorkflowOptions};
/// let options = WorkflowOptions::default()
///     .with_further_test_versions([RuntimeVersion::parse("24")?])
///     .with_unchecked_paths([PathPattern::parse("docs/**")?]);
/// assert_eq!(options.further_test_versions.len(), 1);
/// # Ok::<(), aipipe_core::domain::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct WorkflowOptions {
    /// The version of Node or Python that everything is checked on; the plan's when `None`.
    pub runtime_version: Option<RuntimeVersion>,
    /// Further versions the tests run on. The check stays one, `test`, and succeeds when all versions did.
    pub further_test_versions: Vec<RuntimeVersion>,
    /// Paths that need no checks: a pull request that changes nothing else skips them. Pushes are always checked.
    pub unchecked_paths: Vec<PathPattern>,
}

impl WorkflowOptions {
    /// The same with everything checked on this version.
    #[must_use]
    pub fn with_runtime_version(mut self, version: RuntimeVersion) -> Self {
        self.runtime_version = Some(version);
        self
    }

    /// The same with tests on these versions too.
    #[must_use]
    pub fn with_further_test_versions(mut self, versions: impl IntoIterator<Item = RuntimeVersion>) -> Self {
        self.further_test_versions = versions.into_iter().collect();
        self
    }

    /// The same, with pull requests unchecked that change these paths only.
    #[must_use]
    pub fn with_unchecked_paths(mut self, patterns: impl IntoIterator<Item = PathPattern>) -> Self {
        self.unchecked_paths = patterns.into_iter().collect();
        self
    }

    /// The version for all checks, then those for tests only, each once and in order.
    ///
    /// # Errors
    /// `InvalidInput` when one is older than `oldest`, or there are more than ten.
    pub(super) fn versions(&self, planned: &RuntimeVersion, oldest: &RuntimeVersion) -> Result<Vec<RuntimeVersion>> {
        let refuse = |message: String| Err(Error::new(ErrorKind::InvalidInput, "workflow.options", message));
        let mut versions = vec![self.runtime_version.as_ref().unwrap_or(planned).clone()];
        let mut further = self.further_test_versions.clone();
        further.sort();
        for version in further {
            if !versions.contains(&version) {
                versions.push(version);
            }
        }
        if let Some(old) = versions.iter().find(|version| *version < oldest) {
            return refuse(format!("the product supports {oldest} and later, so it can't be checked on {old}"));
        }
        if versions.len() > MAX_VERSIONS {
            return refuse(format!("{} versions to test on are more than {MAX_VERSIONS}", versions.len()));
        }
        if self.unchecked_paths.len() > MAX_PATTERNS {
            return refuse(format!("{} unchecked paths are more than {MAX_PATTERNS}", self.unchecked_paths.len()));
        }
        Ok(versions)
    }
}

/// Paths of a repository: `*` stands for any part of a name, `**` for any folders.
///
/// Letters, digits, `_`, `-`, `.`, `/` and `*` only, so that a pattern is the same to git, a shell and YAML.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PathPattern(String);

impl PathPattern {
    /// Parses a pattern such as `docs/**` or `**/*.md`.
    ///
    /// # Errors
    /// [`ParseError`] naming the rule that was broken; a pattern for everything is refused, because it would leave
    /// every pull request unchecked.
    pub fn parse(value: impl Into<String>) -> Result<Self, ParseError> {
        let value = value.into();
        let refuse = |reason| Err(ParseError::new("path pattern", &value, reason));
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '*');
        if value.is_empty() || value.len() > 200 || !value.chars().all(allowed) {
            return refuse("needs 1 to 200 letters, digits, _ - . / *");
        }
        if value.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return refuse("must be relative, without empty parts, . and ..");
        }
        if !value.contains(|c: char| c.is_ascii_alphanumeric()) {
            return refuse("stands for everything");
        }
        Ok(Self(value))
    }

    /// The pattern as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PathPattern {
    type Error = ParseError;
    fn try_from(value: String) -> Result<Self, ParseError> {
        Self::parse(value)
    }
}

impl From<PathPattern> for String {
    fn from(pattern: PathPattern) -> Self {
        pattern.0
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
