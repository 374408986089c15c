//! Comments that stand where code should: work left for later, and code left out.

use super::findings::Report;
use super::options::{Origin, ValidatorOptions};
use crate::domain::{RepoPath, Rule, Severity, TextSpan};

/// What somebody writes who leaves code out. Compared in lower case, with single spaces.
const LEFT_OUT: [&str; 16] = [
    "rest of the code",
    "rest of code",
    "rest of the file",
    "rest of the implementation",
    "rest of your code",
    "rest of the component",
    "remaining code",
    "existing code",
    "code remains the same",
    "code goes here",
    "implementation goes here",
    "implementation here",
    "your code here",
    "logic goes here",
    "add your logic here",
    "implement this later",
];

/// Words that mark work left for later.
const LATER: [&str; 2] = ["TODO", "FIXME"];

/// What is wrong with a comment; the severity depends on who wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placeholder {
    /// The comment stands where code was left out.
    LeftOut(&'static str),
    /// The comment says that work is left.
    Later(&'static str),
}

/// Tells whether a comment is a placeholder; strings and names may say what they like, so give comments only.
pub(super) fn of_comment(text: &str) -> Option<Placeholder> {
    if let Some(phrase) = left_out(text) {
        return Some(Placeholder::LeftOut(phrase));
    }
    let word = LATER.into_iter().find(|word| text.lines().any(|line| marks_later(line, word)));
    word.map(Placeholder::Later)
}

impl Placeholder {
    pub(super) fn report(self, file: &RepoPath, span: TextSpan, options: &ValidatorOptions) -> Report {
        let generated = options.origin == Origin::Generated;
        let (message, severity) = match self {
            Self::LeftOut(phrase) if generated => (format!("code was left out: {phrase:?}"), Severity::Error),
            Self::LeftOut(phrase) => (format!("code may have been left out: {phrase:?}"), Severity::Warning),
            Self::Later(word) if generated => (format!("work was left for later: {word}"), Severity::Warning),
            Self::Later(word) => (format!("work was left for later: {word}"), Severity::Info),
        };
        Report::new(Rule::Placeholder, file, message).at(span).severity(severity)
    }
}

fn left_out(comment: &str) -> Option<&'static str> {
    let words: Vec<String> = comment
        .split(|c: char| {
            c.is_whitespace()
                || matches!(
                    c,
                    '/' | '*' | '#' | '.' | '…' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '-' | ':' | ','
                )
        })
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    // "Existing code" inside a sentence is a subject; on its own or after dots it is an ellipsis.
    const SHORT: usize = 8;
    if words.len() > SHORT {
        return None;
    }
    let text = words.join(" ");
    let elided = comment.contains("...") || comment.contains('…') || words.len() <= 5;
    LEFT_OUT.into_iter().find(|phrase| elided && text.contains(phrase))
}

/// Whether the line begins with the word or has it followed by `:` or `(`: a list of states that has TODO in it does not.
fn marks_later(line: &str, word: &str) -> bool {
    let content = line.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '_');
    let mut before: Option<char> = None;
    let mut rest = content;
    while let Some((ahead, behind)) = rest.split_once(word) {
        before = ahead.chars().next_back().or(before);
        let own_word = before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
            && behind.chars().next().is_none_or(|c| !c.is_alphanumeric() && c != '_');
        let leads = before.is_none() && !behind.trim_start().starts_with([',', '|', '/']);
        if own_word && (leads || behind.starts_with([':', '('])) {
            return true;
        }
        before = Some('_');
        rest = behind;
    }
    false
}
