//! The size of a story on the Fibonacci scale.

use super::Draft;
use crate::domain::{Basis, Effort, RequirementId};
use crate::stages::requirements_synthesizer::merge::Group;
use std::collections::BTreeMap;

/// Words of systems outside the product: to speak to one costs more.
const OUTSIDE: &[&str] = &[
    "email", "mail", "sms", "payment", "paypal", "stripe", "api", "sync", "import", "export", "pdf", "csv", "map",
    "login", "push",
];

/// Size: 1 for looking, 2 for changing, 3 for anything else; 1 more for every two criteria beyond the first; 2 more when a
/// system outside the product takes part; rounded up on the scale. Stated points come first.
pub(super) fn size(draft: &mut Draft, groups: &BTreeMap<&RequirementId, &Group>) {
    let served = draft.story.requirements.first().and_then(|id| groups.get(id));
    let stated = served.and_then(|group| group.members.iter().find_map(|m| m.attributes.effort.clone()));
    if let Some((effort, quote)) = stated {
        draft.story.effort = effort;
        draft.story.effort_basis = Basis::Stated { quote };
        return;
    }
    let (base, what) = match draft.class.as_str() {
        "view" | "list" | "search" | "sort" | "filter" => (1, "looking something up (1)"),
        "create" | "update" | "delete" | "cancel" | "store" | "assign" | "approve" | "reject" | "receive" | "tag" => {
            (2, "changing records (2)")
        }
        _ => (3, "an operation of its own (3)"),
    };
    let criteria = u32::try_from(draft.story.criteria.len().saturating_sub(1) / 2).unwrap_or(13);
    let outside = if draft.words.iter().any(|w| OUTSIDE.contains(&w.as_str())) { 2 } else { 0 };
    let mut reason = format!("no size is stated; {what}");
    if criteria > 0 {
        reason.push_str(&format!(", {} criteria (+{criteria})", draft.story.criteria.len()));
    }
    if outside > 0 {
        reason.push_str(", something outside the product takes part (+2)");
    }
    draft.story.effort = Effort::at_least(base + criteria + outside);
    draft.story.effort_basis = Basis::Default { reason };
}
