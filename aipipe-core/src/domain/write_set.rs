//! Which files one story may write: the lock that keeps stories apart, and the allow-list a model's answer is held to.

use super::path::RepoPath;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Single files, and folders that belong to the story as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteSet {
    files: BTreeSet<RepoPath>,
    folders: BTreeSet<RepoPath>,
}

impl WriteSet {
    /// These files and no other.
    #[must_use]
    pub fn of_files(files: impl IntoIterator<Item = RepoPath>) -> Self {
        Self { files: files.into_iter().collect(), folders: BTreeSet::new() }
    }

    /// The same and everything below `folder`.
    #[must_use]
    pub fn with_folder(mut self, folder: RepoPath) -> Self {
        self.folders.insert(folder);
        self
    }

    /// The single files, in order.
    pub fn files(&self) -> impl Iterator<Item = &RepoPath> {
        self.files.iter()
    }

    /// The folders, in order.
    pub fn folders(&self) -> impl Iterator<Item = &RepoPath> {
        self.folders.iter()
    }

    /// Whether `path` may be written.
    #[must_use]
    pub fn covers(&self, path: &RepoPath) -> bool {
        self.files.contains(path) || self.folders.iter().any(|folder| lies_in(path, folder))
    }

    /// Whether nothing may be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.folders.is_empty()
    }

    /// A file or folder that both may write, if there is one.
    #[must_use]
    pub fn shared_with<'a>(&'a self, other: &'a Self) -> Option<&'a RepoPath> {
        let file = self.files.iter().find(|file| other.covers(file));
        let own = file.or_else(|| other.files.iter().find(|file| self.covers(file)));
        own.or_else(|| {
            let meets = |folder: &&RepoPath| {
                other.folders.iter().any(|known| *known == **folder || lies_in(known, folder) || lies_in(folder, known))
            };
            self.folders.iter().find(meets)
        })
    }
}

fn lies_in(path: &RepoPath, folder: &RepoPath) -> bool {
    path.as_str().strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).unwrap()
    }

    #[test]
    fn a_folder_covers_what_lies_in_it_and_not_its_namesakes() {
        let set = WriteSet::of_files([path("src/app.ts")]).with_folder(path("src/labels"));
        for (inside, name) in
            [(true, "src/app.ts"), (true, "src/labels/a/b.ts"), (false, "src/labels2/b.ts"), (false, "src/labels")]
        {
            assert_eq!(set.covers(&path(name)), inside, "{name}");
        }
    }

    #[test]
    fn sets_meet_in_a_file_a_folder_or_a_file_of_a_folder() {
        let app = || WriteSet::of_files([path("src/app.ts")]);
        let labels = || WriteSet::default().with_folder(path("src/labels"));
        assert_eq!(app().shared_with(&app()), Some(&path("src/app.ts")));
        assert_eq!(
            labels().shared_with(&WriteSet::of_files([path("src/labels/x.ts")])),
            Some(&path("src/labels/x.ts"))
        );
        assert_eq!(labels().shared_with(&WriteSet::default().with_folder(path("src"))), Some(&path("src/labels")));
        assert_eq!(app().shared_with(&labels()), None);
    }
}
