//! Where documents, text, code and vectors lie.

use super::forward_port;
use crate::domain::{ArtifactKey, ArtifactPrefix, ArtifactRef, ContentHash};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use std::fmt::Debug;
use std::ops::Range;

/// One version of an artifact, as the adapter names it. Compared for equality only.
///
/// It is good for both: to put only if it is the current one, and to read it later. Where a store has two names for
/// that (an ETag and a version id), the adapter packs both into one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ArtifactVersion(String);

impl ArtifactVersion {
    /// Wraps an adapter's name of a version.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The adapter's name of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// When a put may take effect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PutMode {
    /// Always; an earlier version is kept where the adapter keeps versions.
    #[default]
    Overwrite,
    /// Only if the key holds nothing; `AlreadyExists` otherwise.
    CreateOnly,
    /// Only if the key holds this version; `Conflict` otherwise, `NotFound` if it holds nothing.
    IfVersion(ArtifactVersion),
}

/// Options of [`ArtifactStore::put`].
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct PutOptions {
    /// When the put may take effect.
    pub mode: PutMode,
}

impl PutOptions {
    /// A put that takes effect only when `mode` allows it.
    #[must_use]
    pub fn with_mode(mut self, mode: PutMode) -> Self {
        self.mode = mode;
        self
    }
}

/// Options of [`ArtifactStore::get`].
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct GetOptions {
    /// Bytes wanted; all when `None`. An end past the content is cut; a start past it is `InvalidInput`.
    pub range: Option<Range<u64>>,
    /// The version wanted; the current one when `None`.
    pub version: Option<ArtifactVersion>,
}

impl GetOptions {
    /// Reads only these bytes.
    #[must_use]
    pub fn with_range(mut self, range: Range<u64>) -> Self {
        self.range = Some(range);
        self
    }

    /// Reads this version.
    #[must_use]
    pub fn with_version(mut self, version: ArtifactVersion) -> Self {
        self.version = Some(version);
        self
    }
}

/// What is known of an artifact without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArtifactMeta {
    /// Its key.
    pub key: ArtifactKey,
    /// Its version.
    pub version: ArtifactVersion,
    /// Length of the whole content in bytes.
    pub bytes: u64,
    /// Hash of the whole content.
    pub hash: ContentHash,
}

impl ArtifactMeta {
    /// What an adapter knows of a version.
    #[must_use]
    pub fn new(key: ArtifactKey, version: ArtifactVersion, bytes: u64, hash: ContentHash) -> Self {
        Self { key, version, bytes, hash }
    }
}

/// What a listing tells of an artifact: less than [`ArtifactStore::head`] does, because stores' listings do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArtifactEntry {
    /// Its key.
    pub key: ArtifactKey,
    /// Length of the whole content in bytes.
    pub bytes: u64,
    /// Hash of the whole content, where the listing has it.
    pub hash: Option<ContentHash>,
}

impl ArtifactEntry {
    /// What a listing tells; `hash` where it has one.
    #[must_use]
    pub fn new(key: ArtifactKey, bytes: u64, hash: Option<ContentHash>) -> Self {
        Self { key, bytes, hash }
    }
}

/// What a listing tells of one version of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VersionEntry {
    /// The version, as `put` and `head` told it.
    pub version: ArtifactVersion,
    /// Length of the whole content in bytes.
    pub bytes: u64,
    /// Hash of the whole content, where the listing has it.
    pub hash: Option<ContentHash>,
}

impl VersionEntry {
    /// What a listing tells of a version; `hash` where it has one.
    #[must_use]
    pub fn new(version: ArtifactVersion, bytes: u64, hash: Option<ContentHash>) -> Self {
        Self { version, bytes, hash }
    }
}

/// An artifact's content, or the part that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Artifact {
    /// What it is, of the whole content.
    pub meta: ArtifactMeta,
    /// The bytes asked for.
    pub content: Bytes,
}

impl Artifact {
    /// The bytes that were asked for of the content that `meta` is about.
    #[must_use]
    pub fn new(meta: ArtifactMeta, content: Bytes) -> Self {
        Self { meta, content }
    }
}

/// What an adapter can do beyond the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArtifactCapabilities {
    /// Old versions can be listed and read.
    pub versions: bool,
    /// Largest content in bytes.
    pub max_bytes: u64,
}

impl ArtifactCapabilities {
    /// States what the adapter can do.
    #[must_use]
    pub const fn new(versions: bool, max_bytes: u64) -> Self {
        Self { versions, max_bytes }
    }
}

/// Stores bytes under keys.
///
/// Contract, checked by `testing::conformance::artifact_store`:
/// - A put is atomic: readers see the whole old or the whole new content, also across a crash; when it returned, it is durable.
/// - `CreateOnly` and `IfVersion` let exactly one of any number of concurrent writers through, over all processes.
/// - `list` returns every key below the prefix that was there throughout, in ascending order of the key's text.
/// - `get` verifies the content against its hash; a mismatch is `Corrupt`.
/// - `put`, `get`, `head` and `versions` name a version alike; a listing names none.
/// - Keys that differ only in letter case may be refused with `InvalidInput`, never mixed up.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait ArtifactStore: Debug + Send + Sync + 'static {
    /// What this adapter can do.
    fn capabilities(&self) -> ArtifactCapabilities;

    /// The keys below `prefix`, with what the store's listing tells of them.
    ///
    /// # Errors
    /// Each item: `Corrupt`, `PermissionDenied`, `Unavailable`.
    fn list(&self, prefix: ArtifactPrefix) -> BoxStream<'static, Result<ArtifactEntry>>;

    /// Stores `content` and returns what is now known of it.
    ///
    /// # Errors
    /// `AlreadyExists`, `Conflict`, `NotFound` by [`PutMode`]; `StorageFull`, `PermissionDenied`, `Unavailable`.
    async fn put(&self, key: &ArtifactKey, content: Bytes, options: PutOptions) -> Result<ArtifactMeta>;

    /// Reads an artifact.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt`, `InvalidInput` for a range past the content, `Unsupported` for a version where none are kept.
    async fn get(&self, key: &ArtifactKey, options: GetOptions) -> Result<Artifact>;

    /// What is known of an artifact.
    ///
    /// # Errors
    /// `NotFound`; `Corrupt`, `PermissionDenied`, `Unavailable`.
    async fn head(&self, key: &ArtifactKey) -> Result<ArtifactMeta>;

    /// All versions of a key, newest first.
    ///
    /// # Errors
    /// `NotFound`; `Unsupported` where no versions are kept.
    async fn versions(&self, key: &ArtifactKey) -> Result<Vec<VersionEntry>>;

    /// Removes a key with all its versions; fine when there is none.
    ///
    /// # Errors
    /// `PermissionDenied`, `Unavailable`.
    async fn delete(&self, key: &ArtifactKey) -> Result<()>;
}

forward_port!(ArtifactStore {
    fn capabilities(&self) -> ArtifactCapabilities;
    fn list(&self, prefix: ArtifactPrefix) -> BoxStream<'static, Result<ArtifactEntry>>;
    async fn put(&self, key: &ArtifactKey, content: Bytes, options: PutOptions) -> Result<ArtifactMeta>;
    async fn get(&self, key: &ArtifactKey, options: GetOptions) -> Result<Artifact>;
    async fn head(&self, key: &ArtifactKey) -> Result<ArtifactMeta>;
    async fn versions(&self, key: &ArtifactKey) -> Result<Vec<VersionEntry>>;
    async fn delete(&self, key: &ArtifactKey) -> Result<()>;
});

/// Conveniences over any [`ArtifactStore`].
#[async_trait]
pub trait ArtifactStoreExt: ArtifactStore {
    /// Stores `content` once: the same content under the same key again is fine.
    ///
    /// # Errors
    /// `Conflict` for other content; otherwise as [`put`](ArtifactStore::put).
    async fn put_once(&self, key: &ArtifactKey, content: Bytes) -> Result<ArtifactMeta> {
        let hash = ContentHash::of(&content);
        match self.put(key, content, PutOptions::default().with_mode(PutMode::CreateOnly)).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let meta = self.head(key).await?;
                if meta.hash == hash {
                    return Ok(meta);
                }
                Err(Error::new(ErrorKind::Conflict, "artifact.put_once", "the key holds other content")
                    .with("key", key))
            }
            other => other,
        }
    }

    /// The hash of a listed artifact's content, asked for where the listing does not have it.
    ///
    /// # Errors
    /// As [`head`](ArtifactStore::head).
    async fn hash_of(&self, entry: &ArtifactEntry) -> Result<ContentHash> {
        match entry.hash {
            Some(hash) => Ok(hash),
            None => Ok(self.head(&entry.key).await?.hash),
        }
    }

    /// The referenced content, verified: the current version of the key, or an older one where those are kept.
    ///
    /// # Errors
    /// `NotFound`; `Corrupt` when the key holds other content and no version has the one referenced.
    async fn read_ref(&self, at: &ArtifactRef) -> Result<Bytes> {
        let artifact = self.get(&at.key, GetOptions::default()).await?;
        if ContentHash::of(&artifact.content) == at.hash {
            return Ok(artifact.content);
        }
        if self.capabilities().versions
            && let Some(older) = self.older_content(&at.key, &at.hash).await?
        {
            return Ok(older);
        }
        let error = Error::new(ErrorKind::Corrupt, "artifact.read", "the content is not what was referenced");
        Err(error.with("key", &at.key))
    }

    /// The newest version of a key that has this content, verified; `None` when none has.
    ///
    /// # Errors
    /// As [`versions`](ArtifactStore::versions) and [`get`](ArtifactStore::get).
    async fn older_content(&self, key: &ArtifactKey, hash: &ContentHash) -> Result<Option<Bytes>> {
        for entry in self.versions(key).await? {
            if entry.hash.is_some_and(|known| known != *hash) {
                continue;
            }
            let content = self.get(key, GetOptions::default().with_version(entry.version)).await?.content;
            if ContentHash::of(&content) == *hash {
                return Ok(Some(content));
            }
        }
        Ok(None)
    }
}

impl<T: ArtifactStore + ?Sized> ArtifactStoreExt for T {}
