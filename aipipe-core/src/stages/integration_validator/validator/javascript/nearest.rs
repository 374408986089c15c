//! What somebody may have meant.

use super::super::tree::Tree;
use std::collections::BTreeSet;

/// The name most like the wanted one, if one is like it at all.
pub(super) fn name<'n>(names: &'n BTreeSet<String>, wanted: &str) -> Option<&'n str> {
    const MOST_NAMES: usize = 200;
    if wanted.len() > 60 {
        return None;
    }
    let near = names.iter().take(MOST_NAMES).filter_map(|name| Some((distance(name, wanted)?, name)));
    near.filter(|(distance, _)| distance * 3 <= wanted.len()).min().map(|(_, name)| name.as_str())
}

/// A file of the same name with another ending or in the folder above.
pub(super) fn file<'t>(tree: &'t Tree, path: &str) -> Option<&'t str> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
    for place in [folder, above] {
        for ending in [".ts", ".tsx", ".js", ".vue"] {
            let there = if place.is_empty() { format!("{name}{ending}") } else { format!("{place}/{name}{ending}") };
            if let Some(path) = tree.file(&there).and_then(|file| tree.path(file)) {
                return Some(path.as_str());
            }
        }
    }
    None
}

/// Edits between two short names, or `None` when they are far apart.
fn distance(one: &str, other: &str) -> Option<usize> {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > 3 || one.len() > 60 {
        return None;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (b, above) in other.iter().zip(row.iter().skip(1)) {
            let cost = if a == b { diagonal } else { 1 + diagonal.min(*above).min(left) };
            diagonal = *above;
            left = cost;
            next.push(cost);
        }
        row = next;
    }
    row.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_one_that_is_near() {
        let names: BTreeSet<String> = ["useBooking", "useRooms"].map(str::to_owned).into();
        assert_eq!(name(&names, "useBookings"), Some("useBooking"));
        assert_eq!(name(&names, "formatDate"), None);
        assert_eq!(distance("kitten", "sitting"), Some(3));
    }
}
