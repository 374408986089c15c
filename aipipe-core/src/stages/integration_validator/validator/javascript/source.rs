//! How a file is parsed: the dialect by its name, the scripts of a component, and what is too deep to parse.

use super::vue;
use crate::domain::RepoPath;
use oxc_span::SourceType;
use std::borrow::Cow;

/// What the parser gets of a file; offsets are those of the file.
#[derive(Debug)]
pub(in super::super) struct Source<'t> {
    pub(in super::super) text: Cow<'t, str>,
    pub(in super::super) kind: SourceType,
    /// Whether the file is a single-file component.
    pub(in super::super) is_vue: bool,
    /// Whether the file holds declarations only (`.d.ts`).
    pub(super) is_declaration: bool,
    /// Whether it has a second script block, whose scope the first one shares.
    pub(super) has_two_scripts: bool,
    /// The type parameters of a component, as its `generic` attribute has them.
    pub(super) generic: Option<String>,
    /// Specifiers of scripts in files of their own (`<script src="./x.ts">`), with where they stand.
    pub(super) outside_scripts: Vec<(String, usize)>,
}

/// Prepares a file for the parser.
pub(in super::super) fn of<'t>(path: &RepoPath, text: &'t str) -> Source<'t> {
    let name = path.file_name();
    match path.extension() {
        Some("vue") => of_vue(text),
        Some("ts" | "mts" | "cts") if is_declaration(name) => {
            Source { is_declaration: true, ..plain(text, SourceType::d_ts()) }
        }
        Some("ts" | "mts") => plain(text, SourceType::ts()),
        Some("cts") => plain(text, SourceType::ts().with_commonjs(true)),
        Some("tsx") => plain(text, SourceType::tsx()),
        Some("cjs") => plain(text, SourceType::cjs().with_jsx(true)),
        Some("mjs") => plain(text, SourceType::mjs().with_jsx(true)),
        _ => plain(text, SourceType::unambiguous().with_jsx(true)),
    }
}

/// Whether the name is one of a declaration file: `x.d.ts`, `x.d.mts`, `x.d.css.ts`.
pub(super) fn is_declaration(name: &str) -> bool {
    let stem = name.strip_suffix(".ts").or_else(|| name.strip_suffix(".mts")).or_else(|| name.strip_suffix(".cts"));
    stem.is_some_and(|stem| {
        stem.ends_with(".d") || stem.rsplit_once(".d.").is_some_and(|(_, ending)| !ending.contains('.'))
    })
}

/// Whether the text has the marks of a template language: code can't be read off it before a generator has filled it in.
pub(super) fn has_holes(text: &str) -> bool {
    const MARKS: [(&str, &str); 6] =
        [("<%", "%>"), ("{%", "%}"), ("{{#", "}}"), ("{{/", "}}"), ("{{>", "}}"), ("{{~", "}}")];
    let has = |(open, close): &(&str, &str)| text.split_once(open).is_some_and(|(_, rest)| rest.contains(close));
    MARKS.iter().any(has)
}

/// Whether a tool has put the text on few, long lines: no text anybody writes or reads.
pub(super) fn is_minified(text: &str) -> bool {
    const LONG_BYTES: usize = 2_000;
    const MEAN_BYTES: usize = 250;
    text.len() > LONG_BYTES
        && text.len() / text.lines().count().max(1) > MEAN_BYTES
        && text.lines().any(|line| line.len() > LONG_BYTES)
}

fn plain(text: &str, kind: SourceType) -> Source<'_> {
    Source {
        text: Cow::Borrowed(text),
        kind,
        is_vue: false,
        is_declaration: false,
        has_two_scripts: false,
        generic: None,
        outside_scripts: Vec::new(),
    }
}

/// Blanks out all that is not script, so that every byte of script keeps its place.
fn of_vue(text: &str) -> Source<'_> {
    let scripts = vue::scripts(text);
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    let mut language = "";
    let mut generic = None;
    let mut outside_scripts = Vec::new();
    for script in &scripts {
        if let Some(lang) = script.attribute("lang") {
            language = lang;
        }
        if let Some(parameters) = script.attribute("generic") {
            generic = Some(parameters.to_owned());
        }
        if let Some(source) = script.attribute("src") {
            outside_scripts.push((source.to_owned(), script.offset));
        }
        blank(text.get(at..script.offset).unwrap_or_default(), &mut masked);
        masked.push_str(script.text);
        at = script.offset + script.text.len();
        // Blocks end without a line break now and then; a blank is none either, so end the statement.
        if let Some(rest) = text.get(at..).filter(|rest| rest.starts_with('<')) {
            masked.push(';');
            at += rest.len().min(1);
        }
    }
    blank(text.get(at..).unwrap_or_default(), &mut masked);
    let kind = match language {
        "ts" | "typescript" => SourceType::ts(),
        "tsx" => SourceType::tsx(),
        _ => SourceType::mjs().with_jsx(true),
    };
    Source {
        text: Cow::Owned(masked),
        kind,
        is_vue: true,
        is_declaration: false,
        has_two_scripts: scripts.len() > 1,
        generic,
        outside_scripts,
    }
}

fn blank(text: &str, out: &mut String) {
    out.extend(text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
}

/// Open brackets beyond which a text is too deep.
const MOST_BRACKETS: usize = 3_000;

/// The same for words and signs that may nest, counted over all open brackets.
const LONGEST_CHAIN: usize = 12_000;

/// Whether a text plainly nests too deeply to be worth a parser's time.
///
/// Counted without reading the text as code, which can be fooled by strings and comments: open brackets, and in each of them
/// the words and signs since the last `;`, `,` or brace, because prefixes and operators nest too.
pub(in super::super) fn is_too_deep(text: &str) -> bool {
    let mut open: Vec<usize> = Vec::new();
    let mut total = 0_usize;
    let mut here = 0_usize;
    let mut in_word = false;
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
                here = if byte == b'}' { 0 } else { outer };
            }
            b';' | b',' => here = 0,
            b'<' | b'>' | b'!' | b'~' | b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'?' | b':' | b'='
            | b'`' | b'$' | b'.' | b'@' => here += 1,
            _ if word && !in_word => here += 1,
            _ => {}
        }
        in_word = word;
        if total + here > LONGEST_CHAIN || open.len() > MOST_BRACKETS {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_script_is_blanked_and_offsets_stay() {
        let text = "<template>é {{ a }}</template>\n<script lang=\"ts\">\nexport const a: number = 1\n</script>\n<script setup lang=\"ts\">const b = a</script>";
        let path = RepoPath::parse("A.vue").unwrap();
        let source = of(&path, text);
        assert_eq!(source.text.len(), text.len());
        assert_eq!(source.text.find("export const"), text.find("export const"));
        assert_eq!(source.text.find("const b"), text.find("const b"));
        assert!(source.has_two_scripts && source.kind.is_typescript());
    }

    #[test]
    fn declaration_files_are_known_by_name() {
        for (name, declares) in
            [("a.d.ts", true), ("a.d.css.ts", true), ("a.ts", false), ("a.d.mts", true), ("d.ts", false)]
        {
            assert_eq!(is_declaration(name), declares, "{name}");
        }
    }

    #[test]
    fn deep_nesting_is_told_from_long_code() {
        assert!(!is_too_deep(&"const a = f(b, [c, { d: 1 }]);\n".repeat(20_000)) && !is_too_deep(&"(".repeat(100)));
        for deep in ["(", "[", "!", "a?", "if(a)", "a=>", "<a>", "a+", "typeof "] {
            assert!(is_too_deep(&deep.repeat(30_000)), "{deep}");
        }
    }
}
