//! Tests over several crates of aipipe.

pub mod crash;
pub mod figures;
