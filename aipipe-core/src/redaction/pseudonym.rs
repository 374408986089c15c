//! Turns pseudonyms back: in a whole answer, or in one that comes in pieces.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;

/// How a value is written where it comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// As it was.
    Plain,
    /// Within a string of JSON.
    Json,
}

/// Pseudonyms and the values they stand for. `Debug` shows neither.
#[derive(Clone, Default)]
pub struct Pseudonyms(BTreeMap<String, String>);

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pseudonyms({})", self.0.len())
    }
}

impl Pseudonyms {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A text with all of them turned back.
    #[must_use]
    pub fn restore(&self, text: &str) -> String {
        self.restore_as(text, Spelling::Plain)
    }

    pub(crate) fn restore_as(&self, text: &str, spelling: Spelling) -> String {
        let mut restorer = Restorer { pseudonyms: self.clone(), spelling, held: String::new() };
        let mut restored = restorer.push(text);
        restored.push_str(&restorer.finish());
        restored
    }

    /// What turns them back in a text that comes in pieces.
    pub(crate) fn restorer(self, spelling: Spelling) -> Restorer {
        Restorer { pseudonyms: self, spelling, held: String::new() }
    }

    /// Adds one; whether it stands for this value and no other.
    pub(crate) fn add(&mut self, pseudonym: &str, value: &str) -> bool {
        self.0.entry(pseudonym.to_owned()).or_insert_with(|| value.to_owned()) == value
    }

    /// The value behind a pseudonym that a text begins with, and the pseudonym's length.
    fn at(&self, text: &str) -> Option<(&str, usize)> {
        let end = text.bytes().take(LONGEST).position(|byte| byte == b']')? + 1;
        let pseudonym = text.get(..end)?;
        self.0.get(pseudonym).map(|value| (value.as_str(), end))
    }

    /// Whether a text may be the beginning of one.
    fn may_begin(&self, text: &str) -> bool {
        let next = self.0.range::<str, _>((Bound::Included(text), Bound::Unbounded)).next();
        next.is_some_and(|(pseudonym, _)| pseudonym.len() > text.len() && pseudonym.starts_with(text))
    }
}

/// No pseudonym is longer in bytes.
const LONGEST: usize = 64;

/// Turns pseudonyms back in a text that comes in pieces, which may be cut anywhere. Holds back what may be the beginning of
/// a pseudonym until it is known, and no more.
#[derive(Debug)]
pub(crate) struct Restorer {
    pseudonyms: Pseudonyms,
    spelling: Spelling,
    held: String,
}

impl Restorer {
    /// Takes a piece; returns what is certain by now.
    pub(crate) fn push(&mut self, piece: &str) -> String {
        let mut text = std::mem::take(&mut self.held);
        text.push_str(piece);
        let mut restored = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(open) = rest.find('[') {
            let (before, from) = rest.split_at(open);
            restored.push_str(before);
            if let Some((value, length)) = self.pseudonyms.at(from) {
                self.write(value, &mut restored);
                rest = from.get(length..).unwrap_or_default();
            } else if self.pseudonyms.may_begin(from) {
                from.clone_into(&mut self.held);
                return restored;
            } else {
                restored.push('[');
                rest = from.get(1..).unwrap_or_default();
            }
        }
        restored.push_str(rest);
        restored
    }

    /// The end: what was held back was no pseudonym.
    pub(crate) fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    fn write(&self, value: &str, out: &mut String) {
        match self.spelling {
            Spelling::Plain => out.push_str(value),
            Spelling::Json => {
                let written = serde_json::Value::from(value).to_string();
                out.push_str(written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default());
            }
        }
    }
}
