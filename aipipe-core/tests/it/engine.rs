//! What an execution promises when nothing breaks: once, in order, resumable, suspendable, cancellable.

use crate::support::{Add, Flaky, Rig, WaitForGo, adders, go, three};
use aipipe_core::ErrorKind;
use aipipe_core::domain::{ExecutionStatus, IdempotencyKey, ProjectName, StageName, Wait};
use aipipe_core::pipeline::{JournalEntry, Outcome, Pipeline, RunOutcome, Stage, StageContext};
use aipipe_core::ports::EventKind;
use async_trait::async_trait;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

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
    assert_eq!(summary.wait, Some(Wait { signal: go(), reason: "say go".to_owned(), poll_after: None }));

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
    assert!(summary.failure.unwrap().contains("not today"));
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
    let listed = engine.list(&ProjectName::parse("demo").unwrap()).await.unwrap();
    let ids: Vec<_> = listed.iter().map(|summary| summary.id.clone()).collect();
    assert_eq!(ids, [rig.request("b").execution(), rig.request("a").execution()]);
    assert_eq!(engine.list_by_status(ExecutionStatus::Completed).await.unwrap().len(), 2);
    assert!(engine.list_by_status(ExecutionStatus::Running).await.unwrap().is_empty());
    let name = StageName::parse("second").unwrap();
    assert_eq!(engine.stage_output::<u64>(&ids[0], &name).await.unwrap(), Some(12));
    let kinds: Vec<_> = rig.observer.events().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| matches!(kind, EventKind::StageDone { .. })).count(), 6);
    assert_eq!(kinds.iter().filter(|kind| matches!(kind, EventKind::Completed)).count(), 2);
}
