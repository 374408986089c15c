//! Stage 5: looks over all generated files together and adds the CI workflow of the stack.
//!
//! What is here is pure: text in, findings or text out. [`Validator`] reads all files with real parsers and says where they
//! do not fit together; [`check_files`] is one run of it. [`scan`] looks for secrets and for what hides or runs unseen.
//! [`workflow`] models a GitHub Actions workflow as a type that is rendered, read back and audited; [`ci_workflow`] is the
//! one of a plan's stack.

mod ci;
mod scan;
mod stage;
#[cfg_attr(
    not(all(feature = "js", feature = "python")),
    allow(
        dead_code,
        unused_imports,
        unused_mut,
        unused_variables,
        reason = "each language uses its part of the frame"
    )
)]
mod validator;
pub mod workflow;

pub use ci::{PathPattern, WorkflowOptions, audit_script, ci_workflow, required_checks, stack_workflow, workflow_path};
pub use scan::scan;
pub use stage::IntegrationValidator;
pub(super) use stage::findings;
pub use validator::{
    ArchitectureFacts, Change, IgnoreRules, LayerRule, Level, Origin, SourceFile, UpdateSummary, Validator,
    ValidatorOptions, check_files,
};
pub(super) use validator::{TestCase, test_cases};
