//! Installations by Poetry: which checkouts it is let loose on with the network, and where it finds packages.

use super::job::JobRun;
use super::log::io_error;
use super::step_files::StepFiles;
use crate::poetry::{LOCK, MANIFEST, PROBE, SETTINGS, check_lock, check_manifest, check_settings, index_variables};
use crate::process::{InstallSettings, read_small};
use aipipe_core::Result;
use aipipe_core::domain::Conclusion;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::time::Duration;

/// Largest file of a project that is read here.
const MAX_FILE: u64 = 16 << 20;

/// Largest output of pip's configuration that is read.
const MAX_PRINTED: u64 = 1 << 20;

/// Why Poetry gets no network in this folder of a checkout; `None` when nothing speaks against it.
///
/// It would install from wherever its files say, and load whatever lies in its plugins' folder or stands in the place of
/// the environment's Python.
pub(super) fn refusal(directory: &Path) -> Option<String> {
    for name in [".poetry", ".venv"] {
        if directory.join(name).symlink_metadata().is_ok() {
            return Some(format!("the checkout has a {name} of its own"));
        }
    }
    let read = || -> Result<(), String> {
        let manifest = text(directory, MANIFEST)?.ok_or_else(|| format!("there is no {MANIFEST}"))?;
        check_manifest(&manifest)?;
        check_settings(&text(directory, SETTINGS)?.unwrap_or_default())?;
        // Whether the lock is the manifest's is for Poetry to say; a missing one too, and neither needs a network.
        text(directory, LOCK)?.map_or(Ok(()), |lock| check_lock(&lock, &[]))
    };
    read().err()
}

/// A file of the checkout, if it is there; a link is none to follow.
fn text(directory: &Path, name: &str) -> Result<Option<String>, String> {
    let file = directory.join(name);
    match file.symlink_metadata() {
        Ok(meta) if !meta.is_file() => return Err(format!("{name} is no file")),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{name} can't be read: {error}")),
    }
    let bytes = read_small(&file, MAX_FILE).map_err(|error| format!("{name} can't be read: {error}"))?;
    String::from_utf8(bytes).map(Some).map_err(|_| format!("{name} is not UTF-8"))
}

impl JobRun<'_> {
    /// The variables by which Poetry uses the index pip is configured for, asked of the job's own pip; a reason when it
    /// does not tell.
    pub(super) async fn index(
        &mut self,
        environment: &BTreeMap<OsString, OsString>,
        files: &StepFiles,
        settings: &InstallSettings,
        timeout: Duration,
    ) -> Result<Result<BTreeMap<OsString, OsString>, String>> {
        let python = match &self.venv {
            Some(venv) if venv.join("bin/poetry").exists() => venv.join("bin/python"),
            _ => return Ok(Err("Poetry is not installed in the job's environment".to_owned())),
        };
        let printed = files.folder().join("index");
        let arguments = ["-c".as_ref(), "exec \"$1\" -c \"$2\" > \"$0\"".as_ref(), printed.as_os_str()];
        let arguments = arguments.into_iter().chain([python.as_os_str(), PROBE.as_ref()]).map(OsString::from).collect();
        let directory = self.workspace.clone();
        let end = self.start(arguments, directory, environment.clone(), Some(files), Some(settings), timeout).await?;
        if end.conclusion != Conclusion::Success {
            return Ok(Err("pip does not tell which index it uses".to_owned()));
        }
        let printed = read_small(&printed, MAX_PRINTED)
            .map_err(|error| io_error("ci.job", "pip's configuration can't be read", error))?;
        Ok(index_variables(&String::from_utf8_lossy(&printed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    const PROJECT: &str = "[project]\nname = \"x\"\nversion = \"1\"\ndependencies = [\"a==1\"]\n";
    const LOCKED: &str =
        "[[package]]\nname = \"a\"\nversion = \"1\"\nfiles = [{file = \"a.whl\", hash = \"sha256:0\"}]\n";

    #[test]
    fn poetry_gets_a_network_only_where_nothing_of_the_checkout_would_run() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let put = |name: &str, text: &str| fs::write(root.join(name), text).unwrap();
        let plain = || {
            put("pyproject.toml", PROJECT);
            put("poetry.lock", LOCKED);
            put("poetry.toml", "[virtualenvs]\nin-project = true\n");
            assert_eq!(refusal(root), None);
        };
        plain();
        for (name, text) in [
            ("pyproject.toml", "[project]\ndependencies = [\"a @ file:./a\"]\n"),
            ("pyproject.toml", "[project]\n[tool.poetry.requires-plugins]\na = \"1\"\n"),
            ("pyproject.toml", "[project]\n[[tool.poetry.source]]\nname = \"a\"\nurl = \"https://a.example\"\n"),
            ("poetry.toml", "[virtualenvs]\npath = \"/tmp\"\n"),
            ("poetry.lock", &LOCKED.replace("[[package]]\n", "[[package]]\nsource = {type = \"git\", url = \"x\"}\n")),
            ("poetry.lock", "not a lock"),
        ] {
            put(name, text);
            assert!(refusal(root).is_some(), "{name}: {text}");
            plain();
        }
        for name in [".poetry", ".venv"] {
            symlink("/nowhere", root.join(name)).unwrap();
            assert_eq!(refusal(root).unwrap(), format!("the checkout has a {name} of its own"));
            fs::remove_file(root.join(name)).unwrap();
        }
        fs::remove_file(root.join("poetry.lock")).unwrap();
        assert_eq!(refusal(root), None, "Poetry itself says that there is no lock");
        symlink("/dev/zero", root.join("poetry.lock")).unwrap();
        assert_eq!(refusal(root).unwrap(), "poetry.lock is no file");
    }
}
