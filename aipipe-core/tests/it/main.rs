//! Integration tests of aipipe-core.

#![cfg(test)]

mod conformance;
mod documents;
mod domain;
mod engine;
mod engine_ends;
mod engine_faults;
mod standard;
mod support;
