//! What workflows are taken, what is refused and how it is said.

use super::parse::workflow;
use super::workflow::{Shell, StepKind};
use aipipe_core::ErrorKind;
use proptest::prelude::*;

fn job(body: &str) -> String {
    let indented: String = body.lines().map(|line| format!("    {line}\n")).collect();
    format!("on: push\njobs:\n  x:\n    runs-on: ubuntu-latest\n{indented}")
}

const STEPS: &str = "steps:\n  - run: echo hi";

#[test]
fn a_whole_workflow_is_read() {
    let text = "\
name: CI
on:
  push:
    branches: [main]
permissions:
  contents: read
concurrency:
  group: ${{ github.workflow }}-${{ github.ref }}
env: { A: 1, B: two, C: 1.5, D: true }
jobs:
  last:
    name: Last of all
    needs: [first, middle]
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    steps:
      - uses: actions/checkout@0123456789012345678901234567890123456789 # v5
        with: { persist-credentials: false }
      - uses: actions/setup-node@v4
        with: { node-version: 20, cache: npm }
      - name: Install
        run: npm ci --ignore-scripts
      - run: |
          npm test
        shell: bash
        if: always()
  middle: { needs: first, runs-on: [self-hosted, linux], steps: [{ run: 'true' }] }
  first: { runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
";
    let read = workflow(text, ".github/workflows/ci.yml").unwrap();
    let order: Vec<&str> = read.jobs.iter().map(|job| job.id.as_str()).collect();
    assert_eq!(order, ["first", "middle", "last"]);
    let env: Vec<_> = read.env.iter().map(|(name, value)| (name.as_str(), value.literal().unwrap())).collect();
    let wanted = [("A", "1"), ("B", "two"), ("C", "1.5"), ("D", "true")];
    assert_eq!(env, wanted.map(|(name, value)| (name, value.to_owned())));
    assert_eq!((read.event, read.notes.len()), ("push", 3));
    let StepKind::Run(script) = &read.jobs[2].steps[3].kind else { panic!("a script") };
    assert_eq!(script.shell, Shell::Bash);
}

#[test]
fn words_that_were_booleans_once_stay_words() {
    let read = workflow(&job(&format!("env: {{ A: yes, B: on, C: Off, D: true }}\n{STEPS}")), "ci.yml").unwrap();
    let values: Vec<_> = read.jobs[0].env.iter().filter_map(|(_, value)| value.literal()).collect();
    assert_eq!(values, ["yes", "on", "Off", "true"]);
}

#[test]
fn a_matrix_makes_a_job_of_every_combination() {
    let text = "\
on: push
jobs:
  sum: { needs: t, if: always(), runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
  t:
    strategy: { fail-fast: false, matrix: { node: [20, '22'], db: [a, b] } }
    runs-on: ubuntu-latest
    env: { V: '${{ matrix.node }}' }
    steps: [{ run: 'echo ${{ matrix.db }}' }]
  named:
    name: on ${{ matrix.v }}
    strategy: { matrix: { v: [3.10, '3.10'] } }
    runs-on: ubuntu-latest
    steps: [{ run: 'true' }]
";
    let read = workflow(text, "ci.yml").unwrap();
    let names: Vec<&str> = read.jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["t (20, a)", "t (20, b)", "t (22, a)", "t (22, b)", "sum", "on 3.1", "on 3.10"]);
    let ids: Vec<&str> = read.jobs.iter().map(|job| job.id.as_str()).collect();
    assert_eq!(ids, ["t.1", "t.2", "t.3", "t.4", "sum", "named.1", "named.2"]);
    assert_eq!(read.jobs[2].env[0].1.literal().as_deref(), Some("22"));
    assert!(!read.jobs[0].fail_fast && read.jobs[5].fail_fast);
}

#[test]
fn what_cannot_be_run_here_is_unsupported_and_named() {
    for (text, wanted) in [
        (job(&format!("strategy: {{ matrix: {{ include: [{{ a: 1 }}] }} }}\n{STEPS}")), "include in the matrix"),
        (job(&format!("strategy: {{ matrix: '${{{{ fromJSON(env.X) }}}}' }}\n{STEPS}")), "expression for the matrix"),
        (job(&format!("strategy: {{ matrix: {{ a: [{{ b: 1 }}] }} }}\n{STEPS}")), "a value of a"),
        (
            job("steps:\n  - run: x\n    if: contains(github.ref, 'x')"),
            "if: contains(github.ref, 'x') in step 1 of job x",
        ),
        (job(&format!("container: node:20\n{STEPS}")), "container in job x"),
        (job(&format!("services: {{ db: {{ image: x }} }}\n{STEPS}")), "services in job x"),
        (job(&format!("environment: production\n{STEPS}")), "environment in job x"),
        (job(&format!("if: github.ref\n{STEPS}")), "if: github.ref in job x"),
        ("on: push\njobs: { x: { uses: ./.github/workflows/other.yml } }".to_owned(), "uses in job x"),
        ("on: push\njobs: { x: { runs-on: windows-latest, steps: [{ run: dir }] } }".to_owned(), "windows-latest"),
        ("on: push\njobs: { x: { runs-on: '${{ matrix.os }}', steps: [{ run: dir }] } }".to_owned(), "matrix.os"),
        (job("steps:\n  - uses: actions/setup-node@v4\n    with: { node-version: '${{ env.X }}' }"), "node-version"),
        (job("steps:\n  - run: x\n    shell: pwsh"), "shell pwsh in step 1 of job x"),
        (job("steps:\n  - run: echo ${{ secrets.TOKEN }}"), "secrets.TOKEN"),
        (job("steps:\n  - uses: docker/login-action@v3"), "docker/login-action@v3 in step 1 of job x"),
        (job("steps:\n  - run: x\n    continue-on-error: ${{ true }}"), "continue-on-error"),
        (job("steps:\n  - uses: actions/upload-artifact@v4\n    with: { path: 'dist/*' }"), "pattern"),
    ] {
        let error = workflow(&text, "ci.yml").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.message().contains(wanted), "{error} lacks {wanted}");
    }
}

#[test]
fn what_is_no_workflow_is_invalid() {
    for text in [
        String::new(),
        "- a".to_owned(),
        "on: push".to_owned(),
        "on: push\njobs: {}".to_owned(),
        "jobs: { x: { runs-on: ubuntu-latest, steps: [{ run: x }] } }".to_owned(),
        "on: schedule\njobs: { x: { runs-on: ubuntu-latest, steps: [{ run: x }] } }".to_owned(),
        job("steps: []"),
        job("steps:\n  - name: nothing"),
        job("steps:\n  - run: x\n    uses: actions/checkout@v4"),
        job("steps:\n  - run: x\n    run: y"),
        job("steps:\n  - run: x\n    runn: y"),
        job(&format!("needs: nobody\n{STEPS}")),
        job(&format!("needs: x\n{STEPS}")),
        job(&format!("timeout-minutes: 0\n{STEPS}")),
        job(&format!("env: {{ 'A B': 1 }}\n{STEPS}")),
        job(&format!("colour: red\n{STEPS}")),
        job(&format!("strategy: {{ matrix: {{}} }}\n{STEPS}")),
        job(&format!("strategy: {{ matrix: {{ a: [] }} }}\n{STEPS}")),
        job(&format!("strategy: {{ matrix: {{ a: [1] }}, fail-slow: true }}\n{STEPS}")),
        job(&format!("strategy: {{ matrix: {{ a: [1] }} }}\nenv: {{ X: '${{{{ matrix.b }}}}' }}\n{STEPS}")),
        job(&format!("env: {{ X: '${{{{ env.Y }}}}' }}\n{STEPS}")),
        job(&format!("env: {{ X: '${{{{ needs.other.result }}}}' }}\n{STEPS}")),
        job(&format!("outputs: {{ 'a b': c }}\n{STEPS}")),
        "on: push\njobs: { '../x': { runs-on: ubuntu-latest, steps: [{ run: x }] } }".to_owned(),
        "on: push\njobs: { x: { steps: [{ run: x }] } }".to_owned(),
        "on: push\nextra: 1\njobs: { x: { runs-on: ubuntu-latest, steps: [{ run: x }] } }".to_owned(),
        "on: [".to_owned(),
        format!("on: push\njobs: {}x{}", "{ a: ".repeat(5000), " }".repeat(5000)),
    ] {
        let error = workflow(&text, "ci.yml").unwrap_err();
        let shown: String = text.chars().take(200).collect();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{shown}: {error}");
    }
}

proptest! {
    #[test]
    fn hostile_text_never_panics(text in ".{0,300}", body in "[a-z:\\- \n{}\\[\\]&*!|>'\"#$]{0,200}") {
        let _ = workflow(&text, "ci.yml");
        let _ = workflow(&job(&body), "ci.yml");
    }
}
