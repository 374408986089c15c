//! The record store on a damaged file: it says so, or what it says is true.

use crate::records::{key, runtime};
use aipipe_adapters_local::LocalRecords;
use aipipe_core::ErrorKind;
use aipipe_core::ports::{Expect, RecordIndex, RecordQuery, RecordStore, RecordStoreExt as _, RecordWrite, Table};
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const RECORDS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("records");
const RECORD_COUNT: u64 = 200;

fn body(n: u64) -> Value {
    json!({ "n": n, "text": format!("journal entry {n} ").repeat(1 + usize::try_from(n % 7).unwrap()) })
}

/// A store with records, some of them replaced and removed, closed or as a killed process would have left it.
fn filled(folder: &Path, closed: bool) -> (PathBuf, BTreeMap<String, Value>) {
    let path = folder.join("records.redb");
    let store = LocalRecords::open(&path).unwrap();
    let mut truth = BTreeMap::new();
    runtime().block_on(async {
        for chunk in (0..RECORD_COUNT).collect::<Vec<_>>().chunks(40) {
            let writes = chunk.iter().map(|n| {
                let sort = format!("{n:05}");
                truth.insert(sort.clone(), body(*n));
                RecordWrite::put(Table::ExecutionState, key("p", &sort), Expect::Absent, &body(*n))
                    .unwrap()
                    .with_index(RecordIndex::Status, key("all", &sort))
            });
            store.write(writes.collect()).await.unwrap();
        }
        for n in 0..10 {
            let sort = format!("{:05}", n * 19);
            truth.insert(sort.clone(), body(1000 + n));
            let write = RecordWrite::put(Table::ExecutionState, key("p", &sort), Expect::Anything, &body(1000 + n));
            store.write(vec![write.unwrap().with_index(RecordIndex::Status, key("all", &sort))]).await.unwrap();
        }
    });
    if closed {
        drop(store);
        (path, truth)
    } else {
        let image = folder.join("image.redb");
        std::fs::copy(&path, &image).unwrap();
        std::fs::copy(mark(&path), mark(&image)).unwrap();
        (image, truth)
    }
}

fn mark(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}.mark", path.display()))
}

/// A folder without a disk behind it where there is one: these tests open stores by the thousand.
fn in_memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// What the store says of a file: `None` when it is whole, or the kind of the error. Panics if it says anything untrue.
fn verdict(bytes: &[u8], pristine: &Path, truth: &BTreeMap<String, Value>, what: &str) -> Option<ErrorKind> {
    let folder = in_memory();
    let path = folder.path().join("records.redb");
    std::fs::write(&path, bytes).unwrap();
    std::fs::copy(mark(pristine), mark(&path)).unwrap();
    let store = match LocalRecords::open(&path) {
        Ok(store) => store,
        Err(error) => {
            assert!(error.context("path").is_some(), "{what}: {error}");
            return Some(error.kind());
        }
    };
    runtime().block_on(async {
        for query in [RecordQuery::partition("p"), RecordQuery::index(RecordIndex::Status, "all")] {
            match store.query_all(Table::ExecutionState, query).await {
                Ok(records) => {
                    let found: BTreeMap<_, _> =
                        records.into_iter().map(|record| (record.key.sort().to_owned(), record.body)).collect();
                    assert!(found == *truth, "{what}: {} records of {}", found.len(), truth.len());
                }
                Err(error) => return Some(error.kind()),
            }
        }
        // The queries read every record already; this is the other way to it.
        for (sort, body) in truth.iter().step_by(7) {
            match store.get(Table::ExecutionState, &key("p", sort)).await {
                Ok(record) => assert_eq!(record.as_ref().map(|record| &record.body), Some(body), "{what}: {sort}"),
                Err(error) => return Some(error.kind()),
            }
        }
        // And it can still be written to, or says why not.
        store.put(Table::ExecutionState, key("p", "new"), Expect::Absent, &1).await.err().map(|error| error.kind())
    })
}

#[test]
fn without_the_mark_damage_to_the_last_commit_would_look_like_an_unfinished_one() {
    let folder = in_memory();
    let (path, _) = filled(folder.path(), false);
    let bytes = std::fs::read(&path).unwrap();
    // The damaged page must be one of the last commit: find it by what only that commit holds.
    let needle = b"journal entry 1009 ";
    let at = bytes.windows(needle.len()).rposition(|window| window == needle).unwrap();
    let copy = folder.path().join("copy.redb");
    let open = |marked: bool| {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        std::fs::write(&copy, damaged).unwrap();
        let _ = std::fs::remove_file(mark(&copy));
        if marked {
            std::fs::copy(mark(&path), mark(&copy)).unwrap();
        }
        let store = LocalRecords::open(&copy)?;
        let sort = format!("{:05}", 9 * 19);
        let record = runtime().block_on(store.get(Table::ExecutionState, &key("p", &sort))).unwrap();
        Ok::<_, aipipe_core::Error>(record.unwrap().body)
    };
    assert_eq!(open(false).unwrap(), body(9 * 19), "control: redb goes back to the commit before");
    assert_eq!(open(true).unwrap_err().kind(), ErrorKind::Corrupt);
}

fn check(verdicts: &BTreeMap<String, usize>) {
    for name in verdicts.keys() {
        assert!(matches!(name.as_str(), "whole" | "Corrupt"), "{verdicts:?}");
    }
}

fn tally(verdicts: &mut BTreeMap<String, usize>, verdict: Option<ErrorKind>) {
    *verdicts.entry(verdict.map_or("whole".into(), |kind| format!("{kind:?}"))).or_default() += 1;
}

#[test]
fn a_flipped_bit_anywhere_in_the_file_is_never_read_as_something_else() {
    for closed in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let (path, truth) = filled(folder.path(), closed);
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(verdict(&bytes, &path, &truth, "untouched"), None);
        // Every byte of the header (every fourth the second time), then positions spread over the file by a fixed generator.
        let header = (0..320).step_by(if closed { 1 } else { 4 });
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let spread = (0..200).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 20) as usize % bytes.len()
        });
        let mut verdicts = BTreeMap::new();
        for (n, at) in header.chain(spread).enumerate() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (n % 8);
            let what = format!("bit {} of byte {at}, closed: {closed}", n % 8);
            tally(&mut verdicts, verdict(&damaged, &path, &truth, &what));
        }
        println!("closed: {closed}, {} bytes: {verdicts:?}", bytes.len());
        check(&verdicts);
        assert!(verdicts["Corrupt"] > 50, "the flips hit something: {verdicts:?}");
    }
}

#[test]
fn a_file_that_was_cut_is_never_read_as_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (path, truth) = filled(folder.path(), true);
    let bytes = std::fs::read(&path).unwrap();
    let mut verdicts = BTreeMap::new();
    let cuts = [0, 1, 8, 63, 64, 320, 4095, 4096, 4097].into_iter().chain((1..40).map(|n| bytes.len() * n / 40));
    for at in cuts.chain([bytes.len() - 1]) {
        tally(&mut verdicts, verdict(&bytes[..at], &path, &truth, &format!("cut at {at}")));
        let mut zeroed = bytes.clone();
        zeroed[at..].fill(0);
        tally(&mut verdicts, verdict(&zeroed, &path, &truth, &format!("zeroes from {at}")));
    }
    println!("{verdicts:?}");
    check(&verdicts);
}

#[test]
fn records_that_vanish_with_the_file_or_with_its_last_commits_are_missed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = filled(folder.path(), true);
    let older = std::fs::read(&path).unwrap();
    let store = LocalRecords::open(&path).unwrap();
    runtime().block_on(store.put(Table::ExecutionState, key("p", "late"), Expect::Absent, &1)).unwrap();
    drop(store);
    std::fs::write(&path, older).unwrap();
    assert_eq!(LocalRecords::open(&path).unwrap_err().kind(), ErrorKind::Corrupt);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(LocalRecords::open(&path).unwrap_err().kind(), ErrorKind::Corrupt);
    std::fs::remove_file(mark(&path)).unwrap();
    LocalRecords::open(&path).expect("without the mark it is a new store");
}

/// Replaces the stored value of a record behind the store's back.
fn forge(path: &Path, change: impl Fn(&mut Vec<u8>)) {
    let database = Database::open(path).unwrap();
    let name = {
        let records = database.begin_read().unwrap().open_table(RECORDS).unwrap();
        records.iter().unwrap().next().unwrap().unwrap().0.value().to_vec()
    };
    let transaction = database.begin_write().unwrap();
    {
        let mut records = transaction.open_table(RECORDS).unwrap();
        let mut value = records.get(name.as_slice()).unwrap().unwrap().value().to_vec();
        change(&mut value);
        records.insert(name.as_slice(), value.as_slice()).unwrap();
    }
    transaction.commit().unwrap();
    database.close().unwrap();
}

#[test]
fn every_byte_of_a_stored_value_is_covered_and_the_error_names_the_record() {
    let folder = in_memory();
    let path = folder.path().join("records.redb");
    let store = LocalRecords::open(&path).unwrap();
    let write =
        RecordWrite::put(Table::BuildResults, key("run", "7"), Expect::Absent, &json!({ "done": true })).unwrap();
    runtime().block_on(store.write(vec![write.with_index(RecordIndex::HeadSha, key("abc", "1"))])).unwrap();
    drop(store);
    let mut length = 0;
    forge(&path, |value| assert!(value.len() > 40));
    let mut at = 0;
    while at == 0 || at < length {
        forge(&path, |value| value[at] ^= 1 << (at % 8));
        let store = LocalRecords::open(&path).unwrap();
        runtime().block_on(async {
            let table = Table::BuildResults;
            let replace = RecordWrite::put(table, key("run", "7"), Expect::Anything, &1).unwrap();
            let errors = [
                store.get(table, &key("run", "7")).await.unwrap_err(),
                store.query(table, RecordQuery::partition("run")).await.unwrap_err(),
                store.query(table, RecordQuery::index(RecordIndex::HeadSha, "abc")).await.unwrap_err(),
                store.write(vec![replace]).await.unwrap_err(),
            ];
            for error in errors {
                assert_eq!(error.kind(), ErrorKind::Corrupt, "byte {at}: {error}");
                assert_eq!(error.context("table"), Some("build_results"));
                assert_eq!((error.context("partition"), error.context("sort")), (Some("run"), Some("7")));
            }
            // The damage of one record is not that of others.
            store.put(table, key("run", &format!("other{at}")), Expect::Absent, &1).await.unwrap();
        });
        drop(store);
        forge(&path, |value| value[at] ^= 1 << (at % 8));
        if at == 0 {
            let database = Database::open(&path).unwrap();
            let records = database.begin_read().unwrap().open_table(RECORDS).unwrap();
            length = records.iter().unwrap().next().unwrap().unwrap().1.value().len();
        }
        at += 1;
    }
    assert!(at > 40, "{at} bytes were flipped");
    for cut in [0, 1, 24, 25, 30] {
        forge(&path, |value| value.truncate(value.len() - cut.min(value.len())));
        if cut > 0 {
            let store = LocalRecords::open(&path).unwrap();
            let error = runtime().block_on(store.get(Table::BuildResults, &key("run", "7"))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{cut} bytes cut");
        }
    }
}
