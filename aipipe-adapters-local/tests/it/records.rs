//! The record store: writes, queries, processes, a full disk.

use crate::processes::{Peer, role, say};
use aipipe_adapters_local::LocalRecords;
use aipipe_core::ErrorKind;
use aipipe_core::ports::{
    Expect, RecordIndex, RecordKey, RecordQuery, RecordStore, RecordStoreExt as _, RecordVersion, RecordWrite, Table,
};
use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub(crate) fn key(partition: &str, sort: &str) -> RecordKey {
    RecordKey::parse(partition, sort).unwrap()
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn put(sort: &str, body: impl Serialize) -> RecordWrite {
    RecordWrite::put(Table::ExecutionState, key("p", sort), Expect::Anything, &body).unwrap()
}

#[tokio::test]
async fn a_failed_expectation_leaves_no_trace_and_names_the_record() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalRecords::open(&folder.path().join("new/folders/records.redb")).unwrap();
    let versions = store.write(vec![put("a", json!(1)), put("b", json!(2))]).await.unwrap();
    let (a, b) = (versions[0].unwrap(), versions[1].unwrap());
    assert!(b != a);

    let stale = RecordWrite::check(Table::ExecutionState, key("p", "a"), Expect::Version(RecordVersion::new(999)));
    let error = store.write(vec![put("c", json!(3)), put("b", json!(4)), stale]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.context("table"), Some("execution_state"));
    assert_eq!((error.context("partition"), error.context("sort")), (Some("p"), Some("a")));
    assert_eq!(store.get(Table::ExecutionState, &key("p", "c")).await.unwrap(), None);
    assert_eq!(store.get(Table::ExecutionState, &key("p", "b")).await.unwrap().unwrap().body, json!(2));

    let delete = RecordWrite::delete(Table::ExecutionState, key("p", "a"), Expect::Version(a));
    assert_eq!(store.write(vec![delete]).await.unwrap(), [None]);
    drop(store);
    let store = LocalRecords::open(&folder.path().join("new/folders/records.redb")).unwrap();
    let again = store.put(Table::ExecutionState, key("p", "a"), Expect::Absent, &json!(5)).await.unwrap();
    assert!(again != a && again != b, "a record made again has a version of its own, also after opening again");
}

#[tokio::test]
async fn what_can_not_be_stored_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalRecords::open(&folder.path().join("records.redb")).unwrap();
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    let indexed = |name| put("a", json!(1)).with_index(RecordIndex::Status, key(name, "1"));
    let cases = [
        vec![put("a", json!("x".repeat(256 * 1024)))],
        vec![put("a", deep)],
        vec![put("a", json!(1)), put("b", json!(2)), put("a", json!(3))],
        (0..101).map(|n| put(&n.to_string(), json!(n))).collect(),
        vec![indexed("x").with_index(RecordIndex::Status, key("y", "2"))],
    ];
    for writes in cases {
        assert_eq!(store.write(writes).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    let largest = json!("x".repeat(256 * 1024 - 2));
    store.write(vec![put("a", largest.clone())]).await.unwrap();
    assert_eq!(store.get(Table::ExecutionState, &key("p", "a")).await.unwrap().unwrap().body, largest);
    let almost = (0..127).fold(json!(1), |inner, _| json!([inner]));
    store.write(vec![put("deep", almost.clone())]).await.unwrap();
    assert_eq!(store.get(Table::ExecutionState, &key("p", "deep")).await.unwrap().unwrap().body, almost);
    assert_eq!(store.write(Vec::new()).await.unwrap(), []);

    for limit in [0, 1001] {
        let error = store.query(Table::Documents, RecordQuery::partition("p").with_limit(limit)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
    let page = store.query(Table::ExecutionState, RecordQuery::partition("p").with_limit(1)).await.unwrap();
    let foreign = RecordQuery::partition("q").after(page.next);
    assert_eq!(store.query(Table::ExecutionState, foreign).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    for odd in ["", "p\0a", "p\0"] {
        assert_eq!(store.query(Table::ExecutionState, RecordQuery::partition(odd)).await.unwrap().records, []);
    }
}

#[test]
fn writers_side_by_side_share_commits_and_lose_no_update() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(LocalRecords::open(&folder.path().join("records.redb")).unwrap());
    runtime().block_on(async {
        let (writers, rounds) = (64_u64, 40_u64);
        let tasks: Vec<_> = (0..writers)
            .map(|writer| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    let counter = key("p", &format!("own{writer}"));
                    let mut expect = Expect::Absent;
                    for round in 0..rounds {
                        let version = store.put(Table::ExecutionState, counter.clone(), expect, &round).await.unwrap();
                        expect = Expect::Version(version);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let per_write = store.commits() as f64 / (writers * rounds) as f64;
        assert!(per_write <= 0.1, "{per_write} commits a write");

        // One counter for everybody: each increment must be seen by the next.
        store.put(Table::ExecutionState, key("p", "shared"), Expect::Absent, &0_u64).await.unwrap();
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    let mut done = 0;
                    while done < 25 {
                        let record = store.get(Table::ExecutionState, &key("p", "shared")).await.unwrap().unwrap();
                        let next = record.decode::<u64>().unwrap() + 1;
                        let expect = Expect::Version(record.version);
                        match store.put(Table::ExecutionState, key("p", "shared"), expect, &next).await {
                            Ok(_) => done += 1,
                            Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict),
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let shared = store.get(Table::ExecutionState, &key("p", "shared")).await.unwrap().unwrap();
        assert_eq!(shared.body, json!(200));
    });
}

#[tokio::test]
async fn numbers_are_read_back_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalRecords::open(&folder.path().join("records.redb")).unwrap();
    let numbers = json!([
        u64::MAX,
        i64::MIN,
        -0.0,
        0.1 + 0.2,
        f64::MAX,
        f64::MIN_POSITIVE,
        0.010030090270812437,
        1.0715660391465826e-75
    ]);
    store.write(vec![put("n", numbers.clone())]).await.unwrap();
    assert_eq!(store.get(Table::ExecutionState, &key("p", "n")).await.unwrap().unwrap().body, numbers);
}

/// Played by child processes; passes at once in the parent.
#[test]
fn peer() {
    let Some((role, folder)) = role() else { return };
    let path = Path::new(&folder).join("records.redb");
    match role.as_str() {
        "hold" => {
            let _store = LocalRecords::open(&path).unwrap();
            say("open");
            let _ = std::io::stdin().read_line(&mut String::new());
        }
        "try" => say(LocalRecords::open(&path).map_or_else(|error| format!("{:?}", error.kind()), |_| "open".into())),
        "write" => {
            let store = LocalRecords::open(&path).unwrap();
            runtime().block_on(async {
                for n in 0_u64.. {
                    let body = json!({ "n": n, "filler": "x".repeat(300) });
                    let sort = format!("{n:08}");
                    let pair = vec![put(&format!("left{sort}"), body.clone()), put(&format!("right{sort}"), body)];
                    store.write(pair).await.unwrap();
                    say(n);
                }
            });
        }
        other => panic!("no role {other}"),
    }
}

#[test]
fn a_second_process_is_told_that_the_store_is_busy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.redb");
    let store = LocalRecords::open(&path).unwrap();
    let mut peer = Peer::start("records::peer", "try", folder.path());
    assert_eq!(peer.next_line().as_deref(), Some("Busy"));
    let here = LocalRecords::open(&path).unwrap_err();
    assert_eq!(here.kind(), ErrorKind::Busy);
    assert_eq!(here.context("path"), Some(path.to_str().unwrap()));
    drop(store);

    let mut holder = Peer::start("records::peer", "hold", folder.path());
    assert_eq!(holder.next_line().as_deref(), Some("open"));
    assert_eq!(LocalRecords::open(&path).unwrap_err().kind(), ErrorKind::Busy);
    holder.kill();
    LocalRecords::open(&path).expect("the lock of a killed process is gone");
}

#[test]
fn a_killed_process_loses_nothing_it_acknowledged_and_leaves_no_half_write() {
    let folder = tempfile::tempdir().unwrap();
    let mut written = 0;
    for round in 1..=12 {
        let mut writer = Peer::start("records::peer", "write", folder.path());
        let mut acknowledged = 0;
        for _ in 0..round * 7 {
            acknowledged = writer.next_line().unwrap().parse::<u64>().unwrap();
        }
        writer.kill();
        // What it said before the kill but was not read yet counts as well.
        while let Some(line) = writer.next_line() {
            acknowledged = line.parse().unwrap_or(acknowledged);
        }
        let store = LocalRecords::open(&folder.path().join("records.redb")).unwrap();
        runtime().block_on(async {
            let side = |side: &str| RecordQuery::partition("p").with_sort_prefix(side);
            let left = store.query_all(Table::ExecutionState, side("left")).await.unwrap();
            let right = store.query_all(Table::ExecutionState, side("right")).await.unwrap();
            assert!(left.len() as u64 > acknowledged, "{} of {acknowledged}", left.len());
            let bodies =
                |records: Vec<aipipe_core::ports::Record>| records.into_iter().map(|r| r.body).collect::<Vec<_>>();
            assert_eq!(bodies(left), bodies(right));
            written += acknowledged;
        });
    }
    assert!(written > 100, "the writers got somewhere: {written}");
}

#[derive(Debug, Clone)]
enum Step {
    Write(Vec<(Kind, usize, Wish)>),
    Query { index: Option<RecordIndex>, partition: usize, prefix: usize, descending: bool, limit: usize },
    Reopen,
}
#[derive(Debug, Clone)]
enum Kind {
    Put { body: u8, status: Option<usize>, project: Option<usize> },
    Delete,
    Check,
}
#[derive(Debug, Clone, Copy)]
enum Wish {
    Anything,
    Absent,
    Right,
    Wrong,
}

const NAMES: [&str; 4] = ["a", "ab", "b", "é"];

fn a_key(n: usize) -> RecordKey {
    key(NAMES[n % 4], NAMES[(n / 4) % 4])
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = || proptest::option::of(0..16_usize);
    let kind = prop_oneof![
        4 => (any::<u8>(), name(), name()).prop_map(|(body, status, project)| Kind::Put { body, status, project }),
        1 => Just(Kind::Delete),
        1 => Just(Kind::Check),
    ];
    let wish =
        prop_oneof![4 => Just(Wish::Anything), 1 => Just(Wish::Absent), 2 => Just(Wish::Right), 1 => Just(Wish::Wrong)];
    let index = prop_oneof![Just(None), Just(Some(RecordIndex::Status)), Just(Some(RecordIndex::Project))];
    let step = prop_oneof![
        10 => proptest::collection::vec((kind, 0..16_usize, wish), 1..4).prop_map(Step::Write),
        6 => (index, 0..4_usize, 0..5_usize, any::<bool>(), 1..4_usize).prop_map(
            |(index, partition, prefix, descending, limit)| Step::Query { index, partition, prefix, descending, limit }
        ),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..30)
}

#[derive(Clone)]
struct Held {
    version: RecordVersion,
    body: Value,
    entries: Vec<(RecordIndex, RecordKey)>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_does_what_a_map_in_memory_does(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.redb");
        let mut store = Some(LocalRecords::open(&path).unwrap());
        let mut model = BTreeMap::<RecordKey, Held>::new();
        let mut given = Vec::new();
        runtime().block_on(async {
            for step in steps {
                let open = store.as_ref().unwrap();
                match step {
                    Step::Reopen => {
                        drop(store.take());
                        store = Some(LocalRecords::open(&path).unwrap());
                    }
                    Step::Write(parts) => write_both(open, &mut model, &mut given, parts).await,
                    Step::Query { index, partition, prefix, descending, limit } => {
                        let prefix = NAMES.get(prefix).copied().unwrap_or_default();
                        let mut query =
                            RecordQuery::partition(NAMES[partition]).with_sort_prefix(prefix).with_limit(limit);
                        (query.index, query.descending) = (index, descending);
                        let mut found = Vec::new();
                        loop {
                            let page = open.query(Table::UserStories, query.clone()).await.unwrap();
                            assert!(page.records.len() <= limit);
                            assert!(page.next.is_none() || page.records.len() == limit);
                            found.extend(page.records.into_iter().map(|r| (r.key, r.version, r.body)));
                            if page.next.is_none() { break; }
                            query = query.after(page.next);
                        }
                        let mut wanted: Vec<_> = model.iter().filter_map(|(key, held)| {
                            let place = match index {
                                None => key.clone(),
                                Some(index) => held.entries.iter().find(|(i, _)| *i == index)?.1.clone(),
                            };
                            (place.partition() == NAMES[partition] && place.sort().starts_with(prefix))
                                .then(|| ((place, key.clone()), (key.clone(), held.version, held.body.clone())))
                        }).collect();
                        wanted.sort_by(|a, b| a.0.cmp(&b.0));
                        if descending { wanted.reverse(); }
                        assert_eq!(found, wanted.into_iter().map(|(_, record)| record).collect::<Vec<_>>());
                    }
                }
            }
            let open = store.as_ref().unwrap();
            for n in 0..16 {
                let found = open.get(Table::UserStories, &a_key(n)).await.unwrap().map(|r| (r.version, r.body));
                assert_eq!(found, model.get(&a_key(n)).map(|held| (held.version, held.body.clone())));
            }
        });
    }
}

async fn write_both(
    store: &LocalRecords,
    model: &mut BTreeMap<RecordKey, Held>,
    given: &mut Vec<RecordVersion>,
    parts: Vec<(Kind, usize, Wish)>,
) {
    let mut after = model.clone();
    let (mut holds, mut distinct, mut writes) = (true, true, Vec::new());
    let mut seen = Vec::new();
    for (kind, n, wish) in &parts {
        let key = a_key(*n);
        distinct &= !seen.contains(&key);
        seen.push(key.clone());
        let held = model.get(&key);
        let expect = match (wish, held) {
            (Wish::Anything, _) => Expect::Anything,
            (Wish::Right, Some(held)) => Expect::Version(held.version),
            (Wish::Absent, _) | (Wish::Right, None) => Expect::Absent,
            (Wish::Wrong, _) => Expect::Version(RecordVersion::new(u128::MAX)),
        };
        holds &= match expect {
            Expect::Anything => true,
            Expect::Absent => held.is_none(),
            Expect::Version(version) => held.is_some_and(|held| held.version == version),
        };
        writes.push(match kind {
            Kind::Check => RecordWrite::check(Table::UserStories, key, expect),
            Kind::Delete => {
                after.remove(&key);
                RecordWrite::delete(Table::UserStories, key, expect)
            }
            Kind::Put { body, status, project } => {
                let body = json!({ "b": body });
                let mut write = RecordWrite::put(Table::UserStories, key.clone(), expect, &body).unwrap();
                let mut entries = Vec::new();
                for (index, name) in [(RecordIndex::Status, status), (RecordIndex::Project, project)] {
                    if let Some(name) = name {
                        write = write.with_index(index, a_key(*name));
                        entries.push((index, a_key(*name)));
                    }
                }
                after.insert(key, Held { version: RecordVersion::new(0), body, entries });
                write
            }
        });
    }
    let outcome = store.write(writes).await;
    if !distinct {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::InvalidInput);
    } else if !holds {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Conflict);
    } else {
        for ((kind, n, _), version) in parts.iter().zip(outcome.unwrap()) {
            assert_eq!(version.is_some(), matches!(kind, Kind::Put { .. }));
            if let Some(version) = version {
                assert!(!given.contains(&version), "no version is given twice");
                given.push(version);
                after.get_mut(&a_key(*n)).unwrap().version = version;
            }
        }
        *model = after;
    }
}
