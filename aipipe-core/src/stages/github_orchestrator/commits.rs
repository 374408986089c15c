//! Which commits an execution makes: the scaffold, then one a story.

use crate::Result;
use crate::domain::{
    ArchitecturePlan, ArtifactRef, CodeBundle, CodeFile, CommitSha, ContentHash, RepoPath, RepositoryRef, StepKey,
    StoryId, StoryResult, StorySet, UserStory, ValidationReport,
};
use crate::pipeline::StageContext;
use crate::ports::{FileChange, SourceControl};
use serde::Serialize;
use std::collections::BTreeMap;

/// A commit to be made, with what it changes.
#[derive(Debug, Clone)]
pub(super) struct PlannedCommit {
    pub(super) step: StepKey,
    pub(super) message: String,
    pub(super) story: Option<StoryId>,
    pub(super) changes: Vec<Change>,
}

impl PlannedCommit {
    /// The first line of the message.
    pub(super) fn title(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// The changes with their content.
    pub(super) async fn file_changes(&self, cx: &StageContext) -> Result<Vec<FileChange>> {
        let mut changes = Vec::with_capacity(self.changes.len());
        for change in &self.changes {
            changes.push(match change {
                Change::Put { path, content, executable } => FileChange::Put {
                    path: path.clone(),
                    content: cx.load_bytes(content).await?,
                    executable: *executable,
                },
            });
        }
        Ok(changes)
    }
}

/// A change of one file against the commit before.
#[derive(Debug, Clone, Serialize)]
pub(super) enum Change {
    Put { path: RepoPath, content: ArtifactRef, executable: bool },
}

/// Content and mode of files.
type Tree = BTreeMap<RepoPath, (ContentHash, bool)>;

/// What an execution makes, in the order of its commits.
pub(super) struct Made<'a> {
    pub(super) scaffold: Vec<&'a CodeFile>,
    pub(super) stories: Vec<&'a StoryResult>,
}

impl<'a> Made<'a> {
    /// Lock file and workflow go with the scaffold, so that every commit can be built.
    pub(super) fn of(report: &'a ValidationReport, bundle: &'a CodeBundle) -> Self {
        Self {
            scaffold: bundle.scaffold.iter().chain(&report.additions).collect(),
            stories: bundle.stories.iter().filter(|result| !result.files.is_empty()).collect(),
        }
    }

    /// Every file as it is in the end.
    fn last(&self) -> Tree {
        let of_stories = self.stories.iter().flat_map(|result| &result.files);
        let all = self.scaffold.iter().copied().chain(of_stories);
        all.map(|file| (file.path.clone(), (file.content.hash, file.executable))).collect()
    }
}

/// The base as far as it concerns an execution: read once, from the recorded head.
pub(super) struct Base {
    tree: Tree,
}

impl Base {
    pub(super) async fn read(
        source_control: &dyn SourceControl,
        repository: &RepositoryRef,
        head: &CommitSha,
        made: &Made<'_>,
    ) -> Result<Self> {
        let last = made.last();
        let mut tree = Tree::new();
        for entry in source_control.list_files(repository, head).await? {
            if last.contains_key(&entry.path) {
                let content = source_control.read_file(repository, head, &entry.path).await?;
                tree.insert(entry.path, (ContentHash::of(&content), entry.executable));
            }
        }
        Ok(Self { tree })
    }
}

/// The commits in order; none for what the base has already, so an execution that makes nothing new has no commit.
pub(super) fn planned_commits(
    made: &Made<'_>,
    base: &Base,
    plan: &ArchitecturePlan,
    stories: &StorySet,
) -> Result<Vec<PlannedCommit>> {
    let last = made.last();
    let mut now = base.tree.clone();
    let mut changes = |files: &mut dyn Iterator<Item = &CodeFile>| -> Vec<Change> {
        let mut changes = Vec::new();
        for file in files {
            let version = (file.content.hash, file.executable);
            // What the base has as it is in the end is not taken back on the way there.
            let is_final = base.tree.get(&file.path).is_some_and(|known| last.get(&file.path) == Some(known));
            if is_final || now.insert(file.path.clone(), version) == Some(version) {
                continue;
            }
            let (path, content, executable) = (file.path.clone(), file.content.clone(), file.executable);
            changes.push(Change::Put { path, content, executable });
        }
        changes
    };
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
        changes: changes(&mut made.scaffold.iter().copied()),
    }];
    let by_id: BTreeMap<_, _> = stories.stories.iter().map(|story| (&story.id, story)).collect();
    for result in &made.stories {
        let story = by_id.get(&result.story);
        commits.push(PlannedCommit {
            step: StepKey::parse(format!("commit/{}", result.story))?,
            message: story_message(result, story.copied()),
            story: Some(result.story.clone()),
            changes: changes(&mut result.files.iter()),
        });
    }
    commits.retain(|commit| !commit.changes.is_empty());
    Ok(commits)
}

fn story_message(result: &StoryResult, story: Option<&UserStory>) -> String {
    let Some(story) = story else { return format!("Add story {}", result.story) };
    let mut message = format!(
        "{}\n\nAs {} {}, I want to {}",
        cut(&one_line(&story.title), 72),
        article(&story.role),
        one_line(&story.role),
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

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O']) { "an" } else { "a" }
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
