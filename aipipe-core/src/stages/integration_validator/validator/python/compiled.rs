//! Extension modules: what the files of a build say is compiled.
//!
//! These files are programs, and are read for the words alone that stand where a module's name is given.

use super::manifest::quotes;
use crate::domain::RepoPath;
use std::collections::BTreeSet;

/// The modules that the build files of a folder name, or compiled ones register.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Compiled {
    /// Dotted names: `package.module`.
    dotted: BTreeSet<String>,
    /// Modules of the folder itself.
    beside: BTreeSet<String>,
    /// Modules of the folder or one below it.
    below: BTreeSet<String>,
}

/// Whether a file is read here, though it is no manifest.
pub(super) fn is_build_file(path: &RepoPath) -> bool {
    matches!(path.file_name(), "meson.build" | "CMakeLists.txt" | "setup_package.py") || is_cython(path)
}

fn is_cython(path: &RepoPath) -> bool {
    matches!(path.extension(), Some("pyx" | "pxi"))
}

impl Compiled {
    /// Takes in what a build file or a manifest of the folder says.
    pub(super) fn read(&mut self, path: &RepoPath, text: &str) {
        match path.file_name() {
            "meson.build" => {
                self.beside.extend(of_meson(text));
                self.dotted.extend(installed(text));
            }
            "CMakeLists.txt" => self.below.extend(of_cmake(text)),
            _ if is_cython(path) => self.dotted.extend(registered(text)),
            _ => {
                for name in of_python(text) {
                    let names = if name.contains('.') { &mut self.dotted } else { &mut self.below };
                    names.insert(name.to_owned());
                }
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.dotted.is_empty() && self.beside.is_empty() && self.below.is_empty()
    }

    /// Whether the module of a path is one, for the build files of this folder.
    pub(super) fn has(&self, folder: &str, path: &str) -> bool {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.beside.contains(name) && parent == folder
            || self.below.contains(name) && super::environment::is_in(parent, folder)
            || self.dotted.iter().any(|dotted| super::environment::is_end(path, &dotted.replace('.', "/")))
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_') && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn is_dotted(name: &str) -> bool {
    name.contains('.') && name.split('.').all(is_word)
}

/// `Extension("package.module", …)` and its kind in setup scripts, and maturin's `module-name = "package.module"`.
fn of_python(text: &str) -> impl Iterator<Item = &str> {
    let named = ["Extension(", "add_extension(", "module-name"].into_iter().flat_map(|mark| text.match_indices(mark));
    let quoted = named.filter_map(|(at, found)| {
        let rest = text.get(at + found.len()..)?.trim_start().trim_start_matches('=').trim_start();
        let rest = rest.strip_prefix("name=").unwrap_or(rest);
        rest.starts_with(['"', '\'']).then(|| quotes(rest.lines().next()?).first().map(|(_, name)| *name)).flatten()
    });
    quoted.filter(|name| name.split('.').all(is_word))
}

/// `py.extension_module('module', …)`, and the names in lists that such calls may be made from.
fn of_meson(text: &str) -> Vec<String> {
    if !text.contains("extension_module(") {
        return Vec::new();
    }
    let is_name = |(at, quoted): &(usize, &str)| {
        let before = text.get(..at.saturating_sub(1)).unwrap_or_default().trim_end();
        let given = match before.strip_suffix('(') {
            Some(call) => call.ends_with("extension_module"),
            None => before.ends_with(['[', ',', '{']),
        };
        given && is_word(quoted)
    };
    quotes(text).into_iter().filter(is_name).map(|(_, quoted)| quoted.to_owned()).collect()
}

/// The folders that a build makes where modules are installed: `install_dir: root / 'package/data'`.
fn installed(text: &str) -> impl Iterator<Item = String> {
    let folders = text.lines().filter(|line| line.trim_start().starts_with("install_dir:")).flat_map(quotes);
    folders.map(|(_, folder)| folder.replace('/', ".")).filter(|name| is_dotted(name))
}

/// The modules that compiled code puts among those that are loaded: `sys.modules['package.module'] = …`.
fn registered(text: &str) -> impl Iterator<Item = String> {
    let places = text.match_indices("sys.modules").filter_map(|(at, _)| text.get(at..)?.lines().next());
    let names = places.filter_map(|line| quotes(line).first().map(|(_, name)| *name));
    names.filter(|name| is_dotted(name)).map(str::to_owned)
}

/// `pybind11_add_module(module …)`, `Python_add_library(module MODULE …)` and their kind.
fn of_cmake(text: &str) -> Vec<String> {
    const CALLS: &[&str] = &["pybind11_add_module", "nanobind_add_module", "python_add_library", "python3_add_library"];
    let lower = text.to_ascii_lowercase();
    let calls = CALLS.iter().flat_map(|call| lower.match_indices(call));
    let names = calls.filter_map(|(at, call)| {
        let arguments = text.get(at + call.len()..)?.trim_start().strip_prefix('(')?;
        let name = arguments.split(|c: char| c.is_whitespace() || c == ')').find(|word| !word.is_empty())?;
        is_word(name).then(|| name.to_owned())
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(file: &str, text: &str, path: &str) -> bool {
        let file = RepoPath::parse(file).unwrap();
        let mut compiled = Compiled::default();
        compiled.read(&file, text);
        compiled.has(file.parent(), path)
    }

    #[test]
    fn every_build_file_names_its_modules() {
        let meson = "gen = [\n  # it's listed\n  ['_fast', 'src/fast.c', []],\n]\nforeach g: gen\n\
            py.extension_module(g[0], g[1], install_tag: 'tests')\nendforeach\npy.extension_module(\n  '_umath', src)\n\
            dep = dependency('blas')\n";
        for (name, wanted) in [("_fast", true), ("_umath", true), ("tests", false), ("blas", false), ("fast", false)] {
            assert_eq!(has("app/core/meson.build", meson, &format!("app/core/{name}")), wanted, "{name}");
        }
        assert!(!has("app/core/meson.build", meson, "app/_fast"));
        assert!(!has("app/meson.build", "names = ['_fast']\n", "app/_fast"));
        let cmake =
            "PYBIND11_ADD_MODULE(_core src/a.cpp)\nPython_add_library(\n  _more MODULE b.c)\nadd_library(c c.c)\n";
        assert!(has("CMakeLists.txt", cmake, "src/app/_core") && has("CMakeLists.txt", cmake, "_more"));
        assert!(!has("CMakeLists.txt", cmake, "c") && !has("native/CMakeLists.txt", cmake, "app/_core"));
        let setup =
            "Extension(\n    name=\"app.wcs._wcs\", **cfg)\nconfig.add_extension('_lib')\nExtension(name, 'x.y')\n";
        assert!(has("app/wcs/setup_package.py", setup, "src/app/wcs/_wcs") && has("a/setup.py", setup, "a/b/_lib"));
        let installed = "configure_file(\n  install_dir: root / 'core/lib/data',\n  output: 'a/b')\n";
        assert!(has("meson.build", installed, "app/core/lib/data") && !has("meson.build", installed, "a/b"));
        let cython = "sys.modules.setdefault('app._path', Module())\nx = 'app.other'\n";
        assert!(has("src/a.pxi", cython, "src/app/_path") && !has("src/a.pxi", cython, "src/app/other"));
        assert!(!has("a/setup.py", setup, "b/_lib") && !has("a/setup.py", setup, "x/y"));
    }
}
