//! Vectors of words, without a model.

use super::terms::terms;
use crate::ports::{Embedder, EmbedderProfile};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use std::collections::BTreeMap;

/// Numbers a vector.
const DIMENSIONS: usize = 512;
/// Texts a call: there is nothing to wait for, this only bounds what is in memory at once.
const MAX_BATCH: usize = 256;
/// What a part of a word counts beside the word.
const PART: f32 = 0.25;

/// Turns texts into vectors by hashing their terms (K. Weinberger and others, "Feature Hashing for Large Scale Multitask
/// Learning", 2009). Needs no download and no network; the same text gives the same vector in every process.
///
/// A term counts 1 + ln(how often it occurs), times a stand-in for its rarity: no corpus is known here, and longer words
/// are rarer, so it is ln(2 + letters). Runs of three letters count a little too, so `authenticate` and
/// `authentication` are near each other.
///
/// What it can do: find texts that share words or parts of words, whatever their length and order. What it can't: know that
/// `car` and `vehicle` mean the same, tell `not` from its absence, or know which words are rare in a project, which BM25
/// does. Two different terms may fall on one number; with 512 of them that blurs long texts. An embedder with a model behind
/// it is better at all of this and plugs in at the same place.
#[derive(Debug, Clone, Copy, Default)]
pub struct LexicalEmbedder;

#[async_trait]
impl Embedder for LexicalEmbedder {
    fn profile(&self) -> EmbedderProfile {
        EmbedderProfile::new("lexical-512-v1", DIMENSIONS, MAX_BATCH)
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        if texts.len() > MAX_BATCH {
            let error = Error::new(ErrorKind::InvalidInput, "embed", "more texts than one call may have");
            return Err(error.with("texts", texts.len()).with("most", MAX_BATCH));
        }
        Ok(texts.iter().map(|text| vector(text)).collect())
    }
}

/// The vector of a text, of unit length; of a text without terms that of a term of its own.
fn vector(text: &str) -> Vec<f32> {
    let mut counts: BTreeMap<String, u16> = BTreeMap::new();
    for term in terms(text) {
        let count = counts.entry(term).or_default();
        *count = count.saturating_add(1);
    }
    let mut vector = vec![0.0_f32; DIMENSIONS];
    for (term, count) in &counts {
        let letters = u16::try_from(term.chars().count()).unwrap_or(u16::MAX);
        let weight = (1.0 + f32::from(*count).ln()) * (2.0 + f32::from(letters)).ln();
        add(&mut vector, "word", term, weight);
        // The marks at both ends make a beginning another part than the same letters within.
        let marked: Vec<char> = std::iter::once('^').chain(term.chars()).chain(['$']).collect();
        for part in marked.windows(3) {
            add(&mut vector, "part", &part.iter().collect::<String>(), PART * weight);
        }
    }
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
    if length < f32::EPSILON {
        vector.fill(0.0);
        add(&mut vector, "none", "", 1.0);
        return vector;
    }
    vector.iter().map(|number| number / length).collect()
}

fn add(vector: &mut [f32], kind: &str, feature: &str, weight: f32) {
    let hash = hash(kind, feature);
    let at = usize::try_from(hash % (DIMENSIONS as u64)).unwrap_or_default();
    // A sign of its own keeps what falls on one number from always adding up.
    let signed = if hash >> 63 == 0 { weight } else { -weight };
    if let Some(number) = vector.get_mut(at) {
        *number += signed;
    }
}

/// FNV-1a in 64 bits with a finalizer (that of MurmurHash3): vectors are stored, so the hash must never change.
fn hash(kind: &str, feature: &str) -> u64 {
    let bytes = kind.bytes().chain([0]).chain(feature.bytes());
    let mut hash = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nearness(one: &str, other: &str) -> f32 {
        vector(one).iter().zip(vector(other)).map(|(one, other)| one * other).sum()
    }

    #[test]
    fn texts_that_share_words_or_parts_of_them_are_near() {
        let near = nearness("A clerk cancels a booking.", "Bookings can be cancelled by clerks");
        let of_parts = nearness("user authentication", "authenticate users");
        let far = nearness("A clerk cancels a booking.", "The invoice shows the tax rate");
        assert!(near > 0.95 && of_parts > 0.5 && far < 0.2, "{near} {of_parts} {far}");
    }

    #[test]
    fn a_vector_that_is_stored_is_the_one_that_is_made() {
        // Where these change, the embedding type has to: what is stored would be compared with something else.
        let vector = vector("cancelBooking");
        let strongest = (0..DIMENSIONS).max_by(|a, b| vector[*a].abs().total_cmp(&vector[*b].abs())).unwrap();
        let expected = usize::try_from(hash("word", "cancelbooking") % 512).unwrap();
        assert_eq!((strongest, expected, hash("word", "cancel") % 512), (321, 321, 381));
    }

    proptest! {
        #[test]
        fn any_text_has_a_vector_of_unit_length(text in "\\PC{0,200}") {
            let length = vector(&text).iter().map(|number| number * number).sum::<f32>().sqrt();
            prop_assert!((length - 1.0).abs() < 0.001, "{}", length);
        }
    }
}
