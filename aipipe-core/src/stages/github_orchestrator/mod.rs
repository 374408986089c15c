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
//! Every commit is a whole project, also on a base that has an earlier state of it (`history`); `outdated` finds what
//! the documents no longer ask for. Where the base has all of it already there is no branch, no commit and no run: the
//! report says so.

mod base;
mod commits;
mod history;
mod outdated;

use super::head_run::{HeadRuns, Standing};
use crate::domain::{
    ArchitecturePlan, BranchName, BuildReport, CodeBundle, CommitRecord, CommitSha, IdempotencyKey, PublishedBuild,
    RemovedFile, RepoPath, RepositoryName, RepositoryRef, SignalName, StageName, StepKey, StorySet, UnchangedBase,
    ValidationReport, Wait, WaitKind,
};
use crate::pipeline::{Outcome, Stage, StageContext};
use crate::ports::{
    CommitRequest, ContinuousIntegration, FileChange, RepositorySpec, RunSelector, Signature, SourceControl,
};
use crate::tables::{BuildRecord, IntegrationRecord};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use base::base_files;
pub(in crate::stages) use commits::one_line;
use commits::{PlannedCommit, planned_commits};
use history::{Commit, history, replaced};
use outdated::{Base, Made};
use std::sync::Arc;
use std::time::Duration;

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

    /// The same with merges to this branch.
    #[must_use]
    pub fn with_base(mut self, base: BranchName) -> Self {
        self.base = base;
        self
    }

    /// The same, looking for a run again after this long.
    #[must_use]
    pub fn with_poll(mut self, poll: Duration) -> Self {
        self.poll = poll;
        self
    }

    /// The same with this long for a run to appear.
    #[must_use]
    pub fn with_run_deadline(mut self, deadline: Duration) -> Self {
        self.run_deadline = deadline;
        self
    }

    /// The same with this many bytes of a failing job's log.
    #[must_use]
    pub fn with_log_tail_bytes(mut self, bytes: usize) -> Self {
        self.log_tail_bytes = bytes;
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

/// What is to become of the base.
#[derive(Debug)]
struct Changes {
    commits: Vec<Commit>,
    removed: Vec<RemovedFile>,
    overwritten: Vec<RepoPath>,
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

    /// The commits that lead from the base to the project, and what they take away.
    async fn commits(
        &self,
        cx: &StageContext,
        repository: &RepositoryRef,
        base_head: &CommitSha,
        planned: Vec<PlannedCommit>,
        stories: &StorySet,
    ) -> Result<Changes> {
        let source_control = self.source_control.as_ref();
        let base = base_files(cx, source_control, repository, base_head, &planned).await?;
        let made = Made {
            files: planned.iter().flat_map(|commit| &commit.files).map(|file| &file.path).collect(),
            stories: stories.stories.iter().map(|story| &story.id).collect(),
        };
        let base = Base { cx, source_control, repository, head: base_head, files: &base };
        let removed = base.outdated_files(&made).await?;
        let common = base.files.iter().filter_map(|(path, file)| Some((path.clone(), file.state?))).collect();
        let overwritten = base.overwritten_files(&replaced(&planned, &common)).await?;
        let outdated = removed.iter().map(|file| file.path.clone()).collect();
        Ok(Changes { commits: history(planned, &common, outdated), removed, overwritten })
    }

    async fn commit_all(
        &self,
        cx: &StageContext,
        repository: &RepositoryRef,
        branch: &BranchName,
        base_head: &CommitSha,
        commits: Vec<Commit>,
    ) -> Result<Outcome<Vec<CommitRecord>>> {
        let total = commits.len();
        let mut parent = base_head.clone();
        let mut made = Vec::with_capacity(total);
        for (number, commit) in (1_u64..).zip(commits) {
            let result = cx
                .step(&commit.step, &commit.facts(&parent), |key| {
                    let (commit, parent, author) = (&commit, parent.clone(), self.signature(cx, number));
                    async move {
                        let mut changes = Vec::with_capacity(commit.put.len() + commit.removed.len());
                        for file in &commit.put {
                            let (path, executable) = (file.path.clone(), file.executable);
                            changes.push(FileChange::Put {
                                path,
                                content: cx.load_bytes(&file.content).await?,
                                executable,
                            });
                        }
                        changes.extend(commit.removed.iter().map(|path| FileChange::Delete { path: path.clone() }));
                        let (branch, message) = (branch.clone(), commit.message.clone());
                        let request = CommitRequest { branch, parent, changes, message, author };
                        self.source_control.commit(repository, &request, &key).await
                    }
                })
                .await;
            let sha: CommitSha = match result {
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    return self.wait_for_the_branch(repository, branch, &parent, error).await;
                }
                other => other?,
            };
            cx.progress(made.len() + 1, total, commit.title());
            made.push(CommitRecord { sha: sha.clone(), title: commit.title().to_owned(), stories: commit.stories });
            parent = sha;
        }
        Ok(Outcome::Done(made))
    }

    /// Somebody pushed to the branch before it was whole. What they made is not for aipipe to take away, and a commit on
    /// top of it would be none that was validated: a person moves the branch back, and a resume goes on from there.
    async fn wait_for_the_branch<T>(
        &self,
        repository: &RepositoryRef,
        branch: &BranchName,
        parent: &CommitSha,
        refused: Error,
    ) -> Result<Outcome<T>> {
        let head = match self.source_control.branch_head(repository, branch).await? {
            Some(head) if head != *parent => head,
            _ => return Err(refused),
        };
        let reason = format!(
            "somebody moved branch {branch} to {} while its commits were being made; keep what is new there under \
             another name, move the branch back to {parent}, then resume",
            head.short()
        );
        Ok(Outcome::Waiting(Wait::new(SignalName::literal("build"), reason)))
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
        format!("4 {base} {repository:?} {author_name} {author_email}")
    }

    async fn run(&self, cx: &StageContext, report: ValidationReport) -> Result<Outcome<BuildReport>> {
        let validation = cx.store(&report).await?;
        let bundle: CodeBundle = cx.load(&report.bundle).await?;
        let plan: ArchitecturePlan = cx.load(&bundle.plan).await?;
        let stories: StorySet = cx.load(&plan.stories).await?;

        let repository = self.repository(cx).await?;
        let base_head = self.base_head(cx, &repository).await?;
        let planned = planned_commits(&report, &bundle, &plan, &stories)?;
        let Changes { commits, removed, overwritten } =
            self.commits(cx, &repository, &base_head, planned, &stories).await?;
        if commits.is_empty() {
            return Ok(Outcome::Done(BuildReport::Unchanged(Box::new(UnchangedBase {
                root: cx.root().clone(),
                validation,
                repository,
                base: self.options.base.clone(),
                head: base_head,
            }))));
        }
        let branch = BranchName::for_execution(cx.execution());
        let step = StepKey::literal("branch");
        cx.step(&step, &(&branch, &base_head), |key| {
            let (repository, branch, base_head) = (&repository, &branch, &base_head);
            async move { self.source_control.ensure_branch(repository, branch, base_head, &key).await }
        })
        .await?;
        let commits = match self.commit_all(cx, &repository, &branch, &base_head, commits).await? {
            Outcome::Done(commits) => commits,
            Outcome::Waiting(wait) => return Ok(Outcome::Waiting(wait)),
        };
        let head = commits.last().map_or(base_head, |commit| commit.sha.clone());
        let mut integration = IntegrationRecord {
            execution: cx.execution().clone(),
            root: cx.root().clone(),
            repository: repository.clone(),
            base: self.options.base.clone(),
            branch: branch.clone(),
            head: head.clone(),
            pull_request: None,
            stack: Some(plan.decision.stack),
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
                let wait = Wait::new(SignalName::literal("build"), format!("commit {}: {standing}", head.short()));
                return Ok(Outcome::Waiting(match standing.may_change() {
                    true => wait.with_kind(WaitKind::Elsewhere).with_poll(self.options.poll),
                    false => wait,
                }));
            }
        };
        let result = BuildRecord::new(cx.execution().clone(), repository.clone(), run.clone())?;
        cx.write_records(vec![result.write()?]).await?;
        let failure = runs.failure(&run, self.options.log_tail_bytes).await?;
        Ok(Outcome::Done(BuildReport::Published(Box::new(PublishedBuild {
            root: cx.root().clone(),
            validation,
            repository,
            base: self.options.base.clone(),
            branch,
            commits,
            head,
            run,
            failure,
            removed,
            overwritten,
            repairs: Vec::new(),
        }))))
    }
}
