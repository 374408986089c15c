//! The artifact store: concurrent writers, processes, crashes, what is planted in the tree, a full disk.

use crate::processes::{Peer, role, say};
use crate::records::runtime;
use aipipe_adapters_local::LocalArtifacts;
use aipipe_core::domain::{ArtifactArea, ArtifactKey, ArtifactPrefix, ProjectRoot};
use aipipe_core::ports::{
    ArtifactEntry, ArtifactMeta, ArtifactStore, ArtifactStoreExt as _, ArtifactVersion, GetOptions, PutMode, PutOptions,
};
use aipipe_core::{Error, ErrorKind, Result};
use bytes::Bytes;
use futures::StreamExt as _;
use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

const ROOT: &str = "shop-2026-11-20";

pub(crate) fn key(rest: &str) -> ArtifactKey {
    ArtifactKey::parse(&format!("{ROOT}/{rest}")).unwrap()
}

fn mode(mode: PutMode) -> PutOptions {
    PutOptions::default().with_mode(mode)
}

pub(crate) async fn put(store: &LocalArtifacts, rest: &str, content: &str) -> Result<ArtifactMeta> {
    store.put(&key(rest), Bytes::copy_from_slice(content.as_bytes()), PutOptions::default()).await
}

pub(crate) async fn text(store: &LocalArtifacts, rest: &str) -> Result<String> {
    let artifact = store.get(&key(rest), GetOptions::default()).await?;
    Ok(String::from_utf8(artifact.content.to_vec()).unwrap())
}

async fn listed(store: &LocalArtifacts) -> Vec<Result<ArtifactEntry>> {
    store.list(ArtifactPrefix::root(&ProjectRoot::parse(ROOT).unwrap())).collect().await
}

/// The versions of a key, newest first.
pub(crate) async fn versions_of(store: &LocalArtifacts, rest: &str) -> Vec<ArtifactVersion> {
    store.versions(&key(rest)).await.unwrap().into_iter().map(|entry| entry.version).collect()
}

fn open() -> (tempfile::TempDir, PathBuf, LocalArtifacts) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("new/artifacts");
    let store = LocalArtifacts::open(&root).unwrap();
    (folder, root, store)
}

#[tokio::test]
async fn versions_are_kept_and_one_is_current() {
    let (_folder, root, store) = open();
    let first = put(&store, "raw/brief.txt", "one").await.unwrap();
    let second = put(&store, "raw/brief.txt", "second").await.unwrap();
    let same = put(&store, "raw/brief.txt", "second").await.unwrap();
    assert_ne!(second.version, same.version);
    assert_eq!(std::fs::read_to_string(root.join(ROOT).join("raw/brief.txt")).unwrap(), "second");
    assert_eq!(versions_of(&store, "raw/brief.txt").await, [&same, &second, &first].map(|meta| meta.version.clone()));
    let old =
        store.get(&key("raw/brief.txt"), GetOptions::default().with_version(first.version.clone())).await.unwrap();
    assert_eq!((old.meta, &old.content[..]), (first.clone(), &b"one"[..]));
    assert_eq!(store.head(&key("raw/brief.txt")).await.unwrap(), same);

    let stale =
        store.put(&key("raw/brief.txt"), Bytes::from("x"), mode(PutMode::IfVersion(first.version.clone()))).await;
    assert_eq!(stale.unwrap_err().kind(), ErrorKind::Conflict);
    let taken = store.put(&key("raw/brief.txt"), Bytes::from("x"), mode(PutMode::CreateOnly)).await;
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::AlreadyExists);
    let nothing =
        store.put(&key("raw/none.txt"), Bytes::from("x"), mode(PutMode::IfVersion(first.version.clone()))).await;
    assert_eq!(nothing.unwrap_err().kind(), ErrorKind::NotFound);

    store.delete(&key("raw/brief.txt")).await.unwrap();
    store.delete(&key("raw/brief.txt")).await.unwrap();
    for error in [
        store.head(&key("raw/brief.txt")).await.unwrap_err(),
        store.versions(&key("raw/brief.txt")).await.unwrap_err(),
        text(&store, "raw/brief.txt").await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.context("key"), Some("shop-2026-11-20/raw/brief.txt"));
    }
    let again = put(&store, "raw/brief.txt", "one").await.unwrap();
    assert_ne!(again.version, first.version, "a version from before the deletion is no version of the new artifact");
    assert_eq!(versions_of(&store, "raw/brief.txt").await, [again.version]);
}

#[tokio::test]
async fn ranges_are_cut_from_verified_content() {
    let (_folder, root, store) = open();
    let content: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    store.put(&key("raw/big.bin"), Bytes::from(content.clone()), PutOptions::default()).await.unwrap();
    for range in [0..0, 0..1, 65_535..65_537, 100_000..200_000, 199_999..300_000, 200_000..200_001, 5..150_000] {
        let part = store.get(&key("raw/big.bin"), GetOptions::default().with_range(range.clone())).await.unwrap();
        let place = |at: u64| usize::try_from(at).unwrap().min(content.len());
        assert_eq!(part.content, content[place(range.start)..place(range.end)], "{range:?}");
        assert_eq!(part.meta.bytes, 200_000);
    }
    #[expect(clippy::reversed_empty_ranges, reason = "a caller may ask for one")]
    for range in [200_001..200_002, 9..3] {
        let error = store.get(&key("raw/big.bin"), GetOptions::default().with_range(range)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
    let path = root.join(ROOT).join("raw/big.bin");
    for at in [0, 65_536, 199_999] {
        let mut damaged = content.clone();
        damaged[at] ^= 4;
        std::fs::write(&path, &damaged).unwrap();
        let far = GetOptions::default().with_range(1000..1010);
        assert_eq!(store.get(&key("raw/big.bin"), far).await.unwrap_err().kind(), ErrorKind::Corrupt, "byte {at}");
    }
    for length in [0, 1, 199_999, 200_001] {
        std::fs::write(&path, &content).unwrap();
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
        assert_eq!(text(&store, "raw/big.bin").await.unwrap_err().kind(), ErrorKind::Corrupt, "{length} bytes");
        assert_eq!(store.head(&key("raw/big.bin")).await.unwrap_err().kind(), ErrorKind::Corrupt);
        assert_eq!(listed(&store).await[0].as_ref().unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

#[tokio::test]
async fn a_list_is_in_the_order_of_the_keys_and_holds_only_artifacts() {
    let (_folder, root, store) = open();
    let mut wanted = Vec::new();
    for n in 0..300 {
        wanted.push(format!("generated/e1/file{n}"));
    }
    for rest in ["a/b", "a-b", "a.txt", "a/z/y", "ab", "é", "A-upper/x", "a!x"] {
        wanted.push(format!("generated/e1/{rest}"));
    }
    wanted.push("raw/one.pdf".to_owned());
    for rest in &wanted {
        put(&store, rest, rest).await.unwrap();
    }
    let project = root.join(ROOT);
    std::fs::write(project.join("raw/notes.txt~"), "an editor's").unwrap();
    std::fs::write(project.join("raw/.DS_Store"), "a system's").unwrap();
    symlink("nowhere", project.join("raw/.#lock")).unwrap();
    std::fs::create_dir(project.join("raw/empty")).unwrap();
    wanted.sort();
    let found: Vec<_> = listed(&store).await.into_iter().map(|meta| meta.unwrap().key.to_string()).collect();
    let keys: Vec<_> = wanted.iter().map(|rest| format!("{ROOT}/{rest}")).collect();
    assert_eq!(found, keys);

    let root = ProjectRoot::parse(ROOT).unwrap();
    let raw: Vec<_> = store.list(ArtifactPrefix::area(&root, ArtifactArea::Raw)).collect().await;
    assert_eq!(raw.len(), 1);
    let none: Vec<_> = store.list(ArtifactPrefix::area(&root, ArtifactArea::Vectors)).collect().await;
    assert!(none.is_empty());
}

#[tokio::test]
async fn keys_that_differ_in_case_or_nest_in_one_another_are_refused() {
    let (_folder, _root, store) = open();
    put(&store, "generated/e1/src/App.tsx", "app").await.unwrap();
    for rest in [
        "generated/e1/src/app.tsx",
        "generated/e1/SRC/other.ts",
        "generated/E1/x",
        "generated/e1/src/App.tsx/inner",
        "generated/e1/src",
        "generated/e1/Src",
        "generated/e1/src/APP.TSX/inner",
    ] {
        for how in [PutMode::Overwrite, PutMode::CreateOnly] {
            let error = store.put(&key(rest), Bytes::from("x"), mode(how)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{rest}: {error}");
            assert_eq!(error.context("key"), Some(format!("{ROOT}/{rest}").as_str()));
        }
        assert_eq!(text(&store, rest).await.unwrap_err().kind(), ErrorKind::NotFound, "{rest}");
        store.delete(&key(rest)).await.unwrap();
    }
    assert_eq!(text(&store, "generated/e1/src/App.tsx").await.unwrap(), "app");
    store.delete(&key("generated/e1/src/App.tsx")).await.unwrap();
    put(&store, "generated/e1/src/app.tsx", "free again").await.unwrap();
}

#[test]
fn of_writers_whose_keys_differ_in_case_one_wins() {
    let (_folder, _root, store) = open();
    runtime().block_on(async {
        for round in 0..20 {
            let names = ["Part/x", "part/x", "PART/y", "pArt/X"];
            let puts = names.map(|name| {
                let (store, key) = (store.clone(), key(&format!("generated/r{round}/{name}")));
                tokio::spawn(async move { store.put(&key, Bytes::from("x"), PutOptions::default()).await })
            });
            let mut spellings = Vec::new();
            for (name, put) in names.iter().zip(puts) {
                match put.await.unwrap() {
                    Ok(_) => spellings.push(name.split('/').next().unwrap()),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}"),
                }
            }
            assert_eq!(spellings.len(), 1, "{spellings:?}");
        }
    });
}

#[test]
fn eight_writers_at_once_one_wins() {
    let (_folder, root, store) = open();
    // Two handles, as two stores in one process would have.
    let stores = [store, LocalArtifacts::open(&root).unwrap()];
    runtime().block_on(async {
        for round in 0..25 {
            let name = format!("raw/r{round}");
            let race = |how: PutMode| {
                let tasks: Vec<_> = (0..8)
                    .map(|n| {
                        let (store, key, how) = (stores[n % 2].clone(), key(&name), how.clone());
                        tokio::spawn(async move { store.put(&key, Bytes::from(format!("{n}")), mode(how)).await })
                    })
                    .collect();
                async move {
                    let mut won = Vec::new();
                    let mut lost = Vec::new();
                    for (n, task) in tasks.into_iter().enumerate() {
                        match task.await.unwrap() {
                            Ok(meta) => won.push((n.to_string(), meta)),
                            Err(error) => lost.push(error.kind()),
                        }
                    }
                    assert_eq!((won.len(), lost.len()), (1, 7));
                    (won.remove(0), lost)
                }
            };
            let ((content, meta), lost) = race(PutMode::CreateOnly).await;
            assert!(lost.iter().all(|kind| *kind == ErrorKind::AlreadyExists), "{lost:?}");
            assert_eq!(text(&stores[1], &name).await.unwrap(), content);
            let ((content, _), lost) = race(PutMode::IfVersion(meta.version)).await;
            assert!(lost.iter().all(|kind| *kind == ErrorKind::Conflict), "{lost:?}");
            assert_eq!(text(&stores[0], &name).await.unwrap(), content);
            assert_eq!(stores[0].versions(&key(&name)).await.unwrap().len(), 2);
        }
    });
}

#[test]
fn readers_see_whole_contents_while_writers_replace_and_delete() {
    let (_folder, _root, store) = open();
    runtime().block_on(async {
        let content = |n: usize| format!("{n} ").repeat(20_000 + n);
        put(&store, "raw/busy", &content(0)).await.unwrap();
        put(&store, "raw/always", "there").await.unwrap();
        let writer = {
            let store = store.clone();
            tokio::spawn(async move {
                for n in 1..60 {
                    put(&store, "raw/busy", &content(n)).await.unwrap();
                    put(&store, "raw/always", "there").await.unwrap();
                    if n % 7 == 0 {
                        store.delete(&key("raw/busy")).await.unwrap();
                    }
                }
            })
        };
        let mut reads = 0;
        while !writer.is_finished() {
            match text(&store, "raw/busy").await {
                Ok(text) => {
                    let n = text.split(' ').next().unwrap().parse().unwrap();
                    assert_eq!(text, content(n));
                    reads += 1;
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{error}"),
            }
            let keys: Vec<_> = listed(&store).await.into_iter().map(|meta| meta.unwrap().key).collect();
            assert!(keys.contains(&key("raw/always")), "{keys:?}");
        }
        writer.await.unwrap();
        assert!(reads > 0);
    });
}

/// Played by child processes; passes at once in the parent.
#[test]
fn peer() {
    let Some((role, folder)) = role() else { return };
    let store = LocalArtifacts::open(Path::new(&folder)).unwrap();
    runtime().block_on(async {
        match role.as_str() {
            // Adds its share to one counter, by compare and swap.
            "count" => {
                let mut done = 0;
                while done < 40 {
                    let (version, n) = count(&store).await;
                    let next = Bytes::from((n + 1).to_string());
                    match store.put(&key("raw/counter"), next, mode(PutMode::IfVersion(version))).await {
                        Ok(_) => done += 1,
                        Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
                    }
                }
            }
            "create" => {
                for n in 0..60 {
                    let key = key(&format!("raw/once{n}"));
                    let content = Bytes::from(std::process::id().to_string());
                    match store.put(&key, content, mode(PutMode::CreateOnly)).await {
                        Ok(_) => say(n),
                        Err(error) => assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}"),
                    }
                }
            }
            "write" => {
                for n in 0_u64.. {
                    let content = Bytes::from(format!("{n} ").repeat(30_000));
                    store.put(&key("raw/busy"), content.clone(), PutOptions::default()).await.unwrap();
                    store.put_once(&key(&format!("raw/new{}-{n}", std::process::id())), content).await.unwrap();
                    say(n);
                }
            }
            other => panic!("no role {other}"),
        }
    });
}

async fn count(store: &LocalArtifacts) -> (ArtifactVersion, u64) {
    let artifact = store.get(&key("raw/counter"), GetOptions::default()).await.unwrap();
    (artifact.meta.version, std::str::from_utf8(&artifact.content).unwrap().parse().unwrap())
}

#[test]
fn two_processes_lose_no_update_and_create_once() {
    let (_folder, root, store) = open();
    runtime().block_on(async {
        put(&store, "raw/counter", "0").await.unwrap();
        let peers: Vec<_> = (0..2).map(|_| Peer::start("artifacts::peer", "count", &root)).collect();
        peers.into_iter().for_each(Peer::finish);
        assert_eq!(count(&store).await.1, 80);
        assert_eq!(store.versions(&key("raw/counter")).await.unwrap().len(), 81);

        let mut peers: Vec<_> = (0..2).map(|_| Peer::start("artifacts::peer", "create", &root)).collect();
        let mut winners = BTreeMap::<String, usize>::new();
        for peer in &mut peers {
            while let Some(n) = peer.next_line() {
                *winners.entry(n).or_default() += 1;
            }
        }
        assert_eq!(winners.len(), 60);
        assert!(winners.values().all(|wins| *wins == 1), "{winners:?}");
    });
}

#[test]
fn a_killed_writer_leaves_the_old_or_the_new_content() {
    let (_folder, root, store) = open();
    drop(store);
    let mut written = 0;
    for round in 0..12 {
        let mut writer = Peer::start("artifacts::peer", "write", &root);
        let mut acknowledged = 0;
        for _ in 0..=round {
            acknowledged = writer.next_line().unwrap().parse::<u64>().unwrap();
        }
        writer.kill();
        while let Some(line) = writer.next_line() {
            acknowledged = line.parse().unwrap_or(acknowledged);
        }
        let store = LocalArtifacts::open(&root).unwrap();
        runtime().block_on(async {
            let busy = text(&store, "raw/busy").await.unwrap();
            let n: u64 = busy.split(' ').next().unwrap().parse().unwrap();
            assert_eq!(busy, format!("{n} ").repeat(30_000));
            assert!(n == acknowledged || n == acknowledged + 1, "{n} after {acknowledged}");
            for meta in listed(&store).await {
                let meta = meta.unwrap();
                store.get(&meta.key, GetOptions::default()).await.unwrap();
                for version in store.versions(&meta.key).await.unwrap() {
                    let options = GetOptions::default().with_version(version.version);
                    store.get(&meta.key, options).await.unwrap();
                }
            }
            put(&store, "raw/busy", "after").await.unwrap();
        });
        let left = std::fs::read_dir(root.join(".aipipe/tmp")).unwrap().count();
        assert_eq!(left, 0, "opening removes what the killed writer left");
        written += acknowledged;
    }
    assert!(written > 50, "the writers got somewhere: {written}");
}

#[test]
fn opening_leaves_the_files_of_a_store_that_is_open_alone() {
    let (_folder, root, store) = open();
    let temporary = root.join(".aipipe/tmp/somebody-writes");
    std::fs::write(&temporary, "half").unwrap();
    let second = LocalArtifacts::open(&root).unwrap();
    assert!(temporary.exists());
    drop((store, second));
    let _third = LocalArtifacts::open(&root).unwrap();
    assert!(!temporary.exists());
}

async fn everything(store: &LocalArtifacts, rest: &str) -> Vec<(&'static str, Option<Error>)> {
    let key = key(rest);
    let content = || Bytes::from("new");
    vec![
        ("get", store.get(&key, GetOptions::default()).await.err()),
        ("head", store.head(&key).await.err()),
        ("versions", store.versions(&key).await.err()),
        ("put", store.put(&key, content(), PutOptions::default()).await.err()),
        ("create", store.put(&key, content(), mode(PutMode::CreateOnly)).await.err()),
        ("delete", store.delete(&key).await.err()),
    ]
}

#[tokio::test]
async fn a_symbolic_link_in_the_tree_is_never_followed() {
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret.txt");
    std::fs::write(&secret, "outside").unwrap();
    // Each plants a link in place of something of ours, after the store has written there.
    type Plant = fn(&Path, &Path);
    let plants: [(&str, Plant); 4] = [
        ("the file", |project, outside| {
            std::fs::remove_file(project.join("raw/secret.txt")).unwrap();
            symlink(outside.join("secret.txt"), project.join("raw/secret.txt")).unwrap();
        }),
        ("its folder", |project, outside| {
            std::fs::rename(project.join("raw"), project.join("moved")).unwrap();
            symlink(outside, project.join("raw")).unwrap();
        }),
        ("the project", |project, outside| {
            std::fs::rename(project, project.with_extension("moved")).unwrap();
            std::fs::create_dir(outside.join("raw")).unwrap();
            std::fs::copy(outside.join("secret.txt"), outside.join("raw/secret.txt")).unwrap();
            symlink(outside, project).unwrap();
        }),
        ("a link to a sibling", |project, _| {
            std::fs::rename(project.join("raw"), project.join("moved")).unwrap();
            symlink("moved", project.join("raw")).unwrap();
        }),
    ];
    for (what, plant) in plants {
        let (_folder, root, store) = open();
        put(&store, "raw/secret.txt", "ours").await.unwrap();
        plant(&root.join(ROOT), outside.path());
        for (operation, error) in everything(&store, "raw/secret.txt").await {
            let error = error.unwrap_or_else(|| panic!("{operation} followed {what}"));
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{operation} of {what}: {}", error.chain());
            assert_eq!(error.context("key"), Some("shop-2026-11-20/raw/secret.txt"));
        }
        let listed = listed(&store).await;
        assert!(
            listed.iter().any(|item| matches!(item, Err(e) if e.kind() == ErrorKind::PermissionDenied)),
            "{what}: {listed:?}"
        );
        assert_eq!(std::fs::read_to_string(&secret).unwrap(), "outside", "{what}");
        let names = std::fs::read_dir(outside.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(names.into_iter().all(|name| name == "secret.txt" || name == "raw"), "{what}");
    }
}

#[test]
fn links_planted_while_it_works_lead_nowhere() {
    let (_folder, root, store) = open();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("x"), "outside").unwrap();
    runtime().block_on(async {
        put(&store, "raw/d/x", "ours").await.unwrap();
        let target = root.join(ROOT).join("raw/d");
        let aside = root.join(ROOT).join("raw/aside");
        let outside = outside.path().to_owned();
        let planter = {
            let outside = outside.clone();
            std::thread::spawn(move || {
                for _ in 0..2000 {
                    std::fs::rename(&target, &aside).unwrap();
                    symlink(&outside, &target).unwrap();
                    std::fs::remove_file(&target).unwrap();
                    std::fs::rename(&aside, &target).unwrap();
                }
            })
        };
        let mut refused = 0;
        while !planter.is_finished() {
            match text(&store, "raw/d/x").await {
                Ok(text) => assert!(text.starts_with("ours"), "{text}"),
                Err(error) => {
                    assert_ne!(error.kind(), ErrorKind::Corrupt, "{}", error.chain());
                    refused += 1;
                }
            }
            // The folder may be away at any moment; only where the bytes end up matters here.
            if let Err(error) = store.get(&key("raw/d/y"), GetOptions::default()).await {
                assert_ne!(error.kind(), ErrorKind::Internal, "{}", error.chain());
            }
        }
        planter.join().unwrap();
        assert!(refused > 0, "the race was never met");
        assert_eq!(std::fs::read_to_string(outside.join("x")).unwrap(), "outside");
        assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
    });
}

#[tokio::test]
async fn links_in_the_hidden_folder_and_special_files_are_refused() {
    let (_folder, root, store) = open();
    let outside = tempfile::tempdir().unwrap();
    put(&store, "raw/a", "ours").await.unwrap();
    for shard in std::fs::read_dir(root.join(".aipipe/versions")).unwrap() {
        let shard = shard.unwrap().path();
        std::fs::rename(&shard, outside.path().join("moved")).unwrap();
        symlink(outside.path().join("moved"), &shard).unwrap();
    }
    for (operation, error) in everything(&store, "raw/a").await {
        if operation != "delete" {
            assert_eq!(error.unwrap().kind(), ErrorKind::PermissionDenied, "{operation}");
        }
    }
    let status = std::process::Command::new("mkfifo").arg(root.join(ROOT).join("raw/pipe")).status().unwrap();
    assert!(status.success());
    for call in [store.head(&key("raw/pipe")).await.err(), text(&store, "raw/pipe").await.err()] {
        assert_eq!(call.unwrap().kind(), ErrorKind::Corrupt);
    }
}

#[tokio::test]
async fn a_copied_tree_is_read_by_its_content() {
    let (folder, root, store) = open();
    put(&store, "raw/a", "first").await.unwrap();
    let second = put(&store, "raw/a", "second").await.unwrap();
    drop(store);
    let copy = folder.path().join("copy");
    // Without -a: hard links become files of their own.
    let status = std::process::Command::new("cp").arg("-r").arg(&root).arg(&copy).status().unwrap();
    assert!(status.success());
    let store = LocalArtifacts::open(&copy).unwrap();
    assert_eq!(store.head(&key("raw/a")).await.unwrap(), second);
    assert_eq!(text(&store, "raw/a").await.unwrap(), "second");
    let third = store.put(&key("raw/a"), Bytes::from("third"), mode(PutMode::IfVersion(second.version))).await.unwrap();
    assert_eq!(store.versions(&key("raw/a")).await.unwrap().len(), 3);
    std::fs::write(copy.join(ROOT).join("raw/a"), "by hand").unwrap();
    assert_eq!(text(&store, "raw/a").await.unwrap_err().kind(), ErrorKind::Corrupt);
    put(&store, "raw/a", "fourth").await.unwrap();
    let versions = store.versions(&key("raw/a")).await.unwrap();
    assert_eq!(versions.len(), 4, "a damaged file takes no version with it");
    assert_eq!(versions[1].version, third.version);
}
