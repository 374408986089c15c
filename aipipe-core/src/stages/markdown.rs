//! Text of documents in Markdown: shown as it is, without becoming markup, mentions or references.

use std::fmt::Write as _;

/// Text that stands in a line of Markdown or a table cell as itself.
///
/// White space becomes single spaces. Characters of Markdown and HTML are escaped; `@name` and `#1` are broken by an
/// empty comment so that hosts neither notify people nor link issues.
pub(in crate::stages) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut previous = ' ';
    let mut gap = false;
    for c in text.trim().chars() {
        if c.is_whitespace() || c.is_control() {
            gap = true;
            continue;
        }
        if gap {
            out.push(' ');
            previous = ' ';
            gap = false;
        }
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' | '#' if !previous.is_alphanumeric() => {
                out.push(c);
                out.push_str("<!-- -->");
            }
            c if crate::domain::is_invisible(c) => {
                let _ = write!(out, "\\u{{{:04X}}}", c as u32);
            }
            c => out.push(c),
        }
        previous = c;
    }
    out
}

/// The first `max` characters of `text`, with an ellipsis when there are more.
pub(in crate::stages) fn shorten(text: &str, max: usize) -> String {
    let mut kept: String = text.chars().take(max).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    kept
}

/// Inline code; backticks in the text become apostrophes.
pub(in crate::stages) fn code(text: &str) -> String {
    let clean: String =
        text.chars().map(|c| if c == '`' { '\'' } else { c }).filter(|c| !c.is_control() && *c != '|').collect();
    format!("`{clean}`")
}

/// A fenced block that its content can't end.
pub(in crate::stages) fn fenced(text: &str) -> String {
    let longest = text.lines().map(|line| line.chars().take_while(|c| *c == '`').count()).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_text_stays_text() {
        assert_eq!(escape("a | b\n# c"), "a \\| b #<!-- --> c");
        assert_eq!(escape("ask @team, not me@example.org"), "ask @<!-- -->team, not me@example.org");
        assert_eq!(escape("closes #12 <img src=x>"), "closes #<!-- -->12 &lt;img src=x&gt;");
        assert_eq!(escape("[x](http://y) `z` **b**"), "\\[x\\](http://y) \\`z\\` \\*\\*b\\*\\*");
        assert_eq!(escape("a\u{202e}b"), "a\\u{202E}b");
        assert_eq!(shorten("äöü", 2), "äö…");
        assert!(fenced("```\nx").starts_with("````text\n"));
    }
}
