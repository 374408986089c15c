//! What GitHub's workflow language means, shown on workflows that run here for real.

use crate::ci_rig::{Rig, ended, job, key, one_job, repository, script, selector};
use crate::support::SystemClock;
use aipipe_adapters_local::ci::CheckoutSource;
use aipipe_core::domain::{CommitSha, Conclusion, RepositoryRef, WorkflowRun};
use aipipe_core::ports::{Clock as _, ContinuousIntegration as _};
use aipipe_core::{ErrorKind, Result};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const ENDS: &str = "runs-on: ubuntu-latest, steps: [{ run: 'true' }]";

fn conclusions(run: &WorkflowRun) -> Vec<(&str, Conclusion)> {
    run.jobs.iter().map(|job| (job.name.as_str(), ended(job.state))).collect()
}

fn notes(run: &WorkflowRun, id: &str) -> String {
    let steps = job(run, id).steps.iter();
    steps.filter_map(|step| step.note.as_deref()).collect::<Vec<_>>().join("\n")
}

/// A rig with Nodes of these versions on the search path, the first in front, and no other.
fn with_nodes(workflow: &str, versions: &[&str]) -> Rig {
    let mut rig = Rig::new(workflow).plain();
    let mut folders = Vec::new();
    for version in versions {
        let folder = rig.path().join(format!("node-{version}"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("node"), format!("#!/bin/bash\necho v{version}\n")).unwrap();
        fs::set_permissions(folder.join("node"), fs::Permissions::from_mode(0o755)).unwrap();
        folders.push(folder);
    }
    let tools = rig.path().join("tools");
    fs::create_dir_all(&tools).unwrap();
    for tool in ["bash", "cp", "true", "test", "cat", "setsid", "sleep"] {
        let found = ["/bin", "/usr/bin"].map(|folder| format!("{folder}/{tool}"));
        let found = found.iter().find(|file| fs::metadata(file).is_ok()).unwrap();
        std::os::unix::fs::symlink(found, tools.join(tool)).unwrap();
    }
    folders.push(tools);
    rig.options.host.path = std::env::join_paths(folders).unwrap();
    rig
}

fn manifest(rig: &Rig, engines: &str) {
    let text = format!(r#"{{"engines": {{"node": "{engines}"}}}}"#);
    fs::write(rig.path().join("source/package.json"), text).unwrap();
}

#[tokio::test]
async fn a_matrix_runs_every_variant_and_one_job_sums_up() {
    let workflow = |second: &str| {
        format!(
            "\
on: push
jobs:
  versions:
    name: on ${{{{ matrix.v }}}}
    strategy: {{ fail-fast: false, matrix: {{ v: [one, two, three] }} }}
    runs-on: ubuntu-latest
    steps: [{{ run: 'test ${{{{ matrix.v }}}} != {second}' }}]
  sum:
    needs: versions
    if: always()
    runs-on: ubuntu-latest
    steps: [{{ run: 'test \"$RESULT\" = success', env: {{ RESULT: '${{{{ needs.versions.result }}}}' }} }}]
"
        )
    };
    let green = Rig::new(&workflow("none")).run().await;
    assert!(green.state.is_success(), "{green:#?}");
    assert_eq!(conclusions(&green).len(), 4);
    let red = Rig::new(&workflow("two")).run().await;
    use Conclusion::{Cancelled, Failure, Success};
    assert_eq!(conclusions(&red), [("on one", Success), ("on two", Failure), ("on three", Success), ("sum", Failure)]);
    let fast = Rig::new(&workflow("two").replace("fail-fast: false", "fail-fast: true")).run().await;
    assert_eq!(
        conclusions(&fast),
        [("on one", Success), ("on two", Failure), ("on three", Cancelled), ("sum", Failure)]
    );
    assert_eq!(ended(fast.state), Failure, "nobody cancelled the run");
}

#[tokio::test]
async fn outputs_reach_conditions_of_later_jobs() {
    let workflow = "\
on: push
jobs:
  changes:
    runs-on: ubuntu-latest
    outputs: { needed: '${{ steps.look.outputs.needed }}', none: '${{ steps.look.outputs.none }}' }
    steps:
      - id: look
        env: { BASE: '${{ github.event.pull_request.base.sha }}' }
        run: test -z \"$BASE\" && echo needed=true >> \"$GITHUB_OUTPUT\"
  runs:
    needs: changes
    if: needs.changes.outputs.needed == 'true'
    runs-on: ubuntu-latest
    steps: [{ run: 'test \"${{ needs.changes.outputs.needed }}\" = true' }]
  rests: { needs: changes, if: \"needs.changes.outputs.none == 'true'\", ENDS }
  behind: { needs: rests, ENDS }
";
    let run = Rig::new(&workflow.replace("ENDS", ENDS)).run().await;
    use Conclusion::{Skipped, Success};
    assert_eq!(conclusions(&run), [("changes", Success), ("runs", Success), ("rests", Skipped), ("behind", Skipped)]);
    assert!(run.state.is_success());
}

#[tokio::test]
async fn what_is_behind_a_failure_or_a_skip_is_skipped_whoever_stands_between() {
    let workflow = "\
on: push
jobs:
  breaks: { runs-on: ubuntu-latest, steps: [{ run: 'false' }] }
  anyway: { needs: breaks, if: always(), ENDS }
  behind: { needs: anyway, ENDS }
  sorry: { needs: anyway, if: failure(), ENDS }
  told: { needs: behind, if: \"always() && needs.behind.result == 'skipped'\", ENDS }
  off: { if: \"github.event_name == 'pull_request'\", ENDS }
  lives: { needs: off, if: '!cancelled()', ENDS }
  past: { needs: lives, ENDS }
";
    let run = Rig::new(&workflow.replace("ENDS", ENDS)).run().await;
    use Conclusion::{Failure, Skipped, Success};
    let wanted = [Failure, Success, Skipped, Success, Success, Skipped, Success, Skipped];
    assert_eq!(conclusions(&run).iter().map(|(_, conclusion)| *conclusion).collect::<Vec<_>>(), wanted, "{run:#?}");
}

#[tokio::test]
async fn another_node_stands_in_only_where_the_project_allows_it() {
    let workflow = one_job("- uses: actions/setup-node@v4\n  with: { node-version: '22' }\n- run: node --version");
    let rig = with_nodes(&workflow, &["20.20.2"]);
    assert_eq!(rig.try_run().await.unwrap_err().kind(), ErrorKind::Unsupported);
    manifest(&rig, ">=21");
    let error = rig.try_run().await.unwrap_err();
    assert_eq!(error.message(), "node 22 not found (have 20.20.2); package.json allows >=21");
    manifest(&rig, ">=20");
    let run = rig.run().await;
    let note = "using the local node 20.20.2: node 22 is not on this machine; package.json allows >=20";
    assert!(run.state.is_success() && notes(&run, "test").contains(note), "{run:#?}");

    // The one that fits is used, wherever on the search path it is.
    let rig = with_nodes(&workflow, &["20.20.2", "22.1.0"]);
    let run = rig.run().await;
    assert!(rig.log(&run, "test").await.contains("\nv22.1.0\n"), "{run:#?}");
}

#[tokio::test]
async fn variants_this_machine_has_no_tool_for_are_left_out_and_say_so() {
    let workflow = "\
on: push
jobs:
  versions:
    strategy: { fail-fast: false, matrix: { v: ['22', '20'] } }
    runs-on: ubuntu-latest
    steps:
      - { uses: actions/setup-node@v4, with: { node-version: '${{ matrix.v }}' } }
      - run: node --version
  test:
    needs: versions
    if: always()
    runs-on: ubuntu-latest
    steps: [{ run: 'test \"$RESULT\" = success', env: { RESULT: '${{ needs.versions.result }}' } }]
";
    use Conclusion::{Skipped, Success};
    let rig = with_nodes(workflow, &["20.20.2"]);
    manifest(&rig, ">=20");
    let run = rig.run().await;
    assert_eq!(conclusions(&run), [("versions (22)", Skipped), ("versions (20)", Success), ("test", Success)]);
    assert!(notes(&run, "versions.1").contains("not run on this machine: node 22 not found (have 20.20.2)"));
    assert!(run.state.is_success());

    // None of them is here: the first runs on what the project allows, and says so.
    let rig = with_nodes(workflow, &["24.0.0"]);
    manifest(&rig, ">=20");
    let run = rig.run().await;
    assert_eq!(conclusions(&run), [("versions (22)", Success), ("versions (20)", Skipped), ("test", Success)]);
    assert!(notes(&run, "versions.1").contains("node 22 is not on this machine"));
    manifest(&rig, ">=25");
    let rig = with_nodes(workflow, &["24.0.0"]);
    assert_eq!(rig.try_run().await.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn notices_and_summaries_are_kept_for_people() {
    let rig = Rig::new(&script(
        "echo '::notice title=Audit::unavailable: the service answered 405'\n\
         echo '::error::this alone does not fail the step'\necho '# Done' >> \"$GITHUB_STEP_SUMMARY\"",
    ));
    let run = rig.run().await;
    assert!(run.state.is_success());
    let notes = notes(&run, "test");
    assert!(notes.contains("notice: Audit: unavailable: the service answered 405; error: this alone"), "{notes}");
    let summary = fs::read_to_string(format!("{}/logs/test.summary.md", run.location)).unwrap();
    assert_eq!(summary, "# Done\n");
}

/// A checkout that blocks its thread, as removing or copying a large tree does.
#[derive(Debug)]
struct Slow(std::sync::mpsc::SyncSender<()>, std::sync::Mutex<std::sync::mpsc::Receiver<()>>);

#[async_trait::async_trait]
impl CheckoutSource for Slow {
    async fn find(&self, _: &RepositoryRef) -> Result<()> {
        Ok(())
    }

    async fn checkout(&self, _: &RepositoryRef, _: &CommitSha, into: &Path) -> Result<()> {
        self.0.send(()).unwrap();
        self.1.lock().unwrap().recv_timeout(Duration::from_secs(60)).unwrap();
        fs::create_dir_all(into.join(".github/workflows")).unwrap();
        fs::write(into.join(".github/workflows/ci.yml"), script("echo done")).unwrap();
        Ok(())
    }
}

/// There is one thread for everything here; if the run blocked it, nothing would let the checkout go on.
#[tokio::test]
async fn a_run_that_blocks_holds_nobody_up() {
    let (entered, has_entered) = std::sync::mpsc::sync_channel(8);
    let (go_on, may_go_on) = std::sync::mpsc::sync_channel(8);
    let mut rig = Rig::new("").plain();
    rig.options.source = Arc::new(Slow(entered, std::sync::Mutex::new(may_go_on)));
    let others = async {
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        go_on.send(()).unwrap();
    };
    let (run, ()) = tokio::join!(rig.run(), others);
    assert!(run.state.is_success());
    has_entered.recv().unwrap();
}

#[tokio::test]
async fn a_dropped_run_is_gone_when_the_drop_returns() {
    let rig = Rig::new(&script("echo started; sleep 1000")).plain();
    let ci = rig.ci();
    let (repository, selector, key) = (repository(), selector(), key("one"));
    let record = rig.path().join("ci/runs/demo");
    let begun = async {
        while !fs::read_dir(&record).is_ok_and(|runs| {
            runs.flatten().any(|run| {
                fs::read_to_string(run.path().join("logs/test.log")).is_ok_and(|log| log.contains("\nstarted"))
            })
        }) {
            SystemClock.sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        run = ci.ensure_run(&repository, &selector, &key) => panic!("{run:?}"),
        () = begun => {}
    }
    // The lock is free at once: the next call works on the run instead of reporting that somebody else does.
    let id = ci.runs(&repository, &selector).await.unwrap().remove(0).id;
    ci.cancel(&repository, &id).await.unwrap();
    let run = ci.runs(&repository, &selector).await.unwrap().remove(0);
    assert_eq!(ended(run.state), Conclusion::Cancelled);
}
