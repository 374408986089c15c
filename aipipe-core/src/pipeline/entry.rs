//! What the journal tells: the entries of an execution, in order.

use crate::domain::{
    ArtifactRef, ContentHash, IdempotencyKey, ProjectRoot, Spending, StageName, StepKey, Timestamp, Wait,
};
use serde::{Deserialize, Serialize};

/// A journaled value: in the entry when small, in the artifact store otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalValue {
    /// Its JSON text.
    Inline(String),
    /// Where its JSON lies.
    Stored(ArtifactRef),
}

/// What happened to a stage or to a step of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StageEntry {
    /// An effect is about to happen under this key.
    Intent {
        /// The step.
        step: StepKey,
        /// Hash of the step's input.
        input: ContentHash,
        /// The effect's key.
        key: IdempotencyKey,
    },
    /// A step has this result.
    StepDone {
        /// The step.
        step: StepKey,
        /// Hash of the step's input.
        input: ContentHash,
        /// The result.
        result: JournalValue,
        /// What models cost in it.
        spent: Option<Spending>,
    },
    /// A model call of a step came to no answer, and may have cost something nonetheless.
    Unanswered {
        /// The step.
        step: StepKey,
    },
    /// The stage waits.
    Waiting(Wait),
    /// The stage has this result.
    Done(JournalValue),
}

/// One entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JournalEntry {
    /// The execution was started.
    Started {
        /// The names and revisions of the stages.
        definition: Vec<String>,
        /// The key it was started with.
        key: IdempotencyKey,
        /// The project and day.
        root: ProjectRoot,
        /// Hash of the input.
        input_hash: ContentHash,
        /// The first stage's input.
        input: JournalValue,
        /// When.
        at: Timestamp,
    },
    /// Something happened in a stage.
    Stage {
        /// The stage.
        stage: StageName,
        /// What.
        entry: StageEntry,
    },
    /// A run failed.
    Failed {
        /// The stage.
        stage: Option<StageName>,
        /// Why.
        error: String,
    },
    /// It was cancelled.
    Cancelled,
    /// The last stage is done; its result is the execution's.
    Completed,
}
