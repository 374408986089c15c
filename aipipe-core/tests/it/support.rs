//! Small stages and a bench of in-memory adapters.

use aipipe_core::domain::{IdempotencyKey, ProjectName, ProjectRoot, SignalName, StageName, StepKey, Timestamp, Wait};
use aipipe_core::pipeline::{Engine, EngineOptions, Outcome, Pipeline, Stage, StageContext, StartRequest};
use aipipe_core::ports::{Clock, RecordStore};
use aipipe_core::testing::{MemoryArtifacts, MemoryRecords, RecordingObserver, SequentialIds, VirtualClock};
use aipipe_core::{Error, ErrorKind, Result};
use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// Adds a number in a journaled step and counts how often the effect really happened.
#[derive(Debug, Clone)]
pub struct Add {
    pub name: &'static str,
    pub by: u64,
    pub revision: &'static str,
    pub effects: Arc<AtomicUsize>,
}

impl Add {
    pub fn new(name: &'static str, by: u64) -> Self {
        Self { name, by, revision: "1", effects: Arc::default() }
    }

    pub fn effects(&self) -> usize {
        self.effects.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Stage for Add {
    type Input = u64;
    type Output = u64;

    fn name(&self) -> StageName {
        StageName::parse(self.name).unwrap()
    }

    fn revision(&self) -> String {
        self.revision.to_owned()
    }

    async fn run(&self, cx: &StageContext, input: u64) -> Result<Outcome<u64>> {
        let step = StepKey::parse("add").unwrap();
        let sum = cx
            .step(&step, &input, |_key| async {
                self.effects.fetch_add(1, Ordering::SeqCst);
                Ok(input + self.by)
            })
            .await?;
        Ok(Outcome::Done(sum))
    }
}

/// Waits for the signal `go`; passes its payload, a number, on.
#[derive(Debug, Clone)]
pub struct WaitForGo;

pub fn go() -> SignalName {
    SignalName::parse("go").unwrap()
}

#[async_trait]
impl Stage for WaitForGo {
    type Input = u64;
    type Output = u64;

    fn name(&self) -> StageName {
        StageName::parse("wait-for-go").unwrap()
    }

    fn revision(&self) -> String {
        "1".to_owned()
    }

    async fn run(&self, cx: &StageContext, input: u64) -> Result<Outcome<u64>> {
        let name = go();
        match cx.signals(&name).first().and_then(|signal| signal.payload.as_u64()) {
            Some(number) => Ok(Outcome::Done(input + number)),
            None => Ok(Outcome::Waiting(Wait::new(name, "say go"))),
        }
    }
}

/// Fails until it is told not to.
#[derive(Debug, Clone)]
pub struct Flaky {
    pub failures: Arc<AtomicUsize>,
}

#[async_trait]
impl Stage for Flaky {
    type Input = u64;
    type Output = u64;

    fn name(&self) -> StageName {
        StageName::parse("flaky").unwrap()
    }

    fn revision(&self) -> String {
        "1".to_owned()
    }

    async fn run(&self, _cx: &StageContext, input: u64) -> Result<Outcome<u64>> {
        if self.failures.load(Ordering::SeqCst) > 0 {
            self.failures.fetch_sub(1, Ordering::SeqCst);
            return Err(Error::new(ErrorKind::Unavailable, "flaky.run", "not today"));
        }
        Ok(Outcome::Done(input))
    }
}

/// Stops inside its effect until the test lets it go on.
#[derive(Debug, Clone)]
pub struct Paused {
    pub reached: Arc<Notify>,
    pub go_on: Arc<Notify>,
    pub pause: bool,
}

#[async_trait]
impl Stage for Paused {
    type Input = u64;
    type Output = u64;

    fn name(&self) -> StageName {
        StageName::parse("paused").unwrap()
    }

    fn revision(&self) -> String {
        String::new()
    }

    async fn run(&self, cx: &StageContext, input: u64) -> Result<Outcome<u64>> {
        for step in ["one", "two"] {
            let step = StepKey::parse(step).unwrap();
            cx.step(&step, &input, |_| async {
                if self.pause {
                    self.reached.notify_one();
                    self.go_on.notified().await;
                }
                Ok(input)
            })
            .await?;
        }
        Ok(Outcome::Done(input + 1))
    }
}

/// In-memory stores and a clock, from which engines (workers) are made.
pub struct Rig {
    pub artifacts: Arc<MemoryArtifacts>,
    pub records: Arc<MemoryRecords>,
    pub clock: Arc<VirtualClock>,
    pub observer: Arc<RecordingObserver>,
    ids: Arc<SequentialIds>,
}

impl Rig {
    pub fn new() -> Self {
        Self {
            artifacts: Arc::default(),
            records: Arc::default(),
            clock: Arc::new(VirtualClock::default()),
            observer: Arc::default(),
            ids: Arc::default(),
        }
    }

    pub fn engine(&self) -> Engine {
        self.engine_with(self.records.clone(), self.clock.clone())
    }

    pub fn engine_with(&self, records: Arc<dyn RecordStore>, clock: Arc<dyn Clock>) -> Engine {
        Engine::builder(self.artifacts.clone(), records, clock, self.ids.clone())
            .observer(self.observer.clone())
            .options(EngineOptions::default())
            .build()
            .unwrap()
    }

    pub fn engine_with_options(&self, options: EngineOptions) -> Engine {
        Engine::builder(self.artifacts.clone(), self.records.clone(), self.clock.clone(), self.ids.clone())
            .options(options)
            .build()
            .unwrap()
    }

    pub fn request(&self, key: &str) -> StartRequest {
        let project = ProjectName::parse("demo").unwrap();
        let root = ProjectRoot::new(project, Timestamp::parse("2026-01-05T09:00:00Z").unwrap());
        StartRequest::new(root, IdempotencyKey::parse(key).unwrap())
    }
}

/// first(+1) → second(+10) → third(+100)
pub fn three(stages: &[Add; 3]) -> Pipeline<u64, u64> {
    let [a, b, c] = stages.clone();
    Pipeline::builder("three").then(a).then(b).then(c).build()
}

pub fn adders() -> [Add; 3] {
    [Add::new("first", 1), Add::new("second", 10), Add::new("third", 100)]
}
