#![doc = include_str!("../README.md")]

pub mod checks;
pub mod git;
pub mod review;
