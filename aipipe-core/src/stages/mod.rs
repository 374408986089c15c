//! The seven stages, in order; each folder is readable alone.

pub mod architecture_planner;
