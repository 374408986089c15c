//! What the plan promised: components where it says, exporting what it says; layers and kinds that keep to themselves; every
//! story's files.

use super::findings::{Findings, Report};
use super::language::{Language, LoadTime, Shared, View};
use super::options::{ArchitectureFacts, LayerRule};
use crate::domain::{ComponentKind, RepoPath, Rule};

/// Reports components and story files that are not there.
pub(super) fn check_presence(shared: &Shared, out: &mut Findings<'_>) {
    let facts = &shared.options.architecture;
    for path in facts.components.keys().filter(|path| shared.tree.file(path.as_str()).is_none()) {
        out.push(Report::new(Rule::MissingComponent, path, "the plan has a component here, but there is no such file"));
    }
    for (story, files) in &facts.story_files {
        for path in files.iter().filter(|path| shared.tree.file(path.as_str()).is_none()) {
            let message = format!("story {story} is to bring this file, but it is not there");
            out.push(Report::new(Rule::MissingStoryFile, path, message));
        }
    }
}

/// Reports components that do not export what was promised, and imports that layers must not have.
pub(super) fn check_modules<L: Language>(view: &View<'_, L>, out: &mut Findings<'_>) {
    let facts = &view.shared.options.architecture;
    for (path, promised) in &facts.components {
        let Some(file) = view.shared.tree.file(path.as_str()).filter(|file| view.module(*file).is_some()) else {
            continue;
        };
        let exports = L::exports(file, view);
        for name in promised.iter().filter(|name| !exports.open && !exports.names.contains(*name)) {
            let message = format!("the plan promises the export {name}, but the file has none of that name");
            out.push(Report::new(Rule::MissingComponentExport, path, message));
        }
    }
    if !facts.kinds.is_empty() || !facts.layers.is_empty() {
        imports(view, facts, out);
    }
}

/// Reports imports of a layer or a kind that the importing file must know nothing of.
fn imports<L: Language>(view: &View<'_, L>, facts: &ArchitectureFacts, out: &mut Findings<'_>) {
    for (file, module) in view.modules {
        let Some(path) = view.shared.tree.path(*file) else { continue };
        let layer = layer_of(&facts.layers, path);
        let kind = facts.kinds.get(path).copied();
        if layer.is_none() && kind.is_none() {
            continue;
        }
        for edge in module.links.edges.iter().filter(|edge| edge.when != LoadTime::Never) {
            let Some(target) = view.shared.tree.path(edge.to) else { continue };
            let message = match (layer, layer_of(&facts.layers, target), kind, facts.kinds.get(target)) {
                (Some(own), Some(other), ..) if !own.may_import(other) => {
                    format!("{} must not import from {}, where {target} lies", own.folder, other.folder)
                }
                (.., Some(own), Some(other)) if is_above(*other, own) => {
                    format!("a {} must not import {target}, which is a {}", word(own), word(*other))
                }
                _ => continue,
            };
            out.push(Report::new(Rule::LayerViolation, path, message).at(edge.span));
        }
    }
}

/// Whether components of a kind build upon those of another one, so that the lower one must not know of them.
pub(super) fn is_above(kind: ComponentKind, other: ComponentKind) -> bool {
    height(kind) > height(other)
}

fn height(kind: ComponentKind) -> u8 {
    match kind {
        ComponentKind::Model => 0,
        ComponentKind::Repository | ComponentKind::Client => 1,
        ComponentKind::Route | ComponentKind::Widget => 2,
        ComponentKind::View => 3,
        ComponentKind::Application => 4,
    }
}

fn word(kind: ComponentKind) -> &'static str {
    match kind {
        ComponentKind::Model => "model",
        ComponentKind::Repository => "repository",
        ComponentKind::Route => "route",
        ComponentKind::Application => "application",
        ComponentKind::View => "view",
        ComponentKind::Widget => "widget",
        ComponentKind::Client => "client",
    }
}

/// The innermost layer a file lies in.
fn layer_of<'l>(layers: &'l [LayerRule], path: &RepoPath) -> Option<&'l LayerRule> {
    let inside = |layer: &&LayerRule| {
        path.as_str().strip_prefix(layer.folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    layers.iter().filter(inside).max_by_key(|layer| layer.folder.as_str().len())
}
