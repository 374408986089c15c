//! Search over what stage 1 has stored, and over a bundle's files.

use crate::support::Rig;
use aipipe_core::ErrorKind;
use aipipe_core::domain::{
    ArtifactRef, CodeBundle, CodeFile, ContentHash, DocumentName, Place, ProjectName, RepoPath, Route, Stored,
};
use aipipe_core::pipeline::{Pipeline, upload_documents};
use aipipe_core::ports::{
    ArtifactStore, Embedder, Expect, PutOptions, RecordQuery, RecordStore, RecordStoreExt, RecordWrite, Table,
};
use aipipe_core::search::{Cited, LexicalEmbedder, Query, Searcher};
use aipipe_core::stages::DocumentProcessor;
use bytes::Bytes;
use futures::StreamExt as _;
use std::sync::Arc;

const BRIEF: &str = "# Bookings\n\nA rider can cancel a booking until two hours before it begins.\n\n\
    # Fees\n\nWhoever brings a bike back late pays three euros an hour.\n";
const MAIL: &str = "From: client@example.org\nTo: team@example.org\nSubject: Reports\n\
    Date: Mon, 02 Mar 2026 09:00:00 +0000\n\nThe council wants rides by district.\n\n\
    > Who wants rides by district?\n";

async fn read(rig: &Rig, key: &str, documents: &[(&str, &str)]) -> ProjectName {
    let request = rig.request(key);
    let named = documents.iter().map(|(name, text)| (DocumentName::parse(*name).unwrap(), (*text).to_owned().into()));
    let intake = upload_documents(rig.artifacts.as_ref(), &request.root, named.collect()).await.unwrap();
    let pipeline = Pipeline::builder("read").then(DocumentProcessor::default()).build();
    rig.engine().start(&pipeline, &request, &intake).await.unwrap();
    rig.clock.advance(std::time::Duration::from_secs(60));
    request.root.project().clone()
}

fn searcher(rig: &Rig) -> Searcher {
    Searcher::new(rig.artifacts.clone() as Arc<dyn ArtifactStore>, rig.records.clone() as Arc<dyn RecordStore>)
}

#[tokio::test]
async fn hits_are_cited_segments_of_the_latest_versions() {
    let rig = Rig::new();
    let project = read(&rig, "a", &[("brief.md", BRIEF), ("mail.eml", MAIL)]).await;
    for searcher in [searcher(&rig), searcher(&rig).with_embedder(Arc::new(LexicalEmbedder) as Arc<dyn Embedder>)] {
        let found = searcher.search(&project, &Query::new("cancelling bookings")).await.unwrap();
        let Cited::Document(citation) = &found.hits[0].cited else { panic!("{found:?}") };
        assert_eq!(citation.quote, "A rider can cancel a booking until two hours before it begins.");
        assert_eq!((citation.name.as_str(), &citation.place), ("brief.md", &Place::Lines { first: 3, last: 3 }));
        assert_eq!(citation.version, ContentHash::of(BRIEF.as_bytes()));
        // The heading counts for what stands below it; what is only quoted from before is not found.
        let fees = searcher.search(&project, &Query::new("fees")).await.unwrap();
        assert!(fees.hits[0].cited.quote().starts_with("Whoever brings"), "{fees:?}");
        let rides = searcher.search(&project, &Query::new("rides by district")).await.unwrap();
        let quotes: Vec<_> =
            rides.hits.iter().filter(|hit| hit.by_words.is_some()).map(|hit| hit.cited.quote()).collect();
        assert_eq!((quotes, rides.left_out.len()), (vec!["The council wants rides by district."], 0));
    }

    // A new version takes the place of the old one in the same searcher.
    let searcher = searcher(&rig);
    assert_eq!(searcher.search(&project, &Query::new("late")).await.unwrap().hits.len(), 1);
    read(&rig, "b", &[("brief.md", "Lateness costs nothing any more.\n\nLate bikes are welcome.\n")]).await;
    let found = searcher.search(&project, &Query::new("late")).await.unwrap();
    let quotes: Vec<_> = found.hits.iter().map(|hit| hit.cited.quote()).collect();
    assert_eq!(quotes, ["Late bikes are welcome."]);
}

#[tokio::test]
async fn vectors_lie_where_they_are_said_to_and_one_that_is_damaged_is_told() {
    let rig = Rig::new();
    let project = read(&rig, "a", &[("brief.md", BRIEF)]).await;
    let searcher = || searcher(&rig).with_embedder(Arc::new(LexicalEmbedder) as Arc<dyn Embedder>);
    searcher().search(&project, &Query::new("late")).await.unwrap();
    let root = rig.request("a").root;
    let prefix = aipipe_core::domain::ArtifactPrefix::vectors(&root, "lexical-512-v1").unwrap();
    let listed: Vec<_> = rig.artifacts.list(prefix).collect().await;
    assert_eq!(listed.len(), 1);
    let key = listed[0].as_ref().unwrap().key.clone();
    assert!(key.as_str().starts_with(&format!("{root}/vectors/lexical-512-v1/")), "{key}");
    rig.artifacts.put(&key, Bytes::from_static(b"other"), PutOptions::default()).await.unwrap();
    let error = searcher().search(&project, &Query::new("late")).await.unwrap_err();
    assert_eq!((error.kind(), error.context("key")), (ErrorKind::Corrupt, Some(key.as_str())));
}

#[tokio::test]
async fn what_cannot_be_searched_is_told() {
    let rig = Rig::new();
    let nobody = ProjectName::parse("nobody").unwrap();
    let error = searcher(&rig).search(&nobody, &Query::new("late")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let project = read(&rig, "a", &[("brief.md", BRIEF), ("mail.eml", MAIL)]).await;
    // A reading as earlier releases wrote it.
    let records = rig.records.query_all(Table::Documents, RecordQuery::partition(project.as_str())).await.unwrap();
    let record = records.iter().find(|record| record.body["name"] == "brief.md").unwrap();
    let mut body = record.body.clone();
    body.as_object_mut().unwrap().remove("segments").unwrap();
    let write = RecordWrite::put(Table::Documents, record.key.clone(), Expect::Anything, &body).unwrap();
    rig.records.write(vec![write]).await.unwrap();
    let found = searcher(&rig).search(&project, &Query::new("district late")).await.unwrap();
    assert_eq!((found.hits.len(), found.left_out.len()), (1, 1));
    assert_eq!(found.left_out[0].name, "brief.md");
}

#[tokio::test]
async fn code_of_a_bundle_is_found_beside_the_documents() {
    let rig = Rig::new();
    let project = read(&rig, "a", &[("brief.md", BRIEF)]).await;
    let (root, execution) = (rig.request("a").root, rig.request("a").execution());
    let mut scaffold = Vec::new();
    for (path, content) in [
        (
            "src/fees.ts",
            &b"const RATE = 3;\n\nexport function lateFee(hours: number): number {\n  return RATE * hours;\n}\n"[..],
        ),
        ("public/logo.png", &[0x89, 0x50, 0xff]),
    ] {
        let path = RepoPath::parse(path).unwrap();
        let hash = ContentHash::of(content);
        let key = aipipe_core::domain::ArtifactKey::value(&root, &execution, &hash);
        rig.artifacts.put(&key, Bytes::copy_from_slice(content), PutOptions::default()).await.unwrap();
        let content = ArtifactRef { key, hash, bytes: content.len() as u64 };
        let route = Route::Template { template: "t".to_owned() };
        scaffold.push(CodeFile { path, content, executable: false, route, reason: String::new(), stories: vec![] });
    }
    let nothing = scaffold[0].content.clone();
    let bundle = CodeBundle {
        root,
        plan: Stored::new(nothing.clone()),
        work: Stored::new(nothing),
        scaffold,
        stories: vec![],
        completions: vec![],
        repairs: vec![],
    };
    let searcher = searcher(&rig);
    let found = searcher.search_with_code(&project, &bundle, &Query::new("lateFee")).await.unwrap();
    let cited: Vec<_> = found.hits.iter().map(|hit| hit.cited.to_string()).collect();
    assert_eq!(cited, ["src/fees.ts, lines 1–5", "brief.md, line 7"]);
    assert_eq!(found.left_out[0].name, "public/logo.png");
    // Without the bundle there is no code, also in the same searcher.
    assert_eq!(searcher.search(&project, &Query::new("lateFee")).await.unwrap().hits.len(), 1);
}
