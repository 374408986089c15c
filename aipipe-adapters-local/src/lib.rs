#![doc = include_str!("../README.md")]

mod answers;
mod artifacts;
pub mod checks;
pub mod ci;
mod clock;
mod failpoint;
mod files;
pub mod git;
mod ids;
mod os_error;
pub mod packages;
mod poetry;
mod process;
mod records;
mod replay;
pub mod review;
mod secrets;
mod workspace;

pub use answers::FileAnswers;
pub use artifacts::LocalArtifacts;
pub use clock::SystemClock;
pub use files::read_document_file;
pub use ids::UuidGenerator;
pub use process::{CREDENTIALS_WITHHELD, Credentials, HostEnvironment};
pub use records::LocalRecords;
pub use replay::{FixtureSource, ReplayModel};
pub use secrets::{EnvSecrets, FileSecrets};
pub use workspace::LocalWorkspace;
