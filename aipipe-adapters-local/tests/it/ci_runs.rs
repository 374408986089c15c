//! Runs under keys: found, cancelled, cut off, dropped.

use crate::ci_rig::{Rig, WORKFLOW, ended, key, one_job, repository, script, selector};
use crate::support::SystemClock;
use aipipe_adapters_local::ci::LocalCi;
use aipipe_core::ErrorKind;
use aipipe_core::domain::*;
use aipipe_core::ports::ContinuousIntegration as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

#[tokio::test]
async fn a_run_is_cancelled_from_elsewhere() {
    let rig = Rig::new(&one_job("- run: sleep 765432\n- run: echo never\n  if: always()"));
    let (ci, other) = (rig.ci(), rig.ci());
    let (repository, selector, one) = (repository(), selector(), key("one"));
    let running = ci.ensure_run(&repository, &selector, &one);
    let cancel = async {
        loop {
            let runs = other.runs(&repository, &selector).await.unwrap();
            match runs.first() {
                Some(run) if run.state == RunState::InProgress => {
                    other.cancel(&repository, &run.id).await.unwrap();
                    return;
                }
                _ => aipipe_core::ports::Clock::sleep(&SystemClock, Duration::from_millis(20)).await,
            }
        }
    };
    let (run, ()) = tokio::join!(running, cancel);
    let run = run.unwrap().unwrap();
    assert_eq!(ended(run.state), Conclusion::Cancelled, "{run:#?}");
    assert!(!rig.log(&run, "test").await.contains("never"));
    other.cancel(&repository, &run.id).await.unwrap();
    let missing = other.cancel(&repository, &"run-0000".parse().unwrap()).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert_eq!(other.cancel(&repository, &"../run-1".parse().unwrap()).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_run_is_found_before_it_is_made_again() {
    let count = tempfile::tempdir().unwrap();
    let file = count.path().join("count");
    let rig = Rig::new(&script(&format!("echo x >> {}", file.display()))).plain();
    let first = rig.run().await;
    let again = rig.run().await;
    assert_eq!(first, again);
    assert_eq!(fs::read_to_string(&file).unwrap(), "x\n");
    assert_eq!(rig.checks.0.lock().unwrap().len(), 2, "checks are not handed on twice");

    let mut other = selector();
    other.head_sha = CommitSha::parse("1".repeat(40)).unwrap();
    let error = rig.ci().ensure_run(&repository(), &other, &key("one")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(rig.ci().runs(&repository(), &other).await.unwrap(), []);

    let rerun = rig.ci().rerun(&repository(), &first.id, 2).await.unwrap();
    assert_eq!((rerun.id.as_str(), rerun.attempt), (first.id.as_str(), 2));
    let same = rig.ci().rerun(&repository(), &first.id, 2).await.unwrap();
    assert_eq!(same, rerun);
    assert_eq!(fs::read_to_string(&file).unwrap(), "x\nx\n");
    assert!(PathBuf::from(&rerun.location).join("attempts/1/logs/test.log").is_file());
}

#[tokio::test]
async fn a_run_that_a_crash_cut_off_is_started_again() {
    let rig = Rig::new(&script("echo hello")).plain();
    let run = rig.run().await;
    let file = PathBuf::from(&run.location).join("run.json");
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    record["run"]["state"] = serde_json::json!({"state": "in_progress"});
    record["run"]["jobs"][0]["state"] = serde_json::json!({"state": "in_progress"});
    fs::write(&file, serde_json::to_vec(&record).unwrap()).unwrap();
    fs::create_dir_all(PathBuf::from(&run.location).join("job/work/rubbish")).unwrap();

    let again = rig.run().await;
    // The same run and attempt: nobody saw a result of what was cut off.
    assert_eq!((again.id.as_str(), again.attempt), (run.id.as_str(), 1));
    assert!(again.state.is_success());
    assert!(!PathBuf::from(&run.location).join("attempts").exists());

    fs::write(&file, serde_json::to_vec(&record).unwrap()).unwrap();
    rig.ci().cancel(&repository(), &run.id).await.unwrap();
    assert_eq!(ended(rig.run().await.state), Conclusion::Cancelled, "a cut-off run can be cancelled");

    fs::write(&file, &serde_json::to_vec(&record).unwrap()[..40]).unwrap();
    assert_eq!(rig.refused().await.kind(), ErrorKind::Corrupt);
}

#[tokio::test]
async fn a_cut_off_rerun_is_the_same_attempt_again() {
    let rig = Rig::new(&script("echo hello")).plain();
    let run = rig.run().await;
    let folder = PathBuf::from(&run.location);
    let second = rig.ci().rerun(&repository(), &run.id, 2).await.unwrap();
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("run.json")).unwrap()).unwrap();
    record["run"]["state"] = serde_json::json!({"state": "in_progress"});
    for asks_the_same_rerun in [true, false] {
        fs::write(folder.join("run.json"), serde_json::to_vec(&record).unwrap()).unwrap();
        fs::write(folder.join("logs/test.log"), "cut off").unwrap();
        let again = match asks_the_same_rerun {
            true => rig.ci().rerun(&repository(), &run.id, 2).await.unwrap(),
            false => rig.run().await,
        };
        assert_eq!((again.attempt, again.state.is_success()), (second.attempt, true));
        let log = |path: &str| fs::read_to_string(folder.join(path)).unwrap();
        assert!(log("logs/test.log").contains("hello") && !log("logs/test.log").contains("cut off"));
        assert!(log("attempts/1/logs/test.log").contains("hello"), "the first attempt stays as it was");
        assert!(!folder.join("attempts/2").exists());
    }
}

#[tokio::test]
async fn a_dropped_run_leaves_no_process_and_can_be_run_again() {
    let rig = Rig::new(&script("test -e \"$MARK\" && exit 0\nsleep 654321 & setsid sleep 654321 & wait")).plain();
    let ci = rig.ci();
    let (repository, selector, one) = (repository(), selector(), key("one"));
    let limit = Duration::from_secs(3);
    let cut = tokio::time::timeout(limit, ci.ensure_run(&repository, &selector, &one)).await;
    assert!(cut.is_err());
    let left = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    assert_eq!(left.filter(|line| line.windows(6).any(|part| part == b"654321")).count(), 0);
    let source = rig.path().join("source").join(WORKFLOW);
    fs::write(source, script("echo fine")).unwrap();
    let run = rig.run().await;
    assert_eq!((run.attempt, run.state.is_success()), (1, true));
}

#[tokio::test]
async fn one_key_is_one_run_however_many_ask() {
    let count = tempfile::tempdir().unwrap();
    let file = count.path().join("count");
    let rig = Rig::new(&script(&format!("echo x >> {}\nsleep 1", file.display()))).plain();
    let (repository, selector, one) = (repository(), selector(), key("one"));
    let runners: Vec<LocalCi> = (0..6).map(|_| rig.ci()).collect();
    let asked = runners.iter().map(|ci| ci.ensure_run(&repository, &selector, &one));
    let answers = futures::future::join_all(asked).await;
    let ended = answers.iter().flatten().flatten().filter(|run| run.state.is_completed()).count();
    assert_eq!(ended, 1, "one ran it, the others saw it run: {answers:#?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "x\n");
}
