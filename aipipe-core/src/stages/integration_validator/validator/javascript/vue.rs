//! The scripts of a Vue single-file component.

/// A script block: its text, where it begins in the file, and what it says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Script<'a> {
    pub(super) text: &'a str,
    pub(super) offset: usize,
    /// The attributes as written, such as ` setup lang="ts"`.
    pub(super) attributes: &'a str,
}

impl Script<'_> {
    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let mut rest = self.attributes;
        while let Some((before, after)) = rest.split_once(name) {
            let starts = before.is_empty() || before.ends_with(char::is_whitespace);
            if let Some(value) = after.trim_start().strip_prefix('=').filter(|_| starts) {
                let value = value.trim_start();
                let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
                return value.strip_prefix(quote)?.split(quote).next();
            }
            rest = after;
        }
        None
    }
}

/// Blocks whose content is not looked into for further blocks; custom ones by the names their plugins use.
const BLOCKS: &[&str] = &["script", "template", "style", "i18n", "docs", "route", "page-query", "static-query"];

/// More than any tag has.
const MAX_TAG_BYTES: usize = 8192;

/// Returns the top-level `<script>` blocks; text of templates, styles and comments is passed over.
pub(super) fn scripts(source: &str) -> Vec<Script<'_>> {
    let mut scripts = Vec::new();
    let mut unclosed: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(found) = source.get(at..).and_then(|rest| rest.find('<')) {
        let tag = at + found;
        let rest = source.get(tag..).unwrap_or_default();
        if rest.starts_with("<!--") {
            at = find(source, tag, "-->").map_or(source.len(), |end| end + 3);
            continue;
        }
        let name: &str = rest.get(1..).unwrap_or_default();
        let name = name.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default();
        if !BLOCKS.contains(&name) || unclosed.contains(&name) {
            at = tag + 1;
            continue;
        }
        let Some(open_end) = tag_end(source, tag) else {
            at = tag + 1;
            continue;
        };
        let body = open_end + 1;
        if source.get(..open_end).is_some_and(|open| open.ends_with('/')) {
            at = body;
            continue;
        }
        let end =
            if name == "template" { template_end(source, body) } else { find(source, body, &format!("</{name}")) };
        // A block without an end is not a block: go on behind its tag.
        let Some(end) = end else {
            unclosed.push(name);
            at = body;
            continue;
        };
        if name == "script" {
            let attributes = source.get(tag + 1 + name.len()..open_end).unwrap_or_default();
            scripts.push(Script { text: source.get(body..end).unwrap_or_default(), offset: body, attributes });
        }
        at = end + 2;
    }
    scripts
}

fn find(source: &str, from: usize, what: &str) -> Option<usize> {
    source.get(from..)?.find(what).map(|offset| from + offset)
}

/// The `>` of the tag that starts at `from`, past quoted attributes.
fn tag_end(source: &str, from: usize) -> Option<usize> {
    let mut quote = None;
    for (offset, c) in source.get(from..)?.char_indices().take(MAX_TAG_BYTES) {
        match (quote, c) {
            (None, '>') => return Some(from + offset),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

/// The end tag of the template whose content starts at `from`; templates nest.
fn template_end(source: &str, from: usize) -> Option<usize> {
    let mut open = 1_usize;
    let mut at = from;
    loop {
        let close = find(source, at, "</template")?;
        let inner = source.get(at..close)?;
        open += inner.match_indices("<template").filter(|(i, _)| !is_self_closed(inner, *i)).count();
        open -= 1;
        if open == 0 {
            return Some(close);
        }
        at = close + "</template".len();
    }
}

fn is_self_closed(source: &str, tag: usize) -> bool {
    tag_end(source, tag).and_then(|end| source.get(..end)).is_some_and(|text| text.ends_with('/'))
}
