//! The folders of a store.
//!
//! ```text
//! {root}/{key}                                    current content: what a person looks at
//! {root}/.aipipe/versions/{hh}/{key hash}/…       every version; the current one is a second name of the file at {key}
//! {root}/.aipipe/claims/{hh}/{folded hash}        who has a name, whatever its letter case
//! {root}/.aipipe/locks/{hh}                       one writer at a time for the keys that share the two digits
//! {root}/.aipipe/tmp/                             files being written
//! {root}/.aipipe/live                             locked by every open store
//! ```
//!
//! A put writes and syncs a temporary file, names it in `versions`, syncs that, and then moves it to its key: this one
//! step is what makes it current. Which version is current is told by the file itself, so there is no pointer that
//! could disagree. No project root begins with a dot, so no key reaches the hidden folder.

use super::folder::Folder;
use super::version::Version;
use crate::os_error::os_error;
use aipipe_core::domain::ArtifactKey;
use aipipe_core::{Error, ErrorKind, Result};
use rustix::fs::FlockOperation;
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::ops::Range;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The hidden folder.
const HIDDEN: &str = ".aipipe";
const OPEN: &str = "artifact.open";
/// A reader that meets a new version at every look has met this many.
const LOOKS: usize = 100;
/// Folders remembered as prepared; forgetting them costs a few more syncs.
const PREPARED: usize = 10_000;

/// An open store.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) root: Folder,
    pub(super) versions: Folder,
    pub(super) claims: Folder,
    pub(super) temporary: Folder,
    locks: Folder,
    /// Held for as long as the store is open: temporary files are only removed when nobody else has it open.
    _live: File,
    /// Folders whose claims this store has checked and whose names it has made durable; shards by their two digits.
    prepared: Mutex<HashSet<String>>,
}

/// What lies at a key.
#[derive(Debug)]
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// A file this store did not write, or that was changed or replaced afterwards.
    Foreign,
    /// A version of the artifact, open.
    Version(Version, File),
}

impl Tree {
    /// Opens the store at `root`, making what is missing, and removes what crashed writers left.
    pub(super) fn open(root: &Path) -> Result<Self> {
        let fail =
            |errno: Errno| os_error(OPEN, "the artifact folder can't be opened", errno).with("path", root.display());
        let base = make_root(root)
            .map_err(|error| os_error(OPEN, "the artifact folder can't be made", error).with("path", root.display()))?;
        let make = |folder: &Folder, name: &str| {
            let (inner, made) = folder.folder_or_new(name)?;
            if made {
                folder.sync()?;
            }
            Ok(inner)
        };
        let hidden = make(&base, HIDDEN).map_err(fail)?;
        let live = hidden.lock_file("live").map_err(fail)?;
        let temporary = make(&hidden, "tmp").map_err(fail)?;
        let alone = match rustix::fs::flock(&live, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => true,
            Err(Errno::WOULDBLOCK) => false,
            Err(errno) => return Err(fail(errno)),
        };
        if alone {
            for entry in temporary.entries().map_err(fail)? {
                match temporary.remove_file(&entry.name) {
                    // A store opened for reading on a read-only file system cleans nothing.
                    Ok(()) | Err(Errno::ROFS | Errno::ACCESS | Errno::PERM | Errno::ISDIR) => {}
                    Err(errno) => return Err(fail(errno)),
                }
            }
        }
        retry(|| rustix::fs::flock(&live, FlockOperation::LockShared)).map_err(fail)?;
        Ok(Self {
            versions: make(&hidden, "versions").map_err(fail)?,
            claims: make(&hidden, "claims").map_err(fail)?,
            locks: make(&hidden, "locks").map_err(fail)?,
            temporary,
            root: base,
            _live: live,
            prepared: Mutex::default(),
        })
    }

    /// Waits until no other writer, in whatever process, works on `key`; until the file is dropped.
    pub(super) fn lock(&self, key: &ArtifactKey) -> rustix::io::Result<File> {
        let (shard, _) = shard_and_hash(&fold(key.as_str()));
        let file = self.locks.lock_file(&shard)?;
        retry(|| rustix::fs::flock(&file, FlockOperation::LockExclusive))?;
        Ok(file)
    }

    /// What lies at `key` now.
    pub(super) fn look(&self, key: &ArtifactKey) -> io::Result<Found> {
        let mut last = None;
        for _ in 0..LOOKS {
            let mut file = match self.open_current(key) {
                Ok(file) => file,
                // A folder at the key, or a file at one of its folders: other keys, not this one.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::ISDIR) => return Ok(Found::Nothing),
                // Neither file nor folder: a pipe, a socket, a device.
                Err(Errno::NXIO) => return Ok(Found::Foreign),
                Err(errno) => return Err(errno.into()),
            };
            let mut versions = self.versions_of(key)?;
            let meta = file.metadata()?;
            if let Some(at) = versions.iter().position(|(_, inode)| *inode == meta.ino()) {
                let (version, _) = versions.swap_remove(at);
                let whole = version.bytes == meta.len();
                return Ok(if whole { Found::Version(version, file) } else { Found::Foreign });
            }
            // Replaced or deleted between the two looks? Then look again. The open file keeps its number from being
            // given to another one.
            let now = (meta.ino(), meta.mtime(), meta.mtime_nsec());
            if last.replace(now) != Some(now) {
                continue;
            }
            // A tree that was copied has other files: then the content tells the version.
            if versions.is_empty() {
                return Ok(Found::Foreign);
            }
            let read = read(&file, None)?;
            file.rewind()?;
            versions.retain(|(version, _)| version.hash.to_hex() == read.hash);
            return Ok(match versions.into_iter().max_by_key(|(version, _)| version.number) {
                Some((version, _)) => Found::Version(version, file),
                None => Found::Foreign,
            });
        }
        Err(Errno::AGAIN.into())
    }

    /// The versions of `key` that were ever named, in no order, each with its file's number.
    pub(super) fn versions_of(&self, key: &ArtifactKey) -> io::Result<Vec<(Version, u64)>> {
        let folder = match self.version_folder(key) {
            Ok(folder) => folder,
            Err(Errno::NOENT) => return Ok(Vec::new()),
            Err(errno) => return Err(errno.into()),
        };
        let entries = folder.entries()?;
        Ok(entries.into_iter().filter_map(|entry| Some((Version::parse(&entry.name)?, entry.inode))).collect())
    }

    /// Whether this store has made the folder `path` durable.
    pub(super) fn is_prepared(&self, path: &str) -> bool {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner).contains(path)
    }

    /// Notes that the folder `path` is durable.
    pub(super) fn set_prepared(&self, path: &str) {
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if prepared.len() >= PREPARED {
            prepared.clear();
        }
        prepared.insert(path.to_owned());
    }

    /// Takes no folder for durable any more.
    pub(super) fn forget_prepared(&self) {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Where the versions of `key` lie.
    pub(super) fn version_folder(&self, key: &ArtifactKey) -> rustix::io::Result<Folder> {
        let (shard, hash) = shard_and_hash(key.as_str());
        self.versions.folder(&shard)?.folder(&hash)
    }

    fn open_current(&self, key: &ArtifactKey) -> rustix::io::Result<File> {
        let (parent, name) = split(key);
        self.root.walk(parent)?.file(name)
    }
}

/// The folder and the name of a key's file.
pub(super) fn split(key: &ArtifactKey) -> (&str, &str) {
    // A key has at least three parts.
    key.as_str().rsplit_once('/').unwrap_or(("", key.as_str()))
}

/// The two first digits of a text's hash and the whole hash: names of hidden files.
pub(super) fn shard_and_hash(text: &str) -> (String, String) {
    let hash = hex(&Sha256::digest(text));
    (hash.chars().take(2).collect(), hash)
}

/// The form in which names that some file systems hold to be the same are equal.
pub(super) fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// What reading a whole file brought.
pub(super) struct Read {
    /// The bytes asked for.
    pub(super) content: Vec<u8>,
    /// Bytes in the file.
    pub(super) bytes: u64,
    /// SHA-256 of all of them in hexadecimal digits.
    pub(super) hash: String,
}

/// Reads a file whole, hashing it, and keeps the bytes in `keep`.
pub(super) fn read(mut file: &File, keep: Option<&Range<u64>>) -> io::Result<Read> {
    let mut hasher = Sha256::new();
    let mut content = Vec::new();
    if let Some(range) = keep {
        let length = file.metadata()?.len().min(range.end).saturating_sub(range.start);
        content.reserve_exact(usize::try_from(length).map_err(|_| Errno::NOMEM)?);
    }
    let mut buffer = vec![0; 64 * 1024];
    let mut position = 0_u64;
    loop {
        let count = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let block = buffer.get(..count).unwrap_or_default();
        hasher.update(block);
        if let Some(range) = keep {
            let within = |at: u64| usize::try_from(at.saturating_sub(position)).unwrap_or(usize::MAX).min(count);
            content.extend_from_slice(block.get(within(range.start)..within(range.end)).unwrap_or_default());
        }
        position += count as u64;
    }
    Ok(Read { content, bytes: position, hash: hex(&hasher.finalize()) })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Opens the root, making it and the folders above it, each durable in the one above it.
fn make_root(path: &Path) -> io::Result<Folder> {
    match Folder::root(path) {
        Err(Errno::NOENT) => {}
        other => return Ok(other?),
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = match parent {
        Some(parent) => make_root(parent)?,
        None => Folder::root(Path::new("."))?,
    };
    match std::fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => parent.sync()?,
    }
    Ok(Folder::root(path)?)
}

fn retry<T>(call: impl FnMut() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    rustix::io::retry_on_intr(call)
}

/// The error of `operation` on `key`.
pub(super) fn failed(operation: &'static str, key: &ArtifactKey, error: impl Into<io::Error>) -> Error {
    let error = error.into();
    let message = match Errno::from_io_error(&error) {
        Some(Errno::LOOP) => "a symbolic link stands where the store keeps its own files; it is not followed",
        _ => "the artifact's files can't be read or written",
    };
    os_error(operation, message, error).with("key", key)
}

/// That there is no such artifact.
pub(super) fn absent(operation: &'static str, key: &ArtifactKey) -> Error {
    Error::new(ErrorKind::NotFound, operation, "there is no such artifact").with("key", key)
}
