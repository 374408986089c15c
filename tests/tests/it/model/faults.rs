//! Every fault that llmock can make, through the whole stack; and its verdict on how we took them.

use super::rigs::Server;
use super::{adapter, question, records, whole_stack};
use aipipe::ErrorKind;
use aipipe::model::PriceBook;
use aipipe::ports::{LanguageModel, RecordKey, Table};
use aipipe_anthropic::{Headers, HttpRequest, HttpTransport, Transport as _};
use aipipe_tests::figures;
use futures::StreamExt as _;
use futures::future::join_all;
use serde_json::{Value, json};

const TEXT: &str = "one two three four five six seven eight";

/// Events of the stream that llmock makes of [`TEXT`]: start, block, ping, a delta each word, and three that end it.
const EVENTS: u32 = 14;

/// A model's faults, and what has to come of a call to it: the attempts it takes, or the error after them.
struct Case {
    name: String,
    faults: Vec<Value>,
    expected: Result<usize, (ErrorKind, u32)>,
}

fn case(name: impl Into<String>, faults: Vec<Value>, expected: Result<usize, (ErrorKind, u32)>) -> Case {
    Case { name: name.into(), faults, expected }
}

fn fail(status: u16, times: u32) -> Value {
    json!({"type": "fail", "status": status, "times": times})
}

fn cases() -> Vec<Case> {
    let mut cases = vec![
        case("429-after", vec![json!({"type": "fail", "status": 429, "retry_after": 1.2})], Ok(2)),
        case("429-twice-after", vec![json!({"type": "fail", "status": 429, "retry_after": 0.8, "times": 2})], Ok(3)),
        case("429", vec![fail(429, 2)], Ok(3)),
        case("529", vec![fail(529, 1)], Ok(2)),
        case("529-after", vec![json!({"type": "fail", "status": 529, "retry_after": 1.1})], Ok(2)),
        case("500", vec![fail(500, 2)], Ok(3)),
        case("503", vec![fail(503, 1)], Ok(2)),
        case("408", vec![fail(408, 1)], Ok(2)),
        case("500-then-cut", vec![fail(500, 1), json!({"type": "stream_fault", "kind": "truncate"})], Ok(3)),
        // It gives up in the end, and does not begin at all with what can't work.
        case("529-for-long", vec![fail(529, 9)], Err((ErrorKind::Unavailable, 3))),
        case("400", vec![fail(400, 9)], Err((ErrorKind::InvalidInput, 1))),
        case("401", vec![fail(401, 9)], Err((ErrorKind::Unauthenticated, 1))),
        case("403", vec![fail(403, 9)], Err((ErrorKind::PermissionDenied, 1))),
        case("slow", vec![json!({"type": "slow_first_token", "seconds": 0.5})], Ok(1)),
        case("late", vec![json!({"type": "delay", "seconds": 0.5})], Ok(1)),
        case("too-slow", vec![json!({"type": "slow_first_token", "seconds": 20})], Ok(2)),
    ];
    for after in 0..EVENTS {
        for kind in ["disconnect", "truncate", "malformed", "stall"] {
            // Nothing comes after the last event by which the server could see that nobody reads on.
            if kind == "malformed" && after == EVENTS - 1 {
                continue;
            }
            let fault = json!({"type": "stream_fault", "kind": kind, "after_chunks": after, "stall_seconds": 20});
            cases.push(case(format!("{kind}-{after}"), vec![fault], Ok(2)));
        }
    }
    cases
}

fn prices(models: &[String]) -> PriceBook {
    let tier = json!({"input": "1", "output": "5", "cache_write": "1", "cache_write_1h": "2", "cache_read": "0.1"});
    let of = |model: &String| (model.clone(), json!([{"tiers": [tier]}]));
    let models: serde_json::Map<String, Value> = models.iter().map(of).collect();
    PriceBook::parse(&json!({"as_of": "2026-11-22", "models": models}).to_string()).unwrap()
}

fn model_of(case: &Case) -> String {
    format!("llmock-{}", case.name)
}

/// Makes the faults wait for calls to this model.
fn queue(server: &Server, model: &str, faults: &[Value]) {
    let of_model = |mut fault: Value| {
        fault["match"] = json!({"model": model});
        fault
    };
    let reply = of_model(json!({"type": "reply", "text": TEXT, "times": null}));
    let behaviors: Vec<_> = faults.iter().cloned().map(of_model).chain([reply]).collect();
    let (status, told) = server.ask("POST", "/_llmock/scenario", Some(&json!({"behaviors": behaviors})));
    assert_eq!(status, 201, "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_is_survived_or_told_and_the_verdict_is_clean() {
    let Some(server) = Server::llmock() else { return };
    let cases = cases();
    let models: Vec<_> = cases.iter().map(model_of).collect();
    let base_url = format!("http://127.0.0.1:{}/anthropic", server.port);
    let records = records();
    let stack = whole_stack(adapter(&base_url, prices(&models)), prices(&models), "llmock", records.clone());
    for case in &cases {
        queue(&server, &model_of(case), &case.faults);
    }
    let asked = cases.iter().map(|case| {
        let (stack, model) = (&stack, model_of(case));
        async move { stack.generate(&question(&model, "Count.")).await }
    });
    let answers = join_all(asked).await;
    let mut wrong = Vec::new();
    for (case, answer) in cases.iter().zip(&answers) {
        let as_expected = match (&case.expected, answer) {
            (Ok(attempts), Ok(response)) => response.text == TEXT && response.attempts.len() == *attempts,
            (Err((kind, attempts)), Err(error)) => {
                let told = error.context("attempts").map_or(1, |told| told.parse().unwrap());
                error.kind() == *kind && told == *attempts && !error.is_retryable()
            }
            _ => false,
        };
        if !as_expected {
            wrong.push(format!("{}: {answer:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");

    let (_, requests) = server.ask("GET", "/_llmock/requests", None);
    let attempts = cases.iter().map(|case| match case.expected {
        Ok(attempts) => attempts as u64,
        Err((_, attempts)) => u64::from(attempts),
    });
    assert_eq!(requests["count"], attempts.sum::<u64>(), "requests were sent that no answer tells of");
    let (_, verdict) = server.ask("GET", "/_llmock/verdict", None);
    let violations = verdict["findings"].as_array().unwrap();
    figures::record("model.llmock_calls", cases.len(), "calls").unwrap();
    figures::record("model.llmock_verdict_violations", violations.len(), "findings").unwrap();
    assert!(violations.is_empty(), "{violations:#?}");
    assert_eq!(verdict["calls"], cases.len());
    // Every fault was really made: those of the cases, but for the two that only wait.
    assert!(verdict["faults_injected"].as_u64().unwrap() >= cases.len() as u64 - 2, "{verdict}");

    // What was set aside for calls that came to an answer is booked; the one nobody knows the cost of counts in full.
    let key = RecordKey::parse("rigs", "budget").unwrap();
    let sheet: Value = records.get(Table::ExecutionState, &key).await.unwrap().unwrap().decode().unwrap();
    assert_eq!(sheet["reserved"].as_object().unwrap().len(), 1, "{sheet}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_verdict_finds_who_takes_half_answers_and_does_not_wait() {
    let Some(server) = Server::llmock() else { return };
    queue(&server, "hasty", &[json!({"type": "fail", "status": 429, "retry_after": 1})]);
    queue(&server, "half", &[json!({"type": "stream_fault", "kind": "truncate", "after_chunks": 5})]);
    let transport = HttpTransport::new(super::IDLE).unwrap();
    // A client without any of the layers, and without the adapter's checks.
    let ask = async |model: &str| {
        let body =
            json!({"model": model, "max_tokens": 9, "stream": true, "messages": [{"role": "user", "content": "?"}]});
        let url = format!("http://127.0.0.1:{}/anthropic/v1/messages", server.port);
        let headers = Headers::new([("content-type".to_owned(), "application/json".to_owned())]);
        let request = HttpRequest::new(url, headers, body.to_string().into());
        let mut answer = transport.send(request).await.unwrap();
        while let Some(Ok(_)) = answer.body.next().await {}
        answer.status
    };
    assert_eq!([ask("hasty").await, ask("hasty").await, ask("half").await], [429, 200, 200]);
    let (_, verdict) = server.ask("GET", "/_llmock/verdict", None);
    let findings = verdict["findings"].as_array().unwrap();
    let codes: Vec<_> = findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"retry_after_ignored") && codes.contains(&"truncated_stream_accepted"), "{verdict}");
    assert_eq!(verdict["passed"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_has_begun_ends_with_an_error_and_is_never_begun_again() {
    let Some(server) = Server::llmock() else { return };
    let kinds = [
        ("disconnect", ErrorKind::StreamTruncated),
        ("truncate", ErrorKind::StreamTruncated),
        ("malformed", ErrorKind::StreamTruncated),
        ("stall", ErrorKind::Timeout),
    ];
    let models: Vec<_> = kinds.iter().map(|(kind, _)| format!("llmock-{kind}")).collect();
    let base_url = format!("http://127.0.0.1:{}/anthropic", server.port);
    let stack = whole_stack(adapter(&base_url, prices(&models)), prices(&models), "llmock", records());
    for ((kind, expected), model) in kinds.iter().zip(&models) {
        queue(&server, model, &[json!({"type": "stream_fault", "kind": kind, "after_chunks": 6, "stall_seconds": 20})]);
        let events: Vec<_> = stack.stream(&question(model, "Count.")).await.unwrap().collect().await;
        assert!(events.len() > 1 && events.iter().rev().skip(1).all(Result::is_ok), "{events:?}");
        assert_eq!(events.last().unwrap().as_ref().unwrap_err().kind(), *expected, "{kind}");
    }
    let (_, requests) = server.ask("GET", "/_llmock/requests", None);
    assert!(requests["count"].as_u64().unwrap() <= 4, "{requests}");
}
