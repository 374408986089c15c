//! One walk over a parsed file that collects what the summary needs.

use super::super::language::LoadTime;
use super::configured::{aliases_of, module_folders_of};
use super::read::{meaning, span, taken};
use super::source::Source;
use super::summary::{AmbientModule, ConfiguredAliases, Form, FreeName, Import, Meaning, Request, Star, Taken};
use crate::domain::{RepoPath, TextSpan};
use oxc_ast::ast::{
    ArrowFunctionExpression, AssignmentExpression, AssignmentTarget, CallExpression, Class, Declaration,
    ExportAllDeclaration, ExportDeclaration, ExportDefaultDeclaration, ExportDefaultDeclarationKind,
    ExportFromDeclaration, ExportNamedDeclaration, Expression, Function, IdentifierReference, ImportDeclaration,
    ImportDeclarationSpecifier, ImportExpression, ImportOrExportKind, MethodDefinition, MethodDefinitionKind,
    ModuleExportName, ObjectProperty, Program, Statement, StaticMemberExpression, StringLiteral, TSExportAssignment,
    TSExternalModuleDeclaration, TSGlobalDeclaration, TSImportEqualsDeclaration, TSImportType, TSInterfaceDeclaration,
    TSModuleReference, TSNamespaceDeclaration, TSNamespaceExportDeclaration, TSType, TemplateLiteral, TryStatement,
    UnaryExpression, UnaryOperator, VariableDeclaration,
};
use oxc_ast_visit::{Visit, walk};
use oxc_semantic::Scoping;
use oxc_span::GetSpan;
use oxc_syntax::scope::ScopeFlags;
use oxc_syntax::symbol::{SymbolFlags, SymbolId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a walk finds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) is_module: bool,
    pub(super) assigns_exports: bool,
    pub(super) requests: Vec<Request>,
    pub(super) imports: Vec<Import>,
    pub(super) exports: Vec<Exported>,
    pub(super) stars: Vec<Star>,
    /// Names that export lists state, and those they state again.
    pub(super) listed: BTreeSet<String>,
    pub(super) listed_again: Vec<(TextSpan, String)>,
    pub(super) free: Vec<FreeName>,
    /// Names that the file asks for with `typeof` or declares in a comment.
    pub(super) guarded: BTreeSet<String>,
    pub(super) ambient: Vec<AmbientModule>,
    pub(super) globals: BTreeSet<String>,
    pub(super) mentions: BTreeSet<String>,
    pub(super) aliases: ConfiguredAliases,
    pub(super) empty_bodies: Vec<(TextSpan, String)>,
    /// Names declared at the top, with what they stand for.
    pub(super) root_names: BTreeMap<String, (TextSpan, Meaning)>,
}

/// An export before its origin is known.
#[derive(Debug)]
pub(super) struct Exported {
    pub(super) name: String,
    pub(super) span: TextSpan,
    /// The name it has in the file.
    pub(super) local: Option<String>,
    pub(super) from: Option<(usize, Taken, bool)>,
    pub(super) used_here: bool,
}

/// Walks over a file.
pub(super) fn walk(path: &RepoPath, source: &Source<'_>, program: &Program<'_>, scoping: &Scoping) -> Found {
    let mut walker = Walker {
        text: &source.text,
        source,
        scoping,
        is_configuration: is_configuration(path),
        found: Found::default(),
        import_of_symbol: HashMap::new(),
        functions: 0,
        tries: 0,
        ambient: 0,
        types: 0,
        namespaces: 0,
    };
    walker.comments(program);
    if let Some(generic) = source.generic.as_deref() {
        let words = generic.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
        walker.found.guarded.extend(words.map(str::to_owned));
    }
    walker.top_level(program);
    walker.visit_program(program);
    walker.found
}

/// Whether the file configures a tool: its texts may name files and packages, and its `alias` entries are path aliases.
pub(super) fn is_configuration(path: &RepoPath) -> bool {
    let name = path.file_name();
    name.contains(".config.")
        || name.contains(".conf.")
        || name.contains("webpack")
        || name.contains("rollup")
        || name.contains("vite")
        || name.starts_with("babel")
        || name.starts_with(".babelrc")
        || name.starts_with("jest")
        || name.starts_with(".eslintrc")
        || name.starts_with("gulpfile")
        || name.starts_with("Gruntfile")
        || name.starts_with("craco")
        || path.components().any(|part| part == ".storybook" || part == ".vitepress" || part == ".dumi")
}

struct Walker<'s> {
    text: &'s str,
    source: &'s Source<'s>,
    scoping: &'s Scoping,
    is_configuration: bool,
    found: Found,
    import_of_symbol: HashMap<SymbolId, usize>,
    functions: usize,
    tries: usize,
    /// `declare`, `declare module`, `declare global`.
    ambient: usize,
    types: usize,
    namespaces: usize,
}

impl Walker<'_> {
    /// Names that a comment declares: `/* global a, b: writable */`.
    fn comments(&mut self, program: &Program<'_>) {
        for comment in &program.comments {
            let text = span(comment.content_span()).of(self.text).unwrap_or_default().trim_start();
            let names = text.strip_prefix("globals").or_else(|| text.strip_prefix("global"));
            if let Some(names) = names.filter(|names| names.starts_with(char::is_whitespace)) {
                let words = names.split(',').filter_map(|name| name.split([':', ' ']).find(|word| !word.is_empty()));
                self.found.guarded.extend(words.map(|word| word.trim().to_owned()));
            }
        }
    }

    fn top_level(&mut self, program: &Program<'_>) {
        self.found.is_module = program.body.iter().any(|statement| {
            statement.as_module_declaration().is_some_and(|module| {
                !matches!(module, oxc_ast::ast::ModuleDeclaration::TSNamespaceExportDeclaration(_))
            }) || matches!(statement, Statement::TSImportEqualsDeclaration(import)
                if matches!(import.module_reference, TSModuleReference::ExternalModuleReference(_)))
        });
        for symbol in self.scoping.symbol_ids() {
            if self.scoping.symbol_scope_id(symbol) == self.scoping.root_scope_id() {
                let flags = self.scoping.symbol_flags(symbol);
                if !flags.intersects(SymbolFlags::Import | SymbolFlags::TypeImport) {
                    let place = span(self.scoping.symbol_span(symbol));
                    let name = self.scoping.symbol_name(symbol).to_owned();
                    self.found.root_names.insert(name, (place, meaning(flags)));
                }
            }
        }
    }

    fn request(&mut self, literal: &StringLiteral<'_>, form: Form, takes_all: bool) -> usize {
        self.request_at(literal.value.as_str(), span(literal.span), form, takes_all)
    }

    fn request_at(&mut self, specifier: &str, quoted: TextSpan, form: Form, takes_all: bool) -> usize {
        let later = self.functions > 0 || form == Form::Dynamic;
        let when = match form {
            Form::TypeOnly => LoadTime::Never,
            _ if later => LoadTime::Later,
            _ => LoadTime::AtLoad,
        };
        self.found.requests.push(Request {
            specifier: specifier.to_owned(),
            span: TextSpan { start: quoted.start + 1, end: quoted.end.saturating_sub(1).max(quoted.start + 1) },
            form,
            when,
            may_fail: self.tries > 0,
            takes_all,
        });
        self.found.requests.len() - 1
    }

    fn is_unresolved(&self, identifier: &IdentifierReference<'_>) -> bool {
        identifier
            .reference_id
            .get()
            .is_some_and(|reference| self.scoping.get_reference(reference).symbol_id().is_none())
    }

    fn is_free(&self, expression: &Expression<'_>, name: &str) -> bool {
        matches!(expression, Expression::Identifier(identifier)
            if identifier.name == name && self.is_unresolved(identifier))
    }

    fn uses(&self, symbol: Option<SymbolId>) -> usize {
        symbol.map_or(0, |symbol| self.scoping.get_resolved_reference_ids(symbol).len())
    }

    fn export(&mut self, name: &str, place: TextSpan, local: Option<&str>, used_here: bool) {
        if self.ambient == 0 {
            let local = local.map(str::to_owned);
            self.found.exports.push(Exported { name: name.to_owned(), span: place, local, from: None, used_here });
        }
    }

    /// Takes in a name of an export list; no two lists may state one name.
    fn list(&mut self, name: &str, place: TextSpan) {
        if self.ambient == 0 && self.namespaces == 0 && !self.found.listed.insert(name.to_owned()) {
            self.found.listed_again.push((place, name.to_owned()));
        }
    }

    fn export_declared(&mut self, declaration: &Declaration<'_>) {
        let mut names: Vec<(String, TextSpan, Option<SymbolId>)> = Vec::new();
        match declaration {
            Declaration::VariableDeclaration(variables) => {
                for declarator in &variables.declarations {
                    for identifier in declarator.id.get_binding_identifiers() {
                        names.push((identifier.name.to_string(), span(identifier.span), identifier.symbol_id.get()));
                    }
                }
            }
            // The parts of `namespace A.B` are not exported one by one.
            other => {
                if let Some(identifier) = other.id() {
                    names.push((identifier.name.to_string(), span(identifier.span), identifier.symbol_id.get()));
                }
            }
        }
        for (name, place, symbol) in names {
            let used = self.uses(symbol) > 0;
            self.export(&name, place, Some(&name), used);
        }
    }

    fn free_name(&mut self, identifier: &IdentifierReference<'_>) {
        if self.ambient > 0 || self.namespaces > 0 || self.source.is_declaration {
            return;
        }
        let Some(reference) = identifier.reference_id.get() else { return };
        let reference = self.scoping.get_reference(reference);
        if reference.symbol_id().is_some() {
            return;
        }
        let name = identifier.name.as_str();
        if reference.is_write() && !self.source.kind.is_typescript() && !self.found.is_module {
            self.found.globals.insert(name.to_owned());
        }
        self.found.free.push(FreeName {
            name: name.to_owned(),
            span: span(identifier.span),
            is_type: !reference.is_value(),
        });
    }

    fn value_use(&mut self, identifier: &IdentifierReference<'_>) {
        if self.ambient > 0 || self.types > 0 || self.source.is_declaration {
            return;
        }
        let Some(reference) = identifier.reference_id.get() else { return };
        let reference = self.scoping.get_reference(reference);
        let flags = reference.flags();
        // A name that is exported may be a type as well as a value.
        if !flags.is_value() || flags.is_type() || flags.is_value_as_type() {
            return;
        }
        let Some(symbol) = reference.symbol_id() else { return };
        // A type that is imported and a value that is declared may share a name.
        if self.scoping.symbol_flags(symbol).intersects(SymbolFlags::Value) {
            return;
        }
        let Some(import) = self.import_of_symbol.get(&symbol) else { return };
        if let Some(import) = self.found.imports.get_mut(*import) {
            import.value_use.get_or_insert(span(identifier.span));
        }
    }

    fn mention(&mut self, text: &str) {
        let worth = !text.is_empty() && text.len() <= 200 && !text.contains(char::is_whitespace);
        if worth && (self.is_configuration || text.contains('/')) {
            self.found.mentions.insert(text.to_owned());
        }
    }

    fn inside_function(&mut self, visit: impl FnOnce(&mut Self)) {
        self.functions += 1;
        visit(self);
        self.functions -= 1;
    }

    fn empty_body(&mut self, name: Option<&str>, place: TextSpan, body: TextSpan) {
        let quiet = self.functions > 0 || self.ambient > 0;
        let Some(name) = name.filter(|name| !quiet && !name.to_lowercase().contains("noop")) else { return };
        let inner = body.of(self.text).unwrap_or_default();
        let says_nothing = inner.trim_start_matches('{').trim_end_matches('}').trim().is_empty();
        if says_nothing {
            self.found.empty_bodies.push((place, name.to_owned()));
        }
    }
}

impl<'a> Visit<'a> for Walker<'_> {
    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        if self.ambient > 0 {
            return;
        }
        let only_types = it.import_kind == ImportOrExportKind::Type;
        let named: &[ImportDeclarationSpecifier<'a>] = it.specifiers.as_ref().map_or(&[], |all| all.as_slice());
        let all_types = only_types
            || (!named.is_empty()
                && named.iter().all(|one| {
                    matches!(one, ImportDeclarationSpecifier::ImportSpecifier(one)
                        if one.import_kind == ImportOrExportKind::Type)
                }));
        let form = if all_types { Form::TypeOnly } else { Form::Static };
        let request = self.request(&it.source, form, false);
        let clause = named.first().zip(named.last()).and_then(|_| {
            let start = span(it.span).start + "import".len();
            let head = TextSpan { start, end: span(it.source.span).start }.of(self.text)?;
            let inner = head.strip_suffix("from").or_else(|| head.trim_end().strip_suffix("from"))?;
            let lead = inner.len() - inner.trim_start().len();
            Some(TextSpan { start: start + lead, end: start + inner.trim_end().len() })
        });
        for one in named {
            let (taken, local, imported, whole, kind) = match one {
                ImportDeclarationSpecifier::ImportSpecifier(one) => {
                    (taken(one.imported.name().as_str()), &one.local, one.imported.span(), one.span, one.import_kind)
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(one) => {
                    (Taken::Default, &one.local, one.span, one.span, ImportOrExportKind::Value)
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(one) => {
                    (Taken::Namespace, &one.local, one.span, one.span, ImportOrExportKind::Value)
                }
            };
            let symbol = local.symbol_id.get();
            if taken == Taken::Namespace
                && let Some(request) = self.found.requests.get_mut(request)
            {
                request.takes_all = true;
            }
            if let Some(symbol) = symbol {
                self.import_of_symbol.insert(symbol, self.found.imports.len());
            }
            self.found.imports.push(Import {
                request,
                taken,
                local: local.name.to_string(),
                span: span(imported),
                specifier_span: span(whole),
                clause_span: clause.filter(|_| named.len() == 1),
                type_only: only_types || kind == ImportOrExportKind::Type,
                is_used: self.uses(symbol) > 0,
                value_use: None,
            });
        }
    }

    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        match &it.source {
            Expression::StringLiteral(literal) => {
                self.request(literal, Form::Dynamic, true);
            }
            Expression::TemplateLiteral(template) if template.expressions.is_empty() => {
                if let Some(text) = template.quasis.first().and_then(|quasi| quasi.value.cooked) {
                    self.request_at(text.as_str(), span(template.span), Form::Dynamic, true);
                }
            }
            other => self.visit_expression(other),
        }
        if let Some(options) = &it.options {
            self.visit_expression(options);
        }
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        if self.is_free(&it.callee, "require")
            && it.arguments.len() == 1
            && let Some(Expression::StringLiteral(literal)) =
                it.arguments.first().and_then(|first| first.as_expression())
        {
            self.request(literal, Form::Require, true);
            return;
        }
        // `import('./x').catch(…)` copes with a failure.
        let copes = matches!(&it.callee, Expression::StaticMemberExpression(member) if member.property.name == "catch");
        self.tries += usize::from(copes);
        walk::walk_call_expression(self, it);
        self.tries -= usize::from(copes);
    }

    fn visit_try_statement(&mut self, it: &TryStatement<'a>) {
        let caught = usize::from(it.handler.is_some());
        self.tries += caught;
        self.visit_block_statement(&it.block);
        self.tries -= caught;
        if let Some(handler) = &it.handler {
            self.visit_catch_clause(handler);
        }
        if let Some(finalizer) = &it.finalizer {
            self.visit_block_statement(finalizer);
        }
    }

    fn visit_export_declaration(&mut self, it: &ExportDeclaration<'a>) {
        self.export_declared(&it.declaration);
        walk::walk_export_declaration(self, it);
    }

    fn visit_export_named_declaration(&mut self, it: &ExportNamedDeclaration<'a>) {
        for one in &it.specifiers {
            let local = one.local.name();
            let symbol = self.scoping.get_root_binding(local.as_str().into());
            let used = self.uses(symbol) > 1;
            self.list(one.exported.name().as_str(), span(one.exported.span()));
            // What is exported may be a type as well as a value, so this is no use of a value.
            if let ModuleExportName::IdentifierReference(identifier) = &one.local
                && self.is_unresolved(identifier)
            {
                self.free_name(identifier);
            }
            self.export(one.exported.name().as_str(), span(one.exported.span()), Some(local.as_str()), used);
        }
    }

    fn visit_export_from_declaration(&mut self, it: &ExportFromDeclaration<'a>) {
        if self.ambient > 0 {
            return;
        }
        let only_types = it.export_kind == ImportOrExportKind::Type
            || (!it.specifiers.is_empty()
                && it.specifiers.iter().all(|one| one.export_kind == ImportOrExportKind::Type));
        let form = if only_types { Form::TypeOnly } else { Form::Static };
        let request = self.request(&it.source, form, false);
        for one in &it.specifiers {
            let type_only = only_types || one.export_kind == ImportOrExportKind::Type;
            self.list(one.exported.name().as_str(), span(one.exported.span()));
            self.found.exports.push(Exported {
                name: one.exported.name().to_string(),
                span: span(one.local.span()),
                local: None,
                from: Some((request, taken(one.local.name().as_str()), type_only)),
                used_here: false,
            });
        }
    }

    fn visit_export_all_declaration(&mut self, it: &ExportAllDeclaration<'a>) {
        if self.ambient > 0 {
            return;
        }
        let type_only = it.export_kind == ImportOrExportKind::Type;
        let form = if type_only { Form::TypeOnly } else { Form::Static };
        let request = self.request(&it.source, form, it.exported.is_some());
        match &it.exported {
            Some(name) => self.found.exports.push(Exported {
                name: name.name().to_string(),
                span: span(name.span()),
                local: None,
                from: Some((request, Taken::Namespace, type_only)),
                used_here: false,
            }),
            None => self.found.stars.push(Star { request, type_only }),
        }
    }

    fn visit_export_default_declaration(&mut self, it: &ExportDefaultDeclaration<'a>) {
        let local = match &it.declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(function) => function.id.as_ref(),
            ExportDefaultDeclarationKind::ClassDeclaration(class) => class.id.as_ref(),
            ExportDefaultDeclarationKind::TSInterfaceDeclaration(interface) => Some(&interface.id),
            _ => None,
        };
        let name = local.map(|identifier| identifier.name.to_string());
        let used = local.is_some_and(|identifier| self.uses(identifier.symbol_id.get()) > 0);
        let start = span(it.span).start;
        let keyword = TextSpan { start, end: (start + "export default".len()).min(span(it.span).end) };
        self.export("default", keyword, name.as_deref(), used);
        // Signatures of one function and interfaces join the default there is.
        let joins = match &it.declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(function) => function.body.is_none(),
            ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => true,
            _ => false,
        };
        if !joins {
            self.list("default", keyword);
        }
        if let ExportDefaultDeclarationKind::Identifier(identifier) = &it.declaration {
            // What is exported may be a type as well as a value.
            if self.is_unresolved(identifier) {
                self.free_name(identifier);
            }
            return;
        }
        walk::walk_export_default_declaration(self, it);
    }

    fn visit_ts_export_assignment(&mut self, it: &TSExportAssignment<'a>) {
        if self.ambient == 0 {
            self.found.assigns_exports = true;
        }
        walk::walk_ts_export_assignment(self, it);
    }

    fn visit_ts_namespace_export_declaration(&mut self, it: &TSNamespaceExportDeclaration<'a>) {
        self.found.globals.insert(it.id.name.to_string());
    }

    fn visit_ts_import_equals_declaration(&mut self, it: &TSImportEqualsDeclaration<'a>) {
        if let TSModuleReference::ExternalModuleReference(reference) = &it.module_reference {
            if self.ambient == 0 {
                let form = if it.import_kind == ImportOrExportKind::Type { Form::TypeOnly } else { Form::Require };
                self.request(&reference.expression, form, true);
            }
            return;
        }
        walk::walk_ts_import_equals_declaration(self, it);
    }

    fn visit_ts_import_type(&mut self, it: &TSImportType<'a>) {
        if self.ambient == 0 || self.source.is_declaration {
            self.request(&it.source, Form::TypeOnly, true);
        }
        if let Some(arguments) = &it.type_arguments {
            self.visit_ts_type_parameter_instantiation(arguments);
        }
    }

    fn visit_ts_external_module_declaration(&mut self, it: &TSExternalModuleDeclaration<'a>) {
        let mut names = BTreeSet::new();
        for statement in it.body.iter().flat_map(|body| &body.body) {
            names.extend(declared(statement));
        }
        let augments = self.found.is_module;
        self.found.ambient.push(AmbientModule { pattern: it.id.value.to_string(), names, augments });
        self.ambient += 1;
        if let Some(body) = &it.body {
            walk::walk_ts_module_block(self, body);
        }
        self.ambient -= 1;
    }

    fn visit_ts_global_declaration(&mut self, it: &TSGlobalDeclaration<'a>) {
        for statement in &it.body.body {
            self.found.globals.extend(declared(statement));
        }
        self.ambient += 1;
        walk::walk_ts_global_declaration(self, it);
        self.ambient -= 1;
    }

    fn visit_ts_namespace_declaration(&mut self, it: &TSNamespaceDeclaration<'a>) {
        let ambient = usize::from(it.declare);
        self.ambient += ambient;
        self.namespaces += 1;
        // Exports inside are members of the namespace, not of the module.
        let exports = std::mem::take(&mut self.found.exports);
        walk::walk_ts_namespace_declaration(self, it);
        self.found.exports = exports;
        self.namespaces -= 1;
        self.ambient -= ambient;
    }

    fn visit_ts_type(&mut self, it: &TSType<'a>) {
        self.types += 1;
        walk::walk_ts_type(self, it);
        self.types -= 1;
    }

    fn visit_ts_interface_declaration(&mut self, it: &TSInterfaceDeclaration<'a>) {
        self.types += 1;
        walk::walk_ts_interface_declaration(self, it);
        self.types -= 1;
    }

    fn visit_variable_declaration(&mut self, it: &VariableDeclaration<'a>) {
        let ambient = usize::from(it.declare);
        self.ambient += ambient;
        walk::walk_variable_declaration(self, it);
        self.ambient -= ambient;
    }

    fn visit_class(&mut self, it: &Class<'a>) {
        let ambient = usize::from(it.declare);
        self.ambient += ambient;
        walk::walk_class(self, it);
        self.ambient -= ambient;
    }

    fn visit_function(&mut self, it: &Function<'a>, flags: ScopeFlags) {
        if let Some(body) = it.body.as_ref().filter(|_| it.is_declaration()) {
            self.empty_body(it.id.as_ref().map(|id| id.name.as_str()), span(it.span), span(body.span));
        }
        self.inside_function(|walker| walk::walk_function(walker, it, flags));
    }

    fn visit_method_definition(&mut self, it: &MethodDefinition<'a>) {
        if let Some(body) = it.value.body.as_ref().filter(|_| it.kind == MethodDefinitionKind::Method) {
            self.empty_body(it.key.static_name().as_deref(), span(it.span), span(body.span));
        }
        walk::walk_method_definition(self, it);
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        self.inside_function(|walker| walk::walk_arrow_function_expression(walker, it));
    }

    fn visit_identifier_reference(&mut self, it: &IdentifierReference<'a>) {
        if self.is_unresolved(it) {
            if matches!(it.name.as_str(), "module" | "exports") {
                self.found.assigns_exports = true;
            }
            self.free_name(it);
        } else {
            self.value_use(it);
        }
    }

    fn visit_static_member_expression(&mut self, it: &StaticMemberExpression<'a>) {
        // Who asks for `window.name` may use `name` as well.
        if let Some(name) = self.member_of_global(it) {
            self.found.guarded.insert(name);
        }
        walk::walk_static_member_expression(self, it);
    }

    fn visit_unary_expression(&mut self, it: &UnaryExpression<'a>) {
        if it.operator == UnaryOperator::Typeof
            && let Expression::Identifier(identifier) = it.argument.get_inner_expression()
        {
            self.found.guarded.insert(identifier.name.to_string());
        }
        walk::walk_unary_expression(self, it);
    }

    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'a>) {
        if let AssignmentTarget::StaticMemberExpression(member) = &it.left {
            self.global_member(member);
        }
        walk::walk_assignment_expression(self, it);
    }

    fn visit_object_property(&mut self, it: &ObjectProperty<'a>) {
        if self.is_configuration
            && let Some(name) = it.key.static_name()
        {
            if matches!(name.as_ref(), "alias" | "aliases" | "moduleNameMapper") {
                aliases_of(&it.value, &mut self.found.aliases);
            }
            if matches!(name.as_ref(), "modules" | "modulesDirectories" | "modulePaths" | "moduleDirectories") {
                module_folders_of(&it.value, &mut self.found.aliases);
            }
            // `define: { __VERSION__: … }`, `globals: { google: 'readonly' }`.
            self.mention(name.as_ref());
        }
        walk::walk_object_property(self, it);
    }

    fn visit_string_literal(&mut self, it: &StringLiteral<'a>) {
        self.mention(it.value.as_str());
    }

    fn visit_template_literal(&mut self, it: &TemplateLiteral<'a>) {
        if let Some(text) = it.quasis.first().and_then(|quasi| quasi.value.cooked) {
            // The rest is not known: everything below the folder may be meant.
            let folder = if it.expressions.is_empty() {
                text.to_string()
            } else {
                text.rsplit_once('/').map_or_else(String::new, |(folder, _)| format!("{folder}/*"))
            };
            self.mention(&folder);
        }
        walk::walk_template_literal(self, it);
    }
}

impl Walker<'_> {
    /// `window.name = …` makes a name for everybody.
    fn global_member(&mut self, member: &StaticMemberExpression<'_>) {
        self.found.globals.extend(self.member_of_global(member));
    }

    fn member_of_global(&self, member: &StaticMemberExpression<'_>) -> Option<String> {
        const GLOBALS: [&str; 4] = ["window", "globalThis", "global", "self"];
        match member.object.get_inner_expression() {
            Expression::Identifier(identifier)
                if GLOBALS.contains(&identifier.name.as_str()) && self.is_unresolved(identifier) =>
            {
                Some(member.property.name.to_string())
            }
            _ => None,
        }
    }
}

/// The names a statement of an ambient block declares.
fn declared(statement: &Statement<'_>) -> Vec<String> {
    let of = |declaration: &Declaration<'_>| match declaration {
        Declaration::VariableDeclaration(variables) => {
            let identifiers = variables.declarations.iter().flat_map(|one| one.id.get_binding_identifiers());
            identifiers.map(|identifier| identifier.name.to_string()).collect()
        }
        other => other.id().map(|identifier| identifier.name.to_string()).into_iter().collect(),
    };
    match statement {
        Statement::ExportDeclaration(export) => of(&export.declaration),
        Statement::ExportNamedDeclaration(export) => {
            export.specifiers.iter().map(|one| one.exported.name().to_string()).collect()
        }
        Statement::ExportDefaultDeclaration(_) => vec!["default".to_owned()],
        other => other.as_declaration().map(of).unwrap_or_default(),
    }
}
