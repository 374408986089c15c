//! Files of a language whose parser this build is without: said once, never passed over.

use super::findings::{Findings, Report};
use super::language::Shared;
use crate::domain::{RepoPath, Rule};

/// Whether the path is one of JavaScript, TypeScript or Vue source.
pub(super) fn is_javascript(path: &RepoPath) -> bool {
    matches!(path.extension(), Some("ts" | "tsx" | "mts" | "cts" | "js" | "jsx" | "mjs" | "cjs" | "vue"))
}

/// Whether the path is one of Python source.
pub(super) fn is_python(path: &RepoPath) -> bool {
    matches!(path.extension(), Some("py" | "pyi"))
}

/// Reports the first file of each language that can't be read, with their number.
pub(super) fn check(shared: &Shared, out: &mut Findings<'_>) {
    for (readable, language, feature, is_source) in [
        (cfg!(feature = "js"), "JavaScript, TypeScript and Vue", "js", is_javascript as fn(&RepoPath) -> bool),
        (cfg!(feature = "python"), "Python", "python", is_python),
    ] {
        if readable {
            continue;
        }
        let paths = shared.tree.ids().filter_map(|file| shared.tree.path(file)).filter(|path| is_source(path));
        let paths: Vec<_> = paths.collect();
        if let Some(first) = paths.iter().min() {
            let message = format!(
                "{} files of {language} were not checked: built without the parser (feature `{feature}`)",
                paths.len()
            );
            out.push(Report::new(Rule::NotChecked, first, message));
        }
    }
}
