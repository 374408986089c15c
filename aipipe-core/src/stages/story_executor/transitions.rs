//! Setting a field to a value, as the templates see it.

use super::literals::in_attribute;
use super::served::ServedTransition;
use crate::domain::slugify;
use crate::stacks::naming::{kebab, python_attribute, words};
use crate::stacks::{Language, capital};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A transition for the templates.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct TransitionView {
    /// The last part of its address, such as `mark-done`.
    pub(super) slug: String,
    /// The Python function, such as `mark_done`.
    pub(super) function: String,
    pub(super) key: String,
    pub(super) attribute: String,
    pub(super) field_words: String,
    /// The value as a literal.
    pub(super) value: String,
    /// What a button for it says.
    pub(super) button: String,
    /// The value as a literal within an attribute of HTML.
    pub(super) in_attribute: String,
    /// The value as text.
    pub(super) to: String,
    pub(super) stories: Vec<String>,
}

/// The transitions for the templates, each with an address of its own.
pub(super) fn transitions(
    language: Language,
    served: &[ServedTransition<'_>],
    keys: &BTreeMap<String, String>,
) -> Vec<TransitionView> {
    let mut taken = BTreeSet::new();
    served
        .iter()
        .map(|transition| {
            let value = slugify(transition.to, 40);
            let field = kebab(&transition.field.name);
            let mut slug = if value.is_empty() { format!("mark-{field}") } else { format!("mark-{value}") };
            if taken.contains(&slug) {
                slug = format!("mark-{field}-{value}");
            }
            let mut tries = 2;
            while !taken.insert(slug.clone()) {
                slug = format!("mark-{field}-{value}-{tries}").replace("--", "-");
                tries += 1;
            }
            TransitionView {
                function: slug.replace('-', "_"),
                // Where the address had to be told apart from others, so has the button.
                button: if slug == format!("mark-{}", transition.to.replace('_', "-")) {
                    format!("Mark as {}", transition.to.replace('_', " "))
                } else {
                    capital(&slug.replace('-', " "))
                },
                slug,
                key: keys.get(&transition.field.name).cloned().unwrap_or_default(),
                attribute: match language {
                    Language::TypeScript => keys.get(&transition.field.name).cloned().unwrap_or_default(),
                    Language::Python => python_attribute(&transition.field.name),
                },
                field_words: words(&transition.field.name),
                value: language.text(transition.to),
                in_attribute: in_attribute(transition.to),
                to: transition.to.to_owned(),
                stories: transition.stories.iter().map(ToString::to_string).collect(),
            }
        })
        .collect()
}
