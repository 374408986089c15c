//! Tests over several crates of aipipe.

pub mod crash;
pub mod figures;
pub mod wire;
