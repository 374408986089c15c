//! The templates of a stack, its own or the host's, and what they can call.

use super::imports::{FixedFiles, mentions};
use super::literals;
use super::paths::{module, relative_import};
use crate::domain::Stack;
use crate::stacks::naming::{camel, with_article};
use crate::stacks::{self, Language, StackDefinition, TemplateOverrides, template_error};
use crate::{Error, ErrorKind, Result};
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, State, UndefinedBehavior};

/// Where a line of generated code is broken.
const WIDTH: usize = 120;

/// The templates of a stack: undefined names are errors, nothing is escaped by file name.
#[derive(Debug)]
pub(super) struct Templates {
    stack: Stack,
    environment: Environment<'static>,
    overrides: TemplateOverrides,
}

impl Templates {
    /// The templates of the stack, with the host's in the place of single ones.
    ///
    /// # Errors
    /// `Unsupported` for a stack without templates.
    pub(super) fn of(definition: &StackDefinition, overrides: &TemplateOverrides) -> Result<Self> {
        let stack = definition.stack;
        let mut known = stacks::templates(stack).peekable();
        if known.peek().is_none() {
            let message = format!("templates for {stack} come with a later version");
            return Err(Error::new(ErrorKind::Unsupported, "story-executor.generator", message));
        }
        let mut templates = Self { stack, environment: environment(definition), overrides: overrides.clone() };
        for (name, source) in known {
            let added = match overrides.of(stack, name) {
                Some(source) => templates.environment.add_template_owned(name, source.to_owned()),
                None => templates.environment.add_template(name, source),
            };
            added.map_err(|error| templates.fault(name, error))?;
        }
        Ok(templates)
    }

    /// Renders a template; the text ends in exactly one line break.
    ///
    /// # Errors
    /// `InvalidInput` when a template of the host's does not render, `Internal` when one of this crate's does not.
    pub(super) fn render(&self, name: &str, context: Value) -> Result<String> {
        let text = self.environment.get_template(name).and_then(|template| template.render(context));
        let text = text.map_err(|error| self.fault(name, error))?;
        Ok(format!("{}\n", text.trim_matches('\n')))
    }

    /// A template may include another one, so the fault may lie in a template of another name than was asked for.
    fn fault(&self, name: &str, error: minijinja::Error) -> Error {
        let name = error.name().unwrap_or(name).to_owned();
        let is_of_host = self.overrides.of(self.stack, &name).is_some();
        let kind = if is_of_host { ErrorKind::InvalidInput } else { ErrorKind::Internal };
        template_error(kind, &stacks::full_name(self.stack, &name), error)
    }
}

fn environment(definition: &StackDefinition) -> Environment<'static> {
    let language = definition.language;
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.add_filter("ts", |text: &str| literals::json_string(text));
    environment.add_filter("py", |text: &str| literals::python_string(text));
    environment.add_filter("comment", |text: &str| literals::comment(text));
    environment.add_filter("doc", |text: &str| literals::docstring(text));
    environment.add_filter("md", |text: &str| literals::markdown(text));
    environment.add_filter("shell", |text: &str| literals::shell_word(text));
    environment.add_filter("camel", |text: &str| camel(&text.replace('-', "_")));
    environment.add_filter("article", |words: &str| with_article(words));
    environment.add_filter("mentions", |code: &str, names: Vec<String>| mentions(code, &names));
    let (files, suffix) = (FixedFiles::of(definition), definition.layout.import_suffix.clone());
    environment.add_function("import_from", move |state: &State<'_, '_>, template: &str| {
        import_from(&files, state, template, &suffix)
    });
    let suffix = definition.layout.import_suffix.clone();
    environment.add_filter("import_of", move |from: &str, to: &str| relative_import(from, to, &suffix));
    environment.add_filter("module", |path: &str| module(path));
    environment.add_function(
        "lay",
        move |indent: usize, head: &str, args: Vec<String>, tail: &str, style: Option<&str>| {
            lay(language, indent, head, &args, tail, style)
        },
    );
    environment
}

/// How the file that is rendered imports the one made from `template`.
fn import_from(
    files: &FixedFiles,
    state: &State<'_, '_>,
    template: &str,
    suffix: &str,
) -> std::result::Result<String, minijinja::Error> {
    let path = state.lookup("path").unwrap_or_default();
    let path = path.as_str().unwrap_or_default();
    let file = files.nearest(path, template).ok_or_else(|| {
        let message = format!("the stack has no file of the template {template}");
        minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, message)
    })?;
    Ok(relative_import(path, file, suffix))
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
    match style {
        Some("clauses") => return lay_clauses(language, indent, head, args, tail),
        Some("attributes") => return lay_attributes(language, indent, head, args, tail),
        _ => {}
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

/// The attributes of an element: on one line with its tag if they fit, otherwise a line each.
fn lay_attributes(language: Language, indent: usize, head: &str, attributes: &[String], tail: &str) -> String {
    let attributes: Vec<&str> =
        attributes.iter().map(String::as_str).filter(|attribute| !attribute.is_empty()).collect();
    let gap = if tail.starts_with('/') { " " } else { "" };
    let line = format!("{head} {}{gap}{tail}", attributes.join(" "));
    if indent + width(&line) <= WIDTH && !line.contains('\n') {
        return line;
    }
    let inner = format!("\n{}", " ".repeat(indent + step(language)));
    format!("{head}{inner}{}\n{}{tail}", attributes.join(&inner), " ".repeat(indent))
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
    fn long_calls_are_broken_as_formatters_do() {
        let args = |count: usize| vec!["x".repeat(30); count];
        assert_eq!(lay(Language::Python, 0, "f(", &args(1), ")", None), format!("f({})", "x".repeat(30)));
        let broken = lay(Language::Python, 4, "f(", &args(4), ")", None);
        assert_eq!(broken.lines().count(), 6);
        assert!(broken.ends_with("x,\n    )"), "{broken}");
        let attributes = |length: usize| vec!["x".repeat(length), String::new(), "{...y}".to_owned()];
        let style = Some("attributes");
        assert_eq!(lay(Language::TypeScript, 2, "<A", &attributes(3), "/>", style), "<A xxx {...y} />");
        let broken = lay(Language::TypeScript, 2, "<A", &attributes(120), ">", style);
        assert_eq!(broken, format!("<A\n    {}\n    {{...y}}\n  >", "x".repeat(120)));
        let single = lay(Language::Python, 0, "A = Literal[", &["x".repeat(130)], "]", None);
        assert!(!single.contains(','), "{single}");
    }
}
