//! What stages two and three read: a document with its text.

use crate::domain::Document;

/// A document with its processed text.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// What stage 1 found out about it.
    pub document: &'a Document,
    /// Its processed text; the spans of the document's segments are ranges of it.
    pub text: &'a str,
}
