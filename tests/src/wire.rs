//! What tests send to the Messages API, and the schemas they ask for answers in, noted for the contract's judge.
//!
//! `tests/rigs/model/contract` judges all of it after the tests. A line a request goes to `requests`, a line a schema to
//! `schemas`, both in `target/rigs/model`, in one file for each test process.

use aipipe_adapters_local::SystemClock;
use aipipe_anthropic::{Anthropic, Auth, Headers, HttpRequest, HttpResponse, Transport, TransportError};
use aipipe_core::model::RouterOptions;
use aipipe_core::ports::{LanguageModel as _, ModelRequest};
use async_trait::async_trait;
use futures::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

/// A transport that notes every request before it goes on.
#[derive(Debug)]
pub struct Noting<T> {
    inner: T,
    /// Who sends, for whoever reads a rejection.
    from: &'static str,
}

impl<T: Transport> Noting<T> {
    /// Notes what goes to `inner`.
    #[must_use]
    pub fn new(inner: T, from: &'static str) -> Self {
        Self { inner, from }
    }
}

#[async_trait]
impl<T: Transport> Transport for Noting<T> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let noted = note(&request, self.from);
        noted.map_err(|error| TransportError::Refused(format!("the request can't be noted: {error}")))?;
        self.inner.send(request).await
    }
}

/// The other side of a test that is only about what is sent: it takes everything and answers nothing.
#[derive(Debug)]
pub struct Nowhere;

#[async_trait]
impl Transport for Nowhere {
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, TransportError> {
        Ok(HttpResponse::new(200, Headers::default(), stream::empty().boxed()))
    }
}

/// Notes requests of stages as the adapter would send them, each to the model its role stands for.
///
/// # Errors
/// Those of the file system, as text.
pub async fn note_model_requests(requests: &[ModelRequest], from: &'static str) -> Result<(), String> {
    let transport = Arc::new(Noting::new(Nowhere, from));
    let model = Anthropic::builder(transport, Arc::new(SystemClock), Auth::Nobody).and_then(|builder| builder.build());
    let (model, routes) = (model.map_err(|error| error.chain())?, RouterOptions::default());
    for request in requests {
        let mut sent = request.clone();
        sent.model = routes.models_for(request).first().map_or(request.model.as_str(), |model| *model).to_owned();
        // The answer is none, which is all that may go wrong.
        match model.generate(&sent).await {
            Err(error) if error.kind() == aipipe_core::ErrorKind::StreamTruncated => {}
            other => return Err(format!("a request was not sent: {other:?}")),
        }
    }
    Ok(())
}

/// Notes a schema that answers are asked for in.
///
/// # Errors
/// Those of the file system.
pub fn note_schema(name: &str, schema: &Value) -> io::Result<()> {
    append("schemas", &json!({ "name": name, "schema": schema }))
}

fn note(request: &HttpRequest, from: &str) -> io::Result<()> {
    let endpoint = match request.url.rsplit('/').next() {
        Some("messages") => "messages",
        Some("count_tokens") => "count_tokens",
        Some("batches") => "batches",
        // Requests without a body of their own: looking at a batch, taking one back.
        _ => return Ok(()),
    };
    if request.body.is_empty() {
        return Ok(());
    }
    let body: Value = serde_json::from_slice(&request.body)?;
    append("requests", &json!({ "endpoint": endpoint, "from": from, "body": body }))
}

fn append(folder: &str, line: &Value) -> io::Result<()> {
    let folder = rigs()?.join(folder);
    std::fs::create_dir_all(&folder)?;
    let file = folder.join(format!("{}.jsonl", std::process::id()));
    OpenOptions::new().create(true).append(true).open(file)?.write_all(format!("{line}\n").as_bytes())
}

/// The folder of the rigs that models are tested with.
///
/// # Errors
/// Those of [`aipipe_benches::figures::path`].
pub fn rigs() -> io::Result<PathBuf> {
    Ok(aipipe_benches::figures::path()?.with_file_name("rigs").join("model"))
}
