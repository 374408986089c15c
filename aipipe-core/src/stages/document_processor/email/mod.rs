//! E-mail: MIME decoded by `mail-parser`, one or more messages, each cut into what its sender wrote and what was there
//! before.
//!
//! [`mbox`] splits mailboxes; [`body`] tells own words from quoted history, signatures and disclaimers;
//! [`attribution`] and [`closing`] know how mail programs and people mark those.

mod attribution;
mod body;
mod closing;
mod mbox;

use super::Unreadable;
use super::blocks::Rules;
use super::decode::western;
use super::draft::{Draft, Piece};
use super::html;
use crate::domain::{Place, RefusalReason, SegmentKind, Timestamp};
use body::Author;
pub(super) use body::{holds_mail, read_pasted};
use mail_parser::{Addr, DateTime, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use std::borrow::Cow;

/// Messages attached to messages are read this deep.
const MAX_DEPTH: usize = 8;
/// Parts of one message; each may open one more level, and the parser's structures nest as deep.
const MAX_PARTS: usize = 400;

const FIELDS: &[&str] = &[
    "from",
    "to",
    "cc",
    "date",
    "subject",
    "message-id",
    "mime-version",
    "received",
    "return-path",
    "content-type",
    "delivered-to",
    "reply-to",
    "in-reply-to",
    "references",
    "sender",
    "content-transfer-encoding",
];

/// Whether a file starts with the header of a message or is a mailbox.
pub(super) fn looks_like_mail(bytes: &[u8]) -> bool {
    mbox::is_mbox(bytes) || has_header(bytes)
}

/// Whether `bytes` start with header lines: two or more known fields, one of them telling of mail.
fn has_header(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let head = bytes.get(..1 << 16).unwrap_or(bytes);
    let mut known: Vec<String> = Vec::new();
    for (at, line) in head.split(|b| *b == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if at > 0 && matches!(line.first(), Some(b' ' | b'\t')) {
            continue;
        }
        let Some(colon) = line.iter().position(|b| *b == b':') else { return false };
        let name = line.get(..colon).unwrap_or_default().trim_ascii_end();
        if name.is_empty() || !name.iter().all(|b| b.is_ascii_graphic()) {
            return false;
        }
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        if FIELDS.contains(&name.as_str()) && !known.contains(&name) {
            known.push(name);
        }
    }
    let has = |name: &str| known.iter().any(|field| field == name);
    let technical =
        has("message-id") || has("mime-version") || has("received") || has("return-path") || has("content-type");
    known.len() >= 2 && (technical || has("from") && (has("to") || has("subject") || has("date")))
}

/// Reads a message or mailbox.
pub(super) fn read(bytes: &[u8], draft: &mut Draft<'_>) -> Result<(), Unreadable> {
    let mut thread = Thread::default();
    for raw in mbox::messages(bytes) {
        check_parts(&raw)?;
        let raw = readable_header(raw, thread.count + 1, &mut draft.warnings);
        let Some(message) = MessageParser::default().parse(raw.as_ref()) else {
            draft
                .warnings
                .push(format!("message {} has no header that can be read; it was left out", thread.count + 1));
            continue;
        };
        thread.read(&message, draft, 0)?;
    }
    if thread.count == 0 {
        return Err(Unreadable::new(RefusalReason::Damaged, "no message with a readable header"));
    }
    draft.metadata.parts = Some(thread.count);
    Ok(())
}

/// A message whose header has bytes that are no UTF-8, with these read as windows-1252: a header may hold neither, but
/// older programs wrote their own letters there.
fn readable_header<'r>(raw: Cow<'r, [u8]>, index: u32, warnings: &mut Vec<String>) -> Cow<'r, [u8]> {
    let end = raw.windows(2).position(|pair| pair == b"\n\n" || pair == b"\n\r").unwrap_or(raw.len());
    let (head, body) = raw.split_at_checked(end).unwrap_or((&raw, &[]));
    if std::str::from_utf8(head).is_ok() {
        return raw;
    }
    warnings.push(format!("message {index}: its header is not valid UTF-8; it was read as windows-1252"));
    let mut fixed = western(head).into_owned().into_bytes();
    fixed.extend_from_slice(body);
    Cow::Owned(fixed)
}

/// Every nested part needs a header line of its own, so their number bounds how deep the parser's structures can nest.
fn check_parts(raw: &[u8]) -> Result<(), Unreadable> {
    const FIELD: &[u8] = b"content-type";
    let starts = |line: &&[u8]| line.get(..FIELD.len()).is_some_and(|start| start.eq_ignore_ascii_case(FIELD));
    let parts = raw.split(|b| matches!(b, b'\n' | b'\r')).filter(starts).count();
    if parts > MAX_PARTS {
        let detail = format!("a message has {parts} parts, the limit is {MAX_PARTS}");
        return Err(Unreadable::new(RefusalReason::TooLarge, detail));
    }
    Ok(())
}

/// The messages read so far.
#[derive(Debug, Default)]
struct Thread {
    count: u32,
    subjects: Vec<String>,
}

impl Thread {
    fn read(&mut self, message: &Message<'_>, draft: &mut Draft<'_>, depth: usize) -> Result<(), Unreadable> {
        self.count = self.count.saturating_add(1);
        let index = self.count;
        let sender = message.from().and_then(|from| from.first()).and_then(display_name);
        if let Some(sender) = &sender {
            draft.person(sender);
        }
        let at = message.date().and_then(timestamp);
        if draft.metadata.date.is_none() {
            draft.metadata.date = at;
        }
        let mut headings = Vec::new();
        if let Some(subject) = message.subject() {
            draft.title(subject);
            headings = self.subject(subject, index, &sender, at, draft)?;
        }
        let author = Author { index: Some(index), name: sender, at, headings, rules: Rules::MAIL };
        let mut has_text = false;
        for part in message.text_body.iter().filter_map(|id| message.part(*id)) {
            let Some(text) = part_text(part) else { continue };
            if part.is_encoding_problem {
                draft.warnings.push(format!("message {index}: a part is not encoded as its header says"));
            }
            has_text |= !text.trim().is_empty();
            let rules = if matches!(part.body, PartType::Html(_)) { Rules::HTML } else { Rules::MAIL };
            body::read(&text, &Author { rules, ..author.clone() }, draft)?;
        }
        if !has_text {
            draft.warnings.push(format!("message {index} has no text"));
        }
        self.attachments(message, draft, depth)
    }

    /// Writes a subject that is new in this thread; returns the headings of the message.
    fn subject(
        &mut self,
        subject: &str,
        index: u32,
        sender: &Option<String>,
        at: Option<Timestamp>,
        draft: &mut Draft<'_>,
    ) -> Result<Vec<String>, Unreadable> {
        let bare = bare_subject(subject).to_owned();
        if bare.is_empty() {
            return Ok(Vec::new());
        }
        if !self.subjects.contains(&bare) {
            draft.push(Piece {
                text: bare.clone(),
                kind: SegmentKind::Heading,
                place: Place::Message { index },
                source: None,
                speaker: sender.clone(),
                at,
                headings: Vec::new(),
            })?;
            self.subjects.push(bare.clone());
        }
        Ok(vec![bare])
    }

    /// Reads attached messages; says of everything else that it was not read.
    fn attachments(&mut self, message: &Message<'_>, draft: &mut Draft<'_>, depth: usize) -> Result<(), Unreadable> {
        let index = self.count;
        for part in message.attachments.iter().filter_map(|id| message.part(*id)) {
            match &part.body {
                PartType::Message(attached) if depth < MAX_DEPTH => self.read(attached, draft, depth + 1)?,
                PartType::Message(_) => {
                    draft.warnings.push(format!(
                        "message {index}: a message attached more than {MAX_DEPTH} levels deep was not read"
                    ));
                }
                _ => {
                    let kind = part.content_type().map_or_else(
                        || "unknown type".to_owned(),
                        |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("*")),
                    );
                    let name = part.attachment_name().unwrap_or("without a name");
                    draft.warnings.push(format!(
                        "message {index}: attachment {name:?} ({kind}, {} bytes) was not read; give it as a document of its own",
                        part.len()
                    ));
                }
            }
        }
        Ok(())
    }
}

/// The text of a body part; HTML without its markup.
fn part_text(part: &MessagePart<'_>) -> Option<String> {
    match &part.body {
        PartType::Text(text) => Some(text.to_string()),
        PartType::Html(text) => Some(html::to_text(text).text),
        _ => None,
    }
}

fn display_name(address: &Addr<'_>) -> Option<String> {
    let name = address.name().map(|name| name.trim().trim_matches(['"', '\'']).trim()).filter(|name| !name.is_empty());
    name.or(address.address()).map(str::to_owned)
}

fn timestamp(date: &DateTime) -> Option<Timestamp> {
    (date.is_valid() && date.year > 0).then(|| Timestamp::from_unix_millis(date.to_timestamp().saturating_mul(1000)))
}

/// A subject without `Re:`, `Fwd:` and their translations.
fn bare_subject(subject: &str) -> &str {
    const PREFIXES: &[&str] =
        &["re", "fw", "fwd", "aw", "wg", "sv", "vs", "tr", "rif", "res", "enc", "antw", "odp", "回复", "答复", "转发"];
    let mut subject = subject.trim();
    while let Some((prefix, rest)) = subject.split_once([':', '：']) {
        let prefix =
            prefix.trim().trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '[' | ']')).to_lowercase();
        if !PREFIXES.contains(&prefix.as_str()) {
            break;
        }
        subject = rest.trim();
    }
    subject
}

#[cfg(test)]
mod tests;
