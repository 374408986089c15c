//! Tests of the rules, with documents made of plain text.

mod coverage;
mod documents;
mod fixture;
mod people;
mod permissions;
mod properties;
mod sentences;
mod stories;
mod talk;
mod values;
