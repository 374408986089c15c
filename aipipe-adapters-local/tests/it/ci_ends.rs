//! What ends a step, what ends a job, and what a host that was killed leaves running.

use crate::ci_rig::{Rig, ended, job, key, one_job, repository, script, selector};
use crate::processes::{Peer, role, say};
use crate::support::SystemClock;
use aipipe_adapters_local::ci::{LocalCi, LocalCiLimits};
use aipipe_core::domain::{Conclusion, WorkflowRun};
use aipipe_core::ports::{Clock as _, ContinuousIntegration as _};
use std::fs;
use std::path::Path;
use std::time::Duration;

fn steps(run: &WorkflowRun) -> Vec<(&str, Conclusion)> {
    job(run, "test").steps.iter().skip(1).map(|step| (step.name.as_str(), ended(step.state))).collect()
}

const AFTER: &str = "
- { name: plain, run: 'true' }
- { name: on failure, if: failure(), run: 'true' }
- { name: always, if: always(), run: 'true' }";

#[tokio::test]
async fn a_step_that_is_out_of_its_time_has_failed_and_the_job_goes_on() {
    let mut rig = Rig::new(&one_job(&format!("- {{ name: slow, run: sleep 600 }}{AFTER}"))).plain();
    rig.options.limits = LocalCiLimits::default().with_step_timeout(Duration::from_secs(1));
    let run = rig.run().await;
    assert_eq!(ended(run.state), Conclusion::Failure, "{run:#?}");
    let (failure, success) = (Conclusion::Failure, Conclusion::Success);
    let expected = [("slow", failure), ("plain", Conclusion::Skipped), ("on failure", success), ("always", success)];
    assert_eq!(steps(&run), expected);
    let note = job(&run, "test").steps[1].note.clone().unwrap();
    assert!(note.contains("ended after 1 s"), "{note}");

    let tolerated = format!("- {{ name: slow, run: sleep 600, continue-on-error: true }}{AFTER}");
    fs::write(rig.path().join("source/.github/workflows/ci.yml"), one_job(&tolerated)).unwrap();
    let again = rig.ci().rerun(&repository(), &run.id, 2).await.unwrap();
    assert!(again.state.is_success(), "a step may fail by its time where it may fail: {again:#?}");
    assert_eq!(steps(&again)[1], ("plain", success));
}

#[tokio::test]
async fn a_job_that_is_out_of_its_time_is_never_tolerated() {
    for tolerant in ["", ", continue-on-error: true"] {
        let slow = format!("- {{ name: first, run: 'true' }}\n- {{ name: slow, run: sleep 600{tolerant} }}{AFTER}");
        let mut rig = Rig::new(&one_job(&slow)).plain();
        rig.options.limits.job_timeout = Duration::from_secs(2);
        let run = rig.run().await;
        assert_eq!(ended(run.state), Conclusion::TimedOut, "{run:#?}");
        let ended_early =
            [("plain", Conclusion::Skipped), ("on failure", Conclusion::Skipped), ("always", Conclusion::Skipped)];
        assert_eq!(steps(&run)[1], ("slow", Conclusion::TimedOut));
        assert_eq!(steps(&run)[2..], ended_early);
    }
}

/// How many processes have this word on their command line.
fn running(word: &str) -> usize {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| line.split(|byte| *byte == 0).any(|part| part == word.as_bytes())).count()
}

/// Played by child processes; passes at once in the parent.
#[tokio::test]
async fn peer() {
    let Some((word, folder)) = role() else { return };
    let rig = Rig::below(Path::new(&folder), &script(&format!("setsid sleep {word} & sleep {word}"))).plain();
    let ci = rig.ci();
    let (repository, selector, one) = (repository(), selector(), key("one"));
    let run = ci.ensure_run(&repository, &selector, &one);
    let told = async {
        while running(&word) < 2 {
            SystemClock.sleep(Duration::from_millis(20)).await;
        }
        say("works");
    };
    let _ = futures::join!(run, told);
}

/// A host without a sandbox is killed in the middle of a step.
fn killed_host(folder: &Path, word: &str) -> LocalCi {
    let mut host = Peer::start("ci_ends::peer", word, folder);
    assert_eq!(host.next_line().as_deref(), Some("works"));
    host.kill();
    assert_eq!(running(word), 2, "nobody is there to end the step");
    Rig::below(folder, &script("echo fine")).plain().ci()
}

/// A process that was just killed may be listed for a moment.
async fn gone(word: &str) {
    for _ in 0..250 {
        if running(word) == 0 {
            return;
        }
        SystemClock.sleep(Duration::from_millis(20)).await;
    }
    panic!("the step outlives its run");
}

#[tokio::test]
async fn whoever_takes_a_run_over_ends_what_a_killed_host_left_running() {
    let folder = tempfile::tempdir().unwrap();
    let ci = killed_host(folder.path(), "765431");
    let run = ci.ensure_run(&repository(), &selector(), &key("one")).await.unwrap().unwrap();
    assert_eq!((run.attempt, run.state.is_success()), (1, true));
    gone("765431").await;

    let folder = tempfile::tempdir().unwrap();
    let ci = killed_host(folder.path(), "765432");
    let run = ci.runs(&repository(), &selector()).await.unwrap().remove(0);
    ci.cancel(&repository(), &run.id).await.unwrap();
    gone("765432").await;
}
