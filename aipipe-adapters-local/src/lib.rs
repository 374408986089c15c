#![doc = include_str!("../README.md")]

pub mod ci;
mod process;

pub use process::HostEnvironment;
