//! Reads a file into its summary: parsed by ruff's parser, walked once.

use super::super::placeholder;
use super::super::reading::MOST_BYTES;
use super::quiet::QuietPlaces;
use super::summary::{Problem, Summary};
use super::walk;
use crate::domain::{RepoPath, Rule, Severity, TextSpan};
use ruff_python_ast::PySourceType;
use ruff_python_ast::token::TokenKind;
use ruff_python_parser::parse_unchecked_source;
use ruff_text_size::{Ranged, TextRange};

/// Reads a file, on a stack that is large enough for what is not too long and nests not too deeply.
pub(super) fn read(path: &RepoPath, text: &str) -> Summary {
    if text.len() > MOST_BYTES {
        return not_checked("the file is too long to be checked");
    }
    if is_too_deep(text) {
        return not_checked("the file nests too deeply to be checked");
    }
    parse(path, text)
}

pub(super) fn not_checked(why: &str) -> Summary {
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

/// Whether the path is the one of a package's own module.
pub(super) fn is_init(path: &RepoPath) -> bool {
    matches!(path.file_name(), "__init__.py" | "__init__.pyi")
}

fn parse(path: &RepoPath, text: &str) -> Summary {
    let kind = if is_stub(path) { PySourceType::Stub } else { PySourceType::Python };
    let parsed = parse_unchecked_source(text, kind);
    let mut summary = Summary::default();
    let mut quiet = QuietPlaces::default();
    for token in parsed.tokens().iter().filter(|token| token.kind() == TokenKind::Comment) {
        let place = span(token.range());
        let Some(comment) = place.of(text) else { continue };
        summary.has_own_dependencies |= comment.trim_end() == "# /// script";
        if let Some(placeholder) = placeholder::of_comment(comment) {
            summary.placeholders.push((place, placeholder));
        }
        quiet.read(text, place);
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

/// Open brackets beyond which a text is too deep.
const MOST_BRACKETS: usize = 3_000;

/// The same for words and signs that may nest, counted over all open brackets and the columns of the line's indentation.
const LONGEST_CHAIN: usize = 12_000;

/// What a byte is to the nesting of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Blank,
    NewLine,
    Open,
    Close,
    Separator,
    Sign,
}

/// The kind of each byte.
static KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Sign; 256];
    let mut rest: &mut [Kind] = &mut kinds;
    let mut byte = 0_u8;
    while let Some((kind, after)) = rest.split_first_mut() {
        *kind = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | 0x80.. => Kind::Word,
            b' ' | b'\t' => Kind::Blank,
            b'\n' | b'\r' => Kind::NewLine,
            b'(' | b'[' | b'{' => Kind::Open,
            b')' | b']' | b'}' => Kind::Close,
            b',' | b';' => Kind::Separator,
            _ => Kind::Sign,
        };
        rest = after;
        byte = byte.wrapping_add(1);
    }
    kinds
};

fn kind(byte: u8) -> Kind {
    KINDS.get(usize::from(byte)).copied().unwrap_or(Kind::Sign)
}

/// Whether a text plainly nests too deeply to be worth a parser's time: counted without reading the text as code, which can
/// be fooled by strings and comments. Prefixes and operators nest, and so does every block; outside brackets a line ends what
/// its expressions began.
pub(in super::super) fn is_too_deep(text: &str) -> bool {
    let mut open: Vec<usize> = Vec::new();
    let (mut total, mut here) = (0_usize, 0_usize);
    let (mut indent, mut at_start) = (0_usize, true);
    let mut previous = b'\n';
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let kind_here = kind(*byte);
        // Words and blanks count as a whole.
        let more = match kind_here {
            Kind::Word | Kind::Blank => after.iter().take_while(|byte| kind(**byte) == kind_here).count(),
            _ => 0,
        };
        rest = after.get(more..).unwrap_or_default();
        match kind_here {
            Kind::Open => {
                open.push(here);
                total += here + 1;
                here = 0;
            }
            Kind::Close => {
                let outer = open.pop().unwrap_or(0);
                total = total.saturating_sub(outer + 1);
                // Calls and subscripts nest in what they stand behind: `f()()`.
                here = outer + 1;
            }
            Kind::NewLine if open.is_empty() && previous != b'\\' => {
                here = 0;
                indent = 0;
            }
            Kind::Separator => here = 0,
            Kind::Blank if at_start => indent += more + 1,
            Kind::Blank | Kind::NewLine => {}
            Kind::Word | Kind::Sign => here += 1,
        }
        at_start = kind_here == Kind::NewLine || at_start && kind_here == Kind::Blank;
        previous = *byte;
        let all = total + here + indent;
        if all > LONGEST_CHAIN || open.len() > MOST_BRACKETS {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::super::{SourceFile, ValidatorOptions, check_files};
    use super::*;

    #[test]
    fn deep_nesting_is_told_from_long_code() {
        assert!(!is_too_deep(&"a = f(b, [c, {'d': 1}])\n".repeat(20_000)) && !is_too_deep(&"(".repeat(100)));
        for deep in
            ["(", "[", "not ", "-", "lambda: ", "a.", "a+", "f(a)(", "()", "[0]", "a if b else ", "await \\\n", "*"]
        {
            assert!(is_too_deep(&deep.repeat(30_000)), "{deep}");
        }
    }

    #[test]
    fn what_nests_deeply_is_read_or_passed_over() {
        let path = RepoPath::parse("a.py").unwrap();
        let read_whole = |text: &str| {
            let file = SourceFile { path: &path, content: text };
            let _ = check_files(&[file], ValidatorOptions::default());
        };
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
            ("y", "()", "()"),
            ("y", "[0]", "[0]"),
            ("[\"]\", ", "1", "]"),
            ("(yield ", "1", ")"),
            ("[a for a in ", "b", "]"),
        ] {
            for levels in [30, 300, 1_000, 2_900, 50_000] {
                let text = format!("{}{middle}{}\n", opening.repeat(levels), closing.repeat(levels));
                read_whole(&text);
            }
        }
        let blocks: String = (0..2_000).map(|level| format!("{}if a:\n", " ".repeat(level))).collect();
        read_whole(&format!("{blocks}{}pass\n", " ".repeat(2_000)));
    }
}
