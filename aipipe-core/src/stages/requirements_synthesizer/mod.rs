//! Stage 2: what the documents ask for, and the user stories made of it: by rules alone, or with a model.
//!
//! The way of a sentence: `words` and `sentences` cut a segment; `story_form`, `wish`, `clause`, `rules`,
//! `list_item` and `table` recognise the ways in which people ask for things; `ask` and `action` tell who wants to
//! do what; `extract` walks a document and keeps each with its quote. Then `merge` joins what was said twice,
//! `conflicts` finds what was said differently, `stories` writes stories with criteria, `order` sorts them and
//! `questions` and `lint` ask what can't be decided here.
//!
//! A model reads the same documents in `model` and offers claims; `claim` keeps what the words of the documents carry
//! (`grounds` looks them up) and completes it with what the rules found there. From there on both are the same.
//!
//! What no rule recognises is left out, never guessed: precision comes before completeness. `coverage` lists the sentences
//! that look as if they asked for something and are in no requirement, so that nothing is left out in silence. The rules are
//! English; text in other languages yields nothing.

mod action;
mod agent;
mod ask;
mod attributes;
mod claim;
mod clause;
mod conflicts;
mod coverage;
mod ears;
mod extract;
mod finding;
mod grounds;
mod kind;
mod lexicon;
mod lint;
mod list_item;
mod merge;
pub mod model;
mod normal;
mod noun_phrase;
mod options;
mod order;
mod questions;
mod rules;
mod scenario;
mod section;
mod sentences;
mod stage;
mod statement;
mod stories;
pub mod story_file;
mod story_form;
mod system;
mod table;
mod tags;
mod talk;
#[cfg(test)]
mod tests;
mod value;
mod wish;
mod words;

pub use super::source::Source;
pub(super) use claim::plain;
pub use claim::{Claim, ClaimedCriterion, Extracted};
pub(super) use grounds::Grounds;
pub use model::{ExtractionOptions, ModelExtractor};
pub use options::{Precedence, SynthesisOptions};
pub use stage::RequirementsSynthesizer;
pub use story_file::StoryFile;

use crate::Result;
use crate::domain::{
    Citation, DocumentSet, Obligation, OpenQuestion, ProjectRoot, Requirement, RequirementKind, Stored, StoryId,
    StorySet, UncoveredStatement, UnservedRequirement, UserStory,
};
use crate::pipeline::StageContext;
use async_trait::async_trait;
use merge::Group;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Finds requirements in documents, each with the words it rests on.
#[async_trait]
pub trait RequirementExtractor: fmt::Debug + Send + Sync + 'static {
    /// The name that appears in reports.
    fn name(&self) -> String;

    /// Changes whenever results may: part of the stage's revision.
    fn revision(&self) -> String;

    /// What `sources` ask for. The same documents and the same recorded answers give the same result.
    ///
    /// # Errors
    /// Those of a model or another service that is asked, and of the journal.
    async fn extract(&self, cx: &StageContext, sources: &[Source<'_>]) -> Result<Extracted>;
}

/// Finds requirements by rules; pure and deterministic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RuleExtractor;

impl RuleExtractor {
    /// An extractor with the built-in rules.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

#[async_trait]
impl RequirementExtractor for RuleExtractor {
    fn name(&self) -> String {
        "rules".to_owned()
    }

    fn revision(&self) -> String {
        "3 rules".to_owned()
    }

    async fn extract(&self, _cx: &StageContext, sources: &[Source<'_>]) -> Result<Extracted> {
        Ok(Extracted::by_rules(sources))
    }
}

/// The story set of `sources`: requirements, stories in the order in which to do them, open questions.
///
/// Pure and deterministic. Ids depend on what is said, not on where: other documents, another order or text that asks for
/// nothing leave them as they are.
#[must_use]
pub fn synthesize(
    root: ProjectRoot,
    documents: Stored<DocumentSet>,
    sources: &[Source<'_>],
    extracted: Extracted,
    options: &SynthesisOptions,
) -> StorySet {
    let extraction = extracted.report.clone();
    let Synthesis { requirements, stories, questions, without_story, uncovered } =
        synthesis(sources, extracted, options);
    StorySet { root, documents, requirements, stories, questions, without_story, uncovered, extraction }
}

struct Synthesis {
    requirements: Vec<Requirement>,
    stories: Vec<UserStory>,
    questions: Vec<OpenQuestion>,
    without_story: Vec<UnservedRequirement>,
    uncovered: Vec<UncoveredStatement>,
}

fn synthesis(sources: &[Source<'_>], extracted: Extracted, options: &SynthesisOptions) -> Synthesis {
    let Extracted { mut findings, stated, report } = extracted;
    findings
        .retain(|finding| sources.get(finding.source).is_some_and(|source| quotes_exactly(source, &finding.citation)));
    let groups = merge::groups(findings);
    let formats: Vec<_> = sources.iter().map(|source| source.document.format).collect();
    let conflicts = conflicts::conflicts(&groups, options, &formats);
    let set_aside: BTreeSet<_> = conflicts.iter().map(|c| c.set_aside.clone()).collect();
    let (drafts, attached) = stories::drafts(&groups, &conflicts);
    let disputed: BTreeSet<_> = conflicts.iter().flat_map(|c| [c.kept.clone(), c.set_aside.clone()]).collect();
    let groups: Vec<Group> =
        groups.into_iter().filter(|g| !g.weak() || attached.contains_key(&g.id) || disputed.contains(&g.id)).collect();
    let stories = order::ordered(drafts);
    let serving = serving(&stories);
    let titles: BTreeMap<&StoryId, &str> = stories.iter().map(|s| (&s.id, s.title.as_str())).collect();
    let mut questions: Vec<OpenQuestion> = Vec::new();
    for conflict in conflicts {
        let mut question = conflict.question;
        question.stories = [&conflict.kept, &conflict.set_aside]
            .into_iter()
            .filter_map(|id| serving.get(id))
            .flatten()
            .cloned()
            .collect();
        questions.push(question);
    }
    let about_requirements = questions::ambiguities(&groups)
        .into_iter()
        .chain(questions::exclusions(&groups))
        .chain(lint::of_requirements(&groups));
    for (requirement, mut question) in about_requirements {
        question.stories = serving.get(&requirement).cloned().unwrap_or_default();
        questions.push(question);
    }
    let lost = groups.iter().filter(|g| {
        g.kind() == RequirementKind::Rule
            && g.obligation != Obligation::Wont
            && !serving.contains_key(&g.id)
            && !disputed.contains(&g.id)
    });
    questions.extend(lost.map(questions::without_story));
    questions.extend(lint::of_stories(&stories));
    for question in &mut questions {
        question.stories.sort();
        question.stories.dedup();
    }
    let mut seen = BTreeSet::new();
    questions.retain(|question| seen.insert(question.id.clone()));
    let without_story = groups
        .iter()
        .filter_map(|group| {
            let reason = if set_aside.contains(&group.id) && !serving.contains_key(&group.id) {
                "another place contradicts it; see the open question".to_owned()
            } else if let Some(title) = attached.get(&group.id).and_then(|story| titles.get(story)) {
                format!("kept as an acceptance criterion of “{title}”")
            } else {
                reason(group, serving.contains_key(&group.id))?
            };
            Some(UnservedRequirement { requirement: group.id.clone(), reason })
        })
        .collect();
    let uncovered = coverage::uncovered(stated, &groups, &stories, sources);
    let requirements = groups.iter().map(|group| requirement(group, &report.extractor)).collect();
    Synthesis { requirements, stories, questions, without_story, uncovered }
}

/// Whether the quote is the text at its span, which lies within a segment of the document.
fn quotes_exactly(source: &Source<'_>, citation: &Citation) -> bool {
    citation.span.of(source.text) == Some(citation.quote.as_str())
}

fn serving(stories: &[UserStory]) -> BTreeMap<crate::domain::RequirementId, Vec<StoryId>> {
    let mut serving: BTreeMap<_, Vec<StoryId>> = BTreeMap::new();
    for story in stories {
        for requirement in &story.requirements {
            serving.entry(requirement.clone()).or_default().push(story.id.clone());
        }
    }
    serving
}

/// Why a requirement became no story; nothing when it did.
fn reason(group: &Group, served: bool) -> Option<String> {
    if served {
        return None;
    }
    let reason = match (group.obligation, group.kind()) {
        (Obligation::Wont, _) => "the text excludes it for now",
        (_, RequirementKind::Quality) => "a quality of the whole, not something one does",
        (_, RequirementKind::Constraint) => "a given of the solution, not something one does",
        (_, RequirementKind::Rule) => "a rule over something no story makes or changes; see the open question",
        (_, RequirementKind::Functional) => "no rule could tell who does what",
    };
    Some(reason.to_owned())
}

fn requirement(group: &Group, extractor: &str) -> Requirement {
    let mut citations: Vec<Citation> = Vec::new();
    for member in &group.members {
        if !citations.contains(&member.citation) {
            citations.push(member.citation.clone());
        }
    }
    Requirement {
        id: group.id.clone(),
        statement: conflicts::one_line(&group.leader.statement),
        kind: group.kind(),
        obligation: group.obligation,
        citations,
        found_by: match group.leader.rule {
            claim::CLAIMED => extractor.to_owned(),
            rule => format!("rules: {rule}"),
        },
        ears: ears::of(group),
    }
}
