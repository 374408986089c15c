//! Files and folders as runs and package managers need them: whole or not at all, links never followed.

use aipipe_core::domain::ContentHash;
use rustix::fs::{Mode, OFlags};
use std::fs;
use std::io::{self, Read as _, Write as _};
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
///
/// The file that is open is the one that is judged, and no more than `limit` is read whatever its size says.
pub(crate) fn read_small(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let plain = |meta: &fs::Metadata| match meta.is_file() {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "not a plain file")),
    };
    plain(&fs::symlink_metadata(path)?)?;
    // Opening a pipe would wait for its other end.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = fs::File::from(rustix::fs::open(path, flags, Mode::empty())?);
    plain(&file.metadata()?)?;
    let mut content = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {limit} bytes")));
    }
    Ok(content)
}

/// Whether a folder really is at `path`: neither the folder itself nor one on the way to it is a link.
///
/// `path` must be absolute and without links as the caller knows it.
pub(crate) fn is_real_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir()) && path.canonicalize().is_ok_and(|real| real == path)
}

/// Refuses what is no folder itself: a link to one would be followed.
fn require_folder(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path)?.is_dir() {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::NotADirectory, "not a folder, or a link to one")),
    }
}

/// The hash of a plain file's content, or `None` when there is no such file.
pub(crate) fn hash_file(path: &Path) -> Option<ContentHash> {
    read_small(path, 64 << 20).ok().map(|content| ContentHash::of(&content))
}

/// Makes the same folder again with hard links in place of files, which takes a small part of a copy's time.
///
/// `target` must not exist, and `source` must be no link. Both folders then share their files: a program that changes one in place changes it in
/// both, which [`state_of`] tells; programs that write a new file and rename it change one folder only.
pub(crate) fn link_tree(source: &Path, target: &Path) -> io::Result<()> {
    require_folder(source)?;
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
                // Some file systems have no hard links, or only so many of one file.
                if fs::hard_link(&source, &target).is_err() {
                    copy_file(&source, &target)?;
                }
            }
        }
        fs::set_permissions(&to, fs::metadata(&from)?.permissions())?;
    }
    Ok(())
}

/// Copies a file with its time: Python compares it with what its compiled files say.
fn copy_file(source: &Path, target: &Path) -> io::Result<()> {
    fs::copy(source, target)?;
    let modified = fs::metadata(source)?.modified()?;
    // Read-only files can't be opened for writing; their time stays new then.
    if let Ok(file) = fs::File::options().write(true).open(target) {
        file.set_modified(modified)?;
    }
    Ok(())
}

/// What tells whether any file below a folder was changed: names, which file each is, its rights, size and the time of
/// its last change, which unlike that of its content no program can set. A link made or removed elsewhere is a change too.
pub(crate) fn state_of(folder: &Path) -> io::Result<ContentHash> {
    use std::os::unix::fs::MetadataExt as _;
    require_folder(folder)?;
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let meta = entry.path().symlink_metadata()?;
            if meta.is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path().into_os_string().into_encoded_bytes();
                files.push((path, meta.ino(), meta.mode(), meta.len(), (meta.ctime(), meta.ctime_nsec())));
            }
        }
    }
    files.sort();
    ContentHash::of_json(&files).map_err(io::Error::from)
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
    require_folder(path)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linked_folder_is_the_same_and_tells_changes() {
        let root = tempfile::tempdir().unwrap();
        let (one, two) = (root.path().join("one"), root.path().join("two"));
        fs::create_dir_all(one.join("sub")).unwrap();
        fs::write(one.join("sub/file"), "content").unwrap();
        std::os::unix::fs::symlink("sub/file", one.join("link")).unwrap();
        link_tree(&one, &two).unwrap();
        assert_eq!(fs::read_to_string(two.join("link")).unwrap(), "content");
        let before = state_of(&one).unwrap();
        fs::write(two.join("new"), "x").unwrap();
        fs::remove_file(two.join("link")).unwrap();
        assert_eq!(state_of(&one).unwrap(), before);
        fs::write(two.join("sub/file"), "changed").unwrap();
        assert_ne!(state_of(&one).unwrap(), before, "changed in place");
    }

    #[test]
    fn a_link_is_no_folder_to_share_or_to_open() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let (real, link) = (root.join("real"), root.join("link"));
        fs::create_dir_all(real.join("sub")).unwrap();
        fs::set_permissions(real.join("sub"), fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert!(is_real_folder(&real.join("sub")) && !is_real_folder(&link) && !is_real_folder(&link.join("sub")));
        assert!(link_tree(&link, &root.join("copy")).is_err() && !root.join("copy").exists());
        assert!(state_of(&link).is_err());
        assert!(make_removable(&link).is_err());
        let mode = fs::metadata(real.join("sub")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755, "nothing behind the link was touched");
        remove_tree(&link).unwrap();
        assert!(real.is_dir() && !link.exists());
    }

    #[test]
    fn only_plain_small_files_are_read() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "12345").unwrap();
        assert_eq!(read_small(&file, 5).unwrap(), b"12345");
        assert_eq!(read_small(&file, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        let link = root.path().join("link");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        for odd in [link.as_path(), Path::new("/dev/zero"), root.path()] {
            assert_eq!(read_small(odd, 5).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }
        // Says that it has no byte and has endless ones.
        assert!(read_small(Path::new("/proc/self/maps"), 5).is_err());
    }

    #[test]
    fn folders_without_write_permission_are_removed_too() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("file"), "x").unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
        remove_tree(&root.path().join("a")).unwrap();
        remove_tree(&root.path().join("a")).unwrap();
        assert!(!root.path().join("a").exists());
    }
}
