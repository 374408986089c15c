//! Stage 4: the scaffold, then story by story in the order of their dependencies.

use super::{GeneratedFile, GeneratedStory, Generator};
use crate::domain::{
    ArchitecturePlan, CodeBundle, CodeFile, Route, StageName, StoryId, StoryResult, StorySet, StoryStatus,
};
use crate::pipeline::{Outcome, Stage, StageContext};
use crate::ports::EventKind;
use crate::tables::StoryRecord;
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;

/// Generates code by the stack's templates. A story no template can serve is marked `needs model` and not pretended.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoryExecutor;

impl StoryExecutor {
    /// By templates alone.
    #[must_use]
    pub fn by_templates() -> Self {
        Self
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
        "1 templates".to_owned()
    }

    async fn run(&self, cx: &StageContext, plan: ArchitecturePlan) -> Result<Outcome<CodeBundle>> {
        let stories: StorySet = cx.load(&plan.stories).await?;
        let stored = cx.store(&plan).await?;
        let generator = Generator::new(plan.decision.stack)?;
        let scaffold = keep_all(cx, generator.scaffold(&plan, &stories)?).await?;
        let order = Generator::order(&plan, &stories);
        let (mut done, mut results): (Vec<StoryId>, Vec<StoryResult>) = (Vec::new(), Vec::new());
        let mut project = None;
        for (number, id) in (1..).zip(&order) {
            let GeneratedStory { story, status, files, tests } =
                generator.story_on(&plan, &stories, &done, id, &mut project)?;
            if matches!(status, StoryStatus::Done | StoryStatus::Partial { .. }) {
                done.push(id.clone());
            }
            let label = status.label().to_owned();
            results.push(StoryResult { story, status, files: keep_all(cx, files).await?, tests });
            cx.tell(EventKind::StoryDone { story: id.clone(), status: label.clone() });
            let title = stories.stories.iter().find(|story| story.id == *id).map_or(id.as_str(), |story| &story.title);
            cx.progress(number, order.len(), format!("{title}: {label}"));
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
