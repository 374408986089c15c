//! The property tests of generated projects find faults in the generated code, also such as no example finds.
//!
//! A project is generated, installed and tested; then one fault at a time is put into its code.

use crate::program::{example, program, run};
use aipipe_core::domain::Stack;
use aipipe_core::stacks::definition;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const STORIES: &str = r#"[
    {"title": "Review a book", "role": "reader", "action": "add a review with a title and a rating",
     "criteria": ["A rating is a whole number from 1 to 5.", "The title of a review is required.",
                  "No two reviews have the same title."]},
    {"title": "See reviews", "role": "reader", "action": "list all reviews",
     "criteria": ["Given two reviews, when I list reviews, then the list shows both reviews."]}
]"#;

/// What goes wrong in a generated file, and what has to notice.
struct Fault {
    file: &'static str,
    right: &'static str,
    wrong: &'static str,
    /// Part of the name of the property that turns red.
    property: &'static str,
    /// Whether an example test turns red too.
    examples: Examples,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Examples {
    Notice,
    Miss,
}

/// Names of tests that failed, and how many there were.
struct Tested {
    failed: BTreeSet<String>,
    total: usize,
}

fn generate(stack: Stack, folder: &Path) -> std::path::PathBuf {
    let (stories, project) = (folder.join("reviews.json"), folder.join("project"));
    fs::write(&stories, STORIES).unwrap();
    let mut scaffold = program(example("scaffold"));
    run(scaffold.args(["--stack", stack.as_str(), "--stories"]).arg(&stories).arg("--out").arg(&project)).exits(0);
    project
}

fn each_fault_turns_its_property_red(
    project: &Path,
    faults: &[Fault],
    is_property: fn(&str) -> bool,
    test: impl Fn() -> Tested,
) {
    let sound = test();
    assert_eq!(sound.failed, BTreeSet::new());
    assert!(sound.total > faults.len(), "{} tests", sound.total);
    for fault in faults {
        let file = project.join(fault.file);
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text.matches(fault.right).count(), 1, "{} in {text}", fault.right);
        fs::write(&file, text.replace(fault.right, fault.wrong)).unwrap();
        let failed = test().failed;
        fs::write(&file, text).unwrap();
        let (properties, examples): (Vec<_>, Vec<_>) = failed.iter().partition(|name| is_property(name));
        assert!(properties.iter().any(|name| name.contains(fault.property)), "{}: {failed:?}", fault.wrong);
        let noticed = if examples.is_empty() { Examples::Miss } else { Examples::Notice };
        assert_eq!(noticed, fault.examples, "{}: {examples:?}", fault.wrong);
    }
}

#[test]
fn faults_in_generated_typescript_turn_a_property_red() {
    let folder = tempfile::tempdir().unwrap();
    let project = generate(Stack::NodeApi, folder.path());
    let install = ["install", "--ignore-scripts", "--no-audit", "--no-fund"];
    run(program("npm").args(install).current_dir(&project)).exits(0);
    let faults = [
        Fault {
            file: "src/models/review.ts",
            right: ".max(5)",
            wrong: ".max(6)",
            property: "from 1 to 5",
            examples: Examples::Notice,
        },
        Fault {
            file: "src/models/review.ts",
            right: ".max(5)",
            wrong: ".max(5).refine((rating) => rating !== 3)",
            property: "from 1 to 5",
            examples: Examples::Miss,
        },
        Fault {
            file: "src/repositories/review.ts",
            right: "record.title === candidate.title",
            wrong: "record.title === candidate.title && record.title.length < 30",
            property: "same title",
            examples: Examples::Miss,
        },
        Fault {
            file: "src/paging.ts",
            right: "start + limit)",
            wrong: "start + Math.max(limit, 2))",
            property: "both reviews",
            examples: Examples::Miss,
        },
    ];
    each_fault_turns_its_property_red(
        &project,
        &faults,
        |name| name.ends_with(" (property)"),
        || {
            let report = project.join("report.json");
            let mut vitest = program("npx");
            vitest.args(["vitest", "run", "--reporter=json", "--outputFile=report.json"]).current_dir(&project);
            run(&mut vitest);
            let report: Value = serde_json::from_str(&fs::read_to_string(&report).unwrap()).unwrap();
            let files = report["testResults"].as_array().unwrap().iter();
            let tests: Vec<&Value> = files.flat_map(|file| file["assertionResults"].as_array().unwrap()).collect();
            let failed = tests.iter().filter(|test| test["status"] != "passed");
            let failed = failed.map(|test| test["title"].as_str().unwrap().to_owned()).collect();
            Tested { failed, total: tests.len() }
        },
    );
}

#[test]
fn faults_in_generated_python_turn_a_property_red() {
    let folder = tempfile::tempdir().unwrap();
    let project = generate(Stack::PythonApi, folder.path());
    let environment = folder.path().join("environment");
    run(program("python3").args(["-m", "venv"]).arg(&environment)).exits(0);
    let python = environment.join("bin/python");
    let tools = ["bandit", "pip-audit"];
    let packages = definition(Stack::PythonApi).pinned().filter(|package| !tools.contains(&package.name.as_str()));
    let packages: Vec<String> = packages.map(|package| format!("{}=={}", package.name, package.version)).collect();
    run(program(&python).args(["-m", "pip", "install", "--quiet"]).args(packages)).exits(0);
    let faults = [
        Fault {
            file: "app/models/review.py",
            right: "le=5",
            wrong: "le=6",
            property: "1_to_5",
            examples: Examples::Notice,
        },
        Fault {
            file: "app/models/review.py",
            right: "Field(strict=True, ge=1, le=5)",
            wrong: "Field(strict=True, ge=1, le=5), \
                    __import__(\"pydantic\").AfterValidator(lambda rating: int(\"x\" if rating == 3 else rating))",
            property: "1_to_5",
            examples: Examples::Miss,
        },
        Fault {
            file: "app/repositories/review.py",
            right: "record.title for record in others",
            wrong: "record.title for record in others if len(record.title) < 30",
            property: "same_title",
            examples: Examples::Miss,
        },
        Fault {
            file: "app/paging.py",
            right: "start + query.limit",
            wrong: "start + max(query.limit, 2)",
            property: "given_two_reviews",
            examples: Examples::Miss,
        },
    ];
    each_fault_turns_its_property_red(
        &project,
        &faults,
        |name| name.ends_with("_property"),
        || {
            let mut pytest = program(&python);
            pytest.args(["-m", "pytest", "--quiet", "-rA", "-p", "no:cacheprovider", "--tb=no"]).current_dir(&project);
            let ran = run(&mut pytest);
            assert!(matches!(ran.code, Some(0 | 1)), "pytest did not run its tests: {ran}");
            let told = ran.stdout;
            let names = |word: &str| -> BTreeSet<String> {
                let lines = told.lines().filter_map(|line| line.strip_prefix(word)?.split_once("::"));
                lines.map(|(_, name)| name.split(' ').next().unwrap().to_owned()).collect()
            };
            let (failed, passed) = (names("FAILED "), names("PASSED "));
            Tested { total: failed.len() + passed.len(), failed }
        },
    );
}
