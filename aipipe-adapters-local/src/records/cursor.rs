//! Where a page ended, as text that only the same query accepts back.

use aipipe_core::ports::{RecordCursor, RecordQuery, Table};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

const CHECK_BYTES: usize = 8;

/// The cursor that goes on after the entry named `position`.
pub(super) fn cursor(table: Table, query: &RecordQuery, position: &[u8]) -> RecordCursor {
    let check = check(table, query, position);
    let text = check.iter().chain(position).fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    RecordCursor::new(text)
}

/// The position in a cursor of this very query (whatever its limit); `None` for any other text.
pub(super) fn position(table: Table, query: &RecordQuery, cursor: &RecordCursor) -> Option<Vec<u8>> {
    let text = cursor.as_str().as_bytes();
    if !text.len().is_multiple_of(2) || text.len() > 8192 {
        return None;
    }
    let bytes = text
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? * 16 + digit(*low)?),
            _ => None,
        })
        .collect::<Option<Vec<u8>>>()?;
    let (stored, position) = bytes.split_at_checked(CHECK_BYTES)?;
    (stored == check(table, query, position)).then(|| position.to_vec())
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

fn check(table: Table, query: &RecordQuery, position: &[u8]) -> Vec<u8> {
    let index = query.index.map_or("", |index| index.as_str());
    let direction = if query.descending { "descending" } else { "ascending" };
    let mut hasher = Sha256::new();
    for part in [table.as_str(), index, direction, &query.partition, &query.sort_prefix] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.update(position);
    hasher.finalize().into_iter().take(CHECK_BYTES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aipipe_core::ports::RecordIndex;

    #[test]
    fn only_the_same_query_takes_its_cursor_back() {
        let query = RecordQuery::partition("p").with_sort_prefix("s");
        let made = cursor(Table::Documents, &query, b"\x01p\0s1");
        assert_eq!(position(Table::Documents, &query.clone().with_limit(7), &made).unwrap(), b"\x01p\0s1");
        let others = [
            (Table::UserStories, query.clone()),
            (Table::Documents, query.clone().descending()),
            (Table::Documents, query.clone().with_sort_prefix("")),
            (Table::Documents, RecordQuery::partition("q").with_sort_prefix("s")),
            (Table::Documents, RecordQuery::index(RecordIndex::Project, "p").with_sort_prefix("s")),
        ];
        for (table, other) in others {
            assert_eq!(position(table, &other, &made), None, "{other:?}");
        }
        for text in [
            "",
            "0",
            "zz",
            "00",
            "é",
            made.as_str().strip_prefix(char::is_alphanumeric).unwrap(),
            &format!("{}00", made.as_str()),
        ] {
            assert_eq!(position(Table::Documents, &query, &RecordCursor::new(text)), None, "{text:?}");
        }
    }
}
