//! The six tables' records, typed: what lies under which key and which index lists it.
//!
//! `execution_state` is the engine's own (see [`pipeline`](crate::pipeline)); the other five are written by the stages.
//! Every write here comes out the same when a stage runs again, so repeating it is harmless.

use crate::domain::{
    ArtifactRef, BranchName, CommitSha, Component, ContentHash, Document, DocumentFormat, DocumentId, DocumentMetadata,
    DocumentName, ExecutionId, ProjectName, ProjectRoot, PullRequestState, RepositoryRef, UserStory, WorkflowRun,
};
use crate::ports::{
    Expect, Record, RecordIndex, RecordKey, RecordQuery, RecordStore, RecordStoreExt, RecordWrite, Table,
};
use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

/// One version of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRecord {
    /// The document.
    pub document: DocumentId,
    /// Its version.
    pub version: ContentHash,
    /// The version before it in the same project.
    pub previous: Option<ContentHash>,
    /// Its file name.
    pub name: DocumentName,
    /// What it is.
    pub format: DocumentFormat,
    /// The project and day it came in.
    pub root: ProjectRoot,
    /// The execution that read it.
    pub execution: ExecutionId,
    /// The original.
    pub raw: ArtifactRef,
    /// The text.
    pub text: ArtifactRef,
    /// What it says about itself.
    pub metadata: DocumentMetadata,
}

impl DocumentRecord {
    /// The record of a document that was read.
    #[must_use]
    pub fn of(document: &Document, root: &ProjectRoot, execution: &ExecutionId) -> Self {
        Self {
            document: document.id.clone(),
            version: document.version,
            previous: document.previous,
            name: document.name.clone(),
            format: document.format,
            root: root.clone(),
            execution: execution.clone(),
            raw: document.raw.clone(),
            text: document.text.clone(),
            metadata: document.metadata.clone(),
        }
    }

    /// Writes the version and makes it the project's latest of this document.
    ///
    /// # Errors
    /// `InvalidInput` when a name does not fit a key.
    pub fn writes(&self) -> Result<Vec<RecordWrite>> {
        let project = self.root.project().as_str();
        let version = RecordKey::parse(project, format!("{}/version/{}", self.document, self.version.to_hex()))?;
        let latest = RecordKey::parse(project, format!("{}/latest", self.document))?;
        let by_root = RecordKey::parse(self.root.to_string(), format!("{}/{}", self.document, self.execution))?;
        Ok(vec![
            RecordWrite::put(Table::Documents, version, Expect::Anything, self)?
                .with_index(RecordIndex::Project, by_root),
            RecordWrite::put(Table::Documents, latest, Expect::Anything, self)?,
        ])
    }

    /// The project's latest version of a document, if there is one.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn latest(
        records: &dyn RecordStore,
        project: &ProjectName,
        document: &DocumentId,
    ) -> Result<Option<Self>> {
        let key = RecordKey::parse(project.as_str(), format!("{document}/latest"))?;
        records.get(Table::Documents, &key).await?.map(|record| record.decode()).transpose()
    }
}

/// A story with its status in one execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryRecord {
    /// The story.
    pub story: UserStory,
    /// The execution.
    pub execution: ExecutionId,
    /// `planned`, then the label of its [`StoryStatus`](crate::domain::StoryStatus).
    pub status: String,
    /// Its place in the queue, from 0.
    pub position: usize,
}

impl StoryRecord {
    /// The status of a story nobody worked on yet.
    pub const PLANNED: &'static str = "planned";

    /// Writes the story and queues it by priority among those of its status.
    ///
    /// # Errors
    /// `InvalidInput` when a name does not fit a key.
    pub fn write(&self) -> Result<RecordWrite> {
        let key = RecordKey::parse(self.execution.as_str(), self.story.id.as_str())?;
        let queue = RecordKey::parse(
            format!("{}/{}", self.execution, self.status),
            format!("{}/{:05}", self.story.priority, self.position),
        )?;
        Ok(RecordWrite::put(Table::UserStories, key, Expect::Anything, self)?.with_index(RecordIndex::Status, queue))
    }

    /// The stories of a status, most urgent first.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn queue(records: &dyn RecordStore, execution: &ExecutionId, status: &str) -> Result<Vec<Self>> {
        let query = RecordQuery::index(RecordIndex::Status, format!("{execution}/{status}"));
        records.query_all(Table::UserStories, query).await?.iter().map(Record::decode).collect()
    }
}

/// A component of one execution's architecture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentRecord {
    /// The component.
    pub component: Component,
    /// The execution.
    pub execution: ExecutionId,
    /// The project and day.
    pub root: ProjectRoot,
}

impl ComponentRecord {
    /// Writes the component.
    ///
    /// # Errors
    /// `InvalidInput` when a name does not fit a key.
    pub fn write(&self) -> Result<RecordWrite> {
        let key = RecordKey::parse(self.execution.as_str(), self.component.id.as_str())?;
        let by_root = RecordKey::parse(self.root.to_string(), format!("{}/{}", self.execution, self.component.id))?;
        Ok(RecordWrite::put(Table::ComponentSpecs, key, Expect::Anything, self)?
            .with_index(RecordIndex::Project, by_root))
    }
}

/// Where an execution published: repository, branch, pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegrationRecord {
    /// The execution.
    pub execution: ExecutionId,
    /// The project and day.
    pub root: ProjectRoot,
    /// The repository.
    pub repository: RepositoryRef,
    /// The branch a merge goes to.
    pub base: BranchName,
    /// The execution's branch.
    pub branch: BranchName,
    /// The branch's head.
    pub head: CommitSha,
    /// The pull request's number and state, once it is open.
    pub pull_request: Option<(u64, PullRequestState)>,
}

impl IntegrationRecord {
    /// Writes the record.
    ///
    /// # Errors
    /// `InvalidInput` when a name does not fit a key.
    pub fn write(&self) -> Result<RecordWrite> {
        let key = RecordKey::parse(self.root.project().as_str(), self.execution.as_str())?;
        let by_repository = RecordKey::parse(
            format!("{}/{}", self.repository.owner, self.repository.name),
            format!("{}/{}", self.branch, self.execution),
        )?;
        Ok(RecordWrite::put(Table::GithubIntegrations, key, Expect::Anything, self)?
            .with_index(RecordIndex::Repository, by_repository))
    }

    /// An execution's integration, if it got that far.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn of(records: &dyn RecordStore, project: &ProjectName, execution: &ExecutionId) -> Result<Option<Self>> {
        let key = RecordKey::parse(project.as_str(), execution.as_str())?;
        records.get(Table::GithubIntegrations, &key).await?.map(|record| record.decode()).transpose()
    }
}

/// A CI run's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildRecord {
    /// The execution.
    pub execution: ExecutionId,
    /// The repository.
    pub repository: RepositoryRef,
    /// The run.
    pub run: WorkflowRun,
}

impl BuildRecord {
    /// Writes the result, found again by its head commit.
    ///
    /// # Errors
    /// `InvalidInput` when a name does not fit a key or the run is too large for a record.
    pub fn write(&self) -> Result<RecordWrite> {
        let key = RecordKey::parse(self.execution.as_str(), format!("{}/{:04}", self.run.id, self.run.attempt))
            .map_err(|error| Error::new(ErrorKind::InvalidInput, "build.record", error.to_string()))?;
        let by_sha = RecordKey::parse(self.run.head_sha.as_str(), format!("{}/{:04}", self.run.id, self.run.attempt))?;
        Ok(RecordWrite::put(Table::BuildResults, key, Expect::Anything, self)?.with_index(RecordIndex::HeadSha, by_sha))
    }

    /// The results of a commit, oldest first.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn of_commit(records: &dyn RecordStore, sha: &CommitSha) -> Result<Vec<Self>> {
        let query = RecordQuery::index(RecordIndex::HeadSha, sha.as_str());
        records.query_all(Table::BuildResults, query).await?.iter().map(Record::decode).collect()
    }
}
