//! What packages export that projects pass on whole: `export * from '@testing-library/react'` is how the helpers of tests are
//! written, and what comes through it can't be told from the project's own files.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

#[derive(Deserialize)]
struct Data {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    versions: Vec<String>,
    exports: BTreeSet<String>,
}

/// A package's majors whose exports are known, and those exports.
struct Known {
    majors: BTreeSet<u32>,
    exports: BTreeSet<String>,
}

static KNOWN: LazyLock<BTreeMap<String, Known>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the file is part of the crate, and a test reads it")]
    let data: Data = serde_json::from_str(include_str!("package_exports.json")).expect("package_exports.json is valid");
    let known = |package: Package| {
        let majors = package.versions.iter().filter_map(|version| version.split('.').next()?.parse().ok()).collect();
        (package.name, Known { majors, exports: package.exports })
    };
    data.packages.into_iter().map(known).collect()
});

/// The names a package exports in the versions that are asked for (`^16.3.0`), types among them and without the default; `None`
/// where that is not known.
pub(super) fn of(package: &str, versions: &str) -> Option<&'static BTreeSet<String>> {
    let known = KNOWN.get(package)?;
    let major = one_major(versions)?;
    known.majors.contains(&major).then_some(&known.exports)
}

/// The only major that a range allows; `None` where it allows several, or can't be read.
fn one_major(versions: &str) -> Option<u32> {
    let version = versions.trim().trim_start_matches(['^', '~', '=', 'v']);
    let mut parts = version.splitn(2, '.');
    let major = parts.next()?;
    let rest = parts.next().unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '*');
    (rest.chars().all(is_plain)).then(|| major.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{KNOWN, of, one_major};

    #[test]
    fn a_range_of_one_major_is_read_and_any_other_is_not() {
        for range in ["16", "^16", "~16.3", "16.3.1", "^16.0.0-rc.1", "16.x", "v16.1.0", " ^16.2.0 "] {
            assert_eq!(one_major(range), Some(16), "{range}");
        }
        for range in [
            "*",
            "",
            "latest",
            ">=16.0.0",
            "16 || 17",
            "^15.0.0 || ^16.0.0",
            "16.0.0 - 18.0.0",
            "npm:x@16",
            "workspace:*",
        ] {
            assert_eq!(one_major(range), None, "{range}");
        }
    }

    #[test]
    fn exports_are_known_of_the_majors_that_were_looked_at() {
        assert!(KNOWN.values().all(|known| !known.majors.is_empty() && known.exports.contains("screen")));
        let of_react = of("@testing-library/react", "^16.1.0").unwrap();
        assert!(of_react.contains("renderHook") && of_react.contains("RenderResult") && !of_react.contains("default"));
        assert!(of("@testing-library/react", "^17.0.0").is_none());
        assert!(of("react", "^19.0.0").is_none());
    }
}
