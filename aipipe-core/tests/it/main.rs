//! Integration tests of aipipe-core.

#![cfg(test)]

mod broken_forge;
mod broken_packages;
mod conformance;
mod documents;
mod domain;
mod engine;
mod engine_ends;
mod engine_faults;
mod extraction;
mod gates;
mod heads;
mod search;
mod signals;
mod standard;
mod support;
