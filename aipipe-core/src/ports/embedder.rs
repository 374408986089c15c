//! Turns text into vectors for semantic search.

use super::forward_port;
use crate::Result;
use async_trait::async_trait;
use std::fmt::Debug;

/// What an embedder makes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmbedderProfile {
    /// The embedding type, used in artifact keys: a safe path component.
    pub embedding_type: String,
    /// Numbers a vector.
    pub dimensions: usize,
    /// Texts a call.
    pub max_batch: usize,
}

impl EmbedderProfile {
    /// States what the embedder makes.
    #[must_use]
    pub fn new(embedding_type: impl Into<String>, dimensions: usize, max_batch: usize) -> Self {
        Self { embedding_type: embedding_type.into(), dimensions, max_batch }
    }
}

/// Turns texts into vectors of unit length.
///
/// Contract, checked by `testing::conformance::embedder`: one vector a text, in order, each of `dimensions` finite
/// numbers with length 1 ± 0.001; the same text gives the same vector; more than `max_batch` texts are `InvalidInput`.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Embedder: Debug + Send + Sync + 'static {
    /// What this embedder makes.
    fn profile(&self) -> EmbedderProfile;

    /// The vectors of `texts`.
    ///
    /// # Errors
    /// `InvalidInput`, `RateLimited`, `Unavailable`.
    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>>;
}

forward_port!(Embedder {
    fn profile(&self) -> EmbedderProfile;
    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>>;
});
