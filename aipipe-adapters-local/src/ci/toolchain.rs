//! The tools a workflow needs, found on this machine before anything runs.
//!
//! A missing or unfit tool is `Unsupported` with the tool's name: the machine's fault, not the code's, so never a red run.
//! Two things soften that, and the run says so: a variant of a matrix whose tool is missing is left out as long as
//! another variant can run; and where a workflow asks for a Node that is not here, another stands in that the project
//! says it runs on (`engines` of its `package.json`).

use super::actions::Action;
use super::engines::Engines;
use super::workflow::{Job, StepKind, Workflow};
use crate::process::{HostEnvironment, Probe, Tool, Wanted, find_program};
use aipipe_core::domain::JobId;
use aipipe_core::ports::Clock;
use aipipe_core::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What a run uses.
#[derive(Debug, Clone)]
pub(super) struct Toolchain {
    pub(super) bash: PathBuf,
    nodes: BTreeMap<Option<Wanted>, Node>,
    pythons: BTreeMap<Option<Wanted>, Tool>,
    /// Why variants can't run here, by the job's id.
    left_out: BTreeMap<JobId, String>,
}

/// A Node, and why it is another one than the workflow asks for.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) tool: Tool,
    pub(super) stands_in: Option<String>,
}

/// Whether another version may stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    Exact,
    Allowed,
}

impl Toolchain {
    /// Finds what the workflow's steps need. `scratch` is an existing folder to start programs in, `checkout` the one
    /// of the run's commit.
    pub(super) async fn find(
        workflow: &Workflow,
        host: &HostEnvironment,
        clock: &dyn Clock,
        scratch: &Path,
        checkout: &Path,
    ) -> Result<Self> {
        let bash = find_program(&host.path, "bash").ok_or_else(|| missing("bash not found"))?;
        let found = Self { bash, nodes: BTreeMap::new(), pythons: BTreeMap::new(), left_out: BTreeMap::new() };
        let engines = Engines::of_checkout(checkout);
        let mut search = Search { found, probe: Probe { host, clock, scratch }, here: None, engines };
        let keys: BTreeSet<&str> = workflow.jobs.iter().map(|job| job.key.as_str()).collect();
        for key in keys {
            let variants: Vec<&Job> = workflow.jobs.iter().filter(|job| job.key == key).collect();
            search.variants(&variants).await?;
        }
        Ok(search.found)
    }

    /// The Node found for a `setup-node` step, or for a script without one.
    pub(super) fn node(&self, wanted: Option<&Wanted>) -> Option<&Node> {
        self.nodes.get(&wanted.cloned())
    }

    /// The Python found for a `setup-python` step.
    pub(super) fn python(&self, wanted: Option<&Wanted>) -> Option<&Tool> {
        self.pythons.get(&wanted.cloned())
    }

    /// Why a variant of a job can't run on this machine, if it can't.
    pub(super) fn left_out(&self, job: &JobId) -> Option<&str> {
        self.left_out.get(job).map(String::as_str)
    }

    /// All programs found, for a sandbox that has to show them.
    pub(super) fn programs(&self) -> Vec<PathBuf> {
        let tools = self.nodes.values().map(|node| &node.tool).chain(self.pythons.values());
        tools.map(|tool| tool.program.clone()).chain([self.bash.clone()]).collect()
    }
}

struct Search<'a> {
    found: Toolchain,
    probe: Probe<'a>,
    /// Every Node of the search path, looked for once.
    here: Option<Vec<Tool>>,
    engines: Option<Engines>,
}

impl Search<'_> {
    /// Finds the tools of a job's variants: of the only one, or of as many of several as can run here.
    async fn variants(&mut self, variants: &[&Job]) -> Result<()> {
        if let [only] = variants {
            return self.job(only, Fit::Allowed).await;
        }
        let mut refused = Vec::new();
        for variant in variants {
            match self.job(variant, Fit::Exact).await {
                Err(error) if error.kind() == ErrorKind::Unsupported => refused.push((variant, error)),
                other => other?,
            }
        }
        if refused.len() == variants.len() {
            // Not one version of the list is here: one run on a version the project allows says more than none.
            let (first, _) = refused.remove(0);
            self.job(first, Fit::Allowed).await?;
        }
        for (variant, error) in refused {
            self.found.left_out.insert(variant.id.clone(), error.message().to_owned());
        }
        Ok(())
    }

    async fn job(&mut self, job: &Job, fit: Fit) -> Result<()> {
        let mut python = false;
        for step in &job.steps {
            match &step.kind {
                StepKind::Use(Action::SetupNode { version }) => self.node(version.as_ref(), fit).await?,
                StepKind::Use(Action::SetupPython { version }) => {
                    python = true;
                    if !self.found.pythons.contains_key(version) {
                        let tool = self.probe.python(version.as_ref()).await?;
                        self.found.pythons.insert(version.clone(), tool);
                    }
                }
                StepKind::Run(script) => {
                    let text = script.text.render(|_| Some("?".to_owned()));
                    if runs(&text, &["node", "npm", "npx"]) {
                        self.node(None, fit).await?;
                    }
                    if !python && runs(&text, &["python", "python3", "pip", "pip3", "poetry"]) {
                        let key = &job.key;
                        return Err(missing(format!("python in job {key} without actions/setup-python before it")));
                    }
                }
                StepKind::Use(Action::Checkout | Action::Cache | Action::UploadArtifact(_)) => {}
            }
        }
        Ok(())
    }

    async fn node(&mut self, wanted: Option<&Wanted>, fit: Fit) -> Result<()> {
        let known = self.found.nodes.get(&wanted.cloned());
        if known.is_some_and(|node| fit == Fit::Allowed || node.stands_in.is_none()) {
            return Ok(());
        }
        if self.here.is_none() {
            self.here = Some(self.probe.nodes().await?);
        }
        let here = self.here.as_deref().unwrap_or_default();
        let node = choose(here, wanted, self.engines.as_ref().filter(|_| fit == Fit::Allowed))?;
        self.found.nodes.insert(wanted.cloned(), node);
        Ok(())
    }
}

/// The first of the Nodes here that fits, or else the first that the project allows.
fn choose(here: &[Tool], wanted: Option<&Wanted>, engines: Option<&Engines>) -> Result<Node> {
    let Some(wanted) = wanted else {
        let first = here.first().ok_or_else(|| missing("node not found"))?;
        return Ok(Node { tool: first.clone(), stands_in: None });
    };
    if let Some(tool) = here.iter().find(|tool| wanted.matches(&tool.version)) {
        return Ok(Node { tool: tool.clone(), stands_in: None });
    }
    if let Some(engines) = engines
        && let Some(tool) = here.iter().find(|tool| engines.allow(&tool.version))
    {
        let reason = format!("node {} is not on this machine; package.json allows {}", wanted.text(), engines.text());
        return Ok(Node { tool: tool.clone(), stands_in: Some(reason) });
    }
    let have: Vec<&str> = here.iter().map(|tool| tool.version.as_str()).collect();
    let have = if have.is_empty() { String::new() } else { format!(" (have {})", have.join(", ")) };
    let allowed = engines.map(|engines| format!("; package.json allows {}", engines.text())).unwrap_or_default();
    Err(missing(format!("node {} not found{have}{allowed}", wanted.text())))
}

/// Whether the script runs one of the programs, as far as its text shows: first of a line, or behind `&&`, `||`, `;`,
/// `|`, `&`, an opening parenthesis, words such as `then` and `exec`, and variables that are set for one command.
///
/// Quoted text is a word, whatever is in it.
fn runs(script: &str, programs: &[&str]) -> bool {
    let mut first = true;
    for word in shell_words(script) {
        match word {
            Word::End => first = true,
            Word::Plain(word) if first => {
                if programs.contains(&word.as_str()) {
                    return true;
                }
                first = BEFORE_COMMANDS.contains(&word.as_str()) || is_assignment(&word);
            }
            Word::Plain(_) => {}
        }
    }
    false
}

/// Words after which a command comes.
const BEFORE_COMMANDS: &[&str] =
    &["!", "{", "command", "do", "elif", "else", "env", "exec", "if", "then", "time", "until", "while"];

fn is_assignment(word: &str) -> bool {
    let fine = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    word.split_once('=').is_some_and(|(name, _)| fine(name))
}

#[derive(Debug, PartialEq, Eq)]
enum Word {
    Plain(String),
    /// Of a command.
    End,
}

/// The words of a script, as much of a shell's reading as telling commands apart takes.
fn shell_words(script: &str) -> Vec<Word> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut characters = script.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\'' | '"' => {
                // An empty quotation is a word too: no program.
                word.push(c);
                while let Some(quoted) = characters.next().filter(|next| *next != c) {
                    word.push(quoted);
                    if quoted == '\\' && c == '"' {
                        word.extend(characters.next());
                    }
                }
            }
            '\\' => word.extend(characters.next().filter(|next| *next != '\n')),
            '#' if word.is_empty() => while characters.next_if(|next| *next != '\n').is_some() {},
            '\n' | ';' | '&' | '|' | '(' | ')' | '`' => {
                words.extend((!word.is_empty()).then(|| Word::Plain(std::mem::take(&mut word))));
                words.push(Word::End);
            }
            c if c.is_whitespace() => {
                words.extend((!word.is_empty()).then(|| Word::Plain(std::mem::take(&mut word))));
            }
            c => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(Word::Plain(word)));
    words
}

fn missing(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, "ci.toolchain", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_seen_wherever_a_command_begins() {
        for script in [
            "npm test",
            "cd web && npm test",
            "CI=1 npm test",
            "A=1 B=\"two words\" npm test",
            "true; npm test",
            "echo x | npm test",
            "(npm test)",
            "version=$(npm --version)",
            "if true; then npm test; fi",
            "exec npm start",
            "set -e\n  npm ci",
            "false || npm ci",
            "cd web &&\\\n  npm ci",
        ] {
            assert!(runs(script, &["npm"]), "{script:?}");
        }
        for script in [
            "echo npm test",
            "# npm test",
            "echo 'a; npm test'",
            "echo \"a && npm test\"",
            "cat npm",
            "npmx test",
            "./npm",
            "echo \"it's \\\" ; npm\"",
            "",
            "'",
        ] {
            assert!(!runs(script, &["npm"]), "{script:?}");
        }
    }

    #[test]
    fn the_node_that_fits_is_chosen_and_another_stands_in_only_where_the_project_allows_it() {
        let tool = |version: &str| Tool { program: format!("/{version}/node").into(), version: version.to_owned() };
        let here = [tool("20.20.2"), tool("24.1.0")];
        let wanted = |text: &str| Wanted::parse(text);
        let engines = Engines::parse(">=20");
        let version = |node: Result<Node>| node.map(|node| (node.tool.version, node.stands_in.is_some())).ok();
        let chosen = |text: &str, engines: Option<&Engines>| version(choose(&here, wanted(text).as_ref(), engines));
        assert_eq!(chosen("24", None), Some(("24.1.0".to_owned(), false)));
        assert_eq!(chosen("22", engines.as_ref()), Some(("20.20.2".to_owned(), true)));
        assert_eq!(chosen("22", Engines::parse(">=23").as_ref()), Some(("24.1.0".to_owned(), true)));
        assert_eq!(chosen("22", None), None);
        assert_eq!(chosen("22", Engines::parse(">=25").as_ref()), None);
        assert_eq!(version(choose(&here, None, None)), Some(("20.20.2".to_owned(), false)));
        assert!(choose(&[], None, engines.as_ref()).is_err());
        let error = choose(&here, wanted("22").as_ref(), Engines::parse("^18").as_ref()).unwrap_err();
        assert_eq!(error.message(), "node 22 not found (have 20.20.2, 24.1.0); package.json allows ^18");
    }
}
