//! What all files of a project share: what its manifests declare and its locks hold.

use super::super::language::{Modules, Shared};
use super::super::tree::ancestors;
use super::Python;
use super::compiled::{self, Compiled};
use super::lint;
use super::manifest::{self, Manifest};
use super::packages::{self, Distribution, Wanted};
use super::resolve::below;
use super::summary::Attached;
use crate::domain::RepoPath;
use std::collections::{BTreeMap, BTreeSet};

/// What many files depend on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Environment {
    /// Manifests by their paths.
    pub(super) manifests: BTreeMap<RepoPath, Manifest>,
    /// What their build files compile, by folder.
    compiled: BTreeMap<String, Compiled>,
    /// The normalized names that any manifest declares.
    declared: BTreeSet<String>,
    /// Locked distributions, each with whether another one asks for it; none without a lock.
    locked: Option<Vec<(Distribution, bool)>>,
    /// Names that are builtin ones for the files of a folder: source puts them there, or a declaration or a linter's
    /// configuration says so.
    builtins: BTreeMap<String, BTreeSet<String>>,
    /// Names that files give other modules, each with the paths of those modules or the ends of such paths.
    attached: BTreeMap<String, BTreeSet<String>>,
}

/// What is known of a package that a file imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Standing {
    Declared,
    /// Another project in the same tree declares it.
    Elsewhere,
    /// It comes along with another package.
    Along,
    /// Nothing declares it by a name that is known, and no lock has it.
    Unlisted,
}

impl Environment {
    pub(super) fn new(shared: &Shared, modules: &Modules<Python>) -> Self {
        let mut environment = Self::default();
        let mut locked = None;
        for (file, path) in shared.tree.ids().filter_map(|file| Some((file, shared.tree.path(file)?))) {
            if manifest::is_manifest(path) || compiled::is_build_file(path) {
                let mut compiled = environment.compiled.remove(path.parent()).unwrap_or_default();
                compiled.read(path, shared.text(file));
                if !compiled.is_empty() {
                    environment.compiled.insert(path.parent().to_owned(), compiled);
                }
            }
            if lint::is_configuration(path) {
                environment.add_builtins(path.parent(), lint::builtins(shared.text(file)));
            }
            if manifest::is_lock(path) {
                manifest::read_lock(shared.text(file), locked.get_or_insert_with(BTreeMap::new));
            } else if manifest::is_manifest(path) {
                let read = manifest::read(path, shared.text(file));
                if manifest::is_closed(path, shared.text(file), &read) {
                    let locked = locked.get_or_insert_with(BTreeMap::new);
                    for name in read.declared.keys() {
                        locked.entry(name.clone()).or_default();
                    }
                }
                environment.manifests.insert(path.clone(), read);
            }
        }
        for (file, module) in modules {
            let Some(path) = shared.tree.path(*file) else { continue };
            environment.add_builtins("", module.summary.installs.iter().cloned());
            if declares_builtins(path) {
                environment.add_builtins(path.parent(), module.summary.names.defined.iter().cloned());
            }
            for Attached { level, module, name } in &module.summary.attached {
                let Some(folder) = level.checked_sub(1).map_or(Some(""), |up| ancestors(path.parent()).nth(up)) else {
                    continue;
                };
                let place = below(folder, &[&module.replace('.', "/")]);
                environment.attached.entry(name.clone()).or_default().insert(place);
            }
        }
        environment.locked =
            locked.map(|locked| locked.into_iter().map(|(name, along)| (Distribution::new(&name), along)).collect());
        environment.declared =
            environment.manifests.values().flat_map(|manifest| manifest.declared.keys().cloned()).collect();
        environment
    }

    fn add_builtins(&mut self, folder: &str, names: impl IntoIterator<Item = String>) {
        let mut names = names.into_iter().peekable();
        if names.peek().is_some() {
            self.builtins.entry(folder.to_owned()).or_default().extend(names);
        }
    }

    /// Whether a name is a builtin one for the files of a folder.
    pub(super) fn is_builtin(&self, folder: &str, name: &str) -> bool {
        ancestors(folder).filter_map(|above| self.builtins.get(above)).any(|names| names.contains(name))
    }

    /// Whether some file gives a module a name.
    pub(super) fn is_attached(&self, module: &RepoPath, name: &str) -> bool {
        let Some(places) = self.attached.get(name) else { return false };
        let path = module.as_str();
        let path = path.strip_suffix(".py").unwrap_or(path);
        let path = path.strip_suffix("/__init__").unwrap_or(path);
        places.iter().any(|place| is_end(path, place))
    }

    /// The manifests that count for files of a folder.
    fn above<'e>(&'e self, folder: &'e str) -> impl Iterator<Item = &'e Manifest> {
        self.manifests.iter().filter(move |(path, _)| is_in(folder, place_of(path))).map(|(_, manifest)| manifest)
    }

    /// What is known of a package imported in a folder; nothing where no manifest counts.
    pub(super) fn standing(&self, folder: &str, module: &str) -> Option<Standing> {
        let above: Vec<&Manifest> = self.above(folder).filter(|manifest| !manifest.declared.is_empty()).collect();
        if above.is_empty() {
            return None;
        }
        let wanted = Wanted::new(module);
        let brings = |manifest: &Manifest| manifest.declared.values().any(|one| wanted.may_be_of(&one.distribution));
        if above.iter().any(|manifest| brings(manifest)) {
            return Some(Standing::Declared);
        }
        // A project that is called after a package (`fastapi-example`) is not that package.
        let is_own = |own: &Distribution| if wanted.is_known() { wanted.is_of(own) } else { wanted.may_be_of(own) };
        if above.iter().any(|manifest| manifest.own.as_ref().is_some_and(is_own)) {
            return Some(Standing::Declared);
        }
        if self.manifests.values().any(brings) {
            return Some(Standing::Elsewhere);
        }
        let mut locked = self.locked.iter().flatten().filter(|(one, _)| wanted.may_be_of(one));
        Some(if locked.any(|(_, along)| *along) { Standing::Along } else { Standing::Unlisted })
    }

    /// Whether nothing that a folder's manifests declare can bring a module of an unknown name: there is a lock, and it is
    /// known, or told by what the project imports, which modules each distribution has.
    pub(super) fn accounts_for_all(&self, folder: &str, imported: &[Wanted]) -> bool {
        let accounted = |one: &Distribution| {
            packages::is_known_distribution(one.name()) || imported.iter().any(|wanted| wanted.may_be_of(one))
        };
        let mut declared = self.above(folder).flat_map(|manifest| manifest.declared.values());
        self.locked.is_some() && declared.all(|declared| accounted(&declared.distribution))
    }

    /// Whether a manifest says that a build writes or compiles the module of this path.
    pub(super) fn is_written(&self, path: &str) -> bool {
        const WRITERS: &[&str] =
            &["setuptools-scm", "hatch-vcs", "versioneer", "versioningit", "setuptools-git-versioning"];
        let file = format!("{path}.py");
        let named = |manifest: &Manifest| manifest.files.iter().any(|named| is_end(&file, named));
        self.manifests.values().any(named)
            || self.compiled.iter().any(|(folder, compiled)| compiled.has(folder, path))
            || matches!(path.rsplit('/').next(), Some("_version" | "version" | "__version__"))
                && WRITERS.iter().any(|writer| self.declares(writer))
    }

    /// Whether a framework of this name is declared anywhere.
    pub(super) fn declares(&self, distribution: &str) -> bool {
        self.declared.contains(distribution)
    }

    /// Whether a distribution is one whose modules may have the name.
    pub(super) fn is_foreign(&self, module: &str) -> bool {
        packages::is_standard(module)
            || packages::distributions(module).is_some()
            || self.declared.contains(&packages::normalized(module))
    }

    /// The folders of manifests that describe a project.
    pub(super) fn projects(&self) -> impl Iterator<Item = &str> {
        self.manifests.keys().filter(|path| manifest::describes_project(path)).map(RepoPath::parent)
    }

    /// Whether top-level modules of a project lie in a folder: a manifest's own, or `src` or `lib` beside it.
    pub(super) fn is_root(&self, folder: &str) -> bool {
        let at = |folder: &str| folder.is_empty() || self.manifests.keys().any(|path| place_of(path) == folder);
        let (parent, name) = folder.rsplit_once('/').unwrap_or(("", folder));
        at(folder) || matches!(name, "src" | "lib") && at(parent)
    }
}

/// Whether a file declares what is builtin for the files of its folder, as Pyright reads it.
pub(super) fn declares_builtins(path: &RepoPath) -> bool {
    path.file_name() == "__builtins__.pyi"
}

/// Whether a path ends with another one, whole parts of it.
pub(super) fn is_end(path: &str, end: &str) -> bool {
    let end = end.trim_start_matches("./");
    path.strip_suffix(end).is_some_and(|before| !end.is_empty() && (before.is_empty() || before.ends_with('/')))
}

/// The folder a manifest counts for: `requirements/base.txt` where its folder lies.
fn place_of(path: &RepoPath) -> &str {
    let parent = path.parent();
    if parent.ends_with("requirements") { parent.rsplit_once('/').map_or("", |(above, _)| above) } else { parent }
}

/// Whether a folder is another one, or lies in it.
pub(super) fn is_in(folder: &str, other: &str) -> bool {
    other.is_empty() || folder.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
