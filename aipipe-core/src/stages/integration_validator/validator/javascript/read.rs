//! Reads a file into its summary: parsed and bound by oxc, walked once.

use super::super::placeholder;
use super::super::reading::MOST_BYTES;
use super::source::{self, Source};
use super::summary::{Export, Format, FreeName, Import, Meaning, Origin, Problem, Request, Summary, Taken};
use super::walk::{self, Exported, Found};
use crate::domain::{RepoPath, Rule, Severity, TextSpan};
use oxc_allocator::Allocator;
use oxc_ast::ast::{Comment, Program};
use oxc_diagnostics::OxcDiagnostic;
use oxc_parser::{ParseOptions, Parser};
use oxc_semantic::{Scoping, SemanticBuilder};
use oxc_span::Span;
use oxc_syntax::symbol::SymbolFlags;
use std::collections::{BTreeMap, BTreeSet};

/// Reads a file, on a stack that is large enough for what is not too long and nests not too deeply.
pub(super) fn read(path: &RepoPath, text: &str) -> Summary {
    if text.len() > MOST_BYTES {
        return not_checked("the file is too long to be checked");
    }
    if source::is_too_deep(text) {
        return not_checked("the file nests too deeply to be checked");
    }
    parse(path, text)
}

pub(super) fn not_checked(why: &str) -> Summary {
    Summary { problems: vec![passed_over(why)], ..Summary::default() }
}

fn passed_over(why: &str) -> Problem {
    let span = TextSpan { start: 0, end: 0 };
    Problem { rule: Rule::NotChecked, severity: Severity::Info, span, message: why.to_owned() }
}

fn parse(path: &RepoPath, text: &str) -> Summary {
    let source = source::of(path, text);
    let allocator = Allocator::default();
    let options =
        ParseOptions { allow_return_outside_function: !source.kind.is_typescript(), ..ParseOptions::default() };
    let parsed = Parser::new(&allocator, &source.text, source.kind).with_options(options).parse();
    let mut summary = Summary {
        format: Format {
            is_typescript: source.kind.is_typescript(),
            is_vue: source.is_vue,
            is_declaration: source.is_declaration,
            is_minified: source::is_minified(text),
            ..Format::default()
        },
        ..Summary::default()
    };
    comments(text, &parsed.program, &mut summary);
    if is_flow(text, &parsed.program.comments) {
        summary.problems.push(passed_over("Flow's types are not read: the file was not checked"));
        return summary;
    }
    if parsed.panicked || parsed.diagnostics.has_errors() {
        if source::has_holes(text) {
            summary.problems.push(passed_over("a template, which is code only once its holes are filled"));
            return summary;
        }
        let mut problem = parsed.diagnostics.errors().next().map(|error| problem(error, text));
        // The parser also refuses what the compiler can parse and finds fault with later (`a?.b = 1`).
        let is_out_of_place = |message: &str| message.starts_with("Expected `") || message.starts_with("Unexpected");
        summary.unparsed = problem.as_ref().is_some_and(|problem| is_out_of_place(&problem.message));
        if let Some(problem) = problem.as_mut().filter(|_| source.is_declaration) {
            // Declarations of packages are rarely checked (`skipLibCheck`), and never run.
            problem.severity = Severity::Warning;
        }
        summary.problems.extend(problem);
        return summary;
    }
    let bound = SemanticBuilder::new_compiler().build(&parsed.program);
    if bound.diagnostics.has_errors() && source::has_holes(text) {
        summary.problems.push(passed_over("a template, which is code only once its holes are filled"));
        return summary;
    }
    // Ambient declarations merge by rules of their own.
    if !source.is_declaration {
        summary.problems.extend(bound.diagnostics.errors().map(|error| problem(error, text)));
    }
    let scoping = bound.semantic.into_scoping();
    let found = walk::walk(path, &source, &parsed.program, &scoping);
    fill(&mut summary, &source, &scoping, found);
    summary.problems.sort_by_key(|problem| problem.span);
    if source.has_two_scripts {
        // Both blocks may import one name.
        summary.problems.retain(|problem| problem.rule != Rule::DuplicateDeclaration);
    }
    summary
}

pub(super) fn span(span: Span) -> TextSpan {
    TextSpan { start: span.start as usize, end: span.end as usize }
}

fn comments(text: &str, program: &Program<'_>, summary: &mut Summary) {
    for comment in &program.comments {
        let place = span(comment.span);
        let Some(written) = place.of(text) else { continue };
        if let Some(placeholder) = placeholder::of_comment(written) {
            summary.placeholders.push((place, placeholder));
        }
        if written.contains("@ts-nocheck") {
            summary.unchecked = true;
        }
        if written.contains("@ts-ignore") || written.contains("@ts-expect-error") {
            let rest = text.get(place.end..).unwrap_or_default();
            let line_end = rest.find('\n').map_or(rest.len(), |at| at + 1);
            let next = rest.get(line_end..).unwrap_or_default();
            let end = place.end + line_end + next.find('\n').unwrap_or(next.len());
            summary.quiet.push(TextSpan { start: place.end, end });
        }
        unlinted(text, place, &mut summary.undeclared_on_purpose);
        summary.format.has_documented_types |=
            ["@typedef", "@callback", "@enum", "@template"].iter().any(|tag| written.contains(tag));
    }
}

/// Takes in the places for which a comment says that ESLint need not look for names nobody declares.
fn unlinted(text: &str, comment: TextSpan, out: &mut Vec<TextSpan>) {
    let written = comment.of(text).unwrap_or_default().trim_start_matches(['/', '*']).trim_start();
    let Some(rest) = written.strip_prefix("eslint-") else { return };
    let Some((verb, rules)) = rest.split_once(|c: char| !c.is_alphabetic() && c != '-').or(Some((rest, ""))) else {
        return;
    };
    let rules = rules.split("--").next().unwrap_or_default().trim_end_matches("*/").trim();
    let named = rules.split(',').any(|rule| rule.trim() == "no-undef");
    let after = text.get(comment.end..).unwrap_or_default();
    let line_end = after.find('\n').map_or(text.len(), |at| comment.end + at);
    match verb {
        "disable-line" if named || rules.is_empty() => {
            let before = text.get(..comment.start).unwrap_or_default();
            out.push(TextSpan { start: before.rfind('\n').map_or(0, |at| at + 1), end: comment.start });
        }
        "disable-next-line" if named || rules.is_empty() => {
            let next = text.get(line_end + 1..).unwrap_or_default();
            out.push(TextSpan { start: line_end, end: line_end + 1 + next.find('\n').unwrap_or(next.len()) });
        }
        "disable" if named => out.push(TextSpan { start: comment.end, end: text.len() }),
        "enable" if named || rules.is_empty() => {
            if let Some(open) = out.last_mut().filter(|open| open.end == text.len()) {
                open.end = comment.start;
            }
        }
        _ => {}
    }
}

fn is_flow(text: &str, comments: &[Comment]) -> bool {
    let says = |comment: &Comment| span(comment.span).of(text).is_some_and(|text| text.contains("@flow"));
    comments.iter().take(5).any(says)
}

/// What the parser or the binder says, in our words where another rule has them.
fn problem(error: &OxcDiagnostic, text: &str) -> Problem {
    let label = error.labels.iter().next_back();
    let start = label.map_or(0, |label| label.offset() as usize);
    let end = label.map_or(0, |label| (label.offset() + label.len()) as usize);
    let span = TextSpan { start: start.min(text.len()), end: end.min(text.len()) };
    let message = error.message.trim_end_matches('.').to_owned();
    let rule = if message.contains("has already been declared") {
        Rule::DuplicateDeclaration
    } else if message.starts_with("Duplicated export") {
        Rule::DuplicateExport
    } else {
        Rule::SyntaxError
    };
    Problem { rule, severity: Severity::Error, span, message }
}

fn fill(summary: &mut Summary, source: &Source<'_>, scoping: &Scoping, found: Found) {
    let Found {
        is_module,
        assigns_exports,
        mut requests,
        imports,
        exports,
        stars,
        free,
        guarded,
        ambient,
        mut globals,
        mentions,
        aliases,
        empty_bodies,
        root_names,
        listed_again,
        ..
    } = found;
    for (span, name) in listed_again {
        let known = |problem: &Problem| problem.rule == Rule::DuplicateExport && problem.message.contains(&name);
        if !source.is_declaration && !summary.problems.iter().any(known) {
            let message = format!("{name} is exported more than once");
            summary.problems.push(Problem { rule: Rule::DuplicateExport, severity: Severity::Error, span, message });
        }
    }
    summary.format.is_module = is_module;
    summary.format.assigns_exports = assigns_exports;
    summary.format.is_read = true;
    requests.extend(source.outside_scripts.iter().map(|(specifier, offset)| Request {
        specifier: specifier.clone(),
        span: TextSpan { start: *offset, end: *offset },
        form: super::summary::Form::Markup,
        when: super::super::language::LoadTime::AtLoad,
        may_fail: false,
        takes_all: true,
    }));
    summary.imports = imports;
    for Exported { name, span, local, from, used_here } in exports {
        let origin = match (from, local) {
            (Some((request, taken, type_only)), _) => Origin::There { request, taken, type_only },
            (None, Some(local)) => origin_of_local(&local, &summary.imports, scoping),
            (None, None) => Origin::Here(Meaning { value: true, kind: true }),
        };
        summary.exports.push(Export { name, span, origin, used_here });
    }
    if source.is_declaration && is_module {
        // Everything at the top of a declaration file is exported, whether it says so or not.
        let listed: BTreeSet<String> = summary.exports.iter().map(|export| export.name.clone()).collect();
        for (name, (span, meaning)) in &root_names {
            if !listed.contains(name) {
                let origin = Origin::Here(*meaning);
                summary.exports.push(Export { name: name.clone(), span: *span, origin, used_here: true });
            }
        }
    }
    if !is_module && !assigns_exports {
        globals.extend(root_names.into_keys());
    }
    if source.is_vue {
        let default = |export: &Export| export.name == "default";
        if !summary.exports.iter().any(default) {
            summary.exports.push(Export {
                name: "default".to_owned(),
                span: TextSpan { start: 0, end: 0 },
                origin: Origin::Here(Meaning { value: true, kind: true }),
                used_here: true,
            });
        }
    }
    let mut first: BTreeMap<String, FreeName> = BTreeMap::new();
    for name in free.into_iter().filter(|name| !guarded.contains(&name.name)) {
        match first.get(&name.name) {
            Some(known) if !known.is_type || name.is_type => {}
            _ => {
                first.insert(name.name.clone(), name);
            }
        }
    }
    summary.free = first.into_values().collect();
    summary.requests = requests;
    summary.stars = stars;
    summary.ambient = ambient;
    summary.globals = globals;
    summary.mentions = mentions;
    summary.aliases = aliases;
    summary.empty_bodies = empty_bodies;
}

/// Where a name in `export { name }` comes from.
fn origin_of_local(local: &str, imports: &[Import], scoping: &Scoping) -> Origin {
    let flags = scoping.get_root_binding(local.into()).map(|symbol| scoping.symbol_flags(symbol));
    // A type that is imported and a value that is declared may share a name.
    let declared = flags.is_some_and(|flags| flags.intersects(SymbolFlags::Value));
    if let Some(import) = imports.iter().find(|import| import.local == local && !declared) {
        return Origin::There { request: import.request, taken: import.taken.clone(), type_only: import.type_only };
    }
    Origin::Here(flags.map_or(Meaning { value: true, kind: true }, meaning))
}

/// What a declaration of these kinds stands for.
pub(super) fn meaning(flags: SymbolFlags) -> Meaning {
    let value = flags.intersects(SymbolFlags::Value | SymbolFlags::Import | SymbolFlags::CatchVariable);
    let kind = flags.intersects(
        SymbolFlags::Class
            | SymbolFlags::Enum
            | SymbolFlags::Interface
            | SymbolFlags::TypeAlias
            | SymbolFlags::NamespaceModule
            | SymbolFlags::ValueModule
            | SymbolFlags::Import
            | SymbolFlags::TypeImport,
    );
    Meaning { value, kind }
}

/// What an imported name is called where it comes from.
pub(super) fn taken(name: &str) -> Taken {
    if name == "default" { Taken::Default } else { Taken::Name(name.to_owned()) }
}
