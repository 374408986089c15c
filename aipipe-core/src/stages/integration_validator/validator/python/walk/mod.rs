//! Walks a parsed file once and collects its summary.
//!
//! [`place`] is where the walk is, [`imports`] and [`definitions`] what it collects besides names.

mod definitions;
mod effects;
mod imports;
mod place;

use super::packages;
use super::quiet::{Quiet, QuietPlaces};
use super::read::{is_stub, span};
use super::scopes::{ScopeKind, Scopes};
use super::summary::{FreeName, Summary};
use crate::domain::{RepoPath, TextSpan};
use definitions::Definition;
use foldhash::HashSet;
use place::Place;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Comprehension, ExceptHandler, Expr, ExprContext, Parameters, Pattern, Stmt, StmtClassDef, StmtFunctionDef,
    StmtImportFrom, TypeParams,
};
use ruff_text_size::{Ranged, TextRange};

/// Collects what a file says into its summary.
///
/// `quiet` has the places of which checkers are to say nothing.
pub(super) fn walk(path: &RepoPath, text: &str, body: &[Stmt], quiet: &QuietPlaces, summary: &mut Summary) {
    let mut walker = Walker {
        text,
        quiet,
        scopes: Scopes::new(),
        summary,
        place: Place { postponed: is_stub(path) || postpones(body), ..Place::default() },
        definitions: Vec::new(),
        named: HashSet::default(),
        not_unused: Vec::new(),
        class_is_abstract: false,
        attributes: Vec::new(),
    };
    for statement in body {
        walker.definition(statement, None);
    }
    walker.visit_body(body);
    walker.attach(body);
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

struct Walker<'a, 's> {
    text: &'a str,
    quiet: &'s QuietPlaces,
    scopes: Scopes<'a>,
    summary: &'s mut Summary,
    place: Place,
    /// Functions and classes at the top and directly in classes, not under any condition.
    definitions: Vec<Definition<'a>>,
    /// Identifiers in strings that hold code.
    named: HashSet<&'a str>,
    /// Imports whose names need no use.
    not_unused: Vec<TextSpan>,
    class_is_abstract: bool,
    /// Attributes that are set while the file is loaded, each with what it is set on.
    attributes: Vec<(&'a str, &'a str)>,
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

    /// What comments tell checkers to pass over.
    fn quiet(&self, at: TextSpan) -> Quiet {
        self.quiet.at(at)
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
        for statement in &class.body {
            self.definition(statement, Some(span(class.range).start));
        }
        self.visit_body(&class.body);
        self.scopes.leave();
        self.class_is_abstract = outer;
        if has_types {
            self.scopes.leave();
        }
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

    fn finish(mut self, path: &RepoPath) {
        let free = self.scopes.resolve();
        self.scopes.mark_named(&self.named);
        self.summary.names.defined = self.scopes.module_names().map(str::to_owned).collect();
        self.summary.names.open |= self.summary.names.defined.contains("__getattr__");
        let mut seen = HashSet::default();
        for used in free {
            if used.guarded || packages::is_builtin(used.name) || !seen.insert(used.name) {
                continue;
            }
            // `gettext.install` makes `_` known everywhere.
            let odd = packages::is_old_builtin(used.name) || used.name == "_";
            let certain = used.certain && !odd && !self.quiet(used.span).names;
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
                self.assigned(&assign.target);
                self.listed(&assign.target, &assign.value, true);
                visitor::walk_stmt(self, statement);
            }
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.assigned(target);
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
            Stmt::Expr(expression) => {
                self.handed_over(&expression.value);
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
            // `{{ name }}`: a set can't be in a set.
            Expr::Set(set) => {
                self.summary.is_template |= matches!(set.elts.as_slice(), [Expr::Set(_)]);
                visitor::walk_expr(self, expression);
            }
            Expr::Call(call) => {
                self.called(call);
                visitor::walk_expr(self, expression);
            }
            Expr::Attribute(attribute) => {
                self.mentioned(attribute);
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
