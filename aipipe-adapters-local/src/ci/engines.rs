//! Which versions of Node a project says it runs on: `engines.node` of its `package.json`.

use crate::process::{numbers, read_small};
use std::path::Path;

const MAX_MANIFEST: u64 = 4 << 20;

/// A range of versions, as far as manifests of ours and most others write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Engines {
    text: String,
    /// One of these must hold.
    choices: Vec<Vec<Bound>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Bound {
    /// This one or later.
    From(Vec<u32>),
    /// Earlier than this one.
    Below(Vec<u32>),
}

impl Engines {
    /// What the `package.json` of a checkout says; `None` where there is none, it says nothing, or nothing that is
    /// understood: then no other version may stand in.
    pub(super) fn of_checkout(checkout: &Path) -> Option<Self> {
        let manifest = read_small(&checkout.join("package.json"), MAX_MANIFEST).ok()?;
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).ok()?;
        Self::parse(manifest.get("engines")?.get("node")?.as_str()?)
    }

    /// Reads `>=20`, `>=20.11 <23`, `^20.19 || >=22.12`, `~20.1`, `20.x`, `20`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > 200 {
            return None;
        }
        let choices = text.split("||").map(choice).collect::<Option<Vec<_>>>()?;
        Some(Self { text: text.trim().to_owned(), choices })
    }

    /// The range as it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the project says that it runs on `version`, such as `20.20.2`. A version that is no release is not meant.
    pub(super) fn allow(&self, version: &str) -> bool {
        let Some(have) = numbers(version).filter(|_| !version.contains('-')) else { return false };
        let holds = |bound: &Bound| match bound {
            Bound::From(least) => have >= *least,
            Bound::Below(end) => have < *end,
        };
        self.choices.iter().any(|bounds| bounds.iter().all(holds))
    }
}

fn choice(text: &str) -> Option<Vec<Bound>> {
    let mut bounds = Vec::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let end = word.find(|c: char| c.is_ascii_digit() || c == 'v').unwrap_or(word.len());
        let (operator, version) = word.split_at_checked(end)?;
        // `>= 20` is written as two words as often as one.
        let version = if version.is_empty() { words.next()? } else { version };
        let (given, full) = version_numbers(version)?;
        match operator {
            ">=" => bounds.push(Bound::From(full)),
            "<" => bounds.push(Bound::Below(full)),
            ">" => bounds.push(Bound::From(after(&given, given.len())?)),
            "<=" => bounds.push(Bound::Below(after(&given, given.len())?)),
            "" | "=" => bounds.extend([Bound::From(full), Bound::Below(after(&given, given.len())?)]),
            "~" => bounds.extend([Bound::From(full), Bound::Below(after(&given, given.len().min(2))?)]),
            "^" => {
                let first = given.iter().position(|number| *number != 0).map_or(given.len(), |at| at + 1);
                bounds.extend([Bound::From(full), Bound::Below(after(&given, first)?)]);
            }
            _ => return None,
        }
    }
    (!bounds.is_empty()).then_some(bounds)
}

/// The numbers as written, and filled up to three.
fn version_numbers(text: &str) -> Option<(Vec<u32>, Vec<u32>)> {
    let text = text.trim_start_matches('v');
    let text = text.strip_suffix(".x").unwrap_or(text);
    let text = text.strip_suffix(".x").unwrap_or(text);
    let given = text.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u32>>>()?;
    let mut full = given.clone();
    full.resize(3, 0);
    (given.len() <= 3).then_some((given, full))
}

/// The first version after all that begin with the first `count` numbers.
fn after(given: &[u32], count: usize) -> Option<Vec<u32>> {
    let mut next = given.get(..count)?.to_vec();
    let last = next.last_mut()?;
    *last = last.checked_add(1)?;
    next.resize(3, 0);
    Some(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_allow_what_npm_says_they_allow() {
        for (range, allowed, refused) in [
            (">=20", ["20.0.0", "24.1.0"], ["19.9.9", "18.0.0"]),
            (">= 20.11 <23", ["20.11.0", "22.99.0"], ["20.10.9", "23.0.0"]),
            ("^20.19.0 || >=22.12", ["20.20.2", "24.0.0"], ["20.18.9", "22.11.0"]),
            ("~20.1", ["20.1.0", "20.1.9"], ["20.2.0", "20.0.9"]),
            ("20.x", ["20.0.0", "20.99.9"], ["21.0.0", "19.0.0"]),
            ("22", ["22.0.0", "22.5.1"], ["20.20.2", "23.0.0"]),
            (">20 <=22", ["21.0.0", "22.9.9"], ["20.20.2", "23.0.0"]),
            ("v18.1.2 || =20.1", ["18.1.2", "20.1.7"], ["18.1.3", "20.2.0"]),
            ("^0.2.3", ["0.2.3", "0.2.9"], ["0.3.0", "0.2.2"]),
        ] {
            let engines = Engines::parse(range).unwrap();
            assert!(allowed.iter().all(|version| engines.allow(version)), "{range}");
            assert!(!refused.iter().any(|version| engines.allow(version)), "{range}");
        }
        assert!(!Engines::parse(">=20").unwrap().allow("22.0.0-nightly"));
        for bad in ["", "*", "lts/*", "20 - 22", ">=", "||", "1.2.3.4", ">=20 ||", "99999999999", "node"] {
            assert_eq!(Engines::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_manifest_that_is_a_link_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere.json");
        std::fs::write(&elsewhere, r#"{"engines": {"node": ">=18"}}"#).unwrap();
        let checkout = folder.path().join("checkout");
        std::fs::create_dir(&checkout).unwrap();
        assert_eq!(Engines::of_checkout(&checkout), None);
        std::os::unix::fs::symlink(&elsewhere, checkout.join("package.json")).unwrap();
        assert_eq!(Engines::of_checkout(&checkout), None);
        std::fs::remove_file(checkout.join("package.json")).unwrap();
        std::fs::copy(&elsewhere, checkout.join("package.json")).unwrap();
        assert_eq!(Engines::of_checkout(&checkout).unwrap().text(), ">=18");
    }

    proptest! {
        #[test]
        fn never_panics(range in ".{0,40}|[0-9x.<>=^~| v]{0,30}", version in "[v0-9.-]{0,12}") {
            if let Some(engines) = Engines::parse(&range) {
                let _ = engines.allow(&version);
            }
        }
    }
}
