//! Gives a model up for a while that fails again and again.

use crate::domain::Timestamp;
use crate::ports::{Clock, LanguageModel, ModelEvent, ModelProfile, ModelRequest, ModelResponse, TokenCount};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// When a model is given up, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerOptions {
    /// So many failures in a row open it.
    pub failures: u32,
    /// How long it stays open before one call may try.
    pub cooldown: Duration,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self { failures: 3, cooldown: Duration::from_secs(5) }
    }
}

impl BreakerOptions {
    /// The same with so many failures in a row.
    #[must_use]
    pub fn with_failures(mut self, failures: u32) -> Self {
        self.failures = failures.max(1);
        self
    }

    /// The same with this cooldown.
    #[must_use]
    pub fn with_cooldown(mut self, cooldown: Duration) -> Self {
        self.cooldown = cooldown;
        self
    }
}

/// Refuses calls to a model for a while after failures in a row that are the other side's: it is unreachable, overloaded,
/// too slow, or its answers break off. Then one call tries, and its end decides.
///
/// What is wrong with a request, a limit or a budget says nothing about the other side and counts for neither.
#[derive(Debug)]
pub struct Breaker<M> {
    inner: M,
    clock: Arc<dyn Clock>,
    options: BreakerOptions,
    states: Arc<Mutex<HashMap<String, State>>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    failures: u32,
    /// Open until then, once it has opened.
    open_until: Option<Timestamp>,
    /// One call is trying whether it works again.
    is_trying: bool,
}

/// Leave for one call. Dropped without an end, as by a caller who gives up, it leaves things as they were.
#[derive(Debug)]
struct Leave {
    model: String,
    options: BreakerOptions,
    clock: Arc<dyn Clock>,
    states: Arc<Mutex<HashMap<String, State>>>,
    is_trial: bool,
    has_ended: bool,
}

fn is_of_the_other_side(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::StreamTruncated)
}

impl<M: LanguageModel> Breaker<M> {
    /// A breaker around `inner`, with a state of its own for each model.
    #[must_use]
    pub fn new(inner: M, clock: Arc<dyn Clock>, options: BreakerOptions) -> Self {
        Self { inner, clock, options, states: Arc::default() }
    }

    fn enter(&self, model: &str) -> Result<Leave> {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.entry(model.to_owned()).or_default();
        let now = self.clock.now();
        let is_trial = match state.open_until {
            None => false,
            Some(until) if now < until || state.is_trying => {
                let error = Error::new(ErrorKind::Unavailable, "model.generate", "the model is given up for a while");
                return Err(error.with("model", model).after(until.since(now)).with_retries_spent());
            }
            Some(_) => true,
        };
        state.is_trying = is_trial;
        drop(states);
        Ok(Leave {
            model: model.to_owned(),
            options: self.options,
            clock: Arc::clone(&self.clock),
            states: Arc::clone(&self.states),
            is_trial,
            has_ended: false,
        })
    }
}

impl Leave {
    fn end(&mut self, failure: Option<ErrorKind>) {
        self.has_ended = true;
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.entry(self.model.clone()).or_default();
        match failure {
            Some(kind) if is_of_the_other_side(kind) => {
                state.failures = state.failures.saturating_add(1);
                if self.is_trial || state.failures >= self.options.failures {
                    state.open_until = Some(self.clock.now().plus(self.options.cooldown));
                }
            }
            // The other side answered, whatever it said.
            _ => (state.failures, state.open_until) = (0, None),
        }
        if self.is_trial {
            state.is_trying = false;
        }
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        if self.is_trial && !self.has_ended {
            let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
            states.entry(self.model.clone()).or_default().is_trying = false;
        }
    }
}

#[async_trait]
impl<M: LanguageModel> LanguageModel for Breaker<M> {
    fn profile(&self, model: &str) -> Option<ModelProfile> {
        self.inner.profile(model)
    }

    async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse> {
        let mut leave = self.enter(&request.model)?;
        let answer = self.inner.generate(request).await;
        leave.end(answer.as_ref().err().map(Error::kind));
        answer
    }

    async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>> {
        let mut leave = self.enter(&request.model)?;
        let stream = match self.inner.stream(request).await {
            Ok(stream) => stream,
            Err(error) => {
                leave.end(Some(error.kind()));
                return Err(error);
            }
        };
        let watched = stream.inspect(move |event| match event {
            Ok(ModelEvent::Finished(_)) => leave.end(None),
            Ok(_) => {}
            Err(error) => leave.end(Some(error.kind())),
        });
        Ok(watched.boxed())
    }

    async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount> {
        self.inner.count_tokens(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::block_on;
    use super::*;
    use crate::testing::{ScriptedModel, VirtualClock};
    use std::sync::atomic::{AtomicBool, Ordering};

    /// A breaker around a model that works or fails as told.
    fn rig(kind: ErrorKind) -> (Breaker<Arc<ScriptedModel>>, Arc<VirtualClock>, Arc<AtomicBool>, Arc<ScriptedModel>) {
        let works = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&works);
        let model = Arc::new(ScriptedModel::by(move |_| match told.load(Ordering::SeqCst) {
            true => Ok("answer".to_owned()),
            false => Err(Error::new(kind, "model.generate", "it failed")),
        }));
        let clock = Arc::new(VirtualClock::default());
        let breaker = Breaker::new(Arc::clone(&model), clock.clone(), BreakerOptions::default());
        (breaker, clock, works, model)
    }

    fn ask(breaker: &impl LanguageModel, model: &str) -> Result<ModelResponse> {
        block_on(breaker.generate(&ModelRequest::new(model, "question", 10)))
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_one_call_tries_later() {
        let (breaker, clock, works, model) = rig(ErrorKind::Unavailable);
        for _ in 0..5 {
            assert_eq!(ask(&breaker, "m").unwrap_err().kind(), ErrorKind::Unavailable);
        }
        assert_eq!(model.calls(), 3);
        // Another model is another matter.
        assert!(ask(&breaker, "n").is_err());
        assert_eq!(model.calls(), 4);
        clock.advance(Duration::from_secs(5));
        assert!(ask(&breaker, "m").is_err() && ask(&breaker, "m").is_err());
        assert_eq!(model.calls(), 5, "one call has tried");
        clock.advance(Duration::from_secs(5));
        works.store(true, Ordering::SeqCst);
        assert!(ask(&breaker, "m").is_ok() && ask(&breaker, "m").is_ok());
    }

    #[test]
    fn a_call_that_is_given_up_leaves_it_to_the_next_to_try() {
        let (breaker, clock, works, _) = rig(ErrorKind::Timeout);
        for _ in 0..3 {
            assert!(ask(&breaker, "m").is_err());
        }
        clock.advance(Duration::from_secs(5));
        drop(breaker.enter("m").unwrap());
        works.store(true, Ordering::SeqCst);
        assert!(ask(&breaker, "m").is_ok());
    }

    #[test]
    fn what_is_wrong_with_a_request_opens_nothing() {
        let (breaker, _, _, model) = rig(ErrorKind::InvalidInput);
        for _ in 0..5 {
            assert!(ask(&breaker, "m").is_err());
        }
        assert_eq!(model.calls(), 5);
    }
}
