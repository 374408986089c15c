//! The seven stages, in order; each folder is readable alone.
//!
//! A stage is a [`Stage`](crate::pipeline::Stage) over pure functions: the functions decide, the stage reads, stores
//! and journals. Effects outside the process go through ports, each in a journaled step.

pub mod architecture_planner;
pub mod build_repairer;
pub mod document_processor;
pub mod github_orchestrator;
mod head_run;
pub mod integration_validator;
mod markdown;
mod occasions;
pub mod requirements_synthesizer;
pub mod review_coordinator;
mod source;
mod standard;
pub mod story_executor;

pub use architecture_planner::ArchitecturePlanner;
pub use build_repairer::BuildRepairer;
pub use document_processor::DocumentProcessor;
pub use github_orchestrator::{GithubOrchestrator, PublishOptions};
pub use integration_validator::{IntegrationValidator, WorkflowOptions};
pub use requirements_synthesizer::{RequirementsSynthesizer, StoryFile};
pub use review_coordinator::{ReviewCoordinator, ReviewOptions};
pub use standard::{StandardOptions, StandardPorts, standard_pipeline};
pub use story_executor::StoryExecutor;
