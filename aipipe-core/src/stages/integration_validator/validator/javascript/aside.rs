//! Files that no tool of the project looks at: half examples, inputs of tests, drafts, declarations nobody checks.

use super::super::findings::Findings;
use super::super::language::View;
use super::super::options::Origin;
use super::super::tree::FileId;
use super::JavaScript;
use super::entries;
use crate::domain::RepoPath;
use std::collections::HashSet;

/// Has nothing that is said of such files be certain.
pub(super) fn check(view: &View<'_, JavaScript>, out: &mut Findings<'_>) {
    if out.origin() != Origin::Existing {
        return;
    }
    let loaded: HashSet<FileId> =
        view.modules.values().flat_map(|module| &module.links.edges).map(|edge| edge.to).collect();
    let environment = view.environment;
    for (file, module) in view.modules {
        let Some(path) = view.shared.tree.path(*file) else { continue };
        if module.summary.format.is_declaration && environment.typescript(path).skips_declarations {
            out.doubt(path);
        }
        if loaded.contains(file) {
            continue;
        }
        let is_compiled = || module.summary.format.is_typescript && environment.typescript(path).present;
        let is_passed_over = || environment.is_unlinted(path) && !is_compiled() && !entries::is_run(path, environment);
        let is_data = is_data_of_tests(path) && !entries::is_marked(path.file_name());
        if is_data || environment.is_set_apart(path) || is_passed_over() {
            out.doubt(path);
        }
    }
}

/// `test_js_data`, `test/data`: a folder of data among tests.
fn is_data_of_tests(path: &RepoPath) -> bool {
    let folders: Vec<&str> = path.parent().split('/').collect();
    let is_test =
        |folder: &&str| folder.split(['_', '-', '.']).any(|word| matches!(word, "test" | "tests" | "__tests__"));
    let is_data = |folder: &&str| folder.split(['_', '-', '.']).any(|word| matches!(word, "data" | "files" | "assets"));
    folders.iter().position(is_test).is_some_and(|at| folders.iter().skip(at).any(is_data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_of_tests_is_told_by_its_folders() {
        let of = |path: &str| is_data_of_tests(&RepoPath::parse(path).unwrap());
        assert!(of("test/web/test_js_data/simple.js") && of("tests/data/broken.ts"));
        assert!(!of("data/tests/a.ts") && !of("test/a.ts") && !of("src/data/a.ts") && !of("latest/data/a.js"));
    }
}
