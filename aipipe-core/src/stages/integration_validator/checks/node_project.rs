//! What manifests and configurations say about imports: packages, path aliases, ambient modules.

use super::aliases::{Alias, Extends, extended_by, is_below};
use super::tree::{Lookup, Tree, ancestors, join};
use super::{Findings, SourceFile, javascript, json};
use crate::domain::RepoPath;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a `package.json` declares.
#[derive(Debug, Default)]
struct Package {
    dependencies: BTreeSet<String>,
}

/// Everything that is not in the importing file itself.
#[derive(Debug, Default)]
pub(super) struct NodeProject {
    packages: BTreeMap<String, Package>,
    declared_anywhere: BTreeSet<String>,
    /// Names of the packages that lie in the tree themselves.
    own_names: BTreeSet<String>,
    aliases: Vec<Alias>,
    base_urls: Vec<(String, String)>,
    ambient: BTreeSet<String>,
    /// Bundler configurations whose aliases could not all be read.
    configured: BTreeSet<String>,
}

/// What a specifier that is not relative stands for.
pub(super) enum Bare<'a> {
    /// Something that is there, or that another tool provides.
    Known,
    /// A file, by an alias; the path it stands for.
    Alias(Lookup<'a>, String),
    /// A package that no manifest declares.
    Undeclared(String),
    /// A package that another manifest of the tree declares, so that hoisting may bring it here.
    DeclaredElsewhere(String),
    /// A package of which only the types are declared.
    TypesOnly(String),
    /// An alias that no configuration in the tree explains.
    UnknownAlias,
}

impl NodeProject {
    /// Reads all manifests and configurations; those that can't be read are findings.
    pub(super) fn read(files: &[SourceFile<'_>], findings: &mut Findings) -> Self {
        let mut project = Self::default();
        let mut extended = Vec::new();
        for file in files {
            let name = file.path.file_name();
            let folder = file.path.parent();
            match name {
                "package.json" => match serde_json::from_str::<Value>(strip_bom(file.content)) {
                    Ok(Value::Object(manifest)) => project.add_package(folder, &Value::Object(manifest)),
                    Ok(_) => findings.add("invalid-manifest", file.path, None, "the manifest is not a JSON object"),
                    Err(error) => {
                        findings.add("invalid-manifest", file.path, None, &format!("not valid JSON: {error}"));
                    }
                },
                "package-lock.json" | "composer.json" => {
                    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(strip_bom(file.content)) {
                        findings.add("invalid-manifest", file.path, None, &format!("not valid JSON: {error}"));
                    }
                }
                _ if is_typescript_configuration(name) => {
                    match serde_json::from_str::<Value>(&json::strip_comments(strip_bom(file.content))) {
                        Ok(configuration) => {
                            extended.extend(extended_by(folder, &configuration));
                            project.add_configuration(file.path, &configuration);
                        }
                        Err(error) => {
                            findings.add("invalid-manifest", file.path, None, &format!("not valid JSON: {error}"));
                        }
                    }
                }
                _ => {}
            }
        }
        project.inherit(&extended);
        project
    }

    /// Lets each configuration have the aliases of the one it extends, a few levels deep.
    fn inherit(&mut self, extended: &[Extends]) {
        const LEVELS: usize = 3;
        const MOST: usize = 500;
        for _ in 0..LEVELS {
            let mut inherited = Vec::new();
            for Extends { folder, base } in extended {
                let known = |alias: &Alias| self.aliases.iter().any(|a| a.below == *folder && a.prefix == alias.prefix);
                let of_base = self.aliases.iter().filter(|alias| alias.source == *base && !known(alias));
                inherited.extend(of_base.map(|alias| Alias { below: folder.clone(), ..alias.clone() }));
            }
            if inherited.is_empty() || self.aliases.len() > MOST {
                return;
            }
            self.aliases.append(&mut inherited);
        }
    }

    fn add_package(&mut self, folder: &str, manifest: &Value) {
        const LISTS: [&str; 4] = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
        let listed =
            LISTS.iter().filter_map(|list| manifest.get(list)?.as_object()).flat_map(|list| list.keys().cloned());
        let listed: Vec<String> = listed.collect();
        self.declared_anywhere.extend(listed.iter().cloned());
        self.packages.entry(folder.to_owned()).or_default().dependencies.extend(listed);
        // These tools bring `@` and `~` along without a configuration that says so.
        const WITH_ALIASES: [&str; 4] = ["nuxt", "@vue/cli-service", "@quasar/app-vite", "@quasar/app-webpack"];
        if WITH_ALIASES
            .iter()
            .any(|tool| LISTS.iter().any(|list| manifest.get(list).is_some_and(|l| l.get(tool).is_some())))
        {
            self.configured.insert(folder.to_owned());
        }
        if let Some(name) = manifest.get("name").and_then(Value::as_str) {
            self.own_names.insert(name.to_owned());
        }
    }

    fn add_configuration(&mut self, path: &RepoPath, configuration: &Value) {
        let folder = path.parent();
        let Some(options) = configuration.get("compilerOptions") else { return };
        let base = options.get("baseUrl").and_then(Value::as_str).and_then(|base| join(folder, base));
        let root = base.clone().unwrap_or_else(|| folder.to_owned());
        self.base_urls.extend(base.map(|base| (folder.to_owned(), base)));
        let paths = options.get("paths").and_then(Value::as_object);
        for (pattern, targets) in paths.into_iter().flatten() {
            let targets = targets.as_array().into_iter().flatten().filter_map(Value::as_str);
            let targets = targets.filter_map(|target| join(&root, target)).collect();
            self.add_alias(path, pattern, targets);
        }
    }

    fn add_alias(&mut self, source: &RepoPath, pattern: &str, targets: Vec<String>) {
        // Every import is compared with every alias; a project has a handful.
        const MOST: usize = 500;
        if self.aliases.len() >= MOST {
            self.configured.insert(String::new());
            return;
        }
        let (prefix, suffix, is_pattern) = match pattern.split_once('*') {
            Some((prefix, suffix)) => (prefix, suffix, true),
            None => (pattern, "", false),
        };
        self.aliases.push(Alias {
            below: source.parent().to_owned(),
            source: source.as_str().to_owned(),
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
            is_pattern,
            targets,
        });
    }

    /// Adds what a module declares for others: ambient modules, and aliases where it is a tool's configuration.
    pub(super) fn add_module(&mut self, file: SourceFile<'_>, module: &javascript::Module, tree: &Tree<'_>) {
        self.ambient.extend(module.ambient.iter().cloned());
        let name = file.path.file_name();
        let is_configuration = name.contains(".config.") || name.starts_with(".babelrc") || name.contains("webpack");
        if !is_configuration {
            return;
        }
        let folder = file.path.parent();
        self.configured.insert(folder.to_owned());
        for (key, value) in &module.pairs {
            let target = value.trim_start_matches('/').trim_end_matches('/');
            if target.is_empty() || key.is_empty() || value.contains(['*', '^', '$', '<']) {
                continue;
            }
            // Only a folder that exists can be what the alias means; anything else was read wrongly.
            let Some(path) = join(folder, target).filter(|path| tree.has_folder(path)) else { continue };
            self.add_alias(file.path, &format!("{}/*", key.trim_end_matches('/')), vec![format!("{path}/*")]);
        }
    }

    /// Tells what `specifier`, imported from a file in `folder`, stands for.
    pub(super) fn bare<'a>(&self, tree: &Tree<'a>, folder: &str, specifier: &str, type_only: bool) -> Bare<'a> {
        if specifier.contains(':')
            || specifier.starts_with(['#', '\0'])
            || is_node_builtin(specifier)
            || self.is_ambient(specifier)
        {
            return Bare::Known;
        }
        let mut missed: Option<(Lookup<'a>, String)> = None;
        for (alias, matched) in self.aliases.iter().filter_map(|alias| Some((alias, alias.matched(folder, specifier)?)))
        {
            for target in &alias.targets {
                let Some(path) = join("", &target.replacen('*', matched, 1)) else { continue };
                match super::imports::file_at(tree, &path) {
                    Lookup::Found(_) => return Bare::Known,
                    found => missed = missed.or(Some((found, path))),
                }
            }
        }
        for base in self.base_urls.iter().filter(|(below, _)| is_below(folder, below)).map(|(_, base)| base) {
            let Some(path) = join(base, specifier) else { continue };
            match super::imports::file_at(tree, &path) {
                Lookup::Found(_) => return Bare::Known,
                found => {
                    let first = specifier.split('/').next().unwrap_or_default();
                    if join(base, first).is_some_and(|first| tree.has_folder(&first)) {
                        missed = missed.or(Some((found, path)));
                    }
                }
            }
        }
        if missed.is_none() && self.covers_asset(specifier) {
            return Bare::Known;
        }
        let Some(name) = package_name(specifier) else {
            let configured = ancestors(folder).any(|above| self.configured.contains(above));
            return match missed {
                Some((found, path)) => Bare::Alias(found, path),
                None if configured || !specifier.starts_with("@/") => Bare::Known,
                None => Bare::UnknownAlias,
            };
        };
        let mut manifests = ancestors(folder).filter_map(|above| self.packages.get(above)).peekable();
        let no_manifest = manifests.peek().is_none();
        let declared: Vec<&Package> = manifests.collect();
        let has = |name: &str| declared.iter().any(|package| package.dependencies.contains(name));
        if has(name) || self.own_names.contains(name) {
            return Bare::Known;
        }
        if let Some((found, path)) = missed {
            return Bare::Alias(found, path);
        }
        if no_manifest {
            return Bare::Known;
        }
        // Docusaurus gives these scopes to the site's own files.
        const SITE_SCOPES: [&str; 5] = ["@site/", "@theme/", "@theme-", "@generated/", "@docusaurus/"];
        let is_site = declared.iter().flat_map(|package| &package.dependencies).any(|d| d.starts_with("@docusaurus/"));
        if is_site && SITE_SCOPES.iter().any(|scope| specifier.starts_with(scope)) {
            return Bare::Known;
        }
        if self.declared_anywhere.contains(name) {
            return Bare::DeclaredElsewhere(name.to_owned());
        }
        let types = format!("@types/{}", name.trim_start_matches('@').replacen('/', "__", 1));
        match (has(&types), type_only) {
            (true, true) => Bare::Known,
            (true, false) => Bare::TypesOnly(name.to_owned()),
            (false, _) => Bare::Undeclared(name.to_owned()),
        }
    }

    fn is_ambient(&self, specifier: &str) -> bool {
        self.ambient.iter().any(|pattern| match pattern.split_once('*') {
            // `*.vue` and the like give a type to whatever an alias leads to; they are asked after the aliases.
            Some(("", _)) => false,
            Some((prefix, suffix)) => specifier.strip_prefix(prefix).is_some_and(|rest| rest.ends_with(suffix)),
            None => pattern == specifier,
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

fn is_typescript_configuration(name: &str) -> bool {
    let stem = name.strip_suffix(".json");
    stem.is_some_and(|stem| {
        ["tsconfig", "jsconfig"].iter().any(|kind| stem == *kind || stem.starts_with(&format!("{kind}.")))
    })
}

fn strip_bom(text: &str) -> &str {
    text.strip_prefix('\u{FEFF}').unwrap_or(text)
}

/// The package a specifier names, or `None` when no package can be called that.
fn package_name(specifier: &str) -> Option<&str> {
    let is_name = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '_', '~', '$'])
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~'))
    };
    let mut slashes = specifier.match_indices('/').map(|(at, _)| at);
    let end = if specifier.starts_with('@') { slashes.nth(1) } else { slashes.next() };
    let name = specifier.get(..end.unwrap_or(specifier.len()))?;
    let valid = match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, package)| is_name(scope) && is_name(package)),
        None => is_name(name),
    };
    valid.then_some(name)
}

fn is_node_builtin(specifier: &str) -> bool {
    const BUILTINS: [&str; 44] = [
        "assert",
        "async_hooks",
        "buffer",
        "bun",
        "child_process",
        "cluster",
        "console",
        "constants",
        "crypto",
        "dgram",
        "diagnostics_channel",
        "dns",
        "domain",
        "events",
        "fs",
        "http",
        "http2",
        "https",
        "inspector",
        "module",
        "net",
        "os",
        "path",
        "perf_hooks",
        "process",
        "punycode",
        "querystring",
        "readline",
        "repl",
        "stream",
        "string_decoder",
        "sys",
        "timers",
        "tls",
        "trace_events",
        "tty",
        "url",
        "util",
        "v8",
        "vm",
        "vscode",
        "wasi",
        "worker_threads",
        "zlib",
    ];
    let first = specifier.split('/').next().unwrap_or_default();
    BUILTINS.contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_names_are_told_from_aliases() {
        let names = [
            ("react", Some("react")),
            ("react-dom/client", Some("react-dom")),
            ("@vue/test-utils", Some("@vue/test-utils")),
            ("@scope/name/deep/path.js", Some("@scope/name")),
            ("@/App", None),
            ("~/x", None),
            ("$lib/x", None),
            ("", None),
            ("@scope", None),
        ];
        for (specifier, name) in names {
            assert_eq!(package_name(specifier), name, "{specifier}");
        }
    }
}
