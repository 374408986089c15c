//! The seven stages, in their order.

pub mod story_executor;
