//! Which sentences ask for something and are in no requirement: what the rules above did not understand must not vanish.

use super::Source;
use super::ask::Register;
use super::clause::{Subject, classify};
use super::extract::Stated;
use super::lexicon::{DETERMINERS, PREPOSITIONS, number_word, participle, verb};
use super::merge::Group;
use super::words::{Token, TokenKind, any_phrase_at, lower, part};
use crate::domain::{TextSpan, UncoveredStatement, UserStory};
use std::collections::BTreeMap;

/// Words that oblige, forbid or allow, wherever they stand before a verb.
const DUTIES: &[&str] = &[
    "must",
    "must not",
    "must never",
    "mustn't",
    "shall",
    "shall not",
    "should",
    "should not",
    "should never",
    "shouldn't",
    "has to",
    "have to",
    "needs to",
    "need to",
    "ought to",
    "is required to",
    "are required to",
    "is not allowed to",
    "are not allowed to",
    "is allowed to",
    "are allowed to",
    "is able to",
    "are able to",
    "may not",
    "may only",
    "can only",
    "cannot",
    "can not",
    "can't",
    "can",
    "may",
    "is not permitted to",
    "are not permitted to",
    "is forbidden to",
    "are forbidden to",
    "is to be",
    "are to be",
];

/// Words that limit a number.
const LIMITS: &[&str] = &[
    "at most",
    "at least",
    "no more than",
    "not more than",
    "no less than",
    "no fewer than",
    "no longer than",
    "a maximum of",
    "a minimum of",
    "maximum",
    "minimum",
    "up to",
    "between",
    "within",
    "more than",
    "less than",
    "fewer than",
    "exactly",
];

/// The signal of an item of a list that asks for things, whatever its words.
pub(super) const LISTED: &str = "an item of a list of requirements";

/// What a sentence has that makes it ask for something: its words, as they stand in a list of such words.
pub(super) fn signal(sentence: &[Token], register: Register) -> Option<&'static str> {
    if sentence.len() < 3 {
        return None;
    }
    taken_back(sentence, register)
        .or_else(|| wished(sentence, register))
        .or_else(|| needed(sentence, register))
        .or_else(|| under_no_circumstances(sentence, register))
        .or_else(|| duty(sentence, register))
        .or_else(|| limit(sentence, register))
        .or_else(|| exclusion(sentence, register))
        .or_else(|| choice(sentence, register))
}

/// What a question asks about the product, where the word stands before those who act: "can members renew a loan",
/// "how many books may a member borrow".
pub(super) fn question(sentence: &[Token], register: Register) -> Option<&'static str> {
    const ASKING: &[&str] =
        &["can", "could", "should", "must", "shall", "may", "will", "would", "do", "does", "is", "are"];
    const OF_TALK: &[&str] = &["me", "us", "my", "myself", "today", "tomorrow", "tonight", "week", "monday", "please"];
    (0..sentence.len().min(8)).find_map(|at| {
        let (phrase, _) = any_phrase_at(sentence, at, ASKING)?;
        let verb_at = (at + 2..sentence.len().min(at + 9))
            .find(|i| verb(lower(sentence, *i)).is_some() && !is_noun(sentence, *i))?;
        let helper = matches!(phrase, "do" | "does" | "is" | "are");
        let able = any_phrase_at(sentence, verb_at.saturating_sub(2), &["able to", "need to", "have to", "allowed to"]);
        let subject = match able {
            Some(_) => part(sentence, at + 1, verb_at - 2),
            None if helper => return None,
            None => part(sentence, at + 1, verb_at),
        };
        let subject = subject.split_last().filter(|(last, _)| last.is("be")).map_or(subject, |(_, rest)| rest);
        let done = part(sentence, verb_at, sentence.len());
        let known = super::talk::knows_object(done) && !sentence.iter().any(|t| t.is_any(OF_TALK));
        let asks = match classify(subject) {
            Some(Subject::Person)
                if !subject.first().is_some_and(|t| t.is_any(&["they", "you", "anyone", "someone"])) =>
            {
                register != Register::Speech || known
            }
            Some(Subject::Thing(_) | Subject::System) => register != Register::Speech,
            Some(Subject::Speaker) => register != Register::Speech && known,
            _ => register != Register::Speech && subject.first().is_some_and(|t| t.is("you")) && known,
        };
        asks.then_some(phrase)
    })
}

/// Whether a word that may be a verb is what a determiner or a preposition before it speaks of: "a search", "by order".
fn is_noun(sentence: &[Token], at: usize) -> bool {
    at.checked_sub(1)
        .and_then(|i| sentence.get(i))
        .is_some_and(|t| t.is_any(DETERMINERS) || t.is_any(PREPOSITIONS) && !t.is("to"))
}

/// "A greenhouse has a status: active, under repair or closed": what a thing has, with the values there are.
fn choice(sentence: &[Token], register: Register) -> Option<&'static str> {
    const OF_TALK: &[&str] = &["i", "we", "you", "they", "he", "she", "it", "there", "this", "that"];
    if register == Register::Speech || sentence.first().is_some_and(|t| t.is_any(OF_TALK)) {
        return None;
    }
    let has = sentence.iter().take(6).position(|t| t.is_any(&["has", "have"])).filter(|at| *at > 0)?;
    let colon = (has + 2..sentence.len().min(has + 8)).find(|i| lower(sentence, *i) == ":")?;
    let values = part(sentence, colon + 1, sentence.len());
    (values.len() > 2 && values.iter().any(|t| t.is("or") || t.is("and"))).then_some("a list of values")
}

/// "Families must …", "a loan cannot …".
fn duty(sentence: &[Token], register: Register) -> Option<&'static str> {
    (1..sentence.len()).find_map(|at| {
        let (phrase, count) = any_phrase_at(sentence, at, DUTIES)?;
        // "for people who need to …" tells who, not what
        if matches!(lower(sentence, at - 1), "who" | "which" | "that") && at > 2 {
            return None;
        }
        let verb_at = (at + count..sentence.len().min(at + count + 3)).find(|i| {
            !sentence.get(*i).is_some_and(|t| t.lower.ends_with("ly") || t.is_any(super::lexicon::ADVERBS))
        })?;
        let acts = sentence.get(verb_at).is_some_and(|t| {
            t.kind == TokenKind::Word
                && !t.is_any(DETERMINERS)
                && !t.is_any(PREPOSITIONS)
                && (verb(&t.lower).is_some() || !t.capital && t.lower.len() > 1)
        });
        let weak = matches!(phrase, "can" | "may" | "should" | "have to" | "need to" | "can't" | "cannot" | "can not");
        let spoken = || register == Register::Speech && !weak && is_of_the_product(sentence, at);
        (acts && (counts(sentence, at, verb_at, register, weak) || spoken())).then_some(phrase)
    })
}

/// "A withdrawal must be …", "every Monday the service must …": in a meeting, what is said of any of a kind, or of the system.
fn is_of_the_product(sentence: &[Token], modal: usize) -> bool {
    let from = (0..modal).rev().find(|i| sentence.get(*i).is_some_and(|t| t.is_mark() || t.is_any(DETERMINERS)));
    let subject = part(sentence, from.unwrap_or(0), modal);
    let general = subject.first().is_some_and(|t| t.is_any(&["a", "an", "each", "every"]));
    match classify(subject) {
        Some(Subject::System) => true,
        Some(Subject::Thing(_)) => general,
        _ => false,
    }
}

/// Whether talk with this subject is about the product at all.
fn counts(sentence: &[Token], modal: usize, verb_at: usize, register: Register, weak: bool) -> bool {
    let from = (0..modal).rev().find(|i| {
        sentence.get(*i).is_some_and(|t| t.is_mark() || t.is_any(&["that", "and", "but", "so", "if", "when"]))
    });
    let subject = subject_before(sentence, from.map_or(0, |i| i + 1), modal);
    let does = lower(sentence, verb_at);
    let known = verb(does).is_some() || matches!(does, "be" | "have" | "do");
    let who = classify(subject);
    match register {
        Register::Document => !subject.first().is_some_and(|t| t.is_any(&["i", "you"])) || !weak,
        Register::Mail => match who {
            Some(Subject::Person | Subject::Thing(_) | Subject::System) => {
                known
                    && !subject
                        .first()
                        .is_some_and(|t| t.is_any(&["they", "this", "these", "those", "that", "my", "your"]))
            }
            Some(Subject::Speaker) => {
                !weak && verb(does).is_some() && super::talk::knows_object(part(sentence, verb_at, sentence.len()))
            }
            _ => false,
        },
        // in a meeting one says "should" of everything on the table
        Register::Speech => {
            let people = matches!(who, Some(Subject::Person))
                && !subject.first().is_some_and(|t| {
                    t.is_any(&[
                        "they",
                        "people",
                        "you",
                        "everybody",
                        "everyone",
                        "somebody",
                        "someone",
                        "anyone",
                        "person",
                    ])
                });
            people
                && verb(does).is_some()
                && super::talk::knows_object(part(sentence, verb_at, sentence.len()))
                && sentence.len() < 40
        }
    }
}

/// The words before a modal, from `from` on; where there are none, those before what is put in: "members, when they are
/// late, must pay", "members (of any age) must pay".
fn subject_before(sentence: &[Token], from: usize, modal: usize) -> &[Token] {
    let own = part(sentence, from, modal);
    let Some(close) = from.checked_sub(1).filter(|_| own.is_empty()) else { return own };
    let open = match lower(sentence, close) {
        "," => ",",
        ")" => "(",
        "–" | "-" | "—" => lower(sentence, close),
        _ => return own,
    };
    let Some(open) = (0..close).rev().find(|i| lower(sentence, *i) == open) else { return own };
    let start = (0..open).rev().find(|i| sentence.get(*i).is_some_and(Token::is_mark)).map_or(0, |i| i + 1);
    part(sentence, start, open)
}

/// "And please drop the weight, nobody ever fills it in", "forget the sorting of pets": what is not wanted any more.
fn taken_back(sentence: &[Token], register: Register) -> Option<&'static str> {
    if register == Register::Speech {
        return None;
    }
    let at =
        sentence.iter().take(4).position(|t| !t.is_any(&["and", "please", "also", "so", "then", "but", ",", "oh"]))?;
    let (phrase, length) = any_phrase_at(
        sentence,
        at,
        &["drop", "forget about", "forget", "skip", "leave out", "take out", "ignore", "scrap", "get rid of"],
    )?;
    let next = lower(sentence, at + length);
    (matches!(next, "the" | "that" | "this" | "those" | "these" | "all" | "any") || next == "a").then_some(phrase)
}

/// "…, would be nice if the system told us", wherever it stands.
fn wished(sentence: &[Token], register: Register) -> Option<&'static str> {
    const WISHES: &[&str] =
        &["would be nice if", "would be great if", "would be good if", "would be useful if", "would help if"];
    (0..sentence.len())
        .find_map(|at| any_phrase_at(sentence, at, WISHES))
        .filter(|_| register != Register::Speech)
        .map(|(phrase, _)| phrase)
}

/// "Dogs also need a breed", "every tool needs a service every six months".
fn needed(sentence: &[Token], register: Register) -> Option<&'static str> {
    if register == Register::Speech {
        return None;
    }
    let at = sentence
        .iter()
        .take(6)
        .position(|t| t.is_any(&["need", "needs", "require", "requires"]))
        .filter(|at| *at > 0)?;
    let subject: Vec<Token> =
        part(sentence, 0, at).iter().filter(|t| !t.is_any(super::lexicon::ADVERBS) && !t.is("also")).cloned().collect();
    let about = matches!(classify(&subject), Some(Subject::Thing(_) | Subject::Person));
    let object = sentence.get(at + 1).is_some_and(|t| t.is_any(&["a", "an", "the", "its", "their", "two", "at"]));
    let own = subject.first().is_some_and(|t| t.is_any(&["i", "we", "you", "they", "he", "she", "this", "that"]));
    (about && object && !own).then_some("needs")
}

/// "Under no circumstances may a guide see the price".
fn under_no_circumstances(sentence: &[Token], register: Register) -> Option<&'static str> {
    (0..sentence.len().min(3))
        .find_map(|at| any_phrase_at(sentence, at, &["under no circumstances", "on no account", "in no case"]))
        .filter(|_| register != Register::Speech)
        .map(|(phrase, _)| phrase)
}

/// "A loan lasts at most 21 days", "tickets are archived after 30 days".
fn limit(sentence: &[Token], register: Register) -> Option<&'static str> {
    if register == Register::Speech {
        return None;
    }
    let number =
        |i: usize| sentence.get(i).is_some_and(|t| t.kind == TokenKind::Number || number_word(&t.lower).is_some());
    let (at, phrase) = (1..sentence.len()).find_map(|at| {
        let (phrase, count) = any_phrase_at(sentence, at, LIMITS)?;
        let counted = (at + count..at + count + 2).any(number);
        let pair = phrase != "between" || number(at + 1) && lower(sentence, at + 2) == "and" && number(at + 3);
        (counted && pair).then_some((at, phrase))
    })?;
    let states = (1..sentence.len()).any(|i| {
        let word = lower(sentence, i);
        matches!(word, "is" | "are" | "has" | "have" | "lasts" | "last" | "accept" | "allow" | "allows" | "be")
            || super::lexicon::third_person(word).is_some()
            || participle(word).is_some()
    });
    let talk = register == Register::Mail
        && sentence.iter().take(at).any(|t| t.is_any(&["i", "you", "i'm", "you're", "i've", "me", "he", "she"]));
    (states && !talk).then_some(phrase)
}

/// "Only managers delete books", "we never show the price".
fn exclusion(sentence: &[Token], register: Register) -> Option<&'static str> {
    if register == Register::Speech {
        return None;
    }
    let acts = |from: usize| {
        sentence.iter().skip(from).take(6).any(|t| {
            verb(&t.lower).is_some()
                || super::lexicon::third_person(&t.lower).is_some()
                || participle(&t.lower).is_some()
        })
    };
    let does = |at: usize| {
        sentence.get(at).is_some_and(|t| t.kind == TokenKind::Word && !t.is_any(PREPOSITIONS) && !t.is_any(DETERMINERS))
    };
    if lower(sentence, 0) == "only"
        && super::agent::is_group(part(sentence, 1, 2))
        && (acts(2) || register == Register::Document && does(2))
    {
        return Some("only");
    }
    let never = sentence.iter().position(|t| t.is("never")).filter(|at| *at > 0)?;
    let subject = part(sentence, 0, never);
    let about = matches!(classify(subject), Some(Subject::Person | Subject::Thing(_) | Subject::System));
    (about && acts(never + 1)).then_some("never")
}

/// The statements that no requirement and no criterion cites, in order of appearance.
pub(super) fn uncovered(
    stated: Vec<Stated>,
    groups: &[Group],
    stories: &[UserStory],
    sources: &[Source<'_>],
) -> Vec<UncoveredStatement> {
    let mut cited: BTreeMap<String, Vec<TextSpan>> = BTreeMap::new();
    let of_groups = groups.iter().flat_map(|g| &g.members).map(|m| &m.citation);
    let of_stories = stories.iter().flat_map(|s| &s.criteria).map(|c| &c.citation);
    for citation in of_groups.chain(of_stories) {
        cited.entry(citation.document.to_string()).or_default().push(citation.span);
    }
    for spans in cited.values_mut() {
        spans.sort_unstable_by_key(|span| (span.start, span.end));
        // each span reaches as far as any before it, so that one look tells whether any of them reaches a place
        let mut reach = 0;
        for span in spans {
            reach = reach.max(span.end);
            span.end = reach;
        }
    }
    let covered = |statement: &Stated| {
        let spans = cited.get(statement.citation.document.as_str()).map_or(&[][..], Vec::as_slice);
        let own = statement.citation.span;
        let first = spans.partition_point(|span| span.start < own.start);
        // a quote may begin before the sentence, as that of a scenario does
        let before = first.checked_sub(1).and_then(|i| spans.get(i)).is_some_and(|span| span.end > own.start);
        before || spans.get(first).is_some_and(|span| span.start < own.end)
    };
    stated
        .into_iter()
        .filter(|statement| !covered(statement))
        .filter(|statement| {
            sources.get(statement.source).is_some_and(|source| super::quotes_exactly(source, &statement.citation))
        })
        .map(|Stated { citation, signal, .. }| UncoveredStatement { citation, signal: signal.to_owned() })
        .collect()
}
