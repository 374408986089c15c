//! E-mail addresses (RFC 5321) and addresses of machines.

use crate::domain::TextSpan;
use core::net::{Ipv4Addr, Ipv6Addr};

/// All e-mail addresses.
pub(super) fn emails(text: &str) -> impl Iterator<Item = TextSpan> {
    text.match_indices('@').filter_map(|(at, _)| {
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '\'');
        let local = text.get(..at)?.chars().rev().take(64).take_while(|c| fits(*c)).map(char::len_utf8).sum::<usize>();
        let start = at - local;
        let name = text.get(start..at)?;
        let start = start + name.len() - name.trim_start_matches(['.', '\'', '-', '+', '%']).len();
        let domain = text.get(at + 1..)?;
        let length: usize = domain
            .chars()
            .take(253)
            .take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '-'))
            .map(char::len_utf8)
            .sum();
        let domain = text.get(at + 1..at + 1 + length)?.trim_end_matches(['.', '-']);
        let (host, top) = domain.rsplit_once('.')?;
        let is_domain = !host.is_empty()
            && !host.starts_with(['.', '-'])
            && !host.contains("..")
            && top.chars().count() >= 2
            && top.chars().all(char::is_alphabetic);
        (start < at && is_domain).then_some(TextSpan { start, end: at + 1 + domain.len() })
    })
}

/// The address of a machine that begins at `at`; those that name no one (loopback, unspecified) are none.
pub(super) fn ip(text: &str, at: usize) -> Option<TextSpan> {
    let bytes = text.as_bytes();
    let run =
        bytes.get(at..)?.iter().take(46).take_while(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.')).count();
    let written = text.get(at..at + run)?.trim_end_matches(['.', ':']);
    let end = at + written.len();
    let goes_on = bytes.get(end).is_some_and(|next| next.is_ascii_alphanumeric() || matches!(next, b'_')) || run >= 46;
    let version = || super::near(text, at, 10, &["version", "release", " v"]);
    let is_address = match written.parse::<Ipv4Addr>() {
        Ok(address) => !address.is_loopback() && !address.is_unspecified() && !version(),
        Err(_) => {
            let is_long = written.len() >= 6
                && written.bytes().filter(|b| *b == b':').count() >= 2
                && written.bytes().any(|b| b.is_ascii_digit());
            is_long
                && written.parse::<Ipv6Addr>().is_ok_and(|address| !address.is_loopback() && !address.is_unspecified())
        }
    };
    (is_address && !goes_on).then_some(TextSpan { start: at, end })
}
