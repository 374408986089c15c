//! Stage 7, Review Coordinator: the pull request, the review, the merge.
//!
//! ```text
//! BuildReport ─▶ pull request (found or opened) ─▶ status ─▶ decide ─┬─▶ merge pinned to that head ─▶ ReviewOutcome
//!                                                    ▲               ├─▶ wait (durable) ──┐
//!                                                    └───────────────┼── signal / poll ◀──┘
//!                                                                    └─▶ closed by a person ─▶ ReviewOutcome
//! ```
//!
//! Fails closed: a check that is missing, pending or unknown, a head that moved, a merge that is not known to work are
//! all reasons to wait. [`decide`] is a pure function of what the review desk reports. Where stage 6 had nothing to
//! publish there is nothing to review: no pull request is opened, and the outcome says so.

mod decision;
mod markdown;
mod pull_request;
mod statements;
mod traceability;

pub use decision::{Decision, decide};
pub use pull_request::{Contents, PullRequestText, describe};
pub use traceability::to_markdown;

use crate::domain::{
    ArchitecturePlan, ArtifactKey, BuildReport, CodeBundle, DocumentSet, EndedReview, PublishedBuild, PullRequest,
    PullRequestState, PullRequestStatus, ReviewOutcome, ReviewPolicy, SignalName, StageName, StepKey, StorySet,
    TraceMatrix, ValidationReport, Wait,
};
use crate::pipeline::{Outcome, Stage, StageContext};
use crate::ports::{MergeSpec, PullRequestSpec, ReviewDesk, Signature};
use crate::tables::IntegrationRecord;
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// How a pull request is reviewed and merged.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReviewOptions {
    /// Who decides.
    pub policy: ReviewPolicy,
    /// How many people must approve under [`ReviewPolicy::Human`].
    pub approvals: usize,
    /// Name of the merge commit's author.
    pub author_name: String,
    /// E-mail address of the merge commit's author.
    pub author_email: String,
    /// How long to wait before looking again.
    pub poll: Duration,
    /// Writes the pull request's text. Other words are no other pull request: executions that wait go on.
    pub text: fn(&Contents<'_>) -> PullRequestText,
}

impl ReviewOptions {
    /// One approval under `Human`; merges as `aipipe <aipipe@localhost>`; looks again after 30 seconds; the text is
    /// that of [`describe`].
    #[must_use]
    pub fn new(policy: ReviewPolicy) -> Self {
        Self {
            policy,
            approvals: 1,
            author_name: "aipipe".to_owned(),
            author_email: "aipipe@localhost".to_owned(),
            poll: Duration::from_secs(30),
            text: describe,
        }
    }

    /// The same with this number of approvals under `Human`; one is the least.
    #[must_use]
    pub fn with_approvals(mut self, approvals: usize) -> Self {
        self.approvals = approvals;
        self
    }

    /// The same, looking again after this long.
    #[must_use]
    pub fn with_poll(mut self, poll: Duration) -> Self {
        self.poll = poll;
        self
    }

    /// The same with pull requests in these words.
    #[must_use]
    pub fn with_text(mut self, text: fn(&Contents<'_>) -> PullRequestText) -> Self {
        self.text = text;
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

/// Opens the pull request, waits for what its policy asks for, and merges.
#[derive(Debug)]
pub struct ReviewCoordinator {
    desk: Arc<dyn ReviewDesk>,
    options: ReviewOptions,
}

impl ReviewCoordinator {
    /// Reviews at this desk.
    #[must_use]
    pub fn new(desk: Arc<dyn ReviewDesk>, options: ReviewOptions) -> Self {
        Self { desk, options }
    }

    /// The stage's name: `review-coordinator`.
    #[must_use]
    pub fn stage_name() -> StageName {
        StageName::literal("review-coordinator")
    }

    async fn text(
        &self,
        cx: &StageContext,
        build: &PublishedBuild,
        validation: &ValidationReport,
    ) -> Result<PullRequestText> {
        let bundle: CodeBundle = cx.load(&validation.bundle).await?;
        let plan: ArchitecturePlan = cx.load(&bundle.plan).await?;
        let stories: StorySet = cx.load(&plan.stories).await?;
        let documents: DocumentSet = cx.load(&stories.documents).await?;
        let contents = Contents {
            documents: &documents,
            stories: &stories,
            plan: &plan,
            bundle: &bundle,
            validation,
            build,
            spending: cx.spending(),
            execution: cx.execution(),
            policy: self.options.policy,
        };
        publish_matrix(cx, &contents.matrix()).await?;
        Ok((self.options.text)(&contents))
    }

    /// The pull request of the build's branch, opened once. What it is about decides which one it is, not its words.
    async fn open(
        &self,
        cx: &StageContext,
        build: &PublishedBuild,
        validation: &ValidationReport,
    ) -> Result<PullRequest> {
        let repository = &build.repository;
        let facts = (
            (&repository.owner, &repository.name),
            (&build.branch, &build.base, &build.head),
            build.validation.at().hash,
        );
        cx.step(&StepKey::literal("pull-request"), &facts, |key| async move {
            let PullRequestText { title, body } = self.text(cx, build, validation).await?;
            let spec = PullRequestSpec { head: build.branch.clone(), base: build.base.clone(), title, body };
            self.desk.open(repository, &spec, &key).await
        })
        .await
    }

    async fn merge(
        &self,
        cx: &StageContext,
        build: &PublishedBuild,
        status: &PullRequestStatus,
    ) -> Result<PullRequest> {
        let pull = &status.pull_request;
        let spec = MergeSpec {
            expected_head: pull.head_sha.clone(),
            title: format!("Merge pull request #{}: {}", pull.number, pull.title),
            body: format!("Execution: {}", cx.execution()),
            author: Signature {
                name: self.options.author_name.clone(),
                email: self.options.author_email.clone(),
                at: cx.started_at().plus(Duration::from_secs(build.commits.len() as u64 + 1)),
            },
        };
        let step = StepKey::parse(format!("merge/{}", pull.head_sha))?;
        let input = (pull.number, &pull.head_sha);
        cx.step(&step, &input, |key| async move { self.desk.merge(&build.repository, pull.number, &spec, &key).await })
            .await
    }

    async fn note(&self, cx: &StageContext, build: &PublishedBuild, pull: &PullRequest) -> Result<()> {
        let record = IntegrationRecord {
            execution: cx.execution().clone(),
            root: cx.root().clone(),
            repository: build.repository.clone(),
            base: build.base.clone(),
            branch: build.branch.clone(),
            head: build.head.clone(),
            pull_request: Some((pull.number, pull.state)),
        };
        cx.write_records(vec![record.write()?]).await
    }
}

/// Leaves the matrix beside the documents' texts, for programs and for people.
async fn publish_matrix(cx: &StageContext, matrix: &TraceMatrix) -> Result<()> {
    let json = serde_json::to_vec_pretty(matrix).map_err(|error| {
        Error::new(ErrorKind::Internal, "review.traceability", "the matrix does not serialize").caused_by(error)
    })?;
    for (name, content) in [("traceability.json", json), ("traceability.md", to_markdown(matrix).into_bytes())] {
        let key = ArtifactKey::parse(&format!("{}/processed/{}/{name}", cx.root(), cx.execution()))?;
        cx.publish(&key, Bytes::from(content)).await?;
    }
    Ok(())
}

#[async_trait]
impl Stage for ReviewCoordinator {
    type Input = BuildReport;
    type Output = ReviewOutcome;

    fn name(&self) -> StageName {
        Self::stage_name()
    }

    fn revision(&self) -> String {
        let ReviewOptions { policy, approvals, author_name, author_email, .. } = &self.options;
        format!("2 {policy:?} {approvals} {author_name} {author_email}")
    }

    async fn run(&self, cx: &StageContext, report: BuildReport) -> Result<Outcome<ReviewOutcome>> {
        let build = match &report {
            BuildReport::Published(build) => build,
            BuildReport::Unchanged(base) => return Ok(Outcome::Done(ReviewOutcome::Unchanged(base.as_ref().clone()))),
        };
        let validation: ValidationReport = cx.load(&build.validation).await?;
        let opened = self.open(cx, build, &validation).await?;
        let status = self.desk.status(&build.repository, opened.number).await?;
        if status.pull_request.number != opened.number {
            return Err(Error::new(ErrorKind::Internal, "review.status", "the adapter returned another pull request")
                .with("number", opened.number));
        }
        self.note(cx, build, &status.pull_request).await?;
        let required = &validation.required_checks;
        let head = &status.pull_request.head_sha;
        let chosen = StepKey::parse(format!("merge-decision/{head}"))?;
        let (pull_request, decision) =
            match decide(self.options.policy, self.options.approvals, &status, required, &build.head) {
                Decision::Merge(why) => {
                    let why = cx.record(&chosen, head, || async { Ok(why) }).await?;
                    (self.merge(cx, build, &status).await?, why)
                }
                // Our own merge, of which a crash kept us from hearing: it is found, and its reason is known.
                Decision::Ended(ended) if status.pull_request.state == PullRequestState::Merged => {
                    match cx.recall(&chosen, head).await? {
                        Some(why) => (self.merge(cx, build, &status).await?, why),
                        None => (status.pull_request.clone(), ended),
                    }
                }
                Decision::Ended(why) => (status.pull_request.clone(), why),
                Decision::Wait { reason, poll } => {
                    return Ok(Outcome::Waiting(Wait {
                        signal: SignalName::literal("review"),
                        reason: format!("{reason}; pull request: {}", opened.location),
                        poll_after: poll.then_some(self.options.poll),
                    }));
                }
            };
        self.note(cx, build, &pull_request).await?;
        if pull_request.state == PullRequestState::Open {
            return Err(Error::new(ErrorKind::Internal, "review.merge", "the pull request is open after its merge")
                .with("number", pull_request.number));
        }
        Ok(Outcome::Done(ReviewOutcome::Ended(EndedReview {
            root: cx.root().clone(),
            build: cx.store(&report).await?,
            pull_request,
            policy: self.options.policy,
            decision,
        })))
    }
}
