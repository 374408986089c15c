//! Single values of a workflow and how they are written in YAML so that they read back the same.

use serde::de::{self, Deserialize, Deserializer, Visitor};
use std::fmt;

/// A single value: an input, an environment variable, a matrix entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// Text, also where it looks like a number (`'3.10'`).
    Text(String),
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
}

impl Scalar {
    /// The value as text, as an action or a step's environment gets it.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Boolean(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
        }
    }

    pub(super) fn to_yaml(&self, place: Place) -> String {
        match self {
            Self::Text(text) => yaml_text(text, place),
            Self::Boolean(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
        }
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<bool> for Scalar {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ScalarVisitor;
        impl Visitor<'_> for ScalarVisitor {
            type Value = Scalar;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, a whole number, true or false")
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(value.to_owned()))
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar::Boolean(value))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar::Integer(value))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Scalar, E> {
                i64::try_from(value).map(Scalar::Integer).map_err(|_| E::custom("the number is too large"))
            }
            // 3.10 unquoted is the number 3.1: refusing it is the only honest reading.
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Scalar, E> {
                Err(E::custom(format!("{value} must be quoted: as a number it loses its trailing zeros")))
            }
        }
        deserializer.deserialize_any(ScalarVisitor)
    }
}

/// Where a text stands: brackets and commas mean something inside a flow sequence only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Block,
    Flow,
}

/// Writes `text` in the plainest style that reads back as the same text.
pub(super) fn yaml_text(text: &str, place: Place) -> String {
    if is_plain(text, place) {
        return text.to_owned();
    }
    if text.chars().all(is_printable) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if is_printable(c) => quoted.push(c),
            c => quoted.push_str(&escape(c)),
        }
    }
    quoted.push('"');
    quoted
}

fn escape(c: char) -> String {
    let code = u32::from(c);
    if code <= 0xFFFF { format!("\\u{code:04X}") } else { format!("\\U{code:08X}") }
}

/// Characters that stand for themselves in quotes; line ends of any kind, invisible and unusual ones are escaped.
pub(super) fn is_printable(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic() || (!c.is_ascii() && c.is_alphanumeric()) || matches!(c, '–' | '—' | '…' | '’')
}

/// A conservative subset of what YAML allows unquoted: reads as text under YAML 1.1 and 1.2 alike.
fn is_plain(text: &str, place: Place) -> bool {
    let allowed = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(
                c,
                ' ' | '_' | '-' | '.' | '/' | '=' | '@' | '+' | '$' | '(' | ')' | '&' | '|' | ';' | ':' | '!'
            )
            || (place == Place::Block && matches!(c, '{' | '}' | ',' | '\'' | '"' | '<' | '>' | '*'))
    };
    let starts_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '.' | '/' | '$'));
    starts_plain
        && text.chars().all(allowed)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !is_word_with_meaning(text)
}

fn is_word_with_meaning(text: &str) -> bool {
    const WORDS: [&str; 12] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", ".inf", ".nan", "<<"];
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        || text.starts_with('.')
            && text.chars().skip(1).all(|c| c.is_ascii_digit() || matches!(c, 'e' | 'E' | '+' | '-' | '_' | '.'))
}
