//! What the API's errors mean, by type and code; the message is for people and decides nothing, but for the one case the API
//! gives no other sign of.

use crate::transport::{Headers, TransportError};
use crate::wire::{ErrorBody, WireError};
use aipipe_core::domain::Timestamp;
use aipipe_core::{Error, ErrorKind};
use std::time::Duration;

/// How a message begins when the limit the account's owner has set is reached: an invalid request, by its type.
const OWN_LIMIT: &str = "You have reached your specified API usage limits";

/// The error of an answer with this status.
pub(crate) fn of_status(operation: &'static str, status: u16, headers: &Headers, body: &[u8], now: Timestamp) -> Error {
    let told = serde_json::from_slice::<ErrorBody>(body).map(|body| body.error).unwrap_or_default();
    let kind = kind(&told, Some(status));
    let mut error = named(operation, kind, &told).with("status", status);
    if let Some(id) = headers.get("request-id") {
        error = error.with("request_id", plain(id));
    }
    if kind == ErrorKind::RateLimited || kind == ErrorKind::Unavailable {
        error = match retry_after(headers, now) {
            Some(after) => error.after(after),
            None => error,
        };
    }
    match headers.get("x-should-retry") {
        Some("false") => error.with_retries_spent(),
        _ => error,
    }
}

/// The error of an event inside a stream.
pub(crate) fn of_event(operation: &'static str, told: &WireError) -> Error {
    named(operation, kind(told, None), told)
}

/// The error of a call that came to no answer.
pub(crate) fn of_transport(operation: &'static str, error: &TransportError) -> Error {
    let kind = match error {
        TransportError::Timeout => ErrorKind::Timeout,
        TransportError::Refused(_) => ErrorKind::InvalidInput,
        TransportError::Unreachable(_) | TransportError::Cut(_) => ErrorKind::Unavailable,
    };
    Error::new(kind, operation, error.to_string())
}

fn named(operation: &'static str, kind: ErrorKind, told: &WireError) -> Error {
    // The API's message may quote the request, so it is not repeated.
    let name = if told.r#type.is_empty() { "an error without a type".to_owned() } else { plain(&told.r#type) };
    let error = Error::new(kind, operation, format!("the API answers with {name}"));
    match code(told) {
        Some(code) => error.with("code", plain(code)),
        None => error,
    }
}

fn code(told: &WireError) -> Option<&str> {
    told.details.as_ref()?.error_code.as_deref()
}

fn kind(told: &WireError, status: Option<u16>) -> ErrorKind {
    let spent = code(told).is_some_and(|code| code.ends_with("spend_limit_reached"));
    match told.r#type.as_str() {
        _ if spent || told.message.starts_with(OWN_LIMIT) => ErrorKind::QuotaExhausted,
        "billing_error" => ErrorKind::QuotaExhausted,
        "authentication_error" => ErrorKind::Unauthenticated,
        "permission_error" => ErrorKind::PermissionDenied,
        "not_found_error" => ErrorKind::NotFound,
        "rate_limit_error" => ErrorKind::RateLimited,
        "timeout_error" => ErrorKind::Timeout,
        "api_error" | "overloaded_error" | "conflict_error" => ErrorKind::Unavailable,
        "invalid_request_error" | "request_too_large" => ErrorKind::InvalidInput,
        _ => match status {
            Some(401) => ErrorKind::Unauthenticated,
            Some(402) => ErrorKind::QuotaExhausted,
            Some(403) => ErrorKind::PermissionDenied,
            Some(404) => ErrorKind::NotFound,
            Some(408 | 504) => ErrorKind::Timeout,
            Some(429) => ErrorKind::RateLimited,
            Some(409 | 500..) => ErrorKind::Unavailable,
            Some(_) => ErrorKind::InvalidInput,
            None => ErrorKind::Unavailable,
        },
    }
}

/// How long to wait: `retry-after-ms`, else `retry-after` in seconds or as a date.
fn retry_after(headers: &Headers, now: Timestamp) -> Option<Duration> {
    let millis = headers.get("retry-after-ms").and_then(|text| text.trim().parse::<f64>().ok()).map(|ms| ms / 1000.0);
    let seconds = || headers.get("retry-after").and_then(|text| text.trim().parse::<f64>().ok());
    let wait = millis.or_else(seconds).filter(|seconds| *seconds > 0.0);
    let wait = wait.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    wait.or_else(|| {
        let date = jiff::fmt::rfc2822::parse(headers.get("retry-after")?).ok()?;
        let at = Timestamp::from_unix_millis(date.timestamp().as_millisecond());
        Some(at.since(now)).filter(|wait| !wait.is_zero())
    })
}

/// A short word of the other side, without anything that could be more than a word.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')).take(80).collect()
}
