//! From a clause to what somebody asks for: kind, role and actions.

use super::action::{Action, actions, begins_with_verb, from_noun, from_passive, split_benefit};
use super::clause::{Clause, Subject};
use super::lexicon::{participle, verb};
use super::noun_phrase::{head, is_person, role};
use super::system::of_system;
use super::talk::{forbids, knows_object, plain_talk, product_talk};
use super::words::{Token, TokenKind, after, lower, part, phrase_at, trim_marks, words_of};
use crate::domain::{Obligation, RequirementKind};

/// Somebody wants to do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) role: String,
    /// Whether the text names the role.
    pub(super) role_stated: bool,
    pub(super) action: Action,
    pub(super) benefit: Option<String>,
}

/// How people write where the words come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Register {
    /// Written for the project.
    Document,
    /// Mail and chat.
    Mail,
    /// Speech.
    Speech,
}

/// What a clause turned out to be.
pub(super) struct Meaning {
    pub(super) kind: RequirementKind,
    pub(super) asks: Vec<Ask>,
}

/// What a clause asks for; nothing when it is talk about something else.
pub(super) fn meaning(text: &str, clause: &Clause<'_>, register: Register) -> Option<Meaning> {
    use RequirementKind::{Constraint, Functional, Quality, Rule};
    let predicate = clause.predicate;
    let first = predicate.first()?;
    if register != Register::Document && !plain_talk(clause, register) {
        return None;
    }
    if phrase_at(predicate, 0, "have the following")
        || predicate.iter().take(5).any(|t| t.is("following"))
            && lower(predicate, predicate.len() - 1) != "following"
            && clause.subject != Subject::Person
    {
        return None;
    }
    // "if the bike is taken, the system must refuse": a rule over what somebody else does
    let they = clause.subject_words.first().is_some_and(|t| t.is("they"));
    if they && matches!(lower(predicate, 1), "it" | "them" | "that" | "this") {
        return None;
    }
    let answer = clause.condition.is_some_and(|c| c.first().is_some_and(|t| t.is_any(&["if", "in", "on", "unless"])));
    if answer && matches!(clause.subject, Subject::System | Subject::It) && first.is_any(ANSWERS) {
        return Some(Meaning { kind: Rule, asks: Vec::new() });
    }
    let refuses = first.is_any(&["refuse", "reject", "prevent", "decline", "block"]);
    if refuses
        && matches!(clause.subject, Subject::System | Subject::It)
        && predicate.iter().any(|t| t.is_any(&["if", "when", "unless", "without", "from"]))
    {
        return Some(Meaning { kind: Rule, asks: Vec::new() });
    }
    if let Some(kind) = super::kind::of_whole(clause.words, first) {
        let spoken_of =
            matches!(clause.subject, Subject::Speaker | Subject::It | Subject::Unnamed) && register == Register::Speech;
        let measured =
            kind == Quality && clause.obligation == Obligation::Must && super::kind::is_measured(clause.words);
        let about_product = (!spoken_of || measured) && (clause.subject != Subject::Speaker || kind == Constraint);
        return about_product.then_some(Meaning { kind, asks: Vec::new() });
    }
    let (done, benefit) = split_benefit(predicate);
    let benefit = benefit.map(|b| words_of(text, b));
    let passive = first.is("be") && is_passive(done);
    let stative = (first.is("be") && !passive) || first.is_any(STATIVE);
    let rule = |kind| Some(Meaning { kind, asks: Vec::new() });
    let make = |roles: Vec<String>, stated: bool, actions: Vec<Action>| {
        let asks: Vec<Ask> = roles
            .iter()
            .flat_map(|role| {
                actions.iter().map(|action| Ask {
                    role: role.clone(),
                    role_stated: stated,
                    action: action.clone(),
                    benefit: benefit.clone(),
                })
            })
            .collect();
        (!asks.is_empty()).then_some(Meaning { kind: if clause.negated { Rule } else { Functional }, asks })
    };
    match &clause.subject {
        Subject::Person => {
            let roles = roles(text, clause.subject_words);
            if clause.negated {
                return (register != Register::Speech || verb(&first.lower).is_some())
                    .then_some(Meaning { kind: Rule, asks: Vec::new() });
            }
            if register == Register::Speech && !clause.ability && verb(&first.lower).is_none() {
                return None;
            }
            if stative {
                let singular = clause.subject_words.first().is_some_and(|t| t.is_any(&["a", "an", "each", "every"]));
                let owns = first.is("have") && !singular;
                if register == Register::Speech {
                    return None;
                }
                return if owns { make(roles, true, from_verb_and_noun(text, after(done, 1))) } else { rule(Rule) };
            }
            if passive {
                let verb_token = done.iter().skip(1).find(|t| participle(&t.lower).is_some())?;
                let known = participle(&verb_token.lower)?;
                let words = words_of(text, trim_marks(done));
                let action = Action {
                    text: words,
                    class: known.class.to_owned(),
                    participle: Some(known.participle),
                    head: None,
                    object: None,
                };
                return make(roles, true, vec![action]);
            }
            make(roles, true, actions(text, done))
        }
        Subject::Speaker => {
            if clause.negated {
                return forbids(clause, done, register).then(|| rule(Rule)).flatten();
            }
            if !product_talk(clause, done, register) {
                return None;
            }
            make(vec!["user".to_owned()], false, actions(text, done))
        }
        Subject::It if register == Register::Speech && (stative || passive || !knows_object(done)) => None,
        Subject::It if clause.words.first().is_none_or(|t| !t.is("it")) && register != Register::Document => None,
        Subject::System | Subject::It => {
            if clause.negated {
                return rule(Rule);
            }
            if first.is("have") && register != Register::Speech {
                return make(vec!["user".to_owned()], false, from_verb_and_noun(text, after(done, 1)));
            }
            if stative {
                return (register == Register::Document || clause.subject == Subject::System)
                    .then(|| rule(Rule))
                    .flatten();
            }
            if passive {
                return rule(if clause.obligation == Obligation::Must { Constraint } else { Rule });
            }
            let (roles, stated, actions) = of_system(text, done);
            make(roles, stated, actions)
        }
        Subject::Unnamed => {
            if clause.negated || stative || passive {
                return (register == Register::Document && clause.words.len() > 3 && !first.is("be"))
                    .then(|| rule(Rule))
                    .flatten();
            }
            if register == Register::Speech && !knows_object(done) {
                return None;
            }
            let user = clause.ability || clause.rule != "obligation";
            if user {
                return make(vec!["user".to_owned()], false, actions(text, done));
            }
            let (roles, stated, actions) = of_system(text, done);
            (register != Register::Speech).then(|| make(roles, stated, actions)).flatten()
        }
        Subject::Thing(_) => {
            if register == Register::Speech && !(passive && clause.ability) {
                return None;
            }
            if clause.negated || stative {
                return rule(if super::kind::is_quality(clause.words) { Quality } else { Rule });
            }
            // "the note may be left blank": nobody's act
            if passive
                && super::words::has_phrase(done, &["left empty", "left blank", "left out", "left open", "omitted"])
            {
                return rule(Rule);
            }
            if lasts(done) || clause.ability && is_one_of_states(done) {
                return rule(Rule);
            }
            if passive {
                let single = clause.subject_words.first().is_some_and(|t| t.is_any(&["each", "every"]));
                let (agent, action) = from_passive(text, clause.subject_words, done)?;
                if single && agent.is_none() && !clause.ability {
                    return rule(Rule);
                }
                let (roles, stated) = match agent {
                    Some(words) if is_person(words) => (roles(text, words), true),
                    None if !clause.ability
                        && (AUTOMATIC.contains(&action.class.as_str())
                            || super::words::has_phrase(done, &["automatically"])) =>
                    {
                        (vec!["system".to_owned()], false)
                    }
                    Some(_) => (vec!["system".to_owned()], false),
                    None => (vec!["user".to_owned()], false),
                };
                return make(roles, stated, vec![action]);
            }
            if verb(&first.lower).is_some() && done.len() > 1 {
                let (roles, stated, actions) = of_system(text, done);
                return make(roles, stated, actions);
            }
            rule(Rule)
        }
    }
}

/// How a system answers what it can't accept.
const ANSWERS: &[&str] =
    &["refuse", "reject", "display", "show", "return", "warn", "prevent", "decline", "respond", "stop", "abort"];

/// Verbs that say what something is, not what is done.
const STATIVE: &[&str] = &[
    "have",
    "contain",
    "consist",
    "belong",
    "exceed",
    "comply",
    "adhere",
    "conform",
    "match",
    "equal",
    "exist",
    "remain",
    "depend",
    "correspond",
    "cost",
    "last",
    "start",
    "end",
    "fit",
    "lie",
    "refer",
    "become",
    "stay",
    "look",
    "feel",
    "follow",
    "include",
    "begin",
    "occupy",
    "require",
];

/// Things a system does on its own.
const AUTOMATIC: &[&str] = &[
    "send",
    "notify",
    "remind",
    "calculate",
    "store",
    "log",
    "generate",
    "validate",
    "check",
    "prevent",
    "reject",
    "detect",
    "encrypt",
    "archive",
    "backup",
    "sync",
    "process",
    "warn",
    "delete",
    "verify",
    "trigger",
    "redirect",
    "convert",
    "track",
];

/// "Run for at most 30 days", "expire after two weeks": how long something is there, not what is done.
fn lasts(done: &[Token]) -> bool {
    let first = done.first().is_some_and(|t| t.is_any(&["run", "take", "expire", "continue", "go"]));
    let placed =
        super::words::has_phrase(done, &["for", "at most", "at least", "after", "up to", "no longer than", "within"]);
    let timed = done.windows(2).any(|pair| {
        matches!(pair, [number, unit] if (number.kind == TokenKind::Number || super::lexicon::number_word(&number.lower).is_some())
            && super::rules::SPANS_OF_TIME.contains(&super::lexicon::singular(&unit.lower).as_str()))
    });
    first && placed && timed
}

/// "Be requested, out, returned or lost": all the states there are.
fn is_one_of_states(done: &[Token]) -> bool {
    let Some((be, states)) = done.split_first() else { return false };
    let states = trim_marks(states);
    let pieces: Vec<&[Token]> = states.split(|t| t.is_any(&[",", "or"])).filter(|piece| !piece.is_empty()).collect();
    be.is("be")
        && states.iter().any(|t| t.is("or"))
        && pieces.len() > 2
        && pieces.iter().all(|piece| piece.len() < 3 && piece.iter().all(|t| t.kind == TokenKind::Word))
}

fn is_passive(tokens: &[Token]) -> bool {
    tokens.iter().skip(1).take(3).any(|t| participle(&t.lower).is_some())
        && tokens
            .iter()
            .skip(1)
            .take_while(|t| participle(&t.lower).is_none())
            .all(|t| t.lower.ends_with("ly") || t.is_any(super::lexicon::ADVERBS))
}

/// "a profile page" as something one uses, "access to all bookings" likewise.
pub(super) fn from_verb_and_noun(text: &str, tokens: &[Token]) -> Vec<Action> {
    if phrase_at(tokens, 0, "the ability to")
        || phrase_at(tokens, 0, "the option to")
        || phrase_at(tokens, 0, "the possibility to")
    {
        return actions(text, after(tokens, 3));
    }
    from_noun(text, tokens).into_iter().collect()
}

pub(super) fn roles(text: &str, words: &[Token]) -> Vec<String> {
    let end = super::words::find_phrase(words, &["who", "with", "that", "which", "of", "in", "from", "without"])
        .map_or(words.len(), |(at, _)| at);
    let phrase = part(words, 0, end);
    let phrase = match phrase {
        [rest @ .., last] if last.is_any(&["only", "alone", "exclusively"]) => rest,
        _ => phrase,
    };
    let pieces: Vec<&[Token]> =
        phrase.split(|t| t.is_any(&["and", "or", "/", ",", "&"])).filter(|p| !p.is_empty()).collect();
    if pieces.len() > 1 && pieces.iter().all(|piece| super::agent::is_group(piece)) {
        return pieces.iter().filter_map(|piece| role(text, piece)).map(general).collect();
    }
    role(text, phrase).map(general).into_iter().collect()
}

/// The role of "they" until it is known who that is.
pub(super) const THEY: &str = "they";

fn general(role: String) -> String {
    match role.as_str() {
        "they" => THEY.to_owned(),
        "person" | "anyone" | "everyone" | "everybody" | "somebody" | "someone" | "nobody" => "user".to_owned(),
        "administrator" => "admin".to_owned(),
        _ => role,
    }
}

/// What a wish names after "want" or "need": a verb phrase, somebody doing something, or a thing.
pub(super) fn wanted(text: &str, tokens: &[Token]) -> Vec<Action> {
    let tokens = trim_marks(tokens);
    let skip = [
        "to be able to",
        "the ability to",
        "the possibility to",
        "the option to",
        "to have the ability to",
        "to have the option to",
        "to",
    ]
    .iter()
    .find(|phrase| phrase_at(tokens, 0, phrase))
    .map(|phrase| phrase.split(' ').count());
    if let Some(count) = skip {
        let rest = after(tokens, count);
        if rest.first().is_some_and(|t| t.is("have")) {
            return from_verb_and_noun(text, after(rest, 1));
        }
        return actions(text, rest);
    }
    // "the system to send me a reminder", "customers to cancel online"
    if let Some(to) = tokens.iter().position(|t| t.is("to")).filter(|to| *to > 0 && *to < 6) {
        let who = part(tokens, 0, to);
        let mut rest = after(tokens, to + 1);
        if phrase_at(rest, 0, "be able to") {
            rest = after(rest, 3);
        }
        if rest.first().is_some_and(|t| verb(&t.lower).is_some())
            && !who.iter().any(|t| t.is_any(super::lexicon::PREPOSITIONS))
        {
            let noun = head(who).unwrap_or_default();
            if super::lexicon::is_system(&noun) || who.first().is_some_and(|t| t.is("it")) {
                return actions(text, rest);
            }
            if is_person(who) {
                return actions(text, rest)
                    .into_iter()
                    .map(|action| Action { text: format!("let {} {}", words_of(text, who), action.text), ..action })
                    .collect();
            }
        }
    }
    if begins_with_verb(tokens) {
        return actions(text, tokens);
    }
    from_noun(text, tokens).into_iter().collect()
}

/// The roles a phrase names, as plain nouns.
pub(super) fn roles_of(text: &str, words: &[Token]) -> Vec<String> {
    roles(text, words)
}
