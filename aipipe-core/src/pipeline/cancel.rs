//! Cancelling: a mark that every write of a worker asks for, and the end of the journals nobody works on.

use super::engine::Engine;
use super::entry::JournalEntry;
use super::journal::{Journal, Scope};
use crate::domain::{ExecutionId, ExecutionStatus, ExecutionSummary};
use crate::ports::{Expect, RecordStore as _, RecordWrite, Table};
use crate::{Error, ErrorKind, Result};
use std::sync::{Arc, PoisonError};

impl Engine {
    /// Cancels an execution. Final: once this returns, no worker begins an effect or journals anything but the end, and
    /// no resume goes on. An effect under way is not interrupted; its worker stops when it returns or its lease is due.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it is completed.
    pub async fn cancel(&self, execution: &ExecutionId) -> Result<()> {
        self.must_exist(execution).await?;
        let whole = Scope { execution: execution.clone(), stage: None };
        while !self.mark_cancelled(&whole).await? {}
        for stage in self.stages_alone(execution).await? {
            self.close_unless_working(Scope { execution: execution.clone(), stage: stage.stage }).await?;
        }
        self.close_unless_working(whole).await
    }

    /// Puts the mark unless the execution is completed; `false` when its journal moved meanwhile.
    async fn mark_cancelled(&self, scope: &Scope) -> Result<bool> {
        let content = Journal::read(&self.records, scope).await?;
        if content.as_ref().is_some_and(|content| content.entries.contains(&JournalEntry::Completed)) {
            return Err(Error::new(ErrorKind::Conflict, "execution.cancel", "the execution is completed")
                .with("execution", &scope.execution));
        }
        let cancelled_at = self.clock.now();
        let mut writes =
            vec![RecordWrite::put(Table::ExecutionState, scope.cancel_key()?, Expect::Absent, &cancelled_at)?];
        if let Some(content) = &content {
            writes.push(content.check_unchanged(scope)?);
        }
        match self.records.write(writes).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() != ErrorKind::Conflict => Err(error),
            Err(error) => Ok(error.context("sort") == Some(scope.cancel_key()?.sort())),
        }
    }

    /// A worker of this engine closes the journal itself, at its next write or renewal.
    async fn close_unless_working(&self, scope: Scope) -> Result<()> {
        let working = self.running.lock().unwrap_or_else(PoisonError::into_inner).contains(&scope.partition());
        if working { Ok(()) } else { self.close_cancelled(scope).await }
    }

    /// Closes the journal of a cancelled execution unless another worker holds it, who will do that.
    pub(super) async fn close_cancelled(&self, scope: Scope) -> Result<()> {
        let Some(content) = Journal::read(&self.records, &scope).await? else { return Ok(()) };
        if content.entries.iter().any(|entry| matches!(entry, JournalEntry::Cancelled | JournalEntry::Completed)) {
            return Ok(());
        }
        let mut summary: ExecutionSummary = self.summary_of(&scope).await?;
        let now = self.clock.now();
        let taken = Journal::take(Arc::clone(&self.records), scope, &content, &self.worker, self.terms(), now).await;
        let mut journal = match taken {
            Err(error) if matches!(error.kind(), ErrorKind::Busy | ErrorKind::Fenced) => return Ok(()),
            other => other?,
        };
        summary.status = ExecutionStatus::Cancelled;
        summary.wait = None;
        summary.updated_at = now;
        let writes = journal.summary_writes(&summary)?;
        journal.close(&[JournalEntry::Cancelled], writes).await
    }
}
