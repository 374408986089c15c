//! The seven stages, in order; each folder is readable alone.
//!
//! A stage is a [`Stage`](crate::pipeline::Stage) over pure functions: the functions decide, the stage reads, stores
//! and journals. Effects outside the process go through ports, each in a journaled step.

pub mod github_orchestrator;
pub mod review_coordinator;
//! The seven stages, each in its own folder and readable alone.

pub mod document_processor;
//! The seven stages, each readable alone.

pub mod requirements_synthesizer;

pub mod architecture_planner;
//! The seven stages, each a folder that can be read alone.

pub mod integration_validator;
