//! Second processes: this test binary runs itself again as a child that plays one role.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

const ROLE: &str = "AIPIPE_TEST_ROLE";
const FOLDER: &str = "AIPIPE_TEST_FOLDER";

/// A child process; killed when dropped.
pub(crate) struct Peer {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts a child that runs the test `test` (full name) as `role` on `folder`.
    pub(crate) fn start(test: &str, role: &str, folder: &Path) -> Self {
        Self::spawn(Command::new(std::env::current_exe().unwrap()), test, role, folder)
    }

    /// The same, after the shell commands `limits`.
    pub(crate) fn start_limited(test: &str, role: &str, folder: &Path, limits: &str) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{limits}; exec \"$0\" \"$@\"")]).arg(std::env::current_exe().unwrap());
        Self::spawn(shell, test, role, folder)
    }

    fn spawn(mut command: Command, test: &str, role: &str, folder: &Path) -> Self {
        let mut child = command
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            .env(FOLDER, folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// The next line the role said; `None` when the child has ended.
    pub(crate) fn next_line(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            // The test harness prints around it.
            if let Some((_, said)) = line.trim_end().split_once("> ") {
                return Some(said.to_owned());
            }
        }
    }

    /// SIGKILL, at once.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for it to end in whatever way.
    #[cfg(feature = "failpoints")]
    pub(crate) fn wait(&mut self) {
        while self.next_line().is_some() {}
        let _ = self.child.wait();
    }

    /// Waits for it to end well.
    pub(crate) fn finish(mut self) {
        while self.next_line().is_some() {}
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The role and folder this process was started with, if it is a child.
pub(crate) fn role() -> Option<(String, OsString)> {
    Some((std::env::var_os(ROLE)?.into_string().unwrap(), std::env::var_os(FOLDER)?))
}

/// Says a line to the parent.
pub(crate) fn say(line: impl std::fmt::Display) {
    println!("\n> {line}");
}
