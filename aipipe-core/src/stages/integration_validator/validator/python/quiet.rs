//! What comments tell checkers to pass over, and where.

use crate::domain::TextSpan;

/// What checkers are to pass over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Quiet {
    /// That a module or a name in it may be missing.
    pub(super) imports: bool,
    /// That a name may be unknown.
    pub(super) names: bool,
    /// That nothing uses an import.
    pub(super) uses: bool,
    /// That a definition replaces another one.
    pub(super) definitions: bool,
}

impl Quiet {
    /// What either of the two says.
    fn and(self, other: Self) -> Self {
        Self {
            imports: self.imports || other.imports,
            names: self.names || other.names,
            uses: self.uses || other.uses,
            definitions: self.definitions || other.definitions,
        }
    }
}

/// More comments for whole blocks than anybody writes into a file.
const MOST_BLOCKS: usize = 100;

/// The places of a file of which checkers are to say nothing.
#[derive(Debug, Default)]
pub(super) struct QuietPlaces {
    /// Lines up to their comments, in their order.
    lines: Vec<(TextSpan, Quiet)>,
    /// What follows a comment that stands alone, up to the end of its block.
    blocks: Vec<(TextSpan, Quiet)>,
}

impl QuietPlaces {
    /// Takes in a comment; comments come in their order.
    pub(super) fn read(&mut self, text: &str, comment: TextSpan) {
        let told = comment.of(text).map(told_off).unwrap_or_default();
        if told == Quiet::default() {
            return;
        }
        let start = text.get(..comment.start).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
        self.lines.push((TextSpan { start, end: comment.start }, told));
        let before = text.get(start..comment.start).unwrap_or_default();
        let words = comment.of(text).unwrap_or_default();
        let is_for_block = words.contains("pylint:") && words.contains("disable=") && before.trim().is_empty();
        if is_for_block && self.blocks.len() < MOST_BLOCKS {
            let end = end_of_block(text, comment.end, before.len());
            self.blocks.push((TextSpan { start: comment.end, end }, told));
        }
    }

    /// What the comments of a place's lines, and those of the blocks around it, say.
    pub(super) fn at(&self, place: TextSpan) -> Quiet {
        let next = self.lines.partition_point(|(line, _)| line.end < place.start);
        let here = self.lines.iter().skip(next).take_while(|(line, _)| line.start <= place.end);
        let around = self.blocks.iter().filter(|(block, _)| block.start <= place.start && place.start < block.end);
        here.chain(around).fold(Quiet::default(), |all, (_, one)| all.and(*one))
    }
}

/// Where the block ends that goes on at a place: before a line that is indented less, or a comment that takes back.
fn end_of_block(text: &str, from: usize, indent: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let mut at = from;
    for line in rest.split_inclusive('\n') {
        let code = line.trim_start();
        let is_outside = at > from && !code.is_empty() && !code.starts_with('#') && line.len() - code.len() < indent;
        if is_outside || code.starts_with('#') && code.contains("pylint:") && code.contains("enable=") {
            return at;
        }
        at += line.len();
    }
    text.len()
}

/// What a comment tells checkers to pass over: `# noqa: F401`, `# type: ignore`, `# pylint: disable=import-error`. Flake8 knows
/// nothing of other files, so what it is told says nothing of missing ones; and order and style are no matter here.
fn told_off(comment: &str) -> Quiet {
    let mut quiet = Quiet::default();
    let comment = comment.to_lowercase();
    for part in comment.split('#').map(str::trim_start) {
        let names = |words: &[&str]| words.iter().any(|word| part.contains(word));
        if let Some(codes) = part.strip_prefix("noqa") {
            let all = !codes.trim_start().starts_with(':');
            quiet.names |= all || names(&["f821", "f405"]);
            quiet.uses |= all || names(&["f4"]);
            quiet.definitions |= all || names(&["f811"]);
        } else if part.starts_with("pylint:") {
            let all = names(&["skip-file", "=all"]);
            quiet.imports |= all || names(&["import-error", "no-name-in-module", "e0401", "e0611"]);
            quiet.names |= all || names(&["undefined-variable", "e0602"]);
            quiet.uses |= all || names(&["unused-import", "w0611"]);
            quiet.definitions |= all || names(&["function-redefined", "e0102"]);
        } else if ["type: ignore", "type:ignore", "pyright:", "ty: ignore", "ty:ignore", "mypy:"]
            .iter()
            .any(|mark| part.starts_with(mark))
        {
            quiet = Quiet { imports: true, names: true, uses: true, definitions: true };
        }
    }
    quiet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkers_are_told_what_to_pass_over() {
        let told = |comment: &str| {
            let Quiet { imports, names, uses, definitions } = told_off(comment);
            [imports, names, uses, definitions]
        };
        assert_eq!(told("# noqa"), [false, true, true, true]);
        assert_eq!(told("# noqa: E402, F401"), [false, false, true, false]);
        assert_eq!(told("# noqa: E402"), [false; 4]);
        assert_eq!(told("# isort:skip"), [false; 4]);
        assert_eq!(told("# type: ignore[import]"), [true; 4]);
        assert_eq!(told("# isort:skip # pylint: disable=import-error,wrong-import-order"), [true, false, false, false]);
    }

    #[test]
    fn a_comment_that_stands_alone_is_for_its_block() {
        let text = "import a\n# pylint: disable=import-error\nimport b\ndef f():\n    # pylint: disable=undefined-variable\n\
            \n    c\nd  # pylint: disable=undefined-variable\ne\n# pylint: enable=import-error\nimport g\n";
        let mut places = QuietPlaces::default();
        for (start, _) in text.match_indices('#') {
            let end = start + text.bytes().skip(start).position(|byte| byte == b'\n').unwrap();
            places.read(text, TextSpan { start, end });
        }
        let at = |word: &str| {
            let start = text.find(word).unwrap();
            let Quiet { imports, names, .. } = places.at(TextSpan { start, end: start + word.len() });
            (imports, names)
        };
        assert_eq!([at("import a"), at("import b"), at("import g")], [(false, false), (true, false), (false, false)]);
        assert_eq!([at("c\n"), at("d  #"), at("e\n#")], [(true, true), (true, true), (true, false)]);
    }
}
