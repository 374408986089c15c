//! The part of the pull request that lists what looks like a requirement and is in none.

use super::markdown::{escape, shorten};
use crate::domain::UncoveredStatement;
use std::fmt::Write as _;

/// Most sentences that are listed; the rest is counted.
const MOST: usize = 30;

/// Sentences a person should look at, because no rule understood them.
pub(super) fn not_understood(statements: &[UncoveredStatement]) -> Option<String> {
    if statements.is_empty() {
        return None;
    }
    let mut text = String::from(
        "## Statements no story covers\n\nThey state a duty, an ability or a limit, and no rule understood them:\n\n",
    );
    for UncoveredStatement { citation, signal } in statements.iter().take(MOST) {
        let speaker = citation.speaker.as_deref().map_or_else(String::new, |who| format!("{}, ", escape(who)));
        let quote = escape(&shorten(&citation.quote, 240));
        let _ = writeln!(
            text,
            "- “{quote}” ({speaker}{}, {}; {})",
            escape(citation.name.as_str()),
            citation.place,
            escape(signal)
        );
    }
    let more = statements.len().saturating_sub(MOST);
    if more > 0 {
        let _ = writeln!(text, "- and {more} more");
    }
    Some(text)
}
