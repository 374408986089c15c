//! What the manifests of Python projects declare.
//!
//! They are read line by line, for names only: what is not understood declares nothing, or too much, but never breaks.

use super::packages::{Distribution, normalized};
use crate::domain::{RepoPath, TextSpan};
use std::collections::{BTreeMap, BTreeSet};

/// What one manifest says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    /// Distributions by their normalized names.
    pub(super) declared: BTreeMap<String, Declared>,
    /// What it calls the project itself.
    pub(super) own: Option<Distribution>,
    /// Words that may name modules of the project.
    pub(super) words: BTreeSet<String>,
    /// Python files that a build writes.
    pub(super) files: BTreeSet<String>,
}

/// A declared distribution.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) distribution: Distribution,
    pub(super) span: TextSpan,
    /// Whether the program itself needs it, rather than its tests or tools.
    pub(super) is_main: bool,
}

/// Whether a file of this path is read here.
pub(super) fn is_manifest(path: &RepoPath) -> bool {
    let name = path.file_name();
    is_requirements(path)
        || matches!(name, "pyproject.toml" | "Pipfile" | "setup.cfg" | "setup.py" | "tox.ini" | "noxfile.py")
        || name.starts_with("environment") && matches!(path.extension(), Some("yml" | "yaml"))
}

/// Whether a manifest describes a project that is installed, rather than only what something needs.
pub(super) fn describes_project(path: &RepoPath) -> bool {
    matches!(path.file_name(), "pyproject.toml" | "setup.py" | "setup.cfg" | "Pipfile")
}

/// Whether a file of this path is a lock.
pub(super) fn is_lock(path: &RepoPath) -> bool {
    matches!(path.file_name(), "poetry.lock" | "uv.lock" | "pdm.lock")
}

fn is_requirements(path: &RepoPath) -> bool {
    let folder = path.parent().rsplit('/').next().unwrap_or_default();
    let named = path.file_name().contains("requirements") || folder.contains("requirements");
    named && matches!(path.extension(), Some("txt" | "in" | "lock" | "pip"))
}

/// Reads a manifest.
pub(super) fn read(path: &RepoPath, text: &str) -> Manifest {
    let mut manifest = Manifest { files: written(text), ..Manifest::default() };
    match path.file_name() {
        "pyproject.toml" | "Pipfile" => toml(text, &mut manifest),
        "setup.cfg" => setup_cfg(text, &mut manifest),
        "setup.py" | "noxfile.py" => {
            for (at, quoted) in quotes(text) {
                manifest.declare(quoted, at, false);
                manifest.words.extend(module_word(quoted));
            }
        }
        _ => {
            let development = path.as_str().contains("dev") || path.as_str().contains("test");
            let is_main = is_requirements(path) && !development && path.extension() != Some("lock");
            for (at, line) in lines(text) {
                let line = line.trim();
                let (at, line) = line.strip_prefix("- ").map_or((at, line), |line| (at + 2, line));
                // A file of exact versions is written by a tool, and has what comes along as well.
                manifest.declare(line, at, is_main && !line.contains("=="));
            }
        }
    }
    manifest
}

impl Manifest {
    fn declare(&mut self, requirement: &str, at: usize, is_main: bool) {
        let Some(name) = distribution(requirement) else { return };
        let span = TextSpan { start: at, end: at + name.len() };
        let distribution = Distribution::new(name);
        let key = distribution.name().to_owned();
        let declared = Declared { name: name.to_owned(), distribution, span, is_main };
        self.declared.entry(key).or_insert(declared);
    }
}

/// Lines with the place of their first visible character.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        (start, line.trim_end())
    })
}

/// What stands in quotes, with its place; quotes end with their lines.
pub(super) fn quotes(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, start) {
            (b'\n', _) => start = None,
            (b'"' | b'\'', None) => start = Some((byte, at + 1)),
            (_, Some((quote, from))) if byte == quote => {
                found.extend(text.get(from..at).map(|quoted| (from, quoted)));
                start = None;
            }
            _ => {}
        }
    }
    found
}

/// The name a requirement begins with.
fn distribution(requirement: &str) -> Option<&str> {
    let requirement = requirement.trim();
    let end = requirement.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
    let name = requirement.get(..end.unwrap_or(requirement.len()))?.trim_end_matches(['.', '-']);
    name.starts_with(|c: char| c.is_ascii_alphanumeric()).then_some(name)
}

/// The module of `package.module:function`.
fn module_word(text: &str) -> Option<String> {
    let named = text.split(['=', ':']).map(str::trim).find(|part| part.contains('.') || text.contains(':'))?;
    named.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.')).then(|| named.to_owned())
}

/// The files that tools write a version into, by the settings that name them.
fn written(text: &str) -> BTreeSet<String> {
    const SETTINGS: &[&str] = &["version_file", "version-file", "versionfile", "write_to", "write-to"];
    let lines = text.lines().filter(|line| SETTINGS.iter().any(|setting| line.contains(setting)));
    let words = lines.flat_map(|line| line.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=' | ',')));
    words.filter(|word| word.ends_with(".py")).map(str::to_owned).collect()
}

/// Whether a list of exact versions has everything that is installed: a tool says that it wrote it, or what distributions are
/// known to bring along is there as well.
pub(super) fn is_closed(path: &RepoPath, text: &str, manifest: &Manifest) -> bool {
    const COMPANIONS: &[(&str, &[&str])] = &[
        ("flask", &["werkzeug", "jinja2", "markupsafe", "itsdangerous", "click"]),
        ("django", &["asgiref", "sqlparse"]),
        ("fastapi", &["starlette", "pydantic"]),
        ("requests", &["urllib3", "certifi", "idna"]),
        ("httpx", &["httpcore", "certifi", "idna", "anyio"]),
        ("pandas", &["numpy", "python-dateutil", "six"]),
    ];
    let mut requirements = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', '-']));
    if !is_requirements(path) || manifest.declared.is_empty() || !requirements.all(|line| line.contains("==")) {
        return false;
    }
    let is_made = text.lines().any(|line| {
        let line = line.trim();
        line.starts_with('#') && (line.contains("autogenerated by") || line.starts_with("# via"))
            || line.contains(" # via ")
    });
    let has = |name: &str| manifest.declared.contains_key(name);
    let mut known = COMPANIONS.iter().filter(|(name, _)| has(name)).peekable();
    is_made || known.peek().is_some() && known.all(|(_, with)| with.iter().all(|name| has(name)))
}

/// What a table of `pyproject.toml` or `Pipfile` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    Project,
    /// Its keys are distributions.
    Keys {
        is_main: bool,
    },
    /// Its lists are requirements.
    Lists,
    Other,
}

fn table(header: &str) -> Table {
    let optional = header.contains("dev") || header.contains("group") || header.contains("test");
    match header {
        "project" | "tool.poetry" => Table::Project,
        "packages" | "dev-packages" => Table::Keys { is_main: header == "packages" },
        "project.optional-dependencies" | "dependency-groups" | "build-system" | "tool.pdm.dev-dependencies" => {
            Table::Lists
        }
        header if header.starts_with("tool.poetry.") && header.ends_with("dependencies") => {
            Table::Keys { is_main: !optional }
        }
        header if header.starts_with("tool.") => Table::Other,
        _ => Table::Other,
    }
}

fn toml(text: &str, manifest: &mut Manifest) {
    let mut place = Table::Other;
    // Whether the lines are those of a list of requirements.
    let mut in_list: Option<bool> = None;
    for (at, line) in lines(text) {
        let line = line.trim_start();
        if in_list.is_none()
            && let Some(header) = line.strip_prefix('[')
        {
            let header = header.trim_start_matches('[').split(']').next().unwrap_or_default().trim();
            place = table(header);
            // `[tool.poetry.dependencies.name]`
            if let Some((_, name)) = header.rsplit_once("dependencies.").filter(|_| header.contains("poetry")) {
                manifest.declare(name, at + line.find(name).unwrap_or(0), false);
            }
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        let mut value = line;
        let mut value_at = at;
        if in_list.is_none() {
            let Some((key, rest)) = line.split_once('=') else { continue };
            let key = key.trim().trim_matches('"');
            value = rest;
            value_at = at + key.len().max(line.len() - rest.len());
            let list = rest.trim_start().starts_with('[');
            match place {
                Table::Keys { is_main } => manifest.declare(key, at + line.find(key).unwrap_or(0), is_main),
                Table::Project if key == "name" => {
                    manifest.own = quotes(rest).first().map(|(_, name)| Distribution::new(name));
                }
                Table::Project if key == "dependencies" && list => in_list = Some(true),
                Table::Lists if list => in_list = Some(false),
                // Tools keep lists of their own: hatch, uv, pixi.
                _ if key.contains("dependencies") && list => in_list = Some(false),
                _ => {}
            }
        }
        let quoted = quotes(value);
        if let Some(is_main) = in_list {
            for (offset, requirement) in &quoted {
                manifest.declare(requirement, value_at + offset, is_main);
            }
            // A closing bracket outside quotes ends the list.
            let mut bare = value.to_owned();
            for (_, requirement) in &quoted {
                bare = bare.replacen(requirement, "", 1);
            }
            let bare = bare.split('#').next().unwrap_or_default();
            if bare.contains(']') {
                in_list = None;
            }
        } else {
            manifest.words.extend(quoted.iter().filter_map(|(_, word)| module_word(word)));
        }
    }
}

fn setup_cfg(text: &str, manifest: &mut Manifest) {
    let (mut in_options, mut is_main, mut in_list) = (false, false, false);
    for (at, line) in lines(text) {
        if let Some(header) = line.strip_prefix('[') {
            in_options = header.starts_with("options]") || header.starts_with("options.extras_require]");
            is_main = header.starts_with("options]");
            in_list = header.starts_with("options.extras_require]");
            continue;
        }
        let indented = line.starts_with([' ', '\t']);
        if let Some((key, value)) = line.split_once('=').filter(|_| !indented) {
            let key = key.trim();
            in_list = key.ends_with("_requires") || key.ends_with("_require") || !is_main;
            if in_options && in_list {
                manifest.declare(value, at + (line.len() - value.trim_start().len()), false);
            }
            if key == "name" {
                manifest.own = Some(Distribution::new(value.trim()));
            }
        } else if indented && in_options && in_list {
            manifest.declare(line, at, is_main);
        }
        manifest.words.extend(module_word(line.rsplit('=').next().unwrap_or_default().trim()));
    }
}

/// The distributions of a lock, each with whether another one asks for it.
pub(super) fn read_lock(text: &str, locked: &mut BTreeMap<String, bool>) {
    let mut in_dependencies = false;
    let mut in_package = false;
    for (_, line) in lines(text) {
        let line = line.trim();
        if line.starts_with('[') && !line.starts_with("[{") {
            in_package = line == "[[package]]";
            in_dependencies = line.starts_with("[package.dependencies");
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        let key = key.trim().trim_matches('"');
        let first = quotes(value).first().map(|(_, name)| normalized(name));
        if in_dependencies {
            locked.insert(normalized(key), true);
        } else if in_package && key == "name" {
            locked.entry(first.unwrap_or_default()).or_default();
        } else if line.starts_with("{ name")
            && let Some(name) = first
        {
            // uv lists the dependencies of the project itself the same way; those are declared anyway.
            locked.insert(name, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str, text: &str) -> Vec<String> {
        let manifest = read(&RepoPath::parse(path).unwrap(), text);
        for declared in manifest.declared.values() {
            assert_eq!(declared.span.of(text), Some(declared.name.as_str()));
        }
        manifest.declared.into_keys().collect()
    }

    #[test]
    fn every_manifest_is_read() {
        let project = "[project]\nname = \"a\"\ndependencies = [\n  \"fastapi[all]>=0.1\",  # ]\n  'SQLAlchemy',\n]\n\
            keywords = [\"x\"]\n[project.optional-dependencies]\nt = [\"pytest>=7\"]\n[dependency-groups]\ndev = [\n\"ruff\"\n]\n\
            [tool.uv]\ndev-dependencies = [\"mypy\"]\n[tool.ruff]\nselect = [\"F\"]\n";
        assert_eq!(names("pyproject.toml", project), ["fastapi", "mypy", "pytest", "ruff", "sqlalchemy"]);
        let poetry = "[tool.poetry]\nname = \"a\"\n[tool.poetry.dependencies]\npython = \"^3\"\nhttpx = {version = \"1\"}\n\
            [tool.poetry.group.dev.dependencies]\nPyYAML = \"6\"\n";
        assert_eq!(names("pyproject.toml", poetry), ["httpx", "python", "pyyaml"]);
        let cfg = "[metadata]\nname = a\n[options]\npackages = find:\ninstall_requires =\n    click>=8\n    rich\n\
            [options.extras_require]\ndev =\n    tox\n";
        assert_eq!(names("setup.cfg", cfg), ["click", "rich", "tox"]);
        assert_eq!(
            names("requirements/base.txt", "-r x.txt\n# no\nDjango==4\n  celery[redis]\n"),
            ["celery", "django"]
        );
        assert_eq!(names("setup.py", "setup(install_requires=['six', \"attrs>=1\"])"), ["attrs", "six"]);
        assert_eq!(names("Pipfile", "[packages]\nflask = \"*\"\n[requires]\npython_version = \"3\"\n"), ["flask"]);
    }

    #[test]
    fn a_list_of_everything_is_told_from_one_of_some() {
        let closed = |text: &str| {
            let path = RepoPath::parse("requirements.txt").unwrap();
            is_closed(&path, text, &read(&path, text))
        };
        assert!(closed("django==5.0\nasgiref==3.7\nsqlparse==0.4\n"));
        assert!(closed("bleach==6.0  # via -r requirements.in\n"));
        assert!(!closed("django==5.0\n") && !closed("bleach==6.0\n") && !closed(""));
        assert!(!closed("django==5.0\nasgiref==3.7\nsqlparse>=0.4\n"));
    }

    #[test]
    fn a_lock_tells_what_comes_along() {
        let mut locked = BTreeMap::new();
        let text = "[[package]]\nname = \"fastapi\"\nversion = \"1\"\n\n[package.dependencies]\nstarlette = \">=1\"\n\n\
            [[package]]\nname = \"starlette\"\n";
        read_lock(text, &mut locked);
        assert_eq!(locked, BTreeMap::from([("fastapi".to_owned(), false), ("starlette".to_owned(), true)]));
    }
}
