//! What a host should look at, though nothing has failed: unusual spending, and keys that are old.

use super::money::PicoUsd;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which cache answers less than it used to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WatchedCache {
    /// The provider's cache of prompt prefixes: the share of prompt tokens that are read from it.
    Prompts,
    /// The host's cache of whole answers: the share of calls it answers.
    Answers,
}

/// Spending that is unlike what a project's used to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "anomaly", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Anomaly {
    /// Many more calls in the last minute than usual.
    SuddenCalls {
        /// In the last minute.
        last_minute: u64,
        /// The median of the minutes before that had any.
        usual: u64,
    },
    /// Much more was spent in the last minute than usual.
    SuddenCost {
        /// In the last minute.
        last_minute: PicoUsd,
        /// The median of the minutes before that had any.
        usual: PicoUsd,
    },
    /// A story costs much more than the others of its project.
    DearStory {
        /// The story.
        story: String,
        /// What it cost so far.
        cost: PicoUsd,
        /// The median of the others.
        median: PicoUsd,
        /// How many others there are.
        others: usize,
    },
    /// A cache that used to answer a good part answers hardly anything.
    HitRateCollapse {
        /// Which.
        cache: WatchedCache,
        /// The share before, in percent.
        usual_percent: u8,
        /// The share of the last calls, in percent.
        now_percent: u8,
    },
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SuddenCalls { last_minute, usual } => {
                write!(f, "{last_minute} model calls in a minute, usually {usual}")
            }
            Self::SuddenCost { last_minute, usual } => {
                write!(f, "{last_minute} USD spent in a minute, usually {usual}")
            }
            Self::DearStory { story, cost, median, others } => {
                write!(f, "story {story} has cost {cost} USD; the median of {others} others is {median}")
            }
            Self::HitRateCollapse { cache, usual_percent, now_percent } => {
                let cache = match cache {
                    WatchedCache::Prompts => "prompts",
                    WatchedCache::Answers => "answers",
                };
                write!(f, "the cache of {cache} answers {now_percent} %, before it was {usual_percent} %")
            }
        }
    }
}

/// A key that should be rotated, or of which nobody knows whether it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeyAge {
    /// The secret's name.
    pub name: String,
    /// Whole days since its current version was made; `None` where the store does not know.
    pub days: Option<u64>,
    /// The age from which on it is told, in days.
    pub most_days: u64,
}

impl KeyAge {
    /// A key of this age, of those that should not be older than `most_days`.
    #[must_use]
    pub fn new(name: impl Into<String>, days: Option<u64>, most_days: u64) -> Self {
        Self { name: name.into(), days, most_days }
    }
}

impl fmt::Display for KeyAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.days {
            Some(days) => write!(f, "the key {} is {days} days old, {} are allowed", self.name, self.most_days),
            None => write!(f, "nobody knows how old the key {} is, {} days are allowed", self.name, self.most_days),
        }
    }
}
