//! Stage 7, Review Coordinator: the pull request, the review, the merge.
//!
//! ```text
//! BuildReport ─▶ pull request (found or opened) ─▶ status ─▶ CI of the head ─▶ decide ─┬─▶ merge pinned to that head ─▶ ReviewOutcome
//!                                                    ▲                                 ├─▶ wait (durable) ──┐
//!                                                    └─────────────────────────────────┼── signal / poll ◀──┘
//!                                                                                      └─▶ closed by a person ─▶ ReviewOutcome
//! ```
//!
//! A head that a person pushed gets a CI run of its own, and a red run is run again when a
//! [`rerun`](ReviewCoordinator::rerun_signal) signal asks for it: neither is the end of an execution.
//!
//! Fails closed: a check that is missing, pending or unknown, a head that moved, a merge that is not known to work are
//! all reasons to wait. [`decide`] is a pure function of what the review desk reports. Where stage 6 had nothing to
//! publish there is nothing to review: no pull request is opened, and the outcome says so.

mod checks;
mod decision;
mod pull_request;
mod statements;
mod traceability;

pub use decision::{BeyondChecks, Decision, Terms, decide};
pub use pull_request::{Contents, PullRequestText, describe};
pub use traceability::to_markdown;

use super::head_run::{self, HeadRuns, Standing, reruns_of};
use crate::domain::{
    ArchitecturePlan, ArtifactKey, BuildFailure, BuildReport, CheckSource, CodeBundle, CommitSha, DocumentSet,
    EndedReview, PublishedBuild, PullRequest, PullRequestState, PullRequestStatus, RequiredCheck, ReviewOutcome,
    ReviewPolicy, RunState, SignalName, StageName, StepKey, StorySet, TraceGates, TraceMatrix, Traced,
    ValidationReport, Wait, WaitKind, WorkflowRun,
};
use crate::pipeline::{Outcome, Stage, StageContext};
use crate::ports::{ContinuousIntegration, MergeSpec, PullRequestSpec, ReviewDesk, RunSelector, Signature};
use crate::stages::markdown;
use crate::tables::{BuildRecord, IntegrationRecord};
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
    /// How long the CI run of a new head may take to appear before a person has to look why; 10 minutes.
    pub run_deadline: Duration,
    /// How much of a failing job's log to show, in bytes.
    pub log_tail_bytes: usize,
    /// Which gaps between requirements and what shows them leave an automated merge to a person.
    pub gates: TraceGates,
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
            run_deadline: Duration::from_secs(10 * 60),
            log_tail_bytes: 4096,
            gates: TraceGates::default(),
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

    /// The same with this long for the run of a new head to appear.
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

    /// The same with these gates.
    #[must_use]
    pub fn with_gates(mut self, gates: TraceGates) -> Self {
        self.gates = gates;
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
    ci: Arc<dyn ContinuousIntegration>,
    options: ReviewOptions,
}

/// What CI says of the pull request's head.
#[derive(Debug)]
struct Ran {
    standing: Standing,
    /// How often it was run again.
    reruns: usize,
}

impl ReviewCoordinator {
    /// Reviews at this desk; heads that people push are checked by this CI.
    #[must_use]
    pub fn new(desk: Arc<dyn ReviewDesk>, ci: Arc<dyn ContinuousIntegration>, options: ReviewOptions) -> Self {
        Self { desk, ci, options }
    }

    /// The stage's name: `review-coordinator`.
    #[must_use]
    pub fn stage_name() -> StageName {
        StageName::literal("review-coordinator")
    }

    /// The signal that has the CI run of a head run again: `rerun`, with a [`rerun_payload`](Self::rerun_payload).
    ///
    /// Each id is one re-run; the resume after it makes it.
    #[must_use]
    pub fn rerun_signal() -> SignalName {
        head_run::rerun_signal()
    }

    /// The payload of a [`rerun_signal`](Self::rerun_signal): the head whose run is meant.
    #[must_use]
    pub fn rerun_payload(head: &CommitSha) -> serde_json::Value {
        head_run::rerun_payload(head)
    }

    fn runs<'a>(&'a self, cx: &'a StageContext, build: &'a PublishedBuild) -> HeadRuns<'a> {
        let deadline = self.options.run_deadline;
        HeadRuns { cx, ci: self.ci.as_ref(), repository: &build.repository, deadline }
    }

    /// The run of an open pull request's head: stage 6's own or, of a head pushed since, a new one; then its re-runs.
    async fn ran(&self, cx: &StageContext, build: &PublishedBuild, head: &CommitSha) -> Result<Ran> {
        let selector =
            RunSelector { workflow: build.run.workflow.clone(), head_sha: head.clone(), branch: build.branch.clone() };
        let runs = self.runs(cx, build);
        let standing = match *head == build.head {
            true => Standing::Finished(Box::new(build.run.clone())),
            false => runs.ensure(&selector).await?,
        };
        let mut ran = Ran { standing, reruns: 0 };
        for signal in reruns_of(cx, head) {
            if ran.standing.may_change() {
                break; // One after the other.
            }
            ran.reruns += 1;
            ran.standing = runs.again(&selector, &signal).await?;
        }
        Ok(ran)
    }

    /// Makes the pull request show a run that ended after it was opened, and returns the build as it is now.
    async fn show_run(
        &self,
        cx: &StageContext,
        build: PublishedBuild,
        validation: &ValidationReport,
        number: u64,
        ran: &Ran,
    ) -> Result<PublishedBuild> {
        let Standing::Finished(run) = &ran.standing else { return Ok(build) };
        let is_new_head = run.head_sha != build.head;
        if !is_new_head && ran.reruns == 0 {
            return Ok(build);
        }
        let record = BuildRecord::new(cx.execution().clone(), build.repository.clone(), run.as_ref().clone())?;
        cx.write_records(vec![record.write()?]).await?;
        let failure = self.runs(cx, &build).failure(run, self.options.log_tail_bytes).await?;
        if is_new_head {
            // What the comment is about decides which one it is, not its words.
            let step = StepKey::parse(format!("ci-comment/{}/{}", run.head_sha, ran.reruns))?;
            cx.step(&step, &(number, &run.id, run.attempt), |key| {
                let (repository, body) = (&build.repository, run_comment(run, failure.as_ref()));
                async move { self.desk.comment(repository, number, &body, &key).await }
            })
            .await?;
            return Ok(build);
        }
        let build = PublishedBuild { run: run.as_ref().clone(), failure, ..build };
        let step = StepKey::parse(format!("pull-request/rerun-{}", ran.reruns))?;
        self.open(cx, &build, validation, &step).await?;
        Ok(build)
    }

    async fn status(&self, build: &PublishedBuild, number: u64) -> Result<PullRequestStatus> {
        let status = self.desk.status(&build.repository, number).await?;
        if status.pull_request.number != number {
            return Err(Error::new(ErrorKind::Internal, "review.status", "the adapter returned another pull request")
                .with("number", number));
        }
        Ok(status)
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
            gates: &self.options.gates,
        };
        publish_matrix(cx, &contents.matrix(), &self.options.gates).await?;
        Ok((self.options.text)(&contents))
    }

    /// The pull request of the build's branch, opened once. What it is about decides which one it is, not its words;
    /// a later `step` has it say what has become of the build.
    async fn open(
        &self,
        cx: &StageContext,
        build: &PublishedBuild,
        validation: &ValidationReport,
        step: &StepKey,
    ) -> Result<PullRequest> {
        let repository = &build.repository;
        let facts = (
            (&repository.owner, &repository.name),
            (&build.branch, &build.base, &build.head),
            build.validation.at().hash,
        );
        cx.step(step, &facts, |key| async move {
            let PullRequestText { title, body } = self.text(cx, build, validation).await?;
            let spec = PullRequestSpec { head: build.branch.clone(), base: build.base.clone(), title, body };
            self.desk.open(repository, &spec, &key).await
        })
        .await
    }

    /// How many gaps of the matrix leave the merge to a person.
    async fn gaps(
        &self,
        cx: &StageContext,
        bundle: &CodeBundle,
        build: &PublishedBuild,
        validation: &ValidationReport,
    ) -> Result<usize> {
        let plan: ArchitecturePlan = cx.load(&bundle.plan).await?;
        let stories: StorySet = cx.load(&plan.stories).await?;
        let required_checks = &validation.required_checks;
        let traced = Traced { stories: &stories, plan: &plan, bundle, build: Some(build), required_checks };
        Ok(TraceMatrix::of(traced).held(&self.options.gates).len())
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
        let known = IntegrationRecord::of(cx.records().as_ref(), cx.root().project(), cx.execution()).await?;
        let record = IntegrationRecord {
            execution: cx.execution().clone(),
            root: cx.root().clone(),
            repository: build.repository.clone(),
            base: build.base.clone(),
            branch: build.branch.clone(),
            head: build.head.clone(),
            pull_request: Some((pull.number, pull.state)),
            stack: known.and_then(|known| known.stack),
        };
        cx.write_records(vec![record.write()?]).await
    }
}

/// Leaves the matrix beside the documents' texts, for programs and for people.
async fn publish_matrix(cx: &StageContext, matrix: &TraceMatrix, gates: &TraceGates) -> Result<()> {
    let json = serde_json::to_vec_pretty(matrix).map_err(|error| {
        Error::new(ErrorKind::Internal, "review.traceability", "the matrix does not serialize").caused_by(error)
    })?;
    for (name, content) in [("traceability.json", json), ("traceability.md", to_markdown(matrix, gates).into_bytes())] {
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
        let ReviewOptions { policy, approvals, author_name, author_email, gates, .. } = &self.options;
        format!("5 {policy:?} {approvals} {author_name} {author_email} {gates:?}")
    }

    async fn run(&self, cx: &StageContext, report: BuildReport) -> Result<Outcome<ReviewOutcome>> {
        let mut build = match report {
            BuildReport::Published(build) => *build,
            BuildReport::Unchanged(base) => return Ok(Outcome::Done(ReviewOutcome::Unchanged(*base))),
        };
        let validation: ValidationReport = cx.load(&build.validation).await?;
        let bundle: CodeBundle = cx.load(&validation.bundle).await?;
        let opened = self.open(cx, &build, &validation, &StepKey::literal("pull-request")).await?;
        let mut status = self.status(&build, opened.number).await?;
        self.note(cx, &build, &status.pull_request).await?;
        let mut standing = None;
        if status.pull_request.state == PullRequestState::Open {
            let ran = self.ran(cx, &build, &status.pull_request.head_sha).await?;
            build = self.show_run(cx, build, &validation, opened.number, &ran).await?;
            // CI may have taken its time: what decides is how things stand now.
            let looked_at = std::mem::replace(&mut status, self.status(&build, opened.number).await?);
            let same = status.pull_request.head_sha == looked_at.pull_request.head_sha;
            standing = same.then_some(ran.standing);
        }
        let workflow = CheckSource::Workflow(build.run.workflow.clone());
        let required: Vec<_> = validation
            .required_checks
            .iter()
            .map(|name| RequiredCheck { name: name.clone(), source: Some(workflow.clone()) })
            .collect();
        let terms = Terms {
            policy: self.options.policy,
            approvals: self.options.approvals,
            required: &required,
            built: &build.head,
            run: standing.as_ref().and_then(Standing::state),
            beyond: BeyondChecks {
                removed: build.removed.len(),
                overwritten: build.overwritten.len(),
                served: bundle.served().count(),
                gaps: self.gaps(cx, &bundle, &build, &validation).await?,
                changed_tests: build.changed_tests().len(),
            },
        };
        let head = &status.pull_request.head_sha;
        let chosen = StepKey::parse(format!("merge-decision/{head}"))?;
        let built = cx.store(&BuildReport::Published(Box::new(build.clone()))).await?;
        let (pull_request, decision, built) = match decide(&status, &terms) {
            Decision::Merge(why) => {
                // With what was known of the build: once it is merged nobody looks at its runs again.
                let (why, built) = cx.record(&chosen, head, || async { Ok((why, built)) }).await?;
                (self.merge(cx, &build, &status).await?, why, built)
            }
            // Our own merge, of which a crash kept us from hearing: it is found, and its reason is known.
            Decision::Ended(ended) if status.pull_request.state == PullRequestState::Merged => {
                match cx.recall(&chosen, head).await? {
                    Some((why, built)) => (self.merge(cx, &build, &status).await?, why, built),
                    None => (status.pull_request.clone(), ended, built),
                }
            }
            Decision::Ended(why) => (status.pull_request.clone(), why, built),
            Decision::Wait { kind, reason } => {
                let (ci, kind) = match &standing {
                    Some(standing @ (Standing::Running | Standing::Absent { .. })) => {
                        let kind = if standing.may_change() { WaitKind::Elsewhere } else { WaitKind::Person };
                        (format!("; {standing}"), kind)
                    }
                    // The head moved while CI worked: look at the new one.
                    None => (String::new(), WaitKind::Elsewhere),
                    Some(Standing::Finished(_)) => (String::new(), kind),
                };
                let reason = format!("{reason}{ci}; pull request: {}", opened.location);
                let wait = Wait::new(SignalName::literal("review"), reason).with_kind(kind);
                return Ok(Outcome::Waiting(match kind {
                    WaitKind::Elsewhere => wait.with_poll(self.options.poll),
                    WaitKind::Approval | WaitKind::Person => wait,
                }));
            }
        };
        self.note(cx, &build, &pull_request).await?;
        if pull_request.state == PullRequestState::Open {
            return Err(Error::new(ErrorKind::Internal, "review.merge", "the pull request is open after its merge")
                .with("number", pull_request.number));
        }
        Ok(Outcome::Done(ReviewOutcome::Ended(EndedReview {
            root: cx.root().clone(),
            build: built,
            pull_request,
            policy: self.options.policy,
            decision,
        })))
    }
}

/// What a pull request's comment says of a run of a head this execution did not make.
fn run_comment(run: &WorkflowRun, failure: Option<&BuildFailure>) -> String {
    let told = |state| match state {
        RunState::Completed(conclusion) => format!("{conclusion:?}").to_lowercase(),
        RunState::Pending | RunState::InProgress => "not finished".to_owned(),
    };
    let (head, verdict) = (run.head_sha.short(), told(run.state));
    let mut text = format!("CI of {}, attempt {}: **{verdict}**.\n", markdown::code(head), run.attempt);
    for job in &run.jobs {
        text.push_str(&format!("\n- {}: {}", markdown::escape(job.name.as_str()), told(job.state)));
    }
    if let Some(BuildFailure { job, step, log_tail }) = failure {
        let (job, step) = (markdown::code(job), markdown::code(step));
        text.push_str(&format!("\n\n**Failed:** job {job}, step {step}.\n\n{}", markdown::fenced(log_tail)));
    }
    text
}
