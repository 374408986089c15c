//! Questions for a person: words that can't be measured, rules nobody's story is about, one role or several. Few good ones
//! rather than many.

use super::conflicts::one_line;
use super::merge::Group;
use super::words::{TokenKind, find_phrase, tokenize};
use crate::domain::{Obligation, OpenQuestion, QuestionId, QuestionKind, RequirementId, TextSpan};
use std::collections::BTreeMap;

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

/// Most stories with one verb and object that are compared pair by pair.
const MOST_ACTS: usize = 64;

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

/// One question for a rule that belongs to no story: nothing will be built or tested for it.
pub(super) fn without_story(group: &Group) -> OpenQuestion {
    let quote = one_line(&group.leader.citation.quote);
    let question = format!("Which story does this rule belong to: “{quote}”?");
    OpenQuestion {
        id: QuestionId::for_text(&question),
        kind: QuestionKind::Missing,
        question,
        assumption: Some("no story makes or changes what it speaks of, so no test shows that it holds".to_owned()),
        citations: group.members.iter().map(|m| m.citation.clone()).collect(),
        stories: Vec::new(),
    }
}

/// Where one place lets only some do a thing and another lets others do it.
pub(super) fn exclusions(groups: &[Group]) -> Vec<(RequirementId, OpenQuestion)> {
    let mut by_act: BTreeMap<(&str, &str), Vec<&Group>> = BTreeMap::new();
    for group in groups.iter().filter(|g| g.obligation != Obligation::Wont) {
        if let Some(ask) = group.leader.ask.as_ref().filter(|ask| ask.role_stated)
            && let Some(head) = ask.action.head.as_deref()
        {
            by_act.entry((ask.action.class.as_str(), head)).or_default().push(group);
        }
    }
    let mut found = Vec::new();
    for acts in by_act.values().filter(|acts| acts.len() <= MOST_ACTS) {
        let only = acts.iter().filter(|g| g.members.iter().any(|m| m.exclusive));
        for exclusive in only {
            for other in acts.iter().filter(|other| !std::ptr::eq(**other, *exclusive)) {
                let (Some(one), Some(two)) = (&exclusive.leader.ask, &other.leader.ask) else { continue };
                // "only managers and clerks" is one sentence about both
                let together = exclusive.members.iter().any(|m| other.members.iter().any(|o| o.citation == m.citation));
                let words = one.action.text.to_lowercase() == two.action.text.to_lowercase()
                    || super::normal::normal(&one.action.text) == super::normal::normal(&two.action.text);
                if together || !words || one.role == two.role {
                    continue;
                }
                let mut quotes = [one_line(&exclusive.leader.citation.quote), one_line(&other.leader.citation.quote)];
                quotes.sort_unstable();
                let [first, second] = quotes;
                let question = format!("Who may do this: “{first}” or “{second}”?");
                let citations = exclusive.members.iter().chain(&other.members).map(|m| m.citation.clone()).collect();
                let assumption = Some("both are kept as stories, and each is told to be refused to others".to_owned());
                let id = QuestionId::for_text(&question);
                let kind = QuestionKind::Contradiction;
                found.push((
                    exclusive.id.clone(),
                    OpenQuestion { id, kind, question, assumption, citations, stories: Vec::new() },
                ));
            }
        }
    }
    found
}
