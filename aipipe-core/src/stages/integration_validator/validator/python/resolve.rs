//! Where imports lead.
//!
//! Which folders Python searches is decided when it starts. A module is looked for in the folders above the file and in `src`
//! beside them; found elsewhere it counts as found, but is not judged. A folder in a package is searched for scripts alone,
//! so what lies there is not judged either.

use super::super::language::{Edge, Links, LoadTime, View};
use super::super::tree::{FileId, ancestors};
use super::Python;
use super::entries;
use super::environment::Standing;
use super::layout::{name_key, package_key};
use super::packages;
use super::role::{self, Role};
use super::summary::{Import, Summary};
use crate::domain::RepoPath;

/// What an import stands for. The list has one for each import, then those for what strings mention, then the file's role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Resolved {
    /// A module of the project; the file is missing for a folder without `__init__`.
    Module {
        file: Option<FileId>,
        /// The folder whose modules can be taken of it, if it is a package.
        folder: Option<String>,
        /// Submodules among the names that are taken, in their order.
        submodules: Vec<Option<FileId>>,
        /// Whether it is certainly this one.
        certain: bool,
    },
    /// A package of somebody else, by its top-level module, with what manifests say of it, where any counts.
    Package {
        module: String,
        standing: Option<Standing>,
    },
    /// The standard library, compiled modules, and what else can't be looked into.
    Opaque,
    WrongCase {
        there: String,
    },
    Missing {
        path: String,
        certain: bool,
        /// The innermost module or package that is there of those it would be in.
        within: Option<FileId>,
    },
    /// Git ignores it.
    Ignored {
        path: String,
    },
    /// More dots than there are packages.
    Outside,
    /// A module that a string names.
    Mentioned(FileId),
    /// What the file itself is.
    Role(Role),
}

enum Found {
    File(FileId),
    Folder,
    /// Something that is no Python source.
    Other,
    WrongCase(String),
    Nothing,
}

/// Looks up where a file's imports lead.
pub(super) fn link(path: &RepoPath, summary: &Summary, view: &View<'_, Python>) -> Links<Resolved> {
    let mut linker = Linker { path, view, links: Links::default() };
    for import in &summary.imports {
        let resolved = linker.import(import);
        linker.edges(import, &resolved);
        linker.links.resolved.push(resolved);
    }
    for mention in &summary.mentions {
        linker.mention(mention);
    }
    linker.links.watched.extend(entries::watched_keys(path));
    linker.links.resolved.push(Resolved::Role(role::of(path, summary, view)));
    linker.links
}

struct Linker<'v> {
    path: &'v RepoPath,
    view: &'v View<'v, Python>,
    links: Links<Resolved>,
}

impl Linker<'_> {
    fn import(&mut self, import: &Import) -> Resolved {
        let parts: Vec<&str> = import.module.split('.').filter(|part| !part.is_empty()).collect();
        if import.level == 0 {
            return self.absolute(import, &parts);
        }
        let Some(base) = ancestors(self.path.parent()).nth(import.level - 1).map(str::to_owned) else {
            return Resolved::Outside;
        };
        // A package can't go beyond its own top, which has no `__init__` above; scripts have no package at all.
        let found = self.locate(&base, &parts);
        // Where a file stands alone in a folder, it is put elsewhere before it is run.
        let own_folder = self.path.parent();
        self.links.watched.insert(package_key(own_folder));
        let mut alone = false;
        if !self.view.layout.is_package(own_folder) {
            self.links.watched.insert(own_folder.to_lowercase());
            alone = self.view.layout.has_one_file(own_folder);
        }
        self.resolved(import, &base, &parts, found, !alone)
    }

    fn absolute(&mut self, import: &Import, parts: &[&str]) -> Resolved {
        let Some(first) = parts.first().copied() else { return Resolved::Opaque };
        let environment = self.view.environment;
        let foreign = environment.is_foreign(first);
        let own_folder = self.path.parent();
        let layout = self.view.layout;
        self.links.watched.insert(name_key(first));
        let is_known = layout.places(first).next().is_some();
        let searched: Vec<String> = ancestors(own_folder)
            .take_while(|_| is_known)
            .flat_map(|folder| [folder.to_owned(), below(folder, &["src"]), below(folder, &["lib"])])
            .filter(|folder| layout.lies_in(first, folder))
            .collect();
        self.links.watched.extend(layout.places(first).map(package_key));
        let is_root = |folder: &str| !layout.is_package(folder);
        for root in searched.iter().filter(|root| is_root(root)) {
            let found = self.locate(root, parts);
            if matches!(found, Found::File(_) | Found::Folder) {
                // A folder called like an installed package is one of the project's only where its modules lie.
                let own = !foreign || self.view.environment.is_root(root);
                let owned = own && self.is_regular(root, first);
                let certain = owned && !packages::is_standard(first);
                // A file in a folder without `__init__` counts; the folder alone may be anything.
                let whole = own && parts.len() > 1 && matches!(found, Found::File(_)) && !packages::is_standard(first);
                if owned || whole || !foreign {
                    let beside = foreign && root.as_str() == own_folder && !own_folder.is_empty();
                    return self.resolved(import, root, parts, found, certain && !beside);
                }
            }
        }
        // Somewhere else in the tree, or beside the file of a script.
        let elsewhere =
            layout.places(first).filter(|place| !searched.iter().any(|one| one == place) || !is_root(place));
        for root in elsewhere.take(20) {
            let found = self.locate(root, parts);
            if matches!(found, Found::File(_) | Found::Folder) && !packages::is_standard(first) {
                let resolved = self.resolved(import, root, parts, found, false);
                return if foreign { self.package(first) } else { resolved };
            }
        }
        if packages::is_standard(first) {
            return Resolved::Opaque;
        }
        let mut owners = searched.iter().filter(|root| is_root(root));
        let is_package = |root: &&String| layout.is_package(&below(root, &[first]));
        self.links.watched.extend(searched.iter().map(|root| package_key(&below(root, &[first]))));
        let owner = owners.clone().find(is_package).or_else(|| owners.next());
        match owner {
            Some(root) if !foreign || environment.is_root(root) && self.is_regular(root, first) => {
                // Only a package has modules: a file of the name beside it tells nothing.
                let certain = layout.is_package(&below(root, &[first]));
                let found = self.locate(root, parts);
                self.resolved(import, root, parts, found, certain)
            }
            _ if layout.places(first).next().is_some() && !foreign => Resolved::Opaque,
            _ => self.other_case(parts).unwrap_or_else(|| self.package(first)),
        }
    }

    fn package(&self, module: &str) -> Resolved {
        let standing = self.view.environment.standing(self.path.parent(), module);
        Resolved::Package { module: module.to_owned(), standing }
    }

    /// `from App.x import y` where there is an `app/x.py`: the whole path must fit to be more than a coincidence.
    fn other_case(&mut self, parts: &[&str]) -> Option<Resolved> {
        if parts.len() < 2 {
            return None;
        }
        let roots: Vec<String> = ancestors(self.path.parent()).map(str::to_owned).collect();
        roots.iter().find_map(|root| match self.locate(root, parts) {
            Found::WrongCase(there) => Some(Resolved::WrongCase { there }),
            _ => None,
        })
    }

    /// Whether a module or a package with an `__init__` lies there, which nothing installed can stand before.
    fn is_regular(&mut self, root: &str, first: &str) -> bool {
        let folder = below(root, &[first]);
        let lower = folder.to_lowercase();
        self.links.watched.extend([package_key(&folder), format!("{lower}.py"), format!("{lower}.pyi")]);
        self.view.layout.is_package(&folder)
            || self.view.shared.tree.file(&format!("{folder}.py")).is_some()
            || self.view.shared.tree.file(&format!("{folder}.pyi")).is_some()
    }

    fn resolved(&mut self, import: &Import, root: &str, parts: &[&str], found: Found, certain: bool) -> Resolved {
        let path = below(root, parts);
        match found {
            Found::File(file) => {
                let is_package = self.view.layout.is_package(&path);
                self.module(import, Some(file), is_package.then_some(path), certain)
            }
            Found::Folder => self.module(import, None, Some(path), certain),
            Found::Other => Resolved::Opaque,
            Found::WrongCase(there) if certain => Resolved::WrongCase { there },
            _ if self.view.shared.ignored.covers(&format!("{path}.py"))
                || self.view.shared.ignored.covers(&format!("{path}/")) =>
            {
                Resolved::Ignored { path: format!("{path}.py") }
            }
            _ => {
                let certain = !self.is_built(&path) && certain;
                let within = self.within(root, &path);
                Resolved::Missing { path, certain, within }
            }
        }
    }

    /// The innermost module or package around a path, up to a root.
    fn within(&mut self, root: &str, path: &str) -> Option<FileId> {
        let tree = &self.view.shared.tree;
        let around = ancestors(path).skip(1).take_while(|folder| folder.len() >= root.len());
        let mut candidates = around.flat_map(|folder| [below(folder, &["__init__.py"]), format!("{folder}.py")]);
        candidates.find_map(|candidate| {
            let file = tree.file(&candidate);
            self.links.watched.insert(candidate.to_lowercase());
            file
        })
    }

    /// Whether a module that is not there is likely written by a build: a manifest or a generator's naming says so, or the
    /// whole folder is missing and is called like one of generated code.
    fn is_built(&mut self, path: &str) -> bool {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        self.links.watched.insert(folder.to_lowercase());
        if self.view.environment.is_written(path) || packages::is_generated_name(path) {
            return true;
        }
        let names_generated = |part: &str| {
            matches!(part, "generated" | "gen" | "proto" | "pb" | "build" | "dist")
                || part.ends_with("_generated")
                || part.starts_with("generated_")
        };
        !self.view.layout.has_python(folder) && path.split('/').any(names_generated)
    }

    fn module(&mut self, import: &Import, file: Option<FileId>, folder: Option<String>, certain: bool) -> Resolved {
        let submodules = match &folder {
            Some(folder) => import.names.iter().map(|taken| self.submodule(folder, &taken.name)).collect(),
            None => Vec::new(),
        };
        Resolved::Module { file, folder, submodules, certain }
    }

    fn submodule(&mut self, folder: &str, name: &str) -> Option<FileId> {
        match self.locate(folder, &[name]) {
            Found::File(file) => Some(file),
            _ => None,
        }
    }

    fn locate(&mut self, root: &str, parts: &[&str]) -> Found {
        let path = below(root, parts);
        let tree = &self.view.shared.tree;
        let lower = path.to_lowercase();
        let may_be = path.is_empty() || tree.may_have(&lower);
        self.links.watched.insert(lower);
        if !may_be {
            return Found::Nothing;
        }
        let ends: &[&str] = if path.is_empty() {
            &["__init__.py", "__init__.pyi"]
        } else {
            &["/__init__.py", ".py", "/__init__.pyi", ".pyi"]
        };
        let candidates = || ends.iter().map(|end| format!("{path}{end}"));
        if let Some(file) = candidates().find_map(|candidate| tree.file(&candidate)) {
            return Found::File(file);
        }
        if self.view.layout.has_python(&path) || path.is_empty() {
            return Found::Folder;
        }
        if tree.has_folder(&path) {
            return Found::Other;
        }
        let mut others = candidates().chain([path.clone()]);
        match others.find_map(|candidate| tree.in_other_case(&candidate).next().map(str::to_owned)) {
            Some(there) => Found::WrongCase(there),
            None if STANDS_FOR_MODULE.iter().any(|ending| tree.file(&format!("{path}.{ending}")).is_some()) => {
                Found::Other
            }
            None if tree.has_compiled(&path) => Found::Other,
            None => Found::Nothing,
        }
    }

    fn edges(&mut self, import: &Import, resolved: &Resolved) {
        let when = match import.when {
            LoadTime::AtLoad if import.may_fail => LoadTime::Later,
            when => when,
        };
        let own = self.view.shared.tree.file(self.path.as_str());
        if let Resolved::Missing { within: Some(to), .. } = resolved
            && Some(*to) != own
        {
            // It is looked into, and may well not be what is loaded.
            self.links.edges.push(Edge {
                to: *to,
                span: import.span,
                when: when.max(LoadTime::Later),
                passes_on: false,
            });
        }
        let Resolved::Module { file, submodules, .. } = resolved else { return };
        // In the order of the text: the numbers of files tell only which came first.
        let mut targets: Vec<FileId> = Vec::new();
        for to in submodules.iter().flatten() {
            if !targets.contains(to) {
                targets.push(*to);
            }
        }
        let all_submodules = !submodules.is_empty() && submodules.iter().all(Option::is_some);
        // `from package import submodule` goes through the package, which was or is being loaded.
        targets.extend(file.filter(|file| !all_submodules && !targets.contains(file)));
        for to in targets.into_iter().filter(|to| Some(*to) != own) {
            let passes_on = import.takes_all && Some(to) == *file;
            self.links.edges.push(Edge { to, span: import.span, when, passes_on });
        }
    }

    /// A string that names a module, or something in one.
    fn mention(&mut self, mention: &str) {
        let parts: Vec<&str> = mention.split('.').filter(|part| !part.is_empty()).collect();
        let Some(first) = parts.first() else { return };
        self.links.watched.insert(name_key(first));
        for root in self.view.layout.places(first).take(20) {
            for length in [parts.len(), parts.len().saturating_sub(1)] {
                let Some(parts) = parts.get(..length).filter(|parts| !parts.is_empty()) else { continue };
                if let Found::File(file) = self.locate(root, parts) {
                    self.links.resolved.push(Resolved::Mentioned(file));
                    break;
                }
            }
        }
    }
}

/// Endings of files that a module is compiled from, or filled in from by hand; others that begin with a module's name are
/// something else.
const STANDS_FOR_MODULE: &[&str] = &[
    "so",
    "pyx",
    "pyx.in",
    "pyd",
    "c",
    "rs",
    "proto",
    "pyc",
    "py.example",
    "py.sample",
    "py.template",
    "py.dist",
    "py.default",
    "py.in",
    "py.j2",
    "py.jinja",
    "py.jinja2",
    "py.mako",
    "example.py",
    "sample.py",
    "template.py",
];

/// A path below a folder.
pub(super) fn below(folder: &str, parts: &[&str]) -> String {
    let mut path = folder.to_owned();
    for part in parts {
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(part);
    }
    path
}
