//! The suite of [`ContinuousIntegration`].

use super::source::{make, put, request};
use super::{Check, Failure, Report, ensure, fails_with, key, main_branch, path};
use crate::ErrorKind;
use crate::domain::{CommitSha, RepositoryRef, WorkflowRun};
use crate::ports::{ContinuousIntegration, RunSelector, SourceControl};
use std::sync::Arc;

type Ci = Arc<dyn ContinuousIntegration>;
type Source = Arc<dyn SourceControl>;

const WORKFLOW: &str = ".github/workflows/ci.yml";
const CONTENT: &str = "name: CI\non:\n  push:\n    branches: [main]\npermissions:\n  contents: read\njobs:\n  test:\n    name: test\n    \
                       runs-on: ubuntu-24.04\n    timeout-minutes: 5\n    steps:\n      - name: Say something\n        run: echo hello from the suite\n";

/// Checks a [`ContinuousIntegration`] against its contract, on repositories of `source`, which it must be able to read.
///
/// For adapters whose runs begin and end within `ensure_run`.
pub async fn continuous_integration(ci: &Ci, source: &Source) -> Report {
    let mut report = Report::new("ContinuousIntegration");
    report.check("a run is made once by its key and found after that", run_once(ci, source)).await;
    report.check("runs are those of exactly that workflow and commit", selected(ci, source)).await;
    report.check("jobs carry their names, and steps are listed", jobs(ci, source)).await;
    report.check("log tails are bounded", logs(ci, source)).await;
    report.check("a run again is the next attempt, made once", reruns(ci, source)).await;
    report.check("cancelling an ended run is fine", cancels(ci, source)).await;
    report.check("absent things are not found", absent(ci, source)).await;
    report
}

async fn commit(source: &Source, name: &str, content: &str) -> Check<(RepositoryRef, RunSelector)> {
    let (repository, base) = make(source, name).await?;
    let request = request(&main_branch(), &base, vec![put(WORKFLOW, content)?, put("a.txt", "a")?]);
    let head_sha = source.commit(&repository, &request, &key(&format!("{name}-1"))?).await?;
    Ok((repository, RunSelector { workflow: path(WORKFLOW)?, head_sha, branch: main_branch() }))
}

async fn ensure_run(ci: &Ci, repository: &RepositoryRef, selector: &RunSelector, name: &str) -> Check<WorkflowRun> {
    let run = ci.ensure_run(repository, selector, &key(name)?).await?;
    run.ok_or_else(|| Failure("there is no run".to_owned()))
}

async fn run_once(ci: &Ci, source: &Source) -> Check {
    let (repository, selector) = commit(source, "ci-once", CONTENT).await?;
    let first = ensure_run(ci, &repository, &selector, "ci-once").await?;
    ensure!(first.state.is_success(), "the run ended in {:?}", first.state);
    let second = ensure_run(ci, &repository, &selector, "ci-once").await?;
    ensure!(first == second, "the second call made another run: {second:?}");
    ensure!(ci.runs(&repository, &selector).await?.len() == 1, "there are two runs");
    Ok(())
}

async fn selected(ci: &Ci, source: &Source) -> Check {
    let (repository, selector) = commit(source, "ci-selected", CONTENT).await?;
    ensure!(ci.runs(&repository, &selector).await?.is_empty(), "there is a run before one was asked for");
    let next = request(&main_branch(), &selector.head_sha, vec![put("b.txt", "b")?]);
    let head_sha = source.commit(&repository, &next, &key("ci-selected-2")?).await?;
    let other = RunSelector { head_sha, ..selector.clone() };
    let run = ensure_run(ci, &repository, &other, "ci-selected").await?;
    ensure!(run.head_sha == other.head_sha && run.workflow == other.workflow, "the run is of {}", run.head_sha);
    ensure!(ci.runs(&repository, &selector).await?.is_empty(), "a run of another commit is returned");
    ensure!(ci.runs(&repository, &other).await?.len() == 1, "the run is not returned");
    let workflow = RunSelector { workflow: path(".github/workflows/other.yml")?, ..other };
    ensure!(ci.runs(&repository, &workflow).await?.is_empty(), "a run of another workflow is returned");
    Ok(())
}

async fn jobs(ci: &Ci, source: &Source) -> Check {
    let (repository, selector) = commit(source, "ci-jobs", CONTENT).await?;
    let run = ensure_run(ci, &repository, &selector, "ci-jobs").await?;
    let [job] = run.jobs.as_slice() else { return Err(Failure(format!("{} jobs", run.jobs.len()))) };
    ensure!(job.id == "test" && job.name.as_str() == "test", "the job is {job:?}");
    ensure!(job.state.is_success() && !job.steps.is_empty(), "the job is {job:?}");
    ensure!(run.first_failure().is_none(), "a green run has a failure");
    Ok(())
}

async fn logs(ci: &Ci, source: &Source) -> Check {
    let (repository, selector) = commit(source, "ci-logs", CONTENT).await?;
    let run = ensure_run(ci, &repository, &selector, "ci-logs").await?;
    for max in [0, 5, 4096] {
        let tail = ci.log_tail(&repository, &run.id, "test", max).await?;
        ensure!(tail.len() <= max, "asked for {max} bytes, got {}", tail.len());
    }
    Ok(())
}

async fn reruns(ci: &Ci, source: &Source) -> Check {
    let (repository, selector) = commit(source, "ci-rerun", CONTENT).await?;
    let run = ensure_run(ci, &repository, &selector, "ci-rerun").await?;
    let again = ci.rerun(&repository, &run.id, &key("ci-rerun-2")?).await?;
    ensure!(again.attempt == run.attempt + 1, "the attempt is {}", again.attempt);
    let same = ci.rerun(&repository, &run.id, &key("ci-rerun-2")?).await?;
    ensure!(same.attempt == again.attempt, "the same key ran it again");
    Ok(())
}

async fn cancels(ci: &Ci, source: &Source) -> Check {
    let (repository, selector) = commit(source, "ci-cancel", CONTENT).await?;
    let run = ensure_run(ci, &repository, &selector, "ci-cancel").await?;
    ci.cancel(&repository, &run.id).await?;
    let after = ci.runs(&repository, &selector).await?;
    ensure!(after.first().is_some_and(|run| run.state.is_success()), "cancelling changed an ended run");
    Ok(())
}

async fn absent(ci: &Ci, source: &Source) -> Check {
    let (repository, selector) = commit(source, "ci-absent", CONTENT).await?;
    fails_with(ci.log_tail(&repository, "no-such-run", "test", 100).await, ErrorKind::NotFound)?;
    fails_with(ci.cancel(&repository, "no-such-run").await, ErrorKind::NotFound)?;
    fails_with(ci.rerun(&repository, "no-such-run", &key("x")?).await, ErrorKind::NotFound)?;
    let nowhere = RunSelector { head_sha: CommitSha::parse("0".repeat(40))?, ..selector.clone() };
    fails_with(ci.ensure_run(&repository, &nowhere, &key("ci-nowhere")?).await, ErrorKind::NotFound)?;
    // An empty list would have a caller wait for runs that can never appear.
    let other = RepositoryRef { name: super::repository("never-made")?, ..repository };
    fails_with(ci.runs(&other, &selector).await, ErrorKind::NotFound)?;
    fails_with(ci.ensure_run(&other, &selector, &key("ci-never-made")?).await, ErrorKind::NotFound)
}
