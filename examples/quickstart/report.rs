//! What a run came to, for people and as JSON.

use crate::session::{Recipe, Session};
use aipipe::ErrorKind;
use aipipe::domain::{
    ArchitecturePlan, BuildFailure, BuildReport, CodeBundle, CodeFile, CommitSha, Cost, DocumentSet, ExecutionStatus,
    ExecutionSummary, Isolation, Mergeable, OpenQuestion, PublishedBuild, PullRequestState, Refusal, Route, RunState,
    Stack, StackDecision, StackVerdict, StoryResult, StorySet, StoryStatus, TraceGates, TraceMatrix, Traced,
    UnchangedBase, WaitKind, WorkflowRun,
};
use aipipe::local::CREDENTIALS_WITHHELD;
use aipipe::ports::{ArtifactStore, ContinuousIntegration as _, ReviewDesk as _, RunSelector};
use aipipe::stages::{
    ArchitecturePlanner, DocumentProcessor, GithubOrchestrator, RequirementsSynthesizer, StoryExecutor,
};
use aipipe::tables::IntegrationRecord;
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

/// How much of a failing job's log to show.
const LOG_TAIL_BYTES: usize = 4096;

/// A CI run, and what failed in it.
#[derive(Debug)]
struct HeadRun {
    run: WorkflowRun,
    failure: Option<BuildFailure>,
}

/// Everything the finished stages have left.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) summary: ExecutionSummary,
    documents: Option<DocumentSet>,
    stories: Option<StorySet>,
    plan: Option<ArchitecturePlan>,
    /// The evidence, where none of the five stacks fits and somebody has to choose.
    none_fits: Option<StackVerdict>,
    bundle: Option<CodeBundle>,
    build: Option<BuildReport>,
    /// The last CI run of the head as it is now: somebody may have pushed, or had it run again after stage 6.
    run: Option<HeadRun>,
    pull_request: Option<aipipe::domain::PullRequestStatus>,
    replayed: BTreeSet<String>,
    refused: Vec<Refusal>,
}

impl Report {
    pub(crate) async fn of(session: &Session, recipe: &Recipe) -> Result<Self> {
        let (engine, id) = (&session.engine, &recipe.execution);
        let mut build: Option<BuildReport> = engine.stage_output(id, &GithubOrchestrator::stage_name()).await?;
        let records = session.workspace.records.as_ref();
        let integration = IntegrationRecord::of(records, &recipe.project, id).await?;
        let pull_request = match (&build, integration.and_then(|record| record.pull_request)) {
            (Some(build), Some((number, _))) => {
                Some(session.workspace.review_desk.status(build.repository(), number).await?)
            }
            _ => None,
        };
        let mut run = None;
        if let Some(BuildReport::Published(build)) = &mut build {
            let head = pull_request.as_ref().map_or(&build.head, |status| &status.pull_request.head_sha).clone();
            run = last_run(session, build, &head).await?;
        }
        let summary = engine.summary(id).await?;
        let documents: Option<DocumentSet> = engine.stage_output(id, &DocumentProcessor::stage_name()).await?;
        let stories: Option<StorySet> = engine.stage_output(id, &RequirementsSynthesizer::stage_name()).await?;
        let chooses = summary.wait.as_ref().is_some_and(|wait| wait.signal == ArchitecturePlanner::stack_choice());
        let none_fits = match (&documents, &stories) {
            (Some(documents), Some(stories)) if chooses => {
                let artifacts: Arc<dyn ArtifactStore> = session.workspace.artifacts.clone();
                Some(ArchitecturePlanner::default().verdict(&artifacts, documents, stories).await?)
            }
            _ => None,
        };
        Ok(Self {
            run,
            summary,
            documents,
            stories,
            none_fits,
            plan: engine.stage_output(id, &ArchitecturePlanner::stage_name()).await?,
            bundle: engine.stage_output(id, &StoryExecutor::stage_name()).await?,
            build,
            pull_request,
            replayed: session.progress.replayed(),
            refused: session.progress.refused(),
        })
    }

    /// The base, when it had all of the result already: nothing was published.
    pub(crate) fn unchanged(&self) -> Option<&UnchangedBase> {
        match &self.build {
            Some(BuildReport::Unchanged(base)) => Some(base),
            _ => None,
        }
    }

    fn published(&self) -> Option<&PublishedBuild> {
        self.build.as_ref().and_then(BuildReport::published)
    }

    /// The way from the requirements to what shows them.
    fn matrix(&self) -> Option<TraceMatrix> {
        let (stories, plan, bundle) = (self.stories.as_ref()?, self.plan.as_ref()?, self.bundle.as_ref()?);
        Some(TraceMatrix::of(Traced { stories, plan, bundle, build: self.published(), required_checks: &[] }))
    }

    /// Whether checks alone can't decide: something goes, is overwritten or not shown by a test, or no story is served.
    fn is_left_to_a_person(&self) -> bool {
        let takes = self.published().is_some_and(|build| !build.removed.is_empty() || !build.overwritten.is_empty());
        let unshown = self.matrix().is_some_and(|matrix| !matrix.held(&TraceGates::default()).is_empty());
        takes || unshown || self.bundle.as_ref().is_some_and(|bundle| bundle.served().count() == 0)
    }

    fn status(&self) -> &'static str {
        match (self.summary.status, self.unchanged()) {
            (ExecutionStatus::Completed, Some(_)) => "unchanged",
            (status, _) => status.as_str(),
        }
    }

    /// 0: merged, waiting for the review that was asked for, or nothing to do; 2: stopped for a person; 1: failed.
    pub(crate) fn exit_code(&self, recipe: &Recipe) -> u8 {
        let pull_state = self.pull_request.as_ref().map(|status| status.pull_request.state);
        // Nothing is missing but what was asked for.
        let for_approval = self.summary.wait.as_ref().is_some_and(|wait| wait.kind == WaitKind::Approval);
        match self.summary.status {
            ExecutionStatus::Completed if self.unchanged().is_some() => 0,
            ExecutionStatus::Completed if pull_state == Some(PullRequestState::Merged) => 0,
            ExecutionStatus::Waiting if recipe.human_review && for_approval => 0,
            ExecutionStatus::Completed | ExecutionStatus::Waiting => 2,
            ExecutionStatus::Running | ExecutionStatus::Failed | ExecutionStatus::Cancelled => 1,
        }
    }

    /// Whether a check of the pull request's head failed.
    fn is_red(&self) -> bool {
        let red = |state: RunState| state.is_completed() && !state.is_success();
        self.pull_request.as_ref().is_some_and(|status| status.checks.iter().any(|check| red(check.state)))
    }

    /// Whether the branch can't be merged as it is.
    fn conflicts(&self) -> bool {
        self.pull_request.as_ref().is_some_and(|status| status.mergeable == Mergeable::Conflicts)
    }

    /// Whether an installation failed because it got no credentials.
    fn lacks_credentials(&self) -> bool {
        let jobs = self.run.as_ref().map_or(&[][..], |of| &of.run.jobs);
        let notes = jobs.iter().flat_map(|job| &job.steps).filter_map(|step| step.note.as_ref());
        notes
            .chain(self.summary.failure.as_ref().map(|failure| &failure.message))
            .any(|said| said.contains(CREDENTIALS_WITHHELD))
    }

    /// The stack with scores and evidence; without an id where none fits.
    fn stack(&self) -> Option<Value> {
        let chosen = |decision: &StackDecision| {
            json!({
                "id": decision.stack,
                "choice": decision.choice,
                "explanation": decision.explanation,
                "scores": decision.scores,
                "evidence": decision.evidence,
            })
        };
        let verdict = match &self.none_fits {
            Some(StackVerdict::NoneFits { reason, scores, evidence }) => Some(json!({
                "id": null,
                "choice": null,
                "explanation": reason,
                "scores": scores,
                "evidence": evidence,
            })),
            Some(StackVerdict::Chosen(decision)) => Some(chosen(decision)),
            None => None,
        };
        self.plan.as_ref().map(|plan| chosen(&plan.decision)).or(verdict)
    }

    pub(crate) fn json(&self) -> Value {
        let summary = &self.summary;
        json!({
            "execution": summary.id,
            "status": self.status(),
            "waiting_for": summary.wait,
            "failure": summary.failure.as_ref().map(|failure| &failure.message),
            "failure_kind": summary.failure.as_ref().map(|failure| failure.kind),
            "project_root": summary.root,
            "repository": self.build.as_ref().map(|build| &build.repository().location),
            "branch": self.published().map(|build| &build.branch),
            "pull_request": self.pull_request.as_ref().map(|status| json!({
                "number": status.pull_request.number,
                "path": status.pull_request.location,
                "state": status.pull_request.state,
                "reviews": status.reviews,
            })),
            "head_sha": self.head(),
            "built_sha": self.published().map(|build| &build.head),
            "merge_sha": self.pull_request.as_ref().and_then(|status| status.pull_request.merge_sha.as_ref()),
            "stack": self.stack(),
            "stories": self.story_rows(),
            "traceability": self.matrix().map(|matrix| json!({
                "gaps": matrix.gaps,
                "for_a_person": matrix.held(&TraceGates::default()).len(),
            })),
            "questions": self.stories.as_ref().map(|_| self.questions().collect::<Vec<_>>()),
            "uncovered": self.stories.as_ref().map(|stories| &stories.uncovered),
            "extraction": self.stories.as_ref().map(|stories| &stories.extraction),
            "documents": {
                "read": self.documents.iter().flat_map(|set| &set.documents).map(|document| json!({
                    "name": document.name,
                    "format": document.format,
                    "version": document.version,
                    "segments": document.segments.len(),
                    "warnings": document.warnings,
                })).collect::<Vec<_>>(),
                // Where no document could be read the stage has no result, but has told why.
                "refused": self.documents.as_ref().map_or(&self.refused, |set| &set.refused),
            },
            "checks": self.run.as_ref().map(|of| of.run.jobs.iter().map(|job| json!({
                "name": job.name,
                "state": job.state,
                "steps": job.steps,
            })).collect::<Vec<_>>()),
            "removed": self.published().map(|build| &build.removed),
            "overwritten": self.published().map(|build| &build.overwritten),
            "isolation": self.run.as_ref().map(|of| &of.run.isolation),
            "build_failure": self.run.as_ref().and_then(|of| of.failure.as_ref()),
            "cost_usd": match summary.spending.cost {
                Cost::Known(cost) => Value::String(cost.to_string()),
                Cost::AtLeast(_) => Value::Null,
            },
            "model_calls": summary.spending.calls,
            // Over all processes that worked on it, not in this one alone.
            "stages": summary.stages.iter().map(|time| json!({
                "stage": time.stage,
                "seconds": time.worked.as_secs_f64(),
                "replayed": self.replayed.contains(time.stage.as_str()),
            })).collect::<Vec<_>>(),
        })
    }

    /// The head of the pull request as it is now, or what was built where there is none yet.
    fn head(&self) -> Option<&CommitSha> {
        match &self.pull_request {
            Some(status) => Some(&status.pull_request.head_sha),
            None => self.published().map(|build| &build.head),
        }
    }

    fn results(&self) -> &[StoryResult] {
        self.bundle.as_ref().map_or(&[], |bundle| &bundle.stories)
    }

    fn story_rows(&self) -> Vec<Value> {
        let stories = self.stories.as_ref().map_or(&[][..], |stories| &stories.stories);
        let row = |story: &aipipe::domain::UserStory| {
            let result = self.results().iter().find(|result| result.story == story.id);
            json!({
                "id": story.id,
                "title": story.title,
                "priority": story.priority,
                "status": result.map_or("planned", |result| result.status.label()),
                "detail": result.map(|result| &result.status),
                "route": result.map(|result| routes(&result.files)),
                "files": result.map_or(&[][..], |result| &result.files).iter().map(|file| json!({
                    "path": file.path,
                    "route": file.route,
                    "reason": file.reason,
                })).collect::<Vec<_>>(),
                "tests": result.map_or(0, |result| result.tests.len()),
            })
        };
        stories.iter().map(row).collect()
    }

    /// What a person should answer: about the stories, and about their plan.
    fn questions(&self) -> impl Iterator<Item = &OpenQuestion> {
        let of_stories = self.stories.iter().flat_map(|stories| &stories.questions);
        of_stories.chain(self.plan.iter().flat_map(|plan| &plan.questions))
    }

    pub(crate) fn text(&self, recipe: &Recipe, workspace: &Path) -> String {
        let mut text = String::new();
        let summary = &self.summary;
        let _ = writeln!(text, "\n{}  {}  ({})", summary.root, summary.id, self.status());
        if let Some(documents) = &self.documents {
            let _ =
                writeln!(text, "  documents   {} read, {} refused", documents.documents.len(), documents.refused.len());
        }
        if let Some(stories) = &self.stories {
            let _ = writeln!(
                text,
                "  stories     {} from {} requirements, {} open questions, {} sentences no rule understood",
                stories.stories.len(),
                stories.requirements.len(),
                self.questions().count(),
                stories.uncovered.len()
            );
        }
        if let Some(plan) = &self.plan {
            let _ = writeln!(text, "  stack       {}: {}", plan.decision.stack.title(), plan.decision.explanation);
        }
        let count = |wanted: fn(&StoryStatus) -> bool| self.results().iter().filter(|r| wanted(&r.status)).count();
        if self.bundle.is_some() {
            let done = count(|status| matches!(status, StoryStatus::Done));
            let partial = count(|status| matches!(status, StoryStatus::Partial { .. }));
            let _ = writeln!(text, "  code        {done} stories done, {partial} partly");
        }
        self.list_open(&mut text);
        if let Some(HeadRun { run, failure }) = &self.run {
            let verdict = match run.state {
                RunState::Completed(conclusion) => format!("{conclusion:?}").to_lowercase(),
                RunState::Pending | RunState::InProgress => "not finished".to_owned(),
            };
            let jobs: Vec<_> = run.jobs.iter().map(|job| job.name.as_str()).collect();
            let _ = writeln!(text, "  CI          {verdict}: {} ({})", jobs.join(", "), run.location);
            let notes = run.jobs.iter().flat_map(|job| &job.steps).filter_map(|step| step.note.as_deref());
            let notices: BTreeSet<&str> = notes.filter(|note| note.starts_with("notice: ")).collect();
            for notice in notices {
                let _ = writeln!(text, "              {notice}");
            }
            let rights = match run.isolation {
                Isolation::None(_) => "; steps ran with this user's rights",
                _ => "",
            };
            let _ = writeln!(text, "  isolation   {}{rights}", run.isolation);
            if let Some(failure) = failure {
                let _ = writeln!(text, "\n  {} / {} failed:\n", failure.job, failure.step);
                for line in failure.log_tail.lines() {
                    let _ = writeln!(text, "    | {line}");
                }
            }
        }
        if let Some(build) = &self.build {
            let _ = writeln!(text, "  repository  {}", build.repository().location);
        }
        if let Some(build) = self.published() {
            let head = self.head().unwrap_or(&build.head);
            let _ = writeln!(text, "  branch      {} at {}", build.branch, head.short());
            list_removed(&mut text, build);
        }
        if let Some(status) = &self.pull_request {
            let pull = &status.pull_request;
            let state = match &pull.merge_sha {
                Some(sha) => format!("merged as {}", sha.short()),
                None => format!("{:?}", pull.state).to_lowercase(),
            };
            let _ = writeln!(text, "  pull request {state}: {}", pull.location);
        }
        let _ = writeln!(text, "  cost        {} ({} model calls)", summary.spending.cost, summary.spending.calls);
        self.next_steps(&mut text, recipe, workspace);
        text
    }

    fn list_open(&self, text: &mut String) {
        for result in self.results() {
            let why = match &result.status {
                StoryStatus::NeedsModel { reason } => format!("needs a model: {reason}"),
                StoryStatus::Failed { reason } => format!("failed: {reason}"),
                StoryStatus::Blocked { by } => format!("blocked by {by}"),
                StoryStatus::Partial { unchecked } => {
                    format!("{} of its criteria not shown by a test, and perhaps not implemented", unchecked.len())
                }
                _ => continue,
            };
            let stories = self.stories.as_ref().map_or(&[][..], |stories| &stories.stories);
            let title = stories.iter().find(|story| story.id == result.story).map_or("", |story| &story.title);
            let _ = writeln!(text, "              {title}: {why}");
        }
    }

    fn next_steps(&self, text: &mut String, recipe: &Recipe, workspace: &Path) {
        let again = "cargo run --release --example quickstart --";
        let with = format!("--workspace {}", workspace.display());
        if let Some(wait) = &self.summary.wait {
            let _ = writeln!(text, "\n  Waiting: {}", wait.reason);
            if wait.signal == ArchitecturePlanner::stack_choice() {
                let _ = writeln!(text, "  Choose:  {again} choose node-api {with}");
            } else if self.is_red() {
                let _ = writeln!(text, "  Again:   {again} rerun {with}");
            } else if let Some(build) = self.published().filter(|_| self.conflicts()) {
                let (branch, base) = (&build.branch, &build.base);
                let _ =
                    writeln!(text, "  Mend:    merge {base} into {branch}, settle the conflict and push the branch");
            } else if recipe.human_review || self.is_left_to_a_person() {
                let pushed = self.head().filter(|head| self.published().is_none_or(|build| build.head != **head));
                let head = pushed.map_or_else(String::new, |head| format!(" --head {head}"));
                let _ = writeln!(text, "  Approve: {again} approve{head} {with}");
            }
            let _ = writeln!(text, "  Go on:   {again} resume {with}");
        }
        if self.summary.status == ExecutionStatus::Running {
            // Whoever works on it holds the workspace, and here it is open.
            let _ = writeln!(text, "\n  Interrupted: nobody works on it.\n  Go on:   {again} resume {with}");
        }
        if let Some(base) = self.unchanged() {
            let _ = writeln!(text, "\n  Nothing changed: {} at {} has all of it.", base.base, base.head.short());
        }
        if let Some(failure) = &self.summary.failure {
            let _ = writeln!(text, "\n  Failed: {}", failure.message);
            match what_helps(failure.kind) {
                Some(help) => {
                    let _ = writeln!(text, "  This stays so: {help}");
                }
                None if self.summary.status == ExecutionStatus::Failed => {
                    let _ = writeln!(text, "  Go on:  {again} resume {with}");
                }
                None => {}
            }
        }
        if self.lacks_credentials() {
            let _ = writeln!(text, "  With your npm and pip credentials: add --registry-credentials");
        }
        let (Some(build), Some(plan)) = (&self.build, &self.plan) else { return };
        let branch = match self.pull_request.as_ref().map(|status| status.pull_request.state) {
            Some(PullRequestState::Merged) => build.base(),
            _ => build.published().map_or(build.base(), |build| &build.branch),
        };
        let folder = recipe.project.as_str();
        let _ = writeln!(
            text,
            "\n  Run what was generated:\n    git clone --branch {branch} {} {folder} && cd {folder}",
            build.repository().location
        );
        if plan.decision.stack == Stack::PythonApi {
            // Poetry reads no configuration of pip's, so what worked here has to be said to it elsewhere.
            let _ = writeln!(
                text,
                "    (behind a package index of your own, first: export POETRY_PYPI_MIRROR_URL=ITS_ADDRESS)"
            );
        }
        let _ = writeln!(text, "    {}", run_commands(plan.decision.stack));
        let _ = writeln!(text, "  Test it:\n    {}", test_command(plan.decision.stack));
    }
}

/// What a person can do about a failure that `resume` would only repeat.
pub(crate) fn what_helps(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Unsupported => Some("start again with another --stack"),
        ErrorKind::NoReadableDocument => Some("start again with documents that have text"),
        ErrorKind::InvalidInput => Some("start again with other documents or options"),
        ErrorKind::DefinitionChanged => Some("go on with the release that began it, or start again"),
        _ => None,
    }
}

/// What was there and goes with a merge.
fn list_removed(text: &mut String, build: &PublishedBuild) {
    if !build.overwritten.is_empty() {
        let _ = writeln!(text, "  overwrites  {} files that somebody changed", build.overwritten.len());
        for file in &build.overwritten {
            let _ = writeln!(text, "              {file}");
        }
    }
    if build.removed.is_empty() {
        return;
    }
    let stories = build.removed_stories();
    let files = build.removed.len();
    let _ = writeln!(text, "  removed     {files} files that the documents no longer ask for");
    for story in stories {
        let _ = writeln!(text, "              story: {}", story.title);
    }
    for file in &build.removed {
        let _ = writeln!(text, "              {}", file.path);
    }
}

/// The last run of `head`: the one stage 6 saw, or a newer one.
async fn last_run(session: &Session, build: &PublishedBuild, head: &CommitSha) -> Result<Option<HeadRun>> {
    let ci = &session.workspace.ci;
    let seen = || HeadRun { run: build.run.clone(), failure: build.failure.clone() };
    let selector = RunSelector::new(build.run.workflow.clone(), head.clone(), build.branch.clone());
    let Some(run) = ci.runs(&build.repository, &selector).await?.into_iter().next() else {
        return Ok((*head == build.head).then(seen));
    };
    if run.id == build.run.id && run.attempt <= build.run.attempt {
        return Ok(Some(seen()));
    }
    let failure = match run.first_failure() {
        None => None,
        Some((job, step)) => {
            let log_tail = match ci.log_tail(&build.repository, &run.id, &job.id, LOG_TAIL_BYTES).await {
                Err(error) if error.kind() == ErrorKind::NotFound => "(there is no log)".to_owned(),
                other => other?,
            };
            let step = step.map_or_else(String::new, |step| step.name.clone());
            Some(BuildFailure { job: job.id.to_string(), step, log_tail })
        }
    };
    Ok(Some(HeadRun { run, failure }))
}

/// What wrote the files, such as `template` or `model and template`.
fn routes(files: &[CodeFile]) -> String {
    let of = |file: &CodeFile| match &file.route {
        Route::Template { .. } => "template",
        Route::Model { .. } => "model",
        Route::PackageManager { .. } => "package manager",
        _ => "other",
    };
    let routes: BTreeSet<_> = files.iter().map(of).collect();
    if routes.is_empty() { "none".to_owned() } else { routes.into_iter().collect::<Vec<_>>().join(" and ") }
}

fn test_command(stack: Stack) -> &'static str {
    match stack {
        Stack::PythonApi => ".poetry-venv/bin/poetry run pytest",
        _ => "npm test",
    }
}

fn run_commands(stack: Stack) -> &'static str {
    match stack {
        Stack::PythonApi => {
            "python3 -m venv .poetry-venv && .poetry-venv/bin/pip install --require-hashes -r tools/poetry.txt && \
             .poetry-venv/bin/poetry sync --no-root && .poetry-venv/bin/poetry run uvicorn app.main:app"
        }
        Stack::ReactFullstack => "npm ci && npm run build && npm start",
        _ => "npm ci && npm run dev",
    }
}
