//! What an execution promises when nothing breaks: once, in order, resumable, suspendable, cancellable.

use crate::support::{Add, Flaky, Paused, Rig, WaitForGo, adders, go, three};
use aipipe_core::ErrorKind;
use aipipe_core::domain::{ExecutionStatus, IdempotencyKey, ProjectName, SignalName, StageName, StepKey, Wait};
use aipipe_core::pipeline::{
    EngineOptions, JournalEntry, Outcome, Pipeline, RunOutcome, Stage, StageContext, TakeOver,
};
use aipipe_core::ports::EventKind;
use async_trait::async_trait;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[tokio::test]
async fn same_key_is_the_same_execution() {
    let (rig, stages) = (Rig::new(), adders());
    let (engine, pipeline, request) = (rig.engine(), three(&stages), rig.request("a"));
    assert_eq!(engine.start(&pipeline, &request, &5).await.unwrap(), RunOutcome::Completed(116));
    assert_eq!(engine.start(&pipeline, &request, &5).await.unwrap(), RunOutcome::Completed(116));
    assert_eq!(rig.engine().resume(&pipeline, &request.execution()).await.unwrap(), RunOutcome::Completed(116));
    assert_eq!(stages.each_ref().map(Add::effects), [1, 1, 1]);

    let error = engine.start(&pipeline, &request, &6).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(engine.start(&pipeline, &rig.request("b"), &6).await.unwrap(), RunOutcome::Completed(117));
}

#[tokio::test]
async fn a_changed_definition_is_refused() {
    let (rig, mut stages) = (Rig::new(), adders());
    let failing = Flaky { failures: Arc::new(AtomicUsize::new(1)) };
    let compose = |stages: &[Add; 3]| {
        Pipeline::builder("p").then(stages[0].clone()).then(failing.clone()).then(stages[1].clone()).build()
    };
    let (engine, request) = (rig.engine(), rig.request("a"));
    engine.start(&compose(&stages), &request, &1).await.unwrap_err();
    stages[1].revision = "2";
    let error = engine.resume(&compose(&stages), &request.execution()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DefinitionChanged);
    assert!(error.message().contains("second@"), "{error}");
    stages[1].revision = "1";
    assert_eq!(engine.resume(&compose(&stages), &request.execution()).await.unwrap(), RunOutcome::Completed(12));
}

#[tokio::test]
async fn a_wait_outlives_the_process_and_a_signal_goes_on() {
    let rig = Rig::new();
    let first = Add::new("first", 1);
    let pipeline = Pipeline::builder("waits").then(first.clone()).then(WaitForGo).build();
    let request = rig.request("a");
    let waiting = rig.engine().start(&pipeline, &request, &1).await.unwrap();
    assert!(matches!(waiting, RunOutcome::Waiting { .. }), "{waiting:?}");
    let execution = request.execution();
    let summary = rig.engine().summary(&execution).await.unwrap();
    assert_eq!(summary.status, ExecutionStatus::Waiting);
    assert_eq!(summary.wait, Some(Wait::new(go(), "say go")));

    let again = rig.engine().resume(&pipeline, &execution).await.unwrap();
    assert!(matches!(again, RunOutcome::Waiting { .. }), "a poll without a signal waits on: {again:?}");

    let engine = rig.engine();
    for _ in 0..2 {
        let id = IdempotencyKey::parse("delivery-1").unwrap();
        engine.signal(&execution, &go(), &id, json!(40)).await.unwrap();
    }
    assert_eq!(engine.resume(&pipeline, &execution).await.unwrap(), RunOutcome::Completed(42));
    assert_eq!(first.effects(), 1);
    assert_eq!(engine.summary(&execution).await.unwrap().status, ExecutionStatus::Completed);
}

#[tokio::test]
async fn a_failure_is_recorded_and_a_resume_tries_again() {
    let rig = Rig::new();
    let first = Add::new("first", 1);
    let flaky = Flaky { failures: Arc::new(AtomicUsize::new(2)) };
    let pipeline = Pipeline::builder("fails").then(first.clone()).then(flaky).build();
    let request = rig.request("a");
    let engine = rig.engine();
    let error = engine.start(&pipeline, &request, &1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let summary = engine.summary(&request.execution()).await.unwrap();
    assert_eq!(summary.status, ExecutionStatus::Failed);
    assert_eq!(summary.stage, Some(StageName::parse("flaky").unwrap()));
    let failure = summary.failure.unwrap();
    assert!(failure.message.contains("not today"), "{failure:?}");
    assert_eq!(failure.kind, ErrorKind::Unavailable);
    engine.resume(&pipeline, &request.execution()).await.unwrap_err();
    assert_eq!(engine.resume(&pipeline, &request.execution()).await.unwrap(), RunOutcome::Completed(2));
    assert_eq!(first.effects(), 1);
    assert_eq!(engine.summary(&request.execution()).await.unwrap().failure, None);
}

#[tokio::test]
async fn cancelling_is_final() {
    let rig = Rig::new();
    let pipeline = Pipeline::builder("waits").then(Add::new("first", 1)).then(WaitForGo).build();
    let request = rig.request("a");
    let engine = rig.engine();
    engine.start(&pipeline, &request, &1).await.unwrap();
    engine.cancel(&request.execution()).await.unwrap();
    engine.cancel(&request.execution()).await.unwrap();
    let error = engine.resume(&pipeline, &request.execution()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(engine.summary(&request.execution()).await.unwrap().status, ExecutionStatus::Cancelled);
    let journal = engine.journal(&request.execution()).await.unwrap();
    assert_eq!(journal.iter().filter(|entry| **entry == JournalEntry::Cancelled).count(), 1);
}

/// Looks for its signal, and is told only then, as by another process while it works.
#[derive(Debug)]
struct ToldTooLate {
    engine: aipipe_core::pipeline::Engine,
    what: SignalName,
    looks: Arc<AtomicUsize>,
}

#[async_trait]
impl Stage for ToldTooLate {
    type Input = u64;
    type Output = u64;

    fn name(&self) -> StageName {
        StageName::parse("told-too-late").unwrap()
    }

    fn revision(&self) -> String {
        String::new()
    }

    async fn run(&self, cx: &StageContext, input: u64) -> aipipe_core::Result<Outcome<u64>> {
        let told = cx.signals(&go()).first().and_then(|signal| signal.payload.as_u64());
        self.looks.fetch_add(1, Ordering::SeqCst);
        let id = IdempotencyKey::parse("delivery-1").unwrap();
        self.engine.signal(cx.execution(), &self.what, &id, json!(40)).await?;
        Ok(told.map_or_else(|| Outcome::Waiting(Wait::new(go(), "say go")), |number| Outcome::Done(input + number)))
    }
}

#[tokio::test]
async fn a_signal_that_comes_while_a_stage_works_is_not_missed() {
    // The control: a signal of another name ends no wait, and has the stage look again once, not for ever.
    for (what, expected) in [(go(), Some(42)), (SignalName::parse("other").unwrap(), None)] {
        let (rig, looks) = (Rig::new(), Arc::new(AtomicUsize::new(0)));
        let late = ToldTooLate { engine: rig.engine(), what, looks: looks.clone() };
        let pipeline = Pipeline::builder("told").then(Add::new("first", 1)).then(late).build();
        let outcome = rig.engine().start(&pipeline, &rig.request("a"), &1).await.unwrap();
        match expected {
            Some(number) => assert_eq!(outcome, RunOutcome::Completed(number)),
            None => assert!(matches!(outcome, RunOutcome::Waiting { .. }), "{outcome:?}"),
        }
        assert_eq!(looks.load(Ordering::SeqCst), 2);
    }
}

/// Cancels its own execution from within, as another process would while it works.
#[derive(Debug)]
struct CancelMe(aipipe_core::pipeline::Engine);

#[async_trait]
impl Stage for CancelMe {
    type Input = u64;
    type Output = u64;

    fn name(&self) -> StageName {
        StageName::parse("cancel-me").unwrap()
    }

    fn revision(&self) -> String {
        String::new()
    }

    async fn run(&self, cx: &StageContext, input: u64) -> aipipe_core::Result<Outcome<u64>> {
        self.0.cancel(cx.execution()).await?;
        let sum = Add::new("cancel-me", 1).run(cx, input).await?;
        panic!("went on after it was cancelled: {sum:?}");
    }
}

#[tokio::test]
async fn a_working_execution_stops_at_its_next_write_when_cancelled() {
    let rig = Rig::new();
    let after = Add::new("after", 1);
    let pipeline = Pipeline::builder("p").then(CancelMe(rig.engine())).then(after.clone()).build();
    let request = rig.request("a");
    let error = rig.engine().start(&pipeline, &request, &1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    assert_eq!(after.effects(), 0);
    assert_eq!(rig.engine().summary(&request.execution()).await.unwrap().status, ExecutionStatus::Cancelled);
}

#[tokio::test]
async fn one_process_works_on_an_execution_once() {
    for options in [EngineOptions::default(), EngineOptions::default().with_take_over(TakeOver::AtOnce)] {
        let rig = Rig::new();
        let slow = Paused { reached: Arc::default(), go_on: Arc::default(), pause: true };
        let pipeline = Pipeline::builder("p").then(slow.clone()).build();
        let (engine, request) = (rig.engine_with_options(options), rig.request("a"));
        let task = {
            let (engine, pipeline, request) = (engine.clone(), pipeline.clone(), request.clone());
            tokio::spawn(async move { engine.start(&pipeline, &request, &1).await })
        };
        slow.reached.notified().await;
        for _ in 0..2 {
            let error = engine.resume(&pipeline, &request.execution()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        }
        engine.cancel(&request.execution()).await.unwrap();
        slow.go_on.notify_one();
        let error = task.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled, "not fenced by its own engine: {error}");
        let summary = engine.summary(&request.execution()).await.unwrap();
        assert_eq!(summary.status, ExecutionStatus::Cancelled);
    }
}

#[tokio::test]
async fn a_long_effect_ends_when_its_execution_is_cancelled() {
    let rig = Rig::new();
    let stuck = Paused { reached: Arc::default(), go_on: Arc::default(), pause: true };
    let pipeline = Pipeline::builder("p").then(stuck.clone()).build();
    let (engine, request) = (rig.engine(), rig.request("a"));
    let task = {
        let (engine, request) = (engine.clone(), request.clone());
        tokio::spawn(async move { engine.start(&pipeline, &request, &1).await })
    };
    stuck.reached.notified().await;
    engine.cancel(&request.execution()).await.unwrap();
    while !task.is_finished() {
        rig.clock.advance(std::time::Duration::from_secs(5));
        tokio::task::yield_now().await;
    }
    assert_eq!(task.await.unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(engine.summary(&request.execution()).await.unwrap().status, ExecutionStatus::Cancelled);
}

#[tokio::test]
async fn a_completed_execution_is_not_cancelled() {
    let (rig, stages) = (Rig::new(), adders());
    let request = rig.request("a");
    rig.engine().start(&three(&stages), &request, &5).await.unwrap();
    let error = rig.engine().cancel(&request.execution()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(rig.engine().start(&three(&stages), &request, &5).await.unwrap(), RunOutcome::Completed(116));
}

#[tokio::test]
async fn a_stage_that_runs_alone_is_signalled_and_cancelled() {
    let rig = Rig::new();
    let (engine, request) = (rig.engine(), rig.request("a"));
    assert!(matches!(engine.run_stage(&WaitForGo, &request, &1).await.unwrap(), RunOutcome::Waiting { .. }));
    let id = IdempotencyKey::parse("d").unwrap();
    engine.signal(&request.execution(), &go(), &id, json!(41)).await.unwrap();
    assert_eq!(engine.run_stage(&WaitForGo, &request, &1).await.unwrap(), RunOutcome::Completed(42));

    let request = rig.request("b");
    assert!(matches!(engine.run_stage(&WaitForGo, &request, &1).await.unwrap(), RunOutcome::Waiting { .. }));
    engine.cancel(&request.execution()).await.unwrap();
    let error = engine.run_stage(&WaitForGo, &request, &1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    let unknown = rig.request("never").execution();
    assert_eq!(engine.signal(&unknown, &go(), &id, json!(1)).await.unwrap_err().kind(), ErrorKind::NotFound);
}

/// Drops its own step while the result is being written, as a timeout of the stage's own would.
#[derive(Debug)]
struct Impatient;

#[async_trait]
impl Stage for Impatient {
    type Input = u64;
    type Output = u64;

    fn name(&self) -> StageName {
        StageName::parse("impatient").unwrap()
    }

    fn revision(&self) -> String {
        String::new()
    }

    async fn run(&self, cx: &StageContext, input: u64) -> aipipe_core::Result<Outcome<u64>> {
        for polls in 1..12 {
            let step = StepKey::parse(format!("dropped-{polls}")).unwrap();
            let mut work = Box::pin(cx.step(&step, &input, |_| async { Ok(input) }));
            for _ in 0..polls {
                if futures::poll!(work.as_mut()).is_ready() {
                    break;
                }
            }
        }
        let step = StepKey::parse("whole").unwrap();
        Ok(Outcome::Done(cx.step(&step, &input, |_| async { Ok(input + 1) }).await?))
    }
}

#[tokio::test]
async fn a_dropped_step_does_not_cost_the_lease() {
    let rig = Rig::new();
    let records = Arc::new(Slow(rig.records.clone()));
    let engine = rig.engine_with(records, rig.clock.clone());
    let pipeline = Pipeline::builder("p").then(Impatient).build();
    assert_eq!(engine.start(&pipeline, &rig.request("a"), &1).await.unwrap(), RunOutcome::Completed(2));
}

/// A store whose writes take effect at once and answer a few polls later.
#[derive(Debug)]
struct Slow(Arc<aipipe_core::testing::MemoryRecords>);

#[async_trait]
impl aipipe_core::ports::RecordStore for Slow {
    fn capabilities(&self) -> aipipe_core::ports::RecordCapabilities {
        self.0.capabilities()
    }

    async fn get(
        &self,
        table: aipipe_core::ports::Table,
        key: &aipipe_core::ports::RecordKey,
    ) -> aipipe_core::Result<Option<aipipe_core::ports::Record>> {
        self.0.get(table, key).await
    }

    async fn write(
        &self,
        writes: Vec<aipipe_core::ports::RecordWrite>,
    ) -> aipipe_core::Result<Vec<Option<aipipe_core::ports::RecordVersion>>> {
        let answer = self.0.write(writes).await;
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        answer
    }

    async fn query(
        &self,
        table: aipipe_core::ports::Table,
        query: aipipe_core::ports::RecordQuery,
    ) -> aipipe_core::Result<aipipe_core::ports::RecordPage> {
        self.0.query(table, query).await
    }
}

/// Adds both results of a join.
#[derive(Debug)]
struct Sum;

#[async_trait]
impl Stage for Sum {
    type Input = (u64, u64);
    type Output = u64;

    fn name(&self) -> StageName {
        StageName::parse("sum").unwrap()
    }

    fn revision(&self) -> String {
        String::new()
    }

    async fn run(&self, _cx: &StageContext, input: (u64, u64)) -> aipipe_core::Result<Outcome<u64>> {
        Ok(Outcome::Done(input.0 + input.1))
    }
}

#[tokio::test]
async fn a_join_runs_both_sides_and_keeps_the_finished_one() {
    let rig = Rig::new();
    let left = Add::new("left", 1);
    let pipeline =
        Pipeline::builder("joined").then(Add::new("first", 1)).join(left.clone(), WaitForGo).then(Sum).build();
    let request = rig.request("a");
    let engine = rig.engine();
    assert!(matches!(engine.start(&pipeline, &request, &1).await.unwrap(), RunOutcome::Waiting { .. }));
    let id = IdempotencyKey::parse("d").unwrap();
    engine.signal(&request.execution(), &go(), &id, json!(10)).await.unwrap();
    assert_eq!(engine.resume(&pipeline, &request.execution()).await.unwrap(), RunOutcome::Completed(3 + 12));
    assert_eq!(left.effects(), 1);

    let ends_in_join =
        Pipeline::builder("ends").then(Add::new("a", 1)).join(Add::new("b", 1), Add::new("c", 2)).build();
    let request = rig.request("b");
    assert_eq!(engine.start(&ends_in_join, &request, &0).await.unwrap(), RunOutcome::Completed((2, 3)));
    assert_eq!(engine.resume(&ends_in_join, &request.execution()).await.unwrap(), RunOutcome::Completed((2, 3)));
}

#[tokio::test]
async fn one_stage_runs_alone_within_an_execution() {
    let rig = Rig::new();
    let (one, two) = (Add::new("one", 1), Add::new("two", 2));
    let request = rig.request("a");
    for _ in 0..2 {
        assert_eq!(rig.engine().run_stage(&one, &request, &1).await.unwrap(), RunOutcome::Completed(2));
        assert_eq!(rig.engine().run_stage(&two, &request, &2).await.unwrap(), RunOutcome::Completed(4));
    }
    assert_eq!((one.effects(), two.effects()), (1, 1));
}

#[tokio::test]
async fn two_stages_of_one_name_are_refused() {
    let rig = Rig::new();
    let pipeline = Pipeline::builder("p").then(Add::new("same", 1)).then(Add::new("same", 2)).build();
    let error = rig.engine().start(&pipeline, &rig.request("a"), &1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn executions_are_listed_newest_first_and_events_told() {
    let rig = Rig::new();
    let stages = adders();
    for key in ["a", "b"] {
        rig.engine().start(&three(&stages), &rig.request(key), &1).await.unwrap();
        rig.clock.advance(std::time::Duration::from_secs(60));
    }
    let engine = rig.engine();
    let project = ProjectName::parse("demo").unwrap();
    let listed = engine.list(&project).await.unwrap();
    let ids: Vec<_> = listed.iter().map(|summary| summary.id.clone()).collect();
    assert_eq!(ids, [rig.request("b").execution(), rig.request("a").execution()]);
    assert_eq!(engine.list_by_status(&project, ExecutionStatus::Completed).await.unwrap().len(), 2);
    assert!(engine.list_by_status(&project, ExecutionStatus::Running).await.unwrap().is_empty());
    let other = ProjectName::parse("other").unwrap();
    assert!(engine.list_by_status(&other, ExecutionStatus::Completed).await.unwrap().is_empty());
    let name = StageName::parse("second").unwrap();
    assert_eq!(engine.stage_output::<u64>(&ids[0], &name).await.unwrap(), Some(12));
    let kinds: Vec<_> = rig.observer.events().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| matches!(kind, EventKind::StageDone { .. })).count(), 6);
    assert_eq!(kinds.iter().filter(|kind| matches!(kind, EventKind::Completed)).count(), 2);
}
