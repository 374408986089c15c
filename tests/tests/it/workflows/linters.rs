//! Every workflow that stacks and options can make passes four linters without a finding.

use super::tool;
use crate::program::program;
use aipipe_core::domain::{RuntimeVersion, Stack};
use aipipe_core::stages::integration_validator::workflow::render;
use aipipe_core::stages::integration_validator::{PathPattern, WorkflowOptions, stack_workflow};
use aipipe_tests::figures;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

/// A workflow with a fault for each linter.
const FAULTY: &str = "\
name: Faulty
on: pull_request_target
jobs:
  a:
    runs-on: no-such-machine
    needs: nobody
    steps:
      - uses: actions/checkout@v4
      - run: echo ${{ github.event.pull_request.title }}
    colour: red
";

fn options(stack: Stack) -> Vec<WorkflowOptions> {
    let version = |text: &str| RuntimeVersion::parse(text).unwrap();
    let (newer, others) = match stack {
        Stack::PythonApi => ("3.13", ["3.12", "3.14"]),
        _ => ("24", ["20", "26"]),
    };
    let paths = ["docs/**", "**/*.md"].map(|text| PathPattern::parse(text).unwrap());
    let mut all = Vec::new();
    for further in [&others[..0], &others[..1], &others[..]] {
        for unchecked in [&paths[..0], &paths[..]] {
            let options = WorkflowOptions::default()
                .with_further_test_versions(further.iter().map(|text| version(text)))
                .with_unchecked_paths(unchecked.iter().cloned());
            all.push(options.clone());
            all.push(options.with_runtime_version(version(newer)));
        }
    }
    all
}

/// Writes every workflow into a repository of its own and returns their files.
fn write_all(folder: &Path) -> Vec<PathBuf> {
    let workflows = folder.join(".github/workflows");
    fs::create_dir_all(&workflows).unwrap();
    let mut files = Vec::new();
    for stack in Stack::ALL {
        for (number, options) in options(stack).iter().enumerate() {
            let file = workflows.join(format!("{stack}-{number}.yml"));
            fs::write(&file, render(&stack_workflow(stack, options).unwrap())).unwrap();
            files.push(file);
        }
    }
    files
}

/// A linter and how many findings its output counts.
struct Linter {
    name: &'static str,
    arguments: &'static [&'static str],
    findings: fn(&Output) -> usize,
}

const LINTERS: [Linter; 4] = [
    Linter { name: "actionlint", arguments: &["-no-color", "-format", "{{json .}}"], findings: list },
    Linter { name: "jactionlint", arguments: &["--no-color"], findings: lines },
    Linter {
        name: "zizmor",
        arguments: &["--offline", "--persona", "auditor", "--no-progress", "--format", "json"],
        findings: list,
    },
    Linter {
        name: "check-jsonschema",
        arguments: &["--builtin-schema", "vendor.github-workflows", "--output-format", "json"],
        findings: errors,
    },
];

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn list(output: &Output) -> usize {
    // Nothing found may also be said by nothing at all.
    if output.status.success() && output.stdout.trim_ascii().is_empty() {
        0
    } else {
        json(output).as_array().unwrap().len()
    }
}

fn lines(output: &Output) -> usize {
    assert_ne!(output.status.code(), Some(2), "the linter was called wrongly: {output:?}");
    String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.contains(".yml:")).count()
}

fn errors(output: &Output) -> usize {
    json(output)["errors"].as_array().unwrap().len()
}

fn run(linter: &Linter, files: &[PathBuf]) -> Option<usize> {
    let output = program(tool(linter.name)?).args(linter.arguments).args(files).output().unwrap();
    let found = (linter.findings)(&output);
    assert_eq!(found == 0, output.status.success(), "{} said one thing and counted another: {output:?}", linter.name);
    if found > 0 && files.len() > 1 {
        eprintln!("{}: {}", linter.name, String::from_utf8_lossy(&output.stdout));
    }
    Some(found)
}

#[test]
fn every_workflow_passes_every_linter() {
    let folder = tempfile::tempdir().unwrap();
    let files = write_all(folder.path());
    assert_eq!(files.len(), 60);
    let found: Option<Vec<usize>> = LINTERS.iter().map(|linter| run(linter, &files)).collect();
    let Some(found) = found else { return };
    figures::record("workflows.checked", files.len(), "workflows").unwrap();
    figures::record("workflows.findings", found.iter().sum::<usize>(), "findings").unwrap();
    assert_eq!(found, [0; 4]);
}

/// The control: a linter that finds nothing in this one would find nothing anywhere.
#[test]
fn every_linter_finds_the_faults_of_a_faulty_workflow() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".github/workflows/faulty.yml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, FAULTY).unwrap();
    for linter in &LINTERS {
        if let Some(found) = run(linter, std::slice::from_ref(&file)) {
            assert!(found > 0, "{} found nothing", linter.name);
        }
    }
}
