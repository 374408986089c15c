//! A transport that answers from a script, and answers for it.

use aipipe_anthropic::{Anthropic, Auth, Headers, HttpMethod, HttpRequest, HttpResponse, Transport, TransportError};
use aipipe_core::domain::Timestamp;
use aipipe_core::ports::ModelRequest;
use aipipe_core::testing::{MemorySecrets, VirtualClock};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

type Script = Box<dyn Fn(&HttpRequest) -> Result<HttpResponse, TransportError> + Send + Sync>;

/// Answers as the script says, and keeps what it was sent.
pub(crate) struct Scripted {
    script: Script,
    pub(crate) sent: Mutex<Vec<HttpRequest>>,
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scripted")
    }
}

impl Scripted {
    pub(crate) fn new(
        script: impl Fn(&HttpRequest) -> Result<HttpResponse, TransportError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { script: Box::new(script), sent: Mutex::default() })
    }

    /// What the script says of a request.
    pub(crate) fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        (self.script)(request)
    }

    pub(crate) fn body(&self, number: usize) -> Value {
        serde_json::from_slice(&self.sent.lock().unwrap()[number].body).unwrap()
    }
}

#[async_trait]
impl Transport for Scripted {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        note(&request);
        self.sent.lock().unwrap().push(request.clone());
        (self.script)(&request)
    }
}

pub(crate) fn headers(pairs: &[(&str, &str)]) -> Headers {
    Headers::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

pub(crate) fn answer(status: u16, pairs: &[(&str, &str)], pieces: Vec<Result<Bytes, TransportError>>) -> HttpResponse {
    HttpResponse::new(status, headers(pairs), stream::iter(pieces).boxed())
}

pub(crate) fn event(value: &Value) -> String {
    format!("event: {}\ndata: {value}\n\n", value["type"].as_str().unwrap())
}

/// The stream of an answer with this text.
pub(crate) fn events(text: &str, stop: &str) -> String {
    let usage = json!({"input_tokens": 1000, "cache_creation_input_tokens": 2000, "cache_read_input_tokens": 3000,
        "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 1500}, "output_tokens": 1});
    [
        json!({"type": "message_start", "message": {"id": "msg_1", "model": "claude-sonnet-5-5", "usage": usage}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 400}}),
        json!({"type": "message_stop"}),
    ]
    .iter()
    .map(event)
    .collect()
}

pub(crate) fn good(text: &str) -> HttpResponse {
    answer(
        200,
        &[("Request-Id", "req_1"), ("content-type", "text/event-stream")],
        vec![Ok(events(text, "end_turn").into())],
    )
}

pub(crate) const KEY: &str = "sk-ant-the-key-itself";

pub(crate) fn secrets() -> Arc<MemorySecrets> {
    let secrets = MemorySecrets::default();
    secrets.set("anthropic", KEY, Timestamp::from_unix_millis(0));
    Arc::new(secrets)
}

pub(crate) fn model(transport: Arc<Scripted>) -> Anthropic {
    let auth = Auth::Bearer(secrets(), "anthropic".to_owned());
    Anthropic::builder(transport, Arc::new(VirtualClock::default()), auth).unwrap().build().unwrap()
}

pub(crate) fn question() -> ModelRequest {
    ModelRequest::new("claude-sonnet-5-5", "the-words-of-the-question", 500)
}

/// Notes a request for the contract's judge, which looks at all of them after the tests (`tests/rigs/model/contract`).
fn note(request: &HttpRequest) {
    let endpoint = match request.url.rsplit('/').next() {
        Some(endpoint @ ("messages" | "count_tokens" | "batches")) if request.method == HttpMethod::Post => endpoint,
        _ => return,
    };
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let line = json!({"endpoint": endpoint, "from": "the adapter's tests", "body": body});
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let folder = target.join("rigs/model/requests");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{}.jsonl", std::process::id()));
    let file = OpenOptions::new().create(true).append(true).open(file);
    file.unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
}
