//! What a single line of text is by its first characters.

/// A line's marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Marker<'a> {
    Blank,
    /// `## Heading`.
    Atx {
        level: u8,
        text: &'a str,
    },
    /// Opens or closes a code block.
    Fence {
        mark: char,
        length: usize,
        info: &'a str,
    },
    /// `---`, `***`, `____`, `====`.
    Rule {
        mark: char,
    },
    /// `- text`, `1. text`, `a) text`.
    Item {
        ordered: bool,
        number: u32,
        text: &'a str,
    },
    /// `1.2 text`: a numbered section or requirement.
    Numbered {
        depth: u8,
        text: &'a str,
    },
    /// `> text`.
    Quote {
        text: &'a str,
    },
    /// A line with cells.
    Row,
    /// `00:01:02.000 --> 00:01:04.000` of a caption file.
    Cue,
    Text,
}

/// The width of the white space a line starts with; a tab reaches to the next multiple of four.
pub(in super::super) fn indent(line: &str) -> usize {
    let mut width = 0;
    for c in line.chars() {
        match c {
            ' ' => width += 1,
            '\t' => width = width / 4 * 4 + 4,
            _ => break,
        }
    }
    width
}

/// The marker of `line`.
pub(in super::super) fn marker(line: &str) -> Marker<'_> {
    let text = line.trim();
    let Some(first) = text.chars().next() else { return Marker::Blank };
    let found = match first {
        '#' => atx(text),
        '`' | '~' => fence(text, first),
        '-' | '*' | '_' | '=' => rule(text, first).or_else(|| item(text)),
        '>' => Some(Marker::Quote {
            text: text.strip_prefix('>').map(|t| t.strip_prefix(' ').unwrap_or(t)).unwrap_or_default(),
        }),
        '|' => Some(Marker::Row),
        _ => item(text),
    };
    found.unwrap_or(if is_cue(text) { Marker::Cue } else { Marker::Text })
}

fn atx(text: &str) -> Option<Marker<'_>> {
    let rest = text.trim_start_matches('#');
    let level = u8::try_from(text.len() - rest.len()).ok().filter(|level| (1..=6).contains(level))?;
    if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
        return None;
    }
    let rest = rest.trim();
    let bare = rest.trim_end_matches('#');
    let heading = if bare.is_empty() || bare.ends_with(' ') { bare.trim_end() } else { rest };
    Some(Marker::Atx { level, text: heading })
}

fn fence(text: &str, mark: char) -> Option<Marker<'_>> {
    let info = text.trim_start_matches(mark);
    let length = text.len() - info.len();
    // ```code``` on one line is a code span.
    (length >= 3 && !info.contains('`')).then(|| Marker::Fence { mark, length, info: info.trim() })
}

fn rule(text: &str, mark: char) -> Option<Marker<'_>> {
    let marks = text.chars().filter(|c| *c == mark).count();
    let only = text.chars().all(|c| c == mark || c == ' ');
    (only && marks >= 3).then_some(Marker::Rule { mark })
}

fn item(text: &str) -> Option<Marker<'_>> {
    let bullet = text.strip_prefix(['-', '*', '+', '•', '◦', '▪', '‣', '●', '○', '■', '–', '·', '∙', '\u{F0B7}']);
    if let Some(rest) = bullet {
        let rest =
            rest.strip_prefix([' ', '\t']).or_else(|| text.starts_with(['•', '●', '▪', '\u{F0B7}']).then_some(rest))?;
        return Some(Marker::Item { ordered: false, number: 0, text: task(rest.trim()) });
    }
    let open = text.strip_prefix('(');
    let body = open.unwrap_or(text);
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=9).contains(&digits) {
        let (number, rest) = body.split_at_checked(digits)?;
        if let Some(found) = open.is_none().then(|| numbered(number, rest)).flatten() {
            return Some(found);
        }
        let rest = match open {
            Some(_) => rest.strip_prefix(')')?,
            None => rest.strip_prefix(['.', ')', '、'])?,
        };
        let rest = spaced(rest)?;
        return Some(Marker::Item { ordered: true, number: number.parse().unwrap_or(u32::MAX), text: task(rest) });
    }
    let letters = body.bytes().take_while(u8::is_ascii_lowercase).count();
    let (letters, rest) = body.split_at_checked(letters)?;
    let roman = letters.len() <= 4 && letters.bytes().all(|b| matches!(b, b'i' | b'v' | b'x'));
    if letters.is_empty() || !(letters.len() == 1 || roman) {
        return None;
    }
    let rest = spaced(rest.strip_prefix(')')?)?;
    Some(Marker::Item { ordered: true, number: 0, text: task(rest) })
}

/// `1.2 text` or `1.2.3. text`; `rest` is what follows the first number.
fn numbered<'a>(_first: &str, rest: &'a str) -> Option<Marker<'a>> {
    let mut depth = 1u8;
    let mut rest = rest;
    while let Some(after) = rest.strip_prefix('.') {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits > 3 || depth >= 6 {
            break;
        }
        rest = after.split_at_checked(digits)?.1;
        depth += 1;
    }
    let rest = rest.strip_prefix(['.', ')', ':']).unwrap_or(rest);
    let text = spaced(rest)?;
    // "3.5 million" and "2.0 is out" are numbers, sections start with a capital (or a script without any).
    let capital = text.chars().find(|c| c.is_alphabetic()).is_some_and(|c| !c.is_lowercase());
    (depth >= 2 && capital).then_some(Marker::Numbered { depth, text })
}

fn spaced(rest: &str) -> Option<&str> {
    rest.starts_with([' ', '\t']).then(|| rest.trim()).filter(|text| !text.is_empty())
}

/// An item's text without its check box.
fn task(text: &str) -> &str {
    let rest = ["[ ]", "[x]", "[X]"].iter().find_map(|mark| text.strip_prefix(mark));
    rest.filter(|rest| rest.starts_with(' ')).map_or(text, str::trim)
}

fn is_cue(text: &str) -> bool {
    text.split_once("-->").is_some_and(|(from, to)| {
        let time = |part: &str| {
            let part = part.split_whitespace().next().unwrap_or_default();
            part.contains(':') && part.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | ','))
        };
        time(from) && time(to)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        let item = |number, ordered, text| Marker::Item { ordered, number, text };
        for (line, expected) in [
            ("", Marker::Blank),
            ("## Goals ##", Marker::Atx { level: 2, text: "Goals" }),
            ("#hashtag", Marker::Text),
            ("```rust", Marker::Fence { mark: '`', length: 3, info: "rust" }),
            ("- - -", Marker::Rule { mark: '-' }),
            ("-- not a rule", Marker::Text),
            ("- [x] done", item(0, false, "done")),
            ("3) third", item(3, true, "third")),
            ("(2) second", item(2, true, "second")),
            ("a) first", item(0, true, "first")),
            ("1.2 Feature list", Marker::Numbered { depth: 2, text: "Feature list" }),
            ("1.2.3. The system shall", Marker::Numbered { depth: 3, text: "The system shall" }),
            ("3.5 million users", Marker::Text),
            ("2026. március", item(2026, true, "március")),
            ("-dash", Marker::Text),
            ("> said", Marker::Quote { text: "said" }),
            ("00:00:01.000 --> 00:00:04.500 align:start", Marker::Cue),
        ] {
            assert_eq!(marker(line), expected, "{line}");
        }
    }
}
