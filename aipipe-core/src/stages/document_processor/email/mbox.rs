//! Mailboxes: several messages in one file, each after a `From ` line.

use std::borrow::Cow;

/// Whether a file is a mailbox: a `From ` line, and a header after it.
pub(super) fn is_mbox(bytes: &[u8]) -> bool {
    separator_end(bytes).is_some_and(|end| super::has_header(bytes.get(end..).unwrap_or_default()))
}

/// Where the `From sender date` line at the start of `bytes` ends.
fn separator_end(bytes: &[u8]) -> Option<usize> {
    if !bytes.starts_with(b"From ") {
        return None;
    }
    let end = bytes.iter().take(400).position(|b| *b == b'\n')?;
    let line = bytes.get(..end)?;
    // It carries a time; a sentence that begins with "From" rarely does.
    let clock = line.windows(3).any(|w| matches!(w, [a, b':', c] if a.is_ascii_digit() && c.is_ascii_digit()));
    clock.then_some(end + 1)
}

/// The messages of a mailbox, or the one message that a file is.
pub(super) fn messages(bytes: &[u8]) -> Vec<Cow<'_, [u8]>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if !is_mbox(bytes) {
        return vec![Cow::Borrowed(bytes)];
    }
    let mut messages = Vec::new();
    let (mut offset, mut start, mut after_blank) = (0, 0, true);
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let rest = bytes.get(offset..).unwrap_or_default();
        if after_blank
            && let Some(end) = separator_end(rest)
            && super::has_header(rest.get(end..).unwrap_or_default())
        {
            push(bytes.get(start..offset), &mut messages);
            start = offset + end;
        }
        offset += line.len();
        after_blank = line.trim_ascii().is_empty();
    }
    push(bytes.get(start..), &mut messages);
    messages
}

fn push<'b>(message: Option<&'b [u8]>, messages: &mut Vec<Cow<'b, [u8]>>) {
    let Some(message) = message.filter(|message| !message.trim_ascii().is_empty()) else { return };
    let quoted = message.windows(7).any(|window| window == b"\n>From ");
    if !quoted {
        messages.push(Cow::Borrowed(message));
        return;
    }
    let mut plain = Vec::with_capacity(message.len());
    for line in message.split_inclusive(|b| *b == b'\n') {
        plain.extend_from_slice(if line.starts_with(b">From ") { line.get(1..).unwrap_or_default() } else { line });
    }
    messages.push(Cow::Owned(plain));
}
