//! JSX inside a file: where an element starts, its tags, its children, its end.

use super::lexer::{Kind, Lexer, Markup, Mode, is_word_byte};

impl Lexer<'_> {
    /// Whether the `<` here opens a JSX element and not a comparison or a list of type parameters.
    pub(super) fn starts_element(&self) -> bool {
        if self.markup == Markup::Absent || self.after_value || self.operators.contains(&self.at) {
            return false;
        }
        if self.byte(1) == b'>' {
            return true;
        }
        if !is_word_byte(self.byte(1)) || self.byte(1).is_ascii_digit() {
            return false;
        }
        let mut offset = 1;
        while is_word_byte(self.byte(offset)) || matches!(self.byte(offset), b'.' | b'-' | b':') {
            offset += 1;
        }
        let name_end = offset;
        while self.byte(offset).is_ascii_whitespace() {
            offset += 1;
        }
        let rest = self.bytes.get(self.at.saturating_add(offset)..).unwrap_or_default();
        let type_parameters = matches!(self.byte(offset), b',' | b'=')
            || (offset > name_end
                && rest.strip_prefix(b"extends").is_some_and(|r| r.first().is_some_and(u8::is_ascii_whitespace)));
        !type_parameters
    }

    /// Inside `<name …`: attributes up to `>` or `/>`.
    pub(super) fn tag(&mut self) {
        match self.byte(0) {
            b'>' => {
                self.at += 1;
                self.modes.pop();
                self.modes.push(Mode::Children);
            }
            b'/' if self.byte(1) == b'>' => {
                self.at += 2;
                self.close_element();
            }
            b'/' if self.byte(1) == b'/' => self.line_comment(),
            b'/' if self.byte(1) == b'*' => self.block_comment(),
            b'{' => self.container(),
            b'<' => self.type_arguments(),
            quote @ (b'\'' | b'"') => {
                self.at += 1;
                while self.at < self.bytes.len() && self.byte(0) != quote {
                    self.at += 1;
                }
                self.at += 1;
            }
            _ => self.at += 1,
        }
    }

    fn type_arguments(&mut self) {
        let mut open = 0_usize;
        while self.at < self.bytes.len() {
            match self.byte(0) {
                b'<' => open += 1,
                b'>' => open = open.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return;
            }
        }
    }

    /// Between tags: text up to the next child, container or closing tag.
    pub(super) fn children(&mut self) {
        match (self.byte(0), self.byte(1)) {
            (b'{', _) => self.container(),
            (b'<', b'/') => {
                while self.at < self.bytes.len() && self.byte(0) != b'>' {
                    self.at += 1;
                }
                self.at += 1;
                self.close_element();
            }
            (b'<', next) if next == b'>' || is_word_byte(next) => {
                self.open_element();
            }
            _ => self.at += 1,
        }
    }

    fn container(&mut self) {
        self.at += 1;
        self.modes.push(Mode::Container);
        self.after_value = false;
    }

    pub(super) fn open_element(&mut self) {
        self.at += 1;
        self.elements += 1;
        self.modes.push(Mode::Tag);
    }

    fn close_element(&mut self) {
        self.modes.pop();
        self.elements = self.elements.saturating_sub(1);
        if !matches!(self.modes.last(), Some(Mode::Tag | Mode::Children)) {
            self.push(Kind::Value, self.at, self.at, true);
        }
    }
}
