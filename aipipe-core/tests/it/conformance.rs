//! The suites pass on the in-memory adapters, and fail on adapters that break a promise.

use aipipe_core::domain::{ArtifactKey, ArtifactPrefix, BatchId, Cost, IdempotencyKey, PicoUsd, Timestamp};
use aipipe_core::model::{
    Breaker, BreakerOptions, Budget, BudgetLimits, Cache, Limiter, MemoryAnswers, Monitor, MonitorOptions, PriceBook,
    RateLimit, Redaction, Retry, RetryOptions, Router, RouterOptions, Telemetry,
};
use aipipe_core::ports::{
    Artifact, ArtifactCapabilities, ArtifactEntry, ArtifactMeta, ArtifactStore, ArtifactVersion, BatchLanguageModel,
    BatchRepeat, BatchResult, BatchStatus, Clock, ContinuousIntegration, Embedder, GetOptions, IdGenerator,
    LanguageModel, ModelRequest, NoObserver, PutMode, PutOptions, Record, RecordCapabilities, RecordKey, RecordPage,
    RecordQuery, RecordStore, RecordVersion, RecordWrite, ReviewDesk, SecretStore, SourceControl, Table, VersionEntry,
};
use aipipe_core::redaction::Redactor;
use aipipe_core::search::LexicalEmbedder;
use aipipe_core::testing::conformance::{self, BatchRig, OwnRuns, Report};
use aipipe_core::testing::{
    HashEmbedder, MemoryArtifacts, MemoryBatches, MemoryForge, MemoryRecords, MemorySecrets, ScriptedModel,
    SequentialIds, SimulatedClock, VirtualClock,
};
use aipipe_core::{ErrorKind, Result, ports::Expect};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

#[track_caller]
fn passes(report: &Report) {
    assert!(report.failures().is_empty(), "{report}");
    assert!(!report.properties().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_memory_adapters_keep_every_promise() {
    passes(&conformance::artifact_store(&(Arc::new(MemoryArtifacts::default()) as Arc<dyn ArtifactStore>)).await);
    passes(&conformance::record_store(&(Arc::new(MemoryRecords::default()) as Arc<dyn RecordStore>)).await);
    let forge = Arc::new(MemoryForge::default());
    let source = forge.clone() as Arc<dyn SourceControl>;
    passes(&conformance::source_control(&source).await);
    passes(
        &conformance::continuous_integration(&(forge.clone() as Arc<dyn ContinuousIntegration>), &source, &OwnRuns)
            .await,
    );
    passes(&conformance::review_desk(&(forge.clone() as Arc<dyn ReviewDesk>), &source, &*forge).await);
    let answers = || ScriptedModel::by(|_| Ok("an answer".to_owned()));
    for cost in [Cost::ZERO, Cost::Known(PicoUsd::new(17)), Cost::AtLeast(PicoUsd::new(17))] {
        let model = Arc::new(answers().with_cost(cost)) as Arc<dyn LanguageModel>;
        passes(&conformance::language_model(&model, "scripted", &|_| cost).await);
    }
    let cost = Cost::Known(PicoUsd::new(8));
    let batches = MemoryBatches::answered_by(Arc::new(answers().with_cost(cost)));
    let batches = Arc::new(batches) as Arc<dyn BatchLanguageModel>;
    let simulated = Arc::new(SimulatedClock::at(Timestamp::from_unix_millis(0)));
    let clock = simulated.clone() as Arc<dyn Clock>;
    let rig = BatchRig { batches: &batches, elsewhere: &batches, clock: &clock, model: "scripted" };
    passes(&simulated.run(conformance::batch_language_model(rig, &|_| cost)).unwrap());
    passes(&conformance::embedder(&(Arc::new(HashEmbedder) as Arc<dyn Embedder>)).await);
    passes(&conformance::embedder(&(Arc::new(LexicalEmbedder) as Arc<dyn Embedder>)).await);
    let secrets = MemorySecrets::default();
    secrets.set("api-key", "hush-hush", Timestamp::from_unix_millis(0));
    passes(&conformance::secret_store(&(Arc::new(secrets) as Arc<dyn SecretStore>), "api-key", "hush-hush").await);
    passes(&conformance::id_generator(&(Arc::new(SequentialIds::default()) as Arc<dyn IdGenerator>)).await);
}

#[tokio::test]
async fn every_layer_around_a_model_keeps_its_promises() {
    let cost = Cost::Known(PicoUsd::new(17));
    let model = || ScriptedModel::by(|_| Ok("an answer".to_owned())).with_cost(cost);
    let clock = || Arc::new(VirtualClock::default()) as Arc<dyn Clock>;
    let ports = || {
        let ids = Arc::new(SequentialIds::default()) as Arc<dyn IdGenerator>;
        (Arc::new(MemoryRecords::default()) as Arc<dyn RecordStore>, clock(), ids)
    };
    let prices = || PriceBook::builtin().unwrap();
    let routes = RouterOptions::default;
    let limits = || BTreeMap::from([("scripted".to_owned(), RateLimit::default().with_requests(1000))]);
    let whole = {
        let inner = Retry::new(Telemetry::new(model(), "test"), clock(), RetryOptions::default());
        let inner = Breaker::new(Limiter::new(inner, clock(), limits()), clock(), BreakerOptions::default());
        let inner = Router::new(inner, routes()).unwrap();
        let inner = Budget::new(inner, ports(), prices(), BudgetLimits::default(), routes());
        let inner = Cache::new(inner, Arc::new(MemoryAnswers::default()), "test");
        let inner = Monitor::new(inner, ports(), Arc::new(NoObserver), MonitorOptions::default());
        Redaction::new(inner, Redactor::default())
    };
    let layers: [(&str, Arc<dyn LanguageModel>); 10] = [
        ("redaction", Arc::new(Redaction::new(model(), Redactor::default()))),
        ("monitor", Arc::new(Monitor::new(model(), ports(), Arc::new(NoObserver), MonitorOptions::default()))),
        ("cache", Arc::new(Cache::new(model(), Arc::new(MemoryAnswers::default()), "test"))),
        ("budget", Arc::new(Budget::new(model(), ports(), prices(), BudgetLimits::default(), routes()))),
        ("router", Arc::new(Router::new(model(), routes()).unwrap())),
        ("breaker", Arc::new(Breaker::new(model(), clock(), BreakerOptions::default()))),
        ("limiter", Arc::new(Limiter::new(model(), clock(), limits()))),
        ("retry", Arc::new(Retry::new(model(), clock(), RetryOptions::default()))),
        ("telemetry", Arc::new(Telemetry::new(model(), "test"))),
        ("all of them", Arc::new(whole)),
    ];
    for (name, layer) in layers {
        let report = conformance::language_model(&layer, "scripted", &|_| cost).await;
        assert!(report.failures().is_empty(), "{name}: {report}");
    }
}

#[tokio::test]
async fn a_model_that_miscounts_its_cost_fails_the_suite() {
    let real = Cost::Known(PicoUsd::new(17));
    for told in [Cost::ZERO, Cost::AtLeast(PicoUsd::new(17)), Cost::Known(PicoUsd::new(18))] {
        let model = Arc::new(ScriptedModel::by(|_| Ok("an answer".to_owned())).with_cost(told));
        let report = conformance::language_model(&(model as Arc<dyn LanguageModel>), "scripted", &|_| real).await;
        let failed: Vec<_> = report.failures().into_iter().map(|(property, _)| property).collect();
        let expected = ["an answer carries usage, cost and attempts", "a stream ends with the whole answer"];
        assert_eq!(failed, expected, "{told:?}");
    }
}

#[tokio::test]
async fn a_virtual_clock_sleeps_as_long_as_it_is_advanced() {
    let clock = Arc::new(VirtualClock::default());
    let advanced = Arc::clone(&clock);
    let suite = tokio::spawn(async move { conformance::clock(&(clock as Arc<dyn Clock>)).await });
    while !suite.is_finished() {
        advanced.advance(Duration::from_millis(5));
        tokio::task::yield_now().await;
    }
    passes(&suite.await.unwrap());
}

/// How an artifact store can break its promises.
#[derive(Debug, Clone, Copy, PartialEq)]
enum ArtifactFault {
    None,
    IgnoresPreconditions,
    TornPut,
    ListsByTextPrefix,
    NamesVersionsApart,
}

#[derive(Debug)]
struct BrokenArtifacts(MemoryArtifacts, ArtifactFault);

#[async_trait]
impl ArtifactStore for BrokenArtifacts {
    fn capabilities(&self) -> ArtifactCapabilities {
        self.0.capabilities()
    }

    fn list(&self, prefix: ArtifactPrefix) -> BoxStream<'static, Result<ArtifactEntry>> {
        if self.1 == ArtifactFault::ListsByTextPrefix {
            let root = prefix.as_str().split('/').next().unwrap_or_default().to_owned();
            let root = aipipe_core::domain::ProjectRoot::parse(&root).unwrap();
            return self.0.list(ArtifactPrefix::root(&root));
        }
        self.0.list(prefix)
    }

    async fn put(&self, key: &ArtifactKey, content: Bytes, options: PutOptions) -> Result<ArtifactMeta> {
        match self.1 {
            ArtifactFault::IgnoresPreconditions => {
                self.0.put(key, content, PutOptions::default().with_mode(PutMode::Overwrite)).await
            }
            ArtifactFault::TornPut if content.len() > 1000 => {
                self.0.put(key, content.slice(..content.len() / 2), options).await?;
                for _ in 0..50 {
                    tokio::task::yield_now().await;
                }
                self.0.put(key, content, PutOptions::default()).await
            }
            _ => self.0.put(key, content, options).await,
        }
    }

    async fn get(&self, key: &ArtifactKey, options: GetOptions) -> Result<Artifact> {
        self.0.get(key, options).await
    }

    async fn head(&self, key: &ArtifactKey) -> Result<ArtifactMeta> {
        self.0.head(key).await
    }

    async fn versions(&self, key: &ArtifactKey) -> Result<Vec<VersionEntry>> {
        let mut versions = self.0.versions(key).await?;
        if self.1 == ArtifactFault::NamesVersionsApart {
            for entry in &mut versions {
                entry.version = ArtifactVersion::new(format!("id-{}", entry.version.as_str()));
            }
        }
        Ok(versions)
    }

    async fn delete(&self, key: &ArtifactKey) -> Result<()> {
        self.0.delete(key).await
    }
}

#[tokio::test]
async fn broken_artifact_stores_fail_the_suite() {
    let failures = async |fault| {
        let store = Arc::new(BrokenArtifacts(MemoryArtifacts::default(), fault)) as Arc<dyn ArtifactStore>;
        let report = conformance::artifact_store(&store).await;
        report.failures().into_iter().map(|(property, _)| property).collect::<Vec<_>>()
    };
    assert_eq!(failures(ArtifactFault::None).await, Vec::<&str>::new(), "the control");
    let ignoring = failures(ArtifactFault::IgnoresPreconditions).await;
    assert!(ignoring.contains(&"create-only refuses a second put"), "{ignoring:?}");
    assert!(ignoring.contains(&"of 8 concurrent create-only puts one wins"), "{ignoring:?}");
    assert!(ignoring.contains(&"8 concurrent if-version writers lose no update"), "{ignoring:?}");
    let torn = failures(ArtifactFault::TornPut).await;
    assert!(torn.contains(&"readers see whole contents while a writer overwrites"), "{torn:?}");
    let apart = failures(ArtifactFault::NamesVersionsApart).await;
    assert_eq!(apart, ["old versions stay readable, newest first"]);
    let listing = failures(ArtifactFault::ListsByTextPrefix).await;
    assert!(listing.contains(&"list returns the keys below the prefix, in order, and no others"), "{listing:?}");
}

/// How a record store can break its promises.
#[derive(Debug, Clone, Copy, PartialEq)]
enum RecordFault {
    None,
    LosesUpdates,
    NotAtomic,
    ForgetsVersions,
    TakesAnySize,
    ReusesVersions,
}

#[derive(Debug)]
struct BrokenRecords(MemoryRecords, RecordFault);

#[async_trait]
impl RecordStore for BrokenRecords {
    fn capabilities(&self) -> RecordCapabilities {
        self.0.capabilities()
    }

    async fn get(&self, table: Table, key: &RecordKey) -> Result<Option<Record>> {
        self.0.get(table, key).await
    }

    async fn write(&self, writes: Vec<RecordWrite>) -> Result<Vec<Option<RecordVersion>>> {
        match self.1 {
            RecordFault::LosesUpdates => {
                let blind = writes.into_iter().map(|write| match write {
                    RecordWrite::Put { table, key, body, indexes, .. } => {
                        RecordWrite::Put { table, key, body, indexes, expect: Expect::Anything }
                    }
                    other => other,
                });
                self.0.write(blind.collect()).await
            }
            RecordFault::NotAtomic => {
                let mut versions = Vec::new();
                for write in writes {
                    versions.extend(self.0.write(vec![write]).await?);
                }
                Ok(versions)
            }
            RecordFault::ForgetsVersions => {
                let versions = self.0.write(writes).await?;
                Ok(versions.into_iter().map(|version| version.map(|_| RecordVersion::new(1))).collect())
            }
            RecordFault::TakesAnySize => {
                let mut versions = Vec::new();
                for write in writes {
                    versions.extend(self.0.write(vec![write]).await.or_else(|error| match error.kind() {
                        ErrorKind::InvalidInput => Ok(vec![None]),
                        _ => Err(error),
                    })?);
                }
                Ok(versions)
            }
            RecordFault::ReusesVersions => {
                let versions = self.0.write(writes).await?;
                Ok(versions.into_iter().map(|version| version.map(|it| RecordVersion::new(it.get() % 3))).collect())
            }
            RecordFault::None => self.0.write(writes).await,
        }
    }

    async fn query(&self, table: Table, query: RecordQuery) -> Result<RecordPage> {
        self.0.query(table, query).await
    }
}

#[tokio::test]
async fn broken_record_stores_fail_the_suite() {
    let failures = async |fault| {
        let store = Arc::new(BrokenRecords(MemoryRecords::default(), fault)) as Arc<dyn RecordStore>;
        let report = conformance::record_store(&store).await;
        report.failures().into_iter().map(|(property, _)| property).collect::<Vec<_>>()
    };
    assert_eq!(failures(RecordFault::None).await, Vec::<&str>::new(), "the control");
    let losing = failures(RecordFault::LosesUpdates).await;
    assert!(losing.contains(&"8 concurrent writers lose no update"), "{losing:?}");
    assert!(losing.contains(&"of 8 concurrent makers one wins"), "{losing:?}");
    let torn = failures(RecordFault::NotAtomic).await;
    assert!(torn.contains(&"a write takes effect entirely or not at all"), "{torn:?}");
    let reusing = failures(RecordFault::ReusesVersions).await;
    assert!(reusing.contains(&"every put gives a version of its own, also after a delete"), "{reusing:?}");
    let taking = failures(RecordFault::TakesAnySize).await;
    assert!(taking.contains(&"more bytes than a write may have are invalid"), "{taking:?}");
    let forgetting = failures(RecordFault::ForgetsVersions).await;
    assert!(forgetting.contains(&"every put gives a version of its own, also after a delete"), "{forgetting:?}");
}

/// Makes a batch anew each time, whatever the key, and loses one answer of each.
#[derive(Debug)]
struct ForgetfulBatches(MemoryBatches, std::sync::atomic::AtomicUsize);

#[async_trait]
impl BatchLanguageModel for ForgetfulBatches {
    fn repeat(&self) -> BatchRepeat {
        BatchRepeat::Known
    }

    async fn submit(&self, key: &IdempotencyKey, requests: &[ModelRequest]) -> Result<BatchId> {
        let number = self.1.fetch_add(1, std::sync::atomic::Ordering::SeqCst).to_string();
        self.0.submit(&IdempotencyKey::derive(&[key.as_str(), &number]), requests).await
    }

    async fn poll(&self, batch: &BatchId) -> Result<BatchStatus> {
        self.0.poll(batch).await
    }

    async fn results(&self, batch: &BatchId) -> Result<BoxStream<'static, Result<BatchResult>>> {
        Ok(Box::pin(futures::StreamExt::skip(self.0.results(batch).await?, 1)))
    }

    async fn cancel(&self, batch: &BatchId) -> Result<BatchStatus> {
        self.0.cancel(batch).await
    }
}

#[test]
fn the_suite_of_batches_finds_what_is_forgotten() {
    let model = Arc::new(ScriptedModel::by(|_| Ok("an answer".to_owned())));
    let forgetful = ForgetfulBatches(MemoryBatches::answered_by(model), Default::default());
    let batches = Arc::new(forgetful) as Arc<dyn BatchLanguageModel>;
    let simulated = Arc::new(SimulatedClock::at(Timestamp::from_unix_millis(0)));
    let clock = simulated.clone() as Arc<dyn Clock>;
    let rig = BatchRig { batches: &batches, elsewhere: &batches, clock: &clock, model: "scripted" };
    let report = simulated.run(conformance::batch_language_model(rig, &|_| Cost::ZERO)).unwrap();
    let found: Vec<_> = report.failures().iter().map(|(property, _)| *property).collect();
    let expected = [
        "every question has one answer with its cost",
        "the same key is the same batch",
        "another process makes no second batch under a key",
    ];
    assert_eq!(found, expected, "{report}");
}
