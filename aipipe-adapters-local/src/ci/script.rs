//! Running scripts of a job: the environment they see, the phase they run in, and installations reused.

use super::job::{JobRun, StepEnd};
use super::log::{self, io_error};
use super::poetry::refusal;
use super::reuse::Installation;
use super::sandbox::Access;
use super::step_files::StepFiles;
use super::workflow::{InstallCommand, Job, Script, StepKind};
use crate::poetry;
use crate::process::{Ending, InstallSettings, Launch, TRACKING_VARIABLE, Wanted, is_real_folder, launch};
use aipipe_core::Result;
use aipipe_core::domain::{Conclusion, ContentHash};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// How often a run looks whether somebody wants it cancelled.
const POLL: Duration = Duration::from_millis(200);

/// Variables no workflow can change: installation runs no scripts and nothing asks or reports home.
const FIXED: &[(&str, &str)] = &[
    ("CI", "true"),
    ("npm_config_ignore_scripts", "true"),
    ("npm_config_audit", "false"),
    ("npm_config_fund", "false"),
    ("npm_config_update_notifier", "false"),
    ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
    ("PIP_NO_INPUT", "1"),
    ("PIP_REQUIRE_VIRTUALENV", "1"),
];

/// What of a workflow's variables the install phase sees: many others (`BASH_ENV`, `LD_PRELOAD`, `NODE_OPTIONS`) would
/// have programs of the checkout run in it.
const INSTALL_VARIABLES: &[&str] = &["NODE_ENV", "FORCE_COLOR", "NO_COLOR", "TZ", "PYTHONUNBUFFERED"];

impl JobRun<'_> {
    /// Runs a script to its end.
    pub(super) async fn script(
        &mut self,
        script: &Script,
        variables: &BTreeMap<String, String>,
        files: &StepFiles,
        timeout: Duration,
    ) -> Result<StepEnd> {
        let text = script.text.render(|reference| self.value(reference, variables));
        let directory = script.directory.as_ref().map(|d| d.render(|reference| self.value(reference, variables)));
        let directory = match self.directory(directory.as_deref().unwrap_or(".")) {
            Ok(directory) => directory,
            Err(reason) => return Ok(StepEnd::failure(reason)),
        };
        let install = script.installs() && !self.others_ran;
        if script.installs() && !install {
            self.log.line("an earlier script could have prepared this installation: it has no network");
        }
        let by_poetry = install && Script::install_command(&text) == Some(InstallCommand::Poetry);
        let refusal = by_poetry.then(|| refusal(&directory)).flatten();
        if let Some(reason) = &refusal {
            self.log.line(&format!("Poetry has no network here: {reason}"));
        }
        let install = install && refusal.is_none();
        let reusable = self.reusable(&text, &directory, variables);
        if let Some((key, target)) = &reusable {
            let last = !self.is_installed_later(script);
            let given = self.reuse.give(key, target, last).await;
            if let Some(donor) =
                given.map_err(|error| io_error("ci.reuse", "an installation can't be shared", error))?
            {
                self.before.push(text);
                return Ok(StepEnd::success(Some(format!("reused from job {donor}"))));
            }
        }
        let file =
            files.write_script(&text).map_err(|error| io_error("ci.job", "a step's script can't be written", error))?;
        let mut arguments: Vec<OsString> = script.shell.arguments().iter().map(OsString::from).collect();
        arguments.push(file.into());
        let settings = match install {
            true => Some(self.run.options.host.install_settings(files.folder()).map_err(|error| {
                io_error("ci.job", "the configuration of the package registries can't be handed on", error)
            })?),
            false => None,
        };
        let mut environment = self.environment(variables, files, settings.as_ref());
        if let Some(settings) = settings.as_ref().filter(|_| by_poetry) {
            match self.index(&environment, files, settings, timeout).await? {
                Ok(index) => environment.extend(index),
                Err(reason) => return Ok(StepEnd::failure(reason)),
            }
        }
        self.others_ran |= !install;
        let mut end = self.start(arguments, directory, environment, Some(files), settings.as_ref(), timeout).await?;
        if install && end.conclusion == Conclusion::Failure {
            self.explain_denial(&mut end);
        }
        self.before.push(text);
        // A link in the place of what was installed is nothing to share.
        if end.conclusion == Conclusion::Success
            && let Some((key, target)) = reusable
            && self.is_installed_later(script)
            && self.is_sound().is_ok()
            && is_real_folder(&target)
        {
            let kept = self.reuse.keep(&key, &target, self.job.id.as_str()).await;
            kept.map_err(|error| io_error("ci.reuse", "an installation can't be kept", error))?;
        }
        Ok(end)
    }

    /// Says what to do when an installation failed because a registry wanted credentials.
    fn explain_denial(&self, end: &mut StepEnd) {
        const LOOKED_AT: usize = 16 * 1024;
        let log = log::tail(&self.run.folder.log(self.job.id.as_str()), LOOKED_AT);
        // The step has failed anyway: a log that can't be read explains nothing.
        let Some(reason) = log.ok().and_then(|log| self.run.options.host.denial(&log)) else { return };
        self.log.line(reason);
        end.note = Some(end.note.take().map_or_else(|| reason.to_owned(), |note| format!("{note}: {reason}")));
    }

    /// Makes an environment of its own for the job, so that nothing is installed into the machine's Python.
    pub(super) async fn set_up_python(&mut self, wanted: Option<&Wanted>, timeout: Duration) -> Result<StepEnd> {
        let Some(python) = self.run.toolchain.python(wanted) else {
            return Ok(StepEnd::failure("python was not looked for"));
        };
        let venv = self.tools.join("venv");
        let key = ContentHash::of_parts(&["venv", &python.version, &python.program.to_string_lossy()]);
        let failed = |error| io_error("ci.reuse", "an environment can't be shared", error);
        if self.reuse.give(&key, &venv, false).await.map_err(failed)?.is_none() {
            let arguments = ["-c", "exec \"$@\"", "set-up"].map(OsString::from).into_iter();
            let command = [python.program.as_os_str(), "-I".as_ref(), "-m".as_ref(), "venv".as_ref(), venv.as_os_str()];
            let arguments = arguments.chain(command.map(OsString::from)).collect();
            let environment = self.base_environment();
            let end = self.start(arguments, self.workspace.clone(), environment, None, None, timeout).await?;
            if end.conclusion != Conclusion::Success {
                return Ok(end);
            }
            if is_real_folder(&venv) {
                self.reuse.keep(&key, &venv, self.job.id.as_str()).await.map_err(failed)?;
            }
        }
        self.path.insert(0, venv.join("bin").display().to_string());
        self.before.push(format!("python {}", python.version));
        self.venv = Some(venv);
        Ok(StepEnd::success(Some(format!("using the local python {} in an environment of its own", python.version))))
    }

    /// Starts bash with limits in the sandbox and waits for the end.
    pub(super) async fn start(
        &self,
        arguments: Vec<OsString>,
        directory: PathBuf,
        environment: BTreeMap<OsString, OsString>,
        files: Option<&StepFiles>,
        install: Option<&InstallSettings>,
        timeout: Duration,
    ) -> Result<StepEnd> {
        let run = self.run;
        let bash = run.toolchain.bash.clone();
        let prelude = run.options.limits.prelude();
        let before = ["--noprofile", "--norc", "-c", &prelude, "step"].map(OsString::from);
        let inner = Launch {
            program: bash.clone(),
            arguments: before.into_iter().chain([bash.into_os_string()]).chain(arguments).collect(),
            directory,
            environment,
        };
        let (job, cache) = (run.folder.job(), run.options.cache());
        let tools = run.toolchain.programs();
        let mut writable: Vec<&Path> = vec![&job];
        writable.extend(files.map(StepFiles::folder));
        if install.is_some() {
            writable.push(&cache);
        }
        let access = Access {
            host: &run.options.host,
            hidden: [&run.options.root].into_iter().chain(&run.options.hidden).map(PathBuf::as_path).collect(),
            writable,
            readable: install.map(InstallSettings::files).unwrap_or_default(),
            tools: &tools,
            network: install.is_some(),
            kept: install.map(|install| install.variables.keys().cloned().collect()).unwrap_or_default(),
        };
        if install.is_some() {
            std::fs::create_dir_all(&cache)
                .map_err(|error| io_error("ci.job", "the package cache can't be made", error))?;
        }
        let what = run.sandbox.wrap(inner, &access);
        let clock = run.options.clock.as_ref();
        let cancelled = async {
            while !run.folder.is_cancelled(run.attempt) {
                clock.sleep(POLL).await;
            }
        };
        let (ending, _) = launch(what, timeout, clock, cancelled, self.log.sink()).await?;
        Ok(match ending {
            Ending::Exited(0) => StepEnd::success(None),
            Ending::Exited(code) => StepEnd::failure(format!("exit code {code}")),
            Ending::Signalled(signal) => StepEnd::failure(format!("ended by signal {signal}")),
            Ending::TooMuchOutput => StepEnd::failure(format!(
                "output limit: more than {} bytes in this job",
                run.options.limits.output_bytes
            )),
            Ending::Stopped => {
                StepEnd { conclusion: Conclusion::Cancelled, note: Some("the run was cancelled".to_owned()) }
            }
            Ending::TimedOut => StepEnd {
                conclusion: Conclusion::TimedOut,
                note: Some(format!("ended after {} s, with everything it had started", timeout.as_secs())),
            },
        })
    }

    /// What every program of the job sees.
    fn base_environment(&self) -> BTreeMap<OsString, OsString> {
        let run = self.run;
        let os = match std::env::consts::OS {
            "macos" => "macOS",
            _ => "Linux",
        };
        let mut environment: BTreeMap<OsString, OsString> = [
            ("HOME", self.home.as_os_str()),
            ("LANG", "C.UTF-8".as_ref()),
            ("TERM", "dumb".as_ref()),
            ("GITHUB_ACTIONS", "true".as_ref()),
            ("GITHUB_WORKSPACE", self.workspace.as_os_str()),
            ("GITHUB_JOB", self.job.key.as_ref()),
            ("GITHUB_RUN_NUMBER", "1".as_ref()),
            ("GITHUB_REF_TYPE", "branch".as_ref()),
            ("RUNNER_OS", os.as_ref()),
            ("RUNNER_NAME", "local".as_ref()),
            ("RUNNER_ENVIRONMENT", "self-hosted".as_ref()),
            ("RUNNER_TEMP", self.temp.as_os_str()),
            ("RUNNER_TOOL_CACHE", self.tools.as_os_str()),
            (TRACKING_VARIABLE, run.mark.as_ref()),
        ]
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
        for name in ["sha", "ref", "ref_name", "workflow", "repository", "event_name", "run_id", "run_attempt"] {
            if let Some(value) = run.context(&format!("github.{name}")) {
                environment.insert(format!("GITHUB_{}", name.to_ascii_uppercase()).into(), value.into());
            }
        }
        if let Some(temp) = &self.outside_temp {
            environment.insert("TMPDIR".into(), temp.path().into());
        }
        environment.insert("PATH".into(), self.search_path(&run.options.host.path));
        environment
    }

    fn environment(
        &self,
        variables: &BTreeMap<String, String>,
        files: &StepFiles,
        install: Option<&InstallSettings>,
    ) -> BTreeMap<OsString, OsString> {
        let mut environment = self.base_environment();
        if let Some(install) = install {
            environment.extend(install.variables.clone());
            let cache = self.run.options.cache();
            environment.insert("npm_config_cache".into(), cache.join("npm").into());
            environment.insert("PIP_CACHE_DIR".into(), cache.join("pip").into());
            environment.insert("POETRY_CACHE_DIR".into(), cache.join("poetry").into());
            // A checkout may bring an `.npmrc` that names another git, and a `pip.py` for `python -m pip` to find.
            environment.insert("npm_config_git".into(), "git".into());
            environment.insert("PYTHONSAFEPATH".into(), "1".into());
        } else if self.run.sandbox.name().is_some() {
            // There is no network: say so at once instead of trying for minutes.
            environment.insert("npm_config_offline".into(), "true".into());
        }
        let fixed: BTreeMap<&str, &str> = FIXED.iter().chain(poetry::FIXED).copied().collect();
        for (name, value) in variables {
            let plain = name.to_ascii_lowercase().replace('-', "_");
            let is_fixed = fixed.keys().any(|fixed| fixed.eq_ignore_ascii_case(&plain));
            let is_ours = name.starts_with("GITHUB_") || name.starts_with("RUNNER_");
            let is_harmless = install.is_none() || INSTALL_VARIABLES.contains(&name.as_str());
            if !is_fixed && !is_ours && is_harmless {
                environment.insert(name.into(), value.into());
            }
        }
        if let Some(path) = variables.get("PATH").filter(|_| install.is_none()) {
            environment.insert("PATH".into(), self.search_path(path.as_ref()));
        }
        environment.extend(files.variables().map(|(name, file)| (name.into(), file.into())));
        environment.extend(fixed.into_iter().map(|(name, value)| (name.into(), value.into())));
        environment
    }

    fn search_path(&self, rest: &std::ffi::OsStr) -> OsString {
        let mut path = OsString::new();
        for folder in &self.path {
            path.push(folder);
            path.push(":");
        }
        path.push(rest);
        path
    }

    /// A step's folder, which must lie in the workspace.
    fn directory(&self, wanted: &str) -> Result<PathBuf, String> {
        let path = Path::new(wanted);
        let path = path.strip_prefix(&self.workspace).unwrap_or(path);
        if path.components().any(|c| !matches!(c, Component::Normal(_) | Component::CurDir)) {
            return Err(format!("the working directory {wanted} leaves the workspace"));
        }
        let place = self.workspace.join(path);
        match place.canonicalize() {
            Ok(real) if real.is_dir() && real.starts_with(&self.workspace) => Ok(real),
            Ok(_) => Err(format!("the working directory {wanted} is no folder of the workspace")),
            Err(_) => Err(format!("the working directory {wanted} does not exist")),
        }
    }

    /// The key and the place of an installation's result, when it can be reused.
    fn reusable(
        &self,
        text: &str,
        directory: &Path,
        variables: &BTreeMap<String, String>,
    ) -> Option<(ContentHash, PathBuf)> {
        let kind = Script::install_command(text)?;
        let (target, tools) = match kind {
            InstallCommand::Npm => (directory.join("node_modules"), self.node.clone()?),
            InstallCommand::Pip => (self.venv.clone()?, String::new()),
            InstallCommand::Poetry => (directory.join(".venv"), String::new()),
        };
        let installation =
            Installation { command: text, directory, tools: vec![tools], variables, before: &self.before };
        Some((installation.key(kind)?, target))
    }

    /// Whether a later job has the same script.
    fn is_installed_later(&self, script: &Script) -> bool {
        let left_out = |job: &&Job| self.run.toolchain.left_out(&job.id).is_some();
        let later = self.run.workflow.jobs.iter().skip_while(|job| job.id != self.job.id).skip(1);
        let mut later = later.filter(|job| !left_out(job));
        later.any(|job| job.steps.iter().any(|step| matches!(&step.kind, StepKind::Run(other) if other == script)))
    }
}
