//! The local adapters against the real machine.
#![cfg(test)]

mod ci;
mod packages;
mod support;
