//! From bytes to lines of text that remember which bytes they came from.

use super::clean::{LineEnds, Removed, clean_into};
use super::{ReadLimits, Unreadable};
use crate::domain::{RefusalReason, TextSpan};
use encoding_rs::WINDOWS_1252;
use std::borrow::Cow;

/// How a file's bytes stand for characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Valid UTF-8, after this many bytes of byte order mark.
    Utf8 { mark: usize },
    /// UTF-8 with bytes in between that are no UTF-8: those are read as windows-1252.
    Western { mark: usize },
    /// UTF-16, after its byte order mark.
    Utf16 { big_endian: bool },
}

/// One line of cleaned text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Its text, without the line end.
    pub(super) text: &'a str,
    /// Its number in the original, from 1.
    pub(super) number: u32,
    /// The bytes of the original it came from.
    pub(super) source: TextSpan,
}

/// A text split into cleaned lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    buffer: String,
    marks: Vec<Mark>,
    pub(super) removed: Removed,
}

#[derive(Debug)]
struct Mark {
    start: usize,
    end: usize,
    number: u32,
    source: TextSpan,
}

impl Lines {
    /// The lines of `text`, which is not the original itself (a decoded body, a message).
    pub(super) fn of_text(text: &str, limits: &ReadLimits) -> Result<Self, Unreadable> {
        Self::of_utf8(text.as_bytes(), 0, limits)
    }

    /// The lines of the file `bytes`.
    pub(super) fn of_file(bytes: &[u8], encoding: Encoding, limits: &ReadLimits) -> Result<Self, Unreadable> {
        match encoding {
            Encoding::Utf8 { mark } | Encoding::Western { mark } => Self::of_utf8(bytes, mark, limits),
            Encoding::Utf16 { big_endian } => Self::of_utf16(bytes, big_endian, limits),
        }
    }

    /// The lines, in order.
    pub(super) fn lines(&self) -> Vec<Line<'_>> {
        let line = |mark: &Mark| Line {
            text: self.buffer.get(mark.start..mark.end).unwrap_or_default(),
            number: mark.number,
            source: mark.source,
        };
        self.marks.iter().map(line).collect()
    }

    fn of_utf8(bytes: &[u8], mark: usize, limits: &ReadLimits) -> Result<Self, Unreadable> {
        let mut lines = Self::default();
        let mut offset = mark;
        // No byte of a multi-byte character is a line feed or carriage return, so lines split before decoding.
        for chunk in bytes.get(mark..).unwrap_or_default().split_inclusive(|b| *b == b'\n') {
            let line = chunk.strip_suffix(b"\n").unwrap_or(chunk);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let mut start = offset;
            for piece in line.split(|b| *b == b'\r') {
                lines.add(&western(piece), start, start + piece.len(), limits)?;
                start += piece.len() + 1;
            }
            offset += chunk.len();
        }
        Ok(lines)
    }

    fn of_utf16(bytes: &[u8], big_endian: bool, limits: &ReadLimits) -> Result<Self, Unreadable> {
        let mut lines = Self::default();
        let (mut start, mut offset) = (2, 2);
        let mut line = String::new();
        let mut after_return = false;
        for c in utf16_chars(bytes, big_endian) {
            let width = 2 * c.len_utf16();
            let was_return = std::mem::replace(&mut after_return, c == '\r');
            offset += width;
            match c {
                '\n' if was_return => start = offset,
                '\n' | '\r' => {
                    lines.add(&line, start, offset - width, limits)?;
                    line.clear();
                    start = offset;
                }
                c => line.push(c),
            }
        }
        lines.add(&line, start, offset.min(bytes.len()).max(start), limits)?;
        Ok(lines)
    }

    fn add(&mut self, text: &str, start: usize, end: usize, limits: &ReadLimits) -> Result<(), Unreadable> {
        if self.marks.len() >= limits.max_lines {
            let detail = format!("has more than {} lines, which is the limit", limits.max_lines);
            return Err(Unreadable::new(RefusalReason::TooLarge, detail));
        }
        let from = self.buffer.len();
        clean_into(text, LineEnds::Space, &mut self.buffer, &mut self.removed);
        let number = u32::try_from(self.marks.len() + 1).unwrap_or(u32::MAX);
        self.marks.push(Mark { start: from, end: self.buffer.len(), number, source: TextSpan { start, end } });
        Ok(())
    }
}

/// The encoding of `bytes`, with a warning when it had to be guessed.
///
/// Without a byte order mark this is UTF-8; bytes that are none are taken for windows-1252, unless there are too many.
pub(super) fn encoding_of(bytes: &[u8], warnings: &mut Vec<String>) -> Result<Encoding, Unreadable> {
    if bytes.starts_with(b"\xFF\xFE") {
        return Ok(Encoding::Utf16 { big_endian: false });
    }
    if bytes.starts_with(b"\xFE\xFF") {
        return Ok(Encoding::Utf16 { big_endian: true });
    }
    let mark = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let body = bytes.get(mark..).unwrap_or_default();
    let Err(error) = std::str::from_utf8(body) else { return Ok(Encoding::Utf8 { mark }) };
    let first = error.valid_up_to();
    let odd: usize = body.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    // Windows-1252 leaves these five undefined; text does not hold them.
    let undefined = body
        .utf8_chunks()
        .flat_map(|chunk| chunk.invalid())
        .filter(|b| matches!(**b, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D))
        .count();
    if odd * 10 > body.len() * 3 || undefined * 20 > odd {
        let detail = format!(
            "neither UTF-8 nor Western text: {odd} of {} bytes are not UTF-8, the first at byte {}",
            body.len(),
            mark + first
        );
        return Err(Unreadable::new(RefusalReason::UnsupportedFormat, detail));
    }
    let line = body.get(..first).unwrap_or_default().iter().filter(|b| **b == b'\n').count() + 1;
    warnings.push(format!(
        "not valid UTF-8: {odd} bytes were read as windows-1252, the first on line {line} (byte {})",
        mark + first
    ));
    Ok(Encoding::Western { mark })
}

/// The whole text of `bytes`, not cleaned.
pub(super) fn whole_text(bytes: &[u8], encoding: Encoding) -> Cow<'_, str> {
    match encoding {
        Encoding::Utf8 { mark } | Encoding::Western { mark } => western(bytes.get(mark..).unwrap_or_default()),
        Encoding::Utf16 { big_endian } => Cow::Owned(utf16_chars(bytes, big_endian).collect()),
    }
}

/// UTF-8 where it is UTF-8, windows-1252 byte by byte where it is not.
pub(super) fn western(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
    }
    Cow::Owned(text)
}

fn utf16_chars(bytes: &[u8], big_endian: bool) -> impl Iterator<Item = char> + '_ {
    let units = bytes.get(2..).unwrap_or_default().chunks(2).map(move |pair| match *pair {
        [a, b] if big_endian => u16::from_be_bytes([a, b]),
        [a, b] => u16::from_le_bytes([a, b]),
        _ => 0xFFFD,
    });
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
        let encoding = encoding_of(bytes, &mut Vec::new()).unwrap();
        let lines = Lines::of_file(bytes, encoding, &ReadLimits::default()).unwrap();
        let text = |l: &Line<'_>| (l.text.to_owned(), l.number, bytes[l.source.start..l.source.end].to_vec());
        lines.lines().iter().map(text).collect()
    }

    #[test]
    fn every_line_end_counts_once_and_sources_are_the_original_bytes() {
        let lines = texts(b"\xEF\xBB\xBFone\r\ntwo\rthree\nfour");
        let text: Vec<&str> = lines.iter().map(|l| l.0.as_str()).collect();
        assert_eq!(text, ["one", "two", "three", "four"]);
        assert_eq!(lines[3].1, 4);
        assert!(lines.iter().all(|l| l.0.as_bytes() == l.2));
    }

    #[test]
    fn utf16_is_read_in_both_byte_orders() {
        for big_endian in [false, true] {
            let mut bytes = if big_endian { vec![0xFE, 0xFF] } else { vec![0xFF, 0xFE] };
            for unit in "Grüße\r\n𝄞 x".encode_utf16() {
                bytes.extend(if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() });
            }
            let lines = texts(&bytes);
            assert_eq!((lines[0].0.as_str(), lines[1].0.as_str()), ("Grüße", "𝄞 x"));
            assert_eq!((lines[0].2.len(), lines[1].2.len()), (10, 8));
        }
    }

    #[test]
    fn latin_bytes_are_read_and_reported_with_their_line() {
        let mut warnings = Vec::new();
        let bytes = b"plain line\ncaf\xE9 na\xEFve and utf-8 \xC3\xA9\n";
        let encoding = encoding_of(bytes, &mut warnings).unwrap();
        assert_eq!(whole_text(bytes, encoding), "plain line\ncafé naïve and utf-8 é\n");
        assert_eq!(warnings, ["not valid UTF-8: 2 bytes were read as windows-1252, the first on line 2 (byte 14)"]);
    }

    #[test]
    fn mostly_foreign_bytes_are_refused() {
        let error = encoding_of(&[0xCF, 0xF0, 0xE8, 0xE2, 0xE5, 0xF2, b' ', 0xEC, 0xE8, 0xF0], &mut Vec::new());
        assert_eq!(error.unwrap_err().reason, RefusalReason::UnsupportedFormat);
    }
}
