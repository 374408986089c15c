//! Which commits an execution makes: the scaffold, then one a story.

use crate::Result;
use crate::domain::{
    ArchitecturePlan, CodeBundle, CodeFile, CommitSha, ContentId, RepoPath, RepositoryRef, StepKey, StoryId,
    StoryResult, StorySet, UserStory, ValidationReport,
};
use crate::pipeline::StageContext;
use crate::ports::{FileChange, SourceControl, TreeEntry};
use bytes::Bytes;
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
        parent: &mut ParentTree<'_>,
        left: impl Fn(&RepoPath) -> bool,
    ) -> Result<Vec<FileChange>> {
        let mut changes = Vec::new();
        for file in self.files.iter().filter(|file| !left(&file.path)) {
            let content = cx.load_bytes(&file.content).await?;
            if !parent.has(&file.path, file.executable, &content).await? {
                changes.push(FileChange::Put { path: file.path.clone(), content, executable: file.executable });
            }
        }
        changes.extend(self.removed.iter().map(|path| FileChange::Delete { path: path.clone() }));
        Ok(changes)
    }
}

/// The commit the next one goes on, with its files: listed once when they are first asked for, then kept up to date.
#[derive(Debug)]
pub(super) struct ParentTree<'a> {
    source_control: &'a dyn SourceControl,
    repository: &'a RepositoryRef,
    commit: CommitSha,
    files: Option<BTreeMap<RepoPath, KnownFile>>,
}

/// What is known of a file without reading it.
#[derive(Debug)]
struct KnownFile {
    executable: bool,
    content_id: Option<ContentId>,
}

impl<'a> ParentTree<'a> {
    pub(super) fn new(source_control: &'a dyn SourceControl, repository: &'a RepositoryRef, commit: CommitSha) -> Self {
        Self { source_control, repository, commit, files: None }
    }

    /// The commit.
    pub(super) fn commit(&self) -> &CommitSha {
        &self.commit
    }

    /// Goes on to a commit whose files are not known.
    pub(super) fn moved_to(&mut self, commit: CommitSha) {
        self.commit = commit;
        self.files = None;
    }

    /// Goes on to a commit that was made of these changes.
    pub(super) fn grown_to(&mut self, commit: CommitSha, changes: &[FileChange]) {
        self.commit = commit;
        let Some(files) = &mut self.files else { return };
        for change in changes {
            match change {
                FileChange::Put { path, content, executable } => {
                    let content_id = self.source_control.content_id(content);
                    files.insert(path.clone(), KnownFile { executable: *executable, content_id });
                }
                FileChange::Delete { path } => {
                    files.remove(path);
                }
            }
        }
    }

    /// Whether the commit has this very file. Reads it only where contents have no ids.
    async fn has(&mut self, path: &RepoPath, executable: bool, content: &Bytes) -> Result<bool> {
        let files = match &mut self.files {
            Some(files) => files,
            unknown => {
                let listed = self.source_control.list_files(self.repository, &self.commit).await?;
                let known = |entry: TreeEntry| {
                    (entry.path, KnownFile { executable: entry.executable, content_id: entry.content_id })
                };
                unknown.insert(listed.into_iter().map(known).collect())
            }
        };
        let Some(file) = files.get(path).filter(|file| file.executable == executable) else { return Ok(false) };
        match (&file.content_id, self.source_control.content_id(content)) {
            (Some(there), Some(wanted)) => Ok(*there == wanted),
            _ => Ok(self.source_control.read_file(self.repository, &self.commit, path).await? == *content),
        }
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
