//! Where repositories lie, whose they are, and how one comes into being as a whole.

use super::durable::{self, Lock};
use super::error::{git_error, io_error, stored_error};
use super::{commit, failpoint, find_before_create, objects, pack_index};
use aipipe_core::domain::{CommitSha, IdempotencyKey, RepositoryName, RepositoryRef};
use aipipe_core::ports::{RepositorySpec, Visibility};
use aipipe_core::{Error, ErrorKind, Result};
use git2::{Config, ConfigLevel, Oid, Repository, RepositoryInitOptions};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// The file in a repository that says which request made it.
const MARKER: &str = "aipipe.json";

/// Settings that hold for what we do ourselves, whatever a repository's own configuration says. They are kept outside
/// the repositories because the git command line warns of the first one wherever it meets it.
const OWN_SETTINGS: &str = "[core]\n\tfsyncObjectFiles = true\n\tlogAllRefUpdates = true\n[user]\n\tname = aipipe\n\temail = aipipe@localhost\n";

/// The folder of repositories.
///
/// Besides `{name}.git` it holds `.aipipe/` (no repository's name begins with a dot): `locks/`, `making/` and `trash/`,
/// with at most one entry a repository, so that what a crash leaves there is cleared away by the next operation.
#[derive(Debug)]
pub(crate) struct Repositories {
    root: PathBuf,
}

/// The right to write into one repository, for as long as it lives.
#[derive(Debug)]
pub(crate) struct WriteAccess {
    _lock: Lock,
    /// The file that exists while a reference is being moved; see `branch`.
    pub(super) moving: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Marker {
    format: u32,
    key: IdempotencyKey,
}

impl Repositories {
    pub(super) fn open(root: &Path) -> Result<Self> {
        const OPERATION: &str = "git.open";
        durable::make_folder(OPERATION, root)?;
        let root = fs::canonicalize(root).map_err(|error| io_error(OPERATION, "find the folder", root, error))?;
        let own = root.join(".aipipe");
        for folder in ["locks", "making", "trash"] {
            durable::make_folder(OPERATION, &own.join(folder))?;
        }
        let settings = own.join("git.config");
        if durable::read(OPERATION, &settings)?.as_deref() != Some(OWN_SETTINGS.as_bytes()) {
            let _lock = Lock::take(OPERATION, &own.join("settings.lock"))?;
            durable::write_atomic(OPERATION, &settings, OWN_SETTINGS.as_bytes())?;
        }
        Ok(Self { root })
    }

    pub(super) fn path_of(&self, name: &RepositoryName) -> PathBuf {
        self.root.join(format!("{name}.git"))
    }

    fn own(&self, area: &str, file: &str) -> PathBuf {
        self.root.join(".aipipe").join(area).join(file)
    }

    /// Waits for the right to write and clears away what a crash of its last holder left.
    pub(super) fn write_access(&self, operation: &'static str, name: &RepositoryName) -> Result<WriteAccess> {
        let lock = Lock::take(operation, &self.own("locks", &format!("{name}.lock")))?;
        let access = WriteAccess { _lock: lock, moving: self.own("locks", &format!("{name}.moving")) };
        access.recover(operation, &self.path_of(name))?;
        Ok(access)
    }

    /// The repository of this name, provided that it is one of ours.
    pub(super) fn repository(&self, operation: &'static str, name: &RepositoryName) -> Result<Repository> {
        let path = self.path_of(name);
        match self.owner(operation, &path)? {
            Owner::Nobody => Err(Error::new(ErrorKind::NotFound, operation, "there is no such repository")),
            Owner::Stranger => Err(Error::new(
                ErrorKind::PermissionDenied,
                operation,
                "what lies at the repository's place was not made by aipipe",
            )
            .with("path", path.display())),
            Owner::Key(_) => self.open_bare(operation, &path),
        }
    }

    /// Opens a bare repository with its own and our settings, and nobody else's.
    fn open_bare(&self, operation: &'static str, path: &Path) -> Result<Repository> {
        pack_index::check(operation, path)?;
        let open = || {
            let repository = Repository::open_bare(path)?;
            let mut config = Config::new()?;
            config.add_file(&path.join("config"), ConfigLevel::Local, false)?;
            config.add_file(&self.root.join(".aipipe").join("git.config"), ConfigLevel::App, false)?;
            repository.set_config(&config)?;
            Ok(repository)
        };
        open().map_err(|error| stored_error(operation, "open the repository", error).with("path", path.display()))
    }

    fn owner(&self, operation: &'static str, path: &Path) -> Result<Owner> {
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Owner::Nobody),
            Err(error) => return Err(io_error(operation, "look at the repository", path, error)),
            Ok(metadata) if !metadata.is_dir() => return Ok(Owner::Stranger),
            Ok(_) => {}
        }
        let marker = path.join(MARKER);
        let Some(content) = durable::read(operation, &marker)? else { return Ok(Owner::Stranger) };
        match serde_json::from_slice::<Marker>(&content) {
            Ok(Marker { format: 1, key }) => Ok(Owner::Key(key)),
            Ok(Marker { format, .. }) => {
                Err(Error::new(ErrorKind::Unsupported, operation, "the repository's mark is of another format")
                    .with("format", format)
                    .with("path", marker.display()))
            }
            Err(error) => Err(Error::new(ErrorKind::Corrupt, operation, "the repository's mark can't be read")
                .with("path", marker.display())
                .caused_by(error)),
        }
    }

    pub(super) fn ensure(&self, spec: &RepositorySpec, key: &IdempotencyKey) -> Result<RepositoryRef> {
        const OPERATION: &str = "git.ensure_repository";
        let path = self.path_of(&spec.name);
        let found = RepositoryRef {
            owner: String::new(),
            name: spec.name.clone(),
            location: path.to_string_lossy().into_owned(),
        };
        let _access = self.write_access(OPERATION, &spec.name)?;
        if find_before_create() {
            match self.owner(OPERATION, &path)? {
                Owner::Key(owner) if owner == *key => return Ok(found),
                Owner::Key(_) | Owner::Stranger => {
                    return Err(Error::new(
                        ErrorKind::AlreadyExists,
                        OPERATION,
                        "somebody else's repository has this name",
                    )
                    .with("path", path.display()));
                }
                Owner::Nobody => {}
            }
        }
        let making = self.own("making", spec.name.as_str());
        durable::remove_tree(OPERATION, &making)?;
        self.make(OPERATION, &making, spec, key)?;
        durable::sync_tree(OPERATION, &making)?;
        failpoint!("git.repository.temp-made");
        fs::rename(&making, &path)
            .map_err(|error| io_error(OPERATION, "move the repository into place", &path, error))?;
        durable::sync_folder(OPERATION, &self.root)?;
        failpoint!("git.repository.moved");
        Ok(found)
    }

    fn make(&self, operation: &'static str, at: &Path, spec: &RepositorySpec, key: &IdempotencyKey) -> Result<()> {
        let author = commit::signature(operation, &spec.author)?;
        let message = commit::message_with_key(operation, "Create the repository", key)?;
        let fail = |error| git_error(operation, "make the repository", error);
        let mut options = RepositoryInitOptions::new();
        options.bare(true).no_reinit(true).mkdir(true).external_template(false);
        Repository::init_opts(at, &options).map_err(fail)?;
        // Nobody sees the folder yet; it is synced as a whole before it is moved into place.
        let place = |name: &str, content: &[u8]| {
            fs::write(at.join(name), content).map_err(|error| io_error(operation, "write", &at.join(name), error))
        };
        let description = format!("{}\n", spec.description.split_whitespace().collect::<Vec<_>>().join(" "));
        place("description", description.as_bytes())?;
        let head = format!("ref: {}\n", super::branch::reference_of(&spec.default_branch));
        place("HEAD", head.as_bytes())?;

        let mut config = Config::open(&at.join("config")).map_err(fail)?;
        // Pushes of people are logged as well, checked, and can't rewrite what was reviewed.
        for name in ["core.logAllRefUpdates", "receive.denyNonFastForwards", "transfer.fsckObjects"] {
            config.set_bool(name, true).map_err(fail)?;
        }
        // Pushes stay packs, as our own objects are.
        config.set_i32("transfer.unpackLimit", 1).map_err(fail)?;
        let repository = self.open_bare(operation, at)?;
        objects::collect(operation, &repository)?;
        let tree = repository.treebuilder(None).and_then(|empty| empty.write()).map_err(fail)?;
        let tree = repository.find_tree(tree).map_err(fail)?;
        let first = repository.commit(None, &author, &author, &message, &tree, &[]).map_err(fail)?;
        objects::keep(operation, &repository, &self.open_bare(operation, at)?, first)?;
        repository
            .reference(
                &super::branch::reference_of(&spec.default_branch),
                first,
                false,
                "aipipe: create the repository",
            )
            .map_err(fail)?;

        let marker = serde_json::to_vec(&Marker { format: 1, key: key.clone() }).map_err(|error| {
            Error::new(ErrorKind::Internal, operation, "the mark does not serialize").caused_by(error)
        })?;
        place(MARKER, &marker)?;
        set_visibility(at, spec.visibility).map_err(|error| io_error(operation, "set the permissions", at, error))
    }

    pub(super) fn delete(&self, name: &RepositoryName, key: &IdempotencyKey) -> Result<()> {
        const OPERATION: &str = "git.delete_repository";
        let path = self.path_of(name);
        let _access = self.write_access(OPERATION, name)?;
        let trash = self.own("trash", name.as_str());
        durable::remove_tree(OPERATION, &trash)?;
        match self.owner(OPERATION, &path)? {
            Owner::Nobody => return Ok(()),
            Owner::Key(owner) if owner == *key => {}
            Owner::Key(_) | Owner::Stranger => {
                return Err(Error::new(ErrorKind::PermissionDenied, OPERATION, "the repository is somebody else's")
                    .with("path", path.display()));
            }
        }
        fs::rename(&path, &trash).map_err(|error| io_error(OPERATION, "move the repository away", &path, error))?;
        durable::sync_folder(OPERATION, &self.root)?;
        failpoint!("git.repository.in-trash");
        durable::remove_tree(OPERATION, &trash)
    }
}

enum Owner {
    /// Nothing lies there.
    Nobody,
    /// Something lies there that carries no mark.
    Stranger,
    /// We made it, for this key.
    Key(IdempotencyKey),
}

#[cfg(unix)]
fn set_visibility(path: &Path, visibility: Visibility) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = match visibility {
        Visibility::Private => 0o700,
        Visibility::Public => 0o755,
    };
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_visibility(_path: &Path, _visibility: Visibility) -> std::io::Result<()> {
    // A folder takes the access list of the one it is made in.
    Ok(())
}

/// The object name behind a sha; SHA-256 names are of no repository here.
pub(super) fn object_id(operation: &'static str, sha: &CommitSha) -> Result<Oid> {
    Oid::from_str(sha.as_str()).ok().filter(|_| sha.as_str().len() == 40).ok_or_else(|| no_such_commit(operation, sha))
}

pub(super) fn no_such_commit(operation: &'static str, sha: &CommitSha) -> Error {
    Error::new(ErrorKind::NotFound, operation, "there is no such commit").with("commit", sha)
}

pub(super) fn sha_of(operation: &'static str, id: Oid) -> Result<CommitSha> {
    CommitSha::parse(id.to_string())
        .map_err(|error| Error::new(ErrorKind::Internal, operation, "libgit2 gave no commit sha").caused_by(error))
}

/// The commit of this sha.
pub(super) fn find_commit<'r>(
    operation: &'static str,
    repository: &'r Repository,
    sha: &CommitSha,
) -> Result<git2::Commit<'r>> {
    repository.find_commit(object_id(operation, sha)?).map_err(|error| match error.code() {
        git2::ErrorCode::NotFound => no_such_commit(operation, sha),
        _ => git_error(operation, "read the commit", error).with("commit", sha),
    })
}
