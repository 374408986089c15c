//! The test cases of a file, read by the parsers: what they are called, whether they run, and whether they check anything.
//!
//! A test that is skipped, or that holds whatever the code does, shows nothing, however it is called.

#[cfg(feature = "python")]
mod python;
#[cfg(feature = "js")]
mod script;

use super::reading::{MOST_BYTES, on_large_stack};
use super::unread::{is_javascript, is_python};
use crate::domain::RepoPath;
use std::collections::BTreeSet;

/// A test case of a test file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stages) struct TestCase {
    /// Its title, or the name of its function.
    pub(in crate::stages) name: String,
    /// The title, or name and docstring: where a criterion must be named.
    pub(in crate::stages) head: String,
    /// Whether a test run comes to it: it is not skipped, not expected to fail, and no other is chosen instead.
    pub(in crate::stages) runs: bool,
    /// Whether it has an assertion over something that is not known beforehand, in no condition, loop, attempt or callback.
    pub(in crate::stages) checks: bool,
}

/// The test cases of a file, in their order; none of a file that can't be read.
pub(in crate::stages) fn test_cases(path: &RepoPath, text: &str) -> Vec<TestCase> {
    if text.len() > MOST_BYTES {
        return Vec::new();
    }
    on_large_stack(|| read(path, text)).unwrap_or_default()
}

fn read(path: &RepoPath, text: &str) -> Vec<TestCase> {
    match path {
        #[cfg(feature = "js")]
        path if is_javascript(path) => script::read(path, text),
        #[cfg(feature = "python")]
        path if is_python(path) => python::read(text),
        _ => Vec::new(),
    }
}

/// What a test case or a helper function was seen to do.
#[derive(Debug, Default)]
struct Body {
    /// It has an assertion that is surely come to.
    checks: bool,
    /// The functions it surely calls.
    calls: BTreeSet<String>,
    /// It leaves the test, or may.
    skips: bool,
    /// A `return` has been passed: what follows may not be come to.
    may_have_ended: bool,
}

/// Whether a body checks something, by itself or through a helper of the same file.
fn checks(body: &Body, helpers: &std::collections::BTreeMap<String, Body>) -> bool {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut open = vec![body];
    while let Some(body) = open.pop() {
        if body.checks {
            return true;
        }
        for call in &body.calls {
            if seen.insert(call) {
                open.extend(helpers.get(call));
            }
        }
    }
    false
}
