//! Which story comes before which, without circles, and the order in which they are done.

use super::noun_phrase::head;
use super::scenario::with_article;
use super::stories::Draft;
use super::words::{after, any_phrase_at, lower, tokenize};
use crate::domain::{Priority, StoryDependency, TextSpan, UserStory};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Most dependencies that are noted for one story.
const MOST: usize = 8;

/// Notes the dependencies and sorts: most urgent first, but nothing before what it needs.
pub(super) fn ordered(mut drafts: Vec<Draft>) -> Vec<UserStory> {
    let edges = edges(&drafts);
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); drafts.len()];
    for (from, to, reason) in edges {
        let full = before.get(to).is_none_or(|list| list.len() >= MOST || list.contains(&from));
        if from == to || full || reaches(&before, from, to) {
            continue;
        }
        let Some(story) = drafts.get(from).map(|draft| draft.story.id.clone()) else { continue };
        if let (Some(list), Some(draft)) = (before.get_mut(to), drafts.get_mut(to)) {
            list.push(from);
            draft.story.depends_on.push(StoryDependency { story, reason });
        }
    }
    let order = sorted(&drafts, &before);
    let mut drafts: Vec<Option<Draft>> = drafts.into_iter().map(Some).collect();
    order.into_iter().filter_map(|index| drafts.get_mut(index)?.take()).map(|draft| draft.story).collect()
}

/// `(first, then, why)`: what the text says, then making a thing before using it.
fn edges(drafts: &[Draft]) -> Vec<(usize, usize, String)> {
    let mut labels: BTreeMap<&str, usize> = BTreeMap::new();
    let mut makers: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        for label in &draft.labels {
            labels.entry(label).or_insert(index);
        }
        if let Some(head) = draft.makes() {
            let shorter = |other: usize| {
                drafts.get(other).is_none_or(|o| (o.words.len(), &o.story.id) > (draft.words.len(), &draft.story.id))
            };
            let maker = makers.entry(head).or_insert(index);
            if shorter(*maker) {
                *maker = index;
            }
        }
    }
    let mut found = Vec::new();
    for (index, draft) in drafts.iter().enumerate() {
        for label in &draft.after {
            if let Some(first) = labels.get(label.as_str()) {
                found.push((*first, index, format!("the text says that {} comes first", label.to_uppercase())));
            }
        }
    }
    for (index, draft) in drafts.iter().enumerate() {
        let head = draft.head.as_deref();
        if let Some(maker) =
            head.and_then(|head| makers.get(head)).filter(|maker| **maker != index && draft.makes() != head)
        {
            found.push((*maker, index, format!("{} must exist first", with_article(head.unwrap_or("record")))));
        }
    }
    // "customers can update their phone number": what they have is kept with them
    for (index, draft) in drafts.iter().enumerate() {
        let own = draft.story.action.split(' ').any(|word| matches!(word, "their" | "my" | "his" | "her" | "own"));
        let role = draft.story.role.to_lowercase();
        if let Some(maker) = makers.get(role.as_str()).filter(|maker| own && **maker != index) {
            found.push((*maker, index, format!("{} must exist first", with_article(&role))));
        }
    }
    for (index, draft) in drafts.iter().enumerate() {
        let head = draft.head.as_deref();
        for word in &draft.words {
            if let Some(maker) = makers.get(word.as_str()).filter(|_| Some(word.as_str()) != head) {
                found.push((*maker, index, format!("it refers to {}, which must exist first", with_article(word))));
            }
        }
    }
    // "the owner of a bike is a customer", "a loan has a toy": what a record refers to comes before it
    for (index, draft) in drafts.iter().enumerate().filter(|(_, draft)| draft.makes().is_some()) {
        for word in draft.story.criteria.iter().flat_map(|criterion| referred(&criterion.then)) {
            if let Some(maker) = makers.get(word.as_str()).filter(|maker| **maker != index) {
                found.push((
                    *maker,
                    index,
                    format!("a criterion refers to {}, which must exist first", with_article(&word)),
                ));
            }
        }
    }
    found
}

/// The nouns that a criterion says a record has or is one of.
fn referred(then: &str) -> Vec<String> {
    let tokens = tokenize(then, TextSpan { start: 0, end: then.len() });
    let has =
        tokens.iter().position(|t| t.is_any(&["has", "have", "contains", "contain", "includes", "include", "needs"]));
    let is = (1..tokens.len())
        .find(|i| any_phrase_at(&tokens, *i, &["is a", "is an", "is one of the", "must be a", "must be an"]).is_some());
    let Some(from) = has.or(is) else { return Vec::new() };
    let list = tokens.get(from + 1..).unwrap_or_default();
    list.split(|t| t.is_any(&[",", "and", "or"]))
        .filter_map(|item| head(after(item, usize::from(lower(item, 0) == "be"))))
        .collect()
}

/// Whether `story` already waits for `goal`, directly or not.
fn reaches(before: &[Vec<usize>], story: usize, goal: usize) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    let mut open = vec![story];
    while let Some(next) = open.pop() {
        if next == goal {
            return true;
        }
        if seen.insert(next) {
            open.extend(before.get(next).into_iter().flatten().copied());
        }
    }
    false
}

/// Kahn's order; among the stories that are free, the most urgent first, then the one that appears first. A story is as
/// urgent as the most urgent one that waits for it.
fn sorted(drafts: &[Draft], before: &[Vec<usize>]) -> Vec<usize> {
    let mut urgency: Vec<Priority> = drafts.iter().map(|draft| draft.story.priority).collect();
    let mut open: Vec<usize> = (0..drafts.len()).collect();
    while let Some(index) = open.pop() {
        let Some(own) = urgency.get(index).copied() else { continue };
        for first in before.get(index).into_iter().flatten() {
            if let Some(slot) = urgency.get_mut(*first).filter(|slot| **slot > own) {
                *slot = own;
                open.push(*first);
            }
        }
    }
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); drafts.len()];
    let mut waiting: Vec<usize> = before.iter().map(Vec::len).collect();
    for (index, list) in before.iter().enumerate() {
        for first in list {
            if let Some(followers) = after.get_mut(*first) {
                followers.push(index);
            }
        }
    }
    let mut free: BinaryHeap<Reverse<(Priority, usize)>> = BinaryHeap::new();
    let rank = |index: usize| urgency.get(index).copied().map(|priority| Reverse((priority, index)));
    free.extend(waiting.iter().enumerate().filter(|(_, count)| **count == 0).filter_map(|(index, _)| rank(index)));
    let mut order = Vec::with_capacity(drafts.len());
    while let Some(Reverse((_, index))) = free.pop() {
        order.push(index);
        for follower in after.get(index).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(*follower) {
                *count -= 1;
                if *count == 0 {
                    free.extend(rank(*follower));
                }
            }
        }
    }
    order
}
