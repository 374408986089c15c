//! The local adapters against the real thing: the file system, the git command line, killed processes.

// `cfg(test)` holds for all of it anyway; it tells clippy that these are tests, helpers included.
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod git;
#[cfg(test)]
#[cfg(feature = "failpoints")]
mod git_crash;
#[cfg(test)]
mod git_hostile;
#[cfg(test)]
mod review;
