//! The adapter against a transport that answers from a script.

use crate::scripted::{KEY, Scripted, answer, events, good, headers, model, question, secrets};
use aipipe_anthropic::{Anthropic, Auth, HttpResponse, TransportError};
use aipipe_core::ErrorKind;
use aipipe_core::domain::{Cost, PicoUsd, Timestamp, Usage};
use aipipe_core::model::{PriceBook, Terms};
use aipipe_core::ports::{
    LanguageModel, ModelProfile, ModelRequest, OutputFormat, PromptPart, ReasoningEffort, ReportedRate, SecretString,
    StopReason,
};
use aipipe_core::testing::{SimulatedClock, VirtualClock, conformance};
use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[tokio::test]
async fn an_answer_has_text_usage_cost_and_the_request_id() {
    let transport = Scripted::new(|_| Ok(good("Hello")));
    let response = model(transport.clone()).generate(&question()).await.unwrap();
    assert_eq!((response.text.as_str(), &response.stop), ("Hello", &StopReason::EndTurn));
    assert_eq!(response.cost, Cost::Known(PicoUsd::new(13_850_000_000)), "0.01385 dollars, at the prices of January");
    assert_eq!(response.attempts[0].request_id.as_deref(), Some("req_1"));
    let sent = &transport.sent.lock().unwrap()[0];
    assert_eq!(sent.url, "https://api.anthropic.com/v1/messages");
    assert_eq!(sent.headers.get("anthropic-version"), Some("2026-10-21"));
    let (name, key) = sent.credential.as_ref().unwrap();
    assert_eq!((*name, key.expose_secret()), ("authorization", format!("Bearer {KEY}").as_str()));
}

#[tokio::test]
async fn a_request_has_what_the_api_takes_and_nothing_else() {
    let transport = Scripted::new(|_| Ok(good("{}")));
    let schema = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let part = |text: &str| PromptPart::text(text).cached();
    let mut request = question()
        .with_system(vec![part("a"), part("b"), part("c"), part("d"), part("e")])
        .with_output(OutputFormat::Json { name: "stories".to_owned(), schema: schema.clone() });
    request.effort = Some(ReasoningEffort::Low);
    request.stop_sequences = vec!["END".to_owned()];
    model(transport.clone()).generate(&request).await.unwrap();
    let text = |text: &str, cached: bool| match cached {
        true => json!({"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}),
        false => json!({"type": "text", "text": text}),
    };
    let expected = json!({
        "model": "claude-sonnet-5-5",
        "max_tokens": 500,
        // Four breakpoints are all there may be; the last ones reach farthest.
        "system": [text("a", false), text("b", true), text("c", true), text("d", true), text("e", true)],
        "messages": [{"role": "user", "content": [text("the-words-of-the-question", false)]}],
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": schema}},
        "stop_sequences": ["END"],
        "stream": true,
    });
    assert_eq!(transport.body(0), expected);
}

#[tokio::test]
async fn a_model_without_structured_answers_is_told_the_schema() {
    let transport = Scripted::new(|_| Ok(good("{}")));
    let auth = Auth::Nobody;
    let model =
        Anthropic::compatible(transport.clone(), Arc::new(VirtualClock::default()), auth, "http://localhost:11434/")
            .unwrap()
            .profile("llama", ModelProfile::new(8_000, 2_000))
            .build()
            .unwrap();
    let schema = json!({"type": "object"});
    let request = ModelRequest::new("llama", "q", 10)
        .with_system(vec![PromptPart::text("s").cached()])
        .with_output(OutputFormat::Json { name: "x".to_owned(), schema });
    let response = model.generate(&request).await.unwrap();
    let body = transport.body(0);
    assert!(body.get("output_config").is_none() && body["system"][0].get("cache_control").is_none(), "{body}");
    assert!(body["system"][1]["text"].as_str().unwrap().contains(r#"{"type":"object"}"#));
    let sent = transport.sent.lock().unwrap()[0].clone();
    assert_eq!(
        (sent.url.as_str(), sent.headers.get("anthropic-version")),
        ("http://localhost:11434/v1/messages", Some("2023-06-01"))
    );
    assert!(sent.credential.is_none());
    // Nobody knows the model's price, unless the answer names another one.
    assert!(matches!(response.cost, Cost::Known(_)));
    assert!(!model.count_tokens(&request).await.unwrap().exact);
}

#[tokio::test]
async fn errors_are_told_by_type_and_code() {
    let limit = "You have reached your specified API usage limits. You will regain access on 2026-12-01.";
    for (status, kind, code, message, expected, retryable) in [
        (400, "invalid_request_error", "", "bad", ErrorKind::InvalidInput, false),
        (400, "invalid_request_error", "", limit, ErrorKind::QuotaExhausted, false),
        (401, "authentication_error", "", "", ErrorKind::Unauthenticated, false),
        (402, "billing_error", "", "", ErrorKind::QuotaExhausted, false),
        (403, "permission_error", "", "", ErrorKind::PermissionDenied, false),
        (404, "not_found_error", "", "", ErrorKind::NotFound, false),
        (409, "conflict_error", "", "", ErrorKind::Unavailable, true),
        (413, "request_too_large", "", "", ErrorKind::InvalidInput, false),
        (429, "rate_limit_error", "", "", ErrorKind::RateLimited, true),
        (429, "rate_limit_error", "ramp_limit_exceeded", "", ErrorKind::RateLimited, true),
        (429, "rate_limit_error", "enforced_spend_limit_reached", "", ErrorKind::QuotaExhausted, false),
        (429, "rate_limit_error", "contract_spend_limit_reached", "", ErrorKind::QuotaExhausted, false),
        (500, "api_error", "", "", ErrorKind::Unavailable, true),
        (504, "timeout_error", "", "", ErrorKind::Timeout, true),
        (529, "overloaded_error", "", "", ErrorKind::Unavailable, true),
        (418, "error_of_later_days", "", "", ErrorKind::InvalidInput, false),
        (599, "error_of_later_days", "", "", ErrorKind::Unavailable, true),
    ] {
        let body =
            json!({"type": "error", "error": {"type": kind, "message": message, "details": {"error_code": code}}});
        let transport = Scripted::new(move |_| {
            Ok(answer(status, &[("request-id", "req_2"), ("retry-after", "7")], vec![Ok(body.to_string().into())]))
        });
        let error = model(transport).generate(&question()).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (expected, retryable), "{status} {kind} {code}");
        assert_eq!(error.context("request_id"), Some("req_2"));
        let waits = matches!(expected, ErrorKind::RateLimited | ErrorKind::Unavailable);
        assert_eq!(error.retry_after(), waits.then_some(Duration::from_secs(7)), "{status} {kind} {code}");
        assert!(message.is_empty() || !error.chain().contains(message), "{error}");
    }
    // No body at all, or one of somebody in between.
    for body in ["", "<html>Bad gateway</html>"] {
        let transport = Scripted::new(move |_| Ok(answer(502, &[], vec![Ok(body.into())])));
        assert_eq!(model(transport).generate(&question()).await.unwrap_err().kind(), ErrorKind::Unavailable);
    }
}

#[tokio::test]
async fn what_keeps_retries_back_and_how_long_to_wait() {
    let after = |name: &'static str, value: &'static str| {
        let transport = Scripted::new(move |_| Ok(answer(429, &[(name, value)], Vec::new())));
        async move { model(transport).generate(&question()).await.unwrap_err() }
    };
    assert_eq!(after("retry-after-ms", "1500").await.retry_after(), Some(Duration::from_millis(1500)));
    assert_eq!(after("retry-after", "0.5").await.retry_after(), Some(Duration::from_millis(500)));
    assert_eq!(
        after("retry-after", "Mon, 05 Jan 2026 09:00:30 GMT").await.retry_after(),
        Some(Duration::from_secs(30))
    );
    for wrong in ["", "soon", "-3", "nan", "Mon, 05 Jan 2026 08:00:00 GMT"] {
        assert_eq!(after("retry-after", wrong).await.retry_after(), None, "{wrong}");
    }
    assert!(!after("x-should-retry", "false").await.is_retryable());
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_no_answer() {
    let whole = events("Hello", "end_turn");
    let cut = || Bytes::from(whole.split("event: message_delta").next().unwrap().to_owned());
    for (pieces, kind) in [
        (vec![Ok(cut())], ErrorKind::StreamTruncated),
        (vec![Ok(cut()), Err(TransportError::Cut("reset".to_owned()))], ErrorKind::StreamTruncated),
        (vec![Ok(cut()), Err(TransportError::Timeout)], ErrorKind::Timeout),
        (vec![Ok("data: {\"type\":\n\n".into())], ErrorKind::StreamTruncated),
        (
            vec![Ok("data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n".into())],
            ErrorKind::Unavailable,
        ),
        (Vec::new(), ErrorKind::StreamTruncated),
    ] {
        let pieces = Mutex::new(Some(pieces));
        let transport = Scripted::new(move |_| Ok(answer(200, &[], pieces.lock().unwrap().take().unwrap())));
        let error = model(transport).generate(&question()).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (kind, true));
    }
    let transport = Scripted::new(|_| Err(TransportError::Unreachable("no route".to_owned())));
    assert_eq!(model(transport).generate(&question()).await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn reasons_to_stop_are_told_and_a_refusal_is_no_error() {
    for (name, expected) in [
        ("max_tokens", StopReason::MaxTokens),
        ("refusal", StopReason::Refusal),
        ("model_context_window_exceeded", StopReason::ContextWindowExceeded),
        ("reason_of_later_days", StopReason::Other("reason_of_later_days".to_owned())),
    ] {
        let transport = Scripted::new(move |_| Ok(answer(200, &[], vec![Ok(events("", name).into())])));
        assert_eq!(model(transport).generate(&question()).await.unwrap().stop, expected);
    }
}

#[test]
fn a_request_ends_with_its_time() {
    let clock = Arc::new(SimulatedClock::at(Timestamp::from_unix_millis(0)));
    let transport = Scripted::new(|_| Ok(HttpResponse::new(200, headers(&[]), stream::pending().boxed())));
    let auth = Auth::Bearer(secrets(), "anthropic".to_owned());
    let model = Anthropic::builder(transport, clock.clone(), auth).unwrap().build().unwrap();
    let mut request = question();
    request.timeout = Some(Duration::from_secs(90));
    let error = clock.run(model.generate(&request)).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Timeout, false));
}

#[tokio::test]
async fn a_rotated_key_is_taken_at_the_next_call_and_nothing_shows_it() {
    let secrets = secrets();
    let transport = Scripted::new(|_| Ok(good("Hello")));
    let auth = Auth::ApiKey(secrets.clone(), "anthropic".to_owned());
    let model =
        Anthropic::builder(transport.clone(), Arc::new(VirtualClock::default()), auth).unwrap().build().unwrap();
    model.generate(&question()).await.unwrap();
    secrets.set("anthropic", "sk-ant-another", Timestamp::from_unix_millis(0));
    model.generate(&question()).await.unwrap();
    let sent = transport.sent.lock().unwrap();
    let keys: Vec<&SecretString> = sent.iter().map(|request| &request.credential.as_ref().unwrap().1).collect();
    assert_eq!([keys[0].expose_secret(), keys[1].expose_secret()], [KEY, "sk-ant-another"]);
    let shown = format!("{sent:?} {model:?}");
    assert!(!shown.contains("sk-ant") && !shown.contains("the-words-of-the-question"), "{shown}");
}

#[test]
fn an_address_that_would_leak_a_key_is_refused() {
    let build = |url: &str, auth: Auth| {
        let clock = Arc::new(VirtualClock::default());
        Anthropic::builder(Scripted::new(|_| Ok(good(""))), clock, auth).unwrap().base_url(url).build().map(drop)
    };
    let key = || Auth::Bearer(secrets(), "anthropic".to_owned());
    for (url, auth, fits) in [
        ("https://api.example.org/anthropic/", key(), true),
        ("http://localhost:8000", key(), true),
        ("http://[::1]:8000", key(), true),
        ("http://models.example.org", Auth::Nobody, true),
        ("http://models.example.org", key(), false),
        ("http://localhost.example.org", key(), false),
        ("https://user:secret@api.example.org", key(), false),
        ("https://api.example.org?x=1", key(), false),
        ("ftp://api.example.org", key(), false),
        ("api.example.org", key(), false),
        ("https://", key(), false),
    ] {
        assert_eq!(build(url, auth).is_ok(), fits, "{url}");
    }
}

#[tokio::test]
async fn it_keeps_the_promises_of_its_port() {
    let transport = Scripted::new(|request| {
        if request.url.ends_with("/count_tokens") {
            let tokens = request.body.len() / 4;
            return Ok(answer(200, &[], vec![Ok(json!({"input_tokens": tokens}).to_string().into())]));
        }
        Ok(good("An answer."))
    });
    let model: Arc<dyn LanguageModel> = Arc::new(model(transport));
    let book = PriceBook::builtin().unwrap();
    let prices = |usage: &Usage| {
        book.cost("claude-sonnet-5-5", Timestamp::parse("2026-01-05T09:00:00Z").unwrap(), *usage, Terms::default())
    };
    let report = conformance::language_model(&model, "claude-sonnet-5-5", &prices).await;
    assert!(report.failures().is_empty(), "{:?}", report.failures());
}

#[tokio::test]
async fn an_answer_tells_what_is_left_of_the_rates() {
    let transport = Scripted::new(|_| {
        let told = [
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "49"),
            ("anthropic-ratelimit-output-tokens-remaining", "8000"),
        ];
        Ok(answer(200, &told, vec![Ok(events("Hello", "end_turn").into())]))
    });
    let rates = model(transport).generate(&question()).await.unwrap().rates.unwrap();
    assert_eq!(rates.requests, Some(ReportedRate::new(49).with_limit(50)));
    assert_eq!((rates.input_tokens, rates.output_tokens), (None, Some(ReportedRate::new(8000))));
    let silent = Scripted::new(|_| Ok(good("Hello")));
    assert_eq!(model(silent).generate(&question()).await.unwrap().rates, None);
}

#[tokio::test]
async fn blank_parts_are_not_sent() {
    let transport = Scripted::new(|_| Ok(good("Hello")));
    let mut request = question().with_system(vec![PromptPart::text(" ").cached(), PromptPart::text("s").cached()]);
    request.messages[0].parts.push(PromptPart::text("\n"));
    model(transport.clone()).generate(&request).await.unwrap();
    let body = transport.body(0);
    assert_eq!(body["system"], json!([{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}]));
    assert_eq!(body["messages"][0]["content"].as_array().unwrap().len(), 1);
}
