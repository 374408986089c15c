//! What files depend on besides each other: manifests, locks, path aliases, ambient modules, global names.

mod aliases;
mod exports_map;
mod json;
mod lock;
mod manifest;
mod mentions;
mod package_exports;

pub(super) use aliases::{Alias, TypeScriptOptions};
pub(super) use exports_map::Mapped;
pub(in super::super) use lock::LockVerdict;
pub(super) use manifest::{Kind, Manifest};

use super::super::ignored::IgnoreRules;
use super::super::language::{Modules, Shared};
use super::super::tree::{ancestors, join};
use super::summary::Summary;
use super::{JavaScript, entries, walk};
use crate::domain::{Finding, RepoPath};
use aliases::Configurations;
use exports_map::ExportsMap;
use foldhash::HashSet;
use lock::Lock;
use mentions::Said;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that is not in the importing file itself.
#[derive(Debug, Default, PartialEq)]
pub(in super::super) struct Environment {
    pub(super) manifests: BTreeMap<String, Manifest>,
    /// The frameworks that the manifests above a folder declare, for each folder with a manifest; none is no entry.
    frameworks: BTreeMap<String, BTreeSet<String>>,
    /// Packages that any manifest declares.
    pub(super) declared_anywhere: BTreeSet<String>,
    /// The packages that lie in the tree themselves, with their folders.
    pub(super) own_packages: BTreeMap<String, String>,
    /// Those whose name several folders have.
    ambiguous: BTreeSet<String>,
    locks: BTreeMap<String, Lock>,
    configurations: Configurations,
    exports_map: ExportsMap,
    /// Modules that ambient declarations describe: names, and patterns with a `*`.
    ambient: BTreeSet<String>,
    /// The names that augmentations add, whatever module they add them to.
    pub(super) augmented: BTreeSet<String>,
    pub(super) globals: BTreeSet<String>,
    /// Paths that configurations name, from the root, with or without endings.
    mentioned: HashSet<String>,
    /// Declared packages that configurations name.
    pub(super) words: BTreeSet<String>,
    /// Whether a tool brings names into files that do not import them.
    pub(super) imports_by_itself: bool,
    /// Names that configurations of tools make known (`define`, `globals`).
    pub(super) names: BTreeSet<String>,
    /// Whether the linter is told to say nothing of names that nobody declares.
    pub(super) allows_undefined: bool,
    /// Whether a page loads scripts from elsewhere, which may declare anything.
    pub(super) loads_scripts: bool,
    /// Whether packages are found by a map instead of a manifest.
    pub(super) has_import_map: bool,
    /// Whether files may be written in Flow without saying so.
    pub(super) has_flow: bool,
    /// Whether Meteor builds the project, which brings packages and a dialect of its own.
    pub(super) is_meteor: bool,
    /// Whether the project runs where a platform gives types to all files (Cloudflare's workers).
    pub(super) has_platform_types: bool,
    /// What linters pass over.
    unlinted: IgnoreRules,
    /// What formatters pass over.
    unformatted: IgnoreRules,
    /// The ends of paths of files that scripts write or copy.
    copied: BTreeSet<String>,
    /// Where other repositories are put, which a copy of the project may be without.
    submodules: Vec<String>,
    /// Findings about the configuration itself.
    pub(super) findings: Vec<Finding>,
}

impl Environment {
    pub(super) fn new(shared: &Shared, modules: &Modules<JavaScript>) -> Self {
        let mut environment = Self::default();
        let mut out = super::Findings::new(&shared.options);
        let files = shared.files();
        for (file, path) in files.iter().filter(|(_, path)| path.file_name() == "package.json") {
            manifest::read(path, shared.text(*file), &mut environment.manifests, &mut out);
        }
        for (folder, manifest) in &environment.manifests {
            environment.declared_anywhere.extend(manifest.declared.keys().cloned());
            if let Some(name) = &manifest.name {
                let before = environment.own_packages.insert(name.clone(), folder.clone());
                environment.ambiguous.extend(before.map(|_| name.clone()));
            }
            environment.names.extend(manifest.mentions.iter().cloned());
            environment.imports_by_itself |= manifest.imports_by_itself();
            environment.has_flow |= manifest.declared.contains_key("flow-bin");
            environment.allows_undefined |= manifest.allows_undefined;
        }
        for folder in environment.manifests.keys() {
            let declared = environment.manifests_above(folder).flat_map(|(_, manifest)| manifest.declared.keys());
            let used: BTreeSet<String> = declared.filter(|name| entries::is_framework(name)).cloned().collect();
            if !used.is_empty() {
                environment.frameworks.insert(folder.clone(), used);
            }
        }
        let mut said = Said::default();
        for (file, path) in &files {
            let text = shared.text(*file);
            match path.file_name() {
                name if lock::is_lock(name) => {
                    if let Some(lock) = lock::read(path, text, &mut out) {
                        environment.locks.insert(path.parent().to_owned(), lock);
                    }
                }
                name if aliases::is_typescript_configuration(name) => {
                    environment.configurations.read(path, text, &mut out);
                }
                ".flowconfig" => environment.has_flow = true,
                ".gitmodules" => environment.submodules.extend(submodules(path.parent(), text)),
                ".eslintignore" => environment.unlinted.read(path.parent(), text),
                ".prettierignore" => environment.unformatted.read(path.parent(), text),
                "wrangler.toml" | "wrangler.json" | "wrangler.jsonc" => environment.has_platform_types = true,
                "packages" if path.parent().ends_with(".meteor") => environment.is_meteor = true,
                "deno.json" | "deno.jsonc" | "import_map.json" | "importmap.json" => environment.has_import_map = true,
                name if name.starts_with(".eslintrc") || name == ".jshintrc" => {
                    environment.allows_undefined |= allows_undefined(text);
                    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
                    environment.names.extend(words.map(str::to_owned));
                }
                _ if matches!(path.extension(), Some("html" | "htm" | "ejs" | "pug" | "hbs" | "php")) => {
                    environment.loads_scripts |= text.contains("<script") && text.contains("//");
                    environment.has_import_map |= text.contains("importmap");
                    environment.names.extend(text.lines().filter_map(declared_by_page).map(str::to_owned));
                }
                name if name.starts_with("eslint.config.") => environment.allows_undefined |= allows_undefined(text),
                _ => {}
            }
            let loaded = loaded_by_sails(path).filter(|_| environment.uses(path.parent(), &["sails"]));
            environment.names.extend(loaded.map(str::to_owned));
            if mentions::is_script(path) {
                environment.copied.extend(mentions::copied(text));
            }
            said.read(path, text, &environment.declared_anywhere);
        }
        environment.findings = out.into_found();
        environment.words = said.words;
        for (folder, manifest) in &environment.manifests {
            said.paths.extend(manifest.mentions.iter().map(|text| (folder.clone(), text.clone())));
        }
        for (folder, text) in &said.paths {
            environment.add_mention(folder, text);
        }
        let texts = files.iter().filter(|(_, path)| path.file_name() == "package.json");
        environment.exports_map = ExportsMap::new(
            texts.map(|(file, path)| (path.parent().to_owned(), shared.text(*file).to_owned())).collect(),
            &environment.own_packages,
        );
        environment.configurations.inherit(&environment.own_packages);
        let mut shaping: Vec<_> = modules
            .iter()
            .filter_map(|(file, module)| Some((shared.tree.path(*file)?, &module.summary)))
            .filter(|(path, summary)| shapes(path, summary))
            .collect();
        shaping.sort_by_key(|(path, _)| *path);
        for (path, summary) in shaping {
            environment.add_module(path, summary);
        }
        environment
    }

    fn add_module(&mut self, path: &RepoPath, summary: &Summary) {
        for ambient in &summary.ambient {
            if ambient.augments {
                self.augmented.extend(ambient.names.iter().cloned());
            } else {
                self.ambient.insert(ambient.pattern.clone());
            }
        }
        self.globals.extend(summary.globals.iter().cloned());
        if walk::is_configuration(path) {
            // Configurations of a package often lie in a folder of their own (`build`, `.electron-vue`).
            let folder =
                self.manifests_above(path.parent()).next().map_or(path.parent(), |(folder, _)| folder).to_owned();
            self.configurations.add_tool(path, folder, &summary.aliases);
            self.unlinted.read(path.parent(), &summary.aliases.unlinted.join("\n"));
            self.names.extend(summary.mentions.iter().cloned());
        }
    }

    /// Takes in a text that may be a path from the folder of its file, or from that of a manifest above it.
    fn add_mention(&mut self, folder: &str, text: &str) {
        let text = text.split(['?', '#']).next().unwrap_or(text).trim_start_matches("<rootDir>");
        let text = text.strip_prefix('/').unwrap_or(text);
        let bases: Vec<String> = std::iter::once(folder.to_owned())
            .chain(self.manifests_above(folder).map(|(folder, _)| folder.to_owned()))
            .collect();
        for base in bases {
            // Patterns of configurations say what is checked or built, not what is used.
            if let Some(place) = join(&base, text).filter(|_| !text.contains('*')) {
                self.mentioned.insert(place);
            }
        }
    }

    /// Whether a configuration names the file.
    pub(super) fn mentions(&self, path: &RepoPath) -> bool {
        let text = path.as_str();
        let stem = text.len() - path.extension().map_or(0, |extension| extension.len() + 1);
        let stem = text.get(..stem).unwrap_or(text);
        // What a path is compiled to names it as well.
        let named = |place: &str| self.mentioned.contains(place);
        named(text) || named(stem) || [".js", ".mjs", ".cjs"].iter().any(|ending| named(&format!("{stem}{ending}")))
    }

    /// The manifests a file in `folder` is under, innermost first.
    pub(super) fn manifests_above<'e>(&'e self, folder: &'e str) -> impl Iterator<Item = (&'e str, &'e Manifest)> {
        ancestors(folder).filter_map(|above| Some((above, self.manifests.get(above)?)))
    }

    /// The frameworks that a file in the folder may be found by.
    pub(super) fn frameworks(&self, folder: &str) -> Option<&BTreeSet<String>> {
        let (nearest, _) = self.manifests_above(folder).next()?;
        self.frameworks.get(nearest)
    }

    /// Whether a file in the folder gets the package from the tree itself: it lies in that package, or what it declares is
    /// what the tree has.
    pub(super) fn is_linked(&self, folder: &str, package: &str) -> bool {
        let Some(place) = self.own_packages.get(package) else { return false };
        let Some(own) = self.manifests.get(place).filter(|_| !self.ambiguous.contains(package)) else { return false };
        match self.manifests_above(folder).find_map(|(_, manifest)| manifest.declared.get(package)) {
            Some(declaration) => declaration.is_met_by(own),
            None => self.manifests_above(folder).any(|(above, _)| above == place),
        }
    }

    /// Whether the manifest nearest to the folder says which files stand for others (`browser`).
    pub(super) fn replaces_files(&self, folder: &str) -> bool {
        self.manifests_above(folder).next().is_some_and(|(_, manifest)| manifest.replaces_files)
    }

    /// Whether a manifest above `folder` declares any of the packages.
    pub(super) fn uses(&self, folder: &str, packages: &[&str]) -> bool {
        self.manifests_above(folder)
            .any(|(_, manifest)| packages.iter().any(|package| manifest.declared.contains_key(*package)))
    }

    /// The names that a package exports whole, as a file in the folder gets it; `None` where they are not known.
    pub(super) fn exports_of(&self, folder: &str, package: &str) -> Option<&'static BTreeSet<String>> {
        let declaration = self.manifests_above(folder).find_map(|(_, manifest)| manifest.declared.get(package))?;
        package_exports::of(package, &declaration.versions)
    }

    /// Whether a script of a manifest above the folder runs a program that is called like the package.
    pub(super) fn runs(&self, folder: &str, package: &str) -> bool {
        self.manifests_above(folder).any(|(_, manifest)| manifest.runs(package))
    }

    /// What the nearest lock says of a package that the manifest in `folder` does not declare.
    pub(super) fn locked(&self, folder: &str, package: &str) -> LockVerdict {
        let found = ancestors(folder).find_map(|above| Some((above, self.locks.get(above)?)));
        found.map_or(LockVerdict::Unlocked, |(above, lock)| {
            let member = folder.strip_prefix(above).unwrap_or(folder).trim_start_matches('/');
            lock.verdict(member, package)
        })
    }

    pub(super) fn aliases<'e>(
        &'e self,
        folder: &'e str,
        specifier: &'e str,
    ) -> impl Iterator<Item = (&'e Alias, &'e str)> {
        self.configurations.matching(folder, specifier)
    }

    /// The folders that specifiers without a dot may count from (`baseUrl`).
    pub(super) fn base_urls<'e>(&'e self, folder: &'e str) -> impl Iterator<Item = &'e str> {
        self.configurations.base_urls(folder)
    }

    /// The folders in which tools look for packages, besides `node_modules`.
    pub(super) fn module_folders(&self, folder: &str) -> BTreeSet<String> {
        self.configurations.module_folders(folder)
    }

    /// Whether a configuration above the folder may have aliases that can't be read off.
    pub(super) fn may_have_alias(&self, folder: &str, specifier: &str) -> bool {
        self.configurations.may_have_alias(folder, specifier)
            || self.manifests_above(folder).any(|(_, manifest)| manifest.brings_aliases(specifier))
    }

    /// The other places a path may lie in, because configurations merge folders (`rootDirs`).
    pub(super) fn merged_with(&self, path: &str) -> Vec<(String, String)> {
        self.configurations.merged_with(path)
    }

    /// Whether the project's linter passes over the file.
    pub(super) fn is_unlinted(&self, path: &RepoPath) -> bool {
        self.unlinted.covers(path.as_str())
    }

    /// Whether linter or formatter pass over this very file.
    pub(super) fn is_set_apart(&self, path: &RepoPath) -> bool {
        self.unlinted.names_file(path.as_str()) || self.unformatted.names_file(path.as_str())
    }

    /// Whether a script names what the file asks for as something it writes or copies, or the file itself: what runs as it is
    /// written can be copied to where its imports lead somewhere.
    pub(super) fn is_copied(&self, file: &RepoPath, target: &str) -> bool {
        let named = |path: &str| {
            let ends = |word: &String| {
                path.strip_suffix(word.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
            };
            self.copied.iter().any(ends)
        };
        let runs_as_written = matches!(file.extension(), Some("js" | "mjs" | "cjs"));
        let endings = ["", ".ts", ".js", ".tsx", ".json"];
        endings.iter().any(|ending| named(&format!("{target}{ending}"))) || runs_as_written && named(file.as_str())
    }

    /// The submodule in which a path lies.
    pub(super) fn submodule_of(&self, path: &str) -> Option<&str> {
        let holds = |place: &&String| path.strip_prefix(place.as_str()).is_some_and(|rest| rest.starts_with('/'));
        self.submodules.iter().find(holds).map(String::as_str)
    }

    pub(super) fn typescript(&self, path: &RepoPath) -> TypeScriptOptions {
        self.configurations.options(path)
    }

    /// The paths that the manifest of a package of the tree gives for a specifier (`exports`, `imports`, `main`).
    pub(super) fn mapped(&self, folder: &str, specifier: &str) -> Mapped {
        self.exports_map.resolve(folder, specifier)
    }

    /// Whether an ambient declaration without a wildcard at its beginning describes the module.
    pub(super) fn is_ambient(&self, specifier: &str) -> bool {
        self.ambient.contains(specifier)
            || self.ambient.iter().any(|pattern| match pattern.split_once('*') {
                // `*.vue` gives a type to whatever an alias leads to; it is asked after the aliases.
                None | Some(("", _)) => false,
                Some((prefix, suffix)) => specifier.strip_prefix(prefix).is_some_and(|rest| rest.ends_with(suffix)),
            })
    }

    /// Whether a wildcard module declaration (`declare module '*.svg'`) covers the path of an asset.
    ///
    /// Components are no assets: their usual wildcard says nothing about which of them exist.
    pub(super) fn covers_asset(&self, path: &str) -> bool {
        !path.ends_with(".vue")
            && self.ambient.iter().filter_map(|pattern| pattern.strip_prefix('*')).any(|suffix| path.ends_with(suffix))
    }
}

/// Whether a source file takes part in the environment.
pub(super) fn shapes(path: &RepoPath, summary: &Summary) -> bool {
    !summary.ambient.is_empty() || !summary.globals.is_empty() || walk::is_configuration(path)
}

/// Whether a file that is no source takes part in the environment.
pub(super) fn is_configuration(path: &RepoPath) -> bool {
    let name = path.file_name();
    name == "package.json"
        || matches!(
            name,
            ".flowconfig"
                | ".gitmodules"
                | ".eslintignore"
                | ".prettierignore"
                | "wrangler.jsonc"
                | "wrangler.json"
                | "deno.json"
                | "deno.jsonc"
                | "import_map.json"
                | "importmap.json"
                | ".jshintrc"
        )
        || matches!(path.extension(), Some("ejs" | "pug" | "hbs" | "php" | "htm" | "html"))
        || name == "packages" && path.parent().ends_with(".meteor")
        || mentions::is_script(path)
        || loaded_by_sails(path).is_some()
        || lock::is_lock(name)
        || aliases::is_typescript_configuration(name)
        || mentions::is_read_from(path)
}

/// A path relative to a folder, as a path from the root.
fn from(folder: &str, relative: &str) -> Option<String> {
    join(folder, relative.strip_prefix('/').unwrap_or(relative))
}

/// The folders that a `.gitmodules` names.
fn submodules(folder: &str, text: &str) -> Vec<String> {
    let values = text.lines().filter_map(|line| line.split_once('=')).filter(|(key, _)| key.trim() == "path");
    values.filter_map(|(_, path)| from(folder, path.trim().trim_end_matches('/'))).collect()
}

/// The name by which Sails gives a model or a service to all files.
fn loaded_by_sails(path: &RepoPath) -> Option<&str> {
    let mut parts = path.parent().rsplit('/');
    let is_place =
        parts.next().is_some_and(|part| matches!(part, "models" | "services")) && parts.next() == Some("api");
    path.file_name().strip_suffix(".js").filter(|_| is_place)
}

/// Whether a configuration of ESLint turns off that names must be declared.
fn allows_undefined(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\'')).collect();
    ["no-undef:off", "no-undef:0"].iter().any(|rule| {
        // Not a plugin's rule of a similar name: `react/jsx-no-undef`.
        let before = |at: usize| plain.get(..at).and_then(|text| text.chars().next_back());
        plain.match_indices(rule).any(|(at, _)| !matches!(before(at), Some('-' | '/' | '_' | 'a'..='z')))
    })
}

/// `var settings = …` in a page: a name that all its scripts may use.
fn declared_by_page(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let rest = ["var ", "let ", "const ", "window."].iter().find_map(|word| line.strip_prefix(word))?;
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))?;
    let (name, rest) = rest.split_at_checked(end)?;
    let rest = rest.trim_start();
    (!name.is_empty() && rest.starts_with('=') && !rest.starts_with("==")).then_some(name)
}
