//! From a clause to what somebody asks for: kind, role and actions.

use super::action::{Action, actions, begins_with_verb, from_noun, from_passive, split_benefit};
use super::clause::{Clause, Subject};
use super::lexicon::{DETERMINERS, participle, verb};
use super::noun_phrase::{head, is_person, role};
use super::words::{Token, after, lower, part, phrase_at, trim_marks, words_of};
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

/// Verbs of meetings and errands: what "we need to" do about the project, not what the product does.
const ERRANDS: &[&str] = &[
    "meet",
    "talk",
    "discuss",
    "leave",
    "go",
    "think",
    "decide",
    "look",
    "wait",
    "ask",
    "call",
    "come",
    "say",
    "agree",
    "finish",
    "start",
    "stop",
    "work",
    "focus",
    "consider",
    "clarify",
    "figure",
    "understand",
    "know",
    "make",
    "do",
    "get",
    "keep",
    "try",
    "prepare",
    "present",
    "remember",
    "move",
    "take",
    "put",
    "be",
    "have",
    "let",
    "give",
    "find",
    "write",
    "read",
    "hand",
    "answer",
    "sort",
    "test",
    "check",
    "bring",
    "set",
    "draw",
    "pick",
    "choose",
    "follow",
    "see",
    "review",
    "run",
    "plan",
    "determine",
    "specify",
    "define",
    "wrap",
    "estimate",
    "turn",
    "need",
    "hear",
    "tell",
    "build",
    "develop",
    "launch",
    "hire",
    "visit",
    "use",
    "compare",
    "evaluate",
    "click",
    "push",
    "sign",
    "join",
    "hold",
    "open",
    "close",
    "pay",
];

/// Nouns of meetings and errands.
const ERRAND_NOUNS: &[&str] = &[
    "meeting",
    "call",
    "time",
    "answer",
    "feedback",
    "decision",
    "update",
    "help",
    "budget",
    "minute",
    "agenda",
    "slide",
    "presentation",
    "discussion",
    "deadline",
    "day",
    "week",
    "month",
    "moment",
    "idea",
    "thing",
    "something",
    "anything",
    "everything",
    "question",
    "bit",
    "lot",
    "way",
    "one",
    "point",
    "estimate",
    "quote",
    "offer",
    "contract",
    "developer",
    "designer",
    "partner",
    "project",
    "issue",
    "problem",
    "solution",
    "people",
    "person",
    "more",
    "it",
    "that",
    "this",
    "them",
    "to",
    "you",
    "me",
    "us",
    "break",
    "coffee",
    "lunch",
    "room",
    "laptop",
    "document",
    "draft",
    "mail",
    "email",
    "e-mail",
    "requirement",
    "clarification",
    "information",
    "info",
    "money",
    "approval",
    "sense",
    "sure",
    "product",
    "design",
    "what",
    "who",
    "how",
    "not",
    "another",
    "second",
    "team",
    "kind",
    "sort",
    "type",
    "colour",
    "color",
    "look",
    "button",
    "your",
    "remote",
    "hour",
    "plan",
    "prototype",
    "survey",
    "market",
    "specification",
    "copy",
    "order",
    "everyone",
    "some",
    "much",
];

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
    if let Some(kind) = super::kind::of_whole(clause.words, first) {
        let spoken_of =
            matches!(clause.subject, Subject::Speaker | Subject::It | Subject::Unnamed) && register == Register::Speech;
        let about_product = !spoken_of && (clause.subject != Subject::Speaker || kind == Constraint);
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
            if clause.negated || !product_talk(clause, done, register) {
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

/// Whether a clause of mail or speech speaks of the product in words that stand by themselves: nobody is addressed,
/// nothing is merely predicted or pointed at.
fn plain_talk(clause: &Clause<'_>, register: Register) -> bool {
    let subject = clause.subject_words;
    let pointed = subject.first().is_some_and(|t| {
        t.is_any(&["they", "this", "these", "those", "that", "most", "many", "some", "my", "your", "which"])
    });
    let addressed = clause.predicate.iter().any(|t| t.is_any(&["you", "your", "me", "yourself"]));
    let alone = matches!(lower(clause.predicate, 1), "it" | "them" | "that" | "this")
        || clause.predicate.iter().any(|t| t.is_any(&["{", "}"]));
    if pointed || addressed || alone {
        return false;
    }
    let modal = modal_word(clause);
    let active_thing = matches!(clause.subject, Subject::Thing(_))
        && !lower(clause.predicate, 0).eq("be")
        && !lower(clause.predicate, 0).eq("have");
    if active_thing {
        return false;
    }
    let verb_word = lower(clause.predicate, 0);
    let idle = matches!(
        verb_word,
        "make"
            | "take"
            | "find"
            | "give"
            | "go"
            | "look"
            | "come"
            | "do"
            | "put"
            | "think"
            | "know"
            | "let"
            | "like"
            | "have"
            | "get"
            | "say"
            | "use"
            | "watch"
    );
    match register {
        Register::Speech => {
            !matches!(modal, "will" | "may" | "could" | "are" | "is")
                && !(idle && !clause.ability)
                && !(idle && matches!(modal, "can" | "can't" | "cannot"))
                && !(clause.negated && matches!(modal, "can't" | "cannot" | "can"))
                && !(clause.subject == Subject::Speaker && matches!(modal, "have" | "must" | "need") && !clause.ability)
                && clause.words.len() < 40
        }
        _ => !(modal == "will" && clause.subject == Subject::Person),
    }
}

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

fn roles(text: &str, words: &[Token]) -> Vec<String> {
    let end = super::words::find_phrase(words, &["who", "with", "that", "which", "of", "in", "from", "without"])
        .map_or(words.len(), |(at, _)| at);
    let phrase = part(words, 0, end);
    let pieces: Vec<&[Token]> =
        phrase.split(|t| t.is_any(&["and", "or", "/", ",", "&"])).filter(|p| !p.is_empty()).collect();
    if pieces.len() > 1 && pieces.iter().all(|piece| is_person(piece)) {
        return pieces.iter().filter_map(|piece| role(text, piece)).map(general).collect();
    }
    role(text, phrase).map(general).into_iter().collect()
}

fn general(role: String) -> String {
    match role.as_str() {
        "they" | "person" | "anyone" | "everyone" | "everybody" | "somebody" | "someone" | "nobody" => {
            "user".to_owned()
        }
        "administrator" => "admin".to_owned(),
        _ => role,
    }
}

/// Whether a verb of products acts on a named thing.
fn knows_object(done: &[Token]) -> bool {
    let Some(first) = done.first() else { return false };
    verb(&first.lower).is_some()
        && !ERRANDS.contains(&first.lower.as_str())
        && head(after(done, 1)).is_some_and(|noun| !ERRAND_NOUNS.contains(&noun.as_str()) && noun.len() > 2)
}

/// Whether "we need to …" speaks of what the product does.
fn product_talk(clause: &Clause<'_>, done: &[Token], register: Register) -> bool {
    let Some(first) = done.first() else { return false };
    let personal =
        done.iter().any(|t| t.is_any(&["you", "your", "me", "myself", "ourselves", "tomorrow", "today", "yesterday"]));
    let errand_object = head(after(done, 1)).is_none_or(|noun| ERRAND_NOUNS.contains(&noun.as_str()));
    if personal || done.len() < 2 || errand_object {
        return false;
    }
    let able = clause.ability
        && clause.rule == "ability"
        && !matches!(modal_word(clause), "can" | "could" | "may" | "can't" | "cannot");
    if able {
        return verb(&first.lower).is_some() || register == Register::Document;
    }
    let wanted =
        matches!(clause.obligation, Obligation::Must) || modal_word(clause) == "want" || modal_word(clause) == "would";
    let wanted = wanted || (register == Register::Document && modal_word(clause) == "should");
    wanted
        && !matches!(modal_word(clause), "will" | "are" | "can")
        && verb(&first.lower).is_some()
        && !ERRANDS.contains(&first.lower.as_str())
}

fn modal_word<'c>(clause: &'c Clause<'_>) -> &'c str {
    lower(
        clause.words,
        clause.subject_words.len()
            + clause
                .words
                .iter()
                .position(|t| Some(t.span) == clause.subject_words.first().map(|s| s.span))
                .unwrap_or(0),
    )
}

/// What the system does, seen from who gains by it: role, whether it is named, actions.
pub(super) fn of_system(text: &str, done: &[Token]) -> (Vec<String>, bool, Vec<Action>) {
    let Some(first) = done.first() else { return (Vec::new(), false, Vec::new()) };
    let user = || vec!["user".to_owned()];
    // "allow customers to cancel", "let customers cancel"
    if first.is_any(&["allow", "enable", "let", "permit", "help", "allows", "enables", "lets"]) {
        let to = done.iter().position(|t| t.is("to")).or_else(|| {
            first
                .is_any(&["let", "lets", "help"])
                .then(|| (1..done.len()).find(|i| verb(lower(done, *i)).is_some()).map(|i| i.saturating_sub(1)))
                .flatten()
        });
        if let Some(to) = to.filter(|to| *to > 0 && verb(lower(done, to + 1)).is_some()) {
            let who_end = if lower(done, to) == "to" { to } else { to + 1 };
            let who = part(done, 1, who_end);
            if who.is_empty() || is_person(who) {
                let named = roles(text, who);
                let stated = !named.is_empty();
                return (if stated { named } else { user() }, stated, actions(text, after(done, to + 1)));
            }
        }
        // "allow searching by name"
        if let Some(known) = done.get(1).and_then(|t| super::lexicon::gerund(&t.lower)) {
            let rest = words_of(text, trim_marks(after(done, 2)));
            let mut made = actions(text, after(done, 1));
            for action in &mut made {
                action.text = format!("{} {rest}", known.base).trim().to_owned();
                known.class.clone_into(&mut action.class);
                action.participle = Some(known.participle);
            }
            made.truncate(1);
            return (user(), false, made);
        }
    }
    if first.is_any(&["provide", "offer"]) {
        if let Some(at) = (1..done.len()).find(|i| {
            phrase_at(done, *i, "the ability to")
                || phrase_at(done, *i, "a way to")
                || phrase_at(done, *i, "an option to")
                || phrase_at(done, *i, "the option to")
        }) {
            let who = part(done, 1, at);
            let who = if who.last().is_some_and(|t| t.is("with")) { part(who, 0, who.len() - 1) } else { who };
            let named = if is_person(who) { roles(text, who) } else { Vec::new() };
            let stated = !named.is_empty();
            return (if stated { named } else { user() }, stated, actions(text, after(done, at + 3)));
        }
    }
    let mut made = actions(text, done);
    let shows = |class: &str| class == "view";
    if made.iter().all(|a| shows(&a.class)) && !made.is_empty() {
        for action in &mut made {
            let rest = action.text.split_once(' ').map_or("", |(_, rest)| rest).to_owned();
            action.text = format!("view {rest}").trim().to_owned();
            action.participle = Some("shown");
        }
        return (user(), false, made);
    }
    if let [only] = made.as_slice() {
        if let Some(told) = told(text, only, done) {
            return told;
        }
    }
    (vec!["system".to_owned()], false, made)
}

/// "send the customer a reminder" → the customer receives a reminder; "notify the owner" → the owner is notified.
fn told(text: &str, action: &Action, done: &[Token]) -> Option<(Vec<String>, bool, Vec<Action>)> {
    let rest = trim_marks(after(done, 1));
    let noun_end = |from: usize| {
        (from + 1..rest.len())
            .find(|i| {
                rest.get(*i)
                    .is_some_and(|t| t.is_any(super::lexicon::PREPOSITIONS) || t.is_any(DETERMINERS) || t.is_mark())
            })
            .unwrap_or(rest.len())
    };
    match action.class.as_str() {
        "notify" | "remind" => {
            let end = noun_end(0);
            let who = part(rest, 0, end);
            let known = verb(lower(done, 0))?;
            let words = format!("be {} {}", known.participle, words_of(text, after(rest, end)));
            is_person(who).then(|| {
                let action = Action { text: words.trim().to_owned(), head: None, object: None, ..action.clone() };
                (roles(text, who), true, vec![action])
            })
        }
        "send" => {
            let direct = noun_end(0);
            if is_person(part(rest, 0, direct))
                && direct < rest.len()
                && rest.get(direct).is_some_and(|t| t.is_any(DETERMINERS))
            {
                let words = format!("receive {}", words_of(text, after(rest, direct)));
                let action =
                    Action { text: words, class: "receive".to_owned(), participle: Some("received"), ..action.clone() };
                return Some((roles(text, part(rest, 0, direct)), true, vec![action]));
            }
            let to = rest.iter().position(|t| t.is("to"))?;
            let end = noun_end(to + 1);
            let who = part(rest, to + 1, end);
            if !is_person(who) || to == 0 {
                return None;
            }
            let words = format!("receive {} {}", words_of(text, part(rest, 0, to)), words_of(text, after(rest, end)));
            let action = Action {
                text: words.trim().to_owned(),
                class: "receive".to_owned(),
                participle: Some("received"),
                ..action.clone()
            };
            Some((roles(text, who), true, vec![action]))
        }
        _ => None,
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

/// Whether a wished-for thing ("we need a booking calendar") is one of the product and not of the meeting.
pub(super) fn is_product_noun(tokens: &[Token]) -> bool {
    let Some(noun) = head(tokens) else { return false };
    let words = tokens.iter().take_while(|t| !t.is_any(super::lexicon::PREPOSITIONS)).count();
    let determined =
        tokens.first().is_some_and(|t| t.is_any(DETERMINERS)) || noun != tokens.first().map_or("", |t| &t.lower);
    noun.len() > 2 && words <= 8 && determined && !ERRAND_NOUNS.contains(&noun.as_str()) && !is_person(tokens)
}

/// The roles a phrase names, as plain nouns.
pub(super) fn roles_of(text: &str, words: &[Token]) -> Vec<String> {
    roles(text, words)
}
