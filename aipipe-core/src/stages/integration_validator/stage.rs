//! Stage 5: checks all files together, adds the lock file and the CI workflow, publishes the validated tree.

use super::{
    ArchitectureFacts, Origin, SourceFile, ValidatorOptions, check_files, ci_workflow, workflow, workflow_path,
};
use crate::domain::{
    ArchitecturePlan, ArtifactKey, CodeBundle, CodeFile, Finding, RepoPath, Route, Severity, Stack, StageName, StepKey,
    ValidationReport,
};
use crate::pipeline::{Outcome, Stage, StageContext};
use crate::ports::{LockRequest, PackageManager};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Validates the bundle; an error finding stops the pipeline before anything is published.
#[derive(Debug)]
pub struct IntegrationValidator {
    packages: Arc<dyn PackageManager>,
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
        Self { packages }
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
    ) -> Result<CodeFile> {
        let stack = plan.decision.stack;
        let manifests: BTreeMap<_, _> =
            contents.iter().filter(|(path, _)| is_manifest(stack, path)).map(|(p, c)| (p.clone(), c.clone())).collect();
        let hashes: BTreeMap<_, _> =
            manifests.iter().map(|(path, content)| (path.clone(), crate::domain::ContentHash::of(content))).collect();
        let request = LockRequest { stack, runtime_version: plan.build.runtime_version.clone(), manifests };
        let made: JournaledLock = cx
            .step(&StepKey::literal("lock-file"), &hashes, |_| async {
                let lock = self.packages.lock(&request).await?;
                let content = cx.store_bytes(lock.content).await?;
                Ok(JournaledLock { path: lock.path, content, tool: lock.tool })
            })
            .await?;
        Ok(CodeFile {
            path: made.path,
            content: made.content,
            executable: false,
            route: Route::PackageManager { tool: made.tool },
            reason: "exact versions of every package, so that an install is repeatable".to_owned(),
            stories: Vec::new(),
        })
    }

    async fn workflow_file(&self, cx: &StageContext, plan: &ArchitecturePlan) -> Result<CodeFile> {
        let model = ci_workflow(plan);
        let text = workflow::render(&model);
        // What CI will read must be what was meant.
        let faults = workflow::audit(&model);
        if workflow::parse(&text)? != model || !faults.is_empty() {
            let message = faults.first().map_or("it does not parse back to its model", |fault| fault.message.as_str());
            return Err(Error::new(ErrorKind::Internal, "workflow.render", message.to_owned()));
        }
        Ok(CodeFile {
            path: workflow_path(),
            content: cx.store_bytes(Bytes::from(text)).await?,
            executable: false,
            route: Route::Template { template: format!("{}/workflow", plan.decision.stack) },
            reason: "the stack's checks, with least permissions and actions pinned by commit".to_owned(),
            stories: Vec::new(),
        })
    }
}

/// The files a stack's package manager resolves.
fn is_manifest(stack: Stack, path: &RepoPath) -> bool {
    match stack {
        Stack::PythonApi => matches!(path.as_str(), "requirements.in" | "requirements-dev.in"),
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
        "2".to_owned()
    }

    async fn run(&self, cx: &StageContext, bundle: CodeBundle) -> Result<Outcome<ValidationReport>> {
        let plan: ArchitecturePlan = cx.load(&bundle.plan).await?;
        let stored = cx.store(&bundle).await?;
        let mut contents = BTreeMap::new();
        for (path, file) in bundle.final_files() {
            contents.insert(path.clone(), cx.load_bytes(&file.content).await?);
        }
        let findings = findings(&plan, &contents)?;
        let errors: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
        if let Some(first) = errors.first() {
            let message = format!("{} in {}: {}", first.rule, first.file, first.message);
            return Err(Error::new(ErrorKind::ValidationFailed, "validate.files", message).with("errors", errors.len()));
        }
        let files_checked = contents.len();
        let additions = vec![self.lock_file(cx, &plan, &contents).await?, self.workflow_file(cx, &plan).await?];
        for file in &additions {
            contents.insert(file.path.clone(), cx.load_bytes(&file.content).await?);
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
            required_checks: plan.build.required_checks.clone(),
        }))
    }
}

fn findings(plan: &ArchitecturePlan, contents: &BTreeMap<RepoPath, Bytes>) -> Result<Vec<Finding>> {
    let mut texts = Vec::new();
    for (path, content) in contents {
        let text = std::str::from_utf8(content).map_err(|_| {
            Error::new(ErrorKind::ValidationFailed, "validate.files", "a generated file is not UTF-8")
                .with("file", path)
        })?;
        texts.push((path, text));
    }
    let files: Vec<_> = texts.iter().map(|(path, content)| SourceFile { path, content }).collect();
    // A story that needs a model has no files yet; what was made of the others must keep its promise.
    let mut facts = ArchitectureFacts::of(plan);
    facts.components.retain(|path, _| contents.contains_key(path));
    facts.story_files.clear();
    let options = ValidatorOptions::default().with_origin(Origin::Generated).with_architecture(facts);
    Ok(check_files(&files, options))
}
