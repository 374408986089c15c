//! Python as logical lines of tokens: comments, strings and continued lines told apart.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An identifier or keyword.
    Name,
    /// A string or number.
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

/// A logical line: what stands between two line ends outside brackets.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Columns of space before it; a tab goes to the next multiple of eight.
    pub(super) indent: usize,
    pub(super) tokens: Vec<Token>,
}

/// A file's lines and comments.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) lines: Vec<Line>,
    pub(super) comments: Vec<(usize, usize)>,
}

/// Splits `source` into logical lines; any text is accepted.
pub(super) fn split(source: &str) -> Lines {
    let mut lexer =
        Lexer { bytes: source.as_bytes(), at: 0, brackets: 0, line: Line::default(), out: Lines::default() };
    lexer.run();
    lexer.out
}

struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    brackets: usize,
    line: Line,
    out: Lines,
}

impl Lexer<'_> {
    fn byte(&self, offset: usize) -> u8 {
        self.bytes.get(self.at.saturating_add(offset)).copied().unwrap_or(0)
    }

    fn run(&mut self) {
        // A byte order mark is no part of the first line.
        if self.bytes.starts_with(&[0xEF, 0xBB, 0xBF]) {
            self.at = 3;
        }
        let mut at_line_start = true;
        while self.at < self.bytes.len() {
            if at_line_start {
                self.indentation();
                at_line_start = false;
                continue;
            }
            let start = self.at;
            match self.byte(0) {
                b'\n' => {
                    self.at += 1;
                    if self.brackets == 0 {
                        self.finish_line();
                        at_line_start = true;
                    }
                }
                b'\\' if matches!(self.byte(1), b'\n') => self.at += 2,
                b'\\' if self.byte(1) == b'\r' && self.byte(2) == b'\n' => self.at += 3,
                b if b.is_ascii_whitespace() => self.at += 1,
                b'#' => {
                    while self.at < self.bytes.len() && self.byte(0) != b'\n' {
                        self.at += 1;
                    }
                    self.out.comments.push((start, self.at));
                }
                b'\'' | b'"' => self.string(start),
                b if b.is_ascii_digit() => {
                    while is_name_byte(self.byte(0)) || self.byte(0) == b'.' {
                        self.at += 1;
                    }
                    self.push(Kind::Value, start);
                }
                b if is_name_byte(b) => self.name(),
                b @ (b'(' | b'[' | b'{') => {
                    self.brackets += 1;
                    self.mark(b);
                }
                b @ (b')' | b']' | b'}') => {
                    self.brackets = self.brackets.saturating_sub(1);
                    self.mark(b);
                }
                b => self.mark(b),
            }
        }
        self.finish_line();
    }

    fn indentation(&mut self) {
        let mut columns = 0_usize;
        loop {
            match self.byte(0) {
                b' ' => columns += 1,
                b'\t' => columns = (columns / 8 + 1) * 8,
                b'\x0c' => columns = 0,
                _ => break,
            }
            self.at += 1;
        }
        self.line.indent = columns;
    }

    fn finish_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if !line.tokens.is_empty() {
            self.out.lines.push(line);
        }
    }

    fn push(&mut self, kind: Kind, start: usize) {
        self.line.tokens.push(Token { kind, start, end: self.at });
    }

    fn mark(&mut self, byte: u8) {
        let start = self.at;
        self.at += 1;
        self.push(Kind::Mark(byte), start);
    }

    fn name(&mut self) {
        let start = self.at;
        while is_name_byte(self.byte(0)) {
            self.at += 1;
        }
        let text = self.bytes.get(start..self.at).unwrap_or_default();
        let is_prefix = text.len() <= 2 && text.iter().all(|b| b"rRbBuUfFtT".contains(b));
        if is_prefix && matches!(self.byte(0), b'\'' | b'"') {
            return self.string(start);
        }
        self.push(Kind::Name, start);
    }

    /// A string of any quoting. In raw strings a backslash still keeps the quote behind it from ending the string.
    fn string(&mut self, start: usize) {
        let quote = self.byte(0);
        let triple = self.byte(1) == quote && self.byte(2) == quote;
        self.at += if triple { 3 } else { 1 };
        while self.at < self.bytes.len() {
            match self.byte(0) {
                b'\\' if self.byte(1) == b'\r' && self.byte(2) == b'\n' => self.at += 3,
                b'\\' => self.at += 2,
                b'\n' if !triple => break,
                b if b == quote && !triple => {
                    self.at += 1;
                    break;
                }
                b if b == quote && self.byte(1) == quote && self.byte(2) == quote => {
                    self.at += 3;
                    break;
                }
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.bytes.len());
        self.push(Kind::Value, start);
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}
