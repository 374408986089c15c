//! What calls used, in the record store: each answered call once.
//!
//! All of it lies in `execution_state`, beside the budgets:
//!
//! | partition | sort | what |
//! |---|---|---|
//! | `usage:{execution}` | `call/{key}` | one answered call |
//! | `project:{project}` | `usage/day/{YYYY-MM-DD}` | the sum of a day (UTC) |
//! | `project:{project}` | `usage/story/{execution}/{story}` | the sum of a story |
//!
//! A call and the sums it is part of are one write, on the condition that the call is not there yet. So a call that is
//! settled again, by a repeat after a crash or by two workers, counts once.

use crate::domain::{Cost, ExecutionId, IdempotencyKey, ProjectName, Tally, Timestamp};
use crate::ports::{
    Expect, ModelRequest, ModelResponse, Record, RecordKey, RecordQuery, RecordStore, RecordStoreExt as _, RecordWrite,
    Table,
};
use crate::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most tries of a write that others got in before.
const TRIES: usize = 200;

/// One answered call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UsedCall {
    /// The stage.
    pub stage: String,
    /// The kind of task.
    pub task: String,
    /// The story, where the call was for one.
    pub story: Option<String>,
    /// The model that answered.
    pub model: String,
    /// When the answer was there.
    pub at: Timestamp,
    /// What it used, cost and saved.
    pub tally: Tally,
}

impl UsedCall {
    pub(super) fn of(request: &ModelRequest, response: &ModelResponse, at: Timestamp) -> Self {
        let is_kept = response.saved.is_some();
        let tally = Tally {
            calls: 1,
            cache_hits: u64::from(is_kept),
            escalations: u64::from(request.purpose.escalated_from.is_some()),
            usage: if is_kept { Default::default() } else { response.usage },
            cost: response.cost,
            saved: response.saved.unwrap_or(Cost::ZERO),
        };
        Self {
            stage: request.purpose.stage.clone(),
            task: request.purpose.task.clone(),
            story: request.purpose.story.clone(),
            model: response.model.clone(),
            at,
            tally,
        }
    }
}

/// What some calls came to, in all and by what they were for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UsageSums {
    /// All of them.
    pub total: Tally,
    /// By stage.
    pub stages: BTreeMap<String, Tally>,
    /// By story; calls for no story are in none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stories: BTreeMap<String, Tally>,
    /// By the model that answered.
    pub models: BTreeMap<String, Tally>,
}

impl UsageSums {
    fn add(&mut self, call: &UsedCall) {
        add(&mut self.stages, &call.stage, call.tally);
        add(&mut self.models, &call.model, call.tally);
        self.total = self.total.plus(call.tally);
    }
}

fn add(lines: &mut BTreeMap<String, Tally>, line: &str, more: Tally) {
    let sum = lines.entry(line.to_owned()).or_default();
    *sum = sum.plus(more);
}

/// What a call belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) project: &'a ProjectName,
    pub(super) execution: &'a ExecutionId,
    pub(super) key: &'a IdempotencyKey,
}

/// The usage of executions, stories and projects, as [`Monitor`](super::Monitor)s have recorded it.
#[derive(Debug, Clone)]
pub struct UsageLedger {
    records: Arc<dyn RecordStore>,
}

impl UsageLedger {
    /// The ledger in these records.
    #[must_use]
    pub fn new(records: Arc<dyn RecordStore>) -> Self {
        Self { records }
    }

    /// What an execution's calls came to, by stage, story and model.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn execution(&self, execution: &ExecutionId) -> Result<UsageSums> {
        let mut sums = UsageSums::default();
        for (_, call) in self.calls(execution).await? {
            sums.add(&call);
            if let Some(story) = &call.story {
                add(&mut sums.stories, story, call.tally);
            }
        }
        Ok(sums)
    }

    /// An execution's answered calls, each by its key.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn calls(&self, execution: &ExecutionId) -> Result<BTreeMap<String, UsedCall>> {
        let query = RecordQuery::partition(format!("usage:{execution}")).with_sort_prefix(CALL);
        self.by_name(query, CALL).await
    }

    /// What a project's calls came to on each day (UTC, `YYYY-MM-DD`) that had any, by stage and model.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn days(&self, project: &ProjectName) -> Result<BTreeMap<String, UsageSums>> {
        self.by_name(RecordQuery::partition(of_project(project)).with_sort_prefix(DAY), DAY).await
    }

    /// What a project's calls came to in all.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn project(&self, project: &ProjectName) -> Result<Tally> {
        Ok(self.days(project).await?.values().fold(Tally::default(), |sum, day| sum.plus(day.total)))
    }

    /// What each story of a project came to, by `{execution}/{story}`.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn stories(&self, project: &ProjectName) -> Result<BTreeMap<String, Tally>> {
        self.by_name(RecordQuery::partition(of_project(project)).with_sort_prefix(STORY), STORY).await
    }

    async fn by_name<T: DeserializeOwned>(&self, query: RecordQuery, prefix: &str) -> Result<BTreeMap<String, T>> {
        let records = self.records.query_all(Table::ExecutionState, query).await?;
        let named = |record: &Record| {
            let sort = record.key.sort();
            Ok((sort.strip_prefix(prefix).unwrap_or(sort).to_owned(), record.decode()?))
        };
        records.iter().map(named).collect()
    }

    /// Counts a call once; returns what its story came to with it, or `None` when the call was counted already.
    pub(super) async fn count(&self, of: Of<'_>, call: &UsedCall) -> Result<Option<Tally>> {
        let call_key = RecordKey::parse(format!("usage:{}", of.execution), format!("{CALL}{}", of.key))?;
        let day_key = RecordKey::parse(of_project(of.project), format!("{DAY}{}", call.at.date()))?;
        let story_key = match &call.story {
            Some(story) => Some(RecordKey::parse(of_project(of.project), format!("{STORY}{}/{story}", of.execution))?),
            None => None,
        };
        for _ in 0..TRIES {
            if self.records.get(Table::ExecutionState, &call_key).await?.is_some() {
                return Ok(None);
            }
            let (mut day, day_expect) = self.read::<UsageSums>(&day_key).await?;
            day.add(call);
            let mut story = Tally::default();
            let mut writes = vec![
                RecordWrite::put(Table::ExecutionState, call_key.clone(), Expect::Absent, call)?,
                RecordWrite::put(Table::ExecutionState, day_key.clone(), day_expect, &day)?,
            ];
            if let Some(key) = &story_key {
                let (before, expect) = self.read::<Tally>(key).await?;
                story = before.plus(call.tally);
                writes.push(RecordWrite::put(Table::ExecutionState, key.clone(), expect, &story)?);
            }
            match self.records.write(writes).await {
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
                Ok(_) => return Ok(Some(story)),
            }
        }
        let error = Error::new(ErrorKind::Unavailable, "usage.count", "others got in before each time");
        Err(error.with("execution", of.execution))
    }

    async fn read<T: DeserializeOwned + Default>(&self, key: &RecordKey) -> Result<(T, Expect)> {
        match self.records.get(Table::ExecutionState, key).await? {
            Some(record) => Ok((record.decode()?, Expect::Version(record.version))),
            None => Ok((T::default(), Expect::Absent)),
        }
    }
}

const CALL: &str = "call/";
const DAY: &str = "usage/day/";
const STORY: &str = "usage/story/";

fn of_project(project: &ProjectName) -> String {
    format!("project:{project}")
}
