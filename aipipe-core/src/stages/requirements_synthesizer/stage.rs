//! Stage 2: requirements and stories of the documents, kept as a queue.

use super::{
    ExtractionOptions, ModelExtractor, RequirementExtractor, RuleExtractor, Source, SynthesisOptions, synthesize,
};
use crate::domain::{DocumentSet, StageName, StorySet};
use crate::pipeline::{Outcome, Stage, StageContext};
use crate::ports::LanguageModel;
use crate::tables::StoryRecord;
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use std::sync::Arc;

/// Finds what the documents ask for and makes user stories of it.
#[derive(Debug, Clone)]
pub struct RequirementsSynthesizer {
    extractor: Arc<dyn RequirementExtractor>,
    options: SynthesisOptions,
}

impl RequirementsSynthesizer {
    /// By rules alone: deterministic, no model needed.
    #[must_use]
    pub fn by_rules() -> Self {
        Self::with(Arc::new(RuleExtractor::new()))
    }

    /// With a model that reads the documents besides the rules.
    #[must_use]
    pub fn with_model(model: Arc<dyn LanguageModel>, options: ExtractionOptions) -> Self {
        Self::with(Arc::new(ModelExtractor::new(model, options)))
    }

    /// With an extractor of the host.
    #[must_use]
    pub fn with(extractor: Arc<dyn RequirementExtractor>) -> Self {
        Self { extractor, options: SynthesisOptions::default() }
    }

    /// The same under these options.
    #[must_use]
    pub fn with_options(mut self, options: SynthesisOptions) -> Self {
        self.options = options;
        self
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
        let options = &self.options;
        let other = if *options == SynthesisOptions::default() { String::new() } else { format!(" {options:?}") };
        format!("{}{other}", self.extractor.revision())
    }

    async fn run(&self, cx: &StageContext, documents: DocumentSet) -> Result<Outcome<StorySet>> {
        let texts = cx.document_texts(&documents).await?;
        let sources: Vec<_> =
            documents.documents.iter().zip(&texts).map(|(document, text)| Source { document, text }).collect();
        let stored = cx.store(&documents).await?;
        let extracted = self.extractor.extract(cx, &sources).await?;
        let stories = synthesize(documents.root.clone(), stored, &sources, extracted, &self.options);
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
