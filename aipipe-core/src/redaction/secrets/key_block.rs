//! Private keys in PEM (RFC 7468) and OpenPGP armour (RFC 9580), whole: also with line ends lost or written as `\n`.

use super::Secret;
use super::format::{Class, run};
use crate::domain::TextSpan;

const BEGIN: &str = "-----BEGIN ";
/// A run of base64 that is no word.
const LINE: usize = 32;
/// How far the first line of base64 may be from the beginning where headers stand between.
const HEADERS: usize = 400;
/// What such headers begin with.
const NAMES: [&str; 5] = ["Proc-Type", "DEK-Info", "Version", "Comment", "Hash"];

pub(super) fn find(text: &str) -> Vec<Secret> {
    let mut found = Vec::new();
    let mut free = 0;
    for (at, _) in text.match_indices(BEGIN) {
        if at < free {
            continue;
        }
        if let Some(end) = end(text, at) {
            free = end;
            let span = TextSpan { start: at, end };
            found.push(Secret { name: "private-key", says: "a private key", span });
        }
    }
    found
}

/// Where the key that begins at `at` ends.
fn end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let from = at + BEGIN.len();
    let label =
        bytes.get(from..)?.iter().take(60).take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || **b == b' ');
    let label = text.get(from..from + label.count())?;
    label.trim_end().trim_end_matches(" BLOCK").ends_with("PRIVATE KEY").then_some(())?;
    let dashes = |at: usize| bytes.get(at..).unwrap_or_default().iter().take(5).take_while(|b| **b == b'-').count();
    let mut end = from + label.len();
    end += dashes(end);
    let body = text.get(end + gap(bytes, end, 8)..).unwrap_or_default();
    let mut within = if NAMES.iter().any(|name| body.starts_with(name)) { HEADERS } else { 0 };
    while let Some(next) = next_line(bytes, end, within) {
        (end, within) = (next, 0);
    }
    let gap = gap(bytes, end, 8);
    let tail = bytes.get(end + gap..).unwrap_or_default();
    // The last line is short, and the line that says END follows.
    let short = run(bytes, end + gap, Class::Base64, LINE);
    let after = end + gap + short;
    let is_end = |at: usize| bytes.get(at..).is_some_and(|rest| rest.starts_with(b"-----END "));
    if tail.starts_with(b"-----END ") {
        return Some(close(bytes, end + gap));
    }
    let behind = after + self::gap(bytes, after, 8);
    let dashed = text.get(end + gap..after).and_then(|word| word.find("-----END "));
    match (is_end(behind), dashed) {
        (true, _) => Some(close(bytes, behind)),
        (false, Some(at)) => Some(close(bytes, end + gap + at)),
        (false, None) if bytes.get(after.saturating_sub(1)) == Some(&b'=') && short > 0 => Some(after),
        _ => Some(end),
    }
}

/// The end of the next long run of base64: the next thing there is, or at most `within` bytes away.
fn next_line(bytes: &[u8], at: usize, within: usize) -> Option<usize> {
    let mut from = at + gap(bytes, at, 8);
    loop {
        let length = base64(bytes, from);
        if length >= LINE {
            return Some(from + length);
        }
        from += length + 1;
        if from > at + within || from >= bytes.len() {
            return None;
        }
    }
}

/// A run of base64, without the dashes that begin the last line.
fn base64(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')).count()
}

/// What may stand between two lines: white space, written line ends, quotes of a string or of a mail.
fn gap(bytes: &[u8], at: usize, most: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let mut length = 0;
    while length < most {
        match (rest.get(length), rest.get(length + 1)) {
            (Some(b'\\'), Some(b'n' | b'r')) => length += 2,
            (Some(b' ' | b'\n' | b'\r' | b'\t' | b'"' | b'\'' | b'>' | b'|' | b'+' | b','), _) => length += 1,
            _ => break,
        }
    }
    length
}

/// The end of the line that says END.
fn close(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let label = rest
        .iter()
        .skip(9)
        .take(60)
        .take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || **b == b' ')
        .count();
    let dashes = rest.iter().skip(9 + label).take(5).take_while(|b| **b == b'-').count();
    at + 9 + label + dashes
}
