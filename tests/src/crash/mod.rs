//! The program that the crash tests kill, and what its parent must know of it.
//!
//! - `course`: the ways through the pipeline that are killed.
//! - `project`: the sample project's documents through all seven stages, on local adapters and a clock that stands still.
//! - `join`: a stage beside the last one.
//! - `model`: a stage of the host's own that asks a model; every answer is counted in a file.
//! - `workflow`: a stage that puts a workflow without an install step in the place of the real one.
//! - `kill`: ends the process at the point the parent has chosen.

mod course;
mod join;
mod kill;
mod model;
mod project;
mod workflow;

pub use course::Course;
pub use kill::{Orders, arm};
pub use model::{ASKED, AskAboutStories};
pub use project::{calls_file, clock, request, run};
