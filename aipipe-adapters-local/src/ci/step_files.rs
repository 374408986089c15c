//! A step's script, and the files by which it speaks to later ones: `GITHUB_ENV`, `GITHUB_PATH`, `GITHUB_OUTPUT`,
//! `GITHUB_STEP_SUMMARY`.
//!
//! They lie in a folder of the step's own, outside the job's: what a step can write, it can prepare for the next one, and
//! a link planted there would have the host write through it.

use super::parse::is_variable;
use crate::process::read_small;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

const MAX_BYTES: u64 = 1 << 20;

/// The files of one step.
#[derive(Debug)]
pub(super) struct StepFiles {
    folder: PathBuf,
    script: PathBuf,
    env: PathBuf,
    path: PathBuf,
    output: PathBuf,
    summary: PathBuf,
}

/// What a step said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) env: Vec<(String, String)>,
    pub(super) path: Vec<String>,
    pub(super) outputs: Vec<(String, String)>,
    /// Markdown for people.
    pub(super) summary: String,
}

impl StepFiles {
    /// Makes the folder of step `number` in `folder`, which no step can write, with empty files in it.
    pub(super) fn create(folder: &Path, number: usize) -> io::Result<Self> {
        let folder = folder.join(number.to_string());
        fs::create_dir(&folder)?;
        let file = |name: &str| folder.join(name);
        let files = Self {
            script: file("script.sh"),
            env: file("env"),
            path: file("path"),
            output: file("output"),
            summary: file("summary"),
            folder: folder.clone(),
        };
        for file in [&files.env, &files.path, &files.output, &files.summary] {
            create(file, b"")?;
        }
        Ok(files)
    }

    /// Writes the script and returns its file.
    pub(super) fn write_script(&self, text: &str) -> io::Result<&Path> {
        create(&self.script, text.as_bytes())?;
        Ok(&self.script)
    }

    /// The folder of them all, which only this step may write.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The variables that name them.
    pub(super) fn variables(&self) -> [(&'static str, &Path); 4] {
        [
            ("GITHUB_ENV", &self.env),
            ("GITHUB_PATH", &self.path),
            ("GITHUB_OUTPUT", &self.output),
            ("GITHUB_STEP_SUMMARY", &self.summary),
        ]
    }

    /// Reads what the step wrote. The error is a sentence for the step's note.
    pub(super) fn read(&self) -> Result<Said, String> {
        let text = |file: &Path, name: &str| {
            let bytes = match read_small(file, MAX_BYTES) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
                Err(error) => return Err(format!("{name} can't be read: {error}")),
            };
            String::from_utf8(bytes).map_err(|_| format!("{name} is not UTF-8"))
        };
        let env = pairs(&text(&self.env, "GITHUB_ENV")?).map_err(|reason| format!("GITHUB_ENV {reason}"))?;
        if let Some((name, _)) = env.iter().find(|(name, _)| !is_variable(name) || is_reserved(name)) {
            return Err(format!("GITHUB_ENV may not set {name}"));
        }
        let path = text(&self.path, "GITHUB_PATH")?;
        Ok(Said {
            env,
            path: path.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect(),
            outputs: pairs(&text(&self.output, "GITHUB_OUTPUT")?)
                .map_err(|reason| format!("GITHUB_OUTPUT {reason}"))?,
            summary: text(&self.summary, "GITHUB_STEP_SUMMARY")?,
        })
    }
}

/// Makes a file that was not there; a link in its place is not followed.
fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    fs::File::create_new(path)?.write_all(content)
}

/// Variables a step may not set for later ones; the first three are GitHub's own rule.
pub(super) fn is_reserved(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    upper.starts_with("GITHUB_") || upper.starts_with("RUNNER_") || upper == "NODE_OPTIONS" || upper == "CI"
}

/// `NAME=value` lines and `NAME<<END` blocks.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim().is_empty() {
            continue;
        }
        let shown: String = line.chars().take(60).collect();
        let bad = || format!("has a line that is neither NAME=value nor NAME<<END: {shown:?}");
        let equals = line.find('=').unwrap_or(usize::MAX);
        let block = line.find("<<").unwrap_or(usize::MAX);
        let (name, value) = if block < equals {
            let (name, end) = line.split_once("<<").ok_or_else(bad)?;
            let mut value: Vec<&str> = Vec::new();
            loop {
                match lines.next() {
                    None => return Err(format!("has a block that does not end with {end:?}")),
                    Some(line) if line == end => break,
                    Some(line) => value.push(line),
                }
            }
            (name, value.join("\n"))
        } else {
            let (name, value) = line.split_once('=').ok_or_else(bad)?;
            (name, value.to_owned())
        };
        if name.trim().is_empty() || value.contains('\0') || name.contains('\0') {
            return Err(bad());
        }
        pairs.push((name.trim().to_owned(), value));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_and_blocks() {
        let read = pairs("A=1\nB=x=y<<z\n\nC<<EOT\none\ntwo=2\nEOT\nD=\n").unwrap();
        let wanted = [("A", "1"), ("B", "x=y<<z"), ("C", "one\ntwo=2"), ("D", "")];
        assert_eq!(read, wanted.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert!(pairs("no pair").is_err());
        assert!(pairs("A<<END\nx").is_err());
        assert!(pairs("=x").is_err());
    }

    #[test]
    fn reserved_variables_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let files = StepFiles::create(folder.path(), 1).unwrap();
        assert_eq!(files.read().unwrap(), Said::default());
        fs::write(&files.env, "GITHUB_SHA=x\n").unwrap();
        assert!(files.read().unwrap_err().contains("GITHUB_SHA"));
    }

    #[test]
    fn links_in_place_of_the_files_are_neither_written_nor_read() {
        let root = tempfile::tempdir().unwrap();
        let outside = root.path().join("outside");
        fs::write(&outside, "A=secret\n").unwrap();
        let files = StepFiles::create(root.path(), 1).unwrap();
        std::os::unix::fs::symlink(&outside, &files.script).unwrap();
        assert!(files.write_script("evil").is_err());
        fs::remove_file(&files.env).unwrap();
        std::os::unix::fs::symlink(&outside, &files.env).unwrap();
        assert!(files.read().unwrap_err().contains("GITHUB_ENV can't be read"));
        assert_eq!(fs::read_to_string(&outside).unwrap(), "A=secret\n");
        std::os::unix::fs::symlink(root.path(), root.path().join("2")).unwrap();
        assert!(StepFiles::create(root.path(), 2).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,200}") {
            let _ = pairs(&text);
        }
    }
}
