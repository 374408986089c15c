//! What `.gitignore` files say is made by a build, so that it may be missing here and there at run time.
//!
//! Only patterns without wildcards in the middle are understood; a pattern that is not understood covers nothing.

use super::language::Shared;
use super::tree;
use crate::domain::RepoPath;
use std::collections::BTreeSet;

/// Names and paths that git ignores.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ignored {
    /// Names that are ignored wherever they stand.
    names: BTreeSet<String>,
    /// Paths from the root.
    paths: BTreeSet<String>,
}

impl Ignored {
    /// Whether the file says what git ignores.
    pub(super) fn is_read_from(path: &RepoPath) -> bool {
        path.file_name() == ".gitignore"
    }

    pub(super) fn read(shared: &Shared) -> Self {
        let mut ignored = Self::default();
        for (file, path) in shared.files().into_iter().filter(|(_, path)| Self::is_read_from(path)) {
            for line in shared.text(file).lines().map(str::trim) {
                let pattern = line.trim_end_matches("/*").trim_end_matches('/').trim_start_matches("**/");
                if pattern.is_empty() || pattern.starts_with(['#', '!']) || pattern.contains(['*', '?', '[']) {
                    continue;
                }
                if pattern.contains('/') {
                    let path = tree::join(path.parent(), pattern);
                    ignored.paths.extend(path);
                } else {
                    ignored.names.insert(pattern.to_owned());
                }
            }
        }
        ignored
    }

    /// Whether the path or a folder above it is ignored.
    pub(super) fn covers(&self, path: &str) -> bool {
        path.split('/').any(|part| self.names.contains(part))
            || tree::ancestors(path).any(|above| self.paths.contains(above))
    }
}
