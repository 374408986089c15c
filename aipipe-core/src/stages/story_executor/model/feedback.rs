//! What is told to a model about its answer, each thing as a type of its own.

use super::answer::{AnswerFault, EditFault};
use crate::domain::{BuildFailure, CriterionId, Finding, RepoPath, Rule, StoryId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a file may not be written by the model.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Refusal {
    /// CI is configured by aipipe alone.
    Workflow,
    /// Packages are chosen by the stack alone.
    Manifest,
    /// Written by a package manager only.
    LockFile,
    /// How tools work is the template's.
    Configuration,
    /// It belongs to another story.
    OtherStory(StoryId),
    /// Several stories edit it, so it can't be written whole.
    EditOnly,
    /// It is none of the story's files.
    NotPlanned,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workflow => f.write_str("workflows are not yours to write"),
            Self::Manifest => {
                f.write_str("manifests are not yours to write: name a package that may be added by a package line")
            }
            Self::LockFile => f.write_str("lock files are not yours to write"),
            Self::Configuration => f.write_str("configuration is not yours to write"),
            Self::OtherStory(story) => write!(f, "the file belongs to the story {story}"),
            Self::EditOnly => f.write_str("other stories edit the file as well: send edits, not the whole file"),
            Self::NotPlanned => f.write_str("the file is not among those this story may write"),
        }
    }
}

/// What CI said of code that was generated before: the log names the story's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CiVerdict {
    /// The failing job.
    pub job: String,
    /// Its failing step.
    pub step: String,
    /// The end of its log.
    pub log_tail: String,
}

impl CiVerdict {
    /// The verdict of a failed build.
    #[must_use]
    pub fn of_failure(failure: &BuildFailure) -> Self {
        Self { job: failure.job.clone(), step: failure.step.clone(), log_tail: failure.log_tail.clone() }
    }

    /// Whether the log speaks of one of these files, or of something in one of these folders.
    #[must_use]
    pub fn speaks_of<'a>(&self, mut files: impl Iterator<Item = &'a RepoPath>) -> bool {
        files.any(|file| names(&self.log_tail, file.as_str()))
    }
}

/// Whether `path` stands in `text` as a whole: `src/a.ts` is not named by `src/a.tsx` or `mysrc/a.ts`.
fn names(text: &str, path: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    text.match_indices(path).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let mut after = text.get(at + path.len()..).unwrap_or_default().chars();
        let goes_on = match after.next() {
            Some('.') => after.next().is_some_and(is_part),
            next => next.is_some_and(is_part),
        };
        !goes_on && before.is_none_or(|c| !is_part(c) && c != '.')
    })
}

/// One thing that is wrong with a story's code, to be told to the model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Feedback {
    /// The answer has not the agreed form.
    Form(AnswerFault),
    /// The model stopped at its output limit.
    Truncated,
    /// The model will not do it.
    Declined,
    /// A file it may not write.
    Refused {
        /// The file.
        path: RepoPath,
        /// Why.
        reason: Refusal,
    },
    /// An edit of a file that is not there, or the removal of one that the story has not made.
    NoSuchFile {
        /// The file.
        path: RepoPath,
    },
    /// A package that may not be added.
    Package {
        /// Its name.
        name: String,
    },
    /// An edit that does not fit.
    Edit {
        /// The file.
        path: RepoPath,
        /// Why.
        fault: EditFault,
    },
    /// What the validator or the scan found in the whole project with the story's files.
    Found(Finding),
    /// A criterion without a test that names it and checks something.
    Untested {
        /// The criterion.
        criterion: CriterionId,
        /// The test file it is missed in.
        file: RepoPath,
        /// What is missing.
        reason: &'static str,
    },
    /// CI was red.
    Ci(CiVerdict),
}

impl Feedback {
    /// The rule that was broken, as findings name them.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Form(AnswerFault::TooLarge { .. }) => "answer-too-large",
            Self::Form(AnswerFault::NoBlocks) => "answer-without-files",
            Self::Form(AnswerFault::Unclosed { .. }) | Self::Truncated => "answer-truncated",
            Self::Form(AnswerFault::BadPath { .. }) => "path-refused",
            Self::Form(_) => "answer-malformed",
            Self::Declined => "answer-declined",
            Self::Refused { .. } => "file-refused",
            Self::NoSuchFile { .. } => "edit-without-file",
            Self::Package { .. } => Rule::PackageNotAllowed.as_str(),
            Self::Edit { .. } => "edit-does-not-fit",
            Self::Found(finding) => finding.rule.as_str(),
            Self::Untested { .. } => "criterion-untested",
            Self::Ci(_) => "ci-red",
        }
    }

    /// What makes two pieces of feedback the same although lines have moved.
    #[must_use]
    pub fn identity(&self) -> String {
        match self {
            Self::Form(AnswerFault::Unexpected { found, .. }) => format!("unexpected {found}"),
            Self::Form(AnswerFault::TooLarge { .. }) => "too large".to_owned(),
            other => format!("{} {other}", other.rule()),
        }
    }
}

impl fmt::Display for Feedback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(fault) => write!(f, "{fault}"),
            Self::Truncated => f.write_str("the answer was cut off at its length limit"),
            Self::Declined => f.write_str("the model declined to answer"),
            Self::Refused { path, reason } => write!(f, "{path}: {reason}"),
            Self::NoSuchFile { path } => write!(f, "{path}: the story has no such file to edit or remove"),
            Self::Package { name } => write!(f, "{name} is not among the packages that may be added"),
            Self::Edit { path, fault } => write!(f, "{path}: {fault}"),
            Self::Found(finding) if finding.rule == Rule::UndeclaredDependency => {
                write!(f, "{}: {}; if it may be added, name it by a package line", finding.file, finding.message)
            }
            Self::Found(finding) => write!(f, "{}: {}", finding.file, finding.message),
            Self::Untested { criterion, file, reason } => write!(f, "{file}: {criterion}: {reason}"),
            Self::Ci(verdict) => write!(f, "CI failed in job {}, step {}", verdict.job, verdict.step),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_log_names_a_file_as_a_whole() {
        for (log, named) in [
            ("FAIL src/a.ts > adds", true),
            ("src/a.ts(3,5): error TS2322", true),
            ("src/a.ts:3:5: error", true),
            ("/srv/job/src/a.ts", true),
            ("it is in src/a.ts.", true),
            ("FAIL src/a.tsx", false),
            ("FAIL src/a.ts.snap", false),
            ("FAIL mysrc/a.ts", false),
            ("FAIL src/a", false),
        ] {
            assert_eq!(names(log, "src/a.ts"), named, "{log}");
        }
        assert!(
            names("FAIL src/features/a/x.ts", "src/features/a") && !names("src/features/ab/x.ts", "src/features/a")
        );
    }
}
