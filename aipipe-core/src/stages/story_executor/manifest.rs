//! The project as its manifest and README name it, with the plan's exact dependencies.

use super::language::Language;
use super::view::EntityView;
use crate::domain::ArchitecturePlan;
use crate::{Error, ErrorKind, Result};
use serde::Serialize;

/// What the templates import: a plan without one of these can't be built.
const NODE_NEEDS: &[&str] = &[
    "express",
    "helmet",
    "zod",
    "@eslint/js",
    "@types/express",
    "@types/node",
    "@types/supertest",
    "@vitest/coverage-v8",
    "eslint",
    "globals",
    "supertest",
    "tsx",
    "typescript",
    "typescript-eslint",
    "vitest",
];
const PYTHON_NEEDS: &[&str] = &["fastapi", "uvicorn", "httpx", "mypy", "pytest", "pytest-cov", "ruff", "bandit"];

/// The project for the templates.
#[derive(Serialize)]
pub(super) struct ProjectView<'a> {
    name: &'a str,
    description: String,
    /// The oldest version the product supports.
    runtime_version: String,
    dependencies: Vec<DependencyView<'a>>,
    development_dependencies: Vec<DependencyView<'a>>,
}

#[derive(Serialize)]
struct DependencyView<'a> {
    name: &'a str,
    version: &'a str,
}

/// The project for the templates, if the plan's dependencies are what they need.
pub(super) fn project_view<'a>(
    language: Language,
    plan: &'a ArchitecturePlan,
    views: &[EntityView],
) -> Result<ProjectView<'a>> {
    let needs = match language {
        Language::TypeScript => NODE_NEEDS,
        Language::Python => PYTHON_NEEDS,
    };
    for need in needs {
        if !plan.build.dependencies.iter().any(|dependency| dependency.name == *need) {
            return Err(refuse("the plan lacks a dependency the templates use", "dependency", need));
        }
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '@' | '/' | '.' | '_' | '-' | '+' | '!');
    for dependency in &plan.build.dependencies {
        for text in [&dependency.name, &dependency.version] {
            if text.is_empty() || !text.chars().all(allowed) {
                return Err(refuse("a dependency of the plan has no plain name and version", "dependency", text));
            }
        }
    }
    let of_kind = |development| {
        let mut dependencies: Vec<DependencyView<'_>> = plan
            .build
            .dependencies
            .iter()
            .filter(|dependency| dependency.development == development)
            .map(|dependency| DependencyView { name: &dependency.name, version: &dependency.version })
            .collect();
        dependencies.sort_by_key(|dependency| dependency.name);
        dependencies
    };
    let plurals: Vec<&str> = views.iter().map(|entity| entity.plural_words.as_str()).collect();
    let description = match plurals.split_last() {
        None => "An HTTP API.".to_owned(),
        Some((last, [])) => format!("An HTTP API for {last}."),
        Some((last, rest)) => format!("An HTTP API for {} and {last}.", rest.join(", ")),
    };
    Ok(ProjectView {
        name: plan.root.project().as_str(),
        description,
        runtime_version: plan.build.oldest_runtime_version.to_string(),
        dependencies: of_kind(false),
        development_dependencies: of_kind(true),
    })
}

fn refuse(message: &str, name: &'static str, value: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, "story-executor.check-plan", message).with(name, value.escape_debug())
}
