//! Points in time, in UTC, to the millisecond.

use super::parse::ParseError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A point in time in UTC with millisecond precision, written as RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

/// 9999-12-30T22:00:00Z, the last instant `jiff` can print in every zone.
const MAX_MILLIS: i64 = 253_402_207_200_000;

impl Timestamp {
    /// From milliseconds since 1970-01-01T00:00:00Z; values outside the years 1 to 9999 are clamped.
    #[must_use]
    pub fn from_unix_millis(millis: i64) -> Self {
        Self(millis.clamp(-62_135_596_800_000, MAX_MILLIS))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn as_unix_millis(self) -> i64 {
        self.0
    }

    /// This point plus `duration`, clamped to the representable range.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_unix_millis(self.0.saturating_add(millis))
    }

    /// Time from `earlier` to this point; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The calendar date in UTC as `YYYY-MM-DD`.
    #[must_use]
    pub fn date(self) -> String {
        let text = self.to_string();
        text.split('T').next().unwrap_or(&text).to_owned()
    }

    /// RFC 3339 in UTC with all three digits of the milliseconds: texts of the same length, which sort as the points do.
    ///
    /// [`Display`](fmt::Display) leaves out a fraction of zero, and `…:00.5Z` sorts before `…:00Z`.
    #[must_use]
    pub fn sort_key(self) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(timestamp) => format!("{timestamp:.3}"),
            Err(_) => self.to_string(),
        }
    }

    /// Parses an RFC 3339 timestamp with an offset.
    ///
    /// # Errors
    /// [`ParseError`] when the text is not one.
    pub fn parse(value: &str) -> Result<Self, ParseError> {
        let parsed: jiff::Timestamp =
            value.parse().map_err(|_| ParseError::new("timestamp", value, "is not RFC 3339 with an offset"))?;
        Ok(Self::from_unix_millis(parsed.as_millisecond()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(timestamp) => write!(f, "{timestamp}"),
            Err(_) => write!(f, "{} ms since 1970", self.0),
        }
    }
}

impl TryFrom<String> for Timestamp {
    type Error = ParseError;
    fn try_from(value: String) -> Result<Self, ParseError> {
        Self::parse(&value)
    }
}

impl From<Timestamp> for String {
    fn from(value: Timestamp) -> Self {
        value.to_string()
    }
}
