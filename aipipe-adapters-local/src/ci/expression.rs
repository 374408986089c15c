//! `${{ … }}`: the closed subset of expressions, and the conditions, that local runs understand.

use super::yaml::{invalid, unsupported};
use aipipe_core::Result;

/// Text with references in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Reference(Reference),
}

/// What an expression may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference {
    /// `env.NAME`
    Variable(String),
    /// `steps.ID.outputs.NAME`
    Output { step: String, name: String },
    /// `github.…` and `runner.…`, of the list below.
    Context(&'static str),
}

const CONTEXTS: &[&str] = &[
    "github.sha",
    "github.ref",
    "github.ref_name",
    "github.workspace",
    "github.workflow",
    "github.repository",
    "github.event_name",
    "github.run_id",
    "github.run_attempt",
    "github.job",
    "runner.os",
    "runner.temp",
];

impl Template {
    /// Parses text at `place`.
    pub(super) fn parse(text: &str, place: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${{") {
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            let (expression, after) =
                after.split_once("}}").ok_or_else(|| invalid(format!("an expression in {place} has no end")))?;
            parts.push(Part::Reference(reference(expression.trim(), place)?));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// The text with every reference replaced by what `value` says; what it doesn't know is empty, as on GitHub.
    pub(super) fn render(&self, value: impl Fn(&Reference) -> Option<String>) -> String {
        self.0
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Reference(reference) => value(reference).unwrap_or_default(),
            })
            .collect()
    }

    /// The text, if there is no expression in it.
    pub(super) fn literal(&self) -> Option<String> {
        self.0
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                Part::Reference(_) => None,
            })
            .collect()
    }
}

fn reference(expression: &str, place: &str) -> Result<Reference> {
    let refuse = || {
        let shown: String = expression.chars().take(80).collect();
        unsupported(format!("expression ${{{{ {shown} }}}} in {place}"))
    };
    let parts: Vec<&str> = expression.split('.').collect();
    match parts.as_slice() {
        ["env", name] if is_name(name) => Ok(Reference::Variable((*name).to_owned())),
        ["steps", step, "outputs", name] if is_name(step) && is_name(name) => {
            Ok(Reference::Output { step: (*step).to_owned(), name: (*name).to_owned() })
        }
        _ => CONTEXTS
            .iter()
            .find(|context| **context == expression)
            .map(|context| Reference::Context(context))
            .ok_or_else(refuse),
    }
}

/// A name as GitHub has it: a letter or `_`, then letters, digits, `-`, `_`.
pub(super) fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    name.len() <= 100
        && characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// When a job or step runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Condition {
    /// Nothing before it failed.
    #[default]
    Success,
    /// Something before it failed.
    Failure,
    /// Whatever happened before.
    Always,
}

impl Condition {
    /// Parses the text of an `if:`.
    pub(super) fn parse(text: &str, place: &str) -> Result<Self> {
        let text = text.trim();
        let bare = text.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")).map_or(text, str::trim);
        match bare {
            "success()" => Ok(Self::Success),
            "failure()" => Ok(Self::Failure),
            "always()" => Ok(Self::Always),
            other => {
                let shown: String = other.chars().take(80).collect();
                Err(unsupported(format!("if: {shown} in {place}")))
            }
        }
    }

    /// Whether it holds, given whether something before failed.
    pub(super) fn holds(self, failed: bool) -> bool {
        match self {
            Self::Success => !failed,
            Self::Failure => failed,
            Self::Always => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aipipe_core::ErrorKind;
    use proptest::prelude::*;

    #[test]
    fn the_subset_renders_and_the_rest_is_unsupported() {
        let template =
            Template::parse("a ${{ env.X }}-${{github.sha}} b ${{ steps.one.outputs.two }}", "step 1").unwrap();
        let text = template.render(|reference| match reference {
            Reference::Variable(name) => Some(format!("<{name}>")),
            Reference::Context(name) => Some((*name).to_owned()),
            Reference::Output { .. } => None,
        });
        assert_eq!(text, "a <X>-github.sha b ");
        for bad in
            ["secrets.TOKEN", "github.event.pull_request.title", "matrix.node", "env.X || 'a'", "hashFiles('x')", ""]
        {
            let error = Template::parse(&format!("${{{{ {bad} }}}}"), "step 1").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{bad}");
        }
        assert_eq!(Template::parse("${{ env.X", "step 1").unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn conditions_are_three() {
        assert_eq!(Condition::parse("${{ always() }}", "x").unwrap(), Condition::Always);
        assert_eq!(Condition::parse(" failure() ", "x").unwrap(), Condition::Failure);
        for bad in ["github.ref == 'x'", "!cancelled()", "always() && success()", "true", ""] {
            assert_eq!(Condition::parse(bad, "x").unwrap_err().kind(), ErrorKind::Unsupported, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn text_without_expressions_is_unchanged(text in "[^$]{0,80}") {
            let template = Template::parse(&text, "x").unwrap();
            prop_assert_eq!(template.render(|_| None), text.as_str());
            prop_assert_eq!(template.literal(), Some(text));
        }

        #[test]
        fn never_panics(text in ".{0,80}") {
            let _ = Template::parse(&text, "x");
            let _ = Template::parse(&format!("${{{{{text}"), "x");
            let _ = Condition::parse(&text, "x");
        }
    }
}
