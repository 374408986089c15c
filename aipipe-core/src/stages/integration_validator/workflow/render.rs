//! A workflow as YAML: stable, in the order people write it, each action with its version as a comment.

use super::scalar::{Place, Scalar, is_printable, yaml_text};
use super::{Access, Job, Permissions, Step, Strategy, Trigger, Work, Workflow};
use std::collections::BTreeMap;

/// Returns the workflow as a YAML file.
#[must_use]
pub fn render(workflow: &Workflow) -> String {
    let mut yaml = Yaml::default();
    yaml.entry(0, "name", &yaml_text(&workflow.name, Place::Block));
    yaml.blank();
    triggers(&mut yaml, &workflow.on);
    if let Some(allowed) = &workflow.permissions {
        yaml.blank();
        permissions(&mut yaml, 0, allowed);
    }
    if let Some(concurrency) = &workflow.concurrency {
        yaml.blank();
        yaml.line(0, "concurrency:");
        yaml.entry(1, "group", &yaml_text(&concurrency.group, Place::Block));
        yaml.entry(1, "cancel-in-progress", if concurrency.cancel_in_progress { "true" } else { "false" });
    }
    if !workflow.env.is_empty() {
        yaml.blank();
        map(&mut yaml, 0, "env", &workflow.env);
    }
    yaml.blank();
    if workflow.jobs.is_empty() {
        yaml.entry(0, "jobs", "{}");
        return yaml.text;
    }
    yaml.line(0, "jobs:");
    for (i, each) in workflow.jobs.iter().enumerate() {
        if i > 0 {
            yaml.blank();
        }
        job(&mut yaml, each);
    }
    yaml.text
}

fn triggers(yaml: &mut Yaml, triggers: &[Trigger]) {
    if triggers.is_empty() {
        return yaml.entry(0, "on", "{}");
    }
    yaml.line(0, "on:");
    for trigger in triggers {
        yaml.line(1, &format!("{}:", trigger.event));
        for (key, values) in [("branches", &trigger.branches), ("paths", &trigger.paths), ("types", &trigger.types)] {
            if !values.is_empty() {
                yaml.entry(2, key, &flow(values.iter().map(|value| yaml_text(value, Place::Flow))));
            }
        }
    }
}

fn permissions(yaml: &mut Yaml, depth: usize, permissions: &Permissions) {
    match permissions {
        Permissions::ReadAll => yaml.entry(depth, "permissions", "read-all"),
        Permissions::WriteAll => yaml.entry(depth, "permissions", "write-all"),
        Permissions::Scopes(scopes) if scopes.is_empty() => yaml.entry(depth, "permissions", "{}"),
        Permissions::Scopes(scopes) => {
            yaml.line(depth, "permissions:");
            for (scope, access) in scopes {
                let access = match access {
                    Access::Read => "read",
                    Access::Write => "write",
                    Access::None => "none",
                };
                yaml.entry(depth + 1, &yaml_text(scope, Place::Block), access);
            }
        }
    }
}

fn job(yaml: &mut Yaml, job: &Job) {
    yaml.line(1, &format!("{}:", yaml_text(job.id.as_str(), Place::Block)));
    if let Some(name) = &job.name {
        yaml.entry(2, "name", &yaml_text(name, Place::Block));
    }
    if !job.needs.is_empty() {
        yaml.entry(2, "needs", &flow(job.needs.iter().map(|id| yaml_text(id.as_str(), Place::Flow))));
    }
    if let Some(condition) = &job.condition {
        yaml.entry(2, "if", &yaml_text(condition, Place::Block));
    }
    yaml.entry(2, "runs-on", &yaml_text(&job.runs_on, Place::Block));
    if let Some(minutes) = job.timeout_minutes {
        yaml.entry(2, "timeout-minutes", &minutes.to_string());
    }
    if let Some(allowed) = &job.permissions {
        permissions(yaml, 2, allowed);
    }
    if job.continue_on_error {
        yaml.entry(2, "continue-on-error", "true");
    }
    if let Some(variants) = &job.strategy {
        strategy(yaml, variants);
    }
    if !job.outputs.is_empty() {
        yaml.line(2, "outputs:");
        for (name, value) in &job.outputs {
            yaml.entry(3, &yaml_text(name, Place::Block), &yaml_text(value, Place::Block));
        }
    }
    if !job.env.is_empty() {
        map(yaml, 2, "env", &job.env);
    }
    if job.steps.is_empty() {
        return yaml.entry(2, "steps", "[]");
    }
    yaml.line(2, "steps:");
    for each in &job.steps {
        step(yaml, each);
    }
}

fn strategy(yaml: &mut Yaml, strategy: &Strategy) {
    yaml.line(2, "strategy:");
    yaml.entry(3, "fail-fast", if strategy.fail_fast { "true" } else { "false" });
    if strategy.matrix.is_empty() {
        return yaml.entry(3, "matrix", "{}");
    }
    yaml.line(3, "matrix:");
    for (variable, values) in &strategy.matrix {
        let values = flow(values.iter().map(|value| value.to_yaml(Place::Flow)));
        yaml.entry(4, &yaml_text(variable, Place::Block), &values);
    }
}

fn step(yaml: &mut Yaml, step: &Step) {
    yaml.begin_item();
    if let Some(name) = &step.name {
        yaml.entry(4, "name", &yaml_text(name, Place::Block));
    }
    if let Some(id) = &step.id {
        yaml.entry(4, "id", &yaml_text(id.as_str(), Place::Block));
    }
    if let Some(condition) = &step.condition {
        yaml.entry(4, "if", &yaml_text(condition, Place::Block));
    }
    if step.continue_on_error {
        yaml.entry(4, "continue-on-error", "true");
    }
    match &step.work {
        Work::Uses { action, with } => {
            let comment = action.version().map(|version| format!(" # {version}")).unwrap_or_default();
            yaml.entry(4, "uses", &format!("{action}{comment}"));
            if !with.is_empty() {
                map(yaml, 4, "with", with);
            }
        }
        Work::Run { script, shell, working_directory } => {
            if let Some(shell) = shell {
                yaml.entry(4, "shell", &yaml_text(shell, Place::Block));
            }
            if let Some(folder) = working_directory {
                yaml.entry(4, "working-directory", &yaml_text(folder, Place::Block));
            }
            run(yaml, script);
        }
    }
    if !step.env.is_empty() {
        map(yaml, 4, "env", &step.env);
    }
}

fn run(yaml: &mut Yaml, script: &str) {
    let body = script.strip_suffix('\n').unwrap_or(script);
    let fits = |line: &str| {
        line.is_empty() || (line.chars().all(is_printable) && !line.trim().is_empty() && !line.ends_with(' '))
    };
    let as_block = script.contains('\n')
        && !body.is_empty()
        && !body.starts_with([' ', '\n'])
        && !body.ends_with('\n')
        && body.split('\n').all(fits);
    if !as_block {
        return yaml.entry(4, "run", &yaml_text(script, Place::Block));
    }
    yaml.entry(4, "run", if script.ends_with('\n') { "|" } else { "|-" });
    for line in body.split('\n') {
        if line.is_empty() {
            yaml.blank();
        } else {
            yaml.line(5, line);
        }
    }
}

fn map(yaml: &mut Yaml, depth: usize, key: &str, values: &BTreeMap<String, Scalar>) {
    yaml.line(depth, &format!("{key}:"));
    for (name, value) in values {
        yaml.entry(depth + 1, &yaml_text(name, Place::Block), &value.to_yaml(Place::Block));
    }
}

fn flow(values: impl Iterator<Item = String>) -> String {
    format!("[{}]", values.collect::<Vec<_>>().join(", "))
}

/// Lines at two spaces a level; the first line of a list item takes the dash.
#[derive(Default)]
struct Yaml {
    text: String,
    item_begins: bool,
}

impl Yaml {
    fn blank(&mut self) {
        self.text.push('\n');
    }

    fn begin_item(&mut self) {
        self.item_begins = true;
    }

    fn line(&mut self, depth: usize, line: &str) {
        let dash = std::mem::take(&mut self.item_begins);
        self.text.push_str(&"  ".repeat(depth.saturating_sub(usize::from(dash))));
        if dash {
            self.text.push_str("- ");
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn entry(&mut self, depth: usize, key: &str, value: &str) {
        self.line(depth, &format!("{key}: {value}"));
    }
}
