//! Artifacts in memory.

use super::lock;
use crate::domain::{ArtifactKey, ArtifactPrefix, ContentHash};
use crate::ports::{
    Artifact, ArtifactCapabilities, ArtifactEntry, ArtifactMeta, ArtifactStore, ArtifactVersion, GetOptions, PutMode,
    PutOptions, VersionEntry,
};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// An [`ArtifactStore`] that keeps every version of everything in memory.
#[derive(Debug, Default)]
pub struct MemoryArtifacts {
    keys: Mutex<BTreeMap<ArtifactKey, Vec<Stored>>>,
}

#[derive(Debug, Clone)]
struct Stored {
    version: u64,
    content: Bytes,
}

fn meta(key: &ArtifactKey, stored: &Stored) -> ArtifactMeta {
    ArtifactMeta {
        key: key.clone(),
        version: ArtifactVersion::new(stored.version.to_string()),
        bytes: stored.content.len() as u64,
        hash: ContentHash::of(&stored.content),
    }
}

/// As bare as the listings of object stores: without a hash.
fn entry(key: &ArtifactKey, stored: &Stored) -> ArtifactEntry {
    ArtifactEntry { key: key.clone(), bytes: stored.content.len() as u64, hash: None }
}

fn not_found(operation: &'static str, key: &ArtifactKey) -> Error {
    Error::new(ErrorKind::NotFound, operation, "there is no such artifact").with("key", key)
}

impl MemoryArtifacts {
    /// Everything stored now, by key.
    #[must_use]
    pub fn snapshot(&self) -> BTreeMap<String, Bytes> {
        let current = |(key, versions): (&ArtifactKey, &Vec<Stored>)| {
            versions.last().map(|stored| (key.to_string(), stored.content.clone()))
        };
        lock(&self.keys).iter().filter_map(current).collect()
    }
}

#[async_trait]
impl ArtifactStore for MemoryArtifacts {
    fn capabilities(&self) -> ArtifactCapabilities {
        ArtifactCapabilities::new(true, u64::MAX)
    }

    fn list(&self, prefix: ArtifactPrefix) -> BoxStream<'static, Result<ArtifactEntry>> {
        let mut found: Vec<_> = lock(&self.keys)
            .iter()
            .filter(|(key, _)| prefix.contains(key))
            .filter_map(|(key, versions)| versions.last().map(|stored| entry(key, stored)))
            .collect();
        found.sort_by(|a, b| a.key.as_str().cmp(b.key.as_str()));
        stream::iter(found.into_iter().map(Ok)).boxed()
    }

    async fn put(&self, key: &ArtifactKey, content: Bytes, options: PutOptions) -> Result<ArtifactMeta> {
        let mut keys = lock(&self.keys);
        let lower = key.as_str().to_lowercase();
        if keys.keys().any(|other| other != key && other.as_str().to_lowercase() == lower) {
            return Err(Error::new(ErrorKind::InvalidInput, "artifact.put", "another key differs in letter case only")
                .with("key", key));
        }
        let current = keys.get(key).and_then(|versions| versions.last());
        match (&options.mode, current) {
            (PutMode::CreateOnly, Some(_)) => {
                return Err(
                    Error::new(ErrorKind::AlreadyExists, "artifact.put", "the key holds something").with("key", key)
                );
            }
            (PutMode::IfVersion(_), None) => return Err(not_found("artifact.put", key)),
            (PutMode::IfVersion(wanted), Some(current)) if *wanted.as_str() != current.version.to_string() => {
                return Err(
                    Error::new(ErrorKind::Conflict, "artifact.put", "the key holds another version").with("key", key)
                );
            }
            _ => {}
        }
        let stored = Stored { version: current.map_or(1, |current| current.version + 1), content };
        let result = meta(key, &stored);
        keys.entry(key.clone()).or_default().push(stored);
        Ok(result)
    }

    async fn get(&self, key: &ArtifactKey, options: GetOptions) -> Result<Artifact> {
        let keys = lock(&self.keys);
        let versions = keys.get(key).ok_or_else(|| not_found("artifact.get", key))?;
        let stored = match &options.version {
            None => versions.last(),
            Some(wanted) => versions.iter().find(|stored| stored.version.to_string() == wanted.as_str()),
        };
        let stored = stored.ok_or_else(|| not_found("artifact.get", key))?;
        let whole = stored.content.len();
        let content = match &options.range {
            None => stored.content.clone(),
            Some(range) => {
                let start = usize::try_from(range.start).unwrap_or(usize::MAX);
                let end = usize::try_from(range.end).unwrap_or(usize::MAX).min(whole);
                if start > end {
                    return Err(Error::new(ErrorKind::InvalidInput, "artifact.get", "the range is past the content")
                        .with("key", key)
                        .with("bytes", whole));
                }
                stored.content.slice(start..end)
            }
        };
        Ok(Artifact { meta: meta(key, stored), content })
    }

    async fn head(&self, key: &ArtifactKey) -> Result<ArtifactMeta> {
        let keys = lock(&self.keys);
        let stored = keys.get(key).and_then(|versions| versions.last());
        stored.map(|stored| meta(key, stored)).ok_or_else(|| not_found("artifact.head", key))
    }

    async fn versions(&self, key: &ArtifactKey) -> Result<Vec<VersionEntry>> {
        let keys = lock(&self.keys);
        let versions = keys.get(key).ok_or_else(|| not_found("artifact.versions", key))?;
        let entry = |stored: &Stored| VersionEntry {
            version: ArtifactVersion::new(stored.version.to_string()),
            bytes: stored.content.len() as u64,
            hash: None,
        };
        Ok(versions.iter().rev().map(entry).collect())
    }

    async fn delete(&self, key: &ArtifactKey) -> Result<()> {
        lock(&self.keys).remove(key);
        Ok(())
    }
}
