//! The scripts that audit dependencies tell "vulnerable", "clean" and "not to be had" apart.

use super::tool;
use crate::program::{program, run as run_program};
use aipipe_core::domain::Stack;
use aipipe_core::stages::integration_validator::audit_script;
use serde_json::json;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Writes the script of a stack into the folder and returns its file.
fn write_script(stack: Stack, folder: &Path) -> PathBuf {
    let (path, text) = audit_script(stack);
    let file = folder.join(path.as_str());
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    file
}

/// A registry on loopback: one package, and an audit service that answers like this. Returns its address.
fn registry(status: &'static str, advisories: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    // The thread lives as long as the test's process, and npm may ask more than once.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut request = String::new();
            stream.read_line(&mut request).unwrap();
            let mut length = 0;
            loop {
                let mut header = String::new();
                if stream.read_line(&mut header).unwrap() == 0 || header.trim().is_empty() {
                    break;
                }
                if let Some((name, value)) = header.split_once(':')
                    && name.eq_ignore_ascii_case("content-length")
                {
                    length = value.trim().parse().unwrap();
                }
            }
            stream.read_exact(&mut vec![0; length]).unwrap();
            let version = |number: &str| json!({"name": "shapes", "version": number, "dist": {"tarball": "none"}});
            let packument = json!({
                "name": "shapes",
                "dist-tags": {"latest": "1.0.0"},
                "versions": {"1.0.0": version("1.0.0"), "2.0.0": version("2.0.0")},
            });
            let (status, body) = if request.starts_with("POST ") {
                (status, advisories.clone())
            } else {
                ("200 OK", packument.to_string())
            };
            let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n");
            write!(stream.get_mut(), "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    address
}

/// A Node project with one locked dependency and the audit script.
fn node_project(folder: &Path) -> Command {
    let script = write_script(Stack::NodeApi, folder);
    let manifest = json!({"name": "demo", "version": "1.0.0", "dependencies": {"shapes": "1.0.0"}});
    let lock = json!({
        "name": "demo", "version": "1.0.0", "lockfileVersion": 3,
        "packages": {
            "": manifest,
            "node_modules/shapes": {"version": "1.0.0", "integrity": "sha512-AAAA"},
        },
    });
    fs::write(folder.join("package.json"), manifest.to_string()).unwrap();
    fs::write(folder.join("package-lock.json"), lock.to_string()).unwrap();
    let mut command = program("node");
    command.arg(script).current_dir(folder);
    command.env("npm_config_cache", folder.join("cache")).env("GITHUB_STEP_SUMMARY", folder.join("summary.md"));
    command
}

fn advisory(severity: &str) -> String {
    json!({"shapes": [{
        "id": 1, "url": "https://example.org/1", "title": "Bends under load", "severity": severity,
        "vulnerable_versions": "<2.0.0", "cwe": [], "cvss": {"score": 8.0, "vectorString": null},
    }]})
    .to_string()
}

#[test]
fn npm_audit_is_red_only_for_what_it_found() {
    for (status, answer, code, words) in [
        ("200 OK", "{}".to_owned(), 0, "nothing of high severity known (0 lesser findings)"),
        ("200 OK", advisory("low"), 0, "nothing of high severity known (1 lesser findings)"),
        ("200 OK", advisory("high"), 1, "::error title=Dependency audit::shapes 1.0.0 has a known vulnerability"),
        ("200 OK", advisory("critical"), 1, "1 packages with known vulnerabilities of high severity or worse"),
        (
            "405 Method Not Allowed",
            String::new(),
            0,
            "::notice title=Dependency audit::unavailable: the audit service answered 405",
        ),
        (
            "503 Service Unavailable",
            String::new(),
            0,
            "unavailable (the audit service answered 503). Nothing was checked.",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = node_project(folder.path());
        let ran = run_program(command.env("npm_config_registry", registry(status, answer)));
        assert!(ran.code == Some(code) && ran.stdout.contains(words), "{status}: {ran}");
        let summary = fs::read_to_string(folder.path().join("summary.md")).unwrap();
        assert!(summary.starts_with("Dependency audit: "), "{summary}");
    }
}

#[test]
fn npm_audit_without_a_service_is_a_notice_and_without_a_lock_is_red() {
    let folder = tempfile::tempdir().unwrap();
    // A port that was free a moment ago: nobody listens there.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = node_project(folder.path());
    let ran = run_program(command.env("npm_config_registry", format!("http://{closed}/")));
    assert!(ran.code == Some(0) && ran.stdout.contains("can't be reached: ECONNREFUSED"), "{ran}");

    fs::remove_file(folder.path().join("package-lock.json")).unwrap();
    let ran = run_program(command.env("npm_config_registry", registry("200 OK", "{}".to_owned())));
    assert!(ran.code == Some(1) && ran.stdout.contains("existing lockfile"), "{ran}");
}

/// npm that is told to stay offline reports nothing found without having asked.
#[test]
fn npm_audit_asks_even_where_npm_is_told_to_stay_offline() {
    let folder = tempfile::tempdir().unwrap();
    let address = registry("200 OK", advisory("high"));
    let mut plain = program("npm");
    plain.args(["audit", "--json"]).current_dir(folder.path());
    let mut command = node_project(folder.path());
    for command in [&mut plain, &mut command] {
        command.env("npm_config_registry", &address).env("npm_config_offline", "true");
    }
    assert_eq!(run_program(&mut plain).code, Some(0), "the control: npm alone says that all is well");
    assert_eq!(run_program(&mut command).code, Some(1));
}

/// A stand-in for pip-audit's module that prints what it is told to.
fn pip_audit(folder: &Path, stdout: &str, stderr: &str) -> Command {
    let module = folder.join("stand-in/pip_audit");
    fs::create_dir_all(&module).unwrap();
    fs::write(module.join("__init__.py"), "").unwrap();
    let code =
        format!("import sys\nsys.stdout.write({})\nsys.stderr.write({})\nsys.exit(1)\n", json!(stdout), json!(stderr));
    fs::write(module.join("__main__.py"), code).unwrap();
    let mut command = program("python3");
    command.arg(write_script(Stack::PythonApi, folder)).env("PYTHONPATH", folder.join("stand-in"));
    command.env("GITHUB_STEP_SUMMARY", folder.join("summary.md"));
    command
}

/// The answers are synthetic, in the form of pip-audit 2.10.1; the endings of its tracebacks are recorded.
#[test]
fn pip_audit_is_red_only_for_what_it_found() {
    let sound = json!({"name": "a", "version": "1", "vulns": []});
    let bad = json!({"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1"}, {"id": "PYSEC-2"}]});
    let skipped = json!({"name": "c", "skip_reason": "not found"});
    let report = |packages: &[&serde_json::Value]| json!({"dependencies": packages, "fixes": []}).to_string();
    for (stdout, stderr, code, words) in [
        (report(&[&sound]), "", 0, "no known vulnerability in 1 packages"),
        (
            report(&[&sound, &bad]),
            "",
            1,
            "::error title=Dependency audit::b 2 has known vulnerabilities: PYSEC-1, PYSEC-2",
        ),
        (
            report(&[&skipped, &skipped]),
            "",
            0,
            "::notice title=Dependency audit::unavailable: the vulnerability service knows none",
        ),
        (report(&[&sound, &skipped]), "", 0, "::notice title=Dependency audit::1 of 2 packages are not known"),
        (String::new(), "x\nrequests.exceptions.ProxyError: refused\n", 0, "service can't be reached"),
        (String::new(), "x\npip_audit._service.interface.ServiceError\n", 0, "service can't be reached"),
        (String::new(), "ModuleNotFoundError: No module named 'rich'\n", 1, "gave no report: ModuleNotFoundError"),
        ("[]".to_owned(), "", 1, "gave no report: no output"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let ran = run_program(&mut pip_audit(folder.path(), &stdout, stderr));
        assert!(ran.code == Some(code) && ran.stdout.contains(words), "{ran}");
        let summary = fs::read_to_string(folder.path().join("summary.md")).unwrap();
        assert!(summary.starts_with("Dependency audit: "), "{summary}");
    }
}

#[test]
fn the_real_pip_audit_without_a_network_is_a_notice() {
    let Some(python) = tool("python") else { return };
    let folder = tempfile::tempdir().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = program(python);
    command.arg(write_script(Stack::PythonApi, folder.path())).env("HTTPS_PROXY", format!("http://{closed}"));
    // Its cache could know what the network doesn't tell.
    command.env("HOME", folder.path()).env("XDG_CACHE_HOME", folder.path().join("cache"));
    let ran = run_program(&mut command);
    assert!(ran.code == Some(0) && ran.stdout.contains("::notice title=Dependency audit::unavailable"), "{ran}");
}
