//! Merges without a work tree.

use super::branch::{Move, head_of};
use super::error::{git_error, stored_error};
use super::repositories::{Repositories, find_commit, object_id, sha_of};
use super::{commit, failpoint, find_before_create, objects};
use aipipe_core::domain::{BranchName, CommitSha, IdempotencyKey, Mergeable, RepositoryName};
use aipipe_core::ports::MergeSpec;
use aipipe_core::{Error, ErrorKind, Result};
use git2::{ErrorCode, Index, Oid, Repository};

/// How far back on the base branch a merge is looked for.
const LOOK_BACK: usize = 10_000;

/// Which branches a merge is between.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Merge<'a> {
    /// The repository.
    pub(crate) repository: &'a RepositoryName,
    /// The branch to merge into.
    pub(crate) base: &'a BranchName,
    /// The branch to merge.
    pub(crate) head: &'a BranchName,
}

impl Repositories {
    /// Whether a merge of the commit into the base branch would work now.
    pub(crate) fn mergeable(
        &self,
        repository: &RepositoryName,
        base: &BranchName,
        head: &CommitSha,
    ) -> Result<Mergeable> {
        const OPERATION: &str = "git.mergeable";
        let repository = self.repository(OPERATION, repository)?;
        let (Some(base), Ok(head)) = (head_of(OPERATION, &repository, base)?, object_id(OPERATION, head)) else {
            return Ok(Mergeable::Unknown);
        };
        // Merging files writes them; nobody needs these.
        objects::collect(OPERATION, &repository)?;
        Ok(match merged(OPERATION, &repository, base, head) {
            Ok(index) if index.has_conflicts() => Mergeable::Conflicts,
            Ok(_) => Mergeable::Yes,
            Err(error) => {
                tracing::warn!(error = %error.chain(), "whether the branches merge could not be computed");
                Mergeable::Unknown
            }
        })
    }

    /// The commit by which `head` came to the base branch, whoever made it; `None` also when the base had it at `since`
    /// already: a branch that was set back is not merged.
    pub(crate) fn find_merge(
        &self,
        repository: &RepositoryName,
        base: &BranchName,
        head: &CommitSha,
        since: &CommitSha,
    ) -> Result<Option<CommitSha>> {
        const OPERATION: &str = "git.find_merge";
        let repository = self.repository(OPERATION, repository)?;
        let (Some(base), Ok(head)) = (head_of(OPERATION, &repository, base)?, object_id(OPERATION, head)) else {
            return Ok(None);
        };
        let since = object_id(OPERATION, since)?;
        if has(OPERATION, &repository, since, head)? {
            return Ok(None);
        }
        find(OPERATION, &repository, base, head)?.map(|id| sha_of(OPERATION, id)).transpose()
    }

    /// Merges the head branch, which must be at the expected commit, and returns the merge commit.
    pub(crate) fn merge(&self, merge: Merge<'_>, spec: &MergeSpec, key: &IdempotencyKey) -> Result<CommitSha> {
        const OPERATION: &str = "git.merge";
        let conflict =
            |reason: &str| Error::new(ErrorKind::Conflict, OPERATION, reason).with("expected", &spec.expected_head);
        let author = commit::signature(OPERATION, &spec.author)?;
        let message = commit::message_with_key(OPERATION, &format!("{}\n\n{}", spec.title.trim(), spec.body), key)?;

        let access = self.write_access(OPERATION, merge.repository)?;
        let repository = self.repository(OPERATION, merge.repository)?;
        let base = head_of(OPERATION, &repository, merge.base)?
            .ok_or_else(|| conflict("the branch to merge into is gone").with("base", merge.base))?;
        let expected =
            object_id(OPERATION, &spec.expected_head).map_err(|_| conflict("the expected head is no commit here"))?;
        if find_before_create()
            && let Some(found) = find(OPERATION, &repository, base, expected)?
        {
            return sha_of(OPERATION, found);
        }
        let head = head_of(OPERATION, &repository, merge.head)?;
        if head != Some(expected) {
            let head = head.map_or_else(|| "none".to_owned(), |id| id.to_string());
            return Err(conflict("the branch's head is not the one that was reviewed").with("head", head));
        }
        let read = |error| stored_error(OPERATION, "read the history", error);
        objects::collect(OPERATION, &repository)?;
        let mut index = merged(OPERATION, &repository, base, expected)?;
        if index.has_conflicts() {
            return Err(conflict("the changes conflict with those of the base branch"));
        }
        let tree =
            index.write_tree_to(&repository).map_err(|error| git_error(OPERATION, "write the merged tree", error))?;
        let tree = repository.find_tree(tree).map_err(read)?;
        let parents =
            [repository.find_commit(base).map_err(read)?, find_commit(OPERATION, &repository, &spec.expected_head)?];
        let made = repository
            .commit(None, &author, &author, &message, &tree, &parents.each_ref())
            .map_err(|error| git_error(OPERATION, "write the merge commit", error))?;
        self.keep(OPERATION, &repository, merge.repository, made)?;
        failpoint!("git.merge.commit-made");
        let log = format!("merge {}: no fast-forward", merge.head);
        access.move_branch(OPERATION, &repository, merge.base, Move::Advance(base, made), &log)?;
        failpoint!("git.merge.ref-moved");
        sha_of(OPERATION, made)
    }
}

/// The commit by which `head` came to the base's line of first parents: a merge of it or of a branch that has it, or
/// itself where somebody moved the base forward without a merge commit.
fn find(operation: &'static str, repository: &Repository, base: Oid, head: Oid) -> Result<Option<Oid>> {
    let read = |error| stored_error(operation, "read the base branch's history", error);
    if !has(operation, repository, base, head)? {
        return Ok(None);
    }
    let mut oldest = base;
    for _ in 0..LOOK_BACK {
        if oldest == head {
            return Ok(Some(head));
        }
        match repository.find_commit(oldest).map_err(read)?.parent_id(0) {
            Ok(parent) if has(operation, repository, parent, head)? => oldest = parent,
            _ => return Ok(Some(oldest)),
        }
    }
    Err(Error::new(ErrorKind::Unsupported, operation, "the base branch's history is too long to find a merge in"))
}

/// Whether `commit` is `other` or comes after it.
fn has(operation: &'static str, repository: &Repository, commit: Oid, other: Oid) -> Result<bool> {
    let after = || repository.graph_descendant_of(commit, other);
    Ok(commit == other || after().map_err(|error| stored_error(operation, "compare two commits", error))?)
}

/// The outcome of a merge, in memory.
fn merged(operation: &'static str, repository: &Repository, base: Oid, head: Oid) -> Result<Index> {
    let fail = |error| stored_error(operation, "merge the branches", error);
    // Without a common ancestor every file would count as added by both sides: not a merge anybody meant.
    repository.merge_base(base, head).map_err(|error| match error.code() {
        ErrorCode::NotFound => Error::new(ErrorKind::Conflict, operation, "the branches have no common history"),
        _ => fail(error),
    })?;
    let (ours, theirs) = (repository.find_commit(base).map_err(fail)?, repository.find_commit(head).map_err(fail)?);
    repository.merge_commits(&ours, &theirs, None).map_err(fail)
}
