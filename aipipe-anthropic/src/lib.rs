#![doc = include_str!("../README.md")]

mod answer;
mod client;
mod fault;
mod profiles;
mod sse;
mod transport;
mod wire;

pub use client::{Anthropic, AnthropicBuilder, Auth, RequestSigner};
pub use transport::{Body, Headers, HttpRequest, HttpResponse, HttpTransport, Transport, TransportError};
