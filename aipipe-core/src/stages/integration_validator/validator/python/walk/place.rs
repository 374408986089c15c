//! Where in a file the walk is: whether what stands there is run at all, and what is caught around it.

use super::Walker;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{ExceptHandler, StmtIf, StmtTry, StmtWith};
use ruff_text_size::Ranged;

/// Where in the file the walk is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) postponed: bool,
    pub(super) in_function: bool,
    pub(super) for_types: bool,
    pub(super) in_annotation: bool,
    /// Whether a failing import is caught, or made on some systems only.
    pub(super) may_fail: bool,
    /// Whether an unknown name is caught.
    pub(super) catches_names: bool,
}

impl<'a> Walker<'a, '_> {
    pub(super) fn tried(&mut self, statement: &'a StmtTry) {
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

    pub(super) fn condition(&mut self, statement: &'a StmtIf) {
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

    pub(super) fn with(&mut self, statement: &'a StmtWith) {
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
