//! The same installation once a run: jobs that install the same lock with the same command share it.
//!
//! A job starts from a clean checkout of the same commit, so an install command has the same result in each as long as
//! nothing ran before it that differs. The key therefore covers the command, the lock files, the tools, the variables
//! the workflow sets, and everything the job ran before.

use super::workflow::InstallCommand;
use crate::poetry::{LOCK, MANIFEST, SETTINGS};
use crate::process::{hash_file, link_tree, read_small, remove_tree, state_of};
use aipipe_core::domain::ContentHash;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Largest `package.json` that is read here.
const MAX_MANIFEST: u64 = 4 << 20;

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
            InstallCommand::Poetry => poetry_locks(self.directory)?,
        };
        ContentHash::of_json(&(self, locks)).ok()
    }
}

fn npm_locks(directory: &Path) -> Option<Vec<ContentHash>> {
    let manifest = read_small(&directory.join("package.json"), MAX_MANIFEST).ok()?;
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).ok()?;
    // Workspaces install into several folders.
    if manifest.get("workspaces").is_some() || directory.join("node_modules").symlink_metadata().is_ok() {
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
                let file = directory.join(file);
                // A link on the way would have files elsewhere read.
                if file.canonicalize().ok()? != file {
                    return None;
                }
                hashes.push(hash_file(&file)?);
            }
        }
    }
    (!hashes.is_empty()).then_some(hashes)
}

fn poetry_locks(directory: &Path) -> Option<Vec<ContentHash>> {
    // What speaks against a network speaks against sharing too: the result would be the checkout's own doing.
    if super::poetry::refusal(directory).is_some() {
        return None;
    }
    let settings = directory.join(SETTINGS);
    let settings = if settings.exists() { hash_file(&settings)? } else { ContentHash::of(b"") };
    Some(vec![hash_file(&directory.join(MANIFEST))?, hash_file(&directory.join(LOCK))?, settings])
}

/// Results of installations, kept until the last job that needs them.
///
/// A result is shared by hard links. If a job changed a shared file in place, what is kept is no longer what was
/// installed: it is dropped, and the next job installs by itself. That is told by what no program can set back
/// ([`state_of`]). Making and removing links changes it too, so the state is taken anew after each time the host itself
/// does that: never while a step runs.
#[derive(Debug)]
pub(super) struct Reuse {
    folder: PathBuf,
    kept: BTreeMap<String, Kept>,
}

#[derive(Debug)]
struct Kept {
    job: String,
    state: ContentHash,
}

impl Reuse {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, kept: BTreeMap::new() }
    }

    /// Puts the kept result of `key` to `target` (with `last` it is moved) and names the job that made it; `None` when
    /// none is kept.
    pub(super) async fn give(&mut self, key: &ContentHash, target: &Path, last: bool) -> io::Result<Option<String>> {
        let name = key.to_hex();
        let Some(kept) = self.kept.get(&name) else { return Ok(None) };
        let (job, state) = (kept.job.clone(), kept.state);
        let (source, place) = (self.folder.join(&name), target.to_path_buf());
        let given = blocking(move || {
            if state_of(&source)? != state {
                remove_tree(&source)?;
                return Ok(false);
            }
            remove_tree(&place)?;
            if last {
                fs::rename(&source, &place)?;
            } else {
                link_tree(&source, &place)?;
            }
            Ok(true)
        })
        .await?;
        if last || !given {
            self.kept.remove(&name);
        }
        if given {
            self.take_stock().await?;
        }
        Ok(given.then_some(job))
    }

    /// Drops what a job has changed: called at its end, before its folder is removed.
    pub(super) async fn drop_changed(&mut self) -> io::Result<()> {
        for (name, state) in self.states().await? {
            if self.kept.get(&name).is_some_and(|kept| kept.state != state) {
                self.kept.remove(&name);
                let folder = self.folder.join(&name);
                blocking(move || remove_tree(&folder)).await?;
            }
        }
        Ok(())
    }

    /// Takes what is kept as it is now: called after links of it were made or removed.
    pub(super) async fn take_stock(&mut self) -> io::Result<()> {
        for (name, state) in self.states().await? {
            if let Some(kept) = self.kept.get_mut(&name) {
                kept.state = state;
            }
        }
        Ok(())
    }

    async fn states(&self) -> io::Result<Vec<(String, ContentHash)>> {
        let folders: Vec<_> = self.kept.keys().map(|name| (name.clone(), self.folder.join(name))).collect();
        blocking(move || folders.into_iter().map(|(name, folder)| Ok((name, state_of(&folder)?))).collect()).await
    }

    /// Keeps `source`, made by `job`.
    pub(super) async fn keep(&mut self, key: &ContentHash, source: &Path, job: &str) -> io::Result<()> {
        let (source, target) = (source.to_path_buf(), self.folder.join(key.to_hex()));
        let state = blocking(move || {
            remove_tree(&target)?;
            fs::create_dir_all(target.parent().unwrap_or(&target))?;
            link_tree(&source, &target)?;
            state_of(&target)
        })
        .await?;
        self.kept.insert(key.to_hex(), Kept { job: job.to_owned(), state });
        Ok(())
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn manifests_and_locks_that_are_links_are_not_read() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        fs::write(root.join("package.json"), "{}").unwrap();
        fs::write(root.join("package-lock.json"), "{}").unwrap();
        assert!(npm_locks(&root).is_some());
        fs::remove_file(root.join("package.json")).unwrap();
        symlink("/dev/zero", root.join("package.json")).unwrap();
        assert!(npm_locks(&root).is_none());

        let command = |file: &str| format!("pip install --require-hashes -r {file}");
        fs::create_dir(root.join("sub")).unwrap();
        fs::write(root.join("sub/lock"), "x").unwrap();
        symlink(root.join("sub"), root.join("link")).unwrap();
        symlink("/dev/zero", root.join("endless")).unwrap();
        assert!(pip_locks(&root, &command("./sub/lock")).is_some());
        for bad in ["link/lock", "endless", "missing", "sub"] {
            assert!(pip_locks(&root, &command(bad)).is_none(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_link_is_never_kept() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        fs::create_dir(root.join("home")).unwrap();
        fs::write(root.join("home/private"), "x").unwrap();
        symlink(root.join("home"), root.join("venv")).unwrap();
        let mut reuse = Reuse::new(root.join("reuse"));
        let key = ContentHash::of(b"key");
        assert!(reuse.keep(&key, &root.join("venv"), "one").await.is_err());
        assert!(!root.join("reuse").join(key.to_hex()).exists());
        assert_eq!(reuse.give(&key, &root.join("given"), false).await.unwrap(), None);
    }

    /// What a job may do to a shared file so that name, length and time stay as they were.
    fn change_in_place(file: &Path) {
        let before = fs::metadata(file).unwrap();
        let open = fs::File::options().write(true).open(file).unwrap();
        std::io::Write::write_all(&mut &open, b"evil").unwrap();
        open.set_modified(before.modified().unwrap()).unwrap();
        drop(open);
        let after = fs::metadata(file).unwrap();
        assert_eq!((before.len(), before.modified().unwrap()), (after.len(), after.modified().unwrap()));
    }

    #[tokio::test]
    async fn a_change_in_place_reaches_no_later_job_and_what_the_host_does_is_none() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let (key, job) = (ContentHash::of(b"key"), |name: &str| root.join(name));
        for changes in [false, true] {
            for name in ["one", "two", "three", "reuse"] {
                remove_tree(&job(name)).unwrap();
            }
            fs::create_dir(job("one")).unwrap();
            fs::write(job("one").join("index.js"), "good").unwrap();
            let mut reuse = Reuse::new(job("reuse"));
            reuse.keep(&key, &job("one"), "one").await.unwrap();
            let end = async |reuse: &mut Reuse, name: &str| {
                reuse.drop_changed().await.unwrap();
                remove_tree(&job(name)).unwrap();
                reuse.take_stock().await.unwrap();
            };
            end(&mut reuse, "one").await;
            assert_eq!(reuse.give(&key, &job("two"), false).await.unwrap(), Some("one".to_owned()));
            if changes {
                change_in_place(&job("two").join("index.js"));
            }
            end(&mut reuse, "two").await;
            let given = reuse.give(&key, &job("three"), true).await.unwrap();
            assert_eq!(given.is_some(), !changes, "undisturbed it is still shared");
            if !changes {
                assert_eq!(fs::read(job("three").join("index.js")).unwrap(), b"good");
            }
        }
    }
}
