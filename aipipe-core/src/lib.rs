#![doc = include_str!("../README.md")]

pub mod domain;
mod error;
#[cfg(feature = "failpoints")]
pub mod failpoint;
pub mod model;
pub mod pipeline;
pub mod ports;
pub mod redaction;
pub mod search;
pub mod stacks;
pub mod stages;
pub mod tables;

#[cfg(feature = "testing")]
pub mod testing;

pub use error::{Error, ErrorKind, Result};
