//! What a sentence states about fields: "the name is required and the e-mail address must be unique" is two statements.

use super::noun_phrase::has_finite_verb;
use super::words::{Token, TokenKind, after, any_phrase_at, lower, part, phrase_at, trim_marks, words_of};

/// One field (or several) and what is said of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement<'t> {
    /// "the e-mail address of a customer".
    pub(super) subject: &'t [Token],
    /// "must be", where the predicate is a further state of a list and has none of its own.
    pub(super) verb: &'t [Token],
    /// "must be unique".
    pub(super) predicate: &'t [Token],
}

impl Statement<'_> {
    /// The statement as a sentence; a subject that names no owner is said to be a field of `owner`.
    pub(super) fn sentence(&self, text: &str, owner: Option<&str>) -> String {
        let subject = words_of(text, self.subject);
        let owned = self.subject.iter().any(|t| t.is("of") || t.lower.ends_with("'s"))
            || owner.is_some_and(|owner| self.subject.iter().any(|t| super::lexicon::singular(&t.lower) == owner));
        let of = match owner.filter(|_| !owned) {
            Some(owner) => format!(" of {}", super::scenario::with_article(owner)),
            None => String::new(),
        };
        let verb = words_of(text, self.verb);
        let said = words_of(text, self.predicate);
        let parts = [format!("{subject}{of}"), verb, said];
        super::lexicon::upper_first(&parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
    }
}

const MODALS: &[&str] = &[
    "must", "should", "shall", "may", "can", "cannot", "can't", "has to", "have to", "needs to", "need to", "will",
    "ought to", "mustn't",
];

/// What is said of a field's value after "is" or "must be".
const STATES: &[&str] = &[
    "required",
    "mandatory",
    "optional",
    "compulsory",
    "obligatory",
    "unique",
    "one of",
    "either",
    "limited to",
    "at most",
    "at least",
    "between",
    "no longer than",
    "no more than",
    "no less than",
    "no shorter than",
    "longer than",
    "shorter than",
    "more than",
    "less than",
    "greater than",
    "empty",
    "blank",
    "left empty",
    "left blank",
    "negative",
    "positive",
    "a number",
    "a date",
    "a whole number",
    "a positive number",
    "above",
    "below",
    "missing",
    "zero or more",
    "up to",
    "a valid",
    "omitted",
    "non-negative",
    "case sensitive",
    "in the past",
    "in the future",
    "used twice",
    "given twice",
    "assigned twice",
    "reused",
];

/// The statements of a sentence, in order; none when it makes none, or makes them under a condition in front.
pub(super) fn statements(tokens: &[Token]) -> Vec<Statement<'_>> {
    // what stands in a condition in front is no statement
    let conditional = conditional_start(tokens);
    let from = if conditional { tokens.iter().position(|t| t.is_any(&[",", "so", "then"])) } else { Some(0) };
    let Some(from) = from else { return Vec::new() };
    let heads: Vec<usize> = (from + 1..tokens.len()).filter(|i| states_at(tokens, *i)).collect();
    let mut found: Vec<Statement<'_>> = Vec::new();
    for (position, at) in heads.iter().copied().enumerate() {
        let before = position.checked_sub(1).and_then(|p| heads.get(p)).copied();
        let joined = at.checked_sub(1).is_some_and(|i| matches!(lower(tokens, i), "and" | "but" | ","));
        if joined && let (Some(last), Some(from)) = (found.last_mut(), before) {
            // "is mandatory and shall not exceed 200 characters"
            last.predicate = trim_end(part(tokens, from, at));
            let subject = last.subject;
            let rest = after(tokens, at);
            found.push(Statement { subject, verb: &[], predicate: trim_end(part(rest, 0, predicate_end(rest))) });
            continue;
        }
        let Some(start) = subject_start(tokens, before, at) else { continue };
        if let Some(last) = found.last_mut()
            && let Some(from) = before
        {
            last.predicate = trim_end(part(tokens, from, start));
        }
        let rest = after(tokens, at);
        let (predicate, tail) = rest.split_at_checked(predicate_end(rest)).unwrap_or((rest, &[]));
        let subject = plain(trim_marks(part(tokens, start, at)));
        found.push(Statement { subject, verb: &[], predicate: trim_end(predicate) });
        if let Some(subject) = likewise(tail) {
            found.push(Statement { subject, verb: &[], predicate: trim_end(predicate) });
        }
    }
    found.into_iter().flat_map(each_state).collect()
}

/// "Is required, unique and at most 20 characters long" as three statements. Limits stay together: "at least 3 and at
/// most 20" is one.
fn each_state(statement: Statement<'_>) -> Vec<Statement<'_>> {
    let all = statement.predicate;
    let Some(from) = (1..all.len().min(5)).find(|i| any_phrase_at(all, *i, STATES).is_some()) else {
        return vec![statement];
    };
    let (verb, states) = all.split_at_checked(from).unwrap_or((all, &[]));
    if !verb.iter().any(|t| t.is_any(&["is", "are", "be"])) || verb.iter().any(|t| t.is_any(&["not", "never"])) {
        return vec![statement];
    }
    let is_flag = |tokens: &[Token]| matches!(tokens, [only] if only.is_any(FLAGS));
    let mut pieces = Vec::new();
    let mut start = 0;
    for i in 1..states.len() {
        let joined = matches!(lower(states, i - 1), "and" | ",") && lower(states, i) != "and";
        if !joined || any_phrase_at(states, i, STATES).is_none() {
            continue;
        }
        let before = trim_end(part(states, start, i));
        let next = (i + 1..states.len()).find(|k| matches!(lower(states, *k), "and" | ",")).unwrap_or(states.len());
        if is_flag(before) || is_flag(part(states, i, next)) {
            pieces.push(before);
            start = i;
        }
    }
    pieces.push(trim_end(after(states, start)));
    pieces.into_iter().map(|predicate| Statement { subject: statement.subject, verb, predicate }).collect()
}

/// States that are said of a value without anything else.
const FLAGS: &[&str] = &["required", "mandatory", "compulsory", "obligatory", "optional", "unique"];

/// The subject without "and please," in front.
fn plain(mut subject: &[Token]) -> &[Token] {
    while subject.len() > 1
        && subject
            .first()
            .is_some_and(|t| t.is_any(&["and", "but", "please", ",", "so", "yes", "also", "okay", "well", "ok"]))
    {
        subject = after(subject, 1);
    }
    subject
}

/// Whether "is required", "must be at most", "must not exceed" … begins at `at`.
fn states_at(tokens: &[Token], at: usize) -> bool {
    let mut next = at;
    let modal = any_phrase_at(tokens, at, MODALS);
    if let Some((_, length)) = modal {
        next += length;
        next += usize::from(matches!(lower(tokens, next), "not" | "never" | "always" | "only"));
        if matches!(lower(tokens, next), "exceed" | "have") {
            return lower(tokens, next) == "exceed" || any_phrase_at(tokens, next + 1, STATES).is_some();
        }
    }
    let be = if modal.is_some() { lower(tokens, next) == "be" } else { matches!(lower(tokens, next), "is" | "are") };
    next += 1;
    next += usize::from(matches!(lower(tokens, next), "not" | "never" | "always" | "only"));
    next += if phrase_at(tokens, next, "no longer") && lower(tokens, next + 2) != "than" { 2 } else { 0 };
    be && any_phrase_at(tokens, next, STATES).is_some()
}

/// Whether the sentence begins with a condition.
fn conditional_start(tokens: &[Token]) -> bool {
    tokens.first().is_some_and(|t| t.is_any(&["if", "when", "unless", "once", "for", "while", "where"]))
}

/// Where the subject of the statement at `at` begins; `before` is the statement before it.
fn subject_start(tokens: &[Token], before: Option<usize>, at: usize) -> Option<usize> {
    let noun_phrase = |from: usize| {
        let words = trim_marks(part(tokens, from, at));
        (1..=12).contains(&words.len())
            && !has_finite_verb(words)
            && !words.iter().any(|t| t.is_any(&[":", ";", "if", "when", "unless", "that", "we", "you", "i"]))
            && words.first().is_some_and(|t| t.kind == TokenKind::Word)
    };
    if let Some(before) = before {
        return (before + 1..at)
            .filter(|i| tokens.get(*i).is_some_and(|t| t.is_any(&["and", ",", ";", "but", "while"])))
            .map(|i| i + 1 + usize::from(matches!(lower(tokens, i + 1), "and" | "but" | "also" | "so")))
            .find(|start| noun_phrase(*start) && !part(tokens, *start, at).iter().any(|t| t.is(",")));
    }
    if noun_phrase(0) {
        return Some(0);
    }
    if conditional_start(tokens) {
        let cut = (0..at).rev().find(|i| tokens.get(*i).is_some_and(|t| t.is_any(&["so", ":"])))?;
        return noun_phrase(cut + 1).then_some(cut + 1);
    }
    let breaks = [",", ":", ";", "so", "but", "because", "that", "say", "think", "–", "—"];
    let cut = (0..at).rev().find(|i| tokens.get(*i).is_some_and(|t| t.is_any(&breaks)))?;
    noun_phrase(cut + 1).then_some(cut + 1)
}

/// Where what is said ends: at a comma that begins something else. Values after "one of" hold commas of their own.
fn predicate_end(tokens: &[Token]) -> usize {
    let listed = tokens.iter().take(5).any(|t| t.is_any(&["one", "either"]));
    let aside = |i: usize| {
        let next = lower(tokens, i + 1);
        if lower(tokens, i) == "," && any_phrase_at(tokens, i + 1, STATES).is_some() {
            return false;
        }
        !listed || matches!(next, "otherwise" | "so" | "because" | "since" | "but" | "we" | "which")
    };
    (1..tokens.len())
        .find(|i| match lower(tokens, *i) {
            "," | ";" | ":" | "–" | "—" => aside(*i),
            "because" | "otherwise" => true,
            "so" => lower(tokens, i + 1) == "that",
            "and" => likewise(after(tokens, *i)).is_some(),
            _ => false,
        })
        .unwrap_or(tokens.len())
}

/// The subject of ", the description too".
fn likewise(tokens: &[Token]) -> Option<&[Token]> {
    let tokens = trim_marks(tokens);
    let tokens = if lower(tokens, 0) == "and" { after(tokens, 1) } else { tokens };
    let end = (1..tokens.len().min(8)).find(|i| lower(tokens, *i) == "too" || phrase_at(tokens, *i, "as well"))?;
    let subject = part(tokens, 0, end);
    let plain = !has_finite_verb(subject) && !subject.iter().any(|t| t.is_mark() || t.is_any(&["it", "that", "this"]));
    (plain && end + 2 >= tokens.len()).then_some(subject)
}

fn trim_end(tokens: &[Token]) -> &[Token] {
    let mut tokens = trim_marks(tokens);
    while tokens.len() > 1
        && tokens.last().is_some_and(|t| {
            t.is_any(&[
                "and",
                "but",
                "also",
                ",",
                "obviously",
                "naturally",
                "though",
                "please",
                "too",
                "right",
                "clearly",
            ])
        })
    {
        tokens = trim_marks(part(tokens, 0, tokens.len() - 1));
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TextSpan;
    use crate::stages::requirements_synthesizer::words::tokenize;

    fn of(text: &str) -> Vec<String> {
        let tokens = tokenize(text, TextSpan { start: 0, end: text.len() });
        statements(&tokens).iter().map(|s| s.sentence(text, Some("customer"))).collect()
    }

    #[test]
    fn one_statement_for_each_field() {
        let cases: &[(&str, &[&str])] = &[
            (
                "The name is required and the e-mail address must be unique.",
                &["The name of a customer is required", "The e-mail address of a customer must be unique"],
            ),
            (
                "The title of a book is mandatory and shall not exceed 200 characters.",
                &["The title of a book is mandatory", "The title of a book shall not exceed 200 characters"],
            ),
            (
                "The date of a booking is required, the description too.",
                &["The date of a booking is required", "The description of a customer is required"],
            ),
            (
                "If the number is missing we cannot order parts, so the frame number of a bike is required.",
                &["The frame number of a bike is required"],
            ),
            (
                "I would say the problem description must be at most 500 characters.",
                &["The problem description of a customer must be at most 500 characters"],
            ),
            (
                "One thing we forgot: the status of a booking is one of requested, confirmed, completed, cancelled.",
                &["The status of a booking is one of requested, confirmed, completed, cancelled"],
            ),
            ("A member's card number must be unique.", &["A member's card number must be unique"]),
            (
                "The code is required and unique.",
                &["The code of a customer is required", "The code of a customer is unique"],
            ),
            (
                "The code must be unique, required and at most 20 characters long.",
                &[
                    "The code of a customer must be unique",
                    "The code of a customer must be required",
                    "The code of a customer must be at most 20 characters long",
                ],
            ),
            (
                "The code must be at least 3 and at most 20 characters long and unique.",
                &[
                    "The code of a customer must be at least 3 and at most 20 characters long",
                    "The code of a customer must be unique",
                ],
            ),
            ("The code must not be empty and unique.", &["The code of a customer must not be empty and unique"]),
            ("If the bike is electric, the battery number is required.", &[]),
            ("The weight of a pet is no longer required.", &["The weight of a pet is no longer required"]),
            ("A code is never used twice.", &["A code of a customer is never used twice"]),
            ("The customer cancels the booking.", &[]),
            ("What is required is a good mood.", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(of(text), *expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,60}|((the|name|is|are|required|unique|must|be|not|and|,|so|too|one|of|:) ?){0,24}") {
            let tokens = tokenize(&text, TextSpan { start: 0, end: text.len() });
            for statement in statements(&tokens) {
                proptest::prop_assert!(!statement.subject.is_empty());
            }
        }
    }
}
