use super::*;
use crate::domain::{ComponentId, ComponentKind, CriterionCheck, Field, FieldKind, Operation};
use builder::{PlanBuilder, list, operation, optional, reference, story_id, text, unique};
use plans::{HOSTILE, many, odd, rental, tasks};
use std::collections::{BTreeMap, BTreeSet};

mod builder;
mod imports;
mod many;
mod plans;
mod properties;
mod work;

type Plan = (ArchitecturePlan, StorySet);

const STACKS: [Stack; 5] = Stack::ALL;
const PLANS: [fn(Stack) -> Plan; 4] = [tasks, rental, odd, many];

fn whole(stack: Stack, (plan, stories): &Plan) -> GeneratedProject {
    Generator::new(stack).unwrap().whole(plan, stories).unwrap_or_else(|error| panic!("{}", error.chain()))
}

/// The project after the scaffold and after each story that changed something.
fn states(project: &GeneratedProject) -> Vec<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    let mut states = Vec::new();
    let changes = std::iter::once(&project.scaffold).chain(project.stories.iter().map(|story| &story.files));
    for change in changes.filter(|change| !change.is_empty()) {
        files.extend(change.iter().map(|file| (file.path.to_string(), file.content.clone())));
        states.push(files.clone());
    }
    states
}

fn paths(files: &[GeneratedFile]) -> Vec<&str> {
    files.iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn a_story_changes_what_it_needs_and_no_more() {
    let plan = tasks(Stack::NodeApi);
    let project = whole(Stack::NodeApi, &plan);
    assert!(paths(&project.scaffold).contains(&"src/app.ts"));
    assert!(!paths(&project.scaffold).iter().any(|path| path.contains("task")));
    let [add, see, mark, change, remove, chart] = project.stories.as_slice() else { panic!("six stories") };
    assert_eq!(
        paths(&add.files),
        [
            "README.md",
            "src/app.ts",
            "src/models/task.ts",
            "src/problem.ts",
            "src/repositories/task.ts",
            "src/routes/tasks.ts",
            "src/storage.ts",
            "tests/arbitraries.ts",
            "tests/fixtures.ts",
            "tests/properties/add-a-task.test.ts",
            "tests/stories/add-a-task.test.ts",
        ]
    );
    assert!(paths(&see.files).contains(&"src/paging.ts"));
    assert_eq!(
        paths(&mark.files),
        [
            "README.md",
            "src/repositories/task.ts",
            "src/routes/tasks.ts",
            "tests/properties/mark-a-task-as-done.test.ts",
            "tests/stories/mark-a-task-as-done.test.ts",
        ]
    );
    assert_eq!(
        paths(&remove.files),
        ["README.md", "src/repositories/task.ts", "src/routes/tasks.ts", "tests/stories/remove-a-task.test.ts"]
    );
    assert!(paths(&change.files).contains(&"tests/stories/change-a-task.test.ts"));
    assert!(chart.files.is_empty());
}

#[test]
fn the_status_tells_how_far_a_story_got() {
    let project = whole(Stack::PythonApi, &tasks(Stack::PythonApi));
    let status = |title: &str| &project.stories.iter().find(|story| story.story == story_id(title)).unwrap().status;
    assert_eq!(*status("Add a task"), StoryStatus::Done);
    assert_eq!(*status("Change a task"), StoryStatus::Done);
    let StoryStatus::Partial { unchecked } = status("Mark a task as done") else { panic!("partial") };
    assert_eq!(unchecked.len(), 1);
    assert_eq!(unchecked[0].reason, "a sound can't be heard over HTTP");
    assert_eq!(
        *status("Draw a burn-down chart"),
        StoryStatus::NeedsModel { reason: "it names no kind of record".into() }
    );
}

#[test]
fn a_story_waits_for_the_one_it_depends_on() {
    let (plan, stories) = tasks(Stack::NodeApi);
    let generator = Generator::new(Stack::NodeApi).unwrap();
    let result = generator.story(&plan, &stories, &[], &story_id("See my tasks")).unwrap();
    assert_eq!(result.status, StoryStatus::Blocked { by: story_id("Add a task") });
    assert!(result.files.is_empty() && result.tests.is_empty());
}

#[test]
fn a_story_about_records_nobody_makes_needs_a_model() {
    let read = || vec![operation("tide", list(&[]))];
    let make = || vec![operation("tide", OperationKind::Create)];
    let build = || PlanBuilder::new(Stack::NodeApi).entity("tide", "tides", vec![text("harbour", 1, 50)]);
    let (plan, stories) = build().story("See tides", &[], read(), vec![]).build();
    let generator = Generator::new(Stack::NodeApi).unwrap();
    let result = generator.story(&plan, &stories, &[], &story_id("See tides")).unwrap();
    assert_eq!(result.status, StoryStatus::NeedsModel { reason: "no story makes a tide".into() });
    let (plan, stories) =
        build().story("See tides", &[], read(), vec![]).story("Add tides", &[], make(), vec![]).build();
    let result = generator.story(&plan, &stories, &[], &story_id("See tides")).unwrap();
    assert_eq!(result.status, StoryStatus::Blocked { by: story_id("Add tides") });
    assert_eq!(Generator::order(&plan, &stories), [story_id("Add tides"), story_id("See tides")]);
}

#[test]
fn operations_the_plan_does_not_define_are_not_pretended() {
    let entity = || PlanBuilder::new(Stack::NodeApi).entity("tide", "tides", vec![text("harbour", 1, 50)]);
    let faulty: [Operation; 3] = [
        operation("boat", OperationKind::Create),
        operation("tide", list(&["height"])),
        operation("tide", builder::transition("harbour", "open")),
    ];
    for operation in faulty {
        let (plan, stories) = entity().story("Odd", &[], vec![operation], vec![]).build();
        let result = Generator::new(Stack::NodeApi).unwrap().story(&plan, &stories, &[], &story_id("Odd")).unwrap();
        assert!(matches!(result.status, StoryStatus::NeedsModel { .. }), "{:?}", result.status);
    }
}

/// What the overrides come to: every test of them has this as its control.
fn with_readme(source: &str) -> Result<GeneratedProject> {
    let (plan, stories) = tasks(Stack::NodeApi);
    let overrides = crate::stacks::TemplateOverrides::default().with("node-api/README.md", source)?;
    Generator::with_overrides(Stack::NodeApi, &overrides)?.whole(&plan, &stories)
}

#[test]
fn a_host_replaces_a_single_template() {
    let project = with_readme("# Ours: {{ project.name }}\n").unwrap();
    let usual = whole(Stack::NodeApi, &tasks(Stack::NodeApi));
    for (own, other) in project.scaffold.iter().zip(&usual.scaffold) {
        assert_eq!(own.path, other.path);
        assert_eq!(own.content == other.content, own.path.as_str() != "README.md", "{}", own.path);
    }
    let readme = project.scaffold.iter().find(|file| file.path.as_str() == "README.md").unwrap();
    assert_eq!(readme.content, "# Ours: harbour-bikes\n");
}

#[test]
fn a_broken_template_of_a_host_is_an_error_that_says_where() {
    for (source, kind, line) in [
        ("# Ours\n\n{{ project.nmae }}\n", ErrorKind::InvalidInput, "3"),
        ("# Ours\n{{ nothing }}\n", ErrorKind::InvalidInput, "2"),
        ("{% for x in %}\n", ErrorKind::InvalidInput, "1"),
        ("\n\n\n{{ project.name | no_such_filter }}\n", ErrorKind::InvalidInput, "4"),
        // Only one of the stories uses it.
        ("{% if stories | length > 2 %}\n{{ nothing }}{% endif %}\n", ErrorKind::InvalidInput, "2"),
    ] {
        let error = with_readme(source).unwrap_err();
        assert_eq!(error.kind(), kind, "{source}");
        assert_eq!(error.context("template"), Some("node-api/README.md"), "{source}");
        assert_eq!(error.context("line"), Some(line), "{source}: {}", error.chain());
    }
}

#[test]
fn every_order_has_every_story_once_also_in_a_circle() {
    let create = |entity: &str| vec![operation(entity, OperationKind::Create)];
    let (plan, stories) = PlanBuilder::new(Stack::NodeApi)
        .entity("a", "as", vec![text("t", 1, 9)])
        .story("One", &["Two"], create("a"), vec![])
        .story("Two", &["One"], vec![operation("a", list(&[]))], vec![])
        .story("Three", &[], vec![operation("a", OperationKind::View)], vec![])
        .build();
    let order = Generator::order(&plan, &stories);
    assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(order, Generator::order(&plan, &stories));
}

#[test]
fn the_same_plan_gives_the_same_files() {
    for stack in STACKS {
        for plan in PLANS {
            assert_eq!(whole(stack, &plan(stack)), whole(stack, &plan(stack)));
        }
    }
}

#[test]
fn manifests_hold_the_plans_exact_versions() {
    let plan = rental(Stack::NodeApi);
    for state in states(&whole(Stack::NodeApi, &plan)) {
        let manifest: serde_json::Value = serde_json::from_str(&state["package.json"]).unwrap();
        assert_eq!(manifest["dependencies"]["express"], "5.3.0");
        assert_eq!(manifest["devDependencies"]["vitest"], "4.1.12");
        for script in ["lint", "typecheck", "test", "test:coverage", "build", "start", "dev", "audit"] {
            assert!(manifest["scripts"][script].is_string(), "{script}");
        }
        for name in ["tsconfig.json", "tsconfig.build.json"] {
            assert!(serde_json::from_str::<serde_json::Value>(&state[name]).is_ok(), "{name}");
        }
    }
    let state = states(&whole(Stack::PythonApi, &rental(Stack::PythonApi))).pop().unwrap();
    let manifest = &state["pyproject.toml"];
    assert!(manifest.contains("dependencies = [\n    \"fastapi==0.165.0\",\n"), "{manifest}");
    assert!(manifest.contains("dev = [\n    \"bandit==1.9.4\",\n"), "{manifest}");
    assert!(state["tools/poetry.txt"].contains("\npoetry==2.5.1 \\\n    --hash=sha256:"));
    assert!(!state.values().any(|text| text.contains("index-url") || text.contains("registry.")));
}

#[test]
fn a_plan_without_a_needed_dependency_is_refused() {
    let (mut plan, stories) = tasks(Stack::NodeApi);
    plan.build.dependencies.retain(|dependency| dependency.name != "zod");
    let error = Generator::new(Stack::NodeApi).unwrap().scaffold(&plan, &stories).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.context("dependency"), Some("zod"));
}

#[test]
fn a_browser_application_has_the_pages_that_stories_ask_for_and_no_others() {
    let plan = tasks(Stack::ReactSpa);
    let project = whole(Stack::ReactSpa, &plan);
    let [add, see, mark, change, remove, chart] = project.stories.as_slice() else { panic!("six stories") };
    let pages = |story: &GeneratedStory| -> Vec<String> {
        let pages = story.files.iter().filter_map(|file| file.path.as_str().strip_prefix("src/pages/Task"));
        pages.map(str::to_owned).collect()
    };
    // Who makes records looks for them in a list, asked for or not.
    assert_eq!(pages(add), ["DetailPage.tsx", "ListPage.tsx", "NewPage.tsx"]);
    assert_eq!(pages(see), ["ListPage.tsx"]);
    assert_eq!(pages(mark), ["DetailPage.tsx"]);
    assert_eq!(pages(change), ["DetailPage.tsx", "EditPage.tsx"]);
    assert_eq!(pages(remove), ["DetailPage.tsx"]);
    assert!(chart.files.is_empty());
    let last = states(&project).pop().unwrap();
    let first = &states(&project)[1];
    for word in ["update(", "delete("] {
        assert!(!first["src/repositories/task.ts"].contains(word), "{word} was not asked for yet");
        assert!(last["src/repositories/task.ts"].contains(word));
    }
}

#[test]
fn a_browser_application_is_as_reviewed() {
    let project = whole(Stack::ReactSpa, &tasks(Stack::ReactSpa));
    let last = states(&project).pop().unwrap();
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        for path in ["src/models/task.ts", "src/repositories/task.ts", "src/components/TaskForm.tsx", "src/pages/TaskListPage.tsx",
            "src/pages/TaskDetailPage.tsx", "tests/stories/add-a-task.test.ts"] {
            insta::assert_snapshot!(format!("react-spa-{}", path.replace('/', "-")), last[path]);
        }
    });
}

#[test]
fn a_choice_without_text_is_refused_where_people_choose() {
    let plan = |stack| {
        PlanBuilder::new(stack)
            .entity("tide", "tides", vec![text("harbour", 1, 50), builder::listed("state", &["high", " "])])
            .story("Add tides", &[], vec![operation("tide", OperationKind::Create)], vec![])
            .build()
    };
    let scaffold = |stack| {
        let (plan, stories) = plan(stack);
        Generator::new(stack).unwrap().scaffold(&plan, &stories)
    };
    assert!(scaffold(Stack::NodeApi).is_ok());
    let error = scaffold(Stack::ReactSpa).unwrap_err();
    assert_eq!((error.kind(), error.context("field")), (ErrorKind::InvalidInput, Some("state")));
}

#[test]
fn every_criterion_has_a_test_or_a_reason() {
    for stack in STACKS {
        for make in PLANS {
            let plan = make(stack);
            let project = whole(stack, &plan);
            let files = states(&project).pop().unwrap();
            for story in &project.stories {
                let set = plan.1.stories.iter().find(|known| known.id == story.story).unwrap();
                let unchecked = match &story.status {
                    StoryStatus::Done => &[][..],
                    StoryStatus::Partial { unchecked } => unchecked,
                    _ => continue,
                };
                let checked = story.tests.iter().map(|test| &test.criterion);
                let told: BTreeSet<_> = checked.chain(unchecked.iter().map(|unchecked| &unchecked.criterion)).collect();
                assert_eq!(told, set.criteria.iter().map(|criterion| &criterion.id).collect());
                let names: BTreeSet<_> = story.tests.iter().map(|test| &test.name).collect();
                assert_eq!(names.len(), story.tests.len(), "two tests have the same name");
                for test in &story.tests {
                    let name = match stack {
                        Stack::PythonApi => format!("def {}(", test.name),
                        _ => format!("it({}, ", literals::json_string(&test.name)),
                    };
                    assert_eq!(files[test.file.as_str()].matches(&name).count(), 1, "{name}");
                }
                let own = story.files.iter().filter(|file| file.path.as_str().starts_with("tests/stories/"));
                assert!(own.count() >= 1, "a served story has tests");
            }
        }
    }
}

#[test]
fn hostile_texts_stay_within_their_literals() {
    for stack in STACKS {
        for (path, text) in states(&whole(stack, &odd(stack))).pop().unwrap() {
            assert!(!text.contains(HOSTILE), "{path} has the text as it is");
            assert!(!text.chars().any(|c| matches!(c, '\u{2028}' | '\u{202e}')), "{path} has hidden characters");
            assert!(
                !text.contains("\n# h") && !text.contains("<b>") || !path.ends_with(".md"),
                "{path} has its markup"
            );
        }
    }
}

#[test]
fn references_are_checked_as_soon_as_their_records_can_be_made() {
    let project = whole(Stack::NodeApi, &rental(Stack::NodeApi));
    let repository = |title: &str| {
        let story = project.stories.iter().find(|story| story.story == story_id(title)).unwrap();
        story.files.iter().find(|file| file.path.as_str() == "src/repositories/booking.ts").unwrap().clone()
    };
    let first = repository("Book a bike");
    assert!(!first.content.contains("UnknownReference"));
    assert!(
        first.reason.contains("customer, bike, pickup_station, return_station taken as plain text"),
        "{}",
        first.reason
    );
    let later = repository("Register as a customer");
    assert!(later.content.contains("UnknownReference(\"customer\")"));
    assert!(later.reason.contains("; bike, pickup_station, return_station taken as plain text"), "{}", later.reason);
    assert!(!repository("Follow bookings").reason.contains("plain text"));
}

#[test]
fn required_references_in_a_circle_can_still_be_made() {
    let create = |entity: &str| operation(entity, OperationKind::Create);
    let (plan, stories) = PlanBuilder::new(Stack::NodeApi)
        .entity("hen", "hens", vec![reference("egg", "egg")])
        .entity("egg", "eggs", vec![reference("hen", "hen")])
        .story("Keep hens", &[], vec![create("hen"), create("egg")], vec![])
        .build();
    let result = Generator::new(Stack::NodeApi).unwrap().story(&plan, &stories, &[], &story_id("Keep hens")).unwrap();
    let text = |path: &str| &result.files.iter().find(|file| file.path.as_str() == path).unwrap().content;
    assert!(text("src/repositories/hen.ts").contains("UnknownReference(\"egg\")"));
    assert!(!text("src/repositories/egg.ts").contains("UnknownReference"));
}

#[test]
fn a_check_the_plan_contradicts_is_left_unchecked_with_the_reason() {
    let of = || ("tide".to_owned(), "harbour".to_owned());
    let required = {
        let (entity, field) = of();
        CriterionCheck::Required { entity, field }
    };
    let same = {
        let (entity, field) = of();
        CriterionCheck::Unique { entity, field }
    };
    let filtered = {
        let (entity, field) = of();
        CriterionCheck::Filtered { entity, field }
    };
    let (plan, stories) = PlanBuilder::new(Stack::NodeApi)
        .entity("tide", "tides", vec![optional(text("harbour", 1, 50))])
        .story(
            "Add tides",
            &[],
            vec![operation("tide", OperationKind::Create)],
            vec![
                ("a", required),
                ("b", same),
                ("c", filtered),
                ("d", CriterionCheck::Deleted { entity: "tide".into() }),
            ],
        )
        .build();
    let result = Generator::new(Stack::NodeApi).unwrap().story(&plan, &stories, &[], &story_id("Add tides")).unwrap();
    let StoryStatus::Partial { unchecked } = result.status else { panic!("{:?}", result.status) };
    let reasons: Vec<&str> = unchecked.iter().map(|unchecked| unchecked.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "the plan does not require the field (tide)",
            "the plan does not hold the field unique (tide)",
            "listing is not served (tide)",
            "removing is not served (tide)",
        ]
    );
    assert!(result.files.iter().any(|file| file.content.contains("makes a tide that can be read back")));
}

#[test]
fn names_that_are_no_names_never_become_code() {
    let bad_names = ["", "Tide", "a b", "a;b", "../up", "a__b", "1a", "é", "a\n"];
    let generator = Generator::new(Stack::NodeApi).unwrap();
    let refused = |plan: Plan| {
        let error = generator.scaffold(&plan.0, &plan.1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    };
    let entity =
        |name: &str, plural: &str, fields: Vec<Field>| PlanBuilder::new(Stack::NodeApi).entity(name, plural, fields);
    for bad in bad_names {
        refused(entity(bad, "tides", vec![text("height", 1, 9)]).build());
        refused(entity("tide", bad, vec![text("height", 1, 9)]).build());
        refused(entity("tide", "tides", vec![text(bad, 1, 9)]).build());
    }
    refused(entity("tide", "tides", vec![]).build());
    refused(entity("tide", "tides", vec![text("id", 1, 9)]).build());
    refused(entity("tide", "tides", vec![text("a", 1, 9), text("a", 1, 9)]).build());
    refused(entity("tide", "tides", vec![text("a", 9, 1)]).build());
    refused(entity("tide", "tides", vec![builder::listed("a", &[])]).build());
    refused(
        entity("tide", "tides", vec![builder::field("a", FieldKind::Integer { min: Some(2), max: Some(1) })]).build(),
    );
    refused(entity("tide", "tides", vec![text("a", 4_000_000_000, u32::MAX)]).build());
    refused(
        entity("tide", "tides", vec![builder::field("a", FieldKind::Integer { min: Some(i64::MAX), max: None })])
            .build(),
    );
    let twice = entity("tide", "tides", vec![text("a", 1, 9)]).entity("ebb", "tides", vec![text("a", 1, 9)]);
    refused(twice.build());
}

#[test]
fn files_lie_where_the_plans_components_say() {
    let component = |kind, path: &str, entity: &str| crate::domain::Component {
        id: ComponentId::parse(format!("{entity}-model")).unwrap(),
        kind,
        title: "A part".into(),
        path: RepoPath::parse(path).unwrap(),
        exports: Vec::new(),
        depends_on: Vec::new(),
        stories: Vec::new(),
        entity: Some(entity.into()),
    };
    let (mut plan, stories) = tasks(Stack::NodeApi);
    plan.components = vec![component(ComponentKind::Model, "src/domain/tasks/task.ts", "task")];
    let generator = Generator::new(Stack::NodeApi).unwrap();
    let story = generator.story(&plan, &stories, &[], &story_id("Add a task")).unwrap();
    let routes = story.files.iter().find(|file| file.path.as_str() == "src/routes/tasks.ts").unwrap();
    assert!(routes.content.contains("\"../domain/tasks/task.js\""));
    for bad in ["lib/task.ts", "src/task.js", "src/models/ta sk.ts", "src/routes/tasks.ts"] {
        plan.components = vec![component(ComponentKind::Model, bad, "task")];
        let error = generator.scaffold(&plan, &stories).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{bad}");
    }
}

#[test]
fn unique_fields_get_a_value_of_their_own_in_every_record() {
    let (plan, stories) = PlanBuilder::new(Stack::PythonApi)
        .entity("berth", "berths", vec![unique(text("number", 1, 4)), text("quay", 1, 40)])
        .story("Add berths", &[], vec![operation("berth", OperationKind::Create)], vec![])
        .build();
    let result =
        Generator::new(Stack::PythonApi).unwrap().story(&plan, &stories, &[], &story_id("Add berths")).unwrap();
    let factories = &result.files.iter().find(|file| file.path.as_str() == "tests/factories.py").unwrap().content;
    assert!(factories.contains("\"number\": str(n % 10000).zfill(1),"), "{factories}");
    assert!(factories.contains("\"quay\": \"Sample quay\","), "{factories}");
}

/// The files of `stack`, as the last story leaves them, for loans of volumes: volumes are removed, loans are not.
fn lending(stack: Stack) -> BTreeMap<String, String> {
    let create = |entity: &str| operation(entity, OperationKind::Create);
    let (plan, stories) = PlanBuilder::new(stack)
        .entity("volume", "volumes", vec![text("title", 1, 90), optional(reference("before", "volume"))])
        .entity(
            "loan",
            "loans",
            vec![
                reference("volume", "volume"),
                optional(reference("other", "volume")),
                builder::started(builder::listed("status", &["out", "back"]), "out"),
            ],
        )
        .story("Add volumes", &[], vec![create("volume"), operation("volume", list(&["title"]))], vec![])
        .story("Remove volumes", &[], vec![operation("volume", OperationKind::Delete)], vec![])
        .story(
            "Lend volumes",
            &[],
            vec![create("loan"), operation("loan", builder::transition("status", "back"))],
            vec![("a status is needed", CriterionCheck::Required { entity: "loan".into(), field: "status".into() })],
        )
        .build();
    states(&whole(stack, &(plan, stories))).pop().unwrap()
}

#[test]
fn a_record_that_others_refer_to_is_kept() {
    for (stack, file, refusal) in [
        (Stack::NodeApi, "src/repositories/volume.ts", "if (await this.loansReferTo(id)) throw new StillReferredTo"),
        (Stack::PythonApi, "app/repositories/volume.py", "if self._loans_refer_to(record_id):"),
        (Stack::ReactSpa, "src/repositories/volume.ts", "if (this.loansReferTo(id)) throw new StillReferredTo"),
        (Stack::VueSpa, "src/repositories/volume.ts", "if (this.loansReferTo(id)) throw new StillReferredTo"),
        (
            Stack::ReactFullstack,
            "server/src/repositories/volume.ts",
            "if (await this.loansReferTo(id)) throw new StillReferredTo",
        ),
    ] {
        let files = lending(stack);
        assert!(files[file].contains(refusal), "{stack}: {}", files[file]);
        let tests: String =
            files.iter().filter(|(path, _)| path.contains("remove")).map(|(_, text)| text.as_str()).collect();
        assert!(tests.contains("refuses to remove a volume while a loan refers to it"), "{stack}: {tests}");
        // Nobody removes loans, so nothing asks what refers to them.
        assert!(!files[&file.replace("volume", "loan")].contains("StillReferredTo"), "{stack}");
    }
}

#[test]
fn texts_are_searched_and_other_values_compared() {
    for (stack, file, search) in [
        (Stack::NodeApi, "src/repositories/volume.ts", "contains(record.title, query.title)"),
        (Stack::PythonApi, "app/repositories/volume.py", "if contains(record.title, wanted_title)"),
        (Stack::ReactSpa, "src/repositories/volume.ts", "contains(record.title, query.title)"),
    ] {
        let files = lending(stack);
        assert!(files[file].contains(search), "{stack}: {}", files[file]);
        let tests: String = files.values().map(String::as_str).collect();
        assert!(tests.contains("\"SAMPLE TITL\""), "{stack}: a test looks for a part of the text");
    }
}

#[test]
fn a_record_starts_in_its_first_state_and_no_form_asks_for_it() {
    let files = lending(Stack::ReactSpa);
    assert!(files["src/models/loan.ts"].contains("status: fields.status.default(\"out\")"));
    assert!(files["src/components/LoanForm.tsx"].contains("{record && (\n        <SelectField"));
    let test = &files["tests/stories/lend-volumes.test.ts"];
    assert!(test.contains("starts a loan with the status it begins with"), "{test}");
    assert!(!test.contains("a status is needed"), "a record is never without its first state: {test}");
    assert!(lending(Stack::PythonApi)["app/models/loan.py"].contains("status: LoanStatus = \"out\""));
    assert!(lending(Stack::NodeApi)["src/models/loan.ts"].contains("status: fields.status.default(\"out\")"));
}

#[test]
fn shared_templates_know_no_stack() {
    for (name, source) in crate::stacks::templates(Stack::ReactSpa).filter(|(name, _)| name.starts_with("shared/")) {
        for stack in STACKS {
            assert!(!source.contains(stack.as_str()), "{name} speaks of {stack}");
        }
    }
}
