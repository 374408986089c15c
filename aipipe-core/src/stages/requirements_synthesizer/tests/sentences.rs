//! One sentence each: what must come out, and what must not.

use super::fixture::{pairs, run_one};
use crate::domain::{DocumentFormat, Obligation, RequirementKind};

fn stories_of(format: DocumentFormat, words: &str) -> Vec<String> {
    let mut found = pairs(&run_one(format, words));
    found.sort();
    found
}

#[test]
fn says_who_wants_to_do_what() {
    let cases: &[(&str, &[&str])] = &[
        ("As a customer, I want to cancel a booking so that I get my money back.", &["customer | cancel a booking"]),
        ("As an admin I need to see all bookings.", &["admin | see all bookings"]),
        (
            "As the site owner, I would like to export bookings in order to invoice them.",
            &["site owner | export bookings"],
        ),
        ("US-12: As a visitor, I should be able to search bikes by size.", &["visitor | search bikes by size"]),
        ("Story 3 — As a mechanic I want a list of open repairs", &["mechanic | view a list of open repairs"]),
        ("As a customer,\nI want to rent a bike\nso that I can ride home.", &["customer | rent a bike"]),
        ("Customers can cancel a booking.", &["customer | cancel a booking"]),
        ("Users who are logged in can edit their profile.", &["user | edit their profile"]),
        ("The administrator must be able to block a user.", &["admin | block a user"]),
        (
            "Staff must be able to create, edit and delete bikes.",
            &["staff | create bikes", "staff | delete bikes", "staff | edit bikes"],
        ),
        ("Customers can search and filter bikes by size.", &["customer | search and filter bikes by size"]),
        ("Customers can enter their name and e-mail.", &["customer | enter their name and e-mail"]),
        ("Guests can create a booking and cancel it.", &["guest | cancel a booking", "guest | create a booking"]),
        ("The system must allow customers to rate a bike.", &["customer | rate a bike"]),
        ("The system must send the customer a reminder.", &["customer | receive a reminder"]),
        ("The application should show the opening hours.", &["user | view the opening hours"]),
        ("Bookings can be cancelled by the customer.", &["customer | cancel bookings"]),
        ("It must be possible to print an invoice.", &["user | print an invoice"]),
        (
            "Teachers and students can download the timetable.",
            &["student | download the timetable", "teacher | download the timetable"],
        ),
        (
            "Managers shall approve holiday requests and employees must submit them in time.",
            &["employee | submit them in time", "manager | approve holiday requests"],
        ),
    ];
    for (words, expected) in cases {
        assert_eq!(stories_of(DocumentFormat::Text, words), *expected, "{words}");
    }
}

#[test]
fn hears_wishes_in_mail_and_speech() {
    let cases: &[(&str, &[&str])] = &[
        ("Hi, we need to be able to record repairs.", &["user | record repairs"]),
        ("I'd like customers to cancel their booking online.", &["customer | cancel their booking online"]),
        ("It would be great if customers could pay online.", &["customer | pay online"]),
        ("We need a booking calendar.", &["user | view a booking calendar"]),
        ("Please add an export of bookings.", &["user | export bookings"]),
        ("The customer has to be able to move a booking.", &["customer | move a booking"]),
        ("Make sure that customers can see the price.", &["customer | see the price"]),
    ];
    for format in [DocumentFormat::Email, DocumentFormat::Transcript] {
        for (words, expected) in cases {
            assert_eq!(stories_of(format, words), *expected, "{format}: {words}");
        }
    }
}

#[test]
fn takes_nothing_from_talk() {
    let talk = [
        "We need to meet on Tuesday.",
        "I need to leave at five.",
        "Can you send me the slides?",
        "We should talk about it.",
        "Can users export bookings?",
        "Shall we start?",
        "She put mustard on the can and the will was read in May.",
        "May 2026 was warm.",
        "The trash can is full.",
        "We have to finish the minutes.",
        "I want to thank you for the meeting.",
        "We need more time.",
        "We need a decision by Friday.",
        "I need your feedback.",
        "You can see it on the slide.",
        "They can make it bigger.",
        "Please add me to the list.",
        "You must be tired.",
        "What if customers could fly?",
        "I guess we could do that.",
        "Let me know whether you can come.",
        "As soon as possible I want to go home.",
        "As a matter of fact, it rained.",
        "That must have been fun.",
        "Kunden müssen eine Buchung stornieren können.",
        "",
        "…",
    ];
    for format in [DocumentFormat::Email, DocumentFormat::Chat, DocumentFormat::Transcript] {
        for words in talk {
            let set = run_one(format, words);
            assert!(set.requirements.is_empty(), "{format}: {words}: {:?}", set.requirements);
        }
    }
}

#[test]
fn tells_the_kinds_apart() {
    let cases = [
        ("The API must answer within 200 ms.", RequirementKind::Quality, Obligation::Must),
        ("The system should be secure.", RequirementKind::Quality, Obligation::Should),
        ("The application must be written in Python.", RequirementKind::Constraint, Obligation::Must),
        ("The service must be hosted in the EU.", RequirementKind::Constraint, Obligation::Must),
        ("A booking must have a date and a bike.", RequirementKind::Rule, Obligation::Must),
        ("A booking has a date, a bike and a customer.", RequirementKind::Rule, Obligation::Must),
        ("The title is required.", RequirementKind::Rule, Obligation::Must),
        ("The status is one of open, done.", RequirementKind::Rule, Obligation::Must),
        ("A booking cannot be in the past.", RequirementKind::Rule, Obligation::Must),
        ("Customers must not see other bookings.", RequirementKind::Rule, Obligation::Must),
        ("Customers may rate a bike.", RequirementKind::Functional, Obligation::Could),
        ("Customers should rate a bike.", RequirementKind::Functional, Obligation::Should),
    ];
    for (words, kind, obligation) in cases {
        let set = run_one(DocumentFormat::Text, words);
        let [only] = set.requirements.as_slice() else { panic!("{words}: {:?}", set.requirements) };
        assert_eq!((only.kind, only.obligation), (kind, obligation), "{words}");
        let storied = kind == RequirementKind::Functional;
        assert_eq!(
            (set.stories.len(), set.without_story.len()),
            (usize::from(storied), usize::from(!storied)),
            "{words}"
        );
    }
}

#[test]
fn reads_lists_by_their_heading() {
    let set = run_one(
        DocumentFormat::Markdown,
        "# Plan\n## Must have\n- Search bikes by size\n- Booking calendar\n## Nice to have\n- Weather forecast\n## Out of scope\n- Online payment\n## Attendees\n- Project lead\n- Sales manager\n",
    );
    let found: Vec<_> = set.stories.iter().map(|s| (s.action.as_str(), s.priority.to_string())).collect();
    assert_eq!(
        found,
        [
            ("search bikes by size", "P0".to_owned()),
            ("view the booking calendar", "P0".to_owned()),
            ("use weather forecast", "P2".to_owned())
        ]
    );
    let wont: Vec<_> =
        set.requirements.iter().filter(|r| r.obligation == Obligation::Wont).map(|r| r.statement.as_str()).collect();
    assert_eq!(wont, ["Online payment"]);
    assert_eq!(set.requirements.len(), 4);
}

#[test]
fn reads_numbered_tasks_without_a_heading() {
    let found = stories_of(
        DocumentFormat::Text,
        "1) Add a product detail page with path '/products' 2) create css to beautify the UI 3) Allow customers to rate a product. 4) Create libs/db.js to export a database.",
    );
    assert_eq!(found, ["customer | rate a product", "user | view a product detail page with path '/products'"]);
}
