//! Explicit stories, the criteria beneath them and scenarios.

use super::{Walk, looks_like_item, obligation_of};
use crate::domain::{Obligation, RequirementKind, Segment, SegmentKind};
use crate::stages::requirements_synthesizer as stage;
use stage::ask::Register;
use stage::attributes::Attributes;
use stage::finding::{Finding, Scenario};
use stage::words::{Token, after, phrase_at, span_of, trim_marks};
use stage::{normal, scenario, story_form};

impl Walk<'_> {
    /// Takes a Given/When/Then step; several steps make one scenario.
    pub(super) fn step(&mut self, segment: &Segment, tokens: &[Token]) -> bool {
        if phrase_at(tokens, 0, "scenario") && tokens.len() < 20 {
            self.end_scenario();
            return true;
        }
        let speech = self.register == Register::Speech;
        let Some(done) = (!speech).then(|| self.steps.take(self.source.text, tokens, segment)).flatten() else {
            self.end_scenario();
            return false;
        };
        for steps in done {
            self.attach_scenario(segment, steps);
        }
        true
    }

    pub(super) fn end_scenario(&mut self) {
        if let Some((steps, place)) = self.steps.finish() {
            self.attach_scenario(&place, steps);
        }
    }

    pub(super) fn attach_scenario(&mut self, segment: &Segment, steps: scenario::Finished) {
        let Some(citation) = self.cite(segment, steps.span) else { return };
        let scenario = Scenario { given: steps.given, when: steps.when, then: steps.then, citation };
        let above = self.above.as_ref().filter(|above| above.explicit && segment.headings.starts_with(&above.headings));
        match above.and_then(|above| self.found.get_mut(above.finding)) {
            Some(finding) => finding.scenarios.push(scenario),
            None => {
                let about = normal::content_words(&scenario.when).into_iter().last();
                let scenario_is_weak = scenario.given.is_empty();
                let statement = stage::conflicts::one_line(&scenario.citation.quote);
                let finding = Finding {
                    statement,
                    kind: RequirementKind::Rule,
                    obligation: Obligation::Must,
                    asked_by_heading: None,
                    negated: false,
                    exclusive: false,
                    who: None,
                    citation: scenario.citation.clone(),
                    rule: "scenario",
                    ask: None,
                    condition: None,
                    occasion: false,
                    attributes: Attributes::default(),
                    scenarios: vec![scenario],
                    about,
                    under: None,
                    weak: scenario_is_weak,
                    refers: false,
                    quoted: segment.kind == SegmentKind::Quoted,
                    source: self.index,
                    at: segment.at,
                };
                self.found.push(finding);
            }
        }
    }

    pub(super) fn story(&mut self, segment: &Segment, tokens: &[Token], mut attributes: Attributes) -> bool {
        let Some(asks) = story_form::parse(self.source.text, tokens) else { return false };
        attributes.label = attributes.label.take().or(self.pending_label.take());
        self.end_scenario();
        let announced = self.announced_strength(segment);
        for ask in asks {
            let (obligation, stated) = match (&attributes.priority, &announced) {
                (Some((priority, quote)), _) => (obligation_of(*priority), Some(quote.clone())),
                (None, Some((obligation, heading))) => (*obligation, Some(heading.clone())),
                (None, None) => (Obligation::Should, None),
            };
            let mut finding = self.finding(segment, tokens, RequirementKind::Functional, obligation, "user story");
            if let Some(finding) = &mut finding {
                finding.attributes = attributes.clone();
                finding.asked_by_heading = stated;
                finding.ask = Some(ask);
            }
            self.keep(segment, finding, true);
        }
        true
    }

    /// A criterion beneath a story: under "Acceptance criteria", or a list item indented below it.
    pub(super) fn criterion(&mut self, segment: &Segment, tokens: &[Token]) -> bool {
        let inline = phrase_at(tokens, 0, "acceptance criteria") || phrase_at(tokens, 0, "acceptance criterion");
        if inline && self.above.is_some() {
            self.in_criteria = true;
            let rest = trim_marks(after(tokens, 2));
            if rest.len() > 2 {
                self.add_criterion(segment, rest);
            }
            return true;
        }
        let Some(above) = &self.above else { return false };
        let same_place =
            segment.headings.len() >= above.headings.len() && segment.headings.starts_with(&above.headings);
        let item = segment.kind == SegmentKind::ListItem || looks_like_item(self.source.text, tokens);
        let below = above.explicit
            && item
            && same_place
            && (above.kind != SegmentKind::ListItem || self.indent(segment) > above.indent);
        if !(below && tokens.len() > 2 || self.in_criteria && same_place && item) {
            if !item {
                self.in_criteria = false;
            }
            return false;
        }
        self.add_criterion(segment, tokens);
        true
    }

    pub(super) fn add_criterion(&mut self, segment: &Segment, tokens: &[Token]) {
        let Some(span) = span_of(tokens) else { return };
        let Some(citation) = self.cite(segment, span) else { return };
        let Some(finding) = self.above.as_ref().and_then(|above| self.found.get_mut(above.finding)) else { return };
        let (role, action) = finding.ask.as_ref().map_or(("user", ""), |ask| (&ask.role, &ask.action.text));
        let scenario = scenario::from_statement(self.source.text, tokens, role, action, citation);
        finding.scenarios.push(scenario);
    }
}
