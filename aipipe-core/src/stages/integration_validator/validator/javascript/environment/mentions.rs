//! Texts of files that are no source: pages, pipelines and configurations that name source files and packages.

use crate::domain::RepoPath;
use std::collections::BTreeSet;

/// Longer files are data.
const MOST_BYTES: usize = 128 << 10;

/// Whether such texts are read from a file of this path.
pub(super) fn is_read_from(path: &RepoPath) -> bool {
    let name = path.file_name();
    let data = super::lock::is_lock(name) || name == "package.json";
    !data
        && (matches!(
            path.extension(),
            Some(
                "html"
                    | "htm"
                    | "yml"
                    | "yaml"
                    | "toml"
                    | "sh"
                    | "svelte"
                    | "astro"
                    | "mdx"
                    | "css"
                    | "scss"
                    | "less"
                    | "pug"
                    | "ejs"
                    | "hbs"
                    | "njk"
            )
        ) || (path.extension() == Some("json") && is_configuration(path))
            || (name.starts_with('.') && name.ends_with("rc"))
            || matches!(name, "Dockerfile" | "Makefile" | "Procfile" | "justfile"))
}

/// JSON near the top, or with a name that says so; deeper ones are data.
fn is_configuration(path: &RepoPath) -> bool {
    let name = path.file_name();
    path.components().count() <= 2
        || name.starts_with('.')
        || ["config", "project", "nx", "angular", "turbo", "tsconfig"].iter().any(|word| name.contains(word))
}

/// Collects paths with the folder of the file, and words.
pub(super) fn read(
    path: &RepoPath,
    text: &str,
    mentions: &mut BTreeSet<(String, String)>,
    words: &mut BTreeSet<String>,
) {
    if !is_read_from(path) || text.len() > MOST_BYTES {
        return;
    }
    let part =
        |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '@' | '~' | '#' | '$' | '[' | ']' | '*');
    for word in text.split(|c: char| !part(c)).filter(|word| word.len() > 1 && word.len() <= 200) {
        if word.contains('/') {
            mentions.insert((path.parent().to_owned(), word.to_owned()));
        }
        if word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '@') && words.len() < 100_000 {
            words.insert(word.to_owned());
        }
    }
}
