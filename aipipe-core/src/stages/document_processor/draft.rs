//! The processed text while it grows: pieces in order, separated by blank lines, within the limits.

use super::clean::{Removed, clean, shortened};
use super::{ReadDocument, ReadLimits, Unreadable};
use crate::domain::{
    DocumentFormat, DocumentMetadata, Place, RefusalReason, Segment, SegmentKind, TextSpan, Timestamp,
};

/// Names and headings are repeated on every segment, so that a long one must not multiply.
const LABEL_CHARS: usize = 160;

/// A piece of text about to be added.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) kind: SegmentKind,
    pub(super) place: Place,
    pub(super) source: Option<TextSpan>,
    pub(super) speaker: Option<String>,
    pub(super) at: Option<Timestamp>,
    pub(super) headings: Vec<String>,
}

/// A document being read.
#[derive(Debug)]
pub(super) struct Draft<'l> {
    limits: &'l ReadLimits,
    text: String,
    segments: Vec<Segment>,
    pub(super) metadata: DocumentMetadata,
    pub(super) warnings: Vec<String>,
    pub(super) removed: Removed,
}

impl<'l> Draft<'l> {
    pub(super) fn new(limits: &'l ReadLimits) -> Self {
        Self {
            limits,
            text: String::new(),
            segments: Vec::new(),
            metadata: DocumentMetadata::default(),
            warnings: Vec::new(),
            removed: Removed::default(),
        }
    }

    pub(super) fn limits(&self) -> &'l ReadLimits {
        self.limits
    }

    /// Adds a piece; one without visible text is left out.
    pub(super) fn push(&mut self, piece: Piece) -> Result<(), Unreadable> {
        let text = clean(&piece.text, &mut self.removed);
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        let separator = if self.text.is_empty() { "" } else { "\n\n" };
        if self.text.len() + separator.len() + text.len() > self.limits.max_text_bytes {
            let detail = format!("holds more than {} bytes of text, which is the limit", self.limits.max_text_bytes);
            return Err(Unreadable::new(RefusalReason::TooLarge, detail));
        }
        if self.segments.len() >= self.limits.max_segments {
            let detail = format!("holds more than {} pieces of text, which is the limit", self.limits.max_segments);
            return Err(Unreadable::new(RefusalReason::TooLarge, detail));
        }
        self.text.push_str(separator);
        let start = self.text.len();
        self.text.push_str(text);
        self.segments.push(Segment {
            span: TextSpan { start, end: self.text.len() },
            kind: piece.kind,
            place: piece.place,
            source: piece.source,
            speaker: piece.speaker.and_then(|name| label(&name)),
            at: piece.at,
            headings: piece.headings.iter().filter_map(|heading| label(heading)).collect(),
        });
        Ok(())
    }

    /// Notes a sender or speaker, once.
    pub(super) fn person(&mut self, name: &str) {
        if let Some(name) = label(name)
            && self.metadata.people.len() < 1000
            && !self.metadata.people.contains(&name)
        {
            self.metadata.people.push(name);
        }
    }

    /// Sets the title, if there is none yet.
    pub(super) fn title(&mut self, title: &str) {
        if self.metadata.title.is_none() {
            self.metadata.title = label(title);
        }
    }

    /// The document, unless it holds no text at all.
    pub(super) fn finish(mut self, format: DocumentFormat) -> Result<ReadDocument, Unreadable> {
        if self.segments.is_empty() {
            return Err(Unreadable::new(RefusalReason::NoText, format!("the {format} document holds no text")));
        }
        self.removed.warn(&mut self.warnings);
        Ok(ReadDocument {
            format,
            text: self.text,
            segments: self.segments,
            metadata: self.metadata,
            warnings: self.warnings,
        })
    }
}

/// A name or heading on one line, not longer than it needs to be told apart.
fn label(text: &str) -> Option<String> {
    // Counted where the text itself is added, not again for each label.
    let cleaned = clean(text, &mut Removed::default());
    let words = cleaned.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() {
        return None;
    }
    Some(shortened(&words, LABEL_CHARS))
}
