//! Names that are used, asked for, mentioned or made for everybody.

use super::super::read::span;
use super::super::summary::FreeName;
use super::Walker;
use crate::domain::TextSpan;
use oxc_ast::ast::{Declaration, Expression, IdentifierReference, Statement, StaticMemberExpression};
use oxc_syntax::symbol::{SymbolFlags, SymbolId};

impl Walker<'_> {
    pub(super) fn is_unresolved(&self, identifier: &IdentifierReference<'_>) -> bool {
        identifier
            .reference_id
            .get()
            .is_some_and(|reference| self.scoping.get_reference(reference).symbol_id().is_none())
    }

    pub(super) fn is_free(&self, expression: &Expression<'_>, name: &str) -> bool {
        matches!(expression, Expression::Identifier(identifier)
            if identifier.name == name && self.is_unresolved(identifier))
    }

    pub(super) fn uses(&self, symbol: Option<SymbolId>) -> usize {
        symbol.map_or(0, |symbol| self.scoping.get_resolved_reference_ids(symbol).len())
    }

    pub(super) fn free_name(&mut self, identifier: &IdentifierReference<'_>) {
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

    pub(super) fn value_use(&mut self, identifier: &IdentifierReference<'_>) {
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

    pub(super) fn mention(&mut self, text: &str) {
        let worth = !text.is_empty() && text.len() <= 200 && !text.contains(char::is_whitespace);
        if worth && (self.is_configuration || text.contains('/')) {
            self.found.mentions.insert(text.to_owned());
        }
    }

    pub(super) fn inside_function(&mut self, visit: impl FnOnce(&mut Self)) {
        self.functions += 1;
        visit(self);
        self.functions -= 1;
    }

    pub(super) fn empty_body(&mut self, name: Option<&str>, place: TextSpan, body: TextSpan) {
        let quiet = self.functions > 0 || self.ambient > 0;
        let Some(name) = name.filter(|name| !quiet && !name.to_lowercase().contains("noop")) else { return };
        let inner = body.of(self.text).unwrap_or_default();
        let says_nothing = inner.trim_start_matches('{').trim_end_matches('}').trim().is_empty();
        if says_nothing {
            self.found.empty_bodies.push((place, name.to_owned()));
        }
    }

    /// `window.name = …` makes a name for everybody.
    pub(super) fn global_member(&mut self, member: &StaticMemberExpression<'_>) {
        self.found.globals.extend(self.member_of_global(member));
    }

    pub(super) fn member_of_global(&self, member: &StaticMemberExpression<'_>) -> Option<String> {
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
pub(super) fn declared(statement: &Statement<'_>) -> Vec<String> {
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
