//! One walk over a parsed file that collects what the summary needs.

mod modules;
mod names;
mod visit;

use super::read::{meaning, span};
use super::source::Source;
use super::summary::{AmbientModule, ConfiguredAliases, FreeName, Import, Meaning, Request, Star, Taken};
use crate::domain::{RepoPath, TextSpan};
use foldhash::HashMap;
use oxc_ast::ast::{ModuleDeclaration, Program, Statement, TSModuleReference};
use oxc_ast_visit::Visit as _;
use oxc_semantic::Scoping;
use oxc_syntax::symbol::{SymbolFlags, SymbolId};
use std::collections::{BTreeMap, BTreeSet};

/// What a walk finds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) is_module: bool,
    pub(super) assigns_exports: bool,
    pub(super) requests: Vec<Request>,
    pub(super) imports: Vec<Import>,
    pub(super) exports: Vec<Exported>,
    pub(super) stars: Vec<Star>,
    /// Names that export lists state, and those they state again.
    pub(super) listed: BTreeSet<String>,
    pub(super) listed_again: Vec<(TextSpan, String)>,
    pub(super) free: Vec<FreeName>,
    /// Names that the file asks for with `typeof` or declares in a comment.
    pub(super) guarded: BTreeSet<String>,
    pub(super) ambient: Vec<AmbientModule>,
    pub(super) globals: BTreeSet<String>,
    pub(super) mentions: BTreeSet<String>,
    pub(super) aliases: ConfiguredAliases,
    pub(super) empty_bodies: Vec<(TextSpan, String)>,
    /// Names declared at the top, with what they stand for.
    pub(super) root_names: BTreeMap<String, (TextSpan, Meaning)>,
}

/// An export before its origin is known.
#[derive(Debug)]
pub(super) struct Exported {
    pub(super) name: String,
    pub(super) span: TextSpan,
    /// The name it has in the file.
    pub(super) local: Option<String>,
    pub(super) from: Option<(usize, Taken, bool)>,
    pub(super) used_here: bool,
}

/// Walks over a file.
pub(super) fn walk(path: &RepoPath, source: &Source<'_>, program: &Program<'_>, scoping: &Scoping) -> Found {
    let mut walker = Walker {
        text: &source.text,
        source,
        scoping,
        is_configuration: is_configuration(path),
        found: Found::default(),
        import_of_symbol: HashMap::default(),
        functions: 0,
        tries: 0,
        ambient: 0,
        types: 0,
        namespaces: 0,
    };
    walker.comments(program);
    if let Some(generic) = source.generic.as_deref() {
        let words = generic.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
        walker.found.guarded.extend(words.map(str::to_owned));
    }
    walker.top_level(program);
    walker.visit_program(program);
    walker.found
}

/// Whether the file configures a tool: its texts may name files and packages, and its `alias` entries are path aliases.
pub(super) fn is_configuration(path: &RepoPath) -> bool {
    let name = path.file_name();
    name.contains(".config.")
        || name.contains(".conf.")
        || name.contains("webpack")
        || name.contains("rollup")
        || name.contains("vite")
        || name.starts_with("babel")
        || name.starts_with(".babelrc")
        || name.starts_with("jest")
        || name.starts_with(".eslintrc")
        || name.starts_with("gulpfile")
        || name.starts_with("Gruntfile")
        || name.starts_with("craco")
        || path.components().any(|part| part == ".storybook" || part == ".vitepress" || part == ".dumi")
}

struct Walker<'s> {
    text: &'s str,
    source: &'s Source<'s>,
    scoping: &'s Scoping,
    is_configuration: bool,
    found: Found,
    import_of_symbol: HashMap<SymbolId, usize>,
    functions: usize,
    tries: usize,
    /// `declare`, `declare module`, `declare global`.
    ambient: usize,
    types: usize,
    namespaces: usize,
}

impl Walker<'_> {
    /// Names that a comment declares: `/* global a, b: writable */`.
    fn comments(&mut self, program: &Program<'_>) {
        for comment in &program.comments {
            let text = span(comment.content_span()).of(self.text).unwrap_or_default().trim_start();
            let names = text.strip_prefix("globals").or_else(|| text.strip_prefix("global"));
            if let Some(names) = names.filter(|names| names.starts_with(char::is_whitespace)) {
                let words = names.split(',').filter_map(|name| name.split([':', ' ']).find(|word| !word.is_empty()));
                self.found.guarded.extend(words.map(|word| word.trim().to_owned()));
            }
        }
    }

    fn top_level(&mut self, program: &Program<'_>) {
        self.found.is_module = program.body.iter().any(|statement| {
            statement
                .as_module_declaration()
                .is_some_and(|module| !matches!(module, ModuleDeclaration::TSNamespaceExportDeclaration(_)))
                || matches!(statement, Statement::TSImportEqualsDeclaration(import)
                if matches!(import.module_reference, TSModuleReference::ExternalModuleReference(_)))
        });
        for symbol in self.scoping.symbol_ids() {
            if self.scoping.symbol_scope_id(symbol) == self.scoping.root_scope_id() {
                let flags = self.scoping.symbol_flags(symbol);
                if !flags.intersects(SymbolFlags::Import | SymbolFlags::TypeImport) {
                    let place = span(self.scoping.symbol_span(symbol));
                    let name = self.scoping.symbol_name(symbol).to_owned();
                    self.found.root_names.insert(name, (place, meaning(flags)));
                }
            }
        }
    }
}
