//! Markdown's inline markup, taken off: emphasis marks, links, images, escapes. Code spans keep their back-ticks.

/// `text` without emphasis marks; links become `text (address)`, images their description.
pub(super) fn plain(text: &str) -> String {
    if !text.contains(['*', '_', '[', '\\', '~', '<', '&']) {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    let closers = bracket_pairs(&chars);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        match c {
            '\\' if next.is_some_and(|n| n.is_ascii_punctuation()) => {
                out.extend(next);
                at += 2;
            }
            '`' => at = copy_code(&chars, at, &mut out),
            '*' | '_' | '~' => at = emphasis(&chars, at, &mut out),
            '!' if next == Some('[') && closers.get(at + 1).copied().flatten().is_some() => at += 1,
            '[' => match closers.get(at).copied().flatten() {
                Some(close) => {
                    let label: String = chars.get(at + 1..close).unwrap_or_default().iter().collect();
                    let (address, end) = link_target(&chars, close + 1);
                    match address {
                        Some(address) => {
                            let label = emphasis_free(&label);
                            out.push_str(&label);
                            if address.contains("://") && !label.contains(&address) {
                                out.push_str(&format!(" ({address})"));
                            }
                            at = end;
                        }
                        None => {
                            out.push('[');
                            at += 1;
                        }
                    }
                }
                None => {
                    out.push('[');
                    at += 1;
                }
            },
            '<' => at = tag(&chars, at, &mut out),
            c => {
                out.push(c);
                at += 1;
            }
        }
    }
    out
}

/// Where the bracket opened at each position closes.
fn bracket_pairs(chars: &[char]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; chars.len()];
    let mut open = Vec::new();
    for (at, c) in chars.iter().enumerate() {
        match c {
            '[' => open.push(at),
            ']' => {
                if let Some(start) = open.pop()
                    && let Some(slot) = pairs.get_mut(start)
                {
                    *slot = Some(at);
                }
            }
            _ => {}
        }
    }
    pairs
}

/// The address in `(address "title")` at `at`, and where it ends.
fn link_target(chars: &[char], at: usize) -> (Option<String>, usize) {
    if chars.get(at) != Some(&'(') {
        return (None, at);
    }
    let inside = chars.get(at + 1..).unwrap_or_default();
    // An address is short; looking further would make many unclosed links quadratic.
    let Some(length) = inside.iter().take(2000).position(|c| *c == ')') else { return (None, at) };
    let address: String = inside.get(..length).unwrap_or_default().iter().collect();
    let address = address.split_whitespace().next().unwrap_or_default().trim_matches(['<', '>']).to_owned();
    (Some(address), at + length + 2)
}

fn emphasis_free(label: &str) -> String {
    label.replace("**", "").replace("__", "").trim_matches(['*', '_', '~']).to_owned()
}

/// Copies a code span with its back-ticks; an unclosed one is copied as it is.
fn copy_code(chars: &[char], at: usize, out: &mut String) -> usize {
    let ticks = run(chars, at, '`');
    out.extend(std::iter::repeat_n('`', ticks));
    let mut end = at + ticks;
    // Only to the end of a reasonable span, so that unclosed ones stay linear.
    let limit = (end + 500).min(chars.len());
    let mut seek = end;
    while seek < limit {
        if chars.get(seek) == Some(&'`') {
            let length = run(chars, seek, '`');
            if length == ticks {
                out.extend(chars.get(end..seek + length).unwrap_or_default());
                end = seek + length;
                break;
            }
            seek += length;
        } else {
            seek += 1;
        }
    }
    end
}

fn run(chars: &[char], at: usize, mark: char) -> usize {
    chars.get(at..).unwrap_or_default().iter().take_while(|c| **c == mark).count()
}

/// Drops a run of emphasis marks that touches a word on one side only; inside a word or between spaces it stays.
fn emphasis(chars: &[char], at: usize, out: &mut String) -> usize {
    let Some(&mark) = chars.get(at) else { return at + 1 };
    let length = run(chars, at, mark);
    let before = at.checked_sub(1).and_then(|i| chars.get(i)).copied();
    let after = chars.get(at + length).copied();
    let space = |c: Option<char>| c.is_none_or(char::is_whitespace);
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let keep = match mark {
        '*' => (space(before) && space(after)) || length > 3 || (length == 1 && word(before) && word(after)),
        '_' => {
            length > 3
                || (word(before) && word(after))
                || (space(before) && space(after))
                || identifier(chars, at, length)
        }
        _ => length != 2,
    };
    if keep {
        out.extend(std::iter::repeat_n(mark, length));
    }
    at + length
}

/// Whether underscores belong to a name such as `_id` or `__init__.py`.
fn identifier(chars: &[char], at: usize, length: usize) -> bool {
    let rest = chars.get(at + length..).unwrap_or_default();
    let word: Vec<char> = rest.iter().copied().take(80).take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let opens = !word.is_empty();
    // An opening mark needs a closing one of the same kind in the same line of words.
    opens && !rest.iter().take(300).collect::<String>().contains(&"_".repeat(length))
}

/// `<br>` becomes a space, an automatic link its address; anything else is copied.
fn tag(chars: &[char], at: usize, out: &mut String) -> usize {
    let inside: String = chars.get(at + 1..).unwrap_or_default().iter().take(300).take_while(|c| **c != '>').collect();
    let length = inside.chars().count();
    let closed = chars.get(at + 1 + length) == Some(&'>');
    let name = inside.trim_matches('/').trim().to_ascii_lowercase();
    if closed && name == "br" {
        out.push(' ');
        return at + length + 2;
    }
    if closed && (inside.starts_with("http://") || inside.starts_with("https://") || inside.starts_with("mailto:")) {
        out.push_str(&inside);
        return at + length + 2;
    }
    out.push('<');
    at + 1
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn markup_goes_and_words_stay() {
        for (markdown, text) in [
            ("**Login**: users *must* sign in", "Login: users must sign in"),
            (
                "see [the plan](https://example.org/plan) and [that](#x)",
                "see the plan (https://example.org/plan) and that",
            ),
            ("![chart](a.png) of snake_case and _id", "chart of snake_case and _id"),
            ("`a * b` and 2 * 3 * 4, a\\*b", "`a * b` and 2 * 3 * 4, a*b"),
            ("~~old~~ new<br/>line <https://example.org>", "old new line https://example.org"),
            ("array[0] and [not a link] * x", "array[0] and [not a link] * x"),
            ("_all_ of __this__ text", "all of this text"),
        ] {
            assert_eq!(plain(markdown), text, "{markdown}");
        }
    }
}
