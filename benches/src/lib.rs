//! What aipipe costs.
//!
//! - [`figures`]: the list `target/figures.jsonl` that tests and benches append what they measured to.
//! - `engine-bench`: steps per second, CPU and memory of durable executions, beside the bare store in the same run.
//! - `benches/engine.rs`: the engine's own code, on stores in memory (criterion).
//! - `validator-speed`, `validator-corpus`: what the validator takes, and what it finds of labelled faults.
//! - `benches/model.rs`: what the layers around a model take, and what a very long line costs the reader of streams.
//! - `project_tree`, `python_tree`: projects to give to it and to its peers.
//! - `engine.sh`: all of it, and the sync calls per checkpoint.

pub mod figures;
pub mod project_tree;
pub mod python_tree;
