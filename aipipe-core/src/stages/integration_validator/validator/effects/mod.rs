//! Calls that reach out of the process as soon as a file is imported: at the top level of a module, in no function that
//! somebody would have to call.
//!
//! A call is known by what its name was imported as, not by how it is written.

#[cfg(feature = "python")]
mod python;
#[cfg(feature = "js")]
mod script;

use super::reading::{MOST_BYTES, on_large_stack};
use super::unread::{is_javascript, is_python};
use crate::domain::{RepoPath, TextSpan};

/// Such a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Effect {
    pub(in super::super) what: &'static str,
    pub(in super::super) span: TextSpan,
}

const NETWORK: &str = "calls the network";
const PROCESS: &str = "starts a process";
const EVAL: &str = "runs text as code";

/// Such calls of a file, in their order; none of a file that can't be read.
pub(in super::super) fn effects(path: &RepoPath, text: &str) -> Vec<Effect> {
    let may_have_some = MARKS.iter().any(|mark| text.contains(mark));
    if text.len() > MOST_BYTES || !may_have_some {
        return Vec::new();
    }
    match path {
        #[cfg(feature = "js")]
        path if is_javascript(path) => on_large_stack(|| script::find(path, text)).unwrap_or_default(),
        #[cfg(feature = "python")]
        path if is_python(path) => on_large_stack(|| python::find(text)).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// Without one of these words nothing of the kind can be said, and the file need not be parsed.
const MARKS: &[&str] = &[
    "fetch",
    "eval",
    "exec",
    "Function",
    "WebSocket",
    "XMLHttpRequest",
    "EventSource",
    "child_process",
    "http",
    "net",
    "tls",
    "dgram",
    "undici",
    "axios",
    "got",
    "ky",
    "superagent",
    "vm",
    "Worker",
    "subprocess",
    "system",
    "popen",
    "spawn",
    "fork",
    "requests",
    "urllib",
    "socket",
    "pty",
];
