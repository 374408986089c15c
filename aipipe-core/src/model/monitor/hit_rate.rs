//! Whether a cache has stopped to answer.

use super::MonitorOptions;
use crate::domain::{Anomaly, WatchedCache};
use std::collections::VecDeque;

/// How many calls are the present.
const NOW: usize = 30;
/// How many calls before them are what is usual.
const BEFORE: usize = 100;
/// How many of those there have to be.
const LEAST_BEFORE: usize = 50;

/// Hits of the last calls: of each how much could have been a hit, and how much was.
#[derive(Debug)]
pub(super) struct HitWatch {
    cache: WatchedCache,
    calls: VecDeque<(u64, u64)>,
    told: bool,
}

impl HitWatch {
    pub(super) fn of(cache: WatchedCache) -> Self {
        Self { cache, calls: VecDeque::new(), told: false }
    }

    /// Takes note of a call. A collapse is told once, until the rate is half of what it was again.
    pub(super) fn note(&mut self, hits: u64, all: u64, options: &MonitorOptions) -> Option<Anomaly> {
        self.calls.push_back((hits.min(all), all));
        if self.calls.len() > NOW + BEFORE {
            self.calls.pop_front();
        }
        let before = self.calls.len().checked_sub(NOW).filter(|before| *before >= LEAST_BEFORE)?;
        let usual = percent(self.calls.iter().take(before))?;
        let now = percent(self.calls.iter().skip(before))?;
        if now * 2 >= usual {
            self.told = false;
        }
        let has_collapsed = usual >= options.least_hit_percent && now * options.collapse_factor < usual;
        let tells = has_collapsed && !self.told;
        self.told |= has_collapsed;
        let anomaly = || {
            let percent = |percent: u32| u8::try_from(percent).unwrap_or(100);
            Anomaly::HitRateCollapse { cache: self.cache, usual_percent: percent(usual), now_percent: percent(now) }
        };
        tells.then(anomaly)
    }
}

/// The share of hits in percent; `None` where nothing could have been one.
fn percent<'a>(calls: impl Iterator<Item = &'a (u64, u64)>) -> Option<u32> {
    let (hits, all) =
        calls.fold((0_u128, 0_u128), |(hits, all), (hit, one)| (hits + u128::from(*hit), all + u128::from(*one)));
    u32::try_from((hits * 100).checked_div(all)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn noted(calls: impl IntoIterator<Item = (u64, u64)>) -> Vec<Anomaly> {
        let (mut watch, options) = (HitWatch::of(WatchedCache::Prompts), MonitorOptions::default());
        calls.into_iter().filter_map(|(hits, all)| watch.note(hits, all, &options)).collect()
    }

    fn times(count: usize, call: (u64, u64)) -> impl Iterator<Item = (u64, u64)> {
        std::iter::repeat_n(call, count)
    }

    #[test]
    fn a_collapse_is_told_once_and_again_after_it_recovered() {
        let found = noted(times(100, (800, 1000)).chain(times(60, (0, 1000))));
        assert!(
            matches!(found[..], [Anomaly::HitRateCollapse { usual_percent: 80, now_percent, .. }] if now_percent < 20),
            "{found:?}"
        );
        let again = times(100, (8, 10)).chain(times(31, (0, 10))).chain(times(200, (8, 10))).chain(times(31, (0, 10)));
        assert_eq!(noted(again).len(), 2);
        // The controls: it falls to half, it never was good, it has only begun, and nothing could be cached.
        assert_eq!(noted(times(100, (8, 10)).chain(times(100, (4, 10)))), []);
        assert_eq!(noted(times(100, (2, 10)).chain(times(100, (0, 10)))), []);
        assert_eq!(noted(times(49, (8, 10)).chain(times(30, (0, 10)))), []);
        assert_eq!(noted(times(300, (0, 0))), []);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The same course of hits and misses again and again, as rounds of work on stories are.
        #[test]
        fn a_steady_course_is_never_told(
            course in prop::collection::vec((0..=1000_u64, 1000..2000_u64), 1..10),
            calls in 0..600_usize,
        ) {
            prop_assert_eq!(noted(course.into_iter().cycle().take(calls)), []);
        }
    }
}
