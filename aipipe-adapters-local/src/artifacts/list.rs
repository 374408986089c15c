//! Listing: a walk in the order of the keys' text, a few hundred at a time.

use super::tree::{Found, Tree, failed, fold, shard_and_hash};
use super::write::read_claim;
use crate::os_error::os_error;
use aipipe_core::domain::{ArtifactKey, ArtifactPrefix};
use aipipe_core::ports::ArtifactEntry;
use aipipe_core::{Error, ErrorKind, Result};
use rustix::fs::FileType;
use rustix::io::Errno;

const LIST: &str = "artifact.list";
/// Names looked at before the walk gives the thread back.
const CHUNK: usize = 256;

/// A walk that is under way: what is left of the folders it is in, the innermost last, each from its end.
#[derive(Debug)]
pub(super) struct Walk {
    open: Vec<Vec<Place>>,
}

#[derive(Debug)]
struct Place {
    path: String,
    kind: FileType,
}

impl Walk {
    /// A walk through everything below `prefix`.
    pub(super) fn new(prefix: &ArtifactPrefix) -> Self {
        Self { open: vec![vec![Place { path: prefix.as_str().to_owned(), kind: FileType::Directory }]] }
    }

    /// The next keys; none are left when this is empty.
    pub(super) fn next_chunk(&mut self, tree: &Tree) -> Vec<Result<ArtifactEntry>> {
        let mut found = Vec::new();
        let mut looked_at = 0;
        while let Some(places) = self.open.last_mut() {
            if looked_at >= CHUNK && !found.is_empty() {
                break;
            }
            looked_at += 1;
            let Some(place) = places.pop() else {
                self.open.pop();
                continue;
            };
            match place.kind {
                FileType::Directory => match names(tree, &place.path) {
                    Ok(inner) => self.open.push(inner),
                    Err(error) => found.push(Err(error)),
                },
                FileType::RegularFile => found.extend(artifact(tree, &place.path).transpose()),
                // Of what is neither, only a link in the place of our own is worth a word.
                _ => found.extend(replaced(tree, &place.path).map(Err)),
            }
        }
        found
    }
}

/// What lies in a folder, the last name first.
fn names(tree: &Tree, path: &str) -> Result<Vec<Place>> {
    let entries = match tree.root.walk(path).and_then(|folder| folder.entries()) {
        Ok(entries) => entries,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(Vec::new()),
        Err(errno) => return Err(os_error(LIST, "a folder of artifacts can't be read", errno).with("path", path)),
    };
    let mut places: Vec<_> =
        entries.into_iter().map(|entry| Place { path: format!("{path}/{}", entry.name), kind: entry.kind }).collect();
    // The keys in a folder all begin with its name and a slash: that is its place among the files beside it.
    let text = |place: &Place| {
        let slash = if place.kind == FileType::Directory { "/" } else { "" };
        format!("{}{slash}", place.path)
    };
    places.sort_by_cached_key(|place| std::cmp::Reverse(text(place)));
    Ok(places)
}

/// The artifact at a path; `None` for files the store has not written, such as an editor's.
fn artifact(tree: &Tree, path: &str) -> Result<Option<ArtifactEntry>> {
    let Ok(key) = ArtifactKey::parse(path) else { return Ok(None) };
    match tree.look(&key).map_err(|error| failed(LIST, &key, error))? {
        Found::Version(version, _) => Ok(Some(ArtifactEntry::new(key, version.bytes, Some(version.hash)))),
        Found::Nothing => Ok(None),
        Found::Foreign if tree.versions_of(&key).map_err(|error| failed(LIST, &key, error))?.is_empty() => Ok(None),
        Found::Foreign => {
            Err(Error::new(ErrorKind::Corrupt, LIST, "the artifact's file was changed or replaced").with("key", &key))
        }
    }
}

/// The error for a link in the place of a folder or file of ours; `None` where nothing of ours was.
fn replaced(tree: &Tree, path: &str) -> Option<Error> {
    let (shard, hash) = shard_and_hash(&fold(path));
    let claim = tree.claims.folder(&shard).and_then(|claims| read_claim(&claims, &hash));
    match claim {
        Ok(Some(text)) if text.split_once(' ').is_some_and(|(_, claimed)| claimed == path) => Some(
            Error::new(
                ErrorKind::PermissionDenied,
                LIST,
                "a symbolic link or special file stands where the store keeps its own files; it is not followed",
            )
            .with("key", path),
        ),
        Ok(_) | Err(Errno::NOENT) => None,
        Err(errno) => Some(os_error(LIST, "a folder of artifacts can't be read", errno).with("path", path)),
    }
}
