//! Python: what a file imports and defines, and whether the imports of the project's own modules lead anywhere.

mod lexer;
mod module;
mod paths;
mod project;

#[cfg(test)]
mod tests;

use super::findings::{Findings, Report};
use super::language::{Exports, Language, Links, Modules, Shared, View};
use super::{SourceFile, placeholder, unread};
use crate::domain::{RepoPath, Rule, Severity, TextSpan};
use module::Module;

/// The language.
#[derive(Debug)]
pub(super) struct Python;

impl Language for Python {
    type Summary = Module;
    type Environment = ();
    type Resolved = ();

    fn is_source(path: &RepoPath) -> bool {
        unread::is_python(path)
    }

    fn is_configuration(_: &RepoPath) -> bool {
        false
    }

    fn summarize(_: &RepoPath, text: &str) -> Module {
        module::read(text)
    }

    fn same_interface(_: &Module, _: &Module) -> bool {
        false
    }

    fn shapes_environment(_: &RepoPath, _: &Module) -> bool {
        false
    }

    fn environment(_: &Shared, _: &Modules<Self>) {}

    fn link(_: &RepoPath, _: &Module, _: &View<'_, Self>) -> Links<()> {
        Links::default()
    }

    fn check(file: super::tree::FileId, view: &View<'_, Self>, out: &mut Findings<'_>) {
        let (Some(path), Some(module)) = (view.shared.tree.path(file), view.module(file)) else { return };
        let text = view.shared.text(file);
        // Stubs overload by repeating.
        if path.extension() == Some("py") {
            check_definitions(path, &module.summary, out);
        }
        for span in &module.summary.comments {
            if let Some(placeholder) = span.of(text).and_then(placeholder::of_comment) {
                out.push(placeholder.report(path, *span, &view.shared.options));
            }
        }
    }

    fn check_project(view: &View<'_, Self>, out: &mut Findings<'_>) {
        let in_order = view.in_order();
        if in_order.is_empty() {
            return;
        }
        let files: Vec<SourceFile<'_>> = view
            .shared
            .files()
            .into_iter()
            .map(|(file, path)| SourceFile { path, content: view.shared.text(file) })
            .collect();
        let modules: Vec<_> = in_order
            .iter()
            .map(|(file, path, module)| (SourceFile { path, content: view.shared.text(*file) }, &module.summary))
            .collect();
        let tree = paths::Tree::new(&files);
        let project = project::PythonProject::new(&modules, &files);
        let mut out = Out { shared: view.shared, findings: out };
        for (file, module) in &modules {
            project.check(*file, module, &tree, &mut out);
        }
    }

    fn exports(_: super::tree::FileId, _: &View<'_, Self>) -> Exports {
        Exports { open: true, ..Exports::default() }
    }
}

/// Where findings about imports go.
struct Out<'a, 'o> {
    shared: &'a Shared,
    findings: &'a mut Findings<'o>,
}

impl Out<'_, '_> {
    fn add(&mut self, rule: Rule, file: &RepoPath, span: Option<TextSpan>, message: &str) {
        self.push(rule, rule.default_severity(), file, span, message);
    }

    fn warn(&mut self, rule: Rule, file: &RepoPath, span: Option<TextSpan>, message: &str) {
        self.push(rule, Severity::Warning, file, span, message);
    }

    fn push(&mut self, rule: Rule, severity: Severity, file: &RepoPath, span: Option<TextSpan>, message: &str) {
        let report = Report::new(rule, file, message).severity(severity);
        self.findings.push(match span {
            Some(span) => report.at(span),
            None => report,
        });
    }

    fn is_ignored_by_git(&self, path: &str) -> bool {
        self.shared.ignored.covers(path)
    }
}

/// Reports functions and classes at the top level that replace one nothing has used.
fn check_definitions(path: &RepoPath, module: &Module, out: &mut Findings<'_>) {
    let mut decorated = std::collections::BTreeSet::new();
    for definition in &module.definitions {
        if definition.decorated {
            decorated.insert(definition.name.as_str());
        }
        let certain = definition.repeated && !definition.used_since && !decorated.contains(definition.name.as_str());
        // `_` is the name for what nobody calls by name.
        if certain && definition.name != "_" {
            let message = format!("{} is defined a second time; the first is lost", definition.name);
            out.push(Report::new(Rule::DuplicateDeclaration, path, message).at(definition.span));
        }
    }
}
