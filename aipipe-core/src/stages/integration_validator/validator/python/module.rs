//! What a Python module imports and defines, read off its logical lines.

use super::lexer::{Kind, Line, Token, split};
use crate::domain::TextSpan;
use std::collections::BTreeSet;

/// An import: `import a.b` or `from ..a.b import c, d`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Import {
    /// Leading dots.
    pub(in super::super) dots: usize,
    /// The dotted module, split; empty in `from . import x`.
    pub(in super::super) module: Vec<String>,
    /// The names behind `import` in a `from`; a star is `*`. Empty for a plain import.
    pub(in super::super) names: Vec<(String, TextSpan)>,
    pub(in super::super) span: TextSpan,
}

/// A `def` or `class` at the top level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Definition {
    pub(in super::super) name: String,
    pub(in super::super) span: TextSpan,
    /// A decorator may make a second definition of the name mean something.
    pub(in super::super) decorated: bool,
    /// Whether the name occurs between this and the definition of the same name before it.
    pub(in super::super) used_since: bool,
    /// Whether an earlier definition of the name stands in the file.
    pub(in super::super) repeated: bool,
}

/// A module as far as other files matter.
#[derive(Debug, Default)]
pub(in super::super) struct Module {
    pub(in super::super) imports: Vec<Import>,
    pub(in super::super) definitions: Vec<Definition>,
    pub(in super::super) comments: Vec<TextSpan>,
    /// Every identifier of the file outside import statements of modules: what it may define.
    pub(in super::super) names: BTreeSet<String>,
    /// Whether names may come from somewhere a reader can't see (`import *`, `__getattr__`, `globals()`).
    pub(in super::super) open: bool,
}

/// Reads a module.
pub(in super::super) fn read(source: &str) -> Module {
    let lines = split(source);
    let mut module = Module::default();
    let mut reader = Reader { source, module: &mut module };
    reader.imports(&lines.lines);
    reader.definitions(&lines.lines);
    module.comments = lines.comments.iter().map(|(start, end)| TextSpan { start: *start, end: *end }).collect();
    module
}

struct Reader<'a, 'm> {
    source: &'a str,
    module: &'m mut Module,
}

impl<'a> Reader<'a, '_> {
    fn text(&self, token: Token) -> &'a str {
        self.source.get(token.start..token.end).unwrap_or_default()
    }

    fn name<'t>(&self, tokens: &'t [Token], at: usize) -> Option<(&'a str, &'t Token)> {
        tokens.get(at).filter(|token| token.kind == Kind::Name).map(|token| (self.text(*token), token))
    }

    fn is_name(&self, tokens: &[Token], at: usize, name: &str) -> bool {
        self.name(tokens, at).is_some_and(|(text, _)| text == name)
    }

    fn imports(&mut self, lines: &[Line]) {
        // The indents of open `try:` suites: an import in one may fail and be caught.
        let mut tries: Vec<usize> = Vec::new();
        for line in lines {
            while tries.last().is_some_and(|indent| line.indent <= *indent) {
                tries.pop();
            }
            let mut statement_start = true;
            for at in 0..line.tokens.len() {
                let token = line.tokens.get(at).copied();
                if statement_start && tries.is_empty() {
                    self.import(&line.tokens, at);
                }
                if let Some((name, _)) = self.name(&line.tokens, at) {
                    self.module.names.insert(name.to_owned());
                    self.module.open |= matches!(name, "__getattr__" | "globals" | "exec" | "vars" | "setattr");
                }
                // `if TYPE_CHECKING: from x import y` and `import a; import b`.
                statement_start = matches!(token.map(|t| t.kind), Some(Kind::Mark(b';' | b':')));
            }
            if self.is_name(&line.tokens, 0, "from") && line.tokens.iter().any(|t| t.kind == Kind::Mark(b'*')) {
                self.module.open = true;
            }
            if self.is_name(&line.tokens, 0, "try") {
                tries.push(line.indent);
            }
        }
    }

    fn import(&mut self, tokens: &[Token], at: usize) {
        if self.is_name(tokens, at, "import") {
            let mut at = at + 1;
            while let Some((module, span, next)) = self.dotted(tokens, at) {
                self.module.imports.push(Import { dots: 0, module, names: Vec::new(), span });
                at = if self.is_name(tokens, next, "as") { next + 2 } else { next };
                if tokens.get(at).is_none_or(|token| token.kind != Kind::Mark(b',')) {
                    break;
                }
                at += 1;
            }
        } else if self.is_name(tokens, at, "from") {
            self.from(tokens, at + 1);
        }
    }

    fn dotted(&self, tokens: &[Token], mut at: usize) -> Option<(Vec<String>, TextSpan, usize)> {
        let (first, token) = self.name(tokens, at)?;
        let mut module = vec![first.to_owned()];
        let mut span = TextSpan { start: token.start, end: token.end };
        at += 1;
        while tokens.get(at).is_some_and(|token| token.kind == Kind::Mark(b'.')) {
            let (part, token) = self.name(tokens, at + 1)?;
            module.push(part.to_owned());
            span.end = token.end;
            at += 2;
        }
        Some((module, span, at))
    }

    fn from(&mut self, tokens: &[Token], mut at: usize) {
        let Some(start) = tokens.get(at).map(|token| token.start) else { return };
        let mut dots = 0;
        while tokens.get(at).is_some_and(|token| token.kind == Kind::Mark(b'.')) {
            dots += 1;
            at += 1;
        }
        let mut span = TextSpan { start, end: start.saturating_add(dots) };
        let mut module = Vec::new();
        // `from . import x`: the keyword is no module.
        if !self.is_name(tokens, at, "import") {
            let Some((parts, place, next)) = self.dotted(tokens, at) else { return };
            module = parts;
            span.end = place.end;
            at = next;
        }
        // `yield from x` and `raise E from e` have no import behind the name.
        if !self.is_name(tokens, at, "import") || (dots == 0 && module.is_empty()) {
            return;
        }
        let mut names = Vec::new();
        let mut renamed = false;
        for token in tokens.iter().skip(at + 1) {
            match token.kind {
                Kind::Name if self.text(*token) == "as" => renamed = true,
                Kind::Name if !renamed => {
                    names.push((self.text(*token).to_owned(), TextSpan { start: token.start, end: token.end }));
                }
                Kind::Name => {}
                Kind::Mark(b'*') => names.push(("*".to_owned(), TextSpan { start: token.start, end: token.end })),
                Kind::Mark(b',') => renamed = false,
                Kind::Mark(b'(' | b')') => {}
                _ => break,
            }
        }
        self.module.imports.push(Import { dots, module, names, span });
    }

    fn definitions(&mut self, lines: &[Line]) {
        let mut last_seen: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
        let mut defined: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
        let mut decorated = false;
        for (number, line) in lines.iter().enumerate() {
            let keyword = usize::from(self.is_name(&line.tokens, 0, "async"));
            let defines = line.indent == 0
                && (self.is_name(&line.tokens, keyword, "def") || self.is_name(&line.tokens, keyword, "class"));
            let defined_name = self.name(&line.tokens, keyword + 1).filter(|_| defines);
            if let Some((name, token)) = defined_name {
                let before = defined.insert(name, number);
                let used_since = before.is_some_and(|before| last_seen.get(name).is_some_and(|seen| *seen > before));
                self.module.definitions.push(Definition {
                    name: name.to_owned(),
                    span: TextSpan { start: token.start, end: token.end },
                    decorated,
                    used_since,
                    repeated: before.is_some(),
                });
            }
            for token in line.tokens.iter().filter(|token| token.kind == Kind::Name) {
                last_seen.insert(self.text(*token), number);
            }
            decorated = line.tokens.first().is_some_and(|token| token.kind == Kind::Mark(b'@'));
        }
    }
}
