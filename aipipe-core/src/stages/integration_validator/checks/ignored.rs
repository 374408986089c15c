//! What `.gitignore` files say is made by a build, so that it may be missing here and there at run time.
//!
//! Only patterns without wildcards in the middle are understood; a pattern that is not understood covers nothing.

use super::SourceFile;
use std::collections::BTreeSet;

/// Names and paths that git ignores.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    /// Names that are ignored wherever they stand.
    names: BTreeSet<String>,
    /// Paths from the root.
    paths: BTreeSet<String>,
}

impl Ignored {
    pub(super) fn read(files: &[SourceFile<'_>]) -> Self {
        let mut ignored = Self::default();
        for file in files.iter().filter(|file| file.path.file_name() == ".gitignore") {
            for line in file.content.lines().map(str::trim) {
                let pattern = line.trim_end_matches("/*").trim_end_matches('/').trim_start_matches("**/");
                if pattern.is_empty() || pattern.starts_with(['#', '!']) || pattern.contains(['*', '?', '[']) {
                    continue;
                }
                if pattern.contains('/') {
                    let path = super::tree::join(file.path.parent(), pattern);
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
            || super::tree::ancestors(path).any(|above| self.paths.contains(above))
    }
}
