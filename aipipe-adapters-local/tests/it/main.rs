//! Tests of the local adapters on the real file system.

mod processes;
mod records;
