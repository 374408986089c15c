//! Stage 5: looks over all generated files together and adds the CI workflow of the stack.
//!
//! What is here is pure: text in, findings or text out. [`check_files`] looks for imports that lead nowhere, names
//! declared twice, packages nobody declared and text left out. [`scan`] looks for secrets and for what hides or runs
//! unseen. [`workflow`] models a GitHub Actions workflow as a type that is rendered, read back and audited;
//! [`ci_workflow`] is the one of a plan's stack.

mod checks;
mod ci;
mod scan;
mod stage;
pub mod workflow;

pub use checks::{SourceFile, check_files};
pub use ci::{PathPattern, WorkflowOptions, audit_script, ci_workflow, required_checks, stack_workflow, workflow_path};
pub use scan::scan;
pub use stage::IntegrationValidator;
