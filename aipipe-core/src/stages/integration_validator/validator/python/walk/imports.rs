//! Imports, what `__all__` lists, and which modules strings may name.

use super::super::super::language::LoadTime;
use super::super::read::span;
use super::super::scopes::ScopeKind;
use super::super::summary::{Import, Taken};
use super::{Place, Walker};
use crate::domain::TextSpan;
use ruff_python_ast::{Expr, ExprStringLiteral, StmtImport, StmtImportFrom};
use ruff_text_size::Ranged;
use std::collections::BTreeSet;

impl<'a> Walker<'a, '_> {
    pub(super) fn import(&mut self, statement: &'a StmtImport) {
        let place = span(statement.range);
        let quiet = self.quiet(place);
        for alias in &statement.names {
            let name = alias.name.as_str();
            let at = span(alias.name.range());
            self.push_import(0, name, Vec::new(), false, at, quiet.imports);
            match &alias.asname {
                Some(local) => self.scopes.bind_import(local.as_str(), at),
                None => self.scopes.bind_import(name.split('.').next().unwrap_or(name), at),
            }
            let alone = alias.asname.as_ref().is_some_and(|local| local.as_str() == name);
            if alone || quiet.uses || self.place.may_fail {
                self.not_unused.push(at);
            }
        }
    }

    pub(super) fn import_from(&mut self, statement: &'a StmtImportFrom) {
        let module = statement.module.as_ref().map_or("", |module| module.as_str());
        let whole = span(statement.range);
        let quiet = self.quiet(whole);
        let takes_all = statement.names.iter().any(|alias| alias.name.as_str() == "*");
        let names = statement.names.iter().filter(|alias| alias.name.as_str() != "*");
        let taken = names
            .clone()
            .map(|alias| Taken { name: alias.name.as_str().to_owned(), span: span(alias.name.range()) })
            .collect();
        let at = statement.module.as_ref().map_or(whole, |module| span(module.range()));
        let level = usize::try_from(statement.level).unwrap_or(usize::MAX);
        self.push_import(level, module, taken, takes_all, at, quiet.imports);
        for alias in names {
            let at = span(alias.range());
            let local = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
            self.scopes.bind_import(local, at);
            let again = alias.asname.as_ref().is_some_and(|local| local.as_str() == alias.name.as_str());
            if again || quiet.uses || self.place.may_fail || module == "__future__" {
                self.not_unused.push(at);
            }
        }
    }

    pub(super) fn push_import(
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

    /// A string may hold code (an annotation), or name a module.
    pub(super) fn string(&mut self, literal: &'a ExprStringLiteral) {
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
            if named.ends_with(".py") {
                self.summary.named_files.insert(module.clone());
            }
            self.summary.mentions.insert(module);
        }
        let code = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | ',' | ' ' | '|' | '"' | '\'');
        let is_type = value.starts_with(|c: char| c.is_uppercase()) || value.contains(['[', '.']);
        if self.place.in_annotation || is_type && value.chars().all(code) {
            self.named.extend(identifiers(source));
        }
    }

    /// `__all__ = [...]` and `__all__ += [...]`; what can't be read leaves it unknown.
    pub(super) fn listed(&mut self, target: &Expr, value: &'a Expr, adds: bool) {
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
}

fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}
