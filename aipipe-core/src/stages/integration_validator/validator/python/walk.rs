//! Walks a parsed file once and collects its summary.

use super::super::language::LoadTime;
use super::packages;
use super::read::{is_stub, span};
use super::scopes::{ScopeKind, Scopes};
use super::summary::{FreeName, Import, Summary, Taken};
use crate::domain::{RepoPath, TextSpan};
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Comprehension, Decorator, ExceptHandler, Expr, ExprContext, ExprStringLiteral, Parameters, Pattern, Stmt,
    StmtClassDef, StmtFunctionDef, StmtIf, StmtImport, StmtImportFrom, StmtTry, StmtWith, TypeParams,
};
use ruff_text_size::{Ranged, TextRange};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Collects what a file says into its summary.
///
/// `quiet` has the lines, up to their comments, of which checkers are to say nothing.
pub(super) fn walk(path: &RepoPath, text: &str, body: &[Stmt], quiet: &[TextSpan], summary: &mut Summary) {
    let mut walker = Walker {
        text,
        quiet,
        scopes: Scopes::new(),
        summary,
        place: Place { postponed: is_stub(path) || postpones(body), ..Place::default() },
        definitions: Vec::new(),
        named: HashSet::new(),
        not_unused: Vec::new(),
        class_is_abstract: false,
    };
    for statement in body {
        walker.definition(statement);
    }
    walker.visit_body(body);
    walker.finish(path);
}

/// Whether annotations are kept as text (`from __future__ import annotations`).
fn postpones(body: &[Stmt]) -> bool {
    body.iter().any(|statement| match statement {
        Stmt::ImportFrom(StmtImportFrom { module: Some(module), names, .. }) => {
            module.as_str() == "__future__" && names.iter().any(|alias| alias.name.as_str() == "annotations")
        }
        _ => false,
    })
}

/// Where in the file the walk is.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    postponed: bool,
    in_function: bool,
    for_types: bool,
    in_annotation: bool,
    /// Whether a failing import is caught, or made on some systems only.
    may_fail: bool,
    /// Whether an unknown name is caught.
    catches_names: bool,
}

struct Definition<'a> {
    name: &'a str,
    name_span: TextSpan,
    range: TextSpan,
    decorated: bool,
}

struct Walker<'a, 's> {
    text: &'a str,
    quiet: &'s [TextSpan],
    scopes: Scopes<'a>,
    summary: &'s mut Summary,
    place: Place,
    /// Functions and classes at the top, not under any condition.
    definitions: Vec<Definition<'a>>,
    /// Identifiers in strings that hold code.
    named: HashSet<&'a str>,
    /// Imports whose names need no use.
    not_unused: Vec<TextSpan>,
    class_is_abstract: bool,
}

impl<'a> Walker<'a, '_> {
    fn source(&self, range: TextRange) -> &'a str {
        span(range).of(self.text).unwrap_or_default()
    }

    fn within(&mut self, place: Place, walk: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.place, place);
        walk(self);
        self.place = before;
    }

    fn definition(&mut self, statement: &'a Stmt) {
        let (name, decorated) = match statement {
            Stmt::FunctionDef(function) => (&function.name, !function.decorator_list.is_empty()),
            Stmt::ClassDef(class) => (&class.name, !class.decorator_list.is_empty()),
            _ => return,
        };
        let (name_span, range) = (span(name.range()), span(statement.range()));
        self.definitions.push(Definition { name: name.as_str(), name_span, range, decorated });
    }

    /// Whether a comment of the line tells checkers to pass it over: `# noqa`, `# type: ignore`, `# pylint: disable`.
    fn is_quiet(&self, at: TextSpan) -> bool {
        let next = self.quiet.partition_point(|line| line.end < at.start);
        self.quiet.get(next).is_some_and(|line| line.start <= at.end)
    }

    fn import(&mut self, statement: &'a StmtImport) {
        let place = span(statement.range);
        let quiet = self.is_quiet(place);
        for alias in &statement.names {
            let name = alias.name.as_str();
            let at = span(alias.name.range());
            self.push_import(0, name, Vec::new(), false, at, quiet);
            match &alias.asname {
                Some(local) => self.scopes.bind_import(local.as_str(), at),
                None => self.scopes.bind_import(name.split('.').next().unwrap_or(name), at),
            }
            let alone = alias.asname.as_ref().is_some_and(|local| local.as_str() == name);
            if alone || quiet || self.place.may_fail {
                self.not_unused.push(at);
            }
        }
    }

    fn import_from(&mut self, statement: &'a StmtImportFrom) {
        let module = statement.module.as_ref().map_or("", |module| module.as_str());
        let whole = span(statement.range);
        let quiet = self.is_quiet(whole);
        let takes_all = statement.names.iter().any(|alias| alias.name.as_str() == "*");
        let names = statement.names.iter().filter(|alias| alias.name.as_str() != "*");
        let taken = names
            .clone()
            .map(|alias| Taken { name: alias.name.as_str().to_owned(), span: span(alias.name.range()) })
            .collect();
        let at = statement.module.as_ref().map_or(whole, |module| span(module.range()));
        let level = usize::try_from(statement.level).unwrap_or(usize::MAX);
        self.push_import(level, module, taken, takes_all, at, quiet);
        for alias in names {
            let at = span(alias.range());
            let local = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
            self.scopes.bind_import(local, at);
            let again = alias.asname.as_ref().is_some_and(|local| local.as_str() == alias.name.as_str());
            let own_line = quiet || self.is_quiet(at);
            if again || own_line || self.place.may_fail || module == "__future__" {
                self.not_unused.push(at);
            }
        }
    }

    fn push_import(
        &mut self,
        level: usize,
        module: &str,
        names: Vec<Taken>,
        takes_all: bool,
        span: TextSpan,
        quiet: bool,
    ) {
        let when = match self.place {
            Place { for_types: true, .. } => LoadTime::Never,
            Place { in_function: true, .. } => LoadTime::Later,
            _ => LoadTime::AtLoad,
        };
        let may_fail = self.place.may_fail;
        let module = module.to_owned();
        self.summary.imports.push(Import { level, module, names, takes_all, span, when, may_fail, quiet });
    }

    fn type_parameters(&mut self, parameters: Option<&'a TypeParams>) -> bool {
        let Some(parameters) = parameters else { return false };
        self.scopes.enter(ScopeKind::TypeParameters);
        for parameter in parameters {
            self.scopes.bind(parameter.name().as_str());
        }
        self.visit_type_params(parameters);
        true
    }

    fn function(&mut self, function: &'a StmtFunctionDef) {
        for decorator in &function.decorator_list {
            self.visit_decorator(decorator);
        }
        self.scopes.bind(function.name.as_str());
        let has_types = self.type_parameters(function.type_params.as_deref());
        self.defaults_and_annotations(&function.parameters);
        if let Some(returns) = &function.returns {
            self.visit_annotation(returns);
        }
        self.empty_body(function);
        self.scopes.enter(ScopeKind::Function);
        self.parameters(&function.parameters);
        let class_is_abstract = std::mem::replace(&mut self.class_is_abstract, false);
        // What catches around the definition does not catch in its body.
        let place = Place { in_function: true, may_fail: false, catches_names: false, ..self.place };
        self.within(place, |walker| walker.visit_body(&function.body));
        self.class_is_abstract = class_is_abstract;
        self.scopes.leave();
        if has_types {
            self.scopes.leave();
        }
    }

    fn parameters(&mut self, parameters: &'a Parameters) {
        for parameter in parameters {
            self.scopes.bind(parameter.name().as_str());
        }
    }

    fn defaults_and_annotations(&mut self, parameters: &'a Parameters) {
        for parameter in parameters {
            if let Some(default) = parameter.default() {
                self.visit_expr(default);
            }
            if let Some(annotation) = parameter.annotation() {
                self.visit_annotation(annotation);
            }
        }
    }

    fn class(&mut self, class: &'a StmtClassDef) {
        for decorator in &class.decorator_list {
            self.visit_decorator(decorator);
        }
        self.scopes.bind(class.name.as_str());
        let has_types = self.type_parameters(class.type_params.as_deref());
        if let Some(arguments) = &class.arguments {
            self.visit_arguments(arguments);
        }
        let bases = class.arguments.as_ref().map_or("", |arguments| self.source(arguments.range()));
        let is_abstract = ["Protocol", "ABC", "Interface", "Abstract", "Base"].iter().any(|base| bases.contains(base));
        let outer = std::mem::replace(&mut self.class_is_abstract, is_abstract);
        self.scopes.enter(ScopeKind::Class);
        self.visit_body(&class.body);
        self.scopes.leave();
        self.class_is_abstract = outer;
        if has_types {
            self.scopes.leave();
        }
    }

    fn empty_body(&mut self, function: &'a StmtFunctionDef) {
        let name = function.name.as_str();
        let means_something = |decorator: &Decorator| {
            let source = self.source(decorator.range());
            ["abstract", "overload", "fixture", "callback", "group", "validator"]
                .iter()
                .any(|word| source.contains(word))
        };
        let exempt = self.class_is_abstract
            || name.starts_with("__")
            || self.summary.is_program
            || function.decorator_list.iter().any(means_something);
        if exempt || !function.body.iter().all(|statement| self.does_nothing(statement)) {
            return;
        }
        self.summary.empty_bodies.push((span(function.name.range()), name.to_owned()));
    }

    fn does_nothing(&self, statement: &Stmt) -> bool {
        match statement {
            Stmt::Pass(_) => true,
            Stmt::Expr(expression) => matches!(*expression.value, Expr::EllipsisLiteral(_) | Expr::StringLiteral(_)),
            Stmt::Raise(raise) => {
                raise.exc.as_ref().is_some_and(|raised| self.source(raised.range()).starts_with("NotImplementedError"))
            }
            _ => false,
        }
    }

    fn tried(&mut self, statement: &'a StmtTry) {
        let caught: Vec<&str> = statement
            .handlers
            .iter()
            .map(|ExceptHandler::ExceptHandler(handler)| {
                handler.type_.as_ref().map_or("Exception", |kind| self.source(kind.range()))
            })
            .collect();
        let catches = |names: &[&str]| caught.iter().any(|caught| names.iter().any(|name| caught.contains(name)));
        let imports = catches(&["ImportError", "ModuleNotFoundError", "Exception", "RuntimeError"]);
        let names = catches(&["NameError", "Exception"]);
        let place = self.place;
        let body = Place { may_fail: place.may_fail || imports, catches_names: place.catches_names || names, ..place };
        self.within(body, |walker| walker.visit_body(&statement.body));
        // What stands in for a failed import or name may fail on other systems.
        self.within(body, |walker| {
            for handler in &statement.handlers {
                walker.visit_except_handler(handler);
            }
        });
        let rest = Place { may_fail: place.may_fail || imports, ..place };
        self.within(rest, |walker| walker.visit_body(&statement.orelse));
        self.visit_body(&statement.finalbody);
    }

    fn condition(&mut self, statement: &'a StmtIf) {
        let test = self.source(statement.test.range());
        self.summary.is_program |= test.contains("__name__") && test.contains("__main__");
        let body = Place {
            for_types: self.place.for_types || test.ends_with("TYPE_CHECKING"),
            may_fail: self.place.may_fail || depends_on_system(test),
            catches_names: self.place.catches_names || depends_on_system(test),
            ..self.place
        };
        self.visit_expr(&statement.test);
        self.within(body, |walker| walker.visit_body(&statement.body));
        let rest = Place { for_types: self.place.for_types, ..body };
        for clause in &statement.elif_else_clauses {
            let system = clause.test.as_ref().is_some_and(|test| depends_on_system(self.source(test.range())));
            let place =
                Place { may_fail: rest.may_fail || system, catches_names: rest.catches_names || system, ..rest };
            self.within(place, |walker| visitor::walk_elif_else_clause(walker, clause));
        }
    }

    fn with(&mut self, statement: &'a StmtWith) {
        let mut catches = false;
        for item in &statement.items {
            self.visit_with_item(item);
            let source = self.source(item.range());
            catches |= source.contains("Error") || source.contains("Exception") || source.contains("raises");
        }
        let place = Place {
            may_fail: self.place.may_fail || catches,
            catches_names: self.place.catches_names || catches,
            ..self.place
        };
        self.within(place, |walker| walker.visit_body(&statement.body));
    }

    fn comprehension(&mut self, generators: &'a [Comprehension], parts: &[&'a Expr]) {
        // What the first one goes over is worked out outside.
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        self.scopes.enter(ScopeKind::Comprehension);
        for (number, generator) in generators.iter().enumerate() {
            if number > 0 {
                self.visit_expr(&generator.iter);
            }
            self.visit_expr(&generator.target);
            for condition in &generator.ifs {
                self.visit_expr(condition);
            }
        }
        for part in parts {
            self.visit_expr(part);
        }
        self.scopes.leave();
    }

    /// A string may hold code (an annotation), or name a module.
    fn string(&mut self, literal: &'a ExprStringLiteral) {
        const LONGEST: usize = 400;
        let source = self.source(literal.range);
        let value = literal.value.to_str();
        if value.is_empty() || value.len() > LONGEST {
            return;
        }
        let named = value.split(':').next().unwrap_or_default();
        let is_path = named.contains('.') || named.contains('/') || value.contains(':');
        if is_path && named.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '/')) {
            let module = named.strip_suffix(".py").unwrap_or(named).replace('/', ".");
            self.summary.mentions.insert(module);
        }
        let code = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | ',' | ' ' | '|' | '"' | '\'');
        let is_type = value.starts_with(|c: char| c.is_uppercase()) || value.contains(['[', '.']);
        if self.place.in_annotation || is_type && value.chars().all(code) {
            self.named.extend(identifiers(source));
        }
    }

    /// `__all__ = [...]` and `__all__ += [...]`; what can't be read leaves it unknown.
    fn listed(&mut self, target: &Expr, value: &'a Expr, adds: bool) {
        let is_list = matches!(target, Expr::Name(name) if name.id.as_str() == "__all__");
        if !is_list || self.scopes.kind() != ScopeKind::Module {
            return;
        }
        self.named.extend(identifiers(self.source(value.range())));
        let items: Option<&[Expr]> = match value {
            Expr::List(list) => Some(&list.elts),
            Expr::Tuple(tuple) => Some(&tuple.elts),
            _ => None,
        };
        let names: Option<BTreeSet<String>> = items.and_then(|items| {
            let name = |item: &Expr| match item {
                Expr::StringLiteral(literal) => Some(literal.value.to_str().to_owned()),
                _ => None,
            };
            items.iter().map(name).collect()
        });
        self.summary.names.listed = match (names, self.summary.names.listed.take()) {
            (Some(names), None) if !adds => Some(names),
            (Some(names), Some(before)) => Some(before.into_iter().chain(names).collect()),
            _ => {
                self.summary.names.open = true;
                None
            }
        };
    }

    fn finish(mut self, path: &RepoPath) {
        let free = self.scopes.resolve();
        self.scopes.mark_named(&self.named);
        self.summary.names.defined = self.scopes.module_names().map(str::to_owned).collect();
        self.summary.names.open |= self.summary.names.defined.contains("__getattr__");
        let mut seen = HashSet::new();
        for used in free {
            if used.guarded || packages::is_builtin(used.name) || !seen.insert(used.name) {
                continue;
            }
            let certain = used.certain && !packages::is_old_builtin(used.name) && !self.is_quiet(used.span);
            self.summary.free.push(FreeName { name: used.name.to_owned(), span: used.span, certain });
        }
        let told_off = self.text.lines().take(20).any(|line| {
            let line = line.trim_start();
            line.starts_with('#') && (line.contains("flake8: noqa") || line.contains("ruff: noqa"))
        });
        if !told_off && !is_stub(path) && !matches!(path.file_name(), "__init__.py" | "conftest.py") {
            let exempt: HashSet<TextSpan> = self.not_unused.drain(..).collect();
            let unused = self.scopes.unused_imports().into_iter();
            let unused = unused.filter(|(_, span)| !exempt.contains(span));
            self.summary.unused = unused.map(|(name, span)| (name.to_owned(), span)).collect();
        }
        if !is_stub(path) {
            self.repeated();
        }
    }

    fn repeated(&mut self) {
        let mut last: HashMap<&str, &Definition<'_>> = HashMap::new();
        let mut pairs = Vec::new();
        for definition in &self.definitions {
            if let Some(before) = last.insert(definition.name, definition)
                && !before.decorated
                && !definition.decorated
                && definition.name != "_"
            {
                pairs.push((before, definition));
            }
        }
        if pairs.is_empty() {
            return;
        }
        let mut uses: HashMap<&str, Vec<usize>> = HashMap::new();
        for used in &self.scopes.uses {
            uses.entry(used.name).or_default().push(used.span.start);
        }
        for (before, definition) in pairs {
            // A use in its own body comes into play only if something calls it.
            let between = before.range.end..definition.range.end;
            let used = uses.get(definition.name).is_some_and(|uses| uses.iter().any(|at| between.contains(at)));
            if !used && !self.named.contains(definition.name) {
                self.summary.repeated.push((definition.name.to_owned(), definition.name_span));
            }
        }
    }
}

fn depends_on_system(test: &str) -> bool {
    const ASKS: &[&str] = &[
        "version",
        "platform",
        "PY2",
        "PY3",
        "os.name",
        "hasattr",
        "find_spec",
        "installed",
        "available",
        "HAS_",
        "has_",
        "WINDOWS",
        "windows",
        "VERSION",
    ];
    ASKS.iter().any(|ask| test.contains(ask))
}

fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

impl<'a> Visitor<'a> for Walker<'a, '_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => self.class(class),
            Stmt::Import(import) => self.import(import),
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Global(global) => global.names.iter().for_each(|name| self.scopes.global(name.as_str())),
            Stmt::Nonlocal(nonlocal) => nonlocal.names.iter().for_each(|name| self.scopes.nonlocal(name.as_str())),
            Stmt::Try(tried) => self.tried(tried),
            Stmt::If(condition) => self.condition(condition),
            Stmt::With(with) => self.with(with),
            Stmt::TypeAlias(alias) => {
                self.visit_expr(&alias.name);
                let has_types = self.type_parameters(alias.type_params.as_deref());
                // Worked out when asked for.
                self.visit_annotation(&alias.value);
                if has_types {
                    self.scopes.leave();
                }
            }
            Stmt::AugAssign(assign) => {
                if let Expr::Name(name) = &*assign.target {
                    self.scopes.look_up(name.id.as_str(), span(name.range), false, true);
                }
                self.listed(&assign.target, &assign.value, true);
                visitor::walk_stmt(self, statement);
            }
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.listed(target, &assign.value, false);
                }
                visitor::walk_stmt(self, statement);
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.listed(&assign.target, value, false);
                }
                visitor::walk_stmt(self, statement);
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_annotation(&mut self, annotation: &'a Expr) {
        let place = Place { in_annotation: true, ..self.place };
        self.within(place, |walker| walker.visit_expr(annotation));
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) => match name.ctx {
                ExprContext::Load => {
                    let Place { in_annotation, in_function, postponed, catches_names, for_types, .. } = self.place;
                    // Python 3.14 works annotations out when asked for, and those of local variables never are.
                    let certain = !for_types && !(in_annotation && (postponed || in_function));
                    self.scopes.look_up(name.id.as_str(), span(name.range), certain, catches_names);
                }
                ExprContext::Del => self.scopes.look_up(name.id.as_str(), span(name.range), false, true),
                _ => self.scopes.bind(name.id.as_str()),
            },
            Expr::Named(named) => {
                self.visit_expr(&named.value);
                match &*named.target {
                    Expr::Name(name) => self.scopes.bind_outside_comprehensions(name.id.as_str()),
                    target => self.visit_expr(target),
                }
            }
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.defaults_and_annotations(parameters);
                }
                self.scopes.enter(ScopeKind::Function);
                if let Some(parameters) = &lambda.parameters {
                    self.parameters(parameters);
                }
                self.visit_expr(&lambda.body);
                self.scopes.leave();
            }
            Expr::ListComp(list) => self.comprehension(&list.generators, &[&list.elt]),
            Expr::SetComp(set) => self.comprehension(&set.generators, &[&set.elt]),
            Expr::Generator(generator) => self.comprehension(&generator.generators, &[&generator.elt]),
            Expr::DictComp(dict) => {
                let mut parts: Vec<&'a Expr> = vec![&dict.value];
                parts.extend(dict.key.as_deref());
                self.comprehension(&dict.generators, &parts);
            }
            Expr::StringLiteral(literal) => self.string(literal),
            Expr::Call(call) => {
                let called = self.source(call.func.range());
                let name = called.rsplit('.').next().unwrap_or(called);
                self.summary.loads_by_name |= matches!(
                    name,
                    "import_module"
                        | "__import__"
                        | "iter_modules"
                        | "walk_packages"
                        | "import_string"
                        | "load_module"
                        | "find_modules"
                        | "autodiscover_tasks"
                        | "exec_module"
                );
                self.summary.names.open |=
                    matches!(called, "globals" | "exec" | "execfile" | "vars" | "setattr" | "locals")
                        && (called != "locals" && called != "vars" || self.scopes.kind() == ScopeKind::Module);
                visitor::walk_expr(self, expression);
            }
            Expr::Attribute(attribute) => {
                if attribute.attr.as_str() == "modules" && self.source(attribute.range) == "sys.modules" {
                    self.summary.names.open = true;
                }
                visitor::walk_expr(self, expression);
            }
            _ => visitor::walk_expr(self, expression),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(caught) = handler;
        if let Some(name) = &caught.name {
            self.scopes.bind(name.as_str());
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let bound = match pattern {
            Pattern::MatchAs(pattern) => pattern.name.as_ref(),
            Pattern::MatchStar(pattern) => pattern.name.as_ref(),
            Pattern::MatchMapping(pattern) => pattern.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = bound {
            self.scopes.bind(name.as_str());
        }
        visitor::walk_pattern(self, pattern);
    }
}
