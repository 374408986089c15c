//! What is wrong with how requirements and stories are put, as questions: open lists, comparisons with nothing, decisions
//! nobody is said to make, means in the place of ends, stories of too many criteria.
//!
//! After AQUSA (Lucassen et al., "Improving agile requirements: the Quality User Story framework and tool", 2016) and INVEST;
//! only what words show for certain. What can't be measured asks `questions`.

use super::conflicts::one_line;
use super::merge::Group;
use super::words::{Token, any_phrase_at, find_phrase, lower, part, tokenize, words_of};
use crate::domain::{Obligation, OpenQuestion, QuestionId, QuestionKind, RequirementId, TextSpan, UserStory};

/// Lists that do not say what is in them.
const OPEN_ENDED: &[&str] =
    &["etc", "etc.", "and so on", "and so forth", "and more", "and the like", "and similar", "among others"];

/// Comparatives, which compare with something or say nothing.
const COMPARED: &[&str] =
    &["better", "faster", "easier", "quicker", "simpler", "improved", "more efficient", "more convenient"];

/// Decisions, as participles: somebody makes them.
const DECIDED: &[&str] = &[
    "approved",
    "authorised",
    "authorized",
    "confirmed",
    "verified",
    "reviewed",
    "decided",
    "signed off",
    "vetted",
    "accepted",
];

/// Parts of pages and stores: means to an end that a story should name.
const MEANS: &[&str] = &[
    "dropdown",
    "drop-down",
    "checkbox",
    "checkboxes",
    "radio button",
    "radio buttons",
    "popup",
    "pop-up",
    "modal dialog",
    "sql query",
    "database table",
    "stored procedure",
    "json payload",
    "rest endpoint",
];

/// Most criteria of a story that is still one.
const MOST_CRITERIA: usize = 10;

/// Questions about how requirements are put, each with the requirement it is about.
pub(super) fn of_requirements(groups: &[Group]) -> Vec<(RequirementId, OpenQuestion)> {
    let asked = groups.iter().filter(|group| group.obligation != Obligation::Wont && !group.weak());
    asked.flat_map(|group| questions(group).into_iter().map(|question| (group.id.clone(), question))).collect()
}

fn questions(group: &Group) -> Vec<OpenQuestion> {
    let quote = one_line(&group.leader.citation.quote);
    let tokens = tokenize(&quote, TextSpan { start: 0, end: quote.len() });
    let mut found = Vec::new();
    let words = |at: usize, count: usize| words_of(&quote, part(&tokens, at, at + count)).to_lowercase();
    if find_phrase(&tokens, OPEN_ENDED).is_some() {
        found.push(format!("What else belongs to the list in “{quote}”?"));
    }
    if let Some((at, count)) = find_phrase(&tokens, COMPARED).filter(|(at, count)| !compares(&tokens, at + count)) {
        found.push(format!("“{}” than what, and by how much, in “{quote}”?", words(at, count)));
    }
    if let Some((at, count)) = nobody_decides(&tokens) {
        found.push(format!("By whom is it to be {} in “{quote}”?", words(at, count)));
    }
    if let Some((at, count)) = find_phrase(&tokens, MEANS).filter(|_| group.leader.ask.is_some()) {
        found.push(format!("Is “{}” wanted as such, or only what it is for, in “{quote}”?", words(at, count)));
    }
    if (0..tokens.len())
        .any(|at| lower(&tokens, at) == "and" && lower(&tokens, at + 1) == "/" && lower(&tokens, at + 2) == "or")
    {
        found.push(format!("Is both meant, or one of the two, in “{quote}”?"));
    }
    found
        .into_iter()
        .map(|question| OpenQuestion {
            id: QuestionId::for_text(&question),
            kind: QuestionKind::Ambiguity,
            question,
            assumption: None,
            citations: group.members.iter().map(|member| member.citation.clone()).collect(),
            stories: Vec::new(),
        })
        .collect()
}

/// "faster than today" says with what it compares.
fn compares(tokens: &[Token], from: usize) -> bool {
    (from..(from + 4).min(tokens.len())).any(|at| lower(tokens, at) == "than")
}

/// "must be approved" without a "by", and without anybody who does it.
fn nobody_decides(tokens: &[Token]) -> Option<(usize, usize)> {
    let (at, count) = find_phrase(tokens, DECIDED)?;
    let before = part(tokens, at.saturating_sub(4), at);
    let duty = before.iter().any(|token| token.is_any(&["must", "shall", "should", "has", "have", "needs", "need"]));
    let passive = before.last().is_some_and(|token| token.is_any(&["be", "get"]));
    let by = (at + count..tokens.len()).any(|at| any_phrase_at(tokens, at, &["by", "with", "from"]).is_some());
    (duty && passive && !by).then_some((at, count))
}

/// Questions about stories that are too large to be one.
pub(super) fn of_stories(stories: &[UserStory]) -> Vec<OpenQuestion> {
    let large = stories.iter().filter(|story| story.criteria.len() > MOST_CRITERIA);
    large
        .map(|story| {
            let question = format!(
                "Into which stories can “{}” be split, which has {} criteria?",
                story.title,
                story.criteria.len()
            );
            OpenQuestion {
                id: QuestionId::for_text(&question),
                kind: QuestionKind::Ambiguity,
                question,
                assumption: Some("it is built as one".to_owned()),
                citations: story.criteria.iter().map(|criterion| criterion.citation.clone()).collect(),
                stories: vec![story.id.clone()],
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::fixture::run_one;
    use crate::domain::DocumentFormat;

    fn asked(text: &str) -> Vec<String> {
        run_one(DocumentFormat::Markdown, text).questions.into_iter().map(|question| question.question).collect()
    }

    #[test]
    fn what_is_left_open_is_asked() {
        for (text, question) in [
            ("Members must be able to filter boats by size, colour, etc.", "What else belongs to the list"),
            ("Members should be able to find boats faster.", "“faster” than what"),
            ("A reservation must be approved before it counts.", "By whom is it to be approved"),
            ("Members must be able to pick a boat from a dropdown.", "Is “dropdown” wanted as such"),
            ("Members must be able to cancel and/or move a reservation.", "Is both meant"),
        ] {
            assert!(asked(text).iter().any(|q| q.starts_with(question)), "{text}: {:?}", asked(text));
        }
    }

    #[test]
    fn what_is_said_is_not_asked() {
        for text in [
            "Members must be able to filter boats by size and colour.",
            "Members must be able to find boats faster than on paper.",
            "A reservation must be approved by the coach before it counts.",
            "The coach must be able to approve a reservation.",
        ] {
            assert!(asked(text).is_empty(), "{text}: {:?}", asked(text));
        }
    }
}
