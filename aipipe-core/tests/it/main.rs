//! Integration tests of aipipe-core.

mod engine;
mod engine_faults;
mod support;
