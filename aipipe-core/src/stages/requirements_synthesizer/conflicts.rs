//! Places that contradict each other: another number for the same thing, other values, may and may not, in scope and out of
//! scope.

use super::finding::Finding;
use super::merge::Group;
use super::normal::similarity;
use super::options::SynthesisOptions;
use super::value::Said;
use super::words::{Token, TokenKind, tokenize};
use crate::domain::{
    DocumentFormat, Obligation, OpenQuestion, QuestionId, QuestionKind, RequirementId, RequirementKind, TextSpan,
};
use std::collections::{BTreeMap, BTreeSet};

/// Groups of one unit or word that are compared pair by pair; more are not compared.
const BUCKET: usize = 128;

/// A contradiction between two requirements.
#[derive(Debug, Clone)]
pub(super) struct Conflict {
    pub(super) question: OpenQuestion,
    /// The one that is assumed to hold.
    pub(super) kept: RequirementId,
    /// The one that is set aside until a person answers.
    pub(super) set_aside: RequirementId,
}

/// All contradictions, each pair once.
pub(super) fn conflicts(groups: &[Group], options: &SynthesisOptions, formats: &[DocumentFormat]) -> Vec<Conflict> {
    let mut pairs: BTreeSet<(usize, usize)> = BTreeSet::new();
    let mut found = Vec::new();
    let mut note = |a: usize, b: usize, what: &str| {
        let (Some(left), Some(right)) = (groups.get(a), groups.get(b)) else { return };
        if pairs.insert((a.min(b), a.max(b))) {
            found.extend(conflict(left, right, what, options, formats));
        }
    };
    for bucket in by_unit(groups).values().filter(|b| b.len() <= BUCKET) {
        for (position, (a, left)) in bucket.iter().enumerate() {
            for (b, right) in bucket.iter().skip(position + 1) {
                if left.value != right.value && left.bound.fits(right.bound) && related(groups.get(*a), groups.get(*b))
                {
                    note(*a, *b, "number");
                }
            }
        }
    }
    for (corrected, correcting) in corrections(groups) {
        note(corrected, correcting, "number");
    }
    for (a, b) in values(groups) {
        note(a, b, "value");
    }
    let mut by_word: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        for word in &group.words {
            by_word.entry(word).or_default().push(index);
        }
    }
    for (index, group) in groups.iter().enumerate() {
        let wont = group.obligation == Obligation::Wont;
        if !(wont || group.leader.negated) {
            continue;
        }
        let own = plain_words(group);
        let rarest = own.iter().filter_map(|word| by_word.get(word.as_str())).min_by_key(|list| list.len());
        for other in rarest.into_iter().flatten().take(BUCKET).filter(|other| **other != index) {
            let Some(second) = groups.get(*other) else { continue };
            let opposite = !second.leader.negated && second.obligation != Obligation::Wont;
            if opposite && own.len() > 1 && same_people(group, second) && similarity(&own, &plain_words(second)) >= 75 {
                note(index, *other, if wont { "scope" } else { "permission" });
            }
        }
    }
    found
}

/// Whether what one forbids is what the other allows to the same people: "staff must not", "admins must be able to" is no
/// contradiction, as nobody knows whether one are the others.
fn same_people(forbidding: &Group, other: &Group) -> bool {
    let who = forbidding.leader.who.as_deref();
    let allowed = other.leader.ask.as_ref().filter(|ask| ask.role_stated).map(|ask| ask.role.as_str());
    match (who, allowed) {
        (Some(who), Some(allowed)) => who.eq_ignore_ascii_case(allowed),
        _ => true,
    }
}

/// "28 days, not 21" against the one place that says 21 days.
fn corrections(groups: &[Group]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let statement = group.leader.statement.as_str();
        let tokens = tokenize(statement, TextSpan { start: 0, end: statement.len() });
        let Some(correction) = super::rules::correction(&tokens) else { continue };
        let says_old = |other: &Group| {
            other.obligation != Obligation::Wont
                && measures(&other.leader.statement)
                    .iter()
                    .any(|(unit, m)| *unit == correction.unit && m.value == correction.old)
        };
        let old: Vec<usize> =
            groups.iter().enumerate().filter(|(i, other)| *i != index && says_old(other)).map(|(i, _)| i).collect();
        let shared = |i: &usize| {
            groups
                .get(*i)
                .is_some_and(|other| other.words.iter().any(|w| group.words.contains(w) && *w != correction.unit))
        };
        let named: Vec<usize> = old.iter().copied().filter(shared).collect();
        // where several places have that number, only the one that speaks of the same thing is meant
        match (old.as_slice(), named.as_slice()) {
            ([only], _) | (_, [only]) => found.push((*only, index)),
            _ => {}
        }
    }
    found
}

/// Rules that say different things of the values of one field.
fn values(groups: &[Group]) -> Vec<(usize, usize)> {
    let rules = groups
        .iter()
        .enumerate()
        .filter(|(_, g)| g.kind() == RequirementKind::Rule && g.obligation != Obligation::Wont);
    let said: Vec<(usize, Said)> = rules
        .flat_map(|(index, group)| {
            super::value::said(&group.leader.statement).into_iter().map(move |said| (index, said))
        })
        .collect();
    // by one word of the field, which two names of it share
    let mut buckets: BTreeMap<&str, Vec<&(usize, Said)>> = BTreeMap::new();
    for entry in &said {
        for word in entry.1.words() {
            buckets.entry(word).or_default().push(entry);
        }
    }
    let mut found = BTreeSet::new();
    for bucket in buckets.values().filter(|b| b.len() <= BUCKET) {
        for (position, (a, left)) in bucket.iter().enumerate() {
            for (b, right) in bucket.iter().skip(position + 1) {
                if a != b && left.contradicts(right) {
                    found.insert((*a.min(b), *a.max(b)));
                }
            }
        }
    }
    found.into_iter().collect()
}

/// Content words without negation, verbs of mere use and the role.
fn plain_words(group: &Group) -> Vec<String> {
    let role = group.leader.ask.as_ref().map(|ask| ask.role.to_lowercase());
    group
        .words
        .iter()
        .filter(|w| {
            let role = Some(*w) == role.as_ref() || Some(*w) == group.leader.who.as_ref();
            !matches!(
                w.as_str(),
                "not" | "use" | "receive" | "nobody" | "anyone" | "anybody" | "everyone" | "everybody"
            ) && !role
                && !super::lexicon::is_role(w)
        })
        .cloned()
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Least,
    Most,
    Open,
}

impl Bound {
    fn fits(self, other: Self) -> bool {
        self == other || self == Self::Open || other == Self::Open
    }
}

#[derive(Debug, Clone)]
struct Measure {
    value: String,
    bound: Bound,
}

/// The groups that state exactly one number of a unit, by unit.
fn by_unit(groups: &[Group]) -> BTreeMap<String, Vec<(usize, Measure)>> {
    let mut buckets: BTreeMap<String, Vec<(usize, Measure)>> = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        let mut own: BTreeMap<String, Vec<Measure>> = BTreeMap::new();
        for (unit, measure) in measures(&group.leader.statement) {
            own.entry(unit).or_default().push(measure);
        }
        for (unit, mut list) in own {
            if list.len() == 1
                && let Some(measure) = list.pop()
            {
                buckets.entry(unit).or_default().push((index, measure));
            }
        }
    }
    buckets
}

fn measures(statement: &str) -> Vec<(String, Measure)> {
    let tokens = tokenize(statement, TextSpan { start: 0, end: statement.len() });
    let value_of = |t: &Token| match t.kind {
        TokenKind::Number => Some(t.lower.replace(',', "")),
        _ => super::lexicon::number_word(&t.lower).map(str::to_owned),
    };
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let Some(value) = value_of(token) else { continue };
        let Some(unit) = tokens.get(index + 1).filter(|t| t.kind == TokenKind::Word || t.is_any(&["%", "€", "$"]))
        else {
            continue;
        };
        let before: Vec<&str> = tokens.iter().take(index).rev().take(4).map(|t| t.lower.as_str()).collect();
        let ahead: Vec<&str> = tokens.iter().skip(index + 2).take(2).map(|t| t.lower.as_str()).collect();
        // "up to 24 hours before" and "at least 24 hours before" bound the same moment
        let bound = if ahead.iter().any(|w| matches!(*w, "before" | "ahead" | "prior" | "beforehand")) {
            Bound::Open
        } else if before
            .iter()
            .any(|w| matches!(*w, "most" | "maximum" | "max" | "up" | "exceed" | "longer" | "than" | "under"))
        {
            Bound::Most
        } else if before.iter().any(|w| matches!(*w, "least" | "minimum" | "min" | "fewer")) {
            Bound::Least
        } else {
            Bound::Open
        };
        found.push((super::lexicon::singular(&unit.lower), Measure { value, bound }));
    }
    found
}

fn related(a: Option<&Group>, b: Option<&Group>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return false };
    if a.obligation == Obligation::Wont || b.obligation == Obligation::Wont {
        return false;
    }
    let words = |group: &Group| -> Vec<String> {
        let mut words: Vec<String> = super::normal::content_words(&group.leader.statement)
            .into_iter()
            .filter(|w| !w.starts_with(|c: char| c.is_ascii_digit()))
            .filter(|w| {
                !matches!(
                    w.as_str(),
                    "most"
                        | "least"
                        | "up"
                        | "until"
                        | "than"
                        | "more"
                        | "maximum"
                        | "minimum"
                        | "not"
                        | "before"
                        | "within"
                        | "longer"
                        | "exceed"
                )
            })
            .filter(|w| !super::lexicon::is_role(w))
            .collect();
        words.sort_unstable();
        words.dedup();
        words
    };
    let (left, right) = (words(a), words(b));
    let shared = left.iter().filter(|w| right.contains(w)).count();
    // the unit alone is no common subject
    shared >= 3 && similarity(&left, &right) >= 40 || shared >= 2 && similarity(&left, &right) >= 60
}

fn newest(group: &Group) -> Option<&Finding> {
    group.members.iter().max_by_key(|m| place_in_time(m))
}

/// When it was said: what a message quotes was said before the message.
fn place_in_time(finding: &Finding) -> (Option<crate::domain::Timestamp>, bool, usize, usize) {
    (finding.at, !finding.quoted, finding.source, finding.citation.span.start)
}

fn conflict(
    a: &Group,
    b: &Group,
    what: &str,
    options: &SynthesisOptions,
    formats: &[DocumentFormat],
) -> Option<Conflict> {
    let (a_wins, why) = options.prefers_left(newest(a)?, newest(b)?, formats);
    let (kept, set_aside) = if a_wins { (a, b) } else { (b, a) };
    let winner = newest(kept)?;
    let mut quotes = [one_line(&a.leader.citation.quote), one_line(&b.leader.citation.quote)];
    quotes.sort_unstable();
    let [first, second] = quotes;
    let question = match what {
        "value" => format!("Which of the two holds: “{first}” or “{second}”?"),
        "number" => format!("Which number holds: “{first}” or “{second}”?"),
        "scope" => format!("Is this in scope or out of scope: “{first}” or “{second}”?"),
        _ => format!("Is this allowed or not: “{first}” or “{second}”?"),
    };
    let assumption =
        format!("“{}” holds, because it {why} ({})", one_line(&winner.citation.quote), winner.citation.name);
    let mut citations: Vec<_> = a.members.iter().chain(&b.members).map(|m| m.citation.clone()).collect();
    citations.dedup();
    Some(Conflict {
        question: OpenQuestion {
            id: QuestionId::for_text(&question),
            kind: QuestionKind::Contradiction,
            question,
            assumption: Some(assumption),
            citations,
            stories: Vec::new(),
        },
        kept: kept.id.clone(),
        set_aside: set_aside.id.clone(),
    })
}

/// A quote on one line.
pub(super) fn one_line(quote: &str) -> String {
    quote.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the group may become a story at all.
pub(super) fn is_function(group: &Group) -> bool {
    group.kind() == RequirementKind::Functional && group.leader.ask.is_some() && group.obligation != Obligation::Wont
}
