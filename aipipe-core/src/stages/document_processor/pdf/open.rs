//! Opens a PDF and says why one can't be read.

use super::super::blocks::{Rules, read_blocks};
use super::super::decode::Lines;
use super::super::draft::{Draft, Piece};
use super::super::{ReadLimits, Unreadable};
use super::layout::{self, TextLine};
use super::page::PageReader;
use crate::domain::{Place, RefusalReason, SegmentKind};
use lopdf::{Document, LoadOptions, Object};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Reads a PDF file.
pub(in super::super) fn read(bytes: &[u8], draft: &mut Draft<'_>) -> Result<(), Unreadable> {
    // The parser is a third party's and the input hostile: a defect of it must refuse one document, not end the process.
    let limits = draft.limits();
    let pages = catch_unwind(AssertUnwindSafe(|| pages(bytes, limits)))
        .map_err(|_| Unreadable::new(RefusalReason::Damaged, "the PDF parser failed on it"))??;
    write(pages, draft)
}

/// What was read of a file.
struct Pages {
    title: Option<String>,
    author: Option<String>,
    /// Lines by page, or why a page could not be read.
    pages: Vec<Result<Vec<TextLine>, String>>,
    /// Pages that were read and may not say what they seem to.
    doubtful: Vec<u32>,
    truncated: bool,
}

fn pages(bytes: &[u8], limits: &ReadLimits) -> Result<Pages, Unreadable> {
    let options = LoadOptions { max_decompressed_size: Some(limits.max_unpacked_bytes), ..LoadOptions::default() };
    let document = Document::load_mem_with_options(bytes, options).map_err(|error| refusal(&error))?;
    // A locked file may load as one without pages; only what was decrypted says so.
    let locked = document.is_encrypted() || document.trailer.has(b"Encrypt") && !document.was_encrypted();
    if locked || document.page_iter().next().is_none() && is_marked_encrypted(bytes) {
        return Err(Unreadable::new(RefusalReason::Encrypted, "needs a password"));
    }
    let ids: Vec<_> =
        document.page_iter().take(usize::try_from(limits.max_pages).unwrap_or(usize::MAX).saturating_add(1)).collect();
    let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    if count > limits.max_pages {
        return Err(Unreadable::new(
            RefusalReason::TooLarge,
            format!("has more than {} pages, which is the limit", limits.max_pages),
        ));
    }
    if ids.is_empty() {
        return Err(Unreadable::new(RefusalReason::Damaged, "no page can be found in it"));
    }
    let mut reader = PageReader::new(&document, limits);
    let (mut pages, mut doubtful) = (Vec::new(), Vec::new());
    for (number, id) in (1..).zip(ids) {
        let page = reader.read(id).and_then(|drawn| {
            let (codes, guessed, unknown) = (drawn.codes, drawn.guessed, drawn.unknown);
            let lines = layout::lines(drawn.runs);
            match trust(codes, guessed, unknown, &lines) {
                Trust::Sure => {}
                Trust::Doubtful => doubtful.push(number),
                Trust::None => return Err("its fonts do not say which characters it shows".to_owned()),
            }
            Ok(lines)
        });
        pages.push(page);
    }
    let truncated = !ends_properly(bytes);
    Ok(Pages { title: info(&document, b"Title"), author: info(&document, b"Author"), pages, doubtful, truncated })
}

/// Whether the text of a page is what it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    Sure,
    Doubtful,
    None,
}

/// Fewest codes and words of a page to tell from.
const ENOUGH_CODES: usize = 20;
const ENOUGH_WORDS: usize = 10;

/// Judges a page by how many of its codes have no character in their font, and by how its words look.
fn trust(codes: usize, guessed: usize, unknown: usize, lines: &[TextLine]) -> Trust {
    let words = lines.iter().flat_map(|line| line.text.split_whitespace());
    let words = words.filter(|word| word.chars().any(char::is_alphabetic));
    let (mut all, mut odd) = (0_usize, 0_usize);
    for word in words {
        all += 1;
        odd += usize::from(is_odd(word));
    }
    let looks_odd = all >= ENOUGH_WORDS && odd * 10 > all * 3;
    let most = |part: usize| codes >= ENOUGH_CODES && part * 2 > codes;
    let many = codes >= ENOUGH_CODES && (guessed + unknown) * 10 > codes * 3;
    // Codes that were guessed and read as words are worth a look; those that do not are none.
    if most(unknown) || most(guessed + unknown) && (looks_odd || letters(lines) * 2 < codes) {
        Trust::None
    } else if many || looks_odd {
        Trust::Doubtful
    } else {
        Trust::Sure
    }
}

fn letters(lines: &[TextLine]) -> usize {
    lines.iter().map(|line| line.text.chars().filter(|c| c.is_alphanumeric()).count()).sum()
}

/// Whether a word has marks between its letters that no word has: `pBatno[ci`, `q4˛¶¡˛`.
fn is_odd(word: &str) -> bool {
    // Chinese and Japanese run on without spaces, with marks of their own.
    if word.chars().any(|c| matches!(c, '\u{2E80}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}')) {
        return false;
    }
    let inner = word.trim_matches(|c: char| !c.is_alphanumeric());
    let usual = |c: char| {
        c.is_alphanumeric()
            || matches!(
                c,
                '\'' | '’'
                    | '-'
                    | '‐'
                    | '–'
                    | '—'
                    | '.'
                    | ','
                    | ':'
                    | ';'
                    | '/'
                    | '@'
                    | '_'
                    | '&'
                    | '('
                    | ')'
                    | '='
                    | '+'
                    | '%'
                    | '#'
                    | '?'
                    | '\u{AD}'
            )
    };
    let marks = !inner.chars().all(usual);
    let outer = word.chars().filter(|c| !c.is_alphanumeric()).count();
    marks && !inner.contains("://") || outer > 2 && outer * 2 > word.chars().count()
}

/// Whether the file's trailer names an encryption dictionary.
fn is_marked_encrypted(bytes: &[u8]) -> bool {
    bytes.windows(9).any(|window| window.starts_with(b"/Encrypt") && !window.ends_with(b"M"))
}

/// Whether the end mark is where it belongs; a cut file has lost it.
fn ends_properly(bytes: &[u8]) -> bool {
    let tail = bytes.get(bytes.len().saturating_sub(2048)..).unwrap_or(bytes);
    tail.windows(5).any(|window| window == b"%%EOF") || tail.windows(9).any(|window| window == b"startxref")
}

fn refusal(error: &lopdf::Error) -> Unreadable {
    use lopdf::Error as E;
    let reason = match error {
        E::InvalidPassword | E::Decryption(_) | E::UnsupportedSecurityHandler(_) => RefusalReason::Encrypted,
        E::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. }) => RefusalReason::TooLarge,
        _ => RefusalReason::Damaged,
    };
    let detail = match reason {
        RefusalReason::Encrypted => "needs a password, or is locked in a way that is not supported".to_owned(),
        _ => {
            let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
            format!("the PDF can't be opened: {error}{cause}")
        }
    };
    Unreadable::new(reason, detail)
}

fn info(document: &Document, key: &[u8]) -> Option<String> {
    let info = document.trailer.get(b"Info").ok()?;
    let (_, info) = document.dereference(info).ok()?;
    let (_, value) = document.dereference(info.as_dict().ok()?.get(key).ok()?).ok()?;
    let Object::String(..) = value else { return None };
    let text = lopdf::decode_text_string(value).ok()?;
    let text = text.trim().trim_matches('\0').trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn write(found: Pages, draft: &mut Draft<'_>) -> Result<(), Unreadable> {
    let count = found.pages.len();
    draft.metadata.parts = u32::try_from(count).ok();
    if let Some(title) = &found.title {
        draft.title(title);
    }
    if let Some(author) = &found.author {
        draft.person(author);
    }
    let (mut empty, mut failed) = (Vec::new(), Vec::new());
    let mut pages = Vec::new();
    for (at, page) in found.pages.into_iter().enumerate() {
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        match page {
            Ok(lines) if lines.is_empty() => empty.push(number),
            Ok(lines) => pages.push((number, lines)),
            Err(reason) => failed.push((number, reason)),
        }
    }
    if pages.is_empty() {
        return Err(match failed.first() {
            Some((number, reason)) => {
                Unreadable::new(RefusalReason::Damaged, format!("page {number} of {count}: {reason}"))
            }
            None if found.truncated => Unreadable::new(RefusalReason::Damaged, "ends early; no text is left in it"),
            None => Unreadable::new(RefusalReason::NoText, format!("{count} pages without text; a scan, perhaps")),
        });
    }
    if !found.doubtful.is_empty() {
        draft.warnings.push(format!(
            "the fonts of {} do not say for sure which characters they show; the text may be wrong",
            page_list(&found.doubtful)
        ));
    }
    if found.truncated {
        draft.warnings.push("the file ends early; pages may be missing".to_owned());
    }
    if !empty.is_empty() {
        draft.warnings.push(format!("no text on {}", page_list(&empty)));
    }
    for (number, reason) in failed.iter().take(20) {
        draft.warnings.push(format!("page {number} could not be read: {reason}"));
    }
    let unknown: usize =
        pages.iter().flat_map(|(_, lines)| lines).map(|line| line.text.matches('\u{FFFD}').count()).sum();
    if unknown > 0 {
        draft
            .warnings
            .push(format!("{unknown} characters have no meaning in their font and were replaced by \u{FFFD}"));
    }
    layout::mark_headings(&mut pages);
    write_pages(&pages, draft)
}

/// Writes all pages as one text, so that headings reach and sentences run over the page's end.
fn write_pages(pages: &[(u32, Vec<TextLine>)], draft: &mut Draft<'_>) -> Result<(), Unreadable> {
    let running = layout::running_lines(pages);
    let mut text = String::new();
    let mut numbers: Vec<u32> = Vec::new();
    let mut aside = Vec::new();
    let mut add = |line: &str, number: u32| {
        text.push_str(&line.replace(['\n', '\r'], " "));
        text.push('\n');
        numbers.push(number);
    };
    // A heading of more than one line is put together before it is added.
    let mut heading: Option<(u8, String, u32)> = None;
    // How the last line of the page before ended.
    let mut unfinished = false;
    for (number, lines) in pages {
        let last = lines.len().saturating_sub(1);
        let kept = |(at, line): &(usize, &TextLine)| !running.contains(line, *at <= 1, *at + 1 >= last);
        let (body, edges): (Vec<_>, Vec<_>) = lines.iter().enumerate().partition(kept);
        aside.extend(edges.into_iter().map(|(_, line)| (*number, line.text.clone())));
        for (at, (_, line)) in body.iter().enumerate() {
            let goes_on = at == 0 && unfinished && line.text.starts_with(char::is_lowercase);
            if let Some((level, title, _)) = &mut heading
                && *level == line.level
                && (!line.apart || title.ends_with(','))
                && at > 0
            {
                title.push(' ');
                title.push_str(&line.text);
                continue;
            }
            if let Some((level, title, number)) = heading.take() {
                add(&format!("{} {title}", "#".repeat(usize::from(level))), number);
            }
            if (line.apart || at == 0) && !goes_on {
                add("", *number);
            }
            let row =
                |at: Option<usize>| at.and_then(|at| body.get(at)).is_some_and(|(_, line)| line.cells().len() > 1);
            let table = row(Some(at)) && (row(at.checked_sub(1)) || row(Some(at + 1)));
            match line.level {
                0 if table => add(&format!("| {} |", line.cells().join(" | ")), *number),
                0 => add(&line.text, *number),
                level => heading = Some((level, line.text.clone(), *number)),
            }
        }
        if let Some((_, line)) = body.last() {
            unfinished = line.level == 0 && !line.text.trim_end().ends_with(['.', '!', '?', ':', ';']);
        }
    }
    if let Some((level, title, number)) = heading {
        add(&format!("{} {title}", "#".repeat(usize::from(level))), number);
    }
    let lines = Lines::of_text(&text, draft.limits())?;
    let piece = |text, kind, number, headings| Piece {
        text,
        kind,
        place: Place::Page { number },
        source: None,
        speaker: None,
        at: None,
        headings,
    };
    read_blocks(&lines.lines(), Rules::PDF, &[], &mut |block| {
        if block.kind == SegmentKind::Heading && block.level <= 2 {
            draft.title(&block.text);
        }
        let number = numbers.get(block.first).copied().unwrap_or(1);
        draft.push(piece(block.text, block.kind, number, block.headings))
    })?;
    for (number, text) in aside {
        draft.push(piece(text, SegmentKind::Boilerplate, number, Vec::new()))?;
    }
    Ok(())
}

/// "page 3" or "pages 3, 5, 8 and 12 more".
fn page_list(pages: &[u32]) -> String {
    let shown: Vec<String> = pages.iter().take(10).map(u32::to_string).collect();
    let word = if pages.len() == 1 { "page" } else { "pages" };
    let more = pages.len().saturating_sub(shown.len());
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{word} {}{rest}", shown.join(", "))
}
