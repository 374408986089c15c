//! The whole plan: entities, operations, checks, components and the build configuration.

use super::entity::Catalogue;
use super::initial::set_initial;
use super::intent::{self, Intent};
use super::{check, component, operation, statement, states};
use crate::domain::{
    ArchitecturePlan, Operation, OperationKind, ProjectRoot, StackDecision, Stored, StoryId, StoryPlan, StorySet,
};
use crate::stacks::definition;
use crate::{Error, ErrorKind};

const OPERATION: &str = "architecture.plan";

/// The architecture for `stories` on the decided stack.
///
/// # Errors
/// `InvalidInput` when there are no stories; `Internal` when a derived name is no valid path or id.
pub fn plan(
    root: ProjectRoot,
    stories_ref: Stored<StorySet>,
    stories: &StorySet,
    decision: StackDecision,
) -> Result<ArchitecturePlan, Error> {
    if stories.stories.is_empty() {
        return Err(Error::new(ErrorKind::InvalidInput, OPERATION, "there are no stories to plan for"));
    }
    let mut intents: Vec<Intent> = stories.stories.iter().map(|story| intent::read(&story.action)).collect();
    let mut catalogue = Catalogue::of(&mut intents);
    // what is made comes first, with its fields: only then one can tell a field from a thing of its own
    operation::collect_fields(&intents, &stories.stories, &mut catalogue);
    statement::read_statements(stories, &mut catalogue);
    let roles: Vec<&str> = stories.stories.iter().map(|story| story.role.as_str()).collect();
    catalogue.resolve_fields(&mut intents, &roles);
    catalogue.add_spoken(&intents);
    operation::collect_fields(&intents, &stories.stories, &mut catalogue);
    statement::read_statements(stories, &mut catalogue);
    operation::collect_changed_fields(&intents, &mut catalogue);
    operation::collect_transitions(&intents, &mut catalogue);
    let readings: Vec<operation::Reading> = intents
        .iter()
        .zip(&stories.stories)
        .map(|(intent, story)| operation::read(intent, story, &catalogue))
        .collect();
    catalogue.keep_stories_of(
        stories.stories.iter().zip(&readings).map(|(story, reading)| (&story.id, reading.operations.as_slice())),
    );
    let mut entities = catalogue.entities();
    let of_stories: Vec<(StoryId, Vec<Operation>)> = stories
        .stories
        .iter()
        .zip(&readings)
        .map(|(story, reading)| {
            (story.id.clone(), reading.operations.iter().map(|o| catalogue.renamed(o, &entities)).collect())
        })
        .collect();
    set_initial(&mut entities, &of_stories);
    let invalid = |error| Error::new(ErrorKind::Internal, OPERATION, "a derived name is not valid").caused_by(error);
    let layout = component::layout(decision.stack, &entities, &of_stories).map_err(invalid)?;
    let story_plans = stories
        .stories
        .iter()
        .zip(&of_stories)
        .zip(&readings)
        .map(|((story, (_, operations)), reading)| StoryPlan {
            story: story.id.clone(),
            components: layout.needed(operations),
            operations: operations.clone(),
            checks: story
                .criteria
                .iter()
                .map(|c| (c.id.clone(), check::map(c, story, operations, &entities)))
                .collect(),
            needs_model: reading.needs_model(),
        })
        .collect();
    Ok(ArchitecturePlan {
        root,
        stories: stories_ref,
        build: definition(decision.stack).build_configuration(),
        decision,
        questions: states::questions(&entities, &of_stories, stories),
        entities,
        components: layout.components,
        story_plans,
    })
}

impl Catalogue {
    /// Leaves on each thing only the stories that do something with it.
    fn keep_stories_of<'a>(&mut self, stories: impl Iterator<Item = (&'a StoryId, &'a [Operation])>) {
        for draft in &mut self.drafts {
            draft.stories.clear();
        }
        for (story, operations) in stories {
            for operation in operations {
                if let Some(draft) = self.drafts.iter_mut().find(|d| d.name == operation.entity)
                    && !draft.stories.contains(story)
                {
                    draft.stories.push(story.clone());
                }
            }
        }
    }

    /// The operation with the names its fields have in programs, where those differ from the text.
    fn renamed(&self, operation: &Operation, entities: &[crate::domain::Entity]) -> Operation {
        let draft = self.named(&operation.entity);
        let entity = entities.iter().find(|e| e.name == operation.entity);
        let rename = |name: &String| -> String {
            let position = draft.and_then(|d| d.fields.iter().position(|(f, _)| f.name() == *name));
            position.and_then(|i| entity.and_then(|e| e.fields.get(i))).map_or_else(|| name.clone(), |f| f.name.clone())
        };
        let kind = match &operation.kind {
            OperationKind::List { filters } => OperationKind::List { filters: filters.iter().map(rename).collect() },
            OperationKind::Transition { field, to } => {
                OperationKind::Transition { field: rename(field), to: to.clone() }
            }
            other => other.clone(),
        };
        Operation { entity: operation.entity.clone(), kind }
    }
}
