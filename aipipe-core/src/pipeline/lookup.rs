//! What can be asked about executions: summaries, lists, outputs, journals.

use super::engine::{Engine, not_found};
use super::entry::JournalEntry;
use super::journal::{Journal, JournalContent, STAGES, STAGES_ALONE, Scope, by_status};
use super::run::Replay;
use super::stage::from_json;
use super::values;
use crate::domain::{ExecutionId, ExecutionStatus, ExecutionSummary, ProjectName, StageName};
use crate::ports::{Record, RecordIndex, RecordQuery, RecordStore as _, RecordStoreExt as _, Table};
use crate::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;

impl Engine {
    /// An execution's summary.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn summary(&self, execution: &ExecutionId) -> Result<ExecutionSummary> {
        self.find(execution).await?.ok_or_else(|| not_found(execution.as_str()))
    }

    /// An execution's summary, if there is such an execution.
    ///
    /// Of an execution whose stages run alone it tells what the stage that wrote last is at, and what all of them cost;
    /// it never says `Completed`, since only the host knows which stage is the last.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn find(&self, execution: &ExecutionId) -> Result<Option<ExecutionSummary>> {
        let key = Scope { execution: execution.clone(), stage: None }.summary_key()?;
        match self.records.get(Table::ExecutionState, &key).await? {
            None => Ok(None),
            Some(record) => self.whole(&record).await.map(Some),
        }
    }

    /// All executions of a project, newest first.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn list(&self, project: &ProjectName) -> Result<Vec<ExecutionSummary>> {
        self.list_by(RecordQuery::index(RecordIndex::Project, project.as_str())).await
    }

    /// The executions of a project in a status, newest first.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn list_by_status(
        &self,
        project: &ProjectName,
        status: ExecutionStatus,
    ) -> Result<Vec<ExecutionSummary>> {
        self.list_by(RecordQuery::index(RecordIndex::Status, by_status(project, status))).await
    }

    async fn list_by(&self, query: RecordQuery) -> Result<Vec<ExecutionSummary>> {
        let records = self.records.query_all(Table::ExecutionState, query.descending()).await?;
        let mut summaries = Vec::with_capacity(records.len());
        for record in &records {
            summaries.push(self.whole(record).await?);
        }
        Ok(summaries)
    }

    /// The stages that ran alone in the execution, each with its own summary, by name.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn stages_alone(&self, execution: &ExecutionId) -> Result<Vec<ExecutionSummary>> {
        let query = RecordQuery::partition(execution.as_str()).with_sort_prefix(STAGES);
        let records = self.records.query_all(Table::ExecutionState, query).await?;
        records.iter().map(Record::decode).collect()
    }

    /// A finished stage's recorded output, if it is finished, in the pipeline or alone.
    ///
    /// # Errors
    /// `NotFound` when there is no such execution; `Corrupt`.
    pub async fn stage_output<T: DeserializeOwned>(
        &self,
        execution: &ExecutionId,
        stage: &StageName,
    ) -> Result<Option<T>> {
        self.must_exist(execution).await?;
        for scope in [None, Some(stage.clone())] {
            let scope = Scope { execution: execution.clone(), stage: scope };
            let Some(content) = Journal::read(&self.records, &scope).await? else { continue };
            if let Some(value) = Replay::of(content.entries).done.remove(stage) {
                return from_json(&values::fetch(&self.artifacts, &value).await?, "stage output").map(Some);
            }
        }
        Ok(None)
    }

    /// The journal's entries, verified.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt`.
    pub async fn journal(&self, execution: &ExecutionId) -> Result<Vec<JournalEntry>> {
        Ok(self.read(&Scope { execution: execution.clone(), stage: None }).await?.entries)
    }

    /// The journal's entries of a stage that ran alone, verified.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt`.
    pub async fn stage_journal(&self, execution: &ExecutionId, stage: &StageName) -> Result<Vec<JournalEntry>> {
        Ok(self.read(&Scope { execution: execution.clone(), stage: Some(stage.clone()) }).await?.entries)
    }

    /// `NotFound` unless the execution was started, as a whole or with one of its stages alone.
    pub(super) async fn must_exist(&self, execution: &ExecutionId) -> Result<()> {
        self.summary(execution).await.map(drop)
    }

    pub(super) async fn read(&self, scope: &Scope) -> Result<JournalContent> {
        Journal::read(&self.records, scope).await?.ok_or_else(|| not_found(&scope.partition()))
    }

    /// The summary of a journal; there is one as soon as there is a journal.
    pub(super) async fn summary_of(&self, scope: &Scope) -> Result<ExecutionSummary> {
        match self.records.get(Table::ExecutionState, &scope.summary_key()?).await? {
            Some(record) => record.decode(),
            None => Err(Error::new(ErrorKind::Corrupt, "execution.read", "the execution has no summary")
                .with("execution", scope.partition())),
        }
    }

    /// A listed summary with what all stages cost and took.
    async fn whole(&self, record: &Record) -> Result<ExecutionSummary> {
        let mut summary: ExecutionSummary = record.decode()?;
        if summary.pipeline == STAGES_ALONE {
            let stages = self.stages_alone(&summary.id).await?;
            summary.spending =
                stages.iter().fold(Default::default(), |sum: crate::domain::Spending, stage| sum.plus(stage.spending));
            summary.stages = stages.into_iter().flat_map(|stage| stage.stages).collect();
        }
        Ok(summary)
    }
}
