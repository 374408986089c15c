//! Calls from many threads at once, some of which break off after they were charged: the budget holds.

use aipipe::domain::{Cost, PicoUsd, Timestamp};
use aipipe::model::{Budget, BudgetLimits, PriceBook, Retry, RetryOptions, RouterOptions};
use aipipe::ports::{
    Clock, LanguageModel, ModelEvent, ModelProfile, ModelRequest, ModelResponse, RecordStore, TokenCount,
};
use aipipe::testing::{MemoryRecords, ScriptedModel, SequentialIds};
use aipipe::{Error, ErrorKind, Result};
use aipipe_tests::figures;
use async_trait::async_trait;
use futures::stream::BoxStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Time in which every wait is over at once.
#[derive(Debug)]
struct Hasty(AtomicU64);

#[async_trait]
impl Clock for Hasty {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(1_767_603_600_000 + i64::try_from(self.0.fetch_add(1, Ordering::SeqCst)).unwrap())
    }

    async fn sleep(&self, _: Duration) {
        tokio::task::yield_now().await;
    }
}

/// What the account was charged in the end, whatever the answers said; and which calls went wrong, by chance.
#[derive(Debug)]
struct Account {
    inner: ScriptedModel,
    charged: AtomicU64,
    chance: AtomicU64,
    /// The most an attempt can cost, in pico-dollars.
    most: u64,
}

impl Account {
    fn new(seed: u64, most: u64) -> Arc<Self> {
        let inner = ScriptedModel::by(|_| Ok("answer".to_owned()));
        Arc::new(Self { inner, charged: AtomicU64::new(0), chance: AtomicU64::new(seed), most })
    }

    fn below(&self, limit: u64) -> u64 {
        let z = self.chance.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }
}

#[async_trait]
impl LanguageModel for Account {
    fn profile(&self, model: &str) -> Option<ModelProfile> {
        self.inner.profile(model)
    }

    async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse> {
        for _ in 0..self.below(6) {
            tokio::task::yield_now().await;
        }
        let failed = |kind| Err(Error::new(kind, "model.generate", "it failed"));
        // Half of the charges are the most there can be.
        let cost = if self.below(2) == 0 { self.most } else { self.below(self.most) };
        match self.below(10) {
            0 => failed(ErrorKind::RateLimited),
            1 => failed(ErrorKind::QuotaExhausted),
            broken @ 2..=4 => {
                self.charged.fetch_add(cost, Ordering::SeqCst);
                failed(if broken == 2 { ErrorKind::Timeout } else { ErrorKind::StreamTruncated })
            }
            _ => {
                self.charged.fetch_add(cost, Ordering::SeqCst);
                let mut response = self.inner.generate(request).await?;
                response.cost = Cost::Known(PicoUsd::new(cost));
                Ok(response)
            }
        }
    }

    async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>> {
        self.inner.stream(request).await
    }

    async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount> {
        Ok(TokenCount::exact(self.inner.count_tokens(request).await?.tokens))
    }
}

/// How the money is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// By a budget that knows of the retries.
    Budget,
    /// By one that does not.
    BudgetForOneAttempt,
    /// By a look at what is spent before each call, with nothing set aside.
    Look,
}

fn request(number: usize) -> ModelRequest {
    let mut request = super::question("m", &format!("Question {number:04}"));
    // Every other one has no key of its own.
    if number.is_multiple_of(2) {
        request.idempotency_key = None;
    }
    request
}

fn prices() -> PriceBook {
    let tier = r#"{"input": "1", "output": "10", "cache_write": "1", "cache_write_1h": "1", "cache_read": "1"}"#;
    PriceBook::parse(&format!(r#"{{"as_of": "2026-01-01", "models": {{"m": [{{"tiers": [{tier}]}}]}}}}"#)).unwrap()
}

/// By how much many calls at once pass a limit, in pico-dollars, and what was charged.
async fn overspent(guard: Guard, seed: u64, calls: usize) -> (u64, u64) {
    let at = Timestamp::from_unix_millis(1_767_603_600_000);
    let tokens = ScriptedModel::new([""; 0]).count_tokens(&request(0)).await.unwrap().tokens;
    let most = prices().most("m", at, tokens, 400).unwrap().get();
    let account = Account::new(seed, most);
    // Room for a third of the calls or fewer.
    let limit = most * (1 + account.below(calls as u64 / 3));
    let clock: Arc<dyn Clock> = Arc::new(Hasty(AtomicU64::new(0)));
    let records: Arc<dyn RecordStore> = Arc::new(MemoryRecords::default());
    let attempts = RetryOptions::default().attempts;
    let stack = |guard| {
        let inner = Retry::new(Arc::clone(&account), Arc::clone(&clock), RetryOptions::default());
        let limits = match guard {
            Guard::Look => BudgetLimits::default(),
            _ => BudgetLimits::default().with_execution(PicoUsd::new(limit)).with_project(PicoUsd::new(limit)),
        };
        let ports = (Arc::clone(&records), Arc::clone(&clock), Arc::new(SequentialIds::default()) as Arc<_>);
        let budget = Budget::new(inner, ports, prices(), limits, RouterOptions::default());
        Arc::new(if guard == Guard::Budget { budget.with_attempts(attempts) } else { budget })
    };
    // Two processes, as it were: they share the records and nothing else.
    let stacks = [stack(guard), stack(guard)];
    let tasks: Vec<_> = (0..calls)
        .map(|number| {
            let (stack, account) = (Arc::clone(&stacks[number % 2]), Arc::clone(&account));
            tokio::spawn(async move {
                if guard == Guard::Look && account.charged.load(Ordering::SeqCst) + most > limit {
                    return;
                }
                // Whoever gets no answer asks once more, under the same key.
                for _ in 0..2 {
                    match stack.generate(&request(number)).await {
                        Err(error) if error.kind() == ErrorKind::Unavailable => panic!("{}", error.chain()),
                        Err(_) => {}
                        Ok(_) => break,
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let charged = account.charged.load(Ordering::SeqCst);
    (charged.saturating_sub(limit), charged)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn calls_at_once_never_overspend_whatever_breaks_off() {
    let (mut overspends, mut spent) = (0, 0);
    for seed in 0..60 {
        let (over, charged) = overspent(Guard::Budget, seed, 30).await;
        overspends += u32::from(over > 0);
        spent += charged;
    }
    figures::record("model.budget_overspends", overspends, "of 60 runs").unwrap();
    assert_eq!(overspends, 0);
    assert!(spent > 0, "nothing was spent at all");
    // The controls: a budget that reserves nothing, and one that reserves for one attempt of three.
    for guard in [Guard::Look, Guard::BudgetForOneAttempt] {
        let mut overspends = 0;
        for seed in 0..60 {
            overspends += u32::from(overspent(guard, seed, 30).await.0 > 0);
        }
        assert!(overspends > 0, "{guard:?} held");
    }
}
