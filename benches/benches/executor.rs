//! Five hundred stories: what their code costs by templates, and how that grows.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench that can't run shall stop")]
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "it takes the time and tells it")]

use aipipe_benches::figures;
use aipipe_core::domain::{
    ArchitecturePlan, DocumentName, IdempotencyKey, ProjectName, ProjectRoot, Stack, StorySet, StoryStatus,
};
use aipipe_core::pipeline::{Engine, Pipeline, RunOutcome, Stage as _, StartRequest, upload_documents};
use aipipe_core::ports::Clock as _;
use aipipe_core::stages::story_executor::Generator;
use aipipe_core::stages::{ArchitecturePlanner, StoryFile};
use aipipe_core::testing::{MemoryArtifacts, MemoryRecords, SequentialIds, VirtualClock};
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;

/// So many stories, five for each kind of record.
fn story_file(stories: usize) -> String {
    let kinds = ["sail", "tent", "lamp", "boat", "desk", "card", "door", "ring", "coat", "bell"];
    let colours = ["red", "blue", "green", "grey", "brown", "black", "white", "pink", "gold", "amber"];
    let names = colours.iter().flat_map(|colour| kinds.iter().map(move |kind| format!("{colour} {kind}")));
    let of_kind = |name: String| {
        [
            format!("add a {name} with a title and an amount"),
            format!("list all {name}s"),
            format!("see a {name}"),
            format!("change a {name}"),
            format!("delete a {name}"),
        ]
    };
    let actions = names.flat_map(of_kind).take(stories);
    let story = |action: String| json!({"title": action, "role": "clerk", "action": action});
    serde_json::to_string(&actions.map(story).collect::<Vec<_>>()).unwrap()
}

async fn planned(stories: usize) -> (ArchitecturePlan, StorySet) {
    let (artifacts, records) = (Arc::<MemoryArtifacts>::default(), Arc::<MemoryRecords>::default());
    let clock = Arc::<VirtualClock>::default();
    let root = ProjectRoot::new(ProjectName::parse("bench").unwrap(), clock.now());
    let documents = vec![(DocumentName::parse("stories.json").unwrap(), story_file(stories).into())];
    let intake = upload_documents(artifacts.as_ref(), &root, documents).await.unwrap();
    let engine = Engine::builder(artifacts, records, clock, Arc::new(SequentialIds::default())).build().unwrap();
    let pipeline =
        Pipeline::builder("bench").then(StoryFile).then(ArchitecturePlanner::with_stack(Some(Stack::NodeApi))).build();
    let request = StartRequest::new(root, IdempotencyKey::parse("bench").unwrap());
    let RunOutcome::Completed(plan) = engine.start(&pipeline, &request, &intake).await.unwrap() else {
        panic!("it waits")
    };
    let set = engine.stage_output(&request.execution(), &StoryFile.name()).await.unwrap().unwrap();
    (plan, set)
}

/// Seconds for all commits of the project, the best of three.
fn seconds((plan, stories): &(ArchitecturePlan, StorySet)) -> f64 {
    let generator = Generator::new(Stack::NodeApi).unwrap();
    let once = || {
        let began = Instant::now();
        let project = generator.whole(plan, stories).unwrap();
        let took = began.elapsed().as_secs_f64();
        let served = |status: &StoryStatus| matches!(status, StoryStatus::Done | StoryStatus::Partial { .. });
        let served = project.stories.iter().filter(|story| served(&story.status)).count();
        assert!(served * 10 >= stories.stories.len() * 9, "only {served} stories are served");
        took
    };
    (0..3).map(|_| once()).fold(f64::INFINITY, f64::min)
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let [half, whole] = [250, 500].map(|stories| seconds(&runtime.block_on(planned(stories))));
    println!("500 stories: {whole:.2} s; 250: {half:.2} s");
    figures::record("executor.seconds_500_stories", whole, "s").unwrap();
    figures::record("executor.seconds_250_stories", half, "s").unwrap();
}
