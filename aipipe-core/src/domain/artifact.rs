//! References to stored content, so that records and hand-overs stay small.

use super::hash::ContentHash;
use super::path::ArtifactKey;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::marker::PhantomData;

/// Where some content lies, what it must hash to and how many bytes it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactRef {
    /// The key in the artifact store.
    pub key: ArtifactKey,
    /// The hash the content must have.
    pub hash: ContentHash,
    /// Its length in bytes.
    pub bytes: u64,
}

/// A `T` that lies in the artifact store as JSON: what stages hand on instead of the value.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stored<T> {
    at: ArtifactRef,
    #[serde(skip)]
    kind: PhantomData<fn() -> T>,
}

impl<T> Stored<T> {
    /// States that the content at `at` is a `T`.
    #[must_use]
    pub fn new(at: ArtifactRef) -> Self {
        Self { at, kind: PhantomData }
    }

    /// Where it lies.
    #[must_use]
    pub fn at(&self) -> &ArtifactRef {
        &self.at
    }
}

impl<T> Clone for Stored<T> {
    fn clone(&self) -> Self {
        Self::new(self.at.clone())
    }
}

impl<T> PartialEq for Stored<T> {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl<T> Eq for Stored<T> {}

impl<T> fmt::Debug for Stored<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stored({})", self.at.key)
    }
}
