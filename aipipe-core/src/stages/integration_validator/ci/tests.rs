use super::super::workflow::{audit, parse, render};
use super::*;
use crate::ErrorKind;

fn version(text: &str) -> RuntimeVersion {
    RuntimeVersion::parse(text).unwrap()
}

fn newer(stack: Stack) -> RuntimeVersion {
    version(if stack == Stack::PythonApi { "3.13" } else { "24" })
}

fn pattern(text: &str) -> PathPattern {
    PathPattern::parse(text).unwrap()
}

/// Every combination of the options that changes the workflow's shape.
fn options(stack: Stack) -> Vec<WorkflowOptions> {
    let mut all = Vec::new();
    for main in [None, Some(newer(stack))] {
        for further in [vec![], vec![version(if stack == Stack::PythonApi { "3.12" } else { "20" })]] {
            for paths in [vec![], vec![pattern("docs/**"), pattern("**/*.md")]] {
                let mut options =
                    WorkflowOptions::default().with_further_test_versions(further.clone()).with_unchecked_paths(paths);
                options.runtime_version.clone_from(&main);
                all.push(options);
            }
        }
    }
    all
}

#[test]
fn every_stack_reads_back_and_passes_the_audit() {
    for stack in Stack::ALL {
        for options in options(stack) {
            let workflow = stack_workflow(stack, &options).unwrap();
            let yaml = render(&workflow);
            assert_eq!(parse(&yaml).expect("own output is a workflow"), workflow, "{stack}");
            assert_eq!(audit(&workflow), [], "{stack} {options:?}");
        }
    }
}

#[test]
fn the_required_checks_are_the_same_whatever_the_versions() {
    for stack in Stack::ALL {
        let planned = &definition(stack).required_checks;
        for options in options(stack) {
            let mut checks = required_checks(&stack_workflow(stack, &options).unwrap());
            if !options.unchecked_paths.is_empty() {
                assert_eq!(checks.remove(0).as_str(), "changes");
            }
            assert_eq!(&checks, planned, "{stack} {options:?}");
        }
    }
}

#[test]
fn versions_are_tested_once_each_and_in_order() {
    let options = WorkflowOptions::default().with_further_test_versions(["24", "20", "22", "24"].map(version));
    let workflow = stack_workflow(Stack::NodeApi, &options).unwrap();
    let tests = workflow.jobs.iter().find(|job| job.strategy.is_some()).unwrap();
    let values = &tests.strategy.as_ref().unwrap().matrix["version"];
    assert_eq!(values.iter().map(super::super::workflow::Scalar::to_text).collect::<Vec<_>>(), ["22", "20", "24"]);
}

#[test]
fn a_version_that_looks_like_a_number_stays_text() {
    let options = WorkflowOptions { runtime_version: Some(version("3.20")), ..Default::default() };
    let yaml = render(&stack_workflow(Stack::PythonApi, &options).unwrap());
    assert!(yaml.contains("python-version: '3.20'"), "{yaml}");
}

#[test]
fn options_that_ask_for_too_much_are_refused() {
    let many = (20..40).map(|number| version(&number.to_string()));
    let patterns = (0..60).map(|number| pattern(&format!("docs/{number}")));
    for options in [
        WorkflowOptions::default().with_runtime_version(version("18")),
        WorkflowOptions::default().with_further_test_versions([version("19.9")]),
        WorkflowOptions::default().with_further_test_versions(many),
        WorkflowOptions::default().with_unchecked_paths(patterns),
    ] {
        let error = stack_workflow(Stack::NodeApi, &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{options:?}");
    }
    for bad in ["", "/docs", "../x", "a//b", "docs/", "**", "*", "**/*", "a b", "a'b", "$(x)", ":(top)", "a\nb", "ä"] {
        assert!(PathPattern::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn options_are_read_from_configuration_and_unknown_ones_refused() {
    let read = |json| serde_json::from_str::<WorkflowOptions>(json);
    let options = read(r#"{"runtime_version": "24", "unchecked_paths": ["docs/**"]}"#).unwrap();
    assert_eq!(options.runtime_version, Some(version("24")));
    assert!(read(r#"{"runtime_versions": ["24"]}"#).is_err());
    assert!(read(r#"{"unchecked_paths": ["**"]}"#).is_err());
}

#[test]
fn the_workflows_are_as_reviewed() {
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
        for stack in [Stack::NodeApi, Stack::PythonApi] {
            let workflow = stack_workflow(stack, &WorkflowOptions::default()).unwrap();
            insta::assert_snapshot!(stack.as_str(), render(&workflow));
        }
        let options = WorkflowOptions::default()
            .with_further_test_versions(["20", "24"].map(version))
            .with_unchecked_paths(["docs/**", "**/*.md"].map(pattern));
        insta::assert_snapshot!("node-api-all-options", render(&stack_workflow(Stack::NodeApi, &options).unwrap()));
    });
}
