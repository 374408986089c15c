//! What is wrong with one file: what it says itself, where its imports lead, what it takes of others, names nobody declares.

use super::super::findings::{Findings, Report};
use super::super::language::{LoadTime, Module, View};
use super::super::options::{Origin as Author, ValidatorOptions};
use super::super::tree::FileId;
use super::builtins::is_node_builtin;
use super::environment::{LockVerdict, TypeScriptOptions};
use super::names::{self, Known};
use super::resolve::{self, Doubt, Resolved, Standing, description_of};
use super::summary::{Form, Import, Meaning, Origin, Request, Summary, Taken};
use super::{JavaScript, certainty, entries, globals, nearest, walk};
use crate::domain::{Fix, RepoPath, Rule, Severity, TextEdit, TextSpan};
use foldhash::{HashMap, HashSet};
use std::cell::Cell;

/// Checks a file.
pub(super) fn check(file: FileId, view: &View<'_, JavaScript>, out: &mut Findings<'_>) {
    let (Some(path), Some(module)) = (view.shared.tree.path(file), view.module(file)) else { return };
    let checker = Checker { path, module, summary: &module.summary, view, searched: Cell::new(0) };
    checker.own(out);
    if module.summary.unchecked && out.origin() == Author::Existing {
        return;
    }
    checker.requests(out);
    checker.taken(out);
    checker.free_names(out);
}

struct Checker<'v> {
    path: &'v RepoPath,
    module: &'v Module<JavaScript>,
    summary: &'v Summary,
    view: &'v View<'v, JavaScript>,
    /// How often a name like a missing one was looked for.
    searched: Cell<usize>,
}

/// Most names for which one like them is looked for, in one file.
const MOST_SEARCHES: usize = 50;

impl Checker<'_> {
    fn push(&self, report: Report, span: TextSpan, out: &mut Findings<'_>) {
        let format = self.summary.format;
        let within =
            |places: &[TextSpan]| places.iter().any(|place| place.start <= span.start && span.start < place.end);
        // Who has just written a file has no reason to keep a compiler quiet.
        let quiet = out.origin() == Author::Existing && format.is_typescript && within(&self.summary.quiet);
        // The compiler is quiet about some of what the parser calls an error of syntax, but not about all of it.
        let is_syntax = report.rule() == Rule::SyntaxError;
        if quiet && !is_syntax {
            return;
        }
        let doubted = quiet && !(is_syntax && self.summary.unparsed)
            || format.is_minified
            || report.rule() == Rule::UndefinedName && within(&self.summary.undeclared_on_purpose);
        let report = if doubted { report.at_most(Severity::Warning) } else { report };
        out.push(certainty::lower_outside_code(self.path, report.at(span), out.origin()));
    }

    fn own(&self, out: &mut Findings<'_>) {
        for problem in &self.summary.problems {
            if problem.rule == Rule::NotChecked {
                let report = Report::new(problem.rule, self.path, problem.message.clone()).severity(problem.severity);
                out.push(report.unread_by(out.origin()));
                continue;
            }
            let flow = self.view.environment.has_flow && !self.summary.format.is_typescript;
            let (rule, severity) = match (flow, problem.rule) {
                (true, Rule::SyntaxError) => (Rule::NotChecked, Severity::Info),
                (_, rule) => (rule, problem.severity),
            };
            // What bundles a tool's configuration before it is loaded takes more than the ending says; so does Meteor.
            let rewritten = rule == Rule::SyntaxError
                && out.origin() == Author::Existing
                && (walk::is_configuration(self.path)
                    || self.view.environment.is_meteor
                    || self.path.extension() == Some("cjs") && self.is_test_of_vitest());
            let report = Report::new(rule, self.path, problem.message.clone()).severity(severity);
            let report = if rewritten { report.at_most(Severity::Warning) } else { report };
            self.push(report, problem.span, out);
        }
        let options = out.options();
        for (span, placeholder) in &self.summary.placeholders {
            out.push(placeholder.report(self.path, *span, options));
        }
        if options.origin == Author::Generated {
            for (span, name) in &self.summary.empty_bodies {
                let message = format!("{name} does nothing: its body is empty");
                out.push(Report::new(Rule::EmptyBody, self.path, message).at(*span));
            }
        }
    }

    fn requests(&self, out: &mut Findings<'_>) {
        let uses = resolve::Uses::of(self.summary);
        for (number, (request, resolved)) in self.summary.requests.iter().zip(&self.module.links.resolved).enumerate() {
            let left_out = uses.load_time(self.summary, number, request) == LoadTime::Elided;
            if let Some(report) = self.request((request, left_out), resolved, out) {
                let unrun = request.form == Form::Require && certainty::is_test_of_types(self.path);
                let softened = if request.may_fail || unrun { report.at_most(Severity::Warning) } else { report };
                self.push(softened, request.span, out);
            }
        }
    }

    fn request(
        &self,
        (request, left_out): (&Request, bool),
        resolved: &Resolved,
        out: &Findings<'_>,
    ) -> Option<Report> {
        let specifier = request.specifier.as_str();
        match resolved {
            Resolved::Opaque if self.is_foreign(specifier, out.options()) => {
                let message = format!("{specifier:?} is neither a file nor among the packages that may be used");
                Some(Report::new(Rule::PackageNotAllowed, self.path, message))
            }
            Resolved::File(_)
            | Resolved::Opaque
            | Resolved::Mentioned(_)
            | Resolved::Folder(_)
            | Resolved::Names(_)
            | Resolved::Entry => None,
            Resolved::WrongCase { there, specifier: right } => {
                let message = format!("{specifier:?} differs in case from the file {there}");
                let report = Report::new(Rule::WrongCase, self.path, message);
                Some(match right {
                    Some(right) => {
                        report.suggest(format!("write {right:?}")).fix(Fix::one(self.path, request.span, right.clone()))
                    }
                    None => report,
                })
            }
            Resolved::Missing { path, doubt } => Some(self.missing(specifier, path, *doubt)),
            Resolved::Outside => {
                let message = format!("{specifier:?} leads out of the project");
                // A folder of a larger tree may have been handed in alone.
                let severity = if out.origin() == Author::Generated { Severity::Error } else { Severity::Warning };
                Some(Report::new(Rule::ImportOutsideProject, self.path, message).severity(severity))
            }
            Resolved::UnknownAlias => {
                let message = format!("{specifier:?} looks like a path alias, but no configuration declares one");
                Some(Report::new(Rule::UnresolvedImport, self.path, message))
            }
            Resolved::Package { name, standing } => self.package((request, left_out), name, *standing, out),
        }
    }

    /// Whether generated code asks for something that only a tool could know, where it is told which packages there are.
    fn is_foreign(&self, specifier: &str, options: &ValidatorOptions) -> bool {
        let Some(allowed) = options.allowed_packages.as_ref().filter(|_| options.origin == Author::Generated) else {
            return false;
        };
        let is_path = specifier.starts_with(['.', '/', '#']) || specifier.starts_with("node:");
        let bare = specifier.split(['?', '!']).next().unwrap_or(specifier);
        let listed = resolve::package_name(bare).is_some_and(|name| allowed.contains(name));
        !(is_path || listed || is_node_builtin(bare) || self.view.environment.is_ambient(specifier))
    }

    fn missing(&self, specifier: &str, path: &str, doubt: Doubt) -> Report {
        let uncertain =
            |why: &str| Report::new(Rule::UnknownImport, self.path, format!("{specifier:?} leads to {path}, {why}"));
        match doubt {
            Doubt::Ignored => uncertain("which git ignores: whether it is there can't be told"),
            Doubt::Built => uncertain("which a build may write: whether it is there can't be told"),
            Doubt::Shimmed => uncertain("which is not there, though a wildcard module gives it a type"),
            Doubt::Replaced => uncertain("which is not there, unless the manifest's `browser` field replaces it"),
            Doubt::Copied => uncertain("which is not there, unless a script copies it or what asks for it"),
            Doubt::Submodule => uncertain("which lies in a submodule that is not here"),
            Doubt::Alias => uncertain("which is not there, if the alias was read rightly"),
            Doubt::None => {
                let message = format!("{specifier:?} leads to no file (looked for {path})");
                let report = Report::new(Rule::UnresolvedImport, self.path, message);
                // Declaration files are often written by tools and rarely checked (`skipLibCheck`).
                let report =
                    if self.summary.format.is_declaration { report.severity(Severity::Warning) } else { report };
                match nearest::file(&self.view.shared.tree, path) {
                    Some(there) => report.suggest(format!("there is {there}")),
                    None => report,
                }
            }
        }
    }

    fn package(
        &self,
        (request, left_out): (&Request, bool),
        name: &str,
        standing: Standing,
        out: &Findings<'_>,
    ) -> Option<Report> {
        let options = out.options();
        let environment = self.view.environment;
        let listed = options.allowed_packages.as_ref().is_none_or(|allowed| allowed.contains(name));
        if !listed && standing != Standing::Own {
            let message = format!("{name} is not among the packages that may be used");
            return Some(Report::new(Rule::PackageNotAllowed, self.path, message));
        }
        let (message, severity) = match standing {
            Standing::Declared | Standing::Own => return None,
            Standing::TypesOnly(verdict) => {
                let severity = if verdict == LockVerdict::Direct { Severity::Error } else { Severity::Warning };
                (format!("{name} is imported as code, but only its types are declared"), severity)
            }
            Standing::Elsewhere => {
                (format!("{name} is imported, but only another package of the project declares it"), Severity::Warning)
            }
            Standing::Undeclared(_) if environment.has_import_map => return None,
            Standing::Undeclared(verdict) => {
                let types = format!("@types/{}", name.trim_start_matches('@').replacen('/', "__", 1));
                let comes_along = verdict == LockVerdict::Transitive
                    || (left_out || request.form == Form::TypeOnly)
                        && matches!(
                            environment.locked(self.path.parent(), &types),
                            LockVerdict::Direct | LockVerdict::Transitive
                        );
                // Examples are installed by hand, declarations rarely checked.
                let aside = walk::is_configuration(self.path)
                    || request.form == Form::TypeOnly
                    || self.summary.format.is_declaration
                    || certainty::is_example(self.path);
                // Without a lock it can't be told what comes along with the packages that are declared.
                let doubt = verdict == LockVerdict::Unlocked || verdict == LockVerdict::Absent && aside;
                let lenient = out.origin() == Author::Existing && doubt;
                // Pipelines install what their scripts need.
                // What the manifest asked for when the lock was made was taken out of it.
                let by_hand = verdict != LockVerdict::Direct && environment.runs(self.path.parent(), name);
                let of_pipeline = out.origin() == Author::Existing && self.path.as_str().starts_with(".github/");
                let lenient = lenient || of_pipeline || environment.is_meteor || by_hand;
                let severity = if comes_along || lenient { Severity::Warning } else { Severity::Error };
                let how = if comes_along { "; it only comes along with another package" } else { "" };
                (format!("{name} is imported, but no package.json above the file declares it{how}"), severity)
            }
        };
        let report = Report::new(Rule::UndeclaredDependency, self.path, message).severity(severity);
        let version = options.package_versions.get(name).filter(|_| options.allowed_packages.is_some());
        let manifest = environment.manifests_above(self.path.parent()).next().map(|(_, manifest)| manifest);
        let place = manifest.and_then(|manifest| Some((&manifest.path, manifest.insertion?)));
        Some(match (version, place) {
            (Some(version), Some((path, place))) => {
                let comma = if place.is_empty { "" } else { "," };
                let replacement = format!("\n    \"{name}\": \"{version}\"{comma}");
                let span = TextSpan { start: place.at, end: place.at };
                let edits = vec![TextEdit { file: path.clone(), span, replacement }];
                report.suggest(format!("declare {name} {version} in {path}")).fix(Fix { edits })
            }
            _ => report,
        })
    }

    /// The file an import leads to, if it is one whose names are known.
    fn target(&self, request: usize) -> Option<(FileId, &RepoPath)> {
        // `?raw`, `?worker` and loaders make another module of the file.
        if self.summary.requests.get(request)?.specifier.contains(['?', '!']) {
            return None;
        }
        match self.module.links.resolved.get(request)? {
            Resolved::File(file) if self.view.module(*file).is_some() => {
                Some((*file, self.view.shared.tree.path(*file)?))
            }
            _ => None,
        }
    }

    fn taken(&self, out: &mut Findings<'_>) {
        let options = self.view.environment.typescript(self.path);
        for import in &self.summary.imports {
            if import.type_only
                && let Some(at) = import.value_use
                && self.hides_a_value(import)
            {
                let message = format!("{} is imported as a type only, but used as a value", import.local);
                self.push(Report::new(Rule::TypeUsedAsValue, self.path, message), at, out);
            }
            let Some((file, target)) = self.target(import.request) else { continue };
            let known = match &import.taken {
                Taken::Namespace => continue,
                Taken::Name(name) => match (names::look_up(self.view, file, name), self.beside(target)) {
                    (Known::Missing, Some(beside)) => names::look_up(self.view, beside, name),
                    (known, _) => known,
                },
                Taken::Default if self.is_made_by_loader(target) || self.is_given_by_node(target) => continue,
                Taken::Default => names::look_up(self.view, file, "default"),
            };
            match known {
                Known::Unknown => {}
                Known::Missing => self.not_exported(import, file, target, out),
                Known::Exported(meaning) => self.only_a_type(import, meaning, options, target, out),
            }
        }
        let imported: HashSet<usize> = self.summary.imports.iter().map(|import| import.request).collect();
        for export in &self.summary.exports {
            let Origin::There { request, taken, type_only } = &export.origin else { continue };
            // What is imported first and exported then was checked as an import.
            if imported.contains(request) {
                continue;
            }
            let Some((file, target)) = self.target(*request) else { continue };
            let name = match taken {
                Taken::Namespace => continue,
                Taken::Name(name) => name.as_str(),
                Taken::Default => "default",
            };
            match names::look_up(self.view, file, name) {
                Known::Missing => {
                    let message = if name == "default" {
                        format!("{target} has no default export")
                    } else {
                        format!("{target} does not export {name}")
                    };
                    let report = Report::new(Rule::MissingExport, self.path, message);
                    self.push(self.like(report, file, name), export.span, out);
                }
                Known::Exported(Meaning { value: false, kind: true })
                    if !type_only
                        && options.isolated
                        && self.summary.format.is_typescript
                        && !self.summary.format.is_declaration =>
                {
                    let message = format!(
                        "{name} of {target} is only a type; files compiled on their own must export it with `export type`"
                    );
                    self.push(Report::new(Rule::TypeUsedAsValue, self.path, message), export.span, out);
                }
                _ => {}
            }
        }
    }

    /// The file that describes a component's types beside it.
    fn beside(&self, target: &RepoPath) -> Option<FileId> {
        self.view.shared.tree.file(&description_of(target)?)
    }

    /// `import x from './x.js'` in a file `.mjs`, where `x.js` is compiled to Node's old kind of module: that is its default.
    fn is_given_by_node(&self, target: &RepoPath) -> bool {
        let is_module = |path: &RepoPath| matches!(path.extension(), Some("mjs" | "mts"));
        let package = |path: &RepoPath| {
            let above = self.view.environment.manifests_above(path.parent()).next();
            above.is_some_and(|(_, manifest)| manifest.has_modules)
        };
        is_module(self.path) && !is_module(target) && !package(target)
    }

    /// Vitest compiles what it runs, whatever kind of module its ending says.
    fn is_test_of_vitest(&self) -> bool {
        entries::is_marked(self.path.file_name()) && self.view.environment.uses(self.path.parent(), &["vitest"])
    }

    /// `import Worker from './a.worker.ts'` where a loader makes a class of the file.
    fn is_made_by_loader(&self, target: &RepoPath) -> bool {
        target.file_name().contains(".worker.")
            && self.view.environment.uses(self.path.parent(), &["worker-loader", "worker-plugin"])
    }

    /// Whether a value of the name exists everywhere.
    fn is_global_value(&self, name: &str) -> bool {
        globals::is_value(name) || self.view.environment.globals.contains(name)
    }

    /// Whether a value can't be meant that exists everywhere: what is only a type hides no value of its name.
    fn hides_a_value(&self, import: &Import) -> bool {
        let name = match &import.taken {
            Taken::Name(name) => name.as_str(),
            Taken::Default => "default",
            Taken::Namespace => return true,
        };
        let known = self.target(import.request).map(|(file, _)| names::look_up(self.view, file, name));
        matches!(known, Some(Known::Exported(meaning)) if meaning.value) || !self.is_global_value(&import.local)
    }

    /// Names what is written like it: for the first few of a file's, as the search looks at all names of the other.
    fn like(&self, report: Report, file: FileId, name: &str) -> Report {
        let searched = self.searched.get();
        self.searched.set(searched + 1);
        if searched >= MOST_SEARCHES {
            return report;
        }
        let (names, _) = names::all(self.view, file);
        match nearest::name(&names, name) {
            Some(there) => report.suggest(format!("there is {there}")),
            None => report,
        }
    }

    fn not_exported(&self, import: &Import, file: FileId, target: &RepoPath, out: &mut Findings<'_>) {
        let plain = !import.type_only && import.clause_span.is_some();
        let report =
            match &import.taken {
                Taken::Name(name) => {
                    let has_default = matches!(names::look_up(self.view, file, "default"), Known::Exported(_));
                    let is_default =
                        self.view.module(file).is_some_and(|module| module.summary.default_is_called(name, target));
                    if has_default && is_default {
                        let message = format!("{name} is the default export of {target}, not a named one");
                        let report = Report::new(Rule::DefaultNamedMixup, self.path, message);
                        match import.clause_span.filter(|_| plain) {
                            Some(clause) => report
                                .suggest(format!("write import {} from …", import.local))
                                .fix(Fix::one(self.path, clause, import.local.clone())),
                            None => report,
                        }
                    } else {
                        let message = match self.view.module(file) {
                            Some(module) if !module.summary.format.is_module && !module.summary.format.is_vue => {
                                format!("{target} is no module: it exports nothing, so not {name} either")
                            }
                            _ => format!("{target} does not export {name}"),
                        };
                        self.like(Report::new(Rule::MissingExport, self.path, message), file, name)
                    }
                }
                _ => {
                    let message = format!("{target} has no default export");
                    let report = Report::new(Rule::DefaultNamedMixup, self.path, message);
                    let named = matches!(names::look_up(self.view, file, &import.local), Known::Exported(_));
                    match import.clause_span.filter(|_| named && plain) {
                        Some(clause) => report
                            .suggest(format!("write import {{ {} }} from …", import.local))
                            .fix(Fix::one(self.path, clause, format!("{{ {} }}", import.local))),
                        None => report,
                    }
                }
            };
        self.push(report, import.span, out);
    }

    fn only_a_type(
        &self,
        import: &Import,
        meaning: Meaning,
        options: TypeScriptOptions,
        target: &RepoPath,
        out: &mut Findings<'_>,
    ) {
        if meaning.value || import.type_only || !meaning.kind {
            return;
        }
        if let Some(at) = import.value_use.filter(|_| !self.is_global_value(&import.local)) {
            let message = format!("{} of {target} is only a type, but used as a value", import.local);
            self.push(Report::new(Rule::TypeUsedAsValue, self.path, message), at, out);
        } else if options.verbatim && self.summary.format.is_typescript && !self.summary.format.is_declaration {
            let message = format!(
                "{} of {target} is only a type; imports are kept as written, so it must be imported with `type`",
                import.local
            );
            let report = Report::new(Rule::TypeUsedAsValue, self.path, message);
            let report = if self.summary.format.is_vue { report.severity(Severity::Warning) } else { report };
            let report = if matches!(import.taken, Taken::Name(_)) {
                let at = TextSpan { start: import.specifier_span.start, end: import.specifier_span.start };
                report.suggest(format!("write type {}", import.local)).fix(Fix::one(self.path, at, "type "))
            } else {
                report
            };
            self.push(report, import.span, out);
        }
    }

    fn free_names(&self, out: &mut Findings<'_>) {
        let environment = self.view.environment;
        let format = self.summary.format;
        if environment.imports_by_itself || format.is_declaration {
            return;
        }
        let of_types = self.summary.imports.iter().filter(|import| import.type_only);
        let of_types: HashMap<&str, &Import> = of_types.map(|import| (import.local.as_str(), import)).collect();
        for free in &self.summary.free {
            let name = free.name.as_str();
            let as_type = of_types.get(name).filter(|_| !free.is_type);
            if as_type.is_some_and(|import| self.hides_a_value(import)) {
                let message = format!("{name} is imported as a type only, but used as a value");
                self.push(Report::new(Rule::TypeUsedAsValue, self.path, message), free.span, out);
                continue;
            }
            let known = if free.is_type { globals::is_type(name) } else { globals::is_value(name) }
                || environment.globals.contains(name)
                || format.is_vue && globals::is_vue(name)
                || !format.is_typescript && globals::is_of_every_object(name);
            if known {
                continue;
            }
            let what = if free.is_type { "type" } else { "name" };
            let message = format!("nothing declares the {what} {name}, and it is not imported");
            let report = Report::new(Rule::UndefinedName, self.path, message);
            // A configuration or a page speaks of the name: perhaps it makes it known.
            let spoken_of = out.origin() == Author::Existing && environment.names.contains(name);
            let certain = !spoken_of && self.is_certainly_free(name, free.is_type);
            let report = if certain { report } else { report.severity(Severity::Warning) };
            self.push(report, free.span, out);
        }
    }

    /// Whether no tool or page can bring the name along.
    fn is_certainly_free(&self, name: &str, is_type: bool) -> bool {
        let environment = self.view.environment;
        let format = self.summary.format;
        let constant = !name.chars().any(char::is_lowercase) && name.len() > 1;
        let marked = name.starts_with('_') || name.starts_with('$');
        // Types are written with a capital; what is not is a namespace that a package may give to all files.
        let namespace = is_type && name.starts_with(char::is_lowercase);
        // Scripts share one scope with whatever else the page loads.
        let alone = format.is_module || format.is_vue || self.is_node_module();
        let types_known = !is_type
            || !environment
                .manifests_above(self.path.parent())
                .any(|(_, manifest)| manifest.declared.keys().any(|package| may_declare_global_types(package)));
        let pages = environment.loads_scripts && !format.is_typescript;
        // `require('shelljs/global')`, `import 'zx/globals'`: a module that is loaded for what it does may make names.
        let made = self.summary.requests.iter().any(|request| {
            let module = request.specifier.as_str();
            resolve::package_name(module)
                .is_some_and(|name| matches!(module.strip_prefix(name), Some("/global" | "/globals")))
        });
        // Nothing says that a type must be known where nothing checks types, or a name where the linter is told not to.
        let checked = if is_type {
            environment.typescript(self.path).present
        } else {
            format.is_typescript || !environment.allows_undefined
        };
        let given = is_type && environment.has_platform_types || self.is_called_like_a_package(name, is_type);
        !made && !constant && !marked && !namespace && alone && types_known && !pages && checked && !given
    }

    /// Whether the name is written like that of a package the file imports from, whose types may make it known everywhere:
    /// types as the package is called or longer (`HandlebarsTemplateDelegate`), values as its end is (`fetchMock` of
    /// `jest-fetch-mock`). A value called like the whole package is what an import would bring, so that one is missed.
    fn is_called_like_a_package(&self, name: &str, is_type: bool) -> bool {
        let name = name.to_lowercase();
        let is_like = |package: &str| {
            let last = package.rsplit('/').next().unwrap_or_default().trim_end_matches(".js");
            let plain: String = last.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
            if is_type {
                plain.len() > 2 && name.starts_with(&plain)
            } else {
                name.len() > 4 && plain.len() > name.len() && plain.ends_with(&name)
            }
        };
        let mut imported = self.summary.requests.iter();
        imported.any(|request| resolve::package_name(&request.specifier).is_some_and(is_like))
    }

    fn is_node_module(&self) -> bool {
        self.summary.format.assigns_exports || self.summary.requests.iter().any(|request| request.form == Form::Require)
    }
}

/// Whether a package's types may reach into the global scope in a way that the lists of known names do not have.
fn may_declare_global_types(package: &str) -> bool {
    const TYPES: &[&str] = &[
        "audioworklet",
        "chrome",
        "cordova",
        "css-font-loading-module",
        "d3",
        "dom-",
        "emscripten",
        "facebook",
        "filesystem",
        "firefox",
        "gapi",
        "geojson",
        "google",
        "greasemonkey",
        "gtag",
        "jquery",
        "k6",
        "leaflet",
        "office-",
        "offscreen",
        "react-native",
        "requirejs",
        "screeps",
        "serviceworker",
        "spotify",
        "stripe",
        "systemjs",
        "tampermonkey",
        "three",
        "w3c",
        "web",
        "wicg",
        "wordpress",
        "youtube",
    ];
    const OTHERS: &[&str] = &[
        "miniprogram-api-typings",
        "react-native",
        "@tarojs/taro",
        "obsidian",
        "phaser",
        "cypress",
        "@cloudflare/workers-types",
    ];
    let types = package.strip_prefix("@types/");
    types.is_some_and(|name| TYPES.iter().any(|start| name.starts_with(start)))
        || OTHERS.contains(&package)
        || (package.ends_with("-types") || package.contains("typings")) && !package.starts_with("@typescript-eslint")
}
