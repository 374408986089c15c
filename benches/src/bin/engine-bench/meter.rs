//! Wall time, CPU time and memory of this process, and what else may have disturbed them.

use anyhow::{Context as _, Result};
use rustix::time::{ClockId, clock_gettime};
use std::path::Path;

/// A stretch of work that is being measured.
#[derive(Debug, Clone, Copy)]
pub struct Meter {
    wall: f64,
    cpu: f64,
}

/// What a stretch of work took.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    /// Seconds on the wall.
    pub wall: f64,
    /// Seconds of CPU of all threads, user and system.
    pub cpu: f64,
}

impl Meter {
    /// Begins.
    pub fn start() -> Self {
        Self { wall: seconds(ClockId::Monotonic), cpu: seconds(ClockId::ProcessCPUTime) }
    }

    /// What was taken since.
    pub fn stop(self) -> Took {
        let now = Self::start();
        Took { wall: now.wall - self.wall, cpu: now.cpu - self.cpu }
    }
}

fn seconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Bytes of a line of `/proc/self/status`: `VmRSS` (now) or `VmHWM` (the most so far).
pub fn memory(line: &str) -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status").context("reading /proc/self/status")?;
    let kilobytes = status
        .lines()
        .find_map(|text| text.strip_prefix(line)?.strip_prefix(':')?.trim().strip_suffix(" kB")?.parse::<f64>().ok())
        .with_context(|| format!("/proc/self/status has no {line}"))?;
    Ok(kilobytes * 1024.0)
}

/// The machine's load average over the last minute.
pub fn load() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").context("reading /proc/loadavg")?;
    text.split(' ').next().and_then(|load| load.parse().ok()).context("/proc/loadavg has no number")
}

/// The type of the file system that holds `path`, such as `ext4`.
pub fn file_system(path: &Path) -> Result<String> {
    let path = path.canonicalize().with_context(|| format!("{}", path.display()))?;
    let mounts = std::fs::read_to_string("/proc/self/mounts").context("reading /proc/self/mounts")?;
    let holding = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (at, kind) = (fields.next()?, fields.next()?);
        path.starts_with(at).then_some((at.len(), kind))
    });
    // The innermost mount holds it; of several on one place the last.
    let (_, kind) = holding.max_by_key(|(length, _)| *length).context("no file system holds the folder")?;
    Ok(kind.to_owned())
}
