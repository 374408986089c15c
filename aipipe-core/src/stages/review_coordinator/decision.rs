//! Whether a pull request may be merged now. Unknown is never "yes".

use crate::domain::{
    CommitSha, MayApprove, Mergeable, PullRequest, PullRequestState, PullRequestStatus, RequiredCheck, Review,
    ReviewPolicy, ReviewVerdict, RunState, WaitKind,
};
use WaitKind::{Approval, Elsewhere, Person};
use std::collections::BTreeMap;

/// What to do with a pull request, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Merge exactly this head.
    Merge(String),
    /// Nothing now.
    Wait {
        /// Who or what can change that.
        kind: WaitKind,
        /// What is missing.
        reason: String,
    },
    /// It was merged or closed by somebody.
    Ended(String),
}

fn wait(kind: WaitKind, reason: impl Into<String>) -> Decision {
    Decision::Wait { kind, reason: reason.into() }
}

/// What a decision rests on besides the pull request's status.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    /// Who decides.
    pub policy: ReviewPolicy,
    /// How many people must approve where people do; at least one.
    pub approvals: usize,
    /// The checks that must have succeeded for the current head.
    pub required: &'a [RequiredCheck],
    /// The head this execution built.
    pub built: &'a CommitSha,
    /// Where the newest run of the current head stands; `None` when none is known.
    pub run: Option<RunState>,
    /// What checks can't judge about the branch.
    pub beyond: BeyondChecks,
}

/// What a branch does that no check can judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeyondChecks {
    /// How many files of the base it takes away.
    pub removed: usize,
    /// How many files of the base that a person wrote or changed it overwrites.
    pub overwritten: usize,
    /// How many stories it serves, wholly or partly.
    pub served: usize,
    /// How many gaps between requirements and what shows them the host leaves to a person.
    pub gaps: usize,
    /// How many files with tests a model changed after a red run.
    pub changed_tests: usize,
}

/// Why checks alone can't decide about a branch, if they can't: green tells nothing of code that is no longer there,
/// nothing of what a person had written, nothing of a project in which no story is served, and nothing of what no test
/// shows.
pub(super) fn left_to_a_person(of: &BeyondChecks) -> Option<String> {
    let files = |count: usize| if count == 1 { "a file".to_owned() } else { format!("{count} files") };
    let mut what = Vec::new();
    if of.overwritten > 0 {
        what.push(format!("it overwrites {} that somebody changed in the base", files(of.overwritten)));
    }
    if of.removed > 0 {
        what.push(format!("it removes {} of earlier executions", files(of.removed)));
    }
    if of.served == 0 {
        what.push("it serves no story".to_owned());
    }
    if of.changed_tests > 0 {
        what.push(format!("a model changed {} with tests after a red run", files(of.changed_tests)));
    }
    match of.gaps {
        0 => {}
        1 => what.push("something that counts as done is not shown by a test (see Traceability)".to_owned()),
        gaps => what.push(format!("{gaps} things that count as done are not shown by tests (see Traceability)")),
    }
    (!what.is_empty()).then(|| format!("{}, which checks can't judge; a person has to decide", what.join(" and ")))
}

/// Decides on a pull request.
///
/// Every required check of the current head must have succeeded, reported by whom it must be; another check of the same
/// name that did not succeed is a reason to wait. No required checks at all is one as well, under either policy.
///
/// Under `Human`, at least `approvals` people who may approve, and did not open the pull request, have approved the
/// current head, and nobody's last verdict asks for changes. Comments change no verdict, a dismissed one is none,
/// approvals of an older head count for nothing, and neither do objections of those who are known not to be asked.
///
/// Under `Automated`, the head must be the one that was built, and its whole run green: a job that fails without
/// being required is for a person to judge. A branch that takes files away, overwrites what a person changed, serves no
/// story or has gaps the host leaves to a person needs the approvals that `Human` asks for as well.
#[must_use]
pub fn decide(status: &PullRequestStatus, terms: &Terms<'_>) -> Decision {
    let pull = &status.pull_request;
    match pull.state {
        PullRequestState::Merged => return Decision::Ended("merged on the review desk".to_owned()),
        PullRequestState::Closed => return Decision::Ended("closed without a merge".to_owned()),
        PullRequestState::Open => {}
    }
    if let Some(waiting) = checks_missing(status, terms.required) {
        return waiting;
    }
    if status.mergeable == Mergeable::Conflicts {
        return wait(Person, "the branch conflicts with its base");
    }
    let head = pull.head_sha.short();
    let why = match terms.policy {
        ReviewPolicy::Automated => {
            if pull.head_sha != *terms.built {
                return wait(Person, "the branch has commits this execution did not make; a person has to decide");
            }
            match terms.run {
                Some(state) if state.is_success() => {}
                Some(RunState::Completed(conclusion)) => {
                    let reason = format!("the CI run of {head} ended in {conclusion:?}, in a job that is not required");
                    return wait(Person, reason);
                }
                Some(RunState::Pending | RunState::InProgress) => {
                    return wait(Elsewhere, format!("the CI run of {head} has not ended"));
                }
                None => return wait(Elsewhere, format!("no CI run of {head} is known")),
            }
            let green = format!("all {} required checks of {head} succeeded", terms.required.len());
            match left_to_a_person(&terms.beyond) {
                None => green,
                Some(why) => match approved_by(status, terms.approvals.max(1)) {
                    Ok(reviewers) => format!("{green}; approved by {reviewers}"),
                    Err((kind, reason)) => return wait(kind, format!("{why}; {reason}")),
                },
            }
        }
        ReviewPolicy::Human => match approved_by(status, terms.approvals.max(1)) {
            Ok(reviewers) => format!("approved at {head} by {reviewers}; all required checks succeeded"),
            Err((kind, reason)) => return wait(kind, reason),
        },
    };
    match status.mergeable {
        Mergeable::Yes => Decision::Merge(why),
        Mergeable::Conflicts => wait(Person, "the branch conflicts with its base"),
        Mergeable::Unknown => wait(Elsewhere, "whether a merge would work is not known yet"),
    }
}

/// The reason to wait for checks, if there is one.
fn checks_missing(status: &PullRequestStatus, required: &[RequiredCheck]) -> Option<Decision> {
    if required.is_empty() {
        return Some(wait(Person, "no check is required, so nothing tells that the code works; a person has to merge"));
    }
    let head = &status.pull_request.head_sha;
    for RequiredCheck { name, source } in required {
        let of_head: Vec<_> =
            status.checks.iter().filter(|check| check.name == *name && check.head_sha == *head).collect();
        if !of_head.iter().any(|check| source.as_ref().is_none_or(|source| check.source == *source)) {
            let whose = if of_head.is_empty() { "" } else { " by the workflow that has to" };
            return Some(wait(Elsewhere, format!("check `{name}` has not been reported for {}{whose}", head.short())));
        }
        for check in of_head {
            match check.state {
                state if state.is_success() => {}
                RunState::Completed(conclusion) => {
                    return Some(wait(Person, format!("check `{name}` ended in {conclusion:?}")));
                }
                RunState::Pending | RunState::InProgress => {
                    return Some(wait(Elsewhere, format!("check `{name}` has not ended")));
                }
            }
        }
    }
    None
}

/// Who approved the head, or why that is not enough and what helps.
fn approved_by(status: &PullRequestStatus, wanted: usize) -> Result<String, (WaitKind, String)> {
    let PullRequest { head_sha: head, author, .. } = &status.pull_request;
    let mut last: BTreeMap<&str, &Review> = BTreeMap::new();
    for review in &status.reviews {
        if review.verdict != ReviewVerdict::Commented {
            last.insert(&review.reviewer, review);
        }
    }
    let objects =
        |review: &&&Review| review.verdict == ReviewVerdict::ChangesRequested && review.may_approve != MayApprove::No;
    if let Some(review) = last.values().find(objects) {
        return Err((Person, format!("{} asked for changes", review.reviewer)));
    }
    let given = last.values().filter(|review| review.verdict == ReviewVerdict::Approved);
    let is_author =
        |review: &Review| author.as_ref().is_some_and(|author| review.reviewer.eq_ignore_ascii_case(author));
    let (approved, void): (Vec<&&Review>, Vec<&&Review>) =
        given.partition(|review| review.may_approve == MayApprove::Yes && !is_author(review));
    let current: Vec<_> = approved.iter().copied().filter(|review: &&&Review| review.commit == *head).collect();
    if current.len() >= wanted {
        return Ok(current.iter().map(|review| review.reviewer.as_str()).collect::<Vec<_>>().join(", "));
    }
    if approved.len() > current.len() {
        return Err((Approval, format!("the approval is for an older commit than {}", head.short())));
    }
    let waiting = format!("waiting for {wanted} approval{} of {}", if wanted == 1 { "" } else { "s" }, head.short());
    let waiting = match void.first() {
        None => waiting,
        Some(review) if is_author(review) => {
            format!("{waiting}; {} opened the pull request and can't approve it", review.reviewer)
        }
        Some(review) => format!("{waiting}; {} is not known to be allowed to approve", review.reviewer),
    };
    Err((Approval, waiting))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        BranchName, CheckName, CheckRun, CheckSource, Conclusion, RepoPath, RepositoryName, RepositoryRef, Timestamp,
    };

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
                author: Some("aipipe-bot".to_owned()),
                location: String::new(),
            },
            reviews: reviews
                .iter()
                .map(|(who, verdict, commit)| Review {
                    reviewer: (*who).to_owned(),
                    may_approve: may_approve(who),
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
                    source: workflow("ci"),
                    head_sha: sha(HEAD),
                    state: *state,
                })
                .collect(),
            mergeable: Mergeable::Yes,
        }
    }

    fn workflow(name: &str) -> CheckSource {
        CheckSource::Workflow(RepoPath::parse(format!(".github/workflows/{name}.yml")).unwrap())
    }

    /// By the first letter of a name: `s`trangers may not approve, of the `u`nknown nobody can tell.
    fn may_approve(who: &str) -> MayApprove {
        match who.get(..1) {
            Some("s") => MayApprove::No,
            Some("u") => MayApprove::Unknown,
            _ => MayApprove::Yes,
        }
    }

    fn required() -> Vec<RequiredCheck> {
        let of_workflow = |name| RequiredCheck { name: CheckName::parse(name).unwrap(), source: Some(workflow("ci")) };
        ["lint", "test"].map(of_workflow).to_vec()
    }

    fn decide(
        policy: ReviewPolicy,
        approvals: usize,
        status: &PullRequestStatus,
        required: &[RequiredCheck],
        built: &CommitSha,
    ) -> Decision {
        let run = Some(GREEN);
        super::decide(status, &Terms { policy, approvals, required, built, run, beyond: NOTHING })
    }

    const GREEN: RunState = RunState::Completed(Conclusion::Success);
    const NOTHING: BeyondChecks = BeyondChecks { removed: 0, overwritten: 0, served: 1, gaps: 0, changed_tests: 0 };
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
    fn automated_leaves_what_checks_cannot_judge_to_a_person() {
        let decide = |beyond, reviews: &[_]| {
            let (built, required) = (sha(HEAD), required());
            let policy = ReviewPolicy::Automated;
            let run = Some(GREEN);
            let terms = Terms { policy, approvals: 1, required: &required, built: &built, run, beyond };
            super::decide(&status(&BOTH, reviews), &terms)
        };
        assert!(merges(&decide(NOTHING, &[])), "the control: nothing goes, a story is served and all is shown");
        for (beyond, said) in [
            (BeyondChecks { removed: 1, ..NOTHING }, "removes a file"),
            (BeyondChecks { removed: 7, ..NOTHING }, "removes 7 files"),
            (BeyondChecks { served: 0, ..NOTHING }, "no story"),
            (BeyondChecks { overwritten: 1, ..NOTHING }, "overwrites a file that somebody changed"),
            (
                BeyondChecks { removed: 2, overwritten: 3, ..NOTHING },
                "overwrites 3 files that somebody changed in the base and it removes 2 files",
            ),
            (BeyondChecks { changed_tests: 1, ..NOTHING }, "changed a file with tests after a red run"),
            (BeyondChecks { gaps: 1, ..NOTHING }, "not shown by a test"),
            (BeyondChecks { gaps: 2, ..NOTHING }, "2 things that count as done are not shown"),
        ] {
            match decide(beyond, &[]) {
                Decision::Wait { kind: Approval, reason } => assert!(reason.contains(said), "{reason}"),
                other => panic!("{said}: {other:?}"),
            }
            let by = |who| [(who, ReviewVerdict::Approved, HEAD)];
            assert!(merges(&decide(beyond, &by("a"))), "a person decided");
            assert!(!merges(&decide(beyond, &by("stranger"))));
            assert!(!merges(&decide(beyond, &[("a", ReviewVerdict::Approved, OLD)])));
        }
    }

    #[test]
    fn human_merges_only_what_a_person_approved_and_checks_confirm() {
        use ReviewVerdict::{Approved, ChangesRequested, Commented, Dismissed};
        type Case = (&'static str, Vec<(&'static str, ReviewVerdict, &'static str)>, bool);
        let cases: [Case; 18] = [
            ("nobody", vec![], false),
            ("approved", vec![("a", Approved, HEAD)], true),
            ("approved, then commented", vec![("a", Approved, HEAD), ("a", Commented, HEAD)], true),
            ("only commented", vec![("a", Commented, HEAD)], false),
            ("approved an older head", vec![("a", Approved, OLD)], false),
            ("changes requested, then commented", vec![("a", ChangesRequested, HEAD), ("a", Commented, HEAD)], false),
            ("changes requested, then approved", vec![("a", ChangesRequested, OLD), ("a", Approved, HEAD)], true),
            ("one approves, one objects", vec![("a", Approved, HEAD), ("b", ChangesRequested, OLD)], false),
            ("approval dismissed", vec![("a", Approved, HEAD), ("a", Dismissed, HEAD)], false),
            ("objection dismissed", vec![("a", ChangesRequested, HEAD), ("a", Dismissed, HEAD)], false),
            ("objection dismissed, another approves", vec![("a", Dismissed, HEAD), ("b", Approved, HEAD)], true),
            ("approved, then objected", vec![("a", Approved, HEAD), ("a", ChangesRequested, HEAD)], false),
            ("a stranger approves", vec![("stranger", Approved, HEAD)], false),
            ("nobody knows who approves", vec![("unknown", Approved, HEAD)], false),
            ("who opened it approves", vec![("aipipe-bot", Approved, HEAD)], false),
            ("who opened it approves, spelled otherwise", vec![("AIpipe-Bot", Approved, HEAD)], false),
            ("a stranger objects", vec![("a", Approved, HEAD), ("stranger", ChangesRequested, HEAD)], true),
            ("somebody unknown objects", vec![("a", Approved, HEAD), ("unknown", ChangesRequested, HEAD)], false),
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
    fn a_required_check_must_come_from_its_workflow() {
        for (source, merged) in [
            (workflow("ci"), true),
            (workflow("other"), false),
            (CheckSource::App("ci".to_owned()), false),
            (CheckSource::Unknown, false),
        ] {
            let mut status = status(&BOTH, &[]);
            status.checks[1].source = source.clone();
            assert_eq!(merges(&automated(&status)), merged, "{source:?}");
        }
        let mut twice = status(&[BOTH[0], BOTH[1], ("test", RunState::Completed(Conclusion::Failure))], &[]);
        twice.checks[2].source = workflow("other");
        assert!(!merges(&automated(&twice)), "another workflow's check of the same name is red");
        let by_anybody: Vec<_> = required().into_iter().map(|check| RequiredCheck { source: None, ..check }).collect();
        let mut status = status(&BOTH, &[]);
        status.checks.iter_mut().for_each(|check| check.source = CheckSource::Unknown);
        assert!(merges(&decide(ReviewPolicy::Automated, 1, &status, &by_anybody, &sha(HEAD))), "the control");
    }

    #[test]
    fn automated_wants_the_whole_run_green_and_a_person_may_judge_otherwise() {
        let approved = status(&BOTH, &[("a", ReviewVerdict::Approved, HEAD)]);
        let with = |policy, run| {
            let (required, built) = (required(), sha(HEAD));
            let (required, built) = (&required, &built);
            let terms = Terms { policy, approvals: 1, required, built, run, beyond: NOTHING };
            merges(&super::decide(&approved, &terms))
        };
        for (run, automated) in [
            (Some(GREEN), true),
            (Some(RunState::Completed(Conclusion::Failure)), false),
            (Some(RunState::InProgress), false),
            (Some(RunState::Pending), false),
            (None, false),
        ] {
            assert_eq!(with(ReviewPolicy::Automated, run), automated, "{run:?}");
            assert!(with(ReviewPolicy::Human, run), "{run:?}");
        }
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
