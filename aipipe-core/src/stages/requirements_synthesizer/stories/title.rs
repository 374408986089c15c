//! Titles: short, in the imperative, and no two alike.

use super::Draft;
use crate::stages::requirements_synthesizer as stage;
use stage::lexicon::{singular, upper_first};
use stage::scenario::with_article;
use std::collections::{BTreeMap, BTreeSet};

/// Gives every story its title. Where two would be alike, who wants it is added, then the words in which they differ, and
/// where there are none, a number.
pub(super) fn give_titles(drafts: &mut [Draft]) {
    let mut titles: Vec<Title> = drafts
        .iter()
        .map(|draft| {
            let action = named(&draft.story.role, &draft.story.action);
            Title { text: title(&action, LONGEST), action, role: draft.story.role.clone() }
        })
        .collect();
    make_distinct(&mut titles);
    for (draft, title) in drafts.iter_mut().zip(titles) {
        draft.story.title = title.text;
    }
}

/// Most characters of an action in a title.
const LONGEST: usize = 72;

/// A title while it is made.
struct Title {
    text: String,
    action: String,
    role: String,
}

fn make_distinct(titles: &mut [Title]) {
    for alike in alike(titles) {
        let roles: BTreeSet<&str> = alike.iter().filter_map(|at| titles.get(*at)).map(|t| t.role.as_str()).collect();
        let several = roles.len() > 1;
        for at in alike.iter().filter(|_| several) {
            if let Some(title) = titles.get_mut(*at) {
                title.text = format!("{} as {}", title.text, with_article(&title.role));
            }
        }
    }
    for alike in alike(titles) {
        let actions: Vec<Vec<String>> = alike.iter().filter_map(|at| titles.get(*at)).map(words).collect();
        let shared = (0..).take_while(|n| all_share(&actions, *n)).count();
        for (at, action) in alike.iter().zip(&actions) {
            let rest = action.get(shared..).unwrap_or_default().join(" ");
            if let Some(title) = titles.get_mut(*at).filter(|_| !rest.is_empty()) {
                title.text = format!("{} {}", self::title(&title.action, LONGEST / 2), self::rest(&rest));
            }
        }
    }
    // what still reads alike is counted, by numbers no other title ends in
    let mut used: BTreeSet<String> = BTreeSet::new();
    for title in titles {
        let plain = title.text.clone();
        let mut number = 1_usize;
        while !used.insert(title.text.to_lowercase()) {
            number += 1;
            title.text = format!("{plain} ({number})");
        }
    }
}

/// The titles that read alike, each group in order.
fn alike(titles: &[Title]) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, title) in titles.iter().enumerate() {
        groups.entry(title.text.to_lowercase()).or_default().push(at);
    }
    groups.into_values().filter(|group| group.len() > 1).collect()
}

fn words(title: &Title) -> Vec<String> {
    title.action.split_whitespace().map(str::to_owned).collect()
}

/// Whether all of `actions` have the same word at `at`.
fn all_share(actions: &[Vec<String>], at: usize) -> bool {
    let mut all = actions.iter().map(|words| words.get(at).map(|word| word.to_lowercase()));
    all.next().flatten().is_some_and(|first| all.all(|word| word.as_ref() == Some(&first)))
}

/// The words in which an action differs, cut like a title and with the first letter they have.
fn rest(words: &str) -> String {
    let cut = title(words, LONGEST / 2);
    words.chars().take(1).chain(cut.chars().skip(1)).collect()
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

/// The action with a capital letter, cut at a word after `longest` characters.
fn title(action: &str, longest: usize) -> String {
    let mut title = String::new();
    for word in action.split_whitespace() {
        if !title.is_empty() && title.chars().count() + word.chars().count() > longest {
            title.push('…');
            break;
        }
        if !title.is_empty() {
            title.push(' ');
        }
        title.extend(word.chars().take(longest));
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

    #[test]
    fn no_two_are_alike() {
        let long = "see all bookings of the last twelve months with their dates, bikes and prices in";
        let made = |actions: &[(&str, &str)]| -> Vec<String> {
            let mut titles: Vec<Title> = actions
                .iter()
                .map(|(role, action)| Title {
                    text: title(action, LONGEST),
                    action: (*action).to_owned(),
                    role: (*role).to_owned(),
                })
                .collect();
            make_distinct(&mut titles);
            titles.into_iter().map(|t| t.text).collect()
        };
        assert_eq!(
            made(&[("clerk", &format!("{long} a table")), ("clerk", &format!("{long} a printed list"))]),
            ["See all bookings of the last twelve… table", "See all bookings of the last twelve… printed list"]
        );
        assert_eq!(made(&[("clerk", "pay"), ("guest", "pay")]), ["Pay as a clerk", "Pay as a guest"]);
        assert_eq!(
            made(&[("clerk", "pay"), ("clerk", "Pay"), ("clerk", "pay (2)")]),
            ["Pay", "Pay (2)", "Pay (2) (2)"]
        );
        let five = |end: &str| format!("{long} {long} {end}");
        let titles = made(&[
            ("a", &five("x")),
            ("a", &five("y")),
            ("b", &five("x")),
            ("b", &long.replace("in", "")),
            ("b", long),
        ]);
        assert_eq!(titles.iter().collect::<BTreeSet<_>>().len(), 5, "{titles:?}");
    }
}
