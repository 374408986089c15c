//! `def test_name():` of pytest, with its docstring.

use super::super::python::is_too_deep;
use super::{Body, TestCase, checks};
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Decorator, Expr, PySourceType, Stmt, StmtFunctionDef};
use ruff_python_parser::parse_unchecked_source;
use std::collections::BTreeMap;

pub(super) fn read(text: &str) -> Vec<TestCase> {
    if is_too_deep(text) {
        return Vec::new();
    }
    let parsed = parse_unchecked_source(text, PySourceType::Python);
    if !parsed.errors().is_empty() {
        return Vec::new();
    }
    let mut reader = Reader::default();
    let whole_is_skipped = parsed.suite().iter().any(skips_the_module);
    reader.statements(parsed.suite(), whole_is_skipped, true);
    let helpers = reader.helpers;
    let case = |(mut case, body): (TestCase, Body)| {
        case.checks = checks(&body, &helpers);
        case
    };
    reader.found.into_iter().map(case).collect()
}

#[derive(Debug, Default)]
struct Reader {
    found: Vec<(TestCase, Body)>,
    helpers: BTreeMap<String, Body>,
}

impl Reader {
    /// The functions of a module or class.
    fn statements(&mut self, statements: &[Stmt], skipped: bool, is_collected: bool) {
        for statement in statements {
            match statement {
                Stmt::FunctionDef(function) => self.function(function, skipped, is_collected),
                Stmt::ClassDef(class) => {
                    let skipped = skipped || class.decorator_list.iter().any(skips);
                    let collected = is_collected && class.name.starts_with("Test");
                    self.statements(&class.body, skipped, collected);
                }
                _ => {}
            }
        }
    }

    fn function(&mut self, function: &StmtFunctionDef, skipped: bool, is_collected: bool) {
        let mut walk = Walk::default();
        walk.visit_body(&function.body);
        let name = function.name.to_string();
        if !name.starts_with("test") || !is_collected {
            self.helpers.insert(name, walk.body);
            return;
        }
        let docstring = match function.body.first() {
            Some(Stmt::Expr(expression)) => match &*expression.value {
                Expr::StringLiteral(literal) => literal.value.to_str(),
                _ => "",
            },
            _ => "",
        };
        let runs = !skipped && !walk.skips && !function.decorator_list.iter().any(skips);
        let case = TestCase { head: format!("{name} {docstring}"), name, runs, checks: false };
        self.found.push((case, walk.body));
    }
}

/// What a function does.
#[derive(Debug, Default)]
struct Walk {
    body: Body,
    skips: bool,
}

impl<'a> Visitor<'a> for Walk {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::Assert(assert) = statement {
            self.body.checks |= !is_constant(&assert.test);
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(call) = expression {
            match &*call.func {
                Expr::Name(name) => {
                    self.body.calls.insert(name.id.to_string());
                }
                Expr::Attribute(attribute) => {
                    let name = attribute.attr.as_str();
                    let of = |owner: &str| matches!(&*attribute.value, Expr::Name(name) if name.id.as_str() == owner);
                    if of("pytest") {
                        self.body.checks |= matches!(name, "raises" | "warns");
                        self.skips |= matches!(name, "skip" | "xfail" | "importorskip");
                    } else if of("self") {
                        let asserts = name.starts_with("assert");
                        self.body.checks |= asserts && !call.arguments.args.iter().all(is_constant);
                        self.skips |= name == "skipTest";
                        self.body.calls.insert(name.to_owned());
                    }
                }
                _ => {}
            }
        }
        visitor::walk_expr(self, expression);
    }
}

/// `@pytest.mark.skip(…)`, `@unittest.skipIf(…)`, `@pytest.mark.xfail`.
fn skips(decorator: &Decorator) -> bool {
    is_skip(&decorator.expression)
}

fn is_skip(expression: &Expr) -> bool {
    match expression {
        Expr::Call(call) => is_skip(&call.func),
        Expr::Attribute(attribute) => {
            let name = attribute.attr.as_str();
            name.starts_with("skip") || matches!(name, "xfail" | "expectedFailure")
        }
        Expr::Name(name) => name.id.starts_with("skip") || name.id.as_str() == "expectedFailure",
        Expr::List(list) => list.elts.iter().any(is_skip),
        Expr::Tuple(tuple) => tuple.elts.iter().any(is_skip),
        _ => false,
    }
}

/// `pytestmark = pytest.mark.skip`, `pytest.skip(…, allow_module_level=True)`.
fn skips_the_module(statement: &Stmt) -> bool {
    match statement {
        Stmt::Assign(assign) => {
            let marks = |target: &Expr| matches!(target, Expr::Name(name) if name.id.as_str() == "pytestmark");
            assign.targets.iter().any(marks) && is_skip(&assign.value)
        }
        Stmt::Expr(expression) => matches!(&*expression.value, Expr::Call(call) if is_skip(&call.func)),
        _ => false,
    }
}

/// Whether a value is the same whatever the code under test does.
fn is_constant(expression: &Expr) -> bool {
    match expression {
        Expr::UnaryOp(unary) => is_constant(&unary.operand),
        Expr::BinOp(binary) => is_constant(&binary.left) && is_constant(&binary.right),
        Expr::BoolOp(logical) => logical.values.iter().all(is_constant),
        Expr::Compare(compare) => is_constant(&compare.left) && compare.comparators.iter().all(is_constant),
        Expr::Tuple(tuple) => tuple.elts.iter().all(is_constant),
        Expr::List(list) => list.elts.iter().all(is_constant),
        other => other.is_literal_expr(),
    }
}
