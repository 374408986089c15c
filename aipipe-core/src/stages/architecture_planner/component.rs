//! The parts of the product, by the table of its stack: each with its file, exports and what it needs.

use crate::domain::{
    Component, ComponentId, ComponentKind, Entity, FieldKind, Operation, OperationKind, ParseError, RepoPath, Stack,
    StoryId, slugify,
};
use crate::stacks::{
    ComponentRule, Condition, EntityNames, FileRule, Need, OperationName, Scope, StackDefinition, definition,
};
use std::collections::{BTreeMap, BTreeSet};

/// The components, and which of them each operation of an entity needs.
#[derive(Debug)]
pub(super) struct Layout {
    /// All components; what a component needs stands before it.
    pub(super) components: Vec<Component>,
    serving: Vec<Serving>,
}

/// Which stories a component serves, by their operations.
#[derive(Debug)]
struct Serving {
    component: ComponentId,
    entity: String,
    /// Any, where there are none.
    operations: &'static [OperationName],
}

impl Layout {
    /// The components a story with these operations needs; the application when there are none.
    pub(super) fn needed(&self, operations: &[Operation]) -> Vec<ComponentId> {
        let mut needed: Vec<ComponentId> = Vec::new();
        for operation in operations {
            let name = name_of(&operation.kind);
            let serving = self.serving.iter().filter(|serving| {
                serving.entity == operation.entity
                    && (serving.operations.is_empty() || serving.operations.contains(&name))
            });
            for serving in serving {
                if !needed.contains(&serving.component) {
                    needed.push(serving.component.clone());
                }
            }
        }
        if needed.is_empty() {
            let applications = self.components.iter().filter(|c| c.kind == ComponentKind::Application);
            needed.extend(applications.map(|c| c.id.clone()));
        }
        needed
    }
}

fn name_of(kind: &OperationKind) -> OperationName {
    match kind {
        OperationKind::Create => OperationName::Create,
        OperationKind::List { .. } => OperationName::List,
        OperationKind::View => OperationName::View,
        OperationKind::Update => OperationName::Update,
        OperationKind::Delete => OperationName::Delete,
        OperationKind::Transition { .. } => OperationName::Transition,
    }
}

/// Plans the components of `entities` on `stack`.
pub(super) fn layout(
    stack: Stack,
    entities: &[Entity],
    stories: &[(StoryId, Vec<Operation>)],
) -> Result<Layout, ParseError> {
    let definition = definition(stack);
    let operations: Vec<&Operation> = stories.iter().flat_map(|(_, operations)| operations).collect();
    let things: Vec<Thing<'_>> = entities.iter().map(|entity| Thing::of(definition, entity, &operations)).collect();
    let mut builder = Builder { things: &things, components: Vec::new(), roles: Vec::new(), serving: Vec::new() };
    for (rule, component) in definition.components() {
        if rule.scope == Scope::Entity {
            for thing in things.iter().filter(|thing| thing.meets(&rule.when)) {
                builder.push(rule, component, Some(thing))?;
            }
        } else {
            builder.push(rule, component, None)?;
        }
    }
    let mut layout = Layout { components: builder.components, serving: builder.serving };
    let mut served: BTreeMap<ComponentId, Vec<StoryId>> = BTreeMap::new();
    for (story, operations) in stories {
        for id in layout.needed(operations) {
            served.entry(id).or_default().push(story.clone());
        }
    }
    for component in &mut layout.components {
        component.stories = served.remove(&component.id).unwrap_or_default();
    }
    Ok(layout)
}

/// An entity with what stories do to its records.
struct Thing<'a> {
    entity: &'a Entity,
    names: EntityNames<'a>,
    operations: Vec<OperationName>,
}

impl<'a> Thing<'a> {
    fn of(definition: &StackDefinition, entity: &'a Entity, operations: &[&Operation]) -> Self {
        let names =
            EntityNames { file_names: definition.layout.file_names, name: &entity.name, plural: &entity.plural };
        let own = operations.iter().filter(|operation| operation.entity == entity.name);
        Self { entity, names, operations: own.map(|operation| name_of(&operation.kind)).collect() }
    }

    fn meets(&self, conditions: &[Condition]) -> bool {
        conditions.is_empty() || conditions.iter().any(|condition| self.holds(*condition))
    }

    fn holds(&self, condition: Condition) -> bool {
        let does = |operation| self.operations.contains(&operation);
        match condition {
            Condition::Creates => does(OperationName::Create),
            // Whoever makes a record gets to see it.
            Condition::Views => does(OperationName::View) || does(OperationName::Create),
            Condition::Lists => does(OperationName::List),
            Condition::Updates => does(OperationName::Update),
            Condition::Deletes => does(OperationName::Delete),
            Condition::Transitions => does(OperationName::Transition),
            Condition::Refuses => self.refers_to().next().is_some() || self.entity.fields.iter().any(|f| f.unique),
            Condition::Refers => self.refers_to().next().is_some(),
            // Tests and parts of forms are no components, so no row of one asks.
            Condition::Drawn | Condition::Filters | Condition::Chooses => false,
        }
    }

    fn refers_to(&self) -> impl Iterator<Item = &'a str> {
        self.entity.fields.iter().filter_map(|field| match &field.kind {
            FieldKind::Reference { entity } => Some(entity.as_str()),
            _ => None,
        })
    }
}

struct Builder<'a> {
    things: &'a [Thing<'a>],
    components: Vec<Component>,
    /// The role of each component.
    roles: Vec<&'static str>,
    serving: Vec<Serving>,
}

impl Builder<'_> {
    fn push(
        &mut self,
        rule: &'static FileRule,
        component: &'static ComponentRule,
        thing: Option<&Thing<'_>>,
    ) -> Result<(), ParseError> {
        let fill = |pattern: &crate::stacks::Pattern| {
            pattern.fill(|blank| thing.map_or_else(String::new, |thing| thing.names.fill(blank)))
        };
        let exports = component.exports.iter().filter(|export| thing.is_none_or(|thing| thing.meets(&export.when)));
        let exports = exports.map(|export| fill(&export.name)).collect();
        let title = fill(&component.title);
        let id = self.free_id(&title)?;
        self.components.push(Component {
            id: id.clone(),
            kind: component.kind,
            title,
            path: RepoPath::parse(fill(&rule.path))?,
            exports,
            depends_on: self.needed(&component.needs, thing),
            stories: Vec::new(),
            entity: thing.map(|thing| thing.entity.name.clone()),
        });
        self.roles.push(&component.role);
        if let Some(thing) = thing {
            let entity = thing.entity.name.clone();
            self.serving.push(Serving { component: id, entity, operations: &component.serves });
        }
        Ok(())
    }

    fn free_id(&self, title: &str) -> Result<ComponentId, ParseError> {
        let slug = slugify(title, 60);
        let slug = if slug.is_empty() { "component".to_owned() } else { slug };
        let mut id = slug.clone();
        let mut count = 2_u32;
        while self.components.iter().any(|known| known.id.as_str() == id) {
            id = format!("{slug}-{count}");
            count = count.saturating_add(1);
        }
        ComponentId::parse(id)
    }

    /// The components that stand for the needs, those of a thing itself first.
    fn needed(&self, needs: &[Need], thing: Option<&Thing<'_>>) -> Vec<ComponentId> {
        let mut needed: Vec<ComponentId> = Vec::new();
        for need in needs {
            let (role, of) = match (need, thing) {
                (Need::Own(role), Some(thing)) => (role, vec![thing.entity.name.as_str()]),
                (Need::Own(role), None) => (role, self.things.iter().map(|t| t.entity.name.as_str()).collect()),
                (Need::Referred(role), thing) => (role, thing.into_iter().flat_map(Thing::refers_to).collect()),
            };
            let mut seen = BTreeSet::new();
            for entity in of.into_iter().filter(|entity| seen.insert(*entity)) {
                let found =
                    self.roles.iter().zip(&self.components).find(|(known, component)| {
                        **known == role.as_str() && component.entity.as_deref() == Some(entity)
                    });
                if let Some((_, component)) = found
                    && !needed.contains(&component.id)
                {
                    needed.push(component.id.clone());
                }
            }
        }
        needed
    }
}
