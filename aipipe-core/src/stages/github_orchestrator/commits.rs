//! Which commits an execution makes: the scaffold, then one a story.

use crate::Result;
use crate::domain::{
    ArchitecturePlan, CodeBundle, CodeFile, CommitSha, RepoPath, RepositoryRef, StepKey, StoryId, StoryResult,
    StorySet, UserStory, ValidationReport,
};
use crate::pipeline::StageContext;
use crate::ports::{FileChange, SourceControl};
use std::collections::BTreeMap;

/// A commit to be made.
#[derive(Debug, Clone)]
pub(super) struct PlannedCommit {
    pub(super) step: StepKey,
    pub(super) message: String,
    pub(super) story: Option<StoryId>,
    pub(super) files: Vec<CodeFile>,
    pub(super) removed: Vec<RepoPath>,
}

impl PlannedCommit {
    /// The first line of the message.
    pub(super) fn title(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// The files that differ from the parent, with their content, but for those that `left` to a later commit.
    pub(super) async fn changes(
        &self,
        cx: &StageContext,
        source_control: &dyn SourceControl,
        repository: &RepositoryRef,
        parent: &CommitSha,
        left: impl Fn(&RepoPath) -> bool,
    ) -> Result<Vec<FileChange>> {
        let listed = source_control.list_files(repository, parent).await?;
        let known: BTreeMap<_, _> = listed.iter().map(|entry| (&entry.path, entry.executable)).collect();
        let mut changes = Vec::new();
        for file in self.files.iter().filter(|file| !left(&file.path)) {
            let content = cx.load_bytes(&file.content).await?;
            let same_mode = known.get(&file.path) == Some(&file.executable);
            if same_mode && source_control.read_file(repository, parent, &file.path).await? == content {
                continue;
            }
            changes.push(FileChange::Put { path: file.path.clone(), content, executable: file.executable });
        }
        changes.extend(self.removed.iter().map(|path| FileChange::Delete { path: path.clone() }));
        Ok(changes)
    }
}

/// The last commit of a project whose documents no longer ask for everything they asked for before.
pub(super) fn removal(outdated: Vec<RepoPath>) -> Result<PlannedCommit> {
    let mut message =
        "Remove what the documents no longer ask for\n\nMade by earlier executions and unchanged since:\n".to_owned();
    for path in &outdated {
        message.push_str(&format!("\n- {path}"));
    }
    message.push('\n');
    let step = StepKey::parse("commit/outdated")?;
    Ok(PlannedCommit { step, message, story: None, files: Vec::new(), removed: outdated })
}

/// The number of the last commit that writes each file.
pub(super) fn last_writers(planned: &[PlannedCommit]) -> BTreeMap<RepoPath, usize> {
    let of_commit = |(number, commit): (usize, &PlannedCommit)| {
        commit.files.iter().map(move |file| (file.path.clone(), number)).collect::<Vec<_>>()
    };
    planned.iter().enumerate().flat_map(of_commit).collect()
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
        removed: Vec::new(),
    }];
    let by_id: BTreeMap<_, _> = stories.stories.iter().map(|story| (&story.id, story)).collect();
    for result in bundle.stories.iter().filter(|result| !result.files.is_empty()) {
        let story = by_id.get(&result.story);
        commits.push(PlannedCommit {
            step: StepKey::parse(format!("commit/{}", result.story))?,
            message: story_message(result, story.copied()),
            story: Some(result.story.clone()),
            files: result.files.clone(),
            removed: Vec::new(),
        });
    }
    Ok(commits)
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
        let mark = if checked.contains(&&criterion.id) { "checked" } else { "not checked by a test" };
        message.push_str(&format!("\n- {} ({mark})", one_line(&criterion.then)));
    }
    message.push_str(&format!("\n\nStory: {} ({})\n", story.id, result.status.label()));
    message
}

/// White space and control characters become single spaces: text of documents can't add lines or trailers.
fn one_line(text: &str) -> String {
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
