//! What is wrong with one file: what it says itself, where its imports lead, what it takes of others, names nobody declares.

use super::super::findings::{Findings, Report};
use super::super::language::{Module, View};
use super::super::options::{Origin, ValidatorOptions};
use super::super::tree::FileId;
use super::names::{self, Known};
use super::packages::{self, Distribution, Wanted};
use super::read::{is_init, is_stub};
use super::resolve::Resolved;
use super::summary::{Import, Summary};
use super::{Python, role};
use crate::domain::{RepoPath, Rule, Severity, TextSpan};

/// Checks a file.
pub(super) fn check(file: FileId, view: &View<'_, Python>, out: &mut Findings<'_>) {
    let (Some(path), Some(module)) = (view.shared.tree.path(file), view.module(file)) else { return };
    let checker = Checker { path, module, summary: &module.summary, view };
    checker.own(out);
    checker.imports(out);
    checker.free_names(out);
}

/// Adds a finding of a file at a place.
pub(super) fn push(summary: &Summary, report: Report, span: TextSpan, out: &mut Findings<'_>) {
    out.push(role::lower_in_template(summary, report.at(span), out.origin()));
}

struct Checker<'v> {
    path: &'v RepoPath,
    module: &'v Module<Python>,
    summary: &'v Summary,
    view: &'v View<'v, Python>,
}

impl Checker<'_> {
    fn push(&self, report: Report, span: TextSpan, out: &mut Findings<'_>) {
        push(self.summary, report, span, out);
    }

    fn own(&self, out: &mut Findings<'_>) {
        for problem in &self.summary.problems {
            let report = Report::new(problem.rule, self.path, problem.message.clone()).severity(problem.severity);
            if problem.rule == Rule::NotChecked {
                out.push(report.unread_by(out.origin()));
            } else {
                self.push(report, problem.span, out);
            }
        }
        let options = out.options();
        for (span, placeholder) in &self.summary.placeholders {
            out.push(placeholder.report(self.path, *span, options));
        }
        for (name, span) in &self.summary.repeated {
            let message = format!("{name} is defined a second time; the first is lost");
            self.push(Report::new(Rule::DuplicateDeclaration, self.path, message), *span, out);
        }
        for (name, span) in &self.summary.unused {
            let message = format!("{name} is imported, but never used");
            self.push(Report::new(Rule::UnusedImport, self.path, message), *span, out);
        }
        if options.origin == Origin::Generated && !is_stub(self.path) {
            for (span, name) in &self.summary.empty_bodies {
                let message = format!("{name} does nothing: its body is empty");
                out.push(Report::new(Rule::EmptyBody, self.path, message).at(*span));
            }
        }
    }

    fn imports(&self, out: &mut Findings<'_>) {
        for (import, resolved) in self.summary.imports.iter().zip(&self.module.links.resolved) {
            if let Some(report) = self.import(import, resolved, out.options()) {
                let report = if import.is_lenient(self.path) { report.at_most(Severity::Warning) } else { report };
                self.push(report, import.span, out);
            }
            self.taken(import, resolved, out);
        }
    }

    fn import(&self, import: &Import, resolved: &Resolved, options: &ValidatorOptions) -> Option<Report> {
        match resolved {
            Resolved::Module { .. } | Resolved::Opaque | Resolved::Mentioned(_) | Resolved::Role(_) => None,
            Resolved::WrongCase { there } => {
                let message = format!("{} differs in case from {there}", import.written());
                Some(Report::new(Rule::WrongCase, self.path, message))
            }
            Resolved::Missing { path, certain, within } => {
                let message = format!("{} leads to no module (looked for {path}.py and {path}/)", import.written());
                // A module may put others under its own name, or a package change how its own are found.
                let names = within.and_then(|within| self.view.module(within)).map(|module| &module.summary.names);
                let is_package = within.and_then(|within| self.view.shared.tree.path(within)).is_some_and(is_init);
                let hidden = names.is_some_and(|names| names.makes_modules || names.open && !is_package);
                let rule = if *certain && !hidden { Rule::UnresolvedImport } else { Rule::UnknownImport };
                Some(Report::new(rule, self.path, message))
            }
            Resolved::Ignored { path } => {
                let written = import.written();
                let message =
                    format!("{written} leads to {path}, which git ignores: whether it is there can't be told");
                Some(Report::new(Rule::UnknownImport, self.path, message))
            }
            Resolved::Outside => {
                let message = format!("{} leads out of the project", import.written());
                Some(Report::new(Rule::ImportOutsideProject, self.path, message))
            }
            Resolved::Package { module, .. } => is_not_allowed(module, options).then(|| {
                let message = format!("{module} is not among the packages that may be used");
                Report::new(Rule::PackageNotAllowed, self.path, message)
            }),
        }
    }

    fn taken(&self, import: &Import, resolved: &Resolved, out: &mut Findings<'_>) {
        let Resolved::Module { file, folder, submodules, certain } = resolved else { return };
        let tree = &self.view.shared.tree;
        for (number, taken) in import.names.iter().enumerate() {
            if submodules.get(number).is_some_and(Option::is_some) {
                continue;
            }
            let known = file.map_or(Known::Missing, |file| names::look_up(self.view, file, &taken.name));
            if known != Known::Missing {
                continue;
            }
            let place = match (file.and_then(|file| tree.path(file)), folder) {
                (Some(path), _) => path.as_str(),
                (None, Some(folder)) => folder.as_str(),
                (None, None) => continue,
            };
            let source = file.and_then(|file| Some((tree.path(file)?, self.view.module(file)?)));
            let is_given = source.is_some_and(|(path, module)| {
                module.summary.names.makes_modules || self.view.environment.is_attached(path, &taken.name)
            });
            let inside = folder.as_ref().map(|folder| super::resolve::below(folder, &[&taken.name]));
            // A folder without Python, a compiled module, or one that git ignores.
            let hidden = inside.as_ref().is_some_and(|path| {
                tree.may_have(&path.to_lowercase())
                    || self.view.shared.ignored.covers(&format!("{path}.py"))
                    || self.view.environment.is_written(path)
                    || packages::is_generated_name(path)
            });
            let is_declaration = file.and_then(|file| tree.path(file)).is_some_and(is_stub);
            if hidden || is_given || is_declaration && !certain {
                continue;
            }
            let message = format!("{place} has no {}", taken.name);
            let report = Report::new(Rule::MissingExport, self.path, message);
            let doubtful = import.is_lenient(self.path)
                || !certain
                || is_declaration
                || import.when == super::super::language::LoadTime::Never;
            self.push(if doubtful { report.severity(Severity::Warning) } else { report }, taken.span, out);
        }
    }

    /// Whether what runs the file puts the name there: IPython in its extensions, Sphinx in its configuration.
    fn is_of_host(&self, name: &str) -> bool {
        let defines = |name: &str| self.summary.names.defined.contains(name);
        match name {
            "get_ipython" | "display" => {
                defines("load_ipython_extension") || self.summary.imports.iter().any(|import| import.top() == "IPython")
            }
            "tags" => self.path.file_name() == "conf.py" && defines("extensions"),
            _ => false,
        }
    }

    /// Whether an import in the package's own module makes the name: importing a submodule sets it on the package, whose
    /// names these are.
    fn is_submodule(&self, name: &str) -> bool {
        let own = self.path.parent().rsplit('/').next().unwrap_or_default();
        is_init(self.path)
            && self.summary.imports.iter().any(|import| match import.level {
                1 => import.top() == name,
                // `import package.module` in the package itself.
                0 => import
                    .module
                    .strip_prefix(own)
                    .and_then(|rest| rest.strip_prefix('.'))
                    .is_some_and(|rest| rest.split('.').next() == Some(name)),
                _ => false,
            })
    }

    fn free_names(&self, out: &mut Findings<'_>) {
        let summary = self.summary;
        if summary.makes_names
            || summary.names.open && summary.names.listed.is_none() && !summary.names.defined.contains("__getattr__")
            || summary.free.is_empty()
            || is_stub(self.path)
        {
            return;
        }
        let stars: Vec<&Resolved> = summary
            .imports
            .iter()
            .zip(&self.module.links.resolved)
            .filter(|(import, _)| import.takes_all)
            .map(|(_, resolved)| resolved)
            .collect();
        for free in &summary.free {
            let from_star = stars.iter().any(|star| match star {
                Resolved::Module { file: Some(file), .. } => {
                    names::look_up(self.view, *file, &free.name) != Known::Missing
                }
                _ => true,
            });
            if from_star
                || self.view.environment.is_builtin(self.path.parent(), &free.name)
                || self.is_of_host(&free.name)
                || self.is_submodule(&free.name)
            {
                continue;
            }
            let message = format!("nothing declares the name {}, and it is not imported", free.name);
            let report = Report::new(Rule::UndefinedName, self.path, message);
            self.push(if free.certain { report } else { report.severity(Severity::Warning) }, free.span, out);
        }
    }
}

/// Whether the host allows other packages only.
pub(super) fn is_not_allowed(module: &str, options: &ValidatorOptions) -> bool {
    options.allowed_packages.as_ref().is_some_and(|allowed| {
        let wanted = Wanted::new(module);
        !allowed.iter().any(|name| wanted.is_of(&Distribution::new(name)))
    })
}
