//! A service that does not know who asks keeps no rule about who may.

use super::*;

/// The check of the last criterion of a plan for books.
fn check_of(given: &str, when: &str, then: &str) -> CriterionCheck {
    let stories = Stories::default()
        .story("add a book with a title and a price")
        .requirement("The title of a book is required.")
        .requirement("The price must be at most 99.")
        .story("delete a book")
        .criterion(given, when, then);
    let plan = stories.plan();
    plan.story_plans[1].checks.values().next().unwrap().clone()
}

#[test]
fn who_may_is_never_shown_by_a_test() {
    for (given, when, then) in [
        (
            "somebody other than a customer",
            "they try to delete a book",
            "it is refused, because only a customer may do it",
        ),
        ("a customer", "the customer deletes a book", "Only customers can delete a book"),
        ("a clerk", "the clerk tries to see the price", "it is refused"),
        ("a clerk", "the clerk tries to delete a book", "it is refused"),
        ("a customer", "the customer sees books", "Customers must not see the price of a book"),
        ("a customer", "the customer lists books", "Only the customer can list all books"),
        ("a customer", "the customer deletes a book", "the book is deleted by customers only"),
    ] {
        let CriterionCheck::Unmapped { reason } = check_of(given, when, then) else {
            panic!("{when}, {then} is mapped")
        };
        assert!(reason.contains("who asks"), "{then}: {reason}");
    }
}

#[test]
fn refusals_of_values_are_still_shown() {
    for (given, when, then, expected) in [
        (
            "a customer",
            "the customer tries to add a book without a title",
            "it is refused",
            CriterionCheck::Required { entity: "book".into(), field: "title".into() },
        ),
        (
            "a customer",
            "the customer deletes a book",
            "The price must be at most 99",
            CriterionCheck::Limits { entity: "book".into(), field: "price".into() },
        ),
        (
            "a customer",
            "the customer deletes a book",
            "the book is deleted",
            CriterionCheck::Deleted { entity: "book".into() },
        ),
        (
            "a customer",
            "the customer lists books",
            "only the books are listed",
            CriterionCheck::Listed { entity: "book".into() },
        ),
    ] {
        let check = check_of(given, when, then);
        if expected == (CriterionCheck::Listed { entity: "book".into() }) {
            let reason = format!("{check:?}");
            assert!(!reason.contains("who asks"), "{then}: {reason}");
        } else {
            assert_eq!(check, expected, "{when}, {then}");
        }
    }
}
