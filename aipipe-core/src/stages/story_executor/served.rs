//! What the product can do once a set of stories is served.

use crate::domain::{
    ArchitecturePlan, CriterionCheck, Entity, Field, FieldKind, Operation, OperationKind, StoryId, StoryPlan,
};
use crate::stacks::StackDefinition;
use std::collections::{BTreeMap, BTreeSet};

/// The entities that can be worked with, in the plan's order, and the stories that made it so.
#[derive(Debug)]
pub(super) struct Served<'a> {
    pub(super) stories: Vec<&'a StoryPlan>,
    pub(super) entities: Vec<ServedEntity<'a>>,
    places: BTreeMap<&'a str, usize>,
}

/// One entity with its operations; an operation nobody asked for has no stories and is not generated.
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ServedTransition<'a> {
    pub(super) field: &'a Field,
    pub(super) to: &'a str,
    pub(super) stories: Vec<&'a StoryId>,
}

/// The stories of a plan that templates can serve, by id.
#[derive(Debug)]
pub(super) struct Servable<'a> {
    plan: &'a ArchitecturePlan,
    stories: BTreeMap<&'a StoryId, &'a StoryPlan>,
}

impl<'a> Servable<'a> {
    pub(super) fn of(plan: &'a ArchitecturePlan) -> Self {
        let can_be = |story: &&StoryPlan| story.needs_model.is_none() && faults(plan, story).is_empty();
        let mut stories = BTreeMap::new();
        for story in plan.story_plans.iter().filter(can_be) {
            stories.entry(&story.story).or_insert(story);
        }
        Self { plan, stories }
    }

    /// What `stories` serve, in their order; those that no template can serve are left out.
    pub(super) fn served<'b>(
        &self,
        definition: &StackDefinition,
        stories: impl IntoIterator<Item = &'b StoryId>,
    ) -> Served<'a> {
        let mut seen = BTreeSet::new();
        let stories = stories.into_iter().filter_map(|id| self.stories.get(id).copied());
        let stories: Vec<&StoryPlan> = stories.filter(|story| seen.insert(&story.story)).collect();
        Served::of(&self.plan.entities, definition, stories)
    }
}

impl<'a> Served<'a> {
    fn of(entities: &'a [Entity], definition: &StackDefinition, stories: Vec<&'a StoryPlan>) -> Self {
        let mut of_entity: BTreeMap<&str, Vec<&StoryPlan>> = BTreeMap::new();
        for story in &stories {
            for entity in mentioned(story) {
                of_entity.entry(entity).or_default().push(story);
            }
        }
        let entities: Vec<ServedEntity<'_>> = entities
            .iter()
            .filter_map(|entity| ServedEntity::of(entity, definition, of_entity.get(entity.name.as_str())?))
            .collect();
        let places: BTreeMap<&str, usize> =
            entities.iter().enumerate().map(|(place, served)| (served.entity.name.as_str(), place)).collect();
        let complete = |story: &&StoryPlan| {
            let served = |operation: &Operation| places.contains_key(operation.entity.as_str());
            !story.operations.is_empty() && story.operations.iter().all(served)
        };
        let stories = stories.into_iter().filter(complete).collect();
        Self { stories, entities, places }
    }

    pub(super) fn entity(&self, name: &str) -> Option<&ServedEntity<'a>> {
        self.entities.get(*self.places.get(name)?)
    }
}

fn checked_entity(check: &CriterionCheck) -> Option<&str> {
    match check {
        CriterionCheck::CreateAndRead { entity }
        | CriterionCheck::Required { entity, .. }
        | CriterionCheck::Limits { entity, .. }
        | CriterionCheck::Unique { entity, .. }
        | CriterionCheck::Listed { entity }
        | CriterionCheck::Filtered { entity, .. }
        | CriterionCheck::Updated { entity, .. }
        | CriterionCheck::Deleted { entity }
        | CriterionCheck::Transitioned { entity, .. } => Some(entity),
        CriterionCheck::Unmapped { .. } => None,
    }
}

/// The entities a story works on or has criteria about, each once: what its code and its tests depend on.
pub(super) fn mentioned(story: &StoryPlan) -> BTreeSet<&str> {
    let of_operations = story.operations.iter().map(|operation| operation.entity.as_str());
    let of_checks = story.checks.values().filter_map(checked_entity);
    of_operations.chain(of_checks).collect()
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

    /// Whether the same is served of the same entity, by the same stories.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let Self { entity, create, view, list, filters, update, delete, transitions, stories } = self;
        entity.name == other.entity.name
            && *stories == other.stories
            && (create, view, list, update, delete)
                == (&other.create, &other.view, &other.list, &other.update, &other.delete)
            && *filters == other.filters
            && *transitions == other.transitions
    }

    pub(super) fn field(&self, name: &str) -> Option<&'a Field> {
        self.entity.fields.iter().find(|field| field.name == name)
    }
}

/// A story is looked at as a whole before the next, so it can only be the last one.
fn add<'a>(stories: &mut Vec<&'a StoryId>, story: &'a StoryId) {
    if stories.last() != Some(&story) {
        stories.push(story);
    }
}

/// Fields a criterion filters a list by need a filter, stated as an operation or not.
fn filtered_fields<'a>(story: &'a StoryPlan, entity: &'a str) -> impl Iterator<Item = &'a str> {
    story.checks.values().filter_map(move |check| match check {
        CriterionCheck::Filtered { entity: of, field } if of == entity => Some(field.as_str()),
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
    /// What refers to an entity with checked references, in the plan's order.
    referring: BTreeMap<&'a str, Vec<Referring<'a>>>,
    /// The places of the entities whose records somebody removes.
    removed: BTreeMap<&'a str, usize>,
}

/// How the references of one entity are treated, by field, and what keeps records from being removed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Links<'a> {
    checked: BTreeSet<&'a str>,
    made: BTreeSet<&'a str>,
    /// What refers to it, where somebody removes its records.
    pub(super) referrers: Vec<Referring<'a>>,
    /// The entities that it refers to and whose records somebody removes, in the plan's order.
    pub(super) holds: Vec<Holding<'a>>,
}

/// The checked references of an entity to another.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Referring<'a> {
    pub(super) entity: &'a Entity,
    pub(super) fields: Vec<&'a str>,
    /// That of the fields which test records have, if any has.
    pub(super) made: Option<&'a str>,
}

/// An entity whose records are not removed while these fields refer to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holding<'a> {
    pub(super) entity: &'a str,
    pub(super) fields: Vec<&'a str>,
}

impl Links<'_> {
    pub(super) fn is_checked(&self, field: &Field) -> bool {
        self.checked.contains(field.name.as_str())
    }

    pub(super) fn is_made(&self, field: &Field) -> bool {
        self.made.contains(field.name.as_str())
    }
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
                    } else {
                        continue;
                    }
                }
            }
        }
        references.note_referring(served);
        references
    }

    /// Notes what refers to what, now that it is known which references are checked.
    fn note_referring(&mut self, served: &Served<'a>) {
        for owner in served.entities.iter().map(|owner| owner.entity) {
            for (field, target) in references_of(owner) {
                if !self.is_checked(owner, field) {
                    continue;
                }
                let made = self.is_made(owner, field).then_some(field.name.as_str());
                let of_target = self.referring.entry(target).or_default();
                match of_target.last_mut().filter(|known| known.entity.name == owner.name) {
                    Some(known) => {
                        known.fields.push(&field.name);
                        known.made = known.made.or(made);
                    }
                    None => of_target.push(Referring { entity: owner, fields: vec![&field.name], made }),
                }
            }
        }
        let removed = served.entities.iter().enumerate().filter(|(_, entity)| !entity.delete.is_empty());
        self.removed = removed.map(|(place, entity)| (entity.entity.name.as_str(), place)).collect();
    }

    pub(super) fn links(&self, entity: &'a Entity) -> Links<'a> {
        let of = |known: &BTreeSet<(&'a str, &'a str)>| {
            let fields = entity.fields.iter().map(|field| field.name.as_str());
            fields.filter(|field| known.contains(&(entity.name.as_str(), *field))).collect()
        };
        let name = entity.name.as_str();
        let referrers = self.referring.get(name).filter(|_| self.removed.contains_key(name));
        let mut held: BTreeMap<usize, Holding<'a>> = BTreeMap::new();
        for (field, target) in references_of(entity).filter(|(field, _)| self.is_checked(entity, field)) {
            if let Some(place) = self.removed.get(target) {
                let holding = held.entry(*place).or_insert_with(|| Holding { entity: target, fields: Vec::new() });
                holding.fields.push(&field.name);
            }
        }
        Links {
            checked: of(&self.checked),
            made: of(&self.made),
            referrers: referrers.cloned().unwrap_or_default(),
            holds: held.into_values().collect(),
        }
    }

    pub(super) fn is_checked(&self, entity: &Entity, field: &Field) -> bool {
        self.checked.contains(&(entity.name.as_str(), field.name.as_str()))
    }

    pub(super) fn is_made(&self, entity: &Entity, field: &Field) -> bool {
        self.made.contains(&(entity.name.as_str(), field.name.as_str()))
    }
}

/// The fields that refer to other records, each with the entity it refers to.
fn references_of(entity: &Entity) -> impl Iterator<Item = (&Field, &str)> {
    entity.fields.iter().filter_map(|field| match &field.kind {
        FieldKind::Reference { entity } => Some((field, entity.as_str())),
        _ => None,
    })
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
