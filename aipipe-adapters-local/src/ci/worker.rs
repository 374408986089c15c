//! Work that blocks, away from the threads that drive everything else.
//!
//! A run reads, writes, copies and removes whole trees between its steps. It is one future all the same, because its
//! steps wait for processes and timers; so it gets a thread of its own on which blocking is no harm, and is driven there.

use aipipe_core::{Error, ErrorKind, Result};
use std::future::Future;
use std::sync::mpsc;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tracing::Instrument as _;

/// Drives `work` on a thread for blocking work and returns what it returns.
///
/// Dropping the returned future drops `work` where it waits, and returns only when that is done: the processes it had
/// started are ended and its locks are free, as if it had run on the caller's own thread.
pub(super) async fn drive<T, W>(operation: &'static str, work: W) -> Result<T>
where
    T: Send + 'static,
    W: Future<Output = Result<T>> + Send + 'static,
{
    let runtime = Handle::current();
    let (stop, stopped) = oneshot::channel::<()>();
    let (gone, wait_until_gone) = mpsc::channel::<()>();
    let work = work.in_current_span();
    let task = tokio::task::spawn_blocking(move || {
        // Dropped last, when nothing of the work is left.
        let _gone = gone;
        runtime.block_on(async move {
            tokio::select! {
                biased;
                _ = stopped => None,
                done = work => Some(done),
            }
        })
    });
    let guard = Guard { stop: Some(stop), wait_until_gone };
    let done = task.await;
    drop(guard);
    match done {
        Ok(Some(result)) => result,
        Ok(None) => Err(Error::new(ErrorKind::Cancelled, operation, "the work was dropped")),
        Err(error) => Err(Error::new(ErrorKind::Internal, operation, "the work broke off").caused_by(error)),
    }
}

/// Runs a function that blocks and returns what it returns. Dropping the future lets it run to its end.
pub(super) async fn blocking<T, F>(operation: &'static str, work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T> + Send + 'static,
{
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::new(ErrorKind::Internal, operation, "the work broke off").caused_by(error))?
}

/// Ends the work when it is dropped.
struct Guard {
    stop: Option<oneshot::Sender<()>>,
    wait_until_gone: mpsc::Receiver<()>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.stop.take());
        // Nothing is ever sent: this returns when the other end is dropped, at the latest when the thread ends.
        let _ = self.wait_until_gone.recv();
    }
}
