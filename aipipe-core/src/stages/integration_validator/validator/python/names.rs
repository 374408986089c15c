//! The names a module has, also through `from x import *`.

use super::super::language::{Exports, Module, View};
use super::super::tree::FileId;
use super::Python;
use super::resolve::Resolved;
use std::collections::BTreeSet;

/// Whether a module has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    There,
    Missing,
    /// It can't be told.
    Unknown,
}

/// What every module has.
const ALWAYS: &[&str] = &[
    "__name__",
    "__file__",
    "__doc__",
    "__path__",
    "__package__",
    "__spec__",
    "__loader__",
    "__dict__",
    "__cached__",
    "__builtins__",
    "__annotations__",
    "__class__",
    "__version__",
    "__author__",
];

/// Looks a name up in a module.
pub(super) fn look_up(view: &View<'_, Python>, file: FileId, name: &str) -> Known {
    let defines = |module: &Module<Python>| module.summary.is_read && module.summary.names.defined.contains(name);
    if view.module(file).is_some_and(defines) || ALWAYS.contains(&name) {
        return Known::There;
    }
    let mut unknown = false;
    // What `__all__` lists and the module lacks is not there.
    let found = each(view, file, &mut unknown, |defined| defined.contains(name));
    match (found, unknown) {
        (true, _) => Known::There,
        (false, true) => Known::Unknown,
        (false, false) => Known::Missing,
    }
}

/// All names of a module.
pub(super) fn all(view: &View<'_, Python>, file: FileId) -> Exports {
    let mut exports = Exports::default();
    let mut names = BTreeSet::new();
    each(view, file, &mut exports.open, |defined| {
        names.extend(defined.iter().cloned());
        false
    });
    exports.names = names;
    exports
}

/// Goes through a module and those it takes all names of, until one is what is looked for.
fn each(
    view: &View<'_, Python>,
    file: FileId,
    unknown: &mut bool,
    mut found: impl FnMut(&BTreeSet<String>) -> bool,
) -> bool {
    let mut seen = BTreeSet::from([file]);
    let mut open = vec![file];
    while let Some(file) = open.pop() {
        let Some(module) = view.module(file).filter(|module| module.summary.is_read) else {
            *unknown = true;
            continue;
        };
        let names = &module.summary.names;
        if found(&names.defined) {
            return true;
        }
        *unknown |= names.open;
        for (import, resolved) in module.summary.imports.iter().zip(&module.links.resolved) {
            if !import.takes_all {
                continue;
            }
            match resolved {
                Resolved::Module { file: Some(file), .. } => {
                    if seen.insert(*file) {
                        open.push(*file);
                    }
                }
                _ => *unknown = true,
            }
        }
    }
    false
}
