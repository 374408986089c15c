//! A clause that asks for something: who, how strongly, what, under which condition.

mod modal;

use super::agent;
use super::lexicon::{ADVERBS, DETERMINERS, PREPOSITIONS, PRONOUNS, is_system, pure_verb, verb};
use super::noun_phrase::{has_finite_verb, head, is_person};
use super::words::{Token, TokenKind, after, any_phrase_at, find_phrase, lower, part, phrase_at, trim_marks};
use crate::domain::Obligation;
use modal::{ABILITY, FILLERS, REPORTING, modal_at};

/// Who or what the clause speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// People, by role.
    Person,
    /// The product or an acting part of it.
    System,
    /// "we", "I".
    Speaker,
    /// "it", "this": whatever was spoken of.
    It,
    /// Nobody named ("Should convert a file", "it must be possible to").
    Unnamed,
    /// A thing the product deals with; its head noun.
    Thing(String),
}

/// A clause that asks for something.
#[derive(Debug, Clone)]
pub(super) struct Clause<'t> {
    pub(super) subject: Subject,
    pub(super) subject_words: &'t [Token],
    pub(super) obligation: Obligation,
    pub(super) negated: bool,
    /// Whether it takes the ability from all others: "only the manager can".
    pub(super) exclusive: bool,
    /// Whether it speaks of an ability ("can", "be able to") rather than a duty.
    pub(super) ability: bool,
    /// From the base verb, or the noun phrase that is wanted.
    pub(super) predicate: &'t [Token],
    /// "if …", "when …" in front.
    pub(super) condition: Option<&'t [Token]>,
    /// All its words.
    pub(super) words: &'t [Token],
    /// The rule that found it.
    pub(super) rule: &'static str,
}

/// The clauses of a sentence that ask for something; none for questions or for talk.
pub(super) fn clauses(sentence: &[Token]) -> Vec<Clause<'_>> {
    let mut found: Vec<Clause<'_>> = Vec::new();
    let sentence = strip_fillers(sentence);
    let (condition, rest) = leading_condition(sentence);
    let mut start = 0;
    loop {
        let rest_from = after(rest, start);
        let end = next_clause(rest_from).unwrap_or(rest_from.len());
        let words = strip_fillers(part(rest_from, 0, end));
        let previous = found.last().map(|c| (c.subject.clone(), c.subject_words));
        if let Some(mut clause) = clause(words, previous.as_ref()) {
            if start == 0 {
                clause.condition = condition;
            }
            found.push(clause);
        }
        start += end;
        if start >= rest.len() || end == 0 {
            break;
        }
    }
    found
}

pub(super) fn strip_fillers(tokens: &[Token]) -> &[Token] {
    let mut start = 0;
    loop {
        let rest = after(tokens, start);
        let phrase = any_phrase_at(
            rest,
            0,
            &[
                "i think",
                "i believe",
                "i guess",
                "you know",
                "in addition",
                "at the moment",
                "of course",
                "first of all",
                "above all",
                "most importantly",
                "last but not least",
                "by the way",
                "as discussed",
                "as agreed",
            ],
        );
        match (phrase, rest.first()) {
            (Some((_, count)), _) => start += count,
            (None, Some(token)) if token.is_any(FILLERS) => start += 1,
            _ => return rest,
        }
    }
}

/// Splits "If …, the system must …" into the condition and the rest.
fn leading_condition(tokens: &[Token]) -> (Option<&[Token]>, &[Token]) {
    let opens = tokens.first().is_some_and(|t| {
        t.is_any(&[
            "if", "when", "once", "whenever", "after", "before", "until", "while", "unless", "upon", "on", "in", "for",
            "as",
        ])
    });
    if !opens {
        return (None, tokens);
    }
    let Some(comma) = tokens.iter().position(|t| t.is(",")) else { return (None, tokens) };
    let rest = after(tokens, comma + 1);
    let rest = if rest.first().is_some_and(|t| t.is("then")) { after(rest, 1) } else { rest };
    let conditional =
        tokens.first().is_some_and(|t| t.is_any(&["if", "when", "once", "whenever", "unless", "after", "upon"]))
            || phrase_at(tokens, 0, "as soon as")
            || phrase_at(tokens, 0, "in case")
            || (tokens.first().is_some_and(|t| t.is("on")) && comma < 8);
    (conditional.then(|| part(tokens, 0, comma)), rest)
}

/// Where ", and the system must …" begins; the connector belongs to the second clause.
fn next_clause(tokens: &[Token]) -> Option<usize> {
    let first = (0..tokens.len()).find(|i| modal_at(tokens, *i).is_some())?;
    (first + 1..tokens.len()).find(|index| {
        let so = lower(tokens, *index) == "so" && lower(tokens, index.wrapping_sub(1)) == ",";
        if !so && !tokens.get(*index).is_some_and(|t| t.is_any(&["and", "but", "while", "or"])) {
            return false;
        }
        let rest = after(tokens, index + 1);
        (0..rest.len().min(7)).any(|at| {
            modal_at(rest, at).is_some_and(|(m, _)| {
                let subject = part(rest, 0, at);
                !m.doubtful
                    || !so
                        && (at == 0
                            || is_person(subject)
                            || is_pronoun(subject)
                            || agent::acts(subject, after(rest, at + m.phrase.split(' ').count()), m.ability))
            }) && rest.iter().take(at).all(|t| t.kind == TokenKind::Word && (!t.is_any(PREPOSITIONS) || t.is("of")))
                && !has_finite_verb(
                    part(rest, 0, at)
                        .iter()
                        .filter(|t| !t.is("we") && !t.is("i"))
                        .cloned()
                        .collect::<Vec<_>>()
                        .as_slice(),
                )
        })
    })
}

fn is_pronoun(tokens: &[Token]) -> bool {
    tokens.len() == 1 && tokens.first().is_some_and(|t| t.is_any(PRONOUNS))
}

fn clause<'t>(tokens: &'t [Token], previous: Option<&(Subject, &'t [Token])>) -> Option<Clause<'t>> {
    for index in 0..tokens.len() {
        let Some((modal, length)) = modal_at(tokens, index) else { continue };
        // "users who can edit …": the main verb comes later
        if index.checked_sub(1).is_some_and(|i| lower(tokens, i) == "who" || (lower(tokens, i) == "that" && index > 2))
        {
            continue;
        }
        let mut verb_at = index + length;
        let mut negated = modal.negated;
        let mut ability = modal.ability;
        loop {
            if let Some((_, count)) = any_phrase_at(tokens, verb_at, ABILITY) {
                (verb_at, ability) = (verb_at + count, true);
            } else if phrase_at(tokens, verb_at, "not") || phrase_at(tokens, verb_at, "never") {
                (verb_at, negated) = (verb_at + 1, true);
            } else if tokens.get(verb_at).is_some_and(|t| {
                t.is_any(ADVERBS)
                    || (t.lower.ends_with("ly")
                        && t.lower.len() > 4
                        && t.lower != "apply"
                        && t.lower != "reply"
                        && t.lower != "supply")
            }) {
                verb_at += 1;
            } else {
                break;
            }
        }
        let verb_token = tokens.get(verb_at)?;
        if !may_be_verb(verb_token, modal.doubtful) {
            continue;
        }
        let mut subject_words = match subject_words(part(tokens, 0, index)) {
            // "managers alone can …"
            [who @ .., last] if !who.is_empty() && last.is_any(&["only", "alone", "exclusively"]) => who,
            words => words,
        };
        // "the goal is to …" tells a purpose
        let purpose = ["goal", "aim", "purpose", "objective", "task", "idea", "plan", "intention", "goals"];
        if modal.phrase.ends_with(" to") && modal.doubtful && subject_words.iter().any(|t| t.is_any(&purpose)) {
            continue;
        }
        let mut subject = match classify(subject_words) {
            Some(subject) => subject,
            None if subject_words.is_empty() => match previous {
                Some((subject, words)) => {
                    subject_words = words;
                    subject.clone()
                }
                None => Subject::Unnamed,
            },
            None => return None,
        };
        let able =
            ability || modal.ability || modal.phrase.ends_with("able to") || modal.phrase.ends_with("allowed to");
        if matches!(subject, Subject::Thing(_)) && agent::acts(subject_words, after(tokens, verb_at), able) {
            subject = Subject::Person;
        }
        // who is able to do something is somebody, whatever they are called: "the approver must be able to reject …"
        let abled = ability && (!modal.ability || modal.phrase.ends_with(" to"));
        if abled
            && let Subject::Thing(noun) = &subject
            && verb(lower(tokens, verb_at)).is_some()
            && !is_visible_part(noun)
        {
            subject = Subject::Person;
        }
        if subject_words.first().is_some_and(|t| t.is_any(&["no", "nobody", "none"])) {
            negated = true;
        }
        // "only the manager may delete …" gives leave to some and takes it from all others
        let exclusive = able && !negated && is_exclusive(tokens, subject_words, index, verb_at);
        let obligation = if exclusive { Obligation::Must } else { modal.obligation };
        let mut predicate = after(tokens, verb_at);
        // "it must be possible [for customers] to cancel": the customers are the subject
        if subject == Subject::It && ability && !modal.ability {
            subject = Subject::Unnamed;
        }
        if phrase_at(predicate, 0, "be possible for") {
            let to = predicate.iter().position(|t| t.is("to"))?;
            subject_words = part(predicate, 3, to);
            subject = classify(subject_words)?;
            predicate = after(predicate, to + 1);
            ability = true;
        }
        if predicate.len() > 1 || !modal.doubtful || subject == Subject::Person {
            return Some(Clause {
                subject,
                subject_words,
                obligation,
                negated,
                exclusive,
                ability,
                predicate,
                condition: None,
                words: tokens,
                rule: if ability { "ability" } else { "obligation" },
            });
        }
    }
    None
}

/// Whether the clause gives leave to some alone: "only managers may …", "… can only be deleted by a manager", "… by
/// managers only".
fn is_exclusive(tokens: &[Token], subject: &[Token], modal_at: usize, verb_at: usize) -> bool {
    let only = |words: &[Token]| words.iter().any(|t| t.is_any(&["only", "solely", "exclusively"]));
    let predicate = after(tokens, verb_at);
    let by = predicate.iter().position(|t| t.is("by"));
    let agent = by.is_some_and(|by| {
        let ends = predicate.iter().rev().find(|t| !t.is_mark()).is_some_and(|t| t.is("only"));
        let before = by
            .checked_sub(1)
            .and_then(|at| predicate.get(at))
            .is_some_and(|t| t.is_any(&["only", "solely", "exclusively"]));
        is_person(after(predicate, by + 1)) && (ends || before || only(part(tokens, modal_at, verb_at)))
    });
    let named = subject.first().is_some_and(|t| t.is_any(&["only", "solely", "exclusively"]))
        || modal_at.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|t| t.is_any(&["only", "alone"]));
    agent || named
}

/// Parts of a product that one sees; what they are able to do, the product does.
fn is_visible_part(noun: &str) -> bool {
    const PARTS: &[&str] = &[
        "calendar",
        "list",
        "report",
        "search",
        "filter",
        "map",
        "screen",
        "button",
        "view",
        "menu",
        "table",
        "chart",
        "editor",
        "file",
        "data",
        "header",
        "footer",
        "parser",
        "algorithm",
        "function",
        "model",
        "device",
        "field",
        "format",
        "input",
        "output",
        "sensor",
        "camera",
        "robot",
        "agent",
    ];
    PARTS.contains(&noun)
}

fn may_be_verb(token: &Token, doubtful: bool) -> bool {
    if token.kind != TokenKind::Word {
        return false;
    }
    if token.is_any(&["be", "have"]) || verb(&token.lower).is_some() {
        return true;
    }
    !doubtful
        && !token.capital
        && !token.is_any(DETERMINERS)
        && !token.is_any(PREPOSITIONS)
        && !token.is_any(PRONOUNS)
        && !token.lower.ends_with("ed")
        && !token.lower.ends_with("ing")
}

/// The noun phrase directly before the modal: without reports ("make sure that"), asides and other clauses.
fn subject_words(tokens: &[Token]) -> &[Token] {
    let mut start = 0;
    for (index, token) in tokens.iter().enumerate() {
        let reported = token.is("that") && index > 0 && tokens.get(index - 1).is_some_and(|t| t.is_any(REPORTING));
        let reporting = token.is_any(&["sure", "ensure", "think", "believe"]) && index < 4;
        if reported || reporting || token.is_any(&[",", ":", "—", "–"]) {
            start = index + 1;
        }
    }
    let rest = after(tokens, start);
    strip_fillers(if rest.is_empty() { trim_marks(part(tokens, 0, tokens.len().saturating_sub(1))) } else { rest })
}

/// What kind of subject these words are; nothing when they are no plain noun phrase.
pub(super) fn classify(words: &[Token]) -> Option<Subject> {
    let [first, ..] = words else { return None };
    if words.len() == 1 {
        if first.is_any(&["we", "i"]) {
            return Some(Subject::Speaker);
        }
        if first.is("they") {
            return Some(Subject::Person);
        }
        if first.is_any(&["it", "this", "that"]) {
            return Some(Subject::It);
        }
        if first.is("there") {
            return Some(Subject::Unnamed);
        }
        if first.is_any(PRONOUNS) {
            return None;
        }
    }
    if words.iter().skip(1).any(|t| t.is_any(&["this", "it", "you", "we", "they"])) {
        return None;
    }
    if words.len() > 12
        || first.is_any(PREPOSITIONS) && !first.is("that") && !first.is("such")
        || has_finite_verb(words)
    {
        // "users who are logged in" has a verb, but in a clause of its own
        let relative = find_phrase(words, &["who", "which", "that"]).map(|(at, _)| at).filter(|at| *at > 0)?;
        let head_words = part(words, 0, relative);
        return (words.len() <= 12 && !has_finite_verb(head_words)).then(|| classify(head_words)).flatten();
    }
    let noun = head(words)?;
    if words.iter().any(|t| t.kind == TokenKind::Word && pure_verb(&t.lower).is_some() && words.len() == 1) {
        return None;
    }
    Some(if is_person(words) {
        Subject::Person
    } else if is_system(&noun) {
        Subject::System
    } else {
        Subject::Thing(noun)
    })
}
