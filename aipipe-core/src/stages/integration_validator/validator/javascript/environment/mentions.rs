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

/// Whether the file's commands may write or copy others.
pub(super) fn is_script(path: &RepoPath) -> bool {
    let name = path.file_name();
    path.extension() == Some("sh")
        || ["package.json", "Makefile", "Dockerfile", "justfile"].contains(&name)
        || name.starts_with("gulpfile")
        || name.starts_with("Gruntfile")
        || is_program_for_builds(path)
}

/// A program beside the project's code that writes files for it.
fn is_program_for_builds(path: &RepoPath) -> bool {
    matches!(path.extension(), Some("js" | "mjs" | "cjs" | "ts" | "mts" | "py"))
        && path.parent().split('/').any(|part| matches!(part, "scripts" | "script" | "tools" | "tasks"))
}

/// The paths of files that a script's lines speak of writing or copying, without what only the script knows.
pub(super) fn copied(text: &str) -> impl Iterator<Item = String> {
    const WORDS: [&str; 6] = ["cp ", "copy", "Copy", " -o", "--out", " > "];
    let writes_data = text.contains("writeFile") || text.contains("json.dump");
    let copies = move |line: &&str| {
        let data = writes_data && line.contains(".json");
        line.len() < 2_000 && (data || WORDS.iter().any(|word| line.contains(word)))
    };
    let part = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '$' | '{' | '}');
    let words = text.lines().filter(copies).flat_map(move |line| line.split(move |c: char| !part(c)));
    words.filter_map(|word| {
        let known = word
            .rsplit_once(['$', '{', '}'])
            .map_or(word, |(_, rest)| rest.split_once('/').map_or("", |(_, rest)| rest));
        let path = known.trim_start_matches(['.', '/']);
        let (stem, ending) = path.rsplit('/').next()?.split_once('.')?;
        (!stem.is_empty() && !ending.is_empty()).then(|| path.to_owned())
    })
}

/// What such texts say.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Paths, with the folders of the files that name them.
    pub(super) paths: BTreeSet<(String, String)>,
    /// Declared packages.
    pub(super) words: BTreeSet<String>,
}

impl Said {
    /// Reads a file, if it is one of those.
    pub(super) fn read(&mut self, path: &RepoPath, text: &str, declared: &BTreeSet<String>) {
        if !is_read_from(path) || text.len() > MOST_BYTES {
            return;
        }
        let is_style = matches!(path.extension(), Some("css" | "scss" | "less"));
        let part = |c: char| {
            c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '@' | '~' | '#' | '$' | '[' | ']' | '*')
        };
        for line in text.lines().filter(|line| !is_style || line.contains('@')) {
            for word in line.split(|c: char| !part(c)).filter(|word| word.len() > 1 && word.len() <= 200) {
                if word.contains('/') {
                    self.paths.insert((path.parent().to_owned(), word.to_owned()));
                }
                let name = super::super::resolve::package_name(word);
                if let Some(name) = name.filter(|name| declared.contains(*name)) {
                    self.words.insert(name.to_owned());
                }
            }
        }
    }
}
