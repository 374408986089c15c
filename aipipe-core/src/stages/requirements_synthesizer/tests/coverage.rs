//! Nothing that looks like a requirement vanishes: it is in one, or it is listed.

use super::fixture::{run, run_one, text};
use crate::domain::{DocumentFormat, StorySet};

fn uncovered(set: &StorySet) -> Vec<(&str, &str)> {
    set.uncovered.iter().map(|u| (u.signal.as_str(), u.citation.quote.as_str())).collect()
}

#[test]
fn rules_that_used_to_vanish_are_found() {
    for words in [
        "We must not keep the children's names.",
        "Tickets are archived after 30 days.",
        "A loan lasts three weeks.",
        "Every membership expires after 12 months.",
        "We may not store the donors' addresses.",
    ] {
        let set = run_one(DocumentFormat::Text, words);
        assert_eq!((set.requirements.len(), set.uncovered.len()), (1, 0), "{words}: {set:?}");
    }
}

#[test]
fn what_no_rule_understands_is_listed_with_its_place() {
    for (words, signal) in [
        ("Grumbling must wibble the flange before noon.", "must"),
        ("Somewhat blue ones may not exceed the wall in any way.", "may not"),
        ("Only wardens water the plants.", "only"),
        ("The gate never opens on Sundays.", "never"),
    ] {
        let set = run_one(DocumentFormat::Text, words);
        let covered = set.requirements.iter().flat_map(|r| &r.citations).any(|c| words.contains(&c.quote));
        assert!(covered || uncovered(&set).iter().any(|(s, q)| *s == signal && words.contains(q)), "{words}: {set:?}");
    }
}

#[test]
fn every_sentence_with_a_duty_is_in_a_requirement_or_listed() {
    let words = "Guests can book a room. Wolves shall not howl at four. The date of a booking is required. We met on Monday. \
                 A stay may last at most 9 nights. Nobody must ever touch the red lever.";
    let set = run_one(DocumentFormat::Text, words);
    for sentence in words.split(". ").filter(|s| !s.starts_with("We met")) {
        let sentence = sentence.trim_end_matches('.');
        let cited = set.requirements.iter().flat_map(|r| &r.citations).map(|c| &c.quote);
        let listed = set.uncovered.iter().map(|u| &u.citation.quote);
        assert!(cited.chain(listed).any(|quote| quote == sentence), "{sentence}: {set:?}");
    }
    assert!(!uncovered(&set).iter().any(|(_, quote)| quote.starts_with("We met")));
}

#[test]
fn what_a_thing_has_with_its_values_is_in_a_requirement_or_listed() {
    for words in
        ["A greenhouse has a status: active, under repair or closed.", "Products have a colour: red, green or blue."]
    {
        let set = run_one(DocumentFormat::Markdown, &format!("# Data\n\nGuests can book a room. {words}\n"));
        let cited = set.requirements.iter().flat_map(|r| &r.citations).map(|c| &c.quote);
        let listed = set.uncovered.iter().map(|u| &u.citation.quote);
        assert!(cited.chain(listed).any(|quote| words.starts_with(quote.as_str())), "{words}: {set:?}");
    }
    let set = run_one(DocumentFormat::Markdown, "We have a problem: the printer, the scanner or both.");
    assert_eq!(uncovered(&set), []);
}

#[test]
fn talk_is_not_listed() {
    for words in [
        "We need to meet on Tuesday.",
        "You can see it on the slide.",
        "I should go now.",
        "They can make it bigger.",
        "That must have been fun.",
        "We should talk about it.",
        "It can rain at any time.",
        "You must be tired.",
    ] {
        for format in [DocumentFormat::Email, DocumentFormat::Chat, DocumentFormat::Transcript] {
            assert!(run_one(format, words).uncovered.is_empty(), "{format}: {words}");
        }
    }
}

#[test]
fn what_a_message_quotes_is_listed_once() {
    let set = run(&[text("mail.eml", DocumentFormat::Email, "Grumblings must wibble.\n\n> Grumblings must wibble.\n")]);
    assert!(set.uncovered.len() <= 1, "{:?}", set.uncovered);
}

#[test]
fn what_a_meeting_says_of_any_of_a_kind_is_not_lost() {
    let listed = |sentence: &str| {
        let text = format!("Ada: Clerks must be able to add a batch with a lot number.\nBo: {sentence}\n");
        let set = run_one(DocumentFormat::Transcript, &text);
        set.uncovered.iter().any(|statement| statement.citation.quote.contains(sentence.trim_end_matches('.')))
    };
    assert!(listed("A withdrawal must be at most 50 grams."));
    assert!(listed("Every Monday the service must e-mail the curators a list of the batches."));
    // control: what must be done in the meeting itself
    assert!(!listed("We must talk about the budget again."));
    assert!(!listed("The budget must wait until Friday."));
}

#[test]
fn lines_that_had_room_for_more_are_no_sentence_together() {
    let of = |text: &str| {
        let set = run_one(DocumentFormat::Text, text);
        set.requirements.iter().map(|r| r.citations[0].quote.clone()).collect::<Vec<_>>()
    };
    let lines = "Curators can add a supplier\nCurators can list all suppliers\nThe name of a supplier is unique\n";
    assert_eq!(
        of(lines),
        ["Curators can add a supplier", "Curators can list all suppliers", "The name of a supplier is unique"]
    );
    let titled = "Batches\nCurators must be able to add a batch with a lot number and a species.\n";
    assert_eq!(of(titled), ["Curators must be able to add a batch with a lot number and a species"]);
    // control: a line that is full goes on
    let wrapped = "Curators must be able to add a batch with a lot number to the list of\nBatches of the garden, and to remove it again when it is used up.\n";
    assert!(of(wrapped).iter().all(|quote| quote.contains('\n') && quote.ends_with("used up")), "{:?}", of(wrapped));
}
