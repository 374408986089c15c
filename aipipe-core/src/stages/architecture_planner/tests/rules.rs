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

/// Batches with a weight, a humidity, a purpose and a code.
fn batches(then: &str) -> ArchitecturePlan {
    Stories::default()
        .story("add a supplier with a name")
        .story("add a batch with a weight, a humidity, a purpose and a code")
        .criterion("", "a batch is added", then)
        .plan()
}

fn limits(field: &str) -> CriterionCheck {
    CriterionCheck::Limits { entity: "batch".into(), field: field.into() }
}

#[test]
fn limits_with_their_units() {
    let decimal = |min, max| FieldKind::Decimal { min: Some(min), max: Some(max) };
    for (then, name, kind) in [
        ("The humidity is a percentage between 0 and 100.", "humidity", decimal(0, 10_000)),
        ("The humidity must be between 0 and 100 percent.", "humidity", decimal(0, 10_000)),
        ("The weight must be greater than 0 and at most 5000 grams.", "weight", decimal(1, 500_000)),
        ("A batch weighs at most 1,200 kg.", "weight", FieldKind::Decimal { min: Some(0), max: Some(120_000) }),
    ] {
        let plan = batches(then);
        assert_eq!(field(&plan, "batch", name).kind, kind, "{then}");
        assert_eq!(check(&plan), limits(name), "{then}");
    }
    // Grams are no kilograms.
    let plan = Stories::default()
        .story("add a batch with a weight in kilograms")
        .criterion("", "a batch is added", "The weight must be at most 5000 grams.")
        .plan();
    assert_eq!(field(&plan, "batch", "weight").kind, FieldKind::Decimal { min: Some(0), max: None });
    assert!(matches!(check(&plan), CriterionCheck::Unmapped { .. }), "{:?}", check(&plan));
}

#[test]
fn a_value_that_is_never_used_twice() {
    let plan = batches("The code is never used twice.");
    assert!(field(&plan, "batch", "code").unique);
    assert_eq!(check(&plan), CriterionCheck::Unique { entity: "batch".into(), field: "code".into() });
    let plan = batches("The code is used twice.");
    assert!(!field(&plan, "batch", "code").unique);
    assert!(matches!(check(&plan), CriterionCheck::Unmapped { .. }), "{:?}", check(&plan));
}

#[test]
fn what_has_at_least_one_of_something_has_no_field_of_that_name() {
    for then in [
        "A batch has at least one label.",
        "A batch has exactly two labels.",
        "A batch must be kept for no longer than six years.",
    ] {
        let plan = batches(then);
        let batch = plan.entities.iter().find(|entity| entity.name == "batch").unwrap();
        assert_eq!(batch.fields.len(), 4, "{then}: {:?}", batch.fields);
        assert!(matches!(check(&plan), CriterionCheck::Unmapped { .. }), "{then}: {:?}", check(&plan));
    }
}

#[test]
fn a_rate_has_limits_for_each_day_and_a_number_has_not() {
    let of = |noun: &str, then: &str| {
        let plan = Stories::default()
            .story(&format!("add a tool with a {noun}"))
            .criterion("", "a tool is added", then)
            .plan();
        (field(&plan, "tool", &noun.replace(' ', "_")).kind.clone(), check(&plan))
    };
    let (kind, rate) = of("daily rate", "The daily rate is between £2.50 and £450 per day.");
    assert_eq!(kind, FieldKind::Decimal { min: Some(250), max: Some(45_000) });
    assert_eq!(rate, CriterionCheck::Limits { entity: "tool".into(), field: "daily_rate".into() });
    let (kind, number) = of("quantity", "The quantity must be at most 9 per day.");
    assert_eq!(kind, FieldKind::Integer { min: Some(0), max: None });
    assert!(matches!(number, CriterionCheck::Unmapped { .. }), "{number:?}");
}

#[test]
fn states_are_a_field_though_none_is_named() {
    for (then, values) in [
        ("A batch is available, on hire, in repair or retired.", &["available", "on_hire", "in_repair", "retired"][..]),
        ("A batch is open, then in progress, then done.", &["open", "in_progress", "done"]),
        ("A batch goes from reserved to collected to returned.", &["reserved", "collected", "returned"]),
    ] {
        let plan = batches(then);
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        assert_eq!(field(&plan, "batch", "status").kind, FieldKind::Enumeration { values }, "{then}");
    }
}

#[test]
fn all_values_are_said_without_one_of() {
    let plan = batches("The purpose is cooking, eating or drinking.");
    let values = ["cooking", "eating", "drinking"].map(str::to_owned).to_vec();
    assert_eq!(field(&plan, "batch", "purpose").kind, FieldKind::Enumeration { values });
    assert_eq!(check(&plan), limits("purpose"));
    let plan = batches("The code is long or short.");
    assert!(matches!(field(&plan, "batch", "code").kind, FieldKind::Text { .. }));
    assert!(matches!(check(&plan), CriterionCheck::Unmapped { .. }), "{:?}", check(&plan));
}

#[test]
fn what_one_thing_belongs_to() {
    for then in [
        "Each batch belongs to a supplier.",
        "Every batch must refer to exactly one supplier.",
        "A batch comes from one supplier.",
    ] {
        let plan = batches(then);
        let supplier = field(&plan, "batch", "supplier");
        assert_eq!(supplier.kind, FieldKind::Reference { entity: "supplier".into() }, "{then}");
        assert_eq!(check(&plan), CriterionCheck::CreateAndRead { entity: "batch".into() }, "{then}");
    }
    // Of a person, of several or of some only, it is another thing.
    for then in [
        "The batch belongs to a supplier.",
        "Each batch belongs to suppliers.",
        "Each batch belongs to a baker.",
        "Each batch belongs to a supplier from abroad.",
    ] {
        let plan = batches(then);
        let batch = plan.entities.iter().find(|entity| entity.name == "batch").unwrap();
        assert!(batch.fields.iter().all(|field| field.name != "supplier"), "{then}");
        assert!(matches!(check(&plan), CriterionCheck::Unmapped { .. }), "{then}: {:?}", check(&plan));
    }
}

#[test]
fn the_name_that_a_thing_would_get_anyway() {
    for then in ["The name of a supplier must be unique.", "A supplier's name must be unique."] {
        let plan = Stories::default().story("add a supplier").criterion("", "a supplier is added", then).plan();
        assert!(field(&plan, "supplier", "name").unique, "{then}");
        assert_eq!(check(&plan), CriterionCheck::Unique { entity: "supplier".into(), field: "name".into() }, "{then}");
    }
}
