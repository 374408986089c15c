//! The form in which two ways of saying the same thing become equal.

use super::lexicon::{STOPWORDS, any_form, number_word, singular};
use super::words::{Token, TokenKind, tokenize};
use crate::domain::TextSpan;

/// Content words in order: lower case, singular, verbs by class, numbers in digits, no articles, modals, prepositions.
pub(super) fn content_words(text: &str) -> Vec<String> {
    let tokens = tokenize(text, TextSpan { start: 0, end: text.len() });
    tokens.iter().filter(|t| !t.is_mark()).filter_map(content_word).collect()
}

fn content_word(token: &Token) -> Option<String> {
    let word = token.lower.as_str();
    if matches!(word, "not" | "cannot" | "can't" | "never" | "mustn't" | "no" | "won't" | "shouldn't" | "without") {
        return Some("not".to_owned());
    }
    if STOPWORDS.contains(&word) {
        return None;
    }
    if token.kind == TokenKind::Number {
        return Some(word.replace(',', ""));
    }
    if let Some(digits) = number_word(word) {
        return Some(digits.to_owned());
    }
    let joined = word.replace('-', "");
    let word = if joined == "email" { joined.as_str() } else { word };
    let noun = singular(word);
    if let Some(verb) = any_form(word).or_else(|| any_form(&noun)) {
        return Some(verb.class.to_owned());
    }
    Some(noun)
}

/// The statement in normal form.
pub(super) fn normal(text: &str) -> String {
    content_words(text).join(" ")
}

/// The sentence word by word, for finding the same words again in a quotation.
pub(super) fn same_words(tokens: &[Token]) -> String {
    let words: Vec<&str> = tokens.iter().filter(|t| !t.is_mark()).map(|t| t.lower.as_str()).collect();
    words.join(" ")
}

/// Shared words over all words, of two sorted sets without duplicates: 0 to 100.
pub(super) fn similarity(a: &[String], b: &[String]) -> usize {
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while let (Some(left), Some(right)) = (a.get(i), b.get(j)) {
        match left.cmp(right) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                shared += 1;
                i += 1;
                j += 1;
            }
        }
    }
    let all = a.len() + b.len() - shared;
    (shared * 100).checked_div(all).unwrap_or(100)
}
