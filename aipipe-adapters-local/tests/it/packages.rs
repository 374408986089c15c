//! Lock files made for real; these need the network once, and the tools.

use crate::support::{SystemClock, missing_rig};
use aipipe_adapters_local::HostEnvironment;
use aipipe_adapters_local::packages::{LocalPackageManager, LocalPackageOptions};
use aipipe_core::domain::{RepoPath, Stack};
use aipipe_core::ports::{LockFile, LockRequest, PackageManager};
use aipipe_core::stacks::definition;
use aipipe_core::{ErrorKind, Result};
use bytes::Bytes;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn options(root: &Path) -> LocalPackageOptions {
    LocalPackageOptions::new(root, Arc::new(SystemClock), HostEnvironment::from_env())
}

fn manager(options: LocalPackageOptions) -> LocalPackageManager {
    LocalPackageManager::open(options).unwrap()
}

fn request(stack: Stack, version: &str, manifests: &[(&str, &str)]) -> LockRequest {
    let manifest = |(path, text): &(&str, &str)| (RepoPath::parse(*path).unwrap(), Bytes::from((*text).to_owned()));
    LockRequest::new(stack, version, manifests.iter().map(manifest).collect())
}

fn node(manifest: &str) -> LockRequest {
    request(Stack::NodeApi, "20", &[("package.json", manifest)])
}

/// The list the generated projects install Poetry from.
pub(crate) const POETRY: &str = include_str!("../../../aipipe-core/src/stacks/python-api/templates/poetry.txt.j2");

fn pyproject(requirements: &str) -> String {
    format!(
        "[project]\nname = \"demo\"\nversion = \"1.0.0\"\nrequires-python = \">=3.11,<4.0\"\ndependencies = \
         [{requirements}]\n[tool.poetry]\npackage-mode = false\n"
    )
}

pub(crate) fn python(requirements: &str) -> LockRequest {
    let manifest = pyproject(requirements);
    request(Stack::PythonApi, "3.11", &[("pyproject.toml", &manifest), (".github/poetry.txt", POETRY)])
}

/// The host, cut off from every network.
fn offline() -> HostEnvironment {
    let nowhere = ["HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"];
    let settings = [("npm_config_fetch_retries", "0"), ("PIP_RETRIES", "0"), ("PIP_TIMEOUT", "2")];
    let variables = nowhere.map(|name| (name, "http://127.0.0.1:1")).into_iter().chain(settings);
    HostEnvironment::from_env()
        .with_install_variables(variables.map(|(name, value)| (OsString::from(name), OsString::from(value))))
}

fn tool_is_there(result: Result<LockFile>, name: &str) -> Option<LockFile> {
    match result {
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            missing_rig(name);
            None
        }
        result => Some(result.unwrap()),
    }
}

#[tokio::test]
async fn npm_makes_a_lock_once_and_for_anywhere() {
    let root = tempfile::tempdir().unwrap();
    let request = node(r#"{"name":"demo","version":"1.0.0","private":true,"dependencies":{"zod":"4.6.7"}}"#);
    let made = manager(options(root.path())).lock(&request).await;
    let Some(made) = tool_is_there(made, "node 20 with npm") else { return };
    assert_eq!(made.path.as_str(), "package-lock.json");
    assert!(made.tool.starts_with("npm "), "{}", made.tool);
    let lock: serde_json::Value = serde_json::from_slice(&made.content).unwrap();
    let package = &lock["packages"]["node_modules/zod"];
    assert_eq!(package["version"], "4.6.7");
    assert!(package["integrity"].as_str().unwrap().starts_with("sha512-") && package.get("resolved").is_none());

    let mut without_network = options(root.path());
    without_network.host = offline();
    let kept = manager(without_network.clone()).lock(&request).await.unwrap();
    assert_eq!(kept, made, "a kept lock is the same result as the one that was made");

    let locks = root.path().join("locks");
    let file = std::fs::read_dir(&locks).unwrap().next().unwrap().unwrap().path();
    let damaged = std::fs::read_to_string(&file).unwrap().replace("4.6.7", "4.6.6");
    std::fs::write(&file, damaged).unwrap();
    let anew = manager(options(root.path())).lock(&request).await.unwrap();
    assert_eq!(anew.content, made.content, "a damaged lock is not used");

    let other = node(r#"{"name":"demo","dependencies":{"ms":"2.1.3"}}"#);
    let error = manager(without_network).lock(&other).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let left = std::fs::read_dir(root.path()).unwrap().flatten();
    assert!(!left.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("lock-")));
}

#[tokio::test]
async fn npm_says_what_cannot_be_resolved() {
    let root = tempfile::tempdir().unwrap();
    let manager = manager(options(root.path()));
    for manifest in [
        r#"{"name":"demo","dependencies":{"zod":"999.0.0"}}"#,
        r#"{"name":"demo","dependencies":{"zod":"file:../zod"}}"#,
        "not json",
    ] {
        match manager.lock(&node(manifest)).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => return missing_rig("node 20 with npm"),
            answer => {
                let error = answer.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
                assert!(!error.to_string().contains("://"), "{error}");
            }
        }
    }
    let error = manager.lock(&request(Stack::VueSpa, "20", &[])).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidInput, "there is no package.json"));
}

#[tokio::test]
async fn missing_tools_are_unsupported_and_slow_ones_time_out() {
    let root = tempfile::tempdir().unwrap();
    let mut nowhere = options(root.path());
    nowhere.host = HostEnvironment::new("/nowhere");
    let manager = manager(nowhere);
    let error = manager.lock(&node("{}")).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Unsupported, "node not found"));
    let error = manager.lock(&python("\"fastapi==0.165.0\"")).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Unsupported, "python3.11 not found"));

    let hurried = LocalPackageManager::open(options(root.path()).with_timeout(Duration::from_millis(50))).unwrap();
    match hurried.lock(&node(r#"{"name":"demo","dependencies":{"zod":"4.6.7"}}"#)).await {
        Err(error) if error.kind() == ErrorKind::Unsupported => missing_rig("node 20 with npm"),
        answer => assert_eq!(answer.unwrap_err().kind(), ErrorKind::Timeout),
    }
}

#[tokio::test]
async fn poetry_makes_a_lock_once_and_for_anywhere() {
    let root = tempfile::tempdir().unwrap();
    let request = python("\"idna==3.11\", \"iniconfig==2.3.0\"");
    let made = manager(options(root.path())).lock(&request).await;
    let Some(made) = tool_is_there(made, "Python 3.11") else { return };
    let text = String::from_utf8(made.content.to_vec()).unwrap();
    assert_eq!(made.path.as_str(), "poetry.lock");
    assert!(made.tool.starts_with("poetry 2.5.1 (python 3.11"), "{}", made.tool);
    assert!(text.contains("name = \"idna\"\nversion = \"3.11\"") && text.contains("hash = \"sha256:"), "{text}");
    assert!(!text.contains("://") && !text.contains("source"), "{text}");

    let mut without_network = options(root.path());
    without_network.host = offline();
    let kept = manager(without_network.clone()).lock(&request).await.unwrap();
    assert_eq!(kept, made, "a kept lock is the same result as the one that was made");
    let error = manager(without_network).lock(&python("\"certifi==2025.1.31\"")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    for (requirements, what) in [
        ("\"idna==3.11\", \"idna==3.10\"", "poetry lock failed: "),
        ("\"idna==999.0\"", "idna (999.0)"),
        ("\"idna @ https://user:pw@mirror.example/idna.whl\"", "idna @ https://…"),
    ] {
        let error = manager(options(root.path())).lock(&python(requirements)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(error.message().contains(what) && !error.message().contains("mirror.example"), "{error}");
    }
    let left = std::fs::read_dir(root.path()).unwrap().flatten();
    assert!(!left.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("lock-")));
}

/// All that a stack may come to consist of: its own packages and those that may be added.
#[tokio::test]
async fn all_packages_a_stack_may_have_lock_together() {
    if std::env::var_os("AIPIPE_FULL").is_none() {
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let manager = manager(options(root.path()));
    for stack in Stack::ALL {
        let definition = definition(stack);
        let mut main = definition.dependencies.clone();
        main.extend(definition.further_packages.clone());
        let of_node = stack != Stack::PythonApi;
        let manifest = if of_node {
            let tools = &definition.development_dependencies;
            json!({"name": "all", "version": "1.0.0", "private": true, "dependencies": main, "devDependencies": tools})
                .to_string()
        } else {
            main.extend(definition.development_dependencies.clone());
            let pins: Vec<String> = main.iter().map(|(name, version)| format!("\"{name}=={version}\"")).collect();
            pyproject(&pins.join(", "))
        };
        let name = if of_node { "package.json" } else { "pyproject.toml" };
        let manifests = [(name, manifest.as_str()), (".github/poetry.txt", POETRY)];
        let manifests = if of_node { &manifests[..1] } else { &manifests[..] };
        let oldest = definition.oldest_runtime_version.to_string();
        let lock = manager.lock(&request(stack, &oldest, manifests)).await.unwrap_or_else(|e| panic!("{stack}: {e}"));
        let text = String::from_utf8(lock.content.to_vec()).unwrap();
        if of_node {
            needs_no_newer_node_and_no_script(stack, &manifest, &text);
        }
    }
}

/// Every package runs on the stack's oldest Node, as npm tells, and what was added needs no script to be installed.
fn needs_no_newer_node_and_no_script(stack: Stack, manifest: &str, lock: &str) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("package.json"), manifest).unwrap();
    std::fs::write(folder.path().join("package-lock.json"), lock).unwrap();
    let mut npm = std::process::Command::new("npm");
    npm.args(["ci", "--dry-run", "--ignore-scripts", "--engine-strict", "--loglevel=error"]).current_dir(folder.path());
    let ran = npm.output().unwrap();
    assert!(ran.status.success(), "{stack}: {}", String::from_utf8_lossy(&ran.stderr));
    let lock: Value = serde_json::from_str(lock).unwrap();
    for name in definition(stack).further_packages.keys() {
        let package = &lock["packages"][format!("node_modules/{name}")];
        assert!(package["version"].is_string(), "{stack}: {name} is not locked");
        assert!(package.get("hasInstallScript").is_none(), "{stack}: {name} wants to run a script");
    }
}
