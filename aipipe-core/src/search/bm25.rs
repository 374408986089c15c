//! BM25 over any passages (S. Robertson, K. Spärck Jones and others; the form of Robertson and Zaragoza, "The
//! Probabilistic Relevance Framework: BM25 and Beyond", 2009).

use super::terms::terms;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How soon more of the same term counts for little.
const K1: f64 = 1.2;
/// How much a long passage has to say more to count as much.
const B: f64 = 0.75;

/// An inverted index: which passages have a term, and how often.
///
/// The rarity of a term is ln(1 + (N − n + ½) / (n + ½)), which is never negative, for n of N passages. The same passages in
/// the same order give the same index and the same scores.
#[derive(Debug, Default, Clone)]
pub struct Bm25 {
    numbers: HashMap<String, usize, foldhash::fast::FixedState>,
    /// By term: passages in ascending order, each with how often it has the term.
    postings: Vec<Vec<(usize, u32)>>,
    /// Terms of each passage.
    lengths: Vec<u32>,
    total_terms: u64,
}

impl Bm25 {
    /// The index of these texts; they are numbered from 0 in their order.
    pub fn of<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        let mut index = Self::default();
        for text in texts {
            index.add(&terms(text.as_ref()));
        }
        index
    }

    /// Adds a passage with these terms.
    fn add(&mut self, terms: &[String]) {
        let number = self.lengths.len();
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        for term in terms {
            let count = counts.entry(term).or_default();
            *count = count.saturating_add(1);
        }
        for (term, count) in counts {
            let next = self.postings.len();
            let term = match self.numbers.get(term) {
                Some(known) => *known,
                None => {
                    self.numbers.insert(term.to_owned(), next);
                    self.postings.push(Vec::new());
                    next
                }
            };
            if let Some(posting) = self.postings.get_mut(term) {
                posting.push((number, count));
            }
        }
        let length = u32::try_from(terms.len()).unwrap_or(u32::MAX);
        self.lengths.push(length);
        self.total_terms = self.total_terms.saturating_add(u64::from(length));
    }

    /// How many passages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Whether there is no passage.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// The passages that have any term of the query, the best first; of equal ones the earlier first.
    ///
    /// Scores are positive and compare within one query only.
    #[must_use]
    pub fn rank(&self, query: &str) -> Vec<(usize, f64)> {
        self.rank_by(query, Self::rarity)
    }

    fn rank_by(&self, query: &str, rarity: impl Fn(&Self, usize) -> f64) -> Vec<(usize, f64)> {
        let average = (self.total_terms as f64 / self.lengths.len().max(1) as f64).max(1.0);
        let mut scores: BTreeMap<usize, f64> = BTreeMap::new();
        let asked: BTreeSet<String> = terms(query).into_iter().collect();
        for term in asked.iter().filter_map(|term| self.numbers.get(term)) {
            let Some(posting) = self.postings.get(*term) else { continue };
            let rarity = rarity(self, posting.len());
            for (passage, count) in posting {
                let length = self.lengths.get(*passage).copied().unwrap_or_default();
                let count = f64::from(*count);
                let norm = K1 * (1.0 - B + B * f64::from(length) / average);
                *scores.entry(*passage).or_default() += rarity * count * (K1 + 1.0) / (count + norm);
            }
        }
        let mut ranked: Vec<(usize, f64)> = scores.into_iter().collect();
        // Stable: equal ones stay in the order of their numbers.
        ranked.sort_by(|one, other| other.1.total_cmp(&one.1));
        ranked
    }

    fn rarity(&self, having: usize) -> f64 {
        let (all, having) = (self.lengths.len() as f64, having as f64);
        (1.0 + (all - having + 0.5) / (having + 0.5)).ln()
    }
}

#[cfg(test)]
impl Bm25 {
    /// The control: terms count the more the more passages have them.
    pub(super) fn rank_by_frequent_terms(&self, query: &str) -> Vec<(usize, f64)> {
        self.rank_by(query, |index, having| index.rarity(index.lengths.len() - having))
    }

    /// The control: how often the query's terms occur, and nothing else.
    pub(super) fn rank_by_count(&self, query: &str) -> Vec<(usize, f64)> {
        let mut scores = vec![0.0; self.lengths.len()];
        for term in terms(query).iter().filter_map(|term| self.numbers.get(term)) {
            self.postings[*term].iter().for_each(|(passage, count)| scores[*passage] += f64::from(*count));
        }
        let mut ranked: Vec<(usize, f64)> = scores.into_iter().enumerate().filter(|(_, score)| *score > 0.0).collect();
        ranked.sort_by(|one, other| other.1.total_cmp(&one.1));
        ranked
    }
}

#[cfg(test)]
mod tests {
    use super::Bm25;
    use proptest::prelude::*;

    #[test]
    fn scores_are_those_of_the_formula() {
        let index = Bm25::of(["red bike", "red red bike with a long chain", "blue boat"]);
        // By hand: N 3, lengths 2, 5, 2 (`with` and `a` are no terms), average 3; `boat` is in one passage.
        let rarity = (1.0_f64 + 2.5 / 1.5).ln();
        let expected = rarity * 2.2 / (1.0 + 1.2 * (0.25 + 0.75 * 2.0 / 3.0));
        let found = index.rank("a boat");
        assert_eq!(found.len(), 1);
        assert!((found[0].1 - expected).abs() < 1e-12 && found[0].0 == 2, "{found:?}, {expected}");
        assert!(index.rank("the of").is_empty() && index.rank("").is_empty() && Bm25::default().rank("x").is_empty());
        // Twice the same term in a query is one term.
        assert_eq!(index.rank("red"), index.rank("red red"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whatever_is_indexed_and_asked_is_ranked_alike_each_time(
            texts in prop::collection::vec("[a-cA-C_ ß文]{0,20}", 0..20),
            query in "\\PC{0,20}|[a-c ]{0,12}",
        ) {
            let (one, other) = (Bm25::of(&texts), Bm25::of(&texts));
            let ranked = one.rank(&query);
            prop_assert_eq!(&ranked, &other.rank(&query));
            prop_assert!(ranked.iter().all(|(passage, score)| *passage < texts.len() && *score > 0.0 && score.is_finite()));
            prop_assert!(ranked.windows(2).all(|pair| pair[0].1 >= pair[1].1));
        }
    }
}
