//! The suite of [`ContinuousIntegration`].

use super::source::{make, put, request};
use super::{Applied, Check, Failure, Report, ensure, fails_with, key, main_branch, path};
use crate::ErrorKind;
use crate::domain::{CommitSha, Conclusion, JobId, JobResult, RepositoryRef, RunId, RunState, WorkflowRun};
use crate::ports::{ContinuousIntegration, RunSelector, SourceControl};
use async_trait::async_trait;
use std::fmt::Debug;
use std::sync::Arc;

type Ci = Arc<dyn ContinuousIntegration>;
type Source = Arc<dyn SourceControl>;

/// What the suite of [`ContinuousIntegration`] can't do through the port; the adapter's author does it.
#[async_trait]
pub trait CiHooks: Debug + Send + Sync {
    /// Passes time between two looks at a run that has not ended.
    async fn wait(&self) {
        tokio::task::yield_now().await;
    }

    /// How often the suite looks at a run before it gives it up.
    fn patience(&self) -> usize {
        10_000
    }

    /// What the adapter makes of a state it does not know; `None` where it runs the workflows itself, so that there are
    /// no others' states to read: the property is skipped then.
    fn of_unknown_state(&self) -> Option<RunState>;
}

/// The hooks of an adapter that runs workflows itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnRuns;

#[async_trait]
impl CiHooks for OwnRuns {
    fn of_unknown_state(&self) -> Option<RunState> {
        None
    }
}

const WORKFLOW: &str = ".github/workflows/ci.yml";
const HELLO: &str = "hello from the suite";
const SORRY: &str = "this step fails on purpose";

/// A workflow that also GitHub's own runners take.
fn workflow(jobs: &[(&str, Option<&str>, &str)]) -> String {
    let mut text = "name: CI\non:\n  push:\npermissions:\n  contents: read\njobs:\n".to_owned();
    for (job, needs, step) in jobs {
        text.push_str(&format!("  {job}:\n    name: {job}\n"));
        text.push_str(&needs.map_or_else(String::new, |needs| format!("    needs: {needs}\n")));
        text.push_str("    runs-on: ubuntu-24.04\n    timeout-minutes: 5\n    steps:\n");
        text.push_str(&format!("      - name: The step\n        {step}\n"));
    }
    text
}

fn green() -> String {
    workflow(&[("test", None, &format!("run: echo {HELLO}"))])
}

/// Checks a [`ContinuousIntegration`] against its contract, on repositories of `source`, which it must be able to read.
///
/// Runs may start by themselves or when asked for, and end within the call or later: the suite looks again, with
/// [`CiHooks::wait`] in between.
pub async fn continuous_integration(ci: &Ci, source: &Source, hooks: &dyn CiHooks) -> Report {
    let suite = Suite { ci, source, hooks };
    let mut report = Report::new("ContinuousIntegration");
    report.check("a run is made once by its key and found after that", suite.run_once()).await;
    report.check("runs are those of exactly that workflow and commit", suite.selected()).await;
    report.check("jobs carry their names, and steps are listed", suite.jobs()).await;
    report.check("a failing step makes its job and the run red, and others green", suite.red()).await;
    report.check("a job runs after those it needs, and not when one failed", suite.needs()).await;
    report.check("a step that can't be executed is never passed over", suite.unknown_action()).await;
    report.check("log tails hold what was said last, in whole lines", suite.logs()).await;
    report.check("a run again is the next attempt, made once", suite.reruns()).await;
    report.check("a running run is cancelled", suite.cancels_running()).await;
    report.check("cancelling an ended run is fine", suite.cancels_ended()).await;
    report.check_where_it_applies("unknown states are pending", suite.unknown_state()).await;
    report.check("absent things are not found", suite.absent()).await;
    report
}

#[derive(Debug, Clone, Copy)]
struct Suite<'a> {
    ci: &'a Ci,
    source: &'a Source,
    hooks: &'a dyn CiHooks,
}

fn job<'r>(run: &'r WorkflowRun, name: &str) -> Check<&'r JobResult> {
    let found = run.jobs.iter().find(|job| job.name.as_str() == name);
    found.ok_or_else(|| Failure(format!("there is no job {name} in {:?}", run.jobs)))
}

impl Suite<'_> {
    async fn commit(&self, name: &str, content: &str) -> Check<(RepositoryRef, RunSelector)> {
        let (repository, base) = make(self.source, name).await?;
        let request = request(&main_branch(), &base, vec![put(WORKFLOW, content)?, put("a.txt", "a")?]);
        let head_sha = self.source.commit(&repository, &request, &key(&format!("{name}-1"))?).await?;
        Ok((repository, RunSelector { workflow: path(WORKFLOW)?, head_sha, branch: main_branch() }))
    }

    /// The run, ended.
    async fn finished(&self, repository: &RepositoryRef, selector: &RunSelector, name: &str) -> Check<WorkflowRun> {
        let key = key(name)?;
        let mut last = None;
        for _ in 0..self.hooks.patience() {
            last = self.ci.ensure_run(repository, selector, &key).await?;
            match last {
                Some(run) if run.state.is_completed() => return Ok(run),
                _ => self.hooks.wait().await,
            }
        }
        Err(Failure(format!("the run did not end: {last:?}")))
    }

    async fn run_once(&self) -> Check {
        let (repository, selector) = self.commit("ci-once", &green()).await?;
        let first = self.finished(&repository, &selector, "ci-once").await?;
        ensure!(first.state.is_success(), "the run ended in {:?}", first.state);
        let second = self.finished(&repository, &selector, "ci-once").await?;
        ensure!(first == second, "the second call made another run: {second:?}");
        ensure!(self.ci.runs(&repository, &selector).await?.len() == 1, "there are two runs");
        Ok(())
    }

    async fn selected(&self) -> Check {
        let on_push = self.ci.capabilities().starts_on_push;
        let (repository, selector) = self.commit("ci-selected", &green()).await?;
        let next = request(&main_branch(), &selector.head_sha, vec![put("b.txt", "b")?]);
        let head_sha = self.source.commit(&repository, &next, &key("ci-selected-2")?).await?;
        let other = RunSelector { head_sha, ..selector.clone() };
        if !on_push {
            ensure!(self.ci.runs(&repository, &other).await?.is_empty(), "there is a run before one was asked for");
        }
        let run = self.finished(&repository, &other, "ci-selected").await?;
        ensure!(run.head_sha == other.head_sha && run.workflow == other.workflow, "the run is of {}", run.head_sha);
        let earlier = self.ci.runs(&repository, &selector).await?;
        ensure!(earlier.iter().all(|run| run.head_sha == selector.head_sha), "a run of another commit is returned");
        ensure!(on_push || earlier.is_empty(), "a run nobody asked for is returned");
        let found = self.ci.runs(&repository, &other).await?;
        ensure!(found.iter().map(|run| &run.id).eq([&run.id]), "the run is not returned, or not alone");
        let workflow = RunSelector { workflow: path(".github/workflows/other.yml")?, ..other };
        ensure!(self.ci.runs(&repository, &workflow).await?.is_empty(), "a run of another workflow is returned");
        Ok(())
    }

    async fn jobs(&self) -> Check {
        let (repository, selector) = self.commit("ci-jobs", &green()).await?;
        let run = self.finished(&repository, &selector, "ci-jobs").await?;
        let [job] = run.jobs.as_slice() else { return Err(Failure(format!("{} jobs", run.jobs.len()))) };
        ensure!(job.name.as_str() == "test" && job.state.is_success(), "the job is {job:?}");
        ensure!(job.steps.iter().any(|step| step.name == "The step"), "the steps are {:?}", job.steps);
        ensure!(run.first_failure().is_none(), "a green run has a failure");
        Ok(())
    }

    /// A run with a job that succeeds and one that fails.
    async fn red_run(&self, name: &str) -> Check<(RepositoryRef, RunSelector, WorkflowRun)> {
        let failing = format!("run: |\n          echo {SORRY}\n          exit 1");
        let green = format!("run: echo {HELLO}");
        let text = workflow(&[("bad", None, &failing), ("good", None, &green), ("later", Some("bad"), &green)]);
        let (repository, selector) = self.commit(name, &text).await?;
        let run = self.finished(&repository, &selector, name).await?;
        Ok((repository, selector, run))
    }

    async fn red(&self) -> Check {
        let (repository, _, run) = self.red_run("ci-red").await?;
        ensure!(run.state == RunState::Completed(Conclusion::Failure), "the run ended in {:?}", run.state);
        let (bad, good) = (job(&run, "bad")?, job(&run, "good")?);
        ensure!(bad.state == RunState::Completed(Conclusion::Failure), "the failing job ended in {:?}", bad.state);
        ensure!(good.state.is_success(), "the other job ended in {:?}", good.state);
        let Some((job, step)) = run.first_failure() else { return Err(Failure("no failure is named".to_owned())) };
        let step = step.map(|step| step.name.as_str());
        ensure!(job.id == bad.id && step == Some("The step"), "the failure is {step:?} of {}", job.id);
        let tail = self.ci.log_tail(&repository, &run.id, &bad.id, 4096).await?;
        ensure!(tail.contains(SORRY), "the failing job's log is {tail:?}");
        Ok(())
    }

    async fn needs(&self) -> Check {
        let (_, _, run) = self.red_run("ci-needs-red").await?;
        let later = job(&run, "later")?;
        ensure!(later.state == RunState::Completed(Conclusion::Skipped), "it ended in {:?}", later.state);
        // The file names the job that needs the other first.
        let step = format!("run: echo {HELLO}");
        let text = workflow(&[("a-second", Some("z-first"), &step), ("z-first", None, &step)]);
        let (repository, selector) = self.commit("ci-needs", &text).await?;
        let run = self.finished(&repository, &selector, "ci-needs").await?;
        for name in ["z-first", "a-second"] {
            let state = job(&run, name)?.state;
            ensure!(state.is_success(), "{name} ended in {state:?}");
        }
        Ok(())
    }

    async fn unknown_action(&self) -> Check {
        let action = format!("uses: aipipe-conformance/no-such-action@{}", "0123456789".repeat(4));
        let (repository, selector) = self.commit("ci-action", &workflow(&[("test", None, &action)])).await?;
        for _ in 0..self.hooks.patience() {
            match self.ci.ensure_run(&repository, &selector, &key("ci-action")?).await {
                Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(()),
                Err(error) => return Err(error.into()),
                Ok(Some(run)) if run.state.is_completed() => {
                    let passed = run.state.is_success() || run.jobs.iter().any(|job| job.state.is_success());
                    ensure!(!passed, "the run is {run:?}");
                    return Ok(());
                }
                Ok(_) => self.hooks.wait().await,
            }
        }
        Err(Failure("the run did not end".to_owned()))
    }

    async fn logs(&self) -> Check {
        let step = format!("run: |\n          echo before it\n          echo {HELLO}");
        let (repository, selector) = self.commit("ci-logs", &workflow(&[("test", None, &step)])).await?;
        let run = self.finished(&repository, &selector, "ci-logs").await?;
        let id = &job(&run, "test")?.id;
        let whole = self.ci.log_tail(&repository, &run.id, id, 1 << 20).await?;
        ensure!(whole.contains(HELLO), "the log is {whole:?}");
        for max in [0, 5, 64, 4096] {
            let tail = self.ci.log_tail(&repository, &run.id, id, max).await?;
            ensure!(tail.len() <= max, "asked for {max} bytes, got {}", tail.len());
            ensure!(whole.ends_with(&tail), "the tail {tail:?} is not the end of the log");
            let before = whole.len().checked_sub(tail.len()).and_then(|at| whole.get(..at)).unwrap_or_default();
            ensure!(before.is_empty() || before.ends_with('\n'), "the tail {tail:?} begins within a line");
        }
        Ok(())
    }

    async fn reruns(&self) -> Check {
        let (repository, selector, run) = self.red_run("ci-rerun").await?;
        let next = run.attempt + 1;
        fails_with(self.ci.rerun(&repository, &run.id, next + 1).await, ErrorKind::InvalidInput)?;
        let mut last = None;
        for _ in 0..self.hooks.patience() {
            let again = self.ci.rerun(&repository, &run.id, next).await?;
            ensure!(again.attempt == next, "the attempt is {}", again.attempt);
            let ended = again.state.is_completed();
            last = Some(again);
            if ended {
                break;
            }
            self.hooks.wait().await;
        }
        let state = last.as_ref().map(|run| run.state);
        ensure!(state == Some(RunState::Completed(Conclusion::Failure)), "the attempt is {state:?}");
        ensure!(self.ci.rerun(&repository, &run.id, next).await?.attempt == next, "it was made twice");
        ensure!(self.ci.rerun(&repository, &run.id, run.attempt).await?.attempt == next, "an earlier attempt was made");
        let runs = self.ci.runs(&repository, &selector).await?;
        ensure!(runs.iter().map(|run| run.attempt).eq([next]), "the runs are {runs:?}");
        Ok(())
    }

    async fn cancels_running(&self) -> Check {
        let text = workflow(&[("test", None, "run: sleep 250"), ("later", Some("test"), "run: echo never")]);
        let (repository, selector) = self.commit("ci-cancel-running", &text).await?;
        // Some adapters return from the call when the run has ended.
        let asking = async {
            for _ in 0..self.hooks.patience() {
                if self.ci.ensure_run(&repository, &selector, &key("ci-cancel-running")?).await?.is_some() {
                    return Ok(());
                }
                self.hooks.wait().await;
            }
            Err(Failure("there is no run".to_owned()))
        };
        let cancelling = async {
            let running = |run: &&WorkflowRun| run.state == RunState::InProgress;
            let run = self.until(&repository, &selector, "the run did not begin", running).await?;
            self.ci.cancel(&repository, &run.id).await?;
            let ended = |run: &&WorkflowRun| run.state.is_completed();
            self.until(&repository, &selector, "the cancelled run did not end", ended).await
        };
        let ((), run) = futures::future::try_join(asking, cancelling).await?;
        let cancelled = RunState::Completed(Conclusion::Cancelled);
        ensure!(run.state == cancelled, "the run ended in {:?}", run.state);
        ensure!(run.jobs.iter().all(|job| !job.state.is_success()), "a job of it succeeded: {:?}", run.jobs);
        Ok(())
    }

    /// The newest run as soon as it is as wanted.
    async fn until(
        &self,
        repository: &RepositoryRef,
        selector: &RunSelector,
        otherwise: &str,
        wanted: impl Fn(&&WorkflowRun) -> bool,
    ) -> Check<WorkflowRun> {
        for _ in 0..self.hooks.patience() {
            if let Some(run) = self.ci.runs(repository, selector).await?.first().filter(&wanted) {
                return Ok(run.clone());
            }
            self.hooks.wait().await;
        }
        Err(Failure(otherwise.to_owned()))
    }

    async fn cancels_ended(&self) -> Check {
        let (repository, selector) = self.commit("ci-cancel", &green()).await?;
        let run = self.finished(&repository, &selector, "ci-cancel").await?;
        self.ci.cancel(&repository, &run.id).await?;
        let after = self.ci.runs(&repository, &selector).await?;
        ensure!(after.first().is_some_and(|run| run.state.is_success()), "cancelling changed an ended run");
        Ok(())
    }

    async fn unknown_state(&self) -> Check<Applied> {
        let Some(read) = self.hooks.of_unknown_state() else {
            return Ok(Applied::Skipped("it runs the workflows itself and reads no other's states"));
        };
        ensure!(read == RunState::Pending, "it is read as {read:?}");
        Ok(Applied::Checked)
    }

    async fn absent(&self) -> Check {
        let ci = self.ci;
        let (repository, selector) = self.commit("ci-absent", &green()).await?;
        // A host's own ids may be numbers: of a number too large for any of them all hosts must say "not found".
        for id in ["no-such-run", "999999999999999"] {
            let (run, job) = (RunId::parse(id)?, JobId::parse(id)?);
            fails_with(ci.log_tail(&repository, &run, &job, 100).await, ErrorKind::NotFound)?;
            fails_with(ci.cancel(&repository, &run).await, ErrorKind::NotFound)?;
            fails_with(ci.rerun(&repository, &run, 2).await, ErrorKind::NotFound)?;
        }
        let nowhere = RunSelector { head_sha: CommitSha::parse("0".repeat(40))?, ..selector.clone() };
        let asked = ci.ensure_run(&repository, &nowhere, &key("ci-nowhere")?).await;
        if ci.capabilities().starts_on_push {
            // A run that nobody but the host starts has not appeared, and never will.
            let nothing =
                asked.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(None) } else { Err(error) })?;
            ensure!(nothing.is_none(), "there is a run of a commit that does not exist");
        } else {
            fails_with(asked, ErrorKind::NotFound)?;
        }
        // An empty list would have a caller wait for runs that can never appear.
        let other = RepositoryRef { name: super::repository("never-made")?, ..repository };
        fails_with(ci.runs(&other, &selector).await, ErrorKind::NotFound)?;
        fails_with(ci.ensure_run(&other, &selector, &key("ci-never-made")?).await, ErrorKind::NotFound)
    }
}
