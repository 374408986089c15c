//! What can be told of all files together: imports that lead nowhere, names declared twice, packages nobody declared,
//! manifests that can't be read, text that was left out.
//!
//! Files are read by small lexers, one pass each, so text inside comments, strings, templates and JSX is never taken for
//! code. A rule that can't be certain says nothing or warns that it can't tell; an `Error` means that it can't work.

mod aliases;
mod ignored;
mod imports;
mod javascript;
mod json;
mod node_project;
mod placeholder;
mod python;
mod tree;

#[cfg(test)]
mod tests;

use crate::domain::{Finding, RepoPath, Severity, TextSpan};
use std::collections::BTreeMap;

/// A file with its text.
#[derive(Debug, Clone, Copy)]
pub struct SourceFile<'a> {
    /// Where it lies.
    pub path: &'a RepoPath,
    /// Its text.
    pub content: &'a str,
}

/// Returns what is wrong with the files as a whole, by path and place.
///
/// Give all files of the project: an import of a file that is not among them is an error. Rules: `duplicate-path`,
/// `path-case-collision`, `path-conflict`, `unresolved-import`, `wrong-case`, `import-outside-project`,
/// `undeclared-dependency`, `duplicate-export`, `duplicate-declaration`, `invalid-manifest`, `placeholder`, and
/// `unknown-import` where an import leads to a file that git ignores.
///
/// ```
/// use aipipe_core::domain::RepoPath;
/// use aipipe_core::stages::integration_validator::{SourceFile, check_files};
/// let path = RepoPath::parse("src/app.ts")?;
/// let findings = check_files(&[SourceFile { path: &path, content: "import { a } from './missing.js'" }]);
/// assert_eq!(findings[0].rule, "unresolved-import");
/// # Ok::<(), aipipe_core::domain::ParseError>(())
/// ```
#[must_use]
pub fn check_files(files: &[SourceFile<'_>]) -> Vec<Finding> {
    let mut findings = Findings { ignored: ignored::Ignored::read(files), found: Vec::new() };
    let tree = tree::Tree::new(files);
    paths(files, &tree, &mut findings);
    node(files, &tree, &mut findings);
    python(files, &tree, &mut findings);
    let mut found = findings.found;
    found.sort_by(|a, b| (&a.file, a.span, &a.rule, &a.message).cmp(&(&b.file, b.span, &b.rule, &b.message)));
    found.dedup();
    found
}

/// What was found so far.
struct Findings {
    ignored: ignored::Ignored,
    found: Vec<Finding>,
}

impl Findings {
    fn add(&mut self, rule: &str, file: &RepoPath, span: Option<TextSpan>, message: &str) {
        self.push(Severity::Error, rule, file, span, message);
    }

    fn warn(&mut self, rule: &str, file: &RepoPath, span: Option<TextSpan>, message: &str) {
        self.push(Severity::Warning, rule, file, span, message);
    }

    fn push(&mut self, severity: Severity, rule: &str, file: &RepoPath, span: Option<TextSpan>, message: &str) {
        let (rule, message) = (rule.to_owned(), message.to_owned());
        self.found.push(Finding { rule, severity, file: file.clone(), span, message });
    }

    fn is_ignored_by_git(&self, path: &str) -> bool {
        self.ignored.covers(path)
    }
}

fn paths(files: &[SourceFile<'_>], tree: &tree::Tree<'_>, findings: &mut Findings) {
    let mut seen: BTreeMap<String, &RepoPath> = BTreeMap::new();
    for file in files {
        let path = file.path;
        match seen.insert(path.as_str().to_lowercase(), path) {
            Some(other) if other == path => {
                findings.add("duplicate-path", path, None, "the file is there more than once");
            }
            Some(other) => {
                findings.add("path-case-collision", path, None, &format!("differs from {other} in case only"));
            }
            None => {}
        }
        if tree.has_folder(path.as_str()) {
            findings.add("path-conflict", path, None, "is a file and a folder at once");
        }
    }
}

fn node(files: &[SourceFile<'_>], tree: &tree::Tree<'_>, findings: &mut Findings) {
    let mut project = node_project::NodeProject::read(files, findings);
    let modules: Vec<_> = files
        .iter()
        .filter(|file| javascript::is_module(file.path))
        .map(|file| (*file, javascript::read(file.path, file.content)))
        .collect();
    for (file, module) in &modules {
        project.add_module(*file, module, tree);
    }
    for (file, module) in &modules {
        imports::check(*file, module, tree, &project, findings);
        imports::check_exports(*file, module, findings);
        placeholder::check(*file, &module.comments, findings);
    }
}

fn python(files: &[SourceFile<'_>], tree: &tree::Tree<'_>, findings: &mut Findings) {
    let modules: Vec<_> = files
        .iter()
        .filter(|file| matches!(file.path.extension(), Some("py" | "pyi")))
        .map(|file| (*file, python::read(file.content)))
        .collect();
    let project = python::PythonProject::new(&modules, files);
    for (file, module) in &modules {
        project.check(*file, module, tree, findings);
        // Stubs overload by repeating.
        if file.path.extension() == Some("py") {
            python::check_definitions(*file, module, findings);
        }
        placeholder::check(*file, &module.comments, findings);
    }
}
