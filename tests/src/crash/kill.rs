//! Ends the process at the point its parent has chosen.

use aipipe_core::failpoint;
use aipipe_core::ports::{Event, EventKind, Observer};
use rustix::process::{Signal, getpid, kill_process};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

const POINTS: &str = "AIPIPE_CRASH_POINTS";
const KILL_AT: &str = "AIPIPE_CRASH_KILL_AT";
const LOOK: &str = "AIPIPE_CRASH_LOOK";

/// What a parent tells its child, by environment variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orders {
    /// Where to note every point that is passed, a line each: the stage and the point's name.
    pub points: Option<PathBuf>,
    /// The number of the point to die at, from 1.
    pub kill_at: Option<usize>,
    /// Whether effects go ahead without looking for what an earlier process made.
    pub blind: bool,
}

impl Orders {
    /// The variables that say this.
    #[must_use]
    pub fn variables(&self) -> Vec<(&'static str, OsString)> {
        let points = self.points.as_ref().map(|file| (POINTS, file.clone().into_os_string()));
        let kill_at = self.kill_at.map(|at| (KILL_AT, at.to_string().into()));
        let blind = self.blind.then(|| (LOOK, OsString::from("off")));
        [points, kill_at, blind].into_iter().flatten().collect()
    }

    /// What the variables of this process say.
    #[must_use]
    pub fn from_env() -> Self {
        Self {
            points: std::env::var_os(POINTS).map(PathBuf::from),
            kill_at: std::env::var_os(KILL_AT).and_then(|at| at.to_str()?.parse().ok()),
            blind: std::env::var_os(LOOK).is_some_and(|look| look == "off"),
        }
    }
}

#[derive(Debug)]
struct Armed {
    points: Option<Mutex<File>>,
    kill_at: Option<usize>,
    stage: Mutex<String>,
}

static ARMED: OnceLock<Armed> = OnceLock::new();
static PASSED: AtomicUsize = AtomicUsize::new(0);

/// Does as ordered from now on; the observer returned must be told of the stages, so that points can be told by stage.
///
/// # Errors
/// When the file of points can't be opened.
pub fn arm(orders: &Orders) -> std::io::Result<impl Observer> {
    let open = |path| OpenOptions::new().append(true).create(true).open(path).map(Mutex::new);
    let points = orders.points.as_ref().map(open).transpose()?;
    let armed = Armed { points, kill_at: orders.kill_at, stage: Mutex::new("intake".to_owned()) };
    if ARMED.set(armed).is_ok() {
        failpoint::set_find_before_create(!orders.blind);
        failpoint::install(pass);
    }
    Ok(StageWatch)
}

/// Counts a point; at the one that was ordered the process ends, and nothing can hold that off.
fn pass(point: &'static str) {
    let number = PASSED.fetch_add(1, Ordering::SeqCst) + 1;
    let Some(armed) = ARMED.get() else { return };
    if let Some(file) = &armed.points {
        let stage = armed.stage.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let line = format!("{stage}\t{point}\n");
        let written = file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
        if written.is_err() {
            std::process::exit(3);
        }
    }
    if armed.kill_at == Some(number) {
        let _ = kill_process(getpid(), Signal::KILL);
        loop {
            std::thread::park();
        }
    }
}

#[derive(Debug)]
struct StageWatch;

impl Observer for StageWatch {
    fn observe(&self, event: &Event) {
        if let (EventKind::StageStarted { stage }, Some(armed)) = (&event.kind, ARMED.get()) {
            *armed.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage.to_string();
        }
    }
}
