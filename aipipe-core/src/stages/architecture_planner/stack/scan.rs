//! Finding terms in text: whole words, what is denied, and how firmly it is said.

use super::super::words::{Gap, Word, sentences, words};
use super::circumstance::{is_put_off, of_others, runs_on};
use super::company;
use super::term::{Spelling, TERMS, Term, Topic, of_extension};
use super::vocabulary::{BETWEEN, CONTEXT, DECIDED, FIRM, HEDGES, NEGATORS, OTHERS};
use std::collections::BTreeSet;
use std::ops::Range;

/// How firmly a technology is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// Somebody else uses it.
    Others,
    /// Considered, given as an example, asked.
    Hedged,
    /// Named without more.
    Named,
    /// Required, or used by the people who ask.
    Stated,
    /// Said to be decided.
    Decided,
}

/// A term found in a text.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    /// What it speaks for.
    pub(super) topic: Topic,
    /// The term, for counting.
    pub(super) key: String,
    /// Whether the words speak against it.
    pub(super) denied: bool,
    /// How firmly it is said.
    pub(super) strength: Strength,
    /// The words in the text that was scanned, with what makes them firm or deny them.
    pub(super) at: Range<usize>,
}

/// All hits of `text`, at most one per place. What stands in a sentence about another time ("not now: …") is none.
pub(super) fn scan(text: &str) -> Vec<Hit> {
    let words = words(text);
    let mut hits = Vec::new();
    for range in sentences(&words) {
        let Some(sentence) = words.get(range) else { continue };
        if is_put_off(sentence) {
            continue;
        }
        let mut i = 0;
        while i < sentence.len() {
            let Some((topic, length, deniable, key)) = term_at(sentence, i) else {
                i += 1;
                continue;
            };
            let by_others = of_others(sentence, i, length);
            let denial = denial(sentence, i, length, topic.is_technology())
                .or_else(|| by_others.clone().filter(|_| topic == Topic::Interface));
            let denied = denial.is_some();
            if !denied || deniable {
                let strength = if by_others.is_some() { Strength::Others } else { strength(sentence, text, i) };
                let (first, last) = match denial {
                    Some(by) => (by.start.min(i), by.end.max(i + length)),
                    None => (i, i + length),
                };
                if let (Some(from), Some(to)) = (sentence.get(first), last.checked_sub(1).and_then(|l| sentence.get(l)))
                {
                    hits.push(Hit { topic, key, denied, strength, at: from.at.start..to.at.end });
                }
            }
            i += length.max(1);
        }
    }
    hits
}

fn term_at(sentence: &[Word<'_>], i: usize) -> Option<(Topic, usize, bool, String)> {
    let word = sentence.get(i)?;
    if let Some(list) = TERMS.get(word.lower.trim_end_matches("'s")) {
        for term in list {
            if matches_at(term, sentence, i) {
                return Some((term.topic, term.words.len(), term.deniable, term.words.join(" ")));
            }
        }
    }
    if matches!(word.lower.as_str(), "get" | "post" | "put" | "patch" | "delete") && word.is_upper() {
        return Some((Topic::Api, 1, true, word.lower.clone()));
    }
    let topic = word.extension().and_then(of_extension)?;
    Some((topic, 1, false, format!(".{}", word.extension().unwrap_or_default())))
}

fn matches_at(term: &Term, sentence: &[Word<'_>], i: usize) -> bool {
    let Some(first) = sentence.get(i) else { return false };
    let all = term.words.iter().enumerate().all(|(k, expected)| {
        sentence
            .get(i + k)
            .is_some_and(|word| word.lower.trim_end_matches("'s") == *expected && (k == 0 || word.gap <= Gap::Slash))
    });
    if !all {
        return false;
    }
    let after = sentence.get(i + term.words.len()).filter(|w| w.gap <= Gap::Slash).map_or("", |w| w.lower.as_str());
    let before = i
        .checked_sub(1)
        .and_then(|b| sentence.get(b))
        .filter(|_| first.gap <= Gap::Slash)
        .map_or("", |w| w.lower.as_str());
    // Words of everyday English that are terms only in some company.
    match first.lower.as_str() {
        // those who work on it
        "frontend" | "front" | "ui" | "ux" | "website" | "web"
            if matches!(
                after,
                "team"
                    | "teams"
                    | "developer"
                    | "developers"
                    | "people"
                    | "colleagues"
                    | "department"
                    | "agency"
                    | "designer"
                    | "designers"
            ) =>
        {
            return false;
        }
        "form" | "forms" if matches!(after, "of" | "a" | "an" | "the" | "part" | "factor" | "groups") => return false,
        "page" | "pages" if matches!(before, "per" | "by" | "each") && matches!(after, "page" | "pages" | "") => {
            return false;
        }
        "api" | "apis" if is_foreign_api(before) => return false,
        "server" if matches!(before, "web" | "mail" | "redis" | "proxy") => return false,
        "django" if after == "reinhardt" => return false,
        _ => {}
    }
    match term.spelling {
        Spelling::Any => true,
        Spelling::Capital => first.is_capital(),
        Spelling::Upper => first.is_upper(),
        Spelling::Name => company::is_technology(sentence, i),
        Spelling::Tool => company::is_tool(sentence, i),
        Spelling::Context => {
            let verb = matches!(after, "to" | "quickly" | "immediately" | "delivery" | "shipping" | "through" | "into")
                || (after == "back" && sentence.get(i + 2).is_none_or(|w| w.lower != "end"));
            let company = CONTEXT.contains(after) || CONTEXT.contains(before) || starts_with_digit(after);
            let in_list = TERMS.contains_key(before) || TERMS.contains_key(after) || sentence.len() <= 2;
            let everyday = matches!(first.lower.as_str(), "go" | "swift" | "unity" | "express" | "node");
            if verb {
                return false;
            }
            if everyday {
                let runs = before == "on" && runs_on(sentence, i);
                let go = matches!(first.lower.as_str(), "go" | "swift" | "unity");
                let ends = after.is_empty()
                    || !TERMS.contains_key(after) && !starts_with_digit(after) && after != "a" && after != "the";
                return first.is_capital() && (runs && (!go || ends) || is_runtime_position(first, before, after));
            }
            // In lower case it is a verb unless its neighbours are those of a technology.
            if !first.is_capital() {
                let used = matches!(
                    before,
                    "in" | "using" | "use" | "with" | "on" | "want" | "of" | "from" | "than" | "plus" | "prefer"
                );
                return used
                    || TERMS.contains_key(after)
                    || matches!(after, "app" | "component" | "components" | "hooks" | "client" | "native");
            }
            let predicate = matches!(after, "is" | "isn't" | "must" | "should" | "shall" | "was" | "has");
            predicate || company || in_list || first.gap != Gap::Sentence
        }
    }
}

fn starts_with_digit(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

/// `Go`, `Node`, `Express` and their like are everyday words: only "in Node", "Express server" and the like count.
fn is_runtime_position(first: &Word<'_>, before: &str, after: &str) -> bool {
    let used = matches!(
        before,
        "in" | "using"
            | "with"
            | "use"
            | "want"
            | "on"
            | "no"
            | "not"
            | "prefer"
            | "like"
            | "of"
            | "than"
            | "or"
            | "and"
            | "from"
            | "over"
            | "a"
            | "an"
            | "the"
            | "our"
    );
    let served = matches!(
        after,
        "server"
            | "servers"
            | "api"
            | "apis"
            | "app"
            | "backend"
            | "router"
            | "js"
            | "middleware"
            | "framework"
            | "developers"
            | "shop"
            | "company"
            | "house"
            | "team"
            | "stack"
            | "service"
            | "services"
            | "project"
            | "projects"
            | "code"
            | "codebase"
            | "runtime"
            | "environment"
    ) || after == "back"
        || TERMS.contains_key(after) && !matches!(after, "page" | "click" | "form" | "forms" | "pages");
    let ends = matches!(
        after,
        "" | "and"
            | "or"
            | "for"
            | "with"
            | "on"
            | "in"
            | "is"
            | "but"
            | "because"
            | "since"
            | "not"
            | "isn't"
            | "than"
    ) || starts_with_digit(after);
    let bare_article = matches!(before, "a" | "an" | "the" | "our" | "and" | "from" | "of" | "on");
    if matches!(first.lower.as_str(), "go" | "swift" | "unity") {
        return used && !bare_article && ends;
    }
    served || used && ends && !bare_article || first.gap == Gap::Comma && ends || first.gap == Gap::Slash
}

fn is_foreign_api(before: &str) -> bool {
    matches!(
        before,
        "party"
            | "external"
            | "bom"
            | "dom"
            | "browser"
            | "query"
            | "vue"
            | "react"
            | "google"
            | "maps"
            | "inject"
            | "provide"
            | "reading"
            | "trainer"
            | "composition"
            | "options"
            | "context"
            | "canvas"
            | "their"
            | "payment"
            | "weather"
            | "existing"
    )
}

/// The negating words around the term at `i`, as a range of indices, if it is denied.
fn denial(sentence: &[Word<'_>], i: usize, length: usize, technology: bool) -> Option<Range<usize>> {
    denied_before(sentence, i, technology)
        .map(|from| from..i)
        .or_else(|| denied_after(sentence, i + length).map(|to| i..to))
}

fn denied_before(sentence: &[Word<'_>], i: usize, technology: bool) -> Option<usize> {
    let reach = if technology { 9 } else { 5 };
    let (mut list_only, mut crossed_comma, mut verb) = (true, false, false);
    for back in 1..=reach {
        let at = i.checked_sub(back)?;
        let right = sentence.get(at + 1)?;
        // Crossing a comma keeps the denial only within a list: "no React, Vue or Angular".
        if right.gap >= Gap::Break {
            return None;
        }
        if right.gap == Gap::Comma {
            if !list_only {
                return None;
            }
            crossed_comma = true;
        }
        let word = sentence.get(at)?.lower.as_str();
        let next = right.lower.as_str();
        let single_target = matches!(
            (word, next),
            (
                "instead"
                    | "rather"
                    | "away"
                    | "migrate"
                    | "migrating"
                    | "moved"
                    | "move"
                    | "moving"
                    | "switch"
                    | "switching",
                "of" | "than" | "from" | "away" | "off"
            )
        ) || (word == "than" && back == 1);
        if single_target {
            return (!crossed_comma).then_some(at);
        }
        if NEGATORS.contains(word) {
            let only = matches!(next, "only" | "just" | "least" | "later" | "less");
            return (!only).then_some(at);
        }
        if word == "over" && back == 1 {
            return sentence
                .get(at.saturating_sub(8)..at)?
                .iter()
                .any(|w| matches!(w.lower.as_str(), "prefer" | "prefers" | "preferred" | "chose"))
                .then_some(at);
        }
        let listed = matches!(word, "and" | "or" | "nor") || TERMS.contains_key(word);
        if crossed_comma && !listed {
            return None;
        }
        // "away from React and will use Vue" denies React alone.
        if word == "and" && verb {
            return None;
        }
        list_only = list_only && listed;
        verb = verb || !listed && !matches!(word, "in" | "with" | "a" | "an" | "the" | "any" | "on");
        if !listed && !BETWEEN.contains(word) && !matches!(word, "from" | "than" | "away" | "off") {
            return None;
        }
        if !technology && matches!(word, "that" | "think" | "using" | "by") {
            return None;
        }
    }
    None
}

fn denied_after(sentence: &[Word<'_>], from: usize) -> Option<usize> {
    let next = |k: usize| sentence.get(from + k).filter(|w| w.gap <= Gap::Space).map(|w| w.lower.as_str());
    let verb = next(0)?;
    let after = next(1).unwrap_or_default();
    let refused = |w: &str| {
        matches!(
            w,
            "out"
                | "rejected"
                | "forbidden"
                | "prohibited"
                | "ruled"
                | "unwanted"
                | "banned"
                | "excluded"
                | "overkill"
                | "unnecessary"
                | "dropped"
        )
    };
    let is = matches!(verb, "is" | "was" | "are" | "were" | "has" | "be");
    if is && refused(after) || is && after == "been" && next(2).is_some_and(refused) {
        return Some(from + 2);
    }
    let denied_option = |w: &str| {
        matches!(
            w,
            "an" | "option"
                | "wanted"
                | "needed"
                | "allowed"
                | "required"
                | "used"
                | "possible"
                | "acceptable"
                | "planned"
                | "desired"
                | "what"
                | "our"
                | "for"
                | "necessary"
        )
    };
    if is && after == "not" && next(2).is_some_and(denied_option) {
        return Some(from + 3);
    }
    if matches!(verb, "isn't" | "aren't" | "wasn't") && denied_option(after)
        || matches!(verb, "won't") && matches!(after, "work" | "do" | "be")
    {
        return Some(from + 2);
    }
    None
}

/// Farthest word that can still say how firmly a term is meant.
const REACH: usize = 30;

/// How firmly the term at `i` is said, by the words of its own clause.
fn strength(sentence: &[Word<'_>], text: &str, i: usize) -> Strength {
    let starts_clause = |k: usize| {
        let word = |k: usize| sentence.get(k).map_or("", |w| w.lower.as_str());
        let conjunction = matches!(
            word(k),
            "but" | "after" | "although" | "while" | "whereas" | "though" | "however" | "because" | "since"
        );
        let comma = sentence.get(k).is_some_and(|w| w.gap == Gap::Comma);
        conjunction || comma && matches!(word(k), "we" | "our" | "the" | "it" | "they" | "i" | "so" | "let's")
    };
    let start = (i.saturating_sub(REACH)..=i).rev().find(|k| starts_clause(*k)).unwrap_or(i.saturating_sub(REACH));
    let end =
        (i + 1..sentence.len().min(i + REACH)).find(|k| starts_clause(*k)).unwrap_or(sentence.len().min(i + REACH));
    let clause = sentence.get(start..end).unwrap_or_default();
    let has = |list: &BTreeSet<&str>| clause.iter().any(|w| list.contains(w.lower.as_str()));
    let asks = |last: &Word<'_>| text.get(last.at.end..).is_some_and(|rest| rest.trim_start().starts_with('?'));
    let question = sentence.last().is_some_and(asks);
    let pair = |a: &str, b: &str| clause.iter().zip(clause.iter().skip(1)).any(|(x, y)| x.lower == a && y.lower == b);
    if has(&OTHERS) || pair("another", "company") || pair("other", "companies") {
        return Strength::Others;
    }
    let before = sentence.get(i.saturating_sub(2)..i).unwrap_or_default();
    let such_as = before.iter().any(|w| matches!(w.lower.as_str(), "such" | "like"));
    if has(&DECIDED) && !question {
        return Strength::Decided;
    }
    // "We would like a REST API in Node" asks for it.
    let wants = pair("would", "like") || pair("we'd", "like") || pair("i'd", "like");
    let hedges = |w: &Word<'_>| {
        HEDGES.contains(w.lower.as_str()) && !(wants && matches!(w.lower.as_str(), "would" | "like" | "later"))
    };
    if question || such_as || clause.iter().any(hedges) {
        return Strength::Hedged;
    }
    let labelled = sentence.len() < 12 && sentence.iter().skip(1).any(|w| w.gap == Gap::Break);
    if has(&FIRM) || labelled || wants { Strength::Stated } else { Strength::Named }
}
