//! What counts as unusual.

use crate::domain::PicoUsd;
use crate::ports::SecretStore;
use std::sync::Arc;
use std::time::Duration;

/// From when on something is told. The defaults are silent under any steady load.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MonitorOptions {
    /// How many times the usual calls or cost of a minute are sudden.
    pub rate_factor: u32,
    /// A minute with fewer calls is never sudden.
    pub least_calls: u64,
    /// A minute that cost less is never sudden.
    pub least_cost: PicoUsd,
    /// How many times the median a story has to cost, and at least twice as many deviations from it.
    pub story_factor: u32,
    /// How many other stories there have to be before a story's cost is judged.
    pub least_stories: usize,
    /// To which part of what it was a hit rate has to fall: the fourth part with 4.
    pub collapse_factor: u32,
    /// A rate that was lower, in percent, does not collapse.
    pub least_hit_percent: u32,
}

impl Default for MonitorOptions {
    /// Five times the usual rate, and 30 calls or half a dollar in a minute; five times the median of eight stories; a
    /// quarter of a hit rate of at least 30 %.
    fn default() -> Self {
        Self {
            rate_factor: 5,
            least_calls: 30,
            least_cost: PicoUsd::new(500_000_000_000),
            story_factor: 5,
            least_stories: 8,
            collapse_factor: 4,
            least_hit_percent: 30,
        }
    }
}

impl MonitorOptions {
    /// The same with this factor for calls and cost of a minute, never for fewer calls or less cost than these.
    #[must_use]
    pub fn with_rate(mut self, factor: u32, least_calls: u64, least_cost: PicoUsd) -> Self {
        (self.rate_factor, self.least_calls, self.least_cost) = (factor, least_calls, least_cost);
        self
    }

    /// The same with this factor for the cost of a story beside so many others.
    #[must_use]
    pub fn with_stories(mut self, factor: u32, least: usize) -> Self {
        (self.story_factor, self.least_stories) = (factor, least);
        self
    }

    /// The same with this factor for hit rates that were at least so many percent.
    #[must_use]
    pub fn with_hit_rates(mut self, factor: u32, least_percent: u32) -> Self {
        (self.collapse_factor, self.least_hit_percent) = (factor, least_percent);
        self
    }
}

/// A key whose age is watched.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WatchedKey {
    /// Where it lies.
    pub secrets: Arc<dyn SecretStore>,
    /// Its name there.
    pub name: String,
    /// How old it may be.
    pub most: Duration,
}

impl WatchedKey {
    /// The key of this name, which should be rotated every 90 days.
    #[must_use]
    pub fn new(secrets: Arc<dyn SecretStore>, name: impl Into<String>) -> Self {
        Self { secrets, name: name.into(), most: Duration::from_hours(24 * 90) }
    }

    /// The same with another age.
    #[must_use]
    pub fn with_most(mut self, most: Duration) -> Self {
        self.most = most;
        self
    }
}
