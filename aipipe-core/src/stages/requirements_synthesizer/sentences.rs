//! Sentences of a segment: runs of tokens that end where a reader would stop.

use super::words::{Gap, Token, TokenKind, lower, part};

/// Words whose full stop ends no sentence.
const ABBREVIATIONS: &[&str] = &[
    "e.g", "i.e", "eg", "ie", "cf", "vs", "mr", "mrs", "ms", "dr", "prof", "no", "nr", "incl", "approx", "fig", "ca",
    "resp", "st", "inc", "ltd", "u.s", "a.m", "p.m", "jan", "feb", "aug", "sept", "oct", "nov", "dec", "max", "min",
];

/// Words that begin a line of a scenario or a story, however the line before ended.
const LINE_STARTS: &[&str] = &["given", "when", "then", "and", "but", "as", "scenario", "acceptance", "priority"];

/// Cuts `tokens` into sentences. A line break inside running text is no end; a blank line or a list marker is.
pub(super) fn sentences(tokens: &[Token]) -> Vec<&[Token]> {
    let mut found = Vec::new();
    let (mut start, mut depth) = (0_usize, 0_usize);
    let mut quote: Option<usize> = None;
    for index in 0..tokens.len() {
        let Some(token) = tokens.get(index) else { break };
        if index > start && begins_anew(tokens, index, depth) {
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
