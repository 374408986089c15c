//! Requests of every form the adapter has, before the contract of the Messages API as its own client knows it.

use super::rigs::python;
use aipipe::domain::IdempotencyKey;
use aipipe::domain::Stack;
use aipipe::local::SystemClock;
use aipipe::ports::{
    BatchLanguageModel, LanguageModel, Message, MessageRole, ModelProfile, ModelRequest, OutputFormat, PromptPart,
    ReasoningEffort,
};
use aipipe::stages::architecture_planner::stack_choice_schema;
use aipipe::stages::requirements_synthesizer::model::schema as extraction_schema;
use aipipe_anthropic::{Anthropic, Auth, Headers, HttpMethod, HttpRequest, HttpResponse, Transport, TransportError};
use aipipe_tests::wire::{self, Noting};
use async_trait::async_trait;
use futures::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Keeps the bodies that it is sent, with the endpoint, and answers nothing.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<Value>>>);

#[async_trait]
impl Transport for Kept {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        if request.method == HttpMethod::Get {
            let none = Ok(json!({"data": [], "has_more": false}).to_string().into());
            return Ok(HttpResponse::new(200, Headers::default(), stream::iter([none]).boxed()));
        }
        let endpoint = request.url.rsplit('/').next().unwrap().to_owned();
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        self.0.lock().unwrap().push(json!({"endpoint": endpoint, "body": body}));
        Ok(HttpResponse::new(200, Headers::default(), stream::empty().boxed()))
    }
}

fn schemas() -> [Value; 3] {
    let quote = json!({
        "type": "object",
        "properties": {"document": {"type": "string"}, "quote": {"type": "string", "description": "word for word"}},
        "required": ["document", "quote"],
        "additionalProperties": false,
    });
    [
        json!({"type": "object", "properties": {}, "additionalProperties": false}),
        json!({
            "type": "object",
            "properties": {
                "priority": {"enum": ["high", "low"]},
                "effort": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                "quotes": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/quote"}},
            },
            "required": ["priority", "effort", "quotes"],
            "additionalProperties": false,
            "$defs": {"quote": quote},
        }),
        json!({"type": "array", "items": {"type": "boolean"}}),
    ]
}

/// Requests of all forms: models, efforts, outputs, prompts with and without system and breakpoints, conversations.
fn requests() -> Vec<ModelRequest> {
    let part = |text: &str, is_cached: bool| match is_cached {
        true => PromptPart::text(text).cached(),
        false => PromptPart::text(text),
    };
    let models = ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "claude-fable-5-1", "somebody-s-model"];
    let efforts = [None, Some(ReasoningEffort::Low), Some(ReasoningEffort::Medium), Some(ReasoningEffort::High)];
    let mut outputs: Vec<_> =
        schemas().into_iter().map(|schema| OutputFormat::Json { name: "answer".to_owned(), schema }).collect();
    outputs.push(OutputFormat::Text);
    let mut requests = Vec::new();
    for number in 0..120_usize {
        let cached = |part: usize| (number >> (part % 5)).is_multiple_of(2);
        let mut request = ModelRequest::new(
            models[number % 5],
            format!("Question {number}: «ü» \"\\\u{7}"),
            1 + 997 * u32::try_from(number).unwrap(),
        );
        // Up to six breakpoints are asked for, of which four are taken; blank parts are passed over.
        let system = (0..number % 4).map(|at| part(&format!("Instruction {at}."), cached(at)));
        request.system = system.chain(number.is_multiple_of(7).then(|| part(" \n", true))).collect();
        for turn in 0..number % 3 {
            let said = |role, text: &str| {
                Message::new(role, vec![part(text, cached(turn)), part("And so on.", cached(turn + 1))])
            };
            request.messages.insert(0, said(MessageRole::Assistant, "An answer."));
            request.messages.insert(0, said(MessageRole::User, "An earlier question."));
        }
        request.effort = efforts[number % 4];
        request.output = outputs[(number / 4) % 4].clone();
        if number % 6 == 0 {
            request.stop_sequences = vec!["END".to_owned(), "</answer>".to_owned()];
        }
        requests.push(request);
    }
    requests
}

/// Everything the adapter sends for these requests: an answer, its number of tokens, and all of them in a batch.
async fn sent() -> Vec<Value> {
    let kept = Kept::default();
    for is_local in [false, true] {
        let transport = Arc::new(Noting::new(kept.clone(), "requests of every form"));
        let clock = Arc::new(SystemClock);
        let builder = match is_local {
            false => Anthropic::builder(transport, clock, Auth::Nobody).unwrap(),
            true => Anthropic::compatible(transport, clock, Auth::Nobody, "http://localhost:11434").unwrap(),
        };
        let model = builder.profile("somebody-s-model", ModelProfile::new(8000, 2000)).build().unwrap();
        for request in requests() {
            // The other side answers nothing, so both end with an error.
            assert!(model.generate(&request).await.is_err());
            assert_eq!(model.count_tokens(&request).await.is_err(), !is_local);
        }
        for (number, some) in requests().chunks(40).enumerate() {
            let key = IdempotencyKey::derive(&["batch", &number.to_string()]);
            assert!(model.submit(&key, some).await.is_err());
        }
    }
    let sent = kept.0.lock().unwrap();
    sent.clone()
}

fn rejected(lines: &[Value]) -> Option<(u64, Vec<Value>)> {
    let told: Value = serde_json::from_str(&python("judge.py", &["requests"], lines)?).unwrap();
    Some((told["checked"].as_u64().unwrap(), told["rejected"].as_array().unwrap().clone()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_of_every_form_keep_the_contract() {
    let sent = sent().await;
    let count = |endpoint: &str| sent.iter().filter(|line| line["endpoint"] == endpoint).count();
    assert_eq!([count("messages"), count("count_tokens"), count("batches")], [240, 120, 6]);
    let Some((checked, rejected)) = rejected(&sent) else { return };
    assert_eq!(checked, sent.len() as u64);
    assert!(rejected.is_empty(), "{rejected:#?}");
}

/// The control: each of these would be refused, and each is found.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_api_refuses_is_rejected() {
    let good = json!({
        "model": "claude-sonnet-5-5",
        "max_tokens": 100,
        "stream": true,
        "system": [{"type": "text", "text": "s"}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "q"}]}],
        "output_config": {"format": {"type": "json_schema", "schema": schemas()[1]}},
    });
    let with = |path: &str, value: Value| {
        let mut body = good.clone();
        match body.pointer_mut(path) {
            Some(place) => *place = value,
            None => body[path.trim_start_matches('/')] = value,
        }
        json!({"endpoint": "messages", "body": body})
    };
    let block = |text: &str| json!({"type": "text", "text": text, "cache_control": {"type": "ephemeral"}});
    let assistant = json!([{"role": "user", "content": "q"}, {"role": "assistant", "content": "So:"}]);
    let unstreamed = json!({"model": "claude-sonnet-5-5", "max_tokens": 30_000, "messages": good["messages"]});
    let batch = |ids: &[&str], params: &Value| {
        let requests: Vec<_> = ids.iter().map(|id| json!({"custom_id": id, "params": params})).collect();
        json!({"endpoint": "batches", "body": {"requests": requests}})
    };
    let short = json!({"model": "claude-sonnet-5-5", "max_tokens": 30, "messages": good["messages"]});
    let mut bad = vec![
        with("/temperature", json!(0.2)),
        with("/top_p", json!(1)),
        with("/top_k", json!(5)),
        with("/max_tokens", Value::Null),
        with("/model", json!("claude-3-5-sonnet-20241022")),
        with("/messages", assistant),
        with("/messages", json!([])),
        with("/messages/0/role", json!("tool")),
        with("/messages/0/content", json!([])),
        with("/messages/0/content/0/text", json!("  ")),
        with("/system", json!([block("1"), block("2"), block("3"), block("4"), block("5")])),
        with("/system/0", json!({"type": "text", "text": "s", "cachecontrol": {"type": "ephemeral"}})),
        with("/system/0", json!({"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "ttl": "2h"}})),
        with("/output_config", json!({"effort": "tiny"})),
        with("/output_config/format/schema", json!({"type": "object", "properties": {}})),
        with("/output_config/format/schema", json!({"type": "integer", "minimum": 1})),
        with("/output_config/format/schema", json!({"type": "string", "enum": ["a"]})),
        with("/tool_choice", json!({"type": "any"})),
        with("/stop_sequences", json!([" "])),
        json!({"endpoint": "messages", "body": unstreamed}),
        json!({"endpoint": "count_tokens", "body": short}),
        batch(&[], &short),
        batch(&["a", "a"], &short),
        batch(&["not an id"], &short),
        batch(&["a"], &with("/top_p", json!(1))["body"]),
    ];
    let faults = bad.len();
    bad.extend([with("/max_tokens", json!(200)), batch(&["a", "b-1_2"], &short)]);
    let Some((checked, rejected)) = rejected(&bad) else { return };
    let found: Vec<_> = rejected.iter().map(|one| one["line"].as_u64().unwrap()).collect();
    let expected: Vec<_> = (1..=faults as u64).collect();
    assert_eq!((checked, found), (faults as u64 + 2, expected), "{rejected:#?}");
}

#[test]
fn schemas_are_sent_as_they_are_and_one_that_would_be_changed_is_found() {
    let [empty, whole, list] = schemas();
    let line = |name: &str, schema: &Value| json!({"name": name, "schema": schema});
    let (requirements, stack) = (extraction_schema(), stack_choice_schema(&Stack::ALL));
    let good = [
        line("empty", &empty),
        line("whole", &whole),
        line("list", &list),
        line("requirements", &requirements),
        line("stack", &stack),
    ];
    for schema in &good {
        wire::note_schema(schema["name"].as_str().unwrap(), &schema["schema"]).unwrap();
    }
    let Some(told) = python("judge.py", &["schemas"], &good) else { return };
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap(), json!({"checked": 5, "rejected": []}));
    let bad = [
        json!({"type": "string", "maxLength": 3}),
        json!({"type": "string", "enum": ["a"]}),
        json!({"type": "array", "minItems": 2, "items": {"type": "string"}}),
        json!({"type": "object", "properties": {"a": {"type": "object", "properties": {}}}, "additionalProperties": false}),
        json!({"description": "anything"}),
    ];
    let lines: Vec<_> = bad.iter().map(|schema| line("bad", schema)).collect();
    let told: Value = serde_json::from_str(&python("judge.py", &["schemas"], &lines).unwrap()).unwrap();
    assert_eq!(told["rejected"].as_array().unwrap().len(), bad.len(), "{told:#}");
}
