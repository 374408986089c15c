//! What a sentence says around a term: that it is for later, that others make it, that something runs on it.

use super::super::words::{Gap, Word};
use std::ops::Range;

/// Whether the sentence is about later or about what is left out: "Not now: …", "Later: …", "… is out of scope".
pub(super) fn is_put_off(sentence: &[Word<'_>]) -> bool {
    const LEADS: &[&[&str]] = &[
        &["not", "now"],
        &["later"],
        &["out", "of", "scope"],
        &["not", "in", "scope"],
        &["phase", "2"],
        &["phase", "two"],
        &["future"],
        &["not", "yet"],
        &["non", "goals"],
        &["next", "year"],
        &["some", "day"],
        &["someday"],
        &["in", "a", "later"],
        &["for", "a", "later"],
        &["in", "the", "future"],
        &["at", "a", "later"],
    ];
    const ANYWHERE: &[&[&str]] = &[
        &["out", "of", "scope"],
        &["not", "in", "scope"],
        &["not", "part", "of", "this"],
        &["not", "now"],
        &["in", "a", "later", "version"],
        &["in", "a", "later", "release"],
        &["in", "a", "later", "phase"],
        &["not", "in", "this", "version"],
        &["not", "in", "this", "release"],
        &["not", "for", "now"],
        &["not", "in", "the", "first", "version"],
        &["not", "in", "phase"],
        &["is", "for", "later"],
        &["next", "phase"],
    ];
    let at = |i: usize, phrase: &[&str]| {
        phrase.iter().enumerate().all(|(k, word)| sentence.get(i + k).is_some_and(|w| w.lower == *word))
    };
    let led = LEADS
        .iter()
        .any(|lead| at(0, lead) && sentence.get(lead.len()).is_some_and(|w| w.gap >= Gap::Comma || lead.len() > 2));
    led || (0..sentence.len()).any(|i| ANYWHERE.iter().any(|phrase| at(i, phrase)))
}

/// The words that say somebody else makes what is named at `i`: "the intranet team builds the UI", "the front end is done by
/// an agency".
pub(super) fn of_others(sentence: &[Word<'_>], i: usize, length: usize) -> Option<Range<usize>> {
    const MAKING: &[&str] = &[
        "build",
        "builds",
        "built",
        "building",
        "make",
        "makes",
        "made",
        "develop",
        "develops",
        "developed",
        "design",
        "designs",
        "designed",
        "do",
        "does",
        "done",
        "write",
        "writes",
        "written",
        "provide",
        "provides",
        "provided",
        "handle",
        "handles",
        "handled",
        "own",
        "owns",
        "owned",
        "maintain",
        "maintains",
        "maintained",
        "deliver",
        "delivers",
        "delivered",
        "create",
        "creates",
        "created",
        "responsible",
        "care",
        "implements",
        "implemented",
        "covers",
        "brings",
    ];
    let reach = |k: usize| sentence.get(k).filter(|w| k == i || w.gap <= Gap::Space);
    let makes = |k: usize| sentence.get(k).is_some_and(|w| MAKING.contains(&w.lower.as_str()));
    let clause_start = (0..=i).rev().find(|k| sentence.get(*k).is_some_and(|w| w.gap >= Gap::Comma)).unwrap_or(0);
    let before = (clause_start..i).rev().take(6).find(|k| makes(*k)).and_then(|verb| {
        let subject = sentence.get(clause_start..verb)?;
        names_others(subject).then_some(clause_start..i)
    });
    before.or_else(|| {
        let end = (i + length..sentence.len().min(i + length + 8)).take_while(|k| reach(*k).is_some()).last()? + 1;
        let verb = (i + length..end).find(|k| makes(*k))?;
        let by =
            (verb + 1..end).find(|k| sentence.get(*k).is_some_and(|w| matches!(w.lower.as_str(), "by" | "from")))?;
        names_others(sentence.get(by + 1..end)?).then_some(i..end)
    })
}

/// Whether the words name somebody other than those who ask: "the intranet team", "an agency", "somebody else".
fn names_others(words: &[Word<'_>]) -> bool {
    let at = |k: usize| words.get(k).map_or("", |w| w.lower.as_str());
    (0..words.len()).any(|k| match at(k) {
        "agency" | "contractor" | "freelancer" | "colleagues" | "else" | "others" | "supplier" | "partner" => {
            !words.iter().any(|w| matches!(w.lower.as_str(), "your" | "we"))
        }
        // "the intranet team", not "our team" or "the team"
        "team" | "department" | "group" | "company" => {
            k > 0
                && !matches!(
                    at(k - 1),
                    "the" | "our" | "your" | "my" | "this" | "development" | "project" | "whole" | "a" | "we"
                )
        }
        _ => false,
    })
}

/// Whether something is said to run on what stands at `i`: "everything runs on Node", "we are on Node".
pub(super) fn runs_on(sentence: &[Word<'_>], i: usize) -> bool {
    const RUNNING: &[&str] = &[
        "run",
        "runs",
        "running",
        "everything",
        "all",
        "based",
        "built",
        "build",
        "builds",
        "standardised",
        "standardized",
        "rely",
        "relies",
        "live",
        "lives",
        "hosted",
        "deployed",
        "stack",
        "stay",
        "bet",
        "settled",
    ];
    let Some(from) = i.checked_sub(1) else { return false };
    sentence.get(from.saturating_sub(6)..from).unwrap_or_default().iter().any(|w| RUNNING.contains(&w.lower.as_str()))
}
