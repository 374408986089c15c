//! What the generated Python files import: sorted and laid out as the linter and the formatter want it.

use super::fixtures::Fixtures;
use super::paths::module;
use super::properties::Property;
use super::templates::lay;
use super::view::EntityView;
use crate::stacks::Language;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The import lines of an entity's Python files.
#[derive(Debug, Serialize)]
pub(super) struct PythonImports {
    standard: Vec<String>,
    pydantic: String,
    of_repository: Vec<String>,
    of_route: Vec<String>,
    /// The parameters of the in-memory repository.
    init_arguments: Vec<String>,
}

impl PythonImports {
    pub(super) fn of(entity: &EntityView) -> Self {
        let operations = &entity.operations;
        let mut pydantic: BTreeSet<String> = BTreeSet::from(["BaseModel".to_owned(), "ConfigDict".to_owned()]);
        pydantic.extend(entity.imports.get("pydantic").into_iter().flatten().cloned());
        if entity.has_aliases || entity.filters.iter().any(|field| field.parameter != field.parameter_attribute) {
            pydantic.insert("Field".to_owned());
        }
        if !operations.update.is_empty() && entity.fields.iter().any(|field| field.required) {
            pydantic.insert("field_validator".to_owned());
        }
        let standard = entity.imports.iter().filter(|(module, _)| *module != "pydantic");
        let standard = standard.map(|(module, names)| import(module, names.iter().cloned())).collect();
        let model = module(entity.path_of("model"));
        let (record, query) = (entity.record.clone(), format!("List{}Query", entity.plural_pascal));
        let create = format!("Create{}", entity.pascal);
        let lists = !operations.list.is_empty();
        let listed = |name: &str| lists.then(|| name.to_owned());
        let mut of_repository = BTreeMap::new();
        let refused = [
            (!entity.referrers.is_empty(), "StillReferredTo"),
            (!entity.unique.is_empty(), "UniqueViolation"),
            (!entity.references.is_empty(), "UnknownReference"),
        ];
        let refused: Vec<String> =
            refused.into_iter().filter(|(used, _)| *used).map(|(_, name)| name.to_owned()).collect();
        if !refused.is_empty() {
            of_repository.insert("app.errors".to_owned(), refused);
        }
        of_repository
            .insert(model.clone(), [record.clone(), create.clone()].into_iter().chain(listed(&query)).collect());
        let mut of_route = BTreeMap::new();
        let update = (!operations.update.is_empty()).then(|| format!("Update{}", entity.pascal));
        of_route.insert(model, [record, create].into_iter().chain(listed(&query)).chain(update).collect());
        if lists {
            let searches = entity.filters.iter().any(|field| field.searched);
            let contains = searches.then_some("contains");
            let names = ["Page", "page_of"].into_iter().chain(contains).map(str::to_owned).collect();
            of_repository.insert("app.paging".to_owned(), names);
            of_route.insert("app.paging".to_owned(), vec!["Page".to_owned()]);
        }
        let repository = module(entity.path_of("repository"));
        of_route.insert(repository, vec![format!("{}Repository", entity.pascal)]);
        let lines = |imports: BTreeMap<String, Vec<String>>| {
            imports.into_iter().map(|(module, names)| import(&module, names)).collect()
        };
        Self {
            standard,
            pydantic: import("pydantic", pydantic),
            of_repository: lines(of_repository),
            of_route: lines(of_route),
            init_arguments: init_arguments(entity),
        }
    }
}

/// `from module import names`, sorted as the linter sorts: classes before functions, each without regard to case.
fn import(module: &str, names: impl IntoIterator<Item = String>) -> String {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_by_key(|name| (name.starts_with(|c: char| c.is_ascii_lowercase()), name.to_lowercase()));
    lay(Language::Python, 0, &format!("from {module} import "), &names, "", Some("parentheses"))
}

fn init_arguments(entity: &EntityView) -> Vec<String> {
    let mut arguments = vec!["self".to_owned()];
    let lookups = entity.lookups.iter().map(|lookup| format!("{}_exists", lookup.name));
    let referrers = entity.referrers.iter().filter(|referrer| !referrer.is_same);
    let asked: Vec<String> = lookups.chain(referrers.map(|referrer| format!("{}_refer_to", referrer.plural))).collect();
    if !asked.is_empty() {
        arguments.push("*".to_owned());
        arguments.extend(asked.iter().map(|name| format!("{name}: Callable[[str], bool]")));
    }
    arguments.push("new_id: Callable[[], str] = random_id".to_owned());
    arguments
}

/// What a file of property tests imports.
#[derive(Debug, Serialize)]
pub(super) struct PropertyImports {
    standard: Vec<String>,
    third_party: Vec<String>,
    own: Vec<String>,
}

impl PropertyImports {
    pub(super) fn of(properties: &[Property]) -> Self {
        let any = |kinds: &[&str]| properties.iter().any(|property| kinds.contains(&property.kind));
        let mut third_party: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut own: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut add = |module: String, name: &str| {
            own.entry(module).or_default().insert(name.to_owned());
        };
        third_party.insert("hypothesis", vec!["given".to_owned()]);
        if any(&["transitioned"]) {
            third_party.insert("fastapi.testclient", vec!["TestClient".to_owned()]);
            add("app.main".to_owned(), "create_app");
            add("app.storage".to_owned(), "create_in_memory_repositories");
        }
        for property in properties {
            let entity = &property.entity;
            let (model, kind) = (module(entity.path_of("model")), property.kind);
            match kind {
                "unique" => add("app.errors".to_owned(), "UniqueViolation"),
                "reference" => add("app.errors".to_owned(), "UnknownReference"),
                "round_trip" => add(model.clone(), &entity.record),
                "changed" => add(model.clone(), &format!("Update{}", entity.pascal)),
                "ordered" | "filtered" => add(model.clone(), &format!("List{}Query", entity.plural_pascal)),
                _ => {}
            }
            add(model, &format!("Create{}", entity.pascal));
            if !matches!(kind, "range" | "required") {
                add(module(entity.path_of("repository")), &format!("InMemory{}Repository", entity.pascal));
            }
            if matches!(kind, "round_trip" | "filtered" | "changed" | "transitioned") {
                add("tests.strategies".to_owned(), "as_json");
            }
            add("tests.factories".to_owned(), "Body");
            property.uses.iter().for_each(|name| add("tests.strategies".to_owned(), name));
        }
        if property_assumes(properties)
            && let Some(names) = third_party.get_mut("hypothesis")
        {
            names.push("assume".to_owned());
        }
        let from = |(module, names): (&str, Vec<String>)| import(module, names);
        let pytest = any(&["unique", "reference"]).then(|| "import pytest".to_owned());
        Self {
            standard: any(&["transitioned"])
                .then(|| import("dataclasses", ["replace".to_owned()]))
                .into_iter()
                .collect(),
            third_party: pytest.into_iter().chain(third_party.into_iter().map(from)).collect(),
            own: own.iter().map(|(module, names)| import(module, names.iter().cloned())).collect(),
        }
    }
}

/// Whether a property holds only for records that differ in other fields.
fn property_assumes(properties: &[Property]) -> bool {
    let has_others = |property: &&Property| {
        let own = property.field.as_ref().map(|field| &field.key);
        property.entity.unique.iter().any(|other| Some(&other.key) != own)
    };
    properties.iter().filter(|property| property.kind == "unique").any(|property| has_others(&property))
}

/// What the factories import.
#[derive(Debug, Serialize)]
pub(super) struct FactoryImports {
    standard: Vec<String>,
    third_party: Vec<&'static str>,
}

impl FactoryImports {
    pub(super) fn of(views: &[&EntityView], fixtures: &Fixtures) -> Self {
        let third_party = [
            (!fixtures.made.is_empty(), "from fastapi.testclient import TestClient"),
            (fixtures.tells_refused_fields, "from httpx import Response"),
        ];
        let third_party = third_party.into_iter().filter_map(|(used, line)| used.then_some(line)).collect();
        Self { standard: standard_factory_imports(views), third_party }
    }
}

fn standard_factory_imports(views: &[&EntityView]) -> Vec<String> {
    let counted: Vec<&str> = views
        .iter()
        .flat_map(|entity| &entity.unique)
        .filter(|field| field.made_by.is_none())
        .map(|field| field.fixture.as_str())
        .collect();
    let uses = |word: &str| counted.iter().any(|fixture| fixture.contains(word));
    let mut imports = Vec::new();
    let dates = [("(date(", "date"), ("(datetime(", "datetime"), ("timedelta(", "timedelta")];
    let dates: Vec<String> =
        dates.into_iter().filter(|(word, _)| uses(word)).map(|(_, name)| name.to_owned()).collect();
    if !dates.is_empty() {
        imports.push(import("datetime", dates));
    }
    if !counted.is_empty() {
        imports.push(import("itertools", ["count".to_owned()]));
    }
    imports.push(import("typing", ["Any".to_owned()]));
    imports
}
