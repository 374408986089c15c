//! Records in one redb file: conditional writes, indexes, pages.
//!
//! - `writer`: one thread commits whatever is queued with one sync, and answers when that is durable.
//! - `query`: reads see the last durable commit.
//! - `value`, `key`: how a record lies in the file. Each carries a checksum that every read verifies.
//! - `database`, `mark`: every page is verified when the store is opened, and that no acknowledged commit is missing.

mod cursor;
mod database;
mod key;
mod mark;
mod query;
mod value;
mod writer;

use self::database::Shared;
use self::value::Draft;
use self::writer::{Change, Part, Request, Writer};
use aipipe_core::ports::{
    IndexEntry, Record, RecordCapabilities, RecordKey, RecordPage, RecordQuery, RecordStore, RecordVersion,
    RecordWrite, Table,
};
use aipipe_core::{Error, ErrorKind, Result};
use async_trait::async_trait;
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

const OPERATION: &str = "record.write";
const CAPABILITIES: RecordCapabilities = RecordCapabilities::new(100, 256 * 1024, 16 * 1024 * 1024, true);
/// Writes that may wait for the writer before callers wait for room.
const QUEUE: usize = 1024;
/// serde_json reads no deeper than this, so nothing deeper may be written.
const MAX_DEPTH: usize = 127;

/// Records in one redb file on this machine; one process at a time.
///
/// - A write returns when it is durable: one `fdatasync` for all writes that were queued meanwhile. A write whose caller
///   stops waiting may still take effect.
/// - Reads run in the caller's task: they take a few page lookups, mostly in memory. Queries run on the blocking pool.
/// - When the disk is full, the writes of that commit fail with `StorageFull` and the store goes on with what was
///   durable before. After any other failed commit it stays closed until it is opened again.
/// - Opening verifies every page of the file and that nothing acknowledged is missing (see the file `….mark` beside it),
///   so it takes time in proportion to the file (about half a second for 300 MB), and blocks. Damage that happens while the store is open is found by the
///   record's own checksum when it is read, or by the next opening when it hit the tree above the records.
/// - Dropping the store waits for the commit under way and closes the file.
#[derive(Debug)]
pub struct LocalRecords {
    shared: Arc<Shared>,
    commits: Arc<AtomicU64>,
    /// `None` only while it is dropped.
    requests: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
}

impl LocalRecords {
    /// Opens the database at `path`, making it and the folders above it if they are not there. Blocks.
    ///
    /// # Errors
    /// `Busy` when another process (or this one) has it open, `Corrupt` when it is damaged, `PermissionDenied`,
    /// `StorageFull`, `Unavailable`.
    pub fn open(path: &Path) -> Result<Self> {
        let (shared, mark, version) = Shared::open(path)?;
        let shared = Arc::new(shared);
        let commits = Arc::new(AtomicU64::new(0));
        let (requests, queue) = mpsc::channel(QUEUE);
        let writer = Writer { shared: Arc::clone(&shared), mark, version, commits: Arc::clone(&commits) };
        let writer =
            std::thread::Builder::new().name("aipipe-records".into()).spawn(move || writer.run(queue)).map_err(
                |error| Error::new(ErrorKind::Unavailable, "record.open", "no thread to write with").caused_by(error),
            )?;
        Ok(Self { shared, commits, requests: Some(requests), writer: Some(writer) })
    }

    /// Durable commits since it was opened; at most one for each write.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}

impl Drop for LocalRecords {
    fn drop(&mut self) {
        // The writer ends when nobody can send; the lock must be free when this returns.
        drop(self.requests.take());
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the record store's writer panicked");
        }
    }
}

#[async_trait]
impl RecordStore for LocalRecords {
    fn capabilities(&self) -> RecordCapabilities {
        CAPABILITIES
    }

    async fn get(&self, table: Table, key: &RecordKey) -> Result<Option<Record>> {
        self.shared.with("record.get", |database| query::get(database, table, key))
    }

    async fn write(&self, writes: Vec<RecordWrite>) -> Result<Vec<Option<RecordVersion>>> {
        if writes.len() > CAPABILITIES.max_writes {
            return Err(refuse("a write has at most 100 parts").with("parts", writes.len()));
        }
        let bytes = writes.iter().map(RecordWrite::bytes).sum::<usize>();
        if bytes > CAPABILITIES.max_write_bytes {
            return Err(refuse("a write has at most 16 MiB").with("bytes", bytes));
        }
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        let parts = writes.iter().map(prepare).collect::<Result<Vec<_>>>()?;
        let mut keys = HashSet::with_capacity(parts.len());
        if let Some(part) = parts.iter().find(|part| !keys.insert(part.key.as_slice())) {
            let message = "two parts of one write are about the same record";
            return Err(writer::about(ErrorKind::InvalidInput, OPERATION, message, &part.key));
        }
        let stopped = || Error::new(ErrorKind::Unavailable, OPERATION, "the store's writer has stopped");
        let requests = self.requests.as_ref().ok_or_else(stopped)?;
        let (reply, outcome) = oneshot::channel();
        requests.send(Request { parts, reply }).await.map_err(|_| stopped())?;
        outcome.await.map_err(|_| stopped())?
    }

    async fn query(&self, table: Table, query: RecordQuery) -> Result<RecordPage> {
        let scan = query::Scan::new(table, query)?;
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_blocking(move || shared.with("record.query", |database| scan.run(database)))
            .await
            .map_err(|error| Error::new(ErrorKind::Internal, "record.query", "the query stopped").caused_by(error))?
    }
}

/// Checks one part of a write and lays it out; all that can be done before the writer's turn.
fn prepare(write: &RecordWrite) -> Result<Part> {
    let (table, key, expect) = write.target();
    let name = key::record_key(table, key);
    let change = match write {
        RecordWrite::Put { body, indexes, .. } => put(&name, body, indexes)
            .map_err(|error| error.with("table", table).with("partition", key.partition()).with("sort", key.sort()))?,
        RecordWrite::Delete { .. } => Change::Delete,
        RecordWrite::Check { .. } => Change::None,
        _ => return Err(Error::new(ErrorKind::Unsupported, OPERATION, "this store does not know the kind of write")),
    };
    Ok(Part { key: name, expect, change })
}

fn put(name: &[u8], body: &Value, indexes: &[IndexEntry]) -> Result<Change> {
    if !is_within(body, MAX_DEPTH) {
        return Err(refuse("the record is nested more than 127 deep"));
    }
    let json = serde_json::to_vec(body).map_err(|error| refuse("the record is not JSON").caused_by(error))?;
    if json.len() > CAPABILITIES.max_record_bytes {
        return Err(refuse("the record is larger than 256 KiB").with("bytes", json.len()));
    }
    let mut index_parts = Vec::with_capacity(indexes.len());
    for (at, entry) in indexes.iter().enumerate() {
        if indexes.iter().take(at).any(|other| other.index == entry.index) {
            return Err(refuse("the record has two entries in one index").with("index", entry.index.as_str()));
        }
        index_parts.push(key::index_part(entry.index, &entry.key)?);
    }
    let draft = Draft::new(name, &index_parts, &json).ok_or_else(|| refuse("the record is too large"))?;
    Ok(Change::Put { draft, index_parts })
}

fn is_within(value: &Value, depth: usize) -> bool {
    let inner = |value| depth.checked_sub(1).is_some_and(|depth| is_within(value, depth));
    match value {
        Value::Array(values) => values.iter().all(inner),
        Value::Object(fields) => fields.values().all(inner),
        _ => true,
    }
}

fn refuse(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, OPERATION, message)
}
