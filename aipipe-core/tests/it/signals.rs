//! What signals promise: their order is that of their delivery, and a stage sees what came before it began.

use crate::support::{Add, Rig, go};
use aipipe_core::domain::{IdempotencyKey, StageName, Timestamp};
use aipipe_core::pipeline::{Engine, Outcome, Pipeline, RunOutcome, Stage, StageContext};
use aipipe_core::testing::FixedClock;
use aipipe_core::{ErrorKind, Result};
use async_trait::async_trait;
use serde_json::json;
use std::sync::Arc;

/// Is done at once with what it was told, and what it was told last.
#[derive(Debug)]
struct Listens;

#[async_trait]
impl Stage for Listens {
    type Input = u64;
    type Output = Vec<u64>;

    fn name(&self) -> StageName {
        StageName::parse("listens").unwrap()
    }

    fn revision(&self) -> String {
        String::new()
    }

    async fn run(&self, cx: &StageContext, _input: u64) -> Result<Outcome<Vec<u64>>> {
        Ok(Outcome::Done(cx.signals(&go()).iter().filter_map(|signal| signal.payload.as_u64()).collect()))
    }
}

async fn say(engine: &Engine, request: &aipipe_core::pipeline::StartRequest, number: u64) -> Result<()> {
    let id = IdempotencyKey::parse(format!("delivery-{number}")).unwrap();
    engine.signal(&request.execution(), &go(), &id, json!(number)).await
}

#[tokio::test]
async fn signals_come_in_the_order_of_their_delivery_whatever_clocks_say() {
    let rig = Rig::new();
    let request = rig.request("a");
    rig.engine().run_stage(&Add::new("first", 1), &request, &1).await.unwrap();
    // Four who deliver: their clocks go wrong by up to an hour, and one of them tells something twice.
    for (number, minutes) in [(1, 60), (2, 0), (3, 30), (1, 59), (4, 0)] {
        let clock = FixedClock(Timestamp::from_unix_millis(minutes * 60_000));
        say(&rig.engine_with(rig.records.clone(), Arc::new(clock)), &request, number).await.unwrap();
    }
    let heard = rig.engine().run_stage(&Listens, &request, &1).await.unwrap();
    assert_eq!(heard, RunOutcome::Completed(vec![1, 2, 3, 4]));
}

#[tokio::test]
async fn many_who_deliver_at_once_get_a_number_each() {
    let rig = Rig::new();
    let request = rig.request("a");
    rig.engine().run_stage(&Add::new("first", 1), &request, &1).await.unwrap();
    let engine = rig.engine();
    let all = (0..20).map(|number| say(&engine, &request, number));
    for result in futures::future::join_all(all).await {
        result.unwrap();
    }
    let RunOutcome::Completed(mut heard) = rig.engine().run_stage(&Listens, &request, &1).await.unwrap() else {
        panic!("it does not wait");
    };
    heard.sort_unstable();
    assert_eq!(heard, (0..20).collect::<Vec<_>>());
}

/// Is told something while it works, and is done.
#[derive(Debug)]
struct Told(Engine);

#[async_trait]
impl Stage for Told {
    type Input = u64;
    type Output = u64;

    fn name(&self) -> StageName {
        StageName::parse("told").unwrap()
    }

    fn revision(&self) -> String {
        String::new()
    }

    async fn run(&self, cx: &StageContext, input: u64) -> Result<Outcome<u64>> {
        assert!(cx.signals(&go()).is_empty());
        let id = IdempotencyKey::parse("delivery-7").unwrap();
        self.0.signal(cx.execution(), &go(), &id, json!(7)).await?;
        assert!(cx.signals(&go()).is_empty(), "what a stage sees does not change while it runs");
        Ok(Outcome::Done(input))
    }
}

#[tokio::test]
async fn a_stage_sees_what_was_delivered_before_it_began() {
    let rig = Rig::new();
    let pipeline = Pipeline::builder("p").then(Told(rig.engine())).then(Listens).build();
    let heard = rig.engine().start(&pipeline, &rig.request("a"), &1).await.unwrap();
    assert_eq!(heard, RunOutcome::Completed(vec![7]), "delivered while the stage before it worked");

    let request = rig.request("b");
    rig.engine().run_stage(&Add::new("first", 1), &request, &1).await.unwrap();
    say(&rig.engine(), &request, 8).await.unwrap();
    let heard = rig.engine().run_stage(&Listens, &request, &1).await.unwrap();
    assert_eq!(heard, RunOutcome::Completed(vec![8]), "delivered before the stage was started alone");
    let never = say(&rig.engine(), &rig.request("never"), 1).await.unwrap_err();
    assert_eq!(never.kind(), ErrorKind::NotFound);
}
