//! Where the files of an entity lie, and how one file names another.

use super::language::Language;
use super::naming::{file_stem, is_python_keyword};
use crate::domain::{ArchitecturePlan, ComponentKind, Entity, RepoPath, Stack};
use crate::{Error, ErrorKind, Result};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The three files of an entity.
#[derive(Debug, Clone, Serialize)]
pub(super) struct EntityPaths {
    pub(super) model: RepoPath,
    pub(super) repository: RepoPath,
    pub(super) route: RepoPath,
}

/// The files of all entities of the plan, by entity: where its components say, or in the stack's usual place.
///
/// # Errors
/// `InvalidInput` for a component outside the source folder or two components in one file.
pub(super) fn entity_paths(plan: &ArchitecturePlan, language: Language) -> Result<BTreeMap<String, EntityPaths>> {
    let mut taken = BTreeSet::new();
    let mut paths = BTreeMap::new();
    for entity in &plan.entities {
        let mut path = |kind, folder, name: &str| {
            let path = place(plan, language, entity, kind, folder, name)?;
            if taken.insert(path.as_str().to_ascii_lowercase()) {
                Ok(path)
            } else {
                Err(refuse("two components have the same file", entity, &path))
            }
        };
        let of_entity = EntityPaths {
            model: path(ComponentKind::Model, "models", &entity.name)?,
            repository: path(ComponentKind::Repository, "repositories", &entity.name)?,
            route: path(ComponentKind::Route, route_folder(language), &entity.plural)?,
        };
        paths.insert(entity.name.clone(), of_entity);
    }
    Ok(paths)
}

const fn route_folder(language: Language) -> &'static str {
    match language {
        Language::TypeScript => "routes",
        Language::Python => "api",
    }
}

fn place(
    plan: &ArchitecturePlan,
    language: Language,
    entity: &Entity,
    kind: ComponentKind,
    folder: &str,
    name: &str,
) -> Result<RepoPath> {
    let (root, extension, stack) = match language {
        Language::TypeScript => ("src", ".ts", Stack::NodeApi),
        Language::Python => ("app", ".py", Stack::PythonApi),
    };
    let planned = plan
        .components
        .iter()
        .find(|component| component.kind == kind && component.entity.as_deref() == Some(&entity.name))
        .map(|component| component.path.clone());
    let Some(path) = planned else {
        return Ok(RepoPath::parse(format!("{root}/{folder}/{}{extension}", file_stem(stack, name)))?);
    };
    let stem = path
        .as_str()
        .strip_suffix(extension)
        .ok_or_else(|| refuse("a component has another extension", entity, &path))?;
    let mut parts = stem.split('/');
    if parts.next() != Some(root) || stem.split('/').count() < 3 {
        return Err(refuse("a component lies outside the folders of the source", entity, &path));
    }
    let plain = |part: &str| part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let importable = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    match language {
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

fn refuse(message: &str, entity: &Entity, path: &RepoPath) -> Error {
    Error::new(ErrorKind::InvalidInput, "story-executor.paths", message)
        .with("entity", entity.name.escape_debug())
        .with("path", path)
}

/// How the TypeScript file `from` imports the file `to`: relative, ending in `.js` as Node resolves it.
pub(super) fn relative_import(from: &str, to: &str) -> String {
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
    import.push_str(file.strip_suffix(".ts").unwrap_or(file));
    import.push_str(".js");
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
        assert_eq!(relative_import("src/routes/bookings.ts", "src/models/booking.ts"), "../models/booking.js");
        assert_eq!(relative_import("src/app.ts", "src/problem.ts"), "./problem.js");
        assert_eq!(relative_import("tests/stories/a.test.ts", "src/app.ts"), "../../src/app.js");
        assert_eq!(module("app/api/bookings.py"), "app.api.bookings");
    }
}
