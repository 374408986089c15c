//! act, which knows nothing of us, runs the workflow of generated projects and comes to the same verdicts as local CI.
//!
//! Each project is run as it was generated and with one fault at a time. The steps are real in both runners; only the
//! actions are stand-ins under act (`tests/rigs/actions`), because it would fetch them from GitHub.

use super::{is_full, tool};
use crate::program::{program, root};
use aipipe_adapters_local::ci::{CheckSink, CheckoutSource, LocalCi, LocalCiOptions};
use aipipe_adapters_local::{HostEnvironment, LocalWorkspace, SystemClock};
use aipipe_core::domain::{
    BranchName, CheckRun, CommitSha, Conclusion, DocumentName, IdempotencyKey, ProjectName, ProjectRoot, RepoPath,
    RepositoryName, RepositoryRef, RunState, Stack, ValidationReport,
};
use aipipe_core::pipeline::{Pipeline, RunOutcome, StartRequest, upload_documents};
use aipipe_core::ports::{ContinuousIntegration as _, RunSelector};
use aipipe_core::stages::integration_validator::workflow::{ALLOWED_ACTIONS, AllowedAction};
use aipipe_core::stages::{
    ArchitecturePlanner, DocumentProcessor, IntegrationValidator, RequirementsSynthesizer, StoryExecutor,
};
use aipipe_core::{Error, ErrorKind, Result};
use aipipe_tests::figures;
use async_trait::async_trait;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const NOTES: &str = "# Requirements\n\n- Clerks must be able to add a book with a title and an author.\n\
    - Clerks must be able to list all books.\n";

/// A change that turns one check red, or all of them.
#[derive(Clone)]
struct Fault {
    name: &'static str,
    /// The file that is added, or removed where there is no text.
    file: &'static str,
    text: Option<&'static str>,
    /// The checks that fail; empty means all.
    red: &'static [&'static str],
}

/// Those of a stack on Node, whose failing test is this file.
const fn node_faults(failing_test: &'static str) -> [Fault; 4] {
    [
        Fault {
            name: "failing test",
            file: failing_test,
            text: Some(
                "import { expect, it } from \"vitest\";\n\nit(\"is broken\", () => {\n  expect(1).toBe(2);\n});\n",
            ),
            red: &["test"],
        },
        Fault {
            name: "lint error",
            file: "tests/lint.ts",
            text: Some("var value = 1;\nexport default value;\n"),
            red: &["lint"],
        },
        Fault {
            name: "type error",
            file: "tests/types.ts",
            text: Some("export const value: number = \"text\";\n"),
            red: &["typecheck"],
        },
        Fault { name: "missing lock", file: "package-lock.json", text: None, red: &[] },
    ]
}

const PYTHON_FAULTS: [Fault; 5] = [
    Fault {
        name: "failing test",
        file: "tests/test_broken.py",
        text: Some("def test_is_broken() -> None:\n    assert len(\"a\") == 2\n"),
        red: &["test"],
    },
    Fault { name: "lint error", file: "tests/lint.py", text: Some("import os\n"), red: &["lint"] },
    Fault { name: "type error", file: "tests/types_of.py", text: Some("value: int = \"text\"\n"), red: &["typecheck"] },
    Fault { name: "missing lock", file: "poetry.lock", text: None, red: &[] },
    Fault {
        name: "lock of another manifest",
        file: "pyproject.toml",
        text: Some(
            "[project]\nname = \"library\"\nversion = \"0.1.0\"\nrequires-python = \">=3.11\"\ndependencies = []\n",
        ),
        red: &[],
    },
];

/// Stages 1 to 5 on notes of two lines; the folder of the generated files.
async fn generate(folder: &Path, stack: Stack) -> (PathBuf, ValidationReport) {
    let workspace = LocalWorkspace::open(folder).unwrap();
    let project = ProjectRoot::new(ProjectName::parse("library").unwrap(), workspace.clock.now());
    let documents = vec![(DocumentName::parse("notes.md").unwrap(), NOTES.into())];
    let intake = upload_documents(workspace.artifacts.as_ref(), &project, documents).await.unwrap();
    let pipeline = Pipeline::builder("documents-to-project")
        .then(DocumentProcessor::default())
        .then(RequirementsSynthesizer::by_rules())
        .then(ArchitecturePlanner::with_stack(Some(stack)))
        .then(StoryExecutor::by_templates())
        .then(IntegrationValidator::new(workspace.ports().packages))
        .build();
    let request = StartRequest::new(project, IdempotencyKey::derive(&["agreement", stack.as_str()]));
    let outcome = workspace.engine().build().unwrap().start(&pipeline, &request, &intake).await.unwrap();
    let RunOutcome::Completed(report) = outcome else { panic!("the run waits") };
    let generated =
        fs::read_dir(folder.join("artifacts")).unwrap().flatten().map(|entry| entry.path().join("generated"));
    let executions = generated.filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let files = executions.map(|entry| entry.path()).find(|folder| folder.join(".github").is_dir());
    (files.expect("the files were published"), report)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let status = program("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap();
    assert!(status.success());
}

/// Verdicts by check.
type Verdicts = BTreeMap<String, &'static str>;

#[derive(Debug)]
struct Folder(PathBuf);

#[async_trait]
impl CheckoutSource for Folder {
    async fn find(&self, _: &RepositoryRef) -> Result<()> {
        Ok(())
    }

    async fn checkout(&self, _: &RepositoryRef, _: &CommitSha, into: &Path) -> Result<()> {
        copy(&self.0, into);
        Ok(())
    }
}

#[derive(Debug)]
struct Nobody;

impl CheckSink for Nobody {
    fn record(&self, _: &RepositoryRef, _: Vec<CheckRun>) -> Result<()> {
        Ok(())
    }
}

async fn local(project: &Path, runs: &Path) -> Result<Verdicts> {
    let source = Arc::new(Folder(project.to_path_buf()));
    let options =
        LocalCiOptions::new(runs, source, Arc::new(Nobody), Arc::new(SystemClock), HostEnvironment::from_env());
    let repository =
        RepositoryRef { owner: String::new(), name: RepositoryName::parse("library")?, location: "library".to_owned() };
    let selector = RunSelector::new(
        RepoPath::parse(".github/workflows/ci.yml")?,
        CommitSha::parse("0123456789012345678901234567890123456789")?,
        BranchName::parse("aipipe/run")?,
    );
    let run = LocalCi::open(options)?.ensure_run(&repository, &selector, &IdempotencyKey::derive(&["run"])).await?;
    let run = run.ok_or_else(|| Error::new(ErrorKind::Internal, "agreement", "nobody else works on it"))?;
    let word = |state| match state {
        RunState::Completed(Conclusion::Success) => "success",
        RunState::Completed(Conclusion::Skipped) => "skipped",
        _ => "failure",
    };
    Ok(run.jobs.iter().map(|job| (job.name.to_string(), word(job.state))).collect())
}

/// The simple index of this machine's pip, which Poetry uses where no other interface of the public one is served.
fn python_index() -> String {
    let ask = "import os; from pip._internal.models.index import PyPI; print(os.environ.get('PIP_INDEX_URL', PyPI.simple_url))";
    let ran = program("python3").args(["-c", ask]).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

/// What act says of the project. A job that it does not mention was skipped.
fn act(project: &Path, cache: &Path, checks: &[String]) -> Verdicts {
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"];
        let ran = program("git").args(identity).args(arguments).current_dir(project).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
    };
    git(&["init", "--quiet", "--initial-branch=main"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message=Generated"]);
    let mut command = program(tool("act").unwrap());
    command.args(["push", "-P", "ubuntu-24.04=-self-hosted", "--no-cache-server", "--json", "--concurrent-jobs", "2"]);
    for AllowedAction { action, sha, .. } in ALLOWED_ACTIONS {
        let stand_in = root().join("tests/rigs/actions").join(action.trim_start_matches("actions/"));
        // act brings its own checkout, which copies the folder.
        if stand_in.is_dir() {
            command.arg("--local-repository").arg(format!("{action}@{sha}={}", stand_in.display()));
        }
    }
    command.current_dir(project).env("XDG_CACHE_HOME", cache).env("PIP_CACHE_DIR", cache.join("pip"));
    command.env("POETRY_CACHE_DIR", cache.join("poetry")).env("POETRY_PYPI_MIRROR_URL", python_index());
    let ran = command.output().unwrap();
    let output = String::from_utf8_lossy(&ran.stdout);
    let lines = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut verdicts: Verdicts = checks.iter().map(|check| (check.clone(), "skipped")).collect();
    for line in lines {
        let word = match line["jobResult"].as_str() {
            Some("success") => "success",
            Some("failure") => "failure",
            _ => continue,
        };
        verdicts.insert(line["jobID"].as_str().unwrap().to_owned(), word);
    }
    assert!(verdicts.values().any(|verdict| *verdict != "skipped"), "act ran nothing: {ran:?}");
    verdicts
}

/// How often the two disagree, over the project and its faults.
async fn disagreements(stack: Stack, faults: &[Fault]) -> (usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    let (files, report) = generate(&folder.path().join("workspace"), stack).await;
    let checks: Vec<String> = report.required_checks.iter().map(ToString::to_string).collect();
    let cache = folder.path().join("cache");
    let (mut verdicts, mut disagreeing) = (0, 0);
    for (number, fault) in std::iter::once(None).chain(faults.iter().map(Some)).enumerate() {
        let name = fault.map_or("green", |fault| fault.name);
        let project = folder.path().join(format!("project-{number}"));
        copy(&files, &project);
        match fault {
            Some(Fault { file, text: Some(text), .. }) => fs::write(project.join(file), text).unwrap(),
            Some(Fault { file, text: None, .. }) => fs::remove_file(project.join(file)).unwrap(),
            None => {}
        }
        let red = |check: &String| match fault {
            None => false,
            Some(fault) => fault.red.is_empty() || fault.red.contains(&check.as_str()),
        };
        let wanted: Verdicts =
            checks.iter().map(|check| (check.clone(), if red(check) { "failure" } else { "success" })).collect();
        let ours = local(&project, &folder.path().join(format!("runs-{number}"))).await.unwrap();
        let theirs = act(&project, &cache, &checks);
        assert_eq!(ours, wanted, "{stack}, {name}: local CI");
        verdicts += theirs.len();
        let different = theirs.iter().filter(|(check, verdict)| ours.get(*check) != Some(verdict)).count();
        if different > 0 {
            eprintln!("{stack}, {name}: act says {theirs:?}, local CI {ours:?}");
        }
        disagreeing += different;
    }
    (verdicts, disagreeing)
}

#[tokio::test]
async fn act_and_local_ci_come_to_the_same_verdicts() {
    if !is_full() || tool("act").is_none() {
        return;
    }
    let (mut verdicts, mut disagreeing) = (0, 0);
    let faults = |stack| match stack {
        Stack::PythonApi => PYTHON_FAULTS.to_vec(),
        Stack::ReactFullstack => node_faults("tests/server/broken.test.ts").to_vec(),
        _ => node_faults("tests/broken.test.ts").to_vec(),
    };
    for stack in Stack::ALL {
        let faults = &faults(stack)[..];
        let (more, different) = disagreements(stack, faults).await;
        verdicts += more;
        disagreeing += different;
    }
    figures::record("workflows.verdicts_compared", verdicts, "verdicts").unwrap();
    figures::record("workflows.verdict_disagreements", disagreeing, "verdicts").unwrap();
    assert_eq!(disagreeing, 0);
}
