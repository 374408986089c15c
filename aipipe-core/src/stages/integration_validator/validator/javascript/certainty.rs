//! Where a finding is less certain than usual: files that are data of tests or templates, paths that a build makes.

use super::super::findings::Report;
use super::super::options::Origin;
use crate::domain::{RepoPath, Severity};

/// Folders whose files are texts for something else: examples that are broken on purpose, templates with holes.
const NOT_CODE: &[&str] = &[
    "fixtures",
    "__fixtures__",
    "fixture",
    "testdata",
    "test-data",
    "__testfixtures__",
    "template",
    "templates",
    "_templates",
    "stubs",
    "scaffold",
    "scaffolds",
    "scaffolding",
    "generators",
    "blueprints",
    "boilerplate",
    "snippets",
    "__snapshots__",
    "snapshots",
    "vendor",
    "third_party",
    "node_modules",
];

/// Folders that builds write.
const BUILT: &[&str] = &[
    "dist",
    "build",
    "out",
    "output",
    "generated",
    "__generated__",
    "gen",
    ".next",
    ".nuxt",
    ".output",
    ".svelte-kit",
    ".react-router",
    "coverage",
    "node_modules",
    "pkg",
    "target",
    "typechain-types",
];

/// Lowers a finding where the file is not code of the project; what was just generated has no such excuse.
pub(super) fn lower_outside_code(path: &RepoPath, report: Report, origin: Origin) -> Report {
    if origin == Origin::Existing && is_outside_code(path) { report.severity(Severity::Warning) } else { report }
}

/// Whether a file is only compiled, to see that types are right, and never run.
pub(super) fn is_test_of_types(path: &RepoPath) -> bool {
    let name = path.file_name();
    let marked =
        [".test-d.", ".tst.", ".spec-d.", ".type-test.", ".types.test."].iter().any(|mark| name.contains(mark));
    let beside =
        path.components().any(|part| matches!(part, "types" | "typings" | "dtslint" | "test-d" | "type-tests"));
    marked || beside && name.contains("test")
}

/// Whether a file lies where texts for something else lie.
pub(super) fn is_outside_code(path: &RepoPath) -> bool {
    let name = path.file_name();
    path.components().any(|part| NOT_CODE.contains(&part) || part.ends_with("-fixtures"))
        || path.as_str().contains("{{")
        || name.contains(".template.")
        || name.contains(".min.")
        || name.contains(".disabled.")
}

/// Whether a file shows how something is used, and runs only where its reader installs what it needs.
pub(super) fn is_example(path: &RepoPath) -> bool {
    path.components().any(|part| {
        matches!(
            part,
            "example" | "examples" | "demo" | "demos" | "docs" | "playground" | "playgrounds" | "sandbox" | "samples"
        )
    })
}

/// Whether a path that is not there is likely written by a build.
pub(super) fn may_be_built(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    // The last part is a file as a rule, and files may be called `build` or `target`.
    const FORMS: [&str; 8] = [".esm.", ".umd.", ".cjs.", ".iife.", ".min.", ".bundle.", ".global.", ".prod."];
    let is_bundle = FORMS.iter().any(|form| name.contains(form));
    if is_bundle || name == "dist" || folder.split('/').any(|part| BUILT.contains(&part)) {
        return true;
    }
    path.split('/').any(|part| {
        part.ends_with(".gen")
            || part.ends_with(".generated")
            || part.contains(".gen.")
            || part.contains(".generated.")
            || part.starts_with("generated")
            || part.starts_with("_generated")
            || part.ends_with("-generated")
    })
}
