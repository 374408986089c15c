//! Stage 2: requirements and stories of the documents, kept as a queue.

use super::{RuleExtractor, Source, synthesize};
use crate::domain::{DocumentSet, StageName, StorySet};
use crate::pipeline::{Outcome, Stage, StageContext};
use crate::tables::StoryRecord;
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;

/// Finds what the documents ask for and makes user stories of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequirementsSynthesizer {
    extractor: RuleExtractor,
}

impl RequirementsSynthesizer {
    /// By rules alone: deterministic, no model needed.
    #[must_use]
    pub fn by_rules() -> Self {
        Self { extractor: RuleExtractor::new() }
    }

    /// The stage's name: `requirements-synthesizer`.
    #[must_use]
    pub fn stage_name() -> StageName {
        StageName::literal("requirements-synthesizer")
    }
}

#[async_trait]
impl Stage for RequirementsSynthesizer {
    type Input = DocumentSet;
    type Output = StorySet;

    fn name(&self) -> StageName {
        Self::stage_name()
    }

    fn revision(&self) -> String {
        "2 rules".to_owned()
    }

    async fn run(&self, cx: &StageContext, documents: DocumentSet) -> Result<Outcome<StorySet>> {
        let texts = cx.document_texts(&documents).await?;
        let sources: Vec<_> =
            documents.documents.iter().zip(&texts).map(|(document, text)| Source { document, text }).collect();
        let stored = cx.store(&documents).await?;
        let stories = synthesize(documents.root.clone(), stored, &sources, &self.extractor);
        check_quotes(&stories, &sources)?;
        let records = (0..).zip(&stories.stories).map(|(position, story)| {
            let status = StoryRecord::PLANNED.to_owned();
            StoryRecord::new(story.clone(), cx.execution().clone(), status, position).and_then(|record| record.write())
        });
        cx.write_records(records.collect::<Result<_>>()?).await?;
        cx.progress(stories.stories.len(), stories.stories.len(), "stories");
        Ok(Outcome::Done(stories))
    }
}

/// Every quote must be the text of its span, whatever extractor found it.
fn check_quotes(stories: &StorySet, sources: &[Source<'_>]) -> Result<()> {
    let of_requirements = stories.requirements.iter().flat_map(|requirement| &requirement.citations);
    let of_criteria = stories.stories.iter().flat_map(|story| &story.criteria).map(|criterion| &criterion.citation);
    for citation in of_requirements.chain(of_criteria) {
        let source = sources.iter().find(|source| source.document.id == citation.document);
        let text = source.and_then(|source| citation.span.of(source.text));
        if text != Some(citation.quote.as_str()) {
            return Err(Error::new(ErrorKind::Internal, "requirements.quotes", "a quote is not the text it cites")
                .with("document", &citation.document));
        }
    }
    Ok(())
}
