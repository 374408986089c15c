//! The local adapters against the real thing: the file system, the git command line, npm, killed processes.

#![cfg(test)]

mod artifacts;
mod ci;
mod ci_ends;
mod ci_hostile;
mod ci_isolation;
mod ci_rig;
mod ci_runs;
mod ci_semantics;
#[cfg(feature = "failpoints")]
mod crash;
mod fixture;
mod git;
#[cfg(feature = "failpoints")]
mod git_crash;
mod git_hostile;
mod limits;
mod packages;
mod poetry;
mod processes;
mod records;
mod records_damage;
mod review;
mod support;
