//! How much of a document is read before it is refused as too large.

use super::Unreadable;
use crate::domain::RefusalReason;

/// How large a document may be. Everything beyond a limit is refused, never cut off silently.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadLimits {
    /// Bytes of the original. Default 32 MiB.
    pub max_bytes: u64,
    /// Bytes of processed text. Default 16 MiB.
    pub max_text_bytes: usize,
    /// Pages of a PDF. Default 2,000.
    pub max_pages: u32,
    /// Pieces of text. Default 200,000.
    pub max_segments: usize,
    /// Lines of a text file or message body. Default 2,000,000.
    pub max_lines: usize,
    /// Bytes one page or stream of a PDF may unpack to. Default 32 MiB.
    pub max_unpacked_bytes: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            max_bytes: 32 << 20,
            max_text_bytes: 16 << 20,
            max_pages: 2_000,
            max_segments: 200_000,
            max_lines: 2_000_000,
            max_unpacked_bytes: 32 << 20,
        }
    }
}

impl ReadLimits {
    /// These limits with `max_bytes` bytes of the original.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// These limits with `max_text_bytes` bytes of processed text.
    #[must_use]
    pub fn with_max_text_bytes(mut self, max_text_bytes: usize) -> Self {
        self.max_text_bytes = max_text_bytes;
        self
    }

    /// These limits with `max_pages` pages of a PDF.
    #[must_use]
    pub fn with_max_pages(mut self, max_pages: u32) -> Self {
        self.max_pages = max_pages;
        self
    }

    /// These limits with `max_segments` pieces of text.
    #[must_use]
    pub fn with_max_segments(mut self, max_segments: usize) -> Self {
        self.max_segments = max_segments;
        self
    }

    /// These limits with `max_lines` lines.
    #[must_use]
    pub fn with_max_lines(mut self, max_lines: usize) -> Self {
        self.max_lines = max_lines;
        self
    }

    /// These limits with `max_unpacked_bytes` bytes unpacked from one page or stream of a PDF.
    #[must_use]
    pub fn with_max_unpacked_bytes(mut self, max_unpacked_bytes: usize) -> Self {
        self.max_unpacked_bytes = max_unpacked_bytes;
        self
    }

    pub(super) fn check_bytes(&self, bytes: &[u8]) -> Result<(), Unreadable> {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if size > self.max_bytes {
            let detail = format!("has {size} bytes, the limit is {} bytes", self.max_bytes);
            return Err(Unreadable::new(RefusalReason::TooLarge, detail));
        }
        Ok(())
    }
}
