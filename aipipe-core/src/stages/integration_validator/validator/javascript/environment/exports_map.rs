//! What the manifests of the tree's own packages make of a specifier: `exports`, `imports`, `main`.
//!
//! The rules of these fields are oxc_resolver's. It works on a file system of manifests alone, in which every other path
//! exists: which file stands for the path it answers is looked up in the tree afterwards.

use oxc_resolver::{FileMetadata, FileSystem, ResolveError, ResolveOptions, ResolverGeneric};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// The manifests with a resolver over them.
#[derive(Default)]
pub(super) struct ExportsMap {
    manifests: BTreeMap<String, String>,
    /// What the compiler reads, and what is run.
    resolvers: Option<[ResolverGeneric<Manifests>; 2]>,
}

/// The paths a specifier stands for; they need not exist.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in super::super) struct Mapped {
    /// Where its types are.
    pub(in super::super) types: Option<String>,
    /// Where its code is.
    pub(in super::super) code: Option<String>,
}

impl std::fmt::Debug for ExportsMap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExportsMap").field("manifests", &self.manifests.keys()).finish_non_exhaustive()
    }
}

impl PartialEq for ExportsMap {
    fn eq(&self, other: &Self) -> bool {
        self.manifests == other.manifests
    }
}

impl ExportsMap {
    pub(super) fn new(manifests: BTreeMap<String, String>, own_packages: &BTreeMap<String, String>) -> Self {
        let mut folders = BTreeSet::new();
        for folder in manifests.keys() {
            folders.extend(super::ancestors(folder).map(str::to_owned));
        }
        let files = Manifests { manifests: manifests.clone(), folders, packages: own_packages.clone() };
        let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let code = ["import", "module", "browser", "development", "node", "default", "require"];
        let of_code = ResolveOptions {
            condition_names: all(&code),
            main_fields: all(&["module", "main"]),
            extensions: all(&[".ts", ".tsx", ".js"]),
            symlinks: true,
            ..ResolveOptions::default()
        };
        let of_types = ResolveOptions {
            condition_names: all(&[&["types"][..], &code[..]].concat()),
            main_fields: all(&["types", "typings", "module", "main"]),
            ..of_code.clone()
        };
        let types = ResolverGeneric::new_with_file_system(files, of_types);
        let code = types.clone_with_options(of_code);
        Self { manifests, resolvers: Some([types, code]) }
    }

    /// The paths a specifier stands for when a file in `folder` uses it.
    pub(super) fn resolve(&self, folder: &str, specifier: &str) -> Mapped {
        let path = |resolver: &ResolverGeneric<Manifests>| {
            let resolution = resolver.resolve(Path::new("/").join(folder), specifier).ok()?;
            let path = resolution.path().strip_prefix("/").ok()?.to_str()?;
            (!path.contains("node_modules/")).then(|| path.to_owned())
        };
        match &self.resolvers {
            Some([types, code]) => Mapped { types: path(types), code: path(code) },
            None => Mapped::default(),
        }
    }
}

/// A file system of manifests, with the tree's own packages linked into `node_modules`.
struct Manifests {
    manifests: BTreeMap<String, String>,
    folders: BTreeSet<String>,
    packages: BTreeMap<String, String>,
}

impl Manifests {
    /// The path from the root, with a link of `node_modules` followed.
    fn real(&self, path: &Path) -> Option<String> {
        let text = path.strip_prefix("/").ok()?.to_str()?;
        let Some(rest) = text.strip_prefix("node_modules/") else { return Some(text.to_owned()) };
        let names = if rest.starts_with('@') { 2 } else { 1 };
        let end = rest.match_indices('/').map(|(at, _)| at).nth(names - 1).unwrap_or(rest.len());
        let (name, tail) = rest.split_at_checked(end)?;
        let folder = self.packages.get(name)?;
        Some(format!("{folder}{}", if folder.is_empty() { tail.trim_start_matches('/') } else { tail }))
    }

    fn kind(&self, path: &Path) -> Option<FileMetadata> {
        let folder = FileMetadata::new(false, true, false);
        let file = FileMetadata::new(true, false, false);
        let text = path.strip_prefix("/").ok()?.to_str()?;
        if text == "node_modules" || text.strip_prefix("node_modules/@").is_some_and(|rest| !rest.contains('/')) {
            return Some(folder);
        }
        let real = self.real(path)?;
        if self.folders.contains(&real) {
            return Some(folder);
        }
        let (parent, name) = real.rsplit_once('/').unwrap_or(("", &real));
        if name == "package.json" {
            return self.manifests.contains_key(parent).then_some(file);
        }
        let known = parent.split('/').next().unwrap_or_default();
        let has_ending = Path::new(name).extension().is_some() && !name.starts_with('.');
        (has_ending && known != "node_modules" && !real.contains("/node_modules/")).then_some(file)
    }
}

fn missing() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

impl FileSystem for Manifests {
    fn new() -> Self {
        Self { manifests: BTreeMap::new(), folders: BTreeSet::new(), packages: BTreeMap::new() }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read_to_string(path).map(String::into_bytes)
    }

    fn read_to_string(&self, path: &Path) -> io::Result<String> {
        let real = self.real(path).ok_or_else(missing)?;
        let folder = real.strip_suffix("package.json").ok_or_else(missing)?;
        self.manifests.get(folder.trim_end_matches('/')).cloned().ok_or_else(missing)
    }

    fn metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        self.kind(path).ok_or_else(missing)
    }

    fn symlink_metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        let text = path.strip_prefix("/").ok().and_then(Path::to_str).unwrap_or_default();
        let link = text.strip_prefix("node_modules/").is_some_and(|name| self.packages.contains_key(name));
        if link { Ok(FileMetadata::new(false, false, true)) } else { self.metadata(path) }
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf, ResolveError> {
        let real = self.real(path).ok_or_else(|| ResolveError::from(missing()))?;
        Ok(Path::new("/").join(real))
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.real(path).map(|real| Path::new("/").join(real)).ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(manifests: &[(&str, &str)]) -> ExportsMap {
        let named =
            |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["name"].as_str().map(str::to_owned);
        let packages =
            manifests.iter().filter_map(|(folder, text)| Some((named(text)?, (*folder).to_owned()))).collect();
        let manifests = manifests.iter().map(|(folder, text)| ((*folder).to_owned(), (*text).to_owned())).collect();
        ExportsMap::new(manifests, &packages)
    }

    #[test]
    fn packages_of_the_tree_say_what_their_specifiers_mean() {
        let map = map(&[
            ("", r##"{"name": "root", "imports": {"#lib/*": "./src/lib/*.js"}}"##),
            (
                "packages/ui",
                r#"{"name": "@acme/ui", "exports": {".": {"import": "./src/index.ts"}, "./parts/*": "./src/parts/*.tsx", "./secret/*": null}}"#,
            ),
            ("packages/old", r#"{"name": "old", "main": "lib/main.js", "types": "types.d.ts"}"#),
        ]);
        let cases = [
            ("src", "#lib/a", Some("src/lib/a.js")),
            ("packages/old/lib", "@acme/ui", Some("packages/ui/src/index.ts")),
            ("src", "@acme/ui/parts/button", Some("packages/ui/src/parts/button.tsx")),
            ("src", "@acme/ui/secret/a", None),
            ("src", "@acme/ui/none", None),
            ("src", "old", Some("packages/old/lib/main.js")),
            ("src", "#none", None),
            ("src", "react", None),
        ];
        for (folder, specifier, path) in cases {
            assert_eq!(map.resolve(folder, specifier).code.as_deref(), path, "{specifier}");
        }
        assert_eq!(map.resolve("src", "old").types.as_deref(), Some("packages/old/types.d.ts"));
    }
}
