//! Takes out of a text what no reader sees: control characters, zero-width and direction-changing ones.

/// How many characters were taken out, for one warning per document.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Removed {
    /// Control characters other than line ends and tabs.
    pub(super) control: usize,
    /// Zero-width and direction-changing characters.
    pub(super) invisible: usize,
}

impl Removed {
    /// Says what was removed, once per kind.
    pub(super) fn warn(self, warnings: &mut Vec<String>) {
        if self.invisible > 0 {
            warnings.push(format!("removed {} zero-width or direction-changing characters", self.invisible));
        }
        if self.control > 0 {
            warnings.push(format!("removed {} control characters", self.control));
        }
    }
}

/// Appends `text` to `out` without invisible characters; odd spaces become plain ones.
///
/// A line feed stays only when `keep_lines` is [`LineEnds::Keep`]; otherwise it becomes a space.
pub(super) fn clean_into(text: &str, line_ends: LineEnds, out: &mut String, removed: &mut Removed) {
    if text.bytes().all(|b| matches!(b, b'\t' | b' '..=b'~')) {
        out.push_str(text);
        return;
    }
    let mut after_return = false;
    for c in text.chars() {
        let was_return = std::mem::replace(&mut after_return, c == '\r');
        match c {
            '\n' if was_return => {}
            '\n' | '\r' | '\u{0B}' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                out.push(if line_ends == LineEnds::Keep { '\n' } else { ' ' });
            }
            '\t' => out.push('\t'),
            '\u{A0}' | '\u{2007}' | '\u{202F}' => out.push(' '),
            c if c.is_control() => removed.control += 1,
            // Only says that an emoji is shown in colour.
            '\u{FE00}'..='\u{FE0F}' => {}
            c if is_invisible(c) => removed.invisible += 1,
            c => out.push(c),
        }
    }
}

/// Whether line ends inside a text stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnds {
    /// They stay, as `\n`.
    Keep,
    /// They become spaces.
    Space,
}

/// `text` cleaned, with its line ends.
pub(super) fn clean(text: &str, removed: &mut Removed) -> String {
    let mut out = String::with_capacity(text.len());
    clean_into(text, LineEnds::Keep, &mut out, removed);
    out
}

/// At most `chars` characters of a label. It is cut between words: half a token would not be known as one.
pub(super) fn shortened(text: &str, chars: usize) -> String {
    let Some((end, next)) = text.char_indices().nth(chars) else { return text.to_owned() };
    let head = text.get(..end).unwrap_or_default();
    let whole = match head.rfind(char::is_whitespace) {
        _ if next.is_whitespace() => head,
        Some(space) => head.get(..space).unwrap_or_default(),
        // One long word; only scripts without spaces have such.
        None if head.is_ascii() => "",
        None => head,
    };
    format!("{}…", whole.trim_end())
}

/// Zero-width, bidirectional and other format characters: they make two texts look alike.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}'
        | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_removed_and_counted() {
        let mut removed = Removed::default();
        let text = clean("a\u{200B}b\u{202E}c\u{0}d\u{A0}e\r\nf\rg", &mut removed);
        assert_eq!(text, "abcd e\nf\ng");
        assert_eq!(removed, Removed { control: 1, invisible: 2 });
    }
}
