//! The project as its manifest and README name it, with the plan's exact dependencies.

use super::view::EntityView;
use crate::domain::ArchitecturePlan;
use crate::stacks::{StackDefinition, capital};
use crate::{Error, ErrorKind, Result};
use serde::Serialize;

/// The project for the templates.
#[derive(Serialize)]
pub(super) struct ProjectView<'a> {
    name: &'a str,
    /// The name for people: `Harbour bikes`.
    title: String,
    description: String,
    /// The oldest version the product supports.
    runtime_version: String,
    dependencies: Vec<DependencyView<'a>>,
    development_dependencies: Vec<DependencyView<'a>>,
    /// What the dependencies bring along and has to be held.
    overrides: Vec<DependencyView<'a>>,
}

#[derive(Serialize)]
struct DependencyView<'a> {
    name: &'a str,
    version: &'a str,
}

/// The project for the templates, if the plan's dependencies are what they need.
pub(super) fn project_view<'a>(
    definition: &StackDefinition,
    plan: &'a ArchitecturePlan,
    views: &[&EntityView],
) -> Result<ProjectView<'a>> {
    // The templates use every package of the stack: a plan without one of them can't be built.
    for need in definition.pinned() {
        if !plan.build.dependencies.iter().any(|dependency| dependency.name == need.name) {
            return Err(refuse("the plan lacks a dependency the templates use", "dependency", &need.name));
        }
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '@' | '/' | '.' | '_' | '-' | '+' | '!');
    let pinned = plan.build.dependencies.iter().map(|dependency| (&dependency.name, &dependency.version));
    for (name, version) in pinned.chain(&plan.build.overrides) {
        for text in [name, version] {
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
    let product = &definition.product;
    let description = match plurals.split_last() {
        None => format!("{product}."),
        Some((last, [])) => format!("{product} for {last}."),
        Some((last, rest)) => format!("{product} for {} and {last}.", rest.join(", ")),
    };
    Ok(ProjectView {
        name: plan.root.project().as_str(),
        title: capital(&plan.root.project().as_str().replace('-', " ")),
        description,
        runtime_version: plan.build.oldest_runtime_version.to_string(),
        dependencies: of_kind(false),
        development_dependencies: of_kind(true),
        overrides: plan.build.overrides.iter().map(|(name, version)| DependencyView { name, version }).collect(),
    })
}

fn refuse(message: &str, name: &'static str, value: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, "story-executor.check-plan", message).with(name, value.escape_debug())
}
