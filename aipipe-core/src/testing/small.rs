//! The smaller fakes: secrets, embedder, package manager, observer.

use super::lock;
use crate::domain::{ContentHash, RepoPath, Stack, Timestamp};
use crate::ports::{
    Embedder, EmbedderProfile, Event, LockFile, LockRequest, Observer, PackageManager, Secret, SecretStore,
};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Secrets in memory.
#[derive(Debug, Default)]
pub struct MemorySecrets {
    secrets: Mutex<BTreeMap<String, (u64, SecretString, Timestamp)>>,
}

impl MemorySecrets {
    /// Sets (or rotates) a secret made at `at`.
    pub fn set(&self, name: &str, value: &str, at: Timestamp) {
        let mut secrets = lock(&self.secrets);
        let version = secrets.get(name).map_or(1, |(version, _, _)| version + 1);
        secrets.insert(name.to_owned(), (version, SecretString::from(value), at));
    }
}

#[async_trait]
impl SecretStore for MemorySecrets {
    async fn get(&self, name: &str) -> Result<Secret> {
        let secrets = lock(&self.secrets);
        let (version, value, at) = secrets.get(name).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "secret.get", "there is no such secret").with("name", name)
        })?;
        Ok(Secret { value: value.clone(), version: version.to_string(), created_at: Some(*at) })
    }
}

/// Vectors made of a text's words by hashing: texts that share words are near each other.
#[derive(Debug, Clone, Copy, Default)]
pub struct HashEmbedder;

const DIMENSIONS: usize = 64;

#[async_trait]
impl Embedder for HashEmbedder {
    fn profile(&self) -> EmbedderProfile {
        EmbedderProfile { embedding_type: "hash-64".to_owned(), dimensions: DIMENSIONS, max_batch: 128 }
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        if texts.len() > 128 {
            return Err(Error::new(ErrorKind::InvalidInput, "embed", "more texts than one call may have"));
        }
        Ok(texts.iter().map(|text| vector(text)).collect())
    }
}

fn vector(text: &str) -> Vec<f32> {
    let mut vector = vec![0.0_f32; DIMENSIONS];
    let words = text.to_lowercase();
    for word in words.split(|c: char| !c.is_alphanumeric()).chain(std::iter::once("\u{0}")) {
        let hash = ContentHash::of(word.as_bytes()).short(4);
        let at = usize::from_str_radix(&hash, 16).unwrap_or(0) % DIMENSIONS;
        if let Some(value) = vector.get_mut(at) {
            *value += 1.0;
        }
    }
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    vector.iter().map(|value| value / length).collect()
}

/// A lock file for tests that need one to exist: names each manifest's hash, installs nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct StubPackageManager;

#[async_trait]
impl PackageManager for StubPackageManager {
    async fn lock(&self, request: &LockRequest) -> Result<LockFile> {
        let path = if request.stack == Stack::PythonApi { "poetry.lock" } else { "package-lock.json" };
        let hashes: BTreeMap<_, _> =
            request.manifests.iter().map(|(path, content)| (path, ContentHash::of(content))).collect();
        let content = serde_json::to_vec_pretty(&hashes).map_err(|error| {
            Error::new(ErrorKind::Internal, "packages.lock", "the stub lock does not serialize").caused_by(error)
        })?;
        Ok(LockFile { path: RepoPath::parse(path)?, content: Bytes::from(content), tool: "stub for tests".to_owned() })
    }
}

/// Keeps every event.
#[derive(Debug, Default)]
pub struct RecordingObserver {
    events: Mutex<Vec<Event>>,
}

impl RecordingObserver {
    /// The events so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        lock(&self.events).clone()
    }
}

impl Observer for RecordingObserver {
    fn observe(&self, event: &Event) {
        lock(&self.events).push(event.clone());
    }
}
