//! Versions of a language's tool, as plans and workflows name them.

use super::parse::ParseError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A version of Node or Python as a workflow names it: one to three numbers, such as `22`, `3.12` or `22.11.0`.
///
/// Fewer numbers stand for all versions that begin with them. Ordered by the numbers, so `3.9` comes before `3.10`.
///
/// ```
/// use aipipe_core::domain::RuntimeVersion;
/// let (nine, ten) = (RuntimeVersion::parse("3.9")?, RuntimeVersion::parse("3.10")?);
/// assert!(nine < ten);
/// assert!(RuntimeVersion::parse("lts/*").is_err());
/// # Ok::<(), aipipe_core::domain::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RuntimeVersion(Vec<u32>);

impl RuntimeVersion {
    /// Parses a version; ranges, aliases and leading zeros are none.
    ///
    /// # Errors
    /// [`ParseError`] naming the rule that was broken.
    pub fn parse(value: impl AsRef<str>) -> Result<Self, ParseError> {
        let value = value.as_ref();
        let number = |part: &str| {
            let digits = (1..=5).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            let plain = digits && (part == "0" || !part.starts_with('0'));
            plain.then(|| part.parse::<u32>().ok()).flatten()
        };
        match value.split('.').map(number).collect::<Option<Vec<u32>>>() {
            Some(numbers) if numbers.len() <= 3 => Ok(Self(numbers)),
            _ => Err(ParseError::new("runtime version", value, "needs one to three numbers joined by dots")),
        }
    }
}

impl fmt::Display for RuntimeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, number) in self.0.iter().enumerate() {
            let dot = if i == 0 { "" } else { "." };
            write!(f, "{dot}{number}")?;
        }
        Ok(())
    }
}

impl FromStr for RuntimeVersion {
    type Err = ParseError;
    fn from_str(value: &str) -> Result<Self, ParseError> {
        Self::parse(value)
    }
}

impl TryFrom<String> for RuntimeVersion {
    type Error = ParseError;
    fn try_from(value: String) -> Result<Self, ParseError> {
        Self::parse(value)
    }
}

impl From<RuntimeVersion> for String {
    fn from(version: RuntimeVersion) -> Self {
        version.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_plain_versions_are_taken() {
        for good in ["20", "22.11.0", "3.10", "0"] {
            assert_eq!(RuntimeVersion::parse(good).unwrap().to_string(), good);
        }
        for bad in ["", ".", "20.", "v20", "20.x", ">=20", "1.2.3.4", "020", "3.1 ", "123456", "٣"] {
            assert!(RuntimeVersion::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_is_written_the_same(text in "[0-9.]{0,9}|\\PC{0,6}") {
            if let Ok(version) = RuntimeVersion::parse(&text) {
                prop_assert_eq!(version.to_string(), text);
            }
        }
    }
}
