//! Records in memory.

use super::lock;
use crate::ports::{
    Expect, IndexEntry, Record, RecordCapabilities, RecordCursor, RecordIndex, RecordKey, RecordPage, RecordQuery,
    RecordStore, RecordVersion, RecordWrite, Table,
};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;

const MAX_WRITES: usize = 100;
const MAX_BYTES: usize = 256 * 1024;
/// As a store of the cloud has it.
const MAX_WRITE_BYTES: usize = 4 * 1024 * 1024;

#[derive(Debug, Clone)]
struct Stored {
    version: u128,
    body: Value,
    indexes: Vec<IndexEntry>,
}

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<(Table, RecordKey), Stored>,
    versions: u128,
}

/// A [`RecordStore`] that keeps everything in memory.
#[derive(Debug, Default)]
pub struct MemoryRecords {
    state: Mutex<State>,
}

/// Checks a write's form: number of parts, one part a record, size of bodies.
fn check_form(writes: &[RecordWrite]) -> Result<()> {
    let refuse = |message: &str| Err(Error::new(ErrorKind::InvalidInput, "record.write", message));
    if writes.len() > MAX_WRITES {
        return refuse("more parts than one write may have");
    }
    let sizes: Vec<usize> = writes.iter().map(RecordWrite::bytes).collect();
    if sizes.iter().sum::<usize>() > MAX_WRITE_BYTES {
        return refuse("more bytes than one write may have");
    }
    let mut seen = HashSet::new();
    for (write, bytes) in writes.iter().zip(sizes) {
        let (table, key, _) = write.target();
        if !seen.insert((table, key)) {
            return refuse("two parts are about the same record");
        }
        // The bytes of a write are those of its body and its keys.
        if let RecordWrite::Put { body, .. } = write
            && bytes > MAX_BYTES
            && body.to_string().len() > MAX_BYTES
        {
            return refuse("a record is larger than 256 KiB");
        }
    }
    Ok(())
}

#[async_trait]
impl RecordStore for MemoryRecords {
    fn capabilities(&self) -> RecordCapabilities {
        RecordCapabilities::new(MAX_WRITES, MAX_BYTES, MAX_WRITE_BYTES, true)
    }

    async fn get(&self, table: Table, key: &RecordKey) -> Result<Option<Record>> {
        let state = lock(&self.state);
        Ok(state.records.get(&(table, key.clone())).map(|stored| record(key, stored)))
    }

    async fn write(&self, writes: Vec<RecordWrite>) -> Result<Vec<Option<RecordVersion>>> {
        check_form(&writes)?;
        let mut state = lock(&self.state);
        for write in &writes {
            let (table, key, expect) = write.target();
            let current = state.records.get(&(table, key.clone())).map(|stored| stored.version);
            let holds = match expect {
                Expect::Anything => true,
                Expect::Absent => current.is_none(),
                Expect::Version(wanted) => current == Some(wanted.get()),
            };
            if !holds {
                return Err(Error::new(ErrorKind::Conflict, "record.write", "an expectation does not hold")
                    .with("table", table)
                    .with("partition", key.partition())
                    .with("sort", key.sort()));
            }
        }
        let mut versions = Vec::with_capacity(writes.len());
        for write in writes {
            versions.push(match write {
                RecordWrite::Put { table, key, body, indexes, .. } => {
                    state.versions += 1;
                    let version = state.versions;
                    state.records.insert((table, key), Stored { version, body, indexes });
                    Some(RecordVersion::new(version))
                }
                RecordWrite::Delete { table, key, .. } => {
                    state.records.remove(&(table, key));
                    None
                }
                RecordWrite::Check { .. } => None,
            });
        }
        Ok(versions)
    }

    async fn query(&self, table: Table, query: RecordQuery) -> Result<RecordPage> {
        if !(1..=1000).contains(&query.limit) {
            return Err(Error::new(ErrorKind::InvalidInput, "record.query", "the limit is not within 1 to 1000"));
        }
        let state = lock(&self.state);
        let mut found: Vec<(String, Record)> = state
            .records
            .iter()
            .filter(|((of_table, _), _)| *of_table == table)
            .filter_map(|((_, key), stored)| {
                let position = position(query.index, key, stored, &query)?;
                Some((position, record(key, stored)))
            })
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        if query.descending {
            found.reverse();
        }
        if let Some(cursor) = &query.after {
            let past = |at: &str| if query.descending { at < cursor.as_str() } else { at > cursor.as_str() };
            found.retain(|(at, _)| past(at));
        }
        let more = found.len() > query.limit;
        found.truncate(query.limit);
        let next = if more { found.last().map(|(at, _)| RecordCursor::new(at.clone())) } else { None };
        Ok(RecordPage { records: found.into_iter().map(|(_, record)| record).collect(), next })
    }
}

fn record(key: &RecordKey, stored: &Stored) -> Record {
    Record { key: key.clone(), version: RecordVersion::new(stored.version), body: stored.body.clone() }
}

/// Where a record stands in the query's order, if the query returns it at all.
fn position(index: Option<RecordIndex>, key: &RecordKey, stored: &Stored, query: &RecordQuery) -> Option<String> {
    let listed = match index {
        None => key,
        Some(index) => &stored.indexes.iter().find(|entry| entry.index == index)?.key,
    };
    if listed.partition() != query.partition || !listed.sort().starts_with(&query.sort_prefix) {
        return None;
    }
    Some(match index {
        None => key.sort().to_owned(),
        Some(_) => format!("{}\u{0}{}\u{0}{}", listed.sort(), key.partition(), key.sort()),
    })
}
