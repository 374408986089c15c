//! What a validator says of a file: the rule, how bad, where, and the repair where there is exactly one.

use super::document::TextSpan;
use super::parse::ParseError;
use super::path::RepoPath;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It can't work.
    Error,
    /// It works, but is likely wrong; or it can't be told.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// `error`, `warning` or `info`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $severity:ident, [$($peer:literal),*];)+) => {
        /// What the validator looks for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[$doc])* $variant,)+
        }

        impl Rule {
            /// All rules, in the order of this list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The rule's name, such as `unresolved-import`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// How bad a finding is when the validator is certain and no option says otherwise.
            #[must_use]
            pub const fn default_severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }

            /// What compilers and linters call the same: `TS2307`, `import-x/no-unresolved`, `F821`.
            #[must_use]
            pub const fn peer_codes(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($peer),*],)+ }
            }
        }
    };
}

rules! {
    /// The text is not of the language.
    SyntaxError = "syntax-error", Error, ["TS1005", "E999"];
    /// An import leads to no file.
    UnresolvedImport = "unresolved-import", Error, ["TS2307", "import-x/no-unresolved", "ty/unresolved-import"];
    /// An import leads to a file only where case does not matter.
    WrongCase = "wrong-case", Error, ["TS2307", "TS1261", "import-x/no-unresolved"];
    /// An import leads out of the project.
    ImportOutsideProject = "import-outside-project", Error, ["TS2307"];
    /// Whether an import leads anywhere can't be told.
    UnknownImport = "unknown-import", Warning, ["import-x/no-unresolved"];
    /// The module does not export the name.
    MissingExport = "missing-export", Error, ["TS2305", "TS2724", "TS2459", "import-x/named", "mypy/attr-defined"];
    /// A default import of a module without default export, or a named import of what is only the default.
    DefaultNamedMixup = "default-named-mixup", Error, ["TS1192", "TS2613", "TS2614", "import-x/default"];
    /// A name is declared twice where that can't be.
    DuplicateDeclaration = "duplicate-declaration", Error, ["TS2451", "TS2300", "no-redeclare", "F811"];
    /// A module exports a name twice.
    DuplicateExport = "duplicate-export", Error, ["TS2323", "TS2300", "import-x/export"];
    /// A name that nothing declares.
    UndefinedName = "undefined-name", Error, ["TS2304", "TS2552", "TS18004", "no-undef", "F821"];
    /// A type is imported or re-exported as if there were a value, or the other way round.
    TypeUsedAsValue = "type-used-as-value", Error, ["TS1361", "TS1362", "TS1205", "TS1484", "TS2693"];
    /// A package is imported that no manifest declares.
    UndeclaredDependency = "undeclared-dependency", Error, ["import-x/no-extraneous-dependencies", "knip/unlisted"];
    /// A package is declared that nothing imports.
    UnusedDependency = "unused-dependency", Warning, ["knip/dependencies", "depcheck"];
    /// A package is used that is not among the allowed ones.
    PackageNotAllowed = "package-not-allowed", Error, [];
    /// Modules import each other in a circle when they are loaded.
    ImportCycle = "import-cycle", Warning, ["import-x/no-cycle", "depcruise/no-circular"];
    /// A file that nothing reaches from any entry point.
    OrphanFile = "orphan-file", Warning, ["knip/files", "depcruise/no-orphans"];
    /// An export that nothing imports.
    UnusedExport = "unused-export", Warning, ["knip/exports", "import-x/no-unused-modules"];
    /// An imported name that the file never uses.
    UnusedImport = "unused-import", Warning, ["TS6133", "F401", "no-unused-vars"];
    /// A manifest or configuration can't be read.
    InvalidManifest = "invalid-manifest", Error, ["TS5014", "EJSONPARSE"];
    /// A file is there more than once.
    DuplicatePath = "duplicate-path", Error, [];
    /// Two paths differ in case only.
    PathCaseCollision = "path-case-collision", Error, ["TS1149"];
    /// A path is a file and a folder at once.
    PathConflict = "path-conflict", Error, [];
    /// Code was left out, or left for later.
    Placeholder = "placeholder", Error, ["no-warning-comments", "FIX002"];
    /// A function without a body where generated code should do something.
    EmptyBody = "empty-body", Warning, ["no-empty-function"];
    /// A component is not where the plan puts it.
    MissingComponent = "missing-component", Error, [];
    /// A component does not export what the plan promises.
    MissingComponentExport = "missing-component-export", Error, [];
    /// A layer imports from one it must not know.
    LayerViolation = "layer-violation", Error, ["depcruise/forbidden", "import-x/no-restricted-paths"];
    /// A file that a story is to bring is not there.
    MissingStoryFile = "missing-story-file", Error, [];
    /// Files that were not looked into.
    NotChecked = "not-checked", Warning, [];
    /// What looks like a credential.
    Secret = "secret", Error, ["gitleaks"];
    /// A script that runs by itself when the project is installed.
    InstallScript = "install-script", Error, [];
    /// Something happens outside the process as soon as the file is imported.
    EffectOnImport = "effect-on-import", Warning, [];
    /// A character that makes text read in another order than it runs.
    BidirectionalCharacter = "bidirectional-character", Error, ["no-irregular-whitespace", "PLE2502"];
    /// A character that can't be seen.
    InvisibleCharacter = "invisible-character", Error, ["no-irregular-whitespace", "PLE2515"];
    /// A story without a test that checks something.
    StoryUntested = "story-untested", Error, [];
    /// A Python folder that is no package yet.
    MissingPackageFile = "missing-package-file", Error, ["INP001"];
    /// A planned component that no story needs.
    ComponentWithoutStory = "component-without-story", Warning, [];
    /// Two stories make the same file.
    FileOwnedTwice = "file-owned-twice", Warning, [];
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Rule {
    type Err = ParseError;

    fn from_str(value: &str) -> Result<Self, ParseError> {
        let named = Self::ALL.iter().find(|rule| rule.as_str() == value).copied();
        named.ok_or_else(|| ParseError::new("rule", value, "is not a rule of the validator"))
    }
}

/// Something wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// The file.
    pub file: RepoPath,
    /// Where in it, where known.
    pub span: Option<TextSpan>,
    /// The rule.
    pub rule: Rule,
    /// How bad.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What would repair it, for a reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// Edits that certainly repair it; most findings have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

impl Finding {
    /// A finding about a file as a whole, as bad as its rule is by default.
    #[must_use]
    pub fn new(rule: Rule, file: &RepoPath, message: impl Into<String>) -> Self {
        let severity = rule.default_severity();
        Self { file: file.clone(), span: None, rule, severity, message: message.into(), suggestion: None, fix: None }
    }

    /// The same at this place.
    #[must_use]
    pub fn at(mut self, span: TextSpan) -> Self {
        self.span = Some(span);
        self
    }

    /// Line and column where the finding begins in the file's text, or `None` when it is about the whole file.
    #[must_use]
    pub fn position(&self, text: &str) -> Option<LineColumn> {
        self.span.and_then(|span| LineColumn::of(text, span.start))
    }
}

/// A repair that can be applied as it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fix {
    /// Replacements; those of one file do not overlap.
    pub edits: Vec<TextEdit>,
}

/// A replacement of a part of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TextEdit {
    /// The file.
    pub file: RepoPath,
    /// What is replaced; empty for an insertion.
    pub span: TextSpan,
    /// The new text.
    pub replacement: String,
}

impl Fix {
    /// A fix of one edit.
    #[must_use]
    pub fn one(file: &RepoPath, span: TextSpan, replacement: impl Into<String>) -> Self {
        Self { edits: vec![TextEdit { file: file.clone(), span, replacement: replacement.into() }] }
    }

    /// Returns the text of `file` with this fix applied, or `None` when an edit does not fit the text.
    #[must_use]
    pub fn apply(&self, file: &RepoPath, text: &str) -> Option<String> {
        let mut edits: Vec<&TextEdit> = self.edits.iter().filter(|edit| edit.file == *file).collect();
        edits.sort_by_key(|edit| edit.span);
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for edit in edits {
            out.push_str(text.get(at..edit.span.start)?);
            edit.span.of(text)?;
            out.push_str(&edit.replacement);
            at = edit.span.end;
        }
        out.push_str(text.get(at..)?);
        Some(out)
    }
}

/// A place in a text as editors count: line and column from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineColumn {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl LineColumn {
    /// The place of a byte, or `None` when it is not on a character boundary of the text.
    #[must_use]
    pub fn of(text: &str, byte: usize) -> Option<Self> {
        let before = text.get(..byte)?;
        let line = before.matches('\n').count() + 1;
        let last = before.rsplit('\n').next().unwrap_or_default();
        Some(Self { line, column: last.chars().count() + 1 })
    }
}

/// Tells lines and columns of many places in one text, each in moments however long the text and its lines are.
#[derive(Debug, Clone)]
pub struct LineIndex<'t> {
    text: &'t str,
    /// Where each line begins.
    lines: Vec<usize>,
    /// How many characters begin before each multiple of [`BLOCK`](Self::BLOCK).
    characters: Vec<usize>,
}

impl<'t> LineIndex<'t> {
    const BLOCK: usize = 1024;

    /// Looks through the text once.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut counted = 0;
        let blocks = text.as_bytes().chunks(Self::BLOCK).map(|block| {
            counted += begun(block);
            counted
        });
        let characters = std::iter::once(0).chain(blocks).collect();
        Self { text, lines, characters }
    }

    /// The place of a byte, or `None` when it is not on a character boundary of the text.
    #[must_use]
    pub fn place(&self, byte: usize) -> Option<LineColumn> {
        if !self.text.is_char_boundary(byte) {
            return None;
        }
        let line = self.lines.partition_point(|start| *start <= byte);
        let start = *self.lines.get(line.checked_sub(1)?)?;
        Some(LineColumn { line, column: self.before(byte)? - self.before(start)? + 1 })
    }

    /// How many characters begin before a byte.
    fn before(&self, byte: usize) -> Option<usize> {
        let block = byte / Self::BLOCK;
        let rest = self.text.as_bytes().get(block * Self::BLOCK..byte)?;
        Some(self.characters.get(block)? + begun(rest))
    }
}

/// How many characters begin in these bytes of UTF-8.
fn begun(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

impl fmt::Display for LineColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rules_are_what_serde_writes_and_reads() {
        for rule in Rule::ALL {
            assert_eq!(serde_json::to_string(rule).unwrap(), format!("\"{rule}\""));
            assert_eq!(rule.as_str().parse::<Rule>().unwrap(), *rule);
        }
        assert!("no-such-rule".parse::<Rule>().is_err());
    }

    proptest::proptest! {
        #[test]
        fn an_index_tells_the_same_places(text in "(é|ab|\n|ß漢|x{0,900}){0,12}") {
            let index = LineIndex::new(&text);
            for byte in 0..=text.len() + 1 {
                proptest::prop_assert_eq!(index.place(byte), LineColumn::of(&text, byte));
            }
        }
    }

    #[test]
    fn places_count_characters_and_fixes_replace_bytes() {
        let file = RepoPath::parse("a.ts").unwrap();
        let text = "é\nab é c";
        assert_eq!(LineColumn::of(text, 8), Some(LineColumn { line: 2, column: 5 }));
        assert_eq!(LineColumn::of(text, 1), None);
        let edit = |start, end, replacement: &str| TextEdit {
            file: file.clone(),
            span: TextSpan { start, end },
            replacement: replacement.to_owned(),
        };
        let fix = Fix { edits: vec![edit(6, 8, "X"), edit(3, 4, ""), edit(3, 3, "<")] };
        assert_eq!(fix.apply(&file, text).as_deref(), Some("é\n<b X c"));
        assert_eq!(Fix { edits: vec![edit(1, 2, "")] }.apply(&file, text), None);
    }
}
