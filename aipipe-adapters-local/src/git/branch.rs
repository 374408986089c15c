//! Branches, and the one way a reference moves: by compare-and-swap, under the repository's lock.

use super::durable;
use super::error::{git_error, io_error};
use super::repositories::{Repositories, WriteAccess, find_commit, object_id, sha_of};
use super::{failpoint, find_before_create};
use aipipe_core::domain::{BranchName, CommitSha, RepositoryName};
use aipipe_core::{Error, ErrorKind, Result};
use git2::{ErrorCode, Oid, Repository};
use std::fs;
use std::path::Path;

const HEADS: &str = "refs/heads/";

/// The full name of a branch's reference.
pub(super) fn reference_of(branch: &BranchName) -> String {
    format!("{HEADS}{branch}")
}

/// The commit a branch points to, if there is such a branch.
pub(super) fn head_of(operation: &'static str, repository: &Repository, branch: &BranchName) -> Result<Option<Oid>> {
    match repository.find_reference(&reference_of(branch)) {
        Ok(reference) => reference.target().map(Some).ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, operation, "the branch points to another reference, not to a commit")
        }),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(git_error(operation, "read the branch", error)),
    }
}

/// How a branch changes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Move {
    /// It is made here; it must not exist.
    Create(Oid),
    /// It goes from the first commit to the second.
    Advance(Oid, Oid),
    /// It is removed; it must be here.
    Remove(Oid),
}

impl WriteAccess {
    /// Changes a branch, or reports `Conflict` when it is not where it should be.
    pub(super) fn move_branch(
        &self,
        operation: &'static str,
        repository: &Repository,
        branch: &BranchName,
        how: Move,
        log: &str,
    ) -> Result<()> {
        // git locks a reference by a file that outlives a killed process and then blocks everybody for good. The note
        // that *we* are about to take that lock lets the next holder of our own lock, which dies with its process,
        // tell a leftover of ours from a lock that somebody else holds.
        fs::write(&self.moving, branch.as_str())
            .map_err(|error| io_error(operation, "note the move", &self.moving, error))?;
        let name = reference_of(branch);
        let moved = match how {
            Move::Create(to) => repository.reference(&name, to, false, log).map(drop),
            Move::Advance(from, to) => repository.reference_matching(&name, to, true, from, log).map(drop),
            Move::Remove(from) => repository.find_reference(&name).and_then(|mut reference| {
                if reference.target() == Some(from) { reference.delete() } else { Err(moved_meanwhile()) }
            }),
        };
        fs::remove_file(&self.moving).map_err(|error| io_error(operation, "clear the note", &self.moving, error))?;
        moved.map_err(|error| match (error.code(), how) {
            // Advancing or removing a branch that is gone: it was moved by somebody.
            (ErrorCode::NotFound, Move::Advance(..) | Move::Remove(_)) => {
                Error::new(ErrorKind::Conflict, operation, "the branch was removed meanwhile")
            }
            (ErrorCode::Modified, _) => Error::new(ErrorKind::Conflict, operation, "the branch was moved meanwhile"),
            _ => git_error(operation, "move the branch", error),
        })
    }

    /// Clears away git's lock on a reference if the last holder of our lock died while moving it.
    pub(super) fn recover(&self, operation: &'static str, repository: &Path) -> Result<()> {
        let Some(note) = durable::read(operation, &self.moving)? else { return Ok(()) };
        // An empty or torn note was written just before the lock would have been taken.
        let branch = String::from_utf8(note).ok().and_then(|name| BranchName::parse(name).ok());
        if let Some(branch) = branch {
            for locked in [reference_of(&branch), "packed-refs".to_owned(), "HEAD".to_owned()] {
                remove_file(operation, &repository.join(format!("{locked}.lock")))?;
            }
        }
        remove_file(operation, &self.moving)
    }
}

fn moved_meanwhile() -> git2::Error {
    git2::Error::new(ErrorCode::Modified, git2::ErrorClass::Reference, "the reference has another target")
}

fn remove_file(operation: &'static str, path: &Path) -> Result<()> {
    use std::io::ErrorKind as Io;
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if matches!(error.kind(), Io::NotFound | Io::NotADirectory) => Ok(()),
        Err(error) => Err(io_error(operation, "clear away a lock", path, error)),
    }
}

impl Repositories {
    pub(crate) fn branch_head(&self, name: &RepositoryName, branch: &BranchName) -> Result<Option<CommitSha>> {
        const OPERATION: &str = "git.branch_head";
        let repository = self.repository(OPERATION, name)?;
        head_of(OPERATION, &repository, branch)?.map(|id| sha_of(OPERATION, id)).transpose()
    }

    pub(super) fn ensure_branch(
        &self,
        name: &RepositoryName,
        branch: &BranchName,
        from: &CommitSha,
    ) -> Result<CommitSha> {
        const OPERATION: &str = "git.ensure_branch";
        let access = self.write_access(OPERATION, name)?;
        let repository = self.repository(OPERATION, name)?;
        if find_before_create()
            && let Some(head) = head_of(OPERATION, &repository, branch)?
        {
            return sha_of(OPERATION, head);
        }
        let commit = find_commit(OPERATION, &repository, from)?;
        access.move_branch(OPERATION, &repository, branch, Move::Create(commit.id()), "aipipe: create the branch")?;
        failpoint!("git.branch.made");
        sha_of(OPERATION, commit.id())
    }

    pub(super) fn delete_branch(&self, name: &RepositoryName, branch: &BranchName, expected: &CommitSha) -> Result<()> {
        const OPERATION: &str = "git.delete_branch";
        let access = self.write_access(OPERATION, name)?;
        let repository = self.repository(OPERATION, name)?;
        let Some(head) = head_of(OPERATION, &repository, branch)? else { return Ok(()) };
        if object_id(OPERATION, expected).ok() != Some(head) {
            return Err(Error::new(ErrorKind::Conflict, OPERATION, "the branch is not where it was expected")
                .with("expected", expected)
                .with("head", head));
        }
        let default = repository
            .find_reference("HEAD")
            .ok()
            .and_then(|head| head.symbolic_target().ok().flatten().map(str::to_owned));
        if default.as_deref() == Some(reference_of(branch).as_str()) {
            return Err(Error::new(ErrorKind::InvalidInput, OPERATION, "the default branch can't be removed"));
        }
        access.move_branch(OPERATION, &repository, branch, Move::Remove(head), "aipipe: remove the branch")?;
        failpoint!("git.branch.removed");
        Ok(())
    }
}
