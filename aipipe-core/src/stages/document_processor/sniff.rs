//! Tells what a file is by looking into it.

use super::decode::{Lines, encoding_of, whole_text};
use super::{ReadLimits, Unreadable, chat, email, html, json, text};
use crate::domain::{DocumentFormat, DocumentName, RefusalReason};

/// What a file turned out to be, with what was parsed on the way.
#[derive(Debug)]
pub(super) enum Probe {
    Pdf,
    Email,
    Json(json::Found),
    ChatText(Lines, chat::Style, Vec<String>),
    Html(Lines, Vec<String>),
    Plain(Lines, DocumentFormat, Vec<String>),
}

impl Probe {
    pub(super) fn format(&self) -> DocumentFormat {
        match self {
            Self::Pdf => DocumentFormat::Pdf,
            Self::Email => DocumentFormat::Email,
            Self::Json(found) => found.format,
            Self::ChatText(..) => DocumentFormat::Chat,
            Self::Html(..) => DocumentFormat::Text,
            Self::Plain(_, format, _) => *format,
        }
    }
}

/// Looks into `bytes`; the cheap and certain signs come first.
pub(super) fn probe(name: &DocumentName, bytes: &[u8], limits: &ReadLimits) -> Result<Probe, Unreadable> {
    limits.check_bytes(bytes)?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        let detail = if bytes.is_empty() { "has no bytes" } else { "holds only white space" };
        return Err(Unreadable::new(RefusalReason::Empty, detail));
    }
    if is_pdf(bytes) {
        return Ok(Probe::Pdf);
    }
    if let Some(kind) = signature(bytes) {
        return Err(Unreadable::new(RefusalReason::UnsupportedFormat, format!("looks like {kind}")));
    }
    let marked = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
    if !marked {
        // An e-mail may hold parts in any encoding, so it is looked for before the bytes are decoded.
        if email::looks_like_mail(bytes) {
            return Ok(Probe::Email);
        }
        refuse_binary(bytes)?;
    }
    let mut warnings = Vec::new();
    let encoding = encoding_of(bytes, &mut warnings)?;
    let whole = whole_text(bytes, encoding);
    if let Some(value) = json::parse(&whole, name.as_str())? {
        let mut found = json::find_turns(&value)?;
        found.warnings.splice(0..0, warnings);
        return Ok(Probe::Json(found));
    }
    if html::looks_like_html(&whole) {
        return Ok(Probe::Html(Lines::of_file(bytes, encoding, limits)?, warnings));
    }
    drop(whole);
    let lines = Lines::of_file(bytes, encoding, limits)?;
    let view = lines.lines();
    if view.iter().all(|line| line.text.trim().is_empty()) {
        return Err(Unreadable::new(RefusalReason::Empty, "holds only white space and invisible characters"));
    }
    let format = text::format_of(&view, name.as_str());
    if let Some(style) = chat::style_of(&view, format) {
        return Ok(Probe::ChatText(lines, style, warnings));
    }
    Ok(Probe::Plain(lines, format, warnings))
}

/// PDF readers accept a header within the first kilobyte; text that only talks about it does not start a line with it.
fn is_pdf(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"%PDF-") {
        return true;
    }
    let head = bytes.get(..1024).unwrap_or(bytes);
    let at = head.windows(5).position(|window| window == b"%PDF-");
    at.is_some_and(|at| {
        let before = head.get(..at).unwrap_or_default();
        let line_start = before.last().is_none_or(|b| matches!(b, b'\n' | b'\r'));
        let binary = before.iter().any(|b| *b == 0 || *b >= 0x80);
        (line_start || binary) && bytes.windows(6).any(|window| window == b"endobj")
    })
}

/// The kind of a file that is not read, by its first bytes.
fn signature(bytes: &[u8]) -> Option<&'static str> {
    const SIGNATURES: &[(&[u8], &str)] = &[
        (b"\x89PNG\r\n\x1A\n", "a PNG image"),
        (b"\xFF\xD8\xFF", "a JPEG image"),
        (b"GIF87a", "a GIF image"),
        (b"GIF89a", "a GIF image"),
        (b"BM", "a BMP image"),
        (b"II*\0", "a TIFF image"),
        (b"MM\0*", "a TIFF image"),
        (b"\x1F\x8B", "a gzip archive"),
        (b"BZh", "a bzip2 archive"),
        (b"\xFD7zXZ\0", "an xz archive"),
        (b"\x28\xB5\x2F\xFD", "a zstd archive"),
        (b"7z\xBC\xAF\x27\x1C", "a 7z archive"),
        (b"Rar!\x1A\x07", "a RAR archive"),
        (b"\x7FELF", "an ELF program"),
        (b"MZ", "a Windows program"),
        (b"\xCF\xFA\xED\xFE", "a macOS program"),
        (b"\xCA\xFE\xBA\xBE", "a Java class or macOS program"),
        (b"\0asm", "a WebAssembly module"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an older Office document or Outlook message"),
        (b"{\\rtf", "an RTF document"),
        (b"%!PS", "a PostScript document"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"OggS", "an Ogg recording"),
        (b"ID3", "an MP3 recording"),
        (b"fLaC", "a FLAC recording"),
        (b"\x1A\x45\xDF\xA3", "a Matroska or WebM recording"),
    ];
    if let Some(zip) = bytes.strip_prefix(b"PK\x03\x04").or_else(|| bytes.strip_prefix(b"PK\x05\x06")) {
        let head = zip.get(..4096).unwrap_or(zip);
        let has = |part: &[u8]| head.windows(part.len()).any(|window| window == part);
        return Some(match () {
            () if has(b"word/") => "a Word document (docx)",
            () if has(b"xl/") => "an Excel workbook (xlsx)",
            () if has(b"ppt/") => "a PowerPoint presentation (pptx)",
            () if has(b"opendocument") => "an OpenDocument file",
            () => "a zip archive",
        });
    }
    match bytes.get(..12) {
        Some([b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P']) => return Some("a WebP image"),
        Some([b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E']) => return Some("a WAV recording"),
        Some([_, _, _, _, b'f', b't', b'y', b'p', ..]) => return Some("an MP4 recording or HEIF image"),
        _ => {}
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Some("a tar archive");
    }
    // Two letters are little evidence: only with bytes no text has.
    let short = |magic: &[u8]| magic.len() > 3 || bytes.get(..64).unwrap_or(bytes).iter().any(|b| *b < 9);
    SIGNATURES.iter().find(|(magic, _)| bytes.starts_with(magic) && short(magic)).map(|(_, kind)| *kind)
}

fn refuse_binary(bytes: &[u8]) -> Result<(), Unreadable> {
    let zeros = bytes.iter().filter(|b| **b == 0).count();
    let control = bytes.iter().filter(|b| matches!(**b, 1..=8 | 0x0E..=0x1A | 0x1C..=0x1F | 0x7F)).count();
    let size = bytes.len();
    if zeros * 100 > size || (zeros + control) * 25 > size {
        let detail = format!("binary data: {zeros} zero bytes and {control} control characters in {size} bytes");
        return Err(Unreadable::new(RefusalReason::UnsupportedFormat, detail));
    }
    Ok(())
}
