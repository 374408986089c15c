#![doc = include_str!("../README.md")]

pub use aipipe_core::*;

/// Adapters for one machine: file system, embedded records, real git, a real local CI run.
#[cfg(feature = "local")]
pub mod local {
    pub use aipipe_adapters_local::*;
}

/// Claude, and whatever else speaks the Messages API.
#[cfg(feature = "anthropic")]
pub mod anthropic {
    pub use aipipe_anthropic::*;
}
