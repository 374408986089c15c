//! Given/When/Then: as written, or made from the parts of a statement without adding anything to it.

use super::finding::Scenario;
use super::words::{Token, after, find_phrase, lower, part, span_of, trim_marks, words_of};
pub(super) use crate::domain::with_article;
use crate::domain::{Citation, Segment, TextSpan};

/// A scenario whose steps are complete.
#[derive(Debug, Clone)]
pub(super) struct Finished {
    pub(super) given: String,
    pub(super) when: String,
    pub(super) then: String,
    pub(super) span: TextSpan,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Given,
    When,
    Then,
}

/// Collects the steps of a scenario over lines and list items.
#[derive(Debug, Default)]
pub(super) struct Steps {
    given: Vec<String>,
    when: Vec<String>,
    then: Vec<String>,
    last: Option<Step>,
    span: Option<TextSpan>,
    segment: Option<Segment>,
}

impl Steps {
    /// Takes `tokens` if they are a step (or a whole scenario); gives back the scenarios that are complete now.
    pub(super) fn take(&mut self, text: &str, tokens: &[Token], segment: &Segment) -> Option<Vec<Finished>> {
        let first = lower(tokens, 0);
        let step = match first {
            "given" => Step::Given,
            "when" if self.last.is_some() || whole(tokens) => Step::When,
            "then" if self.last.is_some() => Step::Then,
            "and" | "but" if self.last.is_some() => self.last?,
            _ => return None,
        };
        // "given that we have little time, …" and "given the weather I'd rather …" are talk, not steps
        let talk = matches!(lower(tokens, 1), "that" | "our" | "my")
            || tokens.iter().any(|t| t.is_any(&["i'd", "i", "we", "you", "we're"]));
        if self.last.is_none() && talk {
            return None;
        }
        let mut done = Vec::new();
        if (step == Step::Given && self.last.is_some_and(|l| l != Step::Given))
            || (step == Step::When && self.last == Some(Step::Then))
        {
            let kept = if step == Step::When { self.given.clone() } else { Vec::new() };
            done.extend(self.finish().map(|(finished, _)| finished));
            self.given = kept;
        }
        self.split_steps(text, tokens, step);
        let span = span_of(tokens)?;
        self.span = Some(match self.span {
            Some(before) if before.start <= span.start => TextSpan { start: before.start, end: span.end },
            _ => span,
        });
        self.segment.get_or_insert_with(|| segment.clone());
        Some(done)
    }

    /// "Given a, when b, then c" on one line holds three steps.
    fn split_steps(&mut self, text: &str, tokens: &[Token], first: Step) {
        let mut step = first;
        let mut start = 1;
        let push = |steps: &mut Self, step: Step, words: &[Token]| {
            let words = words_of(text, trim_marks(words));
            if !words.is_empty() {
                match step {
                    Step::Given => steps.given.push(words),
                    Step::When => steps.when.push(words),
                    Step::Then => steps.then.push(words),
                }
            }
            steps.last = Some(step);
        };
        for index in 1..tokens.len() {
            let next = match (lower(tokens, index), step) {
                ("when", Step::Given) => Step::When,
                ("then", Step::Given | Step::When) => Step::Then,
                _ => continue,
            };
            push(self, step, part(tokens, start, index));
            (step, start) = (next, index + 1);
        }
        push(self, step, after(tokens, start));
    }

    /// The scenario collected so far, if it has something to observe; begins a new one.
    pub(super) fn finish(&mut self) -> Option<(Finished, Segment)> {
        let steps = std::mem::take(self);
        let (span, segment) = (steps.span?, steps.segment?);
        if steps.then.is_empty() {
            return None;
        }
        let join = |parts: Vec<String>| parts.join(" and ");
        Some((Finished { given: join(steps.given), when: join(steps.when), then: join(steps.then), span }, segment))
    }
}

fn whole(tokens: &[Token]) -> bool {
    find_phrase(tokens, &["then"]).is_some_and(|(at, _)| at > 2)
}

/// Whether preformatted text is a feature description rather than code.
pub(super) fn is_feature_text(tokens: &[Token]) -> bool {
    tokens.first().is_some_and(|t| t.is_any(&["feature", "scenario", "given"])) && tokens.iter().any(|t| t.is("then"))
}

/// A criterion from a plain statement under a story: its condition becomes the event, its main clause the outcome.
pub(super) fn from_statement(text: &str, tokens: &[Token], role: &str, action: &str, citation: Citation) -> Scenario {
    let given = with_article(role);
    let conditional = tokens.first().is_some_and(|t| t.is_any(&["if", "when", "once", "whenever"]));
    if let Some(comma) = conditional.then(|| tokens.iter().position(|t| t.is(",") || t.is("then"))).flatten() {
        let rest = after(tokens, comma + 1);
        let rest = if lower(rest, 0) == "then" { after(rest, 1) } else { rest };
        return Scenario {
            given,
            when: words_of(text, part(tokens, 1, comma)),
            then: words_of(text, trim_marks(rest)),
            citation,
        };
    }
    let trailing =
        find_phrase(tokens, &["when", "if", "once", "whenever"]).filter(|(at, _)| *at > 1 && at + 2 < tokens.len());
    if let Some((at, _)) = trailing {
        let then = words_of(text, trim_marks(part(tokens, 0, at)));
        return Scenario { given, when: words_of(text, trim_marks(after(tokens, at + 1))), then, citation };
    }
    Scenario { when: event(role, action), given, then: words_of(text, trim_marks(tokens)), citation }
}

/// "the customer cancels a booking", of role and action.
pub(super) fn event(role: &str, action: &str) -> String {
    let (verb, rest) = action.split_once(' ').unwrap_or((action, ""));
    let rest = format!(" {rest} ").replace(" my ", " their ").replace(" our ", " their ");
    format!("the {role} {}{}", super::lexicon::third(verb), rest.trim_end())
}
