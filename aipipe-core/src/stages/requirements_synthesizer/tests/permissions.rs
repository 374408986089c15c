//! Who may and who must not, and for whom that is a contradiction.

use super::fixture::{pairs, run_one};
use crate::domain::{DocumentFormat, QuestionKind, StorySet, UserStory};

fn refusals(story: &UserStory) -> Vec<(&str, &str)> {
    story
        .criteria
        .iter()
        .filter(|c| c.then.starts_with("it is refused"))
        .map(|c| (c.given.as_str(), c.when.as_str()))
        .collect()
}

fn contradictions(set: &StorySet) -> usize {
    set.questions.iter().filter(|q| q.kind == QuestionKind::Contradiction).count()
}

#[test]
fn an_exclusive_role_is_a_criterion_of_its_own() {
    for words in [
        "Only managers can delete a book.",
        "A book can only be deleted by managers.",
        "A book may be deleted by managers only.",
        "Managers alone can delete a book.",
    ] {
        let set = run_one(DocumentFormat::Text, words);
        let [story] = set.stories.as_slice() else { panic!("{words}: {:?}", pairs(&set)) };
        assert_eq!((story.role.as_str(), story.action.as_str()), ("manager", "delete a book"), "{words}");
        assert_eq!(refusals(story), [("somebody other than a manager", "they try to delete a book")], "{words}");
    }
    for words in [
        "Managers can delete a book.",
        "Managers can only delete a book until noon.",
        "Managers can delete only old books.",
    ] {
        let set = run_one(DocumentFormat::Text, words);
        assert!(set.stories.iter().all(|s| refusals(s).is_empty()), "{words}");
    }
}

#[test]
fn a_prohibition_goes_to_its_story_or_to_the_questions() {
    let set = run_one(
        DocumentFormat::Text,
        "Sellers can create an offer with a title and a price. The clerk must never see the price.",
    );
    let story = &set.stories[0];
    assert_eq!(refusals(story), [("a clerk", "the clerk tries to see the price")]);
    let set = run_one(DocumentFormat::Text, "Sellers can create an offer. The clerk must never see the salary.");
    assert!(refusals(&set.stories[0]).is_empty());
    let [question] = set.questions.as_slice() else { panic!("{:?}", set.questions) };
    assert_eq!(question.kind, QuestionKind::Missing);
    assert!(question.question.contains("The clerk must never see the salary"), "{question:?}");
}

#[test]
fn different_people_may_do_different_things() {
    for (words, expected) in [
        ("Staff must not delete bookings. Admins must be able to delete bookings.", 0),
        ("Staff must not delete bookings. Staff can delete bookings.", 1),
        ("Nobody may delete bookings. Admins can delete bookings.", 1),
        ("Volunteers cannot edit a rota. Coordinators can edit a rota.", 0),
        ("Only managers can delete a booking. Clerks can delete a booking.", 1),
        ("Only managers and clerks can delete a booking.", 0),
        ("Only managers can delete a booking. Clerks can view a booking.", 0),
    ] {
        let set = run_one(DocumentFormat::Text, words);
        assert_eq!(contradictions(&set), expected, "{words}: {:?}", set.questions);
    }
}
