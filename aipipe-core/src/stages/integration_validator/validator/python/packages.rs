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

/// Whether a generator names its modules so: protobuf's and Qt's do.
pub(super) fn is_generated_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.ends_with("_pb2")
        || name.ends_with("_pb2_grpc")
        || name.starts_with("ui_")
        || name.ends_with("_ui")
        || name.ends_with("_rc")
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

/// A distribution as it is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Distribution {
    normalized: String,
    squeezed: String,
}

impl Distribution {
    pub(super) fn new(name: &str) -> Self {
        Self { normalized: normalized(name), squeezed: squeezed(name) }
    }

    /// Its name as registries compare it.
    pub(super) fn name(&self) -> &str {
        &self.normalized
    }
}

/// A top-level module whose distribution is looked for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    squeezed: String,
    known: Vec<String>,
}

impl Wanted {
    pub(super) fn new(module: &str) -> Self {
        let known = distributions(module).unwrap_or_default().iter().map(|name| normalized(name)).collect();
        Self { squeezed: squeezed(module), known }
    }

    /// Whether a distribution may bring the module: the list of known ones says so, or their names do.
    pub(super) fn may_be_of(&self, distribution: &Distribution) -> bool {
        if self.known.contains(&distribution.normalized) || distribution.squeezed == self.squeezed {
            return true;
        }
        // `python-jose`, `django-x`, `x-py`; but `pytest-cov` is known not to be `pytest`, which comes along with it.
        let may_be_called_otherwise = self.known.is_empty() || !is_known_distribution(&distribution.normalized);
        // A long name within another is no coincidence: `rest_framework` of `djangorestframework`.
        let within = self.squeezed.len() >= 8 && distribution.squeezed.contains(&self.squeezed);
        may_be_called_otherwise && (within || self.is_made_of_parts(&distribution.normalized))
    }

    /// Whether it is known which distributions have the module.
    pub(super) fn is_known(&self) -> bool {
        !self.known.is_empty()
    }

    /// Whether a distribution is surely the one: a known one, or one of the module's own name.
    pub(super) fn is_of(&self, distribution: &Distribution) -> bool {
        self.known.contains(&distribution.normalized) || distribution.squeezed == self.squeezed
    }

    /// Whether the module's name is that of neighbouring parts of the distribution's, `a-b` of `x-a-b-y`, with or without
    /// the `py` before or after them.
    fn is_made_of_parts(&self, distribution: &str) -> bool {
        let parts: Vec<&str> = distribution.split('-').collect();
        let plain = |part: &str| -> Vec<String> {
            let without = [part.strip_prefix("py"), part.strip_suffix("py"), part.strip_prefix("python")];
            std::iter::once(part).chain(without.into_iter().flatten()).map(str::to_owned).collect()
        };
        (0..parts.len()).any(|from| {
            (from + 1..=parts.len()).any(|to| {
                let joined = parts.get(from..to).unwrap_or_default().concat();
                plain(&joined).contains(&self.squeezed)
            })
        })
    }
}

fn squeezed(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
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
            assert!(Wanted::new(module).may_be_of(&Distribution::new(distribution)), "{distribution} {module}");
        }
        assert!(!Wanted::new("acme_pydantic_helpers").may_be_of(&Distribution::new("pydantic")));
        assert!(!Wanted::new("requests").may_be_of(&Distribution::new("rich")));
        for (distribution, module) in
            [("python-jose", "jose"), ("ruamel-yaml-clib", "ruamel_yaml"), ("x-py", "x"), ("pyserial", "serial")]
        {
            assert!(Wanted::new(module).may_be_of(&Distribution::new(distribution)), "{distribution} {module}");
        }
        // A piece of a name is no name.
        for (distribution, module) in
            [("pydantic", "dantic"), ("fastapi", "fast"), ("fastapi", "api"), ("uvicorn", "corn")]
        {
            let (wanted, distribution) = (Wanted::new(module), Distribution::new(distribution));
            assert!(!wanted.is_of(&distribution), "{module}");
            assert!(module == "dantic" || !wanted.may_be_of(&distribution), "{module}");
        }
        assert_eq!(normalized("Ruamel._Yaml"), "ruamel-yaml");
        assert!(is_standard("tomllib") && is_standard("asyncio") && !is_standard("requests"));
    }
}
