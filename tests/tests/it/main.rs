//! Tests that need several crates at once, or the programs under `examples/`.
#![cfg(test)]

mod conformance;
