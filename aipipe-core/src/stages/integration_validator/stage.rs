//! Stage 5: checks all files together, adds the lock file and the CI workflow, publishes the validated tree.

use super::workflow::{self, Workflow};
use super::{
    ArchitectureFacts, Origin, SourceFile, ValidatorOptions, WorkflowOptions, audit_script, check_files, ci_workflow,
    required_checks, scan, workflow_path,
};
use crate::domain::{
    ArchitecturePlan, ArtifactKey, CodeBundle, CodeFile, Finding, RepoPath, Route, Severity, Stack, StageName, StepKey,
    StoryId, StoryResult, StoryStatus, ValidationReport,
};
use crate::pipeline::{Outcome, Stage, StageContext};
use crate::ports::{LockRequest, PackageManager};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Validates the bundle; an error finding stops the pipeline before anything is published.
#[derive(Debug)]
pub struct IntegrationValidator {
    packages: Option<Arc<dyn PackageManager>>,
    workflow: WorkflowOptions,
    /// What may be used besides the packages of the plan's stack.
    further_packages: BTreeSet<String>,
}

/// A lock as it is journaled: the content lies in the artifact store.
#[derive(Debug, Serialize, Deserialize)]
struct JournaledLock {
    path: RepoPath,
    content: crate::domain::ArtifactRef,
    tool: String,
}

impl IntegrationValidator {
    /// Has lock files made by this package manager.
    #[must_use]
    pub fn new(packages: Arc<dyn PackageManager>) -> Self {
        Self { packages: Some(packages), workflow: WorkflowOptions::default(), further_packages: BTreeSet::new() }
    }

    /// Makes no lock file: for where no package manager may run. The workflow needs one before it can pass.
    #[must_use]
    pub fn without_lock() -> Self {
        Self { packages: None, workflow: WorkflowOptions::default(), further_packages: BTreeSet::new() }
    }

    /// The same with other options for the CI workflow.
    #[must_use]
    pub fn with_workflow(mut self, options: WorkflowOptions) -> Self {
        self.workflow = options;
        self
    }

    /// The same with packages that may be used besides those of the stack, for templates of the host's own.
    #[must_use]
    pub fn with_further_packages(mut self, packages: impl IntoIterator<Item = String>) -> Self {
        self.further_packages.extend(packages);
        self
    }

    /// The stage's name: `integration-validator`.
    #[must_use]
    pub fn stage_name() -> StageName {
        StageName::literal("integration-validator")
    }

    async fn lock_file(
        &self,
        cx: &StageContext,
        plan: &ArchitecturePlan,
        contents: &BTreeMap<RepoPath, Bytes>,
    ) -> Result<Option<CodeFile>> {
        let Some(packages) = &self.packages else { return Ok(None) };
        let stack = plan.decision.stack;
        let manifests: BTreeMap<_, _> =
            contents.iter().filter(|(path, _)| is_manifest(stack, path)).map(|(p, c)| (p.clone(), c.clone())).collect();
        let hashes: BTreeMap<_, _> =
            manifests.iter().map(|(path, content)| (path.clone(), crate::domain::ContentHash::of(content))).collect();
        let request = LockRequest { stack, runtime_version: plan.build.oldest_runtime_version.to_string(), manifests };
        let made: JournaledLock = cx
            .step(&StepKey::literal("lock-file"), &hashes, |_| async {
                let lock = packages.lock(&request).await?;
                let content = cx.store_bytes(lock.content).await?;
                Ok(JournaledLock { path: lock.path, content, tool: lock.tool })
            })
            .await?;
        Ok(Some(CodeFile {
            path: made.path,
            content: made.content,
            executable: false,
            route: Route::PackageManager { tool: made.tool },
            reason: "exact versions of every package, so that an install is repeatable".to_owned(),
            stories: Vec::new(),
        }))
    }

    async fn workflow_file(&self, cx: &StageContext, stack: Stack, model: &Workflow) -> Result<CodeFile> {
        let text = workflow::render(model);
        // What CI will read must be what was meant.
        let faults = workflow::audit(model);
        if workflow::parse(&text)? != *model || !faults.is_empty() {
            let message = faults.first().map_or("it does not parse back to its model", |fault| fault.message.as_str());
            return Err(Error::new(ErrorKind::Internal, "workflow.render", message.to_owned()));
        }
        let reason = "the stack's checks, with least permissions and actions pinned by commit";
        addition(cx, workflow_path(), Bytes::from(text), format!("{stack}/workflow"), reason).await
    }

    async fn audit_file(&self, cx: &StageContext, stack: Stack) -> Result<CodeFile> {
        let (path, text) = audit_script(stack);
        let reason = "tells an audit that found something from one that could not be had";
        addition(cx, path, Bytes::from_static(text.as_bytes()), format!("{stack}/audit"), reason).await
    }
}

async fn addition(
    cx: &StageContext,
    path: RepoPath,
    content: Bytes,
    template: String,
    reason: &str,
) -> Result<CodeFile> {
    Ok(CodeFile {
        path,
        content: cx.store_bytes(content).await?,
        executable: false,
        route: Route::Template { template },
        reason: reason.to_owned(),
        stories: Vec::new(),
    })
}

/// The files a stack's package manager resolves.
fn is_manifest(stack: Stack, path: &RepoPath) -> bool {
    match stack {
        // The last says which Poetry resolves them: the one that will install.
        Stack::PythonApi => matches!(path.as_str(), "pyproject.toml" | "poetry.toml" | "tools/poetry.txt"),
        _ => path.as_str() == "package.json",
    }
}

#[async_trait]
impl Stage for IntegrationValidator {
    type Input = CodeBundle;
    type Output = ValidationReport;

    fn name(&self) -> StageName {
        Self::stage_name()
    }

    fn revision(&self) -> String {
        let lock = if self.packages.is_some() { "" } else { " without lock" };
        format!("5{lock} {:?} {:?}", self.workflow, self.further_packages)
    }

    async fn run(&self, cx: &StageContext, bundle: CodeBundle) -> Result<Outcome<ValidationReport>> {
        let plan: ArchitecturePlan = cx.load(&bundle.plan).await?;
        let stack = plan.decision.stack;
        let model = ci_workflow(&plan, &self.workflow)?;
        let stored = cx.store(&bundle).await?;
        let mut contents = BTreeMap::new();
        for (path, file) in bundle.final_files() {
            contents.insert(path.clone(), cx.load_bytes(&file.content).await?);
        }
        let findings = findings(&plan, &bundle, &self.further_packages, &contents)?;
        let errors: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
        if let Some(first) = errors.first() {
            let message = format!("{} in {}: {}", first.rule, first.file, first.message);
            return Err(Error::new(ErrorKind::ValidationFailed, "validate.files", message).with("errors", errors.len()));
        }
        let files_checked = contents.len();
        if self.packages.is_some() {
            cx.progress(1, 2, format!("{files_checked} files checked; the package manager makes the lock file"));
        }
        let mut additions: Vec<CodeFile> = self.lock_file(cx, &plan, &contents).await?.into_iter().collect();
        additions.push(self.workflow_file(cx, stack, &model).await?);
        additions.push(self.audit_file(cx, stack).await?);
        for file in &additions {
            // Whoever wrote a file there meant to decide what CI runs or installs.
            if contents.insert(file.path.clone(), cx.load_bytes(&file.content).await?).is_some() {
                let message = "a generated file stands where this stage puts its own";
                return Err(Error::new(ErrorKind::ValidationFailed, "validate.files", message).with("file", &file.path));
            }
        }
        for (path, content) in contents {
            cx.publish(&ArtifactKey::generated(cx.root(), cx.execution(), &path), content).await?;
        }
        Ok(Outcome::Done(ValidationReport {
            root: cx.root().clone(),
            bundle: stored,
            files_checked,
            findings,
            additions,
            workflow: workflow_path(),
            required_checks: required_checks(&model),
        }))
    }
}

/// What is wrong with all files of a project together, and which promises of the plan are not kept.
///
/// # Errors
/// `ValidationFailed` for a file that is not UTF-8.
pub(in crate::stages) fn findings(
    plan: &ArchitecturePlan,
    bundle: &CodeBundle,
    further: &BTreeSet<String>,
    contents: &BTreeMap<RepoPath, Bytes>,
) -> Result<Vec<Finding>> {
    let facts = promised(ArchitectureFacts::of(plan), bundle.results(), contents);
    let options = ValidatorOptions::default()
        .with_origin(Origin::Generated)
        .with_architecture(facts)
        .with_packages_of(plan)
        .with_further_packages(further.iter().cloned());
    findings_with(options, contents)
}

/// What must be there of what the plan promises, given the results of the stories. A story that needs a model has no files
/// yet; of one that is done, and of what was made of the others, every promise must be kept.
fn promised<'a>(
    mut facts: ArchitectureFacts,
    results: impl Iterator<Item = &'a StoryResult>,
    made: &BTreeMap<RepoPath, Bytes>,
) -> ArchitectureFacts {
    facts.components.retain(|path, _| made.contains_key(path));
    let mut done: BTreeSet<&StoryId> = BTreeSet::new();
    let mut tested: Vec<(&StoryId, &RepoPath)> = Vec::new();
    for result in results {
        if result.status == StoryStatus::Done {
            done.insert(&result.story);
        }
        tested.extend(result.tests.iter().map(|test| (&result.story, &test.file)));
    }
    facts.story_files.retain(|story, _| done.contains(story));
    for (story, file) in tested {
        facts.story_files.entry(story.clone()).or_default().insert(file.clone());
    }
    facts
}

fn findings_with(options: ValidatorOptions, contents: &BTreeMap<RepoPath, Bytes>) -> Result<Vec<Finding>> {
    let mut texts = Vec::new();
    for (path, content) in contents {
        let text = std::str::from_utf8(content).map_err(|_| {
            Error::new(ErrorKind::ValidationFailed, "validate.files", "a generated file is not UTF-8")
                .with("file", path)
        })?;
        texts.push((path, text));
    }
    let files: Vec<_> = texts.iter().map(|(path, content)| SourceFile { path, content }).collect();
    let mut found = check_files(&files, options);
    found.extend(files.iter().flat_map(|file| scan(file.path, file.content)));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CriterionId, CriterionTest, Rule};

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).unwrap()
    }

    fn broken(status: &StoryStatus, made: &[&str]) -> Vec<String> {
        let story = StoryId::parse("us-001").unwrap();
        let mut facts = ArchitectureFacts::default();
        let planned = path("src/rooms.txt");
        facts.components.insert(planned.clone(), BTreeSet::new());
        facts.story_files.insert(story.clone(), [planned].into());
        let test = CriterionTest {
            criterion: CriterionId::parse("us-001-ac-1").unwrap(),
            file: path("tests/rooms.txt"),
            name: "a room is booked".to_owned(),
        };
        let result = StoryResult { story, status: status.clone(), files: Vec::new(), tests: vec![test] };
        let made: BTreeMap<_, _> = made.iter().map(|file| (path(file), Bytes::new())).collect();
        let facts = promised(facts, std::iter::once(&result), &made);
        let options = ValidatorOptions::default().with_origin(Origin::Generated).with_architecture(facts);
        let found = findings_with(options, &made).unwrap();
        found.iter().map(|finding| format!("{} {}", finding.rule, finding.file)).collect()
    }

    #[test]
    fn what_a_done_story_promised_must_be_there() {
        let both = ["src/rooms.txt", "tests/rooms.txt"];
        let missing = |file: &str| format!("{} {file}", Rule::MissingStoryFile);
        assert_eq!(broken(&StoryStatus::Done, &both), [""; 0]);
        assert_eq!(broken(&StoryStatus::Done, &both[1..]), [missing("src/rooms.txt")]);
        assert_eq!(broken(&StoryStatus::Done, &both[..1]), [missing("tests/rooms.txt")]);
        // Nobody has written what waits for a model.
        let later = StoryStatus::NeedsModel { reason: "no template".to_owned() };
        assert_eq!(broken(&later, &both[1..]), [""; 0]);
    }
}
