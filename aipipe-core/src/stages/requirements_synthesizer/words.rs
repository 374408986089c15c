//! Words with their place in the text, and the small questions one asks of a run of them.

use crate::domain::TextSpan;

/// A word, a number or a single punctuation mark.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// Lower case, typographic apostrophes made plain.
    pub(super) lower: String,
    /// Where it stands in the document's text.
    pub(super) span: TextSpan,
    /// What it is.
    pub(super) kind: TokenKind,
    /// Whether it begins with a capital letter.
    pub(super) capital: bool,
    /// What separates it from the token before.
    pub(super) gap: Gap,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    Word,
    Number,
    Mark,
}

/// The white space before a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    None,
    Space,
    Line,
    Blank,
}

impl Token {
    pub(super) fn is(&self, word: &str) -> bool {
        self.lower == word
    }

    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        words.contains(&self.lower.as_str())
    }

    pub(super) fn is_mark(&self) -> bool {
        self.kind == TokenKind::Mark
    }
}

/// The tokens of `span` of `text`; emphasis marks, code ticks and quotation marks of mail (`>`) are left out.
pub(super) fn tokenize(text: &str, span: TextSpan) -> Vec<Token> {
    let mut tokens = Vec::new();
    let Some(piece) = span.of(text) else { return tokens };
    let mut chars = piece.char_indices().peekable();
    let mut gap = Gap::None;
    while let Some((at, c)) = chars.next() {
        if c == '\n' {
            gap = if gap >= Gap::Line { Gap::Blank } else { Gap::Line };
            continue;
        }
        if c.is_whitespace() || matches!(c, '*' | '`' | '\u{200b}' | '\u{feff}') {
            if c != '*' && c != '`' {
                gap = gap.max(Gap::Space);
            }
            // a bullet is an asterisk at the start of a line followed by a space: it still separates items
            if c == '*' && (gap >= Gap::Line || tokens.is_empty()) && chars.peek().is_some_and(|(_, n)| *n == ' ') {
                push(&mut tokens, piece, span.start, at, at + 1, TokenKind::Mark, &mut gap);
            }
            continue;
        }
        if c == '>' && (gap >= Gap::Line || tokens.is_empty()) {
            continue;
        }
        if !c.is_alphanumeric() {
            push(&mut tokens, piece, span.start, at, at + c.len_utf8(), TokenKind::Mark, &mut gap);
            continue;
        }
        let mut end = at + c.len_utf8();
        let mut previous = c;
        let mut address = false;
        while let Some(&(_, next)) = chars.peek() {
            let following = chars.clone().nth(1).map(|(_, f)| f);
            let inner = following.is_some_and(char::is_alphanumeric)
                && match next {
                    '\'' | '’' | '-' | '_' | '@' | '.' => true,
                    ',' | ':' => previous.is_ascii_digit() && following.is_some_and(|f| f.is_ascii_digit()),
                    _ => false,
                };
            if next == ':' && following == Some('/') && matches!(piece.get(at..end), Some("http" | "https")) {
                address = true;
            }
            if !(next.is_alphanumeric() || inner || (address && !next.is_whitespace())) {
                break;
            }
            end += next.len_utf8();
            previous = next;
            chars.next();
        }
        let number = piece.get(at..end).is_some_and(|w| w.chars().all(|c| c.is_ascii_digit() || ".,:".contains(c)));
        let kind = if number { TokenKind::Number } else { TokenKind::Word };
        push(&mut tokens, piece, span.start, at, end, kind, &mut gap);
    }
    tokens
}

fn push(tokens: &mut Vec<Token>, piece: &str, base: usize, start: usize, end: usize, kind: TokenKind, gap: &mut Gap) {
    let Some(word) = piece.get(start..end) else { return };
    tokens.push(Token {
        lower: word.replace('’', "'").to_lowercase(),
        span: TextSpan { start: base + start, end: base + end },
        kind,
        capital: word.chars().next().is_some_and(char::is_uppercase),
        gap: std::mem::replace(gap, Gap::None),
    });
}

/// The lower-case word at `index`, or nothing.
pub(super) fn lower(tokens: &[Token], index: usize) -> &str {
    tokens.get(index).map_or("", |token| token.lower.as_str())
}

/// Whether the words of `phrase` (separated by spaces) stand at `index`.
pub(super) fn phrase_at(tokens: &[Token], index: usize, phrase: &str) -> bool {
    phrase.split(' ').enumerate().all(|(offset, word)| lower(tokens, index + offset) == word)
}

/// The longest of `phrases` that stands at `index`, with its number of words.
pub(super) fn any_phrase_at<'p>(tokens: &[Token], index: usize, phrases: &[&'p str]) -> Option<(&'p str, usize)> {
    phrases
        .iter()
        .filter(|phrase| phrase_at(tokens, index, phrase))
        .map(|phrase| (*phrase, phrase.split(' ').count()))
        .max_by_key(|(_, count)| *count)
}

/// Where the first of `phrases` begins, with its number of words.
pub(super) fn find_phrase(tokens: &[Token], phrases: &[&str]) -> Option<(usize, usize)> {
    (0..tokens.len()).find_map(|index| any_phrase_at(tokens, index, phrases).map(|(_, count)| (index, count)))
}

pub(super) fn has_phrase(tokens: &[Token], phrases: &[&str]) -> bool {
    find_phrase(tokens, phrases).is_some()
}

/// `tokens[start..end]`, empty when out of range.
pub(super) fn part(tokens: &[Token], start: usize, end: usize) -> &[Token] {
    tokens.get(start..end).unwrap_or(&[])
}

/// `tokens[start..]`, empty when out of range.
pub(super) fn after(tokens: &[Token], start: usize) -> &[Token] {
    tokens.get(start..).unwrap_or(&[])
}

/// The span from the first to the last token.
pub(super) fn span_of(tokens: &[Token]) -> Option<TextSpan> {
    Some(TextSpan { start: tokens.first()?.span.start, end: tokens.last()?.span.end })
}

/// The words of `tokens` as they stand in the text, on one line and without emphasis marks.
pub(super) fn words_of(text: &str, tokens: &[Token]) -> String {
    let mut out = String::new();
    for (index, token) in tokens.iter().enumerate() {
        if index > 0 && token.gap != Gap::None {
            out.push(' ');
        }
        out.push_str(token.span.of(text).unwrap_or(""));
    }
    out
}

/// `tokens` without punctuation at either end.
pub(super) fn trim_marks(tokens: &[Token]) -> &[Token] {
    let keep = |token: &Token| {
        !token.is_mark()
            || token.is_any(&["(", ")", "[", "]", "\"", "“", "”", "%", "€", "$", "/", "{", "}", "<", "'", "’"])
    };
    // "9+", "C#": a mark that belongs to the word before it
    let joined = |token: &Token| token.gap == Gap::None && token.is_any(&["+", "#", "°"]);
    let start = tokens.iter().position(keep).unwrap_or(tokens.len());
    let last = tokens.iter().rposition(keep);
    let end = last.map_or(start, |last| last + 1 + after(tokens, last + 1).iter().take_while(|t| joined(t)).count());
    part(tokens, start, end)
}
