//! Integration tests of aipipe-core.

mod conformance;
mod engine;
mod engine_faults;
mod support;
