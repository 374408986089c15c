//! Stage 4: the scaffold, then story by story in the order of their dependencies.

use super::{GeneratedFile, GeneratedProject, GeneratedStory, Generator};
use crate::domain::{ArchitecturePlan, CodeBundle, CodeFile, Route, StageName, StoryResult, StorySet};
use crate::pipeline::{Outcome, Stage, StageContext};
use crate::ports::EventKind;
use crate::stacks::TemplateOverrides;
use crate::tables::StoryRecord;
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;

/// Generates code by the stack's templates. A story no template can serve is marked `needs model` and not pretended.
#[derive(Debug, Clone, Default)]
pub struct StoryExecutor {
    overrides: TemplateOverrides,
}

impl StoryExecutor {
    /// By templates alone.
    #[must_use]
    pub fn by_templates() -> Self {
        Self::default()
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

async fn keep(cx: &StageContext, file: GeneratedFile) -> Result<CodeFile> {
    if file.path.is_reserved_for_ci() {
        return Err(Error::new(ErrorKind::Internal, "story.generate", "a template writes into the CI folder")
            .with("file", file.path));
    }
    Ok(CodeFile {
        path: file.path,
        content: cx.store_bytes(Bytes::from(file.content)).await?,
        executable: false,
        route: Route::Template { template: file.template },
        reason: file.reason,
        stories: file.stories,
    })
}

async fn keep_all(cx: &StageContext, files: Vec<GeneratedFile>) -> Result<Vec<CodeFile>> {
    let mut kept = Vec::with_capacity(files.len());
    for file in files {
        kept.push(keep(cx, file).await?);
    }
    Ok(kept)
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
        if self.overrides.is_empty() {
            "2 templates".to_owned()
        } else {
            format!("2 templates {}", self.overrides.hash())
        }
    }

    async fn run(&self, cx: &StageContext, plan: ArchitecturePlan) -> Result<Outcome<CodeBundle>> {
        let stories: StorySet = cx.load(&plan.stories).await?;
        let stored = cx.store(&plan).await?;
        let generator = Generator::with_overrides(plan.decision.stack, &self.overrides)?;
        // All of it is written before any of it is kept: a template that does not render leaves nothing behind.
        let GeneratedProject { scaffold, stories: generated } = generator.whole(&plan, &stories)?;
        let scaffold = keep_all(cx, scaffold).await?;
        let count = generated.len();
        let mut results: Vec<StoryResult> = Vec::with_capacity(count);
        for (number, GeneratedStory { story, status, files, tests }) in (1..).zip(generated) {
            let label = status.label().to_owned();
            cx.tell(EventKind::StoryDone { story: story.clone(), status: label.clone() });
            let title =
                stories.stories.iter().find(|known| known.id == story).map_or(story.as_str(), |known| &known.title);
            cx.progress(number, count, format!("{title}: {label}"));
            results.push(StoryResult { story, status, files: keep_all(cx, files).await?, tests });
        }
        let records = (0..).zip(&stories.stories).filter_map(|(position, story)| {
            let result = results.iter().find(|result| result.story == story.id)?;
            let status = result.status.label().to_owned();
            Some(
                StoryRecord::new(story.clone(), cx.execution().clone(), status, position)
                    .and_then(|record| record.write()),
            )
        });
        cx.write_records(records.collect::<Result<_>>()?).await?;
        Ok(Outcome::Done(CodeBundle { root: plan.root.clone(), plan: stored, scaffold, stories: results }))
    }
}
