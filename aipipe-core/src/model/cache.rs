//! Answers that were given before, kept by what was asked.

use super::stream_of;
use crate::domain::{ContentHash, Cost};
use crate::ports::{
    LanguageModel, ModelEvent, ModelProfile, ModelRequest, ModelResponse, OutputFormat, StopReason, TokenCount,
};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::lock::Mutex;
use futures::stream::BoxStream;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::{Arc, PoisonError, Weak};

/// Keeps answers by the hash of what was asked.
#[async_trait]
pub trait AnswerStore: Debug + Send + Sync + 'static {
    /// What is kept under the hash.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    async fn get(&self, question: &ContentHash) -> Result<Option<Bytes>>;

    /// Keeps an answer; one that is there already may stay.
    ///
    /// # Errors
    /// `Unavailable`, `StorageFull`.
    async fn put(&self, question: &ContentHash, answer: Bytes) -> Result<()>;
}

/// Answers in memory, for tests and for one process.
#[derive(Debug, Default)]
pub struct MemoryAnswers(std::sync::Mutex<BTreeMap<String, Bytes>>);

#[async_trait]
impl AnswerStore for MemoryAnswers {
    async fn get(&self, question: &ContentHash) -> Result<Option<Bytes>> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&question.to_hex()).cloned())
    }

    async fn put(&self, question: &ContentHash, answer: Bytes) -> Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(question.to_hex(), answer);
        Ok(())
    }
}

/// Gives the kept answer to a question that was asked before, word for word, at no cost.
///
/// Everything that may change an answer is part of the question; what it is for, how long one waits and which prefix the
/// provider should keep is not. Only answers that ended cleanly are kept: a refusal, a cut answer or an error is asked for
/// again. Of the same question at once, one is asked and the others wait for its answer.
///
/// A cache that fails is no reason to fail: the question is asked, and the failure logged.
#[derive(Debug)]
pub struct Cache<M> {
    inner: M,
    store: Arc<dyn AnswerStore>,
    /// What the answers depend on besides the question.
    scope: String,
    flights: Arc<std::sync::Mutex<HashMap<ContentHash, Weak<Mutex<()>>>>>,
}

impl<M: LanguageModel> Cache<M> {
    /// A cache in front of `inner`. `scope` names what else decides an answer: the endpoint, the version of its API, the
    /// models of the roles.
    #[must_use]
    pub fn new(inner: M, store: Arc<dyn AnswerStore>, scope: impl Into<String>) -> Self {
        Self { inner, store, scope: scope.into(), flights: Arc::default() }
    }

    fn question(&self, request: &ModelRequest) -> Result<ContentHash> {
        let texts = |parts: &[crate::ports::PromptPart]| parts.iter().map(|part| part.text.clone()).collect::<Vec<_>>();
        let messages: Vec<_> = request.messages.iter().map(|message| (message.role, texts(&message.parts))).collect();
        let output = match &request.output {
            OutputFormat::Json { name, schema } => Some((name, schema)),
            _ => None,
        };
        let asked = (
            ("answer", &self.scope, &request.model, texts(&request.system), messages),
            (request.max_output_tokens, output, request.effort, &request.stop_sequences),
        );
        ContentHash::of_json(&asked).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, "cache.question", "the request does not serialize").caused_by(error)
        })
    }

    /// The place where those wait who ask the same at once.
    fn flight(&self, question: ContentHash) -> Arc<Mutex<()>> {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        flights.retain(|_, flight| flight.strong_count() > 0);
        if let Some(flight) = flights.get(&question).and_then(Weak::upgrade) {
            return flight;
        }
        let flight = Arc::new(Mutex::new(()));
        flights.insert(question, Arc::downgrade(&flight));
        flight
    }

    async fn kept(&self, question: &ContentHash) -> Option<ModelResponse> {
        let kept = match self.store.get(question).await {
            Ok(kept) => kept?,
            Err(error) => {
                tracing::warn!(%error, "the kept answers can't be read");
                return None;
            }
        };
        match serde_json::from_slice::<ModelResponse>(&kept) {
            Ok(response) => {
                let saved = response.cost;
                Some(ModelResponse { cost: Cost::ZERO, saved: Some(saved), ..response })
            }
            Err(error) => {
                tracing::warn!(%error, "a kept answer is damaged");
                None
            }
        }
    }
}

async fn keep(store: &dyn AnswerStore, question: &ContentHash, response: &ModelResponse) {
    if !matches!(response.stop, StopReason::EndTurn | StopReason::StopSequence) {
        return;
    }
    let kept = match serde_json::to_vec(response) {
        Ok(json) => store.put(question, Bytes::from(json)).await,
        Err(error) => {
            Err(Error::new(ErrorKind::Internal, "cache.put", "the answer does not serialize").caused_by(error))
        }
    };
    if let Err(error) = kept {
        tracing::warn!(%error, "an answer could not be kept");
    }
}

#[async_trait]
impl<M: LanguageModel> LanguageModel for Cache<M> {
    fn profile(&self, model: &str) -> Option<ModelProfile> {
        self.inner.profile(model)
    }

    async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse> {
        let question = self.question(request)?;
        let flight = self.flight(question);
        let _alone = flight.lock().await;
        if let Some(kept) = self.kept(&question).await {
            return Ok(kept);
        }
        let response = self.inner.generate(request).await?;
        keep(self.store.as_ref(), &question, &response).await;
        Ok(response)
    }

    async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>> {
        let question = self.question(request)?;
        if let Some(kept) = self.kept(&question).await {
            return Ok(stream_of(kept));
        }
        let store = Arc::clone(&self.store);
        let stream = self.inner.stream(request).await?.then(move |event| {
            let store = Arc::clone(&store);
            async move {
                if let Ok(ModelEvent::Finished(response)) = &event {
                    keep(store.as_ref(), &question, response).await;
                }
                event
            }
        });
        Ok(stream.boxed())
    }

    async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount> {
        self.inner.count_tokens(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::block_on;
    use super::*;
    use crate::domain::{IdempotencyKey, PicoUsd};
    use crate::ports::Purpose;
    use crate::testing::ScriptedModel;
    use futures::future::join_all;
    use std::time::Duration;

    const PRICE: Cost = Cost::Known(PicoUsd::new(7));

    fn rig(stop: StopReason) -> (Cache<Stopping>, Arc<ScriptedModel>, Arc<MemoryAnswers>) {
        let model =
            Arc::new(ScriptedModel::by(|request| Ok(format!("to {}", request.messages.len()))).with_cost(PRICE));
        let answers = Arc::new(MemoryAnswers::default());
        (Cache::new(Stopping { inner: model.clone(), stop }, answers.clone(), "test"), model, answers)
    }

    /// A model whose answers stop for this reason, and that lets others come in between.
    #[derive(Debug)]
    struct Stopping {
        inner: Arc<ScriptedModel>,
        stop: StopReason,
    }

    #[async_trait]
    impl LanguageModel for Stopping {
        fn profile(&self, model: &str) -> Option<ModelProfile> {
            self.inner.profile(model)
        }

        async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse> {
            let mut first = true;
            std::future::poll_fn(|_| match std::mem::take(&mut first) {
                true => std::task::Poll::Pending,
                false => std::task::Poll::Ready(()),
            })
            .await;
            Ok(self.inner.generate(request).await?.with_stop(self.stop.clone()))
        }

        async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>> {
            self.inner.stream(request).await
        }

        async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount> {
            self.inner.count_tokens(request).await
        }
    }

    #[test]
    fn the_same_question_is_answered_once_and_the_saving_is_told() {
        let (cache, model, _) = rig(StopReason::EndTurn);
        let request = ModelRequest::new("m", "question", 10);
        let first = block_on(cache.generate(&request)).unwrap();
        let second = block_on(cache.generate(&request)).unwrap();
        assert_eq!((first.cost, first.saved), (PRICE, None));
        assert_eq!((second.cost, second.saved, &second.text), (Cost::ZERO, Some(PRICE), &first.text));
        // What it is for and how long one waits is no part of it.
        let mut other = request.clone().with_purpose(Purpose::new("s", "t"));
        other.timeout = Some(Duration::from_secs(1));
        other.idempotency_key = Some(IdempotencyKey::parse("k").unwrap());
        block_on(cache.generate(&other)).unwrap();
        let streamed: Vec<_> = block_on(block_on(cache.stream(&request)).unwrap().collect());
        assert_eq!((streamed.len(), model.calls()), (2, 1));
    }

    #[test]
    fn whatever_may_change_an_answer_is_another_question() {
        let request = || ModelRequest::new("m", "question", 10);
        let schema = |name: &str| OutputFormat::Json { name: name.to_owned(), schema: serde_json::json!({}) };
        let mut with_stop = request();
        with_stop.stop_sequences = vec!["x".to_owned()];
        let mut with_effort = request();
        with_effort.effort = Some(crate::ports::ReasoningEffort::Low);
        let others = [
            ModelRequest::new("n", "question", 10),
            ModelRequest::new("m", "question?", 10),
            ModelRequest::new("m", "question", 11),
            request().with_output(schema("a")),
            request().with_system(vec![crate::ports::PromptPart::text("question")]),
            with_stop,
            with_effort,
        ];
        let (cache, ..) = rig(StopReason::EndTurn);
        let mut seen: Vec<_> = others.iter().chain([&request()]).map(|one| cache.question(one).unwrap()).collect();
        seen.sort_by_key(ContentHash::to_hex);
        seen.dedup();
        assert_eq!(seen.len(), others.len() + 1);
    }

    #[test]
    fn only_clean_answers_are_kept() {
        for (stop, calls) in [
            (StopReason::StopSequence, 1),
            (StopReason::MaxTokens, 2),
            (StopReason::Refusal, 2),
            (StopReason::Other("new".to_owned()), 2),
        ] {
            let (cache, model, _) = rig(stop.clone());
            let request = ModelRequest::new("m", "question", 10);
            assert!(block_on(cache.generate(&request)).is_ok() && block_on(cache.generate(&request)).is_ok());
            assert_eq!(model.calls(), calls, "{stop:?}");
        }
    }

    #[test]
    fn of_the_same_question_at_once_one_is_asked() {
        let (cache, model, _) = rig(StopReason::EndTurn);
        let request = ModelRequest::new("m", "question", 10);
        let answers = block_on(join_all((0..10).map(|_| cache.generate(&request))));
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(model.calls(), 1);
    }

    #[test]
    fn a_damaged_answer_is_asked_for_again() {
        let (cache, model, answers) = rig(StopReason::EndTurn);
        let request = ModelRequest::new("m", "question", 10);
        let question = cache.question(&request).unwrap();
        block_on(answers.put(&question, Bytes::from_static(b"{"))).unwrap();
        assert!(block_on(cache.generate(&request)).is_ok() && block_on(cache.generate(&request)).is_ok());
        assert_eq!(model.calls(), 1);
    }
}
