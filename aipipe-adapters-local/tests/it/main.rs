//! The local adapters against the real machine.

mod ci;
mod packages;
mod support;
