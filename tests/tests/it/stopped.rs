//! The quickstart where it stops for a person: what it says, what it exits with, and what a cancel takes back.

use crate::program::{Ran, example, program, run};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

/// Nothing of this can be made by a template.
const MAILS: &str = "# Requirements\n\n- The system must send a reminder e-mail to every member each Monday.\n\n\
    We build a REST API in Node.\n";
const BOOKS: &str = "# Requirements\n\n- Clerks must be able to add a book with a title and an author.\n\n\
    We build a REST API in Node.\n";

fn quickstart(workspace: &Path, arguments: &[&str]) -> Command {
    let mut command = program(example("quickstart"));
    command.args(arguments).arg("--workspace").arg(workspace);
    command
}

fn page(json: &Value) -> String {
    fs::read_to_string(json["pull_request"]["path"].as_str().unwrap()).unwrap()
}

#[test]
fn a_run_that_serves_no_story_stops_for_a_person_and_a_cancel_closes_its_pull_request() {
    let folder = tempfile::tempdir().unwrap();
    let (workspace, notes) = (folder.path().join("workspace"), folder.path().join("notes.md"));
    fs::write(&notes, MAILS).unwrap();
    let start = ["--json", "--project", "mails", notes.to_str().unwrap()];
    let stopped = run(&mut quickstart(&workspace, &start)).exits(2).json();
    assert_eq!((&stopped["status"], &stopped["pull_request"]["state"]), (&json!("waiting"), &json!("open")));
    assert_eq!(stopped["stories"][0]["status"], "needs model", "{stopped}");
    assert!(page(&stopped).contains("waits for a person's approval"), "{}", page(&stopped));

    let cancelled = run(&mut quickstart(&workspace, &["cancel", "--json"])).exits(0).json();
    assert_eq!((&cancelled["status"], &cancelled["pull_request"]["state"]), (&json!("cancelled"), &json!("closed")));
    // It stays closed: approving is refused, and starting the same again too.
    run(&mut quickstart(&workspace, &["approve", "--json"])).exits(1).says("was cancelled");
    run(&mut quickstart(&workspace, &start)).exits(1);
    let status = run(&mut quickstart(&workspace, &["status", "--json"])).json();
    assert_eq!((&status["status"], &status["pull_request"]["state"]), (&json!("cancelled"), &json!("closed")));
    assert_eq!(status["merge_sha"], Value::Null);
}

/// A package registry on this machine that answers everything with 401.
fn locked_registry() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let head = "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm=\"packages\"\r\n";
            let _ = stream.write_all(format!("{head}content-length: 0\r\nconnection: close\r\n\r\n").as_bytes());
        }
    });
    address
}

fn with_registry(workspace: &Path, notes: &Path, home: &Path, more: &[&str]) -> Ran {
    let mut command = quickstart(workspace, &["--project", "books", notes.to_str().unwrap()]);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.to_lowercase().starts_with("npm_config_")) {
            command.env_remove(name);
        }
    }
    run(command.args(more).env("HOME", home))
}

#[test]
fn a_registry_that_wants_credentials_is_told_with_the_option_that_helps() {
    let folder = tempfile::tempdir().unwrap();
    let (workspace, notes, home) =
        (folder.path().join("workspace"), folder.path().join("notes.md"), folder.path().join("home"));
    fs::write(&notes, BOOKS).unwrap();
    fs::create_dir(&home).unwrap();
    let address = locked_registry();
    let secret = "c2VjcmV0OnNlY3JldA==";
    fs::write(home.join(".npmrc"), format!("registry=http://{address}/\n//{address}/:_auth={secret}\n")).unwrap();

    let ran = with_registry(&workspace, &notes, &home, &[]).exits(1).says("installations get none");
    assert!(ran.stdout.contains("add --registry-credentials"), "{ran}");
    // Handed on they are not taken here either; then the option is no help, and is not named.
    let ran = with_registry(&workspace, &notes, &home, &["--registry-credentials"]).exits(1);
    assert!(!ran.stdout.contains("add --registry-credentials"), "{ran}");
    assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "a credential was told\n{ran}");
}
