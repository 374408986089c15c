//! Sentences of a segment: runs of tokens that end where a reader would stop.

use super::lexicon::{DETERMINERS, PREPOSITIONS};
use super::words::{Gap, Token, TokenKind, after, lower, part};

/// Words whose full stop ends no sentence.
const ABBREVIATIONS: &[&str] = &[
    "e.g", "i.e", "eg", "ie", "cf", "vs", "mr", "mrs", "ms", "dr", "prof", "no", "nr", "incl", "approx", "fig", "ca",
    "resp", "st", "inc", "ltd", "u.s", "a.m", "p.m", "jan", "feb", "aug", "sept", "oct", "nov", "dec", "max", "min",
];

/// Words that begin a line of a scenario or a story, however the line before ended.
const LINE_STARTS: &[&str] = &["given", "when", "then", "and", "but", "as", "scenario", "acceptance", "priority"];

/// Lines longer than this may have been broken because the next word had no room.
const NARROW: usize = 50;

/// Cuts `tokens` into sentences. A line break inside running text is no end, unless the line had room for more and the next
/// begins with a capital; a blank line or a list marker is.
pub(super) fn sentences(tokens: &[Token]) -> Vec<&[Token]> {
    let mut found = Vec::new();
    let longest = lines(tokens).map(|(start, end)| end - start).max().unwrap_or(0);
    let (mut start, mut depth) = (0_usize, 0_usize);
    let mut quote: Option<usize> = None;
    for index in 0..tokens.len() {
        let Some(token) = tokens.get(index) else { break };
        if index > start && (begins_anew(tokens, index, depth) || ended_short(tokens, index, depth, longest)) {
            found.push(part(tokens, start, index));
            (start, depth, quote) = (index, 0, None);
        }
        match token.lower.as_str() {
            "(" | "[" => depth += 1,
            "\"" | "“" if quote.is_none() => quote = Some(index),
            "\"" | "”" => quote = None,
            ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        // quoted messages hold full stops of their own; a quotation mark that never closes is forgotten
        let inside = depth + usize::from(quote.is_some_and(|open| index - open < 40));
        if ends_here(tokens, start, index, inside) {
            found.push(part(tokens, start, index + 1));
            (start, depth, quote) = (index + 1, 0, None);
        }
    }
    if start < tokens.len() {
        found.push(part(tokens, start, tokens.len()));
    }
    found
}

/// Where each line of the text starts and ends.
fn lines(tokens: &[Token]) -> impl Iterator<Item = (usize, usize)> {
    let parts = tokens.chunk_by(|_, next| !matches!(next.gap, Gap::Line | Gap::Blank));
    parts.filter_map(|line| Some((line.first()?.span.start, line.last()?.span.end)))
}

/// Whether the line before ended though there was room for the next word, which begins with a capital: a title, or a list
/// whose lines have no marks.
fn ended_short(tokens: &[Token], index: usize, depth: usize, longest: usize) -> bool {
    let (Some(token), Some(before)) = (tokens.get(index), index.checked_sub(1).and_then(|i| tokens.get(i))) else {
        return false;
    };
    let goes_on = before.is_mark() || before.is_any(DETERMINERS) || before.is_any(PREPOSITIONS);
    if token.gap != Gap::Line || !token.capital || depth > 0 || goes_on || before.is_any(&["and", "or", "but"]) {
        return false;
    }
    let start = (0..index).rev().find(|i| *i == 0 || tokens.get(*i).is_some_and(|t| t.gap >= Gap::Line)).unwrap_or(0);
    let length = before.span.end.saturating_sub(tokens.get(start).map_or(0, |t| t.span.start));
    let needed = length + 1 + token.span.end.saturating_sub(token.span.start);
    needed <= NARROW && (longest < NARROW || needed <= longest)
}

fn begins_anew(tokens: &[Token], index: usize, depth: usize) -> bool {
    let Some(token) = tokens.get(index) else { return false };
    let next = tokens.get(index + 1);
    match token.gap {
        Gap::Blank => true,
        Gap::Line if token.is_any(&["-", "•", "–", "*", "+", "◦", "▪", "☐", "‣"]) => {
            next.is_some_and(|n| n.gap != Gap::None)
        }
        Gap::Line if token.kind == TokenKind::Number && next.is_some_and(|n| n.is_any(&[".", ")"])) => true,
        Gap::Line if token.capital && token.is_any(LINE_STARTS) => {
            !token.is("as") || next.is_some_and(|n| n.is_any(&["a", "an", "the"]))
        }
        Gap::Line if lower(tokens, index - 1) == ":" => true,
        // "1) first 2) second" on one line
        Gap::Space | Gap::Line => {
            depth == 0 && token.kind == TokenKind::Number && next.is_some_and(|n| n.is(")") && n.gap == Gap::None)
        }
        Gap::None => false,
    }
}

fn ends_here(tokens: &[Token], start: usize, index: usize, depth: usize) -> bool {
    let Some(token) = tokens.get(index) else { return false };
    let next = tokens.get(index + 1);
    let spaced = next.is_none_or(|n| n.gap != Gap::None);
    match token.lower.as_str() {
        "!" | "?" => spaced && depth == 0,
        "。" | "！" | "？" => true,
        ";" => depth == 0 && spaced,
        "…" => spaced && next.is_none_or(|n| n.capital),
        "." => {
            if !spaced || depth > 0 {
                return false;
            }
            let before = index.checked_sub(1).and_then(|i| tokens.get(i));
            let enumerator =
                index == start + 1 && before.is_some_and(|b| b.kind == TokenKind::Number || b.lower.len() == 1);
            let initial = before.is_some_and(|b| b.capital && b.lower.chars().count() == 1 && b.lower != "i");
            let shortened = before.is_some_and(|b| b.is_any(ABBREVIATIONS)) && next.is_some();
            let goes_on = next.is_some_and(|n| n.kind == TokenKind::Word && !n.capital && n.gap < Gap::Blank);
            let of_etc = before.is_some_and(|b| b.is("etc")) && goes_on;
            !(enumerator || initial || shortened || of_etc)
        }
        _ => false,
    }
}

/// Whether a sentence asks something: its last mark is a question mark. Those in brackets and quotation marks belong to what
/// is said there: `must ask "Are you sure?"`, `cancel a booking (free of charge?)`.
pub(super) fn is_question(sentence: &[Token]) -> bool {
    let mut rest = sentence;
    // a sentence that stands in brackets or quotation marks as a whole is what they hold
    while let Some(close) = closing_mark(rest, 0) {
        if after(rest, close + 1).iter().any(|t| !t.is_mark()) {
            break;
        }
        rest = part(rest, 1, close);
    }
    let (mut at, mut asks) = (0, false);
    while let Some(token) = rest.get(at) {
        match token.lower.as_str() {
            "?" | "？" => asks = true,
            "." | "!" | "。" | "！" | "…" => asks = false,
            _ => {}
        }
        at = closing_mark(rest, at).unwrap_or(at) + 1;
    }
    asks
}

/// Where the bracket or quotation mark that opens at `at` closes, if it does.
fn closing_mark(tokens: &[Token], at: usize) -> Option<usize> {
    let open = tokens.get(at)?;
    let close: &[&str] = match open.lower.as_str() {
        "(" => &[")"],
        "[" => &["]"],
        "\"" => &["\""],
        "“" => &["”"],
        "„" => &["“", "”"],
        "«" => &["»"],
        "‘" => &["’"],
        // an apostrophe stands at the end of a word
        "'" if open.gap != Gap::None || at == 0 => &["'"],
        _ => return None,
    };
    let next_opens = tokens.get(at + 1).is_some_and(|t| t.gap == Gap::None);
    (next_opens || !open.is("'"))
        .then(|| (at + 1..tokens.len()).find(|i| tokens.get(*i).is_some_and(|t| t.is_any(close))))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TextSpan;
    use crate::stages::requirements_synthesizer::words::tokenize;

    #[test]
    fn only_a_last_question_mark_of_its_own_asks() {
        for (text, asks) in [
            ("Can members renew a loan?", true),
            ("Can members renew a loan (online)?", true),
            ("(Can members renew a loan?)", true),
            ("“Can members renew a loan?”", true),
            ("Which \"loan\" is it?", true),
            ("The system must ask \"Are you sure?\" before a clerk deletes a book.", false),
            ("The system must ask 'Are you sure?'", false),
            ("The system must ask „Are you sure?“ first.", false),
            ("Customers must be able to cancel a booking (free of charge?).", false),
            ("The members' cards must show ( what?", true),
            ("Members can pay.", false),
        ] {
            let tokens = tokenize(text, TextSpan { start: 0, end: text.len() });
            assert_eq!(is_question(&tokens), asks, "{text}");
        }
    }
}
