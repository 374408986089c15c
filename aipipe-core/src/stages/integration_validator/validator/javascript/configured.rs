//! Path aliases as build tools' configurations state them, as far as they can be read off without running anything.

use super::summary::ConfiguredAliases;
use oxc_ast::ast::{Argument, Expression, ObjectExpression, ObjectPropertyKind};

/// More nesting than a path is written with.
const MOST_LEVELS: usize = 8;

/// Reads the value of an `alias` property: `{ '@': path }` or `[{ find, replacement }]`.
pub(super) fn aliases_of(value: &Expression<'_>, out: &mut ConfiguredAliases) {
    match value.get_inner_expression() {
        Expression::ObjectExpression(object) => {
            for property in &object.properties {
                match property {
                    ObjectPropertyKind::ObjectProperty(property) => match property.key.static_name() {
                        Some(name) => add(&name, path_of(&property.value, 0), out),
                        None => out.open = true,
                    },
                    ObjectPropertyKind::SpreadProperty(_) => out.open = true,
                }
            }
        }
        Expression::ArrayExpression(array) => {
            for element in &array.elements {
                match element.as_expression().map(Expression::get_inner_expression) {
                    Some(Expression::ObjectExpression(entry)) => found_and_replaced(entry, out),
                    _ => out.open = true,
                }
            }
        }
        _ => out.open = true,
    }
}

/// Reads the folders in which packages are looked for (`resolve.modules`).
pub(super) fn module_folders_of(value: &Expression<'_>, out: &mut ConfiguredAliases) {
    let Expression::ArrayExpression(array) = value.get_inner_expression() else {
        out.open = true;
        return;
    };
    for element in array.elements.iter().filter_map(|element| element.as_expression()) {
        match path_of(element, 0) {
            Some(path) if path.ends_with("node_modules") => {}
            Some(path) => out.module_folders.push(path.trim_start_matches("<rootDir>").trim_matches('/').to_owned()),
            None => out.open = true,
        }
    }
}

/// The patterns of files that a linter passes over: `ignorePatterns`, or `ignores` in an object that has no rules.
pub(super) fn passed_over(object: &ObjectExpression<'_>) -> Vec<String> {
    let properties = || {
        object.properties.iter().filter_map(|property| match property {
            ObjectPropertyKind::ObjectProperty(property) => Some((property.key.static_name()?, &property.value)),
            ObjectPropertyKind::SpreadProperty(_) => None,
        })
    };
    let is_global = properties().all(|(name, _)| matches!(name.as_ref(), "ignores" | "name"));
    let mut patterns = Vec::new();
    for (name, value) in properties() {
        if name == "ignorePatterns" || name == "ignores" && is_global {
            patterns.extend(texts_of(value).map(|text| from_here(name == "ignores", text)));
        }
    }
    patterns
}

/// The texts of an array.
pub(super) fn texts_of<'e>(value: &'e Expression<'_>) -> impl Iterator<Item = &'e str> {
    let elements = match value.get_inner_expression() {
        Expression::ArrayExpression(array) => array.elements.as_slice(),
        _ => &[],
    };
    elements.iter().filter_map(|element| match element.as_expression()?.get_inner_expression() {
        Expression::StringLiteral(literal) => Some(literal.value.as_str()),
        _ => None,
    })
}

/// A pattern as git would write it: one of a flat configuration counts from its folder.
fn from_here(is_flat: bool, pattern: &str) -> String {
    let anchored = is_flat && !pattern.contains('/');
    if anchored { format!("/{pattern}") } else { pattern.trim_start_matches("./").to_owned() }
}

fn found_and_replaced(entry: &ObjectExpression<'_>, out: &mut ConfiguredAliases) {
    let value = |key: &str| {
        entry.properties.iter().find_map(|property| match property {
            ObjectPropertyKind::ObjectProperty(property) if property.key.static_name().as_deref() == Some(key) => {
                Some(&property.value)
            }
            _ => None,
        })
    };
    match value("find").map(Expression::get_inner_expression) {
        Some(Expression::StringLiteral(find)) => {
            let path = value("replacement").and_then(|value| path_of(value, 0));
            add(find.value.as_str(), path, out);
        }
        // A regular expression says anything, but not of what begins otherwise.
        Some(Expression::RegExpLiteral(find)) => match fixed_start(find.regex.pattern.text.as_str()) {
            Some(name) => {
                out.unknown.insert(name.to_owned());
            }
            None => out.open = true,
        },
        _ => out.open = true,
    }
}

/// The package or the first folder that everything begins with which an anchored expression matches.
fn fixed_start(pattern: &str) -> Option<&str> {
    let rest = pattern.strip_prefix('^')?;
    let special = |c: char| matches!(c, '(' | '[' | '{' | '.' | '*' | '+' | '?' | '|' | '\\' | '$' | '/');
    let end = rest.find(special).unwrap_or(rest.len());
    let (name, tail) = rest.split_at_checked(end)?;
    let ends_there = tail.is_empty() || ["$", "\\/", "/"].iter().any(|end| tail.starts_with(end));
    (ends_there && !name.is_empty() && !pattern.contains('|')).then_some(name)
}

fn add(name: &str, path: Option<String>, out: &mut ConfiguredAliases) {
    // Jest writes a regular expression: `^@/(.*)$` for `<rootDir>/src/$1`.
    let plain = name.strip_prefix('^').map_or(name, |rest| rest);
    let plain = plain.strip_suffix("(.*)$").or_else(|| plain.strip_suffix('$')).unwrap_or(plain);
    let plain = plain.trim_end_matches('*').trim_end_matches('/');
    if plain.is_empty() {
        return;
    }
    if plain.contains(['\\', '(', '[', '|', '*']) {
        out.open |= plain.len() == name.len();
        return;
    }
    match path {
        Some(path) => {
            let path = path.trim_start_matches("<rootDir>").trim_end_matches("$1").trim_end_matches('*');
            out.known.push((plain.to_owned(), path.trim_start_matches('/').trim_end_matches('/').to_owned()));
        }
        None => {
            out.unknown.insert(plain.to_owned());
        }
    }
}

/// The path an expression stands for: a literal, or literals joined to the configuration's own folder.
fn path_of(value: &Expression<'_>, level: usize) -> Option<String> {
    if level > MOST_LEVELS {
        return None;
    }
    let is_here = |value: &Expression<'_>| match value.get_inner_expression() {
        Expression::Identifier(identifier) => matches!(identifier.name.as_str(), "__dirname" | "__filename"),
        Expression::StaticMemberExpression(member) => {
            matches!(member.property.name.as_str(), "url" | "dirname" | "filename")
                && matches!(member.object, Expression::ImportMeta(_))
        }
        Expression::CallExpression(call) => matches!(&call.callee, Expression::StaticMemberExpression(member)
            if member.property.name == "cwd"),
        _ => false,
    };
    let joined = |arguments: &[Argument<'_>]| {
        let mut parts = Vec::new();
        for argument in arguments {
            let argument = argument.as_expression()?;
            if !is_here(argument) {
                parts.push(path_of(argument, level + 1)?);
            }
        }
        Some(parts.join("/"))
    };
    match value.get_inner_expression() {
        Expression::StringLiteral(literal) => Some(literal.value.to_string()),
        Expression::CallExpression(call) => joined(&call.arguments),
        Expression::NewExpression(new) => joined(&new.arguments),
        Expression::StaticMemberExpression(member) if member.property.name == "pathname" => {
            path_of(&member.object, level + 1)
        }
        Expression::TemplateLiteral(template) if template.expressions.iter().all(is_here) => {
            Some(template.quasis.iter().map(|quasi| quasi.value.raw.as_str()).collect())
        }
        Expression::ArrayExpression(array) => {
            let first = array.elements.first().and_then(|element| element.as_expression())?;
            path_of(first, level + 1)
        }
        _ => None,
    }
}
