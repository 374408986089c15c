//! aipipe from the outside: whole runs in processes of their own, and tests that need several crates at once.

#![cfg(test)]

mod asked;
mod bad_input;
mod canary;
mod conformance;
mod cost;
mod crash;
mod examples;
mod executor;
mod grounding;
mod makespan;
mod model;
mod program;
mod projects;
mod properties;
mod repair;
mod stopped;
mod workflows;
