//! What a plan must hold to before any of its names become code.

use super::samples::{LONGEST_TRIED_TEXT, SAFE_HUNDREDTHS, SAFE_INTEGER};
use crate::domain::{ArchitecturePlan, Entity, Field, FieldKind};
use crate::stacks::Surface;
use crate::stacks::naming::{is_snake_case, kebab, type_name};
use crate::{Error, ErrorKind, Result};
use std::collections::BTreeSet;

const OPERATION: &str = "story-executor.check-plan";

/// Checks names, limits and that no two things of the plan would get the same name.
///
/// # Errors
/// `InvalidInput` naming the entity or field and what is wrong with it.
pub(super) fn check(plan: &ArchitecturePlan, surface: Surface) -> Result<()> {
    let (mut types, mut plurals) = (BTreeSet::new(), BTreeSet::new());
    for entity in &plan.entities {
        for name in [&entity.name, &entity.plural] {
            if !is_snake_case(name) {
                return Err(refuse("is not a lower snake case name", entity, None).with("name", name.escape_debug()));
            }
        }
        if !types.insert(type_name(&entity.name)) || !plurals.insert(kebab(&entity.plural)) {
            return Err(refuse("has the name or plural of another entity", entity, None));
        }
        if entity.fields.is_empty() {
            return Err(refuse("has no fields", entity, None));
        }
        let mut names = BTreeSet::new();
        for field in &entity.fields {
            check_field(entity, field)?;
            if surface == Surface::Browser
                && matches!(&field.kind, FieldKind::Enumeration { values } if values.iter().any(|v| v.trim().is_empty()))
            {
                return Err(refuse("lists a value without text, which nobody could choose", entity, Some(field)));
            }
            if !names.insert(&field.name) {
                return Err(refuse("stands twice", entity, Some(field)));
            }
        }
    }
    Ok(())
}

fn check_field(entity: &Entity, field: &Field) -> Result<()> {
    if !is_snake_case(&field.name) {
        return Err(refuse("is not a lower snake case name", entity, Some(field)));
    }
    if field.name == "id" {
        return Err(refuse("is the name of every record's own identifier", entity, Some(field)));
    }
    match &field.kind {
        FieldKind::Text { min, max } if min > max || *max == 0 => {
            Err(refuse("has limits that no text is within", entity, Some(field)))
        }
        FieldKind::Text { min, .. } if *min > LONGEST_TRIED_TEXT => {
            Err(refuse("asks for longer texts than a request can hold", entity, Some(field)))
        }
        FieldKind::Integer { min, max } if is_beyond(*min, *max, SAFE_INTEGER) => {
            Err(refuse("has limits beyond the numbers JSON can hold", entity, Some(field)))
        }
        FieldKind::Decimal { min, max } if is_beyond(*min, *max, SAFE_HUNDREDTHS) => {
            Err(refuse("has limits beyond the numbers JSON can hold", entity, Some(field)))
        }
        FieldKind::Integer { min: Some(min), max: Some(max) }
        | FieldKind::Decimal { min: Some(min), max: Some(max) }
            if min > max =>
        {
            Err(refuse("has limits that no number is within", entity, Some(field)))
        }
        FieldKind::Enumeration { values } => {
            let distinct: BTreeSet<_> = values.iter().collect();
            if values.is_empty() || distinct.len() != values.len() {
                return Err(refuse("lists no value, or one twice", entity, Some(field)));
            }
            check_initial(entity, field, values)
        }
        _ => check_initial(entity, field, &[]),
    }
}

fn check_initial(entity: &Entity, field: &Field, values: &[String]) -> Result<()> {
    match &field.initial {
        Some(initial) if !values.contains(initial) => {
            Err(refuse("starts with a value it does not list", entity, Some(field)))
        }
        Some(_) if !field.required || field.unique => {
            Err(refuse("starts with a value, yet may be empty or is to be unlike any other", entity, Some(field)))
        }
        _ => Ok(()),
    }
}

/// Whether no number that JSON readers agree on is within the limits.
fn is_beyond(min: Option<i64>, max: Option<i64>, safe: i64) -> bool {
    min.is_some_and(|min| min > safe) || max.is_some_and(|max| max < -safe)
}

fn refuse(message: &str, entity: &Entity, field: Option<&Field>) -> Error {
    let what = if field.is_some() { "a field" } else { "an entity" };
    let error = Error::new(ErrorKind::InvalidInput, OPERATION, format!("{what} of the plan {message}"))
        .with("entity", entity.name.escape_debug());
    match field {
        Some(field) => error.with("field", field.name.escape_debug()),
        None => error,
    }
}
