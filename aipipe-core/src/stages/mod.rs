//! The seven stages, each readable alone.

pub mod requirements_synthesizer;
