//! What the plan promised: components where it says, exporting what it says; layers that keep to themselves; every
//! story's files.

use super::findings::{Findings, Report};
use super::language::{Language, LoadTime, Shared, View};
use super::options::LayerRule;
use crate::domain::{RepoPath, Rule};

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
    if !facts.layers.is_empty() {
        layers(view, &facts.layers, out);
    }
}

fn layers<L: Language>(view: &View<'_, L>, layers: &[LayerRule], out: &mut Findings<'_>) {
    for (_, path, module) in view.in_order() {
        let Some(layer) = layer_of(layers, path) else { continue };
        for edge in module.links.edges.iter().filter(|edge| edge.when != LoadTime::Never) {
            let Some(target) = view.shared.tree.path(edge.to) else { continue };
            let Some(other) = layer_of(layers, target).filter(|other| other.folder != layer.folder) else { continue };
            if !layer.may_import.contains(&other.folder) {
                let message = format!("{} must not import from {}, where {target} lies", layer.folder, other.folder);
                out.push(Report::new(Rule::LayerViolation, path, message).at(edge.span));
            }
        }
    }
}

/// The innermost layer a file lies in.
fn layer_of<'l>(layers: &'l [LayerRule], path: &RepoPath) -> Option<&'l LayerRule> {
    let inside = |layer: &&LayerRule| {
        path.as_str().strip_prefix(layer.folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    layers.iter().filter(inside).max_by_key(|layer| layer.folder.as_str().len())
}
