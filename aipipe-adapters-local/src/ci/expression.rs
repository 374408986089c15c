//! `${{ … }}`: the closed subset of expressions that local runs understand, and where each may stand.
//!
//! Which context is available where follows GitHub's table of contexts; a name that is not available there is refused
//! here too, because GitHub would refuse the whole workflow.

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
    /// `needs.ID.result`
    NeedResult(String),
    /// `needs.ID.outputs.NAME`
    NeedOutput { job: String, name: String },
    /// `github.…` and `runner.…`, of the lists below.
    Context(&'static str),
    /// A value that a local run never has, such as the base of a pull request on a push: empty, as on GitHub.
    Empty,
}

const GITHUB: &[&str] = &[
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
];

const RUNNER: &[&str] = &["runner.os", "runner.temp"];

/// What belongs to a pull request, and is empty on a push.
const OF_PULL_REQUESTS: &[&str] =
    &["github.base_ref", "github.head_ref", "github.event.pull_request.base.sha", "github.event.pull_request.head.sha"];

/// The values of a job's variant, by variable.
pub(super) type Variant = Vec<(String, String)>;

/// Which contexts there are at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// The workflow's own settings: `github`.
    Workflow,
    /// The condition of a job: `github`, `needs`.
    JobCondition,
    /// Settings of a job: `github`, `needs`, `matrix`.
    Job,
    /// Steps and the outputs of jobs: everything.
    Step,
}

/// Where an expression stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'a> {
    /// The place in words, for messages.
    pub(super) place: &'a str,
    pub(super) level: Level,
    /// The event the run stands for.
    pub(super) event: &'a str,
    pub(super) variant: &'a [(String, String)],
    /// The jobs that this one needs.
    pub(super) needs: &'a [String],
}

impl<'a> Site<'a> {
    /// The workflow's own settings.
    pub(super) fn workflow(place: &'a str, event: &'a str) -> Self {
        Self { place, level: Level::Workflow, event, variant: &[], needs: &[] }
    }

    /// Another place of the same job.
    pub(super) fn at(self, level: Level, place: &'a str) -> Self {
        Self { place, level, ..self }
    }
}

impl Template {
    /// Parses text. Values of the job's variant are put in at once.
    pub(super) fn parse(text: &str, site: &Site<'_>) -> Result<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${{") {
            add_text(&mut parts, before);
            let (expression, after) =
                after.split_once("}}").ok_or_else(|| invalid(format!("an expression in {} has no end", site.place)))?;
            match named(expression.trim(), site)? {
                Named::Value(value) => add_text(&mut parts, &value),
                Named::Reference(reference) => parts.push(Part::Reference(reference)),
            }
            rest = after;
        }
        add_text(&mut parts, rest);
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

fn add_text(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Text(before)) => before.push_str(text),
        _ => parts.push(Part::Text(text.to_owned())),
    }
}

/// What an expression's name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// Known before the run.
    Value(String),
    /// Known during the run.
    Reference(Reference),
}

/// Reads a name such as `matrix.version` or `steps.compare.outputs.needed`.
pub(super) fn named(expression: &str, site: &Site<'_>) -> Result<Named> {
    let shown: String = expression.chars().take(80).collect();
    let refuse = |why: &str| Err(invalid(format!("expression ${{{{ {shown} }}}} in {}: {why}", site.place)));
    let parts: Vec<&str> = expression.split('.').collect();
    let least = match parts.first() {
        Some(&"github") => Level::Workflow,
        Some(&"needs") => Level::JobCondition,
        Some(&"matrix") => Level::Job,
        _ => Level::Step,
    };
    let reference = match parts.as_slice() {
        ["env", name] if is_name(name) => Reference::Variable((*name).to_owned()),
        ["steps", step, "outputs", name] if is_name(step) && is_name(name) => {
            Reference::Output { step: (*step).to_owned(), name: (*name).to_owned() }
        }
        ["needs", job, "result"] if is_name(job) => Reference::NeedResult((*job).to_owned()),
        ["needs", job, "outputs", name] if is_name(job) && is_name(name) => {
            Reference::NeedOutput { job: (*job).to_owned(), name: (*name).to_owned() }
        }
        ["matrix", name] if is_name(name) && site.level >= Level::Job => {
            return match site.variant.iter().find(|(known, _)| known == name) {
                Some((_, value)) => Ok(Named::Value(value.clone())),
                None => refuse("the job has no such variable in its matrix"),
            };
        }
        ["matrix", name] if is_name(name) => return refuse("there is no matrix here"),
        _ if OF_PULL_REQUESTS.contains(&expression) && site.event == "push" => Reference::Empty,
        _ => match GITHUB.iter().chain(RUNNER).find(|context| **context == expression) {
            Some(context) => Reference::Context(context),
            None => return Err(unsupported(format!("expression ${{{{ {shown} }}}} in {}", site.place))),
        },
    };
    if site.level < least {
        return refuse("GitHub does not know this context here");
    }
    match &reference {
        Reference::NeedResult(job) | Reference::NeedOutput { job, .. } if !site.needs.contains(job) => {
            refuse("the job does not need that one")
        }
        _ => Ok(Named::Reference(reference)),
    }
}

/// A name as GitHub has it: a letter or `_`, then letters, digits, `-`, `_`.
pub(super) fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    name.len() <= 100
        && characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aipipe_core::ErrorKind;
    use proptest::prelude::*;

    fn step() -> Site<'static> {
        Site::workflow("step 1", "push").at(Level::Step, "step 1")
    }

    #[test]
    fn the_subset_renders_and_the_rest_is_unsupported() {
        let text = "a ${{ env.X }}-${{github.sha}} b ${{ steps.one.outputs.two }}${{ github.base_ref }}";
        let text = Template::parse(text, &step()).unwrap().render(|reference| match reference {
            Reference::Variable(name) => Some(format!("<{name}>")),
            Reference::Context(name) => Some((*name).to_owned()),
            _ => None,
        });
        assert_eq!(text, "a <X>-github.sha b ");
        for bad in ["secrets.TOKEN", "github.event.pull_request.title", "env.X || 'a'", "hashFiles('x')", ""] {
            let error = Template::parse(&format!("${{{{ {bad} }}}}"), &step()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{bad}");
        }
        assert_eq!(Template::parse("${{ env.X", &step()).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn a_variants_values_become_text() {
        let variant = [("node".to_owned(), "22".to_owned())];
        let site = Site { variant: &variant, ..step() };
        let template = Template::parse("on ${{ matrix.node }}!", &site).unwrap();
        assert_eq!(template.literal().as_deref(), Some("on 22!"));
        assert!(Template::parse("${{ matrix.os }}", &site).is_err());
    }

    #[test]
    fn contexts_are_there_where_github_has_them() {
        let needs = ["first".to_owned()];
        for (text, least) in [
            ("github.sha", Level::Workflow),
            ("needs.first.result", Level::JobCondition),
            ("needs.first.outputs.x", Level::JobCondition),
            ("env.X", Level::Step),
            ("runner.temp", Level::Step),
            ("steps.a.outputs.b", Level::Step),
        ] {
            for level in [Level::Workflow, Level::JobCondition, Level::Job, Level::Step] {
                let site = Site { level, needs: &needs, ..step() };
                assert_eq!(Template::parse(&format!("${{{{{text}}}}}"), &site).is_ok(), level >= least, "{text}");
            }
        }
        assert!(Template::parse("${{ needs.other.result }}", &Site { needs: &needs, ..step() }).is_err());
        let pull_request = Site { event: "pull_request", ..step() };
        assert!(Template::parse("${{ github.base_ref }}", &pull_request).is_err(), "it would not be empty");
    }

    proptest! {
        #[test]
        fn text_without_expressions_is_unchanged(text in "[^$]{0,80}") {
            let template = Template::parse(&text, &step()).unwrap();
            prop_assert_eq!(template.render(|_| None), text.as_str());
            prop_assert_eq!(template.literal(), Some(text));
        }

        #[test]
        fn never_panics(text in ".{0,80}") {
            let _ = Template::parse(&text, &step());
            let _ = Template::parse(&format!("${{{{{text}"), &step());
        }
    }
}
