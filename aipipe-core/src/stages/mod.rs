//! The seven stages, each in its own folder and readable alone.

pub mod document_processor;
