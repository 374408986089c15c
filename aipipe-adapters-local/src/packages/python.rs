//! `requirements.lock` by uv's resolver, checked by the pip that will install from it.

use super::cache::Place;
use super::tool::{Call, io_error, names_address};
use super::{LocalPackageOptions, manifest};
use crate::process::{Probe, Tool, Wanted, remove_tree};
use aipipe_core::domain::RepoPath;
use aipipe_core::ports::{LockFile, LockRequest};
use aipipe_core::{Error, ErrorKind, Result};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const RECIPE: &str = "uv 1";
const UV: &str = "0.13.9";
const LOCK: &str = "requirements.lock";
const MANIFESTS: [&str; 2] = ["requirements.in", "requirements-dev.in"];

pub(super) async fn lock(options: &LocalPackageOptions, request: &LockRequest) -> Result<LockFile> {
    let mut inputs = Vec::new();
    for name in MANIFESTS {
        let path = RepoPath::parse(name)?;
        if name == MANIFESTS[0] || request.manifests.contains_key(&path) {
            inputs.push((name, manifest(request, name)?));
        }
    }
    let pins = inputs.iter().map(|(name, text)| check_manifest(name, text)).collect::<Result<Vec<_>>>()?.concat();
    let wanted = Wanted::parse(&request.runtime_version)
        .ok_or_else(|| refuse(format!("{:?} is no version of Python", request.runtime_version)))?;
    let failed = |error| io_error("packages.lock", "a folder for the resolver can't be made", error);
    let folder = tempfile::Builder::new().prefix("lock-").tempdir_in(&options.root).map_err(failed)?;
    let (work, home) = (folder.path().join("work"), folder.path().join("home"));
    for folder in [&work, &home] {
        std::fs::create_dir(folder).map_err(failed)?;
    }
    let probe = Probe { host: &options.host, clock: options.clock.as_ref(), scratch: &home };
    let python = probe.python(Some(&wanted)).await?;
    let tool = format!("uv {UV} (python {})", python.version);
    let place = Place::of(&options.root, RECIPE, &tool, request);
    if let Some(content) = place.get() {
        // Nothing of the result says so: a run that a crash cut off after `put` must end as one that was not.
        tracing::info!(tool, "the lock of an earlier run of the same manifests is used");
        return done(content, tool);
    }

    let tools = ToolFolder::ensure(options, &python, &home).await?;
    for (name, text) in &inputs {
        std::fs::write(work.join(name), text).map_err(failed)?;
    }
    let mut variables = index_variables(options, &tools.python, &home).await?;
    variables.insert("UV_CACHE_DIR".into(), options.root.join("uv").into());
    variables.insert("UV_NO_CONFIG".into(), "1".into());
    variables.insert("UV_PYTHON_DOWNLOADS".into(), "never".into());
    let version = wanted.text();
    let mut arguments = vec!["pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-header"];
    arguments.extend(["--python-version", &version, "--output-file", LOCK]);
    arguments.extend(inputs.iter().map(|(name, _)| *name));
    let call = Call { program: &tools.uv, arguments: &arguments, folder: &work, home: &home, variables };
    call.run(options, "uv pip compile").await?;
    let content = std::fs::read_to_string(work.join(LOCK))
        .map_err(|error| Error::new(ErrorKind::Internal, "packages.lock", "uv wrote no lock").caused_by(error))?;
    check_lock(&content, &pins)?;

    let cache = options.root.join("pip").into_os_string();
    let arguments =
        ["-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed", "--require-hashes", "-r", LOCK];
    let variables = BTreeMap::from([("PIP_CACHE_DIR".into(), cache), ("PIP_NO_INPUT".into(), "1".into())]);
    let call = Call { program: &tools.python, arguments: &arguments, folder: &work, home: &home, variables };
    call.run(options, "pip install --dry-run --require-hashes").await?;
    place.put(&content)?;
    done(content, tool)
}

fn done(content: String, tool: String) -> Result<LockFile> {
    Ok(LockFile::new(RepoPath::parse(LOCK)?, Bytes::from(content), tool))
}

fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, "packages.lock", message)
}

/// uv in an environment of its own, made once.
#[derive(Debug)]
struct ToolFolder {
    uv: PathBuf,
    python: PathBuf,
}

impl ToolFolder {
    async fn ensure(options: &LocalPackageOptions, python: &Tool, home: &Path) -> Result<Self> {
        let place = options.root.join("tools").join(format!("uv-{UV}-python-{}", python.version));
        let tools = Self { uv: place.join("bin/uv"), python: place.join("bin/python") };
        let ready = place.join("ready");
        if ready.exists() {
            return Ok(tools);
        }
        // An environment knows its own path, so it can't be renamed into place: a mark, made last, says it is whole,
        // and a lock keeps two processes from making it at once.
        let failed = |error| io_error("packages.lock", "the resolver's folder can't be made", error);
        std::fs::create_dir_all(options.root.join("tools")).map_err(failed)?;
        let lock = place.with_extension("lock");
        let lock = std::fs::File::create(lock).map_err(failed)?;
        let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await;
        let _lock = lock.map_err(std::io::Error::other).and_then(|locked| locked).map_err(failed)?;
        if ready.exists() {
            return Ok(tools);
        }
        remove_tree(&place).map_err(failed)?;
        let target = place.display().to_string();
        let wanted = format!("uv=={UV}");
        let make = ["-I", "-m", "venv", &target];
        let install = ["-m", "pip", "install", "--quiet", "--only-binary=:all:", "--no-deps", &wanted];
        let variables = BTreeMap::new();
        let call =
            Call { program: &python.program, arguments: &make, folder: home, home, variables: variables.clone() };
        call.run(options, "python -m venv").await?;
        let call = Call { program: &tools.python, arguments: &install, folder: home, home, variables };
        call.run(options, "pip install uv").await?;
        crate::process::write_atomic(&ready, b"").map_err(failed)?;
        Ok(tools)
    }
}

/// The index pip is configured for, in uv's words: uv does not read pip's configuration.
async fn index_variables(
    options: &LocalPackageOptions,
    python: &Path,
    home: &Path,
) -> Result<BTreeMap<OsString, OsString>> {
    let arguments = ["-m", "pip", "config", "list"];
    let call = Call { program: python, arguments: &arguments, folder: home, home, variables: BTreeMap::new() };
    let listed = call.run(options, "pip config list").await?;
    let mut variables = BTreeMap::new();
    for line in listed.lines() {
        let Some((name, value)) = line.split_once('=') else { continue };
        // Lines are `global.index-url='…'`; later sources win, as in pip.
        let key = name.rsplit('.').next().unwrap_or_default();
        let value = value.trim().trim_matches(['\'', '"']).replace("\\n", " ");
        let variable = match key {
            "index-url" => "UV_DEFAULT_INDEX",
            "extra-index-url" => "UV_INDEX",
            "cert" => "SSL_CERT_FILE",
            _ => continue,
        };
        if !value.trim().is_empty() {
            variables.insert(variable.into(), value.trim().into());
        }
    }
    Ok(variables)
}

/// Only names with versions; returns those that are pinned, as (normalized name, version).
fn check_manifest(file: &str, text: &str) -> Result<Vec<(String, String)>> {
    let mut pins = Vec::new();
    for line in text.lines() {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut words = line.split_whitespace();
        if let (Some("-r" | "-c"), Some(other), None) = (words.next(), words.next(), words.next())
            && MANIFESTS.contains(&other)
            && other != file
        {
            continue;
        }
        let (requirement, _) = line.split_once(';').unwrap_or((line, ""));
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.[],<>=!~* ".contains(c);
        if !requirement.starts_with(|c: char| c.is_ascii_alphanumeric()) || !requirement.chars().all(allowed) {
            let shown: String = line.chars().take(80).filter(|c| !c.is_control()).collect();
            return Err(refuse(format!("{file} asks for something else than a version of a package: {shown:?}")));
        }
        if let Some((name, version)) = requirement.split_once("==") {
            let name = name.split('[').next().unwrap_or_default();
            pins.push((normalized(name), version.trim().to_owned()));
        }
    }
    Ok(pins)
}

/// A name as the packaging specification normalizes it.
fn normalized(name: &str) -> String {
    let words: Vec<&str> = name.trim().split(['-', '_', '.']).filter(|word| !word.is_empty()).collect();
    words.join("-").to_ascii_lowercase()
}

/// The lock has every pin, a hash for every package, and no address.
fn check_lock(content: &str, pins: &[(String, String)]) -> Result<()> {
    let broken = |reason: String| Error::new(ErrorKind::Internal, "packages.lock", reason);
    if names_address(content)
        || content.lines().any(|line| line.trim_start().starts_with("--") && line.contains("index"))
    {
        return Err(broken("the lock names an address".to_owned()));
    }
    let mut locked = BTreeSet::new();
    // A package's line goes on over lines that end with a backslash; its hashes are on those.
    let joined = content.replace("\\\n", " ");
    for line in joined.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if !line.contains("--hash=sha256:") {
            return Err(broken("the lock has a package without a hash".to_owned()));
        }
        let requirement = line.split([' ', ';']).next().unwrap_or_default();
        if let Some((name, version)) = requirement.split_once("==") {
            locked.insert((normalized(name), version.to_owned()));
        }
    }
    match pins.iter().find(|pin| !locked.contains(*pin)) {
        Some((name, version)) => Err(broken(format!("the lock lacks {name} {version}"))),
        None if locked.is_empty() => Err(refuse("the manifests ask for nothing")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_hold_versions_only() {
        let text = "# comment\nfastapi==0.165.0\nFast_API.x[all]==1.0 # why\n-r requirements.in\nx>=1,<2 ; python_version < '4'\n";
        let pins = check_manifest("requirements-dev.in", text).unwrap();
        assert_eq!(pins, [("fastapi", "0.165.0"), ("fast-api-x", "1.0")].map(|(a, b)| (a.to_owned(), b.to_owned())));
        for bad in [
            "-e .",
            "--index-url https://x.example",
            "./local",
            "x @ https://x.example/x.whl",
            "-r /etc/passwd",
            "-r requirements-dev.in",
            "git+https://x.example",
        ] {
            assert!(check_manifest("requirements-dev.in", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn locks_have_pins_hashes_and_no_address() {
        let lock = "a-b==1.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n    # via -r requirements.in\nc==2 ; sys_platform == 'win32' \\\n    --hash=sha256:22\n";
        let pin = |name: &str, version: &str| vec![(name.to_owned(), version.to_owned())];
        assert!(check_lock(lock, &pin("a-b", "1.0")).is_ok());
        assert!(check_lock(lock, &pin("a-b", "1.1")).is_err());
        assert!(check_lock("a==1\n", &[]).is_err());
        assert!(check_lock("", &[]).is_err());
        assert!(check_lock(&format!("--index-url https://x.example\n{lock}"), &[]).is_err());
    }
}
