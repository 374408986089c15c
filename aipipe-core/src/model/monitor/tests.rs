use super::super::{Cache, MemoryAnswers, block_on};
use super::*;
use crate::domain::{Cost, ExecutionId, KeyAge, PicoUsd, Usage};
use crate::ports::{
    Purpose, RecordKey, RecordQuery, RecordVersion, RecordWrite, Secret, SecretStore, SecretString, Table,
};
use crate::testing::{MemoryRecords, MemorySecrets, RecordingObserver, ScriptedModel, SequentialIds, VirtualClock};
use crate::{Error, ErrorKind};
use futures::future::join_all;
use proptest::prelude::*;
use std::time::Duration;

const CENT: u64 = 10_000_000_000;
const DAY: Duration = Duration::from_hours(24);

/// What several monitors share: each is one process.
#[derive(Default)]
struct Bench {
    records: Arc<MemoryRecords>,
    clock: Arc<VirtualClock>,
    observer: Arc<RecordingObserver>,
}

impl Bench {
    fn monitor<M: LanguageModel>(&self, inner: M) -> Monitor<M> {
        self.monitor_on(Shared { inner: self.records.clone(), countdown: 0.into(), is_lost: false }, inner)
    }

    fn monitor_on<M: LanguageModel>(&self, records: Shared, inner: M) -> Monitor<M> {
        let ids = Arc::new(SequentialIds::default()) as Arc<dyn IdGenerator>;
        let ports = (Arc::new(records) as Arc<dyn RecordStore>, self.clock.clone() as Arc<dyn Clock>, ids);
        Monitor::new(inner, ports, self.observer.clone(), MonitorOptions::default())
    }

    fn ledger(&self) -> UsageLedger {
        UsageLedger::new(self.records.clone())
    }

    fn told(&self) -> Vec<EventKind> {
        self.observer.events().into_iter().map(|event| event.kind).collect()
    }
}

fn project() -> ProjectName {
    ProjectName::parse("library").unwrap()
}

fn execution(name: &str) -> ExecutionId {
    ExecutionId::parse(name).unwrap()
}

/// A model whose calls cost so many cents.
fn costing(cents: u64) -> Arc<ScriptedModel> {
    Arc::new(ScriptedModel::by(|_| Ok("answer".to_owned())).with_cost(Cost::Known(PicoUsd::new(cents * CENT))))
}

fn request(of: &str, stage: &str, story: Option<&str>, key: &str) -> ModelRequest {
    let mut purpose = Purpose::new(stage, "write");
    purpose.story = story.map(str::to_owned);
    purpose.charged_to = Some(ChargedTo::new(project(), execution(of)));
    ModelRequest::new("m", format!("question {key} {}", "x".repeat(40)), 100)
        .with_purpose(purpose)
        .with_idempotency_key(IdempotencyKey::parse(key).unwrap())
}

#[test]
fn calls_are_summed_by_what_they_were_for_and_by_day() {
    let bench = Bench::default();
    let answers = Arc::new(MemoryAnswers::default());
    let monitor = bench.monitor(Cache::new(costing(2), answers, "test"));
    let ask = |request: ModelRequest| block_on(monitor.generate(&request)).unwrap();
    ask(request("a", "plan", None, "1"));
    ask(request("a", "write", Some("us-1"), "2"));
    let mut again = request("a", "write", Some("us-1"), "2");
    again.idempotency_key = Some(IdempotencyKey::parse("3").unwrap());
    ask(again);
    bench.clock.advance(DAY);
    let mut stronger = request("b", "write", Some("us-1"), "4");
    stronger.purpose = stronger.purpose.with_escalated_from("primary");
    let mut stream = block_on(monitor.stream(&stronger)).unwrap();
    while block_on(stream.next()).is_some() {}
    // Outside an execution nothing is counted.
    ask(ModelRequest::new("m", "who pays?", 10));

    let cents = |cents: u64| Cost::Known(PicoUsd::new(cents * CENT));
    let sums = block_on(bench.ledger().execution(&execution("a"))).unwrap();
    let seen = |tally: &Tally| (tally.calls, tally.cache_hits, tally.escalations, tally.cost, tally.saved);
    assert_eq!(seen(&sums.total), (3, 1, 0, cents(4), cents(2)));
    assert_eq!(seen(&sums.stages["plan"]), (1, 0, 0, cents(2), cents(0)));
    assert_eq!(seen(&sums.stories["us-1"]), (2, 1, 0, cents(2), cents(2)));
    assert_eq!(sums.models["m"], sums.total);
    // Fifty-one bytes are thirteen tokens, `answer` is two; a kept answer uses none.
    assert_eq!(sums.total.usage, Usage { input_tokens: 26, output_tokens: 4, ..Usage::default() });
    let days = block_on(bench.ledger().days(&project())).unwrap();
    let by_day: Vec<_> = days.iter().map(|(day, sums)| (day.as_str(), seen(&sums.total))).collect();
    assert_eq!(by_day, [("2026-01-05", (3, 1, 0, cents(4), cents(2))), ("2026-01-06", (1, 0, 1, cents(2), cents(0)))]);
    assert_eq!(seen(&block_on(bench.ledger().project(&project())).unwrap()), (4, 1, 1, cents(6), cents(2)));
    let stories = block_on(bench.ledger().stories(&project())).unwrap();
    assert_eq!(stories.keys().collect::<Vec<_>>(), ["a/us-1", "b/us-1"]);
    assert_eq!(block_on(bench.ledger().calls(&execution("a"))).unwrap()["2"].task, "write");
}

#[test]
fn an_unknown_price_stays_unknown_in_every_sum() {
    let bench = Bench::default();
    let model = ScriptedModel::by(|_| Ok("answer".to_owned())).with_cost(Cost::AtLeast(PicoUsd::new(3)));
    block_on(bench.monitor(model).generate(&request("a", "s", Some("us-1"), "1"))).unwrap();
    block_on(bench.monitor(costing(1)).generate(&request("a", "s", Some("us-1"), "2"))).unwrap();
    let expected = Cost::AtLeast(PicoUsd::new(CENT + 3));
    assert_eq!(block_on(bench.ledger().project(&project())).unwrap().cost, expected);
    assert_eq!(block_on(bench.ledger().stories(&project())).unwrap()["a/us-1"].cost, expected);
}

/// Lets others come in between, and fails the n-th write, before or after it took effect.
#[derive(Debug)]
struct Shared {
    inner: Arc<MemoryRecords>,
    countdown: std::sync::atomic::AtomicUsize,
    is_lost: bool,
}

#[async_trait]
impl RecordStore for Shared {
    fn capabilities(&self) -> crate::ports::RecordCapabilities {
        self.inner.capabilities()
    }

    async fn get(&self, table: Table, key: &RecordKey) -> Result<Option<crate::ports::Record>> {
        others_come_in().await;
        self.inner.get(table, key).await
    }

    async fn write(&self, writes: Vec<RecordWrite>) -> Result<Vec<Option<RecordVersion>>> {
        others_come_in().await;
        let fails = self.countdown.fetch_sub(1, std::sync::atomic::Ordering::SeqCst) == 1;
        if fails && self.is_lost {
            return Err(Error::new(ErrorKind::Unavailable, "record.write", "it failed"));
        }
        let written = self.inner.write(writes).await?;
        if fails { Err(Error::new(ErrorKind::Unavailable, "record.write", "no answer came")) } else { Ok(written) }
    }

    async fn query(&self, table: Table, query: RecordQuery) -> Result<crate::ports::RecordPage> {
        self.inner.query(table, query).await
    }
}

async fn others_come_in() {
    let mut first = true;
    std::future::poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::take(&mut first) { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
}

#[test]
fn a_repeated_settle_counts_once_and_a_failed_one_loses_no_answer() {
    for is_lost in [true, false] {
        let bench = Bench::default();
        let records = Shared { inner: bench.records.clone(), countdown: 2.into(), is_lost };
        let monitor = bench.monitor_on(records, costing(1));
        let calls = || block_on(bench.ledger().project(&project())).unwrap().calls;
        assert!(block_on(monitor.generate(&request("a", "s", Some("us-1"), "1"))).is_ok());
        assert!(block_on(monitor.generate(&request("a", "s", Some("us-1"), "2"))).is_ok(), "the answer is there");
        assert_eq!(calls(), if is_lost { 1 } else { 2 });
        // The engine asks again under the same key, in this process or another.
        assert!(block_on(monitor.generate(&request("a", "s", Some("us-1"), "2"))).is_ok());
        assert!(block_on(bench.monitor(costing(1)).generate(&request("a", "s", Some("us-1"), "2"))).is_ok());
        assert_eq!(calls(), 2);
        assert_eq!(block_on(bench.ledger().stories(&project())).unwrap()["a/us-1"].calls, 2);
        // The control: another key is another call.
        assert!(block_on(monitor.generate(&request("a", "s", Some("us-1"), "3"))).is_ok());
        assert_eq!(calls(), 3);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn calls_at_once_count_once_each_and_all_sums_agree(
        calls in prop::collection::vec((0..12_usize, 0..3_usize), 1..30),
    ) {
        let bench = Bench::default();
        let monitors = [bench.monitor(costing(1)), bench.monitor(costing(1))];
        // A key is one call: the same story each time.
        let ask = |(number, (key, worker)): (usize, &(usize, usize))| {
            let request = request("a", "s", Some(&format!("us-{}", key % 3)), &key.to_string());
            let monitor = &monitors[(number + worker) % 2];
            async move { monitor.generate(&request).await.unwrap() }
        };
        block_on(join_all(calls.iter().enumerate().map(ask)));
        let keys: std::collections::BTreeSet<_> = calls.iter().map(|(key, _)| key).collect();
        let total = block_on(bench.ledger().project(&project())).unwrap();
        prop_assert_eq!(total.calls, keys.len() as u64);
        prop_assert_eq!(block_on(bench.ledger().execution(&execution("a"))).unwrap().total, total);
        let of_stories = block_on(bench.ledger().stories(&project())).unwrap();
        prop_assert_eq!(of_stories.values().fold(Tally::default(), |sum, tally| sum.plus(*tally)), total);
    }
}

/// Asks so many times, so far apart.
fn ask_often(bench: &Bench, monitor: &dyn LanguageModel, of: &str, count: usize, every: Duration) {
    for number in 0..count {
        bench.clock.advance(every);
        block_on(monitor.generate(&request(of, "s", None, &format!("{of}-{number}")))).unwrap();
    }
}

#[test]
fn a_sudden_rate_is_an_event_of_the_execution_that_caused_it() {
    let bench = Bench::default();
    let monitor = bench.monitor(costing(1));
    ask_often(&bench, &monitor, "calm", 60, Duration::from_secs(10));
    assert_eq!(bench.told(), []);
    ask_often(&bench, &monitor, "burst", 40, Duration::from_millis(100));
    let events = bench.observer.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].execution, execution("burst"));
    assert_eq!(events[0].kind, EventKind::Anomaly(Anomaly::SuddenCalls { last_minute: 31, usual: 6 }));
}

#[test]
fn what_stories_usually_cost_is_known_after_a_restart() {
    let bench = Bench::default();
    for number in 0..8 {
        // Each in an execution and a process of its own.
        let of = format!("run-{number}");
        let asked = request(&of, "s", Some("us-1"), "1");
        block_on(bench.monitor(costing(3)).generate(&asked)).unwrap();
        bench.clock.advance(Duration::from_hours(1));
    }
    let dear = request("run-9", "s", Some("us-7"), "1");
    block_on(bench.monitor(costing(60)).generate(&dear)).unwrap();
    let told = bench.told();
    assert!(
        matches!(&told[..], [EventKind::Anomaly(Anomaly::DearStory { story, others: 8, .. })] if story == "us-7"),
        "{told:?}"
    );
    // The control: without the records of before nothing is usual yet.
    let bench = Bench::default();
    block_on(bench.monitor(costing(60)).generate(&dear)).unwrap();
    assert_eq!(bench.told(), []);
}

/// Answers with this part of the prompt, in percent, read from the provider's cache.
#[derive(Debug)]
struct Caching(Arc<ScriptedModel>, std::sync::atomic::AtomicU64);

#[async_trait]
impl LanguageModel for Caching {
    fn profile(&self, model: &str) -> Option<ModelProfile> {
        self.0.profile(model)
    }

    async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse> {
        let mut response = self.0.generate(request).await?;
        let read = self.1.load(std::sync::atomic::Ordering::SeqCst) * 10;
        response.usage = Usage { input_tokens: 1000 - read, cache_read_tokens: read, ..Usage::default() };
        Ok(response)
    }

    async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>> {
        self.0.stream(request).await
    }

    async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount> {
        self.0.count_tokens(request).await
    }
}

#[test]
fn a_prefix_that_is_no_longer_stable_is_told() {
    let bench = Bench::default();
    let monitor = bench.monitor(Caching(costing(1), 90.into()));
    ask_often(&bench, &monitor, "a", 100, Duration::from_secs(5));
    assert_eq!(bench.told(), []);
    monitor.inner.1.store(0, std::sync::atomic::Ordering::SeqCst);
    ask_often(&bench, &monitor, "b", 40, Duration::from_secs(5));
    let told = bench.told();
    assert!(
        matches!(told[..], [EventKind::Anomaly(Anomaly::HitRateCollapse { cache: WatchedCache::Prompts, .. })]),
        "{told:?}"
    );
}

#[test]
fn an_old_key_is_told_once_a_day_by_whatever_process_and_a_rotated_one_no_more() {
    let bench = Bench::default();
    let secrets = Arc::new(MemorySecrets::default());
    let made = bench.clock.now();
    secrets.set("api-key", "hush-hush", made);
    let monitor = || bench.monitor(costing(0)).with_keys([WatchedKey::new(secrets.clone(), "api-key")]);
    let ask = |monitor: &Monitor<Arc<ScriptedModel>>| {
        block_on(monitor.generate(&request("a", "s", None, "1"))).unwrap();
    };
    let first = monitor();
    ask(&first);
    bench.clock.advance(90 * DAY);
    ask(&first);
    assert_eq!(bench.told(), [], "ninety days are allowed");
    bench.clock.advance(DAY);
    for _ in 0..3 {
        ask(&first);
        ask(&monitor());
    }
    let told = |days: u64| EventKind::KeyAge(KeyAge::new("api-key", Some(days), 90));
    assert_eq!(bench.told(), [told(91)]);
    bench.clock.advance(DAY);
    ask(&first);
    assert_eq!(bench.told(), [told(91), told(92)]);
    secrets.set("api-key", "hush-hush-2", bench.clock.now());
    bench.clock.advance(DAY);
    ask(&first);
    assert_eq!(bench.told().len(), 2);
    let shown = format!("{:?} {first:?}", bench.observer.events());
    assert!(!shown.contains("hush"), "{shown}");
}

/// A store that knows no ages, or can't be reached.
#[derive(Debug)]
struct Ageless(std::sync::atomic::AtomicU64);

#[async_trait]
impl SecretStore for Ageless {
    async fn get(&self, name: &str) -> Result<Secret> {
        match self.0.load(std::sync::atomic::Ordering::SeqCst) {
            0 => Err(Error::new(ErrorKind::Unavailable, "secret.get", "not now").with("name", name)),
            version => Ok(Secret::new(SecretString::from("hush-hush"), version.to_string())),
        }
    }
}

#[test]
fn an_unknown_age_is_told_once_for_each_version_and_never_taken_for_fine() {
    let bench = Bench::default();
    let secrets = Arc::new(Ageless(0.into()));
    let monitor = || bench.monitor(costing(0)).with_keys([WatchedKey::new(secrets.clone(), "api-key")]);
    let first = monitor();
    let ask = |monitor: &Monitor<Arc<ScriptedModel>>| {
        block_on(monitor.generate(&request("a", "s", None, "1"))).unwrap();
    };
    ask(&first);
    assert_eq!(bench.told(), [], "what can't be asked holds no call up");
    let set = |version| secrets.0.store(version, std::sync::atomic::Ordering::SeqCst);
    let unknown = EventKind::KeyAge(KeyAge::new("api-key", None, 90));
    for (version, times) in [(1, 1), (2, 2)] {
        set(version);
        for _ in 0..3 {
            ask(&first);
            ask(&monitor());
            bench.clock.advance(DAY);
        }
        assert_eq!(bench.told(), vec![unknown.clone(); times]);
    }
}
