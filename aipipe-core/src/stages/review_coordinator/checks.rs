//! The part of the pull request that tells what CI said, and what was tried when it was red.

use super::markdown::{code, escape, fenced};
use super::pull_request::Contents;
use crate::domain::{Isolation, RunState};
use std::fmt::Write as _;

/// The checks of the head, how they were isolated, and red runs of heads before it.
pub(super) fn checks(contents: &Contents<'_>) -> Option<String> {
    let run = &contents.build.run;
    let mut text = String::from("## Checks\n\n| Check | Required | Result |\n|---|---|---|\n");
    for job in &run.jobs {
        let required = contents.validation.required_checks.contains(&job.name);
        let result = match job.state {
            RunState::Completed(conclusion) => format!("{conclusion:?}").to_lowercase(),
            RunState::InProgress => "in progress".to_owned(),
            RunState::Pending => "pending".to_owned(),
        };
        let _ =
            writeln!(text, "| {} | {} | {result} |", escape(job.name.as_str()), if required { "yes" } else { "no" });
    }
    let missing =
        contents.validation.required_checks.iter().filter(|name| run.jobs.iter().all(|job| job.name != **name));
    for name in missing {
        let _ = writeln!(text, "| {} | yes | not reported |", escape(name.as_str()));
    }
    let _ = writeln!(text, "\n{}", isolation(&run.isolation));
    for repair in &contents.build.repairs {
        let head = code(repair.head.short());
        let (job, step) = (code(&repair.failure.job), code(&repair.failure.step));
        let _ = writeln!(text, "\n**Before:** {head} was red in job {job}, step {step}.");
        for story in &repair.mended {
            let _ = writeln!(text, "- The model mended {}.", code(story.as_str()));
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
