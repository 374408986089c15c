//! Running a package manager: a folder and a home of its own, and errors a caller can decide by.

use super::LocalPackageOptions;
use crate::UuidGenerator;
use crate::process::{Capture, Ending, Launch, TRACKING_VARIABLE, launch, plain};
use aipipe_core::ports::IdGenerator as _;
use aipipe_core::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::Path;

const MAX_OUTPUT: usize = 8 << 20;

/// How many of the last lines of a tool's output an error shows.
const SHOWN_LINES: usize = 12;

/// Words by which tools tell that the registry can't be reached, as npm, pip and Poetry write them.
const NETWORK_WORDS: &[&str] = &[
    "enotfound",
    "econnrefused",
    "econnreset",
    "etimedout",
    "eai_again",
    "enetunreach",
    "ehostunreach",
    "enotcached",
    "err_socket_timeout",
    "network request",
    "all attempts to connect",
    "connection refused",
    "newconnectionerror",
    "max retries exceeded",
    "proxyerror",
    "timed out",
    "e429",
    "e502",
    "e503",
    "e504",
];

/// A program with its arguments, to be run in a folder.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) program: &'a Path,
    pub(super) arguments: &'a [&'a str],
    pub(super) folder: &'a Path,
    /// A writable folder that serves as its home.
    pub(super) home: &'a Path,
    pub(super) variables: BTreeMap<OsString, OsString>,
}

impl Call<'_> {
    /// Runs it; its output when it succeeded.
    ///
    /// A tool that fails is `InvalidInput` with its last lines, or `Unavailable` when those speak of the network.
    pub(super) async fn run(self, options: &LocalPackageOptions, purpose: &str) -> Result<String> {
        let settings = options.host.install_settings(self.home).map_err(|error| {
            io_error("packages.lock", "the configuration of the registries can't be handed on", error)
        })?;
        let mut environment = settings.variables;
        let own = [
            ("PATH", options.host.path.clone()),
            ("HOME", self.home.into()),
            ("LANG", "C.UTF-8".into()),
            ("TERM", "dumb".into()),
            ("NO_COLOR", "1".into()),
            ("CI", "true".into()),
            (TRACKING_VARIABLE, UuidGenerator.next_id().into()),
        ];
        environment.extend(own.map(|(name, value)| (name.into(), value)));
        environment.extend(self.variables);
        let what = Launch {
            program: self.program.to_path_buf(),
            arguments: self.arguments.iter().map(OsString::from).collect(),
            directory: self.folder.to_path_buf(),
            environment,
        };
        let clock = options.clock.as_ref();
        let (ending, output) =
            launch(what, options.timeout, clock, std::future::pending(), Capture::new(MAX_OUTPUT)).await?;
        let text = plain(&output.text());
        let error = |kind, message: String| Err(Error::new(kind, "packages.lock", message));
        match ending {
            Ending::Exited(0) => Ok(text),
            Ending::TimedOut => {
                error(ErrorKind::Timeout, format!("{purpose} took longer than {} s", options.timeout.as_secs()))
            }
            Ending::TooMuchOutput => {
                error(ErrorKind::Internal, format!("{purpose} wrote more than {MAX_OUTPUT} bytes"))
            }
            Ending::Exited(_) | Ending::Signalled(_) | Ending::Stopped => {
                let failed = format!("{purpose} failed: {}", last_lines(&text));
                if let Some(reason) = options.host.denial(&text) {
                    return error(ErrorKind::PermissionDenied, format!("{reason} ({failed})"));
                }
                match kind_of(&text) {
                    // npm takes what it could not cache for missing, and reports a conflict of versions.
                    ErrorKind::InvalidInput if is_full(&options.root) => {
                        error(ErrorKind::StorageFull, format!("the disk is full, and {failed}"))
                    }
                    kind => error(kind, failed),
                }
            }
        }
    }
}

/// Whether the file system of `folder` has so little room that a tool's words about a failure can't be trusted.
fn is_full(folder: &Path) -> bool {
    const LITTLE: u64 = 16 << 20;
    rustix::fs::statvfs(folder).is_ok_and(|room| room.f_bavail.saturating_mul(room.f_frsize) < LITTLE)
}

fn kind_of(output: &str) -> ErrorKind {
    let lower = output.to_lowercase();
    if lower.contains("no space left") || lower.contains("enospc") {
        ErrorKind::StorageFull
    } else if NETWORK_WORDS.iter().any(|word| lower.contains(word)) {
        ErrorKind::Unavailable
    } else {
        ErrorKind::InvalidInput
    }
}

/// The last lines in one, without addresses: those of a registry may hold a password.
fn last_lines(output: &str) -> String {
    let lines: Vec<&str> = output.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines.get(lines.len().saturating_sub(SHOWN_LINES)..).unwrap_or_default();
    let words = last.join(" | ");
    let words = words.split(' ').map(|word| if word.contains("://") { "(address)" } else { word });
    words.collect::<Vec<_>>().join(" ")
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

/// Whether a text names an address of the web with `//` after the scheme, in any case.
pub(super) fn names_address(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("http://") || lower.contains("https://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_apart() {
        assert_eq!(kind_of("npm error code ECONNREFUSED"), ErrorKind::Unavailable);
        assert_eq!(kind_of("npm error code ETARGET\nNo matching version"), ErrorKind::InvalidInput);
        assert_eq!(kind_of("No space left on device (os error 28)"), ErrorKind::StorageFull);
    }

    #[test]
    fn errors_show_no_address() {
        let text = last_lines("fetch failed\n  https://user:pw@mirror.example/x 404 (http://b.example)\n");
        assert_eq!(text, "fetch failed | (address) 404 (address)");
    }
}
