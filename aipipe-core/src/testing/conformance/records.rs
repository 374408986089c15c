//! The suite of [`RecordStore`].

use super::{Check, Failure, Report, ensure, fails_with};
use crate::ErrorKind;
use crate::ports::{
    Expect, RecordIndex, RecordKey, RecordQuery, RecordStore, RecordStoreExt, RecordVersion, RecordWrite, Table,
};
use serde_json::{Value, json};
use std::sync::Arc;

type Store = Arc<dyn RecordStore>;
const TABLE: Table = Table::Documents;

/// Checks a [`RecordStore`] against its contract.
pub async fn record_store(store: &Store) -> Report {
    let mut report = Report::new("RecordStore");
    report.check("what was put reads back with its version", reads_back(store)).await;
    report.check("every put gives a version of its own, also after a delete", versions_differ(store)).await;
    report.check("expectations are kept", expectations(store)).await;
    report.check("a failed expectation names its record", names_the_record(store)).await;
    report.check("a write takes effect entirely or not at all", all_or_nothing(store)).await;
    report.check("a check alone changes nothing and can refuse", checks(store)).await;
    report.check("two parts about one record are invalid", no_doubles(store)).await;
    report.check("too many parts and too large records are invalid", limits(store)).await;
    report.check("more bytes than a write may have are invalid", write_limit(store)).await;
    report.check("8 concurrent writers lose no update", no_lost_update(store)).await;
    report.check("of 8 concurrent makers one wins", one_maker(store)).await;
    report.check("partitions are read in order, by prefix, both ways, page by page", queries(store)).await;
    report.check("indexes list records, follow changes and forget deleted ones", indexes(store)).await;
    report.check("tables and partitions are kept apart", kept_apart(store)).await;
    report.check("limits outside 1 to 1000 are invalid", query_limits(store)).await;
    report
}

fn record(partition: &str, sort: &str) -> Check<RecordKey> {
    Ok(RecordKey::parse(format!("conformance-{partition}"), sort)?)
}

async fn put(store: &Store, key: &RecordKey, expect: Expect, body: &Value) -> crate::Result<RecordVersion> {
    store.put(TABLE, key.clone(), expect, body).await
}

async fn reads_back(store: &Store) -> Check {
    let key = record("reads", "a")?;
    ensure!(store.get(TABLE, &key).await?.is_none(), "an absent record is there");
    let body = json!({"text": "grüße \u{1F6B2}\n\"quoted\"", "number": 18_446_744_073_709_551_615_u64, "none": null, "list": [1, -2, 3.5]});
    let version = put(store, &key, Expect::Absent, &body).await?;
    let got = store.get(TABLE, &key).await?.ok_or_else(|| Failure("the record is not there".to_owned()))?;
    ensure!(got.body == body && got.version == version && got.key == key, "came back as {got:?}");
    Ok(())
}

async fn versions_differ(store: &Store) -> Check {
    let key = record("versions", "a")?;
    let mut last = put(store, &key, Expect::Absent, &json!(0)).await?;
    let mut all = vec![last];
    for round in 1..6 {
        if round % 2 == 0 {
            store.write(vec![RecordWrite::delete(TABLE, key.clone(), Expect::Version(last))]).await?;
        }
        let next = put(store, &key, Expect::Anything, &json!(round)).await?;
        ensure!(!all.contains(&next), "{next:?} is there again after {all:?}");
        all.push(next);
        last = next;
    }
    Ok(())
}

async fn expectations(store: &Store) -> Check {
    let key = record("expect", "a")?;
    let stale = put(store, &key, Expect::Absent, &json!(1)).await?;
    fails_with(put(store, &key, Expect::Absent, &json!(2)).await, ErrorKind::Conflict)?;
    let current = put(store, &key, Expect::Version(stale), &json!(3)).await?;
    fails_with(put(store, &key, Expect::Version(stale), &json!(4)).await, ErrorKind::Conflict)?;
    let delete = |expect| store.write(vec![RecordWrite::delete(TABLE, key.clone(), expect)]);
    fails_with(delete(Expect::Version(stale)).await, ErrorKind::Conflict)?;
    fails_with(delete(Expect::Absent).await, ErrorKind::Conflict)?;
    ensure!(store.get(TABLE, &key).await?.map(|record| record.body) == Some(json!(3)), "a refused write took effect");
    delete(Expect::Version(current)).await?;
    delete(Expect::Anything).await?;
    fails_with(put(store, &key, Expect::Version(current), &json!(5)).await, ErrorKind::Conflict)
}

async fn names_the_record(store: &Store) -> Check {
    let key = record("names", "b")?;
    put(store, &key, Expect::Absent, &json!(1)).await?;
    let fine = RecordWrite::put(TABLE, record("names", "a")?, Expect::Absent, &1)?;
    let bad = RecordWrite::put(TABLE, key.clone(), Expect::Absent, &1)?;
    let Err(error) = store.write(vec![fine, bad]).await else { return Err(Failure("was not refused".to_owned())) };
    let named = (error.context("table"), error.context("partition"), error.context("sort"));
    ensure!(
        named == (Some(TABLE.as_str()), Some(key.partition()), Some(key.sort())),
        "the error names {named:?} and not {key:?}"
    );
    Ok(())
}

async fn all_or_nothing(store: &Store) -> Check {
    let (first, second, third) = (record("atomic", "a")?, record("atomic", "b")?, record("atomic", "c")?);
    put(store, &second, Expect::Absent, &json!("old")).await?;
    put(store, &third, Expect::Absent, &json!("old")).await?;
    let refused = store
        .write(vec![
            RecordWrite::put(TABLE, first.clone(), Expect::Absent, &"new")?,
            RecordWrite::delete(TABLE, third.clone(), Expect::Anything),
            RecordWrite::put(TABLE, second.clone(), Expect::Absent, &"new")?,
        ])
        .await;
    fails_with(refused, ErrorKind::Conflict)?;
    ensure!(store.get(TABLE, &first).await?.is_none(), "a part before the refused one took effect");
    ensure!(store.get(TABLE, &third).await?.is_some(), "a delete before the refused part took effect");
    let versions = store
        .write(vec![
            RecordWrite::put(TABLE, first.clone(), Expect::Absent, &"new")?,
            RecordWrite::delete(TABLE, third.clone(), Expect::Anything),
            RecordWrite::check(TABLE, record("atomic", "none")?, Expect::Absent),
            RecordWrite::put(TABLE, second.clone(), Expect::Anything, &"new")?,
        ])
        .await?;
    let shape: Vec<_> = versions.iter().map(Option::is_some).collect();
    ensure!(shape == [true, false, false, true], "versions are not in the order of the parts: {versions:?}");
    ensure!(store.get(TABLE, &second).await?.map(|record| record.body) == Some(json!("new")), "a part is missing");
    Ok(())
}

async fn checks(store: &Store) -> Check {
    let key = record("checks", "a")?;
    let version = put(store, &key, Expect::Absent, &json!(1)).await?;
    let check = |expect| store.write(vec![RecordWrite::check(TABLE, key.clone(), expect)]);
    check(Expect::Version(version)).await?;
    check(Expect::Anything).await?;
    fails_with(check(Expect::Absent).await, ErrorKind::Conflict)?;
    let after = store.get(TABLE, &key).await?.map(|record| record.version);
    ensure!(after == Some(version), "a check changed the version to {after:?}");
    Ok(())
}

async fn no_doubles(store: &Store) -> Check {
    let key = record("doubles", "a")?;
    let writes = vec![
        RecordWrite::put(TABLE, key.clone(), Expect::Anything, &1)?,
        RecordWrite::check(TABLE, key.clone(), Expect::Anything),
    ];
    fails_with(store.write(writes).await, ErrorKind::InvalidInput)
}

async fn limits(store: &Store) -> Check {
    let capabilities = store.capabilities();
    ensure!(capabilities.max_writes >= 25, "only {} parts a write", capabilities.max_writes);
    ensure!(capabilities.max_record_bytes >= 256 * 1024, "only {} bytes a record", capabilities.max_record_bytes);
    let many = |count: usize| -> Check<Vec<RecordWrite>> {
        (0..count)
            .map(|i| Ok(RecordWrite::put(TABLE, record("limits", &format!("{i:04}"))?, Expect::Anything, &i)?))
            .collect()
    };
    store.write(many(capabilities.max_writes)?).await?;
    fails_with(store.write(many(capabilities.max_writes + 1)?).await, ErrorKind::InvalidInput)?;
    let key = record("limits", "large")?;
    let large = |bytes: usize| Value::String("x".repeat(bytes));
    put(store, &key, Expect::Anything, &large(255 * 1024)).await?;
    let too_large = large(capabilities.max_record_bytes + 1);
    fails_with(put(store, &key, Expect::Anything, &too_large).await.map(|_| ()), ErrorKind::InvalidInput)
}

async fn write_limit(store: &Store) -> Check {
    let capabilities = store.capabilities();
    let most = capabilities.max_write_bytes;
    ensure!(most >= 1024 * 1024, "only {most} bytes a write");
    let body = Value::String("x".repeat(250 * 1024));
    let mut writes: Vec<RecordWrite> = Vec::new();
    let mut bytes = 0;
    loop {
        let key = record("write-limit", &format!("{:04}", writes.len()))?;
        let write = RecordWrite::put(TABLE, key, Expect::Anything, &body)?;
        bytes += write.bytes();
        if bytes > most {
            if writes.len() < capabilities.max_writes {
                let too_many = writes.iter().cloned().chain([write]).collect();
                fails_with(store.write(too_many).await, ErrorKind::InvalidInput)?;
            }
            break;
        }
        if writes.len() == capabilities.max_writes {
            break; // So many small parts that their bytes never are too many.
        }
        writes.push(write);
    }
    store.write(writes).await?;
    Ok(())
}

async fn no_lost_update(store: &Store) -> Check {
    let key = record("counter", "a")?;
    put(store, &key, Expect::Absent, &json!(0)).await?;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (store, key) = (Arc::clone(store), key.clone());
            tokio::spawn(async move {
                for _ in 0..10 {
                    increment(&store, &key).await?;
                }
                Ok::<_, Failure>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    let total = store.get(TABLE, &key).await?.map(|record| record.body);
    ensure!(total == Some(json!(80)), "80 increments left {total:?}");
    Ok(())
}

async fn increment(store: &Store, key: &RecordKey) -> Check {
    for _ in 0..10_000 {
        let current = store.get(TABLE, key).await?.ok_or_else(|| Failure("the counter is gone".to_owned()))?;
        let number = current.body.as_u64().ok_or_else(|| Failure("the counter is no number".to_owned()))?;
        tokio::task::yield_now().await;
        match put(store, key, Expect::Version(current.version), &json!(number + 1)).await {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure("10,000 tries did not get through".to_owned()))
}

async fn one_maker(store: &Store) -> Check {
    let key = record("maker", "a")?;
    let tasks: Vec<_> = (0..8)
        .map(|i| {
            let (store, key) = (Arc::clone(store), key.clone());
            tokio::spawn(async move { put(&store, &key, Expect::Absent, &json!(i)).await.map(|_| i) })
        })
        .collect();
    let mut winners = Vec::new();
    for task in tasks {
        match task.await? {
            Ok(i) => winners.push(i),
            Err(error) => ensure!(error.kind() == ErrorKind::Conflict, "a loser got {error}"),
        }
    }
    let [winner] = winners.as_slice() else { return Err(Failure(format!("{} makers won", winners.len()))) };
    let body = store.get(TABLE, &key).await?.map(|record| record.body);
    ensure!(body == Some(json!(winner)), "the content is not the winner's");
    Ok(())
}

async fn sorts(store: &Store, query: RecordQuery) -> Check<Vec<String>> {
    let mut query = query;
    let mut found = Vec::new();
    for _ in 0..100 {
        let page = store.query(TABLE, query.clone()).await?;
        ensure!(page.records.len() <= query.limit, "a page has {} records", page.records.len());
        found.extend(page.records.iter().map(|record| record.key.sort().to_owned()));
        match page.next {
            None => return Ok(found),
            next => query.after = next,
        }
    }
    Err(Failure("the pages never end".to_owned()))
}

async fn queries(store: &Store) -> Check {
    let names = ["a/1", "a/10", "a/2", "b/1", "é", "z"];
    for name in names.iter().rev() {
        put(store, &record("queries", name)?, Expect::Absent, &json!(name)).await?;
    }
    let partition = || RecordQuery::partition("conformance-queries");
    ensure!(sorts(store, partition()).await? == ["a/1", "a/10", "a/2", "b/1", "z", "é"], "not in order of bytes");
    for limit in 1..=7 {
        let paged = sorts(store, partition().with_limit(limit)).await?;
        ensure!(paged == ["a/1", "a/10", "a/2", "b/1", "z", "é"], "pages of {limit} gave {paged:?}");
        let back = sorts(store, partition().with_limit(limit).descending()).await?;
        ensure!(back == ["é", "z", "b/1", "a/2", "a/10", "a/1"], "backwards, pages of {limit} gave {back:?}");
        let prefixed = sorts(store, partition().with_sort_prefix("a/").with_limit(limit)).await?;
        ensure!(prefixed == ["a/1", "a/10", "a/2"], "the prefix gave {prefixed:?}");
        let back = sorts(store, partition().with_sort_prefix("a/").with_limit(limit).descending()).await?;
        ensure!(back == ["a/2", "a/10", "a/1"], "the prefix backwards gave {back:?}");
    }
    ensure!(
        sorts(store, RecordQuery::partition("conformance-querie")).await?.is_empty(),
        "a partition's prefix matches"
    );
    Ok(())
}

async fn indexes(store: &Store) -> Check {
    let listed = |status: &str| {
        sorts(store, RecordQuery::index(RecordIndex::Status, format!("conformance-{status}")).with_limit(2))
    };
    let write = |sort: &str, status: &str, rank: &str| -> Check<RecordWrite> {
        let at = RecordKey::parse(format!("conformance-{status}"), rank)?;
        Ok(RecordWrite::put(TABLE, record("indexed", sort)?, Expect::Anything, &sort)?
            .with_index(RecordIndex::Status, at))
    };
    store.write(vec![write("c", "open", "1")?, write("a", "open", "2")?, write("b", "open", "2")?]).await?;
    ensure!(listed("open").await? == ["c", "a", "b"], "the index is not in its own order: {:?}", listed("open").await?);
    store.write(vec![write("a", "done", "1")?]).await?;
    ensure!(listed("open").await? == ["c", "b"], "a changed record is still listed");
    ensure!(listed("done").await? == ["a"], "a changed record is not listed");
    store.write(vec![RecordWrite::delete(TABLE, record("indexed", "a")?, Expect::Anything)]).await?;
    put(store, &record("indexed", "c")?, Expect::Anything, &json!("no index")).await?;
    ensure!(listed("done").await?.is_empty() && listed("open").await? == ["b"], "forgotten records are listed");
    Ok(())
}

async fn kept_apart(store: &Store) -> Check {
    let key = record("apart", "a")?;
    put(store, &key, Expect::Absent, &json!("documents")).await?;
    ensure!(store.get(Table::UserStories, &key).await?.is_none(), "another table has the record");
    store.put(Table::UserStories, key.clone(), Expect::Absent, &"stories").await?;
    ensure!(store.get(TABLE, &key).await?.map(|record| record.body) == Some(json!("documents")), "tables are mixed up");
    put(store, &RecordKey::parse("conformance-apart/a", "b")?, Expect::Absent, &json!(1)).await?;
    put(store, &RecordKey::parse("conformance-apart", "a/b")?, Expect::Absent, &json!(2)).await?;
    ensure!(
        sorts(store, RecordQuery::partition("conformance-apart")).await? == ["a", "a/b"],
        "partitions are mixed up"
    );
    Ok(())
}

async fn query_limits(store: &Store) -> Check {
    for limit in [0, 1001] {
        let query = RecordQuery::partition("conformance-limits").with_limit(limit);
        fails_with(store.query(TABLE, query).await, ErrorKind::InvalidInput)?;
    }
    Ok(())
}
