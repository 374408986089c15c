//! What each execution has read of each document, in an order that no later write changes.
//!
//! A reading is written once, under a key of its own: project / `{document}/reading/{start}/{execution}`. The order of
//! a document's readings is that of their executions' starts, then of the executions' ids; the last one is the latest.
//! So there is no pointer to the latest version that an old execution could turn back when it is resumed, and none
//! that two executions would have to win from each other: which reading is the latest follows from the keys alone.

use crate::Result;
use crate::domain::{
    ArtifactRef, ContentHash, Document, DocumentFormat, DocumentId, DocumentMetadata, DocumentName, ExecutionId,
    ProjectName, ProjectRoot, Segment, Stored, Timestamp,
};
use crate::ports::{
    Expect, Record, RecordIndex, RecordKey, RecordQuery, RecordStore, RecordStoreExt, RecordWrite, Table,
};
use serde::{Deserialize, Serialize};

/// One execution's reading of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRecord {
    /// The document.
    pub document: DocumentId,
    /// The version that was read.
    pub version: ContentHash,
    /// The version that was read before it in the same project.
    pub previous: Option<ContentHash>,
    /// Its file name.
    pub name: DocumentName,
    /// What it is.
    pub format: DocumentFormat,
    /// The project and day it came in.
    pub root: ProjectRoot,
    /// The execution that read it.
    pub execution: ExecutionId,
    /// When that execution was started: its place among the readings.
    pub started_at: Timestamp,
    /// The original.
    pub raw: ArtifactRef,
    /// The text.
    pub text: ArtifactRef,
    /// What it says about itself.
    pub metadata: DocumentMetadata,
    /// The pieces of the text with their places; readings of earlier releases have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segments: Option<Stored<Vec<Segment>>>,
}

impl DocumentRecord {
    /// The record of a document that was read by `execution`, which was started at `started_at`, and whose segments are
    /// stored there.
    #[must_use]
    pub fn of(
        document: &Document,
        segments: Stored<Vec<Segment>>,
        root: &ProjectRoot,
        execution: &ExecutionId,
        started_at: Timestamp,
    ) -> Self {
        Self {
            document: document.id.clone(),
            version: document.version,
            previous: document.previous,
            name: document.name.clone(),
            format: document.format,
            root: root.clone(),
            execution: execution.clone(),
            started_at,
            raw: document.raw.clone(),
            text: document.text.clone(),
            metadata: document.metadata.clone(),
            segments: Some(segments),
        }
    }

    /// Writes the reading. Only its own execution writes it, and writes the same whenever it does.
    ///
    /// # Errors
    /// `InvalidInput` when a name does not fit a key.
    pub fn write(&self) -> Result<RecordWrite> {
        let key =
            RecordKey::parse(self.root.project().as_str(), place(&self.document, self.started_at, &self.execution))?;
        let by_root = RecordKey::parse(self.root.to_string(), format!("{}/{}", self.execution, self.document))?;
        Ok(RecordWrite::put(Table::Documents, key, Expect::Anything, self)?.with_index(RecordIndex::Project, by_root))
    }

    /// The project's latest reading of a document, if there is one: that of the execution started last.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn latest(
        records: &dyn RecordStore,
        project: &ProjectName,
        document: &DocumentId,
    ) -> Result<Option<Self>> {
        let page = records.query(Table::Documents, newest_first(project, document).with_limit(1)).await?;
        page.records.first().map(Record::decode).transpose()
    }

    /// The last reading before that of an execution started at `started_at`, among those there are now.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn before(
        records: &dyn RecordStore,
        project: &ProjectName,
        document: &DocumentId,
        started_at: Timestamp,
        execution: &ExecutionId,
    ) -> Result<Option<Self>> {
        let own = place(document, started_at, execution);
        let mut query = newest_first(project, document);
        loop {
            let page = records.query(Table::Documents, query.clone()).await?;
            if let Some(earlier) = page.records.iter().find(|record| record.key.sort() < own.as_str()) {
                return earlier.decode().map(Some);
            }
            if page.next.is_none() {
                return Ok(None);
            }
            query = query.after(page.next);
        }
    }

    /// All readings of a document in a project, newest first.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn history(records: &dyn RecordStore, project: &ProjectName, document: &DocumentId) -> Result<Vec<Self>> {
        decoded(&records.query_all(Table::Documents, newest_first(project, document)).await?)
    }

    /// All that an execution has read, by document.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn of_execution(
        records: &dyn RecordStore,
        root: &ProjectRoot,
        execution: &ExecutionId,
    ) -> Result<Vec<Self>> {
        let query =
            RecordQuery::index(RecordIndex::Project, root.to_string()).with_sort_prefix(format!("{execution}/"));
        decoded(&records.query_all(Table::Documents, query).await?)
    }
}

/// The sort key of a reading; keys of a document's readings sort in the order of the readings.
fn place(document: &DocumentId, started_at: Timestamp, execution: &ExecutionId) -> String {
    format!("{document}/reading/{}/{execution}", started_at.sort_key())
}

fn newest_first(project: &ProjectName, document: &DocumentId) -> RecordQuery {
    RecordQuery::partition(project.as_str()).with_sort_prefix(format!("{document}/reading/")).descending()
}

fn decoded(records: &[Record]) -> Result<Vec<DocumentRecord>> {
    records.iter().map(Record::decode).collect()
}
