//! Files that survive a crash: whole or not at all, and on the disk before anybody is told so.

use super::error::io_error;
use aipipe_core::{Error, ErrorKind, Result};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

/// How often, and with which pause, a lock that somebody else holds is tried: about 30 seconds in all.
const LOCK_TRIES: u32 = 3_000;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// A lock on a file, held between threads and processes; it ends with the value, and with the process however that ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, waiting for whoever holds it.
    ///
    /// The wait is bounded: a process that was stopped while it held the lock makes this `Busy`, not a hang.
    pub(crate) fn take(operation: &'static str, path: &Path) -> Result<Self> {
        Self::take_within(operation, path, LOCK_TRIES)
    }

    fn take_within(operation: &'static str, path: &Path, tries: u32) -> Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(|error| io_error(operation, "open the lock", path, error))?;
        for _ in 0..tries {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => {
                    // Not the Clock port's business: this waits for another thread or process, never for a point in time.
                    std::thread::park_timeout(LOCK_PAUSE);
                }
                Err(errno) => return Err(io_error(operation, "take the lock", path, errno.into())),
            }
        }
        Err(Error::new(ErrorKind::Busy, operation, "another process works on this and does not let go")
            .with("lock", path.display()))
    }
}

/// Writes a file as a whole: readers and crashes see the old content or the new.
///
/// The temporary file's name is fixed, so that a crash leaves at most one behind; callers hold a [`Lock`].
pub(crate) fn write_atomic(operation: &'static str, path: &Path, content: &[u8]) -> Result<()> {
    replace(operation, path, content, File::sync_all)?;
    path.parent().map_or(Ok(()), |folder| sync_folder(operation, folder))
}

/// Writes a file that is made anew whenever it isn't as it should be: readers see the old content or the new, but
/// after a power cut it may be any.
pub(crate) fn write_derived(operation: &'static str, path: &Path, content: &[u8]) -> Result<()> {
    replace(operation, path, content, |_| Ok(()))
}

fn replace(operation: &'static str, path: &Path, content: &[u8], sync: fn(&File) -> io::Result<()>) -> Result<()> {
    let fail = |what: &'static str| move |error: io::Error| io_error(operation, what, path, error);
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Error::new(ErrorKind::Internal, operation, "a file without a folder").with("path", path.display()));
    };
    let temporary = folder.join(format!(".{}.tmp", name.to_string_lossy()));
    write_new(&temporary, content, sync).map_err(fail("write"))?;
    fs::rename(&temporary, path).map_err(fail("rename into place"))
}

fn write_new(path: &Path, content: &[u8], sync: fn(&File) -> io::Result<()>) -> io::Result<()> {
    // A leftover of a crash is removed rather than opened: it might be anything, a link included.
    match fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(content)?;
    sync(&file)
}

/// Makes a folder and its missing parents, and puts their names on the disk.
pub(crate) fn make_folder(operation: &'static str, path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make_folder(operation, parent)?;
    }
    match fs::create_dir(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        Err(error) => return Err(io_error(operation, "make the folder", path, error)),
    }
    path.parent().map_or(Ok(()), |parent| sync_folder(operation, parent))
}

/// Puts a folder's list of names on the disk.
pub(crate) fn sync_folder(operation: &'static str, path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| io_error(operation, "sync the folder", path, error))
}

/// Puts a folder with everything in it on the disk. Links are not followed.
pub(crate) fn sync_tree(operation: &'static str, path: &Path) -> Result<()> {
    let fail = |error| io_error(operation, "sync", path, error);
    for entry in fs::read_dir(path).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let kind = entry.file_type().map_err(fail)?;
        if kind.is_dir() {
            sync_tree(operation, &entry.path())?;
        } else if kind.is_file() {
            File::open(entry.path()).and_then(|file| file.sync_all()).map_err(fail)?;
        }
    }
    sync_folder(operation, path)
}

/// Reads a file; `None` when there is none.
pub(crate) fn read(operation: &'static str, path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error(operation, "read", path, error)),
    }
}

/// Removes a folder with everything in it; fine when there is none.
pub(crate) fn remove_tree(operation: &'static str, path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io_error(operation, "remove", path, error)),
    }
}

/// Runs blocking work where it may block. Dropping the future does not stop work that has begun.
pub(crate) async fn blocking<T: Send + 'static>(
    operation: &'static str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::new(ErrorKind::Internal, operation, "the work was cut off").caused_by(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_held_is_busy_in_the_end_and_free_when_it_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = Lock::take("test", &path).unwrap();
        assert_eq!(Lock::take_within("test", &path, 3).unwrap_err().kind(), ErrorKind::Busy);
        drop(held);
        Lock::take_within("test", &path, 1).unwrap();
    }

    #[test]
    fn a_leftover_of_a_crash_is_replaced_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        fs::write(&outside, "kept").unwrap();
        std::os::unix::fs::symlink(&outside, folder.path().join(".record.tmp")).unwrap();
        write_atomic("test", &folder.path().join("record"), b"new").unwrap();
        assert_eq!(fs::read_to_string(&outside).unwrap(), "kept");
        assert_eq!(fs::read_to_string(folder.path().join("record")).unwrap(), "new");
        assert_eq!(read("test", &folder.path().join("none")).unwrap(), None);
    }
}
