//! A workflow as far as local runs understand it.

use super::actions::Action;
use super::expression::{Condition, Template};
use aipipe_core::domain::CheckName;
use std::time::Duration;

/// Environment variables in the order of the file.
pub(super) type Variables = Vec<(String, Template)>;

/// A workflow: everything in it is supported.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Workflow {
    pub(super) name: String,
    /// The event a local run stands for.
    pub(super) event: &'static str,
    pub(super) env: Variables,
    /// The jobs, each after those it needs, else in the order of the file.
    pub(super) jobs: Vec<Job>,
    /// What the workflow asks for and a local run doesn't do.
    pub(super) notes: Vec<String>,
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) name: CheckName,
    pub(super) needs: Vec<String>,
    pub(super) condition: Condition,
    pub(super) timeout: Option<Duration>,
    pub(super) env: Variables,
    pub(super) continue_on_error: bool,
    pub(super) steps: Vec<Step>,
}

/// A step.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub(super) name: Template,
    pub(super) id: Option<String>,
    pub(super) condition: Condition,
    pub(super) timeout: Option<Duration>,
    pub(super) env: Variables,
    pub(super) continue_on_error: bool,
    pub(super) kind: StepKind,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum StepKind {
    /// Runs a script.
    Run(Script),
    /// Uses one of the known actions.
    Use(Action),
}

/// A script.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Script {
    pub(super) text: Template,
    /// Relative to the workspace.
    pub(super) directory: Option<Template>,
    pub(super) shell: Shell,
    /// Whether the step is the one named `Install`.
    pub(super) named_install: bool,
}

/// How a script is run; GitHub's command lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Shell {
    /// `bash -e {0}`: no shell is named.
    #[default]
    Unnamed,
    /// `bash --noprofile --norc -eo pipefail {0}`: `shell: bash`.
    Bash,
}

impl Shell {
    /// The arguments before the script's file.
    pub(super) const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Unnamed => &["-e"],
            Self::Bash => &["--noprofile", "--norc", "-eo", "pipefail"],
        }
    }
}

/// A command that only installs dependencies, so that it gets the network and its result can be reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InstallCommand {
    /// `npm ci …`
    Npm,
    /// `python -m pip install …` or `pip install …`
    Pip,
}

impl Script {
    /// What the script installs with, when every line of it is a known install command and nothing else.
    ///
    /// Anything a shell would treat specially disqualifies: `npm ci && ./run-me` is no install command.
    pub(super) fn install_command(text: &str) -> Option<InstallCommand> {
        let mut found = None;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let plain = |c: char| c.is_ascii_alphanumeric() || " -_./=@:,+[]".contains(c);
            if !line.chars().all(plain) {
                return None;
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            let command = match words.as_slice() {
                ["npm", "ci", ..] => InstallCommand::Npm,
                ["python" | "python3", "-m", "pip", "install", ..] | ["pip" | "pip3", "install", ..] => {
                    InstallCommand::Pip
                }
                _ => return None,
            };
            if found.is_some_and(|other| other != command) {
                return None;
            }
            found = Some(command);
        }
        found
    }

    /// Whether the step runs in the install phase: with the network and the package cache.
    pub(super) fn installs(&self) -> bool {
        self.named_install || self.text.literal().is_some_and(|text| Self::install_command(&text).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn install_commands_are_exact() {
        for (text, wanted) in [
            ("npm ci --ignore-scripts", Some(InstallCommand::Npm)),
            ("npm ci\n", Some(InstallCommand::Npm)),
            ("python -m pip install --require-hashes -r requirements.lock", Some(InstallCommand::Pip)),
            ("python -m pip install --upgrade pip\npip install -r requirements.lock\n", Some(InstallCommand::Pip)),
            ("npm ci && ./evil", None),
            ("npm ci; ./evil", None),
            ("npm ci $(evil)", None),
            ("npm ci\nnpm test", None),
            ("npm cix", None),
            ("npm ci\npip install x", None),
            ("npm run ci", None),
            ("", None),
        ] {
            assert_eq!(Script::install_command(text), wanted, "{text:?}");
        }
    }
}
