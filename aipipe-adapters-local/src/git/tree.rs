//! Trees as flat lists of checked paths.

use super::error::{git_error, stored_error};
use super::repositories::{Repositories, find_commit};
use aipipe_core::domain::{CommitSha, ContentId, RepoPath, RepositoryName};
use aipipe_core::ports::{FileChange, TreeEntry};
use aipipe_core::{Error, ErrorKind, Result};
use bytes::Bytes;
use git2::{ObjectType, Oid, Repository, Tree};
use std::collections::btree_map::{BTreeMap, Entry};
use std::collections::{BTreeSet, HashMap};

/// More files and folders than any generated project has. A tree of a few objects can unfold to billions of entries.
const MAX_ENTRIES: usize = 200_000;

/// What a path of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file.
    File,
    /// A file marked executable.
    Executable,
    /// A symbolic link; its content is where it points to.
    Link,
    /// A commit of another repository.
    Submodule,
}

impl Kind {
    const fn mode(self) -> i32 {
        match self {
            Self::File => 0o100_644,
            Self::Executable => 0o100_755,
            Self::Link => 0o120_000,
            Self::Submodule => 0o160_000,
        }
    }

    const fn of_mode(mode: i32) -> Option<Self> {
        match mode {
            0o100_644 | 0o100_664 => Some(Self::File),
            0o100_755 => Some(Self::Executable),
            0o120_000 => Some(Self::Link),
            0o160_000 => Some(Self::Submodule),
            _ => None,
        }
    }
}

/// A path's object and kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) id: Oid,
    pub(super) kind: Kind,
}

/// All paths of a tree, in their order.
pub(super) type Files = BTreeMap<RepoPath, Node>;

const FOLDER: i32 = 0o040_000;

/// Unfolds a tree.
pub(super) fn unfold(operation: &'static str, repository: &Repository, tree: Tree<'_>) -> Result<Files> {
    let corrupt = |path: &str, reason: &str| {
        Error::new(ErrorKind::Corrupt, operation, format!("the tree {reason}")).with("path", path.escape_debug())
    };
    let mut files = Files::new();
    let mut entries = 0_usize;
    let mut open = vec![(String::new(), tree)];
    while let Some((prefix, tree)) = open.pop() {
        for entry in tree.iter() {
            entries += 1;
            if entries > MAX_ENTRIES {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    operation,
                    format!("the tree has more than {MAX_ENTRIES} entries"),
                ));
            }
            let name = std::str::from_utf8(entry.name_bytes()).map_err(|_| {
                corrupt(
                    &format!("{prefix}{}", String::from_utf8_lossy(entry.name_bytes())),
                    "has a path that is not UTF-8",
                )
            })?;
            let text = format!("{prefix}{name}");
            let path = RepoPath::parse(text.as_str()).map_err(|error| {
                corrupt(&text, &format!("has a path that is not safe: it {}", error.reason())).caused_by(error)
            })?;
            if entry.filemode_raw() == FOLDER {
                let folder = repository
                    .find_tree(entry.id())
                    .map_err(|error| stored_error(operation, "read a folder of the tree", error).with("path", &path))?;
                open.push((format!("{text}/"), folder));
                continue;
            }
            let kind =
                Kind::of_mode(entry.filemode_raw()).ok_or_else(|| corrupt(&text, "has an entry of an unknown kind"))?;
            match files.entry(path) {
                Entry::Vacant(place) => place.insert(Node { id: entry.id(), kind }),
                Entry::Occupied(_) => return Err(corrupt(&text, "has the same path twice")),
            };
        }
    }
    Ok(files)
}

/// The files of a tree; `Corrupt` if something in it is no file.
pub(super) fn unfold_files(operation: &'static str, repository: &Repository, tree: Tree<'_>) -> Result<Files> {
    let files = unfold(operation, repository, tree)?;
    match files.iter().find_map(|(path, node)| not_a_file(node.kind).map(|what| (path, what))) {
        Some((path, what)) => {
            Err(Error::new(ErrorKind::Corrupt, operation, format!("the tree has {what}, not a file"))
                .with("path", path))
        }
        None => Ok(files),
    }
}

const fn not_a_file(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::File | Kind::Executable => None,
        Kind::Link => Some("a symbolic link"),
        Kind::Submodule => Some("a submodule"),
    }
}

/// Applies changes to the files of a parent. Paths are checked before the first object is written.
pub(super) fn apply(
    operation: &'static str,
    repository: &Repository,
    files: &mut Files,
    changes: &[FileChange],
) -> Result<()> {
    let mut named = BTreeSet::new();
    for change in changes {
        let (FileChange::Put { path, .. } | FileChange::Delete { path }) = change;
        if !named.insert(path) {
            return Err(
                Error::new(ErrorKind::InvalidInput, operation, "two changes name the same file").with("path", path)
            );
        }
        if matches!(change, FileChange::Delete { .. }) && files.remove(path).is_none() {
            return Err(Error::new(ErrorKind::Conflict, operation, "a file to delete is not there").with("path", path));
        }
    }
    let mut places = Places::of(files.keys());
    for change in changes {
        if let FileChange::Put { path, .. } = change {
            places.add(operation, path)?;
        }
    }
    for change in changes {
        if let FileChange::Put { path, content, executable } = change {
            let id = repository
                .blob(content)
                .map_err(|error| git_error(operation, "write a file", error).with("path", path))?;
            let kind = if *executable { Kind::Executable } else { Kind::File };
            files.insert(path.clone(), Node { id, kind });
        }
    }
    Ok(())
}

/// Every file and folder by its name in lower case, to find two that can't both exist, here or on another system.
struct Places(HashMap<String, Place>);

struct Place {
    path: String,
    is_file: bool,
    requested: bool,
}

impl Places {
    /// The places of paths that exist; if they clash among each other, that is how it was found.
    fn of<'p>(paths: impl Iterator<Item = &'p RepoPath>) -> Self {
        let mut places = HashMap::new();
        for path in paths {
            for (part, is_file) in parts(path) {
                places.entry(part.to_lowercase()).or_insert_with(|| Place {
                    path: part.to_owned(),
                    is_file,
                    requested: false,
                });
            }
        }
        Self(places)
    }

    fn add(&mut self, operation: &'static str, path: &RepoPath) -> Result<()> {
        for (part, is_file) in parts(path) {
            let place = self.0.entry(part.to_lowercase()).or_insert_with(|| Place {
                path: part.to_owned(),
                is_file,
                requested: true,
            });
            let reason = if place.path != part {
                "a path differs from another only in the case of its letters"
            } else if place.is_file != is_file {
                "a path is both a file and a folder"
            } else {
                continue;
            };
            // The request contradicts itself, or it contradicts what is there.
            let kind = if place.requested { ErrorKind::InvalidInput } else { ErrorKind::Conflict };
            return Err(Error::new(kind, operation, reason).with("path", path).with("other", &place.path));
        }
        Ok(())
    }
}

/// The folders above a path, outermost first, then the path itself, which is the file.
fn parts(path: &RepoPath) -> impl Iterator<Item = (&str, bool)> {
    let text = path.as_str();
    text.match_indices('/')
        .filter_map(move |(at, _)| text.get(..at))
        .map(|folder| (folder, false))
        .chain([(text, true)])
}

/// Writes the tree objects of all these files and returns the root's.
pub(super) fn write(operation: &'static str, repository: &Repository, files: &Files) -> Result<Oid> {
    let mut root = Folder::default();
    for (path, node) in files {
        let mut folder = &mut root;
        let mut components = path.components().peekable();
        while let Some(name) = components.next() {
            if components.peek().is_some() {
                folder = folder.folders.entry(name).or_default();
            } else {
                folder.files.push((name, *node));
            }
        }
    }
    root.write(repository).map_err(|error| git_error(operation, "write the tree", error))
}

/// A folder on its way into a tree object. A path has at most 512 components, so recursion is bounded.
#[derive(Default)]
struct Folder<'p> {
    files: Vec<(&'p str, Node)>,
    folders: BTreeMap<&'p str, Self>,
}

impl Folder<'_> {
    fn write(&self, repository: &Repository) -> std::result::Result<Oid, git2::Error> {
        let mut builder = repository.treebuilder(None)?;
        for (name, node) in &self.files {
            builder.insert(*name, node.id, node.kind.mode())?;
        }
        for (name, folder) in &self.folders {
            builder.insert(*name, folder.write(repository)?, FOLDER)?;
        }
        builder.write()
    }
}

impl Repositories {
    pub(super) fn list_files(&self, name: &RepositoryName, commit: &CommitSha) -> Result<Vec<TreeEntry>> {
        const OPERATION: &str = "git.list_files";
        let repository = self.repository(OPERATION, name)?;
        let tree = tree_of(OPERATION, &repository, commit)?;
        let objects = repository.odb().map_err(|error| git_error(OPERATION, "open the objects", error))?;
        unfold_files(OPERATION, &repository, tree)?
            .into_iter()
            .map(|(path, node)| {
                let (bytes, _) = objects
                    .read_header(node.id)
                    .map_err(|error| stored_error(OPERATION, "read a file's length", error).with("path", &path))?;
                let bytes = u64::try_from(bytes).ok();
                let content_id = ContentId::parse(node.id.to_string())?;
                Ok(TreeEntry::new(path, node.kind == Kind::Executable, bytes).with_content_id(content_id))
            })
            .collect()
    }

    pub(super) fn read_file(&self, name: &RepositoryName, commit: &CommitSha, path: &RepoPath) -> Result<Bytes> {
        const OPERATION: &str = "git.read_file";
        let absent = || Error::new(ErrorKind::NotFound, OPERATION, "the commit has no such file").with("path", path);
        let repository = self.repository(OPERATION, name)?;
        let mut tree = tree_of(OPERATION, &repository, commit)?;
        let mut components = path.components().peekable();
        while let Some(component) = components.next() {
            let (id, mode) = match tree.get_name(component) {
                Some(entry) => (entry.id(), entry.filemode_raw()),
                None => return Err(absent()),
            };
            match (components.peek().is_some(), Kind::of_mode(mode)) {
                (true, _) if mode == FOLDER => {
                    tree = repository
                        .find_tree(id)
                        .map_err(|error| stored_error(OPERATION, "read a folder", error).with("path", path))?;
                }
                (false, Some(Kind::File | Kind::Executable)) => return read_blob(OPERATION, &repository, id, path),
                (_, Some(kind @ (Kind::Link | Kind::Submodule))) => {
                    let what = not_a_file(kind).unwrap_or_default();
                    return Err(Error::new(ErrorKind::Corrupt, OPERATION, format!("the path leads to {what}"))
                        .with("path", path));
                }
                _ => return Err(absent()),
            }
        }
        Err(absent())
    }
}

/// The name of the blob that a file of this content is.
pub(super) fn content_id(content: &[u8]) -> Option<ContentId> {
    let id = Oid::hash_object(ObjectType::Blob, content).ok()?;
    ContentId::parse(id.to_string()).ok()
}

/// A file's content.
pub(super) fn read_blob(operation: &'static str, repository: &Repository, id: Oid, path: &RepoPath) -> Result<Bytes> {
    let blob =
        repository.find_blob(id).map_err(|error| stored_error(operation, "read the file", error).with("path", path))?;
    Ok(Bytes::copy_from_slice(blob.content()))
}

/// The tree of a commit.
pub(super) fn tree_of<'r>(operation: &'static str, repository: &'r Repository, commit: &CommitSha) -> Result<Tree<'r>> {
    find_commit(operation, repository, commit)?
        .tree()
        .map_err(|error| stored_error(operation, "read the commit's tree", error).with("commit", commit))
}
