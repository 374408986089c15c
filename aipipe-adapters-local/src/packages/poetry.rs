//! `poetry.lock` by Poetry, taken only after Poetry's own check.
//!
//! Poetry itself comes from the project's list, so what locks is what will install.

use super::cache::Place;
use super::tool::{Call, io_error};
use super::{LocalPackageOptions, manifest};
use crate::poetry::index_variables;
use crate::poetry::{FIXED, LOCK, MANIFEST, PROBE, SETTINGS, check_list, check_lock, check_manifest, check_settings};
use crate::process::{Probe, Tool, Wanted, remove_tree};
use aipipe_core::domain::{ContentHash, RepoPath};
use aipipe_core::ports::{LockFile, LockRequest};
use aipipe_core::{Error, ErrorKind, Result};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const RECIPE: &str = "poetry 1";
const LIST: &str = ".github/poetry.txt";

pub(super) async fn lock(options: &LocalPackageOptions, request: &LockRequest) -> Result<LockFile> {
    let (text, list) = (manifest(request, MANIFEST)?, manifest(request, LIST)?);
    let pins = check_manifest(text).map_err(refuse)?;
    let version = check_list(list).map_err(refuse)?;
    let settings = match request.manifests.contains_key(&RepoPath::parse(SETTINGS)?) {
        true => manifest(request, SETTINGS)?,
        false => "",
    };
    check_settings(settings).map_err(refuse)?;
    let wanted = Wanted::parse(&request.runtime_version)
        .ok_or_else(|| refuse(format!("{:?} is no version of Python", request.runtime_version)))?;
    let failed = |error| io_error("packages.lock", "a folder for Poetry can't be made", error);
    let folder = tempfile::Builder::new().prefix("lock-").tempdir_in(&options.root).map_err(failed)?;
    let (work, home) = (folder.path().join("work"), folder.path().join("home"));
    for folder in [&work, &home] {
        std::fs::create_dir(folder).map_err(failed)?;
    }
    let probe = Probe { host: &options.host, clock: options.clock.as_ref(), scratch: &home };
    let python = probe.python(Some(&wanted)).await?;
    let tool = format!("poetry {version} (python {})", python.version);
    let place = Place::of(&options.root, RECIPE, &tool, request);
    if let Some(content) = place.get() {
        // Nothing of the result says so: a run that a crash cut off after `put` must end as one that was not.
        tracing::info!(tool, "the lock of an earlier run of the same manifests is used");
        return done(content, tool);
    }

    let tools = ToolFolder::ensure(options, &python, list, &home).await?;
    for (name, text) in [(MANIFEST, text), (SETTINGS, settings)] {
        std::fs::write(work.join(name), text).map_err(failed)?;
    }
    let variables = variables(options, &tools.python, &home).await?;
    let call = |arguments| Call {
        program: &tools.poetry,
        arguments,
        folder: &work,
        home: &home,
        variables: variables.clone(),
    };
    call(&["lock", "--no-ansi"]).run(options, "poetry lock").await?;
    let content = std::fs::read_to_string(work.join(LOCK))
        .map_err(|error| Error::new(ErrorKind::Internal, "packages.lock", "Poetry wrote no lock").caused_by(error))?;
    // What Poetry resolved to may be nothing to install from: that is what the manifest asks for.
    check_lock(&content, &pins).map_err(refuse)?;
    call(&["check", "--lock", "--no-ansi"]).run(options, "poetry check --lock").await?;
    place.put(&content)?;
    done(content, tool)
}

fn done(content: String, tool: String) -> Result<LockFile> {
    Ok(LockFile::new(RepoPath::parse(LOCK)?, Bytes::from(content), tool))
}

fn refuse(message: String) -> Error {
    Error::new(ErrorKind::InvalidInput, "packages.lock", message)
}

/// Poetry's settings, forced, and the index pip is configured for.
async fn variables(options: &LocalPackageOptions, python: &Path, home: &Path) -> Result<BTreeMap<OsString, OsString>> {
    let arguments = ["-c", PROBE];
    let call = Call { program: python, arguments: &arguments, folder: home, home, variables: BTreeMap::new() };
    let printed = call.run(options, "pip config list").await?;
    let mut variables =
        index_variables(&printed).map_err(|reason| Error::new(ErrorKind::Unsupported, "packages.lock", reason))?;
    variables.extend(FIXED.iter().map(|(name, value)| (name.into(), value.into())));
    variables.insert("POETRY_CACHE_DIR".into(), options.root.join("poetry").into());
    // A lock needs no environment; without this Poetry makes one.
    variables.insert("POETRY_VIRTUALENVS_CREATE".into(), "false".into());
    Ok(variables)
}

/// Poetry in an environment of its own, made once for each list and Python.
#[derive(Debug)]
struct ToolFolder {
    poetry: PathBuf,
    python: PathBuf,
}

impl ToolFolder {
    async fn ensure(options: &LocalPackageOptions, python: &Tool, list: &str, home: &Path) -> Result<Self> {
        let hash = ContentHash::of(list.as_bytes()).short(12);
        let place = options.root.join("tools").join(format!("poetry-{hash}-python-{}", python.version));
        let tools = Self { poetry: place.join("bin/poetry"), python: place.join("bin/python") };
        let ready = place.join("ready");
        if ready.exists() {
            return Ok(tools);
        }
        // An environment knows its own path, so it can't be renamed into place: a mark, made last, says it is whole,
        // and a lock keeps two processes from making it at once.
        let failed = |error| io_error("packages.lock", "Poetry's folder can't be made", error);
        std::fs::create_dir_all(options.root.join("tools")).map_err(failed)?;
        let lock = place.with_extension("lock");
        let lock = std::fs::File::create(lock).map_err(failed)?;
        let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await;
        let _lock = lock.map_err(std::io::Error::other).and_then(|locked| locked).map_err(failed)?;
        if ready.exists() {
            return Ok(tools);
        }
        remove_tree(&place).map_err(failed)?;
        let file = home.join("poetry.txt");
        std::fs::write(&file, list).map_err(failed)?;
        let (target, file) = (place.display().to_string(), file.display().to_string());
        let make = ["-I", "-m", "venv", &target];
        let install = ["-m", "pip", "install", "--quiet", "--only-binary=:all:", "--require-hashes", "-r", &file];
        let cache = options.root.join("pip").into_os_string();
        let variables = BTreeMap::from([("PIP_CACHE_DIR".into(), cache), ("PIP_NO_INPUT".into(), "1".into())]);
        let call =
            Call { program: &python.program, arguments: &make, folder: home, home, variables: variables.clone() };
        call.run(options, "python -m venv").await?;
        let call = Call { program: &tools.python, arguments: &install, folder: home, home, variables };
        call.run(options, "pip install poetry").await?;
        crate::process::write_atomic(&ready, b"").map_err(failed)?;
        Ok(tools)
    }
}
