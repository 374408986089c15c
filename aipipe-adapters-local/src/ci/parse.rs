//! From a workflow's YAML to a [`Workflow`]. What can't be run here is refused before anything runs.

use super::actions::Action;
use super::condition::Condition;
use super::expression::{Level, Site, Template, Variant, is_name};
use super::matrix;
use super::workflow::{Job, Script, Shell, Step, StepKind, Variables, Workflow};
use super::yaml::{Fields, Node, invalid, unsupported};
use aipipe_core::Result;
use aipipe_core::domain::{CheckName, JobId};
use std::collections::BTreeSet;
use std::time::Duration;

const MAX_JOBS: usize = 100;
const MAX_STEPS: usize = 200;

/// Events a local run can stand for, the first that the workflow names.
const EVENTS: &[&str] = &["push", "pull_request", "workflow_dispatch"];

/// Keys GitHub knows for jobs and this runner does not.
const JOB_UNSUPPORTED: &[&str] = &["container", "services", "uses", "with", "secrets", "environment", "snapshot"];

/// Parses a workflow; `file` names it in messages.
pub(super) fn workflow(text: &str, file: &str) -> Result<Workflow> {
    let mut fields = Fields::of(Node::parse(text, file)?, "the workflow")?;
    let mut notes = Vec::new();
    let name = fields.take_text("name")?.unwrap_or_else(|| file.to_owned());
    fields.take_text("run-name")?;
    let event = event(fields.take("on"), &mut notes)?;
    if fields.take("permissions").is_some() {
        notes.push("permissions are not applied: no token exists in a local run".to_owned());
    }
    if fields.take("concurrency").is_some() {
        notes.push("concurrency groups are not applied: a local run is started by its caller alone".to_owned());
    }
    let site = Site::workflow("the workflow", event);
    let env = variables(fields.take("env"), &site)?;
    let defaults = defaults(fields.take("defaults"), &site, &Defaults::default())?;
    let jobs = match fields.take("jobs") {
        Some(Node::Map(jobs)) if !jobs.is_empty() => jobs,
        _ => return Err(invalid("the workflow has no jobs")),
    };
    fields.finish(&[])?;
    let mut all = Vec::new();
    for (key, node) in jobs {
        all.extend(variants_of(&key, node, event, &defaults, &mut notes)?);
        if all.len() > MAX_JOBS {
            return Err(invalid(format!("the workflow has more than {MAX_JOBS} jobs, each variant counted")));
        }
    }
    let jobs = all;
    // Every variant says the same.
    let mut said = BTreeSet::new();
    notes.retain(|note| said.insert(note.clone()));
    let mut names = BTreeSet::new();
    if let Some(twice) = jobs.iter().find(|job| !names.insert(job.name.clone())) {
        return Err(unsupported(format!("two jobs with the name {}: checks are told apart by it", twice.name)));
    }
    Ok(Workflow { name, event, env, jobs: in_order(jobs)?, notes })
}

fn event(node: Option<Node>, notes: &mut Vec<String>) -> Result<&'static str> {
    let names: Vec<(String, Option<Node>)> = match node {
        Some(Node::Text(name)) => vec![(name, None)],
        Some(Node::List(items)) => items.iter().filter_map(Node::scalar).map(|name| (name, None)).collect(),
        Some(Node::Map(entries)) => entries.into_iter().map(|(name, node)| (name, Some(node))).collect(),
        _ => return Err(invalid("the workflow has no `on`")),
    };
    for event in EVENTS {
        if let Some((_, filter)) = names.iter().find(|(name, _)| name == event) {
            if matches!(filter, Some(Node::Map(_))) {
                notes.push(format!("filters of on.{event} are not applied: a local run is asked for explicitly"));
            }
            return Ok(event);
        }
    }
    Err(invalid("`on` names none of push, pull_request, workflow_dispatch"))
}

#[derive(Debug, Clone, Default)]
struct Defaults {
    directory: Option<Template>,
    shell: Shell,
}

fn defaults(node: Option<Node>, site: &Site<'_>, outer: &Defaults) -> Result<Defaults> {
    let mut defaults = outer.clone();
    let Some(node) = node else { return Ok(defaults) };
    let place = site.place;
    let mut fields = Fields::of(node, format!("defaults of {place}"))?;
    if let Some(run) = fields.take("run") {
        let mut run = Fields::of(run, format!("defaults.run of {place}"))?;
        if let Some(directory) = run.take_text("working-directory")? {
            defaults.directory = Some(Template::parse(&directory, site)?);
        }
        if let Some(name) = run.take_text("shell")? {
            defaults.shell = shell(&name, run.place())?;
        }
        run.finish(&[])?;
    }
    fields.finish(&[])?;
    Ok(defaults)
}

/// The variants of a job; a job without a matrix is the only one of itself.
fn variants_of(key: &str, node: Node, event: &str, outer: &Defaults, notes: &mut Vec<String>) -> Result<Vec<Job>> {
    if !is_name(key) {
        let shown: String = key.chars().take(80).collect();
        return Err(invalid(format!("{shown:?} is no job id")));
    }
    let place = format!("job {key}");
    let mut fields = Fields::of(node, place.clone())?;
    let needs = needs(fields.take("needs"), &place)?;
    let matrix = matrix::read(fields.take("strategy"), &place)?;
    let site = Site { needs: &needs, ..Site::workflow(&place, event) };
    let Some(matrix) = matrix else {
        let mut only = job(key, fields, &site, outer, notes)?;
        only.needs.clone_from(&needs);
        return Ok(vec![only]);
    };
    let variants = matrix.variants.into_iter().enumerate().map(|(index, variant)| {
        let mut job = job(key, fields.clone(), &Site { variant: &variant, ..site }, outer, notes)?;
        // A dot is in no job's key, so the id is nobody else's.
        job.id = JobId::parse(format!("{key}.{}", index + 1))?;
        job.fail_fast = matrix.fail_fast;
        job.needs.clone_from(&needs);
        job.variant = variant;
        Ok(job)
    });
    variants.collect()
}

fn needs(node: Option<Node>, place: &str) -> Result<Vec<String>> {
    let refuse = || invalid(format!("needs of {place} must name jobs"));
    match node {
        None => Ok(Vec::new()),
        Some(Node::Text(id)) => Ok(vec![id]),
        Some(Node::List(items)) => items.iter().map(|item| item.scalar().ok_or_else(refuse)).collect(),
        Some(_) => Err(refuse()),
    }
}

/// One variant of a job, as its keys say; what the matrix decides is filled in by the caller.
fn job(key: &str, mut fields: Fields, site: &Site<'_>, outer: &Defaults, notes: &mut Vec<String>) -> Result<Job> {
    let place = site.place;
    let site = site.at(Level::Job, place);
    runs_on(fields.take("runs-on"), place, JOB_UNSUPPORTED.iter().any(|key| fields.has(key)))?;
    let name = name(fields.take_text("name")?, key, &site)?;
    if fields.take("permissions").is_some() {
        notes.push(format!("permissions of {place} are not applied: no token exists in a local run"));
    }
    if fields.take("concurrency").is_some() {
        notes.push(format!("concurrency of {place} is not applied"));
    }
    let condition = condition(&mut fields, &site.at(Level::JobCondition, place))?;
    let timeout = minutes(fields.take("timeout-minutes"), place)?;
    let env = variables(fields.take("env"), &site)?;
    let continue_on_error = flag(fields.take("continue-on-error"), "continue-on-error", place)?;
    let defaults = defaults(fields.take("defaults"), &site, outer)?;
    let outputs = fields.take("outputs");
    let steps = fields.take("steps");
    fields.finish(JOB_UNSUPPORTED)?;
    let Some(Node::List(steps)) = steps else { return Err(invalid(format!("{place} has no steps"))) };
    if steps.is_empty() || steps.len() > MAX_STEPS {
        return Err(invalid(format!("{place} must have 1 to {MAX_STEPS} steps")));
    }
    let steps: Vec<Step> = steps
        .into_iter()
        .enumerate()
        .map(|(index, node)| {
            let place = format!("step {} of {place}", index + 1);
            step(node, &site.at(Level::Step, &place), &defaults)
        })
        .collect::<Result<_>>()?;
    let mut ids = BTreeSet::new();
    if let Some(twice) = steps.iter().filter_map(|step| step.id.as_ref()).find(|id| !ids.insert(*id)) {
        return Err(invalid(format!("{place} has two steps with the id {twice}")));
    }
    let outputs = self::outputs(outputs, &site.at(Level::Step, place))?;
    Ok(Job {
        id: JobId::parse(key)?,
        key: key.to_owned(),
        name,
        variant: Variant::new(),
        fail_fast: true,
        needs: Vec::new(),
        condition,
        timeout,
        env,
        continue_on_error,
        steps,
        outputs,
    })
}

/// The name of the check: as it is written, with the variant's values behind it unless an expression names them.
fn name(written: Option<String>, key: &str, site: &Site<'_>) -> Result<CheckName> {
    let written = written.unwrap_or_else(|| key.to_owned());
    let literal = Template::parse(&written, &site.at(Level::Job, &format!("the name of {}", site.place)))?.literal();
    let mut name = literal.ok_or_else(|| unsupported(format!("expression in the name of {}", site.place)))?;
    if !site.variant.is_empty() && !written.contains("${{") {
        let values: Vec<&str> = site.variant.iter().map(|(_, value)| value.as_str()).collect();
        name.push_str(&format!(" ({})", values.join(", ")));
    }
    Ok(CheckName::parse(&name)?)
}

fn outputs(node: Option<Node>, site: &Site<'_>) -> Result<Variables> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let place = format!("outputs of {}", site.place);
    let entries = Fields::of(node, &place)?.rest();
    entries
        .into_iter()
        .map(|(name, value)| {
            if !is_name(&name) {
                return Err(invalid(format!("{name:?} in {place} is no output's name")));
            }
            let value = value.scalar().ok_or_else(|| invalid(format!("{name} in {place} must be a scalar")))?;
            Ok((name, Template::parse(&value, site)?))
        })
        .collect()
}

fn runs_on(node: Option<Node>, place: &str, excused: bool) -> Result<()> {
    let labels = match node {
        Some(Node::Text(label)) => vec![label],
        Some(Node::List(items)) => items.iter().filter_map(Node::scalar).collect(),
        // A job that calls another workflow has none; the call itself is refused with its own message.
        None if excused => return Ok(()),
        _ => return Err(invalid(format!("{place} has no runs-on"))),
    };
    let fine = |label: &String| {
        label == "self-hosted" || label == "linux" || label == "ubuntu-latest" || label.starts_with("ubuntu-")
    };
    match labels.iter().find(|label| !fine(label)) {
        None if labels.is_empty() => Err(invalid(format!("{place} has no runs-on"))),
        None => Ok(()),
        Some(label) => Err(unsupported(format!("runs-on {label} in {place}"))),
    }
}

fn step(node: Node, site: &Site<'_>, defaults: &Defaults) -> Result<Step> {
    let place = site.place;
    let mut fields = Fields::of(node, place)?;
    let name = fields.take_text("name")?;
    let id = fields.take_text("id")?;
    if let Some(id) = id.as_ref().filter(|id| !is_name(id)) {
        return Err(invalid(format!("{id:?} in {place} is no step id")));
    }
    let condition = condition(&mut fields, site)?;
    let timeout = minutes(fields.take("timeout-minutes"), place)?;
    let env = variables(fields.take("env"), site)?;
    let continue_on_error = flag(fields.take("continue-on-error"), "continue-on-error", place)?;
    let (run, uses) = (fields.take_text("run")?, fields.take_text("uses")?);
    let (title, kind) = match (run, uses) {
        (Some(run), None) => {
            let directory = fields.take_text("working-directory")?;
            let directory = directory.map(|text| Template::parse(&text, site)).transpose()?;
            let shell = fields.take_text("shell")?.map(|name| shell(&name, place)).transpose()?;
            let text = Template::parse(&run, site)?;
            let first = run.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
            let script = Script {
                text,
                directory: directory.or_else(|| defaults.directory.clone()),
                shell: shell.unwrap_or(defaults.shell),
            };
            (format!("Run {first}"), StepKind::Run(script))
        }
        (None, Some(uses)) => {
            let with = fields.take("with");
            (format!("Run {uses}"), StepKind::Use(Action::parse(&uses, with, site)?))
        }
        (Some(_), Some(_)) => return Err(invalid(format!("{place} has both run and uses"))),
        (None, None) => return Err(invalid(format!("{place} has neither run nor uses"))),
    };
    fields.finish(&[])?;
    let name = Template::parse(&name.unwrap_or(title), site)?;
    Ok(Step { name, id, condition, timeout, env, continue_on_error, kind })
}

fn condition(fields: &mut Fields, site: &Site<'_>) -> Result<Condition> {
    let text = fields.take_text("if")?;
    text.map_or(Ok(Condition::default()), |text| Condition::parse(&text, site))
}

fn shell(name: &str, place: &str) -> Result<Shell> {
    if name == "bash" { Ok(Shell::Bash) } else { Err(unsupported(format!("shell {name} in {place}"))) }
}

fn flag(node: Option<Node>, key: &str, place: &str) -> Result<bool> {
    match node {
        None => Ok(false),
        Some(Node::Bool(value)) => Ok(value),
        Some(Node::Text(text)) if text.contains("${{") => Err(unsupported(format!("expression for {key} in {place}"))),
        Some(other) => Err(invalid(format!("{key} of {place} must be true or false, not {}", other.kind()))),
    }
}

fn minutes(node: Option<Node>, place: &str) -> Result<Option<Duration>> {
    let refuse = || invalid(format!("timeout-minutes of {place} must be a number of minutes, 1 to 10080"));
    match node {
        None => Ok(None),
        Some(Node::Integer(minutes)) if (1..=10_080).contains(&minutes) => {
            Ok(Some(Duration::from_secs(u64::try_from(minutes).map_err(|_| refuse())? * 60)))
        }
        Some(Node::Float(minutes)) if minutes > 0.0 && minutes <= 10_080.0 => {
            Ok(Some(Duration::from_secs_f64(minutes * 60.0)))
        }
        Some(Node::Text(text)) if text.contains("${{") => {
            Err(unsupported(format!("expression for timeout-minutes in {place}")))
        }
        Some(_) => Err(refuse()),
    }
}

fn variables(node: Option<Node>, site: &Site<'_>) -> Result<Variables> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let place = format!("env of {}", site.place);
    let site = site.at(site.level, &place);
    if matches!(&node, Node::Text(text) if text.contains("${{")) {
        return Err(unsupported(format!("expression for {place}")));
    }
    Fields::of(node, &place)?
        .rest()
        .into_iter()
        .map(|(name, value)| {
            if !is_variable(&name) {
                return Err(invalid(format!("{name:?} in {place} is no variable name")));
            }
            let value = value.scalar().ok_or_else(|| invalid(format!("{name} in {place} must be a scalar")))?;
            if value.contains('\0') {
                return Err(invalid(format!("{name} in {place} has a NUL character")));
            }
            Ok((name, Template::parse(&value, &site)?))
        })
        .collect()
}

/// A variable's name as shells have it.
pub(super) fn is_variable(name: &str) -> bool {
    let mut characters = name.chars();
    name.len() <= 200
        && characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Every job after those it needs.
fn in_order(mut waiting: Vec<Job>) -> Result<Vec<Job>> {
    let known: BTreeSet<String> = waiting.iter().map(|job| job.key.clone()).collect();
    for job in &waiting {
        if let Some(missing) = job.needs.iter().find(|need| !known.contains(*need)) {
            return Err(invalid(format!("job {} needs {missing:?}, which is no job", job.id)));
        }
    }
    let mut ordered = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        // A job is placed when all its variants are.
        let left: BTreeSet<&str> = waiting.iter().map(|job| job.key.as_str()).collect();
        let Some(next) = waiting.iter().position(|job| job.needs.iter().all(|need| !left.contains(need.as_str())))
        else {
            let stuck: Vec<&str> = waiting.iter().map(|job| job.id.as_str()).collect();
            return Err(invalid(format!("jobs need each other: {}", stuck.join(", "))));
        };
        ordered.push(waiting.remove(next));
    }
    Ok(ordered)
}
