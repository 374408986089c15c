//! Secrets in a text: tokens of well-known form, private keys, passwords in addresses, and what is called a password, key or
//! token and looks like one. Words that only look random are no secret.
//!
//! One table of forms serves both those who mask secrets and those who look for them in generated code.

mod assigned;
mod format;
mod key_block;
mod table;
mod url;

#[cfg(test)]
mod tests;

use crate::domain::TextSpan;
use format::Format;
use std::sync::LazyLock;

/// A secret that was found. What it is is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Secret {
    /// Its name in masks: `github-token`.
    pub(crate) name: &'static str,
    /// Its name in sentences: `a GitHub token`.
    pub(crate) says: &'static str,
    pub(crate) span: TextSpan,
}

/// The forms by their first byte, so that a text is read once however many there are.
static BY_FIRST_BYTE: LazyLock<Vec<Vec<(&'static str, &'static Format)>>> = LazyLock::new(|| {
    let of = |byte: u8| {
        let starts = table::FORMATS.iter().flat_map(|format| format.starts.iter().map(move |start| (*start, format)));
        starts.filter(|(start, _)| start.as_bytes().first() == Some(&byte)).collect()
    };
    (0..=u8::MAX).map(of).collect()
});

/// What has the form of a secret, in order: tokens, private keys, passwords in addresses.
pub(crate) fn of_known_form(text: &str) -> Vec<Secret> {
    let mut found = tokens(text);
    found.extend(key_block::find(text));
    found.extend(url::passwords(text));
    found
}

/// Whether a mask may have this name.
pub(crate) fn is_name(name: &str) -> bool {
    let of_others = ["private-key", "password", "bearer-token", "basic-auth"];
    table::FORMATS.iter().any(|format| format.name == name) || assigned::is_name(name) || of_others.contains(&name)
}

/// All secrets: those of a known form, then those that are called one.
pub(crate) fn find(text: &str) -> Vec<Secret> {
    let mut found = of_known_form(text);
    found.extend(assigned::find(text));
    found
}

/// All beginnings of tokens.
#[cfg(test)]
pub(super) fn starts() -> impl Iterator<Item = &'static str> {
    table::FORMATS.iter().flat_map(|format| format.starts.iter().copied())
}

fn tokens(text: &str) -> Vec<Secret> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut free = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if at < free {
            continue;
        }
        let formats = BY_FIRST_BYTE.get(usize::from(*byte)).map(Vec::as_slice).unwrap_or_default();
        let here =
            formats.iter().filter(|(start, _)| bytes.get(at..).is_some_and(|rest| rest.starts_with(start.as_bytes())));
        let tokens = here.filter_map(|(start, format)| format.at(bytes, at, start).map(|span| (span, *format)));
        // Of several the longest, of equally long ones the first of the table.
        let longest = tokens.fold(None, |best: Option<((usize, usize), &Format)>, one| match best {
            Some(best) if best.0.1 >= one.0.1 => Some(best),
            _ => Some(one),
        });
        if let Some(((start, end), format)) = longest.filter(|((start, _), _)| *start >= free) {
            found.push(Secret { name: format.name, says: format.says, span: TextSpan { start, end } });
            free = end;
        }
    }
    found
}
