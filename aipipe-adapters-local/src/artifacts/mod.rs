//! Artifacts as files: the tree a person can look at, every version beside it, out of sight.
//!
//! - `tree`: the layout, and which version is current. - `write`: put and delete. - `list`: the walk in key order.
//! - `folder`: steps that follow no link. - `version`: what a version's file name says.

mod folder;
mod list;
mod tree;
mod version;
mod write;

use self::list::Walk;
use self::tree::{Found, Tree, absent, failed, read};
use aipipe_core::domain::{ArtifactKey, ArtifactPrefix};
use aipipe_core::ports::{
    Artifact, ArtifactCapabilities, ArtifactEntry, ArtifactMeta, ArtifactStore, ArtifactVersion, GetOptions,
    PutOptions, VersionEntry,
};
use aipipe_core::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _};
use rustix::io::Errno;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

const GET: &str = "artifact.get";
const HEAD: &str = "artifact.head";
const VERSIONS: &str = "artifact.versions";
/// Contents are held in memory whole.
const MAX_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Artifacts as files below a folder, each at the path its key says. Any number of processes may share the folder.
///
/// - A put is one rename of a synced file, durable when it returns. Writers of a key take turns by a file lock that the
///   kernel releases when a process dies.
/// - Versions are kept under `.aipipe/` in the root; the current one is a hard link of the file in view. The file system
///   must know hard links and `flock`.
/// - A key that differs from another only in letter case, in any part, is refused with `InvalidInput`; so is one whose
///   folder is another artifact.
/// - A symbolic link anywhere in the tree is never followed: the key is refused with `PermissionDenied`.
/// - A file changed from outside is `Corrupt` when it is read; `list` and `head` notice another length or another file,
///   but read no content. Files the store has not written at all are not listed. A file removed by hand is an artifact
///   removed, with its versions, at the next put.
#[derive(Debug, Clone)]
pub struct LocalArtifacts {
    tree: Arc<Tree>,
}

impl LocalArtifacts {
    /// Opens the store in the folder `root`, making it and the folders above it if they are not there.
    ///
    /// Removes what crashed writers left, if nobody else has the store open.
    ///
    /// # Errors
    /// `PermissionDenied`, `StorageFull`, `Unavailable`; `InvalidInput` when `root` is a file.
    pub fn open(root: &Path) -> Result<Self> {
        Ok(Self { tree: Arc::new(Tree::open(root)?) })
    }

    /// Runs file work where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Tree) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let tree = Arc::clone(&self.tree);
        tokio::task::spawn_blocking(move || work(&tree))
            .await
            .map_err(|error| Error::new(ErrorKind::Internal, operation, "the file work stopped").caused_by(error))?
    }
}

#[async_trait]
impl ArtifactStore for LocalArtifacts {
    fn capabilities(&self) -> ArtifactCapabilities {
        ArtifactCapabilities::new(true, MAX_BYTES)
    }

    fn list(&self, prefix: ArtifactPrefix) -> BoxStream<'static, Result<ArtifactEntry>> {
        let store = self.clone();
        // Pulled chunk by chunk: no thread waits for a slow reader.
        stream::unfold(Some((store, Walk::new(&prefix))), |state| async move {
            let (store, mut walk) = state?;
            let outcome = store
                .blocking("artifact.list", move |tree| {
                    let chunk = walk.next_chunk(tree);
                    Ok((chunk, walk))
                })
                .await;
            match outcome {
                Ok((chunk, _)) if chunk.is_empty() => None,
                Ok((chunk, walk)) => Some((stream::iter(chunk), Some((store, walk)))),
                Err(error) => Some((stream::iter(vec![Err(error)]), None)),
            }
        })
        .flatten()
        .boxed()
    }

    async fn put(&self, key: &ArtifactKey, content: Bytes, options: PutOptions) -> Result<ArtifactMeta> {
        if content.len() as u64 > MAX_BYTES {
            let error = Error::new(ErrorKind::InvalidInput, "artifact.put", "the content is larger than 2 GiB");
            return Err(error.with("key", key).with("bytes", content.len()));
        }
        let key = key.clone();
        self.blocking("artifact.put", move |tree| write::put(tree, &key, &content, &options.mode)).await
    }

    async fn get(&self, key: &ArtifactKey, options: GetOptions) -> Result<Artifact> {
        let key = key.clone();
        self.blocking(GET, move |tree| get(tree, &key, &options)).await
    }

    async fn head(&self, key: &ArtifactKey) -> Result<ArtifactMeta> {
        let key = key.clone();
        self.blocking(HEAD, move |tree| {
            let (version, _) = current(tree, HEAD, &key)?;
            Ok(version.meta(&key))
        })
        .await
    }

    async fn versions(&self, key: &ArtifactKey) -> Result<Vec<VersionEntry>> {
        let key = key.clone();
        self.blocking(VERSIONS, move |tree| {
            let (current, _) = current(tree, VERSIONS, &key)?;
            let mut versions = tree.versions_of(&key).map_err(|error| failed(VERSIONS, &key, error))?;
            // A larger number belongs to a put that is under way or never finished.
            versions.retain(|(version, _)| version.number <= current.number);
            versions.sort_by_key(|(version, _)| std::cmp::Reverse(version.number));
            Ok(versions.iter().map(|(version, _)| version.entry()).collect())
        })
        .await
    }

    async fn delete(&self, key: &ArtifactKey) -> Result<()> {
        let key = key.clone();
        self.blocking("artifact.delete", move |tree| write::delete(tree, &key)).await
    }
}

fn current(tree: &Tree, operation: &'static str, key: &ArtifactKey) -> Result<(version::Version, File)> {
    match tree.look(key).map_err(|error| failed(operation, key, error))? {
        Found::Version(version, file) => Ok((version, file)),
        Found::Nothing => Err(absent(operation, key)),
        Found::Foreign => Err(damaged(operation, key)),
    }
}

fn get(tree: &Tree, key: &ArtifactKey, options: &GetOptions) -> Result<Artifact> {
    let fail = |error| failed(GET, key, error);
    let (now, file) = current(tree, GET, key)?;
    let (version, file) = match &options.version {
        Some(wanted) if now.name() != *wanted => earlier(tree, key, &now, wanted)?,
        _ => (now, file),
    };
    let range = match &options.range {
        None => 0..version.bytes,
        Some(range) if range.start > version.bytes || range.start > range.end => {
            return Err(Error::new(ErrorKind::InvalidInput, GET, "the range is not within the content")
                .with("key", key)
                .with("start", range.start)
                .with("end", range.end)
                .with("bytes", version.bytes));
        }
        Some(range) => range.start..range.end.min(version.bytes),
    };
    let found = read(&file, Some(&range)).map_err(fail)?;
    if found.bytes != version.bytes || found.hash != version.hash.to_hex() {
        return Err(damaged(GET, key));
    }
    Ok(Artifact::new(version.meta(key), Bytes::from(found.content)))
}

fn earlier(
    tree: &Tree,
    key: &ArtifactKey,
    now: &version::Version,
    wanted: &ArtifactVersion,
) -> Result<(version::Version, File)> {
    let versions = tree.versions_of(key).map_err(|error| failed(GET, key, error))?;
    let missing = || {
        Error::new(ErrorKind::NotFound, GET, "there is no such version")
            .with("key", key)
            .with("version", wanted.as_str())
    };
    let (version, _) = versions
        .into_iter()
        .find(|(version, _)| version.name() == *wanted && version.number <= now.number)
        .ok_or_else(missing)?;
    let file = tree.version_folder(key).and_then(|folder| folder.file(&version.file_name()));
    match file {
        Ok(file) => Ok((version, file)),
        Err(Errno::NOENT) => Err(missing()),
        Err(errno) => Err(failed(GET, key, errno)),
    }
}

fn damaged(operation: &'static str, key: &ArtifactKey) -> Error {
    Error::new(ErrorKind::Corrupt, operation, "the artifact's file is not what the store wrote").with("key", key)
}
