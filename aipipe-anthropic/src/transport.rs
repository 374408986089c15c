//! How requests get to the other side: a small trait, and the one over HTTPS.

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt::{self, Debug};
use std::time::Duration;

/// Headers by lower-case name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The headers of these names and values.
    #[must_use]
    pub fn new(headers: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect())
    }

    /// The first value under a lower-case name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpMethod {
    /// To look; it has no body.
    Get,
    /// To do something.
    Post,
}

/// A request. `Debug` shows neither body nor credentials.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpRequest {
    /// What it asks for.
    pub method: HttpMethod,
    /// Where to.
    pub url: String,
    /// Headers that are no secret.
    pub headers: Headers,
    /// The header that tells who asks, such as `authorization`, and its value.
    pub credential: Option<(&'static str, SecretString)>,
    /// JSON.
    pub body: Bytes,
}

impl HttpRequest {
    /// A POST request without credentials.
    #[must_use]
    pub fn new(url: impl Into<String>, headers: Headers, body: Bytes) -> Self {
        Self { method: HttpMethod::Post, url: url.into(), headers, credential: None, body }
    }

    /// A GET request without credentials.
    #[must_use]
    pub fn get(url: impl Into<String>, headers: Headers) -> Self {
        Self { method: HttpMethod::Get, ..Self::new(url, headers, Bytes::new()) }
    }
}

impl Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpRequest({:?}, {}, {} bytes)", self.method, self.url, self.body.len())
    }
}

/// The pieces of a body, as they come.
pub type Body = BoxStream<'static, Result<Bytes, TransportError>>;

/// An answer whose body is still coming.
#[non_exhaustive]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body.
    pub body: Body,
}

impl HttpResponse {
    /// An answer.
    #[must_use]
    pub fn new(status: u16, headers: Headers, body: Body) -> Self {
        Self { status, headers, body }
    }
}

impl Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Why a request came to no answer, or an answer to no end. The text says what failed and holds nothing of either.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// Nothing came in the time allowed.
    #[error("nothing came in the time allowed")]
    Timeout,
    /// The other side can't be reached.
    #[error("the other side can't be reached: {0}")]
    Unreachable(String),
    /// The connection ended before the answer did.
    #[error("the connection ended before the answer did: {0}")]
    Cut(String),
    /// The request can't be sent as it is.
    #[error("the request can't be sent: {0}")]
    Refused(String),
}

/// Sends requests. Redirects are not followed: a key goes where it was meant to go, or nowhere.
#[async_trait]
pub trait Transport: Debug + Send + Sync + 'static {
    /// Sends the request and returns once the head of the answer is there.
    ///
    /// # Errors
    /// [`TransportError`] when there is no answer; a status of 400 and above is one.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}

/// The transport over HTTPS, or HTTP to this machine.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
}

impl HttpTransport {
    /// How long a connection may take.
    const CONNECT: Duration = Duration::from_secs(5);

    /// A transport that gives up when nothing comes for `idle`.
    ///
    /// # Errors
    /// `Refused` when no TLS can be had.
    pub fn new(idle: Duration) -> Result<Self, TransportError> {
        let client = reqwest::Client::builder()
            .connect_timeout(Self::CONNECT)
            .read_timeout(idle)
            .redirect(reqwest::redirect::Policy::none())
            .tls_version_min(reqwest::tls::Version::TLS_1_3)
            .build();
        client.map(|client| Self { client }).map_err(|error| TransportError::Refused(reason(&error)))
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let mut sent = match request.method {
            HttpMethod::Get => self.client.get(&request.url),
            HttpMethod::Post => self.client.post(&request.url).body(request.body),
        };
        for (name, value) in request.headers.iter() {
            sent = sent.header(name, value);
        }
        if let Some((name, secret)) = &request.credential {
            let mut value = reqwest::header::HeaderValue::from_str(secret.expose_secret())
                .map_err(|_| TransportError::Refused("the credential is no header value".to_owned()))?;
            value.set_sensitive(true);
            sent = sent.header(*name, value);
        }
        let answer = sent.send().await.map_err(|error| failed(&error))?;
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = Headers::new(answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))));
        let status = answer.status().as_u16();
        let body = answer.bytes_stream().map(|piece| piece.map_err(|error| failed(&error))).boxed();
        Ok(HttpResponse { status, headers, body })
    }
}

fn failed(error: &reqwest::Error) -> TransportError {
    if error.is_timeout() {
        TransportError::Timeout
    } else if error.is_builder() {
        TransportError::Refused(reason(error))
    } else if error.is_connect() {
        TransportError::Unreachable(reason(error))
    } else {
        TransportError::Cut(reason(error))
    }
}

/// The innermost cause: the outer ones name the address, which may hold more than a host.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let text = cause.to_string();
    if std::ptr::eq(cause as *const _ as *const (), error as *const _ as *const ()) {
        "no reason is told".to_owned()
    } else {
        text
    }
}
