//! How untrusted text becomes a domain value, and what is said when it can't.

/// Text that is not a value of the named kind.
///
/// Holds what was expected, the beginning of what was given and why it was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid {what} {value:?}: {reason}")]
pub struct ParseError {
    what: &'static str,
    value: String,
    reason: &'static str,
}

impl ParseError {
    /// Builds the error; keeps the first 80 characters of `value` only.
    #[must_use]
    pub fn new(what: &'static str, value: &str, reason: &'static str) -> Self {
        let mut kept: String = value.chars().take(80).collect();
        if kept.len() < value.len() {
            kept.push('…');
        }
        Self { what, value: kept, reason }
    }

    /// The kind of value that was expected, such as `"repository path"`.
    #[must_use]
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// Why the text was refused.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}

/// Checks the length in bytes and that every character satisfies `allowed`.
pub(crate) fn check_chars(
    what: &'static str,
    value: &str,
    max: usize,
    allowed: impl Fn(char) -> bool,
) -> Result<(), ParseError> {
    if value.is_empty() {
        return Err(ParseError::new(what, value, "is empty"));
    }
    if value.len() > max {
        return Err(ParseError::new(what, value, "is too long"));
    }
    if !value.chars().all(allowed) {
        return Err(ParseError::new(what, value, "has a character that is not allowed"));
    }
    Ok(())
}

/// Lower-case words of letters and digits joined by single hyphens.
pub(crate) fn check_slug(what: &'static str, value: &str, max: usize) -> Result<(), ParseError> {
    check_chars(what, value, max, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')?;
    if value.starts_with('-') || value.ends_with('-') || value.contains("--") {
        return Err(ParseError::new(what, value, "hyphens must stand single, between words"));
    }
    Ok(())
}

/// Defines a validated string newtype: private field, `parse`, `as_str`, `Display`, `FromStr`, serde through `parse`.
macro_rules! string_type {
    ($(#[$meta:meta])* $name:ident, $what:literal, $check:expr) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Parses ", $what, ".\n\n# Errors\n[`ParseError`](crate::domain::ParseError) naming the rule that was broken.")]
            pub fn parse(value: impl Into<String>) -> Result<Self, $crate::domain::ParseError> {
                let value = value.into();
                let check: fn(&str) -> Result<(), $crate::domain::ParseError> = $check;
                check(&value)?;
                Ok(Self(value))
            }

            /// A value written in this crate's source; debug builds (and so the tests) check it like any other.
            #[allow(dead_code, reason = "not every type has values in the source")]
            pub(crate) fn literal(value: &'static str) -> Self {
                debug_assert!(Self::parse(value).is_ok(), "{value:?} is not {}", $what);
                Self(value.to_owned())
            }

            /// The value as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::ParseError;
            fn from_str(value: &str) -> Result<Self, Self::Err> {
                Self::parse(value)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::domain::ParseError;
            fn try_from(value: String) -> Result<Self, Self::Error> {
                Self::parse(value)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}
pub(crate) use string_type;

/// Makes a slug of free text: ASCII letters and digits, lower case, words joined by single hyphens, at most `max` bytes.
/// Too long a text ends at the end of a word, unless that would leave less than half.
///
/// Returns an empty string when nothing usable is left.
#[must_use]
pub fn slugify(text: &str, max: usize) -> String {
    let mut slug = String::with_capacity(text.len().min(max));
    for c in text.chars().flat_map(char::to_lowercase) {
        if slug.len() >= max {
            // Within a word it ends before that word, unless too little would be left.
            let end = slug.rfind('-').filter(|end| c.is_ascii_alphanumeric() && *end >= max / 2);
            slug.truncate(end.unwrap_or(slug.len()));
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    while slug.ends_with('-') {
        slug.pop();
    }
    slug
}

/// Checks one part of a record key: 1 to 512 bytes without control characters.
pub(crate) fn check_key_part(value: &str) -> Result<(), ParseError> {
    check_chars("record key", value, 512, |c| !c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_ends_at_the_end_of_a_word() {
        assert_eq!(slugify("List the bookings of a day", 16), "list-the");
        assert_eq!(slugify("List the bookings of a day", 17), "list-the-bookings");
        assert_eq!(slugify("List the bookings", 17), "list-the-bookings");
        assert_eq!(slugify("Donaudampfschifffahrt", 5), "donau", "there is only one word");
        assert_eq!(slugify("a Donaudampfschifffahrt", 9), "a-donauda", "too little would be left");
        assert_eq!(slugify("  — ", 9), "");
    }
}
