//! Words that only keep talk going change nothing in what is asked for.

use super::fixture::{pairs, run_one};
use crate::domain::DocumentFormat;
use proptest::prelude::*;

const ASKS: &[&str] = &[
    "Volunteers need to register a loan with a toy and a family",
    "Customers must be able to create a booking with a date and a bike",
    "Mechanics must be able to add a part with a name, a price and a quantity",
    "The front desk should be able to list all bookings",
    "Members should be able to cancel a reservation",
];

const TAGS: &[&str] = &[
    ", right",
    ", okay",
    ", ok",
    ", yes",
    ", you know",
    ", correct",
    ", I think",
    ", basically",
    ", of course",
    ", please",
    ", exactly",
    ", I guess",
    ", obviously",
    ", though",
    ", right, okay",
    ", you know, right",
];

proptest! {
    #[test]
    fn a_tag_adds_nothing(
        ask in prop::sample::select(ASKS.to_vec()),
        tag in prop::sample::select(TAGS.to_vec()),
        format in prop::sample::select(vec![DocumentFormat::Transcript, DocumentFormat::Chat, DocumentFormat::Email, DocumentFormat::Text]),
    ) {
        let plain = run_one(format, &format!("{ask}."));
        let tagged = run_one(format, &format!("{ask}{tag}."));
        prop_assert!(!plain.stories.is_empty());
        prop_assert_eq!(pairs(&plain), pairs(&tagged));
        let ids = |set: &crate::domain::StorySet| set.stories.iter().map(|s| s.id.clone()).collect::<Vec<_>>();
        prop_assert_eq!(ids(&plain), ids(&tagged));
    }
}

#[test]
fn tags_in_the_middle_of_talk_go_too() {
    for words in [
        "Volunteers, you know, need to register a loan with a toy and a family.",
        "Volunteers need to, I mean, register a loan with a toy and a family.",
        "Volunteers need to register a loan with a toy, you know, and a family.",
    ] {
        let found = pairs(&run_one(DocumentFormat::Transcript, words));
        assert_eq!(found, ["volunteer | register a loan with a toy and a family"], "{words}");
    }
}

#[test]
fn values_that_sound_like_talk_stay() {
    let set =
        run_one(DocumentFormat::Text, "Guards can add a gate with a side. The side of a gate is one of left, right.");
    assert!(set.requirements.iter().any(|r| r.statement.ends_with("one of left, right")), "{:?}", set.requirements);
}
