//! Reads a file into its summary: parsed by ruff's parser, walked once.

use super::super::placeholder;
use super::summary::{Problem, Summary};
use super::walk;
use crate::domain::{RepoPath, Rule, Severity, TextSpan};
use ruff_python_ast::PySourceType;
use ruff_python_ast::token::TokenKind;
use ruff_python_parser::parse_unchecked_source;
use ruff_text_size::{Ranged, TextRange};

/// Text longer than this is not written by hand, and is passed over.
const MOST_BYTES: usize = 2 << 20;

/// The stack for a text that nests deeply. Only what is used of it takes memory.
const DEEP_STACK_BYTES: usize = 512 << 20;

/// Reads a file.
pub(super) fn read(path: &RepoPath, text: &str) -> Summary {
    if text.len() > MOST_BYTES {
        return not_checked("the file is too long to be checked");
    }
    match depth(text) {
        Depth::Usual => parse(path, text),
        Depth::TooDeep => not_checked("the file nests too deeply to be checked"),
        Depth::Deep => std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(DEEP_STACK_BYTES);
            let summary = thread.spawn_scoped(scope, || parse(path, text)).ok().and_then(|thread| thread.join().ok());
            summary.unwrap_or_else(|| not_checked("the file nests too deeply for the memory there is"))
        }),
    }
}

fn not_checked(why: &str) -> Summary {
    let span = TextSpan { start: 0, end: 0 };
    let problem = Problem { rule: Rule::NotChecked, severity: Severity::Info, span, message: why.to_owned() };
    Summary { problems: vec![problem], ..Summary::default() }
}

pub(super) fn span(range: TextRange) -> TextSpan {
    TextSpan { start: range.start().to_usize(), end: range.end().to_usize() }
}

/// Whether the path is one of declarations.
pub(super) fn is_stub(path: &RepoPath) -> bool {
    path.extension() == Some("pyi")
}

fn parse(path: &RepoPath, text: &str) -> Summary {
    let kind = if is_stub(path) { PySourceType::Stub } else { PySourceType::Python };
    let parsed = parse_unchecked_source(text, kind);
    let mut summary = Summary::default();
    let mut quiet = Vec::new();
    for token in parsed.tokens().iter().filter(|token| token.kind() == TokenKind::Comment) {
        let place = span(token.range());
        let Some(comment) = place.of(text) else { continue };
        summary.has_own_dependencies |= comment.trim_end() == "# /// script";
        if let Some(placeholder) = placeholder::of_comment(comment) {
            summary.placeholders.push((place, placeholder));
        }
        let told = told_off(comment);
        if told != Quiet::default() {
            let line = text.get(..place.start).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
            quiet.push((TextSpan { start: line, end: place.start }, told));
        }
    }
    if let Some(error) = parsed.errors().first() {
        let place = span(error.location);
        let place = TextSpan { start: place.start.min(text.len()), end: place.end.min(text.len()) };
        summary.is_template = has_hole(text, place.start);
        summary.problems.push(Problem {
            rule: Rule::SyntaxError,
            severity: Severity::Error,
            span: place,
            message: error.error.to_string(),
        });
        return summary;
    }
    walk::walk(path, text, parsed.suite(), &quiet, &mut summary);
    summary.is_read = true;
    summary
}

/// Whether the line at which a text stops being Python has the marks of a template: `{% … %}`, `{{ … }}`, `<% … %>`.
fn has_hole(text: &str, at: usize) -> bool {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    [("{%", "%}"), ("{{", "}}"), ("<%", "%>")].iter().any(|(open, close)| line.contains(open) && line.contains(close))
}

/// What checkers are to pass over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Quiet {
    /// That a module or a name in it may be missing.
    pub(super) imports: bool,
    /// That a name may be unknown.
    pub(super) names: bool,
    /// That nothing uses an import.
    pub(super) uses: bool,
    /// That a definition replaces another one.
    pub(super) definitions: bool,
}

impl Quiet {
    /// What either of the two says.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            imports: self.imports || other.imports,
            names: self.names || other.names,
            uses: self.uses || other.uses,
            definitions: self.definitions || other.definitions,
        }
    }
}

/// What a comment tells checkers to pass over: `# noqa: F401`, `# type: ignore`, `# pylint: disable=import-error`. Flake8 knows
/// nothing of other files, so what it is told says nothing of missing ones; and order and style are no matter here.
fn told_off(comment: &str) -> Quiet {
    let mut quiet = Quiet::default();
    let comment = comment.to_lowercase();
    for part in comment.split('#').map(str::trim_start) {
        let names = |words: &[&str]| words.iter().any(|word| part.contains(word));
        if let Some(codes) = part.strip_prefix("noqa") {
            let all = !codes.trim_start().starts_with(':');
            quiet.names |= all || names(&["f821", "f405"]);
            quiet.uses |= all || names(&["f4"]);
            quiet.definitions |= all || names(&["f811"]);
        } else if part.starts_with("pylint:") {
            let all = names(&["skip-file", "=all"]);
            quiet.imports |= all || names(&["import-error", "no-name-in-module", "e0401", "e0611"]);
            quiet.names |= all || names(&["undefined-variable", "e0602"]);
            quiet.uses |= all || names(&["unused-import", "w0611"]);
            quiet.definitions |= all || names(&["function-redefined", "e0102"]);
        } else if ["type: ignore", "type:ignore", "pyright:", "ty: ignore", "ty:ignore", "mypy:"]
            .iter()
            .any(|mark| part.starts_with(mark))
        {
            quiet = Quiet { imports: true, names: true, uses: true, definitions: true };
        }
    }
    quiet
}

/// How deep a text may nest: the parser goes down one call or more a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Any stack will do.
    Usual,
    /// It needs a stack of its own.
    Deep,
    /// No stack is sure to do.
    TooDeep,
}

/// Open brackets beyond which a text is deep, and too deep.
const BRACKETS: (usize, usize) = (40, 3_000);

/// Words and signs that may nest, counted over all open brackets and the columns of the line's indentation.
const CHAIN: (usize, usize) = (300, 12_000);

/// Tells how deep a text may nest: an upper bound, without reading the text as code. Prefixes and operators nest, and so
/// does every block; outside brackets a line ends what its expressions began.
fn depth(text: &str) -> Depth {
    let mut depth = Depth::Usual;
    let mut open: Vec<usize> = Vec::new();
    let (mut total, mut here, mut in_word) = (0_usize, 0_usize, false);
    let (mut indent, mut at_start) = (0_usize, true);
    let mut previous = b'\n';
    for byte in text.bytes() {
        let word = byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
        match byte {
            b'(' | b'[' | b'{' => {
                open.push(here);
                total += here + 1;
                here = 0;
            }
            b')' | b']' | b'}' => {
                let outer = open.pop().unwrap_or(0);
                total = total.saturating_sub(outer + 1);
                here = outer;
            }
            b'\n' | b'\r' if open.is_empty() && previous != b'\\' => {
                here = 0;
                indent = 0;
            }
            b',' | b';' => here = 0,
            b' ' | b'\t' if at_start => indent += 1,
            b' ' | b'\t' | b'\n' | b'\r' => {}
            _ if word && in_word => {}
            _ => here += 1,
        }
        at_start = matches!(byte, b'\n' | b'\r') || at_start && matches!(byte, b' ' | b'\t');
        in_word = word;
        previous = byte;
        if total + here + indent > CHAIN.1 || open.len() > BRACKETS.1 {
            return Depth::TooDeep;
        }
        if total + here + indent > CHAIN.0 || open.len() > BRACKETS.0 {
            depth = Depth::Deep;
        }
    }
    depth
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkers_are_told_what_to_pass_over() {
        let told = |comment: &str| {
            let Quiet { imports, names, uses, definitions } = told_off(comment);
            [imports, names, uses, definitions]
        };
        assert_eq!(told("# noqa"), [false, true, true, true]);
        assert_eq!(told("# noqa: E402, F401"), [false, false, true, false]);
        assert_eq!(told("# noqa: E402"), [false; 4]);
        assert_eq!(told("# isort:skip"), [false; 4]);
        assert_eq!(told("# type: ignore[import]"), [true; 4]);
        assert_eq!(told("# isort:skip # pylint: disable=import-error,wrong-import-order"), [true, false, false, false]);
    }

    #[test]
    fn deep_nesting_is_told_from_long_code() {
        assert_eq!(depth(&"a = f(b, [c, {'d': 1}])\n".repeat(20_000)), Depth::Usual);
        assert_eq!(depth(&"(".repeat(100)), Depth::Deep);
        for deep in ["(", "[", "not ", "-", "lambda: ", "a.", "a+", "f(a)(", "a if b else ", "await \\\n", "*"] {
            assert_eq!(depth(&deep.repeat(30_000)), Depth::TooDeep, "{deep}");
        }
    }

    #[test]
    fn what_nests_deeply_is_read_or_passed_over() {
        let path = RepoPath::parse("a.py").unwrap();
        for (opening, middle, closing) in [
            ("(", "1", ")"),
            ("[", "", "]"),
            ("not ", "1", ""),
            ("- ", "1", ""),
            ("lambda: ", "1", ""),
            ("f(", "", ")"),
            ("a + ", "1", ""),
            ("a.", "b", ""),
            ("{1: ", "1", "}"),
            ("x[", "1", "]"),
            ("1 if 2 else ", "3", ""),
            ("a ** ", "1", ""),
            ("(yield ", "1", ")"),
            ("[a for a in ", "b", "]"),
        ] {
            for levels in [30, 300, 1_000, 2_900, 50_000] {
                let text = format!("{}{middle}{}\n", opening.repeat(levels), closing.repeat(levels));
                let _ = read(&path, &text);
            }
        }
        let blocks: String = (0..2_000).map(|level| format!("{}if a:\n", " ".repeat(level))).collect();
        let _ = read(&path, &format!("{blocks}{}pass\n", " ".repeat(2_000)));
    }
}
