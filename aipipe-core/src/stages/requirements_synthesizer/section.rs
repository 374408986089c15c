//! What the headings above a text say about it.

use super::words::{Token, TokenKind};
use crate::domain::{Obligation, RequirementKind};

/// What a heading announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// Things the product shall do.
    Requirements,
    /// The same, with how strongly.
    Asked(Obligation),
    /// Qualities or givens.
    Kind(RequirementKind),
    /// How to tell that a story is done.
    Criteria,
    /// What the product is for (introduction, goals): what is firmly said there counts, what is described does not.
    Preface,
    /// Not about what the product does (agenda, attendees, glossary).
    Aside,
}

const HEADINGS: &[(&str, Section)] = &[
    ("must have", Section::Asked(Obligation::Must)),
    ("must-have", Section::Asked(Obligation::Must)),
    ("must haves", Section::Asked(Obligation::Must)),
    ("must-haves", Section::Asked(Obligation::Must)),
    ("mvp", Section::Asked(Obligation::Must)),
    ("should have", Section::Asked(Obligation::Should)),
    ("should-have", Section::Asked(Obligation::Should)),
    ("should haves", Section::Asked(Obligation::Should)),
    ("could have", Section::Asked(Obligation::Could)),
    ("could-have", Section::Asked(Obligation::Could)),
    ("could haves", Section::Asked(Obligation::Could)),
    ("nice to have", Section::Asked(Obligation::Could)),
    ("nice-to-have", Section::Asked(Obligation::Could)),
    ("nice to haves", Section::Asked(Obligation::Could)),
    ("won't have", Section::Asked(Obligation::Wont)),
    ("won't", Section::Asked(Obligation::Wont)),
    ("wont have", Section::Asked(Obligation::Wont)),
    ("will not have", Section::Asked(Obligation::Wont)),
    ("out of scope", Section::Asked(Obligation::Wont)),
    ("out-of-scope", Section::Asked(Obligation::Wont)),
    ("not in scope", Section::Asked(Obligation::Wont)),
    ("non-goals", Section::Asked(Obligation::Wont)),
    ("non goals", Section::Asked(Obligation::Wont)),
    ("phase 2", Section::Asked(Obligation::Wont)),
    ("phase two", Section::Asked(Obligation::Wont)),
    ("later", Section::Asked(Obligation::Wont)),
    ("not now", Section::Asked(Obligation::Wont)),
    ("future", Section::Asked(Obligation::Wont)),
    ("acceptance criteria", Section::Criteria),
    ("definition of done", Section::Criteria),
    ("non-functional", Section::Kind(RequirementKind::Quality)),
    ("nonfunctional", Section::Kind(RequirementKind::Quality)),
    ("non functional", Section::Kind(RequirementKind::Quality)),
    ("quality", Section::Kind(RequirementKind::Quality)),
    ("performance", Section::Kind(RequirementKind::Quality)),
    ("security", Section::Kind(RequirementKind::Quality)),
    ("scalability", Section::Kind(RequirementKind::Quality)),
    ("reliability", Section::Kind(RequirementKind::Quality)),
    ("usability", Section::Kind(RequirementKind::Quality)),
    ("accessibility", Section::Kind(RequirementKind::Quality)),
    ("responsiveness", Section::Kind(RequirementKind::Quality)),
    ("availability", Section::Kind(RequirementKind::Quality)),
    ("privacy", Section::Kind(RequirementKind::Constraint)),
    ("compliance", Section::Kind(RequirementKind::Constraint)),
    ("constraints", Section::Kind(RequirementKind::Constraint)),
    ("constraint", Section::Kind(RequirementKind::Constraint)),
    ("technical requirements", Section::Kind(RequirementKind::Constraint)),
    ("technology", Section::Kind(RequirementKind::Constraint)),
    ("technologies", Section::Kind(RequirementKind::Constraint)),
    ("tech stack", Section::Kind(RequirementKind::Constraint)),
    ("dependencies", Section::Kind(RequirementKind::Constraint)),
    ("budget", Section::Kind(RequirementKind::Constraint)),
    ("environment", Section::Kind(RequirementKind::Constraint)),
    ("business rules", Section::Kind(RequirementKind::Rule)),
    ("validation", Section::Kind(RequirementKind::Rule)),
    ("data requirements", Section::Kind(RequirementKind::Rule)),
    ("data model", Section::Kind(RequirementKind::Rule)),
    ("rules", Section::Kind(RequirementKind::Rule)),
    ("requirements", Section::Requirements),
    ("requirement", Section::Requirements),
    ("features", Section::Requirements),
    ("feature list", Section::Requirements),
    ("functionality", Section::Requirements),
    ("functionalities", Section::Requirements),
    ("functions", Section::Requirements),
    ("capabilities", Section::Requirements),
    ("scope", Section::Requirements),
    ("in scope", Section::Requirements),
    ("user stories", Section::Requirements),
    ("stories", Section::Requirements),
    ("backlog", Section::Requirements),
    ("what we need", Section::Requirements),
    ("we need", Section::Requirements),
    ("we want", Section::Requirements),
    ("needs", Section::Requirements),
    ("our needs", Section::Requirements),
    ("wishes", Section::Requirements),
    ("wish list", Section::Requirements),
    ("wishlist", Section::Requirements),
    ("should be able to", Section::Requirements),
    ("must be able to", Section::Requirements),
    ("can", Section::Requirements),
    ("agenda", Section::Aside),
    ("attendees", Section::Aside),
    ("participants", Section::Aside),
    ("present", Section::Aside),
    ("action items", Section::Aside),
    ("actions", Section::Aside),
    ("next steps", Section::Aside),
    ("glossary", Section::Aside),
    ("terms", Section::Aside),
    ("definitions", Section::Aside),
    ("references", Section::Aside),
    ("appendix", Section::Aside),
    ("installation", Section::Aside),
    ("getting started", Section::Aside),
    ("directory structure", Section::Aside),
    ("timeline", Section::Aside),
    ("milestones", Section::Aside),
    ("background", Section::Preface),
    ("introduction", Section::Preface),
    ("todo", Section::Aside),
    ("minutes", Section::Aside),
    ("contact", Section::Aside),
    ("open questions", Section::Aside),
    ("changelog", Section::Aside),
    ("team", Section::Aside),
    ("risks", Section::Aside),
    ("goals", Section::Preface),
];

/// What one heading says, by whole words; the earliest and longest entry decides.
pub(super) fn of_heading(heading: &str) -> Option<Section> {
    let tokens = super::words::tokenize(heading, crate::domain::TextSpan { start: 0, end: heading.len() });
    of_words(&tokens)
}

/// The same for words of the text, such as the line "What we need:".
pub(super) fn of_words(tokens: &[Token]) -> Option<Section> {
    let words = tokens.iter().filter(|t| t.kind != TokenKind::Mark).count();
    // "out of scope" beats "scope", "non-functional requirements" beats "requirements": longest wins, then table order
    HEADINGS
        .iter()
        .enumerate()
        .filter(|(_, (phrase, _))| super::words::has_phrase(tokens, &[phrase]))
        .filter(|(_, (phrase, section))| fits(phrase, *section, words, tokens))
        .min_by_key(|(order, _)| *order)
        .map(|(_, (_, section))| *section)
}

/// Short, common words ("later", "can", "terms") announce something only as (nearly) the whole heading.
fn fits(phrase: &str, section: Section, words: usize, tokens: &[Token]) -> bool {
    let length = phrase.split(' ').count();
    match phrase {
        "can" => words <= 4 && tokens.iter().rev().find(|t| t.kind != TokenKind::Mark).is_some_and(|t| t.is("can")),
        "needs" | "later" | "present" | "future" | "team" | "actions" | "contact" | "validation" | "environment"
        | "quality" | "security" | "performance" | "budget" | "scalability" | "reliability" | "usability"
        | "accessibility" | "responsiveness" | "availability" | "privacy" | "compliance" | "rules" | "goals"
        | "won't" | "technology" => words <= length + 2,
        _ if matches!(section, Section::Asked(_)) => words <= length + 3,
        _ => words <= length + if matches!(section, Section::Aside | Section::Preface) { 3 } else { 7 },
    }
}

/// What the headings say, the innermost that says anything first.
pub(super) fn of_headings(headings: &[String]) -> Option<Section> {
    headings.iter().rev().find_map(|heading| of_heading(heading))
}
