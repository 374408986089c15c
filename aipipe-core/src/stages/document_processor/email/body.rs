//! Cuts the body of a message into own words, quoted history and signature.

use super::super::Unreadable;
use super::super::blocks::{Rules, read_blocks};
use super::super::decode::{Line, Lines};
use super::super::draft::{Draft, Piece};
use super::attribution::{Intro, intro};
use super::closing::{before_disclaimers, is_device_note, is_disclaimer, own_lines};
use crate::domain::{Place, SegmentKind, TextSpan, Timestamp};

/// Quotes within quotes are followed this far.
const MAX_DEPTH: usize = 12;

/// Who wrote what is being read.
#[derive(Debug, Clone)]
pub(in super::super) struct Author {
    /// The message; `None` for mail pasted into a text file, whose places are lines.
    pub(super) index: Option<u32>,
    pub(super) name: Option<String>,
    pub(super) at: Option<Timestamp>,
    pub(super) headings: Vec<String>,
    /// How its lines are to be read.
    pub(super) rules: Rules,
}

/// Reads the body of a message by `author`.
pub(super) fn read(text: &str, author: &Author, draft: &mut Draft<'_>) -> Result<(), Unreadable> {
    let lines = Lines::of_text(text, draft.limits())?;
    draft.removed.control += lines.removed.control;
    draft.removed.invisible += lines.removed.invisible;
    let view = lines.lines();
    section(&view, author, Voice::Own, draft, 0)
}

/// Reads the lines of a text file that somebody pasted mail into.
pub(in super::super) fn read_pasted(lines: &[Line<'_>], draft: &mut Draft<'_>) -> Result<(), Unreadable> {
    let author = Author { index: None, name: None, at: None, headings: Vec::new(), rules: Rules::MAIL };
    section(lines, &author, Voice::Own, draft, 0)
}

/// Whether a text holds pasted mail: an introduction of older words that mail programs write.
pub(in super::super) fn holds_mail(lines: &[Line<'_>]) -> bool {
    let texts: Vec<&str> = lines.iter().map(|line| line.text).collect();
    let text = |at: usize| texts.get(at..).unwrap_or_default();
    (0..texts.len()).any(|at| {
        let divided = texts.get(at).is_some_and(|line| line.starts_with('-'));
        intro(text(at)).is_some_and(|found| found.speaker.is_some() || found.lines > 1 || divided)
    })
}

/// Whether words are the sender's or somebody's before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voice {
    Own,
    Quoted,
}

/// Reads lines that one person wrote, with what they quote. Text below an introduction without quote marks is somebody
/// else's to the end, or to the next introduction.
fn section(
    lines: &[Line<'_>],
    author: &Author,
    voice: Voice,
    draft: &mut Draft<'_>,
    depth: usize,
) -> Result<(), Unreadable> {
    let texts: Vec<&str> = lines.iter().map(|line| line.text).collect();
    let (mut author, mut voice) = (author.clone(), voice);
    let (mut start, mut at) = (0, 0);
    let mut quoted_by: Option<String> = None;
    while let Some(rest) = texts.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.first().is_some_and(|line| is_quoted(line)) {
            words(lines.get(start..at), &author, voice, draft)?;
            let count = rest.iter().take_while(|line| line.trim_start().starts_with('>')).count();
            let inner: Vec<Line<'_>> =
                lines.iter().skip(at).take(count).map(|line| Line { text: unquoted(line.text), ..*line }).collect();
            let by = Author { name: quoted_by.clone(), at: None, ..author.clone() };
            if depth < MAX_DEPTH {
                section(&inner, &by, Voice::Quoted, draft, depth + 1)?;
            } else {
                words(Some(&inner), &by, Voice::Quoted, draft)?;
            }
            at += count;
            start = at;
        } else if let Some(found) = intro(rest) {
            words(lines.get(start..at), &author, voice, draft)?;
            boilerplate(lines.get(at..at + found.lines), &author, draft)?;
            let begins = texts.iter().take(at).all(|line| line.trim().is_empty());
            at += found.lines;
            start = at;
            let next = texts.iter().skip(at).find(|line| !line.trim().is_empty());
            quoted_by.clone_from(&found.speaker);
            if next.is_some_and(|line| is_quoted(line)) {
                continue;
            }
            voice =
                voice_below(&found, &author, voice, if begins && depth == 0 { Position::Top } else { Position::Below });
            author = Author { name: found.speaker, at: found.at, ..author };
            if let (Voice::Own, Some(name)) = (voice, &author.name) {
                draft.person(name);
            }
        } else {
            at += 1;
        }
    }
    words(lines.get(start..), &author, voice, draft)
}

/// Where an introduction stands in what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    /// Above everything else.
    Top,
    /// Below other words.
    Below,
}

/// Whose words follow an introduction without quote marks.
fn voice_below(found: &Intro, author: &Author, voice: Voice, position: Position) -> Voice {
    // What somebody passes on was not said in this thread before: it counts as said, by its own author.
    let forwarded = found.forwarded;
    // History is older than what quotes it; a later message below it is the next one of a thread saved as one text.
    let later = found.at.zip(author.at).is_some_and(|(at, before)| at > before);
    // A pasted message may begin with its own header.
    let header = author.index.is_none() && position == Position::Top;
    if voice == Voice::Own && (forwarded || later || header) { Voice::Own } else { Voice::Quoted }
}

fn is_quoted(line: &str) -> bool {
    line.starts_with('>') || line.trim_start().starts_with("> ")
}

fn unquoted(line: &str) -> &str {
    let line = line.trim_start();
    let line = line.strip_prefix('>').unwrap_or(line);
    line.strip_prefix(' ').unwrap_or(line)
}

/// Writes words that are no quotes: text, then the signature and disclaimers.
fn words(lines: Option<&[Line<'_>]>, author: &Author, voice: Voice, draft: &mut Draft<'_>) -> Result<(), Unreadable> {
    let lines = lines.unwrap_or_default();
    let texts: Vec<&str> = lines.iter().map(|line| line.text).collect();
    let kept = texts.get(..before_disclaimers(&texts)).unwrap_or_default();
    let own = own_lines(kept, author.name.as_deref());
    let mut start = 0;
    for at in 0..own {
        if texts.get(at).is_some_and(|line| is_device_note(line)) {
            blocks(lines.get(start..at), author, voice, draft)?;
            boilerplate(lines.get(at..=at), author, draft)?;
            start = at + 1;
        }
    }
    blocks(lines.get(start..own), author, voice, draft)?;
    boilerplate(lines.get(own..), author, draft)
}

fn blocks(lines: Option<&[Line<'_>]>, author: &Author, voice: Voice, draft: &mut Draft<'_>) -> Result<(), Unreadable> {
    let lines = lines.unwrap_or_default();
    read_blocks(lines, author.rules, &author.headings, &mut |block| {
        let kind = match block.kind {
            SegmentKind::Paragraph if is_disclaimer(&block.text) => SegmentKind::Boilerplate,
            _ if voice == Voice::Quoted => SegmentKind::Quoted,
            kind => kind,
        };
        let from = lines.get(block.first..=block.last).unwrap_or_default();
        push(block.text, kind, block.headings, from, author, draft)
    })
}

/// Signatures and introductions, one segment per paragraph, with their lines.
fn boilerplate(lines: Option<&[Line<'_>]>, author: &Author, draft: &mut Draft<'_>) -> Result<(), Unreadable> {
    for paragraph in lines.unwrap_or_default().split(|line| line.text.trim().is_empty()) {
        let text = paragraph.iter().map(|line| line.text.trim()).collect::<Vec<_>>().join("\n");
        push(text, SegmentKind::Boilerplate, author.headings.clone(), paragraph, author, draft)?;
    }
    Ok(())
}

fn push(
    text: String,
    kind: SegmentKind,
    headings: Vec<String>,
    lines: &[Line<'_>],
    author: &Author,
    draft: &mut Draft<'_>,
) -> Result<(), Unreadable> {
    let ends = lines.first().zip(lines.last());
    let (place, source) = match (author.index, ends) {
        (None, Some((first, last))) => (
            Place::Lines { first: first.number, last: last.number },
            Some(TextSpan { start: first.source.start, end: last.source.end }),
        ),
        (index, _) => (Place::Message { index: index.unwrap_or(1) }, None),
    };
    draft.push(Piece { text, kind, place, source, speaker: author.name.clone(), at: author.at, headings })
}
