//! What a JavaScript or TypeScript module asks for and what it offers, read off its tokens.

use super::lexer::{Kind, Markup, Token, Tokens, tokenize};
use crate::domain::TextSpan;

/// How a module asks for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Form {
    /// `import … from`, `import '…'`, `import('…')` or `export … from`.
    Import,
    /// `import type … from` or `export type … from`.
    TypeOnly,
    /// `require('…')`.
    Require,
}

/// One module specifier with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Reference {
    pub(in super::super) specifier: String,
    pub(in super::super) span: TextSpan,
    pub(in super::super) form: Form,
}

/// What declares an exported name, as far as two of them may share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Declaration {
    /// `const`, `let`
    Constant,
    /// `class`
    Class,
    /// `type`
    TypeAlias,
    /// `export { … }`, with or without `from`
    Listed,
    /// `export default` of an expression
    Default,
    /// Functions (overloads), interfaces, enums, namespaces and `var` may be declared more than once.
    Mergeable,
}

/// An exported name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Export {
    pub(in super::super) name: String,
    pub(in super::super) span: TextSpan,
    pub(in super::super) declaration: Declaration,
}

/// A module as far as other files matter.
#[derive(Debug, Default)]
pub(in super::super) struct Module {
    pub(in super::super) references: Vec<Reference>,
    pub(in super::super) exports: Vec<Export>,
    /// Modules declared by `declare module '…'`, patterns included.
    pub(in super::super) ambient: Vec<String>,
    pub(in super::super) comments: Vec<TextSpan>,
    /// `key: … 'text'` pairs, of which a build configuration's aliases are some.
    pub(in super::super) pairs: Vec<(String, String)>,
}

/// Reads a module; spans are moved by `offset` (where a script stands inside a larger file).
pub(in super::super) fn read(source: &str, offset: usize, markup: bool) -> Module {
    let Tokens { tokens, comments } = tokenize(source, if markup { Markup::Allowed } else { Markup::Absent });
    let mut reader = Reader { source, offset, tokens: &tokens, module: Module::default() };
    reader.references();
    reader.exports();
    reader.module.comments = comments.iter().map(|(start, end)| reader.span(*start, *end)).collect();
    reader.module
}

struct Reader<'a> {
    source: &'a str,
    offset: usize,
    tokens: &'a [Token],
    module: Module,
}

impl<'a> Reader<'a> {
    fn span(&self, start: usize, end: usize) -> TextSpan {
        TextSpan { start: start.saturating_add(self.offset), end: end.saturating_add(self.offset) }
    }

    fn text(&self, token: &Token) -> &'a str {
        self.source.get(token.start..token.end).unwrap_or_default()
    }

    fn word(&self, at: usize) -> Option<&'a str> {
        self.tokens.get(at).filter(|token| token.kind == Kind::Word).map(|token| self.text(token))
    }

    fn is_word(&self, at: usize, word: &str) -> bool {
        self.word(at) == Some(word)
    }

    fn is_mark(&self, at: usize, mark: u8) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == Kind::Mark(mark))
    }

    fn literal(&self, at: usize) -> Option<&'a Token> {
        self.tokens.get(at).filter(|token| token.kind == Kind::Text)
    }

    fn add(&mut self, token: &Token, form: Form) {
        let specifier = self.text(token);
        // An escape in a specifier is nobody's habit; what it stands for is not worth guessing.
        if !specifier.is_empty() && !specifier.contains(['\\', '\n']) {
            let span = self.span(token.start, token.end);
            self.module.references.push(Reference { specifier: specifier.to_owned(), span, form });
        }
    }

    fn references(&mut self) {
        // For each open brace, whether it is a `try` block: a require in there may fail and says so.
        let mut blocks: Vec<bool> = Vec::new();
        let mut tries = 0_usize;
        for at in 0..self.tokens.len() {
            let member = at.checked_sub(1).is_some_and(|before| self.is_mark(before, b'.'));
            match self.tokens.get(at).map(|token| token.kind) {
                Some(Kind::Mark(b'{')) => {
                    let is_try = at.checked_sub(1).is_some_and(|before| self.is_word(before, "try"));
                    blocks.push(is_try);
                    tries += usize::from(is_try);
                }
                Some(Kind::Mark(b'}')) => tries -= usize::from(blocks.pop().unwrap_or(false)),
                _ => {}
            }
            if member && !self.is_spread(at) {
                continue;
            }
            match self.word(at) {
                Some("import") => self.import(at),
                Some("export") => self.export_from(at),
                Some("require") if tries == 0 => self.require(at),
                Some("declare") if self.is_word(at + 1, "module") => {
                    if let Some(name) = self.literal(at + 2) {
                        self.module.ambient.push(self.text(name).to_owned());
                    }
                }
                _ => {}
            }
            self.pair(at);
        }
    }

    /// Whether the dot before is the last of `...`.
    fn is_spread(&self, at: usize) -> bool {
        (1..=3).all(|back| at.checked_sub(back).is_some_and(|before| self.is_mark(before, b'.')))
    }

    fn import(&mut self, at: usize) {
        if self.is_mark(at + 1, b'(') {
            let closes = self.is_mark(at + 3, b')') || self.is_mark(at + 3, b',');
            if let Some(token) = self.literal(at + 2).filter(|_| closes) {
                self.add(token, Form::Import);
            }
            return;
        }
        if let Some(token) = self.literal(at + 1) {
            return self.add(token, Form::Import);
        }
        // `import type from './x'` imports a default called `type`.
        let type_only = self.is_word(at + 1, "type")
            && !(self.is_word(at + 2, "from") && self.literal(at + 3).is_some())
            && !self.is_mark(at + 2, b',');
        if let Some(token) = self.literal_behind_clause(at + 1) {
            self.add(token, if type_only { Form::TypeOnly } else { Form::Import });
        }
    }

    fn export_from(&mut self, at: usize) {
        let type_only = self.is_word(at + 1, "type");
        let first = at + 1 + usize::from(type_only);
        if !self.is_mark(first, b'*') && !self.is_mark(first, b'{') {
            return;
        }
        if let Some(token) = self.literal_behind_clause(first) {
            self.add(token, if type_only { Form::TypeOnly } else { Form::Import });
        }
    }

    /// The literal behind the `from` of a clause that holds names, commas, braces and a star only.
    fn literal_behind_clause(&self, start: usize) -> Option<&'a Token> {
        let mut at = start;
        let mut braces = 0_usize;
        loop {
            let token = self.tokens.get(at)?;
            match token.kind {
                Kind::Word
                    if braces == 0 && at > start && self.text(token) == "from" && self.literal(at + 1).is_some() =>
                {
                    return self.literal(at + 1);
                }
                // A clause has one pair of braces at most; more is something else (and would cost quadratic time).
                Kind::Mark(b'{') if braces == 0 => braces = 1,
                Kind::Mark(b'}') => {
                    braces = braces.checked_sub(1)?;
                    if braces == 0 && !self.is_word(at + 1, "from") {
                        return None;
                    }
                }
                Kind::Text if braces == 0 => return None,
                Kind::Word | Kind::Text | Kind::Mark(b',' | b'*') => {}
                Kind::Value | Kind::Mark(_) => return None,
            }
            // A keyword that starts a statement means that the clause was left unfinished.
            if braces == 0 && at > start && matches!(self.word(at), Some("import" | "export" | "const" | "function")) {
                return None;
            }
            at += 1;
        }
    }

    fn require(&mut self, at: usize) {
        let resolve = self.is_mark(at + 1, b'.') && self.is_word(at + 2, "resolve");
        let open = if resolve { at + 3 } else { at + 1 };
        let called = self.is_mark(open, b'(') && self.is_mark(open + 2, b')');
        if let Some(token) = self.literal(open + 1).filter(|_| called) {
            self.add(token, Form::Require);
        }
    }

    /// `'@': fileURLToPath(new URL('./src', …))`, `{ find: '@', replacement: './src' }` and the like.
    fn pair(&mut self, at: usize) {
        const REACH: usize = 12;
        let key = match self.tokens.get(at) {
            Some(token) if matches!(token.kind, Kind::Word | Kind::Text) => self.text(token),
            _ => return,
        };
        let value_from = if self.is_mark(at + 1, b':') { at + 2 } else { return };
        let (key, value_from) = match (key, self.literal(value_from)) {
            ("find", Some(name)) => (self.text(name), value_from + 1),
            _ => (key, value_from),
        };
        let mut texts = self.tokens.get(value_from..).unwrap_or_default().iter().take(REACH);
        if let Some(value) = texts.find(|token| token.kind == Kind::Text) {
            self.module.pairs.push((key.to_owned(), self.text(value).to_owned()));
        }
    }

    fn exports(&mut self) {
        let mut depth = 0_usize;
        for at in 0..self.tokens.len() {
            match self.tokens.get(at).map(|token| token.kind) {
                Some(Kind::Mark(b'{' | b'(' | b'[')) => depth += 1,
                // More closed than opened: the depth can't be trusted from here on.
                Some(Kind::Mark(b'}' | b')' | b']')) => match depth.checked_sub(1) {
                    Some(less) => depth = less,
                    None => return self.module.exports.clear(),
                },
                Some(Kind::Word) if depth == 0 && self.is_word(at, "export") => self.export(at + 1),
                _ => {}
            }
        }
        if depth != 0 {
            self.module.exports.clear();
        }
    }

    fn export(&mut self, mut at: usize) {
        if self.is_word(at, "default") {
            let mergeable =
                matches!(self.word(at + 1), Some("function" | "async" | "interface" | "abstract" | "class"));
            let is_class = matches!(self.word(at + 1), Some("class" | "abstract"));
            let declaration = if mergeable && !is_class { Declaration::Mergeable } else { Declaration::Default };
            return self.offer(at, "default", declaration);
        }
        if self.is_word(at, "type") && self.is_mark(at + 1, b'{') {
            at += 1;
        }
        if self.is_mark(at, b'{') {
            return self.listed(at + 1);
        }
        while matches!(self.word(at), Some("declare" | "async" | "abstract")) {
            at += 1;
        }
        let declaration = match self.word(at) {
            Some("const") if self.is_word(at + 1, "enum") => return,
            Some("const" | "let") => Declaration::Constant,
            Some("class") => Declaration::Class,
            Some("type") => Declaration::TypeAlias,
            Some("function" | "interface" | "enum" | "namespace" | "var") => Declaration::Mergeable,
            _ => return,
        };
        if let Some(name) = self.word(at + 1) {
            self.offer(at + 1, name, declaration);
        }
    }

    fn listed(&mut self, mut at: usize) {
        while self.tokens.get(at).is_some() && !self.is_mark(at, b'}') {
            // The name others see is the last one before a comma: `a`, `a as b`, `type a`.
            let is_last = self.is_mark(at + 1, b',') || self.is_mark(at + 1, b'}');
            if let Some(name) = self.word(at).filter(|_| is_last) {
                self.offer(at, name, Declaration::Listed);
            }
            at += 1;
        }
    }

    fn offer(&mut self, at: usize, name: &str, declaration: Declaration) {
        let Some(token) = self.tokens.get(at) else { return };
        let span = self.span(token.start, token.end);
        self.module.exports.push(Export { name: name.to_owned(), span, declaration });
    }
}
