//! Between stages 6 and 7, where a model writes code: what CI says of it goes back to the model.
//!
//! ```text
//! BuildReport ─▶ green, or it speaks of nothing a model wrote ──────────────────────────────▶ BuildReport, as it came
//!       │  red
//!       └─▶ mend the stories the log names ─▶ validate all ─▶ one commit a story ─▶ CI run of the new head ─▶ BuildReport
//!               ▲                                                                          │ red, at most twice
//!               └──────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! A stage of its own, so that stages 4 to 6 stay done: their steps have been recorded and nothing of them runs twice.
//! Each round has steps of its own, named by its number, over facts (the head, the files' hashes); what was answered,
//! committed or run in a round is found again by a resume. What is still red after the last round is stage 7's, as a red
//! run always was: it shows it, does not merge and waits for a person.

use super::github_orchestrator::{PublishOptions, one_line};
use super::head_run::{HeadRuns, Standing};
use super::integration_validator::findings;
use super::story_executor::ModelOptions;
use super::story_executor::model::{CiVerdict, Mended, Red, mend};
use crate::domain::{
    ArchitecturePlan, ArtifactKey, BuildFailure, BuildRepair, BuildReport, CodeBundle, CodeFile, CommitRecord,
    CommitSha, Conclusion, PublishedBuild, RepoPath, Route, RunState, Severity, SignalName, StageName, StepKey, Stored,
    StoryId, StoryResult, StorySet, StoryStatus, UserStory, ValidationReport, Wait, WaitKind, WorkPlan,
};
use crate::pipeline::{Outcome, Stage, StageContext};
use crate::ports::{
    CommitRequest, ContinuousIntegration, FileChange, LanguageModel, RunSelector, Signature, SourceControl,
};
use crate::tables::{BuildRecord, IntegrationRecord};
use crate::{ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Gives red runs back to the model that wrote the code.
#[derive(Debug)]
pub struct BuildRepairer {
    model: Arc<dyn LanguageModel>,
    options: ModelOptions,
    source_control: Arc<dyn SourceControl>,
    ci: Arc<dyn ContinuousIntegration>,
    publish: PublishOptions,
    /// What may be used besides the packages of the plan's stack.
    further_packages: BTreeSet<String>,
}

/// What a round works on.
struct Work {
    validation: ValidationReport,
    bundle: CodeBundle,
    plan: ArchitecturePlan,
    stories: StorySet,
    contents: BTreeMap<RepoPath, Bytes>,
}

impl Work {
    async fn of(cx: &StageContext, build: &PublishedBuild) -> Result<Self> {
        let validation: ValidationReport = cx.load(&build.validation).await?;
        let bundle: CodeBundle = cx.load(&validation.bundle).await?;
        let plan: ArchitecturePlan = cx.load(&bundle.plan).await?;
        let stories: StorySet = cx.load(&plan.stories).await?;
        let mut contents = BTreeMap::new();
        for (path, file) in bundle.final_files() {
            contents.insert(path.clone(), cx.load_bytes(&file.content).await?);
        }
        Ok(Self { validation, bundle, plan, stories, contents })
    }

    fn story(&self, id: &StoryId) -> Option<&UserStory> {
        self.stories.stories.iter().find(|story| story.id == *id)
    }
}

/// How a round ended.
enum Round {
    /// The build as it is after it.
    Ended(Box<PublishedBuild>),
    /// CI works on the new head.
    Waits(Wait),
}

impl BuildRepairer {
    /// Mends with this model, and publishes through these adapters as stage 6 does.
    #[must_use]
    pub fn new(
        (model, options): (Arc<dyn LanguageModel>, ModelOptions),
        source_control: Arc<dyn SourceControl>,
        ci: Arc<dyn ContinuousIntegration>,
        publish: PublishOptions,
    ) -> Self {
        Self { model, options, source_control, ci, publish, further_packages: BTreeSet::new() }
    }

    /// The same with packages that may be used besides those of the stack: those stage 5 was given.
    #[must_use]
    pub fn with_further_packages(mut self, packages: impl IntoIterator<Item = String>) -> Self {
        self.further_packages.extend(packages);
        self
    }

    /// The stage's name: `build-repairer`.
    #[must_use]
    pub fn stage_name() -> StageName {
        StageName::literal("build-repairer")
    }

    async fn round(
        &self,
        cx: &StageContext,
        build: &PublishedBuild,
        failure: &BuildFailure,
        number: usize,
    ) -> Result<Round> {
        let mut work = Work::of(cx, build).await?;
        let planned: WorkPlan = cx.load(&work.bundle.work).await?;
        let mended = {
            let mut tree = BTreeMap::new();
            for (path, content) in &work.contents {
                // What is no text is no code a model wrote.
                if let Ok(text) = std::str::from_utf8(content) {
                    tree.insert(path.clone(), Arc::from(text));
                }
            }
            let (plan, stories, bundle) = (&work.plan, &work.stories, &work.bundle);
            let verdict = CiVerdict::of_failure(failure);
            let red = Red { plan, stories, bundle, work: &planned, tree: &tree, verdict: &verdict, round: number };
            mend(cx, &self.model, &self.options, red).await?
        };
        let mut repair = BuildRepair::new(build.head.clone(), failure.clone());
        let tests_of_stories = work.bundle.results().flat_map(|result| &result.tests).map(|test| &test.file);
        let tests_of_tasks = planned.tasks.iter().map(|task| &task.test);
        let known_tests: BTreeSet<RepoPath> = tests_of_stories.chain(tests_of_tasks).cloned().collect();
        let mut commits = Vec::new();
        for Mended { story, result, tests, model } in mended {
            match result {
                Err(reason) => repair.given_up.push((story, reason)),
                Ok(changed) => {
                    let changed_tests = changed.iter().map(|(path, _)| path).filter(|path| known_tests.contains(*path));
                    repair.changed_tests.extend(changed_tests.cloned());
                    let route = Route::Model { model };
                    let files = keep(cx, &mut work.contents, changed, &story, route, failure).await?;
                    repair.mended.push(story.clone());
                    let result = StoryResult { story, status: StoryStatus::Done, files, tests };
                    commits.push(result.clone());
                    work.bundle.repairs.push(result);
                }
            }
        }
        let mut next = build.clone();
        if commits.is_empty() {
            if !repair.given_up.is_empty() {
                next.repairs.push(repair);
            }
            return Ok(Round::Ended(Box::new(next)));
        }
        match self.validated(cx, &work).await? {
            Ok(validation) => next.validation = validation,
            // What fits story by story does not fit together: the branch stays as it is.
            Err(reason) => {
                let mended = std::mem::take(&mut repair.mended);
                repair.given_up.extend(mended.into_iter().map(|story| (story, reason.clone())));
                next.repairs.push(repair);
                return Ok(Round::Ended(Box::new(next)));
            }
        }
        let made = match self.commit_all(cx, build, &work, &commits, failure, number).await {
            Err(error) if error.kind() == ErrorKind::Conflict && self.was_pushed_to(build).await? => {
                // What a person pushed stands, and is stage 7's to look at.
                let mut pushed = build.clone();
                let mended = std::mem::take(&mut repair.mended);
                let reason = "somebody pushed to the branch meanwhile";
                repair.given_up.extend(mended.into_iter().map(|story| (story, reason.to_owned())));
                repair.changed_tests.clear();
                pushed.repairs.push(repair);
                return Ok(Round::Ended(Box::new(pushed)));
            }
            other => other?,
        };
        next.repairs.push(repair);
        next.head = made.last().map_or_else(|| build.head.clone(), |commit| commit.sha.clone());
        next.commits.extend(made);
        self.checked(cx, next).await
    }

    /// The report on the mended project, or what is wrong with it. What was mended was validated on the way; this is the
    /// look at all of it.
    async fn validated(&self, cx: &StageContext, work: &Work) -> Result<Result<Stored<ValidationReport>, String>> {
        let findings = findings(&work.plan, &work.bundle, &self.further_packages, &work.contents)?;
        if let Some(first) = findings.iter().find(|finding| finding.severity == Severity::Error) {
            return Ok(Err(format!("{} in {}: {}", first.rule, first.file, first.message)));
        }
        for result in &work.bundle.repairs {
            for file in &result.files {
                let key = ArtifactKey::generated(cx.root(), cx.execution(), &file.path);
                if let Some(content) = work.contents.get(&file.path) {
                    cx.publish(&key, content.clone()).await?;
                }
            }
        }
        let bundle = cx.store(&work.bundle).await?;
        Ok(Ok(cx.store(&ValidationReport { bundle, findings, ..work.validation.clone() }).await?))
    }

    /// Whether the branch is no longer where this round began; of the round's own commits each has the one before it as
    /// its parent, so those move it without a conflict.
    async fn was_pushed_to(&self, build: &PublishedBuild) -> Result<bool> {
        let head = self.source_control.branch_head(&build.repository, &build.branch).await?;
        Ok(head.as_ref() != Some(&build.head))
    }

    async fn commit_all(
        &self,
        cx: &StageContext,
        build: &PublishedBuild,
        work: &Work,
        results: &[StoryResult],
        failure: &BuildFailure,
        round: usize,
    ) -> Result<Vec<CommitRecord>> {
        let mut parent = build.head.clone();
        let mut made = Vec::with_capacity(results.len());
        for (place, result) in results.iter().enumerate() {
            let title = work.story(&result.story).map_or(result.story.as_str(), |story| &story.title);
            let message = message(title, &result.story, failure);
            let step = StepKey::parse(format!("commit/{round}/{place}/{}", result.story))?;
            let hashes: Vec<_> = result.files.iter().map(|file| (&file.path, &file.content.hash)).collect();
            let seconds = (build.commits.len() + place + 1) as u64;
            let (request_parent, request_message) = (parent.clone(), message.clone());
            let sha: CommitSha = cx
                .step(&step, &(&parent, hashes), |key| async move {
                    let mut changes = Vec::with_capacity(result.files.len());
                    for file in &result.files {
                        let (path, executable) = (file.path.clone(), file.executable);
                        let content = cx.load_bytes(&file.content).await?;
                        changes.push(FileChange::Put { path, content, executable });
                    }
                    let request = CommitRequest {
                        branch: build.branch.clone(),
                        parent: request_parent,
                        changes,
                        message: request_message,
                        author: self.signature(cx, seconds),
                    };
                    self.source_control.commit(&build.repository, &request, &key).await
                })
                .await?;
            let title = message.lines().next().unwrap_or_default().to_owned();
            made.push(CommitRecord { sha: sha.clone(), title, stories: vec![result.story.clone()] });
            parent = sha;
        }
        Ok(made)
    }

    fn signature(&self, cx: &StageContext, seconds: u64) -> Signature {
        Signature {
            name: self.publish.author_name.clone(),
            email: self.publish.author_email.clone(),
            at: cx.started_at().plus(Duration::from_secs(seconds)),
        }
    }

    /// The build with the CI run of its new head.
    async fn checked(&self, cx: &StageContext, mut build: PublishedBuild) -> Result<Round> {
        if let Some(mut known) =
            IntegrationRecord::of(cx.records().as_ref(), cx.root().project(), cx.execution()).await?
        {
            known.head = build.head.clone();
            cx.write_records(vec![known.write()?]).await?;
        }
        let workflow = build.run.workflow.clone();
        let selector = RunSelector { workflow, head_sha: build.head.clone(), branch: build.branch.clone() };
        let deadline = self.publish.run_deadline;
        let runs = HeadRuns { cx, ci: self.ci.as_ref(), repository: &build.repository, deadline };
        let run = match runs.ensure(&selector).await? {
            Standing::Finished(run) => *run,
            standing => {
                let reason = format!("mended commit {}: {standing}", build.head.short());
                let wait = Wait::new(SignalName::literal("build"), reason);
                return Ok(Round::Waits(match standing.may_change() {
                    true => wait.with_kind(WaitKind::Elsewhere).with_poll(self.publish.poll),
                    false => wait,
                }));
            }
        };
        let record = BuildRecord::new(cx.execution().clone(), build.repository.clone(), run.clone())?;
        cx.write_records(vec![record.write()?]).await?;
        build.failure = runs.failure(&run, self.publish.log_tail_bytes).await?;
        build.run = run;
        Ok(Round::Ended(Box::new(build)))
    }
}

/// Keeps changed files, and notes them among the contents of the project.
async fn keep(
    cx: &StageContext,
    contents: &mut BTreeMap<RepoPath, Bytes>,
    changed: Vec<(RepoPath, String)>,
    story: &StoryId,
    route: Route,
    failure: &BuildFailure,
) -> Result<Vec<CodeFile>> {
    let mut files = Vec::with_capacity(changed.len());
    for (path, text) in changed {
        let text = Bytes::from(text);
        contents.insert(path.clone(), text.clone());
        files.push(CodeFile {
            path,
            content: cx.store_bytes(text).await?,
            executable: false,
            route: route.clone(),
            reason: format!("CI was red in job {}, step {}", failure.job, failure.step),
            stories: vec![story.clone()],
        });
    }
    Ok(files)
}

fn message(title: &str, story: &StoryId, failure: &BuildFailure) -> String {
    let line = one_line;
    let subject: String = format!("Mend: {}", line(title)).chars().take(72).collect();
    let (job, step) = (line(&failure.job), line(&failure.step));
    format!("{subject}\n\nCI was red: job {job}, step {step}.\n\nStory: {story} (done)\n")
}

#[async_trait]
impl Stage for BuildRepairer {
    type Input = BuildReport;
    type Output = BuildReport;

    fn name(&self) -> StageName {
        Self::stage_name()
    }

    fn revision(&self) -> String {
        let PublishOptions { author_name, author_email, .. } = &self.publish;
        let further = &self.further_packages;
        format!("1 {} {} {author_name} {author_email} {further:?}", self.options.ci_rounds, self.options.revision())
    }

    async fn run(&self, cx: &StageContext, report: BuildReport) -> Result<Outcome<BuildReport>> {
        let mut build = match report {
            BuildReport::Published(build) => *build,
            BuildReport::Unchanged(_) => return Ok(Outcome::Done(report)),
        };
        for number in 1..=self.options.ci_rounds {
            // A run that was cancelled, or did not end, says nothing of the code.
            let is_red = build.run.state == RunState::Completed(Conclusion::Failure);
            let Some(failure) = build.failure.clone().filter(|_| is_red) else { break };
            let head = build.head.clone();
            match Box::pin(self.round(cx, &build, &failure, number)).await? {
                Round::Waits(wait) => return Ok(Outcome::Waiting(wait)),
                Round::Ended(next) => build = *next,
            }
            if build.head == head {
                break;
            }
        }
        Ok(Outcome::Done(BuildReport::Published(Box::new(build))))
    }
}
