//! What the templates see: the served part of the plan in the names and expressions of one language.

use super::drawn::{Drawn, drawn};
use super::pages::{EntityOnPages, FieldOnPage};
use super::paths::{EntityPaths, entity_paths};
use super::samples::{distinct, sample};
use super::schema::{Schema, in_words, python_imports, schema};
use super::served::{Holding, Links, Referring, ServedEntity};
use super::transitions::{TransitionView, transitions};
use crate::Result;
use crate::domain::{ArchitecturePlan, Entity, Field, FieldKind, RepoPath, StoryId};
use crate::stacks::naming::{
    camel, kebab, pascal, property, python_attribute, python_identifier, type_name, with_article, words,
};
use crate::stacks::{Condition, EntityNames, FileNames, Language, StackDefinition};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// An entity for the templates.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    /// What keeps its records from being removed, once somebody removes them.
    pub(super) referrers: Vec<ReferrerView>,
    /// The entities whose records it keeps from being removed.
    pub(super) holds: Vec<HeldView>,
    pub(super) transitions: Vec<TransitionView>,
    pub(super) operations: Operations,
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
    /// A body to show, as JSON.
    pub(super) example: String,
    pub(super) example_of_change: String,
    #[serde(flatten)]
    pub(super) page: EntityOnPages,
}

/// Which operations are served, each with its stories.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Operations {
    pub(super) create: Vec<String>,
    pub(super) view: Vec<String>,
    pub(super) list: Vec<String>,
    pub(super) update: Vec<String>,
    pub(super) delete: Vec<String>,
}

/// A field for the templates.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    /// The value a new record starts with, as a literal.
    pub(super) initial: Option<String>,
    /// The same as text.
    pub(super) initial_text: Option<String>,
    /// Whether a filter by it looks for a part of the text, in capitals or not; other filters want the whole value.
    pub(super) searched: bool,
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
    pub(super) kebab: String,
    pub(super) plural_kebab: String,
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

/// An entity whose records refer to those of another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ReferrerView {
    pub(super) name: String,
    pub(super) with_article: String,
    pub(super) plural_words: String,
    pub(super) plural_camel: String,
    /// The plural in Python.
    pub(super) plural: String,
    pub(super) create_fixture: String,
    /// Whether it is the same entity.
    pub(super) is_same: bool,
    /// The fields that refer, by their names in JSON.
    pub(super) keys: Vec<String>,
    /// That of these fields which test records have, if any has.
    pub(super) made_key: Option<String>,
}

/// An entity whose records can't be removed while others refer to them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct HeldView {
    pub(super) name: String,
    pub(super) pascal: String,
    pub(super) words: String,
    /// Whether it is the same entity.
    pub(super) is_same: bool,
    /// The fields that refer to it, by their names in JSON.
    pub(super) keys: Vec<String>,
    /// The same by their names in the code.
    pub(super) attributes: Vec<String>,
}

impl EntityView {
    /// The same with one story for each operation: whether it is served, and not by how many.
    ///
    /// What the tests of a story see of an entity, so that they stay as they are while further stories ask for the same.
    pub(super) fn narrowed(&self) -> Self {
        let mut narrow = self.clone();
        let Operations { create, view, list, update, delete } = &mut narrow.operations;
        for stories in [create, view, list, update, delete] {
            stories.truncate(1);
        }
        for transition in &mut narrow.transitions {
            transition.stories.truncate(1);
        }
        narrow
    }

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
            Condition::Filters => !self.filters.is_empty(),
            Condition::Chooses => self.fields.iter().any(|field| field.page.input == "select"),
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

/// What views are made from besides what is served: the same in every state of a project.
#[derive(Debug)]
pub(super) struct Views<'a> {
    definition: &'static StackDefinition,
    entities: BTreeMap<&'a str, &'a Entity>,
    paths: BTreeMap<String, EntityPaths>,
}

impl<'a> Views<'a> {
    /// # Errors
    /// `InvalidInput` when a component of the plan has a file that can't be its own.
    pub(super) fn of(plan: &'a ArchitecturePlan, definition: &'static StackDefinition) -> Result<Self> {
        let entities = plan.entities.iter().map(|entity| (entity.name.as_str(), entity)).collect();
        Ok(Self { definition, entities, paths: entity_paths(plan, definition)? })
    }

    /// The view of a served entity; it depends on nothing but the arguments.
    pub(super) fn view(&self, served: &ServedEntity<'_>, links: &Links<'_>) -> EntityView {
        let (entity, language) = (served.entity, self.definition.language);
        let keys = keys(language, entity);
        let view = |field: &Field| self.field_view(entity, field, &keys, links);
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
            required: with(|field| field.required && field.initial.is_none()),
            unique: with(|field| field.unique),
            page: EntityOnPages::of(&entity.name, &fields, &filters),
            filters,
            referrers: links.referrers.iter().map(|referrer| referrer_view(language, entity, referrer)).collect(),
            holds: links.holds.iter().filter_map(|held| self.held(entity, held, &linked)).collect(),
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
            changes: !served.update.is_empty() || !served.transitions.is_empty(),
            is_drawn: false,
            create_fixture: language.create_fixture(&entity.name),
            body_fixture: language.body_fixture(&entity.name),
            paths: self.paths.get(&entity.name).cloned().unwrap_or_default(),
            imports,
            has_aliases: fields.iter().any(|field| field.key != field.attribute),
            plural_attribute: python_identifier(&entity.plural),
            example: example(fields.iter().filter(|field| field.required)),
            // Of what can be changed the last field says most as a rule: names and references stay.
            example_of_change: example(
                fields.iter().rfind(|field| field.target.is_none()).or(fields.last()).into_iter(),
            ),
            fields,
        }
    }

    /// What `held` is called, and the fields of `entity` among `linked` that refer to it.
    fn held(&self, entity: &Entity, held: &Holding<'_>, linked: &[FieldView]) -> Option<HeldView> {
        let name = self.entities.get(held.entity)?.name.as_str();
        let refers: Vec<&FieldView> =
            linked.iter().filter(|field| held.fields.contains(&field.name.as_str())).collect();
        (!refers.is_empty()).then(|| HeldView {
            name: name.to_owned(),
            pascal: pascal(name),
            words: words(name),
            is_same: name == entity.name,
            keys: refers.iter().map(|field| field.key.clone()).collect(),
            attributes: refers.iter().map(|field| field.attribute.clone()).collect(),
        })
    }

    fn lookup(&self, entity: &str) -> Option<LookupView> {
        let entity = self.entities.get(entity)?;
        let model = self.paths.get(&entity.name).and_then(|paths| paths.get("model"));
        Some(LookupView {
            name: entity.name.clone(),
            pascal: pascal(&entity.name),
            camel: camel(&entity.name),
            plural_camel: camel(&entity.plural),
            kebab: kebab(&entity.name),
            plural_kebab: kebab(&entity.plural),
            record: type_name(&entity.name),
            model: model.map(ToString::to_string).unwrap_or_default(),
            words: words(&entity.name),
            with_article: with_article(&entity.name),
            plural_words: words(&entity.plural),
            create_fixture: self.definition.language.create_fixture(&entity.name),
            in_python: format!(
                "{name}_exists=lambda record_id: {name}_repository.find(record_id) is not None",
                name = entity.name
            ),
        })
    }

    fn field_view(
        &self,
        entity: &Entity,
        field: &Field,
        keys: &BTreeMap<String, String>,
        links: &Links<'_>,
    ) -> FieldView {
        let language = self.definition.language;
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
            FieldKind::Reference { entity: target } if links.is_checked(field) => self.lookup(target),
            _ => None,
        };
        let is_made = links.is_made(field);
        let Schema { head, args, tail } = schema(self.definition, field, target.is_some());
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
            initial: field.initial.as_deref().map(|initial| language.text(initial)),
            initial_text: field.initial.clone(),
            searched: is_searched(&field.kind),
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
            drawn: drawn(language, self.definition.surface, field),
            target,
            fixture,
            sample_value: sample(Language::TypeScript, field, 0)
                .and_then(|literal| serde_json::from_str(&literal).ok())
                .unwrap_or_default(),
            key,
        }
    }
}

/// An entity whose records refer to those of `entity`.
fn referrer_view(language: Language, entity: &Entity, referrer: &Referring<'_>) -> ReferrerView {
    let other = referrer.entity;
    let keys = keys(language, other);
    let key = |field: &str| keys.get(field).cloned().unwrap_or_default();
    ReferrerView {
        name: other.name.clone(),
        with_article: with_article(&other.name),
        plural_words: words(&other.plural),
        plural_camel: camel(&other.plural),
        plural: other.plural.clone(),
        create_fixture: language.create_fixture(&other.name),
        is_same: other.name == entity.name,
        keys: referrer.fields.iter().map(|field| key(field)).collect(),
        made_key: referrer.made.map(key),
    }
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

/// Whether people look for a part of such values.
pub(super) const fn is_searched(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::Text { .. } | FieldKind::Email | FieldKind::Phone)
}

/// `BookingTitle`; a name that is taken by pydantic (`BaseModel` of `base.model`) gets `Value` appended.
fn alias(entity: &Entity, field: &Field) -> String {
    let name = format!("{}_{}", entity.name, field.name);
    let alias = type_name(&name);
    if alias == pascal(&name) { alias } else { format!("{}Value", pascal(&name)) }
}

/// A body a reader can try: fields with valid values, ids to be filled in.
fn example<'f>(fields: impl Iterator<Item = &'f FieldView>) -> String {
    let mut body = serde_json::Map::new();
    for field in fields {
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
