//! HTML to the text a browser would show, in lines that the block rules understand.
//!
//! No tree is built: tags are read one after the other, so broken markup costs nothing and time is linear.

use mail_parser::decoders::html::add_html_token;

/// A page as text.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) title: Option<String>,
    pub(super) text: String,
    /// For each line of `text` the line of the source it started on, from 1.
    pub(super) lines: Vec<u32>,
}

/// Whether a file is an HTML page.
pub(super) fn looks_like_html(text: &str) -> bool {
    let head: String = text.trim_start().chars().take(4000).collect::<String>().to_ascii_lowercase();
    if head.starts_with("<!doctype html") || head.starts_with("<html") {
        return true;
    }
    let starts = head.starts_with('<') && !head.starts_with("<!--");
    starts
        && ["<body", "</p>", "</div>", "</td>", "<br", "</h1>", "</li>"].iter().filter(|t| head.contains(*t)).count()
            >= 2
}

/// The text of `html`. Quotes become `>` lines, list items `-` or `1.` lines, headings `#` lines, rows of cells `|` lines.
pub(super) fn to_text(html: &str) -> Page {
    let mut writer = Writer { source_line: 1, line_start: 1, ..Writer::default() };
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at_checked(at).unwrap_or((rest, ""));
        writer.text(before);
        rest = writer.markup(tag);
    }
    writer.text(rest);
    writer.end_line();
    writer.page
}

#[derive(Debug, Default)]
struct Writer {
    page: Page,
    line: String,
    source_line: u32,
    line_start: u32,
    quotes: usize,
    lists: Vec<Option<u32>>,
    marker: String,
    cells: usize,
    preformatted: bool,
    title: bool,
    no_tags_left: bool,
}

impl Writer {
    /// Reads one tag, comment or skipped element at the start of `tag`; returns what comes after it.
    fn markup<'h>(&mut self, tag: &'h str) -> &'h str {
        if tag.starts_with("<!--") {
            let end = tag.find("-->").map_or(tag.len(), |at| at + 3);
            return self.skip(tag, end);
        }
        let inner = tag.strip_prefix('<').unwrap_or(tag);
        if !inner.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
            self.text("<");
            return inner;
        }
        // A tag without an end is text, and so is every one after it.
        let end = if self.no_tags_left { None } else { tag_end(tag) };
        let Some(end) = end else {
            self.no_tags_left = true;
            self.text("<");
            return inner;
        };
        let name: String = inner
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '/')
            .take(12)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        if matches!(name.as_str(), "script" | "style" | "template" | "noscript") {
            let body = tag.get(end..).unwrap_or_default();
            let close = find_close(body, &name).map_or(tag.len(), |at| end + at);
            return self.skip(tag, close);
        }
        let attributes = tag.get(..end).unwrap_or_default();
        self.element(name.trim_end_matches('/'), attributes);
        self.skip(tag, end)
    }

    fn skip<'h>(&mut self, text: &'h str, end: usize) -> &'h str {
        let (skipped, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        self.count_lines(skipped);
        rest
    }

    fn count_lines(&mut self, text: &str) {
        let lines = text.bytes().filter(|b| *b == b'\n').count();
        self.source_line = self.source_line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
    }

    fn element(&mut self, name: &str, tag: &str) {
        match name {
            "br" => self.end_line(),
            "p" | "/p" | "table" | "/table" | "hr" | "section" | "/section" | "article" | "/article" | "dl" | "/dl" => {
                self.blank_line();
                if name == "hr" {
                    self.line.push_str("________________________________");
                    self.blank_line();
                }
            }
            "div" | "/div" | "tr" | "header" | "/header" | "footer" | "/footer" | "dt" | "dd" | "body" | "/body" => {
                self.end_line();
            }
            "/tr" => self.end_row(),
            "td" | "th" => self.cell(),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.blank_line();
                let level = name.chars().last().and_then(|c| c.to_digit(10)).unwrap_or(1);
                self.marker = format!("{} ", "#".repeat(level as usize));
            }
            "/h1" | "/h2" | "/h3" | "/h4" | "/h5" | "/h6" => {
                self.blank_line();
                self.marker.clear();
            }
            "ul" | "ol" => {
                if self.lists.is_empty() {
                    self.blank_line();
                } else {
                    self.end_line();
                }
                if self.lists.len() < 20 {
                    self.lists.push((name == "ol").then_some(1));
                }
            }
            "/ul" | "/ol" => {
                self.lists.pop();
                if self.lists.is_empty() {
                    self.blank_line();
                } else {
                    self.end_line();
                }
            }
            "li" => {
                self.end_line();
                let indent = "   ".repeat(self.lists.len().saturating_sub(1));
                self.marker = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number = number.saturating_add(1);
                        format!("{indent}{}. ", *number - 1)
                    }
                    _ => format!("{indent}- "),
                };
            }
            "/li" => {
                self.end_line();
                self.marker.clear();
            }
            "blockquote" => {
                self.blank_line();
                self.quotes = (self.quotes + 1).min(20);
            }
            "/blockquote" => {
                self.end_line();
                self.quotes = self.quotes.saturating_sub(1);
                self.blank_line();
            }
            "pre" => {
                self.blank_line();
                self.preformatted = true;
                self.line.push_str("```");
                self.end_line();
            }
            "/pre" if self.preformatted => {
                self.end_line();
                self.preformatted = false;
                self.line.push_str("```");
                self.blank_line();
            }
            "title" => self.title = true,
            "/title" => self.title = false,
            "img" => {
                if let Some(alt) = attribute(tag, "alt=") {
                    self.text(alt);
                }
            }
            _ => {}
        }
    }

    fn cell(&mut self) {
        self.cells += 1;
        if !self.line.trim().is_empty() {
            self.line.push_str(" | ");
        }
    }

    fn end_row(&mut self) {
        if self.cells > 1 && self.line.contains(" | ") {
            self.line = format!("| {} |", self.line.trim().trim_end_matches('|').trim_end());
        }
        self.cells = 0;
        self.end_line();
    }

    fn text(&mut self, text: &str) {
        if self.title {
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let mut title = String::new();
            entities(&words, &mut title);
            if !title.is_empty() && self.page.title.is_none() {
                self.page.title = Some(title);
            }
        } else if self.preformatted {
            for (at, line) in text.split('\n').enumerate() {
                if at > 0 {
                    self.end_line();
                    self.source_line = self.source_line.saturating_add(1);
                }
                self.start();
                entities(line, &mut self.line);
            }
            return;
        } else {
            let mut space = text.starts_with(char::is_whitespace);
            for word in text.split_whitespace() {
                self.start();
                if space && !self.line.is_empty() && !self.line.ends_with(' ') {
                    self.line.push(' ');
                }
                entities(word, &mut self.line);
                space = true;
            }
            if text.ends_with(char::is_whitespace) && !self.line.is_empty() && !self.line.ends_with(' ') {
                self.line.push(' ');
            }
        }
        self.count_lines(text);
    }

    fn start(&mut self) {
        if self.line.is_empty() {
            self.line_start = self.source_line;
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let text = if self.preformatted { line.as_str() } else { line.trim() };
        if text.is_empty() && !self.preformatted {
            return;
        }
        let marker = std::mem::take(&mut self.marker);
        self.write_line(&marker, text);
    }

    fn write_line(&mut self, marker: &str, text: &str) {
        for _ in 0..self.quotes {
            self.page.text.push_str("> ");
        }
        self.page.text.push_str(marker);
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                self.page.text.push(' ');
            }
            self.page.text.push_str(line);
        }
        self.page.text.push('\n');
        self.page.lines.push(self.line_start.max(1));
    }

    fn blank_line(&mut self) {
        self.end_line();
        if !(self.page.text.is_empty() || self.page.text.ends_with("\n\n") || self.page.text.ends_with("> \n")) {
            self.line_start = self.source_line;
            self.write_line("", "");
        }
    }
}

/// One past the `>` that ends the tag, minding quoted attributes near its start; `None` when there is none.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in tag.bytes().enumerate().take(2048) {
        match (quote, c) {
            (None, b'"' | b'\'') if at > 0 && tag.as_bytes().get(at - 1) == Some(&b'=') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, b'>') => return Some(at + 1),
            _ => {}
        }
    }
    // A long tag, or an attribute that never closes its quote: the first `>` ends it.
    tag.find('>').map(|at| at + 1)
}

fn find_close(body: &str, name: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = body.get(from..)?.find("</") {
        let start = from + at;
        let found = body.get(start + 2..start + 2 + name.len());
        if found.is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return Some(start);
        }
        from = start + 2;
    }
    None
}

fn attribute<'t>(tag: &'t str, key: &str) -> Option<&'t str> {
    let value = tag.get(tag.find(key)? + key.len()..)?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value.get(1..)?.split(quote).next().filter(|text| !text.trim().is_empty())
}

/// Appends `text` with its character references replaced.
pub(super) fn entities(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, entity) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        let end = entity.bytes().take(32).position(|b| b == b';').map(|end| end + 1);
        match end.and_then(|end| entity.split_at_checked(end)) {
            Some((entity, after)) => {
                add_html_token(out, entity.as_bytes(), false);
                rest = after;
            }
            None => {
                out.push('&');
                rest = entity.strip_prefix('&').unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_becomes_the_lines_one_sees() {
        let page = to_text(
            "<html><head><title>A &amp; B</title><style>p { color: red }</style></head>\n<body><h2>Plan</h2>\
             <p>We <b>need</b>\n a&nbsp;shop.<script>alert('<p>')</script></p><ul><li>one<li>two<ol><li>x</ol></ul>\
             <table><tr><td>a</td><td>b</td></tr></table><blockquote>old<br>words</blockquote>5 < 6</body>",
        );
        assert_eq!(page.title.as_deref(), Some("A & B"));
        let lines: Vec<&str> = page.text.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(
            lines,
            ["## Plan", "We need a\u{A0}shop.", "- one", "- two", "   1. x", "| a | b |", "> old", "> words", "5 < 6"]
        );
        assert_eq!(page.lines.len(), page.text.lines().count());
    }

    #[test]
    fn broken_markup_is_no_trap() {
        for html in ["<", "<p", "<!--", "<script>", "a & b &amp", "<a href=\"x>y</a> z", "&#xFFFFFFFF;"] {
            to_text(html);
        }
        let many = "<a b=\"".repeat(20_000);
        assert!(to_text(&many).text.len() <= many.len() + 1);
    }
}
