//! What a new record starts with: the first state of a field that stories set step by step.

use crate::domain::{Entity, Field, FieldKind, Operation, OperationKind, StoryId};
use std::collections::BTreeSet;

/// Gives each field that stories set to a value, and that nobody has to fill in, the value a new record has: the first
/// listed one that no story leads to, or the first of all where stories lead to each. Such a field is never empty.
pub(super) fn set_initial(entities: &mut [Entity], stories: &[(StoryId, Vec<Operation>)]) {
    for entity in entities {
        for field in entity.fields.iter_mut().filter(|field| !field.required && !field.unique) {
            let reached = reached(&entity.name, field, stories);
            if reached.is_empty() {
                continue;
            }
            let FieldKind::Enumeration { values } = &field.kind else { continue };
            let first = values.iter().find(|value| !reached.contains(value.as_str())).or(values.first());
            field.initial = first.cloned();
            field.required = field.initial.is_some();
        }
    }
}

/// The values that stories set the field to.
fn reached<'a>(entity: &str, field: &Field, stories: &'a [(StoryId, Vec<Operation>)]) -> BTreeSet<&'a str> {
    let of_field = |operation: &&'a Operation| operation.entity == entity;
    stories
        .iter()
        .flat_map(|(_, operations)| operations)
        .filter(of_field)
        .filter_map(|operation| match &operation.kind {
            OperationKind::Transition { field: name, to } if *name == field.name => Some(to.as_str()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Basis;

    fn start(values: &[&str], reached: &[&str], required: bool) -> (Option<String>, bool) {
        let field = Field {
            name: "status".into(),
            kind: FieldKind::Enumeration { values: values.iter().map(|value| (*value).to_owned()).collect() },
            required,
            unique: false,
            initial: None,
            basis: Basis::Default { reason: "of a test".into() },
        };
        let mut entities =
            [Entity { name: "loan".into(), plural: "loans".into(), fields: vec![field], stories: Vec::new() }];
        let to = |to: &&str| Operation {
            entity: "loan".into(),
            kind: OperationKind::Transition { field: "status".into(), to: (*to).to_owned() },
        };
        let stories = [(StoryId::for_content("clerk", "return a loan"), reached.iter().map(to).collect())];
        set_initial(&mut entities, &stories);
        let [entity] = entities;
        let field = &entity.fields[0];
        (field.initial.clone(), field.required)
    }

    #[test]
    fn a_record_starts_where_no_story_leads() {
        assert_eq!(start(&["out", "returned"], &["returned"], false), (Some("out".into()), true));
        assert_eq!(start(&["cancelled", "booked"], &["cancelled"], false), (Some("booked".into()), true));
        assert_eq!(start(&["open", "closed"], &["closed", "open"], false), (Some("open".into()), true));
    }

    #[test]
    fn what_nobody_sets_or_somebody_has_to_fill_in_has_no_start() {
        assert_eq!(start(&["low", "high"], &[], false), (None, false));
        assert_eq!(start(&["open", "closed"], &["closed"], true), (None, true));
    }
}
