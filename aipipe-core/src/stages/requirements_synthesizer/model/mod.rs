//! Requirements found by a model: it reads the documents passage by passage and offers claims with quotes.
//!
//! ```text
//! documents ─▶ chunks ─▶ ask the first model ─▶ read ─┬─▶ claims ─▶ Extracted::of_claims: grounded, or dropped and counted
//!                          ▲                          │
//!                          ├── what is wrong, once ◀──┤
//!                          └── the second model ◀─────┘ and then: unread, by the rules alone
//! ```
//!
//! What documents say is data. It stands in the question as JSON, and whatever it makes a model answer, only claims come out
//! of here, and of these only what the document's own words carry. A chunk's question depends on the chunk alone, so an
//! unchanged part of a document is the same question again, which a cache answers.

mod answer;
mod chunks;
mod question;

pub use answer::schema;

use super::claim::{Claim, Extracted};
use super::grounds::Grounds;
use super::{RequirementExtractor, Source};
use crate::Result;
use crate::domain::{ContentHash, StepKey, UnreadPassages};
use crate::pipeline::StageContext;
use crate::ports::LanguageModel;
use async_trait::async_trait;
use chunks::Chunk;
use futures::FutureExt as _;
use futures::stream::{FuturesOrdered, StreamExt as _};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a model reads documents.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExtractionOptions {
    /// The model or role that is asked first, and once more when its answer can't be used.
    pub first: String,
    /// The model or role that is asked when that did not help.
    pub second: String,
    /// Most tokens of passages in one question, as estimated by [`ExtractionOptions::BYTES_A_TOKEN`].
    pub passage_tokens: usize,
    /// Most tokens of an answer.
    pub max_output_tokens: u32,
    /// How many questions are open at once.
    pub at_once: usize,
}

impl ExtractionOptions {
    /// Bytes of text that are taken for a token.
    pub const BYTES_A_TOKEN: usize = 3;

    /// The same with these models or roles.
    #[must_use]
    pub fn with_models(mut self, first: impl Into<String>, second: impl Into<String>) -> Self {
        (self.first, self.second) = (first.into(), second.into());
        self
    }

    /// The same with questions of at most so many tokens of passages.
    #[must_use]
    pub fn with_passage_tokens(mut self, tokens: usize) -> Self {
        self.passage_tokens = tokens;
        self
    }
}

impl Default for ExtractionOptions {
    /// The roles `fast` and `primary`, 6,000 tokens of passages, answers of up to 16,000 tokens, four at once.
    fn default() -> Self {
        Self {
            first: "fast".to_owned(),
            second: "primary".to_owned(),
            passage_tokens: 6_000,
            max_output_tokens: 16_000,
            at_once: 4,
        }
    }
}

/// Finds requirements by a model, and by rules where it finds none.
#[derive(Debug, Clone)]
pub struct ModelExtractor {
    model: Arc<dyn LanguageModel>,
    options: ExtractionOptions,
}

impl ModelExtractor {
    /// An extractor that asks this model.
    #[must_use]
    pub fn new(model: Arc<dyn LanguageModel>, options: ExtractionOptions) -> Self {
        Self { model, options }
    }

    /// What the answers about one chunk come to.
    async fn read(
        &self,
        cx: &StageContext,
        chunk: &Chunk<'_>,
        question: question::Question,
        name: String,
    ) -> Result<Result<Vec<Claim>, UnreadPassages>> {
        let step = |number: u32| StepKey::parse(format!("extract/{name}/{number}"));

        let request = question.first(&self.options.first);
        let response = cx.generate(&step(0)?, self.model.as_ref(), &request).await?;
        let fault = match answer::claims(&response, chunk) {
            Ok(claims) => return Ok(Ok(claims)),
            Err(fault) => fault,
        };
        if fault.may_be_mended() && !response.text.trim().is_empty() {
            let request = question.again(&self.options.first, &response.text, &fault);
            let response = cx.generate(&step(1)?, self.model.as_ref(), &request).await?;
            if let Ok(claims) = answer::claims(&response, chunk) {
                return Ok(Ok(claims));
            }
        }
        let mut request = question.first(&self.options.second);
        request.purpose = request.purpose.with_escalated_from(&self.options.first);
        let response = cx.generate(&step(2)?, self.model.as_ref(), &request).await?;
        Ok(answer::claims(&response, chunk).map_err(|fault| UnreadPassages {
            document: chunk.source().document.name.clone(),
            span: chunk.span(),
            reason: fault.to_string(),
        }))
    }
}

#[async_trait]
impl RequirementExtractor for ModelExtractor {
    fn name(&self) -> String {
        format!("model {}", self.options.first)
    }

    fn revision(&self) -> String {
        let ExtractionOptions { first, second, passage_tokens, max_output_tokens, at_once: _ } = &self.options;
        format!("model {} {first} {second} {passage_tokens} {max_output_tokens}", question::VERSION)
    }

    async fn extract(&self, cx: &StageContext, sources: &[Source<'_>]) -> Result<Extracted> {
        let most = self.options.passage_tokens.saturating_mul(ExtractionOptions::BYTES_A_TOKEN);
        let grounds: Vec<Grounds<'_>> = sources.iter().map(Grounds::new).collect();
        let chunks: Vec<Chunk<'_>> = grounds.iter().flat_map(|grounds| chunks::of(grounds, most)).collect();
        let total = chunks.len();
        let mut questions = Vec::new();
        let mut seen = BTreeMap::<ContentHash, usize>::new();
        for chunk in &chunks {
            let question = question::Question::new(chunk, self.options.max_output_tokens);
            let hash = ContentHash::of_parts(&[chunk.source().document.id.as_str(), question.passages()]);
            // The same passages once more in a document are asked about as their own.
            let before = seen.entry(hash).or_default();
            let name = if *before == 0 { hash.short(16) } else { format!("{}-{before}", hash.short(16)) };
            *before += 1;
            questions.push(self.read(cx, chunk, question, name).boxed());
        }
        let mut claims = Vec::new();
        let mut unread = Vec::new();
        let mut failed = None;
        let mut done = 0;
        let mut waiting = questions.into_iter();
        let mut asked = FuturesOrdered::new();
        loop {
            // After a failure nothing new is asked, and what was asked is waited for: it is paid for.
            while failed.is_none() && asked.len() < self.options.at_once.max(1) {
                let Some(question) = waiting.next() else { break };
                asked.push_back(question);
            }
            match asked.next().await {
                Some(Ok(Ok(found))) => claims.extend(found),
                Some(Ok(Err(passages))) => unread.push(passages),
                Some(Err(error)) => {
                    failed.get_or_insert(error);
                }
                None => break,
            }
            done += 1;
            cx.progress(done, total, "passages read");
        }
        if let Some(error) = failed {
            return Err(error);
        }
        Ok(Extracted::of_claims(&self.name(), sources, claims).with_unread(unread))
    }
}
