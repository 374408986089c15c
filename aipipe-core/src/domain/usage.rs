//! What model calls used.

use super::money::Cost;
use serde::{Deserialize, Serialize};

/// Tokens of one or more model calls. The whole prompt is `input + cache_write + cache_read`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Input tokens that were neither written to nor read from the provider's prompt cache.
    pub input_tokens: u64,
    /// Input tokens written to the prompt cache.
    pub cache_write_tokens: u64,
    /// Those of them that are kept for an hour instead of minutes, at another price.
    #[serde(default)]
    pub cache_write_1h_tokens: u64,
    /// Input tokens read from the prompt cache.
    pub cache_read_tokens: u64,
    /// Output tokens, reasoning included.
    pub output_tokens: u64,
}

impl Usage {
    /// The sum of both, saturating.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            cache_write_tokens: self.cache_write_tokens.saturating_add(other.cache_write_tokens),
            cache_write_1h_tokens: self.cache_write_1h_tokens.saturating_add(other.cache_write_1h_tokens),
            cache_read_tokens: self.cache_read_tokens.saturating_add(other.cache_read_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
        }
    }
}

/// Usage and cost of everything an execution, a stage or a story asked models for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spending {
    /// Number of model calls that were answered.
    pub calls: u64,
    /// Their tokens.
    pub usage: Usage,
    /// Their cost.
    pub cost: Cost,
}

impl Spending {
    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            usage: self.usage.plus(other.usage),
            cost: self.cost.plus(other.cost),
        }
    }
}

/// What several model calls used, cost and saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tally {
    /// Calls that were answered, those from a cache included.
    pub calls: u64,
    /// Those of them that were answered from the host's cache of answers.
    pub cache_hits: u64,
    /// Calls that were made because the answer of a weaker model was not good enough.
    pub escalations: u64,
    /// Tokens, of answers that were not from that cache.
    pub usage: Usage,
    /// What it cost.
    pub cost: Cost,
    /// What the answers from the cache would have cost.
    pub saved: Cost,
}

impl Tally {
    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            cache_hits: self.cache_hits.saturating_add(other.cache_hits),
            escalations: self.escalations.saturating_add(other.escalations),
            usage: self.usage.plus(other.usage),
            cost: self.cost.plus(other.cost),
            saved: self.saved.plus(other.saved),
        }
    }
}
