//! A commit's files in a folder, for those who build and test it.

use super::error::io_error;
use super::repositories::Repositories;
use super::tree::{self, Kind};
use aipipe_core::domain::{CommitSha, RepositoryName};
use aipipe_core::{Error, ErrorKind, Result};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

impl Repositories {
    pub(super) fn export(&self, name: &RepositoryName, commit: &CommitSha, into: &Path) -> Result<()> {
        const OPERATION: &str = "git.checkout";
        let repository = self.repository(OPERATION, name)?;
        let files = tree::unfold_files(OPERATION, &repository, tree::tree_of(OPERATION, &repository, commit)?)?;
        fs::create_dir_all(into).map_err(|error| io_error(OPERATION, "make the folder", into, error))?;
        let mut there = fs::read_dir(into).map_err(|error| io_error(OPERATION, "look into the folder", into, error))?;
        if there.next().is_some() {
            return Err(
                Error::new(ErrorKind::AlreadyExists, OPERATION, "the folder is not empty").with("into", into.display())
            );
        }
        for (path, node) in files {
            let place = into.join(path.as_str());
            let content = tree::read_blob(OPERATION, &repository, node.id, &path)?;
            if let Some(folder) = place.parent() {
                fs::create_dir_all(folder).map_err(|error| io_error(OPERATION, "make a folder", folder, error))?;
            }
            write(&place, &content, node.kind == Kind::Executable)
                .map_err(|error| io_error(OPERATION, "write a file", &place, error))?;
        }
        Ok(())
    }
}

/// Writes a new file. One that is there already is an error: two paths of the tree are one here, or somebody interferes.
fn write(path: &Path, content: &[u8], executable: bool) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(if executable { 0o755 } else { 0o644 });
    }
    #[cfg(not(unix))]
    let _ = executable;
    options.open(path)?.write_all(content)
}
