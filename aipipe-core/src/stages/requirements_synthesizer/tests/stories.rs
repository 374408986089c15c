//! Whole documents: criteria, priorities, merging, contradictions, order.

use super::fixture::{pairs, run, run_one, text};
use crate::domain::{Basis, DocumentFormat, Priority, QuestionKind};

#[test]
fn takes_criteria_from_the_text() {
    let set = run_one(
        DocumentFormat::Markdown,
        "## User stories\n\nAs a customer, I want to cancel a booking.\n\nAcceptance criteria:\n\n- The bike is free again\n- If the booking has begun, then it stays\n\nGiven a booking of tomorrow\nWhen the customer cancels it\nThen a mail is sent\nAnd the bike is free\n",
    );
    let [story] = set.stories.as_slice() else { panic!("{:?}", pairs(&set)) };
    let found: Vec<_> = story.criteria.iter().map(|c| (c.given.as_str(), c.when.as_str(), c.then.as_str())).collect();
    assert_eq!(
        found,
        [
            ("a customer", "the customer cancels a booking", "The bike is free again"),
            ("a customer", "the booking has begun", "it stays"),
            ("a booking of tomorrow", "the customer cancels it", "a mail is sent and the bike is free"),
            ("a customer", "the customer cancels a booking", "the booking is cancelled"),
        ]
    );
}

#[test]
fn gives_rules_to_the_story_about_the_same_thing() {
    let set = run_one(
        DocumentFormat::Text,
        "Customers can create a booking. A booking has a date and a bike. The date cannot be in the past. Staff can view bookings.",
    );
    let story = set.stories.iter().find(|s| s.action == "create a booking").unwrap();
    let then: Vec<_> = story.criteria.iter().map(|c| c.then.as_str()).collect();
    assert_eq!(
        then,
        ["the booking is created", "A booking has a date and a bike", "The date of a booking cannot be in the past"]
    );
    assert_eq!(set.without_story.len(), 2);
}

#[test]
fn knows_stated_priority_size_and_order() {
    let set = run_one(
        DocumentFormat::Markdown,
        "- US-1: As a customer, I want to cancel a booking. (could, 5 points, depends on US-2)\n- US-2: As a customer, I want to see my bookings.\n  Priority: high\n",
    );
    assert_eq!(pairs(&set), ["customer | see my bookings", "customer | cancel a booking"]);
    let [see, cancel] = set.stories.as_slice() else { panic!() };
    assert_eq!((see.priority, cancel.priority), (Priority::P0, Priority::P2));
    assert!(matches!(cancel.priority_basis, Basis::Stated { .. }));
    assert_eq!(cancel.effort.points(), 5);
    assert_eq!(cancel.depends_on.first().map(|d| &d.story), Some(&see.id));
}

#[test]
fn reads_story_tables() {
    let set = run_one(
        DocumentFormat::Markdown,
        "| ID | As a | I want | So that | Priority |\n|---|---|---|---|---|\n| 1 | customer | to book a bike | I can ride | must |\n| 2 | admin | to delete a bike | | low |\n",
    );
    assert_eq!(pairs(&set), ["customer | book a bike", "admin | delete a bike"]);
    assert_eq!(set.stories[0].benefit.as_deref(), Some("I can ride"));
    assert_eq!(set.stories[1].priority, Priority::P2);
}

#[test]
fn says_the_same_thing_once() {
    let set = run(&[
        text("brief.md", DocumentFormat::Markdown, "Customers can cancel a booking."),
        text(
            "mail.eml",
            DocumentFormat::Email,
            "Hello, the customer must be able to cancel bookings.\n\n> Customers can cancel a booking.\n",
        ),
    ]);
    assert_eq!(pairs(&set).len(), 1);
    assert_eq!(set.requirements.len(), 1);
    assert_eq!(set.requirements[0].citations.len(), 2, "the quotation adds nothing");
}

#[test]
fn keeps_what_is_only_quoted_and_drops_boilerplate() {
    let set = run_one(
        DocumentFormat::Email,
        "Agreed.\n\n> Customers can cancel a booking.\n\n[boilerplate] Recipients must delete this mail.",
    );
    assert_eq!(pairs(&set), ["customer | cancel a booking"]);
}

#[test]
fn asks_about_numbers_that_differ_and_follows_the_newer_document() {
    let old = || {
        text("brief.md", DocumentFormat::Markdown, "Customers can cancel a booking up to 24 hours before the start.")
            .dated("2026-01-01T00:00:00Z")
    };
    let new = || {
        text(
            "mail.eml",
            DocumentFormat::Email,
            "The customer must be able to cancel a booking up to 48 hours before the start.",
        )
        .dated("2026-02-01T00:00:00Z")
    };
    for set in [run(&[old(), new()]), run(&[new(), old()])] {
        let [question] = set.questions.as_slice() else { panic!("{:?}", set.questions) };
        assert_eq!(question.kind, QuestionKind::Contradiction);
        assert_eq!(question.citations.len(), 2);
        assert!(question.assumption.as_deref().unwrap().contains("48 hours"));
        assert_eq!(pairs(&set), ["customer | cancel a booking up to 48 hours before the start"]);
        assert_eq!(set.requirements.len(), 2);
    }
}

#[test]
fn asks_whether_something_is_in_scope_or_allowed() {
    let scope = run_one(
        DocumentFormat::Markdown,
        "## Features\n- Customers can pay invoices online\n## Out of scope\n- Customers can pay invoices online\n",
    );
    assert_eq!(scope.questions.iter().map(|q| q.kind).collect::<Vec<_>>(), [QuestionKind::Contradiction]);
    let allowed =
        run_one(DocumentFormat::Text, "Customers can delete their reviews. Customers must not delete their reviews.");
    assert_eq!(allowed.questions.iter().map(|q| q.kind).collect::<Vec<_>>(), [QuestionKind::Contradiction]);
}

#[test]
fn asks_about_words_without_measure() {
    let set = run_one(DocumentFormat::Text, "The search must be fast. The API must answer within 200 ms.");
    let questions: Vec<_> = set.questions.iter().map(|q| q.question.as_str()).collect();
    assert_eq!(questions, ["How can one measure “fast” in “The search must be fast”?"]);
}

#[test]
fn makes_things_before_using_them() {
    let set = run_one(
        DocumentFormat::Text,
        "Customers can cancel a booking. Customers can create a booking for a bike. Staff can add a bike.",
    );
    assert_eq!(
        pairs(&set),
        ["staff | add a bike", "customer | create a booking for a bike", "customer | cancel a booking"]
    );
}
