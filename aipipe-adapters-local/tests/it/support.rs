//! What the tests of programs share: the system's clock, and knowing whether a missing rig is a failure.

use aipipe_core::domain::Timestamp;
use aipipe_core::ports::Clock;
use async_trait::async_trait;
use std::io::Write as _;
use std::time::Duration;

/// The machine's own clock.
#[derive(Debug)]
pub(crate) struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Timestamp::from_unix_millis(i64::try_from(since.as_millis()).unwrap())
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Says loudly that a rig is missing, also beside the figures; in a full run that is a failure.
pub(crate) fn missing_rig(name: &str) {
    assert!(std::env::var_os("AIPIPE_FULL").is_none(), "{name} is missing and this is a full run");
    eprintln!("NOT TESTED: {name} is missing");
    let target = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let noted = std::fs::OpenOptions::new().create(true).append(true).open(target.join("not-tested.txt"));
    writeln!(noted.unwrap(), "{name} is missing").unwrap();
}
