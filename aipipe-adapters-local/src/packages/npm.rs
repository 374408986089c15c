//! `package-lock.json` by npm.
//!
//! npm may write a lock that it then refuses to install from (optional packages its registry lacks are left out in
//! silence), so a lock counts only after `npm ci --dry-run` took it.

use super::cache::Place;
use super::tool::{Call, io_error, names_address};
use super::{LocalPackageOptions, manifest};
use crate::process::Probe;
use aipipe_core::domain::RepoPath;
use aipipe_core::ports::{LockFile, LockRequest};
use aipipe_core::{Error, ErrorKind, Result};
use bytes::Bytes;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsString;

const RECIPE: &str = "npm 1";
const LOCK: &str = "package-lock.json";

/// Sections of a manifest whose entries the lock repeats for the root package.
const SECTIONS: &[&str] = &["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

pub(super) async fn lock(options: &LocalPackageOptions, request: &LockRequest) -> Result<LockFile> {
    let text = manifest(request, "package.json")?;
    let parsed: Value =
        serde_json::from_str(text).map_err(|error| refuse("package.json is not JSON").caused_by(error))?;
    check_manifest(&parsed)?;
    let failed = |error| io_error("packages.lock", "a folder for npm can't be made", error);
    let folder = tempfile::Builder::new().prefix("lock-").tempdir_in(&options.root).map_err(failed)?;
    let (work, home) = (folder.path().join("work"), folder.path().join("home"));
    for folder in [&work, &home] {
        std::fs::create_dir(folder).map_err(failed)?;
    }
    let probe = Probe { host: &options.host, clock: options.clock.as_ref(), scratch: &home };
    let node = probe.node().await?;
    let wanted = request.runtime_version.split('.').next().unwrap_or_default();
    if node.version.split('.').next() != Some(wanted) {
        let message = format!("node {} not found (have {})", request.runtime_version, node.version);
        return Err(Error::new(ErrorKind::Unsupported, "packages.lock", message));
    }
    let npm = probe.npm().await?;
    let tool = format!("npm {} (node {})", npm.version, node.version);
    let place = Place::of(&options.root, RECIPE, &tool, request);
    if let Some(content) = place.get() {
        // Nothing of the result says so: a run that a crash cut off after `put` must end as one that was not.
        tracing::info!(tool, "the lock of an earlier run of the same manifests is used");
        return done(content, tool);
    }

    std::fs::write(work.join("package.json"), text).map_err(failed)?;
    let call = |arguments| Call {
        program: &npm.program,
        arguments,
        folder: &work,
        home: &home,
        variables: variables(options),
    };
    let quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    let make = ["install", "--package-lock-only", quiet[0], quiet[1], quiet[2], quiet[3]];
    call(&make).run(options, "npm install --package-lock-only").await?;
    let content = std::fs::read_to_string(work.join(LOCK))
        .map_err(|error| Error::new(ErrorKind::Internal, "packages.lock", "npm wrote no lock").caused_by(error))?;
    check_lock(&parsed, &content)?;
    let check = ["ci", "--dry-run", quiet[0], quiet[1], quiet[2], quiet[3]];
    call(&check).run(options, "npm ci --dry-run").await?;
    place.put(&content)?;
    done(content, tool)
}

fn done(content: String, tool: String) -> Result<LockFile> {
    Ok(LockFile::new(RepoPath::parse(LOCK)?, Bytes::from(content), tool))
}

fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, "packages.lock", message)
}

/// npm's settings, forced: no scripts, no reports, no addresses in the lock, its own cache.
fn variables(options: &LocalPackageOptions) -> BTreeMap<OsString, OsString> {
    [
        ("npm_config_cache", options.root.join("npm").into_os_string()),
        ("npm_config_ignore_scripts", "true".into()),
        ("npm_config_audit", "false".into()),
        ("npm_config_fund", "false".into()),
        ("npm_config_update_notifier", "false".into()),
        ("npm_config_omit_lockfile_registry_resolved", "true".into()),
    ]
    .into_iter()
    .map(|(name, value)| (name.into(), value))
    .collect()
}

/// Only versions of a registry: a path, an address or a git repository would be fetched from anywhere.
fn check_manifest(manifest: &Value) -> Result<()> {
    if !manifest.is_object() {
        return Err(refuse("package.json is not an object"));
    }
    if manifest.get("workspaces").is_some() {
        return Err(Error::new(ErrorKind::Unsupported, "packages.lock", "workspaces in package.json"));
    }
    for section in SECTIONS {
        let Some(entries) = manifest.get(section) else { continue };
        let entries =
            entries.as_object().ok_or_else(|| refuse(format!("{section} of package.json is not an object")))?;
        for (name, range) in entries {
            let fine = range.as_str().is_some_and(|range| !range.contains([':', '/']));
            if !fine {
                return Err(refuse(format!(
                    "{section} of package.json asks for {name} by something else than a version"
                )));
            }
        }
    }
    Ok(())
}

/// The lock belongs to the manifest and names no address of a registry.
fn check_lock(manifest: &Value, content: &str) -> Result<()> {
    let broken = |reason: String| Error::new(ErrorKind::Internal, "packages.lock", reason);
    let lock: Value =
        serde_json::from_str(content).map_err(|error| broken("the lock is not JSON".to_owned()).caused_by(error))?;
    let packages = lock.get("packages").and_then(Value::as_object);
    let packages = packages.ok_or_else(|| broken("the lock has no packages".to_owned()))?;
    let root = packages.get("").ok_or_else(|| broken("the lock has no root package".to_owned()))?;
    for section in SECTIONS {
        let empty = Value::Object(serde_json::Map::new());
        if root.get(section).unwrap_or(&empty) != manifest.get(section).unwrap_or(&empty) {
            return Err(broken(format!("the lock's {section} are not the manifest's")));
        }
    }
    for (path, package) in packages {
        let Some(fields) = package.as_object() else { return Err(broken(format!("{path} in the lock is no package"))) };
        if fields.contains_key("resolved") {
            return Err(broken(format!("the lock says where {path} was fetched from")));
        }
        // Where a package asks for money is no address to install from.
        let others = fields.iter().filter(|(name, _)| !matches!(name.as_str(), "funding" | "license" | "deprecated"));
        if let Some((name, _)) = others.into_iter().find(|(_, value)| names_address(&value.to_string())) {
            return Err(broken(format!("{name} of {path} in the lock names an address")));
        }
        let installed = !path.is_empty() && !fields.contains_key("link");
        if installed && !fields.get("integrity").is_some_and(Value::is_string) {
            return Err(broken(format!("{path} in the lock has no integrity hash")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_versions_are_taken() {
        assert!(check_manifest(&json!({"dependencies": {"zod": "4.6.7", "x": "^1 || >=2.0.0 <3"}})).is_ok());
        for bad in ["file:../x", "https://example.org/x.tgz", "git+ssh://x", "someone/repo", "npm:other@1", "link:."] {
            assert!(check_manifest(&json!({"devDependencies": {"x": bad}})).is_err(), "{bad}");
        }
        assert!(check_manifest(&json!({"dependencies": ["x"]})).is_err());
        assert!(check_manifest(&json!([])).is_err());
    }

    #[test]
    fn a_lock_must_belong_to_its_manifest_and_name_no_address() {
        let manifest = json!({"dependencies": {"zod": "4.6.7"}});
        let lock = |root: Value, extra: Value| {
            let mut package =
                json!({"version": "4.6.7", "integrity": "sha512-x", "funding": {"url": "https://example.org"}});
            package.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            json!({"packages": {"": {"dependencies": root}, "node_modules/zod": package}}).to_string()
        };
        assert!(check_lock(&manifest, &lock(json!({"zod": "4.6.7"}), json!({}))).is_ok());
        assert!(check_lock(&manifest, &lock(json!({"zod": "4.6.8"}), json!({}))).is_err());
        for extra in [json!({"resolved": "x"}), json!({"version": "https://x.example/a"}), json!({"integrity": null})] {
            assert!(check_lock(&manifest, &lock(json!({"zod": "4.6.7"}), extra)).is_err());
        }
    }
}
