//! Personal data in a text, as far as rules can tell: numbers with checks, addresses of mail and machines, streets, and
//! names where a title or a phrase gives them away. Names in running text are beyond rules.

mod checksum;
mod name;
mod national;
mod network;
mod number;
mod street;
mod words;

#[cfg(test)]
mod tests;

use super::{DataKind, Sensitive};
use crate::domain::TextSpan;

/// Everything of the kinds up to `last`, in the order of [`DataKind`]; what a kind has found may overlap.
pub(super) fn find(text: &str, last: DataKind) -> Vec<Sensitive> {
    let mut found = Vec::new();
    let mut add = |kind: DataKind, form: &'static str, span: TextSpan| found.push(Sensitive { kind, form, span });
    let bytes = text.as_bytes();
    let mut free = 0;
    for (at, byte) in bytes.iter().copied().enumerate() {
        let previous = at.checked_sub(1).and_then(|before| bytes.get(before)).copied();
        let is_inside =
            previous.is_some_and(|before| before.is_ascii_alphanumeric() || before >= 0x80 || before == b'_');
        let may_begin = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'(' | b':');
        if at < free || is_inside || !may_begin {
            continue;
        }
        // The middle of a longer number: `1.5`, `2026-03`.
        let is_middle = matches!(previous, Some(b'.' | b'-' | b'/' | b':' | b'+'))
            && at.checked_sub(2).and_then(|before| bytes.get(before)).is_some_and(u8::is_ascii_alphanumeric);
        // Or of one with spaces in it, which only a telephone number could be taken from.
        let is_later_group = matches!(previous, Some(b' '))
            && at.checked_sub(2).and_then(|before| bytes.get(before)).is_some_and(u8::is_ascii_digit)
            && byte.is_ascii_digit();
        let card = || number::card(text, at).map(|span| (DataKind::CreditCard, "credit-card", span));
        let iban = || number::iban(text, at).map(|span| (DataKind::Iban, "iban", span));
        let national = || national::at(text, at).map(|(form, span)| (DataKind::NationalId, form, span));
        let ip = || network::ip(text, at).map(|span| (DataKind::IpAddress, "ip-address", span));
        let phone = || number::phone(text, at).filter(|_| !is_later_group).map(|span| (DataKind::Phone, "phone", span));
        let here = if is_middle { None } else { card().or_else(iban).or_else(national).or_else(ip).or_else(phone) };
        if let Some((kind, form, span)) = here {
            free = span.end;
            add(kind, form, span);
        }
    }
    if last >= DataKind::Email {
        network::emails(text).for_each(|span| add(DataKind::Email, "e-mail", span));
    }
    if last >= DataKind::PostalAddress {
        let tokens = words::tokens(text);
        let streets = street::find(&tokens);
        if last >= DataKind::PersonName {
            let names = name::find(&tokens, &streets);
            names.into_iter().for_each(|span| add(DataKind::PersonName, "person-name", span));
        }
        streets.into_iter().for_each(|span| add(DataKind::PostalAddress, "postal-address", span));
    }
    found
}

/// Whether one of these is said in the bytes before `at`; they are in lower case.
fn near(text: &str, at: usize, bytes: usize, said: &[&str]) -> bool {
    let from = (at.saturating_sub(bytes)..=at).find(|from| text.is_char_boundary(*from)).unwrap_or(at);
    let before = text.get(from..at).unwrap_or_default().to_lowercase();
    said.iter().any(|word| before.contains(word))
}
