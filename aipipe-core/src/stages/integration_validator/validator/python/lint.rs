//! What the configuration of linters says of the code: names that it may take as builtin ones.

use crate::domain::RepoPath;
use std::collections::BTreeSet;

/// Whether a file configures linters.
pub(super) fn is_configuration(path: &RepoPath) -> bool {
    matches!(
        path.file_name(),
        "pyproject.toml" | "setup.cfg" | "tox.ini" | ".pylintrc" | "pylintrc" | "ruff.toml" | ".ruff.toml" | ".flake8"
    )
}

/// The names that it adds to the builtin ones: flake8's and ruff's `builtins`, pylint's `additional-builtins`.
pub(super) fn builtins(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    // Whether the lines go on with such a list.
    let mut in_list = false;
    for line in text.lines() {
        let line = line.split(['#', ';']).next().unwrap_or_default();
        let goes_on = in_list && (line.trim().is_empty() || line.starts_with([' ', '\t', '"', '\'', ']']));
        let value = match line.split_once('=') {
            _ if goes_on => line,
            Some((key, value)) if matches!(key.trim(), "builtins" | "additional-builtins" | "additional_builtins") => {
                value
            }
            _ => {
                in_list = false;
                continue;
            }
        };
        let words = value.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        names.extend(words.map(str::to_owned));
        in_list = !value.contains(']');
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_linter_may_name_more_builtins() {
        let names = |text: &str| builtins(text).into_iter().collect::<Vec<_>>();
        assert_eq!(names("[VARIABLES]\nadditional-builtins=one,\n    two\ndummy=three\n"), ["one", "two"]);
        assert_eq!(
            names("[tool.ruff]\nbuiltins = [\n  \"one\",  # first\n  'two'\n]\nselect = ['F']\n"),
            ["one", "two"]
        );
        assert_eq!(names("[flake8]\nbuiltins = _, one\nmax = 3\n"), ["_", "one"]);
        assert_eq!(names("[tool.ruff]\nbuiltins = ['one']\n    two\n[x]\nignore-builtins = ['z']\n"), ["one"]);
    }
}
