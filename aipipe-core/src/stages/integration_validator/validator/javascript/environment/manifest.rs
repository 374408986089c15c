//! What a `package.json` says.

use super::super::super::findings::{Findings, Report};
use super::super::source;
use super::json::strip_bom;
use crate::domain::{RepoPath, Rule, TextSpan};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The list a package is declared in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Kind {
    Dependency,
    Development,
    Peer,
    Optional,
}

const LISTS: [(&str, Kind); 5] = [
    ("dependencies", Kind::Dependency),
    ("devDependencies", Kind::Development),
    ("peerDependencies", Kind::Peer),
    ("optionalDependencies", Kind::Optional),
    ("bundledDependencies", Kind::Optional),
];

/// A manifest.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Manifest {
    pub(in super::super) path: RepoPath,
    pub(in super::super) name: Option<String>,
    version: Option<String>,
    pub(in super::super) declared: BTreeMap<String, Declaration>,
    /// Paths and words of all other values.
    pub(super) mentions: BTreeSet<String>,
    /// The first words of the commands in its scripts.
    programs: BTreeSet<String>,
    /// Whether scripts of its package are modules of the language, not of Node's old kind.
    pub(in super::super) has_modules: bool,
    /// Whether it says which files stand for others (`browser`).
    pub(super) replaces_files: bool,
    /// Whether its settings of the linter turn off that names must be declared.
    pub(super) allows_undefined: bool,
    /// Where an entry can be put into `dependencies`, with what comes before and after it.
    pub(in super::super) insertion: Option<Insertion>,
}

/// A declared package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Declaration {
    pub(in super::super) kind: Kind,
    /// The versions that are asked for, as written; empty where a list has names only.
    pub(super) versions: String,
    /// Its name in the list, with quotes.
    pub(in super::super) span: Option<TextSpan>,
}

/// The place behind the brace that opens `dependencies`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Insertion {
    pub(in super::super) at: usize,
    pub(in super::super) is_empty: bool,
}

/// Reads a manifest; one that can't be read is a finding.
pub(super) fn read(path: &RepoPath, text: &str, manifests: &mut BTreeMap<String, Manifest>, out: &mut Findings<'_>) {
    let object = match serde_json::from_str::<Value>(strip_bom(text)) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return out.push(Report::new(Rule::InvalidManifest, path, "the manifest is not a JSON object")),
        Err(_) if source::has_holes(text) || text.contains("{{") => {
            let why = "a template, which is a manifest only once its holes are filled";
            return out.push(Report::new(Rule::NotChecked, path, why));
        }
        Err(error) => {
            let report = Report::new(Rule::InvalidManifest, path, format!("not valid JSON: {error}"));
            // Templates and fixtures of tools are broken on purpose.
            return out.push(super::super::certainty::lower_outside_code(path, report, out.origin()));
        }
    };
    let mut declared = BTreeMap::new();
    for (list, kind) in LISTS {
        let entries = object.get(list);
        let named = entries.and_then(Value::as_object).into_iter().flatten();
        let named = named.map(|(name, versions)| (name.as_str(), versions.as_str().unwrap_or_default()));
        let listed = entries.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        for (name, versions) in named.chain(listed.map(|name| (name, ""))) {
            let span = position(text, list, name);
            let declaration = Declaration { kind, versions: versions.to_owned(), span };
            declared.entry(name.to_owned()).or_insert(declaration);
        }
    }
    let mut mentions = BTreeSet::new();
    for (_, value) in object.iter().filter(|(key, _)| {
        !LISTS.iter().any(|(list, _)| list == key)
            && !matches!(key.as_str(), "description" | "keywords" | "license" | "name")
    }) {
        collect(value, &mut mentions);
    }
    let scripts = object.get("scripts").and_then(Value::as_object).into_iter().flatten();
    let commands = scripts.filter_map(|(_, command)| command.as_str()).flat_map(|text| text.split(['&', '|', ';']));
    let programs = commands.filter_map(|command| command.split_whitespace().next()).map(str::to_owned).collect();
    let has_modules = object.get("type").and_then(Value::as_str) == Some("module");
    let said = |field: &str| object.get(field).and_then(Value::as_str).map(str::to_owned);
    let (name, version) = (said("name"), said("version"));
    let replaces_files = object.get("browser").is_some_and(Value::is_object);
    let rule = object.get("eslintConfig").and_then(|lint| lint.pointer("/rules/no-undef"));
    let allows_undefined = rule.is_some_and(|rule| rule.as_str() == Some("off") || rule.as_u64() == Some(0));
    let insertion = insertion(text);
    let manifest = Manifest {
        path: path.clone(),
        name,
        version,
        declared,
        mentions,
        programs,
        has_modules,
        replaces_files,
        allows_undefined,
        insertion,
    };
    manifests.insert(path.parent().to_owned(), manifest);
}

fn collect(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let words =
                text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=' | ',' | ';' | '&' | '(' | ')'));
            out.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, out)),
        Value::Object(values) => {
            for (key, value) in values {
                out.insert(key.clone());
                collect(value, out);
            }
        }
        _ => {}
    }
}

/// The brace that opens a list, and what is behind it.
fn opening(text: &str, list: &str) -> Option<usize> {
    let key = format!("\"{list}\"");
    let start = text.find(&key)? + key.len();
    let rest = text.get(start..)?;
    let colon = rest.trim_start().strip_prefix(':')?.trim_start();
    colon.starts_with('{').then(|| text.len() - colon.len() + 1)
}

fn position(text: &str, list: &str, name: &str) -> Option<TextSpan> {
    let start = opening(text, list)?;
    let end = start + text.get(start..)?.find('}')?;
    let quoted = format!("\"{name}\"");
    let at = start + text.get(start..end)?.find(&quoted)?;
    Some(TextSpan { start: at, end: at + quoted.len() })
}

fn insertion(text: &str) -> Option<Insertion> {
    let at = opening(text, "dependencies")?;
    let is_empty = text.get(at..)?.trim_start().starts_with('}');
    Some(Insertion { at, is_empty })
}

impl Declaration {
    /// Whether a package manager takes the tree's own package for this one.
    pub(super) fn is_met_by(&self, own: &Manifest) -> bool {
        const LINKS: [&str; 4] = ["workspace:", "file:", "link:", "portal:"];
        let asked = self.versions.trim();
        if matches!(asked, "" | "*" | "x") || LINKS.iter().any(|link| asked.starts_with(link)) {
            return true;
        }
        let Some(version) = own.version.as_deref() else { return true };
        let (fixed, bare) = match asked.strip_prefix('^') {
            Some(bare) if bare.starts_with("0.") => (2, bare),
            Some(bare) => (1, bare),
            None => asked.strip_prefix('~').map_or((3, asked), |bare| (2, bare)),
        };
        let parts = |version: &str| version.split('.').take(fixed).map(str::to_owned).collect::<Vec<_>>();
        parts(bare) == parts(version)
    }
}

impl Manifest {
    /// Whether one of its tools makes names known without an import.
    pub(super) fn imports_by_itself(&self) -> bool {
        const TOOLS: &[&str] = &[
            "nuxt",
            "nuxt3",
            "unplugin-auto-import",
            "unimport",
            "wxt",
            "@umijs/max",
            "vite-plugin-auto-import",
            "babel-plugin-auto-import",
            "@nuxt/kit",
        ];
        self.declared.keys().any(|name| TOOLS.contains(&name.as_str()) || name.starts_with("@nuxt/"))
    }

    /// Whether one of its scripts or settings names the package, or a program called like it.
    pub(in super::super) fn says(&self, package: &str) -> bool {
        let program = package.rsplit('/').next().unwrap_or(package);
        let program = program.strip_suffix("-cli").unwrap_or(program);
        self.mentions.contains(package)
            || self.mentions.contains(program)
            || self.mentions.iter().any(|word| word.contains('/') && word.contains(package))
    }

    /// Whether one of its scripts runs a program that is called like the package: it may be installed by hand.
    pub(super) fn runs(&self, package: &str) -> bool {
        self.programs.contains(package)
    }

    /// Whether one of its tools brings path aliases that no file of the tree states.
    pub(super) fn brings_aliases(&self, specifier: &str) -> bool {
        // Its own aliases begin with a mark that no package begins with.
        const MARKED: [&str; 2] = ["@vue/cli-service", "vitepress"];
        const TOOLS: &[&str] = &[
            "nuxt",
            "nuxt3",
            "@quasar/app-vite",
            "@quasar/app-webpack",
            "@quasar/app",
            "umi",
            "@umijs/max",
            "@sveltejs/kit",
            "wxt",
            "ice",
            "@ice/app",
            "@docusaurus/core",
            "gatsby",
            "dumi",
            "rax-app",
            "@tarojs/cli",
            "@redwoodjs/core",
        ];
        let is_marked =
            specifier.starts_with(['~', '$']) || specifier.starts_with("@/") || specifier.starts_with("@theme");
        self.declared
            .keys()
            .map(String::as_str)
            .any(|name| TOOLS.contains(&name) || name.starts_with("@nuxt/") || is_marked && MARKED.contains(&name))
    }
}
