//! What a run with a model costs beside one that asks the middle model about everything and keeps nothing.
//!
//! Nobody is paid: a model that answers from a script counts tokens as the provider does, and the price list says what they
//! cost. Bytes are taken for tokens three to one, and an answer with code for at least as long as such answers are.

use crate::asked::Asked;
use aipipe::domain::{
    ArchitecturePlan, CodeBundle, Cost, IdempotencyKey, IntakeRequest, PicoUsd, ProjectName, ProjectRoot, Route, Stack,
    Timestamp, Usage,
};
use aipipe::local::read_document_file;
use aipipe::model::{Cache, MemoryAnswers, PriceBook, Router, RouterOptions, Terms};
use aipipe::pipeline::{Engine, Pipeline, RunOutcome, StartRequest, upload_documents};
use aipipe::ports::{
    Clock as _, LanguageModel, ModelAttempt, ModelEvent, ModelProfile, ModelRequest, ModelResponse, TokenCount,
};
use aipipe::stages::requirements_synthesizer::ExtractionOptions;
use aipipe::stages::story_executor::ModelOptions;
use aipipe::stages::{ArchitecturePlanner, DocumentProcessor, RequirementsSynthesizer, StoryExecutor};
use aipipe::testing::{MemoryArtifacts, MemoryRecords, SequentialIds, VirtualClock};
use aipipe::{Error, ErrorKind, Result};
use aipipe_benches::figures::record as measured;
use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

/// Bytes that are taken for a token.
const BYTES_A_TOKEN: u64 = 3;
/// Fewest output tokens of an answer with a story's code, reasoning included.
const CODE_TOKENS: u64 = 3_000;

/// A call as the provider would bill it, and as it would without a cache of prompts.
#[derive(Debug, Clone)]
struct Call {
    task: String,
    cost: PicoUsd,
    prompt: u64,
    output: u64,
}

/// Answers from a script and counts what that would cost, prompt cache included.
#[derive(Debug)]
struct Metered {
    prices: PriceBook,
    calls: Mutex<Vec<Call>>,
    prefixes: Mutex<BTreeSet<String>>,
}

impl Metered {
    fn new() -> Self {
        Self { prices: PriceBook::builtin().unwrap(), calls: Mutex::default(), prefixes: Mutex::default() }
    }

    fn usage(&self, request: &ModelRequest, output_tokens: u64) -> Usage {
        let mut usage = Usage { output_tokens, ..Usage::default() };
        let mut prefix = request.model.clone();
        let (mut seen, mut written, mut open) = (0_u64, 0_u64, 0_u64);
        let parts = request.system.iter().chain(request.messages.iter().flat_map(|message| &message.parts));
        for part in parts {
            prefix.push_str(&part.text);
            open += (part.text.len() as u64).div_ceil(BYTES_A_TOKEN);
            if part.cache_until_here {
                if self.prefixes.lock().unwrap().insert(prefix.clone()) {
                    written += open;
                } else {
                    seen += open;
                }
                open = 0;
            }
        }
        (usage.cache_read_tokens, usage.cache_write_tokens, usage.input_tokens) = (seen, written, open);
        usage
    }
}

fn answer(request: &ModelRequest) -> String {
    if request.purpose.task != "extract-requirements" {
        return Asked::of(request).good();
    }
    let passages = request.messages[0].parts[0].text.lines().skip(1);
    let passages: Vec<Value> = passages.filter_map(|line| serde_json::from_str(line).ok()).collect();
    let asking = |text: &str| ["must", "should", "want", "need", "can ", "may "].iter().any(|word| text.contains(word));
    let mut requirements = Vec::new();
    for passage in &passages {
        for sentence in passage["text"].as_str().unwrap_or_default().split_inclusive(['.', '\n']) {
            if asking(sentence) {
                requirements.push(json!({
                    "passage": passage["passage"], "quote": sentence.trim(), "kind": "rule", "obligation": "must",
                    "role": "", "action": "", "benefit": "", "about": "", "criteria": [],
                }));
            }
        }
    }
    json!({ "requirements": requirements }).to_string()
}

#[async_trait]
impl LanguageModel for Metered {
    fn profile(&self, _: &str) -> Option<ModelProfile> {
        Some(ModelProfile::new(1_000_000, 128_000))
    }

    async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse> {
        let text = answer(request);
        let least = if request.purpose.task == "extract-requirements" { 0 } else { CODE_TOKENS };
        let usage = self.usage(request, (text.len() as u64).div_ceil(BYTES_A_TOKEN).max(least));
        let at = Timestamp::parse("2026-11-01T00:00:00Z").unwrap();
        let Cost::Known(cost) = self.prices.cost(&request.model, at, usage, Terms::default()) else {
            return Err(Error::new(ErrorKind::Internal, "cost", "no price").with("model", &request.model));
        };
        let prompt = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
        let call = Call { task: request.purpose.task.clone(), cost, prompt, output: usage.output_tokens };
        self.calls.lock().unwrap().push(call);
        let attempt = ModelAttempt::new(&request.model, at, 0);
        Ok(ModelResponse::new(&request.model, text, usage, Cost::Known(cost), vec![attempt]))
    }

    async fn stream(&self, _: &ModelRequest) -> Result<futures::stream::BoxStream<'static, Result<ModelEvent>>> {
        Err(Error::new(ErrorKind::Unsupported, "cost", "nothing streams here"))
    }

    async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount> {
        let parts = request.system.iter().chain(request.messages.iter().flat_map(|message| &message.parts));
        Ok(TokenCount::estimated(parts.map(|part| (part.text.len() as u64).div_ceil(BYTES_A_TOKEN)).sum()))
    }
}

/// What a run costs as it is, and what the naive one would.
async fn costs(documents: Vec<(aipipe::domain::DocumentName, Bytes)>) -> (PicoUsd, PicoUsd, usize) {
    let (artifacts, records) = (Arc::new(MemoryArtifacts::default()), Arc::new(MemoryRecords::default()));
    let (clock, ids) = (Arc::new(VirtualClock::default()), Arc::new(SequentialIds::default()));
    let metered = Arc::new(Metered::new());
    let routed = Router::new(metered.clone(), RouterOptions::default()).unwrap();
    let model: Arc<dyn LanguageModel> = Arc::new(Cache::new(routed, Arc::new(MemoryAnswers::default()), "cost"));
    let root = ProjectRoot::new(ProjectName::parse("cost").unwrap(), clock.now());
    let intake: IntakeRequest = upload_documents(artifacts.as_ref(), &root, documents).await.unwrap();
    let extraction = ExtractionOptions::default();
    let pipeline: Pipeline<IntakeRequest, CodeBundle> = Pipeline::builder("documents-to-code")
        .then(DocumentProcessor::default())
        .then(RequirementsSynthesizer::with_model(model.clone(), extraction))
        .then(ArchitecturePlanner::with_stack(Some(Stack::NodeApi)))
        .then(StoryExecutor::with_model(model, ModelOptions::default()))
        .build();
    let engine = Engine::builder(artifacts, records, clock, ids).build().unwrap();
    let request = StartRequest::new(root, IdempotencyKey::parse("run").unwrap());
    let bundle = match engine.start(&pipeline, &request, &intake).await.unwrap() {
        RunOutcome::Completed(bundle) => bundle,
        RunOutcome::Waiting { wait, .. } => panic!("waits: {}", wait.reason),
    };
    let plan: ArchitecturePlan =
        engine.stage_output(&request.execution(), &ArchitecturePlanner::stage_name()).await.unwrap().unwrap();

    let calls = metered.calls.lock().unwrap().clone();
    let spent = PicoUsd::new(calls.iter().map(|call| call.cost.get()).sum());
    let naive_price = |prompt: u64, output: u64| {
        let usage = Usage { input_tokens: prompt, output_tokens: output, ..Usage::default() };
        let at = Timestamp::parse("2026-11-01T00:00:00Z").unwrap();
        match metered.prices.cost("claude-sonnet-5-5", at, usage, Terms::default()) {
            Cost::Known(cost) => cost.get(),
            Cost::AtLeast(_) => panic!("no price"),
        }
    };
    let mut naive: u64 = calls.iter().map(|call| naive_price(call.prompt, call.output)).sum();
    // What templates write, the naive run asks for as well: a question like the others, an answer as long as the files.
    let of_stories: Vec<&Call> = calls.iter().filter(|call| call.task != "extract-requirements").collect();
    assert!(!of_stories.is_empty(), "the model writes at least one story");
    let prompt = of_stories.iter().map(|call| call.prompt).sum::<u64>() / of_stories.len() as u64;
    // A file that several stories change is written once.
    let mut seen = BTreeSet::new();
    let mut stories = 0;
    for result in &bundle.stories {
        stories += 1;
        if result.files.iter().any(|file| matches!(file.route, Route::Model { .. })) {
            continue;
        }
        let new = result.files.iter().filter(|file| seen.insert(file.path.clone()));
        let bytes: u64 = new.map(|file| file.content.bytes).sum();
        naive += naive_price(prompt, (bytes / BYTES_A_TOKEN).max(CODE_TOKENS));
    }
    assert_eq!(stories, plan.story_plans.len());
    (spent, PicoUsd::new(naive), stories)
}

fn ratio(spent: PicoUsd, naive: PicoUsd) -> f64 {
    spent.get() as f64 / naive.get() as f64
}

#[tokio::test(flavor = "multi_thread")]
async fn routing_caching_and_templates_cost_a_third_of_asking_for_everything() {
    let data = crate::program::root().join("examples/data");
    let names = ["brief.pdf", "kickoff-meeting.json", "client-thread.eml", "team-chat.txt"];
    let documents = names.map(|name| read_document_file(&data.join(name)).unwrap()).to_vec();
    let (spent, naive, stories) = costs(documents).await;
    eprintln!("quickstart: {stories} stories, {spent} beside {naive}");
    measured("model.cost_ratio_vs_naive.quickstart", ratio(spent, naive), "ratio").unwrap();

    let things = ["boat", "oar", "locker", "trailer", "course", "coach", "regatta", "key", "invoice"];
    let mut brief = String::from("# Club\n\n## Requirements\n\n");
    for thing in things {
        for wish in ["add a {} with a name and a price", "list all {}s", "change the name of a {}", "delete a {}"] {
            let _ = writeln!(brief, "- Clerks must be able to {}.", wish.replace("{}", thing));
        }
    }
    for wish in [
        "print a label for a boat",
        "print a card for a coach",
        "print a poster for a regatta",
        "print a slip for a key",
    ] {
        let _ = writeln!(brief, "- The system must {wish}.");
    }
    let document = (aipipe::domain::DocumentName::parse("brief.md").unwrap(), Bytes::from(brief));
    let (spent, naive, stories) = costs(vec![document]).await;
    eprintln!("forty stories: {stories} stories, {spent} beside {naive}");
    assert_eq!(stories, 40);
    measured("model.cost_ratio_vs_naive.forty_stories", ratio(spent, naive), "ratio").unwrap();
}
