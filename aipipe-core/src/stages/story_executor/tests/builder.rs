//! Builds plans as the planner does.

use crate::domain::*;

/// A plan under construction.
pub(super) struct PlanBuilder {
    stack: Stack,
    entities: Vec<Entity>,
    stories: Vec<UserStory>,
    plans: Vec<StoryPlan>,
}

pub(super) fn field(name: &str, kind: FieldKind) -> Field {
    let basis = Basis::Default { reason: "of a test".into() };
    Field { name: name.into(), kind, required: true, unique: false, initial: None, basis }
}

pub(super) fn text(name: &str, min: u32, max: u32) -> Field {
    field(name, FieldKind::Text { min, max })
}

pub(super) fn optional(mut field: Field) -> Field {
    field.required = false;
    field
}

pub(super) fn unique(mut field: Field) -> Field {
    field.unique = true;
    field
}

/// The same with a value that a new record has.
pub(super) fn started(mut field: Field, initial: &str) -> Field {
    field.required = true;
    field.initial = Some(initial.to_owned());
    field
}

pub(super) fn reference(name: &str, entity: &str) -> Field {
    field(name, FieldKind::Reference { entity: entity.into() })
}

pub(super) fn listed(name: &str, values: &[&str]) -> Field {
    field(name, FieldKind::Enumeration { values: values.iter().map(|v| (*v).to_owned()).collect() })
}

pub(super) fn operation(entity: &str, kind: OperationKind) -> Operation {
    Operation { entity: entity.into(), kind }
}

pub(super) fn list(filters: &[&str]) -> OperationKind {
    OperationKind::List { filters: filters.iter().map(|f| (*f).to_owned()).collect() }
}

pub(super) fn transition(field: &str, to: &str) -> OperationKind {
    OperationKind::Transition { field: field.into(), to: to.into() }
}

impl PlanBuilder {
    pub(super) fn new(stack: Stack) -> Self {
        Self { stack, entities: Vec::new(), stories: Vec::new(), plans: Vec::new() }
    }

    pub(super) fn entity(mut self, name: &str, plural: &str, fields: Vec<Field>) -> Self {
        self.entities.push(Entity { name: name.into(), plural: plural.into(), fields, stories: Vec::new() });
        self
    }

    /// A story whose criteria are the texts given, each with its check.
    pub(super) fn story(
        mut self,
        title: &str,
        depends_on: &[&str],
        operations: Vec<Operation>,
        checks: Vec<(&str, CriterionCheck)>,
    ) -> Self {
        let id = story_id(title);
        let criterion = |then: &str| AcceptanceCriterion {
            id: CriterionId::for_content(&id, "", "", then),
            given: "a running service".into(),
            when: "the operation is asked for".into(),
            then: then.into(),
            citation: citation(then),
        };
        let criteria: Vec<AcceptanceCriterion> = checks.iter().map(|(text, _)| criterion(text)).collect();
        let checks = criteria
            .iter()
            .map(|criterion| criterion.id.clone())
            .zip(checks.into_iter().map(|(_, check)| check))
            .collect();
        let default = || Basis::Default { reason: "of a test".into() };
        self.stories.push(UserStory {
            id: id.clone(),
            title: title.into(),
            role: "user".into(),
            action: title.to_lowercase(),
            benefit: None,
            criteria,
            priority: Priority::P1,
            priority_basis: default(),
            effort: Effort::at_least(2),
            effort_basis: default(),
            depends_on: depends_on
                .iter()
                .map(|title| StoryDependency { story: story_id(title), reason: "of a test".into() })
                .collect(),
            requirements: vec![RequirementId::for_statement(title)],
        });
        self.plans.push(StoryPlan { story: id, components: Vec::new(), operations, checks, needs_model: None });
        self
    }

    /// Says that the last story needs a model.
    pub(super) fn needs_model(mut self, reason: &str) -> Self {
        self.plans.last_mut().unwrap().needs_model = Some(reason.into());
        self
    }

    pub(super) fn build(self) -> (ArchitecturePlan, StorySet) {
        let root = ProjectRoot::parse("harbour-bikes-2026-11-22").unwrap();
        let stories = StorySet {
            root: root.clone(),
            documents: Stored::new(artifact(&root)),
            requirements: Vec::new(),
            stories: self.stories,
            questions: Vec::new(),
            without_story: Vec::new(),
            uncovered: Vec::new(),
            extraction: Default::default(),
        };
        let plan = ArchitecturePlan {
            stories: Stored::new(artifact(&root)),
            decision: StackDecision {
                stack: self.stack,
                choice: StackChoice::Host,
                scores: Vec::new(),
                evidence: Vec::new(),
                explanation: String::new(),
            },
            entities: self.entities,
            components: Vec::new(),
            story_plans: self.plans,
            build: crate::stacks::definition(self.stack).build_configuration(),
            questions: Vec::new(),
            root,
        };
        (plan, stories)
    }
}

pub(super) fn story_id(title: &str) -> StoryId {
    StoryId::for_content("user", title)
}

fn citation(quote: &str) -> Citation {
    let name = DocumentName::parse("brief.txt").unwrap();
    Citation {
        document: DocumentId::for_name(&name),
        version: ContentHash::of(quote.as_bytes()),
        name,
        span: TextSpan { start: 0, end: quote.len() },
        place: Place::Lines { first: 1, last: 1 },
        quote: quote.into(),
        speaker: None,
    }
}

fn artifact(root: &ProjectRoot) -> ArtifactRef {
    let hash = ContentHash::of(b"");
    let key = ArtifactKey::value(root, &ExecutionId::parse("run-1").unwrap(), &hash);
    ArtifactRef { key, hash, bytes: 0 }
}
