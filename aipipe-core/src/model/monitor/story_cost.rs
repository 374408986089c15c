//! Whether a story costs much more than the others.

use super::{MonitorOptions, median};
use crate::domain::{Anomaly, PicoUsd};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Most stories that are compared.
pub(super) const MOST_STORIES: usize = 500;

/// What the stories of a project cost, each named by its execution and itself.
///
/// Median and median absolute deviation (P. Rousseeuw and C. Croux, "Alternatives to the Median Absolute Deviation", 1993):
/// a few dear stories do not hide the next one, as they would with mean and standard deviation. Where nearly all cost the
/// same, the deviation is at least a quarter of the median.
#[derive(Debug, Default)]
pub(super) struct StoryWatch {
    costs: BTreeMap<(String, String), u64>,
    order: VecDeque<(String, String)>,
    told: BTreeSet<(String, String)>,
}

impl StoryWatch {
    /// Takes note of what a story has cost so far. Each story is told once.
    pub(super) fn note(
        &mut self,
        (execution, story): (&str, &str),
        cost: PicoUsd,
        options: &MonitorOptions,
    ) -> Option<Anomaly> {
        let of = (execution.to_owned(), story.to_owned());
        self.learn(of.clone(), cost);
        let others: Vec<u64> = self.costs.iter().filter(|(known, _)| **known != of).map(|(_, cost)| *cost).collect();
        if others.len() < options.least_stories.max(1) || self.told.contains(&of) {
            return None;
        }
        let count = others.len();
        let middle = median(others.clone());
        let spread = median(others.into_iter().map(|cost| cost.abs_diff(middle)).collect());
        if !is_far(cost.get(), middle, spread, options.story_factor) {
            return None;
        }
        self.told.insert(of);
        Some(Anomaly::DearStory { story: story.to_owned(), cost, median: PicoUsd::new(middle), others: count })
    }

    /// Takes a story's cost as known without judging it.
    pub(super) fn learn(&mut self, of: (String, String), cost: PicoUsd) {
        if self.costs.insert(of.clone(), cost.get()).is_none() {
            self.order.push_back(of);
        }
        while self.order.len() > MOST_STORIES {
            if let Some(oldest) = self.order.pop_front() {
                self.costs.remove(&oldest);
                self.told.remove(&oldest);
            }
        }
    }
}

/// More than `factor` times the median, and more than as many deviations plus one from it. 1.4826 makes the median absolute
/// deviation what the standard deviation is for a normal distribution.
fn is_far(cost: u64, middle: u64, spread: u64, factor: u32) -> bool {
    let (cost, middle, spread, factor) = (u128::from(cost), u128::from(middle), u128::from(spread), u128::from(factor));
    let deviation = (spread * 14_826).max(middle * 2_500);
    middle > 0 && cost > middle * factor && (cost - middle) * 10_000 > deviation * (factor + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn noted(costs: &[u64]) -> Vec<Anomaly> {
        let (mut watch, options) = (StoryWatch::default(), MonitorOptions::default());
        let note = |(number, cost): (usize, &u64)| {
            let story = format!("us-{number}");
            // A story's cost grows call by call.
            (1..=4).find_map(|part| watch.note(("run-1", &story), PicoUsd::new(cost * part / 4), &options))
        };
        costs.iter().enumerate().filter_map(note).collect()
    }

    #[test]
    fn a_story_far_from_the_median_is_told_once_there_are_enough_others() {
        let mut costs = vec![100, 120, 90, 110, 95, 105, 130, 100];
        let found = noted(&[costs.clone(), vec![1000]].concat());
        assert!(
            matches!(&found[..], [Anomaly::DearStory { story, others: 8, median, .. }] if story == "us-8" && median.get() == 102),
            "{found:?}"
        );
        // The next dear one is told as well: the first has not moved what is usual.
        assert_eq!(noted(&[costs.clone(), vec![1000, 1000, 1000]].concat()).len(), 3);
        // The controls: too few others, and one that is dear but not far.
        costs.pop();
        assert_eq!(noted(&[costs.clone(), vec![1000]].concat()), []);
        costs.push(100);
        assert_eq!(noted(&[costs, vec![400]].concat()), []);
    }

    #[test]
    fn where_costs_differ_a_lot_it_takes_more() {
        let wide = [10, 200, 40, 500, 90, 300, 20, 150, 400, 60];
        assert_eq!(noted(&[&wide[..], &[900]].concat()), []);
        assert_eq!(noted(&[&wide[..], &[2000]].concat()).len(), 1);
    }

    #[test]
    fn memory_is_bounded() {
        let (mut watch, options) = (StoryWatch::default(), MonitorOptions::default());
        for number in 0..2 * MOST_STORIES {
            watch.note(("run-1", &number.to_string()), PicoUsd::new(1), &options);
        }
        assert_eq!((watch.costs.len(), watch.order.len()), (MOST_STORIES, MOST_STORIES));
    }

    proptest! {
        #[test]
        fn stories_within_four_times_the_cheapest_are_never_told(
            least in 1_000..1_000_000_u64,
            parts in prop::collection::vec(1000..4000_u64, 0..80),
        ) {
            let (mut watch, options) = (StoryWatch::default(), MonitorOptions::default());
            for (number, part) in parts.iter().enumerate() {
                let found = watch.note(("run-1", &number.to_string()), PicoUsd::new(least * part / 1000), &options);
                prop_assert_eq!(found, None);
            }
        }
    }
}
