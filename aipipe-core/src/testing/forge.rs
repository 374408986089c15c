//! Repositories in memory; with CI and a review desk on the same ones.

use super::forge_ci::MemoryRun;
use super::lock;
use crate::domain::{
    BranchName, CheckRun, CommitSha, ContentHash, ContentId, IdempotencyKey, PullRequest, RepoPath, RepositoryRef,
    Review,
};
use crate::ports::{
    CommitRequest, FileChange, KEY_TRAILER, RepositorySpec, SourceControl, SourceControlCapabilities, TreeEntry,
};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

pub(super) type Tree = BTreeMap<RepoPath, (Bytes, bool)>;

#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) parents: Vec<CommitSha>,
    pub(super) tree: Tree,
    pub(super) message: String,
}

#[derive(Debug)]
pub(super) struct Pull {
    pub(super) pull: PullRequest,
    pub(super) body: String,
    pub(super) reviews: Vec<Review>,
    pub(super) comments: Vec<String>,
    pub(super) keys: HashSet<IdempotencyKey>,
}

#[derive(Debug)]
pub(super) struct Repository {
    pub(super) key: IdempotencyKey,
    pub(super) at: RepositoryRef,
    pub(super) commits: BTreeMap<CommitSha, Commit>,
    pub(super) branches: BTreeMap<BranchName, CommitSha>,
    pub(super) runs: Vec<MemoryRun>,
    pub(super) checks: Vec<CheckRun>,
    pub(super) pulls: Vec<Pull>,
}

/// A [`SourceControl`], a [`ContinuousIntegration`](crate::ports::ContinuousIntegration) and a
/// [`ReviewDesk`](crate::ports::ReviewDesk) in memory, on the same repositories.
///
/// CI executes nothing. Jobs go in the order of their needs; of scripts it knows `echo`, `exit` and `sleep`, which never
/// ends, and all other commands succeed. A job fails when it is told to with [`fail_job`](Self::fail_job).
#[derive(Debug, Default)]
pub struct MemoryForge {
    pub(super) repositories: Mutex<BTreeMap<String, Repository>>,
    pub(super) failing: Mutex<HashSet<String>>,
    /// Jobs that fail where a file has a text.
    pub(super) failing_over: Mutex<Vec<(String, String)>>,
    pub(super) ci_off: AtomicBool,
    pub(super) made: Mutex<BTreeMap<&'static str, usize>>,
}

pub(super) fn missing(operation: &'static str, what: &'static str) -> Error {
    Error::new(ErrorKind::NotFound, operation, format!("there is no such {what}"))
}

impl MemoryForge {
    /// How many things of a kind were really made: `repository`, `branch`, `commit`, `run`, `pull-request`, `merge`, `comment`.
    #[must_use]
    pub fn made(&self, kind: &'static str) -> usize {
        lock(&self.made).get(kind).copied().unwrap_or(0)
    }

    /// Adds a commit with this file on top of every branch whose name begins so, as a person would who pushes to it.
    ///
    /// # Errors
    /// `Corrupt` when a branch leads nowhere.
    pub fn push_by_a_person(&self, prefix: &str, path: &RepoPath, content: &str) -> Result<()> {
        for repository in lock(&self.repositories).values_mut() {
            let branches: Vec<_> =
                repository.branches.iter().filter(|(name, _)| name.as_str().starts_with(prefix)).collect();
            let branches: Vec<_> = branches.into_iter().map(|(name, head)| (name.clone(), head.clone())).collect();
            for (name, head) in branches {
                let Some(mut commit) = repository.commits.get(&head).cloned() else {
                    return Err(Error::new(ErrorKind::Corrupt, "forge.push", "the branch leads nowhere"));
                };
                commit.parents = vec![head];
                commit.message = "Pushed by a person\n".to_owned();
                commit.tree.insert(path.clone(), (Bytes::from(content.to_owned()), false));
                let sha = repository.add(commit, "a person")?;
                repository.branches.insert(name, sha);
            }
        }
        Ok(())
    }

    pub(super) fn count(&self, kind: &'static str) {
        *lock(&self.made).entry(kind).or_default() += 1;
    }

    pub(super) fn with<T>(
        &self,
        repository: &RepositoryRef,
        operation: &'static str,
        work: impl FnOnce(&mut Repository) -> Result<T>,
    ) -> Result<T> {
        let mut repositories = lock(&self.repositories);
        let found = repositories
            .get_mut(repository.name.as_str())
            .ok_or_else(|| missing(operation, "repository").with("repository", &repository.name))?;
        work(found)
    }
}

impl Repository {
    /// Adds a commit; its name is the hash of all that is in it.
    pub(super) fn add(&mut self, commit: Commit, who: &str) -> Result<CommitSha> {
        let mut parts: Vec<String> = commit.parents.iter().map(ToString::to_string).collect();
        parts.push(commit.message.clone());
        parts.push(who.to_owned());
        for (path, (content, executable)) in &commit.tree {
            parts.push(format!("{path} {} {executable}", ContentHash::of(content)));
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let sha = CommitSha::parse(ContentHash::of_parts(&parts).short(40))?;
        self.commits.insert(sha.clone(), commit);
        Ok(sha)
    }

    /// The commits from `from` back along first parents.
    pub(super) fn first_parents(&self, from: &CommitSha) -> Vec<CommitSha> {
        let mut line = vec![from.clone()];
        let mut at = from;
        while let Some(parent) = self.commits.get(at).and_then(|commit| commit.parents.first()) {
            line.push(parent.clone());
            at = parent;
        }
        line
    }

    pub(super) fn with_key(&self, head: &CommitSha, key: &IdempotencyKey) -> Option<CommitSha> {
        let trailer = format!("{KEY_TRAILER}: {key}");
        let has = |sha: &CommitSha| {
            self.commits.get(sha).is_some_and(|commit| commit.message.lines().any(|line| line == trailer))
        };
        self.first_parents(head).into_iter().find(has)
    }
}

/// A message with the trailer that names its key.
pub(super) fn with_trailer(message: &str, key: &IdempotencyKey) -> String {
    format!("{}\n\n{KEY_TRAILER}: {key}\n", message.trim_end())
}

fn content_id(content: &[u8]) -> Option<ContentId> {
    ContentId::parse(ContentHash::of(content).to_hex()).ok()
}

fn apply(tree: &mut Tree, changes: &[FileChange]) -> Result<()> {
    for change in changes {
        match change {
            FileChange::Put { path, content, executable } => {
                let prefix = format!("{path}/");
                let clash = tree.keys().any(|other| {
                    other.as_str().starts_with(&prefix) || path.as_str().starts_with(&format!("{other}/"))
                });
                if clash {
                    return Err(Error::new(ErrorKind::Conflict, "commit", "a file is where a folder has to be")
                        .with("path", path));
                }
                tree.insert(path.clone(), (content.clone(), *executable));
            }
            FileChange::Delete { path } => {
                if tree.remove(path).is_none() {
                    return Err(
                        Error::new(ErrorKind::Conflict, "commit", "the file to delete is not there").with("path", path)
                    );
                }
            }
        }
    }
    Ok(())
}

#[async_trait]
impl SourceControl for MemoryForge {
    fn capabilities(&self) -> SourceControlCapabilities {
        SourceControlCapabilities::new(true, true)
    }

    fn content_id(&self, content: &[u8]) -> Option<ContentId> {
        content_id(content)
    }

    async fn ensure_repository(&self, spec: &RepositorySpec, key: &IdempotencyKey) -> Result<RepositoryRef> {
        let mut repositories = lock(&self.repositories);
        if let Some(found) = repositories.get(spec.name.as_str()) {
            if found.key == *key {
                return Ok(found.at.clone());
            }
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                "repository.ensure",
                "somebody else's repository has this name",
            )
            .with("repository", &spec.name));
        }
        let at =
            RepositoryRef { owner: String::new(), name: spec.name.clone(), location: format!("memory:{}", spec.name) };
        let mut repository = Repository {
            key: key.clone(),
            at: at.clone(),
            commits: BTreeMap::new(),
            branches: BTreeMap::new(),
            runs: Vec::new(),
            checks: Vec::new(),
            pulls: Vec::new(),
        };
        let first =
            Commit { parents: Vec::new(), tree: Tree::new(), message: with_trailer("Create the repository", key) };
        let sha = repository.add(first, &spec.author.email)?;
        repository.branches.insert(spec.default_branch.clone(), sha);
        repositories.insert(spec.name.as_str().to_owned(), repository);
        drop(repositories);
        self.count("repository");
        Ok(at)
    }

    async fn ensure_branch(
        &self,
        repository: &RepositoryRef,
        branch: &BranchName,
        from: &CommitSha,
        _key: &IdempotencyKey,
    ) -> Result<CommitSha> {
        self.with(repository, "branch.ensure", |found| {
            if let Some(head) = found.branches.get(branch) {
                return Ok(head.clone());
            }
            if !found.commits.contains_key(from) {
                return Err(missing("branch.ensure", "commit").with("commit", from));
            }
            found.branches.insert(branch.clone(), from.clone());
            self.count("branch");
            Ok(from.clone())
        })
    }

    async fn branch_head(&self, repository: &RepositoryRef, branch: &BranchName) -> Result<Option<CommitSha>> {
        self.with(repository, "branch.head", |found| Ok(found.branches.get(branch).cloned()))
    }

    async fn commit(
        &self,
        repository: &RepositoryRef,
        request: &CommitRequest,
        key: &IdempotencyKey,
    ) -> Result<CommitSha> {
        if request.changes.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "commit", "a commit needs changes"));
        }
        self.with(repository, "commit", |found| {
            let head = found
                .branches
                .get(&request.branch)
                .cloned()
                .ok_or_else(|| missing("commit", "branch").with("branch", &request.branch))?;
            if let Some(made) = found.with_key(&head, key) {
                return Ok(made);
            }
            if head != request.parent {
                return Err(Error::new(ErrorKind::Conflict, "commit", "the branch has another head")
                    .with("branch", &request.branch)
                    .with("head", &head));
            }
            let mut tree = found.commits.get(&head).map(|commit| commit.tree.clone()).unwrap_or_default();
            let before = tree.clone();
            apply(&mut tree, &request.changes)?;
            if tree == before {
                return Err(Error::new(ErrorKind::InvalidInput, "commit", "the changes change nothing"));
            }
            let commit = Commit { parents: vec![head], tree, message: with_trailer(&request.message, key) };
            let who = format!("{} {}", request.author.email, request.author.at);
            let sha = found.add(commit, &who)?;
            found.branches.insert(request.branch.clone(), sha.clone());
            self.count("commit");
            Ok(sha)
        })
    }

    async fn list_files(&self, repository: &RepositoryRef, commit: &CommitSha) -> Result<Vec<TreeEntry>> {
        self.with(repository, "files.list", |found| {
            let commit = found.commits.get(commit).ok_or_else(|| missing("files.list", "commit"))?;
            let entry = |(path, (content, executable)): (&RepoPath, &(Bytes, bool))| TreeEntry {
                path: path.clone(),
                executable: *executable,
                bytes: Some(content.len() as u64),
                content_id: content_id(content),
            };
            Ok(commit.tree.iter().map(entry).collect())
        })
    }

    async fn read_file(&self, repository: &RepositoryRef, commit: &CommitSha, path: &RepoPath) -> Result<Bytes> {
        self.with(repository, "file.read", |found| {
            let commit = found.commits.get(commit).ok_or_else(|| missing("file.read", "commit"))?;
            let (content, _) = commit.tree.get(path).ok_or_else(|| missing("file.read", "file").with("path", path))?;
            Ok(content.clone())
        })
    }

    async fn delete_branch(&self, repository: &RepositoryRef, branch: &BranchName, expected: &CommitSha) -> Result<()> {
        self.with(repository, "branch.delete", |found| match found.branches.get(branch) {
            None => Ok(()),
            Some(head) if head == expected => {
                found.branches.remove(branch);
                Ok(())
            }
            Some(head) => Err(Error::new(ErrorKind::Conflict, "branch.delete", "the branch has another head")
                .with("branch", branch)
                .with("head", head)),
        })
    }

    async fn delete_repository(&self, repository: &RepositoryRef, key: &IdempotencyKey) -> Result<()> {
        let mut repositories = lock(&self.repositories);
        match repositories.get(repository.name.as_str()) {
            None => Ok(()),
            Some(found) if found.key == *key => {
                repositories.remove(repository.name.as_str());
                Ok(())
            }
            Some(_) => Err(Error::new(
                ErrorKind::PermissionDenied,
                "repository.delete",
                "the repository was made by somebody else",
            )
            .with("repository", &repository.name)),
        }
    }
}
