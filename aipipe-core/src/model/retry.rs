//! Asks again after errors that pass.

use crate::domain::{ContentHash, Cost, Timestamp};
use crate::ports::{
    Clock, LanguageModel, ModelAttempt, ModelEvent, ModelProfile, ModelRequest, ModelResponse, TokenCount,
};
use crate::{Error, Result};
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// How often and after what time to ask again. The defaults are those of Anthropic's own clients: three attempts, half a
/// second doubled each time up to eight, less up to a quarter by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryOptions {
    /// Attempts in all, at least one.
    pub attempts: u32,
    /// The wait before the second attempt; doubled before each further one.
    pub first_wait: Duration,
    /// The longest of these waits.
    pub longest_wait: Duration,
    /// The longest wait that the other side may ask for; a longer one ends the attempts.
    pub longest_asked: Duration,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self {
            attempts: 3,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(8),
            longest_asked: Duration::from_secs(120),
        }
    }
}

impl RetryOptions {
    /// The same with this many attempts in all.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }
}

/// Asks again after errors that pass: rate limits, an overloaded or unreachable other side, a stream that breaks off.
///
/// It waits as long as the other side asks, and never beyond the request's own time. Nothing outside happens by a model
/// call but its cost, so asking again is safe; each attempt stands in the answer. What a failed attempt cost nobody may know:
/// then the cost of the answer is a least one. A stream is asked for again only until it has begun: what was handed on can't
/// be taken back. The last error says that its retries are spent.
#[derive(Debug)]
pub struct Retry<M> {
    inner: M,
    clock: Arc<dyn Clock>,
    options: RetryOptions,
}

/// The attempts before the one that worked.
#[derive(Debug, Default)]
struct Failed {
    attempts: Vec<ModelAttempt>,
    /// One of them was not refused but broke off: the other side may have charged it.
    may_have_cost: bool,
}

impl<M: LanguageModel> Retry<M> {
    /// Retries around `inner`.
    #[must_use]
    pub fn new(inner: M, clock: Arc<dyn Clock>, options: RetryOptions) -> Self {
        Self { inner, clock, options }
    }

    /// Asks until it works or no attempt is left; also returns the failed attempts.
    async fn ask<T, F>(&self, request: &ModelRequest, ask: impl Fn(ModelRequest) -> F) -> Result<(T, Failed)>
    where
        F: Future<Output = Result<T>>,
    {
        let begun = self.clock.now();
        let mut failed = Failed::default();
        loop {
            let started = self.clock.now();
            let mut attempt = request.clone();
            if let Some(timeout) = request.timeout {
                attempt.timeout = Some(timeout.saturating_sub(started.since(begun)));
            }
            let error = match ask(attempt).await {
                Ok(answer) => return Ok((answer, failed)),
                Err(error) if !error.is_retryable() => return Err(error),
                Err(error) => error,
            };
            failed.attempts.push(self.failed(request, started, &error));
            failed.may_have_cost |= !error.kind().is_refusal();
            let number = u32::try_from(failed.attempts.len()).unwrap_or(u32::MAX);
            let wait = self.wait(request, number, &error);
            let now = self.clock.now();
            let in_time = request.timeout.is_none_or(|timeout| wait < timeout.saturating_sub(now.since(begun)));
            if number >= self.options.attempts || wait > self.options.longest_asked || !in_time {
                return Err(error.with("attempts", number).with_retries_spent());
            }
            tracing::debug!(
                model = request.model,
                attempt = number,
                kind = error.kind().as_str(),
                ?wait,
                "asking again"
            );
            self.clock.sleep(wait).await;
        }
    }

    fn failed(&self, request: &ModelRequest, started: Timestamp, error: &Error) -> ModelAttempt {
        let took = self.clock.now().since(started).as_millis();
        let attempt = ModelAttempt::new(&request.model, started, u64::try_from(took).unwrap_or(u64::MAX));
        let attempt = match error.context("request_id") {
            Some(id) => attempt.with_request_id(id),
            None => attempt,
        };
        attempt.with_failure(error.kind().as_str())
    }

    /// What the other side asks for, else half a second doubled each time; up to a quarter less, told by the question and
    /// the moment, so that those who failed together do not come back together.
    fn wait(&self, request: &ModelRequest, number: u32, error: &Error) -> Duration {
        if let Some(asked) = error.retry_after() {
            return asked;
        }
        let doubled = self.options.first_wait.saturating_mul(1 << (number - 1).min(16)).min(self.options.longest_wait);
        let key = request.idempotency_key.as_ref().map_or("", |key| key.as_str());
        let moment = self.clock.now().as_unix_millis().to_string();
        let chance = ContentHash::of_parts(&[key, &request.model, &moment, &number.to_string()]);
        let byte = u8::from_str_radix(chance.to_hex().get(..2).unwrap_or("0"), 16).unwrap_or(0);
        doubled.saturating_sub(doubled.saturating_mul(u32::from(byte)) / 1024)
    }
}

#[async_trait]
impl<M: LanguageModel> LanguageModel for Retry<M> {
    fn profile(&self, model: &str) -> Option<ModelProfile> {
        self.inner.profile(model)
    }

    async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse> {
        let ask = |request: ModelRequest| async move { self.inner.generate(&request).await };
        let (mut response, failed) = self.ask(request, ask).await?;
        response.attempts.splice(0..0, failed.attempts);
        if failed.may_have_cost {
            response.cost = Cost::AtLeast(response.cost.known_part());
        }
        Ok(response)
    }

    async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>> {
        let ask = |request: ModelRequest| async move { self.inner.stream(&request).await };
        let (stream, failed) = self.ask(request, ask).await?;
        let told = move |event| match event {
            Ok(ModelEvent::Finished(mut response)) => {
                response.attempts.splice(0..0, failed.attempts.iter().cloned());
                if failed.may_have_cost {
                    response.cost = Cost::AtLeast(response.cost.known_part());
                }
                Ok(ModelEvent::Finished(response))
            }
            other => other,
        };
        Ok(stream.map(told).boxed())
    }

    async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount> {
        let ask = |request: ModelRequest| async move { self.inner.count_tokens(&request).await };
        Ok(self.ask(request, ask).await?.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::testing::{ScriptedModel, SimulatedClock};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    type Failure = fn() -> Error;

    fn error(kind: ErrorKind) -> Error {
        Error::new(kind, "model.generate", "it failed")
    }

    /// A model that fails so often, and the moments at which it was asked.
    fn model(
        failures: usize,
        failure: Failure,
        clock: &Arc<SimulatedClock>,
        at: &Arc<Mutex<Vec<i64>>>,
    ) -> ScriptedModel {
        let (clock, at, count) = (Arc::clone(clock), Arc::clone(at), AtomicUsize::new(0));
        ScriptedModel::by(move |_| {
            at.lock().unwrap().push(clock.now().as_unix_millis());
            match count.fetch_add(1, Ordering::SeqCst) {
                number if number < failures => Err(failure()),
                _ => Ok("answer".to_owned()),
            }
        })
    }

    /// What comes of a request with so much time, and the waits between the attempts in milliseconds.
    fn asked(failures: usize, failure: Failure, timeout: Option<Duration>) -> (Result<ModelResponse>, Vec<i64>) {
        let clock = Arc::new(SimulatedClock::at(Timestamp::from_unix_millis(0)));
        let at = Arc::new(Mutex::new(Vec::new()));
        let retry = Retry::new(model(failures, failure, &clock, &at), clock.clone(), RetryOptions::default());
        let mut request = ModelRequest::new("m", "question", 10);
        request.timeout = timeout;
        let answer = clock.run(retry.generate(&request)).unwrap();
        let at = at.lock().unwrap();
        (answer, at.windows(2).map(|pair| pair[1] - pair[0]).collect())
    }

    #[test]
    fn what_passes_is_tried_three_times_with_growing_waits() {
        for kind in [ErrorKind::Unavailable, ErrorKind::RateLimited, ErrorKind::Timeout, ErrorKind::StreamTruncated] {
            let failure: Failure = match kind {
                ErrorKind::Unavailable => || error(ErrorKind::Unavailable),
                ErrorKind::RateLimited => || error(ErrorKind::RateLimited),
                ErrorKind::Timeout => || error(ErrorKind::Timeout),
                _ => || error(ErrorKind::StreamTruncated),
            };
            let (answer, waits) = asked(2, failure, None);
            let answer = answer.unwrap();
            // Only what was refused certainly cost nothing.
            let is_known = matches!(answer.cost, Cost::Known(_));
            assert_eq!(is_known, kind == ErrorKind::RateLimited, "{kind:?}");
            let attempts = answer.attempts;
            let told: Vec<_> = attempts.iter().map(|attempt| attempt.failure.as_deref()).collect();
            assert_eq!(told, [Some(kind.as_str()), Some(kind.as_str()), None]);
            assert!((375..=500).contains(&waits[0]) && (750..=1000).contains(&waits[1]), "{waits:?}");
            let (answer, waits) = asked(3, failure, None);
            let error = answer.unwrap_err();
            assert_eq!((error.kind(), waits.len(), error.is_retryable()), (kind, 2, false));
        }
    }

    #[test]
    fn a_stream_after_an_attempt_that_broke_off_costs_at_least_what_it_says() {
        for (failure, is_known) in
            [((|| error(ErrorKind::Timeout)) as Failure, false), (|| error(ErrorKind::RateLimited), true)]
        {
            let clock = Arc::new(SimulatedClock::at(Timestamp::from_unix_millis(0)));
            let model = model(1, failure, &clock, &Arc::default());
            let retry = Retry::new(model, clock.clone(), RetryOptions::default());
            let request = ModelRequest::new("m", "question", 100);
            let events = clock.run(async { retry.stream(&request).await.unwrap().collect::<Vec<_>>().await }).unwrap();
            let Some(Ok(ModelEvent::Finished(response))) = events.last() else { panic!("no end: {events:?}") };
            assert_eq!(matches!(response.cost, Cost::Known(_)), is_known, "{:?}", response.cost);
            assert_eq!(response.attempts.len(), 2);
        }
    }

    #[test]
    fn what_stays_is_not_tried_again() {
        for failure in [
            (|| error(ErrorKind::InvalidInput)) as Failure,
            || error(ErrorKind::QuotaExhausted),
            || error(ErrorKind::Unauthenticated),
            || error(ErrorKind::Unavailable).with_retries_spent(),
        ] {
            assert_eq!(asked(1, failure, None).1, [0; 0]);
        }
    }

    #[test]
    fn it_waits_as_long_as_asked_and_never_beyond_the_requests_time() {
        let limited: Failure = || error(ErrorKind::RateLimited).after(Duration::from_secs(30));
        assert_eq!(asked(1, limited, None).1, [30_000]);
        let (answer, waits) = asked(1, limited, Some(Duration::from_secs(20)));
        assert!(answer.is_err_and(|error| !error.is_retryable()) && waits.is_empty());
        let (answer, waits) = asked(1, || error(ErrorKind::RateLimited).after(Duration::from_secs(3600)), None);
        assert!(answer.is_err() && waits.is_empty());
    }
}
