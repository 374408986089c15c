//! What an execution would commit to an empty repository: the scaffold, then one commit a story; and how commits read.

use crate::Result;
use crate::domain::{
    ArchitecturePlan, CodeBundle, CodeFile, RepoPath, StepKey, StoryId, StoryResult, StorySet, UserStory,
    ValidationReport,
};
use std::collections::BTreeMap;

/// A state of the project, by what it adds to the one before it.
#[derive(Debug, Clone)]
pub(super) struct PlannedCommit {
    pub(super) step: StepKey,
    pub(super) message: String,
    pub(super) story: Option<StoryId>,
    pub(super) files: Vec<CodeFile>,
}

/// The message of the first commit on a base that has an earlier state of the project.
pub(super) fn first_message(new: &[&PlannedCommit], changed: &[&PlannedCommit], removed: &[RepoPath]) -> String {
    let removal = "Remove what the documents no longer ask for";
    let mut message = match new {
        [] if !changed.is_empty() || removed.is_empty() => {
            "Bring the project up to date with its documents\n".to_owned()
        }
        [] => format!("{removal}\n"),
        [one] => one.message.clone(),
        several => {
            let mut message = format!("Add {} stories\n\nAmong those the base has already:\n", several.len());
            for commit in several {
                message.push_str(&format!("\n- {}", commit.message.lines().next().unwrap_or_default()));
            }
            message.push('\n');
            message
        }
    };
    if !changed.is_empty() {
        message.push_str("\nChanged with the documents:\n");
        for commit in changed {
            message.push_str(&format!("\n- {}", commit.message.lines().next().unwrap_or_default()));
        }
        message.push('\n');
    }
    if !removed.is_empty() {
        let said = match new {
            [] if changed.is_empty() => "Made by earlier executions and unchanged since",
            _ => "Removed, because the documents no longer ask for it",
        };
        message.push_str(&format!("\n{said}:\n"));
        for path in removed {
            message.push_str(&format!("\n- {path}"));
        }
        message.push('\n');
    }
    message
}

/// The commits in order. Lock file and workflow go with the scaffold, so that every commit can be built.
pub(super) fn planned_commits(
    report: &ValidationReport,
    bundle: &CodeBundle,
    plan: &ArchitecturePlan,
    stories: &StorySet,
) -> Result<Vec<PlannedCommit>> {
    let title = format!("Scaffold the {}", plan.decision.stack.title());
    let body = format!(
        "Manifests, configuration, lock file, CI workflow and a health check, before any story.\n\n\
         The stack was chosen because: {}",
        one_line(&plan.decision.explanation)
    );
    let mut commits = vec![PlannedCommit {
        step: StepKey::parse("commit/scaffold")?,
        message: format!("{title}\n\n{body}"),
        story: None,
        files: bundle.scaffold.iter().chain(&report.additions).cloned().collect(),
    }];
    let by_id: BTreeMap<_, _> = stories.stories.iter().map(|story| (&story.id, story)).collect();
    for result in bundle.stories.iter().filter(|result| !result.files.is_empty()) {
        let story = by_id.get(&result.story);
        commits.push(PlannedCommit {
            step: StepKey::parse(format!("commit/{}", result.story))?,
            message: story_message(result, story.copied()),
            story: Some(result.story.clone()),
            files: result.files.clone(),
        });
    }
    for completion in bundle.completions.iter().filter(|completion| !completion.files.is_empty()) {
        let story = by_id.get(&completion.story);
        commits.push(PlannedCommit {
            step: StepKey::parse(format!("commit/{}/further-criteria", completion.story))?,
            message: completion_message(completion, story.copied()),
            story: Some(completion.story.clone()),
            files: completion.files.clone(),
        });
    }
    Ok(commits)
}

fn completion_message(result: &StoryResult, story: Option<&UserStory>) -> String {
    let title = story.map_or_else(|| result.story.to_string(), |story| one_line(&story.title));
    let mut message = format!("{}\n\nThese criteria were still open:\n", cut(&format!("Complete: {title}"), 72));
    let criteria = story.map(|story| story.criteria.as_slice()).unwrap_or_default();
    for criterion in criteria.iter().filter(|criterion| result.tests.iter().any(|test| test.criterion == criterion.id))
    {
        message.push_str(&format!("\n- {} (checked)", one_line(&criterion.then)));
    }
    message.push_str(&format!("\n\nStory: {} ({})\n", result.story, result.status.label()));
    message
}

fn story_message(result: &StoryResult, story: Option<&UserStory>) -> String {
    let Some(story) = story else { return format!("Add story {}", result.story) };
    let mut message = format!(
        "{}\n\nAs {}, I want to {}",
        cut(&one_line(&story.title), 72),
        one_line(&story.role_with_article()),
        one_line(&story.action)
    );
    if let Some(benefit) = &story.benefit {
        message.push_str(", so that ");
        message.push_str(&one_line(benefit));
    }
    message.push_str(".\n");
    let checked: Vec<_> = result.tests.iter().map(|test| &test.criterion).collect();
    for criterion in &story.criteria {
        let mark = if checked.contains(&&criterion.id) {
            "checked"
        } else {
            "not shown by a test, and perhaps not implemented"
        };
        message.push_str(&format!("\n- {} ({mark})", one_line(&criterion.then)));
    }
    message.push_str(&format!("\n\nStory: {} ({})\n", story.id, result.status.label()));
    message
}

/// White space and control characters become single spaces: text of documents can't add lines or trailers.
pub(in crate::stages) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(max.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::{cut, one_line};

    #[test]
    fn document_text_cannot_add_trailers() {
        assert_eq!(one_line("do it\r\n\nAipipe-Key: stolen\u{2028}x"), "do it Aipipe-Key: stolen x");
        assert_eq!(cut("äöü", 2), "ä…");
    }
}
