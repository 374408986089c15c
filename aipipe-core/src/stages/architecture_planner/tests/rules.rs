//! Rules over values, in the words people use for them.

use super::*;

fn reviews(then: &str) -> ArchitecturePlan {
    Stories::default()
        .story("add a review with a title, a reader and a rating")
        .criterion("", "a review is added", then)
        .plan()
}

fn check(plan: &ArchitecturePlan) -> CriterionCheck {
    plan.story_plans.last().unwrap().checks.values().next().unwrap().clone()
}

#[test]
fn a_whole_number_between_two_limits() {
    let plan = reviews("A rating is a whole number from 1 to 5.");
    assert_eq!(field(&plan, "review", "rating").kind, FieldKind::Integer { min: Some(1), max: Some(5) });
    assert_eq!(check(&plan), CriterionCheck::Limits { entity: "review".into(), field: "rating".into() });
}

#[test]
fn no_two_records_with_the_same_value() {
    for then in ["No two reviews have the same title.", "No two reviews may share the same title."] {
        let plan = reviews(then);
        assert!(field(&plan, "review", "title").unique, "{then}");
        assert_eq!(check(&plan), CriterionCheck::Unique { entity: "review".into(), field: "title".into() }, "{then}");
    }
    // Of two values together, or under a condition, no single field is unique.
    for then in [
        "No two reviews of the same reader have the same title.",
        "No two reviews have the same title and reader.",
        "No two reviews have the same title on one day.",
        "No two readers have the same title.",
    ] {
        let plan = reviews(then);
        assert!(plan.entities.iter().flat_map(|entity| &entity.fields).all(|field| !field.unique), "{then}");
        assert!(matches!(check(&plan), CriterionCheck::Unmapped { .. }), "{then}: {:?}", check(&plan));
    }
}

#[test]
fn both_of_two_records_are_listed() {
    let plan = Stories::default()
        .story("add a review with a title")
        .story("list all reviews")
        .criterion("two reviews", "I list reviews", "the list shows both reviews")
        .plan();
    assert_eq!(check(&plan), CriterionCheck::Listed { entity: "review".into() });
    // The control: how many of them is another thing.
    let plan = Stories::default()
        .story("add a review with a title")
        .story("list all reviews")
        .criterion("thirty reviews", "I list reviews", "the list shows 10 reviews")
        .plan();
    assert!(matches!(check(&plan), CriterionCheck::Unmapped { .. }), "{:?}", check(&plan));
}
