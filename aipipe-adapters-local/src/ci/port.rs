//! The port's calls, each handed to a thread that may block.

use super::{LocalCi, worker};
use aipipe_core::Result;
use aipipe_core::domain::{IdempotencyKey, JobId, RepositoryRef, RunId, WorkflowRun};
use aipipe_core::ports::{CiCapabilities, ContinuousIntegration, RunSelector};
use async_trait::async_trait;

#[async_trait]
impl ContinuousIntegration for LocalCi {
    fn capabilities(&self) -> CiCapabilities {
        CiCapabilities::new(false, self.sandbox.name())
    }

    async fn runs(&self, repository: &RepositoryRef, selector: &RunSelector) -> Result<Vec<WorkflowRun>> {
        self.options.source.find(repository).await?;
        let (ci, repository, selector) = (self.clone(), repository.clone(), selector.clone());
        worker::blocking("ci.runs", move || ci.recorded(&repository, &selector)).await
    }

    async fn ensure_run(
        &self,
        repository: &RepositoryRef,
        selector: &RunSelector,
        key: &IdempotencyKey,
    ) -> Result<Option<WorkflowRun>> {
        let (ci, repository, selector, key) = (self.clone(), repository.clone(), selector.clone(), key.clone());
        worker::drive("ci.ensure_run", async move { ci.ensure(&repository, &selector, &key).await }).await
    }

    async fn log_tail(&self, repository: &RepositoryRef, run: &RunId, job: &JobId, max_bytes: usize) -> Result<String> {
        let (ci, repository, run, job) = (self.clone(), repository.clone(), run.clone(), job.clone());
        worker::blocking("ci.log_tail", move || ci.tail(&repository, &run, &job, max_bytes)).await
    }

    async fn cancel(&self, repository: &RepositoryRef, run: &RunId) -> Result<()> {
        let (ci, repository, run) = (self.clone(), repository.clone(), run.clone());
        worker::blocking("ci.cancel", move || ci.end_or_ask(&repository, &run)).await
    }

    async fn rerun(&self, repository: &RepositoryRef, run: &RunId, attempt: u32) -> Result<WorkflowRun> {
        let (ci, repository, run) = (self.clone(), repository.clone(), run.clone());
        worker::drive("ci.rerun", async move { ci.again(&repository, &run, attempt).await }).await
    }
}
