//! Requirements in the patterns of EARS (Mavin et al., "Easy Approach to Requirements Syntax", 2009), where their words allow it.

use super::conflicts::one_line;
use super::lexicon::upper_first;
use super::merge::Group;
use super::words::{Token, after, lower, part, phrase_at, tokenize, words_of};
use crate::domain::{Ears, EarsPattern, Obligation, TextSpan, with_article};

/// Words that oblige, longest first, and what EARS has in their place.
const DUTIES: &[(&str, &str)] = &[
    ("must not", "shall not"),
    ("must never", "shall never"),
    ("should not", "shall not"),
    ("shall not", "shall not"),
    ("has to", "shall"),
    ("have to", "shall"),
    ("needs to", "shall"),
    ("need to", "shall"),
    ("must", "shall"),
    ("should", "shall"),
    ("shall", "shall"),
];

/// The requirement as one sentence of a pattern; nothing where that would take more than its own words.
pub(super) fn of(group: &Group) -> Option<Ears> {
    let leader = &group.leader;
    if group.obligation == Obligation::Wont {
        return None;
    }
    let condition = match leader.condition.as_deref().filter(|_| !leader.occasion) {
        Some(words) => Some(opening(words)?),
        None => None,
    };
    let response = match &leader.ask {
        Some(ask) if ask.role == "system" => format!("the system shall {}", ask.action.text),
        Some(ask) => format!("the system shall let {} {}", with_article(&ask.role), ask.action.text),
        None => duty(&one_line(&leader.statement), leader.condition.as_deref())?,
    };
    Some(match condition {
        None => Ears { pattern: EarsPattern::Ubiquitous, text: format!("{}.", upper_first(&response)) },
        Some((pattern, keyword, words)) => {
            let then = if pattern == EarsPattern::UnwantedBehaviour { "then " } else { "" };
            Ears { pattern, text: format!("{keyword} {words}, {then}{response}.") }
        }
    })
}

/// What a condition begins with, as EARS writes it, and the rest of it.
fn opening(condition: &str) -> Option<(EarsPattern, &'static str, String)> {
    const OPENINGS: &[(&str, EarsPattern, &str)] = &[
        ("as soon as", EarsPattern::EventDriven, "When"),
        ("as long as", EarsPattern::StateDriven, "While"),
        ("whenever", EarsPattern::EventDriven, "When"),
        ("when", EarsPattern::EventDriven, "When"),
        ("once", EarsPattern::EventDriven, "When"),
        ("while", EarsPattern::StateDriven, "While"),
        ("where", EarsPattern::OptionalFeature, "Where"),
        ("if", EarsPattern::UnwantedBehaviour, "If"),
    ];
    let condition = one_line(condition);
    let tokens = tokens(&condition);
    let (phrase, pattern, keyword) = OPENINGS.iter().find(|(phrase, ..)| phrase_at(&tokens, 0, phrase))?;
    let rest = words_of(&condition, after(&tokens, phrase.split(' ').count()));
    (!rest.is_empty()).then_some((*pattern, *keyword, rest))
}

fn tokens(text: &str) -> Vec<Token> {
    tokenize(text, TextSpan { start: 0, end: text.len() })
}

/// "The title of a book must be given": its subject shall do what it must. Nothing where several duties stand in a sentence.
fn duty(statement: &str, condition: Option<&str>) -> Option<String> {
    let statement = match condition.map(one_line) {
        // "if …, the system must …": what stands behind the comma
        Some(condition) => {
            let head = statement.get(..condition.len()).filter(|head| head.eq_ignore_ascii_case(&condition))?;
            let rest = statement.get(head.len()..)?.trim_start_matches([',', ' ']);
            rest.strip_prefix("then ").unwrap_or(rest)
        }
        None => statement,
    };
    let all = tokens(statement);
    let found: Vec<(usize, usize, &str)> = (0..all.len())
        .filter_map(|at| {
            DUTIES.iter().find(|(words, _)| phrase_at(&all, at, words)).map(|(words, shall)| (at, words, shall))
        })
        .map(|(at, words, shall)| (at, words.split(' ').count(), *shall))
        .collect();
    let [(at, count, shall)] = found.as_slice() else { return None };
    let subject = part(&all, 0, *at);
    let rest = after(&all, at + count);
    let closed = all.iter().rposition(|token| !token.is_mark()).map_or(0, |last| last + 1);
    let rest = part(rest, 0, closed.saturating_sub(at + count));
    if subject.is_empty()
        || rest.is_empty()
        || matches!(lower(subject, 0), "if" | "when" | "and" | "but" | "or" | "it" | "they" | "this" | "that")
    {
        return None;
    }
    let mut subject = words_of(statement, subject);
    // "The" at the beginning of a sentence, never a name
    for article in ["The ", "A ", "An ", "Each ", "Every ", "No "] {
        if let Some(noun) = subject.strip_prefix(article) {
            subject = format!("{}{noun}", article.to_lowercase());
            break;
        }
    }
    Some(format!("{subject} {shall} {}", words_of(statement, rest)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::fixture::run_one;
    use crate::domain::{DocumentFormat, EarsPattern};

    fn of(text: &str) -> Option<(EarsPattern, String)> {
        let set = run_one(DocumentFormat::Markdown, text);
        let ears = set.requirements.first().unwrap_or_else(|| panic!("no requirement in {text}")).ears.clone();
        ears.map(|ears| (ears.pattern, ears.text))
    }

    #[test]
    fn requirements_take_the_form_their_words_allow() {
        for (text, pattern, sentence) in [
            (
                "Members must be able to reserve a boat.",
                EarsPattern::Ubiquitous,
                "The system shall let a member reserve a boat.",
            ),
            (
                "The title of a book must not be longer than 80 characters.",
                EarsPattern::Ubiquitous,
                "The title of a book shall not be longer than 80 characters.",
            ),
            (
                "When a boat is returned, the system must send a receipt.",
                EarsPattern::EventDriven,
                "When a boat is returned, the system shall send a receipt.",
            ),
            (
                "If the boat is taken, the system must refuse the reservation.",
                EarsPattern::UnwantedBehaviour,
                "If the boat is taken, then the system shall refuse the reservation.",
            ),
        ] {
            assert_eq!(of(text), Some((pattern, sentence.to_owned())), "{text}");
        }
    }

    #[test]
    fn what_has_no_duty_or_several_stays_as_it_is() {
        assert_eq!(of("A boat has at most eight seats."), None);
        assert_eq!(of("A boat must have a name that must not be empty."), None);
    }
}
