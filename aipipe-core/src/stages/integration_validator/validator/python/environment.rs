//! What all files of a project share: where modules lie, what manifests declare, which packages are imported.

use super::super::language::{Modules, Shared};
use super::super::tree::ancestors;
use super::manifest::{self, Manifest};
use super::packages;
use super::read::is_stub;
use super::{Python, certainty};
use crate::domain::RepoPath;
use std::collections::{BTreeMap, BTreeSet};

/// What many files depend on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Environment {
    /// The folders in which a top-level module or package of a name lies.
    pub(super) places: BTreeMap<String, BTreeSet<String>>,
    /// Folders with Python files in or below them.
    pub(super) folders: BTreeSet<String>,
    /// Folders with an `__init__`.
    pub(super) packages: BTreeSet<String>,
    /// Manifests by their paths.
    pub(super) manifests: BTreeMap<RepoPath, Manifest>,
    /// Locked distributions, each with whether another one asks for it; none without a lock.
    locked: Option<BTreeMap<String, bool>>,
    /// The first parts of all imported modules.
    imported: BTreeSet<String>,
}

/// What is known of a package that a file imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Declared,
    /// Another project in the same tree declares it.
    Elsewhere,
    /// It comes along with another package.
    Along,
    /// Nothing declares it, and nothing that is declared or locked can bring it.
    Undeclared,
    /// Nothing declares it by a name that is known.
    Unknown,
}

impl Environment {
    pub(super) fn new(shared: &Shared, modules: &Modules<Python>) -> Self {
        let mut environment = Self::default();
        for (file, module) in modules {
            let Some(path) = shared.tree.path(*file) else { continue };
            environment.place(path);
            let aside = certainty::is_outside_code(path);
            for import in module.summary.imports.iter().filter(|import| import.level == 0 && !aside) {
                if !environment.imported.contains(import.top()) {
                    environment.imported.insert(import.top().to_owned());
                }
            }
        }
        for (file, path) in shared.tree.ids().filter_map(|file| Some((file, shared.tree.path(file)?))) {
            if manifest::is_lock(path) {
                manifest::read_lock(shared.text(file), environment.locked.get_or_insert_default());
            } else if manifest::is_manifest(path) {
                environment.manifests.insert(path.clone(), manifest::read(path, shared.text(file)));
            }
        }
        environment
    }

    fn place(&mut self, path: &RepoPath) {
        let folder = path.parent();
        let stem = path.file_name().rsplit_once('.').map_or("", |(stem, _)| stem);
        if stem == "__init__" {
            self.packages.insert(folder.to_owned());
        } else {
            self.places.entry(stem.to_owned()).or_default().insert(folder.to_owned());
        }
        for above in ancestors(folder).take_while(|above| !above.is_empty()) {
            if !self.folders.insert(above.to_owned()) {
                break;
            }
            let (parent, name) = above.rsplit_once('/').unwrap_or(("", above));
            // Stubs of other packages lie in folders that are called like them.
            let name = if is_stub(path) { name.trim_end_matches("-stubs") } else { name };
            self.places.entry(name.to_owned()).or_default().insert(parent.to_owned());
        }
    }

    /// The manifests that count for files of a folder, and whether there are any.
    fn above<'e>(&'e self, folder: &'e str) -> impl Iterator<Item = &'e Manifest> {
        let counts = move |path: &RepoPath| {
            let parent = path.parent();
            // `requirements/base.txt` counts where its folder lies.
            let place = if parent.ends_with("requirements") { RepoPath::parse(parent).ok() } else { None };
            let place = place.as_ref().map_or(parent, RepoPath::parent);
            place.is_empty() || folder == place || folder.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'))
        };
        self.manifests.iter().filter(move |(path, _)| counts(path)).map(|(_, manifest)| manifest)
    }

    /// What is known of a package imported in a folder; nothing where no manifest counts.
    pub(super) fn standing(&self, folder: &str, module: &str) -> Option<Standing> {
        let above: Vec<&Manifest> = self.above(folder).filter(|manifest| !manifest.declared.is_empty()).collect();
        if above.is_empty() {
            return None;
        }
        let brings = |manifest: &Manifest| manifest.declared.keys().any(|name| packages::may_bring(name, module));
        if above.iter().any(|manifest| brings(manifest)) {
            return Some(Standing::Declared);
        }
        if above.iter().any(|manifest| manifest.own.as_deref().is_some_and(|own| packages::may_bring(own, module))) {
            return Some(Standing::Declared);
        }
        if self.manifests.values().any(brings) {
            return Some(Standing::Elsewhere);
        }
        let mut locked = self.locked.iter().flatten().filter(|(name, _)| packages::may_bring(name, module));
        if locked.any(|(_, along)| *along) {
            return Some(Standing::Along);
        }
        // A distribution whose modules are not known may bring one of any name.
        let accounted = |name: &String| {
            packages::is_known_distribution(name)
                || self.imported.iter().any(|imported| imported != module && packages::may_bring(name, imported))
        };
        let can_tell = self.locked.is_some() && above.iter().flat_map(|one| one.declared.keys()).all(accounted);
        Some(if can_tell { Standing::Undeclared } else { Standing::Unknown })
    }

    /// Whether a framework of this name is declared anywhere.
    pub(super) fn declares(&self, distribution: &str) -> bool {
        self.manifests.values().any(|manifest| manifest.declared.contains_key(distribution))
    }

    /// Whether a distribution is one whose modules may have the name.
    pub(super) fn is_foreign(&self, module: &str) -> bool {
        packages::is_standard(module)
            || packages::distributions(module).is_some()
            || self
                .manifests
                .values()
                .any(|manifest| manifest.declared.keys().any(|name| *name == packages::normalized(module)))
    }

    pub(super) fn imports(&self) -> impl Iterator<Item = &str> {
        self.imported.iter().map(String::as_str)
    }
}
