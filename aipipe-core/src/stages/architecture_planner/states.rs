//! Asks which state has to come before which, where stories set a field step by step and no rule reads it in the text.

use crate::domain::{
    Entity, Field, FieldKind, OpenQuestion, Operation, OperationKind, QuestionId, QuestionKind, StoryId, StorySet,
};
use crate::stacks::naming::{with_article, words};

/// One question for each field that stories set and that has more than a before and an after.
pub(super) fn questions(
    entities: &[Entity],
    operations: &[(StoryId, Vec<Operation>)],
    stories: &StorySet,
) -> Vec<OpenQuestion> {
    let fields = entities.iter().flat_map(|entity| entity.fields.iter().map(move |field| (entity, field)));
    fields.filter_map(|(entity, field)| question(entity, field, operations, stories)).collect()
}

fn question(
    entity: &Entity,
    field: &Field,
    operations: &[(StoryId, Vec<Operation>)],
    stories: &StorySet,
) -> Option<OpenQuestion> {
    let FieldKind::Enumeration { values } = &field.kind else { return None };
    let own: Vec<(&StoryId, &OperationKind)> = operations
        .iter()
        .flat_map(|(story, operations)| operations.iter().map(move |operation| (story, operation)))
        .filter(|(_, operation)| operation.entity == entity.name)
        .map(|(story, operation)| (story, &operation.kind))
        .collect();
    let mut reached: Vec<String> = Vec::new();
    let mut setting: Vec<StoryId> = Vec::new();
    for (story, kind) in &own {
        if let OperationKind::Transition { field: name, to } = kind
            && *name == field.name
        {
            push(&mut reached, quoted(to));
            push(&mut setting, (*story).clone());
        }
    }
    if reached.is_empty() || values.len() < 3 {
        return None;
    }
    let state = words(&field.name);
    let question =
        format!("What has the {state} of {} to be before it becomes {}?", with_article(&entity.name), any_of(&reached));
    let free = match (&field.initial, own.iter().any(|(_, kind)| **kind == OperationKind::Update)) {
        (None, _) => String::new(),
        (Some(initial), false) => format!("; a new one is {} or whatever it is made with", quoted(initial)),
        (Some(initial), true) => {
            format!("; a new one is {} or whatever it is made with, and a change may set any", quoted(initial))
        }
    };
    let mut citations = Vec::new();
    for story in stories.stories.iter().filter(|story| setting.contains(&story.id)) {
        let asked = stories.requirements.iter().filter(|requirement| story.requirements.contains(&requirement.id));
        for citation in asked.flat_map(|requirement| &requirement.citations) {
            push(&mut citations, citation.clone());
        }
    }
    Some(OpenQuestion {
        id: QuestionId::for_text(&question),
        kind: QuestionKind::Missing,
        question,
        assumption: Some(format!("anything it can be: no order is kept{free}")),
        citations,
        stories: setting,
    })
}

fn push<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

fn quoted(value: &str) -> String {
    format!("“{}”", value.replace('_', " "))
}

/// `a, b or c`.
fn any_of(words: &[String]) -> String {
    match words {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => words.concat(),
    }
}
