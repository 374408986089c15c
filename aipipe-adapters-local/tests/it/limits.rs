//! A full disk and a folder that can't be written: a typed error, nothing lost, no write said to be done that is not.

use crate::processes::{Peer, role, say};
use crate::records::{key, runtime};
use aipipe_adapters_local::{LocalArtifacts, LocalRecords};
use aipipe_core::ErrorKind;
use aipipe_core::domain::ArtifactKey;
use aipipe_core::ports::{ArtifactStore, Expect, GetOptions, PutOptions, RecordQuery, RecordStoreExt as _, Table};
use bytes::Bytes;
use serde_json::json;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted folder; unmounted when dropped.
struct Mount(PathBuf);

impl Mount {
    /// Runs `mount` with `arguments` and the folder; `None`, said loudly, where that is not allowed.
    fn new(arguments: &[&str], folder: &Path) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap();
        let status = Command::new("mount").args(arguments).arg(folder).status();
        if status.is_ok_and(|status| status.success()) {
            return Some(Self(folder.to_owned()));
        }
        println!(
            "NOT RUN ON A REAL MOUNT: mount {arguments:?} is not allowed here; the test beside it limits file sizes"
        );
        None
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn artifact(n: usize) -> ArtifactKey {
    ArtifactKey::parse(&format!("shop-2026-11-20/raw/file{n}")).unwrap()
}

fn content(n: usize) -> Bytes {
    Bytes::from(format!("{n} ").repeat(20_000 * (1 + n)))
}

/// Writes until the disk is full; returns how many artifacts and records were acknowledged.
async fn fill(artifacts: &LocalArtifacts, records: &LocalRecords) -> (usize, usize) {
    let mut stored = 0;
    for n in 0..2000 {
        match records.put(Table::Documents, key("p", &format!("{n:05}")), Expect::Absent, &"x".repeat(8000)).await {
            Ok(_) => stored += 1,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::StorageFull, "{}", error.chain());
                break;
            }
        }
    }
    assert!((1..2000).contains(&stored), "{stored} records");
    let mut put = 0;
    for n in 0..200 {
        match artifacts.put(&artifact(n), content(n), PutOptions::default()).await {
            Ok(_) => put += 1,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::StorageFull, "{}", error.chain());
                assert_eq!(error.context("key"), Some(artifact(n).as_str()));
                break;
            }
        }
    }
    assert!(put < 200, "{put} artifacts");
    (put, stored)
}

async fn verify(artifacts: &LocalArtifacts, records: &LocalRecords, (put, stored): (usize, usize)) {
    for n in 0..put {
        let found = artifacts.get(&artifact(n), GetOptions::default()).await.unwrap();
        assert_eq!(found.content, content(n));
    }
    let missing = artifacts.get(&artifact(put), GetOptions::default()).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    let found = records.query_all(Table::Documents, RecordQuery::partition("p")).await.unwrap();
    assert_eq!(found.len(), stored);
    assert!(found.iter().all(|record| record.body == json!("x".repeat(8000))));
}

#[test]
fn a_full_disk_is_said_and_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    let Some(_mount) = Mount::new(&["-t", "tmpfs", "-o", "size=3m", "tmpfs"], &disk) else { return };
    // Room that can be given back later.
    std::fs::write(disk.join("ballast"), vec![0; 1_000_000]).unwrap();
    runtime().block_on(async {
        let artifacts = LocalArtifacts::open(&disk.join("artifacts")).unwrap();
        let records = LocalRecords::open(&disk.join("records.redb")).unwrap();
        let counts = fill(&artifacts, &records).await;
        // Side by side: all of a failed commit fail, and the store still answers.
        let many = (0..20).map(|n| {
            let key = key("p", &format!("more{n}"));
            let records = &records;
            async move { records.put(Table::Documents, key, Expect::Absent, &"y".repeat(200_000)).await }
        });
        for outcome in futures::future::join_all(many).await {
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::StorageFull);
        }
        verify(&artifacts, &records, counts).await;

        std::fs::remove_file(disk.join("ballast")).unwrap();
        let (put, stored) = counts;
        let next = records.put(Table::Documents, key("p", "99999"), Expect::Absent, &"x".repeat(8000)).await;
        next.expect("with room again the open store goes on");
        artifacts.put(&artifact(put), content(1), PutOptions::default()).await.unwrap();
        artifacts.delete(&artifact(put)).await.unwrap();
        drop((artifacts, records));
        let artifacts = LocalArtifacts::open(&disk.join("artifacts")).unwrap();
        let records = LocalRecords::open(&disk.join("records.redb")).unwrap();
        verify(&artifacts, &records, (put, stored + 1)).await;
    });
}

#[test]
fn a_disk_too_small_for_a_new_store_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    let Some(_mount) = Mount::new(&["-t", "tmpfs", "-o", "size=16k", "tmpfs"], &disk) else { return };
    std::fs::write(disk.join("ballast"), vec![0; 16_384]).unwrap();
    assert_eq!(LocalRecords::open(&disk.join("records.redb")).unwrap_err().kind(), ErrorKind::StorageFull);
    std::fs::remove_file(disk.join("ballast")).unwrap();
    let error = LocalRecords::open(&disk.join("records.redb")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull, "{}", error.chain());
}

/// Played by a child process that may write no large file; passes at once in the parent.
#[test]
fn peer() {
    let Some((_, folder)) = role() else { return };
    let folder = Path::new(&folder);
    let artifacts = LocalArtifacts::open(&folder.join("artifacts")).unwrap();
    let records = LocalRecords::open(&folder.join("records.redb")).unwrap();
    runtime().block_on(async {
        let counts = fill(&artifacts, &records).await;
        verify(&artifacts, &records, counts).await;
        say(counts.0);
        say(counts.1);
    });
}

#[test]
fn a_limit_on_file_size_is_said_and_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    // The signal is ignored so that writing fails instead; 1024 blocks of 512 bytes.
    let mut child = Peer::start_limited("limits::peer", "fill", folder.path(), "trap '' XFSZ; ulimit -f 1024");
    let put = child.next_line().expect("the child filled its stores").parse().unwrap();
    let stored = child.next_line().unwrap().parse().unwrap();
    child.finish();
    let artifacts = LocalArtifacts::open(&folder.path().join("artifacts")).unwrap();
    let records = LocalRecords::open(&folder.path().join("records.redb")).unwrap();
    runtime().block_on(verify(&artifacts, &records, (put, stored)));
}

#[test]
fn a_read_only_folder_can_be_read_and_says_what_it_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let (writable, view) = (folder.path().join("writable"), folder.path().join("view"));
    runtime().block_on(async {
        {
            let artifacts = LocalArtifacts::open(&writable.join("artifacts")).unwrap();
            artifacts.put(&artifact(1), content(1), PutOptions::default()).await.unwrap();
            drop(LocalRecords::open(&writable.join("records.redb")).unwrap());
        }
        let bind = Mount::new(&["--bind", writable.to_str().unwrap()], &view);
        let root = match &bind {
            Some(_) => {
                let status = Command::new("mount").args(["-o", "remount,ro,bind"]).arg(&view).status().unwrap();
                assert!(status.success());
                view
            }
            // Not root: the modes count.
            None => {
                for path in [writable.join("artifacts/.aipipe/tmp"), writable.clone()] {
                    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o555)).unwrap();
                }
                std::fs::set_permissions(writable.join("records.redb.mark"), std::fs::Permissions::from_mode(0o444))
                    .unwrap();
                writable
            }
        };
        let artifacts = LocalArtifacts::open(&root.join("artifacts")).expect("reading needs no writing");
        assert_eq!(artifacts.get(&artifact(1), GetOptions::default()).await.unwrap().content, content(1));
        for error in [
            artifacts.put(&artifact(1), content(2), PutOptions::default()).await.unwrap_err(),
            artifacts.put(&artifact(2), content(2), PutOptions::default()).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{}", error.chain());
        }
        let error = LocalRecords::open(&root.join("records.redb")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{}", error.chain());
        let error = LocalRecords::open(&root.join("deeper/records.redb")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{}", error.chain());
    });
}

#[test]
fn things_that_are_not_what_a_store_needs_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "not a database").unwrap();
    assert_eq!(LocalRecords::open(&file).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(LocalRecords::open(folder.path()).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(LocalRecords::open(&file.join("records.redb")).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(LocalArtifacts::open(&file).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(LocalArtifacts::open(&file.join("deeper")).unwrap_err().kind(), ErrorKind::InvalidInput);
}
