//! What an extractor says that documents ask for, and what of it is kept: only what the documents' own words carry.

use super::ask::Ask;
use super::attributes::Attributes;
use super::extract::{self, Read, Stated, statement_of};
use super::finding::{Finding, Scenario};
use super::grounds::Grounds;
use super::lexicon::{self, singular};
use super::words::{span_of, tokenize, trim_marks, words_of};
use super::{Source, action, ask, conflicts, noun_phrase};
use crate::domain::is_invisible;
use crate::domain::{
    Citation, DocumentId, DroppedClaim, ExtractionReport, Obligation, RequirementKind, SegmentKind, TextSpan,
    UnreadPassages,
};

/// The rule that stands in a finding which rests on a claim.
pub(super) const CLAIMED: &str = "claim";

/// Most characters of what a claim says in its own words.
const LONGEST: usize = 300;
/// Most characters of a dropped quote that are shown.
const SHOWN: usize = 200;
/// Percent of the words of an action that its passage has to have.
const OF_ACTION: usize = 66;
/// Percent of the words of a benefit or a criterion that its passage has to have.
const OF_REST: usize = 50;
/// Most actions that are taken of one claim.
const MOST_ACTIONS: usize = 8;

/// One thing that an extractor says a document asks for.
///
/// It is an offer: [`Extracted::of_claims`] takes what the document's words carry and drops the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claim {
    /// The document.
    pub document: DocumentId,
    /// The words it rests on, as they stand in one passage of the document.
    pub quote: String,
    /// Where to look for them first: a byte of the passage.
    pub near: Option<usize>,
    /// What it is about.
    pub kind: RequirementKind,
    /// How strongly it is asked for.
    pub obligation: Obligation,
    /// Who wants to do it, where the text says so.
    pub role: Option<String>,
    /// What they want to do: a verb phrase without `to`. A functional claim has one.
    pub action: Option<String>,
    /// Why, where the text says so.
    pub benefit: Option<String>,
    /// The thing that a rule is about, where it is about one.
    pub about: Option<String>,
    /// How to tell that it is done.
    pub criteria: Vec<ClaimedCriterion>,
}

impl Claim {
    /// A claim of this kind on these words, that says no more.
    #[must_use]
    pub fn new(document: DocumentId, quote: impl Into<String>, kind: RequirementKind, obligation: Obligation) -> Self {
        Self {
            document,
            quote: quote.into(),
            near: None,
            kind,
            obligation,
            role: None,
            action: None,
            benefit: None,
            about: None,
            criteria: Vec::new(),
        }
    }

    /// The same: somebody wants to do this.
    #[must_use]
    pub fn with_action(mut self, role: Option<String>, action: impl Into<String>) -> Self {
        (self.role, self.action) = (role, Some(action.into()));
        self
    }

    /// The same with these criteria.
    #[must_use]
    pub fn with_criteria(mut self, criteria: Vec<ClaimedCriterion>) -> Self {
        self.criteria = criteria;
        self
    }
}

/// How an extractor says one can tell that something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimedCriterion {
    /// The state before; may be empty.
    pub given: String,
    /// The event; may be empty.
    pub when: String,
    /// What can be observed after.
    pub then: String,
    /// The words it rests on, as they stand in one passage of the same document.
    pub quote: String,
}

impl ClaimedCriterion {
    /// State, event and result, with the words they rest on.
    #[must_use]
    pub fn new(
        given: impl Into<String>,
        when: impl Into<String>,
        then: impl Into<String>,
        quote: impl Into<String>,
    ) -> Self {
        Self { given: given.into(), when: when.into(), then: then.into(), quote: quote.into() }
    }
}

/// What an extractor found. Everything in it cites words that stand in a document: there is no way to put in anything else.
#[derive(Debug, Clone)]
pub struct Extracted {
    pub(super) findings: Vec<Finding>,
    pub(super) stated: Vec<Stated>,
    pub(super) report: ExtractionReport,
}

impl Extracted {
    /// What the built-in rules find.
    #[must_use]
    pub fn by_rules(sources: &[Source<'_>]) -> Self {
        let Read { findings, stated } = extract::read(sources);
        let report = ExtractionReport { extractor: "rules".to_owned(), ..ExtractionReport::default() };
        Self { findings, stated, report }
    }

    /// What `extractor` claims, as far as the documents carry it, and what the rules find where it claims nothing.
    ///
    /// A claim is kept when its quote stands in one passage of its document (white space and typographic quotation marks
    /// aside), when the passage has at least one word of the action, and every number of the claim. Where a claim and a rule
    /// rest on the same words, the claim says what is asked and the rule what else stands there (priority, criteria below).
    #[must_use]
    pub fn of_claims(extractor: &str, sources: &[Source<'_>], claims: Vec<Claim>) -> Self {
        let mut found = Self::by_rules(sources);
        let grounds: Vec<Grounds<'_>> = sources.iter().map(Grounds::new).collect();
        let mut dropped = Vec::new();
        let mut claimed = Vec::new();
        let offered = claims.len();
        for claim in claims {
            let place = sources.iter().position(|source| source.document.id == claim.document);
            let taken = match place.and_then(|at| Some((at, grounds.get(at)?))) {
                Some((at, grounds)) => take(at, grounds, &claim, &mut dropped),
                None => Err("there is no such document"),
            };
            match taken {
                Ok(findings) => claimed.extend(findings),
                Err(reason) => dropped.push(note(place.and_then(|at| sources.get(at)), &claim.quote, reason)),
            }
        }
        found.findings = joined(claimed, found.findings);
        found.report = ExtractionReport { extractor: extractor.to_owned(), offered, dropped, unread: Vec::new() };
        found
    }

    /// The same, with passages of which nothing could be had but by the rules.
    #[must_use]
    pub fn with_unread(mut self, unread: Vec<UnreadPassages>) -> Self {
        self.report.unread = unread;
        self
    }

    /// How many claims were offered and what became of them.
    #[must_use]
    pub fn report(&self) -> &ExtractionReport {
        &self.report
    }
}

fn note(source: Option<&Source<'_>>, quote: &str, reason: &str) -> DroppedClaim {
    let quote = plain(quote).chars().take(SHOWN).collect();
    let document = source.map(|source| source.document.name.clone());
    DroppedClaim { document, quote, reason: reason.to_owned() }
}

/// A model's words on one line, without what can't be seen.
pub(in crate::stages) fn plain(text: &str) -> String {
    let visible: String =
        text.chars().filter(|c| !is_invisible(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    conflicts::one_line(&visible)
}

/// What of a claim may stay, or why nothing of it may.
fn take(
    at: usize,
    grounds: &Grounds<'_>,
    claim: &Claim,
    dropped: &mut Vec<DroppedClaim>,
) -> Result<Vec<Finding>, &'static str> {
    let said = [&claim.role, &claim.action, &claim.benefit, &claim.about];
    if said.into_iter().flatten().any(|text| text.chars().count() > LONGEST) {
        return Err("it says more than a requirement does");
    }
    let (segment, span) = grounds.find(&claim.quote, claim.near).ok_or("its quote does not stand in the document")?;
    let source = grounds.source();
    let Some(citation) = cite(source, segment, span) else { return Err("its quote does not stand in the document") };
    let action = claim.action.as_deref().map(plain).filter(|action| !action.is_empty());
    if claim.kind == RequirementKind::Functional && action.is_none() {
        return Err("it does not say what is to be done");
    }
    let own_words = [(action.as_deref(), OF_ACTION), (claim.about.as_deref(), 1)];
    for (words, percent) in own_words.into_iter().filter_map(|(words, percent)| Some((words?, percent))) {
        if !grounds.carries(segment, words, percent) {
            return Err("the passage has too few of its words, or not its numbers");
        }
    }
    // "Members must not be able to delete a booking", quoted from behind its "not"
    let forbids = |sentence: &Vec<super::words::Token>| {
        let clauses = super::clause::clauses(sentence);
        !clauses.is_empty() && clauses.iter().all(|clause| clause.negated)
    };
    if action.is_some() && grounds.sentences_at(segment, span).iter().any(forbids) {
        return Err("its sentence forbids it");
    }
    let mut scenarios = Vec::new();
    for criterion in &claim.criteria {
        match scenario(grounds, claim.near.or(Some(span.start)), criterion) {
            Ok(scenario) => scenarios.push(scenario),
            Err(reason) => dropped.push(note(Some(source), &criterion.quote, reason)),
        }
    }
    let sentence = plain(&citation.quote);
    let segment_of = source.document.segments.get(segment);
    let finding = Finding {
        statement: lexicon::upper_first(&sentence),
        kind: claim.kind,
        obligation: claim.obligation,
        asked_by_heading: None,
        negated: false,
        exclusive: false,
        who: None,
        citation,
        rule: CLAIMED,
        ask: None,
        condition: None,
        occasion: false,
        attributes: Attributes::default(),
        scenarios: Vec::new(),
        about: claim.about.as_deref().map(plain).and_then(|about| head_of(&about)),
        under: None,
        weak: false,
        refers: false,
        quoted: segment_of.is_some_and(|segment| segment.kind == SegmentKind::Quoted),
        source: at,
        at: segment_of.and_then(|segment| segment.at).or(source.document.metadata.date),
    };
    let Some(action) = action.filter(|_| claim.kind == RequirementKind::Functional) else {
        return Ok(vec![Finding { scenarios, ..finding }]);
    };
    let tokens = tokenize(&action, whole(&action));
    let actions: Vec<_> = action::actions(&action, &tokens).into_iter().take(MOST_ACTIONS).collect();
    if actions.is_empty() {
        return Err("it does not say what is to be done");
    }
    let role = claim.role.as_deref().map(plain).and_then(|role| role_of(&role)).filter(|role| grounds.names(role));
    let benefit =
        claim.benefit.as_deref().map(plain).filter(|text| !text.is_empty() && grounds.carries(segment, text, OF_REST));
    let several = actions.len() > 1;
    let mut findings = Vec::new();
    for action in actions {
        let ask = Ask {
            role: role.clone().unwrap_or_else(|| "user".to_owned()),
            role_stated: role.is_some(),
            action,
            benefit: benefit.clone(),
        };
        let statement = if several { statement_of(&ask) } else { finding.statement.clone() };
        let scenarios = if findings.is_empty() { std::mem::take(&mut scenarios) } else { Vec::new() };
        findings.push(Finding { statement, ask: Some(ask), scenarios, ..finding.clone() });
    }
    Ok(findings)
}

fn scenario(
    grounds: &Grounds<'_>,
    near: Option<usize>,
    criterion: &ClaimedCriterion,
) -> Result<Scenario, &'static str> {
    let [given, when, then] = [&criterion.given, &criterion.when, &criterion.then].map(|text| plain(text));
    if [&given, &when, &then].iter().any(|text| text.chars().count() > LONGEST) {
        return Err("a criterion that says more than one does");
    }
    if then.is_empty() {
        return Err("a criterion that does not say what can be observed");
    }
    let (segment, span) =
        grounds.find(&criterion.quote, near).ok_or("a criterion whose quote does not stand in the document")?;
    let citation =
        cite(grounds.source(), segment, span).ok_or("a criterion whose quote does not stand in the document")?;
    if !grounds.carries(segment, &format!("{given}; {when}; {then}"), OF_REST) {
        return Err("a criterion of which the passage has too few words, or not the numbers");
    }
    Ok(Scenario { given, when, then, citation })
}

fn cite(source: &Source<'_>, segment: usize, span: TextSpan) -> Option<Citation> {
    let segment = source.document.segments.get(segment)?;
    extract::cite(source, segment, span)
}

fn whole(text: &str) -> TextSpan {
    TextSpan { start: 0, end: text.len() }
}

fn head_of(words: &str) -> Option<String> {
    noun_phrase::head(&tokenize(words, whole(words))).map(|noun| singular(&noun))
}

/// The role that words name, as rules name one: singular, without an article.
fn role_of(words: &str) -> Option<String> {
    let tokens = tokenize(words, whole(words));
    let named = ask::roles_of(words, trim_marks(&tokens)).into_iter().next();
    named.or_else(|| span_of(&tokens).map(|_| words_of(words, trim_marks(&tokens)).to_lowercase()))
}

/// Claims, completed by what the rules found at the same words, and the rules' findings elsewhere; in order of appearance,
/// what is only quoted last. What the rules know somebody wants to do stays so, whatever else it is claimed to be.
fn joined(mut claimed: Vec<Finding>, ruled: Vec<Finding>) -> Vec<Finding> {
    let mut kept = Vec::new();
    let is_wish = |claim: &Finding| ruled.iter().any(|rule| rule.ask.is_some() && overlap(claim, rule));
    claimed.retain(|claim| claim.ask.is_some() || !is_wish(claim));
    let is_forbidden =
        |claim: &Finding| ruled.iter().any(|rule| rule.ask.is_none() && rule.negated && overlap(claim, rule));
    claimed.retain(|claim| claim.ask.is_none() || !is_forbidden(claim));
    for rule in ruled {
        let class = |finding: &Finding| finding.ask.as_ref().map(|ask| ask.action.class.clone());
        match claimed.iter_mut().find(|claim| overlap(claim, &rule) && class(claim) == class(&rule)) {
            Some(claim) => complete(claim, rule),
            None => kept.push(rule),
        }
    }
    kept.extend(claimed);
    kept.sort_by_key(|finding| (finding.quoted, finding.source, finding.citation.span.start));
    kept
}

fn overlap(one: &Finding, other: &Finding) -> bool {
    let (a, b) = (one.citation.span, other.citation.span);
    one.source == other.source && a.start < b.end && b.start < a.end
}

fn complete(claim: &mut Finding, rule: Finding) {
    // How strongly something is asked for, and by whom, stands in words that the rules read.
    claim.obligation = rule.obligation;
    claim.asked_by_heading = rule.asked_by_heading;
    claim.attributes.fill(rule.attributes);
    for scenario in rule.scenarios {
        if !claim.scenarios.iter().any(|there| there.citation.span == scenario.citation.span) {
            claim.scenarios.push(scenario);
        }
    }
    claim.negated |= rule.negated;
    claim.exclusive |= rule.exclusive;
    claim.weak |= rule.weak;
    claim.refers |= rule.refers;
    claim.occasion |= rule.occasion;
    claim.who = claim.who.take().or(rule.who);
    claim.condition = claim.condition.take().or(rule.condition);
    claim.about = rule.about.or(claim.about.take());
    claim.under = claim.under.take().or(rule.under);
    if let (Some(own), Some(ask)) = (&mut claim.ask, rule.ask) {
        own.benefit = own.benefit.take().or(ask.benefit);
        if ask.role_stated {
            (own.role, own.role_stated) = (ask.role, true);
        }
    }
}
