//! What happens, as it happens: progress bars, logs, metrics and dashboards are observers.

use crate::domain::{Anomaly, ExecutionId, KeyAge, Refusal, Spending, StageName, StepKey, StoryId, Timestamp, Wait};
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

/// Something that happened in an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The execution.
    pub execution: ExecutionId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
}

impl Event {
    /// Something that happened in `execution` at `at`.
    #[must_use]
    pub fn new(execution: ExecutionId, at: Timestamp, kind: EventKind) -> Self {
        Self { execution, at, kind }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// The execution was started.
    Started,
    /// The execution goes on in this process.
    Resumed,
    /// A stage begins (or begins again after a wait or a crash).
    StageStarted {
        /// The stage.
        stage: StageName,
    },
    /// A stage's recorded result is used; it does not run again.
    StageReplayed {
        /// The stage.
        stage: StageName,
    },
    /// A stage ended well.
    StageDone {
        /// The stage.
        stage: StageName,
        /// How long it took in this process.
        took: Duration,
    },
    /// A step ran or its recorded result was used.
    Step {
        /// The stage.
        stage: StageName,
        /// The step.
        step: StepKey,
        /// Whether the recorded result was used.
        replayed: bool,
    },
    /// A stage can tell how far it is.
    Progress {
        /// The stage.
        stage: StageName,
        /// Parts done.
        done: usize,
        /// Parts in all.
        total: usize,
        /// What was just done.
        what: String,
    },
    /// A document was refused.
    DocumentRefused(Refusal),
    /// A story got its result.
    StoryDone {
        /// The story.
        story: StoryId,
        /// Its status in a word or two.
        status: String,
    },
    /// A stage waits; the process may end.
    Waiting {
        /// The stage.
        stage: StageName,
        /// For what.
        wait: Wait,
    },
    /// Money was spent.
    Spent(Spending),
    /// The use of models is unlike what it used to be in the project.
    Anomaly(Anomaly),
    /// A key is older than it should be, or its age is not known.
    KeyAge(KeyAge),
    /// The execution failed; a resume tries again.
    Failed {
        /// The stage, if one had begun.
        stage: Option<StageName>,
        /// Why.
        error: String,
    },
    /// The execution was cancelled.
    Cancelled,
    /// The execution ended well.
    Completed,
}

/// Is told what happens. Must return quickly and must not fail: the pipeline does not wait for it.
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait Observer: Debug + Send + Sync + 'static {
    /// Takes note of an event.
    fn observe(&self, event: &Event);
}

/// Takes no note of anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn observe(&self, _event: &Event) {}
}

impl<T: Observer + ?Sized> Observer for Arc<T> {
    fn observe(&self, event: &Event) {
        (**self).observe(event);
    }
}

/// Tells several observers, in order.
#[derive(Debug, Clone, Default)]
pub struct Observers(pub Vec<Arc<dyn Observer>>);

impl Observer for Observers {
    fn observe(&self, event: &Event) {
        for observer in &self.0 {
            observer.observe(event);
        }
    }
}
