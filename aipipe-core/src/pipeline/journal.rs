//! The journal: a hash chain of entries, written by the one worker that holds the lease.
//!
//! An execution's partition of the `execution_state` table holds
//! - `journal/{number}`: the entries, each sealed with a hash over the seal of the one before it and its own text;
//! - `journal:head`: the lease (owner, epoch, expiry), the number of entries and the hash of the last one;
//! - `summary`: what listings show; `cancel`: there once somebody cancelled; `completed`: there once its pipeline is
//!   done, and never beside `cancel`; `signal/…`: delivered signals, which `signals` counts;
//! - `stage/{name}`, `alone`: the summaries of stages that run alone, and that there are some.
//!
//! Every write of the worker puts a new head on the expectation that the old one is still there. Whoever takes the
//! lease over replaces the head, and from then on the old worker's writes fail: the head's version is the fencing
//! token. Nothing is read as done unless the whole chain up to the head is intact.

use super::entry::JournalEntry;
use crate::domain::{
    ContentHash, ExecutionId, ExecutionStatus, ExecutionSummary, ProjectName, ProjectRoot, Spending, StageName,
    Timestamp, WorkerId,
};
use crate::ports::{
    Expect, RecordIndex, RecordKey, RecordQuery, RecordStore, RecordStoreExt, RecordVersion, RecordWrite, Table,
};
use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const TABLE: Table = Table::ExecutionState;
/// Sorts right behind the entries: in a store that keeps a partition in order, a checkpoint's two records, the new
/// entry and the head, lie side by side, mostly on one page.
const HEAD: &str = "journal:head";
/// Begins the sort keys of the summaries of stages that run alone.
pub(crate) const STAGES: &str = "stage/";
/// There once a stage of the execution ran alone.
const ALONE: &str = "alone";
/// The pipeline of an execution whose stages run alone.
pub(crate) const STAGES_ALONE: &str = "stages alone";

/// An entry as stored: the text is what the seal covers, so no re-serialization can change it.
#[derive(Debug, Serialize, Deserialize)]
struct SealedEntry {
    number: u64,
    entry: String,
    seal: ContentHash,
}

fn seal(number: u64, previous: &ContentHash, text: &str) -> ContentHash {
    ContentHash::of_parts(&["journal", &number.to_string(), &previous.to_hex(), text])
}

/// The head of an execution's journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    epoch: u64,
    owner: WorkerId,
    expires_at: Timestamp,
    released: bool,
    entries: u64,
    last: ContentHash,
}

#[derive(Debug, Serialize, Deserialize)]
struct SealedHead {
    head: String,
    seal: ContentHash,
}

fn corrupt(partition: &str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, "journal.read", message).with("journal", partition)
}

fn json_text<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| {
        Error::new(ErrorKind::Internal, "journal.write", "an entry does not serialize").caused_by(error)
    })
}

impl Head {
    fn read(partition: &str, body: &serde_json::Value) -> Result<Self> {
        let sealed = SealedHead::deserialize(body)
            .map_err(|error| corrupt(partition, "the head is not readable").caused_by(error))?;
        if ContentHash::of_parts(&["head", &sealed.head]) != sealed.seal {
            return Err(corrupt(partition, "the head does not match its seal"));
        }
        serde_json::from_str(&sealed.head)
            .map_err(|error| corrupt(partition, "the head is not readable").caused_by(error))
    }

    fn sealed(&self) -> Result<SealedHead> {
        let head = json_text(self)?;
        let seal = ContentHash::of_parts(&["head", &head]);
        Ok(SealedHead { head, seal })
    }
}

/// Names an execution's journal: the execution, or one stage of it that runs alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) execution: ExecutionId,
    pub(crate) stage: Option<StageName>,
}

impl Scope {
    pub(crate) fn partition(&self) -> String {
        match &self.stage {
            None => self.execution.to_string(),
            Some(stage) => format!("{}:{stage}", self.execution),
        }
    }

    pub(crate) fn key(&self, sort: &str) -> Result<RecordKey> {
        Ok(RecordKey::parse(self.partition(), sort)?)
    }

    /// Where the mark of a cancelled execution lies: one for all its journals.
    pub(crate) fn cancel_key(&self) -> Result<RecordKey> {
        Ok(RecordKey::parse(self.execution.as_str(), "cancel")?)
    }

    /// Where the mark of a completed execution lies, which excludes that of a cancel.
    pub(crate) fn completed_key(&self) -> Result<RecordKey> {
        Ok(RecordKey::parse(self.execution.as_str(), "completed")?)
    }

    /// Where the summary of this journal lies.
    pub(crate) fn summary_key(&self) -> Result<RecordKey> {
        let sort = match &self.stage {
            None => "summary".to_owned(),
            Some(stage) => format!("{STAGES}{stage}"),
        };
        Ok(RecordKey::parse(self.execution.as_str(), sort)?)
    }
}

/// How long a lease lasts and whether another worker's may be taken at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeaseTerms {
    pub(crate) ttl: std::time::Duration,
    pub(crate) at_once: bool,
}

/// An open journal: all entries read and verified, and the lease held.
#[derive(Debug)]
pub(crate) struct Journal {
    records: Arc<dyn RecordStore>,
    scope: Scope,
    head: Head,
    version: RecordVersion,
    terms: LeaseTerms,
    /// A write was begun and its end not seen: the caller was dropped meanwhile, or the store does not answer.
    unsettled: bool,
}

/// What reading a journal yields.
#[derive(Debug)]
pub(crate) struct JournalContent {
    pub(crate) entries: Vec<JournalEntry>,
    head: Head,
    version: RecordVersion,
}

impl JournalContent {
    /// Who holds the lease at `now`, if somebody does.
    pub(crate) fn holder(&self, now: Timestamp) -> Option<(&WorkerId, Timestamp)> {
        (!self.head.released && self.head.expires_at > now).then_some((&self.head.owner, self.head.expires_at))
    }
}

impl Journal {
    /// Begins a journal with its first entry and takes the lease. `AlreadyExists` when there is one.
    pub(crate) async fn create(
        records: Arc<dyn RecordStore>,
        scope: Scope,
        worker: &WorkerId,
        terms: LeaseTerms,
        now: Timestamp,
        entry: &JournalEntry,
        summary: &ExecutionSummary,
    ) -> Result<Self> {
        let start = ContentHash::of_parts(&["journal", &scope.partition()]);
        let mut journal = Self {
            records,
            scope,
            head: Head {
                epoch: 1,
                owner: worker.clone(),
                expires_at: now.plus(terms.ttl),
                released: false,
                entries: 0,
                last: start,
            },
            version: RecordVersion::new(0),
            terms,
            unsettled: false,
        };
        let (head, mut writes) = journal.append(std::slice::from_ref(entry))?;
        writes.push(RecordWrite::put(TABLE, journal.scope.key(HEAD)?, Expect::Absent, &head.sealed()?)?);
        writes.extend(journal.summary_writes(summary)?);
        writes.push(journal.runs_one_way()?);
        writes.push(journal.not_cancelled()?);
        match journal.write(&head, writes).await {
            Err(error) if matches!(error.kind(), ErrorKind::Fenced | ErrorKind::Cancelled) => {
                Err(journal.exists(error).await)
            }
            other => other.map(|()| journal),
        }
    }

    /// The write that demands that an execution runs as a pipeline or stage by stage, not both: they would tell two
    /// things of it in one summary.
    fn runs_one_way(&self) -> Result<RecordWrite> {
        let whole = Scope { execution: self.scope.execution.clone(), stage: None };
        let key = match self.scope.stage {
            None => RecordKey::parse(self.scope.execution.as_str(), ALONE)?,
            Some(_) => whole.key(HEAD)?,
        };
        Ok(RecordWrite::check(TABLE, key, Expect::Absent))
    }

    /// Why it could not be created.
    async fn exists(&self, refused: Error) -> Error {
        let exists = match self.scope.key(HEAD) {
            Ok(head) => self.records.get(TABLE, &head).await.map(|head| head.is_some()),
            Err(error) => Err(error),
        };
        let (kind, message) = match exists {
            Err(error) => return error,
            Ok(true) => (ErrorKind::AlreadyExists, "the execution exists"),
            Ok(false) if refused.kind() == ErrorKind::Cancelled => return refused,
            Ok(false) if self.scope.stage.is_none() => (ErrorKind::Conflict, "stages of this execution run alone"),
            Ok(false) => {
                (ErrorKind::Conflict, "the execution runs as a pipeline; a stage alone needs a key of its own")
            }
        };
        Error::new(kind, "journal.create", message).with("execution", self.scope.partition()).caused_by(refused)
    }

    /// Reads and verifies a journal; `None` when there is none.
    pub(crate) async fn read(records: &Arc<dyn RecordStore>, scope: &Scope) -> Result<Option<JournalContent>> {
        let partition = scope.partition();
        let entries = || RecordQuery::partition(&*partition).with_sort_prefix("journal/");
        let Some(record) = records.get(TABLE, &scope.key(HEAD)?).await? else {
            return match records.query(TABLE, entries().with_limit(1)).await?.records.is_empty() {
                true => Ok(None),
                false => Err(corrupt(&partition, "the journal has entries but no head")),
            };
        };
        let head = Head::read(&partition, &record.body)?;
        let mut stored = records.query_all(TABLE, entries()).await?;
        let known = usize::try_from(head.entries).unwrap_or(usize::MAX);
        if stored.len() > known {
            // The worker wrote on between the two reads, which moves the head; what the head knew is whole.
            let now = records.get(TABLE, &scope.key(HEAD)?).await?;
            if now.is_none_or(|now| now.version == record.version) {
                return Err(corrupt(&partition, "the journal has more entries than its head knows"));
            }
            stored.truncate(known);
        }
        let entries = verify_chain(&partition, &head, &stored)?;
        Ok(Some(JournalContent { entries, head, version: record.version }))
    }

    /// Takes the lease of a journal that was read.
    ///
    /// `Busy` while another worker's lease runs; `Fenced` when another worker was quicker.
    pub(crate) async fn take(
        records: Arc<dyn RecordStore>,
        scope: Scope,
        content: &JournalContent,
        worker: &WorkerId,
        terms: LeaseTerms,
        now: Timestamp,
    ) -> Result<Self> {
        if let Some((owner, until)) = content.holder(now)
            && !terms.at_once
        {
            return Err(Error::new(ErrorKind::Busy, "lease.take", "another worker holds the lease")
                .with("execution", scope.partition())
                .with("owner", owner)
                .after(until.since(now)));
        }
        let mut head = content.head.clone();
        head.epoch += 1;
        head.owner = worker.clone();
        head.expires_at = now.plus(terms.ttl);
        head.released = false;
        let mut journal =
            Self { records, scope, head: head.clone(), version: content.version, terms, unsettled: false };
        let write = journal.head_write(&head)?;
        journal.write(&head, vec![write]).await?;
        Ok(journal)
    }

    /// Appends entries, with other records in the same atomic write.
    pub(crate) async fn commit(&mut self, entries: &[JournalEntry], extra: Vec<RecordWrite>) -> Result<()> {
        let check = self.not_cancelled()?;
        self.commit_if(entries, extra, vec![check], false).await
    }

    /// Appends the last entries of a run and gives the lease back. Only `Cancelled` ends a run that was cancelled.
    pub(crate) async fn close(&mut self, entries: &[JournalEntry], extra: Vec<RecordWrite>) -> Result<()> {
        self.close_if(entries, extra, Vec::new()).await
    }

    /// As [`close`](Self::close), on the condition that `checks` hold: their `Conflict` when one does not.
    pub(crate) async fn close_if(
        &mut self,
        entries: &[JournalEntry],
        extra: Vec<RecordWrite>,
        mut checks: Vec<RecordWrite>,
    ) -> Result<()> {
        if !entries.contains(&JournalEntry::Cancelled) {
            checks.push(self.not_cancelled()?);
        }
        self.commit_if(entries, extra, checks, true).await
    }

    /// The write that demands that nobody has cancelled the execution.
    fn not_cancelled(&self) -> Result<RecordWrite> {
        Ok(RecordWrite::check(TABLE, self.scope.cancel_key()?, Expect::Absent))
    }

    async fn commit_if(
        &mut self,
        entries: &[JournalEntry],
        extra: Vec<RecordWrite>,
        checks: Vec<RecordWrite>,
        release: bool,
    ) -> Result<()> {
        self.settle().await?;
        let (mut head, mut writes) = self.append(entries)?;
        head.released = release;
        writes.push(self.head_write(&head)?);
        if self.scope.stage.is_none() && entries.contains(&JournalEntry::Completed) {
            writes.push(RecordWrite::put(TABLE, self.scope.completed_key()?, Expect::Absent, &true)?);
        }
        writes.extend(checks);
        writes.extend(extra);
        hit("journal.before-write");
        self.write(&head, writes).await?;
        hit("journal.after-write");
        Ok(())
    }

    /// Writes records on the condition that the lease is still held, without an entry.
    pub(crate) async fn write_fenced(&mut self, writes: Vec<RecordWrite>) -> Result<()> {
        self.commit(&[], writes).await
    }

    /// Prolongs the lease.
    pub(crate) async fn renew(&mut self, now: Timestamp) -> Result<()> {
        self.settle().await?;
        let mut head = self.head.clone();
        head.expires_at = now.plus(self.terms.ttl);
        let writes = vec![self.head_write(&head)?, self.not_cancelled()?];
        self.write(&head, writes).await
    }

    /// Looks whether this worker may go on: `Fenced` when another has taken over, `Cancelled` when somebody cancelled.
    pub(crate) async fn verify(&mut self) -> Result<()> {
        self.settle().await?;
        if self.records.get(TABLE, &self.scope.cancel_key()?).await?.is_some() {
            return Err(self.cancelled());
        }
        let record = self.records.get(TABLE, &self.scope.key(HEAD)?).await?;
        if record.is_some_and(|record| record.version == self.version) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Fenced, "lease.verify", "another worker has taken over this execution")
            .with("execution", self.scope.partition())
            .with("epoch", self.head.epoch))
    }

    /// Whether the end of this run was written, be it that the answer never came.
    pub(crate) async fn has_ended(&mut self) -> Result<bool> {
        self.settle().await?;
        Ok(self.head.released)
    }

    /// Whether the lease has run out by `now`: it must be renewed before anything is done outside.
    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        self.head.expires_at <= now
    }

    /// The writes that put the summary, to go with a commit.
    ///
    /// A stage that runs alone has a summary of its own, and tells in the listed one of its execution how that stands.
    pub(crate) fn summary_writes(&self, summary: &ExecutionSummary) -> Result<Vec<RecordWrite>> {
        let own = RecordWrite::put(TABLE, self.scope.summary_key()?, Expect::Anything, summary)?;
        if self.scope.stage.is_none() {
            return Ok(vec![listed(own, summary)?]);
        }
        let mut whole = ExecutionSummary { pipeline: STAGES_ALONE.to_owned(), ..summary.clone() };
        if whole.status == ExecutionStatus::Completed {
            whole.status = ExecutionStatus::Running;
        }
        let key = Scope { execution: self.scope.execution.clone(), stage: None }.summary_key()?;
        let write = RecordWrite::put(TABLE, key, Expect::Anything, &whole)?;
        let mark = RecordKey::parse(self.scope.execution.as_str(), ALONE)?;
        let mark = RecordWrite::put(TABLE, mark, Expect::Anything, &true)?;
        Ok(vec![own, listed(write, &whole)?, mark])
    }

    fn head_write(&self, head: &Head) -> Result<RecordWrite> {
        RecordWrite::put(TABLE, self.scope.key(HEAD)?, Expect::Version(self.version), &head.sealed()?)
    }

    fn append(&self, entries: &[JournalEntry]) -> Result<(Head, Vec<RecordWrite>)> {
        let mut head = self.head.clone();
        let mut writes = Vec::with_capacity(entries.len() + 3);
        for entry in entries {
            let text = json_text(entry)?;
            let number = head.entries + 1;
            let sealed = SealedEntry { number, seal: seal(number, &head.last, &text), entry: text };
            head.entries = number;
            head.last = sealed.seal;
            let key = self.scope.key(&format!("journal/{number:010}"))?;
            writes.push(RecordWrite::put(TABLE, key, Expect::Absent, &sealed)?);
        }
        Ok((head, writes))
    }

    /// Finds out what became of a write whose answer never came, or whose caller was dropped before it.
    async fn settle(&mut self) -> Result<()> {
        if !self.unsettled {
            return Ok(());
        }
        let partition = self.scope.partition();
        if let Some(record) = self.records.get(TABLE, &self.scope.key(HEAD)?).await? {
            let head = Head::read(&partition, &record.body)?;
            if head.epoch == self.head.epoch && head.owner == self.head.owner {
                self.head = head;
                self.version = record.version;
            }
        }
        self.unsettled = false;
        Ok(())
    }

    fn cancelled(&self) -> Error {
        Error::new(ErrorKind::Cancelled, "journal.write", "the execution was cancelled")
            .with("execution", self.scope.partition())
    }

    /// Writes, and settles whether a write whose answer was lost or doubled took effect.
    async fn write(&mut self, head: &Head, writes: Vec<RecordWrite>) -> Result<()> {
        let at = writes.iter().position(|write| matches!(write, RecordWrite::Put { key, .. } if key.sort() == HEAD));
        self.unsettled = true;
        let error = match self.records.write(writes).await {
            Ok(versions) => {
                let version = at.and_then(|at| versions.get(at).copied().flatten()).ok_or_else(|| {
                    Error::new(ErrorKind::Internal, "journal.write", "the adapter returned no version for the head")
                })?;
                self.head = head.clone();
                self.version = version;
                self.unsettled = false;
                return Ok(());
            }
            Err(error) => error,
        };
        if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Unavailable | ErrorKind::Timeout)
            && let Some(record) = self.records.get(TABLE, &self.scope.key(HEAD)?).await?
            && Head::read(&self.scope.partition(), &record.body)? == *head
            && record.version != self.version
        {
            self.head = head.clone();
            self.version = record.version;
            self.unsettled = false;
            return Ok(());
        }
        // Only now: where the store did not answer that question either, the next write asks it again.
        self.unsettled = false;
        if error.kind() != ErrorKind::Conflict {
            return Err(error);
        }
        if error.context("sort") == Some("cancel") {
            return Err(self.cancelled());
        }
        if super::signal::has_come(&error) {
            return Err(error);
        }
        Err(Error::new(ErrorKind::Fenced, "journal.write", "another worker has taken over this execution")
            .with("execution", self.scope.partition())
            .with("epoch", self.head.epoch)
            .caused_by(error))
    }
}

/// The summary with its entries in the indexes that lists are read from.
pub(crate) fn listed(write: RecordWrite, summary: &ExecutionSummary) -> Result<RecordWrite> {
    let by_time = format!("{}/{}", summary.created_at.sort_key(), summary.id);
    let project = summary.root.project();
    Ok(write
        .with_index(RecordIndex::Project, RecordKey::parse(project.as_str(), &by_time)?)
        .with_index(RecordIndex::Status, RecordKey::parse(by_status(project, summary.status), by_time)?))
}

/// Checks numbers, links and seals from the first entry to the head.
fn verify_chain(partition: &str, head: &Head, stored: &[crate::ports::Record]) -> Result<Vec<JournalEntry>> {
    if stored.len() as u64 != head.entries {
        return Err(corrupt(
            partition,
            format!("the journal has {} entries, its head knows {}", stored.len(), head.entries),
        ));
    }
    let mut last = ContentHash::of_parts(&["journal", partition]);
    let mut entries = Vec::with_capacity(stored.len());
    for (number, record) in (1..).zip(stored) {
        let entry = SealedEntry::deserialize(&record.body)
            .map_err(|error| corrupt(partition, format!("entry {number} is not readable")).caused_by(error))?;
        if entry.number != number || entry.seal != seal(number, &last, &entry.entry) {
            return Err(corrupt(partition, format!("entry {number} does not match its seal")));
        }
        last = entry.seal;
        entries.push(
            serde_json::from_str(&entry.entry).map_err(|error| {
                corrupt(partition, format!("entry {number} is not of a known kind")).caused_by(error)
            })?,
        );
    }
    if last != head.last {
        return Err(corrupt(partition, "the last entry is not the one its head knows"));
    }
    Ok(entries)
}

/// The partition of the executions of a project in a status. Of the status alone it would be one for all of a host.
pub(crate) fn by_status(project: &ProjectName, status: ExecutionStatus) -> String {
    format!("{project}/{}", status.as_str())
}

/// A fresh summary.
pub(crate) fn summary(
    id: &ExecutionId,
    root: &ProjectRoot,
    pipeline: &str,
    created_at: Timestamp,
    now: Timestamp,
) -> ExecutionSummary {
    ExecutionSummary {
        id: id.clone(),
        root: root.clone(),
        pipeline: pipeline.to_owned(),
        status: ExecutionStatus::Running,
        stage: None,
        wait: None,
        failure: None,
        stages: Vec::new(),
        created_at,
        updated_at: now,
        spending: Spending::default(),
    }
}

/// A point where a test may end the process.
pub(crate) fn hit(point: &'static str) {
    #[cfg(feature = "failpoints")]
    crate::failpoint::hit(point);
    #[cfg(not(feature = "failpoints"))]
    let _ = point;
}
