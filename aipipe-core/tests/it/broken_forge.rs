//! Forges that break one promise each fail the suites; those that keep them in another way pass.

use aipipe_core::domain::{
    BranchName, CheckRun, CommitSha, Conclusion, ContentId, IdempotencyKey, Isolation, JobId, JobResult, MayApprove,
    PullRequest, PullRequestStatus, RepoPath, RepositoryRef, RunId, RunState, WorkflowRun,
};
use aipipe_core::ports::{
    CiCapabilities, CommitRequest, ContinuousIntegration, FileChange, MergeSpec, PullRequestSpec, RepositorySpec,
    ReviewCapabilities, ReviewDesk, ReviewSpec, RunSelector, SourceControl, SourceControlCapabilities, TreeEntry,
};
use aipipe_core::testing::MemoryForge;
use aipipe_core::testing::conformance::{self, CiHooks, OwnRuns, Report, ReviewHooks};
use aipipe_core::{ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// How a forge can break a promise, or keep all of them otherwise than [`MemoryForge`] does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Way {
    Honest,
    // CI that keeps its promises.
    StartsOnPush,
    TakesItsTime,
    // CI that does not.
    AlwaysGreen,
    PassesOverSteps,
    IgnoresNeeds,
    SaysNothing,
    CannotCancel,
    RunsAgainEachTime,
    TakesUnknownForSuccess,
    // Source control that keeps its promises without ids of contents.
    HidesIds,
    // Source control that does not.
    IgnoresParent,
    GuessesContent,
    // A branch on which somebody else commits as soon as it has two commits.
    IsPushedTo,
    // Review desks.
    IgnoresExpectedHead,
    DuplicatesComments,
    ForgetsChecks,
    CountsOldChecks,
    LetsEverybodyApprove,
    ForgetsWhoMay,
}

/// A [`MemoryForge`] that goes its own way and counts what is read of its repositories.
#[derive(Debug)]
pub struct Forge {
    inner: Arc<MemoryForge>,
    way: Way,
    asked: AtomicUsize,
    looked: Mutex<BTreeMap<String, usize>>,
    lists: AtomicUsize,
    reads: AtomicUsize,
}

impl Forge {
    fn new(way: Way) -> Arc<Self> {
        Self::over(Arc::default(), way)
    }

    /// The same repositories as `inner` has.
    pub fn over(inner: Arc<MemoryForge>, way: Way) -> Arc<Self> {
        let zero = || AtomicUsize::new(0);
        Arc::new(Self { inner, way, asked: zero(), looked: Mutex::default(), lists: zero(), reads: zero() })
    }

    /// How often files were listed, and how many were read.
    pub fn counts(&self) -> (usize, usize) {
        (self.lists.load(Ordering::SeqCst), self.reads.load(Ordering::SeqCst))
    }

    fn number(&self) -> usize {
        self.asked.fetch_add(1, Ordering::SeqCst)
    }

    fn shown(&self, mut run: WorkflowRun) -> WorkflowRun {
        let green = RunState::Completed(Conclusion::Success);
        let bad = |job: &JobResult| job.state.is_completed() && !job.state.is_success();
        match self.way {
            Way::AlwaysGreen => {
                run.state = green;
                run.jobs.iter_mut().for_each(|job| job.state = green);
            }
            Way::IgnoresNeeds => {
                let skipped = RunState::Completed(Conclusion::Skipped);
                run.jobs.iter_mut().filter(|job| job.state == skipped).for_each(|job| job.state = green);
            }
            Way::TakesItsTime if !bad(&run.jobs[0]) && run.state.is_completed() => {
                let mut looked = self.looked.lock().unwrap();
                let times = looked.entry(format!("{}/{}", run.location, run.attempt)).or_default();
                *times += 1;
                if *times < 4 {
                    run.state = RunState::InProgress;
                }
            }
            _ => {}
        }
        run
    }
}

#[async_trait]
impl ContinuousIntegration for Forge {
    fn capabilities(&self) -> CiCapabilities {
        CiCapabilities::new(self.way == Way::StartsOnPush, None)
    }

    async fn runs(&self, repository: &RepositoryRef, selector: &RunSelector) -> Result<Vec<WorkflowRun>> {
        if self.way == Way::StartsOnPush {
            match self.ensure_run(repository, selector, &IdempotencyKey::parse("unused")?).await {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                other => drop(other?),
            }
        }
        let runs = self.inner.runs(repository, selector).await?;
        Ok(runs.into_iter().map(|run| self.shown(run)).collect())
    }

    async fn ensure_run(
        &self,
        repository: &RepositoryRef,
        selector: &RunSelector,
        key: &IdempotencyKey,
    ) -> Result<Option<WorkflowRun>> {
        let of_push = IdempotencyKey::derive(&["push", selector.head_sha.as_str(), selector.workflow.as_str()]);
        let key = if self.way == Way::StartsOnPush { &of_push } else { key };
        if self.way == Way::TakesItsTime && self.number().is_multiple_of(2) {
            // The host has heard of it; the run appears a little later.
            self.inner.runs(repository, selector).await?;
            let known = self.inner.list_files(repository, &selector.head_sha).await;
            return known.map(|_| None);
        }
        let run = match self.inner.ensure_run(repository, selector, key).await {
            Err(error) if error.kind() == ErrorKind::Unsupported && self.way == Way::PassesOverSteps => {
                let (id, workflow) = (RunId::parse("passed-over")?, selector.workflow.clone());
                let mut run = WorkflowRun::new(id, workflow, selector.head_sha.clone(), Isolation::Unknown, "");
                run.state = RunState::Completed(Conclusion::Success);
                return Ok(Some(run));
            }
            other => other?,
        };
        Ok(run.map(|run| self.shown(run)))
    }

    async fn log_tail(&self, repository: &RepositoryRef, run: &RunId, job: &JobId, max_bytes: usize) -> Result<String> {
        let log = self.inner.log_tail(repository, run, job, max_bytes).await?;
        Ok(if self.way == Way::SaysNothing { String::new() } else { log })
    }

    async fn cancel(&self, repository: &RepositoryRef, run: &RunId) -> Result<()> {
        match self.way {
            Way::CannotCancel => Ok(()),
            _ => self.inner.cancel(repository, run).await,
        }
    }

    async fn rerun(&self, repository: &RepositoryRef, run: &RunId, attempt: u32) -> Result<WorkflowRun> {
        let mut attempt = attempt;
        if self.way == Way::RunsAgainEachTime && attempt == 2 {
            attempt += u32::try_from(self.number()).unwrap();
        }
        self.inner.rerun(repository, run, attempt).await.map(|run| self.shown(run))
    }
}

#[async_trait]
impl CiHooks for Forge {
    fn patience(&self) -> usize {
        50
    }

    fn of_unknown_state(&self) -> Option<RunState> {
        Some(match self.way {
            Way::TakesUnknownForSuccess => RunState::Completed(Conclusion::Success),
            _ => RunState::Pending,
        })
    }
}

#[async_trait]
impl SourceControl for Forge {
    fn capabilities(&self) -> SourceControlCapabilities {
        SourceControl::capabilities(&*self.inner)
    }

    fn content_id(&self, content: &[u8]) -> Option<ContentId> {
        match self.way {
            Way::HidesIds => None,
            Way::GuessesContent => ContentId::parse(format!("length-{}", content.len())).ok(),
            _ => self.inner.content_id(content),
        }
    }

    async fn ensure_repository(&self, spec: &RepositorySpec, key: &IdempotencyKey) -> Result<RepositoryRef> {
        self.inner.ensure_repository(spec, key).await
    }

    async fn ensure_branch(
        &self,
        repository: &RepositoryRef,
        branch: &BranchName,
        from: &CommitSha,
        key: &IdempotencyKey,
    ) -> Result<CommitSha> {
        self.inner.ensure_branch(repository, branch, from, key).await
    }

    async fn branch_head(&self, repository: &RepositoryRef, branch: &BranchName) -> Result<Option<CommitSha>> {
        self.inner.branch_head(repository, branch).await
    }

    async fn commit(
        &self,
        repository: &RepositoryRef,
        request: &CommitRequest,
        key: &IdempotencyKey,
    ) -> Result<CommitSha> {
        let mut request = request.clone();
        if self.way == Way::IgnoresParent
            && let Some(head) = self.inner.branch_head(repository, &request.branch).await?
        {
            request.parent = head;
        }
        let made = self.inner.commit(repository, &request, key).await?;
        if self.way == Way::IsPushedTo && self.number() == 1 {
            request.parent = made.clone();
            request.changes = vec![FileChange::Put {
                path: RepoPath::parse("PUSHED.md")?,
                content: Bytes::from_static(b"pushed"),
                executable: false,
            }];
            self.inner.commit(repository, &request, &IdempotencyKey::derive(&["pushed"])).await?;
        }
        Ok(made)
    }

    async fn list_files(&self, repository: &RepositoryRef, commit: &CommitSha) -> Result<Vec<TreeEntry>> {
        self.lists.fetch_add(1, Ordering::SeqCst);
        let mut listed = self.inner.list_files(repository, commit).await?;
        if self.way == Way::HidesIds {
            listed.iter_mut().for_each(|entry| entry.content_id = None);
        }
        Ok(listed)
    }

    async fn read_file(&self, repository: &RepositoryRef, commit: &CommitSha, path: &RepoPath) -> Result<Bytes> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.inner.read_file(repository, commit, path).await
    }

    async fn delete_branch(&self, repository: &RepositoryRef, branch: &BranchName, expected: &CommitSha) -> Result<()> {
        self.inner.delete_branch(repository, branch, expected).await
    }

    async fn delete_repository(&self, repository: &RepositoryRef, key: &IdempotencyKey) -> Result<()> {
        self.inner.delete_repository(repository, key).await
    }
}

#[async_trait]
impl ReviewDesk for Forge {
    fn capabilities(&self) -> ReviewCapabilities {
        ReviewDesk::capabilities(&*self.inner)
    }

    async fn open(
        &self,
        repository: &RepositoryRef,
        spec: &PullRequestSpec,
        key: &IdempotencyKey,
    ) -> Result<PullRequest> {
        self.inner.open(repository, spec, key).await
    }

    async fn status(&self, repository: &RepositoryRef, number: u64) -> Result<PullRequestStatus> {
        let mut status = self.inner.status(repository, number).await?;
        match self.way {
            Way::ForgetsChecks => status.checks.truncate(30),
            Way::CountsOldChecks => {
                let mut seen = self.looked.lock().unwrap();
                let most = seen.entry(format!("{}/{number}", repository.name)).or_default();
                *most = status.checks.len().max(*most);
                if status.checks.len() < *most {
                    let head = status.pull_request.head_sha.clone();
                    let passed = RunState::Completed(Conclusion::Success);
                    status.checks = vec![CheckRun::new("passed".parse().unwrap(), head, passed)];
                }
            }
            Way::LetsEverybodyApprove => {
                status.reviews.iter_mut().for_each(|review| review.may_approve = MayApprove::Yes);
            }
            Way::ForgetsWhoMay => {
                status.reviews.iter_mut().for_each(|review| review.may_approve = MayApprove::Unknown);
            }
            _ => {}
        }
        Ok(status)
    }

    async fn comment(&self, repository: &RepositoryRef, number: u64, body: &str, key: &IdempotencyKey) -> Result<()> {
        match self.way {
            Way::DuplicatesComments => {
                let fresh = IdempotencyKey::parse(format!("comment-{}", self.number()))?;
                self.inner.comment(repository, number, body, &fresh).await
            }
            _ => self.inner.comment(repository, number, body, key).await,
        }
    }

    async fn review(
        &self,
        repository: &RepositoryRef,
        number: u64,
        spec: &ReviewSpec,
        key: &IdempotencyKey,
    ) -> Result<()> {
        self.inner.review(repository, number, spec, key).await
    }

    async fn merge(
        &self,
        repository: &RepositoryRef,
        number: u64,
        spec: &MergeSpec,
        key: &IdempotencyKey,
    ) -> Result<PullRequest> {
        let mut spec = spec.clone();
        if self.way == Way::IgnoresExpectedHead {
            spec.expected_head = self.inner.status(repository, number).await?.pull_request.head_sha;
        }
        self.inner.merge(repository, number, &spec, key).await
    }

    async fn close(&self, repository: &RepositoryRef, number: u64, key: &IdempotencyKey) -> Result<PullRequest> {
        self.inner.close(repository, number, key).await
    }
}

fn failed(report: &Report) -> Vec<&'static str> {
    report.failures().into_iter().map(|(property, _)| property).collect()
}

async fn ci_failures(way: Way) -> Vec<&'static str> {
    let forge = Forge::new(way);
    let (ci, source) = (forge.clone() as Arc<dyn ContinuousIntegration>, forge.clone() as Arc<dyn SourceControl>);
    let report = conformance::continuous_integration(&ci, &source, &*forge).await;
    failed(&report)
}

#[tokio::test]
async fn ci_of_any_make_passes_its_suite_when_it_keeps_its_promises() {
    for way in [Way::Honest, Way::StartsOnPush, Way::TakesItsTime] {
        assert_eq!(ci_failures(way).await, Vec::<&str>::new(), "{way:?}");
    }
    let forge = Arc::new(MemoryForge::default());
    let (ci, source) = (forge.clone() as Arc<dyn ContinuousIntegration>, forge as Arc<dyn SourceControl>);
    let report = conformance::continuous_integration(&ci, &source, &OwnRuns).await;
    assert_eq!(failed(&report), Vec::<&str>::new());
    let skipped: Vec<_> = report.skipped().into_iter().map(|(property, _)| property).collect();
    assert_eq!(skipped, ["unknown states are pending"], "what is not checked is not counted");
    assert!(!report.properties().contains(&"unknown states are pending"), "{report}");
}

#[tokio::test]
async fn broken_ci_fails_its_suite() {
    let red = "a failing step makes its job and the run red, and others green";
    let needs = "a job runs after those it needs, and not when one failed";
    for (way, property) in [
        (Way::AlwaysGreen, red),
        (Way::AlwaysGreen, needs),
        (Way::PassesOverSteps, "a step that can't be executed is never passed over"),
        (Way::IgnoresNeeds, needs),
        (Way::SaysNothing, red),
        (Way::SaysNothing, "log tails hold what was said last, in whole lines"),
        (Way::CannotCancel, "a running run is cancelled"),
        (Way::RunsAgainEachTime, "a run again is the next attempt, made once"),
        (Way::TakesUnknownForSuccess, "unknown states are pending"),
    ] {
        let failures = ci_failures(way).await;
        assert!(failures.contains(&property), "{way:?} fails only {failures:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_source_control_fails_its_suite() {
    let failures = async |way| failed(&conformance::source_control(&(Forge::new(way) as Arc<dyn SourceControl>)).await);
    for way in [Way::Honest, Way::HidesIds] {
        assert_eq!(failures(way).await, Vec::<&str>::new(), "the control");
    }
    let ignoring = failures(Way::IgnoresParent).await;
    assert!(ignoring.contains(&"a commit on anything but the head is refused"), "{ignoring:?}");
    assert!(ignoring.contains(&"of 6 concurrent commits on one parent one wins"), "{ignoring:?}");
    let guessing = failures(Way::GuessesContent).await;
    assert_eq!(guessing, ["content ids say which files are equal, without reading them"]);
}

#[tokio::test]
async fn broken_review_desks_fail_their_suite() {
    let failures = async |way| {
        let forge = Forge::new(way);
        let (desk, source) = (forge.clone() as Arc<dyn ReviewDesk>, forge.clone() as Arc<dyn SourceControl>);
        failed(&conformance::review_desk(&desk, &source, &*forge.inner as &dyn ReviewHooks).await)
    };
    assert_eq!(failures(Way::Honest).await, Vec::<&str>::new(), "the control");
    let checks = "checks of the head are reported, with state and source, and no others";
    for (way, property) in [
        (Way::IgnoresExpectedHead, "a merge happens at the expected head only"),
        (Way::DuplicatesComments, "a comment with the same key is made once"),
        (Way::ForgetsChecks, checks),
        (Way::CountsOldChecks, checks),
        (Way::LetsEverybodyApprove, "a stranger may not approve"),
        (Way::ForgetsWhoMay, "a review says whether its reviewer may approve"),
    ] {
        assert_eq!(failures(way).await, [property], "{way:?}");
    }
}
