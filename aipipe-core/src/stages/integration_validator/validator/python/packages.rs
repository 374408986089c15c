//! What is known of packages: the standard library's, and which distribution brings a module of another name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

static STANDARD: LazyLock<BTreeSet<&str>> = LazyLock::new(|| include_str!("standard_modules.txt").lines().collect());

static BUILTINS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| include_str!("builtins.txt").lines().collect());

static TOOLS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| include_str!("tools.txt").lines().collect());

/// The distributions of each known module, and the modules' own names.
static DISTRIBUTIONS: LazyLock<BTreeMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let lines = include_str!("distributions.txt").lines();
    lines.filter_map(|line| line.split_once(' ').map(|(module, of)| (module, of.split(' ').collect()))).collect()
});

static KNOWN_DISTRIBUTIONS: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| DISTRIBUTIONS.values().flatten().map(|name| normalized(name)).collect());

/// Names of Python 2, which code that runs on both guards in many ways.
const OLD_BUILTINS: &[&str] = &[
    "unicode",
    "basestring",
    "xrange",
    "long",
    "raw_input",
    "unichr",
    "reduce",
    "file",
    "execfile",
    "cmp",
    "reload",
    "buffer",
    "intern",
    "apply",
    "coerce",
    "StandardError",
];

/// Whether a top-level module belongs to Python 3.11, 3.12 or 3.13.
pub(super) fn is_standard(module: &str) -> bool {
    STANDARD.contains(module)
}

/// Whether a name is there without being declared.
pub(super) fn is_builtin(name: &str) -> bool {
    BUILTINS.contains(name)
}

/// Whether Python 2 had the name.
pub(super) fn is_old_builtin(name: &str) -> bool {
    OLD_BUILTINS.contains(&name)
}

/// The distributions that bring a module, where that is known.
pub(super) fn distributions(module: &str) -> Option<&'static [&'static str]> {
    DISTRIBUTIONS.get(module).map(Vec::as_slice)
}

/// Whether it is known which modules a distribution brings.
pub(super) fn is_known_distribution(name: &str) -> bool {
    KNOWN_DISTRIBUTIONS.contains(name) || is_run_by_name(name)
}

/// Whether a distribution is used without being imported: a tool, a server, a driver, a plugin, types.
pub(super) fn is_run_by_name(name: &str) -> bool {
    const BEGINNINGS: &[&str] = &["types-", "pytest-", "flake8-", "pylint-", "mypy-", "sphinx-", "mkdocs-", "ipython"];
    TOOLS.contains(name) || BEGINNINGS.iter().any(|start| name.starts_with(start)) || name.ends_with("-stubs")
}

/// A distribution's name as registries compare it.
pub(super) fn normalized(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// Whether a distribution (by its normalized name) may bring the module: its names say so, or the list of known ones.
pub(super) fn may_bring(distribution: &str, module: &str) -> bool {
    if let Some(known) = distributions(module)
        && known.iter().any(|name| normalized(name) == distribution)
    {
        return true;
    }
    let squeezed = |name: &str| name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let (one, other) = (squeezed(distribution), squeezed(module));
    if one == other {
        return true;
    }
    // `python-jose`, `django-x`, `x-py`, `psycopg2-binary`, `google-cloud-storage`.
    other.len() >= 3 && one.contains(&other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_told_from_distributions() {
        for (distribution, module) in [
            ("pyyaml", "yaml"),
            ("pillow", "PIL"),
            ("python-dateutil", "dateutil"),
            ("pyjwt", "jwt"),
            ("scikit-learn", "sklearn"),
            ("flask-sqlalchemy", "flask_sqlalchemy"),
            ("opencv-python-headless", "cv2"),
            ("google-cloud-storage", "google"),
        ] {
            assert!(may_bring(distribution, module), "{distribution} {module}");
        }
        assert!(!may_bring("pydantic", "acme_pydantic_helpers") && !may_bring("rich", "requests"));
        assert_eq!(normalized("Ruamel._Yaml"), "ruamel-yaml");
        assert!(is_standard("tomllib") && is_standard("asyncio") && !is_standard("requests"));
    }
}
