//! Asks a language model many things at once: for less, and with the answers minutes or hours later.

use super::{ModelRequest, ModelResponse, forward_port};
use crate::Result;
use crate::domain::{BatchId, IdempotencyKey, Timestamp};
use async_trait::async_trait;
use futures::stream::BoxStream;
use std::fmt::Debug;

/// How far a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BatchState {
    /// Some questions wait for their answers.
    InProgress,
    /// It is being taken back; what has begun may still be answered, and is charged.
    Canceling,
    /// Nothing more comes: the results are there.
    Ended,
}

/// A batch, looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchStatus {
    /// How far it is.
    pub state: BatchState,
    /// All questions of the batch.
    pub requests: u64,
    /// Those that have been answered; many providers tell it only when the batch has ended.
    pub answered: u64,
    /// When it ends at the latest, where the provider tells.
    pub expires_at: Option<Timestamp>,
}

impl BatchStatus {
    /// A batch of so many questions.
    #[must_use]
    pub const fn new(state: BatchState, requests: u64, answered: u64) -> Self {
        Self { state, requests, answered, expires_at: None }
    }

    /// The same with the moment at which it ends at the latest.
    #[must_use]
    pub const fn until(mut self, expires_at: Timestamp) -> Self {
        self.expires_at = Some(expires_at);
        self
    }
}

/// What came of one question.
#[derive(Debug)]
#[non_exhaustive]
pub struct BatchResult {
    /// Its place among the questions, from 0.
    pub index: usize,
    /// The answer, or why there is none: `Cancelled` when the batch was taken back before, `Timeout` when it ended before,
    /// else as [`LanguageModel::generate`](super::LanguageModel::generate) fails.
    pub answer: Result<ModelResponse>,
}

impl BatchResult {
    /// What came of the question at `index`.
    #[must_use]
    pub const fn new(index: usize, answer: Result<ModelResponse>) -> Self {
        Self { index, answer }
    }
}

/// How a repeated [`submit`](BatchLanguageModel::submit) is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BatchRepeat {
    /// Always, by its key.
    Known,
    /// By this adapter itself, and by another process once the batch has ended. Before that, a batch of as many questions
    /// that another process has made may be the same one: then `submit` fails with `Busy` and makes none, so that nothing is
    /// paid for twice.
    KnownOnceEnded,
}

/// Answers many questions at once.
///
/// Contract, checked by `testing::conformance::batch_language_model`: every question of a batch has one result when the batch
/// has ended, in any order; submitting under the same key again is the same batch, as far as [`BatchRepeat`] says; taking
/// back a batch that has ended changes nothing; results of one that has not are `Conflict`.
///
/// The decorators of [`model`](crate::model) are for single calls: nothing is cached, budgeted, routed or tried again here.
/// Requests name models, not roles.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait BatchLanguageModel: Debug + Send + Sync + 'static {
    /// How a repeated `submit` is known.
    fn repeat(&self) -> BatchRepeat;

    /// Hands in a batch, or finds the one that was handed in under this key.
    ///
    /// # Errors
    /// `InvalidInput` for no questions or too many; `Busy`, see [`BatchRepeat`]; else as
    /// [`LanguageModel::generate`](super::LanguageModel::generate). After `Unavailable` or `Timeout` the batch may be there:
    /// submit it again under the same key.
    async fn submit(&self, key: &IdempotencyKey, requests: &[ModelRequest]) -> Result<BatchId>;

    /// Looks at a batch.
    ///
    /// # Errors
    /// `NotFound`, else as `submit`.
    async fn poll(&self, batch: &BatchId) -> Result<BatchStatus>;

    /// What came of each question of a batch that has ended, in any order.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` while it has not ended; else as `submit`. Later ones come through the stream.
    async fn results(&self, batch: &BatchId) -> Result<BoxStream<'static, Result<BatchResult>>>;

    /// Takes a batch back as far as it has not begun.
    ///
    /// # Errors
    /// As `poll`.
    async fn cancel(&self, batch: &BatchId) -> Result<BatchStatus>;
}

forward_port!(BatchLanguageModel {
    fn repeat(&self) -> BatchRepeat;
    async fn submit(&self, key: &IdempotencyKey, requests: &[ModelRequest]) -> Result<BatchId>;
    async fn poll(&self, batch: &BatchId) -> Result<BatchStatus>;
    async fn results(&self, batch: &BatchId) -> Result<BoxStream<'static, Result<BatchResult>>>;
    async fn cancel(&self, batch: &BatchId) -> Result<BatchStatus>;
});
