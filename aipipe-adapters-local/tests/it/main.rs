//! Tests of the local adapters on the real file system.

#[cfg(test)]
mod artifacts;
#[cfg(all(test, feature = "failpoints"))]
mod crash;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod records;
#[cfg(test)]
mod records_damage;
//! The local adapters against the real thing: the file system, the git command line, killed processes.

mod fixture;
mod git;
#[cfg(feature = "failpoints")]
mod git_crash;
mod git_hostile;
mod review;
//! The local adapters against the real machine.

mod ci;
mod packages;
mod support;
