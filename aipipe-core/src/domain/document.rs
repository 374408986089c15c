//! Stage 1's vocabulary: documents as they come in, and their text with provenance.

use super::artifact::ArtifactRef;
use super::hash::ContentHash;
use super::id::DocumentId;
use super::parse::{ParseError, string_type};
use super::path::{ProjectRoot, component_fault};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

string_type!(
    /// A document's file name: one safe path component, 1 to 200 bytes.
    DocumentName, "a document name", |v| {
        if v.len() > 200 {
            return Err(ParseError::new("document name", v, "is longer than 200 bytes"));
        }
        if v.contains('/') {
            return Err(ParseError::new("document name", v, "has a /"));
        }
        component_fault(v).map_or(Ok(()), |reason| Err(ParseError::new("document name", v, reason)))
    }
);

/// What a pipeline starts from: the documents of one project, already in the raw area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntakeRequest {
    /// The project and day.
    pub root: ProjectRoot,
    /// The documents, in the order given.
    pub documents: Vec<RawDocument>,
}

/// A document as it came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawDocument {
    /// Its file name.
    pub name: DocumentName,
    /// Its bytes.
    pub content: ArtifactRef,
}

/// What a document turned out to be, judged by its content and not by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DocumentFormat {
    /// Plain text.
    Text,
    /// CommonMark-like text with headings or lists.
    Markdown,
    /// An e-mail message (RFC 5322, MIME).
    Email,
    /// A transcript of speech as JSON.
    Transcript,
    /// A chat export.
    Chat,
    /// A PDF file.
    Pdf,
}

impl DocumentFormat {
    /// The name used in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Markdown => "markdown",
            Self::Email => "email",
            Self::Transcript => "transcript",
            Self::Chat => "chat",
            Self::Pdf => "pdf",
        }
    }
}

impl fmt::Display for DocumentFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A half-open range of bytes `start..end` of a document's processed text, on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TextSpan {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl TextSpan {
    /// The text of this span, or `None` when it does not fit `text`.
    #[must_use]
    pub fn of(self, text: &str) -> Option<&str> {
        text.get(self.start..self.end)
    }

    /// Whether `other` lies within this span.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// Where in the original document a piece of text stands, in the words its reader would use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Place {
    /// Lines of a text file, counted from 1.
    Lines {
        /// First line.
        first: u32,
        /// Last line.
        last: u32,
    },
    /// A page of a PDF, counted from 1.
    Page {
        /// The page.
        number: u32,
    },
    /// A message of a mail thread or chat, counted from 1.
    Message {
        /// The message.
        index: u32,
    },
    /// A moment of a recording.
    Time {
        /// Milliseconds from the start.
        start_ms: u64,
        /// Milliseconds from the start, where known.
        end_ms: Option<u64>,
    },
    /// A turn of a transcript without times, counted from 1.
    Turn {
        /// The turn.
        index: u32,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lines { first, last } if first == last => write!(f, "line {first}"),
            Self::Lines { first, last } => write!(f, "lines {first}–{last}"),
            Self::Page { number } => write!(f, "page {number}"),
            Self::Message { index } => write!(f, "message {index}"),
            Self::Time { start_ms, .. } => {
                let seconds = start_ms / 1000;
                write!(f, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
            }
            Self::Turn { index } => write!(f, "turn {index}"),
        }
    }
}

/// What a piece of text is within its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SegmentKind {
    /// A heading.
    Heading,
    /// A paragraph of running text, or a spoken turn.
    Paragraph,
    /// One item of a list.
    ListItem,
    /// A table row, cells separated by ` | `.
    TableRow,
    /// Source code or preformatted text.
    Code,
    /// Text quoted from an earlier message: said before, by somebody else.
    Quoted,
    /// A signature, a disclaimer, a system message: not about the project.
    Boilerplate,
}

/// A piece of a document's text with its provenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Where it stands in the processed text.
    pub span: TextSpan,
    /// What it is.
    pub kind: SegmentKind,
    /// Where it stands in the original.
    pub place: Place,
    /// Bytes of the original file it came from, where the format keeps them readable (text, Markdown).
    pub source: Option<TextSpan>,
    /// Who said or wrote it, where known.
    pub speaker: Option<String>,
    /// When it was said or written, where known.
    pub at: Option<Timestamp>,
    /// The headings above it, outermost first.
    pub headings: Vec<String>,
}

/// What a document says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentMetadata {
    /// Title or subject.
    pub title: Option<String>,
    /// Authors, senders or speakers, in order of appearance.
    pub people: Vec<String>,
    /// When it was written or recorded.
    pub date: Option<Timestamp>,
    /// Number of pages, messages or turns, where the format has them.
    pub parts: Option<u32>,
}

/// A document that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its id, the same for all versions.
    pub id: DocumentId,
    /// The version: the hash of the original bytes.
    pub version: ContentHash,
    /// The version read before this one in the same project, if there was one.
    pub previous: Option<ContentHash>,
    /// Its file name.
    pub name: DocumentName,
    /// What it is.
    pub format: DocumentFormat,
    /// The original.
    pub raw: ArtifactRef,
    /// The processed text (UTF-8).
    pub text: ArtifactRef,
    /// What it says about itself.
    pub metadata: DocumentMetadata,
    /// The pieces of the text, in order, not overlapping.
    pub segments: Vec<Segment>,
    /// What the reader should know: replaced characters, attachments left out, pages without text.
    pub warnings: Vec<String>,
}

impl Document {
    /// The segment that contains `span`, if one does.
    #[must_use]
    pub fn segment_at(&self, span: TextSpan) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.span.contains(span))
    }
}

/// Why a document was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefusalReason {
    /// It has no bytes, or only white space.
    Empty,
    /// It is larger than the limit.
    TooLarge,
    /// It needs a password.
    Encrypted,
    /// It is damaged or ends early.
    Damaged,
    /// It is of a kind that is not read (an image, an archive, a program).
    UnsupportedFormat,
    /// It is JSON, but no transcript or chat export.
    UnknownShape,
    /// It holds no text (a scan, for instance).
    NoText,
}

impl RefusalReason {
    /// The reason in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge => "too large",
            Self::Encrypted => "encrypted",
            Self::Damaged => "damaged",
            Self::UnsupportedFormat => "unsupported format",
            Self::UnknownShape => "JSON of an unknown shape",
            Self::NoText => "no text",
        }
    }
}

/// A document that was not read, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Its file name.
    pub name: DocumentName,
    /// Why.
    pub reason: RefusalReason,
    /// What exactly and where.
    pub detail: String,
}

/// Stage 1's result: what was read and what was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentSet {
    /// The project and day.
    pub root: ProjectRoot,
    /// The documents that were read, in the order given. Never empty.
    pub documents: Vec<Document>,
    /// The documents that were not.
    pub refused: Vec<Refusal>,
}
