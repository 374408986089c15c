//! Package managers that break one promise each fail the suite; so does a stub that makes locks up.

use aipipe_core::domain::{ContentHash, RepoPath, Stack};
use aipipe_core::ports::{LockFile, LockRequest, PackageManager};
use aipipe_core::testing::{StubPackageManager, conformance};
use aipipe_core::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How a package manager can break a promise.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    ChangesEachTime,
    OneLockForAll,
    ForgetsADependency,
    ForgetsHashes,
    NamesTheRegistry,
    TakesAnything,
}

/// Locks every dependency to the version its manifest names, as a registry would have it that knows them all.
#[derive(Debug)]
struct Exact(Fault, AtomicUsize);

fn refuse(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, "test.lock", why)
}

impl Exact {
    fn hash(&self, name: &str) -> String {
        if self.0 == Fault::ForgetsHashes { String::new() } else { ContentHash::of(name.as_bytes()).to_hex() }
    }

    fn npm(&self, request: &LockRequest) -> Result<String> {
        let manifest = request.manifests.get(&RepoPath::parse("package.json")?).ok_or_else(|| refuse("no manifest"))?;
        let manifest: Value = match serde_json::from_slice(manifest) {
            Err(_) if self.0 == Fault::TakesAnything => json!({}),
            other => other.map_err(|_| refuse("not JSON"))?,
        };
        let mut root = json!({ "name": manifest["name"], "dependencies": manifest["dependencies"] });
        let mut packages = serde_json::Map::new();
        for (name, version) in manifest["dependencies"].as_object().into_iter().flatten() {
            let mut package = json!({ "version": version, "integrity": self.hash(name) });
            if self.0 == Fault::NamesTheRegistry {
                package["resolved"] = json!(format!("https://registry.example.org/{name}"));
            }
            packages.insert(format!("node_modules/{name}"), package);
        }
        if self.0 == Fault::ForgetsADependency {
            root["dependencies"] = json!({});
        }
        packages.insert(String::new(), root);
        Ok(json!({ "lockfileVersion": 3, "packages": packages }).to_string())
    }

    fn pip(&self, request: &LockRequest) -> Result<String> {
        let mut lock = String::new();
        if self.0 == Fault::NamesTheRegistry {
            lock.push_str("--index-url https://pypi.example.org/simple\n");
        }
        if request.manifests.is_empty() {
            return Err(refuse("no manifest"));
        }
        for content in request.manifests.values() {
            let text = std::str::from_utf8(content).map_err(|_| refuse("not UTF-8"));
            let text = if self.0 == Fault::TakesAnything { text.unwrap_or_default() } else { text? };
            for line in text.lines() {
                let name = line.split("==").next().unwrap_or_default();
                let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
                if !name.chars().all(is_name) && self.0 != Fault::TakesAnything {
                    return Err(refuse("no requirement"));
                }
                let hash = match self.hash(name) {
                    hash if hash.is_empty() => hash,
                    hash => format!(" \\\n    --hash=sha256:{hash}"),
                };
                if self.0 != Fault::ForgetsADependency {
                    lock.push_str(&format!("{line}{hash}\n"));
                }
            }
        }
        Ok(format!("# a lock\n{lock}"))
    }
}

#[async_trait]
impl PackageManager for Exact {
    async fn lock(&self, request: &LockRequest) -> Result<LockFile> {
        let python = request.stack == Stack::PythonApi;
        let mut content = if python { self.pip(request)? } else { self.npm(request)? };
        match self.0 {
            Fault::ChangesEachTime => content.push_str(&" ".repeat(self.1.fetch_add(1, Ordering::SeqCst))),
            Fault::OneLockForAll => content = "{}".to_owned(),
            _ => {}
        }
        let path = RepoPath::parse(if python { "requirements.lock" } else { "package-lock.json" })?;
        Ok(LockFile::new(path, Bytes::from(content), "exact 1"))
    }
}

fn node(version: &str) -> LockRequest {
    let manifest = json!({ "name": "demo", "dependencies": { "zod": version } }).to_string();
    LockRequest::new(Stack::NodeApi, "20", [(RepoPath::parse("package.json").unwrap(), manifest.into())].into())
}

fn python(version: &str) -> LockRequest {
    let manifest = format!("fastapi=={version}\n");
    let path = RepoPath::parse("requirements.in").unwrap();
    LockRequest::new(Stack::PythonApi, "3.11", [(path, manifest.into())].into())
}

async fn failures(packages: impl PackageManager, of: fn(&str) -> LockRequest) -> Vec<&'static str> {
    let packages = Arc::new(packages) as Arc<dyn PackageManager>;
    let report = conformance::package_manager(&packages, &of("1.2.3"), &of("1.2.4")).await;
    report.failures().into_iter().map(|(property, _)| property).collect()
}

#[tokio::test]
async fn broken_package_managers_fail_their_suite() {
    let belongs = "a lock belongs to its manifests";
    for of in [node, python] {
        assert_eq!(failures(Exact(Fault::None, AtomicUsize::new(0)), of).await, Vec::<&str>::new(), "the control");
        for (fault, property) in [
            (Fault::ChangesEachTime, "the same manifests give the same lock"),
            (Fault::OneLockForAll, "other manifests give another lock"),
            (Fault::ForgetsADependency, belongs),
            (Fault::ForgetsHashes, belongs),
            (Fault::NamesTheRegistry, "a lock names no registry"),
            (Fault::TakesAnything, "a manifest that can't be read or met is invalid"),
        ] {
            let failures = failures(Exact(fault, AtomicUsize::new(0)), of).await;
            assert!(failures.contains(&property), "{fault:?} fails only {failures:?}");
        }
        let stub = failures(StubPackageManager, of).await;
        assert_eq!(stub, [belongs, "a manifest that can't be read or met is invalid"], "it resolves nothing");
    }
}
