#![doc = include_str!("../README.md")]

mod answer;
mod batch;
mod client;
mod fault;
mod profiles;
mod rates;
mod sse;
mod transport;
mod wire;

pub use client::{Anthropic, AnthropicBuilder, Auth, RequestSigner};
pub use transport::{Body, Headers, HttpMethod, HttpRequest, HttpResponse, HttpTransport, Transport, TransportError};
