//! A GitHub Actions workflow as a type: built in code, rendered to YAML, parsed back, audited.
//!
//! [`parse`] of [`render`] is the same workflow again. What the type can't express (services, containers, includes
//! and excludes of a matrix, reusable workflows) is refused by [`parse`] and never dropped, so that whoever runs a parsed workflow knows all of it.
//! Source: the workflow syntax reference of GitHub Actions.

mod action;
mod audit;
mod names;
mod parse;
mod render;
mod scalar;
mod script;

#[cfg(test)]
mod tests;

pub use action::{ALLOWED_ACTIONS, ActionRef, AllowedAction};
pub use audit::{Fault, audit};
pub use names::{EventName, Identifier};
pub use parse::parse;
pub use render::render;
pub use scalar::Scalar;

use std::collections::BTreeMap;

/// A workflow file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    /// Its name, as the Actions page lists it.
    pub name: String,
    /// What starts it, in the order of the file.
    pub on: Vec<Trigger>,
    /// What its token may do; none given means whatever the repository's default is, which [`audit`] reports.
    pub permissions: Option<Permissions>,
    /// Which runs exclude each other.
    pub concurrency: Option<Concurrency>,
    /// Environment of all steps.
    pub env: BTreeMap<String, Scalar>,
    /// The jobs, in the order of the file.
    pub jobs: Vec<Job>,
}

/// An event that starts a workflow, narrowed by its filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// The event.
    pub event: EventName,
    /// Branch patterns; empty means all.
    pub branches: Vec<String>,
    /// Path patterns; empty means all.
    pub paths: Vec<String>,
    /// Activity types; empty means the event's default.
    pub types: Vec<String>,
}

/// What the workflow's token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permissions {
    /// Read everything.
    ReadAll,
    /// Write everything.
    WriteAll,
    /// By scope; a scope that is not named has no access.
    Scopes(BTreeMap<String, Access>),
}

/// Access to one scope of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Read it.
    Read,
    /// Change it.
    Write,
    /// Neither.
    None,
}

/// Runs of the same group exclude each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concurrency {
    /// The group, usually an expression.
    pub group: String,
    /// Whether a newer run ends the older one rather than waiting for it.
    pub cancel_in_progress: bool,
}

/// A job: one machine, its steps in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The key other jobs need it by.
    pub id: Identifier,
    /// The name, which is the name of its check.
    pub name: Option<String>,
    /// The machine's label.
    pub runs_on: String,
    /// Minutes after which it is ended.
    pub timeout_minutes: Option<u32>,
    /// Jobs that must succeed first.
    pub needs: Vec<Identifier>,
    /// The condition it runs under, as an expression.
    pub condition: Option<String>,
    /// What its token may do, where that differs from the workflow's.
    pub permissions: Option<Permissions>,
    /// What it tells the jobs that need it, as expressions over its steps' outputs.
    pub outputs: BTreeMap<String, String>,
    /// Environment of its steps.
    pub env: BTreeMap<String, Scalar>,
    /// The variants it runs in.
    pub strategy: Option<Strategy>,
    /// Whether its failure leaves the run green.
    pub continue_on_error: bool,
    /// The steps.
    pub steps: Vec<Step>,
}

impl Job {
    /// The name of its check: the name where it has one, the id otherwise.
    #[must_use]
    pub fn check_name(&self) -> &str {
        self.name.as_deref().unwrap_or(self.id.as_str())
    }
}

/// The variants a job runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strategy {
    /// Whether one failing variant ends the others.
    pub fail_fast: bool,
    /// Values by variable; the job runs once for each combination.
    pub matrix: BTreeMap<String, Vec<Scalar>>,
}

/// A step of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name in the log.
    pub name: Option<String>,
    /// The key its outputs are read by.
    pub id: Option<Identifier>,
    /// The condition it runs under, as an expression.
    pub condition: Option<String>,
    /// What it does.
    pub work: Work,
    /// Its environment.
    pub env: BTreeMap<String, Scalar>,
    /// Whether its failure leaves the job green.
    pub continue_on_error: bool,
}

impl Step {
    /// A step that runs `action` with the inputs.
    #[must_use]
    pub fn uses(name: &str, action: ActionRef, with: &[(&str, Scalar)]) -> Self {
        let with = with.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        Self::new(name, Work::Uses { action, with })
    }

    /// A step that runs `script` in the repository's root.
    #[must_use]
    pub fn run(name: &str, script: &str) -> Self {
        Self::new(name, Work::Run { script: script.to_owned(), shell: None, working_directory: None })
    }

    fn new(name: &str, work: Work) -> Self {
        Self {
            name: Some(name.to_owned()),
            id: None,
            condition: None,
            work,
            env: BTreeMap::new(),
            continue_on_error: false,
        }
    }
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Runs an action.
    Uses {
        /// Which.
        action: ActionRef,
        /// Its inputs.
        with: BTreeMap<String, Scalar>,
    },
    /// Runs a shell script.
    Run {
        /// The script.
        script: String,
        /// The shell, where it is not the machine's default.
        shell: Option<String>,
        /// The folder it runs in, where it is not the root.
        working_directory: Option<String>,
    },
}
