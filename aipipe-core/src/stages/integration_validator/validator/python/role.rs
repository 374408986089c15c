//! What a file is to the project: something that is run, something that others load, or material that nothing may ever load.

use super::super::findings::{Findings, Report};
use super::super::language::{Module, View};
use super::super::options::Origin;
use super::super::tree::{FileId, ancestors};
use super::layout::Layout;
use super::resolve::Resolved;
use super::summary::Summary;
use super::{Python, entries};
use crate::domain::{RepoPath, Severity};
use foldhash::HashSet;

/// What a file is to the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Role {
    /// It is run from outside.
    Entry,
    /// Others load it, or nothing does.
    Inner,
    /// It lies where data of tests, templates or installed packages lie: code of the project only where code leads to it.
    Material,
}

/// Tells the role of a file; reads of the layout whether the file's folder is a package, and what [`entries`] reads.
pub(super) fn of(path: &RepoPath, summary: &Summary, view: &View<'_, Python>) -> Role {
    if is_material(path, view) {
        Role::Material
    } else if summary.is_program || entries::is_entry(path, view) {
        Role::Entry
    } else {
        Role::Inner
    }
}

/// Whether a file need not be code: it has a path that Python can't import and no tool runs, lies where tools or others keep
/// theirs, belongs to a project that tests work on, or lies among tests without being one.
fn is_material(path: &RepoPath, view: &View<'_, Python>) -> bool {
    if path.as_str().contains(['{', '%']) || path.parent().split('/').any(holds_material) {
        return true;
    }
    let Some(tests) = outermost_tests(path, view.layout) else { return false };
    let has_project = |folder: &str| view.environment.projects().any(|project| project == folder);
    let nested = ancestors(path.parent()).take_while(|folder| folder.len() > tests.len()).any(has_project);
    nested || !has_test_name(path)
}

/// Whether a folder holds what tools keep, or what others wrote. What runs in CI lies in such folders too.
fn holds_material(folder: &str) -> bool {
    const OF_OTHERS: &[&str] =
        &["site-packages", "node_modules", "_vendor", "vendor", "_vendored", "vendored", "third_party"];
    const RUN: &[&str] = &[".github", ".gitlab", ".circleci", ".ci"];
    OF_OTHERS.contains(&folder) || folder.starts_with('.') && !RUN.contains(&folder)
}

/// The outermost folder of tests around a file.
fn outermost_tests<'p>(path: &'p RepoPath, layout: &Layout) -> Option<&'p str> {
    let in_package = layout.is_package(path.parent());
    let is_tests = |folder: &&str| {
        let name = folder.rsplit('/').next().unwrap_or_default();
        // A package may offer a module `testing` to those who use it.
        let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
        words.any(|word| matches!(word, "test" | "tests" | "testdata" | "spec" | "e2e"))
            || name == "testing" && !in_package
    };
    ancestors(path.parent()).filter(is_tests).last()
}

/// Whether the file is called like one that test runners look for.
fn has_test_name(path: &RepoPath) -> bool {
    let name = path.file_name();
    // Behave runs all steps of a folder of features.
    let of_features = path.parent().ends_with("features/steps") || path.as_str().ends_with("features/environment.py");
    name.starts_with("test_")
        || name.ends_with("_test.py")
        || matches!(name, "conftest.py" | "tests.py" | "test.py")
        || of_features
}

/// Whether the file is one of tests.
pub(super) fn is_test(path: &RepoPath) -> bool {
    let is_folder = |part: &str| matches!(part, "test" | "tests" | "testing" | "spec" | "e2e");
    path.components().any(is_folder) || has_test_name(path)
}

/// Whether a file is no package's and lies among documents: parts of programs are shown there.
fn is_documentation(path: &RepoPath, view: &View<'_, Python>) -> bool {
    let folder = path.parent();
    let has_index = |folder: &str| {
        ["md", "rst", "mdx", "adoc"]
            .iter()
            .any(|ending| view.shared.tree.file(&format!("{folder}/index.{ending}")).is_some())
    };
    !view.layout.is_package(folder) && ancestors(folder).take_while(|folder| !folder.is_empty()).any(has_index)
}

/// Says of which files there is doubt: material that no code leads to. What was just generated has no such excuse.
pub(super) fn doubt(view: &View<'_, Python>, out: &mut Findings<'_>) {
    if out.origin() == Origin::Generated {
        return;
    }
    for path in texts(view) {
        out.doubt(path);
    }
    let is_material = |file: FileId, module: &Module<Python>| {
        role(module) == Role::Material || view.shared.tree.path(file).is_some_and(|path| is_documentation(path, view))
    };
    let material: HashSet<FileId> =
        view.modules.iter().filter(|(file, module)| is_material(**file, module)).map(|(file, _)| *file).collect();
    if material.is_empty() {
        return;
    }
    let mut open: Vec<FileId> = view.modules.keys().filter(|file| !material.contains(*file)).copied().collect();
    let mut loaded: HashSet<FileId> = HashSet::default();
    while let Some(file) = open.pop() {
        let edges = view.module(file).into_iter().flat_map(|module| &module.links.edges);
        open.extend(edges.map(|edge| edge.to).filter(|to| material.contains(to) && loaded.insert(*to)));
    }
    // A package is loaded before its modules.
    let loaded_in: HashSet<&str> = view
        .modules
        .keys()
        .filter(|file| !material.contains(*file) || loaded.contains(*file))
        .filter_map(|file| view.shared.tree.path(*file))
        .flat_map(|path| ancestors(path.parent()))
        .collect();
    for path in material.iter().filter(|file| !loaded.contains(*file)).filter_map(|file| view.shared.tree.path(*file)) {
        if !(path.file_name() == "__init__.py" && loaded_in.contains(path.parent())) {
            out.doubt(path);
        }
    }
}

/// Files that nothing imports and nothing runs, and that code names by their paths: it may read them as text.
fn texts<'v>(view: &View<'v, Python>) -> Vec<&'v RepoPath> {
    let named: HashSet<&str> =
        view.modules.values().flat_map(|module| &module.summary.named_files).map(String::as_str).collect();
    if named.is_empty() {
        return Vec::new();
    }
    let imported: HashSet<FileId> =
        view.modules.values().flat_map(|module| &module.links.edges).map(|edge| edge.to).collect();
    let is_named = |path: &RepoPath| {
        let dotted = path.as_str().trim_end_matches(".py").replace('/', ".");
        let ends = dotted.match_indices('.').filter_map(|(at, dot)| dotted.get(at + dot.len()..));
        ends.chain([dotted.as_str()]).any(|end| named.contains(end))
    };
    let loose = view.modules.iter().filter(|(file, module)| role(module) == Role::Inner && !imported.contains(*file));
    loose.filter_map(|(file, _)| view.shared.tree.path(*file)).filter(|path| is_named(path)).collect()
}

/// The role that was told when the file was linked.
pub(super) fn role(module: &Module<Python>) -> Role {
    match module.links.resolved.last() {
        Some(Resolved::Role(role)) => *role,
        _ => Role::Inner,
    }
}

/// Lowers a finding in a text with holes, which is no Python yet; what was just generated has no such excuse.
pub(super) fn lower_in_template(summary: &Summary, report: Report, origin: Origin) -> Report {
    if origin == Origin::Existing && summary.is_template { report.at_most(Severity::Warning) } else { report }
}
