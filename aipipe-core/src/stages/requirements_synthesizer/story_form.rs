//! Explicit stories: "As a … I want … so that …".

use super::action::{Action, split_benefit};
use super::ask::{Ask, roles_of, wanted};
use super::lexicon::ARTICLES;
use super::words::{Token, after, any_phrase_at, lower, part, words_of};

const MEANS: &[&str] = &[
    "i want",
    "i need",
    "i would like",
    "i'd like",
    "i wish",
    "i should",
    "i must",
    "i can",
    "i may",
    "i am able",
    "i'm able",
    "i will be able",
    "i shall",
    "we want",
    "we need",
    "we would like",
    "we'd like",
    "we should",
    "we must",
    "we can",
    "i would want",
    "i'd want",
    "i want the",
    "i expect",
    "i'd love",
    "i would love",
];

/// The asks of an explicit story, with the words it ends before; nothing when the sentence is none.
pub(super) fn parse(text: &str, tokens: &[Token]) -> Option<Vec<Ask>> {
    let start = tokens.iter().take(4).position(|t| t.is("as"))?;
    if start > 0 && !tokens.get(start - 1).is_some_and(Token::is_mark) {
        return None;
    }
    let mut role_start = start + 1;
    if lower(tokens, role_start).is_empty()
        || matches!(lower(tokens, role_start), "soon" | "long" | "well" | "far" | "much")
    {
        return None;
    }
    while tokens.get(role_start).is_some_and(|t| t.is_any(ARTICLES) || t.is_any(&["(", ")", "/", "n"])) {
        role_start += 1;
    }
    let (means, count) = (role_start + 1..tokens.len().min(role_start + 14))
        .find_map(|i| any_phrase_at(tokens, i, MEANS).map(|(_, c)| (i, c)))?;
    let role_words = part(tokens, role_start, means);
    let role_words =
        role_words.iter().position(|t| t.is_any(&[",", "("])).map_or(role_words, |end| part(role_words, 0, end));
    let mut roles = roles_of(text, role_words);
    if roles.is_empty() {
        roles = super::noun_phrase::role(text, role_words).into_iter().collect();
    }
    let mut rest = after(tokens, means + count);
    if matches!(lower(tokens, means + count - 1), "want" | "need" | "like" | "wish" | "love" | "expect") {
        // the verb phrase or noun follows
    } else if rest.first().is_some_and(|t| t.is("able")) {
        rest = after(rest, 1);
    }
    let (done, benefit) = split_benefit(rest);
    let modal =
        !matches!(lower(tokens, means + count - 1), "want" | "need" | "like" | "wish" | "love" | "expect" | "have");
    let done = match any_phrase_at(done, 0, &["be able to", "the ability to", "to be able to", "able to", "to"]) {
        Some((_, skip)) if modal => after(done, skip),
        _ => done,
    };
    let actions: Vec<Action> = if modal { super::action::actions(text, done) } else { wanted(text, done) };
    let benefit = benefit.map(|words| words_of(text, words));
    let asks: Vec<Ask> = roles
        .iter()
        .flat_map(|role| {
            actions.iter().map(|action| Ask {
                role: role.clone(),
                role_stated: true,
                action: action.clone(),
                benefit: benefit.clone(),
            })
        })
        .collect();
    (!asks.is_empty()).then_some(asks)
}
