//! A review desk of files: pull requests that a person can read, review and find again without any service.
//!
//! | file | idea |
//! |---|---|
//! | `record` | what is kept of a pull request |
//! | `shelf` | where it is kept, numbered, as whole files |
//! | `page` | the page a person reads, made anew from the record whenever it changes |
//! | `desk` | what happens at the desk: open, review, comment, merge, close |
//!
//! A pull request lies in `{root}/{repository}/{number}/`: `pull-request.json` is the truth, `pull-request.md` shows it.
//! The git repository is the truth about commits: a merge that is on the base branch has happened, whatever the record says.

mod desk;
mod page;
mod record;
mod shelf;

use crate::checks::CheckStore;
use crate::git::LocalGit;
use crate::git::durable::blocking;
use aipipe_core::Result;
use aipipe_core::domain::{IdempotencyKey, PullRequest, PullRequestStatus, RepositoryRef};
use aipipe_core::ports::{Clock, MergeSpec, PullRequestSpec, ReviewCapabilities, ReviewDesk, ReviewSpec};
use async_trait::async_trait;
use desk::Desk;
use shelf::Shelf;
use std::path::Path;
use std::sync::Arc;

/// Pull requests as files, over [`LocalGit`].
///
/// Reviews and comments are told apart by their keys. A branch has one pull request for good: opening it again finds it,
/// merged and closed ones too. A merge that a person made in the repository itself counts as merged.
#[derive(Debug, Clone)]
pub struct LocalReviewDesk {
    desk: Arc<Desk>,
}

impl LocalReviewDesk {
    /// Opens the desk's folder and makes it if it isn't there.
    ///
    /// # Errors
    /// `PermissionDenied`, `StorageFull`, `InvalidInput` when `root` is a file.
    pub fn open(root: &Path, git: LocalGit, checks: CheckStore, clock: Arc<dyn Clock>) -> Result<Self> {
        let desk = Desk { shelf: Shelf::open(root)?, git, checks, clock, instructions: String::new() };
        Ok(Self { desk: Arc::new(desk) })
    }

    /// The same with a line of Markdown on every open pull request's page that tells a person how to approve it.
    #[must_use]
    pub fn with_instructions(self, instructions: impl Into<String>) -> Self {
        let Desk { shelf, git, checks, clock, .. } = self.desk.as_ref().clone();
        Self { desk: Arc::new(Desk { shelf, git, checks, clock, instructions: instructions.into() }) }
    }

    async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        repository: &RepositoryRef,
        work: impl FnOnce(&Desk, &RepositoryRef) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (desk, owned) = (Arc::clone(&self.desk), repository.clone());
        blocking(operation, move || work(&desk, &owned))
            .await
            .map_err(|error| error.with("repository", &repository.name))
    }
}

#[async_trait]
impl ReviewDesk for LocalReviewDesk {
    fn capabilities(&self) -> ReviewCapabilities {
        ReviewCapabilities::new(true, false)
    }

    #[tracing::instrument(level = "debug", skip_all, fields(repository = %repository.name, head = %spec.head))]
    async fn open(
        &self,
        repository: &RepositoryRef,
        spec: &PullRequestSpec,
        key: &IdempotencyKey,
    ) -> Result<PullRequest> {
        let (spec, key) = (spec.clone(), key.clone());
        self.run("review.open", repository, move |desk, repository| desk.open(repository, &spec, &key)).await
    }

    #[tracing::instrument(level = "debug", skip_all, fields(repository = %repository.name, number))]
    async fn status(&self, repository: &RepositoryRef, number: u64) -> Result<PullRequestStatus> {
        self.run("review.status", repository, move |desk, repository| desk.status(repository, number))
            .await
            .map_err(|error| error.with("number", number))
    }

    #[tracing::instrument(level = "debug", skip_all, fields(repository = %repository.name, number))]
    async fn comment(&self, repository: &RepositoryRef, number: u64, body: &str, key: &IdempotencyKey) -> Result<()> {
        let (body, key) = (body.to_owned(), key.clone());
        self.run("review.comment", repository, move |desk, repository| desk.comment(repository, number, body, key))
            .await
            .map_err(|error| error.with("number", number))
    }

    #[tracing::instrument(level = "debug", skip_all, fields(repository = %repository.name, number))]
    async fn review(
        &self,
        repository: &RepositoryRef,
        number: u64,
        spec: &ReviewSpec,
        key: &IdempotencyKey,
    ) -> Result<()> {
        let (spec, key) = (spec.clone(), key.clone());
        self.run("review.review", repository, move |desk, repository| desk.review(repository, number, spec, key))
            .await
            .map_err(|error| error.with("number", number))
    }

    #[tracing::instrument(level = "debug", skip_all, fields(repository = %repository.name, number))]
    async fn merge(
        &self,
        repository: &RepositoryRef,
        number: u64,
        spec: &MergeSpec,
        key: &IdempotencyKey,
    ) -> Result<PullRequest> {
        let (spec, key) = (spec.clone(), key.clone());
        self.run("review.merge", repository, move |desk, repository| desk.merge(repository, number, &spec, &key))
            .await
            .map_err(|error| error.with("number", number))
    }

    #[tracing::instrument(level = "debug", skip_all, fields(repository = %repository.name, number))]
    async fn close(&self, repository: &RepositoryRef, number: u64, key: &IdempotencyKey) -> Result<PullRequest> {
        let key = key.clone();
        self.run("review.close", repository, move |desk, repository| desk.close(repository, number, key))
            .await
            .map_err(|error| error.with("number", number))
    }
}
