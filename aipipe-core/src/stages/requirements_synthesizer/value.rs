//! What a rule says of the values of a field: that one must be given or may be left out, and which ones there are.

use super::normal::content_words;
use super::rules::owner;
use super::statement::{Statement, statements};
use super::words::{Token, any_phrase_at, has_phrase, tokenize, words_of};
use crate::domain::TextSpan;

/// One thing said of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    owner: Option<String>,
    /// Content words of the field's name, sorted.
    field: Vec<String>,
    /// The same with the owner.
    named: Vec<String>,
    pub(super) what: What,
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// Whether a value must be given.
    Required(bool),
    /// The values there are, sorted.
    Values(Vec<String>),
}

impl Said {
    /// Words of the field's name.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.field.iter().map(String::as_str)
    }

    /// Whether both speak of one field and can't both hold.
    pub(super) fn contradicts(&self, other: &Self) -> bool {
        let owners = self.owner.is_none() || other.owner.is_none() || self.owner == other.owner;
        let same = owners && self.field == other.field || self.named == other.named;
        same && self.what != other.what && std::mem::discriminant(&self.what) == std::mem::discriminant(&other.what)
    }
}

/// What `statement` says of fields, in order.
pub(super) fn said(statement: &str) -> Vec<Said> {
    let tokens = tokenize(statement, TextSpan { start: 0, end: statement.len() });
    statements(&tokens).iter().filter_map(|found| of(statement, found)).collect()
}

fn of(text: &str, statement: &Statement<'_>) -> Option<Said> {
    let what = required(statement.predicate)
        .map(What::Required)
        .or_else(|| values(text, statement.predicate).map(What::Values))?;
    let owner = owner(statement.subject);
    let mut named = content_words(&words_of(text, statement.subject));
    named.sort_unstable();
    named.dedup();
    let field = named.iter().filter(|word| Some(*word) != owner.as_ref()).cloned().collect();
    Some(Said { owner, field, named, what })
}

fn required(predicate: &[Token]) -> Option<bool> {
    let not = has_phrase(predicate, &["not", "never", "cannot", "can't", "mustn't", "no longer"]);
    if has_phrase(predicate, &["required", "mandatory", "compulsory", "obligatory"]) {
        return Some(!not);
    }
    if has_phrase(predicate, &["optional"]) {
        return Some(not);
    }
    has_phrase(predicate, &["empty", "blank", "omitted", "missing"]).then_some(not)
}

/// The values of "one of a, b and c".
pub(super) fn values(text: &str, predicate: &[Token]) -> Option<Vec<String>> {
    let (at, count) = (0..predicate.len())
        .find_map(|i| any_phrase_at(predicate, i, &["one of", "either", "limited to"]).map(|(_, n)| (i, n)))?;
    let list = predicate.get(at + count..)?;
    let mut found: Vec<String> = list
        .split(|t| t.is_any(&[",", "/", "or", "and"]))
        .map(|item| words_of(text, item).to_lowercase())
        .filter(|value| !value.is_empty())
        .collect();
    found.sort_unstable();
    found.dedup();
    (found.len() > 1).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contradict(a: &str, b: &str) -> bool {
        said(a).iter().any(|left| said(b).iter().any(|right| left.contradicts(right)))
    }

    #[test]
    fn what_cannot_both_hold() {
        for (a, b) in [
            ("The subject of a ticket is optional", "The subject of a ticket is required"),
            ("The subject is optional", "The subject of a ticket must not be empty"),
            ("A ticket's subject is mandatory", "The ticket subject may be left blank"),
            ("The priority is one of low, high", "The priority is one of low, medium or high"),
            ("The name is required and the note is optional", "The note is mandatory"),
        ] {
            assert!(contradict(a, b) && contradict(b, a), "{a} / {b}");
        }
        for (a, b) in [
            ("The subject of a ticket is optional", "The subject of a course is required"),
            ("The subject is optional", "The note is required"),
            ("The subject is required", "The subject must not be empty"),
            ("The priority is one of low, high", "The priority is one of high and low"),
            ("The priority is one of low, high", "The priority is required"),
            ("The subject is at most 20 characters", "The subject is required"),
        ] {
            assert!(!contradict(a, b), "{a} / {b}");
        }
    }
}
