//! Token buckets: what may start now, and when the rest may.

use super::{Estimate, Limits, Rate};
use crate::domain::Timestamp;
use std::time::Duration;

const MINUTE_MS: u128 = 60_000;

/// The buckets of the host's limits; a limit that is not set has none.
#[derive(Debug)]
pub(super) struct Rates {
    buckets: Vec<(Measure, Bucket)>,
}

/// What a bucket counts.
#[derive(Debug, Clone, Copy)]
enum Measure {
    Requests,
    InputTokens,
    OutputTokens,
}

impl Measure {
    fn of(self, estimate: Estimate) -> u64 {
        match self {
            Self::Requests => 1,
            Self::InputTokens => estimate.input_tokens,
            Self::OutputTokens => estimate.output_tokens,
        }
    }
}

/// Counted in parts of 60,000, so that a millisecond's inflow is a whole number.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    parts: u128,
    at: Option<Timestamp>,
}

impl Rates {
    pub(super) fn of(limits: &Limits) -> Self {
        let set = [
            (Measure::Requests, limits.requests),
            (Measure::InputTokens, limits.input_tokens),
            (Measure::OutputTokens, limits.output_tokens),
        ];
        let bucket = |rate: Rate| Bucket { rate, parts: u128::from(rate.burst) * MINUTE_MS, at: None };
        Self { buckets: set.into_iter().filter_map(|(measure, rate)| Some((measure, bucket(rate?)))).collect() }
    }

    /// Takes what a job needs from every bucket, or says when all will hold it.
    pub(super) fn take(&mut self, estimate: Estimate, now: Timestamp) -> Result<(), Timestamp> {
        let mut until = now;
        for (measure, bucket) in &mut self.buckets {
            bucket.fill(now);
            until = until.max(bucket.holds_at(measure.of(estimate), now));
        }
        if until > now {
            return Err(until);
        }
        for (measure, bucket) in &mut self.buckets {
            bucket.parts = bucket.parts.saturating_sub(bucket.parts_of(measure.of(estimate)));
        }
        Ok(())
    }
}

impl Bucket {
    fn fill(&mut self, now: Timestamp) {
        let elapsed = self.at.map_or(0, |at| now.since(at).as_millis());
        let full = u128::from(self.rate.burst) * MINUTE_MS;
        self.parts = self.parts.saturating_add(elapsed * u128::from(self.rate.per_minute)).min(full);
        self.at = Some(self.at.map_or(now, |at| at.max(now)));
    }

    /// A job that needs more than the bucket can hold takes a full one: it would wait forever otherwise.
    fn parts_of(&self, need: u64) -> u128 {
        u128::from(need.min(self.rate.burst)) * MINUTE_MS
    }

    fn holds_at(&self, need: u64, now: Timestamp) -> Timestamp {
        let missing = self.parts_of(need).saturating_sub(self.parts);
        let inflow = u128::from(self.rate.per_minute.max(1));
        now.plus(Duration::from_millis(u64::try_from(missing.div_ceil(inflow)).unwrap_or(u64::MAX)))
    }
}
