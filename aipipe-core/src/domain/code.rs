//! Stage 4's vocabulary: generated files, each with its route, its reason and the stories it serves.

use super::architecture::ArchitecturePlan;
use super::artifact::{ArtifactRef, Stored};
use super::id::{CriterionId, StoryId};
use super::path::{ProjectRoot, RepoPath};
use super::work::WorkPlan;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What wrote a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "route", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Route {
    /// A template of the stack.
    Template {
        /// Which.
        template: String,
    },
    /// A language model.
    Model {
        /// Which.
        model: String,
    },
    /// The stack's package manager (lock files).
    PackageManager {
        /// Which, with its version.
        tool: String,
    },
}

/// A version of a generated file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeFile {
    /// Where it lies in the repository.
    pub path: RepoPath,
    /// Its content, under its hash.
    pub content: ArtifactRef,
    /// Whether git marks it executable.
    pub executable: bool,
    /// What wrote it.
    pub route: Route,
    /// Why that route.
    pub reason: String,
    /// The stories it serves; empty for the scaffold.
    pub stories: Vec<StoryId>,
}

/// A generated test and the criterion it checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CriterionTest {
    /// The criterion.
    pub criterion: CriterionId,
    /// The test file.
    pub file: RepoPath,
    /// The test's name within it.
    pub name: String,
}

/// How far a story got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
#[non_exhaustive]
pub enum StoryStatus {
    /// Every criterion it has is checked by a test (or it has none and its operations are tested).
    Done,
    /// It has code and tests, but no test shows these criteria; perhaps nothing implements them.
    Partial {
        /// The criteria, each with the reason.
        unchecked: Vec<UncheckedCriterion>,
    },
    /// No template can serve it and no model was asked.
    NeedsModel {
        /// Why no template can.
        reason: String,
    },
    /// It was tried and failed.
    Failed {
        /// Why.
        reason: String,
    },
    /// A story it depends on is not there.
    Blocked {
        /// The story it waits for.
        by: StoryId,
    },
}

impl StoryStatus {
    /// The status in one or two words.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Partial { .. } => "partial",
            Self::NeedsModel { .. } => "needs model",
            Self::Failed { .. } => "failed",
            Self::Blocked { .. } => "blocked",
        }
    }
}

/// A criterion no test shows; perhaps nothing implements it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UncheckedCriterion {
    /// The criterion.
    pub criterion: CriterionId,
    /// Why.
    pub reason: String,
}

/// One story's result: the files as they are after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryResult {
    /// The story.
    pub story: StoryId,
    /// How far it got.
    pub status: StoryStatus,
    /// Files it made or changed, with their content after this story.
    pub files: Vec<CodeFile>,
    /// Its tests.
    pub tests: Vec<CriterionTest>,
}

/// Stage 4's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeBundle {
    /// The project and day.
    pub root: ProjectRoot,
    /// What it was made from.
    pub plan: Stored<ArchitecturePlan>,
    /// Which story was to write which file, by whom and why.
    pub work: Stored<WorkPlan>,
    /// Files that serve no single story: manifests, configuration, entry point.
    pub scaffold: Vec<CodeFile>,
    /// The stories in the order they were worked on.
    pub stories: Vec<StoryResult>,
    /// What was added afterwards to stories above that a template had served in part, in the order it was added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub completions: Vec<StoryResult>,
    /// What was mended after CI had looked at it, in the order it was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<StoryResult>,
}

impl CodeBundle {
    /// The stories that are served, wholly or partly.
    pub fn served(&self) -> impl Iterator<Item = &StoryResult> {
        self.stories.iter().filter(|result| matches!(result.status, StoryStatus::Done | StoryStatus::Partial { .. }))
    }

    /// Every result of work on a story, in the order they follow each other.
    pub fn results(&self) -> impl Iterator<Item = &StoryResult> {
        self.stories.iter().chain(&self.completions).chain(&self.repairs)
    }

    /// The last version of every file, by path.
    #[must_use]
    pub fn final_files(&self) -> BTreeMap<&RepoPath, &CodeFile> {
        let of_stories = self.results().flat_map(|story| &story.files);
        self.scaffold.iter().chain(of_stories).map(|file| (&file.path, file)).collect()
    }

    /// How many of the final files a template wrote, and how many files there are.
    #[must_use]
    pub fn written_by_templates(&self) -> (usize, usize) {
        let files = self.final_files();
        let by_template = files.values().filter(|file| matches!(file.route, Route::Template { .. })).count();
        (by_template, files.len())
    }
}
