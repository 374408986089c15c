//! Every stack under projects of different shapes: each generated project's own workflow runs for real, and is green.

use crate::examples::{NOTES, clone, quickstart};
use crate::program::{program, root, run};
use aipipe::domain::{
    ArchitecturePlan, BuildReport, CodeBundle, IdempotencyKey, IntakeRequest, ProjectName, ProjectRoot,
    PullRequestState, ReviewOutcome, ReviewPolicy, Stack, StoryStatus, TestRunner,
};
use aipipe::local::{LocalWorkspace, read_document_file};
use aipipe::pipeline::{Pipeline, RunOutcome, StartRequest, upload_documents};
use aipipe::ports::Clock as _;
use aipipe::stages::{
    ArchitecturePlanner, GithubOrchestrator, IntegrationValidator, PublishOptions, ReviewCoordinator, ReviewOptions,
    StoryExecutor, StoryFile,
};
use aipipe_tests::figures;
use serde_json::{Value, json};
use std::fmt::{self, Write as _};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// What each stack's project has, besides its workflow.
const STACKS: [(Stack, &[&str]); 5] = [
    (Stack::NodeApi, &["package-lock.json", "src/app.ts"]),
    (Stack::PythonApi, &["pyproject.toml", "poetry.lock", "tools/poetry.txt", "app/main.py"]),
    (Stack::ReactSpa, &["package-lock.json", "index.html", "src/App.tsx"]),
    (Stack::ReactFullstack, &["package-lock.json", "shared"]),
    (Stack::VueSpa, &["package-lock.json", "index.html", "src/App.vue"]),
];

/// A stack, and its test runner where that is not the usual one.
#[derive(Clone, Copy)]
struct Kind {
    stack: Stack,
    runner: Option<TestRunner>,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.runner {
            None => write!(f, "{}", self.stack),
            Some(runner) => write!(f, "{}+{runner}", self.stack),
        }
    }
}

/// All stacks, then those that can have Jest with it.
fn kinds() -> impl Iterator<Item = (Kind, &'static [&'static str])> {
    let jest = STACKS.into_iter().filter(|(stack, _)| matches!(stack, Stack::ReactSpa | Stack::NodeApi));
    let usual = STACKS.into_iter().map(|(stack, files)| (Kind { stack, runner: None }, files));
    usual.chain(jest.map(|(stack, files)| (Kind { stack, runner: Some(TestRunner::Jest) }, files)))
}

/// What a project is made from.
enum Source {
    /// Two sentences, through all seven stages.
    Notes,
    /// The documents of the quickstart, through all seven stages.
    Sample,
    /// A file of stories, of this many kinds of records.
    Stories(&'static str, usize),
}

/// The first one always runs, the others in a full run.
const PROJECTS: [(&str, Source); 5] = [
    ("notes", Source::Notes),
    ("sample", Source::Sample),
    ("tool-shed", Source::Stories("tool-shed.txt", 1)),
    ("lending-desk", Source::Stories("lending-desk.txt", 6)),
    ("odd-names", Source::Stories("odd-names.json", 8)),
];

/// A project whose workflow has run.
struct Ran {
    repository: Value,
    state: Value,
    stack: Value,
    jobs: Vec<Value>,
    /// What to show when it is not as it should be.
    told: String,
}

/// Every stack generates projects whose own workflow installs, checks, tests and builds them for real, green, and which
/// are then merged: a small one always, four more in the full run, all of them with Jest too where a stack can have it.
/// `AIPIPE_PROJECTS=vue-spa/odd-names,react-spa+jest/notes,…` runs just these.
#[test]
fn every_stack_generates_projects_that_pass_their_own_workflow() {
    let folder = tempfile::tempdir().unwrap();
    let full = std::env::var_os("AIPIPE_FULL").is_some();
    let only = std::env::var_os("AIPIPE_PROJECTS").map(|only| only.into_string().unwrap());
    let wanted = |kind: &Kind, name: &str| match &only {
        Some(only) => only.split(',').any(|wanted| wanted == format!("{kind}/{name}")),
        None => full || name == PROJECTS[0].0 && kind.runner.is_none(),
    };
    let mut steps = Steps::begin();
    let (mut green, mut started, mut total, mut faults) = (0_usize, 0_usize, 0_usize, Vec::new());
    for (kind, files) in kinds() {
        for (name, source) in PROJECTS.iter().filter(|(name, _)| wanted(&kind, name)) {
            total += 1;
            let at = folder.path().join(format!("{kind}-{name}"));
            fs::create_dir(&at).unwrap();
            let ran = generate(kind, source, &at);
            steps.add(kind, name, &ran.jobs);
            if ran.state != "merged" || ran.stack != kind.stack.as_str() || ran.jobs.len() < 4 {
                faults.push(format!("{kind}/{name}: {}", ran.told));
                continue;
            }
            green += 1;
            let into = at.join("clone");
            clone(&json!({"repository": ran.repository}), &into);
            if matches!(source, Source::Notes) && kind.stack != Stack::PythonApi {
                started += starts_and_answers(kind, &into);
            }
            assert_eq!(into.join("jest.config.js").exists(), kind.runner == Some(TestRunner::Jest), "{kind}/{name}");
            for file in [".github/workflows/ci.yml"].iter().chain(files) {
                assert!(into.join(file).exists(), "{kind}/{name}: {file} is missing");
            }
        }
    }
    eprintln!("{}", steps.table);
    figures::record("stacks.projects_green", green, "projects").unwrap();
    figures::record("stacks.projects_started", started, "projects").unwrap();
    figures::record("stacks.projects_total", total, "projects").unwrap();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Builds the project and starts it as its README says: the server answers, or the built page is served.
///
/// Not for Python, whose installation takes a package index that its workflow is told of and a shell is not.
fn starts_and_answers(kind: Kind, project: &Path) -> usize {
    let node = |program: &str, arguments: &[&str]| {
        let ran = run(program_in(project, program).args(arguments));
        assert_eq!(ran.code, Some(0), "{kind}: {program} {arguments:?}: {ran}");
    };
    node("npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    node("npm", &["run", "build"]);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let port = free.port().to_string();
    let mut server = program_in(project, "node");
    let page = matches!(kind.stack, Stack::ReactSpa | Stack::VueSpa);
    match kind.stack {
        Stack::NodeApi => server.arg("dist/server.js"),
        Stack::ReactFullstack => server.arg("dist/server/server.js"),
        _ => server.args([
            "node_modules/vite/bin/vite.js",
            "preview",
            "--host",
            "127.0.0.1",
            "--strictPort",
            "--port",
            &port,
        ]),
    };
    let mut server = server.env("PORT", &port).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let answers: Vec<String> = match kind.stack {
        Stack::NodeApi => vec![get(free, "/healthz")],
        Stack::ReactFullstack => vec![get(free, "/healthz"), get(free, "/")],
        _ => vec![get(free, "/")],
    };
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(answers.iter().all(|answer| answer.starts_with("HTTP/1.1 200")), "{kind}: {answers:?}");
    let last = answers.last().unwrap();
    assert!(!(page || kind.stack == Stack::ReactFullstack) || last.contains("<div id="), "{kind}: {last}");
    1
}

fn program_in(folder: &Path, name: &str) -> Command {
    let mut command = program(name);
    command.current_dir(folder);
    command
}

/// What a server answers to a GET, once it is there.
#[expect(clippy::disallowed_methods, reason = "another process takes its own time to start")]
fn get(server: SocketAddr, path: &str) -> String {
    for _ in 0..300 {
        let Ok(mut stream) = TcpStream::connect(server) else {
            std::thread::sleep(Duration::from_millis(100));
            continue;
        };
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        return answer;
    }
    panic!("nothing answers at {server}")
}

fn generate(kind: Kind, source: &Source, at: &Path) -> Ran {
    let notes = at.join("notes.md");
    match source {
        Source::Notes => {
            fs::write(&notes, NOTES).unwrap();
            by_quickstart(kind, &[notes.to_str().unwrap()], at)
        }
        Source::Sample => by_quickstart(kind, &[], at),
        Source::Stories(file, kinds) => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(from_stories(kind, &root().join("tests/data").join(file), *kinds, at))
        }
    }
}

fn by_quickstart(kind: Kind, documents: &[&str], at: &Path) -> Ran {
    let mut options = vec!["--json", "--stack", kind.stack.as_str()];
    options.extend(kind.runner.iter().flat_map(|runner| ["--test-runner", runner.as_str()]));
    options.extend(documents);
    let ran = run(&mut quickstart(&at.join("workspace"), &options));
    let json = ran.json();
    Ran {
        repository: json["repository"].clone(),
        state: json["pull_request"]["state"].clone(),
        stack: json["stack"]["id"].clone(),
        jobs: json["checks"].as_array().cloned().unwrap_or_default(),
        told: ran.to_string(),
    }
}

/// Stages 3 to 7 on the stories of a file.
async fn from_stories(kind: Kind, file: &Path, kinds: usize, at: &Path) -> Ran {
    let workspace = LocalWorkspace::open(&at.join("workspace")).unwrap();
    let ports = workspace.ports();
    let project = ProjectName::parse(file.file_stem().unwrap().to_str().unwrap()).unwrap();
    let root = ProjectRoot::new(project, workspace.clock.now());
    let documents = vec![read_document_file(file).unwrap()];
    let intake = upload_documents(workspace.artifacts.as_ref(), &root, documents).await.unwrap();
    let review = ReviewOptions::new(ReviewPolicy::Automated);
    let pipeline: Pipeline<IntakeRequest, ReviewOutcome> = Pipeline::builder("stories-to-pull-request")
        .then(StoryFile)
        .then(ArchitecturePlanner::with_stack(Some(kind.stack)).with_test_runner(kind.runner))
        .then(StoryExecutor::by_templates())
        .then(IntegrationValidator::new(Arc::clone(&ports.packages)))
        .then(GithubOrchestrator::new(
            Arc::clone(&ports.source_control),
            Arc::clone(&ports.ci),
            PublishOptions::default(),
        ))
        .then(ReviewCoordinator::new(Arc::clone(&ports.review_desk), Arc::clone(&ports.ci), review))
        .build();
    let engine = workspace.engine().build().unwrap();
    let request = StartRequest::new(root, IdempotencyKey::parse("stories").unwrap());
    let outcome = engine.start(&pipeline, &request, &intake).await;
    let execution = request.execution();
    let told = match &outcome {
        Ok(RunOutcome::Completed(outcome)) => outcome.to_string(),
        Ok(RunOutcome::Waiting { wait, .. }) => wait.reason.clone(),
        Err(error) => error.chain().to_string(),
    };
    let build = engine.stage_output::<BuildReport>(&execution, &GithubOrchestrator::stage_name()).await.unwrap();
    let Some(build) = build.as_ref().and_then(BuildReport::published) else { return Ran::nothing(told) };
    let bundle = engine.stage_output::<CodeBundle>(&execution, &StoryExecutor::stage_name()).await.unwrap().unwrap();
    let left: Vec<_> = bundle.stories.iter().filter(|story| !is_served(&story.status)).collect();
    assert!(left.is_empty(), "{kind}: not all stories are served: {left:?}");
    let plan =
        engine.stage_output::<ArchitecturePlan>(&execution, &ArchitecturePlanner::stage_name()).await.unwrap().unwrap();
    assert_eq!(plan.entities.len(), kinds, "{kind}: {:?}", plan.entities);
    let merged = outcome.is_ok_and(|outcome| match outcome {
        RunOutcome::Completed(outcome) => {
            outcome.ended().is_some_and(|review| review.pull_request.state == PullRequestState::Merged)
        }
        RunOutcome::Waiting { .. } => false,
    });
    Ran {
        repository: json!(build.repository.location),
        state: json!(if merged { "merged" } else { "open" }),
        stack: json!(plan.decision.stack),
        jobs: build.run.jobs.iter().map(|job| json!(job)).collect(),
        told: format!("{told}\n{:?}", build.failure),
    }
}

fn is_served(status: &StoryStatus) -> bool {
    matches!(status, StoryStatus::Done | StoryStatus::Partial { .. })
}

impl Ran {
    /// A run that published nothing.
    fn nothing(told: String) -> Self {
        Self { repository: Value::Null, state: Value::Null, stack: Value::Null, jobs: Vec::new(), told }
    }
}

/// What each step took, as a table in cargo's target folder that grows with every project.
struct Steps {
    file: PathBuf,
    table: String,
}

impl Steps {
    fn begin() -> Self {
        let target = std::env::var_os("CARGO_TARGET_DIR").filter(|folder| !folder.is_empty());
        let target = root().join(target.map_or_else(|| PathBuf::from("target"), PathBuf::from));
        let table = "| stack | project | job | step | result | seconds |\n|---|---|---|---|---|--:|\n".to_owned();
        Self { file: target.join("stack-steps.md"), table }
    }

    fn add(&mut self, kind: Kind, project: &str, jobs: &[Value]) {
        for job in jobs {
            for step in job["steps"].as_array().into_iter().flatten() {
                let took = step["duration_ms"].as_f64().map_or("–".to_owned(), |ms| format!("{:.1}", ms / 1000.0));
                let (job, name) = (job["name"].as_str().unwrap_or("–"), step["name"].as_str().unwrap_or("–"));
                let result = step["state"]["conclusion"].as_str().or(step["state"].as_str()).unwrap_or("–");
                writeln!(self.table, "| {kind} | {project} | {job} | {name} | {result} | {took} |").unwrap();
            }
        }
        if jobs.is_empty() {
            writeln!(self.table, "| {kind} | {project} | – | – | nothing ran | – |").unwrap();
        }
        fs::write(&self.file, &self.table).unwrap();
    }
}
