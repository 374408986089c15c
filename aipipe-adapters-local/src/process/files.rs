//! Files and folders as runs and package managers need them: whole or not at all, links never followed.

use aipipe_core::domain::ContentHash;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

/// Replaces a file by new content: after a crash either the old or the new content is there.
pub(crate) fn write_atomic(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::other("the file has no folder"))?;
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    fs::File::open(folder)?.sync_all()
}

/// A file's content, if it is a plain file of at most `limit` bytes.
pub(crate) fn read_small(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let meta = fs::symlink_metadata(path)?;
    if !meta.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a plain file"));
    }
    if meta.len() > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {limit} bytes")));
    }
    fs::read(path)
}

/// The hash of a plain file's content, or `None` when there is no such file.
pub(crate) fn hash_file(path: &Path) -> Option<ContentHash> {
    read_small(path, 64 << 20).ok().map(|content| ContentHash::of(&content))
}

/// Copies a folder with permissions, times and links as they are; returns how many files were copied.
///
/// `target` must not exist. Times are kept because Python compares them with its compiled files.
pub(crate) fn copy_tree(source: &Path, target: &Path) -> io::Result<u64> {
    let mut files = 0;
    let mut folders = vec![(source.to_path_buf(), target.to_path_buf())];
    while let Some((from, to)) = folders.pop() {
        fs::create_dir(&to)?;
        for entry in fs::read_dir(&from)? {
            let entry = entry?;
            let (source, target) = (entry.path(), to.join(entry.file_name()));
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push((source, target));
            } else if kind.is_symlink() {
                std::os::unix::fs::symlink(fs::read_link(&source)?, &target)?;
            } else if kind.is_file() {
                fs::copy(&source, &target)?;
                let modified = entry.metadata()?.modified()?;
                // Read-only files can't be opened for writing; their time stays new then.
                if let Ok(file) = fs::File::options().write(true).open(&target) {
                    file.set_modified(modified)?;
                }
                files += 1;
            }
        }
        fs::set_permissions(&to, fs::metadata(&from)?.permissions())?;
    }
    Ok(files)
}

/// Removes a folder and all below it; fine when there is none.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            make_removable(path)?;
            fs::remove_dir_all(path)
        }
        done => done,
    }
}

/// Steps may leave folders without write permission.
fn make_removable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut folders = vec![path.to_path_buf()];
    while let Some(folder) = folders.pop() {
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Ok(())
}
