//! Paths that can't all be there on every system.

use super::SourceFile;
use super::findings::{Findings, Report};
use super::language::Shared;
use crate::domain::Rule;
use std::collections::BTreeSet;

/// Reports files that were handed in more than once.
pub(super) fn given_twice(files: &[SourceFile<'_>], out: &mut Findings<'_>) {
    let mut seen = BTreeSet::new();
    for file in files {
        if !seen.insert(file.path) {
            out.push(Report::new(Rule::DuplicatePath, file.path, "the file is there more than once"));
        }
    }
}

/// Reports paths that differ in case only, and those that are file and folder at once.
pub(super) fn check(shared: &Shared, out: &mut Findings<'_>) {
    let tree = &shared.tree;
    for path in tree.ids().filter_map(|file| tree.path(file)) {
        let text = path.as_str();
        // The one that sorts first is named by the others.
        let other = tree.in_other_case(text).find(|other| tree.file(other).is_some());
        if let Some(other) = other.filter(|other| *other < text) {
            out.push(Report::new(Rule::PathCaseCollision, path, format!("differs from {other} in case only")));
        }
        if tree.has_folder(text) {
            out.push(Report::new(Rule::PathConflict, path, "is a file and a folder at once"));
        }
    }
}
