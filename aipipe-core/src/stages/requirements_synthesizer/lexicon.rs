//! The English words the rules know: verbs of products, roles of people, names for the product itself.

mod function_words;
mod nouns;
mod verbs;

pub(super) use function_words::*;
pub(super) use nouns::*;
pub(super) use verbs::*;
