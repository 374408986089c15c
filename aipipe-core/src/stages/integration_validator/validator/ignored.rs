//! What `.gitignore` files say, by git's own rules: what a build makes may be missing here and there at run time.

use super::language::Shared;
use super::tree::ancestors;
use crate::domain::RepoPath;
use std::collections::BTreeMap;

/// The rules of all `.gitignore` files of a tree.
///
/// ```
/// use aipipe_core::stages::integration_validator::IgnoreRules;
/// let mut rules = IgnoreRules::default();
/// rules.read("", "dist/\n*.log\n!keep.log\n");
/// assert!(rules.covers("dist/main.js") && rules.covers("a/b.log"));
/// assert!(!rules.covers("keep.log") && !rules.covers("src/dist.ts"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IgnoreRules {
    /// The patterns of each folder, in their order.
    by_folder: BTreeMap<String, Vec<Pattern>>,
}

/// A line of a `.gitignore`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    /// From the folder of the file; a pattern for any depth begins with `**/`.
    glob: Glob,
    takes_back: bool,
    folders_only: bool,
}

impl IgnoreRules {
    /// Whether the file says what git ignores.
    pub(super) fn is_read_from(path: &RepoPath) -> bool {
        path.file_name() == ".gitignore"
    }

    pub(super) fn of(shared: &Shared) -> Self {
        let mut rules = Self::default();
        for (file, path) in shared.files().into_iter().filter(|(_, path)| Self::is_read_from(path)) {
            rules.read(path.parent(), shared.text(file));
        }
        rules
    }

    /// Takes in the text of a `.gitignore` in a folder (`""` for the root), after what was read for it before.
    pub fn read(&mut self, folder: &str, text: &str) {
        let patterns: Vec<Pattern> = text.lines().filter_map(Pattern::parse).collect();
        if !patterns.is_empty() {
            self.by_folder.entry(folder.to_owned()).or_default().extend(patterns);
        }
    }

    /// Whether a file's path, or a folder above it, is ignored; a path that ends with `/` is a folder's.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        if self.by_folder.is_empty() {
            return false;
        }
        // A file in an ignored folder can't be taken back, so the outermost decides first.
        let (path, names_folder) = path.strip_suffix('/').map_or((path, false), |path| (path, true));
        let mut places: Vec<&str> = ancestors(path).filter(|place| !place.is_empty()).collect();
        places.reverse();
        places.iter().any(|place| self.names(place, names_folder || *place != path))
    }

    /// Whether a line names the file itself, not a pattern that it fits.
    pub(super) fn names_file(&self, path: &str) -> bool {
        self.last_named(path, false).is_some_and(|pattern| !pattern.takes_back && !pattern.glob.ends_with_wildcard())
    }

    fn names(&self, place: &str, is_folder: bool) -> bool {
        self.last_named(place, is_folder).is_some_and(|pattern| !pattern.takes_back)
    }

    /// The last pattern that fits decides, in the innermost folder that has one.
    fn last_named(&self, place: &str, is_folder: bool) -> Option<&Pattern> {
        let above = place.rsplit_once('/').map_or("", |(above, _)| above);
        for folder in ancestors(above) {
            let Some(patterns) = self.by_folder.get(folder) else { continue };
            let rest = place.strip_prefix(folder).unwrap_or(place).trim_start_matches('/');
            let parts: Vec<&str> = rest.split('/').collect();
            let fits = |pattern: &&Pattern| (is_folder || !pattern.folders_only) && pattern.glob.matches(&parts);
            if let Some(pattern) = patterns.iter().rev().find(fits) {
                return Some(pattern);
            }
        }
        None
    }
}

impl Pattern {
    fn parse(line: &str) -> Option<Self> {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let (takes_back, line) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
        let line = line.strip_prefix('\\').unwrap_or(line);
        let (folders_only, line) = line.strip_suffix('/').map_or((false, line), |rest| (true, rest));
        let anchored = line.contains('/');
        let line = line.strip_prefix('/').unwrap_or(line);
        let glob = if anchored { Glob::parse(line) } else { Glob::parse(&format!("**/{line}")) };
        (!line.is_empty()).then_some(Self { glob, takes_back, folders_only })
    }
}

/// A pattern of paths, in its parts: `**` crosses folders, `*` and `?` do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob(Vec<String>);

impl Glob {
    pub(super) fn parse(glob: &str) -> Self {
        Self(glob.split('/').map(str::to_owned).collect())
    }

    fn ends_with_wildcard(&self) -> bool {
        self.0.last().is_some_and(|last| last.contains(['*', '?', '[']))
    }

    /// Whether it matches a whole path.
    pub(super) fn matches(&self, path: &[&str]) -> bool {
        match (self.0.as_slice(), path.last()) {
            // Most patterns end in a name: what has another is told without looking at the folders.
            ([.., last], Some(name)) if last != "**" && !part_matches(last.as_bytes(), name.as_bytes()) => false,
            ([first, last], _) if first == "**" && last != "**" => true,
            (parts, _) => parts_match(parts, path),
        }
    }
}

fn parts_match(globs: &[String], parts: &[&str]) -> bool {
    // `open[i]`: whether the globs so far match the first `i` parts.
    let mut open = vec![false; parts.len() + 1];
    if let Some(first) = open.first_mut() {
        *first = true;
    }
    for (number, glob) in globs.iter().enumerate() {
        let mut next = vec![false; parts.len() + 1];
        if glob == "**" {
            // At the end it needs something to match.
            let least = usize::from(number + 1 == globs.len());
            let mut reached: Option<usize> = None;
            for (i, (slot, was)) in next.iter_mut().zip(&open).enumerate() {
                if *was && reached.is_none() {
                    reached = Some(i);
                }
                *slot = reached.is_some_and(|from| i >= from + least);
            }
        } else {
            for (i, part) in parts.iter().enumerate() {
                let was = open.get(i).copied().unwrap_or(false);
                if let Some(slot) = next.get_mut(i + 1) {
                    *slot = was && part_matches(glob.as_bytes(), part.as_bytes());
                }
            }
        }
        open = next;
    }
    open.last().copied().unwrap_or(false)
}

/// Whether a glob without folders matches a name: the usual search with one place to go back to.
fn part_matches(glob: &[u8], name: &[u8]) -> bool {
    let (mut g, mut n) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while n < name.len() {
        let step = match glob.get(g) {
            Some(b'*') => {
                back = Some((g, n));
                g += 1;
                continue;
            }
            Some(b'?') => Some(1),
            Some(b'[') => class(glob.get(g..).unwrap_or_default(), name.get(n).copied().unwrap_or(0)),
            Some(b'\\') if glob.get(g + 1) == name.get(n) => Some(2),
            Some(byte) if Some(byte) == name.get(n) => Some(1),
            _ => None,
        };
        match (step, back) {
            (Some(step), _) => {
                g += step;
                n += 1;
            }
            (None, Some((star, at))) => {
                g = star + 1;
                n = at + 1;
                back = Some((star, n));
            }
            (None, None) => return false,
        }
    }
    glob.get(g..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

/// The length of a class such as `[a-z]` at the beginning of the glob, if it holds the byte.
fn class(glob: &[u8], byte: u8) -> Option<usize> {
    let end = glob.iter().skip(2).position(|b| *b == b']').map(|at| at + 2)?;
    let inner = glob.get(1..end)?;
    let (negated, inner) = match inner.split_first() {
        Some((b'!' | b'^', rest)) => (true, rest),
        _ => (false, inner),
    };
    let mut holds = false;
    let mut at = 0;
    while let Some(first) = inner.get(at) {
        match (inner.get(at + 1), inner.get(at + 2)) {
            (Some(b'-'), Some(last)) => {
                holds |= (*first..=*last).contains(&byte);
                at += 3;
            }
            _ => {
                holds |= *first == byte;
                at += 1;
            }
        }
    }
    (holds != negated).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each was checked with `git check-ignore`.
    #[test]
    fn rules_are_gits() {
        let mut rules = IgnoreRules::default();
        rules.read(
            "",
            "node_modules\n/dist\n*.log\n!keep.log\nsrc/generated/*\n!src/generated/keep.ts\na/**/z\n[Bb]in/\n\\!odd\n",
        );
        rules.read("packages/ui", "lib\n");
        for ignored in [
            "node_modules/a/b.js",
            "x/node_modules",
            "dist/a.js",
            "x/y.log",
            "src/generated/a.ts",
            "a/z",
            "a/b/c/z",
            "bin/x",
            "packages/ui/lib/a.js",
            "!odd",
        ] {
            assert!(rules.covers(ignored), "{ignored}");
        }
        for kept in
            ["src/dist/a.js", "keep.log", "src/generated/keep.ts", "a/b", "bin", "lib/a.js", "src/node_modules.ts"]
        {
            assert!(!rules.covers(kept), "{kept}");
        }
    }

    #[test]
    fn a_folder_is_taken_back_with_what_is_in_it() {
        let mut rules = IgnoreRules::default();
        rules.read("", "app/plugins/*\n!app/plugins/own/\nbuilt/\n");
        for (path, ignored) in [
            ("app/plugins/own/", false),
            ("app/plugins/own/a.py", false),
            ("app/plugins/other/", true),
            ("app/plugins/other/a.py", true),
            ("built/", true),
            ("built", false),
        ] {
            assert_eq!(rules.covers(path), ignored, "{path}");
        }
    }

    #[test]
    fn a_hostile_pattern_costs_little() {
        let matches = |glob: &str, path: &str| Glob::parse(glob).matches(&path.split('/').collect::<Vec<_>>());
        assert!(!matches(&"*a".repeat(200), &"ab".repeat(99)));
        assert!(!matches(&format!("{}b", "**/".repeat(500)), &format!("{}a", "a/".repeat(500))));
        assert!(!matches(&format!("{}b/a", "**/".repeat(500)), &format!("{}a", "a/".repeat(500))));
    }
}
