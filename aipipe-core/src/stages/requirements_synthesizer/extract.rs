//! Walks the documents segment by segment and notes everything that is asked for, each with its quote.

use super::Source;
use super::ask::{Ask, Register, meaning};
use super::attributes::{self, Attributes};
use super::clause::{Clause, Subject, clauses};
use super::finding::{Finding, Scenario};
use super::noun_phrase::head;
use super::section::{self, Section};
use super::sentences::sentences;
use super::words::{Gap, Token, TokenKind, after, phrase_at, span_of, tokenize, trim_marks, words_of};
use super::{list_item, normal, rules, scenario, story_form, table, wish};
use crate::domain::{Citation, DocumentFormat, Obligation, Priority, RequirementKind, Segment, SegmentKind, TextSpan};
use std::collections::{HashMap, HashSet};

/// Most words and marks of a sentence that is looked at.
const LONGEST: usize = 300;

/// Everything the documents ask for, in order of appearance; what is only quoted comes last.
pub(super) fn findings(sources: &[Source<'_>]) -> Vec<Finding> {
    let mut said = HashSet::new();
    let mut found = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        Walk::new(index, source, &mut found, &mut said).run(false);
    }
    for (index, source) in sources.iter().enumerate() {
        Walk::new(index, source, &mut found, &mut said).run(true);
    }
    found
}

/// The way through one document.
struct Walk<'a> {
    index: usize,
    source: &'a Source<'a>,
    register: Register,
    found: &'a mut Vec<Finding>,
    /// Sentences that were said first-hand.
    said: &'a mut HashSet<String>,
    /// The story (or requirement) above, whose criteria and attributes may follow.
    above: Option<Above>,
    /// Whether an "Acceptance criteria" line or heading precedes.
    in_criteria: bool,
    /// What the line before the list announced ("We need:").
    announced: Option<(Section, String)>,
    columns: Option<table::Columns>,
    steps: scenario::Steps,
    pending_label: Option<String>,
    /// What the sentence before in the same segment spoke of.
    topic: Option<(usize, String)>,
    sections: HashMap<Vec<String>, Option<Section>>,
}

#[derive(Debug, Clone)]
struct Above {
    finding: usize,
    explicit: bool,
    kind: SegmentKind,
    indent: usize,
    headings: Vec<String>,
    object: Option<String>,
}

impl<'a> Walk<'a> {
    fn new(index: usize, source: &'a Source<'a>, found: &'a mut Vec<Finding>, said: &'a mut HashSet<String>) -> Self {
        let register = match source.document.format {
            DocumentFormat::Transcript => Register::Speech,
            DocumentFormat::Chat | DocumentFormat::Email => Register::Mail,
            _ => Register::Document,
        };
        Self {
            index,
            source,
            register,
            found,
            said,
            above: None,
            in_criteria: false,
            announced: None,
            columns: None,
            steps: scenario::Steps::default(),
            pending_label: None,
            topic: None,
            sections: HashMap::new(),
        }
    }

    fn run(mut self, quoted: bool) {
        for segment in &self.source.document.segments {
            match segment.kind {
                SegmentKind::Boilerplate => continue,
                SegmentKind::Quoted if !quoted => continue,
                kind if quoted && kind != SegmentKind::Quoted => continue,
                _ => {}
            }
            let mut tokens = tokenize(self.source.text, segment.span);
            if self.register == Register::Speech {
                tokens.retain(|t| !t.is_any(&["uh", "um", "hmm", "mm", "erm", "er", "mm-hmm"]));
            }
            match segment.kind {
                SegmentKind::Heading => self.heading(segment, &tokens),
                SegmentKind::Code if !scenario::is_feature_text(&tokens) => {}
                SegmentKind::TableRow => self.row(segment, &tokens),
                _ => self.running_text(segment, &tokens, quoted),
            }
            if segment.kind != SegmentKind::TableRow {
                self.columns = None;
            }
        }
        self.end_scenario();
    }

    fn heading(&mut self, segment: &Segment, tokens: &[Token]) {
        self.end_scenario();
        self.announced = None;
        let (label, rest) = attributes::label(tokens);
        let own = section::of_words(tokens);
        if own == Some(Section::Criteria) {
            self.in_criteria = self.above.is_some();
            return;
        }
        self.in_criteria = false;
        self.above = None;
        self.pending_label = label;
        self.story(segment, rest, Attributes::default());
    }

    fn row(&mut self, segment: &Segment, tokens: &[Token]) {
        let cells = table::cells(tokens);
        if let Some(columns) = table::Columns::from_header(&cells) {
            self.columns = Some(columns);
            return;
        }
        match self.columns.clone() {
            Some(columns) => {
                let Some(row) = columns.read(self.source.text, &cells) else { return };
                let obligation =
                    row.attributes.priority.as_ref().map_or(Obligation::Should, |(p, _)| obligation_of(*p));
                let stated = row.attributes.priority.clone().map(|(_, quote)| quote);
                if row.asks.is_empty() {
                    for cell in &row.statements {
                        self.sentence(segment, cell, Some(Section::Requirements), &row.attributes);
                    }
                }
                for ask in row.asks {
                    let mut finding =
                        self.finding(segment, tokens, RequirementKind::Functional, obligation, "story table");
                    if let Some(finding) = &mut finding {
                        finding.statement = statement_of(&ask);
                        finding.attributes = row.attributes.clone();
                        finding.asked_by_heading.clone_from(&stated);
                        finding.ask = Some(ask);
                    }
                    self.keep(segment, finding, true);
                }
            }
            None => {
                for cell in cells {
                    for sentence in sentences(cell) {
                        self.sentence(segment, sentence, None, &Attributes::default());
                    }
                }
            }
        }
    }

    fn running_text(&mut self, segment: &Segment, tokens: &[Token], quoted: bool) {
        let section = self.section(segment);
        if segment.kind != SegmentKind::ListItem {
            self.announced = None;
        }
        let announced = self.announced.as_ref().map(|(section, _)| *section);
        for sentence in sentences(tokens) {
            let words = normal::same_words(sentence);
            if quoted && (words.is_empty() || !self.said.insert(words)) {
                continue;
            }
            if !quoted {
                self.said.insert(normal::same_words(sentence));
            }
            self.sentence(segment, sentence, announced.or(section), &Attributes::default());
        }
        let last = tokens.iter().rev().find(|t| t.lower != "*");
        if last.is_some_and(|t| t.is(":")) && segment.kind != SegmentKind::ListItem {
            let line = sentences(tokens).last().copied().unwrap_or(&[]).to_vec();
            if let Some(section) = section::of_words(&line) {
                if section == Section::Criteria {
                    self.in_criteria = self.above.is_some();
                } else {
                    self.announced = Some((section, words_of(self.source.text, &line)));
                    self.in_criteria = false;
                }
            }
        }
    }

    fn section(&mut self, segment: &Segment) -> Option<Section> {
        if let Some(known) = self.sections.get(&segment.headings) {
            return *known;
        }
        let section = section::of_headings(&segment.headings);
        self.sections.insert(segment.headings.clone(), section);
        section
    }

    /// One sentence, list item or cell.
    fn sentence(&mut self, segment: &Segment, sentence: &[Token], section: Option<Section>, given: &Attributes) {
        // nobody asks for something in a sentence of this length: it is data, or meant to keep a reader busy
        if sentence.len() > LONGEST {
            return;
        }
        let text = self.source.text;
        let bare = without_marker(sentence);
        let (label, rest) = attributes::label(bare);
        let (mut attributes, rest) = attributes::in_brackets(text, rest);
        attributes.label = label.or(attributes.label);
        attributes.fill(given.clone());
        let whole = rest;
        let rest = trim_marks(rest);
        if rest.is_empty() {
            return;
        }
        let mut about_above = attributes::line(text, rest);
        about_above.fill(attributes::alone_in_brackets(text, bare));
        if !about_above.is_empty() {
            if let Some(finding) = self.above.as_ref().and_then(|above| self.found.get_mut(above.finding)) {
                if let Some((priority, quote)) = &about_above.priority {
                    finding.obligation = obligation_of(*priority);
                    finding.asked_by_heading = Some(quote.clone());
                }
                finding.attributes.fill(about_above);
            }
            return;
        }
        if self.step(segment, rest) {
            return;
        }
        let broken = self.register == Register::Speech && whole.iter().any(|t| t.is_any(&["{", "}"]));
        if broken || whole.iter().any(|t| t.is_any(&["?", "？"])) {
            return;
        }
        if self.story(segment, rest, attributes.clone()) {
            return;
        }
        if self.criterion(segment, rest) {
            return;
        }
        if section == Some(Section::Aside)
            && (segment.kind == SegmentKind::ListItem || self.register != Register::Document)
        {
            return;
        }
        self.requirement(segment, rest, section, attributes);
    }

    /// Takes a Given/When/Then step; several steps make one scenario.
    fn step(&mut self, segment: &Segment, tokens: &[Token]) -> bool {
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

    fn end_scenario(&mut self) {
        if let Some((steps, place)) = self.steps.finish() {
            self.attach_scenario(&place, steps);
        }
    }

    fn attach_scenario(&mut self, segment: &Segment, steps: scenario::Finished) {
        let Some(citation) = self.cite(segment, steps.span) else { return };
        let scenario = Scenario { given: steps.given, when: steps.when, then: steps.then, citation };
        let above = self.above.as_ref().filter(|above| above.explicit && segment.headings.starts_with(&above.headings));
        match above.and_then(|above| self.found.get_mut(above.finding)) {
            Some(finding) => finding.scenarios.push(scenario),
            None => {
                let about = normal::content_words(&scenario.when).into_iter().last();
                let scenario_is_weak = scenario.given.is_empty();
                let statement = super::conflicts::one_line(&scenario.citation.quote);
                let finding = Finding {
                    statement,
                    kind: RequirementKind::Rule,
                    obligation: Obligation::Must,
                    asked_by_heading: None,
                    negated: false,
                    citation: scenario.citation.clone(),
                    rule: "scenario",
                    ask: None,
                    condition: None,
                    attributes: Attributes::default(),
                    scenarios: vec![scenario],
                    about,
                    under: None,
                    weak: scenario_is_weak,
                    source: self.index,
                    at: segment.at,
                };
                self.found.push(finding);
            }
        }
    }

    fn story(&mut self, segment: &Segment, tokens: &[Token], mut attributes: Attributes) -> bool {
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
    fn criterion(&mut self, segment: &Segment, tokens: &[Token]) -> bool {
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

    fn add_criterion(&mut self, segment: &Segment, tokens: &[Token]) {
        let Some(span) = span_of(tokens) else { return };
        let Some(citation) = self.cite(segment, span) else { return };
        let Some(finding) = self.above.as_ref().and_then(|above| self.found.get_mut(above.finding)) else { return };
        let (role, action) = finding.ask.as_ref().map_or(("user", ""), |ask| (&ask.role, &ask.action.text));
        let scenario = scenario::from_statement(self.source.text, tokens, role, action, citation);
        finding.scenarios.push(scenario);
    }

    fn requirement(&mut self, segment: &Segment, tokens: &[Token], section: Option<Section>, attributes: Attributes) {
        let text = self.source.text;
        let item = segment.kind == SegmentKind::ListItem
            || segment.kind == SegmentKind::TableRow
            || looks_like_item(text, tokens);
        let (lead, body) = if item { list_item::lead(tokens) } else { (&[][..], tokens) };
        // "Performance: …", "Technology: …" in a list of features
        let section = match section::of_words(lead) {
            Some(Section::Kind(kind)) if lead.len() < 4 && section.is_some() => Some(Section::Kind(kind)),
            _ => section,
        };
        let mut any = false;
        if let Some(wish) = wish::wish(text, body, self.register) {
            for ask in wish.asks {
                let mut finding = self.finding(segment, tokens, RequirementKind::Functional, wish.obligation, "wish");
                self.complete(&mut finding, segment, section, &attributes, Some(ask));
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
            if section == Some(Section::Aside) && (clause.obligation != Obligation::Must || clause.ability) {
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
            any |= self.clause(segment, tokens, clause, section, &attributes, alone);
        }
        if any || section == Some(Section::Aside) {
            return;
        }
        if let Some(hit) = rules::rule(body, self.register) {
            let mut finding = self.finding(segment, tokens, RequirementKind::Rule, Obligation::Must, "rule");
            if let Some(finding) = &mut finding {
                finding.about = hit.about;
                finding.weak = hit.weak;
            }
            self.complete(&mut finding, segment, section, &attributes, None);
            self.keep(segment, finding, false);
            return;
        }
        if !item || self.register == Register::Speech {
            return;
        }
        self.item(segment, tokens, lead, body, section, &attributes);
    }

    /// A list item that is no sentence, under a heading that says what the list is.
    fn item(
        &mut self,
        segment: &Segment,
        tokens: &[Token],
        lead: &[Token],
        body: &[Token],
        section: Option<Section>,
        attributes: &Attributes,
    ) {
        let Some(section) = section else { return };
        if tokens.len() < 2 || list_item::is_note(lead) {
            return;
        }
        if rules::is_field_item(tokens) {
            let finding = self.finding(segment, tokens, RequirementKind::Rule, Obligation::Must, "field item");
            self.keep_completed(finding, segment, section, attributes, None);
            return;
        }
        match section {
            Section::Kind(kind) if list_item::is_statement(tokens) => {
                let kind = super::kind::of_statement(tokens).unwrap_or(kind);
                let finding = self.finding(segment, tokens, kind, Obligation::Must, "list item");
                self.keep_completed(finding, segment, section, attributes, None);
            }
            Section::Requirements | Section::Asked(_) => {
                for (role, stated, action) in list_item::actions_of(self.source.text, lead, body) {
                    let ask = Ask { role, role_stated: stated, action, benefit: None };
                    let finding =
                        self.finding(segment, tokens, RequirementKind::Functional, Obligation::Should, "list item");
                    self.keep_completed(finding, segment, section, attributes, Some(ask));
                }
            }
            _ => {}
        }
    }

    fn keep_completed(
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

    fn clause(
        &mut self,
        segment: &Segment,
        sentence: &[Token],
        clause: &Clause<'_>,
        section: Option<Section>,
        attributes: &Attributes,
        alone: bool,
    ) -> bool {
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
                finding.condition = clause.condition.map(|words| words_of(self.source.text, words));
                finding.about = rules::owner(clause.subject_words).or_else(|| match &clause.subject {
                    Subject::Thing(noun) => Some(noun.clone()),
                    Subject::Person if clause.negated => head(after(clause.predicate, 1)),
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

    fn complete(
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
            finding.asked_by_heading = announced.map(|(_, heading)| heading);
        }
    }

    /// The heading or line above that says how strongly its list is asked for.
    fn announced_strength(&self, segment: &Segment) -> Option<(Obligation, String)> {
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

    fn finding(
        &self,
        segment: &Segment,
        tokens: &[Token],
        kind: RequirementKind,
        obligation: Obligation,
        rule: &'static str,
    ) -> Option<Finding> {
        let span = span_of(tokens)?;
        let statement = words_of(self.source.text, tokens);
        let under =
            self.topic.clone().filter(|(start, _)| *start == segment.span.start).map(|(_, noun)| noun).or_else(|| {
                self.above
                    .as_ref()
                    .filter(|above| above.explicit && above.headings == segment.headings)
                    .and_then(|above| above.object.clone())
            });
        Some(Finding {
            statement: super::lexicon::upper_first(statement.trim()),
            kind,
            obligation,
            asked_by_heading: None,
            negated: false,
            citation: self.cite(segment, span)?,
            rule,
            ask: None,
            condition: None,
            attributes: Attributes::default(),
            scenarios: Vec::new(),
            about: None,
            under,
            weak: false,
            source: self.index,
            at: segment.at.or(self.source.document.metadata.date),
        })
    }

    fn cite(&self, segment: &Segment, span: TextSpan) -> Option<Citation> {
        let quote = span.of(self.source.text)?.to_owned();
        let document = self.source.document;
        Some(Citation {
            document: document.id.clone(),
            version: document.version,
            name: document.name.clone(),
            span,
            place: segment.place.clone(),
            quote,
            speaker: segment.speaker.clone(),
        })
    }

    fn keep(&mut self, segment: &Segment, finding: Option<Finding>, explicit: bool) {
        let Some(finding) = finding else { return };
        let noun = finding.ask.as_ref().and_then(|ask| ask.action.head.clone()).or_else(|| finding.about.clone());
        if self.topic.as_ref().is_none_or(|(start, _)| *start != segment.span.start) {
            self.topic = noun.map(|noun| (segment.span.start, noun));
        }
        if let Some(ask) = &finding.ask {
            self.in_criteria = false;
            self.above = Some(Above {
                finding: self.found.len(),
                explicit,
                kind: segment.kind,
                indent: self.indent(segment),
                headings: segment.headings.clone(),
                object: ask.action.head.clone(),
            });
        }
        self.found.push(finding);
    }

    /// Spaces before the segment on its line.
    fn indent(&self, segment: &Segment) -> usize {
        let before = self.source.text.get(..segment.span.start).unwrap_or("");
        let line: String = before.chars().rev().take(200).take_while(|c| *c != '\n').collect();
        let own = segment.span.of(self.source.text).unwrap_or("");
        line.chars().rev().take_while(|c| c.is_whitespace()).count()
            + if line.is_empty() { own.chars().take_while(|c| c.is_whitespace()).count() } else { 0 }
    }
}

fn statement_of(ask: &Ask) -> String {
    let role = super::lexicon::upper_first(&ask.role);
    format!("{role}: {}", ask.action.text)
}

/// How strongly a stated priority asks.
fn obligation_of(priority: Priority) -> Obligation {
    match priority {
        Priority::P0 => Obligation::Must,
        Priority::P1 => Obligation::Should,
        Priority::P2 => Obligation::Could,
        Priority::P3 => Obligation::Wont,
    }
}

/// The sentence without its list marker: bullet, number, letter, check box.
fn without_marker(tokens: &[Token]) -> &[Token] {
    let mut rest = tokens;
    loop {
        let first = rest.first();
        let second = rest.get(1);
        let count = if phrase_at(rest, 0, "[ x ]") || phrase_at(rest, 0, "[ ]") {
            rest.iter().position(|t| t.is("]")).map_or(0, |at| at + 1)
        } else if first.is_some_and(|t| t.is_any(&["-", "•", "–", "*", "+", "◦", "▪", "☐", "‣", "·", "|", "—"]))
        {
            1
        } else if first.is_some_and(|t| {
            (t.kind == TokenKind::Number || t.lower.chars().count() == 1 && t.kind == TokenKind::Word)
                && t.gap != Gap::None
                || first.is_some_and(|t| t.kind == TokenKind::Number)
        }) && second.is_some_and(|t| t.is_any(&[".", ")"]) && t.gap == Gap::None)
        {
            2
        } else {
            0
        };
        if count == 0 {
            return rest;
        }
        rest = after(rest, count);
    }
}

fn looks_like_item(text: &str, tokens: &[Token]) -> bool {
    let Some(first) = tokens.first() else { return false };
    let before = text.get(..first.span.start).unwrap_or("");
    let line: String = before.chars().rev().take(12).take_while(|c| *c != '\n').collect();
    let marker = line.trim();
    !marker.is_empty()
        && (marker.chars().all(|c| "-•–*+[]x ".contains(c))
            || (marker.ends_with(|c: char| c.is_ascii_digit()) && marker.starts_with([')', '.'])))
}
