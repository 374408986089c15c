//! The Message Batches API as a [`BatchLanguageModel`].
//!
//! The API takes no idempotency key, and of a batch that is under way it tells no more than how many requests it has. Each
//! request has an id of our choosing, which is shown again with the results. So a repeated batch is known to the adapter that
//! made it, by a note in memory; and to any other, by the ids, once it has ended. A batch of as many requests that is under
//! way and was not made by this adapter might be the one: none is made beside it.

use crate::client::{Anthropic, Settings, beginning};
use crate::fault;
use crate::transport::Body;
use crate::wire::{Block, ErrorBody, WireRequest, WireUsage, stop_reason};
use aipipe_core::domain::{BatchId, ContentHash, IdempotencyKey, Timestamp};
use aipipe_core::ports::{
    BatchLanguageModel, BatchRepeat, BatchResult, BatchState, BatchStatus, ModelAttempt, ModelRequest, ModelResponse,
    StopReason,
};
use aipipe_core::{Error, ErrorKind, Result};
use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt as _, try_unfold};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Most requests of a batch.
const MOST_REQUESTS: usize = 100_000;

/// Longest answer to a look at batches.
const LONGEST_LOOK: usize = 4 << 20;

/// Longest line of the results.
const LONGEST_RESULT: usize = 64 << 20;

/// How long the results of a batch are kept; of an older one nobody can tell whose it was.
const KEPT: Duration = Duration::from_secs(29 * 24 * 3600);

/// Most pages of a hundred batches that are looked through.
const MOST_PAGES: usize = 50;

#[derive(Debug, Serialize)]
struct WireBatch<'r> {
    requests: Vec<WireEntry<'r>>,
}

#[derive(Debug, Serialize)]
struct WireEntry<'r> {
    custom_id: String,
    params: WireRequest<'r>,
}

#[derive(Debug, Deserialize)]
struct WireStatus {
    id: String,
    #[serde(default)]
    processing_status: String,
    #[serde(default)]
    request_counts: BTreeMap<String, u64>,
    created_at: String,
    #[serde(default)]
    expires_at: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WirePage {
    data: Vec<WireStatus>,
    #[serde(default)]
    has_more: bool,
}

#[derive(Debug, Deserialize)]
struct WireResult {
    custom_id: String,
    result: WireOutcome,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum WireOutcome {
    Succeeded {
        message: WireMessage,
    },
    Errored {
        error: ErrorBody,
    },
    Canceled,
    Expired,
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct WireMessage {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    model: String,
    #[serde(default)]
    content: Vec<Block>,
    #[serde(default)]
    stop_reason: Option<String>,
    #[serde(default)]
    usage: WireUsage,
}

impl WireStatus {
    fn status(&self) -> BatchStatus {
        let state = match self.processing_status.as_str() {
            "ended" => BatchState::Ended,
            "canceling" => BatchState::Canceling,
            _ => BatchState::InProgress,
        };
        let answered = self.request_counts.get("succeeded").copied().unwrap_or(0);
        let status = BatchStatus::new(state, self.request_counts.values().sum(), answered);
        match self.expires_at.as_deref().and_then(|at| Timestamp::parse(at).ok()) {
            Some(at) => status.until(at),
            None => status,
        }
    }

    fn created_at(&self) -> Result<Timestamp> {
        Timestamp::parse(&self.created_at).map_err(|_| unreadable("batch.poll"))
    }
}

fn unreadable(operation: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable, operation, "the answer is not readable")
}

/// What the ids of a call's requests begin with.
fn mark(key: &IdempotencyKey) -> String {
    ContentHash::of_parts(&["batch", key.as_str()]).short(32)
}

impl Settings {
    async fn look<T: for<'de> Deserialize<'de>>(&self, path: &str, operation: &'static str) -> Result<T> {
        let told = beginning(self.get(path, operation).await?.body, LONGEST_LOOK).await;
        serde_json::from_slice(&told).map_err(|_| unreadable(operation))
    }

    async fn batch(&self, id: &str, operation: &'static str) -> Result<WireStatus> {
        self.look(&format!("/v1/messages/batches/{id}"), operation).await
    }

    async fn lines(&self, id: &str) -> Result<Lines> {
        let answer = self.get(&format!("/v1/messages/batches/{id}/results"), "batch.results").await?;
        Ok(Lines { body: answer.body, begun: Vec::new(), ready: VecDeque::new(), has_ended: false })
    }

    /// Whether an ended batch is that of the call whose ids begin so.
    async fn is_of(&self, id: &str, mark: &str) -> Result<bool> {
        let mut lines = match self.lines(id).await {
            // Its results are not kept any longer.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            lines => lines?,
        };
        let Some(line) = lines.next().await? else { return Ok(false) };
        let told: WireResult = serde_json::from_slice(&line).map_err(|_| unreadable("batch.submit"))?;
        Ok(told.custom_id.rsplit_once('-').is_some_and(|(found, _)| found == mark))
    }

    /// The batch of a call, made by another process; `Busy` where it can't be told yet.
    async fn find(&self, mark: &str, requests: usize, own: &[&BatchId]) -> Result<Option<String>> {
        let mut path = "/v1/messages/batches?limit=100".to_owned();
        let mut under_way = None;
        let mut pages = 0;
        'pages: loop {
            // Not to have found it is not to know that it is not there.
            if pages == MOST_PAGES {
                let what = "there are too many batches to tell whether this one is among them";
                return Err(Error::new(ErrorKind::Busy, "batch.submit", what).with("looked_through", pages * 100));
            }
            pages += 1;
            let page: WirePage = self.look(&path, "batch.submit").await?;
            for batch in &page.data {
                if self.clock.now().since(batch.created_at()?) > KEPT {
                    break 'pages;
                }
                let status = batch.status();
                if status.requests != requests as u64 || own.iter().any(|id| id.as_str() == batch.id) {
                    continue;
                }
                if status.state != BatchState::Ended {
                    under_way = Some(batch.id.clone());
                } else if self.is_of(&batch.id, mark).await? {
                    return Ok(Some(batch.id.clone()));
                }
            }
            match page.data.last().filter(|_| page.has_more) {
                Some(last) => {
                    let id = BatchId::parse(&last.id)?;
                    path = format!("/v1/messages/batches?limit=100&after_id={id}");
                }
                None => break,
            }
        }
        match under_way {
            Some(id) => {
                let what = "a batch of as many requests is under way, and may be this one; ask again once it has ended";
                Err(Error::new(ErrorKind::Busy, "batch.submit", what).with("batch", id))
            }
            None => Ok(None),
        }
    }

    fn result(&self, line: &[u8], made_at: Timestamp) -> Result<BatchResult> {
        let told: WireResult = serde_json::from_slice(line).map_err(|_| unreadable("batch.results"))?;
        let index = told.custom_id.rsplit('-').next().and_then(|index| index.parse().ok());
        let Some(index) = index else {
            return Err(Error::new(ErrorKind::Conflict, "batch.results", "the batch is not one of this library"));
        };
        let ended = |kind, message: &str| Err(Error::new(kind, "batch.results", message.to_owned()));
        let answer = match told.result {
            WireOutcome::Succeeded { message } => Ok(self.response(message, made_at)),
            WireOutcome::Errored { error } => Err(fault::of_event("batch.results", &error.error)),
            WireOutcome::Canceled => ended(ErrorKind::Cancelled, "the batch was taken back before it was asked"),
            WireOutcome::Expired => ended(ErrorKind::Timeout, "the batch ended before it was asked"),
            WireOutcome::Other => ended(ErrorKind::Unavailable, "the question ended in a way that is not known"),
        };
        Ok(BatchResult::new(index, answer))
    }

    fn response(&self, message: WireMessage, made_at: Timestamp) -> ModelResponse {
        let texts = message.content.into_iter().filter_map(|block| match block {
            Block::Text { text } => Some(text),
            Block::Other => None,
        });
        let (text, usage) = (texts.collect::<String>(), message.usage.usage());
        let cost = self.price(&message.model, &message.model, made_at, usage, self.terms.in_batch());
        let took = self.clock.now().since(made_at).as_millis();
        let mut attempt = ModelAttempt::new(&message.model, made_at, u64::try_from(took).unwrap_or(u64::MAX));
        if let Some(id) = message.id {
            attempt = attempt.with_request_id(id);
        }
        let stop = message.stop_reason.as_deref().map_or(StopReason::Other(String::new()), stop_reason);
        ModelResponse::new(message.model, text, usage, cost, vec![attempt]).with_stop(stop)
    }
}

/// The place among the questions that a line is about, where at least that can be read.
fn index_of(line: &[u8]) -> Option<usize> {
    let value: serde_json::Value = serde_json::from_slice(line).ok()?;
    let (mark, index) = value.get("custom_id")?.as_str()?.rsplit_once('-')?;
    index.parse().ok().filter(|_| !mark.is_empty())
}

/// The lines of a body, as they come.
struct Lines {
    body: Body,
    begun: Vec<u8>,
    ready: VecDeque<Vec<u8>>,
    has_ended: bool,
}

impl Lines {
    /// The next line that is not empty; none when the body has ended.
    async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            while let Some(line) = self.ready.pop_front() {
                if !line.trim_ascii().is_empty() {
                    return Ok(Some(line));
                }
            }
            if self.has_ended {
                return Ok(None);
            }
            match self.body.next().await {
                Some(Ok(bytes)) => {
                    let mut parts = bytes.split(|byte| *byte == b'\n');
                    self.begun.extend_from_slice(parts.next().unwrap_or_default());
                    for part in parts {
                        self.ready.push_back(std::mem::replace(&mut self.begun, part.to_vec()));
                    }
                    if self.begun.len() > LONGEST_RESULT {
                        return Err(Error::new(ErrorKind::ModelOutput, "batch.results", "a result does not end"));
                    }
                }
                Some(Err(error)) => return Err(fault::of_transport("batch.results", &error)),
                None => {
                    self.has_ended = true;
                    self.ready.push_back(std::mem::take(&mut self.begun));
                }
            }
        }
    }
}

#[async_trait]
impl BatchLanguageModel for Anthropic {
    fn repeat(&self) -> BatchRepeat {
        BatchRepeat::KnownOnceEnded
    }

    async fn submit(&self, key: &IdempotencyKey, requests: &[ModelRequest]) -> Result<BatchId> {
        if !(1..=MOST_REQUESTS).contains(&requests.len()) {
            let what = format!("a batch has one to {MOST_REQUESTS} questions");
            return Err(Error::new(ErrorKind::InvalidInput, "batch.submit", what));
        }
        // One after the other, so that two calls under one key do not both find nothing.
        let mut submitted = self.submitted.lock().await;
        if let Some(id) = submitted.get(key) {
            return Ok(id.clone());
        }
        let (settings, mark) = (&self.settings, mark(key));
        let own: Vec<_> = submitted.values().collect();
        let id = match settings.find(&mark, requests.len(), &own).await? {
            Some(id) => id,
            None => {
                let entries = requests.iter().enumerate().map(|(index, request)| WireEntry {
                    custom_id: format!("{mark}-{index}"),
                    params: WireRequest::batched(request, &settings.profile(&request.model)),
                });
                let body = WireBatch { requests: entries.collect() };
                let answer = settings.post("/v1/messages/batches", &body, "batch.submit").await?;
                let told = beginning(answer.body, LONGEST_LOOK).await;
                let made: WireStatus = serde_json::from_slice(&told).map_err(|_| unreadable("batch.submit"))?;
                made.id
            }
        };
        let id = BatchId::parse(&id)?;
        submitted.insert(key.clone(), id.clone());
        Ok(id)
    }

    async fn poll(&self, batch: &BatchId) -> Result<BatchStatus> {
        Ok(self.settings.batch(batch.as_str(), "batch.poll").await?.status())
    }

    async fn results(&self, batch: &BatchId) -> Result<BoxStream<'static, Result<BatchResult>>> {
        let settings = Arc::clone(&self.settings);
        let status = settings.batch(batch.as_str(), "batch.results").await?;
        if status.status().state != BatchState::Ended {
            let error = Error::new(ErrorKind::Conflict, "batch.results", "the batch has not ended");
            return Err(error.with("batch", batch));
        }
        let (made_at, lines) = (status.created_at()?, settings.lines(batch.as_str()).await?);
        let results = try_unfold((lines, settings), move |(mut lines, settings)| async move {
            let Some(line) = lines.next().await? else { return Ok(None) };
            let result = match settings.result(&line, made_at) {
                Ok(result) => result,
                // One answer that can't be read takes no other with it.
                Err(error) => match index_of(&line) {
                    Some(index) => BatchResult::new(index, Err(error)),
                    None => return Err(error),
                },
            };
            Ok(Some((result, (lines, settings))))
        });
        Ok(results.boxed())
    }

    async fn cancel(&self, batch: &BatchId) -> Result<BatchStatus> {
        let before = self.poll(batch).await?;
        if before.state == BatchState::Ended {
            return Ok(before);
        }
        let path = format!("/v1/messages/batches/{batch}/cancel");
        match self.settings.post(&path, &serde_json::json!({}), "batch.cancel").await {
            Ok(_) => self.poll(batch).await,
            // It may have ended in between, and then there is nothing to take back.
            Err(error) => match self.poll(batch).await {
                Ok(now) if now.state == BatchState::Ended => Ok(now),
                _ => Err(error),
            },
        }
    }
}
