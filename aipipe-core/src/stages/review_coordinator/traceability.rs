//! The traceability matrix as Markdown: whole, and as much of it as a pull request has room for.

use crate::domain::{
    CriterionTrace, RequirementTrace, RunState, StoryId, StoryTrace, TraceGap, TraceGates, TraceMatrix,
};
use crate::stages::markdown::{code, escape, shorten};
use std::fmt::Write as _;

const HEAD: &str =
    "| Requirement | Words | Story | Components | Files | What tests show | Commits |\n|---|---|---|---|---|---|---|\n";

/// Most gaps a pull request lists.
const MOST_GAPS: usize = 30;

/// The whole matrix.
#[must_use]
pub fn to_markdown(matrix: &TraceMatrix, gates: &TraceGates) -> String {
    let mut text = format!("# Traceability\n\n{HEAD}");
    rows(matrix).for_each(|row| text.push_str(&row));
    text.push('\n');
    text.push_str(&checks(matrix));
    text.push_str(&gaps(matrix, gates, usize::MAX));
    text
}

/// The matrix as a section of at most `room` bytes; `None` when there is nothing to trace.
pub(super) fn section(matrix: &TraceMatrix, gates: &TraceGates, room: usize) -> Option<String> {
    let rows: Vec<String> = rows(matrix).collect();
    if rows.is_empty() {
        return None;
    }
    let tail = format!("\n{}{}", checks(matrix), gaps(matrix, gates, MOST_GAPS));
    let mut text = format!("## Traceability\n\n{HEAD}");
    let mut shown = 0;
    for row in &rows {
        if text.len() + row.len() + tail.len() + 200 > room {
            break;
        }
        text.push_str(row);
        shown += 1;
    }
    if shown < rows.len() {
        let _ = writeln!(
            text,
            "\n{} more rows had no room here; each story's commit names its criteria.",
            rows.len() - shown
        );
    }
    text.push_str(&tail);
    Some(text)
}

fn rows(matrix: &TraceMatrix) -> impl Iterator<Item = String> {
    matrix.requirements.iter().flat_map(|requirement| {
        if requirement.stories.is_empty() {
            let reason = requirement.without_story.as_deref().unwrap_or("no story");
            return vec![format!(
                "| {} | {} | — {} | | | | |\n",
                code(requirement.requirement.as_str()),
                words(requirement),
                escape(reason)
            )];
        }
        requirement.stories.iter().map(|story| row(matrix, requirement, story)).collect()
    })
}

fn words(requirement: &RequirementTrace) -> String {
    let words = requirement.citations.iter().map(|citation| {
        format!("“{}” ({}, {})", escape(&shorten(&citation.quote, 160)), escape(citation.name.as_str()), citation.place)
    });
    words.collect::<Vec<_>>().join("<br>")
}

fn row(matrix: &TraceMatrix, requirement: &RequirementTrace, id: &StoryId) -> String {
    let joined = |items: Vec<String>| items.join("<br>");
    let cells = |story: &StoryTrace| {
        [
            joined(story.components.iter().map(|component| escape(component.component.as_str())).collect()),
            joined(story.files.iter().map(|path| code(path.as_str())).collect()),
            joined(shown(requirement, story).into_iter().map(tests).collect()),
            joined(story.commits.iter().map(|commit| code(commit.short())).collect()),
        ]
        .join(" | ")
    };
    let cells = matrix.story(id).map_or_else(|| " | | | ".to_owned(), cells);
    let requirement_id = code(requirement.requirement.as_str());
    format!("| {requirement_id} | {} | {} | {cells} |\n", words(requirement), code(id.as_str()))
}

/// The criteria of a story that rest on words of the requirement; all of them where none does.
fn shown<'s>(requirement: &RequirementTrace, story: &'s StoryTrace) -> Vec<&'s CriterionTrace> {
    let rests_on_it = |criterion: &&CriterionTrace| {
        let at = &criterion.citation;
        requirement
            .citations
            .iter()
            .any(|of| of.document == at.document && of.span.start < at.span.end && at.span.start < of.span.end)
    };
    let own: Vec<_> = story.criteria.iter().filter(rests_on_it).collect();
    if own.is_empty() { story.criteria.iter().collect() } else { own }
}

/// What is shown, and by how many tests.
fn tests(criterion: &CriterionTrace) -> String {
    let shown = match criterion.tests.len() {
        0 => "no test".to_owned(),
        1 => "1 test".to_owned(),
        several => format!("{several} tests"),
    };
    format!("“{}”: {shown}", escape(&shorten(&criterion.then, 100)))
}

fn checks(matrix: &TraceMatrix) -> String {
    if matrix.checks.is_empty() {
        return String::new();
    }
    let told = matrix.checks.iter().map(|check| {
        let state = match check.state {
            Some(RunState::Completed(conclusion)) => format!("{conclusion:?}").to_lowercase(),
            Some(RunState::InProgress) => "in progress".to_owned(),
            Some(RunState::Pending) => "pending".to_owned(),
            None => "not reported".to_owned(),
        };
        format!("{} {state}", code(check.check.as_str()))
    });
    format!("Checked together at the head commit: {}.\n", told.collect::<Vec<_>>().join(", "))
}

/// Those for a person to judge come first.
fn gaps(matrix: &TraceMatrix, gates: &TraceGates, most: usize) -> String {
    if matrix.gaps.is_empty() {
        return "\nNothing is missing: every requirement has a story, every story a test, every file a story.\n"
            .to_owned();
    }
    let mut text = String::from("\nWhat is missing:\n\n");
    let held = matrix.held(gates);
    let (first, others): (Vec<&TraceGap>, Vec<&TraceGap>) = matrix.gaps.iter().partition(|gap| held.contains(gap));
    for gap in first.iter().chain(&others).take(most) {
        let mark = if held.contains(gap) { "**For a person to judge:** " } else { "" };
        let _ = match gap {
            TraceGap::UnservedRequirement { requirement, reason } => {
                writeln!(text, "- {mark}{} has no story: {}", code(requirement.as_str()), escape(reason))
            }
            TraceGap::UncoveredCriterion { story, criterion, reason } => {
                let then = matrix.story(story).and_then(|story| {
                    story.criteria.iter().find(|known| known.criterion == *criterion).map(|known| known.then.as_str())
                });
                let words = shorten(then.unwrap_or(criterion.as_str()), 160);
                let (words, story) = (escape(&words), code(story.as_str()));
                writeln!(
                    text,
                    "- {mark}“{words}” of {story} is not shown by a test, and perhaps not implemented: {}",
                    escape(reason)
                )
            }
            TraceGap::UntestedStory { story } => writeln!(text, "- {mark}{} has no test", code(story.as_str())),
            TraceGap::OrphanFile { file } => writeln!(text, "- {mark}{} serves no story", code(file.as_str())),
            TraceGap::IdleComponent { component, path } => {
                writeln!(
                    text,
                    "- {mark}the component {} ({}) serves no story",
                    escape(component.as_str()),
                    code(path.as_str())
                )
            }
        };
    }
    if matrix.gaps.len() > most {
        let _ = writeln!(text, "- and {} more", matrix.gaps.len() - most);
    }
    text
}
