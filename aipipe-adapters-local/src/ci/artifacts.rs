//! `actions/upload-artifact`: files of the workspace copied to the run's folder, never from elsewhere.

use super::actions::WhenMissing;
use crate::process::is_real_folder;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

const MAX_FILES: u64 = 20_000;
const MAX_BYTES: u64 = 1 << 30;

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Uploaded {
    pub(super) files: u64,
    pub(super) links_left_out: u64,
}

/// Copies the files and folders that `paths` lists, one a line, into `target`.
///
/// The error is a sentence for the step's note.
pub(super) fn upload(
    workspace: &Path,
    paths: &str,
    name: &str,
    artifacts: &Path,
    when_missing: WhenMissing,
) -> Result<Uploaded, String> {
    let fine = |c: char| !c.is_control() && !matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    if name.is_empty() || name.len() > 200 || name.starts_with('.') || !name.chars().all(fine) {
        return Err(format!("{name:?} is no artifact name"));
    }
    let target = artifacts.join(name);
    if target.exists() {
        return Err(format!("the artifact {name} exists already"));
    }
    if !is_real_folder(workspace) {
        return Err("the workspace is gone or a link".to_owned());
    }
    let mut budget = Budget { files: 0, bytes: 0, links: 0 };
    for line in paths.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let relative = within(workspace, line)?;
        let source = workspace.join(&relative);
        // A link in the middle of the path could lead out; the real place tells.
        let real = match source.canonicalize() {
            Ok(real) => real,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(format!("{line} can't be read: {error}")),
        };
        if real != source {
            return Err(format!("{line} leads through a link"));
        }
        budget.copy(&source, &target.join(&relative)).map_err(|error| format!("{line}: {error}"))?;
    }
    if budget.files == 0 && when_missing == WhenMissing::Fail {
        return Err("no files were found".to_owned());
    }
    Ok(Uploaded { files: budget.files, links_left_out: budget.links })
}

fn within(workspace: &Path, line: &str) -> Result<PathBuf, String> {
    let path = Path::new(line);
    let path = path.strip_prefix(workspace).unwrap_or(path);
    let mut relative = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => relative.push(part),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(format!("{line} leaves the workspace"));
            }
        }
    }
    Ok(relative)
}

struct Budget {
    files: u64,
    bytes: u64,
    links: u64,
}

impl Budget {
    fn copy(&mut self, source: &Path, target: &Path) -> io::Result<()> {
        let mut waiting = vec![(source.to_path_buf(), target.to_path_buf())];
        while let Some((from, to)) = waiting.pop() {
            let meta = fs::symlink_metadata(&from)?;
            if meta.is_symlink() {
                self.links += 1;
            } else if meta.is_dir() {
                fs::create_dir_all(&to)?;
                for entry in fs::read_dir(&from)? {
                    let entry = entry?;
                    waiting.push((entry.path(), to.join(entry.file_name())));
                }
            } else if meta.is_file() {
                self.files += 1;
                self.bytes += meta.len();
                if self.files > MAX_FILES || self.bytes > MAX_BYTES {
                    return Err(io::Error::other(format!("more than {MAX_FILES} files or {MAX_BYTES} bytes")));
                }
                if let Some(folder) = to.parent() {
                    fs::create_dir_all(folder)?;
                }
                fs::copy(&from, &to)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_the_workspace() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let (workspace, artifacts) = (root.join("work"), root.join("artifacts"));
        fs::create_dir_all(workspace.join("dist")).unwrap();
        fs::write(root.join("secret"), "s").unwrap();
        fs::write(workspace.join("dist/a.js"), "a").unwrap();
        std::os::unix::fs::symlink("../../secret", workspace.join("dist/link")).unwrap();
        std::os::unix::fs::symlink("..", workspace.join("up")).unwrap();
        let try_it = |paths: &str, name: &str| upload(&workspace, paths, name, &artifacts, WhenMissing::Fail);

        assert_eq!(try_it("dist", "one"), Ok(Uploaded { files: 1, links_left_out: 1 }));
        assert!(artifacts.join("one/dist/a.js").is_file() && !artifacts.join("one/dist/link").exists());
        let absolute = workspace.join("dist/a.js").display().to_string();
        assert_eq!(try_it(&absolute, "two"), Ok(Uploaded { files: 1, links_left_out: 0 }));
        for bad in ["../secret", "/etc/passwd", "up/secret", "dist/../../secret", "dist/link", "missing"] {
            assert!(try_it(bad, "three").is_err(), "{bad}");
        }
        for bad in ["../up", "", ".", "a/b", "a:b"] {
            assert!(try_it("dist", bad).is_err(), "{bad}");
        }
        assert!(try_it("dist", "one").is_err());
        let linked = root.join("linked");
        std::os::unix::fs::symlink(&workspace, &linked).unwrap();
        assert!(
            upload(&linked, "dist", "four", &artifacts, WhenMissing::Warn).is_err() && !artifacts.join("four").exists()
        );
    }
}
