//! Who acts: no list of roles is needed where the sentence has the form of an ability or a duty.

use super::fixture::{pairs, run_one};
use crate::domain::{DocumentFormat, RequirementKind};

#[test]
fn anybody_can_act_whom_no_list_knows() {
    for (words, expected) in [
        ("Families can borrow a toy.", "family | borrow a toy"),
        ("Scouts can reserve a tent.", "scout | reserve a tent"),
        ("Please make sure that households can borrow a ladder.", "household | borrow a ladder"),
        ("It would be great if choirs could book a hall.", "choir | book a hall"),
        ("Allotment holders need to be able to cancel a delivery.", "allotment holder | cancel a delivery"),
        ("The cooks can mark an order as ready.", "cook | mark an order as ready"),
        ("Cyclists should be able to report a pothole.", "cyclist | report a pothole"),
        ("Families can view their loans.", "family | view their loans"),
        ("A beekeeper must be able to record a harvest.", "beekeeper | record a harvest"),
    ] {
        for format in [DocumentFormat::Text, DocumentFormat::Email] {
            assert_eq!(pairs(&run_one(format, words)), [expected], "{format}");
        }
    }
}

#[test]
fn several_at_once_each_get_a_story() {
    let mut found = pairs(&run_one(DocumentFormat::Text, "Families and schools can borrow a toy."));
    found.sort();
    assert_eq!(found, ["family | borrow a toy", "school | borrow a toy"]);
    let mut found =
        pairs(&run_one(DocumentFormat::Text, "Members can cancel a booking and neighbours can reserve a slot."));
    found.sort();
    assert_eq!(found, ["member | cancel a booking", "neighbour | reserve a slot"]);
}

#[test]
fn things_do_not_become_people() {
    for words in [
        "Reports can list all bookings.",
        "Plugins can add commands.",
        "Tickets can contain several comments.",
        "The algorithm should select the best particle.",
        "The printer can print an invoice.",
        "A booking may cover several rooms.",
        "Notifications should open the dashboard.",
    ] {
        let set = run_one(DocumentFormat::Text, words);
        let people: Vec<_> = set.stories.iter().filter(|s| !matches!(s.role.as_str(), "user" | "system")).collect();
        assert!(people.is_empty(), "{words}: {people:?}");
    }
    for words in ["Trains can be late.", "Prices may rise.", "The cups should go left.", "Cables can break."] {
        for format in [DocumentFormat::Email, DocumentFormat::Transcript] {
            assert!(run_one(format, words).stories.is_empty(), "{words}");
        }
    }
}

#[test]
fn what_several_have_is_a_rule() {
    for words in [
        "Employees have a name and an email.",
        "All suppliers have a name, a phone number and an address.",
        "Members have a name and a membership number.",
    ] {
        for format in [DocumentFormat::Text, DocumentFormat::Email] {
            let set = run_one(format, words);
            assert_eq!(set.requirements.iter().map(|r| r.kind).collect::<Vec<_>>(), [RequirementKind::Rule], "{words}");
        }
    }
    for words in [
        "Customers have a problem.",
        "We have a name for it.",
        "Some people have a dog and a cat.",
        "Neighbours have one.",
    ] {
        assert!(run_one(DocumentFormat::Email, words).requirements.is_empty(), "{words}");
    }
}

#[test]
fn a_stack_is_no_story() {
    for words in [
        "We'll use Node.",
        "We would like a Python service with FastAPI.",
        "We want a REST API in Express for our bookings.",
        "Let's build it with Vue and TypeScript.",
        "The back end should be written in Python 3.11.",
        "I'd prefer React.",
        "Everything runs on Node with TypeScript.",
    ] {
        for format in [DocumentFormat::Text, DocumentFormat::Email, DocumentFormat::Chat] {
            let set = run_one(format, words);
            assert!(set.stories.is_empty(), "{format}: {words}: {:?}", pairs(&set));
            assert!(set.requirements.iter().all(|r| r.kind == RequirementKind::Constraint), "{words}");
        }
    }
    // control: the same technologies beside something one does
    for (words, expected) in [
        ("Customers can download a Python script.", "customer | download a Python script"),
        ("Students can submit a React component.", "student | submit a React component"),
    ] {
        assert_eq!(pairs(&run_one(DocumentFormat::Text, words)), [expected]);
    }
}

#[test]
fn titles_tell_who_and_whose() {
    let set = run_one(
        DocumentFormat::Text,
        "Admins can list all bookings. Employees can list all bookings. Customers can update their phone number.",
    );
    let titles: Vec<_> = set.stories.iter().map(|s| s.title.as_str()).collect();
    assert_eq!(
        titles,
        ["List all bookings as an admin", "List all bookings as an employee", "Update the customer's phone number"]
    );
}
