//! Runs a schedule on a clock.

use super::{Ending, Next, Schedule};
use crate::ports::Clock;
use crate::{Error, ErrorKind, Result};
use futures::future::{Either, select};
use futures::stream::{FuturesUnordered, StreamExt};
use std::future::Future;
use std::pin::pin;

/// What the work on one job came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled<T> {
    /// What is kept of it.
    pub value: T,
    /// Whether it counts.
    pub ending: Ending,
}

/// A schedule at its end.
#[derive(Debug)]
pub struct Ran<T> {
    /// Where every job stands.
    pub schedule: Schedule,
    /// What each job that was tried came to, by its number.
    pub results: Vec<Option<Settled<T>>>,
}

/// Works through the jobs; `work` begins one, given the results of all that ended before.
///
/// The results a job should build on are those of [`Schedule::comes_after`]; others may or may not be there yet.
///
/// # Errors
/// The first error of `work`. Nothing is started after it, and what runs is waited for, so that what was paid for is
/// not lost.
pub async fn drive<T, W, F>(mut schedule: Schedule, clock: &dyn Clock, work: W) -> Result<Ran<T>>
where
    W: Fn(&Schedule, usize, &[Option<Settled<T>>]) -> F,
    F: Future<Output = Result<Settled<T>>>,
{
    let mut results: Vec<Option<Settled<T>>> = Vec::new();
    results.resize_with(schedule.merge_order().len(), || None);
    let mut running = FuturesUnordered::new();
    let mut failure = None;
    loop {
        let until = match schedule.next(clock.now()) {
            Next::Start(job) => {
                let work = work(&schedule, job, &results);
                running.push(async move { (job, work.await) });
                continue;
            }
            Next::Finished => break,
            Next::Wait(until) => until,
        };
        let ended = match until {
            None => running.next().await,
            Some(until) => {
                let sleep = pin!(clock.sleep(until.since(clock.now())));
                if running.is_empty() {
                    sleep.await;
                    continue;
                }
                match select(running.next(), sleep).await {
                    Either::Left((ended, _)) => ended,
                    Either::Right(_) => continue,
                }
            }
        };
        match ended {
            Some((job, Ok(settled))) => {
                schedule.finish(job, settled.ending);
                if let Some(slot) = results.get_mut(job) {
                    *slot = Some(settled);
                }
            }
            Some((job, Err(error))) => {
                schedule.stop();
                schedule.finish(job, Ending::Failed);
                failure.get_or_insert(error);
            }
            None => {
                let message = "jobs are left, and none runs or can start";
                return Err(Error::new(ErrorKind::Internal, "story-executor.schedule", message));
            }
        }
    }
    match failure {
        Some(error) => Err(error),
        None => Ok(Ran { schedule, results }),
    }
}
