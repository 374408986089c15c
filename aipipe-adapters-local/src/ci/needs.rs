//! What the jobs that have ended tell those that need them.

use super::condition::Standing;
use super::expression::Reference;
use super::workflow::Job;
use aipipe_core::domain::{Conclusion, JobResult, RunState};
use std::collections::{BTreeMap, BTreeSet};

/// The jobs that have ended, by key; the variants of a matrix count as one.
#[derive(Debug, Default)]
pub(super) struct Finished(BTreeMap<String, Ended>);

#[derive(Debug)]
struct Ended {
    needs: Vec<String>,
    /// Of every variant that has ended, as `needs.KEY.result` sees it.
    results: Vec<Conclusion>,
    outputs: BTreeMap<String, String>,
}

impl Ended {
    /// The result of all variants together: a failure of one is a failure, and those left out do not count.
    fn result(&self) -> Conclusion {
        let order = [Conclusion::Failure, Conclusion::Cancelled, Conclusion::Success];
        order.into_iter().find(|wanted| self.results.contains(wanted)).unwrap_or(Conclusion::Skipped)
    }
}

impl Finished {
    /// Notes how a job ended and what it put out.
    pub(super) fn add(&mut self, job: &Job, result: &JobResult, outputs: BTreeMap<String, String>) {
        let ended = self.0.entry(job.key.clone()).or_insert_with(|| Ended {
            needs: job.needs.clone(),
            results: Vec::new(),
            outputs: BTreeMap::new(),
        });
        ended.results.push(match result.state {
            RunState::Completed(conclusion @ (Conclusion::Success | Conclusion::Skipped | Conclusion::Cancelled)) => {
                conclusion
            }
            _ if job.continue_on_error => Conclusion::Success,
            _ => Conclusion::Failure,
        });
        ended.outputs.extend(outputs);
    }

    /// How things stand for a job with these needs.
    ///
    /// As on GitHub, all jobs on the way count, not only those needed directly: what needs a job that ran in spite of a
    /// failure is still behind that failure.
    pub(super) fn standing(&self, needs: &[String]) -> Standing {
        let results: Vec<Conclusion> = self.before(needs).into_iter().map(Ended::result).collect();
        Standing {
            succeeded: results.iter().all(|result| *result == Conclusion::Success),
            failed: results.contains(&Conclusion::Failure),
        }
    }

    /// Whether a variant of the job has failed.
    pub(super) fn has_failed(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(|ended| ended.results.contains(&Conclusion::Failure))
    }

    /// Which of the jobs did not succeed, or were skipped because one they need did not.
    pub(super) fn failed_among<'a>(&self, needs: &'a [String]) -> Vec<&'a str> {
        let failed = |need: &&String| self.standing(std::slice::from_ref(*need)).failed;
        needs.iter().filter(failed).map(String::as_str).collect()
    }

    /// What a reference to a job stands for.
    pub(super) fn value(&self, reference: &Reference) -> Option<String> {
        match reference {
            Reference::NeedResult(job) => self.0.get(job).map(|ended| word(ended.result()).to_owned()),
            Reference::NeedOutput { job, name } => self.0.get(job)?.outputs.get(name).cloned(),
            _ => None,
        }
    }

    /// The jobs on the way to these, themselves included.
    fn before(&self, needs: &[String]) -> Vec<&Ended> {
        let mut seen = BTreeSet::new();
        let mut waiting: Vec<&String> = needs.iter().collect();
        let mut found = Vec::new();
        while let Some(key) = waiting.pop() {
            if let Some(ended) = self.0.get(key).filter(|_| seen.insert(key.as_str())) {
                waiting.extend(&ended.needs);
                found.push(ended);
            }
        }
        found
    }
}

/// The result as `needs.KEY.result` spells it.
fn word(result: Conclusion) -> &'static str {
    match result {
        Conclusion::Success => "success",
        Conclusion::Cancelled => "cancelled",
        Conclusion::Skipped => "skipped",
        _ => "failure",
    }
}
