//! A workflow as far as local runs understand it.

use super::actions::Action;
use super::condition::Condition;
use super::expression::{Template, Variant};
use aipipe_core::domain::{CheckName, JobId};
use std::path::{Component, Path};
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
    /// The jobs, each variant of a matrix as one, after those they need, else in the order of the file.
    pub(super) jobs: Vec<Job>,
    /// What the workflow asks for and a local run doesn't do.
    pub(super) notes: Vec<String>,
}

/// A job, or one variant of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Job {
    /// Unique in the run: the key, with a number behind it for a variant.
    pub(super) id: JobId,
    /// Its key in the workflow, by which others need it.
    pub(super) key: String,
    pub(super) name: CheckName,
    /// The values of its variant; none without a matrix.
    pub(super) variant: Variant,
    /// Whether the failure of one variant ends the others.
    pub(super) fail_fast: bool,
    pub(super) needs: Vec<String>,
    pub(super) condition: Condition,
    pub(super) timeout: Option<Duration>,
    pub(super) env: Variables,
    pub(super) continue_on_error: bool,
    pub(super) steps: Vec<Step>,
    /// What it tells the jobs that need it.
    pub(super) outputs: Variables,
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
    /// `npm ci`, perhaps with `--ignore-scripts`.
    Npm,
    /// `python -m pip install --require-hashes -r FILE`, or the same with `pip install`.
    Pip,
    /// `poetry sync --no-root` or `poetry install --no-root`, perhaps after `poetry check --lock`.
    Poetry,
}

impl Script {
    /// What the script installs with, when every line of it is a known install command and nothing else.
    ///
    /// Only the flags listed here count, because others undo a protection (`--ignore-scripts=false`) or fetch what no
    /// lock names. Anything a shell would treat specially disqualifies too: `npm ci && ./run-me` is no install command.
    pub(super) fn install_command(text: &str) -> Option<InstallCommand> {
        let mut found = None;
        let mut checks = false;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let command = match words.as_slice() {
                ["npm", "ci", flags @ ..] if flags.iter().all(|flag| NPM_FLAGS.contains(flag)) => InstallCommand::Npm,
                ["python" | "python3", "-m", "pip", "install", rest @ ..] | ["pip" | "pip3", "install", rest @ ..]
                    if is_locked(rest) =>
                {
                    InstallCommand::Pip
                }
                ["poetry", "check", "--lock"] => {
                    checks = true;
                    continue;
                }
                ["poetry", "sync" | "install", flags @ ..] if is_without_root(flags) => InstallCommand::Poetry,
                _ => return None,
            };
            if found.is_some_and(|other| other != command) {
                return None;
            }
            found = Some(command);
        }
        found.filter(|found| !checks || *found == InstallCommand::Poetry)
    }

    /// Whether the step may run in the install phase, with the network and the package cache: told by its command
    /// alone, which must stand in the workflow as it is.
    pub(super) fn installs(&self) -> bool {
        self.text.literal().is_some_and(|text| Self::install_command(&text).is_some())
    }
}

/// Flags of `npm ci` that an install command may have.
const NPM_FLAGS: &[&str] = &["--ignore-scripts", "--no-audit", "--no-fund"];

/// Whether `poetry sync` with these words leaves the project itself, which it would have to build, out.
fn is_without_root(flags: &[&str]) -> bool {
    const HARMLESS: &[&str] = &["--no-root", "--no-interaction", "-n", "--no-ansi", "--quiet", "-q", "--all-groups"];
    flags.contains(&"--no-root") && flags.iter().all(|flag| HARMLESS.contains(flag))
}

/// Whether `pip install` with these words installs what files with hashes name, and nothing else.
fn is_locked(words: &[&str]) -> bool {
    let (mut hashes, mut files) = (false, 0);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--require-hashes" => hashes = true,
            "--no-deps" | "--no-input" | "--disable-pip-version-check" | "--only-binary=:all:" | "-q" | "--quiet" => {}
            "-r" | "--requirement" if words.next().is_some_and(|file| is_plain_file(file)) => files += 1,
            _ => return false,
        }
    }
    hashes && files > 0
}

/// Whether a word is the name of a file of the checkout: no address, no way out, nothing that a shell expands.
fn is_plain_file(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    !word.starts_with('-') && word.chars().all(plain) && Path::new(word).components().all(inside)
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
            (
                "pip install -q -r a/b.lock --require-hashes\n# more\npip install --require-hashes --requirement ./c",
                Some(InstallCommand::Pip),
            ),
            ("poetry check --lock\npoetry sync --no-root\n", Some(InstallCommand::Poetry)),
            ("poetry install -n --no-root --all-groups", Some(InstallCommand::Poetry)),
            ("poetry check --lock", None),
            ("poetry check --lock\nnpm ci", None),
            ("poetry sync", None),
            ("poetry sync --no-root --directory ../x", None),
            ("poetry sync --no-root\npip install --require-hashes -r x", None),
            ("poetry sync --no-root && ./evil", None),
            ("poetry --project ./evil sync --no-root", None),
            ("poetry add --no-root x", None),
            ("poetry run evil", None),
            ("npm ci --ignore-scripts=false", None),
            ("npm ci --no-ignore-scripts", None),
            ("npm ci --script-shell ./evil", None),
            ("npm ci ./evil", None),
            ("python -m pip install --upgrade pip", None),
            ("pip install -r requirements.lock", None),
            ("pip install --require-hashes", None),
            ("pip install --require-hashes -r", None),
            ("pip install --require-hashes -r https://evil.example/lock", None),
            ("pip install --require-hashes -r ../lock", None),
            ("pip install --require-hashes -r /lock", None),
            ("pip install --require-hashes -r $LOCK", None),
            ("pip install --require-hashes -r lock -e .", None),
            ("pip install --require-hashes -r lock --index-url https://evil.example", None),
            ("python evil.py", None),
            ("python -m evil", None),
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
