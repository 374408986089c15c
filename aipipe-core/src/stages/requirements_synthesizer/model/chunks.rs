//! A document in pieces that fit into one question, cut where the document itself begins something new.

use crate::domain::{Segment, SegmentKind, TextSpan};
use crate::stages::requirements_synthesizer::Source;
use crate::stages::requirements_synthesizer::grounds::Grounds;

/// Bytes that a passage takes in a question besides its text and headings.
const AROUND: usize = 60;

/// Some passages of a document, one after the other.
#[derive(Debug)]
pub(super) struct Chunk<'a> {
    pub(super) grounds: &'a Grounds<'a>,
    pub(super) passages: Vec<Passage<'a>>,
}

/// A passage: a segment, or a piece of one that is too long for a question.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passage<'a> {
    pub(super) segment: &'a Segment,
    pub(super) span: TextSpan,
    pub(super) text: &'a str,
}

impl<'a> Chunk<'a> {
    pub(super) fn source(&self) -> &'a Source<'a> {
        self.grounds.source()
    }

    /// From the first byte of its passages to the last.
    pub(super) fn span(&self) -> TextSpan {
        let start = self.passages.first().map_or(0, |passage| passage.span.start);
        TextSpan { start, end: self.passages.last().map_or(start, |passage| passage.span.end) }
    }
}

/// The chunks of a document, each of at most `most` bytes. Boilerplate is left out.
///
/// A chunk that is half full ends before a heading, so a change in one part of a document leaves the chunks of later parts
/// as they are.
pub(super) fn of<'a>(grounds: &'a Grounds<'a>, most: usize) -> Vec<Chunk<'a>> {
    let source = grounds.source();
    let most = most.max(AROUND * 4);
    let mut chunks: Vec<Chunk<'a>> = Vec::new();
    let mut open: Vec<Passage<'a>> = Vec::new();
    let mut size = 0;
    let segments = source.document.segments.iter().filter(|segment| segment.kind != SegmentKind::Boilerplate);
    for segment in segments {
        for passage in pieces(source, segment, most / 2) {
            let own = passage.text.len() + segment.headings.iter().map(String::len).sum::<usize>() + AROUND;
            let begins = segment.kind == SegmentKind::Heading && size * 2 >= most;
            if !open.is_empty() && (begins || size + own > most) {
                chunks.push(Chunk { grounds, passages: std::mem::take(&mut open) });
                size = 0;
            }
            size += own;
            open.push(passage);
        }
    }
    if !open.is_empty() {
        chunks.push(Chunk { grounds, passages: open });
    }
    chunks
}

/// A segment in pieces of at most `most` bytes, cut at white space where there is some.
fn pieces<'a>(source: &Source<'a>, segment: &'a Segment, most: usize) -> Vec<Passage<'a>> {
    let mut pieces = Vec::new();
    let mut start = segment.span.start;
    while let Some(rest) = source.text.get(start..segment.span.end).filter(|rest| !rest.is_empty()) {
        let cut = if rest.len() <= most {
            rest.len()
        } else {
            let hard = (1..=most).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
            let soft = rest.get(..hard).and_then(|head| head.rfind(char::is_whitespace)).filter(|at| *at > 0);
            soft.unwrap_or(hard)
        };
        let span = TextSpan { start, end: start + cut };
        if let Some(text) = span.of(source.text).filter(|text| !text.trim().is_empty()) {
            pieces.push(Passage { segment, span, text });
        }
        start += cut;
    }
    pieces
}
