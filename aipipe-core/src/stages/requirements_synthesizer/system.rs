//! What the system does, seen from those it does it for.

use super::action::{Action, actions};
use super::ask::roles;
use super::lexicon::{DETERMINERS, verb};
use super::noun_phrase::is_person;
use super::words::{Token, after, lower, part, phrase_at, trim_marks, words_of};

/// What the system does, seen from who gains by it: role, whether it is named, actions.
pub(super) fn of_system(text: &str, done: &[Token]) -> (Vec<String>, bool, Vec<Action>) {
    let Some(first) = done.first() else { return (Vec::new(), false, Vec::new()) };
    let user = || vec!["user".to_owned()];
    // "allow customers to cancel", "let customers cancel"
    if first.is_any(&["allow", "enable", "let", "permit", "help", "allows", "enables", "lets"]) {
        let to = done.iter().position(|t| t.is("to")).or_else(|| {
            first
                .is_any(&["let", "lets", "help"])
                .then(|| (1..done.len()).find(|i| verb(lower(done, *i)).is_some()).map(|i| i.saturating_sub(1)))
                .flatten()
        });
        if let Some(to) = to.filter(|to| *to > 0 && verb(lower(done, to + 1)).is_some()) {
            let who_end = if lower(done, to) == "to" { to } else { to + 1 };
            let who = part(done, 1, who_end);
            if who.is_empty() || is_person(who) {
                let named = roles(text, who);
                let stated = !named.is_empty();
                return (if stated { named } else { user() }, stated, actions(text, after(done, to + 1)));
            }
        }
        // "allow searching by name"
        if let Some(known) = done.get(1).and_then(|t| super::lexicon::gerund(&t.lower)) {
            let rest = words_of(text, trim_marks(after(done, 2)));
            let mut made = actions(text, after(done, 1));
            for action in &mut made {
                action.text = format!("{} {rest}", known.base).trim().to_owned();
                known.class.clone_into(&mut action.class);
                action.participle = Some(known.participle);
            }
            made.truncate(1);
            return (user(), false, made);
        }
    }
    let offered = |i: &usize| {
        ["the ability to", "a way to", "an option to", "the option to"].iter().any(|p| phrase_at(done, *i, p))
    };
    if let Some(at) = (1..done.len()).find(offered).filter(|_| first.is_any(&["provide", "offer"])) {
        let who = part(done, 1, at);
        let who = if who.last().is_some_and(|t| t.is("with")) { part(who, 0, who.len() - 1) } else { who };
        let named = if is_person(who) { roles(text, who) } else { Vec::new() };
        let stated = !named.is_empty();
        return (if stated { named } else { user() }, stated, actions(text, after(done, at + 3)));
    }
    let mut made = actions(text, done);
    let shows = |class: &str| class == "view";
    if made.iter().all(|a| shows(&a.class)) && !made.is_empty() {
        for action in &mut made {
            let rest = action.text.split_once(' ').map_or("", |(_, rest)| rest).to_owned();
            action.text = format!("view {rest}").trim().to_owned();
            action.participle = Some("shown");
        }
        return (user(), false, made);
    }
    if let [only] = made.as_slice()
        && let Some(told) = told(text, only, done)
    {
        return told;
    }
    (vec!["system".to_owned()], false, made)
}

/// "send the customer a reminder" → the customer receives a reminder; "notify the owner" → the owner is notified.
fn told(text: &str, action: &Action, done: &[Token]) -> Option<(Vec<String>, bool, Vec<Action>)> {
    let rest = trim_marks(after(done, 1));
    let noun_end = |from: usize| {
        (from + 1..rest.len())
            .find(|i| {
                rest.get(*i).is_some_and(|t| {
                    t.is_any(super::lexicon::PREPOSITIONS)
                        || t.is_any(DETERMINERS)
                        || t.kind != super::words::TokenKind::Word
                        || t.is("one")
                        || super::lexicon::number_word(&t.lower).is_some()
                })
            })
            .unwrap_or(rest.len())
    };
    match action.class.as_str() {
        "notify" | "remind" => {
            let end = noun_end(0);
            let who = part(rest, 0, end);
            let known = verb(lower(done, 0))?;
            let words = format!("be {} {}", known.participle, words_of(text, after(rest, end)));
            is_person(who).then(|| {
                let action = Action { text: words.trim().to_owned(), head: None, object: None, ..action.clone() };
                (roles(text, who), true, vec![action])
            })
        }
        "send" => {
            let direct = noun_end(0);
            if is_person(part(rest, 0, direct))
                && direct < rest.len()
                && rest.get(direct).is_some_and(|t| t.is_any(DETERMINERS))
            {
                let words = format!("receive {}", words_of(text, after(rest, direct)));
                let action =
                    Action { text: words, class: "receive".to_owned(), participle: Some("received"), ..action.clone() };
                return Some((roles(text, part(rest, 0, direct)), true, vec![action]));
            }
            let to = rest.iter().position(|t| t.is("to"))?;
            let end = noun_end(to + 1);
            let who = part(rest, to + 1, end);
            if !is_person(who) || to == 0 {
                return None;
            }
            let words = format!("receive {} {}", words_of(text, part(rest, 0, to)), words_of(text, after(rest, end)));
            let action = Action {
                text: words.trim().to_owned(),
                class: "receive".to_owned(),
                participle: Some("received"),
                ..action.clone()
            };
            Some((roles(text, who), true, vec![action]))
        }
        _ => None,
    }
}
