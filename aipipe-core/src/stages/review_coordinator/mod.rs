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
//! all reasons to wait. [`decide`] is a pure function of what the review desk reports.

mod decision;
mod markdown;
mod pull_request;
mod statements;

pub use decision::{Decision, decide};
pub use pull_request::{Contents, PullRequestText, describe};

use crate::domain::{
    ArchitecturePlan, BuildReport, CodeBundle, DocumentSet, PullRequest, PullRequestState, PullRequestStatus,
    ReviewOutcome, ReviewPolicy, SignalName, StageName, StepKey, StorySet, ValidationReport, Wait,
};
use crate::pipeline::{Outcome, Stage, StageContext};
use crate::ports::{MergeSpec, PullRequestSpec, ReviewDesk, Signature};
use crate::tables::IntegrationRecord;
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
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
}

impl ReviewOptions {
    /// One approval under `Human`; merges as `aipipe <aipipe@localhost>`; looks again after 30 seconds.
    #[must_use]
    pub fn new(policy: ReviewPolicy) -> Self {
        Self {
            policy,
            approvals: 1,
            author_name: "aipipe".to_owned(),
            author_email: "aipipe@localhost".to_owned(),
            poll: Duration::from_secs(30),
        }
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

    async fn text(&self, cx: &StageContext, build: &BuildReport) -> Result<(PullRequestText, ValidationReport)> {
        let validation: ValidationReport = cx.load(&build.validation).await?;
        let bundle: CodeBundle = cx.load(&validation.bundle).await?;
        let plan: ArchitecturePlan = cx.load(&bundle.plan).await?;
        let stories: StorySet = cx.load(&plan.stories).await?;
        let documents: DocumentSet = cx.load(&stories.documents).await?;
        let text = describe(&pull_request::Contents {
            documents: &documents,
            stories: &stories,
            plan: &plan,
            bundle: &bundle,
            validation: &validation,
            build,
            spending: cx.spending(),
            execution: cx.execution(),
            policy: self.options.policy,
        });
        Ok((text, validation))
    }

    async fn merge(&self, cx: &StageContext, build: &BuildReport, status: &PullRequestStatus) -> Result<PullRequest> {
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

    async fn note(&self, cx: &StageContext, build: &BuildReport, pull: &PullRequest) -> Result<()> {
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

#[async_trait]
impl Stage for ReviewCoordinator {
    type Input = BuildReport;
    type Output = ReviewOutcome;

    fn name(&self) -> StageName {
        Self::stage_name()
    }

    fn revision(&self) -> String {
        let ReviewOptions { policy, approvals, author_name, author_email, .. } = &self.options;
        format!("1 {policy:?} {approvals} {author_name} {author_email}")
    }

    async fn run(&self, cx: &StageContext, build: BuildReport) -> Result<Outcome<ReviewOutcome>> {
        let (text, validation) = self.text(cx, &build).await?;
        let spec = PullRequestSpec {
            head: build.branch.clone(),
            base: build.base.clone(),
            title: text.title,
            body: text.body,
        };
        let step = StepKey::literal("pull-request");
        let input = (&build.head, &spec.title, &spec.body);
        let opened: PullRequest = cx
            .step(&step, &input, |key| {
                let (repository, spec) = (&build.repository, &spec);
                async move { self.desk.open(repository, spec, &key).await }
            })
            .await?;
        let status = self.desk.status(&build.repository, opened.number).await?;
        if status.pull_request.number != opened.number {
            return Err(Error::new(ErrorKind::Internal, "review.status", "the adapter returned another pull request")
                .with("number", opened.number));
        }
        self.note(cx, &build, &status.pull_request).await?;
        let required = &validation.required_checks;
        let head = &status.pull_request.head_sha;
        let chosen = StepKey::parse(format!("merge-decision/{head}"))?;
        let (pull_request, decision) =
            match decide(self.options.policy, self.options.approvals, &status, required, &build.head) {
                Decision::Merge(why) => {
                    let why = cx.record(&chosen, head, || async { Ok(why) }).await?;
                    (self.merge(cx, &build, &status).await?, why)
                }
                // Our own merge, of which a crash kept us from hearing: it is found, and its reason is known.
                Decision::Ended(ended) if status.pull_request.state == PullRequestState::Merged => {
                    match cx.recall(&chosen, head).await? {
                        Some(why) => (self.merge(cx, &build, &status).await?, why),
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
        self.note(cx, &build, &pull_request).await?;
        if pull_request.state == PullRequestState::Open {
            return Err(Error::new(ErrorKind::Internal, "review.merge", "the pull request is open after its merge")
                .with("number", pull_request.number));
        }
        let build = cx.store(&build).await?;
        Ok(Outcome::Done(ReviewOutcome {
            root: cx.root().clone(),
            build,
            pull_request,
            policy: self.options.policy,
            decision,
        }))
    }
}
