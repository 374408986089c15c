//! Folders by handle. Every step is one plain name below an open folder and follows no symbolic link, so nothing that is
//! planted in the tree, at whatever moment, can lead out of it.
//!
//! Linux's `openat2` would walk a whole path at once; stepping is what every system has, and keys are a few parts deep.

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, Stat};
use rustix::io::{Errno, Result};
use std::fs::File;
use std::path::Path;

const READ: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// Large enough that one system call reads most folders whole: a name replaced meanwhile is neither missed nor doubled.
const NAMES_BYTES: usize = 256 * 1024;

/// An open folder.
#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

/// A name in a folder.
#[derive(Debug)]
pub(super) struct Entry {
    /// The name; names that are no UTF-8 are none of ours and left out.
    pub(super) name: String,
    /// What it names.
    pub(super) kind: FileType,
    /// The file's number in its file system.
    pub(super) inode: u64,
}

impl Folder {
    /// Opens the root itself, which the host chose: it may be reached through links.
    pub(super) fn root(path: &Path) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(path, flags, Mode::empty()).map(Self)
    }

    /// The folder `name` in this one; `LOOP` if a symbolic link has that name.
    pub(super) fn folder(&self, name: &str) -> Result<Self> {
        match rustix::fs::openat(&self.0, name, READ | OFlags::DIRECTORY, Mode::empty()) {
            Ok(folder) => Ok(Self(folder)),
            // That is also what Linux says of a link when a folder is asked for.
            Err(Errno::NOTDIR) => match self.kind(name)? {
                Some(FileType::Symlink) => Err(Errno::LOOP),
                _ => Err(Errno::NOTDIR),
            },
            Err(errno) => Err(errno),
        }
    }

    /// The folder `name`, made if it is not there; whether it was made.
    pub(super) fn folder_or_new(&self, name: &str) -> Result<(Self, bool)> {
        match self.folder(name) {
            Err(Errno::NOENT) => {}
            other => return other.map(|folder| (folder, false)),
        }
        match rustix::fs::mkdirat(&self.0, name, Mode::from_raw_mode(0o755)) {
            Ok(()) => self.folder(name).map(|folder| (folder, true)),
            Err(Errno::EXIST) => self.folder(name).map(|folder| (folder, false)),
            Err(errno) => Err(errno),
        }
    }

    /// The folder at the end of `path`, a `/`-separated list of plain names.
    pub(super) fn walk(&self, path: &str) -> Result<Self> {
        let mut names = path.split('/');
        let mut folder = self.folder(names.next().unwrap_or_default())?;
        for name in names {
            folder = folder.folder(name)?;
        }
        Ok(folder)
    }

    /// The plain file `name`, open for reading; `LOOP` for a link, `ISDIR` for a folder, `NXIO` for anything else.
    pub(super) fn file(&self, name: &str) -> Result<File> {
        // NONBLOCK: opening a pipe someone planted must not wait for its other end.
        let file = rustix::fs::openat(&self.0, name, READ | OFlags::NONBLOCK, Mode::empty())?;
        match FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode) {
            FileType::RegularFile => Ok(File::from(file)),
            FileType::Directory => Err(Errno::ISDIR),
            _ => Err(Errno::NXIO),
        }
    }

    /// The plain file `name` for locking, made if it is not there.
    pub(super) fn lock_file(&self, name: &str) -> Result<File> {
        match self.file(name) {
            Err(Errno::NOENT) => {}
            other => return other,
        }
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        rustix::fs::openat(&self.0, name, flags, Mode::from_raw_mode(0o644)).map(File::from)
    }

    /// A new file `name`.
    pub(super) fn new_file(&self, name: &str) -> Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(&self.0, name, flags, Mode::from_raw_mode(0o644)).map(File::from)
    }

    /// What is known of `name` itself, not of what a link points to; `None` if there is nothing.
    pub(super) fn stat(&self, name: &str) -> Result<Option<Stat>> {
        match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// What `name` is; `None` if there is nothing.
    pub(super) fn kind(&self, name: &str) -> Result<Option<FileType>> {
        Ok(self.stat(name)?.map(|stat| FileType::from_raw_mode(stat.st_mode)))
    }

    /// Gives the file `name` a second name in `folder`; `EXIST` if that is taken.
    pub(super) fn link(&self, name: &str, folder: &Self, new: &str) -> Result<()> {
        rustix::fs::linkat(&self.0, name, &folder.0, new, AtFlags::empty())
    }

    /// Moves the file `name`, replacing what has the new name.
    pub(super) fn rename(&self, name: &str, folder: &Self, new: &str) -> Result<()> {
        rustix::fs::renameat(&self.0, name, &folder.0, new)
    }

    /// Removes the file `name`; fine if there is none.
    pub(super) fn remove_file(&self, name: &str) -> Result<()> {
        gone_is_fine(rustix::fs::unlinkat(&self.0, name, AtFlags::empty()))
    }

    /// Removes the empty folder `name`; fine if there is none.
    pub(super) fn remove_folder(&self, name: &str) -> Result<()> {
        gone_is_fine(rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR))
    }

    /// Makes the names in this folder durable.
    pub(super) fn sync(&self) -> Result<()> {
        rustix::fs::fsync(&self.0)
    }

    /// All names in it, in no order.
    pub(super) fn entries(&self) -> Result<Vec<Entry>> {
        // A handle of its own: reading moves the position of the handle.
        let folder = rustix::fs::openat(&self.0, ".", READ | OFlags::DIRECTORY, Mode::empty())?;
        let mut buffer = Vec::with_capacity(NAMES_BYTES);
        let mut names = RawDir::new(&folder, buffer.spare_capacity_mut());
        let mut entries = Vec::new();
        while let Some(entry) = names.next() {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                // Some file systems don't say.
                FileType::Unknown => match self.kind(name)? {
                    Some(kind) => kind,
                    None => continue,
                },
                kind => kind,
            };
            entries.push(Entry { name: name.to_owned(), kind, inode: entry.ino() });
        }
        Ok(entries)
    }
}

fn gone_is_fine(result: Result<()>) -> Result<()> {
    match result {
        Err(Errno::NOENT) => Ok(()),
        other => other,
    }
}
