//! Values of fields: lists that begin with digits, states that stories set, and what is only assumed.

use super::*;

fn enumeration(values: &[&str]) -> FieldKind {
    FieldKind::Enumeration { values: values.iter().map(|v| (*v).to_owned()).collect() }
}

#[test]
fn values_that_begin_with_digits_are_values() {
    let plan = Stories::default()
        .story("add a toy with a name and an age group")
        .requirement("The age group of a toy is one of 0-2, 3-5, 6-8, 9+.")
        .plan();
    assert_eq!(field(&plan, "toy", "age_group").kind, enumeration(&["0-2", "3-5", "6-8", "9+"]));
    let plan = Stories::default()
        .story("add a review with a text and a rating")
        .requirement("The rating is one of 1, 2 or 3.")
        .plan();
    assert_eq!(field(&plan, "review", "rating").kind, FieldKind::Integer { min: Some(1), max: Some(3) });
}

#[test]
fn a_criterion_over_such_values_is_checked() {
    let plan = Stories::default()
        .story("add a toy with a name and an age group")
        .requirement("The age group of a toy is one of 0-2, 3-5, 6-8, 9+.")
        .criterion("a customer", "the customer adds a toy", "The age group of a toy is one of 0-2, 3-5, 6-8, 9+")
        .plan();
    let checks: Vec<_> = plan.story_plans[0].checks.values().cloned().collect();
    assert_eq!(checks, [CriterionCheck::Limits { entity: "toy".into(), field: "age_group".into() }]);
}

#[test]
fn a_state_that_stories_set_need_not_be_sent() {
    let base = |requirement: &str| {
        Stories::default()
            .story("create a booking with a date")
            .story("confirm a booking")
            .requirement(requirement)
            .plan()
    };
    for stated in [
        "The status of a booking is one of requested, confirmed or completed.",
        "A booking has a status (requested, confirmed or completed).",
    ] {
        let plan = base(stated);
        let status = field(&plan, "booking", "status");
        assert_eq!(status.kind, enumeration(&["requested", "confirmed", "completed"]), "{stated}");
        assert_eq!(status.initial.as_deref(), Some("requested"), "{stated}");
        assert!(matches!(status.basis, Basis::Stated { .. }), "{stated}: {status:?}");
    }
    let required = base("A booking has a status (required, requested or confirmed).");
    let status = field(&required, "booking", "status");
    assert!(status.required && status.initial.is_none(), "the text says so: {status:?}");
    // control: without a story that sets it, it is a value like any other
    let plain = Stories::default()
        .story("create a ticket with a title")
        .requirement("A ticket has a status (new, old).")
        .plan();
    let status = field(&plain, "ticket", "status");
    assert!(status.required && status.initial.is_none(), "{status:?}");
}

#[test]
fn values_no_text_states_are_told_to_be_assumed() {
    let reason = |plan: &ArchitecturePlan| match &field(plan, "loan", "status").basis {
        Basis::Default { reason } => reason.clone(),
        Basis::Stated { quote } => panic!("stated: {quote}"),
    };
    let unnamed = Stories::default().story("register a loan with a toy").story("return a loan").plan();
    assert!(reason(&unnamed).contains("assumed"), "{}", reason(&unnamed));
    let named = Stories::default()
        .story("register a loan with a toy")
        .story("return a loan")
        .requirement("A loan has a status.")
        .plan();
    assert!(reason(&named).contains("“open”, “returned” is assumed"), "{}", reason(&named));
}

#[test]
fn what_a_contradiction_sets_aside_decides_nothing() {
    let mut stories = Stories::default()
        .story("create a ticket with a subject")
        .requirement("The subject of a ticket is required.")
        .requirement("The subject of a ticket is optional.")
        .assumption("“The subject of a ticket is optional.” holds, because it is the newer statement (mail.eml)");
    stories.questions[0].citations =
        vec![citation("The subject of a ticket is required."), citation("The subject of a ticket is optional.")];
    assert!(!field(&stories.plan(), "ticket", "subject").required);
}

#[test]
fn words_of_talk_are_no_field() {
    let plan = Stories::default().story("register a loan with a toy and a family, right").plan();
    assert_eq!(fields(&plan, "loan"), ["toy", "family"]);
}

#[test]
fn the_plural_of_what_has_none_reads_well() {
    let plan = Stories::default().story("add equipment with a name").plan();
    assert_eq!(plan.entities[0].plural, "equipment_items");
}

#[test]
fn no_word_is_named_twice() {
    let plan = Stories::default()
        .story("add a game with a title")
        .criterion(
            "a customer",
            "the customer adds a game",
            "the game is added and each piece is glued to another piece",
        )
        .plan();
    let CriterionCheck::Unmapped { reason } = plan.story_plans[0].checks.values().next().unwrap() else { panic!() };
    assert_eq!(reason.matches("piece").count(), 1, "{reason}");
}

#[test]
fn which_state_comes_before_which_is_asked() {
    let booking = |actions: &[&str]| {
        let stories = Stories::default()
            .story("create a booking with a date")
            .requirement("The status of a booking is one of requested, confirmed or completed.")
            .requirement("confirm a booking");
        actions.iter().fold(stories, |stories, action| stories.story(action)).plan()
    };
    let plan = booking(&["confirm a booking", "complete a booking"]);
    let [question] = plan.questions.as_slice() else { panic!("{:#?}", plan.questions) };
    assert_eq!(
        question.question,
        "What has the status of a booking to be before it becomes “confirmed” or “completed”?"
    );
    let assumed = "anything it can be: no order is kept; a new one is “requested” or whatever it is made with";
    assert_eq!(question.assumption.as_deref(), Some(assumed));
    assert_eq!(question.stories, [plan.story_plans[1].story.clone(), plan.story_plans[2].story.clone()]);
    assert_eq!(question.citations.iter().map(|c| c.quote.as_str()).collect::<Vec<_>>(), ["confirm a booking"]);
    let changed = booking(&["confirm a booking", "update a booking"]);
    assert!(changed.questions[0].assumption.as_deref().unwrap().ends_with("and a change may set any"));
    // control: no story sets it; there is only a before and an after
    assert_eq!(booking(&[]).questions, []);
    assert_eq!(Stories::default().story("create a task with a title").story("complete a task").plan().questions, []);
}
