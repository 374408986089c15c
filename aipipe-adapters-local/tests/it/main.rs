//! Tests of the local adapters on the real file system.

#[cfg(test)]
mod artifacts;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod records;
