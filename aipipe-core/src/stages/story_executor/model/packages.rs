//! Packages a story needs beyond those of the scaffold: only those of the stack's list, at the list's versions.
//!
//! The model names them; the manifest is written here. A package is declared in the scaffold, so every commit has a
//! manifest that its lock fits.

use super::judge::Tree;
use crate::domain::{ArchitecturePlan, RepoPath};
use crate::stacks::{Language, definition};
use crate::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The names of packages.
pub(super) type Names = BTreeSet<String>;

/// What may be added to a project, and where it is declared.
#[derive(Debug)]
pub(super) struct Packages {
    /// Versions by name.
    addable: BTreeMap<String, String>,
    declared: Names,
    manifest: RepoPath,
    language: Language,
}

impl Packages {
    /// Those the plan's stack may be given.
    ///
    /// # Errors
    /// None in practice: `Internal` if the manifest's name were no path.
    pub(super) fn of(plan: &ArchitecturePlan) -> Result<Self> {
        let definition = definition(plan.decision.stack);
        let manifest = match definition.language {
            Language::Python => "pyproject.toml",
            Language::TypeScript => "package.json",
        };
        let manifest = RepoPath::parse(manifest).map_err(|error| {
            Error::new(ErrorKind::Internal, "story-executor.packages", "a manifest's name is no path").caused_by(error)
        })?;
        Ok(Self {
            addable: definition.further_packages.clone(),
            declared: plan.build.dependencies.iter().map(|package| package.name.clone()).collect(),
            manifest,
            language: definition.language,
        })
    }

    /// The same where nothing may be added: the lock is made by then.
    pub(super) fn closed(mut self) -> Self {
        self.addable.clear();
        self
    }

    /// Whether a story may use it: it can be added, or is there already.
    pub(super) fn allows(&self, name: &str) -> bool {
        self.addable.contains_key(name) || self.declared.contains(name)
    }

    pub(super) fn manifest(&self) -> &RepoPath {
        &self.manifest
    }

    /// Declares the packages in the tree's manifest; whether it could. What is declared already is left as it is.
    #[must_use]
    pub(super) fn declare(&self, tree: &mut Tree, names: &Names) -> bool {
        let new = names.iter().filter_map(|name| Some((name, self.addable.get(name)?)));
        for (name, version) in new {
            let Some(text) = tree.get(&self.manifest) else { return false };
            match with_package(self.language, text, name, version) {
                Some(text) => tree.insert(self.manifest.clone(), Arc::from(text)),
                None => return false,
            };
        }
        true
    }
}

/// The manifest with the package among its dependencies, in the order of names; `None` where it has no such list.
fn with_package(language: Language, manifest: &str, name: &str, version: &str) -> Option<String> {
    let lines: Vec<&str> = manifest.split_inclusive('\n').collect();
    let (opening, closing) = match language {
        Language::Python => ("dependencies = [", "]"),
        Language::TypeScript => ("\"dependencies\": {", "}"),
    };
    let first = lines.iter().position(|line| line.trim() == opening)? + 1;
    let end = first + lines.iter().skip(first).position(|line| line.trim().trim_end_matches(',') == closing)?;
    let entries = lines.get(first..end)?;
    if entries.iter().any(|line| declared_in(line) == name) {
        return Some(manifest.to_owned());
    }
    let at = entries.iter().position(|line| declared_in(line) > name).unwrap_or(entries.len());
    let is_last = at == entries.len();
    let entry = match language {
        Language::Python => format!("    \"{name}=={version}\",\n"),
        Language::TypeScript => format!("    \"{name}\": \"{version}\"{}\n", if is_last { "" } else { "," }),
    };
    let mut text = String::with_capacity(manifest.len() + entry.len() + 1);
    for (number, line) in lines.iter().enumerate() {
        if number == first + at {
            text.push_str(&entry);
        }
        let precedes = is_last && number + 1 == first + at && number >= first;
        match line.strip_suffix('\n') {
            Some(body) if precedes && !body.ends_with(',') => {
                text.push_str(body);
                text.push_str(",\n");
            }
            _ => text.push_str(line),
        }
    }
    Some(text)
}

/// The name of the package that a line of a manifest declares.
fn declared_in(line: &str) -> &str {
    let entry = line.trim().trim_start_matches('"');
    entry.split(['"', '=', '[', '<', '>', '~', '!', ' ', ';']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_declared_once_and_in_its_place() {
        let json =
            "{\n  \"dependencies\": {\n    \"express\": \"5.2.1\",\n    \"zod\": \"4.6.7\"\n  },\n  \"x\": {}\n}\n";
        let of = |text: &str, name: &str| with_package(Language::TypeScript, text, name, "1.0.0").unwrap();
        for (name, expected) in [
            ("cors", "{\n    \"cors\": \"1.0.0\",\n    \"express\": \"5.2.1\",\n    \"zod\": \"4.6.7\"\n  }"),
            ("pino", "{\n    \"express\": \"5.2.1\",\n    \"pino\": \"1.0.0\",\n    \"zod\": \"4.6.7\"\n  }"),
            ("zx", "{\n    \"express\": \"5.2.1\",\n    \"zod\": \"4.6.7\",\n    \"zx\": \"1.0.0\"\n  }"),
        ] {
            let text = of(json, name);
            assert!(text.contains(expected), "{text}");
            let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(parsed["dependencies"][name], "1.0.0");
            assert_eq!(of(&text, name), text);
        }
        assert!(of("{\n  \"dependencies\": {\n  }\n}\n", "cors").contains("{\n    \"cors\": \"1.0.0\"\n  }"));
        assert_eq!(with_package(Language::TypeScript, "{}\n", "cors", "1.0.0"), None);

        let toml = "[project]\ndependencies = [\n    \"fastapi==0.140.0\",\n    \"uvicorn[standard]==0.40.0\",\n]\n";
        let of = |name: &str| with_package(Language::Python, toml, name, "2.0.0").unwrap();
        assert!(of("pyjwt").contains("0.140.0\",\n    \"pyjwt==2.0.0\",\n    \"uvicorn[standard]"));
        assert!(of("zope").contains("0.40.0\",\n    \"zope==2.0.0\",\n]"));
        assert_eq!(of("uvicorn"), toml);
    }
}
