#![doc = include_str!("../README.md")]

mod artifacts;
pub mod checks;
pub mod ci;
mod clock;
mod failpoint;
pub mod git;
mod os_error;
pub mod packages;
mod process;
mod records;
pub mod review;
mod secrets;

pub use artifacts::LocalArtifacts;
pub use clock::SystemClock;
pub use process::HostEnvironment;
pub use records::LocalRecords;
pub use secrets::{EnvSecrets, FileSecrets};
