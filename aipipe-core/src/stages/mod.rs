//! The seven stages, each a folder that can be read alone.

pub mod integration_validator;
