//! Repositories, trees and files that others prepared, or that time has damaged.

use crate::fixture::*;
use aipipe_core::domain::CommitSha;
use aipipe_core::ports::SourceControl as _;
use aipipe_core::{Error, ErrorKind};
use std::fs;
use std::path::{Path, PathBuf};

#[tokio::test]
async fn a_strangers_repository_is_never_used() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = Workspace::open(folder.path());
    let git = &workspace.git;
    let place = git.path_of(&spec("bikes").name);
    let elsewhere = folder.path().join("elsewhere.git");
    let planted: [(&str, &dyn Fn()); 4] = [
        ("a repository without our mark", &|| {
            git_cli(folder.path(), &["init", "--bare", "-b", "main", place.to_str().unwrap()]);
        }),
        ("an empty folder", &|| fs::create_dir(&place).unwrap()),
        ("a file", &|| fs::write(&place, "x").unwrap()),
        ("a link to a repository", &|| {
            git_cli(folder.path(), &["init", "--bare", elsewhere.to_str().unwrap()]);
            std::os::unix::fs::symlink(&elsewhere, &place).unwrap();
        }),
    ];
    for (what, plant) in planted {
        plant();
        let error = git.ensure_repository(&spec("bikes"), &key("ours")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{what}: {error}");
        let repository = aipipe_core::domain::RepositoryRef {
            owner: String::new(),
            name: spec("bikes").name,
            location: place.to_string_lossy().into_owned(),
        };
        let error = git.branch_head(&repository, &branch("main")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{what}: {error}");
        let error = git.delete_repository(&repository, &key("ours")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{what}: {error}");
        assert!(fs::symlink_metadata(&place).is_ok(), "{what} is still there");
        fs::remove_file(&place).or_else(|_| fs::remove_dir_all(&place)).unwrap();
    }
    git.ensure_repository(&spec("bikes"), &key("ours")).await.unwrap();
}

#[tokio::test]
async fn a_mark_that_cannot_be_read_is_corrupt_and_never_overwritten() {
    let s = Started::new().await;
    let mark = s.bare().join("aipipe.json");
    let good = fs::read(&mark).unwrap();
    for bad in
        [&b""[..], b"{", b"null", br#"{"format":1,"key":"bad key"}"#, br#"{"format":1}"#, &good[..good.len() - 1]]
    {
        fs::write(&mark, bad).unwrap();
        let error = s.git().ensure_repository(&spec("bikes"), &key("repository")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        let error = s.git().delete_repository(&s.repository, &key("repository")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert_eq!(fs::read(&mark).unwrap(), bad);
    }
    fs::write(&mark, br#"{"format":2,"key":"repository"}"#).unwrap();
    let error = s.git().ensure_repository(&spec("bikes"), &key("repository")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

/// Writes a tree object of one entry, however bad, and a commit on it.
fn plant(s: &Started, mode: &str, name: &[u8], object: &str) -> CommitSha {
    let id: Vec<u8> = (0..20).map(|n| u8::from_str_radix(object.get(2 * n..2 * n + 2).unwrap(), 16).unwrap()).collect();
    let raw = [mode.as_bytes(), b" ", name, b"\0", &id].concat();
    let tree = git_with_input(&s.bare(), &["hash-object", "-t", "tree", "-w", "--literally", "--stdin"], &raw);
    sha(&s.cli(&["commit-tree", "-m", "planted", "-p", s.head.as_str(), tree.trim()]))
}

async fn read_errors(s: &Started, commit: &CommitSha) -> [Error; 2] {
    let into = tempfile::tempdir().unwrap();
    let listed = s.git().list_files(&s.repository, commit).await.unwrap_err();
    let exported = s.git().checkout(&s.repository, commit, &into.path().join("out")).await.unwrap_err();
    let left = fs::read_dir(into.path().join("out")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "nothing is written before all is checked");
    [listed, exported]
}

#[tokio::test]
async fn paths_that_are_not_safe_are_corrupt_and_never_written() {
    let s = Started::new().await;
    let blob = git_with_input(&s.bare(), &["hash-object", "-w", "--stdin"], b"evil");
    let folder = s.cli(&["rev-parse", "work:src"]);
    let table: [(&str, &[u8], &str); 10] = [
        ("100644", b"..", &blob),
        ("100644", b"a/../../b", &blob),
        ("100644", b"/etc/passwd", &blob),
        ("100644", b"C:\\x", &blob),
        ("100644", b"\xff\xfe", &blob),
        ("100644", "a\u{202e}b".as_bytes(), &blob),
        ("40000", b".git", &folder),
        ("40000", b"GIT~1", &folder),
        ("40000", b"..", &folder),
        ("170000", b"odd", &blob),
    ];
    for (mode, name, object) in table {
        let commit = plant(&s, mode, name, object.trim());
        for error in read_errors(&s, &commit).await {
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{:?}: {error}", String::from_utf8_lossy(name));
            assert!(!error.to_string().contains('\u{202e}'), "{error}");
        }
    }
}

#[tokio::test]
async fn links_and_submodules_are_kept_but_never_followed() {
    let s = Started::new().await;
    let target = git_with_input(&s.bare(), &["hash-object", "-w", "--stdin"], b"/etc/passwd");
    for (mode, object) in [("120000", target.trim()), ("160000", s.head.as_str())] {
        let commit = plant(&s, mode, b"way", object);
        for error in read_errors(&s, &commit).await {
            assert_eq!((error.kind(), error.context("path")), (ErrorKind::Corrupt, Some("way")), "{error}");
        }
        for file in ["way", "way/passwd"] {
            let error = s.git().read_file(&s.repository, &commit, &path(file)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        }
        // A person pushed it; the next story's commit keeps it, and can't write through it.
        let on = format!("person-{mode}");
        s.cli(&["branch", &on, commit.as_str()]);
        let error = s
            .git()
            .commit(&s.repository, &request(&on, &commit, vec![put("way/x", "1")]), &key("x"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        let made =
            s.git().commit(&s.repository, &request(&on, &commit, vec![put("new", "1")]), &key("y")).await.unwrap();
        assert_eq!(
            s.cli(&["ls-tree", made.as_str(), "way"]),
            format!("{mode} {} {object}\tway\n", if mode == "160000" { "commit" } else { "blob" })
        );
    }
    s.assert_sound();
}

#[tokio::test]
async fn a_small_tree_that_unfolds_without_end_is_refused_soon() {
    let s = Started::new().await;
    let mut tree = s.cli(&["rev-parse", "work^{tree}"]);
    for _ in 0..12 {
        let line = |name: char| format!("040000 tree {}\t{name}\n", tree.trim());
        let lines: String = ('a'..='j').map(line).collect();
        tree = git_with_input(&s.bare(), &["mktree"], lines.as_bytes());
    }
    let commit = sha(&s.cli(&["commit-tree", "-m", "bomb", tree.trim()]));
    for error in read_errors(&s, &commit).await {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
}

/// The pack that holds an object.
fn pack_of(s: &Started, object: &str) -> PathBuf {
    let packs = fs::read_dir(s.bare().join("objects/pack")).unwrap().map(|entry| entry.unwrap().path());
    let mut indexes = packs.filter(|file| file.extension().is_some_and(|e| e == "idx"));
    indexes
        .find(|index| s.cli(&["verify-pack", "-v", index.to_str().unwrap()]).contains(object))
        .unwrap()
        .with_extension("pack")
}

fn overwrite(file: &Path, content: &[u8]) {
    let _ = fs::remove_file(file);
    fs::write(file, content).unwrap();
}

#[tokio::test]
async fn damaged_objects_are_corrupt() {
    let s = Started::new().await;
    let blob = s.cli(&["rev-parse", "work:src/app.js"]);
    let pack = pack_of(&s, blob.trim());
    for file in [pack.clone(), pack.with_extension("idx")] {
        let good = fs::read(&file).unwrap();
        let cuts = (0..good.len()).map(|n| good[..n].to_vec());
        let flips = (0..good.len()).map(|n| {
            let mut flipped = good.clone();
            flipped[n] ^= 0x10;
            flipped
        });
        for (n, damaged) in cuts.chain(flips).enumerate() {
            overwrite(&file, &damaged);
            // Damage to what this read does not need may go unseen; content that is not the content may not.
            match s.git().read_file(&s.repository, &s.head, &path("src/app.js")).await {
                Ok(content) => assert_eq!(content, "run();\n", "damage {n}"),
                // An index that does not list the commit is a repository that does not have it.
                Err(error) => assert!(
                    matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::NotFound),
                    "damage {n}: {}",
                    error.chain()
                ),
            }
        }
        overwrite(&file, &good);
    }
    s.assert_sound();
}

#[tokio::test]
async fn an_object_that_is_gone_is_corrupt_not_absent() {
    let s = Started::new().await;
    // Loose objects, so that one can be taken away.
    let aside = s.folder.path().join("aside");
    fs::rename(s.bare().join("objects/pack"), &aside).unwrap();
    fs::create_dir(s.bare().join("objects/pack")).unwrap();
    for file in fs::read_dir(&aside).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_some_and(|e| e == "pack") {
            git_with_input(&s.bare(), &["unpack-objects", "-q"], &fs::read(file).unwrap());
        }
    }
    s.assert_sound();
    let remove = |object: String| {
        let (folder, file) = object.trim().split_at(2);
        fs::remove_file(s.bare().join("objects").join(folder).join(file)).unwrap();
    };
    remove(s.cli(&["rev-parse", "work:src/app.js"]));
    for error in [
        s.git().read_file(&s.repository, &s.head, &path("src/app.js")).await.unwrap_err(),
        s.git().list_files(&s.repository, &s.head).await.unwrap_err(),
        s.git().checkout(&s.repository, &s.head, &s.folder.path().join("broken")).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{}", error.chain());
    }
    remove(s.cli(&["rev-parse", "work:src"]));
    let error =
        s.git().commit(&s.repository, &request("work", &s.head, vec![put("a", "1")]), &key("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{}", error.chain());
}

#[tokio::test]
async fn damaged_references_and_settings_are_errors_not_absence() {
    let s = Started::new().await;
    let reference = s.bare().join("refs/heads/work");
    for bad in ["", "not a sha\n", "ref: refs/heads/main\n", &format!("{}\n", s.head.short())] {
        fs::write(&reference, bad).unwrap();
        let error = s.git().branch_head(&s.repository, &branch("work")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{bad:?}: {}", error.chain());
    }
    fs::write(&reference, format!("{}\n", s.head)).unwrap();
    fs::write(s.bare().join("config"), "[core\nbare").unwrap();
    let error = s.git().branch_head(&s.repository, &branch("work")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{}", error.chain());
}

#[tokio::test]
async fn a_lock_that_a_killed_process_of_ours_left_is_cleared_and_one_of_others_is_not() {
    let s = Started::new().await;
    let lock = s.bare().join("refs/heads/work.lock");
    let asked = request("work", &s.head, vec![put("a", "1")]);
    fs::write(&lock, "").unwrap();
    let error = s.git().commit(&s.repository, &asked, &key("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{}", error.chain());
    assert!(lock.exists());
    fs::write(s.folder.path().join("repositories/.aipipe/locks/bikes.moving"), "work").unwrap();
    s.git().commit(&s.repository, &asked, &key("x")).await.unwrap();
    assert!(!lock.exists());
    // A torn or foreign note leads nowhere else.
    let outside = s.folder.path().join("repositories/bikes.git/config.lock");
    fs::write(&outside, "").unwrap();
    fs::write(s.folder.path().join("repositories/.aipipe/locks/bikes.moving"), "../../config").unwrap();
    s.git().ensure_branch(&s.repository, &branch("b"), &s.head, &key("b")).await.unwrap();
    assert!(outside.exists());
}

#[tokio::test]
async fn a_read_only_folder_is_permission_denied() {
    use std::os::unix::fs::PermissionsExt as _;
    let s = Started::new().await;
    let objects = s.bare().join("objects");
    let lock = |mode| {
        for folder in fs::read_dir(&objects).unwrap().map(|e| e.unwrap().path()).chain([objects.clone()]) {
            fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    lock(0o500);
    let free = fs::write(objects.join("probe"), "x").is_ok();
    let result = s.git().commit(&s.repository, &request("work", &s.head, vec![put("a", "1")]), &key("x")).await;
    lock(0o700);
    // The superuser may write anywhere.
    if !free {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{}", error.chain());
        assert_eq!(s.cli(&["rev-parse", "work"]).trim(), s.head.as_str());
    }
    let file = s.folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = aipipe_adapters_local::git::LocalGit::open(&file).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::AlreadyExists), "{error}");
}
