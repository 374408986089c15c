//! What nothing uses: files that no entry point reaches, packages that nobody imports.

use super::super::findings::{Findings, Report};
use super::super::language::View;
use super::super::tree::{FileId, ancestors};
use super::Python;
use super::packages::{self, Wanted};
use super::resolve::Resolved;
use super::role::{Role, role};
use crate::domain::{Rule, Severity};
use foldhash::HashSet;
use std::collections::BTreeSet;

/// Reports unused files and packages.
pub(super) fn check(view: &View<'_, Python>, imported: &[Wanted], out: &mut Findings<'_>) {
    let reached = reach(view);
    for (file, module) in view.modules {
        let Some(path) = view.shared.tree.path(*file) else { continue };
        if !reached.contains(file) && role(module) != Role::Material {
            let message = "nothing imports the file, and nothing tells that it is an entry point";
            out.push(Report::new(Rule::OrphanFile, path, message));
        }
    }
    distributions(view, imported, out);
}

/// Everything that entry points lead to.
fn reach(view: &View<'_, Python>) -> HashSet<FileId> {
    // Material may be run as well.
    let is_entry = |file: &&FileId| view.module(**file).is_some_and(|module| role(module) != Role::Inner);
    let mut open: Vec<FileId> = view.modules.keys().filter(is_entry).copied().collect();
    let mut reached: HashSet<FileId> = open.iter().copied().collect();
    let mut folders: BTreeSet<&str> = BTreeSet::new();
    loop {
        let loaded_before = folders.len();
        while let Some(file) = open.pop() {
            let Some(module) = view.module(file) else { continue };
            if module.summary.loads_by_name {
                folders.extend(view.shared.tree.path(file).map(|path| path.parent()));
            }
            let mentioned = module.links.resolved.iter().filter_map(|resolved| match resolved {
                Resolved::Mentioned(file) => Some(*file),
                Resolved::Module { file, .. } => *file,
                _ => None,
            });
            let next: Vec<FileId> = mentioned
                .chain(module.links.edges.iter().map(|edge| edge.to))
                .filter(|to| reached.insert(*to))
                .collect();
            open.extend(next);
        }
        if folders.len() == loaded_before {
            return reached;
        }
        for file in view.modules.keys() {
            let inside = view
                .shared
                .tree
                .path(*file)
                .is_some_and(|path| ancestors(path.parent()).any(|above| folders.contains(above)));
            if inside && reached.insert(*file) {
                open.push(*file);
            }
        }
    }
}

fn distributions(view: &View<'_, Python>, imported: &[Wanted], out: &mut Findings<'_>) {
    let environment = view.environment;
    for (path, manifest) in &environment.manifests {
        for (name, declared) in manifest.declared.iter().filter(|(_, declared)| declared.is_main) {
            let used = packages::is_run_by_name(name)
                || manifest.own.as_ref() == Some(&declared.distribution)
                || imported.iter().any(|wanted| wanted.may_be_of(&declared.distribution));
            if used {
                continue;
            }
            // Plugins are loaded without being imported; what is well known is imported where it is used.
            let known = packages::distributions(name).is_some_and(|brings| brings.contains(&name.as_str()));
            let severity = if known { Severity::Warning } else { Severity::Info };
            let message = format!("{} is declared, but nothing imports it", declared.name);
            let report = Report::new(Rule::UnusedDependency, path, message).severity(severity);
            out.push(report.at(declared.span));
        }
    }
}
