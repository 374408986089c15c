//! Where modules lie: told by the paths of all Python files, kept up to date file by file.

use super::super::language::Presence;
use super::super::tree::ancestors;
use crate::domain::RepoPath;
use foldhash::HashMap;
use std::collections::BTreeMap;

/// The folders of Python files.
#[derive(Debug, Default)]
pub(in super::super) struct Layout {
    /// The folders in which a top-level module or package of a name lies, each with how many files and folders have the name.
    places: HashMap<String, BTreeMap<String, usize>>,
    /// Folders with the number of Python files, and of folders that have some, directly in them.
    folders: HashMap<String, usize>,
    /// Folders with the number of their `__init__` files.
    packages: HashMap<String, usize>,
}

impl Layout {
    /// The folders in which a top-level module or package of this name lies, in their order. A link that asks watches
    /// [`name_key`].
    pub(super) fn places(&self, name: &str) -> impl Iterator<Item = &str> {
        self.places.get(name).into_iter().flat_map(|places| places.keys().map(String::as_str))
    }

    /// Whether a module or package of the name lies directly in a folder; watched as [`Layout::places`] is.
    pub(super) fn lies_in(&self, name: &str, folder: &str) -> bool {
        self.places.get(name).is_some_and(|places| places.contains_key(folder))
    }

    /// Whether there are Python files in or below a folder. A link that asks watches the folder's path.
    pub(super) fn has_python(&self, folder: &str) -> bool {
        self.folders.contains_key(folder)
    }

    /// Whether there is one Python file in a folder and none below it. A link that asks watches the folder's path.
    pub(super) fn has_one_file(&self, folder: &str) -> bool {
        self.folders.get(folder) == Some(&1)
    }

    /// Whether a folder has an `__init__`. A link that asks watches [`package_key`].
    pub(super) fn is_package(&self, folder: &str) -> bool {
        self.packages.contains_key(folder)
    }

    /// Takes in that a file came or went; returns the keys of names that lie elsewhere now.
    pub(super) fn place(&mut self, path: &RepoPath, presence: Presence) -> Vec<String> {
        let mut moved = Vec::new();
        let folder = path.parent();
        let stem = path.file_name().rsplit_once('.').map_or("", |(stem, _)| stem);
        if stem == "__init__" {
            count(&mut self.packages, folder, presence);
        } else {
            self.name(stem, folder, presence, &mut moved);
        }
        for above in ancestors(folder) {
            // The folder was, or still is, one of Python; so are those above it.
            if !count(&mut self.folders, above, presence) {
                break;
            }
            if !above.is_empty() {
                let (parent, name) = above.rsplit_once('/').unwrap_or(("", above));
                // Stubs of other packages lie in folders that are called like them.
                self.name(name.trim_end_matches("-stubs"), parent, presence, &mut moved);
            }
        }
        moved
    }

    fn name(&mut self, name: &str, folder: &str, presence: Presence, moved: &mut Vec<String>) {
        let places = self.places.entry(name.to_owned()).or_default();
        let number = places.entry(folder.to_owned()).or_default();
        let moves = step(number, presence);
        if *number == 0 {
            places.remove(folder);
            if places.is_empty() {
                self.places.remove(name);
            }
        }
        if moves {
            moved.push(name_key(name));
        }
    }
}

/// The key under which a link watches where modules of a name lie.
pub(super) fn name_key(name: &str) -> String {
    format!("module {name}")
}

/// The key under which a link watches whether a folder is a package.
pub(super) fn package_key(folder: &str) -> String {
    if folder.is_empty() { "__init__".to_owned() } else { format!("{}/__init__", folder.to_lowercase()) }
}

/// Counts one up or down; says whether it came to be there, or is there no more.
fn step(number: &mut usize, presence: Presence) -> bool {
    match presence {
        Presence::There => *number += 1,
        Presence::Gone => *number = number.saturating_sub(1),
    }
    *number == usize::from(presence == Presence::There)
}

fn count(numbers: &mut HashMap<String, usize>, key: &str, presence: Presence) -> bool {
    let number = numbers.entry(key.to_owned()).or_default();
    let moves = step(number, presence);
    if *number == 0 {
        numbers.remove(key);
    }
    moves
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).unwrap()
    }

    #[test]
    fn names_move_when_the_first_file_comes_and_the_last_one_goes() {
        let mut layout = Layout::default();
        let names = |names: &[&str]| names.iter().map(|name| name_key(name)).collect::<Vec<_>>();
        assert_eq!(layout.place(&path("src/app/models.py"), Presence::There), names(&["models", "app", "src"]));
        assert_eq!(layout.place(&path("src/app/__init__.py"), Presence::There), names(&[]));
        assert_eq!(layout.place(&path("src/app/models.pyi"), Presence::There), names(&[]));
        assert!(layout.is_package("src/app") && layout.has_python("src") && layout.lies_in("app", "src"));
        assert_eq!(layout.place(&path("src/app/models.py"), Presence::Gone), names(&[]));
        assert_eq!(layout.places("models").collect::<Vec<_>>(), ["src/app"]);
        assert_eq!(layout.place(&path("src/app/models.pyi"), Presence::Gone), names(&["models"]));
        assert_eq!(layout.place(&path("src/app/__init__.py"), Presence::Gone), names(&["app", "src"]));
        assert!(!layout.is_package("src/app") && !layout.has_python("src") && layout.places("app").count() == 0);
    }
}
