//! Actions: which one, at which commit, and which ones a generated workflow may use.

use crate::domain::ParseError;
use std::fmt;

/// An action a generated workflow may use, at the one commit that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllowedAction {
    /// Owner and name.
    pub action: &'static str,
    /// The commit.
    pub sha: &'static str,
    /// The release that commit was tagged as.
    pub version: &'static str,
}

/// The actions generated workflows are made of. A newer release is a change of this list, reviewed like any other.
pub const ALLOWED_ACTIONS: [AllowedAction; 5] = [
    AllowedAction::CHECKOUT,
    AllowedAction::SETUP_NODE,
    AllowedAction::SETUP_PYTHON,
    AllowedAction::CACHE,
    AllowedAction::UPLOAD_ARTIFACT,
];

impl AllowedAction {
    /// Checks the repository out.
    pub const CHECKOUT: Self =
        Self { action: "actions/checkout", sha: "3d3c42e5aac5ba805825da76410c181273ba90b1", version: "v7.0.1" };
    /// Provides Node.
    pub const SETUP_NODE: Self =
        Self { action: "actions/setup-node", sha: "820762786026740c76f36085b0efc47a31fe5020", version: "v7.0.0" };
    /// Provides Python.
    pub const SETUP_PYTHON: Self =
        Self { action: "actions/setup-python", sha: "5fda3b95a4ea91299a34e894583c3862153e4b97", version: "v7.0.0" };
    /// Keeps files between runs, by a key.
    pub const CACHE: Self =
        Self { action: "actions/cache", sha: "27d5ce7f107fe9357f9df03efb73ab90386fccae", version: "v5.0.5" };
    /// Keeps files of a run.
    pub const UPLOAD_ARTIFACT: Self =
        Self { action: "actions/upload-artifact", sha: "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", version: "v7.0.0" };

    /// The reference a step uses.
    #[must_use]
    pub fn reference(self) -> ActionRef {
        ActionRef {
            action: self.action.to_owned(),
            revision: self.sha.to_owned(),
            version: Some(self.version.to_owned()),
        }
    }
}

/// A reference to an action: `owner/name@revision`, with the version its comment states.
///
/// Holds any revision, because a workflow somebody else wrote may be read too; [`ActionRef::is_pinned`] and
/// [`ActionRef::is_allowed`] tell whether it is one to run.
///
/// ```
/// use aipipe_core::stages::integration_validator::workflow::ActionRef;
/// let action = ActionRef::parse("actions/checkout@v7", None)?;
/// assert!(!action.is_pinned());
/// # Ok::<(), aipipe_core::domain::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRef {
    action: String,
    revision: String,
    version: Option<String>,
}

impl ActionRef {
    /// Parses `owner/name@revision` and the version stated beside it.
    ///
    /// # Errors
    /// [`ParseError`] when it is a container, a local path, has no revision, or holds other characters than names have.
    pub fn parse(uses: &str, version: Option<&str>) -> Result<Self, ParseError> {
        let refuse = |reason| ParseError::new("action", uses, reason);
        let (action, revision) = uses.split_once('@').ok_or_else(|| refuse("has no revision after an @"))?;
        let named = |part: &str| !part.is_empty() && part != "." && part != ".." && part.chars().all(is_name_character);
        if action.split('/').count() < 2 || !action.split('/').all(named) {
            return Err(refuse("is not owner/name"));
        }
        if !revision.split('/').all(named) || uses.len() > 300 {
            return Err(refuse("has a revision that is not a tag, branch or commit"));
        }
        if version.is_some_and(|v| v.len() > 100 || !named(v)) {
            return Err(ParseError::new("action version", version.unwrap_or_default(), "is not a version"));
        }
        Ok(Self { action: action.to_owned(), revision: revision.to_owned(), version: version.map(str::to_owned) })
    }

    /// Owner and name (and folder, where the action lies in one).
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The commit, tag or branch.
    #[must_use]
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// The version its comment states.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Whether the revision is a full commit sha, which nobody can move.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.revision.len() == 40 && self.revision.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
    }

    /// Whether it is on [`ALLOWED_ACTIONS`], commit and version included.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        ALLOWED_ACTIONS.iter().any(|allowed| {
            allowed.action == self.action && allowed.sha == self.revision && self.version() == Some(allowed.version)
        })
    }
}

impl fmt::Display for ActionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.action, self.revision)
    }
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+')
}
