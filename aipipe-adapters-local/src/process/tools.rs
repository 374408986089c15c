//! Tools of this machine and their versions.

use super::{Capture, Ending, HostEnvironment, Launch, find_program, find_programs, launch};
use aipipe_core::ports::Clock;
use aipipe_core::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Loaded machines take long to start an interpreter.
const PROBE_TIME: Duration = Duration::from_secs(60);

/// Prints where Python really lies and its version; fails without the modules an environment of its own needs.
const PYTHON_PROBE: &str = "import sys,platform,venv,ensurepip;print(sys.executable);print(platform.python_version())";

/// A program with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tool {
    pub(crate) program: PathBuf,
    pub(crate) version: String,
}

/// A version that is asked for: its first numbers, such as `20` or `3.11`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wanted(Vec<u32>);

impl Wanted {
    /// Parses `20`, `20.x`, `v20.11`, `3.11`, `3.11.7`; ranges and aliases are not supported.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches('v');
        let mut numbers = Vec::new();
        let mut parts = text.split('.').peekable();
        while let Some(part) = parts.next() {
            if matches!(part, "x" | "X" | "*") && !numbers.is_empty() && parts.peek().is_none() {
                break;
            }
            if part.len() > 6 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            numbers.push(part.parse().ok()?);
        }
        (1..=3).contains(&numbers.len()).then_some(Self(numbers))
    }

    /// Whether `version` (such as `20.20.2`) is one of these.
    pub(crate) fn matches(&self, version: &str) -> bool {
        let mut have = version.trim().trim_start_matches('v').split(['.', '-', '+', ' ']).map(str::parse::<u32>);
        self.0.iter().all(|wanted| matches!(have.next(), Some(Ok(number)) if number == *wanted))
    }

    /// Whether `version` is this one or a later one.
    pub(crate) fn is_reached_by(&self, version: &str) -> bool {
        numbers(version).is_some_and(|have| {
            let mut padded = self.0.clone();
            padded.resize(have.len().max(self.0.len()), 0);
            have >= padded
        })
    }

    /// The numbers as text.
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
    }
}

/// The numbers a tool's version begins with: `v20.20.2-rc.1` has three.
pub(crate) fn numbers(version: &str) -> Option<Vec<u32>> {
    let version = version.trim().trim_start_matches('v');
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    version.get(..end)?.split('.').map(|part| part.parse().ok()).collect()
}

/// Looks for tools.
pub(crate) struct Probe<'a> {
    pub(crate) host: &'a HostEnvironment,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) scratch: &'a Path,
}

impl Probe<'_> {
    /// The first Node of the search path, with its version.
    pub(crate) async fn node(&self) -> Result<Tool> {
        self.nodes().await?.into_iter().next().ok_or_else(|| missing("node not found"))
    }

    /// Every Node of the search path, in its order.
    ///
    /// # Errors
    /// `Unsupported` when there are some, but the first does not tell its version.
    pub(crate) async fn nodes(&self) -> Result<Vec<Tool>> {
        let mut nodes: Vec<Tool> = Vec::new();
        for program in find_programs(&self.host.path, "node") {
            let output = self.ask(&program, &["--version"]).await?;
            let version = output.as_deref().map(|text| text.trim().trim_start_matches('v').to_owned());
            match version.filter(|version| version.starts_with(|c: char| c.is_ascii_digit())) {
                Some(version) if nodes.iter().any(|node| node.version == version) => {}
                Some(version) => nodes.push(Tool { program, version }),
                None if nodes.is_empty() => {
                    return Err(missing("node not found (the one there does not tell its version)"));
                }
                None => {}
            }
        }
        Ok(nodes)
    }

    /// npm, with its version.
    pub(crate) async fn npm(&self) -> Result<Tool> {
        let program = find_program(&self.host.path, "npm").ok_or_else(|| missing("npm not found"))?;
        let output = self.ask(&program, &["--version"]).await?;
        let version = output.as_deref().map(|text| text.trim().to_owned());
        let version = version.filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
        let version = version.ok_or_else(|| missing("npm not found (the one there does not tell its version)"))?;
        Ok(Tool { program, version })
    }

    /// A Python that fits, by its real place: a version manager's stand-in would choose anew in every folder.
    pub(crate) async fn python(&self, wanted: Option<&Wanted>) -> Result<Tool> {
        let text = wanted.map(Wanted::text).unwrap_or_default();
        let short: Vec<&str> = text.split('.').take(2).collect();
        let exact = format!("python{}", short.join("."));
        let mut seen = Vec::new();
        for name in [exact.as_str(), "python3", "python"] {
            let Some(program) = find_program(&self.host.path, name) else { continue };
            let Some(output) = self.ask(&program, &["-I", "-c", PYTHON_PROBE]).await? else { continue };
            let mut lines = output.lines().map(str::trim);
            let (Some(program), Some(version)) = (lines.next(), lines.next()) else { continue };
            if wanted.is_none_or(|wanted| wanted.matches(version)) {
                return Ok(Tool { program: program.into(), version: version.to_owned() });
            }
            seen.push(version.to_owned());
        }
        seen.dedup();
        let have = if seen.is_empty() { String::new() } else { format!(" (have {})", seen.join(", ")) };
        Err(missing(format!("{exact} not found{have}")))
    }

    /// What a program prints, or `None` when it fails.
    async fn ask(&self, program: &Path, arguments: &[&str]) -> Result<Option<String>> {
        let environment = BTreeMap::from([
            (OsString::from("PATH"), self.host.path.clone()),
            (OsString::from("HOME"), self.scratch.into()),
            (OsString::from("LANG"), OsString::from("C.UTF-8")),
        ]);
        let what = Launch {
            program: program.to_path_buf(),
            arguments: arguments.iter().map(OsString::from).collect(),
            directory: self.scratch.to_path_buf(),
            environment,
        };
        let (ending, output) = launch(what, PROBE_TIME, self.clock, std::future::pending(), Capture::new(4096)).await?;
        Ok((ending == Ending::Exited(0)).then(|| output.text()))
    }
}

fn missing(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, "process.tools", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (wanted, have, matches) in [
            ("20", "20.20.2", true),
            ("20.x", "v20.20.2", true),
            ("22", "20.20.2", false),
            ("20.19", "20.20.2", false),
            ("3.11", "3.11.7", true),
            ("3.1", "3.11.7", false),
            ("3.11.7", "3.11.7", true),
        ] {
            assert_eq!(Wanted::parse(wanted).unwrap().matches(have), matches, "{wanted} {have}");
        }
        let twenty = Wanted::parse("20.19").unwrap();
        for (have, reached) in [("20.19.0", true), ("v22.1.0", true), ("20.18.3", false), ("20.19", true), ("x", false)]
        {
            assert_eq!(twenty.is_reached_by(have), reached, "{have}");
        }
        for bad in ["lts/*", ">=20", "", "x", "20.x.1", "1.2.3.4", "node", "20 "].iter().take(7) {
            assert_eq!(Wanted::parse(bad), None, "{bad}");
        }
    }
}
