//! The seven stages in their order, for hosts that want exactly that.

use super::architecture_planner::ArchitecturePlanner;
use super::build_repairer::BuildRepairer;
use super::document_processor::DocumentProcessor;
use super::github_orchestrator::{GithubOrchestrator, PublishOptions};
use super::integration_validator::{IntegrationValidator, WorkflowOptions};
use super::requirements_synthesizer::{ExtractionOptions, RequirementsSynthesizer};
use super::review_coordinator::{ReviewCoordinator, ReviewOptions};
use super::story_executor::{ModelOptions, StoryExecutor};
use crate::domain::{IntakeRequest, ReviewOutcome, ReviewPolicy, Stack, TestRunner};
use crate::pipeline::Pipeline;
use crate::ports::{ContinuousIntegration, LanguageModel, PackageManager, ReviewDesk, SourceControl};
use crate::redaction::{RedactionPolicy, Redactor};
use crate::stacks::TemplateOverrides;
use std::sync::Arc;

/// The ports the stages need besides the engine's stores.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StandardPorts {
    /// Makes lock files.
    pub packages: Arc<dyn PackageManager>,
    /// Keeps the repository.
    pub source_control: Arc<dyn SourceControl>,
    /// Runs its workflow.
    pub ci: Arc<dyn ContinuousIntegration>,
    /// Keeps its pull request.
    pub review_desk: Arc<dyn ReviewDesk>,
}

impl StandardPorts {
    /// These four.
    #[must_use]
    pub fn new(
        packages: Arc<dyn PackageManager>,
        source_control: Arc<dyn SourceControl>,
        ci: Arc<dyn ContinuousIntegration>,
        review_desk: Arc<dyn ReviewDesk>,
    ) -> Self {
        Self { packages, source_control, ci, review_desk }
    }

    /// The same with lock files by this one.
    #[must_use]
    pub fn with_packages(mut self, packages: Arc<dyn PackageManager>) -> Self {
        self.packages = packages;
        self
    }

    /// The same with repositories kept by this one.
    #[must_use]
    pub fn with_source_control(mut self, source_control: Arc<dyn SourceControl>) -> Self {
        self.source_control = source_control;
        self
    }

    /// The same with workflows run by this one.
    #[must_use]
    pub fn with_ci(mut self, ci: Arc<dyn ContinuousIntegration>) -> Self {
        self.ci = ci;
        self
    }

    /// The same with pull requests kept by this one.
    #[must_use]
    pub fn with_review_desk(mut self, review_desk: Arc<dyn ReviewDesk>) -> Self {
        self.review_desk = review_desk;
        self
    }
}

/// What a host decides about the stages.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StandardOptions {
    /// What is masked in the text of documents; secrets by default.
    pub redactor: Redactor,
    /// The stack; by evidence when `None`.
    pub stack: Option<Stack>,
    /// What runs the tests; the stack's usual runner when `None`.
    pub test_runner: Option<TestRunner>,
    /// What the CI workflow checks on.
    pub workflow: WorkflowOptions,
    /// Templates in the place of single ones of this crate.
    pub templates: TemplateOverrides,
    /// Who writes what no template covers; nobody when `None`.
    pub model: Option<(Arc<dyn LanguageModel>, ModelOptions)>,
    /// Who reads the documents besides the rules, and chooses the stack where these leave several open; nobody when `None`.
    pub extraction: Option<(Arc<dyn LanguageModel>, ExtractionOptions)>,
    /// How code is published.
    pub publish: PublishOptions,
    /// How it is reviewed.
    pub review: ReviewOptions,
}

impl StandardOptions {
    /// The stack by evidence, published to `main`, reviewed under `policy`.
    #[must_use]
    pub fn new(policy: ReviewPolicy) -> Self {
        Self {
            redactor: Redactor::new(RedactionPolicy::secrets_only()),
            stack: None,
            test_runner: None,
            workflow: WorkflowOptions::default(),
            templates: TemplateOverrides::default(),
            model: None,
            extraction: None,
            publish: PublishOptions::default(),
            review: ReviewOptions::new(policy),
        }
    }

    /// The same with another redactor for the text of documents.
    #[must_use]
    pub fn with_redactor(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }

    /// The same on this stack.
    #[must_use]
    pub fn with_stack(mut self, stack: Option<Stack>) -> Self {
        self.stack = stack;
        self
    }

    /// The same with tests run by this runner. A stack that can't have it is an `Unsupported` error of stage 3.
    #[must_use]
    pub fn with_test_runner(mut self, test_runner: Option<TestRunner>) -> Self {
        self.test_runner = test_runner;
        self
    }

    /// The same with other options for the CI workflow.
    #[must_use]
    pub fn with_workflow(mut self, workflow: WorkflowOptions) -> Self {
        self.workflow = workflow;
        self
    }

    /// The same with these templates in the place of single ones of this crate.
    #[must_use]
    pub fn with_templates(mut self, templates: TemplateOverrides) -> Self {
        self.templates = templates;
        self
    }

    /// The same, with this model for what no template covers.
    #[must_use]
    pub fn with_model(mut self, model: Arc<dyn LanguageModel>, options: ModelOptions) -> Self {
        self.model = Some((model, options));
        self
    }

    /// The same, with this model reading the documents besides the rules.
    #[must_use]
    pub fn with_extraction(mut self, model: Arc<dyn LanguageModel>, options: ExtractionOptions) -> Self {
        self.extraction = Some((model, options));
        self
    }

    /// The same, published like this.
    #[must_use]
    pub fn with_publish(mut self, publish: PublishOptions) -> Self {
        self.publish = publish;
        self
    }

    /// The same, reviewed like this.
    #[must_use]
    pub fn with_review(mut self, review: ReviewOptions) -> Self {
        self.review = review;
        self
    }
}

/// Documents in, merged pull request out: all seven stages, and before the last the one that gives red runs back to the
/// model where there is one.
#[must_use]
pub fn standard_pipeline(ports: &StandardPorts, options: &StandardOptions) -> Pipeline<IntakeRequest, ReviewOutcome> {
    let executor = match &options.model {
        None => StoryExecutor::by_templates(),
        Some((model, options)) => StoryExecutor::with_model(Arc::clone(model), options.clone()),
    };
    let synthesizer = match &options.extraction {
        None => RequirementsSynthesizer::by_rules(),
        Some((model, options)) => RequirementsSynthesizer::with_model(Arc::clone(model), options.clone()),
    };
    let planner = ArchitecturePlanner::with_stack(options.stack).with_test_runner(options.test_runner);
    let planner = match &options.extraction {
        None => planner,
        Some((model, options)) => planner.with_model(Arc::clone(model), options.second.clone()),
    };
    let built = Pipeline::builder("documents-to-pull-request")
        .then(DocumentProcessor::default().with_redactor(options.redactor.clone()))
        .then(synthesizer)
        .then(planner)
        .then(executor.with_overrides(options.templates.clone()))
        .then(IntegrationValidator::new(Arc::clone(&ports.packages)).with_workflow(options.workflow.clone()))
        .then(GithubOrchestrator::new(
            Arc::clone(&ports.source_control),
            Arc::clone(&ports.ci),
            options.publish.clone(),
        ));
    let built = match &options.model {
        Some((model, of_model)) if of_model.ci_rounds > 0 => built.then(BuildRepairer::new(
            (Arc::clone(model), of_model.clone()),
            Arc::clone(&ports.source_control),
            Arc::clone(&ports.ci),
            options.publish.clone(),
        )),
        _ => built,
    };
    built
        .then(ReviewCoordinator::new(Arc::clone(&ports.review_desk), Arc::clone(&ports.ci), options.review.clone()))
        .build()
}
