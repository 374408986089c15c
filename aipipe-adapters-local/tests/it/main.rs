//! The local adapters against the real thing: the file system, the git command line, killed processes.

mod fixture;
mod git;
#[cfg(feature = "failpoints")]
mod git_crash;
mod git_hostile;
mod review;
