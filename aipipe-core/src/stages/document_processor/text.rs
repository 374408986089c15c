//! Text and Markdown files, and HTML pages read as text.

use super::Unreadable;
use super::blocks::{Block, Marker, Rules, indent, marker, read_blocks};
use super::decode::{Line, Lines};
use super::draft::{Draft, Piece};
use super::{email, html};
use crate::domain::{DocumentFormat, Place, SegmentKind, TextSpan};

/// Whether lines are Markdown or plain text; a file name ending in `.md` settles what could be either.
pub(super) fn format_of(lines: &[Line<'_>], name: &str) -> DocumentFormat {
    let lower = name.to_ascii_lowercase();
    let named = lower.ends_with(".md") || lower.ends_with(".markdown");
    let (mut strong, mut items) = (0usize, 0usize);
    for (at, line) in lines.iter().enumerate() {
        let text = line.text;
        match marker(text) {
            Marker::Atx { text, .. } if !text.is_empty() => strong += 1,
            Marker::Fence { .. } => strong += 1,
            Marker::Item { ordered: false, .. } if text.trim_start().starts_with(['-', '*', '+']) => items += 1,
            Marker::Rule { mark: '=' } if at > 0 => items += 1,
            Marker::Row => items += 1,
            Marker::Text if text.contains("](http") || text.matches("**").count() >= 2 => strong += 1,
            _ => {}
        }
    }
    if strong > 0 || items >= 2 || named { DocumentFormat::Markdown } else { DocumentFormat::Text }
}

/// Reads a text or Markdown file.
pub(super) fn read(file: &Lines, format: DocumentFormat, draft: &mut Draft<'_>) -> Result<(), Unreadable> {
    draft.removed = file.removed;
    let lines = file.lines();
    let front = front_matter(&lines);
    if front > 0 {
        let text: Vec<&str> = lines.get(..front).unwrap_or_default().iter().map(|line| line.text).collect();
        let title = text.iter().find_map(|line| line.strip_prefix("title:"));
        if let Some(title) = title {
            draft.title(title.trim().trim_matches(['"', '\'']));
        }
        let kind = SegmentKind::Boilerplate;
        let block = Block { kind, text: text.join("\n"), first: 0, last: front - 1, headings: Vec::new(), level: 0 };
        push(block, &lines, draft)?;
    }
    let body = lines.get(front..).unwrap_or_default();
    let marked = body.iter().any(|line| matches!(marker(line.text), Marker::Atx { .. }));
    let rules = match format {
        DocumentFormat::Markdown => Rules { loose_headings: !marked, ..Rules::MARKDOWN },
        _ => Rules::TEXT,
    };
    if !marked && email::holds_mail(body) {
        return email::read_pasted(body, draft);
    }
    let mut first = true;
    read_blocks(body, rules, &[], &mut |mut block| {
        if std::mem::take(&mut first) && block.kind == SegmentKind::Heading && block.level <= 2 {
            draft.title(&block.text);
        }
        block.first += front;
        block.last += front;
        push(block, &lines, draft)
    })
}

/// Reads an HTML page: what a browser would show, with the lines of the source.
pub(super) fn read_html(file: &Lines, draft: &mut Draft<'_>) -> Result<(), Unreadable> {
    draft.removed = file.removed;
    let source = file.lines();
    let whole = source.iter().map(|line| line.text).collect::<Vec<_>>().join("\n");
    let page = html::to_text(&whole);
    if let Some(title) = &page.title {
        draft.title(title);
    }
    draft.warnings.push("HTML: markup, scripts and styles were left out".to_owned());
    let lines = Lines::of_text(&page.text, draft.limits())?;
    let lines = lines.lines();
    read_blocks(&lines, Rules::HTML, &[], &mut |block| {
        let number = |at: usize| page.lines.get(at).copied().unwrap_or(1);
        let place = Place::Lines { first: number(block.first), last: number(block.last).max(number(block.first)) };
        let Block { kind, text, headings, .. } = block;
        draft.push(Piece { text, kind, place, source: None, speaker: None, at: None, headings })
    })
}

fn push(block: Block, lines: &[Line<'_>], draft: &mut Draft<'_>) -> Result<(), Unreadable> {
    let (first, last) = (lines.get(block.first), lines.get(block.last));
    let number = |line: Option<&Line<'_>>| line.map_or(1, |line| line.number);
    let source = first.zip(last).map(|(first, last)| TextSpan { start: first.source.start, end: last.source.end });
    let place = Place::Lines { first: number(first), last: number(last) };
    let Block { kind, text, headings, .. } = block;
    draft.push(Piece { text, kind, place, source, speaker: None, at: None, headings })
}

/// How many lines a front matter block (`---` … `---` with `key: value` lines) takes.
fn front_matter(lines: &[Line<'_>]) -> usize {
    if lines.first().is_none_or(|line| line.text.trim_end() != "---") {
        return 0;
    }
    for (at, line) in lines.iter().enumerate().skip(1).take(200) {
        let text = line.text.trim_end();
        if text == "---" || text == "..." {
            return if at > 1 { at + 1 } else { 0 };
        }
        let keyed = text.split_once(':').is_some_and(|(key, _)| !key.is_empty() && !key.contains(' '));
        let inner = text.is_empty() || indent(text) > 0 || text.starts_with(['-', '#']);
        if !keyed && !inner {
            return 0;
        }
    }
    0
}
