//! Titles: short, in the imperative, and no two alike.

use super::Draft;
use crate::stages::requirements_synthesizer as stage;
use stage::lexicon::{singular, upper_first};
use stage::scenario::with_article;
use std::collections::BTreeMap;

/// Gives every story its title. Where two would be alike, who wants it is added.
pub(super) fn give_titles(drafts: &mut [Draft]) {
    for draft in drafts.iter_mut() {
        draft.story.title = title(&named(&draft.story.role, &draft.story.action));
    }
    let mut used: BTreeMap<String, usize> = BTreeMap::new();
    for draft in drafts.iter() {
        *used.entry(draft.story.title.to_lowercase()).or_default() += 1;
    }
    for draft in drafts.iter_mut().filter(|d| used.get(&d.story.title.to_lowercase()).is_some_and(|n| *n > 1)) {
        draft.story.title = format!("{} as {}", draft.story.title, with_article(&draft.story.role));
    }
}

/// The action with the one who acts in place of "their" and "my": "update the customer's phone number". Words that may
/// mean somebody else of whom the action speaks stay.
fn named(role: &str, action: &str) -> String {
    let mut words: Vec<String> = action.split(' ').map(str::to_owned).collect();
    let Some(at) = words.iter().position(|w| matches!(w.as_str(), "their" | "my" | "our" | "his" | "her")) else {
        return action.to_owned();
    };
    let other = words.iter().take(at).skip(1).any(|w| singular(w) != *w || matches!(w.as_str(), "a" | "an" | "the"));
    if other && words.get(at).is_some_and(|w| w != "my" && w != "our") {
        return action.to_owned();
    }
    let possessive = if role.ends_with('s') { format!("the {role}'") } else { format!("the {role}'s") };
    let own = words.get(at + 1).is_some_and(|w| w == "own");
    words.splice(at..at + 1 + usize::from(own), [possessive]);
    words.join(" ")
}

/// The action with a capital letter, cut at a word after 72 characters.
fn title(action: &str) -> String {
    let mut title = String::new();
    for word in action.split_whitespace() {
        if !title.is_empty() && title.chars().count() + word.chars().count() > 72 {
            title.push('…');
            break;
        }
        if !title.is_empty() {
            title.push(' ');
        }
        title.extend(word.chars().take(72));
    }
    upper_first(title.trim_end_matches([',', ';', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_whose_it_is() {
        for (role, action, expected) in [
            ("customer", "update their phone number", "update the customer's phone number"),
            ("family", "view their loans", "view the family's loans"),
            ("member", "see my own bookings", "see the member's bookings"),
            ("boss", "edit my profile", "edit the boss' profile"),
            ("admin", "list all customers and their bikes", "list all customers and their bikes"),
            ("clerk", "cancel a booking", "cancel a booking"),
        ] {
            assert_eq!(named(role, action), expected);
        }
    }
}
