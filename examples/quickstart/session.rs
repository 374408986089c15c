//! One workspace, one pipeline: what a run needs to be found again.

use crate::cli::{Common, Review, RunArgs};
use crate::model::{self, ModelRecipe};
use crate::progress::{Progress, note};
use aipipe::domain::{
    ContentHash, DocumentName, ExecutionId, ExecutionSummary, IdempotencyKey, IntakeRequest, Isolation, ProjectName,
    ReviewOutcome, Stack, TestRunner, slugify,
};
use aipipe::local::{Credentials, HostEnvironment, LocalWorkspace, SystemClock, read_document_file};
use aipipe::pipeline::{Engine, Pipeline, StartRequest, upload_documents};
use aipipe::stages::requirements_synthesizer::ExtractionOptions;
use aipipe::stages::story_executor::ModelOptions;
use aipipe::stages::{StandardOptions, standard_pipeline};
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What an execution was started with: the pipeline that resumes it must be the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Recipe {
    pub(crate) execution: ExecutionId,
    pub(crate) project: ProjectName,
    pub(crate) human_review: bool,
    pub(crate) stack: Option<Stack>,
    #[serde(default)]
    pub(crate) test_runner: Option<TestRunner>,
    #[serde(default)]
    pub(crate) model: Option<ModelRecipe>,
}

impl Recipe {
    fn file(workspace: &Path, execution: &ExecutionId) -> PathBuf {
        workspace.join("runs").join(format!("{execution}.json"))
    }

    /// Kept before the execution starts, so that a crash at any point leaves it resumable.
    fn keep(&self, workspace: &Path) -> Result<()> {
        let target = Self::file(workspace, &self.execution);
        std::fs::create_dir_all(workspace.join("runs"))?;
        let temporary = target.with_extension("tmp");
        let json = serde_json::to_vec_pretty(self)?;
        write_synced(&temporary, &json).with_context(|| format!("can't write {}", temporary.display()))?;
        std::fs::rename(&temporary, &target)?;
        // The names as well must be there after a power cut, before the execution they belong to is.
        File::open(workspace.join("runs"))?.sync_all()?;
        File::open(workspace)?.sync_all()?;
        Ok(())
    }

    /// The projects of all runs of the workspace.
    fn projects(workspace: &Path) -> Result<BTreeSet<ProjectName>> {
        let mut projects = BTreeSet::new();
        let entries = match std::fs::read_dir(workspace.join("runs")) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(projects),
            entries => entries?,
        };
        for entry in entries {
            let file = entry?.path();
            if file.extension().is_some_and(|extension| extension == "json") {
                projects.insert(Self::read(&file)?.project);
            }
        }
        Ok(projects)
    }

    fn read(file: &Path) -> Result<Self> {
        let json = std::fs::read(file)?;
        serde_json::from_slice(&json).with_context(|| format!("{} is damaged", file.display()))
    }

    fn load(workspace: &Path, execution: &ExecutionId) -> Result<Self> {
        let file = Self::file(workspace, execution);
        if !file.exists() {
            bail!("there is no such run in {} (`-- runs` lists them)", workspace.display());
        }
        Self::read(&file)
    }
}

fn write_synced(file: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(file)?;
    file.write_all(content)?;
    file.sync_all()
}

/// An open workspace with the engine and its observer.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) workspace: LocalWorkspace,
    pub(crate) engine: Engine,
    pub(crate) progress: Arc<Progress>,
    pub(crate) common: Common,
}

impl Session {
    pub(crate) fn open(common: &Common) -> Result<Self> {
        let credentials = if common.registry_credentials { Credentials::Pass } else { Credentials::Withhold };
        let host = HostEnvironment::from_env().with_credentials(credentials);
        let workspace = match LocalWorkspace::open_with(&common.workspace, Arc::new(SystemClock), &host) {
            Err(error) if error.kind() == aipipe::ErrorKind::Busy => {
                let place = common.workspace.display();
                let told =
                    format!("a run works in {place}: it tells how far it is, and this can be asked once it ends");
                return Err(anyhow::Error::from(error).context(told));
            }
            opened => opened?,
        };
        let progress = Arc::new(Progress::new());
        let engine = workspace.engine().observer(progress.clone()).build()?;
        Ok(Self { workspace, engine, progress, common: common.clone() })
    }

    /// Whether code nobody has read yet will be able to reach this machine, before any of it runs.
    pub(crate) fn tell_isolation(&self) {
        let isolation = self.workspace.ci.isolation();
        let told = match isolation {
            Isolation::None(_) => format!("CI steps run with this user's rights ({isolation})"),
            _ => format!("CI steps run {isolation}"),
        };
        note(&told);
    }

    /// As [`Session::open`], but makes nothing where nothing is.
    pub(crate) fn open_existing(common: &Common) -> Result<Self> {
        // The workspace's own file: its folder may be there for another reason.
        if !common.workspace.join("records.redb").exists() {
            bail!("there is no run in {}", common.workspace.display());
        }
        Self::open(common)
    }

    /// All executions, newest first. Each has a recipe, which was kept before it started.
    pub(crate) async fn executions(&self) -> Result<Vec<ExecutionSummary>> {
        let mut all = Vec::new();
        for project in Recipe::projects(self.workspace.root())? {
            all.extend(self.engine.list(&project).await?);
        }
        all.sort_by_key(|summary| std::cmp::Reverse(summary.created_at));
        Ok(all)
    }

    /// What the named execution was started with, or the one that was worked on last.
    pub(crate) async fn recipe(&self, execution: Option<&ExecutionId>) -> Result<Recipe> {
        let execution = match execution {
            Some(execution) => execution.clone(),
            None => match self.executions().await?.into_iter().max_by_key(|summary| summary.updated_at) {
                Some(latest) => latest.id,
                None => bail!("there is no run in {}", self.workspace.root().display()),
            },
        };
        Recipe::load(self.workspace.root(), &execution)
    }

    /// The pipeline of a run, with its model where it has one.
    pub(crate) async fn pipeline(&self, recipe: &Recipe) -> Result<Pipeline<IntakeRequest, ReviewOutcome>> {
        let policy = if recipe.human_review { Review::Human } else { Review::Auto };
        let options = StandardOptions::new(policy.into()).with_stack(recipe.stack).with_test_runner(recipe.test_runner);
        let options = match &recipe.model {
            None => options,
            Some(wanted) => {
                let model = model::model(wanted, &self.workspace, self.common.budget, self.progress.clone()).await?;
                options
                    .with_extraction(Arc::clone(&model), ExtractionOptions::default())
                    .with_model(model, ModelOptions::default())
            }
        };
        Ok(standard_pipeline(&self.workspace.ports(), &options))
    }

    /// The execution for these arguments: the same documents and options are the same execution.
    pub(crate) async fn prepare(&self, args: &RunArgs) -> Result<(Recipe, StartRequest, IntakeRequest)> {
        let documents = read_documents(&args.documents)?;
        let project = match &args.project {
            Some(project) => project.clone(),
            None => default_project(&args.documents)?,
        };
        let mut parts: Vec<String> = vec![format!("{:?} {:?}", args.review(), args.stack)];
        parts.extend(args.test_runner.map(|runner| runner.to_string()));
        let model = ModelRecipe::of(args)?;
        parts.extend(model.as_ref().map(ModelRecipe::key));
        parts.extend(documents.iter().map(|(name, content)| format!("{name} {}", ContentHash::of(content))));
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let key = IdempotencyKey::derive(&parts);
        let execution = ExecutionId::for_key(&project, &key);
        let root = self.engine.root_for(&project, &key).await?;
        let human_review = args.review() == Review::Human;
        let (stack, test_runner) = (args.stack, args.test_runner);
        let recipe = Recipe { execution, project, human_review, stack, test_runner, model };
        recipe.keep(self.workspace.root())?;
        let intake = upload_documents(self.workspace.artifacts.as_ref(), &root, documents).await?;
        Ok((recipe, StartRequest::new(root, key), intake))
    }
}

fn read_documents(paths: &[PathBuf]) -> Result<Vec<(DocumentName, Bytes)>> {
    if paths.is_empty() {
        return sample_documents();
    }
    let read = |path: &PathBuf| {
        // What was meant as a command is taken for a document.
        let hint = || match path.components().count() == 1 && path.extension().is_none() && !path.exists() {
            true => format!("{} is neither a document nor a command (--help lists them)", path.display()),
            false => "a run reads all its documents or none".to_owned(),
        };
        read_document_file(path).with_context(hint)
    };
    paths.iter().map(read).collect()
}

/// The sample project's documents, compiled in so that the example runs from anywhere.
fn sample_documents() -> Result<Vec<(DocumentName, Bytes)>> {
    let samples: [(&str, &'static [u8]); 4] = [
        ("brief.pdf", include_bytes!("../data/brief.pdf")),
        ("kickoff-meeting.json", include_bytes!("../data/kickoff-meeting.json")),
        ("client-thread.eml", include_bytes!("../data/client-thread.eml")),
        ("team-chat.txt", include_bytes!("../data/team-chat.txt")),
    ];
    samples.into_iter().map(|(name, content)| Ok((DocumentName::parse(name)?, Bytes::from_static(content)))).collect()
}

fn default_project(documents: &[PathBuf]) -> Result<ProjectName> {
    let stem = documents.first().and_then(|path| path.file_stem()).and_then(|stem| stem.to_str());
    let slug = stem.map_or_else(|| "harbour-bikes".to_owned(), |stem| slugify(stem, 40));
    Ok(ProjectName::parse(if slug.is_empty() { "project".to_owned() } else { slug })?)
}
