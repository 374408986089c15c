//! From bytes to the story set: wherever a sentence with a duty stands in a document, it is in a requirement or it is listed.

use super::fixture::{Text, run, text};
use crate::domain::{Document, DocumentName, StorySet};
use crate::stages::document_processor::{ReadLimits, read_document};
use proptest::prelude::*;

/// What stages 1 and 2 make of a file.
fn of_file(name: &str, content: &str) -> StorySet {
    let read = read_document(&DocumentName::parse(name).unwrap(), content.as_bytes(), &ReadLimits::default()).unwrap();
    let Text { document, .. } = text(name, read.format, &read.text);
    let document = Document { segments: read.segments, metadata: read.metadata, ..document };
    run(&[Text { document, text: read.text }])
}

/// Letters and digits of a text, so that line breaks and marks do not matter.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a quote that is cited or listed holds the sentence, or one of its clauses.
fn is_told(set: &StorySet, sentence: &str) -> bool {
    let wanted = letters(sentence);
    let cited = set.requirements.iter().flat_map(|r| &r.citations);
    let criteria = set.stories.iter().flat_map(|s| &s.criteria).map(|c| &c.citation);
    let listed = set.uncovered.iter().map(|u| &u.citation);
    cited.chain(criteria).chain(listed).any(|citation| {
        let quote = letters(&citation.quote);
        quote.contains(&wanted) || quote.len() > 12 && wanted.contains(&quote)
    })
}

fn assert_told(name: &str, content: &str, sentence: &str) {
    let set = of_file(name, content);
    let listed: Vec<_> = set.uncovered.iter().map(|u| &u.citation.quote).collect();
    let statements: Vec<_> = set.requirements.iter().map(|r| &r.statement).collect();
    assert!(is_told(&set, sentence), "{sentence:?} is lost in\n{content}\nfound {statements:?}\nlisted {listed:?}");
}

#[test]
fn terse_mails_keep_their_words() {
    let head =
        "From: Ann Client <ann@example.org>\nTo: ben@example.org\nSubject: Library\nMessage-ID: <1@example.org>\n\n";
    for (body, sentences) in [
        (
            "Hi Ben,\n\nWe need:\n\n1. Members can renew a loan\n2. Staff can add a book\n\nSee https://example.org/library\n",
            &["Members can renew a loan", "Staff can add a book"][..],
        ),
        (
            "Hi Ben,\n\nThanks!\n\nWe need:\n\n1. Members can renew a loan\n2. Staff can add a book\n\nAnn\n",
            &["Members can renew a loan", "Staff can add a book"],
        ),
        (
            "Members\n---\nMembers must be able to renew a loan.\n\nStaff\n---\nStaff must be able to add a book.\n",
            &["Members must be able to renew a loan", "Staff must be able to add a book"],
        ),
        (
            "Hello,\n\nMembers must be able to join the mailing list of their branch.\n",
            &["Members must be able to join"],
        ),
        (
            "Hi,\n\nthe mail says how to unsubscribe. Members must be able to unsubscribe from this list.\n",
            &["Members must be able to unsubscribe"],
        ),
        (
            "Hi,\n\na last one.\n\nOnly the intended recipient must be able to open a message.\n",
            &["recipient must be able to open a message"],
        ),
    ] {
        for sentence in sentences {
            assert_told("mail.eml", &format!("{head}{body}"), sentence);
        }
    }
}

#[test]
fn question_marks_that_ask_nothing_drop_no_sentence() {
    for (words, requirements) in [
        ("The system must ask \"Are you sure?\" before a clerk deletes a book.", 1),
        ("Customers must be able to cancel a booking (free of charge?).", 1),
        ("Could you add a search by author?", 1),
        ("Can members renew a loan online?", 0),
        ("Should staff be able to delete a member?", 0),
        ("How many books may a member borrow?", 0),
        ("Members can pay online?", 0),
    ] {
        let set = of_file("brief.md", &format!("# Brief\n\n{words}\n"));
        assert!(is_told(&set, words), "{words}: {set:?}");
        assert_eq!(set.requirements.len(), requirements, "{words}: {:?}", set.requirements);
    }
    for words in
        ["Did you see the match?", "Can we meet on Tuesday?", "Could you call me?", "What do you think?", "Is it you?"]
    {
        for name in ["mail.eml", "brief.md"] {
            let content = if name == "mail.eml" {
                format!("From: a@example.org\nTo: b@example.org\nSubject: x\n\n{words}\n")
            } else {
                words.to_owned()
            };
            let set = of_file(name, &content);
            assert!(set.uncovered.is_empty() && set.requirements.is_empty(), "{words}: {set:?}");
        }
    }
}

#[test]
fn items_under_any_heading_are_read_or_listed() {
    for heading in
        ["Goals", "Introduction", "Background", "Todo", "Open questions", "Team", "Appendix", "Glossary", "Whatever"]
    {
        assert_told(
            "a.md",
            &format!("## {heading}\n\n- Members must be able to renew a loan.\n"),
            "Members must be able to renew a loan",
        );
    }
    let set = of_file("a.md", "## Goals\n\n- Members must be able to renew a loan.\n- More loans\n");
    assert_eq!((set.stories.len(), set.uncovered.len()), (1, 0), "{set:?}");
}

#[test]
fn items_of_a_list_of_requirements_are_read_or_listed_and_their_lead_is_no_story() {
    let content = "## Functional Requirements\n\n### Data\n\n- **Data collection**:\n  - Support **integration** of user data and behaviour data; JSON and CSV.\n  \
                   - Processes for anomaly detection, etc.\n  - Chinese text segmentation for titles and descriptions.\n- **Service**:\n  \
                   - Support **parameter tuning**.\n  - Output fields: list, score, reason.\n  - Diversity, through penalties and such.\n";
    let set = of_file("a.md", content);
    for sentence in [
        "Support integration of user data and behaviour data",
        "Processes for anomaly detection",
        "Chinese text segmentation",
        "Support parameter tuning",
        "list score reason",
        "Diversity, through penalties",
    ] {
        assert!(is_told(&set, sentence), "{sentence}: {set:?}");
    }
    let actions: Vec<&str> = set.stories.iter().map(|s| s.action.as_str()).collect();
    assert!(
        !actions.iter().any(|a| a.contains("use support") || a.contains("data collection") || *a == "use service"),
        "{actions:?}"
    );
    let set = of_file("c.md", "## Requirements\n\n- Purpose: to please people\n");
    assert!(set.uncovered.is_empty() && set.stories.is_empty(), "an explanation is no item: {set:?}");
    let set = of_file("b.md", "## Requirements\n\n- Support tickets\n- Support hotline\n- Support chat\n");
    assert!(set.stories.iter().all(|s| s.role == "user"), "{:?}", super::fixture::pairs(&set));
}

#[test]
fn long_sentences_and_other_cells_are_listed() {
    let long = format!("Staff keep {} and wolves must howl at the moon.", "one more book on a shelf, ".repeat(60));
    assert_told("a.md", &long, "wolves must howl at the moon");
    assert_told(
        "a.md",
        "| ID | Requirement | Notes |\n|---|---|---|\n| 1 | Members can renew a loan | Wolves must never howl at night |\n",
        "Wolves must never howl at night",
    );
    assert_told(
        "a.md",
        "## Members must be able to renew a loan\n\nSome words.\n",
        "Members must be able to renew a loan",
    );
}

/// A sentence with a duty in words that also a chat may have.
fn duty() -> impl Strategy<Value = String> {
    let who = prop::sample::select(vec!["Members", "Customers", "Clerks", "The manager", "Librarians", "Guests"]);
    let modal = prop::sample::select(vec![
        "must",
        "must be able to",
        "should",
        "must not",
        "shall",
        "need to",
        "can",
        "may not",
    ]);
    let does = prop::sample::select(vec![
        "renew a loan",
        "delete a booking before noon",
        "export the report",
        "edit the profile of a customer",
        "search books by author",
        "upload a photo (up to 5 MB?)",
        "see \"Really?\" before an order is sent",
        "cancel a reservation",
    ]);
    (who, modal, does).prop_map(|(who, modal, does)| format!("{who} {modal} {does}"))
}

fn heading() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "Goals",
        "Introduction",
        "Background",
        "Requirements",
        "Out of scope",
        "Open questions",
        "Todo",
        "Agenda",
        "Next steps",
        "Non-functional requirements",
        "Glossary",
        "Members",
        "Acceptance criteria",
        "Risks",
        "Nice to have",
        "What users can do",
        "Technology",
        "Data model",
        "Notes",
    ])
}

/// Where the sentence stands: file name and content. `{}` takes the sentence, `§` the heading.
fn place() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("a.md", "# Brief\n\n## §\n\n{}.\n"),
        ("a.md", "# Brief\n\n## §\n\n- {}\n- Something else\n"),
        ("a.md", "## §\n\n1. First of all.\n2. {}.\n"),
        ("a.md", "## §\n\n- **Lead**:\n  - {}\n  - Other things\n"),
        ("a.md", "## §\n\n- Lead: {}.\n"),
        ("a.md", "## §\n\n> {}.\n"),
        ("a.md", "## §\n\n| Name | Text |\n|---|---|\n| One | {} |\n"),
        ("a.md", "## §\n\n| ID | Requirement | Notes |\n|---|---|---|\n| 1 | {} | none |\n"),
        ("a.md", "## §\n\n| ID | Requirement | Notes |\n|---|---|---|\n| 1 | Books are lent | {} |\n"),
        ("a.md", "As a clerk I want to add a book.\n\n§:\n- {}\n"),
        ("a.txt", "§\n\n{}.\n\nWe met on Monday.\n"),
        ("a.txt", "§:\n\n* {}\n* more\n"),
        ("a.html", "<html><body><h2>§</h2><ul><li>{}</li></ul><p>Bye.</p></body></html>"),
        ("a.eml", "From: Ann <ann@example.org>\nTo: b@example.org\nSubject: §\n\nHi Ben,\n\n{}.\n\nThanks,\nAnn\n"),
        (
            "a.eml",
            "From: Ann <ann@example.org>\nTo: b@example.org\nSubject: §\n\nHi Ben,\n\nThanks!\n\n- {}\n- See https://example.org\n\nAnn\n",
        ),
        ("a.eml", "From: Ann <ann@example.org>\nTo: b@example.org\nSubject: Shop\n\n§\n---\n{}\n\n-- \nAnn\n"),
        (
            "a.eml",
            "From: Ann <ann@example.org>\nTo: b@example.org\nSubject: §\n\nSee below.\n\nOn Mon, Mar 9, 2026 at 9:00 AM, Ben <b@example.org> wrote:\n\n> {}.\n",
        ),
        ("a.json", "[{\"speaker\": \"Ann\", \"text\": \"§. {}.\"}, {\"speaker\": \"Ben\", \"text\": \"Fine.\"}]"),
        (
            "a.txt",
            "[2026-03-09 10:00] Ann: §\n[2026-03-09 10:01] Ben: {}.\n[2026-03-09 10:02] Ann: ok\n[2026-03-09 10:03] Ben: bye\n",
        ),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn every_sentence_with_a_duty_is_told_wherever_it_stands(sentence in duty(), heading in heading(), (name, place) in place()) {
        // of speech only what somebody does with a named thing is looked at
        prop_assume!(name != "a.json" || !sentence.contains('?'));
        let escaped = if name == "a.json" { sentence.replace('"', "\\\"") } else { sentence.clone() };
        let content = place.replace('§', heading).replace("{}", &escaped);
        assert_told(name, &content, &sentence);
    }
}
