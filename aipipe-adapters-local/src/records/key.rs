//! How records and index entries are named in the database, so that byte order is the order queries promise.
//!
//! - record: `table partition 00 sort`
//! - index entry: `table index partition 00 sort 00 record-partition 00 record-sort`
//!
//! Key parts hold no control characters, so the zero byte ends a part and sorts before everything in one.

use aipipe_core::ports::{RecordIndex, RecordKey, Table};
use aipipe_core::{Error, ErrorKind, Result};

/// Ends a key part.
const END: u8 = 0;

/// The table's byte; never changed, since files hold it.
const fn table_code(table: Table) -> u8 {
    match table {
        Table::Documents => 1,
        Table::UserStories => 2,
        Table::ComponentSpecs => 3,
        Table::GithubIntegrations => 4,
        Table::BuildResults => 5,
        Table::ExecutionState => 6,
    }
}

/// The index's byte; never changed, since files hold it.
fn index_code(index: RecordIndex) -> Result<u8> {
    match index {
        RecordIndex::Project => Ok(1),
        RecordIndex::Status => Ok(2),
        RecordIndex::Repository => Ok(3),
        RecordIndex::HeadSha => Ok(4),
        other => Err(Error::new(ErrorKind::Unsupported, "record.index", "this store does not know the index")
            .with("index", other.as_str())),
    }
}

/// The name of a record.
pub(super) fn record_key(table: Table, key: &RecordKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 + key.partition().len() + key.sort().len());
    bytes.push(table_code(table));
    push_pair(&mut bytes, key.partition(), key.sort());
    bytes
}

/// The table and key a record's name stands for; `None` when it is no such name.
pub(super) fn parse_record_key(bytes: &[u8]) -> Option<(Table, RecordKey)> {
    let (code, rest) = bytes.split_first()?;
    let table = Table::ALL.into_iter().find(|table| table_code(*table) == *code)?;
    let mut parts = rest.splitn(2, |byte| *byte == END);
    let partition = std::str::from_utf8(parts.next()?).ok()?;
    let sort = std::str::from_utf8(parts.next()?).ok()?;
    Some((table, RecordKey::parse(partition, sort).ok()?))
}

/// What a record keeps of an index entry: `index partition 00 sort`.
pub(super) fn index_part(index: RecordIndex, key: &RecordKey) -> Result<Vec<u8>> {
    let mut bytes = vec![index_code(index)?];
    push_pair(&mut bytes, key.partition(), key.sort());
    Ok(bytes)
}

/// The name of the entry `part` of the record named `record`.
pub(super) fn index_key(record: &[u8], part: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(record.len() + part.len() + 1);
    if let Some((table, rest)) = record.split_first() {
        bytes.push(*table);
        bytes.extend_from_slice(part);
        bytes.push(END);
        bytes.extend_from_slice(rest);
    }
    bytes
}

/// The part and the record's name that an index entry's name stands for; `None` when it is no such name.
pub(super) fn parse_index_key(bytes: &[u8]) -> Option<(&[u8], Vec<u8>)> {
    let (table, rest) = bytes.split_first()?;
    let mut ends = rest.iter().enumerate().filter(|(_, byte)| **byte == END).map(|(at, _)| at);
    let end = ends.nth(1)?;
    let (part, tail) = rest.split_at_checked(end)?;
    let tail = tail.get(1..)?;
    let mut record = Vec::with_capacity(tail.len() + 1);
    record.push(*table);
    record.extend_from_slice(tail);
    Some((part, record))
}

/// The beginning that the names of all records, or index entries, of a partition have in common.
pub(super) fn partition_start(table: Table, index: Option<RecordIndex>, partition: &str) -> Result<Vec<u8>> {
    let mut bytes = vec![table_code(table)];
    if let Some(index) = index {
        bytes.push(index_code(index)?);
    }
    bytes.extend_from_slice(partition.as_bytes());
    bytes.push(END);
    Ok(bytes)
}

/// The first name after all those that begin with `start`.
pub(super) fn end_of(start: &[u8]) -> Vec<u8> {
    let mut end = start.to_vec();
    // UTF-8 has no byte FF, so the last one can always be raised; the loop is for what can't happen.
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            break;
        }
    }
    end
}

fn push_pair(bytes: &mut Vec<u8>, partition: &str, sort: &str) {
    bytes.extend_from_slice(partition.as_bytes());
    bytes.push(END);
    bytes.extend_from_slice(sort.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        let key = RecordKey::parse("execution é", "journal#00001").unwrap();
        for table in Table::ALL {
            let bytes = record_key(table, &key);
            assert_eq!(parse_record_key(&bytes), Some((table, key.clone())));
            for index in RecordIndex::ALL {
                let entry = RecordKey::parse("running", "2026-11-20").unwrap();
                let part = index_part(index, &entry).unwrap();
                let name = index_key(&bytes, &part);
                assert_eq!(parse_index_key(&name), Some((part.as_slice(), bytes.clone())));
                let start = partition_start(table, Some(index), "running").unwrap();
                assert!(name.starts_with(&start) && name < end_of(&start));
            }
        }
    }

    #[test]
    fn bytes_that_are_no_name_are_refused() {
        for bytes in [&b""[..], b"\x01", b"\x01abc", b"\x09a\0b", b"\x01\0b", b"\x01a\0b\0c", b"\x01\xff\0b"] {
            assert_eq!(parse_record_key(bytes), None, "{bytes:?}");
        }
        for bytes in [&b""[..], b"\x01\x01a", b"\x01\x01a\0b"] {
            assert_eq!(parse_index_key(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_partition_does_not_reach_into_one_it_begins() {
        let start = partition_start(Table::Documents, None, "a").unwrap();
        let inside = record_key(Table::Documents, &RecordKey::parse("a", "z").unwrap());
        let outside = record_key(Table::Documents, &RecordKey::parse("ab", "a").unwrap());
        assert!(inside < end_of(&start) && outside >= end_of(&start));
    }
}
