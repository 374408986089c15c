//! Stages 3 to 5 from a file of stories: writes the project into a folder. No documents, no model, no network.
//!
//! ```sh
//! cargo run --example scaffold -- --stack node-api --stories stories.json --out project [--lock]
//! ```
//!
//! The file is JSON or plain text; `aipipe_core::stages::requirements_synthesizer::story_file` describes both. With
//! `--lock` the stack's package manager makes the lock file, which needs a registry; without it there is none, and the
//! end says how to make one. Exit codes: 0 when it was written, 1 otherwise.

use aipipe::domain::{
    CodeBundle, IdempotencyKey, IntakeRequest, ProjectName, ProjectRoot, Stack, StoryStatus, TestRunner,
    ValidationReport, slugify,
};
use aipipe::local::{LocalWorkspace, read_document_file};
use aipipe::pipeline::{Pipeline, RunOutcome, StartRequest, upload_documents};
use aipipe::ports::{ArtifactStore, GetOptions};
use aipipe::stages::{ArchitecturePlanner, IntegrationValidator, StoryExecutor, StoryFile};
use anyhow::{Context, bail, ensure};
use clap::Parser;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes a project for the stories of a file.
#[derive(Parser)]
struct Arguments {
    /// The stack, such as node-api.
    #[arg(long)]
    stack: Stack,

    /// What runs the tests, where the stack leaves a choice: vitest (unless given) or jest.
    #[arg(long)]
    test_runner: Option<TestRunner>,

    /// The stories, as JSON or as plain sentences.
    #[arg(long)]
    stories: PathBuf,

    /// The folder to write to; must be empty or not there.
    #[arg(long)]
    out: PathBuf,

    /// Has the package manager make the lock file.
    #[arg(long)]
    lock: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    ensure_empty(&arguments.out)?;
    let temporary = tempfile::tempdir().context("a temporary folder can't be made")?;
    let workspace = LocalWorkspace::open(temporary.path())?;
    let (bundle, report) = generate(&workspace, &arguments).await?;
    let written = write(&workspace, &bundle, &report, &arguments.out).await?;
    print(&arguments, &bundle, &report, written)
}

fn ensure_empty(folder: &Path) -> anyhow::Result<()> {
    match fs::read_dir(folder) {
        Ok(mut entries) => ensure!(entries.next().is_none(), "{} is not empty; nothing was written", folder.display()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("{} can't be read", folder.display())),
    }
    Ok(())
}

async fn generate(workspace: &LocalWorkspace, arguments: &Arguments) -> anyhow::Result<(CodeBundle, ValidationReport)> {
    let stem = arguments.stories.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let slug = slugify(stem, 63);
    let project = ProjectName::parse(if slug.is_empty() { "project" } else { &slug })?;
    let root = ProjectRoot::new(project, workspace.clock.now());
    let documents = vec![read_document_file(&arguments.stories)?];
    let intake = upload_documents(workspace.artifacts.as_ref(), &root, documents).await?;
    let validator = match arguments.lock {
        true => IntegrationValidator::new(workspace.packages.clone()),
        false => IntegrationValidator::without_lock(),
    };
    let pipeline: Pipeline<IntakeRequest, ValidationReport> = Pipeline::builder("stories-to-code")
        .then(StoryFile)
        .then(ArchitecturePlanner::with_stack(Some(arguments.stack)).with_test_runner(arguments.test_runner))
        .then(StoryExecutor::by_templates())
        .then(validator)
        .build();
    let request = StartRequest::new(root, IdempotencyKey::parse("scaffold")?);
    let engine = workspace.engine().build()?;
    let report = match engine.start(&pipeline, &request, &intake).await? {
        RunOutcome::Completed(report) => report,
        RunOutcome::Waiting { wait, .. } => bail!("{}", wait.reason),
    };
    let bundle = engine.stage_output(&request.execution(), &StoryExecutor::stage_name()).await?;
    Ok((bundle.context("the run left no code")?, report))
}

/// Writes into a folder beside the target first, so that an error leaves no half of a project there.
async fn write(
    workspace: &LocalWorkspace,
    bundle: &CodeBundle,
    report: &ValidationReport,
    out: &Path,
) -> anyhow::Result<usize> {
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).with_context(|| format!("{} can't be made", parent.display()))?;
    let staging = tempfile::tempdir_in(parent).with_context(|| format!("{} can't be written to", parent.display()))?;
    let project = staging.path().join("project");
    let files: Vec<_> = bundle.final_files().into_values().chain(&report.additions).collect();
    for file in &files {
        let content = workspace.artifacts.get(&file.content.key, GetOptions::default()).await?.content;
        let path = project.join(file.path.as_str());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, content).with_context(|| format!("{} can't be written", file.path))?;
    }
    if out.exists() {
        fs::remove_dir(out).with_context(|| format!("{} is not empty any more", out.display()))?;
    }
    fs::rename(&project, out).with_context(|| format!("{} can't be written", out.display()))?;
    Ok(files.len())
}

fn print(arguments: &Arguments, bundle: &CodeBundle, report: &ValidationReport, written: usize) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let served = |status: &StoryStatus| matches!(status, StoryStatus::Done | StoryStatus::Partial { .. });
    let done = bundle.stories.iter().filter(|story| served(&story.status)).count();
    writeln!(out, "{written} files in {} for {done} of {} stories", arguments.out.display(), bundle.stories.len())?;
    for result in &bundle.stories {
        match &result.status {
            StoryStatus::NeedsModel { reason } | StoryStatus::Failed { reason } => {
                writeln!(out, "  {} {}: {reason}", result.story, result.status.label())?;
            }
            StoryStatus::Blocked { by } => writeln!(out, "  {} is blocked by {by}", result.story)?,
            StoryStatus::Partial { unchecked } => {
                writeln!(
                    out,
                    "  {} has {} criteria not shown by a test, and perhaps not implemented",
                    result.story,
                    unchecked.len()
                )?;
            }
            _ => {}
        }
    }
    for finding in &report.findings {
        writeln!(out, "  {:?} {} in {}: {}", finding.severity, finding.rule, finding.file, finding.message)?;
    }
    if !arguments.lock {
        writeln!(
            out,
            "There is no lock file, and the workflow needs one: use --lock, or the package manager yourself."
        )?;
    }
    Ok(())
}
