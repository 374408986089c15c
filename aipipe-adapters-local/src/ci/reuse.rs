//! The same installation once a run: jobs that install the same lock with the same command get a copy.
//!
//! A job starts from a clean checkout of the same commit, so an install command has the same result in each as long as
//! nothing ran before it that differs. The key therefore covers the command, the lock files, the tools, the variables
//! the workflow sets, and everything the job ran before.

use super::workflow::InstallCommand;
use crate::process::{copy_tree, hash_file};
use aipipe_core::domain::ContentHash;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What an installation depends on.
#[derive(Debug, serde::Serialize)]
pub(super) struct Installation<'a> {
    pub(super) command: &'a str,
    pub(super) directory: &'a Path,
    pub(super) tools: Vec<String>,
    pub(super) variables: &'a BTreeMap<String, String>,
    pub(super) before: &'a [String],
}

impl Installation<'_> {
    /// The key under which its result can be reused, or `None` where that isn't safe to say.
    pub(super) fn key(&self, kind: InstallCommand) -> Option<ContentHash> {
        let locks = match kind {
            InstallCommand::Npm => npm_locks(self.directory)?,
            InstallCommand::Pip => pip_locks(self.directory, self.command)?,
        };
        ContentHash::of_json(&(self, locks)).ok()
    }
}

fn npm_locks(directory: &Path) -> Option<Vec<ContentHash>> {
    let manifest = fs::read(directory.join("package.json")).ok()?;
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).ok()?;
    // Workspaces install into several folders.
    if manifest.get("workspaces").is_some() || directory.join("node_modules").exists() {
        return None;
    }
    let lock = ["npm-shrinkwrap.json", "package-lock.json"].iter().find_map(|name| hash_file(&directory.join(name)))?;
    Some(vec![ContentHash::of_json(&manifest).ok()?, lock])
}

fn pip_locks(directory: &Path, command: &str) -> Option<Vec<ContentHash>> {
    let mut hashes = Vec::new();
    for line in command.lines().filter(|line| !line.trim().is_empty()) {
        // Without hashes the result is what the index says today, and a path would install the checkout itself.
        if !line.split_whitespace().any(|word| word == "--require-hashes") {
            return None;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        for pair in words.windows(2) {
            if let [flag, file] = pair
                && matches!(*flag, "-r" | "--requirement" | "-c" | "--constraint")
            {
                hashes.push(hash_file(&directory.join(file))?);
            }
        }
    }
    (!hashes.is_empty()).then_some(hashes)
}

/// Results of installations, kept until the last job that needs them.
#[derive(Debug)]
pub(super) struct Reuse {
    folder: PathBuf,
    kept: BTreeMap<String, String>,
}

impl Reuse {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, kept: BTreeMap::new() }
    }

    /// The job that made the result of `key`, if it is kept.
    pub(super) fn donor(&self, key: &ContentHash) -> Option<&str> {
        self.kept.get(&key.to_hex()).map(String::as_str)
    }

    /// Puts the kept result to `target`; with `last` it is moved.
    pub(super) async fn give(&mut self, key: &ContentHash, target: &Path, last: bool) -> io::Result<()> {
        let source = self.folder.join(key.to_hex());
        if last {
            self.kept.remove(&key.to_hex());
            return fs::rename(source, target);
        }
        copy(source, target.to_path_buf()).await
    }

    /// Keeps a copy of `source`, made by `job`.
    pub(super) async fn keep(&mut self, key: &ContentHash, source: &Path, job: &str) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        copy(source.to_path_buf(), self.folder.join(key.to_hex())).await?;
        self.kept.insert(key.to_hex(), job.to_owned());
        Ok(())
    }
}

async fn copy(source: PathBuf, target: PathBuf) -> io::Result<()> {
    let copied = tokio::task::spawn_blocking(move || copy_tree(&source, &target)).await;
    copied.map_err(io::Error::other)?.map(drop)
}
