//! The model's part of stage 4: stories, and criteria, that no template covers.
//!
//! ```text
//! templates ─▶ plan_work ─▶ tasks with write-sets ─▶ Schedule ─▶ for each: ask ─▶ read ─▶ judge ─┬─▶ written
//!                                                                 ▲                             │
//!                                                                 └── feedback, ≤ 3 rounds ◀─────┤
//!                                                                     primary, then powerful     └─▶ failed, with reasons
//! ```
//!
//! Nothing a model says is trusted: its answer is read by [`answer`], its paths are parsed and held to the story's
//! write-set, its code is scanned and validated with the whole project, and its tests must name the criteria. Every call
//! is journaled under the story and the round, and a question depends on recorded things only, so a crash pays for
//! nothing twice.

pub mod answer;
mod attempt;
mod context;
mod feedback;
mod inspect;
mod judge;
mod mend;
mod merge;
mod packages;
mod places;
mod work;

pub use feedback::{CiVerdict, Feedback, Refusal};
pub use work::{job_of, plan_work};

pub(in crate::stages) use mend::{Mended, Red, mend};
pub(super) use merge::{TaskTold, Told, write_stories};

use super::schedule::Limits;
use crate::domain::ContentHash;

/// How the model's part is done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelOptions {
    /// The model or role that is asked first.
    pub primary: String,
    /// The model or role that is asked when it gets no further.
    pub powerful: String,
    /// How often findings go back for one story.
    pub repair_rounds: usize,
    /// Most tokens of an answer.
    pub max_output_tokens: u32,
    /// Most bytes of an answer that are read.
    pub max_answer_bytes: usize,
    /// Tokens of neighbouring files in a question.
    pub neighbour_tokens: usize,
    /// Tokens of passages of the documents that a story does not rest on and that speak of the same.
    pub passage_tokens: usize,
    /// How much happens at once and in a minute.
    pub limits: Limits,
    /// What CI said of an earlier execution, where it was red: stories whose files it speaks of are told.
    pub verdict: Option<CiVerdict>,
    /// How often what CI says of this execution goes back to the model before a person has to look.
    pub ci_rounds: usize,
}

impl Default for ModelOptions {
    /// The roles `primary` and `powerful`, three rounds, four stories at once, two rounds with CI.
    fn default() -> Self {
        Self {
            primary: "primary".to_owned(),
            powerful: "powerful".to_owned(),
            repair_rounds: 3,
            max_output_tokens: 32_000,
            max_answer_bytes: 2 * 1024 * 1024,
            neighbour_tokens: 16_000,
            passage_tokens: 600,
            limits: Limits::default(),
            verdict: None,
            ci_rounds: 2,
        }
    }
}

impl ModelOptions {
    /// The same with these models or roles.
    #[must_use]
    pub fn with_models(mut self, primary: impl Into<String>, powerful: impl Into<String>) -> Self {
        self.primary = primary.into();
        self.powerful = powerful.into();
        self
    }

    /// The same under these limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same with so many rounds of repair.
    #[must_use]
    pub fn with_repair_rounds(mut self, rounds: usize) -> Self {
        self.repair_rounds = rounds;
        self
    }

    /// The same with so many tokens of passages that a story does not rest on; none with 0.
    #[must_use]
    pub fn with_passage_tokens(mut self, tokens: usize) -> Self {
        self.passage_tokens = tokens;
        self
    }

    /// The same after a red build of an earlier execution.
    #[must_use]
    pub fn with_verdict(mut self, verdict: Option<CiVerdict>) -> Self {
        self.verdict = verdict;
        self
    }

    /// The same with so many rounds after a red run of CI; none with 0.
    #[must_use]
    pub fn with_ci_rounds(mut self, rounds: usize) -> Self {
        self.ci_rounds = rounds;
        self
    }

    /// What results depend on. Limits only decide when things happen.
    pub(in crate::stages) fn revision(&self) -> String {
        let Self { primary, powerful, repair_rounds, max_output_tokens, max_answer_bytes, .. } = self;
        let Self { neighbour_tokens, passage_tokens, .. } = self;
        let verdict = self.verdict.as_ref().map_or_else(String::new, |verdict| {
            format!(" after {}", ContentHash::of_parts(&[&verdict.job, &verdict.step, &verdict.log_tail]).short(12))
        });
        format!(
            "{primary} {powerful} {repair_rounds} {max_output_tokens} {max_answer_bytes} {neighbour_tokens} {passage_tokens}{verdict}"
        )
    }
}
