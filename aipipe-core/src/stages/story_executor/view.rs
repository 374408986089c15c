//! What the templates see: the served part of the plan in the names and expressions of one language.

use super::drawn::{Drawn, drawn};
use super::literals::{in_attribute, one_line};
use super::pages::{EntityOnPages, FieldOnPage};
use super::paths::EntityPaths;
use super::samples::{distinct, sample};
use super::schema::{Schema, in_words, python_imports, schema};
use super::served::{References, Served, ServedEntity, ServedTransition};
use crate::domain::{Entity, Field, FieldKind, RepoPath, StoryId, slugify};
use crate::stacks::naming::{
    camel, kebab, pascal, property, python_attribute, python_identifier, type_name, with_article, words,
};
use crate::stacks::{Condition, EntityNames, FileNames, Language, StackDefinition, capital};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// An entity for the templates.
#[derive(Debug, Clone, Serialize)]
pub(super) struct EntityView {
    pub(super) name: String,
    pub(super) words: String,
    pub(super) with_article: String,
    pub(super) plural: String,
    pub(super) plural_words: String,
    pub(super) pascal: String,
    pub(super) camel: String,
    pub(super) plural_pascal: String,
    pub(super) plural_camel: String,
    pub(super) plural_kebab: String,
    /// The generated type.
    pub(super) record: String,
    pub(super) fields: Vec<FieldView>,
    pub(super) required: Vec<FieldView>,
    pub(super) unique: Vec<FieldView>,
    pub(super) filters: Vec<FieldView>,
    /// Checked references, one a field.
    pub(super) references: Vec<FieldView>,
    /// Other entities whose records are looked up.
    pub(super) lookups: Vec<LookupView>,
    pub(super) transitions: Vec<TransitionView>,
    pub(super) operations: Operations,
    /// The field that tells a record from others, for people.
    pub(super) name_key: Option<String>,
    /// The fields that a list shows besides.
    pub(super) columns: Vec<FieldView>,
    /// Whether checked references lead here.
    pub(super) is_referred_to: bool,
    /// Whether records change after they are made.
    pub(super) changes: bool,
    /// Whether property tests draw its records.
    pub(super) is_drawn: bool,
    pub(super) create_fixture: String,
    pub(super) body_fixture: String,
    pub(super) paths: EntityPaths,
    /// What a Python model file imports, by module.
    pub(super) imports: BTreeMap<String, BTreeSet<String>>,
    /// Whether an attribute differs from its name in JSON.
    pub(super) has_aliases: bool,
    /// The plural as an attribute.
    pub(super) plural_attribute: String,
    /// Every story that works on it.
    #[serde(skip)]
    pub(super) all_stories: Vec<StoryId>,
    /// A body to show, as JSON.
    pub(super) example: String,
    #[serde(flatten)]
    pub(super) page: EntityOnPages,
}

/// Which operations are served, each with its stories.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Operations {
    pub(super) create: Vec<String>,
    pub(super) view: Vec<String>,
    pub(super) list: Vec<String>,
    pub(super) update: Vec<String>,
    pub(super) delete: Vec<String>,
}

/// A field for the templates.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FieldView {
    /// Its name in the plan.
    #[serde(skip)]
    pub(super) name: String,
    /// Its name in JSON.
    pub(super) key: String,
    /// Its name in the code; differs from `key` only where the language takes the name.
    pub(super) attribute: String,
    /// The query parameter that filters by it.
    pub(super) parameter: String,
    /// That parameter's name in the code.
    pub(super) parameter_attribute: String,
    pub(super) words: String,
    pub(super) pascal: String,
    pub(super) in_words: String,
    /// `head`, `args` and `tail` of the validation.
    pub(super) head: String,
    pub(super) args: Vec<String>,
    pub(super) tail: String,
    /// The Python type alias.
    pub(super) alias: String,
    pub(super) required: bool,
    pub(super) unique: bool,
    pub(super) kind: &'static str,
    /// What it can be, where that is listed.
    pub(super) values: Vec<String>,
    /// How many characters it can have, where it is text.
    pub(super) longest: Option<u32>,
    /// The entity it refers to, when its records are checked.
    pub(super) target: Option<LookupView>,
    /// Whether it refers to its own entity.
    pub(super) to_itself: bool,
    /// A valid value for a test record: an expression, over the counter `n` when the field is unique.
    pub(super) fixture: String,
    /// What draws values it takes, for property tests.
    pub(super) drawn: Drawn,
    /// The function that makes the record a test record refers to.
    pub(super) made_by: Option<String>,
    #[serde(flatten)]
    pub(super) page: FieldOnPage,
    /// A valid value.
    #[serde(skip)]
    pub(super) sample_value: serde_json::Value,
}

/// An entity whose records another refers to.
#[derive(Debug, Clone, Serialize, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LookupView {
    pub(super) name: String,
    pub(super) pascal: String,
    pub(super) camel: String,
    pub(super) plural_camel: String,
    /// The generated type.
    pub(super) record: String,
    /// The file of its model.
    pub(super) model: String,
    pub(super) words: String,
    pub(super) with_article: String,
    pub(super) plural_words: String,
    pub(super) create_fixture: String,
    /// The argument that looks its records up, in Python.
    pub(super) in_python: String,
}

/// A transition for the templates.
#[derive(Debug, Clone, Serialize)]
pub(super) struct TransitionView {
    /// The last part of its address, such as `mark-done`.
    pub(super) slug: String,
    /// The Python function, such as `mark_done`.
    pub(super) function: String,
    /// The TypeScript method, such as `markDone`.
    pub(super) camel: String,
    /// What a button for it says.
    pub(super) label: String,
    pub(super) key: String,
    pub(super) attribute: String,
    pub(super) field_words: String,
    /// The value as a literal.
    pub(super) value: String,
    /// What a button says that is as unlike others as its address.
    pub(super) button: String,
    /// The value as a literal within an attribute of HTML.
    pub(super) in_attribute: String,
    /// The value as text.
    pub(super) to: String,
    pub(super) stories: Vec<String>,
}

impl EntityView {
    /// The file of the component with this role; empty when the stack has none.
    pub(super) fn path_of(&self, role: &str) -> &str {
        self.paths.get(role).map_or("", RepoPath::as_str)
    }

    pub(super) fn names(&self, file_names: FileNames) -> EntityNames<'_> {
        EntityNames { file_names, name: &self.name, plural: &self.plural }
    }

    /// Whether one of the conditions holds, or there are none.
    pub(super) fn meets(&self, conditions: &[Condition]) -> bool {
        conditions.is_empty() || conditions.iter().any(|condition| self.holds(*condition))
    }

    pub(super) fn holds(&self, condition: Condition) -> bool {
        match condition {
            Condition::Creates => !self.operations.create.is_empty(),
            Condition::Views => !self.operations.view.is_empty(),
            Condition::Lists => !self.operations.list.is_empty(),
            Condition::Updates => !self.operations.update.is_empty(),
            Condition::Deletes => !self.operations.delete.is_empty(),
            Condition::Transitions => !self.transitions.is_empty(),
            Condition::Refuses => !self.unique.is_empty() || !self.references.is_empty(),
            Condition::Refers => !self.references.is_empty(),
            Condition::Drawn => self.is_drawn,
        }
    }

    /// Which references are not checked so far, as the end of a sentence.
    pub(super) fn unchecked_note(&self) -> String {
        let unchecked = self.fields.iter().filter(|field| field.kind == "reference" && field.target.is_none());
        let names: Vec<&str> = unchecked.map(|field| field.name.as_str()).collect();
        if names.is_empty() {
            return String::new();
        }
        format!(
            "; {} taken as plain text, as the records referred to can't be made yet or refer back",
            names.join(", ")
        )
    }
}

/// The views of all served entities, in the plan's order.
pub(super) fn entities(
    definition: &StackDefinition,
    served: &Served<'_>,
    references: &References<'_>,
    paths: &BTreeMap<String, EntityPaths>,
) -> Vec<EntityView> {
    served
        .entities
        .iter()
        .filter(|entity| paths.contains_key(&entity.entity.name))
        .map(|entity| entity_view(definition, served, references, entity, paths))
        .collect()
}

fn entity_view(
    definition: &StackDefinition,
    all: &Served<'_>,
    references: &References<'_>,
    served: &ServedEntity<'_>,
    paths: &BTreeMap<String, EntityPaths>,
) -> EntityView {
    let (entity, language) = (served.entity, definition.language);
    let keys = keys(language, entity);
    let view = |field: &Field| field_view(definition, all, references, paths, entity, field, &keys);
    let fields: Vec<FieldView> = entity.fields.iter().map(view).collect();
    let with =
        |wanted: fn(&FieldView) -> bool| fields.iter().filter(|field| wanted(field)).cloned().collect::<Vec<_>>();
    let linked = with(|field| field.target.is_some());
    let filters: Vec<FieldView> = served.filters.iter().map(|field| view(field)).collect();
    let lookups: BTreeSet<LookupView> =
        linked.iter().filter(|field| !field.to_itself).filter_map(|field| field.target.clone()).collect();
    let ids = |stories: &[&StoryId]| stories.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, name) in entity.fields.iter().flat_map(|field| python_imports(&field.kind)) {
        imports.entry((*module).to_owned()).or_default().insert((*name).to_owned());
    }
    let changes = !served.update.is_empty() || !served.transitions.is_empty();
    EntityView {
        name: entity.name.clone(),
        words: words(&entity.name),
        with_article: with_article(&entity.name),
        plural: entity.plural.clone(),
        plural_words: words(&entity.plural),
        pascal: pascal(&entity.name),
        camel: camel(&entity.name),
        plural_pascal: pascal(&entity.plural),
        plural_camel: camel(&entity.plural),
        plural_kebab: kebab(&entity.plural),
        record: type_name(&entity.name),
        required: with(|field| field.required),
        unique: with(|field| field.unique),
        page: EntityOnPages::of(&entity.name, &fields, &filters),
        filters,
        references: linked,
        lookups: lookups.into_iter().collect(),
        transitions: transitions(language, &served.transitions, &keys),
        operations: Operations {
            create: ids(&served.create),
            view: ids(&served.view),
            list: ids(&served.list),
            update: ids(&served.update),
            delete: ids(&served.delete),
        },
        name_key: naming_field(&fields).map(|field| field.key.clone()),
        columns: columns(&fields),
        is_referred_to: all.entities.iter().any(|other| {
            other.entity.fields.iter().any(|field| {
                matches!(&field.kind, FieldKind::Reference { entity: target } if *target == entity.name)
                    && references.is_checked(other.entity, field)
            })
        }),
        changes,
        is_drawn: false,
        create_fixture: language.create_fixture(&entity.name),
        body_fixture: language.body_fixture(&entity.name),
        paths: paths.get(&entity.name).cloned().unwrap_or_default(),
        imports,
        has_aliases: fields.iter().any(|field| field.key != field.attribute),
        plural_attribute: python_identifier(&entity.plural),
        all_stories: served.stories.iter().map(|id| (*id).clone()).collect(),
        example: example(&fields),
        fields,
    }
}

/// What fits into a row: of the short fields, those with listed values, then those every record has, then others; all in
/// the order of the plan.
fn columns(fields: &[FieldView]) -> Vec<FieldView> {
    const MOST: usize = 5;
    const LONG: u32 = 200;
    let name = naming_field(fields).map(|field| field.key.as_str());
    let mut short: Vec<(usize, &FieldView)> = fields
        .iter()
        .filter(|field| Some(field.key.as_str()) != name && field.longest.is_none_or(|length| length <= LONG))
        .enumerate()
        .collect();
    short.sort_by_key(|(_, field)| (field.values.is_empty(), !field.required));
    short.truncate(MOST);
    short.sort_by_key(|(position, _)| *position);
    short.into_iter().map(|(_, field)| field.clone()).collect()
}

/// A required text first, then whatever else people call a record by.
fn naming_field(fields: &[FieldView]) -> Option<&FieldView> {
    let of = |kind: &str, required: bool| fields.iter().find(|field| field.kind == kind && field.required == required);
    of("text", true).or_else(|| of("email", true)).or_else(|| of("phone", true)).or_else(|| of("text", false))
}

/// The names of the fields in JSON, by their names in the plan.
///
/// Camel case on Node; where two names would become one, the later keeps its own.
pub(super) fn keys(language: Language, entity: &Entity) -> BTreeMap<String, String> {
    let mut taken = BTreeSet::from(["id".to_owned()]);
    let mut keys = BTreeMap::new();
    for field in &entity.fields {
        let key = match language {
            Language::Python => field.name.clone(),
            Language::TypeScript => {
                let key = property(&field.name);
                if taken.contains(&key) { field.name.clone() } else { key }
            }
        };
        taken.insert(key.clone());
        keys.insert(field.name.clone(), key);
    }
    keys
}

fn field_view(
    definition: &StackDefinition,
    all: &Served<'_>,
    references: &References<'_>,
    paths: &BTreeMap<String, EntityPaths>,
    entity: &Entity,
    field: &Field,
    keys: &BTreeMap<String, String>,
) -> FieldView {
    let language = definition.language;
    let key = keys.get(&field.name).cloned().unwrap_or_else(|| field.name.clone());
    let attribute = match language {
        Language::TypeScript => key.clone(),
        Language::Python => python_attribute(&field.name),
    };
    let parameter = match key.as_str() {
        "page" | "limit" => match language {
            Language::TypeScript => format!("{key}Equals"),
            Language::Python => format!("{key}_equals"),
        },
        _ => key.clone(),
    };
    let target = match &field.kind {
        FieldKind::Reference { entity: target } if references.is_checked(entity, field) => {
            all.entity(target).map(|target| lookup(definition.language, paths, target.entity))
        }
        _ => None,
    };
    let is_made = references.is_made(entity, field);
    let Schema { head, args, tail } = schema(definition, field, target.is_some());
    let null = match language {
        Language::TypeScript => "null",
        Language::Python => "None",
    };
    let fixture = if target.is_some() && !is_made {
        null.to_owned()
    } else if field.unique {
        distinct(language, field)
    } else {
        sample(language, field, 0).unwrap_or_else(|| null.to_owned())
    };
    FieldView {
        name: field.name.clone(),
        attribute,
        parameter_attribute: match language {
            Language::TypeScript => parameter.clone(),
            Language::Python => python_attribute(&parameter),
        },
        parameter,
        words: words(&field.name),
        pascal: pascal(&field.name),
        in_words: in_words(&field.kind),
        head,
        args,
        tail,
        alias: alias(entity, field),
        required: field.required,
        unique: field.unique,
        kind: kind(&field.kind),
        values: match &field.kind {
            FieldKind::Enumeration { values } => values.clone(),
            _ => Vec::new(),
        },
        longest: match &field.kind {
            FieldKind::Text { max, .. } => Some(*max),
            _ => None,
        },
        to_itself: matches!(&field.kind, FieldKind::Reference { entity: target } if *target == entity.name),
        made_by: target.as_ref().filter(|_| is_made).map(|target| target.create_fixture.clone()),
        page: FieldOnPage::of(field, &key, target.is_some()),
        drawn: drawn(language, definition.surface, field),
        target,
        fixture,
        sample_value: sample(Language::TypeScript, field, 0)
            .and_then(|literal| serde_json::from_str(&literal).ok())
            .unwrap_or_default(),
        key,
    }
}

/// `BookingTitle`; a name that is taken by pydantic (`BaseModel` of `base.model`) gets `Value` appended.
fn alias(entity: &Entity, field: &Field) -> String {
    let name = format!("{}_{}", entity.name, field.name);
    let alias = type_name(&name);
    if alias == pascal(&name) { alias } else { format!("{}Value", pascal(&name)) }
}

fn lookup(language: Language, paths: &BTreeMap<String, EntityPaths>, entity: &Entity) -> LookupView {
    let model = paths.get(&entity.name).and_then(|paths| paths.get("model"));
    LookupView {
        name: entity.name.clone(),
        pascal: pascal(&entity.name),
        camel: camel(&entity.name),
        plural_camel: camel(&entity.plural),
        record: type_name(&entity.name),
        model: model.map(ToString::to_string).unwrap_or_default(),
        words: words(&entity.name),
        with_article: with_article(&entity.name),
        plural_words: words(&entity.plural),
        create_fixture: language.create_fixture(&entity.name),
        in_python: format!(
            "{name}_exists=lambda record_id: {name}_repository.find(record_id) is not None",
            name = entity.name
        ),
    }
}

/// A body a reader can try: required fields with valid values, ids to be filled in.
fn example(fields: &[FieldView]) -> String {
    let mut body = serde_json::Map::new();
    for field in fields.iter().filter(|field| field.required) {
        let value = if field.target.is_some() { serde_json::json!("ID") } else { field.sample_value.clone() };
        body.insert(field.key.clone(), value);
    }
    serde_json::Value::Object(body).to_string()
}

const fn kind(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Text { .. } => "text",
        FieldKind::Integer { .. } => "integer",
        FieldKind::Decimal { .. } => "decimal",
        FieldKind::Boolean => "boolean",
        FieldKind::Date => "date",
        FieldKind::DateTime => "date_time",
        FieldKind::Time => "time",
        FieldKind::Email => "email",
        FieldKind::Phone => "phone",
        FieldKind::Enumeration { .. } => "enumeration",
        FieldKind::Reference { .. } => "reference",
    }
}

fn transitions(
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
                camel: camel(&slug.replace('-', "_")),
                label: format!("Mark as {}", one_line(transition.to).replace('_', " ")),
                button: capital(&slug.replace('-', " ")),
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
