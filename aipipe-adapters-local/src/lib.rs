#![doc = include_str!("../README.md")]

pub mod ci;
pub mod packages;
mod process;

pub use process::HostEnvironment;
