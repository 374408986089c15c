//! Whether the files of a project fit together: imports that lead nowhere, names nobody exports, packages nobody declared,
//! names declared twice, circles, code that nothing uses, text that was left out, promises of the plan that were not kept.
//!
//! Files are read by real parsers. A rule that can't be certain says nothing or warns that it can't tell; an `Error` means
//! that it can't work.
//!
//! [`Validator`] keeps what it read: after a change it reads the changed files, and checks again only what the change can
//! affect. [`language`] has how, and is what a language implements; [`javascript`] and [`python`] are the two there are.

mod architecture;
mod cases;
mod cycles;
mod effects;
mod findings;
mod ignored;
#[cfg(feature = "js")]
mod javascript;
mod language;
mod options;
mod paths;
mod placeholder;
#[cfg(feature = "python")]
mod python;
mod reading;
mod tree;
mod unread;

#[cfg(test)]
mod tests;

pub(in crate::stages) use cases::{TestCase, test_cases};
pub(super) use effects::effects;
pub use ignored::IgnoreRules;
pub use options::{ArchitectureFacts, LayerRule, Level, Origin, ValidatorOptions};

use crate::domain::{Finding, RepoPath};
use findings::Findings;
use language::{Delta, LanguageState, Shared};
#[cfg(any(feature = "js", feature = "python"))]
use std::borrow::Cow;
use std::sync::Arc;

/// A file with its text.
#[derive(Debug, Clone, Copy)]
pub struct SourceFile<'a> {
    /// Where it lies.
    pub path: &'a RepoPath,
    /// Its text.
    pub content: &'a str,
}

/// Returns what is wrong with the files as a whole, by path and place.
///
/// Give all files of the project: an import of a file that is not among them is an error.
///
/// ```
/// use aipipe_core::domain::{RepoPath, Rule};
/// use aipipe_core::stages::integration_validator::{SourceFile, ValidatorOptions, check_files};
/// let path = RepoPath::parse("src/app.ts")?;
/// let file = SourceFile { path: &path, content: "import { a } from './missing.js'\na()\n" };
/// # #[cfg(feature = "js")]
/// assert_eq!(check_files(&[file], ValidatorOptions::default())[0].rule, Rule::UnresolvedImport);
/// # Ok::<(), aipipe_core::domain::ParseError>(())
/// ```
#[must_use]
pub fn check_files(files: &[SourceFile<'_>], options: ValidatorOptions) -> Vec<Finding> {
    let mut twice = Findings::new(&options);
    paths::given_twice(files, &mut twice);
    let twice = twice.into_found();
    let files = files.iter().map(|file| (file.path.clone(), Arc::from(file.content)));
    let mut found = Validator::new(options, files).findings();
    if !twice.is_empty() {
        found.extend(twice);
        found.sort();
    }
    found
}

/// A change of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The file is there, with this text.
    Put(RepoPath, Arc<str>),
    /// The file is gone.
    Remove(RepoPath),
}

/// The files of a project with all that is wrong with them, kept up to date.
///
/// After any changes the findings are those of a new validator over the same files.
///
/// ```
/// use aipipe_core::domain::RepoPath;
/// use aipipe_core::stages::integration_validator::{Change, Validator, ValidatorOptions};
/// let path = |text: &str| RepoPath::parse(text);
/// let files = [(path("src/index.ts")?, "import { a } from './a.js'\na()\n".into())];
/// let mut validator = Validator::new(ValidatorOptions::default(), files);
/// # #[cfg(feature = "js")]
/// assert_eq!(validator.findings().len(), 1);
/// validator.update([Change::Put(path("src/a.ts")?, "export const a = () => 1\n".into())]);
/// assert_eq!(validator.findings(), []);
/// # Ok::<(), aipipe_core::domain::ParseError>(())
/// ```
#[derive(Debug)]
pub struct Validator {
    shared: Shared,
    #[cfg(feature = "js")]
    javascript: LanguageState<javascript::JavaScript>,
    #[cfg(feature = "python")]
    python: LanguageState<python::Python>,
    layout_findings: Vec<Finding>,
}

/// How much work an update was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UpdateSummary {
    /// Files whose text was read.
    pub files_read: usize,
    /// Files that were checked again.
    pub files_checked: usize,
}

impl Validator {
    /// Checks these files; of two with one path the later one counts.
    #[must_use]
    pub fn new(options: ValidatorOptions, files: impl IntoIterator<Item = (RepoPath, Arc<str>)>) -> Self {
        let mut validator = Self {
            shared: Shared { options, ..Shared::default() },
            #[cfg(feature = "js")]
            javascript: LanguageState::default(),
            #[cfg(feature = "python")]
            python: LanguageState::default(),
            layout_findings: Vec::new(),
        };
        validator.update(files.into_iter().map(|(path, text)| Change::Put(path, text)));
        validator
    }

    /// Takes in changes, in their order.
    pub fn update(&mut self, changes: impl IntoIterator<Item = Change>) -> UpdateSummary {
        let mut delta = Delta::default();
        let mut ignored_changed = false;
        for change in changes {
            match change {
                Change::Put(path, text) => {
                    let (file, new) = self.shared.tree.insert(&path);
                    let before = self.shared.texts.insert(file, text);
                    if before.is_some() && before.as_ref() == self.shared.texts.get(&file) {
                        continue;
                    }
                    if !new {
                        if !delta.added.contains(&file) {
                            delta.changed.insert(file);
                        }
                    } else if delta.removed.remove(&file) {
                        delta.changed.insert(file);
                    } else {
                        delta.added.insert(file);
                    }
                    ignored_changed |= ignored::IgnoreRules::is_read_from(&path);
                }
                Change::Remove(path) => {
                    let Some(file) = self.shared.tree.remove(&path) else { continue };
                    self.shared.texts.remove(&file);
                    delta.changed.remove(&file);
                    if !delta.added.remove(&file) {
                        delta.removed.insert(file);
                    }
                    ignored_changed |= ignored::IgnoreRules::is_read_from(&path);
                }
            }
        }
        if ignored_changed {
            let ignored = ignored::IgnoreRules::of(&self.shared);
            delta.ignored_changed = ignored != self.shared.ignored;
            self.shared.ignored = ignored;
        }
        let files_read = delta.added.len() + delta.changed.len();
        UpdateSummary { files_read, files_checked: self.check(&delta) }
    }

    /// The text of a file that is there.
    #[must_use]
    pub fn text(&self, path: &RepoPath) -> Option<&str> {
        let file = self.shared.tree.file(path.as_str())?;
        self.shared.texts.get(&file).map(|text| &**text)
    }

    /// Returns what is wrong, by path and place.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut found = self.layout_findings.clone();
        #[cfg(feature = "js")]
        found.extend(self.javascript.findings().map(Cow::into_owned));
        #[cfg(feature = "python")]
        found.extend(self.python.findings().map(Cow::into_owned));
        found.sort();
        found.dedup();
        found
    }

    fn check(&mut self, delta: &Delta) -> usize {
        let mut checked = 0;
        #[cfg(feature = "js")]
        {
            checked += self.javascript.update(&self.shared, delta);
        }
        #[cfg(feature = "python")]
        {
            checked += self.python.update(&self.shared, delta);
        }
        let mut out = Findings::new(&self.shared.options);
        paths::check(&self.shared, &mut out);
        unread::check(&self.shared, &mut out);
        architecture::check_presence(&self.shared, &mut out);
        #[cfg(feature = "js")]
        architecture::check_modules(&self.javascript.view(&self.shared), &mut out);
        #[cfg(feature = "python")]
        architecture::check_modules(&self.python.view(&self.shared), &mut out);
        self.layout_findings = out.into_found();
        checked
    }
}
