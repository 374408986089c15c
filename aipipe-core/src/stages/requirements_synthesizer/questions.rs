//! Questions for a person: words that can't be measured. Few good ones rather than many.

use super::conflicts::one_line;
use super::merge::Group;
use super::words::{TokenKind, find_phrase, tokenize};
use crate::domain::{Obligation, OpenQuestion, QuestionId, QuestionKind, RequirementId, TextSpan};

/// Words that promise something nobody can check.
const VAGUE: &[&str] = &[
    "fast",
    "quick",
    "quickly",
    "user-friendly",
    "user friendly",
    "easy",
    "easily",
    "intuitive",
    "simple",
    "modern",
    "efficient",
    "efficiently",
    "as appropriate",
    "if necessary",
    "where necessary",
    "if possible",
    "as needed",
    "tbd",
    "to be determined",
    "to be defined",
    "to be decided",
    "soon",
    "reasonable",
    "flexible",
    "robust",
    "scalable",
    "seamless",
    "seamlessly",
    "attractive",
    "adequate",
    "sufficient",
    "timely",
    "and so on",
    "and so forth",
    "smooth",
    "high performance",
    "optimal",
    "responsive",
    "good performance",
    "secure",
];

/// One question for each requirement that rests on such a word without a number beside it.
pub(super) fn ambiguities(groups: &[Group]) -> Vec<(RequirementId, OpenQuestion)> {
    groups
        .iter()
        .filter(|g| g.obligation != Obligation::Wont && !g.weak())
        .filter_map(|g| Some((g.id.clone(), ambiguity(g)?)))
        .collect()
}

fn ambiguity(group: &Group) -> Option<OpenQuestion> {
    let quote = one_line(&group.leader.citation.quote);
    let tokens = tokenize(&quote, TextSpan { start: 0, end: quote.len() });
    let measured = tokens.iter().any(|t| t.kind == TokenKind::Number);
    let (at, count) = find_phrase(&tokens, VAGUE).filter(|_| !measured)?;
    let word = super::words::words_of(&quote, super::words::part(&tokens, at, at + count)).to_lowercase();
    let question = match word.as_str() {
        "tbd" | "to be determined" | "to be defined" | "to be decided" => {
            format!("What is to be filled in for “{word}” in “{quote}”?")
        }
        _ => format!("How can one measure “{word}” in “{quote}”?"),
    };
    Some(OpenQuestion {
        id: QuestionId::for_text(&question),
        kind: QuestionKind::Ambiguity,
        question,
        assumption: None,
        citations: group.members.iter().map(|m| m.citation.clone()).collect(),
        stories: Vec::new(),
    })
}
