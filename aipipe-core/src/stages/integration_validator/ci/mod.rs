//! The CI workflow of each stack.
//!
//! Decisions, with their reasons:
//! - **Pushes to `aipipe/**` are built** as well as pull requests, because an execution's branch must be green before its
//!   pull request exists. A push and a pull request have different refs (`refs/heads/…`, `refs/pull/…/merge`), so the
//!   concurrency group by ref ends outdated runs of the same ref only: the run of a pull request never cancels the run of
//!   the push that somebody is waiting for by head sha.
//! - **Each check is a job of its own** with a fixed name, because branch protection and stage 7 name checks by job.
//!   Each installs from the lock file by itself and none waits for another: whoever mends a red run sees all that is red.
//! - **More versions, the same checks.** With further versions the tests run in a matrix, whose checks have the version
//!   in their names; the job `test` sums them up under the name that is required.
//! - **Unchecked paths are no filter of the trigger.** A workflow that a filter keeps from starting reports nothing, and
//!   a required check that is not reported blocks a merge for good. So a job compares with the base of the pull request,
//!   and where nothing relevant changed the others are skipped, which branch protection takes as passed. If the
//!   comparison itself fails, so does its check, and that one is required too.
//! - **An audit that can't be had is not a failed one.** `npm audit` ends alike when it finds something and when its
//!   service does not answer, and both it and pip-audit end well when nothing was looked at. The scripts beside the
//!   workflow tell these apart: `unavailable` is a notice on the run, not a red check.

mod jobs;
mod options;

#[cfg(test)]
mod tests;

pub use options::{PathPattern, WorkflowOptions};

use super::workflow::{Access, Concurrency, EventName, Permissions, Trigger, Workflow};
use crate::Result;
use crate::domain::{ArchitecturePlan, CheckName, ParseError, RepoPath, RuntimeVersion, Stack};
use crate::stacks::definition;
use std::collections::BTreeMap;

/// Returns the path of the generated workflow.
#[must_use]
pub fn workflow_path() -> RepoPath {
    fixed(RepoPath::parse(".github/workflows/ci.yml"))
}

/// Returns the script that the workflow of the stack audits dependencies with, and its path.
#[must_use]
pub fn audit_script(stack: Stack) -> (RepoPath, &'static str) {
    let (path, text) = match stack {
        Stack::NodeApi | Stack::ReactSpa | Stack::ReactFullstack | Stack::VueSpa => {
            (jobs::NODE_AUDIT, include_str!("audit.mjs"))
        }
        Stack::PythonApi => (jobs::PYTHON_AUDIT, include_str!("audit.py")),
    };
    (fixed(RepoPath::parse(path)), text)
}

/// Returns the CI workflow of the plan's stack.
///
/// # Errors
/// `InvalidInput` when the options ask for a version that the product does not support, or for too much.
pub fn ci_workflow(plan: &ArchitecturePlan, options: &WorkflowOptions) -> Result<Workflow> {
    let versions = options.versions(&plan.build.runtime_version, &plan.build.oldest_runtime_version)?;
    Ok(assemble(plan.decision.stack, &versions, &options.unchecked_paths))
}

/// Returns the CI workflow of a stack, whatever is built on it.
///
/// # Errors
/// Those of [`ci_workflow`].
pub fn stack_workflow(stack: Stack, options: &WorkflowOptions) -> Result<Workflow> {
    let definition = definition(stack);
    let versions = options.versions(&definition.runtime_version, &definition.oldest_runtime_version)?;
    Ok(assemble(stack, &versions, &options.unchecked_paths))
}

/// Returns the checks of the workflow that must succeed before a merge, in the order of its jobs: all but those of a
/// matrix, whose names change with its versions and which another job sums up.
#[must_use]
pub fn required_checks(workflow: &Workflow) -> Vec<CheckName> {
    let single = workflow.jobs.iter().filter(|job| job.strategy.is_none());
    single.map(|job| fixed(CheckName::parse(job.check_name()))).collect()
}

fn assemble(stack: Stack, versions: &[RuntimeVersion], unchecked: &[PathPattern]) -> Workflow {
    Workflow {
        name: "CI".to_owned(),
        on: vec![trigger(EventName::push(), &["main", "aipipe/**"]), trigger(EventName::pull_request(), &["main"])],
        permissions: Some(Permissions::Scopes(BTreeMap::from([("contents".to_owned(), Access::Read)]))),
        concurrency: Some(Concurrency {
            group: "${{ github.workflow }}-${{ github.ref }}".to_owned(),
            cancel_in_progress: true,
        }),
        env: BTreeMap::new(),
        jobs: jobs::jobs(stack, versions, unchecked),
    }
}

fn trigger(event: EventName, branches: &[&str]) -> Trigger {
    let branches = branches.iter().map(|branch| (*branch).to_owned()).collect();
    Trigger { event, branches, paths: Vec::new(), types: Vec::new() }
}

#[expect(clippy::expect_used, reason = "only for literals of this folder, all of which its tests build")]
fn fixed<T>(parsed: Result<T, ParseError>) -> T {
    parsed.expect("a literal of this folder is valid")
}
