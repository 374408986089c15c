//! Documents as they are written in different trades and styles: what a reader takes from them.

use super::fixture::{pairs, run, run_one, text};
use crate::domain::{DocumentFormat, Obligation, Priority, QuestionKind, RequirementKind, StorySet};

fn criteria(set: &StorySet, action: &str) -> Vec<String> {
    let story = set.stories.iter().find(|s| s.action == action).unwrap_or_else(|| panic!("{action}: {:?}", pairs(set)));
    story.criteria.iter().map(|c| c.then.clone()).collect()
}

#[test]
fn a_numbered_specification() {
    let set = run_one(
        DocumentFormat::Text,
        "3.1 The system shall allow librarians to register a book with a title and a number of copies.\n\n3.2 The system shall allow members to reserve a book.\n\n3.3 The system shall send an e-mail to the member two days before the due date.\n\n3.4 The system shall reject a loan when the member has 5 open loans.\n\n3.10 The circulation desk shall be able to list all loans.\n\n4.1 The title of a book is mandatory and shall not exceed 200 characters.\n\n5.1 The system shall respond within 2 seconds.\n",
    );
    assert_eq!(
        pairs(&set),
        [
            "librarian | register a book with a title and a number of copies",
            "member | reserve a book",
            "member | receive an e-mail two days before the due date",
            "circulation desk | list all loans",
        ]
    );
    let kinds: Vec<_> = set.questions.iter().map(|q| q.kind).collect();
    assert_eq!(kinds, [QuestionKind::Missing], "section numbers are no quantities: {:?}", set.questions);
    assert!(set.questions[0].question.contains("reject a loan"), "no story makes a loan: {:?}", set.questions);
    assert_eq!(
        criteria(&set, "register a book with a title and a number of copies"),
        [
            "the book is registered",
            "The title of a book is mandatory",
            "The title of a book shall not exceed 200 characters"
        ]
    );
    let kinds: Vec<_> = set.requirements.iter().map(|r| r.kind).filter(|k| *k != RequirementKind::Functional).collect();
    assert_eq!(kinds, [RequirementKind::Rule, RequirementKind::Rule, RequirementKind::Quality]);
}

#[test]
fn a_mail_about_a_warehouse() {
    let set = run_one(
        DocumentFormat::Email,
        "First of all the storekeepers need to be able to record a delivery (supplier, quantity, date). And please, the quantity has to be greater than zero, we had trouble last year.\n\nOnly the warehouse manager may delete an article. We'd like to export the list of deliveries as CSV. I'll be on holiday from the 20th.",
    );
    let mut found = pairs(&set);
    found.sort();
    assert_eq!(
        found,
        [
            "storekeeper | record a delivery (supplier, quantity, date)",
            "user | export the list of deliveries as CSV",
            "warehouse manager | delete an article",
        ]
    );
    assert_eq!(
        criteria(&set, "record a delivery (supplier, quantity, date)"),
        ["the delivery is recorded", "The quantity of a delivery has to be greater than zero"]
    );
    assert!(set.stories.iter().any(|s| s.role == "warehouse manager" && s.priority == Priority::P0));
}

#[test]
fn a_meeting_about_tickets() {
    let set = run_one(
        DocumentFormat::Transcript,
        "Organisers must be able to create an event with a title and a capacity. The capacity must be at least 1.\n\nVisitors should be able to order tickets. And they should be able to cancel an order.\n\nAt the door we have to hurry, so the box office must be able to mark a ticket as used.\n\nThey can make it bigger. We need to finish by eleven, the room is booked.",
    );
    let mut found = pairs(&set);
    found.sort();
    assert_eq!(
        found,
        [
            "box office | mark a ticket as used",
            "organiser | create an event with a title and a capacity",
            "visitor | cancel an order",
            "visitor | order tickets",
        ]
    );
    assert_eq!(
        criteria(&set, "create an event with a title and a capacity"),
        ["the event is created", "The capacity of an event must be at least 1"]
    );
    assert_eq!(criteria(&set, "mark a ticket as used"), ["the ticket is marked as used"]);
}

#[test]
fn a_brief_with_titles_over_lists() {
    let set = run_one(
        DocumentFormat::Markdown,
        "Must have\n\n- Create a client with name and VAT number\n- Log in with e-mail and password\n\nCould have\n\n- Filter clients by name\n\nWon't have (this time)\n\n- Payroll\n",
    );
    let found: Vec<_> = set.stories.iter().map(|s| (s.role.as_str(), s.action.as_str(), s.priority)).collect();
    assert_eq!(
        found,
        [
            ("user", "create a client with name and VAT number", Priority::P0),
            ("user", "log in with e-mail and password", Priority::P0),
            ("user", "filter clients by name", Priority::P2),
        ]
    );
    let wont = set.requirements.iter().filter(|r| r.obligation == Obligation::Wont).count();
    assert_eq!(wont, 1);
}

#[test]
fn one_sentence_with_several_actions() {
    let set = run_one(
        DocumentFormat::Email,
        "Mechanics must be able to add a part, list all parts and update the quantity of a part. Nice to have: customers can update their phone number.",
    );
    let mut found = pairs(&set);
    found.sort();
    assert_eq!(
        found,
        [
            "customer | update their phone number",
            "mechanic | add a part",
            "mechanic | list all parts",
            "mechanic | update the quantity of a part",
        ]
    );
    assert!(set.stories.iter().any(|s| s.role == "customer" && s.priority == Priority::P2));
}

#[test]
fn givens_are_no_stories() {
    for (words, kind) in [
        ("The service must keep personal data within the European Union.", RequirementKind::Constraint),
        ("The first version must be in use by 1 May 2026.", RequirementKind::Constraint),
        ("The tool has to go live before the end of September.", RequirementKind::Constraint),
        ("We accept at most ten bookings a day.", RequirementKind::Rule),
    ] {
        let set = run_one(DocumentFormat::Text, words);
        assert_eq!(set.requirements.iter().map(|r| r.kind).collect::<Vec<_>>(), [kind], "{words}");
        assert!(set.stories.is_empty(), "{words}");
    }
}

#[test]
fn what_a_mail_quotes_is_older_than_the_mail() {
    let set = run(&[text(
        "mail.eml",
        DocumentFormat::Email,
        "- We accept at most 10 bookings a day.\n\n> You accept at most 8 bookings a day.\n",
    )]);
    let [question] = set.questions.as_slice() else { panic!("{:?}", set.questions) };
    assert_eq!(question.kind, QuestionKind::Contradiction);
    assert!(question.assumption.as_deref().unwrap().contains("10 bookings"), "{question:?}");
}
