//! Tests over several crates of aipipe.
