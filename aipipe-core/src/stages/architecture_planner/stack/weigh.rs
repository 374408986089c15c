//! From words to points: every point is a row of evidence with its citation, and a stack's score is the sum of its rows.

use super::super::Source;
use super::scan::{Hit, Strength, scan};
use super::term::Topic;
use crate::domain::{Citation, Obligation, SegmentKind, Stack, StackEvidence, StackScore, StorySet, TextSpan};
use std::collections::{BTreeMap, BTreeSet};

/// Points of a technology that is required or used by the people who ask.
pub(super) const STATED: i32 = 50;
/// Points from which a technology is asked for rather than thought of.
const FAINT: i32 = 20;
/// How often the same term counts.
const REPEATS: usize = 3;
/// How many features of one topic count.
const FEATURES: usize = 8;
const FEATURE: i32 = 3;

/// What was found, summed up.
#[derive(Debug, Default)]
pub(super) struct Balance {
    /// Every row, in order of appearance.
    pub(super) evidence: Vec<StackEvidence>,
    /// Points of React.
    pub(super) react: i32,
    /// Points of Vue.
    pub(super) vue: i32,
    /// Points of Node.
    pub(super) node: i32,
    /// Points of Python.
    pub(super) python: i32,
    /// Points of Python's HTTP frameworks among them.
    pub(super) python_framework: i32,
    /// Points of technologies and kinds of product outside the five.
    pub(super) outside: i32,
    /// Points of technologies among them.
    pub(super) outside_technology: i32,
    /// Points of words of computation, which alone say little.
    pub(super) outside_weak: i32,
    /// How many different words of computation there are.
    pub(super) weak_words: usize,
    /// Whether anything but a data format speaks of an HTTP API.
    pub(super) service: bool,
    /// The words of that.
    pub(super) outside_words: Vec<String>,
    /// Points of features people see.
    pub(super) interface: i32,
    /// Points of features programs call.
    pub(super) api: i32,
    /// Whether the words name both a front end and a server side.
    pub(super) both_sides_named: bool,
    /// Technologies that are asked for by name, in lower case, the firmest first.
    pub(super) asked: Vec<String>,
}

impl Balance {
    /// All five stacks, best first. Of equal ones that with the firmer evidence comes first, and where that is equal too a
    /// server before a page.
    pub(super) fn scores(&self) -> Vec<StackScore> {
        let order = [Stack::ReactFullstack, Stack::NodeApi, Stack::PythonApi, Stack::ReactSpa, Stack::VueSpa];
        let mut scores: Vec<StackScore> = order
            .into_iter()
            .map(|stack| {
                let rows = self.evidence.iter().filter(|row| row.stack == stack);
                StackScore { stack, points: rows.fold(0, |sum, row| sum.saturating_add(row.points)) }
            })
            .collect();
        scores.sort_by_key(|score| std::cmp::Reverse((score.points, self.firmness(score.stack))));
        scores
    }

    /// How firm the evidence for a stack is: one firm word weighs more here than several that say little.
    pub(super) fn firmness(&self, stack: Stack) -> i64 {
        let rows = self.evidence.iter().filter(|row| row.stack == stack && row.points > 0);
        rows.map(|row| i64::from(row.points) * i64::from(row.points)).sum()
    }
}

struct Found {
    hit: Hit,
    citation: Citation,
    points: i32,
}

/// Weighs all words of the documents.
pub(super) fn balance(stories: &StorySet, sources: &[Source<'_>]) -> Balance {
    let found = collect(stories, sources);
    let mut balance = Balance::default();
    let sum = |topics: &[Topic]| {
        found.iter().filter(|f| topics.contains(&f.hit.topic)).fold(0_i32, |sum, f| sum.saturating_add(f.points))
    };
    let full = sum(&[Topic::Fullstack]);
    balance.react = sum(&[Topic::React, Topic::Fullstack]);
    balance.vue = sum(&[Topic::Vue]);
    balance.node = sum(&[Topic::Node, Topic::NodePages]);
    balance.python = sum(&[Topic::Python, Topic::PythonApi]);
    balance.python_framework = sum(&[Topic::PythonApi]);
    let other = found.iter().filter(|f| matches!(f.hit.topic, Topic::Outside | Topic::OtherProduct));
    for f in other {
        let side = if is_weak(&f.hit) { &mut balance.outside_weak } else { &mut balance.outside };
        *side = side.saturating_add(f.points);
    }
    balance.outside_technology = sum(&[Topic::Outside]);
    let weak: BTreeSet<&str> =
        found.iter().filter(|f| f.points > 0 && is_weak(&f.hit)).map(|f| f.hit.key.as_str()).collect();
    balance.weak_words = weak.len();
    balance.interface = sum(&[Topic::Interface]);
    balance.api = sum(&[Topic::Api]);
    balance.service = found.iter().any(|f| f.hit.topic == Topic::Api && f.points > 0 && f.hit.key != "json");
    for f in found.iter().filter(|f| f.points > 0 && matches!(f.hit.topic, Topic::Outside | Topic::OtherProduct)) {
        if balance.outside_words.len() < 5 && !balance.outside_words.contains(&f.citation.quote) {
            balance.outside_words.push(f.citation.quote.clone());
        }
    }
    balance.both_sides_named = found
        .iter()
        .any(|f| matches!(f.hit.key.as_str(), "front end" | "frontend" | "client side" | "spa" | "single page"))
        && found.iter().any(|f| matches!(f.hit.topic, Topic::Api) || f.hit.key == "server");
    let mut asked: Vec<(i32, &str)> = found
        .iter()
        .filter(|f| f.points >= FAINT && f.hit.topic.is_technology())
        .map(|f| (-f.points, f.hit.key.as_str()))
        .collect();
    asked.sort_unstable();
    for (_, key) in asked {
        if !balance.asked.iter().any(|known| known == key) {
            balance.asked.push(key.to_owned());
        }
    }
    let shared = sum(&[Topic::Shared]);
    let pages = sum(&[Topic::NodePages]) > 0;
    let server_side = balance.node > 0 || full > 0 || balance.api.saturating_add(shared) >= 4 * FEATURE;
    let company = Company { client: balance.react > 0, vue: balance.vue > 0, server_side, pages };
    for f in found {
        for (stack, points) in rows(&f, &company) {
            balance.evidence.push(StackEvidence { stack, points, rule: rule(&f), citation: f.citation.clone() });
        }
    }
    balance
}

/// What else the documents speak of, where the meaning of a word depends on it.
struct Company {
    client: bool,
    vue: bool,
    server_side: bool,
    pages: bool,
}

fn rows(f: &Found, company: &Company) -> Vec<(Stack, i32)> {
    use Stack::{NodeApi, PythonApi, ReactFullstack, ReactSpa, VueSpa};
    let p = f.points;
    match f.hit.topic {
        Topic::React if company.server_side => vec![(ReactSpa, p), (ReactFullstack, p)],
        Topic::React => vec![(ReactSpa, p)],
        Topic::Fullstack => vec![(ReactFullstack, p)],
        Topic::Vue => vec![(VueSpa, p)],
        Topic::Node if company.client => vec![(NodeApi, p), (ReactFullstack, p)],
        // A Node server with pages but no named front end: only React Fullstack has both.
        Topic::Node if !company.pages && !company.vue => vec![(NodeApi, p), (ReactFullstack, p * 9 / 10)],
        Topic::Node | Topic::NodePages => vec![(NodeApi, p)],
        Topic::Python | Topic::PythonApi => vec![(PythonApi, p)],
        Topic::Interface if company.pages => vec![(ReactSpa, p), (VueSpa, p), (NodeApi, p)],
        Topic::Interface => vec![(ReactSpa, p), (VueSpa, p), (ReactFullstack, two_thirds(p))],
        Topic::Api => vec![(NodeApi, p), (PythonApi, p), (ReactFullstack, two_thirds(p))],
        Topic::Shared => vec![(NodeApi, p / 2), (PythonApi, p / 2), (ReactFullstack, two_thirds(p))],
        Topic::Script => vec![(ReactSpa, p), (ReactFullstack, p), (NodeApi, p), (VueSpa, p)],
        // Nothing for any stack, but a person should see that it was read.
        Topic::Outside | Topic::OtherProduct if p <= 0 => Vec::new(),
        Topic::Outside | Topic::OtherProduct => Stack::ALL.into_iter().map(|stack| (stack, -p / 5)).collect(),
    }
}

fn two_thirds(points: i32) -> i32 {
    points * 2 / 3
}

fn rule(f: &Found) -> String {
    let what = match f.hit.topic {
        Topic::Outside => "technology outside the five",
        Topic::OtherProduct => "kind of product outside the five",
        Topic::Interface => "something people see",
        Topic::Api => "something programs call",
        Topic::Shared => "data a server keeps",
        Topic::Script => "language",
        _ => "technology",
    };
    if f.hit.denied {
        return format!("{what}, spoken against");
    }
    if !f.hit.topic.is_technology() {
        return what.to_owned();
    }
    let how = match f.hit.strength {
        Strength::Others => "used by others",
        Strength::Hedged => "considered",
        Strength::Named => "named",
        Strength::Stated => "stated",
        Strength::Decided => "decided",
    };
    format!("{what}, {how}")
}

fn points(hit: &Hit, kind: SegmentKind) -> i32 {
    let firm = match hit.strength {
        Strength::Others => 0,
        Strength::Hedged => 6,
        Strength::Named => 25,
        Strength::Stated => STATED,
        Strength::Decided => 70,
    };
    let points = match hit.topic {
        Topic::OtherProduct if is_weak(hit) => 8,
        Topic::OtherProduct => firm.min(25),
        topic if topic.is_technology() => firm,
        _ if hit.denied => 8 * FEATURE,
        Topic::Script => 2,
        _ => FEATURE,
    };
    let points = match kind {
        SegmentKind::Quoted => points / 2,
        SegmentKind::Code => points.min(10),
        _ => points,
    };
    if hit.denied { -points } else { points }
}

/// Words of computation: one of them says little, several say that it is no web product.
const WEAK_PRODUCTS: &[&str] = &[
    "algorithm",
    "algorithms",
    "simulation",
    "numerical",
    "data analysis",
    "data mining",
    "machine learning",
    "deep learning",
    "stdin",
    "stdout",
    "makefile",
    "compiler",
    "batch size",
    "fine tune",
    "fine tuning",
    "training loss",
];

fn is_weak(hit: &Hit) -> bool {
    WEAK_PRODUCTS.contains(&hit.key.as_str())
}

fn collect(stories: &StorySet, sources: &[Source<'_>]) -> Vec<Found> {
    let mut counter = Counter::default();
    let mut found = Vec::new();
    // what the text excludes for now speaks for nothing
    let put_off: Vec<&Citation> =
        stories.requirements.iter().filter(|r| r.obligation == Obligation::Wont).flat_map(|r| &r.citations).collect();
    for source in sources {
        for segment in &source.document.segments {
            let Some(text) = segment.span.of(source.text) else { continue };
            if segment.kind == SegmentKind::Boilerplate {
                continue;
            }
            if segment.headings.iter().any(|heading| is_exclusion(heading)) {
                continue;
            }
            for hit in scan(text) {
                if segment.kind == SegmentKind::Heading && !hit.topic.is_technology() {
                    continue;
                }
                let start = segment.span.start.saturating_add(hit.at.start);
                let span = TextSpan { start, end: segment.span.start.saturating_add(hit.at.end) };
                let within = |c: &&&Citation| {
                    c.document == source.document.id && c.span.start <= span.start && span.end <= c.span.end
                };
                if put_off.iter().any(|c| within(&c)) {
                    continue;
                }
                let Some(quote) = span.of(source.text) else { continue };
                let citation = Citation {
                    document: source.document.id.clone(),
                    version: source.document.version,
                    name: source.document.name.clone(),
                    span,
                    place: segment.place.clone(),
                    quote: quote.to_owned(),
                    speaker: segment.speaker.clone(),
                };
                counter.keep(&mut found, hit, citation, segment.kind);
            }
        }
    }
    if sources.is_empty() {
        let requirements = stories.requirements.iter().flat_map(|r| r.citations.iter());
        let criteria = stories.stories.iter().flat_map(|s| s.criteria.iter().map(|c| &c.citation));
        let mut seen = BTreeSet::new();
        for citation in requirements.chain(criteria) {
            if seen.insert((citation.document.clone(), citation.span)) {
                for hit in scan(&citation.quote) {
                    counter.keep(&mut found, hit, citation.clone(), SegmentKind::Paragraph);
                }
            }
        }
    }
    found
}

fn is_exclusion(heading: &str) -> bool {
    let heading = heading.to_lowercase().replace('’', "'");
    let words = heading.split_whitespace().count();
    let said = |phrases: &[&str]| phrases.iter().any(|phrase| heading.contains(phrase));
    said(&[
        "out of scope",
        "out-of-scope",
        "non-goal",
        "non goal",
        "not in scope",
        "exclusions",
        "won't have",
        "wont have",
        "not planned",
        "not now",
    ]) || words <= 4 && said(&["later", "future", "phase 2", "phase two", "not yet", "won't"])
}

/// Keeps a word that is said a hundred times from drowning the others.
#[derive(Default)]
struct Counter {
    terms: BTreeMap<(String, bool), usize>,
    topics: BTreeMap<(Topic, bool), usize>,
}

impl Counter {
    fn keep(&mut self, found: &mut Vec<Found>, hit: Hit, citation: Citation, kind: SegmentKind) {
        let points = points(&hit, kind);
        let firm = hit.topic.is_technology() && hit.strength >= Strength::Stated;
        let times = self.terms.entry((hit.key.clone(), firm)).or_default();
        *times += 1;
        let repeats = if hit.topic.is_technology() { REPEATS } else { 2 };
        if *times > repeats {
            return;
        }
        if !hit.topic.is_technology() {
            let features = self.topics.entry((hit.topic, hit.denied)).or_default();
            *features += 1;
            if *features > FEATURES {
                return;
            }
        }
        found.push(Found { hit, citation, points });
    }
}
