//! What an execution promises when things break: stale workers, lost answers, damaged journals.

use crate::support::{Add, Paused, Rig, adders, three};
use aipipe_core::domain::{ArtifactKey, ArtifactPrefix, ExecutionStatus, RepoPath, StageName, StepKey};
use aipipe_core::pipeline::{JournalEntry, Outcome, Pipeline, RunOutcome, Stage, StageContext};
use aipipe_core::ports::{
    ArtifactStore as _, Clock, Expect, Record, RecordCapabilities, RecordKey, RecordPage, RecordQuery, RecordStore,
    RecordStoreExt, RecordVersion, RecordWrite, Table,
};
use aipipe_core::testing::{FixedClock, MemoryRecords};
use aipipe_core::{Error, ErrorKind, Result};
use async_trait::async_trait;
use futures::TryStreamExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// A record store whose n-th write fails before or after it took effect.
#[derive(Debug)]
struct Failing {
    inner: Arc<MemoryRecords>,
    left: AtomicUsize,
    applied: bool,
    kind: ErrorKind,
}

#[async_trait]
impl RecordStore for Failing {
    fn capabilities(&self) -> RecordCapabilities {
        self.inner.capabilities()
    }

    async fn get(&self, table: Table, key: &RecordKey) -> Result<Option<Record>> {
        self.inner.get(table, key).await
    }

    async fn write(&self, writes: Vec<RecordWrite>) -> Result<Vec<Option<RecordVersion>>> {
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| Some(left.saturating_sub(1)));
        if left == Ok(1) {
            if self.applied {
                self.inner.write(writes).await?;
            }
            return Err(Error::new(self.kind, "test.write", "the answer was lost"));
        }
        self.inner.write(writes).await
    }

    async fn query(&self, table: Table, query: RecordQuery) -> Result<RecordPage> {
        self.inner.query(table, query).await
    }
}

#[tokio::test]
async fn every_write_may_fail_and_finished_steps_are_not_repeated() {
    let mut failed = 0;
    for (at, applied) in (1..40).flat_map(|at| [(at, false), (at, true)]) {
        let (rig, stages) = (Rig::new(), adders());
        let kind = if applied { ErrorKind::Unavailable } else { ErrorKind::StorageFull };
        let store = Failing { inner: rig.records.clone(), left: AtomicUsize::new(at), applied, kind };
        let engine = rig.engine_with(Arc::new(store), rig.clock.clone());
        let request = rig.request("a");
        match engine.start(&three(&stages), &request, &5).await {
            Ok(outcome) => assert_eq!(outcome, RunOutcome::Completed(116)),
            Err(error) => {
                failed += 1;
                assert_eq!(error.kind(), ErrorKind::StorageFull, "a lost answer is settled by reading: {error}");
                rig.clock.advance(Duration::from_secs(60));
                let again = rig.engine().start(&three(&stages), &request, &5).await.unwrap();
                assert_eq!(again, RunOutcome::Completed(116));
            }
        }
        let effects: usize = stages.iter().map(Add::effects).sum();
        assert!((3..=4).contains(&effects), "write {at}: only the step that was cut off may run twice, ran {effects}");
    }
    assert!(failed >= 10, "the sweep met too few writes: {failed}");
}

#[tokio::test]
async fn a_stale_worker_can_write_nothing() {
    let rig = Rig::new();
    let stale = Paused { reached: Arc::default(), go_on: Arc::default(), pause: true };
    let request = rig.request("a");
    // A stopped process: its clock stands still, so it neither renews its lease nor sees that it ran out.
    let frozen: Arc<dyn Clock> = Arc::new(FixedClock(rig.clock.now()));
    let worker_a = rig.engine_with(rig.records.clone(), frozen);
    let task = {
        let (request, pipeline) = (request.clone(), Pipeline::builder("p").then(stale.clone()).build());
        tokio::spawn(async move { worker_a.start(&pipeline, &request, &1).await })
    };
    stale.reached.notified().await;

    let fresh = Pipeline::builder("p").then(Paused { pause: false, ..stale.clone() }).build();
    let early = rig.engine().resume(&fresh, &request.execution()).await.unwrap_err();
    assert_eq!(early.kind(), ErrorKind::Busy, "the lease still runs: {early}");
    assert!(early.retry_after().unwrap() <= Duration::from_secs(30));
    rig.clock.advance(Duration::from_secs(31));
    let done = rig.engine().resume(&fresh, &request.execution()).await.unwrap();
    assert_eq!(done, RunOutcome::Completed(2));

    let before = dump(&rig).await;
    stale.go_on.notify_one();
    let error = task.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
    assert_eq!(dump(&rig).await, before, "the stale worker changed a record");
}

/// Tries everything a stage can write, after a pause in which it may have lost its lease, and minds no refusal.
#[derive(Debug, Clone)]
struct Stubborn {
    reached: Arc<Notify>,
    go_on: Arc<Notify>,
    stale: bool,
}

#[async_trait]
impl Stage for Stubborn {
    type Input = u64;
    type Output = u64;

    fn name(&self) -> StageName {
        StageName::parse("stubborn").unwrap()
    }

    fn revision(&self) -> String {
        String::new()
    }

    async fn run(&self, cx: &StageContext, input: u64) -> Result<Outcome<u64>> {
        let step = |name: &str| StepKey::parse(name).unwrap();
        // Its intent is there when the lease is lost: no write stands before the effect then.
        let begun = cx.poll::<_, u64, _, _>(&step("begun"), &1, |_| async { Ok(None) }).await?;
        assert_eq!(begun, None);
        if self.stale {
            self.reached.notify_one();
            self.go_on.notified().await;
        }
        let effects = AtomicUsize::new(0);
        let effect = |_| async {
            effects.fetch_add(1, Ordering::SeqCst);
            Ok(1)
        };
        let generated = ArtifactKey::generated(cx.root(), cx.execution(), &RepoPath::parse("a.txt").unwrap());
        let content = if self.stale { "stale" } else { "fresh" };
        let record = RecordKey::parse("demo", "row").unwrap();
        let record = RecordWrite::put(Table::UserStories, record, Expect::Anything, &content).unwrap();
        let results = [
            ("begun", cx.step(&step("begun"), &1, effect).await.map(drop)),
            ("fresh", cx.step(&step("fresh"), &1, effect).await.map(drop)),
            ("record", cx.record(&step("record"), &1, || async { Ok(1) }).await.map(drop)),
            ("publish", cx.publish(&generated, content.into()).await.map(drop)),
            ("write", cx.write_records(vec![record]).await),
        ];
        for (what, result) in results {
            match (self.stale, result) {
                (false, Ok(())) => {}
                (true, Err(error)) if error.kind() == ErrorKind::Fenced => {}
                (stale, result) => panic!("{what}, stale {stale}: {result:?}"),
            }
        }
        assert_eq!(effects.load(Ordering::SeqCst), if self.stale { 0 } else { 2 });
        Ok(Outcome::Done(input + 1))
    }
}

#[tokio::test]
async fn a_stale_worker_that_minds_no_refusal_changes_nothing_either() {
    let rig = Rig::new();
    let stale = Stubborn { reached: Arc::default(), go_on: Arc::default(), stale: true };
    let request = rig.request("a");
    let frozen: Arc<dyn Clock> = Arc::new(FixedClock(rig.clock.now()));
    let worker_a = rig.engine_with(rig.records.clone(), frozen);
    let task = {
        let (request, pipeline) = (request.clone(), Pipeline::builder("p").then(stale.clone()).build());
        tokio::spawn(async move { worker_a.start(&pipeline, &request, &1).await })
    };
    stale.reached.notified().await;
    rig.clock.advance(Duration::from_secs(31));
    let fresh = Pipeline::builder("p").then(Stubborn { stale: false, ..stale.clone() }).build();
    let done = rig.engine().resume(&fresh, &request.execution()).await.unwrap();
    assert_eq!(done, RunOutcome::Completed(2));
    let before = dump(&rig).await;
    assert!(before.0.iter().any(|(table, ..)| *table == Table::UserStories) && !before.1.is_empty());
    stale.go_on.notify_one();
    let error = task.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
    assert_eq!(dump(&rig).await, before);
}

/// Everything that is stored: the records of the execution and all artifacts.
async fn dump(rig: &Rig) -> (Vec<(Table, RecordKey, RecordVersion)>, Vec<(String, String)>) {
    let mut records = Vec::new();
    for table in Table::ALL {
        for partition in [rig.request("a").execution().to_string(), "demo".to_owned()] {
            let found = rig.records.query_all(table, RecordQuery::partition(&*partition)).await.unwrap();
            records.extend(found.into_iter().map(|record| (table, record.key, record.version)));
        }
    }
    let listed: Vec<_> = rig.artifacts.list(ArtifactPrefix::root(&rig.request("a").root)).try_collect().await.unwrap();
    let mut artifacts = Vec::new();
    for entry in listed {
        let meta = rig.artifacts.head(&entry.key).await.unwrap();
        artifacts.push((entry.key.to_string(), format!("{:?}", meta.version)));
    }
    (records, artifacts)
}

#[tokio::test]
async fn a_lease_is_renewed_while_a_stage_works() {
    let rig = Rig::new();
    let slow = Paused { reached: Arc::default(), go_on: Arc::default(), pause: true };
    let request = rig.request("a");
    let task = {
        let (engine, request) = (rig.engine(), request.clone());
        let pipeline = Pipeline::builder("p").then(slow.clone()).build();
        tokio::spawn(async move { engine.start(&pipeline, &request, &1).await })
    };
    slow.reached.notified().await;
    for _ in 0..12 {
        rig.clock.advance(Duration::from_secs(10));
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
    let pipeline = Pipeline::builder("p").then(slow.clone()).build();
    let other = rig.engine().resume(&pipeline, &request.execution()).await.unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Busy, "two minutes on, the worker still holds its lease");
    slow.go_on.notify_one();
    slow.reached.notified().await;
    slow.go_on.notify_one();
    assert_eq!(task.await.unwrap().unwrap(), RunOutcome::Completed(2));
}

#[tokio::test]
async fn a_damaged_journal_is_corrupt_at_every_byte_and_never_done() {
    let (rig, stages) = (Rig::new(), adders());
    let request = rig.request("a");
    rig.engine().start(&three(&stages), &request, &5).await.unwrap();
    let partition = request.execution().to_string();
    let all = rig.records.query_all(Table::ExecutionState, RecordQuery::partition(&*partition)).await.unwrap();
    let journal: Vec<_> =
        all.into_iter().filter(|r| r.key.sort() == "journal:head" || r.key.sort().starts_with("journal/")).collect();
    assert!(journal.len() > 8);
    let mut flips = 0;
    for record in &journal {
        let text = record.body.to_string().into_bytes();
        for at in 0..text.len() {
            let mut damaged = text.clone();
            damaged[at] ^= 1 << (at % 7);
            // What is no JSON any more, the adapter itself reports as corrupt; here: what still is.
            let Ok(body) = serde_json::from_slice::<serde_json::Value>(&damaged) else { continue };
            if body == record.body {
                continue;
            }
            flips += 1;
            put(&rig, &record.key, &body).await;
            let error = rig.engine().resume(&three(&stages), &request.execution()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{} byte {at}: {error}", record.key.sort());
        }
        put(&rig, &record.key, &record.body).await;
    }
    assert!(flips > 1000, "{flips}");
    for record in &journal {
        let delete = RecordWrite::delete(Table::ExecutionState, record.key.clone(), Expect::Anything);
        rig.records.write(vec![delete]).await.unwrap();
        let error = rig.engine().resume(&three(&stages), &request.execution()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "without {}: {error}", record.key.sort());
        put(&rig, &record.key, &record.body).await;
    }
    let done = rig.engine().resume(&three(&stages), &request.execution()).await.unwrap();
    assert_eq!(done, RunOutcome::Completed(116), "undamaged again");
    assert_eq!(stages.iter().map(Add::effects).sum::<usize>(), 3);
}

async fn put(rig: &Rig, key: &RecordKey, body: &serde_json::Value) {
    rig.records.put(Table::ExecutionState, key.clone(), Expect::Anything, body).await.unwrap();
}

#[tokio::test]
async fn a_join_at_the_end_is_completed_whichever_write_fails() {
    let mut failed = 0;
    for at in 1..20 {
        let rig = Rig::new();
        let [a, b, c] = adders();
        let pipeline = Pipeline::builder("ends").then(a).join(b, c).build();
        let store = Failing {
            inner: rig.records.clone(),
            left: AtomicUsize::new(at),
            applied: false,
            kind: ErrorKind::StorageFull,
        };
        let request = rig.request("a");
        let first = rig.engine_with(Arc::new(store), rig.clock.clone()).start(&pipeline, &request, &0).await;
        failed += usize::from(first.is_err());
        rig.clock.advance(Duration::from_secs(60));
        let done = rig.engine().start(&pipeline, &request, &0).await.unwrap();
        assert_eq!(done, RunOutcome::Completed((11, 101)), "write {at}");
        let summary = rig.engine().summary(&request.execution()).await.unwrap();
        assert_eq!(summary.status, ExecutionStatus::Completed, "write {at}");
        let journal = rig.engine().journal(&request.execution()).await.unwrap();
        assert_eq!(journal.last(), Some(&JournalEntry::Completed), "write {at}");
        let cancel = rig.engine().cancel(&request.execution()).await.unwrap_err();
        assert_eq!(cancel.kind(), ErrorKind::Conflict, "write {at}: {cancel}");
    }
    assert!(failed >= 8, "the sweep met too few writes: {failed}");
}

/// A record store that falls silent: its n-th write and the read after it are not answered.
#[derive(Debug)]
struct Silent {
    inner: Arc<MemoryRecords>,
    left: AtomicUsize,
    applied: bool,
    silent: AtomicBool,
}

fn no_answer() -> Error {
    Error::new(ErrorKind::Unavailable, "test.records", "there is no answer")
}

#[async_trait]
impl RecordStore for Silent {
    fn capabilities(&self) -> RecordCapabilities {
        self.inner.capabilities()
    }

    async fn get(&self, table: Table, key: &RecordKey) -> Result<Option<Record>> {
        if self.silent.swap(false, Ordering::SeqCst) {
            return Err(no_answer());
        }
        self.inner.get(table, key).await
    }

    async fn write(&self, writes: Vec<RecordWrite>) -> Result<Vec<Option<RecordVersion>>> {
        if self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) == Ok(1) {
            if self.applied {
                self.inner.write(writes).await?;
            }
            self.silent.store(true, Ordering::SeqCst);
            return Err(no_answer());
        }
        self.inner.write(writes).await
    }

    async fn query(&self, table: Table, query: RecordQuery) -> Result<RecordPage> {
        self.inner.query(table, query).await
    }
}

/// Tries each of its steps again when the store did not answer.
#[derive(Debug)]
struct Patient(&'static str);

#[async_trait]
impl Stage for Patient {
    type Input = u64;
    type Output = u64;

    fn name(&self) -> StageName {
        StageName::parse(self.0).unwrap()
    }

    fn revision(&self) -> String {
        String::new()
    }

    async fn run(&self, cx: &StageContext, input: u64) -> Result<Outcome<u64>> {
        for step in ["one", "two"] {
            let step = StepKey::parse(step).unwrap();
            for _ in 0..2 {
                match cx.step(&step, &input, |_| async { Ok(input) }).await {
                    Err(error) if error.kind() == ErrorKind::Unavailable => {}
                    other => {
                        other?;
                        break;
                    }
                }
            }
        }
        Ok(Outcome::Done(input + 1))
    }
}

#[tokio::test]
async fn a_store_that_falls_silent_costs_no_worker_its_lease() {
    let mut failed = 0;
    for (at, applied) in (1..13).flat_map(|at| [(at, false), (at, true)]) {
        let rig = Rig::new();
        let store =
            Silent { inner: rig.records.clone(), left: AtomicUsize::new(at), applied, silent: AtomicBool::default() };
        let engine = rig.engine_with(Arc::new(store), rig.clock.clone());
        let pipeline = Pipeline::builder("p").then(Patient("first")).then(Patient("second")).build();
        let request = rig.request("a");
        let told = format!("write {at}, applied {applied}");
        match engine.start(&pipeline, &request, &1).await {
            Ok(outcome) => assert_eq!(outcome, RunOutcome::Completed(3), "{told}"),
            Err(error) => {
                failed += 1;
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{told}: {error}");
                let known = rig.engine().find(&request.execution()).await.unwrap().map(|summary| summary.status);
                // Of the first write nobody knows whether it made an execution; the last one's end stands as written.
                let expected = match (at, applied) {
                    (1, false) => None,
                    (1, true) => Some(ExecutionStatus::Running),
                    (11, true) => Some(ExecutionStatus::Completed),
                    _ => Some(ExecutionStatus::Failed),
                };
                assert_eq!(known, expected, "{told}");
                rig.clock.advance(Duration::from_secs(60));
                assert_eq!(rig.engine().start(&pipeline, &request, &1).await.unwrap(), RunOutcome::Completed(3));
            }
        }
        let journal = rig.engine().journal(&request.execution()).await.unwrap();
        assert_eq!(journal.last(), Some(&JournalEntry::Completed), "{told}");
    }
    assert_eq!(failed, 6, "the start, the first stage's result and the end, each twice");
}
