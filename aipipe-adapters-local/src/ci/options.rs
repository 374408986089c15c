//! What a host says about local CI.

use super::sandbox::SandboxChoice;
use super::{CheckSink, CheckoutSource};
use crate::process::HostEnvironment;
use aipipe_core::ports::Clock;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What bounds a run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LocalCiLimits {
    /// The longest a step may take; 15 minutes.
    pub step_timeout: Duration,
    /// The longest a job may take, whatever its `timeout-minutes` says; one hour.
    pub job_timeout: Duration,
    /// How much of a job's output is kept, besides its last 256 KiB; 8 MiB.
    pub log_bytes: u64,
    /// How much output a job may write before it is ended; 64 MiB.
    pub output_bytes: u64,
    /// The most open files of a process; 8,192.
    pub open_files: u64,
    /// The most processes of the user, where the system counts them; 16,384.
    pub processes: u64,
    /// The largest file a process may write; 4 GiB.
    pub file_bytes: u64,
    /// The most memory a process may map; unlimited, because JavaScript engines reserve far more than they use.
    pub memory_bytes: Option<u64>,
}

impl Default for LocalCiLimits {
    fn default() -> Self {
        Self {
            step_timeout: Duration::from_secs(15 * 60),
            job_timeout: Duration::from_secs(60 * 60),
            log_bytes: 8 << 20,
            output_bytes: 64 << 20,
            open_files: 8192,
            processes: 16_384,
            file_bytes: 4 << 30,
            memory_bytes: None,
        }
    }
}

impl LocalCiLimits {
    /// The same with another limit for steps.
    #[must_use]
    pub fn with_step_timeout(mut self, timeout: Duration) -> Self {
        self.step_timeout = timeout;
        self
    }

    /// The same with other limits for kept and for all output of a job.
    #[must_use]
    pub fn with_output(mut self, kept: u64, most: u64) -> Self {
        self.log_bytes = kept;
        self.output_bytes = most;
        self
    }

    /// What bash does before a step's shell takes its place. A limit that can't be set is already lower.
    pub(super) fn prelude(&self) -> String {
        let mut limits = vec![("c", 0), ("n", self.open_files), ("u", self.processes), ("f", self.file_bytes / 1024)];
        limits.extend(self.memory_bytes.map(|bytes| ("v", bytes / 1024)));
        let mut prelude = String::new();
        for (letter, value) in limits {
            let _ = write!(prelude, "ulimit -{letter} {value} 2>/dev/null || :; ");
        }
        prelude + "exec \"$@\""
    }
}

/// What local CI stands on.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LocalCiOptions {
    /// The folder of all runs and of the package cache.
    pub root: PathBuf,
    /// Further folders that steps in a sandbox don't see, such as the one that holds documents and records. `root` is
    /// always hidden.
    pub hidden: Vec<PathBuf>,
    /// Where checkouts come from.
    pub source: Arc<dyn CheckoutSource>,
    /// Where checks go.
    pub checks: Arc<dyn CheckSink>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What of the host's environment runs may see.
    pub host: HostEnvironment,
    /// What bounds a run.
    pub limits: LocalCiLimits,
    /// The isolation wanted.
    pub sandbox: SandboxChoice,
}

impl LocalCiOptions {
    /// The defaults, with `host` as the environment.
    #[must_use]
    pub fn new(
        root: impl Into<PathBuf>,
        source: Arc<dyn CheckoutSource>,
        checks: Arc<dyn CheckSink>,
        clock: Arc<dyn Clock>,
        host: HostEnvironment,
    ) -> Self {
        Self {
            root: root.into(),
            hidden: Vec::new(),
            source,
            checks,
            clock,
            host,
            limits: LocalCiLimits::default(),
            sandbox: SandboxChoice::default(),
        }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: LocalCiLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The same with one more folder that steps in a sandbox don't see; it must exist when CI is opened.
    #[must_use]
    pub fn with_hidden(mut self, folder: impl Into<PathBuf>) -> Self {
        self.hidden.push(folder.into());
        self
    }

    /// The same with another choice of isolation.
    #[must_use]
    pub fn with_sandbox(mut self, sandbox: SandboxChoice) -> Self {
        self.sandbox = sandbox;
        self
    }

    /// The package cache that install phases share.
    pub(super) fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }
}
