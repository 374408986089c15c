//! Batches in memory, answered by another model.

use super::lock;
use crate::domain::{BatchId, ContentHash, IdempotencyKey};
use crate::ports::{
    BatchLanguageModel, BatchRepeat, BatchResult, BatchState, BatchStatus, LanguageModel, ModelRequest,
};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Batches that end when they are looked at for the second time; their questions are asked when the results are read.
#[derive(Debug)]
pub struct MemoryBatches {
    model: Arc<dyn LanguageModel>,
    batches: Mutex<BTreeMap<BatchId, Batch>>,
}

#[derive(Debug, Clone)]
struct Batch {
    requests: Vec<ModelRequest>,
    looks: u32,
    is_cancelled: bool,
}

impl Batch {
    fn status(&self) -> BatchStatus {
        let requests = self.requests.len() as u64;
        match (self.looks, self.is_cancelled) {
            (0 | 1, false) => BatchStatus::new(BatchState::InProgress, requests, 0),
            (_, false) => BatchStatus::new(BatchState::Ended, requests, requests),
            (_, true) => BatchStatus::new(BatchState::Ended, requests, 0),
        }
    }
}

impl MemoryBatches {
    /// Batches whose questions `model` answers.
    #[must_use]
    pub fn answered_by(model: Arc<dyn LanguageModel>) -> Self {
        Self { model, batches: Mutex::default() }
    }

    /// How many batches there are.
    #[must_use]
    pub fn count(&self) -> usize {
        lock(&self.batches).len()
    }

    fn change<T>(&self, id: &BatchId, change: impl FnOnce(&mut Batch) -> T) -> Result<T> {
        let mut batches = lock(&self.batches);
        let batch = batches
            .get_mut(id)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "batch.poll", "there is no such batch").with("batch", id))?;
        Ok(change(batch))
    }
}

#[async_trait]
impl BatchLanguageModel for MemoryBatches {
    fn repeat(&self) -> BatchRepeat {
        BatchRepeat::Known
    }

    async fn submit(&self, key: &IdempotencyKey, requests: &[ModelRequest]) -> Result<BatchId> {
        if requests.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "batch.submit", "a batch has a question at least"));
        }
        let id = BatchId::parse(ContentHash::of_parts(&["batch", key.as_str()]).short(32))?;
        let batch = Batch { requests: requests.to_vec(), looks: 0, is_cancelled: false };
        lock(&self.batches).entry(id.clone()).or_insert(batch);
        Ok(id)
    }

    async fn poll(&self, batch: &BatchId) -> Result<BatchStatus> {
        self.change(batch, |batch| {
            batch.looks += 1;
            batch.status()
        })
    }

    async fn results(&self, batch: &BatchId) -> Result<BoxStream<'static, Result<BatchResult>>> {
        let batch = self.change(batch, |batch| batch.clone())?;
        if batch.status().state != BatchState::Ended {
            return Err(Error::new(ErrorKind::Conflict, "batch.results", "the batch has not ended"));
        }
        let (model, is_cancelled) = (Arc::clone(&self.model), batch.is_cancelled);
        let answers = stream::iter(batch.requests.into_iter().enumerate().rev()).then(move |(index, request)| {
            let model = Arc::clone(&model);
            async move {
                let answer = match is_cancelled {
                    true => Err(Error::new(ErrorKind::Cancelled, "batch.results", "the batch was taken back")),
                    false => model.generate(&request).await,
                };
                Ok(BatchResult::new(index, answer))
            }
        });
        Ok(answers.boxed())
    }

    async fn cancel(&self, batch: &BatchId) -> Result<BatchStatus> {
        self.change(batch, |batch| {
            batch.is_cancelled |= batch.status().state != BatchState::Ended;
            batch.status()
        })
    }
}
