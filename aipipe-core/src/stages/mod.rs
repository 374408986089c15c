//! The seven stages, in order; each folder is readable alone.
//!
//! A stage is a [`Stage`](crate::pipeline::Stage) over pure functions: the functions decide, the stage reads, stores
//! and journals. Effects outside the process go through ports, each in a journaled step.

pub mod architecture_planner;
pub mod document_processor;
pub mod github_orchestrator;
pub mod integration_validator;
pub mod requirements_synthesizer;
pub mod review_coordinator;
