//! Turns of speech: marks of a transcriber taken out, fragments of one sentence put together.

use super::Unreadable;
use super::draft::{Draft, Piece};
use super::json::{Found, Turn};
use crate::domain::{Place, SegmentKind};

/// Fragments are joined up to this length, so that a monologue still has places in it.
const JOINED_BYTES: usize = 600;
/// A longer silence ends a turn.
const PAUSE_MS: u64 = 3_000;

/// Writes the turns of a transcript.
pub(super) fn read(found: Found, draft: &mut Draft<'_>) -> Result<(), Unreadable> {
    if let Some(title) = &found.title {
        draft.title(title);
    }
    let first_at = found.turns.iter().find_map(|turn| turn.at);
    draft.metadata.date = found.date.or(first_at);
    draft.metadata.parts = u32::try_from(found.turns.len()).ok();
    let mut open: Option<(u32, Turn)> = None;
    for (at, turn) in found.turns.into_iter().enumerate() {
        let index = u32::try_from(at + 1).unwrap_or(u32::MAX);
        if let Some(speaker) = &turn.speaker {
            draft.person(speaker);
        }
        let turn = Turn { text: spoken(&turn.text), ..turn };
        if turn.text.is_empty() {
            continue;
        }
        match &mut open {
            Some((_, before)) if continues(before, &turn) => {
                before.text.push(' ');
                before.text.push_str(&turn.text);
                before.end_ms = turn.end_ms.or(before.end_ms);
            }
            _ => {
                if let Some((index, turn)) = open.replace((index, turn)) {
                    write(index, turn, draft)?;
                }
            }
        }
    }
    open.map_or(Ok(()), |(index, turn)| write(index, turn, draft))
}

/// Speech models cut by time, not by sentence: the next piece of the same speaker belongs to an unfinished sentence.
fn continues(before: &Turn, turn: &Turn) -> bool {
    let (Some(_), Some(start)) = (before.start_ms, turn.start_ms) else { return false };
    let pause = start.saturating_sub(before.end_ms.unwrap_or(start));
    before.speaker == turn.speaker
        && !before.text.ends_with(['.', '?', '!', '…', '。', '？', '！', '"', '”'])
        && before.text.len() + turn.text.len() <= JOINED_BYTES
        && pause <= PAUSE_MS
        && !before.system
}

fn write(index: u32, turn: Turn, draft: &mut Draft<'_>) -> Result<(), Unreadable> {
    let place = match turn.start_ms {
        Some(start_ms) => Place::Time { start_ms, end_ms: turn.end_ms },
        None => Place::Turn { index },
    };
    let kind = if turn.system { SegmentKind::Boilerplate } else { SegmentKind::Paragraph };
    let Turn { text, speaker, at, .. } = turn;
    draft.push(Piece { text, kind, place, source: None, speaker, at, headings: Vec::new() })
}

/// What was said: without `{vocalsound}` or `[laughter]`, and without the spaces that some corpora put before
/// punctuation.
fn spoken(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in without_marks(text).split_whitespace() {
        let punctuation = word.chars().all(|c| matches!(c, '.' | ',' | '?' | '!' | ';' | ':' | '…'));
        match words.last_mut() {
            Some(last) if punctuation => last.push_str(word),
            None if punctuation => {}
            _ => words.push(word.to_owned()),
        }
    }
    words.join(" ")
}

fn without_marks(text: &str) -> String {
    const NOISES: &[&str] = &[
        "laughter",
        "laughs",
        "laughing",
        "inaudible",
        "crosstalk",
        "music",
        "applause",
        "silence",
        "noise",
        "blank_audio",
        "cough",
        "pause",
        "unintelligible",
        "background noise",
        "chuckles",
        "sighs",
    ];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '[', '(']) {
        let (before, mark) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        let close = match mark.chars().next() {
            Some('{') => '}',
            Some('[') => ']',
            _ => ')',
        };
        let inside = mark.get(1..).unwrap_or_default();
        let end = inside.char_indices().take(32).find(|(_, c)| *c == close).map(|(end, _)| end);
        let label = end.and_then(|end| inside.get(..end)).unwrap_or_default();
        let corpus_mark =
            close == '}' && !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if corpus_mark || NOISES.contains(&label.to_ascii_lowercase().as_str()) {
            out.push(' ');
            rest = end.and_then(|end| inside.get(end + 1..)).unwrap_or_default();
        } else {
            out.push_str(mark.get(..1).unwrap_or_default());
            rest = inside;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::spoken;

    #[test]
    fn marks_go_and_words_stay() {
        assert_eq!(spoken("Okay , that's fine . {vocalsound} Right ?"), "Okay, that's fine. Right?");
        assert_eq!(spoken("{gap} [Laughter]"), "");
        assert_eq!(spoken("the {Name} field (see [1])"), "the {Name} field (see [1])");
    }
}
