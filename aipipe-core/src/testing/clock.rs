//! Clocks that tests move, and ids that count.

use super::lock;
use crate::domain::Timestamp;
use crate::ports::{Clock, IdGenerator};
use async_trait::async_trait;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// Time that moves only when a test advances it.
#[derive(Debug)]
pub struct VirtualClock {
    now: Mutex<Timestamp>,
    moved: Notify,
}

impl VirtualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { now: Mutex::new(now), moved: Notify::new() }
    }

    /// Moves time forward and wakes who slept until then.
    pub fn advance(&self, by: Duration) {
        {
            let mut now = lock(&self.now);
            *now = now.plus(by);
        }
        self.moved.notify_waiters();
    }
}

impl Default for VirtualClock {
    /// 2026-01-05T09:00:00Z, a Monday morning.
    fn default() -> Self {
        Self::at(Timestamp::from_unix_millis(1_767_603_600_000))
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        *lock(&self.now)
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.now().plus(duration);
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if self.now() >= until {
                return;
            }
            moved.await;
        }
    }
}

/// Time that stands still: two runs on it see the same times. Sleeping never ends.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub Timestamp);

#[async_trait]
impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }

    async fn sleep(&self, _duration: Duration) {
        std::future::pending::<()>().await;
    }
}

/// Ids `test-1`, `test-2`, …
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl IdGenerator for SequentialIds {
    fn next_id(&self) -> String {
        format!("test-{}", self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}
