//! The engine's own cost, on stores in memory: sealing, verifying, replaying.

#![expect(clippy::unwrap_used, reason = "a bench that can't run shall stop")]

use aipipe_core::Result;
use aipipe_core::domain::{IdempotencyKey, ProjectName, ProjectRoot, SignalName, StageName, StepKey, Timestamp, Wait};
use aipipe_core::pipeline::{Engine, Outcome, Pipeline, Stage, StageContext, StartRequest};
use aipipe_core::testing::{MemoryArtifacts, MemoryRecords, SequentialIds, VirtualClock};
use async_trait::async_trait;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

const ENTRIES: u64 = 1000;

/// Records steps; then it is done, or waits so that its steps can be replayed.
#[derive(Debug)]
struct Steps {
    steps: u64,
    end: End,
}

#[derive(Debug, Clone, Copy)]
enum End {
    Done,
    Waits,
}

#[async_trait]
impl Stage for Steps {
    type Input = u64;
    type Output = u64;

    fn name(&self) -> StageName {
        StageName::parse("steps").unwrap()
    }

    fn revision(&self) -> String {
        "1".to_owned()
    }

    async fn run(&self, cx: &StageContext, input: u64) -> Result<Outcome<u64>> {
        let mut sum = input;
        for number in 1..=self.steps {
            let step = StepKey::parse(format!("step-{number}"))?;
            let next = sum + 1;
            sum = cx.record(&step, &sum, || async { Ok(next) }).await?;
        }
        Ok(match self.end {
            End::Done => Outcome::Done(sum),
            End::Waits => {
                let signal = SignalName::parse("go")?;
                Outcome::Waiting(Wait::new(signal, "nobody says go"))
            }
        })
    }
}

/// One execution on stores of its own.
struct Execution {
    engine: Engine,
    pipeline: Pipeline<u64, u64>,
    request: StartRequest,
}

impl Execution {
    fn new(steps: u64, end: End) -> Self {
        let (artifacts, records) = (Arc::<MemoryArtifacts>::default(), Arc::<MemoryRecords>::default());
        let engine =
            Engine::builder(artifacts, records, Arc::new(VirtualClock::default()), Arc::new(SequentialIds::default()))
                .build()
                .unwrap();
        let at = Timestamp::parse("2026-01-05T09:00:00Z").unwrap();
        let root = ProjectRoot::new(ProjectName::parse("bench").unwrap(), at);
        let request = StartRequest::new(root, IdempotencyKey::parse("one").unwrap());
        Self { engine, pipeline: Pipeline::builder("bench").then(Steps { steps, end }).build(), request }
    }

    fn started(on: &Runtime, steps: u64, end: End) -> Self {
        let execution = Self::new(steps, end);
        execution.start(on);
        execution
    }

    fn start(&self, on: &Runtime) {
        black_box(on.block_on(self.engine.start(&self.pipeline, &self.request, &0)).unwrap());
    }

    fn resume(&self, on: &Runtime) {
        black_box(on.block_on(self.engine.resume(&self.pipeline, &self.request.execution())).unwrap());
    }
}

fn engine(criterion: &mut Criterion) {
    let on = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut group = criterion.benchmark_group("engine");
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));

    group.bench_function("seven steps", |bencher| {
        bencher.iter_batched(|| Execution::new(7, End::Done), |execution| execution.start(&on), BatchSize::SmallInput);
    });
    group.throughput(Throughput::Elements(ENTRIES));
    group.bench_function("journal: append 1,000 entries", |bencher| {
        bencher.iter_batched(
            || Execution::new(ENTRIES, End::Done),
            |execution| execution.start(&on),
            BatchSize::PerIteration,
        );
    });
    let written = Execution::started(&on, ENTRIES, End::Done);
    group.bench_function("journal: read and verify 1,000 entries", |bencher| {
        bencher.iter(|| black_box(on.block_on(written.engine.journal(&written.request.execution())).unwrap().len()));
    });
    // Each resume journals that it waits again, so each gets a journal of its own.
    group.bench_function("replay 1,000 steps", |bencher| {
        bencher.iter_batched(
            || Execution::started(&on, ENTRIES, End::Waits),
            |execution| execution.resume(&on),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, engine);
criterion_main!(benches);
