//! Workflow commands by which a step speaks to people: `::notice …::text`, `::warning …::text`, `::error …::text`.
//!
//! GitHub shows them on the run's page; here they become part of the step's note. Other commands are output like any.

use crate::process::plain;

/// The longest line that is looked at, and the most annotations that are kept of a step.
const MAX_LINE: usize = 4096;
const MAX_KEPT: usize = 10;
const MAX_SHOWN: usize = 300;

/// Finds the annotations of a step in its output, however that is cut into pieces.
#[derive(Debug, Default)]
pub(super) struct Annotations {
    line: Vec<u8>,
    /// The line is longer than any of interest: what is left of it is passed over.
    overlong: bool,
    found: Vec<String>,
    left_out: usize,
}

impl Annotations {
    /// Takes a piece of output.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        let mut pieces = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            if !self.overlong {
                self.line.extend(piece.iter().take(MAX_LINE + 1));
                // Only a line that begins like a command is worth its memory.
                self.overlong = self.line.len() > MAX_LINE || self.line.first().is_some_and(|byte| *byte != b':');
            }
            if pieces.peek().is_some() {
                self.end_line();
            }
        }
    }

    /// What was found since the last time, in the order of the output.
    pub(super) fn finish(&mut self) -> Vec<String> {
        self.end_line();
        let mut found = std::mem::take(&mut self.found);
        if self.left_out > 0 {
            found.push(format!("{} more annotations", std::mem::take(&mut self.left_out)));
        }
        found
    }

    fn end_line(&mut self) {
        if !std::mem::take(&mut self.overlong)
            && let Some(annotation) = annotation(&String::from_utf8_lossy(&self.line))
        {
            if self.found.len() < MAX_KEPT {
                self.found.push(annotation);
            } else {
                self.left_out += 1;
            }
        }
        self.line.clear();
    }
}

/// The annotation of a line in words.
fn annotation(line: &str) -> Option<String> {
    let (command, text) = line.trim_end_matches('\r').strip_prefix("::")?.split_once("::")?;
    let (kind, properties) = command.split_once(' ').unwrap_or((command, ""));
    if !matches!(kind, "notice" | "warning" | "error") {
        return None;
    }
    let title = properties.split(',').find_map(|property| property.trim().strip_prefix("title="));
    let title = title.map(|title| format!("{}: ", unescaped(title))).unwrap_or_default();
    let shown: String =
        plain(&format!("{title}{}", unescaped(text))).replace('\n', " ").chars().take(MAX_SHOWN).collect();
    Some(format!("{kind}: {shown}"))
}

fn unescaped(text: &str) -> String {
    // The sign itself comes last, so that what it stands before is not read twice.
    let text = text.replace("%0D", " ").replace("%0A", " ").replace("%3A", ":").replace("%2C", ",");
    text.replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(output: &str) -> Vec<String> {
        let mut annotations = Annotations::default();
        annotations.take(output.as_bytes());
        annotations.finish()
    }

    #[test]
    fn notices_warnings_and_errors_are_found() {
        let output = "before\n::notice title=Audit::not there: 100%25\r\n x ::error::no\n::error file=a.ts,line=1::bad\n\
            ::set-output name=x::y\n::warning::last";
        assert_eq!(found(output), ["notice: Audit: not there: 100%", "error: bad", "warning: last"]);
        assert_eq!(found("::notice::\u{1b}[31mred\u{1b}[0m%0Anext"), ["notice: red next"]);
    }

    #[test]
    fn floods_are_counted_and_long_lines_passed_over() {
        let flood = found(&"::error::x\n".repeat(1000));
        assert_eq!((flood.len(), flood.last().map(String::as_str)), (11, Some("990 more annotations")));
        assert!(found(&format!("::error::{}\n", "x".repeat(100_000))).is_empty());
        assert_eq!(found(&format!("{}\n::error::x", "y".repeat(100_000))).len(), 1);
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            output in "((::)?(notice|error|x)?(::)?[a-z%0-9A]{0,4}\n?){0,12}",
            cuts in proptest::collection::vec(0usize..60, 0..6),
        ) {
            let mut annotations = Annotations::default();
            let mut rest = output.as_bytes();
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                annotations.take(piece);
                rest = after;
            }
            annotations.take(rest);
            prop_assert_eq!(annotations.finish(), found(&output));
        }
    }
}
