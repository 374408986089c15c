//! What is found: segments of documents, and parts of files of a length that one reads.

use crate::domain::{Citation, ContentHash, DocumentId, DocumentName, Place, RepoPath, Segment, SegmentKind, TextSpan};
use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Most lines of a part of a file.
const MOST_LINES: u32 = 40;
/// From so many lines on a part ends at the next line after which something new begins.
const ENOUGH_LINES: u32 = 12;
/// Most bytes of a part of a file; a longer line is a part of its own, cut there.
const MOST_BYTES: usize = 4 * 1024;

/// Words of a file of code. `quote` is exactly the text of `span` in that version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CodeCitation {
    /// The file.
    pub path: RepoPath,
    /// The hash of its whole text.
    pub version: ContentHash,
    /// Bytes of the file.
    pub span: TextSpan,
    /// Its lines.
    pub place: Place,
    /// The text.
    pub quote: String,
}

/// Where found words stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cited {
    /// In a document.
    Document(Citation),
    /// In a file of code.
    Code(CodeCitation),
}

impl Cited {
    /// The words.
    #[must_use]
    pub fn quote(&self) -> &str {
        match self {
            Self::Document(citation) => &citation.quote,
            Self::Code(citation) => &citation.quote,
        }
    }
}

/// `brief.md, line 3`; `src/app.ts, lines 1–40`.
impl fmt::Display for Cited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document(citation) => write!(f, "{}, {}", citation.name, citation.place),
            Self::Code(citation) => write!(f, "{}, {}", citation.path, citation.place),
        }
    }
}

/// Something that can be found: a citation, and what of its surroundings belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Passage {
    /// The words, and where they stand.
    pub cited: Cited,
    /// The headings above, or the file's path: indexed with the words, not quoted.
    pub context: String,
}

impl Passage {
    /// What is indexed: the context, then the words.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}", self.context, self.cited.quote())
    }

    /// The segments of a document that say something of their own: no headings (they count for what stands below them), no
    /// text quoted from earlier messages, no signatures.
    ///
    /// # Errors
    /// `Corrupt` when a segment does not fit the text.
    pub fn of_document(
        (document, version, name): (&DocumentId, ContentHash, &DocumentName),
        text: &str,
        segments: &[Segment],
    ) -> Result<Vec<Self>> {
        let says = |segment: &&Segment| {
            !matches!(segment.kind, SegmentKind::Heading | SegmentKind::Quoted | SegmentKind::Boilerplate)
        };
        let passage = |segment: &Segment| {
            let quote = segment.span.of(text).ok_or_else(|| {
                Error::new(ErrorKind::Corrupt, "search.passages", "a segment does not fit the document's text")
                    .with("document", document)
                    .with("start", segment.span.start)
                    .with("end", segment.span.end)
            })?;
            let cited = Citation {
                document: document.clone(),
                version,
                name: name.clone(),
                span: segment.span,
                place: segment.place.clone(),
                quote: quote.to_owned(),
                speaker: segment.speaker.clone(),
            };
            Ok(Self { cited: Cited::Document(cited), context: segment.headings.join("\n") })
        };
        segments.iter().filter(says).map(passage).collect()
    }

    /// A file in parts of at most 40 lines, which end where a blank line is followed by something that is not indented, if
    /// there is such a place from the twelfth line on.
    #[must_use]
    pub fn of_file(path: &RepoPath, text: &str) -> Vec<Self> {
        let version = ContentHash::of(text.as_bytes());
        let cited = |(span, first, last): (TextSpan, u32, u32)| {
            let quote = span.of(text)?.to_owned();
            let place = Place::Lines { first, last };
            let cited = CodeCitation { path: path.clone(), version, span, place, quote };
            Some(Self { cited: Cited::Code(cited), context: path.as_str().to_owned() })
        };
        parts(text).into_iter().filter_map(cited).collect()
    }
}

/// The parts of a file with their first and last lines, each without blank lines around it.
fn parts(text: &str) -> Vec<(TextSpan, u32, u32)> {
    let mut parts = Vec::new();
    let mut open: Option<(usize, usize, u32, u32)> = None;
    let mut close = |open: &mut Option<(usize, usize, u32, u32)>| {
        if let Some((start, end, first, last)) = open.take() {
            parts.push((TextSpan { start, end }, first, last));
        }
    };
    let (mut at, mut was_blank) = (0, false);
    for (number, line) in (1_u32..).zip(text.split_inclusive('\n')) {
        let body = line.trim_end();
        let is_blank = body.is_empty();
        if !is_blank {
            let begins = was_blank && !line.starts_with([' ', '\t', '}', ')', ']']);
            let is_full = open.is_some_and(|(start, _, first, _)| {
                let lines = number - first;
                lines >= MOST_LINES || (begins && lines >= ENOUGH_LINES) || at + body.len() - start > MOST_BYTES
            });
            if is_full {
                close(&mut open);
            }
            let mut body_at = at;
            for piece in pieces(body) {
                let (start, first) = open.map_or((body_at, number), |(start, _, first, _)| (start, first));
                body_at += piece.len();
                open = Some((start, body_at, first, number));
                if body_at - start > MOST_BYTES - 4 {
                    close(&mut open);
                }
            }
        }
        was_blank = is_blank;
        at += line.len();
    }
    close(&mut open);
    parts
}

/// A line in pieces of at most the bytes of a part, cut between characters.
fn pieces(mut line: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    while line.len() > MOST_BYTES {
        let (piece, rest) = line.split_at(line.floor_char_boundary(MOST_BYTES));
        pieces.push(piece);
        line = rest;
    }
    pieces.push(line);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(text: &str) -> Vec<(u32, u32)> {
        parts(text).into_iter().map(|(_, first, last)| (first, last)).collect()
    }

    #[test]
    fn a_file_is_cut_where_something_new_begins() {
        let function =
            |name: &str, lines: usize| format!("function {name}() {{\n{}}}\n\n", "  work();\n\n".repeat(lines));
        let text = [function("a", 6), function("b", 6), function("c", 1)].concat();
        assert_eq!(lines(&text), [(1, 14), (16, 29), (31, 34)]);
        assert_eq!(lines(&"x\n".repeat(90)), [(1, 40), (41, 80), (81, 90)]);
        assert_eq!(lines("\n\n"), []);
        assert_eq!(lines("  a\n"), [(1, 1)]);
        let long = format!("a\n{}\nb\n", "ß".repeat(5000));
        assert!(parts(&long).iter().all(|(span, ..)| span.end - span.start <= MOST_BYTES), "{:?}", parts(&long));
    }

    proptest! {
        #[test]
        fn nothing_but_blanks_is_in_no_part(text in "([a}ß ]{0,6}\n{1,3}){0,80}", long in 0..9000_usize) {
            let text = text + &"é".repeat(long);
            let parts = parts(&text);
            prop_assert!(parts.windows(2).all(|pair| pair[0].0.end <= pair[1].0.start));
            prop_assert!(parts.iter().all(|(span, first, last)| first <= last && span.end - span.start <= MOST_BYTES));
            let mut rest = text.clone();
            for (span, ..) in parts.iter().rev() {
                rest.replace_range(span.start..span.end, "");
            }
            prop_assert_eq!(rest.trim(), "");
        }
    }
}
