//! Keeps calls below the provider's rates, so that they wait here and are not refused there.

use crate::domain::{Timestamp, Usage};
use crate::ports::{
    Clock, LanguageModel, ModelEvent, ModelProfile, ModelRequest, ModelResponse, ReportedRate, ReportedRates,
    TokenCount,
};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The rates of a family of models, which share them. `None` is no limit of the host's: what the provider reports holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// Requests a minute.
    pub requests: Option<u64>,
    /// Input tokens a minute; those read from the provider's cache do not count.
    pub input_tokens: Option<u64>,
    /// Output tokens a minute; the longest answer counts until the real one is known.
    pub output_tokens: Option<u64>,
}

impl RateLimit {
    /// So many requests a minute.
    #[must_use]
    pub fn with_requests(mut self, a_minute: u64) -> Self {
        self.requests = Some(a_minute.max(1));
        self
    }

    /// So many input tokens a minute.
    #[must_use]
    pub fn with_input_tokens(mut self, a_minute: u64) -> Self {
        self.input_tokens = Some(a_minute.max(1));
        self
    }

    /// So many output tokens a minute.
    #[must_use]
    pub fn with_output_tokens(mut self, a_minute: u64) -> Self {
        self.output_tokens = Some(a_minute.max(1));
        self
    }
}

/// Holds calls back until their family's rates allow them, in the order in which they came for leave.
///
/// Each rate is a bucket that holds one minute's worth and fills evenly. A call takes its tokens before it begins, the input
/// as counted and the output as if it were the longest; what it did not use it gives back. When the other side is still
/// refusing, its family waits as long as it asks.
///
/// What the provider reports with its answers corrects the buckets, downwards: where less is left than thought, because
/// others use the same account, or the rate is lower than configured, calls wait for that. A higher rate than the
/// configured one is not used.
#[derive(Debug)]
pub struct Limiter<M> {
    inner: M,
    clock: Arc<dyn Clock>,
    families: Arc<Vec<(String, Mutex<Buckets>)>>,
}

/// The buckets of a family.
#[derive(Debug)]
struct Buckets {
    requests: Option<Bucket>,
    input: Option<Bucket>,
    output: Option<Bucket>,
    /// The other side said to stay away until then.
    shut_until: Timestamp,
}

/// A bucket of one minute's worth, as the moment at which it will be full again (a "generic cell rate" bucket).
#[derive(Debug, Clone, Copy)]
struct Bucket {
    a_minute: u64,
    full_at_us: i128,
}

const MINUTE_US: i128 = 60_000_000;

impl Bucket {
    fn new(a_minute: u64, now: Timestamp) -> Self {
        Self { a_minute: a_minute.max(1), full_at_us: micros(now) }
    }

    fn cost(self, amount: u64) -> i128 {
        // More than a minute's worth takes all of it: it could never be had otherwise.
        i128::from(amount.min(self.a_minute)) * MINUTE_US / i128::from(self.a_minute)
    }

    /// How long until so much is in it.
    fn wait(self, amount: u64, now: Timestamp) -> Duration {
        let level_at = self.full_at_us.max(micros(now)) + self.cost(amount) - MINUTE_US;
        Duration::from_micros(u64::try_from(level_at - micros(now)).unwrap_or(0))
    }

    fn take(&mut self, amount: u64, now: Timestamp) {
        self.full_at_us = self.full_at_us.max(micros(now)) + self.cost(amount);
    }

    fn give_back(&mut self, taken: u64, used: u64) {
        self.full_at_us -= (self.cost(taken) - self.cost(used)).max(0);
    }

    /// Takes over what the provider told at `at`, where that is less than what is thought to be there.
    fn correct(&mut self, told: ReportedRate, at: Timestamp) {
        let a_minute = self.a_minute.min(told.limit.unwrap_or(u64::MAX)).max(1);
        if a_minute < self.a_minute {
            let missing = (self.full_at_us - micros(at)).max(0) * i128::from(self.a_minute) / MINUTE_US;
            *self = Self { a_minute, full_at_us: micros(at) + missing * MINUTE_US / i128::from(a_minute) };
        }
        let missing = i128::from(a_minute - told.remaining.min(a_minute));
        let mut full_at_us = micros(at) + missing * MINUTE_US / i128::from(a_minute);
        if let Some(resets_at) = told.resets_at.filter(|_| missing > 0) {
            // No bucket takes longer than a minute, whatever the other side's clock shows.
            full_at_us = full_at_us.max(micros(resets_at).min(micros(at) + MINUTE_US));
        }
        self.full_at_us = self.full_at_us.max(full_at_us);
    }
}

/// Corrects a bucket, or makes one of what is told of a rate that has none.
fn correct(bucket: &mut Option<Bucket>, told: Option<ReportedRate>, at: Timestamp) {
    let Some(told) = told else { return };
    match (&mut *bucket, told.limit) {
        (Some(bucket), _) => bucket.correct(told, at),
        (None, Some(limit)) => bucket.insert(Bucket::new(limit, at)).correct(told, at),
        (None, None) => {}
    }
}

fn micros(at: Timestamp) -> i128 {
    i128::from(at.as_unix_millis()) * 1000
}

/// What a call has taken.
#[derive(Debug, Clone, Copy)]
struct Taken {
    family: usize,
    input: u64,
    output: u64,
}

impl<M: LanguageModel> Limiter<M> {
    /// Limits around `inner`: of the models whose id begins so, and of none else. The longest beginning counts.
    #[must_use]
    pub fn new(inner: M, clock: Arc<dyn Clock>, limits: BTreeMap<String, RateLimit>) -> Self {
        let now = clock.now();
        let bucket = |a_minute: Option<u64>| a_minute.map(|a_minute| Bucket::new(a_minute, now));
        let buckets = |limit: RateLimit| Buckets {
            requests: bucket(limit.requests),
            input: bucket(limit.input_tokens),
            output: bucket(limit.output_tokens),
            shut_until: now,
        };
        let mut families: Vec<_> =
            limits.into_iter().map(|(family, limit)| (family, Mutex::new(buckets(limit)))).collect();
        families.sort_by_key(|(family, _)| std::cmp::Reverse(family.len()));
        Self { inner, clock, families: Arc::new(families) }
    }

    /// Waits for leave and takes what the call may need.
    async fn enter(&self, request: &ModelRequest) -> Result<Option<Taken>> {
        let family = self.families.iter().position(|(family, _)| request.model.starts_with(family.as_str()));
        let Some(family) = family else { return Ok(None) };
        let input = self.inner.count_tokens(request).await?.tokens;
        let taken = Taken { family, input, output: u64::from(request.max_output_tokens) };
        let begun = self.clock.now();
        loop {
            let now = self.clock.now();
            let wait = self.take(taken, now);
            if wait.is_zero() {
                return Ok(Some(taken));
            }
            let left = request.timeout.map(|timeout| timeout.saturating_sub(now.since(begun)));
            if left.is_some_and(|left| wait >= left) {
                let error = Error::new(ErrorKind::RateLimited, "model.generate", "the rate allows it too late");
                return Err(error.with("model", &request.model).after(wait).with_retries_spent());
            }
            self.clock.sleep(wait).await;
        }
    }

    /// Takes from all buckets, or tells how long until that is possible.
    fn take(&self, taken: Taken, now: Timestamp) -> Duration {
        let Some((_, buckets)) = self.families.get(taken.family) else { return Duration::ZERO };
        let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let Buckets { requests, input, output, shut_until } = &mut *buckets;
        let wanted = [(requests, 1), (input, taken.input), (output, taken.output)];
        let waits = wanted.iter().filter_map(|(bucket, amount)| bucket.map(|bucket| bucket.wait(*amount, now)));
        let wait = waits.max().unwrap_or_default().max(shut_until.since(now));
        if wait.is_zero() {
            for (bucket, amount) in wanted {
                if let Some(bucket) = bucket {
                    bucket.take(amount, now);
                }
            }
        }
        // The clock shows whole milliseconds: a shorter wait would end before its time.
        if wait.subsec_nanos() % 1_000_000 == 0 {
            wait
        } else {
            Duration::from_millis(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX) + 1)
        }
    }
}

/// What is known of a call when it has ended.
#[derive(Debug, Clone, Copy, Default)]
struct Ended<'e> {
    usage: Option<Usage>,
    rates: Option<ReportedRates>,
    error: Option<&'e Error>,
}

impl<'e> Ended<'e> {
    fn well(response: &ModelResponse) -> Self {
        Self { usage: Some(response.usage), rates: response.rates, error: None }
    }

    fn badly(error: &'e Error) -> Self {
        Self { error: Some(error), ..Self::default() }
    }
}

fn end(families: &[(String, Mutex<Buckets>)], taken: Option<Taken>, ended: Ended<'_>, now: Timestamp) {
    let Some((taken, (_, buckets))) = taken.and_then(|taken| Some((taken, families.get(taken.family)?))) else {
        return;
    };
    let Ended { usage, rates, error } = ended;
    let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
    // The report was made when the answer began: the whole of the longest answer was taken then, the input as it is.
    if let Some(told) = rates {
        correct(&mut buckets.output, told.output_tokens, told.at);
    }
    if let Some(usage) = usage {
        let counted = usage.input_tokens.saturating_add(usage.cache_write_tokens);
        if let Some(bucket) = &mut buckets.input {
            bucket.give_back(taken.input, counted);
        }
        if let Some(bucket) = &mut buckets.output {
            bucket.give_back(taken.output, usage.output_tokens);
        }
    }
    if let Some(told) = rates {
        correct(&mut buckets.requests, told.requests, told.at);
        correct(&mut buckets.input, told.input_tokens, told.at);
    }
    if let Some(error) = error.filter(|error| error.kind() == ErrorKind::RateLimited)
        && let Some(asked) = error.retry_after()
    {
        buckets.shut_until = buckets.shut_until.max(now.plus(asked));
    }
}

#[async_trait]
impl<M: LanguageModel> LanguageModel for Limiter<M> {
    fn profile(&self, model: &str) -> Option<ModelProfile> {
        self.inner.profile(model)
    }

    async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse> {
        let taken = self.enter(request).await?;
        let answer = self.inner.generate(request).await;
        let ended = match &answer {
            Ok(response) => Ended::well(response),
            Err(error) => Ended::badly(error),
        };
        end(&self.families, taken, ended, self.clock.now());
        answer
    }

    async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>> {
        let taken = self.enter(request).await?;
        let (families, clock) = (Arc::clone(&self.families), Arc::clone(&self.clock));
        let stream = match self.inner.stream(request).await {
            Ok(stream) => stream,
            Err(error) => {
                end(&families, taken, Ended::badly(&error), clock.now());
                return Err(error);
            }
        };
        let watched = stream.inspect(move |event| match event {
            Ok(ModelEvent::Finished(response)) => end(&families, taken, Ended::well(response), clock.now()),
            Ok(_) => {}
            Err(error) => end(&families, taken, Ended::badly(error), clock.now()),
        });
        Ok(watched.boxed())
    }

    async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount> {
        self.inner.count_tokens(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ScriptedModel, SimulatedClock};
    use futures::future::join_all;
    use proptest::prelude::*;

    type At = Arc<Mutex<Vec<(i64, u64)>>>;

    /// The moments, in milliseconds, at which so many calls begun at once come through.
    fn moments(limit: RateLimit, calls: usize, question: &str, max_output: u32) -> Vec<i64> {
        let clock = Arc::new(SimulatedClock::at(Timestamp::from_unix_millis(0)));
        let at: At = Arc::default();
        let (told, time) = (Arc::clone(&at), Arc::clone(&clock));
        let model = ScriptedModel::by(move |_| {
            told.lock().unwrap().push((time.now().as_unix_millis(), 0));
            Ok("answer".to_owned())
        });
        let limiter = Limiter::new(model, clock.clone(), BTreeMap::from([("claude-x".to_owned(), limit)]));
        let request = ModelRequest::new("claude-x-5", question, max_output);
        let answers = clock.run(join_all((0..calls).map(|_| limiter.generate(&request)))).unwrap();
        assert!(answers.iter().all(Result::is_ok));
        let mut moments: Vec<i64> = at.lock().unwrap().iter().map(|(at, _)| *at).collect();
        moments.sort_unstable();
        moments
    }

    #[test]
    fn a_minutes_worth_at_once_then_evenly() {
        assert_eq!(moments(RateLimit::default().with_requests(2), 4, "q", 1), [0, 0, 30_000, 60_000]);
        // Forty bytes are ten tokens.
        let text = "0123456789".repeat(4);
        assert_eq!(moments(RateLimit::default().with_input_tokens(20), 4, &text, 1), [0, 0, 30_000, 60_000]);
        // An answer of two tokens gives back what it did not use of the ten it might have had.
        assert_eq!(moments(RateLimit::default().with_output_tokens(10), 3, "q", 10), [0, 12_000, 24_000]);
        assert_eq!(moments(RateLimit::default(), 3, "q", 10), [0, 0, 0]);
        // The control: more than a minute's worth is had when the bucket is full, not never.
        assert_eq!(moments(RateLimit::default().with_output_tokens(5), 2, "q", 50), [0, 24_000]);
    }

    #[test]
    fn a_family_stays_away_as_long_as_it_is_told() {
        let clock = Arc::new(SimulatedClock::at(Timestamp::from_unix_millis(0)));
        let refused = Mutex::new(true);
        let model = ScriptedModel::by(move |_| match std::mem::take(&mut *refused.lock().unwrap()) {
            true => Err(Error::new(ErrorKind::RateLimited, "model.generate", "no").after(Duration::from_secs(7))),
            false => Ok("answer".to_owned()),
        });
        let limits = BTreeMap::from([("claude-".to_owned(), RateLimit::default())]);
        let limiter = Limiter::new(model, clock.clone(), limits);
        let request = ModelRequest::new("claude-x", "q", 1);
        assert!(clock.run(limiter.generate(&request)).unwrap().is_err());
        assert!(clock.run(limiter.generate(&request)).unwrap().is_ok());
        assert_eq!(clock.now().as_unix_millis(), 7_000);
        let mut hasty = request;
        hasty.timeout = Some(Duration::from_secs(1));
        assert!(clock.run(limiter.generate(&hasty)).unwrap().is_ok());
    }

    /// A limiter around a model that reports so with each answer, and the moments at which calls one after another come
    /// through.
    fn moments_told(limit: RateLimit, told: fn(Timestamp, usize) -> Option<ReportedRates>, calls: usize) -> Vec<i64> {
        let clock = Arc::new(SimulatedClock::at(Timestamp::from_unix_millis(0)));
        let model = Telling { inner: ScriptedModel::by(|_| Ok("answer".to_owned())), clock: clock.clone(), told };
        let limiter = Limiter::new(model, clock.clone(), BTreeMap::from([("claude-x".to_owned(), limit)]));
        let request = ModelRequest::new("claude-x-5", "q", 10);
        let mut moments = Vec::new();
        for _ in 0..calls {
            clock.run(limiter.generate(&request)).unwrap().unwrap();
            moments.push(clock.now().as_unix_millis());
        }
        moments
    }

    #[derive(Debug)]
    struct Telling {
        inner: ScriptedModel,
        clock: Arc<SimulatedClock>,
        told: fn(Timestamp, usize) -> Option<ReportedRates>,
    }

    #[async_trait]
    impl LanguageModel for Telling {
        fn profile(&self, model: &str) -> Option<ModelProfile> {
            self.inner.profile(model)
        }

        async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse> {
            let response = self.inner.generate(request).await?;
            Ok(response.with_rates((self.told)(self.clock.now(), self.inner.calls())))
        }

        async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>> {
            Ok(super::super::stream_of(self.generate(request).await?))
        }

        async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount> {
            self.inner.count_tokens(request).await
        }
    }

    fn requests(at: Timestamp, left: ReportedRate) -> Option<ReportedRates> {
        Some(ReportedRates { requests: Some(left), ..ReportedRates::none(at) })
    }

    #[test]
    fn what_the_provider_reports_corrects_the_buckets() {
        let sixty = || RateLimit::default().with_requests(60);
        // The control: nothing is reported, and a minute's worth comes through at once.
        assert_eq!(moments_told(sixty(), |_, _| None, 4), [0; 4]);
        // Others have used all but one: after that one it is one a second.
        let one_left: fn(Timestamp, usize) -> Option<ReportedRates> =
            |at, calls| requests(at, ReportedRate::new(if calls == 1 { 1 } else { 0 }));
        assert_eq!(moments_told(sixty(), one_left, 4), [0, 0, 1000, 2000]);
        // The account's rate is lower than configured: six a minute, all used.
        let lower: fn(Timestamp, usize) -> Option<ReportedRates> =
            |at, _| requests(at, ReportedRate::new(0).with_limit(6));
        assert_eq!(moments_told(sixty(), lower, 3), [0, 10_000, 20_000]);
        // Higher than configured: the host's limit stays.
        let higher: fn(Timestamp, usize) -> Option<ReportedRates> =
            |at, _| requests(at, ReportedRate::new(4000).with_limit(4000));
        assert_eq!(moments_told(RateLimit::default().with_requests(1), higher, 3), [0, 60_000, 120_000]);
        // A rate without a limit of the host's is learnt.
        assert_eq!(moments_told(RateLimit::default(), lower, 3), [0, 10_000, 20_000]);
        // It fills evenly until the moment of the reset, and a clock far ahead is not believed.
        let later: fn(Timestamp, usize) -> Option<ReportedRates> = |at, calls| {
            let reset = at.plus(Duration::from_secs(if calls == 1 { 31 } else { 9000 }));
            requests(at, ReportedRate::new(if calls == 1 { 59 } else { 60 }).with_reset(reset))
        };
        assert_eq!(moments_told(sixty(), later, 3), [0; 3]);
        let far: fn(Timestamp, usize) -> Option<ReportedRates> =
            |at, _| requests(at, ReportedRate::new(0).with_reset(at.plus(Duration::from_secs(9000))));
        assert_eq!(moments_told(sixty(), far, 3), [0, 1000, 2000]);
    }

    #[test]
    fn reported_tokens_count_the_answer_that_is_still_coming_as_the_longest() {
        // A hundred a minute, of which the other side has taken this call's ten.
        let told: fn(Timestamp, usize) -> Option<ReportedRates> = |at, _| {
            let left = ReportedRate::new(90).with_limit(100);
            Some(ReportedRates { output_tokens: Some(left), ..ReportedRates::none(at) })
        };
        assert_eq!(moments_told(RateLimit::default().with_output_tokens(100), told, 20), [0; 20]);
        // The control: others have taken nearly all of it, so that ten more are there after so long.
        let told: fn(Timestamp, usize) -> Option<ReportedRates> = |at, _| {
            let left = ReportedRate::new(0).with_limit(100);
            Some(ReportedRates { output_tokens: Some(left), ..ReportedRates::none(at) })
        };
        assert_eq!(moments_told(RateLimit::default().with_output_tokens(100), told, 2), [0, 1200]);
    }

    proptest! {
        #[test]
        fn no_minute_has_more_than_two_minutes_worth(a_minute in 1..20_u64, calls in 1..60_usize) {
            let moments = moments(RateLimit::default().with_requests(a_minute), calls, "q", 1);
            for from in &moments {
                let within = moments.iter().filter(|at| (*from..from + 60_000).contains(*at)).count() as u64;
                prop_assert!(within <= 2 * a_minute, "{within} in a minute of {a_minute}");
            }
            // And it is no slower than that: the last one waits for those that did not fit at once.
            let late = (calls as u64).saturating_sub(a_minute) * 60_000 / a_minute;
            prop_assert!(moments.last().is_some_and(|last| last.abs_diff(late as i64) <= calls as u64));
        }
    }
}
