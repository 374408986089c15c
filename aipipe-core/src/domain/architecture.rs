//! Stage 3's vocabulary: the stack with its evidence, the entities, the components and the build configuration.

use super::artifact::Stored;
use super::id::{CheckName, ComponentId, CriterionId, StoryId};
use super::parse::ParseError;
use super::path::{ProjectRoot, RepoPath};
use super::runtime::RuntimeVersion;
use super::story::{Citation, StorySet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The five stacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Stack {
    /// React in the browser, no server of its own.
    ReactSpa,
    /// React with its own Node server.
    ReactFullstack,
    /// An HTTP API on Node.
    NodeApi,
    /// An HTTP API on Python.
    PythonApi,
    /// Vue in the browser, no server of its own.
    VueSpa,
}

impl Stack {
    /// All stacks.
    pub const ALL: [Self; 5] = [Self::ReactSpa, Self::ReactFullstack, Self::NodeApi, Self::PythonApi, Self::VueSpa];

    /// The id used in options and reports, such as `node-api`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReactSpa => "react-spa",
            Self::ReactFullstack => "react-fullstack",
            Self::NodeApi => "node-api",
            Self::PythonApi => "python-api",
            Self::VueSpa => "vue-spa",
        }
    }

    /// The name for people, such as `Node API`.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::ReactSpa => "React SPA",
            Self::ReactFullstack => "React Fullstack",
            Self::NodeApi => "Node API",
            Self::PythonApi => "Python API",
            Self::VueSpa => "Vue SPA",
        }
    }
}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Stack {
    type Err = ParseError;
    fn from_str(value: &str) -> Result<Self, ParseError> {
        Self::ALL.into_iter().find(|stack| stack.as_str() == value).ok_or_else(|| {
            ParseError::new("stack", value, "is not one of react-spa, react-fullstack, node-api, python-api, vue-spa")
        })
    }
}

/// What runs the tests of a product in JavaScript or TypeScript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TestRunner {
    /// Vitest, which all stacks on Node have unless another one is chosen.
    Vitest,
    /// Jest.
    Jest,
}

impl TestRunner {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Vitest, Self::Jest];

    /// Its name in commands: `vitest`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vitest => "vitest",
            Self::Jest => "jest",
        }
    }
}

impl fmt::Display for TestRunner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for TestRunner {
    type Err = ParseError;
    fn from_str(value: &str) -> Result<Self, ParseError> {
        Self::ALL
            .into_iter()
            .find(|runner| runner.as_str() == value)
            .ok_or_else(|| ParseError::new("test runner", value, "is not one of vitest, jest"))
    }
}

/// Words that speak for or against a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackEvidence {
    /// The stack.
    pub stack: Stack,
    /// Points; negative when the words speak against it.
    pub points: i32,
    /// The rule that found it, such as `stated technology`.
    pub rule: String,
    /// The words.
    pub citation: Citation,
}

/// One stack's sum over its evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackScore {
    /// The stack.
    pub stack: Stack,
    /// The sum of its evidence's points.
    pub points: i32,
}

/// How the stack came to be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum StackChoice {
    /// The evidence spoke for it.
    Evidence,
    /// The host said so.
    Host,
    /// The project has been merged with it, and the documents name no technology.
    Earlier,
    /// The evidence left several open, and a model chose among them.
    Model {
        /// The model.
        model: String,
        /// The words of the documents that it rests on.
        quotes: Vec<String>,
    },
    /// Nothing spoke for any stack; this is the default and why.
    Default {
        /// Why this one.
        reason: String,
    },
}

/// The chosen stack, with everything that was weighed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackDecision {
    /// The stack.
    pub stack: Stack,
    /// How it was chosen.
    pub choice: StackChoice,
    /// All five, best first.
    pub scores: Vec<StackScore>,
    /// What was found, in order of appearance.
    pub evidence: Vec<StackEvidence>,
    /// One or two sentences for people.
    pub explanation: String,
}

/// The verdict of the scoring: a decision, or that none of the five fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum StackVerdict {
    /// One of the five.
    Chosen(StackDecision),
    /// None of the five; a person has to decide.
    NoneFits {
        /// Why, for people.
        reason: String,
        /// All five, best first.
        scores: Vec<StackScore>,
        /// What was found.
        evidence: Vec<StackEvidence>,
    },
}

/// The kind of value a field holds, with its limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum FieldKind {
    /// Text of `min..=max` characters.
    Text {
        /// Fewest characters.
        min: u32,
        /// Most characters.
        max: u32,
    },
    /// A whole number in `min..=max`, each end where stated.
    Integer {
        /// Smallest.
        min: Option<i64>,
        /// Largest.
        max: Option<i64>,
    },
    /// A decimal number, kept in hundredths, in `min..=max`.
    Decimal {
        /// Smallest, in hundredths.
        min: Option<i64>,
        /// Largest, in hundredths.
        max: Option<i64>,
    },
    /// True or false.
    Boolean,
    /// A calendar date, `YYYY-MM-DD`.
    Date,
    /// A point in time, RFC 3339.
    DateTime,
    /// A time of day, `HH:MM`.
    Time,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// One of the listed values.
    Enumeration {
        /// The values in the order of the text: lower snake case, or as written where they begin with digits (`0-2`, `9+`).
        values: Vec<String>,
    },
    /// The id of another entity's record.
    Reference {
        /// That entity's name.
        entity: String,
    },
}

impl fmt::Display for FieldKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let within = |f: &mut fmt::Formatter<'_>, min: Option<String>, max: Option<String>| match (min, max) {
            (Some(min), Some(max)) => write!(f, " from {min} to {max}"),
            (Some(min), None) => write!(f, " of at least {min}"),
            (None, Some(max)) => write!(f, " of at most {max}"),
            (None, None) => Ok(()),
        };
        match self {
            Self::Text { min: 0, max } => write!(f, "text of up to {max} characters"),
            Self::Text { min, max } => write!(f, "text of {min} to {max} characters"),
            Self::Integer { min, max } => {
                f.write_str("whole number")?;
                within(f, min.map(|n| n.to_string()), max.map(|n| n.to_string()))
            }
            Self::Decimal { min, max } => {
                f.write_str("number with two decimals")?;
                within(f, min.map(hundredths), max.map(hundredths))
            }
            Self::Boolean => f.write_str("true or false"),
            Self::Date => f.write_str("date"),
            Self::DateTime => f.write_str("date and time"),
            Self::Time => f.write_str("time of day"),
            Self::Email => f.write_str("e-mail address"),
            Self::Phone => f.write_str("telephone number"),
            Self::Enumeration { values } => write!(f, "one of {}", values.join(", ")),
            Self::Reference { entity } => write!(f, "one of the {} records", entity.replace('_', " ")),
        }
    }
}

/// Hundredths as a decimal number: 1250 is `12.50`, 100 is `1`.
fn hundredths(value: i64) -> String {
    let (sign, value) = (if value < 0 { "-" } else { "" }, value.unsigned_abs());
    match value % 100 {
        0 => format!("{sign}{}", value / 100),
        rest => format!("{sign}{}.{rest:02}", value / 100),
    }
}

/// A field of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Lower snake case, such as `due_date`; never a reserved word of the stack's language.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether a record must have it.
    pub required: bool,
    /// Whether no two records may have the same value.
    pub unique: bool,
    /// The value a new record starts with unless it is made with another: one of the listed ones. Such a field is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial: Option<String>,
    /// Why it exists: the words, or why it was assumed.
    pub basis: super::story::Basis,
}

/// A thing the product keeps records of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Singular, lower snake case, such as `service_booking`.
    pub name: String,
    /// Plural, lower snake case, such as `service_bookings`.
    pub plural: String,
    /// The fields besides `id`, in order of appearance. Never empty.
    pub fields: Vec<Field>,
    /// The stories that speak of it.
    pub stories: Vec<StoryId>,
}

/// What can be done with an entity's records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
#[non_exhaustive]
pub enum OperationKind {
    /// Make a record.
    Create,
    /// List records, page by page.
    List {
        /// Fields one can filter by.
        filters: Vec<String>,
    },
    /// Read one record.
    View,
    /// Change a record's fields.
    Update,
    /// Remove a record.
    Delete,
    /// Set an enumeration field to a value (`mark as done`, `cancel`).
    Transition {
        /// The field.
        field: String,
        /// The value.
        to: String,
    },
}

/// An operation on an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// The entity's name.
    pub entity: String,
    /// What is done.
    #[serde(flatten)]
    pub kind: OperationKind,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.entity.replace('_', " "))?;
        match &self.kind {
            OperationKind::Create => f.write_str("create"),
            OperationKind::List { filters } if filters.is_empty() => f.write_str("list"),
            OperationKind::List { filters } => write!(f, "list by {}", filters.join(" and ")),
            OperationKind::View => f.write_str("view"),
            OperationKind::Update => f.write_str("update"),
            OperationKind::Delete => f.write_str("delete"),
            OperationKind::Transition { field, to } => write!(f, "set {field} to {to}"),
        }
    }
}

/// How an acceptance criterion can be checked by a generated test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "check", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CriterionCheck {
    /// Making a record with all fields succeeds and it can be read back.
    CreateAndRead {
        /// The entity.
        entity: String,
    },
    /// Making a record without the field is refused.
    Required {
        /// The entity.
        entity: String,
        /// The field.
        field: String,
    },
    /// A value outside the field's limits or form is refused, one inside is taken.
    Limits {
        /// The entity.
        entity: String,
        /// The field.
        field: String,
    },
    /// A second record with the same value is refused.
    Unique {
        /// The entity.
        entity: String,
        /// The field.
        field: String,
    },
    /// The list has the records that were made.
    Listed {
        /// The entity.
        entity: String,
    },
    /// The list filtered by the field has the matching records and no other.
    Filtered {
        /// The entity.
        entity: String,
        /// The field.
        field: String,
    },
    /// A changed record reads back changed.
    Updated {
        /// The entity.
        entity: String,
        /// The field that is changed, where the words name one; any field otherwise.
        #[serde(default)]
        field: Option<String>,
    },
    /// A removed record is gone.
    Deleted {
        /// The entity.
        entity: String,
    },
    /// After the transition the field has the value.
    Transitioned {
        /// The entity.
        entity: String,
        /// The field.
        field: String,
        /// The value.
        to: String,
    },
    /// No rule maps it; a model or a person has to.
    Unmapped {
        /// Why.
        reason: String,
    },
}

/// What kind of component it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ComponentKind {
    /// Types and validation of an entity.
    Model,
    /// Storage of an entity.
    Repository,
    /// HTTP routes of an entity.
    Route,
    /// The application that ties routes together.
    Application,
    /// A page or view.
    View,
    /// A reusable piece of user interface.
    Widget,
    /// A client of an HTTP API.
    Client,
}

/// A part of the product with its place in the repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Unique within the plan.
    pub id: ComponentId,
    /// What it is.
    pub kind: ComponentKind,
    /// Its name for people.
    pub title: String,
    /// The file it lives in.
    pub path: RepoPath,
    /// The names it exports.
    pub exports: Vec<String>,
    /// The components it needs.
    pub depends_on: Vec<ComponentId>,
    /// The stories it serves.
    pub stories: Vec<StoryId>,
    /// The entity it is about, if it is about one.
    pub entity: Option<String>,
}

/// A package the product needs, at one exact version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedDependency {
    /// The package.
    pub name: String,
    /// The exact version.
    pub version: String,
    /// Whether only building and testing need it.
    pub development: bool,
}

/// How the product is installed, checked and started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildConfiguration {
    /// The language's tool, such as `node`.
    pub runtime: String,
    /// The version of that tool that CI checks the product on, such as `22`.
    pub runtime_version: RuntimeVersion,
    /// The oldest version the product supports, such as `20`.
    pub oldest_runtime_version: RuntimeVersion,
    /// Exact dependencies.
    pub dependencies: Vec<PinnedDependency>,
    /// Exact versions, by name, of packages that the dependencies bring along and that have to be held.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub overrides: BTreeMap<String, String>,
    /// What runs the tests, where the stack leaves a choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_runner: Option<TestRunner>,
    /// Commands by purpose: install, lint, typecheck, test, build, security, start.
    pub commands: BTreeMap<String, String>,
    /// The checks that must succeed before a merge, as the workflow names its jobs.
    pub required_checks: Vec<CheckName>,
}

/// What is planned for one story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryPlan {
    /// The story.
    pub story: StoryId,
    /// The components it needs.
    pub components: Vec<ComponentId>,
    /// What it does to which entities; empty when no rule could tell.
    pub operations: Vec<Operation>,
    /// How its criteria are checked.
    pub checks: BTreeMap<CriterionId, CriterionCheck>,
    /// Why no template can serve it, if none can.
    pub needs_model: Option<String>,
}

/// Stage 3's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchitecturePlan {
    /// The project and day.
    pub root: ProjectRoot,
    /// What it was made from.
    pub stories: Stored<StorySet>,
    /// The stack.
    pub decision: StackDecision,
    /// The entities.
    pub entities: Vec<Entity>,
    /// The components.
    pub components: Vec<Component>,
    /// One plan a story, in the order of the story set.
    pub story_plans: Vec<StoryPlan>,
    /// How it is built.
    pub build: BuildConfiguration,
    /// What a person should answer about it, besides the questions of the stories.
    #[serde(default)]
    pub questions: Vec<super::story::OpenQuestion>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_operations_read_as_words() {
        let kinds = [
            (FieldKind::Integer { min: Some(1), max: None }, "whole number of at least 1"),
            (FieldKind::Decimal { min: Some(-50), max: Some(1250) }, "number with two decimals from -0.50 to 12.50"),
            (FieldKind::Text { min: 1, max: 200 }, "text of 1 to 200 characters"),
            (FieldKind::Enumeration { values: vec!["low".into(), "high".into()] }, "one of low, high"),
        ];
        for (kind, words) in kinds {
            assert_eq!(kind.to_string(), words);
        }
        let kind = OperationKind::Transition { field: "status".into(), to: "done".into() };
        let operation = Operation { entity: "service_record".into(), kind };
        assert_eq!(operation.to_string(), "service record: set status to done");
    }
}
