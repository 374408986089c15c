//! What is kept of a file: what it imports and exports, the names it takes from outside, and what is wrong in it alone.

use super::super::language::LoadTime;
use super::super::placeholder::Placeholder;
use crate::domain::{RepoPath, Rule, Severity, TextSpan};
use std::collections::BTreeSet;

/// A file as other files and the rules see it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Summary {
    pub(super) format: Format,
    pub(super) requests: Vec<Request>,
    pub(super) imports: Vec<Import>,
    pub(super) exports: Vec<Export>,
    /// `export * from`, by the numbers of their requests.
    pub(super) stars: Vec<Star>,
    /// Names that nothing in the file declares.
    pub(super) free: Vec<FreeName>,
    /// Modules the file declares for others (`declare module 'x'`).
    pub(super) ambient: Vec<AmbientModule>,
    /// Names that all files may use because of this one.
    pub(super) globals: BTreeSet<String>,
    pub(super) problems: Vec<Problem>,
    pub(super) placeholders: Vec<(TextSpan, Placeholder)>,
    /// Functions without a body, by their names.
    pub(super) empty_bodies: Vec<(TextSpan, String)>,
    /// Texts that may be paths or packages: what configurations, globs and mocks name.
    pub(super) mentions: BTreeSet<String>,
    /// Path aliases, where the file is a build tool's configuration.
    pub(super) aliases: ConfiguredAliases,
    /// Whether something stands where nothing of that kind can: no comment makes the compiler take it.
    pub(super) unparsed: bool,
    /// Whether the file asks not to be checked (`@ts-nocheck`).
    pub(super) unchecked: bool,
    /// Lines whose findings the file asks to be quiet about (`@ts-ignore`), as the spans of the lines after.
    pub(super) quiet: Vec<TextSpan>,
    /// Places where names that nothing declares are meant to be there (`eslint-disable no-undef`).
    pub(super) undeclared_on_purpose: Vec<TextSpan>,
}

impl Summary {
    /// Whether the default export goes by this name: in its own file, or as the file is called.
    pub(super) fn default_is_called(&self, name: &str, path: &RepoPath) -> bool {
        let only = self.exports.iter().filter(|export| export.name != "default").count() == 0;
        let stem = path.file_name().split('.').next().unwrap_or_default();
        only || stem.eq_ignore_ascii_case(name)
    }
}

/// What kind of module a file is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Format {
    pub(super) is_typescript: bool,
    pub(super) is_vue: bool,
    pub(super) is_declaration: bool,
    /// Whether it has `import` or `export`.
    pub(super) is_module: bool,
    /// Whether it exports by assignment (`module.exports`, `exports.a`, `export =`), so that names can't be told.
    pub(super) assigns_exports: bool,
    /// Whether a tool has put it on few, long lines.
    pub(super) is_minified: bool,
    /// Whether documentation comments declare types.
    pub(super) has_documented_types: bool,
    /// Whether the file could be parsed; if not, nothing is known of it.
    pub(super) is_read: bool,
}

/// A specifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Request {
    pub(super) specifier: String,
    /// The specifier without its quotes.
    pub(super) span: TextSpan,
    pub(super) form: Form,
    pub(super) when: LoadTime,
    /// Whether the surrounding code copes with a failure (`try`, a `.catch`).
    pub(super) may_fail: bool,
    /// Whether the names used can't be told (`import * as`, `require`, `import()`).
    pub(super) takes_all: bool,
}

/// How a module is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Form {
    /// `import … from`, `export … from`.
    Static,
    /// `import type … from`, `import('x').T` in a type.
    TypeOnly,
    /// `import()`.
    Dynamic,
    /// `require()`.
    Require,
    /// A script of a component that lies in a file of its own.
    Markup,
}

/// What an import or a re-export takes of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Taken {
    Name(String),
    Default,
    Namespace,
}

/// A name brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Import {
    pub(super) request: usize,
    pub(super) taken: Taken,
    pub(super) local: String,
    /// Where the imported name stands.
    pub(super) span: TextSpan,
    /// The whole specifier, such as `a as b`.
    pub(super) specifier_span: TextSpan,
    /// The whole of what stands between `import` and `from`, when this is the only name there.
    pub(super) clause_span: Option<TextSpan>,
    pub(super) type_only: bool,
    /// Whether anything in the file uses it.
    pub(super) is_used: bool,
    /// The first place where a value is needed.
    pub(super) value_use: Option<TextSpan>,
}

/// A name given away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Export {
    pub(super) name: String,
    pub(super) span: TextSpan,
    pub(super) origin: Origin,
    /// Whether the file itself uses the name, beyond exporting it.
    pub(super) used_here: bool,
}

/// Where an exported name comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Origin {
    /// This file.
    Here(Meaning),
    /// Another one.
    There { request: usize, taken: Taken, type_only: bool },
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Meaning {
    pub(super) value: bool,
    pub(super) kind: bool,
}

/// `export * from` a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Star {
    pub(super) request: usize,
    pub(super) type_only: bool,
}

/// A name that the file uses and does not declare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct FreeName {
    pub(super) name: String,
    pub(super) span: TextSpan,
    /// Whether only a type is needed.
    pub(super) is_type: bool,
}

/// `declare module 'x' { … }`, or without a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct AmbientModule {
    pub(super) pattern: String,
    /// The names declared inside; an augmentation adds them to a module that is there.
    pub(super) names: BTreeSet<String>,
    /// Whether it adds to a module, because the file is a module itself.
    pub(super) augments: bool,
}

/// Something wrong that needs no other file to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Problem {
    pub(super) rule: Rule,
    pub(super) severity: Severity,
    pub(super) span: TextSpan,
    pub(super) message: String,
}

/// The aliases a build tool's configuration states.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct ConfiguredAliases {
    /// What stands for which path, relative to the configuration's folder.
    pub(super) known: Vec<(String, String)>,
    /// Those whose path can't be read off.
    pub(super) unknown: BTreeSet<String>,
    /// Folders in which packages are looked for, besides `node_modules`; a plain name is looked for in every folder above.
    pub(super) module_folders: Vec<String>,
    /// Patterns of files that a linter passes over.
    pub(super) unlinted: Vec<String>,
    /// Whether there may be more.
    pub(super) open: bool,
}
