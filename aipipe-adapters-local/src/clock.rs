//! The host's clock.

use aipipe_core::domain::Timestamp;
use aipipe_core::ports::Clock;
use async_trait::async_trait;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The host's wall clock and tokio's timer. `sleep` needs a runtime with time enabled.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter behind the Clock port")]
    fn now(&self) -> Timestamp {
        timestamp(SystemTime::now())
    }

    #[expect(clippy::disallowed_methods, reason = "this is the adapter behind the Clock port")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A time of the host; times before 1970 are negative, as the type has them.
pub(crate) fn timestamp(time: SystemTime) -> Timestamp {
    let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_unix_millis(match time.duration_since(UNIX_EPOCH) {
        Ok(after) => millis(after),
        Err(before) => -millis(before.duration()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_and_after_the_epoch_are_exact() {
        assert_eq!(timestamp(UNIX_EPOCH + Duration::from_millis(1_234)).as_unix_millis(), 1_234);
        assert_eq!(timestamp(UNIX_EPOCH - Duration::from_millis(5)).as_unix_millis(), -5);
    }

    #[tokio::test]
    async fn time_passes_while_it_sleeps() {
        let before = SystemClock.now();
        SystemClock.sleep(Duration::from_millis(30)).await;
        // The wall clock may be corrected meanwhile; half of the wait leaves room for that.
        assert!(SystemClock.now().since(before) >= Duration::from_millis(15));
    }
}
