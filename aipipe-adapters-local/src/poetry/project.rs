//! The files of a project that Poetry goes by, held against short lists of what they may say.
//!
//! Poetry takes far more than versions from them: other indexes, repositories and folders as packages, plugins that it
//! loads into itself. What is not on a list here is refused by its name.

use std::collections::BTreeSet;
use toml::{Table, Value};

pub(crate) const MANIFEST: &str = "pyproject.toml";
pub(crate) const SETTINGS: &str = "poetry.toml";
pub(crate) const LOCK: &str = "poetry.lock";

/// A package's normalized name and its exact version.
pub(crate) type Pin = (String, String);

/// What `[tool.poetry]` may have; among the rest are sources, plugins, and dependencies in a form of Poetry's own.
const MANIFEST_KEYS: [&str; 2] = ["package-mode", "requires-poetry"];

/// What `poetry.toml` may have.
const SETTING_KEYS: [(&str, &str); 2] = [("installer", "only-binary"), ("virtualenvs", "in-project")];

/// The pins of a `pyproject.toml`, all of whose requirements are names with versions.
///
/// # Errors
/// What else it asks for.
pub(crate) fn check_manifest(text: &str) -> Result<Vec<Pin>, String> {
    let manifest = table(text, MANIFEST)?;
    let poetry = manifest.get("tool").and_then(|tool| tool.get("poetry")).and_then(Value::as_table);
    if let Some(key) = poetry.into_iter().flat_map(Table::keys).find(|key| !MANIFEST_KEYS.contains(&key.as_str())) {
        return Err(format!("[tool.poetry] of {MANIFEST} has {}, which is not taken", shown(key)));
    }
    let project = manifest.get("project").and_then(Value::as_table);
    let project = project.ok_or_else(|| format!("{MANIFEST} has no table [project]"))?;
    if project.contains_key("dynamic") {
        return Err(format!("[project] of {MANIFEST} leaves fields to others (dynamic)"));
    }
    let mut lists = vec![("dependencies", project.get("dependencies"))];
    let tables = [project.get("optional-dependencies"), manifest.get("dependency-groups")];
    for table in tables.into_iter().flatten() {
        let table = table.as_table().ok_or_else(|| format!("a group of dependencies of {MANIFEST} is no table"))?;
        lists.extend(table.iter().map(|(name, list)| (name.as_str(), Some(list))));
    }
    let mut pins = Vec::new();
    for (name, list) in lists {
        let Some(list) = list else { continue };
        let list = list.as_array().ok_or_else(|| format!("{} of {MANIFEST} is no list", shown(name)))?;
        for requirement in list {
            match requirement {
                Value::String(requirement) => pins.extend(pin(requirement)?),
                Value::Table(group) if group.len() == 1 && group.contains_key("include-group") => {}
                _ => return Err(format!("{} of {MANIFEST} has something else than requirements", shown(name))),
            }
        }
    }
    Ok(pins)
}

/// Nothing but where the environment lies and which packages may be built.
///
/// # Errors
/// The setting that is not taken.
pub(crate) fn check_settings(text: &str) -> Result<(), String> {
    for (section, settings) in table(text, SETTINGS)? {
        let settings = settings.as_table().ok_or_else(|| format!("{} of {SETTINGS} is not taken", shown(&section)))?;
        if let Some(name) = settings.keys().find(|name| !SETTING_KEYS.contains(&(section.as_str(), name.as_str()))) {
            return Err(format!("{}.{} of {SETTINGS} is not taken", shown(&section), shown(name)));
        }
    }
    Ok(())
}

/// The lock has every pin, of every package a wheel and the hashes of its files, and says of none where it comes from.
///
/// # Errors
/// What it lacks, or has too much.
pub(crate) fn check_lock(text: &str, pins: &[Pin]) -> Result<(), String> {
    let lock = table(text, LOCK)?;
    let packages = lock.get("package").and_then(Value::as_array).filter(|packages| !packages.is_empty());
    let packages = packages.ok_or_else(|| format!("{LOCK} has no packages"))?;
    let mut locked = BTreeSet::new();
    for package in packages {
        let text = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default();
        let name = shown(text("name"));
        let fields = package.as_table().filter(|_| !name.is_empty() && !text("version").is_empty());
        let fields = fields.ok_or_else(|| format!("a package of {LOCK} has no name or no version"))?;
        if fields.contains_key("source") {
            return Err(format!("{LOCK} takes {name} from another place than the index"));
        }
        // A summary is the package's own prose; nothing installs from it.
        if fields.iter().any(|(key, value)| key != "description" && names_address(value)) {
            return Err(format!("{LOCK} names an address with {name}"));
        }
        let files = fields.get("files").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if !files.iter().all(is_hashed) || files.is_empty() {
            return Err(format!("{LOCK} has {name} without hashes"));
        }
        let is_wheel = |file: &Value| file.get("file").and_then(Value::as_str).is_some_and(|f| f.ends_with(".whl"));
        if !files.iter().any(is_wheel) {
            return Err(format!("{name} {} has no wheel: it would run code of its own", shown(text("version"))));
        }
        locked.insert((normalized(text("name")), text("version").to_owned()));
    }
    match pins.iter().find(|pin| !locked.contains(*pin)) {
        Some((name, version)) => Err(format!("{LOCK} lacks {name} {version}")),
        None => Ok(()),
    }
}

/// The version of Poetry in a list that pip installs with hashes required.
///
/// # Errors
/// What the list has besides exact versions and hashes, or that Poetry is not in it.
pub(crate) fn check_list(text: &str) -> Result<String, String> {
    let mut poetry = None;
    for line in text.replace("\\\n", " ").lines().map(str::trim).filter(|line| !is_beside(line)) {
        let (requirement, hashes) = line.split_once(" --hash=").unwrap_or((line, ""));
        let hash =
            |hash: &str| hash.strip_prefix("sha256:").is_some_and(|hex| hex.chars().all(|c| c.is_ascii_hexdigit()));
        if !hashes.split(" --hash=").all(|one| hash(one.trim())) {
            return Err(format!("the list of Poetry's packages has {} without hashes only", shown(requirement)));
        }
        let (name, version) = pin(requirement)?
            .ok_or_else(|| format!("the list of Poetry's packages does not pin {}", shown(requirement)))?;
        if name == "poetry" {
            poetry = Some(version);
        }
    }
    poetry.ok_or_else(|| "the list of Poetry's packages lacks Poetry".to_owned())
}

/// Whether a line of a list says nothing about a package: none, a comment, or that nothing is to be built.
fn is_beside(line: &str) -> bool {
    line.is_empty() || line.starts_with('#') || line == "--only-binary=:all:"
}

fn table(text: &str, file: &str) -> Result<Table, String> {
    // The parser's own message would show lines of the file.
    text.parse::<Table>().map_err(|_| format!("{file} is not TOML"))
}

/// The exact version a requirement asks for, if it does; only a name with versions is one.
fn pin(requirement: &str) -> Result<Option<Pin>, String> {
    let (wanted, _marker) = requirement.split_once(';').unwrap_or((requirement, ""));
    let wanted = wanted.trim();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.[],<>=!~*() ".contains(c);
    if !wanted.starts_with(|c: char| c.is_ascii_alphanumeric()) || !wanted.chars().all(allowed) {
        return Err(format!("{:?} asks for something else than a version of a package", shown(requirement)));
    }
    let pin = wanted.split_once("==").map(|(name, version)| {
        let name = name.split(['[', '(', ' ']).next().unwrap_or_default();
        (normalized(name), version.trim_end_matches(')').trim().to_owned())
    });
    Ok(pin.filter(|(_, version)| !version.contains(['*', ',', '='])))
}

/// A name as the packaging specification normalizes it.
fn normalized(name: &str) -> String {
    let words: Vec<&str> = name.trim().split(['-', '_', '.']).filter(|word| !word.is_empty()).collect();
    words.join("-").to_ascii_lowercase()
}

fn is_hashed(file: &Value) -> bool {
    let Some(file) = file.as_table() else { return false };
    let hash = file.get("hash").and_then(Value::as_str).unwrap_or_default();
    hash.starts_with("sha256:") && file.keys().all(|key| matches!(key.as_str(), "file" | "hash"))
}

fn names_address(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("://"),
        Value::Array(values) => values.iter().any(names_address),
        Value::Table(table) => table.iter().any(|(key, value)| key.contains("://") || names_address(value)),
        _ => false,
    }
}

/// A piece of a file for a message: short, in one line, without addresses.
fn shown(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    match text.split_once("://") {
        Some((before, _)) => format!("{before}://…"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "[project]\nname = \"x\"\nversion = \"1\"\ndependencies = [\"fastapi==0.165.0\", \"X_y.z[a,b] (>=1,<2) ; \
                         python_version < '4'\"]\n[dependency-groups]\ndev = [\"Py_Test == 9.2.0\", {include-group = \"a\"}]\n\
                         a = []\n[tool.poetry]\npackage-mode = false\n[tool.ruff]\nline-length = 120\n";

    #[test]
    fn manifests_ask_for_versions_only() {
        let pins = check_manifest(PLAIN).unwrap();
        assert_eq!(pins, [("fastapi", "0.165.0"), ("py-test", "9.2.0")].map(|(a, b)| (a.to_owned(), b.to_owned())));
        for bad in [
            "x @ https://a.example/x.whl",
            "x @ git+ssh://git@a.example/x",
            "x @ file:../x",
            "../x",
            "-r other.txt",
            "--index-url=https://a.example",
            "",
        ] {
            let manifest = PLAIN.replace("fastapi==0.165.0", bad);
            assert!(check_manifest(&manifest).is_err(), "{bad}");
        }
        for bad in [
            "requires-plugins = {x = \"1\"}",
            "build-constraints = {}",
            "dependencies = {x = {path = \"../x\"}}",
            "[[tool.poetry.source]]\nname = \"a\"\nurl = \"https://a.example\"",
            "[tool.poetry.group.dev.dependencies]\nx = \"1\"",
        ] {
            let reason = check_manifest(&PLAIN.replace("package-mode = false", bad)).unwrap_err();
            assert!(reason.starts_with("[tool.poetry] of pyproject.toml has "), "{bad}: {reason}");
        }
        for bad in
            ["", "x", "[tool.poetry]\npackage-mode = false", &PLAIN.replace("version = \"1\"", "dynamic = [\"a\"]")]
        {
            assert!(check_manifest(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn settings_say_where_the_environment_lies_and_no_more() {
        let plain = "[virtualenvs]\nin-project = true\n\n[installer]\nonly-binary = [\":all:\"]\n";
        assert_eq!(check_settings(plain), Ok(()));
        assert_eq!(check_settings(""), Ok(()));
        for bad in [
            "cache-dir = \"/etc\"",
            "[virtualenvs]\npath = \"/etc\"",
            "[virtualenvs.options]\nsystem-site-packages = true",
            "[repositories.a]\nurl = \"https://a.example\"",
            "[installer]\nno-binary = [\":all:\"]",
            "[plugins.pypi_mirror]\nurl = \"https://a.example\"",
            "[",
        ] {
            assert!(check_settings(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn locks_have_pins_wheels_and_hashes_and_no_address() {
        let lock = "[[package]]\nname = \"A.b\"\nversion = \"1.0\"\ndescription = \"see https://a.example\"\nfiles = [\n    \
                    {file = \"a_b-1.0-py3-none-any.whl\", hash = \"sha256:00\"},\n    {file = \"a.tar.gz\", hash = \"sha256:11\"},\n]\n\
                    [metadata]\ncontent-hash = \"x\"\n";
        let pin = |version: &str| [("a-b".to_owned(), version.to_owned())];
        assert_eq!(check_lock(lock, &pin("1.0")), Ok(()));
        assert_eq!(check_lock(lock, &pin("1.1")).unwrap_err(), "poetry.lock lacks a-b 1.1");
        let source = "[package.source]\ntype = \"legacy\"\nurl = \"https://a.example\"\nreference = \"a\"\n[metadata]";
        for (from, to) in [
            ("[metadata]", source),
            ("\"sha256:00\"", "\"md5:00\""),
            (", hash = \"sha256:11\"", ""),
            ("hash = \"sha256:11\"", "hash = \"sha256:11\", url = \"x\""),
            (".whl", ".zip"),
            ("a.tar.gz", "https://a.example/a.tar.gz"),
            ("version = \"1.0\"\n", ""),
            ("[[package]]", "[[other]]"),
        ] {
            let changed = lock.replacen(from, to, 1);
            assert_ne!(changed, lock, "{from}");
            assert!(check_lock(&changed, &[]).is_err(), "{to}");
        }
    }

    #[test]
    fn lists_have_poetry_and_hashes() {
        let list = "# why\n--only-binary=:all:\npoetry==2.5.1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:1a\nb==1 ; sys_platform == 'x' --hash=sha256:2\n";
        assert_eq!(check_list(list).unwrap(), "2.5.1");
        for (from, to) in [
            ("poetry==", "poet=="),
            (" --hash=sha256:2", ""),
            ("sha256:1a", "md5:1a"),
            ("b==1", "b>=1"),
            ("b==1", "./b"),
            ("# why", "--index-url https://a.example"),
            ("# why", "-e ."),
            ("--only-binary=:all:", "--no-binary=:all:"),
            ("sha256:2", "sha256:2 --index-url=https://a.example"),
        ] {
            assert!(check_list(&list.replacen(from, to, 1)).is_err(), "{to}");
        }
    }

    proptest::proptest! {
        #[test]
        fn anything_is_read_or_refused(text in ".{0,200}", part in "[\\[\\]\"{}=.,a-c\\n@:/ -]{0,80}") {
            for text in [&text, &part, &PLAIN.replace("fastapi==0.165.0", &part)] {
                if let Ok(pins) = check_manifest(text) {
                    proptest::prop_assert!(pins.iter().all(|(name, _)| !name.contains(['@', '/', ':'])));
                }
                let _ = (check_settings(text), check_lock(text, &[]), check_list(text));
            }
        }
    }
}
