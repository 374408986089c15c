//! Stage 4: code, story by story.
//!
//! This is the pure part of the template route. A [`Generator`] renders the project as it is after a set of stories; what
//! a story changes is the difference between the project with it and the project without it. So the last state depends on
//! nothing but the set of stories served, every state in between is a whole project that builds and passes its own tests,
//! and a file two stories need is never patched.

mod cases;
mod check;
mod drawn;
mod entered;
mod files;
mod fixtures;
mod imports;
mod language;
mod literals;
mod manifest;
pub mod model;
mod order;
mod pages;
mod paths;
mod project;
mod properties;
mod python;
mod samples;
pub mod schedule;
mod schema;
mod served;
mod stage;
mod templates;
#[cfg(test)]
mod tests;
mod transitions;
mod view;

pub use model::ModelOptions;
pub use stage::StoryExecutor;

use crate::domain::{
    ArchitecturePlan, CriterionTest, OperationKind, RepoPath, Stack, StoryId, StoryPlan, StorySet, StoryStatus,
    UserStory,
};
use crate::stacks::naming::with_article;
use crate::stacks::{StackDefinition, TemplateOverrides, definition, definition_with};
use crate::{Error, ErrorKind, Result};
use project::{Project, Projector};
use templates::Templates;

/// A file as a template made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedFile {
    /// Where it lies in the repository.
    pub path: RepoPath,
    /// Its whole text.
    pub content: String,
    /// The template, such as `model.ts`.
    pub template: String,
    /// Why the file is there.
    pub reason: String,
    /// The stories it serves; empty for what serves none in particular.
    pub stories: Vec<StoryId>,
}

/// What one story came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedStory {
    /// The story.
    pub story: StoryId,
    /// How far it got.
    pub status: StoryStatus,
    /// The files it makes or changes, whole, by path; none unless it is served.
    pub files: Vec<GeneratedFile>,
    /// The tests of its criteria.
    pub tests: Vec<CriterionTest>,
}

/// A project from its scaffold to its last story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedProject {
    /// What is there before any story.
    pub scaffold: Vec<GeneratedFile>,
    /// The stories in the order they were worked on.
    pub stories: Vec<GeneratedStory>,
}

/// Writes the code of one stack from its templates.
#[derive(Debug)]
pub struct Generator {
    definition: &'static StackDefinition,
    templates: Templates,
}

impl Generator {
    /// A generator for `stack`.
    ///
    /// # Errors
    /// `Unsupported` for a stack without templates.
    pub fn new(stack: Stack) -> Result<Self> {
        Self::with_overrides(stack, &TemplateOverrides::default())
    }

    /// A generator for `stack` that takes the host's templates where there are any.
    ///
    /// # Errors
    /// `Unsupported` for a stack without templates.
    pub fn with_overrides(stack: Stack, overrides: &TemplateOverrides) -> Result<Self> {
        let definition = definition(stack);
        Ok(Self { definition, templates: Templates::of(definition, overrides)? })
    }

    /// A generator for the stack and the test runner of `plan` that takes the host's templates where there are any.
    ///
    /// # Errors
    /// `Unsupported` for a stack without templates, or one that can't have the plan's test runner.
    pub fn for_plan(plan: &ArchitecturePlan, overrides: &TemplateOverrides) -> Result<Self> {
        let definition = definition_with(plan.decision.stack, plan.build.test_runner)?;
        Ok(Self { definition, templates: Templates::of(definition, overrides)? })
    }

    /// The stack it writes for.
    #[must_use]
    pub fn stack(&self) -> Stack {
        self.definition.stack
    }

    /// The files before any story: a service that answers its health check, with its tests and configuration.
    ///
    /// # Errors
    /// `InvalidInput` when a name, limit, path or dependency of the plan can't become code; `Internal` when a template
    /// does not render.
    pub fn scaffold(&self, plan: &ArchitecturePlan, stories: &StorySet) -> Result<Vec<GeneratedFile>> {
        Ok(self.projector(plan, stories)?.state([])?.files().cloned().collect())
    }

    /// What `story` adds to the project in which `done` are served.
    ///
    /// # Errors
    /// `NotFound` when the plan or the story set does not have the story; otherwise as [`Generator::scaffold`].
    pub fn story(
        &self,
        plan: &ArchitecturePlan,
        stories: &StorySet,
        done: &[StoryId],
        story: &StoryId,
    ) -> Result<GeneratedStory> {
        let mut projector = self.projector(plan, stories)?;
        let others: Vec<StoryId> = done.iter().filter(|id| *id != story).cloned().collect();
        let before = projector.state(&others)?;
        self.add_story(&mut projector, (plan, stories), &others, story, &mut { before })
    }

    /// What `story` adds on top of `done`, whose project is the projector's last state and `project`; both have it then.
    fn add_story(
        &self,
        projector: &mut Projector<'_>,
        (plan, stories): (&ArchitecturePlan, &StorySet),
        done: &[StoryId],
        story: &StoryId,
        project: &mut Project,
    ) -> Result<GeneratedStory> {
        let missing = |of| Error::new(ErrorKind::NotFound, "story-executor.story", of).with("story", story);
        let planned = order::plan_of(plan, story).ok_or_else(|| missing("the plan has no such story"))?;
        let asked = stories.stories.iter().find(|known| known.id == *story);
        let asked = asked.ok_or_else(|| missing("the story set has no such story"))?;
        if let Some(status) = hindrance(projector, plan, asked, done, planned) {
            return Ok(GeneratedStory { story: story.clone(), status, files: Vec::new(), tests: Vec::new() });
        }
        let before = std::mem::replace(project, projector.state(done.iter().chain([story]))?);
        let own = projector.tests(story).ok_or_else(|| {
            Error::new(ErrorKind::Internal, "story-executor.story", "a story that can be served was not")
                .with("story", story)
        })?;
        let status = match own.unchecked {
            unchecked if unchecked.is_empty() => StoryStatus::Done,
            unchecked => StoryStatus::Partial { unchecked },
        };
        let files = project.changed_since(&before).cloned().collect();
        Ok(GeneratedStory { story: story.clone(), status, files, tests: own.tests })
    }

    /// The whole project: the scaffold, then every story in [`Generator::order`], on top of those that were served.
    ///
    /// # Errors
    /// As [`Generator::story`].
    pub fn whole(&self, plan: &ArchitecturePlan, stories: &StorySet) -> Result<GeneratedProject> {
        let mut projector = self.projector(plan, stories)?;
        let project = self.whole_by(&mut projector, plan, stories)?;
        tracing::debug!(stories = project.stories.len(), renderings = projector.rendered(), "the project is rendered");
        Ok(project)
    }

    fn whole_by(
        &self,
        projector: &mut Projector<'_>,
        plan: &ArchitecturePlan,
        stories: &StorySet,
    ) -> Result<GeneratedProject> {
        let mut project = projector.state([])?;
        let scaffold = project.files().cloned().collect();
        let mut done = Vec::new();
        let mut results = Vec::new();
        for id in Self::order(plan, stories) {
            let result = self.add_story(projector, (plan, stories), &done, &id, &mut project)?;
            if matches!(result.status, StoryStatus::Done | StoryStatus::Partial { .. }) {
                done.push(id);
            }
            results.push(result);
        }
        Ok(GeneratedProject { scaffold, stories: results })
    }

    /// The stories in dependency order: first what a story depends on and what makes the records it works on, otherwise
    /// as the story set has them. Deterministic, every story once, also when dependencies form a circle.
    #[must_use]
    pub fn order(plan: &ArchitecturePlan, stories: &StorySet) -> Vec<StoryId> {
        order::order(plan, stories)
    }

    fn projector<'a>(&'a self, plan: &'a ArchitecturePlan, stories: &'a StorySet) -> Result<Projector<'a>> {
        check::check(plan, self.definition.surface)?;
        Projector::new(&self.templates, self.definition, plan, stories)
    }
}

/// Why a story can't be served now: it needs a model, or a story that comes first is not there.
fn hindrance(
    projector: &Projector<'_>,
    plan: &ArchitecturePlan,
    asked: &UserStory,
    done: &[StoryId],
    story: &StoryPlan,
) -> Option<StoryStatus> {
    let needs_model = |reason: String| Some(StoryStatus::NeedsModel { reason });
    if let Some(reason) = &story.needs_model {
        return needs_model(reason.clone());
    }
    if story.operations.is_empty() {
        return needs_model("no operation on a kind of record could be told from it".to_owned());
    }
    if let Some(fault) = served::faults(plan, story).into_iter().next() {
        return needs_model(fault);
    }
    let waits_for = asked.depends_on.iter().map(|needed| &needed.story).find(|id| !done.contains(id));
    if let Some(by) = waits_for {
        return Some(StoryStatus::Blocked { by: by.clone() });
    }
    let served = projector.served(done.iter().chain([&story.story]));
    let unmade = story.operations.iter().find(|operation| served.entity(&operation.entity).is_none())?;
    let makes = |other: &&StoryPlan| {
        other.story != story.story
            && other
                .operations
                .iter()
                .any(|operation| operation.entity == unmade.entity && operation.kind == OperationKind::Create)
    };
    match plan.story_plans.iter().find(makes) {
        Some(maker) => Some(StoryStatus::Blocked { by: maker.story.clone() }),
        None => needs_model(format!("no story makes {}", with_article(&unmade.entity))),
    }
}
