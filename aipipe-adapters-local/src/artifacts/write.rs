//! Putting and deleting.

use super::folder::Folder;
use super::tree::{Found, Tree, absent, failed, fold, shard_and_hash, split};
use super::version::Version;
use crate::failpoint::failpoint;
use aipipe_core::domain::{ArtifactKey, ContentHash};
use aipipe_core::ports::{ArtifactMeta, PutMode};
use aipipe_core::{Error, ErrorKind, Result};
use rustix::io::Errno;
use std::io::{self, Read as _, Write as _};

const PUT: &str = "artifact.put";
const DELETE: &str = "artifact.delete";

/// Stores `content` under `key`.
pub(super) fn put(tree: &Tree, key: &ArtifactKey, content: &[u8], mode: &PutMode) -> Result<ArtifactMeta> {
    let fail = |error: io::Error| failed(PUT, key, error);
    let refuse = |kind, message| Err(Error::new(kind, PUT, message).with("key", key));
    if *mode == PutMode::CreateOnly && !matches!(tree.look(key).map_err(fail)?, Found::Nothing) {
        // Saves writing; the answer is given below, where it is certain to last.
        let lock = tree.lock(key).map_err(|errno| fail(errno.into()))?;
        if !matches!(tree.look(key).map_err(fail)?, Found::Nothing) {
            return refuse_existing(tree, key);
        }
        drop(lock);
    }

    let temporary = Temporary::write(tree, content).map_err(fail)?;
    temporary.sync().map_err(fail)?;
    failpoint!("artifact.put.temp-written");
    let _lock = tree.lock(key).map_err(|errno| fail(errno.into()))?;
    let found = tree.look(key).map_err(fail)?;
    let (parent, name) = split(key);
    match (mode, &found) {
        (PutMode::Overwrite, _) | (PutMode::CreateOnly, Found::Nothing) => {}
        (PutMode::CreateOnly, _) => return refuse_existing(tree, key),
        (PutMode::IfVersion(_), Found::Nothing) => return Err(absent(PUT, key)),
        (PutMode::IfVersion(expected), Found::Version(version, _)) if version.name() == *expected => {}
        (PutMode::IfVersion(_), _) => return refuse(ErrorKind::Conflict, "the key holds another version"),
        _ => return refuse(ErrorKind::Unsupported, "this store does not know the kind of put"),
    }
    let folder = prepare(tree, key, parent)?;
    claim(tree, key, &Claim::Key(key.as_str()))?;

    let current = match &found {
        Found::Version(version, _) => version.number,
        Found::Nothing => 0,
        // Which one was current can't be told: all are kept.
        Found::Foreign => u64::MAX,
    };
    let (shard, versions) = make_version_folder(tree, key).map_err(fail)?;
    let mut highest = 0;
    for (version, _) in tree.versions_of(key).map_err(fail)? {
        if version.number > current {
            // Named by a writer that never made it current; nobody was told of it, and its number is free again.
            versions.remove_file(&version.file_name()).map_err(|errno| fail(errno.into()))?;
        } else {
            highest = highest.max(version.number);
        }
    }
    let version = Version {
        number: highest.saturating_add(1),
        id: uuid::Uuid::now_v7().simple().to_string(),
        bytes: content.len() as u64,
        hash: ContentHash::of(content),
    };
    let switched = temporary
        .link(&versions, &version.file_name())
        .and_then(|()| versions.sync())
        // The folder of a key that holds something was made durable before that became current.
        .and_then(|()| if matches!(found, Found::Version(..)) { Ok(()) } else { sync_shard(tree, key, &shard) })
        .and_then(|()| {
            failpoint!("artifact.put.version-named");
            temporary.switch(&folder, name, &found, mode)
        })
        .and_then(|()| {
            failpoint!("artifact.put.switched");
            folder.sync()
        });
    match switched {
        Ok(()) => Ok(version.meta(key)),
        Err(Errno::EXIST) => refuse(ErrorKind::AlreadyExists, "the key holds a file"),
        Err(errno) => Err(fail(errno.into())),
    }
}

/// Removes `key` with all its versions.
pub(super) fn delete(tree: &Tree, key: &ArtifactKey) -> Result<()> {
    remove(tree, key).map_err(|errno| failed(DELETE, key, errno))
}

fn remove(tree: &Tree, key: &ArtifactKey) -> rustix::io::Result<()> {
    let _lock = tree.lock(key)?;
    let (parent, name) = split(key);
    match tree.root.walk(parent) {
        Ok(folder) => match folder.kind(name)? {
            Some(rustix::fs::FileType::Symlink) => return Err(Errno::LOOP),
            Some(rustix::fs::FileType::Directory) => return Ok(()),
            Some(_) => {
                folder.remove_file(name)?;
                folder.sync()?;
            }
            None => {}
        },
        Err(Errno::NOENT | Errno::NOTDIR) => {}
        Err(errno) => return Err(errno),
    }
    failpoint!("artifact.delete.unlinked");
    // From here on the key holds nothing; what a crash leaves is removed by the next put or delete.
    let (shard, hash) = shard_and_hash(key.as_str());
    match tree.versions.folder(&shard) {
        Ok(shard) => {
            match shard.folder(&hash) {
                Ok(versions) => {
                    for entry in versions.entries()? {
                        versions.remove_file(&entry.name)?;
                    }
                }
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno),
            }
            shard.remove_folder(&hash)?;
        }
        Err(Errno::NOENT) => {}
        Err(errno) => return Err(errno),
    }
    let (shard, hash) = shard_and_hash(&fold(key.as_str()));
    match tree.claims.folder(&shard) {
        Ok(claims) if read_claim(&claims, &hash)?.as_deref() == Some(Claim::Key(key.as_str()).text().as_str()) => {
            claims.remove_file(&hash)
        }
        Ok(_) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Says that the key is taken, once what is there is certain to last: a caller may rely on it as on its own put.
fn refuse_existing(tree: &Tree, key: &ArtifactKey) -> Result<ArtifactMeta> {
    let folder = prepare(tree, key, split(key).0)?;
    folder.sync().map_err(|errno| failed(PUT, key, errno))?;
    Err(Error::new(ErrorKind::AlreadyExists, PUT, "the key holds an artifact").with("key", key))
}

/// Makes the folders of a key, claimed and durable.
fn prepare(tree: &Tree, key: &ArtifactKey, parent: &str) -> Result<Folder> {
    let fail = |errno: Errno| failed(PUT, key, errno);
    if tree.is_prepared(parent) {
        match tree.root.walk(parent) {
            // Someone removed it meanwhile, and who knows what else.
            Err(Errno::NOENT) => tree.forget_prepared(),
            other => return other.map_err(fail),
        }
    }
    let mut path = String::with_capacity(parent.len());
    let mut folder: Option<Folder> = None;
    for name in parent.split('/') {
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(name);
        claim(tree, key, &Claim::Folder(&path))?;
        let above = folder.as_ref().unwrap_or(&tree.root);
        let (inner, made) = above.folder_or_new(name).map_err(|errno| match errno {
            Errno::NOTDIR => Error::new(ErrorKind::InvalidInput, PUT, "a folder of the key is a file").with("key", key),
            other => fail(other),
        })?;
        // Also one that is there: whoever made it may not have synced it yet.
        if made || !tree.is_prepared(&path) {
            above.sync().map_err(fail)?;
            tree.set_prepared(&path);
        }
        folder = Some(inner);
    }
    folder.ok_or_else(|| Error::new(ErrorKind::InvalidInput, PUT, "the key has no folder").with("key", key))
}

/// The folder of a key's versions, and the one that is in.
fn make_version_folder(tree: &Tree, key: &ArtifactKey) -> io::Result<(Folder, Folder)> {
    let (shard, hash) = shard_and_hash(key.as_str());
    let (shard, _) = tree.versions.folder_or_new(&shard)?;
    let (versions, _) = shard.folder_or_new(&hash)?;
    Ok((shard, versions))
}

/// Makes the folder of a key's versions durable: after what is in it, so that a journaling file system does all at once.
fn sync_shard(tree: &Tree, key: &ArtifactKey, shard: &Folder) -> rustix::io::Result<()> {
    shard.sync()?;
    let (name, _) = shard_and_hash(key.as_str());
    if !tree.is_prepared(&name) {
        tree.versions.sync()?;
        tree.set_prepared(&name);
    }
    Ok(())
}

/// Who has a name, so that names which differ only in letter case are never both in use.
enum Claim<'a> {
    Folder(&'a str),
    Key(&'a str),
}

impl Claim<'_> {
    fn path(&self) -> &str {
        match self {
            Self::Folder(path) | Self::Key(path) => path,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Folder(path) => format!("folder {path}"),
            Self::Key(path) => format!("key {path}"),
        }
    }
}

/// Claims a name, or refuses the key because the name is another's.
///
/// A claim is made with all its text in one step (a link to a written file), so of two writers one sees the other's. It
/// is not synced: a claim lost in a power cut is made again, and only letter case is then left to the file system.
fn claim(tree: &Tree, key: &ArtifactKey, claim: &Claim<'_>) -> Result<()> {
    let fail = |error: io::Error| failed(PUT, key, error);
    let refuse = |message| Err(Error::new(ErrorKind::InvalidInput, PUT, message).with("key", key));
    let folded = fold(claim.path());
    let (shard, hash) = shard_and_hash(&folded);
    let (claims, _) = tree.claims.folder_or_new(&shard).map_err(|errno| fail(errno.into()))?;
    loop {
        let text = read_claim(&claims, &hash).map_err(|errno| fail(errno.into()))?;
        let owner = text.as_deref().and_then(|text| text.split_once(' '));
        match owner {
            Some((kind, path)) if fold(path) == folded => {
                return match (claim, kind, path == claim.path()) {
                    (Claim::Folder(_), "folder", true) | (Claim::Key(_), "key", true) => Ok(()),
                    (_, _, false) => refuse("the key differs from another one only in letter case"),
                    (Claim::Folder(_), _, true) => refuse("a folder of the key is an artifact"),
                    (Claim::Key(_), _, true) => refuse("the key is a folder of other artifacts"),
                };
            }
            _ => {}
        }
        let temporary = Temporary::write(tree, claim.text().as_bytes()).map_err(fail)?;
        let made = match text {
            None => temporary.link(&claims, &hash),
            // Cut off by a power cut: nobody's.
            Some(_) => temporary.rename(&claims, &hash),
        };
        match made {
            Ok(()) => return Ok(()),
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(fail(errno.into())),
        }
    }
}

/// The text of a claim; `None` if there is none.
pub(super) fn read_claim(claims: &Folder, hash: &str) -> rustix::io::Result<Option<String>> {
    let file = match claims.file(hash) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(errno) => return Err(errno),
    };
    let mut bytes = Vec::new();
    // Keys are shorter; anything longer is nobody's claim.
    file.take(4096).read_to_end(&mut bytes).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// A file in the folder for temporary ones; its name there goes away with the value.
struct Temporary<'a> {
    tree: &'a Tree,
    name: String,
    file: std::fs::File,
}

impl<'a> Temporary<'a> {
    fn write(tree: &'a Tree, content: &[u8]) -> io::Result<Self> {
        let name = uuid::Uuid::now_v7().simple().to_string();
        let file = tree.temporary.new_file(&name)?;
        let mut temporary = Self { tree, name, file };
        temporary.file.write_all(content)?;
        Ok(temporary)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn link(&self, folder: &Folder, name: &str) -> rustix::io::Result<()> {
        self.tree.temporary.link(&self.name, folder, name)
    }

    fn rename(&self, folder: &Folder, name: &str) -> rustix::io::Result<()> {
        self.tree.temporary.rename(&self.name, folder, name)
    }

    /// Makes the file what `name` holds: the one step that readers see.
    fn switch(&self, folder: &Folder, name: &str, found: &Found, mode: &PutMode) -> rustix::io::Result<()> {
        match found {
            // A link replaces nothing, not even a file somebody puts there at this moment.
            Found::Nothing => match self.link(folder, name) {
                Err(Errno::EXIST) if *mode == PutMode::Overwrite => self.rename(folder, name),
                other => other,
            },
            Found::Version(..) | Found::Foreign => self.rename(folder, name),
        }
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if let Err(errno) = self.tree.temporary.remove_file(&self.name) {
            // The next opening removes it.
            tracing::warn!(error = errno.to_string(), "a temporary file was left");
        }
    }
}
