//! Batches against a scripted Message Batches API.

use crate::scripted::{Scripted, answer, secrets};
use aipipe_anthropic::{Anthropic, Auth, HttpMethod, HttpRequest, HttpResponse, TransportError};
use aipipe_core::ErrorKind;
use aipipe_core::domain::{BatchId, Cost, IdempotencyKey, Timestamp, Usage};
use aipipe_core::model::{PriceBook, Terms};
use aipipe_core::ports::{BatchLanguageModel, BatchState, Clock, ModelRequest};
use aipipe_core::testing::conformance::{self, BatchRig};
use aipipe_core::testing::{SimulatedClock, VirtualClock};
use bytes::Bytes;
use futures::StreamExt as _;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MODEL: &str = "claude-haiku-5-5";

/// The batches that the other side has, the oldest first, and how often each was looked at.
#[derive(Debug, Default)]
struct Batches(Vec<(Value, u32)>);

fn begin() -> Timestamp {
    Timestamp::parse("2026-01-05T09:00:00Z").unwrap()
}

/// A question's result: an answer, or what `odd` says of it.
fn result(entry: &Value, odd: &Value) -> Value {
    let usage = json!({"input_tokens": 1000, "output_tokens": 100});
    let content =
        json!([{"type": "dream", "x": 1}, {"type": "text", "text": "An "}, {"type": "text", "text": "answer."}]);
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": MODEL, "content": content,
        "stop_reason": "end_turn", "usage": usage});
    let whole = json!({"type": "succeeded", "message": message});
    json!({"custom_id": entry["custom_id"], "result": if odd.is_null() { whole } else { odd.clone() }})
}

impl Batches {
    /// The answer to one request, by the API's documentation.
    fn answer(&mut self, request: &HttpRequest, odd: &[Value]) -> HttpResponse {
        let (path, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
        let path: Vec<_> = path.split("/v1/messages/batches").nth(1).unwrap().split('/').skip(1).collect();
        let told = |status: u16, value: &Value| answer(status, &[], vec![Ok(value.to_string().into())]);
        let error =
            |status, kind: &str| told(status, &json!({"type": "error", "error": {"type": kind, "message": "m"}}));
        match (request.method, path.as_slice()) {
            (HttpMethod::Post, []) => {
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                let id = format!("msgbatch_{}", self.0.len() + 1);
                let batch = json!({"id": id, "requests": body["requests"], "state": "in_progress",
                    "created_at": begin().to_string()});
                self.0.push((batch, 0));
                told(200, &self.shown(self.0.len() - 1))
            }
            (HttpMethod::Get, []) => {
                let after = query.split("after_id=").nth(1);
                let ids: Vec<_> = (0..self.0.len()).rev().collect();
                let from = after.map_or(0, |id| 1 + ids.iter().position(|at| self.0[*at].0["id"] == id).unwrap());
                // Two a page, however many are asked for.
                let page: Vec<_> = ids.iter().skip(from).take(2).map(|at| self.shown(*at)).collect();
                told(200, &json!({"data": page, "has_more": ids.len() > from + 2}))
            }
            (method, [id, rest @ ..]) => {
                let Some(at) = self.0.iter().position(|(batch, _)| batch["id"] == *id) else {
                    return error(404, "not_found_error");
                };
                let (batch, looks) = &mut self.0[at];
                match (method, rest) {
                    (HttpMethod::Get, []) => {
                        *looks += 1;
                        if *looks == 3 {
                            batch["state"] = json!("ended");
                        }
                        told(200, &self.shown(at))
                    }
                    (HttpMethod::Post, ["cancel"]) if batch["state"] == "in_progress" => {
                        batch["state"] = json!("canceling");
                        batch["cancelled"] = json!(true);
                        told(200, &self.shown(at))
                    }
                    (HttpMethod::Get, ["results"]) if batch["state"] == "ended" => {
                        let canceled = json!({"type": "canceled"});
                        let is_cancelled = batch["cancelled"] == true;
                        let entries = batch["requests"].as_array().unwrap().iter().enumerate().rev();
                        let results = entries.map(|(number, entry)| {
                            let odd = if is_cancelled { &canceled } else { odd.get(number).unwrap_or(&Value::Null) };
                            format!("{}\n", result(entry, odd))
                        });
                        let text: String = results.collect();
                        // In pieces that end anywhere.
                        let pieces = text.as_bytes().chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece)));
                        answer(200, &[], pieces.collect())
                    }
                    _ => error(400, "invalid_request_error"),
                }
            }
            _ => error(404, "not_found_error"),
        }
    }

    fn shown(&self, at: usize) -> Value {
        let batch = &self.0[at].0;
        let requests = batch["requests"].as_array().unwrap().len();
        let counts = match (batch["state"].as_str().unwrap(), batch["cancelled"] == true) {
            ("ended", true) => json!({"processing": 0, "canceled": requests}),
            ("ended", false) => json!({"processing": 0, "succeeded": requests}),
            _ => json!({"processing": requests, "succeeded": 0}),
        };
        json!({"id": batch["id"], "type": "message_batch", "processing_status": batch["state"], "of_later_days": [],
            "request_counts": counts, "created_at": batch["created_at"], "expires_at": "2026-01-06T09:00:00Z"})
    }
}

/// The other side, and what it has.
fn other_side(odd: Vec<Value>) -> (Arc<Scripted>, Arc<Mutex<Batches>>) {
    let batches = Arc::new(Mutex::new(Batches::default()));
    let kept = Arc::clone(&batches);
    (Scripted::new(move |request| Ok(kept.lock().unwrap().answer(request, &odd))), batches)
}

fn adapter(transport: Arc<Scripted>, clock: Arc<dyn Clock>) -> Arc<dyn BatchLanguageModel> {
    let auth = Auth::Bearer(secrets(), "anthropic".to_owned());
    Arc::new(Anthropic::builder(transport, clock, auth).unwrap().build().unwrap())
}

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

fn questions(count: usize) -> Vec<ModelRequest> {
    (0..count).map(|number| ModelRequest::new(MODEL, format!("Question {number}"), 100)).collect()
}

#[test]
fn it_keeps_the_promises_of_its_port() {
    let clock = Arc::new(SimulatedClock::at(begin()));
    let (transport, made) = other_side(Vec::new());
    let ticking = clock.clone() as Arc<dyn Clock>;
    let (batches, elsewhere) = (adapter(transport.clone(), ticking.clone()), adapter(transport, ticking.clone()));
    let book = PriceBook::builtin().unwrap();
    let prices = |usage: &Usage| book.cost(MODEL, begin(), *usage, Terms::default().in_batch());
    let rig = BatchRig { batches: &batches, elsewhere: &elsewhere, clock: &ticking, model: MODEL };
    let report = clock.run(conformance::batch_language_model(rig, &prices)).unwrap();
    assert!(report.failures().is_empty(), "{report}");
    assert_eq!(made.lock().unwrap().0.len(), 6, "a batch was made twice");
}

#[tokio::test]
async fn every_question_has_its_own_end_and_half_the_price() {
    let odd = vec![
        Value::Null,
        json!({"type": "errored", "error": {"type": "error", "error": {"type": "overloaded_error", "message": "m"}}}),
        json!({"type": "errored", "error": {"type": "error", "error": {"type": "invalid_request_error", "message": "m"}}}),
        json!({"type": "expired"}),
        json!({"type": "canceled"}),
        json!({"type": "of_later_days"}),
        json!("no outcome at all"),
    ];
    let (transport, _) = other_side(odd);
    let batches = adapter(transport.clone(), Arc::new(VirtualClock::default()));
    let id = batches.submit(&key("k"), &questions(7)).await.unwrap();
    assert_eq!(batches.results(&id).await.map(drop).unwrap_err().kind(), ErrorKind::Conflict);
    while batches.poll(&id).await.unwrap().state != BatchState::Ended {}
    let mut results: Vec<_> = batches.results(&id).await.unwrap().map(Result::unwrap).collect().await;
    results.sort_by_key(|result| result.index);
    let answer = results[0].answer.as_ref().unwrap();
    assert_eq!(answer.text, "An answer.");
    // A thousand tokens in at a tenth of a dollar per million, a hundred out at half a dollar, and half of that.
    assert_eq!(answer.cost, Cost::Known(aipipe_core::domain::PicoUsd::new((1000 * 100_000 + 100 * 500_000) / 2)));
    let kinds: Vec<_> = results.iter().skip(1).map(|result| result.answer.as_ref().unwrap_err().kind()).collect();
    let expected = [ErrorKind::Unavailable, ErrorKind::InvalidInput, ErrorKind::Timeout, ErrorKind::Cancelled];
    // What can't be read is the error of one question.
    assert_eq!(kinds, [&expected[..], &[ErrorKind::Unavailable, ErrorKind::Unavailable]].concat());
    let sent = transport.sent.lock().unwrap();
    let body: Value = serde_json::from_slice(&sent.iter().find(|one| !one.body.is_empty()).unwrap().body).unwrap();
    let params = &body["requests"][1]["params"];
    assert!(params.get("stream").is_none() && params["max_tokens"] == 100, "{params}");
}

#[tokio::test]
async fn a_batch_is_found_among_others_once_it_has_ended_and_an_old_one_is_not_looked_at() {
    let (transport, made) = other_side(Vec::new());
    let clock = Arc::new(VirtualClock::default());
    let here = adapter(transport.clone(), clock.clone());
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(here.submit(&key(&format!("k{number}")), &questions(2)).await.unwrap());
    }
    for (batch, _) in &mut made.lock().unwrap().0 {
        batch["state"] = json!("ended");
    }
    // The first one is on the last page, and of as many questions as all the others.
    let elsewhere = adapter(transport.clone(), clock.clone());
    assert_eq!(elsewhere.submit(&key("k0"), &questions(2)).await.unwrap(), ids[0]);
    // The control: another key is another batch.
    let new = elsewhere.submit(&key("another"), &questions(2)).await.unwrap();
    assert!(!ids.contains(&new) && made.lock().unwrap().0.len() == 6);
    // While that one is under way, nobody else makes one of as many; of more, yes.
    let third = adapter(transport.clone(), clock.clone());
    let busy = third.submit(&key("third"), &questions(2)).await.unwrap_err();
    assert_eq!((busy.kind(), busy.context("batch")), (ErrorKind::Busy, Some(new.as_str())));
    assert!(third.submit(&key("third"), &questions(3)).await.is_ok());
    // A week later it is still the one.
    clock.advance(Duration::from_secs(7 * 24 * 3600));
    for (batch, _) in &mut made.lock().unwrap().0 {
        batch["state"] = json!("ended");
    }
    let later = adapter(transport.clone(), clock.clone());
    assert_eq!(later.submit(&key("k0"), &questions(2)).await.unwrap(), ids[0]);
    // Once no results are kept any more none of them can be the one, and none is asked for its results.
    clock.advance(Duration::from_secs(30 * 24 * 3600));
    let before = transport.sent.lock().unwrap().len();
    let late = adapter(transport.clone(), clock);
    assert!(late.submit(&key("k0"), &questions(2)).await.is_ok());
    assert_eq!(transport.sent.lock().unwrap().len() - before, 2);
}

#[tokio::test]
async fn what_is_not_known_to_have_arrived_is_not_forgotten() {
    let (transport, made) = other_side(Vec::new());
    let inner = transport.clone();
    let cut = Mutex::new(true);
    let lossy = Scripted::new(move |request| {
        let came = inner.answer(request);
        match request.method == HttpMethod::Post && std::mem::take(&mut *cut.lock().unwrap()) {
            true => Err(TransportError::Timeout),
            false => came,
        }
    });
    let batches = adapter(lossy, Arc::new(VirtualClock::default()));
    let error = batches.submit(&key("k"), &questions(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    // It is there, but nobody can tell yet that it is this one.
    assert_eq!(batches.submit(&key("k"), &questions(1)).await.unwrap_err().kind(), ErrorKind::Busy);
    made.lock().unwrap().0[0].0["state"] = json!("ended");
    assert_eq!(batches.submit(&key("k"), &questions(1)).await.unwrap(), BatchId::parse("msgbatch_1").unwrap());
    assert_eq!(made.lock().unwrap().0.len(), 1);
}
