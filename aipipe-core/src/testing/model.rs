//! A model that answers from a script.

use super::lock;
use crate::domain::{Cost, Timestamp, Usage};
use crate::ports::{
    LanguageModel, ModelAttempt, ModelEvent, ModelProfile, ModelRequest, ModelResponse, StopReason, TokenCount,
};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;

type Answer = Box<dyn Fn(&ModelRequest) -> Result<String> + Send + Sync>;

/// Answers with texts given beforehand, in order, or by a function; counts its calls and keeps the requests.
///
/// Usage is four bytes a token and the cost is given per call.
pub struct ScriptedModel {
    script: Mutex<VecDeque<String>>,
    answer: Option<Answer>,
    cost: Cost,
    requests: Mutex<Vec<ModelRequest>>,
}

impl fmt::Debug for ScriptedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedModel").field("calls", &self.calls()).finish_non_exhaustive()
    }
}

impl ScriptedModel {
    /// Answers with these texts, in order; a call after the last one fails.
    #[must_use]
    pub fn new<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self {
            script: Mutex::new(texts.into_iter().map(Into::into).collect()),
            answer: None,
            cost: Cost::ZERO,
            requests: Mutex::default(),
        }
    }

    /// Answers with what `answer` returns.
    #[must_use]
    pub fn by(answer: impl Fn(&ModelRequest) -> Result<String> + Send + Sync + 'static) -> Self {
        Self { answer: Some(Box::new(answer)), ..Self::new(Vec::<String>::new()) }
    }

    /// Each call costs this.
    #[must_use]
    pub fn with_cost(mut self, cost: Cost) -> Self {
        self.cost = cost;
        self
    }

    /// How often it was asked.
    #[must_use]
    pub fn calls(&self) -> usize {
        lock(&self.requests).len()
    }

    /// What it was asked.
    #[must_use]
    pub fn requests(&self) -> Vec<ModelRequest> {
        lock(&self.requests).clone()
    }
}

fn tokens(request: &ModelRequest) -> u64 {
    let parts = request.system.iter().chain(request.messages.iter().flat_map(|message| &message.parts));
    parts.map(|part| part.text.len() as u64).sum::<u64>().div_ceil(4)
}

#[async_trait]
impl LanguageModel for ScriptedModel {
    fn profile(&self, _model: &str) -> Option<ModelProfile> {
        Some(ModelProfile::new(200_000, 64_000))
    }

    async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse> {
        lock(&self.requests).push(request.clone());
        let text = match &self.answer {
            Some(answer) => answer(request)?,
            None => lock(&self.script).pop_front().ok_or_else(|| {
                Error::new(ErrorKind::ModelOutput, "model.generate", "the script has no more answers")
            })?,
        };
        let usage =
            Usage { input_tokens: tokens(request), output_tokens: (text.len() as u64).div_ceil(4), ..Usage::default() };
        Ok(ModelResponse {
            model: request.model.clone(),
            text,
            stop: StopReason::EndTurn,
            usage,
            cost: self.cost,
            saved: None,
            attempts: vec![ModelAttempt {
                model: request.model.clone(),
                request_id: None,
                started_at: Timestamp::from_unix_millis(0),
                duration_ms: 0,
                failure: None,
            }],
            rates: None,
        })
    }

    async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>> {
        let response = self.generate(request).await?;
        let events =
            vec![Ok(ModelEvent::TextDelta(response.text.clone())), Ok(ModelEvent::Finished(Box::new(response)))];
        Ok(stream::iter(events).boxed())
    }

    async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount> {
        Ok(TokenCount { tokens: tokens(request), exact: false })
    }
}
