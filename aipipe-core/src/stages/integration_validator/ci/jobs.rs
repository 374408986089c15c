//! The jobs: one a check, the tests once more for each further version, and what decides whether checks are needed.

use super::super::workflow::{AllowedAction, Identifier, Job, Permissions, Scalar, Step, Strategy, Work};
use super::{PathPattern, fixed};
use crate::domain::{RuntimeVersion, Stack};
use std::collections::BTreeMap;

pub(super) const NODE_AUDIT: &str = ".github/scripts/audit.mjs";
pub(super) const PYTHON_AUDIT: &str = ".github/scripts/audit.py";

/// The list that Poetry itself is installed from, as the table of the stack's files has it.
const POETRY: &str = ".github/poetry.txt";

/// The machine the jobs run on: a fixed image, because `ubuntu-latest` moves under a green build.
const RUNNER: &str = "ubuntu-24.04";

/// The job that looks for changes which need checks.
const CHANGES: &str = "changes";

/// The tests on one of several versions.
const TEST_VERSIONS: &str = "test-versions";

/// How each language is set up and checked.
struct Checks {
    language: &'static str,
    setup: fn(Scalar) -> Vec<Step>,
    lint: Vec<Step>,
    typecheck: Vec<Step>,
    test: Vec<Step>,
    coverage: &'static str,
    build: Option<Vec<Step>>,
    security: Vec<Step>,
}

/// The jobs of a stack. The first version is the one for all checks; tests run on the others too.
pub(super) fn jobs(stack: Stack, versions: &[RuntimeVersion], unchecked: &[PathPattern]) -> Vec<Job> {
    let checks = match stack {
        // The four Node stacks differ in what their npm scripts do, not in what the scripts are called.
        Stack::NodeApi | Stack::ReactSpa | Stack::ReactFullstack | Stack::VueSpa => node(),
        Stack::PythonApi => python(),
    };
    let main = || Scalar::Text(versions.first().map(RuntimeVersion::to_string).unwrap_or_default());
    let check = |id, minutes, steps: Vec<Step>| job(id, minutes, (checks.setup)(main()), steps);
    let mut jobs = vec![check("lint", 10, checks.lint), check("typecheck", 10, checks.typecheck)];
    if versions.len() > 1 {
        let setup = (checks.setup)("${{ matrix.version }}".into());
        let name = "coverage-${{ matrix.version }}";
        let mut tests = job(TEST_VERSIONS, 20, setup, with_coverage(checks.test, name, checks.coverage));
        tests.name = Some(format!("test on {} ${{{{ matrix.version }}}}", checks.language));
        let values = versions.iter().map(|version| Scalar::Text(version.to_string())).collect();
        tests.strategy = Some(Strategy { fail_fast: false, matrix: BTreeMap::from([("version".to_owned(), values)]) });
        jobs.extend([tests, test_of_all_versions()]);
    } else {
        jobs.push(check("test", 20, with_coverage(checks.test, "coverage", checks.coverage)));
    }
    jobs.extend(checks.build.map(|steps| check("build", 15, steps)));
    jobs.push(check("security", 10, checks.security));
    if !unchecked.is_empty() {
        for job in &mut jobs {
            only_when_needed(job);
        }
        jobs.insert(0, changes(unchecked));
    }
    jobs
}

fn node() -> Checks {
    Checks {
        language: "node",
        setup: node_setup,
        lint: vec![Step::run("Lint", "npm run lint")],
        typecheck: vec![Step::run("Type check", "npm run typecheck")],
        test: vec![Step::run("Test with coverage", "npm run test:coverage")],
        coverage: "coverage",
        build: Some(vec![Step::run("Build", "npm run build")]),
        security: vec![Step::run("Audit dependencies", &format!("node {NODE_AUDIT}"))],
    }
}

fn node_setup(version: Scalar) -> Vec<Step> {
    vec![
        checkout(),
        Step::uses(
            "Set up Node",
            AllowedAction::SETUP_NODE.reference(),
            &[("node-version", version), ("cache", "npm".into())],
        ),
        // Install scripts of packages are the commonest way in; none of the pinned packages needs its own.
        Step::run("Install", "npm ci --ignore-scripts"),
    ]
}

fn python() -> Checks {
    Checks {
        language: "python",
        setup: python_setup,
        lint: vec![
            Step::run("Lint", "poetry run ruff check ."),
            Step::run("Check format", "poetry run ruff format --check ."),
        ],
        typecheck: vec![Step::run("Type check", "poetry run mypy")],
        test: vec![Step::run("Test with coverage", "poetry run pytest --cov --cov-report=term --cov-report=xml")],
        coverage: "coverage.xml",
        build: None,
        security: vec![
            Step::run("Scan for security faults", "poetry run bandit -r app"),
            Step::run("Audit dependencies", &format!("poetry run python {PYTHON_AUDIT}")),
        ],
    }
}

fn python_setup(version: Scalar) -> Vec<Step> {
    let key = format!("poetry-${{{{ runner.os }}}}-{}-${{{{ hashFiles('poetry.lock') }}}}", version.to_text());
    vec![
        checkout(),
        Step::uses(
            "Set up Python",
            AllowedAction::SETUP_PYTHON.reference(),
            &[("python-version", version), ("cache", "pip".into()), ("cache-dependency-path", POETRY.into())],
        ),
        // setup-python's own cache for Poetry wants a Poetry that is there before Python is.
        Step::uses(
            "Keep downloads",
            AllowedAction::CACHE.reference(),
            &[("path", "~/.cache/pypoetry".into()), ("key", key.as_str().into())],
        ),
        Step::run("Install Poetry", &format!("python -m pip install --require-hashes -r {POETRY}")),
        // The check first: a lock of another manifest is then named as such.
        Step::run("Install", "poetry check --lock\npoetry sync --no-root\n"),
    ]
}

fn checkout() -> Step {
    Step::uses("Check out", AllowedAction::CHECKOUT.reference(), &[("persist-credentials", Scalar::Boolean(false))])
}

/// Keeps the report two weeks. A test run that wrote none did not measure what it should, so that is an error.
fn with_coverage(mut steps: Vec<Step>, name: &str, path: &str) -> Vec<Step> {
    steps.push(Step::uses(
        "Keep the coverage report",
        AllowedAction::UPLOAD_ARTIFACT.reference(),
        &[
            ("name", name.into()),
            ("path", path.into()),
            ("if-no-files-found", "error".into()),
            ("retention-days", Scalar::Integer(14)),
        ],
    ));
    steps
}

/// The required check over all versions. It runs whatever happened, because a check that is skipped counts as passed.
fn test_of_all_versions() -> Job {
    let mut all = Step::run("Every version passed", "test \"$RESULT\" = success");
    all.env.insert("RESULT".to_owned(), format!("${{{{ needs.{TEST_VERSIONS}.result }}}}").as_str().into());
    let mut job = job("test", 5, Vec::new(), vec![all]);
    job.needs.push(fixed(Identifier::parse(TEST_VERSIONS)));
    job.condition = Some("always()".to_owned());
    job.permissions = Some(Permissions::Scopes(BTreeMap::new()));
    job
}

/// Tells whether anything changed that needs checks: always on a push, and on a pull request by its files.
fn changes(unchecked: &[PathPattern]) -> Job {
    let excluded: String = unchecked.iter().map(|pattern| format!(" ':(exclude,glob){pattern}'")).collect();
    let script = format!(
        "changed=everything\n\
         if [ -n \"$BASE\" ]; then\n  \
         changed=$(git diff --name-only \"$BASE...HEAD\" -- .{excluded})\n\
         fi\n\
         if [ -n \"$changed\" ]; then\n  \
         echo 'needed=true' >> \"$GITHUB_OUTPUT\"\n\
         fi\n"
    );
    let mut compare = Step::run("Compare with the base", &script);
    compare.id = Some(fixed(Identifier::parse("compare")));
    compare.env.insert("BASE".to_owned(), "${{ github.event.pull_request.base.sha }}".into());
    let mut checkout = checkout();
    if let Work::Uses { with, .. } = &mut checkout.work {
        with.insert("fetch-depth".to_owned(), Scalar::Integer(0));
    }
    let mut job = job(CHANGES, 5, vec![checkout], vec![compare]);
    job.outputs.insert("needed".to_owned(), "${{ steps.compare.outputs.needed }}".to_owned());
    job
}

fn only_when_needed(job: &mut Job) {
    let needed = format!("needs.{CHANGES}.outputs.needed == 'true'");
    job.condition = Some(match &job.condition {
        None => needed,
        Some(condition) => format!("{condition} && {needed}"),
    });
    job.needs.insert(0, fixed(Identifier::parse(CHANGES)));
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
        outputs: BTreeMap::new(),
        env: BTreeMap::new(),
        strategy: None,
        continue_on_error: false,
        steps: setup,
    }
}
