//! Tests over several crates of aipipe.

pub mod figures;
