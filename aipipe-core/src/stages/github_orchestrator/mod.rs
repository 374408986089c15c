//! Stage 6, GitHub Orchestrator: repository, branch, one commit a story, the CI run of the head, its results.
//!
//! ```text
//! ValidationReport ─▶ repository (of the project) ─▶ branch aipipe/{execution} ─▶ scaffold commit ─▶ story commits
//!                                                     ─▶ CI run of that head, by workflow and sha ─▶ BuildReport
//! ```
//!
//! Nothing is published that was not validated, a commit is made on the parent that was recorded before, and a run of
//! another commit or workflow is never taken for ours. A red run is a result, not an error: stage 7 shows it and does
//! not merge.
//!
//! Where an earlier execution of the project was merged, a file the base has is written once, by the last commit that
//! touches it, so that no commit takes back what is there; `outdated` finds what the documents no longer ask for.

mod commits;
mod outdated;

use super::head_run::{HeadRuns, Standing};
use crate::domain::{
    ArchitecturePlan, BranchName, BuildReport, CodeBundle, CommitRecord, CommitSha, IdempotencyKey, RepoPath,
    RepositoryName, RepositoryRef, SignalName, StageName, StepKey, StorySet, ValidationReport, Wait,
};
use crate::pipeline::{Outcome, Stage, StageContext};
use crate::ports::{
    CommitRequest, ContinuousIntegration, FileChange, RepositorySpec, RunSelector, Signature, SourceControl,
};
use crate::tables::{BuildRecord, IntegrationRecord};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use commits::{ParentTree, PlannedCommit, last_writers, planned_commits, removal};
use outdated::outdated_files;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The operation of the `AlreadyExists` error of an execution whose result the base has already: nobody has to act.
pub const NOTHING_TO_PUBLISH: &str = "publish.nothing";

/// How results are published.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PublishOptions {
    /// The repository's name; the project's when `None`.
    pub repository: Option<RepositoryName>,
    /// The branch merges go to.
    pub base: BranchName,
    /// Name of the commits' author.
    pub author_name: String,
    /// E-mail address of the commits' author.
    pub author_email: String,
    /// How long to wait before looking for a run again.
    pub poll: Duration,
    /// How long a run may take to appear before a person has to look why; 10 minutes.
    pub run_deadline: Duration,
    /// How much of a failing job's log to keep, in bytes.
    pub log_tail_bytes: usize,
}

impl Default for PublishOptions {
    /// Publishes to `main`, as `aipipe <aipipe@localhost>`.
    fn default() -> Self {
        Self {
            repository: None,
            base: BranchName::literal("main"),
            author_name: "aipipe".to_owned(),
            author_email: "aipipe@localhost".to_owned(),
            poll: Duration::from_secs(30),
            run_deadline: Duration::from_secs(10 * 60),
            log_tail_bytes: 4096,
        }
    }
}

impl PublishOptions {
    /// The same in a repository of this name.
    #[must_use]
    pub fn with_repository(mut self, repository: RepositoryName) -> Self {
        self.repository = Some(repository);
        self
    }

    /// The same with this author.
    #[must_use]
    pub fn with_author(mut self, name: impl Into<String>, email: impl Into<String>) -> Self {
        self.author_name = name.into();
        self.author_email = email.into();
        self
    }
}

/// Publishes validated code and reports what CI says of it.
#[derive(Debug)]
pub struct GithubOrchestrator {
    source_control: Arc<dyn SourceControl>,
    ci: Arc<dyn ContinuousIntegration>,
    options: PublishOptions,
}

impl GithubOrchestrator {
    /// Publishes through these adapters.
    #[must_use]
    pub fn new(
        source_control: Arc<dyn SourceControl>,
        ci: Arc<dyn ContinuousIntegration>,
        options: PublishOptions,
    ) -> Self {
        Self { source_control, ci, options }
    }

    /// The stage's name: `github-orchestrator`.
    #[must_use]
    pub fn stage_name() -> StageName {
        StageName::literal("github-orchestrator")
    }

    fn signature(&self, cx: &StageContext, seconds: u64) -> Signature {
        Signature {
            name: self.options.author_name.clone(),
            email: self.options.author_email.clone(),
            at: cx.started_at().plus(Duration::from_secs(seconds)),
        }
    }

    async fn repository(&self, cx: &StageContext) -> Result<RepositoryRef> {
        let project = cx.root().project();
        let name = match &self.options.repository {
            Some(name) => name.clone(),
            None => RepositoryName::parse(project.as_str())?,
        };
        let description = format!("{project}, generated from its documents by aipipe");
        let spec = RepositorySpec::new(name.clone(), self.options.base.clone(), self.signature(cx, 0))
            .with_description(description);
        // The repository is the project's, not the execution's: the next execution finds it by the same key.
        let key = IdempotencyKey::derive(&["repository", project.as_str(), name.as_str()]);
        let step = StepKey::literal("repository");
        cx.step(&step, &name, |_| async move { self.source_control.ensure_repository(&spec, &key).await }).await
    }

    async fn base_head(&self, cx: &StageContext, repository: &RepositoryRef) -> Result<CommitSha> {
        cx.record(&StepKey::literal("base-head"), &self.options.base, || async {
            self.source_control.branch_head(repository, &self.options.base).await?.ok_or_else(|| {
                Error::new(ErrorKind::NotFound, "publish.base", "the repository has no such branch")
                    .with("branch", &self.options.base)
            })
        })
        .await
    }

    /// The files of the base; recorded, so that a poll asks the repository nothing.
    async fn base_files(
        &self,
        cx: &StageContext,
        repository: &RepositoryRef,
        base_head: &CommitSha,
    ) -> Result<BTreeSet<RepoPath>> {
        cx.record(&StepKey::literal("base-files"), base_head, || async {
            let listed = self.source_control.list_files(repository, base_head).await?;
            Ok(listed.into_iter().map(|entry| entry.path).collect())
        })
        .await
    }

    async fn commit_all(
        &self,
        cx: &StageContext,
        repository: &RepositoryRef,
        branch: &BranchName,
        base_head: &CommitSha,
        mut planned: Vec<PlannedCommit>,
    ) -> Result<Vec<CommitRecord>> {
        let source_control = self.source_control.as_ref();
        let base = self.base_files(cx, repository, base_head).await?;
        let writers = last_writers(&planned);
        let outdated =
            outdated_files(cx, source_control, repository, base_head, &base, &writers.keys().collect()).await?;
        if !outdated.is_empty() {
            planned.push(removal(outdated)?);
        }
        let total = planned.len();
        let mut parent = ParentTree::new(source_control, repository, base_head.clone());
        let mut made = Vec::with_capacity(total);
        for (number, commit) in (1_u64..).zip(planned) {
            let later = |path: &RepoPath| writers.get(path).is_some_and(|last| *last as u64 + 1 > number);
            let left = |path: &RepoPath| base.contains(path) && later(path);
            let at = parent.commit().clone();
            let input = (&at, &commit.message, &commit.files);
            let sha = match cx.recall(&commit.step, &input).await? {
                Some(recorded) => {
                    let recorded: Option<CommitSha> = recorded;
                    if let Some(sha) = &recorded {
                        parent.moved_to(sha.clone());
                    }
                    recorded
                }
                None => {
                    let changes = commit.changes(cx, &mut parent, left).await?;
                    let author = self.signature(cx, number);
                    self.commit(cx, repository, branch, &commit, &mut parent, changes, author).await?
                }
            };
            // Without a commit the base has it already, from an earlier execution.
            if let Some(sha) = sha {
                cx.progress(made.len() + 1, total, commit.title());
                made.push(CommitRecord { sha, title: commit.title().to_owned(), story: commit.story });
            }
        }
        Ok(made)
    }

    /// Makes one commit on `parent`, or records that there is nothing to change.
    #[expect(clippy::too_many_arguments, reason = "a commit is made of exactly these")]
    async fn commit(
        &self,
        cx: &StageContext,
        repository: &RepositoryRef,
        branch: &BranchName,
        commit: &PlannedCommit,
        parent: &mut ParentTree<'_>,
        changes: Vec<FileChange>,
        author: Signature,
    ) -> Result<Option<CommitSha>> {
        let at = parent.commit().clone();
        let input = (&at, &commit.message, &commit.files);
        if changes.is_empty() {
            return cx.record(&commit.step, &input, || async { Ok(None) }).await;
        }
        let message = commit.message.clone();
        let request = CommitRequest { branch: branch.clone(), parent: at.clone(), changes, message, author };
        let wanted = &request;
        let sha: Option<CommitSha> = cx
            .step(&commit.step, &input, |key| async move {
                self.source_control.commit(repository, wanted, &key).await.map(Some)
            })
            .await?;
        if let Some(sha) = &sha {
            parent.grown_to(sha.clone(), &request.changes);
        }
        Ok(sha)
    }
}

#[async_trait]
impl Stage for GithubOrchestrator {
    type Input = ValidationReport;
    type Output = BuildReport;

    fn name(&self) -> StageName {
        Self::stage_name()
    }

    fn revision(&self) -> String {
        let PublishOptions { repository, base, author_name, author_email, .. } = &self.options;
        format!("1 {base} {repository:?} {author_name} {author_email}")
    }

    async fn run(&self, cx: &StageContext, report: ValidationReport) -> Result<Outcome<BuildReport>> {
        let validation = cx.store(&report).await?;
        let bundle: CodeBundle = cx.load(&report.bundle).await?;
        let plan: ArchitecturePlan = cx.load(&bundle.plan).await?;
        let stories: StorySet = cx.load(&plan.stories).await?;

        let repository = self.repository(cx).await?;
        let base_head = self.base_head(cx, &repository).await?;
        let branch = BranchName::for_execution(cx.execution());
        let step = StepKey::literal("branch");
        cx.step(&step, &(&branch, &base_head), |key| {
            let (repository, branch, base_head) = (&repository, &branch, &base_head);
            async move { self.source_control.ensure_branch(repository, branch, base_head, &key).await }
        })
        .await?;
        let planned = planned_commits(&report, &bundle, &plan, &stories)?;
        let commits = self.commit_all(cx, &repository, &branch, &base_head, planned).await?;
        let Some(head) = commits.last().map(|commit| commit.sha.clone()) else {
            let message = "there is nothing to publish: the base has all of it already";
            return Err(Error::new(ErrorKind::AlreadyExists, NOTHING_TO_PUBLISH, message)
                .with("repository", &repository.name)
                .with("base", &self.options.base));
        };
        let mut integration = IntegrationRecord {
            execution: cx.execution().clone(),
            root: cx.root().clone(),
            repository: repository.clone(),
            base: self.options.base.clone(),
            branch: branch.clone(),
            head: head.clone(),
            pull_request: None,
        };
        if let Some(known) = IntegrationRecord::of(cx.records().as_ref(), cx.root().project(), cx.execution()).await? {
            integration.pull_request = known.pull_request;
        }
        cx.write_records(vec![integration.write()?]).await?;

        let selector =
            RunSelector { workflow: report.workflow.clone(), head_sha: head.clone(), branch: branch.clone() };
        let deadline = self.options.run_deadline;
        let runs = HeadRuns { cx, ci: self.ci.as_ref(), repository: &repository, deadline };
        let run = match runs.ensure(&selector).await? {
            Standing::Finished(run) => *run,
            standing => {
                return Ok(Outcome::Waiting(Wait {
                    signal: SignalName::literal("build"),
                    reason: format!("commit {}: {standing}", head.short()),
                    poll_after: standing.may_change().then_some(self.options.poll),
                }));
            }
        };
        let result = BuildRecord::new(cx.execution().clone(), repository.clone(), run.clone())?;
        cx.write_records(vec![result.write()?]).await?;
        let failure = runs.failure(&run, self.options.log_tail_bytes).await?;
        Ok(Outcome::Done(BuildReport {
            root: cx.root().clone(),
            validation,
            repository,
            base: self.options.base.clone(),
            branch,
            commits,
            head,
            run,
            failure,
        }))
    }
}
