//! Functions and classes: which of them are lost because a later one replaces them, and which do nothing.

use super::super::read::span;
use super::Walker;
use crate::domain::TextSpan;
use foldhash::HashMap;
use ruff_python_ast::{Decorator, Expr, Stmt, StmtFunctionDef};
use ruff_text_size::Ranged;

/// A function or class at the top or directly in a class.
pub(super) struct Definition<'a> {
    name: &'a str,
    /// Where the class begins that it is a method of; none at the top.
    class: Option<usize>,
    name_span: TextSpan,
    range: TextSpan,
    /// Whether a decorator may keep it, whatever becomes of its name.
    kept: bool,
}

impl<'a> Walker<'a, '_> {
    pub(super) fn definition(&mut self, statement: &'a Stmt, class: Option<usize>) {
        let (name, decorators) = match statement {
            Stmt::FunctionDef(function) => (&function.name, &function.decorator_list),
            Stmt::ClassDef(class) => (&class.name, &class.decorator_list),
            _ => return,
        };
        let kept = decorators.iter().any(|decorator| may_keep(self.source(decorator.expression.range())));
        let (name_span, range) = (span(name.range()), span(statement.range()));
        self.definitions.push(Definition { name: name.as_str(), class, name_span, range, kept });
    }

    pub(super) fn empty_body(&mut self, function: &'a StmtFunctionDef) {
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

    pub(super) fn does_nothing(&self, statement: &Stmt) -> bool {
        match statement {
            Stmt::Pass(_) => true,
            Stmt::Expr(expression) => matches!(*expression.value, Expr::EllipsisLiteral(_) | Expr::StringLiteral(_)),
            Stmt::Raise(raise) => {
                raise.exc.as_ref().is_some_and(|raised| self.source(raised.range()).starts_with("NotImplementedError"))
            }
            _ => false,
        }
    }

    pub(super) fn repeated(&mut self) {
        let mut last: HashMap<(Option<usize>, &str), &Definition<'_>> = HashMap::default();
        let mut pairs = Vec::new();
        for definition in &self.definitions {
            if let Some(before) = last.insert((definition.class, definition.name), definition)
                && !before.kept
                && !definition.kept
                && definition.name != "_"
                && !self.quiet(definition.name_span).definitions
            {
                pairs.push((before, definition));
            }
        }
        if pairs.is_empty() {
            return;
        }
        let mut uses: HashMap<&str, Vec<usize>> = HashMap::default();
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

/// Whether a decorator may keep what it decorates, as a route or a property's setter does; those that are known only change it.
fn may_keep(decorator: &str) -> bool {
    const CHANGE: &[&str] = &[
        "staticmethod",
        "classmethod",
        "property",
        "cached_property",
        "abstractmethod",
        "dataclass",
        "total_ordering",
        "lru_cache",
        "cache",
        "wraps",
        "contextmanager",
        "asynccontextmanager",
        "fixture",
        "override",
        "final",
        "skip",
        "skipif",
        "skipIf",
        "parametrize",
        "patch",
        "object",
    ];
    let called = decorator.split('(').next().unwrap_or_default();
    let name = called.rsplit('.').next().unwrap_or_default().trim();
    // A fixture may have another name than its function.
    !CHANGE.contains(&name) || decorator.contains("name=") || name == "object" && !called.ends_with("patch.object")
}
