//! Decorators around a [`LanguageModel`](crate::ports::LanguageModel): each adds one thing, and all of them are language models themselves.
//!
//! From the outside in, the order that works is
//!
//! ```text
//! Redaction → Monitor → Cache → Budget → Router → Breaker → Limiter → Retry → Telemetry → adapter
//! ```
//!
//! - [`Redaction`] is outermost: nothing inside sees what it takes out, so no kept answer, no key of one and no log holds it.
//!   Kept answers have pseudonyms, which are turned back each time.
//! - [`Monitor`] comes next: it counts what came of each call, also of those that were answered from what is kept.
//! - [`Cache`] stands before the budget: an answer that is kept costs nothing, is not budgeted and waits for no limit.
//! - [`Budget`] stands before the router, which may call other models: what it reserves covers all of a route, and the
//!   attempts it is told of.
//! - [`Router`] stands before the breaker, so that it can go elsewhere when a model is given up for a while.
//! - [`Breaker`] stands before limiter and retry: while it is open nothing waits and nothing is tried.
//! - [`Limiter`] stands before the retries, which ask it for leave again through [`Retry`]'s own waits.
//! - [`Retry`] is the only loop that asks again. Errors whose retries are spent say so.
//! - [`Telemetry`] is innermost: each attempt is a span of its own.
//!
//! Other nestings compile and are wrong: a retry around a router multiplies its fallbacks, a cache inside a budget makes
//! kept answers count, a breaker inside a retry is asked to break what the retry goes on with, a redaction inside a cache
//! keeps what was to be kept from everybody, a monitor inside a cache knows nothing of what is saved.

mod breaker;
mod budget;
mod cache;
mod ledger;
mod limiter;
mod monitor;
mod prices;
mod redaction;
mod retry;
mod router;
mod telemetry;

pub use breaker::{Breaker, BreakerOptions};
pub use budget::{Budget, BudgetLimits};
pub use cache::{AnswerStore, Cache, MemoryAnswers};
pub use limiter::{Limiter, RateLimit};
pub use monitor::{Monitor, MonitorOptions, UsageLedger, UsageSums, UsedCall, WatchedKey};
pub use prices::{PriceBook, Terms};
pub use redaction::Redaction;
pub use retry::{Retry, RetryOptions};
pub use router::{Role, Route, Router, RouterOptions};
pub use telemetry::Telemetry;

use crate::ports::{ModelEvent, ModelResponse};
use futures::stream::{self, BoxStream, StreamExt as _};

/// An answer that is there already, as a stream.
fn stream_of(response: ModelResponse) -> BoxStream<'static, crate::Result<ModelEvent>> {
    let text = Some(response.text.clone()).filter(|text| !text.is_empty());
    let events = text.map(ModelEvent::TextDelta).into_iter().chain([ModelEvent::Finished(Box::new(response))]);
    stream::iter(events.map(Ok).collect::<Vec<_>>()).boxed()
}

/// What a future comes to that waits for nothing outside: polled until it is there.
#[cfg(test)]
fn block_on<T>(future: impl std::future::Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
