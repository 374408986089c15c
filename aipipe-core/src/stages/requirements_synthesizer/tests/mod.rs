//! Tests of the rules, with documents made of plain text.

mod documents;
mod fixture;
mod properties;
mod sentences;
mod stories;
