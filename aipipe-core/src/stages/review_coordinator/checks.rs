//! The part of the pull request that tells what CI said, and what was tried when it was red.

use super::pull_request::{Contents, plural};
use crate::domain::{Isolation, RunState, WorkflowRun};
use crate::stages::markdown::{code, escape, fenced};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What is required, what failed at first, how the checks were isolated, and red runs of heads before it.
///
/// Not a table of all: every host shows the checks as they are now.
pub(super) fn checks(contents: &Contents<'_>) -> Option<String> {
    let run = &contents.build.run;
    let required = &contents.validation.required_checks;
    let names: Vec<_> = required.iter().map(|name| code(name.as_str())).collect();
    let green = run.jobs.iter().filter(|job| job.state.is_success()).count();
    let mut text = format!("## Checks\n\nRequired for a merge: {}.\n", names.join(", "));
    let (all, head) = (run.jobs.len(), code(contents.build.head.short()));
    let _ = writeln!(text, "\nOf {all} job{} at {head}, {green} succeeded.", plural(all));
    for job in run.jobs.iter().filter(|job| !job.state.is_success()) {
        let result = match job.state {
            RunState::Completed(conclusion) => format!("{conclusion:?}").to_lowercase(),
            RunState::InProgress => "in progress".to_owned(),
            RunState::Pending => "pending".to_owned(),
        };
        let _ = writeln!(text, "- {}: **{result}**", code(job.name.as_str()));
    }
    for name in required.iter().filter(|name| run.jobs.iter().all(|job| job.name != **name)) {
        let _ = writeln!(text, "- {}: **not reported**", code(name.as_str()));
    }
    let notices = notices(run);
    if !notices.is_empty() {
        text.push_str("\nWhat they said besides:\n");
        for (job, notice) in notices {
            let _ = writeln!(text, "- {}: {}", code(job), escape(&notice));
        }
    }
    let _ = writeln!(text, "\n{}", isolation(&run.isolation));
    for repair in &contents.build.repairs {
        let head = code(repair.head.short());
        let (job, step) = (code(&repair.failure.job), code(&repair.failure.step));
        let _ = writeln!(text, "\n**Before:** {head} was red in job {job}, step {step}.");
        for story in &repair.mended {
            let _ = writeln!(text, "- The model mended {}.", code(story.as_str()));
        }
        for test in &repair.changed_tests {
            let _ = writeln!(text, "- It changed the tests in {}.", code(test.as_str()));
        }
        for (story, reason) in &repair.given_up {
            let _ = writeln!(text, "- The model could not mend {}: {}", code(story.as_str()), escape(reason));
        }
    }
    if let Some(failure) = &contents.build.failure {
        let _ = writeln!(text, "\n**Failed:** job {}, step {}.\n", code(&failure.job), code(&failure.step));
        text.push_str(&fenced(&failure.log_tail));
    }
    Some(text)
}

/// What steps noticed, each once with the first job that said it: a step may succeed without having looked.
fn notices(run: &WorkflowRun) -> Vec<(&str, String)> {
    let mut seen = BTreeSet::new();
    let steps = run.jobs.iter().flat_map(|job| job.steps.iter().map(move |step| (job.name.as_str(), step)));
    let noted = steps.filter_map(|(job, step)| Some((job, step.note.as_deref()?)));
    let said = noted.flat_map(|(job, note)| note.split("; ").map(move |part| (job, part)));
    let said = said
        .filter(|(_, part)| ["notice: ", "warning: ", "using the local "].iter().any(|start| part.starts_with(start)));
    said.filter(|(_, part)| seen.insert(*part)).map(|(job, part)| (job, part.to_owned())).collect()
}

/// Whether code nobody has read yet could reach the machine that checked it: a reviewer should know.
fn isolation(of: &Isolation) -> String {
    match of {
        Isolation::By(what) => format!("**Isolation:** the checks ran isolated by {}.", escape(what)),
        Isolation::None(reason) => {
            format!("**Isolation:** none ({}). The checks ran with the rights of the user who ran CI.", escape(reason))
        }
        Isolation::Unknown => "**Isolation:** not known; the CI adapter does not say.".to_owned(),
    }
}
