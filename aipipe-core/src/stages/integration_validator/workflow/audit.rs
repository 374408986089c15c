//! What a workflow must not do, whoever wrote it.
//!
//! The rules follow GitHub's hardening guide and the OpenSSF Scorecard checks for pinned dependencies, token permissions
//! and dangerous workflows, plus what turned builds green that were not: ignored failures and empty test runs.

use super::script;
use super::{Access, Job, Permissions, Step, Work, Workflow};
use crate::domain::Severity;
use std::collections::{BTreeMap, BTreeSet};

/// Events that run with the repository's secrets on text or code of strangers.
const DANGEROUS_EVENTS: [&str; 4] = ["pull_request_target", "workflow_run", "issue_comment", "issues"];

/// Something a workflow must not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The rule, such as `workflow-missing-timeout`.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
}

/// Returns what is wrong with the workflow, in the order of the file.
#[must_use]
pub fn audit(workflow: &Workflow) -> Vec<Fault> {
    let mut findings = Findings::default();
    for trigger in &workflow.on {
        if DANGEROUS_EVENTS.contains(&trigger.event.as_str()) {
            findings.error("dangerous-trigger", format!("{} runs with secrets on what strangers write", trigger.event));
        }
    }
    match &workflow.permissions {
        None => findings.error("missing-permissions", "the workflow does not limit its token's permissions".to_owned()),
        Some(permissions) => writes(&mut findings, "the workflow", permissions),
    }
    if workflow.concurrency.is_none() {
        findings.error("missing-concurrency", "outdated runs are not cancelled: no concurrency group".to_owned());
    }
    if workflow.jobs.is_empty() {
        findings.error("no-jobs", "the workflow has no jobs, so it checks nothing".to_owned());
    }
    needs(&mut findings, &workflow.jobs);
    for job in &workflow.jobs {
        audit_job(&mut findings, job);
    }
    findings.0
}

#[derive(Default)]
struct Findings(Vec<Fault>);

impl Findings {
    fn error(&mut self, rule: &str, message: String) {
        self.add(rule, Severity::Error, message);
    }

    fn add(&mut self, rule: &str, severity: Severity, message: String) {
        let rule = format!("workflow-{rule}");
        self.0.push(Fault { rule, severity, message });
    }
}

fn writes(findings: &mut Findings, whose: &str, permissions: &Permissions) {
    let scopes: Vec<&str> = match permissions {
        Permissions::ReadAll => return findings.error("broad-permissions", format!("{whose} may read everything")),
        Permissions::WriteAll => vec!["everything"],
        Permissions::Scopes(scopes) => {
            scopes.iter().filter(|(_, access)| **access == Access::Write).map(|(scope, _)| scope.as_str()).collect()
        }
    };
    for scope in scopes {
        findings.error("write-permission", format!("{whose} may write {scope}"));
    }
}

/// Jobs named twice, needs that lead nowhere and needs in a circle.
fn needs(findings: &mut Findings, jobs: &[Job]) {
    let mut ids = BTreeSet::new();
    let mut names = BTreeSet::new();
    for job in jobs {
        if !ids.insert(job.id.as_str()) || !names.insert(job.check_name()) {
            findings.error("duplicate-check", format!("more than one job reports the check {}", job.check_name()));
        }
    }
    for job in jobs {
        for need in job.needs.iter().filter(|need| !ids.contains(need.as_str())) {
            findings.error("unknown-need", format!("job {} needs {need}, which is no job", job.id));
        }
    }
    // Kahn's order: whatever can't be placed waits for itself.
    let mut waits: BTreeMap<&str, usize> = jobs.iter().map(|job| (job.id.as_str(), 0)).collect();
    let mut dependants: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for job in jobs {
        for need in job.needs.iter().filter(|need| ids.contains(need.as_str())) {
            *waits.entry(job.id.as_str()).or_default() += 1;
            dependants.entry(need.as_str()).or_default().push(job.id.as_str());
        }
    }
    let mut ready: Vec<&str> = waits.iter().filter(|(_, count)| **count == 0).map(|(id, _)| *id).collect();
    let mut placed = 0;
    while let Some(id) = ready.pop() {
        placed += 1;
        for dependant in dependants.remove(id).unwrap_or_default() {
            if let Some(count) = waits.get_mut(dependant) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    ready.push(dependant);
                }
            }
        }
    }
    if placed < waits.len() {
        findings.error("cyclic-needs", "jobs need each other in a circle, so none of them starts".to_owned());
    }
}

fn audit_job(findings: &mut Findings, job: &Job) {
    let whose = format!("job {}", job.id);
    if let Some(permissions) = &job.permissions {
        writes(findings, &whose, permissions);
    }
    if job.timeout_minutes.is_none_or(|minutes| minutes == 0) {
        findings.error("missing-timeout", format!("{whose} has no timeout"));
    }
    if job.runs_on.ends_with("-latest") {
        findings.add("moving-runner", Severity::Warning, format!("{whose} runs on {}, which moves", job.runs_on));
    }
    if job.runs_on.contains("self-hosted") {
        findings.error("self-hosted-runner", format!("{whose} runs on a machine that keeps state between runs"));
    }
    if job.continue_on_error {
        findings.error("ignored-failure", format!("{whose} leaves the run green when it fails"));
    }
    for (i, step) in job.steps.iter().enumerate() {
        let number = i + 1;
        let step_name = step.name.as_deref().map_or_else(|| format!("step {number}"), |name| format!("step {name:?}"));
        audit_step(findings, &format!("{whose}, {step_name}"), step);
    }
}

fn audit_step(findings: &mut Findings, whose: &str, step: &Step) {
    if step.continue_on_error {
        findings.error("ignored-failure", format!("{whose} leaves the job green when it fails"));
    }
    match &step.work {
        Work::Uses { action, with } => {
            if !action.is_pinned() {
                findings.error("unpinned-action", format!("{whose} uses {action}, which is not a full commit sha"));
            } else if !action.is_allowed() {
                findings.error("action-not-allowed", format!("{whose} uses {action}, which is not on the allow-list"));
            }
            let kept = with.get("persist-credentials").is_none_or(|value| value.to_text() != "false");
            if action.action() == "actions/checkout" && kept {
                findings.error("persisted-credentials", format!("{whose} leaves the token in the working copy"));
            }
            let runs_code = with.get("script").is_some_and(|script| has_untrusted_expression(&script.to_text()));
            if runs_code {
                findings.error("script-injection", format!("{whose} expands an expression inside a script"));
            }
        }
        Work::Run { script, shell, .. } => audit_script(findings, whose, script, shell.as_deref()),
    }
}

fn audit_script(findings: &mut Findings, whose: &str, text: &str, shell: Option<&str>) {
    if has_untrusted_expression(text) || shell.is_some_and(|shell| shell.contains("${{")) {
        findings
            .error("script-injection", format!("{whose} expands an expression inside a script; pass it through env"));
    }
    for fault in script::faults(text) {
        match fault {
            script::Fault::DownloadIntoShell => {
                findings.error("download-into-shell", format!("{whose} runs what it downloads, unverified"));
            }
            script::Fault::IgnoredFailure(words) => {
                findings.error("ignored-failure", format!("{whose} hides failures with `{words}`"));
            }
            script::Fault::UnlockedInstall(words) => {
                findings.error("unlocked-install", format!("{whose} installs with `{words}`, past the lock file"));
            }
            script::Fault::InstallScripts => {
                findings.error("install-scripts", format!("{whose} runs packages' install scripts"));
            }
        }
    }
}

/// Whether a `${{ … }}` is expanded into the text other than a matrix or runner value, which the workflow itself states.
fn has_untrusted_expression(text: &str) -> bool {
    text.split("${{").skip(1).any(|rest| {
        let inside = rest.split_once("}}").map_or(rest, |(inside, _)| inside).trim();
        let stated = inside.strip_prefix("matrix.").or_else(|| inside.strip_prefix("runner."));
        !stated.is_some_and(|name| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        })
    })
}
