//! Whether the last minute is unlike the minutes before it.

use super::MonitorOptions;
use super::median;
use crate::domain::{Anomaly, PicoUsd, Timestamp};
use std::collections::VecDeque;

const MINUTE_MS: i64 = 60_000;
/// How many minutes back the usual rate is looked for.
const MINUTES: i64 = 30;
/// How many of them have to have a call before there is a usual rate.
const LEAST_MINUTES: usize = 8;
/// Most calls of a minute that are told apart; more are counted as one of them.
const MOST_CALLS: usize = 20_000;

/// Calls and cost by the minute.
///
/// The usual rate is the median over the minutes of the last half hour that had a call, eight at least, the last minute
/// left out. A pause is
/// no rate, so work that begins again after one is compared with nothing until it has gone on for that long.
#[derive(Debug, Default)]
pub(super) struct RateWatch {
    /// Finished minutes, oldest first: number, calls, cost.
    minutes: VecDeque<(i64, u64, u64)>,
    /// Calls of the last sixty seconds.
    last: VecDeque<(i64, u64)>,
    calls_told: bool,
    cost_told: bool,
}

impl RateWatch {
    /// Takes a call that cost this note; what is told once is told again only after it was over.
    pub(super) fn note(&mut self, at: Timestamp, cost: PicoUsd, options: &MonitorOptions) -> Vec<Anomaly> {
        // Calls that end at once may be noted out of order.
        let newest = self.last.back().map_or(i64::MIN, |(at, _)| *at);
        let at = at.as_unix_millis().max(newest);
        self.add(at, cost.get());
        let before = (at - MINUTE_MS).div_euclid(MINUTE_MS);
        let usual: Vec<(u64, u64)> = self
            .minutes
            .iter()
            .filter(|(minute, ..)| *minute < before)
            .map(|(_, calls, cost)| (*calls, *cost))
            .collect();
        if usual.len() < LEAST_MINUTES {
            return Vec::new();
        }
        let usual_calls = median(usual.iter().map(|(calls, _)| *calls).collect());
        let usual_cost = median(usual.iter().map(|(_, cost)| *cost).collect());
        let calls = self.last.len() as u64;
        let spent = self.last.iter().fold(0_u64, |sum, (_, cost)| sum.saturating_add(*cost));
        let mut found = Vec::new();
        if tells(&mut self.calls_told, (calls, usual_calls, options.least_calls), options.rate_factor) {
            found.push(Anomaly::SuddenCalls { last_minute: calls, usual: usual_calls });
        }
        if tells(&mut self.cost_told, (spent, usual_cost, options.least_cost.get()), options.rate_factor) {
            found.push(Anomaly::SuddenCost { last_minute: PicoUsd::new(spent), usual: PicoUsd::new(usual_cost) });
        }
        found
    }

    fn add(&mut self, at: i64, cost: u64) {
        let minute = at.div_euclid(MINUTE_MS);
        match self.minutes.back_mut() {
            Some((last, calls, sum)) if *last == minute => {
                *calls += 1;
                *sum = sum.saturating_add(cost);
            }
            _ => self.minutes.push_back((minute, 1, cost)),
        }
        while self.minutes.front().is_some_and(|(first, ..)| *first < minute - MINUTES) {
            self.minutes.pop_front();
        }
        if self.last.len() == MOST_CALLS {
            self.last.pop_front();
        }
        self.last.push_back((at, cost));
        while self.last.front().is_some_and(|(first, _)| *first <= at - MINUTE_MS) {
            self.last.pop_front();
        }
    }
}

/// Whether this is the moment to tell that a minute is sudden: once, until it is less than twice the usual again.
fn tells(told: &mut bool, (now, usual, least): (u64, u64, u64), factor: u32) -> bool {
    if now <= usual.saturating_mul(2) {
        *told = false;
    }
    let is_sudden = now >= least && now > usual.saturating_mul(u64::from(factor));
    let tells = is_sudden && !*told;
    *told |= is_sudden;
    tells
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(times: impl IntoIterator<Item = (i64, u64)>) -> Vec<(i64, Anomaly)> {
        let (mut watch, options) = (RateWatch::default(), MonitorOptions::default());
        let noted = times.into_iter().flat_map(|(at, cost)| {
            let found = watch.note(Timestamp::from_unix_millis(at), PicoUsd::new(cost), &options);
            found.into_iter().map(move |anomaly| (at, anomaly)).collect::<Vec<_>>()
        });
        noted.collect()
    }

    const CENT: u64 = 10_000_000_000;

    #[test]
    fn a_burst_is_told_once_and_again_after_it_was_over() {
        let calm = |from: i64| (0..60).map(move |number| (from + number * 10_000, CENT));
        let burst = |from: i64| (0..100).map(move |number| (from + number * 100, CENT));
        let times = calm(0).chain(burst(600_000)).chain(calm(660_000)).chain(burst(1_260_000));
        let found = run(times);
        let kinds: Vec<_> =
            found.iter().map(|(at, anomaly)| (*at, matches!(anomaly, Anomaly::SuddenCalls { .. }))).collect();
        // Six calls a minute are usual: 31 are more than five times that; of cents it takes fifty, half a dollar.
        assert_eq!(kinds.len(), 4, "{found:?}");
        assert!(kinds[0].1 && !kinds[1].1 && kinds[2].1 && !kinds[3].1, "{found:?}");
        assert!(kinds[0].0 < kinds[1].0 && kinds[1].0 < 610_000 && kinds[2].0 > 1_260_000, "{found:?}");
        assert_eq!(found[0].1, Anomaly::SuddenCalls { last_minute: 31, usual: 6 });
    }

    #[test]
    fn dearer_calls_are_sudden_cost_and_no_sudden_calls() {
        let found = run((0..120).map(|number| (number * 10_000, if number < 60 { CENT } else { 20 * CENT })));
        assert!(matches!(found.as_slice(), [(_, Anomaly::SuddenCost { .. })]), "{found:?}");
    }

    #[test]
    fn a_beginning_and_a_pause_are_no_burst() {
        let burst = |from: i64| (0..200).map(move |number| (from + number * 100, CENT));
        assert_eq!(run(burst(0)), []);
        let hour = 3_600_000;
        let calm = (0..60).map(|number| (number * 10_000, CENT));
        assert_eq!(run(calm.chain(burst(hour))), []);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Calls come at any pace, each within half of it, and cost the same give or take half.
        #[test]
        fn steady_load_is_never_told(
            every in 200..20_000_i64,
            start in 0..60_000_i64,
            noise in prop::collection::vec((0..1000_i64, 500..1500_u64), 50..1500),
            price in 1..100_u64,
        ) {
            let times = (0..).zip(&noise).map(|(number, (late, cost))| {
                (start + number * every + every * late / 2000, price * CENT / 1000 * cost)
            });
            prop_assert_eq!(run(times), []);
        }
    }
}
