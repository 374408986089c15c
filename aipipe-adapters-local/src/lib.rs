#![doc = include_str!("../README.md")]

mod artifacts;
mod clock;
mod failpoint;
mod os_error;
mod records;
mod secrets;

pub use artifacts::LocalArtifacts;
pub use clock::SystemClock;
pub use records::LocalRecords;
pub use secrets::{EnvSecrets, FileSecrets};
pub mod checks;
pub mod git;
pub mod review;
pub mod ci;
mod process;

pub use process::HostEnvironment;
