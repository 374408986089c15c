//! The adapter, alone and inside all layers, against scripted answers.

#![cfg(test)]

mod adapter;
mod batches;
mod faults;
mod scripted;
