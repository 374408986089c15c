//! Names of people, where a title, a phrase or an initial gives them away. A name that only a reader of names would
//! know is not found.

use super::words::{Sort, Token};
use crate::domain::TextSpan;
use std::collections::{BTreeMap, BTreeSet};

const TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "prof",
    "professor",
    "sir",
    "herr",
    "frau",
    "hr",
    "fr",
    "mme",
    "monsieur",
    "madame",
    "señor",
    "señora",
    "sr",
    "sra",
    "signor",
    "signora",
    "dhr",
    "mevrouw",
    "mevr",
    "pan",
    "pani",
];

/// Phrases before a name; the last word of each stands right before it.
const LEADS: &[&[&str]] = &[
    &["name", "is"],
    &["name", ":"],
    &["names", ":"],
    &["called"],
    &["named"],
    &["named", "him"],
    &["named", "her"],
    &["i'm"],
    &["i", "am"],
    &["this", "is"],
    &["directed", "by", ":"],
    &["directed", "by"],
    &["written", "by"],
    &["starring"],
    &["dear"],
    &["hi"],
    &["hello"],
    &["hey"],
    &["regards", ","],
    &["wishes", ","],
    &["cheers", ","],
    &["thanks", ","],
    &["sincerely", ","],
    &["yours", ","],
    &["grüße", ","],
    &["grüßen", ","],
    &["under"],
    &["remove", "my", "kid"],
    &["my", "son"],
    &["my", "daughter"],
    &["my", "wife"],
    &["my", "husband"],
    &["my", "brother"],
    &["my", "sister"],
    &["partner's", "name"],
    &["name", "?"],
    &["first", "name", ":"],
    &["address", ":"],
    &["account", "?", "user", ":"],
    &["change", "it", "to"],
    &["features"],
    &["commenter"],
    &["producer"],
    &["songwriter"],
    &["singer"],
    &["says"],
    &["said"],
    &["tribute", "to"],
    &["assistant", "to"],
    &["attn", ":"],
    &["attention", ":"],
    &["signed", ","],
    &["add"],
    &["contact", "person", ":"],
    &["author", ":"],
    &["from", ":"],
    &["contact", ":"],
    &["maiden", "name", "is"],
];

/// Leads after which one word is a name, and not any capital.
const SURE: &[&str] =
    &["is", "called", "named", "him", "her", "dear", "hi", "hello", "hey", "kid", "son", "daughter", "name", "?", "to"];

/// Capitals that begin sentences and are no names.
const NEVER: &[&str] = &[
    "i",
    "a",
    "the",
    "this",
    "that",
    "it",
    "we",
    "you",
    "he",
    "she",
    "they",
    "my",
    "our",
    "your",
    "in",
    "on",
    "at",
    "to",
    "all",
    "team",
    "everyone",
    "there",
    "not",
    "no",
    "yes",
    "if",
    "when",
    "what",
    "how",
    "and",
    "or",
    "so",
    "as",
    "please",
    "thanks",
    "thank",
    "hello",
    "hi",
    "dear",
    "sir",
    "madam",
    "john's",
    "user",
    "users",
    "customer",
    "client",
    "admin",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "api",
    "url",
    "id",
    "pdf",
    "csv",
    "json",
    "html",
    "sql",
    "folks",
    "guys",
    "both",
    "title",
];

/// Small words within names.
const PARTICLES: &[&str] = &[
    "van", "von", "de", "der", "den", "di", "da", "del", "la", "le", "el", "bin", "al", "ten", "ter", "af", "av",
    "dos", "du", "zu",
];

/// The names in a text whose postal addresses these are.
pub(super) fn find(tokens: &[Token<'_>], addresses: &[TextSpan]) -> Vec<TextSpan> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    let above = above(tokens, addresses);
    let mut at = 0;
    while at < tokens.len() {
        match at_token(tokens, at).or_else(|| above.get(&at).copied()) {
            Some(end) => {
                found.push((at, end));
                at = end.max(at + 1);
            }
            None => at += 1,
        }
    }
    let again = again(tokens, &found);
    let span = |(from, to): (usize, usize)| {
        let (first, last) = (tokens.get(from)?, tokens.get(to.checked_sub(1)?)?);
        Some(TextSpan { start: first.start, end: first.start.max(last.end() - possessive(last.text)) })
    };
    found.into_iter().chain(again).filter_map(span).collect()
}

/// `'s` at the end of a word, in bytes.
fn possessive(word: &str) -> usize {
    ["'s", "’s"].iter().find(|ending| word.ends_with(**ending)).map_or(0, |ending| ending.len())
}

/// The first lines of blocks that end in an address: a name of two words or more, by first token.
fn above(tokens: &[Token<'_>], addresses: &[TextSpan]) -> BTreeMap<usize, usize> {
    let mut found = BTreeMap::new();
    let is_line = |at: usize| tokens.get(at).is_none_or(|token| token.sort == Sort::Line);
    for address in addresses {
        let mut first = tokens.partition_point(|token| token.start < address.start);
        // The marks of a quote stand before each line.
        let quoted = |at: usize| tokens.get(at).is_some_and(|token| token.is(">") || token.is("?"));
        let (mut lines, mut names) = (0, None);
        while lines < 5 && first > 0 {
            let end = (0..first).rev().find(|at| !quoted(*at) && !is_line(*at)).map_or(0, |last| last + 1);
            let begin = (0..end).rev().take(12).find(|at| is_line(*at)).map_or(0, |line| line + 1);
            let begin = (begin..end).find(|at| !quoted(*at)).unwrap_or(end);
            let words = tokens.get(begin..end).unwrap_or_default();
            let is_label = words.last().is_some_and(|last| last.is(":"));
            let is_name = (2..=4).contains(&words.len())
                && words.iter().all(|word| {
                    word.is_capital() && !word.is_one_of(NEVER) || word.is_one_of(PARTICLES) || word.is(".")
                });
            if words.is_empty() || words.len() > 6 || is_label {
                break;
            }
            if is_name {
                names = Some((begin, end));
            }
            first = begin;
            lines += 1;
        }
        found.extend(names);
    }
    found
}

/// The words of names that were found, wherever else they stand: who has been named once is named by one word later.
fn again(tokens: &[Token<'_>], found: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let words = |(from, to): &(usize, usize)| tokens.get(*from..*to).unwrap_or_default();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for name in found {
        let names = words(name)
            .iter()
            .filter(|word| word.is_capital() && word.text.chars().count() >= 4 && !word.is_one_of(NEVER));
        let names: Vec<&str> =
            names.map(|word| word.text.get(..word.text.len() - possessive(word.text)).unwrap_or_default()).collect();
        known.extend(names.first().into_iter().chain(names.last()).copied());
    }
    if known.is_empty() {
        return Vec::new();
    }
    let is_known = |at: usize| {
        tokens.get(at).is_some_and(|token| {
            known.contains(token.text.get(..token.text.len() - possessive(token.text)).unwrap_or_default())
        })
    };
    let mut again = Vec::new();
    let mut taken = found.iter().peekable();
    let mut at = 0;
    while at < tokens.len() {
        if let Some((_, end)) = taken.next_if(|(from, _)| *from <= at) {
            at = (*end).max(at);
            continue;
        }
        let length = (at..at + 4)
            .take_while(|place| is_known(*place) && taken.peek().is_none_or(|(from, _)| place < from))
            .count();
        if length > 0 {
            again.push((at, at + length));
        }
        at += length.max(1);
    }
    again
}

/// Where the name that begins at this token ends.
fn at_token(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let token = tokens.get(at)?;
    if !token.is_capital() || token.is_one_of(NEVER) || token.is_one_of(TITLES) {
        return None;
    }
    let end = name(tokens, at);
    let words = tokens.get(at..end)?.iter().filter(|word| word.sort == Sort::Word && !word.is_initial()).count();
    (words > 0 && words <= 4).then_some(())?;
    let is_named = is_titled(tokens, at)
        || is_led(tokens, at, words)
        || has_initial(tokens, at, end)
        || is_sender(tokens, at, end, words)
        || is_speaker(tokens, at, end, words);
    is_named.then_some(end)
}

/// Capitals, initials, and small words between two of them, on one line.
fn name(tokens: &[Token<'_>], at: usize) -> usize {
    let mut end = at;
    while end < at + 7 {
        let Some(token) = tokens.get(end) else { break };
        let is_part = token.is_capital() && !(end > at && token.is_one_of(NEVER) && !token.is_initial())
            || token.is_one_of(PARTICLES) && end > at && next_capital(tokens, end + 1);
        let is_dot = token.is(".")
            && end > at
            && tokens.get(end - 1).is_some_and(Token::is_initial)
            && next_capital(tokens, end + 1);
        if !is_part && !is_dot {
            break;
        }
        end += 1;
        if possessive(token.text) > 0 {
            break;
        }
    }
    end
}

fn next_capital(tokens: &[Token<'_>], at: usize) -> bool {
    tokens.get(at).is_some_and(Token::is_capital)
        || tokens.get(at).is_some_and(|token| token.is_one_of(PARTICLES))
            && tokens.get(at + 1).is_some_and(Token::is_capital)
}

/// `Mr. X`, `Dr X`.
fn is_titled(tokens: &[Token<'_>], at: usize) -> bool {
    let back = |places: usize| at.checked_sub(places).and_then(|place| tokens.get(place));
    let title = |places: usize| back(places).is_some_and(|token| token.is_one_of(TITLES) && token.is_capital());
    title(1) || back(1).is_some_and(|token| token.is(".")) && title(2)
}

fn is_led(tokens: &[Token<'_>], at: usize, words: usize) -> bool {
    // Line ends count for nothing: a name stands below its greeting or its label.
    let before: Vec<_> = tokens
        .get(at.saturating_sub(8)..at)
        .unwrap_or_default()
        .iter()
        .filter(|token| token.sort != Sort::Line)
        .collect();
    let lead = LEADS.iter().find(|lead| {
        let from = before.len().checked_sub(lead.len());
        let tail = from.and_then(|from| before.get(from..));
        tail.is_some_and(|tail| tail.iter().zip(**lead).all(|(token, word)| token.is_one_of(&[word]) || token.is(word)))
    });
    let Some(lead) = lead else { return false };
    let is_sure = lead.last().is_some_and(|last| SURE.contains(last)) && lead.first() != Some(&"this");
    let is_closing = lead.last() == Some(&",");
    words >= 2 || is_sure || is_closing
}

/// `Ada M. Example`, `Ada M Example`.
fn has_initial(tokens: &[Token<'_>], at: usize, end: usize) -> bool {
    let inner = tokens.get(at + 1..end.saturating_sub(1)).unwrap_or_default();
    let is_name = tokens.get(at).is_some_and(|first| !first.is_initial())
        && tokens
            .get(end - 1)
            .is_some_and(|last| !last.is_initial() && last.text.chars().skip(1).any(char::is_lowercase));
    let is_dotted = |pair: &[Token<'_>]| matches!(pair, [initial, dot] if initial.is_initial() && dot.is("."));
    let is_plain = |token: &Token<'_>| token.is_initial() && !matches!(token.text, "I" | "A" | "V" | "X");
    is_name && (inner.iter().any(is_plain) || inner.windows(2).any(is_dotted))
}

/// `Ada Example <ada@example.org>`.
fn is_sender(tokens: &[Token<'_>], at: usize, end: usize, words: usize) -> bool {
    let begins = at
        .checked_sub(1)
        .and_then(|before| tokens.get(before))
        .is_none_or(|before| before.sort == Sort::Line || before.is(":") || before.is(",") || before.is("\""));
    let address = tokens
        .get(end + 1..end + 12)
        .unwrap_or_default()
        .iter()
        .take_while(|token| !token.is(">") && token.sort != Sort::Line)
        .any(|token| token.is("@"));
    begins && words >= 2 && tokens.get(end).is_some_and(|next| next.is("<")) && address
}

/// `said Ada Example`, `Ada Example said`.
fn is_speaker(tokens: &[Token<'_>], at: usize, end: usize, words: usize) -> bool {
    let begins = at
        .checked_sub(1)
        .and_then(|before| tokens.get(before))
        .is_none_or(|before| before.sort == Sort::Line || before.is("."));
    (words >= 2 || tokens.get(end).is_some_and(|next| next.is("lives")))
        && begins
        && tokens
            .get(end)
            .is_some_and(|next| next.is_one_of(&["said", "says", "told", "wrote", "lives", "explained", "listed"]))
}
