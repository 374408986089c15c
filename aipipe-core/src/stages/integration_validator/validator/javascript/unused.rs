//! What nothing uses: files that no entry point reaches, exports that nobody imports, packages that nobody asks for.

use super::super::findings::{Findings, Report};
use super::super::language::{Module, View};
use super::super::tree::{FileId, ancestors};
use super::JavaScript;
use super::environment::Kind;
use super::names::Uses;
use super::resolve::{self, Resolved};
use super::summary::{Form, Taken};
use crate::domain::{RepoPath, Rule, Severity};
use foldhash::HashSet;
use std::collections::BTreeSet;

/// Reports unused files, exports and packages.
pub(super) fn check(view: &View<'_, JavaScript>, out: &mut Findings<'_>) {
    let roots = roots(view);
    let reached = reach(view, &roots);
    let uses = uses(view, &roots, &reached);
    for (file, path, module) in view.in_order() {
        let summary = &module.summary;
        if summary.format.is_declaration || roots.contains(&file) && !is_stories(path) {
            continue;
        }
        if !reached.contains(&file) {
            let message = "nothing imports the file, and nothing tells that it is an entry point";
            out.push(Report::new(Rule::OrphanFile, path, message));
            continue;
        }
        if summary.format.assigns_exports || !summary.format.is_read {
            continue;
        }
        for export in &summary.exports {
            if uses.contains(file, &export.name) || (summary.format.is_vue && export.name == "default") {
                continue;
            }
            let (message, severity) = if export.used_here {
                (format!("{} is exported, but only its own file uses it", export.name), Severity::Info)
            } else {
                (format!("{} is exported, but nothing imports it", export.name), Severity::Warning)
            };
            out.push(Report::new(Rule::UnusedExport, path, message).severity(severity).at(export.span));
        }
    }
    imports(view, out);
    packages(view, out);
}

/// Files that are reached from outside.
fn roots(view: &View<'_, JavaScript>) -> HashSet<FileId> {
    let is_root = |file: &FileId, module: &Module<JavaScript>| {
        let format = module.summary.format;
        // Pages load scripts that are no modules.
        let is_script = !format.is_module && !format.assigns_exports && !format.is_typescript && !format.is_vue;
        let options = &view.shared.options;
        let named = || view.shared.tree.path(*file).is_some_and(|path| options.entry_points.contains(path));
        module.links.resolved.last() == Some(&Resolved::Entry) || is_script || named()
    };
    let modules = view.modules.iter();
    modules.filter(|(file, module)| is_root(file, module)).map(|(file, _)| *file).collect()
}

/// Whether Storybook shows what the file exports.
fn is_stories(path: &RepoPath) -> bool {
    path.file_name().contains(".stories.")
}

/// Whether an export of such a file is called like a story, or like what describes them.
fn is_story(name: &str) -> bool {
    name == "default" || !name.starts_with(char::is_lowercase)
}

/// Everything that the roots lead to.
fn reach(view: &View<'_, JavaScript>, roots: &HashSet<FileId>) -> HashSet<FileId> {
    let mut reached = roots.clone();
    let mut open: Vec<FileId> = roots.iter().copied().collect();
    let mut folders: BTreeSet<String> = BTreeSet::new();
    loop {
        while let Some(file) = open.pop() {
            let Some(module) = view.module(file) else { continue };
            for resolved in &module.links.resolved {
                match resolved {
                    Resolved::File(to) | Resolved::Mentioned(to) if reached.insert(*to) => open.push(*to),
                    Resolved::Folder(folder) => {
                        folders.insert(folder.clone());
                    }
                    _ => {}
                }
            }
        }
        if folders.is_empty() {
            return reached;
        }
        for file in view.modules.keys() {
            let inside =
                view.shared.tree.path(*file).is_some_and(|path| {
                    ancestors(path.parent()).any(|above| !above.is_empty() && folders.contains(above))
                });
            if inside && reached.insert(*file) {
                open.push(*file);
            }
        }
        if open.is_empty() {
            return reached;
        }
    }
}

fn uses<'v>(view: &View<'v, JavaScript>, roots: &HashSet<FileId>, reached: &HashSet<FileId>) -> Uses<'v> {
    let mut uses = Uses::default();
    let mut folders: BTreeSet<&str> = BTreeSet::new();
    for root in roots {
        match view.module(*root).filter(|_| view.shared.tree.path(*root).is_some_and(is_stories)) {
            Some(module) => {
                let stories = module.summary.exports.iter().filter(|export| is_story(&export.name));
                stories.for_each(|export| uses.name(*root, &export.name));
            }
            None => uses.whole(*root),
        }
    }
    for module in view.modules.values() {
        let summary = &module.summary;
        for (number, resolved) in module.links.resolved.iter().enumerate() {
            match resolved {
                Resolved::File(to) => {
                    let whole = summary
                        .requests
                        .get(number)
                        .is_none_or(|request| request.takes_all || request.form == Form::Markup);
                    if whole {
                        uses.whole(*to);
                    }
                }
                Resolved::Mentioned(to) => uses.whole(*to),
                Resolved::Folder(folder) => {
                    folders.insert(folder);
                }
                _ => {}
            }
        }
        for import in &summary.imports {
            let Some(Resolved::File(to)) = module.links.resolved.get(import.request) else { continue };
            match &import.taken {
                Taken::Name(name) => uses.name(*to, name),
                Taken::Default => uses.name(*to, "default"),
                Taken::Namespace => uses.whole(*to),
            }
        }
    }
    if !folders.is_empty() {
        for file in reached {
            let path = view.shared.tree.path(*file);
            if path.is_some_and(|path| ancestors(path.parent()).any(|above| folders.contains(above))) {
                uses.whole(*file);
            }
        }
    }
    uses.follow(view);
    uses
}

/// Names that a file imports and never uses.
fn imports(view: &View<'_, JavaScript>, out: &mut Findings<'_>) {
    // Compilers of JSX use these where nobody sees it.
    const BY_JSX: &[&str] = &["React", "h", "Fragment", "jsx"];
    for (_, path, module) in view.in_order() {
        let format = module.summary.format;
        // Templates use what their components import.
        if !format.is_typescript || format.is_vue || format.is_declaration || module.summary.unchecked {
            continue;
        }
        for import in module.summary.imports.iter().filter(|import| !import.is_used) {
            if !BY_JSX.contains(&import.local.as_str()) && !import.local.starts_with('_') {
                let message = format!("{} is imported, but never used", import.local);
                out.push(Report::new(Rule::UnusedImport, path, message).at(import.span));
            }
        }
    }
}

fn packages(view: &View<'_, JavaScript>, out: &mut Findings<'_>) {
    let mut asked: BTreeSet<&str> = BTreeSet::new();
    for module in view.modules.values() {
        asked.extend(module.summary.requests.iter().filter_map(|request| resolve::package_name(&request.specifier)));
        asked.extend(module.links.resolved.iter().filter_map(|resolved| match resolved {
            Resolved::Names(name) => Some(name.as_str()),
            _ => None,
        }));
    }
    let environment = view.environment;
    for manifest in environment.manifests.values() {
        for (name, declaration) in &manifest.declared {
            // What compilers and frameworks import where nobody sees it.
            let unseen =
                matches!(name.as_str(), "tslib" | "react-dom" | "reflect-metadata" | "core-js" | "regenerator-runtime");
            let tool = unseen || matches!(declaration.kind, Kind::Peer | Kind::Optional) || name.starts_with("@types/");
            let named = || environment.words.contains(name) || manifest.says(name);
            if tool || asked.contains(name.as_str()) || environment.own_packages.contains_key(name) || named() {
                continue;
            }
            let severity = if declaration.kind == Kind::Dependency { Severity::Warning } else { Severity::Info };
            let report = Report::new(
                Rule::UnusedDependency,
                &manifest.path,
                format!("{name} is declared, but nothing imports it"),
            );
            let report = report.severity(severity);
            out.push(match declaration.span {
                Some(span) => report.at(span),
                None => report,
            });
        }
    }
}
