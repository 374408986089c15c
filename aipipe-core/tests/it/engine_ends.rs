//! What cancelling promises, what stages that run alone are, and which day an execution belongs to.

use crate::support::{Add, Paused, Rig, WaitForGo, adders, go, three};
use aipipe_core::ErrorKind;
use aipipe_core::domain::{ExecutionStatus, IdempotencyKey, ProjectName, StageName, Wait};
use aipipe_core::pipeline::{JournalEntry, Outcome, Pipeline, RunOutcome, Stage, StageContext, StartRequest};
use aipipe_core::ports::{
    Clock as _, Expect, Record, RecordCapabilities, RecordKey, RecordPage, RecordQuery, RecordStore,
    RecordStoreExt as _, RecordVersion, RecordWrite, Table,
};
use aipipe_core::testing::MemoryRecords;
use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Cancels its own execution from within, then ends in the given way without writing anything itself.
#[derive(Debug)]
struct CancelThen {
    engine: aipipe_core::pipeline::Engine,
    end: fn() -> aipipe_core::Result<Outcome<u64>>,
}

#[async_trait]
impl Stage for CancelThen {
    type Input = u64;
    type Output = u64;

    fn name(&self) -> StageName {
        StageName::parse("cancel-then").unwrap()
    }

    fn revision(&self) -> String {
        String::new()
    }

    async fn run(&self, cx: &StageContext, _input: u64) -> aipipe_core::Result<Outcome<u64>> {
        self.engine.cancel(cx.execution()).await?;
        (self.end)()
    }
}

#[tokio::test]
async fn however_a_cancelled_stage_ends_the_execution_ends_cancelled() {
    let ends: [fn() -> aipipe_core::Result<Outcome<u64>>; 3] = [
        || Ok(Outcome::Done(1)),
        || Ok(Outcome::Waiting(Wait::new(go(), "say go"))),
        || Err(aipipe_core::Error::new(ErrorKind::Unavailable, "test.run", "not today")),
    ];
    for end in ends {
        let rig = Rig::new();
        let pipeline = Pipeline::builder("p").then(CancelThen { engine: rig.engine(), end }).build();
        let request = rig.request("a");
        let result = rig.engine().start(&pipeline, &request, &1).await;
        assert!(result.is_err(), "{result:?}");
        let summary = rig.engine().summary(&request.execution()).await.unwrap();
        assert_eq!((summary.status, summary.wait), (ExecutionStatus::Cancelled, None));
        let journal = rig.engine().journal(&request.execution()).await.unwrap();
        assert_eq!(journal.last(), Some(&JournalEntry::Cancelled));
        assert!(!journal.contains(&JournalEntry::Completed));
        let again = rig.engine().resume(&pipeline, &request.execution()).await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::Cancelled);
    }
}

#[tokio::test]
async fn an_effect_begun_in_an_earlier_run_is_not_repeated_after_a_cancel() {
    let rig = Rig::new();
    let stuck = Paused { reached: Arc::default(), go_on: Arc::default(), pause: true };
    let request = rig.request("a");
    {
        // The intent is written; then the process dies within the effect.
        let (engine, pipeline) = (rig.engine(), Pipeline::builder("p").then(stuck.clone()).build());
        let request = request.clone();
        let task = tokio::spawn(async move { engine.start(&pipeline, &request, &1).await });
        stuck.reached.notified().await;
        task.abort();
        let _ = task.await;
    }
    rig.clock.advance(std::time::Duration::from_secs(31));
    // Cancelled by another process after the resume took the lease, before it came to the effect.
    let cancels = CancelBefore { engine: rig.engine(), inner: stuck.clone() };
    let pipeline = Pipeline::builder("p").then(cancels).build();
    let error = rig.engine().resume(&pipeline, &request.execution()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    assert_eq!(rig.engine().summary(&request.execution()).await.unwrap().status, ExecutionStatus::Cancelled);
}

/// Cancels its own execution and then does what another stage does.
#[derive(Debug)]
struct CancelBefore {
    engine: aipipe_core::pipeline::Engine,
    inner: Paused,
}

#[async_trait]
impl Stage for CancelBefore {
    type Input = u64;
    type Output = u64;

    fn name(&self) -> StageName {
        self.inner.name()
    }

    fn revision(&self) -> String {
        self.inner.revision()
    }

    async fn run(&self, cx: &StageContext, input: u64) -> aipipe_core::Result<Outcome<u64>> {
        self.engine.cancel(cx.execution()).await?;
        let calm = Paused { pause: false, ..self.inner.clone() };
        let result = calm.run(cx, input).await;
        assert!(result.is_err(), "an effect came after the cancel: {result:?}");
        result
    }
}

#[tokio::test]
async fn who_cancels_and_dies_leaves_no_execution_that_seems_to_wait() {
    let rig = Rig::new();
    let pipeline = Pipeline::builder("p").then(WaitForGo).build();
    let request = rig.request("a");
    rig.engine().start(&pipeline, &request, &1).await.unwrap();
    // Only the mark was written.
    let key = RecordKey::parse(request.execution().as_str(), "cancel").unwrap();
    rig.records.put(Table::ExecutionState, key, Expect::Absent, &rig.clock.now()).await.unwrap();
    let error = rig.engine().resume(&pipeline, &request.execution()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(rig.engine().summary(&request.execution()).await.unwrap().status, ExecutionStatus::Cancelled);
}

#[tokio::test]
async fn stages_that_run_alone_are_one_execution() {
    let rig = Rig::new();
    let (engine, request) = (rig.engine(), rig.request("a"));
    let (first, second) = (Add::new("first", 1), Add::new("second", 10));
    let input = engine.store(&request, &5).await.unwrap();
    let RunOutcome::Completed(sum) = engine.run_stage_stored(&first, &request, &input).await.unwrap() else {
        panic!("it does not wait");
    };
    let handed_on = serde_json::to_string(&RunOutcome::Completed(sum.clone())).unwrap();
    let RunOutcome::Completed(sum) = serde_json::from_str(&handed_on).unwrap() else { panic!("as it was") };
    assert!(matches!(engine.run_stage_stored(&second, &request, &sum).await.unwrap(), RunOutcome::Completed(_)));
    assert!(matches!(engine.run_stage(&WaitForGo, &request, &16).await.unwrap(), RunOutcome::Waiting { .. }));

    let id = request.execution();
    let all = engine.list(&ProjectName::parse("demo").unwrap()).await.unwrap();
    assert_eq!(
        all.iter().map(|summary| (&summary.id, summary.status)).collect::<Vec<_>>(),
        [(&id, ExecutionStatus::Waiting)]
    );
    assert_eq!(engine.summary(&id).await.unwrap(), all[0]);
    let alone = engine.stages_alone(&id).await.unwrap();
    let stages: Vec<_> = alone.iter().map(|stage| (stage.stage.as_ref().unwrap().as_str(), stage.status)).collect();
    assert_eq!(
        stages,
        [
            ("first", ExecutionStatus::Completed),
            ("second", ExecutionStatus::Completed),
            ("wait-for-go", ExecutionStatus::Waiting)
        ]
    );
    let second = StageName::parse("second").unwrap();
    assert_eq!(engine.stage_output::<u64>(&id, &second).await.unwrap(), Some(16));
    assert!(!engine.stage_journal(&id, &second).await.unwrap().is_empty());

    engine.cancel(&id).await.unwrap();
    assert_eq!(engine.list(&ProjectName::parse("demo").unwrap()).await.unwrap()[0].status, ExecutionStatus::Cancelled);
    assert_eq!(engine.stages_alone(&id).await.unwrap()[2].status, ExecutionStatus::Cancelled);
}

#[tokio::test]
async fn an_execution_runs_as_a_pipeline_or_stage_by_stage() {
    let (rig, stages) = (Rig::new(), adders());
    let request = rig.request("a");
    rig.engine().start(&three(&stages), &request, &5).await.unwrap();
    let error = rig.engine().run_stage(&Add::new("alone", 1), &request, &5).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");

    let request = rig.request("b");
    rig.engine().run_stage(&Add::new("alone", 1), &request, &5).await.unwrap();
    let error = rig.engine().start(&three(&stages), &request, &5).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
}

#[tokio::test]
async fn an_execution_keeps_its_day_over_midnight() {
    let (rig, stages) = (Rig::new(), adders());
    let engine = rig.engine();
    let (project, key) = (ProjectName::parse("demo").unwrap(), IdempotencyKey::parse("a").unwrap());
    let root = engine.root_for(&project, &key).await.unwrap();
    engine.start(&three(&stages), &StartRequest::new(root.clone(), key.clone()), &5).await.unwrap();
    rig.clock.advance(std::time::Duration::from_secs(24 * 60 * 60));
    assert_eq!(engine.root_for(&project, &key).await.unwrap(), root);
    let other = IdempotencyKey::parse("b").unwrap();
    assert_ne!(engine.root_for(&project, &other).await.unwrap(), root, "a new one begins today");
}

/// Works for ten seconds each time, and is done when the signal has come.
#[derive(Debug)]
struct TenSeconds(Arc<aipipe_core::testing::VirtualClock>);

#[async_trait]
impl Stage for TenSeconds {
    type Input = u64;
    type Output = u64;

    fn name(&self) -> StageName {
        StageName::parse("ten-seconds").unwrap()
    }

    fn revision(&self) -> String {
        String::new()
    }

    async fn run(&self, cx: &StageContext, input: u64) -> aipipe_core::Result<Outcome<u64>> {
        self.0.advance(std::time::Duration::from_secs(10));
        match cx.signals(&go()).is_empty() {
            true => Ok(Outcome::Waiting(Wait::new(go(), "say go"))),
            false => Ok(Outcome::Done(input)),
        }
    }
}

#[tokio::test]
async fn a_stage_has_worked_for_as_long_as_it_ran_and_not_while_it_waited() {
    let rig = Rig::new();
    let pipeline = Pipeline::builder("p").then(Add::new("add", 1)).then(TenSeconds(rig.clock.clone())).build();
    let request = rig.request("a");
    rig.engine().start(&pipeline, &request, &1).await.unwrap();
    rig.clock.advance(std::time::Duration::from_secs(3600));
    let key = IdempotencyKey::parse("once").unwrap();
    rig.engine().signal(&request.execution(), &go(), &key, serde_json::Value::Null).await.unwrap();
    rig.engine().resume(&pipeline, &request.execution()).await.unwrap();
    let summary = rig.engine().summary(&request.execution()).await.unwrap();
    let times: Vec<_> = summary.stages.iter().map(|time| (time.stage.as_str(), time.worked.as_secs())).collect();
    assert_eq!(times, [("add", 0), ("ten-seconds", 20)]);
}

#[tokio::test]
async fn a_cancel_keeps_what_the_stages_took() {
    let rig = Rig::new();
    let stuck = Paused { reached: Arc::default(), go_on: Arc::default(), pause: true };
    let pipeline = Pipeline::builder("p").then(TenSeconds(rig.clock.clone())).then(stuck.clone()).build();
    let (engine, request) = (rig.engine(), rig.request("a"));
    engine.start(&pipeline, &request, &1).await.unwrap();
    let key = IdempotencyKey::parse("once").unwrap();
    engine.signal(&request.execution(), &go(), &key, serde_json::Value::Null).await.unwrap();
    let task = {
        let (engine, request) = (engine.clone(), request.clone());
        tokio::spawn(async move { engine.start(&pipeline, &request, &1).await })
    };
    stuck.reached.notified().await;
    engine.cancel(&request.execution()).await.unwrap();
    while !task.is_finished() {
        rig.clock.advance(Duration::from_secs(5));
        tokio::task::yield_now().await;
    }
    assert_eq!(task.await.unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
    let summary = engine.summary(&request.execution()).await.unwrap();
    assert_eq!(summary.status, ExecutionStatus::Cancelled);
    assert_eq!(summary.stage.as_ref().map(StageName::as_str), Some("paused"), "it was cancelled in that stage");
    let times: Vec<_> = summary.stages.iter().map(|time| (time.stage.as_str(), time.worked.as_secs())).collect();
    assert_eq!(times, [("ten-seconds", 20)], "the waiting run's and this one's");
}

#[tokio::test]
async fn stages_that_ran_alone_are_listed_as_cancelled() {
    let rig = Rig::new();
    let (engine, request) = (rig.engine(), rig.request("a"));
    let done = Add::new("done", 1);
    engine.run_stage(&done, &request, &1).await.unwrap();
    engine.cancel(&request.execution()).await.unwrap();
    let project = ProjectName::parse("demo").unwrap();
    let listed = async |status| engine.list_by_status(&project, status).await.unwrap().len();
    assert_eq!((listed(ExecutionStatus::Running).await, listed(ExecutionStatus::Cancelled).await), (0, 1));

    let next = Add::new("next", 1);
    let error = engine.run_stage(&next, &request, &1).await.unwrap_err();
    assert_eq!((error.kind(), next.effects()), (ErrorKind::Cancelled, 0));
    assert_eq!(engine.run_stage(&done, &request, &1).await.unwrap(), RunOutcome::Completed(2), "what is done stays");
    assert_eq!((listed(ExecutionStatus::Running).await, listed(ExecutionStatus::Cancelled).await), (0, 1));
}

/// A record store in which something happens right before each write that cancels.
#[derive(Debug)]
struct BeforeCancel<F> {
    inner: Arc<MemoryRecords>,
    cancels: AtomicUsize,
    before: F,
}

impl<F> BeforeCancel<F> {
    fn new(inner: Arc<MemoryRecords>, before: F) -> Arc<Self> {
        Arc::new(Self { inner, cancels: AtomicUsize::new(0), before })
    }
}

#[async_trait]
impl<F> RecordStore for BeforeCancel<F>
where
    F: AsyncHappens,
{
    fn capabilities(&self) -> RecordCapabilities {
        self.inner.capabilities()
    }

    async fn get(&self, table: Table, key: &RecordKey) -> aipipe_core::Result<Option<Record>> {
        self.inner.get(table, key).await
    }

    async fn write(&self, writes: Vec<RecordWrite>) -> aipipe_core::Result<Vec<Option<RecordVersion>>> {
        let cancels = |write: &RecordWrite| matches!(write, RecordWrite::Put { key, .. } if key.sort() == "cancel");
        if writes.iter().any(cancels) {
            assert!(self.cancels.fetch_add(1, Ordering::SeqCst) < 20, "the cancel starves");
            self.before.happens().await;
        }
        self.inner.write(writes).await
    }

    async fn query(&self, table: Table, query: RecordQuery) -> aipipe_core::Result<RecordPage> {
        self.inner.query(table, query).await
    }
}

#[async_trait]
trait AsyncHappens: std::fmt::Debug + Send + Sync + 'static {
    async fn happens(&self);
}

/// Another process renews its lease.
#[derive(Debug)]
struct Renews(Arc<MemoryRecords>, RecordKey);

#[async_trait]
impl AsyncHappens for Renews {
    async fn happens(&self) {
        let head = self.0.get(Table::ExecutionState, &self.1).await.unwrap().unwrap();
        self.0.put(Table::ExecutionState, self.1.clone(), Expect::Anything, &head.body).await.unwrap();
    }
}

/// Another process comes to the end.
#[derive(Debug)]
struct Completes(aipipe_core::pipeline::Engine, Pipeline<u64, u64>, StartRequest);

#[async_trait]
impl AsyncHappens for Completes {
    async fn happens(&self) {
        let outcome = self.0.resume(&self.1, &self.2.execution()).await.unwrap();
        assert!(matches!(outcome, RunOutcome::Completed(_)), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_cancel_comes_through_however_busy_the_worker_is() {
    let rig = Rig::new();
    let (pipeline, request) = (Pipeline::builder("p").then(WaitForGo).build(), rig.request("a"));
    rig.engine().start(&pipeline, &request, &1).await.unwrap();
    let head = RecordKey::parse(request.execution().as_str(), "journal:head").unwrap();
    let store = BeforeCancel::new(rig.records.clone(), Renews(rig.records.clone(), head));
    rig.engine_with(store.clone(), rig.clock.clone()).cancel(&request.execution()).await.unwrap();
    assert_eq!(store.cancels.load(Ordering::SeqCst), 1);
    assert_eq!(rig.engine().summary(&request.execution()).await.unwrap().status, ExecutionStatus::Cancelled);
}

#[tokio::test]
async fn a_cancel_that_comes_too_late_is_refused() {
    let rig = Rig::new();
    let (pipeline, request) = (Pipeline::builder("p").then(WaitForGo).build(), rig.request("a"));
    rig.engine().start(&pipeline, &request, &1).await.unwrap();
    let key = IdempotencyKey::parse("once").unwrap();
    rig.engine().signal(&request.execution(), &go(), &key, serde_json::json!(1)).await.unwrap();
    let store = BeforeCancel::new(rig.records.clone(), Completes(rig.engine(), pipeline.clone(), request.clone()));
    let error = rig.engine_with(store, rig.clock.clone()).cancel(&request.execution()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(rig.engine().summary(&request.execution()).await.unwrap().status, ExecutionStatus::Completed);
    assert_eq!(rig.engine().resume(&pipeline, &request.execution()).await.unwrap(), RunOutcome::Completed(2));
}
