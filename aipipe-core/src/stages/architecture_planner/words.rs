//! Text as words with their places: whole words only, so `ui` never hides in `require`.

use std::collections::BTreeSet;
use std::ops::Range;

/// A vocabulary: the words of `text`.
pub(super) fn vocabulary(text: &'static str) -> BTreeSet<&'static str> {
    text.split_whitespace().collect()
}

/// What stands between a word and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    /// White space or a hyphen.
    Space,
    /// A slash, as in `React/Vue`.
    Slash,
    /// A comma.
    Comma,
    /// A colon, dash, bracket or quotation mark.
    Break,
    /// The end of a sentence; also before the first word.
    Sentence,
}

/// A word with its place in the text it was read from.
#[derive(Debug, Clone)]
pub(super) struct Word<'a> {
    /// As written.
    pub(super) text: &'a str,
    /// In lower case, with a straight apostrophe.
    pub(super) lower: String,
    /// Where it stands, in bytes.
    pub(super) at: Range<usize>,
    /// What stands before it.
    pub(super) gap: Gap,
    /// Whether an opening bracket stands directly before it.
    pub(super) opens: bool,
    /// Whether a closing bracket stands between it and the next word.
    pub(super) closes: bool,
}

impl Word<'_> {
    /// Whether it begins with a capital letter.
    pub(super) fn is_capital(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }

    /// Whether all its letters are capitals and there are at least two.
    pub(super) fn is_upper(&self) -> bool {
        self.text.chars().filter(|c| c.is_alphabetic()).count() > 1 && !self.text.chars().any(char::is_lowercase)
    }

    /// The file extension when it looks like a file name, such as `vue` of `Header.vue`.
    pub(super) fn extension(&self) -> Option<&str> {
        self.lower.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, extension)| extension)
    }
}

/// Splits `text` into words. Dots, underscores and apostrophes belong to a word between letters or digits
/// (`node.js`, `user_id`, `don't`), `+` and `#` directly after it (`C++`), hyphens split (`front-end` is two words).
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut found: Vec<Word<'_>> = Vec::new();
    let mut gap = Gap::Sentence;
    let (mut opens, mut newlines) = (false, 0_u32);
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if !c.is_alphanumeric() {
            newlines = if c == '\n' { newlines + 1 } else { newlines };
            let next_is_space = chars.peek().is_none_or(|(_, n)| !n.is_alphanumeric());
            gap = gap.max(match c {
                '.' | '!' | '?' | '。' | '！' | '？' if next_is_space => Gap::Sentence,
                ';' | '；' | '•' => Gap::Sentence,
                '\n' if newlines > 1 => Gap::Sentence,
                ',' | '，' | '、' => Gap::Comma,
                '/' => Gap::Slash,
                ':' | '：' | '—' | '–' | '(' | ')' | '[' | ']' | '{' | '}' | '"' | '“' | '”' | '|' | '→' => {
                    Gap::Break
                }
                _ => Gap::Space,
            });
            opens = matches!(c, '(' | '（' | '[') || (opens && c.is_whitespace());
            if matches!(c, ')' | '）' | ']')
                && let Some(last) = found.last_mut()
            {
                last.closes = true;
            }
            continue;
        }
        let mut end = start + c.len_utf8();
        while let Some(&(at, n)) = chars.peek() {
            let joins = n.is_alphanumeric()
                || (n == '-' && begins_email(text.get(start..).unwrap_or_default()) && at == start + 1)
                || (matches!(n, '+' | '#') && end == at)
                || (matches!(n, '.' | '_' | '\'' | '’')
                    && text.get(at + n.len_utf8()..).and_then(|t| t.chars().next()).is_some_and(char::is_alphanumeric));
            if !joins {
                break;
            }
            end = at + n.len_utf8();
            chars.next();
        }
        let written = text.get(start..end).unwrap_or_default();
        let lower = written.to_lowercase().replace('’', "'");
        let lower = lower.strip_prefix("e-mail").map_or(lower.clone(), |rest| format!("email{rest}"));
        found.push(Word { text: written, lower, at: start..end, gap, opens, closes: false });
        (gap, opens, newlines) = (Gap::Space, false, 0);
    }
    found
}

/// Whether the text begins with "e-mail", which is one word.
fn begins_email(text: &str) -> bool {
    text.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("e-mail"))
}

/// The sentences of `words`, as ranges of indices.
pub(super) fn sentences(words: &[Word<'_>]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for (i, word) in words.iter().enumerate() {
        if word.gap == Gap::Sentence && i > start {
            ranges.push(start..i);
            start = i;
        }
    }
    if start < words.len() {
        ranges.push(start..words.len());
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lowers(text: &str) -> Vec<String> {
        words(text).into_iter().map(|w| w.lower).collect()
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(lowers("rapid therapist"), ["rapid", "therapist"]);
        assert_eq!(
            lowers("We don’t want Node.js, C++ or Header.vue."),
            ["we", "don't", "want", "node.js", "c++", "or", "header.vue"]
        );
        assert_eq!(lowers("front-end/back-end"), ["front", "end", "back", "end"]);
    }

    #[test]
    fn sentences_end_at_stops_and_blank_lines_not_at_wrapped_lines() {
        let text = "One two.\nThree\nfour: five; six\n\nseven (eight) nine";
        let found = words(text);
        let counts: Vec<usize> = sentences(&found).into_iter().map(|r| r.len()).collect();
        assert_eq!(counts, [2, 3, 1, 3]);
        assert!(found.iter().any(|w| w.lower == "eight" && w.opens && w.closes));
    }

    proptest::proptest! {
        #[test]
        fn words_lie_where_they_say(text in "\\PC{0,80}") {
            for word in words(&text) {
                proptest::prop_assert_eq!(text.get(word.at.clone()), Some(word.text));
            }
        }
    }
}
