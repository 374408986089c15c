//! Processes that die at each named point in the middle of an effect.

use crate::artifacts::{key, put, text, versions_of};
use crate::processes::{Peer, role, say};
use crate::records::{key as record_key, runtime};
use aipipe_adapters_local::{LocalArtifacts, LocalRecords};
use aipipe_core::ErrorKind;
use aipipe_core::ports::{ArtifactStore, Expect, RecordStore, RecordStoreExt as _, Table};
use serde_json::json;
use std::path::Path;
use std::sync::OnceLock;

static POINT: OnceLock<String> = OnceLock::new();

fn die_here(point: &'static str) {
    if POINT.get().is_some_and(|wanted| wanted == point) {
        say(point);
        std::process::abort();
    }
}

/// Played by child processes; passes at once in the parent.
#[test]
fn peer() {
    let Some((role, folder)) = role() else { return };
    let folder = Path::new(&folder);
    let (effect, point) = role.split_once(' ').unwrap();
    POINT.set(point.to_owned()).unwrap();
    aipipe_core::failpoint::install(die_here);
    runtime().block_on(async {
        let artifacts = LocalArtifacts::open(&folder.join("artifacts")).unwrap();
        match effect {
            "replace" => drop(put(&artifacts, "raw/old", "new").await.unwrap()),
            "create" => drop(put(&artifacts, "raw/fresh", "new").await.unwrap()),
            "delete" => artifacts.delete(&key("raw/old")).await.unwrap(),
            "record" => {
                let records = LocalRecords::open(&folder.join("records.redb")).unwrap();
                records.put(Table::Documents, record_key("p", "old"), Expect::Anything, &"new").await.unwrap();
            }
            other => panic!("no effect {other}"),
        }
    });
    panic!("the effect never came to {point}");
}

#[test]
fn whoever_dies_in_the_middle_leaves_the_state_before_or_after() {
    let old = Some("old");
    let new = Some("new");
    let cases = [
        ("replace", "artifact.put.temp-written", "raw/old", old),
        ("replace", "artifact.put.version-named", "raw/old", old),
        ("replace", "artifact.put.switched", "raw/old", new),
        ("create", "artifact.put.temp-written", "raw/fresh", None),
        ("create", "artifact.put.version-named", "raw/fresh", None),
        ("create", "artifact.put.switched", "raw/fresh", new),
        ("delete", "artifact.delete.unlinked", "raw/old", None),
    ];
    for (effect, point, rest, left) in cases {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("artifacts");
        runtime().block_on(async {
            let before = {
                let store = LocalArtifacts::open(&root).unwrap();
                put(&store, "raw/old", "older").await.unwrap();
                put(&store, "raw/old", "old").await.unwrap()
            };
            let mut peer = Peer::start("crash::peer", &format!("{effect} {point}"), folder.path());
            assert_eq!(peer.next_line().as_deref(), Some(point));
            peer.wait();
            let store = LocalArtifacts::open(&root).unwrap();
            match left {
                Some(left) => assert_eq!(text(&store, rest).await.unwrap(), left, "{effect} at {point}"),
                None => {
                    assert_eq!(
                        text(&store, rest).await.unwrap_err().kind(),
                        ErrorKind::NotFound,
                        "{effect} at {point}"
                    );
                }
            }
            if effect == "replace" {
                let versions = versions_of(&store, rest).await;
                assert_eq!(versions.len(), if left == new { 3 } else { 2 }, "no version nobody was told of");
                assert!(versions.contains(&before.version));
            }
            // The effect repeated, as a resume does, ends in the same state as without the crash.
            if effect == "delete" {
                store.delete(&key(rest)).await.unwrap();
                let again = put(&store, rest, "again").await.unwrap();
                assert_eq!(versions_of(&store, rest).await, [again.version], "no version from before the deletion");
            } else {
                let again = put(&store, rest, "new").await.unwrap();
                assert_eq!(text(&store, rest).await.unwrap(), "new");
                let told = store.versions(&key(rest)).await.unwrap().len();
                let number = again.version.as_str().split_once('-').unwrap().0;
                assert_eq!(number, told.to_string(), "{effect} at {point} leaves no gap between versions");
            }
            assert_eq!(std::fs::read_dir(root.join(".aipipe/tmp")).unwrap().count(), 0);
        });
    }
}

#[test]
fn a_commit_is_there_or_not() {
    for (point, left) in [("records.commit.before", "old"), ("records.commit.after", "new")] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.redb");
        runtime().block_on(async {
            let store = LocalRecords::open(&path).unwrap();
            store.put(Table::Documents, record_key("p", "old"), Expect::Absent, &"old").await.unwrap();
            drop(store);
            let mut peer = Peer::start("crash::peer", &format!("record {point}"), folder.path());
            assert_eq!(peer.next_line().as_deref(), Some(point));
            peer.wait();
            let store = LocalRecords::open(&path).unwrap();
            let record = store.get(Table::Documents, &record_key("p", "old")).await.unwrap().unwrap();
            assert_eq!(record.body, json!(left), "{point}");
            store
                .put(Table::Documents, record_key("p", "old"), Expect::Version(record.version), &"next")
                .await
                .unwrap();
        });
    }
}
