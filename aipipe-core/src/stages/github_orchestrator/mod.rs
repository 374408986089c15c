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

mod commits;

use crate::domain::{
    ArchitecturePlan, BranchName, BuildFailure, BuildReport, CodeBundle, CommitRecord, CommitSha, IdempotencyKey,
    RepositoryName, RepositoryRef, RunState, SignalName, StageName, StepKey, StorySet, ValidationReport, Wait,
    WorkflowRun,
};
use crate::pipeline::{Outcome, Stage, StageContext};
use crate::ports::{CommitRequest, ContinuousIntegration, RepositorySpec, RunSelector, Signature, SourceControl};
use crate::tables::{BuildRecord, IntegrationRecord};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use commits::{Base, Made, PlannedCommit, planned_commits};
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

    async fn commit_all(
        &self,
        cx: &StageContext,
        repository: &RepositoryRef,
        branch: &BranchName,
        base_head: &CommitSha,
        planned: Vec<PlannedCommit>,
    ) -> Result<Vec<CommitRecord>> {
        let total = planned.len();
        let mut parent = base_head.clone();
        let mut made = Vec::with_capacity(total);
        for (number, commit) in (1_u64..).zip(planned) {
            let input = (&parent, &commit.message, &commit.changes);
            let sha: CommitSha = cx
                .step(&commit.step, &input, |key| {
                    let (commit, parent) = (&commit, parent.clone());
                    async move {
                        let request = CommitRequest {
                            branch: branch.clone(),
                            parent,
                            changes: commit.file_changes(cx).await?,
                            message: commit.message.clone(),
                            author: self.signature(cx, number),
                        };
                        self.source_control.commit(repository, &request, &key).await
                    }
                })
                .await?;
            cx.progress(made.len() + 1, total, commit.title());
            made.push(CommitRecord { sha: sha.clone(), title: commit.title().to_owned(), story: commit.story });
            parent = sha;
        }
        Ok(made)
    }

    /// The finished run of `head`, or `None` while there is none.
    async fn finished_run(
        &self,
        cx: &StageContext,
        repository: &RepositoryRef,
        selector: &RunSelector,
    ) -> Result<Option<WorkflowRun>> {
        let head = &selector.head_sha;
        let step = StepKey::parse(format!("ci-run/{head}"))?;
        let input = (&selector.workflow, head);
        let run: Option<WorkflowRun> =
            cx.step(&step, &input, |key| async move { self.ci.ensure_run(repository, selector, &key).await }).await?;
        let is_ours = |run: &WorkflowRun| run.workflow == selector.workflow && run.head_sha == *head;
        if let Some(run) = run.filter(|run| run.state.is_completed()) {
            if is_ours(&run) {
                return Ok(Some(run));
            }
            return Err(Error::new(ErrorKind::Internal, "publish.ci", "the adapter returned a run of another commit")
                .with("head", head)
                .with("run", run.id));
        }
        let runs = self.ci.runs(repository, selector).await?;
        let Some(run) = runs.into_iter().find(is_ours).filter(|run| run.state.is_completed()) else {
            return Ok(None);
        };
        // What a poll saw is recorded, so that every later run of this execution decides on the same result.
        let step = StepKey::parse(format!("ci-result/{head}"))?;
        cx.record(&step, &input, || async { Ok(run) }).await.map(Some)
    }

    async fn failure(
        &self,
        cx: &StageContext,
        repository: &RepositoryRef,
        run: &WorkflowRun,
    ) -> Result<Option<BuildFailure>> {
        if run.state == RunState::Completed(crate::domain::Conclusion::Success) {
            return Ok(None);
        }
        let (job, step) = match run.first_failure() {
            Some((job, step)) => (job.id.clone(), step.map_or_else(String::new, |step| step.name.clone())),
            None => (String::new(), String::new()),
        };
        let key = StepKey::parse(format!("ci-log/{}", run.head_sha))?;
        let log_tail = cx
            .record(&key, &run.id, || async {
                match self.ci.log_tail(repository, &run.id, &job, self.options.log_tail_bytes).await {
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok("(there is no log)".to_owned()),
                    other => other,
                }
            })
            .await?;
        Ok(Some(BuildFailure { job, step, log_tail }))
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
        format!("2 {base} {repository:?} {author_name} {author_email}")
    }

    async fn run(&self, cx: &StageContext, report: ValidationReport) -> Result<Outcome<BuildReport>> {
        let validation = cx.store(&report).await?;
        let bundle: CodeBundle = cx.load(&report.bundle).await?;
        let plan: ArchitecturePlan = cx.load(&bundle.plan).await?;
        let stories: StorySet = cx.load(&plan.stories).await?;

        let repository = self.repository(cx).await?;
        let base_head = self.base_head(cx, &repository).await?;
        let made = Made::of(&report, &bundle);
        let base = Base::read(self.source_control.as_ref(), &repository, &base_head, &made).await?;
        let planned = planned_commits(&made, &base, &plan, &stories)?;
        if planned.is_empty() {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                NOTHING_TO_PUBLISH,
                "the base has everything already; nothing to publish",
            )
            .with("repository", &repository.name)
            .with("base", &base_head));
        }
        let branch = BranchName::for_execution(cx.execution());
        let step = StepKey::literal("branch");
        cx.step(&step, &(&branch, &base_head), |key| {
            let (repository, branch, base_head) = (&repository, &branch, &base_head);
            async move { self.source_control.ensure_branch(repository, branch, base_head, &key).await }
        })
        .await?;
        let commits = self.commit_all(cx, &repository, &branch, &base_head, planned).await?;
        let head = commits.last().map_or(&base_head, |commit| &commit.sha).clone();
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
        let Some(run) = self.finished_run(cx, &repository, &selector).await? else {
            return Ok(Outcome::Waiting(Wait {
                signal: SignalName::literal("build"),
                reason: format!("CI has not finished for commit {}", head.short()),
                poll_after: Some(self.options.poll),
            }));
        };
        let result =
            BuildRecord { execution: cx.execution().clone(), repository: repository.clone(), run: run.clone() };
        cx.write_records(vec![result.write()?]).await?;
        let failure = self.failure(cx, &repository, &run).await?;
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
