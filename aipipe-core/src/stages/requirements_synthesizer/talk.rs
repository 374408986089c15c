//! Talk about the product told from talk about the meeting, the weather and the errands of those who talk.

use super::ask::Register;
use super::clause::{Clause, Subject};
use super::lexicon::{DETERMINERS, verb};
use super::noun_phrase::{head, is_person};
use super::words::{Token, after, lower};
use crate::domain::Obligation;

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

/// Whether a clause of mail or speech speaks of the product in words that stand by themselves: nobody is addressed,
/// nothing is merely predicted or pointed at.
pub(super) fn plain_talk(clause: &Clause<'_>, register: Register) -> bool {
    let subject = clause.subject_words;
    let pointed = subject.first().is_some_and(|t| {
        t.is_any(&["they", "this", "these", "those", "that", "most", "many", "some", "my", "your", "which"])
    });
    let addressed = clause.predicate.iter().any(|t| t.is_any(&["you", "your", "me", "yourself"]));
    let alone = matches!(lower(clause.predicate, 1), "it" | "them" | "that" | "this")
        || clause.predicate.iter().any(|t| t.is_any(&["{", "}"]));
    let they = subject.len() == 1 && subject.first().is_some_and(|t| t.is("they"));
    let able = clause.ability && !matches!(modal_word(clause), "can" | "could" | "may" | "can't" | "cannot");
    let wanted = matches!(modal_word(clause), "must" | "need" | "have" | "should") && keeps_or_shows(clause);
    let pointed = pointed && !(they && (able || wanted));
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
            let predicted = matches!(modal, "will" | "may" | "could" | "are" | "is");
            let errand = clause.subject == Subject::Speaker
                && !clause.negated
                && matches!(modal, "have" | "must" | "need")
                && !(clause.ability || keeps_records(clause));
            let bare_can = matches!(modal, "can" | "can't" | "cannot");
            !predicted
                && (!idle || clause.ability && !bare_can)
                && !(clause.negated && matches!(modal, "can't" | "cannot" | "can"))
                && !errand
                && clause.words.len() < 40
        }
        _ => !(modal == "will" && clause.subject == Subject::Person),
    }
}

/// "They need to see all requests": several records of the product, not something on the table.
fn keeps_or_shows(clause: &Clause<'_>) -> bool {
    keeps_records(clause)
        || matches!(lower(clause.predicate, 0), "see" | "view" | "list")
            && (lower(clause.predicate, 1) == "all" || super::words::phrase_at(clause.predicate, 1, "a list of"))
}

/// "We also need to register customers": verbs that one hardly uses of the meeting itself.
fn keeps_records(clause: &Clause<'_>) -> bool {
    const VERBS: &[&str] = &["register", "archive", "export", "import", "reschedule", "invoice"];
    VERBS.contains(&lower(clause.predicate, 0)) && knows_object(clause.predicate)
}

/// Whether "we must not …" forbids the product something, rather than those who talk: "we must not keep the children's
/// names", not "we must not forget the cake".
pub(super) fn forbids(clause: &Clause<'_>, done: &[Token], register: Register) -> bool {
    const DATA: &[&str] = &[
        "keep", "store", "save", "record", "log", "collect", "show", "display", "share", "publish", "send", "print",
        "sell", "pass", "track", "delete", "charge", "export", "expose", "reveal", "transmit", "transfer", "lose",
        "overbook", "lend",
    ];
    let firm = matches!(
        modal_word(clause),
        "must" | "mustn't" | "shall" | "may" | "should" | "shouldn't" | "can" | "cannot" | "can't"
    ) && (register == Register::Document || !matches!(modal_word(clause), "can" | "cannot" | "can't"));
    let object = head(after(done, 1)).filter(|noun| !ERRAND_NOUNS.contains(&noun.as_str()) && noun.len() > 2);
    let product = done.first().is_some_and(|t| t.is_any(DATA)) || knows_object(done);
    firm && product && object.is_some() && !done.iter().any(|t| t.is_any(&["you", "your", "me", "tomorrow", "today"]))
}

/// Whether a verb of products acts on a named thing.
pub(super) fn knows_object(done: &[Token]) -> bool {
    let Some(first) = done.first() else { return false };
    verb(&first.lower).is_some()
        && !ERRANDS.contains(&first.lower.as_str())
        && head(after(done, 1)).is_some_and(|noun| !ERRAND_NOUNS.contains(&noun.as_str()) && noun.len() > 2)
}

/// Whether "we need to …" speaks of what the product does.
pub(super) fn product_talk(clause: &Clause<'_>, done: &[Token], register: Register) -> bool {
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
        && (!ERRANDS.contains(&first.lower.as_str()) || keeps_or_shows(clause))
}

pub(super) fn modal_word<'c>(clause: &'c Clause<'_>) -> &'c str {
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

/// Whether a wished-for thing ("we need a booking calendar") is one of the product and not of the meeting.
pub(super) fn is_product_noun(tokens: &[Token]) -> bool {
    let Some(noun) = head(tokens) else { return false };
    let words = tokens.iter().take_while(|t| !t.is_any(super::lexicon::PREPOSITIONS)).count();
    let determined =
        tokens.first().is_some_and(|t| t.is_any(DETERMINERS)) || noun != tokens.first().map_or("", |t| &t.lower);
    noun.len() > 2 && words <= 8 && determined && !ERRAND_NOUNS.contains(&noun.as_str()) && !is_person(tokens)
}
