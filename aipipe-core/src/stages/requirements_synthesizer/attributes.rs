//! What a text says about a story besides the story: its label, priority, size and what comes before it.

use super::words::{Token, TokenKind, after, find_phrase, lower, part, phrase_at, words_of};
use crate::domain::{Effort, Priority};

/// What was said about a story.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    /// "US-12", "story 3": lower case, one space or hyphen.
    pub(super) label: Option<String>,
    pub(super) priority: Option<(Priority, String)>,
    pub(super) effort: Option<(Effort, String)>,
    /// Labels of stories that come first.
    pub(super) after: Vec<String>,
}

impl Attributes {
    /// Takes from `other` what is not known yet.
    pub(super) fn fill(&mut self, other: Self) {
        self.label = self.label.take().or(other.label);
        self.priority = self.priority.take().or(other.priority);
        self.effort = self.effort.take().or(other.effort);
        for label in other.after {
            if !self.after.contains(&label) {
                self.after.push(label);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.label.is_none() && self.priority.is_none() && self.effort.is_none() && self.after.is_empty()
    }
}

const LABELS: &[&str] =
    &["story", "us", "user story", "req", "fr", "nfr", "uc", "requirement", "feature", "epic", "r", "f", "id"];

/// The label at the start ("US-12:", "Story 3 —", "FR1.2"), and the words after it.
pub(super) fn label(tokens: &[Token]) -> (Option<String>, &[Token]) {
    let Some(first) = tokens.first() else { return (None, tokens) };
    let bare = first.lower.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-' || c == '.' || c == '_');
    let numbered = bare.len() < first.lower.len() && LABELS.contains(&bare);
    if numbered && first.kind == TokenKind::Word {
        return (Some(normal(&first.lower)), skip_marks(after(tokens, 1)));
    }
    let words = if phrase_at(tokens, 0, "user story") { 2 } else { 1 };
    let known = words == 2 || LABELS.contains(&first.lower.as_str());
    let mut number_at = words;
    if tokens.get(number_at).is_some_and(|t| t.is_any(&["#", "-", "."])) {
        number_at += 1;
    }
    let ends = tokens.get(number_at + 1).is_none_or(Token::is_mark) || first.lower.len() > 2;
    if let Some(number) = tokens.get(number_at).filter(|t| t.kind == TokenKind::Number && known && ends) {
        return (Some(normal(&format!("{}-{}", first.lower, number.lower))), skip_marks(after(tokens, number_at + 1)));
    }
    (None, tokens)
}

/// "US-012" and "story 12" are the same story only with the same prefix; "story" and "us" count as one.
fn normal(label: &str) -> String {
    let digits: String = label.chars().skip_while(|c| !c.is_ascii_digit()).collect();
    let prefix: String = label.chars().take_while(|c| c.is_alphabetic()).collect();
    let prefix = if matches!(prefix.as_str(), "story" | "user" | "us") { "us" } else { &prefix };
    format!("{prefix}-{}", digits.trim_start_matches('0'))
}

fn skip_marks(tokens: &[Token]) -> &[Token] {
    let start = tokens.iter().position(|t| !t.is_mark() || t.is("(")).unwrap_or(tokens.len());
    after(tokens, start)
}

/// A line that only says something about the story above it: "Priority: high", "Estimate: 5 points", "Depends on: US-3".
pub(super) fn line(text: &str, tokens: &[Token]) -> Attributes {
    let short = tokens.len() <= 14;
    let opens = tokens.first().is_some_and(|t| {
        t.is_any(&[
            "priority",
            "moscow",
            "importance",
            "estimate",
            "effort",
            "points",
            "size",
            "depends",
            "dependencies",
            "requires",
            "after",
            "story",
            "blocked",
            "dependency",
            "prio",
        ])
    });
    if short && opens { inside(text, tokens) } else { Attributes::default() }
}

/// The attributes of a bracket that stands alone: "(must)" after the full stop.
pub(super) fn alone_in_brackets(text: &str, tokens: &[Token]) -> Attributes {
    let end = tokens.iter().rposition(|t| !t.is_any(&[".", "!", ",", ";"])).map_or(0, |last| last + 1);
    match part(tokens, 0, end) {
        [open, inner @ .., close] if open.is_any(&["(", "["]) && close.is_any(&[")", "]"]) => inside(text, inner),
        _ => Attributes::default(),
    }
}

/// The attributes in brackets at the end of a sentence ("(must)", "[P1, 5 points]"), and the sentence without them.
pub(super) fn in_brackets<'t>(text: &str, tokens: &'t [Token]) -> (Attributes, &'t [Token]) {
    let mut found = Attributes::default();
    let mut rest = tokens;
    loop {
        let end = rest.iter().rposition(|t| !t.is_any(&[".", "!", ",", ";"])).map_or(0, |last| last + 1);
        let trimmed = part(rest, 0, end);
        if !trimmed.last().is_some_and(|t| t.is_any(&[")", "]"])) {
            return (found, rest);
        }
        let Some(open) = trimmed.iter().rposition(|t| t.is_any(&["(", "["])) else { return (found, rest) };
        let attributes = inside(text, part(trimmed, open + 1, trimmed.len() - 1));
        if attributes.is_empty() || open == 0 {
            return (found, rest);
        }
        found.fill(attributes);
        rest = part(rest, 0, open);
    }
}

fn inside(text: &str, tokens: &[Token]) -> Attributes {
    let quote = || words_of(text, tokens);
    let stated = tokens.split(|t| t.is_any(&[",", ";", "/"])).find_map(|piece| {
        let words = piece.iter().filter(|t| !t.is_mark()).count();
        priority(piece, words).map(|priority| (priority, quote()))
    });
    let mut found = Attributes { priority: stated, ..Attributes::default() };
    let points = find_phrase(tokens, &["points", "point", "sp", "pts"]).map(|(at, _)| at);
    let named = find_phrase(tokens, &["estimate", "effort", "size", "points"]).map(|(at, _)| at);
    let number = points
        .and_then(|at| at.checked_sub(1))
        .and_then(|at| tokens.get(at))
        .filter(|t| t.kind == TokenKind::Number)
        .or_else(|| named.and_then(|at| after(tokens, at).iter().find(|t| t.kind == TokenKind::Number)));
    if let Some(points) = number.and_then(|t| t.lower.parse::<u32>().ok()).filter(|n| (1..=100).contains(n)) {
        found.effort = Some((Effort::at_least(points), quote()));
    }
    if let Some((at, count)) =
        find_phrase(tokens, &["depends on", "dependencies", "dependency", "requires", "after", "blocked by", "needs"])
    {
        found.after = labels(after(tokens, at + count));
    }
    found
}

/// All story labels among the words.
pub(super) fn labels(tokens: &[Token]) -> Vec<String> {
    let mut found = Vec::new();
    for index in 0..tokens.len() {
        let single = part(tokens, index, index + 1);
        let pair = part(tokens, index, (index + 3).min(tokens.len()));
        let named = label(single).0.or_else(|| label(pair).0.filter(|_| lower(tokens, index).len() > 1));
        if let Some(name) = named.filter(|name| !found.contains(name)) {
            found.push(name);
        }
    }
    found
}

/// A priority word as the whole statement, or after "priority".
pub(super) fn priority(tokens: &[Token], words: usize) -> Option<Priority> {
    const WORDS: &[(&str, Priority)] = &[
        ("must have", Priority::P0),
        ("must-have", Priority::P0),
        ("must", Priority::P0),
        ("p0", Priority::P0),
        ("critical", Priority::P0),
        ("blocker", Priority::P0),
        ("mvp", Priority::P0),
        ("highest", Priority::P0),
        ("high", Priority::P0),
        ("essential", Priority::P0),
        ("should have", Priority::P1),
        ("should-have", Priority::P1),
        ("should", Priority::P1),
        ("p1", Priority::P1),
        ("medium", Priority::P1),
        ("important", Priority::P1),
        ("normal", Priority::P1),
        ("could have", Priority::P2),
        ("could-have", Priority::P2),
        ("could", Priority::P2),
        ("p2", Priority::P2),
        ("low", Priority::P2),
        ("nice to have", Priority::P2),
        ("nice-to-have", Priority::P2),
        ("optional", Priority::P2),
        ("won't have", Priority::P3),
        ("won't", Priority::P3),
        ("p3", Priority::P3),
        ("lowest", Priority::P3),
        ("later", Priority::P3),
    ];
    let named = find_phrase(tokens, &["priority", "prio", "moscow", "importance"]);
    WORDS
        .iter()
        .filter(|(word, _)| super::words::has_phrase(tokens, &[word]))
        .find(|(word, _)| {
            named.is_some() || words <= word.split(' ').count() || (word.starts_with('p') && word.len() == 2)
        })
        .map(|(_, priority)| *priority)
}
