//! JavaScript and TypeScript as tokens: comments, strings, templates, regular expressions and JSX told apart.
//!
//! It is no parser. It knows just enough of what stands before a `/` or `<` to tell a division from a regular expression
//! and a comparison from JSX, so that no text inside a literal is ever taken for code.

use std::collections::BTreeSet;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An identifier or keyword.
    Word,
    /// A string, or a template without substitutions; the span excludes the quotes.
    Text,
    /// A number, a regular expression, a template with substitutions or a JSX element.
    Value,
    /// A single character of punctuation.
    Mark(u8),
}

/// A token with its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A file's tokens and comments.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    pub(super) tokens: Vec<Token>,
    pub(super) comments: Vec<(usize, usize)>,
}

/// How often a `<` that was taken for JSX and never closed is tried again as an operator.
const MARKUP_RETRIES: usize = 8;

/// Whether `<` can start an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Markup {
    Allowed,
    Absent,
}

/// Splits `source` into tokens; any text is accepted.
pub(super) fn tokenize(source: &str, markup: Markup) -> Tokens {
    let mut operators = BTreeSet::new();
    for _ in 0..MARKUP_RETRIES {
        let mut lexer = Lexer::new(source, markup, &operators);
        lexer.run();
        match lexer.unclosed_element {
            Some(start) => operators.insert(start),
            None => return lexer.out,
        };
    }
    let mut lexer = Lexer::new(source, Markup::Absent, &operators);
    lexer.run();
    lexer.out
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Block,
    Substitution,
    Tag,
    Children,
    Container,
}

pub(super) struct Lexer<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) markup: Markup,
    pub(super) operators: &'a BTreeSet<usize>,
    pub(super) modes: Vec<Mode>,
    /// For each open parenthesis, whether an expression may follow its end (`if (…) /x/`).
    parentheses: Vec<bool>,
    /// Open tags and children.
    pub(super) elements: usize,
    element_start: usize,
    /// Bytes that were looked at in vain for the end of a literal; limited so that hostile text costs linear time.
    in_vain: usize,
    pub(super) after_value: bool,
    unclosed_element: Option<usize>,
    out: Tokens,
}

impl<'a> Lexer<'a> {
    fn new(source: &'a str, markup: Markup, operators: &'a BTreeSet<usize>) -> Self {
        Self {
            bytes: source.as_bytes(),
            at: 0,
            markup,
            operators,
            modes: Vec::new(),
            parentheses: Vec::new(),
            elements: 0,
            element_start: 0,
            in_vain: 0,
            after_value: false,
            unclosed_element: None,
            out: Tokens::default(),
        }
    }

    pub(super) fn byte(&self, offset: usize) -> u8 {
        self.bytes.get(self.at.saturating_add(offset)).copied().unwrap_or(0)
    }

    fn run(&mut self) {
        if self.byte(0) == b'#' && self.byte(1) == b'!' {
            self.line_comment();
        }
        while self.at < self.bytes.len() {
            match self.modes.last() {
                Some(Mode::Tag) => self.tag(),
                Some(Mode::Children) => self.children(),
                _ => self.code(),
            }
        }
        if self.elements > 0 {
            self.unclosed_element = Some(self.element_start);
        }
    }

    pub(super) fn push(&mut self, kind: Kind, start: usize, end: usize, is_value: bool) {
        self.out.tokens.push(Token { kind, start, end });
        self.after_value = is_value;
    }

    fn code(&mut self) {
        let start = self.at;
        match self.byte(0) {
            b if b.is_ascii_whitespace() => self.at += 1,
            b'/' if self.byte(1) == b'/' => self.line_comment(),
            b'/' if self.byte(1) == b'*' => self.block_comment(),
            b'/' if !self.after_value => self.regular_expression(),
            b'<' if self.starts_element() => {
                if self.elements == 0 {
                    self.element_start = start;
                }
                self.open_element();
            }
            quote @ (b'\'' | b'"') => self.string(quote),
            b'`' => {
                self.at += 1;
                self.template(start, Some(start + 1));
            }
            b'{' => {
                self.modes.push(Mode::Block);
                self.mark(false);
            }
            b'}' => self.closing_brace(),
            b'(' => {
                let condition = self.last_word_is(&["if", "while", "for", "with"]);
                self.parentheses.push(condition);
                self.mark(false);
            }
            b')' => {
                let condition = self.parentheses.pop().unwrap_or(false);
                self.mark(!condition);
            }
            b']' => self.mark(true),
            b if b.is_ascii_digit() || (b == b'.' && self.byte(1).is_ascii_digit()) => {
                while is_word_byte(self.byte(0)) || self.byte(0) == b'.' {
                    self.at += 1;
                }
                self.push(Kind::Value, start, self.at, true);
            }
            b if is_word_byte(b) || b == b'\\' => self.word(),
            // x++ and x-- end a value if x is one; x! too.
            b @ (b'+' | b'-') if self.byte(1) == b => {
                let is_value = self.after_value;
                self.mark(is_value);
                self.mark(is_value);
            }
            b'!' if self.byte(1) != b'=' => {
                let is_value = self.after_value;
                self.mark(is_value);
            }
            _ => self.mark(false),
        }
    }

    fn mark(&mut self, is_value: bool) {
        let (start, byte) = (self.at, self.byte(0));
        self.at += 1;
        self.push(Kind::Mark(byte), start, self.at, is_value);
    }

    fn word(&mut self) {
        const BEFORE_EXPRESSION: [&[u8]; 16] = [
            b"return",
            b"typeof",
            b"case",
            b"in",
            b"of",
            b"delete",
            b"void",
            b"throw",
            b"new",
            b"instanceof",
            b"do",
            b"else",
            b"yield",
            b"await",
            b"default",
            b"extends",
        ];
        let start = self.at;
        while is_word_byte(self.byte(0)) || self.byte(0) == b'\\' {
            self.at += 1;
        }
        let member = matches!(self.out.tokens.last(), Some(Token { kind: Kind::Mark(b'.'), .. }));
        let text = self.bytes.get(start..self.at).unwrap_or_default();
        let is_value = member || !BEFORE_EXPRESSION.contains(&text);
        self.push(Kind::Word, start, self.at, is_value);
    }

    fn last_word_is(&self, words: &[&str]) -> bool {
        let Some(Token { kind: Kind::Word, start, end }) = self.out.tokens.last() else { return false };
        let text = self.bytes.get(*start..*end).unwrap_or_default();
        words.iter().any(|word| word.as_bytes() == text)
    }

    fn closing_brace(&mut self) {
        match self.modes.pop() {
            Some(Mode::Substitution) => {
                let start = self.at;
                self.at += 1;
                self.template(start, None);
            }
            Some(Mode::Container) => self.at += 1,
            // Tag and Children never lex code, so only a block or nothing is left.
            _ => self.mark(true),
        }
    }

    pub(super) fn line_comment(&mut self) {
        let start = self.at;
        while self.at < self.bytes.len() && !matches!(self.byte(0), b'\n' | b'\r') {
            self.at += 1;
        }
        self.out.comments.push((start, self.at));
    }

    pub(super) fn block_comment(&mut self) {
        let start = self.at;
        self.at += 2;
        while self.at < self.bytes.len() && !(self.byte(0) == b'*' && self.byte(1) == b'/') {
            self.at += 1;
        }
        self.at = (self.at + 2).min(self.bytes.len());
        self.out.comments.push((start, self.at));
    }

    /// A string ends on its line; a quote without an end (an apostrophe somewhere) is punctuation.
    fn string(&mut self, quote: u8) {
        let start = self.at;
        if self.is_exhausted() {
            return self.mark(false);
        }
        let mut offset = 1;
        loop {
            match self.byte(offset) {
                b'\\' if self.byte(offset + 1) == b'\r' && self.byte(offset + 2) == b'\n' => offset += 3,
                b'\\' => offset += 2,
                b if b == quote => break,
                b'\n' | b'\r' => return self.not_a_literal(offset),
                _ if start + offset >= self.bytes.len() => return self.not_a_literal(offset),
                _ => offset += 1,
            }
        }
        self.at = start + offset + 1;
        self.push(Kind::Text, start + 1, start + offset, true);
    }

    fn not_a_literal(&mut self, looked_at: usize) {
        self.in_vain = self.in_vain.saturating_add(looked_at);
        self.mark(false);
    }

    fn is_exhausted(&self) -> bool {
        self.in_vain > self.bytes.len().saturating_mul(4).saturating_add(4096)
    }

    /// Reads template text up to its end or the next substitution; `plain_from` is set at the template's start.
    fn template(&mut self, start: usize, plain_from: Option<usize>) {
        loop {
            match self.byte(0) {
                _ if self.at >= self.bytes.len() => return self.push(Kind::Value, start, self.bytes.len(), true),
                b'\\' => self.at += 2,
                b'`' => {
                    self.at += 1;
                    return match plain_from {
                        Some(from) => self.push(Kind::Text, from, self.at - 1, true),
                        None => self.push(Kind::Value, start, self.at, true),
                    };
                }
                b'$' if self.byte(1) == b'{' => {
                    self.at += 2;
                    self.modes.push(Mode::Substitution);
                    return self.push(Kind::Value, start, self.at, false);
                }
                _ => self.at += 1,
            }
        }
    }

    fn regular_expression(&mut self) {
        let start = self.at;
        if self.is_exhausted() {
            return self.mark(false);
        }
        let mut offset = 1;
        let mut in_class = false;
        loop {
            match self.byte(offset) {
                b'\n' | b'\r' => return self.not_a_literal(offset),
                _ if start + offset >= self.bytes.len() => return self.not_a_literal(offset),
                b'\\' => offset += 1,
                b'[' => in_class = true,
                b']' => in_class = false,
                b'/' if !in_class => break,
                _ => {}
            }
            offset += 1;
        }
        self.at = (start + offset + 1).min(self.bytes.len());
        while self.byte(0).is_ascii_alphabetic() {
            self.at += 1;
        }
        self.push(Kind::Value, start, self.at, true);
    }
}

pub(super) fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#' | b'@') || byte >= 0x80
}
