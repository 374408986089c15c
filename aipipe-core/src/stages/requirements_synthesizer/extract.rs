//! Walks the documents segment by segment and notes everything that is asked for, each with its quote.

use super::Source;
use super::ask::{Ask, Register};
use super::attributes::{self, Attributes};
use super::finding::Finding;
use super::section::{self, Section};
use super::sentences::{is_question, sentences};
use super::words::{Gap, Token, TokenKind, after, phrase_at, span_of, tokenize, trim_marks, words_of};
use super::{coverage, list_item, normal, scenario, table, tags, wish};
use crate::domain::{Citation, DocumentFormat, Obligation, Priority, RequirementKind, Segment, SegmentKind, TextSpan};
use std::collections::{HashMap, HashSet};

mod requirement;
mod stated;
mod story;

/// The signals of what a mail quotes and answers with "no", and of such an answer.
const DENIED: &str = "the reply to it is “no”";
const DENIES: &str = "it answers what is quoted above it with “no”";

/// Most words and marks of a sentence that is looked at.
const LONGEST: usize = 300;

/// A sentence that has the words of an obligation, an ability or a rule, whether it was understood or not.
#[derive(Debug, Clone)]
pub(super) struct Stated {
    pub(super) citation: Citation,
    /// Those words.
    pub(super) signal: &'static str,
    pub(super) source: usize,
}

/// What reading the documents yields, in order of appearance; what is only quoted comes last.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// Everything that is asked for.
    pub(super) findings: Vec<Finding>,
    /// Every sentence that looks as if it asked for something.
    pub(super) stated: Vec<Stated>,
}

/// Reads the documents.
pub(super) fn read(sources: &[Source<'_>]) -> Read {
    let mut said = HashSet::new();
    let mut read = Read::default();
    for quoted in [false, true] {
        for (index, source) in sources.iter().enumerate() {
            Walk::new(index, source, &mut read, &mut said).run(quoted);
        }
    }
    read
}

/// The way through one document.
struct Walk<'a> {
    index: usize,
    source: &'a Source<'a>,
    register: Register,
    found: &'a mut Vec<Finding>,
    stated: &'a mut Vec<Stated>,
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
    /// Who the sentence before in the same segment was about: those whom "they" means.
    people: Option<(usize, String)>,
    /// Whether the sentence has a number in front, as tasks have.
    numbered: bool,
    /// Whether the reply to the quoted segment is "no".
    is_denied: bool,
    /// Whether the segment is such a reply.
    denies: bool,
    /// Whether the item only leads in the items below it ("Data collection:").
    leads: bool,
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
    fn new(index: usize, source: &'a Source<'a>, read: &'a mut Read, said: &'a mut HashSet<String>) -> Self {
        let register = match source.document.format {
            DocumentFormat::Transcript => Register::Speech,
            DocumentFormat::Chat | DocumentFormat::Email => Register::Mail,
            _ => Register::Document,
        };
        Self {
            index,
            source,
            register,
            found: &mut read.findings,
            stated: &mut read.stated,
            said,
            above: None,
            in_criteria: false,
            announced: None,
            columns: None,
            steps: scenario::Steps::default(),
            pending_label: None,
            topic: None,
            people: None,
            numbered: false,
            is_denied: false,
            denies: false,
            leads: false,
            sections: HashMap::new(),
        }
    }

    fn run(mut self, quoted: bool) {
        let segments = &self.source.document.segments;
        let denied = self.denied();
        for (at, segment) in segments.iter().enumerate() {
            self.is_denied = denied.contains(&at);
            self.denies = at > 0 && denied.contains(&(at - 1));
            match segment.kind {
                SegmentKind::Boilerplate => {
                    self.set_apart(segment, quoted);
                    continue;
                }
                SegmentKind::Quoted if !quoted => continue,
                kind if quoted && kind != SegmentKind::Quoted => continue,
                _ => {}
            }
            let mut tokens = tokenize(self.source.text, segment.span);
            self.leads = segments.get(at + 1).is_some_and(|next| list_item::leads_in(self.source.text, segment, next));
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

    /// The quoted segments of a mail whose reply, right below them, begins with "no".
    fn denied(&self) -> HashSet<usize> {
        if self.source.document.format != DocumentFormat::Email {
            return HashSet::new();
        }
        let segments = &self.source.document.segments;
        let begins_with_no = |segment: &Segment| {
            let tokens = tokenize(self.source.text, segment.span);
            let no = tokens.first().is_some_and(|t| t.is_any(&["no", "nope", "never", "wrong", "incorrect"]));
            no && tokens.get(1).is_none_or(Token::is_mark)
        };
        let pairs = segments.iter().zip(segments.iter().skip(1)).enumerate();
        pairs
            .filter(|(_, (said, reply))| {
                said.kind == SegmentKind::Quoted && reply.kind == SegmentKind::Paragraph && begins_with_no(reply)
            })
            .map(|(at, _)| at)
            .collect()
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
        // "What users can do" and "Staff must be able to" name what follows
        let names =
            rest.first().is_some_and(|t| t.is_any(&["what", "how", "who", "when", "where", "why", "which", "things"]));
        let open = rest.iter().rev().find(|t| !t.is_mark()).is_some_and(|t| t.is("to"));
        let announces = own.is_some_and(|section| section != Section::Requirements) || names || open;
        if !announces {
            self.state(segment, trim_marks(rest));
        }
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
                let row = columns.read(self.source.text, &cells);
                // the cell that asks is read below; what stands beside it is not lost
                let asking = row.as_ref().and_then(|row| row.statements.first()).and_then(|cell| span_of(cell));
                for sentence in cells.iter().flat_map(|cell| sentences(cell)).map(trim_marks) {
                    let own = span_of(sentence)
                        .zip(asking)
                        .is_some_and(|(at, cell)| cell.start <= at.start && at.end <= cell.end);
                    if !own {
                        self.state(segment, sentence);
                    }
                }
                let Some(row) = row else { return };
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
        let all = sentences(tokens);
        let last = all.len().saturating_sub(1);
        // "It is at most 90 minutes. OK?"
        let all_short = all.last().is_some_and(|sentence| sentence.iter().filter(|t| !t.is_mark()).count() < 3);
        for (number, sentence) in all.into_iter().enumerate() {
            // What was asked and answered with "no" is not wanted; neither side is lost.
            let asked_last = all_short && number + 1 == last;
            if self.is_denied && (number == last || asked_last) {
                self.state_as(segment, trim_marks(sentence), DENIED);
                continue;
            }
            if self.denies && number == 0 {
                self.state_as(segment, trim_marks(sentence), DENIES);
            }
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
        let title = segment.kind == SegmentKind::Paragraph
            && (1..=7).contains(&tokens.len())
            && tokens.first().is_some_and(|t| t.capital)
            && !tokens.iter().any(|t| t.is_any(&[".", "!", "?", ",", ";"]));
        if (title || last.is_some_and(|t| t.is(":"))) && segment.kind != SegmentKind::ListItem {
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
        let mut headings = segment.headings.as_slice();
        // a mail about next steps or open questions asks for things all the same
        if self.source.document.format == DocumentFormat::Email
            && let [subject, rest @ ..] = headings
            && matches!(section::of_heading(subject), Some(Section::Aside | Section::Preface))
        {
            headings = rest;
        }
        let section = section::of_headings(headings);
        self.sections.insert(segment.headings.clone(), section);
        section
    }

    /// One sentence, list item or cell.
    fn sentence(&mut self, segment: &Segment, sentence: &[Token], section: Option<Section>, given: &Attributes) {
        // no rule is made for a sentence of this length: it is data, or meant to keep a reader busy
        if sentence.len() > LONGEST {
            return self.state_pieces(segment, sentence);
        }
        let text = self.source.text;
        let untagged = tags::without_tags(sentence, self.register);
        let sentence = untagged.as_ref();
        let bare = without_marker(sentence);
        self.numbered = bare.len() < sentence.len() && sentence.first().is_some_and(|t| t.kind == TokenKind::Number);
        let (label, rest) = attributes::label(bare);
        let (mut attributes, rest) = attributes::in_brackets(text, rest);
        attributes.label = label.or(attributes.label);
        attributes.fill(given.clone());
        let whole = rest;
        let rest = trim_marks(rest);
        if rest.is_empty() {
            return;
        }
        let signal = coverage::signal(rest, self.register);
        let mut about_above = attributes::line(text, rest);
        about_above.fill(attributes::alone_in_brackets(text, bare));
        // "priority: must have" is about the story above, "After 8 pm, guests must ring (5 points)" is not
        if !about_above.is_empty() && (signal.is_none() || rest.iter().take(3).any(|t| t.is(":"))) {
            if let Some(finding) = self.above.as_ref().and_then(|above| self.found.get_mut(above.finding)) {
                if let Some((priority, quote)) = &about_above.priority {
                    finding.obligation = obligation_of(*priority);
                    finding.asked_by_heading = Some(quote.clone());
                }
                finding.attributes.fill(about_above);
            }
            return;
        }
        let asks = is_question(whole);
        let listed = segment.kind == SegmentKind::ListItem
            && !self.leads
            && !asks
            && !list_item::is_explanation(list_item::lead(rest).0)
            && self.register != Register::Speech
            && (matches!(section, Some(Section::Requirements | Section::Asked(_)))
                || section.is_none() && list_item::is_order(rest));
        let question = asks.then(|| coverage::question(rest, self.register)).flatten();
        if let Some(signal) = signal.or(question).or(listed.then_some(coverage::LISTED)) {
            self.state_as(segment, rest, signal);
        }
        if self.step(segment, rest) {
            return;
        }
        let broken = self.register == Register::Speech && whole.iter().any(|t| t.is_any(&["{", "}"]));
        if broken || asks && (self.register == Register::Speech || !wish::is_request(rest)) {
            return;
        }
        let aside = section == Some(Section::Aside)
            && (segment.kind == SegmentKind::ListItem || self.register != Register::Document);
        if self.story(segment, rest, attributes.clone()) {
            return;
        }
        if self.criterion(segment, rest) {
            return;
        }
        if aside {
            return;
        }
        self.requirement(segment, rest, section, &attributes);
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
            exclusive: false,
            who: None,
            citation: self.cite(segment, span)?,
            rule,
            ask: None,
            condition: None,
            occasion: false,
            attributes: Attributes::default(),
            scenarios: Vec::new(),
            about: None,
            under,
            weak: false,
            refers: false,
            quoted: segment.kind == SegmentKind::Quoted,
            source: self.index,
            at: segment.at.or(self.source.document.metadata.date),
        })
    }

    fn cite(&self, segment: &Segment, span: TextSpan) -> Option<Citation> {
        cite(self.source, segment, span)
    }

    fn keep(&mut self, segment: &Segment, finding: Option<Finding>, explicit: bool) {
        let Some(mut finding) = finding else { return };
        if let Some(ask) = &mut finding.ask {
            self.name_people(segment, ask);
        }
        let noun = finding.ask.as_ref().and_then(|ask| ask.action.head.clone()).or_else(|| finding.about.clone());
        if self.topic.as_ref().is_none_or(|(start, _)| *start != segment.span.start) {
            self.topic = noun.map(|noun| (segment.span.start, noun));
        }
        // of "add, edit and remove doctors" what follows is about adding
        let same = self
            .above
            .as_ref()
            .and_then(|above| self.found.get(above.finding))
            .is_some_and(|above| above.citation.span == finding.citation.span && above.source == finding.source);
        if let Some(ask) = finding.ask.as_ref().filter(|ask| !same || ask.action.class == "create") {
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

    /// Whether somebody was named before in the same segment.
    fn knows_people(&self, segment: &Segment) -> bool {
        self.people.as_ref().is_some_and(|(at, _)| *at == segment.span.start)
    }

    /// Puts those whom "they" means in its place, and remembers who is spoken of.
    fn name_people(&mut self, segment: &Segment, ask: &mut Ask) {
        let start = segment.span.start;
        if ask.role == super::ask::THEY {
            let known = self.people.as_ref().filter(|(at, _)| *at == start);
            ask.role_stated = known.is_some();
            ask.role = known.map_or_else(|| "user".to_owned(), |(_, role)| role.clone());
        } else if ask.role_stated {
            self.people = Some((start, ask.role.clone()));
        }
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

/// The words at a span of a segment.
pub(super) fn cite(source: &Source<'_>, segment: &Segment, span: TextSpan) -> Option<Citation> {
    let document = source.document;
    Some(Citation {
        document: document.id.clone(),
        version: document.version,
        name: document.name.clone(),
        span,
        place: segment.place.clone(),
        quote: span.of(source.text)?.to_owned(),
        speaker: segment.speaker.clone(),
    })
}

pub(super) fn statement_of(ask: &Ask) -> String {
    let role = if ask.role == super::ask::THEY { "user" } else { &ask.role };
    let role = super::lexicon::upper_first(role);
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
        } else if (first.is_some_and(is_section_number) && second.is_some_and(|t| t.capital && t.gap != Gap::None))
            || first.is_some_and(|t| t.is_any(&["-", "•", "–", "*", "+", "◦", "▪", "☐", "‣", "·", "|", "—"]))
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

/// "3.10" in front of a sentence is where it stands, not how many.
fn is_section_number(token: &Token) -> bool {
    token.kind == TokenKind::Number && token.lower.contains('.') && !token.lower.contains([',', ':'])
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
