//! Clocks that tests move, and ids that count.

use super::lock;
use crate::domain::Timestamp;
use crate::ports::{Clock, IdGenerator};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
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

/// Time that jumps to the next moment somebody waits for, as soon as nobody has anything else to do.
///
/// For simulations: hours pass in microseconds, and the same program sees the same times again.
#[derive(Debug)]
pub struct SimulatedClock {
    now: Mutex<Timestamp>,
    sleepers: Mutex<BTreeMap<(Timestamp, u64), Waker>>,
    count: AtomicU64,
}

impl SimulatedClock {
    /// A clock that shows `now` until something is run on it.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { now: Mutex::new(now), sleepers: Mutex::default(), count: AtomicU64::new(0) }
    }

    /// Runs `future` to its end; `None` when it waits for something that is no time.
    pub fn run<F: Future>(&self, future: F) -> Option<F::Output> {
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return Some(output);
            }
            if woken.0.swap(false, Ordering::SeqCst) {
                continue;
            }
            let ((moment, _), sleeper) = lock(&self.sleepers).pop_first()?;
            {
                let mut now = lock(&self.now);
                *now = moment.max(*now);
            }
            sleeper.wake();
        }
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        *lock(&self.now)
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.now().plus(duration);
        let number = self.count.fetch_add(1, Ordering::SeqCst);
        poll_fn(|context| {
            if self.now() >= until {
                return Poll::Ready(());
            }
            lock(&self.sleepers).insert((until, number), context.waker().clone());
            Poll::Pending
        })
        .await;
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
