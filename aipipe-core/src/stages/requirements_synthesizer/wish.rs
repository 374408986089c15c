//! Wishes as people say and mail them: "we need …", "it would be great if …", "please add …", "make sure …".

use super::action::{Action, actions, begins_with_verb, split_benefit};
use super::ask::{Ask, Register, roles_of, wanted};
use super::clause::{Clause, Subject, clauses, strip_fillers};
use super::lexicon::verb;
use super::noun_phrase::is_person;
use super::talk::is_product_noun;
use super::words::{Token, after, any_phrase_at, lower, part, words_of};
use crate::domain::Obligation;

/// A wish: what is asked for, how strongly, by which rule.
pub(super) struct Wish {
    pub(super) asks: Vec<Ask>,
    pub(super) obligation: Obligation,
}

const WANT: &[&str] = &[
    "we need",
    "we want",
    "we'd like",
    "we would like",
    "i need",
    "i want",
    "i'd like",
    "i would like",
    "we also need",
    "we also want",
    "we'd also like",
    "i also want",
    "i also need",
    "i'd also like",
    "we would also like",
    "we'd love",
    "i would love",
    "i'd love",
    "we really need",
    "we really want",
    "we would love",
    "what we need is",
    "what we really need is",
    "what we also need is",
    "what we want is",
    "what we are missing is",
    "what would help is",
    "what would help us is",
    "what would really help is",
    "what would really help us is",
    "what would also help is",
    "what would also help us is",
];

const NICE: &[&str] = &[
    "it would be great if",
    "it would be nice if",
    "it would be good if",
    "it would be helpful if",
    "it would be useful if",
    "it would be perfect if",
    "it would be cool if",
    "it'd be great if",
    "it'd be nice if",
    "would be great if",
    "would be nice if",
    "it would also be nice if",
    "it would also be great if",
    "it would help if",
    "it would help us if",
    "it would really help if",
    "it would really help us if",
];

const SURE: &[&str] = &[
    "make sure that",
    "make sure",
    "please make sure that",
    "please make sure",
    "please ensure that",
    "please ensure",
    "ensure that",
    "don't forget that",
    "do not forget that",
    "remember that",
    "let's make sure that",
    "let's make sure",
];

const ADD: &[&str] = &[
    "please add",
    "please include",
    "please also add",
    "please provide",
    "can you add",
    "could you add",
    "please also include",
    "don't forget",
    "don't forget about",
    "do not forget",
    "we must not forget",
];

/// Whether a question asks politely for something to be made: "could you add a search?"
pub(super) fn is_request(sentence: &[Token]) -> bool {
    let polite = strip_fillers(sentence);
    any_phrase_at(polite, 0, ADD).is_some_and(|(phrase, _)| phrase.contains(" you "))
}

/// Things of a product one may plainly ask for, even in a meeting about anything.
const PRODUCT_NOUNS: &[&str] = &[
    "calendar",
    "list",
    "overview",
    "report",
    "dashboard",
    "search",
    "filter",
    "form",
    "login",
    "export",
    "import",
    "notification",
    "reminder",
    "page",
    "portal",
    "login",
    "history",
    "statistic",
    "profile",
    "account",
    "reservation",
    "registration",
    "waitlist",
    "waiting-list",
    "checkout",
    "cart",
    "newsletter",
    "archive",
    "backup",
    "map",
    "view",
    "log",
    "api",
    "screen",
];

/// The wish a sentence expresses, if it expresses one about the product.
pub(super) fn wish(text: &str, sentence: &[Token], register: Register) -> Option<Wish> {
    let tokens = strip_fillers(sentence);
    if let Some((_, count)) = any_phrase_at(tokens, 0, NICE) {
        let inner = after(tokens, count);
        return inner_asks(text, inner).map(|asks| Wish { asks, obligation: Obligation::Could });
    }
    if let Some((_, count)) = any_phrase_at(tokens, 0, SURE) {
        return inner_asks(text, after(tokens, count)).map(|asks| Wish { asks, obligation: Obligation::Must });
    }
    if let Some((_, count)) = any_phrase_at(tokens, 0, ADD) {
        let object = after(tokens, count);
        let personal = object.iter().any(|t| t.is_any(&["me", "you", "your", "my", "us", "to"]));
        if personal || !is_product_noun(object) || register == Register::Speech && !names_product_part(object) {
            return None;
        }
        return asks_of(wanted(text, object), None, text).map(|asks| Wish { asks, obligation: Obligation::Should });
    }
    if let Some((_, count)) = any_phrase_at(tokens, 0, WANT) {
        let (done, benefit) = split_benefit(after(tokens, count));
        let shortened = tokens.first().is_some_and(|t| t.lower.ends_with("'d"));
        return want(text, done, benefit, register, shortened);
    }
    person_wants(text, tokens, register)
}

/// "we need [a booking calendar | customers to be able to cancel | the system to send …]".
fn want(text: &str, done: &[Token], benefit: Option<&[Token]>, register: Register, shortened: bool) -> Option<Wish> {
    if done.first().is_some_and(|t| t.is("to")) {
        // "we'd like to export …"; a clause with "need to", "want to" is judged there
        let done = after(done, 1);
        let personal = done.iter().any(|t| t.is_any(&["you", "your", "me", "us", "it", "this", "that"]));
        if !shortened || personal || !super::talk::knows_object(done) {
            return None;
        }
        return asks_of(actions(text, done), benefit, text).map(|asks| Wish { asks, obligation: Obligation::Should });
    }
    if let Some(to) = done.iter().position(|t| t.is("to")).filter(|to| (1..6).contains(to)) {
        let who = part(done, 0, to);
        let mut rest = after(done, to + 1);
        if let Some((_, count)) = any_phrase_at(rest, 0, &["be able to", "be allowed to", "have the ability to"]) {
            rest = after(rest, count);
        }
        if is_person(who) && verb(lower(rest, 0)).is_some() {
            let asks = actions(text, rest)
                .into_iter()
                .flat_map(|action| roles_of(text, who).into_iter().map(move |role| (role, action.clone())))
                .map(|(role, action)| Ask {
                    role,
                    role_stated: true,
                    action,
                    benefit: benefit.map(|b| words_of(text, b)),
                })
                .collect::<Vec<_>>();
            return (!asks.is_empty()).then_some(Wish { asks, obligation: Obligation::Should });
        }
        let product = super::noun_phrase::head(who).is_some_and(|noun| super::lexicon::is_system(&noun))
            || (who.len() == 1 && who.first().is_some_and(|t| t.is("it")));
        if product && verb(lower(rest, 0)).is_some() && register != Register::Speech {
            let (roles, stated, made) = super::system::of_system(text, rest);
            let asks = made
                .into_iter()
                .map(|action| Ask {
                    role: roles.first().cloned().unwrap_or_else(|| "user".to_owned()),
                    role_stated: stated,
                    action,
                    benefit: None,
                })
                .collect::<Vec<_>>();
            return (!asks.is_empty()).then_some(Wish { asks, obligation: Obligation::Should });
        }
        return None;
    }
    if is_the_product(done) {
        return None;
    }
    if !is_product_noun(done) || (register != Register::Document && !names_product_part(done)) {
        return None;
    }
    asks_of(wanted(text, done), benefit, text).map(|asks| Wish { asks, obligation: Obligation::Should })
}

/// "A small browser app": the whole that is to be made, with no word on what one does with it.
fn is_the_product(done: &[Token]) -> bool {
    // "a REST API in Node that our web people can build on": an API says what it is made with, not what one does
    let api = done.iter().take(5).any(|t| t.is_any(&["api", "apis", "backend", "back-end"]));
    if api && super::kind::has_technology(done) {
        return true;
    }
    const WHOLE: &[&str] = &[
        "app",
        "application",
        "program",
        "software",
        "tool",
        "website",
        "service",
        "system",
        "solution",
        "product",
        "platform",
        "webapp",
    ];
    let plain = super::words::trim_marks(done);
    plain.last().is_some_and(|t| t.is_any(WHOLE)) && plain.len() < 6
}

/// "Customers want a receipt", "the mechanics need a list of open repairs".
fn person_wants(text: &str, tokens: &[Token], register: Register) -> Option<Wish> {
    let at = tokens.iter().take(6).position(|t| t.is_any(&["want", "wants", "need", "needs"]))?;
    let who = part(tokens, 0, at);
    let (done, benefit) = split_benefit(after(tokens, at + 1));
    if !is_person(who) || !matches!(super::clause::classify(who), Some(Subject::Person)) || register == Register::Speech
    {
        return None;
    }
    if done.first().is_some_and(|t| t.is("to")) || !is_product_noun(done) || !names_product_part(done) {
        return None;
    }
    let roles = roles_of(text, who);
    let asks: Vec<Ask> = wanted(text, done)
        .into_iter()
        .flat_map(|action| roles.iter().map(move |role| (role.clone(), action.clone())))
        .map(|(role, action)| Ask { role, role_stated: true, action, benefit: benefit.map(|b| words_of(text, b)) })
        .collect();
    (!asks.is_empty()).then_some(Wish { asks, obligation: Obligation::Should })
}

fn names_product_part(tokens: &[Token]) -> bool {
    super::noun_phrase::head(tokens).is_some_and(|noun| PRODUCT_NOUNS.contains(&noun.as_str()))
        || tokens.iter().take(4).any(|t| PRODUCT_NOUNS.contains(&t.lower.as_str()))
}

fn asks_of(actions: Vec<Action>, benefit: Option<&[Token]>, text: &str) -> Option<Vec<Ask>> {
    let asks: Vec<Ask> = actions
        .into_iter()
        .map(|action| Ask {
            role: "user".to_owned(),
            role_stated: false,
            action,
            benefit: benefit.map(|b| words_of(text, b)),
        })
        .collect();
    (!asks.is_empty()).then_some(asks)
}

/// What a clause inside a wish asks for, with or without a modal ("if customers could cancel", "users get a mail").
fn inner_asks(text: &str, inner: &[Token]) -> Option<Vec<Ask>> {
    if let Some(Clause { subject, subject_words, predicate, negated: false, .. }) = clauses(inner).into_iter().next() {
        let (done, benefit) = split_benefit(predicate);
        verb(lower(done, 0))?;
        let personal = done.iter().any(|t| t.is_any(&["you", "your", "me"]));
        return match subject {
            Subject::Person => {
                let roles = roles_of(text, subject_words);
                let asks = actions(text, done)
                    .into_iter()
                    .flat_map(|action| roles.iter().map(move |role| (role.clone(), action.clone())))
                    .map(|(role, action)| Ask {
                        role,
                        role_stated: true,
                        action,
                        benefit: benefit.map(|b| words_of(text, b)),
                    })
                    .collect::<Vec<_>>();
                (!asks.is_empty()).then_some(asks)
            }
            Subject::Speaker if !personal && is_product_noun(after(done, 1)) => {
                asks_of(actions(text, done), benefit, text)
            }
            _ => None,
        };
    }
    // "users get an e-mail when …": the verb stands bare after the person
    let at = (1..inner.len().min(6)).find(|i| verb(lower(inner, *i)).is_some())?;
    let who = part(inner, 0, at);
    if !is_person(who) || !begins_with_verb(after(inner, at)) && verb(lower(inner, at)).is_none() {
        return None;
    }
    let (done, benefit) = split_benefit(after(inner, at));
    let roles = roles_of(text, who);
    let asks: Vec<Ask> = actions(text, done)
        .into_iter()
        .flat_map(|action| roles.iter().map(move |role| (role.clone(), action.clone())))
        .map(|(role, action)| Ask { role, role_stated: true, action, benefit: benefit.map(|b| words_of(text, b)) })
        .collect();
    (!asks.is_empty()).then_some(asks)
}
