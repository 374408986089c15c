//! Asks a language model. No sampling knobs: current models refuse them.

use super::forward_port;
use crate::Result;
use crate::domain::{Cost, ExecutionId, IdempotencyKey, ProjectName, Timestamp, Usage};
use async_trait::async_trait;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::{self, Debug};
use std::time::Duration;

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageRole {
    /// The one who asks.
    User,
    /// The model.
    Assistant,
}

/// A piece of a prompt. `Debug` shows its length only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PromptPart {
    /// The text.
    pub text: String,
    /// Whether the provider should cache the prompt up to here.
    pub cache_until_here: bool,
}

impl PromptPart {
    /// A part that is no cache breakpoint.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), cache_until_here: false }
    }

    /// The same part as the end of a cached prefix.
    #[must_use]
    pub fn cached(mut self) -> Self {
        self.cache_until_here = true;
        self
    }
}

impl Debug for PromptPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PromptPart({} bytes)", self.text.len())
    }
}

/// A message of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// Who says it.
    pub role: MessageRole,
    /// What is said.
    pub parts: Vec<PromptPart>,
}

impl Message {
    /// What `role` says.
    #[must_use]
    pub fn new(role: MessageRole, parts: Vec<PromptPart>) -> Self {
        Self { role, parts }
    }
}

/// What form the answer must have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OutputFormat {
    /// Text.
    Text,
    /// JSON that is valid against the schema (JSON Schema 2020-12).
    Json {
        /// A name for the schema.
        name: String,
        /// The schema.
        schema: Value,
    },
}

/// How hard the model should think.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReasoningEffort {
    /// Little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
}

/// What the call is for; routes, budgets and ledgers go by it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Purpose {
    /// The stage's name.
    pub stage: String,
    /// The kind of task, such as `extract-requirements`.
    pub task: String,
    /// The story, where the call is for one.
    pub story: Option<String>,
    /// The model or role whose answer was not good enough, where this asks a stronger one for the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalated_from: Option<String>,
    /// Whose money it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged_to: Option<ChargedTo>,
}

/// The project and execution that a call is made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChargedTo {
    /// The project.
    pub project: ProjectName,
    /// The execution.
    pub execution: ExecutionId,
}

impl ChargedTo {
    /// This execution of this project.
    #[must_use]
    pub fn new(project: ProjectName, execution: ExecutionId) -> Self {
        Self { project, execution }
    }
}

impl Purpose {
    /// A purpose without a story.
    #[must_use]
    pub fn new(stage: impl Into<String>, task: impl Into<String>) -> Self {
        Self { stage: stage.into(), task: task.into(), ..Self::default() }
    }

    /// The same purpose for one story.
    #[must_use]
    pub fn with_story(mut self, story: impl Into<String>) -> Self {
        self.story = Some(story.into());
        self
    }

    /// The same purpose, for which that model or role was not good enough.
    #[must_use]
    pub fn with_escalated_from(mut self, model: impl Into<String>) -> Self {
        self.escalated_from = Some(model.into());
        self
    }
}

/// A question to a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ModelRequest {
    /// The model's id, or a role (`fast`, `primary`, `powerful`) where a router stands in front.
    pub model: String,
    /// Instructions.
    pub system: Vec<PromptPart>,
    /// The conversation; the last message is the user's.
    pub messages: Vec<Message>,
    /// Most output tokens, reasoning included.
    pub max_output_tokens: u32,
    /// The form of the answer.
    pub output: OutputFormat,
    /// How hard to think; the model's default when `None`.
    pub effort: Option<ReasoningEffort>,
    /// Texts that end the answer.
    pub stop_sequences: Vec<String>,
    /// What it is for.
    pub purpose: Purpose,
    /// When the caller gives up, from the call on.
    pub timeout: Option<Duration>,
    /// Names the call: the same in every try of it and in no other call; see [`LanguageModel`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<IdempotencyKey>,
}

impl ModelRequest {
    /// A text question with one user message.
    #[must_use]
    pub fn new(model: impl Into<String>, question: impl Into<String>, max_output_tokens: u32) -> Self {
        Self {
            model: model.into(),
            system: Vec::new(),
            messages: vec![Message { role: MessageRole::User, parts: vec![PromptPart::text(question)] }],
            max_output_tokens,
            output: OutputFormat::Text,
            effort: None,
            stop_sequences: Vec::new(),
            purpose: Purpose::default(),
            timeout: None,
            idempotency_key: None,
        }
    }

    /// The same question with these instructions.
    #[must_use]
    pub fn with_system(mut self, system: Vec<PromptPart>) -> Self {
        self.system = system;
        self
    }

    /// The same question for an answer of this form.
    #[must_use]
    pub fn with_output(mut self, output: OutputFormat) -> Self {
        self.output = output;
        self
    }

    /// The same question for this purpose.
    #[must_use]
    pub fn with_purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = purpose;
        self
    }

    /// The same question as the call of this key.
    #[must_use]
    pub fn with_idempotency_key(mut self, key: IdempotencyKey) -> Self {
        self.idempotency_key = Some(key);
        self
    }
}

/// Why the model stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// It was done.
    EndTurn,
    /// The output limit was reached: the answer is cut.
    MaxTokens,
    /// A stop sequence came.
    StopSequence,
    /// It refused.
    Refusal,
    /// The context window is full.
    ContextWindowExceeded,
    /// Anything newer.
    Other(String),
}

/// One attempt at a call, successful or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ModelAttempt {
    /// The model asked.
    pub model: String,
    /// The provider's id of the request.
    pub request_id: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took in milliseconds.
    pub duration_ms: u64,
    /// Why it failed, if it did: an error kind, never a body.
    pub failure: Option<String>,
}

impl ModelAttempt {
    /// A successful attempt without a request id.
    #[must_use]
    pub fn new(model: impl Into<String>, started_at: Timestamp, duration_ms: u64) -> Self {
        Self { model: model.into(), request_id: None, started_at, duration_ms, failure: None }
    }

    /// The same attempt under the provider's id.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// The same attempt, failed: an error kind, never a body.
    #[must_use]
    pub fn with_failure(mut self, failure: impl Into<String>) -> Self {
        self.failure = Some(failure.into());
        self
    }
}

/// What a provider tells of one of its rates with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportedRate {
    /// How much there is in all, in a minute.
    pub limit: Option<u64>,
    /// How much of it is left.
    pub remaining: u64,
    /// When all of it is there again.
    pub resets_at: Option<Timestamp>,
}

impl ReportedRate {
    /// So much is left.
    #[must_use]
    pub const fn new(remaining: u64) -> Self {
        Self { limit: None, remaining, resets_at: None }
    }

    /// The same, of so much a minute.
    #[must_use]
    pub const fn with_limit(mut self, a_minute: u64) -> Self {
        self.limit = Some(a_minute);
        self
    }

    /// The same, with all of it there again at this moment.
    #[must_use]
    pub const fn with_reset(mut self, at: Timestamp) -> Self {
        self.resets_at = Some(at);
        self
    }
}

/// What a provider tells of its rates when an answer begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportedRates {
    /// When it told so.
    pub at: Timestamp,
    /// Requests.
    pub requests: Option<ReportedRate>,
    /// Input tokens.
    pub input_tokens: Option<ReportedRate>,
    /// Output tokens; those of answers that are still coming count as if they were the longest.
    pub output_tokens: Option<ReportedRate>,
}

impl ReportedRates {
    /// Nothing, at this moment.
    #[must_use]
    pub const fn none(at: Timestamp) -> Self {
        Self { at, requests: None, input_tokens: None, output_tokens: None }
    }
}

/// An answer. `Debug` shows the length of the text only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ModelResponse {
    /// The model that answered.
    pub model: String,
    /// The answer; JSON as text where JSON was asked for.
    pub text: String,
    /// Why it stopped.
    pub stop: StopReason,
    /// Tokens used.
    pub usage: Usage,
    /// What it cost.
    pub cost: Cost,
    /// What it would have cost, where it was kept from an earlier call and cost nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved: Option<Cost>,
    /// All attempts, the last one successful.
    pub attempts: Vec<ModelAttempt>,
    /// What the provider told of its rates, where it did; of no use later, so it is not kept with the answer.
    #[serde(skip)]
    pub rates: Option<ReportedRates>,
}

impl ModelResponse {
    /// A finished answer (`StopReason::EndTurn`) of one or more attempts. An unknown price is [`Cost::AtLeast`].
    #[must_use]
    pub fn new(
        model: impl Into<String>,
        text: impl Into<String>,
        usage: Usage,
        cost: Cost,
        attempts: Vec<ModelAttempt>,
    ) -> Self {
        let (model, text, stop) = (model.into(), text.into(), StopReason::EndTurn);
        Self { model, text, stop, usage, cost, saved: None, attempts, rates: None }
    }

    /// The same answer with what the provider told of its rates.
    #[must_use]
    pub fn with_rates(mut self, rates: Option<ReportedRates>) -> Self {
        self.rates = rates;
        self
    }

    /// The same answer, stopped for this reason.
    #[must_use]
    pub fn with_stop(mut self, stop: StopReason) -> Self {
        self.stop = stop;
        self
    }
}

impl Debug for ModelResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelResponse")
            .field("model", &self.model)
            .field("text_bytes", &self.text.len())
            .field("stop", &self.stop)
            .field("usage", &self.usage)
            .field("cost", &self.cost)
            .finish_non_exhaustive()
    }
}

/// A part of a streamed answer. A stream ends with `Finished` or an error, never silently.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelEvent {
    /// More text.
    TextDelta(String),
    /// The whole answer, at the end.
    Finished(Box<ModelResponse>),
}

/// A number of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenCount {
    /// How many.
    pub tokens: u64,
    /// Counted by the provider's tokenizer, not estimated.
    pub exact: bool,
}

impl TokenCount {
    /// As the provider's tokenizer counts.
    #[must_use]
    pub const fn exact(tokens: u64) -> Self {
        Self { tokens, exact: true }
    }

    /// An estimate.
    #[must_use]
    pub const fn estimated(tokens: u64) -> Self {
        Self { tokens, exact: false }
    }
}

/// What a model can do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelProfile {
    /// Prompt and answer together, in tokens.
    pub context_tokens: u64,
    /// The longest answer, in tokens.
    pub max_output_tokens: u32,
    /// Answers by JSON schema are enforced by the provider.
    pub structured_output: bool,
    /// Prompt prefixes can be cached.
    pub prompt_caching: bool,
    /// `count_tokens` is exact.
    pub exact_token_count: bool,
}

impl ModelProfile {
    /// A profile with these limits and no extras.
    #[must_use]
    pub const fn new(context_tokens: u64, max_output_tokens: u32) -> Self {
        Self {
            context_tokens,
            max_output_tokens,
            structured_output: false,
            prompt_caching: false,
            exact_token_count: false,
        }
    }
}

/// Answers questions.
///
/// Contract, checked by `testing::conformance::language_model`: usage, cost and attempts are on every answer; an
/// unknown price is `Cost::AtLeast`, never zero; a refusal is `StopReason::Refusal` and not an error; errors hold no
/// prompt and no key; dropping the future cancels the call.
///
/// A call is *not* idempotent: callers journal answers. Between an answer and its journal a process may die, and then
/// the same question comes once more. Such a repeat is known by [`ModelRequest::idempotency_key`], which the engine
/// derives from execution, stage, step and the content of the request: equal keys are equal questions. Who keeps answers
/// may return the one it has for the key, at no cost; who does not, answers anew. The key is no part of the question: it
/// is not sent to a model as text and does not change what is answered. A request without a key is a call of its own.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait LanguageModel: Debug + Send + Sync + 'static {
    /// What the named model can do, or `None` when this adapter does not know it.
    fn profile(&self, model: &str) -> Option<ModelProfile>;

    /// Asks and returns the whole answer.
    ///
    /// # Errors
    /// `InvalidInput`, `Unauthenticated`, `RateLimited`, `QuotaExhausted`, `BudgetExceeded`, `Unavailable`, `Timeout`,
    /// `StreamTruncated`.
    async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse>;

    /// Asks and returns the answer as it comes.
    ///
    /// # Errors
    /// As [`generate`](Self::generate); later ones come through the stream.
    async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>>;

    /// How many input tokens the request has.
    ///
    /// # Errors
    /// As [`generate`](Self::generate).
    async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount>;
}

forward_port!(LanguageModel {
    fn profile(&self, model: &str) -> Option<ModelProfile>;
    async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse>;
    async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>>;
    async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount>;
});
