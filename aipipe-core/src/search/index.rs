//! The index of some passages, and what it answers.

use super::bm25::Bm25;
use super::passage::{Cited, Passage};
use crate::ports::Embedder;
use crate::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What one looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// In words.
    pub text: String,
    /// Most hits.
    pub limit: usize,
}

impl Query {
    /// The ten best passages for these words.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), limit: 10 }
    }

    /// The same for at most so many hits.
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }
}

/// A passage that was found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Hit {
    /// The words, and where they stand.
    pub cited: Cited,
    /// How good it is beside the others of the same search; larger is better, and means nothing across searches.
    pub score: f64,
    /// Its place by words, from 1, where it shares any with the query.
    pub by_words: Option<usize>,
    /// Its place by vectors, from 1, where there are vectors and it is among the nearest.
    pub by_vectors: Option<usize>,
}

/// The constant of reciprocal rank fusion: how little the first places count beside those after them (G. Cormack,
/// C. Clarke and S. Büttcher, "Reciprocal Rank Fusion", 2009, which found 60).
const FUSION: f64 = 60.0;

/// How far down both rankings are looked at when they are put together.
const DEPTH: usize = 100;

/// An index over passages, which finds them by words, and by vectors where it has some.
#[derive(Debug)]
pub struct SearchIndex {
    passages: Vec<Passage>,
    words: Bm25,
    vectors: Option<Vectors>,
}

/// A vector of each passage, and what makes one of a query.
#[derive(Debug)]
struct Vectors {
    embedder: Arc<dyn Embedder>,
    of_passages: Vec<Vec<f32>>,
}

impl SearchIndex {
    /// An index by words alone.
    #[must_use]
    pub fn of(passages: Vec<Passage>) -> Self {
        let words = Bm25::of(passages.iter().map(Passage::text));
        Self { passages, words, vectors: None }
    }

    /// The same with a vector of each passage's [`text`](Passage::text), made by `embedder`.
    ///
    /// # Errors
    /// `InvalidInput` when there are not as many vectors as passages.
    pub fn with_vectors(mut self, embedder: Arc<dyn Embedder>, vectors: Vec<Vec<f32>>) -> Result<Self> {
        if vectors.len() != self.passages.len() {
            let error = Error::new(ErrorKind::InvalidInput, "search.index", "each passage needs one vector");
            return Err(error.with("passages", self.passages.len()).with("vectors", vectors.len()));
        }
        self.vectors = Some(Vectors { embedder, of_passages: vectors });
        Ok(self)
    }

    /// The passages, in the order they were given.
    #[must_use]
    pub fn passages(&self) -> &[Passage] {
        &self.passages
    }

    /// The best passages for a query, the best first. Of equal ones the earlier comes first.
    ///
    /// # Errors
    /// `InvalidInput` for a query without words; those of the embedder.
    pub async fn search(&self, query: &Query) -> Result<Vec<Hit>> {
        if query.text.trim().is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "search", "the query is blank"));
        }
        let by_words = self.words.rank(&query.text);
        let Some(Vectors { embedder, of_passages }) = &self.vectors else {
            return Ok(self.hits(
                query.limit,
                by_words.into_iter().enumerate().map(|(place, (passage, score))| {
                    (passage, Places { by_words: Some(place + 1), by_vectors: None, score })
                }),
            ));
        };
        let asked = embedder.embed(std::slice::from_ref(&query.text)).await?;
        let asked = asked
            .first()
            .ok_or_else(|| Error::new(ErrorKind::Internal, "search", "the embedder made no vector of the query"))?;
        let depth = DEPTH.max(query.limit);
        Ok(self.hits(query.limit, fused(&by_words, &nearest(of_passages, asked), depth)))
    }

    fn hits(&self, limit: usize, found: impl IntoIterator<Item = (usize, Places)>) -> Vec<Hit> {
        let hit = |(passage, places): (usize, Places)| {
            let cited = self.passages.get(passage)?.cited.clone();
            let Places { by_words, by_vectors, score } = places;
            Some(Hit { cited, score, by_words, by_vectors })
        };
        found.into_iter().filter_map(hit).take(limit).collect()
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Places {
    by_words: Option<usize>,
    by_vectors: Option<usize>,
    score: f64,
}

/// Passages by the cosine to a vector, the nearest first; none that points elsewhere.
fn nearest(vectors: &[Vec<f32>], asked: &[f32]) -> Vec<(usize, f64)> {
    let cosine = |vector: &Vec<f32>| vector.iter().zip(asked).map(|(one, other)| one * other).sum::<f32>();
    let of_each = vectors.iter().enumerate().map(|(passage, vector)| (passage, f64::from(cosine(vector))));
    let mut near: Vec<(usize, f64)> = of_each.filter(|(_, cosine)| *cosine > 0.0).collect();
    near.sort_by(|one, other| other.1.total_cmp(&one.1));
    near
}

/// Two rankings as one: each passage counts 1 / (60 + its place) for each it is in.
fn fused(by_words: &[(usize, f64)], by_vectors: &[(usize, f64)], depth: usize) -> Vec<(usize, Places)> {
    let mut found: BTreeMap<usize, Places> = BTreeMap::new();
    let worth = |place: usize| 1.0 / (FUSION + place as f64);
    for (place, (passage, _)) in (1..).zip(by_words.iter().take(depth)) {
        let places = found.entry(*passage).or_default();
        places.by_words = Some(place);
        places.score += worth(place);
    }
    for (place, (passage, _)) in (1..).zip(by_vectors.iter().take(depth)) {
        let places = found.entry(*passage).or_default();
        places.by_vectors = Some(place);
        places.score += worth(place);
    }
    let mut found: Vec<(usize, Places)> = found.into_iter().collect();
    found.sort_by(|one, other| other.1.score.total_cmp(&one.1.score));
    found
}
