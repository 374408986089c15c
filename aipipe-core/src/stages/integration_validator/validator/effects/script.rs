//! Effects of JavaScript and TypeScript.

use super::super::javascript::source;
use super::{EVAL, Effect, NETWORK, PROCESS};
use crate::domain::{RepoPath, TextSpan};
use oxc_allocator::Allocator;
use oxc_ast::ast::{
    Argument, ArrowFunctionExpression, BindingPattern, CallExpression, Class, ClassElement, Expression, Function,
    ImportDeclaration, ImportDeclarationSpecifier, NewExpression, VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};
use oxc_parser::Parser;
use oxc_span::{GetSpan as _, Span};
use oxc_syntax::scope::ScopeFlags;
use std::collections::BTreeMap;

/// What a name stands for: a module, and what of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Meaning {
    module: String,
    /// The exported name; the whole module where there is none.
    export: Option<String>,
}

#[derive(Debug, Default)]
struct Finder {
    names: BTreeMap<String, Option<Meaning>>,
    found: Vec<Effect>,
}

pub(super) fn find(path: &RepoPath, text: &str) -> Vec<Effect> {
    if source::is_too_deep(text) {
        return Vec::new();
    }
    let source = source::of(path, text);
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, &source.text, source.kind).parse();
    if parsed.panicked || parsed.diagnostics.has_errors() {
        return Vec::new();
    }
    let mut finder = Finder::default();
    finder.visit_program(&parsed.program);
    finder.found.sort_by_key(|effect| effect.span);
    finder.found
}

/// What a call of an export of a module does.
fn of_module(module: &str, export: Option<&str>) -> Option<&'static str> {
    let name = export.unwrap_or("default");
    match module.strip_prefix("node:").unwrap_or(module) {
        "child_process" => Some(PROCESS),
        "worker_threads" | "cluster" => matches!(name, "Worker" | "fork").then_some(PROCESS),
        "http" | "https" | "http2" => matches!(name, "request" | "get" | "connect").then_some(NETWORK),
        "net" => matches!(name, "connect" | "createConnection" | "Socket").then_some(NETWORK),
        "tls" => (name == "connect").then_some(NETWORK),
        "dgram" => (name == "createSocket").then_some(NETWORK),
        "axios" | "got" | "ky" | "node-fetch" | "cross-fetch" | "superagent" => {
            (!matches!(name, "create" | "extend" | "interceptors")).then_some(NETWORK)
        }
        "undici" => matches!(name, "fetch" | "request" | "stream" | "pipeline" | "connect").then_some(NETWORK),
        "vm" => (name.starts_with("run") || name == "compileFunction").then_some(EVAL),
        "execa" => Some(PROCESS),
        _ => None,
    }
}

fn of_global(name: &str, is_new: bool) -> Option<&'static str> {
    match (name, is_new) {
        ("fetch", false) | ("WebSocket" | "XMLHttpRequest" | "EventSource", true) => Some(NETWORK),
        ("eval" | "Function", false) | ("Function", true) => Some(EVAL),
        ("Worker", true) => Some(PROCESS),
        _ => None,
    }
}

impl Finder {
    /// What a callee stands for: an imported thing with a member of it, or a global.
    fn what(&self, callee: &Expression<'_>, is_new: bool) -> Option<&'static str> {
        let mut members: Vec<&str> = Vec::new();
        let mut rest = callee.get_inner_expression();
        loop {
            rest = match rest {
                Expression::StaticMemberExpression(member) => {
                    members.push(member.property.name.as_str());
                    member.object.get_inner_expression()
                }
                // `(await import("x")).y()`
                Expression::AwaitExpression(awaited) => awaited.argument.get_inner_expression(),
                Expression::ImportExpression(import) => {
                    let Expression::StringLiteral(module) = &import.source else { return None };
                    return of_module(&module.value, members.last().copied());
                }
                Expression::CallExpression(call) => {
                    let module = required(call)?;
                    return of_module(&module, members.last().copied());
                }
                Expression::Identifier(name) => {
                    let name = name.name.as_str();
                    return match self.names.get(name) {
                        Some(Some(Meaning { module, export })) => {
                            let export = match export.as_deref() {
                                None | Some("default") => members.last().copied().or(export.as_deref()),
                                export => export,
                            };
                            of_module(module, export)
                        }
                        // Something of the file's own.
                        Some(None) => None,
                        None if matches!(name, "globalThis" | "window" | "self" | "global") => {
                            of_global(members.last()?, is_new)
                        }
                        None if members.is_empty() => of_global(name, is_new),
                        None => None,
                    };
                }
                _ => return None,
            };
        }
    }

    fn note(&mut self, callee: &Expression<'_>, is_new: bool, span: Span) {
        if let Some(what) = self.what(callee, is_new) {
            let callee = callee.span();
            let span = TextSpan { start: span.start as usize, end: callee.end as usize };
            self.found.push(Effect { what, span });
        }
    }

    /// The body of a function that is called where it stands.
    fn called(&mut self, function: &Expression<'_>) -> bool {
        match function.get_inner_expression() {
            Expression::ArrowFunctionExpression(function) => walk::walk_arrow_function_expression(self, function),
            Expression::FunctionExpression(function) => walk::walk_function(self, function, ScopeFlags::Function),
            _ => return false,
        }
        true
    }

    fn bind(&mut self, pattern: &BindingPattern<'_>, module: Option<&str>) {
        let whole = module.map(|module| Meaning { module: module.to_owned(), export: None });
        match pattern {
            BindingPattern::BindingIdentifier(name) => {
                self.names.insert(name.name.to_string(), whole);
            }
            BindingPattern::ObjectPattern(object) => {
                for property in &object.properties {
                    let export = property.key.static_name().map(|name| name.to_string());
                    if let BindingPattern::BindingIdentifier(name) = &property.value {
                        let meaning = module.map(|module| Meaning { module: module.to_owned(), export });
                        self.names.insert(name.name.to_string(), meaning);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The module of `require("module")`.
fn required(call: &CallExpression<'_>) -> Option<String> {
    let is_require = matches!(&call.callee, Expression::Identifier(name) if name.name == "require");
    match call.arguments.first().and_then(Argument::as_expression) {
        Some(Expression::StringLiteral(module)) if is_require => Some(module.value.to_string()),
        _ => None,
    }
}

/// The module that an initial value loads: `require("x")`, `await import("x")`.
fn loaded(value: &Expression<'_>) -> Option<String> {
    match value.get_inner_expression() {
        Expression::CallExpression(call) => required(call),
        Expression::AwaitExpression(awaited) => match awaited.argument.get_inner_expression() {
            Expression::ImportExpression(import) => match &import.source {
                Expression::StringLiteral(module) => Some(module.value.to_string()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// Whether a method calls what it is given at once, or by itself a little later.
fn calls_back(callee: &Expression<'_>) -> bool {
    let name = match callee.get_inner_expression() {
        Expression::Identifier(name) => name.name.as_str(),
        Expression::StaticMemberExpression(member) => member.property.name.as_str(),
        _ => return false,
    };
    matches!(
        name,
        "forEach"
            | "map"
            | "flatMap"
            | "filter"
            | "reduce"
            | "some"
            | "every"
            | "then"
            | "catch"
            | "finally"
            | "setTimeout"
            | "setInterval"
            | "setImmediate"
            | "queueMicrotask"
            | "nextTick"
    )
}

impl<'a> Visit<'a> for Finder {
    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        let module = it.source.value.as_str();
        for specifier in it.specifiers.iter().flatten() {
            let (local, export) = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(one) => {
                    (one.local.name.as_str(), Some(one.imported.name().to_string()))
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(one) => {
                    (one.local.name.as_str(), Some("default".to_owned()))
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(one) => (one.local.name.as_str(), None),
            };
            self.names.insert(local.to_owned(), Some(Meaning { module: module.to_owned(), export }));
        }
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        let module = it.init.as_ref().and_then(loaded);
        self.bind(&it.id, module.as_deref());
        walk::walk_variable_declarator(self, it);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        self.note(&it.callee, false, it.span);
        if self.called(&it.callee) {
            self.visit_arguments(&it.arguments);
            return;
        }
        if calls_back(&it.callee) {
            self.visit_expression(&it.callee);
            for argument in &it.arguments {
                if !argument.as_expression().is_some_and(|given| self.called(given)) {
                    self.visit_argument(argument);
                }
            }
            return;
        }
        walk::walk_call_expression(self, it);
    }

    fn visit_new_expression(&mut self, it: &NewExpression<'a>) {
        self.note(&it.callee, true, it.span);
        walk::walk_new_expression(self, it);
    }

    fn visit_function(&mut self, it: &Function<'a>, _: ScopeFlags) {
        if let Some(name) = &it.id {
            self.names.insert(name.name.to_string(), None);
        }
    }

    fn visit_arrow_function_expression(&mut self, _: &ArrowFunctionExpression<'a>) {}

    fn visit_class(&mut self, it: &Class<'a>) {
        if let Some(parent) = &it.heritage {
            self.visit_class_heritage(parent);
        }
        for element in &it.body.body {
            match element {
                ClassElement::StaticBlock(block) => walk::walk_static_block(self, block),
                ClassElement::PropertyDefinition(property) if property.r#static => {
                    if let Some(value) = &property.value {
                        self.visit_expression(value);
                    }
                }
                _ => {}
            }
        }
    }
}
