//! How steps are kept from the rest of the machine.
//!
//! With bubblewrap a step sees the file system read-only, without the user's home (but with the tools in it), without
//! `/run`, other runs and the folders the host hides; it may write its job's folder only, has its own processes, and no network outside the install
//! phase. Without bubblewrap a step is an ordinary process with a cleared environment, and the run says so.

use crate::process::{HostEnvironment, Launch, TRACKING_VARIABLE, find_program, home_masks, tool_folders};
use aipipe_core::domain::Isolation;
use aipipe_core::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Which isolation a host wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SandboxChoice {
    /// bubblewrap where it works, else none; the run says which.
    #[default]
    Auto,
    /// bubblewrap, or `Unsupported`.
    Required,
    /// None, even where bubblewrap works.
    Off,
}

#[derive(Debug, Clone)]
pub(super) enum Sandbox {
    Bubblewrap { program: PathBuf, version: String },
    None { reason: &'static str },
}

/// What a step may reach.
#[derive(Debug)]
pub(super) struct Access<'a> {
    pub(super) host: &'a HostEnvironment,
    /// Folders that are hidden, besides the home folder and `/run`.
    pub(super) hidden: Vec<&'a Path>,
    /// Folders it may write.
    pub(super) writable: Vec<&'a Path>,
    /// Files it may read although they lie where everything is hidden.
    pub(super) readable: Vec<PathBuf>,
    /// The tools in use.
    pub(super) tools: &'a [PathBuf],
    pub(super) network: bool,
    /// Variables that the host itself gave.
    pub(super) kept: BTreeSet<OsString>,
}

/// Everything unshared, nothing inherited: the probe uses the flags of real steps.
const FLAGS: &[&str] = &[
    "--unshare-all",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
    "--tmpfs",
    "/tmp",
];

impl Sandbox {
    /// Tries bubblewrap once.
    pub(super) fn probe(choice: SandboxChoice, host: &HostEnvironment) -> Result<Self> {
        if choice == SandboxChoice::Off {
            return Ok(Self::None { reason: "bubblewrap is switched off" });
        }
        let reason = match find_program(&host.path, "bwrap") {
            None => "bubblewrap not found",
            Some(program) => match try_out(&program) {
                Some(version) => return Ok(Self::Bubblewrap { program, version }),
                None => "bubblewrap does not work here",
            },
        };
        if choice == SandboxChoice::Required {
            return Err(Error::new(ErrorKind::Unsupported, "ci.sandbox", reason));
        }
        Ok(Self::None { reason })
    }

    /// What isolates; `None` when nothing does.
    pub(super) fn name(&self) -> Option<String> {
        match self {
            Self::Bubblewrap { version, .. } => Some(version.clone()),
            Self::None { .. } => None,
        }
    }

    /// The isolation, or why there is none, for a run.
    pub(super) fn isolation(&self) -> Isolation {
        match self {
            Self::Bubblewrap { version, .. } => Isolation::By(version.clone()),
            Self::None { reason } => Isolation::None((*reason).to_owned()),
        }
    }

    /// The same program within the sandbox.
    pub(super) fn wrap(&self, what: Launch, access: &Access<'_>) -> Launch {
        let Self::Bubblewrap { program, .. } = self else { return what };
        let mut arguments: Vec<OsString> = FLAGS.iter().map(OsString::from).collect();
        let mut add = |flag: &str, paths: &[&Path]| {
            arguments.push(flag.into());
            arguments.extend(paths.iter().map(|path| path.as_os_str().to_owned()));
        };
        if access.network {
            add("--share-net", &[]);
        }
        // Sockets of the machine's services are reachable even on a read-only mount.
        add("--tmpfs", &[Path::new("/run")]);
        let resolver = Path::new("/etc/resolv.conf").canonicalize().ok().filter(|file| file.starts_with("/run"));
        if let Some(resolver) = resolver.filter(|_| access.network) {
            add("--ro-bind", &[&resolver, &resolver]);
        }
        let hidden = hidden_folders(access);
        for (number, folder) in hidden.iter().enumerate() {
            add("--tmpfs", &[folder]);
            // The tools in it, unless a later mount hides them: that one shows them again.
            let inner = hidden.get(number + 1..).unwrap_or_default();
            for tools in tool_folders(&access.host.path, folder, access.tools) {
                if !inner.iter().any(|inner| tools.starts_with(inner)) {
                    add("--ro-bind", &[&tools, &tools]);
                }
            }
        }
        // Only what the lines above hid, and never a folder that holds one of the hidden ones: that would undo them.
        let run = Path::new("/run");
        let hides = |file: &Path| hidden.iter().map(PathBuf::as_path).chain([run]).any(|h| h.starts_with(file));
        for file in access.readable.iter().filter(|file| !hides(file)) {
            add("--ro-bind", &[file, file]);
        }
        for folder in &access.writable {
            add("--bind", &[folder, folder]);
        }
        add("--chdir", &[&what.directory]);
        // bubblewrap itself runs outside: a variable such as `LD_PRELOAD`, which a step may set for the next one, must
        // not reach it. What the host let through may hold a password and stays out of the command line.
        let (mut outside, inside): (BTreeMap<OsString, OsString>, BTreeMap<OsString, OsString>) =
            what.environment.into_iter().partition(|(name, _)| name == TRACKING_VARIABLE || access.kept.contains(name));
        outside.insert("LANG".into(), "C.UTF-8".into());
        for (name, value) in inside {
            arguments.extend(["--setenv".into(), name, value]);
        }
        arguments.push("--".into());
        arguments.push(what.program.into_os_string());
        arguments.extend(what.arguments);
        Launch { program: program.clone(), arguments, directory: what.directory, environment: outside }
    }
}

/// What is hidden, outer folders before those in them. The whole file system can't be.
fn hidden_folders(access: &Access<'_>) -> Vec<PathBuf> {
    let home = home_masks(access.host.home.as_deref());
    let folders = access.hidden.iter().map(|folder| folder.to_path_buf()).chain(home);
    let folders: BTreeSet<PathBuf> = folders.filter(|folder| folder.parent().is_some()).collect();
    folders.into_iter().collect()
}

/// Runs the smallest program with the flags of real steps; bubblewrap's version when that worked.
fn try_out(program: &Path) -> Option<String> {
    let quiet = |command: &mut std::process::Command| {
        command.env_clear().stdin(std::process::Stdio::null());
        command.output().ok().filter(|output| output.status.success())
    };
    quiet(std::process::Command::new(program).args(FLAGS).args(["--", "/bin/sh", "-c", ":"]))?;
    let output = quiet(std::process::Command::new(program).arg("--version"))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Some(if version.is_empty() { "bubblewrap".to_owned() } else { version })
}
