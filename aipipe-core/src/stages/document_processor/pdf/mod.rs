//! PDF: text page by page. `lopdf` reads the file's objects; what a page says is put together here, because where
//! `lopdf`'s own extraction starts a new line depends on how the program wrote the page, not on where the text stands.
//!
//! [`page`] follows the page's drawing operators, [`font`] turns codes into characters and widths, [`layout`] makes lines
//! and paragraphs of the pieces.

#[cfg(feature = "pdf")]
mod font;
#[cfg(feature = "pdf")]
mod layout;
#[cfg(feature = "pdf")]
mod open;
#[cfg(feature = "pdf")]
mod page;

#[cfg(feature = "pdf")]
pub(super) use open::read;

/// Without the feature `pdf` these files are refused.
#[cfg(not(feature = "pdf"))]
pub(super) fn read(_: &[u8], _: &mut super::draft::Draft<'_>) -> Result<(), super::Unreadable> {
    use crate::domain::RefusalReason::UnsupportedFormat;
    Err(super::Unreadable::new(UnsupportedFormat, "is a PDF file; this build reads none (feature `pdf` is off)"))
}

#[cfg(test)]
#[cfg(feature = "pdf")]
mod tests;
