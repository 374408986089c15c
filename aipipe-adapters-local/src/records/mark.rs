//! A small file beside the database: the lock of the store, and a lower bound of what it has acknowledged.
//!
//! redb commits with one sync. After a crash it can't tell a commit that never finished from a finished one whose pages
//! were damaged later, and goes back to the commit before in both cases. The mark tells them apart: after each durable
//! commit its version is written here, without a sync of its own. A process that is killed leaves it exact, a power cut
//! may leave an older one; either way the database must have reached it, or acknowledged records are gone.

use crate::os_error::os_error;
use aipipe_core::{Error, ErrorKind, Result};
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

const OPERATION: &str = "record.open";
const CHECK_BYTES: usize = 16;
const LENGTH: usize = 8 + CHECK_BYTES;

/// The mark, open and locked; the lock ends with the value or the process.
#[derive(Debug)]
pub(super) struct Mark {
    file: File,
}

impl Mark {
    /// Locks the store at `database` and returns its mark with the version it has acknowledged at least.
    ///
    /// # Errors
    /// `Busy` when another process has the store open, `Corrupt` when the mark is damaged.
    pub(super) fn lock(database: &Path) -> Result<(Self, u64)> {
        let path = path_of(database);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::open(&path, flags, Mode::from_raw_mode(0o644))
            .map_err(|errno| os_error(OPERATION, "the record store's mark can't be opened", errno))?;
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|errno| match errno {
            Errno::WOULDBLOCK => {
                Error::new(ErrorKind::Busy, OPERATION, "another process or store has the database open")
            }
            other => os_error(OPERATION, "the record store can't be locked", other),
        })?;
        let mut mark = Self { file: File::from(file) };
        let version = mark.read()?;
        Ok((mark, version))
    }

    /// Notes that everything up to `version` is acknowledged.
    pub(super) fn write(&self, version: u64) -> std::io::Result<()> {
        self.file.write_all_at(&encode(version), 0)
    }

    /// Makes the mark durable; done when the store is opened and closed.
    pub(super) fn sync(&self) -> std::io::Result<()> {
        self.file.sync_all()
    }

    fn read(&mut self) -> Result<u64> {
        let mut bytes = Vec::new();
        (&self.file)
            .take(64)
            .read_to_end(&mut bytes)
            .map_err(|error| os_error(OPERATION, "the record store's mark can't be read", error))?;
        // Empty or zeroed: made by a process that a power cut stopped before its first mark was on disk.
        if bytes.is_empty() || bytes == [0; LENGTH] {
            return Ok(0);
        }
        let version = bytes.first_chunk::<8>().map(|version| u64::from_be_bytes(*version));
        version.filter(|version| bytes == encode(*version)).ok_or_else(|| {
            Error::new(
                ErrorKind::Corrupt,
                OPERATION,
                "the record store's mark is damaged; removing it gives up the check that no acknowledged record is lost",
            )
        })
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        // A process being started at this moment holds a copy of the handle until it runs its program; without this
        // it would hold the lock as well, and opening the store again would find it busy.
        if let Err(errno) = rustix::fs::flock(&self.file, FlockOperation::Unlock) {
            tracing::warn!(error = errno.to_string(), "the record store's lock ends with its handle only");
        }
    }
}

/// Where the mark of a database lies.
pub(super) fn path_of(database: &Path) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(".mark");
    PathBuf::from(name)
}

fn encode(version: u64) -> Vec<u8> {
    let version = version.to_be_bytes();
    let digest = Sha256::digest([b"aipipe mark 1\0", version.as_slice()].concat());
    version.into_iter().chain(digest.into_iter().take(CHECK_BYTES)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_and_damage_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("records.redb");
        let (mark, version) = Mark::lock(&database).unwrap();
        assert_eq!(version, 0);
        mark.write(77).unwrap();
        assert_eq!(Mark::lock(&database).unwrap_err().kind(), ErrorKind::Busy);
        drop(mark);
        assert_eq!(Mark::lock(&database).unwrap().1, 77);
        let good = std::fs::read(path_of(&database)).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            std::fs::write(path_of(&database), &bad).unwrap();
            assert_eq!(Mark::lock(&database).unwrap_err().kind(), ErrorKind::Corrupt, "byte {at}");
            if at > 0 {
                std::fs::write(path_of(&database), &good[..at]).unwrap();
                assert_eq!(Mark::lock(&database).unwrap_err().kind(), ErrorKind::Corrupt, "cut at {at}");
            }
        }
    }
}
