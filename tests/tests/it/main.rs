//! aipipe from the outside: whole runs in processes of their own, and tests that need several crates at once.

#![cfg(test)]

mod bad_input;
mod conformance;
mod crash;
mod examples;
mod executor;
mod makespan;
mod program;
mod properties;
mod workflows;
