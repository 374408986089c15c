//! Requirements in sentences and list items: wishes, obligations, rules, and the items of lists under telling headings.

use super::{Walk, looks_like_item, obligation_of, statement_of};
use crate::domain::{Obligation, RequirementKind, Segment, SegmentKind};
use crate::stages::requirements_synthesizer as stage;
use stage::ask::{Ask, Register, meaning};
use stage::attributes::Attributes;
use stage::clause::{Clause, Subject, clauses};
use stage::finding::Finding;
use stage::noun_phrase::head;
use stage::section::{self, Section};
use stage::words::{Token, after, words_of};
use stage::{list_item, rules, wish};

fn lead_of(statement: &str) -> &str {
    statement.split_once(':').map_or(statement, |(lead, _)| lead).trim()
}

/// "Nice to have: customers can …": what stands before the colon says how strongly the rest is asked for.
fn announced(tokens: &[Token]) -> (&[Token], &[Token]) {
    let (lead, body) = list_item::lead(tokens);
    match section::of_words(lead) {
        Some(Section::Asked(_)) => (lead, body),
        _ => (&[], tokens),
    }
}

/// Whether people do something in "when a customer sells the bike".
fn is_person_acting(condition: &[Token]) -> bool {
    let subject = after(condition, 1);
    let end = subject.iter().skip(1).position(|t| t.lower.ends_with('s') || t.is_any(&["wants", "want"]));
    end.is_some_and(|end| stage::noun_phrase::is_person(subject.get(..=end).unwrap_or_default()))
        && !subject.iter().any(|t| t.is_any(&["is", "are", "has", "have"]))
}

impl Walk<'_> {
    pub(super) fn requirement(
        &mut self,
        segment: &Segment,
        tokens: &[Token],
        section: Option<Section>,
        attributes: &Attributes,
    ) {
        let text = self.source.text;
        let item = segment.kind == SegmentKind::ListItem
            || segment.kind == SegmentKind::TableRow
            || looks_like_item(text, tokens)
            || self.numbered;
        let (lead, body) = if item { list_item::lead(tokens) } else { announced(tokens) };
        // "Performance: …", "Technology: …" in a list of features
        let section = match section::of_words(lead) {
            Some(Section::Kind(kind)) if lead.len() < 4 && section.is_some() => Some(Section::Kind(kind)),
            Some(Section::Asked(obligation)) => Some(Section::Asked(obligation)),
            _ => section,
        };
        let around = matches!(section, Some(Section::Aside | Section::Preface));
        if !around && stage::kind::names_only_technology(body) {
            let finding = self.finding(segment, tokens, RequirementKind::Constraint, Obligation::Must, "technology");
            let mut finding = finding;
            self.complete(&mut finding, segment, section, attributes, None);
            self.keep(segment, finding, false);
            return;
        }
        let mut any = false;
        if let Some(wish) = wish::wish(text, body, self.register).filter(|_| !around || !item) {
            for ask in wish.asks {
                let mut finding = self.finding(segment, tokens, RequirementKind::Functional, wish.obligation, "wish");
                self.complete(&mut finding, segment, section, attributes, Some(ask));
                self.keep(segment, finding, false);
                any = true;
            }
        }
        if any {
            return;
        }
        let clauses = clauses(body);
        let alone = clauses.len() == 1;
        for clause in &clauses {
            let firm = clause.obligation == Obligation::Must
                && (!clause.ability || matches!(stage::talk::modal_word(clause), "must" | "shall"));
            if around && !firm {
                continue;
            }
            let of_list = item && matches!(section, Some(Section::Requirements | Section::Asked(_) | Section::Kind(_)));
            if clause.subject == Subject::Unnamed
                && clause.rule == "obligation"
                && !of_list
                && clause.subject_words.is_empty()
            {
                continue;
            }
            any |= self.clause(segment, tokens, clause, section, attributes, alone);
        }
        if any || around {
            return;
        }
        if let Some(hit) = rules::rule(body, self.register) {
            let mut finding = self.finding(segment, tokens, RequirementKind::Rule, Obligation::Must, "rule");
            if let Some(finding) = &mut finding {
                finding.about = hit.about;
                finding.weak = hit.weak;
                finding.refers = hit.refers;
            }
            self.complete(&mut finding, segment, section, attributes, None);
            self.keep(segment, finding, false);
            return;
        }
        if !item && lead.is_empty() || self.register == Register::Speech {
            return;
        }
        self.item(segment, tokens, lead, body, section, attributes);
    }

    /// A list item that is no sentence, under a heading that says what the list is.
    pub(super) fn item(
        &mut self,
        segment: &Segment,
        tokens: &[Token],
        lead: &[Token],
        body: &[Token],
        section: Option<Section>,
        attributes: &Attributes,
    ) {
        // "1) Add a product page 2) …": a list of tasks needs no heading
        let task = self.numbered && self.register == Register::Document && list_item::is_task(body);
        let Some(section) = section.or(task.then_some(Section::Requirements)) else { return };
        let excluded = section == Section::Asked(Obligation::Wont);
        // "A reserved hire can be cancelled; a collected hire cannot"
        let breaks_off = body.last().is_some_and(|t| t.is_any(&["cannot", "can't", "can", "not", "must", "may"]));
        if tokens.len() < 2 && !excluded || list_item::is_note(lead) || breaks_off {
            return;
        }
        if rules::is_field_item(tokens) {
            let finding = self.finding(segment, tokens, RequirementKind::Rule, Obligation::Must, "field item");
            self.keep_completed(finding, segment, section, attributes, None);
            return;
        }
        match section {
            Section::Kind(kind) if list_item::is_statement(tokens) => {
                let kind = stage::kind::of_statement(tokens).unwrap_or(kind);
                let finding = self.finding(segment, tokens, kind, Obligation::Must, "list item");
                self.keep_completed(finding, segment, section, attributes, None);
            }
            Section::Requirements | Section::Asked(_) => {
                let made = list_item::actions_of(self.source.text, lead, body);
                // what leads in other items is their heading, not a thing of its own
                let made = if self.leads && list_item::is_name(body) { Vec::new() } else { made };
                if made.is_empty() && list_item::is_of_programs(if lead.is_empty() { body } else { lead }) {
                    let kind = RequirementKind::Constraint;
                    let finding = self.finding(segment, tokens, kind, Obligation::Should, "list item");
                    self.keep_completed(finding, segment, section, attributes, None);
                }
                for (role, stated, action) in made {
                    let ask = Ask { role, role_stated: stated, action, benefit: None };
                    let finding =
                        self.finding(segment, tokens, RequirementKind::Functional, Obligation::Should, "list item");
                    self.keep_completed(finding, segment, section, attributes, Some(ask));
                }
            }
            _ => {}
        }
    }

    pub(super) fn keep_completed(
        &mut self,
        finding: Option<Finding>,
        segment: &Segment,
        section: Section,
        attributes: &Attributes,
        ask: Option<Ask>,
    ) {
        let mut finding = finding;
        self.complete(&mut finding, segment, Some(section), attributes, ask);
        self.keep(segment, finding, false);
    }

    pub(super) fn clause(
        &mut self,
        segment: &Segment,
        sentence: &[Token],
        clause: &Clause<'_>,
        section: Option<Section>,
        attributes: &Attributes,
        alone: bool,
    ) -> bool {
        // in mail and talk "they" counts only where it is known who they are
        let they = clause.subject_words.first().is_some_and(|t| t.is("they"));
        if they && self.register != Register::Document && !self.knows_people(segment) {
            return false;
        }
        let Some(meaning) = meaning(self.source.text, clause, self.register) else { return false };
        let mut kind = meaning.kind;
        if let Some(Section::Kind(of_section)) = section {
            let function = kind == RequirementKind::Functional;
            let by_person =
                function && (matches!(clause.subject, Subject::Person | Subject::Speaker) || clause.ability);
            if !by_person && kind != RequirementKind::Constraint && of_section != RequirementKind::Rule {
                kind = of_section;
            }
        }
        let cited = if alone { sentence } else { clause.words };
        let several = meaning.asks.len() > 1;
        let asks: Vec<Option<Ask>> =
            if kind == RequirementKind::Functional { meaning.asks.into_iter().map(Some).collect() } else { vec![None] };
        let mut any = false;
        for ask in asks {
            let mut finding = self.finding(segment, cited, kind, clause.obligation, clause.rule);
            if let Some(finding) = &mut finding {
                finding.negated = clause.negated;
                finding.exclusive = clause.exclusive && ask.is_some();
                finding.who = self.forbidden_to(clause);
                finding.condition = clause.condition.map(|words| words_of(self.source.text, words));
                finding.occasion = clause.subject == Subject::Speaker
                    && clause.condition.is_some_and(|c| c.first().is_some_and(|t| t.is("when")) && is_person_acting(c));
                finding.about = rules::owner(clause.subject_words).or_else(|| match &clause.subject {
                    Subject::Thing(_) => rules::about(clause.subject_words),
                    Subject::Person if clause.negated => head(after(clause.predicate, 1)),
                    Subject::Speaker if clause.negated => {
                        let object = after(clause.predicate, 1);
                        rules::owner(object).or_else(|| head(object))
                    }
                    Subject::System if clause.condition.is_some() => head(after(clause.predicate, 1)),
                    Subject::Person | Subject::System => head(clause.subject_words),
                    _ => None,
                });
                if several && let Some(ask) = &ask {
                    finding.statement = statement_of(ask);
                }
            }
            any |= finding.is_some();
            self.complete(&mut finding, segment, section, attributes, ask);
            self.keep(segment, finding, false);
        }
        any
    }

    /// Whom a clause forbids something; nobody in particular when it forbids it to all.
    fn forbidden_to(&self, clause: &Clause<'_>) -> Option<String> {
        let everybody = clause.subject_words.iter().any(|t| {
            t.is_any(&[
                "nobody",
                "none",
                "no",
                "anyone",
                "anybody",
                "everyone",
                "everybody",
                "person",
                "people",
                "one",
                "they",
            ])
        });
        let people = clause.negated && clause.subject == Subject::Person && !everybody;
        people.then(|| stage::ask::roles_of(self.source.text, clause.subject_words).into_iter().next()).flatten()
    }

    pub(super) fn complete(
        &mut self,
        finding: &mut Option<Finding>,
        segment: &Segment,
        section: Option<Section>,
        attributes: &Attributes,
        ask: Option<Ask>,
    ) {
        let announced = self.announced_strength(segment);
        let Some(finding) = finding else { return };
        finding.attributes = attributes.clone();
        finding.ask = ask;
        if let Some((priority, quote)) = &attributes.priority {
            finding.obligation = obligation_of(*priority);
            finding.asked_by_heading = Some(quote.clone());
        } else if let Some(Section::Asked(obligation)) = section {
            finding.obligation = obligation;
            finding.asked_by_heading =
                announced.map(|(_, heading)| heading).or_else(|| Some(lead_of(&finding.statement).to_owned()));
        }
    }

    /// The heading or line above that says how strongly its list is asked for.
    pub(super) fn announced_strength(&self, segment: &Segment) -> Option<(Obligation, String)> {
        if let Some((Section::Asked(obligation), line)) = &self.announced {
            return Some((*obligation, line.clone()));
        }
        match section::of_headings(&segment.headings) {
            Some(Section::Asked(obligation)) => {
                let heading = segment.headings.iter().rev().find(|h| section::of_heading(h).is_some())?;
                Some((obligation, heading.clone()))
            }
            _ => None,
        }
    }
}
