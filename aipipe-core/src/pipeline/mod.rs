//! The engine: typed composition of stages, run durably.
//!
//! - [`Stage`] is one typed step of the way; [`Pipeline`] composes stages so that the compiler checks what fits.
//! - [`Engine`] runs a pipeline as an *execution*: every finished step is in the journal before the next begins, so a
//!   killed process loses at most the step it was in, and that step finds what it made.
//! - The journal is a hash chain of records written by one worker at a time; each write is conditional on the head
//!   record, which also is the lease's fencing token. A worker that lost its lease can write nothing more.
//!
//! ```text
//! start ─▶ lease ─▶ stage ─▶ step: intent ─▶ effect(key) ─▶ result ─▶ … ─▶ stage done ─▶ … ─▶ completed
//!                     │                                                        ▲
//!                     └─▶ waiting (process may end) ─▶ signal / resume ────────┘
//! ```

mod cancel;
mod compose;
mod context;
mod engine;
mod entry;
mod intake;
mod journal;
mod lookup;
mod options;
mod portions;
mod run;
mod signal;
mod stage;
mod values;

pub use compose::{Pipeline, PipelineBuilder};
pub use context::StageContext;
pub use engine::Engine;
pub use entry::{JournalEntry, JournalValue, StageEntry};
pub use intake::upload_documents;
pub use options::{EngineBuilder, EngineOptions, StartRequest, TakeOver};
pub use run::RunOutcome;
pub use signal::Signal;
pub use stage::{Outcome, Stage};
pub use values::document_texts;
