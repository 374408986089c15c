//! Answers of a scripted server, read through the adapter and all layers.

use super::rigs::Server;
use super::{adapter, question, records, whole_stack};
use aipipe::domain::{Cost, IdempotencyKey, PicoUsd};
use aipipe::local::SystemClock;
use aipipe::model::PriceBook;
use aipipe::ports::{BatchLanguageModel, BatchState, Clock, LanguageModel, ModelEvent, OutputFormat, StopReason};
use aipipe_tests::wire;
use futures::StreamExt as _;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const MODEL: &str = "claude-haiku-5-5";

fn fixtures() -> Value {
    let stories = r#"{"stories":[{"title":"Lend a tool"},{"title":"Take it back"}]}"#;
    let usage = json!({"input_tokens": 1200, "output_tokens": 34});
    let of = |words: &str, response: Value| json!({"match": {"userMessage": words}, "response": response});
    let second = |words: &str, number: u32, response: Value| json!({"match": {"userMessage": words, "sequenceIndex": number}, "response": response});
    let overloaded = json!({"error": {"message": "Overloaded", "type": "overloaded_error"}, "status": 529});
    json!({"fixtures": [
        of("which stories", json!({"content": stories, "usage": usage})),
        of("how long", json!({"content": "x".repeat(500), "finishReason": "length", "usage": usage})),
        second("twice", 0, overloaded),
        second("twice", 1, json!({"content": "at the second try", "usage": usage})),
    ]})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripted_answers_come_through_all_layers_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fixtures.json");
    std::fs::write(&file, fixtures().to_string()).unwrap();
    let Some(server) = Server::aimock(&file) else { return };
    let prices = || PriceBook::builtin().unwrap();
    let base_url = format!("http://127.0.0.1:{}", server.port);
    let stack = whole_stack(adapter(&base_url, prices()), prices(), "claude-", records());

    // 1,200 tokens in at a tenth of a dollar per million, 34 out at half a dollar.
    let price = Cost::Known(PicoUsd::new(1200 * 100_000 + 34 * 500_000));
    let schema = json!({
        "type": "object",
        "properties": {"stories": {"type": "array", "items": {
            "type": "object",
            "properties": {"title": {"type": "string"}},
            "required": ["title"],
            "additionalProperties": false,
        }}},
        "required": ["stories"],
        "additionalProperties": false,
    });
    wire::note_schema("stories", &schema).unwrap();
    let structured = question(MODEL, "which stories are there?")
        .with_output(OutputFormat::Json { name: "stories".to_owned(), schema });
    let answer = stack.generate(&structured).await.unwrap();
    let stories: Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(stories["stories"][1]["title"], "Take it back");
    assert_eq!((answer.cost, &answer.stop), (price, &StopReason::EndTurn));
    assert_eq!((answer.usage.input_tokens, answer.usage.output_tokens), (1200, 34));
    // Asked again it costs nothing and reaches nobody.
    let again = stack.generate(&structured).await.unwrap();
    assert_eq!((again.cost, again.saved, &again.text), (Cost::ZERO, Some(price), &answer.text));

    let mut streamed = stack.stream(&question(MODEL, "how long is it?")).await.unwrap();
    let (mut text, mut pieces, mut end) = (String::new(), 0, None);
    while let Some(event) = streamed.next().await {
        match event.unwrap() {
            ModelEvent::TextDelta(more) => (text, pieces) = (text + &more, pieces + 1),
            ModelEvent::Finished(response) => end = Some(response),
            _ => {}
        }
    }
    let end = end.unwrap();
    assert!(pieces > 3 && text == "x".repeat(500) && end.text == text);
    assert_eq!((end.stop, end.cost), (StopReason::MaxTokens, price));

    let second = stack.generate(&question(MODEL, "twice, please")).await.unwrap();
    assert_eq!((second.text.as_str(), second.attempts.len()), ("at the second try", 2));
    let (_, journal) = server.ask("GET", "/__aimock/journal", None);
    assert_eq!(journal.as_array().unwrap().len(), 4, "{journal}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_answered_by_a_server_that_knows_of_batches() {
    let Some(server) = Server::llmock() else { return };
    let base_url = format!("http://127.0.0.1:{}/anthropic", server.port);
    let here = adapter(&base_url, PriceBook::builtin().unwrap());
    let questions = ["one", "two", "three"].map(|words| question(MODEL, words));
    let key = IdempotencyKey::parse("k").unwrap();
    let id = here.submit(&key, &questions).await.unwrap();
    let mut looks = 0;
    while here.poll(&id).await.unwrap().state != BatchState::Ended {
        looks += 1;
        assert!(looks < 600, "the batch does not end");
        SystemClock.sleep(Duration::from_millis(100)).await;
    }
    let results: Vec<_> = here.results(&id).await.unwrap().map(Result::unwrap).collect().await;
    let indices: BTreeSet<_> = results.iter().map(|result| result.index).collect();
    assert_eq!(indices, BTreeSet::from([0, 1, 2]));
    assert!(results.iter().all(|result| !result.answer.as_ref().unwrap().text.is_empty()));
    // Another process finds it by the ids of its results, and makes no second one.
    let elsewhere = adapter(&base_url, PriceBook::builtin().unwrap());
    assert_eq!(elsewhere.submit(&key, &questions).await.unwrap(), id);
}
