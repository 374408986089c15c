//! `it("title", …)` and `test("title", …)` of Vitest and Jest.

use super::super::javascript::source;
use super::{Body, TestCase, checks};
use crate::domain::RepoPath;
use oxc_allocator::Allocator;
use oxc_ast::ast::{
    Argument, ArrowFunctionBody, ArrowFunctionExpression, CallExpression, ConditionalExpression, Expression, Function,
    LogicalExpression, ObjectPropertyKind, ReturnStatement, Statement, VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};
use oxc_parser::Parser;
use oxc_syntax::scope::ScopeFlags;
use std::collections::BTreeMap;

pub(super) fn read(path: &RepoPath, text: &str) -> Vec<TestCase> {
    if source::is_too_deep(text) {
        return Vec::new();
    }
    let source = source::of(path, text);
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, &source.text, source.kind).parse();
    if parsed.panicked || parsed.diagnostics.has_errors() {
        return Vec::new();
    }
    let mut reader = Reader::default();
    reader.visit_program(&parsed.program);
    reader.cases()
}

/// A case as it was found.
#[derive(Debug)]
struct Found {
    title: String,
    skipped: bool,
    chosen: bool,
    body: Body,
}

/// Where the walk is.
#[derive(Debug)]
enum Owner {
    Case(usize),
    Helper(String),
}

#[derive(Debug, Default)]
struct Reader {
    found: Vec<Found>,
    helpers: BTreeMap<String, Body>,
    owners: Vec<Owner>,
    /// How many conditions, loops, attempts and callbacks there are between the owner's body and here.
    perhaps: usize,
    /// How many groups around are skipped, and how many are chosen (`describe.only`).
    skipped: usize,
    chosen: usize,
}

/// A call as `root.member.member(…)(…)`.
#[derive(Debug, Default)]
struct Chain<'n> {
    root: &'n str,
    members: Vec<&'n str>,
}

impl Reader {
    fn cases(self) -> Vec<TestCase> {
        let helpers = self.helpers;
        let some_chosen = self.found.iter().any(|case| case.chosen);
        let case = |found: Found| TestCase {
            head: found.title.clone(),
            name: found.title,
            runs: !found.skipped && !found.body.skips && (found.chosen || !some_chosen),
            checks: checks(&found.body, &helpers),
        };
        self.found.into_iter().map(case).collect()
    }

    fn body(&mut self) -> Option<&mut Body> {
        match self.owners.last()? {
            Owner::Case(at) => self.found.get_mut(*at).map(|found| &mut found.body),
            Owner::Helper(name) => Some(self.helpers.entry(name.clone()).or_default()),
        }
    }

    /// Walks the body of a test or helper, in which nothing is conditional yet.
    fn within(&mut self, owner: Owner, walk: impl FnOnce(&mut Self)) {
        let perhaps = std::mem::take(&mut self.perhaps);
        self.owners.push(owner);
        walk(self);
        self.owners.pop();
        self.perhaps = perhaps;
    }

    /// Walks what may be passed over, or be reached after what ends it.
    fn perhaps(&mut self, walk: impl FnOnce(&mut Self)) {
        self.perhaps += 1;
        walk(self);
        self.perhaps -= 1;
    }

    /// The arguments of `it(…)`: the function is the case's own body.
    fn case<'a>(&mut self, call: &CallExpression<'a>) {
        for argument in &call.arguments {
            match argument.as_expression().map(Expression::get_inner_expression) {
                Some(Expression::ArrowFunctionExpression(function)) => {
                    walk::walk_arrow_function_expression(self, function);
                }
                Some(Expression::FunctionExpression(function)) => {
                    walk::walk_function(self, function, ScopeFlags::Function);
                }
                _ => self.visit_argument(argument),
            }
        }
    }
}

impl<'a> Visit<'a> for Reader {
    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        let chain = chain_of(&it.callee);
        let has = |names: &[&str]| chain.members.iter().any(|member| names.contains(member));
        let skips = has(&["skip", "skipIf", "runIf", "todo", "fails", "failing"]);
        if matches!(chain.root, "describe" | "suite" | "xdescribe")
            || matches!(chain.root, "it" | "test") && has(&["describe"])
        {
            let (skipped, chosen) = (skips || chain.root == "xdescribe", has(&["only"]));
            self.skipped += usize::from(skipped);
            self.chosen += usize::from(chosen);
            walk::walk_call_expression(self, it);
            self.skipped -= usize::from(skipped);
            self.chosen -= usize::from(chosen);
            return;
        }
        if matches!(chain.root, "it" | "test" | "xit" | "xtest")
            && let Some(title) = it.arguments.first().and_then(Argument::as_expression).and_then(title)
        {
            let skipped = skips || chain.root.starts_with('x') || self.skipped > 0 || has_option(it);
            let chosen = has(&["only"]) || self.chosen > 0;
            self.found.push(Found { title, skipped, chosen, body: Body::default() });
            self.within(Owner::Case(self.found.len() - 1), |reader| reader.case(it));
            return;
        }
        let is_check = is_assertion(it, &chain);
        let leaves = chain.root == "skip" || has(&["skip"]);
        let is_sure = self.perhaps == 0;
        if let Some(body) = self.body() {
            body.skips |= leaves;
            let is_sure = is_sure && !body.may_have_ended;
            body.checks |= is_check && is_sure;
            if chain.members.is_empty() && is_sure {
                body.calls.insert(chain.root.to_owned());
            }
        }
        walk::walk_call_expression(self, it);
    }

    fn visit_function(&mut self, it: &Function<'a>, flags: ScopeFlags) {
        match &it.id {
            Some(name) => {
                self.within(Owner::Helper(name.name.to_string()), |reader| walk::walk_function(reader, it, flags));
            }
            None => self.perhaps(|reader| walk::walk_function(reader, it, flags)),
        }
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        self.perhaps(|reader| walk::walk_arrow_function_expression(reader, it));
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        let name = it.id.get_identifier_name();
        match (name, it.init.as_ref().map(Expression::get_inner_expression)) {
            (Some(name), Some(Expression::ArrowFunctionExpression(function))) => {
                self.within(Owner::Helper(name.to_string()), |reader| {
                    walk::walk_arrow_function_expression(reader, function);
                });
            }
            (Some(name), Some(Expression::FunctionExpression(function))) => {
                self.within(Owner::Helper(name.to_string()), |reader| {
                    walk::walk_function(reader, function, ScopeFlags::Function);
                });
            }
            _ => walk::walk_variable_declarator(self, it),
        }
    }

    fn visit_statement(&mut self, it: &Statement<'a>) {
        match it {
            Statement::IfStatement(_)
            | Statement::ForStatement(_)
            | Statement::ForInStatement(_)
            | Statement::ForOfStatement(_)
            | Statement::WhileStatement(_)
            | Statement::DoWhileStatement(_)
            | Statement::SwitchStatement(_)
            | Statement::LabeledStatement(_) => self.perhaps(|reader| walk::walk_statement(reader, it)),
            // What is caught fails nothing.
            Statement::TryStatement(attempt) if attempt.handler.is_some() => {
                self.perhaps(|reader| walk::walk_statement(reader, it));
            }
            _ => walk::walk_statement(self, it),
        }
    }

    fn visit_return_statement(&mut self, it: &ReturnStatement<'a>) {
        walk::walk_return_statement(self, it);
        if let Some(body) = self.body() {
            body.may_have_ended = true;
        }
    }

    fn visit_conditional_expression(&mut self, it: &ConditionalExpression<'a>) {
        self.perhaps(|reader| walk::walk_conditional_expression(reader, it));
    }

    fn visit_logical_expression(&mut self, it: &LogicalExpression<'a>) {
        self.perhaps(|reader| walk::walk_logical_expression(reader, it));
    }
}

fn chain_of<'n>(callee: &'n Expression<'_>) -> Chain<'n> {
    let mut chain = Chain::default();
    let mut rest = callee.get_inner_expression();
    loop {
        rest = match rest {
            Expression::Identifier(name) => {
                chain.root = name.name.as_str();
                break;
            }
            Expression::StaticMemberExpression(member) => {
                chain.members.push(member.property.name.as_str());
                member.object.get_inner_expression()
            }
            Expression::CallExpression(call) => call.callee.get_inner_expression(),
            Expression::TaggedTemplateExpression(tagged) => tagged.tag.get_inner_expression(),
            _ => break,
        };
    }
    chain.members.reverse();
    chain
}

/// The text of a literal; what is put into a template is left out.
fn title(expression: &Expression<'_>) -> Option<String> {
    match expression.get_inner_expression() {
        Expression::StringLiteral(literal) => Some(literal.value.to_string()),
        Expression::TemplateLiteral(template) => {
            let parts = template.quasis.iter().filter_map(|quasi| quasi.value.cooked);
            Some(parts.map(|part| part.to_string()).collect::<Vec<_>>().join("…"))
        }
        _ => None,
    }
}

/// Whether an option among the arguments keeps the case from being run: `{ skip: true }`.
fn has_option(call: &CallExpression<'_>) -> bool {
    let objects = call.arguments.iter().filter_map(|argument| match argument.as_expression() {
        Some(Expression::ObjectExpression(object)) => Some(object),
        _ => None,
    });
    objects.flat_map(|object| &object.properties).any(|property| match property {
        ObjectPropertyKind::ObjectProperty(property) => {
            property.key.static_name().is_some_and(|name| matches!(&*name, "skip" | "todo" | "fails"))
        }
        ObjectPropertyKind::SpreadProperty(_) => true,
    })
}

/// `expect(value).toBe(…)`, `assert(value)`, `assert.equal(value, …)`, `fc.assert(…)`, and `waitFor(() => …)`, which fails
/// unless what it is given stops failing.
fn is_assertion(call: &CallExpression<'_>, chain: &Chain<'_>) -> bool {
    let varies = |call: &CallExpression<'_>| {
        call.arguments.iter().any(|argument| argument.as_expression().is_none_or(|value| !is_constant(value)))
    };
    match chain.root {
        "expect" | "expectTypeOf" => expectation(&call.callee).is_some_and(varies),
        "assert" => varies(call),
        "fc" => chain.members == ["assert"] && varies(call),
        "waitFor" => chain.members.is_empty() && awaits_an_expectation(call),
        "vi" => chain.members == ["waitFor"] && awaits_an_expectation(call),
        _ => false,
    }
}

/// Whether the callback has an expectation as its body, or in it.
fn awaits_an_expectation(call: &CallExpression<'_>) -> bool {
    let Some(Expression::ArrowFunctionExpression(function)) = call.arguments.first().and_then(Argument::as_expression)
    else {
        return false;
    };
    let expects = |expression: &Expression<'_>| match expression.get_inner_expression() {
        Expression::CallExpression(call) => is_assertion(call, &chain_of(&call.callee)),
        _ => false,
    };
    match &function.body {
        ArrowFunctionBody::FunctionBody(body) => body.statements.iter().any(
            |statement| matches!(statement, Statement::ExpressionStatement(statement) if expects(&statement.expression)),
        ),
        body => body.as_expression().is_some_and(expects),
    }
}

/// The call of `expect(…)` under a matcher.
fn expectation<'n, 'a>(callee: &'n Expression<'a>) -> Option<&'n CallExpression<'a>> {
    let mut rest = callee.get_inner_expression();
    loop {
        rest = match rest {
            Expression::StaticMemberExpression(member) => member.object.get_inner_expression(),
            Expression::CallExpression(call) => return Some(call),
            _ => return None,
        };
    }
}

/// Whether a value is the same whatever the code under test does.
fn is_constant(expression: &Expression<'_>) -> bool {
    match expression.get_inner_expression() {
        Expression::StringLiteral(_)
        | Expression::NumericLiteral(_)
        | Expression::BooleanLiteral(_)
        | Expression::NullLiteral(_)
        | Expression::BigIntLiteral(_)
        | Expression::RegExpLiteral(_) => true,
        Expression::TemplateLiteral(template) => template.expressions.iter().all(is_constant),
        Expression::UnaryExpression(unary) => is_constant(&unary.argument),
        Expression::BinaryExpression(binary) => is_constant(&binary.left) && is_constant(&binary.right),
        // `run() || true` is true whatever `run` does.
        Expression::LogicalExpression(logical) => is_constant(&logical.left) || is_constant(&logical.right),
        Expression::Identifier(name) => matches!(name.name.as_str(), "undefined" | "NaN" | "Infinity"),
        Expression::ArrayExpression(array) => {
            array.elements.iter().all(|element| element.as_expression().is_some_and(is_constant))
        }
        Expression::ObjectExpression(object) => object.properties.iter().all(|property| match property {
            ObjectPropertyKind::ObjectProperty(property) => is_constant(&property.value),
            ObjectPropertyKind::SpreadProperty(_) => false,
        }),
        _ => false,
    }
}
