//! Stories rest on words that are there, and keep their ids whatever else documents say.

use aipipe::domain::{DocumentName, IdempotencyKey, IntakeRequest, ProjectName, ProjectRoot, StoryId, StorySet};
use aipipe::local::read_document_file;
use aipipe::pipeline::{Engine, Pipeline, RunOutcome, StartRequest, document_texts, upload_documents};
use aipipe::ports::{ArtifactStore, Clock as _, LanguageModel};
use aipipe::stages::requirements_synthesizer::ExtractionOptions;
use aipipe::stages::{DocumentProcessor, RequirementsSynthesizer};
use aipipe::testing::{MemoryArtifacts, MemoryRecords, ScriptedModel, SequentialIds, VirtualClock};
use aipipe_benches::figures::record as measured;
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

type Documents = Vec<(DocumentName, Bytes)>;

fn sample() -> Documents {
    let data = crate::program::root().join("examples/data");
    let names = ["brief.pdf", "kickoff-meeting.json", "client-thread.eml", "team-chat.txt"];
    names.map(|name| read_document_file(&data.join(name)).unwrap()).to_vec()
}

/// The stories, and of their citations those that stand in the documents' text as they say.
async fn read(documents: Documents, synthesizer: RequirementsSynthesizer) -> (StorySet, usize, usize) {
    let artifacts = Arc::new(MemoryArtifacts::default());
    let clock = Arc::new(VirtualClock::default());
    let root = ProjectRoot::new(ProjectName::parse("sample").unwrap(), clock.now());
    let intake: IntakeRequest = upload_documents(artifacts.as_ref(), &root, documents).await.unwrap();
    let pipeline: Pipeline<IntakeRequest, StorySet> =
        Pipeline::builder("read").then(DocumentProcessor::default()).then(synthesizer).build();
    let engine = Engine::builder(
        artifacts.clone(),
        Arc::new(MemoryRecords::default()),
        clock,
        Arc::new(SequentialIds::default()),
    )
    .build()
    .unwrap();
    let request = StartRequest::new(root, IdempotencyKey::parse("run").unwrap());
    let stories = match engine.start(&pipeline, &request, &intake).await.unwrap() {
        RunOutcome::Completed(stories) => stories,
        RunOutcome::Waiting { wait, .. } => panic!("waits: {}", wait.reason),
    };
    let set: aipipe::domain::DocumentSet =
        engine.stage_output(&request.execution(), &DocumentProcessor::stage_name()).await.unwrap().unwrap();
    let store: Arc<dyn ArtifactStore> = artifacts;
    let texts = document_texts(&store, &set).await.unwrap();
    let of_requirements = stories.requirements.iter().flat_map(|requirement| &requirement.citations);
    let of_criteria = stories.stories.iter().flat_map(|story| &story.criteria).map(|criterion| &criterion.citation);
    let (mut grounded, mut all) = (0, 0);
    for citation in of_requirements.chain(of_criteria) {
        let text = set.documents.iter().zip(&texts).find(|(document, _)| document.id == citation.document).unwrap().1;
        all += 1;
        grounded += usize::from(text.get(citation.span.start..citation.span.end) == Some(citation.quote.as_str()));
    }
    (stories, grounded, all)
}

/// A model that notes every second sentence as it stands and makes up the others.
fn inventive() -> Arc<dyn LanguageModel> {
    let noted = |number: i64, quote: &str, action: &str| {
        json!({
            "passage": number, "quote": quote, "kind": "functional", "obligation": "should", "role": "user",
            "action": action, "benefit": "", "about": "", "criteria": [
                { "given": "", "when": "it is done", "then": format!("{action} 77 times"), "quote": quote },
            ],
        })
    };
    Arc::new(ScriptedModel::by(move |request| {
        let lines = request.messages[0].parts[0].text.lines().skip(1);
        let passages: Vec<Value> = lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
        let mut requirements = Vec::new();
        for (at, passage) in passages.iter().enumerate() {
            let text = passage["text"].as_str().unwrap();
            let number = passage["passage"].as_i64().unwrap();
            match at % 2 {
                0 => requirements.push(noted(number, text, &format!("see {}", text.split(' ').next().unwrap()))),
                _ => requirements.push(noted(number, &format!("{text} at once"), "do what nobody asked for")),
            }
        }
        Ok(json!({ "requirements": requirements }).to_string())
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_citation_stands_in_its_document_whoever_found_it() {
    let (by_rules, grounded, all) = read(sample(), RequirementsSynthesizer::by_rules()).await;
    let with_model = RequirementsSynthesizer::with_model(inventive(), ExtractionOptions::default());
    let (by_model, grounded_too, all_too) = read(sample(), with_model).await;
    assert!(all > 40 && all_too > all, "{all} and {all_too} citations");
    assert!(by_model.requirements.len() > by_rules.requirements.len());
    assert!(
        by_model.extraction.dropped.len() > 10,
        "what was made up is dropped: {}",
        by_model.extraction.dropped.len()
    );
    assert!(!by_model.stories.iter().any(|story| story.action.contains("nobody asked")));
    assert!(!by_model.stories.iter().flat_map(|story| &story.criteria).any(|criterion| criterion.then.contains("77")));
    let rate = (grounded + grounded_too) as f64 / (all + all_too) as f64;
    measured("stories.grounding_rate", rate, "ratio").unwrap();
    assert_eq!(grounded + grounded_too, all + all_too);
}

fn ids(stories: &StorySet) -> BTreeSet<StoryId> {
    stories.stories.iter().map(|story| story.id.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn stories_keep_their_ids_over_runs_and_revisions() {
    let stories = |documents: Documents| async { read(documents, RequirementsSynthesizer::by_rules()).await.0 };
    let before = stories(sample()).await;
    let known = ids(&before);
    assert!(known.len() > 10);
    let name = |text: &str| DocumentName::parse(text).unwrap();

    let again = sample();
    let mut turned = sample();
    turned.reverse();
    let mut with_talk = sample();
    with_talk.push((name("minutes.txt"), Bytes::from_static(b"The weather was fine. Tom brought cake.\n")));
    let mut renamed = sample();
    renamed[0].0 = name("brief-final.pdf");
    let mut more = sample();
    more.push((name("more.md"), Bytes::from_static(b"# Requirements\n\n- Guests must be able to rate a ride.\n")));
    let (mut kept, mut total) = (0, 0);
    for (what, documents) in
        [("again", again), ("turned", turned), ("talk", with_talk), ("renamed", renamed), ("more", more)]
    {
        let after = ids(&stories(documents).await);
        let lost: Vec<_> = known.difference(&after).collect();
        kept += known.len() - lost.len();
        total += known.len();
        assert!(lost.is_empty(), "{what}: {lost:?}");
    }
    // The control: another wish is another story, so ids are not the same for everything.
    let other =
        vec![(name("notes.md"), Bytes::from_static(b"# Requirements\n\n- Guests must be able to rate a ride.\n"))];
    assert!(ids(&stories(other).await).is_disjoint(&known));
    measured("stories.ids_stable", kept as f64 / total as f64, "ratio").unwrap();
}
