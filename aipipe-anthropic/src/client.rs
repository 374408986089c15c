//! The Messages API as a [`LanguageModel`].

use crate::answer::{Answer, Reader, broken};
use crate::fault;
use crate::profiles::Profiles;
use crate::rates;
use crate::transport::{Body, Headers, HttpRequest, HttpResponse, Transport};
use crate::wire::{Counted, WireRequest};
use aipipe_core::domain::{BatchId, Cost, IdempotencyKey, Timestamp, Usage};
use aipipe_core::model::{PriceBook, Terms};
use aipipe_core::ports::{
    Clock, LanguageModel, ModelAttempt, ModelEvent, ModelProfile, ModelRequest, ModelResponse, ReportedRates,
    SecretStore, StopReason, TokenCount,
};
use aipipe_core::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use futures::future::{Either, select};
use futures::lock::Mutex;
use futures::stream::{BoxStream, StreamExt as _, try_unfold};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

/// The version of the API whose rules the requests follow.
const API_VERSION: &str = "2026-10-21";

/// Most bytes of an error's body that are read.
const LONGEST_ERROR: usize = 64 << 10;

/// Signs a request for an endpoint that takes no key, such as Bedrock's (AWS Signature Version 4).
#[async_trait]
pub trait RequestSigner: Debug + Send + Sync + 'static {
    /// Adds to the request what proves who asks.
    ///
    /// # Errors
    /// `Unauthenticated`, `Unavailable`.
    async fn sign(&self, request: &mut HttpRequest) -> Result<()>;
}

/// How the other side knows who asks. A key is looked up at each call, so a rotated one needs no restart.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Auth {
    /// `Authorization: Bearer KEY`, with the key of this name in the store.
    Bearer(Arc<dyn SecretStore>, String),
    /// `x-api-key: KEY`, with the key of this name in the store.
    ApiKey(Arc<dyn SecretStore>, String),
    /// A signature.
    Signed(Arc<dyn RequestSigner>),
    /// Nothing, as local servers want it.
    Nobody,
}

/// Asks models over the Messages API, whoever speaks it.
///
/// One call is one request: it does not retry, wait for a rate limit or keep answers. Put `aipipe_core::model`'s decorators
/// around it.
///
/// It is a [`BatchLanguageModel`](aipipe_core::ports::BatchLanguageModel) as well.
#[derive(Debug, Clone)]
pub struct Anthropic {
    pub(crate) settings: Arc<Settings>,
    /// The batches that it has handed in, by key.
    pub(crate) submitted: Arc<Mutex<BTreeMap<IdempotencyKey, BatchId>>>,
}

#[derive(Debug)]
pub(crate) struct Settings {
    transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    auth: Auth,
    base_url: String,
    api_version: String,
    profiles: Profiles,
    prices: PriceBook,
    pub(crate) terms: Terms,
    counts_tokens: bool,
}

/// What an [`Anthropic`] is made with.
#[derive(Debug)]
pub struct AnthropicBuilder {
    settings: Settings,
}

impl Anthropic {
    /// Anthropic's own endpoint.
    ///
    /// # Errors
    /// `Internal` when the price list that comes along is damaged.
    pub fn builder(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>, auth: Auth) -> Result<AnthropicBuilder> {
        Ok(AnthropicBuilder {
            settings: Settings {
                transport,
                clock,
                auth,
                base_url: "https://api.anthropic.com".to_owned(),
                api_version: API_VERSION.to_owned(),
                profiles: Profiles::of_claude(),
                prices: PriceBook::builtin()?,
                terms: Terms::default(),
                counts_tokens: true,
            },
        })
    }

    /// Another server that speaks the same: no model is known but those that are told, and tokens are estimated.
    ///
    /// # Errors
    /// As [`builder`](Self::builder).
    pub fn compatible(
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        auth: Auth,
        base_url: impl Into<String>,
    ) -> Result<AnthropicBuilder> {
        let mut builder = Self::builder(transport, clock, auth)?;
        builder.settings.base_url = base_url.into();
        builder.settings.api_version = "2023-06-01".to_owned();
        builder.settings.profiles = Profiles::none();
        builder.settings.counts_tokens = false;
        Ok(builder)
    }
}

impl AnthropicBuilder {
    /// Another address: scheme, host and what stands before `/v1/messages`.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.settings.base_url = url.into();
        self
    }

    /// Another version of the API.
    #[must_use]
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.settings.api_version = version.into();
        self
    }

    /// What a model can do.
    #[must_use]
    pub fn profile(mut self, model: impl Into<String>, profile: ModelProfile) -> Self {
        self.settings.profiles.insert(model.into(), profile);
        self
    }

    /// Other or further prices.
    #[must_use]
    pub fn prices(mut self, prices: PriceBook) -> Self {
        self.settings.prices = prices;
        self
    }

    /// The terms that the account's calls are charged under.
    #[must_use]
    pub fn terms(mut self, terms: Terms) -> Self {
        self.settings.terms = terms;
        self
    }

    /// The adapter.
    ///
    /// # Errors
    /// `InvalidInput` when the address is none, or would send a key over plain HTTP to another machine.
    pub fn build(self) -> Result<Anthropic> {
        let mut settings = self.settings;
        let wrong = |message: &str| Err(Error::new(ErrorKind::InvalidInput, "model.build", message.to_owned()));
        settings.base_url.truncate(settings.base_url.trim_end_matches('/').len());
        let (scheme, rest) = settings.base_url.split_once("://").unwrap_or(("", ""));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = match authority.strip_prefix('[') {
            Some(address) => address.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        };
        if host.is_empty() || authority.contains('@') || rest.contains(['?', '#']) {
            return wrong("the base address has to be scheme and host, and may have a path");
        }
        let is_local = matches!(host, "localhost" | "127.0.0.1" | "::1");
        match scheme {
            "https" => {}
            "http" if is_local || matches!(settings.auth, Auth::Nobody) => {}
            "http" => return wrong("a key is not sent over plain HTTP to another machine"),
            _ => return wrong("the base address has to begin with https://"),
        }
        Ok(Anthropic { settings: Arc::new(settings), submitted: Arc::default() })
    }
}

impl Settings {
    pub(crate) fn profile(&self, model: &str) -> ModelProfile {
        self.profiles.get(model).cloned().unwrap_or_else(|| ModelProfile::new(0, u32::MAX))
    }

    fn headers(&self) -> Headers {
        let headers = [("content-type", "application/json"), ("anthropic-version", self.api_version.as_str())];
        Headers::new(headers.map(|(name, value)| (name.to_owned(), value.to_owned())))
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        body: &impl Serialize,
        operation: &'static str,
    ) -> Result<HttpResponse> {
        let body = serde_json::to_vec(body)
            .map_err(|error| Error::new(ErrorKind::Internal, operation, "the request is no JSON").caused_by(error))?;
        let url = format!("{}{path}", self.base_url);
        self.send(HttpRequest::new(url, self.headers(), Bytes::from(body)), operation).await
    }

    pub(crate) async fn get(&self, path: &str, operation: &'static str) -> Result<HttpResponse> {
        self.send(HttpRequest::get(format!("{}{path}", self.base_url), self.headers()), operation).await
    }

    async fn send(&self, mut request: HttpRequest, operation: &'static str) -> Result<HttpResponse> {
        match &self.auth {
            Auth::Bearer(store, name) => {
                let key = store.get(name).await?.value;
                let value = SecretString::from(format!("Bearer {}", key.expose_secret()));
                request.credential = Some(("authorization", value));
            }
            Auth::ApiKey(store, name) => request.credential = Some(("x-api-key", store.get(name).await?.value)),
            Auth::Signed(signer) => signer.sign(&mut request).await?,
            Auth::Nobody => {}
        }
        let answer = self.transport.send(request).await.map_err(|error| fault::of_transport(operation, &error))?;
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        let told = beginning(answer.body, LONGEST_ERROR).await;
        Err(fault::of_status(operation, answer.status, &answer.headers, &told, self.clock.now()))
    }

    /// The price of an answer by the model that it names, else by the one that was asked.
    pub(crate) fn price(&self, told: &str, asked: &str, at: Timestamp, usage: Usage, terms: Terms) -> Cost {
        let priced = if self.prices.knows(told) { told } else { asked };
        if !self.prices.knows(priced) {
            tracing::warn!(model = priced, "the model's price is not known, so neither is the cost of the call");
        }
        self.prices.cost(priced, at, usage, terms)
    }

    /// What `work` comes to, unless the request's time is over first.
    async fn in_time<T>(&self, deadline: Option<Timestamp>, work: impl Future<Output = Result<T>>) -> Result<T> {
        let Some(deadline) = deadline else { return work.await };
        let left = deadline.since(self.clock.now());
        match select(pin!(work), pin!(self.clock.sleep(left))).await {
            Either::Left((done, _)) => done,
            Either::Right(_) => {
                Err(Error::new(ErrorKind::Timeout, "model.generate", "the request's time is over").with_retries_spent())
            }
        }
    }
}

/// The first bytes of a body; an end that never comes, or an error, is one.
pub(crate) async fn beginning(mut body: Body, most: usize) -> Vec<u8> {
    let mut read = Vec::new();
    while let Some(Ok(piece)) = body.next().await {
        let room = most - read.len();
        read.extend_from_slice(piece.get(..room).unwrap_or(&piece));
        if read.len() >= most {
            break;
        }
    }
    read
}

/// An answer that is being read.
struct Streaming {
    settings: Arc<Settings>,
    model: String,
    body: Body,
    reader: Reader,
    ready: VecDeque<String>,
    request_id: Option<String>,
    rates: Option<ReportedRates>,
    started: Timestamp,
    deadline: Option<Timestamp>,
    is_over: bool,
}

impl Streaming {
    async fn next(mut self) -> Result<Option<(ModelEvent, Self)>> {
        if self.is_over {
            return Ok(None);
        }
        loop {
            if let Some(text) = self.ready.pop_front() {
                return Ok(Some((ModelEvent::TextDelta(text), self)));
            }
            if self.reader.answer.is_whole {
                self.is_over = true;
                let response = self.response()?;
                return Ok(Some((ModelEvent::Finished(Box::new(response)), self)));
            }
            let settings = Arc::clone(&self.settings);
            let next = self.body.next();
            let piece = settings.in_time(self.deadline, async { Ok(next.await) }).await?;
            match piece {
                Some(Ok(bytes)) => self.ready.extend(self.reader.push(&bytes)?),
                Some(Err(crate::TransportError::Timeout)) => {
                    return Err(Error::new(ErrorKind::Timeout, "model.stream", "nothing came for too long"));
                }
                Some(Err(error)) => return Err(broken("the connection ended before the answer did").caused_by(error)),
                None => self.reader.answer.end()?,
            }
        }
    }

    fn response(&self) -> Result<ModelResponse> {
        self.reader.answer.end()?;
        let Answer { model, text, stop, usage, .. } = &self.reader.answer;
        let model = model.clone().unwrap_or_else(|| self.model.clone());
        let usage = usage.usage();
        let Settings { terms, clock, .. } = &*self.settings;
        let cost = self.settings.price(&model, &self.model, self.started, usage, *terms);
        let took = clock.now().since(self.started).as_millis();
        let mut attempt = ModelAttempt::new(&model, self.started, u64::try_from(took).unwrap_or(u64::MAX));
        if let Some(id) = &self.request_id {
            attempt = attempt.with_request_id(id);
        }
        let stop = stop.clone().unwrap_or(StopReason::EndTurn);
        Ok(ModelResponse::new(model, text, usage, cost, vec![attempt]).with_stop(stop).with_rates(self.rates))
    }
}

#[async_trait]
impl LanguageModel for Anthropic {
    fn profile(&self, model: &str) -> Option<ModelProfile> {
        self.settings.profiles.get(model).cloned()
    }

    /// Streams inside: a long answer is not cut by a proxy's patience, and the API takes long ones in no other way.
    async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse> {
        let mut events = self.stream(request).await?;
        while let Some(event) = events.next().await {
            if let ModelEvent::Finished(response) = event? {
                return Ok(*response);
            }
        }
        Err(broken("the stream ended without an answer"))
    }

    async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>> {
        let settings = Arc::clone(&self.settings);
        let started = settings.clock.now();
        let deadline = request.timeout.map(|timeout| started.plus(timeout));
        let body = WireRequest::answer(request, &settings.profile(&request.model));
        let sent = settings.post("/v1/messages", &body, "model.generate");
        let answer = settings.in_time(deadline, sent).await?;
        let streaming = Streaming {
            request_id: answer.headers.get("request-id").map(str::to_owned),
            rates: rates::of_headers(&answer.headers, settings.clock.now()),
            settings,
            model: request.model.clone(),
            body: answer.body,
            reader: Reader::new(),
            ready: VecDeque::new(),
            started,
            deadline,
            is_over: false,
        };
        Ok(try_unfold(streaming, Streaming::next).boxed())
    }

    async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount> {
        let settings = &self.settings;
        let body = WireRequest::count(request, &settings.profile(&request.model));
        if !settings.counts_tokens {
            let bytes = serde_json::to_vec(&body).map_or(0, |text| text.len() as u64);
            return Ok(TokenCount::estimated(bytes.div_ceil(BYTES_PER_TOKEN)));
        }
        let deadline = request.timeout.map(|timeout| settings.clock.now().plus(timeout));
        let asked = settings.post("/v1/messages/count_tokens", &body, "model.count_tokens");
        let answer = settings.in_time(deadline, asked).await?;
        let read = beginning(answer.body, LONGEST_ERROR).await;
        let counted: Counted = serde_json::from_slice(&read)
            .map_err(|_| Error::new(ErrorKind::Unavailable, "model.count_tokens", "the answer is not readable"))?;
        Ok(TokenCount::exact(counted.input_tokens))
    }
}

/// Fewer than any tokenizer's average over English and code: an estimate is rather too high.
const BYTES_PER_TOKEN: u64 = 3;
