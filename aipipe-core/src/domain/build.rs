//! Stage 6's vocabulary: the repository, its commits, and what CI says of them.

use super::artifact::Stored;
use super::id::{BranchName, CheckName, CommitSha, JobId, RepositoryName, RunId, StoryId};
use super::path::{ProjectRoot, RepoPath};
use super::time::Timestamp;
use super::validation::ValidationReport;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

/// A repository as an adapter knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RepositoryRef {
    /// Owner (an organisation or user), empty where the adapter has none.
    pub owner: String,
    /// Name.
    pub name: RepositoryName,
    /// Where a person finds it: a URL or a path.
    pub location: String,
}

/// A commit this execution made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitRecord {
    /// The commit.
    pub sha: CommitSha,
    /// The first line of its message.
    pub title: String,
    /// The stories that are new in it; none for the scaffold.
    pub stories: Vec<StoryId>,
}

/// How a run, job or step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Conclusion {
    /// All of it succeeded.
    Success,
    /// Something failed.
    Failure,
    /// Somebody or something ended it.
    Cancelled,
    /// It ran out of time.
    TimedOut,
    /// It was not run because of a condition.
    Skipped,
    /// It neither succeeded nor failed.
    Neutral,
    /// A person has to act before it can run.
    ActionRequired,
}

/// Where a run, job or step stands. Unknown states are `Pending`: never a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "conclusion")]
pub enum RunState {
    /// It waits to start, or its state is not known.
    Pending,
    /// It runs.
    InProgress,
    /// It ended.
    Completed(Conclusion),
}

impl RunState {
    /// Whether it ended in success; anything unknown is not.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Completed(Conclusion::Success))
    }

    /// Whether it ended.
    #[must_use]
    pub const fn is_completed(self) -> bool {
        matches!(self, Self::Completed(_))
    }
}

/// A step of a CI job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepResult {
    /// Its name as the workflow gives it.
    pub name: String,
    /// Where it stands.
    pub state: RunState,
    /// Wall time in milliseconds, once it ended.
    pub duration_ms: Option<u64>,
    /// What a reader should know, such as how a set-up action was mapped.
    pub note: Option<String>,
}

impl StepResult {
    /// A step that stands at `state`.
    #[must_use]
    pub fn new(name: impl Into<String>, state: RunState) -> Self {
        Self { name: name.into(), state, duration_ms: None, note: None }
    }

    /// The same, ended after this long.
    #[must_use]
    pub fn with_duration(mut self, duration: Duration) -> Self {
        self.duration_ms = Some(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
        self
    }

    /// The same with what a reader should know, if anything.
    #[must_use]
    pub fn with_note(mut self, note: Option<String>) -> Self {
        self.note = note;
        self
    }
}

/// A job of a CI run; its name is the check's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct JobResult {
    /// The adapter's id of the job.
    pub id: JobId,
    /// The check's name.
    pub name: CheckName,
    /// Where it stands.
    pub state: RunState,
    /// Its steps, in order.
    pub steps: Vec<StepResult>,
}

impl JobResult {
    /// A job that stands at `state`.
    #[must_use]
    pub fn new(id: JobId, name: CheckName, state: RunState, steps: Vec<StepResult>) -> Self {
        Self { id, name, state, steps }
    }
}

/// How the steps of a run were kept from the rest of the machine they ran on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Isolation {
    /// Nobody said.
    #[default]
    Unknown,
    /// By this, such as `bubblewrap 0.8.0` or `a GitHub-hosted runner`.
    By(String),
    /// Not at all, for this reason: they ran with the rights of the user who ran CI.
    None(String),
}

impl fmt::Display for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("not known"),
            Self::By(what) => write!(f, "isolated by {what}"),
            Self::None(reason) => write!(f, "not isolated: {reason}"),
        }
    }
}

/// A run of a workflow for one commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WorkflowRun {
    /// The adapter's id of the run.
    pub id: RunId,
    /// The workflow.
    pub workflow: RepoPath,
    /// The commit it ran for.
    pub head_sha: CommitSha,
    /// Which try, from 1.
    pub attempt: u32,
    /// Where it stands.
    pub state: RunState,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Its jobs.
    pub jobs: Vec<JobResult>,
    /// How its steps were isolated, as of its latest attempt.
    #[serde(default)]
    pub isolation: Isolation,
    /// Where a person finds it.
    pub location: String,
}

impl WorkflowRun {
    /// The first attempt of a run of `workflow` for `head_sha` that has not begun; adapters fill in what they know.
    #[must_use]
    pub fn new(
        id: RunId,
        workflow: RepoPath,
        head_sha: CommitSha,
        isolation: Isolation,
        location: impl Into<String>,
    ) -> Self {
        Self {
            id,
            workflow,
            head_sha,
            attempt: 1,
            state: RunState::Pending,
            started_at: None,
            finished_at: None,
            jobs: Vec::new(),
            isolation,
            location: location.into(),
        }
    }

    /// The first failed step with its job, if there is one.
    #[must_use]
    pub fn first_failure(&self) -> Option<(&JobResult, Option<&StepResult>)> {
        let failed = |state: RunState| {
            state.is_completed() && !state.is_success() && !matches!(state, RunState::Completed(Conclusion::Skipped))
        };
        let job = self.jobs.iter().find(|job| failed(job.state))?;
        Some((job, job.steps.iter().find(|step| failed(step.state))))
    }
}

/// The failing step of a red run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildFailure {
    /// The job.
    pub job: String,
    /// The step.
    pub step: String,
    /// The last lines of its log.
    pub log_tail: String,
}

/// Stage 6's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BuildReport {
    /// The code is on a branch of its own, and CI has ended for its head.
    Published(Box<PublishedBuild>),
    /// Nothing changed: the base has all of it already. There is no branch, no commit and no CI run.
    Unchanged(Box<UnchangedBase>),
}

impl BuildReport {
    /// What was published, if anything was.
    #[must_use]
    pub fn published(&self) -> Option<&PublishedBuild> {
        match self {
            Self::Published(build) => Some(build),
            Self::Unchanged(_) => None,
        }
    }

    /// The project's repository.
    #[must_use]
    pub fn repository(&self) -> &RepositoryRef {
        match self {
            Self::Published(build) => &build.repository,
            Self::Unchanged(base) => &base.repository,
        }
    }

    /// The branch a merge goes to.
    #[must_use]
    pub fn base(&self) -> &BranchName {
        match self {
            Self::Published(build) => &build.base,
            Self::Unchanged(base) => &base.base,
        }
    }
}

/// A base that has all an execution made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UnchangedBase {
    /// The project and day.
    pub root: ProjectRoot,
    /// What was not published again.
    pub validation: Stored<ValidationReport>,
    /// Where.
    pub repository: RepositoryRef,
    /// The branch a merge would go to.
    pub base: BranchName,
    /// The commit of that branch which has all of it.
    pub head: CommitSha,
}

/// Code on a branch, and what CI says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PublishedBuild {
    /// The project and day.
    pub root: ProjectRoot,
    /// What was published.
    pub validation: Stored<ValidationReport>,
    /// Where.
    pub repository: RepositoryRef,
    /// The branch a merge goes to.
    pub base: BranchName,
    /// The execution's branch.
    pub branch: BranchName,
    /// The commits, oldest first.
    pub commits: Vec<CommitRecord>,
    /// The branch's head.
    pub head: CommitSha,
    /// The CI run of that head.
    pub run: WorkflowRun,
    /// The failing step, when the run is red.
    pub failure: Option<BuildFailure>,
    /// The files of the base that the commits take away, by path.
    pub removed: Vec<RemovedFile>,
    /// The files of the base that somebody else wrote or changed, and that the commits overwrite, by path.
    pub overwritten: Vec<RepoPath>,
    /// What was tried after red runs of earlier heads, oldest first.
    #[serde(default)]
    pub repairs: Vec<BuildRepair>,
}

/// What was tried after a red run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BuildRepair {
    /// The head that was red.
    pub head: CommitSha,
    /// The step that failed.
    pub failure: BuildFailure,
    /// The stories that were mended.
    pub mended: Vec<StoryId>,
    /// The stories that could not be, each with the reason.
    pub given_up: Vec<(StoryId, String)>,
    /// The files with tests that were changed for it: what is green after that may be less than what was red before.
    #[serde(default)]
    pub changed_tests: Vec<RepoPath>,
}

impl BuildRepair {
    /// What was tried after this failure of this head.
    #[must_use]
    pub fn new(head: CommitSha, failure: BuildFailure) -> Self {
        Self { head, failure, mended: Vec::new(), given_up: Vec::new(), changed_tests: Vec::new() }
    }
}

impl PublishedBuild {
    /// The files with tests that a model changed after a red run, each once.
    #[must_use]
    pub fn changed_tests(&self) -> BTreeSet<&RepoPath> {
        self.repairs.iter().flat_map(|repair| &repair.changed_tests).collect()
    }

    /// The stories that go with the removed files, each once.
    #[must_use]
    pub fn removed_stories(&self) -> Vec<&RemovedStory> {
        let mut seen = BTreeSet::new();
        self.removed.iter().flat_map(|file| &file.stories).filter(|story| seen.insert(&story.id)).collect()
    }
}

/// A file that an earlier execution made and the documents no longer ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RemovedFile {
    /// Where it lies in the base.
    pub path: RepoPath,
    /// The stories it served there and that this execution does not have; empty where that is not known.
    pub stories: Vec<RemovedStory>,
}

impl RemovedFile {
    /// A file with the stories that go with it.
    #[must_use]
    pub fn new(path: RepoPath, stories: Vec<RemovedStory>) -> Self {
        Self { path, stories }
    }
}

/// A story of an earlier execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RemovedStory {
    /// The story.
    pub id: StoryId,
    /// Its title.
    pub title: String,
}

impl RemovedStory {
    /// A story with its title.
    #[must_use]
    pub fn new(id: StoryId, title: impl Into<String>) -> Self {
        Self { id, title: title.into() }
    }
}
