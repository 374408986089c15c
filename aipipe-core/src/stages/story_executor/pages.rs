//! What templates of pages see besides: how values are shown and entered.

use super::view::{FieldView, LookupView};
use crate::domain::{Field, FieldKind};
use crate::stacks::capital;
use crate::stacks::naming::{camel, kebab, words};
use serde::Serialize;
use std::collections::BTreeSet;

/// Longer texts are entered over several lines, and lists leave them out.
const LONGEST_LINE: u32 = 200;
/// How many values of a record a list shows beside its name.
const COLUMNS: usize = 4;

/// How a field is shown and entered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct FieldOnPage {
    /// Its name for people.
    label: String,
    /// What a person enters it with: a kind of line, or `select`.
    pub(super) input: &'static str,
    /// The function that writes its value for people; that of a chosen record is its name.
    pub(super) formatter: Option<&'static str>,
    /// The function that turns its value into what the input holds.
    pub(super) entry_of: &'static str,
    /// The function that does the opposite.
    value_of: &'static str,
    /// The constant with its listed values; empty for other fields.
    values_name: String,
}

impl FieldOnPage {
    /// How `field`, called `key` in the code, is shown and entered; `is_chosen` when existing records are offered for it.
    pub(super) fn of(field: &Field, key: &str, is_chosen: bool) -> Self {
        let shown = |formatter| Some(formatter);
        let (input, formatter, entry_of, value_of) = match &field.kind {
            FieldKind::Text { max, .. } if *max > LONGEST_LINE => {
                ("multiline", shown("formatText"), "entryOf", "textOf")
            }
            FieldKind::Text { .. } => ("text", shown("formatText"), "entryOf", "textOf"),
            FieldKind::Integer { .. } => ("integer", shown("formatNumber"), "entryOf", "numberOf"),
            FieldKind::Decimal { .. } => ("decimal", shown("formatDecimal"), "entryOf", "numberOf"),
            FieldKind::Boolean => ("select", shown("formatBoolean"), "entryOf", "booleanOf"),
            FieldKind::Date => ("date", shown("formatDate"), "entryOf", "textOf"),
            FieldKind::DateTime => ("datetime-local", shown("formatDateTime"), "momentEntryOf", "momentOf"),
            FieldKind::Time => ("time", shown("formatText"), "entryOf", "textOf"),
            FieldKind::Email => ("email", shown("formatText"), "entryOf", "textOf"),
            FieldKind::Phone => ("tel", shown("formatText"), "entryOf", "textOf"),
            FieldKind::Enumeration { .. } => ("select", shown("formatLabel"), "entryOf", "textOf"),
            FieldKind::Reference { .. } if is_chosen => ("select", None, "entryOf", "textOf"),
            FieldKind::Reference { .. } => ("text", shown("formatText"), "entryOf", "textOf"),
        };
        let values_name =
            if matches!(field.kind, FieldKind::Enumeration { .. }) { format!("{key}Values") } else { String::new() };
        Self { label: label(&field.name), input, formatter, entry_of, value_of, values_name }
    }
}

/// The name of a field for people: `Due date`, `ISBN`, `Customer ID`.
fn label(name: &str) -> String {
    const INITIALS: &[&str] = &["gps", "iban", "id", "isbn", "issn", "pdf", "pin", "qr", "sku", "url", "vat", "vin"];
    let spelled = |word: &str| if INITIALS.contains(&word) { word.to_uppercase() } else { word.to_owned() };
    capital(&words(name).split(' ').map(spelled).collect::<Vec<_>>().join(" "))
}

/// How records of an entity are shown, listed and entered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct EntityOnPages {
    kebab: String,
    /// The key of the field whose value is a record's name; without one, a record is named by the start of its id.
    title: Option<String>,
    /// What the column of names is called.
    title_label: String,
    /// The fields a list shows beside the name.
    columns: Vec<FieldView>,
    /// The entities whose records are offered to choose from, each once.
    targets: Vec<LookupView>,
    /// Those of them that a list shows or filters by.
    list_targets: Vec<LookupView>,
    formatters: BTreeSet<&'static str>,
    column_formatters: BTreeSet<&'static str>,
    entry_functions: BTreeSet<&'static str>,
    /// The functions that fill the inputs of filters.
    filter_functions: BTreeSet<&'static str>,
    pub(super) fields_fixture: String,
}

impl EntityOnPages {
    pub(super) fn of(name: &str, fields: &[FieldView], filters: &[FieldView]) -> Self {
        let title = fields.iter().find(|field| field.required && matches!(field.kind, "text" | "email" | "phone"));
        let is_column =
            |field: &&FieldView| title.is_none_or(|title| title.key != field.key) && field.page.input != "multiline";
        let mut columns: Vec<FieldView> = fields.iter().filter(is_column).take(COLUMNS).cloned().collect();
        // What state a record is in is what a list is looked at for.
        let states: Vec<&FieldView> = fields.iter().filter(|field| field.kind == "enumeration").collect();
        if columns.iter().all(|column| column.kind != "enumeration")
            && let (Some(state), Some(last)) = (states.first(), columns.last_mut())
        {
            *last = (*state).clone();
        }
        let formatters = |fields: &[FieldView]| fields.iter().filter_map(|field| field.page.formatter).collect();
        let entry_functions =
            fields.iter().flat_map(|field| [field.page.entry_of, field.page.value_of]).collect::<BTreeSet<_>>();
        Self {
            kebab: kebab(name),
            title: title.map(|title| title.key.clone()),
            title_label: title.map_or_else(|| capital(&words(name)), |title| title.page.label.clone()),
            targets: targets(fields),
            list_targets: targets(columns.iter().chain(filters)),
            formatters: formatters(fields),
            column_formatters: formatters(&columns),
            entry_functions,
            filter_functions: filters
                .iter()
                .flat_map(|field| {
                    let back = (field.kind == "date_time").then_some(field.page.value_of);
                    back.into_iter().chain([field.page.entry_of])
                })
                .collect(),
            columns,
            fields_fixture: format!("{}Fields", camel(name)),
        }
    }
}

/// The entities the fields refer to, each once.
fn targets<'a>(fields: impl IntoIterator<Item = &'a FieldView>) -> Vec<LookupView> {
    fields.into_iter().filter_map(|field| field.target.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn labels_spell_initials_as_people_do() {
        assert_eq!(["due_date", "isbn", "customer_id", "idea"].map(label), ["Due date", "ISBN", "Customer ID", "Idea"]);
    }
}
