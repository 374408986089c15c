//! The order in which stories are worked on.

use crate::domain::{ArchitecturePlan, OperationKind, StoryId, StorySet};
use std::collections::{BTreeMap, BTreeSet};

/// Stories in dependency order: what a story depends on comes first, then whatever makes the records it works on;
/// otherwise the order of the story set. Stories that depend on each other keep the set's order.
pub(super) fn order(plan: &ArchitecturePlan, stories: &StorySet) -> Vec<StoryId> {
    let wanted = wanted_first(plan, stories);
    let mut waiting: Vec<&StoryId> = stories.stories.iter().map(|story| &story.id).collect();
    let mut done: BTreeSet<&StoryId> = BTreeSet::new();
    let mut order = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = |with_makers: bool| {
            waiting.iter().position(|id| {
                wanted.get(*id).is_none_or(|needs| {
                    needs.stated.is_subset(&done) && (!with_makers || needs.makers.is_subset(&done))
                })
            })
        };
        // A cycle: first the weaker wish (records made before they are used) gives way, then the stated one.
        let next = ready(true).or_else(|| ready(false)).unwrap_or(0);
        let id = waiting.remove(next);
        done.insert(id);
        order.push(id.clone());
    }
    order
}

#[derive(Default)]
struct Needs<'a> {
    stated: BTreeSet<&'a StoryId>,
    makers: BTreeSet<&'a StoryId>,
}

fn wanted_first<'a>(plan: &'a ArchitecturePlan, stories: &'a StorySet) -> BTreeMap<&'a StoryId, Needs<'a>> {
    let known: BTreeSet<&StoryId> = stories.stories.iter().map(|story| &story.id).collect();
    let mut makers: BTreeMap<&str, &StoryId> = BTreeMap::new();
    for story in stories.stories.iter().filter_map(|story| plan_of(plan, &story.id)) {
        for operation in story.operations.iter().filter(|operation| operation.kind == OperationKind::Create) {
            makers.entry(&operation.entity).or_insert(&story.story);
        }
    }
    let mut needs: BTreeMap<&StoryId, Needs<'_>> = BTreeMap::new();
    for story in &stories.stories {
        let entry = needs.entry(&story.id).or_default();
        let stated = story.depends_on.iter().map(|dependency| &dependency.story);
        entry.stated.extend(stated.filter(|id| **id != story.id && known.contains(id)));
        let operations = plan_of(plan, &story.id).map(|story| story.operations.as_slice()).unwrap_or_default();
        let creates = |entity: &str| {
            operations.iter().any(|operation| operation.entity == entity && operation.kind == OperationKind::Create)
        };
        let used = operations.iter().filter(|operation| !creates(&operation.entity));
        entry.makers.extend(used.filter_map(|operation| makers.get(operation.entity.as_str())));
    }
    needs
}

/// What the plan says of `story`.
pub(super) fn plan_of<'a>(plan: &'a ArchitecturePlan, story: &StoryId) -> Option<&'a crate::domain::StoryPlan> {
    plan.story_plans.iter().find(|planned| planned.story == *story)
}
