//! What must hold for any text.

use super::fixture::{pairs, run, run_one, text};
use crate::domain::{DocumentFormat, QuestionKind, StorySet};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn ids(set: &StorySet) -> BTreeSet<String> {
    let requirements = set.requirements.iter().map(|r| r.id.to_string());
    let stories = set
        .stories
        .iter()
        .flat_map(|s| std::iter::once(s.id.to_string()).chain(s.criteria.iter().map(|c| c.id.to_string())));
    requirements.chain(stories).chain(set.questions.iter().map(|q| q.id.to_string())).collect()
}

/// Every quote is its span's text, every reference leads somewhere, nothing comes before what it needs.
fn check(set: &StorySet, texts: &[&str]) {
    let citations = set
        .requirements
        .iter()
        .flat_map(|r| &r.citations)
        .chain(set.stories.iter().flat_map(|s| s.criteria.iter().map(|c| &c.citation)));
    for citation in citations {
        assert!(texts.iter().any(|text| citation.span.of(text) == Some(citation.quote.as_str())), "{citation:?}");
    }
    let mut done = BTreeSet::new();
    for story in &set.stories {
        assert!(
            !story.requirements.is_empty()
                && !story.title.is_empty()
                && !story.role.is_empty()
                && !story.action.is_empty()
        );
        assert!(story.depends_on.iter().all(|d| done.contains(&d.story)), "{} comes before what it needs", story.title);
        assert!(done.insert(story.id.clone()), "{} twice", story.id);
    }
    let served: BTreeSet<_> = set
        .stories
        .iter()
        .flat_map(|s| &s.requirements)
        .chain(set.without_story.iter().map(|w| &w.requirement))
        .collect();
    assert!(
        set.requirements.iter().all(|r| served.contains(&r.id) && !r.citations.is_empty()),
        "a requirement is lost"
    );
}

fn sentence() -> impl Strategy<Value = String> {
    let subject = prop::sample::select(vec![
        "Customers",
        "The system",
        "A booking",
        "We",
        "The admin",
        "Staff and guests",
        "Bookings",
        "It",
    ]);
    let modal =
        prop::sample::select(vec!["can", "must", "should", "must not", "needs to", "has", "will", "want to", "may"]);
    let verb = prop::sample::select(vec![
        "create",
        "cancel",
        "be cancelled",
        "send",
        "have",
        "create, edit and delete",
        "see",
        "pay for",
        "be",
    ]);
    let object = prop::sample::select(vec![
        "a booking",
        "bikes",
        "a date and a bike",
        "at most 5 bikes",
        "at most 8 bikes",
        "the customer a mail",
        "fast",
        "invoices for bookings",
    ]);
    (subject, modal, verb, object).prop_map(|(s, m, v, o)| format!("{s} {m} {v} {o}."))
}

const FORMATS: [DocumentFormat; 4] =
    [DocumentFormat::Text, DocumentFormat::Markdown, DocumentFormat::Email, DocumentFormat::Transcript];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn holds_for_any_text(words in "(?s).{0,300}", format in prop::sample::select(FORMATS.to_vec())) {
        check(&run_one(format, &words), &[&words]);
    }

    #[test]
    fn holds_for_pieces_of_requirements(pieces in prop::collection::vec(prop::sample::select(vec![
        "As a ", "user", ", ", "I want ", "to ", "create ", "and ", "must ", "not ", "be ", "able ", "given ", "When ", "then ", ".", "\n", "\n\n", "- ",
        "# ", "| ", "(", ")", "\"", "US-1", ": ", "depends on ", "5 ", "points", "if ", "so that ", "édité ", "“", "…", "> ", "1) ", "bookings ", "a ", "has ",
    ]), 0..60), format in prop::sample::select(FORMATS.to_vec())) {
        let words = pieces.concat();
        check(&run_one(format, &words), &[&words]);
    }

    #[test]
    fn ids_do_not_depend_on_order(sentences in prop::collection::vec(sentence(), 1..12), cut in 0_usize..12) {
        let (left, right) = sentences.split_at(cut.min(sentences.len()));
        let (left, right) = (left.join("\n\n"), right.join("\n\n"));
        let documents = || [text("a.txt", DocumentFormat::Text, &left), text("b.txt", DocumentFormat::Text, &right)];
        let one = run(&documents());
        let [a, b] = documents();
        let other = run(&[b, a]);
        check(&one, &[&left, &right]);
        let requirements = |set: &StorySet| set.requirements.iter().map(|r| r.id.to_string()).collect::<BTreeSet<_>>();
        prop_assert_eq!(requirements(&one), requirements(&other));
        // Which of two that contradict each other is assumed to hold depends on the order, and so does whether there is a
        // story that a rule belongs to.
        let contradictions = |set: &StorySet| {
            let found = set.questions.iter().filter(|question| question.kind == QuestionKind::Contradiction);
            found.map(|question| question.id.to_string()).collect::<BTreeSet<_>>()
        };
        prop_assert_eq!(contradictions(&one), contradictions(&other));
        if contradictions(&one).is_empty() {
            prop_assert_eq!(one.questions.len(), other.questions.len());
        }
        if one.questions.is_empty() {
            prop_assert_eq!(ids(&one), ids(&other));
        }
    }

    #[test]
    fn ids_do_not_depend_on_unrelated_text(sentences in prop::collection::vec(sentence(), 1..8)) {
        let plain = sentences.join("\n\n");
        let more = format!("The weather was fine on Monday.\n\n{plain}\n\nWe met in the old harbour. Best regards.");
        prop_assert_eq!(ids(&run_one(DocumentFormat::Text, &plain)), ids(&run_one(DocumentFormat::Text, &more)));
    }
}

#[test]
fn is_quick_on_long_and_hostile_text() {
    use std::fmt::Write as _;
    let mut words = String::new();
    for number in 0..4000 {
        let _ = writeln!(words, "Customers can create a thing{number} with {number} parts (and \"so on.\n");
    }
    let set = run_one(DocumentFormat::Text, &words);
    assert!(set.stories.len() > 100);
    for hostile in [
        "(".repeat(50_000),
        "As a ".repeat(20_000),
        "and must ".repeat(20_000),
        "given when then ".repeat(10_000),
        "a, ".repeat(50_000),
    ] {
        check(&run_one(DocumentFormat::Text, &hostile), &[&hostile]);
    }
    assert_eq!(pairs(&run_one(DocumentFormat::Text, "Customers can pay.")), ["customer | pay"]);
}

#[test]
fn words_of_a_question_do_not_depend_on_order() {
    let (one, other) = ("Bookings can create, edit and delete fast.", "The system will create fast.");
    let documents = || [text("a.txt", DocumentFormat::Text, one), text("b.txt", DocumentFormat::Text, other)];
    let [a, b] = documents();
    let (set, turned) = (run(&documents()), run(&[b, a]));
    assert!(!set.questions.is_empty());
    assert_eq!(ids(&set), ids(&turned));
}
