//! Calls of models before judges that are not ours: a server that breaks answers and judges who asks, one that answers from a
//! script, the contract of the Messages API as its own client knows it, and another list of prices.

mod budget;
mod contract;
mod faults;
mod prices;
mod rigs;
mod scripted;

use aipipe::domain::{ExecutionId, IdempotencyKey, ProjectName};
use aipipe::local::SystemClock;
use aipipe::model::{
    Breaker, BreakerOptions, Budget, BudgetLimits, Cache, Limiter, MemoryAnswers, PriceBook, RateLimit, Retry,
    RetryOptions, Router, RouterOptions, Telemetry,
};
use aipipe::ports::{ChargedTo, Clock, IdGenerator, LanguageModel, ModelRequest, Purpose, RecordStore};
use aipipe::testing::{MemoryRecords, SequentialIds};
use aipipe_anthropic::{Anthropic, Auth, HttpTransport};
use aipipe_tests::wire::Noting;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Longest silence before an answer is given up, short enough for tests of it.
const IDLE: Duration = Duration::from_millis(1500);

/// The adapter to a server on this machine.
fn adapter(base_url: &str, prices: PriceBook) -> Anthropic {
    let transport = Noting::new(HttpTransport::new(IDLE).unwrap(), "a server on this machine");
    let clock = Arc::new(SystemClock);
    let builder = Anthropic::compatible(Arc::new(transport), clock, Auth::Nobody, base_url).unwrap();
    builder.prices(prices).build().unwrap()
}

/// All layers around a model, in their order.
fn whole_stack(
    model: impl LanguageModel,
    prices: PriceBook,
    family: &str,
    records: Arc<dyn RecordStore>,
) -> impl LanguageModel {
    let clock = || Arc::new(SystemClock) as Arc<dyn Clock>;
    let limits = BTreeMap::from([(family.to_owned(), RateLimit::default().with_requests(6000))]);
    let inner = Retry::new(Telemetry::new(model, "anthropic"), clock(), RetryOptions::default());
    let inner = Breaker::new(Limiter::new(inner, clock(), limits), clock(), BreakerOptions::default());
    let inner = Router::new(inner, RouterOptions::default()).unwrap();
    let ids = Arc::new(SequentialIds::default()) as Arc<dyn IdGenerator>;
    let inner = Budget::new(inner, (records, clock(), ids), prices, BudgetLimits::default(), RouterOptions::default());
    let inner = inner.with_attempts(RetryOptions::default().attempts);
    Cache::new(inner, Arc::new(MemoryAnswers::default()), "test")
}

/// A question of an execution, so that it is budgeted.
fn question(model: &str, words: &str) -> ModelRequest {
    let mut purpose = Purpose::new("requirements-synthesizer", "extract");
    let project = ProjectName::parse("library").unwrap();
    purpose.charged_to = Some(ChargedTo::new(project, ExecutionId::parse("rigs").unwrap()));
    ModelRequest::new(model, words, 400)
        .with_purpose(purpose)
        .with_idempotency_key(IdempotencyKey::derive(&[model, words]))
}

fn records() -> Arc<dyn RecordStore> {
    Arc::new(MemoryRecords::default())
}
