#![doc = include_str!("../README.md")]

pub mod domain;
mod error;
pub mod stages;

pub use error::{Error, ErrorKind, Result};
