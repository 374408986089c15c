//! Which story is worked on when.
//!
//! [`Schedule`] is a state machine without a clock of its own: it is told the time, what ended and how, and says what to
//! start next. [`drive`] runs it: the stage on the host's clock, the benches on a simulated one.
//!
//! - A story starts when those it depends on are done and nobody before it in the merge order still writes to one of its
//!   files. What a story sees is so the same whatever the order in which others end.
//! - Of those that could start, the one with the longest way to the end comes first; it waits for the rate limits rather
//!   than letting a smaller one pass, so that none starves.
//! - A story that failed blocks those that depend on it and nobody else.
//! - [`Schedule::stop`] starts nothing more; what runs may end, what has not begun stays whole and undone.

mod drive;
mod graph;
mod rates;
#[cfg(test)]
mod tests;

pub use drive::{Ran, Settled, drive};

use crate::domain::{StoryId, Timestamp, WriteSet};
use crate::{Error, ErrorKind};
use graph::Graph;
use rates::Rates;
use std::collections::BinaryHeap;

/// Work on one story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The story.
    pub story: StoryId,
    /// The stories that must be done before.
    pub needs: Vec<StoryId>,
    /// What it may write.
    pub writes: WriteSet,
    /// What it is expected to take.
    pub estimate: Estimate,
}

/// What a job is expected to take. Wrong estimates cost time, never order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Wall time in milliseconds.
    pub millis: u64,
    /// Tokens sent.
    pub input_tokens: u64,
    /// Tokens received.
    pub output_tokens: u64,
}

/// How much may happen at once and in a minute, as the host says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Stories worked on at once; at least one.
    pub concurrency: usize,
    /// Calls that may start in a minute.
    pub requests: Option<Rate>,
    /// Tokens that may be sent in a minute.
    pub input_tokens: Option<Rate>,
    /// Tokens that may be received in a minute.
    pub output_tokens: Option<Rate>,
}

/// A token bucket: `burst` at once, then `per_minute`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// What flows in within a minute.
    pub per_minute: u64,
    /// The most that gathers.
    pub burst: u64,
}

impl Default for Limits {
    /// Four stories at once and no rate limit: the model's own limiter may still wait.
    fn default() -> Self {
        Self { concurrency: 4, requests: None, input_tokens: None, output_tokens: None }
    }
}

impl Limits {
    /// The same with so many stories at once.
    #[must_use]
    pub fn with_concurrency(mut self, stories: usize) -> Self {
        self.concurrency = stories;
        self
    }

    /// The same with so many calls a minute.
    #[must_use]
    pub fn with_requests(mut self, rate: Rate) -> Self {
        self.requests = Some(rate);
        self
    }

    /// The same with so many tokens sent a minute.
    #[must_use]
    pub fn with_input_tokens(mut self, rate: Rate) -> Self {
        self.input_tokens = Some(rate);
        self
    }

    /// The same with so many tokens received a minute.
    #[must_use]
    pub fn with_output_tokens(mut self, rate: Rate) -> Self {
        self.output_tokens = Some(rate);
        self
    }
}

/// Why jobs can't be put in an order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// Stories that wait for each other, in the order in which they do; the last waits for the first.
    #[error("stories wait for each other in a circle: {}", names(.stories))]
    Cycle {
        /// The stories of one circle.
        stories: Vec<StoryId>,
    },
    /// A story waits for one that is not there.
    #[error("{story} waits for {needs}, which is not there")]
    Unknown {
        /// Who waits.
        story: StoryId,
        /// For whom.
        needs: StoryId,
    },
    /// A story is there twice.
    #[error("{story} is there twice")]
    Twice {
        /// The story.
        story: StoryId,
    },
}

fn names(stories: &[StoryId]) -> String {
    stories.iter().map(StoryId::as_str).collect::<Vec<_>>().join(", ")
}

impl From<ScheduleError> for Error {
    fn from(error: ScheduleError) -> Self {
        Self::new(ErrorKind::InvalidInput, "story-executor.schedule", error.to_string())
    }
}

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobState {
    /// It has not begun.
    Waiting,
    /// It is worked on.
    Running,
    /// It ended well.
    Done,
    /// It was tried and failed.
    Failed,
    /// It was not tried, because of this story.
    Blocked(StoryId),
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Begin this job.
    Start(usize),
    /// Nothing until a job ends or, where a time is given, until then.
    Wait(Option<Timestamp>),
    /// Every job ended or will never begin.
    Finished,
}

/// Jobs on their way.
#[derive(Debug)]
pub struct Schedule {
    graph: Graph,
    rates: Rates,
    concurrency: usize,
    states: Vec<JobState>,
    /// How many predecessors of a job have not ended.
    open: Vec<usize>,
    /// By urgency, then by place in the merge order.
    ready: BinaryHeap<(u64, std::cmp::Reverse<usize>, usize)>,
    running: usize,
    is_stopped: bool,
}

impl Schedule {
    /// Jobs under limits.
    ///
    /// # Errors
    /// [`ScheduleError`] naming the stories.
    pub fn new(jobs: Vec<Job>, limits: &Limits) -> Result<Self, ScheduleError> {
        let graph = Graph::of(jobs)?;
        let open: Vec<usize> = graph.predecessors.iter().map(Vec::len).collect();
        let mut schedule = Self {
            states: vec![JobState::Waiting; open.len()],
            rates: Rates::of(limits),
            concurrency: limits.concurrency.max(1),
            ready: BinaryHeap::new(),
            running: 0,
            is_stopped: false,
            graph,
            open,
        };
        for job in 0..schedule.open.len() {
            schedule.queue(job);
        }
        Ok(schedule)
    }

    /// The job of a number.
    #[must_use]
    pub fn job(&self, job: usize) -> Option<&Job> {
        self.graph.jobs.get(job)
    }

    /// Where a job stands.
    #[must_use]
    pub fn state(&self, job: usize) -> Option<&JobState> {
        self.states.get(job)
    }

    /// The jobs in the order in which their results are put together: the same for the same jobs, whenever each ended.
    #[must_use]
    pub fn merge_order(&self) -> &[usize] {
        &self.graph.order
    }

    /// All jobs that end before this one begins, in the merge order: what it can build on.
    #[must_use]
    pub fn comes_after(&self, job: usize) -> Vec<usize> {
        self.graph.before(job)
    }

    /// What to do at `now`; a job that is to start counts as running from then on.
    pub fn next(&mut self, now: Timestamp) -> Next {
        if self.is_stopped || self.ready.is_empty() {
            return if self.running == 0 { Next::Finished } else { Next::Wait(None) };
        }
        if self.running >= self.concurrency {
            return Next::Wait(None);
        }
        let Some(&(_, _, job)) = self.ready.peek() else { return Next::Wait(None) };
        let estimate = self.graph.jobs.get(job).map(|job| job.estimate).unwrap_or_default();
        match self.rates.take(estimate, now) {
            Err(until) => Next::Wait(Some(until)),
            Ok(()) => {
                self.ready.pop();
                self.running += 1;
                self.set(job, JobState::Running);
                Next::Start(job)
            }
        }
    }

    /// A running job ended.
    pub fn finish(&mut self, job: usize, is_done: Ending) {
        if self.states.get(job) != Some(&JobState::Running) {
            return;
        }
        self.running -= 1;
        self.set(job, if is_done == Ending::Done { JobState::Done } else { JobState::Failed });
        // Blocked ones end at once, and so may block and release others.
        let mut ended = vec![job];
        while let Some(job) = ended.pop() {
            for next in self.graph.successors.get(job).cloned().unwrap_or_default() {
                let Some(open) = self.open.get_mut(next) else { continue };
                *open -= 1;
                if *open > 0 {
                    continue;
                }
                match self.cause(next) {
                    Some(by) => {
                        self.set(next, JobState::Blocked(by));
                        ended.push(next);
                    }
                    None => self.queue(next),
                }
            }
        }
    }

    /// The failed story that keeps a job from being done; the first in the merge order where there are several.
    fn cause(&self, job: usize) -> Option<StoryId> {
        let needs = self.graph.needs.get(job)?;
        let first = needs.iter().filter(|need| self.states.get(**need) != Some(&JobState::Done));
        let first = first.min_by_key(|need| self.graph.rank(**need).1)?;
        match self.states.get(*first) {
            Some(JobState::Blocked(by)) => Some(by.clone()),
            _ => self.graph.jobs.get(*first).map(|job| job.story.clone()),
        }
    }

    /// Starts nothing more.
    pub fn stop(&mut self) {
        self.is_stopped = true;
    }

    fn queue(&mut self, job: usize) {
        if self.open.get(job) == Some(&0) && self.states.get(job) == Some(&JobState::Waiting) {
            let (urgency, place) = self.graph.rank(job);
            self.ready.push((urgency, std::cmp::Reverse(place), job));
        }
    }

    fn set(&mut self, job: usize, state: JobState) {
        if let Some(known) = self.states.get_mut(job) {
            *known = state;
        }
    }
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Its result counts.
    Done,
    /// It has none.
    Failed,
}
