//! Criteria that say who may do something, which a service that does not know who asks can't keep.

use super::constraint;
use super::naming::singular;
use super::words::words;
use crate::domain::{AcceptanceCriterion, UserStory};

/// Whether the criterion gives leave to some people or takes it from some: "only managers can …", "a clerk who tries is
/// refused". A service without log-in can keep no such rule, so no test of it may seem to show it.
pub(super) fn is_permission(criterion: &AcceptanceCriterion, story: &UserStory) -> bool {
    let then = words(&criterion.then);
    let role = singular(story.role.rsplit(' ').next().unwrap_or_default());
    let at = |i: usize| then.get(i).map_or("", |w| w.lower.as_str());
    let names_role = |i: usize| !role.is_empty() && singular(at(i)) == role;
    let refused_by_role = criterion.given.starts_with("somebody other than ") && at(2) == "refused";
    let leads = |i: usize| i == 0 || at(i - 1) == "by";
    let only = (0..then.len()).any(|i| {
        matches!(at(i), "only" | "nobody" | "none") && leads(i) && (i + 1..=i + 3).any(names_role)
            || at(i) == "by" && (i + 1..=i + 3).any(|k| names_role(k) && at(k + 1) == "only")
    });
    let first = (0..then.len().min(4)).find(|i| names_role(*i));
    let forbidden = first.is_some_and(|i| {
        let modal = matches!(at(i + 1), "must" | "may" | "can" | "should" | "shall" | "is" | "are" | "will");
        matches!(at(i + 1), "cannot" | "can't" | "mustn't" | "shouldn't" | "never")
            || modal && matches!(at(i + 2), "not" | "never")
    });
    let rejected = then.iter().any(|w| matches!(w.lower.as_str(), "refused" | "denied" | "rejected"));
    // "a clerk tries to see the price; it is refused" speaks of no value that could be wrong
    let tries =
        words(&criterion.when).windows(3).any(|w| matches!(w, [_, b, c] if b.lower == "tries" && c.lower == "to"));
    refused_by_role || only || forbidden || rejected && tries && !of_a_value(criterion)
}

/// Whether the event gives a reason in the values for being refused.
fn of_a_value(criterion: &AcceptanceCriterion) -> bool {
    const REASONS: &[&str] = &[
        "without",
        "missing",
        "empty",
        "blank",
        "invalid",
        "longer",
        "shorter",
        "more",
        "less",
        "fewer",
        "above",
        "below",
        "negative",
        "duplicate",
        "same",
        "already",
        "taken",
        "exists",
        "existing",
        "twice",
        "at",
        "than",
        "not",
        "no",
    ];
    words(&criterion.when).iter().any(|w| REASONS.contains(&w.lower.as_str()) || constraint::number(&w.lower).is_some())
}
