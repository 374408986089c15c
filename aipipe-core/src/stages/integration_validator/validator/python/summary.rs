//! What is kept of a Python file.

use super::super::language::LoadTime;
use super::super::placeholder::Placeholder;
use super::read::is_stub;
use crate::domain::{RepoPath, Rule, Severity, TextSpan};
use std::collections::BTreeSet;

/// A file, as far as it or another file can be judged by it.
#[derive(Debug, Default)]
pub(in super::super) struct Summary {
    /// Whether it was parsed; what it defines is known only then.
    pub(super) is_read: bool,
    pub(super) problems: Vec<Problem>,
    pub(super) placeholders: Vec<(TextSpan, Placeholder)>,
    pub(super) imports: Vec<Import>,
    pub(super) names: Names,
    /// Names that nothing in the file declares.
    pub(super) free: Vec<FreeName>,
    /// Names that an import binds and nothing uses.
    pub(super) unused: Vec<(String, TextSpan)>,
    /// Functions and classes that replace one which nothing has used.
    pub(super) repeated: Vec<(String, TextSpan)>,
    /// Functions that do nothing.
    pub(super) empty_bodies: Vec<(TextSpan, String)>,
    /// Strings that may name a module: `app.main:app`.
    pub(super) mentions: BTreeSet<String>,
    /// The Python files among them, written as modules are (`app.main` for `"app/main.py"`).
    pub(super) named_files: BTreeSet<String>,
    /// Whether it imports modules whose names are worked out.
    pub(super) loads_by_name: bool,
    /// Whether it asks if it is run as a program.
    pub(super) is_program: bool,
    /// Names that it puts among the builtin ones (`builtins.x = …`).
    pub(super) installs: BTreeSet<String>,
    /// Names that it gives other modules (`module.x = …`).
    pub(super) attached: BTreeSet<Attached>,
    /// Whether it makes names of its own while it is loaded (`globals()[name] = …`).
    pub(super) makes_names: bool,
    /// Whether it is a text with holes to be filled, and no Python before.
    pub(super) is_template: bool,
    /// Whether a comment says what it needs itself (`# /// script`).
    pub(super) has_own_dependencies: bool,
}

/// The names of a module.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) defined: BTreeSet<String>,
    /// What `__all__` lists, where it is a plain list.
    pub(super) listed: Option<BTreeSet<String>>,
    /// Whether there may be more: `__getattr__`, `globals()`, `exec`.
    pub(super) open: bool,
    /// Whether there may be modules in it that are no files of its folder: it changes `__path__` or how modules are found.
    pub(super) makes_modules: bool,
}

/// A name that a file gives a module it imports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Attached {
    /// Leading dots of the import.
    pub(super) level: usize,
    /// The module, dotted.
    pub(super) module: String,
    pub(super) name: String,
}

/// Something wrong with the file itself.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) rule: Rule,
    pub(super) severity: Severity,
    pub(super) span: TextSpan,
    pub(super) message: String,
}

/// `import a.b`, or `from ..a import b, c`.
#[derive(Debug)]
pub(super) struct Import {
    /// Leading dots.
    pub(super) level: usize,
    /// The dotted module; empty in `from . import x`.
    pub(super) module: String,
    /// What a `from` takes; empty for a plain import.
    pub(super) names: Vec<Taken>,
    pub(super) takes_all: bool,
    pub(super) span: TextSpan,
    pub(super) when: LoadTime,
    /// Whether the file goes on when it fails, or may not come to it.
    pub(super) may_fail: bool,
    /// Whether a comment tells checkers to pass it over.
    pub(super) quiet: bool,
}

impl Import {
    /// The module as it is written.
    pub(super) fn written(&self) -> String {
        format!("{}{}", ".".repeat(self.level), self.module)
    }

    /// Whether the program runs though the import fails: it is caught, only a type checker follows it, or somebody said that
    /// it is meant so.
    pub(super) fn is_lenient(&self, path: &RepoPath) -> bool {
        self.may_fail || self.quiet || self.when == LoadTime::Never || is_stub(path)
    }

    pub(super) fn top(&self) -> &str {
        self.module.split('.').next().unwrap_or_default()
    }
}

/// A name of a `from` import.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) name: String,
    pub(super) span: TextSpan,
}

/// A name that nothing in the file declares.
#[derive(Debug)]
pub(super) struct FreeName {
    pub(super) name: String,
    pub(super) span: TextSpan,
    /// Whether it is certain that it is looked up.
    pub(super) certain: bool,
}
