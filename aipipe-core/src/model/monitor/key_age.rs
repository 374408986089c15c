//! How old a key is: told once a day when it is too old, and once when nobody knows.

use super::options::WatchedKey;
use crate::domain::{ContentHash, KeyAge, Timestamp};
use crate::ports::{Expect, RecordKey, RecordStore, RecordWrite, Table};
use crate::{ErrorKind, Result};
use std::sync::{Mutex, PoisonError};

const DAY_SECONDS: u64 = 24 * 60 * 60;

/// Asks the store once a day, and tells once a day however many processes ask: what was told is a record.
#[derive(Debug)]
pub(super) struct KeyWatch {
    key: WatchedKey,
    /// The day on which the store was asked last.
    asked: Mutex<Option<String>>,
}

impl KeyWatch {
    pub(super) fn new(key: WatchedKey) -> Self {
        Self { key, asked: Mutex::default() }
    }

    /// What is to be told of the key now.
    ///
    /// # Errors
    /// Those of the secret store and the record store; then the next call asks again.
    pub(super) async fn check(&self, records: &dyn RecordStore, now: Timestamp) -> Result<Option<KeyAge>> {
        let today = now.date();
        if self.asked.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(&today) {
            return Ok(None);
        }
        let secret = self.key.secrets.get(&self.key.name).await?;
        let age = secret.created_at.map(|made| now.since(made));
        let told = match age {
            Some(age) if age <= self.key.most => None,
            Some(_) => Some(today.clone()),
            None => Some(format!("unknown/{}", ContentHash::of(secret.version.as_bytes()).short(16))),
        };
        let is_new = match told {
            None => false,
            Some(mark) => self.mark(records, &mark, now).await?,
        };
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(today);
        let most_days = self.key.most.as_secs() / DAY_SECONDS;
        let days = age.map(|age| age.as_secs() / DAY_SECONDS);
        Ok(is_new.then(|| KeyAge::new(&self.key.name, days, most_days)))
    }

    /// Whether nobody has told this before.
    async fn mark(&self, records: &dyn RecordStore, mark: &str, now: Timestamp) -> Result<bool> {
        let key = RecordKey::parse("keys:age", format!("{}/{mark}", self.key.name))?;
        let write = RecordWrite::put(Table::ExecutionState, key, Expect::Absent, &now)?;
        match records.write(vec![write]).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(false),
            Err(error) => Err(error),
        }
    }
}
