//! Objects are written together: collected in memory, then put on the disk as one pack when the commit is complete.
//!
//! One pack is on the disk or it is not, for a handful of syncs however many files a commit has. And libgit2 reads packs
//! with care, whereas a loose object that lost its end keeps it (1.9) in a loop for good.

use super::error::{git_error, stored_error};
use super::repositories::Repositories;
use aipipe_core::domain::RepositoryName;
use aipipe_core::{Error, Result};
use git2::{ObjectType, OdbLookupFlags, Oid, Repository};
use std::collections::HashSet;
use std::path::Path;

/// Before the backends for loose objects and packs, which have 1 and 2.
const PRIORITY: i32 = 1_000;

/// From now on, what is written through this handle stays in memory.
pub(super) fn collect(operation: &'static str, repository: &Repository) -> Result<()> {
    let add = || repository.odb()?.add_new_mempack_backend(PRIORITY).map(drop);
    add().map_err(|error| git_error(operation, "prepare to write objects", error))
}

impl Repositories {
    /// Puts a commit and what it brings onto the disk. On return it is there to stay.
    pub(super) fn keep(
        &self,
        operation: &'static str,
        collected: &Repository,
        name: &RepositoryName,
        commit: Oid,
    ) -> Result<()> {
        keep(operation, collected, &self.repository(operation, name)?, commit)
    }
}

/// Puts a commit and what it brings onto the disk; `disk` is another handle of the same repository.
pub(super) fn keep(operation: &'static str, collected: &Repository, disk: &Repository, commit: Oid) -> Result<()> {
    let write = |error: git2::Error| git_error(operation, "write the objects", error);
    let new = new_objects(operation, collected, disk, commit)?;
    let mut pack = collected.packbuilder().map_err(write)?;
    for (id, name) in &new {
        pack.insert_object(*id, Some(name)).map_err(write)?;
    }
    // Our settings make libgit2 sync the pack, its index and their folder.
    pack.write(&pack_folder(disk.path()), 0).map_err(write)
}

fn pack_folder(repository: &Path) -> std::path::PathBuf {
    repository.join("objects").join("pack")
}

/// The objects a commit needs that are not on the disk, with their names. A folder that is there has its files there.
fn new_objects(
    operation: &'static str,
    collected: &Repository,
    disk: &Repository,
    commit: Oid,
) -> Result<Vec<(Oid, String)>> {
    let read = |error: git2::Error| -> Error { stored_error(operation, "read a new object", error) };
    let there = disk.odb().map_err(read)?;
    let mut new = vec![(commit, String::new())];
    let mut seen = HashSet::new();
    let mut open = vec![(collected.find_commit(commit).map_err(read)?.tree_id(), String::new())];
    while let Some((id, name)) = open.pop() {
        if !seen.insert(id) || there.exists_ext(id, OdbLookupFlags::NO_REFRESH) {
            continue;
        }
        for entry in &collected.find_tree(id).map_err(read)? {
            let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
            match entry.kind() {
                Some(ObjectType::Tree) => open.push((entry.id(), name)),
                Some(ObjectType::Blob)
                    if seen.insert(entry.id()) && !there.exists_ext(entry.id(), OdbLookupFlags::NO_REFRESH) =>
                {
                    new.push((entry.id(), name));
                }
                // Already there, or a submodule, whose commits are of another repository.
                _ => {}
            }
        }
        new.push((id, name));
    }
    Ok(new)
}
