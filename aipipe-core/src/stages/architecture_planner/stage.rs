//! Stage 3: the stack, decided by evidence, by the host or by a person; then the plan.

use super::close_call::settle;
use super::stack::after_earlier;
use super::{Source, architecture_document, decide_stack, plan};
use crate::domain::{
    ArchitecturePlan, ArtifactKey, DocumentSet, SignalName, Stack, StackDecision, StackVerdict, StageName, StorySet,
    TestRunner, Wait,
};
use crate::pipeline::{Outcome, Stage, StageContext, document_texts};
use crate::ports::{ArtifactStore, LanguageModel};
use crate::stacks::definition_with;
use crate::tables::{ComponentRecord, IntegrationRecord};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use std::sync::Arc;

/// Plans the architecture. When none of the five stacks fits, it waits for the signal `stack-choice`, whose payload is
/// a stack's id such as `"node-api"`.
#[derive(Debug, Clone, Default)]
pub struct ArchitecturePlanner {
    host_choice: Option<Stack>,
    test_runner: Option<TestRunner>,
    model: Option<(Arc<dyn LanguageModel>, String)>,
}

impl ArchitecturePlanner {
    /// Plans for this stack whatever the documents say; `None` leaves it to the evidence.
    #[must_use]
    pub fn with_stack(stack: Option<Stack>) -> Self {
        Self { host_choice: stack, ..Self::default() }
    }

    /// The same with tests run by this runner; `None` is the stack's usual one. Where the decided stack can't have it,
    /// the stage fails with `Unsupported`.
    #[must_use]
    pub fn with_test_runner(mut self, test_runner: Option<TestRunner>) -> Self {
        self.test_runner = test_runner;
        self
    }

    /// The same, with this model (or role of it) asked where the words of the documents leave several stacks open.
    #[must_use]
    pub fn with_model(mut self, model: Arc<dyn LanguageModel>, role: impl Into<String>) -> Self {
        self.model = Some((model, role.into()));
        self
    }

    /// The stage's name: `architecture-planner`.
    #[must_use]
    pub fn stage_name() -> StageName {
        StageName::literal("architecture-planner")
    }

    /// The signal by which a person chooses a stack.
    #[must_use]
    pub fn stack_choice() -> SignalName {
        SignalName::literal("stack-choice")
    }

    /// The verdict of the evidence for an execution's documents and stories, the outputs of stages 1 and 2: what this stage
    /// goes by, also where it waits because none of the five stacks fits.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt`: a text of the documents.
    pub async fn verdict(
        &self,
        artifacts: &Arc<dyn ArtifactStore>,
        documents: &DocumentSet,
        stories: &StorySet,
    ) -> Result<StackVerdict> {
        let texts = document_texts(artifacts, documents).await?;
        Ok(decide_stack(stories, &sources(documents, &texts), self.host_choice))
    }

    /// The newest signal that names a stack, so that a wrong one can be corrected.
    fn choice(&self, cx: &StageContext) -> Choice {
        if let Some(stack) = self.host_choice {
            return Choice::Of(stack);
        }
        let signals = cx.signals(&Self::stack_choice());
        let named = |payload: &Value| payload.as_str().and_then(|text| text.parse::<Stack>().ok());
        match (signals.iter().rev().find_map(|signal| named(&signal.payload)), signals.last()) {
            (Some(stack), _) => Choice::Of(stack),
            (None, Some(newest)) => Choice::Refused(newest.payload.to_string().chars().take(80).collect()),
            (None, None) => Choice::None,
        }
    }

    fn decide(&self, cx: &StageContext, stories: &StorySet, sources: &[Source<'_>]) -> DecidedOr<Wait> {
        let choice = self.choice(cx);
        let stack = if let Choice::Of(stack) = choice { Some(stack) } else { None };
        match decide_stack(stories, sources, stack) {
            StackVerdict::Chosen(decision) => DecidedOr::Decided(decision),
            StackVerdict::NoneFits { reason, scores, .. } => {
                let scores: Vec<_> = scores.iter().map(|s| format!("{} {}", s.stack, s.points)).collect();
                let mut reason = format!("none of the five stacks fits: {reason} (scores: {})", scores.join(", "));
                if let Choice::Refused(payload) = choice {
                    let known = Stack::ALL.map(Stack::as_str).join(", ");
                    reason.push_str(&format!("; the choice {payload} is none of {known}"));
                }
                DecidedOr::Or(Wait::new(Self::stack_choice(), reason))
            }
        }
    }
}

fn sources<'a>(documents: &'a DocumentSet, texts: &'a [String]) -> Vec<Source<'a>> {
    documents.documents.iter().zip(texts).map(|(document, text)| Source { document, text }).collect()
}

/// What was chosen from outside.
enum Choice {
    None,
    Of(Stack),
    /// Only payloads that name no stack; the newest, as JSON and shortened.
    Refused(String),
}

enum DecidedOr<T> {
    Decided(StackDecision),
    Or(T),
}

#[async_trait]
impl Stage for ArchitecturePlanner {
    type Input = StorySet;
    type Output = ArchitecturePlan;

    fn name(&self) -> StageName {
        Self::stage_name()
    }

    fn revision(&self) -> String {
        let runner = self.test_runner.map_or_else(String::new, |runner| format!(" {runner}"));
        let model = self.model.as_ref().map_or_else(String::new, |(_, role)| format!(" model {role}"));
        format!("4 {:?}{runner}{model}", self.host_choice)
    }

    async fn run(&self, cx: &StageContext, stories: StorySet) -> Result<Outcome<Self::Output>> {
        if stories.stories.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "architecture.plan",
                "the documents ask for nothing a story could be made of; only English is understood",
            )
            .with("requirements", stories.requirements.len()));
        }
        let documents: DocumentSet = cx.load(&stories.documents).await?;
        let texts = cx.document_texts(&documents).await?;
        let sources = sources(&documents, &texts);
        let decision = match self.decide(cx, &stories, &sources) {
            DecidedOr::Decided(decision) => {
                let project = cx.root().project();
                let earlier = IntegrationRecord::merged_stack(cx.records().as_ref(), project, cx.execution()).await?;
                match (earlier, &self.model) {
                    (Some(earlier), _) => after_earlier(decision, earlier),
                    (None, Some((model, role))) => {
                        settle(cx, (model.as_ref(), role), decision, &stories, &sources).await?
                    }
                    (None, None) => decision,
                }
            }
            DecidedOr::Or(wait) => return Ok(Outcome::Waiting(wait)),
        };
        let stored = cx.store(&stories).await?;
        let build = definition_with(decision.stack, self.test_runner)?.build_configuration();
        let plan = ArchitecturePlan { build, ..plan(stories.root.clone(), stored, &stories, decision)? };
        let records = plan.components.iter().map(|component| {
            let (execution, root) = (cx.execution().clone(), cx.root().clone());
            ComponentRecord { component: component.clone(), execution, root }.write()
        });
        cx.write_records(records.collect::<Result<_>>()?).await?;
        let key = ArtifactKey::parse(&format!("{}/processed/{}/architecture.md", cx.root(), cx.execution()))?;
        cx.publish(&key, Bytes::from(architecture_document(&plan, &stories))).await?;
        cx.progress(plan.components.len(), plan.components.len(), "components");
        Ok(Outcome::Done(plan))
    }
}
