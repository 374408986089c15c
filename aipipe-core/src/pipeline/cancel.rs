//! Cancelling: a mark that every write of a worker asks for, and the end of the journals nobody works on.

use super::engine::Engine;
use super::entry::JournalEntry;
use super::journal::{Journal, Scope, listed};
use crate::domain::{ExecutionId, ExecutionStatus, ExecutionSummary, Timestamp};
use crate::ports::{Expect, RecordStore as _, RecordWrite, Table};
use crate::{Error, ErrorKind, Result};
use std::sync::{Arc, PoisonError};

const TABLE: Table = Table::ExecutionState;

impl Engine {
    /// Cancels an execution. Final: once this returns, no worker begins an effect or journals anything but the end, and
    /// no resume goes on. An effect under way is not interrupted; its worker stops when it returns or its lease is due.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it is completed.
    pub async fn cancel(&self, execution: &ExecutionId) -> Result<()> {
        self.must_exist(execution).await?;
        let whole = Scope { execution: execution.clone(), stage: None };
        self.mark_cancelled(&whole).await?;
        for stage in self.stages_alone(execution).await? {
            self.close_unless_working(Scope { execution: execution.clone(), stage: stage.stage }).await?;
        }
        self.close_unless_working(whole).await
    }

    /// Puts the mark, and has the listings say so, unless the execution is completed. The two marks exclude each other,
    /// so this is one write however busy its worker is.
    async fn mark_cancelled(&self, whole: &Scope) -> Result<()> {
        let (cancelled, completed) = (whole.cancel_key()?, whole.completed_key()?);
        let mut summary = self.summary_of(whole).await?;
        let now = self.clock.now();
        show_cancelled(&mut summary, now);
        let shown = RecordWrite::put(TABLE, whole.summary_key()?, Expect::Anything, &summary)?;
        let writes = vec![
            RecordWrite::check(TABLE, completed.clone(), Expect::Absent),
            RecordWrite::put(TABLE, cancelled.clone(), Expect::Absent, &now)?,
            listed(shown, &summary)?,
        ];
        match self.records.write(writes).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() != ErrorKind::Conflict => Err(error),
            Err(error) if error.context("sort") == Some(cancelled.sort()) => Ok(()),
            Err(error) if error.context("sort") == Some(completed.sort()) => {
                Err(Error::new(ErrorKind::Conflict, "execution.cancel", "the execution is completed")
                    .with("execution", &whole.execution))
            }
            Err(error) => Err(error),
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
        show_cancelled(&mut summary, now);
        let writes = journal.summary_writes(&summary)?;
        journal.close(&[JournalEntry::Cancelled], writes).await
    }
}

fn show_cancelled(summary: &mut ExecutionSummary, now: Timestamp) {
    summary.status = ExecutionStatus::Cancelled;
    (summary.wait, summary.failure) = (None, None);
    summary.updated_at = now;
}
