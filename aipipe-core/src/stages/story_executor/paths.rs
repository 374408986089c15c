//! Where the files of an entity lie, and how one file names another.

use crate::domain::{ArchitecturePlan, Component, Entity, RepoPath};
use crate::stacks::naming::is_python_keyword;
use crate::stacks::{ComponentRule, EntityNames, FileRule, Language, Scope, StackDefinition};
use crate::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, BTreeSet};

/// The files of one entity, by the role of their component.
pub(super) type EntityPaths = BTreeMap<String, RepoPath>;

/// The files of all entities of the plan, by entity: where its components say, or where the stack puts them.
///
/// # Errors
/// `InvalidInput` for a component outside the source folder or two components in one file.
pub(super) fn entity_paths(
    plan: &ArchitecturePlan,
    definition: &StackDefinition,
) -> Result<BTreeMap<String, EntityPaths>> {
    let mut taken = BTreeSet::new();
    let mut paths = BTreeMap::new();
    for entity in &plan.entities {
        let mut of_entity = EntityPaths::new();
        for (rule, component) in definition.components().filter(|(rule, _)| rule.scope == Scope::Entity) {
            let path = place(plan, definition, entity, rule, component)?;
            if !taken.insert(path.as_str().to_ascii_lowercase()) {
                return Err(refuse("two components have the same file", entity, &path));
            }
            of_entity.insert(component.role.clone(), path);
        }
        paths.insert(entity.name.clone(), of_entity);
    }
    Ok(paths)
}

/// The names of an entity as the stack writes them.
pub(super) fn names<'a>(definition: &StackDefinition, entity: &'a Entity) -> EntityNames<'a> {
    EntityNames { file_names: definition.layout.file_names, name: &entity.name, plural: &entity.plural }
}

fn place(
    plan: &ArchitecturePlan,
    definition: &StackDefinition,
    entity: &Entity,
    rule: &FileRule,
    component: &ComponentRule,
) -> Result<RepoPath> {
    let names = names(definition, entity);
    let usual = RepoPath::parse(rule.path.fill(|blank| names.fill(blank)))?;
    let Some(path) = planned(plan, definition, entity, component).map(|component| component.path.clone()) else {
        return Ok(usual);
    };
    let extension = usual.extension().map(|extension| format!(".{extension}")).unwrap_or_default();
    let stem = path
        .as_str()
        .strip_suffix(&extension)
        .ok_or_else(|| refuse("a component has another extension", entity, &path))?;
    let depth = |path: &RepoPath| path.components().count();
    if path.components().next() != usual.components().next() || depth(&path) < depth(&usual).min(3) {
        return Err(refuse("a component lies outside the folders of the source", entity, &path));
    }
    let plain = |part: &str| part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let importable = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    match definition.language {
        Language::TypeScript if stem.split('/').all(plain) => Ok(path),
        Language::Python if stem.split('/').all(importable) => {
            // `from app.models.class import …` is no Python: the file gets the name that can be imported.
            let parts: Vec<String> = stem
                .split('/')
                .map(|part| if is_python_keyword(part) { format!("{part}_") } else { part.to_owned() })
                .collect();
            Ok(RepoPath::parse(format!("{}{extension}", parts.join("/")))?)
        }
        _ => Err(refuse("a component's file can't be imported by that name", entity, &path)),
    }
}

/// The component of the plan that the rule is about: the only one of its kind, or the one that promises its export.
fn planned<'a>(
    plan: &'a ArchitecturePlan,
    definition: &StackDefinition,
    entity: &Entity,
    rule: &ComponentRule,
) -> Option<&'a Component> {
    let same_kind =
        definition.components().filter(|(file, other)| file.scope == Scope::Entity && other.kind == rule.kind);
    let is_only_one = same_kind.count() == 1;
    let names = names(definition, entity);
    let title = rule.title.fill(|blank| names.fill(blank));
    // Files of one component each may all promise a default export, which tells none from another.
    let export = rule.exports.first().map(|export| export.name.fill(|blank| names.fill(blank)));
    let export = export.filter(|export| export != "default");
    plan.components.iter().find(|component| {
        component.kind == rule.kind
            && component.entity.as_deref() == Some(&entity.name)
            && (is_only_one
                || component.title == title
                || export.as_ref().is_some_and(|export| component.exports.contains(export)))
    })
}

fn refuse(message: &str, entity: &Entity, path: &RepoPath) -> Error {
    Error::new(ErrorKind::InvalidInput, "story-executor.paths", message)
        .with("entity", entity.name.escape_debug())
        .with("path", path)
}

/// How the TypeScript file `from` imports the file `to`: relative, ending in `suffix` as whatever resolves it wants.
pub(super) fn relative_import(from: &str, to: &str, suffix: &str) -> String {
    let folders: Vec<&str> = from.split('/').collect();
    let folders = folders.split_last().map(|(_, folders)| folders).unwrap_or_default();
    let target: Vec<&str> = to.split('/').collect();
    let (file, target) = target.split_last().map(|(file, rest)| (*file, rest)).unwrap_or(("", &[]));
    let shared = folders.iter().zip(target).take_while(|(a, b)| a == b).count();
    let up = folders.len() - shared;
    let mut import = if up == 0 { "./".to_owned() } else { "../".repeat(up) };
    for folder in target.iter().skip(shared) {
        import.push_str(folder);
        import.push('/');
    }
    match file.strip_suffix(".tsx").or_else(|| file.strip_suffix(".ts")) {
        Some(stem) => import.extend([stem, suffix]),
        None => import.push_str(file),
    }
    import
}

/// How a Python file is imported: `app/models/booking.py` as `app.models.booking`.
pub(super) fn module(path: &str) -> String {
    path.strip_suffix(".py").unwrap_or(path).replace('/', ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_name_the_way_from_file_to_file() {
        assert_eq!(relative_import("src/routes/bookings.ts", "src/models/booking.ts", ".js"), "../models/booking.js");
        assert_eq!(relative_import("src/app.ts", "src/problem.ts", ".js"), "./problem.js");
        assert_eq!(relative_import("src/App.tsx", "src/pages/List.tsx", ""), "./pages/List");
        assert_eq!(relative_import("src/App.vue", "src/views/List.vue", ""), "./views/List.vue");
        assert_eq!(relative_import("tests/stories/a.test.ts", "src/app.ts", ".js"), "../../src/app.js");
        assert_eq!(module("app/api/bookings.py"), "app.api.bookings");
    }
}
