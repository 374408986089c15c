//! Stage 1, the reading part: bytes in, text with provenance out. Pure: no store, no clock, no model.
//!
//! What a file is, is judged by its content ([`detect`]); then the reader of that format cuts it into segments:
//!
//! | format | module | a segment is |
//! |---|---|---|
//! | text, Markdown | `text`, `blocks` | a heading, paragraph, list item, table row, code block or quote |
//! | e-mail, mbox | `email` | the same within each message; quoted history and signatures are told apart |
//! | transcript (JSON) | `transcript` | a turn |
//! | chat (JSON or text) | `chat` | a line or list item of a message |
//! | PDF | `pdf` | as in text, page by page |
//!
//! Every reader writes through `draft`, which keeps the promises that all share: segments are in order, do not overlap,
//! are separated by blank lines and cover exactly their trimmed text, without control or invisible characters.
//!
//! What was read goes through a [`Redactor`](crate::redaction::Redactor) (`mask`) before anything of it is stored, so that no
//! requirement, story, line of code, pull request, record or log holds a secret that a document held. The upload is the user's
//! own file: it stays as it came, in the raw area.

mod blocks;
mod chat;
mod clean;
mod decode;
mod draft;
mod email;
mod html;
mod inline;
mod json;
mod limits;
mod mask;
mod pdf;
mod sniff;
mod stage;
mod stamp;
mod text;
mod transcript;

#[cfg(test)]
mod tests;

pub use limits::ReadLimits;
pub use stage::DocumentProcessor;

use crate::domain::{DocumentFormat, DocumentMetadata, DocumentName, RefusalReason, Segment};

/// A document that was read: its text, cut into segments with their places.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadDocument {
    /// What it turned out to be.
    pub format: DocumentFormat,
    /// The processed text: UTF-8, `\n` line ends, segments separated by blank lines.
    pub text: String,
    /// The pieces of `text`, in order, not overlapping. Never empty.
    pub segments: Vec<Segment>,
    /// What the document says about itself.
    pub metadata: DocumentMetadata,
    /// What the reader should know: replaced bytes, attachments left out, pages without text.
    pub warnings: Vec<String>,
}

/// Why a document can't be read, and what exactly is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", .reason.as_str())]
pub struct Unreadable {
    /// Why.
    pub reason: RefusalReason,
    /// What exactly and where.
    pub detail: String,
}

impl Unreadable {
    pub(crate) fn new(reason: RefusalReason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

/// The format of a document, judged by its content. The name only breaks ties between text and Markdown, and decides
/// whether something that starts like JSON is meant to be.
///
/// # Errors
/// [`Unreadable`] when it is empty, binary, broken JSON or JSON of another kind.
pub fn detect(name: &DocumentName, bytes: &[u8]) -> Result<DocumentFormat, Unreadable> {
    Ok(sniff::probe(name, bytes, &ReadLimits::default())?.format())
}

/// The text, segments and metadata of a document.
///
/// The same bytes give the same result. The time needed grows linearly with the size; nothing here panics.
///
/// # Errors
/// [`Unreadable`] with the [`RefusalReason`] and what was found where.
pub fn read_document(name: &DocumentName, bytes: &[u8], limits: &ReadLimits) -> Result<ReadDocument, Unreadable> {
    limits.check_bytes(bytes)?;
    let probe = sniff::probe(name, bytes, limits)?;
    let format = probe.format();
    let mut draft = draft::Draft::new(limits);
    match probe {
        sniff::Probe::Pdf => pdf::read(bytes, &mut draft)?,
        sniff::Probe::Email => email::read(bytes, &mut draft)?,
        sniff::Probe::Json(found) => {
            draft.warnings.extend(found.warnings.iter().cloned());
            match found.format {
                DocumentFormat::Chat => chat::read_json(&found, &mut draft)?,
                _ => transcript::read(found, &mut draft)?,
            }
        }
        sniff::Probe::ChatText(lines, style, warnings) => {
            draft.warnings.extend(warnings);
            chat::read_text(&lines, style, &mut draft)?;
        }
        sniff::Probe::Html(lines, warnings) => {
            draft.warnings.extend(warnings);
            text::read_html(&lines, &mut draft)?;
        }
        sniff::Probe::Plain(lines, format, warnings) => {
            draft.warnings.extend(warnings);
            text::read(&lines, format, &mut draft)?;
        }
    }
    draft.finish(format)
}
