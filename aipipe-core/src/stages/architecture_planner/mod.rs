//! Stage 3, the part that needs no model: which stack, which entities, which operations, which components.
//!
//! [`decide_stack`] weighs words of the documents and cites every one of them. [`plan`] reads the stories: their
//! actions name entities and operations, "a task has …" names fields, criteria become checks a generated test can make.
//! What no rule can tell stays visible: a story gets `needs_model`, a criterion `Unmapped`, each with the words.

mod check;
mod close_call;
mod component;
mod constraint;
mod document;
mod entity;
mod field;
mod initial;
mod intent;
mod lexicon;
mod naming;
mod operation;
mod permission;
mod plan;
mod stack;
mod stage;
mod statement;
mod states;
#[cfg(test)]
mod tests;
mod unit;
mod vocabulary;
mod words;

pub use super::source::Source;
pub use close_call::stack_choice_schema;
pub use document::architecture_document;
pub use plan::plan;
pub use stack::decide_stack;
pub use stage::ArchitecturePlanner;
