//! Time and fresh ids, so that tests run on a virtual clock and runs can be repeated exactly.

use super::forward_port;
use crate::domain::Timestamp;
use async_trait::async_trait;
use std::fmt::Debug;
use std::time::Duration;

/// Tells the time and waits.
///
/// `now` never goes backwards by more than the host's clock is corrected; leases compare it across processes,
/// so hosts that share a record store keep their clocks within a few seconds of each other.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Clock: Debug + Send + Sync + 'static {
    /// The current time.
    fn now(&self) -> Timestamp;

    /// Returns after `duration`; dropping the future ends the wait.
    async fn sleep(&self, duration: Duration);
}

forward_port!(Clock {
    fn now(&self) -> Timestamp;
    async fn sleep(&self, duration: Duration);
});

/// Makes ids nobody else has.
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait IdGenerator: Debug + Send + Sync + 'static {
    /// A fresh id: lower-case letters, digits and hyphens, at most 40 characters.
    fn next_id(&self) -> String;
}
