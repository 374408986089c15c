//! One job: its folder, its variables, its steps one after the other.

use super::actions::{Action, Upload};
use super::artifacts::upload;
use super::condition::Standing;
use super::expression::Reference;
use super::log::{JobLog, io_error};
use super::needs::Finished;
use super::reuse::Reuse;
use super::run::Run;
use super::step_files::{Said, StepFiles};
use super::workflow::{Job, Step, StepKind};
use crate::process::{Wanted, find_program, is_real_folder, plain, remove_tree};
use aipipe_core::Result;
use aipipe_core::domain::{Conclusion, JobResult, RunState, StepResult, Timestamp};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// How a step ended, for its result.
#[derive(Debug)]
pub(super) struct StepEnd {
    pub(super) conclusion: Conclusion,
    pub(super) note: Option<String>,
}

impl StepEnd {
    pub(super) fn success(note: Option<String>) -> Self {
        Self { conclusion: Conclusion::Success, note }
    }

    pub(super) fn failure(note: impl Into<String>) -> Self {
        Self { conclusion: Conclusion::Failure, note: Some(note.into()) }
    }
}

/// A job that runs.
#[derive(Debug)]
pub(super) struct JobRun<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) job: &'a Job,
    /// What the jobs before say to this one.
    pub(super) finished: &'a Finished,
    pub(super) reuse: &'a mut Reuse,
    pub(super) log: JobLog,
    pub(super) workspace: PathBuf,
    pub(super) home: PathBuf,
    pub(super) temp: PathBuf,
    pub(super) tools: PathBuf,
    /// A short path for sockets, where steps see the machine's own `/tmp`.
    pub(super) outside_temp: Option<tempfile::TempDir>,
    /// What the workflow, the job and earlier steps set.
    pub(super) env: BTreeMap<String, String>,
    /// Folders that earlier steps put in front of the path, first one first.
    pub(super) path: Vec<String>,
    pub(super) outputs: BTreeMap<(String, String), String>,
    /// The scripts that ran, for telling whether an installation would be the same.
    pub(super) before: Vec<String>,
    /// Whether a script ran that was no installation: what it left must not run with the network.
    pub(super) others_ran: bool,
    pub(super) venv: Option<PathBuf>,
    /// The version of the Node in use: the first of the search path, or the one that was set up.
    pub(super) node: Option<String>,
    pub(super) deadline: Timestamp,
    /// How the job stands: how it ended as soon as something went wrong.
    pub(super) trouble: Option<Conclusion>,
}

impl<'a> JobRun<'a> {
    /// Makes the job's folders anew and its log.
    pub(super) fn prepare(
        run: &'a Run<'a>,
        job: &'a Job,
        finished: &'a Finished,
        reuse: &'a mut Reuse,
    ) -> Result<Self> {
        let failed = |error| io_error("ci.job", "the job's folder can't be made", error);
        let folder = run.folder.job();
        remove_tree(&folder).map_err(failed)?;
        remove_tree(&run.folder.steps()).map_err(failed)?;
        std::fs::create_dir(run.folder.steps()).map_err(failed)?;
        let place = |name: &str| folder.join(name);
        for name in ["work", "home", "temp", "tools"] {
            std::fs::create_dir_all(place(name)).map_err(failed)?;
        }
        let file = run.folder.log(job.id.as_str());
        if let Some(logs) = file.parent() {
            std::fs::create_dir_all(logs).map_err(failed)?;
        }
        let limits = &run.options.limits;
        let log = JobLog::create(&file, limits.log_bytes, limits.output_bytes).map_err(failed)?;
        let outside_temp = if run.sandbox.name().is_none() {
            Some(tempfile::Builder::new().prefix("aipipe-").tempdir().map_err(failed)?)
        } else {
            None
        };
        let timeout = job.timeout.map_or(limits.job_timeout, |timeout| timeout.min(limits.job_timeout));
        let mut prepared = Self {
            run,
            job,
            finished,
            reuse,
            log,
            workspace: place("work"),
            home: place("home"),
            temp: place("temp"),
            tools: place("tools"),
            outside_temp,
            env: BTreeMap::new(),
            path: Vec::new(),
            outputs: BTreeMap::new(),
            before: Vec::new(),
            others_ran: false,
            venv: None,
            node: run.toolchain.node(None).map(|node| node.tool.version.clone()),
            deadline: run.options.clock.now().plus(timeout),
            trouble: None,
        };
        for (name, template) in run.workflow.env.iter().chain(&job.env) {
            let value = template.render(|reference| prepared.value(reference, &prepared.env));
            prepared.env.insert(name.clone(), value);
        }
        Ok(prepared)
    }

    /// Runs the steps to the end.
    pub(super) async fn run(&mut self) -> Result<JobResult> {
        let notes: Vec<String> = [self.run.sandbox.isolation().to_string()]
            .into_iter()
            .chain(self.run.workflow.notes.iter().cloned())
            .collect();
        let notes = notes.join("; ");
        self.log.line(&format!("job {} of {} at {}", self.job.name, self.run.workflow.name, self.run.commit));
        self.log.line(&notes);
        let set_up = StepResult::new("Set up job", RunState::Completed(Conclusion::Success))
            .with_duration(Duration::ZERO)
            .with_note(Some(notes));
        let mut steps = vec![set_up];
        for (index, step) in self.job.steps.iter().enumerate() {
            steps.push(self.step(index + 1, step).await?);
        }
        self.log.end_step()?;
        let conclusion = self.trouble.unwrap_or(Conclusion::Success);
        let shared = |error| io_error("ci.reuse", "what jobs share can't be looked at", error);
        self.reuse.drop_changed().await.map_err(shared)?;
        remove_tree(&self.run.folder.job())
            .and_then(|()| remove_tree(&self.run.folder.steps()))
            .map_err(|error| io_error("ci.job", "the job's folder can't be removed", error))?;
        self.reuse.take_stock().await.map_err(shared)?;
        let state = RunState::Completed(conclusion);
        Ok(JobResult::new(self.job.id.clone(), self.job.name.clone(), state, steps))
    }

    async fn step(&mut self, number: usize, step: &Step) -> Result<StepResult> {
        let clock = &self.run.options.clock;
        let started = clock.now();
        let variables = self.step_variables(step);
        let name = step.name.render(|reference| self.value(reference, &variables));
        let ended_early = matches!(self.trouble, Some(Conclusion::Cancelled | Conclusion::TimedOut));
        let end = if ended_early {
            StepEnd { conclusion: Conclusion::Skipped, note: Some("the job had ended".to_owned()) }
        } else if !step.condition.holds(self.standing(), |reference| self.value(reference, &variables)) {
            StepEnd { conclusion: Conclusion::Skipped, note: Some("its condition did not hold".to_owned()) }
        } else {
            self.log.line(&format!("── step {number}: {name}"));
            let mut end = self.execute(number, step, &variables).await?;
            let said = self.log.end_step()?;
            if !said.is_empty() {
                let note = end.note.into_iter().chain(said).collect::<Vec<_>>();
                end.note = Some(note.join("; "));
            }
            let seconds = clock.now().since(started).as_secs_f64();
            let note = end.note.as_deref().map(|note| format!(" ({note})")).unwrap_or_default();
            self.log.line(&format!("── {} after {seconds:.1} s{note}", word(end.conclusion)));
            self.tolerate(step, end)
        };
        let duration = clock.now().since(started);
        Ok(StepResult::new(name, RunState::Completed(end.conclusion)).with_duration(duration).with_note(end.note))
    }

    fn standing(&self) -> Standing {
        Standing { succeeded: self.trouble.is_none(), failed: self.trouble.is_some() }
    }

    /// Notes trouble, unless the step may fail.
    fn tolerate(&mut self, step: &Step, end: StepEnd) -> StepEnd {
        match end.conclusion {
            Conclusion::Success => end,
            // The conclusion of such a step is a success on GitHub too; what happened stays in the note. That the job is
            // out of time or cancelled is no fault of the step, and nothing it can tolerate.
            Conclusion::Failure if step.continue_on_error => {
                let note = end.note.unwrap_or_else(|| word(end.conclusion).to_owned());
                StepEnd::success(Some(format!("{note}; tolerated by continue-on-error")))
            }
            conclusion => {
                // A cancelled or timed out job stays that; a failure is kept over what `always()` steps do later.
                if self.trouble.is_none() || conclusion == Conclusion::Cancelled {
                    self.trouble = Some(conclusion);
                }
                end
            }
        }
    }

    async fn execute(&mut self, number: usize, step: &Step, variables: &BTreeMap<String, String>) -> Result<StepEnd> {
        if self.run.folder.is_cancelled(self.run.attempt) {
            return Ok(StepEnd { conclusion: Conclusion::Cancelled, note: Some("the run was cancelled".to_owned()) });
        }
        let left = self.deadline.since(self.run.options.clock.now());
        if left.is_zero() {
            return Ok(StepEnd { conclusion: Conclusion::TimedOut, note: Some("the job is out of time".to_owned()) });
        }
        if let Err(reason) = self.is_sound() {
            return Ok(StepEnd::failure(reason));
        }
        let limit = self.run.options.limits.step_timeout;
        let limit = step.timeout.map_or(limit, |timeout| timeout.min(limit));
        let mut end = match &step.kind {
            StepKind::Use(action) => self.action(action, variables, limit.min(left)).await?,
            StepKind::Run(script) => {
                let files = StepFiles::create(&self.run.folder.steps(), number)
                    .map_err(|error| io_error("ci.job", "a step's files can't be made", error))?;
                let end = self.script(script, variables, &files, limit.min(left)).await?;
                self.take_in(step, &files, end)
            }
        };
        // As on GitHub: a step that is out of its own time has failed, and the job goes on as after any failure.
        if end.conclusion == Conclusion::TimedOut && limit < left {
            end.conclusion = Conclusion::Failure;
        }
        Ok(end)
    }

    /// Says which of the job's folders an earlier step replaced: the host would follow a link there out of the job.
    ///
    /// No step runs while the host works on these folders, so what is found out stays true until the next one.
    pub(super) fn is_sound(&self) -> Result<(), String> {
        let folders = [&self.workspace, &self.home, &self.temp, &self.tools];
        match folders.into_iter().find(|folder| !is_real_folder(folder)) {
            None => Ok(()),
            Some(folder) => {
                let name = folder.file_name().unwrap_or_default().to_string_lossy();
                Err(format!("a step removed or replaced the job's folder {name}"))
            }
        }
    }

    /// Hears what the step said to later ones; a step that failed is heard too, as on GitHub.
    fn take_in(&mut self, step: &Step, files: &StepFiles, end: StepEnd) -> StepEnd {
        let said = match files.read() {
            Ok(said) => said,
            Err(reason) if end.conclusion == Conclusion::Success => return StepEnd::failure(reason),
            Err(_) => return end,
        };
        let Said { env, path, outputs, summary } = said;
        if let Err(error) = self.keep_summary(&summary) {
            return StepEnd::failure(format!("the step's summary can't be kept: {error}"));
        }
        self.env.extend(env);
        for folder in path {
            self.path.insert(0, folder);
        }
        if let Some(id) = &step.id {
            self.outputs.extend(outputs.into_iter().map(|(name, value)| ((id.clone(), name), value)));
        }
        end
    }

    /// Adds what a step wrote for people to the job's summary, beside its log.
    fn keep_summary(&self, text: &str) -> std::io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        use std::io::Write as _;
        let file = self.run.folder.summary(self.job.id.as_str());
        let mut file = std::fs::File::options().create(true).append(true).open(file)?;
        file.write_all(plain(text).as_bytes())?;
        file.write_all(if text.ends_with('\n') { b"" } else { b"\n" })
    }

    async fn action(
        &mut self,
        action: &Action,
        variables: &BTreeMap<String, String>,
        timeout: Duration,
    ) -> Result<StepEnd> {
        let run = self.run;
        match action {
            Action::Checkout => {
                // The checkout is the adapter's own, of the run's commit; a half-filled folder would be somebody else's.
                remove_tree(&self.workspace)
                    .and_then(|()| std::fs::create_dir(&self.workspace))
                    .map_err(|error| io_error("ci.checkout", "the workspace can't be made", error))?;
                run.options.source.checkout(run.repository, run.commit, &self.workspace).await?;
                Ok(StepEnd::success(Some(format!("clean local checkout of {}", run.commit.short()))))
            }
            Action::SetupNode { version } => Ok(self.set_up_node(version.as_ref())),
            Action::SetupPython { version } => self.set_up_python(version.as_ref(), timeout).await,
            Action::Cache => Ok(StepEnd::success(Some(
                "not needed: local runs share a package cache of their own in the install phase".to_owned(),
            ))),
            Action::UploadArtifact(wanted) => Ok(self.upload(wanted, variables).await),
        }
    }

    /// Puts the Node that was found first on the search path.
    fn set_up_node(&mut self, wanted: Option<&Wanted>) -> StepEnd {
        let Some(node) = self.run.toolchain.node(wanted) else {
            return StepEnd::failure("node was not looked for");
        };
        let version = node.tool.version.clone();
        let first = find_program(&self.run.options.host.path, "node");
        if first.as_ref() != Some(&node.tool.program)
            && let Some(folder) = node.tool.program.parent()
        {
            self.path.insert(0, folder.display().to_string());
        }
        let reason = node.stands_in.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        self.before.push(format!("node {version}"));
        self.node = Some(version.clone());
        StepEnd::success(Some(format!("using the local node {version}{reason}")))
    }

    async fn upload(&self, wanted: &Upload, variables: &BTreeMap<String, String>) -> StepEnd {
        let name = wanted.name.render(|reference| self.value(reference, variables));
        let paths = wanted.paths.render(|reference| self.value(reference, variables));
        let (workspace, artifacts, when_missing) =
            (self.workspace.clone(), self.run.folder.artifacts(), wanted.when_missing);
        let copied =
            tokio::task::spawn_blocking(move || upload(&workspace, &paths, &name, &artifacts, when_missing)).await;
        match copied.unwrap_or_else(|error| Err(format!("the copy was cut off: {error}"))) {
            Ok(done) if done.links_left_out > 0 => {
                StepEnd::success(Some(format!("{} files, {} links left out", done.files, done.links_left_out)))
            }
            Ok(done) => StepEnd::success(Some(format!("{} files", done.files))),
            Err(reason) => StepEnd::failure(reason),
        }
    }

    /// The variables a workflow's author set, as this step sees them.
    fn step_variables(&self, step: &Step) -> BTreeMap<String, String> {
        let mut variables = self.env.clone();
        for (name, template) in &step.env {
            let value = template.render(|reference| self.value(reference, &self.env));
            variables.insert(name.clone(), value);
        }
        variables
    }

    /// What an expression stands for.
    pub(super) fn value(&self, reference: &Reference, env: &BTreeMap<String, String>) -> Option<String> {
        match reference {
            Reference::Variable(name) => env.get(name).cloned(),
            Reference::Output { step, name } => self.outputs.get(&(step.clone(), name.clone())).cloned(),
            Reference::Context("github.workspace") => Some(self.workspace.display().to_string()),
            Reference::Context("github.job") => Some(self.job.key.clone()),
            Reference::Context("runner.temp") => Some(self.temp.display().to_string()),
            Reference::Context(name) => self.run.context(name),
            Reference::NeedResult(_) | Reference::NeedOutput { .. } => self.finished.value(reference),
            Reference::Empty => None,
        }
    }

    /// What the job tells those that need it.
    pub(super) fn rendered_outputs(&self) -> BTreeMap<String, String> {
        let outputs = self.job.outputs.iter();
        outputs
            .map(|(name, template)| (name.clone(), template.render(|reference| self.value(reference, &self.env))))
            .collect()
    }
}

/// A conclusion as a word for the log.
pub(super) fn word(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Success => "succeeded",
        Conclusion::Failure => "failed",
        Conclusion::Cancelled => "cancelled",
        Conclusion::TimedOut => "timed out",
        Conclusion::Skipped => "skipped",
        _ => "ended",
    }
}
