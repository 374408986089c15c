//! The validator as its users see it: files in, findings out.

mod architecture;
#[cfg(feature = "js")]
mod javascript;
mod paths;
#[cfg(feature = "python")]
mod python;
#[cfg(feature = "python")]
mod python_load;
#[cfg(feature = "js")]
mod surroundings;
#[cfg(feature = "js")]
mod unseen;
#[cfg(all(feature = "js", feature = "python"))]
mod updates;

use super::*;
use crate::domain::{Rule, Severity};

/// What is found, as `severity rule file`, without what only counts as a note.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    found_with(ValidatorOptions::default(), files)
}

fn found_with(options: ValidatorOptions, files: &[(&str, &str)]) -> Vec<String> {
    let found = findings(options, files).into_iter().filter(|finding| finding.severity != Severity::Info);
    found.map(|finding| format!("{} {} {}", finding.severity, finding.rule, finding.file)).collect()
}

/// The errors alone, as `rule file`.
fn errors(files: &[(&str, &str)]) -> Vec<String> {
    let found = findings(ValidatorOptions::default(), files);
    let errors = found.into_iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| format!("{} {}", finding.rule, finding.file)).collect()
}

fn findings(options: ValidatorOptions, files: &[(&str, &str)]) -> Vec<Finding> {
    Validator::new(options, tree(files)).findings()
}

fn tree(files: &[(&str, &str)]) -> Vec<(RepoPath, Arc<str>)> {
    files.iter().map(|(path, text)| (RepoPath::parse(*path).unwrap(), Arc::from(*text))).collect()
}
