//! Pipelines that do nothing, durably.

use aipipe_core::Result;
use aipipe_core::domain::{SignalName, StageName, StepKey, Wait};
use aipipe_core::pipeline::{Outcome, Pipeline, Stage, StageContext};
use async_trait::async_trait;

/// Steps of one execution.
pub const STEPS: u64 = 7;

/// One stage with seven steps.
#[derive(Debug)]
pub enum SevenSteps {
    /// `cx.record`: the result of a computation is journaled, one checkpoint a step.
    Record,
    /// `cx.step`: the intent of an effect and its result are journaled, two checkpoints a step.
    Effect,
}

#[async_trait]
impl Stage for SevenSteps {
    type Input = u64;
    type Output = u64;

    fn name(&self) -> StageName {
        name("seven-steps")
    }

    fn revision(&self) -> String {
        "1".to_owned()
    }

    async fn run(&self, cx: &StageContext, input: u64) -> Result<Outcome<u64>> {
        let mut sum = input;
        for number in 1..=STEPS {
            let step = StepKey::parse(format!("step-{number}"))?;
            let next = sum + 1;
            sum = match self {
                Self::Record => cx.record(&step, &sum, || async { Ok(next) }).await?,
                Self::Effect => cx.step(&step, &sum, |_key| async { Ok(next) }).await?,
            };
        }
        Ok(Outcome::Done(sum))
    }
}

/// A stage without a step: its output is journaled, one checkpoint.
#[derive(Debug)]
struct NoOperation(u64);

#[async_trait]
impl Stage for NoOperation {
    type Input = u64;
    type Output = u64;

    fn name(&self) -> StageName {
        name(&format!("stage-{}", self.0))
    }

    fn revision(&self) -> String {
        "1".to_owned()
    }

    async fn run(&self, _cx: &StageContext, input: u64) -> Result<Outcome<u64>> {
        Ok(Outcome::Done(input + 1))
    }
}

/// A stage that waits for a signal nobody gives.
#[derive(Debug)]
struct Waits;

#[async_trait]
impl Stage for Waits {
    type Input = u64;
    type Output = u64;

    fn name(&self) -> StageName {
        name("waits")
    }

    fn revision(&self) -> String {
        "1".to_owned()
    }

    async fn run(&self, _cx: &StageContext, _input: u64) -> Result<Outcome<u64>> {
        let signal = SignalName::parse("go")?;
        Ok(Outcome::Waiting(Wait::new(signal, "nobody says go")))
    }
}

#[expect(clippy::expect_used, reason = "the names are written in this file and are names")]
fn name(text: &str) -> StageName {
    StageName::parse(text).expect("a stage name")
}

/// What an execution of the bench does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Kind {
    /// One stage with seven recorded computations: one checkpoint a step.
    Record,
    /// One stage with seven effects: two checkpoints a step.
    Effect,
    /// Seven stages without steps: one checkpoint a stage.
    Stages,
    /// One stage that waits for a signal.
    Waiting,
}

impl Kind {
    /// The pipeline.
    pub fn pipeline(self) -> Pipeline<u64, u64> {
        match self {
            Self::Record => Pipeline::builder("record").then(SevenSteps::Record).build(),
            Self::Effect => Pipeline::builder("effect").then(SevenSteps::Effect).build(),
            Self::Stages => Pipeline::builder("stages")
                .then(NoOperation(1))
                .then(NoOperation(2))
                .then(NoOperation(3))
                .then(NoOperation(4))
                .then(NoOperation(5))
                .then(NoOperation(6))
                .then(NoOperation(7))
                .build(),
            Self::Waiting => Pipeline::builder("waiting").then(Waits).build(),
        }
    }

    /// Durable writes of one execution: the start, those of its steps, and the end, which closes the last stage.
    pub fn checkpoints(self) -> u64 {
        match self {
            Self::Record => 1 + STEPS + 1,
            Self::Effect => 1 + 2 * STEPS + 1,
            // The last stage's result and the end are one checkpoint.
            Self::Stages => 1 + STEPS,
            Self::Waiting => 2,
        }
    }

    /// In the words of the report.
    pub fn explained(self) -> &'static str {
        match self {
            Self::Record => "7 cx.record steps in one stage, 1 checkpoint each",
            Self::Effect => "7 cx.step steps in one stage, 2 checkpoints each (intent, result)",
            Self::Stages => "7 stages without steps, 1 checkpoint each",
            Self::Waiting => "1 stage that waits for a signal",
        }
    }
}
