//! Rules over values: where they belong, and when two of them can't both hold.

use super::fixture::{pairs, run, run_one, text};
use crate::domain::{DocumentFormat, QuestionKind, StorySet};

fn contradictions(set: &StorySet) -> Vec<&str> {
    set.questions.iter().filter(|q| q.kind == QuestionKind::Contradiction).map(|q| q.question.as_str()).collect()
}

fn then<'a>(set: &'a StorySet, action: &str) -> Vec<&'a str> {
    let story = set.stories.iter().find(|s| s.action == action).unwrap_or_else(|| panic!("{action}: {:?}", pairs(set)));
    story.criteria.iter().map(|c| c.then.as_str()).collect()
}

#[test]
fn values_that_differ_are_asked_about() {
    for (a, b) in [
        ("The subject of a ticket is optional.", "The subject of a ticket is required."),
        ("The priority is one of low, high.", "The priority is one of low, medium, high."),
        ("The note of a visit must not be empty.", "The note of a visit may be left blank."),
    ] {
        let set = run(&[text("a.txt", DocumentFormat::Text, a), text("b.txt", DocumentFormat::Text, b)]);
        assert_eq!(contradictions(&set).len(), 1, "{a} {b}: {:?}", set.questions);
        assert_eq!(set.requirements.len(), 2, "{a} {b}");
    }
    for (a, b) in [
        ("The subject of a ticket is optional.", "The subject of a lesson is required."),
        ("The priority is one of low, high.", "The priority is one of high or low."),
        ("The name is required.", "The name must be unique."),
    ] {
        let set = run(&[text("a.txt", DocumentFormat::Text, a), text("b.txt", DocumentFormat::Text, b)]);
        assert_eq!(contradictions(&set), [""; 0], "{a} {b}");
    }
}

#[test]
fn a_later_number_replaces_the_earlier_one() {
    let brief = || {
        text("brief.md", DocumentFormat::Markdown, "Families can borrow a toy for at most 21 days.")
            .dated("2026-01-01T00:00:00Z")
    };
    for (mail, told) in [
        ("A toy can be borrowed for 28 days.", "28 days"),
        ("Families may borrow a toy for up to 28 days.", "28 days"),
        ("It is 28 days, not 21.", "28 days, not 21"),
        ("Please make it 28 instead of 21 days.", "28 instead of 21 days"),
        ("We changed the time from 21 to 28 days.", "from 21 to 28 days"),
    ] {
        let set = run(&[brief(), text("mail.eml", DocumentFormat::Email, mail).dated("2026-02-01T00:00:00Z")]);
        let [question] = set.questions.as_slice() else { panic!("{mail}: {:?}", set.questions) };
        assert_eq!(question.kind, QuestionKind::Contradiction, "{mail}");
        assert!(question.assumption.as_deref().unwrap().contains(told), "{mail}: {question:?}");
        assert!(set.stories.iter().all(|s| !s.action.contains("21")), "{mail}: {:?}", pairs(&set));
        assert!(set.stories.iter().any(|s| s.role == "family"), "{mail}: {:?}", pairs(&set));
    }
    for mail in ["I am away for 28 days.", "The party is on the 28th, not on the 21st."] {
        let set = run(&[brief(), text("mail.eml", DocumentFormat::Email, mail).dated("2026-02-01T00:00:00Z")]);
        assert!(set.questions.is_empty(), "{mail}: {:?}", set.questions);
    }
}

#[test]
fn a_rule_over_values_goes_to_the_story_that_makes_the_thing() {
    let set = run_one(
        DocumentFormat::Text,
        "Employees can search rooms by floor. Two bookings must not overlap. The capacity of a room must be between 1 and 200.",
    );
    assert_eq!(then(&set, "search rooms by floor"), ["the rooms are found"]);
    let asked: Vec<_> = set.questions.iter().map(|q| q.kind).collect();
    assert_eq!(asked, [QuestionKind::Missing, QuestionKind::Missing]);
    let set = run_one(
        DocumentFormat::Text,
        "Employees can search rooms by floor. The capacity of a room must be between 1 and 200. Caretakers can add a room with a floor and a capacity.",
    );
    assert_eq!(
        then(&set, "add a room with a floor and a capacity"),
        ["the room is added", "The capacity of a room must be between 1 and 200"]
    );
    assert!(set.questions.is_empty());
    let set = run_one(DocumentFormat::Text, "A family has a surname and a phone number. Clerks can export loans.");
    assert_eq!(then(&set, "export loans"), ["the loans are exported"]);
}

#[test]
fn a_field_of_several_belongs_to_them() {
    let set = run_one(
        DocumentFormat::Text,
        "Librarians can register members. Members have a name and a membership number. The membership number must be unique.",
    );
    assert_eq!(
        then(&set, "register members"),
        [
            "the members are registered",
            "Members have a name and a membership number",
            "The membership number of a member must be unique"
        ]
    );
}

#[test]
fn quotes_keep_the_marks_of_their_last_word() {
    let set = run_one(DocumentFormat::Text, "The age group of a toy is one of 0-2, 3-5, 6-8, 9+.");
    assert_eq!(set.requirements[0].citations[0].quote, "The age group of a toy is one of 0-2, 3-5, 6-8, 9+");
}

#[test]
fn what_a_record_refers_to_comes_first() {
    let set = run_one(
        DocumentFormat::Text,
        "Clerks can register a bike with a frame number and an owner. The owner is a customer. Clerks can add a customer.",
    );
    assert_eq!(pairs(&set), ["clerk | add a customer", "clerk | register a bike with a frame number and an owner"]);
    let [customer, bike] = set.stories.as_slice() else { panic!() };
    assert_eq!(bike.depends_on.iter().map(|d| &d.story).collect::<Vec<_>>(), [&customer.id]);
    let set = run_one(
        DocumentFormat::Text,
        "Clerks can add a loan. A loan has a toy and a date. Clerks can add a toy. A toy has a loan.",
    );
    assert_eq!(set.stories.iter().map(|s| s.depends_on.len()).sum::<usize>(), 1, "no circle");
}

#[test]
fn a_list_of_values_is_a_criterion_of_its_field() {
    let criteria = |sentence: &str| {
        let text = format!(
            "# Requirements\n\n- Staff must be able to create a loan with a due date.\n- Staff must be able to cancel a loan.\n\n{sentence}\n"
        );
        let set = run_one(DocumentFormat::Markdown, &text);
        let all = set
            .stories
            .iter()
            .flat_map(|story| story.criteria.iter().map(move |c| (story.action.clone(), c.then.clone())));
        all.filter(|(_, then)| then.contains("one of") || then.contains("equested")).collect::<Vec<_>>()
    };
    let expected = vec![(
        "create a loan with a due date".to_owned(),
        "The status of a loan is one of requested, out, cancelled or lost".to_owned(),
    )];
    assert_eq!(criteria("A loan has a status: requested, out, cancelled or lost."), expected);
    assert_eq!(criteria("A loan has a status (requested, out, cancelled or lost)."), expected);
    assert_eq!(criteria("A loan has a status: one of requested, out, cancelled or lost."), expected);
    assert_eq!(criteria("- A loan has a status: requested, out, cancelled or lost."), expected);
    // Several fields, of which one lists its values, stay what they are.
    let several = criteria("A loan has a due date and a status (requested, out or lost).");
    assert!(several.iter().all(|(_, then)| !then.contains("one of")), "{several:?}");
}

#[test]
fn rules_without_must_are_criteria_of_their_thing() {
    let brief = |rule: &str| {
        let words = format!(
            "Clerks can add a supplier with a name. Clerks can add a batch with a code, a purpose and a status. {rule}"
        );
        run_one(DocumentFormat::Text, &words)
    };
    let of = |rule: &str| -> Vec<String> {
        let set = brief(rule);
        let then = then(&set, "add a batch with a code, a purpose and a status");
        then.into_iter().skip(1).map(str::to_owned).collect()
    };
    for rule in [
        "The purpose of a batch is cooking, eating or drinking",
        "Each batch belongs to a supplier",
        "Every batch refers to one supplier",
        "A batch comes from one supplier",
        "The code of a batch is never used twice",
        "A batch can be new, opened, used up or discarded",
    ] {
        let set = brief(&format!("{rule}."));
        assert_eq!(set.uncovered, [], "{rule}");
        assert_eq!(set.stories.len(), 2, "{rule}: {:?}", pairs(&set));
        assert_eq!(of(&format!("{rule}.")), [rule]);
    }
    assert_eq!(
        of("The code of a batch is required and unique."),
        ["The code of a batch is required", "The code of a batch is unique"]
    );
    // How long it lasts is no act of anybody's.
    let set =
        run_one(DocumentFormat::Text, "Clerks can record a loan with a date. A loan must run for at most 30 days.");
    assert_eq!(pairs(&set).len(), 1, "{:?}", pairs(&set));
    // The control: other sentences of that shape say something else.
    for rule in ["A clerk comes from one of our shops.", "The weather is cold, wet or worse.", "It is for a friend."] {
        assert_eq!(of(rule), [""; 0], "{rule}");
    }
}

#[test]
fn what_would_help_is_a_wish_and_the_whole_product_is_none() {
    let set = run_one(DocumentFormat::Text, "What would really help us is a report of all withdrawals.");
    assert_eq!(set.stories.len(), 1, "{:?}", pairs(&set));
    let set = run_one(DocumentFormat::Text, "We want a small browser app.");
    assert_eq!(set.stories, [], "{:?}", pairs(&set));
    let set = run_one(DocumentFormat::Text, "Under no circumstances may a guide see the price.");
    assert_eq!((set.requirements.len() + set.uncovered.len(), set.stories.len()), (1, 0), "{set:?}");
}

#[test]
fn a_rule_over_an_occasion_goes_to_the_story_that_books_it() {
    let set = run_one(
        DocumentFormat::Text,
        "Receptionists can book an appointment with a date. The reason of an appointment is required. A visit is open, then in progress, then done. Receptionists can book a visit with a date.",
    );
    assert_eq!(then(&set, "book an appointment with a date").len(), 2);
    assert_eq!(then(&set, "book a visit with a date").len(), 2);
    assert_eq!(set.questions, []);
    // The control: what is booked and no occasion stays what it is.
    let set = run_one(DocumentFormat::Text, "Members can book a bike. The note of a booking is required.");
    assert_eq!(then(&set, "book a bike").len(), 2);
}

#[test]
fn what_is_answered_with_no_is_not_wanted_and_neither_side_is_lost() {
    let mail = |reply: &str| format!("> Staff can delete a pet.\n\n{reply}\n");
    let set = run_one(DocumentFormat::Email, &mail("No, never."));
    assert_eq!(set.stories, [], "{:?}", pairs(&set));
    let told: Vec<&str> = set.uncovered.iter().map(|u| u.citation.quote.as_str()).collect();
    assert!(told.contains(&"Staff can delete a pet") && told.contains(&"No, never"), "{told:?}");
    let asked = "> The weight of a pet is at most 90 kg. OK?\n\nNo, at most 60 please.\n";
    let set = run_one(DocumentFormat::Email, asked);
    assert_eq!(set.requirements, [], "{set:?}");
    // The control: any other answer leaves it as it was.
    for reply in ["Yes.", "No customer has asked for that.", "Fine with me."] {
        assert_eq!(run_one(DocumentFormat::Email, &mail(reply)).stories.len(), 1, "{reply}");
    }
}

#[test]
fn what_a_client_takes_back_or_adds_in_passing_is_listed() {
    for words in [
        "And please drop the weight, nobody ever fills it in.",
        "Forget the sorting of pets, we don't need it.",
        "Dogs also need a breed.",
        "Every tool needs a service every 6 months, would be nice if the system told us.",
        "Nurses can do that too.",
    ] {
        let set = run_one(DocumentFormat::Email, words);
        let told = set.uncovered.len() + set.requirements.len();
        assert!(told > 0, "{words}: {set:?}");
    }
    let set = run_one(
        DocumentFormat::Markdown,
        "# Other things\n\n- Send the customer a reminder the day before the hire ends.\n",
    );
    assert!(set.uncovered.len() + set.requirements.len() > 0, "{set:?}");
}
