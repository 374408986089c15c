//! Progress on standard error: a bar a stage on a terminal, a line a stage elsewhere.

use aipipe::domain::Refusal;
use aipipe::ports::{Event, EventKind, Observer};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Shows events as they come, and remembers what the report can't find elsewhere.
#[derive(Debug)]
pub(crate) struct Progress {
    bars: MultiProgress,
    state: Mutex<State>,
    terminal: bool,
}

#[derive(Debug, Default)]
struct State {
    current: BTreeMap<String, ProgressBar>,
    replayed: BTreeSet<String>,
    refused: Vec<Refusal>,
}

/// A line on standard error. When nobody reads that any more the run goes on all the same.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

impl Progress {
    pub(crate) fn new() -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { bars: MultiProgress::new(), state: Mutex::default(), terminal }
    }

    /// The stages whose recorded result was used.
    pub(crate) fn replayed(&self) -> BTreeSet<String> {
        self.lock().replayed.clone()
    }

    /// Documents refused in this process.
    pub(crate) fn refused(&self) -> Vec<Refusal> {
        self.lock().refused.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, text: &str) {
        if self.terminal {
            let _ = self.bars.println(text);
        } else {
            note(text);
        }
    }

    fn begin(&self, stage: &str) {
        if !self.terminal {
            self.line(&format!("  … {stage}"));
            return;
        }
        let bar = self.bars.add(ProgressBar::new(1));
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {prefix:26} [{bar:24}] {pos}/{len} {msg}") {
            bar.set_style(style.progress_chars("█░ "));
        }
        bar.set_prefix(stage.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        self.lock().current.insert(stage.to_owned(), bar);
    }

    fn advance(&self, stage: &str, done: usize, total: usize, what: &str) {
        match self.lock().current.get(stage) {
            Some(bar) => {
                bar.set_length(total as u64);
                bar.set_position(done as u64);
                bar.set_message(what.to_owned());
            }
            None => self.line(&format!("      {stage} {done}/{total} {what}")),
        }
    }

    fn end(&self, stage: &str, took: Duration, replayed: bool) {
        let seconds = took.as_secs_f64();
        let mut state = self.lock();
        if replayed {
            state.replayed.insert(stage.to_owned());
        }
        if let Some(bar) = state.current.remove(stage) {
            bar.finish_and_clear();
        }
        drop(state);
        let note = if replayed { "done before".to_owned() } else { format!("{seconds:.1} s") };
        self.line(&format!("  ✓ {stage} ({note})"));
    }

    fn clear(&self) {
        for (_, bar) in std::mem::take(&mut self.lock().current) {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Progress {
    fn observe(&self, event: &Event) {
        match &event.kind {
            EventKind::Started => self.line(&format!("Execution {}", event.execution)),
            EventKind::Resumed => self.line(&format!("Execution {} goes on", event.execution)),
            EventKind::StageStarted { stage } => self.begin(stage.as_str()),
            EventKind::StageReplayed { stage } => self.end(stage.as_str(), Duration::ZERO, true),
            EventKind::StageDone { stage, took } => self.end(stage.as_str(), *took, false),
            EventKind::Progress { stage, done, total, what } => self.advance(stage.as_str(), *done, *total, what),
            EventKind::DocumentRefused(refusal) => {
                let reason = refusal.reason.as_str();
                self.line(&format!("  ! {} was not read: {reason} ({})", refusal.name, refusal.detail));
                self.lock().refused.push(refusal.clone());
            }
            EventKind::Waiting { stage, wait } => {
                self.clear();
                self.line(&format!("  ⏸ {stage} waits: {}", wait.reason));
            }
            EventKind::Anomaly(anomaly) => self.line(&format!("  ! {anomaly}")),
            EventKind::Failed { error, .. } => {
                self.clear();
                self.line(&format!("  ✗ {error}"));
            }
            EventKind::Cancelled => {
                self.clear();
                self.line("  ✗ cancelled");
            }
            _ => {}
        }
    }
}
