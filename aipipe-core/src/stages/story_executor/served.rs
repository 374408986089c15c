//! What the product can do once a set of stories is served.

use super::order::plan_of;
use crate::domain::{ArchitecturePlan, Entity, Field, FieldKind, Operation, OperationKind, StoryId, StoryPlan};
use crate::stacks::StackDefinition;
use std::collections::{BTreeMap, BTreeSet};

/// The entities that can be worked with, in the plan's order, and the stories that made it so.
#[derive(Debug)]
pub(super) struct Served<'a> {
    pub(super) stories: Vec<&'a StoryPlan>,
    pub(super) entities: Vec<ServedEntity<'a>>,
}

/// One entity with its operations; an operation nobody asked for has no stories and is not generated.
#[derive(Debug)]
pub(super) struct ServedEntity<'a> {
    pub(super) entity: &'a Entity,
    pub(super) create: Vec<&'a StoryId>,
    /// Reading one record comes with creating: the address in `Location` has to answer.
    pub(super) view: Vec<&'a StoryId>,
    /// On a stack that always lists, listing comes with creating too.
    pub(super) list: Vec<&'a StoryId>,
    pub(super) filters: Vec<&'a Field>,
    pub(super) update: Vec<&'a StoryId>,
    pub(super) delete: Vec<&'a StoryId>,
    pub(super) transitions: Vec<ServedTransition<'a>>,
    /// Every story that works on it, in the order they were served.
    pub(super) stories: Vec<&'a StoryId>,
}

/// Setting an enumeration field to a value.
#[derive(Debug)]
pub(super) struct ServedTransition<'a> {
    pub(super) field: &'a Field,
    pub(super) to: &'a str,
    pub(super) stories: Vec<&'a StoryId>,
}

impl<'a> Served<'a> {
    /// What `stories` serve; stories that no template can serve are left out.
    pub(super) fn of(plan: &'a ArchitecturePlan, definition: &StackDefinition, stories: &[StoryId]) -> Self {
        let planned: Vec<&StoryPlan> = stories
            .iter()
            .filter_map(|id| plan_of(plan, id))
            .filter(|story| story.needs_model.is_none() && faults(plan, story).is_empty())
            .collect();
        let entities: Vec<ServedEntity<'_>> =
            plan.entities.iter().filter_map(|entity| ServedEntity::of(entity, definition, &planned)).collect();
        let complete = |story: &&StoryPlan| {
            let served = |operation: &Operation| entities.iter().any(|served| served.entity.name == operation.entity);
            !story.operations.is_empty() && story.operations.iter().all(served)
        };
        let stories = planned.iter().copied().filter(complete).collect();
        Self { stories, entities }
    }

    pub(super) fn entity(&self, name: &str) -> Option<&ServedEntity<'a>> {
        self.entities.iter().find(|served| served.entity.name == name)
    }
}

impl<'a> ServedEntity<'a> {
    fn of(entity: &'a Entity, definition: &StackDefinition, stories: &[&'a StoryPlan]) -> Option<Self> {
        let mut served = Self {
            entity,
            create: Vec::new(),
            view: Vec::new(),
            list: Vec::new(),
            filters: Vec::new(),
            update: Vec::new(),
            delete: Vec::new(),
            transitions: Vec::new(),
            stories: Vec::new(),
        };
        let mut filters = BTreeSet::new();
        for story in stories {
            let id = &story.story;
            for operation in story.operations.iter().filter(|operation| operation.entity == entity.name) {
                add(&mut served.stories, id);
                match &operation.kind {
                    OperationKind::Create => add(&mut served.create, id),
                    OperationKind::View => add(&mut served.view, id),
                    OperationKind::Update => add(&mut served.update, id),
                    OperationKind::Delete => add(&mut served.delete, id),
                    OperationKind::List { filters: names } => {
                        add(&mut served.list, id);
                        filters.extend(names.iter().map(String::as_str));
                    }
                    OperationKind::Transition { field, to } => served.add_transition(field, to, id),
                }
            }
            filters.extend(filtered_fields(story, &entity.name));
        }
        if served.create.is_empty() {
            return None;
        }
        if served.view.is_empty() {
            served.view.clone_from(&served.create);
        }
        if definition.always_lists && served.list.is_empty() {
            served.list.clone_from(&served.create);
        }
        if !served.list.is_empty() {
            served.filters = entity.fields.iter().filter(|field| filters.contains(field.name.as_str())).collect();
        }
        Some(served)
    }

    fn add_transition(&mut self, field: &str, to: &'a str, story: &'a StoryId) {
        if let Some(known) = self.transitions.iter_mut().find(|known| known.field.name == field && known.to == to) {
            add(&mut known.stories, story);
        } else if let Some(field) = self.field(field) {
            self.transitions.push(ServedTransition { field, to, stories: vec![story] });
        }
    }

    pub(super) fn field(&self, name: &str) -> Option<&'a Field> {
        self.entity.fields.iter().find(|field| field.name == name)
    }
}

fn add<'a>(stories: &mut Vec<&'a StoryId>, story: &'a StoryId) {
    if !stories.contains(&story) {
        stories.push(story);
    }
}

/// Fields a criterion filters a list by need a filter, stated as an operation or not.
fn filtered_fields<'a>(story: &'a StoryPlan, entity: &'a str) -> impl Iterator<Item = &'a str> {
    story.checks.values().filter_map(move |check| match check {
        crate::domain::CriterionCheck::Filtered { entity: of, field } if of == entity => Some(field.as_str()),
        _ => None,
    })
}

/// Why the operations of a story can't be generated from what the plan defines; empty when they can.
pub(super) fn faults(plan: &ArchitecturePlan, story: &StoryPlan) -> Vec<String> {
    story.operations.iter().filter_map(|operation| fault(plan, operation)).collect()
}

fn fault(plan: &ArchitecturePlan, operation: &Operation) -> Option<String> {
    let name = operation.entity.escape_debug();
    let Some(entity) = plan.entities.iter().find(|entity| entity.name == operation.entity) else {
        return Some(format!("the plan defines no entity {name}"));
    };
    let field = |wanted: &str| entity.fields.iter().find(|field| field.name == wanted);
    match &operation.kind {
        OperationKind::List { filters } => filters
            .iter()
            .find(|filter| field(filter).is_none())
            .map(|filter| format!("{name} has no field {} to filter by", filter.escape_debug())),
        OperationKind::Transition { field: wanted, to } => match field(wanted).map(|field| &field.kind) {
            Some(FieldKind::Enumeration { values }) if values.contains(to) => None,
            Some(FieldKind::Enumeration { .. }) => {
                Some(format!("{name}.{} can't have the value {}", wanted.escape_debug(), to.escape_debug()))
            }
            _ => Some(format!("{name} has no field {} with listed values", wanted.escape_debug())),
        },
        _ => None,
    }
}

/// How the references between served entities are treated.
#[derive(Debug, Default)]
pub(super) struct References<'a> {
    /// References whose record must exist.
    checked: BTreeSet<(&'a str, &'a str)>,
    /// Checked references that a test's record is made with.
    made: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> References<'a> {
    /// A reference is checked once records of its entity can be made, unless required references form a circle that no
    /// first record could enter. Optional ones that would close a circle are checked, but left out of test records.
    pub(super) fn of(served: &Served<'a>) -> Self {
        let mut references = Self::default();
        let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for required in [true, false] {
            for owner in &served.entities {
                for field in owner.entity.fields.iter().filter(|field| field.required == required) {
                    let FieldKind::Reference { entity: target } = &field.kind else { continue };
                    if served.entity(target).is_none() {
                        continue;
                    }
                    let key = (owner.entity.name.as_str(), field.name.as_str());
                    if !reaches(&edges, target, &owner.entity.name) {
                        edges.entry(&owner.entity.name).or_default().insert(target);
                        references.checked.insert(key);
                        references.made.insert(key);
                    } else if !required {
                        references.checked.insert(key);
                    }
                }
            }
        }
        references
    }

    pub(super) fn is_checked(&self, entity: &Entity, field: &Field) -> bool {
        self.checked.contains(&(entity.name.as_str(), field.name.as_str()))
    }

    pub(super) fn is_made(&self, entity: &Entity, field: &Field) -> bool {
        self.made.contains(&(entity.name.as_str(), field.name.as_str()))
    }
}

fn reaches(edges: &BTreeMap<&str, BTreeSet<&str>>, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(entity) = open.pop() {
        if entity == to {
            return true;
        }
        if seen.insert(entity) {
            open.extend(edges.get(entity).into_iter().flatten().copied());
        }
    }
    false
}
