//! A text cut into words, numbers and marks, for rules that look at several of them.

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// Letters, with `'` and `-` between them.
    Word,
    /// Begins with a digit: `12`, `12a`, `12/3`, `48-50`.
    Number,
    /// Any other character that is no space.
    Mark,
    /// The end of a line.
    Line,
}

/// A piece of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'t> {
    pub(super) sort: Sort,
    pub(super) text: &'t str,
    pub(super) start: usize,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub(super) fn is(&self, mark: &str) -> bool {
        self.text == mark
    }

    /// A word with a capital first: what names are made of.
    pub(super) fn is_capital(&self) -> bool {
        self.sort == Sort::Word && self.text.chars().next().is_some_and(char::is_uppercase)
    }

    pub(super) fn is_number(&self) -> bool {
        self.sort == Sort::Number
    }

    /// An initial: one capital letter.
    pub(super) fn is_initial(&self) -> bool {
        self.is_capital() && self.text.chars().count() == 1
    }

    pub(super) fn is_one_of(&self, words: &[&str]) -> bool {
        self.sort == Sort::Word && words.iter().any(|word| same(word, self.text))
    }
}

/// Whether a word is this one, in whatever case; `word` is in lower case.
pub(super) fn same(word: &str, text: &str) -> bool {
    word.len() == text.len() && word.eq_ignore_ascii_case(text)
        || !text.is_ascii() && text.chars().flat_map(char::to_lowercase).eq(word.chars())
}

/// All pieces in order, without spaces.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, first)) = chars.next() {
        let mut end = start + first.len_utf8();
        let sort = match first {
            '\n' => Sort::Line,
            c if c.is_whitespace() => continue,
            c if c.is_ascii_digit() => Sort::Number,
            c if c.is_alphabetic() => Sort::Word,
            _ => Sort::Mark,
        };
        if matches!(sort, Sort::Word | Sort::Number) {
            while let Some((at, c)) = chars.peek().copied() {
                let joins = match sort {
                    Sort::Word => matches!(c, '\'' | '’' | '-'),
                    _ => matches!(c, '/' | '-'),
                };
                let next = text.get(at + c.len_utf8()..).and_then(|rest| rest.chars().next());
                let goes_on = match sort {
                    Sort::Word => c.is_alphabetic() || c == '\u{301}' || joins && next.is_some_and(char::is_alphabetic),
                    _ => {
                        c.is_ascii_digit()
                            || c.is_alphabetic()
                            || joins && next.is_some_and(|next| next.is_ascii_digit())
                    }
                };
                if !goes_on {
                    break;
                }
                end = at + c.len_utf8();
                chars.next();
            }
        }
        found.push(Token { sort, text: text.get(start..end).unwrap_or_default(), start });
    }
    found
}
