//! Whole plans from small story sets.

mod permissions;
mod rules;
mod values;

use super::*;
use crate::domain::*;
use std::collections::BTreeSet;

/// A story set from actions, requirement statements and criteria.
#[derive(Default)]
struct Stories {
    stories: Vec<UserStory>,
    requirements: Vec<Requirement>,
    questions: Vec<OpenQuestion>,
}

fn root() -> ProjectRoot {
    ProjectRoot::parse("shop-2026-11-20").unwrap()
}

fn citation(quote: &str) -> Citation {
    let name = DocumentName::parse("brief.md").unwrap();
    Citation {
        document: DocumentId::for_name(&name),
        version: ContentHash::of(b"brief"),
        name,
        span: TextSpan { start: 0, end: quote.len() },
        place: Place::Lines { first: 1, last: 1 },
        quote: quote.to_owned(),
        speaker: None,
    }
}

impl Stories {
    fn story(mut self, action: &str) -> Self {
        let basis = || Basis::Default { reason: "test".to_owned() };
        self.stories.push(UserStory {
            id: StoryId::for_content(&self.stories.len().to_string(), action),
            title: action.to_owned(),
            role: "customer".to_owned(),
            action: action.to_owned(),
            benefit: None,
            criteria: Vec::new(),
            priority: Priority::P1,
            priority_basis: basis(),
            effort: Effort::at_least(3),
            effort_basis: basis(),
            depends_on: Vec::new(),
            requirements: vec![RequirementId::for_statement(action)],
        });
        self
    }

    fn criterion(mut self, given: &str, when: &str, then: &str) -> Self {
        let story = self.stories.last_mut().unwrap();
        story.criteria.push(AcceptanceCriterion {
            id: CriterionId::for_content(&story.id, given, when, then),
            given: given.to_owned(),
            when: when.to_owned(),
            then: then.to_owned(),
            citation: citation(then),
        });
        self
    }

    fn requirement(mut self, statement: &str) -> Self {
        self.requirements.push(Requirement {
            id: RequirementId::for_statement(statement),
            statement: statement.to_owned(),
            kind: RequirementKind::Functional,
            obligation: Obligation::Must,
            citations: vec![citation(statement)],
            found_by: "test".to_owned(),
            ears: None,
        });
        self
    }

    fn assumption(mut self, text: &str) -> Self {
        self.questions.push(OpenQuestion {
            id: QuestionId::for_text(text),
            kind: QuestionKind::Contradiction,
            question: "which?".to_owned(),
            assumption: Some(text.to_owned()),
            citations: Vec::new(),
            stories: Vec::new(),
        });
        self
    }

    fn set(self) -> (StorySet, Stored<StorySet>) {
        let at = |name: &str| ArtifactRef {
            key: ArtifactKey::raw(&root(), &DocumentName::parse(name).unwrap()),
            hash: ContentHash::of(name.as_bytes()),
            bytes: 1,
        };
        let set = StorySet {
            root: root(),
            documents: Stored::new(at("documents.json")),
            requirements: self.requirements,
            stories: self.stories,
            questions: self.questions,
            without_story: Vec::new(),
            uncovered: Vec::new(),
            extraction: Default::default(),
        };
        (set, Stored::new(at("stories.json")))
    }

    fn plan_on(self, stack: Stack) -> ArchitecturePlan {
        let (set, stored) = self.set();
        let StackVerdict::Chosen(decision) = decide_stack(&set, &[], Some(stack)) else { panic!("the host decides") };
        plan(root(), stored, &set, decision).unwrap()
    }

    fn plan(self) -> ArchitecturePlan {
        self.plan_on(Stack::NodeApi)
    }
}

fn operations(plan: &StoryPlan) -> Vec<String> {
    plan.operations
        .iter()
        .map(|o| match &o.kind {
            OperationKind::Create => format!("create {}", o.entity),
            OperationKind::List { filters } if filters.is_empty() => format!("list {}", o.entity),
            OperationKind::List { filters } => format!("list {} by {}", o.entity, filters.join("+")),
            OperationKind::View => format!("view {}", o.entity),
            OperationKind::Update => format!("update {}", o.entity),
            OperationKind::Delete => format!("delete {}", o.entity),
            OperationKind::Transition { field, to } => format!("{} {field}={to}", o.entity),
        })
        .collect()
}

fn fields(plan: &ArchitecturePlan, entity: &str) -> Vec<String> {
    let entity = plan.entities.iter().find(|e| e.name == entity).unwrap();
    entity.fields.iter().map(|f| f.name.clone()).collect()
}

fn field<'a>(plan: &'a ArchitecturePlan, entity: &str, name: &str) -> &'a Field {
    plan.entities.iter().find(|e| e.name == entity).unwrap().fields.iter().find(|f| f.name == name).unwrap()
}

/// The stories every table row is planned with, so that its words have something to mean.
fn rental() -> Stories {
    Stories::default()
        .story("add a bike with a model name, a frame number and a daily price")
        .story("create a booking with a date, a bike and a customer name")
        .requirement("A booking has a status (open, confirmed or cancelled).")
}

#[test]
fn actions_become_operations() {
    for (action, expected) in [
        ("see all bookings", "list booking"),
        ("see a list of bookings", "list booking"),
        ("view the details of a booking", "view booking"),
        ("view a booking", "view booking"),
        ("view booking details", "view booking"),
        ("filter bookings by date", "list booking by date"),
        ("search for bookings by customer name and status", "list booking by customer_name+status"),
        ("find bookings by bike", "list booking by bike"),
        ("see all cancelled bookings", "list booking by status"),
        ("see all bookings for a bike", "list booking by bike"),
        ("see all bookings of a given date", "list booking by date"),
        ("browse the list of bikes", "list bike"),
        ("update a booking", "update booking"),
        ("edit booking details", "update booking"),
        ("change the date of a booking", "update booking"),
        ("change a booking's date", "update booking"),
        ("reschedule a booking to another date", "update booking"),
        ("delete a booking", "delete booking"),
        ("remove bikes from the fleet", "delete bike"),
        ("cancel a booking", "booking status=cancelled"),
        ("see my bookings", "list booking by customer_name"),
        ("cancel my booking", "booking status=cancelled"),
        ("confirm a booking", "booking status=confirmed"),
        ("mark a booking as confirmed", "booking status=confirmed"),
        ("change the status of a booking to confirmed", "booking status=confirmed"),
        ("create, edit and delete bikes", "create bike, update bike, delete bike"),
        ("book a bike for a date", "create booking"),
        ("see the status of a booking", "view booking"),
        ("see all bookings with their date and status", "list booking"),
    ] {
        let plan = rental().story(action).plan();
        let last = plan.story_plans.last().unwrap();
        assert_eq!(operations(last).join(", "), expected, "{action}: {:?}", last.needs_model);
        assert_eq!(last.needs_model, None, "{action}");
        assert_eq!(plan.entities.len(), 2, "{action}: {:?}", plan.entities.iter().map(|e| &e.name).collect::<Vec<_>>());
    }
}

#[test]
fn what_no_rule_covers_needs_a_model() {
    for (action, words) in [
        ("create a booking and send a confirmation to the customer", "send a confirmation"),
        ("pay for a booking by credit card", "pay for a booking"),
        ("export all bookings as a spreadsheet", "export all bookings"),
        ("log in with my password", "log in"),
        ("log in", "log in"),
        ("receive a reminder the day before", "receive a reminder"),
        ("cancel a booking before it starts", "before"),
        ("see overdue bookings", "overdue"),
        ("see my bikes", "my"),
        ("see available bikes", "available"),
        ("sort bookings by date", "sort"),
        ("search bikes by colour", "colour"),
        ("search bikes", "not said by which field"),
        ("see a report of all bookings", "report"),
        ("view statistics", "statistic"),
        ("create an account", "account"),
        ("upload a photo of a bike", "upload"),
        ("create a booking within the next 30 days", "within"),
        ("create a booking with several helmets", "helmets"),
        ("see how many bikes are free", "how"),
        ("synchronise bookings with my calendar", "synchronise"),
        ("see bookings on a map", "map"),
        ("", "no verb"),
        ("予約を作成する", "予約"),
        ("delete all bookings older than a year", "older"),
        ("see bookings sorted by date", "sorted"),
        ("cancel several bookings", "several"),
        ("delete all bookings", "all"),
    ] {
        let plan = rental().story(action).plan();
        let last = plan.story_plans.last().unwrap();
        let reason =
            last.needs_model.as_deref().unwrap_or_else(|| panic!("{action} is not covered: {:?}", last.operations));
        assert!(reason.contains(words), "{action}: {reason}");
    }
}

#[test]
fn fields_with_their_kinds_and_limits() {
    let plan = Stories::default()
        .story("create a task")
        .story("add a project with a name")
        .requirement(
            "Each task has a title (required, at most 200 characters), a due date and a priority (low, medium, high).",
        )
        .requirement("A task may have a note, and a task has a project and an estimate between 1 and 40.")
        .requirement("For each project we store the budget, the client's e-mail address and a phone number.")
        .requirement("The name of a project must be unique.")
        .requirement("The budget must not be negative.")
        .plan();
    assert_eq!(fields(&plan, "task"), ["title", "due_date", "priority", "note", "project", "estimate"]);
    assert_eq!(field(&plan, "task", "title").kind, FieldKind::Text { min: 1, max: 200 });
    assert_eq!(field(&plan, "task", "due_date").kind, FieldKind::Date);
    assert_eq!(
        field(&plan, "task", "priority").kind,
        FieldKind::Enumeration { values: vec!["low".into(), "medium".into(), "high".into()] }
    );
    assert!(!field(&plan, "task", "note").required);
    assert_eq!(field(&plan, "task", "project").kind, FieldKind::Reference { entity: "project".into() });
    assert_eq!(field(&plan, "task", "estimate").kind, FieldKind::Integer { min: Some(1), max: Some(40) });
    assert!(field(&plan, "project", "name").unique);
    assert_eq!(field(&plan, "project", "budget").kind, FieldKind::Decimal { min: Some(0), max: None });
    assert!(
        plan.entities
            .iter()
            .flat_map(|e| &e.fields)
            .all(|f| matches!(&f.basis, Basis::Stated { quote } if !quote.is_empty()))
    );
}

#[test]
fn an_entity_nobody_describes_has_a_name() {
    let plan = Stories::default().story("add a supplier").plan();
    let name = field(&plan, "supplier", "name");
    assert!(matches!(&name.basis, Basis::Default { reason } if reason.contains("name no field")));
}

#[test]
fn a_contradicted_limit_follows_the_assumption_or_the_first() {
    let base = || {
        Stories::default()
            .story("create a booking with a number of bikes")
            .requirement("The number of bikes must be at most 5.")
            .requirement("The number of bikes must be at most 4.")
    };
    let limit = |plan: &ArchitecturePlan| field(plan, "booking", "number_of_bikes").kind.clone();
    assert_eq!(limit(&base().plan()), FieldKind::Integer { min: Some(0), max: Some(5) });
    let assumed = base().assumption("at most 4 bikes, because it was said later").plan();
    assert_eq!(limit(&assumed), FieldKind::Integer { min: Some(0), max: Some(4) });
}

#[test]
fn a_status_nobody_describes_is_an_assumption() {
    let plan =
        Stories::default().story("add an order with a date").story("cancel an order").story("complete an order").plan();
    let status = field(&plan, "order", "status");
    assert_eq!(
        status.kind,
        FieldKind::Enumeration { values: vec!["open".into(), "cancelled".into(), "completed".into()] }
    );
    assert!(matches!(status.basis, Basis::Default { .. }));
    assert_eq!(operations(&plan.story_plans[2]), ["order status=completed"]);
}

#[test]
fn roles_are_entities_only_when_something_is_recorded() {
    let names = |plan: ArchitecturePlan| plan.entities.into_iter().map(|e| e.name).collect::<Vec<_>>();
    assert_eq!(names(rental().plan()), ["bike", "booking"]);
    assert_eq!(
        names(rental().story("register a customer with a name and an e-mail").plan()),
        ["bike", "booking", "customer"]
    );
}

#[test]
fn awkward_names_become_safe_ones() {
    let mut stories = Stories::default();
    for noun in [
        "class",
        "category",
        "new import",
        "constructor",
        "__proto__",
        "list item",
        "person",
        "Prüfung",
        "予約",
        "date",
        "status",
        "news",
        "CON",
        "class entry",
    ] {
        stories =
            stories.story(&format!("create a {noun} with a class, a from, an id, a model config, a json and a 予約"));
    }
    let plan = stories.plan_on(Stack::PythonApi);
    let names: Vec<&str> = plan.entities.iter().map(|e| e.name.as_str()).collect();
    assert!(names.contains(&"category") && names.contains(&"person") && names.contains(&"pruefung"), "{names:?}");
    check_invariants(&plan);
}

#[test]
fn criteria_become_checks_only_when_all_is_checked() {
    let check = |given: &str, when: &str, then: &str| {
        let plan = rental()
            .story("create a booking")
            .requirement("The customer name must be unique and at most 80 characters.")
            .requirement("The frame number must be unique.")
            .requirement("A booking has a number of bikes between 1 and 5.")
            .criterion(given, when, then)
            .plan();
        plan.story_plans.last().unwrap().checks.values().next().unwrap().clone()
    };
    let booking = || "booking".to_owned();
    let field = |field: &str| field.to_owned();
    for (given, when, then, expected) in [
        (
            "",
            "a customer creates a booking without a date",
            "it is rejected",
            CriterionCheck::Required { entity: booking(), field: field("date") },
        ),
        (
            "",
            "the date is missing",
            "an error is shown",
            CriterionCheck::Required { entity: booking(), field: field("date") },
        ),
        ("", "", "the date is required", CriterionCheck::Required { entity: booking(), field: field("date") }),
        (
            "",
            "the number of bikes is more than 5",
            "the booking is refused",
            CriterionCheck::Limits { entity: booking(), field: field("number_of_bikes") },
        ),
        (
            "",
            "",
            "the number of bikes must be between 1 and 5",
            CriterionCheck::Limits { entity: booking(), field: field("number_of_bikes") },
        ),
        (
            "a booking",
            "the customer cancels the booking",
            "its status is cancelled",
            CriterionCheck::Transitioned { entity: booking(), field: field("status"), to: field("cancelled") },
        ),
        ("", "the booking is deleted", "it is no longer listed", CriterionCheck::Deleted { entity: booking() }),
        ("", "a customer opens the list", "all bookings are shown", CriterionCheck::Listed { entity: booking() }),
        (
            "",
            "bookings are filtered by date",
            "only bookings of that date are shown",
            CriterionCheck::Filtered { entity: booking(), field: field("date") },
        ),
        (
            "",
            "the date of a booking is changed",
            "the new date is shown",
            CriterionCheck::Updated { entity: booking(), field: Some(field("date")) },
        ),
        (
            "",
            "a customer creates a booking",
            "the booking is saved",
            CriterionCheck::CreateAndRead { entity: booking() },
        ),
        (
            "",
            "all required fields are filled in and the booking is created",
            "it appears in the list of bookings",
            CriterionCheck::Listed { entity: booking() },
        ),
    ] {
        assert_eq!(check(given, when, then), expected, "{given} / {when} / {then}");
    }
    for (given, when, then) in [
        ("", "a booking is cancelled", "the bike is free again"),
        ("", "", "a cancelled booking frees the slot"),
        ("", "a customer creates a booking", "a confirmation is sent"),
        ("", "a customer creates a booking", "the booking is saved within 2 seconds"),
        ("", "the number of bikes is more than 7", "the booking is refused"),
        ("", "a customer opens the list", "the bookings are sorted by date"),
        ("", "a customer opens the list", "only their own bookings are shown"),
        ("", "the date is in the past", "the booking is rejected"),
        ("", "the bike is already booked on that date", "the booking is refused"),
        ("", "a customer creates a booking", "the price is calculated"),
        ("", "", "it works well"),
        ("", "", ""),
        ("", "a booking is deleted by an administrator", "the customer gets a message and it is gone"),
        ("", "a customer creates a booking", "no booking is saved"),
    ] {
        let found = check(given, when, then);
        assert!(matches!(found, CriterionCheck::Unmapped { .. }), "{given} / {when} / {then}: {found:?}");
    }
}

#[test]
fn components_follow_the_layout_of_the_stack() {
    let paths = |stack: Stack| -> Vec<String> {
        let plan = Stories::default()
            .story("create a service booking with a date")
            .story("see all service bookings")
            .plan_on(stack);
        check_invariants(&plan);
        plan.components.iter().map(|c| c.path.as_str().to_owned()).collect()
    };
    assert_eq!(
        paths(Stack::NodeApi),
        [
            "src/models/service-booking.ts",
            "src/repositories/service-booking.ts",
            "src/routes/service-bookings.ts",
            "src/app.ts"
        ]
    );
    assert_eq!(
        paths(Stack::PythonApi),
        [
            "app/models/service_booking.py",
            "app/repositories/service_booking.py",
            "app/api/service_bookings.py",
            "app/main.py"
        ]
    );
    assert!(paths(Stack::ReactFullstack).contains(&"client/src/pages/ServiceBookingListPage.tsx".to_owned()));
    assert!(paths(Stack::ReactSpa).contains(&"src/pages/ServiceBookingNewPage.tsx".to_owned()));
    assert!(paths(Stack::VueSpa).contains(&"src/views/ServiceBookingListView.vue".to_owned()));
    let plan = Stories::default().story("create a service booking with a date").plan();
    let exports: Vec<Vec<String>> = plan.components.iter().map(|c| c.exports.clone()).collect();
    assert_eq!(exports[0], ["ServiceBooking", "CreateServiceBookingSchema"]);
    assert_eq!(exports[1], ["ServiceBookingRepository"]);
    assert_eq!(exports[2], ["createServiceBookingsRouter"]);
    assert_eq!(exports[3], ["createApp"]);
    assert!(plan.build.dependencies.iter().any(|d| d.name == "express" && d.version == "5.3.0"));
}

#[test]
fn no_stories_are_an_error() {
    let (set, stored) = Stories::default().set();
    let StackVerdict::Chosen(decision) = decide_stack(&set, &[], None) else { panic!("a default") };
    assert_eq!(plan(root(), stored, &set, decision).unwrap_err().kind(), crate::ErrorKind::InvalidInput);
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// What holds for every plan, whatever the words.
fn check_invariants(plan: &ArchitecturePlan) {
    let mut names = BTreeSet::new();
    for entity in &plan.entities {
        assert!(is_identifier(&entity.name) && is_identifier(&entity.plural), "{} {}", entity.name, entity.plural);
        assert!(names.insert(entity.name.clone()) && names.insert(entity.plural.clone()), "{} twice", entity.name);
        assert!(!naming::is_reserved(&entity.name, naming::Use::Entity), "{}", entity.name);
        assert!(!entity.fields.is_empty() && !entity.stories.is_empty(), "{}", entity.name);
        let mut fields = BTreeSet::new();
        for field in &entity.fields {
            assert!(is_identifier(&field.name) && fields.insert(&field.name), "{}", field.name);
            assert!(!naming::is_reserved(&field.name, naming::Use::Field), "{}", field.name);
            match &field.kind {
                FieldKind::Text { min, max } => assert!(min <= max),
                FieldKind::Integer { min: Some(min), max: Some(max) }
                | FieldKind::Decimal { min: Some(min), max: Some(max) } => {
                    assert!(min <= max);
                }
                FieldKind::Enumeration { values } => {
                    assert!(!values.is_empty() && values.iter().all(|v| is_identifier(v)), "{values:?}");
                }
                FieldKind::Reference { entity } => assert!(plan.entities.iter().any(|e| e.name == *entity)),
                _ => {}
            }
        }
    }
    let (mut ids, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for component in &plan.components {
        // What a component needs stands before it, so there is no cycle.
        assert!(component.depends_on.iter().all(|id| ids.contains(id)), "{}", component.id);
        assert!(
            ids.insert(component.id.clone()) && paths.insert(component.path.as_str().to_lowercase()),
            "{}",
            component.path
        );
        assert!(
            component.kind == ComponentKind::Application || !component.stories.is_empty(),
            "{} serves no story",
            component.id
        );
    }
    for story in &plan.story_plans {
        assert!(!story.components.is_empty() && story.components.iter().all(|id| ids.contains(id)));
        assert!(!story.operations.is_empty() || story.needs_model.is_some());
        for operation in &story.operations {
            let entity =
                plan.entities.iter().find(|e| e.name == operation.entity).expect("an operation's entity exists");
            let has = |name: &String| entity.fields.iter().find(|f| f.name == *name);
            match &operation.kind {
                OperationKind::List { filters } => assert!(filters.iter().all(|f| has(f).is_some()), "{filters:?}"),
                OperationKind::Transition { field, to } => {
                    assert!(
                        matches!(&has(field).unwrap().kind, FieldKind::Enumeration { values } if values.contains(to))
                    );
                }
                _ => {}
            }
        }
    }
}

const VOCABULARY: &str = "create|add|see|view|list|filter|cancel|mark|book|update|change|delete|send|a|an|the|all|my|of|with|by|for|to|as|and|or|,|booking|bookings\
    |bike|task|tasks|status|date|due date|name|class|constructor|id|import|e-mail|price|number of|at most|5|between|1|(low, high)|required|unique|has|must be|customer's\
    |import's|done|cancelled|list|details|Prüfung|予約|__proto__|model_config|no|longer|than|characters|data|children|it|them|whether";

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(192))]
    #[test]
    fn any_words_make_a_sound_plan(
        words in proptest::collection::vec(proptest::collection::vec(0_usize..200, 1..14), 1..7),
        wild in "\\PC{0,60}",
        stack in 0_usize..5,
    ) {
        let vocabulary: Vec<&str> = VOCABULARY.split('|').map(str::trim).collect();
        let sentence = |picks: &[usize]| picks.iter().map(|i| vocabulary[i % vocabulary.len()]).collect::<Vec<_>>().join(" ");
        let mut stories = Stories::default().story(&wild);
        for (i, picks) in words.iter().enumerate() {
            let text = sentence(picks);
            stories = match i % 3 {
                0 => stories.story(&text),
                1 => stories.requirement(&text).requirement(&format!("A booking has {text}.")),
                _ => stories.criterion("", &text, &sentence(&picks.iter().rev().copied().collect::<Vec<_>>())),
            };
        }
        let count = stories.stories.len();
        let plan = stories.plan_on(Stack::ALL[stack]);
        proptest::prop_assert_eq!(plan.story_plans.len(), count);
        check_invariants(&plan);
    }
}

#[test]
fn components_are_the_files_that_are_generated() {
    let shapes = || {
        [
            rental().story("create a booking").story("cancel a booking").story("list all bookings"),
            Stories::default()
                .story("add a class with a name and a date of birth")
                .story("mark a class as done")
                .story("see all classes"),
            Stories::default()
                .story("register a service category with a title")
                .story("create a person with a name and an e-mail address")
                .story("update the e-mail address of a person")
                .story("submit a leave request with a start date and a person")
                .story("approve a leave request"),
        ]
    };
    for stack in Stack::ALL {
        for stories in shapes() {
            let (set, stored) = stories.set();
            let StackVerdict::Chosen(decision) = decide_stack(&set, &[], Some(stack)) else {
                panic!("the host decides")
            };
            let plan = plan(root(), stored, &set, decision).unwrap();
            let project = crate::stages::story_executor::Generator::new(stack).unwrap().whole(&plan, &set).unwrap();
            let changes = std::iter::once(&project.scaffold).chain(project.stories.iter().map(|story| &story.files));
            let files: std::collections::BTreeMap<&str, &str> =
                changes.flatten().map(|file| (file.path.as_str(), file.content.as_str())).collect();
            for component in &plan.components {
                let path = component.path.as_str();
                let content =
                    files.get(path).unwrap_or_else(|| panic!("{stack}: no file {path} in {:?}", files.keys()));
                // A single-file component of Vue exports itself without a word.
                for export in component.exports.iter().filter(|export| *export != "default") {
                    assert!(content.contains(export.as_str()), "{stack}: {path} does not define {export}");
                }
                // What the file imports of other components is what the plan says it needs.
                let named = |other: &&crate::domain::Component| {
                    let stem = other.path.file_name().rsplit_once('.').map_or("", |(stem, _)| stem);
                    let folder = other.path.parent().rsplit('/').next().unwrap_or_default();
                    content.contains(&format!("{folder}/{stem}\"")) || content.contains(&format!("\"./{stem}\""))
                };
                if stack == Stack::ReactSpa && component.kind == ComponentKind::View {
                    for other in plan.components.iter().filter(|other| other.entity == component.entity).filter(named) {
                        let told = component.depends_on.contains(&other.id) || other.id == component.id;
                        let is_model = other.kind == ComponentKind::Model;
                        assert!(told || is_model, "{path} imports {} unplanned", other.path);
                    }
                }
            }
        }
    }
}

#[test]
fn rules_are_checked_only_where_the_field_has_them() {
    let plan = Stories::default()
        .story("register a customer with a name and an e-mail address")
        .criterion("a customer", "the customer registers a customer", "The e-mail address of a customer must be unique")
        .story("record a delivery with a quantity and an owner")
        .requirement("The owner of a delivery is a customer.")
        .criterion("a customer", "the customer records a delivery", "The owner of a delivery is a customer")
        .criterion(
            "a customer",
            "the customer records a delivery",
            "The quantity of a delivery must be at most 9 per day",
        )
        .story("update their e-mail address")
        .plan();
    let delivery = |name: &str| field(&plan, "delivery", name).kind.clone();
    assert_eq!(delivery("owner"), FieldKind::Reference { entity: "customer".to_owned() });
    assert_eq!(operations(plan.story_plans.last().unwrap()), ["update customer"]);
    let checks: Vec<&CriterionCheck> = plan.story_plans.iter().flat_map(|s| s.checks.values()).collect();
    let has = |check: &CriterionCheck| checks.contains(&check);
    assert!(has(&CriterionCheck::Unique { entity: "customer".to_owned(), field: "email_address".to_owned() }));
    assert!(has(&CriterionCheck::Limits { entity: "delivery".to_owned(), field: "owner".to_owned() }));
    assert_eq!(checks.iter().filter(|c| matches!(c, CriterionCheck::Unmapped { .. })).count(), 1, "{checks:?}");
}
