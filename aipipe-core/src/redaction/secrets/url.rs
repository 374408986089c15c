//! `scheme://name:password@host`, unless the password is a placeholder.

use super::Secret;
use crate::domain::TextSpan;

/// The longest name and password that are looked at.
const LONGEST: usize = 256;

/// What people write where a password would stand.
const COMMON: [&str; 12] = [
    "password", "passwd", "pass", "secret", "changeme", "postgres", "test", "user", "root", "admin", "guest", "example",
];

pub(super) fn passwords(text: &str) -> Vec<Secret> {
    let addresses = text.match_indices("://").filter_map(|(at, mark)| {
        let from = at + mark.len();
        let authority = text.get(from..)?;
        let ends = |c: char| !c.is_ascii_graphic() || matches!(c, '/' | '"' | '\'' | '`' | '<' | '?' | '#');
        let length = authority.char_indices().take(LONGEST).find(|(_, c)| ends(*c)).map(|(length, _)| length);
        let length =
            length.unwrap_or_else(|| authority.char_indices().nth(LONGEST).map_or(authority.len(), |(at, _)| at));
        let (user, host) = authority.get(..length)?.rsplit_once('@')?;
        let (name, password) = user.split_once(':')?;
        let is_filled_in = password.starts_with(['$', '{', '%', '*', '[']) || password.contains("${");
        let is_common = COMMON.contains(&password.to_ascii_lowercase().as_str());
        let start = from + name.len() + 1;
        (!host.is_empty() && password.len() >= 5 && !is_filled_in && !is_common).then(|| Secret {
            name: "password",
            says: "a password in an address",
            span: TextSpan { start, end: start + password.len() },
        })
    });
    addresses.collect()
}
