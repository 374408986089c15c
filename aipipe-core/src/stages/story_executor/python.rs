//! What the generated Python files import: sorted and laid out as the linter and the formatter want it.

use super::fixtures::Fixtures;
use super::paths::module;
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
        if !operations.update.is_empty() && !entity.required.is_empty() {
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
        let refused =
            [(!entity.unique.is_empty(), "UniqueViolation"), (!entity.references.is_empty(), "UnknownReference")];
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
            of_repository.insert("app.paging".to_owned(), vec!["Page".to_owned(), "page_of".to_owned()]);
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
    if !entity.lookups.is_empty() {
        arguments.push("*".to_owned());
        let lookups = entity.lookups.iter().map(|lookup| format!("{}_exists: Callable[[str], bool]", lookup.name));
        arguments.extend(lookups);
    }
    arguments.push("new_id: Callable[[], str] = random_id".to_owned());
    arguments
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
