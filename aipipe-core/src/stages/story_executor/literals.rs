//! Text of unknown origin made safe for the place it is written to.
//!
//! Titles, criteria and enumeration values come from documents, so each may hold quotes, backslashes, comment ends,
//! line breaks or characters that turn the reading direction. Every filter here has one place it is safe in.

use std::fmt::Write as _;

/// Characters that are invisible, end a line or turn the reading direction: never written as they are.
fn is_hidden(c: char) -> bool {
    c.is_control() || crate::domain::is_invisible(c)
}

/// A double-quoted string literal that JSON, TypeScript and JavaScript read alike.
pub(super) fn json_string(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for c in text.chars() {
        match c {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            c if is_hidden(c) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(literal, "\\u{unit:04x}");
                }
            }
            c => literal.push(c),
        }
    }
    literal.push('"');
    literal
}

/// A Python string literal, with the quotes the formatter prefers: double, unless that takes more escapes.
pub(super) fn python_string(text: &str) -> String {
    let count = |quote| text.chars().filter(|c| *c == quote).count();
    let quote = if count('"') > count('\'') { '\'' } else { '"' };
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push(quote);
    for c in text.chars() {
        match c {
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            c if c == quote => {
                literal.push('\\');
                literal.push(c);
            }
            c if is_hidden(c) => {
                let code = u32::from(c);
                let _ = if code > 0xFFFF { write!(literal, "\\U{code:08x}") } else { write!(literal, "\\u{code:04x}") };
            }
            c => literal.push(c),
        }
    }
    literal.push(quote);
    literal
}

/// One line without hidden characters, runs of white space made one space.
pub(super) fn one_line(text: &str) -> String {
    let visible: String = text
        .chars()
        .filter(|c| c.is_whitespace() || matches!(c, '\u{2028}' | '\u{2029}') || !is_hidden(*c))
        .map(|c| if c.is_whitespace() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One line that ends neither a `/* … */` comment nor (being one line) a `//` or `#` comment.
pub(super) fn comment(text: &str) -> String {
    one_line(text).replace("*/", "* /")
}

/// One line for between the `"""` of a Python docstring: no double quote, every backslash doubled.
pub(super) fn docstring(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('"', "'")
}

/// One line of Markdown that shows the text and means nothing else, in running text and in table cells.
pub(super) fn markdown(text: &str) -> String {
    let line = one_line(text);
    let mut escaped = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // A zero-width joiner would be hidden; the entity keeps `@name` from becoming a mention.
            '@' => escaped.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '$' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// A text as a JavaScript literal within an attribute of HTML that stands in double quotes.
pub(super) fn in_attribute(text: &str) -> String {
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == ' ') {
        return format!("'{text}'");
    }
    json_string(text).replace('&', "&amp;").replace('"', "&quot;")
}

/// A single-quoted word of a POSIX shell, on one line.
pub(super) fn shell_word(text: &str) -> String {
    format!("'{}'", one_line(text).replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hostile() -> impl Strategy<Value = String> {
        let nasty = prop::sample::select(vec![
            "\"",
            "'",
            "\\",
            "\n",
            "\r\n",
            "*/",
            "/*",
            "\"\"\"",
            "'''",
            "${x}",
            "`",
            "\u{2028}",
            "\u{2029}",
            "\u{202e}",
            "\u{2066}",
            "\u{0}",
            "\u{7f}",
            "\u{85}",
            "#",
            "//",
            "|",
            "<script>",
            "{{ x }}",
            "{% raw %}",
            "\\u0022",
            "]]>",
            "@all",
            "\u{e0041}",
            "😀",
            "é",
            "a",
            " ",
        ]);
        prop::collection::vec(prop_oneof![nasty.prop_map(str::to_owned), any::<char>().prop_map(String::from)], 0..24)
            .prop_map(|parts| parts.concat())
    }

    /// Reads a Python literal the way Python's tokenizer does, for the escapes that are in use here.
    fn read_python(literal: &str) -> Option<String> {
        let mut chars = literal.chars();
        let quote = chars.next().filter(|c| matches!(c, '"' | '\''))?;
        let mut text = String::new();
        loop {
            match chars.next()? {
                '\\' => match chars.next()? {
                    'n' => text.push('\n'),
                    'r' => text.push('\r'),
                    't' => text.push('\t'),
                    'u' => text.push(code(&mut chars, 4)?),
                    'U' => text.push(code(&mut chars, 8)?),
                    c @ ('\\' | '"' | '\'') => text.push(c),
                    _ => return None,
                },
                c if c == quote => return chars.next().is_none().then_some(text),
                '\n' | '\r' => return None,
                c => text.push(c),
            }
        }
    }

    fn code(chars: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
        let hex: String = chars.take(digits).collect();
        char::from_u32(u32::from_str_radix(&hex, 16).ok()?)
    }

    proptest! {
        #[test]
        fn a_json_literal_reads_back_as_the_text(text in hostile()) {
            let literal = json_string(&text);
            prop_assert_eq!(serde_json::from_str::<String>(&literal).unwrap(), text);
            prop_assert!(!literal.chars().any(is_hidden));
        }

        #[test]
        fn a_python_literal_reads_back_as_the_text(text in hostile()) {
            let literal = python_string(&text);
            prop_assert_eq!(read_python(&literal), Some(text));
            prop_assert!(!literal.chars().any(is_hidden));
        }

        #[test]
        fn comments_and_docstrings_are_one_closed_line(text in hostile()) {
            for line in [comment(&text), docstring(&text), markdown(&text)] {
                prop_assert!(!line.chars().any(is_hidden));
                prop_assert_eq!(line.trim(), &line);
            }
            prop_assert!(!comment(&text).contains("*/"));
            prop_assert!(!docstring(&text).contains('"'));
            let trailing = docstring(&text).chars().rev().take_while(|c| *c == '\\').count();
            prop_assert_eq!(trailing % 2, 0, "the closing quotes would be escaped");
        }

        #[test]
        fn markdown_starts_no_html_and_no_table_cell(text in hostile()) {
            let line = markdown(&text);
            prop_assert!(!line.contains(['<', '>', '@']));
            let mut escaped = false;
            for c in line.chars() {
                prop_assert!(escaped || !matches!(c, '|' | '`' | '[' | '*'));
                escaped = c == '\\' && !escaped;
            }
        }
    }

    #[test]
    fn python_strings_take_the_quotes_the_formatter_prefers() {
        assert_eq!(python_string("it's"), "\"it's\"");
        assert_eq!(python_string("say \"hi\""), "'say \"hi\"'");
        assert_eq!(python_string("a\u{2028}b\u{e0041}"), "\"a\\u2028b\\U000e0041\"");
        assert_eq!(json_string("a\u{2028}b"), "\"a\\u2028b\"");
    }

    #[test]
    fn a_shell_word_is_one_word() {
        assert_eq!(shell_word("it's $x\n`y`"), "'it'\\''s $x `y`'");
    }
}
