//! Where Python's own modules of the project lie, and which imports of them lead nowhere.
//!
//! Which folders Python searches is decided when it starts, so a name is taken for the project's own only where a module or
//! package of that name lies in a folder that is usually searched: those above the file, and `src`. Everything else
//! is somebody else's package, of which nothing is said here.

use super::super::SourceFile;
use super::super::tree::ancestors;
use super::Out;
use super::module::{Import, Module};
use super::paths::{Lookup, Tree};
use crate::domain::{Rule, TextSpan};
use std::collections::{BTreeMap, BTreeSet};

/// All Python modules of the project.
#[derive(Debug, Default)]
pub(in super::super) struct PythonProject<'m> {
    modules: BTreeMap<&'m str, &'m Module>,
    /// Folders with Python files in them or below them.
    folders: BTreeSet<&'m str>,
    /// Distributions the manifests declare, as module names are written.
    declared: BTreeSet<String>,
}

enum Target<'a> {
    Module,
    Package(&'a str),
    WrongCase(&'a str),
    Missing,
}

impl<'m> PythonProject<'m> {
    pub(in super::super) fn new(modules: &[(SourceFile<'m>, &'m Module)], files: &[SourceFile<'_>]) -> Self {
        let mut project = Self::default();
        for (file, module) in modules {
            project.modules.insert(file.path.as_str(), module);
            for folder in ancestors(file.path.parent()) {
                if !project.folders.insert(folder) {
                    break;
                }
            }
        }
        for file in files {
            declared_names(*file, &mut project.declared);
        }
        project
    }

    /// Reports every import of the project's own modules that leads nowhere.
    pub(in super::super) fn check(
        &self,
        file: SourceFile<'_>,
        module: &Module,
        tree: &Tree<'_>,
        out: &mut Out<'_, '_>,
    ) {
        for import in &module.imports {
            if import.dots == 0 {
                self.absolute(file, import, tree, out);
            } else {
                self.relative(file, import, tree, out);
            }
        }
    }

    fn relative(&self, file: SourceFile<'_>, import: &Import, tree: &Tree<'_>, out: &mut Out<'_, '_>) {
        let written = written(import);
        let Some(base) = ancestors(file.path.parent()).nth(import.dots - 1) else {
            let message = format!("{written} leads out of the project");
            return out.add(Rule::ImportOutsideProject, file.path, Some(import.span), &message);
        };
        let path = below(base, &import.module);
        self.report(file, import, tree, &path, &written, out);
    }

    fn absolute(&self, file: SourceFile<'_>, import: &Import, tree: &Tree<'_>, out: &mut Out<'_, '_>) {
        let Some(first) = import.module.first() else { return };
        let roots: Vec<&str> = ancestors(file.path.parent()).chain(["src"]).collect();
        let owns = |root: &&str| {
            let path = below(root, std::slice::from_ref(first));
            self.modules.contains_key(format!("{path}.py").as_str()) || self.folders.contains(path.as_str())
        };
        let owners: Vec<&str> = roots.iter().copied().filter(|root| owns(root)).collect();
        let Some(first_owner) = owners.first() else {
            return self.other_case(file, import, tree, &roots, out);
        };
        let resolved = |root: &&str| {
            matches!(self.target(tree, &below(root, &import.module)), Target::Module | Target::Package(_))
        };
        let root = owners.iter().find(|root| resolved(root)).unwrap_or(first_owner);
        let path = below(root, &import.module);
        let is_package = tree.has_file(&format!("{}/__init__.py", below(root, std::slice::from_ref(first))));
        let is_module = tree.has_file(&format!("{}.py", below(root, std::slice::from_ref(first))));
        // A folder without __init__.py gives way to an installed package of its name (`alembic/`, `docs/`).
        if !is_package && !is_module && (self.declared.contains(&first.to_lowercase()) || is_standard(first)) {
            return;
        }
        if !resolved(root) {
            // Another folder may be on the search path: if the module lies anywhere, it can't be called missing.
            let tail = import.module.join("/");
            if tree.has_suffix(&format!("{tail}.py")) || tree.has_suffix(&format!("{tail}/__init__.py")) {
                return;
            }
        }
        self.report(file, import, tree, &path, &written(import), out);
    }

    /// `from App.x import y` where there is an `app/x.py`: the whole path must fit to be more than a coincidence.
    fn other_case(
        &self,
        file: SourceFile<'_>,
        import: &Import,
        tree: &Tree<'_>,
        roots: &[&str],
        out: &mut Out<'_, '_>,
    ) {
        let Some(first) = import.module.first() else { return };
        if import.module.len() < 2 || self.declared.contains(&first.to_lowercase()) || is_standard(first) {
            return;
        }
        for root in roots {
            if let Target::WrongCase(there) = self.target(tree, &below(root, &import.module)) {
                let message = format!("{} differs in case from {there}", written(import));
                return out.add(Rule::WrongCase, file.path, Some(import.span), &message);
            }
        }
    }

    fn report(
        &self,
        file: SourceFile<'_>,
        import: &Import,
        tree: &Tree<'_>,
        path: &str,
        written: &str,
        out: &mut Out<'_, '_>,
    ) {
        let at = Some(import.span);
        match self.target(tree, path) {
            Target::Module => {}
            Target::Package(package) => self.names(file, import, tree, package, out),
            Target::WrongCase(there) => {
                out.add(Rule::WrongCase, file.path, at, &format!("{written} differs in case from {there}"));
            }
            Target::Missing if out.is_ignored_by_git(&format!("{path}.py")) => {
                let message =
                    format!("{written} leads to {path}.py, which git ignores: whether it is there can't be told");
                out.warn(Rule::UnknownImport, file.path, at, &message);
            }
            Target::Missing => {
                let message = format!("{written} leads to no module (looked for {path}.py and {path}/)");
                out.add(Rule::UnresolvedImport, file.path, at, &message);
            }
        }
    }

    /// The names of `from package import a, b`: each is a module of the package or something its `__init__.py` mentions.
    fn names(&self, file: SourceFile<'_>, import: &Import, tree: &Tree<'_>, package: &str, out: &mut Out<'_, '_>) {
        let init = self.modules.get(format!("{}.py", below(package, &["__init__".to_owned()])).as_str());
        for (name, span) in import.names.iter().filter(|(name, _)| name != "*") {
            if init.is_some_and(|init| init.open || init.names.contains(name)) || name.starts_with("__") {
                continue;
            }
            let path = below(package, std::slice::from_ref(name));
            self.name(file, import, tree, name, *span, &path, out);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one name with all that its message says")]
    fn name(
        &self,
        file: SourceFile<'_>,
        import: &Import,
        tree: &Tree<'_>,
        name: &str,
        span: TextSpan,
        path: &str,
        out: &mut Out<'_, '_>,
    ) {
        let written = format!("{name} of {}", written(import));
        match self.target(tree, path) {
            Target::Module | Target::Package(_) => {}
            Target::WrongCase(there) => {
                out.add(Rule::WrongCase, file.path, Some(span), &format!("{written} differs in case from {there}"));
            }
            Target::Missing if out.is_ignored_by_git(&format!("{path}.py")) => {}
            Target::Missing => {
                let message = format!("{written} is neither a module of the package nor a name of its __init__.py");
                out.add(Rule::UnresolvedImport, file.path, Some(span), &message);
            }
        }
    }

    fn target<'a>(&self, tree: &Tree<'a>, path: &str) -> Target<'a> {
        let files = [
            format!("{path}.py"),
            format!("{path}.pyi"),
            format!("{path}/__init__.py"),
            format!("{path}/__init__.pyi"),
        ];
        match tree.first_file(files.iter().map(String::as_str)) {
            Lookup::Found(found) if found.contains("__init__.py") => {
                return Target::Package(found.rsplit_once('/').map_or("", |(folder, _)| folder));
            }
            Lookup::Found(_) => return Target::Module,
            Lookup::WrongCase(there) => return Target::WrongCase(there),
            Lookup::Missing => {}
        }
        if path.is_empty() {
            return Target::Package("");
        }
        match tree.folder(path) {
            Lookup::Found(folder) if self.folders.contains(folder) => Target::Package(folder),
            // Compiled extensions and folders of data are more than text tells.
            Lookup::Found(_) => Target::Module,
            Lookup::WrongCase(there) => Target::WrongCase(there),
            Lookup::Missing => Target::Missing,
        }
    }
}

fn written(import: &Import) -> String {
    format!("{}{}", ".".repeat(import.dots), import.module.join("."))
}

fn below(folder: &str, parts: &[String]) -> String {
    let tail = parts.join("/");
    match (folder.is_empty(), tail.is_empty()) {
        (true, _) => tail,
        (false, true) => folder.to_owned(),
        (false, false) => format!("{folder}/{tail}"),
    }
}

/// Collects distribution names from requirement files and the dependency tables of `pyproject.toml`.
fn declared_names(file: SourceFile<'_>, names: &mut BTreeSet<String>) {
    let name = file.path.file_name();
    let requirements = name.starts_with("requirements") || file.path.parent().ends_with("requirements");
    if requirements && matches!(file.path.extension(), Some("txt" | "in" | "lock")) {
        names.extend(file.content.lines().filter_map(distribution));
    }
    if !matches!(name, "pyproject.toml" | "Pipfile" | "setup.py" | "setup.cfg" | "environment.yml") {
        return;
    }
    let mut in_table = name != "pyproject.toml";
    let mut in_list = false;
    for line in file.content.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix('[').filter(|_| name != "setup.py") {
            in_table = table.contains("dependenc") || name == "Pipfile";
            in_list = false;
            if table.contains("dependenc") || !line.ends_with(',') {
                continue;
            }
        }
        let (key, value) = line.split_once('=').map_or((line, ""), |(key, value)| (key.trim(), value));
        in_list |= key.contains("dependencies") && value.contains('[');
        if in_table && name != "setup.py" {
            names.extend(distribution(key));
        }
        if in_list || name == "setup.py" || in_table {
            for quoted in line.split(['"', '\'']).skip(1).step_by(2) {
                names.extend(distribution(quoted));
            }
        }
        in_list &= !line.ends_with(']');
    }
}

/// The name a requirement begins with, as a module would be called.
fn distribution(requirement: &str) -> Option<String> {
    let requirement = requirement.trim().trim_start_matches("- ");
    let end = requirement.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
    let name = requirement.get(..end.unwrap_or(requirement.len()))?.trim_end_matches(['.', '-']);
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic());
    starts_well.then(|| name.to_lowercase().replace(['-', '.'], "_"))
}

/// Standard modules whose names projects like to give to folders.
fn is_standard(name: &str) -> bool {
    const NAMES: [&str; 40] = [
        "ast",
        "asyncio",
        "calendar",
        "cmd",
        "code",
        "codecs",
        "collections",
        "concurrent",
        "copy",
        "csv",
        "ctypes",
        "dataclasses",
        "datetime",
        "email",
        "encodings",
        "enum",
        "functools",
        "html",
        "http",
        "importlib",
        "io",
        "json",
        "logging",
        "math",
        "multiprocessing",
        "os",
        "platform",
        "queue",
        "random",
        "select",
        "signal",
        "site",
        "statistics",
        "string",
        "test",
        "time",
        "token",
        "types",
        "unittest",
        "xml",
    ];
    NAMES.contains(&name)
}
