//! The set of files by path: exact, by folder, and without regard to case.

use super::super::SourceFile;
use std::collections::{BTreeMap, BTreeSet};

/// Where a path leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookup<'a> {
    /// To this file or folder.
    Found(&'a str),
    /// To this one, but only where case does not matter.
    WrongCase(&'a str),
    /// To none.
    Missing,
}

/// The paths of all files.
#[derive(Debug, Default)]
pub(super) struct Tree<'a> {
    files: BTreeSet<&'a str>,
    folders: BTreeSet<&'a str>,
    by_name: BTreeMap<&'a str, Vec<&'a str>>,
    lower_files: BTreeMap<String, &'a str>,
    lower_folders: BTreeMap<String, &'a str>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(files: &[SourceFile<'a>]) -> Self {
        let mut tree = Self::default();
        tree.folders.insert("");
        for file in files {
            let path = file.path.as_str();
            tree.files.insert(path);
            tree.by_name.entry(file.path.file_name()).or_default().push(path);
            tree.lower_files.entry(path.to_lowercase()).or_insert(path);
            let mut folder = path;
            while let Some((parent, _)) = folder.rsplit_once('/') {
                if !tree.folders.insert(parent) {
                    break;
                }
                tree.lower_folders.entry(parent.to_lowercase()).or_insert(parent);
                folder = parent;
            }
        }
        tree
    }

    pub(super) fn has_file(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    /// The first candidate that is a file; failing that, the first that is one in another case.
    pub(super) fn first_file<'c>(&self, candidates: impl Iterator<Item = &'c str> + Clone) -> Lookup<'a> {
        if let Some(found) = candidates.clone().find_map(|path| self.files.get(path)) {
            return Lookup::Found(found);
        }
        for candidate in candidates {
            if let Some(path) = self.lower_files.get(&candidate.to_lowercase()) {
                return Lookup::WrongCase(path);
            }
        }
        Lookup::Missing
    }

    pub(super) fn folder(&self, path: &str) -> Lookup<'a> {
        if let Some(found) = self.folders.get(path) {
            return Lookup::Found(found);
        }
        self.lower_folders.get(&path.to_lowercase()).map_or(Lookup::Missing, |folder| Lookup::WrongCase(folder))
    }

    /// Whether a file's path is `suffix` or ends in `/suffix`.
    pub(super) fn has_suffix(&self, suffix: &str) -> bool {
        let name = suffix.rsplit('/').next().unwrap_or(suffix);
        let mut same_name = self.by_name.get(name).into_iter().flatten();
        same_name.any(|path| path.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('/')))
    }
}
