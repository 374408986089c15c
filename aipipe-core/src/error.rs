//! The one error type of ports, stages and engine.

use crate::domain::ParseError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// The result of anything that can fail with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What went wrong, as far as a caller decides by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The thing asked for does not exist.
    NotFound,
    /// The thing to be made exists already.
    AlreadyExists,
    /// A precondition did not hold: a version, an expected parent, a head sha.
    Conflict,
    /// What the caller gave is not valid.
    InvalidInput,
    /// The adapter or this machine can't do that.
    Unsupported,
    /// Not signed in, or the credentials are not accepted.
    Unauthenticated,
    /// Signed in, but not allowed; also a read-only workspace.
    PermissionDenied,
    /// Too many requests; see [`Error::retry_after`].
    RateLimited,
    /// A limit on spending or quota of the provider is reached; retrying does not help.
    QuotaExhausted,
    /// A budget the host set is reached; raising it continues.
    BudgetExceeded,
    /// The other side is not reachable or overloaded, for now.
    Unavailable,
    /// It took longer than allowed.
    Timeout,
    /// A stream broke off before its end.
    StreamTruncated,
    /// No space left where something had to be written.
    StorageFull,
    /// Stored data is not what was written.
    Corrupt,
    /// Another worker has taken over; this one may write nothing more.
    Fenced,
    /// Another worker holds the lease or another process the store.
    Busy,
    /// The execution was cancelled.
    Cancelled,
    /// The pipeline is not the one the execution was started with.
    DefinitionChanged,
    /// None of the documents could be read.
    NoReadableDocument,
    /// Generated code did not pass validation.
    ValidationFailed,
    /// The model refused or its answer can't be used.
    ModelOutput,
    /// A defect of this library or of an adapter.
    Internal,
}

impl ErrorKind {
    /// Whether a call that failed so certainly was not carried out, and so costs nothing: it was refused before it began.
    ///
    /// A kind that is not listed says nothing either way.
    pub(crate) const fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::InvalidInput
                | Self::Unauthenticated
                | Self::PermissionDenied
                | Self::NotFound
                | Self::Unsupported
                | Self::RateLimited
                | Self::QuotaExhausted
                | Self::BudgetExceeded
        )
    }

    /// The kind in words, as messages begin.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::AlreadyExists => "already exists",
            Self::Conflict => "conflict",
            Self::InvalidInput => "invalid input",
            Self::Unsupported => "unsupported",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission denied",
            Self::RateLimited => "rate limited",
            Self::QuotaExhausted => "quota exhausted",
            Self::BudgetExceeded => "budget exceeded",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timed out",
            Self::StreamTruncated => "broken off",
            Self::StorageFull => "storage full",
            Self::Corrupt => "corrupt",
            Self::Fenced => "fenced",
            Self::Busy => "busy",
            Self::Cancelled => "cancelled",
            Self::DefinitionChanged => "pipeline definition changed",
            Self::NoReadableDocument => "no readable document",
            Self::ValidationFailed => "validation failed",
            Self::ModelOutput => "unusable model output",
            Self::Internal => "internal error",
        }
    }
}

/// Something that failed: its kind, the operation, the things it was about and the cause.
///
/// Messages name keys and ids. They never hold a prompt, a document's text, a token or a signed URL.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    operation: &'static str,
    message: String,
    context: Vec<(&'static str, String)>,
    retry_after: Option<Duration>,
    retries_spent: bool,
    source: Option<Source>,
}

impl Error {
    /// An error of `kind` in `operation` (such as `"artifact.put"`).
    #[must_use]
    pub fn new(kind: ErrorKind, operation: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            operation,
            message: message.into(),
            context: Vec::new(),
            retry_after: None,
            retries_spent: false,
            source: None,
        }))
    }

    /// Adds a name and value, such as `("key", "…/raw/brief.pdf")`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((name, value.to_string()));
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Says when a retry is worth it.
    #[must_use]
    pub fn after(mut self, retry_after: Duration) -> Self {
        self.0.retry_after = Some(retry_after);
        self
    }

    /// Says that retries were made and are spent, so that no outer layer multiplies them.
    #[must_use]
    pub fn with_retries_spent(mut self) -> Self {
        self.0.retries_spent = true;
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation that failed.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// The message without kind, operation and context.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The value added under `name`, if one was.
    #[must_use]
    pub fn context(&self, name: &str) -> Option<&str> {
        self.0.context.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    /// When a retry is worth it, as far as the other side said.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the same call may succeed later and no layer below has spent its retries already.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        !self.0.retries_spent
            && matches!(
                self.0.kind,
                ErrorKind::RateLimited | ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::StreamTruncated
            )
    }

    /// The message and all causes in one line.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let next = error.to_string();
            if !text.contains(&next) {
                text.push_str(": ");
                text.push_str(&next);
            }
            cause = error.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}: {}", self.0.kind.as_str(), self.0.operation, self.0.message)?;
        for (i, (name, value)) in self.0.context.iter().enumerate() {
            write!(f, "{}{name}={value}", if i == 0 { " [" } else { ", " })?;
        }
        if !self.0.context.is_empty() {
            f.write_str("]")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl From<ParseError> for Error {
    fn from(error: ParseError) -> Self {
        Self::new(ErrorKind::InvalidInput, "parse", error.to_string())
    }
}
