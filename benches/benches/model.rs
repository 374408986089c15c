//! What all layers around a model cost a call, and what a very long line costs the reader of streams.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench that can't run shall stop")]
#![expect(clippy::print_stdout, reason = "it tells the time")]

use aipipe_anthropic::{Anthropic, Auth, Headers, HttpRequest, HttpResponse, Transport, TransportError};
use aipipe_benches::figures;
use aipipe_core::domain::{Cost, ExecutionId, IdempotencyKey, PicoUsd, ProjectName, Timestamp, Usage};
use aipipe_core::model::{
    Breaker, BreakerOptions, Budget, BudgetLimits, Cache, Limiter, MemoryAnswers, PriceBook, RateLimit, Retry,
    RetryOptions, Router, RouterOptions, Telemetry,
};
use aipipe_core::ports::{
    ChargedTo, Clock, IdGenerator, LanguageModel, ModelAttempt, ModelEvent, ModelProfile, ModelRequest, ModelResponse,
    Purpose, RecordStore, TokenCount,
};
use aipipe_core::testing::{MemoryRecords, SequentialIds, VirtualClock};
use async_trait::async_trait;
use bytes::Bytes;
use futures::executor::block_on;
use futures::stream::{self, BoxStream, StreamExt as _};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Answers at once.
#[derive(Debug)]
struct Instantly;

#[async_trait]
impl LanguageModel for Instantly {
    fn profile(&self, _: &str) -> Option<ModelProfile> {
        Some(ModelProfile::new(200_000, 64_000))
    }

    async fn generate(&self, request: &ModelRequest) -> aipipe_core::Result<ModelResponse> {
        let usage = Usage { input_tokens: 1000, output_tokens: 300, ..Usage::default() };
        let attempt = ModelAttempt::new(&request.model, Timestamp::from_unix_millis(0), 0);
        let cost = Cost::Known(PicoUsd::new(5_000_000_000));
        Ok(ModelResponse::new(&request.model, "An answer of some length. ".repeat(40), usage, cost, vec![attempt]))
    }

    async fn stream(
        &self,
        _: &ModelRequest,
    ) -> aipipe_core::Result<BoxStream<'static, aipipe_core::Result<ModelEvent>>> {
        panic!("nothing is streamed here")
    }

    async fn count_tokens(&self, _: &ModelRequest) -> aipipe_core::Result<TokenCount> {
        Ok(TokenCount::exact(1000))
    }
}

fn stack() -> impl LanguageModel {
    let clock = Arc::new(VirtualClock::default()) as Arc<dyn Clock>;
    let prices = PriceBook::builtin().unwrap();
    let rate = RateLimit::default().with_requests(100_000_000).with_input_tokens(1 << 50).with_output_tokens(1 << 50);
    let limits = BTreeMap::from([("claude-".to_owned(), rate)]);
    let options = RetryOptions::default();
    let inner = Retry::new(Telemetry::new(Instantly, "anthropic"), clock.clone(), options);
    let inner = Breaker::new(Limiter::new(inner, clock.clone(), limits), clock.clone(), BreakerOptions::default());
    let inner = Router::new(inner, RouterOptions::default()).unwrap();
    let records = Arc::new(MemoryRecords::default()) as Arc<dyn RecordStore>;
    let ids = Arc::new(SequentialIds::default()) as Arc<dyn IdGenerator>;
    let most = PicoUsd::new(u64::MAX);
    let limits = BudgetLimits::default().with_execution(most).with_project(most).with_story(most);
    let inner = Budget::new(inner, (records, clock, ids), prices, limits, RouterOptions::default());
    Cache::new(inner.with_attempts(options.attempts), Arc::new(MemoryAnswers::default()), "bench")
}

/// Questions of two stages and ten stories, no two alike.
fn questions(count: usize) -> Vec<ModelRequest> {
    let of = |number: usize| {
        let stage = if number.is_multiple_of(2) { "architecture-planner" } else { "story-executor" };
        let mut purpose = Purpose::new(stage, "write");
        purpose = purpose.with_story(format!("story-{}", number % 10));
        let execution = ExecutionId::parse("bench").unwrap();
        purpose.charged_to = Some(ChargedTo::new(ProjectName::parse("library").unwrap(), execution));
        let question = format!("Question {number}. {}", "Some words of a prompt. ".repeat(40));
        ModelRequest::new("primary", question, 2000)
            .with_purpose(purpose)
            .with_idempotency_key(IdempotencyKey::derive(&[&number.to_string()]))
    };
    (0..count).map(of).collect()
}

/// Microseconds of CPU a call to `model`, one after the other.
fn microseconds(model: &dyn LanguageModel, questions: &[ModelRequest]) -> f64 {
    let began = cpu_seconds();
    for question in questions {
        assert!(block_on(model.generate(question)).is_ok());
    }
    (cpu_seconds() - began) * 1e6 / questions.len() as f64
}

/// What this thread has had of a CPU: the calls wait for nothing, so that is what they take on a machine of their own.
fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// A stream of one text delta whose line is a mebibyte, in pieces of so many bytes.
#[derive(Debug)]
struct LongLine(usize);

#[async_trait]
impl Transport for LongLine {
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, TransportError> {
        let events = [
            json!({"type": "message_start", "message": {"model": "claude-haiku-5-5", "usage": {"input_tokens": 1}}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x".repeat(1 << 20)}}),
            json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}}),
            json!({"type": "message_stop"}),
        ];
        let text: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
        let pieces: Vec<_> = text.as_bytes().chunks(self.0).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        Ok(HttpResponse::new(200, Headers::default(), stream::iter(pieces).boxed()))
    }
}

/// Milliseconds until the whole answer is read.
fn long_line(piece: usize) -> f64 {
    let clock = Arc::new(VirtualClock::default());
    let model = Anthropic::builder(Arc::new(LongLine(piece)), clock, Auth::Nobody).unwrap().build().unwrap();
    // The pieces are made when it is asked, and read after.
    let mut events = block_on(model.stream(&ModelRequest::new("claude-haiku-5-5", "q", 10))).unwrap();
    let began = cpu_seconds();
    let mut last = None;
    while let Some(event) = block_on(events.next()) {
        last = Some(event.unwrap());
    }
    let took = (cpu_seconds() - began) * 1e3;
    match last {
        Some(ModelEvent::Finished(response)) if response.text.len() == 1 << 20 => took,
        other => panic!("the answer is {other:?}"),
    }
}

fn best(mut measure: impl FnMut() -> f64) -> f64 {
    (0..5).map(|_| measure()).fold(f64::INFINITY, f64::min)
}

fn main() {
    // cargo asks benches to be tests now and then; there is nothing to test here.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let asked = questions(5000);
    let bare = best(|| microseconds(&Instantly, &asked));
    let whole = best(|| microseconds(&stack(), &asked));
    let kept = best(|| {
        let stack = stack();
        microseconds(&stack, &asked);
        microseconds(&stack, &asked)
    });
    println!("a call through all layers {whole:.1} µs, alone {bare:.1} µs, of a kept answer {kept:.1} µs");
    figures::record("model.decorators_us_per_call", whole - bare, "µs").unwrap();
    figures::record("model.kept_answer_us", kept, "µs").unwrap();
    let slowest = [16, 64, 1024].map(|piece| (best(|| long_line(piece)), piece));
    println!("a line of a mebibyte, in milliseconds by size of the pieces: {slowest:?}");
    let worst = slowest.iter().fold(0.0, |worst: f64, (took, _)| worst.max(*took));
    figures::record("sse.mib_line_ms", worst, "ms").unwrap();
}
