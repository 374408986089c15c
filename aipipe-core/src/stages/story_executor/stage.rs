//! Stage 4: the scaffold, then story by story by the templates, then what they leave by the model, where there is one.

use super::model::{ModelOptions, TaskTold, Told, plan_work, write_stories};
use super::{GeneratedFile, GeneratedProject, GeneratedStory, Generator};
use crate::domain::{
    ArchitecturePlan, CodeBundle, CodeFile, RepoPath, Route, StageName, StoryId, StoryResult, StorySet, StoryStatus,
};
use crate::pipeline::{Outcome, Stage, StageContext};
use crate::ports::{EventKind, LanguageModel};
use crate::stacks::TemplateOverrides;
use crate::tables::StoryRecord;
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Generates code by the stack's templates, and by a model what no template covers. Without a model a story no template
/// can serve is marked `needs model` and not pretended.
#[derive(Debug, Clone, Default)]
pub struct StoryExecutor {
    overrides: TemplateOverrides,
    model: Option<(Arc<dyn LanguageModel>, ModelOptions)>,
}

impl StoryExecutor {
    /// By templates alone.
    #[must_use]
    pub fn by_templates() -> Self {
        Self::default()
    }

    /// By templates, and by this model what they leave.
    #[must_use]
    pub fn with_model(model: Arc<dyn LanguageModel>, options: ModelOptions) -> Self {
        Self { overrides: TemplateOverrides::default(), model: Some((model, options)) }
    }

    /// The same with the host's templates in the place of single ones.
    #[must_use]
    pub fn with_overrides(mut self, overrides: TemplateOverrides) -> Self {
        self.overrides = overrides;
        self
    }

    /// The stage's name: `story-executor`.
    #[must_use]
    pub fn stage_name() -> StageName {
        StageName::literal("story-executor")
    }
}

/// A file with what wrote it and why.
struct Making {
    path: RepoPath,
    content: String,
    route: Route,
    reason: String,
    stories: Vec<StoryId>,
}

impl From<GeneratedFile> for Making {
    fn from(file: GeneratedFile) -> Self {
        let GeneratedFile { path, content, template, reason, stories } = file;
        Self { path, content, route: Route::Template { template }, reason, stories }
    }
}

async fn keep_all(cx: &StageContext, files: Vec<Making>) -> Result<Vec<CodeFile>> {
    let mut kept = Vec::with_capacity(files.len());
    for Making { path, content, route, reason, stories } in files {
        if path.is_reserved_for_ci() {
            return Err(Error::new(ErrorKind::Internal, "story.generate", "generated code lies in the CI folder")
                .with("file", path));
        }
        let content = cx.store_bytes(Bytes::from(content)).await?;
        kept.push(CodeFile { path, content, executable: false, route, reason, stories });
    }
    Ok(kept)
}

/// The files a model wrote for a story.
fn made_by_model(told: &mut TaskTold) -> Vec<Making> {
    let files = std::mem::take(&mut told.files);
    let making = |(path, content)| Making {
        path,
        content,
        route: Route::Model { model: told.model.clone() },
        reason: told.reason.clone(),
        stories: vec![told.story.clone()],
    };
    files.into_iter().map(making).collect()
}

#[async_trait]
impl Stage for StoryExecutor {
    type Input = ArchitecturePlan;
    type Output = CodeBundle;

    fn name(&self) -> StageName {
        Self::stage_name()
    }

    fn revision(&self) -> String {
        // Results of other templates are other results.
        let overrides = if self.overrides.is_empty() { String::new() } else { format!(" {}", self.overrides.hash()) };
        match &self.model {
            None => format!("5 templates{overrides}"),
            Some((_, options)) => format!("5 templates{overrides} and 2 model {}", options.revision()),
        }
    }

    async fn run(&self, cx: &StageContext, plan: ArchitecturePlan) -> Result<Outcome<CodeBundle>> {
        let stories: StorySet = cx.load(&plan.stories).await?;
        let stored = cx.store(&plan).await?;
        let generator = Generator::for_plan(&plan, &self.overrides)?;
        // All of it is written before any of it is kept: a template that does not render leaves nothing behind.
        let project = generator.whole(&plan, &stories)?;
        let work = plan_work(&plan, &stories, &project.stories, &paths_of(&project));
        let told = match &self.model {
            None => Told::default(),
            Some((model, options)) => {
                Box::pin(write_stories(cx, model, options, (&plan, &stories), &project, &work)).await?
            }
        };
        let GeneratedProject { mut scaffold, stories: rendered } = project;
        let Told { tasks, manifest } = told;
        if let Some((path, content)) = manifest {
            for file in scaffold.iter_mut().filter(|file| file.path == path) {
                file.content.clone_from(&content);
                file.reason.push_str(", with the packages that stories add");
            }
        }
        let mut bundle = CodeBundle {
            root: plan.root.clone(),
            plan: stored,
            work: cx.store(&work).await?,
            scaffold: keep_all(cx, scaffold.into_iter().map(Making::from).collect()).await?,
            stories: Vec::new(),
            completions: Vec::new(),
            repairs: Vec::new(),
        };
        add_stories(cx, &mut bundle, rendered, tasks).await?;
        tell(cx, &bundle, &stories);
        let records = (0..).zip(&stories.stories).filter_map(|(position, story)| {
            let result = bundle.stories.iter().find(|result| result.story == story.id)?;
            let status = result.status.label().to_owned();
            Some(
                StoryRecord::new(story.clone(), cx.execution().clone(), status, position)
                    .and_then(|record| record.write()),
            )
        });
        cx.write_records(records.collect::<Result<_>>()?).await?;
        Ok(Outcome::Done(bundle))
    }
}

/// Every path there is once the templates are rendered.
fn paths_of(project: &GeneratedProject) -> BTreeSet<RepoPath> {
    let files = project.scaffold.iter().chain(project.stories.iter().flat_map(|story| &story.files));
    files.map(|file| file.path.clone()).collect()
}

/// The templates' stories in their order, then those of the model in theirs.
async fn add_stories(
    cx: &StageContext,
    bundle: &mut CodeBundle,
    rendered: Vec<GeneratedStory>,
    told: Vec<TaskTold>,
) -> Result<()> {
    for GeneratedStory { story, status, files, tests } in rendered {
        if told.iter().any(|told| told.story == story && !told.is_completion) {
            continue;
        }
        let files = keep_all(cx, files.into_iter().map(Making::from).collect()).await?;
        bundle.stories.push(StoryResult { story, status, files, tests });
    }
    for mut told in told {
        let files = keep_all(cx, made_by_model(&mut told)).await?;
        let TaskTold { story, is_completion, status, tests, .. } = told;
        if !is_completion {
            bundle.stories.push(StoryResult { story, status, files, tests });
            continue;
        }
        let begun = bundle.stories.iter_mut().find(|result| result.story == story);
        match (begun, &status) {
            (Some(begun), StoryStatus::Done) => {
                begun.status = StoryStatus::Done;
                bundle.completions.push(StoryResult { story, status, files, tests });
            }
            (Some(StoryResult { status: StoryStatus::Partial { unchecked }, .. }), StoryStatus::Failed { reason }) => {
                for criterion in unchecked {
                    criterion.reason.push_str(&format!("; a model was asked: {reason}"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn tell(cx: &StageContext, bundle: &CodeBundle, stories: &StorySet) {
    for (number, result) in (1..).zip(&bundle.stories) {
        let label = result.status.label().to_owned();
        cx.tell(EventKind::StoryDone { story: result.story.clone(), status: label.clone() });
        let title = stories.stories.iter().find(|story| story.id == result.story);
        let title = title.map_or(result.story.as_str(), |story| &story.title);
        cx.progress(number, bundle.stories.len(), format!("{title}: {label}"));
    }
}
