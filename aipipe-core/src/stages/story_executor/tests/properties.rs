//! Property tests of generated projects: which criteria have one, and what the choice of a test runner changes.

use super::builder::{field, listed};
use super::*;
use crate::domain::TestRunner;
use crate::stacks::definition_with;

const RULES: [&str; 10] = [
    "the review is kept",
    "a title is needed",
    "one to five stars",
    "one review a title",
    "the book is there",
    "every review is in the list",
    "reviews by state",
    "stars can be changed",
    "it is published",
    "it is gone",
];

/// A story for each kind of rule a criterion can state.
fn reviews(stack: Stack) -> Plan {
    use CriterionCheck as Check;
    let of = || "review".to_owned();
    let on = |field: &str| (of(), field.to_owned());
    let with = |field: &str, check: fn((String, String)) -> Check| check(on(field));
    let [kept, needed, stars, one, book, all, by_state, changed, published, gone] = RULES;
    PlanBuilder::new(stack)
        .entity("book", "books", vec![unique(text("isbn", 10, 13))])
        .entity(
            "review",
            "reviews",
            vec![
                unique(text("title", 1, 80)),
                field("stars", FieldKind::Integer { min: Some(1), max: Some(5) }),
                reference("book", "book"),
                listed("state", &["draft", "published"]),
                optional(text("words", 0, 2000)),
            ],
        )
        .story("Add a book", &[], vec![operation("book", OperationKind::Create)], vec![])
        .story(
            "Review a book",
            &["Add a book"],
            vec![operation("review", OperationKind::Create)],
            vec![
                (kept, Check::CreateAndRead { entity: of() }),
                (needed, with("title", |(entity, field)| Check::Required { entity, field })),
                (stars, with("stars", |(entity, field)| Check::Limits { entity, field })),
                (one, with("title", |(entity, field)| Check::Unique { entity, field })),
                (book, with("book", |(entity, field)| Check::Limits { entity, field })),
            ],
        )
        .story(
            "Work with reviews",
            &["Review a book"],
            vec![
                operation("review", list(&["state"])),
                operation("review", OperationKind::Update),
                operation("review", builder::transition("state", "published")),
                operation("review", OperationKind::Delete),
            ],
            vec![
                (all, Check::Listed { entity: of() }),
                (by_state, with("state", |(entity, field)| Check::Filtered { entity, field })),
                (changed, Check::Updated { entity: of(), field: Some("stars".into()) }),
                (published, Check::Transitioned { entity: of(), field: "state".into(), to: "published".into() }),
                (gone, Check::Deleted { entity: of() }),
                ("a bell rings", Check::Unmapped { reason: "a bell can't be heard".into() }),
            ],
        )
        .build()
}

#[test]
fn every_rule_has_a_property_beside_its_example() {
    for stack in STACKS {
        let plan = reviews(stack);
        let project = whole(stack, &plan);
        let files = states(&project).pop().unwrap();
        let criteria = plan.1.stories.iter().flat_map(|story| &story.criteria);
        let tests: Vec<_> = project.stories.iter().flat_map(|story| &story.tests).collect();
        for criterion in criteria {
            let of: Vec<_> = tests.iter().filter(|test| test.criterion == criterion.id).collect();
            if !RULES.contains(&criterion.then.as_str()) {
                assert!(of.is_empty(), "{stack}: {}", criterion.then);
                continue;
            }
            let [example, property] = of.as_slice() else { panic!("{stack}: {} has {of:?}", criterion.then) };
            assert!(example.file.as_str().starts_with("tests/stories/"), "{stack}: {example:?}");
            assert!(property.file.as_str().starts_with("tests/properties/"), "{stack}: {property:?}");
            let words = criterion.then.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
            let (name, told) = match stack {
                Stack::PythonApi => (words, format!("def {}(", property.name)),
                _ => (criterion.then.clone(), format!("it({}, ", literals::json_string(&property.name))),
            };
            assert!(property.name.contains(&name) && property.name != example.name, "{stack}: {property:?}");
            assert_eq!(files[property.file.as_str()].matches(&told).count(), 1, "{stack}: {told}");
        }
        let rules = &files[tests.iter().find(|test| test.file.as_str().contains("properties")).unwrap().file.as_str()];
        let limits = if stack == Stack::PythonApi { "integers_outside(1, 5)" } else { "integersOutside(1, 5)" };
        assert!(rules.contains("integers(1, 5)") && rules.contains(limits), "{stack}: {rules}");
    }
}

#[test]
fn a_project_without_rules_has_no_generators() {
    for stack in STACKS {
        let (plan, stories) = PlanBuilder::new(stack)
            .entity("tide", "tides", vec![text("harbour", 1, 50)])
            .story("Add tides", &[], vec![operation("tide", OperationKind::Create)], vec![])
            .build();
        let paths: Vec<String> = states(&whole(stack, &(plan, stories))).pop().unwrap().into_keys().collect();
        assert!(!paths.iter().any(|path| path.contains("propert") || path.contains("arbitraries")), "{paths:?}");
        assert!(!paths.iter().any(|path| path.contains("strategies")), "{paths:?}");
    }
}

#[test]
fn another_test_runner_leaves_nothing_of_the_usual_one() {
    for stack in [Stack::ReactSpa, Stack::NodeApi] {
        for make in PLANS {
            let (mut plan, stories) = make(stack);
            let usual = whole(stack, &(plan.clone(), stories.clone()));
            plan.build = definition_with(stack, Some(TestRunner::Jest)).unwrap().build_configuration();
            let generator = Generator::for_plan(&plan, &crate::stacks::TemplateOverrides::default()).unwrap();
            let files = states(&generator.whole(&plan, &stories).unwrap()).pop().unwrap();
            for (path, text) in &files {
                assert!(!text.contains("vitest") && !text.contains("vi."), "{stack}: {path} speaks of Vitest\n{text}");
            }
            let usual = states(&usual).pop().unwrap();
            assert!(!usual.values().any(|text| text.contains("@jest/") || text.contains("jest.")), "{stack}");
            let manifest: serde_json::Value = serde_json::from_str(&files["package.json"]).unwrap();
            assert_eq!(manifest["devDependencies"]["jest"], "30.5.2");
            assert_eq!(manifest["overrides"]["unrs-resolver"], "1.12.2");
            assert_eq!(manifest["scripts"]["test:coverage"], "jest --coverage");
            assert!(files.contains_key("jest.config.js") && !usual.contains_key("jest.config.js"));
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&usual["package.json"]).unwrap().get("overrides"),
                None
            );
        }
    }
}

#[test]
fn a_test_runner_that_a_stack_cannot_have_is_refused() {
    for (stack, runner) in [
        (Stack::PythonApi, TestRunner::Jest),
        (Stack::PythonApi, TestRunner::Vitest),
        (Stack::VueSpa, TestRunner::Jest),
        (Stack::ReactFullstack, TestRunner::Jest),
    ] {
        let error = definition_with(stack, Some(runner)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{stack} {runner}");
        assert_eq!(
            (error.context("stack"), error.context("test_runner")),
            (Some(stack.as_str()), Some(runner.as_str()))
        );
    }
    for stack in [Stack::NodeApi, Stack::ReactSpa, Stack::ReactFullstack, Stack::VueSpa] {
        assert_eq!(definition_with(stack, Some(TestRunner::Vitest)).unwrap(), definition(stack));
    }
}

/// What the tests of one kind of field need is there also where no other kind brings it along.
#[cfg(all(feature = "js", feature = "python"))]
#[test]
fn every_kind_of_field_alone_makes_a_project_without_errors() {
    use crate::stages::integration_validator::{Origin, SourceFile, ValidatorOptions, check_files};
    use CriterionCheck as Check;
    let kinds = [
        FieldKind::Text { min: 1, max: 80 },
        FieldKind::Integer { min: Some(1), max: None },
        FieldKind::Integer { min: None, max: None },
        FieldKind::Decimal { min: Some(100), max: Some(900) },
        FieldKind::Boolean,
        FieldKind::Date,
        FieldKind::DateTime,
        FieldKind::Time,
        FieldKind::Email,
        FieldKind::Phone,
        FieldKind::Enumeration { values: vec!["red".to_owned(), "green".to_owned()] },
    ];
    for stack in Stack::ALL {
        for (kind, is_required) in kinds.iter().flat_map(|kind| [(kind, true), (kind, false)]) {
            let of = || "thing".to_owned();
            let on = || (of(), "mark".to_owned());
            let mut mark = field("mark", kind.clone());
            mark.required = is_required;
            let mut criteria = vec![("it is kept", Check::CreateAndRead { entity: of() })];
            criteria.push(("it is limited", Check::Limits { entity: on().0, field: on().1 }));
            if is_required {
                criteria.push(("it is needed", Check::Required { entity: on().0, field: on().1 }));
            }
            let plan = PlanBuilder::new(stack)
                .entity("thing", "things", vec![mark])
                .story("Add a thing", &[], vec![operation("thing", OperationKind::Create)], criteria)
                .build();
            let last = states(&whole(stack, &plan)).pop().unwrap();
            let paths: Vec<_> =
                last.keys().map(|path| crate::domain::RepoPath::parse(path.as_str()).unwrap()).collect();
            let files: Vec<_> =
                paths.iter().zip(last.values()).map(|(path, content)| SourceFile { path, content }).collect();
            let found = check_files(&files, ValidatorOptions::default().with_origin(Origin::Generated));
            let errors: Vec<_> = found.iter().filter(|f| f.severity == crate::domain::Severity::Error).collect();
            assert!(errors.is_empty(), "{stack}, {kind}, required: {is_required}: {errors:#?}");
        }
    }
}
