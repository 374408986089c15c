//! The templates of the stacks, compiled in, and what they can call.

use super::language::Language;
use super::literals;
use super::paths::{module, relative_import};
use crate::{Error, ErrorKind, Result};
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

/// Where a line of generated code is broken.
const WIDTH: usize = 120;

macro_rules! templates {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../stacks/", $folder, "/templates/", $name, ".j2")))),+]
    };
}

const NODE_API: &[(&str, &str)] = templates!["node_api":
    "package.json", "tsconfig.json", "tsconfig.build.json", "eslint.config.js", "vitest.config.ts", "gitignore",
    "editorconfig", "npmrc", "README.md", "server.ts", "app.ts", "problem.ts", "errors.ts", "paging.ts", "storage.ts",
    "model.ts", "repository.ts", "routes.ts", "app.test.ts", "problem.test.ts", "fixtures.ts", "story.test.ts",
];

const PYTHON_API: &[(&str, &str)] = templates!["python_api":
    "pyproject.toml", "requirements.in", "requirements-dev.in", "gitignore", "editorconfig", "README.md",
    "package_init.py", "main.py", "problems.py", "errors.py", "paging.py", "storage.py", "model.py", "repository.py",
    "routes.py", "test_app.py", "factories.py", "test_story.py",
];

/// An environment with the templates of a language: undefined names are errors, nothing is escaped by file name.
pub(super) fn environment(language: Language) -> Result<Environment<'static>> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.add_filter("ts", |text: &str| literals::json_string(text));
    environment.add_filter("py", |text: &str| literals::python_string(text));
    environment.add_filter("comment", |text: &str| literals::comment(text));
    environment.add_filter("doc", |text: &str| literals::docstring(text));
    environment.add_filter("md", |text: &str| literals::markdown(text));
    environment.add_filter("shell", |text: &str| literals::shell_word(text));
    environment.add_filter("import_of", |from: &str, to: &str| relative_import(from, to));
    environment.add_filter("module", |path: &str| module(path));
    environment.add_function(
        "lay",
        move |indent: usize, head: &str, args: Vec<String>, tail: &str, style: Option<&str>| {
            lay(language, indent, head, &args, tail, style)
        },
    );
    let templates = match language {
        Language::TypeScript => NODE_API,
        Language::Python => PYTHON_API,
    };
    for (name, source) in templates {
        environment.add_template(name, source).map_err(|error| broken(name, error))?;
    }
    Ok(environment)
}

/// Renders a template; the text ends in exactly one line break.
pub(super) fn render(environment: &Environment<'_>, name: &str, context: Value) -> Result<String> {
    let text = environment
        .get_template(name)
        .and_then(|template| template.render(context))
        .map_err(|error| broken(name, error))?;
    Ok(format!("{}\n", text.trim_matches('\n')))
}

fn broken(template: &str, error: minijinja::Error) -> Error {
    Error::new(ErrorKind::Internal, "story-executor.render", "a template does not render")
        .with("template", template)
        .caused_by(error)
}

/// `head`, `args` and `tail` on one line if they fit, otherwise an argument a line, as the languages' formatters do.
pub(super) fn lay(
    language: Language,
    indent: usize,
    head: &str,
    args: &[String],
    tail: &str,
    style: Option<&str>,
) -> String {
    if style == Some("clauses") {
        return lay_clauses(language, indent, head, args, tail);
    }
    let line = format!("{head}{}{tail}", args.join(", "));
    if args.is_empty() || indent + width(&line) <= WIDTH {
        return line;
    }
    let step = step(language);
    let (open, close) = if style == Some("parentheses") { ("(", ")") } else { ("", "") };
    // A comma after the only element of a subscript would make it a tuple.
    let no_comma = args.len() == 1 && head.ends_with('[') && language == Language::Python && tail == "]";
    let comma = if no_comma { "" } else { "," };
    let inner = " ".repeat(indent + step);
    let mut text = format!("{}{open}", if open.is_empty() { head.trim_end() } else { head });
    let last = args.len() - 1;
    for (position, arg) in args.iter().enumerate() {
        text.push('\n');
        text.push_str(&inner);
        text.push_str(arg);
        text.push_str(if position == last { comma } else { "," });
    }
    text.push('\n');
    text.push_str(&" ".repeat(indent));
    text.push_str(close);
    text.push_str(tail.strip_prefix(',').unwrap_or(tail).trim_start());
    text
}

/// The clauses of a comprehension: on one line with what is around them, on a line of their own, or a line each.
fn lay_clauses(language: Language, indent: usize, head: &str, clauses: &[String], tail: &str) -> String {
    let joined = clauses.join(" ");
    if indent + width(head) + width(&joined) + width(tail) <= WIDTH {
        return format!("{head}{joined}{tail}");
    }
    let (outer, inner) = (" ".repeat(indent), " ".repeat(indent + step(language)));
    let fits = inner.len() + width(&joined) <= WIDTH;
    let body = if fits { joined } else { clauses.join(&format!("\n{inner}")) };
    format!("{head}\n{inner}{body}\n{outer}{tail}")
}

const fn step(language: Language) -> usize {
    match language {
        Language::TypeScript => 2,
        Language::Python => 4,
    }
}

/// Columns a line may take: characters outside ASCII may be two wide.
fn width(line: &str) -> usize {
    line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_compiles() {
        for language in [Language::TypeScript, Language::Python] {
            assert!(
                environment(language).is_ok(),
                "{language:?}: {:?}",
                environment(language).err().map(|e| e.chain())
            );
        }
    }

    #[test]
    fn long_calls_are_broken_as_formatters_do() {
        let args = |count: usize| vec!["x".repeat(30); count];
        assert_eq!(lay(Language::Python, 0, "f(", &args(1), ")", None), format!("f({})", "x".repeat(30)));
        let broken = lay(Language::Python, 4, "f(", &args(4), ")", None);
        assert_eq!(broken.lines().count(), 6);
        assert!(broken.ends_with("x,\n    )"), "{broken}");
        let single = lay(Language::Python, 0, "A = Literal[", &["x".repeat(130)], "]", None);
        assert!(!single.contains(','), "{single}");
    }
}
