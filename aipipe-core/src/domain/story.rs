//! Stage 2's vocabulary: requirements that cite their source, and the user stories made of them.

use super::artifact::Stored;
use super::document::{DocumentName, DocumentSet, Place, TextSpan};
use super::hash::ContentHash;
use super::id::{CriterionId, DocumentId, QuestionId, RequirementId, StoryId};
use super::parse::ParseError;
use super::path::ProjectRoot;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Words of a document that something rests on. `quote` is exactly the text of `span` in that version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// The document.
    pub document: DocumentId,
    /// Its version.
    pub version: ContentHash,
    /// Its file name.
    pub name: DocumentName,
    /// Where in the processed text.
    pub span: TextSpan,
    /// Where in the original.
    pub place: Place,
    /// The words.
    pub quote: String,
    /// Who said them, where known.
    pub speaker: Option<String>,
}

/// How strongly the text asks for something (RFC 2119 words and their kin).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obligation {
    /// must, shall, has to, is required to.
    Must,
    /// should, ought to, "we need", "I want".
    Should,
    /// could, may, nice to have.
    Could,
    /// will not, out of scope.
    Wont,
}

/// What a requirement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequirementKind {
    /// Something a person or system can do.
    Functional,
    /// A rule over values or states ("a booking has at most five bikes").
    Rule,
    /// A quality of the whole (speed, security, availability).
    Quality,
    /// A given of the solution (technology, deadline, budget, law).
    Constraint,
}

/// One thing the documents ask for, with the words it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// Derived from the normalized statement.
    pub id: RequirementId,
    /// The requirement as one sentence.
    pub statement: String,
    /// What it is about.
    pub kind: RequirementKind,
    /// How strongly it is asked for.
    pub obligation: Obligation,
    /// The words it rests on; never empty, the same requirement said twice has two.
    pub citations: Vec<Citation>,
    /// The rule or model that found it.
    pub found_by: String,
    /// The same in a pattern of EARS, where its words allow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ears: Option<Ears>,
}

/// The patterns of EARS, the Easy Approach to Requirements Syntax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EarsPattern {
    /// It always holds: "The system shall …".
    Ubiquitous,
    /// "When …, the system shall …".
    EventDriven,
    /// "While …, the system shall …".
    StateDriven,
    /// "If …, then the system shall …".
    UnwantedBehaviour,
    /// "Where …, the system shall …".
    OptionalFeature,
}

/// A requirement in a pattern of EARS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ears {
    /// The pattern.
    pub pattern: EarsPattern,
    /// One sentence.
    pub text: String,
}

/// When a story is wanted; `P0` first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Priority {
    /// Without it the product is of no use (MoSCoW: must).
    P0,
    /// Important (should).
    P1,
    /// Wanted (could).
    P2,
    /// Not now (won't).
    P3,
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// Relative size on the Fibonacci scale: 1, 2, 3, 5, 8 or 13.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Effort(u8);

impl Effort {
    /// The scale.
    pub const SCALE: [u8; 6] = [1, 2, 3, 5, 8, 13];

    /// Parses a point of the scale.
    ///
    /// # Errors
    /// [`ParseError`] for any other number.
    pub fn parse(points: u8) -> Result<Self, ParseError> {
        if Self::SCALE.contains(&points) {
            Ok(Self(points))
        } else {
            Err(ParseError::new("effort", &points.to_string(), "is not one of 1, 2, 3, 5, 8, 13"))
        }
    }

    /// The smallest point of the scale that is at least `points`; 13 for anything larger.
    #[must_use]
    pub fn at_least(points: u32) -> Self {
        Self(Self::SCALE.into_iter().find(|p| u32::from(*p) >= points).unwrap_or(13))
    }

    /// The points.
    #[must_use]
    pub const fn points(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Effort {
    type Error = ParseError;
    fn try_from(points: u8) -> Result<Self, ParseError> {
        Self::parse(points)
    }
}

impl From<Effort> for u8 {
    fn from(value: Effort) -> Self {
        value.0
    }
}

/// A choice with the reason for it: stated in the text, or a default and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "basis", rename_all = "snake_case")]
pub enum Basis {
    /// The text says so.
    Stated {
        /// The words.
        quote: String,
    },
    /// Nothing was said.
    Default {
        /// Why this was chosen.
        reason: String,
    },
}

/// How one can tell that a story is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptanceCriterion {
    /// Derived from its text.
    pub id: CriterionId,
    /// The state before.
    pub given: String,
    /// The event.
    pub when: String,
    /// What can be observed after.
    pub then: String,
    /// The words it was taken from.
    pub citation: Citation,
}

/// Something a role wants to do, with how to tell that it can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserStory {
    /// Derived from the normalized role and action.
    pub id: StoryId,
    /// A short title in the imperative, such as `Cancel a booking`.
    pub title: String,
    /// Who, as a noun without an article, such as `customer`.
    pub role: String,
    /// What, as a verb phrase without `to`, such as `cancel a booking`.
    pub action: String,
    /// Why, where the text says so.
    pub benefit: Option<String>,
    /// How to tell that it is done; taken from the text, so possibly none.
    pub criteria: Vec<AcceptanceCriterion>,
    /// When it is wanted.
    pub priority: Priority,
    /// Why this priority.
    pub priority_basis: Basis,
    /// Its size.
    pub effort: Effort,
    /// Why this size.
    pub effort_basis: Basis,
    /// Stories that come first, with the reason.
    pub depends_on: Vec<StoryDependency>,
    /// The requirements it serves; never empty.
    pub requirements: Vec<RequirementId>,
}

impl UserStory {
    /// The role with its article: `a customer`, `an admin`, `the front desk`.
    #[must_use]
    pub fn role_with_article(&self) -> String {
        with_article(&self.role)
    }
}

/// A singular noun phrase with its article: `a customer`, `an hour`; `the` for those of whom there is one, none for what
/// can't be counted.
#[must_use]
pub fn with_article(noun: &str) -> String {
    const ONE_OF_A_KIND: &[&str] = &[
        "staff",
        "people",
        "team",
        "crew",
        "system",
        "desk",
        "office",
        "department",
        "reception",
        "public",
        "hr",
        "management",
        "accounting",
        "procurement",
        "board",
    ];
    const UNCOUNTED: &[&str] = &[
        "equipment",
        "information",
        "feedback",
        "furniture",
        "luggage",
        "software",
        "hardware",
        "clothing",
        "money",
        "data",
        "news",
        "access",
    ];
    // letters whose names begin with a vowel: "an HR clerk"
    const SPOKEN: &str = "AEFHILMNORSX";
    let lower = noun.to_lowercase();
    let last = lower.rsplit(' ').next().unwrap_or(&lower);
    if UNCOUNTED.contains(&last) {
        return noun.to_owned();
    }
    if ONE_OF_A_KIND.contains(&last) {
        return format!("the {noun}");
    }
    let first = noun.split([' ', '-']).next().unwrap_or(noun);
    let acronym = first.chars().count() > 1 && first.chars().all(|c| c.is_uppercase() || c.is_ascii_digit());
    let vowel = if acronym {
        first.starts_with(|c| SPOKEN.contains(c))
    } else {
        let sounded =
            ["use", "usa", "usu", "uni", "ut", "eu", "one", "once", "ub"].iter().any(|start| lower.starts_with(start));
        let silent = ["hour", "heir", "honest", "honour", "honor"].iter().any(|start| lower.starts_with(start));
        silent || lower.starts_with(['a', 'e', 'i', 'o', 'u']) && (!sounded || lower.starts_with("unin"))
    };
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

/// One story needs another first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryDependency {
    /// The story that comes first.
    pub story: StoryId,
    /// Why.
    pub reason: String,
}

/// What kind of question is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// Two documents (or two places of one) say different things.
    Contradiction,
    /// The words can be read in more than one way or can't be measured.
    Ambiguity,
    /// Something needed is not said.
    Missing,
}

/// A question for a person, with the words that raise it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenQuestion {
    /// Derived from the question.
    pub id: QuestionId,
    /// What kind.
    pub kind: QuestionKind,
    /// The question, ending in a question mark.
    pub question: String,
    /// What was assumed to go on meanwhile.
    pub assumption: Option<String>,
    /// The words on each side.
    pub citations: Vec<Citation>,
    /// The stories it touches.
    pub stories: Vec<StoryId>,
}

/// Stage 2's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorySet {
    /// The project and day.
    pub root: ProjectRoot,
    /// What it was made from.
    pub documents: Stored<DocumentSet>,
    /// Every requirement that was found, in order of appearance.
    pub requirements: Vec<Requirement>,
    /// The stories, most urgent first and dependencies before their dependants.
    pub stories: Vec<UserStory>,
    /// What a person should answer.
    pub questions: Vec<OpenQuestion>,
    /// Requirements no story was made of, each with the reason (constraints, rules kept as criteria, won'ts).
    pub without_story: Vec<UnservedRequirement>,
    /// Sentences that state an obligation, an ability or a rule, ask about one, or are items of a list of requirements, and are
    /// in no requirement; in order of appearance.
    #[serde(default)]
    pub uncovered: Vec<UncoveredStatement>,
    /// How the requirements were found.
    #[serde(default)]
    pub extraction: ExtractionReport,
}

/// How the requirements of a [`StorySet`] were found, and what was not taken of what an extractor offered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtractionReport {
    /// The extractor's name: `rules`, or what a model is called by.
    pub extractor: String,
    /// How many requirements an extractor offered besides the rules.
    pub offered: usize,
    /// Offers, and criteria of offers, that were dropped, because no document says them.
    pub dropped: Vec<DroppedClaim>,
    /// Passages of which no answer could be used. The rules have read them all the same.
    pub unread: Vec<UnreadPassages>,
}

/// Something an extractor offered that no document says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedClaim {
    /// The document it was said to be in; none when there is no such document.
    pub document: Option<DocumentName>,
    /// The words it was said to rest on, at most 200 characters of them.
    pub quote: String,
    /// Why it was dropped.
    pub reason: String,
}

/// Passages of a document that a model was asked about in vain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadPassages {
    /// The document.
    pub document: DocumentName,
    /// Where they stand in its processed text.
    pub span: TextSpan,
    /// What was wrong with the last answer.
    pub reason: String,
}

/// A sentence that looks as if it asked for something, and that no rule understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UncoveredStatement {
    /// The sentence.
    pub citation: Citation,
    /// The words that make it look so, such as `must not`, or that it is an item of a list of requirements.
    pub signal: String,
}

/// A requirement that became no story of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnservedRequirement {
    /// The requirement.
    pub requirement: RequirementId,
    /// Why it is no story.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::with_article;

    #[test]
    fn articles_follow_the_sound() {
        for (noun, expected) in [
            ("customer", "a customer"),
            ("admin", "an admin"),
            ("invoice", "an invoice"),
            ("user", "a user"),
            ("university", "a university"),
            ("usher", "an usher"),
            ("utility", "a utility"),
            ("hour", "an hour"),
            ("HR clerk", "an HR clerk"),
            ("VAT number", "a VAT number"),
            ("front desk", "the front desk"),
            ("front desk clerk", "a front desk clerk"),
            ("system", "the system"),
            ("equipment", "equipment"),
            ("rented equipment", "rented equipment"),
        ] {
            assert_eq!(with_article(noun), expected);
        }
    }
}
