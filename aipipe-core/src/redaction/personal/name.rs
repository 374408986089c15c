//! Names of people, where a title, a phrase or an initial gives them away. A name that only a reader of names would
//! know is not found.

use super::words::{Sort, Token};
use crate::domain::TextSpan;

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
    &["last", "name", "?"],
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

pub(super) fn find(tokens: &[Token<'_>]) -> Vec<TextSpan> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match at_token(tokens, at) {
            Some(end) => {
                if let (Some(first), Some(last)) = (tokens.get(at), tokens.get(end - 1)) {
                    found.push(TextSpan { start: first.start, end: last.end() });
                }
                at = end.max(at + 1);
            }
            None => at += 1,
        }
    }
    found
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
    }
    // A possessive is no part of the name, and no name ends with a particle.
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
    is_name && inner.iter().any(|token| token.is_initial() && !matches!(token.text, "I" | "A" | "V" | "X"))
        || is_name && inner.windows(2).any(|pair| matches!(pair, [initial, dot] if initial.is_initial() && dot.is(".")))
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
    words >= 2
        && begins
        && tokens
            .get(end)
            .is_some_and(|next| next.is_one_of(&["said", "says", "told", "wrote", "lives", "explained", "listed"]))
}
