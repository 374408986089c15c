//! Vectors in the artifact store: each is made once.
//!
//! They lie in files below `{project}-{date}/vectors/{embedding type}`, each named by the hash of its content and never
//! changed. A file is
//!
//! ```text
//! "AIPVEC1\n"  numbers a vector (u32)  vectors (u32)  then for each: hash of the text (32 bytes), numbers (f32)
//! ```
//!
//! in little-endian order, of at most 4 MiB. A vector belongs to a text, not to a place: a segment that stays as it is
//! while its document changes is not embedded again, nor on another day of the project.

use crate::domain::{ArtifactKey, ArtifactPrefix, ContentHash, ProjectRoot};
use crate::ports::{ArtifactStore, ArtifactStoreExt as _, Embedder, EmbedderProfile, GetOptions};
use crate::{Error, ErrorKind, Result};
use bytes::Bytes;
use futures::StreamExt as _;
use std::collections::{HashMap, HashSet};

const MAGIC: &[u8; 8] = b"AIPVEC1\n";
const HEADER: usize = 16;
const HASH: usize = 32;
const MAX_FILE: usize = 4 * 1024 * 1024;
/// Numbers of a vector that still leave room for some in a file.
const MAX_DIMENSIONS: usize = 65_536;

/// The vectors of the texts, in their order: those that are stored below any of `roots`, and new ones for the others, which
/// are stored below the last root.
///
/// What was embedded before an error is stored all the same: it may have cost something.
///
/// # Errors
/// `InvalidInput` for a profile that can't be; `Internal` for an embedder that breaks its contract; `Corrupt` for a stored
/// file that is not what was written; those of embedder and store.
pub(super) async fn vectors_of(
    artifacts: &dyn ArtifactStore,
    embedder: &dyn Embedder,
    roots: &[ProjectRoot],
    texts: &[String],
) -> Result<Vec<Vec<f32>>> {
    let profile = embedder.profile();
    check_profile(&profile)?;
    let hashes: Vec<ContentHash> = texts.iter().map(|text| hash_of(text)).collect();
    let mut known = HashMap::new();
    for root in roots {
        load(artifacts, root, &profile, &mut known).await?;
    }
    let mut seen = HashSet::new();
    let missing: Vec<(ContentHash, &String)> =
        hashes.iter().copied().zip(texts).filter(|(hash, _)| !known.contains_key(hash) && seen.insert(*hash)).collect();
    if let (Some(root), false) = (roots.last(), missing.is_empty()) {
        let mut made = Vec::with_capacity(missing.len());
        let embedded = embed(embedder, &profile, &missing, &mut made).await;
        store(artifacts, root, &profile, &made).await?;
        embedded?;
        known.extend(made);
    }
    let lost = || Error::new(ErrorKind::Internal, "search.vectors", "a text has no vector");
    hashes.iter().map(|hash| known.get(hash).cloned().ok_or_else(lost)).collect()
}

fn hash_of(text: &str) -> ContentHash {
    ContentHash::of_parts(&["passage", text])
}

fn check_profile(profile: &EmbedderProfile) -> Result<()> {
    if (1..=MAX_DIMENSIONS).contains(&profile.dimensions) && profile.max_batch > 0 {
        return Ok(());
    }
    let error = Error::new(ErrorKind::InvalidInput, "search.vectors", "the embedder's profile can't be");
    Err(error.with("dimensions", profile.dimensions).with("max_batch", profile.max_batch))
}

/// Embeds batch after batch into `made`, which has what was done when one fails.
async fn embed(
    embedder: &dyn Embedder,
    profile: &EmbedderProfile,
    missing: &[(ContentHash, &String)],
    made: &mut Vec<(ContentHash, Vec<f32>)>,
) -> Result<()> {
    for batch in missing.chunks(profile.max_batch) {
        let texts: Vec<String> = batch.iter().map(|(_, text)| (*text).clone()).collect();
        let vectors = embedder.embed(&texts).await?;
        let is_well =
            |vector: &Vec<f32>| vector.len() == profile.dimensions && vector.iter().all(|number| number.is_finite());
        if vectors.len() != texts.len() || !vectors.iter().all(is_well) {
            let error = Error::new(ErrorKind::Internal, "search.vectors", "the embedder broke its contract");
            return Err(error.with("embedding_type", &profile.embedding_type));
        }
        made.extend(batch.iter().map(|(hash, _)| *hash).zip(vectors));
    }
    Ok(())
}

async fn store(
    artifacts: &dyn ArtifactStore,
    root: &ProjectRoot,
    profile: &EmbedderProfile,
    made: &[(ContentHash, Vec<f32>)],
) -> Result<()> {
    let a_file = (MAX_FILE - HEADER) / (HASH + 4 * profile.dimensions);
    for some in made.chunks(a_file.max(1)) {
        let content = write(profile.dimensions, some)?;
        let key = ArtifactKey::vector_file(root, &profile.embedding_type, &ContentHash::of(&content))?;
        artifacts.put_once(&key, content).await?;
    }
    Ok(())
}

fn write(dimensions: usize, vectors: &[(ContentHash, Vec<f32>)]) -> Result<Bytes> {
    let number = |size: usize| {
        u32::try_from(size).map_err(|error| {
            Error::new(ErrorKind::Internal, "search.vectors", "more vectors than a file may have").caused_by(error)
        })
    };
    let mut content = Vec::with_capacity(HEADER + vectors.len() * (HASH + 4 * dimensions));
    content.extend_from_slice(MAGIC);
    content.extend_from_slice(&number(dimensions)?.to_le_bytes());
    content.extend_from_slice(&number(vectors.len())?.to_le_bytes());
    for (hash, vector) in vectors {
        content.extend_from_slice(hash.as_bytes());
        content.extend(vector.iter().flat_map(|number| number.to_le_bytes()));
    }
    Ok(Bytes::from(content))
}

/// Adds all vectors of this type that are stored below the root.
async fn load(
    artifacts: &dyn ArtifactStore,
    root: &ProjectRoot,
    profile: &EmbedderProfile,
    known: &mut HashMap<ContentHash, Vec<f32>>,
) -> Result<()> {
    let mut files = artifacts.list(ArtifactPrefix::vectors(root, &profile.embedding_type)?);
    while let Some(entry) = files.next().await {
        let entry = entry?;
        if entry.bytes > MAX_FILE as u64 {
            return Err(corrupt(&entry.key, "is larger than any that is written"));
        }
        let content = artifacts.get(&entry.key, GetOptions::default()).await?.content;
        let name = entry.key.components().last().unwrap_or_default();
        if ContentHash::of(&content).to_hex() != name {
            return Err(corrupt(&entry.key, "is not what its name says"));
        }
        let read = read(&content, profile.dimensions).ok_or_else(|| corrupt(&entry.key, "is not of the form"))?;
        known.extend(read);
    }
    Ok(())
}

/// Vectors can be made anew, but not without a word: whoever reads this decides whether the file may go.
fn corrupt(key: &ArtifactKey, what: &str) -> Error {
    let message = format!("a file of vectors {what}; it may be deleted, its vectors are then made again");
    Error::new(ErrorKind::Corrupt, "search.vectors", message).with("key", key)
}

/// The vectors of a file; `None` where it is not of the form, or of another number of dimensions.
fn read(content: &[u8], dimensions: usize) -> Option<Vec<(ContentHash, Vec<f32>)>> {
    let rest = content.strip_prefix(MAGIC)?;
    let (said, rest) = rest.split_first_chunk::<4>()?;
    let (count, rest) = rest.split_first_chunk::<4>()?;
    let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
    let one = HASH + 4 * dimensions;
    if usize::try_from(u32::from_le_bytes(*said)).ok()? != dimensions || rest.len() != count.checked_mul(one)? {
        return None;
    }
    let vector = |bytes: &[u8]| {
        let (hash, numbers) = bytes.split_first_chunk::<HASH>()?;
        let numbers = numbers.as_chunks::<4>().0.iter().map(|number| f32::from_le_bytes(*number));
        let numbers: Vec<f32> = numbers.collect();
        numbers.iter().all(|number| number.is_finite()).then(|| (ContentHash::from_bytes(*hash), numbers))
    };
    rest.chunks_exact(one).map(vector).collect()
}
