//! Whether a pull request may be merged now. Unknown is never "yes".

use crate::domain::{
    CheckName, CommitSha, Mergeable, PullRequestState, PullRequestStatus, Review, ReviewPolicy, ReviewVerdict, RunState,
};
use std::collections::BTreeMap;

/// What to do with a pull request, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Merge exactly this head.
    Merge(String),
    /// Nothing now.
    Wait {
        /// What is missing.
        reason: String,
        /// Whether looking again without anybody acting may help.
        poll: bool,
    },
    /// It was merged or closed by somebody.
    Ended(String),
}

fn wait(reason: impl Into<String>, poll: bool) -> Decision {
    Decision::Wait { reason: reason.into(), poll }
}

/// Decides on a pull request.
///
/// `required` are the checks that must have succeeded for the current head, `built` is the head this execution built.
/// Under `Human`, at least `approvals` people have approved the current head and nobody's last verdict asks for
/// changes; comments change no verdict and approvals of an older head count for nothing. Under `Automated`, the head
/// must be the one that was built. No required checks at all is a reason to wait, under either policy.
#[must_use]
pub fn decide(
    policy: ReviewPolicy,
    approvals: usize,
    status: &PullRequestStatus,
    required: &[CheckName],
    built: &CommitSha,
) -> Decision {
    let pull = &status.pull_request;
    match pull.state {
        PullRequestState::Merged => return Decision::Ended("merged on the review desk".to_owned()),
        PullRequestState::Closed => return Decision::Ended("closed without a merge".to_owned()),
        PullRequestState::Open => {}
    }
    if let Some(waiting) = checks_missing(status, required) {
        return waiting;
    }
    let why = match policy {
        ReviewPolicy::Automated => {
            if pull.head_sha != *built {
                return wait("the branch has commits this execution did not make; a person has to decide", false);
            }
            format!("all {} required checks of {} succeeded", required.len(), pull.head_sha.short())
        }
        ReviewPolicy::Human => match approved_by(&status.reviews, &pull.head_sha, approvals.max(1)) {
            Ok(reviewers) => {
                format!("approved at {} by {reviewers}; all required checks succeeded", pull.head_sha.short())
            }
            Err(reason) => return wait(reason, false),
        },
    };
    match status.mergeable {
        Mergeable::Yes => Decision::Merge(why),
        Mergeable::Conflicts => wait("the branch conflicts with its base", false),
        Mergeable::Unknown => wait("whether a merge would work is not known yet", true),
    }
}

/// The reason to wait for checks, if there is one.
fn checks_missing(status: &PullRequestStatus, required: &[CheckName]) -> Option<Decision> {
    if required.is_empty() {
        return Some(wait("no check is required, so nothing tells that the code works; a person has to merge", false));
    }
    let head = &status.pull_request.head_sha;
    for name in required {
        let of_head: Vec<_> =
            status.checks.iter().filter(|check| check.name == *name && check.head_sha == *head).collect();
        if of_head.is_empty() {
            return Some(wait(format!("check `{name}` has not been reported for {}", head.short()), true));
        }
        for check in of_head {
            match check.state {
                state if state.is_success() => {}
                RunState::Completed(conclusion) => {
                    return Some(wait(format!("check `{name}` ended in {conclusion:?}"), false));
                }
                RunState::Pending | RunState::InProgress => {
                    return Some(wait(format!("check `{name}` has not ended"), true));
                }
            }
        }
    }
    None
}

/// Who approved the head, or why that is not enough.
fn approved_by(reviews: &[Review], head: &CommitSha, wanted: usize) -> Result<String, String> {
    let mut last: BTreeMap<&str, &Review> = BTreeMap::new();
    for review in reviews {
        if review.verdict != ReviewVerdict::Commented {
            last.insert(&review.reviewer, review);
        }
    }
    if let Some(review) = last.values().find(|review| review.verdict == ReviewVerdict::ChangesRequested) {
        return Err(format!("{} asked for changes", review.reviewer));
    }
    let approved: Vec<_> = last.values().filter(|review| review.verdict == ReviewVerdict::Approved).collect();
    let current: Vec<_> =
        approved.iter().filter(|review| review.commit == *head).map(|r| r.reviewer.as_str()).collect();
    if current.len() >= wanted {
        return Ok(current.join(", "));
    }
    if approved.len() > current.len() {
        return Err(format!("the approval is for an older commit than {}", head.short()));
    }
    Err(format!("waiting for {wanted} approval{} of {}", if wanted == 1 { "" } else { "s" }, head.short()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BranchName, CheckRun, Conclusion, PullRequest, RepositoryName, RepositoryRef, Timestamp};

    const HEAD: &str = "1111111111111111111111111111111111111111";
    const OLD: &str = "2222222222222222222222222222222222222222";

    fn sha(text: &str) -> CommitSha {
        CommitSha::parse(text).unwrap()
    }

    fn status(checks: &[(&str, RunState)], reviews: &[(&str, ReviewVerdict, &str)]) -> PullRequestStatus {
        let repository =
            RepositoryRef { owner: String::new(), name: RepositoryName::parse("r").unwrap(), location: String::new() };
        PullRequestStatus {
            pull_request: PullRequest {
                number: 1,
                repository,
                head: BranchName::parse("aipipe/x").unwrap(),
                head_sha: sha(HEAD),
                base: BranchName::parse("main").unwrap(),
                title: String::new(),
                state: PullRequestState::Open,
                merge_sha: None,
                location: String::new(),
            },
            reviews: reviews
                .iter()
                .map(|(who, verdict, commit)| Review {
                    reviewer: (*who).to_owned(),
                    verdict: *verdict,
                    commit: sha(commit),
                    at: Timestamp::from_unix_millis(0),
                    comment: String::new(),
                })
                .collect(),
            checks: checks
                .iter()
                .map(|(name, state)| CheckRun {
                    name: CheckName::parse(*name).unwrap(),
                    head_sha: sha(HEAD),
                    state: *state,
                })
                .collect(),
            mergeable: Mergeable::Yes,
        }
    }

    fn required() -> Vec<CheckName> {
        ["lint", "test"].map(|name| CheckName::parse(name).unwrap()).to_vec()
    }

    const GREEN: RunState = RunState::Completed(Conclusion::Success);
    const BOTH: [(&str, RunState); 2] = [("lint", GREEN), ("test", GREEN)];

    fn automated(status: &PullRequestStatus) -> Decision {
        decide(ReviewPolicy::Automated, 1, status, &required(), &sha(HEAD))
    }

    fn human(status: &PullRequestStatus) -> Decision {
        decide(ReviewPolicy::Human, 1, status, &required(), &sha(HEAD))
    }

    fn merges(decision: &Decision) -> bool {
        matches!(decision, Decision::Merge(_))
    }

    #[test]
    fn automated_merges_only_what_is_known_to_be_green() {
        assert!(merges(&automated(&status(&BOTH, &[]))), "the control: all green merges");
        for state in [
            RunState::Pending,
            RunState::InProgress,
            RunState::Completed(Conclusion::Failure),
            RunState::Completed(Conclusion::Cancelled),
            RunState::Completed(Conclusion::TimedOut),
            RunState::Completed(Conclusion::Skipped),
            RunState::Completed(Conclusion::Neutral),
            RunState::Completed(Conclusion::ActionRequired),
        ] {
            assert!(!merges(&automated(&status(&[("lint", GREEN), ("test", state)], &[]))), "{state:?}");
            let twice = [("lint", GREEN), ("test", GREEN), ("test", state)];
            assert!(!merges(&automated(&status(&twice, &[]))), "one of two runs of a check: {state:?}");
        }
        assert!(!merges(&automated(&status(&[], &[]))), "no checks");
        assert!(!merges(&automated(&status(&[("lint", GREEN)], &[]))), "a required check is missing");
        assert!(!merges(&decide(ReviewPolicy::Automated, 1, &status(&BOTH, &[]), &[], &sha(HEAD))), "none required");
        let mut other = status(&BOTH, &[]);
        for check in &mut other.checks {
            check.head_sha = sha(OLD);
        }
        assert!(!merges(&automated(&other)), "checks of another commit");
        assert!(
            !merges(&decide(ReviewPolicy::Automated, 1, &status(&BOTH, &[]), &required(), &sha(OLD))),
            "moved head"
        );
        for mergeable in [Mergeable::Conflicts, Mergeable::Unknown] {
            let mut status = status(&BOTH, &[]);
            status.mergeable = mergeable;
            assert!(!merges(&automated(&status)), "{mergeable:?}");
        }
    }

    #[test]
    fn human_merges_only_what_a_person_approved_and_checks_confirm() {
        use ReviewVerdict::{Approved, ChangesRequested, Commented, Dismissed};
        type Case = (&'static str, Vec<(&'static str, ReviewVerdict, &'static str)>, bool);
        let cases: [Case; 9] = [
            ("nobody", vec![], false),
            ("approved", vec![("a", Approved, HEAD)], true),
            ("approved, then commented", vec![("a", Approved, HEAD), ("a", Commented, HEAD)], true),
            ("only commented", vec![("a", Commented, HEAD)], false),
            ("approved an older head", vec![("a", Approved, OLD)], false),
            ("changes requested, then commented", vec![("a", ChangesRequested, HEAD), ("a", Commented, HEAD)], false),
            ("changes requested, then approved", vec![("a", ChangesRequested, OLD), ("a", Approved, HEAD)], true),
            ("one approves, one objects", vec![("a", Approved, HEAD), ("b", ChangesRequested, OLD)], false),
            ("approval dismissed", vec![("a", Approved, HEAD), ("a", Dismissed, HEAD)], false),
        ];
        for (name, reviews, expected) in cases {
            assert_eq!(merges(&human(&status(&BOTH, &reviews))), expected, "{name}");
        }
        let red = [("lint", GREEN), ("test", RunState::Completed(Conclusion::Failure))];
        assert!(!merges(&human(&status(&red, &[("a", Approved, HEAD)]))), "approved but red");
        let two = decide(ReviewPolicy::Human, 2, &status(&BOTH, &[("a", Approved, HEAD)]), &required(), &sha(HEAD));
        assert!(!merges(&two), "one of two approvals");
    }

    #[test]
    fn what_others_ended_is_ended() {
        for state in [PullRequestState::Merged, PullRequestState::Closed] {
            let mut status = status(&[], &[]);
            status.pull_request.state = state;
            assert!(matches!(automated(&status), Decision::Ended(_)));
        }
    }
}
