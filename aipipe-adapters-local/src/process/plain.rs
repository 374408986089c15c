//! Output of programs as plain text.

/// The text without escape sequences (ECMA-48) and control characters; a carriage return begins a new line.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\u{1b}' => skip_escape(&mut characters),
            '\r' if characters.peek() != Some(&'\n') => plain.push('\n'),
            '\n' | '\t' => plain.push(c),
            c if c.is_control() => {}
            c => plain.push(c),
        }
    }
    plain
}

fn skip_escape(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match characters.peek() {
        Some('[') => {
            characters.next();
            while let Some(c) = characters.next_if(|c| (' '..='~').contains(c)) {
                if ('@'..='~').contains(&c) {
                    return;
                }
            }
        }
        Some(']' | 'P' | '^' | '_' | 'X') => {
            // A string: ends with BEL or ESC \; a line's end means that it was never closed.
            while let Some(c) = characters.next_if(|c| *c != '\n') {
                if c == '\u{7}' {
                    return;
                }
                if c == '\u{1b}' {
                    characters.next_if_eq(&'\\');
                    return;
                }
            }
        }
        Some(c) if ('@'..='~').contains(c) || ('('..='/').contains(c) => {
            let designates = ('('..='/').contains(c);
            characters.next();
            if designates {
                characters.next_if(|c| c.is_ascii_alphanumeric());
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colours_and_titles_go() {
        assert_eq!(
            plain("\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7}x\u{1b}(B y\r\n50%\r100%\n\u{8}"),
            "red x y\n50%\n100%\n"
        );
    }

    proptest! {
        #[test]
        fn plain_text_has_no_controls(text in "[\\x00-\\x7f\u{80}-\u{ff}]{0,200}") {
            let plain = plain(&text);
            prop_assert!(plain.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')));
        }
    }
}
