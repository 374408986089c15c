//! Chats: exports as JSON, and logs as text (WhatsApp, IRC, what one copies out of Slack or Teams, `Name: text`).

mod head;

use super::Unreadable;
use super::blocks::{Rules, read_blocks};
use super::decode::{Line, Lines};
use super::draft::{Draft, Piece};
use super::json::Found;
use super::stamp::{Order, as_utc};
use crate::domain::{DocumentFormat, Place, SegmentKind, Timestamp};
use head::Head;
use std::collections::HashMap;

/// How a chat log marks where a message begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `[12/03/2026, 14:05] Name: text`, `14:05 <name> text`.
    Stamped,
    /// `Name  2:05 PM` on a line of its own, the text below.
    Headed,
    /// `Name: text`.
    Named,
}

impl Style {
    fn head<'l>(self, line: &'l str) -> Option<Head<'l>> {
        match self {
            Self::Stamped => head::stamped(line),
            Self::Headed => head::headed(line),
            Self::Named => head::named(line),
        }
    }
}

/// Lines looked at to tell a chat from other text.
const SAMPLE: usize = 2_000;

/// The style of a chat log, or `None` when the lines are no chat.
pub(super) fn style_of(lines: &[Line<'_>], format: DocumentFormat) -> Option<Style> {
    let sample: Vec<&str> =
        lines.iter().map(|line| line.text).filter(|text| !text.trim().is_empty()).take(SAMPLE).collect();
    let styles = [Style::Stamped, Style::Headed, Style::Named];
    styles.into_iter().find(|style| {
        let heads: Vec<(usize, Head<'_>)> =
            sample.iter().enumerate().filter_map(|(at, line)| Some((at, style.head(line)?))).collect();
        let Some((first, _)) = heads.first() else { return false };
        match style {
            Style::Stamped => *first < 3 && is_stamped(&heads, sample.len()),
            Style::Headed => *first < 2 && is_headed(&heads),
            Style::Named => format == DocumentFormat::Text && *first < 6 && head::is_dialogue(&heads, sample.len()),
        }
    })
}

fn is_stamped(heads: &[(usize, Head<'_>)], lines: usize) -> bool {
    let named = heads.iter().filter(|(_, head)| head.name.is_some()).count();
    named >= 2 && heads.len() * 10 >= lines && named * 2 >= heads.len()
}

fn is_headed(heads: &[(usize, Head<'_>)]) -> bool {
    let followed = heads.windows(2).all(|pair| matches!(pair, [(a, _), (b, _)] if b > &(a + 1)));
    let mut names: Vec<&str> = heads.iter().filter_map(|(_, head)| head.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    count >= 2 && followed && (names.len() < count || heads.iter().all(|(_, head)| head.half_day))
}

/// A message being put together.
struct Message<'a> {
    head: Option<Head<'a>>,
    lines: Vec<Line<'a>>,
}

/// Reads a chat log.
pub(super) fn read_text(log: &Lines, style: Style, draft: &mut Draft<'_>) -> Result<(), Unreadable> {
    draft.removed = log.removed;
    let mut messages: Vec<Message<'_>> = Vec::new();
    for line in log.lines() {
        match style.head(line.text) {
            Some(head) => {
                let first = Line { text: head.text, ..line };
                messages.push(Message { head: Some(head), lines: vec![first] });
            }
            None => match messages.last_mut() {
                Some(message) => message.lines.push(line),
                None => messages.push(Message { head: None, lines: vec![line] }),
            },
        }
    }
    let order = date_order(&messages, draft);
    let mut index = 0u32;
    for message in &messages {
        let Some(head) = message.head else {
            // What stands above the first message belongs to nobody.
            let note = Note { index: 1, speaker: None, at: None, system: false };
            write(&message.lines, &note, draft)?;
            continue;
        };
        index += 1;
        if let Some(name) = head.name {
            draft.person(name);
        }
        let at =
            order.zip(head.date).zip(head.clock).and_then(|((order, date), clock)| as_utc(date.date(order)?, clock));
        if draft.metadata.date.is_none() {
            draft.metadata.date = at;
        }
        let whole = message.lines.iter().map(|line| line.text.trim()).collect::<Vec<_>>().join(" ");
        let system = head.name.is_none() || is_notice(&whole);
        write(&message.lines, &Note { index, speaker: head.name, at, system }, draft)?;
    }
    draft.metadata.parts = Some(index);
    Ok(())
}

/// The order of day and month in this log, when it can be told; says what was assumed about times.
fn date_order(messages: &[Message<'_>], draft: &mut Draft<'_>) -> Option<Order> {
    let heads: Vec<&Head<'_>> = messages.iter().filter_map(|message| message.head.as_ref()).collect();
    let dates: Vec<_> = heads.iter().filter_map(|head| head.date).collect();
    if dates.is_empty() {
        if heads.iter().any(|head| head.clock.is_some()) {
            draft.warnings.push("times have no date; they were not kept".to_owned());
        }
        return None;
    }
    let proves = |order| dates.iter().any(|date| date.order() == Some(order));
    let order = match (proves(Order::DayFirst), proves(Order::MonthFirst)) {
        (true, false) => Some(Order::DayFirst),
        (false, true) => Some(Order::MonthFirst),
        (true, true) => None,
        (false, false) if dates.iter().all(|date| date.is_certain()) => Some(Order::DayFirst),
        // A log runs forward in time: the order under which it does not is wrong.
        (false, false) => match (runs_forward(&heads, Order::DayFirst), runs_forward(&heads, Order::MonthFirst)) {
            (true, false) => Some(Order::DayFirst),
            (false, true) => Some(Order::MonthFirst),
            _ => None,
        },
    };
    draft.warnings.push(match order {
        Some(_) => "times have no zone; they were taken for UTC".to_owned(),
        None => "dates could be day first or month first; times were not kept".to_owned(),
    });
    order
}

fn runs_forward(heads: &[&Head<'_>], order: Order) -> bool {
    let days: Option<Vec<_>> = heads.iter().filter_map(|head| head.date).map(|date| date.date(order)).collect();
    days.is_some_and(|days| days.is_sorted())
}

/// Reads the messages of an export.
pub(super) fn read_json(found: &Found, draft: &mut Draft<'_>) -> Result<(), Unreadable> {
    if let Some(title) = &found.title {
        draft.title(title);
    }
    draft.metadata.date = found.date.or_else(|| found.turns.iter().find_map(|turn| turn.at));
    draft.metadata.parts = u32::try_from(found.turns.len()).ok();
    for (at, turn) in found.turns.iter().enumerate() {
        let index = u32::try_from(at + 1).unwrap_or(u32::MAX);
        if let Some(speaker) = turn.speaker.as_deref().filter(|_| !turn.system) {
            draft.person(speaker);
        }
        let lines = Lines::of_text(&turn.text, draft.limits())?;
        draft.removed.control += lines.removed.control;
        draft.removed.invisible += lines.removed.invisible;
        let system = turn.system || is_notice(&turn.text);
        write(&lines.lines(), &Note { index, speaker: turn.speaker.as_deref(), at: turn.at, system }, draft)?;
    }
    Ok(())
}

/// What is known of a message beside its lines.
struct Note<'a> {
    index: u32,
    speaker: Option<&'a str>,
    at: Option<Timestamp>,
    system: bool,
}

fn write(lines: &[Line<'_>], note: &Note<'_>, draft: &mut Draft<'_>) -> Result<(), Unreadable> {
    read_blocks(lines, Rules::CHAT, &[], &mut |block| {
        let kind = match block.kind {
            _ if note.system => SegmentKind::Boilerplate,
            kind => kind,
        };
        draft.push(Piece {
            text: block.text,
            kind,
            place: Place::Message { index: note.index },
            source: None,
            speaker: note.speaker.map(str::to_owned),
            at: note.at,
            headings: block.headings,
        })
    })
}

/// Notices that chat programs put where a message would be.
fn is_notice(text: &str) -> bool {
    const EXACT: &[&str] = &[
        "<media omitted>",
        "image omitted",
        "video omitted",
        "audio omitted",
        "sticker omitted",
        "gif omitted",
        "document omitted",
        "contact card omitted",
        "this message was deleted",
        "this message was deleted.",
        "you deleted this message",
        "you deleted this message.",
        "<medien ausgeschlossen>",
        "null",
        "missed voice call",
        "missed video call",
    ];
    let lower = text.trim().to_lowercase();
    EXACT.contains(&lower.as_str())
        || lower.starts_with("messages and calls are end-to-end encrypted")
        || lower.ends_with("has joined the channel")
        || lower.ends_with("has left the channel")
}

/// How often each name speaks.
fn turns_by_name<'h>(heads: &[(usize, Head<'h>)]) -> HashMap<&'h str, usize> {
    let mut turns = HashMap::new();
    for name in heads.iter().filter_map(|(_, head)| head.name) {
        *turns.entry(name).or_insert(0) += 1;
    }
    turns
}

#[cfg(test)]
mod tests;
