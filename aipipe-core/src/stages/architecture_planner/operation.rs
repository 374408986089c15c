//! From intents to operations on entities, and the honest rest.

use super::constraint::{self, Constraint};
use super::entity::{Catalogue, Meaning, is_record};
use super::field::FieldDraft;
use super::intent::{Clause, Intent};
use super::lexicon::{Act, is_determiner, is_filler, is_own};
use super::naming::{singular, snake};
use crate::domain::{Basis, Operation, OperationKind, UserStory};

/// What one story does, and why no template can serve all of it.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The operations, without repetition.
    pub(super) operations: Vec<Operation>,
    /// What no rule covers; empty when everything is covered.
    pub(super) uncovered: Vec<String>,
}

impl Reading {
    /// Why no template can serve the story, if so.
    pub(super) fn needs_model(&self) -> Option<String> {
        if self.uncovered.is_empty() && self.operations.is_empty() {
            return Some("the action names no verb and thing that a rule covers".to_owned());
        }
        let mut named: Vec<&str> = Vec::new();
        for words in &self.uncovered {
            if !named.contains(&words.as_str()) {
                named.push(words);
            }
        }
        (!named.is_empty()).then(|| format!("no rule covers {}", named.join(", ")))
    }
}

/// Puts the fields that actions name on their entities; afterwards the statements may add to them.
pub(super) fn collect_fields(intents: &[Intent], stories: &[UserStory], catalogue: &mut Catalogue) {
    for (intent, story) in intents.iter().zip(stories) {
        for clause in &intent.clauses {
            let Some(meaning) = catalogue.meaning(&clause.object) else { continue };
            if !is_record(&clause.object) {
                continue;
            }
            let Some(draft) = catalogue.drafts.get_mut(meaning.entity) else { continue };
            if !draft.stories.contains(&story.id) {
                draft.stories.push(story.id.clone());
            }
            if clause.act == Act::Create {
                for field in &clause.fields {
                    draft.add(field.clone());
                }
            }
        }
    }
}

/// Adds the fields that stories only change; a record can be made without them.
pub(super) fn collect_changed_fields(intents: &[Intent], catalogue: &mut Catalogue) {
    for clause in intents.iter().flat_map(|i| &i.clauses).filter(|c| c.act == Act::Update) {
        let Some(meaning) = catalogue.meaning(&clause.object).filter(|_| is_record(&clause.object)) else { continue };
        let Some(draft) = catalogue.drafts.get_mut(meaning.entity) else { continue };
        let optional = |field: &FieldDraft| FieldDraft {
            constraint: Constraint { required: Some(false), ..field.constraint.clone() },
            ..field.clone()
        };
        let assigned = clause.fields.iter().filter(|_| clause.verb == "assign").map(optional);
        let quote = meaning.part.join(" ");
        let part =
            FieldDraft { words: meaning.part, constraint: Constraint::default(), boolean: false, unit: None, quote };
        for field in assigned.chain([optional(&part)]) {
            if draft.field(&field.name()).is_none() {
                draft.add(field);
            }
        }
    }
}

/// Gives every entity with transitions a field that holds the values they set.
pub(super) fn collect_transitions(intents: &[Intent], catalogue: &mut Catalogue) {
    for clause in intents.iter().flat_map(|i| &i.clauses) {
        let value = match clause.act {
            Act::Transition(value) => value.to_owned(),
            Act::Mark => match &clause.value {
                Some(value) => value.clone(),
                None => continue,
            },
            _ => continue,
        };
        let Some(meaning) = catalogue.meaning(&clause.object).filter(|_| is_record(&clause.object)) else { continue };
        let Some(draft) = catalogue.drafts.get_mut(meaning.entity) else { continue };
        let holds = |field: &FieldDraft| {
            field.constraint.values.iter().any(|v| same_value(v, &value)) || field.boolean && field.name() == value
        };
        if let Some((field, _)) = draft.fields.iter_mut().find(|(field, _)| holds(field)) {
            // stories set it step by step, so nobody has to send it for a new record, unless the text says so
            field.constraint.required = field.constraint.required.or(Some(false));
            continue;
        }
        let thing = draft.nouns.join(" ");
        if let Some((status, basis)) =
            draft.fields.iter_mut().find(|(f, _)| matches!(f.name().as_str(), "status" | "state"))
        {
            let mut assumed = Vec::new();
            if status.constraint.values.is_empty() {
                assumed.push("open".to_owned());
            }
            if !status.constraint.values.contains(&value) {
                assumed.push(value);
            }
            status.constraint.required = status.constraint.required.or(Some(false));
            if !assumed.is_empty() {
                let stated = match &*basis {
                    Basis::Stated { quote } if !quote.is_empty() => format!("the text names it (“{quote}”)"),
                    Basis::Stated { .. } => "the text names it".to_owned(),
                    Basis::Default { reason } => reason.clone(),
                };
                let words = assumed.join("”, “");
                let reason = format!(
                    "{stated}; that it can be “{words}” is assumed, because a story says “{} the {thing}”",
                    clause.verb
                );
                *basis = Basis::Default { reason };
                status.constraint.values.extend(assumed);
            }
            continue;
        }
        let mut values = vec!["open".to_owned()];
        if value != "open" {
            values.push(value);
        }
        let constraint = Constraint { values, required: Some(false), ..Constraint::default() };
        let field = FieldDraft {
            words: vec!["status".to_owned()],
            constraint,
            boolean: false,
            unit: None,
            quote: String::new(),
        };
        let reason = format!(
            "a story says “{} the {thing}”, so a record needs a status; no text names its values, and “open” for a new one is assumed",
            clause.verb
        );
        draft.fields.push((field, Basis::Default { reason }));
    }
}

/// Whether both say the same state: `done` and `completed`.
fn same_value(stated: &str, wanted: &str) -> bool {
    const SAME: &[&[&str]] = &[
        &["completed", "complete", "done", "finished"],
        &["cancelled", "canceled"],
        &["approved", "accepted"],
        &["rejected", "declined"],
        &["inactive", "disabled", "deactivated"],
        &["active", "enabled", "activated"],
    ];
    stated == wanted || SAME.iter().any(|group| group.contains(&stated) && group.contains(&wanted))
}

/// The operations of one story.
pub(super) fn read(intent: &Intent, story: &UserStory, catalogue: &Catalogue) -> Reading {
    let mut reading = Reading { operations: Vec::new(), uncovered: intent.uncovered.clone() };
    for clause in &intent.clauses {
        let meaning = catalogue.meaning(&clause.object).filter(|_| is_record(&clause.object));
        let Some(meaning) = meaning else {
            let of = if clause.object.part.is_empty() { "" } else { " of" };
            let words = [clause.object.part.join(" "), clause.object.nouns.join(" ")];
            let said = format!("“{} {}”", clause.verb, words.join(&format!("{of} ")).trim());
            reading.uncovered.push(said);
            continue;
        };
        match operation(clause, &meaning, story, catalogue) {
            Ok(operation) if reading.operations.contains(&operation) => {}
            Ok(operation) => reading.operations.push(operation),
            Err((operation, words)) => {
                reading.operations.extend(operation.filter(|o| !reading.operations.contains(o)));
                let words = format!("“{}”", words.join(" "));
                if !reading.uncovered.contains(&words) {
                    reading.uncovered.push(words);
                }
            }
        }
    }
    reading
}

type Uncovered = (Option<Operation>, Vec<String>);

fn operation(
    clause: &Clause,
    meaning: &Meaning,
    story: &UserStory,
    catalogue: &Catalogue,
) -> Result<Operation, Uncovered> {
    let Some(draft) = catalogue.drafts.get(meaning.entity) else { return Err((None, vec![clause.verb.clone()])) };
    let entity = draft.name.clone();
    let has = |name: &str| draft.field(name).is_some();
    let name_of = |name: String| draft.field(&name).map_or(name, |(field, _)| field.name());
    let mut left = clause.leftover.clone();
    let mut filters: Vec<String> = Vec::new();
    let own = meaning.qualifiers.iter().any(|q| is_own(q));
    let picking: Vec<&String> = meaning.qualifiers.iter().filter(|q| !is_own(q)).collect();
    let unknown_fields = |fields: &[FieldDraft]| -> Vec<String> {
        fields
            .iter()
            .filter(|f| !has(&f.name()) && !super::field::introduces(f.words.last().map_or("", String::as_str)))
            .map(|f| f.words.join(" "))
            .collect()
    };
    let shows_several = matches!(clause.act, Act::Show) && clause.object.plural || clause.act == Act::Search;
    if shows_several {
        for qualifier in &picking {
            match draft.fields.iter().find(|(f, _)| f.constraint.values.contains(&snake(&[qualifier]))) {
                Some((field, _)) => push(&mut filters, field.name()),
                None => left.push((*qualifier).clone()),
            }
        }
        if own {
            let role = snake(&story.role.split_whitespace().collect::<Vec<_>>());
            match [role.clone(), format!("{role}_name"), format!("{role}_email"), format!("{role}_id")]
                .into_iter()
                .find(|f| has(f))
            {
                Some(field) => push(&mut filters, name_of(field)),
                None => left.push("my".to_owned()),
            }
        }
        if let Some(field) = named_field(&left, &has) {
            push(&mut filters, name_of(field));
            left.clear();
        }
        for field in &clause.by {
            if has(&field.name()) {
                push(&mut filters, name_of(field.name()));
            } else {
                left.push(format!("by {}", field.words.join(" ")));
            }
        }
    } else {
        left.extend(picking.into_iter().cloned());
        // One record at a time is what the operations do.
        left.extend(clause.object.many.clone());
    }
    let kind = match clause.act {
        Act::Create => {
            left.extend(clause.fields.iter().filter(|f| f.is_several() || f.is_file()).map(|f| f.words.join(" ")));
            OperationKind::Create
        }
        Act::Show if !clause.object.plural => {
            if !meaning.part.is_empty() && !has(&part_name(meaning)) {
                left.push(meaning.part.join(" "));
            }
            left.extend(unknown_fields(&clause.fields));
            left.extend(clause.by.iter().map(|f| format!("by {}", f.words.join(" "))));
            OperationKind::View
        }
        Act::Show | Act::Search => {
            if !meaning.part.is_empty() && !has(&part_name(meaning)) {
                left.push(meaning.part.join(" "));
            }
            left.extend(unknown_fields(&clause.fields));
            if clause.act == Act::Search && filters.is_empty() && left.is_empty() {
                left.push(format!("{} (it is not said by which field)", clause.verb));
            }
            OperationKind::List { filters }
        }
        Act::Update => return update(clause, meaning, draft, left),
        Act::Delete => {
            if !meaning.part.is_empty() {
                left.push(meaning.part.join(" "));
            }
            OperationKind::Delete
        }
        Act::Transition(value) => transition(draft, value, &mut left),
        Act::Mark => match &clause.value {
            Some(value) => transition(draft, value, &mut left),
            None => return Err((None, vec![clause.verb.clone()])),
        },
    };
    let operation = Operation { entity, kind };
    if left.is_empty() { Ok(operation) } else { Err((Some(operation), left)) }
}

fn push(filters: &mut Vec<String>, name: String) {
    if !filters.contains(&name) {
        filters.push(name);
    }
}

fn part_name(meaning: &Meaning) -> String {
    field_name(&meaning.part)
}

fn field_name(words: &[String]) -> String {
    FieldDraft {
        words: words.to_vec(),
        constraint: Constraint::default(),
        boolean: false,
        unit: None,
        quote: String::new(),
    }
    .name()
}

/// The field that words such as "for a customer" or "of a given day" name.
fn named_field(left: &[String], has: &impl Fn(&str) -> bool) -> Option<String> {
    let words: Vec<String> = left
        .iter()
        .map(|w| w.to_lowercase())
        .filter(|w| !is_determiner(w) && !matches!(w.as_str(), "for" | "of" | "on" | "in" | "at" | "per"))
        .map(|w| singular(&w))
        .collect();
    let name = field_name(&words);
    (!words.is_empty() && words.len() < 4 && left.len() > words.len()).then_some(())?;
    let day = matches!(name.as_str(), "day" | "given_day").then(|| "date".to_owned());
    [name.clone(), format!("{name}_name")].into_iter().chain(day).find(|f| has(f))
}

fn transition(draft: &super::entity::Draft, value: &str, left: &mut Vec<String>) -> OperationKind {
    for (field, _) in &draft.fields {
        if let Some(stated) = field.constraint.values.iter().find(|v| same_value(v, value)) {
            return OperationKind::Transition { field: field.name(), to: stated.clone() };
        }
    }
    if !draft.fields.iter().any(|(f, _)| f.boolean && f.name() == value) {
        left.push(value.to_owned());
    }
    OperationKind::Update
}

fn update(
    clause: &Clause,
    meaning: &Meaning,
    draft: &super::entity::Draft,
    mut left: Vec<String>,
) -> Result<Operation, Uncovered> {
    let entity = draft.name.clone();
    let part = part_name(meaning);
    // "change the status of a booking to confirmed", "set the status to done"
    let value: Vec<String> =
        left.iter().map(|w| w.to_lowercase()).filter(|w| w != "to" && !is_determiner(w) && !is_filler(w)).collect();
    let values = draft.field(&part).map(|(f, _)| f.constraint.values.clone()).unwrap_or_default();
    let wanted = clause.value.clone().unwrap_or_else(|| field_name(&value));
    if let Some(to) = values.iter().find(|v| same_value(v, &wanted)) {
        let field = draft.field(&part).map_or(part, |(field, _)| field.name());
        let kind = OperationKind::Transition { field, to: to.clone() };
        return Ok(Operation { entity, kind });
    }
    if let Some(value) = &clause.value {
        left.push(format!("as {value}"));
    }
    for field in &clause.fields {
        let name = field.name();
        let known = draft.field(&name).is_some()
            || draft
                .fields
                .iter()
                .any(|(f, _)| f.words.last() == field.words.last() && constraint::number(&name).is_none());
        if !known {
            left.push(field.words.join(" "));
        }
    }
    let operation = Operation { entity, kind: OperationKind::Update };
    if left.is_empty() { Ok(operation) } else { Err((Some(operation), left)) }
}
