//! What reading the documents yields, before the same thing said twice becomes one requirement.

use super::ask::Ask;
use super::attributes::Attributes;
use crate::domain::{Citation, Obligation, RequirementKind, Timestamp};

/// One thing asked for at one place.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) statement: String,
    pub(super) kind: RequirementKind,
    pub(super) obligation: Obligation,
    /// Whether the obligation is that of an explicit priority word or heading, with the words.
    pub(super) asked_by_heading: Option<String>,
    pub(super) negated: bool,
    /// Whether only the one who asks may do it.
    pub(super) exclusive: bool,
    /// The people a prohibition is about; everybody when nobody is named.
    pub(super) who: Option<String>,
    pub(super) citation: Citation,
    pub(super) rule: &'static str,
    pub(super) ask: Option<Ask>,
    /// "if …", "when …" in front of the ask or rule.
    pub(super) condition: Option<String>,
    /// Whether the condition only tells what people do when they want it: "when a customer sells the bike, we want to …".
    pub(super) occasion: bool,
    pub(super) attributes: Attributes,
    /// Scenarios and criteria written beneath it.
    pub(super) scenarios: Vec<Scenario>,
    /// What a rule speaks of: a singular noun.
    pub(super) about: Option<String>,
    /// The object of the story above it in the same section: what a rule without a name of its own speaks of.
    pub(super) under: Option<String>,
    /// Kept only if it says something about a story.
    pub(super) weak: bool,
    /// Says of a field only what thing it refers to.
    pub(super) refers: bool,
    /// Stands in a message that another one quotes, and so is older than that.
    pub(super) quoted: bool,
    /// Which of the sources it is from.
    pub(super) source: usize,
    pub(super) at: Option<Timestamp>,
}

/// A Given/When/Then taken from the text.
#[derive(Debug, Clone)]
pub(super) struct Scenario {
    pub(super) given: String,
    pub(super) when: String,
    pub(super) then: String,
    pub(super) citation: Citation,
}
