//! Words of obligation and ability, and the words that stand around them.

use crate::domain::Obligation::{self, Could, Must, Should};
use crate::stages::requirements_synthesizer::words::{Token, lower, phrase_at};

/// A word of obligation or ability.
pub(super) struct Modal {
    pub(super) phrase: &'static str,
    pub(super) obligation: Obligation,
    pub(super) negated: bool,
    pub(super) ability: bool,
    /// Needs a known verb after it, because the word is often something else.
    pub(super) doubtful: bool,
}

const fn modal(phrase: &'static str, obligation: Obligation, negated: bool, ability: bool, doubtful: bool) -> Modal {
    Modal { phrase, obligation, negated, ability, doubtful }
}

const MODALS: &[Modal] = &[
    modal("must", Must, false, false, false),
    modal("must not", Must, true, false, false),
    modal("must never", Must, true, false, false),
    modal("mustn't", Must, true, false, false),
    modal("shall", Must, false, false, false),
    modal("shall not", Must, true, false, false),
    modal("has to", Must, false, false, false),
    modal("have to", Must, false, false, false),
    modal("needs to", Must, false, false, false),
    modal("need to", Must, false, false, false),
    modal("is required to", Must, false, false, false),
    modal("are required to", Must, false, false, false),
    modal("is to", Must, false, false, true),
    modal("are to", Must, false, false, true),
    modal("will", Must, false, false, true),
    modal("will not", Must, true, false, true),
    modal("should", Should, false, false, false),
    modal("should not", Should, true, false, false),
    modal("should never", Should, true, false, false),
    modal("shouldn't", Should, true, false, false),
    modal("ought to", Should, false, false, false),
    modal("can", Should, false, true, true),
    modal("cannot", Must, true, true, false),
    modal("can not", Must, true, true, false),
    modal("can't", Must, true, true, false),
    modal("is able to", Should, false, true, true),
    modal("are able to", Should, false, true, true),
    modal("is allowed to", Should, false, true, false),
    modal("are allowed to", Should, false, true, false),
    modal("is not allowed to", Must, true, true, false),
    modal("are not allowed to", Must, true, true, false),
    modal("may not", Must, true, true, true),
    modal("may", Could, false, true, true),
    modal("could", Could, false, true, true),
    modal("wants to", Should, false, false, false),
    modal("want to", Should, false, false, false),
    modal("would like to", Should, false, false, false),
];

/// What may follow a modal before the verb proper and makes it an ability.
pub(super) const ABILITY: &[&str] = &[
    "be able to",
    "be possible to",
    "be allowed to",
    "be permitted to",
    "have the ability to",
    "have the option to",
    "have the possibility to",
    "be capable of",
];

/// Openings that report what follows.
pub(super) const REPORTING: &[&str] = &[
    "think",
    "thinks",
    "believe",
    "agreed",
    "agree",
    "sure",
    "ensure",
    "ensures",
    "important",
    "guess",
    "said",
    "says",
    "note",
    "required",
    "essential",
    "mean",
    "means",
    "expect",
    "expects",
    "decided",
    "suppose",
    "wants",
    "want",
    "mandatory",
    "necessary",
    "needed",
    "told",
    "mentioned",
    "understand",
    "understood",
    "suggest",
    "forget",
    "remember",
];

pub(super) const FILLERS: &[&str] = &[
    "so",
    "and",
    "but",
    "well",
    "yeah",
    "yes",
    "okay",
    "ok",
    "also",
    "then",
    "um",
    "uh",
    "right",
    "basically",
    "actually",
    "finally",
    "additionally",
    "furthermore",
    "moreover",
    "hmm",
    "mm",
    "first",
    "second",
    "third",
    "secondly",
    "firstly",
    "lastly",
    "plus",
    "again",
    "or",
    "oh",
    "further",
    "besides",
    "however",
    "therefore",
    "ideally",
    "likewise",
    ",",
    "similarly",
    "optionally",
    "now",
    "–",
    "-",
    "—",
    ":",
];

/// The longest modal that begins at `index`, with its number of words.
pub(super) fn modal_at(tokens: &[Token], index: usize) -> Option<(&'static Modal, usize)> {
    let first = lower(tokens, index);
    MODALS
        .iter()
        .filter(|m| m.phrase.split(' ').next() == Some(first) && phrase_at(tokens, index, m.phrase))
        .map(|m| (m, m.phrase.split(' ').count()))
        .max_by_key(|(_, count)| *count)
}
