//! Signals: what a person or another system tells an execution, and that none is missed.
//!
//! A signal is a record of the execution's partition. Every delivery also counts on in the record `signals`, in the
//! same write: that count is the signal's number and so their order, whatever the clocks of those who deliver say. A run
//! remembers the version the count had when it read the signals, and a stage's wait is journaled only if it still has
//! it: a signal that came meanwhile has the stage run again at once instead, for nobody would resume it for that.

use crate::domain::{ContentHash, ExecutionId, IdempotencyKey, SignalName, Timestamp};
use crate::ports::{
    Expect, Record, RecordKey, RecordQuery, RecordStore, RecordStoreExt, RecordVersion, RecordWrite, Table,
};
use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

const TABLE: Table = Table::ExecutionState;
/// The record that counts the deliveries.
const MARK: &str = "signals";
/// How often a delivery is tried while others come in between. Each time one of them got through.
const TRIES: usize = 100;

/// Something a person or another system tells an execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Signal {
    /// What it is about, such as `review`.
    pub name: SignalName,
    /// What makes it one signal: delivering it again under the same id changes nothing.
    pub id: IdempotencyKey,
    /// What is said.
    pub payload: Value,
    /// When it was delivered, by the clock of whoever did.
    pub at: Timestamp,
    /// The how many-th signal of its execution it is, from 1.
    pub number: u64,
}

/// What is said, before it is delivered.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) name: SignalName,
    pub(crate) id: IdempotencyKey,
    pub(crate) payload: Value,
    pub(crate) at: Timestamp,
}

/// The signals a run has seen, oldest first, and the mark that changes with the next one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signals {
    pub(crate) seen: Vec<Signal>,
    mark: Option<RecordVersion>,
}

fn mark_key(execution: &ExecutionId) -> Result<RecordKey> {
    Ok(RecordKey::parse(execution.as_str(), MARK)?)
}

impl Said {
    /// Delivers it; the same id again changes nothing.
    pub(crate) async fn deliver(self, records: &dyn RecordStore, execution: &ExecutionId) -> Result<()> {
        let sort = format!("signal/{}/{}", self.name, ContentHash::of_parts(&[self.id.as_str()]).short(32));
        let key = RecordKey::parse(execution.as_str(), &*sort)?;
        let mark = mark_key(execution)?;
        let Self { name, id, payload, at } = self;
        let mut signal = Signal { name, id, payload, at, number: 0 };
        for _ in 0..TRIES {
            let last = records.get(TABLE, &mark).await?;
            signal.number = last.as_ref().map(Record::decode::<u64>).transpose()?.unwrap_or(0) + 1;
            let expect = last.map_or(Expect::Absent, |last| Expect::Version(last.version));
            let writes = vec![
                RecordWrite::put(TABLE, key.clone(), Expect::Absent, &signal)?,
                RecordWrite::put(TABLE, mark.clone(), expect, &signal.number)?,
            ];
            match records.write(writes).await {
                Ok(_) => return Ok(()),
                Err(error) if has_come(&error) => {}
                Err(error) if error.kind() == ErrorKind::Conflict && error.context("sort") == Some(&*sort) => {
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(ErrorKind::Busy, "execution.signal", "too many signals come at the same time")
            .with("execution", execution))
    }
}

impl Signals {
    /// Those delivered so far.
    pub(crate) async fn read(records: &dyn RecordStore, execution: &ExecutionId) -> Result<Self> {
        // The mark first: a signal that comes between the two reads is seen, and changes the mark.
        let mark = records.get(TABLE, &mark_key(execution)?).await?.map(|record| record.version);
        let query = RecordQuery::partition(execution.as_str()).with_sort_prefix("signal/");
        let found = records.query_all(TABLE, query).await?;
        let mut seen = found.iter().map(Record::decode).collect::<Result<Vec<Signal>>>()?;
        seen.sort_by_key(|signal| signal.number);
        Ok(Self { seen, mark })
    }

    /// The write that demands that no other signal has come.
    pub(crate) fn check_none_came(&self, execution: &ExecutionId) -> Result<RecordWrite> {
        let expect = self.mark.map_or(Expect::Absent, Expect::Version);
        Ok(RecordWrite::check(TABLE, mark_key(execution)?, expect))
    }
}

/// Whether a write failed because a signal had come.
pub(crate) fn has_come(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict && error.context("sort") == Some(MARK)
}
