//! Keys and event names of a workflow.

use crate::domain::ParseError;
use serde::Deserialize;
use std::fmt;

/// The key of a job or step: a letter or `_`, then letters, digits, `-` and `_`; up to 100.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Identifier(String);

impl Identifier {
    /// Parses an identifier.
    ///
    /// # Errors
    /// [`ParseError`] naming the rule that was broken.
    pub fn parse(value: impl Into<String>) -> Result<Self, ParseError> {
        let value = value.into();
        let starts_well = value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if starts_well && value.len() <= 100 && value.chars().all(allowed) {
            return Ok(Self(value));
        }
        Err(ParseError::new("workflow identifier", &value, "needs a letter or _, then letters, digits, - and _"))
    }

    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Identifier {
    type Error = ParseError;
    fn try_from(value: String) -> Result<Self, ParseError> {
        Self::parse(value)
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The event that starts a workflow, such as `push`: lower-case letters and `_`, up to 64.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct EventName(String);

impl EventName {
    /// Parses an event name.
    ///
    /// # Errors
    /// [`ParseError`] naming the rule that was broken.
    pub fn parse(value: impl Into<String>) -> Result<Self, ParseError> {
        let value = value.into();
        let allowed = |c: char| c.is_ascii_lowercase() || c == '_';
        if !value.is_empty() && value.len() <= 64 && value.chars().all(allowed) {
            return Ok(Self(value));
        }
        Err(ParseError::new("event name", &value, "needs lower-case letters and _"))
    }

    /// Commits were pushed.
    #[must_use]
    pub fn push() -> Self {
        Self("push".to_owned())
    }

    /// A pull request was opened or its head moved.
    #[must_use]
    pub fn pull_request() -> Self {
        Self("pull_request".to_owned())
    }

    /// The event as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EventName {
    type Error = ParseError;
    fn try_from(value: String) -> Result<Self, ParseError> {
        Self::parse(value)
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
