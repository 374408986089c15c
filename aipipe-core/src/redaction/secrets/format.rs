//! What a token looks like: a beginning, and runs of characters after it. Read from left to right, never back.

/// A set of ASCII characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// `0-9`.
    Digit,
    /// `0-9 a-f A-F`.
    Hex,
    /// `0-9 A-Z`.
    Upper,
    /// `0-9 a-z A-Z`.
    Word,
    /// The same with `_` and `-`: base64 for addresses, without padding.
    Wide,
    /// The same with `.`.
    Dotted,
    /// The same with `~` and `.`.
    Tilde,
    /// `0-9 a-z A-Z + / =`: base64. `-` and `_` too, as both alphabets are met with.
    Base64,
}

impl Class {
    pub(super) const fn has(self, byte: u8) -> bool {
        match self {
            Self::Digit => byte.is_ascii_digit(),
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Upper => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
            Self::Word => byte.is_ascii_alphanumeric(),
            Self::Wide => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
            Self::Tilde => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~'),
            Self::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-'),
        }
    }
}

/// A piece of a token after its beginning.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    /// Between so many and so many characters of a class, as many as there are.
    Run(Class, usize, usize),
    /// Exactly this.
    Text(&'static str),
}

/// No upper bound. Only for the last part: what has matched so far is a token, however long it gets.
pub(super) const OPEN: usize = usize::MAX;

/// The longest run that something has to follow.
pub(super) const LONG: usize = 4096;

/// A form of secret.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Format {
    /// Its name in masks: `github-token`.
    pub(crate) name: &'static str,
    /// Its name in sentences: `a GitHub token`.
    pub(crate) says: &'static str,
    /// What stands before the beginning and belongs to the token.
    pub(super) before: Option<(Class, usize, usize)>,
    /// The beginnings, any of them.
    pub(super) starts: &'static [&'static str],
    /// What follows.
    pub(super) parts: &'static [Part],
    /// Has to hold both letters and digits: the beginning alone is too common.
    pub(super) is_mixed: bool,
}

impl Format {
    pub(super) const fn new(
        name: &'static str,
        says: &'static str,
        starts: &'static [&'static str],
        parts: &'static [Part],
    ) -> Self {
        Self { name, says, before: None, starts, parts, is_mixed: false }
    }

    pub(super) const fn mixed(mut self) -> Self {
        self.is_mixed = true;
        self
    }

    pub(super) const fn after(mut self, class: Class, least: usize, most: usize) -> Self {
        self.before = Some((class, least, most));
        self
    }

    /// Where a token with the beginning `start` at `at` begins and ends.
    pub(super) fn at(&self, bytes: &[u8], at: usize, start: &str) -> Option<(usize, usize)> {
        let from = self.begin(bytes, at)?;
        let mut end = at + start.len();
        let body = end;
        for part in self.parts {
            match part {
                Part::Text(text) => {
                    bytes.get(end..).filter(|rest| rest.starts_with(text.as_bytes()))?;
                    end += text.len();
                }
                Part::Run(class, least, most) => {
                    let run = run(bytes, end, *class, *most);
                    if run < *least {
                        return None;
                    }
                    end += run;
                }
            }
        }
        if bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) {
            return None;
        }
        let made = bytes.get(body..end)?;
        let is_mixed = made.iter().any(u8::is_ascii_digit) && made.iter().any(u8::is_ascii_alphabetic);
        (is_mixed || !self.is_mixed).then_some((from, end))
    }

    fn begin(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let previous = at.checked_sub(1).and_then(|before| bytes.get(before)).copied();
        let Some((class, least, most)) = self.before else {
            // A long run that is read in vain is not read again from its middle, or the work would not be linear.
            let inside = match self.parts.first() {
                Some(Part::Run(class, _, LONG)) => previous.is_some_and(|byte| class.has(byte)),
                _ => previous.is_some_and(|byte| byte.is_ascii_alphanumeric()),
            };
            return (!inside).then_some(at);
        };
        let before = bytes.get(..at)?.iter().rev().take(most + 1).take_while(|byte| class.has(**byte)).count();
        (least..=most).contains(&before).then(|| at - before)
    }
}

/// How many characters of the class follow, at most `most`.
pub(super) fn run(bytes: &[u8], at: usize, class: Class, most: usize) -> usize {
    bytes.get(at..).unwrap_or_default().iter().take(most).take_while(|byte| class.has(**byte)).count()
}
