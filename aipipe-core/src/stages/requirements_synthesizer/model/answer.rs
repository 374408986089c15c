//! What a model answers: a form of which every field has to be there, and what is made of it.

use super::chunks::Chunk;
use crate::domain::{Obligation, RequirementKind};
use crate::ports::{ModelResponse, StopReason};
use crate::stages::requirements_synthesizer::claim::{Claim, ClaimedCriterion};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings, transform::Transform};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::fmt;

/// Most bytes of an answer that are read.
const MOST_BYTES: usize = 1024 * 1024;

/// The requirements of the passages.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Answer {
    /// In the order of the passages; empty where these ask for nothing.
    requirements: Vec<Noted>,
}

/// One requirement.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Noted {
    /// The number of the passage the quote stands in.
    passage: i64,
    /// The words it rests on, copied exactly.
    quote: String,
    kind: NotedKind,
    obligation: NotedObligation,
    /// Who wants to do it: a singular noun, or empty.
    role: String,
    /// What they want to do: a verb phrase without "to", or empty.
    action: String,
    /// Why, or empty.
    benefit: String,
    /// The thing a rule is about: a singular noun, or empty.
    about: String,
    criteria: Vec<NotedCriterion>,
}

/// How to tell that it is done.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NotedCriterion {
    /// The state before, or empty.
    given: String,
    /// The event, or empty.
    when: String,
    /// What can be observed after.
    then: String,
    /// The words it rests on, copied exactly.
    quote: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum NotedKind {
    Functional,
    Rule,
    Quality,
    Constraint,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum NotedObligation {
    Must,
    Should,
    Could,
    Wont,
}

/// The JSON schema of an answer (2020-12), in the part of it that providers enforce: nothing but types, `enum`, `required`,
/// `additionalProperties: false` and descriptions.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = SchemaGenerator::new(settings).into_root_schema_for::<Answer>();
    Plain.transform(&mut schema);
    schema.into()
}

/// Takes out what providers do not enforce, or refuse.
struct Plain;

impl Transform for Plain {
    fn transform(&mut self, schema: &mut schemars::Schema) {
        if let Some(object) = schema.as_object_mut() {
            tidy(object);
        }
    }
}

fn tidy(object: &mut Map<String, Value>) {
    object.remove("title");
    object.remove("format");
    if object.contains_key("enum") {
        object.remove("type");
    }
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().filter_map(Value::as_object_mut).for_each(tidy);
    }
    if let Some(items) = object.get_mut("items").and_then(Value::as_object_mut) {
        tidy(items);
    }
}

/// Why an answer can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// It does not have the form; what is wrong, with line and column, and never the answer's words.
    Form { why: String },
    /// It breaks off.
    Cut,
    /// The model refused.
    Refused,
    /// All its quotes are made up.
    Ungrounded { claims: usize },
}

impl Fault {
    /// Whether the model that answered may do better when it is told.
    pub(super) fn may_be_mended(&self) -> bool {
        matches!(self, Self::Form { .. } | Self::Ungrounded { .. })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form { why } => write!(f, "the answer is not of the form asked for: {why}"),
            Self::Cut => f.write_str("the answer breaks off"),
            Self::Refused => f.write_str("the model refused to answer"),
            Self::Ungrounded { claims } => {
                write!(f, "none of the {claims} quotes of the answer stands in the passages")
            }
        }
    }
}

/// The claims of an answer about a chunk.
pub(super) fn claims(response: &ModelResponse, chunk: &Chunk<'_>) -> Result<Vec<Claim>, Fault> {
    match response.stop {
        StopReason::MaxTokens | StopReason::ContextWindowExceeded => return Err(Fault::Cut),
        StopReason::Refusal => return Err(Fault::Refused),
        _ => {}
    }
    if response.text.len() > MOST_BYTES {
        return Err(Fault::Form { why: format!("it has more than {MOST_BYTES} bytes") });
    }
    let answer: Answer = serde_json::from_str(unfenced(&response.text)).map_err(|error| {
        // The error's own words may repeat the answer's.
        let what = match error.classify() {
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => "it is not JSON",
            serde_json::error::Category::Eof => "it ends too early",
            serde_json::error::Category::Data => "a field is missing, is of the wrong type, or is none of the form's",
        };
        Fault::Form { why: format!("{what}, at line {} column {}", error.line(), error.column()) }
    })?;
    let offered = answer.requirements.len();
    let claims: Vec<Claim> = answer.requirements.into_iter().map(|noted| claim(noted, chunk)).collect();
    let grounded = claims.iter().any(|claim| chunk.grounds.find(&claim.quote, claim.near).is_some());
    if offered > 0 && !grounded {
        return Err(Fault::Ungrounded { claims: offered });
    }
    Ok(claims)
}

/// The JSON of an answer that stands between fences, as models without enforced schemas write it.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let inner = text.strip_prefix("```json").or_else(|| text.strip_prefix("```"));
    inner.and_then(|inner| inner.strip_suffix("```")).map_or(text, str::trim)
}

fn claim(noted: Noted, chunk: &Chunk<'_>) -> Claim {
    let said = |text: String| Some(text).filter(|text| !text.trim().is_empty());
    let at = usize::try_from(noted.passage).ok().and_then(|number| chunk.passages.get(number.checked_sub(1)?));
    Claim {
        document: chunk.source().document.id.clone(),
        quote: noted.quote,
        near: at.map(|passage| passage.span.start),
        kind: match noted.kind {
            NotedKind::Functional => RequirementKind::Functional,
            NotedKind::Rule => RequirementKind::Rule,
            NotedKind::Quality => RequirementKind::Quality,
            NotedKind::Constraint => RequirementKind::Constraint,
        },
        obligation: match noted.obligation {
            NotedObligation::Must => Obligation::Must,
            NotedObligation::Should => Obligation::Should,
            NotedObligation::Could => Obligation::Could,
            NotedObligation::Wont => Obligation::Wont,
        },
        role: said(noted.role),
        action: said(noted.action),
        benefit: said(noted.benefit),
        about: said(noted.about),
        criteria: noted
            .criteria
            .into_iter()
            .map(|criterion| ClaimedCriterion {
                given: criterion.given,
                when: criterion.when,
                then: criterion.then,
                quote: criterion.quote,
            })
            .collect(),
    }
}
