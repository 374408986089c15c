//! YAML to a workflow: everything that is not in the type is an error.

use super::{
    Access, ActionRef, Concurrency, EventName, Identifier, Job, Permissions, Scalar, Step, Strategy, Trigger, Work,
    Workflow,
};
use crate::domain::ParseError;
use crate::{Error, ErrorKind, Result};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// More than any workflow needs, and little enough to read at once.
const MAX_BYTES: usize = 512 * 1024;

/// Reads a workflow file.
///
/// # Errors
/// `InvalidInput` when it is not YAML, not a workflow, uses something this type can't express, or is larger than
/// 512 KiB. Aliases and nesting are limited by the YAML reader, so small text can't expand into large values.
pub fn parse(yaml: &str) -> Result<Workflow> {
    let refuse = |message: String| Error::new(ErrorKind::InvalidInput, "workflow.parse", message);
    if yaml.len() > MAX_BYTES {
        return Err(refuse(format!("the workflow has more than {MAX_BYTES} bytes")));
    }
    // GitHub reads YAML 1.2, in which `yes` and `on` are texts.
    let options = serde_saphyr::options! { strict_booleans: true };
    let file: WorkflowFile = serde_saphyr::from_str_with_options(yaml, options).map_err(|error| {
        // The reader's message quotes the text around the fault; its first line says what and where.
        refuse(error.to_string().lines().next().unwrap_or("not a workflow").to_owned())
    })?;
    let comments = Comments(yaml.lines().collect());
    let mut jobs = Vec::with_capacity(file.jobs.0.len());
    for (id, job) in file.jobs.0 {
        let context = id.clone();
        jobs.push(job.into_job(id, &comments).map_err(|error| Error::from(error).with("job", context))?);
    }
    Ok(Workflow {
        name: file.name.unwrap_or_default(),
        on: file.on.0,
        permissions: file.permissions,
        concurrency: file.concurrency.map(|c| Concurrency { group: c.group, cancel_in_progress: c.cancel_in_progress }),
        env: file.env,
        jobs,
    })
}

/// The lines of the file, for the comment beside a `uses`.
struct Comments<'a>(Vec<&'a str>);

impl Comments<'_> {
    /// The version stated right behind the text that was read from this line (counted from 1).
    fn version_beside(&self, uses: &str, line: u64) -> Option<&str> {
        let line = usize::try_from(line).ok()?.checked_sub(1)?;
        let (_, rest) = self.0.get(line)?.split_once(uses)?;
        let comment = rest.trim_start_matches(['\'', '"']).strip_prefix(' ')?.trim_start().strip_prefix('#')?;
        comment.split_whitespace().next()
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WorkflowFile {
    #[serde(default)]
    name: Option<String>,
    on: Triggers,
    #[serde(default)]
    permissions: Option<Permissions>,
    #[serde(default)]
    concurrency: Option<ConcurrencyFile>,
    #[serde(default)]
    env: BTreeMap<String, Scalar>,
    jobs: Entries<Identifier, JobFile>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ConcurrencyFile {
    group: String,
    #[serde(default)]
    cancel_in_progress: bool,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TriggerFile {
    branches: Vec<String>,
    paths: Vec<String>,
    types: Vec<String>,
}

impl TriggerFile {
    fn into_trigger(self, event: EventName) -> Trigger {
        Trigger { event, branches: self.branches, paths: self.paths, types: self.types }
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct JobFile {
    #[serde(default)]
    name: Option<String>,
    runs_on: String,
    #[serde(default)]
    timeout_minutes: Option<u32>,
    #[serde(default)]
    needs: OneOrMany<Identifier>,
    #[serde(default, rename = "if")]
    condition: Option<String>,
    #[serde(default)]
    permissions: Option<Permissions>,
    #[serde(default)]
    env: BTreeMap<String, Scalar>,
    #[serde(default)]
    outputs: BTreeMap<String, String>,
    #[serde(default)]
    strategy: Option<StrategyFile>,
    #[serde(default)]
    continue_on_error: bool,
    steps: Vec<StepFile>,
}

impl JobFile {
    fn into_job(self, id: Identifier, comments: &Comments<'_>) -> Result<Job, ParseError> {
        Ok(Job {
            id,
            name: self.name,
            runs_on: self.runs_on,
            timeout_minutes: self.timeout_minutes,
            needs: self.needs.0,
            condition: self.condition,
            permissions: self.permissions,
            outputs: self.outputs,
            env: self.env,
            strategy: self.strategy.map(|s| Strategy { fail_fast: s.fail_fast.unwrap_or(true), matrix: s.matrix }),
            continue_on_error: self.continue_on_error,
            steps: self.steps.into_iter().map(|step| step.into_step(comments)).collect::<Result<_, _>>()?,
        })
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct StrategyFile {
    #[serde(default)]
    fail_fast: Option<bool>,
    matrix: BTreeMap<String, Vec<Scalar>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct StepFile {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    id: Option<Identifier>,
    #[serde(default, rename = "if")]
    condition: Option<String>,
    #[serde(default)]
    uses: Option<Spanned<String>>,
    #[serde(default)]
    with: BTreeMap<String, Scalar>,
    #[serde(default)]
    run: Option<String>,
    #[serde(default)]
    shell: Option<String>,
    #[serde(default)]
    working_directory: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, Scalar>,
    #[serde(default)]
    continue_on_error: bool,
}

impl StepFile {
    fn into_step(self, comments: &Comments<'_>) -> Result<Step, ParseError> {
        let said = self.name.clone().unwrap_or_default();
        let refuse = |reason| Err(ParseError::new("workflow step", &said, reason));
        let work = match (self.uses, self.run) {
            (Some(_), Some(_)) => return refuse("has both uses and run"),
            (None, None) => return refuse("has neither uses nor run"),
            (Some(_), None) if self.shell.is_some() || self.working_directory.is_some() => {
                return refuse("uses an action, which has no shell or working-directory");
            }
            (None, Some(_)) if !self.with.is_empty() => return refuse("runs a script, which has no inputs"),
            (Some(uses), None) => {
                let version = comments.version_beside(&uses.value, uses.referenced.line());
                Work::Uses { action: ActionRef::parse(&uses.value, version)?, with: self.with }
            }
            (None, Some(script)) => Work::Run { script, shell: self.shell, working_directory: self.working_directory },
        };
        Ok(Step {
            name: self.name,
            id: self.id,
            condition: self.condition,
            work,
            env: self.env,
            continue_on_error: self.continue_on_error,
        })
    }
}

/// A mapping in the order of the file.
struct Entries<K, V>(Vec<(K, V)>);

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Entries<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<K, V>(PhantomData<(K, V)>);
        impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for EntriesVisitor<K, V> {
            type Value = Entries<K, V>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

/// One value or a list of them.
struct OneOrMany<T>(Vec<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de> Deserialize<'de> for OneOrMany<Identifier> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrManyVisitor;
        impl<'de> Visitor<'de> for OneOrManyVisitor {
            type Value = OneOrMany<Identifier>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a job's key or a list of them")
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
                Ok(OneOrMany(vec![Identifier::parse(value).map_err(E::custom)?]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    values.push(value);
                }
                Ok(OneOrMany(values))
            }
        }
        deserializer.deserialize_any(OneOrManyVisitor)
    }
}

/// `on:` in its three forms: one event, a list of events, a mapping with filters.
struct Triggers(Vec<Trigger>);

impl<'de> Deserialize<'de> for Triggers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TriggersVisitor;
        impl<'de> Visitor<'de> for TriggersVisitor {
            type Value = Triggers;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event, a list of events or a mapping of events")
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Triggers, E> {
                let event = EventName::parse(value).map_err(E::custom)?;
                Ok(Triggers(vec![TriggerFile::default().into_trigger(event)]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Triggers, A::Error> {
                let mut triggers = Vec::new();
                while let Some(event) = seq.next_element()? {
                    triggers.push(TriggerFile::default().into_trigger(event));
                }
                Ok(Triggers(triggers))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Triggers, A::Error> {
                let mut triggers = Vec::new();
                while let Some((event, filter)) = map.next_entry::<EventName, Option<TriggerFile>>()? {
                    triggers.push(filter.unwrap_or_default().into_trigger(event));
                }
                Ok(Triggers(triggers))
            }
        }
        deserializer.deserialize_any(TriggersVisitor)
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PermissionsVisitor;
        impl<'de> Visitor<'de> for PermissionsVisitor {
            type Value = Permissions;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("read-all, write-all or a mapping of scopes")
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Permissions, E> {
                match value {
                    "read-all" => Ok(Permissions::ReadAll),
                    "write-all" => Ok(Permissions::WriteAll),
                    _ => Err(E::custom("permissions are neither read-all nor write-all")),
                }
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Permissions, A::Error> {
                let mut scopes = BTreeMap::new();
                while let Some((scope, access)) = map.next_entry::<String, Access>()? {
                    scopes.insert(scope, access);
                }
                Ok(Permissions::Scopes(scopes))
            }
        }
        deserializer.deserialize_any(PermissionsVisitor)
    }
}
