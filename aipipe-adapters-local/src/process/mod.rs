//! How this crate starts other programs: a cleared environment, a process group of its own that is ended as a whole,
//! no input, bounded output, bounded time.
//!
//! [`HostEnvironment`] is what a host lets through of its own environment; `launch` is the one place that starts
//! anything. Both the CI runner and the package managers go through it.

mod files;
mod host;
mod launch;
mod plain;
mod registry;
mod tools;

pub use host::{Credentials, HostEnvironment};
pub use registry::CREDENTIALS_WITHHELD;

pub(crate) use files::{hash_file, is_real_folder, link_tree, read_small, remove_tree, state_of, write_atomic};
pub(crate) use host::{find_program, find_programs, home_masks, tool_folders};
pub(crate) use launch::{Capture, Ending, Launch, OutputSink, Verdict, end_marked, launch};
pub(crate) use plain::plain;
pub(crate) use registry::InstallSettings;
pub(crate) use tools::{Probe, Tool, Wanted, numbers};

/// The variable by which processes of a step are found again, whatever group they moved to.
pub(crate) const TRACKING_VARIABLE: &str = "RUNNER_TRACKING_ID";
