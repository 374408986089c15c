//! Which file a path stands for: as written, without its ending, by what it is compiled from, or as a folder.

use super::super::tree::{FileId, Tree};
use std::collections::BTreeSet;

/// Endings an import may leave out, in the order TypeScript looks for them.
const ENDINGS: &[&str] = &[
    ".ts", ".tsx", ".d.ts", ".mts", ".cts", ".d.mts", ".d.cts", ".js", ".jsx", ".mjs", ".cjs", ".json", ".vue", ".node",
];

/// The same for code that runs as it is written: a declaration only stands for what is nowhere else.
const ENDINGS_OF_SCRIPTS: &[&str] = &[
    ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".json", ".vue", ".node", ".d.ts", ".d.mts", ".d.cts",
];

/// Endings that single tools let an import leave out.
const MORE_ENDINGS: &[&str] = &[
    ".web.tsx",
    ".web.ts",
    ".native.tsx",
    ".native.ts",
    ".ios.tsx",
    ".android.tsx",
    ".ios.ts",
    ".android.ts",
    ".web.js",
    ".native.js",
    ".ios.js",
    ".android.js",
    ".svelte",
    ".svelte.ts",
];

/// What a compiler writes, and what it is written from.
const COMPILED: [(&str, &[&str]); 4] = [
    (".js", &[".ts", ".tsx", ".d.ts", ".jsx"]),
    (".jsx", &[".tsx"]),
    (".mjs", &[".mts", ".d.mts"]),
    (".cjs", &[".cts", ".d.cts"]),
];

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lookup {
    Found(FileId),
    /// A folder that has a manifest of its own.
    Package,
    WrongCase(String),
    Missing,
}

/// The files of the tree, as one file's imports ask for them.
#[derive(Debug)]
pub(super) struct Files<'t> {
    pub(super) tree: &'t Tree,
    /// The lower-case paths that were asked for.
    pub(super) watched: BTreeSet<String>,
    endings: &'static [&'static str],
    /// Whether a declaration counts before the script it describes.
    prefers_declarations: bool,
}

impl<'t> Files<'t> {
    pub(super) fn new(tree: &'t Tree, is_typescript: bool) -> Self {
        let endings = if is_typescript { ENDINGS } else { ENDINGS_OF_SCRIPTS };
        Self { tree, watched: BTreeSet::new(), endings, prefers_declarations: is_typescript }
    }

    /// Endings of what nothing else is compiled to: where git ignores these, the file itself may be ignored.
    pub(super) fn sources(&self) -> &'static [&'static str] {
        if self.prefers_declarations {
            &[".ts", ".tsx", ".mts", ".cts"]
        } else {
            &[".js", ".jsx", ".mjs", ".cjs", ".ts"]
        }
    }

    pub(super) fn has_folder(&mut self, path: &str) -> bool {
        self.watched.insert(path.to_lowercase());
        self.tree.has_folder(path)
    }

    /// Says whether any file may be meant.
    fn watch(&mut self, path: &str) -> bool {
        let lower = path.to_lowercase();
        let mut may_have = self.tree.may_have(&lower);
        let name = lower.rfind('/').map_or(0, |at| at + 1);
        // A file of another ending may stand for one that is asked for by what it compiles to.
        if let Some(at) = lower.rfind('.').filter(|at| *at > name)
            && let Some(stem) = lower.get(..at)
        {
            may_have |= self.tree.may_have(stem);
            self.watched.insert(stem.to_owned());
        }
        self.watched.insert(lower);
        may_have
    }

    /// The file that a path without its ending, or a folder's path, stands for.
    pub(super) fn file_at(&mut self, path: &str) -> Lookup {
        if !self.watch(path) {
            return Lookup::Missing;
        }
        let mut candidate = String::with_capacity(path.len() + 16);
        let mut tried: Vec<String> = Vec::new();
        let mut find = |stem: &str, ending: &str| {
            candidate.clear();
            candidate.push_str(stem);
            candidate.push_str(ending);
            self.tree.file(&candidate)
        };
        if let Some(file) = find(path, "") {
            let described = COMPILED.iter().filter(|_| self.prefers_declarations).find_map(|(written, sources)| {
                let stem = path.strip_suffix(*written)?;
                sources.iter().filter(|source| source.starts_with(".d.")).find_map(|source| find(stem, source))
            });
            return Lookup::Found(described.unwrap_or(file));
        }
        for (written, sources) in COMPILED {
            if let Some(stem) = path.strip_suffix(written) {
                if let Some(file) = sources.iter().find_map(|source| find(stem, source)) {
                    return Lookup::Found(file);
                }
                tried.extend(sources.iter().map(|source| format!("{stem}{source}")));
            }
        }
        if let Some(file) = self.endings.iter().chain(MORE_ENDINGS).find_map(|ending| find(path, ending)) {
            return Lookup::Found(file);
        }
        // `./data.json.d.ts` and `./data.d.json.ts` both describe `./data.json`.
        if let Some((stem, ending)) = path.rsplit_once('.').filter(|(_, ending)| !ending.contains('/'))
            && let Some(file) = find(stem, &format!(".d.{ending}.ts"))
        {
            return Lookup::Found(file);
        }
        let folder = if path.is_empty() { "index".to_owned() } else { format!("{path}/index") };
        if let Some(file) = self.endings.iter().chain(MORE_ENDINGS).find_map(|ending| find(&folder, ending)) {
            return Lookup::Found(file);
        }
        let manifest = if path.is_empty() { "package.json".to_owned() } else { format!("{path}/package.json") };
        if self.tree.file(&manifest).is_some() {
            return Lookup::Package;
        }
        tried.push(path.to_owned());
        tried.extend(self.endings.iter().map(|ending| format!("{path}{ending}")));
        tried.extend(self.endings.iter().map(|ending| format!("{folder}{ending}")));
        let other = |path: &String| self.tree.in_other_case(path).find(|there| self.tree.file(there).is_some());
        tried.iter().find_map(other).map_or(Lookup::Missing, |there| Lookup::WrongCase(there.to_owned()))
    }
}
