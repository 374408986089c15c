//! What is spent and reserved, per execution and project, in the record store: budgets outlive a process.

use crate::domain::{ExecutionId, IdempotencyKey, PicoUsd, ProjectName};
use crate::ports::{Expect, RecordKey, RecordStore, RecordVersion, RecordWrite, Table};
use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most tries of a write that others got in before.
const TRIES: usize = 200;

/// What a call is charged to: the execution with its stage and story, and the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) project: ProjectName,
    pub(super) execution: ExecutionId,
    pub(super) stage: String,
    pub(super) story: Option<String>,
}

/// Sums, and what is reserved for calls whose end is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sheet {
    /// Spent, by line: `total`, `stage/…`, `story/…`.
    spent: BTreeMap<String, PicoUsd>,
    /// Reserved, by the call's key.
    reserved: BTreeMap<String, Reservation>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Reservation {
    most: PicoUsd,
    lines: Vec<String>,
}

impl Sheet {
    /// What is spent or reserved on a line.
    pub(super) fn committed(&self, line: &str) -> PicoUsd {
        let reserved = self.reserved.values().filter(|r| r.lines.iter().any(|known| known == line)).map(|r| r.most);
        let spent = self.spent.get(line).copied();
        spent.into_iter().chain(reserved).fold(PicoUsd::ZERO, PicoUsd::saturating_add)
    }

    fn settle(&mut self, key: &str, cost: Option<PicoUsd>) {
        let Some(reservation) = self.reserved.remove(key) else { return };
        // Of what nobody knows the cost of, all that was set aside counts.
        let cost = cost.unwrap_or(reservation.most);
        for line in reservation.lines {
            let spent = self.spent.entry(line).or_default();
            *spent = spent.saturating_add(cost);
        }
    }
}

/// The lines of an account: those of its execution, and the one of its project.
impl Account {
    pub(super) fn lines(&self) -> Vec<String> {
        let story = self.story.as_ref().map(|story| format!("story/{story}"));
        ["total".to_owned(), format!("stage/{}", self.stage)].into_iter().chain(story).collect()
    }

    fn keys(&self) -> Result<[RecordKey; 2]> {
        Ok([
            RecordKey::parse(self.execution.as_str(), "budget")?,
            RecordKey::parse(format!("project:{}", self.project), "budget")?,
        ])
    }
}

/// The sheets in a record store.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    records: Arc<dyn RecordStore>,
}

impl Ledger {
    pub(super) fn new(records: Arc<dyn RecordStore>) -> Self {
        Self { records }
    }

    async fn read(&self, key: &RecordKey) -> Result<(Sheet, Expect)> {
        match self.records.get(Table::ExecutionState, key).await? {
            Some(record) => {
                let version: RecordVersion = record.version;
                Ok((record.decode()?, Expect::Version(version)))
            }
            None => Ok((Sheet::default(), Expect::Absent)),
        }
    }

    /// Changes both sheets of an account at once, unless `change` refuses.
    async fn change(&self, account: &Account, change: impl Fn(&mut Sheet, &mut Sheet) -> Result<()>) -> Result<()> {
        let [own, of_project] = account.keys()?;
        for _ in 0..TRIES {
            let (mut sheet, expect) = self.read(&own).await?;
            let (mut project, expect_project) = self.read(&of_project).await?;
            let before = (sheet.clone(), project.clone());
            change(&mut sheet, &mut project)?;
            if before == (sheet.clone(), project.clone()) {
                return Ok(());
            }
            let writes = vec![
                RecordWrite::put(Table::ExecutionState, own.clone(), expect, &sheet)?,
                RecordWrite::put(Table::ExecutionState, of_project.clone(), expect_project, &project)?,
            ];
            match self.records.write(writes).await {
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                other => return other.map(drop),
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "budget.write", "others got in before each time")
            .with("execution", &account.execution))
    }

    /// Sets `most` aside for a call, if `allows` says so of both sheets as they are without it. What an earlier try of the same
    /// call left set aside is booked as spent: nobody told what came of it, and the other side may have charged it.
    pub(super) async fn reserve(
        &self,
        account: &Account,
        key: &IdempotencyKey,
        most: PicoUsd,
        allows: impl Fn(&Sheet, &Sheet) -> Result<()>,
    ) -> Result<()> {
        self.change(account, |sheet, project| {
            sheet.settle(key.as_str(), None);
            project.settle(key.as_str(), None);
            allows(sheet, project)?;
            let of_project = Reservation { most, lines: vec!["total".to_owned()] };
            sheet.reserved.insert(key.to_string(), Reservation { most, lines: account.lines() });
            project.reserved.insert(key.to_string(), of_project);
            Ok(())
        })
        .await
    }

    /// Books what a call cost in the place of what was set aside; all of that where nobody knows.
    pub(super) async fn settle(&self, account: &Account, key: &IdempotencyKey, cost: Option<PicoUsd>) -> Result<()> {
        self.change(account, |sheet, project| {
            sheet.settle(key.as_str(), cost);
            project.settle(key.as_str(), cost);
            Ok(())
        })
        .await
    }
}
