//! What is spent and reserved, per execution and project, in the record store: budgets outlive a process.

use crate::domain::{ExecutionId, IdempotencyKey, PicoUsd, ProjectName};
use crate::ports::{Expect, RecordKey, RecordStore, RecordVersion, RecordWrite, Table};
use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

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

    /// Books a cost in the place of a reservation; whether there was one.
    fn settle(&mut self, key: &str, cost: Option<PicoUsd>) -> bool {
        let Some(reservation) = self.reserved.remove(key) else { return false };
        // Of what nobody knows the cost of, all that was set aside counts.
        let cost = cost.unwrap_or(reservation.most);
        for line in reservation.lines {
            let spent = self.spent.entry(line).or_default();
            *spent = spent.saturating_add(cost);
        }
        true
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
///
/// Those that were written last are remembered: the next change begins with them and is written on the expectation that
/// nobody else has come in between. So a call costs two writes and, while one process is at it, no reads.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    records: Arc<dyn RecordStore>,
    known: Arc<Mutex<BTreeMap<(ExecutionId, ProjectName), Sheets>>>,
}

/// Most accounts that are remembered.
const REMEMBERED: usize = 64;

/// Both sheets of an account, each with what it was when it was seen.
#[derive(Debug, Clone)]
struct Sheets {
    own: (Sheet, Expect),
    project: (Sheet, Expect),
}

impl Ledger {
    pub(super) fn new(records: Arc<dyn RecordStore>) -> Self {
        Self { records, known: Arc::default() }
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

    /// Takes what is remembered of an account.
    fn recall(&self, account: &Account) -> Option<Sheets> {
        let of = (account.execution.clone(), account.project.clone());
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&of)
    }

    fn remember(&self, account: &Account, sheets: Sheets) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // The project's sheet is that of all its executions: where another one is at work, what is remembered is old soon.
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert((account.execution.clone(), account.project.clone()), sheets);
    }

    /// Changes both sheets of an account at once, unless `change` refuses; it tells whether it has changed anything. Only of
    /// sheets that were just read is a refusal, or that there is nothing to do, believed.
    async fn change(&self, account: &Account, change: impl Fn(&mut Sheet, &mut Sheet) -> Result<bool>) -> Result<()> {
        let [own_key, project_key] = account.keys()?;
        let mut looks = false;
        for _ in 0..TRIES {
            let recalled = self.recall(account).filter(|_| !looks);
            let is_fresh = recalled.is_none();
            let mut sheets = match recalled {
                Some(sheets) => sheets,
                None => Sheets { own: self.read(&own_key).await?, project: self.read(&project_key).await? },
            };
            match change(&mut sheets.own.0, &mut sheets.project.0) {
                Ok(true) => {}
                _ if !is_fresh => {
                    looks = true;
                    continue;
                }
                Ok(false) => return Ok(()),
                Err(refused) => return Err(refused),
            }
            let writes = vec![
                RecordWrite::put(Table::ExecutionState, own_key.clone(), sheets.own.1, &sheets.own.0)?,
                RecordWrite::put(Table::ExecutionState, project_key.clone(), sheets.project.1, &sheets.project.0)?,
            ];
            match self.records.write(writes).await {
                Ok(versions) => {
                    if let [Some(own), Some(project)] = versions.as_slice() {
                        sheets.own.1 = Expect::Version(*own);
                        sheets.project.1 = Expect::Version(*project);
                        self.remember(account, sheets);
                    }
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
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
            Ok(true)
        })
        .await
    }

    /// Books what a call cost in the place of what was set aside; all of that where nobody knows.
    pub(super) async fn settle(&self, account: &Account, key: &IdempotencyKey, cost: Option<PicoUsd>) -> Result<()> {
        self.change(account, |sheet, project| {
            let is_own = sheet.settle(key.as_str(), cost);
            Ok(project.settle(key.as_str(), cost) || is_own)
        })
        .await
    }
}
