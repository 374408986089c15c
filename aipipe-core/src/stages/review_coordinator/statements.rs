//! The part of the pull request that lists what looks like a requirement and is in none.

use crate::domain::{ExtractionReport, UncoveredStatement};
use crate::stages::markdown::{escape, shorten};
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

/// What a model offered and no document says, and what it could not be asked about.
pub(super) fn not_taken(report: &ExtractionReport) -> Option<String> {
    if report.dropped.is_empty() && report.unread.is_empty() {
        return None;
    }
    let mut text = format!(
        "## What a model read\n\nRequirements offered by “{}”: {}. Dropped, because no document says them (criteria count too): {}.\n\n",
        escape(&report.extractor),
        report.offered,
        report.dropped.len()
    );
    for dropped in report.dropped.iter().take(MOST) {
        let name = dropped.document.as_ref().map_or("no document", |name| name.as_str());
        let quote = escape(&shorten(&dropped.quote, 160));
        let _ = writeln!(text, "- “{quote}” ({}): {}", escape(name), escape(&dropped.reason));
    }
    let more = report.dropped.len().saturating_sub(MOST);
    if more > 0 {
        let _ = writeln!(text, "- and {more} more");
    }
    for passages in report.unread.iter().take(MOST) {
        let _ = writeln!(
            text,
            "\n**Read by the rules alone:** {}, bytes {} to {} of its text, because {}.",
            escape(passages.document.as_str()),
            passages.span.start,
            passages.span.end,
            escape(&passages.reason)
        );
    }
    Some(text)
}
