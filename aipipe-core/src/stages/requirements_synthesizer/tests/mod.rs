//! Tests of the rules, with documents made of plain text.

mod claims;
mod coverage;
mod documents;
pub(super) mod fixture;
mod nothing_lost;
mod people;
mod permissions;
mod properties;
mod sentences;
mod stories;
mod talk;
mod values;
