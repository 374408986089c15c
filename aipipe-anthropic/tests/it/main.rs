//! The adapter, alone and inside all layers, against scripted answers.

#![cfg(test)]

mod adapter;
mod faults;
mod scripted;
