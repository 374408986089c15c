//! The set of files by path: exact, by folder, and without regard to case.

use crate::domain::RepoPath;
use foldhash::HashMap;
use std::collections::BTreeSet;

/// A path's number; it stays the path's own when the file goes and comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FileId(u32);

/// The paths of all files.
#[derive(Debug, Default)]
pub(super) struct Tree {
    paths: Vec<RepoPath>,
    ids: HashMap<String, FileId>,
    /// The files that are there.
    files: HashMap<String, FileId>,
    /// Folders with the number of files and folders directly in them.
    folders: HashMap<String, usize>,
    /// Files and folders by their lower-case paths.
    lower: HashMap<String, BTreeSet<String>>,
    /// What files may be asked for, in lower case (see [`watched_for`]), with the number of files.
    keys: HashMap<String, usize>,
    /// Modules that are there compiled for some platform (`_core.cpython-313-x86_64-linux-gnu.so` is `_core`), with the
    /// number of files.
    compiled: HashMap<String, usize>,
}

impl Tree {
    /// Adds a file; the second value says whether it was missing before.
    pub(super) fn insert(&mut self, path: &RepoPath) -> (FileId, bool) {
        let next = FileId(u32::try_from(self.paths.len()).unwrap_or(u32::MAX));
        let id = *self.ids.entry(path.as_str().to_owned()).or_insert(next);
        if id == next {
            self.paths.push(path.clone());
        }
        if self.files.insert(path.as_str().to_owned(), id).is_some() {
            return (id, false);
        }
        self.lower.entry(path.as_str().to_lowercase()).or_default().insert(path.as_str().to_owned());
        for key in watched_for(path) {
            *self.keys.entry(key).or_default() += 1;
        }
        if let Some(module) = compiled_module(path) {
            *self.compiled.entry(module.to_owned()).or_default() += 1;
        }
        for folder in ancestors(path.parent()) {
            let count = self.folders.entry(folder.to_owned()).or_default();
            *count += 1;
            if *count > 1 {
                break;
            }
            self.lower.entry(folder.to_lowercase()).or_default().insert(folder.to_owned());
        }
        (id, true)
    }

    /// Takes a file away, if it is there.
    pub(super) fn remove(&mut self, path: &RepoPath) -> Option<FileId> {
        let id = self.files.remove(path.as_str())?;
        if !self.folders.contains_key(path.as_str()) {
            self.forget_lower(path.as_str());
        }
        for key in watched_for(path) {
            if let Some(count) = self.keys.get_mut(&key) {
                *count -= 1;
                if *count == 0 {
                    self.keys.remove(&key);
                }
            }
        }
        if let Some(module) = compiled_module(path)
            && let Some(count) = self.compiled.get_mut(module)
        {
            *count -= 1;
            if *count == 0 {
                self.compiled.remove(module);
            }
        }
        for folder in ancestors(path.parent()) {
            let Some(count) = self.folders.get_mut(folder) else { break };
            *count -= 1;
            if *count > 0 {
                break;
            }
            self.folders.remove(folder);
            if !self.files.contains_key(folder) {
                self.forget_lower(folder);
            }
        }
        Some(id)
    }

    fn forget_lower(&mut self, path: &str) {
        let lower = path.to_lowercase();
        if let Some(same) = self.lower.get_mut(&lower) {
            same.remove(path);
            if same.is_empty() {
                self.lower.remove(&lower);
            }
        }
    }

    /// The path of a file, also of one that is gone.
    pub(super) fn path(&self, id: FileId) -> Option<&RepoPath> {
        self.paths.get(usize::try_from(id.0).ok()?)
    }

    /// The file at a path.
    pub(super) fn file(&self, path: &str) -> Option<FileId> {
        self.files.get(path).copied()
    }

    pub(super) fn has_folder(&self, path: &str) -> bool {
        path.is_empty() || self.folders.contains_key(path)
    }

    /// Whether any file may be meant by a lower-case path with or without its ending.
    pub(super) fn may_have(&self, lower: &str) -> bool {
        self.keys.contains_key(lower)
    }

    /// Whether the module of this path is there compiled for some platform.
    pub(super) fn has_compiled(&self, module: &str) -> bool {
        self.compiled.contains_key(module)
    }

    /// Files and folders that differ from the path in case only, in their order.
    pub(super) fn in_other_case(&self, path: &str) -> impl Iterator<Item = &str> {
        let same = self.lower.get(&path.to_lowercase());
        same.into_iter().flatten().map(String::as_str).filter(move |there| *there != path)
    }

    /// All files that are there, in no order.
    pub(super) fn ids(&self) -> impl Iterator<Item = FileId> {
        self.files.values().copied()
    }
}

/// The module of a compiled file whose name tells its platform.
fn compiled_module(path: &RepoPath) -> Option<&str> {
    let name = path.file_name();
    let is_tagged = matches!(path.extension(), Some("so" | "pyd")) && name.matches('.').count() > 1;
    let end = path.as_str().len() - name.len() + name.find('.').filter(|at| *at > 0)?;
    path.as_str().get(..end).filter(|_| is_tagged)
}

/// The lower-case paths whose meaning changes when the file comes or goes: its own, those without endings, and every folder
/// above it. A link that asked for one of them must be looked up again.
pub(super) fn watched_for(path: &RepoPath) -> Vec<String> {
    let lower = path.as_str().to_lowercase();
    let name = lower.rsplit('/').next().unwrap_or_default().len();
    let folder = lower.len() - name;
    let mut keys: Vec<String> = lower
        .match_indices('.')
        .filter(|(at, _)| *at > folder)
        .filter_map(|(at, _)| lower.get(..at).map(str::to_owned))
        .collect();
    keys.extend(ancestors(&lower).map(str::to_owned));
    keys
}

/// Resolves `.` and `..` of a relative path against a folder; `None` when it leaves the root.
pub(super) fn join(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The folder and all folders above it, innermost first, ending with the root (`""`).
pub(super) fn ancestors(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| {
        if folder.is_empty() { None } else { Some(folder.rsplit_once('/').map_or("", |(parent, _)| parent)) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).unwrap()
    }

    #[test]
    fn files_and_folders_come_and_go() {
        let mut tree = Tree::default();
        let (a, new) = tree.insert(&path("src/deep/A.ts"));
        assert!(new && tree.has_folder("src/deep") && tree.has_folder(""));
        assert!(!tree.insert(&path("src/deep/A.ts")).1);
        tree.insert(&path("src/b.ts"));
        assert_eq!(tree.in_other_case("src/DEEP/a.ts").collect::<Vec<_>>(), ["src/deep/A.ts"]);
        assert_eq!(tree.in_other_case("SRC/deep").collect::<Vec<_>>(), ["src/deep"]);
        assert_eq!(tree.remove(&path("src/deep/A.ts")), Some(a));
        assert!(!tree.has_folder("src/deep") && tree.has_folder("src"));
        assert_eq!(tree.file("src/deep/A.ts"), None);
        assert_eq!(tree.in_other_case("SRC/deep").count(), 0);
        assert_eq!(tree.insert(&path("src/deep/A.ts")), (a, true));
    }

    #[test]
    fn a_file_is_watched_by_all_it_may_be_asked_for() {
        let keys = watched_for(&path("Src/a/Index.d.ts"));
        assert_eq!(keys, ["src/a/index", "src/a/index.d", "src/a/index.d.ts", "src/a", "src", ""]);
    }
}
