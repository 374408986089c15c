//! Cuts lines of text into blocks: headings, paragraphs, list items, table rows, code, quotes.
//!
//! One pass over the lines with one line of look-ahead. The same rules serve Markdown, plain text, message bodies and
//! the lines of a PDF page; [`Rules`] says what differs.

mod heading;
mod marker;
mod trail;

#[cfg(feature = "pdf")]
pub(super) use heading::is_title;
pub(super) use marker::{Marker, indent, marker};
use trail::Trail;

use super::Unreadable;
use super::decode::Line;
use super::inline;
use crate::domain::SegmentKind;

/// What differs between kinds of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    /// Emphasis marks and links are markup (Markdown).
    pub(super) markup: bool,
    /// Lines are broken by the author's margin; a chat's or HTML page's lines are broken on purpose.
    pub(super) wrapped: bool,
    /// Numbered sections and lines in capitals are headings.
    pub(super) loose_headings: bool,
    /// A hyphen at the end of a line continues a word (PDF).
    pub(super) hyphenated: bool,
}

impl Rules {
    pub(super) const MARKDOWN: Self = Self { markup: true, wrapped: true, loose_headings: false, hyphenated: false };
    pub(super) const TEXT: Self = Self { markup: false, wrapped: true, loose_headings: true, hyphenated: false };
    pub(super) const MAIL: Self = Self { markup: false, wrapped: true, loose_headings: false, hyphenated: false };
    pub(super) const CHAT: Self = Self { markup: false, wrapped: false, loose_headings: false, hyphenated: false };
    pub(super) const HTML: Self = Self { markup: false, wrapped: false, loose_headings: false, hyphenated: false };
    #[cfg(feature = "pdf")]
    pub(super) const PDF: Self = Self { markup: false, wrapped: true, loose_headings: true, hyphenated: true };
}

/// A block of consecutive lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) kind: SegmentKind,
    pub(super) text: String,
    /// Index of its first line.
    pub(super) first: usize,
    /// Index of its last line.
    pub(super) last: usize,
    /// The headings above it, outermost first, and the line that leads in the list it belongs to.
    pub(super) headings: Vec<String>,
    /// Level of a heading, 1 to 7; 0 for anything else.
    pub(super) level: u8,
}

/// Receives the blocks in order; an error ends the reading.
pub(super) type Sink<'s> = &'s mut dyn FnMut(Block) -> Result<(), Unreadable>;

/// Quotes within quotes are followed this far.
const MAX_DEPTH: usize = 8;

/// Cuts `lines` into blocks under the headings `above`.
pub(super) fn read_blocks(
    lines: &[Line<'_>],
    rules: Rules,
    above: &[String],
    sink: Sink<'_>,
) -> Result<(), Unreadable> {
    let mut parser = Parser { lines, rules, trail: Trail::new(above), open: None, after_blank: true, sink, depth: 0 };
    parser.run()
}

/// A paragraph or list item that may go on.
struct Open {
    kind: SegmentKind,
    text: String,
    first: usize,
    last: usize,
    indent: usize,
}

struct Parser<'a, 's> {
    lines: &'a [Line<'a>],
    rules: Rules,
    trail: Trail,
    open: Option<Open>,
    after_blank: bool,
    sink: Sink<'s>,
    depth: usize,
}

impl Parser<'_, '_> {
    fn run(&mut self) -> Result<(), Unreadable> {
        let mut at = 0;
        while let Some(line) = self.lines.get(at) {
            at = self.line(at, line.text)?;
        }
        self.close()
    }

    /// Reads the line `at` and what belongs to it; returns the index of the next one.
    fn line(&mut self, at: usize, text: &str) -> Result<usize, Unreadable> {
        let mark = marker(text);
        let was_blank = std::mem::replace(&mut self.after_blank, mark == Marker::Blank);
        match mark {
            Marker::Blank => self.close()?,
            Marker::Atx { level, text } => self.heading(at, level, text)?,
            Marker::Fence { mark, length, .. } => return self.fenced(at, mark, length),
            Marker::Rule { mark } => self.rule(at, mark)?,
            Marker::Quote { .. } => return self.quote(at),
            Marker::Row => return self.rows(at),
            Marker::Cue => self.cue(at, text)?,
            Marker::Item { number, ordered, text: item } => {
                let section = self.rules.loose_headings && ordered && was_blank && self.stands_alone(at, number);
                if section && heading::is_title(item) {
                    self.heading(at, 1, text.trim())?;
                } else if ordered && number != 1 && !was_blank && self.in_paragraph() {
                    // "… in\n2026. Then …" is no list: inside a paragraph only 1 starts one.
                    self.text(at, text)?;
                } else {
                    self.item(at, indent(text), item)?;
                }
            }
            Marker::Numbered { depth, text: title } => {
                if self.rules.loose_headings && heading::is_title(title) {
                    self.heading(at, depth, text.trim())?;
                } else {
                    self.item(at, indent(text), text.trim())?;
                }
            }
            Marker::Text => {
                if self.table_starts(at) {
                    return self.rows(at);
                }
                if was_blank && self.rules.markup && self.open.is_none() && indent(text) >= 4 && !self.trail.in_list() {
                    return self.indented_code(at);
                }
                if was_blank && text.trim_start().starts_with("<!--") && self.rules.markup {
                    return self.comment(at);
                }
                self.text(at, text)?;
            }
        }
        Ok(at + 1)
    }

    fn in_paragraph(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.kind == SegmentKind::Paragraph)
    }

    /// A plain line: a heading without markup, the continuation of what is open, or a new paragraph.
    fn text(&mut self, at: usize, line: &str) -> Result<(), Unreadable> {
        let trimmed = line.trim();
        if self.open.is_none() {
            if let Some((level, title)) = self.unmarked_heading(at, trimmed) {
                let title = title.to_owned();
                return self.heading(at, level, &title);
            }
            if indent(line) == 0 {
                self.trail.leave_list();
            }
        }
        let wrapped = self.rules.wrapped;
        let hyphenated = self.rules.hyphenated;
        match &mut self.open {
            Some(open) if wrapped || open.kind == SegmentKind::ListItem && indent(line) > open.indent => {
                join(&mut open.text, trimmed, hyphenated);
                open.last = at;
            }
            _ => {
                self.close()?;
                let indent = indent(line);
                self.open =
                    Some(Open { kind: SegmentKind::Paragraph, text: trimmed.to_owned(), first: at, last: at, indent });
            }
        }
        Ok(())
    }

    fn unmarked_heading<'l>(&self, at: usize, line: &'l str) -> Option<(u8, &'l str)> {
        if let Some(title) = self.rules.markup.then(|| heading::bold_title(line)).flatten() {
            return self.blank_or_list_after(at).then_some((7, title));
        }
        if heading::is_label(line) && self.list_after(at) {
            return Some((7, line));
        }
        let alone = self.blank_at(at + 1) || self.setext_at(at + 1);
        (self.rules.loose_headings && alone && heading::is_capital_title(line)).then_some((1, line))
    }

    fn marker_at(&self, at: usize) -> Option<Marker<'_>> {
        self.lines.get(at).map(|line| marker(line.text))
    }

    fn blank_at(&self, at: usize) -> bool {
        self.marker_at(at).is_none_or(|mark| mark == Marker::Blank)
    }

    fn setext_at(&self, at: usize) -> bool {
        matches!(self.marker_at(at), Some(Marker::Rule { mark: '=' | '-' }))
    }

    /// Whether a list follows line `at`, at most one blank line between.
    fn list_after(&self, at: usize) -> bool {
        let next = if self.blank_at(at + 1) { at + 2 } else { at + 1 };
        matches!(self.marker_at(next), Some(Marker::Item { .. } | Marker::Numbered { .. }))
    }

    fn blank_or_list_after(&self, at: usize) -> bool {
        self.blank_at(at + 1) || self.list_after(at)
    }

    /// Whether a numbered line is a section's title and no item: a blank line follows, and then not the next number.
    fn stands_alone(&self, at: usize, number: u32) -> bool {
        if !self.blank_at(at + 1) || at + 1 >= self.lines.len() {
            return false;
        }
        let next = (at + 1..at + 4).find(|i| !self.blank_at(*i));
        let follows =
            |mark| matches!(mark, Marker::Item { ordered: true, number: n, .. } if n == number.saturating_add(1));
        next.is_some_and(|next| !self.marker_at(next).is_some_and(follows))
    }

    fn heading(&mut self, at: usize, level: u8, title: &str) -> Result<(), Unreadable> {
        self.close()?;
        let text = self.inline(title);
        self.trail.leave_list();
        let headings = self.trail.enter(level, &text);
        (self.sink)(Block { kind: SegmentKind::Heading, text, first: at, last: at, headings, level })
    }

    fn item(&mut self, at: usize, indent: usize, text: &str) -> Result<(), Unreadable> {
        self.close_before_item(indent)?;
        self.trail.item(indent);
        self.open = Some(Open { kind: SegmentKind::ListItem, text: text.to_owned(), first: at, last: at, indent });
        Ok(())
    }

    /// Underlines the line above it, or divides.
    fn rule(&mut self, at: usize, mark: char) -> Result<(), Unreadable> {
        let underlines = self.rules.markup || self.rules.loose_headings;
        if underlines
            && matches!(mark, '=' | '-')
            && self.in_paragraph()
            && let Some(open) = self.open.take_if(|open| open.first == open.last && open.text.chars().count() <= 120)
        {
            return self
                .heading(open.first, if mark == '=' { 1 } else { 2 }, &open.text)
                .map(|()| self.after_blank = at == open.last);
        }
        self.close()
    }

    /// The line of times of a caption, with the number above it: kept, but no text of anybody.
    fn cue(&mut self, at: usize, text: &str) -> Result<(), Unreadable> {
        let number = self.open.take_if(|open| open.first == open.last && open.text.bytes().all(|b| b.is_ascii_digit()));
        self.close()?;
        let first = number.map_or(at, |open| open.first);
        self.emit(SegmentKind::Boilerplate, text.trim().to_owned(), first, at)
    }

    fn fenced(&mut self, at: usize, mark: char, length: usize) -> Result<usize, Unreadable> {
        self.close()?;
        let margin = self.lines.get(at).map_or(0, |line| indent(line.text));
        let closes = |text: &str| matches!(marker(text), Marker::Fence { mark: m, length: l, info: "" } if m == mark && l >= length);
        let mut end = at + 1;
        let mut code = String::new();
        while let Some(line) = self.lines.get(end).filter(|line| !closes(line.text)) {
            code.push_str(dedent(line.text, margin));
            code.push('\n');
            end += 1;
        }
        self.emit(SegmentKind::Code, code, at, end.min(self.lines.len().saturating_sub(1)))?;
        Ok(end + 1)
    }

    fn indented_code(&mut self, at: usize) -> Result<usize, Unreadable> {
        let mut code = String::new();
        let (mut next, mut last) = (at, at);
        while let Some(line) = self.lines.get(next) {
            let blank = line.text.trim().is_empty();
            if !blank && indent(line.text) < 4 {
                break;
            }
            code.push_str(dedent(line.text, 4));
            code.push('\n');
            if !blank {
                last = next;
            }
            next += 1;
        }
        self.emit(SegmentKind::Code, code, at, last)?;
        self.after_blank = true;
        Ok(next)
    }

    /// A comment: no reader of the rendered page sees it, so it counts for nothing, but nothing is lost.
    fn comment(&mut self, at: usize) -> Result<usize, Unreadable> {
        self.close()?;
        let mut text = String::new();
        let mut end = at;
        while let Some(line) = self.lines.get(end) {
            join(&mut text, line.text.trim(), false);
            end += 1;
            if line.text.contains("-->") {
                break;
            }
        }
        self.emit(SegmentKind::Boilerplate, text, at, end - 1)?;
        Ok(end)
    }

    fn quote(&mut self, at: usize) -> Result<usize, Unreadable> {
        self.close()?;
        let mut inner = Vec::new();
        for line in self.lines.get(at..).unwrap_or_default() {
            let Marker::Quote { text } = marker(line.text) else { break };
            inner.push(Line { text, ..*line });
        }
        let next = at + inner.len();
        if self.depth < MAX_DEPTH {
            let trail = Trail::new(&self.trail.headings());
            let sink = &mut *self.sink;
            let mut quoted = |mut block: Block| {
                block.kind = SegmentKind::Quoted;
                block.level = 0;
                block.first += at;
                block.last += at;
                sink(block)
            };
            let mut parser = Parser {
                lines: &inner,
                rules: self.rules,
                trail,
                open: None,
                after_blank: true,
                sink: &mut quoted,
                depth: self.depth + 1,
            };
            parser.run()?;
        } else {
            let text = inner.iter().map(|line| line.text.trim_start_matches(['>', ' '])).collect::<Vec<_>>().join(" ");
            self.emit(SegmentKind::Quoted, text, at, next - 1)?;
        }
        Ok(next)
    }

    /// Whether a table without leading bars starts here: its second line is made of dashes and bars.
    fn table_starts(&self, at: usize) -> bool {
        let next = self.lines.get(at + 1).map_or("", |line| line.text.trim());
        self.lines.get(at).is_some_and(|line| line.text.contains('|')) && is_table_rule(next)
    }

    fn rows(&mut self, at: usize) -> Result<usize, Unreadable> {
        self.close()?;
        let mut next = at;
        while let Some(line) = self.lines.get(next).filter(|line| line.text.contains('|')) {
            let text = line.text.trim();
            if !is_table_rule(text) {
                let cells = cells(text);
                self.emit(SegmentKind::TableRow, cells.join(" | "), next, next)?;
            }
            next += 1;
        }
        Ok(next.max(at + 1))
    }

    /// Ends what is open before an item, remembering a line that leads in the list.
    fn close_before_item(&mut self, indent: usize) -> Result<(), Unreadable> {
        let lead = self.open.as_ref().filter(|open| open.text.ends_with([':', '：'])).map(|open| {
            let under = open.kind == SegmentKind::ListItem;
            (self.inline(&open.text), if under { open.indent + 1 } else { 0 })
        });
        self.close()?;
        if let Some((lead, under)) = lead
            && indent >= under
        {
            self.trail.lead(under, &lead);
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Unreadable> {
        let Some(open) = self.open.take() else { return Ok(()) };
        if open.text.ends_with([':', '：']) && self.list_after(open.last) {
            let under = if open.kind == SegmentKind::ListItem { open.indent + 1 } else { 0 };
            let lead = self.inline(&open.text);
            self.emit(open.kind, open.text, open.first, open.last)?;
            self.trail.lead(under, &lead);
            return Ok(());
        }
        self.emit(open.kind, open.text, open.first, open.last)
    }

    fn inline(&self, text: &str) -> String {
        if self.rules.markup { inline::plain(text) } else { text.to_owned() }
    }

    fn emit(&mut self, kind: SegmentKind, text: String, first: usize, last: usize) -> Result<(), Unreadable> {
        let text = match kind {
            SegmentKind::Code | SegmentKind::Boilerplate => text,
            _ => self.inline(&text),
        };
        if text.trim().is_empty() {
            return Ok(());
        }
        let headings = self.trail.headings();
        (self.sink)(Block { kind, text, first, last, headings, level: 0 })
    }
}

fn is_table_rule(text: &str) -> bool {
    text.contains('-') && text.contains('|') && text.chars().all(|c| matches!(c, '-' | '|' | ':' | ' ' | '\t' | '+'))
}

fn cells(row: &str) -> Vec<String> {
    let row = row.strip_prefix('|').unwrap_or(row);
    let row = row.strip_suffix('|').filter(|inside| !inside.ends_with('\\')).unwrap_or(row);
    row.replace("\\|", "\u{1}").split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
}

fn dedent(line: &str, margin: usize) -> &str {
    let space = line.chars().take(margin).take_while(|c| c.is_whitespace()).map(char::len_utf8).sum();
    line.get(space..).unwrap_or(line).trim_end()
}

/// Appends a line to a paragraph: with a space, but not between Chinese or Japanese characters; a word divided at the
/// end of the line is put together when `hyphenated`.
pub(super) fn join(text: &mut String, line: &str, hyphenated: bool) {
    let next = line.chars().next();
    let mut tail = text.chars().rev();
    let (last, before) = (tail.next(), tail.next());
    let lower = |c: Option<char>| c.is_some_and(char::is_lowercase);
    if hyphenated && matches!(last, Some('-' | '\u{2010}')) && lower(before) && lower(next) {
        text.pop();
    } else if !(text.is_empty() || is_ideograph(last) && is_ideograph(next)) {
        text.push(' ');
    }
    text.push_str(line);
}

fn is_ideograph(c: Option<char>) -> bool {
    c.is_some_and(|c| matches!(c, '\u{3000}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FFEF}'))
}

#[cfg(test)]
mod tests;
