//! What things cost: integers of 10⁻¹² US dollars, never floats.

use serde::{Deserialize, Serialize};
use std::fmt;

/// US dollars in units of 10⁻¹² (pico-USD). The largest value is about 18.4 million dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PicoUsd(u64);

impl PicoUsd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From pico-USD.
    #[must_use]
    pub const fn new(pico: u64) -> Self {
        Self(pico)
    }

    /// The number of pico-USD.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The sum; the largest value when it does not fit.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The sum, or `None` when it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }
}

/// Dollars with up to twelve decimals, at least two: `0.00`, `0.0135`.
impl fmt::Display for PicoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNIT: u64 = 1_000_000_000_000;
        let decimals = format!("{:012}", self.0 % UNIT);
        let kept = decimals.trim_end_matches('0');
        write!(f, "{}.{kept:0<2}", self.0 / UNIT)
    }
}

/// What something cost, as far as it is known. An unknown price is never counted as zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cost {
    /// All of it is known.
    Known(PicoUsd),
    /// At least this much; the price of some part is unknown.
    AtLeast(PicoUsd),
}

impl Cost {
    /// Nothing was spent, and that is known.
    pub const ZERO: Self = Self::Known(PicoUsd::ZERO);

    /// The part that is known.
    #[must_use]
    pub fn known_part(self) -> PicoUsd {
        match self {
            Self::Known(part) | Self::AtLeast(part) => part,
        }
    }

    /// The sum; unknown as soon as one side is, or when it does not fit.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        match (self.known_part().checked_add(other.known_part()), self, other) {
            (Some(sum), Self::Known(_), Self::Known(_)) => Self::Known(sum),
            (Some(sum), _, _) => Self::AtLeast(sum),
            (None, _, _) => Self::AtLeast(PicoUsd::new(u64::MAX)),
        }
    }
}

impl Default for Cost {
    fn default() -> Self {
        Self::ZERO
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(part) => write!(f, "{part} USD"),
            Self::AtLeast(part) => write!(f, "at least {part} USD (a price is unknown)"),
        }
    }
}
