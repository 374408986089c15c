//! What the walk does at each kind of node.

use super::super::configured::{aliases_of, module_folders_of, passed_over, texts_of};
use super::super::globals;
use super::super::read::span;
use super::super::summary::{AmbientModule, Form};
use super::Walker;
use super::names::declared;
use oxc_ast::ast::{
    ArrowFunctionExpression, AssignmentExpression, AssignmentTarget, CallExpression, Class, ConditionalExpression,
    ExportAllDeclaration, ExportDeclaration, ExportDefaultDeclaration, ExportFromDeclaration, ExportNamedDeclaration,
    Expression, Function, IdentifierReference, IfStatement, ImportDeclaration, ImportExpression, ImportOrExportKind,
    LogicalExpression, MethodDefinition, MethodDefinitionKind, ObjectExpression, ObjectProperty,
    StaticMemberExpression, StringLiteral, TSExportAssignment, TSExternalModuleDeclaration, TSGlobalDeclaration,
    TSImportEqualsDeclaration, TSImportType, TSInterfaceDeclaration, TSModuleReference, TSNamespaceDeclaration,
    TSNamespaceExportDeclaration, TSType, TemplateLiteral, TryStatement, UnaryExpression, UnaryOperator,
    VariableDeclaration,
};
use oxc_ast_visit::{Visit, walk};
use oxc_span::GetSpan as _;
use oxc_syntax::scope::ScopeFlags;
use std::collections::BTreeSet;

impl<'a> Visit<'a> for Walker<'_> {
    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        self.imports(it);
    }

    fn visit_export_named_declaration(&mut self, it: &ExportNamedDeclaration<'a>) {
        self.export_list(it);
    }

    fn visit_export_from_declaration(&mut self, it: &ExportFromDeclaration<'a>) {
        self.exports_from(it);
    }

    fn visit_export_all_declaration(&mut self, it: &ExportAllDeclaration<'a>) {
        self.export_all(it);
    }

    fn visit_export_default_declaration(&mut self, it: &ExportDefaultDeclaration<'a>) {
        if self.default_export(it) {
            walk::walk_export_default_declaration(self, it);
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
        if self.is_configuration
            && matches!(&it.callee, Expression::Identifier(callee) if callee.name == "globalIgnores")
            && let Some(patterns) = it.arguments.first().and_then(|first| first.as_expression())
        {
            self.found.aliases.unlinted.extend(texts_of(patterns).map(str::to_owned));
        }
        // `import('./x').catch(…)` copes with a failure.
        let copes = matches!(&it.callee, Expression::StaticMemberExpression(member) if member.property.name == "catch");
        self.tries += usize::from(copes);
        walk::walk_call_expression(self, it);
        self.tries -= usize::from(copes);
    }

    fn visit_if_statement(&mut self, it: &IfStatement<'a>) {
        self.visit_expression(&it.test);
        let asks = usize::from(asks_for_modules(&it.test));
        self.tries += asks;
        self.visit_statement(&it.consequent);
        if let Some(alternate) = &it.alternate {
            self.visit_statement(alternate);
        }
        self.tries -= asks;
    }

    fn visit_conditional_expression(&mut self, it: &ConditionalExpression<'a>) {
        let asks = usize::from(asks_for_modules(&it.test));
        self.tries += asks;
        walk::walk_conditional_expression(self, it);
        self.tries -= asks;
    }

    fn visit_logical_expression(&mut self, it: &LogicalExpression<'a>) {
        let asks = usize::from(asks_for_modules(&it.left));
        self.tries += asks;
        walk::walk_logical_expression(self, it);
        self.tries -= asks;
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
        // `import Timeout = NodeJS.Timeout`: what stands there may be a type as well as a value.
        let whole = span(it.module_reference.span()).of(self.text).unwrap_or_default();
        let first = whole.split('.').next().unwrap_or(whole).trim();
        if globals::is_type(first) || globals::is_value(first) {
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

    fn visit_object_expression(&mut self, it: &ObjectExpression<'a>) {
        if self.is_configuration {
            self.found.aliases.unlinted.extend(passed_over(it));
        }
        walk::walk_object_expression(self, it);
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
            // A plugin that says itself where specifiers lead.
            self.found.aliases.open |= matches!(name.as_ref(), "resolveId" | "preferRelative");
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

/// Whether a condition asks which kind of modules there are: `typeof exports === "object"`. What is required after that may
/// be for other surroundings than the project's.
fn asks_for_modules(test: &Expression<'_>) -> bool {
    match test.get_inner_expression() {
        Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::Typeof => {
            matches!(&unary.argument, Expression::Identifier(identifier)
                if matches!(identifier.name.as_str(), "module" | "exports" | "define" | "require"))
        }
        Expression::BinaryExpression(binary) => asks_for_modules(&binary.left) || asks_for_modules(&binary.right),
        Expression::LogicalExpression(logical) => asks_for_modules(&logical.left) || asks_for_modules(&logical.right),
        _ => false,
    }
}
