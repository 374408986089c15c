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
        let runs = !skipped && !walk.body.skips && !function.decorator_list.iter().any(skips);
        let case = TestCase { head: format!("{name} {docstring}"), name, runs, checks: false };
        self.found.push((case, walk.body));
    }
}

/// What a function does.
#[derive(Debug, Default)]
struct Walk {
    body: Body,
    /// How many conditions, loops, attempts and inner functions there are around.
    perhaps: usize,
}

impl Walk {
    fn is_sure(&self) -> bool {
        self.perhaps == 0 && !self.body.may_have_ended
    }
}

impl<'a> Visitor<'a> for Walk {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        let is_sure = self.is_sure();
        let perhaps = match statement {
            Stmt::Assert(assert) => {
                self.body.checks |= is_sure && !is_constant(&assert.test);
                false
            }
            Stmt::Return(_) => {
                visitor::walk_stmt(self, statement);
                self.body.may_have_ended = true;
                return;
            }
            Stmt::If(_) | Stmt::For(_) | Stmt::While(_) | Stmt::Match(_) | Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {
                true
            }
            // What is caught fails nothing.
            Stmt::Try(attempt) => !attempt.handlers.is_empty(),
            Stmt::With(with) => with.items.iter().any(|item| is_call_of(&item.context_expr, "suppress")),
            _ => false,
        };
        let ended = self.body.may_have_ended;
        self.perhaps += usize::from(perhaps);
        visitor::walk_stmt(self, statement);
        self.perhaps -= usize::from(perhaps);
        if matches!(statement, Stmt::FunctionDef(_)) {
            // A return of an inner function ends that one.
            self.body.may_have_ended = ended;
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Call(call) => {
                let is_sure = self.is_sure();
                match &*call.func {
                    Expr::Name(name) => {
                        self.body.skips |= matches!(name.id.as_str(), "skip" | "xfail" | "importorskip");
                        if is_sure {
                            self.body.calls.insert(name.id.to_string());
                        }
                    }
                    Expr::Attribute(attribute) => {
                        let name = attribute.attr.as_str();
                        let of =
                            |owner: &str| matches!(&*attribute.value, Expr::Name(name) if name.id.as_str() == owner);
                        self.body.skips |= matches!(name, "skip" | "xfail" | "importorskip" | "skipTest");
                        if of("pytest") {
                            self.body.checks |= is_sure && matches!(name, "raises" | "warns");
                        } else if of("self") && is_sure {
                            let asserts = name.starts_with("assert");
                            self.body.checks |= asserts && !call.arguments.args.iter().all(is_constant);
                            self.body.calls.insert(name.to_owned());
                        }
                    }
                    _ => {}
                }
                visitor::walk_expr(self, expression);
            }
            Expr::Lambda(_) | Expr::If(_) | Expr::BoolOp(_) | Expr::ListComp(_) | Expr::Generator(_) => {
                self.perhaps += 1;
                visitor::walk_expr(self, expression);
                self.perhaps -= 1;
            }
            _ => visitor::walk_expr(self, expression),
        }
    }
}

fn is_call_of(expression: &Expr, function: &str) -> bool {
    match expression {
        Expr::Call(call) => match &*call.func {
            Expr::Name(name) => name.id.as_str() == function,
            Expr::Attribute(attribute) => attribute.attr.as_str() == function,
            _ => false,
        },
        _ => false,
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
        Expr::Name(name) => name.id.starts_with("skip") || matches!(name.id.as_str(), "xfail" | "expectedFailure"),
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
        // `run() or True` is true whatever `run` does.
        Expr::BoolOp(logical) => logical.values.iter().any(is_constant),
        Expr::Compare(compare) => is_constant(&compare.left) && compare.comparators.iter().all(is_constant),
        Expr::Tuple(tuple) => tuple.elts.iter().all(is_constant),
        Expr::List(list) => list.elts.iter().all(is_constant),
        other => other.is_literal_expr(),
    }
}
