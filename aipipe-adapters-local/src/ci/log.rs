//! A job's log: written as output comes, bounded on disk and in memory, with its end kept.

use super::annotations::Annotations;
use crate::process::{OutputSink, Verdict, plain};
use aipipe_core::{Error, ErrorKind, Result};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// How much of the end is kept of a log that was cut: the reason of a failure stands there.
const KEPT_END: usize = 256 * 1024;

/// A job's log. Clones write to the same file.
#[derive(Debug, Clone)]
pub(super) struct JobLog(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    file: File,
    /// Bytes of output that may still be written.
    room: u64,
    /// Bytes of output that may still come before the program is ended.
    patience: u64,
    left_out: u64,
    end: VecDeque<u8>,
    annotations: Annotations,
    failure: Option<io::Error>,
}

impl JobLog {
    /// Makes the file. `kept` bytes of output are written, after `most` the program is ended.
    pub(super) fn create(path: &Path, kept: u64, most: u64) -> io::Result<Self> {
        let file = File::create(path)?;
        let state = State {
            file,
            room: kept,
            patience: most,
            left_out: 0,
            end: VecDeque::new(),
            annotations: Annotations::default(),
            failure: None,
        };
        Ok(Self(Arc::new(Mutex::new(state))))
    }

    /// Writes a line of the runner itself; these always fit.
    pub(super) fn line(&self, text: &str) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.write(text.replace('\n', " ").as_bytes());
        state.write(b"\n");
    }

    /// Ends a step's part: writes the kept end of output that was left out, and returns the step's annotations.
    pub(super) fn end_step(&self) -> Result<Vec<String>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.left_out > 0 {
            let end: Vec<u8> = std::mem::take(&mut state.end).into();
            let notice =
                format!("\n… {} bytes of output left out …\n", state.left_out.saturating_sub(end.len() as u64));
            state.left_out = 0;
            state.write(notice.as_bytes());
            state.write(&end);
            state.write(b"\n");
        }
        match state.failure.take() {
            None => Ok(state.annotations.finish()),
            Some(error) => Err(io_error("ci.log", "the log can't be written", error)),
        }
    }

    /// A sink for the output of a program.
    pub(super) fn sink(&self) -> LogSink {
        LogSink(self.clone())
    }
}

impl State {
    fn write(&mut self, bytes: &[u8]) {
        if self.failure.is_none()
            && let Err(error) = self.file.write_all(bytes)
        {
            self.failure = Some(error);
        }
    }
}

/// Writes output to a [`JobLog`].
#[derive(Debug)]
pub(super) struct LogSink(JobLog);

impl OutputSink for LogSink {
    fn take(&mut self, bytes: &[u8]) -> Verdict {
        let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.annotations.take(bytes);
        let count = bytes.len() as u64;
        let fits = usize::try_from(state.room.min(count)).unwrap_or(bytes.len());
        let (now, rest) = bytes.split_at_checked(fits).unwrap_or((bytes, &[]));
        state.write(now);
        state.room -= now.len() as u64;
        state.left_out += rest.len() as u64;
        state.end.extend(rest);
        let surplus = state.end.len().saturating_sub(KEPT_END);
        state.end.drain(..surplus);
        if state.failure.is_some() || count > state.patience {
            return Verdict::Stop;
        }
        state.patience -= count;
        Verdict::Continue
    }
}

/// The error for a file operation; a full disk is told apart.
pub(super) fn io_error(operation: &'static str, message: &str, error: io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::StorageFull,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::PermissionDenied,
        _ => ErrorKind::Internal,
    };
    Error::new(kind, operation, message.to_owned()).caused_by(error)
}

/// The last whole lines of a log, at most `max_bytes`, as plain text.
pub(super) fn tail(path: &Path, max_bytes: usize) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    // One byte more tells whether the first line is whole.
    let from = length.saturating_sub(max_bytes as u64 + 1);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(max_bytes as u64 + 1).read_to_end(&mut bytes)?;
    let whole = if from == 0 {
        bytes.as_slice()
    } else {
        let newline = bytes.iter().position(|byte| *byte == b'\n');
        newline.and_then(|at| bytes.get(at + 1..)).unwrap_or_default()
    };
    let mut text = plain(&String::from_utf8_lossy(whole));
    // Bytes that are no UTF-8 grow to three.
    while text.len() > max_bytes {
        match text.split_once('\n') {
            Some((_, rest)) => text = rest.to_owned(),
            None => return Ok(String::new()),
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_has_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log");
        std::fs::write(&file, "one\ntwo\nthree\n").unwrap();
        assert_eq!(tail(&file, 100).unwrap(), "one\ntwo\nthree\n");
        assert_eq!(tail(&file, 10).unwrap(), "two\nthree\n");
        assert_eq!(tail(&file, 9).unwrap(), "three\n");
        assert_eq!(tail(&file, 3).unwrap(), "");
        assert_eq!(tail(&file, 0).unwrap(), "");
    }

    #[test]
    fn a_cut_log_keeps_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log");
        let log = JobLog::create(&file, 1000, 10_000_000).unwrap();
        let mut sink = log.sink();
        for number in 0..100_000 {
            assert_eq!(sink.take(format!("line {number}\n").as_bytes()), Verdict::Continue);
        }
        log.end_step().unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("line 0\n") && text.contains("bytes of output left out"));
        assert!(text.trim_end().ends_with("line 99999"));
        assert!(text.len() < KEPT_END + 2000);
    }

    #[test]
    fn too_much_output_stops() {
        let folder = tempfile::tempdir().unwrap();
        let log = JobLog::create(&folder.path().join("log"), 10, 100).unwrap();
        let mut sink = log.sink();
        assert_eq!(sink.take(&[b'x'; 100]), Verdict::Continue);
        assert_eq!(sink.take(b"y"), Verdict::Stop);
    }
}
