//! What a lock file says of a package: whether the manifest asked for it when the lock was made, or only others did.

use super::super::super::findings::{Findings, Report};
use super::json::strip_bom;
use crate::domain::{RepoPath, Rule};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A lock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lock {
    /// What the manifests asked for, by the folder of the manifest from the lock's folder; `None` where a lock does not say.
    direct: BTreeMap<String, BTreeSet<String>>,
    /// Everything that gets installed.
    installed: BTreeSet<String>,
}

/// What a lock says of a package that no manifest declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super::super) enum LockVerdict {
    /// There is no lock.
    Unlocked,
    /// It does not know it.
    Absent,
    /// The manifest asked for it when the lock was made, so the two do not agree any more.
    Direct,
    /// It comes along with another package.
    Transitive,
}

impl Lock {
    pub(super) fn verdict(&self, member: &str, package: &str) -> LockVerdict {
        if self.direct.get(member).is_some_and(|names| names.contains(package)) {
            return LockVerdict::Direct;
        }
        if self.installed.contains(package) { LockVerdict::Transitive } else { LockVerdict::Absent }
    }
}

/// Whether the name is one of a lock file.
pub(super) fn is_lock(name: &str) -> bool {
    matches!(name, "package-lock.json" | "npm-shrinkwrap.json" | "yarn.lock" | "pnpm-lock.yaml" | "bun.lock")
}

/// Reads a lock; `None` when it is of no use.
pub(super) fn read(path: &RepoPath, text: &str, out: &mut Findings<'_>) -> Option<Lock> {
    match path.file_name() {
        "package-lock.json" | "npm-shrinkwrap.json" => match serde_json::from_str::<Value>(strip_bom(text)) {
            Ok(value) => Some(npm(&value)),
            Err(error) => {
                out.push(Report::new(Rule::InvalidManifest, path, format!("not valid JSON: {error}")));
                None
            }
        },
        "pnpm-lock.yaml" => Some(pnpm(text)),
        "yarn.lock" => Some(yarn(text)),
        // Bun writes JSON with trailing commas.
        _ => serde_json::from_str(&super::json::strip_comments(text)).ok().map(|value| bun(&value)),
    }
}

fn keys(value: Option<&Value>) -> impl Iterator<Item = &String> {
    value.and_then(Value::as_object).into_iter().flat_map(|object| object.keys())
}

fn asked_for(entry: &Value) -> BTreeSet<String> {
    let lists = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
    lists.iter().flat_map(|list| keys(entry.get(list))).cloned().collect()
}

fn npm(value: &Value) -> Lock {
    let mut lock = Lock::default();
    for (place, entry) in value.get("packages").and_then(Value::as_object).into_iter().flatten() {
        match place.rsplit_once("node_modules/") {
            Some((_, name)) => {
                lock.installed.insert(name.to_owned());
            }
            None => {
                lock.direct.insert(place.clone(), asked_for(entry));
            }
        }
    }
    // The first form of the lock has no list of what was asked for: it is what nobody else requires.
    if lock.direct.is_empty() {
        let entries = value.get("dependencies").and_then(Value::as_object);
        lock.installed.extend(keys(value.get("dependencies")).cloned());
        let required: BTreeSet<&String> = entries
            .into_iter()
            .flat_map(|entries| entries.values())
            .flat_map(|entry| keys(entry.get("requires")))
            .collect();
        let direct = lock.installed.iter().filter(|name| !required.contains(name)).cloned().collect();
        lock.direct.insert(String::new(), direct);
    }
    lock
}

fn bun(value: &Value) -> Lock {
    let mut lock = Lock::default();
    for (place, entry) in value.get("workspaces").and_then(Value::as_object).into_iter().flatten() {
        lock.direct.insert(place.clone(), asked_for(entry));
    }
    lock.installed.extend(keys(value.get("packages")).map(|key| name_of(key).to_owned()));
    lock
}

/// The name at the end of `a/b` or `a/@b/c`.
fn name_of(key: &str) -> &str {
    match key.rfind("/@") {
        Some(at) => key.get(at + 1..).unwrap_or(key),
        None if key.starts_with('@') && key.matches('/').count() == 1 => key,
        None => key.rsplit('/').next().unwrap_or(key),
    }
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['\'', '"'])
}

fn pnpm(text: &str) -> Lock {
    let mut lock = Lock::default();
    let mut section = "";
    let mut member: Option<String> = None;
    let mut in_list = false;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let Some((key, _)) = line.split_once(": ").or_else(|| line.trim_end().strip_suffix(':').map(|key| (key, "")))
        else {
            continue;
        };
        let key = unquoted(key);
        let is_list = matches!(key, "dependencies" | "devDependencies" | "optionalDependencies");
        match (section, indent) {
            (_, 0) => {
                section = key;
                in_list = is_list;
                member = in_list.then(String::new);
            }
            ("importers", 2) => member = Some(if key == "." { String::new() } else { key.to_owned() }),
            ("importers", 4) => in_list = is_list,
            ("importers", 6) | ("dependencies" | "devDependencies" | "optionalDependencies", 2) if in_list => {
                if let Some(member) = &member {
                    lock.direct.entry(member.clone()).or_default().insert(key.to_owned());
                }
            }
            ("packages" | "snapshots", 2) => {
                lock.installed.insert(versionless(key.trim_start_matches('/')).to_owned());
            }
            _ => {}
        }
    }
    lock
}

/// `a@1`, `@a/b@1`, `a/1`: the name.
fn versionless(entry: &str) -> &str {
    let from = usize::from(entry.starts_with('@'));
    let at = entry.get(from..).and_then(|rest| rest.find('@')).map(|at| at + from);
    match at {
        Some(at) => entry.get(..at).unwrap_or(entry),
        None => entry.rsplit_once('/').map_or(entry, |(name, _)| name),
    }
}

fn yarn(text: &str) -> Lock {
    let mut lock = Lock::default();
    let mut asked: BTreeSet<(String, String)> = BTreeSet::new();
    let mut entries: BTreeSet<(String, String)> = BTreeSet::new();
    let mut workspace: Option<String> = None;
    let mut in_list = false;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        if indent == 0 {
            let Some(header) = line.trim_end().strip_suffix(':').filter(|_| !line.starts_with('#')) else { continue };
            workspace = None;
            in_list = false;
            for spec in header.split(',').map(unquoted) {
                let name = versionless(spec);
                let range = spec.strip_prefix(name).unwrap_or_default().trim_start_matches('@');
                if let Some(folder) = range.strip_prefix("workspace:") {
                    workspace = Some(if folder == "." { String::new() } else { folder.to_owned() });
                }
                lock.installed.insert(name.to_owned());
                entries.insert((name.to_owned(), range.to_owned()));
            }
        } else if indent == 2 {
            in_list = matches!(
                line.trim(),
                "dependencies:" | "optionalDependencies:" | "peerDependencies:" | "devDependencies:"
            );
        } else if in_list {
            let line = line.trim();
            let name_end = if line.starts_with('"') {
                line.get(1..).and_then(|rest| rest.find('"')).map(|at| at + 2)
            } else {
                line.find([' ', ':'])
            };
            let (name, range) = name_end.and_then(|at| line.split_at_checked(at)).unwrap_or((line, ""));
            let name = unquoted(name.trim_end_matches(':')).to_owned();
            match &workspace {
                Some(folder) => {
                    lock.direct.entry(folder.clone()).or_default().insert(name);
                }
                None => {
                    asked.insert((name, unquoted(range.trim_start_matches(':')).to_owned()));
                }
            }
        }
    }
    // The first form of the lock names no manifest: what no package asks for, one of them did.
    if lock.direct.is_empty() {
        let direct = entries.into_iter().filter(|entry| !asked.contains(entry)).map(|(name, _)| name);
        lock.direct.insert(String::new(), direct.collect());
    }
    lock
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_tell_what_was_asked_for_from_what_came_along() {
        let npm = npm(&serde_json::json!({ "packages": {
            "": { "dependencies": { "a": "1" } }, "apps/x": { "devDependencies": { "@s/b": "1" } },
            "node_modules/a": {}, "node_modules/a/node_modules/@s/c": {},
        }}));
        let pnpm = pnpm(
            "importers:\n\n  .:\n    dependencies:\n      a:\n        specifier: 1\n        version: 1\n  apps/x:\n    devDependencies:\n      '@s/b':\n        version: 1\n\npackages:\n\n  '@s/c@1.0.0':\n    resolution: {}\n  a@1.0.0:\n",
        );
        let yarn = yarn(
            "# yarn\n\n\"a@^1\":\n  version \"1\"\n  dependencies:\n    \"@s/c\" \"^2\"\n\n\"@s/c@^2\":\n  version \"2\"\n",
        );
        for lock in [&npm, &pnpm, &yarn] {
            assert_eq!(lock.verdict("", "a"), LockVerdict::Direct);
            assert_eq!(lock.verdict("", "@s/c"), LockVerdict::Transitive);
            assert_eq!(lock.verdict("", "d"), LockVerdict::Absent);
        }
        assert_eq!(npm.verdict("apps/x", "@s/b"), LockVerdict::Direct);
        assert_eq!(pnpm.verdict("apps/x", "@s/b"), LockVerdict::Direct);
    }
}
