//! Which story a rule belongs to.

use super::{Draft, add};
use crate::domain::{Obligation, RequirementId, RequirementKind, StoryId, TextSpan, UserStory};
use crate::stages::requirements_synthesizer as stage;
use stage::conflicts::Conflict;
use stage::finding::{Finding, Scenario};
use stage::lexicon::upper_first;
use stage::merge::Group;
use stage::scenario::{from_statement, with_article};
use stage::words::{Token, tokenize};
use std::collections::{BTreeMap, BTreeSet};

/// The stories about a thing: the best one for a rule in general, and the best one for each verb class.
#[derive(Debug, Default)]
struct About {
    /// The one that makes it, else the one that changes it.
    general: Option<(u8, StoryId, usize)>,
    by_class: BTreeMap<String, (StoryId, usize)>,
}

/// The stories by what they are about and by what they make.
fn by_thing(drafts: &[Draft]) -> BTreeMap<String, About> {
    let mut things: BTreeMap<String, About> = BTreeMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        let made = draft.makes();
        for noun in draft.head.as_deref().into_iter().chain(made).collect::<BTreeSet<_>>() {
            let rank = match draft.class.as_str() {
                _ if made == Some(noun) => Some(0),
                "update" | "manage" => Some(1),
                _ => None,
            };
            let about = things.entry(noun.to_owned()).or_default();
            if let Some(rank) = rank {
                let own = (rank, draft.story.id.clone(), index);
                if about.general.as_ref().is_none_or(|best| own < *best) {
                    about.general = Some(own);
                }
            }
            let own = (draft.story.id.clone(), index);
            let best = about.by_class.entry(draft.class.clone()).or_insert_with(|| own.clone());
            if own < *best {
                *best = own;
            }
        }
    }
    things
}

/// The story a rule over `about` belongs to: the one that does what the rule speaks of, else the one that makes or changes
/// the thing. A story that only shows it has nothing to do with its values.
fn best_story(about: &About, words: &[String]) -> Option<usize> {
    let same_verb = words.iter().filter(|word| *word != "create").filter_map(|word| about.by_class.get(word)).min();
    same_verb.map(|(_, index)| *index).or_else(|| about.general.as_ref().map(|(_, _, index)| *index))
}

/// Gives each rule to the story about the same thing: the one that does what the rule forbids or limits, else the one
/// that makes the thing, else the one that changes it.
pub(super) fn rules(drafts: &mut [Draft], groups: &[Group], disputes: &[Conflict]) -> BTreeMap<RequirementId, StoryId> {
    let things = by_thing(drafts);
    let fields = fields(groups);
    let set_aside: BTreeSet<&RequirementId> = disputes.iter().map(|c| &c.set_aside).collect();
    let mut attached = BTreeMap::new();
    let rules = groups.iter().filter(|g| g.kind() == RequirementKind::Rule && g.obligation != Obligation::Wont);
    for group in rules.filter(|g| !set_aside.contains(&g.id)) {
        let about = group.leader.about.as_ref();
        let owner = about.and_then(|noun| fields.get(noun)).and_then(Option::as_ref);
        let under = group.leader.under.as_ref().filter(|_| speaks_of_a_field(&group.leader));
        let mut best =
            [about, owner, under].into_iter().flatten().find_map(|noun| Some((noun, things.get(noun)?))).and_then(
                |(noun, found)| {
                    // a noun is no verb: "the ISBN of a book" does not speak of booking
                    let words: Vec<String> = group.words.iter().filter(|word| *word != noun).cloned().collect();
                    best_story(found, if lists_values(&group.leader) { &[] } else { &words })
                },
            );
        if best.is_none() && !group.leader.scenarios.is_empty() {
            // a scenario speaks of several things; the story whose verb it uses comes first
            let spoken_of = || group.words.iter().filter_map(|noun| things.get(noun));
            best = spoken_of()
                .flat_map(|found| group.words.iter().filter_map(|word| found.by_class.get(word)))
                .min()
                .map(|(_, index)| *index)
                .or_else(|| spoken_of().find_map(|found| best_story(found, &group.words)));
        }
        // what corrects a story without naming its thing ("28 days, not 21") belongs to that story
        best = best.or_else(|| {
            let corrected =
                disputes.iter().find(|dispute| dispute.kept == group.id).map(|dispute| &dispute.set_aside)?;
            drafts.iter().position(|draft| draft.story.requirements.contains(corrected))
        });
        let names_thing = |word: &&String| Some(*word) != about && things.contains_key(word.as_str());
        if group.leader.refers && (owner.is_none() || !group.words.iter().any(|word| names_thing(&word))) {
            continue;
        }
        let Some(draft) = best.and_then(|index| drafts.get_mut(index)) else { continue };
        // a field without the thing it belongs to is said to be one of the thing that led here
        let of = [about, owner, under].into_iter().flatten().find(|n| things.contains_key(*n));
        let mut scenarios: Vec<Scenario> = group.members.iter().flat_map(|m| m.scenarios.iter().cloned()).collect();
        if scenarios.is_empty() {
            scenarios = rule_scenarios(&group.leader, &draft.story, of.map(String::as_str));
        }
        for scenario in scenarios {
            add(&mut draft.story, scenario);
        }
        draft.story.requirements.push(group.id.clone());
        attached.insert(group.id.clone(), draft.story.id.clone());
    }
    attached
}

/// Whether the rule may speak of a field of what was spoken of before: "the capacity", "titles", but not "two bookings".
fn speaks_of_a_field(rule: &Finding) -> bool {
    if rule.who.is_some() {
        return false;
    }
    let text = rule.statement.as_str();
    let tokens = tokenize(text, TextSpan { start: 0, end: text.len() });
    let stated = stage::statement::statements(&tokens);
    match stated.first() {
        Some(first) => !first.subject.first().is_some_and(|t| t.is_any(&["a", "an", "each", "every"])),
        None => tokens.first().is_some_and(|t| t.is_any(&["the", "its", "their", "it", "if", "when"])),
    }
}

/// Whether the rule lists values, which are words like "cancelled" but nothing that is done.
fn lists_values(rule: &Finding) -> bool {
    let text = rule.statement.as_str();
    let tokens = tokenize(text, TextSpan { start: 0, end: text.len() });
    stage::words::has_phrase(&tokens, &["one of", "either"])
        || choice(text, &tokens).is_some()
        || stage::rules::lists_choices(&tokens)
}

/// "A loan has a status: requested, out or lost", "… a status (requested, out or lost)": what it says of the one field.
fn choice(text: &str, tokens: &[Token]) -> Option<String> {
    let lower = |at: usize| tokens.get(at).map_or("", |token| token.lower.as_str());
    let slice = |from: usize, to: usize| -> Option<&str> {
        let (first, last) = (tokens.get(from)?, tokens.get(to.checked_sub(1)?)?);
        (from < to).then(|| text.get(first.span.start..last.span.end)).flatten()
    };
    let has = (1..tokens.len().min(6)).find(|at| matches!(lower(*at), "has" | "have"))?;
    let mark = (has + 2..tokens.len().min(has + 7)).find(|at| matches!(lower(*at), ":" | "("))?;
    let from = has + 1 + usize::from(matches!(lower(has + 1), "a" | "an" | "one" | "exactly"));
    let is_list = |at: usize| matches!(lower(at), "," | "and" | "with");
    if (from..mark).any(is_list) {
        return None;
    }
    let end = match lower(mark) {
        "(" => (mark + 1..tokens.len()).find(|at| lower(*at) == ")")?,
        _ => tokens.len(),
    };
    let closing = end + usize::from(lower(mark) == "(");
    if tokens.get(closing..).is_some_and(|rest| rest.iter().any(|token| !token.is_mark())) {
        return None;
    }
    let values = slice(mark + 1, end)?.trim_end_matches(['.', ';', ' ']);
    let several = (mark + 1..end).any(|at| matches!(lower(at), "," | "or"));
    let values = values.strip_prefix("one of ").or(values.strip_prefix("either ")).unwrap_or(values);
    let (thing, field) = (slice(0, has)?, slice(from, mark)?);
    let thing = thing.chars().next()?.to_lowercase().chain(thing.chars().skip(1)).collect::<String>();
    several.then(|| format!("The {field} of {thing} is one of {values}"))
}

/// A rule as criteria: one for each field it speaks of.
fn rule_scenarios(rule: &Finding, story: &UserStory, owner: Option<&str>) -> Vec<Scenario> {
    let text = rule.statement.as_str();
    let tokens = tokenize(text, TextSpan { start: 0, end: text.len() });
    if let Some(refused) = refusal(rule, text, &tokens) {
        return vec![refused];
    }
    let whole = |text: &str| {
        let tokens = tokenize(text, TextSpan { start: 0, end: text.len() });
        from_statement(text, &tokens, &story.role, &story.action, rule.citation.clone())
    };
    if let Some(said) = choice(text, &tokens) {
        return vec![whole(&said)];
    }
    let statements = stage::statement::statements(&tokens);
    // "What we really need: an article must have …"
    if let Some(colon) =
        tokens.iter().take(8).position(|t| t.is(":")).filter(|at| statements.is_empty() && at + 4 < tokens.len())
        && let Some(rest) = tokens.get(colon + 1).and_then(|t| text.get(t.span.start..))
    {
        return vec![whole(&upper_first(rest))];
    }
    if statements.is_empty() {
        let said = if rule.refers { owner.and_then(|owner| referring(text, &tokens, owner)) } else { None };
        return vec![whole(said.as_deref().unwrap_or(text))];
    }
    statements.iter().map(|statement| whole(&statement.sentence(text, owner))).collect()
}

/// "The clerk must never see the price": a clerk who tries is refused.
fn refusal(rule: &Finding, text: &str, tokens: &[Token]) -> Option<Scenario> {
    const FORBIDDING: &[&str] = &[
        "must not",
        "must never",
        "mustn't",
        "may not",
        "may never",
        "cannot",
        "can not",
        "can't",
        "can never",
        "should not",
        "should never",
        "shouldn't",
        "shall not",
        "shall never",
        "is not allowed to",
        "are not allowed to",
        "will not",
        "ought not to",
    ];
    let who = rule.who.as_deref().filter(|_| rule.negated)?;
    let (at, count) = stage::words::find_phrase(tokens, FORBIDDING)?;
    let does = stage::words::words_of(text, stage::words::trim_marks(stage::words::after(tokens, at + count)));
    (!does.is_empty()).then(|| Scenario {
        given: with_article(who),
        when: format!("the {who} tries to {}", does.strip_prefix("be able to ").unwrap_or(&does)),
        then: "it is refused".to_owned(),
        citation: rule.citation.clone(),
    })
}

/// "The owner is a customer" of a bike: "The owner of a bike is a customer".
fn referring(text: &str, tokens: &[Token], owner: &str) -> Option<String> {
    let at = tokens.iter().position(|t| t.is("is"))?;
    let (subject, predicate) = tokens.split_at_checked(at)?;
    let statement = stage::statement::Statement { subject, verb: &[], predicate: stage::words::trim_marks(predicate) };
    Some(statement.sentence(text, Some(owner)))
}

/// The things whose rules list a field: of "a booking has a date and a bike" the booking, for `date` and `bike`. A field of
/// several things belongs to none.
fn fields(groups: &[Group]) -> BTreeMap<String, Option<String>> {
    let mut fields: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut note = |word: String, about: &String| {
        let owner = fields.entry(word).or_insert_with(|| Some(about.clone()));
        if owner.as_ref() != Some(about) {
            *owner = None;
        }
    };
    for group in groups.iter().filter(|g| g.kind() == RequirementKind::Rule && !g.leader.negated && !g.leader.refers) {
        let Some(about) = &group.leader.about else { continue };
        for word in group.words.iter().filter(|word| *word != about) {
            note(word.clone(), about);
        }
    }
    // "create a booking with a date and a bike" lists fields too
    const MAKING: &[&str] = &["create", "store", "request", "plan", "log", "write", "book", "order", "rent"];
    let actions = groups.iter().filter_map(|g| Some(&g.leader.ask.as_ref()?.action));
    for action in actions.filter(|action| MAKING.contains(&action.class.as_str())) {
        let list = action.text.split_once(" with ").or_else(|| action.text.split_once('('));
        let (Some(about), Some((_, list))) = (&action.head, list) else { continue };
        for word in stage::normal::content_words(list).into_iter().filter(|word| word != about) {
            note(word, about);
        }
    }
    fields
}
