//! Path aliases and the compiler's options: TypeScript configurations with what they extend, and build tools' `alias` entries.

use super::super::super::findings::{Findings, Report};
use super::super::super::ignored::Glob;
use super::super::certainty;
use super::super::summary::ConfiguredAliases;
use super::{from, json};
use crate::domain::{RepoPath, Rule};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A pattern of specifiers and the paths it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Alias {
    prefix: String,
    suffix: String,
    is_pattern: bool,
    /// Targets with `*` where the matched part goes, relative to the root.
    pub(in super::super) targets: Vec<String>,
    /// Whether a build tool states it, whose way of writing paths is less certain.
    pub(in super::super) from_tool: bool,
}

impl Alias {
    fn new(pattern: &str, targets: Vec<String>, from_tool: bool) -> Self {
        let (prefix, suffix, is_pattern) = match pattern.split_once('*') {
            Some((prefix, suffix)) => (prefix, suffix, true),
            None => (pattern, "", false),
        };
        Self { prefix: prefix.to_owned(), suffix: suffix.to_owned(), is_pattern, targets, from_tool }
    }

    /// The part of the specifier that the alias' `*` stands for.
    fn matched<'s>(&self, specifier: &'s str) -> Option<&'s str> {
        if !self.is_pattern {
            return (specifier == self.prefix).then_some("");
        }
        specifier.strip_prefix(self.prefix.as_str())?.strip_suffix(self.suffix.as_str())
    }

    /// Whether the alias takes every specifier.
    pub(in super::super) fn takes_everything(&self) -> bool {
        self.is_pattern && self.prefix.is_empty() && self.suffix.is_empty()
    }
}

/// Options that change what is an error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct TypeScriptOptions {
    /// Every file is compiled on its own (`isolatedModules`, `verbatimModuleSyntax`).
    pub(in super::super) isolated: bool,
    /// Imports are kept as they are written (`verbatimModuleSyntax`).
    pub(in super::super) verbatim: bool,
    /// Files are checked, not only compiled: there is a configuration at all.
    pub(in super::super) present: bool,
    /// Nothing in declaration files is checked (`skipLibCheck`).
    pub(in super::super) skips_declarations: bool,
}

/// One TypeScript configuration.
#[derive(Debug, Clone, Default, PartialEq)]
struct Configuration {
    folder: String,
    extends: Vec<String>,
    base_url: Option<String>,
    aliases: Option<Vec<Alias>>,
    root_dirs: Vec<String>,
    /// Globs of files that are not compiled, from the root.
    exclude: Option<Vec<Glob>>,
    isolated: Option<bool>,
    verbatim: Option<bool>,
    skips_declarations: Option<bool>,
    /// Whether it extends one that is not in the tree and may have aliases.
    extends_unknown: bool,
}

/// All configurations of the tree.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Configurations {
    by_path: BTreeMap<String, Configuration>,
    /// The same, after each has what it extends.
    by_folder: BTreeMap<String, Vec<Configuration>>,
    root_dirs: Vec<Vec<String>>,
    tools: BTreeMap<String, Tool>,
}

/// The aliases of the build tools of a folder.
#[derive(Debug, Default, PartialEq)]
struct Tool {
    aliases: Vec<Alias>,
    unknown: BTreeSet<String>,
    module_folders: BTreeSet<String>,
    module_names: BTreeSet<String>,
    open: bool,
}

/// Every import is compared with every alias; a project has a handful.
const MOST_ALIASES: usize = 500;

/// Whether the name is one of a TypeScript configuration.
pub(super) fn is_typescript_configuration(name: &str) -> bool {
    let stem = name.strip_suffix(".json");
    stem.is_some_and(|stem| {
        ["tsconfig", "jsconfig"]
            .iter()
            .any(|kind| stem == *kind || stem.strip_prefix(kind).is_some_and(|rest| rest.starts_with(['.', '-', '_'])))
    })
}

impl Configurations {
    pub(super) fn read(&mut self, path: &RepoPath, text: &str, out: &mut Findings<'_>) {
        match serde_json::from_str::<Value>(&json::strip_comments(json::strip_bom(text))) {
            Ok(value) => {
                self.by_path.insert(path.as_str().to_owned(), configuration(path.parent(), &value));
            }
            Err(error) if !text.trim().is_empty() => {
                let report = Report::new(Rule::InvalidManifest, path, format!("not valid JSON: {error}"));
                out.push(certainty::lower_outside_code(path, report, out.origin()));
            }
            Err(_) => {}
        }
    }

    /// Takes in what a tool's configuration says of names, for all files below a folder.
    pub(super) fn add_tool(&mut self, path: &RepoPath, folder: String, aliases: &ConfiguredAliases) {
        let nothing = aliases.known.is_empty() && aliases.unknown.is_empty() && aliases.module_folders.is_empty();
        if nothing && !aliases.open {
            return;
        }
        let tool = self.tools.entry(folder).or_default();
        tool.open |= aliases.open || tool.aliases.len() + aliases.known.len() > MOST_ALIASES;
        tool.unknown.extend(aliases.unknown.iter().cloned());
        for folder in &aliases.module_folders {
            let plain = !folder.starts_with('.') && !folder.contains('/');
            tool.module_names.extend(plain.then(|| folder.clone()));
            tool.module_folders.extend(from(path.parent(), folder));
        }
        for (name, target) in aliases.known.iter().take(MOST_ALIASES) {
            let Some(target) = from(path.parent(), target) else { continue };
            tool.aliases.push(Alias::new(name, vec![target.clone()], true));
            tool.aliases.push(Alias::new(&format!("{name}/*"), vec![format!("{target}/*")], true));
        }
    }

    /// Gives each configuration what those it extends say, where it says nothing itself.
    pub(super) fn inherit(&mut self, own_packages: &BTreeMap<String, String>) {
        let mut by_folder: BTreeMap<String, Vec<Configuration>> = BTreeMap::new();
        for path in self.by_path.keys() {
            let mut seen = BTreeSet::new();
            let whole = self.resolved(path, own_packages, &mut seen);
            if !whole.root_dirs.is_empty() {
                self.root_dirs.push(whole.root_dirs.clone());
            }
            by_folder.entry(whole.folder.clone()).or_default().push(whole);
        }
        self.by_folder = by_folder;
    }

    fn resolved(&self, path: &str, own: &BTreeMap<String, String>, seen: &mut BTreeSet<String>) -> Configuration {
        const MOST_LEVELS: usize = 12;
        let Some(mut configuration) = self.by_path.get(path).cloned() else { return Configuration::default() };
        if !seen.insert(path.to_owned()) || seen.len() > MOST_LEVELS {
            return configuration;
        }
        // Of several bases the last one counts first.
        for base in configuration.extends.clone().iter().rev() {
            let Some(there) = self.located(&configuration.folder, base, own) else {
                configuration.extends_unknown |= !has_no_paths(base);
                continue;
            };
            let base = self.resolved(&there, own, seen);
            configuration.base_url = configuration.base_url.or(base.base_url);
            configuration.aliases = configuration.aliases.or(base.aliases);
            configuration.exclude = configuration.exclude.or(base.exclude);
            configuration.isolated = configuration.isolated.or(base.isolated);
            configuration.verbatim = configuration.verbatim.or(base.verbatim);
            configuration.skips_declarations = configuration.skips_declarations.or(base.skips_declarations);
            configuration.extends_unknown |= base.extends_unknown;
            if configuration.root_dirs.is_empty() {
                configuration.root_dirs = base.root_dirs;
            }
        }
        configuration
    }

    fn located(&self, folder: &str, base: &str, own: &BTreeMap<String, String>) -> Option<String> {
        let path = if base.starts_with('.') || base.starts_with('/') {
            from(folder, base)?
        } else {
            let (package, rest) = own.iter().find_map(|(name, place)| {
                let rest = base.strip_prefix(name.as_str())?;
                (rest.is_empty() || rest.starts_with('/')).then_some((place, rest))
            })?;
            from(package, if rest.is_empty() { "tsconfig.json" } else { rest.trim_start_matches('/') })?
        };
        let candidates = [path.clone(), format!("{path}.json"), format!("{path}/tsconfig.json")];
        candidates.into_iter().find(|candidate| self.by_path.contains_key(candidate))
    }

    /// Configurations that may govern a file in the folder: all of each folder above it, innermost first.
    fn above<'e>(&'e self, folder: &'e str) -> impl Iterator<Item = &'e Configuration> {
        super::ancestors(folder).filter_map(|above| self.by_folder.get(above)).flatten()
    }

    fn tools_above<'e>(&'e self, folder: &'e str) -> impl Iterator<Item = &'e Tool> {
        super::ancestors(folder).filter_map(|above| self.tools.get(above))
    }

    pub(super) fn matching<'e>(
        &'e self,
        folder: &'e str,
        specifier: &'e str,
    ) -> impl Iterator<Item = (&'e Alias, &'e str)> {
        let compiler = self.above(folder).flat_map(|one| one.aliases.iter().flatten());
        let tools = self.tools_above(folder).flat_map(|tool| &tool.aliases);
        compiler.chain(tools).filter_map(|alias| Some((alias, alias.matched(specifier)?)))
    }

    pub(super) fn base_urls<'e>(&'e self, folder: &'e str) -> impl Iterator<Item = &'e str> {
        self.above(folder).filter_map(|one| one.base_url.as_deref())
    }

    /// The folders in which tools look for packages, besides `node_modules`.
    pub(super) fn module_folders(&self, folder: &str) -> BTreeSet<String> {
        let mut folders = BTreeSet::new();
        for tool in self.tools_above(folder) {
            folders.extend(tool.module_folders.iter().cloned());
            for name in &tool.module_names {
                folders.extend(super::ancestors(folder).filter_map(|above| from(above, name)));
            }
        }
        folders
    }

    pub(super) fn may_have_alias(&self, folder: &str, specifier: &str) -> bool {
        self.above(folder).any(|one| one.extends_unknown)
            || self.tools_above(folder).any(|tool| {
                tool.open
                    || tool.unknown.iter().any(|name| {
                        specifier
                            .strip_prefix(name.as_str())
                            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                    })
            })
    }

    pub(super) fn merged_with(&self, path: &str) -> Vec<(String, String)> {
        let mut others = Vec::new();
        for merged in &self.root_dirs {
            for dir in merged.iter().filter(|dir| is_below(path, dir)) {
                let rest = path.get(dir.len()..).unwrap_or_default().trim_start_matches('/');
                others.extend(merged.iter().filter(|other| *other != dir).map(|other| {
                    let place = if other.is_empty() { rest.to_owned() } else { format!("{other}/{rest}") };
                    (other.clone(), place)
                }));
            }
        }
        others
    }

    pub(super) fn options(&self, path: &RepoPath) -> TypeScriptOptions {
        let folder = path.parent();
        let nearest = self.above(folder).map(|one| one.folder.len()).max();
        let nearest = self.above(folder).filter(|one| Some(one.folder.len()) == nearest);
        let governing: Vec<&Configuration> = nearest.filter(|one| !one.excludes(path.as_str())).collect();
        let present = !governing.is_empty();
        let skips_declarations = governing.iter().any(|one| one.skips_declarations == Some(true));
        // Where several lie in one folder, all must say so: which of them governs the file is not looked up.
        let all: Vec<&&Configuration> = governing
            .iter()
            .filter(|one| one.isolated.is_some() || one.verbatim.is_some() || one.aliases.is_some())
            .collect();
        let verbatim = !all.is_empty() && all.iter().all(|one| one.verbatim == Some(true));
        let isolated =
            !all.is_empty() && all.iter().all(|one| one.isolated == Some(true) || one.verbatim == Some(true));
        TypeScriptOptions { isolated, verbatim, present, skips_declarations }
    }
}

impl Configuration {
    /// Whether the compiler passes over the file, as long as nothing it compiles imports it.
    fn excludes(&self, path: &str) -> bool {
        self.exclude.iter().flatten().any(|glob| covers(glob, path))
    }
}

/// Whether a glob matches the path or a folder above it.
pub(super) fn covers(glob: &Glob, path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    (1..=parts.len()).any(|end| parts.get(..end).is_some_and(|place| glob.matches(place)))
}

fn configuration(folder: &str, value: &Value) -> Configuration {
    let extends: Vec<String> = match value.get("extends") {
        Some(Value::String(base)) => vec![base.clone()],
        Some(Value::Array(bases)) => bases.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let mut configuration = Configuration { folder: folder.to_owned(), extends, ..Configuration::default() };
    configuration.exclude = value.get("exclude").and_then(Value::as_array).map(|globs| {
        globs
            .iter()
            .filter_map(Value::as_str)
            .filter_map(|glob| from(folder, glob))
            .take(MOST_ALIASES)
            .map(|glob| Glob::parse(&glob))
            .collect()
    });
    let Some(options) = value.get("compilerOptions") else { return configuration };
    let place = |text: &str| from(folder, text.trim_start_matches("${configDir}/"));
    let flag = |name: &str| options.get(name).and_then(Value::as_bool);
    configuration.base_url = options.get("baseUrl").and_then(Value::as_str).and_then(place);
    configuration.isolated = flag("isolatedModules");
    configuration.verbatim = flag("verbatimModuleSyntax");
    configuration.skips_declarations = flag("skipLibCheck");
    let root = configuration.base_url.clone().unwrap_or_else(|| folder.to_owned());
    let paths = options.get("paths").and_then(Value::as_object);
    configuration.aliases = paths.map(|paths| {
        let entries = paths.iter().take(MOST_ALIASES).map(|(pattern, targets)| {
            let targets = targets.as_array().into_iter().flatten().filter_map(Value::as_str);
            let targets = targets.filter_map(|target| from(&root, target.trim_start_matches("${configDir}/")));
            Alias::new(pattern, targets.collect(), false)
        });
        entries.collect()
    });
    let dirs = options.get("rootDirs").and_then(Value::as_array).into_iter().flatten();
    configuration.root_dirs = dirs.filter_map(Value::as_str).filter_map(place).take(20).collect();
    configuration
}

/// Whether a configuration of a package is known to have no path aliases.
fn has_no_paths(base: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "@tsconfig/",
        "@vue/tsconfig",
        "expo/",
        "@react-native/",
        "@total-typescript/",
        "astro/",
        "@electron-toolkit/",
        "@sindresorhus/",
        "@ljharb/",
        "gts/",
        "@astrojs/",
        "@vercel/",
        "@nuxtjs/",
        "@microsoft/",
    ];
    PREFIXES.iter().any(|prefix| base.starts_with(prefix))
}

fn is_below(folder: &str, above: &str) -> bool {
    above.is_empty() || folder.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
