//! JSON with comments and trailing commas, as `tsconfig.json` is written.

/// Returns the text with comments and trailing commas blanked out; strings are left alone.
pub(super) fn strip_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    // Where the last comma stands in `out`, while nothing but space followed it.
    let mut comma: Option<usize> = None;
    while let Some(c) = characters.next() {
        match c {
            '"' => {
                comma = None;
                out.push(c);
                while let Some(inner) = characters.next() {
                    out.push(inner);
                    match inner {
                        '\\' => out.extend(characters.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '/' if characters.peek() == Some(&'/') => {
                while characters.peek().is_some_and(|next| *next != '\n') {
                    characters.next();
                }
            }
            '/' if characters.peek() == Some(&'*') => {
                characters.next();
                let mut last = ' ';
                for inner in characters.by_ref() {
                    if last == '*' && inner == '/' {
                        break;
                    }
                    last = inner;
                }
                out.push(' ');
            }
            '}' | ']' => {
                if let Some(at) = comma.take() {
                    out.replace_range(at..=at, " ");
                }
                out.push(c);
            }
            ',' => {
                comma = Some(out.len());
                out.push(c);
            }
            c => {
                if !c.is_whitespace() {
                    comma = None;
                }
                out.push(c);
            }
        }
    }
    out
}

/// The text without the mark some editors put before it.
pub(super) fn strip_bom(text: &str) -> &str {
    text.strip_prefix('\u{FEFF}').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::strip_comments;

    #[test]
    fn comments_and_trailing_commas_go_and_strings_stay() {
        let text = "{ // x\n \"a\": \"// no, ]\", /* , */ \"b\": [1, 2, /* y */ ], }";
        let value: serde_json::Value = serde_json::from_str(&strip_comments(text)).unwrap();
        assert_eq!(value, serde_json::json!({ "a": "// no, ]", "b": [1, 2] }));
    }
}
