//! Reading: one record, or one page of a query, from the last durable commit.

use super::cursor;
use super::database::{INDEX, RECORDS, fault};
use super::key::{end_of, parse_index_key, parse_record_key, partition_start, record_key};
use super::value;
use super::writer::about;
use aipipe_core::ports::{Record, RecordKey, RecordPage, RecordQuery, RecordVersion, Table};
use aipipe_core::{Error, ErrorKind, Result};
use redb::{Database, ReadOnlyTable, ReadableDatabase as _};
use std::ops::Bound;

const GET: &str = "record.get";
const QUERY: &str = "record.query";
/// A page ends early when its records have this many bytes, whatever its limit.
const PAGE_BYTES: usize = 16 * 1024 * 1024;

type BytesTable = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// The record under `key`.
pub(super) fn get(database: &Database, table: Table, key: &RecordKey) -> Result<Option<Record>> {
    let transaction = database.begin_read().map_err(|error| fault(GET, error))?;
    let records = transaction.open_table(RECORDS).map_err(|error| fault(GET, error))?;
    Ok(fetch(&records, GET, &record_key(table, key))?.map(|(record, _)| record))
}

/// A query that can be run: its limits and its cursor are valid.
#[derive(Debug)]
pub(super) struct Scan {
    table: Table,
    query: RecordQuery,
    start: Vec<u8>,
    position: Option<Vec<u8>>,
}

impl Scan {
    /// Checks the query.
    pub(super) fn new(table: Table, query: RecordQuery) -> Result<Self> {
        let refuse = |message| Error::new(ErrorKind::InvalidInput, QUERY, message);
        if !(1..=1000).contains(&query.limit) {
            return Err(refuse("a page has 1 to 1000 records").with("limit", query.limit));
        }
        let mut start = partition_start(table, query.index, &query.partition)?;
        start.extend_from_slice(query.sort_prefix.as_bytes());
        let position = match &query.after {
            None => None,
            Some(after) => {
                let position = cursor::position(table, &query, after).filter(|position| position.starts_with(&start));
                Some(position.ok_or_else(|| refuse("the cursor is not one of this query"))?)
            }
        };
        Ok(Self { table, query, start, position })
    }

    /// Reads the page.
    pub(super) fn run(&self, database: &Database) -> Result<RecordPage> {
        let no_key = |part: &str| part.chars().any(char::is_control);
        let mut page = RecordPage::default();
        if no_key(&self.query.partition) || no_key(&self.query.sort_prefix) {
            // No record can have such a key, and a zero byte would reach into another partition.
            return Ok(page);
        }
        let transaction = database.begin_read().map_err(|error| fault(QUERY, error))?;
        let records = transaction.open_table(RECORDS).map_err(|error| fault(QUERY, error))?;
        let names = match self.query.index {
            None => transaction.open_table(RECORDS),
            Some(_) => transaction.open_table(INDEX),
        }
        .map_err(|error| fault(QUERY, error))?;

        let end = end_of(&self.start);
        let (low, high) = match (&self.position, self.query.descending) {
            (Some(position), false) => (Bound::Excluded(position.as_slice()), Bound::Excluded(end.as_slice())),
            (Some(position), true) => (Bound::Included(self.start.as_slice()), Bound::Excluded(position.as_slice())),
            (None, _) => (Bound::Included(self.start.as_slice()), Bound::Excluded(end.as_slice())),
        };
        let mut range = names.range::<&[u8]>((low, high)).map_err(|error| fault(QUERY, error))?;
        let mut last = Vec::new();
        let mut bytes = 0;
        loop {
            let entry = if self.query.descending { range.next_back() } else { range.next() };
            let Some(entry) = entry else { return Ok(page) };
            let (name, _) = entry.map_err(|error| fault(QUERY, error))?;
            if page.records.len() >= self.query.limit || bytes >= PAGE_BYTES {
                page.next = Some(cursor::cursor(self.table, &self.query, &last));
                return Ok(page);
            }
            let (record, length) = self.resolve(&records, name.value())?;
            page.records.push(record);
            bytes += length;
            last = name.value().to_vec();
        }
    }

    /// The record an entry stands for, and its length.
    fn resolve(&self, records: &BytesTable, name: &[u8]) -> Result<(Record, usize)> {
        let damaged = |reason| Error::new(ErrorKind::Corrupt, QUERY, reason).with("table", self.table);
        let absent = "an index lists a record that is not there";
        if self.query.index.is_none() {
            return fetch(records, QUERY, name)?.ok_or_else(|| damaged(absent));
        }
        let (part, key) = parse_index_key(name).ok_or_else(|| damaged("an index entry has no valid name"))?;
        let guard = records.get(key.as_slice()).map_err(|error| fault(QUERY, error))?;
        let guard = guard.ok_or_else(|| about(ErrorKind::Corrupt, QUERY, absent, &key))?;
        let stored =
            value::open(&key, guard.value()).map_err(|reason| about(ErrorKind::Corrupt, QUERY, reason, &key))?;
        if !stored.index_parts.contains(&part) {
            return Err(about(ErrorKind::Corrupt, QUERY, "an index lists a record that is not its own", &key));
        }
        decode(QUERY, &key, &stored)
    }
}

fn fetch(records: &BytesTable, operation: &'static str, key: &[u8]) -> Result<Option<(Record, usize)>> {
    let Some(guard) = records.get(key).map_err(|error| fault(operation, error))? else { return Ok(None) };
    let stored = value::open(key, guard.value()).map_err(|reason| about(ErrorKind::Corrupt, operation, reason, key))?;
    decode(operation, key, &stored).map(Some)
}

fn decode(operation: &'static str, key: &[u8], stored: &value::Stored<'_>) -> Result<(Record, usize)> {
    let (_, record_key) =
        parse_record_key(key).ok_or_else(|| Error::new(ErrorKind::Corrupt, operation, "a record has no valid name"))?;
    let body = serde_json::from_slice(stored.body)
        .map_err(|error| about(ErrorKind::Corrupt, operation, "the record is not JSON", key).caused_by(error))?;
    let record = Record::new(record_key, RecordVersion::new(stored.version.into()), body);
    Ok((record, stored.body.len()))
}
