//! Workflows run for real: steps are shell scripts, so that no test needs the network.

use crate::ci_rig::{Rig, WORKFLOW, ended, job, key, one_job, repository, script, selector};
use crate::support::missing_rig;
use aipipe_adapters_local::HostEnvironment;
use aipipe_adapters_local::ci::LocalCiLimits;
use aipipe_core::ErrorKind;
use aipipe_core::domain::*;
use aipipe_core::ports::ContinuousIntegration as _;
use std::fs;
use std::path::{Path, PathBuf};

#[tokio::test]
async fn jobs_run_in_the_order_of_their_needs_and_share_nothing() {
    let rig = Rig::new(
        "\
name: Order
on: { push: {} }
env: { COLOUR: red, SHAPE: square }
jobs:
  last:
    name: The last
    needs: [first, second]
    runs-on: ubuntu-latest
    env: { SHAPE: round }
    steps:
      - uses: actions/checkout@v4
      - name: See
        env: { SIZE: big }
        run: |
          test ! -e left-behind
          cat hello.txt
          echo \"$COLOUR $SHAPE $SIZE ${{ env.SHAPE }}\"
          echo \"${{ github.sha }} ${{ github.ref }} $GITHUB_REPOSITORY\"
      - run: pwd
        working-directory: sub
  second: { needs: first, runs-on: ubuntu-latest, steps: [{ run: 'test ! -e hello.txt' }] }
  first: { runs-on: ubuntu-latest, steps: [{ run: 'touch left-behind' }] }
",
    );
    fs::create_dir(rig.path().join("source/sub")).unwrap();
    fs::write(rig.path().join("source/sub/file"), "").unwrap();
    let run = rig.run().await;
    assert_eq!(run.state, RunState::Completed(Conclusion::Success), "{run:#?}");
    let order: Vec<&str> = run.jobs.iter().map(|job| job.id.as_str()).collect();
    assert_eq!(order, ["first", "second", "last"]);
    let log = rig.log(&run, "last").await;
    for wanted in ["hello from the repository", "red round big round", "refs/heads/aipipe/run-1 demo", "/job/work/sub"]
    {
        assert!(log.contains(wanted), "{log} lacks {wanted}");
    }
    let checks = rig.checks.0.lock().unwrap();
    assert_eq!(checks.len(), 2);
    assert!(checks[0].iter().all(|check| check.state == RunState::Pending));
    assert!(checks[1].iter().all(|check| check.state.is_success()));
    assert_eq!(checks[1][2].name.as_str(), "The last");
    assert!(!PathBuf::from(&run.location).join("job").exists(), "the job's folder is removed");
}

#[tokio::test]
async fn a_failed_step_is_red_and_skips_what_needs_it() {
    let rig = Rig::new(
        "\
on: [pull_request]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: echo fine
      - name: Break
        run: |
          printf '\\033[31mthe reason\\033[0m\\n'
          exit 3
          echo not reached
      - run: echo skipped
      - run: echo cleaned up
        if: always()
      - run: echo sorry
        if: failure()
  after: { needs: build, runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
  later: { needs: after, runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
  report: { needs: build, if: always(), runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
  alone: { runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
",
    );
    let run = rig.run().await;
    assert_eq!(ended(run.state), Conclusion::Failure);
    let states: Vec<Conclusion> = run.jobs.iter().map(|job| ended(job.state)).collect();
    let wanted =
        [Conclusion::Failure, Conclusion::Skipped, Conclusion::Skipped, Conclusion::Success, Conclusion::Success];
    assert_eq!(states, wanted);
    let steps: Vec<Conclusion> = job(&run, "build").steps.iter().map(|step| ended(step.state)).collect();
    let wanted = [
        Conclusion::Success,
        Conclusion::Success,
        Conclusion::Failure,
        Conclusion::Skipped,
        Conclusion::Success,
        Conclusion::Success,
    ];
    assert_eq!(steps, wanted);
    let (failed, step) = run.first_failure().unwrap();
    assert_eq!((failed.id.as_str(), step.unwrap().name.as_str()), ("build", "Break"));
    assert_eq!(step.unwrap().note.as_deref(), Some("exit code 3"));
    let log = rig.log(&run, "build").await;
    assert!(log.contains("\nthe reason\n") && !log.contains("not reached") && log.contains("cleaned up"), "{log}");
}

#[tokio::test]
async fn a_failure_that_may_happen_does_not_count() {
    let rig = Rig::new(&one_job("- run: exit 9\n  continue-on-error: true\n- run: echo on"));
    let run = rig.run().await;
    assert_eq!(ended(run.state), Conclusion::Success);
    assert!(job(&run, "test").steps[1].note.as_deref().unwrap().contains("exit code 9; tolerated"));
}

#[tokio::test]
async fn the_shell_is_the_one_github_would_use() {
    let unnamed = Rig::new(&one_job("- run: false | true"));
    assert_eq!(ended(unnamed.run().await.state), Conclusion::Success);
    let named = Rig::new(&one_job("- run: false | true\n  shell: bash"));
    assert_eq!(ended(named.run().await.state), Conclusion::Failure);
    let stops = Rig::new(&script("false\ntrue"));
    assert_eq!(ended(stops.run().await.state), Conclusion::Failure);
}

#[tokio::test]
async fn steps_speak_to_later_steps() {
    let rig = Rig::new(&one_job(
        "\
- id: say
  run: |
    mkdir -p tools && printf '#!/bin/sh\\necho my tool\\n' > tools/mine && chmod +x tools/mine
    echo 'WORD=one two' >> \"$GITHUB_ENV\"
    printf 'BLOCK<<END\\na\\nb\\nEND\\n' >> \"$GITHUB_ENV\"
    echo \"$PWD/tools\" >> \"$GITHUB_PATH\"
    echo 'number=7' >> \"$GITHUB_OUTPUT\"
    echo '# done' >> \"$GITHUB_STEP_SUMMARY\"
- run: |
    test \"$WORD\" = 'one two' && test \"$BLOCK\" = $'a\\nb'
    mine
    echo 'got ${{ steps.say.outputs.number }} and ${{ env.WORD }}'",
    ));
    let run = rig.run().await;
    let log = rig.log(&run, "test").await;
    assert!(run.state.is_success(), "{log}");
    assert!(log.contains("my tool\ngot 7 and one two"), "{log}");
    let bad = Rig::new(&script("echo 'GITHUB_SHA=x' >> \"$GITHUB_ENV\""));
    assert_eq!(ended(bad.run().await.state), Conclusion::Failure);
}

#[tokio::test]
async fn a_gigabyte_of_output_is_cut_and_ended() {
    let workflow = script("echo first\nhead -c 1000000000 /dev/zero | tr '\\0' 'x' | fold -w 100\necho last");
    let rig = Rig::new(&workflow);
    let run = rig.run().await;
    assert_eq!(ended(run.state), Conclusion::Failure);
    let step = &job(&run, "test").steps[1];
    assert!(step.note.as_deref().unwrap().starts_with("output limit"), "{step:?}");
    let log = PathBuf::from(&run.location).join("logs/test.log");
    assert!(fs::metadata(&log).unwrap().len() < 10 << 20);

    let patient = Rig::new(&script("echo first\nhead -c 30000000 /dev/zero | tr '\\0' 'x' | fold -w 100\necho last"))
        .limits(LocalCiLimits::default().with_output(100_000, 64 << 20));
    let run = patient.run().await;
    assert!(run.state.is_success());
    let log = patient.log(&run, "test").await;
    assert!(log.contains("first") && log.contains("bytes of output left out") && log.contains("last\n"));
    assert!(log.len() < 500_000);
}

#[tokio::test]
async fn what_cannot_run_here_is_unsupported_before_anything_runs() {
    let marker = tempfile::tempdir().unwrap();
    let touched = marker.path().join("touched");
    for (step, wanted) in [
        ("- uses: docker/build-push-action@v6".to_owned(), "docker/build-push-action@v6"),
        ("- run: echo ${{ secrets.KEY }}".to_owned(), "secrets.KEY"),
        ("- uses: actions/setup-node@v4\n  with: { node-version: 99 }".to_owned(), "node 99 not found (have"),
        ("- uses: actions/setup-python@v5\n  with: { python-version: '9.9' }".to_owned(), "python9.9 not found"),
    ] {
        let rig = Rig::new(&one_job(&format!("- run: touch {}\n{step}", touched.display()))).plain();
        let error = rig.refused().await;
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.message().contains(wanted), "{error}");
        assert!(!touched.exists() && rig.checks.0.lock().unwrap().is_empty());
        assert_eq!(rig.ci().runs(&repository(), &selector()).await.unwrap(), []);
    }
}

#[tokio::test]
async fn missing_node_is_no_red_run() {
    let tools = tempfile::tempdir().unwrap();
    for tool in ["bash", "cp", "true"] {
        let real = ["/bin", "/usr/bin"].iter().map(|f| Path::new(f).join(tool)).find(|file| file.exists()).unwrap();
        std::os::unix::fs::symlink(real, tools.path().join(tool)).unwrap();
    }
    for workflow in [one_job("- uses: actions/setup-node@v4"), script("npm ci"), script("echo a\nnode x.js")] {
        let mut rig = Rig::new(&workflow);
        rig.options.host = HostEnvironment::new(tools.path());
        let error = rig.refused().await;
        assert_eq!((error.kind(), error.message()), (ErrorKind::Unsupported, "node not found"));
    }
    let mut rig = Rig::new(&one_job("- uses: actions/setup-python@v5\n  with: { python-version: '3.11' }"));
    rig.options.host = HostEnvironment::new(tools.path());
    assert_eq!(rig.refused().await.message(), "python3.11 not found");
    let mut rig = Rig::new(&script("true"));
    rig.options.host = HostEnvironment::new("");
    assert_eq!(rig.refused().await.message(), "bash not found");
}

#[tokio::test]
async fn artifacts_are_kept_and_none_leaves_the_workspace() {
    let steps = "- run: mkdir -p out/deep && echo a > out/deep/a.txt\n\
                 - uses: actions/upload-artifact@v4\n  with: { name: result, path: out }";
    let rig = Rig::new(&one_job(steps));
    let run = rig.run().await;
    assert!(run.state.is_success(), "{run:#?}");
    let kept = PathBuf::from(&run.location).join("artifacts/result/out/deep/a.txt");
    assert_eq!(fs::read_to_string(kept).unwrap(), "a\n");
    for (path, name) in
        [("../../run.json", "x"), ("/etc/hostname", "x"), ("link/run.json", "x"), ("out", "../../../up")]
    {
        let steps = format!(
            "- run: mkdir -p out && echo a > out/a && ln -s ../.. link\n\
             - uses: actions/upload-artifact@v4\n  with: {{ name: '{name}', path: '{path}' }}"
        );
        let rig = Rig::new(&one_job(&steps));
        let run = rig.run().await;
        assert_eq!(ended(run.state), Conclusion::Failure, "{path} {name}");
        assert!(!rig.path().join("up").exists());
        assert!(!PathBuf::from(&run.location).join("artifacts").exists());
    }
}

#[tokio::test]
async fn a_working_directory_stays_in_the_workspace() {
    for directory in ["..", "/etc", "missing", "link"] {
        let steps = format!("- run: ln -s / link\n- run: pwd\n  working-directory: {directory}");
        let run = Rig::new(&one_job(&steps)).run().await;
        assert_eq!(ended(run.state), Conclusion::Failure, "{directory}");
    }
}

#[tokio::test]
async fn a_workflow_that_is_none_is_invalid() {
    for workflow in ["", "on: push", "on: schedule\njobs: { x: { runs-on: ubuntu-latest, steps: [{ run: x }] } }"] {
        assert_eq!(Rig::new(workflow).refused().await.kind(), ErrorKind::InvalidInput, "{workflow:?}");
    }
    let rig = Rig::new("on: push");
    fs::remove_file(rig.path().join("source").join(WORKFLOW)).unwrap();
    assert_eq!(rig.refused().await.kind(), ErrorKind::InvalidInput);
    std::os::unix::fs::symlink("/etc/passwd", rig.path().join("source").join(WORKFLOW)).unwrap();
    let error = rig.refused().await;
    assert!(error.kind() == ErrorKind::InvalidInput && error.message().contains("link"), "{error}");
}

#[tokio::test]
async fn python_gets_an_environment_of_its_own() {
    let steps = "- uses: actions/setup-python@v5\n  with: { python-version: '3.11' }\n\
                 - run: python -c 'import sys; assert sys.prefix != sys.base_prefix; print(sys.prefix)'; python -m pip --version";
    let two = format!("{}  again:\n    runs-on: ubuntu-latest\n    steps:\n{}", one_job(steps), {
        let indented: String = steps.lines().map(|line| format!("      {line}\n")).collect();
        indented
    });
    let rig = Rig::new(&two);
    match rig.ci().ensure_run(&repository(), &selector(), &key("one")).await {
        Err(error) if error.kind() == ErrorKind::Unsupported => missing_rig("Python 3.11"),
        run => {
            let run = run.unwrap().unwrap();
            assert!(run.state.is_success(), "{}", rig.log(&run, "test").await + &rig.log(&run, "again").await);
        }
    }
}

/// A project whose only dependency is a folder of its own, so that npm needs no network.
pub(crate) fn npm_project(rig: &Rig) {
    let source = rig.path().join("source");
    fs::create_dir_all(source.join("dep")).unwrap();
    fs::write(source.join("dep/package.json"), r#"{"name":"dep","version":"1.0.0"}"#).unwrap();
    let manifest = r#"{"name":"demo","version":"1.0.0","dependencies":{"dep":"file:dep"}}"#;
    fs::write(source.join("package.json"), manifest).unwrap();
    let lock = r#"{"name":"demo","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{
        "":{"name":"demo","version":"1.0.0","dependencies":{"dep":"file:dep"}},
        "dep":{"version":"1.0.0"},"node_modules/dep":{"resolved":"dep","link":true}}}"#;
    fs::write(source.join("package-lock.json"), lock).unwrap();
}

#[tokio::test]
async fn the_same_installation_is_made_once_unless_a_job_changed_it() {
    let install = "      - uses: actions/checkout@v4\n      - uses: actions/setup-node@v4\n      - name: Install\n        run: npm ci\n";
    for (last_step, wanted) in [
        ("test -d node_modules/dep && echo x > node_modules/new", "reused from job one"),
        ("echo changed >> node_modules/.package-lock.json", ""),
    ] {
        let job = |id: &str| {
            format!(
                "  {id}:\n    runs-on: ubuntu-latest\n    steps:\n{install}      - run: test ! -e node_modules/new\n      - run: {last_step}\n"
            )
        };
        let rig = Rig::new(&format!("on: push\njobs:\n{}{}{}", job("one"), job("two"), job("three")));
        npm_project(&rig);
        let run = match rig.ci().ensure_run(&repository(), &selector(), &key("one")).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => return missing_rig("node with npm"),
            run => run.unwrap().unwrap(),
        };
        assert!(run.state.is_success(), "{}", rig.log(&run, "one").await + &rig.log(&run, "two").await);
        let note = |id: &str| job_note(&run, id);
        assert_eq!((note("one").as_str(), note("two").as_str()), ("", wanted));
        assert!(note("three").is_empty() == wanted.is_empty());
    }
}

fn job_note(run: &WorkflowRun, id: &str) -> String {
    job(run, id).steps.iter().find(|step| step.name == "Install").unwrap().note.clone().unwrap_or_default()
}
