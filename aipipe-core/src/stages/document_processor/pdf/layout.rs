//! Pieces of text by where they stand, put together to words, lines and paragraphs.
//!
//! The order in which a page is drawn is kept: programs write columns one after the other, and sorting by height would
//! mix them. A piece that goes on at the same height belongs to the line before it.

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
}

impl Run {
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
        Self { text, x, y, end, height: if height > 0.1 { height } else { 1.0 }, turn }
    }
}

/// A line of text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TextLine {
    pub(super) text: String,
    /// There is more space above it than between the lines of a paragraph.
    pub(super) apart: bool,
    y: f32,
    x: f32,
    height: f32,
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
                if space {
                    line.text.push_str(if gap > run.height * 2.5 { "  " } else { " " });
                }
                line.text.push_str(&run.text);
                line.height = line.height.max(run.height);
            }
            _ => lines.push(TextLine { text: run.text.clone(), apart: false, y: run.y, x: run.x, height: run.height }),
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
            [a, b] => Some((a.y - b.y) / a.height.max(b.height)).filter(|gap| (0.5..4.0).contains(gap)),
            _ => None,
        })
        .collect();
    gaps.sort_by(f32::total_cmp);
    // The lower third: pages of headings and lists have more wide gaps than narrow ones.
    let usual = gaps.get(gaps.len() / 3).copied().unwrap_or(1.2);
    let mut before: Option<(f32, f32, f32)> = None;
    for line in lines {
        if let Some((y, x, height)) = before {
            let gap = (y - line.y) / height.max(line.height);
            let sized = (height - line.height).abs() > 0.12 * height.max(line.height);
            let column = gap < -0.5 || (line.x - x).abs() > 20.0 * line.height;
            line.apart = gap > usual * 1.25 + 0.05 || sized || column;
        }
        before = Some((line.y, line.x, line.height));
    }
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
        (first || last) && self.edges.get(&shape(&line.text)).is_some_and(|pages| *pages >= self.least)
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
