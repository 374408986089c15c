//! The suite of [`PackageManager`].

use super::{Check, Failure, Report, ensure, fails_with};
use crate::ErrorKind;
use crate::domain::{RepoPath, Stack};
use crate::ports::{LockFile, LockRequest, PackageManager};
use bytes::Bytes;
use serde_json::{Map, Value};
use std::sync::Arc;

type Packages = Arc<dyn PackageManager>;

/// Checks a [`PackageManager`] on two requests it must be able to serve, of one stack and with different manifests.
pub async fn package_manager(packages: &Packages, request: &LockRequest, other: &LockRequest) -> Report {
    let mut report = Report::new("PackageManager");
    report.check("the same manifests give the same lock", same(packages, request)).await;
    report.check("other manifests give another lock", differs(packages, request, other)).await;
    report.check("a lock belongs to its manifests", belongs(packages, [request, other])).await;
    report.check("a lock names no registry", names_no_registry(packages, request)).await;
    report.check("a manifest that can't be read or met is invalid", refuses(packages, request)).await;
    report
}

async fn same(packages: &Packages, request: &LockRequest) -> Check {
    let first = packages.lock(request).await?;
    let second = packages.lock(request).await?;
    ensure!(first == second, "two calls gave two locks");
    ensure!(!first.tool.is_empty(), "it does not say what made it");
    Ok(())
}

async fn differs(packages: &Packages, request: &LockRequest, other: &LockRequest) -> Check {
    ensure!(request.manifests != other.manifests, "the suite was given the same manifests twice");
    let (one, two) = (packages.lock(request).await?, packages.lock(other).await?);
    ensure!(one.path == two.path, "one stack has its lock at {} and at {}", one.path, two.path);
    ensure!(one.content != two.content, "two manifests have one lock");
    Ok(())
}

async fn belongs(packages: &Packages, requests: [&LockRequest; 2]) -> Check {
    for request in requests {
        let lock = packages.lock(request).await?;
        match request.stack {
            Stack::PythonApi => agrees_with_requirements(request, &lock)?,
            _ => agrees_with_package_json(request, &lock)?,
        }
    }
    Ok(())
}

/// The root package asks for what the manifest asks for, and all of that is locked by version and hash.
fn agrees_with_package_json(request: &LockRequest, lock: &LockFile) -> Check {
    let manifest = read_json("package.json", manifest(request, "package.json")?)?;
    let content = read_json("the lock", &lock.content)?;
    let packages = content.get("packages").and_then(Value::as_object);
    let packages = packages.ok_or_else(|| Failure("the lock has no packages".to_owned()))?;
    for section in ["dependencies", "devDependencies"] {
        let nothing = Value::Object(Map::new());
        let wanted = manifest.get(section).unwrap_or(&nothing);
        let locked = packages.get("").and_then(|root| root.get(section)).unwrap_or(&nothing);
        ensure!(wanted == locked, "{section} are {wanted} in the manifest and {locked} in the lock");
        for name in wanted.as_object().into_iter().flat_map(Map::keys) {
            let package = packages.get(&format!("node_modules/{name}"));
            for fact in ["version", "integrity"] {
                let said = package.and_then(|package| package.get(fact)).and_then(Value::as_str).unwrap_or_default();
                ensure!(!said.is_empty(), "{name} is locked without its {fact}");
            }
        }
    }
    Ok(())
}

/// Every requirement with an exact version is locked to it, with a hash.
fn agrees_with_requirements(request: &LockRequest, lock: &LockFile) -> Check {
    let text = String::from_utf8_lossy(&lock.content).replace("\\\n", " ");
    for (path, content) in &request.manifests {
        for wanted in String::from_utf8_lossy(content).lines().map(str::trim).filter(|line| line.contains("==")) {
            let wanted = wanted.split([';', '#', ' ']).next().unwrap_or_default().to_ascii_lowercase();
            let locked = text.lines().find(|line| line.split_whitespace().next() == Some(&*wanted));
            let hashed = locked.is_some_and(|line| line.contains("--hash=sha256:"));
            ensure!(hashed, "{wanted} of {path} is not locked with a hash");
        }
    }
    Ok(())
}

async fn names_no_registry(packages: &Packages, request: &LockRequest) -> Check {
    let lock = packages.lock(request).await?;
    let text = String::from_utf8_lossy(&lock.content);
    ensure!(!text.trim().is_empty(), "the lock is empty");
    ensure!(!text.contains("\"resolved\"") && !text.contains("--index-url"), "the lock names a registry");
    Ok(())
}

async fn refuses(packages: &Packages, request: &LockRequest) -> Check {
    let broken: [&'static [u8]; 2] = [b"{ this is no manifest ==", b"\xff\xfe"];
    for content in broken {
        let mut request = request.clone();
        for manifest in request.manifests.values_mut() {
            *manifest = Bytes::from_static(content);
        }
        fails_with(packages.lock(&request).await, ErrorKind::InvalidInput)?;
    }
    let without = LockRequest { manifests: Default::default(), ..request.clone() };
    fails_with(packages.lock(&without).await, ErrorKind::InvalidInput)
}

fn manifest<'a>(request: &'a LockRequest, name: &str) -> Check<&'a Bytes> {
    let content = request.manifests.get(&RepoPath::parse(name)?);
    content.ok_or_else(|| Failure(format!("the suite was given no {name}")))
}

fn read_json(what: &str, content: &[u8]) -> Check<Value> {
    serde_json::from_slice(content).map_err(|error| Failure(format!("{what} is not JSON: {error}")))
}
