//! Finds what should not be passed on in a text, and puts marks in its place.
//!
//! A [`Redactor`] goes over a text once, finds secrets (`secrets/`: one table of forms, and what is called a secret) and
//! personal data (`personal/`: numbers with checks, addresses, names where a phrase gives them away), and does with each kind
//! what its [`RedactionPolicy`] says: keep it, put a mask in its place, or a pseudonym that stays the same and is turned back
//! in answers.
//!
//! ```
//! use aipipe_core::redaction::{DataKind, RedactionPolicy, Redactor};
//!
//! let key = secrecy::SecretString::from("of this project");
//! let policy = RedactionPolicy::default().with_pseudonyms(key, [DataKind::Email]);
//! let redacted = Redactor::new(policy).redact("password: hunter22, write to clerk@example.org");
//! assert!(redacted.text.starts_with("password: [secret: password], write to [e-mail "), "{}", redacted.text);
//! assert_eq!(redacted.restore(redacted.text.split_once("to ").unwrap().1), "clerk@example.org");
//! ```
//!
//! It looks at a text as it stands: what is cut in two by a line end, spelled out, or written in a picture is not found.

mod personal;
mod policy;
mod pseudonym;
pub(crate) mod secrets;

#[cfg(test)]
mod tests;

pub use policy::{RedactionPolicy, Treatment};
pub use pseudonym::Pseudonyms;
pub(crate) use pseudonym::{Restorer, Spelling};

use crate::domain::TextSpan;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What kind of thing should not be passed on. Of two that overlap, the earlier kind counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DataKind {
    /// A token, a key, a password.
    Secret,
    /// A payment card's number.
    CreditCard,
    /// An international bank account number.
    Iban,
    /// A number that a state gave a person.
    NationalId,
    /// An address of a machine.
    IpAddress,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// A street, a box, a place.
    PostalAddress,
    /// A person's name.
    PersonName,
}

impl DataKind {
    /// All kinds, in their order.
    pub const ALL: [Self; 9] = [
        Self::Secret,
        Self::CreditCard,
        Self::Iban,
        Self::NationalId,
        Self::IpAddress,
        Self::Phone,
        Self::Email,
        Self::PostalAddress,
        Self::PersonName,
    ];

    /// The name in marks and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::CreditCard => "credit card",
            Self::Iban => "IBAN",
            Self::NationalId => "national id",
            Self::IpAddress => "IP address",
            Self::Phone => "phone",
            Self::Email => "e-mail",
            Self::PostalAddress => "address",
            Self::PersonName => "name",
        }
    }
}

impl fmt::Display for DataKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that was found in a text. It says where, never what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sensitive {
    /// Its kind.
    pub kind: DataKind,
    /// Its form: `github-token`, `us-ssn`, `phone`.
    pub form: &'static str,
    /// Where it stands, in bytes of the text.
    pub span: TextSpan,
}

/// A place of a text and what is to stand there.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replacement {
    /// What was found.
    pub found: Sensitive,
    /// The mask or pseudonym.
    pub with: String,
    /// It is a pseudonym, and no mask.
    pub is_pseudonym: bool,
}

impl fmt::Debug for Replacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Replacement({:?} with {})", self.found, self.with)
    }
}

/// A text without what should not be passed on. `Debug` shows no text.
#[derive(Clone)]
#[non_exhaustive]
pub struct Redacted {
    /// The text with masks and pseudonyms.
    pub text: String,
    /// What they stand for, in order; spans are those of the text before.
    pub replaced: Vec<Sensitive>,
    /// What turns pseudonyms back.
    pub pseudonyms: Pseudonyms,
}

impl Redacted {
    /// An answer with the pseudonyms of this text turned back. Masks stay: what they stand for is not kept.
    #[must_use]
    pub fn restore(&self, answer: &str) -> String {
        self.pseudonyms.restore(answer)
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redacted")
            .field("bytes", &self.text.len())
            .field("replaced", &self.replaced.len())
            .finish_non_exhaustive()
    }
}

/// Finds secrets and personal data and replaces them as its policy says. The work grows with the length of the text.
///
/// What it has put into a text it does not find again: a redacted text stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    policy: Arc<RedactionPolicy>,
}

impl Redactor {
    /// A redactor under this policy.
    #[must_use]
    pub fn new(policy: RedactionPolicy) -> Self {
        Self { policy: Arc::new(policy) }
    }

    /// Its policy.
    #[must_use]
    pub fn policy(&self) -> &RedactionPolicy {
        &self.policy
    }

    /// Everything of every kind that is found, whatever the policy: in order, not overlapping.
    #[must_use]
    pub fn find(text: &str) -> Vec<Sensitive> {
        find_up_to(text, DataKind::PersonName)
    }

    /// The places to replace, in order, not overlapping.
    #[must_use]
    pub fn replacements(&self, text: &str) -> Vec<Replacement> {
        // Later kinds never take the place of earlier ones, so they need not be looked for.
        let Some(last) = DataKind::ALL.into_iter().rev().find(|kind| self.policy.treatment(*kind) != Treatment::Keep)
        else {
            return Vec::new();
        };
        let mut taken: BTreeMap<String, &str> = BTreeMap::new();
        let replacement = |found: Sensitive| {
            let value = found.span.of(text)?;
            let pseudonym = match self.policy.treatment(found.kind) {
                Treatment::Keep => return None,
                Treatment::Mask => None,
                Treatment::Pseudonym => self.policy.pseudonym(found.kind, value),
            };
            // Two values under one pseudonym could not be told apart again; the second one is masked.
            let pseudonym = pseudonym.filter(|pseudonym| *taken.entry(pseudonym.clone()).or_insert(value) == value);
            let is_pseudonym = pseudonym.is_some();
            Some(Replacement { found, with: pseudonym.unwrap_or_else(|| mask(found)), is_pseudonym })
        };
        find_up_to(text, last).into_iter().filter_map(replacement).collect()
    }

    /// The text with masks and pseudonyms.
    #[must_use]
    pub fn redact(&self, text: &str) -> Redacted {
        let mut pseudonyms = Pseudonyms::default();
        let (text, replaced) = self.redact_with(text, &mut pseudonyms);
        Redacted { text, replaced, pseudonyms }
    }

    /// The same for one of several texts that share their pseudonyms.
    pub(crate) fn redact_with(&self, text: &str, pseudonyms: &mut Pseudonyms) -> (String, Vec<Sensitive>) {
        let mut redacted = String::with_capacity(text.len());
        let mut replaced = Vec::new();
        let mut end = 0;
        for replacement in self.replacements(text) {
            let span = replacement.found.span;
            redacted.push_str(text.get(end..span.start).unwrap_or_default());
            let value = span.of(text).unwrap_or_default();
            let is_kept = !replacement.is_pseudonym || pseudonyms.add(&replacement.with, value);
            redacted.push_str(if is_kept { &replacement.with } else { "" });
            if !is_kept {
                redacted.push_str(&mask(replacement.found));
            }
            replaced.push(replacement.found);
            end = span.end;
        }
        redacted.push_str(text.get(end..).unwrap_or_default());
        (redacted, replaced)
    }
}

/// `[secret: github-token]`, `[credit card]`.
fn mask(found: Sensitive) -> String {
    match found.kind {
        DataKind::Secret | DataKind::NationalId => format!("[{}: {}]", found.kind, found.form),
        kind => format!("[{kind}]"),
    }
}

fn find_up_to(text: &str, last: DataKind) -> Vec<Sensitive> {
    let secret = |secret: secrets::Secret| Sensitive { kind: DataKind::Secret, form: secret.name, span: secret.span };
    let mut found: Vec<_> = secrets::find(text).into_iter().map(secret).collect();
    if last > DataKind::Secret {
        found.extend(personal::find(text, last));
    }
    // Earlier kinds first, of one kind what was found first; then whatever does not overlap.
    found.sort_by_key(|one| one.kind);
    let mut kept: BTreeMap<usize, Sensitive> = BTreeMap::new();
    for one in found {
        if is_mark(text, one.span) {
            continue;
        }
        let free = uncovered(one.span, &kept);
        // Of a secret that another one reaches into, the rest is a secret still.
        if one.kind == DataKind::Secret || free == [one.span] {
            kept.extend(free.into_iter().map(|span| (span.start, Sensitive { span, ..one })));
        }
    }
    kept.into_values().collect()
}

/// The parts of a span that nothing takes yet.
fn uncovered(span: TextSpan, kept: &BTreeMap<usize, Sensitive>) -> Vec<TextSpan> {
    let before = kept.range(..=span.start).next_back().filter(|(_, before)| before.span.end > span.start);
    let mut start = before.map_or(span.start, |(_, before)| before.span.end);
    let mut free = Vec::new();
    if start < span.end {
        for other in kept.range(start..span.end).map(|(_, other)| other.span) {
            free.push(TextSpan { start, end: other.start });
            start = other.end;
        }
    }
    free.push(TextSpan { start, end: span.end });
    free.retain(|part| part.start < part.end);
    free
}

/// Whether a place is within one of our own marks: the number of a pseudonym, the name in a mask.
fn is_mark(text: &str, span: TextSpan) -> bool {
    const DIGITS: usize = 10;
    let before = text.get(..span.start).unwrap_or_default();
    let after = text.get(span.start..).unwrap_or_default();
    if before.ends_with("[secret: ") {
        let end = after.bytes().take(64).position(|byte| byte == b']');
        return end.and_then(|end| after.get(..end)).is_some_and(secrets::is_name);
    }
    let is_number = span.end - span.start == DIGITS && text.get(span.end..).unwrap_or_default().starts_with(']');
    is_number && DataKind::ALL.iter().any(|kind| before.ends_with(&format!("[{kind} ")))
}
