//! The suite of [`SourceControl`].

use super::{Check, Failure, Report, author, ensure, fails_with, key, main_branch, path, repository};
use crate::ErrorKind;
use crate::domain::{BranchName, CommitSha, RepositoryRef};
use crate::ports::{CommitRequest, FileChange, RepositorySpec, SourceControl};
use bytes::Bytes;
use std::sync::Arc;

type Source = Arc<dyn SourceControl>;

/// Checks a [`SourceControl`] against its contract.
pub async fn source_control(source: &Source) -> Report {
    let mut report = Report::new("SourceControl");
    report.check("a repository is made once by its key and found after that", repository_once(source)).await;
    report.check("somebody else's repository is refused", strangers(source)).await;
    report.check("a new repository has a base commit without files", empty_base(source)).await;
    report.check("a branch is made once and found after that", branch_once(source)).await;
    report.check("a commit's files read back, with mode, in order", commits(source)).await;
    report.check("content ids say which files are equal, without reading them", content_ids(source)).await;
    report.check("a commit is made once by its key, also when others followed", commit_once(source)).await;
    report.check("a commit on anything but the head is refused", expected_parent(source)).await;
    report.check("commits that change nothing or delete what is not there are refused", bad_changes(source)).await;
    report.check("deleting files keeps the others", deletes(source)).await;
    report.check("of 6 concurrent commits on one parent one wins", one_committer(source)).await;
    report.check("the same commit has the same sha where that is promised", reproducible(source)).await;
    report.check("a branch is deleted only at the expected head", branch_delete(source)).await;
    report.check("a repository is deleted only by its key", repository_delete(source)).await;
    report.check("absent things are not found", absent(source)).await;
    report
}

pub(super) async fn make(source: &Source, name: &str) -> Check<(RepositoryRef, CommitSha)> {
    let spec = RepositorySpec::new(repository(name)?, main_branch(), author()).with_description("for the suite");
    let made = source.ensure_repository(&spec, &key(name)?).await?;
    let base = source
        .branch_head(&made, &main_branch())
        .await?
        .ok_or_else(|| Failure("the default branch is not there".to_owned()))?;
    Ok((made, base))
}

pub(super) fn put(name: &str, content: &str) -> Check<FileChange> {
    Ok(FileChange::Put { path: path(name)?, content: Bytes::from(content.to_owned()), executable: false })
}

pub(super) fn request(branch: &BranchName, parent: &CommitSha, changes: Vec<FileChange>) -> CommitRequest {
    CommitRequest {
        branch: branch.clone(),
        parent: parent.clone(),
        changes,
        message: "Change something\n\nFor the suite.".to_owned(),
        author: author(),
    }
}

async fn repository_once(source: &Source) -> Check {
    let (first, base) = make(source, "once").await?;
    let (second, again) = make(source, "once").await?;
    ensure!(first == second && base == again, "the second call made another: {second:?}");
    Ok(())
}

async fn strangers(source: &Source) -> Check {
    make(source, "mine").await?;
    let spec = RepositorySpec::new(repository("mine")?, main_branch(), author());
    fails_with(source.ensure_repository(&spec, &key("not-mine")?).await, ErrorKind::AlreadyExists)
}

async fn empty_base(source: &Source) -> Check {
    let (made, base) = make(source, "empty").await?;
    let files = source.list_files(&made, &base).await?;
    ensure!(files.is_empty(), "the base commit has {files:?}");
    Ok(())
}

async fn branch_once(source: &Source) -> Check {
    let (made, base) = make(source, "branches").await?;
    let branch = BranchName::parse("aipipe/run-1")?;
    ensure!(source.branch_head(&made, &branch).await?.is_none(), "a branch that wasn't made is there");
    let head = source.ensure_branch(&made, &branch, &base, &key("branch")?).await?;
    ensure!(head == base, "the branch begins at {head}");
    let moved = source.commit(&made, &request(&branch, &base, vec![put("a.txt", "a")?]), &key("b-1")?).await?;
    let found = source.ensure_branch(&made, &branch, &base, &key("branch")?).await?;
    ensure!(found == moved, "finding the branch moved it to {found}");
    Ok(())
}

async fn commits(source: &Source) -> Check {
    let (made, base) = make(source, "commits").await?;
    let script =
        FileChange::Put { path: path("bin/run.sh")?, content: Bytes::from_static(b"#!/bin/sh\n"), executable: true };
    let changes = vec![put("src/ä b/index.ts", "export {}\n")?, script, put("README.md", "")?];
    let head = source.commit(&made, &request(&main_branch(), &base, changes), &key("c-1")?).await?;
    ensure!(source.branch_head(&made, &main_branch()).await? == Some(head.clone()), "the branch is not at the commit");
    let files = source.list_files(&made, &head).await?;
    let listed: Vec<_> = files.iter().map(|file| (file.path.as_str(), file.executable)).collect();
    let expected = [("README.md", false), ("bin/run.sh", true), ("src/ä b/index.ts", false)];
    ensure!(listed == expected, "listed {listed:?}");
    let content = source.read_file(&made, &head, &path("src/ä b/index.ts")?).await?;
    ensure!(content == "export {}\n", "came back as {content:?}");
    ensure!(source.read_file(&made, &head, &path("README.md")?).await?.is_empty(), "the empty file is not empty");
    Ok(())
}

async fn content_ids(source: &Source) -> Check {
    let (made, base) = make(source, "ids").await?;
    let changes = vec![put("a.txt", "same")?, put("b/c.txt", "same")?, put("d.txt", "other")?, put("e.txt", "")?];
    let head = source.commit(&made, &request(&main_branch(), &base, changes), &key("ids-1")?).await?;
    for file in source.list_files(&made, &head).await? {
        let content = source.read_file(&made, &head, &file.path).await?;
        let computed = source.content_id(&content);
        ensure!(file.content_id == computed, "{} is listed as {:?}, not {computed:?}", file.path, file.content_id);
    }
    let (same, other) = (source.content_id(b"same"), source.content_id(b"other"));
    ensure!(same.is_none() || same != other, "two contents have one id: {same:?}");
    Ok(())
}

async fn commit_once(source: &Source) -> Check {
    let (made, base) = make(source, "commit-once").await?;
    let first = request(&main_branch(), &base, vec![put("a.txt", "a")?]);
    let sha = source.commit(&made, &first, &key("o-1")?).await?;
    ensure!(source.commit(&made, &first, &key("o-1")?).await? == sha, "the second call made another commit");
    let next = source.commit(&made, &request(&main_branch(), &sha, vec![put("b.txt", "b")?]), &key("o-2")?).await?;
    ensure!(source.commit(&made, &first, &key("o-1")?).await? == sha, "it is not found below another commit");
    ensure!(source.branch_head(&made, &main_branch()).await? == Some(next), "finding a commit moved the branch");
    Ok(())
}

async fn expected_parent(source: &Source) -> Check {
    let (made, base) = make(source, "parent").await?;
    let head = source.commit(&made, &request(&main_branch(), &base, vec![put("a.txt", "a")?]), &key("p-1")?).await?;
    let stale = source.commit(&made, &request(&main_branch(), &base, vec![put("b.txt", "b")?]), &key("p-2")?).await;
    fails_with(stale, ErrorKind::Conflict)?;
    ensure!(source.branch_head(&made, &main_branch()).await? == Some(head), "the refused commit moved the branch");
    Ok(())
}

async fn bad_changes(source: &Source) -> Check {
    let (made, base) = make(source, "bad").await?;
    let none = source.commit(&made, &request(&main_branch(), &base, vec![]), &key("x-1")?).await;
    fails_with(none, ErrorKind::InvalidInput)?;
    let missing = vec![FileChange::Delete { path: path("absent.txt")? }];
    let missing = source.commit(&made, &request(&main_branch(), &base, missing), &key("x-2")?).await;
    fails_with(missing, ErrorKind::Conflict)?;
    let head = source.commit(&made, &request(&main_branch(), &base, vec![put("a.txt", "a")?]), &key("x-3")?).await?;
    let same = source.commit(&made, &request(&main_branch(), &head, vec![put("a.txt", "a")?]), &key("x-4")?).await;
    fails_with(same, ErrorKind::InvalidInput)?;
    let clash = source.commit(&made, &request(&main_branch(), &head, vec![put("a.txt/b", "b")?]), &key("x-5")?).await;
    fails_with(clash, ErrorKind::Conflict)
}

async fn deletes(source: &Source) -> Check {
    let (made, base) = make(source, "deletes").await?;
    let both = vec![put("dir/a.txt", "a")?, put("dir/b.txt", "b")?];
    let head = source.commit(&made, &request(&main_branch(), &base, both), &key("d-1")?).await?;
    let delete = vec![FileChange::Delete { path: path("dir/a.txt")? }];
    let after = source.commit(&made, &request(&main_branch(), &head, delete), &key("d-2")?).await?;
    let left: Vec<_> = source.list_files(&made, &after).await?.into_iter().map(|file| file.path.to_string()).collect();
    ensure!(left == ["dir/b.txt"], "left are {left:?}");
    ensure!(source.read_file(&made, &head, &path("dir/a.txt")?).await? == "a", "the earlier commit has lost the file");
    Ok(())
}

async fn one_committer(source: &Source) -> Check {
    let (made, base) = make(source, "race").await?;
    let mut tasks = Vec::new();
    for i in 0..6 {
        let (source, made) = (Arc::clone(source), made.clone());
        let request = request(&main_branch(), &base, vec![put(&format!("{i}.txt"), "x")?]);
        let key = key(&format!("race-{i}"))?;
        tasks.push(tokio::spawn(async move { source.commit(&made, &request, &key).await }));
    }
    let mut winners = Vec::new();
    for task in tasks {
        match task.await? {
            Ok(sha) => winners.push(sha),
            Err(error) => ensure!(error.kind() == ErrorKind::Conflict, "a loser got {error}"),
        }
    }
    ensure!(winners.len() == 1, "{} commits won", winners.len());
    ensure!(source.branch_head(&made, &main_branch()).await?.as_ref() == winners.first(), "the branch is elsewhere");
    Ok(())
}

async fn reproducible(source: &Source) -> Check {
    if !source.capabilities().reproducible_shas {
        return Ok(());
    }
    let (made, base) = make(source, "same").await?;
    let mut shas = Vec::new();
    for name in ["one", "two"] {
        let branch = BranchName::parse(name)?;
        source.ensure_branch(&made, &branch, &base, &key(name)?).await?;
        let changes = vec![put("a.txt", "a")?, put("b/c.txt", "c")?];
        shas.push(source.commit(&made, &request(&branch, &base, changes), &key("same")?).await?);
    }
    ensure!(shas.first() == shas.last(), "the same commit has two names: {shas:?}");
    Ok(())
}

async fn branch_delete(source: &Source) -> Check {
    let (made, base) = make(source, "branch-delete").await?;
    let branch = BranchName::parse("gone")?;
    source.ensure_branch(&made, &branch, &base, &key("gone")?).await?;
    let head = source.commit(&made, &request(&branch, &base, vec![put("a.txt", "a")?]), &key("g-1")?).await?;
    fails_with(source.delete_branch(&made, &branch, &base).await, ErrorKind::Conflict)?;
    source.delete_branch(&made, &branch, &head).await?;
    source.delete_branch(&made, &branch, &head).await?;
    ensure!(source.branch_head(&made, &branch).await?.is_none(), "the branch is still there");
    Ok(())
}

async fn repository_delete(source: &Source) -> Check {
    let (made, base) = make(source, "delete").await?;
    if !source.capabilities().delete_repository {
        return fails_with(source.delete_repository(&made, &key("delete")?).await, ErrorKind::Unsupported);
    }
    fails_with(source.delete_repository(&made, &key("other")?).await, ErrorKind::PermissionDenied)?;
    source.delete_repository(&made, &key("delete")?).await?;
    source.delete_repository(&made, &key("delete")?).await?;
    fails_with(source.list_files(&made, &base).await, ErrorKind::NotFound)
}

async fn absent(source: &Source) -> Check {
    let (made, base) = make(source, "absent").await?;
    let nowhere = CommitSha::parse("0".repeat(40))?;
    fails_with(source.list_files(&made, &nowhere).await, ErrorKind::NotFound)?;
    fails_with(source.read_file(&made, &base, &path("none.txt")?).await, ErrorKind::NotFound)?;
    let branch = BranchName::parse("nowhere")?;
    fails_with(source.ensure_branch(&made, &branch, &nowhere, &key("n")?).await, ErrorKind::NotFound)?;
    let on_absent = request(&branch, &base, vec![put("a.txt", "a")?]);
    fails_with(source.commit(&made, &on_absent, &key("n-1")?).await, ErrorKind::NotFound)?;
    let other = RepositoryRef { name: repository("never-made")?, ..made };
    fails_with(source.branch_head(&other, &main_branch()).await, ErrorKind::NotFound)
}
