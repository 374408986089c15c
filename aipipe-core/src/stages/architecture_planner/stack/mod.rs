//! Which of the five stacks the documents speak for, every point with its words.
//!
//! [`term`] is the table of words, [`scan`] finds them in a text, [`company`] tells names from technologies, [`weigh`] turns them into points and this file decides.

mod circumstance;
mod company;
mod scan;
mod term;
#[cfg(test)]
mod tests;
mod vocabulary;
mod weigh;

use super::Source;
use crate::domain::{Stack, StackChoice, StackDecision, StackEvidence, StackScore, StackVerdict, StorySet};
use weigh::{Balance, STATED, balance};

/// Fewest points that count as evidence: two features, or one technology named in passing.
const ENOUGH: i32 = 5;

/// Points of one product outside the five that is named once.
const ONE_MENTION: i32 = 25;

/// The verdict on the stack: one of the five with its evidence, or that none fits.
///
/// Reads the segments of `sources`; without any, the citations of the stories' requirements and criteria.
/// `host` overrides everything, and the scores are still listed.
#[must_use]
pub fn decide_stack(stories: &StorySet, sources: &[Source<'_>], host: Option<Stack>) -> StackVerdict {
    let balance = balance(stories, sources);
    let scores = balance.scores();
    if let Some(stack) = host {
        let best = scores.first().filter(|best| best.stack != stack && best.points >= ENOUGH);
        let note = best.map_or(String::new(), |best| {
            format!("; the documents speak more for {} ({} points)", best.stack.title(), best.points)
        });
        return StackVerdict::Chosen(StackDecision {
            stack,
            choice: StackChoice::Host,
            explanation: format!("{} was set by the host{note}{}", stack.title(), other_framework(stack, &balance)),
            scores,
            evidence: balance.evidence,
        });
    }
    if let Some(reason) = misfit(&balance, &scores) {
        return StackVerdict::NoneFits { reason, scores, evidence: balance.evidence };
    }
    let best = scores.first().copied().filter(|best| best.points >= ENOUGH);
    let Some(best) = best else {
        let (stack, reason) = default_stack(&balance);
        let explanation = format!("{} by default: {reason}{}", stack.title(), other_framework(stack, &balance));
        let choice = StackChoice::Default { reason };
        return StackVerdict::Chosen(StackDecision { stack, choice, explanation, scores, evidence: balance.evidence });
    };
    let explanation = explain(&balance, &scores, best);
    StackVerdict::Chosen(StackDecision {
        stack: best.stack,
        choice: StackChoice::Evidence,
        scores,
        evidence: balance.evidence,
        explanation,
    })
}

/// The same for a project that has been merged with a stack before: that stands unless the documents name a technology,
/// and where they name another one the explanation says so.
pub(super) fn after_earlier(decision: StackDecision, earlier: Stack) -> StackDecision {
    let named = decision.evidence.iter().any(|row| row.stack == decision.stack && row.points >= NAMED);
    match decision.choice {
        StackChoice::Default { .. } | StackChoice::Evidence if !named || decision.stack == earlier => StackDecision {
            stack: earlier,
            explanation: match decision.stack == earlier && named {
                true => decision.explanation,
                false => format!("{} is what the project was merged with, and no technology is named", earlier.title()),
            },
            choice: if decision.stack == earlier && named { decision.choice } else { StackChoice::Earlier },
            ..decision
        },
        _ if decision.stack == earlier => decision,
        _ => StackDecision {
            explanation: format!(
                "{}; the project was {} before, and is made anew",
                decision.explanation,
                earlier.title()
            ),
            ..decision
        },
    }
}

/// Fewest points of a technology that is named and not only considered.
const NAMED: i32 = 20;

/// Why none of the five fits, if so.
fn misfit(balance: &Balance, scores: &[StackScore]) -> Option<String> {
    let best = scores.first().map_or(0, |best| best.points);
    let front_and_other_server = [
        (balance.vue, balance.node, "a Vue front end", "a Node server"),
        (balance.vue, balance.python, "a Vue front end", "a Python server"),
        (balance.react, balance.python, "a React front end", "a Python server"),
    ];
    for (front, server, front_name, server_name) in front_and_other_server {
        if front >= STATED && server >= STATED && balance.both_sides_named {
            return Some(format!(
                "{front_name} and {server_name} are both stated, and none of the five stacks has both"
            ));
        }
    }
    let named = balance.outside_words.join(", ");
    // One mention in passing ("an import on the command line") does not outweigh a product people or programs use, and two do
    // not outweigh a stated technology with what it is used for.
    let passing = balance.outside <= ONE_MENTION && best >= 3 * ENOUGH
        || balance.outside_technology <= 0 && balance.outside <= 2 * ONE_MENTION && stated_with_use(balance);
    let strong = if passing { 0 } else { balance.outside };
    // One word of computation ("batch size", "simulation") tells nothing; several tell that it is no web product.
    let weak = if balance.weak_words > 1 { balance.outside_weak } else { 0 };
    let any = strong.saturating_add(weak);
    if strong > 0 && any >= best || any > 0 && best < ENOUGH {
        return Some(format!("the documents speak of {named}, which none of the five stacks provides"));
    }
    let python_first = scores.first().is_some_and(|score| score.stack == Stack::PythonApi);
    let only_language = python_first && balance.python_framework <= 0 && !balance.service;
    (only_language && balance.outside.saturating_add(balance.outside_weak) > 0)
        .then(|| format!("Python is stated, but nothing speaks of an HTTP API, and the documents speak of {named}"))
}

/// Whether a technology of the five is stated and the documents speak of what it is for: an HTTP API, pages.
fn stated_with_use(balance: &Balance) -> bool {
    let server = balance.node.max(balance.python) >= STATED && balance.service;
    let pages = balance.react.max(balance.vue) >= STATED && balance.interface > 0;
    server || pages
}

fn default_stack(balance: &Balance) -> (Stack, String) {
    if balance.interface > 0 {
        let reason = "no technology is stated; some words are about pages people see, and records that several people share \
                      need a server besides";
        return (Stack::ReactFullstack, reason.to_owned());
    }
    (
        Stack::NodeApi,
        "no technology and no user interface is spoken of, so the records are served by an HTTP API".to_owned(),
    )
}

/// Frameworks that speak for a stack whose template stands on another one: the term, the name for people, the stack.
const OTHER_FRAMEWORKS: &[(&str, &str, Stack)] = &[
    ("flask", "Flask", Stack::PythonApi),
    ("django", "Django", Stack::PythonApi),
    ("django rest framework", "Django REST framework", Stack::PythonApi),
    ("starlette", "Starlette", Stack::PythonApi),
    ("fastify", "Fastify", Stack::NodeApi),
    ("nestjs", "NestJS", Stack::NodeApi),
    ("nest.js", "NestJS", Stack::NodeApi),
    ("koa.js", "Koa", Stack::NodeApi),
    ("next.js", "Next.js", Stack::ReactFullstack),
    ("nextjs", "Next.js", Stack::ReactFullstack),
    ("fastify", "Fastify", Stack::ReactFullstack),
    ("nestjs", "NestJS", Stack::ReactFullstack),
    ("preact", "Preact", Stack::ReactSpa),
    ("nuxt", "Nuxt", Stack::VueSpa),
    ("nuxt.js", "Nuxt", Stack::VueSpa),
    ("vuex", "Vuex", Stack::VueSpa),
    ("vuetify", "Vuetify", Stack::VueSpa),
];

/// What the stack's template stands on.
const fn framework(stack: Stack) -> &'static str {
    match stack {
        Stack::PythonApi => "FastAPI",
        Stack::NodeApi => "Express",
        Stack::ReactFullstack => "React and Express",
        Stack::ReactSpa => "React",
        Stack::VueSpa => "Vue with Pinia",
    }
}

/// What a person must know who asked for one framework and gets another.
fn other_framework(stack: Stack, balance: &Balance) -> String {
    let asked = balance.asked.iter().find_map(|key| OTHER_FRAMEWORKS.iter().find(|(k, _, s)| k == key && *s == stack));
    asked.map_or(String::new(), |(_, name, _)| {
        format!(
            "; open question: {name} is asked for, and the template of {} stands on {} instead",
            stack.title(),
            framework(stack)
        )
    })
}

fn explain(balance: &Balance, scores: &[StackScore], best: StackScore) -> String {
    let mut evidence: Vec<&StackEvidence> =
        balance.evidence.iter().filter(|e| e.stack == best.stack && e.points > 0).collect();
    evidence.sort_by_key(|e| std::cmp::Reverse(e.points));
    let words: Vec<String> =
        evidence.into_iter().map(|e| format!("“{}”", e.citation.quote)).fold(Vec::new(), |mut kept, quote| {
            if kept.len() < 4 && !kept.contains(&quote) {
                kept.push(quote);
            }
            kept
        });
    let mut text = format!("{} has {} points, among others for {}", best.stack.title(), best.points, words.join(", "));
    if let Some(second) = scores.get(1).filter(|s| s.points > 0) {
        let relation =
            match (second.points == best.points, balance.firmness(second.stack) == balance.firmness(best.stack)) {
                (true, true) => "ties with it and comes later in the fixed order",
                (true, false) => "has as many, of weaker evidence,",
                (false, _) => "follows",
            };
        text.push_str(&format!("; {} {relation} with {}", second.stack.title(), second.points));
    }
    text.push_str(&other_framework(best.stack, balance));
    text
}
