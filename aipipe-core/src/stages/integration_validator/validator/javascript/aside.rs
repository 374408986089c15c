//! Files that no tool of the project looks at: half examples, inputs of tests, drafts, declarations nobody checks.

use super::super::findings::Findings;
use super::super::language::{Module, View};
use super::super::options::Origin;
use super::super::tree::FileId;
use super::JavaScript;
use super::entries;
use super::resolve::{Doubt, Resolved};
use crate::domain::RepoPath;
use foldhash::HashSet;

/// Has nothing that is said of such files be certain.
pub(super) fn check(view: &View<'_, JavaScript>, out: &mut Findings<'_>) {
    if out.origin() != Origin::Existing {
        return;
    }
    let loaded: HashSet<FileId> = view.modules.values().flat_map(loads).collect();
    let environment = view.environment;
    let paths = view.shared.tree.ids().filter_map(|file| view.shared.tree.path(file));
    let programs: HashSet<&str> = paths.filter(|path| path.extension() == Some("py")).map(RepoPath::parent).collect();
    for (file, module) in view.modules {
        let Some(path) = view.shared.tree.path(*file) else { continue };
        if module.summary.format.is_declaration && environment.typescript(path).skips_declarations {
            out.doubt(path);
        }
        if is_served(path, module, view, &programs) {
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

/// Whether a script beside code of Python asks for something that is there, at another place: browsers get both from addresses
/// that a program gives them.
fn is_served(
    path: &RepoPath,
    module: &Module<JavaScript>,
    view: &View<'_, JavaScript>,
    beside: &HashSet<&str>,
) -> bool {
    if module.summary.format.is_typescript || !matches!(path.extension(), Some("js" | "mjs")) {
        return false;
    }
    let asked = module.summary.requests.iter().zip(&module.links.resolved);
    let missing = asked.filter(|(_, resolved)| matches!(resolved, Resolved::Missing { doubt: Doubt::None, .. }));
    let mut tails = missing
        .map(|(request, _)| request.specifier.trim_start_matches("../").trim_start_matches("./"))
        .filter(|tail| tail.contains('/'))
        .peekable();
    if tails.peek().is_none() {
        return false;
    }
    let ends = |there: &str, tail: &str| {
        there.strip_suffix(tail).is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    beside.contains(path.parent())
        && tails.all(|tail| {
            let mut paths = view.shared.tree.ids().filter_map(|file| view.shared.tree.path(file));
            paths.any(|there| ends(there.as_str(), tail))
        })
}

/// The files a module loads as code: `?raw` and loaders take them as something else.
fn loads(module: &Module<JavaScript>) -> impl Iterator<Item = FileId> {
    let asked = module.summary.requests.iter().zip(&module.links.resolved);
    asked.filter(|(request, _)| !request.specifier.contains(['?', '!'])).filter_map(|(_, resolved)| match resolved {
        Resolved::File(file) => Some(*file),
        _ => None,
    })
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
