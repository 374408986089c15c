//! What the port promises, judged by the git command line.

use crate::fixture::*;
use aipipe_core::ErrorKind;
use aipipe_core::domain::{CommitSha, RepoPath};
use aipipe_core::ports::{FileChange, SourceControl as _};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;

#[tokio::test]
async fn a_new_repository_is_one_git_knows() {
    let s = Started::new().await;
    s.assert_sound();
    assert_eq!(s.cli(&["symbolic-ref", "HEAD"]), "refs/heads/main\n");
    assert_eq!(s.cli(&["rev-list", "--count", "main"]), "1\n");
    assert_eq!(s.cli(&["ls-tree", "-r", "main"]), "");
    assert_eq!(s.cli(&["log", "--format=%an <%ae> %ad|%cn <%ce> %cd", "--date=iso-strict", "main"]), {
        let who = "Pipeline <pipeline@example.org> 2026-03-02T09:30:00Z";
        format!("{who}|{who}\n")
    });
    assert_eq!(fs::read_to_string(s.bare().join("description")).unwrap(), "Bikes to rent\n");
    let clone = s.folder.path().join("clone");
    let output = git_output(s.folder.path(), &["clone", &s.repository.location, clone.to_str().unwrap()], b"");
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && !printed.contains("warning"), "{printed}");
    assert_eq!(git_cli(&clone, &["rev-parse", "origin/work"]).trim(), s.head.as_str());
    git_cli(&clone, &["checkout", "-q", "work"]);
    assert_eq!(fs::read_to_string(clone.join("src/app.js")).unwrap(), "run();\n");
}

#[tokio::test]
async fn the_same_requests_give_the_same_shas_anywhere() {
    let (one, two) = (Started::new().await, Started::new().await);
    assert_ne!(one.bare(), two.bare());
    assert_eq!((&one.base, &one.head), (&two.base, &two.head));
}

#[tokio::test]
async fn a_commit_holds_exactly_its_changes() {
    let s = Started::new().await;
    let script = FileChange::Put { path: path("bin/run"), content: "#!/bin/sh\n".into(), executable: true };
    let changes = vec![
        script,
        put("src/app.js", "stop();\n"),
        put("src/deep/er/file.txt", ""),
        put("naïve/日本.txt", "x"),
        delete("README.md"),
    ];
    let mut asked = request("work", &s.head, changes);
    asked.message = "Add: a story\r\n\r\nWhy it is so.\r\n\r\nStory: us-1\r\n".to_owned();
    let made = s.git().commit(&s.repository, &asked, &key("second")).await.unwrap();
    s.assert_sound();
    let quoted = s.cli(&["-c", "core.quotePath=false", "show", "--name-status", "--format=", made.as_str()]);
    assert_eq!(quoted, "D\tREADME.md\nA\tbin/run\nA\tnaïve/日本.txt\nM\tsrc/app.js\nA\tsrc/deep/er/file.txt\n");
    assert_eq!(s.cli(&["ls-tree", made.as_str(), "bin/run"]).split(' ').next(), Some("100755"));
    assert_eq!(s.cli(&["log", "-1", "--format=%s|%P|%(trailers:key=Aipipe-Key,valueonly,separator=%x2C)", "work"]), {
        format!("Add: a story|{}|second\n", s.head)
    });
    assert_eq!(s.cli(&["log", "-1", "--format=%(trailers:key=Story,valueonly)", "work"]), "us-1\n\n");
    assert!(s.cli(&["reflog", "show", "work"]).contains(" work@{0}: commit: Add: a story\n"));

    let listed = s.git().list_files(&s.repository, &made).await.unwrap();
    let listed: Vec<_> = listed.iter().map(|e| (e.path.as_str(), e.executable, e.bytes)).collect();
    assert_eq!(
        listed,
        [
            ("bin/run", true, Some(10)),
            ("naïve/日本.txt", false, Some(1)),
            ("src/app.js", false, Some(8)),
            ("src/deep/er/file.txt", false, Some(0)),
        ]
    );
    assert_eq!(s.git().read_file(&s.repository, &made, &path("src/app.js")).await.unwrap(), "stop();\n");
    assert_eq!(s.git().read_file(&s.repository, &s.head, &path("src/app.js")).await.unwrap(), "run();\n");
    for absent in ["README.md", "src", "src/app.js/x", "none"] {
        let error = s.git().read_file(&s.repository, &made, &path(absent)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{absent}");
    }
}

#[tokio::test]
async fn asking_again_finds_what_was_made() {
    let s = Started::new().await;
    let git = s.git();
    assert_eq!(git.ensure_repository(&spec("bikes"), &key("repository")).await.unwrap(), s.repository);
    let error = git.ensure_repository(&spec("bikes"), &key("another")).await.unwrap_err();
    assert_eq!((error.kind(), error.context("repository")), (ErrorKind::AlreadyExists, Some("bikes")));
    assert_eq!(git.ensure_branch(&s.repository, &branch("work"), &s.base, &key("branch")).await.unwrap(), s.head);
    let next = git.commit(&s.repository, &request("work", &s.head, vec![put("a", "1")]), &key("next")).await.unwrap();
    // The first request again, now two commits back, and once more with other content and the head as its parent.
    let first = request("work", &s.base, vec![put("README.md", "# Bikes\n"), put("src/app.js", "run();\n")]);
    assert_eq!(git.commit(&s.repository, &first, &key("first")).await.unwrap(), s.head);
    assert_eq!(
        git.commit(&s.repository, &request("work", &next, vec![put("b", "2")]), &key("first")).await.unwrap(),
        s.head
    );
    assert_eq!(s.cli(&["rev-list", "--count", "--all"]), "3\n");
    // Another process on the same folder finds the same.
    let other = Workspace::open(s.folder.path());
    assert_eq!(other.git.commit(&s.repository, &first, &key("first")).await.unwrap(), s.head);
}

#[tokio::test]
async fn a_key_in_the_text_of_a_message_is_not_taken_for_the_commits_own() {
    let s = Started::new().await;
    let mut forged = request("work", &s.head, vec![put("a", "1")]);
    forged.message = "Quote\n\nAipipe-Key: target\n\nAipipe-Key: target".to_owned();
    let made = s.git().commit(&s.repository, &forged, &key("own")).await.unwrap();
    let real =
        s.git().commit(&s.repository, &request("work", &made, vec![put("b", "2")]), &key("target")).await.unwrap();
    assert_ne!(made, real);
}

#[tokio::test]
async fn what_cannot_be_committed_is_refused_with_its_reason_and_leaves_nothing() {
    let s = Started::new().await;
    let unknown = sha(&"0123456789".repeat(4));
    let long = sha(&"ab".repeat(32));
    let table: Vec<(&str, &str, &CommitSha, Vec<FileChange>, ErrorKind)> = vec![
        ("no changes", "work", &s.head, vec![], ErrorKind::InvalidInput),
        ("same content", "work", &s.head, vec![put("README.md", "# Bikes\n")], ErrorKind::InvalidInput),
        ("old parent", "work", &s.base, vec![put("a", "1")], ErrorKind::Conflict),
        ("unknown parent", "work", &unknown, vec![put("a", "1")], ErrorKind::Conflict),
        ("sha-256 parent", "work", &long, vec![put("a", "1")], ErrorKind::Conflict),
        ("no branch", "none", &s.head, vec![put("a", "1")], ErrorKind::NotFound),
        ("delete what is not there", "work", &s.head, vec![delete("a")], ErrorKind::Conflict),
        ("delete a folder", "work", &s.head, vec![delete("src")], ErrorKind::Conflict),
        ("file over folder", "work", &s.head, vec![put("src", "1")], ErrorKind::Conflict),
        ("folder over file", "work", &s.head, vec![put("README.md/a", "1")], ErrorKind::Conflict),
        ("case of a file", "work", &s.head, vec![put("readme.md", "1")], ErrorKind::Conflict),
        ("case of a folder", "work", &s.head, vec![put("Src/b.js", "1")], ErrorKind::Conflict),
        ("twice", "work", &s.head, vec![put("a", "1"), put("a", "2")], ErrorKind::InvalidInput),
        ("put and delete", "work", &s.head, vec![put("README.md", "1"), delete("README.md")], ErrorKind::InvalidInput),
        ("case within", "work", &s.head, vec![put("x/É", "1"), put("x/é", "2")], ErrorKind::InvalidInput),
        ("both within", "work", &s.head, vec![put("x", "1"), put("x/y", "2")], ErrorKind::InvalidInput),
    ];
    for (what, on, parent, changes, kind) in table {
        let error = s.git().commit(&s.repository, &request(on, parent, changes), &key("bad")).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{what}: {error}");
        assert_eq!(error.context("repository"), Some("bikes"), "{what}");
        assert_eq!(error.context("branch"), Some(on), "{what}");
    }
    let mut nameless = request("work", &s.head, vec![put("a", "1")]);
    nameless.author.name = "A <b>".to_owned();
    assert_eq!(
        s.git().commit(&s.repository, &nameless, &key("bad")).await.unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
    assert_eq!(s.cli(&["rev-parse", "work"]).trim(), s.head.as_str());
    s.assert_sound();
}

#[tokio::test]
async fn a_folder_may_become_a_file_and_the_other_way_when_that_is_asked_for() {
    let s = Started::new().await;
    let changes = vec![delete("src/app.js"), put("src", "now a file"), delete("README.md"), put("readme.md/x", "1")];
    let made = s.git().commit(&s.repository, &request("work", &s.head, changes), &key("turn")).await.unwrap();
    assert_eq!(s.cli(&["ls-tree", "-r", "--name-only", made.as_str()]), "readme.md/x\nsrc\n");
    s.assert_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn of_eight_commits_on_one_parent_one_is_made() {
    let s = Started::new().await;
    let tasks = (0..8).map(|n| {
        // Every other one through adapters of its own, as another process would have.
        let git = if n % 2 == 0 { s.git().clone() } else { Workspace::open(s.folder.path()).git };
        let (repository, asked) = (s.repository.clone(), request("work", &s.head, vec![put(&format!("{n}"), "x")]));
        tokio::spawn(async move { git.commit(&repository, &asked, &key(&format!("writer-{n}"))).await })
    });
    let mut made = Vec::new();
    for result in futures::future::join_all(tasks).await {
        match result.unwrap() {
            Ok(sha) => made.push(sha),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
        }
    }
    assert_eq!(made.len(), 1);
    assert_eq!(s.cli(&["rev-parse", "work"]).trim(), made[0].as_str());
    assert_eq!(s.cli(&["rev-list", "--count", "work"]), "3\n");
    s.assert_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn of_eight_equal_requests_all_get_the_one_commit_and_repository() {
    let s = Started::new().await;
    let tasks = (0..8).map(|_| {
        let git = Workspace::open(s.folder.path()).git;
        let asked = request("work", &s.head, vec![put("a", "x")]);
        tokio::spawn(async move {
            let repository = git.ensure_repository(&spec("other"), &key("other")).await.unwrap();
            assert_eq!(repository.name.as_str(), "other");
            let bikes = git.ensure_repository(&spec("bikes"), &key("repository")).await.unwrap();
            git.commit(&bikes, &asked, &key("same")).await.unwrap()
        })
    });
    let made: Vec<_> = futures::future::join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    assert!(made.iter().all(|sha| *sha == made[0]));
    assert_eq!(s.cli(&["rev-list", "--count", "work"]), "3\n");
}

#[tokio::test]
async fn branches_are_made_found_and_removed_only_where_they_are_expected() {
    let s = Started::new().await;
    let git = s.git();
    let unknown = sha(&"0123456789".repeat(4));
    let error = git.ensure_branch(&s.repository, &branch("new"), &unknown, &key("b")).await.unwrap_err();
    assert_eq!((error.kind(), error.context("branch")), (ErrorKind::NotFound, Some("new")));
    let blob = sha(&s.cli(&["rev-parse", "work:README.md"]));
    assert!(git.ensure_branch(&s.repository, &branch("new"), &blob, &key("b")).await.is_err());
    assert_eq!(git.branch_head(&s.repository, &branch("new")).await.unwrap(), None);
    assert_eq!(git.ensure_branch(&s.repository, &branch("new/one"), &s.head, &key("b")).await.unwrap(), s.head);
    let error = git.ensure_branch(&s.repository, &branch("new"), &s.head, &key("b")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "a branch below another: {error}");

    for wrong in [&s.base, &unknown, &sha(&"ab".repeat(32))] {
        let error = git.delete_branch(&s.repository, &branch("new/one"), wrong).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
    }
    git.delete_branch(&s.repository, &branch("new/one"), &s.head).await.unwrap();
    git.delete_branch(&s.repository, &branch("new/one"), &s.head).await.unwrap();
    assert_eq!(git.ensure_branch(&s.repository, &branch("new"), &s.head, &key("b")).await.unwrap(), s.head);
    let error = git.delete_branch(&s.repository, &branch("main"), &s.base).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    // Packed references are references too.
    s.cli(&["pack-refs", "--all"]);
    assert_eq!(git.branch_head(&s.repository, &branch("new")).await.unwrap(), Some(s.head.clone()));
    git.delete_branch(&s.repository, &branch("new"), &s.head).await.unwrap();
    assert_eq!(git.branch_head(&s.repository, &branch("new")).await.unwrap(), None);
    s.assert_sound();
}

#[tokio::test]
async fn a_repository_is_removed_by_the_key_that_made_it() {
    let s = Started::new().await;
    let error = s.git().delete_repository(&s.repository, &key("another")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    s.assert_sound();
    s.git().delete_repository(&s.repository, &key("repository")).await.unwrap();
    s.git().delete_repository(&s.repository, &key("repository")).await.unwrap();
    assert!(!s.bare().exists());
    let error = s.git().branch_head(&s.repository, &branch("main")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    // The name is free again, for anybody.
    s.git().ensure_repository(&spec("bikes"), &key("another")).await.unwrap();
    s.assert_sound();
}

#[tokio::test]
async fn an_export_has_the_files_and_modes_of_the_commit_and_nothing_else() {
    let s = Started::new().await;
    let script = FileChange::Put { path: path("bin/run"), content: "#!/bin/sh\n".into(), executable: true };
    let made = s.git().commit(&s.repository, &request("work", &s.head, vec![script]), &key("script")).await.unwrap();
    let into = s.folder.path().join("checkout");
    s.git().checkout(&s.repository, &made, &into).await.unwrap();
    let expected = s.folder.path().join("expected");
    fs::create_dir(&expected).unwrap();
    s.cli(&["archive", "--format=tar", "-o", s.folder.path().join("a.tar").to_str().unwrap(), made.as_str()]);
    let unpacked = std::process::Command::new("tar").args(["-xf", "../a.tar"]).current_dir(&expected).status().unwrap();
    assert!(unpacked.success());
    let same = std::process::Command::new("diff").arg("-r").args([&into, &expected]).status().unwrap();
    assert!(same.success());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |file: &str| fs::metadata(into.join(file)).unwrap().permissions().mode() & 0o100;
        assert_eq!((mode("bin/run"), mode("README.md")), (0o100, 0));
    }
    let error = s.git().checkout(&s.repository, &made, &into).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    let unknown = sha(&"0123456789".repeat(4));
    let error = s.git().checkout(&s.repository, &unknown, &s.folder.path().join("other")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

/// A change of one of a few files, so that changes meet each other.
fn change() -> impl Strategy<Value = (String, Option<(Vec<u8>, bool)>)> {
    let file = prop::sample::select(vec!["a", "b", "a.b", "d/a", "d/b", "d/e/f", "d-e", "d.e/x", "z/d/a"]);
    let content = prop::collection::vec(any::<u8>(), 0..40);
    (file.prop_map(str::to_owned), prop::option::of((content, any::<bool>())))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn commits_hold_what_a_map_would(steps in prop::collection::vec(prop::collection::btree_map(change().prop_map(|c| c.0), change().prop_map(|c| c.1), 1..5), 1..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let s = Started::new().await;
            let mut model = BTreeMap::from([
                ("README.md".to_owned(), (b"# Bikes\n".to_vec(), false)),
                ("src/app.js".to_owned(), (b"run();\n".to_vec(), false)),
            ]);
            let mut head = s.head.clone();
            for (n, step) in steps.into_iter().enumerate() {
                let (mut changes, mut after, mut allowed) = (Vec::new(), model.clone(), true);
                for (file, change) in step {
                    match change {
                        Some((content, executable)) => {
                            changes.push(FileChange::Put { path: path(&file), content: content.clone().into(), executable });
                            after.insert(file, (content, executable));
                        }
                        None => {
                            changes.push(delete(&file));
                            allowed &= after.remove(&file).is_some();
                        }
                    }
                }
                allowed &= after != model;
                let made = s.git().commit(&s.repository, &request("work", &head, changes), &key(&format!("{n}"))).await;
                assert_eq!(made.is_ok(), allowed, "{made:?}");
                if let Ok(made) = made {
                    (head, model) = (made, after);
                }
                let listed = s.git().list_files(&s.repository, &head).await.unwrap();
                assert!(listed.iter().map(|e| e.path.as_str()).eq(model.keys()));
                for entry in listed {
                    let content = s.git().read_file(&s.repository, &head, &entry.path).await.unwrap();
                    assert_eq!(Some(&(content.to_vec(), entry.executable)), model.get(RepoPath::as_str(&entry.path)));
                }
            }
            s.assert_sound();
        });
    }
}
