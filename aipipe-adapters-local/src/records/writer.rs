//! The one thread that writes. Whatever was queued while the last commit ran goes into the next one: one sync for all.

use super::database::{INDEX, LAST_VERSION, META, RECORDS, Shared, fault};
use super::key::{index_key, parse_record_key};
use super::mark::Mark;
use super::value::{self, Draft};
use crate::failpoint::failpoint;
use aipipe_core::ports::{Expect, RecordVersion};
use aipipe_core::{Error, ErrorKind, Result};
use redb::{Database, Durability, ReadableTable as _, Table, WriteTransaction};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{mpsc, oneshot};

const OPERATION: &str = "record.write";
/// Requests and bytes of one commit: a bound on how long the first of them waits and on memory.
const MAX_REQUESTS: usize = 512;
const MAX_BYTES: usize = 16 * 1024 * 1024;

type BytesTable<'txn> = Table<'txn, &'static [u8], &'static [u8]>;
/// What a write returns: the new version of each put.
pub(super) type Versions = Vec<Option<RecordVersion>>;

/// One part of a request, checked and laid out by the caller.
#[derive(Debug)]
pub(super) struct Part {
    /// The record's name in the database.
    pub(super) key: Vec<u8>,
    /// What must hold of it.
    pub(super) expect: Expect,
    /// What becomes of it.
    pub(super) change: Change,
}

/// What becomes of a record.
#[derive(Debug)]
pub(super) enum Change {
    /// It is replaced.
    Put { draft: Draft, index_parts: Vec<Vec<u8>> },
    /// It is removed.
    Delete,
    /// Nothing.
    None,
}

/// An all-or-nothing write and where its result goes.
#[derive(Debug)]
pub(super) struct Request {
    /// Its parts, about different records.
    pub(super) parts: Vec<Part>,
    /// Where the result goes; nobody may be there any more.
    pub(super) reply: oneshot::Sender<Result<Versions>>,
}

/// The writer thread's state.
#[derive(Debug)]
pub(super) struct Writer {
    /// The database.
    pub(super) shared: Arc<Shared>,
    /// Its mark, and with it its lock.
    pub(super) mark: Mark,
    /// The last version given out.
    pub(super) version: u64,
    /// Durable commits so far.
    pub(super) commits: Arc<AtomicU64>,
}

impl Writer {
    /// Serves requests until nobody can send any; then closes the database.
    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(first) = requests.blocking_recv() {
            let mut bytes = first.bytes();
            let mut batch = vec![first];
            while batch.len() < MAX_REQUESTS && bytes < MAX_BYTES {
                let Ok(next) = requests.try_recv() else { break };
                bytes += next.bytes();
                batch.push(next);
            }
            self.serve(batch);
        }
        self.shared.close();
        if let Err(error) = self.mark.sync() {
            tracing::warn!(error = error.to_string(), "the record store's mark was not synced");
        }
    }

    fn serve(&mut self, mut batch: Vec<Request>) {
        if self.shared.waits_for_space() {
            self.recover(ErrorKind::StorageFull);
        }
        let version = self.version;
        let result = self.shared.with(OPERATION, |database| commit(database, &mut batch, version));
        match result {
            Ok((outcomes, version)) => {
                if version > self.version {
                    self.version = version;
                    self.commits.fetch_add(1, Ordering::Relaxed);
                    if let Err(error) = self.mark.write(version) {
                        // The mark is a lower bound: an older one only notices less.
                        tracing::warn!(error = error.to_string(), "the record store's mark was not written");
                    }
                }
                failpoint!("records.commit.after");
                for (request, outcome) in batch.into_iter().zip(outcomes) {
                    request.answer(outcome);
                }
            }
            Err(error) => {
                self.recover(error.kind());
                for request in batch {
                    let copy =
                        Error::new(error.kind(), OPERATION, "the write was not stored; nothing of it took effect");
                    let copy = copy.caused_by(error.chain());
                    request.answer(Err(copy));
                }
            }
        }
    }

    fn recover(&mut self, failure: ErrorKind) {
        if let Some(version) = self.shared.recover(failure, self.version) {
            self.version = version.max(self.version);
        }
    }
}

impl Request {
    fn bytes(&self) -> usize {
        self.parts.iter().map(Part::bytes).sum()
    }

    fn answer(self, outcome: Result<Versions>) {
        // A caller that stopped waiting misses nothing: the write took effect or it did not.
        let _ = self.reply.send(outcome);
    }
}

impl Part {
    fn bytes(&self) -> usize {
        match &self.change {
            Change::Put { draft, .. } => self.key.len() + draft.len(),
            Change::Delete | Change::None => self.key.len(),
        }
    }
}

/// Applies the requests in order in one transaction; returns their outcomes and the last version given out.
///
/// A request whose expectations fail has an error as its outcome and changes nothing. An error of the database is
/// everybody's: the transaction is dropped.
fn commit(database: &Database, batch: &mut [Request], mut version: u64) -> Result<(Vec<Result<Versions>>, u64)> {
    let before = version;
    let mut transaction = database.begin_write().map_err(|error| fault(OPERATION, error))?;
    transaction.set_durability(Durability::Immediate).map_err(|error| fault(OPERATION, error))?;
    let outcomes = {
        let mut tables = Tables {
            transaction: &transaction,
            records: transaction.open_table(RECORDS).map_err(|error| fault(OPERATION, error))?,
            index: None,
        };
        batch.iter_mut().map(|request| tables.apply(request, &mut version)).collect::<Result<Vec<_>>>()?
    };
    if version == before {
        transaction.abort().map_err(|error| fault(OPERATION, error))?;
        return Ok((outcomes, version));
    }
    transaction
        .open_table(META)
        .map_err(|error| fault(OPERATION, error))?
        .insert(LAST_VERSION, version)
        .map_err(|error| fault(OPERATION, error))?;
    failpoint!("records.commit.before");
    transaction.commit().map_err(|error| fault(OPERATION, error))?;
    Ok((outcomes, version))
}

/// A record as the transaction finds it.
struct Current {
    version: u64,
    index_parts: Vec<Vec<u8>>,
}

struct Tables<'txn> {
    transaction: &'txn WriteTransaction,
    records: BytesTable<'txn>,
    /// Opened when first needed: most writes touch no index.
    index: Option<BytesTable<'txn>>,
}

impl<'txn> Tables<'txn> {
    fn apply(&mut self, request: &mut Request, version: &mut u64) -> Result<Result<Versions>> {
        let mut found = Vec::with_capacity(request.parts.len());
        for part in &request.parts {
            match self.check(part)? {
                Ok(current) => found.push(current),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        let mut versions = Vec::with_capacity(request.parts.len());
        for (part, current) in request.parts.iter_mut().zip(found) {
            versions.push(self.change(part, current.as_ref(), version)?);
        }
        Ok(Ok(versions))
    }

    fn check(&self, part: &Part) -> Result<Result<Option<Current>>> {
        let guard = self.records.get(part.key.as_slice()).map_err(|error| fault(OPERATION, error))?;
        let current = match guard.as_ref().map(|guard| value::open(&part.key, guard.value())) {
            None => None,
            Some(Ok(stored)) => Some(Current {
                version: stored.version,
                index_parts: stored.index_parts.into_iter().map(<[u8]>::to_vec).collect(),
            }),
            Some(Err(reason)) => return Ok(Err(about(ErrorKind::Corrupt, OPERATION, reason, &part.key))),
        };
        let refused = match (part.expect, &current) {
            (Expect::Anything, _) | (Expect::Absent, None) => None,
            (Expect::Absent, Some(_)) => Some("the record exists"),
            (Expect::Version(_), None) => Some("the record does not exist"),
            (Expect::Version(expected), Some(current)) => {
                (expected.get() != u128::from(current.version)).then_some("the record has another version")
            }
        };
        Ok(match refused {
            None => Ok(current),
            Some(reason) => Err(about(ErrorKind::Conflict, OPERATION, reason, &part.key)),
        })
    }

    fn change(
        &mut self,
        part: &mut Part,
        current: Option<&Current>,
        version: &mut u64,
    ) -> Result<Option<RecordVersion>> {
        let old = current.map_or(&[][..], |current| &current.index_parts);
        match &mut part.change {
            Change::None => Ok(None),
            Change::Delete => {
                if current.is_some() {
                    // Counted too, so that the mark notices when a removal is lost.
                    *version = next(*version)?;
                    self.records.remove(part.key.as_slice()).map_err(|error| fault(OPERATION, error))?;
                    self.reindex(&part.key, old, &[])?;
                }
                Ok(None)
            }
            Change::Put { draft, index_parts } => {
                *version = next(*version)?;
                self.records
                    .insert(part.key.as_slice(), draft.seal(*version))
                    .map_err(|error| fault(OPERATION, error))?;
                self.reindex(&part.key, old, index_parts)?;
                Ok(Some(RecordVersion::new((*version).into())))
            }
        }
    }

    fn reindex(&mut self, key: &[u8], old: &[Vec<u8>], new: &[Vec<u8>]) -> Result<()> {
        if old == new {
            return Ok(());
        }
        let mut index = match self.index.take() {
            Some(index) => index,
            None => self.transaction.open_table(INDEX).map_err(|error| fault(OPERATION, error))?,
        };
        for part in old.iter().filter(|part| !new.contains(part)) {
            index.remove(index_key(key, part).as_slice()).map_err(|error| fault(OPERATION, error))?;
        }
        for part in new.iter().filter(|part| !old.contains(part)) {
            index.insert(index_key(key, part).as_slice(), &[][..]).map_err(|error| fault(OPERATION, error))?;
        }
        self.index = Some(index);
        Ok(())
    }
}

fn next(version: u64) -> Result<u64> {
    version.checked_add(1).ok_or_else(|| Error::new(ErrorKind::Internal, OPERATION, "versions are used up"))
}

/// An error about the record with this name.
pub(super) fn about(kind: ErrorKind, operation: &'static str, message: &'static str, key: &[u8]) -> Error {
    let error = Error::new(kind, operation, message);
    match parse_record_key(key) {
        Some((table, key)) => error.with("table", table).with("partition", key.partition()).with("sort", key.sort()),
        None => error,
    }
}
