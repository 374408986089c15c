//! Where the rules are less certain: files that are no code of the project, code that is tried out elsewhere.

use super::super::findings::Report;
use super::super::options::Origin;
use crate::domain::{RepoPath, Severity};

/// Folders whose files are texts for something else: examples that are broken on purpose, templates with holes.
const NOT_CODE: &[&str] = &[
    "fixtures",
    "fixture",
    "testdata",
    "test-data",
    "test_data",
    "template",
    "templates",
    "stubs",
    "scaffold",
    "snippets",
    "snapshots",
    "__snapshots__",
    "vendor",
    "_vendor",
    "vendored",
    "third_party",
    "site-packages",
    "node_modules",
    "typeshed",
    "skeleton",
    "boilerplate",
    "functional",
    "cassettes",
    "inputs",
    "legacy",
    "archive",
    "test_apps",
    "profiling",
];

/// Folders of what shows or tries something, and runs where its reader installs what it needs.
const ASIDE: &[&str] = &[
    "example",
    "examples",
    "demo",
    "demos",
    "doc",
    "docs",
    "docs_src",
    "sample",
    "samples",
    "notebooks",
    "benchmark",
    "benchmarks",
    "scripts",
    "script",
    "tools",
    "contrib",
    "extras",
    "playground",
    "tutorial",
    "tutorials",
    "packaging",
    "ci",
    ".github",
    "hooks",
    "utils",
    "experimental",
    "integrations",
    "plugins",
    "bin",
    "dev",
    "release",
];

/// Lowers a finding where the file is not code of the project; what was just generated has no such excuse.
pub(super) fn lower_outside_code(path: &RepoPath, report: Report, origin: Origin) -> Report {
    if origin == Origin::Existing && is_outside_code(path) { report.at_most(Severity::Warning) } else { report }
}

/// Whether a file lies where texts for something else lie.
pub(super) fn is_outside_code(path: &RepoPath) -> bool {
    let in_tests = path.components().any(is_test_folder);
    path.components().any(|part| {
        NOT_CODE.contains(&part)
            || part.starts_with('.')
            || in_tests && matches!(part, "data" | "files" | "cases" | "resources")
    }) || path.as_str().contains("{{")
}

/// Whether a file shows or tries something.
pub(super) fn is_aside(path: &RepoPath) -> bool {
    path.components().any(|part| ASIDE.contains(&part)) || is_test(path) || path.parent().is_empty()
}

/// Whether the file is one of tests.
pub(super) fn is_test(path: &RepoPath) -> bool {
    let name = path.file_name();
    path.components().any(is_test_folder)
        || name.starts_with("test_")
        || name.ends_with("_test.py")
        || matches!(name, "conftest.py" | "tests.py" | "test.py")
}

fn is_test_folder(part: &str) -> bool {
    matches!(part, "test" | "tests" | "testing" | "spec" | "e2e")
}
