//! The tools a workflow needs, found on this machine before anything runs.
//!
//! A missing or unfit tool is `Unsupported` with the tool's name: the machine's fault, not the code's, so never a red run.

use super::actions::Action;
use super::workflow::{StepKind, Workflow};
use crate::process::{HostEnvironment, Probe, Tool, Wanted, find_program};
use aipipe_core::ports::Clock;
use aipipe_core::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a run uses.
#[derive(Debug, Clone)]
pub(super) struct Toolchain {
    pub(super) bash: PathBuf,
    pub(super) node: Option<Tool>,
    pythons: BTreeMap<Option<Wanted>, Tool>,
}

impl Toolchain {
    /// Finds what the workflow's steps need; `scratch` is an existing folder to start programs in.
    pub(super) async fn find(
        workflow: &Workflow,
        host: &HostEnvironment,
        clock: &dyn Clock,
        scratch: &Path,
    ) -> Result<Self> {
        let bash = find_program(&host.path, "bash").ok_or_else(|| missing("bash not found"))?;
        let mut found = Self { bash, node: None, pythons: BTreeMap::new() };
        let probe = Probe { host, clock, scratch };
        for job in &workflow.jobs {
            let mut python = false;
            for step in &job.steps {
                match &step.kind {
                    StepKind::Use(Action::SetupNode { version }) => {
                        found.need_node(&probe, version.as_ref()).await?;
                    }
                    StepKind::Use(Action::SetupPython { version }) => {
                        python = true;
                        if !found.pythons.contains_key(version) {
                            let tool = probe.python(version.as_ref()).await?;
                            found.pythons.insert(version.clone(), tool);
                        }
                    }
                    StepKind::Run(script) => {
                        let text = script.text.render(|_| Some("?".to_owned()));
                        if starts_a_line(&text, &["node", "npm", "npx"]) {
                            found.need_node(&probe, None).await?;
                        }
                        if !python && starts_a_line(&text, &["python", "python3", "pip", "pip3"]) {
                            return Err(missing(format!(
                                "python in job {} without actions/setup-python before it",
                                job.id
                            )));
                        }
                    }
                    StepKind::Use(Action::Checkout | Action::Cache | Action::UploadArtifact(_)) => {}
                }
            }
        }
        Ok(found)
    }

    /// The Python found for a `setup-python` step.
    pub(super) fn python(&self, wanted: Option<&Wanted>) -> Option<&Tool> {
        self.pythons.get(&wanted.cloned())
    }

    /// All programs found, for a sandbox that has to show them.
    pub(super) fn programs(&self) -> Vec<PathBuf> {
        let tools = self.node.iter().chain(self.pythons.values());
        tools.map(|tool| tool.program.clone()).chain([self.bash.clone()]).collect()
    }

    async fn need_node(&mut self, probe: &Probe<'_>, wanted: Option<&Wanted>) -> Result<()> {
        if self.node.is_none() {
            self.node = Some(probe.node().await?);
        }
        match (&self.node, wanted) {
            (Some(node), Some(wanted)) if !wanted.matches(&node.version) => {
                Err(missing(format!("node {} not found (have {})", wanted.text(), node.version)))
            }
            _ => Ok(()),
        }
    }
}

/// Whether one of the words is the first of a line of the script.
fn starts_a_line(script: &str, words: &[&str]) -> bool {
    script.lines().any(|line| line.split_whitespace().next().is_some_and(|first| words.contains(&first)))
}

fn missing(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, "ci.toolchain", message)
}
