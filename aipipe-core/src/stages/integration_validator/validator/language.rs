//! What the validator asks of a language, and how it keeps its findings up to date.
//!
//! A language reads each file once into a summary. Everything else is worked out from summaries: where the imports of a file
//! lead ([`Language::link`]), what is wrong with it ([`Language::check`]), and what is wrong with all of them together
//! ([`Language::check_project`]). The engine here calls each of these again only where an input of it changed:
//!
//! - a summary depends on the file's path and text alone;
//! - links depend on the summary, the environment, and what they watched: the presence of paths, keys of the layout;
//! - findings of a file depend on its summary and links, the environment, and the interfaces of the modules its edges lead
//!   to, through any number of edges that pass names on;
//! - findings of the project, and of which files there is doubt, depend on everything, and are worked out anew at each change.
//!
//! A language that reads more than this in `link` or `check` breaks the promise that an update equals a full run.

use super::findings::Findings;
use super::ignored::IgnoreRules;
use super::options::ValidatorOptions;
use super::reading::read_all;
use super::tree::{FileId, Tree, watched_for};
use crate::domain::{Finding, RepoPath, Severity, TextSpan};
use foldhash::{HashMap, HashSet};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;

/// A language's rules.
pub(super) trait Language: Debug + Sized {
    /// What is kept of a file.
    type Summary: Debug + Send;
    /// What many files depend on: manifests, path aliases, global declarations.
    type Environment: Debug + Default + PartialEq;
    /// What is known of all source files by their paths, kept up to date file by file.
    type Layout: Debug + Default;
    /// Where one of a file's imports leads, in the language's words.
    type Resolved: Debug + PartialEq;

    /// Whether files of this path are read as source.
    fn is_source(path: &RepoPath) -> bool;

    /// Whether a file of this path may change the environment, though it is no source.
    fn is_configuration(path: &RepoPath) -> bool;

    /// Reads a file.
    fn summarize(path: &RepoPath, text: &str) -> Self::Summary;

    /// The summary of a file that was not read.
    fn unread(why: &str) -> Self::Summary;

    /// Whether a module that imports the file can't tell the two apart.
    fn same_interface(one: &Self::Summary, other: &Self::Summary) -> bool;

    /// Whether the environment depends on this source file.
    fn shapes_environment(path: &RepoPath, summary: &Self::Summary) -> bool;

    /// Takes in that a source file came or went; returns the keys that links may have watched and that mean something else now.
    fn place(layout: &mut Self::Layout, path: &RepoPath, presence: Presence) -> Vec<String>;

    /// Works out the environment.
    fn environment(project: &Shared, modules: &Modules<Self>) -> Self::Environment;

    /// Looks up where a file's imports lead.
    fn link(path: &RepoPath, summary: &Self::Summary, view: &View<'_, Self>) -> Links<Self::Resolved>;

    /// Reports what is wrong with one file.
    fn check(file: FileId, view: &View<'_, Self>, out: &mut Findings<'_>);

    /// Reports what is wrong with all files together, and with the configuration.
    fn check_project(view: &View<'_, Self>, out: &mut Findings<'_>);

    /// What a module exports.
    fn exports(file: FileId, view: &View<'_, Self>) -> Exports;
}

/// Whether a file came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    There,
    Gone,
}

/// Everything that no language owns.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) options: ValidatorOptions,
    pub(super) tree: Tree,
    pub(super) texts: HashMap<FileId, Arc<str>>,
    pub(super) ignored: IgnoreRules,
}

impl Shared {
    pub(super) fn text(&self, file: FileId) -> &str {
        self.texts.get(&file).map_or("", |text| text)
    }

    /// All files with their paths, in the order of paths.
    pub(super) fn files(&self) -> Vec<(FileId, &RepoPath)> {
        let mut files: Vec<_> = self.tree.ids().filter_map(|id| Some((id, self.tree.path(id)?))).collect();
        files.sort_by_key(|(_, path)| *path);
        files
    }
}

/// The modules of a language.
pub(super) type Modules<L> = HashMap<FileId, Module<L>>;

/// A file of the language.
#[derive(Debug)]
pub(super) struct Module<L: Language> {
    pub(super) summary: L::Summary,
    pub(super) links: Links<L::Resolved>,
    findings: Vec<Finding>,
}

/// Where a file's imports lead.
#[derive(Debug)]
pub(super) struct Links<R> {
    /// What each import stands for, in the order the summary has them.
    pub(super) resolved: Vec<R>,
    /// The files among them.
    pub(super) edges: Vec<Edge>,
    /// The lower-case paths whose presence was asked for, as they would be imported, with or without ending; and keys of the
    /// layout.
    pub(super) watched: BTreeSet<String>,
}

impl<R> Default for Links<R> {
    fn default() -> Self {
        Self { resolved: Vec::new(), edges: Vec::new(), watched: BTreeSet::new() }
    }
}

/// That a file imports another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) to: FileId,
    pub(super) span: TextSpan,
    pub(super) when: LoadTime,
    /// Whether names of the other file become names of this one (`export * from`, `from x import y` in `__init__`).
    pub(super) passes_on: bool,
}

/// When an import takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LoadTime {
    /// When the importing module is loaded.
    AtLoad,
    /// Later: inside a function, or by a dynamic import.
    Later,
    /// Never, unless the compiler keeps imports as they are written: it is not marked as one of types, but only used as one.
    Elided,
    /// Never: types only.
    Never,
}

/// The names a module exports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Exports {
    pub(super) names: BTreeSet<String>,
    /// Whether there may be more than can be seen.
    pub(super) open: bool,
}

/// What a rule may look at.
#[derive(Debug)]
pub(super) struct View<'a, L: Language> {
    pub(super) shared: &'a Shared,
    pub(super) modules: &'a Modules<L>,
    pub(super) environment: &'a L::Environment,
    pub(super) layout: &'a L::Layout,
}

impl<'a, L: Language> View<'a, L> {
    pub(super) fn module(&self, file: FileId) -> Option<&'a Module<L>> {
        self.modules.get(&file)
    }

    /// All modules with their paths, in the order of paths.
    pub(super) fn in_order(&self) -> Vec<(FileId, &'a RepoPath, &'a Module<L>)> {
        let modules = self.modules.iter();
        let mut all: Vec<_> =
            modules.filter_map(|(id, module)| Some((*id, self.shared.tree.path(*id)?, module))).collect();
        all.sort_by_key(|(_, path, _)| *path);
        all
    }
}

/// Which files changed; a file stands in one list only.
#[derive(Debug, Default)]
pub(super) struct Delta {
    pub(super) added: BTreeSet<FileId>,
    pub(super) changed: BTreeSet<FileId>,
    pub(super) removed: BTreeSet<FileId>,
    /// Whether what git ignores changed.
    pub(super) ignored_changed: bool,
}

/// The modules of a language with all that was found, kept up to date.
#[derive(Debug)]
pub(super) struct LanguageState<L: Language> {
    modules: Modules<L>,
    environment: L::Environment,
    layout: L::Layout,
    /// Who imports a file.
    importers: HashMap<FileId, BTreeMap<FileId, bool>>,
    /// Whose links asked for a path.
    watchers: HashMap<String, BTreeSet<FileId>>,
    project_findings: Vec<Finding>,
    /// Files whose errors are not certain.
    doubted: HashSet<RepoPath>,
}

impl<L: Language> Default for LanguageState<L> {
    fn default() -> Self {
        Self {
            modules: HashMap::default(),
            environment: L::Environment::default(),
            layout: L::Layout::default(),
            importers: HashMap::default(),
            watchers: HashMap::default(),
            project_findings: Vec::new(),
            doubted: HashSet::default(),
        }
    }
}

impl<L: Language> LanguageState<L> {
    pub(super) fn view<'a>(&'a self, shared: &'a Shared) -> View<'a, L> {
        View { shared, modules: &self.modules, environment: &self.environment, layout: &self.layout }
    }

    /// Everything that was found, in no order.
    pub(super) fn findings(&self) -> impl Iterator<Item = Cow<'_, Finding>> {
        let found = self.modules.values().flat_map(|module| &module.findings).chain(&self.project_findings);
        found.map(move |finding| {
            if finding.severity == Severity::Error && self.doubted.contains(&finding.file) {
                Cow::Owned(Finding { severity: Severity::Warning, ..finding.clone() })
            } else {
                Cow::Borrowed(finding)
            }
        })
    }

    /// Takes in a change of the files; returns how many files were checked anew.
    pub(super) fn update(&mut self, shared: &Shared, delta: &Delta) -> usize {
        // Whose own text changed, and whose importers have to look again.
        let mut unlinked: BTreeSet<FileId> = BTreeSet::new();
        let mut interface_changed: BTreeSet<FileId> = BTreeSet::new();
        let mut environment_stale = delta.ignored_changed || self.configuration_changed(shared, delta);
        let mut moved: Vec<String> = Vec::new();
        for file in &delta.removed {
            if let Some(module) = self.modules.remove(file) {
                if let Some(path) = shared.tree.path(*file) {
                    environment_stale |= L::shapes_environment(path, &module.summary);
                    moved.extend(L::place(&mut self.layout, path, Presence::Gone));
                }
                self.forget_links(*file, &module.links);
                interface_changed.insert(*file);
            }
        }
        let sources = delta.added.iter().chain(&delta.changed);
        let sources =
            sources.filter_map(|file| Some((file, shared.tree.path(*file).filter(|path| L::is_source(path))?)));
        let sources: Vec<(&FileId, &RepoPath)> = sources.collect();
        let texts: Vec<(&RepoPath, &str)> = sources.iter().map(|(file, path)| (*path, shared.text(**file))).collect();
        for ((file, path), summary) in sources.iter().copied().zip(read_all::<L>(&texts)) {
            environment_stale |= L::shapes_environment(path, &summary);
            match self.modules.get_mut(file) {
                Some(module) => {
                    environment_stale |= L::shapes_environment(path, &module.summary);
                    if !L::same_interface(&module.summary, &summary) {
                        interface_changed.insert(*file);
                    }
                    module.summary = summary;
                }
                None => {
                    interface_changed.insert(*file);
                    moved.extend(L::place(&mut self.layout, path, Presence::There));
                    self.modules.insert(*file, Module { summary, links: Links::default(), findings: Vec::new() });
                }
            }
            unlinked.insert(*file);
        }
        let paths = delta.added.iter().chain(&delta.removed).filter_map(|file| shared.tree.path(*file));
        let keys = paths.flat_map(watched_for).chain(moved);
        unlinked.extend(keys.filter_map(|key| self.watchers.get(&key)).flatten());
        let mut stale: BTreeSet<FileId> = unlinked.clone();
        // What git ignores is asked for each import, besides what the environment makes of it.
        let mut all_stale = delta.ignored_changed;
        if environment_stale {
            let environment = L::environment(shared, &self.modules);
            if environment != self.environment {
                self.environment = environment;
                all_stale = true;
            }
        }
        if all_stale {
            unlinked.extend(self.modules.keys());
            stale.extend(self.modules.keys());
        }
        for file in unlinked {
            if self.relink(shared, file) {
                interface_changed.insert(file);
            }
        }
        self.spread(interface_changed, &mut stale);
        let checked = self.check(shared, stale);
        let mut out = Findings::new(&shared.options);
        L::check_project(&self.view(shared), &mut out);
        self.doubted = out.take_doubted();
        self.project_findings = out.into_found();
        checked
    }

    fn configuration_changed(&self, shared: &Shared, delta: &Delta) -> bool {
        let mut paths = [&delta.added, &delta.changed, &delta.removed].into_iter().flatten();
        paths.any(|file| shared.tree.path(*file).is_some_and(L::is_configuration))
    }

    /// Looks up a file's imports again; says whether any of them leads elsewhere now.
    fn relink(&mut self, shared: &Shared, file: FileId) -> bool {
        let Some(path) = shared.tree.path(file) else { return false };
        let Some(module) = self.modules.get(&file) else { return false };
        let links = L::link(path, &module.summary, &self.view(shared));
        let Some(module) = self.modules.get_mut(&file) else { return false };
        let before = std::mem::take(&mut module.links);
        let differ = before.resolved != links.resolved || before.edges != links.edges;
        self.forget_links(file, &before);
        for edge in &links.edges {
            *self.importers.entry(edge.to).or_default().entry(file).or_default() |= edge.passes_on;
        }
        for path in &links.watched {
            // Most keys are there: a copy is made of those that are not.
            match self.watchers.get_mut(path) {
                Some(watchers) => {
                    watchers.insert(file);
                }
                None => {
                    self.watchers.insert(path.clone(), BTreeSet::from([file]));
                }
            }
        }
        if let Some(module) = self.modules.get_mut(&file) {
            module.links = links;
        }
        differ
    }

    fn forget_links(&mut self, file: FileId, links: &Links<L::Resolved>) {
        for edge in &links.edges {
            if let Some(importers) = self.importers.get_mut(&edge.to) {
                importers.remove(&file);
                if importers.is_empty() {
                    self.importers.remove(&edge.to);
                }
            }
        }
        for path in &links.watched {
            if let Some(watchers) = self.watchers.get_mut(path) {
                watchers.remove(&file);
                if watchers.is_empty() {
                    self.watchers.remove(path);
                }
            }
        }
    }

    /// Adds all importers of changed modules, and theirs where they pass names on.
    fn spread(&self, changed: BTreeSet<FileId>, stale: &mut BTreeSet<FileId>) {
        let mut seen: HashSet<FileId> = changed.iter().copied().collect();
        let mut open: Vec<FileId> = changed.into_iter().collect();
        while let Some(file) = open.pop() {
            for (importer, passes_on) in self.importers.get(&file).into_iter().flatten() {
                stale.insert(*importer);
                if *passes_on && seen.insert(*importer) {
                    open.push(*importer);
                }
            }
        }
    }

    fn check(&mut self, shared: &Shared, stale: BTreeSet<FileId>) -> usize {
        let mut results = Vec::new();
        for file in stale.into_iter().filter(|file| self.modules.contains_key(file)) {
            let mut out = Findings::new(&shared.options);
            L::check(file, &self.view(shared), &mut out);
            results.push((file, out.into_found()));
        }
        let checked = results.len();
        for (file, findings) in results {
            if let Some(module) = self.modules.get_mut(&file) {
                module.findings = findings;
            }
        }
        checked
    }
}
