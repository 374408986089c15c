//! What stage 4 plans before it writes: for each story its files, who writes each and why, and what a model is asked for.

use super::finding::Finding;
use super::id::{CriterionId, StoryId};
use super::path::RepoPath;
use super::write_set::WriteSet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Whether a file is made or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannedChange {
    /// It is not there before.
    Create,
    /// It is there before.
    Change,
}

/// Who writes a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// A template of the stack.
    Template,
    /// A language model.
    Model,
}

/// A file a story is planned to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFile {
    /// Where it lies; for the model's own folder, the folder.
    pub path: RepoPath,
    /// Made or changed.
    pub change: PlannedChange,
    /// By whom.
    pub author: Author,
    /// Why by them.
    pub reason: String,
}

/// What a story is planned to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryFiles {
    /// The story.
    pub story: StoryId,
    /// Its files, by path.
    pub files: Vec<PlannedFile>,
}

/// What the model is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelTask {
    /// The story.
    pub story: StoryId,
    /// The criteria that need a test: all of a story, or those a template left unchecked.
    pub criteria: Vec<CriterionId>,
    /// Whether a template has written the rest of the story.
    pub is_completion: bool,
    /// Why a template can't.
    pub reason: String,
    /// The stories of other tasks that must be done first.
    pub needs: Vec<StoryId>,
    /// What may be written.
    pub writes: WriteSet,
    /// Files where the project is tied together. Several stories may edit them, none may write them whole.
    pub shared: BTreeSet<RepoPath>,
    /// The test file it must have.
    pub test: RepoPath,
}

impl ModelTask {
    /// Whether the story has `path` to itself or may edit it.
    #[must_use]
    pub fn may_touch(&self, path: &RepoPath) -> bool {
        self.writes.covers(path) || self.shared.contains(path)
    }
}

/// The files of all stories, the model's tasks, and what is odd about the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkPlan {
    /// A story's files, in the order the templates were rendered.
    pub files: Vec<StoryFiles>,
    /// The model's tasks, in the same order.
    pub tasks: Vec<ModelTask>,
    /// Components nobody needs, files two stories make.
    pub findings: Vec<Finding>,
}

impl WorkPlan {
    /// How much of the planned files templates write, in thousandths; 1000 when there is none.
    #[must_use]
    pub fn template_share(&self) -> usize {
        let files: Vec<&PlannedFile> = self.files.iter().flat_map(|story| &story.files).collect();
        let by_template = files.iter().filter(|file| file.author == Author::Template).count();
        (1000 * by_template).checked_div(files.len()).unwrap_or(1000)
    }
}
