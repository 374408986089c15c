//! The redb database: opening it safely, what its errors mean, and when it may be used no longer.

use super::mark::Mark;
use crate::os_error::{kind_of_io, os_error};
use aipipe_core::{Error, ErrorKind, Result};
use redb::{Database, ReadableDatabase as _, TableDefinition};
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

const OPERATION: &str = "record.open";
/// Pages kept in memory; records are small and read once or twice.
const CACHE_BYTES: usize = 32 * 1024 * 1024;

/// Records by name.
pub(super) const RECORDS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("records");
/// Index entries by name; the value is empty, the name says it all.
pub(super) const INDEX: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("index");
/// Numbers about the store.
pub(super) const META: TableDefinition<'static, &str, u64> = TableDefinition::new("meta");
/// In [`META`]: the last version given out.
pub(super) const LAST_VERSION: &str = "last_version";

/// The database, shared by the writer thread and all readers.
#[derive(Debug)]
pub(super) struct Shared {
    path: PathBuf,
    state: RwLock<State>,
}

#[derive(Debug)]
enum State {
    Open(Database),
    /// Closed after a failure, or for good.
    Closed {
        kind: ErrorKind,
        message: &'static str,
    },
}

impl Shared {
    /// Opens the database at `path`, making it if there is none, and checks every page of it.
    ///
    /// Returns it with its mark and the last version given out.
    pub(super) fn open(path: &Path) -> Result<(Self, Mark, u64)> {
        let locate = |error: Error| error.with("path", path.display());
        make_parents(path).map_err(|error| locate(os_error(OPERATION, "the folder can't be made", error)))?;
        let (mark, acknowledged) = Mark::lock(path).map_err(locate)?;
        let (database, version) = open_or_create(path, acknowledged).map_err(locate)?;
        // Once durable, later marks overwrite a block that is there already.
        mark.write(version)
            .and_then(|()| mark.sync())
            .and_then(|()| sync_parent(path))
            .map_err(|error| locate(os_error(OPERATION, "the mark can't be written", error)))?;
        Ok((Self { path: path.to_owned(), state: RwLock::new(State::Open(database)) }, mark, version))
    }

    /// Runs `work` on the database. A panic in redb, as damage may cause, becomes `Corrupt`.
    pub(super) fn with<T>(&self, operation: &'static str, work: impl FnOnce(&Database) -> Result<T>) -> Result<T> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let result = match &*state {
            State::Open(database) => guarded(operation, || work(database)),
            State::Closed { kind, message } => Err(Error::new(*kind, operation, *message)),
        };
        result.map_err(|error| error.with("path", self.path.display()))
    }

    /// Whether the store waits for space on the disk to open again.
    pub(super) fn waits_for_space(&self) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        matches!(&*state, State::Closed { kind: ErrorKind::StorageFull, .. })
    }

    /// Closes the database and, after a full disk, opens it again; returns the last version given out if it is open.
    ///
    /// redb takes no further work after a failed write. A full disk leaves the last commit whole, so the store goes
    /// on from there. After any other failure (a device error above all) what a new read of the file returns may be
    /// memory that never reached the disk, so the store stays closed until the host opens it anew.
    pub(super) fn recover(&self, failure: ErrorKind, acknowledged: u64) -> Option<u64> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let closed = if failure == ErrorKind::Corrupt {
            State::Closed {
                kind: ErrorKind::Corrupt,
                message: "the store closed itself after finding its file damaged",
            }
        } else {
            State::Closed {
                kind: if failure == ErrorKind::StorageFull { failure } else { ErrorKind::Unavailable },
                message: "the store closed itself after a failed write; open it again",
            }
        };
        let failed = std::mem::replace(&mut *state, closed);
        // Dropping it may panic on damage as well; that the file was damaged is known by then.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(failed)));
        if failure != ErrorKind::StorageFull {
            return None;
        }
        match open_verified(&self.path, acknowledged) {
            Ok((database, version)) => {
                *state = State::Open(database);
                Some(version)
            }
            Err(error) => {
                tracing::warn!(error = error.chain(), "the record store can't be opened again yet");
                None
            }
        }
    }

    /// Closes the database; it records that it was closed cleanly.
    pub(super) fn close(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let closed = State::Closed { kind: ErrorKind::Unavailable, message: "the store is closed" };
        if let State::Open(database) = std::mem::replace(&mut *state, closed) {
            let result = guarded("record.close", || database.close().map_err(|error| fault("record.close", error)));
            if let Err(error) = result {
                // Everything acknowledged is durable already; only the next opening takes longer.
                tracing::warn!(error = error.chain(), "the record store did not close cleanly");
            }
        }
    }
}

/// The error of `operation` for an error of redb.
pub(super) fn fault(operation: &'static str, error: impl Into<redb::Error>) -> Error {
    let error = error.into();
    let (kind, message) = describe(&error);
    Error::new(kind, operation, message).caused_by(error)
}

/// What each error of redb means; the one table for all of them.
fn describe(error: &redb::Error) -> (ErrorKind, &'static str) {
    match error {
        redb::Error::Io(io) => (kind_of_io(io), "the database file can't be read or written"),
        redb::Error::Corrupted(_)
        | redb::Error::UpgradeRequired(_)
        | redb::Error::RepairAborted
        | redb::Error::TableTypeMismatch { .. }
        | redb::Error::TableIsMultimap(_)
        | redb::Error::TypeDefinitionChanged { .. }
        | redb::Error::TableDoesNotExist(_) => (ErrorKind::Corrupt, "the database file is damaged"),
        redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => {
            (ErrorKind::Busy, "another process has the database open")
        }
        redb::Error::ValueTooLarge(_) => (ErrorKind::InvalidInput, "the record is too large"),
        redb::Error::PreviousIo | redb::Error::DatabaseClosed | redb::Error::LockPoisoned(_) => {
            (ErrorKind::Unavailable, "the database is closed after a failed write")
        }
        _ => (ErrorKind::Internal, "the database refused the operation"),
    }
}

fn guarded<T>(operation: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    // redb asserts what only a damaged file breaks. What `work` held is dropped in the unwinding, and the writer
    // closes the database afterwards, so nothing half-changed is seen again.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Error::new(ErrorKind::Corrupt, operation, "the database file is damaged: reading it failed an assertion"))
    })
}

fn open_or_create(path: &Path, acknowledged: u64) -> Result<(Database, u64)> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound && acknowledged == 0 => create(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Error::new(
                ErrorKind::Corrupt,
                OPERATION,
                "the database file is gone, but its mark shows that records were stored; remove the mark to start anew",
            ));
        }
        Err(error) => return Err(os_error(OPERATION, "the database file can't be opened", error)),
    }
    open_verified(path, acknowledged)
}

/// Makes the database under another name and moves it to `path` when it is complete, so that an empty or cut file at
/// `path` is always damage. The mark's lock keeps other processes out.
fn create(path: &Path) -> Result<()> {
    let mut name = OsString::from(path);
    name.push(".new");
    let fresh = PathBuf::from(name);
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(os_error(OPERATION, "an unfinished database file can't be removed", error));
        }
        _ => {}
    }
    let database = Database::create(&fresh).map_err(|error| fault(OPERATION, error))?;
    let transaction = database.begin_write().map_err(|error| fault(OPERATION, error))?;
    transaction.open_table(RECORDS).map_err(|error| fault(OPERATION, error))?;
    transaction.open_table(INDEX).map_err(|error| fault(OPERATION, error))?;
    transaction
        .open_table(META)
        .map_err(|error| fault(OPERATION, error))?
        .insert(LAST_VERSION, 0)
        .map_err(|error| fault(OPERATION, error))?;
    transaction.commit().map_err(|error| fault(OPERATION, error))?;
    database.close().map_err(|error| fault(OPERATION, error))?;
    std::fs::rename(&fresh, path)
        .and_then(|()| sync_parent(path))
        .map_err(|error| os_error(OPERATION, "the database file can't be made", error))
}

/// Opens an existing database, checking every page, and reads the last version given out.
fn open_verified(path: &Path, acknowledged: u64) -> Result<(Database, u64)> {
    guarded(OPERATION, || {
        let empty = std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() == 0);
        if empty {
            return Err(Error::new(ErrorKind::Corrupt, OPERATION, "the database file is empty"));
        }
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
        let database = builder.open(path).map_err(|error| fault(OPERATION, error))?;
        let version = {
            let transaction = database.begin_read().map_err(|error| fault(OPERATION, error))?;
            transaction.open_table(RECORDS).map_err(|error| fault(OPERATION, error))?;
            transaction.open_table(INDEX).map_err(|error| fault(OPERATION, error))?;
            let meta = transaction.open_table(META).map_err(|error| fault(OPERATION, error))?;
            let version = redb::ReadableTable::get(&meta, LAST_VERSION).map_err(|error| fault(OPERATION, error))?;
            version.map(|version| version.value())
        };
        match version {
            Some(version) if version >= acknowledged => Ok((database, version)),
            Some(version) => Err(Error::new(
                ErrorKind::Corrupt,
                OPERATION,
                "the database lost records that were acknowledged; remove the mark to go on without them",
            )
            .with("version", version)
            .with("acknowledged", acknowledged)),
            None => Err(Error::new(ErrorKind::Corrupt, OPERATION, "the database has no version counter")),
        }
    })
}

/// Makes the folders above `path`, each durable in the one above it.
fn make_parents(path: &Path) -> io::Result<()> {
    let Some(parent) = parent(path) else { return Ok(()) };
    match std::fs::create_dir(parent) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_parents(parent)?;
            std::fs::create_dir(parent)?;
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        other => other?,
    }
    sync_parent(parent)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    File::open(parent(path).unwrap_or(Path::new(".")))?.sync_all()
}

fn parent(path: &Path) -> Option<&Path> {
    path.parent().filter(|parent| !parent.as_os_str().is_empty())
}
