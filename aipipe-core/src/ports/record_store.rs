//! Where small structured state lies: six tables of JSON records with versions.

use super::forward_port;
use crate::domain::ParseError;
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::{self, Debug};

/// The six tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Document metadata: versions and lineage.
    Documents,
    /// User stories with status, queued by priority.
    UserStories,
    /// Components of each execution's architecture.
    ComponentSpecs,
    /// Repositories, branches and pull requests.
    GithubIntegrations,
    /// CI runs and their results.
    BuildResults,
    /// Executions: head, journal, signals.
    ExecutionState,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 6] = [
        Self::Documents,
        Self::UserStories,
        Self::ComponentSpecs,
        Self::GithubIntegrations,
        Self::BuildResults,
        Self::ExecutionState,
    ];

    /// The table's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Documents => "documents",
            Self::UserStories => "user_stories",
            Self::ComponentSpecs => "component_specs",
            Self::GithubIntegrations => "github_integrations",
            Self::BuildResults => "build_results",
            Self::ExecutionState => "execution_state",
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of a record within its table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    partition: String,
    sort: String,
}

impl RecordKey {
    /// Parses a partition and a sort key: each 1 to 512 bytes without control characters.
    ///
    /// # Errors
    /// [`ParseError`] otherwise.
    pub fn parse(partition: impl Into<String>, sort: impl Into<String>) -> Result<Self, ParseError> {
        Ok(Self { partition: key_part(partition.into())?, sort: key_part(sort.into())? })
    }

    /// The partition: records of one are read together.
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// The sort key: orders records within their partition, by bytes.
    #[must_use]
    pub fn sort(&self) -> &str {
        &self.sort
    }
}

fn key_part(value: String) -> Result<String, ParseError> {
    crate::domain::check_key_part(&value)?;
    Ok(value)
}

/// A record's version, in 128 bits of the adapter's choosing: a counter, a random number. Compared for equality only.
///
/// A key never gets the same version twice, also not after the record was deleted and made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecordVersion(u128);

impl RecordVersion {
    /// Wraps an adapter's version.
    #[must_use]
    pub const fn new(version: u128) -> Self {
        Self(version)
    }

    /// The adapter's bits.
    #[must_use]
    pub const fn get(self) -> u128 {
        self.0
    }
}

/// The ways to find records other than by key. Each table's records carry at most one entry an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RecordIndex {
    /// By project root.
    Project,
    /// By status: of the stories of an execution, of the executions of a project.
    Status,
    /// By repository.
    Repository,
    /// By head commit.
    HeadSha,
}

impl RecordIndex {
    /// All indexes.
    pub const ALL: [Self; 4] = [Self::Project, Self::Status, Self::Repository, Self::HeadSha];

    /// The index's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Status => "status",
            Self::Repository => "repository",
            Self::HeadSha => "head_sha",
        }
    }
}

/// Under which key an index lists a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexEntry {
    /// The index.
    pub index: RecordIndex,
    /// Its partition and sort key in that index; several records may share one, then their record keys order them.
    pub key: RecordKey,
}

/// A stored record.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Record {
    /// Its key.
    pub key: RecordKey,
    /// Its version.
    pub version: RecordVersion,
    /// Its content.
    pub body: Value,
}

impl Record {
    /// A record as an adapter has read it.
    #[must_use]
    pub fn new(key: RecordKey, version: RecordVersion, body: Value) -> Self {
        Self { key, version, body }
    }

    /// The content as a `T`.
    ///
    /// # Errors
    /// `Corrupt` when it is not one.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(&self.body).map_err(|error| {
            Error::new(ErrorKind::Corrupt, "record.decode", "the record is not of the expected shape")
                .with("partition", &self.key.partition)
                .with("sort", &self.key.sort)
                .caused_by(error)
        })
    }
}

/// The length of a value as JSON, without making it.
fn json_length(value: &Value) -> usize {
    /// Counts what is written.
    struct Length(usize);

    impl std::io::Write for Length {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let mut length = Length(0);
    match serde_json::to_writer(&mut length, value) {
        Ok(()) => length.0,
        // A value of JSON always serializes; were it not so, no limit could hold it.
        Err(_) => u32::MAX as usize,
    }
}

/// What must hold of a record for a write to take effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Anything,
    /// There is no such record.
    Absent,
    /// The record has this version.
    Version(RecordVersion),
}

/// One part of an all-or-nothing write.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RecordWrite {
    /// Makes or replaces a record; its index entries are replaced as well.
    Put {
        /// The table.
        table: Table,
        /// The record.
        key: RecordKey,
        /// What must hold.
        expect: Expect,
        /// The new content; at most 256 KiB as JSON.
        body: Value,
        /// Its index entries.
        indexes: Vec<IndexEntry>,
    },
    /// Removes a record.
    Delete {
        /// The table.
        table: Table,
        /// The record.
        key: RecordKey,
        /// What must hold.
        expect: Expect,
    },
    /// Changes nothing, but must hold for the other parts to take effect.
    Check {
        /// The table.
        table: Table,
        /// The record.
        key: RecordKey,
        /// What must hold.
        expect: Expect,
    },
}

impl RecordWrite {
    /// Puts `value` under `key`.
    ///
    /// # Errors
    /// `InvalidInput` when the value does not serialize.
    pub fn put<T: Serialize>(table: Table, key: RecordKey, expect: Expect, value: &T) -> Result<Self> {
        let body = serde_json::to_value(value).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, "record.put", "the record does not serialize").caused_by(error)
        })?;
        Ok(Self::Put { table, key, expect, body, indexes: Vec::new() })
    }

    /// Lists the record under an index; changes nothing on deletes and checks.
    #[must_use]
    pub fn with_index(mut self, index: RecordIndex, key: RecordKey) -> Self {
        if let Self::Put { indexes, .. } = &mut self {
            indexes.push(IndexEntry { index, key });
        }
        self
    }

    /// Removes the record under `key`.
    #[must_use]
    pub fn delete(table: Table, key: RecordKey, expect: Expect) -> Self {
        Self::Delete { table, key, expect }
    }

    /// Demands `expect` of the record under `key`.
    #[must_use]
    pub fn check(table: Table, key: RecordKey, expect: Expect) -> Self {
        Self::Check { table, key, expect }
    }

    /// What this part counts towards [`RecordCapabilities::max_write_bytes`]: its keys and its body as JSON.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let of_key = |key: &RecordKey| key.partition.len() + key.sort.len();
        match self {
            Self::Put { key, body, indexes, .. } => {
                let keys = indexes.iter().map(|entry| of_key(&entry.key)).sum::<usize>() + of_key(key);
                keys + json_length(body)
            }
            Self::Delete { key, .. } | Self::Check { key, .. } => of_key(key),
        }
    }

    /// The table, the key and what must hold.
    #[must_use]
    pub fn target(&self) -> (Table, &RecordKey, Expect) {
        match self {
            Self::Put { table, key, expect, .. }
            | Self::Delete { table, key, expect }
            | Self::Check { table, key, expect } => (*table, key, *expect),
        }
    }
}

/// Which records a query returns.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordQuery {
    /// The index, or `None` for the table itself.
    pub index: Option<RecordIndex>,
    /// The partition, of the table or of the index.
    pub partition: String,
    /// Only sort keys that begin with this.
    pub sort_prefix: String,
    /// From the largest sort key downwards.
    pub descending: bool,
    /// Records a page, 1 to 1000.
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<RecordCursor>,
}

impl RecordQuery {
    /// All records of a partition, in ascending order, 100 a page.
    #[must_use]
    pub fn partition(partition: impl Into<String>) -> Self {
        Self {
            index: None,
            partition: partition.into(),
            sort_prefix: String::new(),
            descending: false,
            limit: 100,
            after: None,
        }
    }

    /// All records of a partition of an index.
    #[must_use]
    pub fn index(index: RecordIndex, partition: impl Into<String>) -> Self {
        Self { index: Some(index), ..Self::partition(partition) }
    }

    /// Only sort keys that begin with `prefix`.
    #[must_use]
    pub fn with_sort_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.sort_prefix = prefix.into();
        self
    }

    /// From the largest sort key downwards.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.descending = true;
        self
    }

    /// `limit` records a page.
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Goes on where a page ended.
    #[must_use]
    pub fn after(mut self, cursor: Option<RecordCursor>) -> Self {
        self.after = cursor;
        self
    }
}

/// Where a page ended; only the adapter that made it reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordCursor(String);

impl RecordCursor {
    /// Wraps an adapter's position.
    #[must_use]
    pub fn new(position: impl Into<String>) -> Self {
        Self(position.into())
    }

    /// The adapter's position.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One page of a query.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct RecordPage {
    /// The records.
    pub records: Vec<Record>,
    /// Where to go on; `None` at the end.
    pub next: Option<RecordCursor>,
}

impl RecordPage {
    /// A page, and where the next one begins.
    #[must_use]
    pub fn new(records: Vec<Record>, next: Option<RecordCursor>) -> Self {
        Self { records, next }
    }
}

/// What an adapter can do beyond the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordCapabilities {
    /// Most parts of one write; at least 25.
    pub max_writes: usize,
    /// Largest record as JSON in bytes; at least 256 KiB.
    pub max_record_bytes: usize,
    /// Most bytes of one write, by [`RecordWrite::bytes`]; at least 1 MiB.
    pub max_write_bytes: usize,
    /// Index queries see a write as soon as it returned.
    pub consistent_indexes: bool,
}

impl RecordCapabilities {
    /// States what the adapter can do.
    #[must_use]
    pub const fn new(
        max_writes: usize,
        max_record_bytes: usize,
        max_write_bytes: usize,
        consistent_indexes: bool,
    ) -> Self {
        Self { max_writes, max_record_bytes, max_write_bytes, consistent_indexes }
    }
}

/// Stores JSON records with versions and writes several of them atomically.
///
/// Contract, checked by `testing::conformance::record_store`:
/// - A write takes effect entirely or not at all, and only if every expectation holds; when it returned, it is durable.
/// - A failed expectation is `Conflict`, with the context `table`, `partition`, `sort` of the first that failed.
/// - Two parts of one write about the same record are `InvalidInput`; so are more than `max_writes` parts, more than
///   `max_write_bytes` in all, and too large a body.
/// - Every put gives the record a version it never had.
/// - `get` and partition queries see every write that returned before they were called.
/// - A damaged record is `Corrupt`, never another value and never absent.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait RecordStore: Debug + Send + Sync + 'static {
    /// What this adapter can do.
    fn capabilities(&self) -> RecordCapabilities;

    /// The record under a key, if there is one.
    ///
    /// # Errors
    /// `Corrupt`, `Unavailable`.
    async fn get(&self, table: Table, key: &RecordKey) -> Result<Option<Record>>;

    /// Writes all parts or none; returns the new version of each put, `None` for deletes and checks, in order.
    ///
    /// # Errors
    /// `Conflict`, `InvalidInput`, `StorageFull`, `Unavailable`.
    async fn write(&self, writes: Vec<RecordWrite>) -> Result<Vec<Option<RecordVersion>>>;

    /// One page of a query.
    ///
    /// # Errors
    /// `InvalidInput` for a limit outside 1 to 1000 or a foreign cursor; `Corrupt`, `Unavailable`.
    async fn query(&self, table: Table, query: RecordQuery) -> Result<RecordPage>;
}

forward_port!(RecordStore {
    fn capabilities(&self) -> RecordCapabilities;
    async fn get(&self, table: Table, key: &RecordKey) -> Result<Option<Record>>;
    async fn write(&self, writes: Vec<RecordWrite>) -> Result<Vec<Option<RecordVersion>>>;
    async fn query(&self, table: Table, query: RecordQuery) -> Result<RecordPage>;
});

/// Conveniences over any [`RecordStore`].
#[async_trait]
pub trait RecordStoreExt: RecordStore {
    /// Writes one record.
    ///
    /// # Errors
    /// As [`write`](RecordStore::write).
    async fn put<T: Serialize + Sync>(
        &self,
        table: Table,
        key: RecordKey,
        expect: Expect,
        value: &T,
    ) -> Result<RecordVersion> {
        let versions = self.write(vec![RecordWrite::put(table, key, expect, value)?]).await?;
        versions
            .into_iter()
            .flatten()
            .next()
            .ok_or_else(|| Error::new(ErrorKind::Internal, "record.put", "the adapter returned no version for a put"))
    }

    /// All records of a query, page after page.
    ///
    /// # Errors
    /// As [`query`](RecordStore::query).
    async fn query_all(&self, table: Table, query: RecordQuery) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        let mut query = query.with_limit(1000);
        loop {
            let page = self.query(table, query.clone()).await?;
            records.extend(page.records);
            if page.next.is_none() {
                return Ok(records);
            }
            query.after = page.next;
        }
    }
}

impl<T: RecordStore + ?Sized> RecordStoreExt for T {}
