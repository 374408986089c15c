//! Imports and exports of every form, as requests and names.

use super::super::super::language::LoadTime;
use super::super::read::{span, taken};
use super::super::summary::{Form, Import, Request, Star, Taken};
use super::{Exported, Walker};
use crate::domain::TextSpan;
use oxc_ast::ast::{
    Declaration, ExportAllDeclaration, ExportDefaultDeclaration, ExportDefaultDeclarationKind, ExportFromDeclaration,
    ExportNamedDeclaration, ImportDeclaration, ImportDeclarationSpecifier, ImportOrExportKind, ModuleExportName,
    StringLiteral,
};
use oxc_span::GetSpan;
use oxc_syntax::symbol::SymbolId;

impl Walker<'_> {
    pub(super) fn request(&mut self, literal: &StringLiteral<'_>, form: Form, takes_all: bool) -> usize {
        self.request_at(literal.value.as_str(), span(literal.span), form, takes_all)
    }

    pub(super) fn request_at(&mut self, specifier: &str, quoted: TextSpan, form: Form, takes_all: bool) -> usize {
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

    pub(super) fn export(&mut self, name: &str, place: TextSpan, local: Option<&str>, used_here: bool) {
        if self.ambient == 0 {
            let local = local.map(str::to_owned);
            self.found.exports.push(Exported { name: name.to_owned(), span: place, local, from: None, used_here });
        }
    }

    /// Takes in a name of an export list; no two lists may state one name.
    pub(super) fn list(&mut self, name: &str, place: TextSpan) {
        if self.ambient == 0 && self.namespaces == 0 && !self.found.listed.insert(name.to_owned()) {
            self.found.listed_again.push((place, name.to_owned()));
        }
    }

    pub(super) fn export_declared(&mut self, declaration: &Declaration<'_>) {
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

    pub(super) fn imports(&mut self, it: &ImportDeclaration<'_>) {
        if self.ambient > 0 {
            return;
        }
        let only_types = it.import_kind == ImportOrExportKind::Type;
        let named: &[ImportDeclarationSpecifier<'_>] = it.specifiers.as_ref().map_or(&[], |all| all.as_slice());
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

    pub(super) fn export_list(&mut self, it: &ExportNamedDeclaration<'_>) {
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

    pub(super) fn exports_from(&mut self, it: &ExportFromDeclaration<'_>) {
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

    pub(super) fn export_all(&mut self, it: &ExportAllDeclaration<'_>) {
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

    /// Takes in a default export; whether there is more to visit in it.
    pub(super) fn default_export(&mut self, it: &ExportDefaultDeclaration<'_>) -> bool {
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
            return false;
        }
        true
    }
}
