//! Effects of Python.

use super::super::python::is_too_deep;
use super::{EVAL, Effect, NETWORK, PROCESS};
use crate::domain::TextSpan;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, PySourceType, Stmt};
use ruff_python_parser::parse_unchecked_source;
use ruff_text_size::Ranged as _;
use std::collections::BTreeMap;

pub(super) fn find(text: &str) -> Vec<Effect> {
    if is_too_deep(text) {
        return Vec::new();
    }
    let parsed = parse_unchecked_source(text, PySourceType::Python);
    if !parsed.errors().is_empty() {
        return Vec::new();
    }
    let mut finder = Finder::default();
    finder.visit_body(parsed.suite());
    finder.found
}

#[derive(Debug, Default)]
struct Finder {
    /// What names were imported as, dotted; nothing where they are the file's own.
    names: BTreeMap<String, Option<String>>,
    found: Vec<Effect>,
}

/// What a call of a dotted name does.
fn of_name(name: &str) -> Option<&'static str> {
    let (module, function) = name.rsplit_once('.').unwrap_or(("builtins", name));
    match module {
        "builtins" => matches!(function, "eval" | "exec").then_some(EVAL),
        "subprocess" => {
            let starts = ["run", "call", "check_call", "check_output", "Popen", "getoutput", "getstatusoutput"];
            starts.contains(&function).then_some(PROCESS)
        }
        "os" => {
            let starts = matches!(function, "system" | "popen" | "fork" | "forkpty" | "startfile" | "posix_spawn")
                || ["exec", "spawn"].iter().any(|start| function.starts_with(start));
            starts.then_some(PROCESS)
        }
        "pty" => (function == "spawn").then_some(PROCESS),
        "requests" | "httpx" => {
            let calls = ["get", "post", "put", "patch", "delete", "head", "options", "request", "stream"];
            calls.contains(&function).then_some(NETWORK)
        }
        "urllib.request" => matches!(function, "urlopen" | "urlretrieve").then_some(NETWORK),
        "socket" => matches!(function, "socket" | "create_connection" | "create_server").then_some(NETWORK),
        _ => None,
    }
}

impl Finder {
    /// The dotted name an expression stands for, by the file's imports.
    fn dotted(&self, expression: &Expr) -> Option<String> {
        match expression {
            Expr::Name(name) => match self.names.get(name.id.as_str()) {
                Some(imported) => imported.clone(),
                None => Some(name.id.to_string()),
            },
            Expr::Attribute(attribute) => Some(format!("{}.{}", self.dotted(&attribute.value)?, attribute.attr)),
            _ => None,
        }
    }
}

/// `if __name__ == "__main__":`, which no import comes to.
fn is_main_guard(test: &Expr) -> bool {
    let is_name = |expression: &Expr| matches!(expression, Expr::Name(name) if name.id.as_str() == "__name__");
    matches!(test, Expr::Compare(compare) if is_name(&compare.left) || compare.comparators.iter().any(is_name))
}

impl<'a> Visitor<'a> for Finder {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let module = alias.name.as_str();
                    let (local, meaning) = match &alias.asname {
                        Some(local) => (local.as_str(), module),
                        // `import a.b` makes the name `a`.
                        None => {
                            (module.split('.').next().unwrap_or(module), module.split('.').next().unwrap_or(module))
                        }
                    };
                    self.names.insert(local.to_owned(), Some(meaning.to_owned()));
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().filter(|_| import.level == 0);
                for alias in &import.names {
                    let local = alias.asname.as_ref().unwrap_or(&alias.name).to_string();
                    self.names.insert(local, module.map(|module| format!("{module}.{}", alias.name)));
                }
            }
            Stmt::FunctionDef(function) => {
                self.names.insert(function.name.to_string(), None);
                for decorator in &function.decorator_list {
                    self.visit_expr(&decorator.expression);
                }
                for parameter in function.parameters.iter_non_variadic_params() {
                    if let Some(value) = parameter.default() {
                        self.visit_expr(value);
                    }
                }
            }
            Stmt::If(condition) if is_main_guard(&condition.test) => {
                for clause in &condition.elif_else_clauses {
                    self.visit_body(&clause.body);
                }
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Lambda(_) => return,
            Expr::Call(call) => {
                if let Some(what) = self.dotted(&call.func).as_deref().and_then(of_name) {
                    let place = call.func.range();
                    let span = TextSpan { start: place.start().to_usize(), end: place.end().to_usize() };
                    self.found.push(Effect { what, span });
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}
