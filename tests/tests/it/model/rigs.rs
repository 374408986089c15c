//! The servers and programs of `tests/rigs/model`: found, started on a free port of this machine, and ended.

use crate::program::root;
use aipipe_tests::wire;
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A part of the rig; `None`, loudly, when it is not installed, which is a failure in a full run.
fn part(file: &str) -> Option<PathBuf> {
    let folder = wire::rigs().unwrap();
    let found = folder.join(file);
    if found.is_file() {
        return Some(found);
    }
    let is_full = std::env::var_os("AIPIPE_FULL").is_some_and(|value| value == "1");
    assert!(!is_full, "{file} is missing and this is a full run: run tests/rigs/model/install");
    eprintln!("NOT TESTED: {file} is missing (tests/rigs/model/install installs it)");
    let list = folder.parent().and_then(Path::parent).unwrap().join("not-tested.txt");
    let noted = OpenOptions::new().create(true).append(true).open(list);
    writeln!(noted.unwrap(), "{file} is missing").unwrap();
    None
}

/// What a script of the rig makes of these lines, or `None` without the rig.
pub(super) fn python(script: &str, arguments: &[&str], lines: &[Value]) -> Option<String> {
    let python = part("python/bin/python")?;
    let mut command = Command::new(python);
    command.arg(root().join("tests/rigs/model").join(script)).args(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{script} failed");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// A server that ends with the test.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
}

impl Server {
    /// llmock, which breaks answers on purpose and judges how a client takes it.
    pub(super) fn llmock() -> Option<Self> {
        let program = part("python/bin/llmock")?;
        Some(Self::start(&program, |command, port| {
            // Between the events there is time in which the server sees that nobody reads on.
            command.args(["serve", "--host", "127.0.0.1", "--log-level", "warning", "--stream-chunk-delay-ms", "30"]);
            command.args(["--port", port]);
        }))
    }

    /// aimock, which answers as the fixtures say.
    pub(super) fn aimock(fixtures: &Path) -> Option<Self> {
        let program = part("node/node_modules/@copilotkit/aimock/dist/cli.js")?;
        Some(Self::start(Path::new("node"), |command, port| {
            command.arg(&program).args(["--host", "127.0.0.1", "--validate-on-load", "--log-level", "warn"]);
            command.arg("--fixtures").arg(fixtures).args(["--port", port]);
        }))
    }

    #[expect(clippy::disallowed_methods, reason = "a server takes real time to start")]
    fn start(program: &Path, arguments: impl Fn(&mut Command, &str)) -> Self {
        // Another process may take the port in between: then the server ends at once, and another port is tried.
        for _ in 0..5 {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
            let mut command = Command::new(program);
            arguments(&mut command, &port.to_string());
            command.stdin(Stdio::null()).stdout(Stdio::null());
            let mut server = Self { child: command.spawn().unwrap(), port };
            let began = Instant::now();
            while began.elapsed() < Duration::from_secs(60) && server.child.try_wait().unwrap().is_none() {
                if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                    return server;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        panic!("{} does not serve", program.display());
    }

    /// Status and JSON of an answer.
    pub(super) fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        let body = body.map(Value::to_string).unwrap_or_default();
        // HTTP/1.0: the answer comes in one piece and ends with the connection.
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
