//! A span for each call, under the names of OpenTelemetry's conventions for generative AI.

use crate::ports::{LanguageModel, ModelEvent, ModelProfile, ModelRequest, ModelResponse, OutputFormat, TokenCount};
use crate::{Error, Result};
use async_trait::async_trait;
use futures::stream::BoxStream;
use tracing::{Instrument as _, Span, field, info_span};

/// Traces calls: what was asked for, what was used and what came of it. Never a prompt, an answer or a key.
///
/// None of the conventions' names is stable yet; they stand in this file and nowhere else.
#[derive(Debug)]
pub struct Telemetry<M> {
    inner: M,
    provider: &'static str,
}

impl<M: LanguageModel> Telemetry<M> {
    /// Traces the calls of `inner`, which asks this provider, such as `anthropic`.
    #[must_use]
    pub fn new(inner: M, provider: &'static str) -> Self {
        Self { inner, provider }
    }

    fn span(&self, request: &ModelRequest, is_stream: bool) -> Span {
        let output = match request.output {
            OutputFormat::Json { .. } => "json",
            _ => "text",
        };
        info_span!(
            "gen_ai.chat",
            otel.kind = "client",
            gen_ai.operation.name = "chat",
            gen_ai.provider.name = self.provider,
            gen_ai.request.model = request.model,
            gen_ai.request.max_tokens = request.max_output_tokens,
            gen_ai.request.stream = is_stream,
            gen_ai.output.type = output,
            gen_ai.prompt.name = request.purpose.task,
            gen_ai.workflow.name = request.purpose.stage,
            gen_ai.response.model = field::Empty,
            gen_ai.response.finish_reasons = field::Empty,
            gen_ai.usage.input_tokens = field::Empty,
            gen_ai.usage.output_tokens = field::Empty,
            gen_ai.usage.cache_read.input_tokens = field::Empty,
            gen_ai.usage.cache_creation.input_tokens = field::Empty,
            aipipe.cost.usd = field::Empty,
            error.type = field::Empty,
        )
    }
}

fn record(span: &Span, response: &ModelResponse) {
    let usage = response.usage;
    span.record("gen_ai.response.model", response.model.as_str());
    span.record("gen_ai.response.finish_reasons", field::debug(&response.stop));
    // The convention's input has all of the prompt in it.
    span.record("gen_ai.usage.input_tokens", usage.input_tokens + usage.cache_write_tokens + usage.cache_read_tokens);
    span.record("gen_ai.usage.output_tokens", usage.output_tokens);
    span.record("gen_ai.usage.cache_read.input_tokens", usage.cache_read_tokens);
    span.record("gen_ai.usage.cache_creation.input_tokens", usage.cache_write_tokens);
    span.record("aipipe.cost.usd", field::display(response.cost));
}

fn record_error(span: &Span, error: &Error) {
    span.record("error.type", error.kind().as_str());
}

#[async_trait]
impl<M: LanguageModel> LanguageModel for Telemetry<M> {
    fn profile(&self, model: &str) -> Option<ModelProfile> {
        self.inner.profile(model)
    }

    async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse> {
        let span = self.span(request, false);
        let answer = self.inner.generate(request).instrument(span.clone()).await;
        match &answer {
            Ok(response) => record(&span, response),
            Err(error) => record_error(&span, error),
        }
        answer
    }

    async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>> {
        let span = self.span(request, true);
        match self.inner.stream(request).instrument(span.clone()).await {
            Ok(stream) => Ok(Box::pin(futures::StreamExt::inspect(stream, move |event| match event {
                Ok(ModelEvent::Finished(response)) => record(&span, response),
                Ok(_) => {}
                Err(error) => record_error(&span, error),
            }))),
            Err(error) => {
                record_error(&span, &error);
                Err(error)
            }
        }
    }

    async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount> {
        self.inner.count_tokens(request).await
    }
}
