//! Pieces of text by where they stand, put together to words, lines and paragraphs.
//!
//! The order in which a page is drawn is kept: programs write columns one after the other, and sorting by height would
//! mix them. A piece that goes on at the same height belongs to the line before it.

use super::super::blocks::is_title;
use std::collections::HashMap;

/// A piece of text and where it starts and ends, in a frame turned so that it runs to the right.
#[derive(Debug, Clone)]
pub(super) struct Run {
    text: String,
    x: f32,
    y: f32,
    end: f32,
    height: f32,
    /// The direction it runs in, in quarter turns, so that turned text is not mixed with the rest.
    turn: u8,
    bold: bool,
}

impl Run {
    pub(super) fn bold(mut self, bold: bool) -> Self {
        self.bold = bold;
        self
    }

    pub(super) fn new(text: String, start: [f32; 2], end: [f32; 2], direction: [f32; 2], height: f32) -> Self {
        let [a, b] = direction;
        let turn = match (a.abs() >= b.abs(), a >= 0.0, b >= 0.0) {
            (true, true, _) => 0,
            (false, _, true) => 1,
            (true, false, _) => 2,
            (false, _, false) => 3,
        };
        let turned = |[x, y]: [f32; 2]| match turn {
            0 => (x, y),
            1 => (y, -x),
            2 => (-x, -y),
            _ => (-y, x),
        };
        let ((x, y), (end, _)) = (turned(start), turned(end));
        Self { text, x, y, end, height: if height > 0.1 { height } else { 1.0 }, turn, bold: false }
    }
}

/// A line of text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TextLine {
    pub(super) text: String,
    /// There is more space above it than between the lines of a paragraph.
    pub(super) apart: bool,
    /// Level of a heading, judged by size and weight; 0 for anything else.
    pub(super) level: u8,
    /// All of it is bold.
    bold: bool,
    /// Where wide gaps divide it, in bytes.
    gaps: Vec<usize>,
    y: f32,
    x: f32,
    height: f32,
}

impl TextLine {
    fn new(run: &Run) -> Self {
        let text = run.text.clone();
        Self { text, apart: false, level: 0, bold: run.bold, gaps: Vec::new(), y: run.y, x: run.x, height: run.height }
    }

    /// The cells of a table's row.
    pub(super) fn cells(&self) -> Vec<&str> {
        let mut cells = Vec::new();
        let mut start = 0;
        for end in self.gaps.iter().copied().chain([self.text.len()]) {
            cells.extend(self.text.get(start..end).map(str::trim).filter(|cell| !cell.is_empty()));
            start = end;
        }
        cells
    }
}

/// Makes lines of the pieces of a page.
pub(super) fn lines(runs: Vec<Run>) -> Vec<TextLine> {
    let mut lines: Vec<TextLine> = Vec::new();
    let mut last: Option<Run> = None;
    for run in runs {
        if run.text.trim().is_empty() {
            // A space says that the next piece is another word.
            if let (Some(line), Some(before)) = (lines.last_mut(), &mut last)
                && same_line(before, &run)
                && !line.text.ends_with(' ')
            {
                line.text.push(' ');
                before.end = before.end.max(run.end);
            }
            continue;
        }
        match (&last, lines.last_mut()) {
            (Some(before), Some(line)) if same_line(before, &run) => {
                let gap = run.x - before.end;
                // The same piece drawn twice, a little aside, is how some programs print bold.
                if before.text == run.text && (run.x - before.x).abs() < run.height * 0.1 {
                    continue;
                }
                let space = gap > run.height * 0.18 && !line.text.ends_with(' ') && !run.text.starts_with(' ');
                if gap > run.height * 1.6 {
                    line.gaps.push(line.text.len());
                }
                if space {
                    line.text.push(' ');
                }
                line.bold &= run.bold;
                line.text.push_str(&run.text);
                line.height = line.height.max(run.height);
            }
            _ => lines.push(TextLine::new(&run)),
        }
        last = Some(run);
    }
    lines.retain(|line| !line.text.trim().is_empty());
    mark_paragraphs(&mut lines);
    lines
}

fn same_line(before: &Run, run: &Run) -> bool {
    let height = before.height.max(run.height);
    before.turn == run.turn
        && (run.y - before.y).abs() < height * 0.45
        && run.x > before.x - height
        && run.x - before.end < height * 30.0
}

/// Finds the usual distance between lines; where there is clearly more, or the size changes, a paragraph ends.
fn mark_paragraphs(lines: &mut [TextLine]) {
    let mut gaps: Vec<f32> = lines
        .windows(2)
        .filter_map(|pair| match pair {
            [a, b] => Some(a.y - b.y).filter(|gap| *gap > 0.0),
            _ => None,
        })
        .collect();
    gaps.sort_by(f32::total_cmp);
    // The lower third: pages of headings and lists have more wide gaps than narrow ones.
    let Some(usual) = gaps.get(gaps.len() / 3).copied() else { return };
    let mut before: Option<(f32, f32, f32)> = None;
    for line in lines {
        if let Some((y, x, height)) = before {
            let gap = y - line.y;
            let large = height.max(line.height);
            let sized = (height - line.height).abs() > 0.12 * large;
            let column = gap < -0.5 * large || (line.x - x).abs() > 20.0 * large;
            line.apart = gap > usual * 1.25 + 0.05 * large || sized || column;
        }
        before = Some((line.y, line.x, line.height));
    }
}

/// Marks the headings of a document: short lines that are larger than its text, or bold and apart.
pub(super) fn mark_headings(pages: &mut [(u32, Vec<TextLine>)]) {
    let mut sizes: HashMap<u32, usize> = HashMap::new();
    for line in pages.iter().flat_map(|(_, lines)| lines) {
        *sizes.entry(half_points(line.height)).or_insert(0) += line.text.len();
    }
    let Some(body) = sizes.iter().max_by_key(|(size, length)| (**length, **size)).map(|(size, _)| *size) else {
        return;
    };
    let plain = |line: &TextLine| {
        let letters = line.text.chars().filter(|c| c.is_alphabetic()).count();
        let inner = line.text.trim_end_matches([':', ' ']);
        line.gaps.is_empty() && letters >= 3 && !inner.contains([':', '@']) && !inner.contains("www.")
    };
    let titled = |line: &TextLine| plain(line) && is_title(&line.text);
    // Large titles run over several lines.
    let large = |line: &TextLine| {
        let whole = is_title(line.text.trim_end_matches(','));
        half_points(line.height) * 10 >= body * 11 + 5 && plain(line) && whole
    };
    let mut larger: Vec<u32> = pages
        .iter()
        .flat_map(|(_, lines)| lines)
        .filter(|line| large(line))
        .map(|line| half_points(line.height))
        .collect();
    larger.sort_unstable_by(|a, b| b.cmp(a));
    larger.dedup();
    for (_, lines) in pages {
        let next: Vec<bool> = lines.iter().skip(1).map(|line| line.apart).chain([true]).collect();
        let mut before_apart = true;
        for (line, next_apart) in lines.iter_mut().zip(next) {
            let rank = larger.iter().position(|size| *size == half_points(line.height));
            let rank = rank.and_then(|rank| u8::try_from(rank + 1).ok()).unwrap_or(6);
            let alone = line.apart || before_apart;
            if large(line) {
                line.level = rank.clamp(1, 5);
            } else if line.bold && alone && titled(line) && (next_apart || line.text.split_whitespace().count() <= 6) {
                line.level = 6;
            }
            before_apart = false;
        }
    }
}

fn half_points(height: f32) -> u32 {
    // Sizes are small and positive; a broken one counts as none.
    let size = (height * 2.0).round();
    (0..=4000u16).find(|points| f32::from(*points) >= size).map_or(0, u32::from)
}

/// Lines that stand at the top or bottom of many pages: page numbers, running titles.
#[derive(Debug, Default)]
pub(super) struct Running {
    edges: HashMap<String, usize>,
    least: usize,
}

impl Running {
    /// Whether a line at the edge of its page is such a line.
    pub(super) fn contains(&self, line: &TextLine, first: bool, last: bool) -> bool {
        (first || last)
            && line.text.chars().count() <= 90
            && self.edges.get(&shape(&line.text)).is_some_and(|pages| *pages >= self.least)
    }
}

/// The lines that repeat at the edges of `pages`, numbers apart.
pub(super) fn running_lines(pages: &[(u32, Vec<TextLine>)]) -> Running {
    let mut edges = HashMap::new();
    for (_, lines) in pages {
        let last = lines.len().saturating_sub(1);
        let edge = |at: usize| at <= 1 || at + 1 >= last;
        let mut shapes: Vec<String> =
            lines.iter().enumerate().filter(|(at, _)| edge(*at)).map(|(_, line)| shape(&line.text)).collect();
        shapes.sort_unstable();
        shapes.dedup();
        for shape in shapes {
            *edges.entry(shape).or_insert(0) += 1;
        }
    }
    Running { edges, least: 3.max(pages.len() / 2) }
}

/// A line with its numbers made equal.
fn shape(text: &str) -> String {
    let mut out = String::new();
    for c in text.trim().chars().take(120) {
        let c = if c.is_ascii_digit() { '0' } else { c };
        if !(c == '0' && out.ends_with('0')) {
            out.push(c);
        }
    }
    out
}
