//! One program, from its start to the end of everything it started.

use super::TRACKING_VARIABLE;
use aipipe_core::ports::Clock;
use aipipe_core::{Error, ErrorKind, Result};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::future::Future;
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::sync::oneshot;

const OPERATION: &str = "process.launch";

/// How long a program has between the polite and the final signal.
const GRACE: Duration = Duration::from_secs(3);

/// How long the rest of the output is waited for after a program ended.
const DRAIN: Duration = Duration::from_secs(5);

/// How often it is looked for what still holds the output.
const DRAIN_ROUNDS: u32 = 10;

/// A program to start.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) directory: PathBuf,
    /// All variables it sees.
    pub(crate) environment: BTreeMap<OsString, OsString>,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With this code.
    Exited(i32),
    /// By this signal, which was not ours.
    Signalled(i32),
    /// Ended by us: out of time.
    TimedOut,
    /// Ended by us: somebody wanted it.
    Stopped,
    /// Ended by us: it wrote more than allowed.
    TooMuchOutput,
}

/// Whether more output is welcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Continue,
    Stop,
}

/// Takes output as it comes: standard output and standard error, interleaved as written.
pub(crate) trait OutputSink: Send + 'static {
    fn take(&mut self, bytes: &[u8]) -> Verdict;
}

/// Keeps the output in memory, up to a limit.
#[derive(Debug)]
pub(crate) struct Capture {
    pub(crate) bytes: Vec<u8>,
    limit: usize,
}

impl Capture {
    pub(crate) fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

impl OutputSink for Capture {
    fn take(&mut self, bytes: &[u8]) -> Verdict {
        let room = self.limit.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        if bytes.len() > room { Verdict::Stop } else { Verdict::Continue }
    }
}

/// Runs a program to its end, or ends it with everything it started when `timeout` has passed, `stop` resolves or the
/// sink wants no more. Dropping the future ends it as well.
///
/// What it leaves running in the background is ended with it. Processes that both leave the group and drop the
/// tracking variable from their environment are out of reach here; a sandbox with its own process namespace gets them.
pub(crate) async fn launch<S: OutputSink>(
    what: Launch,
    timeout: Duration,
    clock: &dyn Clock,
    stop: impl Future<Output = ()> + Send,
    sink: S,
) -> Result<(Ending, S)> {
    let failed = |message: &str, error: std::io::Error| {
        Error::new(ErrorKind::Internal, OPERATION, message.to_owned())
            .with("program", what.program.display())
            .caused_by(error)
    };
    let (reader, writer) = std::io::pipe().map_err(|error| failed("no pipe for the output", error))?;
    let second = writer.try_clone().map_err(|error| failed("no pipe for the output", error))?;
    let mut command = tokio::process::Command::new(&what.program);
    command
        .args(&what.arguments)
        .current_dir(&what.directory)
        .env_clear()
        .envs(&what.environment)
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(second)
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| {
        let kind =
            if error.kind() == std::io::ErrorKind::NotFound { ErrorKind::Unsupported } else { ErrorKind::Internal };
        Error::new(kind, OPERATION, "the program can't be started")
            .with("program", what.program.display())
            .caused_by(error)
    })?;
    // The command holds the writing ends; the reader sees the end only when they are closed here.
    drop(command);
    let mark = what.environment.get(&OsString::from(TRACKING_VARIABLE)).cloned();
    let group = Group { leader: child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw), mark };
    let (mut output, mut overflow) = pump(reader, sink);

    let status = |status: std::io::Result<std::process::ExitStatus>| -> Result<Ending> {
        let status = status.map_err(|error| failed("the program's end can't be waited for", error))?;
        Ok(match (status.code(), status.signal()) {
            (Some(code), _) => Ending::Exited(code),
            (None, signal) => Ending::Signalled(signal.unwrap_or(0)),
        })
    };
    let ours = tokio::select! {
        ended = child.wait() => Err(status(ended)?),
        () = stop => Ok(Ending::Stopped),
        () = clock.sleep(timeout) => Ok(Ending::TimedOut),
        Ok(()) = &mut overflow => Ok(Ending::TooMuchOutput),
    };
    let mut ending = match ours {
        Err(by_itself) => by_itself,
        Ok(ending) => {
            group.signal(Signal::TERM);
            tokio::select! {
                _ = child.wait() => {}
                () = clock.sleep(GRACE) => {}
            }
            group.signal(Signal::KILL);
            status(child.wait().await)?;
            ending
        }
    };
    // What it left running would hold the output open, keep ports and outlive us.
    let mark = group.mark.clone();
    drop(group);
    let mut drained = None;
    for _ in 0..DRAIN_ROUNDS {
        tokio::select! {
            sink = &mut output => {
                drained = sink.ok();
                break;
            }
            // A process that is just becoming another program shows no environment, so it may have been overlooked.
            () = clock.sleep(DRAIN / DRAIN_ROUNDS) => mark.iter().for_each(end_marked),
        }
    }
    let Some(sink) = drained else {
        return Err(Error::new(ErrorKind::Internal, OPERATION, "something the program started still holds its output")
            .with("program", what.program.display()));
    };
    if matches!(ending, Ending::Exited(_)) && overflow.try_recv().is_ok() {
        ending = Ending::TooMuchOutput;
    }
    Ok((ending, sink))
}

/// Reads on a thread of its own (a pipe is a blocking file) and hands the sink back at the end of the output.
///
/// After the sink wants no more the rest is read and thrown away, so that the program isn't stuck on a full pipe
/// while it is being ended.
fn pump<S: OutputSink>(mut reader: std::io::PipeReader, mut sink: S) -> (oneshot::Receiver<S>, oneshot::Receiver<()>) {
    let (give_back, output) = oneshot::channel();
    let (stop, overflow) = oneshot::channel();
    std::thread::spawn(move || {
        let mut buffer = vec![0_u8; 64 * 1024];
        let mut stop = Some(stop);
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    if stop.is_some()
                        && sink.take(buffer.get(..count).unwrap_or_default()) == Verdict::Stop
                        && let Some(stop) = stop.take()
                    {
                        // Nobody listens any more only when the program is being ended already.
                        let _ = stop.send(());
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    tracing::warn!(%error, "output of a program can't be read further");
                    break;
                }
            }
        }
        // The receiver is gone when the run was dropped.
        let _ = give_back.send(sink);
    });
    (output, overflow)
}

/// The processes of one program; ended when this is dropped.
struct Group {
    leader: Option<Pid>,
    mark: Option<OsString>,
}

impl Group {
    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.leader {
            // An error means that the group has no member left.
            let _ = kill_process_group(leader, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        if let Some(mark) = &self.mark {
            end_marked(mark);
        }
    }
}

/// Ends processes that left the group, or outlived who started them, but still carry the mark; several rounds, because
/// they may be forking.
pub(crate) fn end_marked(mark: &OsString) {
    use std::os::unix::ffi::OsStrExt as _;
    let wanted = [TRACKING_VARIABLE.as_bytes(), b"=", mark.as_bytes()].concat();
    for _ in 0..20 {
        let mut found = false;
        // Without /proc (not Linux) the group signal is all there is.
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
            let Ok(environment) = std::fs::read(entry.path().join("environ")) else { continue };
            if environment.split(|byte| *byte == 0).any(|variable| variable == wanted)
                && let Some(pid) = Pid::from_raw(pid)
            {
                found |= kill_process(pid, Signal::KILL).is_ok();
            }
        }
        if !found {
            return;
        }
    }
}
