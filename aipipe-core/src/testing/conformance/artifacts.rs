//! The suite of [`ArtifactStore`].

use super::{Check, Failure, Report, ensure, fails_with, raw_key, root};
use crate::ErrorKind;
use crate::domain::{ArtifactArea, ArtifactKey, ArtifactPrefix, ContentHash, ExecutionId, RepoPath};
use crate::ports::{ArtifactMeta, ArtifactStore, ArtifactStoreExt, GetOptions, PutMode, PutOptions, VersionEntry};
use bytes::Bytes;
use futures::StreamExt;
use std::sync::Arc;

type Store = Arc<dyn ArtifactStore>;

/// Checks an [`ArtifactStore`] against its contract.
pub async fn artifact_store(store: &Store) -> Report {
    let mut report = Report::new("ArtifactStore");
    report.check("what was put reads back, with hash and length", reads_back(store)).await;
    report.check("empty and large content is kept", sizes(store)).await;
    report.check("overwriting replaces the content and the version", overwrites(store)).await;
    report.check("create-only refuses a second put", create_only(store)).await;
    report.check("if-version refuses any other version and an absent key", if_version(store)).await;
    report.check("of 8 concurrent create-only puts one wins", one_creator(store)).await;
    report.check("8 concurrent if-version writers lose no update", no_lost_update(store)).await;
    report.check("readers see whole contents while a writer overwrites", atomic_puts(store)).await;
    report.check("list returns the keys below the prefix, in order, and no others", lists(store)).await;
    report.check("a deleted key is gone, and deleting it again is fine", deletes(store)).await;
    report.check("ranges return their bytes; past the end is invalid", ranges(store)).await;
    report.check("absent keys are not found", absent(store)).await;
    report.check("old versions stay readable, newest first", versions(store)).await;
    report.check("keys with spaces and other scripts are kept apart", odd_keys(store)).await;
    report.check("putting once is repeatable and refuses other content", put_once(store)).await;
    report
}

async fn text(store: &Store, key: &ArtifactKey) -> Check<Bytes> {
    Ok(store.get(key, GetOptions::default()).await?.content)
}

fn only(mode: PutMode) -> PutOptions {
    PutOptions::default().with_mode(mode)
}

async fn reads_back(store: &Store) -> Check {
    let key = raw_key("reads-back.txt")?;
    let content = Bytes::from_static(b"some content\n");
    let put = store.put(&key, content.clone(), PutOptions::default()).await?;
    let got = store.get(&key, GetOptions::default()).await?;
    ensure!(got.content == content, "the content differs");
    ensure!(got.meta == put && store.head(&key).await? == put, "put, get and head disagree");
    ensure!(put.hash == ContentHash::of(&content) && put.bytes == 13 && put.key == key, "wrong meta: {put:?}");
    Ok(())
}

async fn sizes(store: &Store) -> Check {
    for (name, length) in [("empty.bin", 0), ("large.bin", 5 * 1024 * 1024)] {
        let key = raw_key(name)?;
        let content: Bytes = (0..length).map(|i| u8::try_from(i % 251).unwrap_or(0)).collect::<Vec<_>>().into();
        store.put(&key, content.clone(), PutOptions::default()).await?;
        ensure!(text(store, &key).await? == content, "{length} bytes came back changed");
    }
    Ok(())
}

async fn overwrites(store: &Store) -> Check {
    let key = raw_key("overwrites.txt")?;
    let first = store.put(&key, Bytes::from_static(b"one"), PutOptions::default()).await?;
    let second = store.put(&key, Bytes::from_static(b"two"), PutOptions::default()).await?;
    ensure!(first.version != second.version, "both have version {:?}", first.version);
    ensure!(text(store, &key).await? == "two", "the old content is still there");
    Ok(())
}

async fn create_only(store: &Store) -> Check {
    let key = raw_key("create-only.txt")?;
    store.put(&key, Bytes::from_static(b"first"), only(PutMode::CreateOnly)).await?;
    for content in ["first", "second"] {
        let again = store.put(&key, Bytes::from(content), only(PutMode::CreateOnly)).await;
        fails_with(again, ErrorKind::AlreadyExists)?;
    }
    ensure!(text(store, &key).await? == "first", "the refused put took effect");
    Ok(())
}

async fn if_version(store: &Store) -> Check {
    let key = raw_key("if-version.txt")?;
    let old = store.put(&key, Bytes::from_static(b"one"), PutOptions::default()).await?.version;
    let new = store.put(&key, Bytes::from_static(b"two"), only(PutMode::IfVersion(old.clone()))).await?.version;
    let stale = store.put(&key, Bytes::from_static(b"three"), only(PutMode::IfVersion(old.clone()))).await;
    fails_with(stale, ErrorKind::Conflict)?;
    ensure!(text(store, &key).await? == "two", "the refused put took effect");
    store.put(&key, Bytes::from_static(b"four"), only(PutMode::IfVersion(new))).await?;
    let absent = raw_key("if-version-absent.txt")?;
    let put = store.put(&absent, Bytes::from_static(b"x"), only(PutMode::IfVersion(old))).await;
    fails_with(put, ErrorKind::NotFound)
}

async fn one_creator(store: &Store) -> Check {
    let key = raw_key("one-creator.txt")?;
    let tasks: Vec<_> = (0..8)
        .map(|i| {
            let (store, key) = (Arc::clone(store), key.clone());
            tokio::spawn(async move {
                let content = Bytes::from(format!("writer {i}"));
                store.put(&key, content, only(PutMode::CreateOnly)).await.map(|meta| (i, meta))
            })
        })
        .collect();
    let mut winners = Vec::new();
    for task in tasks {
        match task.await? {
            Ok((i, _)) => winners.push(i),
            Err(error) => ensure!(error.kind() == ErrorKind::AlreadyExists, "a loser got {error}"),
        }
    }
    let [winner] = winners.as_slice() else { return Err(Failure(format!("{} writers won", winners.len()))) };
    ensure!(text(store, &key).await? == format!("writer {winner}"), "the content is not the winner's");
    Ok(())
}

async fn no_lost_update(store: &Store) -> Check {
    let key = raw_key("counter.txt")?;
    store.put(&key, Bytes::from_static(b"0"), PutOptions::default()).await?;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (store, key) = (Arc::clone(store), key.clone());
            tokio::spawn(async move {
                for _ in 0..5 {
                    increment(&store, &key).await?;
                }
                Ok::<_, Failure>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    let total = text(store, &key).await?;
    ensure!(total == "40", "40 increments left {total:?}");
    Ok(())
}

async fn increment(store: &Store, key: &ArtifactKey) -> Check {
    for _ in 0..10_000 {
        let current = store.get(key, GetOptions::default()).await?;
        let number: u64 = std::str::from_utf8(&current.content)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Failure("the counter is no number".to_owned()))?;
        tokio::task::yield_now().await;
        let next = Bytes::from((number + 1).to_string());
        match store.put(key, next, only(PutMode::IfVersion(current.meta.version))).await {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure("10,000 tries did not get through".to_owned()))
}

async fn atomic_puts(store: &Store) -> Check {
    const LENGTH: usize = 256 * 1024;
    let key = raw_key("atomic.bin")?;
    store.put(&key, Bytes::from(vec![0_u8; LENGTH]), PutOptions::default()).await?;
    let writer = {
        let (store, key) = (Arc::clone(store), key.clone());
        tokio::spawn(async move {
            for round in 1..=12_u8 {
                store.put(&key, Bytes::from(vec![round; LENGTH]), PutOptions::default()).await?;
                tokio::task::yield_now().await;
            }
            Ok::<_, Failure>(())
        })
    };
    loop {
        let finished = writer.is_finished();
        let content = text(store, &key).await?;
        let first = content.first().copied();
        ensure!(content.len() == LENGTH, "a reader saw {} of {LENGTH} bytes", content.len());
        ensure!(content.iter().all(|byte| Some(*byte) == first), "a reader saw two contents mixed");
        if finished {
            break;
        }
        tokio::task::yield_now().await;
    }
    writer.await?
}

async fn lists(store: &Store) -> Check {
    let (one, other) = (ExecutionId::literal("list-1"), ExecutionId::literal("list-10"));
    let paths = ["b.ts", "a/z.ts", "a/b/c.ts", "a.ts"];
    let mut expected = Vec::new();
    for name in paths {
        let key = ArtifactKey::generated(&root(), &one, &RepoPath::parse(name)?);
        store.put(&key, Bytes::from_static(b"x"), PutOptions::default()).await?;
        expected.push(key.to_string());
    }
    let foreign = ArtifactKey::generated(&root(), &other, &RepoPath::parse("a.ts")?);
    store.put(&foreign, Bytes::from_static(b"x"), PutOptions::default()).await?;
    expected.sort();
    let listed: Vec<_> =
        store.list(ArtifactPrefix::execution(&root(), ArtifactArea::Code, &one)).collect::<Vec<_>>().await;
    let mut keys = Vec::new();
    for meta in listed {
        let meta = meta?;
        ensure!(meta.bytes == 1, "wrong length: {meta:?}");
        ensure!(meta.hash.is_none_or(|hash| hash == ContentHash::of(b"x")), "wrong hash: {meta:?}");
        ensure!(store.hash_of(&meta).await? == ContentHash::of(b"x"), "the hash can't be asked for");
        keys.push(meta.key.to_string());
    }
    ensure!(keys == expected, "listed {keys:?}, expected {expected:?}");
    Ok(())
}

async fn deletes(store: &Store) -> Check {
    let key = raw_key("deleted.txt")?;
    store.put(&key, Bytes::from_static(b"x"), PutOptions::default()).await?;
    store.delete(&key).await?;
    store.delete(&key).await?;
    fails_with(store.get(&key, GetOptions::default()).await, ErrorKind::NotFound)?;
    let mut listed = store.list(ArtifactPrefix::area(&root(), ArtifactArea::Raw));
    while let Some(meta) = listed.next().await {
        ensure!(meta?.key != key, "the deleted key is listed");
    }
    store.put(&key, Bytes::from_static(b"y"), only(PutMode::CreateOnly)).await?;
    ensure!(text(store, &key).await? == "y", "the key can't be made again");
    Ok(())
}

async fn ranges(store: &Store) -> Check {
    let key = raw_key("ranges.txt")?;
    store.put(&key, Bytes::from_static(b"0123456789"), PutOptions::default()).await?;
    for (range, expected) in [(0..10, "0123456789"), (2..5, "234"), (8..99, "89"), (10..10, "")] {
        let got = store.get(&key, GetOptions::default().with_range(range.clone())).await?;
        ensure!(got.content == expected, "range {range:?} gave {:?}", got.content);
        ensure!(got.meta.bytes == 10, "the length is the whole content's");
    }
    let past = store.get(&key, GetOptions::default().with_range(11..12)).await;
    fails_with(past, ErrorKind::InvalidInput)
}

async fn absent(store: &Store) -> Check {
    let key = raw_key("absent.txt")?;
    fails_with(store.get(&key, GetOptions::default()).await, ErrorKind::NotFound)?;
    fails_with(store.head(&key).await, ErrorKind::NotFound)
}

async fn versions(store: &Store) -> Check {
    let key = raw_key("versions.txt")?;
    let mut put = Vec::new();
    for content in ["one", "two", "three"] {
        put.push(store.put(&key, Bytes::from(content), PutOptions::default()).await?);
    }
    if !store.capabilities().versions {
        return fails_with(store.versions(&key).await, ErrorKind::Unsupported);
    }
    put.reverse();
    let listed = store.versions(&key).await?;
    let same = |(entry, meta): (&VersionEntry, &ArtifactMeta)| {
        entry.version == meta.version && entry.bytes == meta.bytes && entry.hash.is_none_or(|hash| hash == meta.hash)
    };
    let all = listed.len() == put.len() && listed.iter().zip(&put).all(same);
    ensure!(all, "the versions are {listed:?}, not those that were put, newest first");
    let current = store.head(&key).await?.version;
    ensure!(listed.first().is_some_and(|entry| entry.version == current), "head names the version otherwise");
    // The same name is good for a conditional put.
    for (entry, fits) in listed.iter().rev().map(|entry| (entry, entry.version == current)) {
        let mode = PutMode::IfVersion(entry.version.clone());
        match store.put(&key, Bytes::from_static(b"four"), only(mode)).await {
            Ok(_) => ensure!(fits, "an old version lets a put through"),
            Err(error) => ensure!(!fits && error.kind() == ErrorKind::Conflict, "a put got {error}"),
        }
    }
    let older = store.older_content(&key, &ContentHash::of(b"two")).await?;
    ensure!(older.as_deref() == Some(b"two"), "a version is not found by its hash: {older:?}");
    for (meta, content) in put.iter().zip(["three", "two", "one"]) {
        let got = store.get(&key, GetOptions::default().with_version(meta.version.clone())).await?;
        ensure!(got.content == content && got.meta == *meta, "version {:?} is not {content}", meta.version);
    }
    Ok(())
}

async fn odd_keys(store: &Store) -> Check {
    let names = ["Angebot für März.pdf", "meeting notes (final).txt", "文書.txt", "a+b=c&d.txt", "-rf.txt", "~x.txt"];
    for name in names {
        store.put(&raw_key(name)?, Bytes::from(name.to_owned()), PutOptions::default()).await?;
    }
    for name in names {
        ensure!(text(store, &raw_key(name)?).await? == name, "{name} came back as another");
    }
    Ok(())
}

async fn put_once(store: &Store) -> Check {
    let key = raw_key("once.txt")?;
    let first = store.put_once(&key, Bytes::from_static(b"x")).await?;
    ensure!(store.put_once(&key, Bytes::from_static(b"x")).await? == first, "the second put made something new");
    fails_with(store.put_once(&key, Bytes::from_static(b"y")).await, ErrorKind::Conflict)
}
