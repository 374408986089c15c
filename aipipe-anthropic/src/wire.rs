//! The Messages API's JSON: what is sent, and of what comes back the part that counts here.
//!
//! Fields, block types, events and stop reasons that this library does not know are passed over: the API adds to all of
//! them without a new version.

use aipipe_core::domain::Usage;
use aipipe_core::ports::{
    Message, MessageRole, ModelProfile, ModelRequest, OutputFormat, PromptPart, ReasoningEffort, StopReason,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The body of a request for an answer, or for its number of tokens.
#[derive(Debug, Serialize)]
pub(crate) struct WireRequest<'r> {
    model: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<TextBlock<'r>>,
    messages: Vec<WireMessage<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'r>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'r [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
}

#[derive(Debug, Serialize)]
struct WireMessage<'r> {
    role: &'static str,
    content: Vec<TextBlock<'r>>,
}

#[derive(Debug, Serialize)]
struct TextBlock<'r> {
    r#type: &'static str,
    text: std::borrow::Cow<'r, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Debug, Serialize)]
struct CacheControl {
    r#type: &'static str,
}

#[derive(Debug, Serialize)]
struct OutputConfig<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<JsonFormat<'r>>,
}

#[derive(Debug, Serialize)]
struct JsonFormat<'r> {
    r#type: &'static str,
    schema: &'r Value,
}

/// Most breakpoints of the prompt cache that a request may have.
const MOST_BREAKPOINTS: usize = 4;

impl<'r> WireRequest<'r> {
    /// The request for a streamed answer, as a model of this profile takes it.
    pub(crate) fn answer(request: &'r ModelRequest, profile: &ModelProfile) -> Self {
        let mut wire = Self::count(request, profile);
        wire.max_tokens = Some(request.max_output_tokens);
        wire.stop_sequences = &request.stop_sequences;
        wire.stream = Some(true);
        wire
    }

    /// The request as one of a batch, where nothing is streamed.
    pub(crate) fn batched(request: &'r ModelRequest, profile: &ModelProfile) -> Self {
        Self { stream: None, ..Self::answer(request, profile) }
    }

    /// The request for its number of tokens.
    pub(crate) fn count(request: &'r ModelRequest, profile: &ModelProfile) -> Self {
        let mut marks = Breakpoints::of(request, profile);
        let mut system: Vec<_> = said(&request.system).map(|part| marks.block(part)).collect();
        let format = match &request.output {
            OutputFormat::Json { schema, .. } if profile.structured_output => {
                Some(JsonFormat { r#type: "json_schema", schema })
            }
            OutputFormat::Json { schema, .. } => {
                system.push(TextBlock::plain(format!(
                    "Answer with JSON alone, with nothing before or after it, that is valid against this JSON Schema:\n{schema}"
                )));
                None
            }
            _ => None,
        };
        let effort = request.effort.map(|effort| match effort {
            ReasoningEffort::Low => "low",
            ReasoningEffort::Medium => "medium",
            _ => "high",
        });
        let output_config = (effort.is_some() || format.is_some()).then_some(OutputConfig { effort, format });
        let message = |message: &'r Message, marks: &mut Breakpoints| WireMessage {
            role: match message.role {
                MessageRole::User => "user",
                MessageRole::Assistant => "assistant",
            },
            content: said(&message.parts).map(|part| marks.block(part)).collect(),
        };
        Self {
            model: &request.model,
            max_tokens: None,
            system,
            messages: request.messages.iter().map(|one| message(one, &mut marks)).collect(),
            output_config,
            stop_sequences: &[],
            stream: None,
        }
    }
}

/// The parts that say something: the API refuses blank ones.
fn said(parts: &[PromptPart]) -> impl Iterator<Item = &PromptPart> {
    parts.iter().filter(|part| !part.text.trim().is_empty())
}

impl TextBlock<'_> {
    fn plain(text: String) -> Self {
        Self { r#type: "text", text: text.into(), cache_control: None }
    }
}

/// Which of the parts that ask for it become breakpoints: the last ones, as many as there may be.
#[derive(Debug)]
struct Breakpoints {
    passed_over: usize,
}

impl Breakpoints {
    fn of(request: &ModelRequest, profile: &ModelProfile) -> Self {
        let parts = said(&request.system).chain(request.messages.iter().flat_map(|message| said(&message.parts)));
        let wanted = parts.filter(|part| part.cache_until_here).count();
        let passed_over = if profile.prompt_caching { wanted.saturating_sub(MOST_BREAKPOINTS) } else { wanted };
        Self { passed_over }
    }

    fn block<'r>(&mut self, part: &'r PromptPart) -> TextBlock<'r> {
        let mut cache_control = None;
        if part.cache_until_here {
            match self.passed_over.checked_sub(1) {
                Some(left) => self.passed_over = left,
                None => cache_control = Some(CacheControl { r#type: "ephemeral" }),
            }
        }
        TextBlock { r#type: "text", text: part.text.as_str().into(), cache_control }
    }
}

/// Tokens as the API reports them; in a stream each report replaces what it has of the one before.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(crate) struct WireUsage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation: Option<WireCacheCreation>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct WireCacheCreation {
    ephemeral_1h_input_tokens: Option<u64>,
}

impl WireUsage {
    pub(crate) fn replaced_by(self, newer: Self) -> Self {
        Self {
            input_tokens: newer.input_tokens.or(self.input_tokens),
            output_tokens: newer.output_tokens.or(self.output_tokens),
            cache_creation_input_tokens: newer.cache_creation_input_tokens.or(self.cache_creation_input_tokens),
            cache_read_input_tokens: newer.cache_read_input_tokens.or(self.cache_read_input_tokens),
            cache_creation: newer.cache_creation.or(self.cache_creation),
        }
    }

    pub(crate) fn usage(self) -> Usage {
        let cache_write_tokens = self.cache_creation_input_tokens.unwrap_or(0);
        let long = self.cache_creation.and_then(|kept| kept.ephemeral_1h_input_tokens).unwrap_or(0);
        Usage {
            input_tokens: self.input_tokens.unwrap_or(0),
            cache_write_tokens,
            cache_write_1h_tokens: long.min(cache_write_tokens),
            cache_read_tokens: self.cache_read_input_tokens.unwrap_or(0),
            output_tokens: self.output_tokens.unwrap_or(0),
        }
    }
}

/// An event of a streamed answer.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum WireEvent {
    MessageStart {
        message: StartedMessage,
    },
    ContentBlockStart {
        content_block: Block,
    },
    ContentBlockDelta {
        delta: Delta,
    },
    MessageDelta {
        delta: Ended,
        #[serde(default)]
        usage: WireUsage,
    },
    MessageStop {},
    Error {
        error: WireError,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(crate) struct StartedMessage {
    #[serde(default)]
    pub(crate) model: Option<String>,
    #[serde(default)]
    pub(crate) usage: WireUsage,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Block {
    Text {
        #[serde(default)]
        text: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Delta {
    TextDelta {
        text: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Ended {
    #[serde(default)]
    pub(crate) stop_reason: Option<String>,
}

/// The body of an error.
#[derive(Debug, Deserialize)]
pub(crate) struct ErrorBody {
    pub(crate) error: WireError,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct WireError {
    #[serde(default)]
    pub(crate) r#type: String,
    #[serde(default)]
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) details: Option<ErrorDetails>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct ErrorDetails {
    #[serde(default)]
    pub(crate) error_code: Option<String>,
}

/// The answer to a request for the number of tokens.
#[derive(Debug, Deserialize)]
pub(crate) struct Counted {
    pub(crate) input_tokens: u64,
}

pub(crate) fn stop_reason(name: &str) -> StopReason {
    match name {
        "end_turn" => StopReason::EndTurn,
        "max_tokens" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence,
        "refusal" => StopReason::Refusal,
        "model_context_window_exceeded" => StopReason::ContextWindowExceeded,
        other => StopReason::Other(other.chars().take(64).collect()),
    }
}
